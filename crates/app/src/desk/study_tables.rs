//! Tables of studies: which columns they have, and their exports.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::StudyField;
use sheaf_registry::{Code, Error, Result};
use sheaf_tables::Columns;

use super::exports::ExportRow;
use super::studies::StudiesWhat;
use super::{Desk, SaveQuestion};
use crate::house::actor;
use crate::studies::{StudyExportRequest, TableFormat, automatic_name, create, may_export, refuse};

/// Columns of the table on the page. Kept for all registries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudyColumns {
    /// The columns that are shown, in their order.
    pub shown: Vec<String>,
    /// Widths in pixels of those that have another one than usual.
    pub widths: BTreeMap<String, u32>,
    /// Sets of columns, by name.
    pub sets: Vec<StudyColumnSet>,
}

/// Columns under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudyColumnSet {
    /// Name, 1 to 80 characters.
    pub name: String,
    /// The columns, in their order.
    pub columns: Vec<String>,
}

/// Studies shall be written as a table; where to is asked by the desktop's own dialog.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudiesExport {
    /// Which.
    pub what: StudiesWhat,
    /// The format.
    pub format: TableFormat,
    /// A byte order mark in a CSV.
    pub bom: bool,
    /// Put a file with the checksum beside it.
    pub sha256_file: bool,
    /// The columns, in their order.
    pub columns: Vec<String>,
}

/// The key under which the columns are kept.
const COLUMNS: &str = "studies.columns";
/// Most sets of columns, and the longest name of one.
const MOST_SETS: usize = 100;
const SET_NAME: usize = 80;

impl Desk {
    /// Keeps the columns of the table, and the sets of them.
    pub fn studies_columns(&self, mut columns: StudyColumns) -> Result<StudyColumns> {
        if columns.sets.len() > MOST_SETS {
            return Err(Error::new(Code::Usage, format!("At most {MOST_SETS} sets of columns are kept."))
                .hint("Delete one that is no longer needed."));
        }
        let mut names = HashSet::new();
        for set in &mut columns.sets {
            set.name = set.name.trim().to_owned();
            if set.name.is_empty() || set.name.chars().count() > SET_NAME || !names.insert(set.name.clone()) {
                let message = format!("A set of columns has a name of its own, of 1 to {SET_NAME} characters.");
                return Err(Error::new(Code::NameInvalid, message).hint("Choose another name."));
            }
            Columns::named(&set.columns.join(","))?;
        }
        Columns::named(&columns.shown.join(","))?;
        columns.widths.retain(|name, _| StudyField::named(name).is_some());
        let text = serde_json::to_string(&columns).unwrap_or_default();
        self.sheaf.house().store.keep(COLUMNS, Some(Path::new(&text)))?;
        Ok(columns)
    }

    /// Lets the user say where a table goes, then creates its export and queues it; `null` when the dialog was closed. What
    /// would be refused is refused before anything is asked.
    pub fn studies_export(&self, input: StudiesExport) -> Result<Option<ExportRow>> {
        let columns = Columns::named(&input.columns.join(","))?;
        let (place, filter, sort, count) = self.placed(|place, studying| {
            let count = match input.what {
                StudiesWhat::Matching => studying.answer.rows.len() as u64,
                StudiesWhat::Selected => studying.counts().0,
            };
            Ok((place, studying.filter_of(input.what), studying.answer.sort, count))
        })?;
        let house = self.sheaf.house();
        may_export(&house.registry(&place.path)?.viewer(&actor(place.user.as_deref()))?)?;
        refuse(count, house)?;
        let extension = input.format.extension();
        let question = SaveQuestion {
            title: self.language().save_studies().to_owned(),
            file_name: format!("{}.{extension}", automatic_name(house)),
            folder: self.destination_folder()?,
        };
        let Some(mut out) = self.native.choose_save(&question) else { return Ok(None) };
        if out.extension().is_none_or(|said| !said.eq_ignore_ascii_case(extension)) {
            let mut name = out.file_name().unwrap_or_default().to_owned();
            name.push(".");
            name.push(extension);
            out.set_file_name(name);
        }
        let request = StudyExportRequest {
            registry: place.path,
            user: place.user,
            filter,
            sort,
            columns,
            format: input.format,
            bom: input.bom,
            neutralise: true,
            sha256_file: input.sha256_file,
            out,
        };
        let record = create(house, &request, Some(count), &Cancel::new())?;
        self.run(record).map(Some)
    }

    /// The columns as they were kept; the usual ones where they are not understood.
    pub(super) fn study_columns(&self) -> Result<StudyColumns> {
        let kept = self.sheaf.house().store.value(COLUMNS)?;
        let kept = kept.as_deref().and_then(Path::to_str).and_then(|text| serde_json::from_str(text).ok());
        Ok(kept.unwrap_or_else(|| StudyColumns {
            shown: Columns::list().fields().iter().map(|field| field.name().to_owned()).collect(),
            ..StudyColumns::default()
        }))
    }
}
