//! A folder of images as a registry: what lies in it, whose it is, and what has changed since the last time.
//!
//! Files are told by their content, patients by the headers of DICOM and by paths ([`Layout`]). Nothing outside of the folder
//! is looked at, and nothing in it is written. Whatever is not registered is counted. Deliberately absent: reading images.

mod dicom;
mod format;
mod hashes;
mod ledger;
mod look;
mod pattern;
mod people;
mod place;
mod preview;
mod sample;
mod stage;
mod walk;
mod write;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sheaf_archive::file_root::LocalFileStore;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_registry::provenance::Oddity;
use sheaf_registry::rows::{DataRoot, Kind, Location};
use sheaf_registry::{Code, Error, RegistryWriter, Result};

use crate::report::{Odd, Oddities};
pub use format::Format;
pub use hashes::{HashOptions, Hashed, hash, hash_counts, take_hashes};
use ledger::Ledger;
use look::{Looked, What};
pub use pattern::{Pattern, PatternError};
use people::People;
pub use place::Layout;
use place::{Place, place, slug};
pub use preview::{Preview, Previewed, preview};
pub use sample::{Sample, Sampled};
pub use stage::LAYOUT;
use stage::{Item, Stage};
use walk::{Entry, Walk};

/// So many files are looked at before the next ones are listed.
const BATCH: usize = 512;
/// Modalities of DICOM that hold what was made of images, and no images of a device.
const DERIVED: [&str; 13] =
    ["SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "RTRECORD", "SR", "PR", "KO", "REG", "FID", "RWV", "SMR", "M3D"];

/// How a folder is read.
pub struct Options<'a> {
    /// Where what was found may lie while it is read; private patient data.
    pub scratch: &'a Path,
    /// What the registry says of its age.
    pub now: Timestamp,
    /// A registry that may be of the same folder: row ids and hashes are taken over from it.
    pub earlier: Option<&'a Path>,
    /// How paths are read; `None`: as for the earlier registry, else in the known ways.
    pub layout: Option<Layout>,
    /// Whether SHA-256 of files are computed of which none is known.
    pub hash: bool,
    /// Where hashes are kept until they are in a registry, so that none is computed twice; `None`: nowhere.
    pub ledger: Option<&'a Path>,
    /// How many files are read at once.
    pub threads: usize,
    /// To stop it.
    pub cancel: &'a Cancel,
    /// Told how far it is: files that were found first, then those that are written, then bytes that are hashed.
    pub observer: &'a dyn Observer,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How paths were read.
    pub layout: String,
    /// Projects.
    pub projects: u64,
    /// Folders of patients.
    pub folders: u64,
    /// Patients.
    pub patients: u64,
    /// Files that were registered, those of nobody among them.
    pub files: u64,
    /// How many of each format; what lies beside an image has none.
    pub formats: Vec<(&'static str, u64)>,
    /// What has changed since the earlier registry; `None` where there was none.
    pub changes: Option<Changes>,
    /// Files of which a hash is known.
    pub hashed: u64,
    /// What was odd, by code.
    pub oddities: Vec<Oddity>,
}

/// What has changed in a folder: by path, size and time of modification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that were not there.
    pub added: u64,
    /// Files of another size or time.
    pub changed: u64,
    /// Files that are not there any longer.
    pub removed: u64,
}

