//! What was said of a source, noted beside its copy in the home for when that cannot be opened any longer: where its files lie,
//! whether names are kept, for whom it is read. A damaged copy is read anew, and must not hold more than was wanted.
//!
//! Deliberately absent: what was said while the copy can be opened. It says that itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sheaf_registry::rows::Location;
use sheaf_registry::{Audience, Names, Registry, Result};
use sheaf_sources::file_registry::Mapping;

use crate::copies::roots_of;
use crate::folders::{LAYOUT, Layout};
use crate::platform;
use crate::sources::TIME_ZONE;

/// The note, in the folder of a copy.
const NAME: &str = "terms.json";

/// How a source is read, as far as somebody has said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// Prefixes of paths, and where the files under them lie.
    places: Vec<(String, String)>,
    names_left_out: bool,
    only_for: Option<String>,
    time_zone: Option<String>,
    pattern: Option<String>,
}

impl Terms {
    /// What a copy says.
    pub(crate) fn of(copy: &Registry) -> Result<Self> {
        let roots = roots_of(copy)?.into_iter();
        Ok(Self {
            places: roots.filter_map(|root| Some((root.prefix, root.location?.to_string()))).collect(),
            names_left_out: copy.names()? == Names::LeftOut,
            only_for: match copy.audience()? {
                Audience::Everybody => None,
                Audience::Only(user) => Some(user),
            },
            time_zone: copy.info(TIME_ZONE)?,
            pattern: copy.info(LAYOUT)?,
        })
    }

    /// What is noted beside a copy; nothing where nothing can be read.
    pub(crate) fn beside(copy: &Path) -> Self {
        let noted = std::fs::read(note(copy)).ok();
        noted.and_then(|noted| serde_json::from_slice(&noted).ok()).unwrap_or_default()
    }

    /// Notes what a copy says.
    pub(crate) fn keep(copy: &Path, of: &Registry) {
        let kept = Self::of(of).and_then(|terms| {
            let bytes = serde_json::to_vec(&terms).unwrap_or_default();
            platform::write_whole(&note(copy), &bytes).map_err(|error| crate::home::unusable(copy, &error))
        });
        if let Err(error) = kept {
            tracing::warn!(code = %error.code(), "how a source is read is not noted beside its copy");
        }
    }

    pub(crate) fn mappings(&self) -> impl Iterator<Item = Mapping> {
        let mapping = |(prefix, place): &(String, String)| Mapping {
            prefix: prefix.clone(),
            location: Location::new(place, Path::new("/")),
        };
        self.places.iter().map(mapping)
    }

    pub(crate) fn names(&self) -> Names {
        if self.names_left_out { Names::LeftOut } else { Names::Kept }
    }

    pub(crate) fn audience(&self) -> Audience {
        self.only_for.clone().map_or(Audience::Everybody, Audience::Only)
    }

    pub(crate) fn time_zone(&self) -> Option<String> {
        self.time_zone.clone()
    }

    pub(crate) fn layout(&self) -> Option<Layout> {
        Layout::parse(self.pattern.as_deref()?).ok()
    }
}

fn note(copy: &Path) -> PathBuf {
    copy.with_file_name(NAME)
}
