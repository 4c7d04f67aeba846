//! What a registry holds, as far as its user sees it: projects, users, patients.
//!
//! A registry that cannot be read in place is read as a private copy in the home, which goes away with the answer. What is
//! deliberately absent: a home where none is needed. Looking makes none.

use std::path::Path;

use sheaf_registry::registry::Registry;
use sheaf_registry::selection::Selection;
use sheaf_registry::text::write_path;
use sheaf_registry::{Result, Viewer};

use crate::environment::Environment;
use crate::house::{House, actor};
use crate::sources::is_foreign;
use crate::wire;

/// A registry, and who looks at it.
pub struct Looking<'a> {
    /// The registry file.
    pub registry: &'a Path,
    /// A user of the registry; `None` is the owner, who sees everything.
    pub user: Option<&'a str>,
    /// The home (`None`: the platform's data directory). Opened only where the registry must be copied to be read.
    pub home: Option<&'a Path>,
    /// What the home is opened with.
    pub environment: &'a dyn Fn() -> Environment,
}

impl Looking<'_> {
    /// The projects that the user sees.
    pub fn projects(&self) -> Result<wire::Projects> {
        let opened = self.open()?;
        let viewer = opened.registry.viewer(&actor(self.user))?;
        let projects = opened.registry.projects(&viewer)?.into_iter().map(|summary| wire::Project {
            slug: summary.project.slug,
            name: summary.project.name,
            patients: summary.patients,
            may_export: summary.may_export,
        });
        Ok(wire::Projects { projects: projects.collect() })
    }

    /// The users that the registry knows; asked by one of them, or by the owner.
    pub fn users(&self) -> Result<wire::Users> {
        let opened = self.open()?;
        opened.registry.viewer(&actor(self.user))?;
        let users = opened.registry.users()?;
        Ok(wire::Users { users: users.into_iter().map(|user| wire::User { name: user.name, role: user.role }).collect() })
    }

    /// The exports of the source's own history that the user may know of.
    pub fn source_exports(&self) -> Result<wire::SourceExports> {
        let opened = self.open()?;
        let viewer = opened.registry.viewer(&actor(self.user))?;
        source_exports(&opened.registry, &viewer)
    }

    /// A page of the patients that the user sees. Nothing said about patients means all of them here.
    pub fn patients(&self, project: &str, selection: &Selection, limit: Option<u64>, offset: u64) -> Result<wire::Patients> {
        let opened = self.open()?;
        let viewer = opened.registry.viewer(&actor(self.user))?;
        let page = opened.registry.patients(&viewer, project, selection, limit, offset)?;
        let patients = page.patients.into_iter().map(|patient| wire::Patient {
            id: patient.patient_id,
            folders: patient.folders.iter().map(|path| write_path(path)).collect(),
            tags: patient.tags,
            contents: patient
                .contents
                .into_iter()
                .map(|content| wire::Content {
                    modality: content.modality,
                    kind: content.kind.as_str().to_owned(),
                    files: content.files,
                    bytes: content.bytes,
                })
                .collect(),
        });
        Ok(wire::Patients { total: page.total, patients: patients.collect(), unknown_patients: page.unknown_patients })
    }

    pub(crate) fn open(&self) -> Result<Opened> {
        if !is_foreign(self.registry, self.home)? && !Registry::needs_copy(self.registry)? {
            return Ok(Opened { registry: Registry::open(self.registry)?, _house: None });
        }
        let house = House::open(self.home, (self.environment)())?;
        Ok(Opened { registry: house.registry(self.registry)?, _house: Some(house) })
    }
}

/// The exports of the source's own history that a viewer may know of.
pub(crate) fn source_exports(registry: &Registry, viewer: &Viewer) -> Result<wire::SourceExports> {
    let source_exports = registry.source_exports(viewer)?.into_iter().map(wire::SourceExport::from).collect();
    Ok(wire::SourceExports { source_exports })
}

pub(crate) struct Opened {
    // First: a copy goes before the house that holds it.
    registry: Registry,
    _house: Option<House>,
}

impl Opened {
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }
}
