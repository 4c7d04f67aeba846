//! Questions to file systems that may never answer: asked on a thread of their own, which is left behind when nothing comes.
//!
//! What is deliberately absent: stopping such a thread. A call that hangs in the kernel cannot be stopped; its thread ends
//! with the process, or late and unheard.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use sheaf_registry::progress::{Cancel, Observer, Progress};
use sheaf_registry::{Code, Error, Result};

/// How long an answer, or a sign of life, is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How long work that was stopped may take to end by itself.
const PARTING: Duration = Duration::from_millis(1500);
/// How often a waiting caller looks at its cancel flag.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes between two signs of life.
const BLOCK: u64 = 1 << 20;

/// Signs of life of a question that takes long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// Says that work goes on: the patience begins anew.
    pub(crate) fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks; `None` when there was neither an answer nor a sign of life for `patience`, or the caller was stopped.
pub(crate) fn ask<T: Send + 'static>(
    patience: Duration,
    cancel: &Cancel,
    question: impl FnOnce(&Pulse) -> T + Send + 'static,
) -> Option<T> {
    let (answer, answered) = mpsc::channel();
    let pulse = Pulse::default();
    let theirs = pulse.clone();
    let thread = std::thread::Builder::new().name("sheaf-ask".to_owned());
    // Nobody may be waiting for the answer any longer.
    thread.spawn(move || drop(answer.send(question(&theirs)))).ok()?;
    let (mut beats, mut since) = (0, Instant::now());
    loop {
        match answered.recv_timeout(LOOK.min(patience)) {
            Ok(answer) => return Some(answer),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) if cancel.is_raised() => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = pulse.0.load(Ordering::Relaxed);
        if now != beats {
            (beats, since) = (now, Instant::now());
        } else if since.elapsed() >= patience {
            return None;
        }
    }
}

/// Does long work on a thread of its own, so that it can be given up where a disk is silent: once it is told to stop it has
/// [`PARTING`] to do so. Left behind, it finds itself stopped whenever the disk answers. What it observes is passed on.
pub(crate) fn work_apart<T: Send + 'static>(
    observer: &dyn Observer,
    cancel: &Cancel,
    work: impl FnOnce(&dyn Observer, &Cancel) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (teller, told) = mpsc::channel();
    let theirs = cancel.clone();
    let thread = std::thread::Builder::new().name("sheaf-apart".to_owned()).spawn(move || {
        let done = work(&Teller(teller.clone()), &theirs);
        // Nobody may be waiting for it any longer.
        let _ = teller.send(Told::Done(done));
    });
    let thread = thread.map_err(|error| Error::new(Code::Internal, "No thread could be started.").cause(error))?;
    let mut stopped = None;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(Told::Progress(progress)) => observer.observe(&progress),
            Ok(Told::Done(done)) => return done,
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(fault) => std::panic::resume_unwind(fault),
                Ok(()) => return Err(Error::new(Code::Internal, "Work ended without a word.")),
            },
            Err(RecvTimeoutError::Timeout) => {}
        }
        if cancel.is_raised() && stopped.get_or_insert_with(Instant::now).elapsed() >= PARTING {
            return Err(Error::cancelled());
        }
    }
}

/// What work on a thread of its own says.
enum Told<T> {
    Progress(Progress),
    Done(Result<T>),
}

/// Passes on what is observed.
struct Teller<T>(mpsc::Sender<Told<T>>);

impl<T: Send> Observer for Teller<T> {
    fn observe(&self, progress: &Progress) {
        // Nobody may be listening any longer.
        let _ = self.0.send(Told::Progress(progress.clone()));
    }
}

/// Asks about a destination, which the caller cannot go on without. `DESTINATION_UNWRITABLE` when nothing comes.
pub(crate) fn ask_destination<T: Send + 'static>(
    directory: &Path,
    cancel: &Cancel,
    question: impl FnOnce(&Path) -> Result<T> + Send + 'static,
) -> Result<T> {
    let asked = directory.to_owned();
    ask(PATIENCE, cancel, move |_| question(&asked)).unwrap_or_else(|| {
        cancel.check()?;
        Err(Error::new(Code::DestinationUnwritable, format!("The folder {} does not answer.", directory.display()))
            .hint("Check its disk or network, or choose another folder."))
    })
}

/// Asks about many files, all folders at once, so that a folder that does not answer holds up no other and all of them
/// together take no longer than `patience`. Answers are in the order of the files; `None` for those that did not come.
pub(crate) fn ask_all<A: Send + 'static, T: Send + 'static>(
    patience: Duration,
    files: Vec<(PathBuf, A)>,
    question: impl Fn(&Path, A) -> T + Clone + Send + 'static,
) -> Vec<Option<T>> {
    let mut answers: Vec<Option<T>> = files.iter().map(|_| None).collect();
    let mut folders: BTreeMap<PathBuf, Vec<(usize, PathBuf, A)>> = BTreeMap::new();
    for (index, (path, about)) in files.into_iter().enumerate() {
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        folders.entry(folder).or_default().push((index, path, about));
    }
    let (answer, answered) = mpsc::channel();
    for files in folders.into_values() {
        let (answer, question) = (answer.clone(), question.clone());
        let thread = std::thread::Builder::new().name("sheaf-ask".to_owned());
        // Without a thread there is no answer, as from a folder that is silent.
        let _ = thread.spawn(move || {
            for (index, path, about) in files {
                if answer.send((index, question(&path, about))).is_err() {
                    return;
                }
            }
        });
    }
    drop(answer);
    let until = Instant::now() + patience;
    while let Ok((index, answer)) = answered.recv_timeout(until.saturating_duration_since(Instant::now())) {
        answers[index] = Some(answer);
    }
    answers
}

