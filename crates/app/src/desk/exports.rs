//! The list of exports and what can be done with one.

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;

use super::{Desk, Nothing, not_yet};
use crate::progress::JobProgress;
use crate::wire::{ArchiveState, ErrorReport, ExportStatus};
use crate::wire::{DatasetExport, Verification};

/// One line of the list. Details, selection and problems come with `export_details`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExportRow {
    /// Its id.
    pub id: String,
    /// Name of the archive.
    pub name: String,
    /// Notes.
    pub notes: String,
    /// Who exported.
    pub user: String,
    /// Project slug.
    pub project: String,
    /// Where it stands.
    pub status: ExportStatus,
    /// It is being cancelled.
    pub cancelling: bool,
    /// Patients with at least one file.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// The archive's path, where there is or was one.
    pub path: Option<String>,
    /// Size of the archive.
    pub archive_bytes: Option<u64>,
    /// SHA-256 of the archive.
    pub sha256: Option<String>,
    /// What stands at the path now.
    pub archive_state: Option<ArchiveState>,
    /// Files left out, or that differ from the registry.
    pub problems: u64,
    /// When it was asked for.
    pub created_at: jiff::Timestamp,
    /// When this attempt ended.
    pub completed_at: Option<jiff::Timestamp>,
    /// 1, and one more at every restart.
    pub attempt: u32,
    /// Why it failed, was cancelled or interrupted.
    pub error: Option<ErrorReport>,
    /// How far it is, where it runs in this process.
    pub progress: Option<JobProgress>,
}

/// All records, newest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ExportRows {
    /// The rows.
    pub exports: Vec<ExportRow>,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ExportId {
    /// Its id.
    pub id: String,
}

/// Long work on an export.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ExportTask {
    /// Id of the export.
    pub id: String,
    /// Id of the task, chosen by the page: progress and cancel go by it.
    pub task: String,
}

/// What was saved, and where the user had chosen to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Saved {
    /// The file.
    pub path: String,
}

/// Text of an export for the clipboard.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CopyText {
    /// Id of the export.
    pub id: String,
    /// What.
    pub what: CopyWhat,
}

/// What can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CopyWhat {
    /// The archive's path.
    Path,
    /// The archive's SHA-256.
    Sha256,
    /// A report of what happened, without names of patients.
    Report,
}

impl Desk {
    /// Not there yet.
    pub fn exports(&self, _: Nothing) -> Result<ExportRows> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn export_details(&self, _: ExportId) -> Result<DatasetExport> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn cancel_export(&self, _: ExportId) -> Result<ExportRow> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn restart_export(&self, _: ExportTask) -> Result<ExportRow> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn export_again(&self, _: ExportTask) -> Result<ExportRow> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn verify_export(&self, _: ExportTask) -> Result<Verification> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn save_copy(&self, _: ExportTask) -> Result<Option<Saved>> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn show_in_folder(&self, _: ExportId) -> Result<Nothing> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn copy_text(&self, _: CopyText) -> Result<Nothing> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn locate_archive(&self, _: ExportTask) -> Result<Option<ExportRow>> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn trash_archive(&self, _: ExportId) -> Result<ExportRow> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn remove_export(&self, _: ExportId) -> Result<Nothing> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn restore_export(&self, _: ExportId) -> Result<ExportRow> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn save_problems(&self, _: ExportId) -> Result<Option<Saved>> {
        Err(not_yet())
    }
}
