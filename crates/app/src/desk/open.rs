//! The open registry: what it was read into, and the project that is looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use sheaf_registry::index::{Index, View};
use sheaf_registry::progress::Cancel;
use sheaf_registry::rows::{DataRoot, Location};
use sheaf_registry::{Code, Error, Registry, Result};
use sheaf_sources::server::Server;

use super::choosing::Choosing;
use super::keeping::{KeptFor, kept_for};
use super::studying::Studying;
use crate::copies::stamp_of_source;
use crate::folders;
use crate::house::{House, actor};
use crate::patience::{PATIENCE, ask};
use crate::platform::Stamp;
use crate::roots::root_problems;
use crate::sheets::RejectedRow;
use crate::sources::{self, OddityReport};
use crate::wire::{Project, User};

/// A registry as it was read.
pub(crate) struct Open {
    /// Its id on this machine.
    pub(crate) id: String,
    /// Canonical.
    pub(crate) path: PathBuf,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) opened_at: Timestamp,
    pub(crate) synced_at: Option<Timestamp>,
    pub(crate) users: Vec<User>,
    /// Nobody may look at it but one of them.
    pub(crate) needs_user: bool,
    /// For whom its source is kept; `None` where none is, or one without users.
    pub(crate) kept_for: Option<KeptFor>,
    /// How paths of a folder of images were read; `None` for what is none.
    pub(crate) layout: Option<String>,
    /// What was odd in the source, as far as this user may know it.
    pub(crate) oddities: Vec<OddityReport>,
    /// How many exports of the source's own history this user may know of.
    pub(crate) source_exports: u64,
    /// `None`: the owner.
    pub(crate) user: Option<String>,
    pub(crate) projects: Vec<Project>,
    /// As the registry has them.
    pub(crate) roots: Vec<DataRoot>,
    pub(crate) roots_missing: u32,
    /// Some of them are buckets, as they lie on this machine.
    pub(crate) has_buckets: bool,
    pub(crate) choosing: Option<Choosing>,
    /// Read when they are looked at first.
    pub(crate) studies: Option<Studying>,
    /// Rows that were rejected of the table that the user brought last.
    pub(crate) rejected: Vec<RejectedRow>,
}

impl Open {
    /// Reads the registry at `path`, and the index of a project of it: the one that is named if the user sees it, else the
    /// first with patients. The file is not held open.
    pub(crate) fn read(house: &House, path: &Path, user: Option<&str>, project: Option<&str>) -> Result<Self> {
        let path = canonical(path)?;
        let stamp = Stamp::of(&path);
        let registry = house.registry(&path)?;
        let stamp = stamp_of_source(&registry).or(stamp);
        let roots = registry.data_roots()?;
        let located = house.data_roots(registry.path(), &roots);
        let has_buckets = located.iter().any(|root| matches!(root.location, Some(Location::Bucket(_))));
        let missing = std::thread::spawn(move || missing(&located));
        let viewer = registry.viewer(&actor(user))?;
        let summaries = registry.projects(&viewer)?;
        let named = summaries.iter().find(|summary| Some(summary.project.slug.as_str()) == project);
        let filled = summaries.iter().find(|summary| summary.patients > 0);
        let choosing = match named.or(filled).or(summaries.first()) {
            None => None,
            Some(chosen) => {
                let index = Index::load(&registry, &viewer, chosen.project.id, Some(&house.home.index()))?;
                let view = View::for_viewer(Arc::new(index), &viewer)?;
                Some(Choosing::new(chosen.project.slug.clone(), view))
            }
        };
        let projects = summaries.into_iter().map(|summary| Project {
            slug: summary.project.slug,
            name: summary.project.name,
            patients: summary.patients,
            may_export: summary.may_export,
        });
        let users = users(&registry)?;
        Ok(Self {
            id: String::new(),
            path: registry.path().to_owned(),
            stamp,
            opened_at: house.environment.clock.now(),
            synced_at: registry.synced_at()?,
            layout: registry.info(folders::LAYOUT)?.filter(|_| registry.is_copy()),
            oddities: registry.oddities(&viewer)?.into_iter().map(OddityReport::from).collect(),
            source_exports: registry.source_exports(&viewer)?.len() as u64,
            kept_for: kept_for(&registry, &users)?,
            users,
            needs_user: registry.needs_user(),
            user: user.map(ToOwned::to_owned),
            projects: projects.collect(),
            roots,
            roots_missing: missing.join().unwrap_or(0),
            has_buckets,
            choosing,
            studies: None,
            rejected: Vec::new(),
        })
    }

    /// Whether whoever looks at it has its account's lists of studies: the owner, and anybody where there is none.
    pub(crate) fn has_lists(&self) -> bool {
        self.user.is_none() || self.needs_user
    }

    /// The file's name without its ending; the name of its folder where the file is called just what it is; host and database of
    /// a server.
    pub(crate) fn name(path: &Path) -> String {
        if let Some(Ok(server)) = Server::named(path) {
            return format!("{}/{}", server.host, server.database);
        }
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        if stem.eq_ignore_ascii_case("registry")
            && let Some(folder) = path.parent().and_then(Path::file_name)
        {
            return folder.to_string_lossy().into_owned();
        }
        stem.to_string_lossy().into_owned()
    }
}

/// The users whom a registry knows.
pub(crate) fn users(registry: &Registry) -> Result<Vec<User>> {
    Ok(registry.users()?.into_iter().map(|user| User { name: user.name, role: user.role }).collect())
}

/// The path as the registry knows itself; as it is where there is none. Refuses a disk that is silent, before anyone is caught
/// there.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf> {
    if Server::named(path).is_some() {
        return Ok(sources::canonical(path));
    }
    let asked = path.to_owned();
    ask(PATIENCE, &Cancel::new(), move |_| asked.canonicalize().unwrap_or(asked)).ok_or_else(|| {
        Error::new(Code::RegistryUnreadable, format!("The disk of {} does not answer.", path.display()))
            .hint("Check the disk or the network, then try again.")
    })
}

/// How many of these folders cannot be looked at.
fn missing(roots: &[DataRoot]) -> u32 {
    let problems = root_problems(roots);
    u32::try_from(problems.iter().filter(|problem| problem.is_some()).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_called_what_tells_it_from_others() {
        for (path, name) in [
            ("/data/ortho 2025.sqlite", "ortho 2025"),
            ("/home/u/Sheaf demo 2/registry.sqlite", "Sheaf demo 2"),
            ("/data/Registry.db", "data"),
            ("/registry.sqlite", "registry"),
            ("mysql://lab@db.example.org:3307/registry?ca=/etc/lab.pem", "db.example.org/registry"),
        ] {
            assert_eq!(Open::name(Path::new(path)), name, "{path}");
        }
    }
}
