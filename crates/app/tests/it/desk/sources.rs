//! Sources of other kinds, opened like a registry: read once, looked at while they are away, read anew when they are asked for.

use std::path::PathBuf;

use serde_json::json;
use sheaf_app::desk::Event;
use sheaf_testkit::make_laboratory;

use super::exports::{hear, until};
use super::native::Bench;
use super::studies::{ids, look};

fn list(bench: &Bench, rows: &str) -> PathBuf {
    let path = bench.lab.root().join("hospital.csv");
    std::fs::write(&path, format!("exam_id,patient_age\n{rows}")).expect("writable");
    path
}

#[test]
fn a_source_is_read_into_the_home_and_opens_as_a_registry() {
    let bench = Bench::new();
    let path = list(&bench, "E1,1\nE2,2\n");
    let opened = bench.open(&path);
    assert_eq!((&opened["name"], &opened["path"]), (&json!("hospital"), &json!(path.canonicalize().expect("a file"))));
    assert!(opened["synced_at"].is_string() && opened["changed"] == false, "its age is told: {opened}");
    assert_eq!(opened["refresh_problem"], json!(null));
    assert_eq!((look(&bench)["total"].clone(), ids(&bench).len()), (json!(2), 2));
    let told = bench.told.lock().expect("unpoisoned").clone();
    assert!(told.iter().any(|event| matches!(event, Event::Task { task, .. } if task == "source")), "and the reading");
    assert!(told.contains(&Event::SourceRead), "its end too");

    // It is opened again as it was read, also when it has gone meanwhile.
    std::fs::remove_file(&path).expect("there");
    let bench = bench.again();
    assert_eq!(bench.just("start")["registry"]["name"], "hospital");
    assert_eq!(look(&bench)["total"], 2);
    assert_eq!(bench.just("refresh_registry")["name"], "hospital", "what is away is left as it was read");
}

#[test]
fn a_source_that_has_changed_is_read_anew_when_it_is_asked_for() {
    let bench = Bench::new();
    let path = list(&bench, "E1,1\n");
    bench.open(&path);
    let bench = {
        list(&bench, "E1,1\nE2,2\nE3,3\n");
        bench.again()
    };
    let heard = hear(&bench);
    bench.just("start");
    assert_eq!(look(&bench)["total"], 1, "a start does not wait for a source");
    until(&heard, |event| (*event == Event::RegistryChanged).then_some(()));
    assert_eq!(bench.just("refresh_registry")["changed"], false);
    assert_eq!(look(&bench)["total"], 3);

    // What cannot be read any more is told, and what was read of it stays.
    std::fs::write(&path, "nothing\n").expect("writable");
    assert_eq!(bench.refused("refresh_registry", json!({})), "TABLE_UNREADABLE");
    assert_eq!(look(&bench)["total"], 3);
    let bench = bench.again();
    let problem = bench.just("start")["registry"]["refresh_problem"].clone();
    assert_eq!(look(&bench)["total"], 3, "tomorrow too");
    assert_eq!(problem["report"]["code"], "TABLE_UNREADABLE", "and why it is not newer: {problem}");
    assert!(problem["at"].is_string(), "and since when: {problem}");

    let chosen = bench.open(&path);
    assert_eq!(chosen["refresh_problem"]["report"]["code"], "TABLE_UNREADABLE", "also where its file is chosen: {chosen}");
    assert_eq!(look(&bench)["total"], 3, "which cannot be read now");

    // It goes when the source was read, and stays away.
    list(&bench, "E1,1\n");
    assert_eq!(bench.just("refresh_registry")["refresh_problem"], json!(null));
    assert_eq!(bench.again().just("start")["registry"]["refresh_problem"], json!(null));
}

#[test]
fn a_database_of_a_laboratory_opens_with_what_was_odd_in_it() {
    let bench = Bench::new();
    let path = bench.lab.root().join("lab.sqlite3");
    make_laboratory(&path);
    let opened = bench.open(&path);
    assert_eq!((&opened["project"], &opened["data_roots_missing"]), (&json!("maxillo"), &json!(1)), "{opened}");
    let odd: Vec<_> = opened["oddities"].as_array().expect("a list").iter().map(|odd| odd["code"].clone()).collect();
    assert!(odd.contains(&json!("PATH_OUTSIDE")) && odd.contains(&json!("FILE_TYPE_OVERRULED")), "{odd:?}");
    assert!(!opened["oddities"].to_string().contains("Ada"), "no name of a patient");
    let root = bench.just("data_roots")["roots"][0]["id"].clone();
    bench.desktop.will_choose_folder(&bench.lab.root().join("dataset"));
    let roots = bench.get("locate_data_root", json!({"id": root}));
    assert_eq!((&roots["roots"][0]["located"], &roots["roots"][0]["problem"]), (&json!(true), &json!(null)), "{roots}");
}

#[test]
fn what_was_read_of_a_source_goes_when_it_is_taken_off_the_list() {
    let bench = Bench::new();
    let path = list(&bench, "E1,1\n");
    bench.open(&path);
    let sources = bench.lab.home().join("sources");
    let kept = || std::fs::read_dir(&sources).map_or(0, Iterator::count);
    let recent = bench.just("recent_registries")["recent"][0]["id"].clone();
    bench.get("forget_recent", json!({"id": recent}));
    assert_eq!(kept(), 1, "what is open is read on");
    bench.open(&path);
    bench.just("close_registry");
    bench.get("forget_recent", json!({"id": recent}));
    assert_eq!(kept(), 0, "nobody's studies stay behind in the home");
    assert!(path.exists(), "the source itself stays");
    bench.open(&path);
    assert_eq!(look(&bench)["total"], 1, "and is read again");
}

#[test]
fn a_window_that_is_closed_in_the_middle_of_long_work_asks_first() {
    let bench = Bench::new();
    bench.open(&list(&bench, "E1,1\n"));
    let path = list(&bench, &"E,1\n".repeat(2_000_000));
    let heard = hear(&bench);
    bench.desktop.will_choose_file(&path);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| bench.refused("import_studies", json!({"task": "list", "time_zone": null})));
        until(&heard, |event| matches!(event, Event::Task { task, .. } if task == "list").then_some(()));
        assert!(!bench.desk.close_asked(), "what is read would be lost");
        until(&heard, |event| matches!(event, Event::QuitAsked { active: 1 }).then_some(()));
        bench.get("cancel_task", json!({"task": "list"}));
        assert_eq!(reading.join().expect("no panic"), "CANCELLED");
    });
    assert!(bench.desk.close_asked(), "nothing runs any longer");
}

#[test]
fn reading_a_source_is_stopped_and_leaves_nothing() {
    let bench = Bench::new();
    let path = list(&bench, &"E,1\n".repeat(2_000_000));
    let heard = hear(&bench);
    bench.desktop.will_choose_file(&path);
    let refused = std::thread::scope(|scope| {
        let opening = scope.spawn(|| bench.refused("open_registry", json!({})));
        until(&heard, |event| matches!(event, Event::Task { task, .. } if task == "source").then_some(()));
        bench.get("cancel_task", json!({"task": "source"}));
        opening.join().expect("no panic")
    });
    assert_eq!(refused, "CANCELLED");
    let sources = bench.lab.home().join("sources");
    let left =
        std::fs::read_dir(&sources).expect("a folder").flatten().flat_map(|key| std::fs::read_dir(key.path())).flatten();
    assert_eq!(left.count(), 0, "no part of it stays");
}
