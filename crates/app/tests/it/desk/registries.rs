//! Registries that change, are gone or are none; users of few rights; data that lies elsewhere; the demo.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use sheaf_app::desk::Event;

use super::hospital::{People, write};
use super::native::Bench;
use crate::fixture::names;

#[test]
fn what_cannot_be_opened_leaves_what_is_open() {
    let bench = Bench::hospital();
    bench.get("check_matching", json!({ "on": true }));
    let folder = bench.lab.root().to_owned();
    let corrupt = folder.join("corrupt.sqlite");
    std::fs::write(&corrupt, "no database").expect("writable");
    let foreign = folder.join("foreign.sqlite");
    rusqlite::Connection::open(&foreign).and_then(|file| file.execute_batch("CREATE TABLE x (y)")).expect("writable");
    for (path, code) in [
        (folder.join("nowhere.sqlite"), "REGISTRY_MISSING"),
        (corrupt, "REGISTRY_CORRUPT"),
        (foreign, "SOURCE_UNKNOWN"),
        (folder, "SOURCE_UNKNOWN"),
    ] {
        bench.desktop.will_choose_file(&path);
        let error = bench.ask("open_registry", json!({})).expect_err("refused");
        assert_eq!(error.code, code, "{}", path.display());
        assert!(!error.hint.is_empty(), "{code} has a next step");
    }
    let state = bench.just("browse");
    assert_eq!(state["counts"]["selected"], 5, "the selection stands");
    assert_eq!(
        bench.just("recent_registries")["recent"].as_array().map(Vec::len),
        Some(1),
        "what did not open is not listed"
    );
}

#[test]
fn a_registry_that_is_gone_is_a_problem_and_no_error_at_the_start() {
    let bench = Bench::hospital();
    let path = bench.registry();
    std::fs::rename(&path, path.with_extension("away")).expect("ours");
    let bench = bench.again();
    bench.desk.warm(None, || ()).expect("none was named");
    let start = bench.just("start");
    assert_eq!((&start["registry"], &start["problem"]["code"]), (&Value::Null, &json!("REGISTRY_MISSING")), "said once");
    assert_eq!(start["recent"][0]["present"], false, "the list says so too");
    std::fs::rename(path.with_extension("away"), &path).expect("ours");
    assert_eq!(bench.just("start")["registry"]["name"], "hospital", "when it is back, it is opened again");
    bench.get("check_matching", json!({ "on": true }));
    bench.desk.warm(None, || ()).expect("none was named");
    let start = bench.just("start");
    assert_eq!(start["registry"]["browse"]["counts"]["selected"], 5, "what is open is not opened anew");
    let rows = bench.get("tree_window", json!({ "offset": 0, "limit": 100 }));
    assert_eq!(start["registry"]["rows"], rows, "the first rows come along, as they are now");
}

#[test]
fn the_registry_that_was_named_is_the_first_that_a_page_sees() {
    let bench = Bench::hospital();
    let (last, named) = (bench.registry(), bench.lab.root().join("named.sqlite"));
    std::fs::copy(&last, &named).expect("writable");
    let bench = bench.again();
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let (desk, path) = (&bench.desk, &named);
        let warming = scope.spawn(move || desk.warm(Some(path), move || tell.send(()).expect("it is waited for")));
        told.recv_timeout(Duration::from_mins(1)).expect("the page may ask now");
        assert_eq!(bench.just("start")["registry"]["name"], "named", "and waits for the one that was named");
        warming.join().expect("no panic").expect("it can be opened");
    });
    let bench = bench.again();
    let gone = named.with_extension("gone");
    let error = bench.desk.warm(Some(&gone), || ()).expect_err("there is none");
    assert_eq!(error.code().as_str(), "REGISTRY_MISSING", "whoever named it is told");
    assert_eq!(bench.just("start")["registry"]["name"], "named", "and the window opens on that of the last time");
}

