//! What this account keeps beside the history: registries that were opened, where their data lies on this machine, cohorts,
//! the last destination. One small database in the home, `desk.db`.
//!
//! What is deliberately absent: exports (see the history) and preferences. The file is made when there is something to keep.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, TransactionBehavior, params};
use sheaf_registry::rows::{DataRoot, Location};
use sheaf_registry::{Code, Error, Result};

use crate::platform::{self, path_from_sql, path_to_sql};

/// `application_id`: `ShfD`.
const APPLICATION_ID: i32 = 0x5368_6644;
/// Each takes the schema one version on.
const MIGRATIONS: &[&str] = &[include_str!("store.sql"), include_str!("store_records.sql")];
/// How long a locked database is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// Most registries that are listed.
const MOST_RECENT: i64 = 20;

/// The database, opened at its first use.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    connection: Mutex<Option<Connection>>,
}

/// A registry that was opened on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    pub(crate) opened_at: Timestamp,
    /// The project that was looked at last.
    pub(crate) project: Option<String>,
    /// Who was acted as last; `None`: the owner.
    pub(crate) user: Option<String>,
}

/// A cohort as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The rule as JSON; `None` for a frozen list.
    pub(crate) rule: Option<String>,
    pub(crate) patients: u64,
    pub(crate) saved_at: Timestamp,
}

