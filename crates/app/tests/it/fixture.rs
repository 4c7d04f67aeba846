//! A small registry on real files, and a Sheaf with a clock that stands still.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sheaf_app::environment::{Clock, Environment};
use sheaf_app::{ExportRequest, PlanRequest, Sheaf};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::registry::Registry;
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::selection::Selection;
use sheaf_registry::writer::{NewFile, NewGrant, NewModality, NewPatient, RegistryWriter};

/// Patients of the registry.
pub(crate) const PATIENTS: usize = 3;
/// Bytes of every file.
pub(crate) const FILE_BYTES: usize = 1000;

/// The moment at which every test happens: 2025-10-20 14:30:22 UTC.
pub(crate) fn now() -> Timestamp {
    "2025-10-20T14:30:22Z".parse().expect("a time")
}

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Everything passed in, but for randomness, which must differ between processes.
pub(crate) fn environment() -> Environment {
    let mut environment = Environment::system();
    environment.clock = Arc::new(StandingClock);
    environment.zone = TimeZone::UTC;
    "tester".clone_into(&mut environment.os_user);
    environment.threads = 2;
    environment.folders = Vec::new();
    environment
}

/// A folder with `registry.sqlite`, `data`, `out` and `home`.
pub(crate) struct Lab {
    _dir: Option<tempfile::TempDir>,
    root: PathBuf,
}

impl Lab {
    /// A lab with three patients, each with a scan (processed) and its raw data; users `exporter`, `viewer` and `stranger`.
    pub(crate) fn new() -> Lab {
        Self::with_file_bytes(FILE_BYTES)
    }

    pub(crate) fn with_file_bytes(bytes: usize) -> Lab {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let lab = Lab { root: dir.path().canonicalize().expect("exists"), _dir: Some(dir) };
        for folder in ["data", "out"] {
            std::fs::create_dir(lab.root.join(folder)).expect("writable");
        }
        // Settings that no disk of a test machine breaks.
        std::fs::create_dir(lab.root.join("home")).expect("writable");
        lab.settings("free_space_reserve = 0\n");
        for patient in 1..=PATIENTS {
            for kind in ["raw", "processed"] {
                std::fs::write(lab.source(patient, kind), content(patient, kind, bytes)).expect("writable");
            }
        }
        lab.write_registry(true);
        lab
    }

    /// The lab of another process.
    pub(crate) fn at(root: &Path) -> Lab {
        Lab { _dir: None, root: root.to_owned() }
    }

    /// The same lab, for another process or another window.
    pub(crate) fn twin(&self) -> Lab {
        Self::at(&self.root)
    }

    /// Writes the registry; without `exporter_may`, that user may look but not export.
    pub(crate) fn write_registry(&self, exporter_may: bool) {
        let path = self.registry();
        if path.exists() {
            std::fs::remove_file(&path).expect("ours");
        }
        let mut writer = RegistryWriter::create(&path).expect("free");
        let root = writer.data_root("", Some("data")).expect("new");
        let project = writer.project("maxillo", "Maxillo").expect("new");
        let modality =
            writer.modality(&NewModality { slug: "cbct", name: "Cone beam CT", ..NewModality::default() }).expect("new");
        for patient in 1..=PATIENTS {
            let id = writer.patient(&NewPatient::new(project, &patient.to_string())).expect("new");
            for (word, kind) in [("raw", Kind::Raw), ("processed", Kind::Processed)] {
                let name = format!("{word}_{patient}.nii.gz");
                let bytes = std::fs::metadata(self.source(patient, word)).map_or(0, |found| found.len());
                let file = NewFile {
                    file_size: Some(bytes).filter(|bytes| *bytes > 0),
                    file_hash: RegisteredHash::None,
                    ..NewFile::new(id, modality, kind, root, &name)
                };
                writer.file(&file).expect("new");
            }
        }
        let exporter = writer.user("exporter", "annotator").expect("new");
        let grant = if exporter_may { NewGrant::export(exporter) } else { NewGrant::read(exporter) };
        writer.grant(&grant).expect("new");
        let viewer = writer.user("viewer", "guest").expect("new");
        writer.grant(&NewGrant::read(viewer)).expect("new");
        writer.user("stranger", "guest").expect("new");
        writer.finish().expect("whole");
        Registry::open(&path).expect("readable");
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn registry(&self) -> PathBuf {
        self.root.join("registry.sqlite")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.root.join("out")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The file of a patient.
    pub(crate) fn source(&self, patient: usize, kind: &str) -> PathBuf {
        self.root.join("data").join(format!("{kind}_{patient}.nii.gz"))
    }

    /// Writes `settings.toml`.
    pub(crate) fn settings(&self, text: &str) {
        std::fs::write(self.home().join("settings.toml"), text).expect("writable");
    }

    pub(crate) fn sheaf(&self) -> Sheaf {
        Sheaf::open(Some(&self.home()), environment()).expect("a usable home")
    }

    /// Everything processed of the project.
    pub(crate) fn request(&self) -> ExportRequest {
        ExportRequest {
            registry: self.registry(),
            user: None,
            project: "maxillo".to_owned(),
            selection: Selection { all: true, all_modalities: true, ..Selection::default() },
            out: self.out(),
            name: Some("study".to_owned()),
            notes: String::new(),
            on_missing: OnMissing::Fail,
        }
    }

    pub(crate) fn plan_request(&self) -> PlanRequest {
        let export = self.request();
        PlanRequest {
            registry: export.registry,
            user: export.user,
            project: export.project,
            selection: export.selection,
            out: Some(export.out),
        }
    }

    /// Names in the output folder.
    pub(crate) fn files_out(&self) -> Vec<String> {
        names(&self.out())
    }

    /// Rows of the audit of one export, as `from>to`.
    pub(crate) fn audit(&self, id: &str) -> Vec<String> {
        let history = rusqlite::Connection::open(self.home().join("history.sqlite")).expect("there");
        let mut statement = history
            .prepare("SELECT from_state || '>' || to_state FROM audit WHERE export_id = ?1 ORDER BY seq")
            .expect("the table is there");
        statement.query_map([id], |row| row.get(0)).expect("readable").collect::<Result<_, _>>().expect("readable")
    }
}

/// Names in a folder, in order.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Bytes that do not compress.
pub(crate) fn content(patient: usize, kind: &str, bytes: usize) -> Vec<u8> {
    let mut state = patient as u64 * 2 + u64::from(kind == "raw") + 1;
    (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect()
}
