//! Studies: searched, counted by value, exported as tables with a record like any other export.

use std::fs;
use std::process::Command;

use jiff::Timestamp;
use sheaf_registry::writer::{NewGrant, NewStudy, RegistryWriter};

use crate::scene::Scene;
use crate::words;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A registry of five studies and of users with and without rights.
fn scene() -> Scene {
    let scene = Scene::empty();
    let mut writer = RegistryWriter::create(&scene.registry()).expect("new");
    for study in [
        NewStudy {
            exam_id: "E1",
            medical_record_no: "00123",
            patient_name: "=HYPERLINK(\"http://x\")",
            patient_gender: "F",
            patient_age: Some(61),
            exam_status: "終審報告",
            exam_source: "急診",
            exam_description: "CT 胸部",
            exam_room: "CT1",
            order_datetime: Some(at("2025-01-31T16:00:00Z")),
            check_in_datetime: Some(at("2025-01-31T16:30:00Z")),
            ..NewStudy::default()
        },
        NewStudy {
            exam_id: "E2",
            patient_name: "Ada",
            exam_room: "CT1",
            order_datetime: Some(at("2025-02-01T00:00:00Z")),
            ..NewStudy::default()
        },
        NewStudy {
            exam_id: "E3",
            patient_name: "王小明",
            exam_room: "MR1",
            order_datetime: Some(at("2025-02-01T00:00:00Z")),
            ..NewStudy::default()
        },
        NewStudy { exam_id: "E4", patient_age: Some(3), exam_room: "", ..NewStudy::default() },
        NewStudy {
            exam_id: "E5",
            patient_name: "a\0b",
            order_datetime: Some(at("2020-01-01T00:00:00Z")),
            ..NewStudy::default()
        },
    ] {
        writer.study(&study).expect("new");
    }
    for (name, exports) in [("clerk", true), ("reader", false)] {
        let user = writer.user(name, "").expect("new");
        writer.grant(&NewGrant { may_export_studies: exports, ..NewGrant::read(user) }).expect("new");
    }
    writer.user("nobody", "").expect("new");
    writer.finish().expect("whole");
    scene
}

fn search(scene: &Scene, words: &[&str]) -> (u64, Vec<String>) {
    let mut all = words!["studies", "search", "--registry", scene.registry()].to_vec();
    all.extend(words.iter().map(std::ffi::OsString::from));
    let found = scene.sheaf.json(&all, 0);
    let ids = found["rows"].as_array().expect("rows").iter();
    let ids = ids.map(|row| row["exam_id"].as_str().expect("an id").to_owned()).collect();
    (found["total"].as_u64().expect("a count"), ids)
}

#[test]
fn studies_are_searched_by_every_filter_in_a_stable_order() {
    let scene = scene();
    for (words, ids) in [
        (&[][..], &["E2", "E3", "E1", "E5", "E4"][..]),
        (&["--sort", "order_datetime_asc"], &["E5", "E1", "E2", "E3", "E4"]),
        (&["--sort", "patient_name_asc"], &["E1", "E5", "E2", "E3", "E4"]),
        (&["--sort", "bogus", "--exam-room", "CT1"], &["E2", "E1"]),
        (&["--q", " ADA "], &["E2"]),
        (&["--q", "-"], &[]),
        (&["--q", "小"], &["E3"]),
        (&["--exam-room", "MR1", "--exam-room", "CT1"], &["E2", "E3", "E1"]),
        (&["--exam-room", ""], &["E5", "E4"]),
        (&["--exam-status", "終審報告", "--exam-source", "急診", "--patient-gender", "F"], &["E1"]),
        (&["--patient-age-min", "3", "--patient-age-max", "60"], &["E4"]),
        (&["--start-date", "2025-02-01", "--end-date", "2025-02-01", "--tz", "Asia/Taipei"], &["E1"]),
        (&["--start-date", "2025-02-01", "--tz", "UTC"], &[]),
        (&["--exam-ids", "E4", "--exam-ids", "E1"], &["E1", "E4"]),
    ] {
        let (total, found) = search(&scene, words);
        assert_eq!((found.as_slice(), total), (ids.map_owned().as_slice(), ids.len() as u64), "{words:?}");
    }
    assert_eq!(search(&scene, &["--limit", "2", "--offset", "1"]), (5, ["E3", "E1"].map_owned()), "a page of all");
    assert_eq!(search(&scene, &["--user", "reader"]).0, 5, "a reader of everything sees them");
    assert_eq!(search(&scene, &["--user", "nobody"]).0, 0, "for others they do not exist");
    let ran = scene.sheaf.run(&words!["studies", "search", "--registry", scene.registry(), "--q", "chest", "--sort", "x"]);
    assert!(ran.stdout.contains("0 studies. Times are in UTC."), "for people: {}", ran.stdout);
    assert!(ran.stderr.contains("\"x\" is no order of studies; order_datetime_desc is taken"), "told: {}", ran.stderr);
}

