//! Long work of commands: its progress goes to the page under the id that the page chose, and the page can stop it.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use super::events::{Event, Hub};
use crate::progress::Listener;

/// Longest id of a task.
const ID_CHARACTERS: usize = 64;

/// The long work that commands do now.
#[derive(Clone)]
pub(crate) struct Tasks {
    hub: Hub,
    running: Arc<(Mutex<HashMap<String, Cancel>>, Condvar)>,
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
        if task.is_empty() || task.chars().count() > ID_CHARACTERS {
            return Err(Error::new(Code::Usage, format!("The id of a task has 1 to {ID_CHARACTERS} characters.")));
        }
        let cancel = Cancel::new();
        let mut running = self.running();
        if running.contains_key(task) {
            return Err(Error::new(Code::Usage, "Another task has this id."));
        }
        running.insert(task.to_owned(), cancel.clone());
        Ok(TaskGuard { tasks: self.clone(), id: task.to_owned(), cancel })
    }

    /// Asks a task to stop. One that has ended meanwhile needs no stopping.
    pub(crate) fn cancel(&self, task: &str) {
        if let Some(cancel) = self.running().get(task) {
            cancel.raise();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, Cancel>> {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until none is left, or so long.
    pub(crate) fn wait(&self, limit: Duration) {
        let waited = self.running.1.wait_timeout_while(self.running(), limit, |running| !running.is_empty());
        drop(waited);
    }

    /// Asks all of them to stop.
    pub(crate) fn cancel_all(&self) {
        self.running().values().for_each(Cancel::raise);
    }
}

impl TaskGuard {
    /// Raised when the page asks the work to stop.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Tells the page how far the work is.
    pub(crate) fn listener(&self) -> Listener {
        let (hub, task) = (self.tasks.hub.clone(), self.id.clone());
        Arc::new(move |progress| hub.tell(&Event::Task { task: task.clone(), progress: progress.clone() }))
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.tasks.running().remove(&self.id);
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
