//! Foreign sources as registries: reading a source into a registry.
//!
//! A source is named by a path, or by the URL of a server without its password, which stands where a path stands. A registry
//! appears whole or not at all. Deliberately absent: what a source is (see `source_kind.rs`), what a row of it means (see `sheaf_sources`), the copies in the home
//! (see `copies.rs`), and writing to a source.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sheaf_registry::error::Detail;
use sheaf_registry::progress::{Cancel, Observer, Phase, Unobserved};
use sheaf_registry::studies::{Criteria, StudyField, StudyFilter};
use sheaf_registry::{Audience, Code, Error, Names, Registry, RegistryWriter, Result, foreign};
use sheaf_sources::server::{Engine, Login, PAUSES, Server};
use sheaf_sources::study_list::{self, ListError};
use sheaf_sources::{file_registry, study_database};

pub use crate::copies::{Asking, Freshness, Opening, Prepared, Wish, forget, prepare, resync};
use crate::credentials;
use crate::environment::Environment;
use crate::folders::{self, FolderOptions};
use crate::patience;
use crate::platform::Stamp;
pub use crate::refresh_problem::RefreshProblem;
use crate::roots;
pub use crate::roots::{MissedFile, ResizedFile, RootCheck};
use crate::sheets::{bytes_of, name_of, unreadable};
pub use crate::source_kind::{SourceKind, is_foreign, no_source};
use crate::source_kind::{kind_of, resolved};
use crate::studies::progress;
use crate::sync_report::Earlier;
pub use crate::sync_report::{OddityReport, RootReport, RowChanges, SourceChanges, SyncReport};

pub use sheaf_registry::rows::Location;
pub use sheaf_sources::bucket::BucketAddress;
pub use sheaf_sources::file_registry::Mapping;

/// Under which a registry notes in which zone the times of a list were read.
pub(crate) const TIME_ZONE: &str = "time_zone";
/// Rejected rows that an error tells.
const TOLD: usize = 10;

/// Which source is read, and into what.
#[derive(Clone, Debug)]
pub struct SyncRequest {
    /// The source: a path, or the URL of a server. A password in it is passed over; see [`crate::credentials`].
    pub source: PathBuf,
    /// The registry to make.
    pub to: PathBuf,
    /// A registry that is there already is replaced; otherwise `DESTINATION_TAKEN`.
    pub replace: bool,
    /// In which zone times without an offset are meant, such as `Asia/Taipei` or `+08:00`; `None`: the machine's.
    pub time_zone: Option<String>,
    /// Where the bytes of files lie, as far as that is known.
    pub mappings: Vec<Mapping>,
    /// How a folder of images is read.
    pub folder: FolderOptions,
    /// Whether names of patients are kept; `None`: as in the registry of the same folder that is there already, else kept.
    pub names: Option<Names>,
    /// For whom a `FileRegistry` is read; `None`: for everybody.
    pub audience: Option<Audience>,
}

