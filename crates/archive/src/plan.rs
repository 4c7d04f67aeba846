//! The plan: every entry with its name, size and expected hash, complete before the first byte is written.
//!
//! Deliberately absent: SQL, permission (a [`Resolved`](sheaf_registry::resolve::Resolved) is authorised already), and the
//! ZIP format, of which only an upper bound of its overhead is known here.

mod build;
mod folders;
mod look;
mod naming;
mod size;

use std::borrow::Cow;
use std::sync::Arc;

use sheaf_registry::error::{Detail, FileProblem};
use sheaf_registry::file_store::FileStore;
use sheaf_registry::ids::{FileId, RootId};
use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::resolve::{Lacking, ResolvedModality, ResolvedPatient};
use sheaf_registry::rows::{Kind, Project, RegisteredHash};
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::{Code, Error, Result};

use crate::entry_name::{ArchiveName, EntryName, split_extension};

/// Extensions of what is compressed already: deflating it again costs time and gains nothing.
const COMPRESSED: &[&str] = &[
    "gz", "bz2", "xz", "zst", "lz4", "z", "zip", "7z", "rar", "jpg", "jpeg", "jp2", "j2k", "jls", "png", "webp", "gif",
    "heic", "avif", "mp4", "m4v", "m4a", "mov", "mkv", "webm", "avi", "mp3", "aac", "ogg", "opus", "flac", "docx", "xlsx",
    "pptx",
];

/// What happens to files that cannot be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissing {
    /// All bad files are listed at once and nothing is written.
    #[default]
    Fail,
    /// They are left out, each one listed.
    Skip,
}

/// What planning needs beside the rows.
pub struct Planning<'a> {
    /// Where the bytes are. Shared, since a thread that hangs in it is left behind.
    pub store: Arc<dyn FileStore>,
    /// What happens to files that cannot be had; kept for [`Plan::refuse_problems`].
    pub on_missing: OnMissing,
    /// How many files are looked at at once, 1 to 64. More than cores pays on a network file system.
    pub threads: usize,
    /// Is told of every step; called from the planning thread only.
    pub observer: &'a dyn Observer,
    /// Stops the planning.
    pub cancel: &'a Cancel,
}

/// One file of the archive. Compact: a million of them are held at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEntry {
    /// Row id in the registry.
    pub id: FileId,
    /// The id in the source, where it is not the row id.
    pub source_id: Option<Box<str>>,
    /// Index into [`Plan::patients`].
    pub patient: u32,
    /// Index into [`Plan::modalities`].
    pub modality: u16,
    /// Raw, processed or other.
    pub kind: Kind,
    /// The data root that the path starts from.
    pub root: RootId,
    /// Path or object key, as it stands in the source.
    pub path: Box<str>,
    /// The name in the archive, where it is not the last part of `path`; with the folder that keeps it apart, where it has one.
    pub(crate) renamed: Option<Box<str>>,
    /// Size in bytes, from stat.
    pub bytes: u64,
    /// Modification time in seconds since 1970-01-01 UTC, from stat.
    pub modified_seconds: i64,
    /// Hash as registered.
    pub hash: RegisteredHash,
}

impl PlannedEntry {
    /// Name in the folder of its patient, modality and kind, safe and unique; with a slash where that keeps several sets of files apart.
    pub fn name(&self) -> &str {
        self.renamed.as_deref().unwrap_or_else(|| file_name(&self.path))
    }

    /// The file's id in the source registry, as text.
    pub fn file_id(&self) -> Cow<'_, str> {
        id_text(self.id, self.source_id.as_deref())
    }

    /// The problem of this file, for the record.
    pub fn problem(&self, plan: &Plan, code: Code, message: impl Into<String>, omitted: bool) -> FileProblem {
        FileProblem {
            file: self.file_id().into_owned(),
            patient: plan.patients[self.patient as usize].patient_id.to_string(),
            path: self.path.to_string(),
            code: code.as_str().to_owned(),
            message: message.into(),
            omitted,
        }
    }
}

