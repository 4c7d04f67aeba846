//! `metadata.json`: what the archive holds, of whom, from where, and what it does not hold. Written in constant memory.
//!
//! The format is published in `docs/metadata.schema.json` and versioned. Deliberately absent: names of patients, and the
//! files' own metadata.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use sheaf_registry::error::FileProblem;
use sheaf_registry::hex;
use sheaf_registry::rows::RegisteredHash;

use crate::plan::Plan;

/// Name of the file in the archive's top folder.
pub const METADATA_FILE: &str = "metadata.json";
/// Version of the format.
pub const SCHEMA_VERSION: u32 = 1;

/// What `metadata.json` says of the export itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportHeader {
    /// The export's id in the history.
    pub id: String,
    /// The archive's name, also its top folder.
    pub name: String,
    /// What the user noted.
    pub notes: String,
    /// Who made it: a user's name, or `owner`.
    pub creator: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Version of Sheaf.
    pub version: String,
}

/// What was written of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Size in bytes; not the plan's where the file changed in between.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
}

/// Writes `metadata.json`. `written` answers for each entry of the plan by its index; `None` where the entry was left out
/// after all. `problems` are those found since the plan was made; the plan's own come first.
///
/// # Errors
/// Whatever `out` answers.
pub fn write_metadata(
    out: &mut dyn Write,
    plan: &Plan,
    header: &ExportHeader,
    written: &dyn Fn(usize) -> Option<WrittenFile>,
    problems: &[FileProblem],
) -> io::Result<()> {
    write(out, plan, header, &|index| written(index).map(|file| (file.bytes, Some(file.sha256))), problems)
}

/// Writes `metadata.json` as it would be if every entry were written as planned; what only the writing can tell, the
/// checksums and what follows from them, says `…`. For people to look at before there is an archive.
///
/// # Errors
/// Whatever `out` answers.
pub fn preview_metadata(out: &mut dyn Write, plan: &Plan, header: &ExportHeader) -> io::Result<()> {
    write(out, plan, header, &|index| Some((plan.entries()[index].bytes, None)), &[])
}

/// Size and, once it is known, SHA-256 of an entry.
type Known = (u64, Option<[u8; 32]>);

fn write(
    out: &mut dyn Write,
    plan: &Plan,
    header: &ExportHeader,
    known: &dyn Fn(usize) -> Option<Known>,
    problems: &[FileProblem],
) -> io::Result<()> {
    let export = Export {
        id: &header.id,
        name: &header.name,
        notes: &header.notes,
        creator: &header.creator,
        created_at: header.created_at.to_string(),
        application: "Sheaf",
        version: &header.version,
    };
    let project = Project { slug: &plan.project().slug, name: &plan.project().name };
    // One line for one thing: people read it, and tools compare it.
    out.write_all(b"{\n")?;
    field(out, "schema_version", &SCHEMA_VERSION)?;
    field(out, "deidentified", &false)?;
    field(out, "export", &export)?;
    field(out, "selection", plan.selection())?;
    field(out, "project", &project)?;
    field(out, "registry_synced_at", &plan.synced_at().map(|at| at.to_string()))?;
    let modalities = plan.modalities().iter().map(|modality| Modality { slug: &modality.slug, name: &modality.name });
    list(out, "modalities", modalities, ",\n")?;
    let patients = plan.patients().iter().map(|patient| Patient {
        id: &patient.patient_id,
        folders: patient.folders.iter().map(|&folder| plan.folders()[folder as usize].as_slice()).collect(),
        tags: patient.tags.iter().map(|&tag| plan.tags()[tag as usize].as_str()).collect(),
    });
    list(out, "patients", patients, ",\n")?;
    let files = (0..plan.entries().len()).filter_map(|index| Some(file(plan, index, known(index)?)));
    list(out, "files", files, ",\n")?;
    let lacking = plan.lacking().iter().map(|lacking| Lacking {
        patient: &plan.patients()[lacking.patient as usize].patient_id,
        modality: &plan.modalities()[usize::from(lacking.modality)].slug,
    });
    list(out, "lacking", lacking, ",\n")?;
    list(out, "unknown_patients", plan.unknown_patients().iter(), ",\n")?;
    list(out, "problems", plan.problems().iter().chain(problems), "\n")?;
    out.write_all(b"}\n")
}

