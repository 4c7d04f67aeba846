//! The queue of this process: jobs wait in order and run on background threads, as many at once as the settings say.
//!
//! A job belongs to the process that created or restarted it; how many run at once over all processes is decided by slots,
//! see [`crate::owner::Slot`]. What is deliberately absent: what a job does.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use crate::history::{Key, Record};
use crate::house::House;
use crate::job::Job;
use crate::platform;
use crate::progress::{JobProgress, Listener, Meter};
use crate::wire::ExportStatus;

/// How often a waiting caller looks at its cancel flag.
const LOOK: Duration = Duration::from_millis(50);

/// The queue and its threads.
pub(crate) struct Runner {
    house: Arc<House>,
    closing: Arc<AtomicBool>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    waiting: VecDeque<Queued>,
    /// Every job that has not ended.
    jobs: Vec<Arc<Job>>,
    /// Threads that still take jobs.
    working: usize,
    threads: Vec<JoinHandle<()>>,
    /// Hears that a job has ended and is no longer one of the jobs.
    listener: Option<EndListener>,
}

/// Hears the id of a job that has ended; must not block.
pub(crate) type EndListener = Arc<dyn Fn(&str) + Send + Sync>;

struct Queued {
    job: Arc<Job>,
    ended: mpsc::Sender<Result<Record>>,
}

/// A job of this process, as its creator holds it.
pub(crate) struct Handle {
    job: Arc<Job>,
    ended: mpsc::Receiver<Result<Record>>,
}

impl Runner {
    /// A runner without jobs.
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house, closing: Arc::default(), shared: Arc::default() }
    }

    /// Puts a pending export of this process into the queue; where there is no thread to run it, it has failed.
    pub(crate) fn submit(&self, key: Key, listener: Listener, cancel: Cancel) -> Result<Handle> {
        self.submit_to(builder(), key, listener, cancel)
    }

    fn submit_to(&self, thread: std::thread::Builder, key: Key, listener: Listener, cancel: Cancel) -> Result<Handle> {
        let meter = Arc::new(Meter::new(listener));
        let job = Arc::new(Job { key, meter, cancel, closing: Arc::clone(&self.closing) });
        let (ended, end) = mpsc::channel();
        let mut shared = lock(&self.shared);
        if self.closing.load(Ordering::Acquire) {
            drop(shared);
            self.house.history.interrupted(&job.key)?;
            return Err(Error::new(Code::StateConflict, "Sheaf is being closed; the export was not begun.")
                .hint("Start Sheaf again, then restart the export."));
        }
        if shared.working < self.house.settings().concurrent_jobs
            && let Err(cause) = self.start_thread(&mut shared, thread)
        {
            drop(shared);
            let error = Error::new(Code::Internal, "The system gives no more threads.")
                .hint("Close other programs, then restart the export.")
                .cause(cause);
            self.house.history.fail(&job.key, &error, &[])?;
            return Err(error);
        }
        shared.jobs.push(Arc::clone(&job));
        shared.waiting.push_back(Queued { job: Arc::clone(&job), ended });
        Ok(Handle { job, ended: end })
    }

    /// A thread that takes jobs. It waits for the lock that the caller holds, and so finds the job that is queued next.
    fn start_thread(&self, shared: &mut Shared, thread: std::thread::Builder) -> std::io::Result<()> {
        shared.threads.retain(|thread| !thread.is_finished());
        let (house, queue) = (Arc::clone(&self.house), Arc::clone(&self.shared));
        shared.threads.push(thread.spawn(move || work(&house, &queue))?);
        shared.working += 1;
        Ok(())
    }

    /// More jobs may run at once than when the waiting ones were queued.
    pub(crate) fn widen(&self) {
        let most = self.house.settings().concurrent_jobs;
        let mut shared = lock(&self.shared);
        let wanted = most.saturating_sub(shared.working).min(shared.waiting.len());
        for _ in 0..wanted {
            // Without another thread they wait longer, that is all.
            if self.start_thread(&mut shared, builder()).is_err() {
                return;
            }
        }
    }

    /// From now on `listener` hears of every job of this process that has ended.
    pub(crate) fn on_end(&self, listener: EndListener) {
        lock(&self.shared).listener = Some(listener);
    }

    /// Jobs of this process that wait or work, with their latest progress.
    pub(crate) fn jobs(&self) -> Vec<(String, Option<JobProgress>)> {
        lock(&self.shared).jobs.iter().map(|job| (job.key.id.clone(), job.meter.latest())).collect()
    }

    /// Stops what waits and works, as interrupted, and waits for it. No job begins afterwards.
    pub(crate) fn close(&self) {
        let threads = {
            let mut shared = lock(&self.shared);
            self.closing.store(true, Ordering::Release);
            shared.jobs.iter().for_each(|job| job.cancel.raise());
            std::mem::take(&mut shared.threads)
        };
        for thread in threads {
            // A panic was told to whoever waits for the job.
            let _ = thread.join();
        }
    }

    /// The latest progress of a job of this process.
    pub(crate) fn progress(&self, id: &str) -> Option<JobProgress> {
        lock(&self.shared).jobs.iter().find(|job| job.key.id == id).and_then(|job| job.meter.latest())
    }

    /// Raises the flag of a job of this process, which sees it sooner than the column.
    pub(crate) fn raise(&self, id: &str) {
        for job in lock(&self.shared).jobs.iter().filter(|job| job.key.id == id) {
            job.cancel.raise();
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Handle {
    /// Waits for the end of the job. A cancel of a job that still waits behind others is answered at once.
    pub(crate) fn wait(self, house: &House) -> Result<Record> {
        let mut told = false;
        loop {
            match self.ended.recv_timeout(LOOK) {
                Ok(ended) => return ended,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(Code::Internal, "The job ended by a fault in Sheaf.")
                        .hint("`sheaf exports list` tells where it stands; please report this."));
                }
            }
            if !told && self.job.cancel.is_raised() {
                told = true;
                let record = house.history.request_cancel(&self.job.key.id);
                if let Ok(record) = record
                    && record.state.status() == ExportStatus::Cancelled
                {
                    return Ok(record);
                }
            }
        }
    }
}

