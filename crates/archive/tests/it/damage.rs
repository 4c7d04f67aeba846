//! Archives that were damaged afterwards: whatever the damage, `verify` does not say that all is well.

use std::path::Path;

use sheaf_archive::plan::OnMissing;
use sheaf_archive::verify::{Verification, verify_archive};
use sheaf_archive::writer::write_archive;
use sheaf_registry::Code;
use sheaf_registry::progress::{Cancel, Unobserved};

use crate::fixture::{File, job, memory, plan, unzip};

fn archive(folder: &Path) -> Vec<u8> {
    let files = [File::new("a.stl", "abc".repeat(40)), File::new("b.jpg", "stored"), File::new("c.bin", "")];
    let store = memory(&files);
    let plan = plan(folder, &files, &store, OnMissing::Fail);
    let part = write_archive(&job(folder, &plan, &store)).expect("written");
    std::fs::read(part.path).expect("the archive")
}

fn verify(folder: &Path, bytes: &[u8]) -> Verification {
    let path = folder.join("damaged.zip");
    std::fs::write(&path, bytes).expect("a file");
    verify_archive(&path, 1, &Unobserved, &Cancel::new()).expect("it can be read")
}

#[test]
fn a_changed_byte_anywhere_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = archive(folder.path());
    let found = verify(folder.path(), &whole);
    assert!(found.ok, "the archive itself is fine");
    let (sha256, content) = (found.sha256, unzip(&folder.path().join("damaged.zip")));
    let mut unseen = 0;
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let found = verify(folder.path(), &damaged);
        if found.ok {
            // The last byte of a deflated stream has bits that mean nothing: only the archive's own hash sees those.
            let path = folder.path().join("damaged.zip");
            assert_eq!(unzip(&path), content, "byte {at} of {} was changed, and with it a content", whole.len());
            assert_ne!(found.sha256, sha256, "byte {at}: the hash in the record still tells");
            unseen += 1;
        }
    }
    assert!(unseen <= 3, "at most one byte of each of the three deflated files, but {unseen} changes were not seen");
}

#[test]
fn a_cut_anywhere_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = archive(folder.path());
    for length in 0..whole.len() {
        assert!(!verify(folder.path(), &whole[..length]).ok, "cut after {length} of {} bytes", whole.len());
    }
}

#[test]
fn something_before_or_behind_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = archive(folder.path());
    assert!(!verify(folder.path(), &[&whole[..], b"x"].concat()).ok, "something stands behind the end");
    assert!(!verify(folder.path(), &[b"x", &whole[..]].concat()).ok, "something stands before the beginning");
    assert!(!verify(folder.path(), &[&whole[..], &whole[..]].concat()).ok, "two archives in one file");
}

#[test]
fn an_archive_of_another_program_is_not_taken_for_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    writer.start_file("top/a.txt", zip::write::SimpleFileOptions::default()).expect("an entry");
    std::io::Write::write_all(&mut writer, b"a").expect("its content");
    writer.finish().expect("a ZIP file");
    let verified = verify_archive(&path, 1, &Unobserved, &Cancel::new()).expect("it can be read");
    assert!(!verified.ok, "there is no manifest to prove anything by");
}

#[test]
fn what_is_not_there_or_no_file_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = |path: &Path| verify_archive(path, 1, &Unobserved, &Cancel::new()).expect_err("refused").code();
    assert_eq!(code(&folder.path().join("no.zip")), Code::ArchiveMissing, "nothing there");
    assert_eq!(code(folder.path()), Code::ArchiveInvalid, "a folder");
}

#[test]
fn a_cancelled_verification_says_nothing_about_the_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.zip");
    std::fs::write(&path, archive(folder.path())).expect("a file");
    let cancel = Cancel::new();
    cancel.raise();
    let error = verify_archive(&path, 1, &Unobserved, &cancel).expect_err("cancelled");
    assert_eq!(error.code(), Code::Cancelled, "neither well nor damaged");
}

/// A ZIP file with one deflated entry of the given name and content, by another program.
fn zip_of(path: &Path, name: &str, content: &[u8]) {
    let mut writer = zip::ZipWriter::new(std::fs::File::create(path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .unix_permissions(0o644);
    writer.start_file(name, options).expect("an entry");
    std::io::Write::write_all(&mut writer, content).expect("its content");
    writer.finish().expect("a ZIP file");
}

#[test]
fn a_manifest_that_would_fill_the_memory_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bomb.zip");
    zip_of(&path, "top/manifest-sha256.txt", &vec![0; 64 << 20]);
    // The other program's headers differ from ours in details: give this one ours.
    let mut bytes = std::fs::read(&path).expect("the bomb");
    let central = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").expect("a directory");
    bytes[central + 4..central + 6].copy_from_slice(&0x032D_u16.to_le_bytes());
    let found = verify(folder.path(), &bytes);
    let said = found.problems.iter().any(|problem| problem.message.contains("larger than the list of all files"));
    assert!(said, "{:?}", found.problems);
}
