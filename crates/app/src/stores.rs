//! The files of a registry, wherever its data roots are: in folders of this machine, in buckets, or in both.

use std::sync::Arc;

use sheaf_archive::file_root::LocalFileStore;
use sheaf_registry::Result;
use sheaf_registry::file_store::{FileStat, FileStore, ListedFile, SourceError, SourceFile};
use sheaf_registry::ids::RootId;
use sheaf_registry::rows::DataRoot;
use sheaf_sources::bucket::BucketStore;

use crate::credentials::Credentials;

/// The files below these roots. Nothing is asked yet.
///
/// # Errors
/// `USAGE` for an address of a bucket that cannot be meant; `PASSWORD_UNUSABLE` for credentials that cannot be used.
pub(crate) fn open(roots: &[DataRoot], credentials: &Credentials) -> Result<Arc<dyn FileStore>> {
    let local = LocalFileStore::open(roots);
    Ok(match BucketStore::open(roots, &credentials.of_buckets())? {
        None => Arc::new(local),
        Some(buckets) => Arc::new(Everywhere { local, buckets }),
    })
}

/// Folders and buckets.
struct Everywhere {
    local: LocalFileStore,
    buckets: BucketStore,
}

impl Everywhere {
    fn of(&self, root: RootId) -> &dyn FileStore {
        if self.buckets.has(root) { &self.buckets } else { &self.local }
    }
}

impl FileStore for Everywhere {
    fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError> {
        self.of(root).stat(root, path)
    }

    fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError> {
        self.of(root).open(root, path, offset)
    }

    fn list(&self, root: RootId, path: &str) -> Result<Vec<ListedFile>, SourceError> {
        self.of(root).list(root, path)
    }

    fn at_once(&self) -> usize {
        self.local.at_once().max(self.buckets.at_once())
    }

    fn expect(&self, root: RootId, path: &str, bytes: u64) {
        self.of(root).expect(root, path, bytes);
    }
}