impl Store {
    /// The database at this path; need not exist.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, connection: Mutex::new(None) }
    }

    /// Registries that are listed, the latest first.
    pub(crate) fn recent(&self) -> Result<Vec<Known>> {
        let sql = "SELECT id, path, opened_at, project, user FROM registry WHERE listed = 1
                    ORDER BY opened_at DESC, rowid DESC LIMIT ?1";
        self.read(|connection| connection.prepare_cached(sql)?.query_map([MOST_RECENT], known)?.collect())
            .map(Option::unwrap_or_default)
    }

    /// One of them, also one that is no longer listed.
    pub(crate) fn registry(&self, path: &Path) -> Result<Option<Known>> {
        let sql = "SELECT id, path, opened_at, project, user FROM registry WHERE path = ?1";
        self.read(|connection| connection.query_row(sql, [path_to_sql(path)], known).optional()).map(Option::flatten)
    }

    /// The id of a registry; one that was never opened gets `id`, and is not put on the list.
    pub(crate) fn id_of(&self, path: &Path, id: &str, now: Timestamp) -> Result<String> {
        self.write(|connection| {
            connection.query_row(
                "INSERT INTO registry (id, path, opened_at, listed) VALUES (?1, ?2, ?3, 0)
                 ON CONFLICT (path) DO UPDATE SET path = excluded.path RETURNING id",
                params![id, path_to_sql(path), now.to_string()],
                |row| row.get(0),
            )
        })
    }

    /// Notes that a registry was opened, and how; its id is the one that it had, else `id`.
    pub(crate) fn opened(&self, registry: &Known) -> Result<String> {
        self.write(|connection| {
            connection.query_row(
                "INSERT INTO registry (id, path, opened_at, project, user, listed) VALUES (?1, ?2, ?3, ?4, ?5, 1)
                 ON CONFLICT (path) DO UPDATE SET opened_at = excluded.opened_at, project = excluded.project,
                   user = excluded.user, listed = 1
                 RETURNING id",
                params![
                    registry.id,
                    path_to_sql(&registry.path),
                    registry.opened_at.to_string(),
                    registry.project,
                    registry.user
                ],
                |row| row.get(0),
            )
        })
    }

    /// Takes a registry off the list. What is kept about it stays for when it is opened again.
    pub(crate) fn forget(&self, id: &str) -> Result<()> {
        self.write(|connection| connection.execute("UPDATE registry SET listed = 0 WHERE id = ?1", [id]).map(drop))
    }

    /// A value by its key.
    pub(crate) fn value(&self, key: &str) -> Result<Option<PathBuf>> {
        let sql = "SELECT value FROM kept WHERE key = ?1";
        let read = |row: &Row<'_>| path_from_sql(row.get_ref(0)?).map_err(Into::into);
        self.read(|connection| connection.query_row(sql, [key], read).optional()).map(Option::flatten)
    }

    /// Keeps a value, or forgets it.
    pub(crate) fn keep(&self, key: &str, value: Option<&Path>) -> Result<()> {
        self.write(|connection| {
            match value {
                Some(value) => connection
                    .execute("INSERT OR REPLACE INTO kept (key, value) VALUES (?1, ?2)", params![key, path_to_sql(value)]),
                None => connection.execute("DELETE FROM kept WHERE key = ?1", [key]),
            }
            .map(drop)
        })
    }

    /// The data roots of a registry, with the folders that the user has named on this machine; and which those are.
    pub(crate) fn located(&self, registry: &Path, roots: &[DataRoot]) -> Result<Vec<(DataRoot, bool)>> {
        let sql = "SELECT prefix, folder FROM location JOIN registry ON registry.id = location.registry WHERE path = ?1";
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, path_from_sql(row.get_ref(1)?)?));
        let named: Vec<(String, PathBuf)> = self
            .read(|connection| connection.prepare_cached(sql)?.query_map([path_to_sql(registry)], read)?.collect())?
            .unwrap_or_default();
        let place = |root: &DataRoot| match named.iter().find(|(prefix, _)| *prefix == root.prefix) {
            Some((_, folder)) => (DataRoot { location: Some(Location::new(folder, Path::new(""))), ..root.clone() }, true),
            None => (root.clone(), false),
        };
        Ok(roots.iter().map(place).collect())
    }

    /// Notes where a data root lies on this machine.
    pub(crate) fn locate(&self, registry: &str, prefix: &str, folder: &Path) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO location (registry, prefix, folder) VALUES (?1, ?2, ?3)";
        self.write(|connection| connection.execute(sql, params![registry, prefix, path_to_sql(folder)]).map(drop))
    }

    /// The cohorts of a project, by name.
    pub(crate) fn cohorts(&self, registry: &str, project: &str) -> Result<Vec<Kept>> {
        let sql = "SELECT id, name, rule, count, saved_at FROM cohort WHERE registry = ?1 AND project = ?2";
        let mut cohorts: Vec<Kept> = self
            .read(|connection| connection.prepare_cached(sql)?.query_map([registry, project], kept)?.collect())?
            .unwrap_or_default();
        cohorts.sort_by(|a, b| sheaf_registry::text::natural_cmp(&a.name, &b.name));
        Ok(cohorts)
    }

    /// Keeps a cohort; `patients` are the row ids of a frozen list. `NAME_INVALID` where the name is taken.
    pub(crate) fn save_cohort(&self, registry: &str, project: &str, cohort: &Kept, patients: &[i64]) -> Result<()> {
        let list: Option<Vec<u8>> = cohort.rule.is_none().then(|| patients.iter().flat_map(|id| id.to_le_bytes()).collect());
        let added = self.write(|connection| {
            connection.execute(
                "INSERT INTO cohort (id, registry, project, name, rule, patients, count, saved_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (registry, project, name) DO NOTHING",
                params![
                    cohort.id,
                    registry,
                    project,
                    cohort.name,
                    cohort.rule,
                    list,
                    cohort.patients,
                    cohort.saved_at.to_string()
                ],
            )
        })?;
        if added == 0 {
            return Err(Error::new(Code::NameInvalid, "There is already a cohort of this name.")
                .hint("Choose another name, or delete the other cohort first."));
        }
        Ok(())
    }

    /// A cohort of a project with the row ids of its frozen list.
    pub(crate) fn cohort(&self, registry: &str, project: &str, id: &str) -> Result<Option<(Kept, Vec<i64>)>> {
        let sql = "SELECT id, name, rule, count, saved_at, patients FROM cohort
                    WHERE registry = ?1 AND project = ?2 AND id = ?3";
        let read = |row: &Row<'_>| {
            let list: Option<Vec<u8>> = row.get(5)?;
            let ids = list.unwrap_or_default();
            let ids = ids.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok().map(i64::from_le_bytes)).collect();
            Ok((kept(row)?, ids))
        };
        self.read(|connection| connection.query_row(sql, [registry, project, id], read).optional()).map(Option::flatten)
    }

    /// Deletes a cohort of a project; whether there was one.
    pub(crate) fn delete_cohort(&self, registry: &str, project: &str, id: &str) -> Result<bool> {
        let sql = "DELETE FROM cohort WHERE registry = ?1 AND project = ?2 AND id = ?3";
        self.write(|connection| connection.execute(sql, [registry, project, id])).map(|deleted| deleted > 0)
    }

    /// Keeps whose record number is whose in a registry, in place of what was kept: all of it or nothing.
    pub(crate) fn keep_record_numbers(&self, registry: &str, numbers: &BTreeMap<String, String>) -> Result<()> {
        self.write(|connection| {
            let transaction = connection.unchecked_transaction()?;
            transaction.execute("DELETE FROM record_number WHERE registry = ?1", [registry])?;
            let sql = "INSERT INTO record_number (registry, record_no, patient_id) VALUES (?1, ?2, ?3)";
            let mut insert = transaction.prepare_cached(sql)?;
            for (number, patient) in numbers {
                insert.execute([registry, number.as_str(), patient.as_str()])?;
            }
            drop(insert);
            transaction.commit()
        })
    }

    /// How many of them there are.
    pub(crate) fn count_record_numbers(&self, registry: &str) -> Result<u64> {
        let sql = "SELECT count(*) FROM record_number WHERE registry = ?1";
        self.read(|connection| connection.query_row(sql, [registry], |row| row.get(0))).map(Option::unwrap_or_default)
    }

    /// Patients' ids by their record numbers, as they were kept for a registry.
    pub(crate) fn record_numbers(&self, registry: &str) -> Result<HashMap<String, String>> {
        let sql = "SELECT record_no, patient_id FROM record_number WHERE registry = ?1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.read(|connection| connection.prepare_cached(sql)?.query_map([registry], read)?.collect())
            .map(Option::unwrap_or_default)
    }

    /// Asks the database; `None` where there is none yet.
    fn read<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>> {
        let mut held = self.lock();
        if held.is_none() && !self.path.exists() {
            return Ok(None);
        }
        ask(self.open(&mut held)?).map(Some).map_err(|error| self.failed(error))
    }

    /// Changes the database; makes it where there is none.
    fn write<T>(&self, change: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut held = self.lock();
        change(self.open(&mut held)?).map_err(|error| self.failed(error))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open<'a>(&self, held: &'a mut Option<Connection>) -> Result<&'a Connection> {
        if held.is_none() {
            *held = Some(self.connect()?);
        }
        Ok(held.as_ref().expect("opened just now"))
    }

    fn connect(&self) -> Result<Connection> {
        // Made with its permissions first: SQLite would make it as the account's mask says.
        let made = platform::private_file().append(true).create(true).open(&self.path);
        made.map_err(|error| crate::home::unusable(self.path.parent().unwrap_or(&self.path), &error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let prepare = || -> rusqlite::Result<Result<Connection, &'static str>> {
            let mut connection = Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(BUSY)?;
            let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
            let newest = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
            let (application, version) = (number("application_id")?, number("user_version")?);
            let is_new = version == 0 && number("schema_version")? == 0;
            if application != APPLICATION_ID && !is_new {
                return Ok(Err("belongs to another application"));
            }
            if version > newest {
                return Ok(Err("was written by a newer Sheaf"));
            }
            connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON")?;
            migrate(&mut connection)?;
            Ok(Ok(connection))
        };
        match prepare() {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(why)) => Err(self.unusable(why)),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn unusable(&self, why: &str) -> Error {
        Error::new(Code::HistoryUnusable, format!("{} {why}.", self.path.display()))
            .hint("Move the file away to begin a new one; it holds the list of registries and the saved cohorts.")
    }

    fn failed(&self, error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Error::new(Code::DbBusy, "Another Sheaf is writing what this account keeps.").hint("Try again.")
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => self.unusable("is damaged"),
            _ => self.unusable("cannot be used"),
        }
        .cause(error)
    }
}

/// All or nothing: every missing version in one transaction.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let steps = &MIGRATIONS[usize::try_from(version).unwrap_or(0).min(MIGRATIONS.len())..];
    if steps.is_empty() {
        return Ok(());
    }
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX))?;
    transaction.commit()
}

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        id: row.get(0)?,
        path: path_from_sql(row.get_ref(1)?)?,
        opened_at: time(row, 2)?,
        project: row.get(3)?,
        user: row.get(4)?,
    })
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { id: row.get(0)?, name: row.get(1)?, rule: row.get(2)?, patients: row.get(3)?, saved_at: time(row, 4)? })
}

fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Timestamp> {
    row.get_ref(at)?
        .as_str()?
        .parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests;
