//! A folder of images: chosen, tried in several ways, read, and its checksums computed beside other work.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sheaf_app::desk::Event;
use sheaf_app::wire::ExportStatus;

use super::exports::{hear, hold, text, until, until_status};
use super::native::Bench;

const JAW: &[u8] = b"solid jaw\nfacet normal 0 0 1\nendsolid jaw\n";
const EAR: &[u8] = b"solid ear\nfacet normal 0 0 1\nendsolid ear\n";

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

fn images(bench: &Bench) -> PathBuf {
    bench.lab.root().join("images")
}

/// Chooses the folder of images; its id, and all that is said of it.
fn choose(bench: &Bench) -> (Value, Value) {
    bench.desktop.will_choose_folder(&images(bench));
    let choice = bench.just("choose_image_folder");
    (choice["folder"].clone(), choice)
}

fn index(bench: &Bench, pattern: &str, hashes: bool) -> Value {
    let folder = choose(bench).0;
    bench.get("index_image_folder", json!({"folder": folder, "pattern": pattern, "hashes": hashes}))
}

#[test]
fn a_folder_of_images_opens_with_its_files_and_is_read_again_when_that_is_asked_for() {
    let bench = Bench::new();
    let put = |path: &str| put(&images(&bench).join(path), JAW);
    put("A/1.stl");
    put("A/notes.txt");
    assert_eq!(bench.just("choose_image_folder"), json!(null), "the dialog was closed");
    let (_, choice) = choose(&bench);
    assert_eq!((&choice["name"], &choice["pattern"], &choice["known"]), (&json!("images"), &json!("auto"), &json!(false)));
    assert_eq!(bench.just("image_folder"), json!(null), "nothing is open yet");
    let opened = index(&bench, "auto", false);
    assert_eq!((&opened["name"], &opened["project"]), (&json!("images"), &json!("images")), "{opened}");
    assert_eq!((&opened["data_roots_missing"], &opened["rows"]["total"]), (&json!(0), &json!(1)), "its files are there");
    assert_eq!(opened["browse"]["contents"]["kind"], "raw", "there is nothing else: {opened}");
    assert!(opened["synced_at"].is_string(), "its age is told");
    assert!(bench.told.lock().expect("unpoisoned").contains(&Event::SourceRead), "and the reading");

    put("B/1.stl");
    let refreshed = bench.just("refresh_registry");
    assert_eq!(refreshed["rows"]["total"], 2, "what has come since: {refreshed}");
    assert_eq!(refreshed["changed"], false);
    let recent = bench.just("recent_registries");
    assert_eq!(recent["recent"][0]["present"], true, "a folder that is there: {recent}");
}

#[test]
fn patterns_are_tried_on_images_from_all_over_the_folder() {
    let bench = Bench::new();
    for project in ["jaws", "teeth", "zygomas"] {
        for patient in 0..40 {
            put(&images(&bench).join(format!("{project}/P{patient}/derived/{project}.stl")), JAW);
        }
    }
    put(&images(&bench).join("loose.stl"), JAW);
    let (folder, _) = choose(&bench);
    let preview = |pattern: &str| bench.get("preview_image_folder", json!({"folder": folder, "pattern": pattern}));
    let told = preview("{project}/{patient}/{kind}/{*}");
    let files = told["files"].as_array().expect("a list");
    assert_eq!((files.len(), &told["fitting"], &told["more"]), (60, &json!(59), &json!(true)), "{told}");
    for project in ["jaws", "teeth", "zygomas"] {
        let of = files.iter().filter(|file| file["project"] == project).count();
        assert!((15..=25).contains(&of), "as many of each project: {of} of {project}");
    }
    let loose = files.iter().find(|file| file["path"] == "loose.stl").expect("looked at");
    assert_eq!((&loose["fits"], &loose["patient"]), (&json!(false), &json!("")), "{loose}");
    let jaw = files.iter().find(|file| file["project"] == "jaws").expect("looked at");
    assert_eq!((&jaw["kind"], &jaw["modality"], &jaw["format"]), (&json!("processed"), &json!("mesh"), &json!("stl")));
    let suggested = &told["suggested"][0];
    assert_eq!(suggested, &json!({"pattern": "{project}/{patient}/{kind}/{*}", "fitting": 59}), "{told}");

    let refused = |pattern: &str| bench.refused("preview_image_folder", json!({"folder": folder, "pattern": pattern}));
    assert_eq!(refused("{pateint}/{*}"), "USAGE");
    assert_eq!(preview("auto")["fitting"], 60, "the folder is still known");
    let other = choose(&bench).0;
    assert_ne!(other, folder);
    assert_eq!(refused("auto"), "SOURCE_UNKNOWN", "another was chosen");
    assert!(!bench.lab.home().join("sources").exists(), "nothing was written");
}

