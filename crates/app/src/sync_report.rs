//! What is told of a source that was read: what it held, what was odd in it, and what has changed since it was read before.
//!
//! Deliberately absent: the reading (see `sources.rs`), and names of patients.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sheaf_registry::provenance::Oddity;
use sheaf_registry::{Changed, Changes, Names, Registry, Result, Totals, foreign};
use sheaf_sources::study_list::StudyReport;
use tempfile::TempDir;

use crate::folders::FolderReport;
use crate::roots::RootCheck;
use crate::sheets::RejectedRow;
use crate::sources::{SourceKind, SyncRequest, canonical};

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// The registry that was made.
    pub registry: String,
    /// The source.
    pub source: String,
    /// What it is.
    pub kind: SourceKind,
    /// What the source says of its generation, in words; of a list, nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// In which zone the times of a list were read, where it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether names of patients were left out.
    pub names_left_out: bool,
    /// Whose rights decide what was kept, and counted here; `null`: all was.
    pub only_for: Option<String>,
    /// Projects.
    pub projects: u64,
    /// Patients, those that the source marks as deleted among them.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Users.
    pub users: u64,
    /// Exports of the source's own history.
    pub exports: u64,
    /// Studies.
    pub studies: u64,
    /// What has changed since what stands for it was read before; `null` the first time, and for a registry of its own.
    pub changes: Option<SourceChanges>,
    /// What was odd in the source, by code. None of it was left out silently.
    pub oddities: Vec<OddityReport>,
    /// Rows that were rejected, all of them.
    pub rejected: Vec<RejectedRow>,
    /// Fields that the list has no column for.
    pub absent_fields: Vec<String>,
    /// Titles of columns that are no field of a study; not read.
    pub ignored_columns: Vec<String>,
    /// Names of sheets besides the first; not read.
    pub ignored_sheets: Vec<String>,
    /// Of a folder of images, what else is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderReport>,
    /// Where files lie, as far as that is known, and some of them looked at; `null` where that was not done.
    pub roots: Option<Vec<RootReport>>,
}

/// A place of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RootReport {
    /// Leading part of the paths that stand for it; empty: all the rest.
    pub prefix: String,
    /// Where it is, for people; `null`: nowhere yet.
    pub location: Option<String>,
    /// Some of its files.
    #[serde(flatten)]
    pub check: RootCheck,
}

impl SyncReport {
    pub(crate) fn with_studies(self, report: StudyReport) -> Self {
        Self {
            studies: report.studies,
            rejected: report.rejected,
            absent_fields: report.absent.into_iter().map(|field| field.name().to_owned()).collect(),
            ignored_columns: report.ignored,
            ignored_sheets: report.ignored_sheets,
            ..self
        }
    }

    /// Of a source of which only what one user may read was kept.
    pub(crate) fn narrowed(self, user: &str, request: &SyncRequest, scratch: &Path) -> Result<Self> {
        let Totals { projects, patients, files, users, exports } =
            Registry::open_with_scratch(&request.to, scratch)?.totals()?;
        Ok(Self { only_for: Some(user.to_owned()), projects, patients, files, users, exports, ..self })
    }

    /// Of a source that held nothing.
    pub(crate) fn of(request: &SyncRequest, kind: SourceKind) -> Self {
        Self {
            registry: request.to.to_string_lossy().into_owned(),
            source: canonical(&request.source).to_string_lossy().into_owned(),
            kind,
            generation: None,
            time_zone: None,
            names_left_out: request.names == Some(Names::LeftOut),
            only_for: None,
            projects: 0,
            patients: 0,
            files: 0,
            users: 0,
            exports: 0,
            studies: 0,
            changes: None,
            oddities: Vec::new(),
            rejected: Vec::new(),
            absent_fields: Vec::new(),
            ignored_columns: Vec::new(),
            ignored_sheets: Vec::new(),
            folder: None,
            roots: None,
        }
    }
}

/// What has changed in a source since it was read before, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SourceChanges {
    /// Patients, with the folders that they are in and their tags.
    pub patients: RowChanges,
    /// Files.
    pub files: RowChanges,
    /// Studies.
    pub studies: RowChanges,
}

/// How many rows are other than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RowChanges {
    /// New ones.
    pub added: u64,
    /// Those that say something else.
    pub changed: u64,
    /// Those that are gone.
    pub removed: u64,
}

impl From<Changes> for SourceChanges {
    fn from(Changes { patients, files, studies }: Changes) -> Self {
        let rows = |Changed { added, changed, removed }: Changed| RowChanges { added, changed, removed };
        Self { patients: rows(patients), files: rows(files), studies: rows(studies) }
    }
}

/// Something odd in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct OddityReport {
    /// What: a word in capitals, such as `ORPHAN`.
    pub code: String,
    /// How often.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub count: u64,
    /// Some of the rows, by their ids; of a folder of images, paths.
    pub examples: Vec<String>,
}

impl From<Oddity> for OddityReport {
    fn from(Oddity { code, count, examples }: Oddity) -> Self {
        Self { code, count, examples }
    }
}

/// What was read before, kept until what is read now can be compared with it.
pub(crate) struct Earlier(TempDir);

impl Earlier {
    /// A second name for what will be replaced, where there is something; costs nothing.
    pub(crate) fn of(request: &SyncRequest, scratch: &Path) -> Option<Self> {
        let is_there = request.replace && request.to.exists();
        let kept = Self(foreign::private_folder(scratch).ok().filter(|_| is_there)?);
        std::fs::hard_link(&request.to, kept.path()).ok()?;
        Some(kept)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("registry.sqlite")
    }

    /// What cannot be compared is not said; what was read is whole all the same.
    pub(crate) fn changes(&self, now: &Path, scratch: &Path) -> Option<SourceChanges> {
        let compared = Registry::open_with_scratch(now, scratch).and_then(|now| now.changes_since(&self.path(), scratch));
        compared.map(SourceChanges::from).inspect_err(|error| tracing::warn!(%error, "what has changed is not known")).ok()
    }
}
