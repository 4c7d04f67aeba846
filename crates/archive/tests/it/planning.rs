//! From a registry with files on a disk to a plan: what can go wrong with a file, all of it at once.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use sheaf_archive::file_root::LocalFileStore;
use sheaf_archive::metadata::{ExportHeader, WrittenFile, write_metadata};
use sheaf_archive::plan::{OnMissing, Plan, Planning};
use sheaf_registry::Code;
use sheaf_registry::access::Actor;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::registry::Registry;
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::Kind;
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient, RegistryWriter};

const NAME: &str = "Ada Lovelace";

/// Every path of a registry that something is wrong with, and what it is.
const BAD: &[(&str, Code)] = &[
    ("/dataset/missing.stl", Code::SourceMissing),
    ("/dataset/good.stl/below", Code::SourceMissing),
    ("/dataset/folder", Code::SourceNotRegular),
    ("/dataset/pipe", Code::SourceNotRegular),
    ("/dataset/loop", Code::SourceNotRegular),
    ("/dataset/../secret", Code::PathEscape),
    ("/dataset/out", Code::PathEscape),
    ("/etc/hosts", Code::PathEscape),
    ("/dataset2/good.stl", Code::PathEscape),
    ("unset/a.stl", Code::RootMissing),
];

/// Makes the files and their registry, and plans all of it.
fn planned(folder: &Path, on_missing: OnMissing) -> Plan {
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("folder")).expect("folders");
    std::fs::write(data.join("good.stl"), "solid").expect("a good file");
    std::fs::write(data.join("grown.stl"), "solid and more").expect("a file that grew");
    std::fs::write(folder.join("secret"), "secret").expect("a file outside");
    symlink("loop", data.join("loop")).expect("a link to itself");
    symlink("../secret", data.join("out")).expect("a link outside");
    mknodat(CWD, data.join("pipe"), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");

    let path = folder.join("registry.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a new registry");
    let root = writer.data_root("/dataset", Some("data")).expect("a root");
    let unset = writer.data_root("unset", None).expect("a root that is not set");
    let project = writer.project("maxillo", "Maxillo").expect("a project");
    let clinic = writer.folder(Some(project), None, "A/B").expect("a folder");
    let year = writer.folder(Some(project), Some(clinic), "2025").expect("a folder in it");
    let tag = writer.tag("ortho").expect("a tag");
    let ios = writer.modality(&NewModality { slug: "ios", name: "Scan", ..NewModality::default() }).expect("a modality");
    let cbct = writer.modality(&NewModality { slug: "cbct", name: "CBCT", ..NewModality::default() }).expect("a modality");
    let patient =
        writer.patient(&NewPatient { name: NAME, ..NewPatient::new(project, "12") }).expect("a patient with a name");
    writer.place(patient, year).expect("in a folder");
    writer.tag_patient(patient, tag).expect("with a tag");
    for (path, code) in BAD {
        let root = if *code == Code::RootMissing { unset } else { root };
        writer.file(&NewFile::new(patient, ios, Kind::Raw, root, path)).expect("a row");
    }
    for path in ["/dataset/good.stl", "/dataset/grown.stl"] {
        let row = NewFile { file_size: Some(5), ..NewFile::new(patient, ios, Kind::Raw, root, path) };
        writer.file(&row).expect("a row");
    }
    writer.finish().expect("a whole registry");
    assert_ne!(ios, cbct, "one modality has files, the other has none");

    let registry = Registry::open(&path).expect("the registry");
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let modality = vec!["ios".to_owned(), "cbct".to_owned()];
    let selection = Selection { all: true, modality, kind: Some(KindChoice::Raw), ..Selection::default() };
    let resolved = Resolved::new(&registry, &viewer, "maxillo", &selection).expect("everything");
    let store = Arc::new(LocalFileStore::open(resolved.roots()));
    let planning = Planning { store, on_missing, threads: 2, observer: &Unobserved, cancel: &Cancel::new() };
    Plan::new(resolved, &planning).expect("a plan, whatever is wrong with the files")
}

#[test]
fn every_bad_file_is_listed_at_once() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let plan = planned(folder.path(), OnMissing::Fail);
    let mut expected: Vec<_> = BAD.iter().map(|(path, code)| (*path, code.as_str(), true)).collect();
    expected.push(("/dataset/grown.stl", "SIZE_MISMATCH", false));
    expected.sort_unstable();
    let found = plan.problems().iter().map(|problem| (problem.path.as_str(), problem.code.as_str(), problem.omitted));
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    assert_eq!(found, expected, "each bad file is listed with what is wrong with it, and nothing else");
    let names: Vec<_> = (0..plan.entries().len()).map(|index| plan.entry_path(index)).collect();
    assert_eq!(names, ["patient_012/ios/good.stl", "patient_012/ios/grown.stl"], "the good ones are planned");
    assert_eq!(plan.total_bytes(), 5 + 14, "with the bytes that are there, not those of the registry");

    let refusal = plan.refuse_problems().expect_err("bad files refuse the export");
    assert_eq!(refusal.detail_list().len(), BAD.len(), "and all of them are told at once");
    assert!(planned_to_skip().refuse_problems().is_ok(), "unless they may be left out");
}

fn planned_to_skip() -> Plan {
    let folder = tempfile::tempdir().expect("a folder for the test");
    planned(folder.path(), OnMissing::Skip)
}

#[test]
fn metadata_knows_folders_and_tags_and_never_a_name() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let plan = planned(folder.path(), OnMissing::Skip);
    let header = ExportHeader {
        id: "1".to_owned(),
        name: "study".to_owned(),
        notes: String::new(),
        creator: plan.user().to_owned(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        version: "0".to_owned(),
    };
    let mut text = Vec::new();
    let written = |index: usize| Some(WrittenFile { bytes: plan.entries()[index].bytes, sha256: [0; 32] });
    write_metadata(&mut text, &plan, &header, &written, &[]).expect("memory takes everything");
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(!text.contains("Ada") && !text.contains("Lovelace"), "a patient's name must never be in it: {text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let patient = serde_json::json!({"id": "12", "folders": [["A/B", "2025"]], "tags": ["ortho"]});
    assert_eq!(value["patients"], serde_json::json!([patient]), "folders are paths of names, which may hold a slash");
    assert_eq!(value["lacking"], serde_json::json!([{"patient": "12", "modality": "cbct"}]), "what is lacking is told");
    assert_eq!(value["registry_synced_at"], serde_json::Value::Null, "a native registry has no age");
    assert_eq!(value["problems"].as_array().map(Vec::len), Some(BAD.len() + 1), "and every problem");
}
