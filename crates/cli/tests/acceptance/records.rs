//! The record of an export, tomorrow: found, verified, copied, deleted, and never a file deleted that is not its own.

use serde_json::{Value, json};

use crate::program::names;
use crate::scene::Scene;
use crate::words;

fn exported(scene: &Scene) -> (String, std::path::PathBuf) {
    let record =
        scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities", "--name", "n", "--notes", "for Bo"]), 0);
    assert_eq!(record["notes"], "for Bo", "{record}");
    (record["id"].as_str().expect("an id").to_owned(), scene.out().join("n.zip"))
}

#[test]
fn an_unused_home_has_an_empty_list() {
    let scene = Scene::empty();
    assert_eq!(scene.sheaf.json(&words!["exports", "list"], 0), json!({ "exports": [] }), "no error, no record");
}

#[test]
fn a_record_is_found_again_newest_first() {
    let scene = Scene::new();
    let (id, _) = exported(&scene);
    let second = scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities", "--name", "m"]), 0);
    let list = scene.sheaf.json(&words!["exports", "list"], 0);
    let names: Vec<_> = list["exports"].as_array().expect("records").iter().map(|record| &record["name"]).collect();
    assert_eq!(names, ["m", "n"], "newest first");
    assert_eq!(
        scene.sheaf.json(&words!["exports", "show", second["id"].as_str().expect("an id")], 0),
        second,
        "the same record"
    );
    let (code, message) = scene.sheaf.refused(&words!["exports", "show", format!("{id}x")], 2);
    assert_eq!(code, "UNKNOWN_EXPORT", "{message}");
}

#[test]
fn an_automatic_name_is_never_taken_twice() {
    let scene = Scene::new();
    for _ in 0..3 {
        scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities"]), 0);
    }
    let names = names(&scene.out());
    assert_eq!(names.len(), 3, "three archives, whatever the second they were made in: {names:?}");
    assert!(names.iter().all(|name| name.starts_with("export_20")), "named by the local time: {names:?}");
}

#[test]
fn an_archive_that_is_gone_is_missing() {
    let scene = Scene::new();
    let (id, archive) = exported(&scene);
    std::fs::remove_file(&archive).expect("removed");
    let record = scene.sheaf.json(&words!["exports", "show", &id], 0);
    assert_eq!(record["archive"]["state"], "missing", "{record}");
    let ran = scene.sheaf.run(&words!["exports", "verify", &id, "--json"]);
    assert_eq!(ran.code, Some(1), "nothing is there to verify: {ran:?}");
    scene.sheaf.json(&words!["exports", "delete", &id], 0);
    assert_eq!(scene.sheaf.json(&words!["exports", "list"], 0), json!({ "exports": [] }), "the record can still go");
}

#[test]
fn another_file_in_its_place_is_never_deleted() {
    let scene = Scene::new();
    let (id, archive) = exported(&scene);
    std::fs::remove_file(&archive).expect("removed");
    std::fs::write(&archive, "somebody else's").expect("written");
    let record = scene.sheaf.json(&words!["exports", "show", &id], 0);
    assert_eq!(record["archive"]["state"], "altered", "{record}");
    let ran = scene.sheaf.run(&words!["exports", "delete", &id, "--json"]);
    let content = std::fs::read_to_string(&archive).expect("it is still there");
    assert_eq!(content, "somebody else's", "exports delete must not touch it: {ran:?}");
}

#[test]
fn delete_takes_the_archive_or_keeps_it() {
    let scene = Scene::new();
    let (id, archive) = exported(&scene);
    assert_eq!(
        scene.sheaf.json(&words!["exports", "delete", &id, "--keep-file"], 0),
        json!({ "deleted": id }),
        "the answer"
    );
    assert!(archive.exists(), "the record alone is gone");
    std::fs::remove_file(&archive).expect("removed");
    let (id, archive) = exported(&scene);
    scene.sheaf.json(&words!["exports", "delete", &id], 0);
    assert!(!archive.exists(), "its own file goes with it");
}

#[test]
fn a_copy_is_the_archive_byte_for_byte() {
    let scene = Scene::new();
    let (id, archive) = exported(&scene);
    let copy = scene.path("copy.zip");
    let record = scene.sheaf.json(&words!["exports", "save", &id, &copy], 0);
    assert_eq!(record["id"], Value::from(id.clone()), "it answers with the record");
    assert!(std::fs::read(&archive).expect("there") == std::fs::read(&copy).expect("there"), "every byte");
    let (code, message) = scene.sheaf.refused(&words!["exports", "save", &id, &copy], 2);
    assert_eq!(code, "DESTINATION_TAKEN", "nothing is overwritten: {message}");
}
