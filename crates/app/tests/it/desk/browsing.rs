//! Opening a registry and choosing in it.

use serde_json::{Value, json};

use super::hospital::AWKWARD;
use super::native::Bench;

fn filter(text: &str) -> Value {
    json!({ "tags": [], "tag_mode": "any", "modalities": [], "text": text, "among": null })
}

#[test]
fn a_registry_is_opened_by_a_person_and_again_at_the_next_start() {
    let bench = Bench::new();
    let start = bench.just("start");
    assert_eq!((&start["registry"], &start["problem"]), (&Value::Null, &Value::Null), "a first start has nothing");
    assert_eq!(bench.just("open_registry"), Value::Null, "a closed dialog opens nothing");
    assert_eq!(bench.refused("browse", json!({})), "REGISTRY_NOT_OPEN", "there is nothing to choose from");
    let open = bench.open(&bench.lab.registry());
    assert_eq!(open["project"], "maxillo", "the project with patients");
    assert_eq!(open["browse"]["counts"]["visible"], 3, "all patients are seen");
    assert_eq!(open["users"].as_array().map(Vec::len), Some(3), "the users are known");
    let bench = bench.again();
    let start = bench.just("start");
    assert_eq!(start["registry"]["path"], open["path"], "the last registry is opened again");
    assert_eq!(start["registry"]["id"], open["id"], "under its id");
    assert_eq!(start["recent"][0]["present"], true, "and it is listed");
    bench.just("close_registry");
    let bench = bench.again();
    assert_eq!(bench.just("start")["registry"], Value::Null, "what was closed stays closed");
    let id = json!({ "id": open["id"] });
    assert_eq!(bench.get("open_recent", id.clone())["path"], open["path"], "a list is for opening");
    assert_eq!(bench.get("forget_recent", id.clone())["recent"], json!([]), "and can be tidied");
    assert_eq!(bench.refused("open_recent", id), "REGISTRY_MISSING", "what is off the list has no id");
}

#[test]
fn a_click_selects_and_can_be_taken_back() {
    let bench = Bench::new();
    bench.open(&bench.lab.registry());
    let rows = bench.get("tree_window", json!({ "offset": 0, "limit": 10 }));
    assert_eq!(rows["total"], 3, "three patients in no folder");
    let first = &rows["rows"][0]["item"];
    assert_eq!((&first["type"], &first["patient_id"]), (&json!("patient"), &json!("1")), "in natural order");
    let target = json!({ "type": "patient", "id": first["id"] });
    let state = bench.get("check", json!({ "target": target, "on": null }));
    assert_eq!(state["counts"]["selected"], 1, "checked");
    assert_eq!(state["estimate"]["files"], 1, "its processed file counts");
    let state = bench.get("set_contents", json!({ "modalities": null, "kind": "both" }));
    assert_eq!(state["estimate"]["files"], 2, "with the raw one");
    let state = bench.get("set_filter", filter("2"));
    assert_eq!((&state["counts"]["matching"], &state["counts"]["hidden"]), (&json!(1), &json!(1)), "the other is hidden");
    let state = bench.get("check_matching", json!({ "on": true }));
    assert_eq!((&state["counts"]["selected"], &state["counts"]["matching_selected"]), (&json!(2), &json!(1)), "both");
    let state = bench.just("undo");
    assert_eq!((&state["counts"]["selected"], &state["can_redo"]), (&json!(1), &json!(true)), "one step back");
    let state = bench.just("redo");
    assert_eq!((&state["counts"]["selected"], &state["can_redo"]), (&json!(2), &json!(false)), "and forth");
}

/// `[selected, hidden, matching, matching and selected]`.
fn counts(state: &Value) -> [u64; 4] {
    ["selected", "hidden", "matching", "matching_selected"].map(|key| state["counts"][key].as_u64().expect("a number"))
}

