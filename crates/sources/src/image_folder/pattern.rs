//! What a user says of how paths are made: `{project}/{patient}/{kind}/{modality}/{*}`.
//!
//! Between slashes stand letters as they are and names in braces. `{*}` is anything: alone between slashes, one or more parts
//! of the path; beside letters, any part of a name. `{{` and `}}` are braces.

use std::fmt;

/// No pattern has more parts.
const MOST_PARTS: usize = 32;
/// Each of them tries every length, so that more would try for long.
const MOST_ANY: usize = 2;
/// The same within one part.
const MOST_NAMES: usize = 4;

/// What a name in braces stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Project,
    Folder,
    Patient,
    Kind,
    Modality,
    Subtype,
}

const NAMES: [(&str, Name); 6] = [
    ("project", Name::Project),
    ("folder", Name::Folder),
    ("patient", Name::Patient),
    ("kind", Name::Kind),
    ("modality", Name::Modality),
    ("subtype", Name::Subtype),
];

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    said: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// One part of a path.
    One(Vec<Piece>),
    /// One or more.
    Many,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Named(Name),
    Any,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// A part without anything: two slashes, or one at an end.
    #[error("part {0} is empty; patterns begin and end without a slash")]
    EmptyPart(usize),
    /// A brace that is not closed, or not opened.
    #[error("a brace in part {0} stands alone; {{{{ and }}}} are braces that stand for themselves")]
    Brace(usize),
    /// A name that is none.
    #[error(
        "{{{0}}} is no name; there are {{project}}, {{folder}}, {{patient}}, {{kind}}, {{modality}}, {{subtype}} and {{*}}"
    )]
    Name(String),
    /// A name said twice.
    #[error("{{{0}}} stands in it twice; only {{folder}} may")]
    Twice(&'static str),
    /// Two names without anything between them.
    #[error("two names in part {0} stand side by side; where one ends cannot be told")]
    Side(usize),
    /// Too long.
    #[error(
        "it has more than {MOST_PARTS} parts, more than {MOST_ANY} times {{*}} for whole parts, or more than {MOST_NAMES} names in one"
    )]
    Long,
    /// It names nothing.
    #[error("it names nothing; say at least {{patient}}")]
    Nothing,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(said: &str) -> Result<Self, PatternError> {
        if said.is_empty() {
            return Err(PatternError::Empty);
        }
        let parts: Vec<Part> =
            said.split('/').enumerate().map(|(at, part)| Part::parse(part, at + 1)).collect::<Result<_, _>>()?;
        let names = |part: &Part| match part {
            Part::One(pieces) => pieces.iter().filter(|piece| !matches!(piece, Piece::Text(_))).count(),
            Part::Many => 0,
        };
        let many = parts.iter().filter(|part| **part == Part::Many).count();
        if parts.len() > MOST_PARTS || many > MOST_ANY || parts.iter().any(|part| names(part) > MOST_NAMES) {
            return Err(PatternError::Long);
        }
        let pieces = parts.iter().flat_map(|part| if let Part::One(pieces) = part { pieces.as_slice() } else { &[] });
        let said_names: Vec<Name> =
            pieces.filter_map(|piece| if let Piece::Named(name) = piece { Some(*name) } else { None }).collect();
        if said_names.is_empty() {
            return Err(PatternError::Nothing);
        }
        for (word, name) in NAMES {
            if name != Name::Folder && said_names.iter().filter(|other| **other == name).count() > 1 {
                return Err(PatternError::Twice(word));
            }
        }
        Ok(Self { said: said.to_owned(), parts })
    }

    /// The parts of `path` that have names, in their order; `None` where the path is made in another way.
    pub(super) fn read<'p>(&self, path: &[&'p str]) -> Option<Vec<(Name, &'p str)>> {
        let mut found = Vec::new();
        parts_fit(&self.parts, path, &mut found).then_some(found)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Part {
    fn parse(part: &str, number: usize) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = part;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            match letter {
                '{' | '}' if rest.starts_with(letter) => {
                    rest = &rest[1..];
                    text.push(letter);
                }
                '{' => {
                    let (name, behind) = rest.split_once('}').ok_or(PatternError::Brace(number))?;
                    rest = behind;
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    } else if !pieces.is_empty() {
                        return Err(PatternError::Side(number));
                    }
                    let known = NAMES.iter().find(|(word, _)| *word == name).map(|(_, name)| Piece::Named(*name));
                    let any = (name == "*").then_some(Piece::Any);
                    pieces.push(known.or(any).ok_or_else(|| PatternError::Name(name.to_owned()))?);
                }
                '}' => return Err(PatternError::Brace(number)),
                _ => text.push(letter),
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        match pieces.as_slice() {
            [] => Err(PatternError::EmptyPart(number)),
            [Piece::Any] => Ok(Part::Many),
            _ => Ok(Part::One(pieces)),
        }
    }
}

