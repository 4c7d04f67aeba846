//! The tables of a source as they are asked: columns may be absent, and a value may be of another type than it should be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use crate::report::{Odd, Oddities};

/// The next step where a row breaks a rule.
pub(super) const MEND: &str = "Mend the row in the source, then read it again.";

/// So often, in rows, is the flag looked at and a number told.
pub(super) const STEP: u64 = 1024;

/// The tables of a database and their columns.
pub(super) struct Tables<'a> {
    connection: &'a Connection,
    /// The source as its user named it, for errors.
    source: &'a Path,
    failed: &'a dyn Fn(rusqlite::Error) -> Error,
    cancel: &'a Cancel,
    columns: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Tables<'a> {
    pub(super) fn read(
        connection: &'a Connection,
        source: &'a Path,
        failed: &'a dyn Fn(rusqlite::Error) -> Error,
        cancel: &'a Cancel,
    ) -> Result<Self> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = connection
                .prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'")?;
            let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                columns.entry(row.get(0)?).or_default().insert(row.get(1)?);
            }
            columns.retain(|name, _| is_plain(name));
            Ok(columns)
        };
        Ok(Self { connection, source, failed, cancel, columns: read().map_err(failed)? })
    }

    /// The source as its user named it.
    pub(super) fn source(&self) -> &Path {
        self.source
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.columns.contains_key(table)
    }

    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.columns.get(table).is_some_and(|columns| columns.contains(column))
    }

    pub(super) fn count(&self, table: &str) -> Result<u64> {
        if !self.has(table) {
            return Ok(0);
        }
        let sql = format!("SELECT count(*) FROM \"{table}\"");
        let count = self.connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map_err(self.failed)?;
        Ok(count.cast_unsigned())
    }

    /// Hands on every row of a table, in the order of its first column, which is its id. A column that the table lacks is
    /// empty in every row; a table that is not there has no rows.
    pub(super) fn each(&self, table: &str, columns: &[&str], take: &mut dyn FnMut(&Cells<'_>) -> Result<()>) -> Result<()> {
        if !columns.first().is_some_and(|id| self.has_column(table, id)) {
            return Ok(());
        }
        let column = |name: &&str| if self.has_column(table, name) { format!("\"{name}\"") } else { "NULL".to_owned() };
        let list: Vec<String> = columns.iter().map(column).collect();
        let sql = format!("SELECT {} FROM \"{table}\" ORDER BY 1", list.join(", "));
        let mut statement = self.connection.prepare(&sql).map_err(self.failed)?;
        let mut rows = statement.query([]).map_err(self.failed)?;
        let mut taken = 0_u64;
        while let Some(row) = rows.next().map_err(self.failed)? {
            if taken.is_multiple_of(STEP) {
                self.cancel.check()?;
            }
            taken += 1;
            let mut cells = Cells { row, table, id: 0 };
            cells.id = cells.int(0).ok_or_else(|| row_error(table, "a row has no number as its id"))?;
            take(&cells)?;
        }
        Ok(())
    }
}

/// Whether a name looks like one of Django's; what does not is none of its.
pub(super) fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One row.
pub(super) struct Cells<'r> {
    row: &'r Row<'r>,
    table: &'r str,
    /// Its first column.
    pub(super) id: i64,
}

impl<'r> Cells<'r> {
    /// A text; numbers are written out.
    pub(super) fn text(&self, at: usize) -> Result<Option<Cow<'r, str>>> {
        match self.value(at) {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number.to_string().into())),
            ValueRef::Real(number) => Ok(Some(number.to_string().into())),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text.into())),
                Err(_) => Err(Error::new(
                    Code::SourceEncoding,
                    format!("A text in row {} of the table {} is not UTF-8.", self.id, self.table),
                )
                .hint("Mend the row in the source; a dump is made again with --default-character-set=utf8mb4.")),
            },
        }
    }

    /// A text that is empty where there is none.
    pub(super) fn word(&self, at: usize) -> Result<Cow<'r, str>> {
        Ok(self.text(at)?.unwrap_or_default())
    }

    /// A whole number.
    pub(super) fn int(&self, at: usize) -> Option<i64> {
        match self.value(at) {
            ValueRef::Integer(number) => Some(number),
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
            _ => None,
        }
    }

    /// A number that is not below zero.
    pub(super) fn count(&self, at: usize) -> Option<u64> {
        self.int(at).and_then(|number| u64::try_from(number).ok())
    }

    /// Yes or no; `None` where it is neither.
    pub(super) fn flag(&self, at: usize) -> Option<bool> {
        match self.int(at)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A time as Django writes it: UTC, without saying so.
    pub(super) fn time(&self, at: usize, odd: &mut Oddities) -> Result<Option<Timestamp>> {
        let Some(text) = self.text(at)? else { return Ok(None) };
        let time = text.parse::<Timestamp>().ok().or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
        });
        if time.is_none() {
            odd.note(Odd::TimeInvalid, self);
        }
        Ok(time)
    }

    /// The error for a row that contradicts itself or another.
    pub(super) fn contradicts(&self, error: Error) -> Error {
        // Only what the rows themselves cause: a full disk stays one.
        if error.code() != Code::Internal {
            return error;
        }
        row_error(self.table, &format!("row {} repeats what an earlier row says of itself", self.id)).cause(error)
    }

    /// What a column outside of the row cannot be.
    fn value(&self, at: usize) -> ValueRef<'r> {
        self.row.get_ref(at).unwrap_or(ValueRef::Null)
    }
}

impl std::fmt::Display for Cells<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.table, self.id)
    }
}

/// The error for a row that breaks a rule; `what` holds no value of it but its id.
pub(super) fn row_error(table: &str, what: &str) -> Error {
    Error::new(Code::SourceRow, format!("The table {table} cannot be read: {what}.")).hint(MEND)
}
