//! SHA-256 that were computed and are in no registry yet: a small database beside the registry of a folder, so that nothing is
//! computed twice, however the computing ended. A hash is one of a path, a size and a time of modification.
//!
//! Written as hashes come, without waiting for the disk: the death of the process loses none, that of the machine perhaps the last.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};
use sheaf_registry::{Code, Error, Result};

/// How long another process is waited for.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS hash (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified TEXT NOT NULL,
                                     sha256 BLOB NOT NULL) WITHOUT ROWID;";

/// Hashes of the files of one folder.
#[derive(Debug)]
pub(super) struct Ledger(Connection);

/// A file as it was when it was hashed, and its hash.
pub(super) struct Noted<'a> {
    pub(super) path: &'a str,
    pub(super) bytes: u64,
    /// RFC 3339.
    pub(super) modified: &'a str,
    pub(super) sha256: [u8; 32],
}

impl Ledger {
    /// Opens the one at `path`, or makes it. One that is damaged is made anew: it holds nothing but what can be computed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        Self::begin(path)
            .or_else(|error| {
                let is_damaged = matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
                );
                if is_damaged && std::fs::remove_file(path).is_ok() { Self::begin(path) } else { Err(error) }
            })
            .map_err(failed)
    }

    fn begin(path: &Path) -> rusqlite::Result<Self> {
        // Paths may hold names: private before there is anything in it, and so is what SQLite puts beside it.
        let _ = private_file().open(path);
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        connection.execute_batch(TABLES)?;
        Ok(Self(connection))
    }

    /// The hash of a file that has this size and time.
    pub(super) fn hash(&self, path: &str, bytes: u64, modified: &str) -> Result<Option<[u8; 32]>> {
        let sql = "SELECT sha256 FROM hash WHERE path = ?1 AND bytes = ?2 AND modified = ?3";
        let run = || {
            let mut statement = self.0.prepare_cached(sql)?;
            statement.query_row((path, count(bytes), modified), |row| row.get(0)).optional()
        };
        run().map_err(failed)
    }

    /// Keeps hashes, in place of those that were known of the same paths.
    pub(super) fn keep(&self, noted: &[Noted<'_>]) -> Result<()> {
        let run = || {
            let change = self.0.unchecked_transaction()?;
            {
                let mut insert = change.prepare_cached("INSERT OR REPLACE INTO hash VALUES (?1, ?2, ?3, ?4)")?;
                for Noted { path, bytes, modified, sha256 } in noted {
                    insert.execute((path, count(*bytes), modified, sha256))?;
                }
            }
            change.commit()
        };
        run().map_err(failed)
    }

    /// Lets go of what the registry at `registry` has, and of files that it does not have.
    pub(super) fn forget_known_to(&self, registry: &Path) -> Result<()> {
        let run = || {
            self.0.execute("ATTACH ?1 AS registry", [registry.to_string_lossy()])?;
            let sql = "DELETE FROM hash WHERE path NOT IN
                              (SELECT file_path FROM registry.file_registry WHERE hash_kind != 'sha256')";
            let forgotten = self.0.execute(sql, []);
            self.0.execute("DETACH registry", [])?;
            forgotten?;
            let is_empty: bool = self.0.query_row("SELECT NOT EXISTS (SELECT 1 FROM hash)", [], |row| row.get(0))?;
            // The file gives its room back. While another process writes to it, that is left to the next time.
            if is_empty {
                let _ = self.0.execute_batch("VACUUM");
            }
            Ok(())
        };
        run().map_err(failed)
    }
}

/// Makes a file that only this account may read.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn count(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn failed(error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
        return Error::new(Code::NoSpace, "There is no room left for the hashes of files.")
            .hint("Make room, then try again.")
            .cause(error);
    }
    Error::new(Code::HomeUnusable, "The hashes of files could not be kept.")
        .hint("Check that Sheaf's own folder can be written.")
        .cause(error)
}
