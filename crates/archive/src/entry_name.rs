//! Names inside a ZIP, and the name of a ZIP: one sanitiser, and one strict check that shares only its rules.
//!
//! A name that is taken from a registry is made safe ([`EntryName::component`]); a name that is read back from a ZIP is
//! judged ([`EntryName::parse`]); a name that a person types for an archive is judged too, never silently changed
//! ([`ArchiveName::new`]). Deliberately absent: files, and where a name came from.

mod component;
mod unique;

use std::fmt;

use sheaf_registry::text::{nfc, quoted};
use sheaf_registry::{Code, Error, Result};

pub(crate) use component::{sanitise, split_extension};
pub(crate) use unique::UniqueNames;

/// Longest component, in bytes of UTF-8.
pub(crate) const MAX_COMPONENT_BYTES: usize = 200;
/// Longest name of an archive, in bytes of UTF-8: `.zip`, a suffix and a part file's name must still fit beside it.
const MAX_ARCHIVE_BYTES: usize = 120;
/// Longest path of an entry, in bytes of UTF-8, its top folder included.
const MAX_PATH_BYTES: usize = 512;

/// The path of one entry in a ZIP: relative, with `/`, every component safe on every platform.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryName(Box<str>);

impl EntryName {
    /// Makes one safe component out of any text: in NFC, without separators, control, format and other characters that a
    /// platform forbids or hides, never a reserved or an empty name, at most 200 bytes with the extension kept. What is
    /// safe already comes back as it is.
    pub fn component(text: &str) -> EntryName {
        EntryName(sanitise(text, MAX_COMPONENT_BYTES).into())
    }

    /// Judges a path that was read back from a ZIP.
    ///
    /// # Errors
    /// `ARCHIVE_INVALID` for whatever [`EntryName::component`] would have changed in any component (`..`, a backslash, a
    /// reserved name, ...), an absolute path, an empty component, or a path of more than 512 bytes.
    pub fn parse(path: &str) -> Result<EntryName> {
        if path.len() > MAX_PATH_BYTES {
            return Err(invalid(path, &format!("it is longer than {MAX_PATH_BYTES} bytes")));
        }
        for component in path.split('/') {
            if let Some(fault) = component::fault(component, MAX_COMPONENT_BYTES) {
                return Err(invalid(path, &fault.to_string()));
            }
        }
        Ok(EntryName(path.into()))
    }

    /// This name as a folder with `below` in it.
    #[must_use]
    pub fn join(&self, below: &EntryName) -> EntryName {
        EntryName(format!("{}/{}", self.0, below.0).into())
    }

    /// A path that was put together of safe components.
    pub(crate) fn trusted(path: String) -> EntryName {
        debug_assert!(EntryName::parse(&path).is_ok(), "{path:?} was not put together of safe components");
        EntryName(path.into())
    }

    /// The path as it stands in the ZIP.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an archive: the stem of its file and its top folder. In NFC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArchiveName(Box<str>);

impl ArchiveName {
    /// Judges a name that was given for an archive; nothing of it is changed but the encoding of accents (NFC).
    ///
    /// # Errors
    /// `NAME_INVALID`, which says what is wrong and suggests a name.
    pub fn new(name: &str) -> Result<ArchiveName> {
        let normal = nfc(name);
        let fault = match component::fault(&normal, MAX_ARCHIVE_BYTES) {
            Some(fault) => Some(fault.to_string()),
            None if normal.starts_with('.') => Some("it starts with a dot, which hides the file".to_owned()),
            None if normal.starts_with('-') => Some("it starts with a dash, which programs take for an option".to_owned()),
            None if has_zip_extension(&normal) => Some("`.zip` is added by itself".to_owned()),
            None => None,
        };
        let Some(fault) = fault else { return Ok(ArchiveName(normal.as_ref().into())) };
        Err(Error::new(Code::NameInvalid, format!("The name {} cannot name an archive: {fault}.", quoted(name)))
            .hint(format!("Choose another name, for example \"{}\".", suggestion(&normal))))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The top folder inside the archive.
    pub fn top(&self) -> EntryName {
        EntryName(self.0.clone())
    }

    /// The file's name, with `.zip`.
    pub fn file_name(&self) -> String {
        format!("{}.zip", self.0)
    }
}

impl fmt::Display for ArchiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn has_zip_extension(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("zip"))
}

/// A name near to the refused one that [`ArchiveName::new`] accepts.
fn suggestion(name: &str) -> String {
    let mut stem = name;
    while let Some((before, extension)) = stem.rsplit_once('.')
        && extension.trim().eq_ignore_ascii_case("zip")
    {
        stem = before;
    }
    let stem = stem.trim_start_matches(|c: char| c == '.' || c == '-' || c.is_whitespace());
    let near = sanitise(stem, MAX_ARCHIVE_BYTES);
    if near == "_" || near.starts_with(['.', '-']) || has_zip_extension(&near) { "export".to_owned() } else { near }
}

fn invalid(path: &str, fault: &str) -> Error {
    let path = quoted(path);
    Error::new(Code::ArchiveInvalid, format!("The archive holds the entry {path}, which is not safe to unpack: {fault}."))
        .hint("Do not unpack this file; make the export again.")
}

#[cfg(test)]
mod tests;
