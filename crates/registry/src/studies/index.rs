//! All studies of a registry in memory, for a page that answers while one types.
//!
//! What is mostly different in every study (ids, numbers, names) lies as folded text in chunks of some thousand rows, in the
//! default order; a text is looked for by scanning it, which needs no index, and so is as fast for one letter and for Chinese
//! as for anything else. Words (rooms, descriptions, ...) lie as numbers beside a dictionary: there a text is looked for once
//! in every word. A study takes about 170 bytes, so a million take 170 MB; each word is held once.
//!
//! Deliberately absent: the texts as people see them. [`Registry::studies`] gives the rows of a page.

mod scan;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::access::Viewer;
use crate::error::Result;
use crate::index::natural_order;
use crate::progress::Cancel;
use crate::registry::Registry;
use crate::text::fold;

use super::columns::{Texts, Words, WordsBuilder};
use super::criteria::Criteria;
use super::order::StudySort;
use super::read::{self, ValueCount};
use super::study::{FieldKind, StudyField, invalid};

/// Rows of a chunk.
const CHUNK: usize = 4096;
/// Words of 64 rows in a chunk.
const WORDS: usize = CHUNK / 64;
/// Chunks that a first page looks at alone before all cores are asked.
const ALONE: usize = 16;
/// Orders that are kept, each of four bytes a study.
const KEPT_ORDERS: usize = 4;
/// No age, no time.
const NO_AGE: i32 = i32::MIN;
const NO_TIME: i64 = i64::MIN;
/// The fields that lie as folded text, in the order of their place in a chunk.
const FOLDED: [StudyField; 4] =
    [StudyField::ExamId, StudyField::MedicalRecordNo, StudyField::ApplicationOrderNo, StudyField::PatientName];
const TIMES: [StudyField; 3] =
    [StudyField::OrderDatetime, StudyField::CheckInDatetime, StudyField::ReportCertificationDatetime];

/// A set of rows of a chunk.
type Mask = [u64; WORDS];

/// The studies of one registry as they were when it was read. Immutable; shared between threads.
pub struct StudyIndex {
    len: usize,
    chunks: Vec<Chunk>,
    words: Vec<(StudyField, Words)>,
    ages: Vec<i32>,
    times: [Vec<i64>; 3],
    /// Whether rows lie in the default order; else that is an order like any other.
    lies_in_order: bool,
    /// Rows by `exam_id`.
    by_exam: OnceLock<Vec<u32>>,
    orders: Mutex<Vec<(StudySort, Arc<Vec<u32>>)>>,
    threads: usize,
}

struct Chunk {
    /// The texts of [`FOLDED`].
    folded: Texts,
    /// `exam_id`, `medical_record_no`, `application_order_no` as they stand.
    plain: Texts,
}

/// The studies that match, as an index found them.
#[derive(Clone)]
pub struct Found {
    masks: Vec<Mask>,
    count: u64,
}

impl Found {
    /// How many they are.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn contains(&self, row: usize) -> bool {
        self.masks[row / CHUNK][row % CHUNK / 64] >> (row % 64) & 1 == 1
    }

    /// The rows, ascending.
    fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.masks.iter().enumerate().flat_map(|(chunk, mask)| rows_of(chunk, mask))
    }
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found").field("count", &self.count).finish_non_exhaustive()
    }
}

/// How many studies were ordered in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthCount {
    /// `2025-01`; empty for studies without a time.
    pub month: String,
    /// How many studies.
    pub count: u64,
}

impl StudyIndex {
    /// Reads all studies that a viewer may see.
    ///
    /// # Errors
    /// `CANCELLED`; those of reading.
    pub fn load(registry: &Registry, viewer: &Viewer, cancel: &Cancel) -> Result<StudyIndex> {
        StudyIndex::load_watched(registry, viewer, cancel, |_| ())
    }

