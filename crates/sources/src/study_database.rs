//! A database of studies, read into a registry: the table `medical_examinations_fact`, from a plain `pg_dump`, a `dumpdata` of
//! Django, a Django `SQLite` file or a live `PostgreSQL`.
//!
//! Every row is held against the rules of [`crate::study_list`], and one that breaks them is rejected whole and told. Times
//! without an offset are UTC, as Django stores them. Deliberately absent: every other table, and writing to a source.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::types::ValueRef;
use sheaf_registry::error::Detail;
use sheaf_registry::foreign::{ForeignDatabase, private_folder};
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_registry::studies::StudyField;
use sheaf_registry::{Code, Error, Names, RegistryWriter, Result};

use crate::bytes::unzipped;
use crate::dump::{Sink, Value};
use crate::dump_file::{Watched, faulty, malformed, refused};
use crate::file_registry::{STATE, not_onto_itself};
use crate::pg_dump;
use crate::server::{Login, Peer, persistently};
use crate::sheet::{Cell, text};
pub use crate::study_rows::StudyReport;
use crate::study_rows::{StudyColumn, StudyRows};

mod dumpdata;
mod live;

/// The table.
pub const TABLE: &str = "medical_examinations_fact";
/// Rows between two looks at whether to stop.
const STEP: u64 = 1024;
/// Rejected rows that an error tells.
const TOLD: usize = 10;
/// How a file of `SQLite` begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// So much of a file is looked at to tell what it is.
const HEAD: u64 = 4096;

/// How a source is read.
pub struct Options<'a> {
    /// Where copies may lie while it is read; private patient data.
    pub scratch: &'a Path,
    /// What the registry says of its age.
    pub now: Timestamp,
    /// To stop it.
    pub cancel: &'a Cancel,
    /// Told how far it is: bytes of a file, or rows.
    pub observer: &'a dyn Observer,
}

/// Whether what begins so, unpacked, is a dump of studies: of `pg_dump`, or a `dumpdata`.
pub fn is_dump(head: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    head.starts_with(pg_dump::ARCHIVE)
        || has(b"-- PostgreSQL database ")
        || has(b"\nCOPY ")
        || has(b"SET client_encoding")
        || is_json(head)
}

/// Whether it is a list of objects, or objects one after another.
fn is_json(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    head.starts_with(b"[") || (head.starts_with(b"{") && memchr::memmem::find(head, b"\"model\"").is_some())
}

/// Whether an `SQLite` file holds studies, and no registry of files.
///
/// # Errors
/// Those of opening it.
pub fn is_database(path: &Path, scratch: &Path) -> Result<bool> {
    let database = ForeignDatabase::open(path, scratch)?;
    let sql = "SELECT count(*) FILTER (WHERE name = ?1) > 0 AND count(*) FILTER (WHERE name LIKE '%\\_fileregistry' ESCAPE '\\') = 0
               FROM sqlite_schema WHERE type IN ('table', 'view')";
    database.connection().query_row(sql, [TABLE], |row| row.get(0)).map_err(|error| database.failed(error))
}

/// Reads the file at `source` into the registry that `writer` makes, and finishes it. On an error nothing of it stays, and a
/// registry that was to be replaced is as it was.
///
/// # Errors
/// `SOURCE_UNKNOWN` where it holds no studies; `DUMP_CUT`, `DUMP_MALFORMED`, `SOURCE_ENCODING`; `SOURCE_ROW` where no row is a
/// study; `CANCELLED`; those of opening and of writing.
pub fn sync(source: &Path, mut writer: RegistryWriter, options: &Options<'_>) -> Result<StudyReport> {
    not_onto_itself(source, &writer)?;
    let report = {
        let mut table = Table::new(source, &mut writer);
        match head_of(source)? {
            head if head.starts_with(SQLITE) => of_sqlite(source, &mut table, options)?,
            head => of_dump(source, &head, &mut table, options)?,
        }
        table.report()?
    };
    // As of a list, its folder says nothing.
    finish(writer, &source.file_name().unwrap_or(source.as_os_str()).to_string_lossy(), &report, options)?;
    Ok(report)
}

/// Reads the table of a live server likewise, in one snapshot. The server is only ever asked. Where it goes away in the middle it is read
/// again after each of these pauses. `None` where everything is as it was when the state `known` was noted: then nothing is written.
///
/// # Errors
/// Those of [`sync`] but of a dump; `SOURCE_DENIED`, `SOURCE_UNREACHABLE`, `SOURCE_UNTRUSTED`, `SOURCE_PRIVILEGE`, `SOURCE_LOST`.
pub fn sync_live(
    login: &Login,
    mut writer: RegistryWriter,
    known: Option<&str>,
    pauses: &[Duration],
    options: &Options<'_>,
) -> Result<Option<StudyReport>> {
    let name = PathBuf::from(login.server.to_string());
    let read = || {
        writer.attempt(|writer| {
            let mut table = Table::new(&name, writer);
            let state = live::read(login, &mut table, options)?;
            if known == Some(&state) { Ok(None) } else { Ok(Some((table.report()?, state))) }
        })
    };
    let Some((report, state)) = persistently(pauses, options.cancel, read)? else { return Ok(None) };
    writer.info(STATE, &state)?;
    finish(writer, &name.to_string_lossy(), &report, options)?;
    Ok(Some(report))
}

