//! What has changed between two readings of a source.

use std::path::PathBuf;

use sheaf_registry::ids::{FileId, FolderId, PatientId};
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::writer::{NewFile, NewFolder, NewModality, NewPatient, NewStudy};
use sheaf_registry::{Changed, Changes, Registry, RegistryWriter, Result};
use tempfile::TempDir;

/// What a source holds, as far as a test changes it.
#[derive(Clone)]
struct Source {
    patients: Vec<(i64, &'static str)>,
    /// The folder and the tag of the first patient.
    folder: &'static str,
    tag: &'static str,
    files: Vec<(i64, &'static str)>,
    modality: &'static str,
    hash: RegisteredHash,
    metadata: &'static str,
    studies: Vec<(&'static str, &'static str)>,
    loaded: &'static str,
    named: bool,
    /// A modality and a tag that come first, and so move the others.
    more: bool,
}

impl Source {
    fn new() -> Self {
        Self {
            patients: vec![(7, "Ada"), (8, "Eva")],
            folder: "Clinic A",
            tag: "implant",
            files: vec![(1, "a.stl"), (2, "b.stl")],
            modality: "ios",
            hash: RegisteredHash::None,
            metadata: "{}",
            studies: vec![("E1", "Ada"), ("E2", "Eva")],
            loaded: "2026-01-01T00:00:00Z",
            named: true,
            more: false,
        }
    }

    fn write(&self, path: &std::path::Path) -> Result<()> {
        let mut w = RegistryWriter::create(path)?;
        if !self.named {
            w.leave_names_out()?;
        }
        let (project, root) = (w.project("maxillo", "Maxillo")?, w.data_root("", None)?);
        if self.more {
            w.tag("another")?;
            w.modality(&NewModality { slug: "audio", ..NewModality::default() })?;
        }
        let modality = w.modality(&NewModality { slug: self.modality, ..NewModality::default() })?;
        let folder = NewFolder { id: Some(FolderId(3)), name: self.folder, ..NewFolder::default() };
        let (folder, tag) = (w.folder_row(&folder)?, w.tag(self.tag)?);
        for (at, (id, name)) in self.patients.iter().enumerate() {
            let patient_id = id.to_string();
            let id = Some(PatientId(*id));
            let patient = w.patient(&NewPatient { id, name, ..NewPatient::new(project, &patient_id) })?;
            if at == 0 {
                w.place(patient, folder)?;
                w.tag_patient(patient, tag)?;
            }
        }
        for (id, path) in &self.files {
            let file = NewFile::new(PatientId(7), modality, Kind::Raw, root, path);
            let id = Some(FileId(*id));
            w.file(&NewFile { id, file_hash: self.hash.clone(), metadata: self.metadata, ..file })?;
        }
        for (exam_id, patient_name) in &self.studies {
            let data_load_time = Some(self.loaded.parse().expect("a time"));
            w.study(&NewStudy { exam_id, patient_name, data_load_time, ..NewStudy::default() })?;
        }
        w.finish()
    }
}

struct Readings {
    dir: TempDir,
}

impl Readings {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What has changed from one to the other.
    fn between(before: &Source, now: &Source) -> Changes {
        let readings = Self { dir: tempfile::tempdir().expect("a folder") };
        before.write(&readings.path("before.sqlite")).expect("written");
        now.write(&readings.path("now.sqlite")).expect("written");
        let changes = Registry::open(&readings.path("now.sqlite"))
            .and_then(|now| now.changes_since(&readings.path("before.sqlite"), readings.dir.path()))
            .expect("two registries");
        assert_eq!(std::fs::read_dir(readings.dir.path()).expect("a folder").count(), 2, "nothing is left beside them");
        changes
    }
}

#[test]
fn what_came_changed_and_left_is_counted() {
    let before = Source::new();
    let now = Source {
        patients: vec![(7, "Ada L."), (9, "Bea"), (10, "Cleo")],
        files: vec![(2, "c.stl"), (3, "d.stl")],
        studies: vec![("E0", "Ada"), ("E2", "Eva L."), ("E3", "Bea")],
        ..before.clone()
    };
    let patients = Changed { added: 2, changed: 1, removed: 1 };
    let files = Changed { added: 1, changed: 1, removed: 1 };
    let studies = Changed { added: 2, changed: 1, removed: 1 };
    assert_eq!(Readings::between(&before, &now), Changes { patients, files, studies });
    assert_eq!(Readings::between(&now, &now), Changes::default(), "nothing");
}

#[test]
fn every_side_of_a_row_counts_and_what_is_none_of_the_sources_does_not() {
    let before = Source::new();
    let changed = |now: &Source| {
        let changes = Readings::between(&before, now);
        let all = [changes.patients, changes.files, changes.studies];
        assert!(all.iter().all(|rows| (rows.added, rows.removed) == (0, 0)), "{changes:?}");
        all.map(|rows| rows.changed)
    };
    assert_eq!(changed(&Source { folder: "Clinic B", ..before.clone() }), [1, 0, 0], "who is in it");
    assert_eq!(changed(&Source { tag: "ortho", ..before.clone() }), [1, 0, 0], "who has it");
    assert_eq!(changed(&Source { modality: "cbct", ..before.clone() }), [0, 2, 0]);
    assert_eq!(changed(&Source { metadata: "{\"a\":1}", ..before.clone() }), [0, 2, 0]);
    assert_eq!(changed(&Source { hash: RegisteredHash::Sha256([1; 32]), ..before.clone() }), [0, 0, 0], "only known now");
    assert_eq!(changed(&Source { loaded: "2026-02-02T00:00:00Z", ..before.clone() }), [0, 0, 0], "the same, loaded later");
    assert_eq!(changed(&Source { more: true, ..before.clone() }), [0, 0, 0], "numbers of Sheaf's own");
    assert_eq!(changed(&Source { named: false, metadata: "{\"a\":1}", ..before.clone() }), [0, 0, 0], "names left out");
    let hashed = Source { hash: RegisteredHash::Sha256([1; 32]), ..before.clone() };
    let other = Source { hash: RegisteredHash::Sha256([2; 32]), ..before };
    assert_eq!(Readings::between(&hashed, &other).files.changed, 2, "another content");
}
