//! Where the files of the open registry lie: folders and buckets, whether they are there, and some of their files looked at.
//!
//! A folder is chosen in a dialog of the desktop; a bucket is said by its parts, with a key that goes into the process and, where
//! that is asked for, into the keyring. Deliberately absent: writing to the registry, whose own word stays as it is.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::Cancel;
use sheaf_registry::rows::{DataRoot, Location};
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::bucket::{BucketAddress, BucketKey};

use super::open::Open;
use super::registries::nothing_open;
use super::{Desk, FolderQuestion, Nothing};
use crate::credentials::Credentials;
use crate::house::actor;
use crate::roots::{self, root_problems};
pub use crate::roots::{MissedFile, ResizedFile, RootCheck};
use crate::wire::ErrorReport;

/// The data roots of the open registry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DataRoots {
    /// In the registry's order.
    pub roots: Vec<DataRootView>,
}

/// Where files of the registry lie.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct DataRootView {
    /// Row id.
    pub id: i64,
    /// Leading part of the paths that stand for this root; empty: all the rest.
    pub prefix: String,
    /// Where it is looked for, for people; `null`: nowhere yet.
    pub location: Option<String>,
    /// The parts of that, where it is a bucket.
    pub bucket: Option<BucketForm>,
    /// The user has said where it is on this machine, which stands in the home and not in the registry.
    pub located: bool,
    /// Why files in it cannot be looked at; `null` when they can.
    pub problem: Option<ErrorReport>,
}

/// A data root.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DataRootId {
    /// Row id.
    pub id: i64,
}

/// An S3-compatible bucket, without any secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct BucketForm {
    /// Its name.
    pub bucket: String,
    /// Leading part of all keys; empty: the whole bucket.
    pub prefix: String,
    /// The server that has it, a URL; empty: AWS's.
    pub endpoint: String,
    /// Its region; empty: the usual one.
    pub region: String,
    /// Whether the bucket stands in the path of a question and not in the host's name; `null`: as is usual for the endpoint.
    pub path_style: Option<bool>,
}

/// A key for a bucket.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct BucketKeyForm {
    /// Its name.
    pub id: String,
    /// What goes with it.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub secret: Sensitive<String>,
}

/// A bucket to look into for the files of a data root.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TestBucket {
    /// Row id of the data root.
    pub id: i64,
    /// The bucket.
    pub bucket: BucketForm,
    /// What opens it; `null`: what is known for it.
    pub key: Option<BucketKeyForm>,
}

/// A bucket in which a data root lies.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct UseBucket {
    /// Row id of the data root.
    pub id: i64,
    /// The bucket.
    pub bucket: BucketForm,
    /// What opens it; `null`: what is known for it.
    pub key: Option<BucketKeyForm>,
    /// Keep the key in the keyring of the desktop.
    pub keep_key: bool,
}

/// A data root was put into a bucket.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BucketUsed {
    /// Where files lie now.
    pub roots: DataRoots,
    /// Why the key was not kept, where it should have been.
    pub not_kept: Option<ErrorReport>,
}

impl Desk {
    /// Where files of the registry lie.
    pub fn data_roots(&self, _: Nothing) -> Result<DataRoots> {
        let (path, roots) = self.of_open(|open| (open.path.clone(), open.roots.clone()))?;
        let house = self.sheaf.house();
        let located = house.store.located(&path, &roots)?;
        let roots: Vec<DataRoot> = located.iter().map(|(root, _)| root.clone()).collect();
        let mut problems = root_problems(&roots);
        if roots.iter().any(|root| matches!(root.location, Some(Location::Bucket(_)))) {
            let asked = house.registry(&path)?;
            let asked = roots::bucket_problems(&asked, &roots, &house.environment.credentials);
            for (problem, asked) in problems.iter_mut().zip(asked) {
                *problem = problem.take().or(asked);
            }
        }
        let missing = problems.iter().filter(|problem| problem.is_some()).count();
        if let Some(open) = self.opened().as_mut().filter(|open| open.path == path) {
            open.roots_missing = u32::try_from(missing).unwrap_or(u32::MAX);
        }
        let view = |((root, located), problem): ((DataRoot, bool), Option<Error>)| DataRootView {
            id: root.id.0,
            prefix: root.prefix,
            bucket: root.location.as_ref().and_then(BucketForm::of),
            location: root.location.map(|location| roots::shown(&location)),
            located,
            problem: problem.map(|problem| ErrorReport::from(&problem)),
        };
        Ok(DataRoots { roots: located.into_iter().zip(problems).map(view).collect() })
    }

