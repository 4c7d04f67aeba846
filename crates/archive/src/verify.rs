//! Proves an archive on its own: strict structure, every content against the manifest inside, names that are safe anywhere.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::text::fold;
use sheaf_registry::{Code, Error, Result};

use crate::entry_name::EntryName;
use crate::manifest::{MANIFEST_FILE, MAX_LINE_BYTES, read_manifest};
use crate::metadata::METADATA_FILE;
use crate::platform::read_full_at;
use crate::readback::{Checked, for_each_content};
use crate::strict_reader::{Buffers, Directory, Entries, Entry, Flaw, content, directory};

/// One thing that is wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveProblem {
    /// The entry's name in the archive; empty where the archive as a whole is meant.
    pub name: String,
    /// [`Code::ArchiveInvalid`], [`Code::HashMismatch`] or [`Code::SourceMissing`].
    pub code: Code,
    /// One sentence.
    pub message: String,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Exported files in the archive, `metadata.json` and the manifest not counted.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
    /// SHA-256 of the whole archive.
    pub sha256: [u8; 32],
    /// What is wrong.
    pub problems: Vec<ArchiveProblem>,
}

/// Reads an archive from end to end and compares every file in it with the manifest inside.
///
/// # Errors
/// [`Code::ArchiveMissing`], [`Code::ArchiveInvalid`] when the file cannot be read at all, [`Code::Cancelled`]. An archive
/// that can be read but is wrong is not an error but a [`Verification`] that is not `ok`.
pub fn verify_archive(path: &Path, threads: usize, observer: &dyn Observer, cancel: &Cancel) -> Result<Verification> {
    let (file, length) = open(path)?;
    std::thread::scope(|scope| {
        let whole = scope.spawn(|| hash(&file, cancel));
        let mut found = match look_inside(&file, length, cancel) {
            Ok(inside) => check(&inside, threads, observer, cancel),
            Err(problem) => Verification { ok: false, files: 0, bytes: 0, sha256: [0; 32], problems: vec![problem] },
        };
        let hashed = whole.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        cancel.check()?;
        let (hashed, sha256) = hashed.map_err(|cause| unreadable(path, cause))?;
        if hashed != length {
            found.problems.push(of_archive("It changed while it was read."));
        }
        Ok(Verification { ok: found.problems.is_empty(), sha256, ..found })
    })
}

fn open(path: &Path) -> Result<(File, u64)> {
    let opened = std::fs::metadata(path).and_then(|metadata| {
        if metadata.is_file() { Ok(metadata.len()) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
    });
    let length = opened.map_err(|cause| unreadable(path, cause))?;
    File::open(path).map(|file| (file, length)).map_err(|cause| unreadable(path, cause))
}

/// Bytes and SHA-256 of an open file; of a part of it when cancelled.
fn hash(file: &File, cancel: &Cancel) -> std::io::Result<(u64, [u8; 32])> {
    let mut sha256 = Sha256::new();
    let mut block = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = read_full_at(file, &mut block, bytes)?;
        sha256.update(&block[..read]);
        bytes += read as u64;
        if read < block.len() || cancel.is_raised() {
            return Ok((bytes, sha256.finalize().into()));
        }
    }
}

fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    let shown = path.display();
    match cause.kind() {
        std::io::ErrorKind::NotFound => Error::new(Code::ArchiveMissing, format!("There is no file at {shown}."))
            .hint("Check the path; `sheaf exports list` shows where each archive was written."),
        std::io::ErrorKind::InvalidInput => {
            Error::new(Code::ArchiveInvalid, format!("{shown} is not a file.")).hint("Name a ZIP file.")
        }
        _ => Error::new(Code::ArchiveInvalid, format!("{shown} cannot be read: {cause}."))
            .hint("Check its permissions and its disk."),
    }
    .cause(cause)
}

/// What the structure of an archive says of itself.
struct Inside<'a> {
    file: &'a File,
    directory: Directory,
    top: String,
    /// SHA-256 by path below the top folder.
    manifest: HashMap<String, [u8; 32]>,
}

impl Inside<'_> {
    fn entries(&self) -> Entries<'_> {
        Entries::new(self.file, self.directory)
    }

    /// Path of an entry below the top folder.
    fn relative<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(&self.top)?.strip_prefix('/')
    }
}