/// Reads a source into a registry. Progress counts rows; how many there are may not be known.
///
/// # Errors
/// `NOT_YET` for a server that cannot be read yet; those of servers (`SOURCE_DENIED`, …); `TABLE_UNREADABLE`, `TABLE_TOO_LARGE`; `INVALID_FILTER` for the zone; those of
/// [`RegistryWriter`]; `CANCELLED`. Nothing is left then, and what was there stays.
pub fn sync(
    request: &SyncRequest,
    environment: &Environment,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<SyncReport> {
    let beside = request.to.parent().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let scratch = foreign::private_folder(beside)?;
    let report = sync_with(request, environment, (scratch.path(), None), observer, cancel)?;
    let mut report =
        report.ok_or_else(|| Error::new(Code::Internal, "A source of which nothing was known was not read."))?;
    if report.kind == SourceKind::FileRegistry {
        let registry = Registry::open_with_scratch(&request.to, scratch.path())?;
        report.roots = Some(roots::reports(&registry, registry.data_roots()?, &environment.credentials)?);
    }
    Ok(report)
}

/// The same, with a place for what is kept only while it is read, and with the state of a server that is known: `None` where it
/// is still the same. Nothing is written then.
pub(crate) fn sync_with(
    request: &SyncRequest,
    environment: &Environment,
    (scratch, known): (&Path, Option<&str>),
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Option<SyncReport>> {
    let earlier = Earlier::of(request, scratch);
    // Whatever disk the source lies on.
    let (wanted, around) = (request.clone(), environment.clone());
    let (scratched, state) = (scratch.to_owned(), known.map(ToOwned::to_owned));
    let report = patience::work_apart(observer, cancel, move |observer, cancel| {
        sync_source(&wanted, &around, (&scratched, state.as_deref()), observer, cancel)
    })?;
    Ok(report
        .map(|report| SyncReport { changes: earlier.and_then(|earlier| earlier.changes(&request.to, scratch)), ..report }))
}

fn sync_source(
    request: &SyncRequest,
    environment: &Environment,
    (scratch, known): (&Path, Option<&str>),
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Option<SyncReport>> {
    let Some(kind) = kind_of(&request.source)? else {
        return Err(no_source(&request.source));
    };
    let kind = resolved(kind, &request.source, scratch)?;
    if matches!(request.audience, Some(Audience::Only(_))) && kind != SourceKind::FileRegistry {
        let message = format!("{} has no users, so there is none whom it could be read for.", request.source.display());
        return Err(Error::new(Code::Usage, message).hint("Leave --only-for out."));
    }
    match kind {
        SourceKind::StudyDatabase => sync_study_database(request, environment, (scratch, known), observer, cancel),
        SourceKind::ImageFolder => folders::sync(request, environment, scratch, observer, cancel).map(Some),
        SourceKind::StudyList => sync_study_list(request, environment, observer, cancel).map(Some),
        SourceKind::FileRegistry => {
            let options = file_registry::Options {
                scratch,
                now: environment.clock.now(),
                mappings: &request.mappings,
                cancel,
                observer,
            };
            let report = match Server::named(&request.source) {
                Some(server) => {
                    let login = environment.credentials.login(server?, cancel)?;
                    let read = file_registry::sync_live(&login, begin(request)?, known, &PAUSES, &options);
                    read.map_err(|error| credentials::wanted(&login, error))?
                }
                None => Some(file_registry::sync(&request.source, begin(request)?, &options)?),
            };
            let report = report.map(|report| SyncReport {
                generation: Some(report.generation.as_str().to_owned()),
                projects: report.projects,
                patients: report.patients,
                files: report.files,
                users: report.users,
                exports: report.exports,
                oddities: report.oddities.into_iter().map(OddityReport::from).collect(),
                ..SyncReport::of(request, kind)
            });
            match (report, &request.audience) {
                (Some(report), Some(Audience::Only(user))) => report.narrowed(user, request, scratch).map(Some),
                (report, _) => Ok(report),
            }
        }
    }
}

/// What a server answers before anything of it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ServerAnswer {
    /// Its name and version, such as `MariaDB 10.11.6`.
    pub product: String,
    /// Whether nobody between can read what is asked and answered.
    pub is_encrypted: bool,
    /// Generation of its `FileRegistry`; `null` for studies.
    pub generation: Option<String>,
    /// Rows of patients.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub patients: u64,
    /// Rows of files.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub files: u64,
    /// Rows of studies.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub studies: u64,
}

/// Asks a server whether all that Sheaf reads is there, and how much of it. Nothing of it is kept.
pub(crate) fn look(login: &Login, environment: &Environment, scratch: &Path, cancel: &Cancel) -> Result<ServerAnswer> {
    let (now, observer) = (environment.clock.now(), &Unobserved);
    let answer = match login.server.engine {
        Engine::MySql => {
            let options = file_registry::Options { scratch, now, mappings: &[], cancel, observer };
            file_registry::look_live(login, &options).map(|look| ServerAnswer {
                product: look.peer.product,
                is_encrypted: look.peer.is_encrypted,
                generation: Some(look.generation.as_str().to_owned()),
                patients: look.patients,
                files: look.files,
                studies: 0,
            })
        }
        Engine::Postgres => {
            let options = study_database::Options { scratch, now, cancel, observer };
            study_database::look_live(login, &options).map(|(peer, studies)| ServerAnswer {
                product: peer.product,
                is_encrypted: peer.is_encrypted,
                generation: None,
                patients: 0,
                files: 0,
                studies,
            })
        }
    };
    answer.map_err(|error| credentials::wanted(login, error))
}

fn sync_study_database(
    request: &SyncRequest,
    environment: &Environment,
    (scratch, known): (&Path, Option<&str>),
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Option<SyncReport>> {
    let options = study_database::Options { scratch, now: environment.clock.now(), cancel, observer };
    let report = match Server::named(&request.source) {
        Some(server) => {
            let login = environment.credentials.login(server?, cancel)?;
            let read = study_database::sync_live(&login, begin(request)?, known, &PAUSES, &options);
            read.map_err(|error| credentials::wanted(&login, error))?
        }
        None => Some(study_database::sync(&request.source, begin(request)?, &options)?),
    };
    Ok(report.map(|report| SyncReport::of(request, SourceKind::StudyDatabase).with_studies(report)))
}

/// The registry in the making, which knows what its source looked like before it was read.
fn begin(request: &SyncRequest) -> Result<RegistryWriter> {
    let mut writer =
        if request.replace { RegistryWriter::replacing(&request.to) } else { RegistryWriter::create(&request.to) }?;
    if request.names == Some(Names::LeftOut) {
        writer.leave_names_out()?;
    }
    writer.narrow_to(request.audience.clone().unwrap_or_default());
    if let Some(stamp) = Stamp::of(&request.source) {
        writer.info(file_registry::STATE, &stamp.to_string())?;
    }
    Ok(writer)
}

/// Reads studies, and nothing else, into a registry: a database of them, or else a list.
pub(crate) fn sync_studies(
    request: &SyncRequest,
    environment: &Environment,
    scratch: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<SyncReport> {
    let is_database = match kind_of(&request.source) {
        Ok(Some(kind)) => resolved(kind, &request.source, scratch)? == SourceKind::StudyDatabase,
        // What is wrong with it is told where it is read.
        _ => false,
    };
    if !is_database {
        return sync_study_list(request, environment, observer, cancel);
    }
    let report = sync_study_database(request, environment, (scratch, None), observer, cancel)?;
    report.ok_or_else(|| Error::new(Code::Internal, "A source of which nothing was known was not read."))
}

/// Reads a list of studies into a registry.
fn sync_study_list(
    request: &SyncRequest,
    environment: &Environment,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<SyncReport> {
    let mut writer = begin(request)?;
    let seen = |rows| observer.observe(&progress(Phase::Preparing, rows, 0));
    seen(0);
    let zone = StudyFilter { time_zone: request.time_zone.clone(), ..StudyFilter::default() };
    let zone = Criteria::new(&zone, &environment.zone)?;
    let bytes = bytes_of(&request.source, study_list::LIMITS, cancel)?;
    let name = name_of(&request.source);
    let report = study_list::read(&bytes, zone.zone(), study_list::LIMITS, &mut writer, &seen, cancel)
        .map_err(|error| refused(&name, error))?;
    for oddity in report.oddities("line") {
        writer.oddity(&oddity)?;
    }
    writer.info(TIME_ZONE, zone.zone_name())?;
    writer.info("source", &name)?;
    writer.info("synced_at", &environment.clock.now().to_string())?;
    cancel.check()?;
    writer.finish()?;
    let read = SyncReport::of(request, SourceKind::StudyList).with_studies(report);
    Ok(SyncReport { time_zone: Some(zone.zone_name().to_owned()), ..read })
}

/// A source under the one name by which records and lists know it: the canonical path, or a server's URL without a password.
/// What cannot be looked at keeps its name.
pub(crate) fn canonical(source: &Path) -> PathBuf {
    match Server::named(source) {
        Some(Ok(server)) => server.to_string().into(),
        Some(Err(_)) => source.to_owned(),
        None => source.canonicalize().or_else(|_| std::path::absolute(source)).unwrap_or_else(|_| source.to_owned()),
    }
}

/// What people are told of a list called `name` that was not read.
fn refused(name: &str, error: ListError) -> Error {
    let told = format!("{name} cannot be read: {error}.");
    match error {
        ListError::Sheet(error) => unreadable(name, error),
        ListError::Write(error) => error,
        ListError::Titles => {
            let fields: Vec<_> = StudyField::ALL.iter().map(|field| field.name()).collect();
            Error::new(Code::TableUnreadable, told)
                .hint("Give each column the name of its field, or the hospital's title, in the first line.")
                .details([Detail::Text(format!("Fields: {}.", fields.join(", ")))])
        }
        ListError::Twice(_) => {
            Error::new(Code::TableUnreadable, told).hint("Rename one of them, or take it out, and choose the list again.")
        }
        ListError::Empty(report) => {
            let rows = report.rejected.iter().take(TOLD);
            let rows = rows.map(|row| Detail::Text(format!("Line {row}")));
            let next = match report.rejected.len() {
                0 => "It has titles and no rows: choose the list that has them.",
                _ => "Look at the rows that were rejected, and choose the list again.",
            };
            Error::new(Code::TableUnreadable, told).hint(next).details(rows)
        }
    }
}
