//! Studies: search, select and copy.
//!
//! The studies of a registry are read into memory once, at the first look. A question makes the one before it stop, which is
//! then answered with `CANCELLED`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sheaf_registry::progress::{Cancel, Observer as _, Phase};
use sheaf_registry::studies::{Criteria, Study, StudyField, StudyFilter, StudyIndex, StudySort, ValueCount};
use sheaf_registry::text::fold;
use sheaf_registry::{Code, Error, Result};
use sheaf_tables::{About, Columns, CsvDialect, Format, Limits, Table, TableOptions};

use super::browse::RowRange;
use super::choosing::check_limit;
use super::open::Open;
use super::registries::nothing_open;
use super::study_list::StudyListView;
use super::study_tables::StudyColumns;
use super::studying::{Answer, Place, Rights, Studying};
use super::{Desk, Nothing, TaskId};
use crate::house::actor;
use crate::platform;
use crate::progress::Meter;
use crate::studies::progress;
use crate::study_search::StudyValueCount;

/// What is known about the studies, but for their rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudiesState {
    /// One more at every change: rows of another revision are stale.
    pub revision: u64,
    /// Whether this user may see studies at all.
    pub may_read: bool,
    /// Whether this user may export them.
    pub may_export: bool,
    /// Studies that the user sees.
    pub total: u64,
    /// Studies that match.
    pub matching: u64,
    /// Selected studies, whether they match or not.
    pub selected: u64,
    /// Those of them that match.
    pub matching_selected: u64,
    /// What was said, with the time zone that it means.
    pub filter: StudyFilter,
    /// The order, as `order_datetime_desc`.
    pub sort: String,
    /// In which days begin and times are written.
    pub time_zone: String,
    /// At most so many studies in one table; `null`: no limit.
    pub limit: Option<u64>,
    /// Some patient has a record number, so that studies can be matched with patients.
    pub record_numbers: bool,
    /// Record numbers of a table of the user's, which are used besides those of the registry.
    pub own_record_numbers: u64,
    /// The list that they are from; `null`: they are the registry's own.
    pub list: Option<StudyListView>,
    /// Columns of the table, and sets of them.
    pub columns: StudyColumns,
}

/// Which studies, in which order.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudiesQuery {
    /// Which.
    pub filter: StudyFilter,
    /// The order, as `order_datetime_desc`.
    pub sort: String,
}

/// Some rows of those that match.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudyWindow {
    /// The revision that they belong to.
    pub revision: u64,
    /// Rows in all.
    pub total: u64,
    /// The first of these rows, from 0.
    pub offset: u64,
    /// The rows.
    pub rows: Vec<StudyLine>,
}

/// A study as the page shows it: texts as they stand, times written in the zone of the filter.
#[derive(Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the fields are the columns of the source, named as there")]
pub struct StudyLine {
    pub exam_id: String,
    pub medical_record_no: String,
    pub application_order_no: String,
    pub patient_name: String,
    pub patient_gender: String,
    pub patient_birth_date: String,
    pub patient_age: Option<i64>,
    pub exam_status: String,
    pub exam_source: String,
    pub exam_item: String,
    pub exam_description: String,
    pub exam_room: String,
    pub exam_equipment: String,
    pub equipment_type: String,
    pub order_datetime: String,
    pub check_in_datetime: String,
    pub report_certification_datetime: String,
    pub certified_physician: String,
    /// Whether it is selected.
    pub selected: bool,
}

impl std::fmt::Debug for StudyLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudyLine").field("exam_id", &self.exam_id).finish_non_exhaustive()
    }
}

impl StudyLine {
    fn new(study: Study, zone: &TimeZone, names: bool, selected: bool) -> Self {
        let time = |time: Option<Timestamp>| {
            time.map(|time| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
        };
        Self {
            exam_id: study.exam_id,
            medical_record_no: study.medical_record_no,
            application_order_no: study.application_order_no,
            patient_name: if names { study.patient_name } else { String::new() },
            patient_gender: study.patient_gender,
            patient_birth_date: study.patient_birth_date,
            patient_age: study.patient_age,
            exam_status: study.exam_status,
            exam_source: study.exam_source,
            exam_item: study.exam_item,
            exam_description: study.exam_description,
            exam_room: study.exam_room,
            exam_equipment: study.exam_equipment,
            equipment_type: study.equipment_type,
            order_datetime: time(study.order_datetime),
            check_in_datetime: time(study.check_in_datetime),
            report_certification_datetime: time(study.report_certification_datetime),
            certified_physician: study.certified_physician,
            selected,
        }
    }
}

/// Which values a field has.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudyValuesInput {
    /// Name of a categorical field.
    pub field: String,
    /// Of which studies.
    pub filter: StudyFilter,
    /// Only values with this in them, whatever the case; empty for all.
    pub contains: String,
}

