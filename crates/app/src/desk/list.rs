//! A list of patients' ids, as people paste it or keep it in a file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sheaf_registry::ids::PatientId;
use sheaf_registry::index::View;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::text::{self, NotText};

use super::browse::BrowseState;
use super::choosing::Choosing;
use super::{Desk, FileQuestion, Nothing};
use crate::patience::read_bytes;

/// A pasted list of patients' ids.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PastedList {
    /// Text with one id a line, or separated by commas, semicolons, tabs or blanks; at most 16 MiB.
    pub text: String,
}

/// A list that was looked up. It is kept until the next one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ListMatch {
    /// Which list it is, for [`UseList`].
    pub list: u64,
    /// Name of its file; `null` for a pasted one.
    pub file: Option<String>,
    /// Patients found, each once.
    pub matched: u64,
    /// Of them, how many match the filter too.
    pub matching: u64,
    /// How many ids name no patient whom the user sees.
    pub unmatched_total: u64,
    /// The first 1,000 of them, in the order of the list.
    pub unmatched: Vec<String>,
}

/// The pasted list in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ListSummary {
    /// Patients found.
    pub matched: u64,
    /// Ids not found.
    pub unmatched: u64,
}

/// What to do with the list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct UseList {
    /// Which list was seen: another that was looked up since is refused with `STALE_ROWS`.
    pub list: u64,
    /// What.
    pub how: ListUse,
}

/// What to do with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ListUse {
    /// Select these instead.
    Replace,
    /// Select these too.
    Add,
    /// Unselect these.
    Remove,
    /// Only show them.
    Show,
}

impl Desk {
    /// Looks up a pasted list of patients' ids. `LIST_UNREADABLE` for one that is too long.
    pub fn match_list(&self, list: PastedList) -> Result<ListMatch> {
        self.choosing(|choosing| look_up(choosing, &list.text, None))
    }

    /// Lets the user choose a file with a list and looks it up; `null` when the dialog was closed.
    pub fn open_list(&self, _: Nothing) -> Result<Option<ListMatch>> {
        self.choosing(|_| Ok(()))?;
        let words = self.language();
        let question = FileQuestion {
            title: words.open_list().to_owned(),
            kind: Some((words.text_files().to_owned(), ["txt", "csv", "tsv"].map(ToOwned::to_owned).to_vec())),
            folder: None,
        };
        let Some(path) = self.native.choose_file(&question) else { return Ok(None) };
        let text = read_list(&path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        self.choosing(|choosing| look_up(choosing, &text, name)).map(Some)
    }

    /// Selects, adds, removes or shows the patients of the list.
    pub fn use_list(&self, input: UseList) -> Result<BrowseState> {
        self.change(|choosing| choosing.use_list(input.list, input.how))
    }
}

/// Looks up a list and keeps it.
fn look_up(choosing: &mut Choosing, text: &str, file: Option<String>) -> Result<ListMatch> {
    let number = choosing.list.as_ref().map_or(1, |list| list.number + 1);
    let list = List::look_up(&choosing.view, number, text, file)?;
    let found = ListMatch {
        list: number,
        file: list.file.clone(),
        matched: list.patients.len() as u64,
        matching: choosing.view.count_matching(&list.patients),
        unmatched_total: list.unmatched_total,
        unmatched: list.unmatched.clone(),
    };
    choosing.list = Some(list);
    Ok(found)
}

/// Reads a list of ids from a file.
fn read_list(path: &Path) -> Result<String> {
    let failed = |why: &str| {
        Error::new(Code::ListUnreadable, format!("{} cannot be read: {why}.", path.display()))
            .hint("Check the file, or paste the ids.")
    };
    decode(&read_bytes(path, MOST_BYTES as u64, &Cancel::new(), &failed)?)
}

/// Longest list.
pub(crate) const MOST_BYTES: usize = 16 << 20;
/// Most ids without a patient that are shown.
pub(crate) const MOST_UNMATCHED: usize = 1000;

/// A list that was looked up.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// One more with each list.
    pub(crate) number: u64,
    /// Name of its file.
    pub(crate) file: Option<String>,
    pub(crate) patients: Vec<PatientId>,
    pub(crate) unmatched_total: u64,
    /// The first of them.
    pub(crate) unmatched: Vec<String>,
}

impl List {
    /// Looks a list up. Ids stand in lines, or between commas, semicolons and tabs; between blanks too, unless what stands
    /// between the other marks is an id with blanks in it. A cell in quotes is one id.
    pub(crate) fn look_up(view: &View, number: u64, text: &str, file: Option<String>) -> Result<Self> {
        if text.len() > MOST_BYTES {
            return Err(too_long());
        }
        let cells = cells(text);
        let spaced: Vec<&str> =
            cells.iter().filter(|cell| !cell.quoted && has_blank(&cell.text)).map(|cell| cell.text.as_ref()).collect();
        let in_parts: HashSet<String> =
            if spaced.is_empty() { HashSet::new() } else { view.match_ids(spaced).unmatched.into_iter().collect() };
        let ids = cells.iter().flat_map(|cell| {
            let (whole, parts) = if in_parts.contains(cell.text.as_ref()) {
                (None, Some(cell.text.split_whitespace()))
            } else {
                (Some(cell.text.as_ref()), None)
            };
            whole.into_iter().chain(parts.into_iter().flatten())
        });
        let mut matched = view.match_ids(ids);
        let unmatched_total = matched.unmatched.len() as u64;
        matched.unmatched.truncate(MOST_UNMATCHED);
        matched.unmatched.shrink_to_fit();
        Ok(Self { number, file, patients: matched.patients, unmatched_total, unmatched: matched.unmatched })
    }
}

