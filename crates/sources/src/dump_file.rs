//! The file of a dump while it is read, and what people are told when that fails.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_registry::{Code, Error};

use crate::dump::DumpError;

/// A file that looks at the flag and tells how far it is in every block that is read.
pub(crate) struct Watched<'a> {
    file: File,
    cancel: &'a Cancel,
    observer: &'a dyn Observer,
    done: u64,
    total: u64,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(file: File, cancel: &'a Cancel, observer: &'a dyn Observer) -> Self {
        let total = file.metadata().map_or(0, |metadata| metadata.len());
        Self { file, cancel, observer, done: 0, total }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_raised() {
            return Err(io::Error::other("stopped"));
        }
        let read = self.file.read(buffer)?;
        self.done += read as u64;
        let (bytes_done, bytes_total) = (self.done, self.total.max(self.done));
        let progress =
            Progress { phase: Phase::Preparing, files_done: 0, files_total: 0, bytes_done, bytes_total, current: None };
        self.observer.observe(&progress);
        Ok(read)
    }
}

/// The error for a dump that holds what no dump does.
pub(crate) fn malformed(path: &Path, what: impl Display) -> Error {
    Error::new(Code::DumpMalformed, format!("The dump {} cannot be understood{what}.", path.display()))
}

/// The same, with where that is and what it is, as far as that is known: never what stands there.
pub(crate) fn faulty(path: &Path, error: DumpError) -> Error {
    match error {
        DumpError::Malformed { at, what } => malformed(path, format_args!(" at byte {at}: {what}")),
        _ => malformed(path, ": its compression is damaged").cause(error),
    }
}

/// The error for a dump that was not read; `malformed` makes that for one that cannot be understood.
pub(crate) fn refused(path: &Path, error: DumpError, cancel: &Cancel, malformed: impl FnOnce(DumpError) -> Error) -> Error {
    let shown = path.display();
    if cancel.is_raised() {
        return Error::cancelled();
    }
    match error {
        DumpError::Cut(0) => Error::new(Code::DumpCut, format!("The dump {shown} is empty."))
            .hint("Make it again, and look whether the program that makes it says why."),
        DumpError::Cut(bytes) => {
            Error::new(Code::DumpCut, format!("The dump {shown} ends in the middle, after {bytes} bytes."))
                .hint("Fetch it again, or make a new dump and wait until it is whole.")
        }
        DumpError::Encoding => Error::new(Code::SourceEncoding, format!("The text of the dump {shown} is not UTF-8."))
            .hint("Make the dump again in UTF-8; pg_dump does so with --encoding=UTF8."),
        DumpError::Malformed { .. } => malformed(error),
        // What a damaged archive answers.
        DumpError::Io(ref cause) if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            malformed(error)
        }
        DumpError::Io(cause) => Error::new(Code::RegistryUnreadable, format!("The dump {shown} could not be read."))
            .hint("Check its disk or network, then try again.")
            .cause(cause),
        DumpError::Sink(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::new(Code::Internal, format!("The dump {shown} could not be read.")).cause(cause),
        },
    }
}