#[test]
fn names_pass_as_they_are() {
    let bench = Bench::hospital();
    bench.get("expand_all", json!({ "open": true }));
    let rows = bench.get("tree_window", json!({ "offset": 0, "limit": 100 }));
    let folder = rows["rows"].as_array().and_then(|rows| rows.iter().find(|row| row["item"]["name"] == AWKWARD));
    assert!(folder.is_some(), "not a character of a folder's name is touched: {rows}");
    let first = rows["rows"].as_array().and_then(|rows| rows.iter().find(|row| row["item"]["patient_id"] == "P1"));
    let name = first.and_then(|row| row["item"]["name"].as_str()).unwrap_or_default();
    assert_eq!(name.chars().count(), 300, "a long name comes whole; the page cuts what it shows");
    let found = bench.get("find", json!({ "text": "ZO\u{cb}</B>", "after": null, "shown": false }));
    assert!(found["row"].is_u64(), "and can be found");
}

#[test]
fn a_row_is_found_again_where_the_tree_has_moved() {
    let bench = Bench::hospital();
    bench.get("expand_all", json!({ "open": true }));
    let rows = bench.get("tree_window", json!({ "offset": 0, "limit": 100 }));
    let rows = rows["rows"].as_array().expect("rows").clone();
    let place = |row: &Value| {
        let item = &row["item"];
        json!({ "target": { "type": item["type"], "id": item["id"] }, "folder": item["folder"] })
    };
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(bench.get("locate", place(row)), json!({ "row": at }), "each row stands where it was seen: {row}");
    }
    let inner = rows.iter().find(|row| row["level"] == 3).expect("P3 in the inner folder, who is in another one too");
    let north = rows.iter().find(|row| row["item"]["name"] == "North").expect("the folder around");
    bench.get("expand", json!({ "folder": north["item"]["id"], "open": false }));
    let row = bench.get("locate", place(north))["row"].clone();
    assert_eq!(bench.get("locate", place(inner))["row"], row, "who is in a closed folder is found at that folder");
    let nobody = json!({ "tags": [], "tag_mode": "any", "modalities": [], "text": "zzz", "among": null });
    bench.get("set_filter", nobody);
    assert_eq!(bench.get("locate", place(inner)), json!({ "row": null }), "and nowhere when nothing is shown");
}

