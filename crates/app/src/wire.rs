//! What leaves the house: the JSON documents of the command line, the window and the server, beside the API that answers
//! with them.
//!
//! Times are UTC, RFC 3339. Byte counts are integers. Ids are strings. What is deliberately absent: rules. A type here holds
//! words and numbers only.

use serde::{Deserialize, Serialize};
use sheaf_registry::Error;
use sheaf_registry::error::{Detail, FileProblem};
use sheaf_registry::provenance;
use sheaf_registry::selection::Selection;

pub use crate::demo::DemoReport;
pub use crate::progress::JobProgress;
pub use crate::studies::{StudyExport, TableFormat};
pub use crate::study_search::{Studies, StudyRow, StudyValueCount, StudyValues};

/// `{"error": {...}}`: how an error is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Failure {
    /// The error.
    pub error: ErrorReport,
}

/// An error as people and machines read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ErrorReport {
    /// One of the codes of [`Code`](sheaf_registry::Code), as text.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The next step; empty where there is none.
    pub hint: String,
    /// Near matches, missing ids, or files with their problems.
    pub details: Vec<Detail>,
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().as_str().to_owned(),
            message: error.message().to_owned(),
            hint: error.next_step().to_owned(),
            details: error.detail_list().to_vec(),
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { error: error.into() }
    }
}

/// `projects`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Projects {
    /// The projects that the user sees.
    pub projects: Vec<Project>,
}

/// One project, as far as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Project {
    /// Short name, as `--project` takes it.
    pub slug: String,
    /// Long name.
    pub name: String,
    /// Patients that the user sees.
    pub patients: u64,
    /// Whether the user may export at least one of them.
    pub may_export: bool,
}

/// `users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Users {
    /// The users that the registry knows.
    pub users: Vec<User>,
}

/// One user of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct User {
    /// Login name, as `--user` takes it.
    pub name: String,
    /// Role as the source calls it.
    pub role: String,
}

/// `exports source`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SourceExports {
    /// What the application of the source has exported itself, newest first.
    pub source_exports: Vec<SourceExport>,
}

/// One export of the source's own history: another application's, to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SourceExport {
    /// The table that it stands in.
    pub table: String,
    /// Its id there.
    pub id: String,
    /// Login name of the user who asked for it; empty where it is not told.
    pub user: String,
    /// The source's word: `pending`, `processing`, `completed`, `failed`, or another.
    pub status: String,
    /// Number of patients.
    pub patients: Option<u64>,
    /// Size of its archive.
    pub bytes: Option<u64>,
    /// Path or object key of its archive, as the source has it.
    pub path: String,
    /// What was asked for, in the source's words; may name patients.
    pub summary: String,
    /// Why it failed, in the source's words; may name patients.
    pub error: String,
    /// How it is shared, in the source's word.
    pub share_mode: String,
    /// When it was asked for.
    pub created_at: Option<jiff::Timestamp>,
    /// When it began.
    pub started_at: Option<jiff::Timestamp>,
    /// When it ended.
    pub completed_at: Option<jiff::Timestamp>,
}

impl From<provenance::SourceExport> for SourceExport {
    fn from(export: provenance::SourceExport) -> Self {
        Self {
            table: export.source_table,
            id: export.source_id,
            user: export.user,
            status: export.status,
            patients: export.patient_count,
            bytes: export.file_size,
            path: export.file_path,
            summary: export.query_summary.into_inner(),
            error: export.error_message.into_inner(),
            share_mode: export.share_mode,
            created_at: export.created_at,
            started_at: export.started_at,
            completed_at: export.completed_at,
        }
    }
}

/// `patients`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Patients {
    /// How many patients match, beyond this page too.
    pub total: u64,
    /// The page.
    pub patients: Vec<Patient>,
    /// Ids of a pasted list that name no patient whom the user sees.
    pub unknown_patients: Vec<String>,
}

/// One patient, without a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Patient {
    /// The id that users and the source know.
    pub id: String,
    /// Folders that hold the patient; names joined with `/`, a slash inside a name written `\/`.
    pub folders: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// What is registered for the patient.
    pub contents: Vec<Content>,
}

/// Files of one modality and kind of one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Content {
    /// Modality slug.
    pub modality: String,
    /// `raw`, `processed` or `other`.
    pub kind: String,
    /// Number of files.
    pub files: u64,
    /// Bytes as registered.
    pub bytes: u64,
}

/// `plan`: what an export would hold, from stat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PlanReport {
    /// Project slug.
    pub project: String,
    /// Patients with at least one planned file.
    pub patients: u64,
    /// Planned files; what is omitted is not counted.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The archive will not be larger than this.
    pub archive_bytes_max: u64,
    /// Free bytes at the destination; `null` where none was said or it cannot be looked at.
    pub free_bytes: Option<u64>,
    /// Totals of every modality and kind.
    pub by_modality: Vec<ModalityTotal>,
    /// Selected patients without any registered file of a selected modality.
    pub lacking: Vec<Lacking>,
    /// Files that would be left out, or that differ from the registry.
    pub problems: Vec<FileProblem>,
    /// Ids of a pasted list that this user does not see.
    pub unknown_patients: Vec<String>,
    /// Patients seen but not exportable.
    pub forbidden_patients: u64,
    /// Why an export of this plan would be refused: limits, quota, space, destination.
    pub breaches: Vec<Breach>,
}

