//! Studies through the page's door: search, rows, selection, copy, table, and the way to their patients.

use std::path::PathBuf;

use serde_json::{Value, json};
use sheaf_app::wire::ExportStatus;
use sheaf_registry::rows::Kind;
use sheaf_registry::writer::{NewFile, NewGrant, NewModality, NewPatient, NewStudy, RegistryWriter};

use super::exports::{hear, until_status};
use super::native::Bench;

/// Three patients with record numbers, one of them of another project; twelve studies of four record numbers, one of which
/// nobody has; `reader` may see everything and export no study.
pub(super) fn clinic() -> Bench {
    let bench = Bench::new();
    let path = registry(&bench);
    let mut writer = RegistryWriter::create(&path).expect("free");
    let root = writer.data_root("", Some("data")).expect("new");
    let (one, other) = (writer.project("one", "One").expect("new"), writer.project("two", "Two").expect("new"));
    let cbct = writer.modality(&NewModality { slug: "cbct", name: "CBCT", ..NewModality::default() }).expect("new");
    for (project, id, number) in [(one, "P1", "001"), (one, "P2", "002"), (other, "P3", "003")] {
        let new = NewPatient { record_no: Some(number), ..NewPatient::new(project, id) };
        let patient = writer.patient(&new).expect("new");
        let path = format!("{id}.nii");
        let file = NewFile { file_size: Some(1), ..NewFile::new(patient, cbct, Kind::Processed, root, &path) };
        writer.file(&file).expect("new");
    }
    for number in 0..12 {
        let study = NewStudy {
            exam_id: &format!("E{number:02}"),
            medical_record_no: ["001", "002", "003", "0999"][number % 4],
            patient_name: "=Rossi",
            patient_gender: if number % 2 == 0 { "F" } else { "M" },
            exam_status: if number < 9 { "certified" } else { "deleted" },
            exam_room: &format!("CT {}", number % 3),
            order_datetime: format!("2025-0{}-01T12:00:00Z", 1 + number / 6).parse().ok(),
            ..NewStudy::default()
        };
        writer.study(&study).expect("new");
    }
    let reader = writer.user("reader", "student").expect("new");
    writer.grant(&NewGrant { may_export: true, ..NewGrant::read(reader) }).expect("new");
    writer.user("guest", "guest").expect("new");
    writer.finish().expect("whole");
    bench.open(&path);
    bench
}

pub(super) fn registry(bench: &Bench) -> PathBuf {
    bench.lab.root().join("clinic.sqlite")
}

pub(super) fn look(bench: &Bench) -> Value {
    bench.get("studies_state", json!({"task": "look"}))
}

pub(super) fn query(bench: &Bench, filter: &Value) -> Value {
    bench.get("studies_query", json!({"filter": filter, "sort": "exam_id_asc"}))
}

pub(super) fn ids(bench: &Bench) -> Vec<String> {
    let window = bench.get("studies_rows", json!({"offset": 0, "limit": 100}));
    let rows = window["rows"].as_array().expect("a list");
    rows.iter().map(|row| row["exam_id"].as_str().expect("text").to_owned()).collect()
}

fn select(bench: &Bench, revision: &Value, target: &Value) -> Value {
    bench.get("studies_select", json!({"revision": revision, "target": target}))
}

#[test]
fn studies_are_read_at_the_first_look_and_searched_from_then_on() {
    let bench = clinic();
    assert_eq!(bench.refused("studies_rows", json!({"offset": 0, "limit": 1})), "REGISTRY_NOT_OPEN", "nobody has looked");
    let state = look(&bench);
    assert_eq!((&state["total"], &state["matching"], &state["selected"]), (&json!(12), &json!(12), &json!(0)), "{state}");
    assert_eq!(state["sort"], "order_datetime_desc");
    assert_eq!(state["columns"]["shown"].as_array().map(Vec::len), Some(14), "the usual list");
    assert_eq!(state["record_numbers"], true);
    assert!(!bench.told.lock().expect("unpoisoned").is_empty(), "the reading is told");
    let state = query(&bench, &json!({"q": "ct 1", "patient_gender": ["F"], "time_zone": "Asia/Shanghai"}));
    assert_eq!((&state["matching"], &state["time_zone"]), (&json!(2), &json!("Asia/Shanghai")), "{state}");
    assert_eq!(ids(&bench), ["E04", "E10"]);
    let rows = bench.get("studies_rows", json!({"offset": 1, "limit": 5}));
    assert_eq!(rows["rows"][0]["order_datetime"], "2025-02-01 20:00:00", "in the zone that was said: {rows}");
    assert_eq!(rows["revision"], state["revision"]);
    // What is refused leaves what is shown.
    let error = bench
        .ask("studies_query", json!({"filter": {"start_date": "2025-13-01"}, "sort": "exam_id_asc"}))
        .expect_err("no day");
    assert_eq!(error.code, "INVALID_FILTER");
    assert_eq!(ids(&bench), ["E04", "E10"]);
    assert_eq!(bench.refused("studies_query", json!({"filter": {}, "sort": "nonsense"})), "USAGE");
    // Read anew, it goes on where it was.
    bench.just("refresh_registry");
    assert_eq!(look(&bench)["matching"], 2, "the filter stays");
}

