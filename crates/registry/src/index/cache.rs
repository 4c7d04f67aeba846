//! The aggregate of a registry's files, kept in the home: one small file for each registry, private, replaced as a whole.
//!
//! Deliberately absent: errors. What cannot be read, or is not of this very state of the registry, is made anew; what cannot
//! be written is not kept.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::ids::{ModalityId, PatientId};
use crate::registry::Registry;
use crate::rows::Kind;

use super::PatientContent;
use super::content::Entries;

/// Names the format; another number: another format.
const MAGIC: &[u8; 16] = b"sheaf-contents-1";

/// Where SQLite's header counts the changes of the file.
const CHANGE_COUNTER: std::ops::Range<usize> = 24..28;

const CHECKSUM_BYTES: usize = 4;

/// Starts the name of a file that is being written.
const PART: &str = ".contents-";

/// Which state of which registry file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
    /// Device and inode.
    identity: (u64, u64),
    change_counter: [u8; 4],
}

impl Stamp {
    /// The state of a registry that is read in place; `None` where its state cannot be told: it is a copy of a file that may
    /// have changed since, or another file lies there by now.
    pub(super) fn of(registry: &Registry) -> Option<Self> {
        let opened = registry.identity()?;
        let mut file = File::open(registry.path()).ok()?;
        let metadata = file.metadata().ok()?;
        let mut header = [0; CHANGE_COUNTER.end];
        file.read_exact(&mut header).ok()?;
        let stamp = Self {
            path: registry.path().to_owned(),
            bytes: metadata.len(),
            modified: metadata.modified().ok()?,
            identity: crate::platform::identity(&metadata)?,
            change_counter: header[CHANGE_COUNTER].try_into().ok()?,
        };
        (stamp.identity == opened).then_some(stamp)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let path = self.path.as_os_str().as_encoded_bytes();
        let (before, since) = match self.modified.duration_since(UNIX_EPOCH) {
            Ok(since) => (0, since),
            Err(error) => (1, error.duration()),
        };
        let since = [since.as_secs(), u64::from(since.subsec_nanos())];
        for number in [path.len() as u64, self.bytes, before, since[0], since[1], self.identity.0, self.identity.1] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.change_counter);
        out.extend_from_slice(path);
    }
}

/// The cache of one state of a registry.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    stamp: Stamp,
}

impl Cache {
    pub(super) fn new(folder: &Path, stamp: Stamp) -> Self {
        Self { folder: folder.to_owned(), stamp }
    }

    /// Whether the registry is still in the state of this cache.
    pub(super) fn is_current(&self, registry: &Registry) -> bool {
        Stamp::of(registry).as_ref() == Some(&self.stamp)
    }

    /// The file: named after the registry's path, so that a new state replaces the old one.
    pub(super) fn path(&self) -> PathBuf {
        let digest = Sha256::digest(self.stamp.path.as_os_str().as_encoded_bytes());
        self.folder.join(format!("{}.contents", crate::hex::encode(&digest.into())))
    }

    /// The aggregate, if it is here, whole and of this state.
    pub(super) fn read(&self) -> Option<PatientContent> {
        let bytes = std::fs::read(self.path()).ok()?;
        let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_BYTES)?)?;
        if crc32fast::hash(body).to_le_bytes() != checksum {
            return None;
        }
        let mut head = Vec::new();
        self.write_head(&mut head);
        decode(body.strip_prefix(head.as_slice())?)
    }

    /// Keeps the aggregate, readable for this account only. The file appears whole or not at all.
    pub(super) fn write(&self, contents: &PatientContent) {
        let mut bytes = Vec::new();
        self.write_head(&mut bytes);
        encode(contents, &mut bytes);
        let checksum = crc32fast::hash(&bytes).to_le_bytes();
        bytes.extend_from_slice(&checksum);
        let path = self.path();
        let keep = || -> std::io::Result<()> {
            self.sweep()?;
            // Not flushed to the disk: a power loss may leave a torn file, which the checksum finds.
            let mut part = tempfile::Builder::new().prefix(PART).tempfile_in(&self.folder)?;
            part.write_all(&bytes)?;
            part.persist(&path)?;
            Ok(())
        };
        // A cache that cannot be kept only costs time at the next start.
        drop(keep());
    }

    /// Removes what a process left that was killed while it wrote. One that writes just now loses its part, and keeps nothing.
    fn sweep(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(PART.as_bytes()) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        self.stamp.write(out);
    }
}

