//! The part file: private, written at offsets by many threads, removed unless it is handed on.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sheaf_registry::{Code, Error, Result};

use crate::platform;

/// Asked with the bytes that the archive has come to, again and again while it grows; an error stops the writing.
pub type Room = dyn Fn(u64) -> Result<()> + Send + Sync;

/// How often the room is looked at, in bytes written.
const ROOM_EVERY: u64 = 16 << 20;

/// An open part file. Cheap to clone; the file is removed when its [`PartGuard`] is dropped.
#[derive(Clone)]
pub(crate) struct PartFile {
    file: Arc<File>,
    /// Bytes written in all, those written again counted again: when to ask for room.
    written: Arc<AtomicU64>,
    /// Bytes that the file has come to: what to ask for room with.
    reached: Arc<AtomicU64>,
    room: Arc<Room>,
}

impl PartFile {
    /// Writes at an offset. Every failure is told; none is retried, since a retried `fsync` or write can hide a loss.
    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> Result<()> {
        platform::write_all_at(&self.file, bytes, offset).map_err(|cause| write_error(cause, offset))?;
        let count = bytes.len() as u64;
        let before = self.written.fetch_add(count, Ordering::Relaxed);
        let reached = self.reached.fetch_max(offset + count, Ordering::Relaxed).max(offset + count);
        if before / ROOM_EVERY != (before + count) / ROOM_EVERY {
            (self.room)(reached)?;
        }
        Ok(())
    }

    /// Makes the content durable.
    pub(crate) fn sync(&self, bytes: u64) -> Result<()> {
        self.file.sync_all().map_err(|cause| write_error(cause, bytes))
    }

    /// Cuts the file.
    pub(crate) fn truncate(&self, bytes: u64) -> Result<()> {
        self.reached.store(bytes, Ordering::Relaxed);
        self.file.set_len(bytes).map_err(|cause| write_error(cause, bytes))
    }

    /// The file, to read back from.
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }
}

/// Removes the part file when it is dropped, unless it was kept.
#[derive(Debug)]
pub(crate) struct PartGuard {
    path: PathBuf,
    keep: bool,
}

impl PartGuard {
    /// Hands the file on.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for PartGuard {
    fn drop(&mut self) {
        if !self.keep {
            // Nobody to tell in a drop; what stays is swept at the next start, since the record knows the path.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Creates the part file, which must not exist.
pub(crate) fn create(path: &Path, room: Arc<Room>) -> Result<(PartFile, PartGuard)> {
    let file = platform::create_private(path).map_err(|cause| write_error(cause, 0))?;
    let guard = PartGuard { path: path.to_owned(), keep: false };
    let [written, reached] = std::array::from_fn(|_| Arc::new(AtomicU64::new(0)));
    Ok((PartFile { file: Arc::new(file), written, reached, room }, guard))
}

/// The error of a failed write, with the offset at which it stopped.
pub(crate) fn write_error(cause: io::Error, offset: u64) -> Error {
    let full = matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let error = if full {
        Error::new(Code::NoSpace, format!("The destination is full: writing stopped after {offset} bytes."))
            .hint("Free some room or choose another destination, then restart the export.")
    } else if cause.kind() == io::ErrorKind::FileTooLarge {
        Error::new(Code::WriteFailed, format!("The destination cannot hold a file of more than {offset} bytes."))
            .hint("Choose a destination on another file system, or export less at once.")
    } else {
        Error::new(Code::WriteFailed, format!("Writing the archive failed at byte {offset}: {cause}."))
            .hint("Check the destination's disk, then restart the export.")
    };
    error.cause(cause)
}
