//! Folders of images as sources: where they are read into, and what people are told of them.
//!
//! Deliberately absent: what a file in a folder is (see `sheaf_sources::image_folder`). A folder does not say that something
//! in it has changed; it is read anew when that is asked for.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_registry::text::write_path;
use sheaf_registry::{Code, Error, Names, Registry, RegistryWriter, Result};
pub(crate) use sheaf_sources::image_folder::LAYOUT;
pub use sheaf_sources::image_folder::Layout;
use sheaf_sources::image_folder::{self, Options, PatternError};

use crate::environment::Environment;
use crate::failpoint;
use crate::sources::{OddityReport, SourceKind, SyncReport, SyncRequest};

/// The file that a registry is called in the folder of its own.
const REGISTRY: &str = "registry.sqlite";

/// How a folder of images is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderOptions {
    /// How paths are read; `None`: as the last time, else in the ways that are known.
    pub layout: Option<Layout>,
    /// Compute SHA-256 of files of which none is known.
    pub hash: bool,
    /// Where hashes are kept until they are in a registry; `None`: nowhere. For a folder that is read into the home, the home says
    /// it.
    pub ledger: Option<PathBuf>,
}

/// What became of a folder of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FolderReport {
    /// How paths were read: a pattern, or `auto`.
    pub pattern: String,
    /// Files of each format.
    pub formats: Vec<FormatCount>,
    /// What has changed since the last time; `null` at the first.
    pub changes: Option<FolderChanges>,
    /// Files of which a hash is known.
    pub hashed: u64,
}

/// Files of one format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormatCount {
    /// `dicom`, `nifti`, `stl`, ...; `beside` for files that lie beside an image of their name, `other` for those that are no
    /// images and whose path says in so many words what they are.
    pub format: String,
    /// How many.
    pub files: u64,
}

/// What has changed in a folder, by path, size and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FolderChanges {
    /// New files.
    pub added: u64,
    /// Files of another size or time.
    pub changed: u64,
    /// Files that are gone.
    pub removed: u64,
}

/// What the first files of a folder would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FolderPreview {
    /// How paths were read: a pattern, or `auto`.
    pub pattern: String,
    /// The first images, by path.
    pub files: Vec<PreviewedFile>,
    /// Whether there may be more.
    pub more: bool,
}

/// What a file would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PreviewedFile {
    /// Its path in the folder.
    pub path: String,
    /// Its format.
    pub format: String,
    /// Whether the pattern fits its path.
    pub fits: bool,
    /// Slug of its project.
    pub project: String,
    /// Folder of its patient; empty for none.
    pub folder: String,
    /// Its patient; empty where nothing says whose it is.
    pub patient: String,
    /// Its modality.
    pub modality: String,
    /// Raw, processed or other.
    pub kind: String,
}

impl From<image_folder::Previewed> for PreviewedFile {
    fn from(file: image_folder::Previewed) -> Self {
        Self {
            path: file.path,
            format: file.format,
            fits: file.fits,
            project: file.project,
            folder: write_path(&file.folders),
            patient: file.patient,
            modality: file.modality,
            kind: file.kind.to_owned(),
        }
    }
}

/// How a text says that paths are read.
///
/// # Errors
/// `USAGE`.
pub fn layout(said: &str) -> Result<Layout> {
    Layout::parse(said).map_err(|error: PatternError| {
        Error::new(Code::Usage, format!("The pattern cannot be read: {error}."))
            .hint("Such as {project}/{patient}/{kind}/{modality}/{*}; `auto` is for paths of the known ways.")
    })
}

/// What the first `most` images of a folder would be; nothing is written.
///
/// # Errors
/// `SOURCE_UNKNOWN`, `REGISTRY_UNREADABLE`, `CANCELLED`.
pub fn preview(source: &Path, layout: &Layout, most: usize, cancel: &Cancel) -> Result<FolderPreview> {
    check(source)?;
    let preview = image_folder::preview(source, layout, most, cancel)?;
    Ok(FolderPreview {
        pattern: layout.to_string(),
        files: preview.files.into_iter().map(PreviewedFile::from).collect(),
        more: preview.more,
    })
}

/// Refuses the folder of a registry: its files are those that the registry names.
pub(crate) fn check(folder: &Path) -> Result<()> {
    let registry = folder.join(REGISTRY);
    if !Registry::is_registry(&registry).unwrap_or(false) {
        return Ok(());
    }
    Err(Error::new(Code::SourceUnknown, format!("{} holds a registry of its files already.", folder.display()))
        .hint(format!("Name {}, or a folder of images in it.", registry.display())))
}

/// Reads a folder into a registry. One that was read from the same folder is replaced.
pub(crate) fn sync(
    request: &SyncRequest,
    environment: &Environment,
    scratch: &Path,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<SyncReport> {
    let same = registry_of(&request.source, &request.to, scratch);
    let is_earlier = request.replace || same.is_some();
    // What was left out once comes back only when that is said.
    let names = request.names.or_else(|| same.as_ref()?.names().ok());
    // An open file could not be replaced everywhere.
    drop(same);
    let request = &SyncRequest { names, ..request.clone() };
    let mut writer = if is_earlier { RegistryWriter::replacing(&request.to) } else { RegistryWriter::create(&request.to) }?;
    if names == Some(Names::LeftOut) {
        writer.leave_names_out()?;
    }
    let options = Options {
        scratch,
        now: environment.clock.now(),
        earlier: Some(&request.to).filter(|to| is_earlier && to.exists()).map(|to| &**to),
        layout: request.folder.layout.clone(),
        hash: request.folder.hash,
        ledger: request.folder.ledger.as_deref(),
        threads: environment.threads,
        cancel,
        observer: &Watched(observer),
    };
    let report = image_folder::sync(&request.source, writer, &options)?;
    let format = |(format, files): (&str, u64)| FormatCount { format: format.to_owned(), files };
    let image_folder::Report { layout, projects, patients, files, formats, changes, hashed, oddities, .. } = report;
    Ok(SyncReport {
        projects,
        patients,
        files,
        oddities: oddities.into_iter().map(OddityReport::from).collect(),
        folder: Some(FolderReport {
            pattern: layout,
            formats: formats.into_iter().map(format).collect(),
            changes: changes.map(|image_folder::Changes { added, changed, removed }| FolderChanges {
                added,
                changed,
                removed,
            }),
            hashed,
        }),
        ..SyncReport::of(request, SourceKind::ImageFolder)
    })
}

/// The registry at `path`, where it was read from this folder.
fn registry_of(folder: &Path, path: &Path, scratch: &Path) -> Option<Registry> {
    let registry = Registry::open_with_scratch(path, scratch).ok()?;
    let source = registry.info("source").ok().flatten()?;
    folder.canonicalize().is_ok_and(|folder| Some(source.as_str()) == folder.to_str()).then_some(registry)
}

/// Lets a test end the process in the middle.
pub(crate) struct Watched<'a>(pub(crate) &'a dyn Observer);

impl Observer for Watched<'_> {
    fn observe(&self, progress: &Progress) {
        if progress.phase == Phase::Verifying && progress.files_done > 0 {
            failpoint::hit("hashed");
        }
        self.0.observe(progress);
    }
}
