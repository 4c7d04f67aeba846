//! From what was found to the rows of a registry.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sheaf_registry::hex;
use sheaf_registry::ids::{FileId, FolderId, ModalityId, PatientId, ProjectId};
use sheaf_registry::progress::Phase;
use sheaf_registry::rows::RegisteredHash;
use sheaf_registry::text::natural_cmp;
use sheaf_registry::writer::{NewFile, NewModality, NewPatient};
use sheaf_registry::{RegistryWriter, Result};

use super::ledger::Ledger;
use super::people::{Patients, People};
use super::stage::{self, Item, Stage, Unhashed};
use super::{Changes, Folder, Options, Report, look, tell};
use crate::report::{Odd, Oddities};

/// How often it looks whether it was stopped, in files.
const STEP: u64 = 1024;

/// Writes everything but hashes that are not known yet.
pub(super) fn write(
    folder: &Folder,
    people: &People,
    stage: &mut Stage,
    ledger: Option<&Ledger>,
    writer: &mut RegistryWriter,
    options: &Options<'_>,
    odd: &mut Oddities,
) -> Result<Report> {
    let patients = people.resolved(odd);
    // A folder of nothing but other files is no patient.
    let used: BTreeSet<usize> = stage.claims()?.into_iter().filter_map(|claim| patients.of(claim)).collect();
    let root = writer.data_root("", Some(&folder.text))?;
    debug_assert_eq!(root, look::ROOT, "the first one");
    let mut rows = Rows { writer, projects: BTreeMap::new(), folders: HashMap::new(), modalities: HashMap::new() };
    let ids = rows.patients(&patients, &used, stage)?;
    if rows.projects.is_empty() {
        // So that the registry says what it is of.
        rows.project(&folder.slug)?;
    }

    let mut report = Report {
        layout: String::new(),
        projects: rows.projects.len() as u64,
        folders: rows.folders.len() as u64,
        patients: used.len() as u64,
        files: 0,
        formats: Vec::new(),
        changes: stage.has_earlier.then(Changes::default),
        hashed: 0,
        oddities: Vec::new(),
    };
    let mut formats: BTreeMap<String, u64> = BTreeMap::new();
    let mut changes = Changes::default();
    let (mut seen, mut next_file) = (0_u64, stage.next_file);
    stage.each(&mut |item| {
        if seen.is_multiple_of(STEP) {
            options.cancel.check()?;
            tell(options.observer, Phase::Writing, (report.files, 0), (0, 0));
        }
        seen += 1;
        if item.format.is_empty() {
            odd.note(Odd::FileUnknown, &item.path);
            return Ok(());
        }
        let patient = patients.of(item.claim).map(|at| ids[at]);
        if patient.is_none() {
            odd.note(Odd::Orphan, &item.path);
        }
        let before = stage.before(item)?;
        let id = before.as_ref().map_or(next_file, |before| before.id);
        let hash = match &before {
            None => {
                next_file += 1;
                changes.added += 1;
                None
            }
            Some(before) => {
                changes.changed += u64::from(!before.is_same);
                hex::decode(&before.hash).filter(|_| before.is_same)
            }
        };
        let hash = match (hash, ledger) {
            (None, Some(ledger)) => ledger.hash(&item.path, item.bytes, &item.modified)?,
            (hash, _) => hash,
        };
        rows.file(item, id, patient, hash)?;
        if hash.is_none() && options.hash {
            let (path, modified) = (item.path.clone(), item.modified.clone());
            stage.unhashed(&Unhashed { id, path, bytes: item.bytes, modified })?;
        }
        report.hashed += u64::from(hash.is_some());
        report.files += 1;
        *formats.entry(item.format.to_string()).or_default() += 1;
        Ok(())
    })?;
    tell(options.observer, Phase::Writing, (report.files, report.files), (0, 0));
    let known = report.files - changes.added;
    changes.removed = stage.before.saturating_sub(known);
    report.changes = report.changes.map(|_| changes);
    let words = super::Format::ALL.map(super::Format::as_str).into_iter().chain([stage::BESIDE, stage::NO_IMAGE]);
    report.formats = words.filter_map(|word| formats.get(word).map(|count| (word, *count))).collect();
    rows.writer.info(stage::NEXT_PATIENT, &stage.next_patient.to_string())?;
    rows.writer.info(stage::NEXT_FILE, &next_file.to_string())?;
    Ok(report)
}