trait Owned {
    fn map_owned(&self) -> Vec<String>;
}

impl Owned for [&str] {
    fn map_owned(&self) -> Vec<String> {
        self.iter().map(|&text| text.to_owned()).collect()
    }
}

#[test]
fn a_filter_that_cannot_be_meant_is_refused_and_names_its_field() {
    let scene = scene();
    for (words, field) in [
        (&["--start-date", "2022-13-40"][..], "start_date"),
        (&["--end-date", "x"], "end_date"),
        (&["--start-date", "2025-02-02", "--end-date", "2025-02-01"], "start_date"),
        (&["--patient-age-min", "9", "--patient-age-max", "8"], "patient_age_min"),
        (&["--tz", "Nowhere"], "time_zone"),
    ] {
        for command in [&["search"][..], &["values", "exam_room"], &["export", "--out", "/nowhere/a.csv"]] {
            let mut all = words!["studies"].to_vec();
            all.extend(command.iter().map(std::ffi::OsString::from));
            all.extend(words!["--registry", scene.registry()]);
            all.extend(words.iter().map(std::ffi::OsString::from));
            let (code, message) = scene.sheaf.refused(&all, 2);
            assert!(code == "INVALID_FILTER" && message.contains(field), "{all:?}: {code}: {message}");
        }
    }
}

#[test]
fn values_are_listed_with_their_counts() {
    let scene = scene();
    let values = scene.sheaf.json(&words!["studies", "values", "exam_room", "--registry", scene.registry()], 0);
    let expected = serde_json::json!({"values": [
        {"value": "", "count": 2}, {"value": "CT1", "count": 2}, {"value": "MR1", "count": 1},
    ]});
    assert_eq!(values, expected, "the most frequent first, then in natural order");
    let words = words!["studies", "values", "exam_room", "--registry", scene.registry(), "--q", "ada"];
    assert_eq!(scene.sheaf.json(&words, 0)["values"][0]["count"], 1, "of what matches");
    let words = words!["studies", "values", "exam_rom", "--registry", scene.registry()];
    assert_eq!(scene.sheaf.refused(&words, 2).0, "USAGE", "no such field");
}

