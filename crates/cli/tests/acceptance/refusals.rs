//! Bad input: named, with near matches, before a job exists, and the file untouched.

use std::fs;

use rusqlite::Connection;
use serde_json::json;

use crate::program::names;
use crate::scene::Scene;
use crate::words;

#[test]
fn unknown_names_come_with_near_matches() {
    let scene = Scene::new();
    for (words, code, wanted, near) in [
        (&["--patient", "100", "--all-modalities"][..], "UNKNOWN_PATIENT", "100", "10"),
        (&["--folder", "Clinic B", "--all-modalities"], "UNKNOWN_FOLDER", "Clinic B", "Clinic A"),
        (&["--folder-id", "99", "--all-modalities"], "UNKNOWN_FOLDER", "99", ""),
        (&["--all", "--tag", "orto", "--all-modalities"], "UNKNOWN_TAG", "orto", "ortho"),
        (&["--all", "--modality", "CBTC"], "UNKNOWN_MODALITY", "CBTC", "cbct"),
    ] {
        let error = scene.sheaf.json(&scene.export_words(words), 2)["error"].take();
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(wanted)), "it is named: {error}");
        let details = error["details"].to_string();
        assert!(near.is_empty() || details.contains(near), "{near} is near {wanted}: {error}");
    }
    let project = words!["plan", "--registry", scene.registry(), "--project", "maxilo", "--all", "--all-modalities"];
    let error = scene.sheaf.json(&project, 2)["error"].take();
    assert_eq!((&error["code"], &error["details"]), (&"UNKNOWN_PROJECT".into(), &json!(["maxillo"])), "{error}");
    assert_eq!(names(&scene.out()), [""; 0], "nothing is written");
    assert_eq!(scene.sheaf.json(&words!["exports", "list"], 0), json!({ "exports": [] }), "no job exists");
}

#[test]
fn nothing_said_is_never_everything() {
    let scene = Scene::new();
    for words in
        [&["--all-modalities"][..], &["--all"], &[], &["--all", "--kind", "both"], &["--tag", "ortho", "--all-modalities"]]
    {
        let (code, message) = scene.sheaf.refused(&scene.export_words(words), 2);
        assert_eq!(code, "EMPTY_SELECTION", "{words:?}: {message}");
    }
    fs::write(scene.path("list"), "\u{feff}\r\n\n").expect("written");
    let list = scene.path("list");
    let words = scene.export_words(&["--all-modalities", "--patients-from", list.to_str().expect("text")]);
    assert_eq!(scene.sheaf.refused(&words, 2).0, "EMPTY_SELECTION", "an empty list names nobody");
    fs::write(scene.path("selection.json"), "{}").expect("written");
    let selection = scene.path("selection.json");
    let words = scene.export_words(&["--selection", selection.to_str().expect("text")]);
    assert_eq!(scene.sheaf.refused(&words, 2).0, "EMPTY_SELECTION", "an empty file says nothing");
}

#[test]
fn a_selection_without_any_file_is_refused() {
    let scene = Scene::new();
    let (code, message) = scene.sheaf.refused(&scene.export_words(&["--patient", "10", "--modality", "cbct"]), 2);
    assert_eq!(code, "NOTHING_TO_EXPORT", "{message}");
}

#[test]
fn a_registry_that_cannot_be_one_is_refused_and_untouched() {
    let scene = Scene::new();
    let corrupt = scene.path("corrupt.sqlite");
    let mut bytes = fs::read(scene.registry()).expect("readable");
    for byte in &mut bytes[4096..] {
        *byte ^= 0x5a;
    }
    fs::write(&corrupt, &bytes).expect("written");
    let text = scene.path("notes.txt");
    fs::write(&text, "not a database, but long enough to be taken for one by a hasty reader").expect("written");
    let foreign = scene.path("foreign.sqlite");
    let base = Connection::open(&foreign).expect("a database");
    base.execute_batch("CREATE TABLE scans_patient (id INTEGER); PRAGMA application_id = 7;").expect("made");
    drop(base);
    let newer = scene.path("newer.sqlite");
    fs::copy(scene.registry(), &newer).expect("copied");
    Connection::open(&newer).expect("a database").execute_batch("PRAGMA user_version = 999").expect("made newer");

    for (path, code) in [
        (scene.path("missing.sqlite"), "REGISTRY_MISSING"),
        (corrupt, "REGISTRY_CORRUPT"),
        (text, "REGISTRY_CORRUPT"),
        (foreign, "SOURCE_UNKNOWN"),
        (newer, "REGISTRY_NEWER"),
    ] {
        let before = fs::read(&path).ok();
        let words =
            words!["export", "--registry", &path, "--project", "maxillo", "--all", "--all-modalities", "--out", scene.out()];
        let (found, message) = scene.sheaf.refused(&words, 2);
        assert_eq!(found, code, "{message}");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(message.contains(name), "the file is named: {message}");
        assert!(fs::read(&path).ok() == before, "{name} is untouched");
    }
    let beside = names(scene.registry().parent().expect("a folder"));
    assert!(!beside.iter().any(|name| name.contains("-wal") || name.contains("-journal")), "nothing beside: {beside:?}");
}

#[test]
fn unknown_ids_of_a_list_are_listed_and_refused_or_left_out() {
    let scene = Scene::new();
    fs::write(scene.path("list"), "1\r\n2\r\nnobody\r\n").expect("written");
    let list = scene.path("list");
    let list = list.to_str().expect("text");
    let plan =
        words!["plan", "--registry", scene.registry(), "--project", "maxillo", "--patients-from", list, "--all-modalities"];
    let plan = scene.sheaf.json(&plan, 0);
    assert_eq!((&plan["unknown_patients"], &plan["patients"]), (&json!(["nobody"]), &2.into()), "{plan}");
    let words = |mode| scene.export_words(&["--patients-from", list, "--all-modalities", "--on-missing", mode]);
    let (code, _) = scene.sheaf.refused(&words("fail"), 2);
    assert_eq!(code, "UNKNOWN_PATIENT", "an export of a list with unknown ids is refused");
    let record = scene.sheaf.json(&words("skip"), 0);
    assert_eq!(record["patients"], 2, "or goes on without them: {record}");
}

#[test]
fn a_home_that_cannot_be_one_is_refused() {
    let scene = Scene::empty();
    fs::write(scene.path("home"), "a file").expect("written");
    assert_eq!(scene.sheaf.refused(&words!["exports", "list"], 2).0, "HOME_UNUSABLE", "a file is no folder");
    fs::remove_file(scene.path("home")).expect("removed");
    scene.sheaf.json(&words!["exports", "list"], 0);
    fs::write(scene.path("home/history.sqlite"), "not a database, but long enough to be taken for one, or nearly so")
        .expect("written");
    assert_eq!(scene.sheaf.refused(&words!["exports", "list"], 2).0, "HISTORY_UNUSABLE", "and it is not made anew");
}
