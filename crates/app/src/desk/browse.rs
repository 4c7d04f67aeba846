//! Choosing patients and modalities: the tree by windows, filter, selection with undo.
//!
//! Every command that changes something answers with the whole [`BrowseState`], which is small. The page sends them one after
//! another, so that a later one never overtakes an earlier one.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sheaf_registry::ids::{FolderId, PatientId};
use sheaf_registry::index::{Target, View};
use sheaf_registry::selection::{KindChoice, Selection, TagMode};
use sheaf_registry::{Code, Error, Result};

use super::choosing::Choosing;
use super::facets::{EstimateView, ModalityFacet, TagFacet};
use super::list::ListSummary;
use super::{Desk, Nothing};

/// State of the choosing, but for the rows of the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct BrowseState {
    /// One more at every change: rows of another revision are stale.
    pub revision: u64,
    /// Patients.
    pub counts: PatientCounts,
    /// Rows of the tree, with the folders that are open now.
    pub rows: u64,
    /// What narrows the tree.
    pub filter: FilterView,
    /// What counts.
    pub contents: ContentsView,
    /// Modalities and kinds, with what the matching patients have of them.
    pub modalities: Vec<ModalityFacet>,
    /// Tags, with how many of the matching patients have them (those matching without the tag filter).
    pub tags: Vec<TagFacet>,
    /// What an export of the selection would hold, as registered.
    pub estimate: EstimateView,
    /// A step back exists.
    pub can_undo: bool,
    /// A step forth exists.
    pub can_redo: bool,
    /// The list that was pasted last.
    pub list: Option<ListSummary>,
}

/// How many patients, each counted once.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PatientCounts {
    /// All that the user may see.
    pub visible: u64,
    /// Those that match the filter.
    pub matching: u64,
    /// Those of them that are selected: `all matching` is checked when equal to `matching`.
    pub matching_selected: u64,
    /// Selected in all.
    pub selected: u64,
    /// Selected, but hidden by the filter.
    pub hidden: u64,
}

/// The filter as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FilterView {
    /// Tags by row id.
    pub tags: Vec<i64>,
    /// How several tags narrow.
    pub tag_mode: TagMode,
    /// Only patients that have files of every one of these modalities.
    pub modalities: Vec<i64>,
    /// Text in a patient's id or name, or in the name of a folder around.
    pub text: String,
    /// Only certain patients.
    pub among: Option<Among>,
}

/// The filter as it shall be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FilterInput {
    /// Tags by row id; at most 1,000.
    pub tags: Vec<i64>,
    /// How several tags narrow.
    pub tag_mode: TagMode,
    /// Only patients that have files (of the chosen kind) of every one of these modalities.
    pub modalities: Vec<i64>,
    /// Text, at most 1,000 characters.
    pub text: String,
    /// Only certain patients.
    pub among: Option<Among>,
}

/// Only certain patients, as they are at the moment when it is said first: the same said again keeps them, so that the other
/// parts of the filter can change. Say `null` in between to look anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Among {
    /// Those that are selected.
    Selected,
    /// Those that are selected and hidden by the filter that stands now.
    Hidden,
    /// Selected patients that lack this modality.
    Lacking {
        /// Row id.
        modality: i64,
    },
    /// Selected patients without a file of any chosen modality.
    Without,
    /// Selected patients that may be looked at only.
    Forbidden,
    /// The pasted list.
    List,
}

/// What counts in bytes, files and estimates, as it is. `null` modalities: all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ContentsView {
    /// Modalities by row id; `null`: all of them; empty: none.
    pub modalities: Option<Vec<i64>>,
    /// Raw, processed or both.
    pub kind: KindChoice,
}

/// What shall count.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ContentsInput {
    /// Modalities by row id; `null`: all of them; empty: none.
    pub modalities: Option<Vec<i64>>,
    /// Raw, processed or both.
    pub kind: KindChoice,
}

/// Rows of the tree that are wanted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RowRange {
    /// First row, from 0.
    pub offset: u64,
    /// At most 1,000.
    pub limit: u32,
}

/// Rows of the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TreeWindow {
    /// The revision that they belong to.
    pub revision: u64,
    /// Rows in all.
    pub total: u64,
    /// The first of these rows, from 0.
    pub offset: u64,
    /// The rows.
    pub rows: Vec<TreeRow>,
}

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TreeRow {
    /// Depth, from 1 (`aria-level`).
    pub level: u32,
    /// Place among its siblings, from 1 (`aria-posinset`).
    pub position: u32,
    /// Number of siblings with itself (`aria-setsize`).
    pub set_size: u32,
    /// State of its box.
    pub check: CheckState,
    /// What it shows.
    pub item: TreeItem,
}

