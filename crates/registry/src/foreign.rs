//! A database of another application, opened under the rules of a registry: strictly for reading, nothing left beside it.
//!
//! Deliberately absent: what its tables mean.

use std::path::Path;

use rusqlite::{Connection, Transaction};
use tempfile::TempDir;

use crate::error::{Code, Error, Result};
use crate::open::{self, Opened};

/// A foreign `SQLite` database, open for reading.
pub struct ForeignDatabase {
    opened: Opened,
}

impl ForeignDatabase {
    /// Opens the database at `path`. One that cannot be read in place (it lies on a network file system, or its WAL holds
    /// changes) is read as a copy in a new private folder in `scratch`, which goes away with this value.
    ///
    /// # Errors
    /// `REGISTRY_MISSING`, `REGISTRY_UNREADABLE`, `REGISTRY_CORRUPT`, `DB_BUSY`.
    pub fn open(path: &Path, scratch: &Path) -> Result<Self> {
        Ok(Self { opened: open::open_foreign(path, scratch)? })
    }

    /// Canonical path of the file that was named.
    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// The connection; no statement of it can write.
    pub fn connection(&self) -> &Connection {
        &self.opened.connection
    }

    /// Until it is dropped, all questions see the database as it is at the first of them.
    ///
    /// # Errors
    /// Those of reading.
    pub fn snapshot(&self) -> Result<Transaction<'_>> {
        self.connection().unchecked_transaction().map_err(|error| self.failed(error))
    }

    /// `DB_BUSY` when the file changed where nothing locks it; to be asked after the last row.
    ///
    /// # Errors
    /// `DB_BUSY`, `REGISTRY_UNREADABLE`.
    pub fn unchanged(&self) -> Result<()> {
        self.opened.unchanged()
    }

    /// The error for a question that failed. It holds no value of a row.
    pub fn failed(&self, error: rusqlite::Error) -> Error {
        open::read_failed(self.path(), error)
    }
}

/// A new folder in `scratch` that only this account may enter; it is removed when dropped.
///
/// # Errors
/// `NO_SPACE`, `HOME_UNUSABLE`.
pub fn private_folder(scratch: &Path) -> Result<TempDir> {
    crate::platform::private_folder(scratch).map_err(|error| {
        let full = error.kind() == std::io::ErrorKind::StorageFull;
        let code = if full { Code::NoSpace } else { Code::HomeUnusable };
        Error::new(code, format!("No folder could be made in {}.", scratch.display()))
            .hint("Check that there is room and that it can be written.")
            .cause(error)
    })
}
