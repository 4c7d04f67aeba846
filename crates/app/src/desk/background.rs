//! What the desk does without being asked: it tells that it lives, what has changed in the history, also by other processes,
//! and how far the work is; it shows notifications, and ends the process after the last job where it was asked to.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::events::{Event, Hub};
use super::exports::{self, ExportRow};
use super::native::Native;
use super::notices::Notices;
use super::preferences::PreferencesFile;
use super::tasks::Tasks;
use super::words::Language;
use crate::failpoint;
use crate::history::Change;
use crate::sheaf::Sheaf;

/// How often the page hears that this side lives, and other processes' changes are looked for.
const SECOND: Duration = Duration::from_secs(1);
/// How often the work is shown on the taskbar while there is some.
const SHOW: Duration = Duration::from_millis(500);
/// How often jobs of processes that died are looked for.
const RECOVER: Duration = Duration::from_secs(3);
/// How long a process without window and job stays for a notification that nobody has clicked or put away: what ends in the
/// night is still told in the morning.
const LINGER: Duration = Duration::from_hours(12);

/// What the threads work with.
pub(super) struct Around {
    pub(super) sheaf: Arc<Sheaf>,
    pub(super) hub: Hub,
    pub(super) native: Arc<dyn Native>,
    pub(super) preferences: Arc<PreferencesFile>,
    /// The window is gone: the process ends after the last job and its notification.
    pub(super) leaving: Arc<AtomicBool>,
    /// Long work of commands, which the process does not end in the middle of either.
    pub(super) tasks: Tasks,
}

/// The threads. Dropping this stops them.
pub(super) struct Background {
    messages: Sender<Message>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

enum Message {
    Changed(Change),
    Ended,
    Look,
    Stop,
}

impl Background {
    /// Starts them.
    pub(super) fn start(around: Around) -> Self {
        let (messages, inbox) = mpsc::channel();
        let changed = messages.clone();
        // Nobody is there to hear it when the desk is being closed.
        around.sheaf.house().history.watch(Arc::new(move |change| drop(changed.send(Message::Changed(change.clone())))));
        let ended = messages.clone();
        around.sheaf.on_end(Arc::new(move |_| drop(ended.send(Message::Ended))));
        // Seen before anybody can ask: what changes from here on is told, however late the thread begins.
        let version = around.sheaf.house().history.version().ok();
        let (alive, pulse) = mpsc::channel::<()>();
        let hub = around.hub.clone();
        // A thread of its own: nothing that hangs elsewhere shall look like a death.
        let heart = std::thread::Builder::new().name("sheaf-alive".to_owned()).spawn(move || {
            while pulse.recv_timeout(SECOND) == Err(RecvTimeoutError::Timeout) {
                failpoint::hit("alive");
                hub.tell(&Event::Alive);
            }
        });
        let watch = std::thread::Builder::new().name("sheaf-watch".to_owned()).spawn(move || {
            let _alive = alive;
            Watch::new(around, version).run(&inbox);
        });
        // A system without threads runs no job either; commands still answer.
        let threads = heart.into_iter().chain(watch).collect();
        Self { messages, threads: Mutex::new(threads) }
    }

    /// Has everything looked at soon.
    pub(super) fn look(&self) {
        let _ = self.messages.send(Message::Look);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
        for thread in std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner)) {
            // A fault there was told by the log.
            let _ = thread.join();
        }
    }
}

struct Watch {
    around: Around,
    /// The rows as they were told last, without progress.
    known: HashMap<String, ExportRow>,
    /// Where the history stood when others' changes were looked for.
    version: Option<i64>,
    looked_at: Instant,
    recovered_at: Instant,
    notices: Notices,
    /// What the desktop was told of work: how far it is, and why the machine stays awake for it, if it does.
    shown: Option<(f64, Option<&'static str>)>,
    /// Since when nothing but a notification keeps a process whose window is gone.
    lingers: Option<Instant>,
}

impl Watch {
    /// `version` is where the history stood before anybody could ask for it.
    fn new(around: Around, version: Option<i64>) -> Self {
        let now = Instant::now();
        let mut watch = Self {
            around,
            known: HashMap::new(),
            version,
            looked_at: now,
            recovered_at: now,
            notices: Notices::default(),
            shown: None,
            lingers: None,
        };
        let known = watch.all().unwrap_or_default();
        // Others' changes between then and now may be missing in what the page has, so it is left to the first look.
        if watch.around.sheaf.house().history.version().ok() == version {
            watch.known = known;
        }
        watch
    }

    fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let first =
                match inbox.recv_timeout(if self.shown.is_some() || self.notices.is_waiting() { SHOW } else { SECOND }) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
            // Before the jobs: what was begun before the window went is among them, or has ended.
            let leaving = self.around.leaving.load(Ordering::Acquire);
            // Before the messages: what a job that is not among these has told is among them, so no end goes untold.
            let jobs = self.around.sheaf.jobs();
            let mut changed = BTreeSet::new();
            let mut stops = false;
            for message in first.into_iter().chain(inbox.try_iter()) {
                match message {
                    Message::Changed(change) => {
                        self.notices.hear(&change);
                        changed.insert(change.id);
                    }
                    Message::Ended | Message::Look => {}
                    Message::Stop => stops = true,
                }
            }
            if stops {
                break;
            }
            if !changed.is_empty() {
                self.tell(&changed);
            }
            if self.looked_at.elapsed() >= SECOND {
                self.looked_at = Instant::now();
                self.look_for_others();
            }
            self.show(&jobs);
            self.notices.show(&self.around, jobs.is_empty());
            self.leave(leaving && jobs.is_empty() && self.around.tasks.busy() == 0);
        }
        if self.shown.is_some() {
            self.around.native.working(None, None);
        }
    }

    /// Ends the process whose window is gone, once it is idle and no notification can be clicked any longer.
    fn leave(&mut self, idle: bool) {
        if !idle {
            self.lingers = None;
            return;
        }
        let since = *self.lingers.get_or_insert_with(Instant::now);
        if self.around.native.has_notice() && since.elapsed() < LINGER {
            return;
        }
        // Called back in this moment: it stays.
        if self.around.leaving.swap(false, Ordering::AcqRel) {
            self.around.native.exit();
        }
    }

    /// Tells records that this process has changed; also what is known already, since the page may have asked before.
    fn tell(&mut self, changed: &BTreeSet<String>) {
        let (mut rows, mut removed) = (Vec::new(), Vec::new());
        for id in changed {
            match exports::listed(&self.around.sheaf, id) {
                Ok(Some(row)) => {
                    self.known.insert(id.clone(), ExportRow { progress: None, ..row.clone() });
                    rows.push(row);
                }
                Ok(None) => {
                    self.known.remove(id);
                    removed.push(id.clone());
                }
                // The next look finds it.
                Err(_) => self.version = None,
            }
        }
        self.send(rows, removed);
    }

    /// Looks for what other processes have changed, and for jobs that they have left by dying.
    fn look_for_others(&mut self) {
        if self.recovered_at.elapsed() >= RECOVER {
            self.recovered_at = Instant::now();
            if let Err(error) = self.around.sheaf.house().recover_others() {
                tracing::warn!(code = error.code().as_str(), "other processes' jobs could not be looked at");
            }
        }
        let Ok(version) = self.around.sheaf.house().history.version() else { return };
        if self.version == Some(version) {
            return;
        }
        let Some(now) = self.all() else { return };
        self.version = Some(version);
        let rows = now.iter().filter(|(id, row)| self.known.get(*id) != Some(row)).map(|(_, row)| row.clone());
        let rows = rows.map(|row| exports::with_progress(&self.around.sheaf, row)).collect();
        let removed = self.known.keys().filter(|id| !now.contains_key(*id)).cloned().collect();
        self.known = now;
        self.send(rows, removed);
    }

    fn all(&self) -> Option<HashMap<String, ExportRow>> {
        let records = self.around.sheaf.house().history.all().ok()?;
        Some(exports::quiet_rows(&records).into_iter().map(|row| (row.id.clone(), row)).collect())
    }

    fn send(&self, rows: Vec<ExportRow>, removed: Vec<String>) {
        if !rows.is_empty() || !removed.is_empty() {
            self.around.hub.tell(&Event::Exports { rows, removed });
        }
    }

    /// Shows on the desktop how far the work is.
    fn show(&mut self, jobs: &[(String, Option<crate::progress::JobProgress>)]) {
        let share = share(jobs.iter().map(|(_, progress)| progress.as_ref()));
        let work = share.map(|share| (share, self.awake()));
        if work != self.shown {
            self.around.native.working(share, work.and_then(|(_, awake)| awake));
            self.shown = work;
        }
    }

    /// Why the machine stays awake while there is work; `None` where the user lets it sleep.
    fn awake(&self) -> Option<&'static str> {
        let preferences = self.around.preferences.get();
        let language = || Language::choose(&preferences.language, &self.around.native.language());
        preferences.keep_awake.then(|| language().at_work())
    }
}

/// How much of all work is done, in hundredths; `None` without work. Writing is the longer half of a job, verifying the
/// shorter.
fn share<'a>(jobs: impl ExactSizeIterator<Item = Option<&'a crate::progress::JobProgress>>) -> Option<f64> {
    if jobs.len() == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a bar on the taskbar")]
    let (count, sum) = (
        jobs.len() as f64,
        jobs.map(|job| {
            let Some(job) = job else { return 0.0 };
            let part = if job.bytes_total == 0 { 0.0 } else { job.bytes_done as f64 / job.bytes_total as f64 };
            match job.phase.as_str() {
                "writing" => 0.65 * part,
                "verifying" => 0.65 + 0.35 * part,
                "publishing" => 1.0,
                _ => 0.0,
            }
        })
        .sum::<f64>(),
    );
    Some((sum / count * 100.0).floor() / 100.0)
}
