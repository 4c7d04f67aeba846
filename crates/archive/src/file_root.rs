//! The local [`FileStore`]: files below their data roots, read-only, and nothing outside of them.
//!
//! Every open goes through a directory handle that is confined by the kernel (`openat2` with `RESOLVE_BENEATH` where there
//! is one, else step by step): a link that leads out, also one that is put in place in the middle of an open, is refused.
//! Deliberately absent: writing, and guessing where a moved file may be.

mod confined;
mod platform;

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sheaf_registry::Code;
use sheaf_registry::file_store::{FileStat, FileStore, ListedFile, SourceError, SourceFile};
use sheaf_registry::ids::RootId;
use sheaf_registry::rows::{DataRoot, Location};

use confined::Beneath;

/// The files of a registry on this machine.
#[derive(Debug)]
pub struct LocalFileStore {
    roots: HashMap<RootId, Root>,
}

#[derive(Debug)]
struct Root {
    prefix: String,
    location: Option<PathBuf>,
    /// Opened at its first use, so that a root on a dead mount holds up nobody who does not need it.
    folder: OnceLock<Beneath>,
}

impl LocalFileStore {
    /// Takes the roots as they are; one that is not there is `ROOT_MISSING` for each of its files.
    pub fn open(roots: &[DataRoot]) -> LocalFileStore {
        let roots = roots.iter().map(|root| {
            let prefix = root.prefix.clone();
            (
                root.id,
                Root {
                    prefix,
                    location: root.location.as_ref().and_then(Location::folder).map(Path::to_owned),
                    folder: OnceLock::new(),
                },
            )
        });
        LocalFileStore { roots: roots.collect() }
    }

    fn open_file(&self, root: RootId, path: &str) -> Result<LocalFile, SourceError> {
        let root = self.root(root)?;
        root.folder()?.open(&below(path, &root.prefix)?).map(LocalFile)
    }

    fn root(&self, root: RootId) -> Result<&Root, SourceError> {
        self.roots.get(&root).ok_or_else(|| error(Code::RootMissing, "The registry has no data root for this path."))
    }
}

impl FileStore for LocalFileStore {
    /// Opens the file as well: whether it may be read is known only then (mode bits say little on a network file system or
    /// under access lists), and locally it costs some microseconds.
    fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError> {
        self.open_file(root, path)?.stat()
    }

    fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError> {
        let mut file = self.open_file(root, path)?;
        if offset > 0 {
            file.0.seek(SeekFrom::Start(offset)).map_err(|cause| confined::describe(&cause))?;
        }
        Ok(Box::new(file))
    }

    fn list(&self, root: RootId, path: &str) -> Result<Vec<ListedFile>, SourceError> {
        let root = self.root(root)?;
        root.folder()?.list(&below(path, &root.prefix)?).map(|files| ListedFile::all_of(path, files))
    }
}

impl Root {
    fn folder(&self) -> Result<&Beneath, SourceError> {
        if let Some(folder) = self.folder.get() {
            return Ok(folder);
        }
        let Some(location) = &self.location else {
            let message = match self.prefix.as_str() {
                "" => "No folder of this machine is set for this path.".to_owned(),
                prefix => format!("No folder of this machine is set for paths under `{prefix}`."),
            };
            return Err(error(Code::RootMissing, message));
        };
        let folder = Beneath::new(location).map_err(|cause| {
            let why = if cause.kind() == io::ErrorKind::NotFound { "does not exist" } else { "cannot be opened" };
            error(Code::RootMissing, format!("The data folder {} {why}.", location.display()))
        })?;
        // Two threads may open it at once; either handle serves.
        Ok(self.folder.get_or_init(|| folder))
    }
}

/// An open file.
#[derive(Debug)]
struct LocalFile(std::fs::File);

impl Read for LocalFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl SourceFile for LocalFile {
    fn stat(&self) -> Result<FileStat, SourceError> {
        let metadata = self.0.metadata().map_err(|cause| confined::describe(&cause))?;
        Ok(platform::file_stat(&metadata))
    }
}

/// The path below its root: without the root's prefix, component by component and case by case.
fn below(path: &str, prefix: &str) -> Result<PathBuf, SourceError> {
    use std::path::Component;
    let outside = || error(Code::PathEscape, "The path leads out of its data folder.");
    if path.contains('\0') {
        return Err(error(Code::SourceMissing, "No file can have this path: it holds a NUL character."));
    }
    let below = Path::new(path).strip_prefix(prefix).map_err(|_| outside())?;
    let mut clean = PathBuf::new();
    for component in below.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(outside()),
        }
    }
    if clean.as_os_str().is_empty() {
        return Err(error(Code::SourceNotRegular, "The path names the data folder itself, not a file."));
    }
    Ok(clean)
}

fn error(code: Code, message: impl Into<String>) -> SourceError {
    SourceError { code, message: message.into() }
}

#[cfg(all(test, unix))]
mod tests;
