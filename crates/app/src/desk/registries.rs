//! Opening a registry, choosing the project, and acting as a user of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::Cancel;
use sheaf_registry::text::quoted;
use sheaf_registry::{Code, Error, Result};

use super::browse::{BrowseState, RowRange, TreeWindow};
use super::connect::ServerForm;
use super::events::Event;
use super::keeping::KeptFor;
use super::open::{Open, canonical};
use super::settings::Preferences;
use super::tasks::TaskKind;
use super::{Desk, FileQuestion, Nothing, NotificationState, TaskId};
use crate::copies::{Asking, Wish};
use crate::credentials::Server;
use crate::demo::{self, DemoOptions};
use crate::failpoint;
use crate::patience::ask_all;
use crate::progress::Meter;
use crate::refresh_problem::RefreshProblem;
use crate::sources::{OddityReport, is_foreign};
use crate::store::Known;
use crate::wire::{ErrorReport, Project, User};

/// What a page needs to begin.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Startup {
    /// Version of the application.
    pub version: String,
    /// The registry that is open; the last one is opened again.
    pub registry: Option<OpenRegistry>,
    /// Why the last registry, or the one that was named, could not be opened.
    pub problem: Option<ErrorReport>,
    /// The server that it is about, where it is about one.
    pub problem_server: Option<ServerForm>,
    /// Registries opened before, the latest first.
    pub recent: Vec<RecentRegistry>,
    /// How the window shall look and behave.
    pub preferences: Preferences,
    /// Language of the desktop, such as `it`; empty where it says nothing.
    pub desktop_language: String,
    /// Whether this desktop shows notifications.
    pub notifications: NotificationState,
}

/// A registry opened before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RecentRegistry {
    /// Its id on this machine.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// The server that it is read from; `null` for a file or a folder.
    pub server: Option<ServerForm>,
    /// Last opened.
    pub opened_at: jiff::Timestamp,
    /// Whether it is there; `null` where that cannot be told in time. A server is not asked for that.
    pub present: Option<bool>,
}

/// Registries opened before, the latest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RecentRegistries {
    /// At most twenty.
    pub recent: Vec<RecentRegistry>,
}

/// The open registry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OpenRegistry {
    /// Its id on this machine.
    pub id: String,
    /// Name to show: of the file, or of its folder where the file is called just `registry`.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// When a synced registry was last read from its source; `null` for a native one.
    pub synced_at: Option<jiff::Timestamp>,
    /// When its index was loaded.
    pub opened_at: jiff::Timestamp,
    /// Projects that the user sees.
    pub projects: Vec<Project>,
    /// Slug of the chosen project; `null` where there is none to see.
    pub project: Option<String>,
    /// Users that the registry knows.
    pub users: Vec<User>,
    /// Who is acted as: a policy check, no protection; `null` is the owner.
    pub user: Option<String>,
    /// There is no owner: somebody has to be acted as.
    pub needs_user: bool,
    /// For whom Sheaf keeps its source; `null` where it keeps none, or one without users.
    pub kept_for: Option<KeptFor>,
    /// The server that it is read from; `null` for a file or a folder.
    pub server: Option<ServerForm>,
    /// What was odd in the source of a synced registry; for whoever sees every patient.
    pub oddities: Vec<OddityReport>,
    /// Exports that the source's own application has made, as far as the user may know of them.
    pub source_exports: u64,
    /// Folders in which files cannot be looked at now.
    pub data_roots_missing: u32,
    /// Some of its files are in buckets, which are not asked when it is opened.
    pub has_buckets: bool,
    /// The file has changed since: `refresh_registry` reads it anew.
    pub changed: bool,
    /// Why the source of what is shown could not be read anew, where that was tried since in vain.
    pub refresh_problem: Option<RefreshProblem>,
    /// State of the choosing; `null` where there is no project.
    pub browse: Option<BrowseState>,
    /// The first rows of its tree, so that a page draws them at once, without another question.
    pub rows: Option<TreeWindow>,
}

/// Why a registry could not be opened before the page asked, or not as it was.
pub(super) struct Unopened {
    report: ErrorReport,
    server: Option<ServerForm>,
}

/// A registry opened before.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RecentId {
    /// Its id.
    pub id: String,
}

