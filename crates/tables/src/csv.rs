//! CSV as RFC 4180 has it: CRLF between rows, quotes where they are needed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use jiff::tz::TimeZone;
use sheaf_registry::Result;
use sheaf_registry::studies::{Study, StudyField, StudyValue};

use crate::cell::{is_too_long, printable, without_formula};
use crate::columns::Columns;
use crate::error::write_failed;
use crate::table::{CsvDialect, TableReport, local};

/// Bytes that are gathered before they are written.
const BLOCK: usize = 1 << 18;

pub(crate) struct Csv {
    out: BufWriter<File>,
    dialect: CsvDialect,
    zone: TimeZone,
    line: Vec<u8>,
}

impl Csv {
    pub(crate) fn new(file: File, dialect: CsvDialect, columns: &Columns, zone: &TimeZone) -> Result<Self> {
        let mut csv = Self { out: BufWriter::with_capacity(BLOCK, file), dialect, zone: zone.clone(), line: Vec::new() };
        if dialect.bom {
            csv.line.extend_from_slice("\u{feff}".as_bytes());
        }
        for (at, field) in columns.fields().iter().enumerate() {
            csv.separate(at);
            csv.cell(field.name());
        }
        csv.end_line()?;
        Ok(csv)
    }

    pub(crate) fn push(&mut self, study: &Study, columns: &Columns, report: &mut TableReport) -> Result<()> {
        for (at, &field) in columns.fields().iter().enumerate() {
            self.separate(at);
            match study.value(field) {
                StudyValue::Text(text) => self.text(text, study, field, report),
                StudyValue::Number(Some(number)) => self.line.extend_from_slice(number.to_string().as_bytes()),
                StudyValue::Time(Some(time)) => {
                    let time = local(time, &self.zone);
                    let (year, month, day) = (time.year(), time.month(), time.day());
                    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
                    // A Vec never fails.
                    let _ = write!(self.line, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
                }
                StudyValue::Number(None) | StudyValue::Time(None) => {}
            }
        }
        self.end_line()
    }

    pub(crate) fn finish(self) -> Result<File> {
        self.out.into_inner().map_err(|error| write_failed(error.into_error()))
    }

    fn text(&mut self, text: &str, study: &Study, field: StudyField, report: &mut TableReport) {
        let shown = printable(text, false);
        if shown != text {
            report.replaced += 1;
            report.note(study, field, "Characters that no table can hold were replaced.");
        }
        if is_too_long(&shown) {
            report.too_long_for_excel += 1;
            report.note(study, field, "It is longer than Excel shows; the file holds all of it.");
        }
        let harmless = if self.dialect.neutralise { without_formula(&shown) } else { Cow::Borrowed(&*shown) };
        report.neutralised += u64::from(harmless != shown);
        self.cell(&harmless);
    }

    fn separate(&mut self, at: usize) {
        if at > 0 {
            self.line.push(self.separator());
        }
    }

    fn separator(&self) -> u8 {
        if self.dialect.tabs { b'\t' } else { b',' }
    }

    fn cell(&mut self, text: &str) {
        let separator = self.separator();
        let quoted = text.bytes().any(|byte| byte == separator || matches!(byte, b'"' | b'\r' | b'\n'));
        if quoted {
            self.line.push(b'"');
        }
        if quoted {
            for byte in text.bytes() {
                if byte == b'"' {
                    self.line.push(b'"');
                }
                self.line.push(byte);
            }
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(text.as_bytes());
        }
    }

    fn end_line(&mut self) -> Result<()> {
        // RFC 4180 knows no difference between an empty line and a row of one empty cell; readers skip the line.
        if self.line.is_empty() {
            self.line.extend_from_slice(b"\"\"");
        }
        self.line.extend_from_slice(b"\r\n");
        self.out.write_all(&self.line).map_err(write_failed)?;
        self.line.clear();
        Ok(())
    }
}
