//! A `FileRegistry` database as a registry: small ones of each generation made here, and the samples.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{Actor, Error, Registry, RegistryWriter, Viewer};
use sheaf_sources::file_registry::{self, Mapping, Options, Report};
use tempfile::TempDir;

mod fixture;
mod generations;
mod live;
mod names;
mod permissions;
mod planted;
mod refusals;
mod rows;
mod sample_counts;
mod window;

/// A registry that was made from a source.
struct Synced {
    report: Report,
    path: PathBuf,
    _dir: TempDir,
}

impl Synced {
    fn registry(&self) -> Registry {
        Registry::open(&self.path).expect("a whole registry")
    }

    /// How often something was odd.
    fn odd(&self, code: &str) -> u64 {
        self.report.oddities.iter().find(|odd| odd.code == code).map_or(0, |odd| odd.count)
    }

    fn connection(&self) -> Connection {
        Connection::open(&self.path).expect("the registry's file")
    }

    /// One line for each row of a question.
    fn ask(&self, sql: &str) -> Vec<String> {
        ask(&self.connection(), sql)
    }

    /// Every row of every table, without where and when it was read.
    fn everything(&self) -> Vec<String> {
        let connection = self.connection();
        let tables = ask(&connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'registry_info'");
        let rows = |table: &String| {
            let rows = ask(&connection, &format!("SELECT * FROM {table}"));
            rows.into_iter().map(|row| format!("{table} {row}")).collect::<Vec<_>>()
        };
        let mut all: Vec<String> = tables.iter().flat_map(rows).collect();
        all.sort();
        all
    }
}

fn owner(registry: &Registry) -> Viewer {
    registry.viewer(&Actor::Owner).expect("the owner")
}

fn user(registry: &Registry, name: &str) -> Viewer {
    registry.viewer(&Actor::User(name.to_owned())).expect("a user")
}

fn ask(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect("a question");
    let columns = statement.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let cell = |at: usize| match row.get_ref(at).expect("a value") {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) => to_the_millisecond(&String::from_utf8_lossy(text)),
            ValueRef::Blob(bytes) => format!("{bytes:?}"),
        };
        Ok((0..columns).map(cell).collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], line).expect("an answer").map(|row| row.expect("a row")).collect()
}

/// The dumps of the samples hold no finer times.
fn to_the_millisecond(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => format!("{time:.3}"),
        Err(_) => text.to_owned(),
    }
}

fn sync(source: &Path) -> Synced {
    sync_with(source, &[])
}

fn sync_with(source: &Path, mappings: &[Mapping]) -> Synced {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("registry.sqlite");
    let report = try_sync(source, &path, mappings).expect("a source that can be read");
    Synced { report, path, _dir: dir }
}

fn try_sync(source: &Path, to: &Path, mappings: &[Mapping]) -> Result<Report, Error> {
    let scratch = tempfile::tempdir().expect("a folder");
    let writer = RegistryWriter::create(to).expect("a writer");
    let now = Timestamp::from_second(1_770_000_000).expect("a time");
    let (cancel, observer) = (&Cancel::new(), &Unobserved);
    let options = Options { scratch: scratch.path(), now, mappings, cancel, observer };
    let report = file_registry::sync(source, writer, &options);
    let left = std::fs::read_dir(scratch.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing of a copy or a staged dump may stay: it is patient data");
    report
}
