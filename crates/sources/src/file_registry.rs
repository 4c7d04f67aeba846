//! A `FileRegistry` database, of any of its generations, read into a registry.
//!
//! It comes as a Django `SQLite` file, which is read where it lies, or as a dump of `MySQL` or from a live server, which are
//! staged first; one mapping serves all of them. Everything is read in one snapshot.
//!
//! Nothing odd in the data stops a synchronisation: it is counted and told. Deliberately absent: writing to a source, and
//! looking at the files that it names.

mod catalogue;
mod cells;
mod files;
mod generation;
mod history;
mod live;
pub(crate) mod modality;
mod people;
mod roots;
mod stage;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode};
use sheaf_registry::foreign::ForeignDatabase;
use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::provenance::Oddity;
use sheaf_registry::{Code, Error, RegistryWriter, Result};

use crate::report::{Odd, Oddities};
use crate::server::{Login, Peer, persistently};
use catalogue::Catalogue;
use cells::{MEND, Tables};
use files::Files;
pub use generation::Generation;
use generation::Shape;
use modality::Modalities;
pub use roots::Mapping;
use stage::Staged;

/// How a source is read.
pub struct Options<'a> {
    /// Where copies and staged dumps may lie while it is read; private patient data.
    pub scratch: &'a Path,
    /// What the registry says of its age.
    pub now: Timestamp,
    /// Where bytes lie, as far as it is known.
    pub mappings: &'a [Mapping],
    /// To stop it.
    pub cancel: &'a Cancel,
    /// Told how far it is: bytes of a dump or a server first, then rows.
    pub observer: &'a dyn Observer,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The generation, for people.
    pub generation: Generation,
    /// Projects.
    pub projects: u64,
    /// Folders.
    pub folders: u64,
    /// Patients, those that the source marks as deleted among them.
    pub patients: u64,
    /// Users.
    pub users: u64,
    /// Rows of the source's table of files.
    pub source_rows: u64,
    /// Files that they stand for.
    pub files: u64,
    /// Exports of the source's own history.
    pub exports: u64,
    /// What was odd, by code.
    pub oddities: Vec<Oddity>,
}

/// Reads the source at `source` into the registry that `writer` makes, and finishes it. On an error nothing of it stays, and
/// a registry that was to be replaced is as it was.
///
/// # Errors
/// `SOURCE_UNKNOWN` where it holds no `FileRegistry`; `DUMP_CUT`, `DUMP_MALFORMED`, `SOURCE_ENCODING`, `SOURCE_ROW`;
/// `CANCELLED`; `DESTINATION_TAKEN` where the registry would replace its own source; those of opening (`REGISTRY_MISSING`, `REGISTRY_UNREADABLE`, `REGISTRY_CORRUPT`, `DB_BUSY`) and of writing
/// (`NO_SPACE`, `DESTINATION_UNWRITABLE`).
pub fn sync(source: &Path, mut writer: RegistryWriter, options: &Options<'_>) -> Result<Report> {
    not_onto_itself(source, &writer)?;
    let report = read(source, &mut writer, options);
    finish(writer, report, options)
}

/// Under which a registry notes what its source looked like, where it is a copy that follows its source.
pub const STATE: &str = "source_state";

/// Reads the database of a server likewise, in one snapshot of it. The server is only ever asked. Where it goes away in the middle it is
/// read again after each of these pauses. `None` where everything is as it was when the state `known` was noted: then nothing is
/// written.
///
/// # Errors
/// Those of [`sync`] but of a dump; `SOURCE_DENIED`, `SOURCE_UNREACHABLE`, `SOURCE_UNTRUSTED`, `SOURCE_PRIVILEGE`, `SOURCE_LOST`;
/// `NOT_YET` for an engine in which no `FileRegistry` is known.
pub fn sync_live(
    login: &Login,
    mut writer: RegistryWriter,
    known: Option<&str>,
    pauses: &[Duration],
    options: &Options<'_>,
) -> Result<Option<Report>> {
    let name = PathBuf::from(login.server.to_string());
    let read = || live::stage(login, &name, writer.names(), options);
    let (staged, state) = persistently(pauses, options.cancel, read)?;
    if known == Some(&state) {
        return Ok(None);
    }
    writer.info(STATE, &state)?;
    let report = map_staged(&staged, &name, &mut writer, options);
    finish(writer, report, options).map(Some)
}

/// What a server holds, before any row of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The server.
    pub peer: Peer,
    /// What its tables look like.
    pub generation: Generation,
    /// Rows of its tables of patients, those that are marked as deleted among them.
    pub patients: u64,
    /// Rows of its table of files.
    pub files: u64,
}

/// Asks a server what it holds: everything that [`sync_live`] needs is there and may be read.
///
/// # Errors
/// Those of [`sync_live`].
pub fn look_live(login: &Login, options: &Options<'_>) -> Result<Look> {
    let name = PathBuf::from(login.server.to_string());
    let (staged, peer, counts) = live::look(login, &name, options)?;
    let failed = staged_failed();
    let shape = Shape::detect(&Tables::read(&staged.connection, &name, &failed, options.cancel)?)?;
    let count = |table: &str| counts.get(table).copied().unwrap_or(0);
    let patients = shape.domains.iter().map(|domain| count(&domain.table("patient"))).sum();
    Ok(Look { peer, generation: shape.generation, patients, files: count(&shape.files) })
}

