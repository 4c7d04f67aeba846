//! A table of the user's that says whose record number is whose, kept beside the registry, which is never written.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::sheet::{self, Cell, Limits, Line};

use super::exports::Saved;
use super::list::read_bytes;
use super::native::SaveQuestion;
use super::{Desk, FileQuestion, Nothing};
use crate::platform;
use crate::sheets::unreadable;

/// Most rejected rows that are listed.
const MOST_REJECTED: usize = 1000;
/// Longest record number or id of a patient, in characters.
const LONGEST: usize = 100;
/// Titles of the two columns, in small letters.
const NUMBERS: [&str; 5] = ["record_no", "medical_record_no", "record number", "record no.", "病歷號"];
const PATIENTS: [&str; 4] = ["patient_id", "patient id", "patient", "id"];

/// What became of a table of record numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RecordNumbersReport {
    /// Record numbers that are kept from now on, in place of those of an earlier table.
    pub imported: u64,
    /// Rows that were rejected.
    pub rejected_total: u64,
    /// The first of them.
    pub rejected: Vec<RejectedRow>,
}

/// A row that was rejected whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RejectedRow {
    /// Its line in the file.
    pub line: u64,
    /// The field that is wrong.
    pub field: RecordField,
    /// Why.
    pub reason: RejectedReason,
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RecordField {
    /// The record number.
    RecordNo,
    /// The patient's id.
    PatientId,
}

/// Why a row was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RejectedReason {
    /// Nothing stands there.
    Empty,
    /// A date, a fraction, an error of a formula: no text and no whole number.
    NotText,
    /// Longer than any.
    TooLong,
    /// An earlier line gives the record number to another patient.
    Taken,
}

impl Desk {
    /// Lets the user choose a table of record numbers and patients' ids, and keeps it for the open registry in place of an
    /// earlier one; `null` when the dialog was closed. Rows that are wrong are rejected whole, and told; where none is
    /// right, `TABLE_UNREADABLE`, and the earlier table stays.
    pub fn import_record_numbers(&self, _: Nothing) -> Result<Option<RecordNumbersReport>> {
        let (registry, _) = self.place()?;
        let words = self.language();
        let question = FileQuestion {
            title: words.open_record_numbers().to_owned(),
            kind: Some((words.tables().to_owned(), ["xlsx", "csv", "tsv", "txt"].map(ToOwned::to_owned).to_vec())),
            folder: None,
        };
        let Some(path) = self.native.choose_file(&question) else { return Ok(None) };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let failed = |why: &str| {
            Error::new(Code::TableUnreadable, format!("{name} cannot be read: {why}."))
                .hint("Choose an XLSX or CSV file on a disk that answers.")
        };
        let limits = Limits::default();
        let bytes = read_bytes(&path, limits.file, &failed)?;
        let mut table = Table::default();
        sheet::read(&bytes, limits, &mut |line| {
            table.take(line);
            ControlFlow::Continue(())
        })
        .map_err(|error| unreadable(&name, error))?;
        if table.kept.is_empty() {
            return Err(Error::new(Code::TableUnreadable, "No row of this table has a record number and a patient id.")
                .hint("Choose an XLSX or CSV file with two columns: record number and patient id."));
        }
        self.sheaf.house().store.keep_record_numbers(&registry, &table.kept)?;
        let report = RecordNumbersReport {
            imported: table.kept.len() as u64,
            rejected_total: table.rejected_total,
            rejected: table.rejected,
        };
        self.know(&registry, report.imported, report.rejected.clone());
        Ok(Some(report))
    }

    /// Forgets the table of record numbers that is kept for the open registry.
    pub fn remove_record_numbers(&self, _: Nothing) -> Result<Nothing> {
        let (registry, _) = self.place()?;
        self.sheaf.house().store.keep_record_numbers(&registry, &BTreeMap::new())?;
        self.know(&registry, 0, Vec::new());
        Ok(Nothing {})
    }