#[test]
fn values_and_pictures_count_what_matches() {
    let bench = clinic();
    look(&bench);
    let values =
        bench.get("studies_values", json!({"field": "exam_room", "contains": "", "filter": {"patient_gender": ["F"]}}));
    assert_eq!(values["values"][0], json!({"value": "CT 0", "count": 2}), "{values}");
    assert_eq!((values["values"].as_array().map(Vec::len), &values["total"]), (Some(3), &json!(3)));
    let narrowed = bench.get("studies_values", json!({"field": "exam_room", "contains": " ct 0", "filter": {}}));
    assert_eq!((&narrowed["values"][0]["value"], &narrowed["total"]), (&json!("CT 0"), &json!(1)), "{narrowed}");
    let pasted: Vec<String> = (0..50_000).map(|number| format!("E{number:08}")).collect();
    bench.get("studies_values", json!({"field": "exam_room", "contains": "", "filter": {"exam_ids": pasted}}));
    assert_eq!(
        bench.refused("studies_values", json!({"field": "patient_name", "contains": "", "filter": {}})),
        "USAGE",
        "not a field of few"
    );
    query(&bench, &json!({"exam_status": "certified"}));
    let summary = bench.just("studies_summary");
    assert_eq!(summary["by_status"], json!([{"value": "certified", "count": 9}]));
    assert_eq!(summary["by_month"], json!([{"value": "2025-01", "count": 6}, {"value": "2025-02", "count": 3}]));
}

#[test]
fn a_selection_outlives_the_filter_and_refuses_rows_that_have_moved() {
    let bench = clinic();
    look(&bench);
    let state = query(&bench, &json!({}));
    let old = state["revision"].clone();
    let state = select(&bench, &old, &json!({"type": "row", "row": 0}));
    assert_eq!(state["selected"], 1);
    let state = select(&bench, &state["revision"], &json!({"type": "rows", "from": 4, "to": 2, "on": true}));
    assert_eq!((&state["selected"], &state["matching_selected"]), (&json!(4), &json!(4)), "{state}");
    let rows = bench.get("studies_rows", json!({"offset": 0, "limit": 6}));
    let marks: Vec<_> = rows["rows"].as_array().expect("a list").iter().map(|row| row["selected"] == true).collect();
    assert_eq!(marks, [true, false, true, true, true, false]);
    let state = query(&bench, &json!({"patient_gender": ["M"]}));
    assert_eq!((&state["selected"], &state["matching_selected"]), (&json!(4), &json!(1)), "three are hidden: {state}");
    let error = bench.ask("studies_select", json!({"revision": old, "target": {"type": "row", "row": 0}}));
    assert_eq!(error.expect_err("moved").code, "STALE_ROWS");
    let state = select(&bench, &state["revision"], &json!({"type": "all"}));
    assert_eq!((&state["selected"], &state["matching_selected"]), (&json!(9), &json!(6)), "the hidden ones stay");
    let state = select(&bench, &state["revision"], &json!({"type": "none"}));
    assert_eq!(state["selected"], 0, "all of them go");
}

