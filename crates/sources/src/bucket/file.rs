//! One object that is read: its beginning, which may have come before its turn, and then the rest as it comes.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore as _, ObjectStoreExt as _};
use sheaf_registry::Code;
use sheaf_registry::file_store::{FileStat, SourceError, SourceFile};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{Bucket, Head, stat_of};

/// Pieces of an object that wait for whoever reads it; each is what came over the connection at once.
const PIECES: usize = 16;

/// An object that is read.
pub(super) struct BucketFile {
    stat: FileStat,
    /// What came and was not read yet.
    now: Bytes,
    /// The rest; `None` once all is here.
    rest: Option<Receiver<Result<Bytes, SourceError>>>,
}

impl BucketFile {
    /// Reads on after a beginning that starts at `offset`.
    pub(super) fn after(runtime: &Handle, bucket: Arc<Bucket>, key: Key, offset: u64, head: Head) -> Self {
        let at = offset + head.bytes.len() as u64;
        let rest = (at < head.stat.bytes).then(|| {
            let (sender, receiver) = mpsc::channel(PIECES);
            runtime.spawn(fetch(bucket, key, at, head.stat, head.etag, sender));
            receiver
        });
        Self { stat: head.stat, now: head.bytes, rest }
    }
}

/// Fetches an object from a byte on. A broken connection is taken up where it broke, by `object_store`.
async fn fetch(
    bucket: Arc<Bucket>,
    key: Key,
    from: u64,
    stat: FileStat,
    etag: Option<String>,
    to: Sender<Result<Bytes, SourceError>>,
) {
    let options = GetOptions { range: Some(GetRange::Bounded(from..stat.bytes)), if_match: etag, ..GetOptions::default() };
    let failed = |cause: object_store::Error| {
        let (bucket, key) = (Arc::clone(&bucket), key.clone());
        async move {
            // One that was replaced meanwhile breaks off, too.
            let error = match bucket.store.head(&key).await {
                Ok(now) if stat_of(&now) != stat => replaced(),
                _ => bucket.describe(&cause),
            };
            bucket.note(&error);
            Err(error)
        }
    };
    let mut stream = match bucket.store.get_opts(&key, options).await {
        // Not every server knows conditions.
        Ok(result) if stat_of(&result.meta) != stat => return drop(to.send(Err(replaced())).await),
        Ok(result) => result.into_stream(),
        Err(cause) => return drop(to.send(failed(cause).await).await),
    };
    while let Some(piece) = stream.next().await {
        let piece = match piece {
            Ok(piece) => Ok(piece),
            Err(cause) => failed(cause).await,
        };
        // Whoever wanted it may have given it up.
        if to.send(piece).await.is_err() {
            return;
        }
    }
}

fn replaced() -> SourceError {
    super::error(Code::SourceChanged, "The object was replaced while it was read.")
}

impl Read for BucketFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            let Some(rest) = &mut self.rest else { return Ok(0) };
            match rest.blocking_recv() {
                Some(Ok(piece)) => self.now = piece,
                // An end before its size says that it changed, and it is read again.
                Some(Err(error)) if error.code == Code::SourceChanged => self.rest = None,
                Some(Err(error)) => {
                    self.rest = None;
                    return Err(io::Error::other(error.message));
                }
                None => self.rest = None,
            }
        }
        let count = buffer.len().min(self.now.len());
        buffer[..count].copy_from_slice(&self.now.split_to(count));
        Ok(count)
    }
}

impl SourceFile for BucketFile {
    /// As it was when it was opened: what is read is one version of the object, whatever stands in its place by now.
    fn stat(&self) -> Result<FileStat, SourceError> {
        Ok(self.stat)
    }
}