/// Asks a server whether it holds studies that may be read, and how many rows of them.
///
/// # Errors
/// Those of [`sync_live`].
pub fn look_live(login: &Login, options: &Options<'_>) -> Result<(Peer, u64)> {
    let name = PathBuf::from(login.server.to_string());
    let folder = private_folder(options.scratch)?;
    // It takes columns, and is dropped before it is a registry.
    let mut writer = RegistryWriter::create(&folder.path().join("columns.sqlite"))?;
    live::look(login, &mut Table::new(&name, &mut writer), options)
}

fn finish(mut writer: RegistryWriter, source: &str, report: &StudyReport, options: &Options<'_>) -> Result<()> {
    for oddity in report.oddities("row") {
        writer.oddity(&oddity)?;
    }
    writer.info("source", source)?;
    writer.info("synced_at", &options.now.to_string())?;
    options.cancel.check()?;
    writer.finish()
}

/// How a file begins, unpacked. What is damaged is told when it is read.
fn head_of(source: &Path) -> Result<Vec<u8>> {
    let unreadable = |error| {
        Error::new(Code::RegistryUnreadable, format!("{} could not be read.", source.display()))
            .hint("Check its disk or network, then try again.")
            .cause(error)
    };
    let file = File::open(source).map_err(unreadable)?;
    let mut head = Vec::new();
    let _ = unzipped(file).map_err(unreadable)?.take(HEAD).read_to_end(&mut head);
    Ok(head)
}

fn of_dump(source: &Path, head: &[u8], table: &mut Table<'_>, options: &Options<'_>) -> Result<()> {
    let file = File::open(source).map_err(|error| {
        Error::new(Code::RegistryUnreadable, format!("The dump {} could not be read.", source.display())).cause(error)
    })?;
    let input = Watched::new(file, options.cancel, options.observer);
    let (read, again) = if is_json(head) {
        (dumpdata::read(input, table), "Make it again with manage.py dumpdata and wait until it is whole.")
    } else {
        (
            pg_dump::read(input, table).map(drop),
            "Make the dump again with pg_dump --format=plain, with all partitions of its tables.",
        )
    };
    read.map_err(|error| refused(source, error, options.cancel, |error| faulty(source, error).hint(again)))
}

fn of_sqlite(source: &Path, table: &mut Table<'_>, options: &Options<'_>) -> Result<()> {
    let database = ForeignDatabase::open(source, options.scratch)?;
    let failed = |error| database.failed(error);
    let snapshot = database.snapshot()?;
    let is_there = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = ?1 AND type IN ('table', 'view')";
    if !snapshot.query_row(is_there, [TABLE], |row| row.get::<_, bool>(0)).map_err(failed)? {
        return Err(unknown(source));
    }
    let count = format!("SELECT count(*) FROM {TABLE}");
    let total: i64 = snapshot.query_row(&count, [], |row| row.get(0)).map_err(failed)?;
    let total = u64::try_from(total).unwrap_or_default();
    let mut statement = snapshot.prepare(&format!("SELECT * FROM {TABLE}")).map_err(failed)?;
    let columns: Vec<String> = statement.column_names().map(ToOwned::to_owned).collect();
    table.begin(TABLE, &columns)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        for at in 0..table.wanted.len() {
            let value = row.get_ref(table.wanted[at].0).map_err(failed)?;
            table.cells[at] = stored(value).ok_or_else(|| table.no_text())?;
        }
        table.take()?;
        if table.row.is_multiple_of(STEP) {
            options.cancel.check()?;
            options.observer.observe(&progress(table.row, total));
        }
    }
    drop(rows);
    drop(statement);
    drop(snapshot);
    database.unchanged()
}

/// A value of `SQLite`; `None` for text that is none.
fn stored(value: ValueRef<'_>) -> Option<Cell> {
    Some(match value {
        ValueRef::Null => Cell::Empty,
        ValueRef::Integer(number) => Cell::Text(number.to_string()),
        ValueRef::Real(number) => Cell::Number(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => text(std::str::from_utf8(bytes).ok()?),
    })
}

/// The error for a source without studies.
fn unknown(source: &Path) -> Error {
    Error::new(Code::SourceUnknown, format!("{} holds no studies: no table {TABLE} is in it.", source.display()))
        .hint("Name the database of the studies, or a dump of it.")
}

fn progress(rows: u64, total: u64) -> Progress {
    let total = total.max(rows);
    Progress { phase: Phase::Preparing, files_done: rows, files_total: total, bytes_done: 0, bytes_total: 0, current: None }
}

/// Takes the table of studies, whatever it comes from.
struct Table<'a> {
    source: &'a Path,
    writer: &'a mut RegistryWriter,
    rows: StudyRows<'a>,
    /// Its name with its schema, once it was met.
    name: Option<String>,
    /// Which values of a row are read, and as what.
    wanted: Vec<(usize, StudyColumn)>,
    /// The values of the row that comes next, each beside its column.
    cells: Vec<Cell>,
    /// Rows so far.
    row: u64,
    present: BTreeSet<StudyField>,
    ignored: BTreeSet<String>,
}

