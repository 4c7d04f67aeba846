//! An export in words that leave the house: a report for the clipboard, and the list of problems as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sheaf_registry::error::FileProblem;
use sheaf_registry::{Code, Error, Result};
use sheaf_tables::without_formula;

use crate::history::Record;

/// What went wrong, for whoever helps: codes, sentences, numbers. No name, id or path of a patient, nor of a folder.
pub(super) fn report(record: &Record) -> String {
    let mut text = format!(
        "Sheaf {} on {} {}\nExport {}, attempt {}: {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        record.id,
        record.attempt,
        record.state.word(),
    );
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing into a text never fails.
        let _ = writeln!(text, "{words}");
    };
    if let Some(error) = &record.error {
        line(format_args!("Code {}", error.code));
        for sentence in [&error.message, &error.hint] {
            if tells_no_patient(&error.code) && !sentence.is_empty() {
                line(format_args!("{}", without_paths(record, sentence)));
            }
        }
    }
    line(format_args!("Created {}", record.created_at));
    for (word, at) in [("Started", record.started_at), ("Ended", record.completed_at)] {
        if let Some(at) = at {
            line(format_args!("{word} {at}"));
        }
    }
    line(format_args!("{} patients, {} files, {} bytes", record.patients, record.files, record.bytes));
    if let Some(archive) = record.archive.as_ref().filter(|_| record.state.status().is_completed()) {
        line(format_args!("Archive of {} bytes, SHA-256 {}", archive.identity.bytes, archive.sha256));
    }
    if record.changed {
        line(format_args!("The registry or its files had changed since the export was asked for"));
    }
    if !record.unknown_patients.is_empty() {
        line(format_args!("{} unknown patients left out", record.unknown_patients.len()));
    }
    let mut codes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for problem in &record.problems {
        let (all, omitted) = codes.entry(&problem.code).or_default();
        *all += 1;
        *omitted += u64::from(problem.omitted);
    }
    for (code, (all, omitted)) in codes {
        line(format_args!("Problem {code}: {all} files, {omitted} of them left out"));
    }
    text
}

/// Whether the sentence of such an error is about the work and not about certain files or patients, whose paths and ids
/// may say who somebody is.
fn tells_no_patient(code: &str) -> bool {
    matches!(
        Code::parse(code),
        Some(
            Code::Interrupted
                | Code::Cancelled
                | Code::NoSpace
                | Code::LimitExceeded
                | Code::QuotaExceeded
                | Code::DbBusy
                | Code::WriteFailed
                | Code::DestinationMissing
                | Code::DestinationUnwritable
                | Code::DestinationTaken
                | Code::RegistryMissing
                | Code::RegistryCorrupt
                | Code::RegistryForeign
                | Code::RegistryNewer
                | Code::RegistryOlder
                | Code::HomeUnusable
                | Code::HistoryUnusable
                | Code::Internal
        )
    )
}

/// The sentence without the paths that the record knows.
fn without_paths(record: &Record, sentence: &str) -> String {
    let mut sentence = sentence.to_owned();
    let part = record.part();
    for path in [Some(&*part), Some(&*record.destination), Some(&*record.registry), record.destination.parent()] {
        let path = path.map(|path| path.to_string_lossy()).unwrap_or_default();
        if path.len() > 1 {
            sentence = sentence.replace(&*path, "(path)");
        }
    }
    sentence.replace(&record.name, "(name)")
}

/// The list of problems as a table that spreadsheets open: UTF-8 with its mark, lines end with CR LF, and no cell is taken
/// for a formula.
pub(super) fn table(problems: &[FileProblem]) -> Result<Vec<u8>> {
    let broken = |error: csv::Error| Error::new(Code::Internal, "The table could not be written.").cause(error);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(["file", "patient", "path", "code", "message", "omitted"]).map_err(broken)?;
    for problem in problems {
        let omitted = if problem.omitted { "yes" } else { "no" };
        let texts = [&problem.file, &problem.patient, &problem.path, &problem.code, &problem.message];
        let cells = texts.into_iter().map(|text| without_formula(text).into_owned()).chain([omitted.to_owned()]);
        writer.write_record(cells).map_err(broken)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::new(Code::Internal, "The table could not be written.").cause(error.into_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_holds_no_formula_and_every_character() {
        let problem = |path: &str| FileProblem {
            file: "7".to_owned(),
            patient: "-1".to_owned(),
            path: path.to_owned(),
            code: "SOURCE_MISSING".to_owned(),
            message: "It is \"not\" there, or è away.\nLook.".to_owned(),
            omitted: true,
        };
        let table = table(&[problem("=cmd|' /C calc'!A0"), problem("＠SUM(1,2)"), problem("\n=1")]).expect("written");
        let text = String::from_utf8(table).expect("UTF-8");
        assert_eq!(
            text,
            "\u{feff}file,patient,path,code,message,omitted\r\n\
             7,'-1,'=cmd|' /C calc'!A0,SOURCE_MISSING,\"It is \"\"not\"\" there, or è away.\nLook.\",yes\r\n\
             7,'-1,\"'＠SUM(1,2)\",SOURCE_MISSING,\"It is \"\"not\"\" there, or è away.\nLook.\",yes\r\n\
             7,'-1,\"'\n=1\",SOURCE_MISSING,\"It is \"\"not\"\" there, or è away.\nLook.\",yes\r\n"
        );
    }
}
