//! Opens the history database: makes it, refuses what is damaged, foreign or newer without touching it, backs it up before a
//! migration.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use sheaf_registry::{Code, Error, Result};

use crate::owner::gone_is_fine;
use crate::platform;

/// `application_id` of a history: `ShfH`.
const APPLICATION_ID: i32 = 0x5368_6648;
/// Each takes the schema one version on.
pub(super) const MIGRATIONS: &[&str] =
    &[include_str!("schema.sql"), include_str!("removed.sql"), include_str!("studies.sql")];
/// How long a locked database is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// Opens or makes the database. Only one process at a time may call it for one path. `network` names the network file system
/// that holds it, if one does.
pub(super) fn open(path: &Path, network: Option<&str>, migrations: &[&str]) -> Result<Connection> {
    if let Some(kind) = network {
        return Err(Error::new(
            Code::HistoryUnusable,
            format!(
                "The history {} is on a network file system ({kind}), where its write-ahead log cannot be shared safely.",
                path.display()
            ),
        )
        .hint("Name a home on a local disk with --home or SHEAF_HOME."));
    }
    let newest = i32::try_from(migrations.len()).expect("migrations are counted on fingers");
    match look_at_header(path)? {
        None => create(path, migrations)?,
        Some(header) => header.check(path, newest)?,
    }
    let mut connection = open_existing(path)?;
    let failed = |error| sql_error(path, error);
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    if version > newest {
        return Err(newer(path));
    }
    if version < newest {
        back_up(&connection, path, version)?;
        migrate(&mut connection, version, migrations).map_err(failed)?;
    }
    // From here on the file is known to be ours and sound; until here nothing was ever written into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(failed)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(unusable(path, "its write-ahead log cannot be used on this disk"));
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON").map_err(failed)?;
    Ok(connection)
}

/// The header of an existing file, read without SQLite, which would leave files beside it.
struct Header([u8; 100]);

impl Header {
    fn number(&self, at: usize) -> i32 {
        i32::from_be_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn check(&self, path: &Path, newest: i32) -> Result<()> {
        if !self.0.starts_with(b"SQLite format 3\0") {
            Err(unusable(path, "it is not a database"))
        } else if self.number(68) != APPLICATION_ID {
            Err(unusable(path, "it belongs to another application"))
        } else if self.number(60) > newest {
            Err(newer(path))
        } else {
            Ok(())
        }
    }
}

fn look_at_header(path: &Path) -> Result<Option<Header>> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(100).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &format!("it cannot be read ({error})"))),
    }
    bytes.try_into().map(|bytes| Some(Header(bytes))).map_err(|_| unusable(path, "it is cut short"))
}

/// Makes the database beside its place and moves it there whole.
fn create(path: &Path, migrations: &[&str]) -> Result<()> {
    let io_failed = |error: io::Error| crate::home::unusable(path.parent().unwrap_or(path), &error).cause(error);
    let sql_failed = |error| sql_error(path, error);
    if with_suffix(path, "-wal").exists() {
        return Err(unusable(path, "the file is gone, but its log history.sqlite-wal is still there"));
    }
    let new = beside(path, "new");
    // Left by a crash; only the holder of the home's lock comes here.
    for left in [new.clone(), with_suffix(&new, "-journal"), with_suffix(&new, "-wal")] {
        std::fs::remove_file(&left).or_else(gone_is_fine).map_err(io_failed)?;
    }
    platform::private_file().write(true).create_new(true).open(&new).map_err(io_failed)?;
    let mut connection = Connection::open_with_flags(&new, flags()).map_err(sql_failed)?;
    migrate(&mut connection, 0, migrations).map_err(sql_failed)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).map_err(sql_failed)?;
    connection.close().map_err(|(_, error)| sql_failed(error))?;
    File::open(&new).and_then(|file| file.sync_all()).map_err(io_failed)?;
    std::fs::rename(&new, path).map_err(io_failed)?;
    platform::sync_dir(path.parent().unwrap_or(path)).map_err(io_failed)
}

fn open_existing(path: &Path) -> Result<Connection> {
    let failed = |error| sql_error(path, error);
    let connection = Connection::open_with_flags(path, flags()).map_err(failed)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(failed)? {
        return Err(unusable(path, "this account may not write it"));
    }
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
    if sound != "ok" {
        return Err(unusable(path, "it is damaged"));
    }
    Ok(connection)
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

/// All or nothing: every missing version in one transaction.
fn migrate(connection: &mut Connection, from: i32, migrations: &[&str]) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = usize::try_from(from).unwrap_or(0);
    for migration in migrations.iter().skip(from) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(migrations.len()).unwrap_or(i64::MAX))?;
    transaction.commit()
}

/// Copies the database to `history.sqlite.v<N>.bak` before its schema changes.
fn back_up(connection: &Connection, path: &Path, version: i32) -> Result<()> {
    let bak = beside(path, &format!("v{version}.bak"));
    let part = beside(path, &format!("v{version}.bak.new"));
    let copy = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        std::fs::remove_file(&part).or_else(gone_is_fine)?;
        platform::private_file().write(true).create_new(true).open(&part)?;
        connection.backup(rusqlite::MAIN_DB, &part, None::<fn(rusqlite::backup::Progress)>)?;
        File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &bak)?;
        platform::sync_dir(path.parent().unwrap_or(path))?;
        Ok(())
    };
    copy().map_err(|error| {
        unusable(
            path,
            &format!("it must be brought up to date, and the copy {} before that failed ({error})", bak.display()),
        )
    })
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    with_suffix(path, &format!(".{extension}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn newer(path: &Path) -> Error {
    Error::new(Code::HistoryUnusable, format!("The history {} was written by a newer Sheaf.", path.display()))
        .hint("Update Sheaf, or name another home with --home.")
}

fn unusable(path: &Path, reason: &str) -> Error {
    Error::new(Code::HistoryUnusable, format!("The history {} cannot be used: {reason}.", path.display())).hint(
        "Move it away with everything beside it to begin a new history, restore a copy, or name another home with --home.",
    )
}

/// What a failed statement means to people.
pub(super) fn sql_error(path: &Path, error: rusqlite::Error) -> Error {
    let full = || {
        // A full tmpfs answers with an I/O error rather than "disk full".
        let free = path.parent().and_then(platform::free_bytes).unwrap_or(0);
        (free < 1 << 20).then(|| {
            Error::new(
                Code::NoSpace,
                format!(
                    "The disk of the history {} is full: it needs some 100,000 bytes and {free} are free.",
                    path.display()
                ),
            )
            .hint("Free space there; what was running is shown as interrupted at the next start and can be restarted.")
        })
    };
    let known = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Some(
            Error::new(Code::DbBusy, format!("Another program holds the history {}.", path.display()))
                .hint("Close the other program, or try again."),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Some(unusable(path, "it is damaged")),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
            Some(full().unwrap_or_else(|| unusable(path, "its disk reports an error")))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Some(full().unwrap_or_else(|| unusable(path, "this account may not write it")))
        }
        _ => None,
    };
    known.unwrap_or_else(|| Error::new(Code::Internal, format!("The history answered unexpectedly: {error}."))).cause(error)
}
