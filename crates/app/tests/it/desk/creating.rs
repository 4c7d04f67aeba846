//! From a selection to what an export would be.

use serde_json::{Value, json};

use super::native::Bench;
use crate::fixture::{FILE_BYTES, names};

/// A bench with everything selected, raw and processed.
fn chosen() -> Bench {
    let bench = Bench::new();
    bench.open(&bench.lab.registry());
    bench.get("set_contents", json!({ "modalities": null, "kind": "both" }));
    bench.get("check_matching", json!({ "on": true }));
    bench
}

#[test]
fn a_destination_is_suggested_then_chosen_then_remembered() {
    let bench = Bench::new();
    let documents = bench.lab.root().join("documents");
    let found = bench.just("destination");
    assert_eq!(found["folder"], json!(documents), "a folder of the user's own");
    assert!(found["free_bytes"].as_u64().is_some_and(|free| free > 0), "with its room: {found}");
    assert_eq!((&found["largest_file"], &found["problem"]), (&Value::Null, &Value::Null), "and nothing against it");
    assert_eq!(bench.just("choose_destination"), Value::Null, "a closed dialog changes nothing");
    bench.desktop.will_choose_folder(&bench.lab.out());
    assert_eq!(bench.just("choose_destination")["folder"], json!(bench.lab.out()), "what the user said");
    let bench = bench.again();
    assert_eq!(bench.just("destination")["folder"], json!(bench.lab.out()), "also next time");
    std::fs::remove_dir(bench.lab.out()).expect("empty");
    let gone = bench.just("destination");
    assert_eq!(gone["problem"]["code"], "DESTINATION_MISSING", "a folder that is gone says so");
    assert!(gone["problem"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "with the next step");
    assert_eq!(gone["free_bytes"], Value::Null, "and has no room");
}

#[test]
fn an_account_without_folders_has_no_destination_yet() {
    let bench = Bench::new();
    std::fs::remove_dir(bench.lab.root().join("documents")).expect("empty");
    assert_eq!(bench.just("destination")["folder"], Value::Null, "nothing is made up");
}

#[test]
fn only_what_was_shown_is_planned_shown_and_created() {
    let bench = chosen();
    let seen = bench.just("browse")["revision"].clone();
    bench.get("set_contents", json!({ "modalities": null, "kind": "raw" }));
    let export = json!({ "task": "t", "name": "study", "notes": "", "skip_missing": false, "revision": seen });
    let preview = json!({ "task": "t", "name": "study", "notes": "", "revision": seen });
    for (command, input) in
        [("plan_export", json!({ "task": "t", "revision": seen })), ("preview", preview), ("create_export", export)]
    {
        assert_eq!(bench.refused(command, input), "STALE_ROWS", "{command}: another click came before it");
    }
    assert_eq!(bench.just("exports")["exports"], json!([]), "nothing was made");
}

#[test]
fn a_plan_is_exact_and_says_why_an_export_would_be_refused() {
    let bench = chosen();
    std::fs::write(bench.lab.source(1, "raw"), vec![7; FILE_BYTES + 5]).expect("writable");
    std::fs::remove_file(bench.lab.source(2, "raw")).expect("there");
    let plan = bench.get("plan_export", json!({ "task": "t" }));
    assert_eq!((&plan["files"], &plan["bytes"]), (&json!(5), &json!(5 * FILE_BYTES + 5)), "from the files themselves");
    assert_eq!(plan["problems"].as_array().map(Vec::len), Some(2), "what is wrong is listed: {plan}");
    assert_eq!(plan["problems_total"], 2, "and counted");
    assert_eq!(plan["breaches"], json!([]), "nothing is against it");
    std::fs::remove_dir(bench.lab.root().join("documents")).expect("empty");
    bench.desktop.will_choose_folder(&bench.lab.root().join("nowhere"));
    bench.just("choose_destination");
    let plan = bench.get("plan_export", json!({ "task": "t" }));
    assert_eq!(plan["breaches"][0]["code"], "DESTINATION_MISSING", "a refusal is told before it happens");
    bench.just("clear_selection");
    assert_eq!(bench.refused("plan_export", json!({ "task": "t" })), "EMPTY_SELECTION", "nobody is never everybody");
}

#[test]
fn a_preview_is_the_archive_before_it_is_made() {
    let bench = chosen();
    let preview = bench.get("preview", json!({ "task": "t", "name": "study", "notes": "for <b>Ω</b>" }));
    let entries: Vec<&str> =
        preview["entries"].as_array().expect("a list").iter().filter_map(|entry| entry["name"].as_str()).collect();
    assert_eq!(entries.len(), 8, "six files, the metadata and the checksums");
    assert_eq!(entries[0], "study/patient_001/cbct/raw/raw_1.nii.gz", "names as they will be");
    assert_eq!(entries[6..], ["study/metadata.json", "study/manifest-sha256.txt"], "and what is made at the end");
    assert_eq!((&preview["entries_total"], &preview["metadata_whole"]), (&json!(8), &json!(true)), "all of it");
    let metadata: Value = serde_json::from_str(preview["metadata"].as_str().expect("text")).expect("JSON");
    assert_eq!(metadata["export"]["notes"], "for <b>Ω</b>", "notes are text");
    assert_eq!(metadata["files"][0]["sha256"], "…", "checksums are still open");
    assert!(names(&bench.lab.root().join("documents")).is_empty(), "nothing was made");
    let bad = json!({ "task": "t", "name": "a/b", "notes": "" });
    assert_eq!(bench.refused("preview", bad), "NAME_INVALID", "a name that cannot be is refused");
    let name = bench.just("suggest_name");
    assert_eq!(name["name"], "export_2025-10-20_143022", "an automatic name tells the time");
}
