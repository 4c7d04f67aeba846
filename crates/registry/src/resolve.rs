//! `Selection` -> [`Resolved`]: authorised rows. The only constructor checks permission for every patient.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use rusqlite::Row;

use crate::access::Viewer;
use crate::contents::Contents;
use crate::error::{Code, Error, Result};
use crate::hex;
use crate::ids::{FileId, PatientId, RootId};
use crate::registry::Registry;
use crate::rows::{DataRoot, FOLDER, Kind, Project, RegisteredHash};
use crate::scope::Scope;
use crate::selection::Selection;
use crate::text;

/// A patient that this user may export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPatient {
    /// Stable row id.
    pub id: PatientId,
    /// The id that users and the source know.
    pub patient_id: Box<str>,
    /// Number of the patient's folder in the archive.
    pub number: u64,
    /// Indexes into [`Resolved::folders`], one for each folder that holds the patient.
    pub folders: Box<[u32]>,
    /// Indexes into [`Resolved::tags`].
    pub tags: Box<[u32]>,
}

/// A modality that the selection reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedModality {
    /// Short name, as in archive paths.
    pub slug: String,
    /// Long name.
    pub name: String,
}

/// One file of the selection. Compact: a million of them are held at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedFile {
    /// Row id.
    pub id: FileId,
    /// The id in the source, where it is not the row id.
    pub source_id: Option<Box<str>>,
    /// Index into [`Resolved::patients`].
    pub patient: u32,
    /// Index into [`Resolved::modalities`].
    pub modality: u16,
    /// Raw, processed or other.
    pub kind: Kind,
    /// The data root that the path starts from.
    pub root: RootId,
    /// Path or object key, as it stands in the source.
    pub path: Box<str>,
    /// Size in bytes as registered, where it is.
    pub registered_bytes: Option<u64>,
    /// Hash as registered.
    pub hash: RegisteredHash,
    /// Whether the path may be a folder's: then all files in it are meant, and size and hash are of all of them.
    pub may_be_folder: bool,
}

/// A selected patient without any registered file of a selected modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// Index into [`Resolved::patients`].
    pub patient: u32,
    /// Index into [`Resolved::modalities`].
    pub modality: u16,
}

/// The rows behind a selection, every patient of them authorised for export.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(crate) user: String,
    pub(crate) project: Project,
    pub(crate) selection: Selection,
    pub(crate) patients: Vec<ResolvedPatient>,
    pub(crate) folders: Vec<Vec<String>>,
    pub(crate) tags: Vec<String>,
    pub(crate) modalities: Vec<ResolvedModality>,
    pub(crate) files: Vec<ResolvedFile>,
    pub(crate) roots: Vec<DataRoot>,
    pub(crate) lacking: Vec<Lacking>,
    pub(crate) unknown_patients: Vec<String>,
    pub(crate) forbidden_patients: u64,
    pub(crate) synced_at: Option<jiff::Timestamp>,
}

/// The parts of a [`Resolved`], for the step that consumes it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResolvedParts {
    /// Who asked: a user's name, or `owner`.
    pub user: String,
    /// The project.
    pub project: Project,
    /// What was said.
    pub selection: Selection,
    /// Patients in natural order of their ids.
    pub patients: Vec<ResolvedPatient>,
    /// Folder paths, names from the root down.
    pub folders: Vec<Vec<String>>,
    /// Tag names.
    pub tags: Vec<String>,
    /// Modalities.
    pub modalities: Vec<ResolvedModality>,
    /// Files, ordered by patient, modality, kind, path.
    pub files: Vec<ResolvedFile>,
    /// Data roots of the registry.
    pub roots: Vec<DataRoot>,
    /// Patients without a selected modality.
    pub lacking: Vec<Lacking>,
    /// Ids of a pasted list that this user does not see.
    pub unknown_patients: Vec<String>,
    /// How many patients were seen but may not be exported.
    pub forbidden_patients: u64,
    /// When a synced registry was last read from its source; `None` for a native one.
    pub synced_at: Option<jiff::Timestamp>,
}

