//! What only one family of systems has: private permissions, accounts, kinds of file systems, inodes.
//!
//! Everything else of this crate is portable.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// What tells one file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    /// Size in bytes.
    pub bytes: u64,
    /// Device number; may change when a file system is mounted again, so it is never compared alone.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Modification time in nanoseconds since 1970-01-01 UTC.
    pub modified: i64,
}

impl FileIdentity {
    /// Looks at metadata.
    #[cfg(unix)]
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            bytes: metadata.len(),
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
        }
    }

    /// Same inode, size and modification time: nobody touched it, as far as that tells.
    pub(crate) fn is_untouched(self, recorded: FileIdentity) -> bool {
        self.bytes == recorded.bytes && self.inode == recorded.inode && self.modified == recorded.modified
    }
}

/// What tells one state of a registry file from another, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    file: FileIdentity,
    /// How often it was changed, where it is an SQLite database that counts: told also where nothing of the rest tells.
    changes: Option<u32>,
    /// Its write-ahead log, where there is one with something in it.
    log: Option<FileIdentity>,
}

impl Stamp {
    /// Looks at a file; `None` where it cannot be looked at.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = std::fs::metadata(log).ok().map(|log| FileIdentity::of(&log)).filter(|log| log.bytes > 0);
        let found = std::fs::metadata(path).ok()?;
        let changes = if found.is_file() { changes_of_database(path) } else { None };
        Some(Self { file: FileIdentity::of(&found), changes, log })
    }
}

/// The change counter of an SQLite database: four bytes from byte 24 of its header on, big-endian
/// (SQLite, "Database File Format", 1.3.7).
fn changes_of_database(path: &Path) -> Option<u32> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut header = [0; 28];
    File::open(path).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    let counter = header.last_chunk().filter(|_| header.starts_with(MAGIC))?;
    Some(u32::from_be_bytes(*counter))
}

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut numbers = Vec::new();
        for file in [Some(self.file), self.log].into_iter().flatten() {
            let FileIdentity { bytes, device, inode, modified } = file;
            numbers.push(format!("{bytes}:{device}:{inode}:{modified}"));
        }
        f.write_str(&numbers.join("/"))?;
        self.changes.map_or(Ok(()), |changes| write!(f, "#{changes}"))
    }
}

impl std::str::FromStr for Stamp {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let identity = |text: &str| {
            let mut numbers = text.split(':');
            let mut next = || numbers.next().ok_or(());
            let mut number = || next()?.parse().map_err(drop);
            let (bytes, device, inode) = (number()?, number()?, number()?);
            Ok(FileIdentity { bytes, device, inode, modified: next()?.parse().map_err(drop)? })
        };
        let (text, changes) = text.split_once('#').map_or((text, None), |(text, changes)| (text, Some(changes)));
        let changes = changes.map(|changes| changes.parse().map_err(drop)).transpose()?;
        let (file, log) = text.split_once('/').map_or((text, None), |(file, log)| (file, Some(log)));
        Ok(Self { file: identity(file)?, changes, log: log.map(identity).transpose()? })
    }
}

/// Makes a folder that only this account can enter, with the folders above it.
pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Takes a folder away from other accounts.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Options for a file that only this account can read, never through a symbolic link.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

/// Makes a rename in this folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Writes a small file so that it appears whole and durable under its name, in the place of one that may be there. Only this
/// account can read it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = (|| {
        // Left by a process that had this number and died.
        std::fs::remove_file(&new).or_else(crate::owner::gone_is_fine)?;
        let mut file = private_file().write(true).create_new(true).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written?;
    // It is there; a folder that cannot be synced has only not promised to keep it through a power cut.
    let _ = path.parent().map(sync_dir);
    Ok(())
}

/// The account that runs this process: its name, or its number where the name is not known.
pub(crate) fn account() -> String {
    #[cfg(unix)]
    {
        let uid = rustix::process::getuid().as_raw();
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        account_name(&passwd, uid).unwrap_or_else(|| format!("uid {uid}"))
    }
    #[cfg(not(unix))]
    {
        std::env::var("USERNAME").unwrap_or_else(|_| "unknown".to_owned())
    }
}

fn account_name(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

/// The name of a network file system that holds `path`; `None` for a local one or where that cannot be told.
pub(crate) fn network_file_system(path: &Path) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        let kind = rustix::fs::statfs(path).ok()?.f_type;
        // The kernel's numbers have 32 bits; the field is wider on 64-bit machines and may be negative on others.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "magic numbers have 32 bits")]
        network_name(kind as u32)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}

/// The network file systems by the kernel's magic numbers.
#[cfg(target_os = "linux")]
fn network_name(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517B => "SMB",
        0xFE53_4D42 => "SMB 2",
        0xFF53_4D42 => "CIFS",
        0x00C3_6400 => "Ceph",
        0x5346_414F | 0x6B41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x0102_1997 => "9P",
        0x0BD0_0BD0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x1983_0326 => "BeeGFS",
        0x0116_1970 => "GFS2",
        0x7461_636F => "OCFS2",
        _ => return None,
    })
}

