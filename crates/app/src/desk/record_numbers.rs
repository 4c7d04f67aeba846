//! A table of the user's that says whose record number is whose, kept beside the registry, which is never written.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::Serialize;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::sheet::{self, Cell, Limits, Line};

use super::rejected::first_rejected;
use super::{Desk, Nothing};
use crate::sheets::{RejectedReason, RejectedRow, bytes_of, name_of, unreadable};

/// Longest record number or id of a patient, in characters.
const LONGEST: usize = 100;
/// Names of the two fields.
const RECORD_NO: &str = "record_no";
const PATIENT_ID: &str = "patient_id";
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

impl Desk {
    /// Lets the user choose a table of record numbers and patients' ids, and keeps it for the open registry in place of an
    /// earlier one; `null` when the dialog was closed. Rows that are wrong are rejected whole, and told; where none is
    /// right, `TABLE_UNREADABLE`, and the earlier table stays.
    pub fn import_record_numbers(&self, _: Nothing) -> Result<Option<RecordNumbersReport>> {
        let (registry, _) = self.place()?;
        let Some(path) = self.choose_table(self.language().open_record_numbers()) else { return Ok(None) };
        let limits = Limits::default();
        let bytes = bytes_of(&path, limits, &Cancel::new())?;
        let mut table = Table::default();
        sheet::read(&bytes, limits, &mut |line| {
            table.take(line);
            ControlFlow::Continue(())
        })
        .map_err(|error| unreadable(&name_of(&path), error))?;
        if table.kept.is_empty() {
            return Err(Error::new(Code::TableUnreadable, "No row of this table has a record number and a patient id.")
                .hint("Choose an XLSX or CSV file with two columns: record number and patient id."));
        }
        self.sheaf.house().store.keep_record_numbers(&registry, &table.kept)?;
        let report = RecordNumbersReport {
            imported: table.kept.len() as u64,
            rejected_total: table.rejected.len() as u64,
            rejected: first_rejected(&table.rejected),
        };
        self.know(&registry, report.imported, table.rejected);
        Ok(Some(report))
    }

    /// Forgets the table of record numbers that is kept for the open registry.
    pub fn remove_record_numbers(&self, _: Nothing) -> Result<Nothing> {
        let (registry, _) = self.place()?;
        self.sheaf.house().store.keep_record_numbers(&registry, &BTreeMap::new())?;
        self.know(&registry, 0, Vec::new());
        Ok(Nothing {})
    }

    /// Notes for the page what is kept, if the registry is still open.
    pub(super) fn know(&self, registry: &str, numbers: u64, rejected: Vec<RejectedRow>) {
        let mut open = self.opened();
        let Some(open) = open.as_mut().filter(|open| open.id == registry) else { return };
        open.rejected = rejected;
        if let Some(studying) = open.studies.as_mut() {
            studying.own_numbers = numbers;
        }
    }
}

/// Which patient has which number, and what was rejected.
#[derive(Default)]
struct Table {
    /// Where the two columns are, once a line was seen.
    columns: Option<(usize, usize)>,
    kept: BTreeMap<String, String>,
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
        let row = cell(line, number_at).map_err(|reason| (RECORD_NO, reason)).and_then(|number| {
            let patient = cell(line, patient_at).map_err(|reason| (PATIENT_ID, reason))?;
            let taken = self.kept.get(&number).is_some_and(|before| *before != patient);
            if taken { Err((RECORD_NO, RejectedReason::Taken)) } else { Ok((number, patient)) }
        });
        match row {
            Ok((number, patient)) => drop(self.kept.insert(number, patient)),
            Err((field, reason)) => self.rejected.push(RejectedRow { line: line.number, field, reason }),
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
