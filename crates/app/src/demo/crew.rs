//! Many pieces of work on all cores, their results in the order of the pieces, and what whoever watches is told.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use sheaf_registry::Result;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};

/// Counts files for whoever watches, and asks whether to stop.
pub(super) struct Desk<'a> {
    observer: &'a dyn Observer,
    /// Stops the work.
    pub(super) cancel: &'a Cancel,
    done: AtomicU64,
    total: u64,
}

impl<'a> Desk<'a> {
    /// A desk for so many files.
    pub(super) fn new(observer: &'a dyn Observer, cancel: &'a Cancel, total: u64) -> Self {
        Self { observer, cancel, done: AtomicU64::new(0), total }
    }

    /// So many more files are done.
    pub(super) fn done(&self, files: u64) -> Result<()> {
        let done = self.done.fetch_add(files, Ordering::Relaxed) + files;
        self.observer.observe(&Progress {
            phase: Phase::Writing,
            files_done: done.min(self.total),
            files_total: self.total,
            bytes_done: 0,
            bytes_total: 0,
            current: None,
        });
        self.cancel.check()
    }
}

/// Threads that this machine has work for.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Does every piece on one of `threads` threads while `meanwhile` runs on this one. After an error no new piece is begun.
pub(super) fn work<T: Sync, R: Send, M>(
    pieces: &[T],
    threads: usize,
    piece: impl Fn(&T) -> Result<R> + Sync,
    meanwhile: impl FnOnce() -> Result<M>,
) -> Result<(Vec<R>, M)> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        let mut results = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = pieces.get(index) else { break };
            match piece(item) {
                Ok(result) => results.push((index, result)),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(results)
    };
    let (results, meanwhile) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(run)).collect();
        let meanwhile = meanwhile().inspect_err(|_| stop.store(true, Ordering::Relaxed));
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(results) => results,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        (joined.collect::<Result<Vec<_>>>(), meanwhile)
    });
    let mut results: Vec<(usize, R)> = results?.into_iter().flatten().collect();
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok((results.into_iter().map(|(_, result)| result).collect(), meanwhile?))
}

#[cfg(test)]
mod tests {
    use sheaf_registry::progress::Unobserved;
    use sheaf_registry::{Code, Error};

    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_pieces() {
        let pieces: Vec<u64> = (0..100).collect();
        let (doubled, other) = work(&pieces, 4, |piece| Ok(piece * 2), || Ok("beside")).expect("nothing fails");
        assert!(doubled.iter().zip(&pieces).all(|(double, piece)| *double == piece * 2), "whichever thread was first");
        assert_eq!((doubled.len(), other), (100, "beside"), "all of them, and what ran meanwhile");
    }

    #[test]
    fn one_error_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let fails = |_: &u64| {
            begun.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(Error::new(Code::NoSpace, "full"))
        };
        let error = work(&[1; 1000], 2, fails, || Ok(())).expect_err("every piece fails");
        assert_eq!(error.code(), Code::NoSpace, "the error of the piece");
        assert!(begun.load(Ordering::Relaxed) <= 2, "each thread ends with its first error");
    }

    #[test]
    fn a_raised_flag_ends_the_work() {
        let cancel = Cancel::new();
        let desk = Desk::new(&Unobserved, &cancel, 10);
        desk.done(1).expect("not cancelled");
        cancel.raise();
        assert_eq!(desk.done(1).expect_err("cancelled").code(), Code::Cancelled, "asked at every file");
    }
}
