//! Who is alive: locks of the operating system on files in the home, so that a death is seen at once, however it came.
//!
//! Three kinds: one file for every running process (jobs carry its name), one that lets a single process at a time open and
//! recover a home, and one for every job that may run at once. What is deliberately absent: process numbers, which are
//! used again, and leases, which need a clock.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sheaf_registry::{Code, Error, Result};

use crate::home::{Home, unusable};
use crate::platform;

/// How long opening a home waits for another process that recovers it.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a lock is tried.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// The right to create, migrate and recover a home; one process at a time holds it.
#[derive(Debug)]
pub(crate) struct HomeLock(#[expect(dead_code, reason = "held for its lock")] File);

impl HomeLock {
    /// Waits for the lock, up to a minute; then `DB_BUSY`.
    pub(crate) fn wait(home: &Home) -> Result<HomeLock> {
        Self::wait_for(home, PATIENCE)
    }

    /// Takes the lock if nobody has it.
    pub(crate) fn try_take(home: &Home) -> Result<Option<HomeLock>> {
        let file = open_lock(&home.locks().join("home.lock")).map_err(|error| unusable(home.dir(), &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(HomeLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unusable(home.dir(), &error)),
        }
    }

    fn wait_for(home: &Home, patience: Duration) -> Result<HomeLock> {
        let file = open_lock(&home.locks().join("home.lock")).map_err(|error| unusable(home.dir(), &error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(HomeLock(file)),
                Err(TryLockError::Error(error)) => return Err(unusable(home.dir(), &error)),
                Err(TryLockError::WouldBlock) if began.elapsed() >= patience => {
                    return Err(Error::new(Code::DbBusy, "Another Sheaf is busy with recovering this home.")
                        .hint("Try again when it is done, or name another home with --home."));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(TRY_AGAIN),
            }
        }
    }
}

/// This process, as its jobs know it. Alive as long as this value.
#[derive(Debug)]
pub(crate) struct Owner {
    id: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Announces this process under a fresh random id. Nobody probes while the [`HomeLock`] is held, so nobody can take a
    /// file that is made but not yet locked for that of a dead process.
    pub(crate) fn announce(home: &Home, id: String, _proof: &HomeLock) -> Result<Owner> {
        let path = owner_path(home, &id);
        let lock = open_lock(&path)
            .and_then(|file| file.try_lock().map(|()| file).map_err(io::Error::from))
            .map_err(|error| unusable(home.dir(), &error))?;
        Ok(Owner { id, path, _lock: lock })
    }

    /// The id that jobs carry.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays is swept at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the process of this id lives.
pub(crate) fn is_alive(home: &Home, id: &str, _proof: &HomeLock) -> Result<bool> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(false);
    }
    is_held(&owner_path(home, id)).map_err(|error| unusable(home.dir(), &error))
}

/// Removes the lock files of dead processes.
pub(crate) fn sweep(home: &Home, _proof: &HomeLock) -> Result<()> {
    let failed = |error: io::Error| unusable(home.dir(), &error);
    for entry in std::fs::read_dir(home.locks()).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_owner = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("owner-"));
        if is_owner && !is_held(&path).map_err(failed)? {
            std::fs::remove_file(&path).or_else(gone_is_fine).map_err(failed)?;
        }
    }
    Ok(())
}

/// The right to run one job.
#[derive(Debug)]
pub(crate) struct Slot(#[expect(dead_code, reason = "held for its lock")] File);

impl Slot {
    /// Takes one of `slots` places, if one is free in all processes of this home.
    pub(crate) fn take(home: &Home, slots: usize) -> Result<Option<Slot>> {
        for number in 1..=slots {
            let file = open_lock(&home.locks().join(format!("slot-{number}.lock")))
                .map_err(|error| unusable(home.dir(), &error))?;
            match file.try_lock() {
                Ok(()) => return Ok(Some(Slot(file))),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(unusable(home.dir(), &error)),
            }
        }
        Ok(None)
    }
}

fn owner_path(home: &Home, id: &str) -> PathBuf {
    home.locks().join(format!("owner-{id}.lock"))
}

fn open_lock(path: &std::path::Path) -> io::Result<File> {
    platform::private_file().read(true).write(true).create(true).truncate(false).open(path)
}

fn is_held(path: &std::path::Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Something that is already gone needs no removal.
pub(crate) fn gone_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let home = Home::open(Some(dir.path())).expect("usable");
        (dir, home)
    }

    #[test]
    fn an_owner_lives_as_long_as_its_value() {
        let (_dir, home) = home();
        let lock = HomeLock::wait(&home).expect("free");
        let owner = Owner::announce(&home, "abc".to_owned(), &lock).expect("announced");
        assert_eq!(owner.id(), "abc", "jobs carry it");
        assert!(is_alive(&home, "abc", &lock).expect("probed"), "it holds its lock");
        sweep(&home, &lock).expect("swept");
        assert!(is_alive(&home, "abc", &lock).expect("probed"), "a living one is not swept");
        drop(owner);
        assert!(!is_alive(&home, "abc", &lock).expect("probed"), "it is gone");
        for id in ["", "../home", "never"] {
            assert!(!is_alive(&home, id, &lock).expect("probed"), "{id:?} never lived and is no path");
        }
    }

    #[test]
    fn what_a_killed_process_left_is_swept() {
        let (_dir, home) = home();
        let lock = HomeLock::wait(&home).expect("free");
        let left = owner_path(&home, "dead");
        std::fs::write(&left, "").expect("writable");
        let other = home.locks().join("notes.txt");
        std::fs::write(&other, "").expect("writable");
        assert!(!is_alive(&home, "dead", &lock).expect("probed"), "a file without a lock is a dead process");
        sweep(&home, &lock).expect("swept");
        assert!(!left.exists(), "its file goes");
        assert!(other.exists(), "nothing else goes");
    }

    #[test]
    fn one_at_a_time_recovers_a_home() {
        let (_dir, home) = home();
        let held = HomeLock::wait(&home).expect("free");
        let error = HomeLock::wait_for(&home, Duration::ZERO).expect_err("held");
        assert_eq!(error.code(), Code::DbBusy, "{error}");
        drop(held);
        HomeLock::wait_for(&home, Duration::ZERO).expect("free again");
    }

    #[test]
    fn there_are_as_many_slots_as_said() {
        let (_dir, home) = home();
        let first = Slot::take(&home, 2).expect("tried").expect("free");
        let _second = Slot::take(&home, 2).expect("tried").expect("free");
        assert!(Slot::take(&home, 2).expect("tried").is_none(), "two run at once, no more");
        drop(first);
        assert!(Slot::take(&home, 2).expect("tried").is_some(), "a place that was left is free");
    }

    #[test]
    fn a_home_without_its_lock_folder_is_a_sentence() {
        let (_dir, home) = home();
        let lock = HomeLock::wait(&home).expect("free");
        std::fs::remove_dir_all(home.locks()).expect("ours");
        for error in [
            HomeLock::wait(&home).err(),
            Owner::announce(&home, "abc".to_owned(), &lock).err(),
            Slot::take(&home, 1).err(),
            sweep(&home, &lock).err(),
        ] {
            assert_eq!(error.expect("must be refused").code(), Code::HomeUnusable, "the home is broken");
        }
    }
}
