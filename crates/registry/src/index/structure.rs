//! The immutable structure of one project.

use roaring::RoaringBitmap;

use crate::access::SeenPlacements;
use crate::ids::{FolderId, ModalityId, PatientId, ProjectId, TagId};
use crate::rows::{Kind, Modality, Tag};

use super::content::Entries;
use super::forest::Node;
use super::input::InputPatient;
use super::text_column::TextColumn;

/// The interactive index of one project: immutable, shared by those who look at the same. It tells nothing by itself: whatever
/// is seen goes through a [`super::View`], which knows what its viewer may do.
#[derive(Debug)]
pub struct Index {
    /// The project that it was loaded from, and which of its placements are in it; `None` for one made of plain rows.
    pub(super) loaded_for: Option<(ProjectId, SeenPlacements)>,
    /// Folders with patients, depth first; the root is the first.
    pub(super) nodes: Vec<Node>,
    /// How many ordinals of each node repeat a patient of the same node. Empty where no patient lies in several folders.
    pub(super) repeats_inside: Vec<u32>,
    /// Node of each folder, by ascending row id.
    pub(super) node_of_folder: Vec<(FolderId, u32)>,
    /// The folded names of the nodes.
    pub(super) folder_text: TextColumn,

    /// Patients in the order of their first ordinals.
    pub(super) patients: Vec<InputPatient>,
    /// Position of each patient, by ascending row id.
    pub(super) patient_by_id: Vec<(PatientId, u32)>,
    /// The folded ids and names of the patients.
    pub(super) patient_text: TextColumn,

    /// The patient at each ordinal.
    pub(super) patient_at: Vec<u32>,
    /// The node that directly holds each ordinal.
    pub(super) holder: Vec<u32>,
    /// Where each patient's ordinals start in `ordinals`, and the end of the last.
    pub(super) ordinals_start: Vec<u32>,
    /// Ordinals by patient, ascending.
    pub(super) ordinals: Vec<u32>,
    /// The first ordinal of each patient.
    pub(super) first: RoaringBitmap,
    /// All ordinals of patients with more than one.
    pub(super) shared: RoaringBitmap,
    /// Each ordinal that is not its patient's first, ascending, with the one before it.
    pub(super) repeats: Vec<(u32, u32)>,

    /// Tags in natural order, with the ordinals that have them.
    pub(super) tags: Vec<TagColumn>,
    /// Modalities in natural order of their slugs.
    pub(super) modalities: Vec<Modality>,
    /// Columns in the order of modalities, then kinds.
    pub(super) columns: Vec<ContentColumn>,
    /// Where each patient's entries start, and the end of the last.
    pub(super) entries_start: Vec<u32>,
    /// Contents by patient, then column.
    pub(super) entries: Entries,
}

/// A tag and who has it.
#[derive(Debug)]
pub(super) struct TagColumn {
    pub(super) tag: Tag,
    pub(super) set: RoaringBitmap,
}

/// A modality of one kind, and who has files of it.
#[derive(Debug)]
pub(super) struct ContentColumn {
    /// Position of the modality.
    pub(super) modality: usize,
    pub(super) kind: Kind,
    pub(super) set: RoaringBitmap,
}

/// What a patient has of one column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) column: usize,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl Index {
    /// Number of ordinals.
    pub(super) fn len(&self) -> usize {
        self.patient_at.len()
    }

    pub(super) fn node(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }

    /// The ordinals inside a node.
    pub(super) fn interval(&self, node: u32) -> std::ops::Range<u32> {
        self.node(node).start..self.node(node).end
    }

    /// The node of a folder that holds any patient.
    pub(super) fn find_folder(&self, id: FolderId) -> Option<u32> {
        lookup(&self.node_of_folder, id)
    }

    pub(super) fn find_patient(&self, id: PatientId) -> Option<u32> {
        lookup(&self.patient_by_id, id)
    }

    pub(super) fn find_tag(&self, id: TagId) -> Option<&TagColumn> {
        self.tags.iter().find(|column| column.tag.id == id)
    }

    pub(super) fn find_modality(&self, id: ModalityId) -> Option<usize> {
        self.modalities.iter().position(|modality| modality.id == id)
    }

    /// All ordinals of a patient, ascending.
    pub(super) fn ordinals_of(&self, patient: u32) -> &[u32] {
        let at = patient as usize;
        &self.ordinals[self.ordinals_start[at] as usize..self.ordinals_start[at + 1] as usize]
    }

    /// What a patient has, in the order of the columns.
    pub(super) fn entries_of(&self, patient: u32) -> impl Iterator<Item = Entry> + '_ {
        let at = patient as usize;
        let range = self.entries_start[at] as usize..self.entries_start[at + 1] as usize;
        let columns = &self.entries.column[range.clone()];
        let files = &self.entries.files[range.clone()];
        let bytes = &self.entries.bytes[range];
        columns.iter().zip(files).zip(bytes).map(|((&column, &files), &bytes)| Entry {
            column: column as usize,
            files: u64::from(files),
            bytes,
        })
    }

    /// The patients of a closed set, each once.
    pub(super) fn patients_in<'a>(&'a self, set: &'a RoaringBitmap) -> impl Iterator<Item = u32> + 'a {
        let one_each = self.repeats.is_empty();
        set.iter()
            .filter(move |&ordinal| one_each || self.first.contains(ordinal))
            .map(|ordinal| self.patient_at[ordinal as usize])
    }

    /// Number of patients of a closed set.
    pub(super) fn count(&self, set: &RoaringBitmap) -> u64 {
        if self.repeats.is_empty() { set.len() } else { set.intersection_len(&self.first) }
    }

    /// Adds the other ordinals of each patient in a set.
    pub(super) fn close(&self, set: &mut RoaringBitmap) {
        if self.repeats.is_empty() {
            return;
        }
        for ordinal in &*set & &self.shared {
            for &other in self.ordinals_of(self.patient_at[ordinal as usize]) {
                set.insert(other);
            }
        }
    }

    /// The closed set of some patients.
    pub(super) fn set_of(&self, patients: impl IntoIterator<Item = u32>) -> RoaringBitmap {
        let mut ordinals: Vec<u32> =
            patients.into_iter().flat_map(|patient| self.ordinals_of(patient).iter().copied()).collect();
        ordinals.sort_unstable();
        ordinals.dedup();
        RoaringBitmap::from_sorted_iter(ordinals).expect("sorted and deduplicated just now")
    }

    /// The nodes from the root's child down to this one.
    pub(super) fn path(&self, node: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = node;
        while at != super::forest::ROOT {
            path.push(at);
            at = self.node(at).parent;
        }
        path.reverse();
        path
    }
}

fn lookup<K: Ord + Copy>(sorted: &[(K, u32)], key: K) -> Option<u32> {
    sorted.binary_search_by_key(&key, |row| row.0).ok().map(|at| sorted[at].1)
}
