//! The [`FileStore`] of S3-compatible buckets.
//!
//! An answer of a bucket takes long, however small what is asked for. So the files that come next are asked for before their
//! turn, [`AT_ONCE`] at a time, each up to [`HEAD_BYTES`]: what is held is bounded whatever the sizes. A connection that breaks in
//! the middle of a file goes on from the byte where it broke, as long as the object is the same.
//!
//! Deliberately absent: writing and deleting.

mod address;
mod credentials;
mod file;
mod reason;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig,
};
use sha2::{Digest as _, Sha256};
use sheaf_registry::file_store::{FileStat, FileStore, ListedFile, SourceError, SourceFile};
use sheaf_registry::ids::RootId;
use sheaf_registry::rows::{DataRoot, Location};
use sheaf_registry::{Code, Error, Result};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use file::BucketFile;

pub use address::BucketAddress;
pub use credentials::{BucketKey, Known, Surroundings, Variable};

/// Files that are asked for at once.
pub const AT_ONCE: usize = 64;
/// So much of a file is fetched before its turn.
const HEAD_BYTES: u64 = 512 << 10;
/// How long a bucket may be away while its files are copied.
const AWAY: Duration = Duration::from_mins(2);
/// How long it may be away before anything was copied.
const ABSENT: Duration = Duration::from_secs(10);
/// How long nothing may come over a connection.
const SILENT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

/// Files in S3-compatible buckets.
pub struct BucketStore {
    buckets: HashMap<RootId, Arc<Bucket>>,
    /// Beginnings that were asked for and not yet wanted.
    coming: Mutex<Coming>,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
}

type Coming = HashMap<(RootId, Box<str>), oneshot::Receiver<Answer>>;
type Answer = std::result::Result<Head, SourceError>;

/// The beginning of a file.
struct Head {
    stat: FileStat,
    etag: Option<String>,
    bytes: Bytes,
}

struct Bucket {
    /// Leading part of paths that stands for the bucket's address.
    prefix: String,
    address: BucketAddress,
    /// For copying: patient.
    store: AmazonS3,
    /// For looking: soon says that nobody answers.
    looking: AmazonS3,
    /// Nobody answered, as long as that was waited for.
    away: OnceLock<SourceError>,
    /// Some object of it was seen, or heard to be missing.
    is_there: AtomicBool,
}

impl BucketStore {
    /// Takes those of the roots that are buckets; `None` where there are none. Nothing is asked of them yet.
    ///
    /// # Errors
    /// `USAGE` for an address that cannot be meant; `PASSWORD_UNUSABLE` for credentials that cannot be used.
    pub fn open(roots: &[DataRoot], surroundings: &Surroundings) -> Result<Option<BucketStore>> {
        let mut buckets = HashMap::new();
        for root in roots {
            if let Some(Location::Bucket(address)) = &root.location {
                let bucket = Bucket::new(root.prefix.clone(), BucketAddress::parse(address)?, surroundings)?;
                buckets.insert(root.id, Arc::new(bucket));
            }
        }
        if buckets.is_empty() {
            return Ok(None);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sheaf-bucket")
            .enable_all()
            .build()
            .map_err(|error| Error::new(Code::Internal, "No thread could be started to ask a bucket.").cause(error))?;
        Ok(Some(BucketStore { buckets, coming: Mutex::default(), runtime: Some(runtime) }))
    }

    /// Whether the files of this root are here.
    pub fn has(&self, root: RootId) -> bool {
        self.buckets.contains_key(&root)
    }

    fn bucket(&self, root: RootId) -> std::result::Result<&Arc<Bucket>, SourceError> {
        self.buckets.get(&root).ok_or_else(|| error(Code::RootMissing, "The registry has no data root for this path."))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("only dropping takes it")
    }
}

impl FileStore for BucketStore {
    fn stat(&self, root: RootId, path: &str) -> std::result::Result<FileStat, SourceError> {
        let bucket = self.bucket(root)?;
        let key = bucket.key(path)?;
        bucket.ask(|| self.runtime().block_on(bucket.look(&key)))
    }

    fn open(&self, root: RootId, path: &str, offset: u64) -> std::result::Result<Box<dyn SourceFile>, SourceError> {
        let bucket = self.bucket(root)?;
        let key = bucket.key(path)?;
        let known = if offset == 0 { self.lock().remove(&(root, Box::from(path))) } else { None };
        let head = match known.map(oneshot::Receiver::blocking_recv) {
            Some(Ok(answer)) => answer?,
            // Nobody asked before, or whoever did is gone.
            Some(Err(_)) | None => self.runtime().block_on(bucket.head(&key, offset, HEAD_BYTES))?,
        };
        Ok(Box::new(BucketFile::after(self.runtime().handle(), Arc::clone(bucket), key, offset, head)))
    }

