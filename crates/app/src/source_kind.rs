//! What a source is, told from its name and from how it begins.
//!
//! Deliberately absent: reading it (see `sources.rs`).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use sheaf_registry::{Code, Error, Registry, Result};
use sheaf_sources::server::{Engine, Server};
use sheaf_sources::study_database;

use crate::folders;
use crate::home::{Home, SOURCES};

/// How a file of `SQLite` begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// How a ZIP begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// What some programs put before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// So much of a file is looked at to tell what it is.
const HEAD: u64 = 4096;

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// An XLSX or CSV of studies.
    StudyList,
    /// A `FileRegistry` database: a Django `SQLite` file, a dump of `MySQL`, or a server.
    FileRegistry,
    /// A folder of images.
    ImageFolder,
    /// A database of studies: a plain `pg_dump`, a `dumpdata` of Django, a Django `SQLite` file, or a server.
    StudyDatabase,
}

/// Whether this is something else than a registry of Sheaf, for which a copy in the home stands, or will; or may be, where nothing
/// tells what it is.
///
/// # Errors
/// `REGISTRY_MISSING`, `REGISTRY_UNREADABLE`, where no home can know it either.
pub fn is_foreign(path: &Path, home: Option<&Path>) -> Result<bool> {
    // A source that is away, or that was damaged, may have been read before.
    let may_be_known = || Home::place(home).is_ok_and(|home| home.join(SOURCES).is_dir());
    match kind_of(path) {
        Ok(Some(_)) => Ok(true),
        Ok(None) => Ok(!Registry::is_registry(path)? && may_be_known()),
        Err(_) if may_be_known() => Ok(true),
        Err(error) => Err(error),
    }
}

/// What a source is: a server by its URL, a folder, a file by its content and, where that says nothing, by its name; `None` for a
/// registry of Sheaf, and for what is nothing that is known.
pub(crate) fn kind_of(path: &Path) -> Result<Option<SourceKind>> {
    if let Some(server) = Server::named(path) {
        return Ok(Some(match server?.engine {
            Engine::MySql => SourceKind::FileRegistry,
            Engine::Postgres => SourceKind::StudyDatabase,
        }));
    }
    if path.is_dir() {
        return folders::check(path).map(|()| Some(SourceKind::ImageFolder));
    }
    if Registry::is_registry(path)? {
        return Ok(None);
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.map_err(|error| {
        Error::new(Code::RegistryUnreadable, format!("{} could not be read.", path.display())).cause(error)
    })?;
    let mut name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_gzipped = head.starts_with(&[0x1f, 0x8b]);
    if is_gzipped {
        let mut inside = Vec::new();
        // What is damaged is told when it is read.
        let _ = MultiGzDecoder::new(head.as_slice()).take(HEAD).read_to_end(&mut inside);
        head = inside;
        name = name.strip_suffix(".gz").map_or_else(|| name.clone(), ToOwned::to_owned);
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    packed(path, &head, ending)?;
    match by_content(&head, ending) {
        // Only dumps are read as streams.
        Some(SourceKind::StudyList) if is_gzipped => Err(must_be_unpacked(path, "gzip", "`gunzip`")),
        kind => Ok(kind),
    }
}

/// What a file is that begins so, unpacked, and whose name ends so.
fn by_content(head: &[u8], ending: &str) -> Option<SourceKind> {
    let head = head.strip_prefix(MARK).unwrap_or(head);
    let begins = |with: &[&[u8]]| with.iter().any(|with| head.starts_with(with));
    // Where errors went the way of the dump, they stand before it.
    let is_dump =
        |line: &[u8]| [&b"-- MySQL dump"[..], b"-- MariaDB dump", b"/*M!"].iter().any(|with| line.starts_with(with));
    if begins(&[SQLITE]) || head.split(|byte| *byte == b'\n').any(is_dump) {
        Some(SourceKind::FileRegistry)
    } else if begins(&[ZIP, &[0xd0, 0xcf, 0x11, 0xe0]]) || ["csv", "tsv"].contains(&ending) {
        Some(SourceKind::StudyList)
    } else if study_database::is_dump(head) || ["json", "jsonl"].contains(&ending) {
        Some(SourceKind::StudyDatabase)
    } else if ending == "sql" {
        Some(SourceKind::FileRegistry)
    } else {
        None
    }
}

fn must_be_unpacked(path: &Path, name: &str, program: &str) -> Error {
    let message = format!("{} is packed with {name}, which Sheaf does not unpack here.", path.display());
    Error::new(Code::SourceUnknown, message)
        .hint(format!("Unpack it first, with {program}. Only a gzipped dump is unpacked while it is read."))
}

/// `SOURCE_UNKNOWN` for what must be unpacked first, `SOURCE_ENCODING` for a dump in UTF-16, which programs of Windows make of one.
fn packed(path: &Path, head: &[u8], ending: &str) -> Result<()> {
    const PACKED: [(&[u8], &str, &str); 6] = [
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "`zstd -d`"),
        (b"BZh", "bzip2", "`bunzip2`"),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "`unxz`"),
        (&[0x04, 0x22, 0x4d, 0x18], "lz4", "`lz4 -d`"),
        (&[b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c], "7-Zip", "`7z x`"),
        (b"Rar!", "RAR", "`unrar x`"),
    ];
    // A workbook is a ZIP, too.
    let is_zip = head.starts_with(ZIP) && ending == "zip";
    let packed = PACKED.iter().find(|(begin, ..)| head.starts_with(begin)).map(|(_, name, program)| (*name, *program));
    if let Some((name, program)) = packed.or(is_zip.then_some(("ZIP", "`unzip`"))) {
        return Err(must_be_unpacked(path, name, program));
    }
    let is_wide = [[0xff, 0xfe], [0xfe, 0xff]].iter().any(|mark| head.starts_with(mark));
    if is_wide && ["sql", "json", "jsonl"].contains(&ending) {
        return Err(Error::new(Code::SourceEncoding, format!("{} is written in UTF-16, not in UTF-8.", path.display())).hint(
            "Let the program write the file itself, as with --result-file or --file: PowerShell's > changes the letters.",
        ));
    }
    Ok(())
}

