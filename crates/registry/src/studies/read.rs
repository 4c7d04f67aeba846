//! Studies out of the registry, row by row: memory does not grow with them.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{FromSqlError, Type, ValueRef};
use rusqlite::{Connection, Row};

use crate::access::Viewer;
use crate::error::{Error, Result};
use crate::ids::PatientId;
use crate::index::natural_key;
use crate::progress::Cancel;
use crate::registry::Registry;
use crate::text::{fold, natural_cmp};

use super::criteria::{Criteria, Judge};
use super::order::StudySort;
use super::study::{FieldKind, Study, StudyField};

/// Rows between two looks at the cancel flag.
const LOOK: u64 = 1024;
/// Up to so many ids are looked up one by one rather than by reading every row.
const FEW_IDS: usize = 50_000;

/// A value of a field, and how many studies have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueCount {
    /// The text as it stands; empty for studies that have none.
    pub value: String,
    /// How many studies.
    pub count: u64,
}

/// Some of the studies that match, and how many match in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudyPage {
    /// How many match.
    pub total: u64,
    /// Those of the page.
    pub rows: Vec<Study>,
}

/// How many studies match, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudyCount {
    /// Matching.
    pub matching: u64,
    /// In all.
    pub all: u64,
}

impl Registry {
    /// Hands every matching study to `take`, in order, until it fails. Nothing for a viewer who may not see studies. All rows
    /// are of one state of the registry.
    ///
    /// # Errors
    /// That of `take`; `CANCELLED`; those of reading.
    pub fn each_study(
        &self,
        viewer: &Viewer,
        criteria: &Criteria,
        sort: StudySort,
        cancel: &Cancel,
        mut take: impl FnMut(&Study) -> Result<()>,
    ) -> Result<StudyCount> {
        viewer.must_belong_to(self)?;
        let mut count = StudyCount { matching: 0, all: 0 };
        if !viewer.may_read_studies() {
            return Ok(count);
        }
        let transaction = self.snapshot()?;
        let mut judge = Judge::new(criteria);
        self.stream(criteria, sort, &mut |study| {
            if count.all.is_multiple_of(LOOK) {
                cancel.check()?;
            }
            count.all += 1;
            if judge.matches(study) {
                count.matching += 1;
                take(study)?;
            }
            Ok(())
        })?;
        self.unchanged()?;
        drop(transaction);
        Ok(count)
    }

    /// How many studies there are for a viewer.
    ///
    /// # Errors
    /// Those of reading.
    pub fn study_count(&self, viewer: &Viewer) -> Result<u64> {
        viewer.must_belong_to(self)?;
        if !viewer.may_read_studies() {
            return Ok(0);
        }
        let counted = self.rows("SELECT count(*) FROM study", [], |row| row.get::<_, i64>(0))?;
        Ok(counted.first().map_or(0, |count| count.cast_unsigned()))
    }

    /// A page of the matching studies, and how many match.
    ///
    /// # Errors
    /// `CANCELLED`; those of reading.
    pub fn study_page(
        &self,
        viewer: &Viewer,
        criteria: &Criteria,
        sort: StudySort,
        (offset, limit): (u64, u64),
        cancel: &Cancel,
    ) -> Result<StudyPage> {
        let (mut rows, mut at) = (Vec::new(), 0_u64);
        let count = self.each_study(viewer, criteria, sort, cancel, |study| {
            if at >= offset && at - offset < limit {
                rows.push(study.clone());
            }
            at += 1;
            Ok(())
        })?;
        Ok(StudyPage { total: count.matching, rows })
    }

