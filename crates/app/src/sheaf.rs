//! The door to all use cases: one [`Sheaf`] for a process and a home.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sheaf_archive::entry_name::ArchiveName;
use sheaf_archive::metadata::ExportHeader;
use sheaf_archive::plan::{OnMissing, Plan};
use sheaf_registry::progress::Cancel;
use sheaf_registry::selection::Selection;
use sheaf_registry::{Code, Error, Result};

use crate::copies::Asking;
use crate::environment::Environment;
use crate::history::{NewExport, Record, State};
use crate::home::Home;
use crate::house::House;
use crate::limits::Demand;
use crate::patience::ask_destination;
use crate::planning::{self, Promised, Question};
use crate::progress::{JobProgress, Listener, Meter};
use crate::runner::{EndListener, Handle, Runner};
use crate::settings::Settings;
use crate::{archives, failpoint, limits, wire};

/// Longest notes: what the plan's upper bound of an archive's size leaves room for.
const NOTES_BYTES: usize = 16 << 10;
/// Automatic names go up to this number.
const MOST_NAMES: u32 = 9999;
/// How long a cancel waits for the job to end.
const ANSWER: Duration = Duration::from_secs(2);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(25);

/// What shall be planned.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The registry file.
    pub registry: PathBuf,
    /// Who asks: a user of the registry; `None` is the owner, who can open the file and may do everything.
    pub user: Option<String>,
    /// Project slug.
    pub project: String,
    /// What was said.
    pub selection: Selection,
    /// Folder for the archive, where one was said.
    pub out: Option<PathBuf>,
}

/// What shall be exported.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The registry file.
    pub registry: PathBuf,
    /// Who asks: a user of the registry; `None` is the owner, who can open the file and may do everything.
    pub user: Option<String>,
    /// Project slug.
    pub project: String,
    /// What was said.
    pub selection: Selection,
    /// Folder for the archive; must exist.
    pub out: PathBuf,
    /// Name of the archive without `.zip`; `None` for `export_` and the local time.
    pub name: Option<String>,
    /// Free text.
    pub notes: String,
    /// What happens to files that cannot be had.
    pub on_missing: OnMissing,
}

/// All use cases on one home. Opening it recovers what a dead process left behind. Dropping it stops its jobs, which are
/// interrupted then and can be restarted.
#[derive(Debug)]
pub struct Sheaf {
    // First: its jobs end before the house is given up.
    runner: Runner,
    house: Arc<House>,
}

/// An export that runs in the background.
pub struct Submitted<'a> {
    house: &'a House,
    /// `None` for one that needs no work, since its archive is there.
    handle: Option<Handle>,
    record: Record,
}

impl Submitted<'_> {
    /// The record as it was created.
    pub fn record(&self) -> wire::DatasetExport {
        to_wire(&self.record)
    }

    /// Waits for the end of the job.
    pub fn wait(self) -> Result<wire::DatasetExport> {
        match self.handle {
            Some(handle) => handle.wait(self.house).map(|record| to_wire(&record)),
            None => Ok(to_wire(&self.record)),
        }
    }
}

impl Sheaf {
    /// Opens the home (`None`: the platform's data directory) with its settings and history, and recovers: what no live
    /// process owns becomes interrupted, a publish that had begun is finished, part files of dead jobs go.
    pub fn open(home: Option<&Path>, environment: Environment) -> Result<Self> {
        let house = Arc::new(House::open(home, environment)?);
        Ok(Self { runner: Runner::new(Arc::clone(&house)), house })
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.house.home
    }

    /// What every use case needs, for those that live beside this.
    pub(crate) fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The settings in force.
    pub fn settings(&self) -> Settings {
        self.house.settings()
    }

