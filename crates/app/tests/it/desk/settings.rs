//! Preferences, limits, notifications, and what becomes of jobs when the window is closed.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use serde_json::json;
use sheaf_app::desk::Event;
use sheaf_app::wire::ExportStatus;

use super::exports::{failed, hear, hold, made_as, until, until_so, until_status};
use super::native::Bench;
use crate::fixture::Lab;

/// Waits for something that the desktop is asked to do.
#[track_caller]
fn until_done(bench: &Bench, what: &str) {
    until_so(&hear(bench), || !bench.desktop.did(what).is_empty());
}

#[test]
fn preferences_are_kept_and_limits_shown() {
    let bench = Bench::new();
    let settings = bench.just("settings");
    assert_eq!(settings["preferences"]["appearance"], "system", "{settings}");
    assert_eq!(
        settings["limits"],
        json!({
            "max_bytes_per_export": null, "max_patients_per_export": null, "max_studies_per_export": null, "max_kept_bytes_per_user": null,
            "free_space_reserve": 0, "concurrent_jobs": 1,
        })
    );
    assert_eq!((&settings["notifications"]["available"], &settings["problem"]), (&json!(true), &json!(null)));
    let mut preferences = settings["preferences"].clone();
    preferences["appearance"] = json!("dark");
    preferences["language"] = json!("it");
    assert_eq!(bench.get("set_preferences", preferences.clone()), preferences, "as they are now");
    let bench = bench.again();
    assert_eq!(bench.just("settings")["preferences"], preferences, "also tomorrow");
    preferences["colour"] = json!("mauve");
    assert_eq!(bench.refused("set_preferences", preferences), "USAGE", "a key that there is not");
}

#[test]
fn limits_are_changed_and_count_for_the_next_job() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let limits = |bytes: &str, jobs: u32| {
        json!({"max_bytes_per_export": bytes, "max_patients_per_export": "", "max_studies_per_export": "", "max_kept_bytes_per_user": "",
               "free_space_reserve": "0", "concurrent_jobs": jobs})
    };
    assert_eq!(bench.refused("set_limits", limits("lots", 1)), "SETTINGS_INVALID", "no size");
    assert_eq!(bench.refused("set_limits", limits("", 65)), "SETTINGS_INVALID", "too many");
    let settings = bench.get("set_limits", limits("2 kB", 1));
    assert_eq!(settings["limits"]["max_bytes_per_export"], 2000, "in force: {settings}");
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    let row = until_status(&heard, &id, ExportStatus::Failed);
    assert_eq!(row.error.map(|error| error.code), Some("LIMIT_EXCEEDED".to_owned()), "the job reads them");

    let other = made_as(&bench.lab, "other");
    let slot = hold(&bench.lab);
    bench.get("set_limits", limits("", 1));
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    bench.get("export_again", json!({"id": other, "task": "t", "leave_out": false}));
    assert_eq!(bench.desk.active_jobs(), 2, "both wait for the one place");
    bench.get("set_limits", limits("", 2));
    // The place that was held stays held: one of them runs in the new one, then the other.
    until_status(&heard, &id, ExportStatus::Completed);
    until_so(&heard, || bench.desk.active_jobs() == 0);
    drop(slot);
    assert_eq!(bench.again().just("settings")["limits"]["concurrent_jobs"], 2, "also tomorrow");
}

#[test]
fn a_notification_is_tried_and_the_log_folder_shown() {
    let bench = Bench::new();
    assert_eq!(bench.just("test_notification")["available"], true);
    let notices = bench.desktop.notices.lock().expect("unpoisoned").clone();
    assert_eq!((notices.len(), notices[0].export.as_deref()), (1, None), "about no export");
    bench.desktop.silent.store(true, Ordering::Relaxed);
    assert_eq!(bench.just("test_notification")["available"], false, "it says that there is nobody to show it");
    assert_eq!(bench.desktop.notices.lock().expect("unpoisoned").len(), 1, "and does not try");
    bench.just("open_log_folder");
    assert_eq!(bench.desktop.did("open_folder"), [bench.lab.home().join("logs").to_string_lossy()]);
}

