//! Exports of studies as tables.
//!
//! An export of studies is a job like any other: it has a record in the same history, an audit, an owner, a part file, a
//! verified end. What is deliberately absent: what a filter means (the registry knows), and how a table is laid out.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sheaf_archive::entry_name::ArchiveName;
use sheaf_archive::plan::OnMissing;
use sheaf_archive::publish::{VerifiedPart, hash_file};
use sheaf_registry::error::FileProblem;
use sheaf_registry::progress::{Cancel, Observer as _, Phase, Progress};
use sheaf_registry::selection::Selection;
use sheaf_registry::studies::{Criteria, StudyFilter, StudySort};
use sheaf_registry::{Code, Error, Registry, Result, Viewer, hex};
use sheaf_tables::{About, CellNote, Columns, CsvDialect, Format, Limits, Table, TableOptions, TableReport, read_back};

use crate::copies::{Asking, Wish};
use crate::history::{Confirmation, NewExport, Planned, Record};
use crate::house::{House, actor};
use crate::patience::ask_destination;
use crate::planning::{Promised, kept_bytes};
use crate::platform::{self, FileIdentity};
use crate::progress::{Listener, Meter};
use crate::sheaf::{Sheaf, Submitted};
use crate::{failpoint, limits, wire};

/// Rows between two reports of progress and two looks at the room that is left.
const REPORT_EVERY: u64 = 4096;
/// Automatic names go up to this number.
const MOST_NAMES: u32 = 9999;

/// The format of a table of studies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum TableFormat {
    /// Text with commas. Excel drops leading zeros when it opens one.
    Csv,
    /// Text with tabs.
    Tsv,
    /// A workbook.
    Xlsx,
}

impl TableFormat {
    /// The format that a file name's ending says, where it says one.
    fn of_ending(name: &str) -> Option<Self> {
        let ending = Path::new(name).extension()?.to_str()?.to_lowercase();
        [TableFormat::Csv, TableFormat::Tsv, TableFormat::Xlsx].into_iter().find(|format| format.extension() == ending)
    }

    /// The file name's ending, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            TableFormat::Csv => "csv",
            TableFormat::Tsv => "tsv",
            TableFormat::Xlsx => "xlsx",
        }
    }
}

/// What a table of studies is made of and how: what was asked for, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudyExport {
    /// What was said, with the time zone that it means.
    pub filter: StudyFilter,
    /// The order, as `order_datetime_desc`.
    pub sort: String,
    /// The columns, in their order.
    pub columns: Vec<String>,
    /// The format.
    pub format: TableFormat,
    /// A CSV begins with a byte order mark, so that Excel reads it as UTF-8.
    pub bom: bool,
    /// A CSV has `'` before what a spreadsheet would run. `false` only by choice.
    pub neutralise: bool,
    /// A file with the checksum was put beside it.
    pub sha256_file: bool,
    /// Studies: those that matched when it was asked for, then those that were written.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub studies: u64,
    /// Sheets with studies.
    pub sheets: u32,
    /// Cells of a CSV that got a `'`.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub neutralised: u64,
    /// Cells in which characters that no table can hold were replaced.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub replaced: u64,
    /// Cells of a workbook that were shortened to 32,767 characters.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub shortened: u64,
    /// Cells of a CSV of which Excel shows a part only.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub too_long_for_excel: u64,
    /// Times before 1900, which stand as text in a workbook.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub times_as_text: u64,
}

/// What shall be written as a table.
#[derive(Clone, Debug)]
pub struct StudyExportRequest {
    /// The registry file.
    pub registry: PathBuf,
    /// Who asks: a user of the registry; `None` is the owner.
    pub user: Option<String>,
    /// Which studies.
    pub filter: StudyFilter,
    /// In which order.
    pub sort: StudySort,
    /// The columns.
    pub columns: Columns,
    /// The format.
    pub format: TableFormat,
    /// A byte order mark in a CSV.
    pub bom: bool,
    /// `'` before what a spreadsheet would run, in a CSV.
    pub neutralise: bool,
    /// Put a file with the checksum beside it.
    pub sha256_file: bool,
    /// A folder, where the name is automatic, or a path that is free.
    pub out: PathBuf,
}