#[test]
fn the_pattern_of_the_open_folder_is_changed_and_who_stays_stays_selected() {
    let bench = Bench::new();
    for patient in 1..=5 {
        put(&images(&bench).join(format!("{patient}/raw/scan.stl")), JAW);
    }
    assert_eq!(bench.refused("rechoose_image_folder", json!({})), "REGISTRY_NOT_OPEN");
    index(&bench, "{patient}/{kind}/{*}", false);
    bench.get("check_matching", json!({"on": true}));
    let choice = bench.just("rechoose_image_folder");
    assert_eq!((&choice["pattern"], &choice["known"]), (&json!("{patient}/{kind}/{*}"), &json!(true)));
    let said = json!({"folder": choice["folder"], "pattern": "{patient}/{modality}/{*}", "hashes": false});
    let opened = bench.get("index_image_folder", said);
    assert_eq!(opened["browse"]["counts"]["selected"], 5, "{opened}");
    let modalities: Vec<_> = opened["browse"]["modalities"].as_array().expect("a list").iter().collect();
    assert!(modalities.iter().any(|modality| modality["slug"] == "raw"), "it is read in the other way: {modalities:?}");
    assert_eq!(bench.just("image_folder")["pattern"], "{patient}/{modality}/{*}");
    let (_, again) = choose(&bench);
    assert_eq!((&again["pattern"], &again["hashes"]), (&json!("{patient}/{modality}/{*}"), &json!(false)), "as it was said");
}

/// Puts another content in place of one, under the same size and time.
fn swap(path: &Path) {
    let modified = fs::metadata(path).and_then(|found| found.modified()).expect("there");
    put(path, EAR);
    File::options().write(true).open(path).and_then(|file| file.set_modified(modified)).expect("settable");
}

#[test]
fn checksums_go_on_after_the_window_was_closed_in_the_middle() {
    let bench = Bench::new();
    let file = |at: usize| images(&bench).join(format!("P{at:02}/1.stl"));
    (0..30).for_each(|at| put(&file(at), JAW));
    // Takes longer than this test, and is the last.
    let vast = images(&bench).join("Z/vast.jpg");
    put(&vast, b"\xff\xd8\xff\xe0\0\x10JFIF\0");
    File::options().write(true).open(&vast).and_then(|file| file.set_len(200 << 30)).expect("sparse");
    let heard = hear(&bench);
    index(&bench, "auto", true);
    until(&heard, |event| match event {
        Event::Task { task, progress } if task == "hashes" && progress.files_done == 30 => Some(()),
        _ => None,
    });
    let state = bench.just("image_folder");
    assert_eq!((&state["running"], &state["hashed"], &state["files"]), (&json!(true), &json!(0), &json!(31)), "{state}");
    assert!(bench.desk.close_asked(), "it keeps no window open");

    // Whoever read a file again would find another content.
    (0..30).for_each(|at| swap(&file(at)));
    let folder = images(&bench);
    let bench = {
        let bench = bench.again();
        fs::remove_file(folder.join("Z/vast.jpg")).expect("there");
        bench
    };
    let heard = hear(&bench);
    bench.just("start");
    until(&heard, |event| (*event == Event::HashesEnded).then_some(()));
    let state = bench.just("image_folder");
    assert_eq!(
        (&state["running"], &state["hashed"], &state["problem"]),
        (&json!(false), &json!(30), &json!(null)),
        "{state}"
    );
    bench.get("check_matching", json!({"on": true}));
    bench.get("set_contents", json!({"modalities": null, "kind": "both"}));
    bench.desktop.will_choose_folder(&bench.lab.out());
    bench.just("choose_destination");
    let export = json!({"task": "t", "name": "all", "notes": "", "skip_missing": true});
    let row = bench.get("create_export", export);
    let end = until_status(&heard, text(&row, "id"), ExportStatus::CompletedWithProblems);
    assert_eq!(end.problems, 31, "30 are not what was hashed, so none was read again; and one is gone");
}

#[test]
fn checksums_wait_for_exports_and_stop_when_that_is_said() {
    let bench = Bench::new();
    for patient in 0..4 {
        put(&images(&bench).join(format!("P{patient}/1.stl")), JAW);
    }
    index(&bench, "auto", false);
    bench.get("check_matching", json!({"on": true}));
    bench.get("set_contents", json!({"modalities": null, "kind": "both"}));
    bench.desktop.will_choose_folder(&bench.lab.out());
    bench.just("choose_destination");
    let slot = hold(&bench.lab);
    let heard = hear(&bench);
    let row = bench.get("create_export", json!({"task": "t", "name": "all", "notes": "", "skip_missing": false}));
    let state = bench.get("want_hashes", json!({"wanted": true}));
    assert_eq!((&state["hashes"], &state["hashed"]), (&json!(true), &json!(0)), "{state}");
    until(&heard, |event| matches!(event, Event::Task { task, .. } if task == "hashes").then_some(()));
    let state = bench.get("want_hashes", json!({"wanted": false}));
    assert_eq!((&state["running"], &state["hashes"]), (&json!(false), &json!(false)), "it has stopped: {state}");
    until(&heard, |event| (*event == Event::HashesEnded).then_some(()));

    bench.get("want_hashes", json!({"wanted": true}));
    drop(slot);
    let is_exported = Cell::new(false);
    until(&heard, |event| {
        let is_done = matches!(event, Event::Exports { rows, .. } if rows.iter().any(|now| {
            now.id == text(&row, "id") && now.status == ExportStatus::Completed
        }));
        is_exported.set(is_exported.get() || is_done);
        (*event == Event::HashesEnded).then_some(())
    });
    assert!(is_exported.get(), "the export came first");
    assert_eq!(bench.just("image_folder")["hashed"], 4);
    bench.just("close_registry");
    assert_eq!(bench.get("want_hashes", json!({"wanted": true})), json!(null), "nothing is open");
}
