//! Long work of commands: its progress goes to the page under the id that the page chose, and the page can stop it. A page that
//! was loaded anew finds what runs, and joins it by asking for it again under its id.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use super::events::{Event, Hub};
use super::{Desk, Nothing};
use crate::progress::{JobProgress, Listener};

/// Longest id of a task.
const ID_CHARACTERS: usize = 64;

/// What long work is, so that a page takes it up where it shows such work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// `make_demo`.
    Demo,
    /// `plan_export`.
    Plan,
    /// `preview`.
    Preview,
    /// `create_export`.
    Create,
    /// `verify_export`.
    Verify,
    /// `save_copy`.
    SaveCopy,
    /// `locate_archive`.
    Locate,
    /// `restart_export`.
    Restart,
    /// `export_again`.
    Again,
    /// `import_studies`.
    StudyList,
}

/// Long work under way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RunningTask {
    /// Its id. The same command under the same id joins the work, whatever else it says, and gets its answer.
    pub task: String,
    /// What it is.
    pub kind: TaskKind,
    /// The export that it is about; `null`: about none.
    pub export: Option<String>,
    /// It was asked to stop.
    pub cancelling: bool,
    /// How far it is; `null`: nothing said yet.
    pub progress: Option<JobProgress>,
}

/// All long work that can be joined.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RunningTasks {
    /// In no order.
    pub tasks: Vec<RunningTask>,
}

impl Desk {
    /// Long work under way, for a page that was loaded anew. What ends from now on keeps its answer until it is joined, or until
    /// this is asked again.
    pub fn running_tasks(&self, _: Nothing) -> Result<RunningTasks> {
        Ok(RunningTasks { tasks: self.tasks.list() })
    }
}

/// The long work that commands do now.
#[derive(Clone)]
pub(crate) struct Tasks {
    hub: Hub,
    running: Arc<(Mutex<HashMap<String, Task>>, Condvar)>,
}

#[derive(Default)]
struct Task {
    cancel: Cancel,
    /// `None`: nobody joins it.
    about: Option<(TaskKind, Option<String>)>,
    progress: Option<JobProgress>,
    /// A page was told of it and may join.
    is_known: bool,
    /// How many wait for its answer.
    joined: u32,
    /// A `Result<T>`, when it has ended.
    answer: Option<Arc<dyn Any + Send + Sync>>,
}

/// One of them, until it is dropped.
pub(crate) struct TaskGuard {
    tasks: Tasks,
    id: String,
    cancel: Cancel,
}

impl Tasks {
    /// No work yet; what comes is told to `hub`.
    pub(crate) fn new(hub: Hub) -> Self {
        Self { hub, running: Arc::default() }
    }

    /// Begins long work under an id that no other work has now. `USAGE` for an id that is empty, too long or taken.
    pub(crate) fn begin(&self, task: &str) -> Result<TaskGuard> {
        self.begin_about(task, None, Cancel::new())
    }

    /// The same for a part of other long work: what stops one of both stops the other.
    pub(crate) fn begin_part(&self, task: &str, whole: &Cancel) -> Result<TaskGuard> {
        self.begin_about(task, None, whole.clone())
    }

    fn begin_about(&self, task: &str, about: Option<(TaskKind, Option<String>)>, cancel: Cancel) -> Result<TaskGuard> {
        if task.is_empty() || task.chars().count() > ID_CHARACTERS {
            return Err(Error::new(Code::Usage, format!("The id of a task has 1 to {ID_CHARACTERS} characters.")));
        }
        let mut running = self.running();
        if running.contains_key(task) {
            return Err(Error::new(Code::Usage, "Another task has this id."));
        }
        running.insert(task.to_owned(), Task { cancel: cancel.clone(), about, ..Task::default() });
        Ok(TaskGuard { tasks: self.clone(), id: task.to_owned(), cancel })
    }

