//! What cannot be read is refused with its code; nothing is left, and a registry that was there stays.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress, Unobserved};
use sheaf_registry::{Code, Error, RegistryWriter};
use sheaf_sources::file_registry::{self, Options};

use super::fixture::Made;
use super::{ask, sync, try_sync};

/// Many more files.
const MORE: &str = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO scans_fileregistry (id, file_type, file_path, patient_id)
    SELECT 1000 + i, 'cbct_raw', '/dataset/maxillo/raw/cbct/' || i || '.nii.gz', 1 FROM n";

/// How many sources are changed at random.
const ROUNDS: usize = 200;

/// The refusal of a source; nothing of a registry is there afterwards.
fn refusal(source: &Path) -> Error {
    let dir = tempfile::tempdir().expect("a folder");
    let error = try_sync(source, &dir.path().join("registry.sqlite"), &[]).expect_err("it is refused");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 0, "{}: nothing is left", error.code());
    assert!(!error.message().is_empty() && !error.next_step().is_empty(), "{}: a sentence and a next step", error.code());
    let shown = format!("{error:?}");
    assert!(!shown.contains("Lovelace"), "{}: no name in an error: {shown}", error.code());
    error
}

#[test]
fn a_dump_that_is_not_whole_or_no_dump() {
    let (dir, dump) = Made::G2.dump("");
    let whole = std::fs::read(&dump).expect("the dump");
    let said = |bytes: &[u8]| {
        let path = dir.path().join("other.sql");
        std::fs::write(&path, bytes).expect("a file");
        refusal(&path)
    };
    let refused = |bytes: &[u8]| said(bytes).code();
    assert_eq!(refused(&whole[..whole.len() / 2]), Code::DumpCut, "in the middle");
    assert_eq!(refused(&whole[..whole.len() - 30]), Code::DumpCut, "its last line is missing");
    assert_eq!(refused(&whole[..60]), Code::DumpCut, "nothing but its head");
    let text = String::from_utf8(whole).expect("text");
    let broken = text.replace("INSERT INTO `scans_patient` VALUES (", "INSERT INTO `scans_patient` VALUES 1(");
    let error = said(broken.as_bytes());
    assert_eq!(error.code(), Code::DumpMalformed, "no dump says that");
    let (at, what) = error.message().split_once(" at byte ").and_then(|(_, rest)| rest.split_once(": ")).expect("both");
    let (at, broken_at) = (at.parse::<usize>().expect("where"), broken.find("VALUES 1(").expect("there"));
    assert!((broken_at..broken_at + 20).contains(&at) && what == "a bracket is missing.", "{}", error.message());
    assert_eq!(refused(text.replace("_fileregistry", "_filing").as_bytes()), Code::SourceUnknown, "another application");
    assert_eq!(refused(b"CREATE TABLE public.x (a integer);"), Code::SourceUnknown, "a dump of another engine");
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n something else"), Code::SourceUnknown, "no dump at all");
    assert_eq!(refused(b"hello"), Code::SourceUnknown, "nor this");
    assert_eq!(refused(b""), Code::DumpCut, "empty");
    let nothing = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()).finish().expect("nothing");
    let error = said(&nothing);
    assert_eq!((error.code(), error.message().ends_with("is empty.")), (Code::DumpCut, true), "{error}");
    assert_eq!(refused(b"\x1f\x8b\x08\x00broken gzip"), Code::SourceUnknown, "a broken archive");
}

#[test]
fn of_a_dump_of_several_databases_the_one_registry_is_read() {
    let (dir, dump) = Made::G2.dump("");
    let text = std::fs::read_to_string(&dump).expect("the dump");
    let path = dir.path().join("several.sql");
    let of = |name: &str, tables: &str| format!("CREATE DATABASE `{name}`;\nUSE `{name}`;\n{tables}\n");
    // Other applications of the same kind have users, too; a server's own tables have rows without a definition.
    let other = "CREATE TABLE `auth_user` (`id` int, `username` text);\nINSERT INTO `auth_user` VALUES (1,'x');
                 INSERT IGNORE INTO `innodb_index_stats` VALUES ('a',1);";
    let (first, last) = (of("aaa", other), of("zzz", other));
    let whole = super::sync(&dump).everything();
    for (several, how) in [
        (format!("{first}{}", of("lab", &text)), "after another"),
        (format!("{}{last}{text_end}", of("lab", &text), text_end = "-- Dump completed\n"), "before another"),
    ] {
        std::fs::write(&path, several).expect("a file");
        assert_eq!(super::sync(&path).everything(), whole, "{how}");
    }
    std::fs::write(&path, format!("{}{}", of("lab", &text), of("lab2", &text))).expect("a file");
    let error = refusal(&path);
    assert_eq!((error.code(), error.message().contains("more than one")), (Code::SourceUnknown, true), "{error:?}");
    // Names in the quotes of ANSI.
    std::fs::write(&path, text.replace('`', "\"")).expect("a file");
    assert_eq!(super::sync(&path).everything(), whole, "names as ANSI quotes them");
}

