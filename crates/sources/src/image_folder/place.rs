//! What a path says of a file: project, folders, patient, modality, raw or processed.
//!
//! A pattern of the user's is taken alone. Without one, three ways are known: BIDS, the paths of a `FileRegistry`, and folders
//! of patients. Deliberately absent: what a file holds.

use std::fmt;

use sheaf_registry::rows::Kind;

use super::format::stem;
use super::pattern::{Name, Pattern, PatternError};
use crate::file_registry::modality::{jaw, normal, usual};

/// How paths are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// In the ways that are known.
    #[default]
    Known,
    /// As the user says.
    Said(Pattern),
}

impl Layout {
    /// Reads what [`Layout`] shows; `auto` is [`Layout::Known`].
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn parse(said: &str) -> Result<Self, PatternError> {
        if said == AUTO { Ok(Self::Known) } else { Pattern::parse(said).map(Self::Said) }
    }
}

/// The word for [`Layout::Known`]; no pattern, since it names nothing.
const AUTO: &str = "auto";

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layout::Known => f.write_str(AUTO),
            Layout::Said(pattern) => pattern.fmt(f),
        }
    }
}

/// What a path says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Slug of the project; empty for that of the whole folder.
    pub(super) project: String,
    /// Names from the top down.
    pub(super) folders: Vec<String>,
    /// The patient; empty where the path names none.
    pub(super) patient: String,
    /// Whether the patient is named in so many words, so that what a file says counts less.
    pub(super) is_certain: bool,
    pub(super) modality: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) subtype: String,
    /// BIDS's session.
    pub(super) session: String,
}

/// Folders of a BIDS data set that say what kind of images they hold.
const DATA_TYPES: [&str; 14] =
    ["anat", "func", "dwi", "fmap", "perf", "pet", "meg", "eeg", "ieeg", "beh", "micr", "nirs", "motion", "mrs"];
const RAW: [&str; 5] = ["raw", "rawdata", "sourcedata", "original", "originals"];
const PROCESSED: [&str; 5] = ["processed", "preprocessed", "postprocessed", "derivatives", "derived"];

/// What the path of a file says; its parts, the file's own name last. `None` where the user's pattern is another.
pub(super) fn place(layout: &Layout, path: &[&str]) -> Option<Place> {
    match layout {
        Layout::Said(pattern) => said(pattern, path),
        Layout::Known => Some(bids(path).or_else(|| file_registry(path)).unwrap_or_else(|| folders(path))),
    }
}

fn said(pattern: &Pattern, path: &[&str]) -> Option<Place> {
    let mut place = Place::default();
    for (name, part) in pattern.read(path)? {
        match name {
            Name::Project => place.project = slug(part),
            Name::Folder => place.folders.push(part.to_owned()),
            Name::Patient => {
                part.clone_into(&mut place.patient);
                place.is_certain = true;
            }
            Name::Kind => place.kind = Some(kind_of(part).unwrap_or(Kind::Other)),
            Name::Modality => place.modality = Some(modality(part)),
            Name::Subtype => part.clone_into(&mut place.subtype),
        }
    }
    Some(place)
}

/// `[<data set>/][derivatives/<pipeline>/]sub-<label>/[ses-<label>/]<data type>/<name>_<suffix>.<ending>`
fn bids(path: &[&str]) -> Option<Place> {
    let (name, around) = path.split_last()?;
    let label = |part: &str, key: &str| {
        let rest = part.strip_prefix(key)?;
        (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| part.to_owned())
    };
    let at = around.iter().position(|part| label(part, "sub-").is_some())?;
    let (before, inside) = (&around[..at], &around[at + 1..]);
    let session = inside.first().and_then(|part| label(part, "ses-")).unwrap_or_default();
    if !inside.iter().any(|part| DATA_TYPES.contains(part)) && !name.starts_with("sub-") {
        return None;
    }
    let derivatives = before.iter().position(|part| *part == "derivatives");
    let data_set = &before[..derivatives.unwrap_or(before.len())];
    let data_set: Vec<&str> = data_set.iter().filter(|part| !RAW.contains(part)).copied().collect();
    let suffix = stem(name).rsplit('_').next().filter(|suffix| name.starts_with("sub-") && !suffix.contains('-')).map(slug);
    Some(Place {
        project: if data_set.is_empty() { String::new() } else { slug(&data_set.join("-")) },
        patient: around[at].to_owned(),
        is_certain: true,
        modality: suffix.filter(|suffix| !suffix.is_empty()),
        kind: Some(if derivatives.is_some() { Kind::Processed } else { Kind::Raw }),
        subtype: derivatives.and_then(|at| before.get(at + 1)).map(|pipeline| (*pipeline).to_owned()).unwrap_or_default(),
        session,
        ..Place::default()
    })
}