/// Columns, then for each patient the distance of the row id from the one before, the number of rows, and the rows; all
/// numbers as LEB128.
fn encode(contents: &PatientContent, out: &mut Vec<u8>) {
    put(out, contents.columns.len() as u64);
    for &(modality, kind) in &contents.columns {
        put(out, modality.0.cast_unsigned());
        out.push(match kind {
            Kind::Raw => 0,
            Kind::Processed => 1,
            Kind::Other => 2,
        });
    }
    put(out, contents.patients.len() as u64);
    put(out, contents.entries.len() as u64);
    let mut before = 0;
    for (patient, range) in contents.rows() {
        put(out, patient.0.wrapping_sub(before).cast_unsigned());
        before = patient.0;
        put(out, range.len() as u64);
        for entry in range {
            put(out, u64::from(contents.entries.column[entry]));
            put(out, u64::from(contents.entries.files[entry]));
            put(out, contents.entries.bytes[entry]);
        }
    }
}

/// The inverse of [`encode`]; `None` for anything that it does not write. No number is believed before it was checked.
fn decode(mut from: &[u8]) -> Option<PatientContent> {
    let from = &mut from;
    let columns = take_count(from)?;
    let mut contents = PatientContent::new();
    for _ in 0..columns {
        let modality = ModalityId(take(from)?.cast_signed());
        let kind = match from.split_off_first()? {
            0 => Kind::Raw,
            1 => Kind::Processed,
            2 => Kind::Other,
            _ => return None,
        };
        contents.columns.push((modality, kind));
    }
    let patients = take_count(from)?;
    let entries = take_count(from)?;
    contents.patients.reserve_exact(patients);
    contents.entries = Entries::with_capacity(entries);
    let mut patient = 0_i64;
    for at in 0..patients {
        let next = patient.wrapping_add(take(from)?.cast_signed());
        if at > 0 && next <= patient {
            return None;
        }
        patient = next;
        for _ in 0..take_count(from)? {
            let column = u32::try_from(take(from)?).ok().filter(|&column| (column as usize) < columns)?;
            let files = u32::try_from(take(from)?).ok()?;
            contents.entries.push(column, files, take(from)?);
        }
        contents.patients.push((PatientId(patient), contents.entries.len()));
    }
    (from.is_empty() && contents.entries.len() == entries).then_some(contents)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn take(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *from.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// A number of things that each take at least one byte of what is left.
fn take_count(from: &mut &[u8]) -> Option<usize> {
    usize::try_from(take(from)?).ok().filter(|&count| count <= from.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_aggregate_survives(rows in proptest::collection::vec((any::<i64>(), 0_i64..4, 0_usize..3, any::<u32>(), any::<u64>()), 0..40)) {
            let mut contents = PatientContent::new();
            for (patient, modality, kind, files, bytes) in rows {
                contents.add(PatientId(patient), ModalityId(modality), Kind::ALL[kind], files, bytes);
            }
            let mut bytes = Vec::new();
            encode(&contents, &mut bytes);
            prop_assert_eq!(decode(&bytes), Some(contents), "what is read is what was written");
        }

        #[test]
        fn whatever_the_bytes_are_reading_them_is_safe(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            // No panic and no allocation beyond the input is what is tried here: a checksum is no proof of good faith.
            if let Some(contents) = decode(&bytes) {
                prop_assert!(contents.entries.len() <= bytes.len(), "nothing comes from nothing");
            }
        }
    }
}
