//! A dump or a server as an `SQLite` file: only the tables and columns that are read, in a folder that only this account may enter.
//!
//! So one mapping serves every way that the tables can come. A row is in memory at a time. Deliberately absent: passwords
//! and addresses of users; they are passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::fs::File;
use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};
use sheaf_registry::foreign::private_folder;
use sheaf_registry::{Code, Error, Names, Result};
use tempfile::TempDir;

use super::Options;
use super::cells::{is_plain, row_error};
use super::generation::unknown;
use crate::dump::{self, Ending, Sink, Value};
use crate::dump_file::{Watched, faulty, refused};

/// Tables that every generation has.
pub(super) const TABLES: [&str; 4] = ["auth_user", "common_modality", "common_project", "common_projectaccess"];

/// End of the name of the table that makes a database a `FileRegistry`.
const FILES: &str = "_fileregistry";

/// Ends of the names of the others.
const ENDS: [&str; 10] = [
    "_export",
    FILES,
    "_folder",
    "_folder_access",
    "_folderaccess",
    "_patient",
    "_patient_folders",
    "_patient_tags",
    "_tag",
    "_userprofile",
];

/// Columns that are read in any table, besides those that end in `patient_id`.
const COLUMNS: [&str; 37] = [
    "can_view",
    "completed_at",
    "created_at",
    "deleted",
    "domain",
    "error_message",
    "file_hash",
    "file_path",
    "file_size",
    "file_type",
    "folder_id",
    "id",
    "is_active",
    "is_staff",
    "label",
    "metadata",
    "modality_id",
    "name",
    "parent_id",
    "patient_count",
    "patient_id",
    "project_id",
    "query_params",
    "query_summary",
    "role",
    "share_mode",
    "slug",
    "started_at",
    "status",
    "subtype",
    "subtypes",
    "supported_extensions",
    "tag_id",
    "uploaded_at",
    "user_id",
    "username",
    "visibility",
];

/// Columns that hold names of patients, or may hold one that was searched for; the ends of the names of their tables before them.
const NAMING: [(&str, &str); 4] =
    [("_patient", "name"), ("_export", "query_params"), ("_export", "query_summary"), ("_export", "error_message")];

/// The next step where a dump is none.
const MAKE_AGAIN: &str = "Make the dump again with mysqldump or mariadb-dump.";

/// A staged source; its file goes away with it.
pub(super) struct Staged {
    // Before the folder, so that the file is closed when it is removed.
    pub(super) connection: Connection,
    /// It came from a dump that does not say where it ends.
    pub(super) may_be_cut: bool,
    _folder: TempDir,
}

impl Staged {
    /// Reads the dump at `path` into a new folder in `scratch`.
    ///
    /// # Errors
    /// `DUMP_CUT`, `DUMP_MALFORMED`, `SOURCE_UNKNOWN` for what is no dump, `SOURCE_ROW` for a row whose id is none or not
    /// its own, `NO_SPACE`, `CANCELLED`.
    pub(super) fn read(path: &Path, file: File, names: Names, options: &Options<'_>) -> Result<Self> {
        let cancel = options.cancel;
        let input = Watched::new(file, cancel, options.observer);
        Self::fill(path, names, options.scratch, |stage| {
            stage.counted = " of an INSERT";
            let ending = dump::read(input, stage).map_err(|error| {
                let is_dump = stage.is_dump;
                refused(path, error, cancel, |error| {
                    if is_dump { faulty(path, error).hint(MAKE_AGAIN) } else { unknown(path).cause(error) }
                })
            })?;
            stage.may_be_cut = ending == Ending::Unsaid;
            Ok(())
        })
    }

