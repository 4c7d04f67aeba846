//! The export history: one record for every export, and an audit of every transition, in a database of the home.
//!
//! What is deliberately absent: files other than the database, and deciding when a transition is due.

mod database;
mod record;
mod state;
mod transitions;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sheaf_registry::{Code, Error, Result};

pub(crate) use record::{ArchiveRecord, Confirmation, Key, Record, Room};
pub(crate) use state::State;
pub(crate) use transitions::{NewExport, Planned};

use crate::environment::Clock;
use crate::owner::HomeLock;

/// A record that changed, told when the change is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its id.
    pub(crate) id: String,
    /// What stands in the audit; `None` for a change that is no transition.
    pub(crate) step: Option<Step>,
}

/// A row of the audit, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) attempt: u32,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// Why it ended, where it ended badly.
    pub(crate) code: Option<String>,
}

/// Hears of changes that this process makes. Called on the thread that made it, with nothing locked; must not block.
pub(crate) type Watcher = Arc<dyn Fn(&Change) + Send + Sync>;

/// The open history. Threads take turns.
pub(crate) struct History {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// What the transaction that is open now has changed. Filled and emptied under the lock of the connection.
    changes: Mutex<Vec<Change>>,
    watcher: Mutex<Option<Watcher>>,
    clock: Arc<dyn Clock>,
    os_user: String,
}

impl History {
    /// Opens or makes the database; `network` names the network file system that holds it, if one does.
    pub(crate) fn open(
        path: &Path,
        network: Option<&str>,
        clock: Arc<dyn Clock>,
        os_user: String,
        _proof: &HomeLock,
    ) -> Result<History> {
        let connection = database::open(path, network, database::MIGRATIONS)?;
        Ok(History {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            changes: Mutex::default(),
            watcher: Mutex::default(),
            clock,
            os_user,
        })
    }

    /// From now on `watcher` hears of every change that this process makes.
    pub(crate) fn watch(&self, watcher: Watcher) {
        *lock(&self.watcher) = Some(watcher);
    }

    /// A number that is another one when another process has changed something.
    pub(crate) fn version(&self) -> Result<i64> {
        self.read(|connection| connection.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }

    /// All records that are not removed from the list, newest first.
    pub(crate) fn all(&self) -> Result<Vec<Record>> {
        self.read(record::all)
    }

    /// One record; `UNKNOWN_EXPORT` with the nearest ids.
    pub(crate) fn one(&self, id: &str) -> Result<Record> {
        self.read(|connection| record::one(connection, id))?.ok_or_else(|| unknown(id))
    }

    /// Records that wait or work, oldest first.
    pub(crate) fn active(&self) -> Result<Vec<Record>> {
        self.read(record::active)
    }

    /// Whether a record has or had its archive at this path.
    pub(crate) fn knows(&self, path: &Path) -> Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM dataset_export WHERE destination = ?1)")?
                .query_row([crate::platform::path_to_sql(path)], |row| row.get(0))
        })
    }

    /// Whether somebody asked to stop this attempt.
    pub(crate) fn is_cancel_requested(&self, key: &Key) -> Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM dataset_export
                                    WHERE id = ?1 AND attempt = ?2 AND (cancel_requested OR status = 'cancelled'))",
                )?
                .query_row(rusqlite::params![key.id, key.attempt], |row| row.get(0))
        })
    }

    /// Room that a user's archives take or were promised.
    pub(crate) fn rooms(&self, user: &str) -> Result<Vec<Room>> {
        self.read(|connection| record::rooms(connection, user))
    }

    /// Files under way and the processes that make them.
    pub(crate) fn part_files(&self) -> Result<Vec<(PathBuf, String)>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT path, owner FROM part_file")?
                .query_map([], |row| Ok((crate::platform::path_from_sql(row.get_ref(0)?)?, row.get(1)?)))?
                .collect()
        })
    }

    /// Notes a file before it is made, so that it is removed should this process die.
    pub(crate) fn note_part(&self, path: &Path, owner: &str) -> Result<()> {
        self.write(|transaction| transitions::note_part(transaction, path, owner))
    }

    /// Forgets a file that is no longer there.
    pub(crate) fn forget_part(&self, path: &Path) -> Result<()> {
        self.write(|transaction| transitions::forget_part(transaction, path))
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let connection = lock(&self.connection);
        query(&connection).map_err(|error| database::sql_error(&self.path, error))
    }

    /// One write transaction: all of it or nothing.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, Refusal>) -> Result<T> {
        let failed = |error| database::sql_error(&self.path, error);
        let mut connection = lock(&self.connection);
        lock(&self.changes).clear();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let value = match work(&transaction) {
            Ok(value) => value,
            Err(Refusal::Refused(error)) => return Err(error),
            Err(Refusal::Sql(error)) => return Err(failed(error)),
        };
        transaction.commit().map_err(failed)?;
        let changes = std::mem::take(&mut *lock(&self.changes));
        drop(connection);
        self.tell(&changes);
        Ok(value)
    }

    /// Notes within a transaction that a record has changed.
    fn changed(&self, id: &str, step: Option<Step>) {
        lock(&self.changes).push(Change { id: id.to_owned(), step });
    }

    fn tell(&self, changes: &[Change]) {
        for Change { id, step } in changes {
            if let Some(Step { attempt, from, to, code }) = step {
                let code = code.as_deref().unwrap_or_default();
                tracing::info!(export = id, attempt, from, to, code, "export");
            }
        }
        let watcher = lock(&self.watcher).clone();
        if let Some(watcher) = watcher {
            for change in changes {
                watcher(change);
            }
        }
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Why a write transaction was rolled back.
#[derive(Debug)]
enum Refusal {
    /// The database failed.
    Sql(rusqlite::Error),
    /// A rule of ours.
    Refused(Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Refusal::Sql(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Refused(error)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic under these locks leaves nothing half done: a transaction that was not committed is rolled back.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unknown(id: &str) -> Error {
    Error::new(Code::UnknownExport, format!("There is no export {id} in this history."))
        .hint("`sheaf exports list` shows all ids.")
}

#[cfg(test)]
mod opening_tests;
#[cfg(test)]
mod tests;
