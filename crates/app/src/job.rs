//! One attempt of one job, from pending to its end. The publish protocol is here, step by step.
//!
//! What is deliberately absent: queues and threads other than the one that watches for a cancel.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use sheaf_archive::metadata::ExportHeader;
use sheaf_archive::plan::Plan;
use sheaf_archive::publish::{VerifiedPart, recover_publish};
use sheaf_archive::writer::{WriteJob, write_archive};
use sheaf_registry::error::{Detail, FileProblem};
use sheaf_registry::progress::{Cancel, Observer as _, Phase, Progress};
use sheaf_registry::{Code, Error, Result, hex};

use crate::copies::Asking;
use crate::failpoint;
use crate::history::{ArchiveRecord, Key, Record};
use crate::house::{House, published};
use crate::limits::{self, Demand};
use crate::owner::Slot;
use crate::patience::{PATIENCE, ask, ask_destination};
use crate::planning::{self, Promised, Question};
use crate::platform::FileIdentity;
use crate::progress::Meter;
use crate::studies;
use crate::wire::{Confirmed, StudyExport};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Every how many ticks the history is asked for a cancel of another process: well under half a second.
const ASK_EVERY: u32 = 3;
/// How often a job that waits for its turn looks again.
const WAIT: Duration = Duration::from_millis(50);
/// How long a step is tried to be recorded while the history is locked or its disk is full.
const PERSISTENCE: Duration = Duration::from_secs(20);

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
        let _slot = match self.wait_for_slot(house) {
            Ok(Some(slot)) => slot,
            Ok(None) => return self.stopped(house),
            Err(error) => return self.failed(house, &error, Vec::new()),
        };
        if self.cancel.is_raised() {
            return self.stopped(house);
        }
        // Noted as ours from the start on, so it must not be somebody's.
        if let Some(part) = self.taken_part(house) {
            return self.failed(house, &taken_part(&part), Vec::new());
        }
        let record = match persist(|| house.history.start(&self.key)) {
            Ok(record) => record,
            // Stopped by another process while it waited.
            Err(error) if error.code() == Code::StateConflict => return house.history.one(&self.key.id),
            Err(error) => return self.failed(house, &error, Vec::new()),
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
        let part = record.part();
        let gone = ask(PATIENCE, &Cancel::new(), move |_| {
            std::fs::symlink_metadata(part).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        });
        if gone == Some(true) {
            // The end is recorded and true whether or not this can be noted.
            let _ = house.history.forget_part(&record.part());
        }
        ended
    }

    /// What stands at the path of the part file although this job has not begun.
    fn taken_part(&self, house: &House) -> Option<PathBuf> {
        let part = house.history.one(&self.key.id).ok()?.part();
        let asked = part.clone();
        // A folder that does not answer fails the job later, with its reason.
        let stands = ask(PATIENCE, &self.cancel, move |_| std::fs::symlink_metadata(asked).is_ok())?;
        stands.then_some(part)
    }

    /// A place among the jobs that may run at once; `None` when the job was stopped first.
    fn wait_for_slot(&self, house: &House) -> Result<Option<Slot>> {
        let mut looked = 0_u32;
        loop {
            let asks = looked.is_multiple_of(8);
            if self.cancel.is_raised() || (asks && house.history.is_cancel_requested(&self.key).unwrap_or(false)) {
                return Ok(None);
            }
            if let Some(slot) = Slot::take(&house.home, house.settings().concurrent_jobs)? {
                return Ok(Some(slot));
            }
            if looked == 0 {
                self.meter.queued();
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
        if let Some(asked) = &record.studies {
            return self.tabulate(house, record, asked, problems);
        }
        let question = Question {
            registry: &record.registry,
            user: (!record.as_owner).then_some(record.user.as_str()),
            project: &record.project,
            selection: &record.selection,
            on_missing: record.on_missing,
            // Rights may have been taken away since it was queued.
            asking: Asking::Working,
        };
        let answer =
            planning::answer(house, &question, &*self.meter, &self.cancel).map_err(|error| revoked(record, error))?;
        problems.extend_from_slice(answer.plan.problems());
        planning::refuse(&answer.plan)?;
        answer.plan.refuse_problems()?;
        let planned = planning::planned(&answer.plan, &record.name);
        let directory = record.destination.parent().unwrap_or(Path::new("/"));
        let file_name = record.destination.file_name().unwrap_or_default().to_string_lossy();
        let file_name = file_name.into_owned();
        ask_destination(directory, &self.cancel, move |out| sheaf_archive::check_destination(out, &file_name))?;
        let free_bytes = ask_destination(directory, &self.cancel, sheaf_archive::free_bytes)?;
        let demand = planning::demand(house, &planned, &record.user, Some(free_bytes), Promised::Working, &record.id)?;
        let demand = Demand { largest_file: planning::largest_file(directory, &self.cancel), ..demand };
        limits::check(&demand, &house.settings())?;
        let record = persist(|| house.history.planned(&self.key, &planned))?;
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
        })
        .inspect_err(|error| {
            if found_a_file(error) {
                // Somebody's after all; should this fail, the history is out of order and nothing is swept by it.
                let _ = house.history.forget_part(&record.part());
            }
        })?;
        failpoint::hit("verified");
        problems.extend_from_slice(&part.problems);
        if part.files == 0 {
            let _ = part.discard();
            return Err(planning::nothing(plan.selection().export_kind(), problems));
        }
        let exported = exported(&plan, &part, problems);
        self.publish(house, &record, &exported, &part, problems).inspect_err(|_| {
            // Never published: it goes. One that stays is noted and swept at the next start.
            let _ = part.discard();
        })
    }

    /// The same for a table of studies: rights and matches are asked again, and the record keeps what was written.
    fn tabulate(
        &self,
        house: &House,
        record: &Record,
        asked: &StudyExport,
        problems: &mut Vec<FileProblem>,
    ) -> Result<Result<Record>> {
        let written = studies::write(house, record, asked, &self.meter, &self.cancel)?;
        problems.extend_from_slice(&written.problems);
        let part = &written.part;
        let publish = || {
            persist(|| house.history.planned(&self.key, &written.planned))?;
            persist(|| house.history.tabulated(&self.key, &written.studies))?;
            failpoint::hit("verified");
            let beside = asked.sha256_file.then(|| studies::checksum_path(&record.destination));
            if let Some(beside) = &beside {
                // Noted first, so that it goes should this process die before the table stands.
                house.history.note_part(beside, house.owner.id())?;
                if let Err(error) = studies::write_checksum(beside, &record.destination, &part.sha256) {
                    // It may be somebody's.
                    house.history.forget_part(beside)?;
                    return Err(error);
                }
                failpoint::hit("summed");
            }
            let exported = Confirmed { bytes: part.bytes, ..written.planned.confirmation.numbers.clone() };
            let published = self.publish(house, record, &exported, part, problems);
            if let Some(beside) = &beside {
                if published.is_err() {
                    // Ours, and about a table that there is not.
                    let _ = std::fs::remove_file(beside);
                }
                // Where this cannot be noted, the next start removes the file of the checksum, and nothing else.
                let _ = house.history.forget_part(beside);
            }
            published
        };
        publish().inspect_err(|_| drop(part.clone().discard()))
    }

    fn publish(
        &self,
        house: &House,
        record: &Record,
        exported: &Confirmed,
        part: &VerifiedPart,
        problems: &[FileProblem],
    ) -> Result<Result<Record>> {
        self.cancel.check()?;
        let identity = FileIdentity { bytes: part.bytes, device: part.identity.0, inode: part.identity.1, modified: 0 };
        let archive = ArchiveRecord { sha256: hex::encode(&part.sha256), identity };
        // Step 4: from here on, recovery finishes it and a cancel comes too late.
        persist(|| house.history.begin_publishing(&self.key, &archive, exported, problems))?;
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
        if let Err(error) = part.publish(&record.destination) {
            match recover_publish(&part.path, &record.destination, part.bytes, &part.sha256, &|| ()) {
                Ok(true) => {}
                Ok(false) => return Err(error),
                // It may be there, safe or not: the next start finishes it, or finds that it cannot be.
                Err(_) => return Ok(Err(error)),
            }
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

    fn failed(&self, house: &House, error: &Error, problems: Vec<FileProblem>) -> Result<Record> {
        let problems = with_details(problems, error);
        persist(|| house.history.fail(&self.key, error, &problems))
    }
}

/// The problems with those that an error lists, each once.
fn with_details(mut problems: Vec<FileProblem>, error: &Error) -> Vec<FileProblem> {
    let key = |problem: &FileProblem| {
        [&problem.file, &problem.patient, &problem.path, &problem.code, &problem.message].map(String::clone)
    };
    let mut known: HashSet<_> = problems.iter().map(key).collect();
    for detail in error.detail_list() {
        if let Detail::File(problem) = detail
            && known.insert(key(problem))
        {
            problems.push(problem.clone());
        }
    }
    problems
}

fn taken_part(part: &Path) -> Error {
    Error::new(Code::DestinationTaken, format!("{} stands in the way of this export.", part.display()))
        .hint("Move that file away, then restart the export.")
}

/// Whether the part file could not be made since a file of that name was there.
fn found_a_file(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::AlreadyExists)
}

