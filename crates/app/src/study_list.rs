//! Reading a list of studies, as a hospital delivers it, into a registry of its own.
//!
//! The registry appears whole or not at all. Deliberately absent: what a row has to hold (see `sheaf_sources`), and
//! keeping the list: it is read once, and may go away then.

use std::path::PathBuf;

use serde::Serialize;
use sheaf_registry::error::Detail;
use sheaf_registry::progress::{Cancel, Observer, Phase};
use sheaf_registry::studies::{Criteria, StudyField, StudyFilter};
use sheaf_registry::writer::RegistryWriter;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::study_list::{self, ListError};

use crate::environment::Environment;
use crate::sheets::{RejectedReason, RejectedRow, bytes_of, name_of, unreadable};
use crate::studies::progress;

/// Rejected rows that an error tells.
const TOLD: usize = 10;

/// Which list is read, and into what.
#[derive(Clone, Debug)]
pub struct StudyListRequest {
    /// An XLSX or CSV.
    pub source: PathBuf,
    /// The registry to make.
    pub to: PathBuf,
    /// A registry that is there already is replaced; otherwise `DESTINATION_TAKEN`.
    pub replace: bool,
    /// In which zone times without an offset are meant, such as `Asia/Taipei` or `+08:00`; `None`: the machine's.
    pub time_zone: Option<String>,
}

/// What became of a list of studies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StudyListReport {
    /// The registry that was made.
    pub registry: String,
    /// The list.
    pub source: String,
    /// In which zone its times were read.
    pub time_zone: String,
    /// Studies in the registry.
    pub studies: u64,
    /// Rows that were rejected, all of them.
    pub rejected: Vec<RejectedRow>,
    /// Fields that the list has no column for.
    pub absent_fields: Vec<String>,
    /// Titles of columns that are no field of a study; not read.
    pub ignored_columns: Vec<String>,
}

/// Reads a list of studies. Progress counts rows; how many there are is not known.
///
/// # Errors
/// `TABLE_UNREADABLE`, `TABLE_TOO_LARGE`; `INVALID_FILTER` for the zone; those of [`RegistryWriter`]; `CANCELLED`. Nothing
/// is left then, and what was there stays.
pub fn read_study_list(
    request: &StudyListRequest,
    environment: &Environment,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<StudyListReport> {
    let seen = |rows| observer.observe(&progress(Phase::Preparing, rows, 0));
    seen(0);
    let zone = StudyFilter { time_zone: request.time_zone.clone(), ..StudyFilter::default() };
    let zone = Criteria::new(&zone, &environment.zone)?;
    let mut writer =
        if request.replace { RegistryWriter::replacing(&request.to) } else { RegistryWriter::create(&request.to) }?;
    let bytes = bytes_of(&request.source, study_list::LIMITS, cancel)?;
    let name = name_of(&request.source);
    let report = study_list::read(&bytes, zone.zone(), study_list::LIMITS, &mut writer, &seen, cancel)
        .map_err(|error| refused(&name, error))?;
    writer.info("source", &name)?;
    writer.info("synced_at", &environment.clock.now().to_string())?;
    cancel.check()?;
    writer.finish()?;
    Ok(StudyListReport {
        registry: request.to.to_string_lossy().into_owned(),
        source: request.source.to_string_lossy().into_owned(),
        time_zone: zone.zone_name().to_owned(),
        studies: report.studies,
        rejected: report.rejected,
        absent_fields: report.absent.into_iter().map(|field| field.name().to_owned()).collect(),
        ignored_columns: report.ignored,
    })
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
            let rows = rows.map(|row| Detail::Text(format!("Line {}: {}: {}.", row.line, row.field, why(row.reason))));
            Error::new(Code::TableUnreadable, told)
                .hint("Look at the rows that were rejected, and choose the list again.")
                .details(rows)
        }
    }
}

/// Why a row was rejected, in words.
pub const fn why(reason: RejectedReason) -> &'static str {
    match reason {
        RejectedReason::Empty => "nothing stands there",
        RejectedReason::NotText => "no text and no whole number of at most 15 digits",
        RejectedReason::TooLong => "more than 100 characters",
        RejectedReason::Taken => "an earlier row has it",
        RejectedReason::NotATime => "no date and time that can be told",
        RejectedReason::NotAnAge => "no whole number of years",
    }
}
