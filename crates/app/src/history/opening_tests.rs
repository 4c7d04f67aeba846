//! Opening the history database: what is refused, what is migrated, what stays untouched.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sheaf_registry::Code;

use super::database::{MIGRATIONS, open};

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("history.sqlite");
    (dir, path)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The file must be refused with these words, and be the same afterwards.
fn must_be_refused(path: &Path, words: &str) {
    let before = std::fs::read(path).expect("readable");
    let error = open(path, None, MIGRATIONS).expect_err("must be refused");
    assert_eq!(error.code(), Code::HistoryUnusable, "{error}");
    assert!(error.message().contains(words), "{error} must say {words:?}");
    assert!(!error.next_step().is_empty(), "{error} has a next step");
    assert_eq!(std::fs::read(path).expect("readable"), before, "the file is untouched: {words}");
}

#[test]
fn a_new_history_is_private_durable_and_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, path) = place();
    std::fs::write(dir.path().join("history.sqlite.new"), "left by a crash").expect("writable");
    let connection = open(&path, None, MIGRATIONS).expect("made");
    let mode = std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "only this account reads who exported what");
    let pragma = |name: &str| -> String {
        connection
            .query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0))
            .expect("known")
    };
    assert_eq!((pragma("journal_mode"), pragma("synchronous")), ("wal".into(), "2".into()), "WAL, FULL");
    assert_eq!(
        (pragma("foreign_keys"), pragma("user_version")),
        ("1".into(), MIGRATIONS.len().to_string()),
        "checked, versioned"
    );
    drop(connection);
    assert_eq!(names(dir.path()), ["history.sqlite"], "nothing stays beside it");
    open(&path, None, MIGRATIONS).expect("opened again");
}

#[test]
fn what_is_not_our_history_is_refused_and_stays_as_it_is() {
    let (_dir, path) = place();
    std::fs::write(&path, "").expect("writable");
    must_be_refused(&path, "cut short");
    std::fs::write(&path, vec![b'x'; 4096]).expect("writable");
    must_be_refused(&path, "not a database");
    std::fs::remove_file(&path).expect("ours");

    Connection::open(&path).and_then(|other| other.execute_batch("CREATE TABLE t (x)")).expect("another database");
    must_be_refused(&path, "another application");
    std::fs::remove_file(&path).expect("ours");

    open(&path, None, &[MIGRATIONS, &["CREATE TABLE future (x)"]].concat()).expect("made by a newer Sheaf");
    must_be_refused(&path, "newer Sheaf");
    assert!(!path.with_file_name("history.sqlite-wal").exists(), "nothing is left beside it either");
}

#[test]
fn a_newer_version_that_only_the_log_knows_is_refused_too() {
    let (_dir, path) = place();
    let newer = open(&path, None, MIGRATIONS).expect("made");
    newer.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 9").expect("in the log only");
    let error = open(&path, None, MIGRATIONS).expect_err("must be refused");
    assert!(error.message().contains("newer Sheaf"), "{error}");
}

#[test]
fn a_damaged_history_is_refused_and_stays_as_it_is() {
    let (_dir, path) = place();
    let connection = open(&path, None, MIGRATIONS).expect("made");
    for number in 0..200 {
        connection
            .execute("INSERT INTO part_file (path, owner) VALUES (?1, ?2)", [format!("/{number:0>200}"), "x".into()])
            .expect("written");
    }
    drop(connection);
    let sound = std::fs::read(&path).expect("readable");
    std::fs::write(&path, &sound[..sound.len() / 2]).expect("writable");
    must_be_refused(&path, "damaged");
    let mut flipped = sound;
    let end = flipped.len();
    flipped[end - 4096..end - 4000].fill(0xff);
    std::fs::write(&path, flipped).expect("writable");
    must_be_refused(&path, "damaged");
}

#[test]
fn the_log_of_a_history_that_is_gone_is_never_played_into_a_new_one() {
    let (dir, path) = place();
    let log = dir.path().join("history.sqlite-wal");
    std::fs::write(&log, "frames").expect("writable");
    let error = open(&path, None, MIGRATIONS).expect_err("must be refused");
    assert_eq!(error.code(), Code::HistoryUnusable, "{error}");
    assert!(log.exists() && !path.exists(), "nothing was made or lost");
}

#[test]
fn the_log_of_a_damaged_history_is_not_played_into_it() {
    let (_dir, path) = place();
    let connection = open(&path, None, MIGRATIONS).expect("made");
    for number in 0..200 {
        connection
            .execute("INSERT INTO part_file (path, owner) VALUES (?1, ?2)", [format!("/{number:0>200}"), "x".into()])
            .expect("written");
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0").expect("settled");
    connection.execute("INSERT INTO part_file (path, owner) VALUES ('/last', 'y')", []).expect("in the log only");
    let (_other, copy) = place();
    let log = |path: &Path| path.with_file_name("history.sqlite-wal");
    let mut bytes = std::fs::read(&path).expect("readable");
    // A page that the log does not replace.
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 96].fill(0xff);
    std::fs::write(&copy, bytes).expect("writable");
    std::fs::copy(log(&path), log(&copy)).expect("writable");
    must_be_refused(&copy, "damaged");
    assert!(log(&copy).metadata().expect("there").len() > 0, "the log is kept for whoever repairs it");
}

