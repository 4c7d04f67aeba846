//! A list of studies, or a database of them, that the user brings to the open registry. What was read of it is kept in the home, as a registry of
//! its own; the open one is never written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sheaf_registry::{Code, Error, Result};

use super::registries::nothing_open;
use super::rejected::{RejectedRow, first_rejected};
use super::tasks::TaskKind;
use super::{Desk, FileQuestion, Nothing};
use crate::folders::FolderOptions;
use crate::platform;
use crate::progress::Meter;
use crate::sheets::name_of;
use crate::sources::{SyncRequest, sync_studies};

/// Endings of what studies are read of: lists, databases and their dumps.
const STUDIES: [&str; 11] = ["xlsx", "csv", "tsv", "txt", "sql", "gz", "json", "jsonl", "sqlite", "sqlite3", "db"];

/// How a list is read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ImportStudies {
    /// Id of the work.
    pub task: String,
    /// In which zone times without an offset are meant; `null`: the machine's.
    pub time_zone: Option<String>,
}

/// What became of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudiesImported {
    /// Name of its file.
    pub name: String,
    /// In which zone its times were read.
    pub time_zone: String,
    /// Studies that are looked at from now on, in place of those of the registry or of an earlier list.
    pub imported: u64,
    /// Rows that were rejected.
    pub rejected_total: u64,
    /// The first of them.
    pub rejected: Vec<RejectedRow>,
    /// Fields that the list has no column for.
    pub absent_fields: Vec<String>,
    /// Titles of columns that are no field of a study; not read.
    pub ignored_columns: Vec<String>,
    /// Names of sheets besides the first; not read.
    pub ignored_sheets: Vec<String>,
}

/// A list of studies that is looked at in place of the studies of the registry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudyListView {
    /// Name of its file.
    pub name: String,
    /// When it was read.
    pub read_at: Option<jiff::Timestamp>,
}

impl Desk {
    /// Lets the user choose a list of studies and reads it; `null` when the dialog was closed. From then on its studies are
    /// looked at in place of those of the registry, or of an earlier list, which stays where this one cannot be read.
    pub fn import_studies(&self, input: ImportStudies) -> Result<Option<StudiesImported>> {
        let (registry, path) = {
            let open = self.opened();
            let open = open.as_ref().ok_or_else(nothing_open)?;
            if !open.has_lists() {
                return Err(Error::new(Code::Usage, "A list of studies is for the owner of this account.")
                    .hint("Stop acting as somebody else first."));
            }
            (open.id.clone(), open.path.clone())
        };
        self.tasks.run(&input.task, (TaskKind::StudyList, None), |task| {
            let (words, endings) = (self.language(), STUDIES.map(ToOwned::to_owned).to_vec());
            let kind = Some((words.studies().to_owned(), endings));
            let question = FileQuestion { title: words.open_study_list().to_owned(), kind, folder: None };
            let Some(source) = self.native.choose_file(&question) else { return Ok(None) };
            let to = self.list_of(&registry);
            let folder = to.parent().unwrap_or(&to);
            platform::create_private_dir(folder)
                .map_err(|error| crate::home::unusable(self.sheaf.house().home.dir(), &error))?;
            let name = name_of(&source);
            let house = self.sheaf.house();
            let request = SyncRequest {
                source,
                to,
                replace: true,
                time_zone: input.time_zone,
                mappings: Vec::new(),
                folder: FolderOptions::default(),
                // Where names of the registry are left out, none comes back with a list.
                names: Some(house.registry(&path)?.names()?),
                audience: None,
            };
            let meter = Meter::new(task.listener());
            let report = sync_studies(&request, &house.environment, &house.scratch()?, &meter, task.cancel())?;
            meter.finish();
            let imported = StudiesImported {
                name,
                time_zone: report.time_zone.unwrap_or_else(|| "UTC".to_owned()),
                imported: report.studies,
                rejected_total: report.rejected.len() as u64,
                rejected: first_rejected(&report.rejected),
                absent_fields: report.absent_fields,
                ignored_columns: report.ignored_columns,
                ignored_sheets: report.ignored_sheets,
            };
            self.look_anew(&registry, report.rejected);
            Ok(Some(imported))
        })
    }

    /// Forgets the list of studies that was brought to the open registry: what was read of it is deleted.
    pub fn forget_studies(&self, _: Nothing) -> Result<Nothing> {
        let registry = self.opened().as_ref().ok_or_else(nothing_open)?.id.clone();
        self.forget_list(&registry)?;
        Ok(Nothing {})
    }

    /// Deletes what was read of a list for this registry.
    pub(super) fn forget_list(&self, registry: &str) -> Result<()> {
        match std::fs::remove_file(self.list_of(registry)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(crate::home::unusable(self.sheaf.house().home.dir(), &error)),
            Ok(()) => {
                self.look_anew(registry, Vec::new());
                Ok(())
            }
        }
    }

    /// Where what was read of a list for this registry is, if there is one.
    pub(super) fn list_of(&self, registry: &str) -> PathBuf {
        self.sheaf.house().home.lists().join(registry).join("studies.sqlite")
    }

    /// The studies are read anew when they are looked at next, if the registry is still open.
    fn look_anew(&self, registry: &str, rejected: Vec<RejectedRow>) {
        if let Some(open) = self.opened().as_mut().filter(|open| open.id == registry) {
            open.studies = None;
            open.rejected = rejected;
        }
    }
}