impl Sheaf {
    /// Writes a table of studies, in the foreground to its end. An error means that no job was created; a job that failed or
    /// was cancelled is a record with that status.
    pub fn export_studies(
        &self,
        request: &StudyExportRequest,
        listener: &Listener,
        cancel: &Cancel,
    ) -> Result<wire::DatasetExport> {
        self.submit_studies(request, listener, cancel)?.wait()
    }

    /// Counts, refuses or creates a table of studies, and queues it on a background thread.
    pub fn submit_studies(
        &self,
        request: &StudyExportRequest,
        listener: &Listener,
        cancel: &Cancel,
    ) -> Result<Submitted<'_>> {
        let record = create(self.house(), request, None, cancel)?;
        failpoint::hit("created");
        self.queue(record, listener, cancel)
    }
}

impl Sheaf {
    /// The same table once more, under a new automatic name in the same folder.
    pub(crate) fn create_studies_again(&self, record: &Record, table: &StudyExport, cancel: &Cancel) -> Result<Record> {
        let request = StudyExportRequest {
            registry: record.registry.clone(),
            user: (!record.as_owner).then(|| record.user.clone()),
            filter: table.filter.clone(),
            sort: StudySort::named(&table.sort).unwrap_or_default(),
            columns: Columns::named(&table.columns.join(","))?,
            format: table.format,
            bom: table.bom,
            neutralise: table.neutralise,
            sha256_file: table.sha256_file,
            out: record.destination.parent().unwrap_or(Path::new("/")).to_owned(),
        };
        create(self.house(), &request, None, cancel)
    }
}

/// The name of a table that is asked for now, without its extension.
pub(crate) fn automatic_name(house: &House) -> String {
    let now = house.environment.clock.now().to_zoned(house.environment.zone.clone());
    now.strftime("studies_export_%Y-%m-%d_%H%M%S").to_string()
}

/// Refuses, or creates the record of a table of so many studies; `None` counts them first. The job counts once more.
pub(crate) fn create(house: &House, request: &StudyExportRequest, counted: Option<u64>, cancel: &Cancel) -> Result<Record> {
    let criteria = Criteria::new(&request.filter, &house.environment.zone)?;
    let out = std::path::absolute(&request.out).map_err(|error| {
        Error::new(Code::DestinationUnwritable, format!("{} names no file: {error}.", request.out.display()))
    })?;
    let is_folder = ask_destination(&out, cancel, |out| Ok(out.is_dir()))?;
    let extension = request.format.extension();
    let (folder, base) = if is_folder {
        (out, automatic_name(house))
    } else {
        let folder = out.parent().map(Path::to_owned).unwrap_or_default();
        let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(other) = TableFormat::of_ending(&name).filter(|format| *format != request.format) {
            let message = format!("{name} is the name of another format than {extension}.");
            return Err(Error::new(Code::Usage, message)
                .hint(format!("End the name with .{extension}, or ask for --format {}.", other.extension())));
        }
        let base = name.strip_suffix(&format!(".{extension}")).unwrap_or(&name).to_owned();
        ArchiveName::new(&base)?;
        (folder, base)
    };
    let folder = ask_destination(&folder, cancel, |out| Ok(out.canonicalize().unwrap_or_else(|_| out.to_owned())))?;
    let file_name = |base: &str| match request.out.file_name() {
        Some(name) if !is_folder => name.to_string_lossy().into_owned(),
        _ => format!("{base}.{extension}"),
    };
    check(&folder, file_name(&base), request.sha256_file, cancel)
        .or_else(|error| if is_folder && error.code() == Code::DestinationTaken { Ok(()) } else { Err(error) })?;

    let registry = house.registry(&request.registry)?;
    let viewer = registry.viewer(&actor(request.user.as_deref()))?;
    may_export(&viewer)?;
    let studies = match counted {
        Some(studies) => studies,
        None => count(&registry, &viewer, &criteria, cancel)?,
    };
    refuse(studies, house)?;
    let free = ask_destination(&folder, cancel, sheaf_archive::free_bytes)?;
    room(house, free)?;
    // How large it gets is known when it is written.
    limits::check_quota(kept_bytes(house, viewer.name(), Promised::All, "")?, 1, &house.settings())?;
    let asked = StudyExport {
        filter: criteria.filter().clone(),
        sort: request.sort.to_string(),
        columns: request.columns.fields().iter().map(|field| field.name().to_owned()).collect(),
        format: request.format,
        bom: request.bom && request.format != TableFormat::Xlsx,
        neutralise: request.neutralise && request.format != TableFormat::Xlsx,
        sha256_file: request.sha256_file,
        studies,
        sheets: 0,
        neutralised: 0,
        replaced: 0,
        shortened: 0,
        too_long_for_excel: 0,
        times_as_text: 0,
    };
    let mut new = NewExport {
        id: house.environment.random_id(),
        name: base.clone(),
        notes: String::new(),
        user: viewer.name().to_owned(),
        as_owner: request.user.is_none(),
        project: String::new(),
        registry: registry.path().to_owned(),
        selection: Selection::default(),
        on_missing: OnMissing::Fail,
        destination: folder.join(file_name(&base)),
        never_used: is_folder,
        planned: planned(&registry, studies)?,
        studies: Some(asked),
    };
    for number in 2..=MOST_NAMES {
        let name = new.destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let created =
            check(&folder, name, request.sha256_file, cancel).and_then(|()| house.history.create(&new, house.owner.id()));
        match created {
            Err(error) if is_folder && error.code() == Code::DestinationTaken => {
                new.name = format!("{base}_{number}");
                new.destination = folder.join(format!("{}.{extension}", new.name));
            }
            other => return other,
        }
    }
    Err(Error::new(Code::DestinationTaken, format!("All names that begin with {base} are taken."))
        .hint("Name a file with --out."))
}