/// The text of a file: UTF-8, UTF-16 with its mark, or else Latin-1. `LIST_UNREADABLE` for what is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<String> {
    if bytes.len() > MOST_BYTES {
        return Err(too_long());
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(Error::new(Code::ListUnreadable, "This file is a spreadsheet or a document, not a text.")
            .hint("Save it as CSV or text, or copy the ids and paste them."));
    }
    match text::decode(bytes) {
        Ok(text) => Ok(text.into_owned()),
        Err(NotText::Encoding) => Ok(bytes.iter().copied().map(char::from).collect()),
        Err(NotText::Binary) => Err(Error::new(Code::ListUnreadable, "This file is not a text.")
            .hint("Choose a text or CSV file with one id a line, or paste the ids.")),
    }
}

fn too_long() -> Error {
    Error::new(Code::ListUnreadable, format!("This list has more than {} MiB.", MOST_BYTES >> 20))
        .hint("Leave out what is no id, or use it in parts.")
}

fn has_blank(text: &str) -> bool {
    text.contains(char::is_whitespace)
}

/// What stands between marks, without the blanks around it.
struct Cell<'a> {
    text: Cow<'a, str>,
    quoted: bool,
}

fn cells(text: &str) -> Vec<Cell<'_>> {
    const MARKS: [char; 5] = ['\n', '\r', ',', ';', '\t'];
    let mut cells = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start_matches([' ', '\u{a0}']);
        if let Some((text, after)) = quoted(rest) {
            if !text.trim().is_empty() {
                cells.push(Cell { text, quoted: true });
            }
            rest = after;
            // What follows a closing quote up to the next mark belongs to no cell but its own.
            if !rest.trim_start_matches(' ').starts_with(MARKS) && !rest.is_empty() {
                continue;
            }
        }
        let end = rest.find(MARKS);
        let cell = rest[..end.unwrap_or(rest.len())].trim();
        if !cell.is_empty() {
            cells.push(Cell { text: Cow::Borrowed(cell), quoted: false });
        }
        match end {
            None => return cells,
            Some(end) => rest = &rest[end + 1..],
        }
    }
}

/// A cell in quotes at the beginning, and what comes after it; a quote inside is written twice. `None` where no quote closes
/// it in its line.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut from = 0;
    loop {
        let at = from + inside[from..].find(['"', '\n', '\r'])?;
        if !inside[at..].starts_with('"') {
            return None;
        }
        if inside[at + 1..].starts_with('"') {
            from = at + 2;
            continue;
        }
        let cell = &inside[..at];
        let cell = if cell.contains('"') { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) };
        return Some((cell, &inside[at + 1..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        cells(text).into_iter().map(|cell| cell.text.into_owned()).collect()
    }

    #[test]
    fn ids_stand_between_all_the_marks_that_people_use() {
        assert_eq!(texts("\u{feff}1\r\n2\n\n 3 ,4;5\t6,,\n"), ["1", "2", "3", "4", "5", "6"], "a mark of bytes is no id");
        assert_eq!(texts("\"a, b\",\"say \"\"x\"\"\"\n\"c\" ;d"), ["a, b", "say \"x\"", "c", "d"], "cells in quotes");
        assert_eq!(texts("\"open\n2"), ["\"open", "2"], "a quote that nothing closes is a character");
        assert_eq!(texts("\"a\"b,c"), ["a", "b", "c"], "no character is lost after a quote");
        assert!(texts(" \t\r\n,;\"\" ").is_empty(), "nothing is no id");
        assert_eq!(texts("患者,‏مريض,😀"), ["患者", "‏مريض", "😀"], "any letters");
    }

    #[test]
    fn a_file_is_text_in_any_of_the_usual_ways() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let mut little = vec![0xff, 0xfe];
        little.extend(utf16("é\n2"));
        assert_eq!(decode(&little).expect("UTF-16"), "é\n2", "as spreadsheets save it");
        assert_eq!(decode("é".as_bytes()).expect("UTF-8"), "é", "as everyone else does");
        assert_eq!(decode(b"caf\xe9").expect("Latin-1"), "café", "as it was done once");
        for bytes in [&b"PK\x03\x04..."[..], b"a\0b", &[0xff, 0xfe, 0x00, 0xd8]] {
            let error = decode(bytes).expect_err("no text");
            assert_eq!(error.code(), Code::ListUnreadable, "{error}");
            assert!(!error.next_step().is_empty(), "and what to do instead");
        }
        assert_eq!(decode(&vec![b'1'; MOST_BYTES + 1]).expect_err("long").code(), Code::ListUnreadable, "there is an end");
    }
}