#[test]
fn what_is_copied_is_harmless_and_in_the_order_of_its_columns() {
    let bench = clinic();
    look(&bench);
    let state = query(&bench, &json!({}));
    let columns = ["patient_name", "medical_record_no", "exam_id"];
    let copy = |revision: &Value, row: Value| json!({"revision": revision, "row": row, "columns": columns});
    assert_eq!(bench.get("studies_copy", copy(&state["revision"], json!(1)))["rows"], 1);
    assert_eq!(bench.refused("studies_copy", copy(&json!(1), json!(1))), "STALE_ROWS", "another study stood there");
    select(&bench, &state["revision"], &json!({"type": "rows", "from": 0, "to": 1, "on": true}));
    assert_eq!(bench.get("studies_copy", copy(&state["revision"], json!(null)))["rows"], 2);
    let title = "patient_name\tmedical_record_no\texam_id\r\n";
    assert_eq!(
        bench.desktop.did("copy"),
        [format!("{title}'=Rossi\t002\tE01\r\n"), format!("{title}'=Rossi\t001\tE00\r\n'=Rossi\t002\tE01\r\n")],
        "no formula runs where it is pasted"
    );
}

#[test]
fn a_table_goes_where_the_user_says_and_stands_in_the_history() {
    let bench = clinic();
    look(&bench);
    let heard = hear(&bench);
    let state = query(&bench, &json!({"exam_status": "deleted"}));
    let input = |what: &str| json!({"what": what, "format": "csv", "bom": false, "sha256_file": true, "columns": ["exam_id", "medical_record_no"]});
    assert_eq!(bench.refused("studies_export", input("selected")), "NOTHING_TO_EXPORT", "before anything is asked");
    assert!(bench.desktop.did("choose_save").is_empty());
    assert_eq!(bench.get("studies_export", input("matching")), json!(null), "the dialog was closed");
    let name = bench.desktop.did("choose_save").remove(0);
    assert!(name.starts_with("studies_export_") && name.contains(".csv"), "{name}");

    let to = bench.lab.root().join("mine");
    bench.desktop.will_save(&to);
    let row = bench.get("studies_export", input("matching"));
    until_status(&heard, row["id"].as_str().expect("an id"), ExportStatus::Completed);
    let written = std::fs::read_to_string(to.with_extension("csv")).expect("it has its ending");
    assert_eq!(written, "exam_id,medical_record_no\r\nE09,002\r\nE10,003\r\nE11,0999\r\n");
    assert!(to.with_extension("csv.sha256").exists(), "the checksum stands beside it");

    select(&bench, &state["revision"], &json!({"type": "row", "row": 2}));
    query(&bench, &json!({"exam_status": "certified"}));
    let to = bench.lab.root().join("selected.csv");
    bench.desktop.will_save(&to);
    let row = bench.get("studies_export", input("selected"));
    until_status(&heard, row["id"].as_str().expect("an id"), ExportStatus::Completed);
    assert_eq!(
        std::fs::read_to_string(to).expect("written"),
        "exam_id,medical_record_no\r\nE11,0999\r\n",
        "also a hidden one"
    );
}

#[test]
fn who_may_not_see_or_export_studies_is_told_so() {
    let bench = clinic();
    bench.get("act_as", json!({"user": "reader"}));
    let state = look(&bench);
    assert_eq!((&state["may_read"], &state["may_export"]), (&json!(true), &json!(false)), "{state}");
    let input = json!({"what": "matching", "format": "xlsx", "bom": true, "sha256_file": false, "columns": ["exam_id"]});
    assert_eq!(bench.refused("studies_export", input), "EXPORT_FORBIDDEN");
    assert!(bench.desktop.did("choose_save").is_empty(), "before anything is asked");
    bench.get("act_as", json!({"user": "guest"}));
    let state = look(&bench);
    assert_eq!((&state["may_read"], &state["total"]), (&json!(false), &json!(0)), "{state}");
}

#[test]
fn the_patients_of_studies_are_selected_and_one_step_undoes_it() {
    let bench = clinic();
    bench.get("choose_project", json!({"project": "one"}));
    look(&bench);
    let carried = bench.get("studies_to_patients", json!({"what": "matching", "add": false}));
    assert_eq!((&carried["matched"], &carried["unmatched_total"]), (&json!(2), &json!(2)), "{carried}");
    assert_eq!(carried["state"]["counts"]["selected"], 2);
    bench.just("studies_copy_unmatched");
    assert_eq!(bench.desktop.did("copy"), ["003\n0999"], "one of another project, and one of nobody");
    let state = query(&bench, &json!({"exam_ids": ["E03"]}));
    let nobody = bench.get("studies_to_patients", json!({"what": "matching", "add": false}));
    assert_eq!((&nobody["matched"], &nobody["state"]["counts"]["selected"]), (&json!(0), &json!(2)), "the selection stays");
    select(&bench, &state["revision"], &json!({"type": "none"}));
    assert_eq!(bench.just("undo")["counts"]["selected"], 0, "as before");
}

