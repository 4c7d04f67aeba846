//! What the command line means. One conversion, [`Meaning::of`], reads the files that it names (a list of patients, a
//! selection) and refuses what has no work yet.
//!
//! What is deliberately absent: registries, archives, printing.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use sheaf_app::credentials::Server;
use sheaf_app::demo::DemoOptions;
use sheaf_app::folders::Layout;
use sheaf_app::sources::{Asking, BucketAddress, Mapping, SyncRequest, Wish};
use sheaf_app::studies::StudyExportRequest;
use sheaf_app::{ExportRequest, PlanRequest};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::selection::Selection;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::studies::{StudyField, StudyFilter, StudySort};
use sheaf_registry::{Code, Error, Result};

use crate::args::{Command, ExportsCommand, HOME_VARIABLE, Project, Said, SaidOnMissing};

mod selecting;
mod source;
mod studies;

pub(crate) use selecting::empty_list;
use selecting::selection_of;
use source::registry_of;

/// How to answer, known before anything else, so that a refusal is answered in the same way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// One JSON document on stdout.
    pub(crate) json: bool,
    /// Nothing but errors on stderr.
    pub(crate) quiet: bool,
}

/// What shall be done.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) home: Option<PathBuf>,
    pub(crate) work: Work,
    /// What was said about the registry beside its name.
    pub(crate) aside: Aside,
}

/// What is said of a registry, or of the source that stands for one, and is no part of its name.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// Passwords that were said with the URL of a server.
    pub(crate) passwords: Vec<(Server, Sensitive<String>)>,
    /// Where the bytes of files lie.
    pub(crate) mappings: Vec<Mapping>,
    /// A user was named where everybody's rows are read.
    pub(crate) idle_user: bool,
}

#[derive(Debug)]
pub(crate) enum Work {
    Demo(DemoOptions),
    Projects { registry: PathBuf, user: Option<String> },
    Users { registry: PathBuf, user: Option<String> },
    SourceExports { registry: PathBuf, user: Option<String> },
    Patients(Patients),
    Plan(PlanRequest),
    Export(ExportRequest),
    List,
    Show { id: String },
    VerifyRecord { id: String },
    Cancel { id: String },
    Restart { id: String },
    Save { id: String, to: PathBuf },
    Delete { id: String, keep_file: bool },
    VerifyFile { archive: PathBuf },
    SearchStudies(Studies),
    StudyValues { studies: Studies, field: StudyField },
    ExportStudies { request: Box<StudyExportRequest>, unknown_order: Option<String> },
    Sync { what: Synced, keep: Vec<Kept> },
    Forget { source: PathBuf },
    PreviewFolder { source: PathBuf, layout: Layout, most: usize },
    Completions(Shell),
    Man { command: Vec<String> },
}

/// Whose secret goes into the keyring.
#[derive(Debug)]
pub(crate) enum Kept {
    /// The password of a server.
    Server(Server),
    /// The key of a bucket.
    Bucket(BucketAddress),
}

/// What a source is read into.
#[derive(Debug)]
pub(crate) enum Synced {
    /// A registry of its own.
    Own(SyncRequest),
    /// What Sheaf keeps of it.
    Kept { source: PathBuf, wish: Wish },
}

impl Work {
    /// The registry, or the source that stands for one, that the work reads, and what for.
    pub(crate) fn registry(&self) -> Option<(&Path, Asking)> {
        Some(match self {
            Work::Projects { registry, .. } | Work::Users { registry, .. } | Work::SourceExports { registry, .. } => {
                (registry, Asking::Looking)
            }
            Work::Patients(said) => (&said.registry, Asking::Looking),
            Work::Plan(request) => (&request.registry, Asking::Looking),
            Work::Export(request) => (&request.registry, Asking::Preparing),
            Work::SearchStudies(studies) | Work::StudyValues { studies, .. } => (&studies.registry, Asking::Looking),
            Work::ExportStudies { request, .. } => (&request.registry, Asking::Preparing),
            _ => return None,
        })
    }
}

/// Studies to be looked at.
#[derive(Debug)]
pub(crate) struct Studies {
    pub(crate) registry: PathBuf,
    pub(crate) user: Option<String>,
    pub(crate) filter: StudyFilter,
    pub(crate) sort: StudySort,
    /// What was said for an order and is none.
    pub(crate) unknown_order: Option<String>,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
}