#[test]
fn a_table_is_exported_whole_with_a_record_and_a_checksum() {
    let scene = scene();
    let file = scene.out().join("a.csv");
    let words = words![
        "studies",
        "export",
        "--registry",
        scene.registry(),
        "--out",
        &file,
        "--columns",
        "exam_id,patient_name,check_in_datetime",
        "--exam-room",
        "CT1",
        "--tz",
        "Asia/Taipei",
        "--sha256"
    ];
    let record = scene.sheaf.json(&words, 0);
    let expected = "\u{feff}exam_id,patient_name,check_in_datetime\r\nE2,Ada,\r\nE1,\"'=HYPERLINK(\"\"http://x\"\")\",2025-02-01 00:30:00\r\n";
    assert_eq!(fs::read_to_string(&file).expect("there"), expected, "order, zone, nothing to run");
    assert_eq!((&record["status"], &record["studies"]["studies"]), (&"completed".into(), &2.into()), "{record}");
    assert_eq!(record["studies"]["filter"]["time_zone"], "Asia/Taipei", "the record says the zone: {record}");
    assert_eq!(record["studies"]["neutralised"], 1, "and what was changed");
    let sums = Command::new("sha256sum").arg("-c").arg("a.csv.sha256").current_dir(scene.out()).output().expect("it runs");
    assert!(sums.status.success(), "the checksum beside it holds: {sums:?}");
    let id = record["id"].as_str().expect("an id");
    let verified = scene.sheaf.json(&words!["exports", "verify", id], 0);
    assert_eq!((&verified["ok"], &verified["sha256"]), (&true.into(), &record["archive"]["sha256"]), "read again");
    assert_eq!(scene.sheaf.json(&words!["exports", "list"], 0)["exports"][0]["id"], id, "in the same history");
    assert_eq!(scene.sheaf.refused(&words, 2).0, "DESTINATION_TAKEN", "nothing is ever replaced");
    let (whole, checksum) = (fs::read(&file).expect("there"), scene.out().join("a.csv.sha256"));
    fs::write(&file, "other").expect("writable");
    assert_eq!(scene.sheaf.json(&words!["exports", "verify", id], 1)["ok"], false, "another file of that name");
    assert_eq!(scene.sheaf.refused(&words!["exports", "delete", id], 1).0, "ARCHIVE_ALTERED", "is not ours to delete");
    assert!(checksum.exists(), "nor is what belongs to it");
    fs::write(&file, whole).expect("writable");
    scene.sheaf.json(&words!["exports", "delete", id], 0);
    assert!(!checksum.exists() && !fs::exists(&file).expect("looked at"), "the table and its checksum go together");
}

#[test]
fn a_workbook_gets_an_automatic_name_in_a_folder() {
    let scene = scene();
    let words = words![
        "studies",
        "export",
        "--registry",
        scene.registry(),
        "--out",
        scene.out(),
        "--format",
        "xlsx",
        "--columns",
        "full"
    ];
    let first = scene.sheaf.json(&words, 3);
    let second = scene.sheaf.json(&words, 3);
    let path = first["archive"]["path"].as_str().expect("a path");
    assert!(path.contains("/studies_export_20") && path.rsplit('.').next() == Some("xlsx"), "{path}");
    assert_ne!(first["archive"]["path"], second["archive"]["path"], "the next one has another name");
    assert!(fs::read(path).expect("there").starts_with(b"PK"), "a workbook");
    assert_eq!(first["status"], "completed_with_problems", "a control character was replaced");
    let problem = &first["problems"][0];
    let told = (problem["code"].as_str(), problem["file"].as_str(), problem["path"].as_str());
    assert_eq!(told, (Some("CELL_CHANGED"), Some("E5"), Some("patient_name")), "the study and the column: {problem}");
}

#[test]
fn what_may_not_be_exported_is_refused_before_there_is_a_file() {
    let scene = scene();
    let export = |further: &[&str]| {
        let mut words =
            words!["studies", "export", "--registry", scene.registry(), "--out", scene.out().join("a.csv")].to_vec();
        words.extend(further.iter().map(std::ffi::OsString::from));
        words
    };
    assert_eq!(scene.sheaf.refused(&export(&["--user", "reader"]), 4).0, "EXPORT_FORBIDDEN", "seen but not allowed");
    assert_eq!(
        scene.sheaf.refused(&export(&["--q", "nothing of this"]), 2).0,
        "NOTHING_TO_EXPORT",
        "an empty table is none"
    );
    assert_eq!(scene.sheaf.refused(&export(&["--columns", "exam_idd"]), 2).0, "USAGE", "no such column");
    assert_eq!(scene.sheaf.refused(&export(&["--format", "xlsx"]), 2).0, "USAGE", "a.csv is no name of a workbook");
    fs::write(scene.path("home/settings.toml"), "max_kept_bytes_per_user = 0\n").expect("a home");
    assert_eq!(scene.sheaf.refused(&export(&[]), 2).0, "QUOTA_EXCEEDED", "tables count as archives do");
    fs::write(scene.path("home/settings.toml"), "max_kept_bytes_per_user = 50\n").expect("a home");
    let record = scene.sheaf.json(&export(&[]), 1);
    assert_eq!(record["error"]["code"], "QUOTA_EXCEEDED", "also once it is known how large they get: {record}");
    fs::write(scene.path("home/settings.toml"), "max_studies_per_export = 4\n").expect("a home");
    let (code, message) = scene.sheaf.refused(&export(&[]), 2);
    assert!(code == "LIMIT_EXCEEDED" && message.contains('5') && message.contains('4'), "the count, never a cut: {message}");
    assert_eq!(fs::read_dir(scene.out()).expect("there").count(), 0, "nothing was left");
    let record = scene.sheaf.json(&export(&["--user", "clerk", "--exam-room", "CT1"]), 0);
    assert_eq!(record["user"], "clerk", "who has the right");
}

