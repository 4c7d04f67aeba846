//! A folder of images in the window: how its paths are read, tried before it is done, and its checksums.
//!
//! The folder is chosen in a dialog of the desktop and goes by an id from then on. Deliberately absent: what a file in it is
//! (see `sheaf_sources::image_folder`).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::image_folder::Sample;

use super::open::{Open, canonical};
use super::registries::{OpenRegistry, nothing_open};
use super::{Desk, FolderQuestion, Nothing};
use crate::copies::{Asking, Wish};
use crate::folders::{self, FolderOptions, PreviewedFile};
use crate::wire::ErrorReport;

/// A folder that was chosen and may be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ImageFolderChoice {
    /// Its id, until another is chosen.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// Where it is, for people.
    pub path: String,
    /// How its paths were read the last time: a pattern, or `auto`.
    pub pattern: String,
    /// It was read before.
    pub known: bool,
    /// Its checksums are wanted.
    pub hashes: bool,
}

/// A way to read the paths of a folder.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ImageFolderPattern {
    /// Id of the folder.
    pub folder: String,
    /// A pattern, or `auto`.
    pub pattern: String,
}

/// What some images of a folder would be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ImageFolderPreview {
    /// Images from all over the folder, in the order of their paths.
    pub files: Vec<PreviewedFile>,
    /// How many of them the pattern fits.
    pub fitting: u32,
    /// The folder has more files.
    pub more: bool,
    /// Patterns that fit some of them, the best first.
    pub suggested: Vec<SuggestedPattern>,
}

/// A pattern that fits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SuggestedPattern {
    /// The pattern.
    pub pattern: String,
    /// How many of the images it fits.
    pub fitting: u32,
}

/// How a folder is to be read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct IndexImageFolder {
    /// Id of the folder.
    pub folder: String,
    /// A pattern, or `auto`.
    pub pattern: String,
    /// Compute checksums in the background.
    pub hashes: bool,
}

/// The open folder of images.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ImageFolderState {
    /// How its paths are read: a pattern, or `auto`.
    pub pattern: String,
    /// Files that are registered.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub files: u64,
    /// Files of which a checksum is known.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub hashed: u64,
    /// Checksums are wanted.
    pub hashes: bool,
    /// They are being computed.
    pub running: bool,
    /// Why they could not be computed.
    pub problem: Option<ErrorReport>,
}

/// Whether checksums are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct HashesInput {
    /// Compute those that are not known; else stop.
    pub wanted: bool,
}

/// The images of a sample.
const SAMPLE: usize = 60;
/// Patterns that are suggested at once.
const MOST_SUGGESTED: usize = 4;
/// Patterns of layouts that are common, the more telling ones first.
const COMMON: [&str; 13] = [
    "sub-{patient}/ses-{*}/{modality}/{*}",
    "{project}/sub-{patient}/ses-{*}/{modality}/{*}",
    "sub-{patient}/{modality}/{*}",
    "{project}/sub-{patient}/{modality}/{*}",
    "{project}/{kind}/{modality}/{*}patient_{patient}.{*}",
    "{project}/{patient}/{kind}/{modality}/{*}",
    "{patient}/{kind}/{modality}/{*}",
    "{project}/{patient}/{kind}/{*}",
    "{project}/{patient}/{modality}/{*}",
    "{folder}/{patient}/{modality}/{*}",
    "{patient}/{modality}/{*}",
    "{folder}/{patient}/{*}",
    "{patient}/{*}",
];

/// The folder that was chosen last.
#[derive(Default)]
pub(crate) struct Chosen(Mutex<Option<Held>>);

#[derive(Clone)]
struct Held {
    id: String,
    path: PathBuf,
    /// Taken at the first preview; whoever comes meanwhile waits for it.
    sample: Arc<Mutex<Option<Arc<Sample>>>>,
    /// Raised when another folder is chosen.
    gone: Cancel,
    /// Raised when another pattern is tried.
    superseded: Cancel,
}

