//! A look at the first bytes of files, several at a time.

use std::io::Read as _;

use jiff::Timestamp;
use sheaf_archive::file_root::LocalFileStore;
use sheaf_registry::Code;
use sheaf_registry::file_store::{FileStat, FileStore as _, SourceError};
use sheaf_registry::ids::RootId;

use super::dicom::{self, Header};
use super::format::{Format, Seen, recognise};
use super::walk::Entry;
use crate::report::Odd;

/// So much of each file is read; nearly all headers are shorter.
const HEAD: u64 = 16 << 10;
/// So much of a DICOM file with a long header.
const LONG_HEAD: u64 = 4 << 20;
/// The one data root of a folder.
pub(super) const ROOT: RootId = RootId(1);

/// What a file is.
#[derive(Clone, Debug)]
pub(super) enum What {
    Image {
        format: Format,
        /// Of DICOM; and whether all of it could be read.
        header: Option<(Box<Header>, bool)>,
    },
    /// No image. It may belong to one.
    Unknown,
    /// Nothing that is registered.
    Not(Odd),
}

/// A file that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) modified: Timestamp,
    pub(super) what: What,
}

/// Looks at files, in their order.
pub(super) fn all(store: &LocalFileStore, entries: Vec<Entry>, threads: usize) -> Vec<Looked> {
    let share = entries.len().div_ceil(threads.max(1)).max(1);
    let mut entries = entries.into_iter();
    let shares =
        std::iter::from_fn(|| Some(entries.by_ref().take(share).collect()).filter(|share: &Vec<_>| !share.is_empty()));
    let shares: Vec<Vec<Entry>> = shares.collect();
    std::thread::scope(|scope| {
        let look = |share: Vec<Entry>| share.into_iter().map(|entry| one(store, entry)).collect::<Vec<_>>();
        let threads: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || look(share))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a look does not panic")).collect()
    })
}

fn one(store: &LocalFileStore, entry: Entry) -> Looked {
    match read(store, &entry.path) {
        Ok((stat, what)) => Looked { path: entry.path, bytes: stat.bytes, modified: modified(&stat), what },
        Err(error) => {
            let what = What::Not(refused(&error, entry.is_link));
            Looked { path: entry.path, bytes: 0, modified: Timestamp::UNIX_EPOCH, what }
        }
    }
}

/// Why a file was not read.
pub(super) fn refused(error: &SourceError, is_link: bool) -> Odd {
    match error.code {
        Code::PathEscape => Odd::PathRefused,
        Code::SourceMissing => Odd::LinkBroken,
        Code::SourceNotRegular if is_link => Odd::LinkFolder,
        Code::SourceNotRegular => Odd::FileSpecial,
        _ => Odd::FileUnreadable,
    }
}

/// When a file was written.
pub(super) fn modified(stat: &FileStat) -> Timestamp {
    let nanos = i32::try_from(stat.modified_nanos).unwrap_or(0);
    Timestamp::new(stat.modified_seconds, nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn read(store: &LocalFileStore, path: &str) -> Result<(FileStat, What), SourceError> {
    let mut file = store.open(ROOT, path, 0)?;
    let stat = file.stat()?;
    let mut head = Vec::new();
    let mut more = |head: &mut Vec<u8>, most: u64| {
        file.by_ref()
            .take(most)
            .read_to_end(head)
            .map_err(|error| SourceError { code: Code::SourceIo, message: format!("The file cannot be read: {error}.") })
    };
    more(&mut head, HEAD)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let what = match recognise(&head, stat.bytes, name) {
        Seen::Image(Format::Dicom) => {
            let mut read = dicom::read(&head);
            if matches!(read, dicom::Read::Stopped(_)) && stat.bytes > HEAD {
                more(&mut head, LONG_HEAD - HEAD)?;
                read = dicom::read(&head);
            }
            let (header, is_whole) = match read {
                dicom::Read::Whole(header) => (header, true),
                // A header may be all that a file has.
                dicom::Read::Stopped(header) => {
                    let is_whole = !header.series.is_empty();
                    (header, is_whole)
                }
            };
            if header.is_directory() || name.eq_ignore_ascii_case("DICOMDIR") {
                What::Not(Odd::DicomDirectory)
            } else {
                What::Image { format: Format::Dicom, header: Some((header, is_whole)) }
            }
        }
        Seen::Image(format) => What::Image { format, header: None },
        Seen::Damaged => What::Not(Odd::ImageDamaged),
        Seen::Unknown => What::Unknown,
    };
    Ok((stat, what))
}
