//! What a question means to an index, and the rows of each chunk that hold it, on all cores.
//!
//! Deliberately absent: the order of the rows, and the values of a field.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use memchr::memmem::Finder;

use super::{CHUNK, Found, Mask, NO_AGE, NO_TIME, StudyIndex, WORDS};
use crate::error::Result;
use crate::progress::Cancel;
use crate::studies::columns::{Texts, Words};
use crate::studies::criteria::{Criteria, DateRange};
use crate::studies::study::StudyField;

/// Criteria in the terms of an index.
pub(super) struct Question<'a> {
    /// Rows whose word is one of these; all of them must hold.
    one_of: Vec<(&'a Words, Vec<bool>)>,
    /// Rows whose number of the application is one of these.
    orders: Option<&'a HashSet<String>>,
    age: Option<(i64, i64)>,
    check_in: Option<DateRange>,
    ids: Option<Found>,
    finder: Option<Finder<'a>>,
    /// Words that contain what is looked for; one of them, or the text, must hold.
    words: Vec<(&'a Words, Vec<bool>)>,
    impossible: bool,
}

impl StudyIndex {
    /// The criteria in the terms of this index.
    pub(super) fn question<'a>(&'a self, criteria: &'a Criteria) -> Question<'a> {
        let words = |field| self.words.iter().find(|(other, _)| *other == field).map(|(_, words)| words);
        let mut question = Question {
            one_of: Vec::new(),
            orders: None,
            age: criteria.age,
            check_in: criteria.check_in,
            ids: None,
            finder: criteria.needle.as_ref().map(|needle| Finder::new(needle.as_bytes())),
            words: Vec::new(),
            impossible: false,
        };
        for (field, values) in &criteria.one_of {
            let Some(words) = words(*field) else {
                question.orders = Some(values);
                continue;
            };
            let wanted: Vec<bool> = words.texts.iter().map(|text| values.contains(&**text)).collect();
            question.impossible |= !wanted.contains(&true);
            question.one_of.push((words, wanted));
        }
        if let Some(ids) = &criteria.ids {
            let mut masks = vec![[0; WORDS]; self.chunks.len()];
            let mut count = 0;
            for row in ids.iter().filter_map(|id| self.row_of(id)) {
                let row = row as usize;
                masks[row / CHUNK][row % CHUNK / 64] |= 1 << (row % 64);
                count += 1;
            }
            question.impossible |= count == 0;
            question.ids = Some(Found { masks, count });
        }
        if let Some(needle) = &criteria.needle {
            for words in StudyField::SEARCHED.into_iter().filter_map(words) {
                let mut wanted = vec![false; words.texts.len()];
                words.folded.containing(needle).for_each(|code| wanted[code as usize] = true);
                if wanted.contains(&true) {
                    question.words.push((words, wanted));
                }
            }
        }
        question
    }

    /// The matching rows of some chunks, in their order; on all cores where they are many.
    pub(super) fn masks(
        &self,
        question: &Question<'_>,
        chunks: Range<usize>,
        cancel: &Cancel,
    ) -> Result<Vec<(usize, Mask)>> {
        let (next, stopped) = (AtomicUsize::new(chunks.start), AtomicBool::new(false));
        let run = || {
            let mut masks = Vec::new();
            loop {
                let chunk = next.fetch_add(1, Ordering::Relaxed);
                if chunk >= chunks.end {
                    return masks;
                }
                if cancel.is_raised() {
                    stopped.store(true, Ordering::Relaxed);
                    return masks;
                }
                masks.push((chunk, self.mask(question, chunk)));
            }
        };
        let threads = self.threads.min(chunks.len() / 4);
        let mut masks = if threads < 2 {
            run()
        } else {
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
                let mut masks = run();
                for other in others {
                    match other.join() {
                        Ok(more) => masks.extend(more),
                        Err(panic) => std::panic::resume_unwind(panic),
                    }
                }
                masks
            })
        };
        if stopped.into_inner() {
            cancel.check()?;
        }
        masks.sort_unstable_by_key(|(chunk, _)| *chunk);
        Ok(masks)
    }

    /// The matching rows of a chunk.
    fn mask(&self, question: &Question<'_>, at: usize) -> Mask {
        let mut mask = [0; WORDS];
        if question.impossible {
            return mask;
        }
        let chunk = &self.chunks[at];
        let first = at * CHUNK;
        let rows = CHUNK.min(self.len - first);
        for (word, bits) in mask.iter_mut().enumerate() {
            let left = rows.saturating_sub(word * 64);
            *bits = if left >= 64 { u64::MAX } else { (1 << left) - 1 };
        }
        if let Some(ids) = &question.ids {
            and(&mut mask, &ids.masks[at]);
        }
        for (words, wanted) in &question.one_of {
            let mut these = [0; WORDS];
            words.codes.mark(first, rows, wanted, &mut these);
            and(&mut mask, &these);
        }
        if let Some((min, max)) = question.age {
            let ages = &self.ages[first..first + rows];
            retain(&mut mask, |row| ages[row] != NO_AGE && (min..=max).contains(&ages[row].into()));
        }
        if let Some(range) = question.check_in {
            let times = &self.times[1][first..first + rows];
            retain(&mut mask, |row| times[row] != NO_TIME && (range.from..=range.until).contains(&times[row]));
        }
        if let Some(numbers) = question.orders {
            retain(&mut mask, |row| str::from_utf8(chunk.plain.get(row, 2)).is_ok_and(|number| numbers.contains(number)));
        }
        if let Some(finder) = &question.finder
            && mask.iter().any(|&bits| bits != 0)
        {
            let mut these = [0; WORDS];
            for (words, wanted) in &question.words {
                words.codes.mark(first, rows, wanted, &mut these);
            }
            scan(&chunk.folded, finder, &mut these);
            and(&mut mask, &these);
        }
        mask
    }
}

/// Marks the rows whose text contains the needle.
fn scan(texts: &Texts, finder: &Finder<'_>, mask: &mut Mask) {
    let (mut from, mut row) = (0, 0);
    while let Some(found) = finder.find(&texts.bytes[from..]) {
        let at = from + found;
        while texts.starts[row + 1] <= at {
            row += 1;
        }
        mask[row / 64] |= 1 << (row % 64);
        from = texts.starts[row + 1];
        row += 1;
    }
}

fn and(mask: &mut Mask, other: &Mask) {
    mask.iter_mut().zip(other).for_each(|(mask, other)| *mask &= other);
}

/// Drops the rows that do not hold.
fn retain(mask: &mut Mask, holds: impl Fn(usize) -> bool) {
    for (word, bits) in mask.iter_mut().enumerate() {
        let mut left = *bits;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            if !holds(word * 64 + at) {
                *bits &= !(1 << at);
            }
        }
    }
}
