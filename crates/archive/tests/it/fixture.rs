//! A registry with one patient, files in memory, and the way from there to an archive.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_archive::Room;
use sheaf_archive::metadata::ExportHeader;
use sheaf_archive::plan::{OnMissing, Plan, Planning};
use sheaf_archive::writer::{WriteJob, part_path};
use sheaf_registry::access::Actor;
use sheaf_registry::file_store::FileStore;
use sheaf_registry::ids::RootId;
use sheaf_registry::progress::{Cancel, Observer, Unobserved};
use sheaf_registry::registry::Registry;
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient, RegistryWriter};
use sheaf_testkit::MemoryStore;

/// The data root of all files here.
pub(crate) const ROOT: RootId = RootId(1);

/// A file of the one patient.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) hash: RegisteredHash,
}

impl File {
    pub(crate) fn new(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), bytes: bytes.into(), hash: RegisteredHash::None }
    }
}

/// Bytes that do not shrink, the same for the same seed.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(count).collect()
}

/// Bytes that shrink to about half.
pub(crate) fn half_noise(seed: u64, count: usize) -> Vec<u8> {
    noise(seed, count).into_iter().map(|byte| byte & 15).collect()
}

/// Files in memory.
pub(crate) fn memory(files: &[File]) -> Arc<dyn FileStore> {
    let store = files.iter().fold(MemoryStore::new(), |store, file| store.with(ROOT, &file.path, file.bytes.clone()));
    Arc::new(store)
}

/// Plans all files of a registry made for them.
pub(crate) fn plan(folder: &Path, files: &[File], store: &Arc<dyn FileStore>, on_missing: OnMissing) -> Arc<Plan> {
    let path = folder.join("registry.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a new registry");
    let root = writer.data_root("", Some("data")).expect("a root");
    assert_eq!(root, ROOT, "the stores here know one root");
    let project = writer.project("maxillo", "Maxillo").expect("a project");
    let modality = writer
        .modality(&NewModality { slug: "ios", name: "Intra-oral scan", ..NewModality::default() })
        .expect("a modality");
    let patient = writer.patient(&NewPatient::new(project, "1")).expect("a patient");
    for file in files {
        let new = NewFile {
            file_size: Some(file.bytes.len() as u64),
            file_hash: file.hash.clone(),
            ..NewFile::new(patient, modality, Kind::Raw, root, &file.path)
        };
        writer.file(&new).expect("a file row");
    }
    writer.finish().expect("a whole registry");
    let registry = Registry::open(&path).expect("the registry");
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let selection = Selection { all: true, all_modalities: true, kind: Some(KindChoice::Raw), ..Selection::default() };
    let resolved = Resolved::new(&registry, &viewer, "maxillo", &selection).expect("everything");
    let planning =
        Planning { store: Arc::clone(store), on_missing, threads: 2, observer: &Unobserved, cancel: &Cancel::new() };
    Arc::new(Plan::new(resolved, &planning).expect("a plan"))
}

/// A job that writes `plan` into `folder`.
pub(crate) fn job(folder: &Path, plan: &Arc<Plan>, store: &Arc<dyn FileStore>) -> WriteJob {
    WriteJob {
        plan: Arc::clone(plan),
        store: Arc::clone(store),
        header: ExportHeader {
            id: "job".to_owned(),
            name: "export".to_owned(),
            notes: String::new(),
            creator: "owner".to_owned(),
            created_at: jiff::Timestamp::from_second(1_760_970_622).expect("a time"),
            version: "0".to_owned(),
        },
        part: part_path(folder, "job", 1),
        on_missing: OnMissing::Fail,
        threads: 3,
        observer: Arc::new(Unobserved) as Arc<dyn Observer>,
        cancel: Cancel::new(),
        room: Arc::new(|_| Ok(())) as Arc<Room>,
    }
}

/// Part files that were left behind.
pub(crate) fn strays(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "part")).collect()
}

/// The content of an archive as the crate `zip` reads it: names below the top folder, and bytes.
pub(crate) fn unzip(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).expect("the archive")).expect("a ZIP file");
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).expect("an entry");
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).expect("its content and CRC-32");
            (entry.name().expect("UTF-8").strip_prefix("export/").expect("one top folder").to_owned(), bytes)
        })
        .collect()
}
