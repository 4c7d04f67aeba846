//! The tree, flattened: any window of its rows, without walking to it.
//!
//! A folder is shown where it holds anyone who matches; inside an open one come first its folders, then its own patients.

use crate::ids::{FolderId, ModalityId, PatientId};
use crate::sensitive::Sensitive;

use super::forest::ROOT;
use super::ranked::Ranked;
use super::selecting::Target;
use super::view::{View, node_count};

/// State of a row's box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nobody is selected.
    None,
    /// Some are.
    Mixed,
    /// All who match are.
    All,
}

/// Some rows of the flattened tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Window<'a> {
    /// How many rows there are in all.
    pub total: u64,
    /// The rows that were asked for, as far as they exist.
    pub rows: Vec<Row<'a>>,
}

/// One row of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Depth, from 1 (`aria-level`).
    pub level: u32,
    /// Place among its siblings, from 1 (`aria-posinset`).
    pub position: u32,
    /// Number of siblings with itself (`aria-setsize`).
    pub set_size: u32,
    /// State of its box.
    pub check: Check,
    /// What it shows.
    pub item: Item<'a>,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// A folder.
    Folder(FolderItem<'a>),
    /// A patient in one of their folders, or in none.
    Patient(PatientItem<'a>),
}

/// A folder. Counts are of distinct patients who match the filter, in it or in a folder below; bytes are of the chosen contents.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderItem<'a> {
    /// Row id.
    pub id: FolderId,
    /// Name.
    pub name: &'a str,
    /// Whether it is open.
    pub expanded: bool,
    /// Patients.
    pub patients: u64,
    /// Selected patients.
    pub selected: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Bytes of the selected ones.
    pub selected_bytes: u64,
}

/// A patient. Files and bytes are of the chosen contents.
#[derive(Clone, Debug, PartialEq)]
pub struct PatientItem<'a> {
    /// Row id.
    pub id: PatientId,
    /// The id that users know.
    pub patient_id: &'a str,
    /// Name of the person; empty where the source has none.
    pub name: Sensitive<&'a str>,
    /// The folder that this row stands in; a patient in several folders has a row in each.
    pub folder: Option<FolderId>,
    /// Modalities with files.
    pub modalities: Vec<ModalityId>,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether the viewer may export this patient.
    pub may_export: bool,
}

/// Where each part of the flattened tree lies.
#[derive(Debug)]
pub(super) struct Layout {
    /// Parts in the order of rows.
    pub(super) parts: Vec<Part>,
    /// Number of rows.
    pub(super) total: u32,
    /// By node: how many folders are shown directly in it.
    folders: Vec<u32>,
    /// By node: place of its row among its siblings, from 1; 0 where it is not shown.
    position: Vec<u32>,
    /// By node: the row of the folder, and of the first of its own patients, where they are shown.
    row: Vec<u32>,
    own_row: Vec<u32>,
}

/// A run of rows: a folder's own row, or the patients directly in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) row: u32,
    pub(super) node: u32,
    pub(super) patients: bool,
}

/// Stands for a row that is not shown.
const HIDDEN: u32 = u32::MAX;

