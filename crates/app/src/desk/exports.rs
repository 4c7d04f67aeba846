//! The list of exports and what can be done with one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Result};

use super::events::Event;
use super::{Desk, Nothing, not_yet};
use crate::archives;
use crate::history::Record;
use crate::progress::{JobProgress, Listener};
use crate::sheaf::Sheaf;
use crate::wire::{ArchiveState, DatasetExport, ErrorReport, ExportStatus, Verification};

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
    /// All records that are not removed from the list, newest first.
    pub fn exports(&self, _: Nothing) -> Result<ExportRows> {
        let rows = quiet_rows(&self.sheaf.house().history.all()?).into_iter();
        Ok(ExportRows { exports: rows.map(|row| with_progress(&self.sheaf, row)).collect() })
    }

    /// Everything about one record.
    pub fn export_details(&self, export: ExportId) -> Result<DatasetExport> {
        self.sheaf.show(&export.id)
    }

    /// Asks a job to stop, also one of another process, and waits for it up to 2 seconds. Asking twice is harmless.
    pub fn cancel_export(&self, export: ExportId) -> Result<ExportRow> {
        self.sheaf.cancel(&export.id)?;
        row(&self.sheaf, &export.id)
    }

    /// Queues an interrupted, failed or cancelled export again, as its next attempt. The task is only the looking at the
    /// destination: the job itself is stopped with `cancel_export`.
    pub fn restart_export(&self, export: ExportTask) -> Result<ExportRow> {
        let task = self.tasks.begin(&export.task)?;
        let record = self.sheaf.begin_again(&export.id, task.cancel())?;
        self.run(record)
    }

    /// Not there yet.
    pub fn export_again(&self, _: ExportTask) -> Result<ExportRow> {
        Err(not_yet())
    }

    /// Reads the archive again, all of it, and compares it with the record.
    pub fn verify_export(&self, export: ExportTask) -> Result<Verification> {
        let task = self.tasks.begin(&export.task)?;
        self.sheaf.verify(&export.id, &task.listener(), task.cancel())
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

    /// Queues what was created or restarted, and answers with its row at once. What was completed by a look needs no work.
    pub(super) fn run(&self, record: Record) -> Result<ExportRow> {
        let id = record.id.clone();
        if record.state.status().is_active() {
            self.sheaf.queue(record, &self.teller(&id), &Cancel::new())?;
        }
        row(&self.sheaf, &id)
    }

    /// Tells the page how far a job is.
    fn teller(&self, id: &str) -> Listener {
        let (hub, id) = (self.hub.clone(), id.to_owned());
        Arc::new(move |progress| hub.tell(&Event::Progress { id: id.clone(), progress: progress.clone() }))
    }
}

/// The row of a record, also of one that is removed from the list.
pub(super) fn row(sheaf: &Sheaf, id: &str) -> Result<ExportRow> {
    let record = sheaf.house().history.one(id)?;
    let quiet = quiet_rows(std::slice::from_ref(&record)).pop().expect("one record is one row");
    Ok(with_progress(sheaf, quiet))
}

/// The row of a record as the list shows it; `None` where the list has no such row.
pub(super) fn listed(sheaf: &Sheaf, id: &str) -> Result<Option<ExportRow>> {
    match row(sheaf, id) {
        Ok(row) => Ok(Some(row)),
        Err(error) if error.code() == Code::UnknownExport => Ok(None),
        Err(error) => Err(error),
    }
}

/// Rows with what stands at their paths now, looked at together; without progress.
pub(super) fn quiet_rows(records: &[Record]) -> Vec<ExportRow> {
    let archive = |record: &Record| record.archive.clone().filter(|_| record.state.status().is_completed());
    let looks = records.iter().filter_map(|record| Some((record.destination.clone(), archive(record)?.identity)));
    let mut states = archives::states(looks.collect()).into_iter();
    let rows = records.iter().map(|record| {
        let archive = archive(record);
        ExportRow {
            id: record.id.clone(),
            name: record.name.clone(),
            notes: record.notes.clone(),
            user: record.user.clone(),
            project: record.project.clone(),
            status: record.state.status(),
            cancelling: record.cancel_requested && record.state.status().is_active(),
            patients: record.patients,
            files: record.files,
            bytes: record.bytes,
            path: archive.as_ref().map(|_| record.destination.to_string_lossy().into_owned()),
            archive_bytes: archive.as_ref().map(|archive| archive.identity.bytes),
            archive_state: archive.as_ref().and_then(|_| states.next()),
            sha256: archive.map(|archive| archive.sha256),
            problems: record.problems.len() as u64,
            created_at: record.created_at,
            completed_at: record.completed_at,
            attempt: record.attempt,
            // The files that an error lists are the record's problems: they come with the details.
            error: record.error.clone().map(|error| ErrorReport { details: Vec::new(), ..error }),
            progress: None,
        }
    });
    rows.collect()
}

/// The row with how far its job is, where it runs in this process.
pub(super) fn with_progress(sheaf: &Sheaf, row: ExportRow) -> ExportRow {
    let progress = if row.status.is_active() { sheaf.progress(&row.id) } else { None };
    ExportRow { progress, ..row }
}
