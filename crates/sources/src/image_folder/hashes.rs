//! SHA-256 of files of which none is known, several at a time.

use std::io::Read as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sha2::{Digest as _, Sha256};
use sheaf_archive::file_root::LocalFileStore;
use sheaf_registry::file_store::FileStore as _;
use sheaf_registry::ids::FileId;
use sheaf_registry::progress::{Cancel, Phase};
use sheaf_registry::{RegistryWriter, Result};

use super::stage::Stage;
use super::{Options, look, tell};
use crate::report::{Odd, Oddities};

/// So many files are hashed before what was found is written.
const BATCH: usize = 64;
const BLOCK: usize = 1 << 20;

/// Hashes files and writes what was found; how many. Stopped, it keeps those that are done.
pub(super) fn compute(
    store: &LocalFileStore,
    stage: &Stage,
    writer: &mut RegistryWriter,
    options: &Options<'_>,
    odd: &mut Oddities,
) -> Result<u64> {
    let total = stage.unhashed_count()?;
    let (mut hashed, mut seen, mut after) = (0, 0, i64::MIN);
    let bytes = AtomicU64::new(0);
    while !options.cancel.is_raised() {
        let batch = stage.unhashed_after(after, BATCH)?;
        let Some((last, ..)) = batch.last() else { break };
        after = *last;
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            while let Some((id, path, size, modified)) = batch.get(next.fetch_add(1, Ordering::Relaxed)) {
                let hash = hash(store, path, (*size, modified), options.cancel, &|read| {
                    let done = bytes.fetch_add(read, Ordering::Relaxed) + read;
                    tell(options.observer, Phase::Verifying, (seen, total.0), (done, total.1));
                });
                done.push((*id, path, hash));
            }
            done
        };
        let mut done: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..options.threads.clamp(1, BATCH)).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("hashing does not panic")).collect()
        });
        done.sort_unstable_by_key(|(id, ..)| *id);
        for (id, path, hash) in done {
            match hash {
                Ok(Some(hash)) => {
                    writer.file_hash(FileId(id), &hash)?;
                    hashed += 1;
                }
                Ok(None) => {}
                Err(why) => odd.note(why, path),
            }
        }
        seen += batch.len() as u64;
    }
    Ok(hashed)
}

/// The hash of a file that is as it was when it was found; `None` where that was stopped.
fn hash(
    store: &LocalFileStore,
    path: &str,
    found: (u64, &str),
    cancel: &Cancel,
    read: &dyn Fn(u64),
) -> Result<Option<[u8; 32]>, Odd> {
    let refused = |error| look::refused(&error, false);
    let mut file = store.open(look::ROOT, path, 0).map_err(refused)?;
    let is_same = |stat: &_| {
        let stat: &sheaf_registry::file_store::FileStat = stat;
        (stat.bytes, look::modified(stat).to_string().as_str()) == found
    };
    let before = file.stat().map_err(refused)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        if cancel.is_raised() {
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
    if before != after || !is_same(&after) {
        return Err(Odd::FileChanged);
    }
    Ok(Some(hash.finalize().into()))
}