/// A project of the open registry.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ProjectChoice {
    /// Its slug.
    pub project: String,
}

/// Whom to act as.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ActAs {
    /// A user of the registry; `null` is the owner.
    pub user: Option<String>,
}

/// Rows of the tree that come along with a registry: a page of them, more than any screen shows at first.
const FIRST_ROWS: u32 = 100;
/// Most demos of one account.
const MOST_DEMOS: u32 = 99;
/// Endings of what is opened: registries, databases and dumps, lists of studies.
const REGISTRIES: [&str; 10] = ["sqlite", "sqlite3", "db", "sql", "gz", "json", "jsonl", "xlsx", "csv", "tsv"];
/// The id of the reading of a foreign source.
const SOURCE_TASK: &str = "source";
/// The key under which the open registry is kept for the next start.
const LAST: &str = "registry";
/// How long it is looked for whether a registry is there.
const GLANCE: Duration = Duration::from_millis(300);

impl Desk {
    /// What a page needs to begin. The registry that was open last is opened again; a page that was loaded anew finds the
    /// one that is open.
    pub fn start(&self, _: Nothing) -> Result<Startup> {
        let mut opening = self.opening();
        let mut registry = self.view_open();
        let mut problem = opening.take();
        if registry.is_none() && problem.is_none() {
            (registry, problem) = self.begin();
        }
        drop(opening);
        let recent = self.recent().unwrap_or_else(|error| {
            problem.get_or_insert_with(|| Unopened { report: ErrorReport::from(&error), server: None });
            Vec::new()
        });
        let (problem, problem_server) = problem.map_or((None, None), |told| (Some(told.report), told.server));
        Ok(Startup {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            registry,
            problem,
            problem_server,
            recent,
            preferences: self.preferences(),
            desktop_language: self.native.language(),
            notifications: self.native.notifications(),
        })
    }

    /// Opens a registry while the page is still being loaded: the one that was named when the window was started, else that
    /// of the last time. Calls `held` as soon as `start` waits for it. The error is that of the one that was named.
    pub fn warm(&self, named: Option<&Path>, held: impl FnOnce()) -> Result<()> {
        let mut opening = self.opening();
        held();
        failpoint::hit("opening");
        let mut refused = Ok(());
        if let Some(path) = named {
            self.hear_password(path);
            refused = self.reopen(path, &mut |error| *opening = Some(self.unopened(path, error))).map(drop);
            // Whoever named a server is asked for what it lacks, and nothing else is opened in its place.
            if let (Err(error), Some(_)) = (&refused, self.form_at(path)) {
                *opening = Some(self.unopened(path, error));
                return Ok(());
            }
        }
        if self.opened().is_none() {
            *opening = self.begin().1;
        }
        refused
    }

    /// Opens the registry at this path, which no page may say, as if it had been chosen in the dialog, and tells the page.
    pub fn open_at(&self, path: &Path) -> Result<()> {
        let mut opening = self.opening();
        self.hear_password(path);
        let opened = self.read_source(path, Asking::Looking, Wish::default()).and_then(|()| self.reopen(path, &mut |_| ()));
        match opened {
            // What it lacks is asked for in the window.
            Err(error) if self.form_at(path).is_some() => *opening = Some(self.unopened(path, &error)),
            opened => drop(opened?),
        }
        drop(opening);
        self.hub.tell(&Event::RegistryOpened);
        Ok(())
    }

    /// Opens the registry of the last time, if there is one; and why it could not, or not as it was.
    fn begin(&self) -> (Option<OpenRegistry>, Option<Unopened>) {
        let last = match self.sheaf.house().store.value(LAST) {
            Ok(Some(path)) => path,
            Ok(None) => return (None, None),
            Err(error) => return (None, Some(Unopened { report: ErrorReport::from(&error), server: None })),
        };
        let mut problem = None;
        match self.reopen(&last, &mut |error| problem = Some(self.unopened(&last, error))) {
            Ok(registry) => (Some(registry), problem),
            Err(error) => (None, Some(self.unopened(&last, &error))),
        }
    }

    fn unopened(&self, path: &Path, error: &Error) -> Unopened {
        // It was read: who looks at it can be chosen from the list.
        if error.code() == Code::UserRequired
            && let Err(error) = self.list(path)
        {
            tracing::warn!(%error, "a registry could not be put on the list");
        }
        Unopened { report: ErrorReport::from(error), server: self.form_at(path) }
    }

