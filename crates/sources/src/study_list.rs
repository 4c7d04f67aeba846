//! A list of studies as a hospital delivers it: XLSX or CSV, with its Chinese titles or with the names of the fields.
//!
//! A row that breaks a rule is rejected whole and told; the others become studies. Deliberately absent: guesses. A day
//! that could be another one, and a number that a spreadsheet has rounded, are rejected.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use sheaf_registry::progress::Cancel;
use sheaf_registry::provenance::Oddity;
use sheaf_registry::studies::StudyField;
use sheaf_registry::writer::{NewStudy, RegistryWriter};

use crate::rejected::{RejectedReason, RejectedRow};
use crate::report::{Odd, Oddities};
use crate::sheet::{self, Cell, Limits, Line, SheetError, Unread};

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
/// Longest number of an examination, in characters: what the source allows.
const LONGEST_ID: usize = 100;
/// Rows between two looks at whether to stop.
const LOOK_EVERY: u64 = 1024;

/// What is read of a list at most: a million studies with long descriptions.
pub const LIMITS: Limits = Limits { file: 512 << 20, sheet: 4 << 30 };

/// What became of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListReport {
    /// Studies that were written.
    pub studies: u64,
    /// Rows that were rejected, all of them, in their order.
    pub rejected: Vec<RejectedRow>,
    /// Fields that the list has no column for.
    pub absent: Vec<StudyField>,
    /// Titles of columns that are none of the fields; not read. One without a title is called by its letters, as spreadsheets do.
    pub ignored: Vec<String>,
    /// Names of sheets besides the first; not read.
    pub ignored_sheets: Vec<String>,
}

impl ListReport {
    /// What of the list did not become studies, for whoever looks at them later.
    pub fn oddities(&self) -> Vec<Oddity> {
        let mut odd = Oddities::default();
        for row in &self.rejected {
            odd.note(Odd::RowRejected, format_args!("line {}: {}", row.line, row.field));
        }
        self.ignored.iter().for_each(|title| odd.note(Odd::ColumnUnread, title));
        self.ignored_sheets.iter().for_each(|name| odd.note(Odd::SheetUnread, name));
        odd.into_list()
    }
}

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
    Empty(ListReport),
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
) -> Result<ListReport, ListError> {
    let mut list = StudyList { zone, titles: Titles::default(), seen: HashSet::new(), report: ListReport::default() };
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
        None if list.report.studies == 0 => Err(ListError::Empty(list.report)),
        None => Ok(list.report),
    }
}

struct StudyList<'a> {
    zone: &'a TimeZone,
    titles: Titles,
    /// Numbers of examinations.
    seen: HashSet<String>,
    report: ListReport,
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
        match self.study(line) {
            Ok(study) => {
                writer.study(&study.as_new())?;
                self.report.studies += 1;
                self.seen.insert(study.exam_id);
            }
            Err((field, reason)) => {
                self.report.rejected.push(RejectedRow { line: line.number, field: field.name(), reason });
            }
        }
        Ok(())
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
                    Some(title) => self.report.ignored.push(title),
                    None => drop(self.titles.blank.insert(at)),
                },
            }
        }
        self.titles.width = line.cells.len();
        let is_absent = |field: &&StudyField| !self.titles.columns.iter().any(|(_, titled)| titled == *field);
        self.report.absent = StudyField::ALL.iter().filter(is_absent).copied().collect();
        Ok(())
    }

    /// Tells what was not read.
    fn finish(&mut self, unread: Unread) {
        self.report.ignored.extend(self.titles.untitled.iter().map(|at| letters(*at)));
        if unread.columns {
            self.report.ignored.push(format!("{} and what follows", letters(sheet::MOST_COLUMNS)));
        }
        self.report.ignored_sheets = unread.sheets;
    }

    fn study(&self, line: &Line) -> Result<Study, (StudyField, RejectedReason)> {
        let mut study = Study::default();
        for &(at, field) in &self.titles.columns {
            let cell = line.cells.get(at).unwrap_or(&Cell::Empty);
            self.fill(&mut study, field, cell).map_err(|reason| (field, reason))?;
        }
        Ok(study)
    }

    fn fill(&self, study: &mut Study, field: StudyField, cell: &Cell) -> Result<(), RejectedReason> {
        let text = match field {
            StudyField::ExamId => {
                let id = number(cell)?;
                return match id.as_str() {
                    "" => Err(RejectedReason::Empty),
                    _ if id.chars().count() > LONGEST_ID => Err(RejectedReason::TooLong),
                    _ if self.seen.contains(&id) => Err(RejectedReason::Taken),
                    _ => {
                        study.exam_id = id;
                        Ok(())
                    }
                };
            }
            StudyField::PatientAge => return age(cell).map(|age| study.age = age),
            StudyField::OrderDatetime => return time(cell, self.zone).map(|time| study.ordered = time),
            StudyField::CheckInDatetime => return time(cell, self.zone).map(|time| study.checked_in = time),
            StudyField::ReportCertificationDatetime => return time(cell, self.zone).map(|time| study.certified = time),
            StudyField::MedicalRecordNo | StudyField::ApplicationOrderNo | StudyField::ExamItem => number(cell)?,
            StudyField::PatientGender => gender(words(cell)?),
            _ => words(cell)?,
        };
        study.texts.push((field, text));
        Ok(())
    }
}

