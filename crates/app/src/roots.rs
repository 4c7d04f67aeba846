//! Whether files are where a registry, or its user, says that they are: each place asked, and some files of it looked at.
//!
//! Nothing here waits for long, whatever hangs. Deliberately absent: where places are noted (see `store.rs`), and looking at all
//! files, which is planning.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sheaf_registry::file_store::{FileStore, Found, SourceError, find};
use sheaf_registry::ids::{FileId, RootId};
use sheaf_registry::rows::{DataRoot, Location};
use sheaf_registry::{Actor, Code, Error, Registry, Result, SampledFile, Viewer};
use sheaf_sources::bucket::BucketAddress;

use crate::credentials::Credentials;
use crate::patience::ask_all;
use crate::stores;
use crate::sync_report::RootReport;
use crate::wire::ErrorReport;

/// Files of a root that are looked at.
const SAMPLED: usize = 12;
/// How long all of them together may take.
const LOOKING: Duration = Duration::from_secs(15);
/// How long a folder may take to answer, when it is only asked whether it is there.
const GLANCE: Duration = Duration::from_millis(500);
/// How long a bucket may take to answer when it is only asked whether it is there.
const BUCKET: Duration = Duration::from_secs(5);

/// Some files of a data root, looked at: 12 of those that the user may see, spread over all of them, or as many as there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RootCheck {
    /// Row id of the data root.
    pub id: i64,
    /// How many were looked at.
    pub sampled: u32,
    /// How many of them are there, as large as the registry says where it says a size.
    pub found: u32,
    /// Those that are there and are not.
    pub other_size: Vec<ResizedFile>,
    /// Those that are not there, by their ids in the registry: a path may name somebody.
    pub missed: Vec<MissedFile>,
    /// Why none can be looked at, where there is one reason for all.
    pub problem: Option<ErrorReport>,
}

/// A file that is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct MissedFile {
    /// Row id.
    pub id: i64,
    /// One of `SOURCE_*`, `PATH_ESCAPE`, `ROOT_MISSING`.
    pub code: String,
}

/// A file that is not as large as it should be: another one, or what a server answers whatever it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ResizedFile {
    /// Row id.
    pub id: i64,
    /// How large it is.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub bytes: u64,
    /// How large it should be.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub registered: u64,
}

impl RootCheck {
    /// Of a root of which nothing was looked at yet.
    fn new(root: RootId) -> Self {
        Self { id: root.0, sampled: 0, found: 0, other_size: Vec::new(), missed: Vec::new(), problem: None }
    }
}

/// For each root, why its files cannot be looked at; asked all at once, and none for long.
pub(crate) fn root_problems(roots: &[DataRoot]) -> Vec<Option<Error>> {
    // Each under a folder of its own, so that a silent one holds up no other. A bucket is asked when its files are wanted.
    let folder = |root: &DataRoot| root.location.as_ref().and_then(Location::folder).map(|folder| folder.join("_"));
    let asked = roots.iter().enumerate().filter_map(|(at, root)| Some((folder(root)?, at))).collect();
    let answers = ask_all(GLANCE, asked, |path, at| (at, std::fs::read_dir(path.parent().unwrap_or(path)).map(drop)));
    let mut looked: Vec<Option<std::io::Result<()>>> = roots.iter().map(|_| None).collect();
    for (at, answer) in answers.into_iter().flatten() {
        looked[at] = Some(answer);
    }
    roots.iter().zip(looked).map(|(root, looked)| root_problem(root, looked)).collect()
}

fn root_problem(root: &DataRoot, looked: Option<std::io::Result<()>>) -> Option<Error> {
    const HINT: &str = "Say where the folder is now; the registry itself is not changed.";
    let Some(location) = &root.location else {
        let message = match root.prefix.as_str() {
            "" => "No folder of this machine is set for this data.".to_owned(),
            prefix => format!("No folder of this machine is set for data under {prefix}."),
        };
        return Some(Error::new(Code::RootMissing, message).hint(HINT));
    };
    let Location::Folder(location) = location else { return None };
    let shown = location.display();
    match looked {
        Some(Ok(())) => None,
        None => Some(
            Error::new(Code::RootMissing, format!("The data folder {shown} does not answer."))
                .hint("Check its disk or network, or say where the folder is now."),
        ),
        Some(Err(error)) => {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound => "does not exist",
                std::io::ErrorKind::NotADirectory => "is not a folder",
                std::io::ErrorKind::PermissionDenied => "may not be read by this account",
                _ => "cannot be opened",
            };
            Some(Error::new(Code::RootMissing, format!("The data folder {shown} {why}.")).hint(HINT).cause(error))
        }
    }
}

