//! Tables that users bring along: how they are read, and what is told of those that cannot be read and of rows that were
//! rejected.

use std::path::Path;

use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::sheet::{Limits, SheetError};
use sheaf_sources::text::NotText;

use crate::patience::read_bytes;

pub use sheaf_sources::rejected::{RejectedReason, RejectedRow};

/// The file's name, as errors say it.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The bytes of a table.
pub(crate) fn bytes_of(path: &Path, limits: Limits, cancel: &Cancel) -> Result<Vec<u8>> {
    let failed = |why: &str| {
        Error::new(Code::TableUnreadable, format!("{} cannot be read: {why}.", name_of(path)))
            .hint("Choose an XLSX or CSV file on a disk that answers.")
    };
    read_bytes(path, limits.file, cancel, &failed)
}

/// Rejected rows as a table: line, field, reason.
pub(crate) fn written(rows: &[RejectedRow], mark: u8) -> Result<Vec<u8>> {
    let failed = || Error::new(Code::Internal, "The rejected rows could not be written.");
    let mut table = csv::WriterBuilder::new().delimiter(mark).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        table.serialize(row).map_err(|error| failed().cause(error))?;
    }
    table.into_inner().map_err(|error| failed().cause(error.into_error()))
}

/// The error of a table called `name`: `TABLE_UNREADABLE`, or `TABLE_TOO_LARGE`.
pub fn unreadable(name: &str, error: SheetError) -> Error {
    let (code, hint) = match &error {
        SheetError::Workbook(_) => {
            (Code::TableUnreadable, "Open it with a spreadsheet program, save it again as XLSX, and choose that.")
        }
        SheetError::Locked => (Code::TableUnreadable, "Save it without the password, and choose it again."),
        SheetError::Old => (Code::TableUnreadable, "Save it as an Excel workbook (.xlsx), and choose that."),
        SheetError::NoSheet => (Code::TableUnreadable, "Show the sheet that holds the table, save it, and choose it again."),
        SheetError::TooLarge { .. } => {
            (Code::TableTooLarge, "Leave out columns and sheets that are not needed, or use it in parts.")
        }
        SheetError::NotText(NotText::Binary) => (Code::TableUnreadable, "Choose an XLSX workbook or a CSV."),
        SheetError::NotText(NotText::Encoding) => {
            (Code::TableUnreadable, "Save it as XLSX, or as CSV in UTF-8, and choose that.")
        }
        SheetError::Quote { .. } => (Code::TableUnreadable, "Put the mark right in that line, or save the table as XLSX."),
    };
    let sentence = match &error {
        SheetError::TooLarge { most, unpacked: false } => format!("{name} has more than {} MiB.", most >> 20),
        SheetError::TooLarge { most, .. } => format!("A part of {name} unpacks to more than {} MiB.", most >> 20),
        _ => format!("{name} cannot be read: {error}."),
    };
    Error::new(code, sentence).hint(hint).cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_and_what_to_do_are_told_of_every_table() {
        let told = |error| {
            let error = unreadable("patients.xlsx", error);
            assert!(!error.next_step().is_empty(), "there is something to do: {error}");
            (error.code(), error.to_string())
        };
        let unreadable = [
            SheetError::Workbook(None),
            SheetError::Locked,
            SheetError::Old,
            SheetError::NoSheet,
            SheetError::NotText(NotText::Binary),
            SheetError::NotText(NotText::Encoding),
            SheetError::Quote { line: 3 },
        ];
        for error in unreadable {
            let why = error.to_string();
            assert_eq!(told(error), (Code::TableUnreadable, format!("patients.xlsx cannot be read: {why}.")), "the reason");
        }
        let sentence = "A part of patients.xlsx unpacks to more than 256 MiB.".to_owned();
        let large = |unpacked| told(SheetError::TooLarge { most: 256 << 20, unpacked });
        assert_eq!(large(true), (Code::TableTooLarge, sentence), "how much may be");
        assert_eq!(large(false).1, "patients.xlsx has more than 256 MiB.", "of the file itself");
    }
}
