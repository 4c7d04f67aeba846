//! The archive's own SHA-256, computed from the file as it stands, one entry behind the writing.

use std::sync::Arc;
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};
use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;

use crate::deflate::BLOCK_BYTES;
use crate::pipeline::Pipeline;
use crate::platform;
use crate::readback::differs;
use crate::writer::{no_thread, thread_died};

/// The thread that follows the writing.
pub(crate) struct Follower(JoinHandle<std::io::Result<(u64, [u8; 32])>>);

impl Follower {
    pub(crate) fn start(pipeline: &Arc<Pipeline>, cancel: &Cancel) -> Result<Self> {
        let (pipeline, cancel) = (Arc::clone(pipeline), cancel.clone());
        let thread = std::thread::Builder::new().name("sheaf-archive-hash".into());
        thread.spawn(move || follow(&pipeline, &cancel)).map(Self).map_err(no_thread)
    }

    /// The hash of the whole file, which must be `bytes` long.
    pub(crate) fn digest(self, bytes: u64, cancel: &Cancel) -> Result<[u8; 32]> {
        let hashed = self.0.join().map_err(|_| thread_died())?;
        cancel.check()?;
        match hashed {
            Ok((hashed, sha256)) if hashed == bytes => Ok(sha256),
            Ok((hashed, _)) => Err(differs(&format!("its first {hashed} bytes could be read of {bytes}"))),
            Err(cause) => Err(differs(&format!("reading it failed: {cause}")).cause(cause)),
        }
    }
}

/// Hashes what is complete until nothing follows, the file is shorter than it should be, or the work is cancelled.
fn follow(pipeline: &Pipeline, cancel: &Cancel) -> std::io::Result<(u64, [u8; 32])> {
    let mut sha256 = Sha256::new();
    let mut hashed = 0;
    let mut block = vec![0; BLOCK_BYTES];
    while let Some(end) = pipeline.wait_grown(hashed) {
        let wanted = usize::try_from((end - hashed).min(BLOCK_BYTES as u64)).expect("at most a block");
        let read = platform::read_full_at(pipeline.part.file(), &mut block[..wanted], hashed)?;
        sha256.update(&block[..read]);
        hashed += read as u64;
        if read < wanted || cancel.is_raised() {
            break;
        }
    }
    Ok((hashed, sha256.finalize().into()))
}
