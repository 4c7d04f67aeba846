//! `sheaf demo`: a registry with valid imaging files to try everything on, all synthetic, the same for the same seed.
//!
//! What is deliberately absent: clocks, randomness of the machine, and anything that was ever a person.

use std::path::PathBuf;

use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::{Code, Error, Result};

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
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DemoReport {
    /// The registry, absolute.
    pub registry: PathBuf,
    /// The data root, absolute.
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
pub fn make_demo(_options: &DemoOptions, _observer: &dyn Observer, _cancel: &Cancel) -> Result<DemoReport> {
    Err(Error::new(Code::NotYet, "The demo cannot be made yet."))
}

mod anatomy;
mod dicom;
mod head;
mod nifti;
mod photo;
mod radiograph;
mod random;
mod stl;
mod surface;
mod volume;
