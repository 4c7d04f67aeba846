//! Opening beneath one folder, and what its refusals mean.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use sheaf_registry::Code;
use sheaf_registry::file_store::{ListedFile, SourceError};

use super::{error, platform};

/// A folder that nothing is opened outside of.
#[derive(Debug)]
pub(super) struct Beneath {
    folder: Dir,
    location: PathBuf,
}

impl Beneath {
    pub(super) fn new(location: &Path) -> io::Result<Beneath> {
        let folder = Dir::open_ambient_dir(location, ambient_authority())?;
        Ok(Beneath { folder, location: location.to_owned() })
    }

    /// Opens a regular file for reading. Anything else is refused before it is opened: opening a device may already do
    /// something (rewind a tape), and opening a pipe may wake its writer.
    pub(super) fn open(&self, path: &Path) -> Result<File, SourceError> {
        match self.open_as_it_stands(path) {
            Err(refusal) if refusal.code == Code::PathEscape => match self.through_absolute_links(path) {
                Some(resolved) => self.open_as_it_stands(&resolved),
                None => Err(refusal),
            },
            done => done,
        }
    }

    /// All that is no folder in a folder and in those in it, in no order, with paths from the folder on. A name that is no text is
    /// given as near as text can; looking at that file will tell that it cannot be had.
    pub(super) fn list(&self, path: &Path) -> Result<Vec<ListedFile>, SourceError> {
        match self.list_as_it_stands(path) {
            Err(refusal) if refusal.code == Code::PathEscape => match self.through_absolute_links(path) {
                Some(resolved) => self.list_as_it_stands(&resolved),
                None => Err(refusal),
            },
            done => done,
        }
    }

    fn list_as_it_stands(&self, path: &Path) -> Result<Vec<ListedFile>, SourceError> {
        let top = self.folder.open_dir(path).map_err(|cause| describe(&cause))?;
        let mut files = Vec::new();
        let mut waiting = vec![PathBuf::new()];
        while let Some(below) = waiting.pop() {
            let folder = if below.as_os_str().is_empty() { top.try_clone() } else { top.open_dir(&below) };
            let entries = folder.and_then(|folder| folder.entries()).map_err(|cause| describe(&cause))?;
            for entry in entries {
                let entry = entry.map_err(|cause| describe(&cause))?;
                let name = below.join(entry.file_name());
                if entry.file_type().map_err(|cause| describe(&cause))?.is_dir() {
                    waiting.push(name);
                } else {
                    // From the data root on, out of the folder of which a link may well lead.
                    let bytes = self.folder.metadata(path.join(&name)).map_or(0, |found| found.len());
                    files.push(ListedFile { path: name.to_string_lossy().into_owned(), bytes });
                }
            }
        }
        Ok(files)
    }

    fn open_as_it_stands(&self, path: &Path) -> Result<File, SourceError> {
        let found = self.folder.metadata(path).map_err(|cause| describe(&cause))?;
        must_be_regular(found.is_file())?;
        let mut options = OpenOptions::new();
        options.read(true);
        platform::never_wait(&mut options);
        let file = self.folder.open_with(path, &options).map_err(|cause| describe(&cause))?.into_std();
        // Looked at again: it may have been replaced between the two calls.
        must_be_regular(file.metadata().map_err(|cause| describe(&cause))?.is_file())?;
        Ok(file)
    }

    /// Confined opens refuse every absolute link, also one that points back into the folder. Where the link leads is only
    /// asked, and the answer is opened beneath the folder like any other path.
    fn through_absolute_links(&self, path: &Path) -> Option<PathBuf> {
        let target = std::fs::canonicalize(self.location.join(path)).ok()?;
        let folder = std::fs::canonicalize(&self.location).ok()?;
        target.strip_prefix(folder).ok().map(Path::to_owned)
    }
}

fn must_be_regular(is_file: bool) -> Result<(), SourceError> {
    if is_file {
        return Ok(());
    }
    Err(error(Code::SourceNotRegular, "The path names a folder, a pipe, a socket or a device, not a regular file."))
}

/// What an error of the file system means for an export.
pub(super) fn describe(cause: &io::Error) -> SourceError {
    use io::ErrorKind;
    match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => error(Code::SourceMissing, "The file does not exist."),
        ErrorKind::InvalidFilename => error(Code::SourceMissing, "No file can have this path: a name in it is too long."),
        // A refusal by confinement has no error number of the system, a permission that is denied has one.
        ErrorKind::PermissionDenied if cause.raw_os_error().is_none() => {
            error(Code::PathEscape, "The path leads out of its data folder.")
        }
        ErrorKind::PermissionDenied => error(Code::SourceUnreadable, "The file may not be read by this user."),
        _ if platform::is_link_loop(cause) => error(Code::SourceNotRegular, "The path is a loop of links."),
        _ if platform::is_socket(cause) => error(Code::SourceNotRegular, "The path names a socket or a device."),
        _ => error(Code::SourceIo, format!("The file cannot be read: {cause}.")),
    }
}
