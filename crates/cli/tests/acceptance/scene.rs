//! Registries to work on: a small one written by hand, and the demo.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::writer::{NewFile, NewGrant, NewModality, NewPatient, RegistryWriter};
use tempfile::TempDir;

use crate::program::Sheaf;
use crate::words;

/// A fresh folder with a registry, its data, a home and a place for archives.
pub(crate) struct Scene {
    dir: TempDir,
    pub(crate) sheaf: Sheaf,
}

impl Scene {
    /// Two projects, nested folders, tags, four users, nine small files.
    pub(crate) fn new() -> Self {
        let scene = Self::empty();
        scene.write_registry().expect("a registry");
        scene
    }

    /// The same without a registry.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::Builder::new().prefix("sheaf-acceptance-").tempdir().expect("a temporary folder");
        fs::create_dir(dir.path().join("out")).expect("a folder");
        fs::create_dir(dir.path().join("data")).expect("a folder");
        let sheaf = Sheaf::at(&dir.path().join("home"));
        Self { dir, sheaf }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn registry(&self) -> PathBuf {
        self.path("registry.sqlite")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    /// `export` of everything in `maxillo` to `out`, and further words.
    pub(crate) fn export_words(&self, further: &[&str]) -> Vec<std::ffi::OsString> {
        let mut words =
            words!["export", "--registry", self.registry(), "--project", "maxillo", "--out", self.out()].to_vec();
        words.extend(further.iter().map(std::ffi::OsString::from));
        words
    }

    /// A file of the data root, filled with its own name.
    pub(crate) fn put(&self, path: &str) -> u64 {
        let full = self.path("data").join(path);
        fs::create_dir_all(full.parent().expect("it has one")).expect("a folder");
        let content = format!("{path}\n").repeat(100);
        fs::write(&full, &content).expect("written");
        content.len() as u64
    }

    fn write_registry(&self) -> sheaf_registry::Result<()> {
        let mut writer = RegistryWriter::create(&self.registry())?;
        let root = writer.data_root("", Some("data"))?;
        let maxillo = writer.project("maxillo", "Maxillofacial")?;
        let brain = writer.project("brain", "Brain")?;
        let clinic = writer.folder(Some(maxillo), None, "Clinic A")?;
        let year = writer.folder(Some(maxillo), Some(clinic), "2025")?;
        let slash = writer.folder(Some(maxillo), None, "b/c")?;
        let (ortho, implant) = (writer.tag("ortho")?, writer.tag("implant")?);
        let cbct = writer.modality(&NewModality { slug: "cbct", name: "CBCT", ..NewModality::default() })?;
        let ios = writer.modality(&NewModality { slug: "ios", name: "Intra-oral scan", ..NewModality::default() })?;
        for (id, folder, tags) in [
            ("1", Some(clinic), &[ortho][..]),
            ("2", Some(year), &[ortho, implant]),
            ("3", Some(slash), &[]),
            ("10", None, &[]),
        ] {
            let patient = writer.patient(&NewPatient { name: "Ada Lovelace", ..NewPatient::new(maxillo, id) })?;
            if let Some(folder) = folder {
                writer.place(patient, folder)?;
            }
            for tag in tags {
                writer.tag_patient(patient, *tag)?;
            }
            let mut files = vec![(ios, Kind::Raw, format!("ios/ios_upper_patient_{id}.stl"))];
            if id != "10" {
                files.push((cbct, Kind::Processed, format!("cbct/cbct_patient_{id}.nii.gz")));
            }
            for (modality, kind, path) in files {
                let bytes = self.put(&path);
                writer.file(&NewFile { file_size: Some(bytes), ..NewFile::new(patient, modality, kind, root, &path) })?;
            }
        }
        let patient = writer.patient(&NewPatient::new(brain, "X-7"))?;
        let bytes = self.put("mri/scan.nii.gz");
        let mri = writer.modality(&NewModality { slug: "mri", name: "MRI", ..NewModality::default() })?;
        writer.file(&NewFile {
            file_size: Some(bytes),
            ..NewFile::new(patient, mri, Kind::Processed, root, "mri/scan.nii.gz")
        })?;
        let exporter = writer.user("exporter", "project_manager")?;
        writer.grant(&NewGrant::export(exporter))?;
        let viewer = writer.user("viewer", "standard")?;
        writer.grant(&NewGrant { project: Some(maxillo), ..NewGrant::read(viewer) })?;
        let outsider = writer.user("outsider", "project_manager")?;
        writer.grant(&NewGrant { project: Some(brain), ..NewGrant::export(outsider) })?;
        let resident = writer.user("resident", "standard")?;
        writer.grant(&NewGrant { project: Some(maxillo), folder: Some(year), ..NewGrant::export(resident) })?;
        writer.finish()
    }

    /// A registry with one project `maxillo` and files of one patient, each with its size; the files are sparse.
    pub(crate) fn sparse<N: AsRef<str>>(files: impl IntoIterator<Item = (N, u64)>) -> Self {
        let scene = Self::empty();
        let mut writer = RegistryWriter::create(&scene.registry()).expect("a registry");
        let root = writer.data_root("", Some("data")).expect("a root");
        let project = writer.project("maxillo", "Maxillofacial").expect("a project");
        let cbct =
            writer.modality(&NewModality { slug: "cbct", name: "CBCT", ..NewModality::default() }).expect("a modality");
        let patient = writer.patient(&NewPatient::new(project, "1")).expect("a patient");
        for (name, bytes) in files {
            let full = scene.path("data").join(name.as_ref());
            let mut file = File::create(&full).expect("a file");
            // Not all zero, so that a mix-up of blocks shows.
            file.write_all(name.as_ref().as_bytes()).expect("written");
            file.set_len(bytes).expect("a sparse file");
            let row = NewFile {
                file_size: Some(bytes),
                file_hash: RegisteredHash::None,
                ..NewFile::new(patient, cbct, Kind::Processed, root, name.as_ref())
            };
            writer.file(&row).expect("a row");
        }
        writer.finish().expect("a registry");
        scene
    }
}

/// The demo, made once for all tests, which only read it.
pub(crate) struct Demo {
    pub(crate) registry: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) projects: Vec<String>,
}

/// The demo without faults.
pub(crate) fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| make_demo("demo", &[]))
}

/// The demo with planted faults.
pub(crate) fn faulty_demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| make_demo("demo-with-faults", &["--with-faults"]))
}

fn make_demo(name: &str, further: &[&str]) -> Demo {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{} cannot be removed: {error}", dir.display()),
        _ => {}
    }
    let mut words = words!["demo", &dir, "--patients", "6", "--studies", "50"].to_vec();
    words.extend(further.iter().map(std::ffi::OsString::from));
    let home = tempfile::tempdir().expect("a temporary folder");
    let report = Sheaf::at(home.path()).json(&words, 0);
    let path = |key: &str| PathBuf::from(report[key].as_str().unwrap_or_else(|| panic!("{key} in {report}")));
    let projects = report["projects"].as_array().expect("projects");
    let projects = projects.iter().map(|slug| slug.as_str().expect("a slug").to_owned()).collect();
    Demo { registry: path("registry"), data: path("data"), projects }
}