/// State of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Nobody.
    None,
    /// Some.
    Some,
    /// All that match.
    All,
}

/// What a row shows. Bytes and files are of the chosen contents.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TreeItem {
    /// A folder; the numbers are of patients who match the filter.
    Folder {
        /// Row id.
        id: i64,
        /// Name.
        name: String,
        /// Whether it is open.
        expanded: bool,
        /// Patients.
        patients: u64,
        /// Selected patients.
        selected: u64,
        /// Bytes of all of them.
        bytes: u64,
        /// Bytes of the selected ones.
        selected_bytes: u64,
    },
    /// A patient in one of their folders, or in none.
    Patient {
        /// Row id.
        id: i64,
        /// The id that users know.
        patient_id: String,
        /// Name of the person; empty where the source has none or names are not shown.
        name: String,
        /// Row id of the folder around; a patient in several folders has a row in each.
        folder: Option<i64>,
        /// Short names of the modalities with files.
        modalities: Vec<String>,
        /// Files.
        files: u64,
        /// Bytes.
        bytes: u64,
        /// Whether the user may export this patient.
        may_export: bool,
    },
}

/// A row's box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CheckTarget {
    /// A folder: all in it and below it who match the filter.
    Folder {
        /// Row id.
        id: i64,
    },
    /// A patient.
    Patient {
        /// Row id.
        id: i64,
    },
}

impl From<CheckTarget> for Target {
    fn from(target: CheckTarget) -> Self {
        match target {
            CheckTarget::Folder { id } => Target::Folder(FolderId(id)),
            CheckTarget::Patient { id } => Target::Patient(PatientId(id)),
        }
    }
}

/// Check or uncheck.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CheckInput {
    /// What.
    pub target: CheckTarget,
    /// `null`: what a click does, which checks all unless all are checked.
    pub on: Option<bool>,
}

/// Check or uncheck a range of rows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CheckRows {
    /// The revision in which the rows were seen; another one is refused with `STALE_ROWS`.
    pub revision: u64,
    /// First row.
    pub from: u64,
    /// Last row, included.
    pub to: u64,
    /// Check or uncheck.
    pub on: bool,
}

/// Check or uncheck everyone who matches the filter.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CheckMatching {
    /// Check or uncheck.
    pub on: bool,
}

/// Open or close a folder.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ExpandInput {
    /// Row id.
    pub folder: i64,
    /// Open or close.
    pub open: bool,
}

/// Open or close all folders.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ExpandAll {
    /// Open or close.
    pub open: bool,
}

/// A folder, or a patient in one of their folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RowPlace {
    /// Whose row.
    pub target: CheckTarget,
    /// For a patient: the folder around the row; `null` for none.
    pub folder: Option<i64>,
}

/// Where a row stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Located {
    /// Its row, else that of the nearest folder around it that is shown; `null` where there is none.
    pub row: Option<u64>,
}

/// Find a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FindInput {
    /// Text.
    pub text: String,
    /// Row to begin after; `null`: from the top.
    pub after: Option<u64>,
    /// Only rows that are shown, by the beginning of their names (type-ahead); else anywhere, and folders are opened.
    pub shown: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Found {
    /// The row; `null` for none.
    pub row: Option<u64>,
    /// State after it: folders may have been opened.
    pub state: BrowseState,
}

/// What an export would be asked for, as it is chosen now.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// The registry file.
    pub(crate) registry: PathBuf,
    /// Who is acted as; `None`: the owner.
    pub(crate) user: Option<String>,
    /// Slug of the project.
    pub(crate) project: String,
    /// The patients and contents.
    pub(crate) selection: Selection,
}

impl Desk {
    /// What an export would be asked for, as it is chosen now. `REGISTRY_NOT_OPEN` where no project is looked at; `STALE_ROWS`
    /// where it is not what was `seen`, by its revision.
    pub(crate) fn current_request(&self, seen: Option<u64>) -> Result<Chosen> {
        let open = self.opened();
        let open = open.as_ref().ok_or_else(not_open)?;
        let choosing = open.choosing.as_ref().ok_or_else(not_open)?;
        if seen.is_some_and(|seen| seen != choosing.revision) {
            return Err(Error::new(Code::StaleRows, "What is chosen has changed since it was shown.")
                .hint("Look at it, then try again."));
        }
        Ok(Chosen {
            registry: open.path.clone(),
            user: open.user.clone(),
            project: choosing.project.clone(),
            selection: choosing.view.selection(),
        })
    }