    /// What an export would hold, and why it would be refused. Creates nothing.
    pub fn plan(&self, request: &PlanRequest, listener: &Listener, cancel: &Cancel) -> Result<wire::PlanReport> {
        let meter = Meter::new(Arc::clone(listener));
        let question = Question {
            registry: &request.registry,
            user: request.user.as_deref(),
            project: &request.project,
            selection: &request.selection,
            on_missing: OnMissing::Skip,
            asking: Asking::Looking,
        };
        let answer = planning::answer(&self.house, &question, &meter, cancel)?;
        meter.finish();
        let name = self.automatic_name();
        let planned = planning::planned(&answer.plan, &name);
        let mut breaches = Vec::new();
        let mut free_bytes = None;
        if let Some(out) = request.out.as_deref() {
            match check_destination(out, format!("{name}.zip"), cancel) {
                Err(error) if error.code() == Code::Cancelled => return Err(error),
                Err(error) if error.code() != Code::DestinationTaken => breaches.push(error),
                _ => free_bytes = Some(ask_destination(out, cancel, sheaf_archive::free_bytes)?),
            }
        }
        let demand = planning::demand(&self.house, &planned, answer.plan.user(), free_bytes, Promised::All, "")?;
        let largest_file = request.out.as_deref().and_then(|out| planning::largest_file(out, cancel));
        let demand = Demand { largest_file, ..demand };
        breaches.extend(limits::breaches(&demand, &self.settings()));
        Ok(planning::report(&answer.plan, &planned, demand.free_bytes, &breaches))
    }

    /// Hands the plan of an export to `look`, with what its metadata would say. Creates nothing.
    pub(crate) fn look_at_plan<T>(
        &self,
        request: &PlanRequest,
        (name, notes): (Option<&str>, &str),
        (listener, cancel): (&Listener, &Cancel),
        look: impl FnOnce(&Plan, &ExportHeader) -> T,
    ) -> Result<T> {
        check_notes(notes)?;
        let given = name.map(ArchiveName::new).transpose()?;
        let name = given.map_or_else(|| self.automatic_name(), |name| name.as_str().to_owned());
        let meter = Meter::new(Arc::clone(listener));
        let question = Question {
            registry: &request.registry,
            user: request.user.as_deref(),
            project: &request.project,
            selection: &request.selection,
            on_missing: OnMissing::Skip,
            asking: Asking::Looking,
        };
        let answer = planning::answer(&self.house, &question, &meter, cancel)?;
        meter.finish();
        let header = ExportHeader {
            // Told when it is created.
            id: "…".to_owned(),
            name,
            notes: notes.to_owned(),
            creator: answer.plan.user().to_owned(),
            created_at: self.house.environment.clock.now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(look(&answer.plan, &header))
    }

    /// Creates an export and runs it to its end in the foreground. An error means that no job was created, or that its end
    /// could not be recorded; a job that failed or was cancelled is a record with that status.
    pub fn export(&self, request: &ExportRequest, listener: &Listener, cancel: &Cancel) -> Result<wire::DatasetExport> {
        self.submit(request, listener, cancel)?.wait()
    }

    /// Plans, refuses or creates an export, and queues it on a background thread.
    pub fn submit(&self, request: &ExportRequest, listener: &Listener, cancel: &Cancel) -> Result<Submitted<'_>> {
        let record = self.create(request, listener, cancel)?;
        self.queue(record, listener, cancel)
    }

    /// The latest progress of a job of this process.
    pub fn progress(&self, id: &str) -> Option<JobProgress> {
        self.runner.progress(id)
    }

    /// Jobs of this process that wait or work, with their latest progress.
    pub(crate) fn jobs(&self) -> Vec<(String, Option<JobProgress>)> {
        self.runner.jobs()
    }

    /// From now on `listener` hears of every job of this process that has ended.
    pub(crate) fn on_end(&self, listener: EndListener) {
        self.runner.on_end(listener);
    }

    /// Reads the settings anew, for the jobs to come.
    pub(crate) fn read_settings(&self) -> Result<()> {
        self.house.read_settings()?;
        self.runner.widen();
        Ok(())
    }

    /// Stops the jobs of this process, which are interrupted then and can be restarted, and waits for them.
    pub fn close(&self) {
        self.runner.close();
    }

    /// All records that are not removed from the list, newest first.
    pub fn list(&self) -> Result<wire::Exports> {
        Ok(wire::Exports { exports: all_to_wire(&self.house.history.all()?) })
    }

