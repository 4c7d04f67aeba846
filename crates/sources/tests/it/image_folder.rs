//! A folder of images as a registry.

mod changes;
mod known;
mod names;
mod troubles;

use std::path::{Path, PathBuf};

use dicom_object::{DefaultDicomObject, FileMetaTableBuilder, InMemDicomObject};
use rusqlite::Connection;
use sheaf_registry::progress::{Cancel, Observer, Unobserved};
use sheaf_registry::{RegistryWriter, Result};
use sheaf_sources::image_folder::{Layout, Options, Report, sync};
use tempfile::TempDir;

/// A folder of images that grows as a test wants it.
pub(crate) struct Tree {
    dir: TempDir,
}

/// A patient as a header says it, and the series.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) number: &'a str,
    pub(crate) name: &'a str,
    pub(crate) modality: &'a str,
}

impl Tree {
    pub(crate) fn new() -> Self {
        let tree = Self { dir: TempDir::new().expect("a folder") };
        std::fs::create_dir(tree.root()).expect("writable");
        tree
    }

    /// The folder of images.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("My Images")
    }

    /// Beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, path: impl AsRef<Path>, bytes: &[u8]) -> PathBuf {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(&path, bytes).expect("writable");
        path
    }

    pub(crate) fn dicom(&self, path: &str, said: Said<'_>) -> PathBuf {
        self.file(path, &dicom(said))
    }

    pub(crate) fn sync(&self) -> Synced {
        self.sync_as(&Ask::default()).expect("readable")
    }

    pub(crate) fn sync_as(&self, ask: &Ask<'_>) -> Result<Synced> {
        let to = self.beside("registry.sqlite");
        let scratch = self.beside("scratch");
        std::fs::create_dir_all(&scratch).expect("writable");
        let options = Options {
            scratch: &scratch,
            now: "2026-01-02T03:04:05Z".parse().expect("a time"),
            earlier: Some(&*to).filter(|to| to.exists()),
            layout: ask.layout.map(|layout| Layout::parse(layout).expect("a pattern")),
            hash: ask.hash,
            ledger: ask.ledger.as_deref(),
            threads: 3,
            cancel: &ask.cancel,
            observer: ask.observer,
        };
        let report = sync(&self.root(), RegistryWriter::replacing(&to)?, &options);
        assert_eq!(std::fs::read_dir(&scratch).expect("a folder").count(), 0, "nothing is left of what was found");
        Ok(Synced { report: report?, registry: Connection::open(&to).expect("a registry") })
    }
}

/// How a folder is read.
pub(crate) struct Ask<'a> {
    pub(crate) layout: Option<&'a str>,
    pub(crate) hash: bool,
    pub(crate) ledger: Option<PathBuf>,
    pub(crate) cancel: Cancel,
    pub(crate) observer: &'a dyn Observer,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self { layout: None, hash: false, ledger: None, cancel: Cancel::new(), observer: &Unobserved }
    }
}

/// What was read.
pub(crate) struct Synced {
    pub(crate) report: Report,
    pub(crate) registry: Connection,
}

impl Synced {
    /// One line a file: path, project, patient, modality, kind.
    pub(crate) fn files(&self) -> Vec<String> {
        self.lines(
            "SELECT f.file_path || ' ' || coalesce(j.slug || ' ' || p.patient_id, '-') || ' ' || m.slug || ' ' || f.kind
               FROM file_registry f JOIN modality m ON m.id = f.modality_id
               LEFT JOIN patient p ON p.id = f.patient_id LEFT JOIN project j ON j.id = p.project_id
              ORDER BY f.file_path",
        )
    }

    pub(crate) fn lines(&self, sql: &str) -> Vec<String> {
        let mut statement = self.registry.prepare(sql).expect("a question");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<rusqlite::Result<_>>().expect("texts")
    }

    /// What was odd, with counts.
    pub(crate) fn odd(&self) -> Vec<String> {
        self.report.oddities.iter().map(|odd| format!("{} {}", odd.code, odd.count)).collect()
    }
}

pub(crate) fn dicom(said: Said<'_>) -> Vec<u8> {
    use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
    let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
    let object = InMemDicomObject::from_element_iter([
        text(Tag(0x0008, 0x0005), VR::CS, "ISO_IR 192"),
        text(Tag(0x0008, 0x0016), VR::UI, "1.2.840.10008.5.1.4.1.1.2"),
        text(Tag(0x0008, 0x0060), VR::CS, said.modality),
        text(Tag(0x0010, 0x0010), VR::PN, said.name),
        text(Tag(0x0010, 0x0020), VR::LO, said.number),
        text(Tag(0x0020, 0x000d), VR::UI, "1.2.3"),
        text(Tag(0x0020, 0x000e), VR::UI, "1.2.3.4"),
        DataElement::new(Tag(0x7fe0, 0x0010), VR::OW, PrimitiveValue::from([1_u16; 8])),
    ]);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax("1.2.840.10008.1.2.1")
        .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.2")
        .media_storage_sop_instance_uid("1.2.3.4.5");
    let file: DefaultDicomObject = object.with_meta(meta).expect("a DICOM file");
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).expect("memory takes it");
    bytes
}

pub(crate) fn nifti() -> Vec<u8> {
    let mut bytes = vec![0; 352 + 8];
    bytes[..4].copy_from_slice(&348_u32.to_le_bytes());
    for (at, value) in [(40_usize, 3_u16), (42, 2), (44, 2), (46, 2), (70, 2), (72, 8)] {
        bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    bytes[108..112].copy_from_slice(&352_f32.to_le_bytes());
    bytes[344..348].copy_from_slice(b"n+1\0");
    bytes
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).expect("memory takes it")
}

pub(crate) const STL: &[u8] = b"solid jaw\nfacet normal 0 0 1\nendsolid jaw\n";
pub(crate) const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
pub(crate) const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0";
pub(crate) const ADA: Said<'_> = Said { number: "H-7", name: "LOVELACE^Ada", modality: "CT" };