#[test]
fn a_table_of_record_numbers_matches_besides_those_of_the_registry() {
    let bench = clinic();
    bench.get("choose_project", json!({"project": "one"}));
    look(&bench);
    let table = bench.lab.root().join("numbers.csv");
    let open = |text: &str| {
        std::fs::write(&table, text).expect("writable");
        bench.desktop.will_choose_file(&table);
        bench.ask("import_record_numbers", json!({}))
    };
    assert_eq!(bench.just("import_record_numbers"), json!(null), "the dialog was closed");
    let report = open("\u{feff}patient id;病歷號\r\nP1;0999\r\n;003\r\nP2;0999\r\n\r\nP2;0123\r\n").expect("a table");
    assert_eq!(
        report,
        json!({"imported": 2, "rejected_total": 2, "rejected": [
            {"line": 3, "field": "patient_id", "reason": "empty"},
            {"line": 4, "field": "record_no", "reason": "taken"}]})
    );
    query(&bench, &json!({"exam_ids": ["E02", "E03"]}));
    let carried = bench.get("studies_to_patients", json!({"what": "matching", "add": false}));
    assert_eq!((&carried["matched"], &carried["unmatched_total"]), (&json!(1), &json!(1)), "0999 is P1 now: {carried}");
    query(&bench, &json!({}));
    let carried = bench.get("studies_to_patients", json!({"what": "matching", "add": false}));
    assert_eq!((&carried["matched"], &carried["unmatched_total"]), (&json!(2), &json!(1)), "P1 counts once: {carried}");
    query(&bench, &json!({"exam_ids": ["E02", "E03"]}));
    let selected = |add: bool| {
        bench.get("studies_to_patients", json!({"what": "matching", "add": add}))["state"]["counts"]["selected"].clone()
    };
    assert_eq!(selected(true), 2, "who was selected stays");
    assert_eq!(selected(false), 1, "or does not");
    assert_eq!(open("\n,P1\n0999,\n").expect_err("nothing right").code, "TABLE_UNREADABLE");
    assert_eq!(open("PK\u{3}\u{4} no workbook").expect_err("damaged").code, "TABLE_UNREADABLE");
    let path = registry(&bench);
    let bench = bench.again();
    bench.open(&path);
    bench.get("choose_project", json!({"project": "one"}));
    look(&bench);
    query(&bench, &json!({"exam_ids": ["E03"]}));
    assert_eq!(
        bench.get("studies_to_patients", json!({"what": "matching", "add": false}))["matched"],
        1,
        "what was refused changed nothing"
    );
}

#[test]
fn columns_and_their_sets_are_kept() {
    let bench = clinic();
    look(&bench);
    let mine = json!({"shown": ["exam_room", "exam_id"], "widths": {"exam_id": 200, "nonsense": 3},
                      "sets": [{"name": " mine ", "columns": ["exam_id"]}]});
    let kept = bench.get("studies_columns", mine.clone());
    assert_eq!((&kept["sets"][0]["name"], &kept["widths"]), (&json!("mine"), &json!({"exam_id": 200})));
    for (key, value) in [
        ("shown", json!([])),
        ("shown", json!(["nonsense"])),
        ("sets", json!([{"name": "", "columns": ["exam_id"]}])),
        ("sets", json!([{"name": "a", "columns": ["exam_id"]}, {"name": "a ", "columns": ["exam_id"]}])),
    ] {
        let mut wrong = mine.clone();
        wrong[key] = value;
        assert!(bench.ask("studies_columns", wrong.clone()).is_err(), "{wrong}");
    }
    let path = registry(&bench);
    let bench = bench.again();
    bench.open(&path);
    assert_eq!(look(&bench)["columns"], kept, "also tomorrow");
}