/// A table that was written, is durable and hashed.
pub(crate) struct Written {
    pub(crate) part: VerifiedPart,
    pub(crate) studies: StudyExport,
    pub(crate) problems: Vec<FileProblem>,
    pub(crate) planned: Planned,
}

/// Writes the part file of a record of studies. Rights and matches are asked again.
pub(crate) fn write(house: &House, record: &Record, asked: &StudyExport, meter: &Meter, cancel: &Cancel) -> Result<Written> {
    let criteria = Criteria::new(&asked.filter, &house.environment.zone)?;
    let sort = StudySort::named(&asked.sort).unwrap_or_default();
    let columns = Columns::named(&asked.columns.join(","))?;
    house.refresh(&record.registry, Asking::Working, Wish::default(), meter, cancel)?;
    let registry = house.registry(&record.registry)?;
    let viewer = registry.viewer(&actor((!record.as_owner).then_some(record.user.as_str())))?;
    may_export(&viewer)?;
    let directory = record.destination.parent().unwrap_or(Path::new("/"));
    let name = record.destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
    check(directory, name, asked.sha256_file, cancel)?;
    let total = count(&registry, &viewer, &criteria, cancel)?;
    refuse(total, house)?;

    let path = record.part();
    let file = platform::private_file().read(true).write(true).create_new(true).open(&path).map_err(|error| {
        Error::new(Code::WriteFailed, format!("The table could not be begun: {error}."))
            .hint("Check the destination, then restart the export.")
            .cause(error)
    })?;
    let guard = PartGuard(Some(path.clone()));
    let scratch = house.scratch()?;
    let options = TableOptions {
        format: format(asked),
        columns,
        zone: criteria.zone().clone(),
        about: about(record, asked, &criteria),
        limits: Limits::default(),
    };
    let kept =
        file.try_clone().map_err(|error| Error::new(Code::WriteFailed, "The table could not be begun.").cause(error))?;
    let mut table = Table::new(file, options, &scratch, cancel)?;
    let kept_bytes = kept_bytes(house, viewer.name(), Promised::Working, &record.id)?;
    let quota = || {
        let written = kept.metadata().map_or(0, |metadata| metadata.len());
        limits::check_quota(kept_bytes, written, &house.settings())
    };
    registry.each_study(&viewer, &criteria, sort, cancel, |study| {
        let rows = table.rows();
        if rows.is_multiple_of(REPORT_EVERY) {
            meter.observe(&progress(Phase::Writing, rows, total));
            if let Ok(free) = sheaf_archive::free_bytes(directory) {
                room(house, free)?;
            }
            quota()?;
        }
        table.push(study)
    })?;
    meter.observe(&progress(Phase::Verifying, total, total));
    let report = table.finish()?;
    quota()?;
    let mut kept = kept;
    read_back(&mut kept, &format(asked), asked.columns.len(), &report, cancel)?;
    let part = hashed(kept, path, report.rows)?;
    // From here on the part file is the publisher's.
    guard.keep();
    let studies = StudyExport {
        studies: report.rows,
        sheets: report.sheets,
        neutralised: report.neutralised,
        replaced: report.replaced,
        shortened: report.shortened,
        too_long_for_excel: report.too_long_for_excel,
        times_as_text: report.times_as_text,
        ..asked.clone()
    };
    Ok(Written { part, studies, problems: problems(&report), planned: planned(&registry, report.rows)? })
}

