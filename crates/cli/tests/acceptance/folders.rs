//! A folder of images in place of a registry: read, exported, read again.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::checkers::{assert_clean, checksums, extract, python, said, top, tree};
use crate::scene::{Scene, demo};
use crate::words;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metadata.schema.json");
const STL: &[u8] = b"solid jaw\nfacet normal 0 0 1\nendsolid jaw\n";

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

#[test]
fn a_folder_of_every_kind_of_image_is_exported_as_its_registry_is() {
    let demo = demo();
    for project in &demo.projects {
        let scene = Scene::empty();
        let export = |registry: &Path, name: &str| {
            let words = words![
                "export",
                "--registry",
                registry,
                "--project",
                project,
                "--all",
                "--all-modalities",
                "--kind",
                "both",
                "--out",
                scene.out(),
                "--name",
                name
            ];
            let record = scene.sheaf.json(&words, 0);
            assert_eq!(record["status"], "completed", "{record}");
            let archive = scene.out().join(format!("{name}.zip"));
            assert_clean(&archive);
            archive
        };
        let folder = export(&demo.data, "folder");
        let extracted = extract(&folder);
        let top = top(extracted.path());
        let files = tree(&top);
        assert_eq!(checksums(&top), files.len() - 1, "the manifest lists every file but itself");
        said("python", python("open_files.py").arg(&top).arg(SCHEMA));
        let metadata: Value = serde_json::from_slice(&files["metadata.json"]).expect("JSON");
        for file in metadata["files"].as_array().expect("files") {
            let source = fs::read(demo.data.join(file["path"].as_str().expect("a path"))).expect("there");
            assert!(files[file["name"].as_str().expect("a name")] == source, "every byte of {file}");
        }
        // The registry of the same files says the same of each: patient, modality and kind are in the names.
        let named = |archive: &Path| {
            let extracted = extract(archive);
            let mut names: Vec<String> = tree(&crate::checkers::top(extracted.path())).into_keys().collect();
            names.sort_unstable();
            names
        };
        assert_eq!(named(&folder), named(&export(&demo.registry, "registry")), "{project}");
    }
}

#[test]
fn a_folder_is_read_again_when_that_is_said_and_its_age_is_told() {
    let scene = Scene::empty();
    let folder = scene.path("images");
    put(&folder.join("A/1.stl"), STL);
    put(&folder.join("A/notes.txt"), b"x");
    let patients = || {
        let words = words!["patients", "--registry", &folder, "--project", "images"];
        (scene.sheaf.json(&words, 0)["total"].clone(), scene.sheaf.run(&words).stderr)
    };
    let (total, told) = patients();
    assert_eq!(total, 1);
    assert!(told.contains("`sheaf sync` reads it anew"), "{told}");
    put(&folder.join("B/1.stl"), STL);
    assert_eq!(patients().0, 1, "nothing tells that something has come");
    let report = scene.sheaf.json(&words!["sync", &folder], 0);
    assert_eq!(report["kind"], "image_folder");
    assert_eq!(report["folder"]["changes"], json!({"added": 1, "changed": 0, "removed": 0}), "{report}");
    assert_eq!(patients().0, 2, "now it is known");
    let odd = json!([{"code": "FILE_UNKNOWN", "count": 1, "examples": ["A/notes.txt"]}]);
    assert_eq!(report["oddities"], odd);
    let told = scene.sheaf.run(&words!["sync", &folder]).stdout;
    assert!(told.contains("1 project, 2 patients, 2 files") && told.contains("0 added, 0 changed, 0 removed"), "{told}");

    // A registry of its own is replaced by none but the folder's next.
    let to = scene.path("own.sqlite");
    let sync = |further: &[&str], code| {
        let mut words = words!["sync", &folder, "--to", &to].to_vec();
        words.extend(further.iter().map(std::ffi::OsString::from));
        scene.sheaf.json(&words, code)
    };
    assert_eq!(sync(&[], 0)["folder"]["changes"], json!(null), "the first");
    let hashed = sync(&["--hash"], 0);
    assert_eq!((&hashed["folder"]["hashed"], &hashed["folder"]["changes"]["added"]), (&json!(2), &json!(0)), "{hashed}");
    fs::write(&to, "mine").expect("writable");
    assert_eq!(sync(&[], 2)["error"]["code"], "DESTINATION_TAKEN");
    assert_eq!(fs::read(&to).expect("there"), b"mine", "untouched");

    fs::remove_dir_all(&folder).expect("there");
    assert_eq!(patients().0, 2, "a folder that is away is looked at as it was read");
}

#[test]
fn a_hash_that_is_known_shows_a_file_that_is_another() {
    let scene = Scene::empty();
    let folder = scene.path("images");
    put(&folder.join("A/1.stl"), STL);
    scene.sheaf.json(&words!["sync", &folder, "--hash"], 0);
    put(&folder.join("A/1.stl"), &STL.to_ascii_uppercase());
    let words = words![
        "export",
        "--registry",
        &folder,
        "--project",
        "images",
        "--all",
        "--all-modalities",
        "--kind",
        "raw",
        "--out",
        scene.out()
    ];
    let record = scene.sheaf.json(&words, 3);
    assert_eq!((&record["problems"][0]["code"], &record["files"]), (&json!("HASH_MISMATCH"), &json!(1)), "{record}");
}