    /// Puts the rows that were rejected the last time on the clipboard, as a table.
    pub fn copy_rejected(&self, _: Nothing) -> Result<Nothing> {
        let table = self.studying(|studying| written(&studying.rejected, b'\t'))?;
        self.native.copy(&String::from_utf8_lossy(&table))?;
        Ok(Nothing {})
    }

    /// Saves them as CSV where the user wants it; `null` when the dialog was closed.
    pub fn save_rejected(&self, _: Nothing) -> Result<Option<Saved>> {
        let table = self.studying(|studying| written(&studying.rejected, b','))?;
        let question = SaveQuestion {
            title: self.language().save_problems().to_owned(),
            file_name: "record_numbers_rejected.csv".to_owned(),
            folder: None,
        };
        let Some(to) = self.native.choose_save(&question) else { return Ok(None) };
        platform::write_whole(&to, &table).map_err(|error| {
            Error::new(Code::DestinationUnwritable, format!("{} cannot be written: {error}.", to.display()))
                .hint("Choose another folder.")
                .cause(error)
        })?;
        Ok(Some(Saved { path: to.to_string_lossy().into_owned() }))
    }

    /// Notes for the page what is kept, if the registry is still open.
    fn know(&self, registry: &str, numbers: u64, rejected: Vec<RejectedRow>) {
        let mut open = self.opened();
        let open = open.as_mut().filter(|open| open.id == registry);
        if let Some(studying) = open.and_then(|open| open.studies.as_mut()) {
            studying.own_numbers = numbers;
            studying.rejected = rejected;
        }
    }
}

/// Which patient has which number, and what was rejected.
#[derive(Default)]
struct Table {
    /// Where the two columns are, once a line was seen.
    columns: Option<(usize, usize)>,
    kept: BTreeMap<String, String>,
    rejected_total: u64,
    rejected: Vec<RejectedRow>,
}

impl Table {
    /// Understands a line. The first may hold titles; without them, the record number stands first.
    fn take(&mut self, line: &Line) {
        let (number_at, patient_at) = if let Some(columns) = self.columns {
            columns
        } else {
            let at = |titles: &[&str]| {
                line.cells.iter().position(|cell| cell.id().is_some_and(|id| titles.contains(&id.to_lowercase().as_str())))
            };
            let titles = at(&NUMBERS).zip(at(&PATIENTS));
            self.columns = Some(titles.unwrap_or((0, 1)));
            if titles.is_some() {
                return;
            }
            (0, 1)
        };
        let row = cell(line, number_at).map_err(|reason| (RecordField::RecordNo, reason)).and_then(|number| {
            let patient = cell(line, patient_at).map_err(|reason| (RecordField::PatientId, reason))?;
            let taken = self.kept.get(&number).is_some_and(|before| *before != patient);
            if taken { Err((RecordField::RecordNo, RejectedReason::Taken)) } else { Ok((number, patient)) }
        });
        match row {
            Ok((number, patient)) => drop(self.kept.insert(number, patient)),
            Err((field, reason)) => {
                self.rejected_total += 1;
                if self.rejected.len() < MOST_REJECTED {
                    self.rejected.push(RejectedRow { line: line.number, field, reason });
                }
            }
        }
    }
}

fn cell(line: &Line, at: usize) -> Result<String, RejectedReason> {
    match line.cells.get(at).unwrap_or(&Cell::Empty).id() {
        None => Err(RejectedReason::NotText),
        Some(text) if text.is_empty() => Err(RejectedReason::Empty),
        Some(text) if text.chars().count() > LONGEST => Err(RejectedReason::TooLong),
        Some(text) if text.contains(char::is_control) => Err(RejectedReason::NotText),
        Some(text) => Ok(text),
    }
}

/// Rejected rows as a table: line, field, reason.
fn written(rows: &[RejectedRow], mark: u8) -> Result<Vec<u8>> {
    let failed = || Error::new(Code::Internal, "The rejected rows could not be written.");
    let mut table = csv::WriterBuilder::new().delimiter(mark).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        table.serialize(row).map_err(|error| failed().cause(error))?;
    }
    table.into_inner().map_err(|error| failed().cause(error.into_error()))
}
