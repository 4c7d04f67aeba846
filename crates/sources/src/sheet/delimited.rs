//! Cells between commas, semicolons or tabs.

use std::ops::ControlFlow;

use sheaf_tables::as_it_was;

use super::{Line, SheetError, Unread, put};

/// Hands on the lines of a text. Cells stand between the mark that its first line has most of, or the one that a line
/// `sep=` names, as Excel understands it.
pub(super) fn read(text: &str, take: &mut dyn FnMut(&Line) -> ControlFlow<()>) -> Result<Unread, SheetError> {
    let mut unread = Unread::default();
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
        if is_misquoted(&table[begins..ends], mark) {
            return Err(SheetError::Quote { line: line.number });
        }
        line.cells.clear();
        for (column, cell) in record.iter().enumerate() {
            put(&mut line, column, super::text(as_it_was(bare(cell))), &mut unread);
        }
        if !line.cells.is_empty() && take(&line).is_break() {
            break;
        }
    }
    Ok(unread)
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

/// Whether a cell that a quotation mark opens has none that closes it, or something after that one: then it is another cell's,
/// and the lines between would be lost in this one (RFC 4180, rules 5 to 7).
fn is_misquoted(raw: &[u8], mark: u8) -> bool {
    let mut rest = raw;
    while memchr::memchr(b'"', rest).is_some() {
        if let Some(mut inside) = rest.strip_prefix(b"\"") {
            loop {
                let Some(closes) = memchr::memchr(b'"', inside) else { return true };
                inside = &inside[closes + 1..];
                match inside.strip_prefix(b"\"") {
                    Some(doubled) => inside = doubled,
                    None => break,
                }
            }
            rest = inside;
            let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
            match rest.get(blanks) {
                None | Some(b'\r' | b'\n') => return false,
                Some(byte) if *byte == mark => rest = &rest[blanks + 1..],
                Some(_) => return true,
            }
        } else {
            // A quotation mark inside of a cell is a letter like others.
            match memchr::memchr2(mark, b'\n', rest) {
                Some(ends) => rest = &rest[ends + 1..],
                None => return false,
            }
        }
    }
    false
}

/// The text of a cell that was written as a formula, so that Excel leaves its zeros alone: `="00123"`.
fn bare(cell: &str) -> &str {
    let inside = cell.trim().strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"'));
    inside.filter(|cell| !cell.contains('"')).unwrap_or(cell)
}
