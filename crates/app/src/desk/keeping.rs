//! For whom what is read of a source is kept in the home: for everybody, or for one of its users.
//!
//! Deliberately absent: what a user may read, and how the rest is left out (see `sheaf_registry::Audience`).

use serde::{Deserialize, Serialize};
use sheaf_registry::{Audience, Registry, Result};

use super::Desk;
use super::open::Open;
use super::registries::OpenRegistry;
use crate::copies::{Asking, Wish};
use crate::wire::User;

/// For whom what is read of a source is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct KeptFor {
    /// The user without whose right nothing is; `null`: everybody.
    pub user: Option<String>,
}

impl Desk {
    /// Reads the source of the registry anew, to keep of it what one of its users may read, as whom it is looked at then, or what
    /// everybody may. `UNKNOWN_USER`.
    pub fn keep_for(&self, said: KeptFor) -> Result<OpenRegistry> {
        let _opening = self.opening();
        let (path, user, project) = self.standing()?;
        let audience = Some(said.user.clone().map_or(Audience::Everybody, Audience::Only));
        self.read_source(&path, Asking::Anew, Wish { audience, ..Wish::default() })?;
        let user = said.user.or(user);
        self.show(Open::read(self.sheaf.house(), &path, user.as_deref(), project.as_deref())?)
    }
}

/// For whom a registry is kept that stands for a source with users.
pub(super) fn kept_for(registry: &Registry, users: &[User]) -> Result<Option<KeptFor>> {
    Ok(match registry.audience()? {
        Audience::Only(user) => Some(KeptFor { user: Some(user) }),
        Audience::Everybody if users.is_empty() => None,
        Audience::Everybody => Some(KeptFor { user: None }),
    }
    .filter(|_| registry.is_copy()))
}