fn parts_fit<'p>(parts: &[Part], path: &[&'p str], found: &mut Vec<(Name, &'p str)>) -> bool {
    match (parts, path) {
        ([], []) => true,
        ([], _) | (_, []) => false,
        ([Part::Many], _) => true,
        ([Part::Many, rest @ ..], _) => (1..path.len()).any(|taken| parts_fit(rest, &path[taken..], found)),
        ([Part::One(pieces), rest @ ..], [part, behind @ ..]) => {
            let before = found.len();
            if pieces_fit(pieces, part, found) && parts_fit(rest, behind, found) {
                return true;
            }
            found.truncate(before);
            false
        }
    }
}

/// Names take as little as they can. Between two of them stands a text, so that each is tried at its places only.
fn pieces_fit<'p>(pieces: &[Piece], part: &'p str, found: &mut Vec<(Name, &'p str)>) -> bool {
    match pieces {
        [] => part.is_empty(),
        [Piece::Text(text), rest @ ..] => part.strip_prefix(text.as_str()).is_some_and(|part| pieces_fit(rest, part, found)),
        [piece @ (Piece::Named(_) | Piece::Any), rest @ ..] => {
            // What is named is something; anything may be nothing.
            let least = usize::from(matches!(piece, Piece::Named(_)));
            let ends = part.char_indices().map(|(at, _)| at).chain([part.len()]);
            let before = found.len();
            for end in ends.filter(|end| *end >= least) {
                let is_here = match rest.first() {
                    Some(Piece::Text(text)) => part[end..].starts_with(text.as_str()),
                    _ => end == part.len(),
                };
                if !is_here {
                    continue;
                }
                if let Piece::Named(name) = piece {
                    found.push((*name, &part[..end]));
                }
                if pieces_fit(rest, &part[end..], found) {
                    return true;
                }
                found.truncate(before);
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, path: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        let parts: Vec<&str> = path.split('/').collect();
        let found = pattern.read(&parts)?;
        Some(found.iter().map(|(name, part)| format!("{name:?}={part}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_path_is_taken_apart() {
        let table = [
            (
                "{project}/{patient}/{kind}/{modality}/{*}",
                "jaw/P1/raw/cbct/a/b.dcm",
                Some("Project=jaw Patient=P1 Kind=raw Modality=cbct"),
            ),
            ("{project}/{patient}/{kind}/{modality}/{*}", "jaw/P1/raw/b.dcm", None),
            ("{patient}/{*}", "P1/b.dcm", Some("Patient=P1")),
            ("{patient}/{*}", "b.dcm", None),
            ("{folder}/{folder}/{patient}/{*}", "A/B/1/x", Some("Folder=A Folder=B Patient=1")),
            ("{*}/pat_{patient}/{*}", "a/b/pat_7/c/d.stl", Some("Patient=7")),
            ("{*}/pat_{patient}/{*}", "pat_7/d.stl", None),
            ("{kind}/{modality}_patient_{patient}.{*}", "raw/ios_patient_7.stl", Some("Kind=raw Modality=ios Patient=7")),
            (
                "{kind}/{modality}_patient_{patient}.{*}",
                "raw/a_patient_b_patient_c.nii.gz",
                Some("Kind=raw Modality=a Patient=b_patient_c"),
            ),
            ("{patient}-{subtype}.stl", "é-ü.stl", Some("Patient=é Subtype=ü")),
            ("{patient}-{subtype}.stl", "-ü.stl", None),
            ("{{x}}/{patient}.{*}", "{x}/1.", Some("Patient=1")),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(read(pattern, path).as_deref(), expected, "{pattern} and {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told_why() {
        let table = [
            ("", PatternError::Empty),
            ("/{patient}", PatternError::EmptyPart(1)),
            ("{patient}//{*}", PatternError::EmptyPart(2)),
            ("{patient/{*}", PatternError::Brace(1)),
            ("patient}/{*}", PatternError::Brace(1)),
            ("{pateint}/{*}", PatternError::Name("pateint".to_owned())),
            ("{patient}/{patient}", PatternError::Twice("patient")),
            ("{patient}{kind}/{*}", PatternError::Side(1)),
            ("{patient}{*}", PatternError::Side(1)),
            ("{*}/{*}/{*}/{patient}", PatternError::Long),
            ("{project}-{folder}-{patient}-{kind}-{modality}", PatternError::Long),
            ("a/{*}", PatternError::Nothing),
        ];
        for (pattern, expected) in table {
            assert_eq!(Pattern::parse(pattern), Err(expected.clone()), "{pattern}: {expected}");
        }
    }

    #[test]
    fn no_path_is_tried_for_long() {
        let path = vec!["a"; 2000];
        let pattern = Pattern::parse("{*}/a/{*}/{patient}-b").expect("a pattern");
        assert_eq!(pattern.read(&path), None, "every way is tried, and none fits");
        let long = "-".repeat(250);
        let pattern = Pattern::parse("{project}-{folder}-{patient}-{kind}x").expect("a pattern");
        assert_eq!(pattern.read(&[&long]), None, "within one name, too");
    }
}