/// Writes rows that others name.
struct Rows<'a> {
    writer: &'a mut RegistryWriter,
    projects: BTreeMap<String, ProjectId>,
    folders: HashMap<(ProjectId, Vec<String>), FolderId>,
    modalities: HashMap<String, ModalityId>,
}

impl Rows<'_> {
    fn project(&mut self, slug: &str) -> Result<ProjectId> {
        if let Some(id) = self.projects.get(slug) {
            return Ok(*id);
        }
        let id = self.writer.project(slug, slug)?;
        self.projects.insert(slug.to_owned(), id);
        Ok(id)
    }

    /// Writes the patients in natural order, those that were known under the row ids that they had; the row id of each.
    fn patients(&mut self, patients: &Patients, used: &BTreeSet<usize>, stage: &mut Stage) -> Result<Vec<PatientId>> {
        let all = &patients.all;
        let projects: BTreeSet<&str> = used.iter().map(|at| all[*at].project.as_str()).collect();
        for slug in projects {
            self.project(slug)?;
        }
        let mut order: Vec<usize> = used.iter().copied().collect();
        order.sort_by(|one, other| {
            natural_cmp(&all[*one].id, &all[*other].id).then(all[*one].project.cmp(&all[*other].project))
        });
        let mut ids = vec![PatientId(0); all.len()];
        for at in order {
            let patient = &all[at];
            let known = stage.patients.get(&(patient.project.clone(), patient.id.clone())).copied();
            let id = PatientId(known.unwrap_or(stage.next_patient));
            stage.next_patient += i64::from(known.is_none());
            let project = self.project(&patient.project)?;
            ids[at] = self.writer.patient(&NewPatient {
                id: Some(id),
                // A number of its own stays its own.
                number: Some(id.0.cast_unsigned()),
                name: patient.name.expose(),
                record_no: patient.record_no.as_ref().map(|number| number.expose().as_str()),
                ..NewPatient::new(project, &patient.id)
            })?;
            for path in &patient.folders {
                let folder = self.folder(project, path)?;
                self.writer.place(id, folder)?;
            }
        }
        Ok(ids)
    }

    fn folder(&mut self, project: ProjectId, path: &[String]) -> Result<FolderId> {
        let key = (project, path.to_vec());
        if let Some(id) = self.folders.get(&key) {
            return Ok(*id);
        }
        let (name, around) = path.split_last().expect("only folders that there are");
        let parent = if around.is_empty() { None } else { Some(self.folder(project, around)?) };
        let id = self.writer.folder(Some(project), parent, name)?;
        self.folders.insert(key, id);
        Ok(id)
    }

    fn modality(&mut self, slug: &str) -> Result<ModalityId> {
        if let Some(id) = self.modalities.get(slug) {
            return Ok(*id);
        }
        let id = self.writer.modality(&NewModality { slug, name: slug, ..NewModality::default() })?;
        self.modalities.insert(slug.to_owned(), id);
        Ok(id)
    }

    fn file(&mut self, item: &Item, id: i64, patient: Option<PatientId>, hash: Option<[u8; 32]>) -> Result<()> {
        let modality = self.modality(&item.modality)?;
        let row = NewFile {
            id: Some(FileId(id)),
            source_id: None,
            patient,
            file_type: &item.format,
            file_path: &item.path,
            root: look::ROOT,
            file_size: Some(item.bytes),
            file_hash: hash.map_or(RegisteredHash::None, RegisteredHash::Sha256),
            may_be_folder: false,
            modality,
            kind: item.kind,
            subtype: &item.subtype,
            metadata: &item.metadata,
            created_at: None,
        };
        self.writer.file(&row).map(drop)
    }
}
