//! Looks at a destination before anything is created there.

use std::io;
use std::path::Path;

use sheaf_registry::{Code, Error, Result};

use crate::platform;

/// Bytes that this user may still write at `directory`.
///
/// # Errors
/// [`Code::DestinationMissing`], [`Code::DestinationUnwritable`].
pub fn free_bytes(directory: &Path) -> Result<u64> {
    platform::free_bytes(directory).map_err(|cause| unusable(directory, cause))
}

/// Whether an archive of this file name can be created in `directory`: the folder is there, can be written and opened (which makes a new name durable), and the name is free.
///
/// # Errors
/// [`Code::DestinationMissing`], [`Code::DestinationUnwritable`], [`Code::DestinationTaken`].
pub fn check_destination(directory: &Path, file_name: &str) -> Result<()> {
    let metadata = std::fs::metadata(directory).map_err(|cause| unusable(directory, cause))?;
    if !metadata.is_dir() {
        return Err(Error::new(Code::DestinationUnwritable, format!("{} is not a folder.", directory.display()))
            .hint("Choose a folder."));
    }
    platform::may_write(directory).map_err(|cause| unusable(directory, cause))?;
    platform::may_sync(directory).map_err(|cause| unsyncable(directory, cause))?;
    match std::fs::symlink_metadata(directory.join(file_name)) {
        Ok(_) => Err(taken(directory, file_name)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(unusable(directory, cause)),
    }
}

/// The error of a name that is already there.
pub(crate) fn taken(directory: &Path, file_name: &str) -> Error {
    Error::new(Code::DestinationTaken, format!("{file_name} already exists in {}.", directory.display()))
        .hint("Choose another name; Sheaf never replaces a file.")
}

fn unsyncable(directory: &Path, cause: io::Error) -> Error {
    if cause.kind() != io::ErrorKind::PermissionDenied {
        return unusable(directory, cause);
    }
    let sentence = format!("You may not read {}; without that, an archive there cannot be made safe.", directory.display());
    Error::new(Code::DestinationUnwritable, sentence)
        .hint("Ask for the right to read the folder, or choose another one.")
        .cause(cause)
}

fn unusable(directory: &Path, cause: io::Error) -> Error {
    let shown = directory.display();
    match cause.kind() {
        io::ErrorKind::NotFound => Error::new(Code::DestinationMissing, format!("The folder {shown} does not exist."))
            .hint("Create it, or choose another folder."),
        io::ErrorKind::NotADirectory => {
            Error::new(Code::DestinationUnwritable, format!("{shown} is not a folder.")).hint("Choose a folder.")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            Error::new(Code::DestinationUnwritable, format!("{shown} is on a read-only file system."))
                .hint("Choose another folder.")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Code::DestinationUnwritable, format!("You may not create files in {shown}."))
                .hint("Ask for the right to write there, or choose another folder.")
        }
        _ => Error::new(Code::DestinationUnwritable, format!("{shown} cannot be used: {cause}."))
            .hint("Choose another folder."),
    }
    .cause(cause)
}

#[cfg(test)]
mod tests {
    use sheaf_registry::Code;

    use super::{check_destination, free_bytes};

    #[test]
    fn each_bad_destination_has_its_own_answer() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("taken.zip");
        std::fs::write(&file, b"somebody's").expect("a file");
        let code = |directory: &std::path::Path, name| check_destination(directory, name).expect_err("refused").code();
        assert_eq!(code(&folder.path().join("no"), "a.zip"), Code::DestinationMissing, "a missing folder");
        assert_eq!(code(&file, "a.zip"), Code::DestinationUnwritable, "a file in place of a folder");
        assert_eq!(code(folder.path(), "taken.zip"), Code::DestinationTaken, "a name that is taken");
        check_destination(folder.path(), "free.zip").expect("a free name");
        assert_eq!(std::fs::read(&file).expect("still there"), b"somebody's", "looking must not change anything");
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_takes_a_name_too() {
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink("nowhere", folder.path().join("a.zip")).expect("a link");
        let error = check_destination(folder.path(), "a.zip").expect_err("refused");
        assert_eq!(error.code(), Code::DestinationTaken, "writing through a link would create a file elsewhere");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_cannot_be_opened_is_refused_before_it_is_filled() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o333)).expect("ours");
        // Root may read everything; a thread of its own gives that up for itself alone.
        let answer = std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                rustix::thread::set_capabilities(
                    None,
                    rustix::thread::CapabilitySets {
                        effective: rustix::thread::CapabilitySet::empty(),
                        permitted: rustix::thread::CapabilitySet::empty(),
                        inheritable: rustix::thread::CapabilitySet::empty(),
                    },
                )
                .expect("rights can always be given up");
                check_destination(folder.path(), "a.zip")
            });
            asked.join().expect("no panic")
        });
        let error = answer.expect_err("its names could not be made durable");
        assert_eq!(error.code(), Code::DestinationUnwritable, "{error}");
        assert!(error.message().contains("may not read"), "{error} says what is lacking");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).expect("ours");
    }

    #[test]
    fn free_bytes_of_nothing_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(free_bytes(folder.path()).expect("a real folder") > 0, "there is room for a test");
        let error = free_bytes(&folder.path().join("no")).expect_err("missing");
        assert_eq!(error.code(), Code::DestinationMissing, "no folder, no number");
    }
}