#[test]
fn a_network_file_system_is_refused_with_the_reason() {
    let (dir, path) = place();
    let error = open(&path, Some("NFS"), MIGRATIONS).expect_err("must be refused");
    assert_eq!(error.code(), Code::HistoryUnusable, "{error}");
    assert!(error.message().contains("NFS") && error.message().contains("write-ahead log"), "{error} says why");
    assert!(names(dir.path()).is_empty(), "nothing was made");
}

#[test]
fn what_cannot_be_read_or_made_is_a_sentence() {
    let (dir, path) = place();
    std::fs::create_dir(&path).expect("writable");
    assert_eq!(open(&path, None, MIGRATIONS).expect_err("a folder").code(), Code::HistoryUnusable, "a folder");
    let away = dir.path().join("away/history.sqlite");
    assert!(open(&away, None, MIGRATIONS).is_err(), "no folder, no history");
}

#[test]
fn a_migration_keeps_everything_and_a_copy_of_before() {
    let (dir, path) = place();
    let connection = open(&path, None, &MIGRATIONS[..1]).expect("version 1");
    connection.execute("INSERT INTO part_file (path, owner) VALUES ('/x', 'o')", []).expect("written");
    drop(connection);
    let second = "ALTER TABLE part_file ADD COLUMN more TEXT";
    let connection = open(&path, None, &[MIGRATIONS[0], second]).expect("migrated");
    let owner: String =
        connection.query_row("SELECT owner FROM part_file WHERE more IS NULL", [], |row| row.get(0)).expect("migrated");
    assert_eq!(owner, "o", "what was there is there");
    drop(connection);
    let bak = dir.path().join("history.sqlite.v1.bak");
    let before = open(&bak, None, &MIGRATIONS[..1]).expect("the copy is a version 1");
    let rows: i64 = before.query_row("SELECT count(*) FROM part_file", [], |row| row.get(0)).expect("readable");
    assert_eq!(rows, 1, "with everything in it");
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let (dir, path) = place();
    drop(open(&path, None, &MIGRATIONS[..1]).expect("version 1"));
    let broken = ["CREATE TABLE added (x)", "CREATE TABLE part_file (x)"];
    let error = open(&path, None, &[MIGRATIONS[0], broken[0], broken[1]]).expect_err("the second one fails");
    assert_eq!(error.code(), Code::Internal, "{error}");
    let connection = open(&path, None, &MIGRATIONS[..1]).expect("still version 1");
    let added: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'added'", [], |row| row.get(0))
        .expect("readable");
    assert_eq!(added, 0, "all or nothing");
    assert!(dir.path().join("history.sqlite.v1.bak").exists(), "the copy was made before");

    std::fs::remove_file(dir.path().join("history.sqlite.v1.bak")).expect("ours");
    std::fs::create_dir(dir.path().join("history.sqlite.v1.bak.new")).expect("writable");
    let error = open(&path, None, &[MIGRATIONS[0], broken[0]]).expect_err("no copy, no migration");
    assert_eq!(error.code(), Code::HistoryUnusable, "{error}");
}

#[test]
fn a_history_of_the_first_version_keeps_its_records_and_can_hide_them() {
    let (dir, path) = place();
    let first = open(&path, None, &MIGRATIONS[..1]).expect("version 1");
    first
        .execute(
            "INSERT INTO dataset_export (id, name, notes, user, as_owner, project, registry, status, selection, on_missing,
                 destination, patients, files, bytes, archive_bytes_max, confirmed, created_at)
             VALUES ('a', 'a', '', 'mo', 0, 'p', '/r', 'failed', '{}', 'fail', '/out/a.zip', 1, 1, 1, 1, '{}',
                 '2025-01-01T00:00:00Z')",
            [],
        )
        .expect("as version 1 wrote it");
    drop(first);
    let second = open(&path, None, MIGRATIONS).expect("brought up to date");
    let version: i64 = second.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("known");
    let shown: i64 = second
        .query_row("SELECT count(*) FROM dataset_export WHERE removed_at IS NULL", [], |row| row.get(0))
        .expect("the column is there");
    assert_eq!((usize::try_from(version), shown), (Ok(MIGRATIONS.len()), 1), "nothing is removed by itself");
    drop(second);
    assert!(dir.path().join("history.sqlite.v1.bak").is_file(), "the copy of before");
    let older = open(&path, None, &MIGRATIONS[..1]).expect_err("an older Sheaf");
    assert!(older.message().contains("newer Sheaf"), "{older} says so and touches nothing");
}

#[test]
fn a_history_of_every_version_before_is_brought_up_to_date() {
    for version in 1..=MIGRATIONS.len() {
        let (_dir, path) = place();
        drop(open(&path, None, &MIGRATIONS[..version]).expect("as it was"));
        let connection = open(&path, None, MIGRATIONS).expect("migrated");
        let exports: i64 = connection
            .query_row("SELECT count(*) FROM dataset_export WHERE studies IS NOT NULL", [], |row| row.get(0))
            .expect("it has all columns");
        assert_eq!(exports, 0, "version {version}");
    }
}
