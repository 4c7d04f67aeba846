//! What a registry should not hold, planted on purpose: files that are gone or altered, paths that lead out, names that
//! bite. `planted.json` lists the registry's file ids by what is wrong with them.
//!
//! All of it belongs to patients of its own in the project `maxillo`, with tiny files, so that the rest stays sound.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use sheaf_registry::Result;
use sheaf_registry::ids::PatientId;
use sheaf_registry::rows::{Kind, RegisteredHash};

use super::catalogue::{Catalogue, Folder, Project, Row};
use super::people::{Person, start};
use super::site::Site;
use super::surface::{Mesh, Vertex};
use super::{Made, stl};

/// Names of files that a ZIP, another system, a terminal or a web page must not take at their word.
#[cfg(unix)]
const NAMES: [&str; 15] = [
    "scan:upper.stl",
    "trailing dot.stl.",
    "trailing space.stl ",
    "CON.stl",
    "back\\slash.stl",
    "..\\..\\up.stl",
    "new\nline.stl",
    "tab\tand\u{7}bell.stl",
    "bidi_\u{202e}lts.exe",
    "tooth_🦷.stl",
    "quotes\"'`.stl",
    "<img src=x onerror=alert(1)>.stl",
    "=HYPERLINK(1).stl",
    "-rf.stl",
    "$(reboot);.stl",
];
/// Other systems refuse the rest themselves.
#[cfg(not(unix))]
const NAMES: [&str; 2] = ["tooth_🦷.stl", "=HYPERLINK(1).stl"];

/// Names that differ here and are one elsewhere: by case, by how an accent is written. Each in a folder of its own.
const COLLIDING: [[&str; 2]; 2] = [["Scan.STL", "scan.stl"], ["caf\u{e9}.stl", "cafe\u{301}.stl"]];

/// What stands outside of the data root; nobody may ever find it in an archive.
const SECRET: &[u8] = b"This file is outside of the data root. If you read it in an archive, something is broken.\n";

struct Planter<'a> {
    site: &'a Site,
    made: &'a mut Made,
    planted: BTreeMap<&'static str, Vec<String>>,
}

/// Plants everything and writes `planted.json`.
pub(super) fn plant(site: &Site, made: &mut Made, seed: u64) -> Result<()> {
    let first = made.patients + 1;
    let mut planter = Planter { site, made, planted: BTreeMap::new() };
    let parent = None;
    let folder = Folder { project: Project::Maxillo, parent, name: "Planted faults".to_owned() };
    let folder = planter.catalogue().folder(&folder)?;
    planter.files(&Person::of(seed, first), folder)?;
    planter.names(&Person::of(seed, first + 1), folder)?;
    planter.people(folder)?;
    let list = serde_json::Value::from_iter(planter.planted);
    site.write_beside("planted.json", format!("{list:#}\n").as_bytes(), start())
}

