//! SHA-256 of files of which none is known, several at a time: while a folder is read, or later, of the registry that was made.

use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;

use sha2::{Digest as _, Sha256};
use sheaf_registry::file_store::FileStore;
use sheaf_registry::foreign::ForeignDatabase;
use sheaf_registry::ids::FileId;
use sheaf_registry::progress::{Cancel, Observer, Phase};
use sheaf_registry::{RegistryWriter, Result};

use super::ledger::{Ledger, Noted};
use super::stage::{Stage, Unhashed};
use super::{Folder, look, tell};
use crate::report::{Odd, Oddities};

/// So many files are taken up before the next ones are asked for.
const BATCH: usize = 512;
const BLOCK: usize = 1 << 20;

/// How hashes are computed.
pub struct HashOptions<'a> {
    /// Where what is to be hashed may lie meanwhile; private.
    pub scratch: &'a Path,
    /// How many files are read at once.
    pub threads: usize,
    /// To stop it. What is done is kept.
    pub cancel: &'a Cancel,
    /// Told how far it is, in files and bytes.
    pub observer: &'a dyn Observer,
    /// Called before each block of a file is read: whoever shall come first holds it up here.
    pub give_way: &'a (dyn Fn() + Sync),
}

/// What became of the files of which no hash was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hashed {
    /// Files that were read.
    pub read: u64,
    /// Files whose hash was known, and waited for the registry to take it.
    pub known: u64,
    /// Files that are another now, or cannot be read: the next reading of the folder tells why.
    pub left: u64,
}

/// Computes hashes of the files at `source` of which the registry at `registry` has none, and keeps them in `ledger` as they come:
/// stopped in any way, it goes on where it was. The registry itself is not changed; see [`take_hashes`].
///
/// # Errors
/// Those of opening a folder and a registry; `NO_SPACE`, `HOME_UNUSABLE`; `CANCELLED`.
pub fn hash(source: &Path, registry: &Path, ledger: &Path, options: &HashOptions<'_>) -> Result<Hashed> {
    let folder = Folder::open(source)?;
    let ledger = Ledger::open(ledger)?;
    let stage = Stage::new(options.scratch)?;
    let mut hashed = Hashed::default();
    each_unhashed(registry, options.scratch, &mut |file| {
        options.cancel.check()?;
        let is_known = ledger.hash(&file.path, file.bytes, &file.modified)?.is_some();
        hashed.known += u64::from(is_known);
        if is_known { Ok(()) } else { stage.unhashed(&file) }
    })?;
    let files = stage.unhashed_count()?.0;
    hashed.read = compute(&folder.store, &stage, Some(&ledger), options, &mut Oddities::default(), &mut |_, _| Ok(()))?;
    options.cancel.check()?;
    hashed.left = files - hashed.read;
    Ok(hashed)
}

/// Gives the registry at `registry` the hashes that `ledger` has of its files: it is copied, and the copy takes its place as a
/// whole. How many; 0: it stays as it is.
///
/// # Errors
/// Those of opening and writing a registry; `HOME_UNUSABLE`.
pub fn take_hashes(registry: &Path, ledger: &Path, scratch: &Path) -> Result<u64> {
    let ledger = Ledger::open(ledger)?;
    let mut writer = None;
    let mut taken = 0;
    each_unhashed(registry, scratch, &mut |file| {
        let Some(hash) = ledger.hash(&file.path, file.bytes, &file.modified)? else { return Ok(()) };
        let writer = match &mut writer {
            Some(writer) => writer,
            none => none.insert(RegistryWriter::amending(registry)?),
        };
        taken += 1;
        writer.file_hash(FileId(file.id), &hash)
    })?;
    if let Some(writer) = writer {
        writer.finish()?;
    }
    ledger.forget_known_to(registry)?;
    Ok(taken)
}

/// How many files the registry at `registry` has, and of how many a hash is known.
///
/// # Errors
/// Those of opening a registry.
pub fn hash_counts(registry: &Path, scratch: &Path) -> Result<(u64, u64)> {
    let database = ForeignDatabase::open(registry, scratch)?;
    let sql = "SELECT count(*), count(*) FILTER (WHERE hash_kind = 'sha256') FROM file_registry";
    let row = database.connection().query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
    let (files, hashed) = row.map_err(|error| database.failed(error))?;
    database.unchanged()?;
    Ok((files.cast_unsigned(), hashed.cast_unsigned()))
}

