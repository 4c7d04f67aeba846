//! A list of studies as a hospital delivers it: XLSX or CSV, with its Chinese titles or with the names of the fields.
//!
//! A row that breaks a rule is rejected whole and told; the others become studies. Deliberately absent: guesses. A day
//! that could be another one, and a number that a spreadsheet has rounded, are rejected.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::StudyField;
use sheaf_registry::writer::RegistryWriter;

use crate::sheet::{self, Cell, Limits, Line, SheetError, Unread};
pub use crate::study_rows::StudyReport;
use crate::study_rows::{StudyColumn, StudyRows};

/// The titles of the hospital, and other words of the source for its fields, each without blanks and in small letters. The
/// names of the fields themselves are understood besides.
const TITLES: &[(&str, StudyField)] = &[
    ("檢查流水號", StudyField::ExamId),
    ("病歷號", StudyField::MedicalRecordNo),
    ("申請單號", StudyField::ApplicationOrderNo),
    ("姓名", StudyField::PatientName),
    ("性別", StudyField::PatientGender),
    ("生日", StudyField::PatientBirthDate),
    ("年齡", StudyField::PatientAge),
    ("狀態", StudyField::ExamStatus),
    ("來源", StudyField::ExamSource),
    ("檢查室", StudyField::ExamRoom),
    ("檢查項目", StudyField::ExamItem),
    ("檢查描述", StudyField::ExamDescription),
    ("檢查儀器", StudyField::ExamEquipment),
    ("儀器", StudyField::EquipmentType),
    ("開單日期/時間", StudyField::OrderDatetime),
    ("報到時間", StudyField::CheckInDatetime),
    ("報告認證時間", StudyField::ReportCertificationDatetime),
    ("認證醫師", StudyField::CertifiedPhysician),
];
/// Lines above the titles that may hold something else, such as the name of the report.
const ABOVE: usize = 20;
/// Rows between two looks at whether to stop.
const LOOK_EVERY: u64 = 1024;

/// What is read of a list at most: a million studies with long descriptions.
pub const LIMITS: Limits = Limits { file: 512 << 20, sheet: 4 << 30 };

/// Why a list was not read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The table cannot be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// No line at its beginning holds the title of the examination's number.
    #[error("no line at its beginning holds the title exam_id or 檢查流水號")]
    Titles,
    /// Two columns for one field.
    #[error("two columns are titled as {}", .0.name())]
    Twice(StudyField),
    /// No row is right.
    #[error("no row of it is a study")]
    Empty(StudyReport),
    /// The registry cannot be written, or the user has stopped it.
    #[error(transparent)]
    Write(#[from] sheaf_registry::Error),
}

/// Reads a list into a registry in the making. Times without an offset of their own are meant in `zone`. `seen` is told now
/// and then how many rows were looked at.
///
/// # Errors
/// [`ListError`]; the registry is then to be dropped.
pub fn read(
    bytes: &[u8],
    zone: &TimeZone,
    limits: Limits,
    writer: &mut RegistryWriter,
    seen: &dyn Fn(u64),
    cancel: &Cancel,
) -> Result<StudyReport, ListError> {
    let mut list = StudyList { titles: Titles::default(), rows: StudyRows::new(zone) };
    let mut failed = None;
    let mut lines = 0_u64;
    let unread = sheet::read(bytes, limits, &mut |line| {
        lines += 1;
        let stop = if lines.is_multiple_of(LOOK_EVERY) {
            seen(lines);
            cancel.check()
        } else {
            Ok(())
        };
        match stop.map_err(ListError::Write).and_then(|()| list.take(line, writer)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    list.finish(unread);
    match failed {
        Some(error) => Err(error),
        None if list.titles.columns.is_empty() => Err(ListError::Titles),
        None if list.rows.report.studies == 0 => Err(ListError::Empty(list.rows.report)),
        None => Ok(list.rows.report),
    }
}

struct StudyList<'a> {
    titles: Titles,
    rows: StudyRows<'a>,
}

/// Which column is which field.
#[derive(Default)]
struct Titles {
    /// Lines that were none.
    above: usize,
    /// Empty until the titles are found.
    columns: Vec<(usize, StudyField)>,
    /// Cells of the line with the titles.
    width: usize,
    /// Columns of it without a title.
    blank: BTreeSet<usize>,
    /// Columns without a title in which something stands.
    untitled: BTreeSet<usize>,
}

impl StudyList<'_> {
    fn take(&mut self, line: &Line, writer: &mut RegistryWriter) -> Result<(), ListError> {
        if self.titles.columns.is_empty() {
            return self.find_titles(line);
        }
        for (at, cell) in line.cells.iter().enumerate() {
            if *cell != Cell::Empty && (at >= self.titles.width || self.titles.blank.contains(&at)) {
                self.titles.untitled.insert(at);
            }
        }
        let cell = |at: usize| line.cells.get(at).unwrap_or(&Cell::Empty);
        let cells = self.titles.columns.iter().map(|(at, field)| (StudyColumn::Field(*field), cell(*at)));
        Ok(self.rows.take(line.number, cells, writer)?)
    }

    fn find_titles(&mut self, line: &Line) -> Result<(), ListError> {
        let named: Vec<_> = line.cells.iter().map(|cell| cell.id().as_deref().and_then(titled)).collect();
        if !named.contains(&Some(StudyField::ExamId)) {
            self.titles.above += 1;
            return if self.titles.above > ABOVE { Err(ListError::Titles) } else { Ok(()) };
        }
        for (at, (cell, field)) in line.cells.iter().zip(named).enumerate() {
            match field {
                Some(field) if self.titles.columns.iter().any(|(_, taken)| *taken == field) => {
                    return Err(ListError::Twice(field));
                }
                Some(field) => self.titles.columns.push((at, field)),
                None => match cell.id().filter(|title| !title.is_empty()) {
                    Some(title) => self.rows.report.ignored.push(title),
                    None => drop(self.titles.blank.insert(at)),
                },
            }
        }
        self.titles.width = line.cells.len();
        let is_absent = |field: &&StudyField| !self.titles.columns.iter().any(|(_, titled)| titled == *field);
        self.rows.report.absent = StudyField::ALL.iter().filter(is_absent).copied().collect();
        Ok(())
    }

    /// Tells what was not read.
    fn finish(&mut self, unread: Unread) {
        self.rows.report.ignored.extend(self.titles.untitled.iter().map(|at| letters(*at)));
        if unread.columns {
            self.rows.report.ignored.push(format!("{} and what follows", letters(sheet::MOST_COLUMNS)));
        }
        self.rows.report.ignored_sheets = unread.sheets;
    }
}

/// A column as spreadsheets call it: A to Z, then AA.
fn letters(mut at: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(at % 26).unwrap_or_default()));
        if at < 26 {
            return letters.into_iter().rev().collect();
        }
        at = at / 26 - 1;
    }
}

/// The field that a title names.
fn titled(title: &str) -> Option<StudyField> {
    let title: String = title.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_").replace('-', "_");
    let chinese = title.replace('_', "").replace('／', "/");
    StudyField::named(&title).or_else(|| TITLES.iter().find(|(known, _)| *known == chinese).map(|(_, field)| *field))
}