#[test]
fn what_programs_of_a_database_would_do_is_no_row_of_it() {
    let (dir, dump) = Made::G2.dump("");
    let text = std::fs::read_to_string(&dump).expect("the dump");
    let programs = "DELIMITER ;;\nCREATE PROCEDURE `seed`(IN who INT) BEGIN\n SET @x = 1;
        INSERT INTO `auth_user` VALUES (900,'nobody',1,1);\n INSERT INTO `scans_patient` VALUES (who);\nEND ;;\n  delimiter ;\n";
    let path = dir.path().join("programs.sql");
    let end = "-- Dump completed";
    std::fs::write(&path, text.replace(end, &format!("{programs}{end}"))).expect("a file");
    assert_eq!(super::sync(&path).everything(), super::sync(&dump).everything());
    std::fs::write(&path, text.replace(end, &programs.replace("delimiter ;", ""))).expect("a file");
    assert_eq!(refusal(&path).code(), Code::DumpCut, "nothing says that they have ended");
}

#[test]
fn a_zipped_dump_that_is_cut_or_damaged() {
    use std::io::Write as _;
    let (dir, dump) = Made::G2.dump("");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&std::fs::read(&dump).expect("the dump")).expect("bytes");
    let whole = encoder.finish().expect("a whole archive");
    let path = dir.path().join("backup.sql.gz");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("a file");
    assert_eq!(refusal(&path).code(), Code::DumpCut, "half of it");
    let mut damaged = whole.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 0xff;
    std::fs::write(&path, &damaged).expect("a file");
    let error = refusal(&path);
    assert_eq!(error.code(), Code::DumpMalformed, "its checksum is another");
    assert!(error.message().contains("compression is damaged"), "{}", error.message());

    // Tapes and blocks are filled up with zeros; what else follows is none of it.
    let (first, second) = std::fs::read(&dump).map(|text| (text[..700].to_vec(), text[700..].to_vec())).expect("the dump");
    let zipped = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a whole archive")
    };
    let parts = [zipped(&first), zipped(b""), zipped(&second)].concat();
    for (content, is_whole) in [
        ([&*whole, &[0; 1000]].concat(), true),
        (parts, true),
        ([&*whole, b"garbage"].concat(), false),
        ([&*whole, &[0; 1000], &*whole].concat(), false),
    ] {
        std::fs::write(&path, &content).expect("a file");
        let read = try_sync(&path, &dir.path().join("again.sqlite"), &[]);
        let told = read.map(drop).map_err(|error| error.code());
        assert_eq!(told, if is_whole { Ok(()) } else { Err(Code::DumpMalformed) });
        let _ = std::fs::remove_file(dir.path().join("again.sqlite"));
    }
}

#[test]
fn text_that_is_none_is_refused_where_it_stands() {
    let (dir, dump) = Made::G2.dump("");
    let bytes = std::fs::read(&dump).expect("the dump");
    let at = memchr::memmem::find(&bytes, b"Ada Lovelace").expect("a name");
    let mut latin = bytes.clone();
    latin[at] = 0xe9;
    let path = dir.path().join("latin1.sql");
    std::fs::write(&path, latin).expect("a file");
    let error = refusal(&path);
    assert_eq!(error.code(), Code::SourceEncoding, "a dump in Latin-1");
    assert_eq!(error.message(), "A text in row 1 of the table scans_patient is not UTF-8.", "row and table, no value");

    let (_dir, path) = Made::G2.database("UPDATE scans_fileregistry SET file_path = CAST(x'2fe9' AS TEXT) WHERE id = 9");
    assert_eq!(refusal(&path).code(), Code::SourceEncoding, "also in a database");
}

