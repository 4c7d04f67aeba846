//! Sums over the entries.

use std::collections::BTreeMap;

use sheaf_registry::rows::RegisteredHash;

use super::{ModalityTotal, Plan, PlannedEntry};

/// Local header with its extra fields (ZIP64, times), without the name.
const LOCAL_HEADER: u64 = 30 + 20 + 36;
/// Central header with its extra fields, without the name.
const CENTRAL_HEADER: u64 = 46 + 28 + 36;
/// ZIP64 end record, its locator, end record.
const END_RECORDS: u64 = 56 + 20 + 22;
/// `metadata.json` before its lists and `manifest-sha256.txt` without lines: notes of 16 KiB, escaped, and the rest.
const METADATA_HEAD: u64 = 128 * 1024;
/// Keys, numbers and hashes of one file in `metadata.json`.
const METADATA_FILE: u64 = 384;
/// Keys and sentence of one problem in `metadata.json`.
const METADATA_PROBLEM: u64 = 384;
/// Keys of one short line in `metadata.json`.
const METADATA_LINE: u64 = 64;

/// Sums by modality and kind. The entries are ordered by patient.
pub(super) fn by_modality(entries: &[PlannedEntry]) -> Vec<ModalityTotal> {
    let mut totals: BTreeMap<_, (u32, ModalityTotal)> = BTreeMap::new();
    for entry in entries {
        let (last, total) = totals.entry((entry.modality, entry.kind)).or_insert((
            entry.patient,
            ModalityTotal { modality: entry.modality, kind: entry.kind, patients: 1, files: 0, bytes: 0 },
        ));
        if *last != entry.patient {
            *last = entry.patient;
            total.patients += 1;
        }
        total.files += 1;
        total.bytes += entry.bytes;
    }
    totals.into_values().map(|(_, total)| total).collect()
}

/// See [`Plan::archive_bytes_max`].
pub(super) fn archive_bytes_max(plan: &Plan, top: &str) -> u64 {
    let top = top.len() as u64 + 1;
    let own_files = 2 * (LOCAL_HEADER + CENTRAL_HEADER + 2 * (top + 32)) + END_RECORDS + METADATA_HEAD;
    let selection = serde_json::to_vec(&plan.selection).map_or(0, |text| text.len() as u64);

    let mut entries = 0;
    let mut folder = (None, 0);
    for (index, entry) in plan.entries.iter().enumerate() {
        // Entries of one folder stand together: its name is put together once.
        let this = Some((entry.patient, entry.modality, entry.kind));
        if folder.0 != this {
            folder = (this, plan.directory(entry.patient, entry.modality, entry.kind).len());
        }
        let name = (folder.1 + entry.name().len()) as u64;
        let row = json_bytes(&entry.file_id())
            + json_bytes(&entry.path)
            + json_bytes(&plan.patients[entry.patient as usize].patient_id);
        entries += if plan.compressible(index) { deflated_max(entry.bytes) } else { entry.bytes }
            + (LOCAL_HEADER + top + name)
            + (CENTRAL_HEADER + top + name)
            + (64 + 2 + name + 1)
            + (METADATA_FILE + name + row + json_bytes(&plan.modalities[usize::from(entry.modality)].slug))
            + (METADATA_PROBLEM + row)
            + hash_bytes(&entry.hash);
    }
    let duplicates: u64 =
        plan.duplicates.iter().map(|row| METADATA_PROBLEM + json_bytes(&row.file_id()) + hash_bytes(&row.hash)).sum();
    let patients: u64 = plan
        .patients
        .iter()
        .map(|patient| {
            let folders = patient.folders.iter().flat_map(|&folder| &plan.folders[folder as usize]);
            let tags = patient.tags.iter().map(|&tag| &plan.tags[tag as usize]);
            METADATA_LINE
                + json_bytes(&patient.patient_id)
                + folders.chain(tags).map(|word| json_bytes(word) + 4).sum::<u64>()
        })
        .sum();
    let modalities: u64 =
        plan.modalities.iter().map(|modality| METADATA_LINE + json_bytes(&modality.slug) + json_bytes(&modality.name)).sum();
    let lacking: u64 = plan
        .lacking
        .iter()
        .map(|lacking| {
            METADATA_LINE
                + json_bytes(&plan.patients[lacking.patient as usize].patient_id)
                + json_bytes(&plan.modalities[usize::from(lacking.modality)].slug)
        })
        .sum();
    let problems: u64 = plan
        .problems
        .iter()
        .map(|problem| {
            METADATA_PROBLEM
                + json_bytes(&problem.file)
                + json_bytes(&problem.patient)
                + json_bytes(&problem.path)
                + json_bytes(&problem.message)
        })
        .sum();
    let unknown: u64 = plan.unknown_patients.iter().map(|id| METADATA_LINE + json_bytes(id)).sum();
    let project = json_bytes(&plan.project.slug) + json_bytes(&plan.project.name) + json_bytes(&plan.user);
    own_files + selection + entries + duplicates + patients + modalities + lacking + unknown + problems + project
}

/// Incompressible bytes grow when they are deflated, by less than this.
fn deflated_max(bytes: u64) -> u64 {
    bytes + bytes / 1000 + 64
}

fn hash_bytes(hash: &RegisteredHash) -> u64 {
    match hash {
        RegisteredHash::Sha256(_) => 64,
        RegisteredHash::NotComparable(text) => json_bytes(text),
        RegisteredHash::None => 0,
    }
}

/// Length of a text as a JSON string.
fn json_bytes(text: &str) -> u64 {
    let escapes: u64 = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' => 1,
            0..=0x1f => 5,
            _ => 0,
        })
        .sum();
    text.len() as u64 + escapes + 2
}