impl Planter<'_> {
    fn catalogue(&mut self) -> &mut Catalogue {
        &mut self.made.catalogue
    }

    /// Files that are not what the registry says.
    fn files(&mut self, person: &Person, folder: usize) -> Result<()> {
        let number = person.number;
        let patient = self.catalogue().person(person, Project::Maxillo, &[folder])?;
        self.made.patients += 1;
        let scan = |what: &str| row(format!("maxillo/raw/ios/ios_patient_{number}_{what}.stl"), &solid(1.0));
        let write = |row: &Row, bytes: &[u8]| self.site.write(&row.path, bytes, row.created_at);

        let missing = scan("missing");
        let changed = scan("changed");
        write(&changed, &solid(2.0))?;
        let longer = scan("longer");
        write(&longer, &[solid(1.0), b"more".to_vec()].concat())?;
        let twice = scan("twice");
        write(&twice, &solid(1.0))?;
        self.site.write_beside("outside/secret.txt", SECRET, start())?;
        self.site.folder("maxillo/raw/panoramic")?;
        let parent = row("maxillo/raw/panoramic/../../../../outside/secret.txt".to_owned(), SECRET);
        let parent = Row { file_type: "panoramic_raw".to_owned(), modality: "panoramic", ..parent };

        self.register("missing", patient, &missing)?;
        self.register("changed", patient, &changed)?;
        self.register("other_size", patient, &longer)?;
        self.register("parent_path", patient, &parent)?;
        self.register("duplicate_row", patient, &twice)?;
        self.register("duplicate_row", patient, &twice)?;
        #[cfg(unix)]
        {
            let link = row(format!("maxillo/raw/teleradiography/teleradiography_patient_{number}.png"), SECRET);
            let link = Row { file_type: "teleradiography_raw".to_owned(), modality: "teleradiography", ..link };
            self.site.folder("maxillo/raw/teleradiography")?;
            self.site.link(&link.path, "../../../../outside/secret.txt")?;
            self.register("link_out", patient, &link)?;
        }
        Ok(())
    }

    /// Sound files with names that bite.
    fn names(&mut self, person: &Person, folder: usize) -> Result<()> {
        let patient = self.catalogue().person(person, Project::Maxillo, &[folder])?;
        self.made.patients += 1;
        let base = format!("maxillo/raw/ios/planted_patient_{}", person.number);
        for name in NAMES {
            self.sound("hostile_name", patient, format!("{base}/{name}"))?;
        }
        for (index, name) in COLLIDING.as_flattened().iter().enumerate() {
            self.sound("colliding_name", patient, format!("{base}/{index}/{name}"))?;
        }
        Ok(())
    }

    /// Patients, folders and tags with words that bite.
    fn people(&mut self, parent: usize) -> Result<()> {
        let long = "長い".repeat(150);
        let words = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert('name')>",
            "\"double\" 'single' `back` \\ %s %n",
            "right\u{202e}to\u{202c} left \u{200f}مرحبا\u{200f}",
            "../../../../etc/passwd",
            "C:\\Windows\\CON",
            "=HYPERLINK(\"http://x\",\"y\")",
            "'; DROP TABLE patient; --",
            "👩🏽\u{200d}⚕️🦷 emoji",
            "two\nlines\tand a tab",
            "  spaces around  ",
            &long,
        ];
        for (index, word) in words.into_iter().enumerate() {
            let folder = Folder { project: Project::Maxillo, parent: Some(parent), name: word.to_owned() };
            let folder = self.catalogue().folder(&folder)?;
            let patient = self.catalogue().stranger(word, word, Project::Maxillo, &[folder])?;
            self.catalogue().tag(patient, word)?;
            self.made.patients += 1;
            self.sound("hostile_patient", patient, format!("maxillo/raw/ios/ios_planted_{index}_upper.stl"))?;
        }
        Ok(())
    }

    /// A file as it should be, under a path of one's choice.
    fn sound(&mut self, what: &'static str, patient: PatientId, path: String) -> Result<()> {
        let bytes = solid(1.0);
        let row = row(path, &bytes);
        self.site.write(&row.path, &bytes, row.created_at)?;
        self.register(what, patient, &row)
    }

    fn register(&mut self, what: &'static str, patient: PatientId, row: &Row) -> Result<()> {
        let id = self.catalogue().file(patient, row)?;
        self.made.files += 1;
        self.made.bytes += row.bytes;
        self.planted.entry(what).or_default().push(id.to_string());
        Ok(())
    }
}

/// The row of an upper scan of these bytes.
fn row(path: String, bytes: &[u8]) -> Row {
    Row {
        path,
        file_type: "ios_raw_upper".to_owned(),
        modality: "ios",
        kind: Kind::Raw,
        subtype: "upper",
        metadata: String::new(),
        created_at: start(),
        bytes: bytes.len() as u64,
        hash: RegisteredHash::Sha256(Sha256::digest(bytes).into()),
    }
}

/// A small valid solid of a size in millimetres.
fn solid(size: f32) -> Vec<u8> {
    let corner = |at: [f32; 3]| Vertex { at: at.map(|value| value * size), ..Vertex::default() };
    let corners = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let mesh = Mesh { vertices: corners.map(corner).into(), triangles: vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]] };
    stl::encode(&mesh, "Sheaf demo, planted")
}