#[test]
fn rows_without_an_id_of_their_own() {
    let (dir, dump) = Made::G2.dump("");
    let text = std::fs::read_to_string(&dump).expect("the dump");
    for (what, with) in [
        ("VALUES (1,'Ada Lovelace'", "VALUES (2,'Ada Lovelace'"),
        ("VALUES (1,'Ada Lovelace'", "VALUES ('x','Ada Lovelace'"),
        ("VALUES (1,'Ada Lovelace'", "VALUES (NULL,'Ada Lovelace'"),
        ("VALUES (1,'Ada Lovelace'", "VALUES (1.5,'Ada Lovelace'"),
        ("VALUES (1,'Ada Lovelace'", "VALUES (-1,'Ada Lovelace'"),
        ("(15,'intraoral_raw'", "(99999999999999,'intraoral_raw'"),
    ] {
        assert!(text.contains(what), "the dump holds {what}");
        let path = dir.path().join("rows.sql");
        std::fs::write(&path, text.replace(what, with)).expect("a file");
        assert_eq!(refusal(&path).code(), Code::SourceRow, "{with}");
    }
    let (_dir, path) = Made::G2.database(
        "CREATE TABLE again AS SELECT * FROM scans_patient; DROP TABLE scans_patient; ALTER TABLE again RENAME TO scans_patient;
         INSERT INTO scans_patient SELECT * FROM scans_patient WHERE patient_id = 1;",
    );
    let error = refusal(&path);
    assert_eq!(error.code(), Code::SourceRow, "a database that lets two rows have one id");
    assert!(error.message().contains("row 1"), "which row: {error}");
}

#[test]
fn what_is_no_source_at_all() {
    let dir = tempfile::tempdir().expect("a folder");
    assert_eq!(refusal(&dir.path().join("not there.sql")).code(), Code::RegistryMissing, "nothing is there");
    assert_eq!(refusal(dir.path()).code(), Code::RegistryUnreadable, "a folder");
    let other = dir.path().join("other.sqlite3");
    Connection::open(&other).and_then(|it| it.execute_batch("CREATE TABLE notes (id INTEGER)")).expect("a database");
    assert_eq!(refusal(&other).code(), Code::SourceUnknown, "a database of another application");
    let (_dir, path) = Made::G2.database("");
    let whole = std::fs::read(&path).expect("its bytes");
    std::fs::write(&other, &whole[..whole.len() / 2]).expect("half of a database");
    assert_eq!(refusal(&other).code(), Code::RegistryCorrupt, "half of a database");
}

#[test]
fn a_source_is_never_replaced_by_its_registry() {
    let (_dir, source) = Made::G2.database("");
    let before = std::fs::read(&source).expect("its bytes");
    let scratch = tempfile::tempdir().expect("a folder");
    let (now, cancel, observer) = (Timestamp::UNIX_EPOCH, &Cancel::new(), &Unobserved);
    let options = Options { scratch: scratch.path(), now, mappings: &[], cancel, observer };
    let beside = source.with_file_name("link.sqlite");
    std::os::unix::fs::symlink(&source, &beside).expect("a link");
    for to in [&source, &beside] {
        let writer = RegistryWriter::replacing(to).expect("a writer");
        let error = file_registry::sync(&source, writer, &options).expect_err("it is the source");
        assert_eq!(error.code(), Code::DestinationTaken, "{}", to.display());
    }
    assert_eq!(std::fs::read(&source).expect("its bytes"), before, "it is as it was");
}

/// Stops the work at a point of it.
struct StopAt<'a> {
    phase: Phase,
    cancel: &'a Cancel,
    seen: Mutex<Vec<Progress>>,
}

impl Observer for StopAt<'_> {
    fn observe(&self, progress: &Progress) {
        if progress.phase == self.phase {
            self.cancel.raise();
        }
        self.seen.lock().expect("nobody panicked").push(progress.clone());
    }
}

