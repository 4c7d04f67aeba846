//! Opening: every file that is not a registry is refused with an exact sentence, and no file is ever touched.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sheaf_registry::error::Code;
use sheaf_registry::foreign::ForeignDatabase;
use sheaf_registry::resolve::Resolved;
use sheaf_registry::{Actor, Registry};
use tempfile::TempDir;

use crate::clinic::{Clinic, everything, path_in, snapshot};

/// A registry file in a folder of its own, changed by SQL.
fn changed(sql: &str) -> (TempDir, PathBuf) {
    let open = Clinic::new().open();
    drop(open.registry);
    let path = path_in(&open.dir);
    let sql = format!("PRAGMA foreign_keys = OFF; {sql}");
    Connection::open(&path).and_then(|connection| connection.execute_batch(&sql)).expect("a change");
    (open.dir, path)
}

/// A file of these bytes.
fn file(content: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = path_in(&dir);
    std::fs::write(&path, content).expect("a file");
    (dir, path)
}

fn registry_bytes() -> Vec<u8> {
    let (_dir, path) = changed("");
    std::fs::read(path).expect("the file")
}

/// Code and sentence, with the path as `FILE`; the folder is seen to be as it was.
fn refusal(dir: &TempDir, path: &Path) -> (Code, String) {
    let before = snapshot(dir.path());
    let refused = Registry::open(path).err().unwrap_or_else(|| panic!("{} must be refused", path.display()));
    assert_eq!(snapshot(dir.path()), before, "{} and its folder must stay as they are", refused.code());
    let canonical = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let message = refused.message().replace(&canonical.display().to_string(), "FILE");
    (refused.code(), message.replace(&path.display().to_string(), "FILE"))
}

#[test]
fn every_refusal_has_its_sentence() {
    let whole = registry_bytes();
    let half = &whole[..whole.len() / 2];
    let table: [(&str, (TempDir, PathBuf), Code, &str); 15] = [
        ("empty", file(b""), Code::RegistryCorrupt, "FILE is damaged: it is empty."),
        (
            "text",
            file(b"patient,age\n"),
            Code::RegistryCorrupt,
            "FILE is damaged: it does not begin as an SQLite file does.",
        ),
        ("short", file(&whole[..99]), Code::RegistryCorrupt, "FILE is damaged: it does not begin as an SQLite file does."),
        ("zeros", file(&[0; 16384]), Code::RegistryCorrupt, "FILE is damaged: it does not begin as an SQLite file does."),
        ("half", file(half), Code::RegistryCorrupt, "FILE is damaged: its pages do not fit together."),
        ("header only", file(&whole[..100]), Code::RegistryCorrupt, "FILE is damaged: its pages do not fit together."),
        (
            "another application",
            changed("PRAGMA application_id = 7"),
            Code::RegistryForeign,
            "FILE belongs to another application; it is not a Sheaf registry.",
        ),
        (
            "a plain database",
            changed("PRAGMA application_id = 0; PRAGMA user_version = 0"),
            Code::RegistryForeign,
            "FILE belongs to another application; it is not a Sheaf registry.",
        ),
        (
            "newer",
            changed("PRAGMA user_version = 3"),
            Code::RegistryNewer,
            "FILE was made by a newer Sheaf (registry version 3; this one reads up to version 2).",
        ),
        (
            "older",
            changed("PRAGMA user_version = 0"),
            Code::RegistryOlder,
            "FILE was made by an older Sheaf (registry version 0; this one reads from version 1).",
        ),
        (
            "no table",
            changed("DROP TABLE study"),
            Code::RegistryCorrupt,
            "FILE is damaged: column study.application_order_no is missing.",
        ),
        (
            "no column",
            changed("ALTER TABLE project DROP COLUMN description"),
            Code::RegistryCorrupt,
            "FILE is damaged: column project.description is missing.",
        ),
        (
            "no index",
            changed("DROP INDEX patient_record"),
            Code::RegistryCorrupt,
            "FILE is damaged: index patient_record is missing.",
        ),
        (
            "another type",
            changed("DROP TABLE tag; CREATE TABLE tag (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE)"),
            Code::RegistryCorrupt,
            "FILE is damaged: column tag.name is missing.",
        ),
        (
            "a view for a table",
            changed("DROP TABLE tag; CREATE VIEW tag AS SELECT 1 AS id, 'x' AS name"),
            Code::RegistryCorrupt,
            "FILE is damaged: column tag.id is missing.",
        ),
    ];
    for (case, (dir, path), code, message) in table {
        assert_eq!(refusal(&dir, &path), (code, message.to_owned()), "{case}");
    }
}

