//! A verified part file appears under its name, whole or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sheaf_registry::error::FileProblem;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use crate::{destination, part_file, platform};

/// A part file that is durable, was read back and equals its plan. Nothing removes it but [`VerifiedPart::discard`].
#[derive(Clone, Debug)]
pub struct VerifiedPart {
    /// Where it stands.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// Files of the plan that are in it.
    pub files: u64,
    /// Bytes of their content.
    pub content_bytes: u64,
    /// What was found while it was written; the plan's own problems are not repeated.
    pub problems: Vec<FileProblem>,
    /// Device and inode; the rename keeps them.
    pub identity: (u64, u64),
}

/// An archive under its final name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedArchive {
    /// Where it stands.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// Device and inode.
    pub identity: (u64, u64),
}

impl VerifiedPart {
    /// Renames the part file to `path`, in the same folder, without ever replacing a file, and makes the name durable.
    ///
    /// # Errors
    /// [`Code::DestinationTaken`] when the name was taken meanwhile (the part file stays, see [`VerifiedPart::discard`]);
    /// [`Code::WriteFailed`].
    pub fn publish(&self, path: &Path) -> Result<FinishedArchive> {
        rename(&self.path, path)?;
        Ok(FinishedArchive { path: path.to_owned(), bytes: self.bytes, sha256: self.sha256, identity: self.identity })
    }

    /// Removes the part file.
    pub fn discard(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|cause| part_file::write_error(cause, self.bytes))
    }
}

/// After a death between "publishing" and "completed": finishes what had begun. `true` when the archive stands at `path`,
/// whole and durable. `false` when neither file is the verified one; then nothing was touched but a part file that is not
/// whole, which is removed.
pub fn recover_publish(part: &Path, path: &Path, bytes: u64, sha256: &[u8; 32]) -> Result<bool> {
    if is_archive(path, bytes, sha256) {
        // The rename was done; only its durability is in doubt. Where the rename was a link, the part file is still there.
        sync_parent(path)?;
        remove_if_there(part)?;
        return Ok(true);
    }
    if is_archive(part, bytes, sha256) && std::fs::symlink_metadata(path).is_err() {
        rename(part, path)?;
        return Ok(true);
    }
    remove_if_there(part)?;
    Ok(false)
}

/// Whether a regular file of this size and hash stands at `path`.
pub(crate) fn is_archive(path: &Path, bytes: u64, sha256: &[u8; 32]) -> bool {
    let regular = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == bytes);
    regular && hash_file(path, &Cancel::new()).is_ok_and(|(hashed, found)| hashed == bytes && found == *sha256)
}

/// Bytes and SHA-256 of a file; of a part of it when cancelled.
pub fn hash_file(path: &Path, cancel: &Cancel) -> io::Result<(u64, [u8; 32])> {
    let mut file = File::open(path)?;
    let mut sha256 = Sha256::new();
    let mut block = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match io::Read::read(&mut file, &mut block) {
            Ok(0) => return Ok((bytes, sha256.finalize().into())),
            Ok(_) if cancel.is_raised() => return Ok((bytes, sha256.finalize().into())),
            Ok(count) => {
                sha256.update(&block[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn rename(part: &Path, path: &Path) -> Result<()> {
    platform::rename_new(part, path).map_err(|cause| match (cause.kind(), path.parent(), path.file_name()) {
        (io::ErrorKind::AlreadyExists, Some(directory), Some(name)) => {
            destination::taken(directory, &name.to_string_lossy())
        }
        _ => Error::new(Code::WriteFailed, format!("The finished archive could not be given its name: {cause}."))
            .hint("Check the destination, then restart the export.")
            .cause(cause),
    })?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    platform::sync_directory(parent).map_err(|cause| part_file::write_error(cause, 0))
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(part_file::write_error(cause, 0)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sha2::{Digest, Sha256};
    use sheaf_registry::Code;

    use super::{VerifiedPart, recover_publish};

    const CONTENT: &[u8] = b"a whole archive";

    fn part(folder: &Path) -> VerifiedPart {
        let path = folder.join("job.1.part");
        std::fs::write(&path, CONTENT).expect("a part file");
        VerifiedPart {
            path,
            bytes: CONTENT.len() as u64,
            sha256: Sha256::digest(CONTENT).into(),
            files: 1,
            content_bytes: 1,
            problems: Vec::new(),
            identity: (0, 0),
        }
    }

    #[test]
    fn publishing_never_replaces_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (part, path) = (part(folder.path()), folder.path().join("a.zip"));
        std::fs::write(&path, b"somebody's").expect("a file");
        assert_eq!(part.publish(&path).expect_err("taken").code(), Code::DestinationTaken, "the name was taken meanwhile");
        assert_eq!(std::fs::read(&path).expect("there"), b"somebody's", "the other file is untouched");
        assert!(part.path.exists(), "the verified part can still be published under another name");
        part.publish(&folder.path().join("b.zip")).expect("a free name");
        assert!(!part.path.exists(), "a rename leaves no part file");
    }

    #[test]
    fn a_publish_that_had_begun_is_finished() {
        for renamed in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let (part, path) = (part(folder.path()), folder.path().join("a.zip"));
            if renamed {
                std::fs::rename(&part.path, &path).expect("renamed before the death");
            }
            assert!(
                recover_publish(&part.path, &path, part.bytes, &part.sha256).expect("recovered"),
                "a verified part is never thrown away (renamed: {renamed})"
            );
            assert_eq!(std::fs::read(&path).expect("there"), CONTENT, "the archive stands under its name");
            assert!(!part.path.exists(), "no stray file");
        }
    }

    #[test]
    fn what_is_not_the_verified_archive_is_neither_published_nor_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (part, path) = (part(folder.path()), folder.path().join("a.zip"));
        std::fs::write(&part.path, b"a torn archive!").expect("same size, other bytes");
        std::fs::write(&path, b"somebody's").expect("a file");
        assert!(!recover_publish(&part.path, &path, part.bytes, &part.sha256).expect("looked at"), "nothing to finish");
        assert!(!part.path.exists(), "a torn part is swept");
        assert_eq!(std::fs::read(&path).expect("there"), b"somebody's", "another file of that name is not ours to touch");
    }
}
