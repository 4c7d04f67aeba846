//! One row of the history, as it stands in the database.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use sheaf_archive::plan::OnMissing;
use sheaf_archive::writer::part_path;
use sheaf_registry::error::FileProblem;
use sheaf_registry::selection::Selection;

use super::state::State;
use crate::platform::{FileIdentity, path_from_sql};
use crate::wire::{Confirmed, ErrorReport, ExportStatus, StudyExport};

/// What a user confirmed: the numbers, and a digest of every entry that tells whether the job's plan is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// The numbers.
    #[serde(flatten)]
    pub(crate) numbers: Confirmed,
    /// SHA-256 over the entries, hexadecimal.
    pub(crate) digest: String,
}

/// The archive that a record stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveRecord {
    /// SHA-256 of the whole file, hexadecimal.
    pub(crate) sha256: String,
    /// Size, inode and modification time when it was published.
    pub(crate) identity: FileIdentity,
}

/// One export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) notes: String,
    /// A user of the registry, or `owner`.
    pub(crate) user: String,
    pub(crate) as_owner: bool,
    pub(crate) project: String,
    pub(crate) registry: PathBuf,
    pub(crate) registry_synced_at: Option<Timestamp>,
    pub(crate) state: State,
    pub(crate) selection: Selection,
    pub(crate) on_missing: OnMissing,
    /// Final path of the archive.
    pub(crate) destination: PathBuf,
    pub(crate) patients: u64,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) archive_bytes_max: u64,
    pub(crate) confirmed: Confirmation,
    pub(crate) changed: bool,
    /// Set from publishing on.
    pub(crate) archive: Option<ArchiveRecord>,
    pub(crate) problems: Vec<FileProblem>,
    /// Ids of a pasted list that name no patient; left out.
    pub(crate) unknown_patients: Vec<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) error: Option<ErrorReport>,
    pub(crate) attempt: u32,
    /// The process that runs it.
    pub(crate) owner: Option<String>,
    pub(crate) cancel_requested: bool,
    /// The list does not show it any longer.
    pub(crate) removed_at: Option<Timestamp>,
    /// A table of studies; `None`: an archive of files.
    pub(crate) studies: Option<StudyExport>,
}

impl Record {
    /// The part file of this attempt: `<id>.<attempt>.part` beside the destination.
    pub(crate) fn part(&self) -> PathBuf {
        let directory = self.destination.parent().unwrap_or(Path::new("/"));
        part_path(directory, &self.id, self.attempt)
    }

    /// What guards every transition of this attempt.
    pub(crate) fn key(&self) -> Key {
        Key { id: self.id.clone(), attempt: self.attempt }
    }
}

/// An export and the attempt that its holder means: a later attempt is another job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) attempt: u32,
}

/// Room that one archive takes or was promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) id: String,
    /// Where the archive was or will be published.
    pub(crate) path: PathBuf,
    /// The archive, once it is completed.
    pub(crate) archive: Option<FileIdentity>,
    /// Its size will not be larger.
    pub(crate) promised: u64,
    /// The job waits for its turn.
    pub(crate) waits: bool,
}

pub(super) const fn on_missing_word(on_missing: OnMissing) -> &'static str {
    match on_missing {
        OnMissing::Fail => "fail",
        OnMissing::Skip => "skip",
    }
}

/// All records that are not removed from the list, newest first.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<Record>> {
    connection
        .prepare_cached("SELECT * FROM dataset_export WHERE removed_at IS NULL ORDER BY seq DESC")?
        .query_map([], read)?
        .collect()
}

/// Records that wait or work, oldest first.
pub(super) fn active(connection: &Connection) -> rusqlite::Result<Vec<Record>> {
    connection
        .prepare_cached("SELECT * FROM dataset_export WHERE status IN ('pending', 'processing') ORDER BY seq")?
        .query_map([], read)?
        .collect()
}