    /// One record.
    pub fn show(&self, id: &str) -> Result<wire::DatasetExport> {
        self.house.history.one(id).map(|record| to_wire(&record))
    }

    /// Reads the archive of a record again, all of it, and compares it with the record.
    pub fn verify(&self, id: &str, listener: &Listener, cancel: &Cancel) -> Result<wire::Verification> {
        let record = self.house.history.one(id)?;
        let meter = Meter::new(Arc::clone(listener));
        let found = archives::verify_record(&self.house, &record, &meter, cancel)?;
        meter.finish();
        Ok(found)
    }

    /// Asks a job to stop, also one of another process, and waits for it up to 2 seconds. Asking twice is harmless.
    pub fn cancel(&self, id: &str) -> Result<wire::DatasetExport> {
        let mut record = self.house.history.request_cancel(id)?;
        self.runner.raise(id);
        let began = Instant::now();
        while record.state.status().is_active() && began.elapsed() < ANSWER {
            std::thread::sleep(LOOK);
            record = self.house.history.one(id)?;
        }
        Ok(to_wire(&record))
    }

    /// Runs an interrupted, failed or cancelled export again, in the foreground to its end.
    pub fn restart(&self, id: &str, listener: &Listener, cancel: &Cancel) -> Result<wire::DatasetExport> {
        self.resubmit(id, listener, cancel)?.wait()
    }

