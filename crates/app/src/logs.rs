//! Logs of the window: a file a day in the home, kept for two weeks, readable by its account alone.
//!
//! What is written: steps of jobs with ids and codes, warnings, panics with their place. What is deliberately absent: names
//! and paths of patients. A panic's words are logged only where they stand like that in the program, and
//! shown only on a terminal.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use sheaf_registry::Result;
use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::environment::Clock;
use crate::home::{self, Home};
use crate::platform;

/// Days that are kept, with today.
const KEPT: usize = 14;
/// What the names of the files begin and end with.
const NAME: (&str, &str) = ("sheaf-", ".log");

/// From now on what this process does is logged into the home, and panics too. Does nothing where a log was begun already.
pub fn begin(home: &Home, clock: Arc<dyn Clock>) -> Result<()> {
    let folder = home.logs();
    let unusable = |error: io::Error| home::unusable(home.dir(), &error).cause(error);
    platform::create_private_dir(&folder).and_then(|()| platform::make_private_dir(&folder)).map_err(unusable)?;
    let log = Log(Arc::new(Mutex::new(Daily { folder, clock, today: None })));
    // A disk that cannot be written is said now, not lost in silence.
    log.lock().file().map_err(unusable)?;
    // Only what is ours: others do not know what must not be written.
    let ours = Targets::new().with_target("sheaf", Level::INFO);
    let layer = tracing_subscriber::fmt::layer().with_writer(log).with_ansi(false).with_thread_names(true);
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(ours));
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        let before = std::panic::take_hook();
        // Without a terminal it is the journal of the desktop that is written into, which others read too.
        let is_seen_by_user = io::stderr().is_terminal();
        std::panic::set_hook(Box::new(move |panic| {
            log_panic(panic);
            if is_seen_by_user { before(panic) } else { eprintln!("panic at {}", place(panic)) }
        }));
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "begin");
    }
    Ok(())
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = place(panic);
    // Words that were put together at run time may hold anything.
    let words = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(withheld)");
    tracing::error!(place, words, "panic");
}

fn place(panic: &std::panic::PanicHookInfo<'_>) -> String {
    panic.location().map(ToString::to_string).unwrap_or_default()
}

/// Today's file.
#[derive(Clone)]
struct Log(Arc<Mutex<Daily>>);

struct Daily {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    today: Option<(Date, File)>,
}

impl Log {
    fn lock(&self) -> std::sync::MutexGuard<'_, Daily> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Daily {
    fn file(&mut self) -> io::Result<&mut File> {
        let date = self.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        if self.today.as_ref().is_none_or(|(today, _)| *today != date) {
            let path = self.folder.join(format!("{}{date}{}", NAME.0, NAME.1));
            self.today = Some((date, platform::private_file().append(true).create(true).open(path)?));
            sweep(&self.folder);
        }
        Ok(self.today.as_mut().map(|(_, file)| file).expect("it was opened above"))
    }
}

/// Removes all but the latest files. What is not named like a log is left alone.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let is_log = |name: &str| {
        let date = name.strip_prefix(NAME.0).and_then(|rest| rest.strip_suffix(NAME.1));
        date.is_some_and(|date| date.parse::<Date>().is_ok())
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut logs: Vec<_> = names.filter(|name| is_log(name)).collect();
    logs.sort_unstable();
    for old in logs.iter().rev().skip(KEPT) {
        // One that cannot be removed now is tried again tomorrow.
        let _ = std::fs::remove_file(folder.join(old));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicI64, Ordering};

    struct Days(AtomicI64);

    impl Clock for Days {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::from_second(self.0.load(Ordering::Relaxed) * 86_400).expect("a day")
        }
    }

    #[test]
    fn two_weeks_are_kept_a_file_a_day_for_this_account_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("sheaf-notes.log"), "mine").expect("writable");
        let clock = Arc::new(Days(AtomicI64::new(20_000)));
        let today = Daily { folder: dir.path().to_owned(), clock: Arc::clone(&clock) as _, today: None };
        let mut log = Log(Arc::new(Mutex::new(today)));
        for day in 0..20 {
            clock.0.store(20_000 + day, Ordering::Relaxed);
            writeln!(log, "day {day}").expect("written");
            writeln!(log, "more").expect("written");
        }
        let entries = std::fs::read_dir(dir.path()).expect("a folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        names.sort();
        assert_eq!(names.len(), KEPT + 1, "the latest, and what is no log: {names:?}");
        assert!(names[0].ends_with("sheaf-2024-10-10.log"), "the oldest that is kept: {names:?}");
        assert_eq!(std::fs::read_to_string(&names[KEPT - 1]).expect("text"), "day 19\nmore\n", "whole lines, in order");
        assert_eq!(names[0].metadata().expect("there").permissions().mode() & 0o777, 0o600, "for this account alone");
    }
}
