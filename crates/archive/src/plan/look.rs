//! Looks at every file, in parallel, without ever waiting for a file system that hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use sheaf_registry::file_store::{self, FileStat, FileStore, Found, ListedFile, SourceError};
use sheaf_registry::progress::{Cancel, Phase, Progress};
use sheaf_registry::resolve::ResolvedFile;
use sheaf_registry::{Code, Error, Result};

use super::Planning;

/// How often the flag is looked at while nothing comes back.
const PATIENCE: Duration = Duration::from_millis(100);
/// Most files that a thread takes at a time.
const MOST_AT_A_TIME: usize = 64;

/// What was found.
#[derive(Debug)]
pub(super) enum Look {
    /// A regular file that can be opened.
    Found { bytes: u64, modified_seconds: i64 },
    /// A folder with files, where the path may be one's.
    Folder(Vec<ListedFile>),
    /// It cannot be had. Boxed, since it is rare and a million of these are held at once.
    Not(Box<SourceError>),
}

struct Work {
    files: Vec<ResolvedFile>,
    store: Arc<dyn FileStore>,
    next: AtomicUsize,
    at_a_time: usize,
    cancel: Cancel,
}

/// One look for each file, in their order; the files come back too.
///
/// The threads are not scoped: one that hangs in a dead mount is left behind, holding its share of the work, and the cancel
/// is answered at once.
pub(super) fn at_all(files: Vec<ResolvedFile>, planning: &Planning<'_>) -> Result<(Vec<ResolvedFile>, Vec<Look>)> {
    planning.cancel.check()?;
    let threads = planning.threads.clamp(1, 64).min(files.len().max(1));
    let mut progress = Progress {
        phase: Phase::Preparing,
        files_done: 0,
        files_total: files.len() as u64,
        bytes_done: 0,
        bytes_total: files.iter().filter_map(|file| file.registered_bytes).fold(0, u64::saturating_add),
        current: None,
    };
    planning.observer.observe(&progress);

    let work = Arc::new(Work {
        at_a_time: (files.len() / threads / 8).clamp(1, MOST_AT_A_TIME),
        files,
        store: Arc::clone(&planning.store),
        next: AtomicUsize::new(0),
        cancel: planning.cancel.clone(),
    });
    let (sender, receiver) = mpsc::sync_channel(threads * 4);
    let mut handles = Vec::with_capacity(threads);
    for _ in 0..threads {
        let (work, sender) = (Arc::clone(&work), sender.clone());
        let handle = thread::Builder::new()
            .name("look".to_owned())
            .spawn(move || work.run(&sender))
            .map_err(|error| Error::new(Code::Internal, "No thread could be started to look at the files.").cause(error))?;
        handles.push(handle);
    }
    drop(sender);

    let mut looks: Vec<Option<Look>> = Vec::new();
    looks.resize_with(work.files.len(), || None);
    while progress.files_done < progress.files_total {
        match receiver.recv_timeout(PATIENCE) {
            Ok((start, batch)) => {
                for (slot, look) in looks[start..].iter_mut().zip(batch) {
                    if let Look::Found { bytes, .. } = look {
                        progress.bytes_done = progress.bytes_done.saturating_add(bytes);
                    }
                    progress.files_done += 1;
                    *slot = Some(look);
                }
                progress.bytes_total = progress.bytes_total.max(progress.bytes_done);
                progress.current = Some(work.files[start].path.to_string());
                planning.observer.observe(&progress);
            }
            Err(RecvTimeoutError::Timeout) => {}
            // All threads are gone before all files were looked at: they were stopped, or the store panicked.
            Err(RecvTimeoutError::Disconnected) => break,
        }
        planning.cancel.check()?;
    }
    for handle in handles {
        if handle.join().is_err() {
            return Err(Error::new(Code::Internal, "Looking at the files stopped by a fault in Sheaf."));
        }
    }
    planning.cancel.check()?;
    let work = Arc::into_inner(work).expect("all threads were joined, so nobody else holds the work");
    let looks = looks.into_iter().map(|look| look.expect("no thread was stopped, so every file was looked at")).collect();
    Ok((work.files, looks))
}

impl Work {
    fn run(&self, sender: &mpsc::SyncSender<(usize, Vec<Look>)>) {
        loop {
            let start = self.next.fetch_add(self.at_a_time, Ordering::Relaxed);
            let end = (start + self.at_a_time).min(self.files.len());
            let mut batch = Vec::with_capacity(self.at_a_time);
            for file in self.files.get(start..end).unwrap_or_default() {
                if self.cancel.is_raised() {
                    return;
                }
                batch.push(self.look(file).unwrap_or_else(|error| Look::Not(Box::new(error))));
            }
            if batch.is_empty() || sender.send((start, batch)).is_err() {
                return;
            }
        }
    }

    fn look(&self, file: &ResolvedFile) -> Result<Look, SourceError> {
        let found = |stat: FileStat| Look::Found { bytes: stat.bytes, modified_seconds: stat.modified_seconds };
        if !file.may_be_folder {
            return self.store.stat(file.root, &file.path).map(found);
        }
        Ok(match file_store::find(&*self.store, file.root, &file.path)? {
            Found::File(stat) => found(stat),
            Found::Folder(files) => Look::Folder(files),
        })
    }
}
