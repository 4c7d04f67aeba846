//! What a registry holds, as far as its user sees it: projects, users, patients.

use std::path::Path;

use sheaf_registry::selection::Selection;
use sheaf_registry::{Code, Error, Result};

use crate::wire;

/// The projects that a user (`None`: the owner) sees.
pub fn projects(_registry: &Path, _user: Option<&str>) -> Result<wire::Projects> {
    Err(not_yet())
}

/// The users that a registry knows.
pub fn users(_registry: &Path) -> Result<wire::Users> {
    Err(not_yet())
}

/// A page of the patients that a user (`None`: the owner) sees. Nothing said about patients means all of them here.
pub fn patients(
    _registry: &Path,
    _user: Option<&str>,
    _project: &str,
    _selection: &Selection,
    _limit: Option<u64>,
    _offset: u64,
) -> Result<wire::Patients> {
    Err(not_yet())
}

fn not_yet() -> Error {
    Error::new(Code::NotYet, "This part of Sheaf is not there yet.")
}