/// `DESTINATION_TAKEN` where a registry would replace its own source.
pub(crate) fn not_onto_itself(source: &Path, writer: &RegistryWriter) -> Result<()> {
    let is_source = |path: &Path| source.canonicalize().is_ok_and(|source| path.canonicalize().is_ok_and(|to| to == source));
    if is_source(writer.path()) {
        let message = format!("{} is the source itself, which is never written.", source.display());
        return Err(Error::new(Code::DestinationTaken, message).hint("Name another file for the registry."));
    }
    Ok(())
}

fn finish(writer: RegistryWriter, report: Result<Report>, options: &Options<'_>) -> Result<Report> {
    let report = report.map_err(contradiction)?;
    options.cancel.check()?;
    writer.finish()?;
    Ok(report)
}

fn read(source: &Path, writer: &mut RegistryWriter, options: &Options<'_>) -> Result<Report> {
    if let Some(file) = dump_at(source)? {
        let staged = Staged::read(source, file, writer.names(), options)?;
        map_staged(&staged, source, writer, options)
    } else {
        let database = ForeignDatabase::open(source, options.scratch)?;
        let snapshot = database.snapshot()?;
        let report = map(&snapshot, source, &|error| database.failed(error), Oddities::default(), writer, options)?;
        drop(snapshot);
        database.unchanged()?;
        Ok(report)
    }
}

fn map_staged(staged: &Staged, source: &Path, writer: &mut RegistryWriter, options: &Options<'_>) -> Result<Report> {
    let mut odd = Oddities::default();
    if staged.may_be_cut {
        odd.note(Odd::DumpEndUnsaid, source.file_name().unwrap_or_default().to_string_lossy());
    }
    map(&staged.connection, source, &staged_failed(), odd, writer, options)
}

fn staged_failed() -> impl Fn(rusqlite::Error) -> Error {
    |error| Error::new(Code::Internal, "A question to what was staged failed.").cause(error)
}

/// Rows that contradict each other are the source's fault, wherever they do.
fn contradiction(error: Error) -> Error {
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<rusqlite::Error>());
    match cause.and_then(rusqlite::Error::sqlite_error_code) {
        Some(ErrorCode::ConstraintViolation) if error.code() == Code::Internal => {
            Error::new(Code::SourceRow, "Two rows of the source have one id or one name, where each has its own.")
                .hint(MEND)
                .cause(error)
        }
        _ => error,
    }
}

/// The file, if it is to be read as a dump: a regular one that begins as no database does. What cannot be opened is left to
/// [`ForeignDatabase::open`], which says why.
fn dump_at(source: &Path) -> Result<Option<File>> {
    if !source.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let Ok(mut file) = File::open(source) else { return Ok(None) };
    let mut head = Vec::new();
    let read = (&mut file).take(15).read_to_end(&mut head).and_then(|_| file.seek(SeekFrom::Start(0)));
    read.map_err(|error| {
        Error::new(Code::RegistryUnreadable, format!("{} could not be read.", source.display()))
            .hint("Check its disk or network, then try again.")
            .cause(error)
    })?;
    Ok((head != b"SQLite format 3").then_some(file))
}

/// Writes what stands in the tables.
fn map(
    connection: &Connection,
    source: &Path,
    failed: &dyn Fn(rusqlite::Error) -> Error,
    mut odd: Oddities,
    writer: &mut RegistryWriter,
    options: &Options<'_>,
) -> Result<Report> {
    let tables = Tables::read(connection, source, failed, options.cancel)?;
    let shape = Shape::detect(&tables)?;
    writer.info("synced_at", &options.now.to_string())?;
    writer.info("source", &source.to_string_lossy())?;
    writer.info("generation", shape.generation.as_str())?;

    let catalogue = Catalogue::read(&tables, &shape, writer, &mut odd)?;
    let users = people::read(&tables, &shape, &catalogue, writer, &mut odd)?;
    let exports = history::read(&tables, &shape, &users, writer, &mut odd)?;
    let mut modalities = Modalities::read(&tables, writer, &mut odd)?;
    let files = Files {
        tables: &tables,
        shape: &shape,
        catalogue: &catalogue,
        modalities: &mut modalities,
        writer: &mut *writer,
        odd: &mut odd,
        observer: options.observer,
    };
    let counts = files.read(options.mappings)?;
    let oddities = odd.into_list();
    for oddity in &oddities {
        writer.oddity(oddity)?;
    }
    Ok(Report {
        generation: shape.generation,
        projects: catalogue.project_count(),
        folders: catalogue.folders.len() as u64,
        patients: catalogue.patient_count,
        users: users.len() as u64,
        source_rows: counts.source_rows,
        files: counts.files,
        exports,
        oddities,
    })
}
