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

    /// How many files are worth asking for at once: more than one where an answer takes long whoever asks, as over a network.
    fn at_once(&self) -> usize {
        1
    }

    /// Says that this file, of so many bytes, is one of the next [`at_once`](FileStore::at_once) that will be opened from their
    /// beginning: a store may fetch some of it. Returns at once; saying it twice is saying it once.
    fn expect(&self, _root: RootId, _path: &str, _bytes: u64) {}
}