impl<'a> Table<'a> {
    fn new(source: &'a Path, writer: &'a mut RegistryWriter) -> Self {
        Self {
            source,
            writer,
            rows: StudyRows::new(const { &TimeZone::UTC }),
            name: None,
            wanted: Vec::new(),
            cells: Vec::new(),
            row: 0,
            present: BTreeSet::new(),
            ignored: BTreeSet::new(),
        }
    }

    /// Rows of the table come, with these columns.
    fn begin(&mut self, name: &str, columns: &[String]) -> Result<()> {
        if self.name.as_deref().is_some_and(|known| known != name) {
            let message = format!("{} holds two tables of studies.", self.source.display());
            return Err(Error::new(Code::SourceUnknown, message).hint("Make a dump of one of their schemas alone."));
        }
        self.name = Some(name.to_owned());
        self.wanted.clear();
        for (at, column) in columns.iter().enumerate() {
            match StudyColumn::named(column) {
                Some(known) if self.wanted.iter().any(|(_, taken)| *taken == known) => {
                    return Err(malformed(self.source, ": a column of its table is named twice").hint("Make it again."));
                }
                // A server is not even asked for them.
                Some(StudyColumn::Field(field @ StudyField::PatientName)) if self.writer.names() == Names::LeftOut => {
                    self.present.insert(field);
                }
                Some(known) => self.wanted.push((at, known)),
                None => drop(self.ignored.insert(column.clone())),
            }
        }
        self.present.extend(self.wanted.iter().filter_map(|(_, column)| column.field()));
        if !self.present.contains(&StudyField::ExamId) {
            return Err(Error::new(Code::SourceUnknown, format!("The table {name} has no column exam_id."))
                .hint("Name the database of the studies, or a dump of it."));
        }
        self.cells = vec![Cell::Empty; self.wanted.len()];
        Ok(())
    }

    /// Takes the row that stands in the cells.
    fn take(&mut self) -> Result<()> {
        self.row += 1;
        let columns = self.wanted.iter().map(|(_, column)| *column);
        self.rows.take(self.row, columns.zip(&self.cells), self.writer)
    }

    /// Takes a row whose values stand beside their columns, and notes the names of the others.
    fn take_named(&mut self, cells: &[(StudyColumn, Cell)], ignored: Vec<String>) -> Result<()> {
        self.name.get_or_insert_with(|| TABLE.to_owned());
        self.row += 1;
        self.present.extend(cells.iter().filter_map(|(column, _)| column.field()));
        self.ignored.extend(ignored);
        self.rows.take(self.row, cells.iter().map(|(column, cell)| (*column, cell)), self.writer)
    }

    /// The error for a text of the row that comes next which is none.
    fn no_text(&self) -> Error {
        let message = format!("Row {} of {} holds text that is not UTF-8.", self.row + 1, self.source.display());
        Error::new(Code::SourceEncoding, message).hint("Mend the row in the source, or make the dump again in UTF-8.")
    }

    /// What was read, when all of it was.
    fn report(self) -> Result<StudyReport> {
        if self.name.is_none() {
            return Err(unknown(self.source));
        }
        let mut report = self.rows.report;
        report.absent = StudyField::ALL.iter().copied().filter(|field| !self.present.contains(field)).collect();
        report.ignored = self.ignored.into_iter().collect();
        if report.studies == 0 && !report.rejected.is_empty() {
            let message = format!("No row of {} is a study.", self.source.display());
            return Err(Error::new(Code::SourceRow, message)
                .hint("Look at the rows that were rejected, and mend them in the source.")
                .details(report.rejected.iter().take(TOLD).map(|row| Detail::Text(format!("Row {row}")))));
        }
        Ok(report)
    }
}

impl Sink for Table<'_> {
    fn wants(&self, name: &str) -> bool {
        is_table(name)
    }

    fn defined(&mut self, name: &str, columns: &[String]) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if is_table(name) { Ok(self.begin(name, columns)?) } else { Ok(()) }
    }

    fn table(&mut self, name: &str, columns: &[String]) -> Result<bool, Box<dyn StdError + Send + Sync>> {
        if is_table(name) && !columns.is_empty() {
            self.begin(name, columns)?;
        }
        Ok(is_table(name))
    }

    fn row(&mut self, _: &str, _: &[String], values: &[Value]) -> Result<(), Box<dyn StdError + Send + Sync>> {
        for (cell, (at, _)) in self.cells.iter_mut().zip(&self.wanted) {
            *cell = match &values[*at] {
                Value::Null => Cell::Empty,
                Value::Number(digits) => Cell::Text(digits.clone()),
                Value::Text(value) => text(value),
                Value::Bytes(_) => return Err(self.no_text().into()),
            };
        }
        Ok(self.take()?)
    }
}

fn is_table(name: &str) -> bool {
    name.rsplit('.').next() == Some(TABLE)
}