/// A row that was understood.
#[derive(Default)]
struct Study {
    exam_id: String,
    texts: Vec<(StudyField, String)>,
    age: Option<i64>,
    ordered: Option<Timestamp>,
    checked_in: Option<Timestamp>,
    certified: Option<Timestamp>,
}

impl Study {
    fn as_new(&self) -> NewStudy<'_> {
        let text = |field| self.texts.iter().find(|(named, _)| *named == field).map_or("", |(_, text)| text.as_str());
        NewStudy {
            exam_id: &self.exam_id,
            medical_record_no: text(StudyField::MedicalRecordNo),
            application_order_no: text(StudyField::ApplicationOrderNo),
            patient_name: text(StudyField::PatientName),
            patient_gender: text(StudyField::PatientGender),
            patient_birth_date: text(StudyField::PatientBirthDate),
            patient_age: self.age,
            exam_status: text(StudyField::ExamStatus),
            exam_source: text(StudyField::ExamSource),
            exam_item: text(StudyField::ExamItem),
            exam_description: text(StudyField::ExamDescription),
            exam_room: text(StudyField::ExamRoom),
            exam_equipment: text(StudyField::ExamEquipment),
            equipment_type: text(StudyField::EquipmentType),
            order_datetime: self.ordered,
            check_in_datetime: self.checked_in,
            report_certification_datetime: self.certified,
            certified_physician: text(StudyField::CertifiedPhysician),
            data_load_time: None,
        }
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

/// What something is called by, with its leading zeros.
fn number(cell: &Cell) -> Result<String, RejectedReason> {
    match cell.id() {
        Some(id) if !id.contains(char::is_control) => Ok(id),
        _ => Err(RejectedReason::NotText),
    }
}

/// A text for people: also a number or a day, as a spreadsheet would show it.
fn words(cell: &Cell) -> Result<String, RejectedReason> {
    match cell {
        Cell::Text(text) => Ok(text.clone()),
        Cell::Number(number) => Ok(number.to_string()),
        Cell::Moment(moment) if moment.time() == Time::midnight() => Ok(moment.date().to_string()),
        Cell::Moment(moment) => Ok(moment.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        Cell::Truth(truth) => Ok(if *truth { "TRUE" } else { "FALSE" }.to_owned()),
        cell => cell.id().ok_or(RejectedReason::NotText),
    }
}

/// The source's letters, M, F and U; what it does not have stays as it is.
fn gender(word: String) -> String {
    match word.to_lowercase().as_str() {
        "m" | "male" | "男" => "M".to_owned(),
        "f" | "female" | "女" => "F".to_owned(),
        "u" | "unknown" | "不明" | "未知" => "U".to_owned(),
        _ => word,
    }
}

/// Whole years.
fn age(cell: &Cell) -> Result<Option<i64>, RejectedReason> {
    let text = cell.id().ok_or(RejectedReason::NotAnAge)?;
    if text.is_empty() {
        return Ok(None);
    }
    // DICOM's age string (PS3.5, value representation AS) counts years with a Y.
    let digits = text.strip_suffix(['Y', 'y', '歲']).unwrap_or(&text).trim();
    let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number).map(Some).ok_or(RejectedReason::NotAnAge)
}

/// A point in time. A day alone is its beginning.
fn time(cell: &Cell, zone: &TimeZone) -> Result<Option<Timestamp>, RejectedReason> {
    let civil = match cell {
        Cell::Empty => return Ok(None),
        Cell::Moment(moment) => *moment,
        Cell::Text(_) | Cell::Number(_) => {
            let text = cell.id().ok_or(RejectedReason::NotATime)?;
            if let Ok(exact) = text.parse::<Timestamp>() {
                return Ok(Some(exact));
            }
            civil(&text).ok_or(RejectedReason::NotATime)?
        }
        Cell::Truth(_) | Cell::Other => return Err(RejectedReason::NotATime),
    };
    civil.to_zoned(zone.clone()).map(|zoned| Some(zoned.timestamp())).map_err(|_| RejectedReason::NotATime)
}

/// A time without an offset: year first, then month and day, so that no day can be another one.
fn civil(text: &str) -> Option<DateTime> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == text.len() {
        return match digits {
            8 => Date::strptime("%Y%m%d", text).ok().map(DateTime::from),
            12 => DateTime::strptime("%Y%m%d%H%M", text).ok(),
            14 => DateTime::strptime("%Y%m%d%H%M%S", text).ok(),
            _ => None,
        };
    }
    if digits != 4 {
        return None;
    }
    let (day, hour) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let day = Date::strptime("%Y-%m-%d", day.replace(['/', '.'], "-")).ok()?;
    let hour = match hour.trim() {
        "" => Time::midnight(),
        hour => Time::strptime("%H:%M:%S%.f", hour).or_else(|_| Time::strptime("%H:%M", hour)).ok()?,
    };
    Some(day.to_datetime(hour))
}
