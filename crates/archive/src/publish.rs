//! A verified part file appears under its name, whole or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sheaf_registry::error::FileProblem;
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
/// whole or whose name was taken, which is removed. `alive` is called while files are read.
///
/// # Errors
/// [`Code::WriteFailed`] when it cannot be told, since a file cannot be read or the folder cannot be reached, or when the
/// name could not be made durable. Then nothing was removed, and asking again later may tell.
pub fn recover_publish(part: &Path, path: &Path, bytes: u64, sha256: &[u8; 32], alive: &dyn Fn()) -> Result<bool> {
    let look = |path: &Path| look(path, bytes, sha256, alive).map_err(|cause| untold(path, cause));
    match look(path)? {
        Found::Archive => {
            // The rename was done; only its durability is in doubt. Where it was a link, the part file is still there.
            sync_parent(path)?;
            remove_if_there(part)?;
            return Ok(true);
        }
        Found::Other => {}
        Found::Nothing => match look(part)? {
            Found::Archive => {
                rename(part, path)?;
                return Ok(true);
            }
            Found::Other => {}
            Found::Nothing => {
                // In a folder that is not there, as on a disk that is away, nothing can be missed.
                let parent = parent(path);
                return std::fs::metadata(parent).map(|_| false).map_err(|cause| untold(parent, cause));
            }
        },
    }
    if std::fs::symlink_metadata(part).is_ok_and(|found| found.is_file()) {
        remove_if_there(part)?;
    }
    Ok(false)
}

/// Opens a regular file for reading: never through a symbolic link, and without waiting for the other end of a pipe.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for what is there but no regular file; else what the system says.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    match platform::open_at_once(path) {
        Ok(file) if file.metadata()?.is_file() => Ok(file),
        Ok(_) => Err(not_regular()),
        Err(_) if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => Err(not_regular()),
        Err(cause) => Err(cause),
    }
}

/// Bytes and SHA-256 of an open file, from where it stands to its end. `alive` is called after every block.
///
/// # Errors
/// What the system says.
pub fn hash_file(mut file: &File, alive: &dyn Fn()) -> io::Result<(u64, [u8; 32])> {
    let mut sha256 = Sha256::new();
    let mut block = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match io::Read::read(&mut file, &mut block) {
            Ok(0) => return Ok((bytes, sha256.finalize().into())),
            Ok(count) => {
                sha256.update(&block[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        alive();
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing.
    Nothing,
    /// Something that is known not to be the archive.
    Other,
    /// The archive.
    Archive,
}

/// Looks whether a regular file of this size and hash stands at `path`. An error is no answer.
fn look(path: &Path, bytes: u64, sha256: &[u8; 32], alive: &dyn Fn()) -> io::Result<Found> {
    let opened = match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() || found.len() != bytes => return Ok(Found::Other),
        Ok(_) => open_regular(path),
        Err(cause) => Err(cause),
    };
    let file = match opened {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(cause) => return Err(cause),
    };
    Ok(if hash_file(&file, alive)? == (bytes, *sha256) { Found::Archive } else { Found::Other })
}

fn untold(path: &Path, cause: io::Error) -> Error {
    Error::new(Code::WriteFailed, format!("{} cannot be looked at: {cause}.", path.display()))
        .hint("Check the destination; the next start of Sheaf looks again.")
        .cause(cause)
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
    platform::sync_directory(parent(path)).map_err(|cause| part_file::write_error(cause, 0))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

    use super::{VerifiedPart, open_regular, recover_publish};

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
                recover_publish(&part.path, &path, part.bytes, &part.sha256, &|| ()).expect("recovered"),
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
        assert!(
            !recover_publish(&part.path, &path, part.bytes, &part.sha256, &|| ()).expect("looked at"),
            "nothing to finish"
        );
        assert!(!part.path.exists(), "a torn part is swept");
        assert_eq!(std::fs::read(&path).expect("there"), b"somebody's", "another file of that name is not ours to touch");
    }

    /// A file of `bytes` that opens and cannot be read: the kernel answers EIO at the offset 0, for root too.
    #[cfg(target_os = "linux")]
    const UNREADABLE: &str = "/proc/self/mem";

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_read_is_not_taken_for_torn() {
        let folder = tempfile::tempdir().expect("a folder");
        let (part, path) = (part(folder.path()), folder.path().join("a.zip"));
        // `mem` has the size 0 and fails when it is read.
        let digest = [7; 32];
        recover_publish(&part.path, Path::new(UNREADABLE), 0, &digest, &|| ()).expect_err("an error is no answer");
        assert!(part.path.exists(), "a part that may be whole stays");
        let error = recover_publish(Path::new(UNREADABLE), &path, 0, &digest, &|| ()).expect_err("no answer either");
        assert_eq!(error.code(), Code::WriteFailed, "{error}");
        let away = folder.path().join("away/a.zip");
        recover_publish(&folder.path().join("away/job.1.part"), &away, 1, &digest, &|| ()).expect_err("a disk that is away");
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened_and_none_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, link, pipe] = ["file", "link", "pipe"].map(|name| folder.path().join(name));
        std::fs::write(&file, CONTENT).expect("writable");
        std::os::unix::fs::symlink(&file, &link).expect("writable");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("a tool of every system");
        assert!(made.success(), "a pipe without a writer");
        open_regular(&file).expect("a file");
        for path in [&link, &pipe, &folder.path().to_owned()] {
            let error = open_regular(path).expect_err("no regular file");
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{} is told apart", path.display());
        }
        assert!(open_regular(&folder.path().join("no")).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound));
    }
}
