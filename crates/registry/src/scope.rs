//! What one viewer sees of one project: patients, folders, tags; and which of the patients a selection means.
//!
//! Every name in an error and every near match comes from here, so that what a viewer may not see is, to the letter, what
//! does not exist. Deliberately absent: files and modalities.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use roaring::RoaringBitmap;

use crate::access::{PatientSet, Viewer};
use crate::error::{Code, Error, Result};
use crate::ids::{FolderId, PatientId};
use crate::open::damaged;
use crate::registry::{Registry, unknown};
use crate::rows::Project;
use crate::schema::WITH_PROVENANCE;
use crate::selection::{FolderRef, Selection, TagMode};
use crate::text;

/// How many unknown names one message spells out.
const NAMED_MAX: usize = 5;

/// A patient that the viewer sees.
pub(crate) struct SeenPatient {
    pub(crate) id: PatientId,
    pub(crate) patient_id: Box<str>,
    pub(crate) number: u64,
    pub(crate) exportable: bool,
}

/// A folder of the project, or one that all projects share.
struct ScopeFolder {
    id: FolderId,
    /// The id in the source, where it is another one.
    source_id: Option<Box<str>>,
    parent: Option<u32>,
    children: Vec<u32>,
    name: String,
    seen: bool,
}

/// A tag of the registry.
struct ScopeTag {
    id: i64,
    name: String,
    seen: bool,
}

/// One project as one viewer sees it. Patients, folders and tags go by their position in these lists.
pub(crate) struct Scope {
    pub(crate) project: Project,
    /// By row id.
    pub(crate) patients: Vec<SeenPatient>,
    folders: Vec<ScopeFolder>,
    tags: Vec<ScopeTag>,
    /// (patient, folder), by patient.
    placements: Vec<(u32, u32)>,
    /// (patient, tag), by patient.
    taggings: Vec<(u32, u32)>,
}

/// The patients that a selection means.
pub(crate) struct Chosen {
    /// Positions in [`Scope::patients`].
    pub(crate) patients: RoaringBitmap,
    /// Ids of the pasted list that the viewer does not see, in the order of the list, each once.
    pub(crate) unknown: Vec<String>,
}

impl Scope {
    /// Reads what the viewer sees.
    pub(crate) fn new(registry: &Registry, viewer: &Viewer, slug: &str) -> Result<Self> {
        let project = registry.project(viewer, slug)?;
        let patients = seen_patients(registry, viewer, &project)?;
        let mut scope = Self {
            folders: folders(registry, &project)?,
            tags: registry.rows("SELECT id, name FROM tag ORDER BY id", [], |row| {
                Ok(ScopeTag { id: row.get(0)?, name: row.get(1)?, seen: false })
            })?,
            placements: Vec::new(),
            taggings: Vec::new(),
            project,
            patients,
        };
        let placements = registry.placements(scope.project.id, &viewer.placements(scope.project.id))?;
        scope.placements = scope.links(placements.into_iter().map(|(patient, folder)| (patient.0, folder.0)), |folder| {
            scope.folders.binary_search_by_key(&folder, |known| known.id.0).ok()
        });
        let sql = "SELECT patient_id, tag_id FROM patient_tag ORDER BY patient_id";
        let taggings = registry.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        scope.taggings =
            scope.links(taggings.into_iter(), |tag| scope.tags.binary_search_by_key(&tag, |known| known.id).ok());
        // To whom everything is shown, folders and tags without patients are shown too; to others a name is shown only
        // where a patient that they see bears it.
        let sees_all = matches!(viewer.may_read(), PatientSet::All);
        scope.mark_seen(sees_all);
        Ok(scope)
    }

    /// Positions of the patients that the viewer may export.
    pub(crate) fn exportable(&self) -> RoaringBitmap {
        (0u32..).zip(&self.patients).filter(|(_, patient)| patient.exportable).map(|(at, _)| at).collect()
    }

    /// Positions of all patients that the viewer sees.
    pub(crate) fn everyone(&self) -> RoaringBitmap {
        (0u32..).zip(&self.patients).map(|(at, _)| at).collect()
    }

