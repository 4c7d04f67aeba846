//! The command line itself: one JSON document whatever happens, streams that close early, what has no work yet.

use std::io::Read as _;
use std::process::Stdio;

use crate::program::ran;
use crate::scene::Scene;
use crate::words;

#[test]
fn words_that_cannot_be_understood_are_one_document_too() {
    let scene = Scene::empty();
    for words in [
        &["--json"][..],
        &["--json", "fly"],
        &["export", "--json"],
        &["exports", "--json"],
        &["plan", "--registry", "r", "--project", "p", "--kind", "cooked", "--json"],
        &["patients", "--registry", "r", "--project", "p", "--limit", "many", "--json"],
        &["plan", "--registry", "r", "--project", "p", "--all", "--selection", "f", "--json"],
        &["plan", "--registry", "r", "--project", "p", "--folder", "a//b", "--json"],
    ] {
        let ran = scene.sheaf.run(words);
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
        let document = ran.document();
        assert_eq!(document["error"]["code"], "USAGE", "{words:?}: {document}");
        let message = document["error"]["message"].as_str().expect("a sentence");
        assert!(message.ends_with('.') && !message.contains('\n'), "one line: {message:?}");
    }
    for words in [&["--help"][..], &["--version"], &["help", "export"], &["exports", "list", "--help"]] {
        let ran = scene.sheaf.run(words);
        assert!(ran.code == Some(0) && ran.stdout.contains("sheaf") && ran.stderr.is_empty(), "{words:?}: {ran:?}");
    }
}

#[test]
fn global_options_stand_before_and_after() {
    let scene = Scene::new();
    let after = scene.sheaf.run(&words!["projects", "--registry", scene.registry(), "--json", "--user", "outsider"]);
    let before = scene.sheaf.run(&words!["--json", "--user", "outsider", "projects", "--registry", scene.registry()]);
    assert_eq!((before.code, &before.stdout), (Some(0), &after.stdout), "the same answer: {before:?}");
}

#[test]
fn home_may_be_said_or_come_from_the_environment() {
    let scene = Scene::new();
    let elsewhere = scene.path("elsewhere");
    scene.sheaf.json(&words!["--home", &elsewhere, "exports", "list"], 0);
    assert!(elsewhere.join("history.sqlite").exists() && !scene.path("home").exists(), "--home wins over SHEAF_HOME");
    scene.sheaf.json(&words!["exports", "list"], 0);
    assert!(scene.path("home/history.sqlite").exists(), "SHEAF_HOME without --home");
    let mut unset = scene.sheaf.command(&words!["exports", "list", "--json"]);
    unset.env("SHEAF_HOME", "").env("XDG_DATA_HOME", scene.path("data-home")).env("HOME", scene.path("account"));
    let ran = ran(unset.spawn().expect("started"));
    assert!(ran.code == Some(0), "an empty variable is no variable: {ran:?}");
    assert!(scene.path("data-home/sheaf/history.sqlite").exists() || scene.path("account").exists(), "the account's home");
    assert_eq!(scene.sheaf.refused(&words!["--home", "", "exports", "list"], 2).0, "USAGE", "an empty --home is a mistake");
}

#[test]
fn ids_that_are_left_out_are_said() {
    let scene = Scene::new();
    std::fs::write(scene.path("ids"), "1\nX-1\n").expect("written");
    let list = scene.path("ids").display().to_string();
    let words = ["--patients-from", &list, "--all-modalities", "--on-missing", "skip", "--json"];
    let ran = scene.sheaf.run(&scene.export_words(&words));
    assert!(ran.code == Some(0) && ran.stderr.contains("1 id of the list not found: X-1\n"), "one line: {ran:?}");
    let record = ran.document();
    assert_eq!(record["unknown_patients"], serde_json::json!(["X-1"]), "and in the record: {record}");
    assert_eq!(record["status"], "completed", "the archive holds all that was asked for and exists");
    let patients =
        words!["patients", "--registry", scene.registry(), "--project", "maxillo", "--patients-from", scene.path("ids")];
    assert_eq!(scene.sheaf.json(&patients, 0)["unknown_patients"], serde_json::json!(["X-1"]), "a list tells them too");
    let text = scene.sheaf.run(&patients).stdout;
    assert!(text.contains("1 id of the list not found: X-1\n"), "and so does its table: {text}");
}

