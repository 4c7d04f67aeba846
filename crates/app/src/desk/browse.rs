//! Choosing patients and modalities: the tree by windows, filter, selection with undo, estimate, cohorts.
//!
//! Every command that changes something answers with the whole [`BrowseState`], which is small. The page sends them one after
//! another, so that a later one never overtakes an earlier one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sheaf_registry::ids::{FolderId, PatientId};
use sheaf_registry::index::{CompletenessRow, ModalityTotal, Scope, Target, View};
use sheaf_registry::progress::Cancel;
use sheaf_registry::selection::{KindChoice, Selection, TagMode};
use sheaf_registry::{Code, Error, Result};

use super::choosing::{Choosing, check_limit};
use super::list::{List, MOST_BYTES, decode};
use super::rule::Rule;
use super::{Desk, FileQuestion, Nothing};
use crate::patience::{PATIENCE, ask};
use crate::store::Kept;

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

/// A modality, with what the patients that match the filter have of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ModalityFacet {
    /// Row id.
    pub id: i64,
    /// Short name.
    pub slug: String,
    /// Long name.
    pub name: String,
    /// Patients with any of it in the chosen kinds.
    pub patients: u64,
    /// Files in the chosen kinds.
    pub files: u64,
    /// Bytes in the chosen kinds.
    pub bytes: u64,
    /// By kind.
    pub kinds: Vec<KindFacet>,
}

/// One kind of a modality.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct KindFacet {
    /// `raw`, `processed` or `other`.
    pub kind: String,
    /// Patients.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct TagFacet {
    /// Row id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Patients.
    pub patients: u64,
}

/// What an export of the selection would hold, as registered; exact bytes come with the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EstimateView {
    /// Selected patients that may be exported and have at least one file.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Selected patients that the user sees, but may not export.
    pub forbidden: u64,
    /// By modality and kind; only what has files.
    pub by_modality: Vec<EstimateRow>,
    /// Chosen modalities that some of the selected patients lack.
    pub lacking: Vec<LackingView>,
}

/// Part of an estimate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct EstimateRow {
    /// Row id of the modality.
    pub modality: i64,
    /// Its short name.
    pub slug: String,
    /// `raw`, `processed` or `other`.
    pub kind: String,
    /// Patients.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How many selected patients lack a modality.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LackingView {
    /// Row id.
    pub modality: i64,
    /// Short name.
    pub slug: String,
    /// Patients.
    pub patients: u64,
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

/// A pasted list of patients' ids.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PastedList {
    /// Text with one id a line, or separated by commas, semicolons, tabs or blanks; at most 16 MiB.
    pub text: String,
}

/// A list that was looked up. It is kept until the next one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ListMatch {
    /// Name of its file; `null` for a pasted one.
    pub file: Option<String>,
    /// Patients found, each once.
    pub matched: u64,
    /// Of them, how many match the filter too.
    pub matching: u64,
    /// How many ids name no patient whom the user sees.
    pub unmatched_total: u64,
    /// The first 1,000 of them, in the order of the list.
    pub unmatched: Vec<String>,
}

/// The pasted list in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ListSummary {
    /// Patients found.
    pub matched: u64,
    /// Ids not found.
    pub unmatched: u64,
}

/// What to do with the list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct UseList {
    /// What.
    pub how: ListUse,
}

/// What to do with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ListUse {
    /// Select these instead.
    Replace,
    /// Select these too.
    Add,
    /// Unselect these.
    Remove,
    /// Only show them.
    Show,
}

/// What part of the completeness view is wanted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CompletenessInput {
    /// Patients that count.
    pub scope: CompletenessScope,
    /// First row, from 0.
    pub offset: u64,
    /// At most 1,000.
    pub limit: u32,
}

/// Patients that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CompletenessScope {
    /// Those that match the filter.
    Matching,
    /// Those that are selected.
    Selected,
}

/// Who has what: patient by modality.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CompletenessPage {
    /// The columns.
    pub modalities: Vec<CompletenessColumn>,
    /// Patients in all.
    pub total: u64,
    /// The first of these rows, from 0.
    pub offset: u64,
    /// The rows.
    pub rows: Vec<CompletenessLine>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CompletenessColumn {
    /// Row id.
    pub modality: i64,
    /// Short name.
    pub slug: String,
    /// Patients that have any.
    pub patients: u64,
    /// Files.
    pub files: u64,
}

/// A patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CompletenessLine {
    /// Row id.
    pub id: i64,
    /// The id that users know.
    pub patient_id: String,
    /// Files by column.
    pub files: Vec<u64>,
}

/// Saved cohorts of the project.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Cohorts {
    /// By name.
    pub cohorts: Vec<Cohort>,
}