/// A further row of the registry for the file of an entry: one path of one patient, modality and kind is one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateRow {
    /// Index of the entry.
    pub(crate) entry: u32,
    /// Row id in the registry.
    pub id: FileId,
    /// The id in the source, where it is not the row id.
    pub source_id: Option<Box<str>>,
    /// Hash as registered in this row.
    pub hash: RegisteredHash,
}

impl DuplicateRow {
    /// The row's id in the source registry, as text.
    pub fn file_id(&self) -> Cow<'_, str> {
        id_text(self.id, self.source_id.as_deref())
    }
}

/// Sums of one modality and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModalityTotal {
    /// Index into [`Plan::modalities`].
    pub modality: u16,
    /// Raw, processed or other.
    pub kind: Kind,
    /// Patients with at least one entry.
    pub patients: u64,
    /// Entries.
    pub files: u64,
    /// Bytes of the entries.
    pub bytes: u64,
}

/// An immutable plan.
#[derive(Clone, Debug)]
pub struct Plan {
    user: String,
    project: Project,
    selection: Selection,
    on_missing: OnMissing,
    patients: Vec<ResolvedPatient>,
    /// One folder name for each patient, unique in the archive.
    patient_dirs: Vec<Box<str>>,
    folders: Vec<Vec<String>>,
    tags: Vec<String>,
    modalities: Vec<ResolvedModality>,
    /// One folder name for each modality, safe and unique in the archive.
    modality_dirs: Vec<Box<str>>,
    entries: Vec<PlannedEntry>,
    /// In the order of the entries.
    duplicates: Vec<DuplicateRow>,
    lacking: Vec<Lacking>,
    problems: Vec<FileProblem>,
    unknown_patients: Vec<String>,
    forbidden_patients: u64,
    synced_at: Option<jiff::Timestamp>,
}

impl Plan {
    /// The entries, in the order in which they will stand in the archive: by patient, modality, kind and path.
    pub fn entries(&self) -> &[PlannedEntry] {
        &self.entries
    }

    /// The patients of the selection that this user may export, also those without any entry.
    pub fn patients(&self) -> &[ResolvedPatient] {
        &self.patients
    }

    /// The modalities that the selection reaches.
    pub fn modalities(&self) -> &[ResolvedModality] {
        &self.modalities
    }

    /// The paths of all folders that hold one of the patients, names from the root down;
    /// [`ResolvedPatient::folders`] points here.
    pub fn folders(&self) -> &[Vec<String>] {
        &self.folders
    }

    /// The names of the patients' tags; [`ResolvedPatient::tags`] points here.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Files that are left out, and files that differ from the registry, in the order of the registry's files; before them folders
    /// whose files are together larger or smaller than the registry says.
    pub fn problems(&self) -> &[FileProblem] {
        &self.problems
    }

    /// Patients without any registered file of a selected modality.
    pub fn lacking(&self) -> &[Lacking] {
        &self.lacking
    }

    /// Ids of a pasted list that this user does not see.
    pub fn unknown_patients(&self) -> &[String] {
        &self.unknown_patients
    }

    /// How many patients were seen but may not be exported.
    pub fn forbidden_patients(&self) -> u64 {
        self.forbidden_patients
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Who asked: a user's name, or `owner`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What was said.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// What happens to files that cannot be had.
    pub fn on_missing(&self) -> OnMissing {
        self.on_missing
    }

    /// When a synced registry was last read from its source; `None` for a native one.
    pub fn synced_at(&self) -> Option<jiff::Timestamp> {
        self.synced_at
    }

    /// Bytes of all entries, from stat.
    pub fn total_bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }

    /// Patients with at least one entry.
    pub fn patient_count(&self) -> u64 {
        // Entries are ordered by patient: each change is a further one.
        self.entries.chunk_by(|one, next| one.patient == next.patient).count() as u64
    }

    /// Sums by modality and kind, in the order of [`Plan::modalities`]; only what has an entry.
    pub fn by_modality(&self) -> Vec<ModalityTotal> {
        size::by_modality(&self.entries)
    }

    /// Further rows of the registry for the file of an entry.
    pub fn duplicates_of(&self, index: usize) -> &[DuplicateRow] {
        let start = self.duplicates.partition_point(|row| (row.entry as usize) < index);
        let count = self.duplicates[start..].partition_point(|row| row.entry as usize == index);
        &self.duplicates[start..start + count]
    }