    /// Lets the user choose a registry and opens it; `null` when the dialog was closed. What is open stays where that fails.
    pub fn open_registry(&self, _: Nothing) -> Result<Option<OpenRegistry>> {
        let is_file = |open: &&Open| self.form_at(&open.path).is_none();
        let folder = self.opened().as_ref().filter(is_file).and_then(|open| open.path.parent().map(Path::to_owned));
        let words = self.language();
        let question = FileQuestion {
            title: words.open_registry().to_owned(),
            kind: Some((words.registries().to_owned(), REGISTRIES.map(ToOwned::to_owned).to_vec())),
            folder,
        };
        self.native.choose_file(&question).map(|path| self.open_chosen(&path)).transpose()
    }

    fn open_chosen(&self, path: &Path) -> Result<OpenRegistry> {
        let _opening = self.opening();
        self.read_source(path, Asking::Looking, Wish::default())?;
        self.reopen(path, &mut |_| ())
    }

    /// Reads a foreign source where that is called for, as the task `source`, which a page sees and may stop.
    pub(super) fn read_source(&self, path: &Path, asking: Asking, said: Wish) -> Result<()> {
        self.read_source_for(&Cancel::new(), path, asking, said)
    }

    /// The same as a part of other long work.
    pub(super) fn read_source_for(&self, whole: &Cancel, path: &Path, asking: Asking, said: Wish) -> Result<()> {
        // What cannot be looked at is told by who opens it.
        if !is_foreign(&canonical(path)?, Some(self.sheaf.house().home.dir())).unwrap_or(false) {
            return Ok(());
        }
        let task = self.tasks.begin_part(SOURCE_TASK, whole)?;
        let meter = Meter::new(task.listener());
        let read = self.sheaf.house().refresh(path, asking, said, &meter, task.cancel());
        meter.finish();
        drop(task);
        self.hub.tell(&Event::SourceRead);
        read.map(drop)
    }

    /// Opens a registry that was opened before.
    pub fn open_recent(&self, recent: RecentId) -> Result<OpenRegistry> {
        let _opening = self.opening();
        let known = self.known(&recent.id)?;
        self.reopen(&known.path, &mut |_| ())
    }

    /// A registry that was opened before, by its id. `REGISTRY_MISSING`.
    pub(super) fn known(&self, id: &str) -> Result<Known> {
        let known = self.sheaf.house().store.recent()?.into_iter().find(|known| known.id == id);
        known.ok_or_else(|| {
            Error::new(Code::RegistryMissing, "This registry is not on the list any longer.").hint("Open it anew.")
        })
    }

    /// Takes a registry off the list; the file stays. What was kept of patients for it is deleted: a list of studies, a table of
    /// record numbers, and the copy of a foreign source unless that is open.
    pub fn forget_recent(&self, recent: RecentId) -> Result<RecentRegistries> {
        // Only an id of Sheaf's own names a folder in the home.
        if let Some(known) = self.sheaf.house().store.recent()?.into_iter().find(|known| known.id == recent.id) {
            self.forget_list(&known.id)?;
            self.sheaf.house().store.keep_record_numbers(&known.id, &BTreeMap::new())?;
            let is_open = self.opened().as_ref().is_some_and(|open| open.id == known.id);
            if is_open {
                self.know(&known.id, 0, Vec::new());
            } else {
                self.sheaf.house().forget_copy(&known.path)?;
            }
        }
        self.sheaf.house().store.forget(&recent.id)?;
        self.recent_registries(Nothing {})
    }

    /// Registries opened before.
    pub fn recent_registries(&self, _: Nothing) -> Result<RecentRegistries> {
        Ok(RecentRegistries { recent: self.recent()? })
    }

    /// Makes a demo in the user's documents and opens it.
    pub fn make_demo(&self, task: TaskId) -> Result<OpenRegistry> {
        self.tasks.run(&task.task, (TaskKind::Demo, None), |task| {
            failpoint::hit("demo");
            let meter = Meter::new(task.listener());
            let options = DemoOptions {
                dir: demo_folder(&self.sheaf.house().environment.folders)?,
                patients: DemoOptions::PATIENTS,
                studies: DemoOptions::STUDIES,
                seed: 1,
                sparse: false,
                with_faults: false,
            };
            let made = demo::make_demo(&options, &meter, task.cancel())?;
            meter.finish();
            let _opening = self.opening();
            self.reopen(&made.registry, &mut |_| ())
        })
    }