    /// The patients that the selection means; `all` is what its "all" means.
    ///
    /// # Errors
    /// `UNKNOWN_PATIENT`, `UNKNOWN_FOLDER`, `UNKNOWN_TAG` with near matches; `USAGE` for a folder without id and path.
    pub(crate) fn choose(&self, selection: &Selection, all: RoaringBitmap) -> Result<Chosen> {
        let mut patients = if selection.all { all } else { RoaringBitmap::new() };
        let mut inside = RoaringBitmap::new();
        for folder in &selection.folder {
            for at in self.find_folder(folder)? {
                self.add_folder(at, &mut inside);
            }
        }
        for id in &selection.folder_id {
            self.add_folder(self.folder_by_id(id)?, &mut inside);
        }
        patients.extend(self.placements.iter().filter(|(_, folder)| inside.contains(*folder)).map(|(patient, _)| *patient));
        let unknown = self.add_named(selection, &mut patients)?;
        self.narrow(selection, &mut patients)?;
        Ok(Chosen { patients, unknown })
    }

    /// Natural order of two patients.
    pub(crate) fn compare(&self, a: u32, b: u32) -> Ordering {
        text::natural_cmp(&self.patients[a as usize].patient_id, &self.patients[b as usize].patient_id)
    }

    /// Positions of the folders that hold the patient, as far as the viewer sees them.
    pub(crate) fn folders_of(&self, patient: u32) -> impl Iterator<Item = u32> {
        of(&self.placements, patient)
    }

    /// Positions of the patient's tags.
    pub(crate) fn tags_of(&self, patient: u32) -> impl Iterator<Item = u32> {
        of(&self.taggings, patient)
    }

    /// A folder's names from the root down.
    pub(crate) fn folder_path(&self, folder: u32) -> Vec<String> {
        let mut path = Vec::new();
        let mut next = Some(folder);
        // A path is no longer than there are folders, unless a damaged source made a ring of them.
        while let Some(at) = next.filter(|_| path.len() <= self.folders.len()) {
            let folder = &self.folders[at as usize];
            path.push(folder.name.clone());
            next = folder.parent;
        }
        path.reverse();
        path
    }

    /// A tag's name.
    pub(crate) fn tag_name(&self, tag: u32) -> &str {
        &self.tags[tag as usize].name
    }

    /// (patient, other) positions of pairs of row ids that are ordered by patient.
    fn links(&self, pairs: impl Iterator<Item = (i64, i64)>, find: impl Fn(i64) -> Option<usize>) -> Vec<(u32, u32)> {
        let link = |(patient, other): (i64, i64)| {
            let patient = self.patients.binary_search_by_key(&patient, |seen| seen.id.0).ok().and_then(position)?;
            Some((patient, find(other).and_then(position)?))
        };
        pairs.filter_map(link).collect()
    }

    fn mark_seen(&mut self, sees_all: bool) {
        self.folders.iter_mut().for_each(|folder| folder.seen = sees_all);
        self.tags.iter_mut().for_each(|tag| tag.seen = sees_all);
        for (_, tag) in &self.taggings {
            self.tags[*tag as usize].seen = true;
        }
        for (_, folder) in &self.placements {
            let mut next = Some(*folder);
            while let Some(at) = next {
                let folder = &mut self.folders[at as usize];
                // What is seen already has its ancestors seen; this also ends a ring.
                next = if folder.seen { None } else { folder.parent };
                folder.seen = true;
            }
        }
    }

    /// Adds a folder and everything in it.
    fn add_folder(&self, folder: u32, inside: &mut RoaringBitmap) {
        let mut open = vec![folder];
        while let Some(at) = open.pop() {
            if inside.insert(at) {
                open.extend(&self.folders[at as usize].children);
            }
        }
    }

    fn find_folder(&self, wanted: &FolderRef) -> Result<Vec<u32>> {
        match (&wanted.id, &wanted.path) {
            (None, None) => Err(Error::new(Code::Usage, "A folder was said without its id and without its path.")
                .hint("Give each folder an `id`, a `path`, or both.")),
            (Some(id), None) => Ok(vec![self.folder_by_id(id)?]),
            (None, Some(path)) => self.folders_by_path(path),
            (Some(id), Some(path)) => {
                let at = self.folder_by_id(id)?;
                if self.folders_by_path(path)?.contains(&at) {
                    return Ok(vec![at]);
                }
                let message =
                    format!("The folder with the id {} is not {}.", text::quoted(id), text::quoted(&text::write_path(path)));
                Err(Error::new(Code::UnknownFolder, message)
                    .hint("Say its id or its path, or both as they belong together."))
            }
        }
    }