impl Chosen {
    fn hold(&self, id: String, path: PathBuf) {
        let held = Held { id, path, sample: Arc::default(), gone: Cancel::new(), superseded: Cancel::new() };
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(held);
        if let Some(before) = before {
            before.gone.raise();
            before.superseded.raise();
        }
    }

    /// The folder of this id; the question before this one is superseded. `SOURCE_UNKNOWN`.
    fn of(&self, id: &str) -> Result<Held> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_mut().filter(|held| held.id == id).ok_or_else(|| {
            Error::new(Code::SourceUnknown, "This folder is not known any longer.").hint("Choose the folder again.")
        })?;
        held.superseded.raise();
        held.superseded = Cancel::new();
        Ok(held.clone())
    }
}

impl Desk {
    /// Lets the user choose a folder of images; `null` when the dialog was closed. Nothing is read of it yet.
    pub fn choose_image_folder(&self, _: Nothing) -> Result<Option<ImageFolderChoice>> {
        let question = FolderQuestion { title: self.language().open_image_folder().to_owned(), folder: None };
        self.native.choose_folder(&question).map(|path| self.choice(&path)).transpose()
    }

    /// The open folder of images as one that may be read in another way. `REGISTRY_NOT_OPEN`, `SOURCE_UNKNOWN`.
    pub fn rechoose_image_folder(&self, _: Nothing) -> Result<ImageFolderChoice> {
        let path = {
            let open = self.opened();
            let open = open.as_ref().ok_or_else(nothing_open)?;
            open.layout.as_ref().map(|_| open.path.clone())
        };
        let path = path.ok_or_else(|| {
            Error::new(Code::SourceUnknown, "The open registry is no folder of images.").hint("Open a folder of images.")
        })?;
        self.choice(&path)
    }

    fn choice(&self, path: &Path) -> Result<ImageFolderChoice> {
        let house = self.sheaf.house();
        let path = canonical(path)?;
        folders::check(&path)?;
        let read = if house.lacks_copy(&path) { None } else { house.registry(&path).ok() };
        let pattern = read.as_ref().and_then(|registry| registry.info(folders::LAYOUT).ok().flatten());
        let id = house.environment.random_id();
        self.chosen.hold(id.clone(), path.clone());
        Ok(ImageFolderChoice {
            folder: id,
            name: Open::name(&path),
            known: pattern.is_some(),
            hashes: pattern.is_none() || house.wants_hashes(&path),
            pattern: pattern.unwrap_or_else(|| folders::Layout::Known.to_string()),
            path: path.to_string_lossy().into_owned(),
        })
    }

    /// What some images of the folder would be; nothing is written. The one before is superseded. `USAGE` for what is no pattern,
    /// `CANCELLED` where another was asked for meanwhile.
    pub fn preview_image_folder(&self, said: ImageFolderPattern) -> Result<ImageFolderPreview> {
        let held = self.chosen.of(&said.folder)?;
        let layout = folders::layout(&said.pattern)?;
        let sample = {
            let mut sample = held.sample.lock().unwrap_or_else(PoisonError::into_inner);
            held.superseded.check()?;
            if let Some(sample) = &*sample {
                Arc::clone(sample)
            } else {
                // Not stopped by another pattern, which needs it too.
                let threads = self.sheaf.house().environment.threads;
                Arc::clone(sample.insert(Arc::new(Sample::take(&held.path, SAMPLE, threads, &held.gone)?)))
            }
        };
        held.superseded.check()?;
        let read = sample.read(&layout);
        let told = |pattern: &str| folders::layout(pattern).map_or((0, 0), |layout| sample.told_by(&layout));
        let mut suggested: Vec<_> = COMMON.iter().map(|pattern| (*pattern, told(pattern))).collect();
        suggested.retain(|(_, (fitting, _))| *fitting > 0);
        suggested.sort_by_key(|(_, (_, likely))| std::cmp::Reverse(*likely));
        suggested.truncate(MOST_SUGGESTED);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let suggest = |(pattern, (fitting, _)): (&str, (usize, usize))| SuggestedPattern {
            pattern: pattern.to_owned(),
            fitting: count(fitting),
        };
        held.superseded.check()?;
        Ok(ImageFolderPreview {
            fitting: count(read.fitting),
            more: read.more,
            files: read.files.into_iter().map(PreviewedFile::from).collect(),
            suggested: suggested.into_iter().map(suggest).collect(),
        })
    }

