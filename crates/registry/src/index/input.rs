//! The plain rows that an index is made of. [`super::Index::load`] reads them with SQL; a test writes them down.

use super::PatientContent;
use crate::ids::{FolderId, PatientId, TagId};
use crate::rows::{Modality, Tag};
use crate::sensitive::Sensitive;

/// A folder as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFolder {
    /// Row id.
    pub id: FolderId,
    /// The folder around it. One that does not exist counts as none.
    pub parent: Option<FolderId>,
    /// Name; may hold any character.
    pub name: Box<str>,
}

/// A patient as the registry has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPatient {
    /// Stable row id.
    pub id: PatientId,
    /// The id that users know.
    pub patient_id: Box<str>,
    /// Name of the person; empty where the source has none.
    pub name: Sensitive<Box<str>>,
}

/// Everything that an index of one project is made of. The order of the rows has no meaning; a row that names something that
/// is not here is left out, and of rows with one id the first counts.
#[derive(Clone, Debug, Default)]
pub struct IndexInput {
    /// Folders; those that hold nobody are dropped.
    pub folders: Vec<InputFolder>,
    /// Patients of the project.
    pub patients: Vec<InputPatient>,
    /// Which patient lies in which folder: none, one or many.
    pub placements: Vec<(PatientId, FolderId)>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Which patient has which tag.
    pub patient_tags: Vec<(PatientId, TagId)>,
    /// Modalities.
    pub modalities: Vec<Modality>,
    /// Files and bytes by patient, modality and kind; other projects' patients may be among them.
    pub contents: PatientContent,
}
