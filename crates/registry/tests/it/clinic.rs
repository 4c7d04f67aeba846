//! The registry that the tests share: two projects that overlap where a mistake would show.

use std::path::{Path, PathBuf};

use sheaf_registry::error::{Code, Error};
use sheaf_registry::ids::{FolderId, ModalityId, PatientId, ProjectId, RootId, TagId, UserId};
use sheaf_registry::resolve::{Resolved, ResolvedParts};
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::selection::{FolderRef, KindChoice, Selection};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient};
use sheaf_registry::{Actor, Registry, RegistryWriter, Viewer};
use tempfile::TempDir;

/// A registry in the making, with the ids of what is in it.
///
/// | maxillo | folders | visibility | tags | files |
/// |---|---|---|---|---|
/// | 1 | Clinic A/2024 | public | ortho | cbct raw, cbct processed, ios processed ×2 |
/// | 2 | Clinic A/2025, Clinic B | private | ortho, implant | cbct processed |
/// | 10 | Clinic B | debug | implant | ios raw, bite-classification other |
/// | A-7 | none | public | none | ios processed |
/// | 3 (deleted) | Clinic A/2024 | public | ghost | cbct processed |
///
/// `Clinic A/b\/c` and `Empty` hold nobody. An orphan file belongs to no one.
pub(crate) struct Clinic {
    pub(crate) dir: TempDir,
    pub(crate) writer: RegistryWriter,
    pub(crate) root: RootId,
    pub(crate) maxillo: ProjectId,
    pub(crate) brain: ProjectId,
    pub(crate) folder_a: FolderId,
    pub(crate) year_2024: FolderId,
    pub(crate) folder_b: FolderId,
    pub(crate) ortho: TagId,
    pub(crate) cbct: ModalityId,
    pub(crate) user: UserId,
    pub(crate) p1: PatientId,
}

impl Clinic {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("every test has a folder of its own");
        let mut w = RegistryWriter::create(&path_in(&dir)).expect("a new registry");
        let root = w.data_root("", Some("data")).expect("a data root");
        let [maxillo, brain] = ["maxillo", "brain"].map(|slug| w.project(slug, slug).expect("a project"));
        let mut folder = |parent, name| w.folder(Some(maxillo), parent, name).expect("a folder");
        let folder_a = folder(None, "Clinic A");
        let year_2024 = folder(Some(folder_a), "2024");
        let year_2025 = folder(Some(folder_a), "2025");
        folder(Some(folder_a), "b/c");
        let folder_b = folder(None, "Clinic B");
        folder(None, "Empty");
        let [ortho, implant, ghost] = ["ortho", "implant", "ghost"].map(|name| w.tag(name).expect("a tag"));
        let mut modality = |slug, is_unlisted| {
            w.modality(&NewModality { slug, name: slug, is_unlisted, ..NewModality::default() }).expect("a modality")
        };
        let [cbct, ios] = ["cbct", "ios"].map(|slug| modality(slug, false));
        let bite = modality("bite-classification", true);

        let mut patient = |patient_id, visibility, folders: &[FolderId], tags: &[TagId]| {
            let deleted = patient_id == "3";
            let new = NewPatient { name: "Ada Lovelace", visibility, deleted, ..NewPatient::new(maxillo, patient_id) };
            let id = w.patient(&new).expect("a patient");
            for folder in folders {
                w.place(id, *folder).expect("a placement");
            }
            for tag in tags {
                w.tag_patient(id, *tag).expect("a tagging");
            }
            id
        };
        // Not in the order of their ids, so that order has to be made.
        let p10 = patient("10", "debug", &[folder_b], &[implant]);
        let p2 = patient("2", "private", &[year_2025, folder_b], &[ortho, implant]);
        let a7 = patient("A-7", "public", &[], &[]);
        let p1 = patient("1", "public", &[year_2024], &[ortho]);
        let p3 = patient("3", "public", &[year_2024], &[ghost]);

