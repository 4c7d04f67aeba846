//! The sample registries: what a dump says is what the database says. Where they are not there, this is said and passed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sheaf_sources::dump::{self, Sink, Value};
use tempfile::TempDir;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples");

/// Table, then the rows as column and text, sorted.
type Tables = BTreeMap<String, Vec<BTreeMap<String, String>>>;

#[derive(Default)]
struct Rows(Tables);

impl Sink for Rows {
    fn table(&mut self, name: &str, _: &[String]) -> Result<bool, Box<dyn Error + Send + Sync>> {
        // What Django keeps for itself was made twice when the samples were.
        if ["django_", "auth_permission", "auth_group"].iter().any(|own| name.starts_with(own)) {
            return Ok(false);
        }
        self.0.entry(name.to_owned()).or_default();
        Ok(true)
    }

    fn row(&mut self, table: &str, columns: &[String], values: &[Value]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let value = |value: &Value| match value {
            Value::Null => "NULL".to_owned(),
            Value::Number(text) | Value::Text(text) => plain(text),
            Value::Bytes(bytes) => format!("{bytes:?}"),
        };
        let row = columns.iter().cloned().zip(values.iter().map(value)).collect();
        self.0.get_mut(table).ok_or("rows of a table that was not begun")?.push(row);
        Ok(())
    }
}

/// Times to the millisecond: the samples' dumps hold no more, and a time without a fraction is written in two ways.
fn plain(text: &str) -> String {
    let is_time = text.is_ascii() && text.len() >= 19 && text.as_bytes()[4] == b'-' && text.as_bytes()[13] == b':';
    if !is_time || text.len() > 26 {
        return text.to_owned();
    }
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{seconds}.{fraction:0<3.3}")
}

fn of_database(path: &Path, tables: &Tables) -> Tables {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database opens");
    let read = |table: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).expect("the table is there");
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut cursor = statement.query([]).expect("it is read");
        let mut rows = Vec::new();
        while let Some(row) = cursor.next().expect("a row") {
            let value = |index: usize| match row.get_ref(index).expect("a value") {
                ValueRef::Null => "NULL".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => plain(&String::from_utf8_lossy(text)),
                ValueRef::Blob(bytes) => format!("{bytes:?}"),
            };
            rows.push(columns.iter().enumerate().map(|(index, column)| (column.clone(), value(index))).collect());
        }
        (table.clone(), rows)
    };
    tables.keys().map(read).collect()
}

/// A sample that was unpacked.
pub(crate) struct Sample {
    pub(crate) folder: PathBuf,
    _dir: TempDir,
}

impl Sample {
    /// Unpacks a sample; `None` where it is not there, which is said.
    pub(crate) fn unpack(sample: &str) -> Option<Self> {
        let archive = Path::new(SAMPLES).join(format!("{sample}.tar.zst"));
        if !archive.exists() {
            eprintln!("SKIPPED: the sample {sample} is not there.");
            return None;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let unpacked = Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).current_dir(&dir).status();
        assert!(unpacked.expect("tar runs").success(), "the sample unpacks");
        Some(Self { folder: dir.path().join(sample), _dir: dir })
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("registry.sqlite3")
    }

    pub(crate) fn dump(&self) -> PathBuf {
        let is_dump = |path: &PathBuf| path.to_string_lossy().ends_with(".sql.gz");
        let mut files = std::fs::read_dir(&self.folder).expect("its files").map(|entry| entry.expect("a file").path());
        files.find(is_dump).expect("a dump")
    }
}

fn compare(sample: &str, registry: &str, rows: usize) {
    let Some(unpacked) = Sample::unpack(sample) else { return };
    let mut found = Rows::default();
    dump::read(File::open(unpacked.dump()).expect("it opens"), &mut found).expect("a whole dump");
    let linking = ["_modalities", "_tags", "_folders"];
    let mut stated = of_database(&unpacked.database(), &found.0);
    for (table, rows) in &mut found.0 {
        // The number of a link says nothing, and differs.
        if linking.iter().any(|end| table.ends_with(end)) {
            rows.iter_mut().chain(stated.get_mut(table).expect("the same tables")).for_each(|row| drop(row.remove("id")));
        }
        rows.sort();
        let stated = stated.get_mut(table).expect("the same tables");
        stated.sort();
        assert_eq!(rows.len(), stated.len(), "{sample}: rows of {table}");
        for (row, stated) in rows.iter().zip(stated) {
            let differs: Vec<_> =
                row.iter().filter(|(column, value)| stated.get(*column) != Some(value)).map(|(c, _)| c).collect();
            assert!(differs.is_empty() && row.len() == stated.len(), "{sample}: a row of {table} differs in {differs:?}");
        }
    }
    assert_eq!(found.0[registry].len(), rows, "{sample}: files");
}

#[test]
fn the_dump_of_january_says_what_its_database_says() {
    compare("toothfairy_2026_01", "scans_fileregistry", 1874);
}

#[test]
fn the_dump_of_july_says_what_its_database_says() {
    compare("yggdrasil_2026_07", "maxillo_fileregistry", 1433);
}