impl Resolved {
    /// The rows that a selection means for this viewer. Every patient of them may be exported; those that are only seen
    /// are counted in `forbidden_patients`, which is for the caller to refuse.
    ///
    /// # Errors
    /// `EMPTY_SELECTION` where patients or modalities were not said; `UNKNOWN_PROJECT`, `UNKNOWN_PATIENT`,
    /// `UNKNOWN_FOLDER`, `UNKNOWN_TAG`, `UNKNOWN_MODALITY` with near matches among what the viewer sees; those of reading.
    pub fn new(registry: &Registry, viewer: &Viewer, project: &str, selection: &Selection) -> Result<Self> {
        let _snapshot = registry.snapshot()?;
        // The project first: to whom it does not exist, nothing about it is answered.
        let scope = Scope::new(registry, viewer, project)?;
        refuse_empty(selection)?;
        let exportable = scope.exportable();
        let all = if exportable.is_empty() { scope.everyone() } else { exportable.clone() };
        let chosen = scope.choose(selection, all)?;
        let contents = Contents::to_export(registry, viewer, &scope, selection)?;

        let allowed = &chosen.patients & &exportable;
        let forbidden_patients = chosen.patients.len() - allowed.len();
        let order = in_order(&scope, &allowed);
        let (folders, folder_at) =
            used(&order, |at| scope.folders_of(at), |at| scope.folder_path(at), |a, b| text::natural_path_cmp(a, b));
        let (tags, tag_at) =
            used(&order, |at| scope.tags_of(at), |at| scope.tag_name(at).to_owned(), |a, b| text::natural_cmp(a, b));
        let patients = order
            .iter()
            .map(|&at| {
                let seen = &scope.patients[at as usize];
                ResolvedPatient {
                    id: seen.id,
                    patient_id: seen.patient_id.clone(),
                    number: seen.number,
                    folders: positions(scope.folders_of(at), &folder_at),
                    tags: positions(scope.tags_of(at), &tag_at),
                }
            })
            .collect();

        let (mut files, lacking) = files_of(registry, &scope, &contents, &order, !selection.all_modalities)?;
        let mut modalities = contents.into_modalities();
        if selection.all_modalities {
            drop_unused(&mut modalities, &mut files);
        }
        registry.unchanged()?;
        Ok(Self {
            user: viewer.name().to_owned(),
            selection: selection.clone(),
            patients,
            folders,
            tags,
            modalities,
            files,
            roots: registry.data_roots()?,
            lacking,
            unknown_patients: chosen.unknown,
            forbidden_patients,
            synced_at: registry.synced_at()?,
            project: scope.project,
        })
    }

    /// Takes the rows apart; the step that plans consumes them.
    pub fn into_parts(self) -> ResolvedParts {
        ResolvedParts {
            user: self.user,
            project: self.project,
            selection: self.selection,
            patients: self.patients,
            folders: self.folders,
            tags: self.tags,
            modalities: self.modalities,
            files: self.files,
            roots: self.roots,
            lacking: self.lacking,
            unknown_patients: self.unknown_patients,
            forbidden_patients: self.forbidden_patients,
            synced_at: self.synced_at,
        }
    }

    /// Data roots of the registry, to open a file store with.
    pub fn roots(&self) -> &[DataRoot] {
        &self.roots
    }
}

fn refuse_empty(selection: &Selection) -> Result<()> {
    let (message, hint) = match (selection.says_patients(), selection.says_modalities()) {
        (true, true) => return Ok(()),
        (false, _) => ("No patients were chosen.", "Say `--patient`, `--folder`, `--patients-from` or `--all`."),
        (true, false) => ("No modalities were chosen.", "Say `--modality` or `--all-modalities`."),
    };
    Err(Error::new(Code::EmptySelection, message).hint(hint))
}

/// Positions of the patients, in natural order of their ids.
fn in_order(scope: &Scope, patients: &RoaringBitmap) -> Vec<u32> {
    let mut order: Vec<u32> = patients.iter().collect();
    order.sort_unstable_by(|a, b| scope.compare(*a, *b));
    order
}