/// Totals of one modality and kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ModalityTotal {
    /// Modality slug.
    pub modality: String,
    /// `raw`, `processed` or `other`.
    pub kind: String,
    /// Patients with at least one file of it.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A selected patient without a selected modality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Lacking {
    /// The id that users and the source know.
    pub patient: String,
    /// Modality slug.
    pub modality: String,
}

/// A reason to refuse an export before anything is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Breach {
    /// One of the codes of [`Code`](sheaf_registry::Code), as text.
    pub code: String,
    /// One sentence, with the exact numbers.
    pub message: String,
    /// The next step.
    pub hint: String,
}

/// `exports list`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Exports {
    /// The records.
    pub exports: Vec<DatasetExport>,
}

/// `exports delete`, `sync --forget`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Deleted {
    /// Id of the record that is gone, or the source of which nothing is kept any longer.
    pub deleted: String,
}

/// Where an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    /// Waits for its turn.
    Pending,
    /// Is being prepared, written, verified or published.
    Processing,
    /// The archive is there and holds everything.
    Completed,
    /// The archive is there; files were left out or differ from the registry.
    CompletedWithProblems,
    /// Ended with an error; nothing was left behind.
    Failed,
    /// Stopped by its user; nothing was left behind.
    Cancelled,
    /// Its process died or was closed; can be restarted.
    Interrupted,
}

impl ExportStatus {
    /// All states.
    pub const ALL: [ExportStatus; 7] = [
        ExportStatus::Pending,
        ExportStatus::Processing,
        ExportStatus::Completed,
        ExportStatus::CompletedWithProblems,
        ExportStatus::Failed,
        ExportStatus::Cancelled,
        ExportStatus::Interrupted,
    ];

    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExportStatus::Pending => "pending",
            ExportStatus::Processing => "processing",
            ExportStatus::Completed => "completed",
            ExportStatus::CompletedWithProblems => "completed_with_problems",
            ExportStatus::Failed => "failed",
            ExportStatus::Cancelled => "cancelled",
            ExportStatus::Interrupted => "interrupted",
        }
    }

    /// Reads the word; `None` for one that this program does not know.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Waits or works: a live process owns it.
    pub const fn is_active(self) -> bool {
        matches!(self, ExportStatus::Pending | ExportStatus::Processing)
    }

    /// There is a finished archive.
    pub const fn is_completed(self) -> bool {
        matches!(self, ExportStatus::Completed | ExportStatus::CompletedWithProblems)
    }
}

/// Whether the archive of a record is still what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ArchiveState {
    /// There, untouched as far as size, inode and modification time tell.
    Present,
    /// Not there.
    Missing,
    /// Another file, or a changed one, stands in its place.
    Altered,
}

/// A finished archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Archive {
    /// Where it was published.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the whole file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What stands at the path now.
    pub state: ArchiveState,
}

/// What a job found different from what its user had confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Confirmed {
    /// Patients with at least one file, as confirmed.
    pub patients: u64,
    /// Files, as confirmed.
    pub files: u64,
    /// Bytes, as confirmed.
    pub bytes: u64,
}

/// The record of one export: who exported what, when, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DatasetExport {
    /// Random, stable, 16 characters of Crockford's base 32.
    pub id: String,
    /// Name of the archive and of its top folder.
    pub name: String,
    /// Free text of the user.
    pub notes: String,
    /// Who exported: a user of the registry, or `owner`.
    pub user: String,
    /// Project slug.
    pub project: String,
    /// Path of the registry.
    pub registry: String,
    /// When a synced registry was last read from its source; `null` for a native one.
    pub registry_synced_at: Option<jiff::Timestamp>,
    /// Where it stands.
    pub status: ExportStatus,
    /// What was said.
    pub selection: Selection,
    /// Patients with at least one file.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// The archive; `null` until there is one.
    pub archive: Option<Archive>,
    /// Files left out, or that differ from the registry.
    pub problems: Vec<FileProblem>,
    /// Ids of a pasted list that name no patient whom the user sees; left out on request. Not a problem of the archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_patients: Vec<String>,
    /// When it was asked for.
    pub created_at: jiff::Timestamp,
    /// When this attempt began to work.
    pub started_at: Option<jiff::Timestamp>,
    /// When this attempt ended, well or not.
    pub completed_at: Option<jiff::Timestamp>,
    /// 1, and one more at every restart.
    pub attempt: u32,
    /// Why it failed, was cancelled or interrupted; else `null`.
    pub error: Option<ErrorReport>,
    /// What a table of studies is made of; such an export has no project, selection or patients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub studies: Option<StudyExport>,
    /// What was confirmed, where the registry or its files had changed by the time the job began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_since_confirmed: Option<Confirmed>,
    /// When it was removed from the list; not there for one that the list shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<jiff::Timestamp>,
}

/// `verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Verification {
    /// Nothing is wrong.
    pub ok: bool,
    /// Files in the archive.
    pub files: u64,
    /// Bytes of the archive.
    pub bytes: u64,
    /// SHA-256 of the whole archive, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What is wrong.
    pub problems: Vec<ArchiveProblem>,
}

/// Something wrong in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ArchiveProblem {
    /// Name in the archive; empty where it is the archive as a whole.
    pub name: String,
    /// One of the codes of [`Code`](sheaf_registry::Code), as text.
    pub code: String,
    /// One sentence.
    pub message: String,
}
