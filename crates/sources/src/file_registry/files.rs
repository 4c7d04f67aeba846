//! The files: one row of the source is one file, or several that its metadata lists.
//!
//! Deliberately absent: looking at the files. Whether they are there is for planning.

use serde_json::{Map, Value};
use sheaf_registry::hex;
use sheaf_registry::ids::{FileId, PatientId};
use sheaf_registry::progress::{Observer, Phase, Progress};
use sheaf_registry::rows::RegisteredHash;
use sheaf_registry::writer::NewFile;
use sheaf_registry::{RegistryWriter, Result};

use super::catalogue::Catalogue;
use super::cells::{Cells, STEP, Tables, row_error};
use super::generation::{SPACE, Shape};
use super::modality::{Modalities, Said};
use super::roots::{Mapping, Prefixes, Roots, leads_out};
use crate::report::{Odd, Oddities};

/// What the source writes where one row stands for several files.
const SEVERAL: &str = "multi-file";

/// The columns that every table of files has, before those that name patients.
const COLUMNS: [&str; 11] = [
    "id",
    "file_type",
    "file_path",
    "file_size",
    "file_hash",
    "modality_id",
    "subtype",
    "created_at",
    "metadata",
    "domain",
    "patient_id",
];

/// Counts of what was written.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) source_rows: u64,
    pub(super) files: u64,
}

/// Reads the files of a source into a registry.
pub(super) struct Files<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) shape: &'a Shape,
    pub(super) catalogue: &'a Catalogue,
    pub(super) modalities: &'a mut Modalities,
    pub(super) writer: &'a mut RegistryWriter,
    pub(super) odd: &'a mut Oddities,
    pub(super) observer: &'a dyn Observer,
}

/// One file of a row.
struct Entry<'a> {
    path: &'a str,
    size: Option<u64>,
    hash: RegisteredHash,
    may_be_folder: bool,
    metadata: &'a str,
}

/// What the metadata of a row is.
enum Metadata {
    /// Nothing, or nothing that lists files.
    Plain,
    /// A list of files, and what else there is.
    Listing { files: Vec<(Option<String>, Value)>, rest: Map<String, Value> },
    /// The row stands for a folder, and what is in it is not told.
    Folder,
}