fn builder() -> std::thread::Builder {
    std::thread::Builder::new().name("sheaf-job".to_owned())
}

/// A thread of the queue: takes jobs until none waits.
fn work(house: &House, queue: &Mutex<Shared>) {
    // A window on the same machine stays quick while all cores pack.
    platform::give_way();
    loop {
        let next = {
            let mut shared = lock(queue);
            let next = shared.waiting.pop_front();
            if next.is_none() {
                // Under the same lock as the look: a job that comes now finds this thread gone and starts another.
                shared.working -= 1;
            }
            next
        };
        let Some(Queued { job, ended }) = next else { return };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.run(house)));
        let listener = {
            let mut shared = lock(queue);
            shared.jobs.retain(|other| !Arc::ptr_eq(other, &job));
            shared.listener.clone()
        };
        let outcome = outcome.unwrap_or_else(|_| {
            let error = Error::new(Code::Internal, "A fault in Sheaf ended this export.")
                .hint("Restart it; please report this if it happens again.");
            house.history.fail(&job.key, &error, &[])
        });
        // Nobody may be waiting for it.
        let _ = ended.send(outcome);
        if let Some(listener) = listener {
            listener(&job.key.id);
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Nothing that can panic happens under this lock.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("jobs", &lock(&self.shared).jobs.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::State;
    use crate::job::tests::{create, house};
    use crate::progress::unheard;

    #[test]
    fn a_job_that_gets_no_thread_has_failed() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        let runner = Runner::new(Arc::new(house));
        // More than any machine has.
        let thread = std::thread::Builder::new().stack_size(1 << 50);
        let refused = runner.submit_to(thread, record.key(), unheard(), Cancel::new());
        assert_eq!(refused.err().expect("no thread").code(), Code::Internal, "said to whoever asked");
        let record = runner.house.history.one("a").expect("known");
        assert_eq!(record.state, State::Failed, "it does not wait for ever");
        assert!(lock(&runner.shared).jobs.is_empty(), "and is not one of the jobs");
    }
}