/// `[<project>/]{raw|processed}/<modality>/<...patient_<id>...>`
fn file_registry(path: &[&str]) -> Option<Place> {
    let at = path.iter().position(|part| matches!(*part, "raw" | "processed"))?;
    let (directory, behind) = path[at + 1..].split_first()?;
    if at > 1 || behind.is_empty() {
        return None;
    }
    let patient = behind.iter().find_map(|part| patient_in(part))?;
    let modality = modality(directory);
    Some(Place {
        project: path[..at].first().map(|project| slug(project)).unwrap_or_default(),
        patient,
        is_certain: true,
        subtype: subtype(&modality, path),
        modality: Some(modality),
        kind: kind_of(path[at]),
        ..Place::default()
    })
}

/// A folder that is called like a patient, in folders of patients; else the first folder is the patient.
fn folders(path: &[&str]) -> Place {
    let Some((name, around)) = path.split_last() else { return Place::default() };
    let at = around.iter().position(|part| is_patient(part)).unwrap_or(0);
    let inside = around.get(at + 1..).unwrap_or_default();
    let words = || inside.iter().rev().copied().chain([stem(name)]);
    let modality = words().find_map(usual).map(ToOwned::to_owned);
    Place {
        folders: around.iter().take(at).map(|part| (*part).to_owned()).collect(),
        patient: around.get(at).map(|part| (*part).to_owned()).unwrap_or_default(),
        subtype: modality.as_deref().map(|modality| subtype(modality, path)).unwrap_or_default(),
        modality,
        kind: around.iter().rev().find_map(|part| kind_of(part)),
        ..Place::default()
    }
}