/// Values of a field, the most frequent first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudyValuesFound {
    /// The first of them.
    pub values: Vec<StudyValueCount>,
    /// How many there are.
    pub total: u64,
}

/// The studies that match, in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudiesSummary {
    /// By status, the most frequent first.
    pub by_status: Vec<StudyValueCount>,
    /// By source, the most frequent first.
    pub by_source: Vec<StudyValueCount>,
    /// By the month of the order, as `2025-01`, by time; empty for studies without one.
    pub by_month: Vec<StudyValueCount>,
}

/// What shall be selected or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StudyTarget {
    /// One row: selected if it was not.
    Row {
        /// Which.
        row: u64,
    },
    /// A range of rows.
    Rows {
        /// First row.
        from: u64,
        /// Last row, included.
        to: u64,
        /// Select or not.
        on: bool,
    },
    /// All that match.
    All,
    /// Nothing, also of those that do not match.
    None,
}

/// A change of the selection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudiesSelect {
    /// The revision in which the rows were seen; one in which they stood elsewhere is refused with `STALE_ROWS`.
    pub revision: u64,
    /// What.
    pub target: StudyTarget,
}

/// Which studies are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StudiesWhat {
    /// Those that match.
    Matching,
    /// Those that are selected, whether they match or not.
    Selected,
}

/// Studies for the clipboard.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudiesCopy {
    /// The revision in which the row was seen; one in which it stood elsewhere is refused with `STALE_ROWS`.
    pub revision: u64,
    /// One row; `null`: those that are selected.
    pub row: Option<u64>,
    /// The columns, in their order.
    pub columns: Vec<String>,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudiesCopied {
    /// Studies.
    pub rows: u64,
}

/// Most values of a field that are answered.
const MOST_VALUES: usize = 200;
/// Most studies for the clipboard.
const MOST_COPIED: usize = 50_000;

impl Desk {
    /// What is known about the studies; they are read at the first look, with progress.
    pub fn studies_state(&self, task: TaskId) -> Result<StudiesState> {
        let task = self.tasks.begin(&task.task)?;
        let _reading = self.studies.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let columns = self.study_columns()?;
        let (own, opened_at, id, has_lists) = {
            let open = self.opened();
            let open = open.as_ref().ok_or_else(nothing_open)?;
            if let Some(studying) = &open.studies {
                return Ok(self.state_of(studying, columns));
            }
            (place(open), open.opened_at, open.id.clone(), open.has_lists())
        };
        let house = self.sheaf.house();
        // A list is the account's own: a user whom its owner acts as looks at the studies of the registry.
        let list = Some(self.list_of(&id)).filter(|list| has_lists && list.exists());
        let place = list.clone().map_or_else(|| own.clone(), |path| Place { path, user: None });
        let registry = house.registry(&place.path)?;
        let viewer = registry.viewer(&actor(place.user.as_deref()))?;
        let total = registry.study_count(&viewer)?;
        let meter = Meter::new(task.listener());
        let watch = |done| meter.observe(&progress(Phase::Preparing, done, total));
        let index = Arc::new(StudyIndex::load_watched(&registry, &viewer, task.cancel(), watch)?);
        meter.finish();
        let rights = Rights {
            read: viewer.may_read_studies(),
            export: viewer.may_export_studies(),
            record_numbers: match list {
                Some(_) => house.registry(&own.path)?.has_record_numbers()?,
                None => registry.has_record_numbers()?,
            },
        };
        let list = match list {
            Some(_) => Some(StudyListView { name: registry.source()?.unwrap_or_default(), read_at: registry.synced_at()? }),
            None => None,
        };
        let (filter, sort) = self.studies.recall(&place.path, place.user.as_deref());
        let criteria = Criteria::new(&filter, &house.environment.zone)?;
        let answer = Answer::to(&index, criteria, sort, task.cancel())?;
        let mut open = self.opened();
        let open = open.as_mut().filter(|open| open.opened_at == opened_at && open.path == own.path).ok_or_else(|| {
            Error::new(Code::Cancelled, "Another registry was opened meanwhile.").hint("Look at the studies again.")
        })?;
        let studying = open.studies.insert(Studying::new(place, list, index, rights, answer));
        studying.own_numbers = house.store.count_record_numbers(&id)?;
        Ok(self.state_of(studying, columns))
    }

