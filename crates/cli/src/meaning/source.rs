//! What names a registry or a source means, and what is said of one.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use sheaf_app::credentials::Server;
use sheaf_app::folders::{self, FolderOptions};
use sheaf_app::sources::{BucketAddress, Location, Mapping, SyncRequest, Wish};
use sheaf_registry::text::quoted;
use sheaf_registry::{Audience, Code, Error, Names, Result};

use super::{Aside, Kept, Synced, Work, not_yet};
use crate::args::{Registry, SaidAudience, SaidNames, SaidSync};

/// What is meant by `sheaf sync`.
pub(super) fn sync(said: SaidSync, aside: &mut Aside) -> Result<Work> {
    let SaidSync { source, to, map, keep_password, forget, tz: time_zone, names, audience, folder } = said;
    let SaidNames { without_names, with_names } = names;
    let SaidAudience { only_for, for_everybody } = audience;
    let names = match (without_names, with_names) {
        (true, _) => Some(Names::LeftOut),
        (_, true) => Some(Names::Kept),
        _ => None,
    };
    let audience = only_for.map(Audience::Only).or_else(|| for_everybody.then_some(Audience::Everybody));
    let source = readable(source.into(), aside)?;
    if forget {
        return Ok(Work::Forget { source });
    }
    let mappings = mappings(&map)?;
    let layout = folder.pattern.as_deref().map(folders::layout).transpose()?;
    must_be_folder(&source, !mappings.is_empty(), layout.is_some() || folder.hash || folder.preview.is_some())?;
    let keep = if keep_password { kept(&source, &mappings)? } else { Vec::new() };
    if let Some(most) = folder.preview {
        return Ok(Work::PreviewFolder { source, layout: layout.unwrap_or_default(), most });
    }
    let folder = FolderOptions { layout, hash: folder.hash, ledger: None };
    let what = match to {
        None => Synced::Kept { source, wish: Wish { mappings, folder, time_zone, names, audience } },
        Some(to) => Synced::Own(SyncRequest { source, to, replace: false, time_zone, mappings, folder, names, audience }),
    };
    Ok(Work::Sync { what, keep })
}

/// Whose secrets are to be kept.
fn kept(source: &Path, mappings: &[Mapping]) -> Result<Vec<Kept>> {
    let server = Server::named(source).transpose()?.map(Kept::Server);
    let buckets = mappings.iter().filter_map(|mapping| match &mapping.location {
        Location::Bucket(address) => Some(BucketAddress::parse(address).map(Kept::Bucket)),
        Location::Folder(_) => None,
    });
    let kept: Vec<Kept> = server.map(Ok).into_iter().chain(buckets).collect::<Result<_>>()?;
    if kept.is_empty() {
        let message = "Only a server has a password, and a bucket a key.";
        return Err(Error::new(Code::Usage, message).hint("Leave --keep-password out."));
    }
    Ok(kept)
}

/// Where files lie; of each prefix it is said once.
fn mappings(said: &[OsString]) -> Result<Vec<Mapping>> {
    let mappings = said.iter().map(|said| mapping(said)).collect::<Result<Vec<_>>>()?;
    for (at, mapping) in mappings.iter().enumerate() {
        if mappings[..at].iter().any(|earlier| earlier.root() == mapping.root()) {
            let message = format!("--map says of {} twice where its files lie.", quoted(&mapping.prefix));
            return Err(Error::new(Code::Usage, message).hint("Say it once."));
        }
    }
    Ok(mappings)
}

/// `PREFIX=DIR` or `PREFIX=s3://BUCKET/PREFIX?...`; `=DIR` is for keys without a prefix. The first `=` parts them: no prefix of a data root has one.
fn mapping(said: &OsStr) -> Result<Mapping> {
    let wrong = |why: &str| {
        let said = said.to_string_lossy();
        // A slip in an address may hold a key.
        let shown = if said.contains('@') { String::new() } else { format!("{} ", quoted(&said)) };
        Error::new(Code::Usage, format!("--map {shown}{why}."))
            .hint("Say --map PREFIX=DIR, such as --map /dataset=/mnt/imaging, or --map =DIR for keys without a prefix.")
    };
    let text = said.to_str().ok_or_else(|| wrong("is no text"))?;
    let (prefix, folder) = text.split_once('=').ok_or_else(|| wrong("has no ="))?;
    if folder.is_empty() {
        return Err(wrong("names no folder"));
    }
    if prefix.contains(":/") {
        return Err(wrong("has an address where a prefix of paths stands"));
    }
    let location = if let Some(bucket) = bucket(folder).map_err(wrong)? {
        BucketAddress::parse(&bucket)?;
        Location::Bucket(bucket)
    } else {
        Location::Folder(std::path::absolute(folder).map_err(|error| wrong("names no folder").cause(error))?)
    };
    Ok(Mapping { prefix: prefix.to_owned(), location })
}

/// What begins like a URL means no folder, but for a drive of Windows; neither does what has room for a key, unless it is there.
fn bucket(said: &str) -> std::result::Result<Option<String>, &'static str> {
    const NEITHER: &str = "names neither a folder nor a bucket, s3://…";
    let has_key = said.split_once(':').is_some_and(|(_, rest)| rest.contains('@'));
    let Some((scheme, rest)) = said.split_once(":/") else {
        return if has_key && !Path::new(said).exists() { Err(NEITHER) } else { Ok(None) };
    };
    let is_scheme = scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    match rest.strip_prefix('/') {
        Some(rest) if scheme.eq_ignore_ascii_case("s3") => Ok(Some(format!("s3://{rest}"))),
        _ if is_scheme || has_key && !Path::new(said).exists() => Err(NEITHER),
        _ => Ok(None),
    }
}

/// The registry, or the source that stands for one.
pub(super) fn registry_of(registry: Registry, aside: &mut Aside) -> Result<PathBuf> {
    let path = readable(registry.path, aside)?;
    aside.mappings = mappings(&registry.map)?;
    must_be_folder(&path, !aside.mappings.is_empty(), false)?;
    Ok(path)
}

/// A path, or a server by its name: its password goes aside. Servers of other kinds have no work yet.
fn readable(path: PathBuf, aside: &mut Aside) -> Result<PathBuf> {
    let is_server = |text: &&str| Server::is_url(text) || Server::may_be_meant(text) && !path.exists();
    if let Some(url) = path.to_str().filter(is_server) {
        let (server, password) = Server::parse(url)?;
        let name = PathBuf::from(server.to_string());
        aside.passwords.extend(password.map(|password| (server, password)));
        return Ok(name);
    }
    if path.to_string_lossy().contains("://") {
        return Err(not_yet("Reading servers of other kinds")
            .hint("Name a registry, a database, a list of studies or a folder; `sheaf demo DIR` makes a registry to try."));
    }
    Ok(path)
}

/// Refuses what is said of a folder where there is none, and of other sources where there is one.
fn must_be_folder(source: &Path, is_mapped: bool, is_said: bool) -> Result<()> {
    let shown = source.display();
    match (source.is_dir(), is_mapped, is_said) {
        (true, true, _) => {
            Err(Error::new(Code::Usage, format!("{shown} is a folder, whose files lie in it.")).hint("Leave --map out."))
        }
        (false, _, true) => {
            let message = format!("{shown} is no folder, which --pattern, --hash and --preview are for.");
            Err(Error::new(Code::Usage, message).hint("Leave them out, or name a folder of images."))
        }
        _ => Ok(()),
    }
}