    fn folder_by_id(&self, id: &str) -> Result<u32> {
        let known_as = |folder: &ScopeFolder| folder.id.to_string() == id || folder.source_id.as_deref() == Some(id);
        let found = self.seen_folders().find(|(_, folder)| known_as(folder));
        found.map(|(at, _)| at).ok_or_else(|| {
            let message = format!("There is no folder with the id {} in project {}.", text::quoted(id), self.project_name());
            unknown(Code::UnknownFolder, message, Vec::new(), "Say the folder by its path.")
        })
    }

    /// Folders of this path; several where siblings share a name.
    fn folders_by_path(&self, path: &[String]) -> Result<Vec<u32>> {
        let mut found: Vec<u32> = Vec::new();
        for (depth, name) in path.iter().enumerate() {
            let name = text::nfc(name);
            let here = |at: &u32| self.folders[*at as usize].seen && text::nfc(&self.folders[*at as usize].name) == name;
            found = if depth == 0 {
                self.seen_folders().filter(|(_, folder)| folder.parent.is_none()).map(|(at, _)| at).filter(here).collect()
            } else {
                found.iter().flat_map(|at| &self.folders[*at as usize].children).copied().filter(here).collect()
            };
        }
        if found.is_empty() {
            let wanted = text::write_path(path);
            let paths: Vec<String> = self.seen_folders().map(|(at, _)| text::write_path(&self.folder_path(at))).collect();
            let near = text::near_matches(&wanted, paths.iter().map(String::as_str));
            let message = format!("There is no folder {} in project {}.", text::quoted(&wanted), self.project_name());
            return Err(unknown(
                Code::UnknownFolder,
                message,
                near,
                "`sheaf patients` lists the patients with their folders.",
            ));
        }
        Ok(found)
    }

    fn seen_folders(&self) -> impl Iterator<Item = (u32, &ScopeFolder)> {
        (0u32..).zip(&self.folders).filter(|(_, folder)| folder.seen)
    }

    /// Adds the patients that were said by id; the unknown ones of the pasted list.
    fn add_named(&self, selection: &Selection, patients: &mut RoaringBitmap) -> Result<Vec<String>> {
        if selection.patient.is_empty() && selection.patients_from.is_empty() {
            return Ok(Vec::new());
        }
        let by_id: HashMap<&str, u32> =
            self.patients.iter().map(|patient| patient.patient_id.as_ref()).zip(0u32..).collect();
        let missing = add_known(&by_id, &selection.patient, patients);
        if !missing.is_empty() {
            return Err(self.unknown_patients(&missing));
        }
        Ok(add_known(&by_id, &selection.patients_from, patients).into_iter().map(str::to_owned).collect())
    }

    fn unknown_patients(&self, missing: &[&str]) -> Error {
        let named: Vec<String> = missing.iter().take(NAMED_MAX).map(|id| text::quoted(id)).collect();
        let more = missing.len() - named.len();
        let named = named.join(", ");
        let project = self.project_name();
        let message = match (missing.len(), more) {
            (1, _) => format!("There is no patient {named} in project {project}."),
            (_, 0) => format!("There are no patients {named} in project {project}."),
            _ => format!("There are no patients {named} and {more} more in project {project}."),
        };
        let mut near: Vec<String> = Vec::new();
        for id in missing.iter().take(NAMED_MAX) {
            let candidates = self.patients.iter().map(|patient| patient.patient_id.as_ref());
            let found = text::near_matches(id, candidates);
            near.extend(found.into_iter().filter(|name| !near.contains(name)).collect::<Vec<_>>());
        }
        near.truncate(text::NEAR_MATCHES_MAX);
        unknown(Code::UnknownPatient, message, near, "`sheaf patients` lists the patients.")
    }

    /// Keeps the patients whose tags are as the selection says.
    fn narrow(&self, selection: &Selection, patients: &mut RoaringBitmap) -> Result<()> {
        let mut bearers = Vec::new();
        for wanted in &selection.tag {
            let tag = self.find_tag(wanted)?;
            bearers.push(self.taggings.iter().filter(|(_, at)| *at == tag).map(|(patient, _)| *patient).collect());
        }
        if bearers.is_empty() {
            return Ok(());
        }
        let any = || bearers.iter().fold(RoaringBitmap::new(), |sum, bearers| sum | bearers);
        match selection.tag_mode {
            TagMode::Any => *patients &= any(),
            TagMode::None => *patients -= any(),
            TagMode::All => bearers.iter().for_each(|bearers| *patients &= bearers),
        }
        Ok(())
    }

