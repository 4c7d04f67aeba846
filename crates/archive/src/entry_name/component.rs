//! The rules for one component of a path: what is wrong with it ([`fault`]), and how it is made right ([`sanitise`]).

use std::borrow::Cow;
use std::fmt;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Extensions that stand behind another one and belong to it: `scan.nii.gz` is a `.nii.gz`.
const OUTER_EXTENSIONS: &[&str] = &["gz", "bz2", "xz", "zst", "lz4", "z"];
/// Longest part of a name behind a dot that is still taken for an extension, in bytes.
const MAX_EXTENSION_BYTES: usize = 16;

/// What is wrong with a component. Its text completes "... because".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Empty,
    TooLong(usize),
    Forbidden(char),
    NotNormal,
    SpaceAtEdge,
    DotAtEnd,
    Reserved,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Empty => f.write_str("a part of it is empty"),
            Fault::TooLong(most) => write!(f, "a part of it is longer than {most} bytes"),
            Fault::Forbidden(character) if character.is_ascii_graphic() => {
                write!(f, "`{character}` is not allowed in a file name")
            }
            Fault::Forbidden(character) => {
                write!(f, "the character U+{:04X} is not allowed in a file name", u32::from(*character))
            }
            Fault::NotNormal => f.write_str("its accents are not in the composed form (NFC)"),
            Fault::SpaceAtEdge => f.write_str("a part of it starts or ends with a space"),
            Fault::DotAtEnd => f.write_str("a part of it ends with a dot"),
            Fault::Reserved => f.write_str("Windows reserves that name for a device"),
        }
    }
}

/// The first thing that is wrong with a component of at most `most` bytes.
pub(super) fn fault(component: &str, most: usize) -> Option<Fault> {
    if component.is_empty() {
        return Some(Fault::Empty);
    }
    if let Some(character) = component.chars().find(|&character| fate(character) != Fate::Kept) {
        return Some(Fault::Forbidden(character));
    }
    if component.starts_with(char::is_whitespace) || component.ends_with(char::is_whitespace) {
        return Some(Fault::SpaceAtEdge);
    }
    if component.ends_with('.') {
        return Some(Fault::DotAtEnd);
    }
    if is_reserved(component) {
        return Some(Fault::Reserved);
    }
    if !component.is_ascii() && !is_nfc(component) {
        return Some(Fault::NotNormal);
    }
    (component.len() > most).then_some(Fault::TooLong(most))
}

/// Makes a component of at most `most` bytes (at least 32) that has no [`fault`]. A right one comes back as it is.
pub(crate) fn sanitise(text: &str, most: usize) -> String {
    if fault(text, most).is_none() {
        return text.to_owned();
    }
    // Composed twice: a character that vanishes may bring a letter and its accent together.
    let mut name: String = text.nfc().filter_map(replacement).nfc().collect();
    loop {
        name = trimmed(&name).to_owned();
        if name.is_empty() {
            name.push('_');
        }
        if is_reserved(&name) {
            name.insert(0, '_');
        }
        if name.len() <= most {
            return name;
        }
        // Each round is shorter; a cut may have bared a space, a dot or a reserved name, so it is looked at again.
        let (stem, extension) = split_extension(&name);
        name = format!("{}{extension}", trimmed(cut(stem, most - extension.len())));
    }
}

/// The name with `_number` before its extension, cut to `most` bytes.
pub(super) fn numbered(name: &str, number: u32, most: usize) -> String {
    let (stem, extension) = split_extension(name);
    let suffix = format!("_{number}");
    let stem = cut(stem, most - extension.len() - suffix.len()).trim_end();
    format!("{stem}{suffix}{extension}")
}

/// Stem, and extension with its dot; `.nii.gz` is one extension.
pub(crate) fn split_extension(name: &str) -> (&str, &str) {
    let Some(at) = extension_start(name) else { return (name, "") };
    let outer = &name[at + 1..];
    let inner = OUTER_EXTENSIONS
        .iter()
        .any(|known| outer.eq_ignore_ascii_case(known))
        .then(|| extension_start(&name[..at]))
        .flatten();
    name.split_at(inner.unwrap_or(at))
}

fn extension_start(name: &str) -> Option<usize> {
    let at = name.rfind('.').filter(|&at| at > 0)?;
    let extension = &name[at + 1..];
    let is_one = (1..=MAX_EXTENSION_BYTES).contains(&extension.len()) && extension.chars().all(char::is_alphanumeric);
    is_one.then_some(at)
}

/// The longest beginning of at most `most` bytes that ends between characters.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn trimmed(name: &str) -> &str {
    name.trim_start().trim_end_matches(|character: char| character == '.' || character.is_whitespace())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Replaced,
    Dropped,
}

fn replacement(character: char) -> Option<char> {
    match fate(character) {
        Fate::Kept => Some(character),
        Fate::Replaced => Some('_'),
        Fate::Dropped => None,
    }
}

/// What becomes of a character. Invisible ones vanish, so that no `_` appears where nothing was seen.
fn fate(character: char) -> Fate {
    match character {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => return Fate::Replaced,
        ' '..='~' => return Fate::Kept,
        _ => {}
    }
    if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character) {
        return Fate::Dropped;
    }
    match CodePointMapData::<GeneralCategory>::new().get(character) {
        GeneralCategory::Format => Fate::Dropped,
        // Private use: some systems map forbidden characters there and back. Unassigned: no platform agrees on its case.
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator
        | GeneralCategory::PrivateUse
        | GeneralCategory::Surrogate
        | GeneralCategory::Unassigned => Fate::Replaced,
        _ => Fate::Kept,
    }
}

/// Whether Windows takes the name, with any extension, for a device.
fn is_reserved(name: &str) -> bool {
    let base = name.split('.').next().unwrap_or_default().trim_end();
    let base: Cow<'_, str> = if base.is_ascii() { base.into() } else { base.replace(['¹', '²', '³'], "1").into() };
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"].iter().any(|word| base.eq_ignore_ascii_case(word)) {
        return true;
    }
    match base.as_bytes() {
        [port @ .., b'0'..=b'9'] => port.eq_ignore_ascii_case(b"COM") || port.eq_ignore_ascii_case(b"LPT"),
        _ => false,
    }
}
