//! What there is to choose from, and what the choice would cost.

use serde::Serialize;

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
