//! Objects in a bucket of a real S3 server on this machine, and a registry of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_archive::metadata::ExportHeader;
use sheaf_archive::plan::{OnMissing, Plan, Planning};
use sheaf_archive::publish::VerifiedPart;
use sheaf_archive::writer::{WriteJob, write_archive};
use sheaf_registry::Registry;
use sheaf_registry::access::Actor;
use sheaf_registry::file_store::FileStore;
use sheaf_registry::progress::{Cancel, Observer, Unobserved};
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::Kind;
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient, RegistryWriter};
use sheaf_sources::bucket::{BucketStore, Surroundings};
use sheaf_testkit::S3Server;
use tempfile::TempDir;

/// A server with a bucket `scans`, whose objects are made by a test.
pub(crate) struct Lab {
    pub(crate) dir: TempDir,
    pub(crate) server: S3Server,
}

impl Lab {
    pub(crate) fn new(key: Option<(&str, &str)>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(dir.path().join("s3/scans")).expect("a bucket");
        let server = S3Server::start(&dir.path().join("s3"), key);
        Self { dir, server }
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.dir.path().join("s3/scans").join(key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        // Whole or not at all, as a bucket replaces objects.
        let new = self.dir.path().join("new");
        std::fs::write(&new, bytes).expect("an object");
        std::fs::rename(&new, &path).expect("in its place");
    }

    /// A registry of these objects, one patient each.
    pub(crate) fn registry(&self, keys: impl IntoIterator<Item = (String, u64)>) -> PathBuf {
        let path = self.dir.path().join("registry.sqlite");
        let mut writer = RegistryWriter::replacing(&path).expect("a place");
        let root = writer.data_root("", Some(&self.server.location("scans"))).expect("a root");
        let project = writer.project("maxillo", "Maxillo").expect("a project");
        let modality = NewModality { slug: "ios", name: "IOS", ..NewModality::default() };
        let modality = writer.modality(&modality).expect("a modality");
        for (at, (key, bytes)) in (1_u32..).zip(keys) {
            let patient = writer.patient(&NewPatient::new(project, &at.to_string())).expect("a patient");
            let file = NewFile { file_size: Some(bytes), ..NewFile::new(patient, modality, Kind::Raw, root, &key) };
            writer.file(&file).expect("a file");
        }
        writer.finish().expect("whole");
        path
    }

    /// Exports everything; a part file that was verified.
    pub(crate) fn export(&self, registry: &Path, observer: Arc<dyn Observer>) -> VerifiedPart {
        let registry = Registry::open(registry).expect("a registry");
        let viewer = registry.viewer(&Actor::Owner).expect("the owner");
        let selection = Selection { all: true, all_modalities: true, kind: Some(KindChoice::Both), ..Selection::default() };
        let resolved = Resolved::new(&registry, &viewer, "maxillo", &selection).expect("rows");
        let store: Arc<dyn FileStore> =
            Arc::new(BucketStore::open(resolved.roots(), &nobody()).expect("an address").expect("a bucket"));
        let cancel = Cancel::new();
        let planning = Planning {
            store: Arc::clone(&store),
            on_missing: OnMissing::Fail,
            threads: store.at_once(),
            observer: &Unobserved,
            cancel: &cancel,
        };
        let plan = Arc::new(Plan::new(resolved, &planning).expect("a plan"));
        assert!(plan.problems().is_empty(), "{:?}", plan.problems());
        let part = self.dir.path().join("out.part");
        let _ = std::fs::remove_file(&part);
        let header = ExportHeader {
            id: "x".to_owned(),
            name: "out".to_owned(),
            notes: String::new(),
            creator: "owner".to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            version: "0".to_owned(),
        };
        let job = WriteJob {
            plan,
            store,
            header,
            part,
            on_missing: OnMissing::Fail,
            threads: 4,
            observer,
            cancel,
            room: Arc::new(|_| Ok(())),
        };
        write_archive(&job).expect("an archive")
    }
}

/// A process to which nothing was said, without any variable and without a home.
pub(crate) fn nobody() -> Surroundings {
    Surroundings { said: Box::new(|_| None), kept: Box::new(|_| None), variable: Box::new(|_| None), home: None }
}
