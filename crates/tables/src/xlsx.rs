//! A workbook: one sheet of studies, further ones where a sheet is full, and one that says what this is.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, IgnoreError, Workbook, Worksheet};
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Study, StudyField, StudyValue};
use sheaf_registry::{Code, Error, Result};
use unicode_width::UnicodeWidthStr as _;

use crate::cell::{is_too_long, printable, shortened};
use crate::columns::Columns;
use crate::error::{write_failed, xlsx_failed};
use crate::table::{About, TableOptions, TableReport, local};

/// Name of the sheet of studies.
const SHEET: &str = "Studies";
/// How wide a column becomes at most and at least, in letters.
const WIDEST: usize = 60;
const NARROWEST: usize = 6;
/// Room for the arrow of the filter, and for a time.
const ARROW: usize = 4;
const TIME_WIDTH: usize = 19;
/// What a cell takes beside its text, and from which size on a sheet is said to be large: well below 4 GiB.
const CELL_BYTES: u64 = 64;
const LARGE: u64 = 3 << 30;
/// Compressing harder takes twice the time for a tenth less.
const LEVEL: u8 = 3;

pub(crate) struct Xlsx {
    workbook: Workbook,
    file: File,
    cancel: Cancel,
    zone: TimeZone,
    about: About,
    rows_per_sheet: u32,
    /// Position of the sheet that is being written, and its rows so far.
    sheet: usize,
    rows: u32,
    widths: Vec<usize>,
    /// About how many bytes the sheet takes before it is compressed, and the most of a sheet.
    bytes: u64,
    most_bytes: u64,
    formats: Formats,
}

struct Formats {
    title: Format,
    text: Format,
    time: Format,
}

impl Xlsx {
    pub(crate) fn new(file: File, options: &TableOptions, scratch: &Path, cancel: Cancel) -> Result<Self> {
        let (columns, about) = (&options.columns, options.about.clone());
        let mut workbook = Workbook::new();
        workbook.set_tempdir(scratch).map_err(xlsx_failed)?;
        workbook.set_zip_compression_level(LEVEL);
        let created = ExcelDateTime::from_timestamp(about.created_at.as_second()).map_err(xlsx_failed)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let formats = Formats {
            title: Format::new().set_bold(),
            // What is text stays text also when somebody edits it.
            text: Format::new().set_num_format("@"),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        };
        let mut xlsx = Self {
            workbook,
            file,
            cancel,
            zone: options.zone.clone(),
            about,
            rows_per_sheet: options.limits.rows_per_sheet.max(1),
            sheet: 0,
            rows: 0,
            widths: columns.fields().iter().map(|field| field.name().width() + ARROW).collect(),
            bytes: 0,
            most_bytes: 0,
            formats,
        };
        xlsx.begin_sheet(columns, 1)?;
        Ok(xlsx)
    }

    pub(crate) fn push(&mut self, study: &Study, columns: &Columns, report: &mut TableReport) -> Result<()> {
        if self.rows == self.rows_per_sheet {
            self.end_sheet(columns)?;
            report.sheets += 1;
            self.begin_sheet(columns, report.sheets)?;
        }
        let (row, at) = (self.rows + 1, self.sheet);
        let sheet = self.workbook.worksheet_from_index(at).map_err(xlsx_failed)?;
        let (formats, zone) = (&self.formats, &self.zone);
        let (widths, bytes) = (&mut self.widths, &mut self.bytes);
        // The crate panics where the file of its rows cannot be written.
        guarded(|| {
            for (column, &field) in (0_u16..).zip(columns.fields()) {
                let width = write(sheet, (row, column), study, field, formats, zone, report)?;
                *bytes += CELL_BYTES + 2 * width as u64;
                let widest = &mut widths[usize::from(column)];
                *widest = (*widest).max(width);
            }
            Ok(())
        })?;
        self.rows += 1;
        Ok(())
    }

    pub(crate) fn finish(mut self, columns: &Columns, report: &mut TableReport) -> Result<File> {
        self.end_sheet(columns)?;
        self.write_about(report)?;
        // LibreOffice opens no workbook that says ZIP64 without need.
        self.workbook.use_zip_large_file(self.most_bytes > LARGE);
        let mut out = Stoppable { out: BufWriter::with_capacity(1 << 18, self.file), cancel: &self.cancel };
        let workbook = &mut self.workbook;
        let saved = guarded(|| workbook.save_to_writer(&mut out).map_err(xlsx_failed));
        self.cancel.check()?;
        saved?;
        out.out.into_inner().map_err(|error| write_failed(error.into_error()))
    }

    fn begin_sheet(&mut self, columns: &Columns, number: u32) -> Result<()> {
        let name = if number == 1 { SHEET.to_owned() } else { format!("{SHEET} {number}") };
        let title = &self.formats.title;
        let sheet = self.workbook.add_worksheet_with_constant_memory().map_err(xlsx_failed)?;
        let begin = || -> Result<(), rust_xlsxwriter::XlsxError> {
            sheet.set_name(name)?.set_freeze_panes(1, 0)?;
            for (column, field) in (0_u16..).zip(columns.fields()) {
                sheet.write_string_with_format(0, column, field.name(), title)?;
            }
            Ok(())
        };
        begin().map_err(xlsx_failed)?;
        (self.sheet, self.rows, self.bytes) = (number as usize - 1, 0, 0);
        Ok(())
    }