/// Reads the folder at `source` into the registry that `writer` makes, and finishes it. On an error nothing of it stays; only
/// when hashing is stopped, the registry is finished with those that are known, and the next time goes on with the others. With a
/// ledger that holds for a process that dies, too.
///
/// # Errors
/// `SOURCE_UNKNOWN` for what is no folder, or a whole machine; `REGISTRY_UNREADABLE` where it cannot be listed;
/// `CANCELLED`; those of writing (`NO_SPACE`, `DESTINATION_UNWRITABLE`).
pub fn sync(source: &Path, mut writer: RegistryWriter, options: &Options<'_>) -> Result<Report> {
    let folder = Folder::open(source)?;
    let mut stage = Stage::new(options.scratch)?;
    if let Some(earlier) = options.earlier {
        stage.remember(earlier, &folder.text, options.scratch)?;
    }
    let earlier = || stage.layout.as_deref().and_then(|layout| Layout::parse(layout).ok());
    let layout = options.layout.clone().or_else(earlier).unwrap_or_default();
    let mut odd = Oddities::default();
    let people = find(&folder, &layout, &writer, &stage, options, &mut odd)?;
    stage.give_beside()?;

    writer.info("synced_at", &options.now.to_string())?;
    writer.info("source", &folder.text)?;
    writer.info(stage::LAYOUT, &layout.to_string())?;
    // One that is not there has nothing to say.
    let ledger = options.ledger.filter(|path| options.hash || path.exists()).map(Ledger::open).transpose()?;
    let mut report = write::write(&folder, &people, &mut stage, ledger.as_ref(), &mut writer, options, &mut odd)?;
    report.layout = layout.to_string();
    options.cancel.check()?;
    if options.hash {
        let Options { scratch, threads, cancel, observer, .. } = *options;
        let how = HashOptions { scratch, threads, cancel, observer, give_way: &|| () };
        let mut take = |file, hash: &_| writer.file_hash(file, hash);
        report.hashed += hashes::compute(&folder.store, &stage, ledger.as_ref(), &how, &mut odd, &mut take)?;
    }
    report.oddities = odd.into_list();
    for oddity in &mut report.oddities {
        oddity.examples.iter_mut().for_each(|example| *example = people.without_names(example));
        writer.oddity(oddity)?;
    }
    let path = writer.path().to_owned();
    writer.finish()?;
    if let Some(ledger) = ledger {
        ledger.forget_known_to(&path)?;
    }
    if options.cancel.is_raised() {
        let message = format!("Stopped at your request; {} of {} hashes are in the registry.", report.hashed, report.files);
        return Err(Error::new(Code::Cancelled, message).hint("Run it again: it goes on with the others."));
    }
    Ok(report)
}

/// A folder that is read.
struct Folder {
    path: PathBuf,
    /// The same as text.
    text: String,
    /// The slug of the project that it is.
    slug: String,
    /// Opens files in it, and none outside of it.
    store: LocalFileStore,
}

impl Folder {
    fn open(source: &Path) -> Result<Self> {
        let shown = source.display();
        let path = source.canonicalize().ok().filter(|path| path.is_dir()).ok_or_else(|| {
            Error::new(Code::SourceUnknown, format!("There is no folder {shown}.")).hint("Name a folder of images.")
        })?;
        // Whoever means it names the folders in it.
        let Some(name) = path.file_name() else {
            return Err(Error::new(Code::SourceUnknown, format!("{shown} is a whole disk, not a folder of images."))
                .hint("Name the folder of images in it."));
        };
        let Some(text) = path.to_str() else {
            return Err(
                Error::new(Code::SourceEncoding, format!("The name of {shown} is no text.")).hint("Rename the folder.")
            );
        };
        let root = DataRoot { id: look::ROOT, prefix: String::new(), location: Some(Location::Folder(path.clone())) };
        let store = LocalFileStore::open(&[root]);
        Ok(Self { text: text.to_owned(), slug: slug(&name.to_string_lossy()), store, path })
    }

    fn walk(&self, own: &[&Path], odd: &mut Oddities) -> Result<Walk> {
        Walk::new(&self.path, own, odd).map_err(|error| {
            Error::new(Code::RegistryUnreadable, format!("{} could not be listed.", self.path.display()))
                .hint("Check that this account may read it.")
                .cause(error)
        })
    }
}