#[test]
fn series_with_files_of_the_same_names_stay_apart_in_the_archive() {
    let scene = Scene::empty();
    let folder = scene.path("images");
    for path in ["7/T1 of Rossi/1.stl", "7/T1 of Rossi/2.stl", "7/T2/1.stl", "7/T2/2.stl"] {
        put(&folder.join(path), STL);
    }
    let words = words![
        "export",
        "--registry",
        &folder,
        "--project",
        "images",
        "--all",
        "--all-modalities",
        "--kind",
        "raw",
        "--out",
        scene.out(),
        "--name",
        "series"
    ];
    scene.sheaf.json(&words, 0);
    let archive = scene.out().join("series.zip");
    assert_clean(&archive);
    let extracted = extract(&archive);
    let files = tree(&top(extracted.path()));
    let names: Vec<_> = files.keys().filter(|name| name.contains("/mesh/")).map(String::as_str).collect();
    let expected = ["001/1.stl", "001/2.stl", "002/1.stl", "002/2.stl"].map(|name| format!("patient_007/mesh/{name}"));
    assert_eq!(names, expected, "a folder each, and none is called as the source's is");
    let metadata: Value = serde_json::from_slice(&files["metadata.json"]).expect("JSON");
    let of = |at: usize| (metadata["files"][at]["name"].clone(), metadata["files"][at]["path"].clone());
    assert_eq!(of(0), (json!("patient_007/mesh/001/1.stl"), json!("7/T1 of Rossi/1.stl")), "where each came from is listed");
    assert_eq!(scene.sheaf.run(&words!["verify", &archive]).code, Some(0));
}

#[test]
fn hashes_that_were_computed_before_a_death_are_not_computed_again() {
    let scene = Scene::empty();
    let folder = scene.path("images");
    let file = |patient: usize| folder.join(format!("P{patient}/1.stl"));
    (0..40).for_each(|patient| put(&file(patient), STL));
    let ran = scene.sheaf.dying_at("hashed").run(&words!["sync", &folder, "--hash"]);
    assert_eq!(ran.code, None, "killed: {ran:?}");

    // Whoever read a file again would find another content under the same size and time.
    for patient in 0..40 {
        let modified = fs::metadata(file(patient)).and_then(|found| found.modified()).expect("there");
        put(&file(patient), b"solid ear\nfacet normal 0 0 1\nendsolid ear\n");
        fs::File::options().write(true).open(file(patient)).and_then(|file| file.set_modified(modified)).expect("set");
    }
    let report = scene.sheaf.json(&words!["sync", &folder, "--hash"], 0);
    assert_eq!(report["folder"]["hashed"], 40, "{report}");
    let copy = fs::read_dir(scene.path("home/sources")).expect("there").next().expect("one").expect("listed").path();
    let left: Vec<_> = fs::read_dir(copy).expect("there").map(|entry| entry.expect("listed").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".partial")), "nothing is left: {left:?}");
    let words = words!["export", "--registry", &folder, "--project", "images", "--all", "--all-modalities", "--kind", "raw"];
    let mut words = words.to_vec();
    words.extend(words!["--out", scene.out()]);
    let record = scene.sheaf.json(&words, 3);
    let problems = record["problems"].as_array().expect("a list");
    assert!(!problems.is_empty(), "{record}");
    assert!(problems.iter().all(|problem| problem["code"] == "HASH_MISMATCH"), "{record}");
}

#[test]
fn a_pattern_is_tried_before_it_is_taken() {
    let scene = Scene::empty();
    let folder = scene.path("images");
    put(&folder.join("Jaw/7/derived/mesh.stl"), STL);
    put(&folder.join("loose.stl"), STL);
    let pattern = "{project}/{patient}/{kind}/{*}";
    let preview = scene.sheaf.json(&words!["sync", &folder, "--pattern", pattern, "--preview"], 0);
    let file = json!({"path": "Jaw/7/derived/mesh.stl", "format": "stl", "fits": true, "project": "jaw", "folder": "",
                      "patient": "7", "modality": "mesh", "kind": "processed"});
    assert_eq!(
        (&preview["files"][0], &preview["files"][1]["fits"], &preview["more"]),
        (&file, &json!(false), &json!(false))
    );
    let told = scene.sheaf.run(&words!["sync", &folder, "--pattern", pattern, "--preview", "5"]).stdout;
    assert!(told.contains("the pattern does not fit"), "{told}");
    assert!(!scene.path("home/sources").exists(), "nothing is written");

    let report = scene.sheaf.json(&words!["sync", &folder, "--pattern", pattern], 0);
    assert_eq!(report["folder"]["pattern"], pattern, "{report}");
    let patients = scene.sheaf.json(&words!["patients", "--registry", &folder, "--project", "jaw"], 0);
    assert_eq!(patients["patients"][0]["id"], "7", "{patients}");
    let (code, message) = scene.sheaf.refused(&words!["sync", &folder, "--pattern", "{pateint}/{*}"], 2);
    assert!(code == "USAGE" && message.contains("{pateint} is no name"), "{code}: {message}");
    let list = scene.path("list.csv");
    fs::write(&list, "exam_id\nE1\n").expect("writable");
    assert_eq!(scene.sheaf.refused(&words!["sync", &list, "--hash"], 2).0, "USAGE", "a list has no files");
}

#[test]
fn the_folder_of_a_registry_and_a_whole_disk_are_refused() {
    let scene = Scene::new();
    let folder = scene.path(".");
    for folder in [folder.as_path(), Path::new("/")] {
        let (code, message) = scene.sheaf.refused(&words!["projects", "--registry", folder], 2);
        assert_eq!(code, "SOURCE_UNKNOWN", "{message}");
    }
}
