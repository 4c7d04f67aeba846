//! `Selection` -> [`Resolved`]: authorised rows. The only constructor checks permission for every patient.

use crate::ids::{FileId, PatientId, RootId};
use crate::rows::{DataRoot, Kind, Project, RegisteredHash};
use crate::selection::Selection;

/// A patient that this user may export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPatient {
    /// Stable row id.
    pub id: PatientId,
    /// The id that users and the source know.
    pub patient_id: Box<str>,
    /// Number of the patient's folder in the archive.
    pub number: u64,
    /// Indexes into [`Resolved::folders`], one for each folder that holds the patient.
    pub folders: Box<[u32]>,
    /// Indexes into [`Resolved::tags`].
    pub tags: Box<[u32]>,
}

/// A modality that the selection reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedModality {
    /// Short name, as in archive paths.
    pub slug: String,
    /// Long name.
    pub name: String,
}

/// One file of the selection. Compact: a million of them are held at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedFile {
    /// Row id.
    pub id: FileId,
    /// The id in the source, where it is not the row id.
    pub source_id: Option<Box<str>>,
    /// Index into [`Resolved::patients`].
    pub patient: u32,
    /// Index into [`Resolved::modalities`].
    pub modality: u16,
    /// Raw, processed or other.
    pub kind: Kind,
    /// The data root that the path starts from.
    pub root: RootId,
    /// Path or object key, as it stands in the source.
    pub path: Box<str>,
    /// Size in bytes as registered, where it is.
    pub registered_bytes: Option<u64>,
    /// Hash as registered.
    pub hash: RegisteredHash,
}

/// A selected patient without any registered file of a selected modality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// Index into [`Resolved::patients`].
    pub patient: u32,
    /// Index into [`Resolved::modalities`].
    pub modality: u16,
}

/// The rows behind a selection, every patient of them authorised for export.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(crate) user: String,
    pub(crate) project: Project,
    pub(crate) selection: Selection,
    pub(crate) patients: Vec<ResolvedPatient>,
    pub(crate) folders: Vec<Vec<String>>,
    pub(crate) tags: Vec<String>,
    pub(crate) modalities: Vec<ResolvedModality>,
    pub(crate) files: Vec<ResolvedFile>,
    pub(crate) roots: Vec<DataRoot>,
    pub(crate) lacking: Vec<Lacking>,
    pub(crate) unknown_patients: Vec<String>,
    pub(crate) forbidden_patients: u64,
    pub(crate) synced_at: Option<jiff::Timestamp>,
}

/// The parts of a [`Resolved`], for the step that consumes it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResolvedParts {
    /// Who asked: a user's name, or `owner`.
    pub user: String,
    /// The project.
    pub project: Project,
    /// What was said.
    pub selection: Selection,
    /// Patients in natural order of their ids.
    pub patients: Vec<ResolvedPatient>,
    /// Folder paths, names from the root down.
    pub folders: Vec<Vec<String>>,
    /// Tag names.
    pub tags: Vec<String>,
    /// Modalities.
    pub modalities: Vec<ResolvedModality>,
    /// Files, ordered by patient, modality, kind, path.
    pub files: Vec<ResolvedFile>,
    /// Data roots of the registry.
    pub roots: Vec<DataRoot>,
    /// Patients without a selected modality.
    pub lacking: Vec<Lacking>,
    /// Ids of a pasted list that this user does not see.
    pub unknown_patients: Vec<String>,
    /// How many patients were seen but may not be exported.
    pub forbidden_patients: u64,
    /// When a synced registry was last read from its source; `None` for a native one.
    pub synced_at: Option<jiff::Timestamp>,
}

impl Resolved {
    /// Takes the rows apart; the step that plans consumes them.
    pub fn into_parts(self) -> ResolvedParts {
        ResolvedParts {
            user: self.user,
            project: self.project,
            selection: self.selection,
            patients: self.patients,
            folders: self.folders,
            tags: self.tags,
            modalities: self.modalities,
            files: self.files,
            roots: self.roots,
            lacking: self.lacking,
            unknown_patients: self.unknown_patients,
            forbidden_patients: self.forbidden_patients,
            synced_at: self.synced_at,
        }
    }

    /// Data roots of the registry, to open a file store with.
    pub fn roots(&self) -> &[DataRoot] {
        &self.roots
    }
}
