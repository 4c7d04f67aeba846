//! Databases of studies: every way in which the table can come gives the same registry, and what cannot be read is told.

mod damaged;
mod forms;
#[cfg(unix)]
mod live;
#[cfg(unix)]
mod names;
mod originals;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{Error, RegistryWriter};
use sheaf_sources::study_database::{self, Options, StudyReport};
use tempfile::TempDir;

/// The columns of the table, as the database has them.
const COLUMNS: [&str; 19] = [
    "exam_id",
    "medical_record_no",
    "application_order_no",
    "patient_name",
    "patient_gender",
    "patient_birth_date",
    "patient_age",
    "exam_status",
    "exam_source",
    "exam_item",
    "exam_description",
    "exam_room",
    "exam_equipment",
    "equipment_type",
    "order_datetime",
    "check_in_datetime",
    "report_certification_datetime",
    "certified_physician",
    "data_load_time",
];

/// A table that is like the original's.
const CREATE: &str = "CREATE TABLE medical_examinations_fact (
    exam_id varchar(100) NOT NULL PRIMARY KEY, medical_record_no varchar(100), application_order_no varchar(100),
    patient_name varchar(200) NOT NULL, patient_gender varchar(10), patient_birth_date varchar(20), patient_age integer,
    exam_status varchar(20) NOT NULL, exam_source varchar(50) NOT NULL, exam_item varchar(200) NOT NULL, exam_description text,
    exam_room varchar(100), exam_equipment varchar(200), equipment_type varchar(100) NOT NULL,
    order_datetime timestamptz NOT NULL, check_in_datetime timestamptz, report_certification_datetime timestamptz,
    certified_physician varchar(200), data_load_time timestamptz, search_vector text, CHECK (exam_id <> 'a,)b;'));";

/// Studies whose every character can go wrong somewhere, as statements of SQL. Times are of Taipei, which the database keeps
/// as instants.
const ROWS: &str = r#"INSERT INTO medical_examinations_fact VALUES
    ('0000000000', '00136544', NULL, '黃玲宏', 'F', '19840318', 36, '終審報告', '住院', '300905017',
     E'逗號, "引號"\n換行\t\\N \\. ''', NULL, '', 'MR', '2020-05-31 17:25:18+08', '2020-06-13 00:00:00.5+00', NULL, 'Dr. O''Hara', '2026-11-22 13:50:41.216569+00', 'x'),
    ('E2', '1', 'A;B', E'back\\slash\r\n', NULL, '1984-03-18', NULL, 'a', 'b', 'c', E'\b\f\v', 'R', '$$ -- /* ;', 'CT',
     '2021-01-01 00:00:00+00', NULL, NULL, NULL, NULL, NULL),
    ('E3', NULL, NULL, '', 'U', NULL, 0, '', '', '', NULL, NULL, NULL, '', '1999-12-31 23:59:59+00', NULL, NULL, NULL, NULL, NULL);"#;

/// A registry that was made of a source.
struct Synced {
    report: StudyReport,
    path: PathBuf,
    _dir: TempDir,
}

impl Synced {
    /// Every column of every study.
    fn rows(&self) -> Vec<Vec<Value>> {
        rows(&self.path, "study")
    }
}

fn rows(path: &Path, table: &str) -> Vec<Vec<Value>> {
    let connection = Connection::open(path).expect("a database");
    let sql = format!("SELECT {} FROM {table} ORDER BY exam_id", COLUMNS.join(", "));
    let mut statement = connection.prepare(&sql).expect("its table");
    let read = statement.query_map([], |row| (0..COLUMNS.len()).map(|at| row.get(at)).collect());
    read.expect("rows").map(|row| row.expect("a row")).collect()
}

fn options<'a>(scratch: &'a Path, cancel: &'a Cancel) -> Options<'a> {
    let now = Timestamp::from_second(1_770_000_000).expect("a time");
    Options { scratch, now, cancel, observer: &Unobserved }
}

fn read(source: &Path) -> Result<Synced, Error> {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, scratch) = (dir.path().join("studies.sqlite"), dir.path().join("scratch"));
    std::fs::create_dir(&scratch).expect("a folder");
    let writer = RegistryWriter::create(&path).expect("a free name");
    let report = study_database::sync(source, writer, &options(&scratch, &Cancel::new()));
    assert_eq!(std::fs::read_dir(&scratch).expect("the folder").count(), 0, "nothing is left behind");
    assert_eq!(path.exists(), report.is_ok(), "a registry appears whole or not at all");
    Ok(Synced { report: report?, path, _dir: dir })
}

/// The same of a file with this content.
fn read_bytes(bytes: &[u8]) -> Result<Synced, Error> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    read(file.path())
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("in memory");
    gzip.finish().expect("in memory")
}

/// The samples of studies; `None` where they are not there, which is said.
fn samples() -> Option<PathBuf> {
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/studies"));
    if samples.exists() {
        return Some(samples.to_owned());
    }
    eprintln!("SKIPPED: the samples of studies are not there.");
    None
}

/// Django's `SQLite` file and its `dumpdata`, of the studies of a registry.
fn as_django(registry: &Path, database: &Path) -> Vec<u8> {
    let connection = Connection::open(database).expect("a database");
    let columns = COLUMNS.map(|column| if column == "exam_id" { "exam_id varchar(100) PRIMARY KEY" } else { column });
    let sql = format!("CREATE TABLE medical_examinations_fact ({}, search_vector text NULL)", columns.join(", "));
    connection.execute_batch(&format!("{sql}; BEGIN")).expect("a table");
    let mut objects = vec![r#"{"model":"auth.user","pk":1,"fields":{"username":"mo","groups":[],"last":null}}"#.to_owned()];
    let marks = vec!["?"; COLUMNS.len()].join(", ");
    let mut insert =
        connection.prepare(&format!("INSERT INTO medical_examinations_fact VALUES ({marks}, 'x')")).expect("its columns");
    for row in rows(registry, "study") {
        let stored: Vec<Value> = (0..).zip(&row).map(|(at, value)| as_sqlite(COLUMNS[at], value)).collect();
        insert.execute(rusqlite::params_from_iter(stored)).expect("a row");
        let field = |(column, value): (&&str, &Value)| match value {
            Value::Text(text) => ((*column).to_owned(), text.clone().into()),
            Value::Integer(number) => ((*column).to_owned(), (*number).into()),
            _ => ((*column).to_owned(), serde_json::Value::Null),
        };
        let mut fields: serde_json::Map<_, _> = COLUMNS.iter().zip(&row).map(field).collect();
        fields.insert("search_vector".to_owned(), serde_json::json!({"any": ["thing"]}));
        let pk = fields.remove("exam_id");
        objects.push(serde_json::json!({"model": "study.study", "pk": pk, "fields": fields}).to_string());
    }
    drop(insert);
    connection.execute_batch("COMMIT").expect("kept");
    format!("[\n{}\n]\n", objects.join(",\n")).into_bytes()
}

/// A value as Django keeps it: times in UTC without an offset.
fn as_sqlite(column: &str, value: &Value) -> Value {
    match value {
        Value::Text(time) if column.ends_with("_datetime") || column == "data_load_time" => {
            Value::Text(time.trim_end_matches('Z').replace('T', " "))
        }
        value => value.clone(),
    }
}
