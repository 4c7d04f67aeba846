//! The plain rows of a registry. Field names follow `FileRegistry`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ids::{FileId, FolderId, ModalityId, PatientId, ProjectId, RootId, TagId, UserId};
use crate::sensitive::Sensitive;

/// Raw, processed, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// As the device or the upload delivered it.
    Raw,
    /// Derived from raw data.
    Processed,
    /// Neither.
    Other,
}

impl Kind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Kind; 3] = [Kind::Raw, Kind::Processed, Kind::Other];

    /// The word in the database, in JSON and in archive paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Raw => "raw",
            Kind::Processed => "processed",
            Kind::Other => "other",
        }
    }

    /// Reads the word; an unknown word is [`Kind::Other`], never an error.
    pub fn parse(word: &str) -> Kind {
        match word {
            "raw" => Kind::Raw,
            "processed" => Kind::Processed,
            _ => Kind::Other,
        }
    }
}

/// What the registry says about a file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RegisteredHash {
    /// A SHA-256 of the file's bytes: can match or mismatch.
    Sha256([u8; 32]),
    /// Something that cannot be compared with the file (`multi-file`, an MD5, an `ETag`, a hash of hashes), as it stands.
    NotComparable(Box<str>),
    /// Nothing.
    #[default]
    None,
}

/// The word in the database for the hash of a file, or of all files in a folder: which of them it is, only a look can tell.
pub(crate) const FOLDER: &str = "folder";

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Row id.
    pub id: ProjectId,
    /// Short name, unique in the registry.
    pub slug: String,
    /// Long name.
    pub name: String,
}

/// A folder of patients; folders nest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Row id.
    pub id: FolderId,
    /// The folder around this one.
    pub parent: Option<FolderId>,
    /// The project it belongs to; `None` for a folder shared by all projects.
    pub project: Option<ProjectId>,
    /// Name; may hold any character, also a slash.
    pub name: String,
}

/// A patient of one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Stable row id.
    pub id: PatientId,
    /// The project.
    pub project: ProjectId,
    /// The id that users and the source know (`FileRegistry`'s `patient_id`), unique in its project.
    pub patient_id: String,
    /// The number that names the patient's folder in an archive: the numeric `patient_id` itself, else a stable number of
    /// the registry's own.
    pub number: u64,
    /// Name of the person, if the source has one.
    pub name: Sensitive<String>,
    /// Hospital record number, if known.
    pub record_no: Option<Sensitive<String>>,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Row id.
    pub id: TagId,
    /// Name.
    pub name: String,
}

/// A modality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modality {
    /// Row id.
    pub id: ModalityId,
    /// Short name, as in archive paths.
    pub slug: String,
    /// Long name.
    pub name: String,
    /// Whether the source's modality table lists it; else it comes from a path or a file type.
    pub listed: bool,
}

/// A data root: where a prefix of paths lies on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRoot {
    /// Row id.
    pub id: RootId,
    /// Leading part of `file_path` that stands for this root; empty where paths are relative to it.
    pub prefix: String,
    /// Where its files are; `None` while it is not mapped.
    pub location: Option<Location>,
}

/// Where the files of a data root are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine, absolute.
    Folder(PathBuf),
    /// An S3 bucket: its address, `s3://...`, which holds no secret.
    Bucket(String),
}

impl Location {
    /// What stands for a location in a registry. A folder that is relative is meant from `base` on.
    pub fn new(text: impl AsRef<Path>, base: &Path) -> Location {
        let path = text.as_ref();
        match path.to_str() {
            Some(text) if text.starts_with("s3://") => Location::Bucket(text.to_owned()),
            _ => Location::Folder(base.join(path)),
        }
    }

    /// The folder, where it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Location::Folder(folder) => Some(folder),
            Location::Bucket(_) => None,
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Folder(folder) => folder.display().fmt(f),
            Location::Bucket(address) => f.write_str(address),
        }
    }
}

/// One file of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Row id.
    pub id: FileId,
    /// The id in the source, as text.
    pub source_id: String,
    /// The patient; `None` for an orphan, which is reported and never exported.
    pub patient: Option<PatientId>,
    /// `FileRegistry`'s `file_type`, as it stands.
    pub file_type: String,
    /// Path or object key, as it stands in the source.
    pub file_path: String,
    /// The data root that the path starts from.
    pub root: RootId,
    /// Size in bytes as registered, where it is.
    pub file_size: Option<u64>,
    /// Hash as registered.
    pub file_hash: RegisteredHash,
    /// Modality as resolved.
    pub modality: ModalityId,
    /// Raw, processed or other.
    pub kind: Kind,
    /// `FileRegistry`'s `subtype` (`upper`, `lower`, ...).
    pub subtype: String,
    /// JSON object of the source, as it stands.
    pub metadata: String,
    /// When the row was made.
    pub created_at: Option<Timestamp>,
}

/// A user of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Row id.
    pub id: UserId,
    /// Login name, unique.
    pub name: String,
    /// Role as the source calls it; for people, rights are the grants.
    pub role: String,
}
