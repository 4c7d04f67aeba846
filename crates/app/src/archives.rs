//! What stands where a record's archive was published: present, missing or altered; verifying, copying and deleting it.
//!
//! A file that is not the record's is never changed or deleted.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sheaf_archive::publish::{VerifiedPart, hash_file, open_regular};
use sheaf_archive::verify::verify_archive;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_registry::{Code, Error, Result, hex};

use crate::failpoint;
use crate::history::{ArchiveRecord, Record};
use crate::house::{House, published};
use crate::limits;
use crate::patience::{PATIENCE, ask_all};
use crate::platform::{self, FileIdentity};
use crate::studies;
use crate::wire;

/// What stands where each archive was published, told by size, inode and modification time only. An archive whose folder
/// does not answer is missing for now. Takes no longer than the patience, however many there are.
pub(crate) fn states(archives: Vec<(PathBuf, FileIdentity)>) -> Vec<wire::ArchiveState> {
    let answers = ask_all(PATIENCE, archives, state);
    answers.into_iter().map(|answer| answer.unwrap_or(wire::ArchiveState::Missing)).collect()
}

fn state(path: &Path, recorded: FileIdentity) -> wire::ArchiveState {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && FileIdentity::of(&found).is_untouched(recorded) => wire::ArchiveState::Present,
        Ok(_) => wire::ArchiveState::Altered,
        Err(_) => wire::ArchiveState::Missing,
    }
}

/// Reads any archive and proves it on its own.
pub(crate) fn verify(path: &Path, threads: usize, observer: &dyn Observer, cancel: &Cancel) -> Result<wire::Verification> {
    let found = verify_archive(path, threads, observer, cancel)?;
    Ok(wire::Verification {
        ok: found.ok,
        files: found.files,
        bytes: found.bytes,
        sha256: hex::encode(&found.sha256),
        problems: found
            .problems
            .into_iter()
            .map(|problem| wire::ArchiveProblem {
                name: problem.name,
                code: problem.code.as_str().to_owned(),
                message: problem.message,
            })
            .collect(),
    })
}

