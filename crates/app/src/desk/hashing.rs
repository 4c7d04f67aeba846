//! Checksums of the open folder of images, computed in the background: one folder at a time, while no export runs.
//!
//! That they are wanted is kept in the home, so a process that ends in the middle leaves the rest to the next. Deliberately
//! absent: how they are computed and kept (see `folder_hashes.rs`).

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sheaf_registry::Code;
use sheaf_registry::progress::Cancel;

use super::events::{Event, Hub};
use super::tasks::Tasks;
use crate::patience::PATIENCE;
use crate::progress::Meter;
use crate::sheaf::Sheaf;
use crate::wire::ErrorReport;

/// The id of the computing, by which the page sees how far it is.
const HASHES_TASK: &str = "hashes";
/// How often it is looked whether exports still run.
const PAUSE: Duration = Duration::from_millis(200);

/// The computing. Dropping it stops it; what was computed stays.
pub(crate) struct Hashing {
    sheaf: Arc<Sheaf>,
    hub: Hub,
    tasks: Tasks,
    work: Mutex<Option<Work>>,
    /// Why the last one has failed.
    problem: Arc<Mutex<Option<ErrorReport>>>,
}

struct Work {
    folder: PathBuf,
    cancel: Cancel,
    /// Ends with the work.
    ended: Receiver<()>,
}

impl Work {
    fn has_ended(&self) -> bool {
        self.ended.try_recv() == Err(TryRecvError::Disconnected)
    }
}

impl Hashing {
    pub(crate) fn new(sheaf: Arc<Sheaf>, hub: Hub, tasks: Tasks) -> Self {
        Self { sheaf, hub, tasks, work: Mutex::default(), problem: Arc::default() }
    }

    /// Computes what this folder lacks, if that is wanted; stops what is computed of another.
    pub(crate) fn go_on(&self, folder: Option<&Path>) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = folder.filter(|folder| self.sheaf.house().wants_hashes(folder));
        if work.as_ref().is_some_and(|work| !work.has_ended() && Some(&*work.folder) == wanted) {
            return;
        }
        Self::end(work.take());
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *work = wanted.and_then(|folder| self.begin(folder));
    }

    /// Stops it, and waits until it has, unless the disk is silent.
    pub(crate) fn stop(&self) {
        Self::end(self.work.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Whether it is at work.
    pub(crate) fn is_running(&self) -> bool {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.as_ref().is_some_and(|work| !work.has_ended())
    }

    /// Why it has failed, if it has.
    pub(crate) fn problem(&self) -> Option<ErrorReport> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn begin(&self, folder: &Path) -> Option<Work> {
        let task = self.tasks.begin(HASHES_TASK).ok()?;
        let cancel = task.cancel().clone();
        let (sheaf, hub, problem) = (Arc::clone(&self.sheaf), self.hub.clone(), Arc::clone(&self.problem));
        let path = folder.to_owned();
        let (running, ended) = mpsc::channel();
        let work = move || {
            let meter = Meter::new(task.listener());
            let give_way = || {
                while !sheaf.jobs().is_empty() && !task.cancel().is_raised() {
                    std::thread::park_timeout(PAUSE);
                }
            };
            let done = sheaf.house().hash_folder(&path, &meter, task.cancel(), &give_way);
            meter.finish();
            if let Err(error) = done
                && !matches!(error.code(), Code::Cancelled | Code::DbBusy)
            {
                tracing::warn!(code = error.code().as_str(), "the checksums of a folder were not computed");
                *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(ErrorReport::from(&error));
            }
            drop((task, running));
            hub.tell(&Event::HashesEnded);
        };
        std::thread::Builder::new().name("sheaf-hashes".to_owned()).spawn(work).ok()?;
        Some(Work { folder: folder.to_owned(), cancel, ended })
    }

    fn end(work: Option<Work>) {
        if let Some(work) = work {
            work.cancel.raise();
            let _ = work.ended.recv_timeout(PATIENCE);
        }
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.stop();
    }
}