    /// Queues an interrupted, failed or cancelled export again, as its next attempt. One that was interrupted while its
    /// archive got its name is completed instead, if that archive stands there.
    pub fn resubmit(&self, id: &str, listener: &Listener, cancel: &Cancel) -> Result<Submitted<'_>> {
        let record = self.begin_again(id, cancel)?;
        if record.state.status().is_active() {
            self.queue(record, listener, cancel)
        } else {
            Ok(Submitted { house: &self.house, handle: None, record })
        }
    }

    /// The first half of [`Sheaf::resubmit`]: pending, to be queued; or completed, which needs no work.
    pub(crate) fn begin_again(&self, id: &str, cancel: &Cancel) -> Result<Record> {
        let record = self.house.history.one(id)?;
        if record.state.may_become(State::Pending) {
            let directory = record.destination.parent().unwrap_or(Path::new("/"));
            let name = record.destination.file_name().unwrap_or_default().to_string_lossy();
            if let Err(error) = check_destination(directory, name.into_owned(), cancel) {
                let may_be_its_own = error.code() == Code::DestinationTaken && record.state == State::Interrupted;
                let Some(record) = may_be_its_own.then(|| self.house.recognise(&record)).transpose()?.flatten() else {
                    return Err(error);
                };
                return Ok(record);
            }
        }
        let record = self.house.history.restart(id, self.house.owner.id())?;
        failpoint::hit("restarted");
        Ok(record)
    }

    /// Copies the archive of a record into a folder or to a path that is free, verified by its hash; appears whole.
    pub fn save(&self, id: &str, to: &Path, listener: &Listener, cancel: &Cancel) -> Result<wire::DatasetExport> {
        let record = self.house.history.one(id)?;
        let meter = Meter::new(Arc::clone(listener));
        archives::save(&self.house, &record, to, &meter, cancel)?;
        meter.finish();
        Ok(to_wire(&record))
    }

    /// As [`Sheaf::save`], to a path that a person has chosen in a dialog which asks before it lets a file be replaced.
    pub(crate) fn save_as(&self, id: &str, to: &Path, listener: &Listener, cancel: &Cancel) -> Result<PathBuf> {
        let record = self.house.history.one(id)?;
        let meter = Meter::new(Arc::clone(listener));
        let saved = archives::save_over(&self.house, &record, to, &meter, cancel)?;
        meter.finish();
        Ok(saved)
    }

    /// Deletes a record, and its archive unless `keep_file`. A file that is not the record's is never deleted.
    pub fn delete(&self, id: &str, keep_file: bool) -> Result<wire::Deleted> {
        let record = self.house.history.one(id)?;
        let completed = record.state.status().is_completed();
        let file_deleted = completed && !keep_file && archives::delete_file(&record)?;
        self.house.history.delete(&record.key(), file_deleted)?;
        Ok(wire::Deleted { deleted: record.id })
    }

    /// The first half of [`Sheaf::submit`]: plans, refuses or creates; what was created waits to be queued.
    pub(crate) fn create(&self, request: &ExportRequest, listener: &Listener, cancel: &Cancel) -> Result<Record> {
        self.create_as(request, request.name.is_none(), listener, cancel)
    }

    /// The same export once more, under the next free name.
    pub(crate) fn create_again(
        &self,
        record: &Record,
        on_missing: OnMissing,
        listener: &Listener,
        cancel: &Cancel,
    ) -> Result<Record> {
        let request = ExportRequest {
            registry: record.registry.clone(),
            user: (!record.as_owner).then(|| record.user.clone()),
            project: record.project.clone(),
            selection: record.selection.clone(),
            out: record.destination.parent().unwrap_or(Path::new("/")).to_owned(),
            name: base_name(&record.name),
            notes: record.notes.clone(),
            on_missing,
        };
        self.create_as(&request, true, listener, cancel)
    }

    /// `numbered`: a name that is or was taken gets a number.
    fn create_as(&self, request: &ExportRequest, numbered: bool, listener: &Listener, cancel: &Cancel) -> Result<Record> {
        check_notes(&request.notes)?;
        let given = request.name.as_deref().map(ArchiveName::new).transpose()?;
        let base = given.as_ref().map_or_else(|| self.automatic_name(), |name| name.as_str().to_owned());
        let out = ask_destination(&request.out, cancel, |out| Ok(out.canonicalize().unwrap_or_else(|_| out.to_owned())))?;
        match check_destination(&out, format!("{base}.zip"), cancel) {
            Err(error) if numbered && error.code() == Code::DestinationTaken => {}
            other => other?,
        }
        let meter = Meter::new(Arc::clone(listener));
        let question = Question {
            registry: &request.registry,
            user: request.user.as_deref(),
            project: &request.project,
            selection: &request.selection,
            on_missing: request.on_missing,
            asking: Asking::Preparing,
        };
        let answer = planning::answer(&self.house, &question, &meter, cancel)?;
        planning::refuse(&answer.plan)?;
        // Room for the longest number that an automatic name may get.
        let planned = planning::planned(&answer.plan, &format!("{base}_{MOST_NAMES}"));
        let user = answer.plan.user().to_owned();
        let free_bytes = ask_destination(&out, cancel, sheaf_archive::free_bytes)?;
        let demand = planning::demand(&self.house, &planned, &user, Some(free_bytes), Promised::All, "")?;
        let demand = Demand { largest_file: planning::largest_file(&out, cancel), ..demand };
        limits::check(&demand, &self.settings())?;
        let mut new = NewExport {
            id: self.house.environment.random_id(),
            name: base.clone(),
            notes: request.notes.clone(),
            user,
            as_owner: request.user.is_none(),
            project: request.project.clone(),
            registry: answer.registry,
            selection: request.selection.clone(),
            on_missing: request.on_missing,
            destination: out.join(format!("{base}.zip")),
            never_used: numbered,
            planned,
            studies: None,
        };
        // From here on there is a record.
        cancel.check()?;
        for number in 2..=MOST_NAMES {
            let created = check_destination(&out, format!("{}.zip", new.name), cancel)
                .and_then(|()| self.house.history.create(&new, self.house.owner.id()));
            match created {
                Err(error) if numbered && error.code() == Code::DestinationTaken => {
                    new.name = format!("{base}_{number}");
                    new.destination = out.join(format!("{}.zip", new.name));
                }
                other => {
                    if other.is_ok() {
                        failpoint::hit("created");
                    }
                    return other;
                }
            }
        }
        Err(Error::new(Code::DestinationTaken, format!("All names that begin with {base} are taken."))
            .hint("Choose a name with --name."))
    }

    /// The second half of [`Sheaf::submit`] and [`Sheaf::resubmit`]: runs a pending record on a background thread.
    pub(crate) fn queue(&self, record: Record, listener: &Listener, cancel: &Cancel) -> Result<Submitted<'_>> {
        let handle = self.runner.submit(record.key(), Arc::clone(listener), cancel.clone())?;
        Ok(Submitted { house: &self.house, handle: Some(handle), record })
    }

    /// `export_` and the local time.
    pub(crate) fn automatic_name(&self) -> String {
        let now = self.house.environment.clock.now().to_zoned(self.house.environment.zone.clone());
        now.strftime("export_%Y-%m-%d_%H%M%S").to_string()
    }
}