/// Reads a file that may be anything, and may be on a disk that is silent; of one that is too long, a byte more than `most`.
/// `failed` makes an error of the reason; `CANCELLED`.
pub(crate) fn read_bytes(path: &Path, most: u64, cancel: &Cancel, failed: &dyn Fn(&str) -> Error) -> Result<Vec<u8>> {
    let asked = path.to_owned();
    let read = move |pulse: &Pulse| -> std::io::Result<Vec<u8>> {
        let file = File::open(asked)?;
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        let mut file = file.take(most.saturating_add(1));
        let mut bytes = Vec::new();
        while file.by_ref().take(BLOCK).read_to_end(&mut bytes)? > 0 {
            pulse.beat();
        }
        Ok(bytes)
    };
    match ask(PATIENCE, cancel, read) {
        None => Err(cancel.check().err().unwrap_or_else(|| failed("its disk does not answer"))),
        Some(Err(error)) => Err(failed(&error.to_string()).cause(error)),
        Some(Ok(bytes)) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use sheaf_registry::progress::{Phase, Unobserved};

    use super::*;

    #[test]
    fn silence_ends_with_the_patience_and_a_sign_of_life_renews_it() {
        let (_never, silence) = mpsc::channel::<()>();
        let answer = ask(Duration::from_millis(1), &Cancel::new(), move |_| silence.recv());
        assert!(answer.is_none(), "nothing came, and nobody waits for ever");
        let answer = ask(Duration::from_mins(1), &Cancel::new(), |pulse| {
            pulse.beat();
            7
        });
        assert_eq!(answer, Some(7), "what comes in time is heard");
        let long = ask(Duration::from_secs(1), &Cancel::new(), |pulse| {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(1500) {
                pulse.beat();
                std::thread::yield_now();
            }
        });
        assert!(long.is_some(), "work that goes on is waited for");
        let fault = ask(Duration::from_mins(1), &Cancel::new(), |_| -> u8 { std::panic::resume_unwind(Box::new(())) });
        assert!(fault.is_none(), "a fault is no answer either");
    }

    #[test]
    fn work_that_hangs_can_be_given_up_and_other_work_is_whole() {
        struct Seen(Mutex<Vec<u64>>);
        impl Observer for Seen {
            fn observe(&self, progress: &Progress) {
                self.0.lock().expect("sound").push(progress.files_done);
            }
        }
        let seen = Seen(Mutex::default());
        let done = work_apart(&seen, &Cancel::new(), |observer, _| {
            for files_done in [1, 2] {
                let (files_total, bytes_done, bytes_total) = (2, 0, 0);
                let phase = Phase::Preparing;
                observer.observe(&Progress { phase, files_done, files_total, bytes_done, bytes_total, current: None });
            }
            Ok(7)
        });
        assert_eq!(
            (done.expect("done"), &*seen.0.lock().expect("sound")),
            (7, &vec![1, 2]),
            "and nothing is lost on the way"
        );

        let (cancel, (never, silence)) = (Cancel::new(), mpsc::channel::<()>());
        let stopper = cancel.clone();
        let given_up = work_apart(&Unobserved, &cancel, move |_, _| {
            stopper.raise();
            let _ = silence.recv();
            Ok(())
        });
        assert_eq!(given_up.expect_err("stopped").code(), Code::Cancelled);
        drop(never);

        let fault = std::panic::catch_unwind(|| {
            work_apart(&Unobserved, &Cancel::new(), |_, _| -> Result<()> { std::panic::resume_unwind(Box::new("fault")) })
        });
        assert!(fault.is_err(), "a fault of ours stays one");
    }

    #[test]
    fn a_caller_that_is_stopped_does_not_wait() {
        let (_never, silence) = mpsc::channel::<()>();
        let cancel = Cancel::new();
        cancel.raise();
        let error = ask_destination(Path::new("/out"), &cancel, move |_| {
            let _ = silence.recv();
            Ok(())
        });
        assert_eq!(error.expect_err("stopped").code(), Code::Cancelled, "by its user, not by the folder");
    }

    #[test]
    fn a_folder_that_is_silent_holds_up_no_other() {
        let files = ["/a/1", "/silent/1", "/b/1", "/a/2", "/silent/2"].map(|path| (PathBuf::from(path), ())).to_vec();
        let (never, silence) = mpsc::channel::<()>();
        let silence = Arc::new(std::sync::Mutex::new(silence));
        let answers = ask_all(Duration::from_secs(1), files, move |path, ()| {
            if path.starts_with("/silent") {
                let _ = silence.lock().map(|silence| silence.recv());
            }
            path.to_owned()
        });
        let expected = [Some("/a/1"), None, Some("/b/1"), Some("/a/2"), None].map(|path| path.map(PathBuf::from));
        assert_eq!(answers, expected, "every other answer came, in its place");
        drop(never);
    }
}