#[test]
fn a_page_is_told_of_a_registry_that_a_second_start_opened() {
    let bench = Bench::hospital();
    let named = bench.lab.root().join("named.sqlite");
    std::fs::copy(bench.registry(), &named).expect("writable");
    let told = || bench.told.lock().expect("unpoisoned").iter().filter(|event| **event == Event::RegistryOpened).count();
    bench.desk.open_at(&named.with_extension("gone")).expect_err("there is none");
    assert_eq!((told(), &bench.just("start")["registry"]["name"]), (0, &json!("hospital")), "what is open stays");
    bench.desk.open_at(&named).expect("it can be opened");
    assert_eq!((told(), &bench.just("start")["registry"]["name"]), (1, &json!("named")), "it is told, and there");
}

#[test]
fn a_change_is_told_once_and_read_anew_with_everything_kept() {
    let bench = Bench::hospital();
    let (tell, told) = mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    bench.desk.hub().listen(std::sync::Arc::new(move |event| {
        if *event == Event::RegistryChanged {
            let _ = tell.lock().expect("unpoisoned").send(());
        }
    }));
    bench.get("check_matching", json!({ "on": true }));
    bench.get("expand", json!({ "folder": 1, "open": true }));
    let filter = json!({ "tags": [1], "tag_mode": "none", "modalities": [], "text": "", "among": null });
    let before = bench.get("set_filter", filter);
    write(&bench.registry(), People::Later);
    told.recv_timeout(Duration::from_mins(1)).expect("the change is seen");
    assert_eq!(bench.just("start")["registry"]["changed"], true, "a page that comes later learns it as well");
    assert_eq!(bench.just("browse")["counts"], before["counts"], "until it is asked for, the old state stands");
    let open = bench.just("refresh_registry");
    assert_eq!(open["changed"], false, "now it is as the file is");
    let counts = &open["browse"]["counts"];
    assert_eq!((&counts["visible"], &counts["selected"]), (&json!(5), &json!(4)), "P2 has left, P6 has come unselected");
    assert_eq!(open["browse"]["filter"]["tags"], json!([1]), "the filter is the same");
    assert!(open["browse"]["revision"].as_u64() > before["revision"].as_u64(), "and no row is taken for an old one");
    assert_eq!(bench.just("undo")["counts"]["selected"], 0, "steps come along");
    assert_eq!(bench.just("redo")["counts"]["selected"], 4, "both ways");
}

#[test]
fn a_user_sees_only_what_they_may() {
    let bench = Bench::hospital();
    bench.get("check_matching", json!({ "on": true }));
    assert_eq!(bench.refused("act_as", json!({ "user": "nobody" })), "UNKNOWN_USER", "a name that nobody has");
    let open = bench.get("act_as", json!({ "user": "reader" }));
    assert_eq!(open["user"], "reader", "acts");
    assert_eq!(open["projects"].as_array().map(Vec::len), Some(1), "the other project does not exist for them");
    let browse = &open["browse"];
    assert_eq!(
        (&browse["counts"]["visible"], &browse["counts"]["selected"]),
        (&json!(3), &json!(3)),
        "of North, still selected"
    );
    assert_eq!(browse["estimate"]["forbidden"], 3, "seen, but not to be exported");
    assert_eq!(browse["estimate"]["files"], 0, "so nothing would be");
    assert_eq!(browse["tags"].as_array().map(Vec::len), Some(1), "a tag of others does not exist");
    bench.get("expand_all", json!({ "open": true }));
    assert_eq!(bench.tree(), ["-North all", "--Inner all", "---P3 all", "--P1 all", "--P2 all"], "nor do their folders");
    let found = bench.get("match_list", json!({ "text": "P1 P4" }));
    assert_eq!(found["unmatched"], json!(["P4"]), "who may not be seen is simply unmatched");
    let target = json!({ "type": "patient", "id": 4 });
    assert_eq!(bench.get("check", json!({ "target": target, "on": true }))["counts"]["selected"], 3, "also by row id");
    let bench = bench.again();
    assert_eq!(bench.just("start")["registry"]["user"], "reader", "the next start acts as the same");
    let open = bench.get("act_as", json!({ "user": "guest" }));
    assert_eq!((&open["project"], &open["browse"]), (&Value::Null, &Value::Null), "who sees no project chooses nothing");
    assert_eq!(bench.refused("browse", json!({})), "REGISTRY_NOT_OPEN", "there is nothing to choose from");
    let open = bench.get("act_as", json!({ "user": null }));
    assert_eq!(
        (&open["user"], &open["browse"]["counts"]["visible"]),
        (&Value::Null, &json!(5)),
        "the owner sees everything"
    );
    let refused = bench.refused("choose_project", json!({ "project": "nowhere" }));
    assert_eq!(refused, "UNKNOWN_PROJECT", "what is not there");
    assert_eq!(bench.just("browse")["counts"]["visible"], 5, "changes nothing");
}