    /// Does long work that a page which was loaded anew can join: where work of this kind has the id, this waits for its answer
    /// in place of doing it once more. Errors are those of [`Tasks::begin`] and of the work.
    pub(crate) fn run<T: Clone + Send + Sync + 'static>(
        &self,
        task: &str,
        (kind, export): (TaskKind, Option<&str>),
        work: impl FnOnce(&TaskGuard) -> Result<T>,
    ) -> Result<T> {
        if let Some(answer) = self.join(task, kind) {
            return answer;
        }
        let guard = self.begin_about(task, Some((kind, export.map(ToOwned::to_owned))), Cancel::new())?;
        let answer = work(&guard);
        if let Some(task) = self.running().get_mut(&guard.id).filter(|task| task.is_known || task.joined > 0) {
            task.answer = Some(Arc::new(copied(&answer)));
        }
        answer
    }

    /// The answer of work under way, when it has ended; `None` where there is none of this id and kind.
    fn join<T: Clone + 'static>(&self, id: &str, kind: TaskKind) -> Option<Result<T>> {
        let mut running = self.running();
        let task = running.get_mut(id).filter(|task| task.about.as_ref().is_some_and(|(known, _)| *known == kind))?;
        task.joined += 1;
        let runs = |running: &mut HashMap<String, Task>| running.get(id).is_some_and(|task| task.answer.is_none());
        let mut running = self.running.1.wait_while(running, runs).unwrap_or_else(PoisonError::into_inner);
        let answer = running.get_mut(id).and_then(|task| {
            task.joined -= 1;
            task.answer.clone()
        });
        if running.get(id).is_some_and(|task| task.joined == 0) {
            running.remove(id);
        }
        let answer = answer.as_deref().and_then(|answer| answer.downcast_ref::<Result<T>>());
        // Without an answer the work broke.
        Some(answer.map_or_else(|| Err(Error::new(Code::Internal, "The work that was joined broke.")), copied))
    }

    /// What can be joined. Answers that nobody has come for are forgotten.
    fn list(&self) -> Vec<RunningTask> {
        let mut running = self.running();
        running.retain(|_, task| task.answer.is_none() || task.joined > 0);
        let known = |(id, task): (&String, &mut Task)| {
            let (kind, export) = task.about.clone().filter(|_| task.answer.is_none())?;
            task.is_known = true;
            let (cancelling, progress) = (task.cancel.is_raised(), task.progress.clone());
            Some(RunningTask { task: id.clone(), kind, export, cancelling, progress })
        };
        running.iter_mut().filter_map(known).collect()
    }

    /// Asks a task to stop. One that has ended meanwhile needs no stopping.
    pub(crate) fn cancel(&self, task: &str) {
        if let Some(task) = self.running().get(task) {
            task.cancel.raise();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Task>> {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until none is left, or so long.
    pub(crate) fn wait(&self, limit: Duration) {
        let is_any = |running: &mut HashMap<String, Task>| running.values().any(|task| task.answer.is_none());
        let waited = self.running.1.wait_timeout_while(self.running(), limit, is_any);
        drop(waited);
    }

    /// How many are at work on something that would be lost with the process. One that still waits in a dialog is not.
    pub(crate) fn busy(&self) -> usize {
        let is_kept = |kind| !matches!(kind, TaskKind::Plan | TaskKind::Preview);
        let counts = |task: &&Task| task.progress.is_some() && task.about.as_ref().is_some_and(|(kind, _)| is_kept(*kind));
        self.running().values().filter(|task| task.answer.is_none()).filter(counts).count()
    }

    /// Asks all of them to stop.
    pub(crate) fn cancel_all(&self) {
        self.running().values().for_each(|task| task.cancel.raise());
    }
}

/// An answer for somebody else too; the cause of an error stays with the first.
fn copied<T: Clone>(answer: &Result<T>) -> Result<T> {
    match answer {
        Ok(answer) => Ok(answer.clone()),
        Err(error) => {
            let copy = Error::new(error.code(), error.message()).hint(error.next_step());
            Err(copy.details(error.detail_list().iter().cloned()))
        }
    }
}

impl TaskGuard {
    /// Raised when the page asks the work to stop.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Tells the page how far the work is.
    pub(crate) fn listener(&self) -> Listener {
        let (tasks, id) = (self.tasks.clone(), self.id.clone());
        Arc::new(move |progress| {
            if let Some(task) = tasks.running().get_mut(&id) {
                task.progress = Some(progress.clone());
            }
            tasks.hub.tell(&Event::Task { task: id.clone(), progress: progress.clone() });
        })
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        let mut running = self.tasks.running();
        if running.get(&self.id).is_some_and(|task| task.answer.is_none()) {
            running.remove(&self.id);
        }
        drop(running);
        self.tasks.running.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_stopped_by_its_id_as_long_as_it_runs() {
        let tasks = Tasks::new(Hub::default());
        let (first, second) = (tasks.begin("1").expect("free"), tasks.begin("2").expect("free"));
        tasks.cancel("1");
        assert!(first.cancel().is_raised() && !second.cancel().is_raised(), "only the one that was named");
        assert_eq!(tasks.begin("2").err().map(|error| error.code()), Some(Code::Usage), "an id names one task");
        drop(second);
        let again = tasks.begin("2").expect("an id is free when its task has ended");
        assert!(!again.cancel().is_raised(), "a new task is not stopped for an old one");
        tasks.cancel("3");
    }

    #[test]
    fn whoever_closes_waits_for_what_was_asked_to_stop() {
        let tasks = Tasks::new(Hub::default());
        let task = tasks.begin("demo").expect("free");
        tasks.wait(Duration::ZERO);
        assert!(!task.cancel().is_raised(), "nothing is waited for longer than was said");
        let ended = std::thread::spawn(move || {
            while !task.cancel().is_raised() {
                std::thread::yield_now();
            }
            drop(task);
        });
        tasks.cancel_all();
        tasks.wait(Duration::from_mins(1));
        assert!(tasks.running().is_empty(), "it has put away what it was making");
        ended.join().expect("no panic");
    }

    #[test]
    fn a_page_that_was_loaded_anew_joins_what_runs_and_gets_its_answer() {
        let tasks = Tasks::new(Hub::default());
        let about = (TaskKind::Verify, Some("E"));
        let fails = || Error::new(Code::ArchiveMissing, "It is gone.").hint("Look for it.");
        for answer in [Ok(7), Err(fails())] {
            std::thread::scope(|scope| {
                let (go_on, waits) = std::sync::mpsc::channel::<()>();
                let (begun, is_begun) = std::sync::mpsc::channel::<()>();
                let tasks = &tasks;
                let expected = copied(&answer);
                let work = scope.spawn(move || {
                    tasks.run("1", about, |_| {
                        drop(begun);
                        let _ = waits.recv();
                        answer
                    })
                });
                let _ = is_begun.recv();
                let listed = tasks.list();
                assert_eq!(listed.len(), 1, "{listed:?}");
                assert_eq!((&*listed[0].task, listed[0].kind, listed[0].export.as_deref()), ("1", about.0, about.1));
                let joins = scope.spawn(move || tasks.run("1", about, |_| -> Result<i32> { panic!("once is enough") }));
                drop(go_on);
                let told = |answer: Result<i32>| answer.map_err(|error| (error.code(), error.next_step().to_owned()));
                let expected = told(expected);
                assert_eq!(told(work.join().expect("no panic")), expected, "whoever asked first");
                assert_eq!(told(joins.join().expect("no panic")), expected, "and whoever joined, before the end or after");
            });
            assert!(tasks.running().is_empty(), "an answer that was fetched is forgotten");
        }
    }

    #[test]
    fn an_answer_that_nobody_fetches_is_forgotten_and_work_that_broke_is_told() {
        let tasks = Tasks::new(Hub::default());
        let about = (TaskKind::Plan, None);
        tasks.run("1", about, |_| Ok(tasks.list().len())).expect("it works");
        assert!(tasks.running().contains_key("1"), "a page knows of it and may come");
        tasks.wait(Duration::from_mins(1));
        assert!(tasks.list().is_empty() && tasks.running().is_empty(), "the next page does not");
        tasks.run("1", about, |_| Ok(())).expect("it works");
        assert!(tasks.running().is_empty(), "nor is it kept where no page was told");
        std::thread::scope(|scope| {
            let (tasks, (begun, is_begun)) = (&tasks, std::sync::mpsc::channel::<()>());
            let breaks = scope.spawn(move || {
                tasks.run("2", about, |task| -> Result<()> {
                    drop(begun);
                    while !task.cancel().is_raised() {
                        std::thread::yield_now();
                    }
                    panic!("broken")
                })
            });
            let _ = is_begun.recv();
            let joins = scope.spawn(move || tasks.run("2", about, |_| Ok(())));
            while tasks.running().get("2").is_some_and(|task| task.joined == 0) {
                std::thread::yield_now();
            }
            tasks.cancel("2");
            assert!(breaks.join().is_err(), "as it says");
            let error = joins.join().expect("no panic").expect_err("there is no answer");
            assert_eq!(error.code(), Code::Internal, "{error}");
        });
    }

    #[test]
    fn an_id_is_short_and_not_empty() {
        let tasks = Tasks::new(Hub::default());
        for id in [String::new(), "x".repeat(65)] {
            assert_eq!(tasks.begin(&id).err().map(|error| error.code()), Some(Code::Usage), "{id:?}");
        }
        tasks.begin(&"é".repeat(64)).expect("characters are counted, not bytes");
    }

    #[test]
    fn progress_is_told_under_the_id_of_the_task() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (hub, sink) = (Hub::default(), Arc::clone(&told));
        hub.listen(Arc::new(move |event| sink.lock().expect("unpoisoned").push(event.clone())));
        let task = Tasks::new(hub).begin("demo").map(|task| task.listener()).expect("free");
        crate::progress::Meter::new(task).queued();
        let told = told.lock().expect("unpoisoned");
        assert!(matches!(&told[..], [Event::Task { task, .. }] if task == "demo"), "{told:?}");
    }
}