    fn find_tag(&self, wanted: &str) -> Result<u32> {
        let name = text::nfc(wanted);
        let seen = || (0u32..).zip(&self.tags).filter(|(_, tag)| tag.seen);
        if let Some((at, _)) = seen().find(|(_, tag)| text::nfc(&tag.name) == name) {
            return Ok(at);
        }
        let near = text::near_matches(wanted, seen().map(|(_, tag)| tag.name.as_str()));
        let message = format!("There is no tag {} in project {}.", text::quoted(wanted), self.project_name());
        Err(unknown(Code::UnknownTag, message, near, "`sheaf patients` lists the patients with their tags."))
    }

    fn project_name(&self) -> String {
        text::quoted(&self.project.slug)
    }
}

/// Adds the patients whose ids are known; the other ids, each once, in their order.
fn add_known<'a>(by_id: &HashMap<&str, u32>, ids: &'a [String], patients: &mut RoaringBitmap) -> Vec<&'a str> {
    let mut told = HashSet::new();
    let mut unknown = Vec::new();
    for id in ids {
        match by_id.get(id.as_str()) {
            Some(at) => _ = patients.insert(*at),
            None if told.insert(id) => unknown.push(id.as_str()),
            None => {}
        }
    }
    unknown
}

fn seen_patients(registry: &Registry, viewer: &Viewer, project: &Project) -> Result<Vec<SeenPatient>> {
    let mut patients = Vec::new();
    let mut unnumbered = false;
    registry.each(
        "SELECT id, patient_id, number FROM patient WHERE project_id = ?1 AND deleted = 0 ORDER BY id",
        [project.id.0],
        |row| {
            let id = PatientId(row.get(0)?);
            if !viewer.may_read().contains(id) {
                return Ok(None);
            }
            Ok(Some((id, row.get::<_, Box<str>>(1)?, row.get::<_, i64>(2)?)))
        },
        |row| {
            let Some((id, patient_id, number)) = row else { return };
            unnumbered |= number < 0;
            let exportable = viewer.may_export().contains(id);
            patients.push(SeenPatient { id, patient_id, number: number.unsigned_abs(), exportable });
        },
    )?;
    if unnumbered {
        return Err(damaged(registry.path(), "a patient has a number below zero"));
    }
    if u32::try_from(patients.len()).is_err() {
        return Err(damaged(registry.path(), "a project has more than 4,294,967,295 patients"));
    }
    Ok(patients)
}

fn folders(registry: &Registry, project: &Project) -> Result<Vec<ScopeFolder>> {
    let source_id = if registry.version() < WITH_PROVENANCE { "NULL" } else { "source_id" };
    let sql = format!(
        "SELECT id, parent_id, name, {source_id} FROM folder WHERE project_id IS NULL OR project_id = ?1 ORDER BY id"
    );
    let rows = registry.rows(&sql, [project.id.0], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, Option<i64>>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, Option<Box<str>>>(3)?,
        ))
    })?;
    // A parent that is not there, or belongs to another project, is left out: the folder then stands at the top.
    let find = |id: i64| rows.binary_search_by_key(&id, |row| row.0).ok().and_then(position);
    let mut folders: Vec<ScopeFolder> = rows
        .iter()
        .map(|(id, parent, name, source_id)| ScopeFolder {
            id: FolderId(*id),
            source_id: source_id.clone(),
            parent: parent.and_then(find),
            children: Vec::new(),
            name: name.clone(),
            seen: false,
        })
        .collect();
    for at in 0..folders.len() {
        if let (Some(parent), Some(child)) = (folders[at].parent, position(at)) {
            folders[parent as usize].children.push(child);
        }
    }
    Ok(folders)
}

/// The second positions that belong to a first one.
fn of(links: &[(u32, u32)], first: u32) -> impl Iterator<Item = u32> {
    let start = links.partition_point(|(patient, _)| *patient < first);
    links[start..].iter().take_while(move |(patient, _)| *patient == first).map(|(_, other)| *other)
}

fn position(at: usize) -> Option<u32> {
    u32::try_from(at).ok()
}
