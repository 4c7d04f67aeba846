//! What becomes of an archive afterwards: copied, verified, moved, altered, deleted.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use sheaf_app::progress::{Listener, unheard};
use sheaf_app::wire::{ArchiveState, DatasetExport};
use sheaf_app::{ExportRequest, Sheaf, verify_file};
use sheaf_registry::Code;
use sheaf_registry::progress::Cancel;

use crate::fixture::{Lab, names};

fn export(sheaf: &Sheaf, lab: &Lab) -> (DatasetExport, PathBuf) {
    let record = sheaf.export(&lab.request(), &unheard(), &Cancel::new()).expect("a record");
    let path = record.archive.as_ref().map(|archive| PathBuf::from(&archive.path)).expect("completed");
    (record, path)
}

fn state(sheaf: &Sheaf, id: &str) -> ArchiveState {
    sheaf.show(id).expect("known").archive.expect("completed").state
}

#[test]
fn a_copy_is_whole_verified_and_never_overwrites() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let (record, path) = export(&sheaf, &lab);
    let copies = lab.root().join("copies");
    std::fs::create_dir(&copies).expect("writable");
    let answer = sheaf.save(&record.id, &copies, &unheard(), &Cancel::new()).expect("into a folder");
    assert_eq!(answer, record, "answers with the record");
    sheaf.save(&record.id, &copies.join("other.zip"), &unheard(), &Cancel::new()).expect("under another name");
    assert_eq!(names(&copies), ["other.zip", "study.zip"], "and no part file");
    assert_eq!(std::fs::read(copies.join("other.zip")).expect("there"), std::fs::read(&path).expect("there"), "the same");
    for (to, code) in [
        (copies.clone(), Code::DestinationTaken),
        (copies.join("other.zip"), Code::DestinationTaken),
        (lab.root().join("nowhere/a.zip"), Code::DestinationMissing),
        (lab.root().join("nowhere/.."), Code::DestinationUnwritable),
    ] {
        let error = sheaf.save(&record.id, &to, &unheard(), &Cancel::new()).expect_err("must be refused");
        assert_eq!(error.code(), code, "{}", to.display());
    }
    let saved = lab.audit(&record.id).into_iter().filter(|row| row == "completed>completed").count();
    assert_eq!(saved, 2, "who took a copy is audited");
}

#[test]
fn a_copy_that_is_stopped_or_damaged_leaves_nothing() {
    let lab = Lab::with_file_bytes(2_000_000);
    let sheaf = lab.sheaf();
    let (record, path) = export(&sheaf, &lab);
    let copies = lab.root().join("copies");
    std::fs::create_dir(&copies).expect("writable");
    let cancel = Cancel::new();
    let raised = cancel.clone();
    let listener: Listener = Arc::new(move |_| raised.raise());
    let error = sheaf.save(&record.id, &copies, &listener, &cancel).expect_err("stopped");
    assert_eq!(error.code(), Code::Cancelled, "{error}");
    assert!(names(&copies).is_empty(), "no half copy");

    std::fs::OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(b"x")).expect("ours");
    let error = sheaf.save(&record.id, &copies, &unheard(), &Cancel::new()).expect_err("not the archive");
    assert_eq!(error.code(), Code::ArchiveAltered, "{error}");
    assert!(names(&copies).is_empty(), "a copy of something else never appears");
    std::fs::remove_file(&path).expect("ours");
    let error = sheaf.save(&record.id, &copies, &unheard(), &Cancel::new()).expect_err("not there");
    assert_eq!(error.code(), Code::ArchiveMissing, "{error}");
    drop(sheaf);
    lab.settings("free_space_reserve = \"8000000 TB\"\n");
    std::fs::write(&path, "x").expect("writable");
    let error = lab.sheaf().save(&record.id, &copies, &unheard(), &Cancel::new()).expect_err("no room");
    assert_eq!(error.code(), Code::NoSpace, "{error}");
}

#[test]
fn what_happened_to_an_archive_is_seen() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let (record, path) = export(&sheaf, &lab);
    let away = lab.root().join("away.zip");
    std::fs::rename(&path, &away).expect("ours");
    assert_eq!(state(&sheaf, &record.id), ArchiveState::Missing, "moved away");
    let error = sheaf.verify(&record.id, &unheard(), &Cancel::new()).expect_err("nothing to read");
    assert_eq!(error.code(), Code::ArchiveMissing, "{error}");

    std::fs::copy(&away, &path).expect("writable");
    assert_eq!(state(&sheaf, &record.id), ArchiveState::Altered, "another file, as far as a look tells");
    assert!(sheaf.verify(&record.id, &unheard(), &Cancel::new()).expect("readable").ok, "its content is the record's");
    assert_eq!(state(&sheaf, &record.id), ArchiveState::Present, "now it is known again");

    let mut bytes = std::fs::read(&path).expect("there");
    bytes[200] ^= 1;
    std::fs::write(&path, bytes).expect("ours");
    assert_eq!(state(&sheaf, &record.id), ArchiveState::Altered, "same size, same inode, another time");
    let found = sheaf.verify(&record.id, &unheard(), &Cancel::new()).expect("readable");
    assert!(!found.ok, "one bit is enough");
    assert_eq!(found.problems[0].code, "ARCHIVE_ALTERED", "not the file of the record");
    assert_eq!(state(&sheaf, &record.id), ArchiveState::Altered, "and it stays so");
    assert!(!verify_file(&path, &unheard(), &Cancel::new()).expect("readable").ok, "nor is it a sound archive");
}