#[test]
fn a_registry_of_the_first_version_opens_and_lacks_what_came_later() {
    let (dir, path) = changed(
        "DROP TABLE oddity; DROP TABLE source_export; ALTER TABLE folder DROP COLUMN source_id; PRAGMA user_version = 1",
    );
    let before = snapshot(dir.path());
    let registry = Registry::open(&path).expect("an older registry is read");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    assert!(!registry.projects(&owner).expect("projects").is_empty(), "its rows are there");
    Resolved::new(&registry, &owner, "maxillo", &everything()).expect("and can be exported");
    assert_eq!(registry.oddities(&owner).expect("none"), [], "nobody noted any");
    assert_eq!(registry.source_exports(&owner).expect("none"), [], "nor an export of its source");
    assert_eq!(snapshot(dir.path()), before, "it is not brought up to date by opening it");
    drop(registry);
    let (dir, path) = changed("DROP TABLE oddity");
    let sentence = "FILE is damaged: column oddity.code is missing.".to_owned();
    assert_eq!(refusal(&dir, &path), (Code::RegistryCorrupt, sentence), "one of the second version must have them");
}

#[test]
fn a_database_of_another_application_is_opened_under_the_same_rules() {
    let (dir, path) = changed("PRAGMA application_id = 0; PRAGMA user_version = 0");
    let scratch = tempfile::tempdir().expect("a folder");
    let before = snapshot(dir.path());
    let foreign = ForeignDatabase::open(&path, scratch.path()).expect("it opens");
    let write = foreign.connection().execute_batch("DELETE FROM tag");
    write.expect_err("a source is never written");
    foreign.unchanged().expect("nobody wrote it");
    assert_eq!(snapshot(dir.path()), before, "nothing is left beside it");
    // A writer whom no lock kept out, seen by nothing but what SQLite counts.
    let mut bytes = std::fs::read(&path).expect("the file");
    let modified = path.metadata().and_then(|found| found.modified()).expect("a time");
    bytes[27] = bytes[27].wrapping_add(1);
    std::fs::write(&path, bytes).expect("writable");
    let written = std::fs::File::options().write(true).open(&path).expect("the file");
    written.set_modified(modified).expect("the time before");
    assert_eq!(foreign.unchanged().expect_err("somebody wrote it").code(), Code::DbBusy, "rows of two states are none");
    drop(foreign);

    let (_dir, path) = with_frames();
    let foreign = ForeignDatabase::open(&path, scratch.path()).expect("it opens");
    assert_eq!(snapshot(scratch.path()).len(), 1, "one with frames is read as a copy");
    drop(foreign);
    assert_eq!(snapshot(scratch.path()), [], "which goes away");

    for (bytes, code) in [(&b"no database"[..], Code::RegistryCorrupt), (&registry_bytes()[..100], Code::RegistryCorrupt)] {
        let (_dir, path) = file(bytes);
        let refused = ForeignDatabase::open(&path, scratch.path()).err().expect("it is refused");
        assert_eq!(refused.code(), code, "at once, not in the middle");
    }
}

#[test]
fn what_is_not_a_file_is_said_to_be_so() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(
        refusal(&dir, &path_in(&dir)),
        (Code::RegistryMissing, "There is no registry at FILE.".to_owned()),
        "nothing there"
    );
    assert_eq!(
        refusal(&dir, dir.path()),
        (Code::RegistryUnreadable, "FILE is a folder, not a registry file.".to_owned()),
        "a folder"
    );
    std::fs::write(path_in(&dir), "").expect("a file");
    let (code, _) = refusal(&dir, &path_in(&dir).join("registry.sqlite"));
    assert_eq!(code, Code::RegistryMissing, "a file is taken for a folder");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_and_a_loop_without_turning() {
    let dir = tempfile::tempdir().expect("a folder");
    let fifo = dir.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
    assert_eq!(
        refusal(&dir, &fifo),
        (Code::RegistryUnreadable, "FILE is not a regular file, not a registry file.".to_owned()),
        "opening a pipe would wait for ever"
    );
    let loop_ = dir.path().join("loop");
    std::os::unix::fs::symlink(&loop_, &loop_).expect("a loop");
    assert_eq!(refusal(&dir, &loop_).0, Code::RegistryUnreadable, "a loop leads nowhere");
    let dangling = dir.path().join("dangling");
    std::os::unix::fs::symlink("nowhere", &dangling).expect("a link");
    assert_eq!(refusal(&dir, &dangling).0, Code::RegistryMissing, "a link to nothing is nothing");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_said_to_be_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, path) = changed("");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("no rights");
    if std::fs::File::open(&path).is_ok() {
        // Root may read everything; there is nothing to be refused.
        Registry::open(&path).expect("what can be read is opened");
        return;
    }
    assert_eq!(
        refusal(&dir, &path),
        (Code::RegistryUnreadable, "FILE may not be read by this account.".to_owned()),
        "the account is what is wrong, not the file"
    );
}

