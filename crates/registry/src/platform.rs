//! What differs between operating systems, in one place: kinds of file systems, private folders, durable folders.

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// Whether a path lies on a network file system, where SQLite's locks cannot be trusted.
#[cfg(target_os = "linux")]
pub(crate) fn on_network(path: &Path) -> io::Result<bool> {
    Ok(is_network(rustix::fs::statfs(path)?.f_type))
}

/// Whether a path lies on a network file system: not known here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn on_network(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// A new folder in `parent` that only this account may enter, removed when dropped.
pub(crate) fn private_folder(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("registry-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

/// Makes a new name in a folder survive a power loss.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// What tells one file from every other: device and inode.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
pub(crate) fn identity(metadata: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

/// What tells one file from every other: not known here.
#[cfg(not(unix))]
pub(crate) fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// Whether the file system of a folder has no room left. A full one does not always say so: SQLite then reports a plain
/// failure of input or output.
#[cfg(unix)]
pub(crate) fn is_full(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|system| system.f_bavail == 0)
}

/// Whether the file system of a folder has no room left: not known here.
#[cfg(not(unix))]
pub(crate) fn is_full(_: &Path) -> bool {
    false
}

/// The magic numbers of NFS, SMB 1 (two of them), SMB 2, AFS, Coda, NCP and Ceph, as `statfs(2)` lists them.
#[cfg(target_os = "linux")]
fn is_network(magic: rustix::fs::FsWord) -> bool {
    matches!(magic, 0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 | 0x5346_414f | 0x7375_7245 | 0x564c | 0x00c3_6400)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn nfs_is_a_network_and_ext4_is_not() {
        assert!(is_network(0x6969), "NFS must be copied, never opened in place");
        assert!(is_network(0xfe53_4d42), "SMB must be copied, never opened in place");
        assert!(!is_network(0xef53), "ext4 is local");
        assert!(!is_network(0x0102_1994), "tmpfs is local");
    }

    #[test]
    fn a_file_system_with_room_is_not_full() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!is_full(folder.path()), "tests need room to run");
        assert!(!is_full(&folder.path().join("not there")), "what is not there is not full");
    }

    #[test]
    fn a_private_folder_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = private_folder(parent.path()).expect("a private folder");
        let mode = folder.path().metadata().expect("its metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "a copy of a registry is patient data");
    }
}
