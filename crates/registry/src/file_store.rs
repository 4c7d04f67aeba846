//! The questions that planning and archiving ask of the files behind a registry.

use std::io::Read;

use crate::error::Code;
use crate::ids::RootId;

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStat {
    /// Size in bytes.
    pub bytes: u64,
    /// Modification time: whole seconds since 1970-01-01 UTC, may be negative.
    pub modified_seconds: i64,
    /// Nanoseconds of the modification time, 0 to 999,999,999.
    pub modified_nanos: u32,
    /// What changes when a file is replaced or written again, as far as the store can tell (device, inode, change time
    /// in nanoseconds); all zero where the store knows nothing.
    pub identity: (u64, u64, i128),
}

/// Why a file cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// One of `SOURCE_*`, `PATH_ESCAPE`, `ROOT_MISSING`.
    pub code: Code,
    /// One sentence without the file's path, which the problem carries itself.
    pub message: String,
}

/// A file in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its path, which begins as that of the folder.
    pub path: String,
    /// Size in bytes; 0 where it is not to be had, which looking at the file will tell.
    pub bytes: u64,
}

impl ListedFile {
    /// Orders files whose paths start from `folder`, and puts it before each.
    pub fn all_of(folder: &str, mut files: Vec<ListedFile>) -> Vec<ListedFile> {
        files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        let folder = folder.trim_end_matches('/');
        for file in &mut files {
            file.path = format!("{folder}/{}", file.path);
        }
        files
    }
}

/// What is found under a path that may be a folder's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One file.
    File(FileStat),
    /// A folder with these files, at least one.
    Folder(Vec<ListedFile>),
}

/// An open file, positioned where it was opened.
pub trait SourceFile: Read + Send {
    /// What is known of the open file now (`fstat`).
    fn stat(&self) -> Result<FileStat, SourceError>;
}

/// Where the bytes of a registry's files are. Calls block; many threads call at once.
pub trait FileStore: Send + Sync {
    /// Looks at a file without reading it. `path` is the registry's `file_path`, as it stands there.
    fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError>;

    /// Opens a file for reading from `offset` bytes on, read-only, never outside its data root.
    fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError>;

    /// All that is no folder in a folder and in the folders in it, in the order of the paths. Links are listed as they stand and
    /// never followed. Nothing outside of the data root is listed. A store that knows no folders has none.
    fn list(&self, _root: RootId, _path: &str) -> Result<Vec<ListedFile>, SourceError> {
        Err(SourceError { code: Code::SourceMissing, message: "The folder does not exist.".to_owned() })
    }

    /// How many files are worth asking for at once: more than one where an answer takes long whoever asks, as over a network.
    fn at_once(&self) -> usize {
        1
    }

    /// Says that this file, of so many bytes, is one of the next [`at_once`](FileStore::at_once) that will be opened from their
    /// beginning: a store may fetch some of it. Returns at once; saying it twice is saying it once.
    fn expect(&self, _root: RootId, _path: &str, _bytes: u64) {}
}

/// Looks for what a path stands for, of which it is not known whether it is a file's or a folder's: a DICOM upload is a row for a
/// folder, or for a prefix of object keys.
///
/// # Errors
/// `SOURCE_MISSING` for a folder that holds no file; those of [`FileStore::stat`] and [`FileStore::list`].
pub fn find(store: &dyn FileStore, root: RootId, path: &str) -> Result<Found, SourceError> {
    let no_file = match store.stat(root, path) {
        Ok(stat) => return Ok(Found::File(stat)),
        Err(error) if matches!(error.code, Code::SourceNotRegular | Code::SourceMissing) => error,
        Err(error) => return Err(error),
    };
    match store.list(root, path) {
        Ok(files) if !files.is_empty() => Ok(Found::Folder(files)),
        Ok(_) if no_file.code == Code::SourceNotRegular => {
            Err(SourceError { code: Code::SourceMissing, message: "The folder holds no file.".to_owned() })
        }
        Err(error) if !matches!(error.code, Code::SourceNotRegular | Code::SourceMissing) => Err(error),
        Ok(_) | Err(_) => Err(no_file),
    }
}