#[derive(Serialize)]
struct Export<'a> {
    id: &'a str,
    name: &'a str,
    notes: &'a str,
    creator: &'a str,
    created_at: String,
    application: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Project<'a> {
    slug: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Modality<'a> {
    slug: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Patient<'a> {
    id: &'a str,
    folders: Vec<&'a [String]>,
    tags: Vec<&'a str>,
}

#[derive(Serialize)]
struct Lacking<'a> {
    patient: &'a str,
    modality: &'a str,
}

#[derive(Serialize)]
struct ListedFile<'a> {
    name: String,
    patient: &'a str,
    modality: &'a str,
    kind: &'static str,
    bytes: u64,
    sha256: String,
    file: Cow<'a, str>,
    path: &'a str,
    hash: Option<Cow<'a, str>>,
    hash_check: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duplicates: Vec<Duplicate<'a>>,
}

#[derive(Serialize)]
struct Duplicate<'a> {
    file: Cow<'a, str>,
    hash: Option<Cow<'a, str>>,
    hash_check: &'static str,
}

/// Stands for what is not known yet.
const OPEN: &str = "…";

fn file(plan: &Plan, index: usize, (bytes, sha256): Known) -> ListedFile<'_> {
    let sha256 = sha256.as_ref();
    let entry = &plan.entries()[index];
    let duplicates = plan.duplicates_of(index).iter().map(|row| Duplicate {
        file: row.file_id(),
        hash: hash_text(&row.hash),
        hash_check: hash_check(&row.hash, sha256),
    });
    ListedFile {
        name: plan.entry_path(index),
        patient: &plan.patients()[entry.patient as usize].patient_id,
        modality: &plan.modalities()[usize::from(entry.modality)].slug,
        kind: entry.kind.as_str(),
        bytes,
        sha256: sha256.map_or_else(|| OPEN.to_owned(), hex::encode),
        file: entry.file_id(),
        path: &entry.path,
        hash: hash_text(&entry.hash),
        hash_check: hash_check(&entry.hash, sha256),
        duplicates: duplicates.collect(),
    }
}

fn hash_text(hash: &RegisteredHash) -> Option<Cow<'_, str>> {
    match hash {
        RegisteredHash::Sha256(sha256) => Some(hex::encode(sha256).into()),
        RegisteredHash::NotComparable(text) => Some((&**text).into()),
        RegisteredHash::None => None,
    }
}

fn hash_check(registered: &RegisteredHash, sha256: Option<&[u8; 32]>) -> &'static str {
    match (registered, sha256) {
        (RegisteredHash::Sha256(_), None) => OPEN,
        (RegisteredHash::Sha256(registered), Some(sha256)) if registered == sha256 => "match",
        (RegisteredHash::Sha256(_), Some(_)) => "mismatch",
        (RegisteredHash::NotComparable(_), _) => "not_comparable",
        (RegisteredHash::None, _) => "none",
    }
}

fn field(out: &mut dyn Write, key: &str, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    write!(out, "  \"{key}\": ")?;
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b",\n")
}

fn list(out: &mut dyn Write, key: &str, items: impl Iterator<Item = impl Serialize>, end: &str) -> io::Result<()> {
    write!(out, "  \"{key}\": [")?;
    // One write for a line: serialising straight into `out` would make dozens of them.
    let mut line = Vec::new();
    let mut is_empty = true;
    for item in items {
        line.clear();
        line.extend_from_slice(if is_empty { b"\n    " } else { b",\n    " });
        serde_json::to_writer(&mut line, &item)?;
        out.write_all(&line)?;
        is_empty = false;
    }
    write!(out, "{}{end}", if is_empty { "]" } else { "\n  ]" })
}

#[cfg(test)]
mod tests;