    /// Keeps in a new folder in `scratch` what `read` brings.
    pub(super) fn fill(
        source: &Path,
        names: Names,
        scratch: &Path,
        read: impl FnOnce(&mut Stage<'_>) -> Result<()>,
    ) -> Result<Self> {
        let folder = private_folder(scratch)?;
        let staged = |error| stage_failed(source, error);
        let connection = Connection::open(folder.path().join("stage.sqlite")).map_err(staged)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;
                 PRAGMA cache_size = -32768; BEGIN",
            )
            .map_err(staged)?;
        let mut stage = Stage {
            connection: &connection,
            source,
            names,
            tables: BTreeMap::new(),
            is_elsewhere: false,
            current: None,
            counted: "",
            is_dump: false,
            may_be_cut: false,
        };
        read(&mut stage)?;
        let may_be_cut = stage.may_be_cut;
        connection.execute_batch("COMMIT; PRAGMA query_only = ON").map_err(staged)?;
        Ok(Self { connection, may_be_cut, _folder: folder })
    }
}

/// Takes the rows that are wanted.
pub(super) struct Stage<'a> {
    connection: &'a Connection,
    /// The source as its user named it.
    source: &'a Path,
    /// Whether names of patients are wanted.
    names: Names,
    /// Wanted tables that were made, and their columns.
    tables: BTreeMap<String, Vec<String>>,
    /// They are those of a database before this one: of several in a dump, one is a `FileRegistry`.
    is_elsewhere: bool,
    current: Option<Insert>,
    /// From where rows are counted, for errors.
    counted: &'static str,
    /// Whether a table stood in it.
    is_dump: bool,
    /// Whether it does not say where it ends.
    may_be_cut: bool,
}

/// How the rows of one table are taken.
struct Insert {
    sql: String,
    /// Which values of a row are wanted, in order; the first is the id, if the table has one.
    wanted: Vec<usize>,
    has_id: bool,
    rows: u64,
}

impl Stage<'_> {
    fn make(&mut self, name: &str, columns: &[String]) -> Result<()> {
        self.is_dump = true;
        if self.is_elsewhere {
            return if name.ends_with(FILES) { Err(self.several()) } else { Ok(()) };
        }
        if !is_wanted_table(name) || self.tables.contains_key(name) {
            return Ok(());
        }
        let wanted: Vec<String> =
            columns.iter().filter(|column| is_wanted_column(name, column, self.names)).cloned().collect();
        let names: BTreeSet<String> = wanted.iter().map(|column| column.to_lowercase()).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        // Neither MySQL nor SQLite tells names apart by their case.
        if names.len() < wanted.len() || self.tables.keys().any(|table| table.eq_ignore_ascii_case(name)) {
            let error =
                Error::new(Code::DumpMalformed, format!("The dump {} defines something twice.", self.source.display()));
            return Err(error.hint(MAKE_AGAIN));
        }
        let id = id_column(name, &wanted);
        let define = |column: &String| {
            let key = if Some(column.as_str()) == id { " INTEGER PRIMARY KEY" } else { "" };
            format!("\"{column}\"{key}")
        };
        let list: Vec<String> = wanted.iter().map(define).collect();
        let sql = format!("CREATE TABLE \"{name}\" ({})", list.join(", "));
        self.connection.execute_batch(&sql).map_err(|error| stage_failed(self.source, error))?;
        self.tables.insert(name.to_owned(), wanted);
        Ok(())
    }

    fn several(&self) -> Error {
        let message = format!("The dump {} holds more than one FileRegistry.", self.source.display());
        Error::new(Code::SourceUnknown, message).hint("Make a dump of one database alone: mysqldump DATABASE.")
    }

    /// Tables of another database follow. Those before are kept where they are of a `FileRegistry`, else they are of something else.
    fn leave_database(&mut self) -> Result<()> {
        self.is_elsewhere = self.tables.keys().any(|table| table.ends_with(FILES));
        if !self.is_elsewhere {
            for table in std::mem::take(&mut self.tables).into_keys() {
                let drop = self.connection.execute_batch(&format!("DROP TABLE \"{table}\""));
                drop.map_err(|error| stage_failed(self.source, error))?;
            }
        }
        Ok(())
    }

    /// Rows of this table come, with these columns; the answer says whether they are wanted.
    pub(super) fn begin(&mut self, name: &str, columns: &[String]) -> Result<bool> {
        self.make(name, columns)?;
        let Some(made) = self.tables.get(name).filter(|_| !self.is_elsewhere) else {
            self.current = None;
            return Ok(false);
        };
        let id = id_column(name, made);
        // A list of columns of its own can stand in another order and name fewer.
        let mut wanted: Vec<usize> = (0..columns.len())
            .filter(|at| made.contains(&columns[*at]) && !columns[..*at].contains(&columns[*at]))
            .collect();
        wanted.sort_by_key(|at| Some(columns[*at].as_str()) != id);
        let names: Vec<String> = wanted.iter().map(|at| format!("\"{}\"", columns[*at])).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO \"{name}\" ({}) VALUES ({marks})", names.join(", "));
        let has_id = wanted.first().is_some_and(|at| Some(columns[*at].as_str()) == id);
        self.current = Some(Insert { sql, wanted, has_id, rows: 0 });
        Ok(true)
    }

    /// Keeps a row of the table that was begun.
    pub(super) fn take(&mut self, table: &str, values: &[Value]) -> Result<()> {
        let Some(insert) = &mut self.current else { return Ok(()) };
        insert.rows += 1;
        if insert.has_id && !matches!(values[insert.wanted[0]], Value::Number(_)) {
            return Err(row_error(table, &format!("row {}{} has no number as its id", insert.rows, self.counted)));
        }
        let cells = insert.wanted.iter().map(|at| cell(&values[*at]));
        let add = || self.connection.prepare_cached(&insert.sql)?.execute(params_from_iter(cells));
        match add() {
            Ok(_) => Ok(()),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
                    let why = format!("row {}{} has an id that is no number or not its own", insert.rows, self.counted);
                    Err(row_error(table, &why))
                }
                _ => Err(stage_failed(self.source, error)),
            },
        }
    }
}

