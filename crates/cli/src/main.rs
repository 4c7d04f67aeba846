//! The binary `sheaf`: parse, convert, call one use case, print its answer, exit with its code.
//!
//! What is deliberately absent: rules. They live in the rooms below; here are words, tables and exit codes.

mod args;
mod meaning;
mod output;
mod progress;
mod selection_file;
mod tables;
mod text;
mod work;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::args::Said;
use crate::meaning::{Manner, Meaning};
use crate::output::Output;

fn main() -> ExitCode {
    ExitCode::from(run(&std::env::args_os().collect::<Vec<_>>()))
}

fn run(words: &[OsString]) -> u8 {
    let said = match Said::try_parse_from(words) {
        Ok(said) => said,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Output::text(&error.render().to_string());
        }
        Err(error) => return Output::new(Manner::guess(words)).usage(&error),
    };
    let output = Output::new(Manner::of(&said));
    let done = Meaning::of(said, &mut std::io::stdin()).and_then(|meaning| work::perform(meaning, output));
    done.unwrap_or_else(|error| output.error(&error))
}