#[test]
fn the_log_tells_steps_by_id_and_nothing_of_patients() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    // Of this process; other tests that run beside write into it too.
    bench.desk.begin_log().expect("writable");
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    until_status(&heard, &id, ExportStatus::Completed);
    let log =
        std::fs::read_to_string(bench.lab.home().join("logs/sheaf-2025-10-20.log")).expect("today's, as the clock says");
    for step in ["from=\"failed\" to=\"pending\"", "from=\"publishing\" to=\"completed\""] {
        let line = log.lines().find(|line| line.contains(&id) && line.contains(step));
        assert!(line.is_some(), "{step} of {id}: {log}");
    }
    for secret in ["nii.gz", "processed_1", "maxillo"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[test]
fn a_panic_shows_its_place_and_keeps_its_words() {
    let lab = Lab::new();
    let ended = Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "desk::settings::a_process_that_panics", "--nocapture"])
        .env("SHEAF_TEST_ROOT", lab.root())
        .output()
        .expect("this test can be started");
    assert!(ended.status.success(), "the panic was on a thread of its own: {ended:?}");
    let shown = String::from_utf8_lossy(&ended.stderr).into_owned();
    let log = std::fs::read_to_string(lab.home().join("logs/sheaf-2025-10-20.log")).expect("begun");
    for text in [&shown, &log] {
        assert!(text.contains(file!()), "whoever mends it knows where: {text}");
        assert!(!text.contains("Rossi"), "what others may read names nobody: {text}");
    }
}

#[test]
#[ignore = "started by another test, as a process that panics"]
fn a_process_that_panics() {
    let root = std::env::var_os("SHEAF_TEST_ROOT").expect("started by another test");
    let bench = Bench::on(Lab::at(Path::new(&root)));
    bench.desk.begin_log().expect("writable");
    let name = "Rossi";
    std::thread::spawn(move || panic!("no files of {name}")).join().expect_err("it panics");
}

#[test]
fn the_end_of_a_job_is_told_by_the_desktop_when_nobody_looks() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    until_status(&heard, &id, ExportStatus::Completed);
    until_so(&heard, || !bench.desktop.notices.lock().expect("unpoisoned").is_empty());
    let notices = bench.desktop.notices.lock().expect("unpoisoned").clone();
    assert_eq!(notices.len(), 1, "once: {notices:?}");
    assert_eq!((notices[0].export.as_deref(), &*notices[0].title), (Some(&*id), "Esportazione pronta"), "{notices:?}");
    assert!(notices[0].body.starts_with("study · 3 pazienti · "), "{notices:?}");
    assert_eq!((notices[0].action.as_deref(), notices[0].urgent), (Some("Mostra"), false), "in the desktop's language");
    let working = bench.desktop.did("working");
    let awake = |said: &String| said.ends_with("Some(\"Un’esportazione è in corso\")");
    assert!(working.first().is_some_and(awake), "it stays awake, and desktops say why: {working:?}");
    assert_eq!(working.last().map(String::as_str), Some("None None"), "the machine may sleep again: {working:?}");
}

#[test]
fn who_looks_at_the_window_or_wants_none_gets_no_notification() {
    for quiet in ["focus", "preference"] {
        let lab = Lab::new();
        let id = failed(&lab);
        let bench = Bench::on(lab);
        if quiet == "focus" {
            bench.desktop.focus.store(true, Ordering::Relaxed);
        } else {
            let mut preferences = bench.just("settings")["preferences"].clone();
            preferences["notifications"] = json!(false);
            bench.get("set_preferences", preferences);
        }
        let heard = hear(&bench);
        bench.get("restart_export", json!({"id": id, "task": "t"}));
        until_status(&heard, &id, ExportStatus::Completed);
        // Two heartbeats later all that was to be shown is shown.
        for _ in 0..2 {
            until(&heard, |event| matches!(event, Event::Alive).then_some(()));
        }
        assert!(bench.desktop.notices.lock().expect("unpoisoned").is_empty(), "{quiet}");
    }
}

