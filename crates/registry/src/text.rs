//! How texts are compared, sorted, suggested and quoted: one set of rules for every list and every search.
//!
//! Deliberately absent: locales. A registry is shared by people with different ones, and an order that depends on who looks
//! would make exports differ.

use std::borrow::Cow;
use std::cmp::Ordering;

use icu_casemap::CaseMapper;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// How many near matches an error offers at most.
pub const NEAR_MATCHES_MAX: usize = 5;

/// Longest text, in characters, for which near matches are looked for: distances cost the product of both lengths.
const NEAR_LENGTH_MAX: usize = 200;

/// Longest part of a foreign text, in characters, that a message quotes.
const QUOTED_LENGTH_MAX: usize = 80;

/// The text in Unicode's composed form (NFC), so that two spellings of one letter are one text.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// The text without differences of case: full Unicode case folding (`ß` = `ss`, `ς` = `σ`), composed. Two texts are the same
/// but for case and spelling exactly when their folded forms are equal.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    if text.chars().all(has_one_form) {
        return Cow::Borrowed(text);
    }
    // Unicode's canonical caseless match (definition D145): decompose, fold, decompose; composed at the end because
    // that is shorter. Decomposing first matters for the Greek ypogegrammeni, which folds to a letter.
    let decomposed: String = text.nfd().collect();
    let folded: String = CaseMapper::new().fold_string(&decomposed).nfc().collect();
    if folded == text { Cow::Borrowed(text) } else { Cow::Owned(folded) }
}

/// Characters without case that neither decompose nor compose with one of them: most names and words of East Asia, for
/// which the general way takes twenty times as long.
fn has_one_form(letter: char) -> bool {
    matches!(letter, '\0'..='@' | '['..='\u{7f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Natural order, as people sort: without regard to case, runs of digits as numbers (`P2` before `P10`), numbers before
/// everything else. A total order: equal only for equal texts.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    let order = if a.is_ascii() && b.is_ascii() { natural_folded(a, b) } else { natural_folded(&fold(a), &fold(b)) };
    order.then_with(|| a.cmp(b))
}

/// Natural order of two paths, name by name: a folder stands before what is in it.
pub fn natural_path_cmp(a: &[String], b: &[String]) -> Ordering {
    let differing = a.iter().zip(b).map(|(a, b)| natural_cmp(a, b)).find(|order| order.is_ne());
    differing.unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// The candidates that are most like `wanted`, best first, at most [`NEAR_MATCHES_MAX`], without regard to case. The
/// caller hands in only what its user may see; nothing else can come out.
pub fn near_matches<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = fold(wanted);
    let length = wanted.chars().count();
    if length == 0 || length > NEAR_LENGTH_MAX {
        return Vec::new();
    }
    let mut scored: Vec<(usize, &str)> =
        candidates.into_iter().filter_map(|candidate| Some((distance(&wanted, length, candidate)?, candidate))).collect();
    scored.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| natural_cmp(a.1, b.1)));
    scored.dedup();
    scored.truncate(NEAR_MATCHES_MAX);
    scored.into_iter().map(|(_, candidate)| candidate.to_owned()).collect()
}

/// A foreign text for a message: in quotes, characters that would not show or would disorder the line escaped, long ones
/// shortened.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars();
    for character in rest.by_ref().take(QUOTED_LENGTH_MAX) {
        let invisible = character.is_control()
            || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if invisible {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    if rest.next().is_some() {
        out.push('…');
    }
    out.push('"');
    out
}

/// A folder's path as people read and type it: names joined with `/`. A slash inside a name is `\/`; a backslash is `\\`
/// where it would otherwise be taken for the escape of what follows (before a slash, a backslash or the name's end).
pub fn write_path(names: &[String]) -> String {
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            text.push('/');
        }
        let mut rest = name.chars().peekable();
        while let Some(letter) = rest.next() {
            let escaped = match letter {
                '/' => true,
                '\\' => rest.peek().is_none_or(|next| matches!(next, '/' | '\\')),
                _ => false,
            };
            text.extend(escaped.then_some('\\').into_iter().chain([letter]));
        }
    }
    text
}

/// Reads what [`write_path`] writes, and what people type: a backslash before any other letter is itself, and one slash at
/// either end says nothing. `None` where a name is missing.
pub fn read_path(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => name.push(rest.next_if(|next| matches!(next, '/' | '\\')).unwrap_or(letter)),
            '/' => names.push(std::mem::take(&mut name)),
            _ => name.push(letter),
        }
    }
    if !name.is_empty() || names.is_empty() {
        names.push(name);
    }
    if names.len() > 1 && names[0].is_empty() {
        names.remove(0);
    }
    names.iter().all(|name| !name.is_empty()).then_some(names)
}

