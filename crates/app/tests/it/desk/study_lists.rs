//! Lists of studies that are brought to an open registry: looked at in its place, matched with its patients, forgotten.

use serde_json::{Value, json};
use sheaf_app::wire::{ErrorReport, ExportStatus};

use super::exports::{hear, until_status};
use super::native::Bench;
use super::studies::{clinic, ids, look, query, registry};

const LIST: &str =
    "檢查流水號,病歷號,開單日期/時間,備註\r\nL1,001,2025-01-31 08:00:00,x\r\nL2,003,2025-02-30,x\r\nL3,0999,,x\r\n";

fn import(bench: &Bench, list: &str, zone: Option<&str>) -> Result<Value, ErrorReport> {
    let path = bench.lab.root().join("hospital.csv");
    std::fs::write(&path, list).expect("writable");
    bench.desktop.will_choose_file(&path);
    bench.ask("import_studies", json!({"task": "list", "time_zone": zone}))
}

#[test]
fn a_list_stands_in_place_of_the_registrys_studies_until_it_is_forgotten() {
    let bench = clinic();
    let before = std::fs::read(registry(&bench)).expect("a file");
    assert_eq!(look(&bench)["list"], json!(null));
    assert_eq!(bench.get("import_studies", json!({"task": "t", "time_zone": null})), json!(null), "the dialog was closed");
    let report = import(&bench, LIST, Some("Asia/Taipei")).expect("a list");
    let rejected = json!([{"line": 3, "field": "order_datetime", "reason": "not_a_time"}]);
    assert_eq!((&report["imported"], &report["rejected_total"], &report["rejected"]), (&json!(2), &json!(1), &rejected));
    assert_eq!((&report["name"], &report["time_zone"]), (&json!("hospital.csv"), &json!("Asia/Taipei")), "{report}");
    assert_eq!(report["ignored_columns"], json!(["備註"]), "what was not read is told");
    assert_eq!(report["absent_fields"].as_array().map(Vec::len), Some(15), "{report}");

    let state = look(&bench);
    assert_eq!((&state["total"], &state["list"]["name"]), (&json!(2), &json!("hospital.csv")), "{state}");
    let state = query(&bench, &json!({"time_zone": "UTC"}));
    assert_eq!((ids(&bench), &state["list"]["name"]), (vec!["L1".to_owned(), "L3".to_owned()], &json!("hospital.csv")));
    let rows = bench.get("studies_rows", json!({"offset": 0, "limit": 1}));
    assert_eq!(rows["rows"][0]["order_datetime"], "2025-01-31 00:00:00", "meant in the zone that was said: {rows}");

    // It is there tomorrow, also when the file has gone.
    std::fs::remove_file(bench.lab.root().join("hospital.csv")).expect("a file");
    let path = registry(&bench);
    let bench = bench.again();
    bench.open(&path);
    assert_eq!(look(&bench)["total"], 2);
    let kept: Vec<_> = std::fs::read_dir(bench.lab.home().join("lists")).expect("a folder").collect();
    assert_eq!(kept.len(), 1, "in the home, for this registry");
    bench.just("forget_studies");
    assert_eq!((&look(&bench)["total"], &look(&bench)["list"]), (&json!(12), &json!(null)), "its own again");
    bench.just("forget_studies");
    assert_eq!(std::fs::read(&path).expect("a file"), before, "the registry was never written");
}

#[test]
fn the_patients_of_a_list_are_those_of_the_registry() {
    let bench = clinic();
    bench.get("choose_project", json!({"project": "one"}));
    import(&bench, LIST, None).expect("a list");
    assert_eq!(look(&bench)["record_numbers"], true, "the registry's, not the list's");
    let carried = bench.get("studies_to_patients", json!({"what": "matching", "add": false}));
    assert_eq!((&carried["matched"], &carried["unmatched_total"]), (&json!(1), &json!(1)), "001 is P1: {carried}");
}

#[test]
fn a_table_is_exported_from_a_list() {
    let bench = clinic();
    let events = hear(&bench);
    import(&bench, LIST, Some("UTC")).expect("a list");
    look(&bench);
    let out = bench.lab.root().join("list.csv");
    bench.desktop.will_save(&out);
    let row = bench.get(
        "studies_export",
        json!({"what": "matching", "columns": ["exam_id", "medical_record_no"], "format": "csv", "bom": false, "sha256_file": false}),
    );
    until_status(&events, row["id"].as_str().expect("an id"), ExportStatus::Completed);
    let table = std::fs::read_to_string(&out).expect("a table");
    assert_eq!(table, "exam_id,medical_record_no\r\nL1,001\r\nL3,0999\r\n");
}

