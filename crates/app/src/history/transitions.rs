//! What may happen to a record: each function is one guarded transition that hits exactly one row, and one row of the audit
//! in the same transaction.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Transaction, named_params, params};
use serde_json::json;
use sheaf_archive::plan::OnMissing;
use sheaf_registry::error::FileProblem;
use sheaf_registry::selection::Selection;
use sheaf_registry::{Code, Error, Result};

use super::record::{self, ArchiveRecord, Confirmation, Key, Record, on_missing_word};
use super::state::State;
use super::{History, Refusal, Step, unknown};
use crate::platform::path_to_sql;
use crate::wire::{Confirmed, ErrorReport, StudyExport};

/// An export that was not created yet.
#[derive(Clone, Debug)]
pub(crate) struct NewExport {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) notes: String,
    /// A user of the registry, or `owner`.
    pub(crate) user: String,
    pub(crate) as_owner: bool,
    pub(crate) project: String,
    pub(crate) registry: PathBuf,
    pub(crate) selection: Selection,
    pub(crate) on_missing: OnMissing,
    pub(crate) destination: PathBuf,
    /// The destination is free only if no record ever had it: an automatic name takes the next number instead.
    pub(crate) never_used: bool,
    pub(crate) planned: Planned,
    /// A table of studies; `None`: an archive of files.
    pub(crate) studies: Option<StudyExport>,
}

/// The numbers of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planned {
    pub(crate) confirmation: Confirmation,
    pub(crate) archive_bytes_max: u64,
    pub(crate) registry_synced_at: Option<Timestamp>,
    pub(crate) unknown_patients: Vec<String>,
}