#[test]
fn only_the_records_own_file_is_deleted() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let (record, path) = export(&sheaf, &lab);
    let archive = std::fs::read(&path).expect("there");
    std::fs::write(&path, "somebody's").expect("ours");
    let error = sheaf.delete(&record.id, false).expect_err("must be refused");
    assert_eq!(error.code(), Code::ArchiveAltered, "{error}");
    assert_eq!(std::fs::read(&path).expect("there"), b"somebody's", "the file stays");
    let mut other = archive.clone();
    other[100] ^= 1;
    std::fs::write(&path, &other).expect("ours");
    assert_eq!(sheaf.delete(&record.id, false).expect_err("same size").code(), Code::ArchiveAltered, "by its hash");
    std::fs::remove_file(&path).expect("ours");
    std::os::unix::fs::symlink(lab.source(1, "raw"), &path).expect("writable");
    assert_eq!(sheaf.delete(&record.id, false).expect_err("a link").code(), Code::ArchiveAltered, "never followed");
    assert!(lab.source(1, "raw").exists(), "I4: a source is never touched");
    sheaf.show(&record.id).expect("the record stays too");

    std::fs::remove_file(&path).expect("ours");
    std::fs::write(&path, &archive).expect("ours");
    let deleted = sheaf.delete(&record.id, false).expect("same bytes, another inode");
    assert_eq!(deleted.deleted, record.id, "answers with the id");
    assert!(!path.exists(), "the file is gone");
    assert_eq!(sheaf.show(&record.id).expect_err("gone").code(), Code::UnknownExport, "the record too");
    assert_eq!(lab.audit(&record.id).last().map(String::as_str), Some("completed>deleted"), "the audit stays");
}

#[test]
fn a_record_can_go_without_its_file_and_a_file_without_its_record() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let (record, path) = export(&sheaf, &lab);
    sheaf.delete(&record.id, true).expect("the record alone");
    assert!(path.exists(), "the file was kept");
    let request = ExportRequest { name: Some("second".to_owned()), ..lab.request() };
    let second = sheaf.export(&request, &unheard(), &Cancel::new()).expect("a record");
    std::fs::remove_file(lab.out().join("second.zip")).expect("there");
    sheaf.delete(&second.id, false).expect("a missing file: the record goes");
    assert!(sheaf.list().expect("readable").exports.is_empty(), "both are gone");
    assert_eq!(sheaf.delete("nothing", false).expect_err("unknown").code(), Code::UnknownExport, "no such export");
}

#[test]
fn what_has_no_archive_cannot_be_copied_or_verified() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    std::fs::remove_file(lab.source(1, "processed")).expect("there");
    let failed = sheaf.export(&lab.request(), &unheard(), &Cancel::new()).expect("a record");
    let (listener, cancel) = (unheard(), Cancel::new());
    assert_eq!(sheaf.verify(&failed.id, &listener, &cancel).expect_err("none").code(), Code::StateConflict, "verify");
    assert_eq!(
        sheaf.save(&failed.id, lab.root(), &listener, &cancel).expect_err("none").code(),
        Code::StateConflict,
        "save"
    );
    sheaf.delete(&failed.id, false).expect("a failed one can be deleted");
}

#[test]
fn a_pipe_in_the_archives_place_is_neither_waited_for_nor_deleted() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let (record, path) = export(&sheaf, &lab);
    std::fs::remove_file(&path).expect("ours");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("a tool of every system");
    assert!(made.success(), "a pipe without a writer");
    let error = sheaf.save(&record.id, &lab.root().join("a.zip"), &unheard(), &Cancel::new()).expect_err("no archive");
    assert_eq!(error.code(), Code::ArchiveInvalid, "{error}");
    assert_eq!(sheaf.delete(&record.id, false).expect_err("not ours").code(), Code::ArchiveAltered, "it stays");
    assert!(path.symlink_metadata().is_ok(), "it does");
    assert_eq!(state(&sheaf, &record.id), ArchiveState::Altered, "seen as what it is");
}
