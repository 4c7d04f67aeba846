//! What a text must become to be a harmless cell.

use std::borrow::Cow;

/// Excel's limit of a cell, in UTF-16 units.
pub(crate) const LONGEST_CELL: usize = 32_767;
/// Stands at the end of a text that was shortened.
const CUT: char = '…';

/// The text as a cell of a CSV that a spreadsheet does not run: one that it would take for a formula begins with an apostrophe.
pub fn without_formula(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Whether a spreadsheet that opens a CSV would take the text for a formula.
/// A text as it was before [`without_formula`] made it harmless.
pub fn as_it_was(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// The text without characters that no table can hold; each becomes U+FFFD. Line ends of all kinds stay in a CSV, and become
/// LF in a workbook, which knows no other.
pub(crate) fn printable(text: &str, is_workbook: bool) -> Cow<'_, str> {
    let bad = |letter: char| match letter {
        '\t' | '\n' => false,
        '\r' => is_workbook,
        _ => letter < ' ' || letter == '\u{fffe}' || letter == '\u{ffff}',
    };
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\r' if is_workbook => {
                rest.next_if_eq(&'\n');
                out.push('\n');
            }
            letter if bad(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    Cow::Owned(out)
}

/// Whether a text is longer than a cell of Excel.
pub(crate) fn is_too_long(text: &str) -> bool {
    text.len() > LONGEST_CELL && text.encode_utf16().count() > LONGEST_CELL
}

/// As much of a text as fits into a cell, with a sign that it was shortened.
pub(crate) fn shortened(text: &str) -> String {
    let mut units = 0;
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units < LONGEST_CELL
    };
    let mut out: String = text.chars().take_while(fits).collect();
    out.push(CUT);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_told_by_its_first_letter() {
        for text in ["=1", "+1", "-1", "@A", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A"] {
            assert_eq!(without_formula(text), format!("'{text}"), "{text:?} would be run");
        }
        for text in ["", " =1", "1=1", "a@b", "'=1", "終審"] {
            assert_eq!(without_formula(text), text, "{text:?} is left as it is");
        }
    }

    #[test]
    fn what_no_table_holds_is_replaced() {
        assert_eq!(printable("a\0b\u{7}\u{ffff}c", false), "a\u{fffd}b\u{fffd}\u{fffd}c", "each is seen");
        assert_eq!(printable("a\r\nb\rc\td", true), "a\nb\nc\td", "a workbook has one line end");
        assert!(matches!(printable("a\r\nb\rc\td 患", false), Cow::Borrowed(_)), "a CSV has them all");
    }

    #[test]
    fn a_text_is_shortened_to_what_a_cell_holds() {
        let just = "𝄞".repeat(LONGEST_CELL / 2) + "a";
        assert!(!is_too_long(&just), "two units a letter: exactly at the limit");
        let long = just + "b";
        assert!(is_too_long(&long), "one over");
        let cut = shortened(&long);
        assert!(!is_too_long(&cut) && cut.ends_with('…'), "it fits, and says that it was cut");
        assert!(!is_too_long(&"患".repeat(LONGEST_CELL)), "letters count, not bytes");
    }
}