    /// The rows of an entry whose registered hash is another one than that of the bytes which were written.
    pub fn hash_problems(&self, index: usize, sha256: &[u8; 32]) -> impl Iterator<Item = FileProblem> + use<'_> {
        let sha256 = *sha256;
        let entry = &self.entries[index];
        let further = self.duplicates_of(index).iter().map(|row| (row.file_id(), &row.hash));
        std::iter::once((entry.file_id(), &entry.hash))
            .chain(further)
            .filter(move |(_, hash)| matches!(hash, RegisteredHash::Sha256(registered) if *registered != sha256))
            .map(|(file, _)| FileProblem {
                file: file.into_owned(),
                ..entry.problem(self, Code::HashMismatch, "The file's SHA-256 is not the one in the registry.", false)
            })
    }

    /// Path of an entry below the archive's top folder, such as `patient_001/cbct/scan.nii.gz`; where raw and processed
    /// files were both chosen, `patient_001/cbct/raw/scan.nii.gz`.
    pub fn entry_path(&self, index: usize) -> String {
        let entry = &self.entries[index];
        let mut path = self.directory(entry.patient, entry.modality, entry.kind);
        path.push_str(entry.name());
        path
    }

    /// Whole path of an entry in the archive of that name.
    pub fn entry_name(&self, archive: &ArchiveName, index: usize) -> EntryName {
        EntryName::trusted(format!("{archive}/{}", self.entry_path(index)))
    }

    /// Whether deflating the entry may make it smaller, judged by its extension: what is compressed already is stored.
    pub fn compressible(&self, index: usize) -> bool {
        let (_, extension) = split_extension(self.entries[index].name());
        let last = extension.rsplit('.').next().unwrap_or_default();
        !COMPRESSED.iter().any(|known| last.eq_ignore_ascii_case(known))
    }

    /// Upper bound of the ZIP's size in bytes, with headers, `metadata.json` and manifest, for a top folder of that name
    /// and notes of at most 16 KiB, also if every file turns out to differ from its registered hash.
    pub fn archive_bytes_max(&self, top: &str) -> u64 {
        size::archive_bytes_max(self, top)
    }

    /// Refuses a plan with omitted files, all of them listed, unless files may be skipped ([`OnMissing::Skip`]).
    ///
    /// # Errors
    /// The code of the first omitted file.
    pub fn refuse_problems(&self) -> Result<()> {
        let omitted: Vec<&FileProblem> = self.problems.iter().filter(|problem| problem.omitted).collect();
        let Some(first) = omitted.first().filter(|_| self.on_missing == OnMissing::Fail) else { return Ok(()) };
        let code = Code::parse(&first.code).unwrap_or(Code::Internal);
        let message = match omitted.len() {
            1 => format!("1 file cannot be exported, so nothing was written. {}", first.message),
            count => format!("{count} files cannot be exported, so nothing was written. The first: {}", first.message),
        };
        Err(Error::new(code, message)
            .hint("Bring the files back, or leave them out with `--on-missing skip`; each one will be listed.")
            .details(omitted.into_iter().cloned().map(Detail::File)))
    }

    /// The folder of an entry below the top folder, with a slash at its end.
    fn directory(&self, patient: u32, modality: u16, kind: Kind) -> String {
        let patient = &self.patient_dirs[patient as usize];
        let modality = &self.modality_dirs[usize::from(modality)];
        match self.selection.export_kind() {
            KindChoice::Both => format!("{patient}/{modality}/{}/", kind.as_str()),
            KindChoice::Raw | KindChoice::Processed => format!("{patient}/{modality}/"),
        }
    }
}

/// The last part of a registry's path.
fn file_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// What stands before it.
fn source_folder(path: &str) -> &str {
    &path[..path.trim_end_matches('/').rfind('/').map_or(0, |at| at + 1)]
}

fn id_text(id: FileId, source_id: Option<&str>) -> Cow<'_, str> {
    source_id.map_or_else(|| id.to_string().into(), Cow::Borrowed)
}

#[cfg(test)]
pub(crate) mod tests;