/// Finds the top folder and the manifest, which is the last entry.
fn look_inside<'a>(file: &'a File, length: u64, cancel: &Cancel) -> Result<Inside<'a>, ArchiveProblem> {
    let directory = directory(file, length).map_err(of_flaw)?;
    let mut last: Option<Entry> = None;
    for entry in Entries::new(file, directory) {
        last = Some(entry.map_err(of_flaw)?);
    }
    let not_ours = || of_archive("It holds no manifest-sha256.txt as its last file: it is not an archive that Sheaf made.");
    let last = last.ok_or_else(not_ours)?;
    let top = match last.name.split_once('/') {
        Some((top, MANIFEST_FILE)) => top.to_owned(),
        _ => return Err(not_ours()),
    };
    // Nobody is made to hold more text than the entries can need.
    if last.bytes > directory.entries.saturating_mul(MAX_LINE_BYTES) {
        return Err(of_entry(&last.name, Code::ArchiveInvalid, "It is larger than the list of all files can be."));
    }
    let mut text = Vec::new();
    content(file, &last, &mut Buffers::new(), &mut |block| {
        text.extend_from_slice(block);
        !cancel.is_raised()
    })
    .map_err(of_flaw)?;
    let mut manifest = HashMap::new();
    for line in read_manifest(text.as_slice()) {
        let line = line.map_err(|error| of_entry(&last.name, error.code(), error.message()))?;
        if manifest.insert(line.path.to_string(), line.sha256).is_some() {
            return Err(of_entry(&last.name, Code::ArchiveInvalid, "It lists a file twice."));
        }
    }
    Ok(Inside { file, directory, top, manifest })
}

/// Compares names and contents with the manifest. The archive's own hash is left to the caller.
fn check(inside: &Inside<'_>, threads: usize, observer: &dyn Observer, cancel: &Cancel) -> Verification {
    let mut found = Verification { ok: false, files: 0, bytes: 0, sha256: [0; 32], problems: Vec::new() };
    let mut names = HashSet::new();
    let mut listed = 0;
    let total = inside.entries().filter_map(Result::ok).map(|entry| entry.bytes).fold(0, u64::saturating_add);
    let progress = Checked::new(observer, inside.directory.entries, total);
    let entries = inside.entries().inspect(|entry| {
        let Ok(entry) = entry else { return };
        let relative = inside.relative(&entry.name);
        if let Err(error) = EntryName::parse(&entry.name) {
            found.problems.push(of_entry(&entry.name, error.code(), error.message()));
        } else if relative.is_none() {
            found.problems.push(of_entry(&entry.name, Code::ArchiveInvalid, "It stands outside the archive's top folder."));
        }
        if !names.insert(folded_hash(&entry.name)) {
            let what = "Its name differs from another only in case or composition.";
            found.problems.push(of_entry(&entry.name, Code::ArchiveInvalid, what));
        }
        listed += u64::from(relative.is_some_and(|relative| inside.manifest.contains_key(relative)));
        if !matches!(relative, None | Some(MANIFEST_FILE | METADATA_FILE)) {
            found.files += 1;
            found.bytes = found.bytes.saturating_add(entry.bytes);
        }
    });
    let mismatches = Mutex::new(Vec::new());
    let flaws = for_each_content(entries, threads, cancel, |entry, buffers| {
        let mut sha256 = Sha256::new();
        content(inside.file, entry, buffers, &mut |block| {
            sha256.update(block);
            progress.block(block.len());
            !cancel.is_raised()
        })?;
        progress.file();
        let relative = inside.relative(&entry.name).unwrap_or(&entry.name);
        let wrong = match inside.manifest.get(relative) {
            None if relative == MANIFEST_FILE => None,
            None => Some((Code::ArchiveInvalid, "The manifest does not list it.")),
            Some(expected) if sha256.finalize().as_slice() != expected => {
                Some((Code::HashMismatch, "Its SHA-256 is not the one in the manifest."))
            }
            Some(_) => None,
        };
        if let Some((code, what)) = wrong {
            mismatches.lock().unwrap_or_else(PoisonError::into_inner).push(of_entry(&entry.name, code, what));
        }
        Ok(())
    });
    found.problems.extend(flaws.into_iter().map(of_flaw));
    found.problems.extend(mismatches.into_inner().unwrap_or_else(PoisonError::into_inner));
    if listed < inside.manifest.len() as u64 {
        found.problems.extend(missing(inside));
    }
    found.problems.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Files that the manifest lists and the archive lacks.
fn missing(inside: &Inside<'_>) -> Vec<ArchiveProblem> {
    let names: HashSet<String> = inside.entries().filter_map(Result::ok).map(|entry| entry.name).collect();
    let listed = inside.manifest.keys().map(|path| format!("{}/{path}", inside.top));
    listed
        .filter(|name| !names.contains(name))
        .map(|name| of_entry(&name, Code::SourceMissing, "The manifest lists it, but it is not there."))
        .collect()
}

/// 128 bits stand for a name, so that a million names take little room.
fn folded_hash(name: &str) -> [u8; 16] {
    let digest = Sha256::digest(fold(name).as_bytes());
    digest[..16].try_into().expect("half of 32 bytes")
}

fn of_flaw(flaw: Flaw) -> ArchiveProblem {
    match flaw.entry {
        Some(entry) => of_entry(&entry, Code::ArchiveInvalid, &sentence(&flaw.what)),
        None => of_archive(&sentence(&flaw.what)),
    }
}

fn of_archive(message: &str) -> ArchiveProblem {
    of_entry("", Code::ArchiveInvalid, message)
}

fn of_entry(name: &str, code: Code, message: &str) -> ArchiveProblem {
    ArchiveProblem { name: name.to_owned(), code, message: message.to_owned() }
}

fn sentence(what: &str) -> String {
    let mut letters = what.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
