//! [`IndexInput`] -> [`Index`].

use roaring::RoaringBitmap;

use crate::error::{Code, Error, Result};
use crate::ids::{ModalityId, PatientId, TagId};
use crate::rows::{Kind, Modality, Tag};
use crate::text::natural_cmp;

use super::PatientContent;
use super::content::Entries;
use super::forest::{Forest, Parents};
use super::input::{IndexInput, InputPatient};
use super::natural_key::natural_order;
use super::structure::{ContentColumn, Index, TagColumn};
use super::text_column::TextColumn;

/// Ordinals, nodes and entries are numbered in 32 bits.
const ROWS_MAX: usize = u32::MAX as usize / 2;

impl Index {
    /// Builds the index of a project from plain rows. The same rows give the same index, whatever their order.
    ///
    /// # Errors
    /// `INTERNAL` where a project has more than two thousand million placements, folders or contents.
    pub fn new(input: IndexInput) -> Result<Index> {
        let IndexInput { folders, mut patients, mut placements, tags, mut patient_tags, modalities, contents } = input;
        let rows = patients.len().saturating_add(placements.len()).max(folders.len()).max(contents.entries.len());
        if rows > ROWS_MAX {
            return Err(Error::new(Code::Internal, "The project has more rows than the index can number."));
        }
        patients.sort_by_key(|patient| patient.id);
        patients.dedup_by_key(|patient| patient.id);
        placements.sort_unstable();
        placements.dedup();
        let parents = Parents::new(folders);
        let (inside, unfiled) = distribute(&patients, &placements, &parents);
        let forest = parents.plant(&inside, &unfiled);
        drop((inside, unfiled, placements));

        let numbering = Numbering::new(&forest, patients.len());
        let patients = numbering.reorder(patients);
        let patient_by_id = by_id(patients.iter().map(|patient| patient.id));
        let node_of_folder = by_id_of_nodes(&forest);
        let (mut folder_text, mut patient_text) = (TextColumn::new(), TextColumn::new());
        for node in &forest.nodes {
            folder_text.push(&[&node.name]);
        }
        for patient in &patients {
            patient_text.push(&[&patient.patient_id, patient.name.expose()]);
        }
        folder_text.shrink();
        patient_text.shrink();

        let mut index = Index {
            loaded_for: None,
            repeats_inside: Vec::new(),
            node_of_folder,
            folder_text,
            patients,
            patient_by_id,
            patient_text,
            patient_at: numbering.patient_at,
            holder: forest.holder,
            nodes: forest.nodes,
            ordinals_start: numbering.ordinals_start,
            ordinals: numbering.ordinals,
            first: numbering.first,
            shared: numbering.shared,
            repeats: numbering.repeats,
            tags: Vec::new(),
            modalities: Vec::new(),
            columns: Vec::new(),
            entries_start: Vec::new(),
            entries: Entries::default(),
        };
        index.repeats_inside = index.count_repeats();
        patient_tags.sort_unstable();
        patient_tags.dedup();
        index.add_tags(tags, &patient_tags);
        index.add_contents(modalities, &contents);
        Ok(index)
    }

    fn add_tags(&mut self, mut tags: Vec<Tag>, patient_tags: &[(PatientId, TagId)]) {
        tags.sort_by_key(|tag| tag.id);
        tags.dedup_by_key(|tag| tag.id);
        let mut sets = vec![Vec::new(); tags.len()];
        for of_one in patient_tags.chunk_by(|a, b| a.0 == b.0) {
            let Some(patient) = self.find_patient(of_one[0].0) else { continue };
            let known = of_one.iter().filter_map(|row| tags.binary_search_by_key(&row.1, |tag| tag.id).ok());
            known.for_each(|at| sets[at].push(patient));
        }
        self.tags =
            tags.into_iter().zip(sets).map(|(tag, patients)| TagColumn { tag, set: self.set_of(patients) }).collect();
        self.tags.retain(|column| !column.set.is_empty());
        self.tags.sort_by(|a, b| natural_cmp(&a.tag.name, &b.tag.name).then(a.tag.id.cmp(&b.tag.id)));
    }

