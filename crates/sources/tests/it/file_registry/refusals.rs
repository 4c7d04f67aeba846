//! What cannot be read is refused with its code; nothing is left, and a registry that was there stays.

use std::path::Path;
use std::sync::Mutex;

use jiff::Timestamp;
use rusqlite::Connection;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress, Unobserved};
use sheaf_registry::{Code, Error, RegistryWriter};
use sheaf_sources::file_registry::{self, Options};

use super::fixture::Made;
use super::{sync, try_sync};

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
    let refused = |bytes: &[u8]| {
        let path = dir.path().join("other.sql");
        std::fs::write(&path, bytes).expect("a file");
        refusal(&path).code()
    };
    assert_eq!(refused(&whole[..whole.len() / 2]), Code::DumpCut, "in the middle");
    assert_eq!(refused(&whole[..whole.len() - 30]), Code::DumpCut, "its last line is missing");
    assert_eq!(refused(&whole[..60]), Code::DumpCut, "nothing but its head");
    let text = String::from_utf8(whole).expect("text");
    let broken = text.replace("INSERT INTO `scans_patient` VALUES (", "INSERT INTO `scans_patient` VALUES 1(");
    assert_eq!(refused(broken.as_bytes()), Code::DumpMalformed, "no dump says that");
    assert_eq!(refused(text.replace("_fileregistry", "_filing").as_bytes()), Code::SourceUnknown, "another application");
    assert_eq!(refused(b"CREATE TABLE public.x (a integer);"), Code::SourceUnknown, "a dump of another engine");
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n something else"), Code::SourceUnknown, "no dump at all");
    assert_eq!(refused(b"hello"), Code::SourceUnknown, "nor this");
    assert_eq!(refused(b""), Code::RegistryCorrupt, "empty");
    assert_eq!(refused(b"\x1f\x8b\x08\x00broken gzip"), Code::SourceUnknown, "a broken archive");
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
    assert_eq!(refusal(&path).code(), Code::DumpMalformed, "its checksum is another");
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
