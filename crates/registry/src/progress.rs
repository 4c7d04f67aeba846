//! What long work tells whoever watches, and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The stages of an export, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Resolving the selection and looking at every file.
    Preparing,
    /// Reading sources and writing the archive.
    Writing,
    /// Reading the archive back and comparing it with the plan.
    Verifying,
    /// Renaming the verified archive to its final name.
    Publishing,
}

/// One observation of long work. Totals are those known now; they may grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Stage of the work.
    pub phase: Phase,
    /// Files finished in this phase.
    pub files_done: u64,
    /// Files in all.
    pub files_total: u64,
    /// Bytes handled in this phase.
    pub bytes_done: u64,
    /// Bytes in all.
    pub bytes_total: u64,
    /// Registry path of a file being worked on, where there is one. Never shown in a notification.
    pub current: Option<String>,
}

/// Receives progress. Called from worker threads, often: implementations return at once and coalesce.
pub trait Observer: Send + Sync {
    /// Takes one observation.
    fn observe(&self, progress: &Progress);
}

/// Ignores progress.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&self, _: &Progress) {}
}

/// A flag that long work looks at between files and in every block of 1 MiB. Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag; raising it twice is harmless.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the flag was raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// `Err(Code::Cancelled)` once the flag was raised.
    pub fn check(&self) -> crate::Result<()> {
        if self.is_raised() { Err(crate::Error::cancelled()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_raised_for_all_its_clones_and_stays_raised() {
        let flag = Cancel::new();
        let seen_by_worker = flag.clone();
        seen_by_worker.check().expect("nobody has stopped the work");
        flag.raise();
        flag.raise();
        let stopped = seen_by_worker.check().expect_err("the work is stopped");
        assert_eq!(stopped.code(), crate::Code::Cancelled, "a stop is no failure");
        assert!(seen_by_worker.is_raised(), "raising twice is harmless");
    }
}
