//! Choosing patients and modalities: the tree by windows, filter, selection with undo, estimate, cohorts.
//!
//! Every command that changes something answers with the whole [`BrowseState`], which is small. The page sends them one after
//! another, so that a later one never overtakes an earlier one.

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;
use sheaf_registry::selection::{KindChoice, TagMode};
use super::{Desk, Nothing, not_yet};

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

/// Only certain patients, as they are at this moment.
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

impl Desk {
    /// Not there yet.
    pub fn browse(&self, _: Nothing) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn tree_window(&self, _: RowRange) -> Result<TreeWindow> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn set_filter(&self, _: FilterInput) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn set_contents(&self, _: ContentsInput) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn check(&self, _: CheckInput) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn check_rows(&self, _: CheckRows) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn check_matching(&self, _: CheckMatching) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn clear_selection(&self, _: Nothing) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn undo(&self, _: Nothing) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn redo(&self, _: Nothing) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn expand(&self, _: ExpandInput) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn expand_all(&self, _: ExpandAll) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn find(&self, _: FindInput) -> Result<Found> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn match_list(&self, _: PastedList) -> Result<ListMatch> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn open_list(&self, _: Nothing) -> Result<Option<ListMatch>> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn use_list(&self, _: UseList) -> Result<BrowseState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn completeness(&self, _: CompletenessInput) -> Result<CompletenessPage> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn cohorts(&self, _: Nothing) -> Result<Cohorts> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn save_cohort(&self, _: NewCohort) -> Result<Cohorts> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn apply_cohort(&self, _: CohortId) -> Result<CohortApplied> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn delete_cohort(&self, _: CohortId) -> Result<Cohorts> {
        Err(not_yet())
    }
}