/// Reads the archive of a record and compares it with the record.
pub(crate) fn verify_record(
    house: &House,
    record: &Record,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<wire::Verification> {
    let archive = archive_of(record)?;
    let mut found = match &record.studies {
        Some(table) => crate::studies::verify(&record.destination, &archive.sha256, table.studies, cancel)?,
        None => verify(&record.destination, house.environment.threads, observer, cancel)?,
    };
    if !found.ok && record.studies.is_some() {
        return Ok(found);
    }
    if found.sha256 != archive.sha256 {
        found.ok = false;
        found.problems.insert(
            0,
            wire::ArchiveProblem {
                name: String::new(),
                code: Code::ArchiveAltered.as_str().to_owned(),
                message: "The file is not the archive of the record: its SHA-256 is another one.".to_owned(),
            },
        );
    } else if state(&record.destination, archive.identity) != wire::ArchiveState::Present {
        // Moved away and back, or touched: its content is the record's, so it is known again by its new inode and time.
        house.history.recognised(&record.key(), &published(archive, &record.destination)?)?;
    }
    Ok(found)
}

/// Copies the archive of a record to a free path, or under its own name into a folder. Returns the path of the copy.
pub(crate) fn save(house: &House, record: &Record, to: &Path, observer: &dyn Observer, cancel: &Cancel) -> Result<PathBuf> {
    archive_of(record)?;
    let source = open_archive(record)?;
    let to = copy_destination(record, to)?;
    save_to(house, record, source, to, None, observer, cancel)
}

/// As [`save`], to a path that was chosen in a dialog which has asked whether the file there may be replaced. The copy takes
/// its place in one step, once it is whole, and only if it is still the file that was there when the dialog closed. What is
/// the archive of a record, a registry that it came from, or in the home, is never replaced.
pub(crate) fn save_over(
    house: &House,
    record: &Record,
    to: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<PathBuf> {
    archive_of(record)?;
    let source = open_archive(record)?;
    let Some(there) = std::fs::symlink_metadata(to).ok().filter(std::fs::Metadata::is_file) else {
        let to = copy_destination(record, to)?;
        return save_to(house, record, source, to, None, observer, cancel);
    };
    let to = to.canonicalize().unwrap_or_else(|_| to.to_owned());
    let there = FileIdentity::of(&there);
    let own = source.metadata().is_ok_and(|source| {
        let source = FileIdentity::of(&source);
        (source.device, source.inode) == (there.device, there.inode)
    });
    if own {
        return Err(ours(&to));
    }
    refuse_own(house, &record.registry, &to)?;
    let directory = to.parent().unwrap_or(Path::new("/"));
    match sheaf_archive::check_destination(directory, &to.file_name().unwrap_or_default().to_string_lossy()) {
        Err(error) if error.code() != Code::DestinationTaken => return Err(error),
        _ => {}
    }
    save_to(house, record, source, to.clone(), Some(there), observer, cancel)
}

/// Refuses to replace an archive of the history, this registry, or what is in the home.
pub(crate) fn refuse_own(house: &House, registry: &Path, to: &Path) -> Result<()> {
    let to = to.canonicalize().unwrap_or_else(|_| to.to_owned());
    if to == registry || to.starts_with(house.home.dir()) || house.history.knows(&to)? { Err(ours(&to)) } else { Ok(()) }
}

fn ours(path: &Path) -> Error {
    Error::new(Code::DestinationTaken, format!("{} is a file that Sheaf works with.", path.display()))
        .hint("Choose another name.")
}

fn save_to(
    house: &House,
    record: &Record,
    source: File,
    to: PathBuf,
    replaced: Option<FileIdentity>,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<PathBuf> {
    let archive = archive_of(record)?;
    let directory = to.parent().unwrap_or(Path::new("/"));
    let free = sheaf_archive::free_bytes(directory)?;
    let reserve = house.settings().free_space_reserve;
    if archive.identity.bytes.saturating_add(reserve) > free {
        return Err(limits::no_space(archive.identity.bytes, reserve, free));
    }
    let part = directory.join(format!("{}.{}.part", record.id, house.environment.random_id()));
    house.history.note_part(&part, house.owner.id())?;
    let copied = copy(archive, source, &part, observer, cancel).and_then(|copy| {
        failpoint::hit("copied");
        match replaced {
            None => copy.publish(&to).map(drop),
            Some(there) => replace(&part, &to, there),
        }
    });
    if copied.is_err() {
        // A part file that stays is noted and swept at the next start.
        let _ = std::fs::remove_file(&part);
    }
    if !part.exists() {
        // The copy is there whether or not this can be noted; the next start looks again.
        let _ = house.history.forget_part(&part);
    }
    copied?;
    house.history.saved(&record.key(), &to)?;
    Ok(to)
}

/// Puts the copy in the place of the file that its user has given up, and of no other.
fn replace(part: &Path, to: &Path, there: FileIdentity) -> Result<()> {
    if !std::fs::symlink_metadata(to).is_ok_and(|found| FileIdentity::of(&found) == there) {
        return Err(Error::new(Code::DestinationTaken, format!("{} has changed meanwhile.", to.display()))
            .hint("Save the copy again, under another name."));
    }
    std::fs::rename(part, to).and_then(|()| to.parent().map_or(Ok(()), platform::sync_dir)).map_err(|error| {
        Error::new(Code::WriteFailed, format!("The copy could not be put in the place of {}: {error}.", to.display()))
            .hint("Choose another name.")
            .cause(error)
    })
}

/// Finds the archive of a record where its user says that it is now: the same size and the same SHA-256. From then on the
/// record stands for that file.
pub(crate) fn locate(
    house: &House,
    record: &Record,
    path: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Record> {
    let archive = archive_of(record)?;
    let other = || {
        Error::new(Code::ArchiveAltered, format!("{} is not the archive of this export.", path.display()))
            .hint("Choose the ZIP that was moved, or export it again.")
    };
    let unreadable = |error: io::Error| {
        Error::new(Code::ArchiveInvalid, format!("{} cannot be read: {error}.", path.display()))
            .hint("Check the file and its permissions.")
            .cause(error)
    };
    let path = path.canonicalize().map_err(unreadable)?;
    let file = open_regular(&path).map_err(unreadable)?;
    let opened = FileIdentity::of(&file.metadata().map_err(unreadable)?);
    if opened.bytes != archive.identity.bytes {
        return Err(other());
    }
    let mut sha256 = Sha256::new();
    read_all(file, opened.bytes, Phase::Verifying, observer, cancel, unreadable, |block| {
        sha256.update(block);
        Ok(())
    })?;
    let digest: [u8; 32] = sha256.finalize().into();
    let stands = std::fs::symlink_metadata(&path).is_ok_and(|found| FileIdentity::of(&found) == opened);
    if hex::decode(&archive.sha256) != Some(digest) || !stands {
        return Err(other());
    }
    let found = ArchiveRecord { sha256: archive.sha256.clone(), identity: opened };
    house.history.located(&record.key(), &path, &found)
}

/// Moves the archive of a record to the trash; `false` where there is none any longer. A file that is not the record's stays.
pub(crate) fn trash_file(record: &Record, trash: impl Fn(&Path) -> Result<()>) -> Result<bool> {
    let path = &record.destination;
    let not_ours = |path: &Path| {
        Error::new(Code::ArchiveAltered, format!("{} is not the archive of this export.", path.display()))
            .hint("It was left where it is. Look at the file first; the record can be removed from the list alone.")
    };
    let Some(opened) = own_file(record, not_ours)? else { return Ok(false) };
    if !std::fs::symlink_metadata(path).is_ok_and(|found| FileIdentity::of(&found) == opened) {
        return Err(not_ours(path));
    }
    trash(path)?;
    if let Some(checksum) = studies::own_checksum(record) {
        // The table is in the trash; a checksum that stays says nothing wrong.
        let _ = trash(&checksum);
    }
    Ok(true)
}

/// Deletes the archive of a record; `false` where there is none any longer. `ARCHIVE_ALTERED` where the file that stands
/// there is not the record's, or took its place while it was looked at.
pub(crate) fn delete_file(record: &Record) -> Result<bool> {
    let path = &record.destination;
    let Some(opened) = own_file(record, not_ours)? else { return Ok(false) };
    remove(path, opened)?;
    if let Some(checksum) = studies::own_checksum(record) {
        // The table is gone; a checksum that stays says nothing wrong.
        let _ = std::fs::remove_file(checksum);
    }
    // The deletion is durable before the record goes; a folder that cannot be synced has lost nothing of ours.
    let _ = path.parent().map(platform::sync_dir);
    Ok(true)
}

/// The file at the record's path, if it is the record's archive; `None` where there is no file.
fn own_file(record: &Record, not_ours: impl Fn(&Path) -> Error) -> Result<Option<FileIdentity>> {
    let (Some(archive), path) = (&record.archive, &record.destination) else { return Ok(None) };
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_ours(path).cause(error)),
    };
    let opened = FileIdentity::of(&file.metadata().map_err(|error| not_ours(path).cause(error))?);
    if !opened.is_untouched(archive.identity) {
        let (_, sha256) = hash_file(&file, &|| ()).map_err(|error| not_ours(path).cause(error))?;
        if hex::encode(&sha256) != archive.sha256 {
            return Err(not_ours(path));
        }
    }
    Ok(Some(opened))
}

/// Removes the file that was looked at, and no other that has its name by now.
fn remove(path: &Path, looked_at: FileIdentity) -> Result<()> {
    if !std::fs::symlink_metadata(path).is_ok_and(|found| FileIdentity::of(&found) == looked_at) {
        return Err(not_ours(path));
    }
    std::fs::remove_file(path).map_err(|error| {
        Error::new(Code::DestinationUnwritable, format!("{} could not be deleted: {error}.", path.display()))
            .hint("Ask for the right to delete it, or delete the record alone with --keep-file.")
            .cause(error)
    })
}

fn not_ours(path: &Path) -> Error {
    let sentence =
        format!("{} is not the archive of this export, as far as can be told, so it was not deleted.", path.display());
    Error::new(Code::ArchiveAltered, sentence).hint("Delete the record alone with --keep-file, or look at the file first.")
}

pub(crate) fn archive_of(record: &Record) -> Result<&ArchiveRecord> {
    record.archive.as_ref().filter(|_| record.state.status().is_completed()).ok_or_else(|| {
        Error::new(Code::StateConflict, format!("The export {} is {}; it has no archive.", record.id, record.state.word()))
            .hint("`sheaf exports show` tells where it stands.")
    })
}

fn open_archive(record: &Record) -> Result<File> {
    open_regular(&record.destination).map_err(|error| {
        let path = record.destination.display();
        match error.kind() {
            io::ErrorKind::NotFound => Error::new(Code::ArchiveMissing, format!("The archive {path} is no longer there."))
                .hint("Bring it back, or export it again."),
            _ => Error::new(Code::ArchiveInvalid, format!("The archive {path} cannot be read: {error}."))
                .hint("Check the file and its permissions."),
        }
        .cause(error)
    })
}

/// The path of a copy, absolute and free.
fn copy_destination(record: &Record, to: &Path) -> Result<PathBuf> {
    let (directory, name) = if to.is_dir() {
        (to.to_owned(), record.destination.file_name().unwrap_or_default().to_owned())
    } else {
        let to = std::path::absolute(to)
            .map_err(|error| Error::new(Code::DestinationUnwritable, format!("{} names no file: {error}.", to.display())))?;
        match (to.parent(), to.file_name()) {
            (Some(directory), Some(name)) => (directory.to_owned(), name.to_owned()),
            _ => {
                return Err(Error::new(Code::DestinationUnwritable, format!("{} names no file.", to.display()))
                    .hint("Name a folder, or a file that does not exist."));
            }
        }
    };
    sheaf_archive::check_destination(&directory, &name.to_string_lossy())?;
    Ok(directory.canonicalize().unwrap_or(directory).join(name))
}

/// Copies and hashes in one pass; the part file is durable when this returns.
fn copy(
    archive: &ArchiveRecord,
    source: File,
    part: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<VerifiedPart> {
    let total = archive.identity.bytes;
    let write_failed = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            let free = part.parent().and_then(platform::free_bytes).unwrap_or(0);
            limits::no_space(total, 0, free).cause(error)
        }
        _ => Error::new(Code::WriteFailed, format!("The copy could not be written: {error}."))
            .hint("Check the destination, then try again.")
            .cause(error),
    };
    let mut copy = platform::private_file().write(true).create_new(true).open(part).map_err(write_failed)?;
    let mut sha256 = Sha256::new();
    let unreadable = |error: io::Error| {
        Error::new(Code::ArchiveInvalid, format!("The archive cannot be read: {error}."))
            .hint("Verify the archive; export it again if it is damaged.")
            .cause(error)
    };
    let bytes = read_all(source, total, Phase::Writing, observer, cancel, unreadable, |block| {
        sha256.update(block);
        copy.write_all(block).map_err(write_failed)
    })?;
    copy.sync_all().map_err(write_failed)?;
    let digest: [u8; 32] = sha256.finalize().into();
    if hex::decode(&archive.sha256) != Some(digest) {
        return Err(Error::new(Code::ArchiveAltered, "The archive was changed since it was made, so it was not copied.")
            .hint("`sheaf exports verify` tells what is wrong; export it again."));
    }
    let metadata = copy.metadata().map_err(write_failed)?;
    let identity = FileIdentity::of(&metadata);
    Ok(VerifiedPart {
        path: part.to_owned(),
        bytes,
        sha256: digest,
        files: 1,
        content_bytes: bytes,
        problems: Vec::new(),
        identity: (identity.device, identity.inode),
    })
}

/// Reads a file to its end, block by block, with progress and a look at the cancel flag. Returns its bytes.
fn read_all(
    mut file: File,
    total: u64,
    phase: Phase,
    observer: &dyn Observer,
    cancel: &Cancel,
    unreadable: impl Fn(io::Error) -> Error,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let mut block = vec![0; 1 << 20];
    let mut bytes_done = 0;
    loop {
        cancel.check()?;
        observer.observe(&Progress { phase, files_done: 0, files_total: 1, bytes_done, bytes_total: total, current: None });
        match file.read(&mut block) {
            Ok(0) => return Ok(bytes_done),
            Ok(count) => {
                take(&block[..count])?;
                bytes_done += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_took_the_archives_place_is_not_removed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a.zip");
        std::fs::write(&path, "the archive").expect("writable");
        let looked_at = FileIdentity::of(&std::fs::symlink_metadata(&path).expect("there"));
        // Kept open, as its number could be given to the other file else.
        let opened = File::open(&path).expect("there");
        std::fs::remove_file(&path).expect("ours");
        std::fs::write(&path, "somebody's!").expect("writable");
        assert_eq!(remove(&path, looked_at).expect_err("another").code(), Code::ArchiveAltered, "of the same size");
        assert_eq!(std::fs::read(&path).expect("there"), b"somebody's!", "it stays");
        drop(opened);
        let own = FileIdentity::of(&std::fs::symlink_metadata(&path).expect("there"));
        remove(&path, own).expect("the very file");
        assert!(!path.exists(), "it is gone");
    }
}