/// An `SQLite` file says what it is only when it is asked.
pub(crate) fn resolved(kind: SourceKind, source: &Path, scratch: &Path) -> Result<SourceKind> {
    let may_be_asked = kind == SourceKind::FileRegistry && begins_as_sqlite(source);
    Ok(if may_be_asked && study_database::is_database(source, scratch)? { SourceKind::StudyDatabase } else { kind })
}

fn begins_as_sqlite(source: &Path) -> bool {
    let mut head = [0; SQLITE.len()];
    File::open(source).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *SQLITE
}

/// The error for what cannot be read into a registry, being one or nothing that is known.
pub fn no_source(path: &Path) -> Error {
    let shown = path.display();
    if Registry::is_registry(path).unwrap_or(false) {
        return Error::new(Code::Usage, format!("{shown} is a registry already."))
            .hint("It is opened as it is: name it with --registry.");
    }
    Error::new(Code::SourceUnknown, format!("{shown} is no database, dump, list of studies or folder."))
        .hint("Name one, or the URL of a server; of an image, name the folder that it lies in.")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const DUMP: &str = "-- MySQL dump 10.13  Distrib 8.0.44\nCREATE TABLE `t` (`id` int);\n";

    fn zipped(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).and_then(|()| encoder.finish()).expect("it compresses")
    }

    fn kind(name: &str, content: &[u8]) -> Result<Option<SourceKind>> {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join(name), content).expect("writable");
        kind_of(&dir.path().join(name))
    }

    #[test]
    fn a_dump_is_known_by_what_it_says_and_else_by_its_name() {
        let warned = format!("mysqldump: [Warning] Using a password can be insecure.\n{DUMP}");
        let marked = format!("\u{feff}{DUMP}");
        for text in [DUMP, &warned, &marked] {
            for name in ["backup.sql", "nightly", "BACKUP.SQL.GZ", "nightly.bin"] {
                for content in [text.as_bytes().to_vec(), zipped(text.as_bytes())] {
                    let found = kind(name, &content).expect("a dump");
                    assert_eq!(found, Some(SourceKind::FileRegistry), "{name}: {text}");
                }
            }
        }
        let compact = b"CREATE TABLE `t` (`id` int);\n";
        assert_eq!(kind("backup.sql.gz", &zipped(compact)).expect("a dump"), Some(SourceKind::FileRegistry), "by its name");
        assert_eq!(kind("backup.sql.gz", &zipped(b"")).expect("one that failed"), Some(SourceKind::FileRegistry));
        assert_eq!(kind("backup", compact).expect("readable"), None, "nothing tells");
        let studies = b"--\n-- PostgreSQL database dump\n--\n";
        assert_eq!(kind("backup.sql.gz", &zipped(studies)).expect("a dump"), Some(SourceKind::StudyDatabase));
        assert_eq!(kind("list.csv", b"exam_id\n").expect("a list"), Some(SourceKind::StudyList));
        assert_eq!(kind("list.xlsx", b"PK\x03\x04").expect("a workbook"), Some(SourceKind::StudyList));
    }

    #[test]
    fn what_must_be_unpacked_or_written_otherwise_is_told_with_the_way() {
        let wide: Vec<u8> = [0xfeff].into_iter().chain(DUMP.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let table: [(&str, &[u8], Code, &str, &str); 8] = [
            ("backup.sql.zst", &[0x28, 0xb5, 0x2f, 0xfd, 0], Code::SourceUnknown, "zstd", "zstd -d"),
            ("backup.sql.bz2", b"BZh9", Code::SourceUnknown, "bzip2", "bunzip2"),
            ("backup.sql.xz", &[0xfd, b'7', b'z', b'X', b'Z', 0], Code::SourceUnknown, "xz", "unxz"),
            ("backup.zip", b"PK\x03\x04", Code::SourceUnknown, "ZIP", "unzip"),
            ("list.csv.gz", &zipped(b"exam_id\n"), Code::SourceUnknown, "gzip", "gunzip"),
            ("backup.sql", &wide, Code::SourceEncoding, "UTF-16", "--result-file"),
            ("backup.sql.gz", &zipped(&wide), Code::SourceEncoding, "UTF-16", "--result-file"),
            ("studies.json", &wide, Code::SourceEncoding, "UTF-16", "PowerShell"),
        ];
        for (name, content, code, told, way) in table {
            let error = kind(name, content).expect_err(name);
            assert_eq!(error.code(), code, "{name}: {error}");
            assert!(error.message().contains(told) && error.next_step().contains(way), "{name}: {error:?}");
        }
    }
}