#[test]
fn stopped_or_failed_it_leaves_the_registry_from_before() {
    let (_dir, source) = Made::G2.dump("");
    let dir = tempfile::tempdir().expect("a folder");
    let scratch = tempfile::tempdir().expect("a folder");
    let to = dir.path().join("registry.sqlite");
    try_sync(&source, &to, &[]).expect("the first time");
    let before = std::fs::read(&to).expect("a registry");
    for phase in [Phase::Preparing, Phase::Writing] {
        let cancel = Cancel::new();
        let observer = StopAt { phase, cancel: &cancel, seen: Mutex::default() };
        let now = Timestamp::UNIX_EPOCH;
        let options = Options { scratch: scratch.path(), now, mappings: &[], cancel: &cancel, observer: &observer };
        let writer = RegistryWriter::replacing(&to).expect("a writer");
        let error = file_registry::sync(&source, writer, &options).expect_err("it was stopped");
        assert_eq!(error.code(), Code::Cancelled, "{phase:?}");
        assert!(!observer.seen.lock().expect("whole").is_empty(), "{phase:?}: it was told how far it is");
        assert_eq!(std::fs::read(&to).expect("it"), before, "{phase:?}: the one from before is as it was");
    }
    let (_more_dir, more) = Made::G2.dump(MORE);
    let rows =
        |progress: &Progress| (progress.bytes_done + progress.files_done, progress.bytes_total + progress.files_total);
    for phase in [Phase::Preparing, Phase::Writing] {
        let cancel = Cancel::new();
        let observer = StopAt { phase, cancel: &cancel, seen: Mutex::default() };
        let now = Timestamp::UNIX_EPOCH;
        let options = Options { scratch: scratch.path(), now, mappings: &[], cancel: &cancel, observer: &observer };
        let writer = RegistryWriter::replacing(&to).expect("a writer");
        file_registry::sync(&more, writer, &options).expect_err("it was stopped");
        let (done, total) = observer.seen.lock().expect("whole").last().map(rows).expect("it told");
        assert!(done < total / 2, "{phase:?}: it stops where it is, at {done} of {total}");
    }
    let (_other, cut) = Made::G2.dump("");
    let bytes = std::fs::read(&cut).expect("the dump");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("half of it");
    let options = Options {
        scratch: scratch.path(),
        now: Timestamp::UNIX_EPOCH,
        mappings: &[],
        cancel: &Cancel::new(),
        observer: &Unobserved,
    };
    let writer = RegistryWriter::replacing(&to).expect("a writer");
    file_registry::sync(&cut, writer, &options).expect_err("half a dump");
    assert_eq!(std::fs::read(&to).expect("it"), before, "the one from before is as it was");
    let left: usize = [&dir, &scratch].map(|dir| std::fs::read_dir(dir.path()).expect("a folder").count()).iter().sum();
    assert_eq!(left, 1, "nothing else is left");
    let writer = RegistryWriter::replacing(&to).expect("a writer");
    file_registry::sync(&source, writer, &options).expect("the next time");
    assert_eq!(sync(&source).report.files, 17, "and it can be read again");
}

/// Changes the source while it is read.
struct Meddle {
    source: PathBuf,
    done: Mutex<Option<bool>>,
}

impl Observer for Meddle {
    fn observe(&self, _: &Progress) {
        let mut done = self.done.lock().expect("nobody panicked");
        if done.is_none() {
            let connection = Connection::open(&self.source).expect("the application");
            connection.busy_timeout(Duration::ZERO).expect("it does not wait");
            let insert = "INSERT INTO scans_patient (patient_id, name, project_id) VALUES (700, '', 1);
                          INSERT INTO scans_fileregistry (id, file_path, file_type, patient_id) VALUES (700, 'x', 'y', 700)";
            *done = Some(connection.execute_batch(insert).is_ok());
        }
    }
}