    /// Closes the registry; the next start opens none.
    pub fn close_registry(&self, _: Nothing) -> Result<Nothing> {
        let _opening = self.opening();
        self.watch.set(None);
        self.hashing.go_on(None);
        *self.opened() = None;
        self.sheaf.house().store.keep(LAST, None)?;
        Ok(Nothing {})
    }

    /// Reads the registry anew, and its source where that has changed. Filter, contents, open folders, selection and its steps
    /// back stay, by row ids.
    pub fn refresh_registry(&self, _: Nothing) -> Result<OpenRegistry> {
        let _opening = self.opening();
        let (path, user, project) = self.standing()?;
        // What comes along is hashed too.
        self.hashing.stop();
        self.read_source(&path, Asking::Anew, Wish::default()).inspect_err(|_| self.go_on_hashing())?;
        self.show(Open::read(self.sheaf.house(), &path, user.as_deref(), project.as_deref())?)
    }

    /// Looks at another project of the registry. `UNKNOWN_PROJECT`.
    pub fn choose_project(&self, choice: ProjectChoice) -> Result<OpenRegistry> {
        let _opening = self.opening();
        let (path, user, project) = self.standing()?;
        if project.as_ref() == Some(&choice.project) {
            return self.view_open().ok_or_else(nothing_open);
        }
        let open = Open::read(self.sheaf.house(), &path, user.as_deref(), Some(&choice.project))?;
        if open.choosing.as_ref().is_none_or(|choosing| choosing.project != choice.project) {
            let message = format!("There is no project {}.", quoted(&choice.project));
            return Err(Error::new(Code::UnknownProject, message).hint("Choose another project."));
        }
        self.show(open)
    }

    /// Acts as a user of the registry, or as the owner. What that user may see stays selected.
    pub fn act_as(&self, act: ActAs) -> Result<OpenRegistry> {
        let _opening = self.opening();
        let (path, _, project) = self.standing()?;
        self.show(Open::read(self.sheaf.house(), &path, act.user.as_deref(), project.as_deref())?)
    }

    /// One registry at a time is opened.
    pub(super) fn opening(&self) -> MutexGuard<'_, Option<Unopened>> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Path, user and project of what is open.
    pub(super) fn standing(&self) -> Result<(PathBuf, Option<String>, Option<String>)> {
        let open = self.opened();
        let open = open.as_ref().ok_or_else(nothing_open)?;
        Ok((open.path.clone(), open.user.clone(), open.choosing.as_ref().map(|choosing| choosing.project.clone())))
    }

    /// Opens a registry as it was looked at last. A user who is gone is told to `tell`, and the owner acts instead.
    pub(super) fn reopen(&self, path: &Path, tell: &mut dyn FnMut(&Error)) -> Result<OpenRegistry> {
        let house = self.sheaf.house();
        if house.lacks_copy(&canonical(path)?) {
            self.read_source(path, Asking::Looking, Wish::default())?;
        }
        let known = match house.store.registry(&canonical(path)?) {
            Ok(known) => known,
            Err(error) => {
                tell(&error);
                None
            }
        };
        let (user, project) = known.map_or((None, None), |known| (known.user, known.project));
        match self.reopen_as(path, user.as_deref(), project.as_deref()) {
            Err(error) if error.code() == Code::UnknownUser => {
                tell(&error);
                self.reopen_as(path, None, project.as_deref())
            }
            other => other,
        }
    }

    /// Opens a registry as this user, or as the owner.
    pub(super) fn reopen_as(&self, path: &Path, user: Option<&str>, project: Option<&str>) -> Result<OpenRegistry> {
        self.show(Open::read(self.sheaf.house(), path, user, project)?)
    }