#[test]
fn closing_the_window_asks_only_when_there_is_something_to_lose() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    assert!(bench.desk.close_asked(), "nothing runs");
    let slot = hold(&bench.lab);
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    assert!(!bench.desk.close_asked(), "a job waits");
    let active = until(&heard, |event| if let Event::QuitAsked { active } = event { Some(*active) } else { None });
    assert_eq!(active, 1, "the page is told how many");
    bench.get("quit", json!({"how": "stay"}));
    assert!(bench.desktop.did("hide").is_empty() && bench.desktop.did("exit").is_empty(), "nothing happens");

    bench.get("quit", json!({"how": "keep_running"}));
    assert_eq!(bench.desktop.did("hide").len(), 1, "the window goes");
    bench.desk.reappear();
    drop(slot);
    until_status(&heard, &id, ExportStatus::Completed);
    for _ in 0..2 {
        until(&heard, |event| matches!(event, Event::Alive).then_some(()));
    }
    assert!(bench.desktop.did("exit").is_empty(), "it was called back, so it stays");
}

#[test]
fn a_page_that_hangs_keeps_no_window() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let slot = hold(&bench.lab);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    for _ in 0..2 {
        assert!(!bench.desk.close_asked(), "a job waits");
        bench.get("quit", json!({"how": "asked"}));
    }
    assert!(bench.desktop.did("hide").is_empty(), "as often as one likes, while the page asks");
    assert!(!bench.desk.close_asked(), "this time it hangs");
    let _heard = hear(&bench);
    assert!(!bench.desk.close_asked(), "a page that was loaded anew is another");
    assert!(bench.desktop.did("hide").is_empty(), "and is heard first");
    assert!(!bench.desk.close_asked(), "it hangs too");
    assert_eq!(bench.desktop.did("hide").len(), 1, "the window goes, the job goes on");
    drop(slot);
    until_done(&bench, "exit");
    assert_eq!(bench.get("export_details", json!({"id": id}))["status"], "completed", "the job was done");
}

#[test]
fn a_process_without_a_window_ends_after_its_last_job() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let slot = hold(&bench.lab);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    bench.get("quit", json!({"how": "keep_running"}));
    assert!(bench.desktop.did("exit").is_empty(), "the job is not done");
    drop(slot);
    until_done(&bench, "exit");
    assert_eq!(bench.get("export_details", json!({"id": id}))["status"], "completed", "the job was done first");
    assert_eq!(bench.desktop.notices.lock().expect("unpoisoned").len(), 1, "and it was told");
}

#[test]
fn a_process_without_a_window_stays_for_its_notification() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    bench.desktop.notices_stand.store(true, Ordering::Relaxed);
    let slot = hold(&bench.lab);
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    bench.get("quit", json!({"how": "keep_running"}));
    drop(slot);
    until_status(&heard, &id, ExportStatus::Completed);
    for _ in 0..3 {
        until(&heard, |event| matches!(event, Event::Alive).then_some(()));
    }
    assert_eq!(bench.desktop.notices.lock().expect("unpoisoned").len(), 1, "the end was told");
    assert!(bench.desktop.did("exit").is_empty(), "somebody may still click on it");
    bench.desktop.notices_stand.store(false, Ordering::Relaxed);
    until_done(&bench, "exit");
}

#[test]
fn stopping_leaves_jobs_that_can_be_restarted() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let slot = hold(&bench.lab);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    bench.get("quit", json!({"how": "stop"}));
    assert_eq!(bench.desktop.did("exit").len(), 1, "the process ends");
    assert_eq!(bench.desk.active_jobs(), 0, "when the jobs have");
    assert_eq!(bench.get("export_details", json!({"id": id}))["status"], "interrupted", "not cancelled");
    let refused = bench.refused("restart_export", json!({"id": id, "task": "t"}));
    assert_eq!(refused, "STATE_CONFLICT", "nothing begins while it ends");
    drop(slot);
    let bench = bench.again();
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    until_status(&heard, &id, ExportStatus::Completed);
}
