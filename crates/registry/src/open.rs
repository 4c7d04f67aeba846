//! Opening a registry file without touching it or its folder: what it is, whether it is ours, and how to read it safely.
//!
//! Deliberately absent: repair and migration. A file that is not as it should be is refused with the reason.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use crate::error::{Code, Error, Result};
use crate::schema;

const HEADER_BYTES: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";

/// How a file is opened that is read where it lies.
const READ_URI: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_URI).union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// How long a reader waits for a writer that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a file that is being written is copied anew before that is called busy.
const COPY_TRIES: usize = 5;

/// An open registry file.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Canonical path of the file that was named, also where a copy of it is read.
    pub(crate) path: PathBuf,
    /// What the file looked like, where nothing locks it against a writer, or where a lock may be gone: POSIX gives up a process's
    /// locks on a file as soon as the process closes any handle of it, as each look at a file's header does. A registry is only ever
    /// replaced as a whole; a database of another application is written in place.
    pub(crate) unlocked: Option<Look>,
    /// Which file is read, where it is read in place and was not replaced meanwhile: device and inode.
    pub(crate) identity: Option<(u64, u64)>,
    /// Version of the schema; 0 in a database of another application.
    pub(crate) version: i32,
    /// The folder of the copy that is read; removed with this value.
    pub(crate) copy: Option<TempDir>,
}

/// Opens the registry at `path`. Where it must not be read in place (frames in a WAL, a network file system), it is copied
/// into a new folder in `scratch`, or refused without one.
pub(crate) fn open(path: &Path, scratch: Option<&Path>) -> Result<Opened> {
    let found = Found::at(path)?;
    let path = &found.path;
    found.look.judge(path).map_err(|error| match Connection::open_with_flags(uri(path, "immutable=1"), READ_URI) {
        Ok(connection) => known_source(path, &connection, error),
        Err(_) => error,
    })?;
    opened(found, scratch, Opened::prepare)
}

/// Opens a database of whatever application as [`open`] opens a registry.
pub(crate) fn open_foreign(path: &Path, scratch: &Path) -> Result<Opened> {
    let found = Found::at(path)?;
    found.look.is_database(&found.path)?;
    let look = found.look.clone();
    let opened = opened(found, Some(scratch), |opened| {
        opened.guard()?;
        // The first question to a damaged file fails here and not in the middle.
        let read = opened.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        read.map(drop).map_err(|error| read_failed(&opened.path, error))
    })?;
    let unlocked = opened.copy.is_none().then_some(look);
    Ok(Opened { unlocked, ..opened })
}

fn opened(found: Found, scratch: Option<&Path>, prepare: impl FnOnce(&mut Opened) -> Result<()>) -> Result<Opened> {
    let Found { path, look, on_network } = found;
    let look_identity = look.identity;

    let (connection, unlocked, copy) = if on_network || look.has_frames() {
        let Some(scratch) = scratch else { return Err(not_in_place(&path, on_network)) };
        let copy = copied(&path, scratch)?;
        let connection = Connection::open_with_flags(
            copy.path().join("registry.sqlite"),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        );
        (connection, None, Some(copy))
    } else {
        // `mode=ro` would leave `-wal` and `-shm` beside a file in WAL mode; `immutable=1` does not look for them, and
        // without frames there is nothing to miss.
        let (mode, unlocked) = if look.in_wal_mode() { ("immutable=1", Some(look)) } else { ("mode=ro", None) };
        (Connection::open_with_flags(uri(&path, mode), READ_URI), unlocked, None)
    };
    let connection = connection.map_err(|error| read_failed(&path, error))?;
    let before = look_identity.filter(|_| copy.is_none());
    let mut opened = Opened { connection, path, unlocked, identity: None, version: 0, copy };
    prepare(&mut opened)?;
    opened.unchanged()?;
    // The connection holds the file that was there before and after it was opened.
    opened.identity = before.filter(|_| Look::at(&opened.path).is_ok_and(|after| after.identity == before));
    Ok(opened)
}

/// Whether the file at `path` must not be read in place.
pub(crate) fn needs_copy(path: &Path) -> Result<bool> {
    let found = Found::at(path)?;
    Ok(found.on_network || found.look.has_frames())
}

