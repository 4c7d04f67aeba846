//! `sheaf demo`: a registry with valid imaging files to try everything on, all synthetic, the same for the same seed.
//!
//! What is deliberately absent: clocks, randomness of the machine, and anything that was ever a person.

use std::path::{Path, PathBuf};

use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::writer::RegistryWriter;
use sheaf_registry::{Code, Error, Result};

use catalogue::{Catalogue, Project};
use crew::Desk;
use files::{Fineness, Piece, Studio};
use people::Person;
use site::Site;

/// What a demo shall be.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Where it goes: a folder that does not exist or is empty.
    pub dir: PathBuf,
    /// Patients in all projects together.
    pub patients: u64,
    /// Rows of the study table.
    pub studies: u64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Files of realistic size that take no disk, ten a patient.
    pub sparse: bool,
    /// Plants what a registry should not hold, listed in `planted.json`.
    pub with_faults: bool,
}

impl DemoOptions {
    /// Patients of a demo of real files.
    pub const PATIENTS: u64 = 24;
    /// Patients of a sparse demo: 1,000,000 files.
    pub const SPARSE_PATIENTS: u64 = 100_000;
    /// Studies of a demo.
    pub const STUDIES: u64 = 2_000;
    /// No demo has more patients or studies.
    pub const MOST: u64 = 10_000_000;
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DemoReport {
    /// The registry, absolute.
    #[serde(serialize_with = "as_text")]
    pub registry: PathBuf,
    /// The data root, absolute.
    #[serde(serialize_with = "as_text")]
    pub data: PathBuf,
    /// Slugs of the projects.
    pub projects: Vec<String>,
    /// Patients in all projects.
    pub patients: u64,
    /// Files in the registry.
    pub files: u64,
    /// Their sizes together, in bytes.
    pub bytes: u64,
}

/// Makes a demo. On an error, and when cancelled, everything it made is removed again.
///
/// # Errors
/// `DESTINATION_TAKEN` where the folder holds anything, untouched; `DESTINATION_UNWRITABLE`, `NO_SPACE`, `CANCELLED`; `USAGE`
/// for more patients or studies than [`DemoOptions::MOST`].
pub fn make_demo(options: &DemoOptions, observer: &dyn Observer, cancel: &Cancel) -> Result<DemoReport> {
    make(options, Fineness::FULL, observer, cancel)
}

/// The registry and the files of a demo, as far as they are made.
struct Made {
    catalogue: Catalogue,
    patients: u64,
    files: u64,
    bytes: u64,
}

fn make(options: &DemoOptions, fineness: Fineness, observer: &dyn Observer, cancel: &Cancel) -> Result<DemoReport> {
    if options.patients.max(options.studies) > DemoOptions::MOST {
        return Err(Error::new(Code::Usage, "A demo has at most ten million patients and ten million studies.")
            .hint("Ask for fewer."));
    }
    cancel.check()?;
    let site = Site::claim(&options.dir)?;
    let (seed, patients) = (options.seed, options.patients);
    let mut made = if options.sparse {
        let files = patients * sparse::FILES;
        let desk = Desk::new(observer, cancel, files);
        let (catalogue, bytes) = sparse::make(&site, seed, patients, &desk)?;
        Made { catalogue, patients, files, bytes }
    } else {
        draw(&site, options, fineness, observer, cancel)?
    };
    if options.with_faults {
        faults::plant(&site, &mut made, seed)?;
    }
    studies::add(made.catalogue.writer(), seed, options.studies, patients, cancel)?;
    cancel.check()?;
    let projects = if options.sparse { &Project::ALL[..1] } else { &Project::ALL[..] };
    let report = DemoReport {
        registry: site.registry(),
        data: site.data(),
        projects: projects.iter().map(|project| project.slug().to_owned()).collect(),
        patients: made.patients,
        files: made.files,
        bytes: made.bytes,
    };
    made.catalogue.finish()?;
    site.keep();
    Ok(report)
}

/// Makes real files on all cores, then their registry.
fn draw(site: &Site, options: &DemoOptions, fineness: Fineness, observer: &dyn Observer, cancel: &Cancel) -> Result<Made> {
    let seed = options.seed;
    let people: Vec<Person> = (1..=options.patients).map(|number| Person::of(seed, number)).collect();
    let of_each = people.iter().map(|person| files::parts(seed, person));
    let pieces: Vec<Piece<'_>> =
        of_each.zip(&people).flat_map(|(parts, person)| parts.into_iter().map(move |part| Piece { person, part })).collect();
    let desk = Desk::new(observer, cancel, pieces.iter().map(|piece| piece.part.files(fineness)).sum());
    let studio = Studio { site, desk: &desk, seed, fineness };
    let begin = || Catalogue::begin(RegistryWriter::create(&site.registry())?, Project::ALL.len(), &catalogue::folders());
    let (rows, catalogue) = crew::work(&pieces, crew::cores(), |piece| studio.make(piece), begin)?;
    let mut made = Made { catalogue, patients: options.patients, files: 0, bytes: 0 };
    let mut rows = pieces.iter().zip(rows).peekable();
    for person in &people {
        let (project, folders) = (Project::of(person.number), catalogue::places(person.number));
        let patient = made.catalogue.person(person, project, &folders)?;
        while let Some((_, rows)) = rows.next_if(|(piece, _)| piece.person.number == person.number) {
            for row in rows {
                made.catalogue.file(patient, &row)?;
                made.files += 1;
                made.bytes += row.bytes;
            }
        }
    }
    Ok(made)
}

mod anatomy;
mod brain;
mod catalogue;
mod crew;
mod dicom;
mod faults;
mod files;
mod head;
mod nifti;
mod people;
mod photo;
mod radiograph;
mod random;
mod site;
mod sparse;
mod stl;
mod studies;
mod surface;
mod volume;

/// A path as JSON holds it: what is no text in it is replaced, rather than the whole answer lost.
fn as_text<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[cfg(test)]
mod tests;