#[test]
fn using_a_registry_leaves_no_trace() {
    let (dir, path) = changed("");
    let before = snapshot(dir.path());
    let registry = Registry::open(&path).expect("a registry");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    registry.projects(&owner).expect("projects");
    assert_eq!(snapshot(dir.path()), before, "while it is open, nothing stands beside it");
    drop(registry);
    assert_eq!(snapshot(dir.path()), before, "nor afterwards");
}

#[test]
fn a_path_with_any_character_is_a_path() {
    let (_dir, path) = changed("");
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["a?mode=rwc&x=#y", "50%20 %41", "ä ö'\";\n", "-leading", "file:x"] {
        let other = dir.path().join(name);
        std::fs::copy(&path, &other).expect("a copy");
        let before = snapshot(dir.path());
        Registry::open(&other).unwrap_or_else(|error| panic!("{name:?} must open: {error}"));
        assert_eq!(snapshot(dir.path()), before, "{name:?} must mean that file and no other");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let other = dir.path().join(std::ffi::OsStr::from_bytes(b"latin\xe9.sqlite"));
        std::fs::copy(&path, &other).expect("a copy");
        Registry::open(&other).expect("a name that is no Unicode is still a name");
    }
}

/// A registry whose WAL holds a project that its main file does not, as a crashed writer leaves it.
fn with_frames() -> (TempDir, PathBuf) {
    let (live, path) = changed("PRAGMA journal_mode = WAL");
    let writer = Connection::open(&path).expect("a writer");
    writer.execute_batch("INSERT INTO project (slug, name) VALUES ('late', 'Late')").expect("a row in the WAL");
    let dir = tempfile::tempdir().expect("a folder");
    for suffix in ["", "-wal"] {
        let name = format!("registry.sqlite{suffix}");
        std::fs::copy(live.path().join(&name), dir.path().join(&name)).expect("a copy of the file as it stands");
    }
    drop(writer);
    let path = path_in(&dir);
    (dir, path)
}

#[test]
fn a_wal_file_without_frames_is_read_in_place_without_a_trace() {
    let (dir, path) = changed("PRAGMA journal_mode = WAL");
    let before = snapshot(dir.path());
    assert_eq!(before.len(), 1, "the WAL was merged when its writer closed");
    let registry = Registry::open(&path).expect("a WAL file without frames");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    assert_eq!(registry.projects(&owner).expect("projects").len(), 2, "it answers");
    assert_eq!(snapshot(dir.path()), before, "no -wal and no -shm beside it");
    std::fs::write(dir.path().join("registry.sqlite-wal"), "").expect("an empty WAL");
    let before = snapshot(dir.path());
    Registry::open(&path).expect("an empty WAL holds no frames");
    assert_eq!(snapshot(dir.path()), before, "the empty WAL stays as it is");
}

#[test]
fn a_wal_file_that_changes_while_it_is_read_is_noticed() {
    let (_dir, path) = changed("PRAGMA journal_mode = WAL");
    let registry = Registry::open(&path).expect("a WAL file without frames");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    let list = |registry: &Registry| {
        registry.patients(&owner, "maxillo", &sheaf_registry::selection::Selection::default(), None, 0)
    };
    list(&registry).expect("unchanged so far");
    let writer = Connection::open(&path).expect("a writer");
    writer.execute_batch("INSERT INTO project (slug, name) VALUES ('late', 'Late')").expect("a change");
    let refused = list(&registry).expect_err("nothing locked the file");
    assert_eq!(refused.code(), Code::DbBusy, "an answer from two states would be wrong");
    let resolved = Resolved::new(&registry, &owner, "maxillo", &everything());
    assert_eq!(resolved.expect_err("nor a plan").code(), Code::DbBusy, "an export of two states would be wrong");
}

