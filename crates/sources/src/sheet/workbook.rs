//! XLSX.

use std::io::{Cursor, Read as _};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Style, Xlsx, XlsxError};
use zip::ZipArchive;

use super::{Cell, Limits, Line, SheetError, Unread, put, text};

/// Most parts of a workbook.
const MOST_PARTS: usize = 10_000;
/// Parts that are kept as a whole; a cell format of five bytes takes a hundred times that.
const KEPT: [&str; 4] = [".rels", "styles.xml", "theme1.xml", "workbook.xml"];
/// Most that one of them unpacks to.
const MOST_OF_KEPT: u64 = 4 << 20;
/// Most texts that are made room for.
const MOST_TEXTS: usize = 16 << 20;

/// Hands on the lines of the first sheet that is seen.
pub(super) fn read(
    bytes: Cursor<&[u8]>,
    limits: Limits,
    take: &mut dyn FnMut(&Line) -> ControlFlow<()>,
) -> Result<Unread, SheetError> {
    check(bytes.clone(), limits)?;
    let mut book = guarded(|| Xlsx::new(bytes))?;
    let seen = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet;
    let mut sheets = book.sheets_metadata().iter().filter(seen).map(|sheet| sheet.name.clone());
    let name = sheets.next().ok_or(SheetError::NoSheet)?;
    let mut unread = Unread { sheets: sheets.collect(), columns: false };
    let mut cells = guarded(|| book.worksheet_cells_reader(&name))?;
    let mut line = Line::default();
    while let Some((cell, style)) = guarded(|| cells.next_cell_with_style_id())? {
        let (row, column) = cell.get_position();
        let number = u64::from(row) + 1;
        if number != line.number {
            if !line.cells.is_empty() && take(&line).is_break() {
                return Ok(unread);
            }
            line.cells.clear();
            line.number = number;
        }
        put(&mut line, column as usize, understand(cell.get_value(), cells.styles().get(style)), &mut unread);
    }
    if !line.cells.is_empty() {
        let _ = take(&line);
    }
    Ok(unread)
}

/// Refuses a workbook that would take more room than [`Limits`] allow. What the parts claim to unpack to is what they may
/// unpack to: the unpacking ends there.
fn check(bytes: Cursor<&[u8]>, limits: Limits) -> Result<(), SheetError> {
    let damaged = |error: zip::result::ZipError| SheetError::Workbook(Some(error.into()));
    let mut parts = ZipArchive::new(bytes).map_err(damaged)?;
    if parts.len() > MOST_PARTS {
        return Err(SheetError::Workbook(None));
    }
    for index in 0..parts.len() {
        let part = parts.by_index_raw(index).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.to_lowercase();
        let size = part.size();
        let texts = name.ends_with("sharedstrings.xml");
        let most = match () {
            () if texts => limits.sheet / 4,
            () if KEPT.iter().any(|kept| name.ends_with(kept)) => MOST_OF_KEPT.min(limits.sheet),
            () => limits.sheet,
        };
        if size > most {
            return Err(SheetError::TooLarge { most, unpacked: true });
        }
        drop(part);
        if texts {
            let mut xml = Vec::new();
            parts.by_index(index).map_err(damaged)?.read_to_end(&mut xml).map_err(|error| damaged(error.into()))?;
            check_texts(&xml)?;
        }
    }
    Ok(())
}

/// Refuses texts that claim to be more than could be: room is made for as many as they say.
fn check_texts(xml: &[u8]) -> Result<(), SheetError> {
    const CLAIM: &[u8] = b"uniqueCount";
    if xml.contains(&0) {
        return Err(SheetError::Workbook(None));
    }
    for at in memchr::memmem::find_iter(xml, CLAIM) {
        let rest = &xml[at + CLAIM.len()..];
        let digits = rest.iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
        let claimed = digits.fold(0_usize, |sum, digit| sum.saturating_mul(10).saturating_add((digit - b'0').into()));
        if rest.trim_ascii_start().starts_with(b"=") && claimed > MOST_TEXTS {
            return Err(SheetError::Workbook(None));
        }
    }
    Ok(())
}

/// What the reader of workbooks answers; a workbook over which it stumbles is a damaged one.
fn guarded<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, SheetError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(XlsxError::Password)) => Err(SheetError::Locked),
        Ok(Err(error)) => Err(SheetError::Workbook(Some(error.into()))),
        Err(_) => Err(SheetError::Workbook(None)),
    }
}

fn understand(value: &DataRef<'_>, style: Option<&Style>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(string) => text(string),
        DataRef::SharedString(string) => text(string),
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => padded(*number, style).map_or(Cell::Number(*number), Cell::Text),
        DataRef::Bool(truth) => Cell::Truth(*truth),
        DataRef::DateTime(moment) if moment.is_datetime() => date(moment).map_or(Cell::Other, Cell::Moment),
        DataRef::DateTimeIso(moment) => moment.parse().map_or(Cell::Other, Cell::Moment),
        DataRef::DateTime(_) | DataRef::DurationIso(_) | DataRef::Error(_) => Cell::Other,
    }
}

/// The text of a number that is shown with leading zeros, by a format such as `00000000`: the zeros belong to it.
fn padded(number: f64, style: Option<&Style>) -> Option<String> {
    let code = style?.number_format.as_ref()?.format_code.as_str();
    let zeros = code.len() > 1 && code.bytes().all(|byte| byte == b'0');
    let whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
    (zeros && whole && code.len() <= 100).then(|| format!("{number:0width$.0}", width = code.len()))
}

/// The date, to the nearest second; `None` before there are dates in workbooks, or for the 29th of February 1900.
fn date(moment: &ExcelDateTime) -> Option<jiff::civil::DateTime> {
    if !(1.0..2_958_466.0).contains(&moment.as_f64()) {
        return None;
    }
    let (year, month, day, hour, minute, second, millis) = moment.to_ymd_hms_milli();
    let small = |part: u8| i8::try_from(part).ok();
    let whole = jiff::civil::DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        i32::from(millis) * 1_000_000,
    );
    whole.ok()?.round(jiff::Unit::Second).ok()
}