impl View {
    /// The rows from `offset` on, at most `limit`.
    pub fn rows(&self, offset: u64, limit: usize) -> Window<'_> {
        let layout = self.layout();
        let total = u64::from(layout.total);
        let first = offset.min(total);
        let last = first.saturating_add(limit as u64).min(total);
        let mut rows = Vec::with_capacity(usize::try_from(last - first).unwrap_or(0));
        let (Ok(first), Ok(last)) = (u32::try_from(first), u32::try_from(last)) else { return Window { total, rows } };
        self.each_part(first, last, |part, start, end| {
            if part.patients {
                rows.extend((start..end).filter_map(|row| self.patient_row(part.node, row)));
            } else {
                rows.extend(self.folder_row(part.node));
            }
        });
        Window { total, rows }
    }

    /// Opens every folder around a folder; its row now, if it is shown.
    pub fn reveal_folder(&mut self, folder: FolderId) -> Option<u64> {
        let node = self.visible_node(folder)?;
        self.reveal(node, None)
    }

    /// Opens every folder around the first place of a patient; its row now, if it is shown.
    pub fn reveal_patient(&mut self, patient: PatientId) -> Option<u64> {
        let patient = self.visible_patient(patient)?;
        let ordinal = self.index.ordinals_of(patient)[0];
        self.reveal(self.index.holder[ordinal as usize], Some(ordinal))
    }

    /// The row of a folder, or of a patient in one of their folders (`folder`; else their first place). Where that is not shown:
    /// the row of the nearest folder around it that is.
    pub fn row_near(&self, target: Target, folder: Option<FolderId>) -> Option<u64> {
        let (node, ordinal) = match target {
            Target::Folder(folder) => (self.visible_node(folder)?, None),
            Target::Patient(patient) => {
                let ordinals = self.index.ordinals_of(self.visible_patient(patient)?);
                let holder = |ordinal: u32| self.index.holder[ordinal as usize];
                let there = |ordinal: &&u32| self.index.node(holder(**ordinal)).id == folder;
                let ordinal = *ordinals.iter().find(there).unwrap_or(&ordinals[0]);
                (holder(ordinal), Some(ordinal))
            }
        };
        let around = || self.index.path(node).into_iter().rev().find_map(|node| self.row_of(node, None));
        self.row_of(node, ordinal).or_else(around).map(u64::from)
    }

    /// Opens every folder that stands beside a folder or a patient, and the folder itself: what `*` does in a tree.
    pub fn expand_beside(&mut self, target: Target, folder: Option<FolderId>) {
        let around = match target {
            Target::Folder(folder) => self.visible_node(folder).map(|node| self.index.node(node).parent),
            Target::Patient(_) => folder.map_or(Some(ROOT), |folder| self.visible_node(folder)),
        };
        let Some(around) = around else { return };
        let mut at = around + 1;
        while at < self.index.node(around).next {
            self.expanded.insert(at);
            at = self.index.node(at).next;
        }
        self.derived.layout = std::sync::OnceLock::new();
    }

    /// Opens what lies around a node, and the node itself for a patient in it; the row of the folder or patient.
    pub(super) fn reveal(&mut self, node: u32, ordinal: Option<u32>) -> Option<u64> {
        let mut path = self.index.path(node);
        if ordinal.is_none() {
            path.pop();
        }
        let before = self.expanded.len();
        self.expanded.extend(path);
        if self.expanded.len() != before {
            self.derived.layout = std::sync::OnceLock::new();
        }
        self.row_of(node, ordinal).map(u64::from)
    }

    /// The row of a folder, or of a patient directly in it, where it is shown.
    pub(super) fn row_of(&self, node: u32, ordinal: Option<u32>) -> Option<u32> {
        let layout = self.layout();
        let shown = |row: u32| (row != HIDDEN).then_some(row);
        let Some(ordinal) = ordinal else { return shown(layout.row[node as usize]) };
        let matching = self.matching_ranked();
        let first = shown(layout.own_row[node as usize])?;
        matching.contains(ordinal).then(|| first + matching.count(self.index.node(node).own, ordinal))
    }

    pub(super) fn layout(&self) -> &Layout {
        self.derived.layout.get_or_init(|| Layout::new(self))
    }

    /// Hands each part that has rows in `first..last` to `take`, with the rows of it that lie there.
    pub(super) fn each_part(&self, first: u32, last: u32, mut take: impl FnMut(Part, u32, u32)) {
        let layout = self.layout();
        let from = layout.parts.partition_point(|part| part.row <= first).saturating_sub(1);
        for (at, &part) in layout.parts.iter().enumerate().skip(from).take_while(|(_, part)| part.row < last) {
            let next = layout.parts.get(at + 1).map_or(layout.total, |next| next.row);
            let (start, end) = (part.row.max(first), next.min(last));
            if start < end {
                take(part, start, end);
            }
        }
    }

    /// The ordinal at a row among the patients directly in a node.
    pub(super) fn ordinal_at(&self, node: u32, row: u32) -> Option<u32> {
        let matching = self.matching_ranked();
        let first = self.layout().own_row[node as usize];
        matching.select(matching.rank(self.index.node(node).own) + row.checked_sub(first)?)
    }

    fn folder_row(&self, at: u32) -> Option<Row<'_>> {
        let node = self.index.node(at);
        let (patients, bytes) = self.tally(self.matching_ranked(), at);
        let (selected, selected_bytes) = self.tally(self.selected_ranked(), at);
        Some(Row {
            level: node.depth,
            position: self.layout().position[at as usize],
            set_size: self.set_size(node.parent),
            check: match selected {
                0 => Check::None,
                all if all == patients => Check::All,
                _ => Check::Mixed,
            },
            item: Item::Folder(FolderItem {
                id: node.id?,
                name: &node.name,
                expanded: self.expanded.contains(at),
                patients,
                selected,
                bytes,
                selected_bytes,
            }),
        })
    }

    fn patient_row(&self, holder: u32, row: u32) -> Option<Row<'_>> {
        let ordinal = self.ordinal_at(holder, row)?;
        let number = self.index.patient_at[ordinal as usize];
        let patient = &self.index.patients[number as usize];
        let mut item = PatientItem {
            id: patient.id,
            patient_id: &patient.patient_id,
            name: Sensitive::new(patient.name.expose().as_ref()),
            folder: self.index.node(holder).id,
            modalities: Vec::new(),
            files: 0,
            bytes: 0,
            may_export: self.exportable.contains(ordinal),
        };
        for entry in self.index.entries_of(number).filter(|entry| self.chosen[entry.column]) {
            let modality = self.index.modalities[self.index.columns[entry.column].modality].id;
            if item.modalities.last() != Some(&modality) {
                item.modalities.push(modality);
            }
            item.files += entry.files;
            item.bytes += entry.bytes;
        }
        let layout = self.layout();
        Some(Row {
            level: self.index.node(holder).depth + 1,
            position: layout.folders[holder as usize] + (row - layout.own_row[holder as usize]) + 1,
            set_size: self.set_size(holder),
            check: if self.selected.contains(ordinal) { Check::All } else { Check::None },
            item: Item::Patient(item),
        })
    }

    /// How many rows stand directly in a node.
    fn set_size(&self, at: u32) -> u32 {
        let node = self.index.node(at);
        self.layout().folders[at as usize] + self.matching_ranked().count(node.own, node.end)
    }

    /// Distinct patients of a set in a node, and their bytes.
    fn tally(&self, set: &Ranked, at: u32) -> (u64, u64) {
        let index = &*self.index;
        let bytes_at = self.bytes_at();
        let (start, end) = (index.node(at).start, index.node(at).end);
        let mut patients = u64::from(set.count(start, end));
        let mut bytes = set.weight(start, end, &bytes_at);
        if index.repeats_inside.get(at as usize).is_some_and(|&repeats| repeats > 0) {
            let first = index.repeats.partition_point(|repeat| repeat.0 < start);
            for &(ordinal, previous) in index.repeats[first..].iter().take_while(|repeat| repeat.0 < end) {
                if previous >= start && set.contains(ordinal) {
                    patients -= 1;
                    bytes -= bytes_at(ordinal);
                }
            }
        }
        (patients, bytes)
    }
}

