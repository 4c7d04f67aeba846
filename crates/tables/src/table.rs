//! A table in the making: rows go in one by one, the report comes out.

use std::fs::File;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Study, StudyField};

use crate::columns::Columns;
use crate::csv::Csv;
use crate::xlsx::Xlsx;

/// Cells that had to be changed, of which this many are named.
const NOTES: usize = 100;
/// Rows between two looks at the cancel flag.
const LOOK: u64 = 256;

/// How a CSV is written. The usual one is what Excel opens correctly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvDialect {
    /// A byte order mark, without which Excel takes the text for another encoding.
    pub bom: bool,
    /// Tabs between cells instead of commas.
    pub tabs: bool,
    /// `'` before what a spreadsheet would run as a formula. Off only by choice, and recorded.
    pub neutralise: bool,
}

impl Default for CsvDialect {
    fn default() -> Self {
        Self { bom: true, tabs: false, neutralise: true }
    }
}

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text with commas or tabs.
    Csv(CsvDialect),
    /// A workbook.
    Xlsx,
}

impl Format {
    /// The file name's ending, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Csv(CsvDialect { tabs: true, .. }) => "tsv",
            Format::Csv(_) => "csv",
            Format::Xlsx => "xlsx",
        }
    }
}

/// What is said on the sheet "About": names and values. The count of rows is added.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// In their order.
    pub lines: Vec<(String, String)>,
    /// When it is made, for the workbook's properties.
    pub created_at: Timestamp,
}

/// What a format holds; smaller in tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows of a sheet, without the one of titles.
    pub rows_per_sheet: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows_per_sheet: 1_048_575 }
    }
}

/// How a table is written.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// The format.
    pub format: Format,
    /// The columns.
    pub columns: Columns,
    /// The zone in which times are written.
    pub zone: TimeZone,
    /// What the sheet "About" of a workbook says.
    pub about: About,
    /// What the format holds.
    pub limits: Limits,
}

/// A cell that had to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellNote {
    /// The study.
    pub exam_id: String,
    /// The column.
    pub column: StudyField,
    /// What was done, as one sentence.
    pub what: &'static str,
}

/// What was written, and what had to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableReport {
    /// Studies.
    pub rows: u64,
    /// Sheets with studies; 1 for a CSV.
    pub sheets: u32,
    /// Cells that would have been formulas and got a `'`.
    pub neutralised: u64,
    /// Cells in which characters that no table can hold were replaced.
    pub replaced: u64,
    /// Cells that were shortened to what Excel holds. Only in a workbook.
    pub shortened: u64,
    /// Cells of a CSV that Excel will not show as a whole.
    pub too_long_for_excel: u64,
    /// Times that Excel cannot count and that stand as text. Only in a workbook.
    pub times_as_text: u64,
    /// The first cells that do not hold what the registry holds.
    pub notes: Vec<CellNote>,
}

impl TableReport {
    /// Whether a cell holds less than the registry does.
    pub fn has_losses(&self) -> bool {
        self.replaced > 0 || self.shortened > 0
    }

    pub(crate) fn note(&mut self, study: &Study, column: StudyField, what: &'static str) {
        if self.notes.len() < NOTES {
            self.notes.push(CellNote { exam_id: study.exam_id.clone(), column, what });
        }
    }
}

/// A table that is being written to a file. Dropped before [`Table::finish`], the file is no table: whoever brought it
/// removes it.
pub struct Table {
    writer: Writer,
    columns: Columns,
    report: TableReport,
    cancel: Cancel,
}

enum Writer {
    Csv(Csv),
    Xlsx(Box<Xlsx>),
}

impl Table {
    /// Starts a table in an empty file. A workbook keeps its rows in a nameless file in `scratch` until it is finished.
    ///
    /// # Errors
    /// `NO_SPACE`, `WRITE_FAILED`.
    pub fn new(file: File, options: TableOptions, scratch: &Path, cancel: &Cancel) -> Result<Self> {
        let writer = match options.format {
            Format::Csv(dialect) => Writer::Csv(Csv::new(file, dialect, &options.columns, &options.zone)?),
            Format::Xlsx => Writer::Xlsx(Box::new(Xlsx::new(file, &options, scratch, cancel.clone())?)),
        };
        let report = TableReport { sheets: 1, ..TableReport::default() };
        Ok(Self { writer, columns: options.columns, report, cancel: cancel.clone() })
    }

    /// Adds a study.
    ///
    /// # Errors
    /// `NO_SPACE`, `WRITE_FAILED`, `CANCELLED`. After an error the table is lost.
    pub fn push(&mut self, study: &Study) -> Result<()> {
        if self.report.rows.is_multiple_of(LOOK) {
            self.cancel.check()?;
        }
        match &mut self.writer {
            Writer::Csv(csv) => csv.push(study, &self.columns, &mut self.report)?,
            Writer::Xlsx(xlsx) => xlsx.push(study, &self.columns, &mut self.report)?,
        }
        self.report.rows += 1;
        Ok(())
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.report.rows
    }

    /// Writes what is left and makes it durable.
    ///
    /// # Errors
    /// `NO_SPACE`, `WRITE_FAILED`, `CANCELLED`.
    pub fn finish(mut self) -> Result<TableReport> {
        self.cancel.check()?;
        let file = match self.writer {
            Writer::Csv(csv) => csv.finish()?,
            Writer::Xlsx(xlsx) => xlsx.finish(&self.columns, &mut self.report)?,
        };
        file.sync_all().map_err(crate::error::write_failed)?;
        Ok(self.report)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("rows", &self.report.rows).finish_non_exhaustive()
    }
}

/// A time as a clock in the zone shows it, to the second.
pub(crate) fn local(time: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(time)
}