/// Whether the file at `path` begins as a registry does.
pub(crate) fn is_registry(path: &Path) -> Result<bool> {
    let Found { look, .. } = Found::at(path)?;
    Ok(look.header.starts_with(MAGIC) && look.number(68) == schema::APPLICATION_ID)
}

/// The error for a registry that failed while it was read. Neither sentence nor cause holds a value of a row.
pub(crate) fn read_failed(path: &Path, error: rusqlite::Error) -> Error {
    let shown = path.display();
    let error = match error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                return damaged(path, "its pages do not fit together").cause(failure);
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                return Error::new(Code::DbBusy, format!("Another program is writing {shown}."))
                    .hint("Wait until it has finished, then try again.")
                    .cause(failure);
            }
            ErrorCode::ReadOnly => {
                return Error::new(Code::RegistryUnreadable, format!("{shown} was left in the middle of a change."))
                    .hint("Open it once with the program that wrote it, which then completes or undoes the change.")
                    .cause(failure);
            }
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure => {
                return Error::new(Code::RegistryUnreadable, format!("{shown} could not be read.")).cause(failure);
            }
            _ => rusqlite::Error::SqliteFailure(failure, None),
        },
        // A value of another type, or text that is not Unicode, is not what a registry holds.
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => return damaged(path, "a value in it cannot be what it says"),
        other => other,
    };
    Error::new(Code::Internal, format!("A question to {shown} failed.")).cause(error)
}

/// The error for a registry whose content cannot be.
pub(crate) fn damaged(path: &Path, why: &str) -> Error {
    Error::new(Code::RegistryCorrupt, format!("{} is damaged: {why}.", path.display()))
        .hint("Restore it from a backup, or make it again from its source.")
}

impl Opened {
    /// In a file that nothing locks: `DB_BUSY` when it is no longer the one that was opened.
    pub(crate) fn unchanged(&self) -> Result<()> {
        let Some(before) = &self.unlocked else { return Ok(()) };
        let now = Look::at(&self.path).map_err(|error| unopened(&self.path, error))?;
        if now == *before {
            return Ok(());
        }
        Err(Error::new(Code::DbBusy, format!("Another program changed {} while it was read.", self.path.display()))
            .hint("Wait until it has finished, then try again."))
    }

    /// Makes the connection one that only asks and trusts nothing.
    fn guard(&self) -> Result<()> {
        let failed = |error| read_failed(&self.path, error);
        self.connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(failed)?;
        self.connection
            .execute_batch(
                "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
                 PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;",
            )
            .map_err(failed)
    }

    fn prepare(&mut self) -> Result<()> {
        self.guard()?;
        let failed = |error| read_failed(&self.path, error);
        // Once more through SQLite: a WAL can hold a newer header than the file does.
        let number = |name| self.connection.pragma_query_value(None, name, |row| row.get(0)).map_err(failed);
        let version = number("user_version")?;
        recognise(&self.path, number("application_id")?, version)
            .map_err(|error| known_source(&self.path, &self.connection, error))?;
        if let Some(what) = schema::lacks(&self.connection, version).map_err(failed)? {
            return Err(damaged(&self.path, &what));
        }
        self.version = version;
        Ok(())
    }
}

/// A regular file, and what decides how it is read.
struct Found {
    /// Canonical.
    path: PathBuf,
    look: Look,
    on_network: bool,
}

impl Found {
    fn at(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|error| unopened(path, error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "not a regular file" };
            return Err(Error::new(Code::RegistryUnreadable, format!("{} is {what}, not a registry file.", path.display()))
                .hint("Name the registry file itself, such as registry.sqlite in that folder."));
        }
        let path = std::fs::canonicalize(path).map_err(|error| unopened(path, error))?;
        let look = Look::at(&path).map_err(|error| unopened(&path, error))?;
        let on_network = crate::platform::on_network(&path).map_err(|error| unopened(&path, error))?;
        Ok(Self { path, look, on_network })
    }
}

/// What can be seen of a database file without SQLite.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Look {
    header: Vec<u8>,
    bytes: u64,
    modified: Option<SystemTime>,
    wal_bytes: u64,
    identity: Option<(u64, u64)>,
}