#[test]
fn quiet_says_nothing_but_the_answer() {
    let scene = Scene::new();
    let ran = scene.sheaf.run(&scene.export_words(&["--all", "--all-modalities", "--quiet"]));
    assert!(ran.code == Some(0) && ran.stderr.is_empty() && !ran.stdout.is_empty(), "{ran:?}");
    let ran = scene.sheaf.run(&scene.export_words(&["--all", "--all-modalities", "--json"]));
    assert!(ran.stderr.contains("Writing") && ran.stderr.contains("may carry names"), "messages go to stderr: {ran:?}");
    ran.document();
}

#[test]
fn a_reader_who_leaves_is_no_fault() {
    let scene = Scene::new();
    for words in
        [words!["patients", "--registry", scene.registry(), "--project", "maxillo"].to_vec(), words!["help"].to_vec()]
    {
        let mut child = scene.sheaf.command(&words).spawn().expect("started");
        drop(child.stdout.take());
        let mut text = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
        let status = child.wait().expect("it ends");
        assert!(status.code() == Some(0) && !text.contains("panic"), "{words:?}: {status}, {text}");
    }
    let mut command = scene.sheaf.command(&words!["users", "--registry", scene.registry()]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("this system has one");
    let ran = ran(command.stdout(Stdio::from(full)).spawn().expect("started"));
    assert!(
        ran.code == Some(1) && ran.stderr.contains("could not be written"),
        "an answer that got lost is a failure: {ran:?}"
    );
}

#[test]
fn what_has_no_work_yet_says_so() {
    let scene = Scene::empty();
    for words in [
        words!["sync", "oracle://lab/registry", "--to", "r.sqlite", "--map", "/dataset=/data"].to_vec(),
        words!["serve", "--registry", "r.sqlite", "--listen", "127.0.0.1:8001"].to_vec(),
        words!["projects", "--registry", "s3://lab/registry"].to_vec(),
    ] {
        let (code, message) = scene.sheaf.refused(&words, 2);
        assert_eq!(code, "NOT_YET", "{words:?}: {message}");
    }
}

#[test]
fn a_list_may_come_from_standard_input() {
    let scene = Scene::new();
    let words = words![
        "plan",
        "--registry",
        scene.registry(),
        "--project",
        "maxillo",
        "--patients-from",
        "-",
        "--all-modalities",
        "--json"
    ];
    let ran = scene.sheaf.run_with_input(&words, "\u{feff}1\r\n\r\n2\r\n");
    assert_eq!(ran.document()["patients"], 2, "two ids, whatever the spreadsheet put around them: {ran:?}");
}

#[test]
fn folders_are_said_by_path_or_id_with_their_subfolders() {
    let scene = Scene::new();
    let patients = |words: &[&str]| {
        let mut all = words!["plan", "--registry", scene.registry(), "--project", "maxillo", "--all-modalities"].to_vec();
        all.extend(words.iter().map(std::ffi::OsString::from));
        scene.sheaf.json(&all, 0)["patients"].as_u64().expect("a count")
    };
    assert_eq!(patients(&["--folder", "Clinic A"]), 2, "with its subfolder");
    assert_eq!(patients(&["--folder", "Clinic A/2025"]), 1, "the subfolder alone");
    assert_eq!(patients(&["--folder", r"b\/c"]), 1, "a slash inside a name");
    assert_eq!(patients(&["--all", "--tag", "ortho", "--tag", "implant", "--tag-mode", "all"]), 1, "both tags");
    assert_eq!(patients(&["--all", "--tag", "ortho", "--tag-mode", "none"]), 1, "neither; patient 10 has nothing processed");
    std::fs::write(scene.path("s.json"), r#"{"folder": [{"path": ["b/c"]}], "all_modalities": true}"#).expect("written");
    let file = scene.path("s.json");
    let words = words!["plan", "--registry", scene.registry(), "--project", "maxillo", "--selection", file];
    assert_eq!(scene.sheaf.json(&words, 0)["patients"], 1, "the same from a file");
}

#[test]
fn shells_get_completions_and_manuals() {
    let scene = Scene::empty();
    for shell in ["bash", "zsh", "fish"] {
        let ran = scene.sheaf.run(&words!["completions", shell]);
        assert!(ran.code == Some(0) && ran.stdout.contains("on-missing"), "{shell} completes the options of a command");
    }
    let ran = scene.sheaf.run(&words!["man", "export"]);
    assert!(ran.code == Some(0) && ran.stdout.contains(".TH sheaf"), "a page for man: {ran:?}");
}