/// Room of a user's completed archives and active jobs.
pub(super) fn rooms(connection: &Connection, user: &str) -> rusqlite::Result<Vec<Room>> {
    connection
        .prepare_cached(
            "SELECT id, destination, archive_bytes, archive_device, archive_inode, archive_modified, archive_bytes_max, status
             FROM dataset_export
             WHERE user = ?1 AND status IN ('pending', 'processing', 'completed', 'completed_with_problems')",
        )?
        .query_map([user], |row| {
            let status: String = row.get("status")?;
            let active = ExportStatus::parse(&status).is_some_and(ExportStatus::is_active);
            Ok(Room {
                id: row.get("id")?,
                path: path(row, "destination")?,
                archive: if active { None } else { identity(row)? },
                promised: row.get("archive_bytes_max")?,
                waits: status == "pending",
            })
        })?
        .collect()
}

/// One record.
pub(super) fn one(connection: &Connection, id: &str) -> rusqlite::Result<Option<Record>> {
    connection.prepare_cached("SELECT * FROM dataset_export WHERE id = ?1")?.query_row([id], read).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
    let status: String = row.get("status")?;
    let status = ExportStatus::parse(&status).ok_or_else(|| bad(format!("unknown status {status}")))?;
    let phase: Option<String> = row.get("phase")?;
    let on_missing: String = row.get("on_missing")?;
    let sha256: Option<String> = row.get("archive_sha256")?;
    let archive = match sha256 {
        None => None,
        Some(sha256) => identity(row)?.map(|identity| ArchiveRecord { sha256, identity }),
    };
    Ok(Record {
        id: row.get("id")?,
        name: row.get("name")?,
        notes: row.get("notes")?,
        user: row.get("user")?,
        as_owner: row.get("as_owner")?,
        project: row.get("project")?,
        registry: path(row, "registry")?,
        registry_synced_at: time(row, "registry_synced_at")?,
        state: State::of(status, phase.as_deref() == Some("publishing")),
        selection: json(row, "selection")?.unwrap_or_default(),
        on_missing: if on_missing == "skip" { OnMissing::Skip } else { OnMissing::Fail },
        destination: path(row, "destination")?,
        patients: row.get("patients")?,
        files: row.get("files")?,
        bytes: row.get("bytes")?,
        archive_bytes_max: row.get("archive_bytes_max")?,
        confirmed: json(row, "confirmed")?.unwrap_or_default(),
        changed: row.get("changed")?,
        archive,
        problems: json(row, "problems")?.unwrap_or_default(),
        unknown_patients: json(row, "unknown_patients")?.unwrap_or_default(),
        created_at: time(row, "created_at")?.ok_or_else(|| bad("no time of creation"))?,
        started_at: time(row, "started_at")?,
        completed_at: time(row, "completed_at")?,
        error: json(row, "error")?,
        attempt: row.get("attempt")?,
        owner: row.get("owner")?,
        cancel_requested: row.get("cancel_requested")?,
        removed_at: time(row, "removed_at")?,
        studies: json(row, "studies")?,
    })
}

/// The archive's file, where the row has one.
fn identity(row: &Row<'_>) -> rusqlite::Result<Option<FileIdentity>> {
    let Some(bytes) = row.get("archive_bytes")? else { return Ok(None) };
    Ok(Some(FileIdentity {
        bytes,
        // Numbers of 64 bits without a sign, kept as SQLite's with one.
        device: row.get::<_, i64>("archive_device")?.cast_unsigned(),
        inode: row.get::<_, i64>("archive_inode")?.cast_unsigned(),
        modified: row.get("archive_modified")?,
    }))
}

fn path(row: &Row<'_>, column: &str) -> rusqlite::Result<PathBuf> {
    Ok(path_from_sql(row.get_ref(column)?)?)
}

fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(bad)).transpose()
}

fn json<T: for<'de> Deserialize<'de>>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(bad)).transpose()
}

fn bad(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(FromSqlError::Other(reason.into())))
}