impl Look {
    fn at(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        file.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        let wal_bytes = match std::fs::metadata(beside(path, "-wal")) {
            Ok(wal) => wal.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let identity = crate::platform::identity(&metadata);
        Ok(Self { header, bytes: metadata.len(), modified: metadata.modified().ok(), wal_bytes, identity })
    }

    fn is_database(&self, path: &Path) -> Result<()> {
        if self.bytes == 0 {
            return Err(damaged(path, "it is empty"));
        }
        if self.header.len() < HEADER_BYTES || !self.header.starts_with(MAGIC) {
            return Err(damaged(path, "it does not begin as an SQLite file does"));
        }
        Ok(())
    }

    fn judge(&self, path: &Path) -> Result<()> {
        self.is_database(path)?;
        // With frames in a WAL the numbers of this header may be old: SQLite is asked instead.
        if self.has_frames() { Ok(()) } else { recognise(path, self.number(68), self.number(60)) }
    }

    fn number(&self, at: usize) -> i32 {
        self.header.get(at..at + 4).map_or(0, |bytes| bytes.iter().fold(0, |number, byte| (number << 8) | i32::from(*byte)))
    }

    fn in_wal_mode(&self) -> bool {
        self.header.get(18..20).is_some_and(|versions| versions != [1, 1])
    }

    fn has_frames(&self) -> bool {
        self.in_wal_mode() && self.wal_bytes > 0
    }
}

fn recognise(path: &Path, application_id: i32, version: i32) -> Result<()> {
    let shown = path.display();
    if application_id != schema::APPLICATION_ID {
        return Err(Error::new(
            Code::RegistryForeign,
            format!("{shown} belongs to another application; it is not a Sheaf registry."),
        )
        .hint("Name a Sheaf registry file."));
    }
    if version > schema::VERSION {
        return Err(Error::new(
            Code::RegistryNewer,
            format!(
                "{shown} was made by a newer Sheaf (registry version {version}; this one reads up to version {}).",
                schema::VERSION
            ),
        )
        .hint("Update Sheaf, then open it again."));
    }
    if version < schema::OLDEST {
        return Err(Error::new(
            Code::RegistryOlder,
            format!(
                "{shown} was made by an older Sheaf (registry version {version}; this one reads from version {}).",
                schema::OLDEST
            ),
        )
        .hint("Make it again from its source with this Sheaf."));
    }
    Ok(())
}

/// A database of an application that Sheaf will read is told from one that it never will.
fn known_source(path: &Path, connection: &Connection, error: Error) -> Error {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table'
                 AND (name LIKE '%fileregistry' OR name = 'medical_examinations_fact'))";
    let is_source = || connection.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap_or(false);
    if error.code() != Code::RegistryForeign || !is_source() {
        return error;
    }
    let shown = path.display();
    Error::new(
        Code::NotYet,
        format!("{shown} is a database of another application, which this version of Sheaf cannot read yet."),
    )
    .hint("Name a Sheaf registry file; `sheaf demo DIR` makes one to try.")
}

fn unopened(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Error::new(Code::RegistryMissing, format!("There is no registry at {shown}."))
                .hint("Check the path; `sheaf demo DIR` makes one to try.")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::RegistryUnreadable, format!("{shown} may not be read by this account."))
                .hint("Ask its owner for the right to read it.")
        }
        _ => Error::new(Code::RegistryUnreadable, format!("{shown} could not be read.")),
    }
    .cause(error)
}

fn not_in_place(path: &Path, on_network: bool) -> Error {
    let why = if on_network { "lies on a network file system" } else { "has changes that are not merged into it yet" };
    Error::new(Code::RegistryUnreadable, format!("{} {why} and cannot be read in place.", path.display())).hint(
        if on_network {
            "Copy it to a local disk and open the copy."
        } else {
            "Close the program that writes it, then try again."
        },
    )
}

/// Copies the database and its WAL into a new private folder in `scratch`, until two looks agree.
fn copied(path: &Path, scratch: &Path) -> Result<TempDir> {
    let failed = |error: io::Error| {
        Error::new(Code::RegistryUnreadable, format!("{} could not be copied for reading.", path.display())).cause(error)
    };
    for _ in 0..COPY_TRIES {
        let folder = crate::platform::private_folder(scratch).map_err(failed)?;
        let copy = folder.path().join("registry.sqlite");
        let before = Look::at(path).map_err(failed)?;
        let checksum = copy_file(path, Some(&copy)).map_err(failed)?;
        let wal = beside(path, "-wal");
        let wal_checksum =
            if before.has_frames() { Some(copy_file(&wal, Some(&beside(&copy, "-wal"))).map_err(failed)?) } else { None };
        let again = copy_file(path, None).map_err(failed)?;
        let wal_again = if before.has_frames() { copy_file(&wal, None).ok() } else { None };
        if again == checksum && wal_again == wal_checksum && Look::at(path).map_err(failed)? == before {
            return Ok(folder);
        }
    }
    Err(Error::new(Code::DbBusy, format!("Another program keeps changing {}.", path.display()))
        .hint("Wait until it has finished, then try again."))
}

