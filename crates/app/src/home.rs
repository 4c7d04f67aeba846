//! The home directory: history, settings, caches and locks of one account.
//!
//! What is deliberately absent: environment variables. Who starts Sheaf passes a path or none.

use std::io;
use std::path::{Path, PathBuf};

use sheaf_registry::{Code, Error, Result};

use crate::platform;

/// An open home. Everything in it is readable by this account only.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

/// Name of the folder for what was read of foreign sources.
pub(crate) const SOURCES: &str = "sources";

impl Home {
    /// Opens the home at `dir` (`None`: `sheaf` in the platform's data directory) and makes it where it is not there.
    /// `HOME_UNUSABLE` with the reason.
    ///
    /// A new home, an empty folder and one that already is a home are closed to other accounts (0700). A folder that holds
    /// other things keeps its permissions: it was not made for Sheaf, and Sheaf's own files in it are private anyway.
    pub fn open(dir: Option<&Path>) -> Result<Home> {
        let home = Home { dir: Self::place(dir)? };
        home.prepare().map_err(|error| unusable(&home.dir, &error))?;
        Ok(home)
    }

    /// Where the home is or would be, absolute; nothing is made or read.
    pub(crate) fn place(dir: Option<&Path>) -> Result<PathBuf> {
        match dir {
            Some(dir) => std::path::absolute(dir).map_err(|error| unusable(dir, &error)),
            None => dirs::data_dir().map(|data| data.join("sheaf")).ok_or_else(|| {
                Error::new(Code::HomeUnusable, "This account has no data directory, so there is no place for the history.")
                    .hint("Name a folder with --home or SHEAF_HOME.")
            }),
        }
    }

    /// The folder, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The history database.
    pub fn history(&self) -> PathBuf {
        self.dir.join("history.sqlite")
    }

    /// What the window keeps: registries, cohorts, places; need not exist.
    pub fn desk(&self) -> PathBuf {
        self.dir.join("desk.db")
    }

    /// The settings file; need not exist.
    pub fn settings(&self) -> PathBuf {
        self.dir.join(crate::settings::FILE_NAME)
    }

    /// Folder for caches of registries' interactive indexes.
    pub fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    /// Folder for the logs of the window.
    pub fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    /// Folder for lock files.
    pub fn locks(&self) -> PathBuf {
        self.dir.join("locks")
    }

    /// Folder for what was read of foreign sources, one folder for each of those; need not exist.
    pub fn sources(&self) -> PathBuf {
        self.dir.join(SOURCES)
    }

    /// Folder for lists of studies that were brought to registries, one folder for each of those; need not exist.
    pub fn lists(&self) -> PathBuf {
        self.dir.join("lists")
    }

    /// Folder for private copies of registries that cannot be read in place, one folder for each process.
    pub fn scratch(&self) -> PathBuf {
        self.dir.join("scratch")
    }

    fn prepare(&self) -> io::Result<()> {
        let is_ours = match std::fs::read_dir(&self.dir) {
            Ok(mut entries) => self.history().exists() || entries.next().is_none(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                platform::create_private_dir(&self.dir)?;
                false
            }
            Err(error) => return Err(error),
        };
        if is_ours {
            platform::make_private_dir(&self.dir)?;
        }
        for dir in [self.locks(), self.index(), self.scratch()] {
            platform::create_private_dir(&dir)?;
            platform::make_private_dir(&dir)?;
        }
        Ok(())
    }
}

/// The error of a home that cannot be used.
pub(crate) fn unusable(dir: &Path, error: &io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "it is not a folder".to_owned(),
        io::ErrorKind::PermissionDenied => "this account may not write there".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "it is on a read-only disk".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    Error::new(Code::HomeUnusable, format!("The home {} cannot be used: {reason}.", dir.display()))
        .hint("Name another folder with --home or SHEAF_HOME.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("exists").permissions().mode() & 0o777
    }

    #[test]
    fn a_new_home_is_private_with_everything_in_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let home = Home::open(Some(&dir.path().join("a/b"))).expect("can be made");
        for path in [home.dir().to_owned(), home.locks(), home.index()] {
            assert_eq!(mode(&path), 0o700, "{} is for this account only", path.display());
        }
        assert!(home.dir().is_absolute(), "jobs run from other folders");
        assert!(home.history().starts_with(home.dir()) && home.settings().starts_with(home.dir()), "all in one place");
    }

    #[test]
    fn an_open_home_is_closed_but_a_strangers_folder_keeps_its_permissions() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path(), open.clone()).expect("ours");
        Home::open(Some(dir.path())).expect("an empty folder can be a home");
        assert_eq!(mode(dir.path()), 0o700, "an empty folder becomes a private home");

        let busy = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(busy.path().join("thesis.txt"), "").expect("writable");
        std::fs::set_permissions(busy.path(), open).expect("ours");
        let home = Home::open(Some(busy.path())).expect("usable");
        assert_eq!(mode(busy.path()), 0o755, "a shared folder is not taken away from others");
        assert_eq!(mode(&home.locks()), 0o700, "what is Sheaf's is private");
        std::fs::write(home.history(), "").expect("writable");
        Home::open(Some(busy.path())).expect("usable");
        assert_eq!(mode(busy.path()), 0o700, "with a history in it, it is a home");
    }

    #[test]
    fn a_file_is_no_home() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("file");
        std::fs::write(&file, "x").expect("writable");
        for path in [file.clone(), file.join("below")] {
            let error = Home::open(Some(&path)).expect_err("must be refused");
            assert_eq!(error.code(), Code::HomeUnusable, "{error}");
            assert!(error.message().contains("not a folder"), "{error} says why");
        }
    }

    #[test]
    fn every_reason_is_a_sentence() {
        for (kind, words) in [
            (io::ErrorKind::PermissionDenied, "may not write"),
            (io::ErrorKind::ReadOnlyFilesystem, "read-only"),
            (io::ErrorKind::StorageFull, "full"),
            (io::ErrorKind::TimedOut, "timed out"),
        ] {
            let error = unusable(Path::new("/h"), &kind.into());
            assert!(error.message().contains(words) && error.message().contains("/h"), "{error}");
            assert!(error.next_step().contains("--home"), "the next step is another folder");
        }
    }
}
