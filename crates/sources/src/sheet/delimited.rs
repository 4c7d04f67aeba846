//! Cells between commas, semicolons or tabs.

use std::ops::ControlFlow;

use super::{Line, MOST_COLUMNS, SheetError, put};

/// Hands on the lines of a text. Cells stand between the mark that its first line has most of, or the one that a line
/// `sep=` names, as Excel understands it.
pub(super) fn read(text: &str, take: &mut dyn FnMut(&Line) -> ControlFlow<()>) -> Result<(), SheetError> {
    let (named, begins) = named_mark(text);
    let mark = named.unwrap_or_else(|| likely_mark(text));
    let table = &text.as_bytes()[begins..];
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(mark).from_reader(table);
    let mut record = csv::StringRecord::new();
    let mut line = Line { number: if begins == 0 { 1 } else { 2 }, cells: Vec::new() };
    let mut counted = 0;
    // It is read from memory, and its letters are known to be right: nothing is left that could fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        // The reader counts the end of a line before, and empty lines, to the record that follows them.
        let at = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(table.len());
        let begins = at(record.position().map_or(0, csv::Position::byte));
        let begins = begins + table[begins..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        line.number += memchr::memchr_iter(b'\n', &table[counted..begins]).count() as u64;
        counted = begins;
        let ends = at(reader.position().byte()).max(begins);
        if ends == table.len() && is_open(&record, &table[begins..ends]) {
            return Err(SheetError::Quote { line: line.number });
        }
        line.cells.clear();
        for (column, cell) in record.iter().take(MOST_COLUMNS).enumerate() {
            put(&mut line, column, super::text(bare(cell)));
        }
        if !line.cells.is_empty() && take(&line).is_break() {
            break;
        }
    }
    Ok(())
}

/// The mark that a first line names, and where the table begins.
fn named_mark(text: &str) -> (Option<u8>, usize) {
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    match first.trim_end().as_bytes() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', mark @ (b',' | b';' | b'|')] => (Some(*mark), first.len()),
        _ if first.to_ascii_lowercase().starts_with("sep=\t") => (Some(b'\t'), first.len()),
        _ => (None, 0),
    }
}

/// The mark that stands most often in the first line, outside of quotation marks.
fn likely_mark(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let outside: String = first.split('"').step_by(2).collect();
    let count = |mark: u8| memchr::memchr_iter(mark, outside.as_bytes()).count();
    [b';', b'\t'].into_iter().fold(b',', |most, mark| if count(mark) > count(most) { mark } else { most })
}

/// Whether the last record ends within quotation marks.
fn is_open(record: &csv::StringRecord, raw: &[u8]) -> bool {
    record.iter().any(|cell| cell.contains('\n')) && memchr::memchr_iter(b'"', raw).count() % 2 == 1
}

/// The text of a cell that was written as a formula, so that Excel leaves its zeros alone: `="00123"`.
fn bare(cell: &str) -> &str {
    let inside = cell.trim().strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"'));
    inside.filter(|cell| !cell.contains('"')).unwrap_or(cell)
}
