//! Opening a registry, choosing the project, and acting as a user of it.

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;

use super::browse::BrowseState;
use super::settings::Preferences;
use super::{Desk, not_yet, NotificationState, Nothing, TaskId};
use crate::wire::{ErrorReport, Project, User};

/// What a page needs to begin.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Startup {
    /// Version of the application.
    pub version: String,
    /// The registry that is open; the last one is opened again.
    pub registry: Option<OpenRegistry>,
    /// Why the last registry could not be opened again.
    pub problem: Option<ErrorReport>,
    /// Registries opened before, the latest first.
    pub recent: Vec<RecentRegistry>,
    /// How the window shall look and behave.
    pub preferences: Preferences,
    /// Language of the desktop, such as `it`; empty where it says nothing.
    pub desktop_language: String,
    /// Whether this desktop shows notifications.
    pub notifications: NotificationState,
}

/// A registry opened before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RecentRegistry {
    /// Its id on this machine.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Last opened.
    pub opened_at: jiff::Timestamp,
    /// Whether the file is there; `null` where that cannot be told in time.
    pub present: Option<bool>,
}

/// Registries opened before, the latest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RecentRegistries {
    /// At most twenty.
    pub recent: Vec<RecentRegistry>,
}

/// The open registry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OpenRegistry {
    /// Its id on this machine.
    pub id: String,
    /// Name to show: the file's name without its ending.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// When a synced registry was last read from its source; `null` for a native one.
    pub synced_at: Option<jiff::Timestamp>,
    /// When its index was loaded.
    pub opened_at: jiff::Timestamp,
    /// Projects that the user sees.
    pub projects: Vec<Project>,
    /// Slug of the chosen project; `null` where there is none to see.
    pub project: Option<String>,
    /// Users that the registry knows.
    pub users: Vec<User>,
    /// Who is acted as: a policy check, no protection; `null` is the owner.
    pub user: Option<String>,
    /// Folders in which files cannot be looked at now.
    pub data_roots_missing: u32,
    /// The file has changed since: `refresh_registry` reads it anew.
    pub changed: bool,
    /// State of the choosing; `null` where there is no project.
    pub browse: Option<BrowseState>,
}

/// A registry opened before.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RecentId {
    /// Its id.
    pub id: String,
}

/// A project of the open registry.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ProjectChoice {
    /// Its slug.
    pub project: String,
}

/// Whom to act as.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ActAs {
    /// A user of the registry; `null` is the owner.
    pub user: Option<String>,
}

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
    /// Where it is looked for; `null`: nowhere yet.
    pub location: Option<String>,
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

impl Desk {
    /// Not there yet.
    pub fn start(&self, _: Nothing) -> Result<Startup> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn open_registry(&self, _: Nothing) -> Result<Option<OpenRegistry>> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn open_recent(&self, _: RecentId) -> Result<OpenRegistry> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn forget_recent(&self, _: RecentId) -> Result<RecentRegistries> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn recent_registries(&self, _: Nothing) -> Result<RecentRegistries> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn make_demo(&self, _: TaskId) -> Result<OpenRegistry> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn close_registry(&self, _: Nothing) -> Result<Nothing> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn refresh_registry(&self, _: Nothing) -> Result<OpenRegistry> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn choose_project(&self, _: ProjectChoice) -> Result<OpenRegistry> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn act_as(&self, _: ActAs) -> Result<OpenRegistry> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn data_roots(&self, _: Nothing) -> Result<DataRoots> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn locate_data_root(&self, _: DataRootId) -> Result<DataRoots> {
        Err(not_yet())
    }
}