    /// Searches. `INVALID_FILTER` names the field that is wrong; `CANCELLED` where another question came meanwhile.
    pub fn studies_query(&self, query: StudiesQuery) -> Result<StudiesState> {
        let cancel = self.studies.supersede();
        let sort = StudySort::named(&query.sort)
            .ok_or_else(|| Error::new(Code::Usage, "There is no such order.").hint("Choose a column to sort by."))?;
        let criteria = Criteria::new(&query.filter, &self.sheaf.house().environment.zone)?;
        let index = self.studying(|studying| Ok(Arc::clone(&studying.index)))?;
        let answer = Answer::to(&index, criteria, sort, &cancel)?;
        let columns = self.study_columns()?;
        let mut open = self.opened();
        let open = open.as_mut().ok_or_else(nothing_open)?;
        let studying = open.studies.as_mut().ok_or_else(not_read)?;
        // Another question, or another registry, that came meanwhile is not overtaken.
        cancel.check()?;
        if !Arc::ptr_eq(&studying.index, &index) {
            return Err(Error::new(Code::Cancelled, "The studies were read anew meanwhile.").hint("Search again."));
        }
        studying.show(answer);
        let place = studying.place.clone();
        self.studies.remember(place.path, place.user, query.filter, sort);
        Ok(self.state_of(studying, columns))
    }

    /// Some rows of those that match.
    pub fn studies_rows(&self, range: RowRange) -> Result<StudyWindow> {
        check_limit(range.limit)?;
        let names = self.shows_names();
        let (place, revision, total, zone, wanted) = self.placed(|place, studying| {
            let total = studying.answer.rows.len();
            let first = usize::try_from(range.offset).unwrap_or(usize::MAX).min(total);
            let end = first.saturating_add(range.limit as usize).min(total);
            let rows = &studying.answer.rows[first..end];
            let wanted: Vec<(String, bool)> =
                rows.iter().map(|&row| (studying.index.exam_id(row).to_owned(), studying.is_selected(row))).collect();
            Ok((place, studying.revision, total as u64, studying.answer.criteria.zone().clone(), wanted))
        })?;
        let mut found = self.read(&place, wanted.iter().map(|(id, _)| id.as_str()))?;
        let rows = wanted.into_iter().map(|(id, selected)| match found.remove(&id) {
            Some(study) => StudyLine::new(study, &zone, names, selected),
            // It has left the registry since it was read.
            None => StudyLine { exam_id: id, selected, ..StudyLine::default() },
        });
        Ok(StudyWindow { revision, total, offset: range.offset.min(total), rows: rows.collect() })
    }

    /// The values of a field among the studies of a filter, the most frequent first.
    pub fn studies_values(&self, input: StudyValuesInput) -> Result<StudyValuesFound> {
        let field = StudyField::categorical(&input.field)?;
        let criteria = Criteria::new(&input.filter, &self.sheaf.house().environment.zone)?;
        let index = self.studying(|studying| Ok(Arc::clone(&studying.index)))?;
        let found = if criteria.is_everything() { None } else { Some(index.find(&criteria, &Cancel::new())?) };
        let mut values = index.values(field, found.as_ref());
        let contains = fold(input.contains.trim());
        values.retain(|value| fold(&value.value).contains(&*contains));
        let total = values.len() as u64;
        values.truncate(MOST_VALUES);
        Ok(StudyValuesFound { values: counts(values.into_iter()), total })
    }

    /// The studies that match, in short.
    pub fn studies_summary(&self, _: Nothing) -> Result<StudiesSummary> {
        let (index, answer) = self.studying(|studying| Ok((Arc::clone(&studying.index), studying.answer.clone())))?;
        let months = index.months(&answer.found, answer.criteria.zone()).into_iter();
        Ok(StudiesSummary {
            by_status: counts(index.values(StudyField::ExamStatus, Some(&answer.found)).into_iter()),
            by_source: counts(index.values(StudyField::ExamSource, Some(&answer.found)).into_iter()),
            by_month: months.map(|month| StudyValueCount { value: month.month, count: month.count }).collect(),
        })
    }

    /// Selects studies, or not.
    pub fn studies_select(&self, input: StudiesSelect) -> Result<StudiesState> {
        let columns = self.study_columns()?;
        self.studying(|studying| {
            studying.select(input.revision, input.target)?;
            Ok(self.state_of(studying, columns))
        })
    }