impl History {
    /// Creates a pending export of the process `owner`. `DESTINATION_TAKEN` where another job has the destination.
    pub(crate) fn create(&self, new: &NewExport, owner: &str) -> Result<Record> {
        self.write(|transaction| {
            let destination = path_to_sql(&new.destination);
            let taken: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM dataset_export
                                WHERE destination = ?1 AND (?2 OR status IN ('pending', 'processing')))",
                params![destination, new.never_used],
                |row| row.get(0),
            )?;
            if taken {
                return Err(taken_by_job(&new.destination).into());
            }
            let numbers = &new.planned.confirmation.numbers;
            transaction.execute(
                "INSERT INTO dataset_export (id, name, notes, user, as_owner, project, registry, registry_synced_at, status,
                     selection, on_missing, destination, patients, files, bytes, archive_bytes_max, confirmed, created_at, owner,
                     unknown_patients, studies)
                 VALUES (:id, :name, :notes, :user, :as_owner, :project, :registry, :synced_at, 'pending',
                     :selection, :on_missing, :destination, :patients, :files, :bytes, :max, :confirmed, :now, :owner,
                     :unknown, :studies)",
                named_params! {
                    ":id": new.id, ":name": new.name, ":notes": new.notes, ":user": new.user, ":as_owner": new.as_owner,
                    ":project": new.project, ":registry": path_to_sql(&new.registry),
                    ":synced_at": new.planned.registry_synced_at.map(|at| at.to_string()),
                    ":selection": to_json(&new.selection), ":on_missing": on_missing_word(new.on_missing),
                    ":destination": destination, ":patients": numbers.patients, ":files": numbers.files,
                    ":bytes": numbers.bytes, ":max": new.planned.archive_bytes_max,
                    ":confirmed": to_json(&new.planned.confirmation), ":now": self.now(), ":owner": owner,
                    ":unknown": to_json(&new.planned.unknown_patients),
                    ":studies": new.studies.as_ref().map(to_json),
                },
            )?;
            let what = json!({
                "event": "created", "name": new.name, "project": new.project, "registry": new.registry.to_string_lossy(),
                "destination": new.destination.to_string_lossy(), "selection": new.selection, "patients": numbers.patients,
                "files": numbers.files, "bytes": numbers.bytes, "studies": new.studies,
            });
            let record = get(transaction, &new.id)?;
            self.audit(transaction, &record, "", State::Pending.word(), &what)?;
            Ok(record)
        })
    }

    /// Pending to processing; the part file is noted before it exists.
    pub(crate) fn start(&self, key: &Key) -> Result<Record> {
        self.step(key, State::Processing, &json!({"event": "started"}), |transaction, record| {
            let owner = record.owner.as_deref().unwrap_or_default();
            note_part(transaction, &record.part(), owner)?;
            Ok(vec![
                ("phase", Value::from("preparing".to_owned())),
                ("started_at", self.now().into()),
                ("cancel_requested", false.into()),
            ])
        })
    }

    /// Keeps the numbers of the job's own plan, and whether it is the one that was confirmed. No transition.
    pub(crate) fn planned(&self, key: &Key, planned: &Planned) -> Result<Record> {
        self.write(|transaction| {
            let record = get(transaction, &key.id)?;
            let numbers = &planned.confirmation.numbers;
            let rows = transaction.execute(
                "UPDATE dataset_export SET phase = 'writing', patients = :patients, files = :files, bytes = :bytes,
                     archive_bytes_max = :max, changed = :changed, registry_synced_at = :synced_at,
                     unknown_patients = :unknown
                 WHERE id = :id AND attempt = :attempt AND status = 'processing' AND phase = 'preparing'",
                named_params! {
                    ":patients": numbers.patients, ":files": numbers.files, ":bytes": numbers.bytes,
                    ":max": planned.archive_bytes_max, ":changed": record.confirmed != planned.confirmation,
                    ":synced_at": planned.registry_synced_at.map(|at| at.to_string()),
                    ":unknown": to_json(&planned.unknown_patients),
                    ":id": key.id, ":attempt": key.attempt,
                },
            )?;
            if rows != 1 {
                return Err(conflict(&record, State::Processing).into());
            }
            self.changed(&key.id, None);
            get(transaction, &key.id)
        })
    }

    /// Keeps what became of a table of studies. No transition.
    pub(crate) fn tabulated(&self, key: &Key, studies: &StudyExport) -> Result<Record> {
        self.write(|transaction| {
            let rows = transaction.execute(
                "UPDATE dataset_export SET studies = ?1
                 WHERE id = ?2 AND attempt = ?3 AND status = 'processing' AND phase = 'writing'",
                params![to_json(studies), key.id, key.attempt],
            )?;
            if rows != 1 {
                return Err(conflict(&get(transaction, &key.id)?, State::Processing).into());
            }
            get(transaction, &key.id)
        })
    }

    /// Processing to publishing, with everything that recovery needs to finish it. `CANCELLED` where a cancel came first:
    /// from here on there is no way back.
    pub(crate) fn begin_publishing(
        &self,
        key: &Key,
        archive: &ArchiveRecord,
        exported: &Confirmed,
        problems: &[FileProblem],
    ) -> Result<Record> {
        let what = json!({"event": "publishing", "bytes": archive.identity.bytes, "sha256": archive.sha256});
        self.step(key, State::Publishing, &what, |_, record| {
            if record.cancel_requested {
                return Err(Error::cancelled().into());
            }
            let mut sets = archive_columns(archive);
            sets.push(("phase", Value::from("publishing".to_owned())));
            sets.push(("problems", to_json(problems).into()));
            sets.push(("patients", exported.patients.cast_signed().into()));
            sets.push(("files", exported.files.cast_signed().into()));
            sets.push(("bytes", exported.bytes.cast_signed().into()));
            Ok(sets)
        })
    }

    /// Gives a job that was being published by a dead process, and its part file, to the process `owner`. No transition.
    pub(crate) fn adopt(&self, key: &Key, owner: &str) -> Result<Record> {
        self.write(|transaction| {
            let rows = transaction.execute(
                "UPDATE dataset_export SET owner = ?1
                 WHERE id = ?2 AND attempt = ?3 AND status = 'processing' AND phase = 'publishing'",
                params![owner, key.id, key.attempt],
            )?;
            let record = get(transaction, &key.id)?;
            if rows != 1 {
                return Err(conflict(&record, State::Publishing).into());
            }
            note_part(transaction, &record.part(), owner)?;
            self.changed(&key.id, None);
            Ok(record)
        })
    }

    /// Publishing (or interrupted while publishing) to completed, with or without problems as the record has them.
    pub(crate) fn complete(&self, key: &Key, archive: &ArchiveRecord) -> Result<Record> {
        self.write(|transaction| {
            let record = get(transaction, &key.id)?;
            let next = if record.problems.is_empty() { State::Completed } else { State::CompletedWithProblems };
            let what = json!({
                "event": "completed", "path": record.destination.to_string_lossy(), "bytes": archive.identity.bytes,
                "sha256": archive.sha256, "patients": record.patients, "files": record.files,
                "problems": record.problems.len(),
            });
            self.step_within(transaction, key, next, &what, |_, _| {
                let mut sets = archive_columns(archive);
                sets.extend(self.ended(None));
                // Renamed: in the same transaction, so that a busy history cannot part the two.
                forget_part(transaction, &record.part())?;
                Ok(sets)
            })
        })
    }

    /// An active job failed.
    pub(crate) fn fail(&self, key: &Key, error: &Error, problems: &[FileProblem]) -> Result<Record> {
        let what = json!({"event": "failed", "code": error.code().as_str(), "message": error.message()});
        self.step(key, State::Failed, &what, |_, _| {
            let mut sets = self.ended(Some(error));
            sets.push(("problems", to_json(problems).into()));
            Ok(sets)
        })
    }

    /// An active job was stopped.
    pub(crate) fn cancelled(&self, key: &Key) -> Result<Record> {
        self.step(key, State::Cancelled, &json!({"event": "cancelled"}), |_, _| Ok(self.ended(Some(&Error::cancelled()))))
    }

    /// Nobody works on it any longer.
    pub(crate) fn interrupted(&self, key: &Key) -> Result<Record> {
        let error = Error::new(Code::Interrupted, "Sheaf was closed or ended before this export was done.")
            .hint("`sheaf exports restart` runs it again.");
        self.step(key, State::Interrupted, &json!({"event": "interrupted"}), |_, _| Ok(self.ended(Some(&error))))
    }

    /// Asks for a job to be stopped. One that waits is cancelled at once; one that works is told, and its owner looks every
    /// half second. What is published already, or is stopped already, stays as it is.
    pub(crate) fn request_cancel(&self, id: &str) -> Result<Record> {
        self.write(|transaction| {
            let record = get(transaction, id)?;
            match record.state {
                State::Pending => {
                    self.step_within(transaction, &record.key(), State::Cancelled, &json!({"event": "cancelled"}), |_, _| {
                        Ok(self.ended(Some(&Error::cancelled())))
                    })
                }
                // One that is being published is past stopping; should it be found that it cannot be finished, this ends it.
                State::Processing | State::Publishing => {
                    transaction.execute("UPDATE dataset_export SET cancel_requested = 1 WHERE id = ?1", [id])?;
                    self.changed(id, None);
                    get(transaction, id)
                }
                State::Cancelled => Ok(record),
                _ => Err(Error::new(
                    Code::StateConflict,
                    format!("The export {id} is {}; there is nothing to stop.", record.state.word()),
                )
                .hint("Only an export that waits or works can be stopped.")
                .into()),
            }
        })
    }

    /// Back to pending, as the next attempt of the process `owner`.
    pub(crate) fn restart(&self, id: &str, owner: &str) -> Result<Record> {
        self.write(|transaction| {
            let record = get(transaction, id)?;
            if !record.state.may_become(State::Pending) {
                return Err(conflict(&record, State::Pending)
                    .hint("Only an export that was interrupted, failed or was cancelled can be restarted.")
                    .into());
            }
            let taken: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM dataset_export WHERE destination = ?1 AND status IN ('pending', 'processing'))",
                [path_to_sql(&record.destination)],
                |row| row.get(0),
            )?;
            if taken {
                return Err(taken_by_job(&record.destination).into());
            }
            let next = Key { attempt: record.attempt + 1, ..record.key() };
            self.step_within(transaction, &record.key(), State::Pending, &json!({"event": "restarted"}), |_, _| {
                let mut sets: Vec<_> = ["started_at", "completed_at", "error"].map(|column| (column, Value::Null)).into();
                sets.extend(ARCHIVE_COLUMNS.map(|column| (column, Value::Null)));
                sets.push(("problems", "[]".to_owned().into()));
                sets.push(("owner", owner.to_owned().into()));
                sets.push(("attempt", next.attempt.into()));
                sets.push(("changed", false.into()));
                sets.push(("cancel_requested", false.into()));
                sets.push(("removed_at", Value::Null));
                Ok(sets)
            })
        })
    }

    /// Removes the record of an export that is not active. The audit keeps what happened.
    pub(crate) fn delete(&self, key: &Key, file_deleted: bool) -> Result<()> {
        self.write(|transaction| {
            let record = get(transaction, &key.id)?;
            let rows = transaction.execute(
                "DELETE FROM dataset_export WHERE id = ?1 AND attempt = ?2 AND status NOT IN ('pending', 'processing')",
                params![key.id, key.attempt],
            )?;
            if rows != 1 {
                return Err(active(&record).into());
            }
            let what = json!({
                "event": "deleted", "file_deleted": file_deleted, "path": record.destination.to_string_lossy(),
                "sha256": record.archive.as_ref().map(|archive| &archive.sha256),
            });
            self.audit(transaction, &record, record.state.word(), "deleted", &what)?;
            Ok(())
        })
    }

    /// Notes that a copy of the archive was made. The state stays.
    pub(crate) fn saved(&self, key: &Key, to: &Path) -> Result<()> {
        self.write(|transaction| {
            let record = get(transaction, &key.id)?;
            let what = json!({"event": "saved", "to": to.to_string_lossy()});
            self.audit(transaction, &record, record.state.word(), record.state.word(), &what)
        })
    }

    /// Removes a record that is not active from the list, or brings it back. The state stays; asking twice is harmless.
    pub(crate) fn set_removed(&self, id: &str, removed: bool) -> Result<Record> {
        self.write(|transaction| {
            let record = get(transaction, id)?;
            if record.removed_at.is_some() == removed {
                return Ok(record);
            }
            let at = removed.then(|| self.now());
            let rows = transaction.execute(
                "UPDATE dataset_export SET removed_at = ?1
                 WHERE id = ?2 AND attempt = ?3 AND status NOT IN ('pending', 'processing')",
                params![at, record.id, record.attempt],
            )?;
            if rows != 1 {
                return Err(active(&record).into());
            }
            let what = json!({"event": if removed { "removed" } else { "restored" }});
            self.audit(transaction, &record, record.state.word(), record.state.word(), &what)?;
            get(transaction, id)
        })
    }

    /// Notes that the archive was moved to the trash. The state stays.
    pub(crate) fn trashed(&self, key: &Key) -> Result<()> {
        self.write(|transaction| {
            let record = get(transaction, &key.id)?;
            let what = json!({
                "event": "trashed", "path": record.destination.to_string_lossy(),
                "sha256": record.archive.as_ref().map(|archive| &archive.sha256),
            });
            self.audit(transaction, &record, record.state.word(), record.state.word(), &what)
        })
    }

    /// The archive was moved: from now on the record stands for the file at this path, whose content is the record's.
    pub(crate) fn located(&self, key: &Key, path: &Path, archive: &ArchiveRecord) -> Result<Record> {
        self.write(|transaction| {
            let record = get(transaction, &key.id)?;
            let identity = archive.identity;
            let rows = transaction.execute(
                "UPDATE dataset_export
                 SET destination = ?1, archive_device = ?2, archive_inode = ?3, archive_modified = ?4
                 WHERE id = ?5 AND attempt = ?6 AND status IN ('completed', 'completed_with_problems')
                     AND archive_sha256 = ?7 AND archive_bytes = ?8",
                params![
                    path_to_sql(path),
                    identity.device.cast_signed(),
                    identity.inode.cast_signed(),
                    identity.modified,
                    key.id,
                    key.attempt,
                    archive.sha256,
                    identity.bytes.cast_signed()
                ],
            )?;
            if rows != 1 {
                return Err(conflict(&record, record.state).into());
            }
            let what = json!({
                "event": "located", "from": record.destination.to_string_lossy(), "path": path.to_string_lossy(),
            });
            self.audit(transaction, &record, record.state.word(), record.state.word(), &what)?;
            get(transaction, &key.id)
        })
    }

    /// Notes inode and time of an archive whose content was found to be the record's.
    pub(crate) fn recognised(&self, key: &Key, archive: &ArchiveRecord) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE dataset_export SET archive_device = ?1, archive_inode = ?2, archive_modified = ?3
                 WHERE id = ?4 AND attempt = ?5 AND archive_sha256 = ?6",
                params![
                    archive.identity.device.cast_signed(),
                    archive.identity.inode.cast_signed(),
                    archive.identity.modified,
                    key.id,
                    key.attempt,
                    archive.sha256
                ],
            )?;
            self.changed(&key.id, None);
            Ok(())
        })
    }

    fn now(&self) -> String {
        self.clock.now().to_string()
    }

    /// Columns of a job that ended.
    fn ended(&self, error: Option<&Error>) -> Vec<(&'static str, Value)> {
        let error = error.map_or(Value::Null, |error| to_json(&ErrorReport::from(error)).into());
        vec![("completed_at", self.now().into()), ("owner", Value::Null), ("error", error)]
    }

    fn step(
        &self,
        key: &Key,
        next: State,
        what: &serde_json::Value,
        sets: impl FnOnce(&Transaction<'_>, &Record) -> Result<Vec<(&'static str, Value)>, Refusal>,
    ) -> Result<Record> {
        self.write(|transaction| self.step_within(transaction, key, next, what, sets))
    }

    /// The one place where a state changes.
    fn step_within(
        &self,
        transaction: &Transaction<'_>,
        key: &Key,
        next: State,
        what: &serde_json::Value,
        sets: impl FnOnce(&Transaction<'_>, &Record) -> Result<Vec<(&'static str, Value)>, Refusal>,
    ) -> Result<Record, Refusal> {
        let before = get(transaction, &key.id)?;
        if before.attempt != key.attempt || !before.state.may_become(next) {
            return Err(conflict(&before, next).into());
        }
        let mut sets = sets(transaction, &before)?;
        sets.push(("status", next.status().as_str().to_owned().into()));
        if !matches!(next, State::Processing | State::Publishing) {
            sets.push(("phase", Value::Null));
        }
        let columns: Vec<_> = sets.iter().map(|(column, _)| format!("{column} = ?")).collect();
        let sql = format!(
            "UPDATE dataset_export SET {} WHERE id = ? AND attempt = ? AND status = ? AND (phase IS 'publishing') = ?",
            columns.join(", ")
        );
        let guards = [
            Value::from(key.id.clone()),
            Value::from(key.attempt),
            Value::from(before.state.status().as_str().to_owned()),
            Value::from(before.state == State::Publishing),
        ];
        let values = sets.into_iter().map(|(_, value)| value).chain(guards);
        let rows = transaction.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values))?;
        if rows != 1 {
            return Err(conflict(&before, next).into());
        }
        let after = get(transaction, &key.id)?;
        self.audit(transaction, &after, before.state.word(), next.word(), what)?;
        Ok(after)
    }

    fn audit(
        &self,
        transaction: &Transaction<'_>,
        record: &Record,
        from: &'static str,
        to: &'static str,
        what: &serde_json::Value,
    ) -> Result<(), Refusal> {
        transaction
            .prepare_cached(
                "INSERT INTO audit (at, user, os_user, export_id, attempt, from_state, to_state, what)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.now(),
                record.user,
                self.os_user,
                record.id,
                record.attempt,
                from,
                to,
                what.to_string()
            ])?;
        let code = (from != to).then(|| record.error.as_ref().map(|error| error.code.clone())).flatten();
        self.changed(&record.id, Some(Step { attempt: record.attempt, from, to, code }));
        Ok(())
    }
}