    /// The values that matching studies have in a field, the most frequent first.
    ///
    /// # Errors
    /// `CANCELLED`; those of reading.
    pub fn study_values(
        &self,
        viewer: &Viewer,
        field: StudyField,
        criteria: &Criteria,
        cancel: &Cancel,
    ) -> Result<Vec<ValueCount>> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        self.each_study(viewer, criteria, StudySort::default(), cancel, |study| {
            let text = study.text(field);
            match counts.get_mut(text) {
                Some(count) => *count += 1,
                None => _ = counts.insert(text.to_owned(), 1),
            }
            Ok(())
        })?;
        Ok(most_frequent_first(counts))
    }

    /// The studies of these ids, in the order of the list; ids that no study has, or that this viewer may not see, are left
    /// out.
    ///
    /// # Errors
    /// Those of reading.
    pub fn studies<'a>(&self, viewer: &Viewer, ids: impl IntoIterator<Item = &'a str>) -> Result<Vec<Study>> {
        viewer.must_belong_to(self)?;
        let mut found = Vec::new();
        if !viewer.may_read_studies() {
            return Ok(found);
        }
        let sql = format!("SELECT {} FROM study WHERE exam_id = ?1", columns());
        let ask = || -> rusqlite::Result<()> {
            let mut statement = self.connection().prepare_cached(&sql)?;
            for id in ids {
                let mut rows = statement.query([id])?;
                while let Some(row) = rows.next()? {
                    let mut study = Study::default();
                    fill(&mut study, row)?;
                    found.push(study);
                }
            }
            Ok(())
        };
        ask().map_err(|error| self.failed(error))?;
        Ok(found)
    }

    /// The patients of a project by their record number. Which of them a viewer sees is for the view of the project to say.
    ///
    /// # Errors
    /// Those of reading.
    pub fn patients_by_record_number(&self, viewer: &Viewer, project: &str) -> Result<HashMap<String, Vec<PatientId>>> {
        viewer.must_belong_to(self)?;
        let sql = "SELECT patient.record_no, patient.id FROM patient JOIN project ON project.id = patient.project_id
                    WHERE project.slug = ?1 AND patient.record_no <> '' AND patient.deleted = 0 ORDER BY patient.id";
        let mut patients: HashMap<String, Vec<PatientId>> = HashMap::new();
        for (number, patient) in self.rows(sql, [project], |row| Ok((row.get::<_, String>(0)?, PatientId(row.get(1)?))))? {
            patients.entry(number).or_default().push(patient);
        }
        Ok(patients)
    }

    /// Whether any patient has a record number, so that studies can be matched with patients.
    ///
    /// # Errors
    /// Those of reading.
    pub fn has_record_numbers(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM patient WHERE record_no <> '' AND deleted = 0)";
        Ok(self.rows(sql, [], |row| row.get::<_, bool>(0))?.first().copied().unwrap_or(false))
    }

    /// Every study in order; those that cannot match may be left out.
    fn stream(&self, criteria: &Criteria, sort: StudySort, take: &mut dyn FnMut(&Study) -> Result<()>) -> Result<()> {
        let ids = criteria.ids.as_ref().filter(|ids| ids.len() <= FEW_IDS);
        let ids = ids.map(|ids| ids.iter().map(String::as_str).collect::<serde_json::Value>().to_string());
        let among = if ids.is_some() { "exam_id IN (SELECT value FROM json_each(?1))" } else { "?1 IS NULL" };
        let columns = columns();
        let mut run = |sql: &str| self.stream_rows(sql, ids.as_deref(), take);
        if sort.field == StudyField::OrderDatetime && self.order_times_sort_as_text()? {
            if sort.descending {
                return run(&format!("SELECT {columns} FROM study WHERE {among} ORDER BY order_datetime DESC, exam_id"));
            }
            run(&format!(
                "SELECT {columns} FROM study WHERE {among} AND order_datetime IS NOT NULL ORDER BY order_datetime, exam_id"
            ))?;
            return run(&format!("SELECT {columns} FROM study WHERE {among} AND order_datetime IS NULL ORDER BY exam_id"));
        }
        add_functions(self.connection()).map_err(|error| self.failed(error))?;
        // The sorter holds keys and row ids; SQLite moves them to a file of its own where they are many.
        self.stream_sorted(
            &format!("SELECT rowid FROM study WHERE {among} ORDER BY {}", ordering(sort)),
            &format!("SELECT {columns} FROM study WHERE rowid = ?1"),
            ids.as_deref(),
            take,
        )
    }

    fn stream_sorted(
        &self,
        sorted: &str,
        one: &str,
        ids: Option<&str>,
        take: &mut dyn FnMut(&Study) -> Result<()>,
    ) -> Result<()> {
        let mut stopped = None;
        let mut ask = || -> rusqlite::Result<()> {
            let (mut sorted, mut one) = (self.connection().prepare(sorted)?, self.connection().prepare(one)?);
            let mut places = sorted.query([ids])?;
            let mut study = Study::default();
            while let Some(place) = places.next()? {
                one.query_row([place.get::<_, i64>(0)?], |row| fill(&mut study, row))?;
                if let Err(error) = take(&study) {
                    stopped = Some(error);
                    break;
                }
            }
            Ok(())
        };
        ask().map_err(|error| self.failed(error))?;
        stopped.map_or(Ok(()), Err)
    }

    fn stream_rows(&self, sql: &str, ids: Option<&str>, take: &mut dyn FnMut(&Study) -> Result<()>) -> Result<()> {
        let mut stopped = None;
        let mut ask = || -> rusqlite::Result<()> {
            let mut statement = self.connection().prepare(sql)?;
            let mut rows = statement.query([ids])?;
            let mut study = Study::default();
            while let Some(row) = rows.next()? {
                fill(&mut study, row)?;
                if let Err(error) = take(&study) {
                    stopped = Some(error);
                    break;
                }
            }
            Ok(())
        };
        ask().map_err(|error| self.failed(error))?;
        stopped.map_or(Ok(()), Err)
    }

    /// Whether the times of orders are all written in one way, so that their text sorts as they do.
    fn order_times_sort_as_text(&self) -> Result<bool> {
        let odd = self.rows(
            "SELECT EXISTS (SELECT 1 FROM study WHERE length(order_datetime) <> 20 OR substr(order_datetime, 20) <> 'Z')",
            [],
            |row| row.get::<_, bool>(0),
        )?;
        Ok(odd == [false])
    }
}