#[test]
fn frames_in_a_wal_are_not_missed() {
    let (dir, path) = with_frames();
    let (code, message) = refusal(&dir, &path);
    assert_eq!(
        (code, message.as_str()),
        (Code::RegistryUnreadable, "FILE has changes that are not merged into it yet and cannot be read in place."),
        "reading only the main file would miss a project"
    );
    let before = snapshot(dir.path());
    let scratch = tempfile::tempdir().expect("a place for copies");
    let registry = Registry::open_with_scratch(&path, scratch.path()).expect("a copy can be read");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    let projects = registry.projects(&owner).expect("projects");
    assert!(projects.iter().any(|summary| summary.project.slug == "late"), "the project of the WAL is there");
    assert_eq!(registry.path(), std::fs::canonicalize(&path).expect("a path"), "it is known by its own path");
    assert_eq!(snapshot(dir.path()), before, "the original and its WAL are untouched");
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 1, "one copy");
    drop(registry);
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 0, "the copy goes with the registry");
}

#[test]
fn a_scratch_folder_is_used_only_where_it_is_needed() {
    let (dir, path) = changed("");
    let registry = Registry::open_with_scratch(&path, &dir.path().join("not there")).expect("a plain registry");
    drop(registry);
    let (_dir, path) = with_frames();
    let refused = Registry::open_with_scratch(&path, &dir.path().join("not there")).err().expect("no place for a copy");
    assert_eq!(refused.code(), Code::RegistryUnreadable, "without a place for it there is no copy");
}

#[test]
fn a_journal_of_a_cut_off_writer_is_not_rolled_back_here() {
    let (live, path) = changed("");
    let writer = Connection::open(&path).expect("a writer");
    writer
        .execute_batch(
            "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE; UPDATE patient SET name = hex(zeroblob(6000));",
        )
        .expect("a change that has reached the file");
    let dir = tempfile::tempdir().expect("a folder");
    for suffix in ["", "-journal"] {
        let name = format!("registry.sqlite{suffix}");
        std::fs::copy(live.path().join(&name), dir.path().join(&name)).expect("the file as a crash leaves it");
    }
    drop(writer);
    let (code, _) = refusal(&dir, &path_in(&dir));
    assert_eq!(code, Code::RegistryUnreadable, "half a change must not be read, and rolling back would write");
}

#[test]
fn a_database_that_will_be_a_source_is_told_from_a_strangers() {
    let table = [
        ("CREATE TABLE maxillo_fileregistry (id INTEGER)", Code::NotYet),
        ("CREATE TABLE FileRegistry (id INTEGER)", Code::NotYet),
        ("CREATE TABLE medical_examinations_fact (exam_id TEXT)", Code::NotYet),
        ("PRAGMA journal_mode = WAL; CREATE TABLE common_fileregistry (id INTEGER)", Code::NotYet),
        ("CREATE TABLE fileregistry_notes (id INTEGER)", Code::RegistryForeign),
        ("CREATE TABLE t (id INTEGER); CREATE INDEX a_fileregistry ON t (id)", Code::RegistryForeign),
    ];
    for (sql, code) in table {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("db.sqlite3");
        let writer = rusqlite::Connection::open(&path).expect("a database");
        writer.execute_batch(sql).expect("its tables");
        drop(writer);
        let before = crate::clinic::snapshot(dir.path());
        let refused = Registry::open(&path).err().expect("no registry of Sheaf");
        assert_eq!(refused.code(), code, "{sql}");
        assert_eq!(refused.message().matches(". ").count(), 0, "one sentence: {refused}");
        assert_eq!(crate::clinic::snapshot(dir.path()), before, "{sql}: the file and its folder stay untouched");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("db.sqlite3");
    let writer = rusqlite::Connection::open(&path).expect("a database");
    let only_in_wal = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE x_fileregistry (id INTEGER)";
    writer.execute_batch(only_in_wal).expect("its tables");
    let refused = Registry::open_with_scratch(&path, dir.path()).err().expect("no registry of Sheaf");
    assert_eq!(refused.code(), Code::NotYet, "also while its program is writing it");
}