/// What the patients use of a list: the values in order, and for each position in the list the one among the values.
fn used<I: Iterator<Item = u32>, T>(
    patients: &[u32],
    uses: impl Fn(u32) -> I,
    value: impl Fn(u32) -> T,
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> (Vec<T>, HashMap<u32, u32>) {
    let positions: RoaringBitmap = patients.iter().flat_map(|&patient| uses(patient)).collect();
    let mut values: Vec<(u32, T)> = positions.iter().map(|at| (at, value(at))).collect();
    values.sort_by(|a, b| compare(&a.1, &b.1));
    let places = values.iter().map(|(at, _)| *at).zip(0u32..).collect();
    (values.into_iter().map(|(_, value)| value).collect(), places)
}

fn positions(of: impl Iterator<Item = u32>, places: &HashMap<u32, u32>) -> Box<[u32]> {
    let mut positions: Vec<u32> = of.map(|at| places[&at]).collect();
    positions.sort_unstable();
    positions.into()
}

/// The wanted files of the patients, in order; and who lacks which modality, if that is asked.
fn files_of(
    registry: &Registry,
    scope: &Scope,
    contents: &Contents,
    order: &[u32],
    ask_lacking: bool,
) -> Result<(Vec<ResolvedFile>, Vec<Lacking>)> {
    let mut files = Vec::new();
    let mut lacking = Vec::new();
    let mut present = vec![false; contents.count()];
    for (patient, at) in (0u32..).zip(order) {
        let first = files.len();
        // One seek for each patient: the order of the patients is that of the output, and only its files are sorted.
        registry.each(
            "SELECT modality_id, kind, id, source_id, root_id, file_path, file_size, file_hash, hash_kind
               FROM file_registry WHERE patient_id = ?1",
            [scope.patients[*at as usize].id.0],
            |row| file(row, patient, contents),
            |file| files.extend(file),
        )?;
        let these: &mut [ResolvedFile] = &mut files[first..];
        these.sort_unstable_by(|a, b| (a.modality, a.kind, &a.path, a.id).cmp(&(b.modality, b.kind, &b.path, b.id)));
        if ask_lacking {
            present.fill(false);
            for file in these.iter() {
                present[usize::from(file.modality)] = true;
            }
            let missing = (0u16..).zip(&present).filter(|(_, present)| !**present);
            lacking.extend(missing.map(|(modality, _)| Lacking { patient, modality }));
        }
    }
    files.shrink_to_fit();
    Ok((files, lacking))
}

fn file(row: &Row<'_>, patient: u32, contents: &Contents) -> rusqlite::Result<Option<ResolvedFile>> {
    let kind = Kind::parse(row.get_ref(1)?.as_str()?);
    let Some(modality) = contents.wanted(row.get(0)?, kind) else { return Ok(None) };
    let bytes: Option<i64> = row.get(6)?;
    let hash_kind = row.get_ref(8)?.as_str()?;
    let hash = match (hash_kind, row.get_ref(7)?.as_str()?) {
        ("none", _) | (_, "") => RegisteredHash::None,
        ("sha256" | FOLDER, text) => {
            hex::decode(text).map_or_else(|| RegisteredHash::NotComparable(text.into()), RegisteredHash::Sha256)
        }
        (_, text) => RegisteredHash::NotComparable(text.into()),
    };
    Ok(Some(ResolvedFile {
        id: FileId(row.get(2)?),
        source_id: row.get(3)?,
        patient,
        modality,
        kind,
        root: RootId(row.get(4)?),
        path: row.get(5)?,
        // A size below zero says as much as none.
        registered_bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        hash,
        may_be_folder: hash_kind == FOLDER,
    }))
}

/// Keeps the modalities that have files.
fn drop_unused(modalities: &mut Vec<ResolvedModality>, files: &mut [ResolvedFile]) {
    let mut in_use = vec![false; modalities.len()];
    for file in files.iter() {
        in_use[usize::from(file.modality)] = true;
    }
    let mut next = 0;
    let place = |used: &bool| {
        let place = next;
        next += u16::from(*used);
        place
    };
    let places: Vec<u16> = in_use.iter().map(place).collect();
    for file in files.iter_mut() {
        file.modality = places[usize::from(file.modality)];
    }
    let mut used = in_use.into_iter();
    modalities.retain(|_| used.next().unwrap_or(false));
}