#[derive(Debug)]
pub(crate) struct Patients {
    pub(crate) registry: PathBuf,
    pub(crate) user: Option<String>,
    pub(crate) project: String,
    pub(crate) selection: Selection,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

impl Meaning {
    /// The one conversion. `stdin` is read only where `-` stands for it.
    pub(crate) fn of(said: Said, stdin: &mut dyn Read) -> Result<Self> {
        let (home, user) = (home_of(said.everywhere.home)?, said.everywhere.user);
        let aside = &mut Aside::default();
        let work = match said.command {
            Command::Demo { dir, patients, studies, seed, sparse, with_faults } => {
                let usual = if sparse { DemoOptions::SPARSE_PATIENTS } else { DemoOptions::PATIENTS };
                let patients = patients.unwrap_or(usual);
                Work::Demo(DemoOptions { dir, patients, studies, seed, sparse, with_faults })
            }
            Command::Sync(said) => {
                aside.idle_user = user.is_some() && said.audience.only_for.is_none();
                source::sync(said, aside)?
            }
            Command::Studies { command } => studies::studies(command, user, aside)?,
            Command::Serve { .. } => return Err(not_yet("Serving over HTTP")),
            Command::Projects { registry } => Work::Projects { registry: registry_of(registry, aside)?, user },
            Command::Users { registry } => Work::Users { registry: registry_of(registry, aside)?, user },
            Command::Patients { project, selection, limit, offset } => {
                let (registry, project) = both(project, aside)?;
                let selection = selection_of(selection, stdin)?;
                Work::Patients(Patients { registry, user, project, selection, limit, offset })
            }
            Command::Plan { project, selection, out } => {
                let (registry, project) = both(project, aside)?;
                Work::Plan(PlanRequest { registry, user, project, selection: selection_of(selection, stdin)?, out })
            }
            Command::Export { project, selection, out, name, notes, on_missing } => {
                let (registry, project) = both(project, aside)?;
                let on_missing = match on_missing {
                    SaidOnMissing::Fail => OnMissing::Fail,
                    SaidOnMissing::Skip => OnMissing::Skip,
                };
                let selection = selection_of(selection, stdin)?;
                Work::Export(ExportRequest { registry, user, project, selection, out, name, notes, on_missing })
            }
            Command::Exports { command } => match command {
                ExportsCommand::List => Work::List,
                ExportsCommand::Source { registry } => Work::SourceExports { registry: registry_of(registry, aside)?, user },
                ExportsCommand::Show { id } => Work::Show { id },
                ExportsCommand::Verify { id } => Work::VerifyRecord { id },
                ExportsCommand::Cancel { id } => Work::Cancel { id },
                ExportsCommand::Restart { id } => Work::Restart { id },
                ExportsCommand::Save { id, dest } => Work::Save { id, to: dest },
                ExportsCommand::Delete { id, keep_file } => Work::Delete { id, keep_file },
            },
            Command::Verify { file } => Work::VerifyFile { archive: file },
            Command::Completions { shell } => Work::Completions(shell),
            Command::Man { command } => Work::Man { command },
        };
        Ok(Self { home, work, aside: std::mem::take(aside) })
    }
}

impl Manner {
    /// The manner that was said. What has no work yet swallows the words after it, also these.
    pub(crate) fn of(said: &Said) -> Self {
        let rest: &[OsString] = match &said.command {
            Command::Serve { rest } => rest,
            _ => &[],
        };
        let swallowed = |word: &str| rest.iter().any(|other| other == word);
        Self { json: said.everywhere.json || swallowed("--json"), quiet: said.everywhere.quiet || swallowed("--quiet") }
    }

    /// The manner of a command line that could not be understood.
    pub(crate) fn guess(words: &[OsString]) -> Self {
        let mut said = words.iter().skip(1).take_while(|word| *word != "--");
        Self { json: said.any(|word| word == "--json"), quiet: false }
    }
}

/// The home that was said. `SHEAF_HOME=` unsets it, as is usual for variables; `--home ""` is a mistake.
fn home_of(said: Option<OsString>) -> Result<Option<PathBuf>> {
    match said {
        Some(home) if home.is_empty() => match std::env::var_os(HOME_VARIABLE) {
            Some(variable) if variable.is_empty() => Ok(None),
            _ => Err(Error::new(Code::Usage, "The home was said without a name.").hint("Name a folder with --home.")),
        },
        said => Ok(said.map(PathBuf::from)),
    }
}

fn not_yet(what: &str) -> Error {
    Error::new(Code::NotYet, format!("{what} has no work in this version of Sheaf yet."))
}

fn both(project: Project, aside: &mut Aside) -> Result<(PathBuf, String)> {
    Ok((registry_of(project.registry, aside)?, project.slug))
}

#[cfg(test)]
mod tests;
