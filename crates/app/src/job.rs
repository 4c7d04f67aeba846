//! One attempt of one job, from pending to its end. The publish protocol is here, step by step.
//!
//! What is deliberately absent: queues and threads other than the one that watches for a cancel.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use sheaf_archive::metadata::ExportHeader;
use sheaf_archive::plan::Plan;
use sheaf_archive::publish::{VerifiedPart, recover_publish};
use sheaf_archive::writer::{WriteJob, write_archive};
use sheaf_registry::error::{Detail, FileProblem};
use sheaf_registry::progress::{Cancel, Observer as _, Phase, Progress};
use sheaf_registry::{Code, Error, Result};

use crate::failpoint;
use crate::history::{ArchiveRecord, Key, Record};
use crate::house::{House, hex, published};
use crate::limits::{self, Demand};
use crate::owner::Slot;
use crate::planning::{self, Promised, Question};
use crate::platform::FileIdentity;
use crate::progress::Meter;

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Every how many ticks the history is asked for a cancel of another process: well under half a second.
const ASK_EVERY: u32 = 3;
/// How often a job that waits for its turn looks again.
const WAIT: Duration = Duration::from_millis(50);
/// How long the end of a job is tried to be recorded while the history is locked or its disk is full.
const TRIES: u32 = 40;

/// A job that was created, as its process holds it.
pub(crate) struct Job {
    pub(crate) key: Key,
    pub(crate) meter: Arc<Meter>,
    /// Raised by its user, or by `closing`.
    pub(crate) cancel: Cancel,
    /// The process closes: what is stopped now is interrupted, not cancelled.
    pub(crate) closing: Arc<AtomicBool>,
}

impl Job {
    /// Waits for its turn, runs it, records its end.
    pub(crate) fn run(&self, house: &House) -> Result<Record> {
        let Some(_slot) = self.wait_for_slot(house)? else { return self.stopped(house) };
        if self.cancel.is_raised() {
            return self.stopped(house);
        }
        let record = match house.history.start(&self.key) {
            Ok(record) => record,
            // Stopped by another process while it waited.
            Err(error) if error.code() == Code::StateConflict => return house.history.one(&self.key.id),
            Err(error) => return Err(error),
        };
        failpoint::hit("started");
        let mut problems = Vec::new();
        let outcome = self.watched(house, || self.attempt(house, &record, &mut problems));
        self.meter.finish();
        let ended = match outcome {
            Ok(published) => published,
            Err(error) if error.code() == Code::Cancelled => self.stopped(house),
            Err(error) => self.failed(house, &error, problems),
        };
        // A part file that could not be removed stays noted, and is swept when this process has ended.
        if std::fs::symlink_metadata(record.part()).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            house.history.forget_part(&record.part())?;
        }
        ended
    }

    /// A place among the jobs that may run at once; `None` when the job was stopped first.
    fn wait_for_slot(&self, house: &House) -> Result<Option<Slot>> {
        let mut looked = 0_u32;
        loop {
            let asks = looked.is_multiple_of(8);
            if self.cancel.is_raised() || (asks && house.history.is_cancel_requested(&self.key).unwrap_or(false)) {
                return Ok(None);
            }
            if let Some(slot) = Slot::take(&house.home, house.settings.concurrent_jobs)? {
                return Ok(Some(slot));
            }
            looked += 1;
            std::thread::sleep(WAIT);
        }
    }

    /// Does the work while another thread tells progress and looks for a cancel of another process.
    fn watched<T>(&self, house: &House, work: impl FnOnce() -> T) -> T {
        let (done, is_done) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut ticks = 0_u32;
                while is_done.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                    self.meter.tick();
                    ticks += 1;
                    // A locked history is asked again at the next tick.
                    if ticks.is_multiple_of(ASK_EVERY) && house.history.is_cancel_requested(&self.key).unwrap_or(false) {
                        self.cancel.raise();
                    }
                }
            });
            // Dropped also when the work panics: the watching ends with it.
            let _done = done;
            work()
        })
    }

    /// The work itself. An outer error: there is no archive. An inner one: there is, but that could not be recorded, so the
    /// record stays where it is until the next start finishes it.
    fn attempt(&self, house: &House, record: &Record, problems: &mut Vec<FileProblem>) -> Result<Result<Record>> {
        let question = Question {
            registry: &record.registry,
            user: (!record.as_owner).then_some(record.user.as_str()),
            project: &record.project,
            selection: &record.selection,
            on_missing: record.on_missing,
        };
        let answer =
            planning::answer(house, &question, &*self.meter, &self.cancel).map_err(|error| revoked(record, error))?;
        problems.extend_from_slice(answer.plan.problems());
        planning::refuse(&answer.plan)?;
        answer.plan.refuse_problems()?;
        let planned = planning::planned(&answer.plan, &record.name);
        let directory = record.destination.parent().unwrap_or(Path::new("/"));
        let file_name = record.destination.file_name().unwrap_or_default().to_string_lossy();
        sheaf_archive::check_destination(directory, &file_name)?;
        let demand = planning::demand(house, &planned, &record.user, Some(directory), Promised::Working, &record.id)?;
        limits::check(&demand, &house.settings)?;
        let record = house.history.planned(&self.key, &planned)?;
        failpoint::hit("planned");

        // Steps 1 to 3: the part file is written, durable, read back and hashed.
        let plan = Arc::clone(&answer.plan);
        let part = write_archive(&WriteJob {
            plan: answer.plan,
            store: answer.store,
            header: ExportHeader {
                id: record.id.clone(),
                name: record.name.clone(),
                notes: record.notes.clone(),
                creator: record.user.clone(),
                created_at: record.created_at,
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            part: record.part(),
            on_missing: record.on_missing,
            threads: house.environment.threads,
            observer: Arc::clone(&self.meter) as _,
            cancel: self.cancel.clone(),
            room: room(house, demand, directory),
        })?;
        failpoint::hit("verified");
        problems.extend_from_slice(&part.problems);
        self.publish(house, &record, &plan, &part, problems).inspect_err(|_| {
            // Never published: it goes. One that stays is noted and swept at the next start.
            let _ = part.discard();
        })
    }

    fn publish(
        &self,
        house: &House,
        record: &Record,
        plan: &Plan,
        part: &VerifiedPart,
        problems: &[FileProblem],
    ) -> Result<Result<Record>> {
        if part.files == 0 {
            return Err(planning::nothing());
        }
        self.cancel.check()?;
        let identity = FileIdentity { bytes: part.bytes, device: part.identity.0, inode: part.identity.1, modified: 0 };
        let archive = ArchiveRecord { sha256: hex(&part.sha256), identity };
        // Step 4: from here on, recovery finishes it and a cancel comes too late.
        let exported = exported(plan, part, problems);
        house.history.begin_publishing(&self.key, &archive, &exported, problems)?;
        failpoint::hit("publishing");
        let files = exported.files;
        self.meter.observe(&Progress {
            phase: Phase::Publishing,
            files_done: files,
            files_total: files,
            bytes_done: part.bytes,
            bytes_total: part.bytes,
            current: None,
        });
        // Steps 5 and 6. An error may come after the rename, so the files decide.
        if let Err(error) = part.publish(&record.destination)
            && (error.code() == Code::DestinationTaken
                || !recover_publish(&part.path, &record.destination, part.bytes, &part.sha256)?)
        {
            return Err(error);
        }
        failpoint::hit("published");
        // Step 7.
        let completed = published(&archive, &record.destination)
            .and_then(|archive| persist(|| house.history.complete(&self.key, &archive)));
        failpoint::hit("completed");
        Ok(completed)
    }

    fn stopped(&self, house: &House) -> Result<Record> {
        persist(|| {
            let record = house.history.one(&self.key.id)?;
            if record.attempt != self.key.attempt || !record.state.status().is_active() {
                return Ok(record);
            }
            if self.closing.load(Ordering::Acquire) && !record.cancel_requested {
                house.history.interrupted(&self.key)
            } else {
                house.history.cancelled(&self.key)
            }
        })
    }

    fn failed(&self, house: &House, error: &Error, mut problems: Vec<FileProblem>) -> Result<Record> {
        for detail in error.detail_list() {
            if let Detail::File(problem) = detail
                && !problems.contains(problem)
            {
                problems.push(problem.clone());
            }
        }
        persist(|| house.history.fail(&self.key, error, &problems))
    }
}