/// What went into the archive, less what was left out while writing.
fn exported(plan: &Plan, part: &VerifiedPart, problems: &[FileProblem]) -> Confirmed {
    let mut patients = plan.patient_count();
    if part.files < plan.entries().len() as u64 {
        let omitted: HashSet<&str> =
            problems.iter().filter(|problem| problem.omitted).map(|problem| problem.file.as_str()).collect();
        let there = plan.entries().iter().filter(|entry| !omitted.contains(&*entry.file_id()));
        let mut there: Vec<u32> = there.map(|entry| entry.patient).collect();
        there.dedup();
        patients = there.len() as u64;
    }
    Confirmed { patients, files: part.files, bytes: part.content_bytes }
}

/// Asked while the archive grows.
fn room(house: &House, demand: Demand, directory: &Path) -> Arc<sheaf_archive::Room> {
    let settings = house.settings();
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

/// Records a step of a job, patiently: a history that is locked, or whose disk is full until a part file went, is tried
/// again.
fn persist(record: impl Fn() -> Result<Record>) -> Result<Record> {
    let began = Instant::now();
    loop {
        match record() {
            Err(error) if matches!(error.code(), Code::DbBusy | Code::NoSpace) && began.elapsed() < PERSISTENCE => {
                std::thread::sleep(TICK);
            }
            other => return other,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::history::{Confirmation, NewExport, Planned, State};
    use crate::progress::unheard;
    use crate::wire::Confirmed;

    pub(crate) fn house() -> (tempfile::TempDir, House) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let home = dir.path().join("home");
        std::fs::create_dir(&home).expect("writable");
        std::fs::write(home.join("settings.toml"), "free_space_reserve = 0\nmax_kept_bytes_per_user = 100\n")
            .expect("writable");
        let house = House::open(Some(&home), Environment::system()).expect("usable");
        (dir, house)
    }

    pub(crate) fn create(house: &House, dir: &Path, id: &str) -> Record {
        let numbers = Confirmed { patients: 1, files: 1, bytes: 5 };
        let new = NewExport {
            id: id.to_owned(),
            name: id.to_owned(),
            notes: String::new(),
            user: "owner".to_owned(),
            as_owner: true,
            project: "p".to_owned(),
            registry: dir.join("registry.sqlite"),
            selection: sheaf_registry::selection::Selection::default(),
            on_missing: sheaf_archive::plan::OnMissing::Fail,
            destination: dir.join(format!("{id}.zip")),
            never_used: false,
            planned: Planned {
                confirmation: Confirmation { numbers, digest: String::new() },
                archive_bytes_max: 60,
                registry_synced_at: None,
                unknown_patients: Vec::new(),
            },
            studies: None,
        };
        house.history.create(&new, house.owner.id()).expect("created")
    }

    fn job(record: &Record) -> Job {
        Job { key: record.key(), meter: Arc::new(Meter::new(unheard())), cancel: Cancel::new(), closing: Arc::default() }
    }

    #[test]
    fn a_working_job_hears_of_a_cancel_through_the_history() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        house.history.start(&record.key()).expect("started");
        let job = job(&record);
        job.watched(&house, || {
            assert!(!job.cancel.is_raised(), "nobody asked yet");
            house.history.request_cancel("a").expect("asked for");
            let began = Instant::now();
            while !job.cancel.is_raised() {
                assert!(began.elapsed() < Duration::from_mins(1), "the flag must be raised while the work goes on");
                std::thread::yield_now();
            }
        });
    }

    #[test]
    fn a_job_whose_registry_is_gone_fails_with_the_reason() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        let ended = job(&record).run(&house).expect("recorded");
        assert_eq!(ended.state, State::Failed, "it cannot be made");
        assert_eq!(ended.error.expect("a reason").code, "REGISTRY_MISSING", "what is missing");
        assert!(house.history.part_files().expect("readable").is_empty(), "there is no part file, so none is noted");
    }

    #[test]
    fn a_job_that_another_process_stopped_is_not_started() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        house.history.cancelled(&record.key()).expect("stopped");
        assert_eq!(job(&record).run(&house).expect("known").state, State::Cancelled, "it stays as it is");
        let second = create(&house, dir.path(), "b");
        let stopped = job(&second);
        stopped.cancel.raise();
        assert_eq!(stopped.run(&house).expect("recorded").state, State::Cancelled, "stopped before its turn");
    }

    #[test]
    fn room_is_asked_with_what_was_written_and_what_others_were_promised() {
        let (dir, house) = house();
        let other = create(&house, dir.path(), "a");
        let planned = Planned { archive_bytes_max: 60, ..Planned::default() };
        let ask = |promised, own| planning::demand(&house, &planned, "owner", None, promised, own);
        assert_eq!(ask(Promised::All, "").expect("asked").kept_bytes, 60, "a job that waits has a promise");
        assert_eq!(ask(Promised::Working, "").expect("asked").kept_bytes, 0, "it does not block one that starts");
        house.history.start(&other.key()).expect("started");
        let demand = ask(Promised::Working, "b").expect("asked");
        assert_eq!(demand.kept_bytes, 60, "one that works does");
        assert_eq!(ask(Promised::Working, "a").expect("asked").kept_bytes, 0, "nobody blocks itself");
        let room = room(&house, demand, dir.path());
        assert!(room(40).is_ok(), "up to the quota");
        assert_eq!(room(41).expect_err("over it").code(), Code::QuotaExceeded, "and no further");
    }

    #[test]
    fn a_step_is_tried_again_while_the_history_is_busy() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        let tries = std::cell::Cell::new(0);
        let result = persist(|| {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { Err(Error::new(Code::DbBusy, "Held.")) } else { Ok(record.clone()) }
        });
        assert_eq!((result.expect("in the end").id.as_str(), tries.get()), ("a", 3), "patience pays");
        let error = persist(|| Err(Error::new(Code::HistoryUnusable, "Damaged."))).expect_err("at once");
        assert_eq!(error.code(), Code::HistoryUnusable, "what cannot heal is not waited for");
    }

    #[test]
    fn a_job_that_can_never_have_its_turn_fails() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        std::fs::remove_dir_all(house.home.locks()).expect("ours");
        let ended = job(&record).run(&house).expect("recorded");
        assert_eq!(ended.state, State::Failed, "it does not wait for ever");
        assert_eq!(ended.error.expect("a reason").code, "HOME_UNUSABLE", "what is broken");
    }

    #[test]
    fn a_file_that_stood_in_the_part_files_place_is_never_swept() {
        let (dir, house) = house();
        let record = create(&house, dir.path(), "a");
        std::fs::write(record.part(), "somebody's").expect("writable");
        let ended = job(&record).run(&house).expect("recorded");
        assert_eq!(ended.error.expect("a reason").code, "DESTINATION_TAKEN", "it stands in the way");
        let home = house.home.dir().to_owned();
        drop(house);
        House::open(Some(&home), Environment::system()).expect("usable");
        assert_eq!(std::fs::read(record.part()).expect("there"), b"somebody's", "also at the next start");
    }

    #[test]
    fn the_problems_of_many_bad_files_are_told_once_each() {
        let problem = |number: usize, code: Code| FileProblem {
            file: number.to_string(),
            patient: "1".to_owned(),
            path: format!("{}/{number}", "deep".repeat(20)),
            code: code.as_str().to_owned(),
            message: "It is not there.".to_owned(),
            omitted: true,
        };
        let many = 200_000;
        let known: Vec<_> = (0..many).map(|number| problem(number, Code::SourceMissing)).collect();
        let listed = (many / 2..=many).chain([many]).map(|number| Detail::File(problem(number, Code::SourceMissing)));
        let error = Error::new(Code::SourceMissing, "Some are missing.").details(listed);
        let problems = with_details(known, &error);
        assert_eq!(problems.len(), many + 1, "one is new, and it is listed twice");
        assert_eq!(problems[many], problem(many, Code::SourceMissing), "it comes last");
    }
}
