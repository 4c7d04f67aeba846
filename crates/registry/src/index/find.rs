//! Finding the next row for a text.

use super::forest::ROOT;
use super::text_column::fold_query;
use super::view::View;

/// A folder or a placement, ordered as in the tree with every folder open: a folder comes before the ordinals in it, and
/// before the folders below that start with it.
type Place = (u32, bool, u32);

impl View {
    /// The next row after `after` (`None`: from the top) whose folder name, patient id or patient name contains the text (case
    /// folded, NFC), going around at the end. Closed folders are searched too: those around what is found are opened first.
    /// Only what matches the filter is found.
    pub fn find(&mut self, text: &str, after: Option<u64>) -> Option<u64> {
        let text = fold_query(text);
        let after = after.and_then(|row| self.place_at(u32::try_from(row).ok()?));
        let (node, ordinal) = self.next_containing(&text, after)?;
        self.reveal(node, ordinal)
    }

    /// The next row after `after` (`None`: from the top) among those shown now whose folder name, patient id or patient name
    /// starts with the text, going around at the end: type-ahead.
    pub fn find_shown(&self, text: &str, after: Option<u64>) -> Option<u64> {
        let text = fold_query(text);
        if text.is_empty() {
            return None;
        }
        let total = self.layout().total;
        let start = after.map_or(0, |row| u32::try_from(row.saturating_add(1)).unwrap_or(total).min(total));
        self.first_starting(&text, start, total).or_else(|| self.first_starting(&text, 0, start)).map(u64::from)
    }

    fn first_starting(&self, text: &str, first: u32, last: u32) -> Option<u32> {
        let index = &*self.index;
        let mut found = None;
        self.each_part(first, last, |part, start, end| {
            if found.is_some() {
                return;
            }
            found = if part.patients {
                let starts = |&row: &u32| {
                    let ordinal = self.ordinal_at(part.node, row);
                    ordinal.is_some_and(|at| index.patient_text.starts_with(index.patient_at[at as usize], text))
                };
                (start..end).find(starts)
            } else {
                index.folder_text.starts_with(part.node, text).then_some(start)
            };
        });
        found
    }

    /// The place of a row that is shown.
    fn place_at(&self, row: u32) -> Option<Place> {
        let mut place = None;
        self.each_part(row, row.saturating_add(1), |part, start, _| {
            place = if part.patients {
                self.ordinal_at(part.node, start).map(|ordinal| (ordinal, true, 0))
            } else {
                Some((self.index.node(part.node).start, false, part.node))
            };
        });
        place
    }

    /// The first folder or placement after a place that contains the folded text, else the first of all.
    fn next_containing(&self, text: &str, after: Option<Place>) -> Option<(u32, Option<u32>)> {
        let index = &*self.index;
        let mut patients = index.set_of(index.patient_text.containing(text));
        patients &= &self.matching;
        let matching = self.matching_ranked();
        let holds_any = |&node: &u32| node != ROOT && matching.count(index.node(node).start, index.node(node).end) > 0;
        let folders: Vec<u32> = index.folder_text.containing(text).filter(holds_any).collect();
        let from = |after: Option<Place>| {
            let ordinal_from = match after {
                None => 0,
                Some((ordinal, is_patient, _)) => ordinal + u32::from(is_patient),
            };
            let patient = patients.range(ordinal_from..).next().map(|ordinal| (ordinal, true, 0));
            let is_after = |place: &Place| after.is_none_or(|after| *place > after);
            let mut places = folders.iter().map(|&node| (index.node(node).start, false, node));
            places.find(is_after).into_iter().chain(patient).min()
        };
        let (ordinal, is_patient, node) = from(after).or_else(|| from(None))?;
        if is_patient { Some((index.holder[ordinal as usize], Some(ordinal))) } else { Some((node, None)) }
    }
}
