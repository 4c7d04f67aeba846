//! Makes a registry of files that are there already, for benchmarks and for trying Sheaf on one's own files.
//!
//! `cargo run --example registry_of_files REGISTRY DATA < LIST`, where each line of LIST has, between tabs: patient,
//! modality, kind (`raw`, `processed`, `other`), path below DATA, size in bytes. The one project is called `files`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::BufRead as _;
use std::path::Path;

use sheaf_registry::rows::Kind;
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
        let patient = match patients.entry(patient_id.to_owned()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(writer.patient(&NewPatient::new(project, patient_id))?),
        };
        let modality = match modalities.entry(slug.to_owned()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                *new.insert(writer.modality(&NewModality { slug, name: slug, ..NewModality::default() })?)
            }
        };
        writer.file(&NewFile {
            file_type: &format!("{slug}_{kind}"),
            file_size: Some(bytes.parse()?),
            ..NewFile::new(patient, modality, Kind::parse(kind), root, path)
        })?;
    }
    writer.finish()?;
    Ok(())
}