pub(super) fn most_frequent_first(counts: HashMap<String, u64>) -> Vec<ValueCount> {
    let mut values: Vec<ValueCount> = counts.into_iter().map(|(value, count)| ValueCount { value, count }).collect();
    values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| natural_cmp(&a.value, &b.value)));
    values
}

/// The names of all fields, for a query.
pub(super) fn columns() -> String {
    let names: Vec<&str> = StudyField::ALL.iter().map(|field| field.name()).collect();
    names.join(", ")
}

/// What stands behind ORDER BY.
fn ordering(sort: StudySort) -> String {
    let (name, direction) = (sort.field.name(), if sort.descending { "DESC" } else { "ASC" });
    match sort.field.kind() {
        _ if sort.field == StudyField::ExamId => format!("exam_id = '', exam_id {direction}"),
        _ if sort.field == StudyField::PatientBirthDate => {
            format!("sheaf_digits({name}) = '', sheaf_digits({name}) {direction}, exam_id")
        }
        FieldKind::Text => format!("{name} = '', sheaf_folded({name}) {direction}, exam_id"),
        FieldKind::Words => format!("{name} = '', sheaf_natural({name}) {direction}, {name} {direction}, exam_id"),
        FieldKind::Number => format!("{name} IS NULL, {name} {direction}, exam_id"),
        FieldKind::Time => format!("sheaf_time({name}) IS NULL, sheaf_time({name}) {direction}, exam_id"),
    }
}

fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection
        .create_scalar_function("sheaf_folded", 1, flags, |context| Ok(fold(context.get_raw(0).as_str()?).into_owned()))?;
    connection.create_scalar_function("sheaf_natural", 1, flags, |context| Ok(natural_key(context.get_raw(0).as_str()?)))?;
    connection.create_scalar_function("sheaf_digits", 1, flags, |context| Ok(digits(context.get_raw(0).as_str()?)))?;
    connection.create_scalar_function("sheaf_time", 1, flags, |context| {
        time(context.get_raw(0), 0).map(|time| time.map(Timestamp::as_microsecond))
    })
}

/// A date of birth as its digits: `19840318` and `1984-03-18` are one day.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Reads a row of [`columns`]; the texts of the last row make room for the next.
pub(super) fn fill(study: &mut Study, row: &Row<'_>) -> rusqlite::Result<()> {
    for (at, &field) in StudyField::ALL.iter().enumerate() {
        let value = row.get_ref(at)?;
        match field {
            StudyField::PatientAge => study.patient_age = row.get(at)?,
            StudyField::OrderDatetime => study.order_datetime = time(value, at)?,
            StudyField::CheckInDatetime => study.check_in_datetime = time(value, at)?,
            StudyField::ReportCertificationDatetime => study.report_certification_datetime = time(value, at)?,
            _ => {
                let text = value.as_str()?;
                if let Some(kept) = study.text_mut(field) {
                    kept.clear();
                    kept.push_str(text);
                }
            }
        }
    }
    Ok(())
}

/// A time as registries hold it: RFC 3339; one without a zone is UTC.
fn time(value: ValueRef<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    if value == ValueRef::Null {
        return Ok(None);
    }
    let text = value.as_str()?;
    let found = usual_time(text.as_bytes()).or_else(|| text.parse().ok()).or_else(|| {
        let time: Option<DateTime> = text.parse().ok();
        time.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok()).map(|time| time.timestamp())
    });
    if found.is_some() || text.is_empty() {
        return Ok(found);
    }
    let error = Error::new(crate::Code::RegistryCorrupt, "A time of a study is no time.");
    Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Text, FromSqlError::other(error).into()))
}

/// `2025-01-31T08:00:00Z`, which nearly all are, read in a tenth of the time.
fn usual_time(text: &[u8]) -> Option<Timestamp> {
    let number = |from: usize, len: usize| {
        text[from..from + len]
            .iter()
            .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
    };
    let is_usual = text.len() == 20
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')].iter().all(|&(at, mark)| text[at] == mark);
    if !is_usual {
        return None;
    }
    let small = |from| number(from, 2).and_then(|number| i8::try_from(number).ok());
    let time = DateTime::new(number(0, 4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, 0).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp())
}