    /// The same; `watch` hears now and then how many have been read.
    ///
    /// # Errors
    /// Those of `load`.
    pub fn load_watched(
        registry: &Registry,
        viewer: &Viewer,
        cancel: &Cancel,
        mut watch: impl FnMut(u64),
    ) -> Result<StudyIndex> {
        let everything = Criteria::new(&super::StudyFilter::default(), &TimeZone::UTC)?;
        let is_words = |field: &&StudyField| field.kind() == FieldKind::Words;
        let mut words: Vec<(StudyField, WordsBuilder)> =
            StudyField::ALL.iter().filter(is_words).map(|&field| (field, WordsBuilder::default())).collect();
        let (mut chunks, mut ages, mut times) = (Vec::new(), Vec::new(), [const { Vec::new() }; 3]);
        registry.each_study(viewer, &everything, StudySort::default(), cancel, |study| {
            if ages.len().is_multiple_of(CHUNK) {
                watch(ages.len() as u64);
                chunks.last_mut().map(Chunk::shrink);
                chunks.push(Chunk { folded: Texts::default(), plain: Texts::default() });
            }
            if let Some(chunk) = chunks.last_mut() {
                let folded = FOLDED.map(|field| fold(study.text(field)));
                chunk.folded.push(&folded.each_ref().map(|text| &**text));
                chunk.plain.push(&[&study.exam_id, &study.medical_record_no, &study.application_order_no]);
            }
            for (field, words) in &mut words {
                words.push(study.text(*field));
            }
            let age = study.patient_age.map(|age| i32::try_from(age).unwrap_or(if age < 0 { -i32::MAX } else { i32::MAX }));
            ages.push(age.unwrap_or(NO_AGE));
            let said = [study.order_datetime, study.check_in_datetime, study.report_certification_datetime];
            for (times, time) in times.iter_mut().zip(said) {
                times.push(time.map_or(NO_TIME, Timestamp::as_microsecond));
            }
            Ok(())
        })?;
        chunks.last_mut().map(Chunk::shrink);
        ages.shrink_to_fit();
        times.iter_mut().for_each(Vec::shrink_to_fit);
        let words = words.into_iter().map(|(field, words)| (field, words.finish())).collect();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
        Ok(StudyIndex {
            len: ages.len(),
            lies_in_order: times[0].is_sorted_by(|a, b| a >= b),
            chunks,
            words,
            ages,
            times,
            by_exam: OnceLock::new(),
            orders: Mutex::default(),
            threads,
        })
    }

