//! Databases of studies in place of a registry, as a user of the command line meets them.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use sheaf_testkit::Postgres;

use crate::scene::Scene;
use crate::words;

const TABLE: &str =
    "CREATE TABLE medical_examinations_fact (exam_id varchar(100) PRIMARY KEY, exam_status text, exam_source text,
    order_datetime timestamptz, patient_age integer, note text);";
const DUMP: &str = "-- PostgreSQL database dump\n\nCOPY public.medical_examinations_fact (exam_id, exam_status, exam_source, \
    order_datetime, patient_age, note) FROM stdin;\nE1\ta\tb\t2025-01-31 08:00:00+08\t36\tx\nE2\ta\tc\t2025-02-01 00:00:00+00\t-1\t\\N\n\
    E3\ta\tc\t2025-02-01 00:00:00+00\t\\N\t\\N\n\\.\n\n-- PostgreSQL database dump complete\n";
const OBJECTS: &str = r#"[{"model": "study.study", "pk": "E1", "fields": {"exam_status": "a", "exam_source": "b", "order_datetime": "2025-01-31T00:00:00Z", "patient_age": 36, "note": "x"}},
    {"model": "study.study", "pk": "E2", "fields": {"exam_status": "a", "exam_source": "c", "order_datetime": "2025-02-01T00:00:00Z", "patient_age": -1, "note": null}},
    {"model": "study.study", "pk": "E3", "fields": {"exam_status": "a", "exam_source": "c", "order_datetime": "2025-02-01T00:00:00Z", "patient_age": null, "note": null}}]"#;
const ROWS: &str = "INSERT INTO medical_examinations_fact VALUES ('E1', 'a', 'b', '2025-01-31 00:00:00', 36, 'x'),
    ('E2', 'a', 'c', '2025-02-01 00:00:00', -1, NULL), ('E3', 'a', 'c', '2025-02-01 00:00:00', NULL, NULL);";

/// What is found in it, and what is told of the row that is none.
fn is_read(scene: &Scene, source: &Path) {
    let words = words!["studies", "search", "--registry", source, "--sort", "order_datetime_asc", "--tz", "UTC"];
    let found = scene.sheaf.json(&words, 0);
    assert_eq!(found["total"], 2, "{found}");
    assert_eq!((&found["rows"][0]["exam_id"], &found["rows"][1]["exam_id"]), (&"E1".into(), &"E3".into()), "{found}");
    let to = scene.path("of.sqlite");
    let report = scene.sheaf.json(&words!["sync", source, "--to", &to], 3);
    fs::remove_file(&to).expect("it was made");
    assert_eq!((&report["kind"], &report["studies"]), (&"study_database".into(), &2.into()), "{report}");
    assert_eq!(report["ignored_columns"], serde_json::json!(["note"]), "{report}");
    assert_eq!(report["rejected"], serde_json::json!([{"line": 2, "field": "patient_age", "reason": "not_an_age"}]));
    let told = scene.sheaf.run(&words!["sync", source, "--to", &to]);
    fs::remove_file(&to).expect("it was made");
    assert!(
        told.stdout.contains("Read 2 studies.") && told.stdout.contains("row 2: patient_age: no whole number"),
        "{told:?}"
    );
}

#[test]
fn a_dump_a_dumpdata_and_a_database_stand_for_a_registry() {
    let scene = Scene::empty();
    for (name, text) in [("backup.sql", DUMP), ("nightly", DUMP), ("dump.json", OBJECTS)] {
        let source = scene.path(name);
        fs::write(&source, text).expect("writable");
        is_read(&scene, &source);
    }
    let source = scene.path("db.sqlite3");
    Connection::open(&source).expect("a database").execute_batch(&format!("{TABLE} {ROWS}")).expect("statements");
    is_read(&scene, &source);

    // What was read stays when the dump is damaged later.
    let backup = scene.path("backup.sql");
    let search = words!["studies", "search", "--registry", &backup];
    fs::write(&backup, &DUMP[..DUMP.len() - 20]).expect("writable");
    let out = scene.path("cut.csv");
    for _ in 0..2 {
        assert_eq!(scene.sheaf.json(&search, 0)["total"], 2, "as it was read");
        let told = scene.sheaf.run(&search).stderr;
        assert!(told.contains("backup.sql could not be read anew on") && told.contains("[DUMP_CUT]"), "{told}");
        assert!(!told.contains("has not changed"), "it has: {told}");
        let export = words!["studies", "export", "--registry", &backup, "--out", &out];
        assert_eq!(scene.sheaf.json(&export, 2)["error"]["code"], "DUMP_CUT", "work needs what is there now");
    }
    assert!(!out.exists());
    assert_eq!(scene.sheaf.json(&words!["exports", "list"], 0)["exports"], serde_json::json!([]), "refused before a job");
    fs::remove_file(&backup).expect("there");
    assert_eq!(scene.sheaf.json(&search, 0)["total"], 2, "as it was read");
}

#[test]
fn a_server_stands_for_a_registry_without_users() {
    let scene = Scene::empty();
    let mut server = Postgres::start();
    server.create("hospital");
    server.run("hospital", &format!("SET timezone = 'UTC'; {TABLE} {ROWS}"));
    server.reader("reader", "geheim", "hospital");
    let (url, name) = (server.url("reader:geheim", "hospital"), server.url("reader", "hospital"));
    is_read(&scene, Path::new(&url));
    let refused = scene.sheaf.json(&words!["sync", server.url("reader:wrong", "hospital")], 2);
    assert_eq!(refused["error"]["code"], "SOURCE_DENIED", "{refused}");
    server.run("hospital", "INSERT INTO medical_examinations_fact VALUES ('E4', 'a', 'b', now())");
    let search = words!["studies", "search", "--registry", &name];
    assert_eq!(scene.sheaf.json(&search, 0)["total"], 2, "looked at as it was read");
    assert_eq!(scene.sheaf.json(&words!["sync", &url], 3)["studies"], 3, "and read anew when that is asked");
    server.kill();
    assert_eq!(scene.sheaf.json(&search, 0)["total"], 3, "also while it is away");
    assert_eq!(scene.sheaf.json(&words!["sync", &url], 2)["error"]["code"], "SOURCE_UNREACHABLE");
}
