//! One process on one home: settings, history, its ownership lock; and the recovery that every opening begins with.

use std::path::{Path, PathBuf};

use sheaf_archive::publish::recover_publish;
use sheaf_registry::access::Actor;
use sheaf_registry::registry::Registry;
use sheaf_registry::{Code, Error, Result, hex};

use crate::environment::Environment;
use crate::history::{ArchiveRecord, History, Record, State};
use crate::home::Home;
use crate::owner::{self, HomeLock, Owner};
use crate::platform::{self, FileIdentity};
use crate::settings::Settings;

/// What every use case needs.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) home: Home,
    pub(crate) settings: Settings,
    pub(crate) environment: Environment,
    pub(crate) history: History,
    pub(crate) owner: Owner,
}

impl House {
    /// Opens the home and recovers it, before anyone else may open it.
    pub(crate) fn open(home: Option<&Path>, environment: Environment) -> Result<House> {
        let home = Home::open(home)?;
        let settings = Settings::read(&home.settings())?;
        let lock = HomeLock::wait(&home)?;
        let history = History::open(
            &home.history(),
            platform::network_file_system(home.dir()),
            environment.clock.clone(),
            environment.os_user.clone(),
            &lock,
        )?;
        recover(&home, &history, &lock)?;
        let owner = Owner::announce(&home, environment.random_id(), &lock)?;
        Ok(House { home, settings, environment, history, owner })
    }

    /// Opens a registry for reading; one that cannot be read in place is read as a private copy that goes with this process.
    pub(crate) fn registry(&self, path: &Path) -> Result<Registry> {
        let scratch = self.home.scratch().join(self.owner.id());
        platform::create_private_dir(&scratch).map_err(|error| crate::home::unusable(self.home.dir(), &error))?;
        Registry::open_with_scratch(path, &scratch)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Copies of registries are gone already; a folder that stays is swept at the next start.
        let _ = std::fs::remove_dir_all(self.home.scratch().join(self.owner.id()));
    }
}

/// Who asks, by name.
pub(crate) fn actor(user: Option<&str>) -> Actor {
    user.map_or(Actor::Owner, |name| Actor::User(name.to_owned()))
}

/// Makes the records true again after processes have died, and removes what they left.
fn recover(home: &Home, history: &History, lock: &HomeLock) -> Result<()> {
    for record in history.active()? {
        let owner = record.owner.as_deref().unwrap_or_default();
        if !owner::is_alive(home, owner, lock)? {
            recover_job(history, &record)?;
        }
    }
    for (path, owner) in history.part_files()? {
        if !owner::is_alive(home, &owner, lock)? && sweep_part(&path) {
            history.forget_part(&path)?;
        }
    }
    sweep_scratch(home, lock)?;
    owner::sweep(home, lock)
}

fn recover_job(history: &History, record: &Record) -> Result<()> {
    if record.state == State::Publishing
        && let Some(archive) = &record.archive
        && let Some(sha256) = hex::decode(&archive.sha256)
        // A destination that cannot be reached now leaves the job interrupted; its part file stays noted.
        && recover_publish(&record.part(), &record.destination, archive.identity.bytes, &sha256).unwrap_or(false)
    {
        let archive = published(archive, &record.destination)?;
        return history.complete(&record.key(), &archive).map(drop);
    }
    history.interrupted(&record.key()).map(drop)
}

/// The archive as it stands under its name.
pub(crate) fn published(archive: &ArchiveRecord, path: &Path) -> Result<ArchiveRecord> {
    let metadata = std::fs::symlink_metadata(path).map_err(|error| {
        Error::new(Code::ArchiveMissing, format!("The archive {} cannot be looked at: {error}.", path.display()))
            .hint("Check the destination, then restart the export.")
            .cause(error)
    })?;
    Ok(ArchiveRecord { sha256: archive.sha256.clone(), identity: FileIdentity::of(&metadata) })
}

/// Removes a part file of a dead process; `true` when there is none any longer.
fn sweep_part(path: &Path) -> bool {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => std::fs::remove_file(path).is_ok(),
        // Not a file: not what was noted, so it is left alone.
        Ok(_) => true,
        // A folder that is away (an unmounted disk) may come back with the file in it.
        Err(error) => error.kind() == std::io::ErrorKind::NotFound && path.parent().is_some_and(Path::is_dir),
    }
}

/// Removes the copies of registries that dead processes left.
fn sweep_scratch(home: &Home, lock: &HomeLock) -> Result<()> {
    let failed = |error: std::io::Error| crate::home::unusable(home.dir(), &error);
    for entry in std::fs::read_dir(home.scratch()).map_err(failed)? {
        let path: PathBuf = entry.map_err(failed)?.path();
        let owner = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !owner::is_alive(home, owner, lock)? {
            std::fs::remove_dir_all(&path).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_were_noted_are_swept() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let part = dir.path().join("a.1.part");
        std::fs::write(&part, "x").expect("writable");
        assert!(sweep_part(&part) && !part.exists(), "a part file goes");
        assert!(sweep_part(&part), "what is gone is done");
        std::fs::create_dir(&part).expect("writable");
        assert!(sweep_part(&part) && part.is_dir(), "a folder of that name is not ours");
        assert!(!sweep_part(&dir.path().join("away/a.1.part")), "a disk that is away is asked again later");
    }
}
