//! What names a registry or a source means, and what is said of one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sheaf_app::credentials::Server;
use sheaf_app::folders::{self, FolderOptions};
use sheaf_app::sources::{BucketAddress, Location, Mapping, SyncRequest, Wish};
use sheaf_registry::text::quoted;
use sheaf_registry::{Code, Error, Names, Result};

use super::{Kept, Passwords, Synced, Work, not_yet};
use crate::args::{Registry, SaidSync};

/// What is meant by `sheaf sync`.
pub(super) fn sync(said: SaidSync, passwords: &mut Passwords) -> Result<Work> {
    let SaidSync { source, to, map, keep_password, tz: time_zone, without_names, with_names, folder } = said;
    let names = match (without_names, with_names) {
        (true, _) => Some(Names::LeftOut),
        (_, true) => Some(Names::Kept),
        _ => None,
    };
    let source = readable(source.into(), passwords)?;
    let mappings = map.iter().map(|said| mapping(said)).collect::<Result<Vec<_>>>()?;
    let layout = folder.pattern.as_deref().map(folders::layout).transpose()?;
    must_be_folder(&source, !mappings.is_empty(), layout.is_some() || folder.hash || folder.preview.is_some())?;
    let keep = if keep_password { kept(&source, &mappings)? } else { Vec::new() };
    if let Some(most) = folder.preview {
        return Ok(Work::PreviewFolder { source, layout: layout.unwrap_or_default(), most });
    }
    let folder = FolderOptions { layout, hash: folder.hash, ledger: None };
    let what = match to {
        None => Synced::Kept { source, wish: Wish { mappings, folder, time_zone, names } },
        Some(to) => Synced::Own(SyncRequest { source, to, replace: false, time_zone, mappings, folder, names }),
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

/// `PREFIX=DIR` or `PREFIX=s3://BUCKET/PREFIX?...`; `=DIR` is for keys without a prefix. The first `=` parts them: no prefix of a data root has one.
fn mapping(said: &OsStr) -> Result<Mapping> {
    let wrong = |why: &str| {
        Error::new(Code::Usage, format!("--map {} {why}.", quoted(&said.to_string_lossy())))
            .hint("Say --map PREFIX=DIR, such as --map /dataset=/mnt/imaging, or --map =DIR for keys without a prefix.")
    };
    let text = said.to_str().ok_or_else(|| wrong("is no text"))?;
    let (prefix, folder) = text.split_once('=').ok_or_else(|| wrong("has no ="))?;
    if folder.is_empty() {
        return Err(wrong("names no folder"));
    }
    let location = if folder.starts_with("s3://") {
        BucketAddress::parse(folder)?;
        Location::Bucket(folder.to_owned())
    } else {
        Location::Folder(std::path::absolute(folder).map_err(|error| wrong("names no folder").cause(error))?)
    };
    Ok(Mapping { prefix: prefix.to_owned(), location })
}

/// The registry, or the source that stands for one.
pub(super) fn registry_of(registry: Registry, passwords: &mut Passwords) -> Result<PathBuf> {
    readable(registry.path, passwords)
}

/// A path, or a server by its name: its password goes aside. Servers of other kinds have no work yet.
fn readable(path: PathBuf, passwords: &mut Passwords) -> Result<PathBuf> {
    if let Some(url) = path.to_str().filter(|text| Server::is_url(text)) {
        let (server, password) = Server::parse(url)?;
        let name = PathBuf::from(server.to_string());
        passwords.extend(password.map(|password| (server, password)));
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