        let mut file = |patient, modality, kind: Kind, path| {
            let mut file = NewFile::new(patient, modality, kind, root, path);
            file.file_size = Some(100);
            w.file(&file).expect("a file");
        };
        file(p1, ios, Kind::Processed, "p1/upper.stl");
        file(p1, ios, Kind::Processed, "p1/lower.stl");
        file(p1, cbct, Kind::Raw, "p1/raw.dcm");
        file(p1, cbct, Kind::Processed, "p1/scan.nii.gz");
        file(p2, cbct, Kind::Processed, "p2/scan.nii.gz");
        file(p10, ios, Kind::Raw, "p10/upper.stl");
        file(p10, bite, Kind::Other, "p10/bite.json");
        file(a7, ios, Kind::Processed, "a7/upper.stl");
        file(p3, cbct, Kind::Processed, "p3/scan.nii.gz");
        let orphan = NewFile { patient: None, ..NewFile::new(p1, cbct, Kind::Raw, root, "orphan.dcm") };
        w.file(&orphan).expect("an orphan");
        let user = w.user("kim", "annotator").expect("a user");
        Self { dir, writer: w, root, maxillo, brain, folder_a, year_2024, folder_b, ortho, cbct, user, p1 }
    }

    /// Finishes the registry and opens it.
    pub(crate) fn open(self) -> Open {
        let Self { dir, writer, .. } = self;
        writer.finish().expect("a finished registry");
        let registry = Registry::open(&path_in(&dir)).expect("a registry that opens");
        Open { registry, dir }
    }
}

/// An open registry with the folder that it lives in.
pub(crate) struct Open {
    pub(crate) registry: Registry,
    pub(crate) dir: TempDir,
}

impl Open {
    pub(crate) fn owner(&self) -> Viewer {
        self.registry.viewer(&Actor::Owner).expect("the owner")
    }

    pub(crate) fn kim(&self) -> Viewer {
        self.registry.viewer(&Actor::User("kim".to_owned())).expect("the user kim")
    }

    pub(crate) fn resolve(&self, viewer: &Viewer, selection: &Selection) -> Result<ResolvedParts, Error> {
        Resolved::new(&self.registry, viewer, "maxillo", selection).map(Resolved::into_parts)
    }

    /// The owner's patients of a selection of everything they have.
    pub(crate) fn chosen(&self, selection: &Selection) -> Vec<String> {
        ids(&self.resolve(&self.owner(), selection).expect("a selection that can be resolved"))
    }

    pub(crate) fn refusal(&self, viewer: &Viewer, selection: &Selection) -> Error {
        match self.resolve(viewer, selection) {
            Err(error) => error,
            Ok(parts) => panic!("{selection:?} must be refused, but means {:?}", ids(&parts)),
        }
    }
}

pub(crate) fn path_in(dir: &TempDir) -> PathBuf {
    dir.path().join("registry.sqlite")
}

/// All modalities and kinds, and no patients yet.
pub(crate) fn anything() -> Selection {
    Selection { all_modalities: true, kind: Some(KindChoice::Both), ..Selection::default() }
}

pub(crate) fn everything() -> Selection {
    Selection { all: true, ..anything() }
}

pub(crate) fn folder(path: &[&str]) -> Selection {
    Selection { folder: vec![at(path)], ..anything() }
}

pub(crate) fn at(path: &[&str]) -> FolderRef {
    FolderRef { id: None, path: Some(owned(path)) }
}

pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

pub(crate) fn ids(parts: &ResolvedParts) -> Vec<String> {
    parts.patients.iter().map(|patient| patient.patient_id.to_string()).collect()
}

/// `modality kind path` of every file, in order.
pub(crate) fn files(parts: &ResolvedParts) -> Vec<String> {
    let line = |file: &sheaf_registry::resolve::ResolvedFile| {
        let modality = &parts.modalities[usize::from(file.modality)].slug;
        format!("{modality} {} {}", file.kind.as_str(), file.path)
    };
    parts.files.iter().map(line).collect()
}

/// The near matches of an error.
pub(crate) fn near(error: &Error) -> Vec<String> {
    error
        .detail_list()
        .iter()
        .map(|detail| match detail {
            sheaf_registry::error::Detail::Text(text) => text.clone(),
            sheaf_registry::error::Detail::File(file) => panic!("a near match is a text, not {file:?}"),
        })
        .collect()
}

/// Everything that a person can read of an error.
pub(crate) fn words(error: &Error) -> (Code, String, String, Vec<String>) {
    (error.code(), error.message().to_owned(), error.next_step().to_owned(), near(error))
}

/// Name, content and modification time of everything in a folder.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let entries = std::fs::read_dir(folder).expect("a folder that can be listed");
    let mut seen: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let metadata = path.symlink_metadata().expect("metadata");
            let content = if metadata.is_file() { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
            (path, content, metadata.modified().expect("a modification time"))
        })
        .collect();
    seen.sort();
    seen
}

/// A file of nothing but a hash, to see hashes come back.
pub(crate) fn with_hash(mut file: NewFile<'_>, hash: RegisteredHash) -> NewFile<'_> {
    file.file_hash = hash;
    file
}
