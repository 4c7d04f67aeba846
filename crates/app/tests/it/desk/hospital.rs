//! A registry with folders, tags, two modalities, awkward names and users of few rights.

use std::path::PathBuf;

use serde_json::{Value, json};
use sheaf_registry::rows::Kind;
use sheaf_registry::writer::{NewFile, NewGrant, NewModality, NewPatient, RegistryWriter};

use super::native::Bench;

/// A name with HTML, a mark that turns the direction, an emoji, and 300 characters.
pub(crate) const AWKWARD: &str = "<b onclick=\"x\">Zo\u{eb}</b> \u{202e}\u{645}\u{631}\u{64a}\u{636} \u{1f9b7}";

/// Who is in the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum People {
    /// P1 to P5.
    #[default]
    All,
    /// P2 has left, P6 has come.
    Later,
}

/// Patients P1 to P5 in the folders North (P1, P2), North/Inner (P3) and South (P3, P4); P5 in none. Tags: `ortho` of P1 and
/// P3, `implant` of P4. Every one has a processed CBCT but P4, who has raw photographs only; P1 has both. The user `reader`
/// may read North and export nothing; `guest` sees nobody. A second project holds one patient.
pub(crate) fn write(path: &PathBuf, people: People) {
    if path.exists() {
        std::fs::remove_file(path).expect("ours");
    }
    let mut writer = RegistryWriter::create(path).expect("free");
    let root = writer.data_root("", Some("data")).expect("new");
    let project = writer.project("bone", "Bones").expect("new");
    let other = writer.project("other", "Another").expect("new");
    let north = writer.folder(Some(project), None, "North").expect("new");
    let inner = writer.folder(Some(project), Some(north), "Inner").expect("new");
    let south = writer.folder(Some(project), None, AWKWARD).expect("new");
    let ortho = writer.tag("ortho").expect("new");
    let implant = writer.tag("implant").expect("new");
    let mut modality = |slug, name| writer.modality(&NewModality { slug, name, ..NewModality::default() }).expect("new");
    let (cbct, photo) = (modality("cbct", "Cone beam CT"), modality("photo", "Photographs"));
    let long = AWKWARD.chars().cycle().take(300).collect::<String>();
    for number in 1..=6 {
        let id = format!("P{number}");
        let name = if number == 1 { long.as_str() } else { "Some One" };
        // Row ids do not depend on who is there.
        let deleted = match people {
            People::All => number == 6,
            People::Later => number == 2,
        };
        let patient = writer.patient(&NewPatient { name, deleted, ..NewPatient::new(project, &id) }).expect("new");
        let folders = match number {
            1 | 2 => vec![north],
            3 => vec![inner, south],
            4 => vec![south],
            _ => Vec::new(),
        };
        for folder in folders {
            writer.place(patient, folder).expect("new");
        }
        if matches!(number, 1 | 3) {
            writer.tag_patient(patient, ortho).expect("new");
        }
        if number == 4 {
            writer.tag_patient(patient, implant).expect("new");
        }
        let mut file = |modality, kind, path: &str| {
            let file = NewFile { file_size: Some(100), ..NewFile::new(patient, modality, kind, root, path) };
            writer.file(&file).expect("new");
        };
        if number != 4 {
            file(cbct, Kind::Processed, &format!("{id}.nii"));
        }
        if matches!(number, 1 | 4) {
            file(photo, Kind::Raw, &format!("{id}.jpg"));
        }
    }
    writer.patient(&NewPatient::new(other, "X")).expect("new");
    let reader = writer.user("reader", "student").expect("new");
    let grant = NewGrant { project: Some(project), folder: Some(north), recursive: true, ..NewGrant::read(reader) };
    writer.grant(&grant).expect("new");
    writer.user("guest", "guest").expect("new");
    writer.finish().expect("whole");
}

impl Bench {
    /// A bench with this registry open.
    pub(crate) fn hospital() -> Bench {
        let bench = Bench::new();
        write(&bench.registry(), People::All);
        bench.open(&bench.registry());
        bench
    }

    /// The registry of the hospital.
    pub(crate) fn registry(&self) -> PathBuf {
        self.lab.root().join("hospital.sqlite")
    }

    /// Row id of a patient in the tree, with all folders open.
    pub(crate) fn id_of(&self, patient: &str) -> i64 {
        self.get("expand_all", json!({ "open": true }));
        let rows = self.get("tree_window", json!({ "offset": 0, "limit": 100 }));
        let rows = rows["rows"].as_array().expect("a list").clone();
        let found = rows.iter().find(|row| row["item"]["patient_id"] == patient).expect("in the tree");
        found["item"]["id"].as_i64().expect("a number")
    }

    /// What stands in the tree, level by level: `-` for each level, a name or an id, and the state of the box.
    pub(crate) fn tree(&self) -> Vec<String> {
        let rows = self.get("tree_window", json!({ "offset": 0, "limit": 100 }));
        let line = |row: &Value| {
            let item = &row["item"];
            let text = if item["type"] == "folder" { &item["name"] } else { &item["patient_id"] };
            let level = usize::try_from(row["level"].as_u64().expect("a level")).expect("small");
            let check = row["check"].as_str().expect("a state");
            format!("{}{} {check}", "-".repeat(level), text.as_str().expect("text"))
        };
        rows["rows"].as_array().expect("a list").iter().map(line).collect()
    }
}
