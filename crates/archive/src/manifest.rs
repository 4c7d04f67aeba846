//! `manifest-sha256.txt`: one line for each file, as GNU `sha256sum` writes and strictly checks it.

use std::io::{self, BufRead, Read, Write};

use sheaf_registry::{Code, Error, Result, hex};

use crate::entry_name::EntryName;

/// Name of the file in the archive's top folder. It lists every file but itself.
pub const MANIFEST_FILE: &str = "manifest-sha256.txt";
/// Longest line, its end included, in bytes: 64 digits, two spaces and the longest path.
pub(crate) const MAX_LINE_BYTES: u64 = 64 + 2 + 512 + 1;

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestLine {
    /// Path of the file below the archive's top folder.
    pub path: EntryName,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// Writes a manifest: paths below the top folder, and the SHA-256 of their bytes.
///
/// # Errors
/// Whatever `out` answers, and `InvalidInput` for a path that `sha256sum` would read in another way than it is meant.
pub fn write_manifest<P: AsRef<str>>(out: &mut dyn Write, lines: impl Iterator<Item = (P, [u8; 32])>) -> io::Result<()> {
    for (path, sha256) in lines {
        let path = path.as_ref();
        if path.contains(['\n', '\r', '\\']) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a path in the manifest needs no escape"));
        }
        writeln!(out, "{}  {path}", hex::encode(&sha256))?;
    }
    Ok(())
}

/// Reads a manifest line by line, in constant memory, and accepts exactly what [`write_manifest`] writes.
///
/// Each item is a line, or `ARCHIVE_INVALID` with the line's number, after which there is nothing more.
pub fn read_manifest<R: BufRead>(reader: R) -> impl Iterator<Item = Result<ManifestLine>> {
    let mut reader = Some(reader);
    let mut number = 0_u64;
    std::iter::from_fn(move || {
        number += 1;
        let line = next_line(reader.as_mut()?, number).transpose();
        if !matches!(line, Some(Ok(_))) {
            reader = None;
        }
        line
    })
}

fn next_line(reader: &mut impl BufRead, number: u64) -> Result<Option<ManifestLine>> {
    let mut line = Vec::new();
    reader.take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(|error| {
        Error::new(Code::ArchiveInvalid, format!("The manifest cannot be read at line {number}.")).cause(error)
    })?;
    if line.is_empty() {
        return Ok(None);
    }
    match parse_line(&line) {
        Some((sha256, path)) => Ok(Some(ManifestLine { path: EntryName::parse(path)?, sha256 })),
        None => {
            Err(Error::new(Code::ArchiveInvalid, format!("Line {number} of the manifest is not one of a SHA-256 list."))
                .hint("The archive was changed after it was made; make the export again."))
        }
    }
}

fn parse_line(line: &[u8]) -> Option<([u8; 32], &str)> {
    let (digits, rest) = line.strip_suffix(b"\n")?.split_at_checked(64)?;
    let path = std::str::from_utf8(rest.strip_prefix(b"  ")?).ok()?;
    let digits = std::str::from_utf8(digits).ok()?;
    // Only as it is written: lower-case.
    let sha256 = hex::decode(digits).filter(|sha256| hex::encode(sha256) == digits)?;
    Some((sha256, path))
}

#[cfg(test)]
mod tests;
