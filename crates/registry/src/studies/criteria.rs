//! What a filter means: checked, folded, with dates as points in time.

use std::collections::{HashMap, HashSet};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use memchr::memmem::Finder;

use crate::error::Result;
use crate::text::{fold, quoted};

use super::filter::StudyFilter;
use super::study::{FieldKind, Study, StudyField, invalid};

/// Longest text to look for, in bytes.
const LONGEST_TEXT: usize = 4096;
/// Most values of one list; of `exam_ids` there may be more.
const MOST_VALUES: usize = 10_000;
/// Most ids in one filter.
const MOST_IDS: usize = 2_000_000;
/// Verdicts on words that are kept while rows stream by.
const KEPT_VERDICTS: usize = 20_000;

/// Points in time, both included, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// Not before.
    pub from: i64,
    /// Not after.
    pub until: i64,
}

/// A checked filter. Made by [`Criteria::new`] alone.
#[derive(Clone)]
pub struct Criteria {
    said: StudyFilter,
    zone: TimeZone,
    /// Folded; `None`: nothing is looked for.
    pub(super) needle: Option<String>,
    /// One of these values.
    pub(super) one_of: Vec<(StudyField, HashSet<String>)>,
    pub(super) age: Option<(i64, i64)>,
    pub(super) check_in: Option<DateRange>,
    pub(super) ids: Option<HashSet<String>>,
}

impl std::fmt::Debug for Criteria {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Criteria([redacted])")
    }
}

impl Criteria {
    /// Checks a filter. `local` is the zone that is meant where the filter names none.
    ///
    /// # Errors
    /// `INVALID_FILTER` with the name of the field: a date that is none, a range that ends before it begins, a zone that
    /// nobody knows, a text or list that is too long.
    pub fn new(filter: &StudyFilter, local: &TimeZone) -> Result<Criteria> {
        let (zone, name) = zone_of(filter.time_zone.as_deref(), local)?;
        let one = |field, value: &Option<String>| value.iter().map(|value| (field, vec![value.clone()])).next();
        let many = |field, values: &Vec<String>| (!values.is_empty()).then(|| (field, values.clone()));
        let lists = [
            one(StudyField::ExamStatus, &filter.exam_status),
            one(StudyField::ExamSource, &filter.exam_source),
            one(StudyField::ApplicationOrderNo, &filter.application_order_no),
            one(StudyField::ExamItem, &filter.exam_item),
            many(StudyField::ExamEquipment, &filter.exam_equipment),
            many(StudyField::PatientGender, &filter.patient_gender),
            many(StudyField::ExamDescription, &filter.exam_description),
            many(StudyField::ExamRoom, &filter.exam_room),
        ];
        let mut one_of = Vec::new();
        for (field, values) in lists.into_iter().flatten() {
            at_most(field.name(), values.len(), MOST_VALUES)?;
            one_of.push((field, values.into_iter().collect()));
        }
        if let Some(ids) = &filter.exam_ids {
            at_most("exam_ids", ids.len(), MOST_IDS)?;
        }
        if filter.q.len() > LONGEST_TEXT {
            let message = format!("q has {} bytes; {LONGEST_TEXT} are allowed.", filter.q.len());
            return Err(invalid("q", message, "Look for a shorter text."));
        }
        let needle = fold(filter.q.trim()).into_owned();
        Ok(Criteria {
            needle: (!needle.is_empty()).then_some(needle),
            one_of,
            age: ages(filter)?,
            check_in: dates(filter, &zone)?,
            ids: filter.exam_ids.as_ref().map(|ids| ids.iter().cloned().collect()),
            said: StudyFilter { time_zone: Some(name), ..filter.clone() },
            zone,
        })
    }

    /// The filter as it was said, with the time zone that it means.
    pub fn filter(&self) -> &StudyFilter {
        &self.said
    }

    /// The zone in which days begin and times are written.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The zone's name.
    pub fn zone_name(&self) -> &str {
        self.said.time_zone.as_deref().unwrap_or("UTC")
    }

    /// Whether every study matches.
    pub fn is_everything(&self) -> bool {
        self.needle.is_none()
            && self.one_of.is_empty()
            && self.age.is_none()
            && self.check_in.is_none()
            && self.ids.is_none()
    }
}