/// Finds all files.
fn find(
    folder: &Folder,
    layout: &Layout,
    writer: &RegistryWriter,
    stage: &Stage,
    options: &Options<'_>,
    odd: &mut Oddities,
) -> Result<People> {
    let mut people = People::default();
    let mut walk = folder.walk(&[writer.path(), options.scratch], odd)?;
    let mut found = 0;
    loop {
        options.cancel.check()?;
        let batch: Vec<Entry> = std::iter::from_fn(|| walk.next(odd)).take(BATCH).collect();
        if batch.is_empty() {
            return Ok(people);
        }
        found += batch.len() as u64;
        for looked in look::all(&folder.store, batch, options.threads) {
            if let Some(item) = item(looked, layout, &folder.slug, &mut people, odd) {
                stage.add(&item)?;
            }
        }
        tell(options.observer, Phase::Preparing, (found, 0), (0, 0));
    }
}

/// What a file is, by its content and its path; `None` for what is not registered, which is noted.
fn item(looked: Looked, layout: &Layout, project: &str, people: &mut People, odd: &mut Oddities) -> Option<Item> {
    let Looked { path, bytes, modified, what } = looked;
    let (format, header) = match what {
        What::Image { format, header } => (Some(format), header),
        What::Unknown => (None, None),
        What::Not(why) => {
            odd.note(why, path);
            return None;
        }
    };
    let parts: Vec<&str> = path.split('/').collect();
    let mut place = place(layout, &parts).unwrap_or_else(|| {
        if format.is_some() {
            odd.note(Odd::PatternUnmatched, &path);
        }
        Place::default()
    });
    if place.is_certain && !place.project.is_empty() {
        people.project_is(&place.project);
    }
    if place.project.is_empty() {
        project.clone_into(&mut place.project);
    }
    if header.as_ref().is_some_and(|(_, is_whole)| !is_whole) {
        odd.note(Odd::DicomUnreadable, &path);
    }
    let header = header.map(|(header, _)| header);
    let claim = people.claim(&place, header.as_deref(), &path, odd);
    let of_device = header.as_deref().map(|header| header.modality.as_str()).unwrap_or_default();
    let by_device = Some(of_device).filter(|word| !word.is_empty()).map(slug);
    let usual = format.map_or("unknown", Format::modality);
    let kind = place.kind.unwrap_or(if DERIVED.contains(&of_device) { Kind::Processed } else { Kind::Raw });
    let modified = modified.to_string();
    let is_said = place.is_certain && place.modality.is_some() && place.kind.is_some();
    let metadata = metadata(format, &modified, &place, header.as_deref());
    Some(Item {
        bytes,
        modified,
        format: format.map_or(if is_said { stage::NO_IMAGE } else { "" }, Format::as_str).into(),
        claim,
        modality: place.modality.or(by_device).unwrap_or_else(|| usual.to_owned()),
        kind,
        subtype: place.subtype,
        metadata,
        path,
    })
}

/// What else is known of a file, as a JSON object. No name, no number of a patient.
fn metadata(format: Option<Format>, modified: &str, place: &Place, header: Option<&dicom::Header>) -> String {
    let of = |field: fn(&dicom::Header) -> &String| header.map(field).map(String::as_str).unwrap_or_default();
    let facts = [
        ("modified", modified),
        ("format", format.map(Format::as_str).unwrap_or_default()),
        ("session", &place.session),
        ("modality", of(|header| &header.modality)),
        ("body_part", of(|header| &header.body_part)),
        ("study_date", of(|header| &header.study_date)),
        ("study", of(|header| &header.study)),
        ("series", of(|header| &header.series)),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    serde_json::Value::Object(facts.map(|(key, value)| (key.to_owned(), value.into())).collect()).to_string()
}

fn tell(
    observer: &dyn Observer,
    phase: Phase,
    (files_done, files_total): (u64, u64),
    (bytes_done, bytes_total): (u64, u64),
) {
    observer.observe(&Progress { phase, files_done, files_total, bytes_done, bytes_total, current: None });
}
