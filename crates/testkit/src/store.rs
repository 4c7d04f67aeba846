//! Files in memory, and a store that fails in the ways that real disks do, each on demand.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sheaf_registry::Code;
use sheaf_registry::file_store::{FileStat, FileStore, ListedFile, SourceError, SourceFile};
use sheaf_registry::ids::RootId;

/// Files that live in memory, under the paths that a registry would hold.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    files: BTreeMap<(RootId, String), Stored>,
}

type Stored = (Arc<[u8]>, FileStat);

impl MemoryStore {
    /// A store without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, modified at 2025-01-01 00:00:00 UTC.
    #[must_use]
    pub fn with(mut self, root: RootId, path: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let stat = FileStat {
            bytes: bytes.len() as u64,
            modified_seconds: 1_735_689_600,
            modified_nanos: 0,
            identity: (1, self.files.len() as u64 + 1, 0),
        };
        self.files.insert((root, path.to_owned()), (bytes, stat));
        self
    }

    fn find(&self, root: RootId, path: &str) -> Result<&Stored, SourceError> {
        self.files.get(&(root, path.to_owned())).ok_or_else(|| source_error(Code::SourceMissing))
    }
}

impl FileStore for MemoryStore {
    fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError> {
        self.find(root, path).map(|(_, stat)| *stat)
    }

    fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError> {
        let (bytes, stat) = self.find(root, path)?;
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        Ok(Box::new(MemoryFile { bytes: Arc::clone(bytes), at, stat: *stat }))
    }

    fn list(&self, root: RootId, path: &str) -> Result<Vec<ListedFile>, SourceError> {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let files = self.files.iter().filter(|((of, path), _)| *of == root && path.starts_with(&folder));
        Ok(files.map(|((_, path), (_, stat))| ListedFile { path: path.clone(), bytes: stat.bytes }).collect())
    }
}

struct MemoryFile {
    bytes: Arc<[u8]>,
    at: usize,
    stat: FileStat,
}

impl Read for MemoryFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.bytes.len() - self.at);
        buffer[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

impl SourceFile for MemoryFile {
    fn stat(&self) -> Result<FileStat, SourceError> {
        Ok(self.stat)
    }
}

/// One way in which a file misbehaves.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Neither stat nor open succeed.
    Refused(Code),
    /// Stat succeeds, open does not.
    OpenRefused(Code),
    /// Reading fails with this error once `after` bytes of the file have been read.
    ReadFails {
        /// Offset in the file, in bytes.
        after: u64,
        /// What the operating system says.
        kind: io::ErrorKind,
    },
    /// No read gives more than this many bytes (at least one); every other read is interrupted.
    ShortReads(usize),
    /// The file ends after this many bytes, whatever stat says.
    Truncated(u64),
    /// In the first `times` openings the file's identity has changed by the time anything was read from it.
    ChangesWhileRead {
        /// How many openings see a change; later ones are quiet.
        times: u32,
    },
    /// The first read at or past `at` waits until the gate opens.
    Hangs {
        /// Offset in the file, in bytes.
        at: u64,
        /// What it waits for.
        gate: Gate,
    },
}