    fn add_contents(&mut self, mut modalities: Vec<Modality>, contents: &PatientContent) {
        modalities.sort_by_key(|modality| modality.id);
        modalities.dedup_by_key(|modality| modality.id);
        modalities.sort_by(|a, b| natural_cmp(&a.slug, &b.slug).then(a.id.cmp(&b.id)));
        self.modalities = modalities;
        let (columns, number) = self.order_columns(&contents.columns);

        // Which rows of the aggregate belong to each patient of this project.
        let mut rows = vec![0..0; self.patients.len()];
        for (id, range) in contents.rows() {
            if let Some(patient) = self.find_patient(id) {
                rows[patient as usize] = range;
            }
        }
        let count = rows.iter().map(std::ops::Range::len).sum();
        let cap = bytes_cap(self.len(), columns.len());
        let mut entries = Entries::with_capacity(count);
        let mut having = vec![Vec::new(); columns.len()];
        let mut scratch = Vec::new();
        self.entries_start = Vec::with_capacity(rows.len() + 1);
        self.entries_start.push(0);
        for (patient, range) in (0_u32..).zip(rows) {
            scratch.clear();
            scratch.extend(range.filter_map(|row| Some((number[contents.entries.column[row] as usize]?, row))));
            scratch.sort_unstable();
            for &(column, row) in &scratch {
                entries.push(column, contents.entries.files[row], contents.entries.bytes[row].min(cap));
                having[column as usize].push(patient);
            }
            self.entries_start.push(u32::try_from(entries.len()).expect("checked against ROWS_MAX"));
        }
        self.entries = entries;
        let column = |((modality, kind), patients)| ContentColumn { modality, kind, set: self.set_of(patients) };
        self.columns = columns.into_iter().zip(having).map(column).collect();
    }

    /// The columns in the index's order, and the number that each column of the aggregate has in it (`None`: of a modality
    /// that does not exist).
    fn order_columns(&self, columns: &[(ModalityId, Kind)]) -> (Vec<(usize, Kind)>, Vec<Option<u32>>) {
        let known: Vec<Option<(usize, Kind)>> =
            columns.iter().map(|&(modality, kind)| Some((self.find_modality(modality)?, kind))).collect();
        let mut ordered: Vec<(usize, Kind)> = known.iter().copied().flatten().collect();
        ordered.sort_unstable();
        ordered.dedup();
        let number = |column: Option<(usize, Kind)>| {
            let at = ordered.binary_search(&column?).ok()?;
            u32::try_from(at).ok()
        };
        let numbers = known.into_iter().map(number).collect();
        (ordered, numbers)
    }