#[test]
fn a_user_who_is_gone_is_told_and_the_owner_acts() {
    let bench = Bench::hospital();
    bench.get("act_as", json!({ "user": "reader" }));
    let registry = rusqlite::Connection::open(bench.registry()).expect("ours");
    registry.execute("UPDATE user SET is_active = 0", []).expect("writable");
    let start = bench.again().just("start");
    assert_eq!(start["problem"]["code"], "UNKNOWN_USER", "nobody acts under another name unawares");
    assert_eq!(start["registry"]["user"], Value::Null, "and the registry is open");
}

#[test]
fn data_that_lies_elsewhere_is_found_and_the_registry_not_changed() {
    let bench = Bench::hospital();
    let root = bench.lab.root().to_owned();
    let elsewhere = root.join("elsewhere");
    std::fs::rename(root.join("data"), &elsewhere).expect("ours");
    for number in 1..=5 {
        for end in ["nii", "jpg"] {
            std::fs::write(elsewhere.join(format!("P{number}.{end}")), [0; 100]).expect("writable");
        }
    }
    let before = std::fs::read(bench.registry()).expect("readable");
    let open = bench.just("refresh_registry");
    assert_eq!(open["data_roots_missing"], 1, "the folder is gone");
    let roots = bench.just("data_roots");
    assert_eq!(roots["roots"][0]["problem"]["code"], "ROOT_MISSING", "and named: {roots}");
    assert!(roots["roots"][0]["problem"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "with the next step");
    bench.get("check_matching", json!({ "on": true }));
    let plan = bench.get("plan_export", json!({ "task": "t" }));
    assert_eq!(plan["files"], 0, "no file can be had");
    let id = json!({ "id": roots["roots"][0]["id"] });
    let roots = bench.get("locate_data_root", id.clone());
    assert_eq!(roots["roots"][0]["located"], false, "a closed dialog says nothing");
    bench.desktop.will_choose_folder(&elsewhere);
    let roots = bench.get("locate_data_root", id);
    let found = &roots["roots"][0];
    assert_eq!((&found["location"], &found["located"]), (&json!(elsewhere), &json!(true)), "there it is");
    assert_eq!(found["problem"], Value::Null, "and can be looked at");
    assert_eq!(bench.get("plan_export", json!({ "task": "t" }))["files"], 4, "plans look there");
    assert_eq!(std::fs::read(bench.registry()).expect("readable"), before, "the registry is as it was");
    assert_eq!(bench.refused("locate_data_root", json!({ "id": 99 })), "ROOT_MISSING", "what the registry has not");
    let bench = bench.again();
    assert_eq!(bench.just("start")["registry"]["data_roots_missing"], 0, "also next time");
}

#[test]
fn a_demo_that_is_stopped_leaves_nothing() {
    let bench = Bench::new();
    let documents = bench.lab.root().join("documents");
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        bench.desk.hub().listen(std::sync::Arc::new(move |event| {
            if matches!(event, Event::Task { task, .. } if task == "demo") {
                let _ = tell.lock().expect("unpoisoned").send(());
            }
        }));
        let making = scope.spawn(|| bench.ask("make_demo", json!({ "task": "demo" })));
        told.recv_timeout(Duration::from_mins(1)).expect("its progress is told");
        bench.get("cancel_task", json!({ "task": "demo" }));
        let error = making.join().expect("no panic").expect_err("stopped");
        assert_eq!(error.code, "CANCELLED", "at the user's wish");
    });
    assert!(names(&documents).is_empty(), "nothing is left behind");
    assert_eq!(bench.just("start")["registry"], Value::Null, "and nothing is open");
}