    /// Reads the folder and opens it, or reads the open one anew: then the selection stays as far as row ids do. What is open
    /// stays where that fails.
    pub fn index_image_folder(&self, said: IndexImageFolder) -> Result<OpenRegistry> {
        let held = self.chosen.of(&said.folder)?;
        let layout = folders::layout(&said.pattern)?;
        let _opening = self.opening();
        self.hashing.stop();
        let folder = FolderOptions { layout: Some(layout), ..FolderOptions::default() };
        let read = self.read_source(&held.path, Asking::Anew, Wish { folder, ..Wish::default() });
        // What is open goes on as it was.
        read.and_then(|()| self.sheaf.house().want_hashes(&held.path, said.hashes)).inspect_err(|_| self.go_on_hashing())?;
        let standing = self.standing().ok().filter(|(path, ..)| *path == held.path);
        match standing {
            Some((path, user, project)) => {
                self.show(Open::read(self.sheaf.house(), &path, user.as_deref(), project.as_deref())?)
            }
            None => self.reopen(&held.path, &mut |_| ()),
        }
    }

    /// The open folder of images; `null` where something else is open, or nothing.
    pub fn image_folder(&self, _: Nothing) -> Result<Option<ImageFolderState>> {
        let open = self.opened().as_ref().and_then(|open| Some((open.path.clone(), open.layout.clone()?)));
        let Some((path, pattern)) = open else { return Ok(None) };
        let house = self.sheaf.house();
        let (files, hashed) = house.hash_counts(&path)?;
        Ok(Some(ImageFolderState {
            pattern,
            files,
            hashed,
            hashes: house.wants_hashes(&path),
            running: self.hashing.is_running(),
            problem: self.hashing.problem(),
        }))
    }

    /// Computes the checksums of the open folder that are not known, in the background, or stops that. Those that are known stay.
    pub fn want_hashes(&self, said: HashesInput) -> Result<Option<ImageFolderState>> {
        let path = self.opened().as_ref().filter(|open| open.layout.is_some()).map(|open| open.path.clone());
        if let Some(path) = path {
            self.sheaf.house().want_hashes(&path, said.wanted)?;
            self.hashing.go_on(Some(&path));
        }
        self.image_folder(Nothing {})
    }

    /// Computes checksums of the folder that is open now, if they are wanted, and of no other.
    pub(super) fn go_on_hashing(&self) {
        let path = self.opened().as_ref().filter(|open| open.layout.is_some()).map(|open| open.path.clone());
        self.hashing.go_on(path.as_deref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_ends_with_the_next_and_all_end_with_another_folder() {
        let chosen = Chosen::default();
        chosen.hold("1".to_owned(), PathBuf::from("/one"));
        let (first, second) = (chosen.of("1").expect("known"), chosen.of("1").expect("known"));
        assert!(first.superseded.is_raised() && !first.gone.is_raised(), "the images are looked at once for both");
        assert!(!second.superseded.is_raised());
        chosen.hold("2".to_owned(), PathBuf::from("/two"));
        assert!(second.superseded.is_raised() && second.gone.is_raised(), "nobody waits for them any longer");
        assert_eq!(chosen.of("1").err().map(|error| error.code()), Some(Code::SourceUnknown));
        assert_eq!(chosen.of("2").expect("known").path, PathBuf::from("/two"));
    }
}