/// Puts the checksum of a table at `path`, before the table appears.
pub(crate) fn write_checksum(path: &Path, table: &Path, sha256: &[u8; 32]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = platform::private_file().write(true).create_new(true).open(path)?;
        file.write_all(checksum_line(table, &hex::encode(sha256)).as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::new(Code::DestinationTaken, format!("{} already exists.", path.display()))
                .hint("Move it away, or export without the file of the checksum.")
        }
        _ => Error::new(Code::WriteFailed, format!("The file of the checksum could not be written: {error}."))
            .hint("Check the destination, then restart the export.")
            .cause(error),
    })
}

/// Reads the table of a record again and compares it with the record.
pub(crate) fn verify(path: &Path, sha256: &str, rows: u64, cancel: &Cancel) -> Result<wire::Verification> {
    let missing = |error: std::io::Error| {
        Error::new(Code::ArchiveMissing, format!("The table {} cannot be read: {error}.", path.display()))
            .hint("Bring it back, or export it again.")
            .cause(error)
    };
    let file = sheaf_archive::publish::open_regular(path).map_err(missing)?;
    let (bytes, found) = hash_file(&file, &|| ()).map_err(missing)?;
    cancel.check()?;
    let found = hex::encode(&found);
    let altered = wire::ArchiveProblem {
        name: String::new(),
        code: Code::ArchiveAltered.as_str().to_owned(),
        message: "The file is not the table of the record: its SHA-256 is another one.".to_owned(),
    };
    let ok = found == sha256;
    let problems = if ok { Vec::new() } else { vec![altered] };
    Ok(wire::Verification { ok, files: rows, bytes, sha256: found, problems })
}

/// What the file with a table's checksum says, as `sha256sum -c` reads it.
fn checksum_line(table: &Path, sha256: &str) -> String {
    format!("{sha256}  {}\n", table.file_name().unwrap_or_default().to_string_lossy())
}

/// The file with the checksum beside a record's table, where the record put one there and it still says that and no more.
pub(crate) fn own_checksum(record: &Record) -> Option<PathBuf> {
    let archive = record.archive.as_ref().filter(|_| record.studies.as_ref().is_some_and(|asked| asked.sha256_file))?;
    let (path, line) = (checksum_path(&record.destination), checksum_line(&record.destination, &archive.sha256));
    let mut said = String::new();
    // One byte more than it would have: what is longer is somebody's.
    let file = sheaf_archive::publish::open_regular(&path).ok()?;
    file.take(line.len() as u64 + 1).read_to_string(&mut said).ok()?;
    (said == line).then_some(path)
}

/// Where the checksum of a table stands.
pub(crate) fn checksum_path(table: &Path) -> PathBuf {
    let mut name = table.as_os_str().to_owned();
    name.push(".sha256");
    PathBuf::from(name)
}

fn check(folder: &Path, name: String, sha256_file: bool, cancel: &Cancel) -> Result<()> {
    ask_destination(folder, cancel, move |folder| {
        sheaf_archive::check_destination(folder, &name)?;
        if sha256_file { sheaf_archive::check_destination(folder, &format!("{name}.sha256")) } else { Ok(()) }
    })
}

pub(crate) fn may_export(viewer: &Viewer) -> Result<()> {
    if viewer.may_export_studies() {
        return Ok(());
    }
    Err(Error::new(Code::ExportForbidden, format!("{} may not export studies.", viewer.name()))
        .hint("Ask for the right to export studies."))
}

fn count(registry: &Registry, viewer: &Viewer, criteria: &Criteria, cancel: &Cancel) -> Result<u64> {
    if criteria.is_everything() {
        return registry.study_count(viewer);
    }
    registry.each_study(viewer, criteria, StudySort::default(), cancel, |_| Ok(())).map(|count| count.matching)
}

pub(crate) fn refuse(studies: u64, house: &House) -> Result<()> {
    if studies == 0 {
        return Err(Error::new(Code::NothingToExport, "No study matches, so there is no table to write.")
            .hint("`sheaf studies search` shows what matches."));
    }
    limits::check_studies(studies, &house.settings())
}