#[test]
fn a_source_that_changes_while_it_is_read_is_never_half_read() {
    let new = "SELECT (SELECT count(*) FROM patient WHERE id = 700) + (SELECT count(*) FROM file_registry WHERE id = 700)";
    for journal in ["DELETE", "WAL", "WAL with frames"] {
        let (_dir, source) = Made::G2.database("");
        let application = Connection::open(&source).expect("the application");
        let mode = journal.split(' ').next().expect("a word");
        application.execute_batch(&format!("PRAGMA journal_mode = {mode}; PRAGMA wal_autocheckpoint = 0")).expect("a mode");
        if journal == "WAL with frames" {
            application.execute_batch("UPDATE scans_patient SET name = 'x' WHERE patient_id = 1").expect("a frame");
        } else {
            drop(application);
        }
        let dir = tempfile::tempdir().expect("a folder");
        let scratch = tempfile::tempdir().expect("a folder");
        let to = dir.path().join("registry.sqlite");
        let observer = Meddle { source: source.clone(), done: Mutex::default() };
        let options = Options {
            scratch: scratch.path(),
            now: Timestamp::UNIX_EPOCH,
            mappings: &[],
            cancel: &Cancel::new(),
            observer: &observer,
        };
        let result = file_registry::sync(&source, RegistryWriter::create(&to).expect("a writer"), &options);
        let written = observer.done.lock().expect("whole").expect("it was tried");
        // A file that is locked waits, a copy is a copy, and what nothing locks is looked at again at the end.
        assert_eq!(written, journal != "DELETE", "{journal}: whether the application could write meanwhile");
        if journal == "WAL" {
            let error = result.expect_err("it was written");
            assert_eq!(error.code(), Code::DbBusy, "{journal}: it is said and can be tried again");
            assert!(!to.exists(), "{journal}: and nothing is left");
        } else {
            result.expect("nobody was in the way");
            let found = ask(&Connection::open(&to).expect("a registry"), new);
            assert_eq!(found, ["0"], "{journal}: all is as it was at the beginning");
        }
    }
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// Reads the source: it is a registry or a refusal with a reason that is none of ours.
fn read_or_refused(source: &Path, round: usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let Err(error) = try_sync(source, &dir.path().join("registry.sqlite"), &[]) else { return };
    let cause = std::error::Error::source(&error);
    assert_ne!(error.code(), Code::Internal, "round {round}: {error:?} {cause:?}");
    assert!(!error.message().contains("Lovelace"), "round {round}: {error}");
}

#[test]
fn a_dump_with_any_byte_changed_is_read_or_refused_with_a_reason() {
    let (dir, dump) = Made::G3.dump("");
    let whole = std::fs::read(&dump).expect("the dump");
    let path = dir.path().join("changed.sql");
    let mut dice = Dice(7);
    for round in 0..ROUNDS {
        let mut bytes = whole.clone();
        for _ in 0..=round % 4 {
            let at = dice.below(bytes.len());
            match round % 3 {
                0 => bytes[at] = b"'`,();\\0N-\xff"[dice.below(11)],
                1 => drop(bytes.splice(at..at, whole[at / 2..].iter().copied().take(dice.below(40)))),
                _ => drop(bytes.drain(at..(at + dice.below(40)).min(bytes.len()))),
            }
        }
        std::fs::write(&path, &bytes).expect("a file");
        read_or_refused(&path, round);
    }
}

#[test]
fn a_database_with_any_byte_changed_is_read_or_refused_with_a_reason() {
    // Tables that are put anew, without the keys that would keep rows from contradicting each other.
    let (dir, database) = Made::G2.database("");
    let tables = ask(&Connection::open(&database).expect("it"), "SELECT name FROM sqlite_schema WHERE type = 'table'");
    let application = Connection::open(&database).expect("the application");
    for name in &tables {
        let anew = format!("CREATE TABLE x AS SELECT * FROM {name}; DROP TABLE {name}; ALTER TABLE x RENAME TO {name}");
        application.execute_batch(&anew).expect("without keys");
    }
    application.execute_batch("VACUUM").expect("smaller");
    drop(application);
    let whole = std::fs::read(&database).expect("the database");
    let path = dir.path().join("changed.sqlite3");
    let mut dice = Dice(11);
    for round in 0..ROUNDS {
        let mut bytes = whole.clone();
        for _ in 0..=round % 4 {
            let at = 100 + dice.below(bytes.len() - 100);
            bytes[at] = bytes[at].wrapping_add(u8::try_from(1 + dice.below(3)).expect("small"));
        }
        std::fs::write(&path, &bytes).expect("a file");
        read_or_refused(&path, round);
    }
    for name in &tables {
        std::fs::write(&path, &whole).expect("a file");
        let twice = format!("INSERT INTO {name} SELECT * FROM {name}");
        Connection::open(&path).and_then(|it| it.execute_batch(&twice)).expect("each row twice");
        read_or_refused(&path, usize::MAX);
    }
}
