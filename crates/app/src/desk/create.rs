//! From a selection to an export: destination, name, plan, preview, create.

use super::exports::ExportRow;
use super::{Desk, Nothing, TaskId, not_yet};
use crate::wire::PlanReport;
use serde::{Deserialize, Serialize};
use sheaf_registry::Result;

/// The folder that archives go to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Destination {
    /// The folder; `null`: none chosen yet.
    pub folder: Option<String>,
    /// Free bytes there, without the reserve that stays free.
    pub free_bytes: Option<u64>,
    /// Largest file that the file system there can hold, where that is little (FAT: 4,294,967,295 bytes).
    pub largest_file: Option<u64>,
    /// Why nothing can be written there; `null` when it can.
    pub problem: Option<crate::wire::ErrorReport>,
}

/// An automatic name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SuggestedName {
    /// `export_` and the local time.
    pub name: String,
}

/// What the archive shall be called in a preview.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PreviewInput {
    /// Id of the task, chosen by the page: progress and cancel go by it.
    pub task: String,
    /// Name; `null`: automatic.
    pub name: Option<String>,
    /// Notes.
    pub notes: String,
}

/// The archive before it is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ArchivePreview {
    /// Names of the entries in order with their bytes: the first 5,000.
    pub entries: Vec<PreviewEntry>,
    /// Entries in all.
    pub entries_total: u64,
    /// Beginning of `metadata.json`, at most 64 KiB, checksums still open.
    pub metadata: String,
    /// Whether that is all of it.
    pub metadata_whole: bool,
}

/// An entry before it is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PreviewEntry {
    /// Name in the archive.
    pub name: String,
    /// Bytes, unpacked; `null` for what is made at the end (metadata, checksums).
    pub bytes: Option<u64>,
}

/// The selection shall be exported.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CreateExport {
    /// Id of the task, chosen by the page: progress of the looking at files and cancel go by it.
    pub task: String,
    /// Name; `null`: automatic.
    pub name: Option<String>,
    /// Notes, at most 16 KiB.
    pub notes: String,
    /// Files that cannot be had are left out and listed; else they fail the export before anything is written.
    pub skip_missing: bool,
}

impl Desk {
    /// Not there yet.
    pub fn destination(&self, _: Nothing) -> Result<Destination> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn choose_destination(&self, _: Nothing) -> Result<Option<Destination>> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn suggest_name(&self, _: Nothing) -> Result<SuggestedName> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn plan_export(&self, _: TaskId) -> Result<PlanReport> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn preview(&self, _: PreviewInput) -> Result<ArchivePreview> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn create_export(&self, _: CreateExport) -> Result<ExportRow> {
        Err(not_yet())
    }
}
