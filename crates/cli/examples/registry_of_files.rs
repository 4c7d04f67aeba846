//! Makes a registry of files that are there already, for benchmarks and for trying Sheaf on one's own files.
//!
//! `cargo run --example registry_of_files REGISTRY DATA < LIST`, where each line of LIST has, between tabs: patient,
//! modality, kind (`raw`, `processed`, `other`), path below DATA, size in bytes. The one project is called `files`.

use std::collections::HashMap;
use std::io::BufRead as _;
use std::path::Path;

use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient, RegistryWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, registry, data] = words.as_slice() else {
        return Err("usage: registry_of_files REGISTRY DATA < LIST".into());
    };
    let data = Path::new(data).canonicalize()?;
    let mut writer = RegistryWriter::create(Path::new(registry))?;
    let root = writer.data_root("", data.to_str())?;
    let project = writer.project("files", "Files")?;
    let (mut patients, mut modalities) = (HashMap::new(), HashMap::new());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let [patient_id, slug, kind, path, bytes] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("not five fields: {line}").into());
        };
        let patient = match patients.get(patient_id) {
            Some(id) => *id,
            None => {
                let id = writer.patient(&NewPatient::new(project, patient_id))?;
                patients.insert(patient_id.to_owned(), id);
                id
            }
        };
        let modality = match modalities.get(slug) {
            Some(id) => *id,
            None => {
                let id = writer.modality(&NewModality { slug, name: slug, ..NewModality::default() })?;
                modalities.insert(slug.to_owned(), id);
                id
            }
        };
        writer.file(&NewFile {
            source_id: None,
            patient: Some(patient),
            file_type: &format!("{slug}_{kind}"),
            file_path: path,
            root,
            file_size: Some(bytes.parse()?),
            file_hash: RegisteredHash::None,
            modality,
            kind: Kind::parse(kind),
            subtype: "",
            metadata: "{}",
            created_at: None,
        })?;
    }
    writer.finish()?;
    Ok(())
}