impl Sink for Stage<'_> {
    fn database(&mut self, _: &str) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.leave_database()?)
    }

    fn wants(&self, name: &str) -> bool {
        is_wanted_table(name) && !self.is_elsewhere
    }

    fn defined(&mut self, name: &str, columns: &[String]) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.make(name, columns)?)
    }

    fn table(&mut self, name: &str, columns: &[String]) -> Result<bool, Box<dyn StdError + Send + Sync>> {
        Ok(self.begin(name, columns)?)
    }

    fn row(&mut self, table: &str, _: &[String], values: &[Value]) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.take(table, values)?)
    }
}

pub(super) fn is_wanted_table(name: &str) -> bool {
    TABLES.contains(&name) || (ENDS.iter().any(|end| name.ends_with(end)) && is_plain(name))
}

pub(super) fn is_wanted_column(table: &str, name: &str, names: Names) -> bool {
    let is_read = COLUMNS.contains(&name) || (name.ends_with("_patient_id") && is_plain(name));
    is_read && !(names == Names::LeftOut && NAMING.iter().any(|(end, naming)| table.ends_with(end) && *naming == name))
}

/// The column that tells the rows of a table apart.
fn id_column<'a>(table: &str, columns: &'a [String]) -> Option<&'a str> {
    let names: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
    let own = if table.ends_with("_patient") { "patient_id" } else { "id" };
    names.get(own).copied()
}

fn cell(value: &Value) -> ToSqlOutput<'_> {
    let text = |text: &'_ str| -> ToSqlOutput<'static> { ToSqlOutput::from(text.to_owned()) };
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Number(digits) => match digits.parse::<i64>() {
            Ok(number) => ValueRef::Integer(number),
            Err(_) => return text(digits),
        },
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        // Text that was written as bytes is text; what is none is said when it is read.
        Value::Bytes(bytes) => {
            if std::str::from_utf8(bytes).is_ok() {
                ValueRef::Text(bytes)
            } else {
                ValueRef::Blob(bytes)
            }
        }
    })
}

fn stage_failed(path: &Path, error: rusqlite::Error) -> Error {
    let shown = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
            Error::new(Code::NoSpace, format!("There is no room to read {shown}."))
                .hint("Make room on the disk of Sheaf's home, then try again.")
        }
        _ => Error::new(Code::Internal, format!("The rows of {shown} could not be kept.")),
    }
    .cause(error)
}
