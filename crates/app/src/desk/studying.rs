//! Looking at studies: the ones that match, in their order, and those that are selected.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Criteria, Found, StudyFilter, StudyIndex, StudySort};
use sheaf_registry::{Code, Error, Result};

use super::studies::{StudiesWhat, StudyTarget};
use super::study_list::StudyListView;

/// What may not overlap: one index is read at a time, and a question makes the one before it stop.
#[derive(Default)]
pub(crate) struct Asking {
    /// Held while the studies of a registry are read.
    pub(crate) reading: Mutex<()>,
    /// The question that is answered now.
    question: Mutex<Cancel>,
    /// What was asked last of which registry, and as whom: reading it anew goes on there.
    last: Mutex<Option<Last>>,
}

#[derive(Clone)]
struct Last {
    path: PathBuf,
    user: Option<String>,
    filter: StudyFilter,
    sort: StudySort,
}

impl Asking {
    /// A new question; the one before it stops.
    pub(crate) fn supersede(&self) -> Cancel {
        let mut question = self.question.lock().unwrap_or_else(PoisonError::into_inner);
        question.raise();
        *question = Cancel::new();
        question.clone()
    }

    pub(crate) fn remember(&self, path: PathBuf, user: Option<String>, filter: StudyFilter, sort: StudySort) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Last { path, user, filter, sort });
    }

    /// What was asked last of this registry by this user.
    pub(crate) fn recall(&self, path: &std::path::Path, user: Option<&str>) -> (StudyFilter, StudySort) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let same = last.as_ref().filter(|last| last.path == path && last.user.as_deref() == user);
        same.map(|last| (last.filter.clone(), last.sort)).unwrap_or_default()
    }
}

/// What one user may do with the studies of a registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights {
    pub(crate) read: bool,
    pub(crate) export: bool,
    /// Some patient of the registry has a record number.
    pub(crate) record_numbers: bool,
}

/// An answered question.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) criteria: Arc<Criteria>,
    pub(crate) sort: StudySort,
    pub(crate) found: Arc<Found>,
    /// Rows of the index, in order.
    pub(crate) rows: Arc<Vec<u32>>,
}

impl Answer {
    pub(crate) fn to(index: &StudyIndex, criteria: Criteria, sort: StudySort, cancel: &Cancel) -> Result<Answer> {
        let found = index.find(&criteria, cancel)?;
        cancel.check()?;
        let rows = index.list(&found, sort);
        cancel.check()?;
        Ok(Answer { criteria: Arc::new(criteria), sort, found: Arc::new(found), rows: Arc::new(rows) })
    }
}

/// Which studies are looked at, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The registry that they are in: the open one, or what was read of a list.
    pub(crate) path: PathBuf,
    /// `None`: the owner.
    pub(crate) user: Option<String>,
}

/// The studies of one registry, looked at by one person.
pub(crate) struct Studying {
    pub(crate) place: Place,
    /// The list that they are from, where they are not the registry's own.
    pub(crate) list: Option<StudyListView>,
    pub(crate) index: Arc<StudyIndex>,
    pub(crate) rights: Rights,
    pub(crate) answer: Answer,
    /// By row of the index.
    selected: Vec<bool>,
    /// Of everything.
    pub(crate) revision: u64,
    /// The revision in which the rows last moved.
    moved: u64,
    /// Record numbers without a patient, of the last time when patients were carried over.
    pub(crate) unmatched: Vec<String>,
    /// Record numbers of a table of the user's.
    pub(crate) own_numbers: u64,
}

impl Studying {
    pub(crate) fn new(
        place: Place,
        list: Option<StudyListView>,
        index: Arc<StudyIndex>,
        rights: Rights,
        answer: Answer,
    ) -> Self {
        let selected = vec![false; index.len()];
        Self { place, list, index, rights, answer, selected, revision: 1, moved: 1, unmatched: Vec::new(), own_numbers: 0 }
    }

    /// Shows another answer. What is selected stays selected.
    pub(crate) fn show(&mut self, answer: Answer) {
        self.answer = answer;
        self.revision += 1;
        self.moved = self.revision;
    }

    pub(crate) fn is_selected(&self, row: u32) -> bool {
        self.selected.get(row as usize).copied().unwrap_or(false)
    }

    /// How many are selected, and how many of them match.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let all = self.selected.iter().filter(|&&on| on).count() as u64;
        let matching =
            if all == 0 { 0 } else { self.answer.rows.iter().filter(|&&row| self.is_selected(row)).count() as u64 };
        (all, matching)
    }

    /// `STALE_ROWS` where the rows have moved since they were seen.
    pub(crate) fn must_stand(&self, revision: u64) -> Result<()> {
        if revision < self.moved || revision > self.revision {
            return Err(Error::new(Code::StaleRows, "The rows have changed since they were shown.")
                .hint("Look at them again, then try again."));
        }
        Ok(())
    }

    /// Selects, or not. `STALE_ROWS` where the rows have moved since they were seen.
    pub(crate) fn select(&mut self, revision: u64, target: StudyTarget) -> Result<()> {
        if matches!(target, StudyTarget::Row { .. } | StudyTarget::Rows { .. }) {
            self.must_stand(revision)?;
        }
        let rows = Arc::clone(&self.answer.rows);
        match target {
            StudyTarget::Row { row } => {
                let at = usize::try_from(row).unwrap_or(usize::MAX);
                if let Some(&row) = rows.get(at) {
                    self.set(row, !self.is_selected(row));
                }
            }
            StudyTarget::Rows { from, to, on } => {
                let (first, last) = (from.min(to), from.max(to));
                let first = usize::try_from(first).unwrap_or(usize::MAX).min(rows.len());
                let end = usize::try_from(last.saturating_add(1)).unwrap_or(usize::MAX).min(rows.len());
                rows[first..end].iter().for_each(|&row| self.set(row, on));
            }
            StudyTarget::All => rows.iter().for_each(|&row| self.set(row, true)),
            StudyTarget::None => self.selected.fill(false),
        }
        self.revision += 1;
        Ok(())
    }

    fn set(&mut self, row: u32, on: bool) {
        if let Some(selected) = self.selected.get_mut(row as usize) {
            *selected = on;
        }
    }

    /// The rows that are meant: in their order, and after them those that are selected and do not match.
    pub(crate) fn rows_of(&self, what: StudiesWhat) -> Vec<u32> {
        match what {
            StudiesWhat::Matching => self.answer.rows.to_vec(),
            StudiesWhat::Selected => {
                let mut rows: Vec<u32> = self.answer.rows.iter().copied().filter(|&row| self.is_selected(row)).collect();
                let shown: HashSet<u32> = rows.iter().copied().collect();
                let hidden = (0_u32..).zip(&self.selected).filter(|(row, on)| **on && !shown.contains(row));
                rows.extend(hidden.map(|(row, _)| row));
                rows
            }
        }
    }

    /// What is meant as a filter that stands by itself, in a record or on another day.
    pub(crate) fn filter_of(&self, what: StudiesWhat) -> StudyFilter {
        let said = self.answer.criteria.filter();
        let (selected, matching) = self.counts();
        let all = selected == matching && matching == self.answer.rows.len() as u64;
        if what == StudiesWhat::Matching || all {
            return said.clone();
        }
        let ids = self.rows_of(what).into_iter().map(|row| self.index.exam_id(row).to_owned()).collect();
        StudyFilter { exam_ids: Some(ids), time_zone: said.time_zone.clone(), ..StudyFilter::default() }
    }
}
