//! Where answers, messages and errors go, and what they exit with.
//!
//! stdout carries the answer alone: text for people or exactly one JSON document. Everything else goes to stderr. A reader
//! who has left (`| head`) is no fault. What is deliberately absent: what an answer says.

use std::io::{self, BufWriter, Write as _};

use serde::Serialize;
use sheaf_app::wire::Failure;
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
        if self.manner.json {
            return document(&Failure::from(error), code);
        }
        to_stderr(&text::error(&(error.into())));
        code
    }

    /// Answers to words that could not be understood.
    pub(crate) fn usage(self, error: &clap::Error) -> u8 {
        if self.manner.json {
            return self.error(&usage(error));
        }
        // clap writes to the right stream, in colour where that can be seen; a closed stream is no fault.
        let _ = error.print();
        exit::REFUSED
    }
}

fn document<T: Serialize>(document: &T, code: u8) -> u8 {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = serde_json::to_writer_pretty(&mut out, document).map_err(io::Error::from);
    written(result.and_then(|()| writeln!(out)).and_then(|()| out.flush()), code)
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
    let rendered = error.render().to_string();
    let mut parts = rendered.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let said = parts.next().unwrap_or_default();
    let said = said.strip_prefix("error: ").unwrap_or(&said);
    let said = if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        "a subcommand is missing"
    } else {
        said
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
        assert_eq!(usage_of(&["sheaf"]).message(), "A subcommand is missing.", "not the whole help");
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