#[test]
fn a_killed_table_is_restarted() {
    let scene = scene();
    let words = words![
        "studies",
        "export",
        "--registry",
        scene.registry(),
        "--out",
        scene.out().join("a.tsv"),
        "--exam-room",
        "CT1",
        "--sha256"
    ];
    for point in ["created", "started", "verified", "summed", "publishing", "published"] {
        let ran = scene.sheaf.dying_at(point).run(&words);
        assert_eq!(ran.code, None, "{point}: {ran:?}");
        let record = scene.sheaf.json(&words!["exports", "list"], 0)["exports"][0].clone();
        let id = record["id"].as_str().expect("an id").to_owned();
        if record["status"] == "interrupted" {
            assert_eq!(fs::read_dir(scene.out()).expect("there").count(), 0, "{point}: no part file stays");
            let again = scene.sheaf.json(&words!["exports", "restart", &id], 0);
            assert_eq!((&again["status"], &again["attempt"]), (&"completed".into(), &2.into()), "{point}");
        } else {
            assert_eq!(record["status"], "completed", "{point}: a publish that had begun is finished");
        }
        assert!(fs::read_to_string(scene.out().join("a.tsv")).expect("there").contains("E1\t00123\t"), "{point}");
        scene.sheaf.json(&words!["exports", "delete", &id], 0);
        // It says nothing about another file of that name, and stays with whom it was made for.
        let _ = fs::remove_file(scene.out().join("a.tsv.sha256"));
        assert_eq!(fs::read_dir(scene.out()).expect("there").count(), 0, "{point}: deleted with its record");
    }
}

#[test]
fn a_list_of_a_hospital_becomes_a_registry() {
    let scene = Scene::empty();
    let (list, registry) = (scene.path("list.csv"), scene.path("list.sqlite"));
    let text = "檢查流水號,病歷號,開單日期/時間,備註\nE1,007,2025-01-31 08:00:00,x\nE2,008,31.01.2025,x\n,009,,x\n";
    fs::write(&list, text).expect("writable");
    let sync = words!["sync", &list, "--to", &registry, "--tz", "Asia/Taipei"];
    let report = scene.sheaf.json(&sync, 3);
    assert_eq!((&report["studies"], &report["time_zone"]), (&1.into(), &"Asia/Taipei".into()), "{report}");
    let rejected = serde_json::json!([
        {"line": 3, "field": "order_datetime", "reason": "not_a_time"},
        {"line": 4, "field": "exam_id", "reason": "empty"},
    ]);
    assert_eq!((&report["rejected"], &report["ignored_columns"]), (&rejected, &serde_json::json!(["備註"])));
    let found = scene.sheaf.json(&words!["studies", "search", "--registry", &registry], 0);
    assert_eq!(found["rows"][0]["order_datetime"], "2025-01-31T00:00:00Z", "{found}");

    // A name that is taken stays as it is, and what is no list leaves nothing.
    assert_eq!(scene.sheaf.json(&sync, 2)["error"]["code"], "DESTINATION_TAKEN");
    let other = scene.path("other.sqlite");
    fs::write(&list, "a,b\n1,2\n").expect("writable");
    let refused = scene.sheaf.json(&words!["sync", &list, "--to", &other], 2);
    assert_eq!(refused["error"]["code"], "TABLE_UNREADABLE", "{refused}");
    let nowhere = scene.sheaf.json(&words!["sync", &list, "--to", &other, "--tz", "Nowhere/Land"], 2);
    assert_eq!(nowhere["error"]["code"], "INVALID_FILTER", "{nowhere}");
    assert!(!other.exists(), "nothing was made");
}
