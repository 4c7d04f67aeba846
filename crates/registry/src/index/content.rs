//! The aggregate `patient_content(patient, modality, kind, files, bytes)`: one row for up to thousands of files.

use crate::ids::{ModalityId, PatientId};
use crate::rows::Kind;

/// Files and bytes by patient, modality and kind, compact: about 16 bytes a row. Patients are in ascending order of their row
/// ids, and a patient has at most one row of one modality and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientContent {
    /// What the column numbers of `entries` mean.
    pub(super) columns: Vec<(ModalityId, Kind)>,
    /// Each patient with the end of their entries.
    pub(super) patients: Vec<(PatientId, usize)>,
    pub(super) entries: Entries,
}

/// Rows as parallel columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    pub(super) column: Vec<u32>,
    pub(super) files: Vec<u32>,
    pub(super) bytes: Vec<u64>,
}

impl Entries {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            column: Vec::with_capacity(capacity),
            files: Vec::with_capacity(capacity),
            bytes: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn push(&mut self, column: u32, files: u32, bytes: u64) {
        self.column.push(column);
        self.files.push(files);
        self.bytes.push(bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.column.len()
    }
}

impl PatientContent {
    /// An aggregate without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds files of a patient. Rows of one patient, modality and kind add up (saturating); a patient that comes after one
    /// with a higher row id is sorted in at once, which costs the length of the aggregate: hand patients in ascending order.
    pub fn add(&mut self, patient: PatientId, modality: ModalityId, kind: Kind, files: u32, bytes: u64) {
        let column = self.column(modality, kind);
        let at = match self.patients.last() {
            Some(&(last, _)) if last == patient => self.patients.len() - 1,
            Some(&(last, _)) if last > patient => match self.patients.binary_search_by_key(&patient, |row| row.0) {
                Ok(at) => at,
                Err(at) => {
                    self.patients.insert(at, (patient, self.start(at)));
                    at
                }
            },
            _ => {
                self.patients.push((patient, self.entries.len()));
                self.patients.len() - 1
            }
        };
        let range = self.start(at)..self.patients[at].1;
        if let Some(entry) = range.clone().find(|&entry| self.entries.column[entry] == column) {
            self.entries.files[entry] = self.entries.files[entry].saturating_add(files);
            self.entries.bytes[entry] = self.entries.bytes[entry].saturating_add(bytes);
            return;
        }
        self.entries.column.insert(range.end, column);
        self.entries.files.insert(range.end, files);
        self.entries.bytes.insert(range.end, bytes);
        for row in &mut self.patients[at..] {
            row.1 += 1;
        }
    }

    /// All rows, patients in ascending order of their row ids.
    pub(super) fn rows(&self) -> impl Iterator<Item = (PatientId, std::ops::Range<usize>)> + '_ {
        (0..self.patients.len()).map(|at| (self.patients[at].0, self.start(at)..self.patients[at].1))
    }

    fn start(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.patients[at - 1].1 }
    }

    fn column(&mut self, modality: ModalityId, kind: Kind) -> u32 {
        // The same column as the row before is the common case, and there are few columns.
        let known = self.columns.iter().position(|&column| column == (modality, kind));
        let at = known.unwrap_or_else(|| {
            self.columns.push((modality, kind));
            self.columns.len() - 1
        });
        u32::try_from(at).expect("a registry with four billion modalities does not fit into memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up_whatever_their_order() {
        let (a, b) = (ModalityId(5), ModalityId(2));
        let rows = [
            (3, a, Kind::Raw, 10),
            (1, b, Kind::Raw, 20),
            (3, b, Kind::Other, 1),
            (3, a, Kind::Raw, 5),
            (2, a, Kind::Raw, 7),
        ];
        let mut content = PatientContent::new();
        for (patient, modality, kind, bytes) in rows {
            content.add(PatientId(patient), modality, kind, 1, bytes);
        }
        let mut seen = Vec::new();
        for (patient, range) in content.rows() {
            for entry in range {
                let (modality, kind) = content.columns[content.entries.column[entry] as usize];
                seen.push((patient.0, modality, kind, content.entries.files[entry], content.entries.bytes[entry]));
            }
        }
        let wanted =
            vec![(1, b, Kind::Raw, 1, 20), (2, a, Kind::Raw, 1, 7), (3, a, Kind::Raw, 2, 15), (3, b, Kind::Other, 1, 1)];
        assert_eq!(seen, wanted, "rows are grouped by patient and merged by modality and kind");
    }

    #[test]
    fn sizes_of_a_hostile_registry_saturate() {
        let mut content = PatientContent::new();
        for _ in 0..3 {
            content.add(PatientId(1), ModalityId(1), Kind::Raw, u32::MAX, u64::MAX);
        }
        assert_eq!((content.entries.files[0], content.entries.bytes[0]), (u32::MAX, u64::MAX), "sums never wrap around");
    }
}
