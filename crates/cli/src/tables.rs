//! Aligned columns for a terminal.
//!
//! Width is what a terminal shows, so names in any script line up. What a name holds cannot move the cursor: see [`shown`].

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

/// On which side a column lines up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows under a heading; nothing at all where there are no rows.
pub(crate) fn table(heading: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let widths: Vec<usize> = heading
        .iter()
        .enumerate()
        .map(|(column, (title, _))| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).chain([title.width()]).max().unwrap_or(0)
        })
        .collect();
    let titles: Vec<Cow<'_, str>> = heading.iter().map(|(title, _)| Cow::Borrowed(*title)).collect();
    let mut out = String::new();
    for row in std::iter::once(&titles).chain(&rows) {
        let mut line = String::new();
        for ((cell, width), (_, side)) in row.iter().zip(&widths).zip(heading) {
            let room = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if *side == Side::Right { (room.as_str(), "") } else { ("", room.as_str()) };
            let _ = write!(line, "{before}{cell}{after}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Text that cannot move the cursor, ring, colour or turn the reading direction: such characters are written out.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let bad = |letter: char| {
        letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if bad(letter) {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_script() {
        let rows = [vec!["患者".to_owned(), "7".to_owned()], vec!["a".to_owned(), "1,200".to_owned()]];
        let expected = "NAME  FILES\n患者      7\na     1,200\n";
        assert_eq!(table(&[("NAME", Side::Left), ("FILES", Side::Right)], &rows), expected, "two cells a CJK letter");
        assert_eq!(table(&[("NAME", Side::Left)], &[]), "", "no heading over nothing");
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\r"), r"a\u{1b}[2Jb\u{202e}c\u{d}", "escapes are written out");
        assert!(matches!(shown("Zoë 患者"), Cow::Borrowed(_)), "letters are left alone");
    }
}
