//! What is damaged or something else, each with its code; nothing appears of it, and what was there stays.

use rusqlite::Connection;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, RegistryWriter};
use sheaf_sources::study_database;

use super::{options, read, read_bytes, zipped};

const HEAD: &str = "-- PostgreSQL database dump\nSET client_encoding = 'UTF8';\n";
const TAIL: &str = "-- PostgreSQL database dump complete\n";

fn table(rows: &str) -> String {
    format!("COPY public.medical_examinations_fact (exam_id, patient_name) FROM stdin;\n{rows}\\.\n")
}

fn code(bytes: &[u8]) -> Code {
    let error = read_bytes(bytes).err().expect("refused");
    let mut told = vec![format!("{error} {} {error:?}", error.next_step())];
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        told.push(format!("{error} {error:?}"));
        cause = error.source();
    }
    let told = told.join(" ");
    assert!(!told.contains("Lovelace"), "no patient is told: {told}");
    assert!(!error.next_step().is_empty(), "there is a next step: {error}");
    error.code()
}

#[test]
fn a_dump_that_is_cut_anywhere_is_told_so() {
    let whole = format!("{HEAD}{}{TAIL}", table("E1\tLovelace\nE2\tLovelace\n"));
    read_bytes(whole.as_bytes()).expect("it is whole");
    // The last line break alone says nothing.
    for end in "-- PostgreSQL database dump\n".len()..whole.len() - 1 {
        assert_eq!(code(&whole.as_bytes()[..end]), Code::DumpCut, "after {end} bytes");
    }
    let packed = zipped(whole.as_bytes());
    for end in [packed.len() / 2, packed.len() - 9, packed.len() - 1] {
        assert_eq!(code(&packed[..end]), Code::DumpCut, "zipped, after {end} bytes");
    }
    let list = br#"[{"model":"study.study","pk":"E1","fields":{"patient_name":"Lovelace"}}]"#;
    read_bytes(list).expect("it is whole");
    for end in 1..list.len() {
        assert_eq!(code(&list[..end]), Code::DumpCut, "dumpdata after {end} bytes");
    }
}

#[test]
fn what_no_dump_holds_has_a_code() {
    let dump = |middle: &str| format!("{HEAD}{middle}{TAIL}").into_bytes();
    let mut latin = dump(&table("E1\tLovelace é\n"));
    let at = latin.windows(2).position(|pair| pair == "é".as_bytes()).expect("a letter");
    latin.remove(at);
    let big5 = String::from_utf8(dump(&table("E1\tLovelace\n"))).expect("text").replace("UTF8", "BIG5");
    let mut packed = zipped(&dump(&table("E1\tLovelace\n")));
    let middle = packed.len() - 6;
    packed[middle] ^= 0xff;
    for (what, bytes, expected) in [
        ("a value too few", dump(&table("E1\n")), Code::DumpMalformed),
        ("a value too many", dump(&table("E1\tLovelace\tx\n")), Code::DumpMalformed),
        ("a column twice", dump(&table("").replace("patient_name", "exam_id")), Code::DumpMalformed),
        ("another COPY", dump(&table("").replace("stdin;", "stdin WITH (FORMAT csv);")), Code::DumpMalformed),
        ("an archive", b"PGDMP\x01\x0f\x00".to_vec(), Code::DumpMalformed),
        ("a wrong checksum", packed, Code::DumpMalformed),
        ("no UTF-8", latin, Code::SourceEncoding),
        ("another encoding", big5.into_bytes(), Code::SourceEncoding),
        ("no such table", dump("COPY public.other (exam_id) FROM stdin;\nE1\n\\.\n"), Code::SourceUnknown),
        ("no number", dump(&table("").replace("exam_id", "id")), Code::SourceUnknown),
        ("two tables", dump(&(table("") + &table("").replace("public", "old"))), Code::SourceUnknown),
        ("no row is one", dump(&table("\\N\tLovelace\n")), Code::SourceRow),
        ("no JSON", b"[{\"model\": Lovelace}]".to_vec(), Code::DumpMalformed),
        ("no objects", b"[1, 2]".to_vec(), Code::DumpMalformed),
        ("no fields", b"[{\"model\":\"study.study\",\"pk\":\"Lovelace\"}]".to_vec(), Code::DumpMalformed),
        ("more after it", b"[] Lovelace".to_vec(), Code::DumpMalformed),
        ("no studies", b"[]".to_vec(), Code::SourceUnknown),
        (
            "JSON without UTF-8",
            b"[{\"model\":\"study.study\",\"pk\":\"\xff\",\"fields\":{}}]".to_vec(),
            Code::SourceEncoding,
        ),
    ] {
        assert_eq!(code(&bytes), expected, "{what}");
    }
    let empty = read_bytes(&dump(&table(""))).expect("a table may be empty");
    assert_eq!(empty.report.studies, 0);
}

#[test]
fn a_database_of_something_else_or_with_broken_text_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("db.sqlite3");
    let make = |sql: &str| {
        let _ = std::fs::remove_file(&path);
        Connection::open(&path).expect("a database").execute_batch(sql).expect("statements");
        read(&path).err().map(|error| error.code())
    };
    assert_eq!(make("CREATE TABLE other (id)"), Some(Code::SourceUnknown));
    assert_eq!(make("CREATE TABLE medical_examinations_fact (id)"), Some(Code::SourceUnknown));
    let table =
        "CREATE TABLE medical_examinations_fact (exam_id, patient_age); INSERT INTO medical_examinations_fact VALUES";
    assert_eq!(make(&format!("{table} (CAST(x'ff' AS TEXT), 1)")), Some(Code::SourceEncoding));
    assert_eq!(make(&format!("{table} ('E1', -1)")), Some(Code::SourceRow));
    assert_eq!(make(&format!("{table} (1, 2)")), None);
}

#[test]
fn the_registry_from_before_stays_when_a_new_reading_fails_or_is_stopped() {
    let dir = tempfile::tempdir().expect("a folder");
    let (to, source) = (dir.path().join("studies.sqlite"), dir.path().join("dump.sql"));
    let cancel = Cancel::new();
    let sync = |text: &str| {
        std::fs::write(&source, text).expect("writable");
        let writer = RegistryWriter::replacing(&to).expect("a place");
        study_database::sync(&source, writer, &options(dir.path(), &cancel)).map_err(|error| error.code())
    };
    let whole = |name: &str| format!("{HEAD}{}{TAIL}", table(&format!("{name}\tx\n")));
    let ids = || super::rows(&to, "study").into_iter().map(|row| format!("{:?}", row[0])).collect::<Vec<_>>();
    sync(&whole("old")).expect("the first");
    let old = ids();
    assert_eq!(sync(&format!("{HEAD}{}", table("new\tx\n"))), Err(Code::DumpCut));
    assert_eq!(ids(), old, "what was read of a cut dump is nowhere");
    cancel.raise();
    assert_eq!(sync(&whole("new")), Err(Code::Cancelled));
    assert_eq!(ids(), old, "also after a stop");
    let mut left: Vec<_> = std::fs::read_dir(&dir).expect("its files").map(|entry| entry.expect("a file").path()).collect();
    left.sort();
    assert_eq!(left, [source, to], "and nothing else is left");
}