impl Files<'_> {
    pub(super) fn read(mut self, mappings: &[Mapping]) -> Result<Counts> {
        let total = self.tables.count(&self.shape.files)?;
        let mut prefixes = Prefixes::default();
        self.tables.each(&self.shape.files, &["id", "file_path"], &mut |row| {
            prefixes.see(&row.word(1)?, self.modalities);
            Ok(())
        })?;
        let roots = prefixes.write(mappings, self.writer, self.odd)?;

        let mut columns: Vec<&str> = COLUMNS.to_vec();
        columns.extend(self.shape.domains.iter().map(|domain| domain.file_column.as_str()));
        let mut counts = Counts::default();
        let tables = self.tables;
        tables.each(&self.shape.files, &columns, &mut |row| {
            if counts.source_rows.is_multiple_of(STEP) {
                self.tell(counts.source_rows, total);
            }
            counts.source_rows += 1;
            counts.files += self.row(row, &roots)?;
            Ok(())
        })?;
        for shared in self.writer.take_back_shared_folders()? {
            self.odd.note(Odd::DirectoryShared, format_args!("{} {shared}", self.shape.files));
        }
        self.tell(counts.source_rows, total);
        Ok(counts)
    }

    fn tell(&self, done: u64, total: u64) {
        let progress = Progress {
            phase: Phase::Writing,
            files_done: done,
            files_total: total,
            bytes_done: 0,
            bytes_total: 0,
            current: None,
        };
        self.observer.observe(&progress);
    }

    /// Writes one row of the source; how many rows it became.
    fn row(&mut self, row: &Cells<'_>, roots: &Roots) -> Result<u64> {
        if !(0..SPACE).contains(&row.id) {
            return Err(row_error(&self.shape.files, &format!("{} is no id of a file", row.id)));
        }
        let (file_type, path, hash, text) = (row.word(1)?, row.word(2)?, row.word(4)?, row.word(8)?);
        let patient = self.patient(row)?;
        let modality = row.int(5);
        if modality.is_some_and(|id| !self.modalities.has(id)) {
            self.odd.note(Odd::ModalityUnknown, row);
        }
        if !self.modalities.knows_type(&file_type) {
            self.odd.note(Odd::FileTypeUnknown, format_args!("{row}: {file_type}"));
        }
        let subtype = row.word(6)?;
        let said = Said { modality, file_type: &file_type, subtype: &subtype };
        let common = Common { row, said, patient, created_at: row.time(7, self.odd)?, roots };
        let several = hash == SEVERAL;
        let metadata = self.metadata(row, &text, &path);
        if let Metadata::Listing { files, rest } = &metadata {
            let written = self.listed(&common, &path, files, rest)?;
            if written > 0 {
                return Ok(written);
            }
        }
        if several {
            self.odd.note(Odd::ListMissing, row);
        }
        let is_folder = matches!(metadata, Metadata::Folder);
        let may_be_folder = is_folder || !several && is_without_extension(&path);
        // The size of several files says nothing of the one path.
        let size = row.count(3).filter(|_| !several || is_folder);
        let metadata = if text.is_empty() || !is_object(&text) { "" } else { &text };
        self.write(&common, 0, false, &Entry { path: &path, size, hash: registered(&hash), may_be_folder, metadata })?;
        Ok(1)
    }

    /// Writes the files of a list; how many there were.
    fn listed(
        &mut self,
        common: &Common<'_>,
        path: &str,
        files: &[(Option<String>, Value)],
        rest: &Map<String, Value>,
    ) -> Result<u64> {
        let (mut written, mut has_path) = (0, false);
        for (at, (kind, file)) in (0i64..).zip(files) {
            let text = |key| file.get(key).and_then(Value::as_str);
            let joined;
            let listed = match (text("path"), text("name")) {
                (Some(path), _) if !path.is_empty() => path,
                // In a folder, a name is enough.
                (_, Some(name)) if !name.is_empty() && kind.is_none() => {
                    joined = format!("{}/{name}", path.trim_end_matches('/'));
                    &joined
                }
                _ => {
                    self.odd.note(Odd::ListEntryInvalid, common.row);
                    continue;
                }
            };
            has_path |= listed == path || kind.is_none();
            let mut about = rest.clone();
            let mut entry = file.as_object().cloned().unwrap_or_default();
            entry.retain(|key, _| !matches!(key.as_str(), "path" | "size" | "hash"));
            if let Some(kind) = kind {
                entry.insert("kind".to_owned(), kind.as_str().into());
            }
            about.insert("file".to_owned(), Value::Object(entry));
            let metadata = Value::Object(about).to_string();
            let entry = Entry {
                path: listed,
                size: file.get("size").and_then(Value::as_u64),
                hash: registered(text("hash").unwrap_or_default()),
                may_be_folder: false,
                metadata: &metadata,
            };
            self.write(common, at, true, &entry)?;
            written += 1;
        }
        if written > 0 && !has_path {
            self.odd.note(Odd::ListWithoutPath, common.row);
        }
        Ok(written)
    }

    fn write(&mut self, common: &Common<'_>, at: i64, is_listed: bool, entry: &Entry<'_>) -> Result<()> {
        let row = common.row;
        let found = self.modalities.resolve(entry.path, common.said);
        if self.modalities.overrules(&found, common.said.file_type) {
            self.odd.note(Odd::FileTypeOverruled, format_args!("{row}: {} is {}", common.said.file_type, found.slug));
        }
        let (root, is_below) = common.roots.of(entry.path);
        let leads_out = leads_out(entry.path);
        if leads_out {
            self.odd.note(Odd::PathRefused, row);
        } else if !is_below {
            self.odd.note(Odd::PathOutside, row);
        }
        let source_id = row.id.to_string();
        // The first has the number of its row, the others numbers that no row of the source has.
        let id = at.checked_mul(SPACE).and_then(|space| space.checked_add(row.id));
        let modality = self.modalities.id(&found.slug, self.writer)?;
        self.writer
            .file(&NewFile {
                id: id.map(FileId),
                source_id: is_listed.then_some(&source_id),
                patient: common.patient,
                file_type: common.said.file_type,
                file_path: entry.path,
                root,
                file_size: entry.size,
                file_hash: entry.hash.clone(),
                may_be_folder: entry.may_be_folder && is_below && !leads_out,
                modality,
                kind: found.kind,
                subtype: &found.subtype,
                metadata: entry.metadata,
                created_at: common.created_at,
            })
            .map(drop)
            .map_err(|error| row.contradicts(error))
    }

    /// The patient of a row. Several columns may name one, one for each domain.
    fn patient(&mut self, row: &Cells<'_>) -> Result<Option<PatientId>> {
        let domain = row.word(9)?;
        let domains = || self.shape.domains.iter().enumerate();
        let named = |(at, _): &(usize, &super::generation::Domain)| row.int(COLUMNS.len() + at).is_some();
        // Of a row that says its domain, no other's patient is meant.
        let own = match domains().find(|(_, own)| own.name == *domain) {
            Some(own) => Some(own).filter(named),
            None => domains().find(named),
        };
        let Some((at, domain)) = own else {
            self.odd.note(Odd::Orphan, row);
            return Ok(None);
        };
        let id = row.int(COLUMNS.len() + at).unwrap_or_default();
        let patient = self.catalogue.patient(at, domain, id);
        if patient.is_none() {
            self.odd.note(Odd::PatientUnknown, row);
        }
        Ok(patient)
    }

    fn metadata(&mut self, row: &Cells<'_>, text: &str, path: &str) -> Metadata {
        let by_name = path.ends_with('/') || path.ends_with("_folder");
        // Most rows list nothing, and a million of them need not be taken apart.
        let speaks = ["\"files\"", "\"upload_type\"", "\"file_format\""].iter().any(|key| text.contains(key));
        let parsed = if speaks { serde_json::from_str(text).ok() } else { None };
        if let Some(Value::Object(mut rest)) = parsed {
            let files = rest.remove("files").map(entries).unwrap_or_default();
            if !files.is_empty() {
                return Metadata::Listing { files, rest };
            }
            let word = |key| rest.get(key).and_then(Value::as_str);
            if by_name || word("upload_type") == Some("folder") || word("file_format") == Some("dicom_folder") {
                self.odd.note(Odd::DirectoryUnlisted, row);
                return Metadata::Folder;
            }
            return Metadata::Plain;
        }
        // Django writes nothing as the JSON word for it.
        if !matches!(text, "" | "null") && !is_object(text) {
            self.odd.note(Odd::MetadataInvalid, row);
        }
        if by_name {
            self.odd.note(Odd::DirectoryUnlisted, row);
            return Metadata::Folder;
        }
        Metadata::Plain
    }
}

/// What all files of a row share.
struct Common<'a> {
    row: &'a Cells<'a>,
    said: Said<'a>,
    patient: Option<PatientId>,
    created_at: Option<jiff::Timestamp>,
    roots: &'a Roots,
}

/// The files that are listed, each under its kind if it has one; those with kinds in the order of these.
fn entries(files: Value) -> Vec<(Option<String>, Value)> {
    match files {
        Value::Array(files) => files.into_iter().map(|file| (None, file)).collect(),
        Value::Object(files) => files.into_iter().map(|(kind, file)| (Some(kind), file)).collect(),
        _ => Vec::new(),
    }
}

/// A hash as the source registers it: only a SHA-256 can be compared with a file.
fn registered(hash: &str) -> RegisteredHash {
    if hash.is_empty() {
        return RegisteredHash::None;
    }
    hex::decode(hash).map_or_else(|| RegisteredHash::NotComparable(hash.into()), RegisteredHash::Sha256)
}

/// Whether a path ends in no extension that a file has, as that of a DICOM upload's folder, which may be called by a UID.
fn is_without_extension(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.rsplit_once('.').is_some_and(|(_, extension)| extension.contains(|letter: char| letter.is_alphabetic()))
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
