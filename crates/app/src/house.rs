//! One process on one home: settings, history, its ownership lock; and the recovery that every opening begins with.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use sheaf_archive::publish::recover_publish;
use sheaf_registry::access::Actor;
use sheaf_registry::progress::Cancel;
use sheaf_registry::rows::DataRoot;
use sheaf_registry::{Code, Error, Result, hex};

use crate::environment::Environment;
use crate::failpoint;
use crate::history::{ArchiveRecord, History, Record, State};
use crate::home::Home;
use crate::owner::{self, HomeLock, Owner};
use crate::patience::{PATIENCE, ask, ask_all};
use crate::platform::{self, FileIdentity};
use crate::settings::Settings;
use crate::store::Store;

/// What every use case needs.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) home: Home,
    /// As the file says them; read anew when the window has changed them.
    settings: RwLock<Settings>,
    pub(crate) environment: Environment,
    pub(crate) history: History,
    pub(crate) owner: Owner,
    pub(crate) store: Store,
}

impl House {
    /// Opens the home and recovers it: what tells who is alive while nobody else may open it, then what needs a look at
    /// files, which may take long.
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
        let owner = Owner::announce(&home, environment.random_id(), &lock)?;
        let left = recover(&home, &history, &owner, &lock)?;
        drop(lock);
        let store = Store::new(home.desk());
        let house = House { home, settings: RwLock::new(settings), environment, history, owner, store };
        house.sweep_parts(&left.parts);
        house.finish(&left.publishing);
        Ok(house)
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the settings anew. They stay as they were where the file cannot be understood.
    pub(crate) fn read_settings(&self) -> Result<()> {
        let settings = Settings::read(&self.home.settings())?;
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    /// Makes the records true while this process runs: another one that owned jobs may have died. Does nothing while
    /// another process recovers the home, and where nobody else owns a job.
    pub(crate) fn recover_others(&self) -> Result<()> {
        let others = |owner: Option<&str>| owner != Some(self.owner.id());
        if !self.history.active()?.iter().any(|record| others(record.owner.as_deref())) {
            return Ok(());
        }
        let Some(lock) = HomeLock::try_take(&self.home)? else { return Ok(()) };
        let left = recover(&self.home, &self.history, &self.owner, &lock)?;
        drop(lock);
        self.sweep_parts(&left.parts);
        self.finish(&left.publishing);
        Ok(())
    }

    /// Removes part files of dead processes. What cannot be removed now stays noted for the next start.
    fn sweep_parts(&self, parts: &[PathBuf]) {
        let asked = parts.iter().map(|part| (part.clone(), ())).collect();
        for (part, swept) in parts.iter().zip(ask_all(PATIENCE, asked, |part, ()| sweep_part(part))) {
            if swept == Some(true) {
                // A history that is busy is asked again at the next start.
                let _ = self.history.forget_part(part);
            }
        }
    }

    /// Finishes what dead processes were publishing. What cannot be told now stays as it is, and the next start looks again.
    fn finish(&self, publishing: &[Record]) {
        failpoint::hit("recovering");
        let mut silent = HashSet::new();
        for record in publishing {
            let folder = record.destination.parent();
            if silent.contains(&folder) {
                continue;
            }
            match look_for_archive(record) {
                None => drop(silent.insert(folder)),
                Some(Ok(Some(archive))) => drop(self.history.complete(&record.key(), &archive)),
                // Its user has given up on a destination that is away.
                Some(Err(_)) if !record.cancel_requested => {}
                Some(Ok(None) | Err(_)) => drop(self.history.interrupted(&record.key())),
            }
        }
    }

    /// Completes an interrupted export whose own archive stands at its destination.
    pub(crate) fn recognise(&self, record: &Record) -> Result<Option<Record>> {
        match look_for_archive(record) {
            Some(Ok(Some(archive))) => self.history.complete(&record.key(), &archive).map(Some),
            Some(Err(error)) => Err(error),
            None | Some(Ok(None)) => Ok(None),
        }
    }

    /// A private folder that goes with this process.
    pub(crate) fn scratch(&self) -> Result<PathBuf> {
        let scratch = self.home.scratch().join(self.owner.id());
        platform::create_private_dir(&scratch).map_err(|error| crate::home::unusable(self.home.dir(), &error))?;
        Ok(scratch)
    }

    /// The data roots of a registry as they lie on this machine: where the user has named a folder, that one counts.
    pub(crate) fn data_roots(&self, registry: &Path, roots: &[DataRoot]) -> Vec<DataRoot> {
        match self.store.located(registry, roots) {
            Ok(located) => located.into_iter().map(|(root, _)| root).collect(),
            // What cannot be read now is like what was never said; files that are not found are told one by one.
            Err(error) => {
                tracing::warn!(%error, "folders that were named for data roots cannot be read");
                roots.to_vec()
            }
        }
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

/// What dead processes left that needs a look at files.
struct Left {
    publishing: Vec<Record>,
    parts: Vec<PathBuf>,
}

/// Makes the records true again after processes have died. What was being published now belongs to `owner`.
fn recover(home: &Home, history: &History, owner: &Owner, lock: &HomeLock) -> Result<Left> {
    let mut left = Left { publishing: Vec::new(), parts: Vec::new() };
    for record in history.active()? {
        if owner::is_alive(home, record.owner.as_deref().unwrap_or_default(), lock)? {
            continue;
        }
        if record.state == State::Publishing {
            left.publishing.push(history.adopt(&record.key(), owner.id())?);
        } else {
            history.interrupted(&record.key())?;
        }
    }
    for (path, owner) in history.part_files()? {
        if !owner::is_alive(home, &owner, lock)? {
            left.parts.push(path);
        }
    }
    sweep_scratch(home, lock);
    // What stays is swept at the next start.
    let _ = owner::sweep(home, lock);
    Ok(left)
}

/// The verified archive of a record, under its name and durable; published now if need be. `None` when its folder does
/// not answer.
fn look_for_archive(record: &Record) -> Option<Result<Option<ArchiveRecord>>> {
    let Some((archive, sha256)) =
        record.archive.clone().and_then(|archive| hex::decode(&archive.sha256).map(|sha256| (archive, sha256)))
    else {
        return Some(Ok(None));
    };
    let (part, path) = (record.part(), record.destination.clone());
    ask(PATIENCE, &Cancel::new(), move |pulse| {
        let stands = recover_publish(&part, &path, archive.identity.bytes, &sha256, &|| pulse.beat())?;
        stands.then(|| published(&archive, &path)).transpose()
    })
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

/// Removes the copies of registries that dead processes left. What cannot be removed stays, as does what is no folder and so
/// was never ours.
fn sweep_scratch(home: &Home, lock: &HomeLock) {
    let Ok(entries) = std::fs::read_dir(home.scratch()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_dir && owner::is_alive(home, name.to_str().unwrap_or_default(), lock).is_ok_and(|alive| !alive) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
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

    #[test]
    fn what_is_no_copy_of_a_registry_locks_no_home() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let open = || House::open(Some(dir.path()), Environment::system());
        let scratch = open().expect("a new home").home.scratch();
        let (stray, left) = (scratch.join("notes.txt"), scratch.join("dead"));
        std::fs::write(&stray, "x").expect("writable");
        std::fs::create_dir(&left).expect("writable");
        open().expect("a file that nobody put there on purpose");
        assert!(stray.exists() && !left.exists(), "what a dead process left goes, and nothing else");
    }
}