/// Something closed that a reader waits at, until a test opens it. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    open: bool,
    arrived: u64,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everyone through, now and later.
    pub fn release(&self) {
        self.lock().open = true;
        self.0.1.notify_all();
    }

    /// Blocks until a reader has come to the gate, so that a test need not sleep.
    pub fn wait_for_arrival(&self) {
        let guard = self.lock();
        drop(self.0.1.wait_while(guard, |state| state.arrived == 0).unwrap_or_else(PoisonError::into_inner));
    }

    fn pass(&self) {
        let mut guard = self.lock();
        guard.arrived += 1;
        self.0.1.notify_all();
        drop(self.0.1.wait_while(guard, |state| !state.open).unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that answers as another one does, but for the files that a test has spoilt.
pub struct FaultyStore {
    inner: Arc<dyn FileStore>,
    faults: HashMap<String, Fault>,
    openings: Mutex<HashMap<String, u32>>,
}

impl FaultyStore {
    /// Wraps a store; nothing is spoilt yet.
    pub fn over(inner: Arc<dyn FileStore>) -> Self {
        Self { inner, faults: HashMap::new(), openings: Mutex::default() }
    }

    /// Spoils the file of this registry path, under any root.
    #[must_use]
    pub fn with(mut self, path: &str, fault: Fault) -> Self {
        self.faults.insert(path.to_owned(), fault);
        self
    }

    /// How often a file was opened.
    pub fn openings(&self, path: &str) -> u32 {
        self.openings.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied().unwrap_or(0)
    }
}

impl FileStore for FaultyStore {
    fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError> {
        match self.faults.get(path) {
            Some(Fault::Refused(code)) => Err(source_error(*code)),
            _ => self.inner.stat(root, path),
        }
    }

    fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError> {
        let opening = {
            let mut openings = self.openings.lock().unwrap_or_else(PoisonError::into_inner);
            let count = openings.entry(path.to_owned()).or_default();
            *count += 1;
            *count
        };
        let fault = self.faults.get(path);
        if let Some(Fault::Refused(code) | Fault::OpenRefused(code)) = fault {
            return Err(source_error(*code));
        }
        let inner = self.inner.open(root, path, offset)?;
        Ok(match fault {
            Some(fault) => Box::new(FaultyFile { inner, fault: fault.clone(), at: offset, opening, reads: 0 }),
            None => inner,
        })
    }
}

struct FaultyFile {
    inner: Box<dyn SourceFile>,
    fault: Fault,
    at: u64,
    opening: u32,
    reads: u64,
}

impl Read for FaultyFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        let mut room = buffer.len();
        let up_to = |end: u64, room: usize| room.min(usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX));
        match &self.fault {
            Fault::ReadFails { after, kind } => {
                if self.at >= *after {
                    return Err(io::Error::from(*kind));
                }
                room = up_to(*after, room);
            }
            Fault::ShortReads(most) => {
                if self.reads.is_multiple_of(2) {
                    return Err(io::Error::from(io::ErrorKind::Interrupted));
                }
                room = room.min((*most).max(1));
            }
            Fault::Truncated(end) => room = up_to(*end, room),
            Fault::Hangs { at, gate } => {
                if self.at >= *at {
                    gate.pass();
                } else {
                    room = up_to(*at, room);
                }
            }
            Fault::Refused(_) | Fault::OpenRefused(_) | Fault::ChangesWhileRead { .. } => {}
        }
        let count = self.inner.read(&mut buffer[..room])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl SourceFile for FaultyFile {
    fn stat(&self) -> Result<FileStat, SourceError> {
        let mut stat = self.inner.stat()?;
        if let Fault::ChangesWhileRead { times } = self.fault
            && self.opening <= times
            && self.reads > 0
        {
            stat.modified_seconds += i64::from(self.opening);
            stat.identity.2 += i128::from(self.opening);
        }
        Ok(stat)
    }
}

fn source_error(code: Code) -> SourceError {
    let message = match code {
        Code::SourceMissing => "The file does not exist.",
        Code::SourceUnreadable => "The file may not be read.",
        Code::SourceNotRegular => "The path does not name a regular file.",
        Code::PathEscape => "The path leads out of its data root.",
        Code::RootMissing => "The data root is not there.",
        _ => "The file cannot be had.",
    };
    SourceError { code, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: RootId = RootId(1);

    fn store() -> FaultyStore {
        FaultyStore::over(Arc::new(MemoryStore::new().with(ROOT, "a", *b"0123456789")))
    }

    fn read_all(store: &FaultyStore, path: &str) -> io::Result<Vec<u8>> {
        let mut file = store.open(ROOT, path, 0).map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes)
    }

    #[test]
    fn an_unspoilt_file_reads_as_it_is_from_any_offset() {
        let store = store();
        assert_eq!(read_all(&store, "a").expect("readable"), b"0123456789", "whole file");
        let mut rest = Vec::new();
        store.open(ROOT, "a", 7).expect("opens").read_to_end(&mut rest).expect("reads");
        assert_eq!(rest, b"789", "opened at an offset");
        assert_eq!(store.stat(ROOT, "b").expect_err("unknown").code, Code::SourceMissing, "an unknown path is missing");
        assert_eq!(store.openings("a"), 2, "openings are counted");
    }

    #[test]
    fn refusals_come_where_they_were_asked_for() {
        let store = store().with("a", Fault::OpenRefused(Code::SourceUnreadable));
        assert!(store.stat(ROOT, "a").is_ok(), "stat still answers");
        assert_eq!(store.open(ROOT, "a", 0).err().map(|e| e.code), Some(Code::SourceUnreadable), "open does not");
        let store = store.with("a", Fault::Refused(Code::PathEscape));
        assert_eq!(store.stat(ROOT, "a").expect_err("refused").code, Code::PathEscape, "neither answers");
    }

    #[test]
    fn reads_fail_end_early_or_come_in_pieces() {
        let failing = store().with("a", Fault::ReadFails { after: 4, kind: io::ErrorKind::Other });
        let mut file = failing.open(ROOT, "a", 0).expect("opens");
        let mut four = [0; 8];
        assert_eq!(file.read(&mut four).expect("first bytes come"), 4, "bytes before the fault are delivered");
        assert!(file.read(&mut four).is_err(), "then reading fails");
        assert_eq!(read_all(&store().with("a", Fault::Truncated(3)), "a").expect("reads"), b"012", "ends early");
        let pieces = store().with("a", Fault::ShortReads(3));
        let mut file = pieces.open(ROOT, "a", 0).expect("opens");
        let mut buffer = [0; 8];
        assert_eq!(file.read(&mut buffer).expect("a short read"), 3, "no read gives more than asked for");
        assert_eq!(
            file.read(&mut buffer).map_err(|e| e.kind()),
            Err(io::ErrorKind::Interrupted),
            "every other read is interrupted"
        );
        assert_eq!(read_all(&pieces, "a").expect("reads"), b"0123456789", "a patient reader gets everything");
    }

    #[test]
    fn a_change_shows_after_reading_and_only_as_often_as_asked() {
        let store = store().with("a", Fault::ChangesWhileRead { times: 1 });
        for (opening, changes) in [(1, true), (2, false)] {
            let mut file = store.open(ROOT, "a", 0).expect("opens");
            let before = file.stat().expect("stat");
            file.read_to_end(&mut Vec::new()).expect("reads");
            assert_eq!(before != file.stat().expect("stat"), changes, "opening {opening}");
        }
    }

    #[test]
    fn a_hanging_read_goes_on_when_released() {
        let gate = Gate::new();
        let store = store().with("a", Fault::Hangs { at: 5, gate: gate.clone() });
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| read_all(&store, "a"));
            gate.wait_for_arrival();
            assert!(!reader.is_finished(), "it waits at the gate");
            gate.release();
            let bytes = reader.join().expect("no panic").expect("reads");
            assert_eq!(bytes, b"0123456789", "nothing is lost");
        });
    }
}