fn room(house: &House, free: u64) -> Result<()> {
    let reserve = house.settings().free_space_reserve;
    if free >= reserve {
        return Ok(());
    }
    Err(Error::new(
        Code::NoSpace,
        format!("{reserve} bytes stay in reserve at the destination, but only {free} bytes are free."),
    )
    .hint("Free space at the destination, choose another one, or lower free_space_reserve in the settings."))
}

/// What the record keeps of what matched.
fn planned(registry: &Registry, studies: u64) -> Result<Planned> {
    let digest = format!("studies:{studies}");
    let numbers = wire::Confirmed { patients: 0, files: 1, bytes: 0 };
    Ok(Planned {
        confirmation: Confirmation { numbers, digest },
        registry_synced_at: registry.synced_at()?,
        ..Planned::default()
    })
}

fn format(asked: &StudyExport) -> Format {
    let csv = |tabs| Format::Csv(CsvDialect { bom: asked.bom, tabs, neutralise: asked.neutralise });
    match asked.format {
        TableFormat::Csv => csv(false),
        TableFormat::Tsv => csv(true),
        TableFormat::Xlsx => Format::Xlsx,
    }
}

/// What the sheet "About" says. No more of who is searched for than the filter itself.
fn about(record: &Record, asked: &StudyExport, criteria: &Criteria) -> About {
    let filter = match serde_json::to_value(criteria.filter()) {
        Ok(serde_json::Value::Object(said)) => said,
        _ => serde_json::Map::new(),
    };
    let mut lines = vec![
        ("Application".to_owned(), format!("Sheaf {}", env!("CARGO_PKG_VERSION"))),
        ("Export".to_owned(), record.id.clone()),
        ("Exported by".to_owned(), record.user.clone()),
        ("Exported at".to_owned(), record.created_at.to_string()),
        ("Registry".to_owned(), record.registry.to_string_lossy().into_owned()),
        ("Times are in".to_owned(), criteria.zone_name().to_owned()),
        ("Order".to_owned(), asked.sort.clone()),
    ];
    if criteria.is_everything() {
        lines.push(("Filter".to_owned(), "none: every study".to_owned()));
    }
    for (name, value) in filter.iter().filter(|(name, _)| *name != "time_zone") {
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(values) if values.len() > 100 => format!("{} values", values.len()),
            other => other.to_string(),
        };
        lines.push((format!("Filter: {name}"), value));
    }
    About { lines, created_at: record.created_at }
}

fn hashed(file: File, path: PathBuf, rows: u64) -> Result<VerifiedPart> {
    let failed = |error: std::io::Error| {
        Error::new(Code::WriteFailed, format!("The table could not be read back: {error}."))
            .hint("Check the destination's disk, then restart the export.")
            .cause(error)
    };
    let mut whole = file;
    std::io::Seek::rewind(&mut whole).map_err(failed)?;
    let (bytes, sha256) = hash_file(&whole, &|| ()).map_err(failed)?;
    let identity = FileIdentity::of(&whole.metadata().map_err(failed)?);
    let identity = (identity.device, identity.inode);
    Ok(VerifiedPart { path, bytes, sha256, files: rows, content_bytes: bytes, problems: Vec::new(), identity })
}

/// Cells that hold less than the registry, as the problems of the record: the study's id stands for the file.
fn problems(report: &TableReport) -> Vec<FileProblem> {
    if !report.has_losses() {
        return Vec::new();
    }
    let problem = |note: &CellNote| FileProblem {
        file: note.exam_id.clone(),
        patient: String::new(),
        path: note.column.name().to_owned(),
        code: Code::CellChanged.as_str().to_owned(),
        message: note.what.to_owned(),
        omitted: false,
    };
    report.notes.iter().map(problem).collect()
}

pub(crate) fn progress(phase: Phase, done: u64, total: u64) -> Progress {
    Progress { phase, files_done: done.min(total), files_total: total, bytes_done: 0, bytes_total: 0, current: None }
}

/// Removes the part file unless it is kept.
struct PartGuard(Option<PathBuf>);

impl PartGuard {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for PartGuard {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // What stays is noted in the history and swept at the next start.
            let _ = std::fs::remove_file(path);
        }
    }
}