/// `patient_7`, `Pat-007`, `subject12`, `P0007`: a word for a patient, then a number.
pub(super) fn is_patient(part: &str) -> bool {
    let part = part.to_lowercase();
    let words = ["patient", "subject", "proband", "paziente", "pat", "subj", "case", "sub", "pt", "p"];
    words.iter().filter_map(|word| part.strip_prefix(word)).any(|rest| {
        let rest = rest.trim_start_matches(['_', '-', ' ']);
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The id in `cbct_patient_7.nii.gz`.
fn patient_in(part: &str) -> Option<String> {
    const WORD: &str = "patient_";
    let at = part.to_ascii_lowercase().find(WORD)?;
    let rest = &part[at + WORD.len()..];
    let id: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '-').collect();
    (!id.is_empty()).then_some(id)
}

fn subtype(modality: &str, path: &[&str]) -> String {
    path.last().filter(|_| modality == "ios").and_then(|name| jaw(name)).unwrap_or_default()
}

pub(super) fn kind_of(part: &str) -> Option<Kind> {
    let part = part.to_lowercase();
    if RAW.contains(&part.as_str()) {
        Some(Kind::Raw)
    } else if PROCESSED.contains(&part.as_str()) {
        Some(Kind::Processed)
    } else {
        None
    }
}

/// The slug of the modality that a folder is called after.
fn modality(name: &str) -> String {
    usual(name).map_or_else(|| slug(&normal(name)), ToOwned::to_owned)
}

/// A name as short names are written; `unnamed` where nothing of it is left.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.trim().chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "unnamed".to_owned() } else { slug.chars().take(60).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(layout: &Layout, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').collect();
        let Some(place) = place(layout, &parts) else { return "none".to_owned() };
        let kind = place.kind.map_or("-", Kind::as_str);
        let or = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let certain = if place.is_certain { "!" } else { "" };
        format!(
            "{} {} {}{certain} {} {kind} {} {}",
            or(place.project),
            or(place.folders.join(">")),
            or(place.patient),
            or(place.modality.unwrap_or_default()),
            or(place.subtype),
            or(place.session)
        )
    }

    #[test]
    fn the_known_ways_are_told_apart() {
        let table = [
            // BIDS
            ("sub-01/anat/sub-01_T1w.nii.gz", "- - sub-01! t1w raw - -"),
            ("sub-01/ses-pre/func/sub-01_ses-pre_task-rest_bold.nii.gz", "- - sub-01! bold raw - ses-pre"),
            ("derivatives/fmriprep/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz", "- - sub-01! t1w processed fmriprep -"),
            ("sourcedata/sub-01/ses-pre/anat/IM1.dcm", "- - sub-01! - raw - ses-pre"),
            ("Study A/sub-01/anat/sub-01_T1w.nii.gz", "study-a - sub-01! t1w raw - -"),
            ("Study A/derivatives/seg/sub-01/anat/sub-01_dseg.nii.gz", "study-a - sub-01! dseg processed seg -"),
            ("sub-01/notes.txt", "- - sub-01 - - - -"),
            // FileRegistry
            ("maxillo/raw/cbct/cbct_patient_7.nii.gz", "maxillo - 7! cbct raw - -"),
            ("maxillo/processed/ios/ios_upper_patient_7.stl", "maxillo - 7! ios processed upper -"),
            ("raw/intraoral/intraoral_patient_7_2.jpg", "- - 7! intraoral-photo raw - -"),
            ("maxillo/raw/cbct/dicom_patient_7/IM1", "maxillo - 7! cbct raw - -"),
            ("maxillo/raw/new thing/x_patient_ab-3.bin", "maxillo - ab-3! new-thing raw - -"),
            // Folders of patients
            ("P001/cbct/scan.nii.gz", "- - P001 cbct - - -"),
            ("Clinic A/2025/patient_7/raw/ios/lower jaw.stl", "- Clinic A>2025 patient_7 ios raw lower -"),
            ("Rossi/panoramich.jpg", "- - Rossi panoramic - - -"),
            ("Rossi/processed/a.jpg", "- - Rossi - processed - -"),
            ("x.jpg", "- - - - - - -"),
        ];
        for (path, expected) in table {
            assert_eq!(shown(&Layout::Known, path), expected, "{path}");
        }
    }

    #[test]
    fn a_pattern_is_taken_alone() {
        let layout = Layout::parse("{project}/{folder}/{patient}/{kind}/{modality}/{*}").expect("a pattern");
        assert_eq!(shown(&layout, "Jaw 1/A/x/Derivatives/CBCT_raw/a"), "jaw-1 A x! cbct processed - -", "as it says");
        assert_eq!(shown(&layout, "Jaw/A/x/else/CBCT/a"), "jaw A x! cbct other - -", "a word that means neither");
        assert_eq!(shown(&layout, "sub-01/anat/sub-01_T1w.nii.gz"), "none", "no other way is tried");
        assert_eq!(layout.to_string().parse(), Ok::<String, _>("{project}/{folder}/{patient}/{kind}/{modality}/{*}".into()));
        assert_eq!(Layout::parse("auto"), Ok(Layout::Known), "the word for the known ways");
    }

    #[test]
    fn a_slug_is_made_of_anything() {
        for (name, expected) in [(" Jaw  1 ", "jaw-1"), ("../..", "unnamed"), ("Ärzte_Ü", "ärzte-ü"), ("頭 部", "頭-部")]
        {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
