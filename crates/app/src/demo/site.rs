//! The folder that a demo is made in: claimed empty, written below `data`, emptied again unless the demo is kept.
//!
//! Deliberately absent: what is written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use sheaf_registry::{Code, Error, Result};

/// A claimed folder. Dropped without [`Site::keep`], it removes what was made in it, and the folders that the claim made.
pub(super) struct Site {
    dir: PathBuf,
    /// Folders that were not there before, the outermost first.
    made: Vec<PathBuf>,
    kept: bool,
}

/// Everything that a demo makes beside its registry, which removes itself.
const MADE: [&str; 3] = ["data", "outside", "planted.json"];

impl Site {
    /// Takes a folder that is not there or is empty.
    ///
    /// # Errors
    /// `DESTINATION_TAKEN` where there is anything, untouched; `DESTINATION_UNWRITABLE`, `NO_SPACE`.
    pub(super) fn claim(dir: &Path) -> Result<Self> {
        let dir = std::path::absolute(dir).map_err(|error| failed(dir, error))?;
        let mut made: Vec<PathBuf> =
            dir.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).map(Path::to_owned).collect();
        made.reverse();
        if made.is_empty() {
            let mut names = fs::read_dir(&dir).map_err(|error| match error.kind() {
                io::ErrorKind::NotADirectory | io::ErrorKind::NotFound => taken(&dir, "is there already and is no folder"),
                _ => failed(&dir, error),
            })?;
            if names.next().is_some() {
                return Err(taken(&dir, "is not empty"));
            }
        }
        let mut site = Self { dir, made: Vec::new(), kept: false };
        for folder in made {
            fs::create_dir(&folder).map_err(|error| failed(&folder, error))?;
            site.made.push(folder);
        }
        // Whoever makes this folder owns the demo: of two at once, the second is refused.
        if let Err(error) = fs::create_dir(site.data()) {
            let taken_meanwhile = error.kind() == io::ErrorKind::AlreadyExists;
            site.kept = taken_meanwhile;
            return Err(if taken_meanwhile { taken(&site.dir, "is not empty") } else { failed(&site.dir, error) });
        }
        Ok(site)
    }

    /// The data root.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Where the registry will be.
    pub(super) fn registry(&self) -> PathBuf {
        self.dir.join("registry.sqlite")
    }

    /// Makes a folder below the data root, with those around it.
    pub(super) fn folder(&self, path: &str) -> Result<()> {
        let path = self.data().join(path);
        fs::create_dir_all(&path).map_err(|error| failed(&path, error))
    }

    /// Writes a file below the data root.
    pub(super) fn write(&self, path: &str, bytes: &[u8], modified: Timestamp) -> Result<()> {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder)?;
        }
        create(&self.data().join(path), modified, |file| file.write_all(bytes))
    }

    /// Makes a file of `bytes` zeros below the data root, without taking disk; its folder must be there.
    pub(super) fn write_hole(&self, path: &str, bytes: u64, modified: Timestamp) -> Result<()> {
        create(&self.data().join(path), modified, |file| file.set_len(bytes))
    }

    /// Writes a file beside the data root.
    pub(super) fn write_beside(&self, name: &str, bytes: &[u8], modified: Timestamp) -> Result<()> {
        let path = self.dir.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        }
        create(&path, modified, |file| file.write_all(bytes))
    }

    /// Makes a symbolic link below the data root.
    #[cfg(unix)]
    pub(super) fn link(&self, path: &str, target: &str) -> Result<()> {
        let path = self.data().join(path);
        std::os::unix::fs::symlink(target, &path).map_err(|error| failed(&path, error))
    }

    /// Lets everything stay.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed has no other way out than to be found; the error that led here is the one to tell.
            for path in MADE.map(|name| self.dir.join(name)) {
                let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            }
            for folder in self.made.iter().rev() {
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

fn create(path: &Path, modified: Timestamp, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let make = || {
        let mut new = File::create_new(path)?;
        fill(&mut new)?;
        new.set_modified(SystemTime::from(modified))
    };
    make().map_err(|error| failed(path, error))
}

fn taken(dir: &Path, why: &str) -> Error {
    Error::new(Code::DestinationTaken, format!("{} {why}; a demo is made in a new or an empty folder.", dir.display()))
        .hint("Name another folder.")
}

fn failed(path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::StorageFull {
        return Error::new(Code::NoSpace, format!("There is no room left for {}.", path.display()))
            .hint("Make room, or make a demo with fewer patients.")
            .cause(error);
    }
    Error::new(Code::DestinationUnwritable, format!("{} could not be written.", path.display()))
        .hint("Check that the folder can be written.")
        .cause(error)
}