impl Layout {
    fn new(view: &View) -> Self {
        let index = &*view.index;
        let matching = view.matching_ranked();
        let nodes = node_count(index);
        let mut layout = Self {
            parts: Vec::new(),
            total: 0,
            folders: vec![0; nodes as usize],
            position: vec![0; nodes as usize],
            row: vec![HIDDEN; nodes as usize],
            own_row: vec![HIDDEN; nodes as usize],
        };
        // The open folders around the current node, the root first. Each is left when its last folder was passed.
        let mut open = vec![ROOT];
        let mut at = ROOT + 1;
        while let Some(&around) = open.last() {
            if at >= index.node(around).next {
                let node = index.node(around);
                let own = matching.count(node.own, node.end);
                if own > 0 {
                    layout.own_row[around as usize] = layout.total;
                    layout.parts.push(Part { row: layout.total, node: around, patients: true });
                    layout.total += own;
                }
                open.pop();
                continue;
            }
            let node = index.node(at);
            let shown = matching.count(node.start, node.end) > 0;
            if shown {
                layout.folders[around as usize] += 1;
                layout.position[at as usize] = layout.folders[around as usize];
                layout.row[at as usize] = layout.total;
                layout.parts.push(Part { row: layout.total, node: at, patients: false });
                layout.total += 1;
            }
            if shown && view.expanded.contains(at) {
                open.push(at);
                at += 1;
            } else {
                at = node.next;
            }
        }
        layout
    }
}