    /// How many studies there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// About how many bytes of memory it takes, without the orders that were asked for.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.chunks.iter().map(|chunk| chunk.folded.bytes() + chunk.plain.bytes()).sum();
        let words: usize = self.words.iter().map(|(_, words)| words.bytes()).sum();
        texts + words + self.ages.len() * 4 + self.times.iter().map(|times| times.len() * 8).sum::<usize>()
    }

    /// The first `limit` matching rows after `after` (an `exam_id`; `None`: from the top). In the default order it stops as
    /// soon as it has them.
    ///
    /// # Errors
    /// `INVALID_FILTER` where no study has that `exam_id`; `CANCELLED`.
    pub fn first(
        &self,
        criteria: &Criteria,
        sort: StudySort,
        after: Option<&str>,
        limit: usize,
        cancel: &Cancel,
    ) -> Result<Vec<u32>> {
        if sort != StudySort::default() || !self.lies_in_order {
            let listed = self.list(&self.find(criteria, cancel)?, sort);
            let mut from = 0;
            if let Some(last) = self.row_after(after)? {
                // The last row may not match by itself: its place is looked for among all.
                let mut rank = vec![0_u32; self.len];
                for (at, &row) in (0_u32..).zip(self.order(sort).iter()) {
                    rank[row as usize] = at;
                }
                from = listed.partition_point(|&row| rank[row as usize] <= rank[last as usize]);
            }
            return Ok(listed.into_iter().skip(from).take(limit).collect());
        }
        let question = self.question(criteria);
        let start = self.row_after(after)?.map_or(0, |row| row as usize + 1);
        let mut rows = Vec::with_capacity(limit.min(CHUNK));
        let mut next = start / CHUNK;
        while next < self.chunks.len() && rows.len() < limit {
            let end =
                if next < start / CHUNK + ALONE { next + 1 } else { (next + 16 * self.threads).min(self.chunks.len()) };
            for (chunk, mask) in self.masks(&question, next..end, cancel)? {
                rows.extend(rows_of(chunk, &mask).filter(|&row| row as usize >= start));
            }
            next = end;
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// Every matching row, counted.
    ///
    /// # Errors
    /// `CANCELLED`.
    pub fn find(&self, criteria: &Criteria, cancel: &Cancel) -> Result<Found> {
        let question = self.question(criteria);
        let masks: Vec<Mask> =
            self.masks(&question, 0..self.chunks.len(), cancel)?.into_iter().map(|(_, mask)| mask).collect();
        let count = masks.iter().flatten().map(|word| u64::from(word.count_ones())).sum();
        Ok(Found { masks, count })
    }

    /// The rows that were found, in an order.
    pub fn list(&self, found: &Found, sort: StudySort) -> Vec<u32> {
        if sort == StudySort::default() && self.lies_in_order {
            return found.rows().collect();
        }
        self.order(sort).iter().copied().filter(|&row| found.contains(row as usize)).collect()
    }

    /// The `exam_id` of a row; empty for none.
    pub fn exam_id(&self, row: u32) -> &str {
        self.plain(row as usize, 0)
    }

    /// The values of a categorical field, the most frequent first: of what was found, or of all.
    pub fn values(&self, field: StudyField, found: Option<&Found>) -> Vec<ValueCount> {
        let Some((_, words)) = self.words.iter().find(|(other, _)| *other == field) else { return Vec::new() };
        let mut counts = vec![0_u64; words.texts.len()];
        match found {
            None => (0..self.len).for_each(|row| counts[words.codes.get(row) as usize] += 1),
            Some(found) => found.rows().for_each(|row| counts[words.codes.get(row as usize) as usize] += 1),
        }
        let counted = words.texts.iter().zip(counts).filter(|(_, count)| *count > 0);
        read::most_frequent_first(counted.map(|(text, count)| (text.to_string(), count)).collect::<HashMap<_, _>>())
    }

    /// How many of what was found were ordered in each month, by time.
    pub fn months(&self, found: &Found, zone: &TimeZone) -> Vec<MonthCount> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        // Rows of a month mostly follow each other.
        let (mut month, mut from, mut until) = (String::new(), NO_TIME, NO_TIME);
        let mut same = 0;
        for row in found.rows() {
            let time = self.times[0][row as usize];
            if !(time >= from && time <= until) {
                *counts.entry(std::mem::take(&mut month)).or_default() += same;
                same = 0;
                (month, from, until) = month_of(time, zone);
            }
            same += 1;
        }
        *counts.entry(month).or_default() += same;
        let mut months: Vec<MonthCount> =
            counts.into_iter().filter(|(_, count)| *count > 0).map(|(month, count)| MonthCount { month, count }).collect();
        months.sort_unstable_by(|a, b| a.month.cmp(&b.month));
        months
    }

    /// These rows as if they had been found; rows that are none are left out.
    pub fn found(&self, rows: impl IntoIterator<Item = u32>) -> Found {
        let mut masks: Vec<Mask> = vec![[0; WORDS]; self.chunks.len()];
        for row in rows.into_iter().map(|row| row as usize).filter(|&row| row < self.len) {
            masks[row / CHUNK][row % CHUNK / 64] |= 1 << (row % 64);
        }
        let count = masks.iter().flatten().map(|word| u64::from(word.count_ones())).sum();
        Found { masks, count }
    }

    /// The different record numbers of what was found, sorted; and how many studies have none.
    pub fn record_numbers(&self, found: &Found) -> (Vec<String>, u64) {
        let mut numbers: Vec<&str> = found.rows().map(|row| self.plain(row as usize, 1)).collect();
        let all = numbers.len();
        numbers.retain(|number| !number.is_empty());
        let without = (all - numbers.len()) as u64;
        numbers.sort_unstable();
        numbers.dedup();
        (numbers.into_iter().map(str::to_owned).collect(), without)
    }

    fn plain(&self, row: usize, which: usize) -> &str {
        let found = self.chunks.get(row / CHUNK).map(|chunk| chunk.plain.get(row % CHUNK, which)).unwrap_or_default();
        str::from_utf8(found).unwrap_or_default()
    }

    fn row_after(&self, after: Option<&str>) -> Result<Option<u32>> {
        let Some(id) = after else { return Ok(None) };
        self.row_of(id).map(Some).ok_or_else(|| {
            invalid("after", "The study after which the page begins is not there.", "Begin again with the first page.")
        })
    }

    fn row_of(&self, id: &str) -> Option<u32> {
        let rows = self.by_exam();
        let at = rows.binary_search_by(|&row| self.exam_id(row).cmp(id)).ok()?;
        Some(rows[at])
    }

    /// Rows by `exam_id`.
    fn by_exam(&self) -> &[u32] {
        self.by_exam.get_or_init(|| {
            let texts = |row: usize| self.plain(row, 0).as_bytes();
            sorted_texts(self.len, false, &texts, &|row| row)
        })
    }

    /// All rows in an order.
    fn order(&self, sort: StudySort) -> Arc<Vec<u32>> {
        let mut kept = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(other, _)| *other == sort) {
            let found = kept.remove(at);
            kept.push(found);
        } else {
            let made = Arc::new(self.make_order(sort));
            if kept.len() == KEPT_ORDERS {
                kept.remove(0);
            }
            kept.push((sort, made));
        }
        kept.last().map_or_else(Arc::default, |(_, order)| Arc::clone(order))
    }

    fn make_order(&self, sort: StudySort) -> Vec<u32> {
        let mut rank = vec![0_u32; self.len];
        for (at, &row) in (0..).zip(self.by_exam()) {
            rank[row as usize] = at;
        }
        let rank = |row: u32| rank[row as usize];
        if let Some(place) = FOLDED.iter().position(|&field| field == sort.field) {
            if sort.field == StudyField::ExamId {
                let texts = |row: usize| self.plain(row, 0).as_bytes();
                return sorted_texts(self.len, sort.descending, &texts, &rank);
            }
            let texts = |row: usize| self.chunks[row / CHUNK].folded.get(row % CHUNK, place);
            return sorted_texts(self.len, sort.descending, &texts, &rank);
        }
        if let Some((_, words)) = self.words.iter().find(|(field, _)| *field == sort.field) {
            let keys = word_keys(words, sort.field);
            return sorted(self.len, sort.descending, &|row| keys[words.codes.get(row) as usize], &rank);
        }
        if let Some(at) = TIMES.iter().position(|&field| field == sort.field) {
            let times = &self.times[at];
            return sorted(self.len, sort.descending, &|row| some(times[row], NO_TIME), &rank);
        }
        sorted(self.len, sort.descending, &|row| some(self.ages[row].into(), NO_AGE.into()), &rank)
    }
}