#[test]
fn a_list_that_cannot_be_read_leaves_the_earlier_one() {
    let bench = clinic();
    import(&bench, LIST, None).expect("a list");
    look(&bench);
    for (list, code) in [
        ("a,b\n1,2\n", "TABLE_UNREADABLE"),
        ("exam_id,exam_id\n1,2\n", "TABLE_UNREADABLE"),
        ("exam_id,patient_age\nE1,old\n", "TABLE_UNREADABLE"),
        ("PK\u{3}\u{4} no workbook", "TABLE_UNREADABLE"),
    ] {
        let error = import(&bench, list, None).expect_err("no list");
        assert_eq!(error.code, code, "{list}");
        assert!(error.message.starts_with("hospital.csv cannot be read") && !error.hint.is_empty(), "{error:?}");
    }
    let error = import(&bench, LIST, Some("Nowhere/Land")).expect_err("no zone");
    assert_eq!(error.code, "INVALID_FILTER");
    assert_eq!(look(&bench)["total"], 2, "the earlier one stays");
    let error = import(&bench, "exam_id,patient_age\nE1,old\n", None).expect_err("no row is right");
    assert_eq!(
        serde_json::to_value(&error.details).expect("JSON"),
        json!(["Line 2: patient_age: no whole number of years."])
    );
}

#[test]
fn a_list_goes_with_its_registry() {
    let bench = clinic();
    import(&bench, LIST, None).expect("a list");
    look(&bench);
    let recent = bench.just("recent_registries");
    let stranger = bench.lab.home().join("lists/studies.sqlite");
    std::fs::write(&stranger, "x").expect("writable");
    bench.get("forget_recent", json!({"id": "."}));
    assert!(stranger.exists(), "what is no id of a registry names no file");
    bench.get("forget_recent", json!({"id": recent["recent"][0]["id"]}));
    assert_eq!(look(&bench)["total"], 12, "nobody's studies stay behind in the home");
}

#[test]
fn a_list_is_the_accounts_own() {
    let bench = clinic();
    import(&bench, LIST, None).expect("a list");
    bench.get("act_as", json!({"user": "reader"}));
    assert_eq!(look(&bench)["total"], 12, "whoever is acted as looks at the registry's own");
    assert_eq!(import(&bench, LIST, None).expect_err("not theirs").code, "USAGE");
    bench.get("act_as", json!({"user": null}));
    assert_eq!(look(&bench)["total"], 2);
}

#[test]
fn rejected_rows_are_copied_and_saved_whole() {
    let bench = clinic();
    let rows = "E,old\n".repeat(1500);
    let report = import(&bench, &format!("exam_id,patient_age\nfirst,1\n{rows}"), None).expect("a list");
    assert_eq!(report["rejected_total"], 1500);
    assert_eq!(report["rejected"].as_array().map(Vec::len), Some(1000), "a page gets the first");
    let before = std::fs::read(registry(&bench)).expect("a file");
    bench.desktop.will_save(&registry(&bench));
    assert_eq!(bench.refused("save_rejected", json!({})), "DESTINATION_TAKEN", "never over the registry");
    assert_eq!(std::fs::read(registry(&bench)).expect("a file"), before);
    let out = bench.lab.root().join("rejected.csv");
    bench.desktop.will_save(&out);
    bench.just("save_rejected");
    let saved = std::fs::read_to_string(&out).expect("a table");
    assert_eq!(saved.lines().count(), 1501, "all of them are saved");
    assert_eq!(saved.lines().nth(1), Some("3,patient_age,not_an_age"));
    bench.just("copy_rejected");
    assert!(bench.desktop.did("copy")[0].contains("1502\tpatient_age\tnot_an_age"), "and copied");
}

#[test]
fn a_database_of_studies_is_brought_like_a_list_and_opened_like_a_registry() {
    const DUMP: &str = "-- PostgreSQL database dump\nCOPY public.medical_examinations_fact (order_datetime, exam_id, patient_age) \
        FROM stdin;\n2025-01-31 08:00:00+08\tL1\t36\n2025-01-31 08:00:00+08\tL2\tx\n\\.\n-- PostgreSQL database dump complete\n";
    const OBJECTS: &str = r#"[{"model":"study.study","pk":"L1","fields":{"order_datetime":"2025-01-31T00:00:00Z","patient_age":36}},
        {"model":"study.study","pk":"L2","fields":{"patient_age":"x"}}]"#;
    let bench = clinic();
    let own = registry(&bench);
    for (name, text) in [("backup.sql", DUMP), ("dump.json", OBJECTS)] {
        let path = bench.lab.root().join(name);
        std::fs::write(&path, text).expect("writable");
        bench.desktop.will_choose_file(&path);
        let report = bench.get("import_studies", json!({"task": "list", "time_zone": null}));
        let rejected = json!([{"line": 2, "field": "patient_age", "reason": "not_an_age"}]);
        assert_eq!((&report["imported"], &report["rejected"]), (&json!(1), &rejected), "{name}: {report}");
        assert_eq!((&report["name"], &report["time_zone"]), (&json!(name), &json!("UTC")), "instants: {report}");
        assert_eq!((&look(&bench)["total"], &look(&bench)["list"]["name"]), (&json!(1), &json!(name)));

        // What is damaged later takes nothing away.
        std::fs::write(&path, &text[..text.len() - 4]).expect("writable");
        bench.desktop.will_choose_file(&path);
        assert_eq!(bench.refused("import_studies", json!({"task": "list", "time_zone": null})), "DUMP_CUT");
        assert_eq!(look(&bench)["total"], 1, "the one from before is still there");
        std::fs::write(&path, text).expect("writable");
        bench.just("forget_studies");
        bench.open(&path);
        assert_eq!((&look(&bench)["total"], &look(&bench)["list"]), (&json!(1), &json!(null)), "{name}: in its own right");
        bench.open(&own);
    }
}