/// The name without its number, for the next number; `None` for an automatic one, which shall tell the new time, and where
/// a number would make it too long.
fn base_name(name: &str) -> Option<String> {
    let base = match name.rsplit_once('_') {
        Some((base, number)) if number.len() <= 3 && number.parse::<u32>().is_ok_and(|number| number >= 2) => base,
        _ => name,
    };
    let automatic = base.strip_prefix("export_").is_some_and(|time| {
        time.len() == "2025-10-20_143022".len() && time.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_'))
    });
    let fits = ArchiveName::new(&format!("{base}_{MOST_NAMES}")).is_ok();
    (!automatic && fits).then(|| base.to_owned())
}

/// Verifies any archive that Sheaf made, without a history.
pub fn verify_file(archive: &Path, listener: &Listener, cancel: &Cancel) -> Result<wire::Verification> {
    let meter = Meter::new(Arc::clone(listener));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let found = archives::verify(archive, threads, &meter, cancel)?;
    meter.finish();
    Ok(found)
}

fn check_notes(notes: &str) -> Result<()> {
    if notes.len() <= NOTES_BYTES {
        return Ok(());
    }
    Err(Error::new(Code::Usage, format!("The notes have {} bytes; {NOTES_BYTES} are allowed.", notes.len()))
        .hint("Shorten the notes."))
}

/// As [`sheaf_archive::check_destination`], of a folder that may not answer.
fn check_destination(directory: &Path, name: String, cancel: &Cancel) -> Result<()> {
    ask_destination(directory, cancel, move |directory| sheaf_archive::check_destination(directory, &name))
}

/// A record as it leaves the house, with what stands at its path now.
fn to_wire(record: &Record) -> wire::DatasetExport {
    all_to_wire(std::slice::from_ref(record)).pop().expect("one record has one answer")
}

/// Records as they leave the house, looked at together.
fn all_to_wire(records: &[Record]) -> Vec<wire::DatasetExport> {
    let archive = |record: &Record| record.archive.clone().filter(|_| record.state.status().is_completed());
    let looks = records.iter().filter_map(|record| Some((record.destination.clone(), archive(record)?.identity)));
    let mut states = archives::states(looks.collect()).into_iter();
    let wired = records.iter().map(|record| {
        let archive = archive(record).map(|archive| wire::Archive {
            path: record.destination.to_string_lossy().into_owned(),
            bytes: archive.identity.bytes,
            sha256: archive.sha256,
            state: states.next().expect("every archive was looked at"),
        });
        with_archive(record, archive)
    });
    wired.collect()
}

fn with_archive(record: &Record, archive: Option<wire::Archive>) -> wire::DatasetExport {
    wire::DatasetExport {
        id: record.id.clone(),
        name: record.name.clone(),
        notes: record.notes.clone(),
        user: record.user.clone(),
        project: record.project.clone(),
        registry: record.registry.to_string_lossy().into_owned(),
        registry_synced_at: record.registry_synced_at,
        status: record.state.status(),
        selection: record.selection.clone(),
        patients: record.patients,
        files: record.files,
        bytes: record.bytes,
        archive,
        problems: record.problems.clone(),
        unknown_patients: record.unknown_patients.clone(),
        created_at: record.created_at,
        started_at: record.started_at,
        completed_at: record.completed_at,
        attempt: record.attempt,
        error: record.error.clone(),
        studies: record.studies.clone(),
        changed_since_confirmed: record.changed.then(|| record.confirmed.numbers.clone()),
        removed_at: record.removed_at,
    }
}