/// Tells the files of a registry of which no hash is known.
fn each_unhashed(registry: &Path, scratch: &Path, take: &mut dyn FnMut(Unhashed) -> Result<()>) -> Result<()> {
    let database = ForeignDatabase::open(registry, scratch)?;
    let sql = "SELECT id, file_path, coalesce(file_size, 0), coalesce(metadata ->> '$.modified', '') FROM file_registry
                WHERE hash_kind != 'sha256' ORDER BY id";
    let failed = |error| database.failed(error);
    let mut statement = database.connection().prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let bytes = |bytes: i64| bytes.cast_unsigned();
        let file = || -> rusqlite::Result<Unhashed> {
            Ok(Unhashed { id: row.get(0)?, path: row.get(1)?, bytes: row.get(2).map(bytes)?, modified: row.get(3)? })
        };
        take(file().map_err(failed)?)?;
    }
    database.unchanged()
}

/// Hashes files and hands over what was found, as it comes and kept already; how many. Stopped, it keeps those that are done.
pub(super) fn compute(
    store: &dyn FileStore,
    stage: &Stage,
    ledger: Option<&Ledger>,
    options: &HashOptions<'_>,
    odd: &mut Oddities,
    take: &mut dyn FnMut(FileId, &[u8; 32]) -> Result<()>,
) -> Result<u64> {
    let total = stage.unhashed_count()?;
    let (mut hashed, mut after) = (0, i64::MIN);
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    tell(options.observer, Phase::Verifying, (0, total.0), (0, total.1));
    while !options.cancel.is_raised() {
        let batch = stage.unhashed_after(after, BATCH)?;
        let Some(last) = batch.last() else { break };
        after = last.id;
        let next = AtomicUsize::new(0);
        let (done, inbox) = mpsc::channel();
        let work = |done: mpsc::Sender<_>| {
            while let Some(file) = batch.get(next.fetch_add(1, Ordering::Relaxed)) {
                let hash = hash_of(store, file, options, &|read| {
                    let done = bytes.fetch_add(read, Ordering::Relaxed) + read;
                    let files = files.load(Ordering::Relaxed);
                    tell(options.observer, Phase::Verifying, (files, total.0), (done, total.1));
                });
                // Whoever keeps them has failed, and tells so.
                if done.send((file, hash)).is_err() {
                    break;
                }
            }
        };
        let mut not_hashed: Vec<(&Unhashed, Odd)> = Vec::new();
        std::thread::scope(|scope| {
            for _ in 0..options.threads.clamp(1, BATCH) {
                let done = done.clone();
                scope.spawn(move || work(done));
            }
            drop(done);
            while let Ok(first) = inbox.recv() {
                let (mut noted, mut seen) = (Vec::new(), 0);
                for (file, hash) in std::iter::once(first).chain(inbox.try_iter()) {
                    seen += 1;
                    match hash {
                        Ok(Some(sha256)) => noted.push((file, sha256)),
                        Ok(None) => {}
                        Err(why) => not_hashed.push((file, why)),
                    }
                }
                if let Some(ledger) = ledger {
                    let rows = noted.iter().map(|(file, sha256)| Noted {
                        path: &file.path,
                        bytes: file.bytes,
                        modified: &file.modified,
                        sha256: *sha256,
                    });
                    ledger.keep(&rows.collect::<Vec<_>>())?;
                }
                for (file, sha256) in noted {
                    take(FileId(file.id), &sha256)?;
                    hashed += 1;
                }
                // Told when they are kept.
                let files = files.fetch_add(seen, Ordering::Relaxed) + seen;
                tell(options.observer, Phase::Verifying, (files, total.0), (bytes.load(Ordering::Relaxed), total.1));
            }
            Ok::<_, sheaf_registry::Error>(())
        })?;
        not_hashed.sort_unstable_by_key(|(file, _)| file.id);
        for (file, why) in not_hashed {
            odd.note(why, &file.path);
        }
    }
    Ok(hashed)
}

/// The hash of a file that is as it was when it was found; `None` where that was stopped.
fn hash_of(
    store: &dyn FileStore,
    found: &Unhashed,
    options: &HashOptions<'_>,
    read: &dyn Fn(u64),
) -> Result<Option<[u8; 32]>, Odd> {
    let refused = |error| look::refused(&error, false);
    let mut file = store.open(look::ROOT, &found.path, 0).map_err(refused)?;
    let is_same = |stat: &_| {
        let stat: &sheaf_registry::file_store::FileStat = stat;
        stat.bytes == found.bytes && look::modified(stat).to_string() == found.modified
    };
    let before = file.stat().map_err(refused)?;
    if !is_same(&before) {
        return Err(Odd::FileChanged);
    }
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK.min(usize::try_from(found.bytes).unwrap_or(BLOCK)) + 1];
    loop {
        (options.give_way)();
        if options.cancel.is_raised() {
            return Ok(None);
        }
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(Odd::FileUnreadable),
        };
        hash.update(&block[..count]);
        read(count as u64);
    }
    let after = file.stat().map_err(refused)?;
    if before != after {
        return Err(Odd::FileChanged);
    }
    Ok(Some(hash.finalize().into()))
}
