//! Opening a registry and choosing in it.

use serde_json::{Value, json};

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