/// Bytes that this account may still write on the disk of `dir`; `None` where that cannot be told.
pub(crate) fn free_bytes(dir: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(dir).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        None
    }
}

/// The largest file that the file system of `dir` can hold, where that is little; `None` elsewhere, and where it cannot be told.
pub(crate) fn largest_file(dir: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let kind = rustix::fs::statfs(dir).ok()?.f_type;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "magic numbers have 32 bits")]
        largest_of(kind as u32)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = dir;
        None
    }
}

/// FAT keeps a size in 32 bits; exFAT, which has another number, does not.
#[cfg(target_os = "linux")]
fn largest_of(magic: u32) -> Option<u64> {
    (magic == 0x4d44).then_some(u64::from(u32::MAX))
}

/// A path as bytes for the database; text where it is text.
pub(crate) fn path_to_sql(path: &Path) -> rusqlite::types::Value {
    if let Some(text) = path.to_str() {
        return text.to_owned().into();
    }
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec().into()
    }
    #[cfg(not(unix))]
    {
        path.to_string_lossy().into_owned().into()
    }
}

/// The path back from the database.
pub(crate) fn path_from_sql(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<PathBuf> {
    use rusqlite::types::{FromSqlError, ValueRef};
    match value {
        ValueRef::Text(text) => Ok(PathBuf::from(std::str::from_utf8(text).map_err(FromSqlError::other)?)),
        #[cfg(unix)]
        ValueRef::Blob(bytes) => Ok(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes).into()),
        _ => Err(FromSqlError::InvalidType),
    }
}

/// Lets this thread, and every thread that it starts, give way to what the user is doing: it takes all cores that are idle,
/// and none that somebody waits for. On Linux a thread has a niceness of its own, which its threads inherit; elsewhere the
/// system's own scheduling has to do.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    if let Ok(now) = rustix::process::getpriority_process(None) {
        // The nicest there is; refused only where a thread may not be nicer, and then it is as it was.
        let _ = rustix::process::setpriority_process(None, now.max(19));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nmo:x:1000:1000::/home/mo:/bin/sh\n";
        assert_eq!(account_name(passwd, 1000).as_deref(), Some("mo"), "the line of the number");
        assert_eq!(account_name(passwd, 7), None, "an unknown number has no name");
    }

    #[test]
    fn a_database_that_was_changed_is_another_one_whatever_its_time_and_size() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("lab.sqlite3");
        let database = rusqlite::Connection::open(&path).expect("a database");
        database.execute_batch("CREATE TABLE scan (id INTEGER); INSERT INTO scan VALUES (1)").expect("a row");
        let before = Stamp::of(&path).expect("a look");
        assert_eq!(before.to_string().parse(), Ok(before), "it is read as it was noted");
        database.execute_batch("UPDATE scan SET id = 2").expect("another row");
        let changed = std::fs::File::options().write(true).open(&path).expect("the file");
        let modified = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(before.file.modified.cast_unsigned());
        changed.set_modified(modified).expect("the time before");
        let after = Stamp::of(&path).expect("a look");
        assert_eq!(after.file, before.file, "nothing else tells");
        assert_ne!(after, before, "what SQLite counts does");
        let list = dir.path().join("list.csv");
        std::fs::write(&list, "exam_id\n").expect("writable");
        let stamp = Stamp::of(&list).expect("a look");
        assert!(stamp.changes.is_none() && stamp.to_string().parse() == Ok(stamp), "no other file counts");
    }

    #[test]
    fn network_file_systems_are_named() {
        assert_eq!(network_name(0x6969), Some("NFS"), "WAL needs shared memory, which NFS has not");
        assert_eq!(network_name(0xEF53), None, "ext4 is local");
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(network_file_system(dir.path()), None, "tests run on a local disk");
    }

    #[test]
    fn a_fat_disk_holds_no_file_of_four_gibibytes() {
        assert_eq!(largest_of(0x4d44), Some(4_294_967_295), "as the stick of a colleague");
        assert_eq!(largest_of(0x2011_bab0), None, "exFAT was made for larger ones");
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(largest_file(dir.path()), None, "tests run on a disk for grown-ups");
        assert_eq!(largest_file(&dir.path().join("no")), None, "of what is not there nothing is known");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_gives_way_takes_only_its_own_along() {
        let nice = || rustix::process::getpriority_process(None).expect("Linux tells");
        let before = nice();
        let (own, child) = std::thread::spawn(move || {
            give_way();
            (nice(), std::thread::spawn(nice).join().expect("no panic"))
        })
        .join()
        .expect("no panic");
        assert_eq!((own, child), (19, 19), "what it starts comes along");
        assert_eq!(nice(), before, "who started it does not");
    }

    #[test]
    fn a_path_that_is_no_text_survives_the_database() {
        use std::os::unix::ffi::OsStrExt as _;
        for bytes in [b"/data/a".as_slice(), b"/data/\xff"] {
            let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
            let value = path_to_sql(path);
            assert_eq!(path_from_sql((&value).into()).expect("readable"), path, "no byte of a path is lost");
        }
        assert!(path_from_sql(rusqlite::types::ValueRef::Integer(1)).is_err(), "a number is no path");
    }
}
