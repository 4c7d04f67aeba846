//! Small inputs, written down.

use crate::ids::{FolderId, ModalityId, PatientId, TagId};
use crate::index::{IndexInput, InputFolder, InputPatient};
use crate::rows::{Kind, Modality, Tag};
use crate::sensitive::Sensitive;

/// An input that grows row by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixture {
    pub(super) input: IndexInput,
}

impl Fixture {
    pub(super) fn folder(mut self, id: i64, parent: Option<i64>, name: &str) -> Self {
        self.input.folders.push(InputFolder { id: FolderId(id), parent: parent.map(FolderId), name: name.into() });
        self
    }

    pub(super) fn patient(mut self, id: i64, patient_id: &str, name: &str, folders: &[i64]) -> Self {
        let name = Sensitive::new(name.into());
        self.input.patients.push(InputPatient { id: PatientId(id), patient_id: patient_id.into(), name });
        self.input.placements.extend(folders.iter().map(|&folder| (PatientId(id), FolderId(folder))));
        self
    }

    pub(super) fn tag(mut self, id: i64, name: &str, patients: &[i64]) -> Self {
        self.input.tags.push(Tag { id: TagId(id), name: name.to_owned() });
        self.input.patient_tags.extend(patients.iter().map(|&patient| (PatientId(patient), TagId(id))));
        self
    }

    pub(super) fn modality(mut self, id: i64, slug: &str) -> Self {
        let (slug, name) = (slug.to_owned(), slug.to_uppercase());
        self.input.modalities.push(Modality { id: ModalityId(id), slug, name, listed: true });
        self
    }

    pub(super) fn files(mut self, patient: i64, modality: i64, kind: Kind, files: u32, bytes: u64) -> Self {
        self.input.contents.add(PatientId(patient), ModalityId(modality), kind, files, bytes);
        self
    }
}