/// Looks at some of a root's files, among those that the viewer may see.
pub(crate) fn check(registry: &Registry, viewer: &Viewer, root: &DataRoot, credentials: &Credentials) -> Result<RootCheck> {
    let mut check = RootCheck::new(root.id);
    if let Some(problem) = root_problems(std::slice::from_ref(root)).pop().flatten() {
        check.problem = Some(ErrorReport::from(&problem));
        return Ok(check);
    }
    let files = registry.sample_files(viewer, SAMPLED)?.remove(&root.id).unwrap_or_default();
    let store = stores::open(std::slice::from_ref(root), credentials)?;
    let mut reasons = Vec::new();
    for (file, look) in files.iter().zip(look_at(&store, root.id, &files, LOOKING)) {
        match look {
            Ok(bytes) => match other_size(file, bytes) {
                None => check.found += 1,
                Some(other) => check.other_size.push(other),
            },
            // It is in no place: that was told when the source was read.
            Err(error) if error.code == Code::PathEscape => continue,
            Err(error) => {
                check.missed.push(MissedFile { id: file.id.0, code: error.code.as_str().to_owned() });
                reasons.push(error);
            }
        }
        check.sampled += 1;
    }
    if check.missed.len() == check.sampled as usize {
        check.problem = reason_of_all(reasons).map(|problem| ErrorReport::from(&problem));
    }
    Ok(check)
}

/// A file whose size is not the one that is registered for it. Where either is not of one file, nothing is compared.
fn other_size(file: &SampledFile, found: Option<u64>) -> Option<ResizedFile> {
    let (bytes, registered) = (found?, file.registered_bytes?);
    (bytes != registered).then_some(ResizedFile { id: file.id.0, bytes, registered })
}

/// What there is to tell of each root of a registry: some of its files, whoever may see them.
pub(crate) fn reports(registry: &Registry, roots: Vec<DataRoot>, credentials: &Credentials) -> Result<Vec<RootReport>> {
    let owner = registry.viewer(&Actor::Owner)?;
    let report = |root: DataRoot| {
        let check = check(registry, &owner, &root, credentials)
            .unwrap_or_else(|error| RootCheck { problem: Some(ErrorReport::from(&error)), ..RootCheck::new(root.id) });
        RootReport { prefix: root.prefix, location: root.location.as_ref().map(shown), check }
    };
    Ok(roots.into_iter().map(report).collect())
}

/// For each root that is a bucket, why its files cannot be had: one of them is asked for, all buckets at once.
pub(crate) fn bucket_problems(registry: &Registry, roots: &[DataRoot], credentials: &Credentials) -> Vec<Option<Error>> {
    let asked = roots.iter().map(|root| {
        let is_bucket = matches!(root.location, Some(Location::Bucket(_)));
        // What cannot be read of the registry is told by whoever works with it.
        let path = if is_bucket { registry.any_file_of(root.id).ok().flatten() } else { None };
        let (root, credentials) = (root.clone(), credentials.clone());
        path.map(|path| {
            std::thread::spawn(move || match stores::open(std::slice::from_ref(&root), &credentials) {
                Ok(store) => {
                    let files = [SampledFile { id: FileId(0), path, may_be_folder: false, registered_bytes: None }];
                    let looks = look_at(&store, root.id, &files, BUCKET);
                    reason_of_all(looks.into_iter().filter_map(Result::err).collect())
                }
                Err(error) => Some(error),
            })
        })
    });
    let threads: Vec<_> = asked.collect();
    threads.into_iter().map(|thread| thread?.join().unwrap_or_default()).collect()
}

/// A place as people read it: a bucket without the escapes of its address.
pub(crate) fn shown(location: &Location) -> String {
    match location {
        Location::Folder(_) => location.to_string(),
        Location::Bucket(address) => {
            BucketAddress::parse(address).map_or_else(|_| address.clone(), |address| address.to_string())
        }
    }
}

/// Looks at files of one root, all at once: how large each is, which is not told of a folder.
fn look_at(
    store: &Arc<dyn FileStore>,
    root: RootId,
    files: &[SampledFile],
    patience: Duration,
) -> Vec<Result<Option<u64>, SourceError>> {
    // Each in a folder of its own, so that one that hangs holds up no other.
    let asked = files.iter().enumerate().map(|(at, file)| (PathBuf::from(format!("{at}/file")), file.clone())).collect();
    let store = Arc::clone(store);
    let looks = ask_all(patience, asked, move |_, file: SampledFile| {
        if !file.may_be_folder {
            return store.stat(root, &file.path).map(|stat| Some(stat.bytes));
        }
        find(&*store, root, &file.path).map(|found| match found {
            Found::File(stat) => Some(stat.bytes),
            Found::Folder(_) => None,
        })
    });
    let silent = || SourceError { code: Code::RootMissing, message: "The place of the files does not answer.".to_owned() };
    looks.into_iter().map(|look| look.unwrap_or_else(|| Err(silent()))).collect()
}

/// The reason where all have the same, and it is one of the place and not of single files.
fn reason_of_all(reasons: Vec<SourceError>) -> Option<Error> {
    let first = reasons.first()?.code;
    let hint = match first {
        Code::RootMissing => "Check its address, the network and whether the server runs.",
        Code::SourceUnreadable => "Check the key, and whether it may read there.",
        _ => return None,
    };
    let is_same = reasons.iter().all(|reason| reason.code == first);
    reasons.into_iter().next().filter(|_| is_same).map(|reason| Error::new(reason.code, reason.message).hint(hint))
}