    /// Lets the user say in which folder a data root is on this machine. The registry is not changed.
    pub fn locate_data_root(&self, root: DataRootId) -> Result<DataRoots> {
        let (registry, root) = self.root(root.id)?;
        let question = FolderQuestion {
            title: self.language().locate_data().to_owned(),
            folder: root.location.as_ref().and_then(Location::folder).and_then(Path::parent).map(Path::to_owned),
        };
        if let Some(folder) = self.native.choose_folder(&question) {
            self.sheaf.house().store.locate(&registry, &root.prefix, &folder)?;
        }
        self.data_roots(Nothing {})
    }

    /// Looks at some files of a data root where it is now.
    pub fn check_data_root(&self, root: DataRootId) -> Result<RootCheck> {
        let (_, root) = self.root(root.id)?;
        let path = self.of_open(|open| open.path.clone())?;
        let located = self.sheaf.house().data_roots(&path, &[root]);
        let root = located.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "A data root is lost."))?;
        self.check_root(&root, &self.sheaf.house().environment.credentials)
    }

    /// Looks for some files of a data root in a bucket. Nothing is kept.
    pub fn test_bucket(&self, test: TestBucket) -> Result<RootCheck> {
        let (_, root) = self.root(test.id)?;
        let address = test.bucket.address()?;
        let credentials = self.sheaf.house().environment.credentials.with_key(&address, test.key.map(Into::into));
        let root = DataRoot { location: Some(Location::Bucket(address.url())), ..root };
        self.check_root(&root, &credentials)
    }

    /// Says that a data root is in a bucket. The registry is not changed.
    pub fn use_bucket(&self, used: UseBucket) -> Result<BucketUsed> {
        let (registry, root) = self.root(used.id)?;
        let (house, address) = (self.sheaf.house(), used.bucket.address()?);
        house.store.locate(&registry, &root.prefix, &PathBuf::from(address.url()))?;
        let mut not_kept = None;
        if let Some(key) = used.key.map(BucketKey::from) {
            if used.keep_key {
                let kept = Credentials::keep_key(&address, &key, &Cancel::new());
                not_kept = kept.err().map(|error| ErrorReport::from(&error));
            }
            house.environment.credentials.say_key(&address, key);
        }
        Ok(BucketUsed { roots: self.data_roots(Nothing {})?, not_kept })
    }

    pub(super) fn of_open<T>(&self, read: impl FnOnce(&Open) -> T) -> Result<T> {
        self.opened().as_ref().map(read).ok_or_else(nothing_open)
    }

    /// The id of the registry, and one of its roots as the registry has it.
    fn root(&self, id: i64) -> Result<(String, DataRoot)> {
        self.of_open(|open| {
            let root = open.roots.iter().find(|known| known.id.0 == id).cloned();
            let root = root.ok_or_else(|| Error::new(Code::RootMissing, "The registry has no such data root."))?;
            Ok((open.id.clone(), root))
        })?
    }

    fn check_root(&self, root: &DataRoot, credentials: &Credentials) -> Result<RootCheck> {
        let (path, user) = self.of_open(|open| (open.path.clone(), open.user.clone()))?;
        let registry = self.sheaf.house().registry(&path)?;
        let viewer = registry.viewer(&actor(user.as_deref()))?;
        roots::check(&registry, &viewer, root, credentials)
    }
}

impl BucketForm {
    fn of(location: &Location) -> Option<Self> {
        let Location::Bucket(address) = location else { return None };
        let address = BucketAddress::parse(address).ok()?;
        Some(Self {
            bucket: address.bucket().to_owned(),
            prefix: address.prefix().to_owned(),
            endpoint: address.endpoint().unwrap_or_default().to_owned(),
            region: address.region().to_owned(),
            path_style: Some(address.path_style()),
        })
    }

    fn address(&self) -> Result<BucketAddress> {
        let [bucket, endpoint, region] = [&self.bucket, &self.endpoint, &self.region].map(|said| said.trim());
        BucketAddress::of(bucket, &self.prefix, endpoint, region, self.path_style)
    }
}

impl From<BucketKeyForm> for BucketKey {
    fn from(BucketKeyForm { id, secret }: BucketKeyForm) -> Self {
        Self { id: id.trim().to_owned(), secret }
    }
}
