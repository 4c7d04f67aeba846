//! The selection: what a click on a box does, and the ways in and out of it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use roaring::RoaringBitmap;

use crate::ids::{FolderId, PatientId};
use crate::selection::{FolderRef, Selection};

use super::forest::ROOT;
use super::view::{View, node_count};

/// What is checked or unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A patient, in all of their folders.
    Patient(PatientId),
    /// A folder: all in it, and in the folders below, who match the filter.
    Folder(FolderId),
}

/// A pasted list, looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchedIds {
    /// Row ids of the patients that the viewer sees, in the order of the list, each once.
    pub patients: Vec<PatientId>,
    /// Ids that no visible patient has, in the order of the list, each once.
    pub unmatched: Vec<String>,
}

/// A selection as it was at a moment: a step of an undo. It belongs to the index that it was taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected(RoaringBitmap);

impl View {
    /// The selection as it is now.
    pub fn selected(&self) -> Selected {
        Selected(self.selected.clone())
    }

    /// Replaces the selection by one that was taken from a view of the same index and rights, or was brought along with
    /// [`View::carry`].
    pub fn restore(&mut self, selected: &Selected) {
        self.selected = &selected.0 & &self.visible;
        self.derived.selected = OnceLock::new();
    }

    /// Brings selections along from another view, by row ids: what no longer exists, or may no longer be read, is left out.
    pub fn carry<'a>(&self, before: &View, steps: impl IntoIterator<Item = &'a mut Selected>) {
        let now: Vec<Option<u32>> = before.index.patients.iter().map(|patient| self.visible_patient(patient.id)).collect();
        for step in steps {
            step.0 = self.index.set_of(before.index.patients_in(&step.0).filter_map(|patient| now[patient as usize]));
        }
    }

    /// The patients that are selected and hidden by the filter, by ascending row id.
    pub fn hidden_ids(&self) -> Vec<PatientId> {
        self.ids(&(&self.selected - &self.matching))
    }

    /// How many of these match the filter.
    pub fn count_matching(&self, ids: &[PatientId]) -> u64 {
        let known = ids.iter().filter_map(|&id| self.index.find_patient(id));
        self.index.count(&(self.index.set_of(known) & &self.matching))
    }

    /// Checks or unchecks these patients, whether they match the filter or not; the number that changed.
    pub fn check_ids(&mut self, ids: &[PatientId], on: bool) -> u64 {
        let known = ids.iter().filter_map(|&id| self.visible_patient(id));
        let touched = self.index.set_of(known);
        self.apply(touched, on)
    }

    /// Whether the viewer sees this patient.
    pub fn sees(&self, patient: PatientId) -> bool {
        self.visible_patient(patient).is_some()
    }

    /// Checks or unchecks a patient or a folder; the number of patients that changed. What is not visible is not there.
    pub fn check(&mut self, target: Target, on: bool) -> u64 {
        let touched = self.touched(target);
        self.apply(touched, on)
    }

    /// What a click on a box does: unchecks where all are selected, checks all otherwise. The number of patients that changed.
    pub fn toggle(&mut self, target: Target) -> u64 {
        let touched = self.touched(target);
        let on = !touched.is_subset(&self.selected);
        self.apply(touched, on)
    }

    /// Checks or unchecks a range of rows of the flattened tree: the patients in it, and those in the closed folders in it.
    /// An open folder's own row stands for nothing, since the patients below it may lie outside of the range.
    pub fn check_rows(&mut self, rows: Range<u64>, on: bool) -> u64 {
        let total = self.layout().total;
        let clamp = |row: u64| u32::try_from(row).unwrap_or(total).min(total);
        let mut touched = RoaringBitmap::new();
        self.each_part(clamp(rows.start), clamp(rows.end), |part, start, end| {
            if part.patients {
                if let (Some(first), Some(last)) = (self.ordinal_at(part.node, start), self.ordinal_at(part.node, end - 1)) {
                    touched.insert_range(first..=last);
                }
            } else if !self.expanded.contains(part.node) {
                touched.insert_range(self.index.interval(part.node));
            }
        });
        touched &= &self.matching;
        self.index.close(&mut touched);
        self.apply(touched, on)
    }

    /// Checks or unchecks everyone who matches the filter.
    pub fn check_matching(&mut self, on: bool) -> u64 {
        self.apply(self.matching.clone(), on)
    }

    /// Empties the selection, also of those hidden by the filter.
    pub fn clear(&mut self) -> u64 {
        self.apply(self.selected.clone(), false)
    }

    /// The selected patients, by ascending row id: what a cohort or an undo step keeps.
    pub fn selected_ids(&self) -> Vec<PatientId> {
        self.ids(&self.selected)
    }

    /// Replaces the selection; the number of ids that no visible patient has.
    pub fn select_ids(&mut self, ids: &[PatientId]) -> u64 {
        let mut unknown = 0;
        let known: Vec<u32> = ids
            .iter()
            .filter_map(|&id| {
                let patient = self.visible_patient(id);
                unknown += u64::from(patient.is_none());
                patient
            })
            .collect();
        self.selected = self.index.set_of(known);
        self.derived.selected = OnceLock::new();
        unknown
    }

    /// Looks up a pasted list of the ids that users know; blanks around them are ignored. An id that the viewer may not see is
    /// simply unmatched.
    pub fn match_ids<'a>(&self, list: impl IntoIterator<Item = &'a str>) -> MatchedIds {
        let patients = self.index.patients_in(&self.visible).map(|at| &self.index.patients[at as usize]);
        let mut known: HashMap<&str, Option<PatientId>> =
            patients.map(|patient| (patient.patient_id.as_ref(), Some(patient.id))).collect();
        let mut matched = MatchedIds::default();
        for id in list.into_iter().map(str::trim).filter(|id| !id.is_empty()) {
            // An id that was met is remembered without a patient: it is listed once.
            match known.insert(id, None) {
                Some(Some(patient)) => matched.patients.push(patient),
                Some(None) => {}
                None => matched.unmatched.push(id.to_owned()),
            }
        }
        matched
    }

    /// The visible patients that have these ids, by id.
    pub fn patients_by_id<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> HashMap<&'a str, PatientId> {
        let patients = self.index.patients_in(&self.visible).map(|at| &self.index.patients[at as usize]);
        let known: HashMap<&str, PatientId> = patients.map(|patient| (patient.patient_id.as_ref(), patient.id)).collect();
        ids.into_iter().filter_map(|id| known.get(id).map(|patient| (id, *patient))).collect()
    }

    /// The selection and the contents in the words of an export: `all` where every visible patient is selected, else whole
    /// folders where all that the viewer sees in them is selected, and the ids of the other patients. Empty stays empty.
    pub fn selection(&self) -> Selection {
        let mut selection = Selection { kind: Some(self.contents.kind), ..Selection::default() };
        match &self.contents.modalities {
            None => selection.all_modalities = true,
            Some(wanted) => {
                let known = self.index.modalities.iter().filter(|modality| wanted.contains(&modality.id));
                selection.modality = known.map(|modality| modality.slug.clone()).collect();
            }
        }
        if self.selected.is_empty() {
            return selection;
        }
        if self.selected == self.visible {
            selection.all = true;
            return selection;
        }
        let mut covered = RoaringBitmap::new();
        let mut at = ROOT + 1;
        while at < node_count(&self.index) {
            let interval = self.index.interval(at);
            let selected = self.selected.range_cardinality(interval.clone());
            if selected > 0 && selected == self.visible.range_cardinality(interval.clone()) {
                selection.folder.push(self.folder_ref(at));
                covered.insert_range(interval);
            }
            let whole_or_empty = selected == 0 || covered.contains(self.index.node(at).start);
            at = if whole_or_empty { self.index.node(at).next } else { at + 1 };
        }
        self.index.close(&mut covered);
        let rest = &self.selected - covered;
        let ids = self.index.patients_in(&rest).map(|at| self.index.patients[at as usize].patient_id.to_string());
        selection.patient = ids.collect();
        selection
    }

    /// The patients of a closed set, by ascending row id.
    pub(super) fn ids(&self, set: &RoaringBitmap) -> Vec<PatientId> {
        let mut ids: Vec<PatientId> = self.index.patients_in(set).map(|at| self.index.patients[at as usize].id).collect();
        ids.sort_unstable();
        ids
    }

    /// A folder by id, and by path where the path is what the registry says.
    fn folder_ref(&self, node: u32) -> FolderRef {
        let index = &self.index;
        let path = index.path(node);
        let whole = path.iter().all(|&at| !index.node(at).cut);
        FolderRef {
            id: index.node(node).id.map(|id| id.to_string()),
            path: whole.then(|| path.into_iter().map(|at| index.node(at).name.to_string()).collect()),
        }
    }

    fn touched(&self, target: Target) -> RoaringBitmap {
        match target {
            Target::Patient(id) => self.index.set_of(self.visible_patient(id)),
            Target::Folder(id) => {
                let Some(node) = self.index.find_folder(id) else { return RoaringBitmap::new() };
                let mut touched = RoaringBitmap::new();
                touched.insert_range(self.index.interval(node));
                touched &= &self.matching;
                self.index.close(&mut touched);
                touched
            }
        }
    }

    /// Adds or takes away a closed set of visible ordinals; the number of patients that changed.
    fn apply(&mut self, touched: RoaringBitmap, on: bool) -> u64 {
        let changed = if on { touched - &self.selected } else { touched & &self.selected };
        if on {
            self.selected |= &changed;
        } else {
            self.selected -= &changed;
        }
        self.derived.selected = OnceLock::new();
        self.index.count(&changed)
    }
}
