//! What a registry holds, as far as its user sees it: projects, users, patients.
//!
//! What is deliberately absent: a home. A registry that cannot be read in place needs one; see [`crate::Sheaf`].

use std::path::Path;

use sheaf_registry::Result;
use sheaf_registry::registry::Registry;
use sheaf_registry::selection::Selection;

use crate::house::actor;
use crate::wire;

/// The projects that a user (`None`: the owner) sees.
pub fn projects(registry: &Path, user: Option<&str>) -> Result<wire::Projects> {
    let registry = Registry::open(registry)?;
    let viewer = registry.viewer(&actor(user))?;
    let projects = registry.projects(&viewer)?.into_iter().map(|summary| wire::Project {
        slug: summary.project.slug,
        name: summary.project.name,
        patients: summary.patients,
        may_export: summary.may_export,
    });
    Ok(wire::Projects { projects: projects.collect() })
}

/// The users that a registry knows.
pub fn users(registry: &Path) -> Result<wire::Users> {
    let users = Registry::open(registry)?.users()?;
    Ok(wire::Users { users: users.into_iter().map(|user| wire::User { name: user.name, role: user.role }).collect() })
}

/// A page of the patients that a user (`None`: the owner) sees. Nothing said about patients means all of them here.
pub fn patients(
    registry: &Path,
    user: Option<&str>,
    project: &str,
    selection: &Selection,
    limit: Option<u64>,
    offset: u64,
) -> Result<wire::Patients> {
    let registry = Registry::open(registry)?;
    let viewer = registry.viewer(&actor(user))?;
    let page = registry.patients(&viewer, project, selection, limit, offset)?;
    let patients = page.patients.into_iter().map(|patient| wire::Patient {
        id: patient.patient_id,
        folders: patient.folders.iter().map(|path| folder_text(path)).collect(),
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
    Ok(wire::Patients { total: page.total, patients: patients.collect() })
}

/// A folder's path as `--folder` takes it: a slash inside a name is escaped.
fn folder_text(path: &[String]) -> String {
    let names: Vec<_> = path.iter().map(|name| name.replace('/', "\\/")).collect();
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::folder_text;

    #[test]
    fn a_slash_inside_a_folders_name_is_told_from_one_between_names() {
        assert_eq!(folder_text(&["A".to_owned(), "b/c".to_owned()]), "A/b\\/c", "as --folder takes it");
    }
}