/// Looks at studies one by one.
pub(super) struct Judge<'a> {
    criteria: &'a Criteria,
    finder: Option<Finder<'a>>,
    /// Whether a word contains what is looked for: words come again and again.
    verdicts: HashMap<String, bool>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(criteria: &'a Criteria) -> Self {
        let finder = criteria.needle.as_ref().map(|needle| Finder::new(needle.as_bytes()));
        Self { criteria, finder, verdicts: HashMap::new() }
    }

    /// Whether the study matches.
    pub(super) fn matches(&mut self, study: &Study) -> bool {
        let criteria = self.criteria;
        criteria.one_of.iter().all(|(field, values)| values.contains(study.text(*field)))
            && criteria.ids.as_ref().is_none_or(|ids| ids.contains(&study.exam_id))
            && criteria.age.is_none_or(|(min, max)| study.patient_age.is_some_and(|age| (min..=max).contains(&age)))
            && criteria.check_in.is_none_or(|range| {
                let time = study.check_in_datetime.map(Timestamp::as_microsecond);
                time.is_some_and(|time| (range.from..=range.until).contains(&time))
            })
            && self.contains(study)
    }

    fn contains(&mut self, study: &Study) -> bool {
        let Some(finder) = &self.finder else { return true };
        StudyField::SEARCHED.into_iter().any(|field| {
            let text = study.text(field);
            if text.is_empty() {
                return false;
            }
            if field.kind() == FieldKind::Text {
                return finder.find(fold(text).as_bytes()).is_some();
            }
            if let Some(known) = self.verdicts.get(text) {
                return *known;
            }
            let verdict = finder.find(fold(text).as_bytes()).is_some();
            if self.verdicts.len() < KEPT_VERDICTS {
                self.verdicts.insert(text.to_owned(), verdict);
            }
            verdict
        })
    }
}

fn at_most(field: &str, values: usize, most: usize) -> Result<()> {
    if values <= most {
        return Ok(());
    }
    Err(invalid(field, format!("{field} has {values} values; {most} are allowed."), "Name fewer values."))
}

fn ages(filter: &StudyFilter) -> Result<Option<(i64, i64)>> {
    match (filter.patient_age_min, filter.patient_age_max) {
        (None, None) => Ok(None),
        (Some(min), Some(max)) if min > max => Err(invalid(
            "patient_age_min",
            format!("patient_age_min ({min}) is above patient_age_max ({max})."),
            "Exchange the two ages.",
        )),
        (min, max) => Ok(Some((min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX)))),
    }
}

fn dates(filter: &StudyFilter, zone: &TimeZone) -> Result<Option<DateRange>> {
    let from = filter.start_date.as_deref().map(|said| moment("start_date", said, zone, false)).transpose()?;
    let until = filter.end_date.as_deref().map(|said| moment("end_date", said, zone, true)).transpose()?;
    match (from, until) {
        (None, None) => Ok(None),
        (Some(from), Some(until)) if from > until => {
            Err(invalid("start_date", "start_date is after end_date.", "Exchange the two dates; the end day is included."))
        }
        (from, until) => Ok(Some(DateRange { from: from.unwrap_or(i64::MIN), until: until.unwrap_or(i64::MAX) })),
    }
}

/// A date or time as microseconds; a day that ends a range counts to its last one.
fn moment(field: &str, said: &str, zone: &TimeZone, is_end: bool) -> Result<i64> {
    let text = said.trim();
    let is_day = matches!(text.len(), 8 | 10) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let found = if is_day {
        text.parse::<Date>().ok().and_then(|day| day_edge(day, zone, is_end))
    } else if let Ok(time) = text.parse::<Timestamp>() {
        Some(time.as_microsecond())
    } else {
        let time = text.parse::<DateTime>().ok().filter(|_| text.len() > 10);
        time.and_then(|time| zone.to_ambiguous_zoned(time).compatible().ok()).map(|time| time.timestamp().as_microsecond())
    };
    found.ok_or_else(|| {
        invalid(
            field,
            format!("{field} is {}, which is no date.", quoted(said)),
            "Write a day as 2025-01-31, or a time as 2025-01-31T08:00:00.",
        )
    })
}

fn day_edge(day: Date, zone: &TimeZone, is_end: bool) -> Option<i64> {
    let begins = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.start_of_day().ok()?.timestamp().as_microsecond());
    match day.checked_add(1.day()) {
        _ if !is_end => begins(day),
        Ok(next) => begins(next).map(|next| next - 1),
        // The last day that there is: people write it for "no end".
        Err(_) => Some(Timestamp::MAX.as_microsecond()),
    }
}

/// The zone, and the name that says it.
fn zone_of(said: Option<&str>, local: &TimeZone) -> Result<(TimeZone, String)> {
    let Some(said) = said.map(str::trim) else {
        return Ok(match local.iana_name() {
            Some(name) => (local.clone(), name.to_owned()),
            // A machine that does not say where it stands keeps UTC; one with a bare offset keeps that.
            None => match local.to_fixed_offset() {
                Ok(offset) => (local.clone(), offset.to_string()),
                Err(_) => (TimeZone::UTC, "UTC".to_owned()),
            },
        });
    };
    let unknown = || {
        let message = format!("time_zone is {}, which is no time zone.", quoted(said));
        invalid("time_zone", message, "Name one such as UTC, Asia/Taipei or +08:00.")
    };
    if let Ok(zone) = TimeZone::get(said) {
        let name = zone.iana_name().unwrap_or(said).to_owned();
        return Ok((zone, name));
    }
    let offset = format!("1970-01-01T00:00:00{said}").parse::<Timestamp>().map_err(|_| unknown())?;
    let offset = jiff::tz::Offset::from_seconds(i32::try_from(-offset.as_second()).map_err(|_| unknown())?);
    offset.map(|offset| (TimeZone::fixed(offset), said.to_owned())).map_err(|_| unknown())
}
