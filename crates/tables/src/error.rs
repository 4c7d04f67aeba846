//! What a failed write means to people.

use std::io;

use sheaf_registry::{Code, Error};

/// The error of a failed write.
pub(crate) fn write_failed(cause: io::Error) -> Error {
    let error = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::new(Code::NoSpace, "There is no room left while the table was written.")
                .hint("Free some room or choose another destination, then export again.")
        }
        _ => Error::new(Code::WriteFailed, format!("Writing the table failed: {cause}."))
            .hint("Check the destination's disk, then export again."),
    };
    error.cause(cause)
}

/// The error of the XLSX writer.
pub(crate) fn xlsx_failed(error: rust_xlsxwriter::XlsxError) -> Error {
    use rust_xlsxwriter::XlsxError;
    match error {
        XlsxError::IoError(cause) | XlsxError::TempFileError(_, cause) => write_failed(cause),
        other => Error::new(Code::WriteFailed, "The workbook could not be written.")
            .hint("Export as CSV; please report this.")
            .cause(other),
    }
}