#[test]
fn folders_beside_a_row_are_opened_together() {
    let bench = Bench::hospital();
    bench.get("expand_all", json!({ "open": false }));
    let first = bench.get("tree_window", json!({ "offset": 0, "limit": 1 }))["rows"][0]["item"].clone();
    let place = json!({ "target": { "type": "folder", "id": first["id"] }, "folder": null });
    bench.get("expand_beside", place);
    let expanded: Vec<_> = bench.get("tree_window", json!({ "offset": 0, "limit": 100 }))["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["item"]["type"] == "folder")
        .map(|row| (row["level"].as_u64(), row["item"]["expanded"].as_bool()))
        .collect();
    assert!(expanded.contains(&(Some(2), Some(false))), "what is deeper stays closed");
    assert!(
        expanded.iter().all(|&(level, open)| open == Some(level == Some(1))),
        "all of the first level are open: {expanded:?}"
    );
}

#[test]
fn a_filtered_tree_checks_what_is_shown_and_keeps_what_is_not() {
    let bench = Bench::hospital();
    let state = bench.get("expand_all", json!({ "open": true }));
    assert_eq!(state["rows"], 9, "three folders and six places");
    let south = format!("-{AWKWARD} none");
    assert_eq!(bench.tree()[0], south, "marks before letters");
    assert_eq!(bench.tree()[3..6], ["-North none", "--Inner none", "---P3 none"], "folders before their patients");
    bench.get("check", json!({ "target": { "type": "patient", "id": bench.id_of("P5") }, "on": true }));
    let filter = json!({ "tags": [1], "tag_mode": "any", "modalities": [], "text": "", "among": null });
    let state = bench.get("set_filter", filter);
    assert_eq!(counts(&state), [1, 1, 2, 0], "P5 is selected and hidden; P1 and P3 match");
    let tags = state["tags"].as_array().expect("a list");
    let facets: Vec<_> =
        tags.iter().map(|tag| (tag["name"].as_str().unwrap_or_default(), tag["patients"].clone())).collect();
    assert_eq!(facets, [("implant", json!(1)), ("ortho", json!(2))], "no tag is counted away by another");
    let cbct = state["modalities"].as_array().and_then(|list| list.iter().find(|one| one["slug"] == "photo")).cloned();
    assert_eq!(cbct.map(|photo| photo["patients"].clone()), Some(json!(0)), "zero is zero and stays: photos are raw");
    let target = json!({ "type": "folder", "id": 1 });
    let state = bench.get("check", json!({ "target": target, "on": null }));
    assert_eq!(counts(&state), [3, 1, 2, 2], "of North, those who match: P1, and P3 in its inner folder");
    let hidden = json!({ "tags": [], "tag_mode": "any", "modalities": [], "text": "", "among": { "type": "hidden" } });
    let state = bench.get("set_filter", hidden.clone());
    assert_eq!(counts(&state), [3, 2, 1, 1], "who was hidden is shown");
    assert_eq!(state["filter"]["among"], json!({ "type": "hidden" }), "and the filter says so");
    let mut narrower = hidden;
    narrower["text"] = json!("zzz");
    bench.get("set_filter", narrower.clone());
    narrower["text"] = json!("");
    let state = bench.get("set_filter", narrower);
    assert_eq!(counts(&state), [3, 2, 1, 1], "the same people as before, whatever was typed between");
}

#[test]
fn who_lacks_what_can_be_seen() {
    let bench = Bench::hospital();
    bench.get("check_matching", json!({ "on": true }));
    let state = bench.get("set_contents", json!({ "modalities": [1], "kind": "processed" }));
    let lacking = json!([{ "modality": 1, "slug": "cbct", "patients": 1 }]);
    assert_eq!(state["estimate"]["lacking"], lacking, "P4 has no CBCT");
    let among = json!({ "type": "lacking", "modality": 1 });
    let filter = json!({ "tags": [], "tag_mode": "any", "modalities": [], "text": "", "among": among });
    assert_eq!(counts(&bench.get("set_filter", filter))[2], 1, "and can be looked at");
    let having = json!({ "tags": [], "tag_mode": "any", "modalities": [1], "text": "", "among": null });
    assert_eq!(counts(&bench.get("set_filter", having.clone()))[2], 4, "only those that have one");
    bench.get("set_contents", json!({ "modalities": null, "kind": "raw" }));
    assert_eq!(counts(&bench.just("browse"))[2], 0, "of the chosen kind");
    bench.get("set_contents", json!({ "modalities": null, "kind": "both" }));
    let page = bench.get("completeness", json!({ "scope": "selected", "offset": 0, "limit": 10 }));
    assert_eq!(page["total"], 5, "each patient once");
    let columns = page["modalities"].as_array().expect("a list");
    let columns: Vec<_> = columns.iter().map(|column| (column["slug"].clone(), column["patients"].clone())).collect();
    assert_eq!(columns, [(json!("cbct"), json!(4)), (json!("photo"), json!(2))], "who has what");
    let refused = bench.refused("completeness", json!({ "scope": "matching", "offset": 0, "limit": 1001 }));
    assert_eq!(refused, "USAGE", "a page has an end");
}

#[test]
fn who_lacks_something_is_unselected_in_one_step_whatever_the_filter_shows() {
    let bench = Bench::hospital();
    bench.get("check_matching", json!({ "on": true }));
    bench.get("set_contents", json!({ "modalities": null, "kind": "both" }));
    let among = json!({ "type": "lacking", "modality": 1 });
    let filter = json!({ "tags": [], "tag_mode": "any", "modalities": [], "text": "", "among": among });
    bench.get("set_filter", filter);
    let state = bench.just("keep_complete");
    assert_eq!(state["counts"]["selected"], 1, "only one has both: {}", state["counts"]);
    assert_eq!(state["filter"]["among"], among, "the filter is not touched");
    assert_eq!(state["estimate"]["lacking"], json!([]), "nobody lacks anything");
    assert_eq!(bench.just("undo")["counts"]["selected"], 5, "one step back");
}

#[test]
fn a_range_of_rows_that_moved_is_refused() {
    let bench = Bench::hospital();
    let seen = bench.get("expand_all", json!({ "open": true }));
    let range = |revision: &Value| json!({ "revision": revision, "from": 8, "to": 7, "on": true });
    bench.get("check", json!({ "target": { "type": "patient", "id": bench.id_of("P4") }, "on": true }));
    let seen = {
        let state = bench.just("browse");
        assert_ne!(seen["revision"], state["revision"], "a check changes the state");
        state
    };
    bench.get("check", json!({ "target": { "type": "patient", "id": 1 }, "on": true }));
    let state = bench.get("check_rows", range(&seen["revision"]));
    assert_eq!(counts(&state)[0], 4, "a check moves no row: P2 and P5 are added, whichever end came first");
    bench.get("expand", json!({ "folder": 1, "open": false }));
    assert_eq!(bench.refused("check_rows", range(&seen["revision"])), "STALE_ROWS", "now other rows stand there");
    assert_eq!(bench.refused("check_rows", range(&json!(999_999))), "STALE_ROWS", "and nobody sees the future");
}

#[test]
fn a_hundred_steps_can_be_taken_back() {
    let bench = Bench::hospital();
    let check = |on: bool| bench.get("check", json!({ "target": { "type": "patient", "id": 1 }, "on": on }));
    assert_eq!(check(false)["can_undo"], false, "what changes nothing is no step");
    for step in 0..105 {
        check(step % 2 == 0);
    }
    let back = std::iter::repeat_with(|| bench.just("undo")).take_while(|state| state["can_undo"] == true).count();
    assert_eq!(back, 99, "one hundred with the last, and no more");
    check(true);
    check(false);
    assert_eq!(bench.just("redo")["can_redo"], false, "a new step ends what could be done again");
}

#[test]
fn a_list_is_matched_and_used() {
    let bench = Bench::hospital();
    assert_eq!(bench.refused("use_list", json!({ "list": 1, "how": "add" })), "USAGE", "there is no list yet");
    let text = "\u{feff}id;\"x y\"\r\nP1, P3\tP4\nP1 P999\n";
    let found = bench.get("match_list", json!({ "text": text }));
    assert_eq!((&found["matched"], &found["unmatched_total"]), (&json!(3), &json!(3)), "each once: {found}");
    assert_eq!(found["unmatched"], json!(["id", "x y", "P999"]), "a header line is simply not matched");
    assert_eq!(found["file"], Value::Null, "it was pasted");
    let selected = |how: &str| counts(&bench.get("use_list", json!({ "list": 1, "how": how })))[0];
    assert_eq!([selected("replace"), selected("remove"), selected("add")], [3, 0, 3], "as asked");
    let state = bench.get("use_list", json!({ "list": 1, "how": "show" }));
    assert_eq!((counts(&state)[2], &state["list"]["unmatched"]), (3, &json!(3)), "only these are shown");
    let file = bench.lab.root().join("list.csv");
    std::fs::write(&file, "P2\nP5\n").expect("writable");
    bench.desktop.will_choose_file(&file);
    let found = bench.just("open_list");
    assert_eq!((&found["file"], &found["matched"], &found["matching"]), (&json!("list.csv"), &json!(2), &json!(0)), "new");
    assert_eq!(counts(&bench.just("browse"))[2], 3, "the old list is still what is shown");
    let use_list = |list: &Value| bench.refused("use_list", json!({ "list": list, "how": "replace" }));
    assert_eq!(use_list(&json!(1)), "STALE_ROWS", "a list that was overtaken is not taken for the one that was seen");
    bench.get("use_list", json!({ "list": found["list"], "how": "replace" }));
    std::fs::write(&file, b"PK\x03\x04 a spreadsheet").expect("writable");
    bench.desktop.will_choose_file(&file);
    assert_eq!(bench.refused("open_list", json!({})), "LIST_UNREADABLE", "what is no text is said to be none");
    bench.desktop.will_choose_file(bench.lab.root());
    assert_eq!(bench.refused("open_list", json!({})), "LIST_UNREADABLE", "nor is a folder");
    assert_eq!(bench.just("browse")["list"]["matched"], 2, "the list before it stays");
}

#[test]
fn a_long_list_is_looked_up_whole() {
    let bench = Bench::hospital();
    let lines: Vec<String> = (0..100_000).map(|number| format!("\"N {number}\"")).collect();
    let found = bench.get("match_list", json!({ "text": lines.join("\n") + "\nP1" }));
    assert_eq!((&found["matched"], &found["unmatched_total"]), (&json!(1), &json!(100_000)), "all were looked up");
    assert_eq!(found["unmatched"].as_array().map(Vec::len), Some(1000), "the first of them are listed");
    assert_eq!(bench.refused("match_list", json!({ "text": "1 ".repeat(9 << 20) })), "LIST_UNREADABLE", "there is an end");
}