    /// For each node, how many of its ordinals repeat a patient of the same node: a repeat (ordinal, previous) counts where
    /// both lie inside. Swept from the right, so that all nodes together cost one pass.
    fn count_repeats(&self) -> Vec<u32> {
        if self.repeats.is_empty() {
            return Vec::new();
        }
        let mut by_previous: Vec<(u32, u32)> = self.repeats.iter().map(|&(ordinal, previous)| (previous, ordinal)).collect();
        by_previous.sort_unstable();
        let mut by_start: Vec<usize> = (0..self.nodes.len()).collect();
        by_start.sort_by_key(|&node| std::cmp::Reverse(self.nodes[node].start));
        // A Fenwick tree over the ordinals of those repeats whose previous ordinal is not before the sweep.
        let mut tree = vec![0_u32; self.len() + 1];
        let mut counts = vec![0; self.nodes.len()];
        for node in by_start {
            let (start, end) = (self.nodes[node].start, self.nodes[node].end);
            while let Some(&(_, ordinal)) = by_previous.last().filter(|row| row.0 >= start) {
                by_previous.pop();
                let mut at = ordinal as usize + 1;
                while at < tree.len() {
                    tree[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
            let mut at = end as usize;
            while at > 0 {
                counts[node] += tree[at];
                at &= at - 1;
            }
        }
        counts
    }
}

/// The largest size of one entry, so that no sum over all ordinals can overflow, whatever a hostile registry says: 14 TB for
/// one patient and modality among 100,000 placements and 12 columns, more where there are fewer.
fn bytes_cap(ordinals: usize, columns: usize) -> u64 {
    let entries_max = (ordinals as u64).saturating_mul(columns as u64).max(1);
    u64::MAX / entries_max
}

/// Patients (positions in the list) by folder, and those in none; each list in natural order of the patients' ids.
fn distribute(
    patients: &[InputPatient],
    placements: &[(PatientId, crate::ids::FolderId)],
    parents: &Parents,
) -> (Vec<Vec<u32>>, Vec<u32>) {
    // Patients come by ascending row id, which decides between equal ids.
    let natural = natural_order(patients.iter().map(|patient| patient.patient_id.as_ref()));
    let mut inside = vec![Vec::new(); parents.len()];
    let mut unfiled = Vec::new();
    for patient in natural {
        let id = patients[patient as usize].id;
        let start = placements.partition_point(|row| row.0 < id);
        let mut filed = false;
        for &(_, folder) in placements[start..].iter().take_while(|row| row.0 == id) {
            if let Some(folder) = parents.position(folder) {
                inside[folder].push(patient);
                filed = true;
            }
        }
        if !filed {
            unfiled.push(patient);
        }
    }
    (inside, unfiled)
}

/// Patients numbered by their first ordinals, and their ordinals.
struct Numbering {
    /// The former position of each patient.
    former: Vec<u32>,
    patient_at: Vec<u32>,
    ordinals_start: Vec<u32>,
    ordinals: Vec<u32>,
    first: RoaringBitmap,
    shared: RoaringBitmap,
    repeats: Vec<(u32, u32)>,
}

impl Numbering {
    fn new(forest: &Forest, patients: usize) -> Self {
        const UNSEEN: u32 = u32::MAX;
        let mut number = vec![UNSEEN; patients];
        let mut former = Vec::with_capacity(patients);
        let mut patient_at = Vec::with_capacity(forest.placed.len());
        let mut last: Vec<u32> = Vec::with_capacity(patients);
        let mut repeats = Vec::new();
        let mut first = RoaringBitmap::new();
        for (ordinal, &placed) in (0_u32..).zip(&forest.placed) {
            let known = number[placed as usize];
            if known == UNSEEN {
                let new = u32::try_from(former.len()).expect("checked against ROWS_MAX");
                number[placed as usize] = new;
                former.push(placed);
                last.push(ordinal);
                first.insert(ordinal);
                patient_at.push(new);
            } else {
                repeats.push((ordinal, last[known as usize]));
                last[known as usize] = ordinal;
                patient_at.push(known);
            }
        }
        let mut ordinals_start = vec![0_u32; former.len() + 1];
        for &patient in &patient_at {
            ordinals_start[patient as usize + 1] += 1;
        }
        for at in 1..ordinals_start.len() {
            ordinals_start[at] += ordinals_start[at - 1];
        }
        let mut ordinals = vec![0; patient_at.len()];
        let mut cursor = ordinals_start.clone();
        for (ordinal, &patient) in (0_u32..).zip(&patient_at) {
            ordinals[cursor[patient as usize] as usize] = ordinal;
            cursor[patient as usize] += 1;
        }
        let shared = repeats.iter().flat_map(|&(ordinal, previous)| [ordinal, previous]).collect();
        Self { former, patient_at, ordinals_start, ordinals, first, shared, repeats }
    }

    fn reorder(&self, patients: Vec<InputPatient>) -> Vec<InputPatient> {
        let mut patients: Vec<Option<InputPatient>> = patients.into_iter().map(Some).collect();
        self.former.iter().filter_map(|&at| patients[at as usize].take()).collect()
    }
}

fn by_id(ids: impl Iterator<Item = PatientId>) -> Vec<(PatientId, u32)> {
    let mut sorted: Vec<(PatientId, u32)> = ids.zip(0..).collect();
    sorted.sort_unstable();
    sorted
}

fn by_id_of_nodes(forest: &Forest) -> Vec<(crate::ids::FolderId, u32)> {
    let mut sorted: Vec<_> = forest.nodes.iter().zip(0..).filter_map(|(node, at)| Some((node.id?, at))).collect();
    sorted.sort_unstable();
    sorted
}