#[test]
fn a_page_that_was_loaded_anew_finds_the_demo_that_is_being_made() {
    let bench = Bench::new();
    assert_eq!(bench.just("running_tasks"), json!({ "tasks": [] }), "nothing runs");
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        // The first report is held, and the making with it, until the test lets it go on.
        let (go_on, waits) = mpsc::channel::<()>();
        let waits = std::sync::Mutex::new(waits);
        bench.desk.hub().listen(std::sync::Arc::new(move |event| {
            if matches!(event, Event::Task { .. }) {
                let _ = tell.lock().expect("unpoisoned").send(());
                let _ = waits.lock().expect("unpoisoned").recv();
            }
        }));
        let making = scope.spawn(|| bench.get("make_demo", json!({ "task": "demo" })));
        told.recv_timeout(Duration::from_mins(1)).expect("its progress is told");
        let found = bench.just("running_tasks")["tasks"][0].clone();
        assert_eq!((&found["task"], &found["kind"], &found["export"]), (&json!("demo"), &json!("demo"), &Value::Null));
        assert!(found["progress"]["files_total"].as_u64().is_some_and(|files| files > 0), "how far it is: {found}");
        let joins = scope.spawn(|| bench.get("make_demo", json!({ "task": "demo" })));
        drop(go_on);
        let (made, joined) = (making.join().expect("no panic"), joins.join().expect("no panic"));
        assert_eq!((&made["path"], &made["id"]), (&joined["path"], &joined["id"]), "the same demo");
    });
    assert_eq!(names(&bench.lab.root().join("documents")), ["Sheaf demo"], "made once");
    assert_eq!(bench.just("running_tasks"), json!({ "tasks": [] }), "and done");
}

#[test]
fn a_demo_is_made_beside_the_one_before_and_opened() {
    let bench = Bench::new();
    let documents = bench.lab.root().join("documents");
    std::fs::create_dir(documents.join("Sheaf demo")).expect("writable");
    let open = bench.get("make_demo", json!({ "task": "demo" }));
    assert_eq!(open["path"], json!(documents.join("Sheaf demo 2/registry.sqlite")), "nothing that is there is touched");
    assert_eq!(open["data_roots_missing"], 0, "with its files");
    assert!(open["browse"]["counts"]["visible"].as_u64().is_some_and(|patients| patients > 0), "ready to choose from");
    assert_eq!(names(&documents), ["Sheaf demo", "Sheaf demo 2"], "one folder for one demo");
}

#[test]
fn without_its_memory_the_window_still_works() {
    let bench = Bench::hospital();
    let path = bench.lab.home().join("desk.db");
    let bench = {
        let registry = bench.registry();
        std::fs::write(&path, "no database, whatever else it may be".repeat(99)).expect("writable");
        let bench = bench.again();
        let start = bench.just("start");
        assert_eq!(start["problem"]["code"], "HISTORY_UNUSABLE", "it is said");
        assert_eq!((&start["registry"], &start["recent"]), (&Value::Null, &json!([])), "nothing is remembered");
        assert_eq!(bench.open(&registry)["browse"]["counts"]["visible"], 5, "a registry can be opened");
        bench
    };
    assert_eq!(bench.get("check_matching", json!({ "on": true }))["counts"]["selected"], 5, "and chosen from");
    assert_eq!(bench.refused("cohorts", json!({})), "HISTORY_UNUSABLE", "what needs it says so");
    assert!(std::fs::read(&path).expect("there").starts_with(b"no database"), "what was there is left alone");
}