/// A saved cohort: a rule that is worked out anew each time, or a frozen list of patients.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Cohort {
    /// Its id.
    pub id: String,
    /// Name.
    pub name: String,
    /// A frozen list; else a rule.
    pub frozen: bool,
    /// The rule in words for people (tags, text, modalities); empty for a frozen list.
    pub rule: String,
    /// Patients when it was saved.
    pub patients: u64,
    /// When it was saved.
    pub saved_at: jiff::Timestamp,
}

/// A cohort to save.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NewCohort {
    /// Name, 1 to 200 characters.
    pub name: String,
    /// `true`: the patients that are selected now. `false`: the filter and the modalities as a rule.
    pub frozen: bool,
}

/// A cohort.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CohortId {
    /// Its id.
    pub id: String,
}

/// A cohort was applied: its patients are the selection now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CohortApplied {
    /// Patients of a frozen list that are no longer there, or that this user does not see.
    pub missing: u64,
    /// State after it.
    pub state: BrowseState,
}

/// Longest name of a cohort, in characters.
const COHORT_NAME: usize = 200;

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
    fn choosing<T>(&self, ask: impl FnOnce(&mut Choosing) -> Result<T>) -> Result<T> {
        let mut open = self.opened();
        ask(open.as_mut().and_then(|open| open.choosing.as_mut()).ok_or_else(not_open)?)
    }

    /// Changes what is chosen; the state after it.
    fn change(&self, change: impl FnOnce(&mut Choosing) -> Result<()>) -> Result<BrowseState> {
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

    /// Looks up a pasted list of patients' ids. `LIST_UNREADABLE` for one that is too long.
    pub fn match_list(&self, list: PastedList) -> Result<ListMatch> {
        self.choosing(|choosing| look_up(choosing, &list.text, None))
    }

    /// Lets the user choose a file with a list and looks it up; `null` when the dialog was closed.
    pub fn open_list(&self, _: Nothing) -> Result<Option<ListMatch>> {
        self.choosing(|_| Ok(()))?;
        let words = self.language();
        let question = FileQuestion {
            title: words.open_list().to_owned(),
            kind: Some((words.text_files().to_owned(), ["txt", "csv", "tsv"].map(ToOwned::to_owned).to_vec())),
            folder: None,
        };
        let Some(path) = self.native.choose_file(&question) else { return Ok(None) };
        let text = read_list(&path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        self.choosing(|choosing| look_up(choosing, &text, name)).map(Some)
    }

    /// Selects, adds, removes or shows the patients of the list.
    pub fn use_list(&self, input: UseList) -> Result<BrowseState> {
        self.change(|choosing| choosing.use_list(input.how))
    }

    /// Who has what: patient by modality, a page of it.
    pub fn completeness(&self, input: CompletenessInput) -> Result<CompletenessPage> {
        check_limit(input.limit)?;
        let scope = match input.scope {
            CompletenessScope::Matching => Scope::Matching,
            CompletenessScope::Selected => Scope::Selected,
        };
        self.choosing(|choosing| {
            let table = choosing.view.completeness(scope, input.offset, input.limit as usize);
            let column = |column: &ModalityTotal<'_>| CompletenessColumn {
                modality: column.modality.0,
                slug: column.slug.to_owned(),
                patients: column.patients,
                files: column.files,
            };
            let line = |row: CompletenessRow<'_>| CompletenessLine {
                id: row.patient.0,
                patient_id: row.patient_id.to_owned(),
                files: row.files,
            };
            Ok(CompletenessPage {
                modalities: table.modalities.iter().map(column).collect(),
                total: table.total,
                offset: input.offset.min(table.total),
                rows: table.rows.into_iter().map(line).collect(),
            })
        })
    }

    /// The saved cohorts of the project.
    pub fn cohorts(&self, _: Nothing) -> Result<Cohorts> {
        let (registry, project) = self.place()?;
        self.cohorts_of(&registry, &project)
    }

    /// Saves the selection, or the filter and the modalities as a rule. `NAME_INVALID` for a name that is taken or too long.
    pub fn save_cohort(&self, new: NewCohort) -> Result<Cohorts> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > COHORT_NAME {
            return Err(Error::new(Code::NameInvalid, format!("The name of a cohort has 1 to {COHORT_NAME} characters."))
                .hint("Choose another name."));
        }
        let (registry, project) = self.place()?;
        let house = self.sheaf.house();
        let (cohort, patients) = self.choosing(|choosing| {
            let mut cohort = Kept {
                id: house.environment.random_id(),
                name: name.to_owned(),
                rule: None,
                patients: 0,
                saved_at: house.environment.clock.now(),
            };
            if new.frozen {
                let ids: Vec<i64> = choosing.view.selected_ids().into_iter().map(|id| id.0).collect();
                if ids.is_empty() {
                    return Err(Error::new(Code::EmptySelection, "No patients are selected.").hint("Select some first."));
                }
                cohort.patients = ids.len() as u64;
                return Ok((cohort, ids));
            }
            let rule = Rule::of(&choosing.view)?;
            cohort.patients = choosing.view.counts().matching;
            cohort.rule = Some(rule.write());
            Ok((cohort, Vec::new()))
        })?;
        house.store.save_cohort(&registry, &project, &cohort, &patients)?;
        self.cohorts_of(&registry, &project)
    }

    /// Makes the patients of a cohort the selection. For a rule, its filter and modalities are set too.
    pub fn apply_cohort(&self, cohort: CohortId) -> Result<CohortApplied> {
        let (registry, project) = self.place()?;
        let found = self.sheaf.house().store.cohort(&registry, &project, &cohort.id)?;
        let (kept, ids) = found.ok_or_else(unknown_cohort)?;
        self.choosing(|choosing| {
            if choosing.project != project {
                return Err(unknown_cohort());
            }
            let mut missing = 0;
            if let Some(rule) = &kept.rule {
                let (filter, contents) = Rule::read(rule)?.meant(&choosing.view)?;
                choosing.set_rule(filter, contents);
                choosing.select(|view| {
                    view.clear();
                    view.check_matching(true)
                });
            } else {
                let ids: Vec<PatientId> = ids.into_iter().map(PatientId).collect();
                choosing.select(|view| {
                    missing = view.select_ids(&ids);
                    missing
                });
            }
            Ok(CohortApplied { missing, state: choosing.state() })
        })
    }

    /// Deletes a cohort; its patients stay where they are.
    pub fn delete_cohort(&self, cohort: CohortId) -> Result<Cohorts> {
        let (registry, project) = self.place()?;
        if !self.sheaf.house().store.delete_cohort(&registry, &project, &cohort.id)? {
            return Err(unknown_cohort());
        }
        self.cohorts_of(&registry, &project)
    }

    /// Id of the open registry, and slug of the project.
    fn place(&self) -> Result<(String, String)> {
        let open = self.opened();
        let open = open.as_ref().ok_or_else(not_open)?;
        Ok((open.id.clone(), open.choosing.as_ref().ok_or_else(not_open)?.project.clone()))
    }

    fn cohorts_of(&self, registry: &str, project: &str) -> Result<Cohorts> {
        let language = self.language();
        // One that cannot be read has no words; applying it says why.
        let words = |rule: &String| Rule::read(rule).map(|rule| rule.words(language)).unwrap_or_default();
        let cohorts = self.sheaf.house().store.cohorts(registry, project)?.into_iter().map(|kept| Cohort {
            id: kept.id,
            name: kept.name,
            frozen: kept.rule.is_none(),
            rule: kept.rule.as_ref().map(words).unwrap_or_default(),
            patients: kept.patients,
            saved_at: kept.saved_at,
        });
        Ok(Cohorts { cohorts: cohorts.collect() })
    }
}

