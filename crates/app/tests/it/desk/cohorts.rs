//! Saved cohorts: rules and frozen lists.

use serde_json::{Value, json};

use super::hospital::{People, write};
use super::native::Bench;

fn ortho() -> Value {
    json!({ "tags": [1], "tag_mode": "any", "modalities": [], "text": "p", "among": null })
}

#[test]
fn a_rule_is_worked_out_anew_and_a_list_is_not() {
    let bench = Bench::hospital();
    bench.get("set_contents", json!({ "modalities": [1], "kind": "both" }));
    bench.get("set_filter", ortho());
    let saved = bench.get("save_cohort", json!({ "name": " Ortho ", "frozen": false }));
    let rule = &saved["cohorts"][0];
    assert_eq!((&rule["name"], &rule["frozen"], &rule["patients"]), (&json!("Ortho"), &json!(false), &json!(2)), "{rule}");
    let words = "almeno uno dei tag ortho · contiene \"p\" · cbct, grezzi ed elaborati";
    assert_eq!(rule["rule"], words, "for people, in the language of the desktop");
    let refused = bench.refused("save_cohort", json!({ "name": "x", "frozen": true }));
    assert_eq!(refused, "EMPTY_SELECTION", "nobody is no cohort");
    bench.get("check_matching", json!({ "on": true }));
    bench.get("match_list", json!({ "text": "P2" }));
    bench.get("use_list", json!({ "list": 1, "how": "add" }));
    let saved = bench.get("save_cohort", json!({ "name": "Fixed", "frozen": true }));
    let list = saved["cohorts"][0].clone();
    assert_eq!((&list["name"], &list["frozen"], &list["patients"]), (&json!("Fixed"), &json!(true), &json!(3)), "by name");
    let again = bench.refused("save_cohort", json!({ "name": "Ortho", "frozen": false }));
    assert_eq!(again, "NAME_INVALID", "no cohort replaces another");

    // Later P2 has left.
    write(&bench.registry(), People::Later);
    bench.just("clear_selection");
    bench.just("refresh_registry");
    let nothing = json!({ "tags": [], "tag_mode": "any", "modalities": [], "text": "", "among": null });
    bench.get("set_filter", nothing);
    bench.get("set_contents", json!({ "modalities": null, "kind": "raw" }));
    let applied = bench.get("apply_cohort", json!({ "id": list["id"] }));
    assert_eq!(
        (&applied["missing"], &applied["state"]["counts"]["selected"]),
        (&json!(1), &json!(2)),
        "who is gone is counted"
    );
    assert_eq!(applied["state"]["contents"]["kind"], "raw", "a list says nothing about contents");
    let applied = bench.get("apply_cohort", json!({ "id": rule["id"] }));
    let state = &applied["state"];
    assert_eq!((&state["counts"]["selected"], &state["counts"]["matching"]), (&json!(2), &json!(2)), "those who match");
    assert_eq!(
        (&state["filter"]["text"], &state["contents"]),
        (&json!("p"), &json!({ "modalities": [1], "kind": "both" })),
        "as saved"
    );
    assert_eq!(bench.just("undo")["counts"]["selected"], 0, "taken back in one step, since both meant the same patients");
    let bench = bench.again();
    bench.just("start");
    assert_eq!(bench.just("cohorts")["cohorts"].as_array().map(Vec::len), Some(2), "cohorts outlive the window");
    bench.get("choose_project", json!({ "project": "other" }));
    assert_eq!(bench.just("cohorts")["cohorts"], json!([]), "and are of one project");
    assert_eq!(bench.refused("apply_cohort", json!({ "id": rule["id"] })), "UNKNOWN_COHORT", "also by their ids");
    bench.get("choose_project", json!({ "project": "bone" }));
    let left = bench.get("delete_cohort", json!({ "id": rule["id"] }));
    assert_eq!(left["cohorts"].as_array().map(Vec::len), Some(1), "one is deleted");
    assert_eq!(bench.refused("delete_cohort", json!({ "id": rule["id"] })), "UNKNOWN_COHORT", "once");
}

#[test]
fn a_rule_that_would_mean_others_is_refused() {
    let bench = Bench::hospital();
    bench.get("set_filter", ortho());
    let saved = bench.get("save_cohort", json!({ "name": "Ortho", "frozen": false }));
    let id = json!({ "id": saved["cohorts"][0]["id"] });
    bench.get("act_as", json!({ "user": "reader" }));
    let nobody = json!({ "tags": [], "tag_mode": "none", "modalities": [], "text": "", "among": { "type": "selected" } });
    bench.get("set_filter", nobody);
    assert_eq!(bench.refused("save_cohort", json!({ "name": "y", "frozen": false })), "USAGE", "a list is no rule");
    assert_eq!(bench.get("apply_cohort", id.clone())["state"]["counts"]["selected"], 2, "of those whom the user sees");
    let long = json!({ "name": "x".repeat(201), "frozen": false });
    assert_eq!(bench.refused("save_cohort", long), "NAME_INVALID", "a name has an end");
    let registry = rusqlite::Connection::open(bench.registry()).expect("ours");
    registry.execute("UPDATE tag SET name = 'orthodontics' WHERE name = 'ortho'", []).expect("writable");
    bench.just("refresh_registry");
    assert_eq!(bench.refused("apply_cohort", id), "UNKNOWN_TAG", "without its tag the rule would mean everybody");
}