impl std::fmt::Debug for StudyIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudyIndex").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Chunk {
    fn shrink(&mut self) {
        self.folded.shrink();
        self.plain.shrink();
    }
}

fn rows_of(chunk: usize, mask: &Mask) -> impl Iterator<Item = u32> + use<> {
    let mask = *mask;
    (0..WORDS).flat_map(move |word| {
        let mut left = mask[word];
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let at = left.trailing_zeros() as usize;
                left &= left - 1;
                // Rows are counted with 32 bits.
                u32::try_from(chunk * CHUNK + word * 64 + at).unwrap_or(u32::MAX)
            })
        })
    })
}

fn some(value: i64, none: i64) -> Option<u64> {
    // Flipped, so that negative numbers come before the others.
    (value != none).then(|| value.cast_unsigned() ^ (1 << 63))
}

/// The place of each word in its order; `None` for what comes last.
fn word_keys(words: &Words, field: StudyField) -> Vec<Option<u64>> {
    if field == StudyField::PatientBirthDate {
        let digits: Vec<String> = words.texts.iter().map(|text| read::digits(text)).collect();
        let mut all: Vec<&String> = digits.iter().collect();
        all.sort_unstable();
        all.dedup();
        let key = |digits: &String| (!digits.is_empty()).then(|| all.partition_point(|other| *other < digits) as u64);
        return digits.iter().map(key).collect();
    }
    let mut keys = vec![None; words.texts.len()];
    for (at, code) in (0..).zip(natural_order(words.texts.iter().map(|text| &**text))) {
        if !words.texts[code as usize].is_empty() {
            keys[code as usize] = Some(at);
        }
    }
    keys
}

/// Rows by a number; those without come last, and ties stand by their rank.
fn sorted(len: usize, descending: bool, key: &dyn Fn(usize) -> Option<u64>, rank: &dyn Fn(u32) -> u32) -> Vec<u32> {
    let mut keyed: Vec<(bool, u64, u32, u32)> = (0..u32::try_from(len).unwrap_or(u32::MAX))
        .map(|row| {
            let key = key(row as usize);
            let number = key.map_or(0, |key| if descending { !key } else { key });
            (key.is_none(), number, rank(row), row)
        })
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, _, _, row)| row).collect()
}

/// Rows by a text, byte by byte; those without come last, and ties stand by their rank.
fn sorted_texts<'a>(len: usize, descending: bool, text: &dyn Fn(usize) -> &'a [u8], rank: &dyn Fn(u32) -> u32) -> Vec<u32> {
    // The first bytes at hand decide nearly always.
    let mut keyed: Vec<(bool, u128, u32, u32)> = (0..u32::try_from(len).unwrap_or(u32::MAX))
        .map(|row| {
            let text = text(row as usize);
            let mut head = [0; 16];
            let count = text.len().min(head.len());
            head[..count].copy_from_slice(&text[..count]);
            (text.is_empty(), u128::from_be_bytes(head), rank(row), row)
        })
        .collect();
    keyed.sort_unstable_by(|a, b| {
        let heads = a.1.cmp(&b.1).then_with(|| text(a.3 as usize).cmp(text(b.3 as usize)));
        let heads = if descending { heads.reverse() } else { heads };
        a.0.cmp(&b.0).then(heads).then(a.2.cmp(&b.2))
    });
    keyed.into_iter().map(|(_, _, _, row)| row).collect()
}

/// The month of a time, with its first and last microsecond.
fn month_of(time: i64, zone: &TimeZone) -> (String, i64, i64) {
    let nowhere = (String::new(), time, time);
    let Some(here) = Timestamp::from_microsecond(time).ok().filter(|_| time != NO_TIME) else { return nowhere };
    let first = here.to_zoned(zone.clone()).date().first_of_month();
    let micros = |day: jiff::civil::Date| {
        let begins = day.to_zoned(zone.clone()).and_then(|midnight| midnight.start_of_day());
        begins.ok().map(|begins| begins.timestamp().as_microsecond())
    };
    let until = first.checked_add(1.month()).ok().and_then(micros);
    match (micros(first), until) {
        (Some(from), Some(until)) => (first.strftime("%Y-%m").to_string(), from, until - 1),
        _ => nowhere,
    }
}