/// Reads a file to its end, into `to` if given; the CRC-32 and length of what was read.
fn copy_file(from: &Path, to: Option<&Path>) -> io::Result<(u32, u64)> {
    let mut source = File::open(from)?;
    let mut target = to.map(|to| File::options().write(true).create_new(true).open(to)).transpose()?;
    let mut checksum = crc32fast::Hasher::new();
    let mut length = 0;
    let mut block = vec![0; 1 << 20];
    loop {
        let read = match source.read(&mut block) {
            Ok(0) => return Ok((checksum.finalize(), length)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        checksum.update(&block[..read]);
        length += read as u64;
        if let Some(target) = &mut target {
            target.write_all(&block[..read])?;
        }
    }
}

/// The path of a file that SQLite keeps beside the database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The path as an SQLite URI: every byte that could mean something there is escaped.
fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let digit = |nibble| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
            uri.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    uri.push('?');
    uri.push_str(parameters);
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_reading_has_its_code_and_shows_no_value() {
        use rusqlite::ffi;
        let path = Path::new("registry.sqlite");
        let table = [
            (ffi::SQLITE_CORRUPT, Code::RegistryCorrupt),
            (ffi::SQLITE_NOTADB, Code::RegistryCorrupt),
            (ffi::SQLITE_BUSY, Code::DbBusy),
            (ffi::SQLITE_LOCKED, Code::DbBusy),
            (ffi::SQLITE_READONLY, Code::RegistryUnreadable),
            (ffi::SQLITE_CANTOPEN, Code::RegistryUnreadable),
            (ffi::SQLITE_PERM, Code::RegistryUnreadable),
            (ffi::SQLITE_IOERR, Code::RegistryUnreadable),
            (ffi::SQLITE_MISUSE, Code::Internal),
        ];
        for (number, code) in table {
            let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(number), Some("Ada Lovelace".to_owned()));
            let error = read_failed(path, failure);
            assert_eq!(error.code(), code, "SQLite's result code {number}");
            assert!(!format!("{error:?}").contains("Ada"), "SQLite's own message can hold a value of a row");
        }
        let wrong_type = rusqlite::Error::InvalidColumnType(0, "name".to_owned(), rusqlite::types::Type::Blob);
        assert_eq!(read_failed(path, wrong_type).code(), Code::RegistryCorrupt, "a blob is no name");
        assert_eq!(read_failed(path, rusqlite::Error::QueryReturnedNoRows).code(), Code::Internal, "a fault of ours");
    }

    #[test]
    fn an_uri_escapes_what_could_mean_something() {
        assert_eq!(uri(Path::new("/a b/c?d#e%f.sqlite"), "mode=ro"), "file:/a%20b/c%3fd%23e%25f.sqlite?mode=ro");
    }

    #[test]
    fn a_network_file_system_is_named_as_the_reason() {
        assert!(not_in_place(Path::new("x"), true).message().contains("network"), "the reason decides the next step");
        assert!(!not_in_place(Path::new("x"), false).message().contains("network"), "frames are another reason");
    }

    #[test]
    fn a_look_that_cannot_be_had_is_an_error_with_its_cause() {
        use std::io::{Error, ErrorKind};
        let table = [
            (ErrorKind::NotFound, Code::RegistryMissing),
            (ErrorKind::NotADirectory, Code::RegistryMissing),
            (ErrorKind::PermissionDenied, Code::RegistryUnreadable),
            (ErrorKind::Other, Code::RegistryUnreadable),
        ];
        for (kind, code) in table {
            let error = unopened(Path::new("x"), Error::from(kind));
            assert_eq!(error.code(), code, "{kind:?}");
            assert!(std::error::Error::source(&error).is_some(), "{kind:?}: the report needs the cause");
        }
    }
}