    /// Says what is known only when all rows are there: how wide columns are, and where the filter ends.
    fn end_sheet(&mut self, columns: &Columns) -> Result<()> {
        self.most_bytes = self.most_bytes.max(self.bytes);
        let (last_row, widths) = (self.rows, &self.widths);
        let last_column = u16::try_from(columns.fields().len() - 1).unwrap_or(u16::MAX);
        let sheet = self.workbook.worksheet_from_index(self.sheet).map_err(xlsx_failed)?;
        let mut end = || -> Result<(), rust_xlsxwriter::XlsxError> {
            for (column, width) in (0_u16..).zip(widths) {
                let width = u16::try_from((*width).clamp(NARROWEST, WIDEST)).unwrap_or(u16::MAX);
                sheet.set_column_width(column, f64::from(width) + 1.0)?;
            }
            sheet.autofilter(0, 0, last_row, last_column)?;
            // Record numbers are text on purpose: no green corners.
            sheet.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
            Ok(())
        };
        end().map_err(xlsx_failed)
    }

    fn write_about(&mut self, report: &TableReport) -> Result<()> {
        let mut lines = self.about.lines.clone();
        let mut count = |name: &str, count: u64| lines.push((name.to_owned(), count.to_string()));
        count("Studies", report.rows);
        for (name, number) in [
            ("Cells with characters that no table can hold (replaced)", report.replaced),
            ("Cells longer than 32,767 characters (shortened)", report.shortened),
            ("Times that Excel cannot count (as text)", report.times_as_text),
        ] {
            if number > 0 {
                count(name, number);
            }
        }
        for note in &report.notes {
            lines.push((format!("{} {}", note.exam_id, note.column), note.what.to_owned()));
        }
        let (title, text) = (&self.formats.title, &self.formats.text);
        let sheet = self.workbook.add_worksheet();
        let mut write = || -> Result<(), rust_xlsxwriter::XlsxError> {
            sheet.set_name("About")?.set_column_width(0, 28)?.set_column_width(1, 90)?;
            for (row, (name, value)) in (0_u32..).zip(&lines) {
                let value = printable(value, true);
                let value = if is_too_long(&value) { shortened(&value) } else { value.into_owned() };
                sheet.write_string_with_format(row, 0, printable(name, true).into_owned(), title)?;
                sheet.write_string_with_format(row, 1, value, text)?;
            }
            Ok(())
        };
        write().map_err(xlsx_failed)
    }
}

/// Writes a cell; gives its width in letters.
fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    study: &Study,
    field: StudyField,
    formats: &Formats,
    zone: &TimeZone,
    report: &mut TableReport,
) -> Result<usize> {
    let text = match study.value(field) {
        StudyValue::Text("") | StudyValue::Number(None) | StudyValue::Time(None) => return Ok(0),
        // A number that a double cannot hold stands as text.
        StudyValue::Number(Some(number)) => match i32::try_from(number) {
            Ok(number) => {
                sheet.write_number(row, column, f64::from(number)).map_err(xlsx_failed)?;
                return Ok(4);
            }
            Err(_) => number.to_string(),
        },
        StudyValue::Time(Some(time)) => {
            let time = local(time, zone);
            if let Some(serial) = serial(time) {
                sheet.write_number_with_format(row, column, serial, &formats.time).map_err(xlsx_failed)?;
                return Ok(TIME_WIDTH);
            }
            report.times_as_text += 1;
            time.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        StudyValue::Text(text) => {
            let mut shown = printable(text, true);
            if shown != text {
                report.replaced += 1;
                report.note(study, field, "Characters that no table can hold were replaced.");
            }
            if is_too_long(&shown) {
                report.shortened += 1;
                report.note(
                    study,
                    field,
                    "It was shortened to the 32,767 characters that a cell holds; a CSV holds all of it.",
                );
                shown = shortened(&shown).into();
            }
            shown.into_owned()
        }
    };
    let width = if text.is_ascii() { text.len() } else { text.width() };
    sheet.write_string_with_format(row, column, text, &formats.text).map_err(xlsx_failed)?;
    Ok(width)
}

/// A time as Excel counts it; `None` before March of 1900, where programs count differently.
fn serial(time: DateTime) -> Option<f64> {
    const EPOCH: jiff::civil::Date = date(1899, 12, 30);
    if time.date() < date(1900, 3, 1) {
        return None;
    }
    let days = (time.date() - EPOCH).get_days();
    let seconds = u32::try_from(time.hour()).ok()? * 3600
        + u32::try_from(time.minute()).ok()? * 60
        + u32::try_from(time.second()).ok()?;
    Some(f64::from(days) + f64::from(seconds) / 86_400.0)
}

/// Runs what may panic because a file cannot be written.
fn guarded(work: impl FnOnce() -> Result<()>) -> Result<()> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(Code::WriteFailed, "The rows of the workbook could not be kept: the disk is full or failed.")
            .hint("Free some room where Sheaf keeps its data, then export again; a CSV needs no such room."))
    })
}

/// Stops writing when the flag is raised.
struct Stoppable<'a> {
    out: BufWriter<File>,
    cancel: &'a Cancel,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.cancel.is_raised() {
            return Err(io::Error::other("stopped"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
