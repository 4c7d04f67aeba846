//! The list of exports and what can be done with one.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use super::events::Event;
use super::native::{FileQuestion, SaveQuestion};
use super::tasks::TaskKind;
use super::{Desk, Nothing, report};
use crate::archives;
use crate::history::Record;
use crate::house::actor;
use crate::patience::{PATIENCE, ask};
use crate::platform;
use crate::progress::{JobProgress, Listener, Meter};
use crate::registries::source_exports;
use crate::sheaf::Sheaf;
use crate::wire::{ArchiveState, DatasetExport, ErrorReport, ExportStatus, SourceExports, Verification};

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
    /// Studies in it, where it is a table of studies; `null`: an archive of files.
    pub studies: Option<u64>,
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

/// The same export once more.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ExportAgain {
    /// Id of the export.
    pub id: String,
    /// Id of the task, chosen by the page: progress and cancel go by it.
    pub task: String,
    /// Files that cannot be had are left out and listed, whatever was said of them then.
    pub leave_out: bool,
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

    /// The exports of the history of the open registry's source, as far as its user may know of them.
    pub fn source_exports(&self, _: Nothing) -> Result<SourceExports> {
        let (path, user) = self.of_open(|open| (open.path.clone(), open.user.clone()))?;
        let registry = self.sheaf.house().registry(&path)?;
        let viewer = registry.viewer(&actor(user.as_deref()))?;
        source_exports(&registry, &viewer)
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
        self.tasks.run(&export.task, (TaskKind::Restart, Some(&export.id)), |task| {
            let record = self.sheaf.begin_again(&export.id, task.cancel())?;
            self.run(record)
        })
    }

    /// The same export once more, with everything that was said then, under the next free name in the same folder. The task
    /// is the looking at the files.
    pub fn export_again(&self, export: ExportAgain) -> Result<ExportRow> {
        self.tasks.run(&export.task, (TaskKind::Again, Some(&export.id)), |task| {
            let record = self.sheaf.house().history.one(&export.id)?;
            let cancel = task.cancel();
            let record = if let Some(table) = &record.studies {
                self.sheaf.create_studies_again(&record, table, cancel)?
            } else {
                let on_missing = if export.leave_out { OnMissing::Skip } else { record.on_missing };
                self.sheaf.create_again(&record, on_missing, &task.listener(), cancel)?
            };
            self.run(record)
        })
    }

    /// Reads the archive again, all of it, and compares it with the record.
    pub fn verify_export(&self, export: ExportTask) -> Result<Verification> {
        self.tasks.run(&export.task, (TaskKind::Verify, Some(&export.id)), |task| {
            self.sheaf.verify(&export.id, &task.listener(), task.cancel())
        })
    }

    /// Copies the archive to where the user wants it, verified by its hash; `null` when the dialog was closed. A file that
    /// the user lets the dialog replace is replaced in one step by the whole copy, unless it is one that Sheaf works with.
    pub fn save_copy(&self, export: ExportTask) -> Result<Option<Saved>> {
        self.tasks.run(&export.task, (TaskKind::SaveCopy, Some(&export.id)), |task| {
            let record = self.archived(&export.id)?;
            let file_name = record.destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let question = SaveQuestion { title: self.language().save_copy().to_owned(), file_name, folder: None };
            let Some(to) = self.native.choose_save(&question) else { return Ok(None) };
            let saved = self.sheaf.save_as(&export.id, &to, &task.listener(), task.cancel())?;
            Ok(Some(Saved { path: saved.to_string_lossy().into_owned() }))
        })
    }

    /// Opens the file manager with the archive selected.
    pub fn show_in_folder(&self, export: ExportId) -> Result<Nothing> {
        let record = self.archived(&export.id)?;
        let asked = record.destination.clone();
        let there = ask(PATIENCE, &Cancel::new(), move |_| std::fs::symlink_metadata(asked).is_ok());
        if there != Some(true) {
            let path = record.destination.display();
            return Err(Error::new(Code::ArchiveMissing, format!("The archive {path} is no longer there."))
                .hint("Locate it, or export it again."));
        }
        self.native.show_in_folder(&record.destination)?;
        Ok(Nothing {})
    }

    /// Puts a text of the export on the clipboard.
    pub fn copy_text(&self, text: CopyText) -> Result<Nothing> {
        let text = match text.what {
            CopyWhat::Path => self.archived(&text.id)?.destination.to_string_lossy().into_owned(),
            CopyWhat::Sha256 => self.archived(&text.id)?.archive.map(|archive| archive.sha256).unwrap_or_default(),
            CopyWhat::Report => report::report(&self.sheaf.house().history.one(&text.id)?),
        };
        self.native.copy(&text)?;
        Ok(Nothing {})
    }

    /// Lets the user show where a moved archive is now: a file of the same size and SHA-256. `null` when the dialog was closed.
    pub fn locate_archive(&self, export: ExportTask) -> Result<Option<ExportRow>> {
        self.tasks.run(&export.task, (TaskKind::Locate, Some(&export.id)), |task| {
            let record = self.archived(&export.id)?;
            let language = self.language();
            let question = FileQuestion {
                title: language.locate_archive().to_owned(),
                kind: Some((language.zip_files().to_owned(), vec!["zip".to_owned()])),
                folder: None,
            };
            let Some(path) = self.native.choose_file(&question) else { return Ok(None) };
            let meter = Meter::new(task.listener());
            archives::locate(self.sheaf.house(), &record, &path, &meter, task.cancel())?;
            meter.finish();
            row(&self.sheaf, &export.id).map(Some)
        })
    }

    /// Moves the archive to the trash, if the file is the record's own. The record stays.
    pub fn trash_archive(&self, export: ExportId) -> Result<ExportRow> {
        let record = self.archived(&export.id)?;
        if archives::trash_file(&record, |path| self.native.trash(path))? {
            self.sheaf.house().history.trashed(&record.key())?;
        }
        row(&self.sheaf, &export.id)
    }

    /// Removes a record from the list. The record and its archive stay; `restore_export` brings it back.
    pub fn remove_export(&self, export: ExportId) -> Result<Nothing> {
        self.sheaf.house().history.set_removed(&export.id, true)?;
        Ok(Nothing {})
    }

    /// Brings a removed record back into the list.
    pub fn restore_export(&self, export: ExportId) -> Result<ExportRow> {
        self.sheaf.house().history.set_removed(&export.id, false)?;
        row(&self.sheaf, &export.id)
    }

    /// Saves the list of problems as CSV where the user wants it; `null` when the dialog was closed.
    pub fn save_problems(&self, export: ExportId) -> Result<Option<Saved>> {
        let record = self.sheaf.house().history.one(&export.id)?;
        let table = report::table(&record.problems)?;
        let question = SaveQuestion {
            title: self.language().save_problems().to_owned(),
            file_name: format!("{}_problems.csv", record.name),
            folder: None,
        };
        self.save_list(&question, &record.registry, &table)
    }

    /// Saves a list where the user wants it, but over nothing that Sheaf works with; `None` when the dialog was closed.
    pub(super) fn save_list(&self, question: &SaveQuestion, registry: &Path, list: &[u8]) -> Result<Option<Saved>> {
        let Some(to) = self.native.choose_save(question) else { return Ok(None) };
        archives::refuse_own(self.sheaf.house(), registry, &to)?;
        platform::write_whole(&to, list).map_err(|error| {
            Error::new(Code::DestinationUnwritable, format!("{} cannot be written: {error}.", to.display()))
                .hint("Choose another folder.")
                .cause(error)
        })?;
        Ok(Some(Saved { path: to.to_string_lossy().into_owned() }))
    }

    /// A record that has an archive. `STATE_CONFLICT` for another one.
    fn archived(&self, id: &str) -> Result<Record> {
        let record = self.sheaf.house().history.one(id)?;
        archives::archive_of(&record)?;
        Ok(record)
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
    match sheaf.house().history.one(id) {
        Ok(record) if record.removed_at.is_some() => Ok(None),
        Ok(record) => {
            let quiet = quiet_rows(std::slice::from_ref(&record)).pop().expect("one record is one row");
            Ok(Some(with_progress(sheaf, quiet)))
        }
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
            studies: record.studies.as_ref().map(|table| table.studies),
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
