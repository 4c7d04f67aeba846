//! Who has what: patient by modality.

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;
use sheaf_registry::index::{CompletenessRow, ModalityTotal, Scope};

use super::Desk;
use super::choosing::check_limit;

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
    /// The revision that they belong to.
    pub revision: u64,
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

impl Desk {
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
                revision: choosing.revision,
                modalities: table.modalities.iter().map(column).collect(),
                total: table.total,
                offset: input.offset.min(table.total),
                rows: table.rows.into_iter().map(line).collect(),
            })
        })
    }
}
