//! The door to all use cases: one [`Sheaf`] for a process and a home.

use std::path::{Path, PathBuf};

use sheaf_archive::plan::OnMissing;
use sheaf_registry::progress::Cancel;
use sheaf_registry::selection::Selection;
use sheaf_registry::{Code, Error, Result};

use crate::environment::Environment;
use crate::progress::Listener;
use crate::wire;

/// What shall be planned.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The registry file.
    pub registry: PathBuf,
    /// Who asks: a user of the registry; `None` is the owner, who can open the file and may do everything.
    pub user: Option<String>,
    /// Project slug.
    pub project: String,
    /// What was said.
    pub selection: Selection,
    /// Folder for the archive, where one was said.
    pub out: Option<PathBuf>,
}

/// What shall be exported.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The registry file.
    pub registry: PathBuf,
    /// Who asks: a user of the registry; `None` is the owner, who can open the file and may do everything.
    pub user: Option<String>,
    /// Project slug.
    pub project: String,
    /// What was said.
    pub selection: Selection,
    /// Folder for the archive; must exist.
    pub out: PathBuf,
    /// Name of the archive without `.zip`; `None` for `export_` and the local time.
    pub name: Option<String>,
    /// Free text.
    pub notes: String,
    /// What happens to files that cannot be had.
    pub on_missing: OnMissing,
}

/// All use cases on one home. Opening it recovers what a dead process left behind.
#[derive(Debug)]
pub struct Sheaf {
    environment: Environment,
}

impl Sheaf {
    /// Opens the home (`None`: the platform's data directory) with its settings and history, and recovers: what no live
    /// process owns becomes interrupted, a publish that had begun is finished, part files of dead jobs go.
    pub fn open(_home: Option<&Path>, environment: Environment) -> Result<Self> {
        Ok(Self { environment })
    }

    /// What an export would hold, and why it would be refused. Creates nothing.
    pub fn plan(&self, _request: &PlanRequest, _listener: &Listener, _cancel: &Cancel) -> Result<wire::PlanReport> {
        Err(not_yet())
    }

    /// Creates an export and runs it to its end in the foreground. An error means that no job was created; a job that
    /// failed or was cancelled is a record with that status.
    pub fn export(&self, _request: &ExportRequest, _listener: &Listener, _cancel: &Cancel) -> Result<wire::DatasetExport> {
        Err(not_yet())
    }

    /// All records, newest first.
    pub fn list(&self) -> Result<wire::Exports> {
        Err(not_yet())
    }

    /// One record.
    pub fn show(&self, _id: &str) -> Result<wire::DatasetExport> {
        Err(not_yet())
    }

    /// Reads the archive of a record again, all of it, and compares it with the record.
    pub fn verify(&self, _id: &str, _listener: &Listener, _cancel: &Cancel) -> Result<wire::Verification> {
        Err(not_yet())
    }

    /// Asks a job to stop, also one of another process, and waits shortly for it. Asking twice is harmless.
    pub fn cancel(&self, _id: &str) -> Result<wire::DatasetExport> {
        Err(not_yet())
    }

    /// Runs an interrupted, failed or cancelled export again, in the foreground to its end.
    pub fn restart(&self, _id: &str, _listener: &Listener, _cancel: &Cancel) -> Result<wire::DatasetExport> {
        Err(not_yet())
    }

    /// Copies the archive of a record into a folder or to a path that is free, verified by its hash; appears whole.
    pub fn save(&self, _id: &str, _to: &Path, _listener: &Listener, _cancel: &Cancel) -> Result<wire::DatasetExport> {
        Err(not_yet())
    }

    /// Deletes a record, and its archive unless `keep_file`. A file that is not the record's is never deleted.
    pub fn delete(&self, _id: &str, _keep_file: bool) -> Result<wire::Deleted> {
        Err(not_yet())
    }
}

/// Verifies any archive that Sheaf made, without a history.
pub fn verify_file(_archive: &Path, _listener: &Listener, _cancel: &Cancel) -> Result<wire::Verification> {
    Err(not_yet())
}

fn not_yet() -> Error {
    Error::new(Code::NotYet, "This part of Sheaf is not there yet.")
}
