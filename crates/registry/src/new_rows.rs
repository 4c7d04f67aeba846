//! The rows that go into a registry, as [`crate::writer::RegistryWriter`] takes them.

use jiff::Timestamp;

use crate::ids::{FileId, FolderId, ModalityId, PatientId, ProjectId, RootId, UserId};
use crate::rows::{Kind, RegisteredHash};

/// A modality to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewModality<'a> {
    /// Short name, unique.
    pub slug: &'a str,
    /// Long name.
    pub name: &'a str,
    /// Name for people.
    pub label: &'a str,
    /// File name endings, each with its dot.
    pub supported_extensions: &'a [&'a str],
    /// Subtypes, such as `upper`.
    pub subtypes: &'a [&'a str],
    /// Whether it is out of use in the source.
    pub is_inactive: bool,
    /// Whether no row of the source's modality table names it.
    pub is_unlisted: bool,
}

/// A folder to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewFolder<'a> {
    /// The row id to give it, where the source has numbers that stay; `None`: the next one.
    pub id: Option<FolderId>,
    /// The id that users and the source know; `None`: the same as the row id.
    pub source_id: Option<&'a str>,
    /// The project; `None` for a folder shared by all projects.
    pub project: Option<ProjectId>,
    /// The folder around it.
    pub parent: Option<FolderId>,
    /// Name; may hold any character.
    pub name: &'a str,
}

/// A patient to be written. No `Debug`: it holds what identifies a person.
#[derive(Clone, Copy)]
pub struct NewPatient<'a> {
    /// The row id to give it, where the source has numbers that stay; `None`: the next one.
    pub id: Option<PatientId>,
    /// The project.
    pub project: ProjectId,
    /// The id that users and the source know, unique in the project.
    pub patient_id: &'a str,
    /// The number that names its folder in archives where its id is no number, if no other patient has that; `None`: the
    /// smallest that is free.
    pub number: Option<u64>,
    /// Name of the person; empty where there is none.
    pub name: &'a str,
    /// Hospital record number.
    pub record_no: Option<&'a str>,
    /// The source's word for who may see the patient: `public`, `private`, `debug`, ...
    pub visibility: &'a str,
    /// Whether the source marks it as deleted.
    pub deleted: bool,
    /// When the source made it.
    pub created_at: Option<Timestamp>,
}

impl<'a> NewPatient<'a> {
    /// A public patient without anything that identifies a person.
    pub const fn new(project: ProjectId, patient_id: &'a str) -> Self {
        Self {
            id: None,
            project,
            patient_id,
            number: None,
            name: "",
            record_no: None,
            visibility: "public",
            deleted: false,
            created_at: None,
        }
    }
}

/// A file to be registered.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    /// The row id to give it, where the source has numbers that stay; `None`: the next one.
    pub id: Option<FileId>,
    /// The id in the source; `None`: the same as the row id.
    pub source_id: Option<&'a str>,
    /// The patient; `None` for an orphan.
    pub patient: Option<PatientId>,
    /// `FileRegistry`'s `file_type`.
    pub file_type: &'a str,
    /// Path or object key, as it stands in the source.
    pub file_path: &'a str,
    /// The data root that the path starts from.
    pub root: RootId,
    /// Size in bytes.
    pub file_size: Option<u64>,
    /// Hash of the content.
    pub file_hash: RegisteredHash,
    /// Whether the path may be a folder's, whose files are then meant, and of all of which size and hash are.
    pub may_be_folder: bool,
    /// Modality.
    pub modality: ModalityId,
    /// Raw, processed or other.
    pub kind: Kind,
    /// `FileRegistry`'s `subtype`.
    pub subtype: &'a str,
    /// A JSON object; empty for none.
    pub metadata: &'a str,
    /// When the source made the row.
    pub created_at: Option<Timestamp>,
}

impl<'a> NewFile<'a> {
    /// A file of a patient, of which nothing but its place is known.
    pub const fn new(patient: PatientId, modality: ModalityId, kind: Kind, root: RootId, file_path: &'a str) -> Self {
        Self {
            id: None,
            source_id: None,
            patient: Some(patient),
            file_type: "",
            file_path,
            root,
            file_size: None,
            file_hash: RegisteredHash::None,
            may_be_folder: false,
            modality,
            kind,
            subtype: "",
            metadata: "",
            created_at: None,
        }
    }
}

/// A study to be written: the columns of `medical_examinations_fact`. No `Debug`: it holds what identifies a person.
#[derive(Clone, Copy, Default)]
#[expect(missing_docs, reason = "the fields are the columns of the source, named as there")]
pub struct NewStudy<'a> {
    pub exam_id: &'a str,
    pub medical_record_no: &'a str,
    pub application_order_no: &'a str,
    pub patient_name: &'a str,
    pub patient_gender: &'a str,
    pub patient_birth_date: &'a str,
    pub patient_age: Option<i64>,
    pub exam_status: &'a str,
    pub exam_source: &'a str,
    pub exam_item: &'a str,
    pub exam_description: &'a str,
    pub exam_room: &'a str,
    pub exam_equipment: &'a str,
    pub equipment_type: &'a str,
    pub order_datetime: Option<Timestamp>,
    pub check_in_datetime: Option<Timestamp>,
    pub report_certification_datetime: Option<Timestamp>,
    pub certified_physician: &'a str,
    pub data_load_time: Option<Timestamp>,
}

/// A right to be given. Everything it does not say is denied.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are the columns of the table, each a right of its own")]
pub struct NewGrant<'a> {
    /// Who gets it.
    pub user: UserId,
    /// In which project; `None`: in every one.
    pub project: Option<ProjectId>,
    /// In which folder; `None`: for all patients, also those in no folder.
    pub folder: Option<FolderId>,
    /// In the folder's subfolders too.
    pub recursive: bool,
    /// Only for patients of this visibility.
    pub visibility: Option<&'a str>,
    /// May see.
    pub may_read: bool,
    /// May export what it may see.
    pub may_export: bool,
    /// May export studies.
    pub may_export_studies: bool,
}

impl NewGrant<'_> {
    /// The right to see every patient of every project, and nothing more.
    pub const fn read(user: UserId) -> Self {
        Self {
            user,
            project: None,
            folder: None,
            recursive: true,
            visibility: None,
            may_read: true,
            may_export: false,
            may_export_studies: false,
        }
    }

    /// The right to see and export every patient of every project.
    pub const fn export(user: UserId) -> Self {
        Self { may_export: true, ..Self::read(user) }
    }
}
