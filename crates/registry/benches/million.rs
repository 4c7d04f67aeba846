//! How long a registry of 100,000 patients and 1,000,000 files takes to make, to open and to resolve. Prints; asserts
//! nothing, since machines differ.

use std::time::Instant;

use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient};
use sheaf_registry::{Actor, Registry, RegistryWriter, Result};

const PATIENTS: u64 = 100_000;
const FILES_EACH: u8 = 10;

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder is the bench's ground");
    let path = folder.path().join("registry.sqlite");
    timed("insert and finish", || make(&path))?;
    let registry = timed("open", || Registry::open(&path))?;
    let viewer = registry.viewer(&Actor::Owner)?;
    let everything = Selection { all: true, all_modalities: true, kind: Some(KindChoice::Both), ..Selection::default() };
    let resolved = timed("resolve everything", || Resolved::new(&registry, &viewer, "maxillo", &everything))?;
    println!("{:>24} {}", "files", resolved.into_parts().files.len());
    let one = Selection { all: false, patient: vec!["50000".to_owned()], ..everything.clone() };
    timed("resolve one patient", || Resolved::new(&registry, &viewer, "maxillo", &one))?;
    timed("a late page of patients", || registry.patients(&viewer, "maxillo", &everything, Some(50), PATIENTS - 50))?;
    Ok(())
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work();
    println!("{what:>24} {:.0?}", start.elapsed());
    result
}

fn make(path: &std::path::Path) -> Result<()> {
    let mut writer = RegistryWriter::create(path)?;
    let root = writer.data_root("", Some("data"))?;
    let project = writer.project("maxillo", "Maxillo")?;
    let modality = writer.modality(&NewModality { slug: "ios", name: "Intra-oral scan", ..NewModality::default() })?;
    for number in 0..PATIENTS {
        let patient = writer.patient(&NewPatient::new(project, &number.to_string()))?;
        for file in 0..FILES_EACH {
            let file_path = format!("maxillo/raw/ios/ios_patient_{number}_{file}.stl");
            let mut file = NewFile::new(patient, modality, Kind::Raw, root, &file_path);
            file.file_size = Some(12_000_000);
            file.file_hash = RegisteredHash::Sha256([7; 32]);
            writer.file(&file)?;
        }
    }
    writer.finish()
}
