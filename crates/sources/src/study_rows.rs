//! The rows of every source of studies, each held against the same rules.
//!
//! A row that breaks a rule is rejected whole and told; the others become studies. Deliberately absent: guesses. A day
//! that could be another one, and a number that a spreadsheet has rounded, are rejected.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use sheaf_registry::Result as Written;
use sheaf_registry::provenance::Oddity;
use sheaf_registry::studies::StudyField;
use sheaf_registry::writer::{NewStudy, RegistryWriter};

use crate::rejected::{RejectedReason, RejectedRow};
use crate::report::{Odd, Oddities};
use crate::sheet::Cell;

/// Longest number of an examination, in characters: what the source allows.
const LONGEST_ID: usize = 100;
/// When the source loaded the row; no field that is searched.
const LOADED: &str = "data_load_time";

/// What became of a source of studies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudyReport {
    /// Studies that were written.
    pub studies: u64,
    /// Rows that were rejected, all of them, in their order.
    pub rejected: Vec<RejectedRow>,
    /// Fields that the source has no column for.
    pub absent: Vec<StudyField>,
    /// Names of columns that are none of the fields; not read. One without a title is called by its letters, as spreadsheets do.
    pub ignored: Vec<String>,
    /// Names of sheets besides the first; not read.
    pub ignored_sheets: Vec<String>,
}

impl StudyReport {
    /// What of the source did not become studies, for whoever looks at it later; `counted` is what its rows are called.
    pub fn oddities(&self, counted: &str) -> Vec<Oddity> {
        let mut odd = Oddities::default();
        for row in &self.rejected {
            odd.note(Odd::RowRejected, format_args!("{counted} {}: {}", row.line, row.field));
        }
        self.ignored.iter().for_each(|title| odd.note(Odd::ColumnUnread, title));
        self.ignored_sheets.iter().for_each(|name| odd.note(Odd::SheetUnread, name));
        odd.into_list()
    }
}

/// What a column of a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StudyColumn {
    /// A field.
    Field(StudyField),
    /// When the source loaded the row.
    Loaded,
}

impl StudyColumn {
    /// Of the name that the table gives it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == LOADED { Some(StudyColumn::Loaded) } else { StudyField::named(name).map(StudyColumn::Field) }
    }

    /// The field, where it holds one.
    pub(crate) fn field(self) -> Option<StudyField> {
        match self {
            StudyColumn::Field(field) => Some(field),
            StudyColumn::Loaded => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            StudyColumn::Field(field) => field.name(),
            StudyColumn::Loaded => LOADED,
        }
    }
}

/// Takes the rows of one source.
pub(crate) struct StudyRows<'a> {
    /// Where times without an offset are meant.
    zone: &'a TimeZone,
    /// Numbers of examinations.
    seen: HashSet<String>,
    pub(crate) report: StudyReport,
}

impl<'a> StudyRows<'a> {
    pub(crate) fn new(zone: &'a TimeZone) -> Self {
        Self { zone, seen: HashSet::new(), report: StudyReport::default() }
    }

    /// Writes a row, or notes why it is none.
    pub(crate) fn take<'b>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = (StudyColumn, &'b Cell)>,
        writer: &mut RegistryWriter,
    ) -> Written<()> {
        match self.study(cells) {
            Ok(study) => {
                writer.study(&study.as_new())?;
                self.report.studies += 1;
                self.seen.insert(study.exam_id);
            }
            Err((column, reason)) => {
                self.report.rejected.push(RejectedRow { line, field: column.name(), reason });
            }
        }
        Ok(())
    }

    fn study<'b>(
        &self,
        cells: impl Iterator<Item = (StudyColumn, &'b Cell)>,
    ) -> Result<Study, (StudyColumn, RejectedReason)> {
        let mut study = Study::default();
        for (column, cell) in cells {
            let filled = match column {
                StudyColumn::Field(field) => self.fill(&mut study, field, cell),
                StudyColumn::Loaded => time(cell, self.zone).map(|time| study.loaded = time),
            };
            filled.map_err(|reason| (column, reason))?;
        }
        if study.exam_id.is_empty() {
            return Err((StudyColumn::Field(StudyField::ExamId), RejectedReason::Empty));
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
    loaded: Option<Timestamp>,
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
            data_load_time: self.loaded,
        }
    }
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