    /// Puts studies on the clipboard as lines with tabs, the titles first. What a spreadsheet would run gets a `'`.
    pub fn studies_copy(&self, input: StudiesCopy) -> Result<StudiesCopied> {
        let columns = Columns::named(&input.columns.join(","))?;
        let (place, zone, ids) = self.placed(|place, studying| {
            let rows = match input.row {
                Some(row) => {
                    studying.must_stand(input.revision)?;
                    let row = usize::try_from(row).unwrap_or(usize::MAX);
                    studying.answer.rows.get(row).copied().into_iter().collect()
                }
                None => studying.rows_of(StudiesWhat::Selected),
            };
            if rows.len() > MOST_COPIED {
                let message = format!("{} studies are more than the clipboard takes: {MOST_COPIED}.", rows.len());
                return Err(Error::new(Code::LimitExceeded, message).hint("Export them as a table."));
            }
            let ids: Vec<String> = rows.into_iter().map(|row| studying.index.exam_id(row).to_owned()).collect();
            Ok((place, studying.answer.criteria.zone().clone(), ids))
        })?;
        let mut found = self.read(&place, ids.iter().map(String::as_str))?;
        let names = self.shows_names();
        let studies = ids.iter().filter_map(|id| found.remove(id)).map(|mut study| {
            if !names {
                study.patient_name.clear();
            }
            study
        });
        let (text, rows) = self.tabs(studies, columns, zone)?;
        self.native.copy(&text)?;
        Ok(StudiesCopied { rows })
    }

    /// Asks about the studies that are looked at.
    pub(super) fn studying<T>(&self, ask: impl FnOnce(&mut Studying) -> Result<T>) -> Result<T> {
        self.placed(|_, studying| ask(studying))
    }

    /// The same, with what else is to be known.
    pub(super) fn placed<T>(&self, ask: impl FnOnce(Place, &mut Studying) -> Result<T>) -> Result<T> {
        let mut open = self.opened();
        let open = open.as_mut().ok_or_else(nothing_open)?;
        let studying = open.studies.as_mut().ok_or_else(not_read)?;
        ask(studying.place.clone(), studying)
    }

    fn state_of(&self, studying: &Studying, columns: StudyColumns) -> StudiesState {
        let (selected, matching_selected) = studying.counts();
        let criteria = &studying.answer.criteria;
        StudiesState {
            revision: studying.revision,
            may_read: studying.rights.read,
            may_export: studying.rights.export,
            total: studying.index.len() as u64,
            matching: studying.answer.rows.len() as u64,
            selected,
            matching_selected,
            filter: criteria.filter().clone(),
            sort: studying.answer.sort.to_string(),
            time_zone: criteria.zone_name().to_owned(),
            limit: self.sheaf.settings().max_studies_per_export,
            record_numbers: studying.rights.record_numbers || studying.own_numbers > 0,
            own_record_numbers: studying.own_numbers,
            list: studying.list.clone(),
            columns,
        }
    }

    /// Studies by their ids.
    fn read<'a>(&self, place: &Place, ids: impl IntoIterator<Item = &'a str>) -> Result<HashMap<String, Study>> {
        let registry = self.sheaf.house().registry(&place.path)?;
        let viewer = registry.viewer(&actor(place.user.as_deref()))?;
        Ok(registry.studies(&viewer, ids)?.into_iter().map(|study| (study.exam_id.clone(), study)).collect())
    }

    /// Studies as lines with tabs, by the one writer of tables.
    fn tabs(&self, studies: impl Iterator<Item = Study>, columns: Columns, zone: TimeZone) -> Result<(String, u64)> {
        let house = self.sheaf.house();
        let scratch = house.scratch()?;
        let path = scratch.join(format!("copy-{}", house.environment.random_id()));
        let failed = |error: std::io::Error| {
            Error::new(Code::WriteFailed, format!("The table for the clipboard could not be made: {error}."))
                .hint("Check the disk of Sheaf's home.")
        };
        let file = platform::private_file().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
        // It has no name from here on, and so goes whatever happens.
        std::fs::remove_file(&path).map_err(failed)?;
        let mut whole = file.try_clone().map_err(failed)?;
        let options = TableOptions {
            format: Format::Csv(CsvDialect { bom: false, tabs: true, neutralise: true }),
            columns,
            zone,
            about: About { lines: Vec::new(), created_at: house.environment.clock.now() },
            limits: Limits::default(),
        };
        let mut table = Table::new(file, options, &scratch, &Cancel::new())?;
        for study in studies {
            table.push(&study)?;
        }
        let rows = table.finish()?.rows;
        let mut text = String::new();
        std::io::Seek::rewind(&mut whole).map_err(failed)?;
        std::io::Read::read_to_string(&mut whole, &mut text).map_err(failed)?;
        Ok((text, rows))
    }
}

/// The open registry, and who looks at it.
pub(super) fn place(open: &Open) -> Place {
    Place { path: open.path.clone(), user: open.user.clone() }
}

fn counts(values: impl Iterator<Item = ValueCount>) -> Vec<StudyValueCount> {
    values.map(|value| StudyValueCount { value: value.value, count: value.count }).collect()
}

fn not_read() -> Error {
    Error::new(Code::RegistryNotOpen, "The studies have not been read.").hint("Look at the studies again.")
}
