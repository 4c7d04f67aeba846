//! A table that was written, read again by readers that share no code with its writers.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};

use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};
use zip::ZipArchive;

use crate::table::{CsvDialect, Format, TableReport};

/// So much is read at a time.
const BLOCK: usize = 1 << 20;
/// Rows between two looks at whether to stop.
const LOOK_EVERY: u64 = 1 << 16;

/// Reads a table from its file: a CSV must have its rows, each of so many cells; every part of a workbook must unpack to what
/// was packed.
///
/// # Errors
/// `VERIFY_FAILED`; `CANCELLED`.
pub fn read_back(file: &mut File, format: &Format, columns: usize, report: &TableReport, cancel: &Cancel) -> Result<()> {
    file.rewind().map_err(|error| differs(&format!("it cannot be read: {error}")))?;
    match format {
        Format::Csv(dialect) => rows_of_text(file, *dialect, columns, report.rows, cancel),
        Format::Xlsx => parts_of_workbook(file, cancel),
    }
}

fn rows_of_text(file: &File, dialect: CsvDialect, columns: usize, rows: u64, cancel: &Cancel) -> Result<()> {
    let mark = if dialect.tabs { b'\t' } else { b',' };
    let text = BufReader::with_capacity(BLOCK, file);
    let mut reader = csv::ReaderBuilder::new().delimiter(mark).has_headers(false).from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut found = 0_u64;
    while reader.read_byte_record(&mut record).map_err(|error| differs(&error.to_string()))? {
        if record.len() != columns {
            return Err(differs(&format!("row {found} has {} cells, not {columns}", record.len())));
        }
        found += 1;
        if found.is_multiple_of(LOOK_EVERY) {
            cancel.check()?;
        }
    }
    // The titles are a row, too.
    if found == rows + 1 { Ok(()) } else { Err(differs(&format!("it has {found} rows, not {}", rows + 1))) }
}

fn parts_of_workbook(file: &File, cancel: &Cancel) -> Result<()> {
    let damaged = |error: &dyn std::fmt::Display| differs(&error.to_string());
    let mut parts = ZipArchive::new(BufReader::with_capacity(BLOCK, file)).map_err(|error| damaged(&error))?;
    let mut block = vec![0; BLOCK];
    for index in 0..parts.len() {
        let mut part = parts.by_index(index).map_err(|error| damaged(&error))?;
        // At its end the checksum is compared.
        while part.read(&mut block).map_err(|error| damaged(&error))? > 0 {
            cancel.check()?;
        }
    }
    if parts.is_empty() { Err(differs("it is empty")) } else { Ok(()) }
}

fn differs(what: &str) -> Error {
    Error::new(Code::VerifyFailed, format!("The table was written, but reading it back failed: {what}."))
        .hint("Check the destination's disk, then restart the export.")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(bytes: &[u8], format: Format, rows: u64) -> Result<()> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("writable");
        let report = TableReport { rows, ..TableReport::default() };
        read_back(&mut file, &format, 2, &report, &Cancel::new())
    }

    #[test]
    fn a_csv_has_its_rows_and_each_its_cells() {
        let csv = Format::Csv(CsvDialect::default());
        let whole = "\u{feff}a,b\r\n1,\"two\r\nlines, and a \"\"word\"\"\"\r\n3,\r\n".as_bytes();
        read(whole, csv, 2).expect("as it was written");
        for end in [0, 8, whole.len() - 1, whole.len() - 3, whole.len() - 5] {
            // Without its last line end a CSV still says the same.
            let result = read(&whole[..end], csv, 2);
            assert_eq!(result.is_err(), end < whole.len() - 2, "cut at {end}: {result:?}");
        }
        assert_eq!(read(whole, csv, 3).expect_err("a row is missing").code(), Code::VerifyFailed, "never silently");
    }

    #[test]
    fn a_workbook_unpacks_to_what_was_packed() {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet().write_row(0, 0, ["exam_id"; 200]).expect("titles");
        let mut bytes = book.save_to_buffer().expect("a workbook");
        read(&bytes, Format::Xlsx, 0).expect("as it was written");
        let name = b"xl/worksheets/sheet1.xml";
        let at = bytes.windows(name.len()).position(|seen| seen == name).expect("its sheet") + name.len() + 40;
        bytes[at] ^= 0x10;
        assert_eq!(read(&bytes, Format::Xlsx, 0).expect_err("a bit").code(), Code::VerifyFailed, "one bit on the disk");
        assert!(read(&bytes[..at], Format::Xlsx, 0).is_err(), "cut");
    }
}