const ARCHIVE_COLUMNS: [&str; 5] =
    ["archive_bytes", "archive_sha256", "archive_device", "archive_inode", "archive_modified"];

fn archive_columns(archive: &ArchiveRecord) -> Vec<(&'static str, Value)> {
    let values = [
        Value::from(archive.identity.bytes.cast_signed()),
        archive.sha256.clone().into(),
        archive.identity.device.cast_signed().into(),
        archive.identity.inode.cast_signed().into(),
        archive.identity.modified.into(),
    ];
    ARCHIVE_COLUMNS.into_iter().zip(values).collect()
}

pub(super) fn note_part(transaction: &Transaction<'_>, path: &Path, owner: &str) -> Result<(), Refusal> {
    transaction
        .execute("INSERT OR REPLACE INTO part_file (path, owner) VALUES (?1, ?2)", params![path_to_sql(path), owner])?;
    Ok(())
}

pub(super) fn forget_part(transaction: &Transaction<'_>, path: &Path) -> Result<(), Refusal> {
    transaction.execute("DELETE FROM part_file WHERE path = ?1", [path_to_sql(path)])?;
    Ok(())
}

fn get(transaction: &Transaction<'_>, id: &str) -> Result<Record, Refusal> {
    record::one(transaction, id)?.ok_or_else(|| unknown(id).into())
}

fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("plain structs with text keys are always JSON")
}

fn conflict(record: &Record, next: State) -> Error {
    Error::new(
        Code::StateConflict,
        format!(
            "The export {} is {} (attempt {}) and cannot become {}.",
            record.id,
            record.state.word(),
            record.attempt,
            next.word()
        ),
    )
    .hint("`sheaf exports show` tells where it stands.")
}

/// The refusal of what needs an export at rest.
fn active(record: &Record) -> Error {
    Error::new(Code::StateConflict, format!("The export {} is {}.", record.id, record.state.word()))
        .hint("Cancel it first, or wait until it is done.")
}

/// The refusal of a destination that another job is about to fill.
fn taken_by_job(destination: &Path) -> Error {
    Error::new(Code::DestinationTaken, format!("Another export is about to make {}.", destination.display()))
        .hint("Choose another --name or another folder.")
}