    /// Makes this what is open. Where it is the same project of the same registry, the choosing goes on.
    pub(super) fn show(&self, mut open: Open) -> Result<OpenRegistry> {
        let store = &self.sheaf.house().store;
        let known = Known {
            id: self.sheaf.house().environment.random_id(),
            path: open.path.clone(),
            opened_at: open.opened_at,
            project: open.choosing.as_ref().map(|choosing| choosing.project.clone()),
            user: open.user.clone(),
        };
        let kept = store.opened(&known).and_then(|id| store.keep(LAST, Some(&open.path)).map(|()| id));
        open.id = kept.unwrap_or_else(|error| {
            // What cannot be kept is asked for again; the registry can be looked at all the same.
            tracing::warn!(%error, "the open registry could not be noted");
            known.id
        });
        self.watch.set(open.stamp.map(|stamp| (open.path.clone(), stamp)));
        let mut held = self.opened();
        if let Some(before) = held.take() {
            let same_path = before.path == open.path;
            let same_user = before.user == open.user;
            if let (Some(now), Some(mut before)) = (&mut open.choosing, before.choosing) {
                if same_path && now.project == before.project {
                    if !same_user {
                        // Whom another user had in mind is not for this one.
                        before.list = None;
                    }
                    now.resume(before);
                } else {
                    now.follow(&before);
                }
            }
        }
        *held = Some(open);
        drop(held);
        self.go_on_hashing();
        self.view_open().ok_or_else(nothing_open)
    }

    /// What is open, for the page.
    fn view_open(&self) -> Option<OpenRegistry> {
        let (changed, names) = (self.watch.changed(), self.shows_names());
        let open = self.opened();
        let open = open.as_ref()?;
        let first = RowRange { offset: 0, limit: FIRST_ROWS };
        Some(OpenRegistry {
            id: open.id.clone(),
            name: Open::name(&open.path),
            path: open.path.to_string_lossy().into_owned(),
            synced_at: open.synced_at,
            opened_at: open.opened_at,
            projects: open.projects.clone(),
            project: open.choosing.as_ref().map(|choosing| choosing.project.clone()),
            users: open.users.clone(),
            user: open.user.clone(),
            needs_user: open.needs_user,
            kept_for: open.kept_for.clone(),
            server: self.form_at(&open.path),
            oddities: open.oddities.clone(),
            source_exports: open.source_exports,
            data_roots_missing: open.roots_missing,
            has_buckets: open.has_buckets,
            changed,
            refresh_problem: self.sheaf.house().refresh_problem(&open.path),
            browse: open.choosing.as_ref().map(super::choosing::Choosing::state),
            rows: open.choosing.as_ref().and_then(|choosing| choosing.window(&first, names).ok()),
        })
    }

    fn recent(&self) -> Result<Vec<RecentRegistry>> {
        let known = self.sheaf.house().store.recent()?;
        let servers: Vec<Option<ServerForm>> = known.iter().map(|known| self.form_at(&known.path)).collect();
        let asked = known.iter().map(|known| (known.path.clone(), ())).collect();
        let is_there = |path: &Path| path.is_file() || path.is_dir() || Server::named(path).is_some();
        let present = ask_all(GLANCE, asked, move |path, ()| is_there(path));
        let view = |((known, server), present): ((Known, _), Option<bool>)| RecentRegistry {
            id: known.id,
            name: Open::name(&known.path),
            path: known.path.to_string_lossy().into_owned(),
            server,
            opened_at: known.opened_at,
            present,
        };
        Ok(known.into_iter().zip(servers).zip(present).map(view).collect())
    }
}

pub(super) fn nothing_open() -> Error {
    Error::new(Code::RegistryNotOpen, "No registry is open.").hint("Open a registry first.")
}

/// A folder for a demo that is not there yet, in the first folder for documents that is there.
fn demo_folder(folders: &[PathBuf]) -> Result<PathBuf> {
    let place = folders.iter().find(|folder| folder.is_dir()).ok_or_else(|| {
        Error::new(Code::DestinationMissing, "This account has no home folder, so there is no place for the demo.")
            .hint("Make one with `sheaf demo DIR`, then open it.")
    })?;
    let name = |number: u32| if number == 1 { "Sheaf demo".to_owned() } else { format!("Sheaf demo {number}") };
    let folder = (1..=MOST_DEMOS).map(|number| place.join(name(number))).find(|path| path.symlink_metadata().is_err());
    folder.ok_or_else(|| {
        Error::new(Code::DestinationTaken, format!("{} is full of demos.", place.display())).hint("Remove some of them.")
    })
}