    /// Asks about what is chosen.
    pub(super) fn choosing<T>(&self, ask: impl FnOnce(&mut Choosing) -> Result<T>) -> Result<T> {
        let mut open = self.opened();
        ask(open.as_mut().and_then(|open| open.choosing.as_mut()).ok_or_else(not_open)?)
    }

    /// Changes what is chosen; the state after it.
    pub(super) fn change(&self, change: impl FnOnce(&mut Choosing) -> Result<()>) -> Result<BrowseState> {
        self.choosing(|choosing| {
            change(choosing)?;
            Ok(choosing.state())
        })
    }

    /// The state of the choosing. `REGISTRY_NOT_OPEN`, as for all of these.
    pub fn browse(&self, _: Nothing) -> Result<BrowseState> {
        self.change(|_| Ok(()))
    }

    /// Rows of the tree.
    pub fn tree_window(&self, range: RowRange) -> Result<TreeWindow> {
        let names = self.shows_names();
        self.choosing(|choosing| choosing.window(&range, names))
    }

    /// Narrows the tree. Selection and open folders stay.
    pub fn set_filter(&self, filter: FilterInput) -> Result<BrowseState> {
        self.change(|choosing| choosing.set_filter(filter))
    }

    /// Chooses what counts.
    pub fn set_contents(&self, contents: ContentsInput) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.set_contents(contents);
            Ok(())
        })
    }

    /// Checks or unchecks a patient, or all in a folder who match the filter.
    pub fn check(&self, input: CheckInput) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.check(input.target, input.on);
            Ok(())
        })
    }

    /// Checks or unchecks a range of rows. `STALE_ROWS` where they have moved since.
    pub fn check_rows(&self, input: CheckRows) -> Result<BrowseState> {
        self.change(|choosing| choosing.check_rows(&input))
    }

    /// Checks or unchecks everyone who matches the filter.
    pub fn check_matching(&self, input: CheckMatching) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.select(|view| view.check_matching(input.on));
            Ok(())
        })
    }

    /// Unselects whoever lacks any of the chosen modalities, whether they match the filter or not; one step back undoes it.
    pub fn keep_complete(&self, _: Nothing) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.keep_complete();
            Ok(())
        })
    }

    /// Empties the selection, also of those hidden by the filter.
    pub fn clear_selection(&self, _: Nothing) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.select(View::clear);
            Ok(())
        })
    }

    /// Takes back the last change of the selection, if there is one.
    pub fn undo(&self, _: Nothing) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.undo();
            Ok(())
        })
    }

    /// Does again what was taken back last, if anything was.
    pub fn redo(&self, _: Nothing) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.redo();
            Ok(())
        })
    }

    /// Opens or closes a folder.
    pub fn expand(&self, input: ExpandInput) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.expand(|view| view.expand(FolderId(input.folder), input.open));
            Ok(())
        })
    }

    /// Opens or closes all folders.
    pub fn expand_all(&self, input: ExpandAll) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.expand(|view| view.expand_all(input.open));
            Ok(())
        })
    }

    /// Opens every folder beside a row, and the folder itself.
    pub fn expand_beside(&self, place: RowPlace) -> Result<BrowseState> {
        self.change(|choosing| {
            choosing.expand(|view| view.expand_beside(place.target.into(), place.folder.map(FolderId)));
            Ok(())
        })
    }

    /// Where a row stands now, with the filter and the folders as they are.
    pub fn locate(&self, place: RowPlace) -> Result<Located> {
        self.choosing(|choosing| {
            Ok(Located { row: choosing.view.row_near(place.target.into(), place.folder.map(FolderId)) })
        })
    }

    /// Finds the next row for a text, going around at the end.
    pub fn find(&self, input: FindInput) -> Result<Found> {
        self.choosing(|choosing| {
            let row = choosing.find(&input.text, input.after, input.shown)?;
            Ok(Found { row, state: choosing.state() })
        })
    }
}

pub(super) fn not_open() -> Error {
    Error::new(Code::RegistryNotOpen, "No project is open.").hint("Open a registry first.")
}
