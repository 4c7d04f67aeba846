//! The plan: every entry with its name, size and expected hash, complete before the first byte is written.

use sheaf_registry::error::FileProblem;
use sheaf_registry::ids::{FileId, RootId};
use sheaf_registry::resolve::{Lacking, ResolvedModality, ResolvedPatient};
use sheaf_registry::rows::{Kind, Project, RegisteredHash};
use sheaf_registry::selection::Selection;

/// What happens to files that cannot be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissing {
    /// All bad files are listed at once and nothing is written.
    #[default]
    Fail,
    /// They are left out, each one listed.
    Skip,
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
    /// File name in the archive, made safe and unique in its folder.
    pub name: Box<str>,
    /// Size in bytes, from stat.
    pub bytes: u64,
    /// Modification time in seconds since 1970-01-01 UTC, from stat.
    pub modified_seconds: i64,
    /// Hash as registered.
    pub hash: RegisteredHash,
}

/// An immutable plan.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) user: String,
    pub(crate) project: Project,
    pub(crate) selection: Selection,
    pub(crate) patients: Vec<ResolvedPatient>,
    /// One folder name for each patient, unique in the archive.
    pub(crate) patient_dirs: Vec<Box<str>>,
    pub(crate) folders: Vec<Vec<String>>,
    pub(crate) tags: Vec<String>,
    pub(crate) modalities: Vec<ResolvedModality>,
    /// One folder name for each modality, safe and unique in the archive.
    pub(crate) modality_dirs: Vec<Box<str>>,
    pub(crate) entries: Vec<PlannedEntry>,
    pub(crate) lacking: Vec<Lacking>,
    pub(crate) problems: Vec<FileProblem>,
    pub(crate) unknown_patients: Vec<String>,
    pub(crate) forbidden_patients: u64,
    pub(crate) synced_at: Option<jiff::Timestamp>,
}

impl Plan {
    /// The entries, in the order in which they will stand in the archive.
    pub fn entries(&self) -> &[PlannedEntry] {
        &self.entries
    }
}