fn not_open() -> Error {
    Error::new(Code::RegistryNotOpen, "No project is open.").hint("Open a registry first.")
}

fn unknown_cohort() -> Error {
    Error::new(Code::UnknownCohort, "This cohort is not there any longer.").hint("Look at the list of cohorts again.")
}

/// Looks up a list and keeps it.
fn look_up(choosing: &mut Choosing, text: &str, file: Option<String>) -> Result<ListMatch> {
    let list = List::look_up(&choosing.view, text, file)?;
    let found = ListMatch {
        file: list.file.clone(),
        matched: list.patients.len() as u64,
        matching: choosing.view.count_matching(&list.patients),
        unmatched_total: list.unmatched_total,
        unmatched: list.unmatched.clone(),
    };
    choosing.list = Some(list);
    Ok(found)
}

/// Reads a file that may be anything, and may be on a disk that is silent.
fn read_list(path: &Path) -> Result<String> {
    use std::io::Read as _;
    let asked = path.to_owned();
    let read = move |_: &_| {
        let file = std::fs::File::open(asked)?;
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let failed = |why: &str| {
        Error::new(Code::ListUnreadable, format!("{} cannot be read: {why}.", path.display()))
            .hint("Check the file, or paste the ids.")
    };
    match ask(PATIENCE, &Cancel::new(), read) {
        None => Err(failed("its disk does not answer")),
        Some(Err(error)) => Err(failed(&error.to_string()).cause(error)),
        Some(Ok(bytes)) => decode(&bytes),
    }
}