    fn list(&self, root: RootId, path: &str) -> std::result::Result<Vec<ListedFile>, SourceError> {
        let bucket = self.bucket(root)?;
        let key = bucket.key(path.trim_end_matches('/'))?;
        bucket.ask(|| self.runtime().block_on(bucket.list(&key))).map(|files| ListedFile::all_of(path, files))
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn expect(&self, root: RootId, path: &str, bytes: u64) {
        let Ok(bucket) = self.bucket(root).cloned() else { return };
        let Ok(key) = bucket.key(path) else { return };
        let mut coming = self.lock();
        if coming.len() >= 2 * AT_ONCE {
            // Those that nobody has come for were given up.
            coming.clear();
        }
        coming.entry((root, Box::from(path))).or_insert_with(|| {
            let (answer, receiver) = oneshot::channel();
            self.runtime().spawn(async move {
                let _ = answer.send(bucket.head(&key, 0, bytes.min(HEAD_BYTES)).await);
            });
            receiver
        });
    }
}

impl BucketStore {
    fn lock(&self) -> std::sync::MutexGuard<'_, Coming> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for BucketStore {
    fn drop(&mut self) {
        // What still comes is of no use to anybody.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Bucket {
    fn new(prefix: String, address: BucketAddress, surroundings: &Surroundings) -> Result<Self> {
        // Whoever was first has chosen; any of them does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let credentials = credentials::find(&address, surroundings)?;
        let client = |retry_timeout| {
            let options = ClientOptions::new()
                .with_allow_http(address.is_loopback())
                .with_timeout_disabled()
                .with_read_timeout(SILENT)
                .with_connect_timeout(CONNECT)
                .with_http1_only();
            let backoff =
                BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
            let retry = RetryConfig { backoff, max_retries: 1000, retry_timeout };
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(address.bucket())
                .with_region(address.region())
                .with_virtual_hosted_style_request(!address.path_style())
                .with_client_options(options)
                .with_retry(retry);
            if let Some(endpoint) = address.endpoint() {
                builder = builder.with_endpoint(endpoint);
            }
            builder = match &credentials {
                Some(credentials) => builder.with_credentials(credentials.provider()),
                None => builder.with_skip_signature(true),
            };
            builder.build().map_err(|cause| address.unusable().cause(cause))
        };
        let (store, looking) = (client(AWAY)?, client(ABSENT)?);
        Ok(Self { prefix, address, store, looking, away: OnceLock::new(), is_there: AtomicBool::new(false) })
    }

    /// Asks something of it, unless it is known that nobody answers.
    fn ask<T>(&self, question: impl FnOnce() -> std::result::Result<T, SourceError>) -> std::result::Result<T, SourceError> {
        self.is_known_away()?;
        question().inspect_err(|error| self.note(error))
    }

    fn is_known_away(&self) -> std::result::Result<(), SourceError> {
        self.away.get().map_or(Ok(()), |reason| Err(reason.clone()))
    }

    /// The others need not wait for what does not come.
    fn note(&self, error: &SourceError) {
        if error.code == Code::RootMissing {
            let _ = self.away.set(error.clone());
        }
    }

    /// All objects whose keys have this one and a slash before them, with the rest of their keys, in no order. What stands for a
    /// folder itself, with a key that ends in a slash, is none.
    async fn list(&self, folder: &Key) -> std::result::Result<Vec<ListedFile>, SourceError> {
        let mut objects = self.looking.list(Some(folder));
        let mut files = Vec::new();
        while let Some(object) = objects.try_next().await.map_err(|cause| self.describe(&cause))? {
            let below: Vec<_> = object.location.prefix_match(folder).into_iter().flatten().collect();
            let path = below.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
            // Of an empty one it is not told whether its key ends in a slash.
            let is_object = object.size > 0 || self.is_object(&object.location).await?;
            if is_object && !path.is_empty() {
                files.push(ListedFile { path, bytes: object.size });
            }
        }
        Ok(files)
    }

    async fn is_object(&self, key: &Key) -> std::result::Result<bool, SourceError> {
        match self.look(key).await {
            Ok(_) => Ok(true),
            Err(error) if error.code == Code::SourceMissing => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The key of a path: without the root's prefix, after the address's own.
    fn key(&self, path: &str) -> std::result::Result<Key, SourceError> {
        let outside = || error(Code::PathEscape, "The path leads out of its bucket's prefix.");
        let below = match self.prefix.as_str() {
            "" | "/" => Some(path.trim_start_matches('/')),
            prefix => path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')),
        };
        let below = below.ok_or_else(outside)?;
        if below.split('/').any(|part| part == ".." || part == ".") {
            return Err(outside());
        }
        if below.is_empty() || below.ends_with('/') {
            return Err(error(Code::SourceNotRegular, "The path names a folder of the bucket, not an object."));
        }
        let key = match self.address.prefix() {
            "" => below.to_owned(),
            prefix => format!("{prefix}/{below}"),
        };
        Key::parse(key).map_err(|_| {
            error(
                Code::SourceMissing,
                "No object can be asked for by this path: it holds an empty part or a control character.",
            )
        })
    }

    /// The first `bytes` of a file from `offset` on, and what it is.
    async fn head(&self, key: &Key, offset: u64, bytes: u64) -> Answer {
        self.is_known_away()?;
        self.first(key, offset, bytes).await.inspect_err(|error| self.note(error))
    }

    async fn first(&self, key: &Key, offset: u64, bytes: u64) -> Answer {
        let ranged = bytes > 0;
        let range = ranged.then(|| GetRange::Bounded(offset..offset.saturating_add(bytes)));
        let mut result = self.store.get_opts(key, GetOptions { range, ..GetOptions::default() }).await;
        if let Err(cause) = &result
            && ranged
            && offset == 0
            && !reason::is_silence(cause)
        {
            // Of an empty object no range can be had. Why another cannot, this answer does not say: it has no body.
            let head = self.store.head(key).await.map_err(|_| self.describe(cause))?;
            if head.size == 0 {
                return Ok(Head { stat: stat_of(&head), etag: head.e_tag, bytes: Bytes::new() });
            }
            let range = Some(GetRange::Bounded(0..bytes.min(head.size)));
            result = self.store.get_opts(key, GetOptions { range, ..GetOptions::default() }).await;
        }
        let result = result.map_err(|cause| self.describe(&cause))?;
        let (stat, etag) = (stat_of(&result.meta), result.meta.e_tag.clone());
        let bytes = if ranged { result.bytes().await.map_err(|cause| self.describe(&cause))? } else { Bytes::new() };
        Ok(Head { stat, etag, bytes })
    }

    /// What a failure means for a file.
    fn describe(&self, cause: &object_store::Error) -> SourceError {
        reason::describe(&self.address, cause)
    }

    /// Looks at an object. An answer to that has no body; where there is none, some of the object is asked for, to hear why.
    async fn look(&self, key: &Key) -> std::result::Result<FileStat, SourceError> {
        let cause = match self.looking.head(key).await {
            Ok(meta) => {
                self.is_there.store(true, Ordering::Relaxed);
                return Ok(stat_of(&meta));
            }
            Err(cause) => cause,
        };
        let told = self.describe(&cause);
        if self.is_there.load(Ordering::Relaxed) || !reason::may_say_more(&cause) {
            return Err(told);
        }
        let some = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
        match self.looking.get_opts(key, some).await {
            Err(cause) => {
                let told = self.describe(&cause);
                // It was heard that an object is missing, not the bucket.
                self.is_there.store(told.code == Code::SourceMissing, Ordering::Relaxed);
                Err(told)
            }
            Ok(_) => Err(told),
        }
    }
}

fn stat_of(meta: &ObjectMeta) -> FileStat {
    // The tag changes with the content; whoever needs numbers gets some of it.
    let mut digest = Sha256::new();
    digest.update(meta.e_tag.as_deref().unwrap_or_default());
    digest.update([0]);
    digest.update(meta.version.as_deref().unwrap_or_default());
    let digest: [u8; 32] = digest.finalize().into();
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| digest[at + byte]));
    FileStat {
        bytes: meta.size,
        modified_seconds: meta.last_modified.timestamp(),
        modified_nanos: meta.last_modified.timestamp_subsec_nanos().min(999_999_999),
        identity: (number(0), number(8), i128::from(number(16))),
    }
}

fn error(code: Code, message: impl Into<String>) -> SourceError {
    SourceError { code, message: message.into() }
}
