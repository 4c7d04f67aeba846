//! Tables that people keep, line by line: the first sheet of an XLSX workbook, or a CSV of any of the usual marks.
//!
//! A workbook is a foreign file and may be made to do harm: what it unpacks to is bounded before anything is unpacked,
//! and lines are handed on one by one, so that a sheet that claims to be large takes no memory.
//!
//! Deliberately absent: what the columns mean, and guesses. A text in an encoding that cannot be told is refused.

use std::io::Cursor;
use std::ops::ControlFlow;

use crate::text::{NotText, decode};

mod delimited;
mod workbook;

/// Columns beyond these are not read.
pub const MOST_COLUMNS: usize = 256;

/// What is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes that a sheet of a workbook unpacks to. Its texts, which are kept as a whole, may have a quarter of it.
    pub sheet: u64,
}

impl Default for Limits {
    /// Room for about a million lines of a few columns.
    fn default() -> Self {
        Self { file: 64 << 20, sheet: 256 << 20 }
    }
}

/// A line with something in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Its number in the file, from 1; of a line of text with line breaks in it, the number of the first.
    pub number: u64,
    /// Its cells, up to the last that holds something.
    pub cells: Vec<Cell>,
}

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing, or blanks.
    #[default]
    Empty,
    /// A text as it stands. All that is in a CSV is text.
    Text(String),
    /// A number of a workbook.
    Number(f64),
    /// A date of a workbook; to the second.
    Moment(jiff::civil::DateTime),
    /// Yes or no.
    Truth(bool),
    /// What stands for nothing else: an error of a formula, a duration, a date out of the calendar.
    Other,
}

impl Cell {
    /// The cell as a name or a number by which something is called: a text without the blanks around it, or a whole number of a workbook without the
    /// fraction that it does not have. `None` for all else, also for numbers of more than 15 digits, which workbooks round.
    pub fn id(&self) -> Option<String> {
        const EXACT: f64 = 1e15;
        match self {
            Cell::Empty => Some(String::new()),
            Cell::Text(text) => Some(text.trim().to_owned()),
            Cell::Number(number) if number.fract() == 0.0 && number.abs() < EXACT => Some(format!("{number:.0}")),
            _ => None,
        }
    }
}

/// What of a file was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Names of the sheets that are seen besides the first.
    pub sheets: Vec<String>,
    /// Whether something stood in columns beyond [`MOST_COLUMNS`].
    pub columns: bool,
}

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// A ZIP, but no workbook, or a damaged one.
    #[error("it is no XLSX workbook, or a damaged one")]
    Workbook(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// A workbook behind a password.
    #[error("it is locked with a password")]
    Locked,
    /// A workbook of before 2007.
    #[error("it is a workbook in the old format (.xls)")]
    Old,
    /// No sheet that is seen when the workbook is opened.
    #[error("the workbook shows no sheet")]
    NoSheet,
    /// More than [`Limits`] allow.
    #[error("it has more than {most} bytes{}", if *.unpacked { " when it is unpacked" } else { "" })]
    TooLarge {
        /// What is allowed.
        most: u64,
        /// Whether the file itself is small enough.
        unpacked: bool,
    },
    /// No text, or one whose letters cannot be told.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// A quotation mark that opens a cell and has no end of its own: what follows it would be lost in that cell.
    #[error("a quotation mark that opens a cell in line {line} has no end, or something follows that end")]
    Quote {
        /// The line.
        line: u64,
    },
}

/// Hands the lines of a table on, one after another, until there are no more or `take` breaks off; lines with nothing in them
/// are not handed on. Answers what was not read.
///
/// An error may come after lines were handed on: keep them for as long as that only.
///
/// # Errors
/// [`SheetError`].
pub fn read(bytes: &[u8], limits: Limits, take: &mut dyn FnMut(&Line) -> ControlFlow<()>) -> Result<Unread, SheetError> {
    if bytes.len() as u64 > limits.file {
        return Err(SheetError::TooLarge { most: limits.file, unpacked: false });
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return workbook::read(Cursor::new(bytes), limits, take);
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let locked = memchr::memmem::find(bytes, &name).is_some();
        return Err(if locked { SheetError::Locked } else { SheetError::Old });
    }
    delimited::read(&decode(bytes)?, take)
}

/// Puts a cell into its line; notes one that is too far on the right.
fn put(line: &mut Line, column: usize, cell: Cell, unread: &mut Unread) {
    if cell == Cell::Empty {
        return;
    }
    if column >= MOST_COLUMNS {
        unread.columns = true;
        return;
    }
    if line.cells.len() <= column {
        line.cells.resize(column + 1, Cell::Empty);
    }
    line.cells[column] = cell;
}

/// A text as a cell.
pub(crate) fn text(text: &str) -> Cell {
    if text.trim().is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}