/// What went into the archive, less what was left out while writing.
fn exported(plan: &Plan, part: &VerifiedPart, problems: &[FileProblem]) -> crate::wire::Confirmed {
    let mut patients = plan.patient_count();
    if part.files < plan.entries().len() as u64 {
        let omitted: std::collections::HashSet<&str> =
            problems.iter().filter(|problem| problem.omitted).map(|problem| problem.file.as_str()).collect();
        let there = plan.entries().iter().filter(|entry| !omitted.contains(&*entry.file_id()));
        let mut there: Vec<u32> = there.map(|entry| entry.patient).collect();
        there.dedup();
        patients = there.len() as u64;
    }
    crate::wire::Confirmed { patients, files: part.files, bytes: part.content_bytes }
}

/// Asked while the archive grows.
fn room(house: &House, demand: Demand, directory: &Path) -> Arc<sheaf_archive::Room> {
    let settings = house.settings.clone();
    let directory = directory.to_owned();
    Arc::new(move |written| {
        // A disk that cannot be asked fails by itself soon enough.
        let free_bytes = sheaf_archive::free_bytes(&directory).ok();
        limits::check_room(&Demand { free_bytes, ..demand }, &settings, written)
    })
}

/// What was confirmed cannot be found any longer by the user who confirmed it: to them it looks as if it had never been
/// there, but they have seen it, so it is said.
fn revoked(record: &Record, error: Error) -> Error {
    let gone = [Code::UnknownUser, Code::UnknownProject, Code::UnknownFolder, Code::UnknownPatient];
    if record.as_owner || !gone.contains(&error.code()) {
        return error;
    }
    Error::new(Code::ExportForbidden, format!("What {} had confirmed may no longer be exported: {error}", record.user))
        .hint("Ask for access again, or make a new export of what is still yours.")
        .cause(error)
}

/// Records the end of a job, patiently: a history that is locked, or whose disk is full until a part file went, is tried
/// again.
fn persist(record: impl Fn() -> Result<Record>) -> Result<Record> {
    let mut tries = 1;
    loop {
        match record() {
            Err(error) if matches!(error.code(), Code::DbBusy | Code::NoSpace) && tries < TRIES => {
                tries += 1;
                std::thread::sleep(TICK);
            }
            other => return other,
        }
    }
}
