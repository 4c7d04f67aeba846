//! Reads a finished part file back and compares it with the plan, entry by entry, on all cores.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_registry::{Code, Error, Result};

use crate::entry_name::ArchiveName;
use crate::pipeline::EntryResult;
use crate::plan::Plan;
use crate::strict_reader::{Buffers, Entries, Entry, Flaw, content, directory};
use crate::writer::{Extra, MOST_THREADS};

/// What must be in the archive.
pub(crate) struct Expected<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) name: &'a ArchiveName,
    pub(crate) results: &'a [EntryResult],
    pub(crate) extras: &'a [Extra],
}

impl Expected<'_> {
    /// Name, size and CRC-32 of every entry in order; sizes and sums are those of the sources as they were read.
    fn entries(&self) -> impl Iterator<Item = (String, u64, u32)> + '_ {
        let planned = self
            .results
            .iter()
            .enumerate()
            .filter(|(_, result)| result.present)
            .map(|(index, result)| (self.plan.entry_name(self.name, index).to_string(), result.bytes, result.crc32));
        let extras = self.extras.iter().map(|extra| (extra.name.clone(), extra.result.bytes, extra.result.crc32));
        planned.chain(extras)
    }
}

/// Compares the archive in `file`, which must be `bytes` long, with what must be in it.
pub(crate) fn compare(
    file: &File,
    bytes: u64,
    expected: &Expected<'_>,
    threads: usize,
    observer: &Arc<dyn Observer>,
    cancel: &Cancel,
) -> Result<()> {
    let length = file.metadata().map_err(|cause| differs(&format!("reading it failed: {cause}")).cause(cause))?.len();
    if length != bytes {
        return Err(differs(&format!("it has {length} bytes and not {bytes}")));
    }
    let found = directory(file, length).map_err(|flaw| differs(&flaw.to_string()))?;
    let bytes_total = expected.entries().map(|(_, bytes, _)| bytes).fold(0, u64::saturating_add);
    let progress = Checked::new(observer.as_ref(), found.entries, bytes_total);
    let mut expected = expected.entries();
    let entries = Entries::new(file, found).map(|entry| {
        let entry = entry?;
        match expected.next() {
            Some((name, bytes, crc32)) if name == entry.name && bytes == entry.bytes && crc32 == entry.crc32 => Ok(entry),
            _ => Err(Flaw { entry: Some(entry.name), what: "it is not what was planned".to_owned() }),
        }
    });
    let flaws = for_each_content(entries, threads, cancel, |entry, buffers| {
        let checked = content(file, entry, buffers, &mut |block| {
            progress.block(block.len());
            !cancel.is_raised()
        });
        progress.file();
        checked
    });
    cancel.check()?;
    if let Some(flaw) = flaws.first() {
        return Err(differs(&flaw.to_string()));
    }
    if expected.next().is_some() { Err(differs("an entry is missing")) } else { Ok(()) }
}

/// Runs `check` for every entry on `threads` threads. Returns what was wrong; ends early only when cancelled or when the
/// directory itself cannot be read further.
pub(crate) fn for_each_content(
    entries: impl Iterator<Item = Result<Entry, Flaw>>,
    threads: usize,
    cancel: &Cancel,
    check: impl Fn(&Entry, &mut Buffers) -> Result<(), Flaw> + Sync,
) -> Vec<Flaw> {
    let threads = threads.clamp(1, MOST_THREADS);
    let flaws = Mutex::new(Vec::new());
    let note = |flaw| flaws.lock().unwrap_or_else(PoisonError::into_inner).push(flaw);
    let (sender, receiver) = crossbeam_channel::bounded::<Entry>(threads * 4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (receiver, note, check) = (receiver.clone(), &note, &check);
            scope.spawn(move || {
                let mut buffers = Buffers::new();
                for entry in receiver {
                    if cancel.is_raised() {
                        return;
                    }
                    check(&entry, &mut buffers).unwrap_or_else(note);
                }
            });
        }
        drop(receiver);
        for entry in entries {
            match entry {
                // Sending fails when all threads are gone: cancelled, or one panicked and the scope tells.
                Ok(entry) => {
                    if sender.send(entry).is_err() {
                        break;
                    }
                }
                Err(flaw) => note(flaw),
            }
        }
        drop(sender);
    });
    flaws.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Tells how far a verification is.
pub(crate) struct Checked<'a> {
    observer: &'a dyn Observer,
    files_total: u64,
    bytes_total: u64,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl<'a> Checked<'a> {
    pub(crate) fn new(observer: &'a dyn Observer, files_total: u64, bytes_total: u64) -> Self {
        Self { observer, files_total, bytes_total, files: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    pub(crate) fn block(&self, bytes: usize) {
        let bytes_done = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        self.observer.observe(&Progress {
            phase: Phase::Verifying,
            files_done: self.files.load(Ordering::Relaxed),
            files_total: self.files_total,
            bytes_done,
            bytes_total: self.bytes_total.max(bytes_done),
            current: None,
        });
    }

    pub(crate) fn file(&self) {
        let files_done = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        if files_done == self.files_total {
            self.block(0);
        }
    }
}

/// The error of an archive that is not what was planned.
pub(crate) fn differs(what: &str) -> Error {
    Error::new(Code::VerifyFailed, format!("The archive was written, but reading it back failed: {what}.")).hint(
        "The destination's disk or network may be failing: check it, or choose another destination, and restart the export.",
    )
}
