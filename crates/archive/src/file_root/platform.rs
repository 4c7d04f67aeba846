//! What differs between systems when a source file is opened.

use std::fs::Metadata;
use std::io;

use cap_std::fs::OpenOptions;
use sheaf_registry::file_store::FileStat;

/// Opens without waiting for a pipe's writer or a device, and without taking over a terminal.
pub(super) fn never_wait(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// What the system knows of an open file.
pub(super) fn file_stat(metadata: &Metadata) -> FileStat {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        FileStat {
            bytes: metadata.size(),
            modified_seconds: metadata.mtime(),
            modified_nanos: u32::try_from(metadata.mtime_nsec()).unwrap_or(0),
            identity: (
                metadata.dev(),
                metadata.ino(),
                i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec()),
            ),
        }
    }
    #[cfg(not(unix))]
    {
        let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let modified = metadata.modified().map(since).unwrap_or_default();
        FileStat {
            bytes: metadata.len(),
            modified_seconds: i64::try_from(modified.as_secs()).unwrap_or(0),
            modified_nanos: modified.subsec_nanos(),
            identity: (0, 0, 0),
        }
    }
}

/// Whether links that point at each other were refused.
pub(super) fn is_link_loop(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP)
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

/// Whether something was refused that cannot be opened like a file.
pub(super) fn is_socket(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        matches!(rustix::io::Errno::from_io_error(error), Some(rustix::io::Errno::NXIO | rustix::io::Errno::NODEV))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}
