//! Where answers, messages and errors go, and what they exit with.
//!
//! stdout carries the answer alone: text for people or exactly one JSON document. Everything else goes to stderr. A reader
//! who has left (`| head`) is no fault. What is deliberately absent: what an answer says.

use std::io::{self, Write as _};

use clap::error::ErrorKind;
use serde::Serialize;
use sheaf_app::credentials::masked;
use sheaf_app::wire::{ErrorReport, Failure};
use sheaf_registry::error::Class;
use sheaf_registry::{Code, Error};

use crate::meaning::Manner;
use crate::text::{self, Readable};

/// Exit codes, as the contract lists them.
pub(crate) mod exit {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const REFUSED: u8 = 2;
    pub(crate) const WITH_PROBLEMS: u8 = 3;
    pub(crate) const FORBIDDEN: u8 = 4;
    pub(crate) const CANCELLED: u8 = 130;
}

/// The exit code of an error.
pub(crate) const fn exit_of(code: Code) -> u8 {
    match code.class() {
        Class::Failed => exit::FAILED,
        Class::Refused => exit::REFUSED,
        Class::Forbidden => exit::FORBIDDEN,
        Class::Cancelled => exit::CANCELLED,
    }
}

/// stdout and stderr of this run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    manner: Manner,
}

impl Output {
    pub(crate) fn new(manner: Manner) -> Self {
        Self { manner }
    }

    /// Whether nothing but errors is wanted on stderr.
    pub(crate) fn is_quiet(self) -> bool {
        self.manner.quiet
    }

    /// Answers; gives `code`, or 1 where the answer could not be written.
    pub(crate) fn answer<T: Serialize + Readable>(self, answer: &T, code: u8) -> u8 {
        if self.manner.json { document(answer, code) } else { lines(&text::of(answer), code) }
    }

    /// Answers with text that is no table: help, a completion script.
    pub(crate) fn text(text: &str) -> u8 {
        lines(text, exit::DONE)
    }

    /// Says something to whoever watches.
    pub(crate) fn message(self, message: &str) {
        if !self.manner.quiet {
            to_stderr(message);
        }
    }

    /// Answers with an error and gives its exit code.
    pub(crate) fn error(self, error: &Error) -> u8 {
        let code = exit_of(error.code());
        // A URL may stand where none belongs.
        let report = ErrorReport { message: masked(error.message()), ..error.into() };
        if self.manner.json {
            return document(&Failure { error: report }, code);
        }
        to_stderr(&text::error(&report));
        code
    }

    /// Answers to words that could not be understood.
    pub(crate) fn usage(self, error: &clap::Error) -> u8 {
        if self.manner.json {
            return self.error(&usage(error));
        }
        let plain = error.render().to_string();
        let covered = masked(&plain);
        if covered != plain {
            to_stderr(&covered);
            return exit::REFUSED;
        }
        // clap writes to the right stream, in colour where that can be seen; a closed stream is no fault.
        let _ = error.print();
        exit::REFUSED
    }
}

fn document<T: Serialize>(document: &T, code: u8) -> u8 {
    written(print_document(&mut io::stdout().lock(), document), code)
}

/// Whole before the first byte is printed: half a document is none.
fn print_document(out: &mut dyn io::Write, document: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    out.write_all(&text)?;
    out.flush()
}

fn lines(text: &str, code: u8) -> u8 {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()), code)
}

fn written(result: io::Result<()>, code: u8) -> u8 {
    match result {
        Ok(()) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => code,
        Err(error) => {
            to_stderr(&format!("error: The answer could not be written to standard output: {error}.\n"));
            if code == exit::DONE { exit::FAILED } else { code }
        }
    }
}

fn to_stderr(text: &str) {
    // Nobody is left to tell that stderr is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// clap's error as one sentence and a next step.
fn usage(error: &clap::Error) -> Error {
    let rendered = masked(&error.render().to_string());
    let mut parts = rendered.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let said = parts.next().unwrap_or_default();
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    // clap has two kinds for it: whether words stand behind the command, or none at all.
    let said = match error.kind() {
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a subcommand is missing",
        _ => said,
    };
    let mut hints: Vec<_> = parts.filter_map(|part| part.strip_prefix("tip: ").map(sentence)).collect();
    hints.push("`sheaf help` lists every command and option.".to_owned());
    Error::new(Code::Usage, sentence(said)).hint(hints.join(" "))
}

/// With a capital letter and an end.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let mut sentence: String = letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde::ser::SerializeMap as _;

    use super::*;
    use crate::args::Said;

    fn usage_of(words: &[&str]) -> Error {
        usage(&Said::try_parse_from(words).expect_err("cannot be understood"))
    }

    #[test]
    fn words_that_cannot_be_understood_become_one_sentence() {
        let error = usage_of(&["sheaf", "plan", "--registry", "r"]);
        let expected = "The following required arguments were not provided: --project <SLUG>.";
        assert_eq!((error.code(), error.message()), (Code::Usage, expected), "one line, one sentence");
        let error = usage_of(&["sheaf", "plan", "--registry", "r", "--project", "p", "--al"]);
        assert!(error.next_step().contains("'--all'"), "clap's tip is the next step: {}", error.next_step());
        for words in [&["sheaf", "--json"][..], &["sheaf", "--json", "exports"], &["sheaf", "exports", "--json"]] {
            assert_eq!(
                usage_of(words).message(),
                "A subcommand is missing.",
                "{words:?}: neither the whole help nor a list"
            );
        }
    }

    #[test]
    fn a_document_is_printed_whole_or_not_at_all() {
        struct Half;
        impl Serialize for Half {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("first", "printed")?;
                Err(serde::ser::Error::custom("a path that is no text"))
            }
        }
        let mut out = Vec::new();
        print_document(&mut out, &Half).expect_err("a document that cannot be made");
        assert_eq!(out, b"", "a reader of JSON never gets half of it");
    }

    #[test]
    fn every_code_has_its_exit() {
        for (code, expected) in [
            (Code::SourceMissing, 1),
            (Code::EmptySelection, 2),
            (Code::NotYet, 2),
            (Code::DbBusy, 2),
            (Code::ExportForbidden, 4),
            (Code::UserRequired, 4),
            (Code::UnknownProject, 2),
            (Code::Cancelled, 130),
        ] {
            assert_eq!(exit_of(code), expected, "{code}");
        }
    }
}