/// How unlike two texts are; `None`: too unlike to offer.
fn distance(wanted: &str, length: usize, candidate: &str) -> Option<usize> {
    let folded = fold(candidate);
    if folded == wanted {
        return Some(0);
    }
    let other = folded.chars().count();
    if other > NEAR_LENGTH_MAX {
        return None;
    }
    let longer = length.max(other);
    let allowed = (longer / 3).max(1);
    if length.abs_diff(other) <= allowed {
        let edits = strsim::osa_distance(wanted, &folded);
        // Two texts of one letter each are always one edit apart: that is no likeness.
        if edits <= allowed && edits < longer {
            return Some(edits);
        }
    }
    let shorter_is_told = length.min(other) >= 3;
    (shorter_is_told && (folded.contains(wanted) || wanted.contains(folded.as_ref()))).then_some(NEAR_LENGTH_MAX + longer)
}

/// Natural order of two folded texts (ASCII may still hold capitals).
fn natural_folded(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (digits_a, digits_b) = (leading_digits(a), leading_digits(b));
        if digits_a > 0 && digits_b > 0 {
            let order = number_cmp(&a[..digits_a], &b[..digits_b]);
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[digits_a..], &b[digits_b..]);
            continue;
        }
        let (mut rest_a, mut rest_b) = (a.chars(), b.chars());
        match (rest_a.next(), rest_b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => {
                // At most one of the two is a digit: a number stands before every other character, so that numbered names
                // stay together in front.
                let order =
                    (digits_b > 0).cmp(&(digits_a > 0)).then_with(|| x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase()));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (rest_a.as_str(), rest_b.as_str());
            }
        }
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Compares two runs of digits as numbers of any length.
fn number_cmp(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folding_is_unicodes_and_full() {
        let same = [
            ("istanbul", "ISTANBUL"),
            ("àéîõü", "ÀÉÎÕÜ"),
            ("straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("e\u{301}", "É"),
            ("ﬁn", "FIN"),
            ("\u{1f80}", "\u{1f88}"),
            ("α\u{345}\u{301}", "Α\u{301}\u{345}"),
        ];
        for (a, b) in same {
            assert_eq!(fold(a), fold(b), "{a} and {b} differ only in case and spelling");
        }
        assert_ne!(fold("a"), fold("ä"), "a mark is not a case");
        assert_eq!(fold("終審報告"), "終審報告", "scripts without case stay as they are");
    }

    #[test]
    fn natural_order_counts() {
        let sorted = ["", "01", "1", "2", "10", "A", "a", "a1", "a1b", "a2", "a10", "a10b", "b", "B2", "P-9", "P-10", "ä"];
        for pair in sorted.windows(2) {
            assert_eq!(natural_cmp(pair[0], pair[1]), Ordering::Less, "{} stands before {}", pair[0], pair[1]);
        }
        assert_eq!(natural_cmp("a1", "a b"), Ordering::Less, "a number stands before a space, too");
        let long = ["18446744073709551615", "18446744073709551616", "100000000000000000000000"];
        assert!(long.windows(2).all(|pair| natural_cmp(pair[0], pair[1]).is_lt()), "numbers of any length are numbers");
    }

    #[test]
    fn paths_sort_name_by_name() {
        let path = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let sorted = [path(&["A"]), path(&["A", "9"]), path(&["A", "10"]), path(&["A b"]), path(&["B"])];
        for pair in sorted.windows(2) {
            assert_eq!(natural_path_cmp(&pair[0], &pair[1]), Ordering::Less, "{:?} stands before {:?}", pair[0], pair[1]);
        }
        assert_eq!(natural_path_cmp(&sorted[1], &sorted[1]), Ordering::Equal, "a path equals itself");
    }

    #[test]
    fn near_is_what_a_typing_mistake_reaches() {
        let names = ["cbct", "ios", "intraoral-photo", "panoramic", "teleradiography"];
        let table: [(&str, &[&str]); 9] = [
            ("CBCT", &["cbct"]),
            ("cbtc", &["cbct"]),
            ("panoramich", &["panoramic"]),
            ("intraoral", &["intraoral-photo"]),
            ("photo", &["intraoral-photo"]),
            ("the panoramic one", &["panoramic"]),
            ("xyz", &[]),
            ("x", &[]),
            ("", &[]),
        ];
        for (wanted, expected) in table {
            assert_eq!(near_matches(wanted, names), expected, "near {wanted:?}");
        }
        assert_eq!(near_matches("ab", ["ab2", "AB", "ab1", "ab10", "aB", "ab9", "ab8"]), ["AB", "aB", "ab1", "ab2", "ab8"]);
        assert!(near_matches("x", ["y", "7"]).is_empty(), "any two single letters are one edit apart: no likeness");
        assert!(near_matches(&"x".repeat(1_000_000), ["x"]).is_empty(), "a huge text is not compared with everything");
        assert!(near_matches("xxx", [&*"x".repeat(1_000_000)]).is_empty(), "nor with a huge name");
    }

    #[test]
    fn quoting_keeps_a_message_one_readable_line() {
        assert_eq!(quoted("Clinic A"), "\"Clinic A\"", "plain text stays plain");
        assert_eq!(quoted("a\nb\u{202e}c\u{200b}"), "\"a\\u{a}b\\u{202e}c\\u{200b}\"", "what would not show is spelled out");
        assert_eq!(quoted(&"é".repeat(81)), format!("\"{}…\"", "é".repeat(80)), "long texts are shortened");
    }

    /// Texts in which digits, case, marks and prefixes collide often.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[aAbBäÄ019 /-]{0,8}",
            "[a1終審\u{301}\u{f900} ]{0,5}",
            "[0-9a]{0,24}",
            "\\PC{0,8}",
            "[sSßſİıΣσς\u{301}\u{345}éK\u{212a}]{0,6}"
        ]
    }

    #[test]
    fn a_path_is_read_as_it_is_typed() {
        let table: [(&str, &[&str]); 9] = [
            ("Clinic A/2025", &["Clinic A", "2025"]),
            (r"A/b\/c", &["A", "b/c"]),
            ("/A/", &["A"]),
            (r"back\slash", &[r"back\slash"]),
            (r"end\\/x", &[r"end\", "x"]),
            (r"\/", &["/"]),
            (r"\", &[r"\"]),
            (r"/\\", &[r"\"]),
            ("患者/é", &["患者", "é"]),
        ];
        for (said, names) in table {
            assert_eq!(read_path(said).expect(said), names, "{said}");
        }
        for said in ["", "/", "A//B", "//A", "A//"] {
            assert_eq!(read_path(said), None, "a name is missing in {said:?}");
        }
        let plain = ["back\\slash", "b/c"].map(str::to_owned);
        assert_eq!(write_path(&plain), r"back\slash/b\/c", "only what could be misread is escaped");
    }

    proptest! {
        #[test]
        fn a_path_survives_its_text(names in prop::collection::vec(prop_oneof![r"[a/\\]{1,6}", r"[^/\\]{1,6}"], 1..5)) {
            let text = write_path(&names);
            prop_assert_eq!(read_path(&text), Some(names), "{} means one folder", text);
        }

        #[test]
        fn natural_order_is_total(a in text(), b in text(), c in text()) {
            prop_assert_eq!(natural_cmp(&a, &b), natural_cmp(&b, &a).reverse(), "both directions agree");
            prop_assert_eq!(natural_cmp(&a, &b) == Ordering::Equal, a == b, "only equal texts are equal");
            let mut sorted = [&a, &b, &c];
            sorted.sort_by(|a, b| natural_cmp(a, b));
            prop_assert_ne!(natural_cmp(sorted[0], sorted[2]), Ordering::Greater, "the order is transitive");
        }

        #[test]
        fn numbers_sort_by_value(a: u64, b: u64, before in "[a-z ]{0,3}", after in "[a-z ]{0,3}") {
            let name = |number| format!("{before}{number}{after}");
            prop_assert_eq!(natural_cmp(&name(a), &name(b)), a.cmp(&b), "numbers inside a text count as numbers");
        }

        #[test]
        fn a_text_that_is_folded_at_a_glance_folds_to_itself_in_general(a in "[\0-@\\[-\u{7f}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}]{0,8}") {
            let general: String = CaseMapper::new().fold_string(&a.nfd().collect::<String>()).nfc().collect();
            prop_assert_eq!(general, a, "both ways agree");
        }

        #[test]
        fn folding_twice_is_folding_once(a in text()) {
            let once = fold(&a).into_owned();
            prop_assert_eq!(fold(&once).into_owned(), once.clone(), "a folded text is folded");
            prop_assert_eq!(fold(&nfc(&a)).into_owned(), once, "spelling does not matter");
        }

        #[test]
        fn near_matches_are_few_of_the_candidates_in_any_order(wanted in text(), names in prop::collection::vec(text(), 0..20)) {
            let found = near_matches(&wanted, names.iter().map(String::as_str));
            prop_assert!(found.len() <= NEAR_MATCHES_MAX, "few");
            prop_assert!(found.iter().all(|name| names.contains(name)), "nothing that was not handed in");
            let mut once = found.clone();
            once.dedup();
            prop_assert_eq!(&once, &found, "each once");
            let reversed = near_matches(&wanted, names.iter().rev().map(String::as_str));
            prop_assert_eq!(&reversed, &found, "the order of the candidates does not matter");
            if let Some(same) = names.iter().find(|name| !wanted.is_empty() && fold(name) == fold(&wanted)) {
                prop_assert_eq!(fold(&found[0]), fold(same), "a difference of case alone comes first");
            }
        }

        #[test]
        fn a_quoted_text_is_one_line(text in any::<String>()) {
            let quoted = quoted(&text);
            prop_assert!(!quoted.contains(char::is_control), "no control character survives");
            prop_assert!(quoted.chars().count() < 900, "and it is not long");
        }
    }
}
