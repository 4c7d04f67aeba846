//! The list of exports as the page sees it: rows, events, jobs of this and of other processes.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sheaf_app::desk::Event;
use sheaf_app::desk::exports::ExportRow;
use sheaf_app::progress::unheard;
use sheaf_app::wire::ExportStatus;
use sheaf_registry::progress::Cancel;

use super::native::Bench;
use crate::fixture::{FILE_BYTES, Lab};

/// Longer than anything here takes; a test that waits this long has failed.
const LONG: Duration = Duration::from_mins(1);

/// What the page hears from now on.
pub(super) fn hear(bench: &Bench) -> Receiver<Event> {
    let (sender, receiver) = channel();
    bench.desk.hub().listen(std::sync::Arc::new(move |event| drop(sender.send(event.clone()))));
    receiver
}

/// Waits for an event.
#[track_caller]
pub(super) fn until<T>(heard: &Receiver<Event>, wanted: impl Fn(&Event) -> Option<T>) -> T {
    // One limit for all: signs of life come each second and would never let a single wait end.
    let end = Instant::now() + LONG;
    loop {
        let event = heard.recv_timeout(end.saturating_duration_since(Instant::now())).expect("it is told in time");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

/// Waits until something is so; looked at after each event, of which there is one a second at least.
#[track_caller]
pub(super) fn until_so(heard: &Receiver<Event>, so: impl Fn() -> bool) {
    if !so() {
        until(heard, |_| so().then_some(()));
    }
}

/// Waits until a row has this status.
#[track_caller]
pub(super) fn until_status(heard: &Receiver<Event>, id: &str, status: ExportStatus) -> ExportRow {
    until(heard, |event| match event {
        Event::Exports { rows, .. } => rows.iter().find(|row| row.id == id && row.status == status).cloned(),
        _ => None,
    })
}

/// Holds the only place for a job: whatever is queued waits. Gives it back when dropped.
pub(super) fn hold(lab: &Lab) -> File {
    let slot = File::create(lab.home().join("locks/slot-1.lock")).expect("writable");
    slot.lock().expect("free");
    slot
}

/// An export of another process, which has failed as a file was not there; the file is there again.
pub(super) fn failed(lab: &Lab) -> String {
    let source = lab.source(1, "processed");
    let bytes = std::fs::read(&source).expect("there");
    std::fs::remove_file(&source).expect("ours");
    let record = lab.sheaf().export(&lab.request(), &unheard(), &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::Failed, "a file is missing");
    std::fs::write(&source, bytes).expect("writable");
    record.id
}

/// An export of another process, under this name; its id.
pub(super) fn made_as(lab: &Lab, name: &str) -> String {
    let limits = std::fs::read_to_string(lab.home().join("settings.toml")).expect("there");
    lab.settings("free_space_reserve = 0\n");
    let request = sheaf_app::ExportRequest { name: Some(name.to_owned()), ..lab.request() };
    let record = lab.sheaf().export(&request, &unheard(), &Cancel::new()).expect("a record");
    lab.settings(&limits);
    record.id
}

/// An export of another process.
pub(super) fn made(lab: &Lab) -> sheaf_app::wire::DatasetExport {
    let record = lab.sheaf().export(&lab.request(), &unheard(), &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::Completed, "{:?}", record.error);
    record
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

#[test]
fn the_list_tells_what_there_is_and_the_details_the_rest() {
    let lab = Lab::new();
    let failed = failed(&lab);
    let request = sheaf_app::ExportRequest { name: Some("second".to_owned()), notes: "why".to_owned(), ..lab.request() };
    let made = lab.sheaf().export(&request, &unheard(), &Cancel::new()).expect("a record");
    let bench = Bench::on(lab);
    let list = bench.just("exports");
    let rows = list["exports"].as_array().expect("rows");
    assert_eq!(rows.iter().map(|row| text(row, "id")).collect::<Vec<_>>(), [&made.id, &failed], "newest first");
    let (second, first) = (&rows[0], &rows[1]);
    assert_eq!((text(second, "status"), text(second, "archive_state")), ("completed", "present"), "{second}");
    assert_eq!((&second["patients"], &second["bytes"]), (&json!(3), &json!(3 * FILE_BYTES)), "{second}");
    assert_eq!(
        (text(second, "notes"), text(second, "path")),
        ("why", &*bench.lab.out().join("second.zip").to_string_lossy())
    );
    assert_eq!((text(first, "status"), &first["problems"]), ("failed", &json!(1)), "{first}");
    assert!(first["path"].is_null() && first["archive_state"].is_null(), "there is no archive: {first}");
    assert_eq!(first["error"]["details"], json!([]), "a list of a million files is not in every row");
    let details = bench.get("export_details", json!({"id": failed}));
    assert_eq!(details["problems"].as_array().map(Vec::len), Some(1), "it comes with the details");
    assert_eq!(bench.refused("export_details", json!({"id": "nothing"})), "UNKNOWN_EXPORT", "an id that never was");

    std::fs::remove_file(bench.lab.out().join("second.zip")).expect("there");
    assert_eq!(bench.just("exports")["exports"][0]["archive_state"], "missing", "looked at anew");
}

#[test]
fn a_job_is_followed_from_the_queue_to_its_end_also_by_a_page_that_comes_later() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let slot = hold(&bench.lab);
    let heard = hear(&bench);
    let row = bench.get("restart_export", json!({"id": id, "task": "t"}));
    assert_eq!((text(&row, "status"), &row["attempt"]), ("pending", &json!(2)), "at once, while it waits");
    let told = until_status(&heard, &id, ExportStatus::Pending);
    assert_eq!(told.error, None, "the error of the attempt before is gone");
    assert_eq!(bench.refused("restart_export", json!({"id": id, "task": "t"})), "STATE_CONFLICT", "it waits already");
    assert_eq!(bench.desk.active_jobs(), 1, "it is this process's");

    // The page is loaded again.
    let heard = hear(&bench);
    assert_eq!(text(&bench.just("exports")["exports"][0], "status"), "pending", "it is found");
    drop(slot);
    let phases = std::cell::RefCell::new(Vec::new());
    let end = until(&heard, |event| match event {
        Event::Progress { id: told, progress } if *told == id => {
            phases.borrow_mut().push(progress.phase.clone());
            None
        }
        Event::Exports { rows, .. } => rows.iter().find(|row| row.status == ExportStatus::Completed).cloned(),
        _ => None,
    });
    let phases = phases.into_inner();
    assert_eq!((end.id.as_str(), end.files), (id.as_str(), 3), "the whole row");
    for phase in ["preparing", "writing", "verifying", "publishing"] {
        assert!(phases.iter().any(|told| told == phase), "{phase} was told: {phases:?}");
    }
    let verification = bench.get("verify_export", json!({"id": id, "task": "v"}));
    assert_eq!((&verification["ok"], verification["sha256"].as_str()), (&json!(true), end.sha256.as_deref()));
    let tasks: Vec<_> = heard.try_iter().filter(|event| matches!(event, Event::Task { task, .. } if task == "v")).collect();
    assert!(!tasks.is_empty(), "the progress of verifying is told under its task");
}

#[test]
fn a_job_is_cancelled_and_what_cannot_be_stopped_says_so() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let slot = hold(&bench.lab);
    let heard = hear(&bench);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    let row = bench.get("cancel_export", json!({"id": id}));
    assert_eq!(text(&row, "status"), "cancelled", "{row}");
    until_status(&heard, &id, ExportStatus::Cancelled);
    bench.get("cancel_export", json!({"id": id}));
    assert!(bench.lab.files_out().is_empty(), "nothing is left");
    drop(slot);
    let made = made(&bench.lab);
    assert_eq!(bench.refused("cancel_export", json!({"id": made.id})), "STATE_CONFLICT", "it is done");
}

#[test]
fn what_another_process_does_is_seen() {
    let bench = Bench::new();
    let heard = hear(&bench);
    let made = made(&bench.lab);
    let row = until_status(&heard, &made.id, ExportStatus::Completed);
    assert_eq!(row.name, "study", "the whole row");
    bench.lab.sheaf().delete(&made.id, false).expect("ours");
    until(&heard, |event| match event {
        Event::Exports { removed, .. } => removed.contains(&made.id).then_some(()),
        _ => None,
    });
    until(&heard, |event| matches!(event, Event::Alive).then_some(()));
}

#[test]
fn the_job_of_a_process_that_died_becomes_interrupted_while_the_window_is_open() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let heard = hear(&bench);
    // As a process leaves it that was killed while its job waited.
    let history = rusqlite::Connection::open(bench.lab.home().join("history.sqlite")).expect("there");
    history
        .execute("UPDATE dataset_export SET status = 'pending', owner = 'dead', error = NULL WHERE id = ?1", [&id])
        .expect("written");
    let row = until_status(&heard, &id, ExportStatus::Interrupted);
    assert_eq!(row.error.map(|error| error.code), Some("INTERRUPTED".to_owned()), "it can be restarted");
}

#[test]
fn two_windows_on_one_home_run_a_job_once() {
    let lab = Lab::new();
    let id = failed(&lab);
    let bench = Bench::on(lab);
    let other = Bench::on(bench.lab.twin());
    let slot = hold(&bench.lab);
    let heard = hear(&other);
    bench.get("restart_export", json!({"id": id, "task": "t"}));
    assert_eq!(other.refused("restart_export", json!({"id": id, "task": "t"})), "STATE_CONFLICT", "the first has it");
    assert_eq!((bench.desk.active_jobs(), other.desk.active_jobs()), (1, 0), "one runs it");
    drop(slot);
    until_status(&heard, &id, ExportStatus::Completed);
    assert_eq!(bench.lab.files_out(), ["study.zip"], "one archive");
    assert!(other.desktop.notices.lock().expect("unpoisoned").is_empty(), "who did not do it does not announce it");
    assert!(Path::new(&bench.lab.out().join("study.zip")).is_file());
}

#[test]
fn what_is_chosen_is_exported_and_a_refusal_keeps_the_choice() {
    let bench = Bench::new();
    assert_eq!(bench.refused("create_export", create("t", "a")), "REGISTRY_NOT_OPEN", "nothing is chosen");
    bench.open(&bench.lab.registry());
    bench.desktop.will_choose_folder(&bench.lab.out());
    bench.just("choose_destination");
    assert_eq!(bench.refused("create_export", create("t", "a")), "EMPTY_SELECTION", "never everything");
    bench.get("check_matching", json!({"on": true}));
    let before = bench.just("browse");
    let bad = json!({"task": "t", "name": "a/b", "notes": "", "skip_missing": false});
    assert_eq!(bench.refused("create_export", bad), "NAME_INVALID", "no name");
    let heard = hear(&bench);
    let row = bench.get("create_export", create("t", "study"));
    let id = text(&row, "id").to_owned();
    until_status(&heard, &id, ExportStatus::Completed);
    assert_eq!(bench.refused("create_export", create("t", "study")), "DESTINATION_TAKEN", "it stands there");
    assert_eq!(bench.just("browse"), before, "what is selected stays selected");
    assert_eq!(bench.lab.files_out(), ["study.zip"], "one archive");
    std::fs::remove_file(bench.lab.source(2, "raw")).expect("ours");
    let lacking = json!({"task": "t", "name": null, "notes": "all", "skip_missing": true});
    bench.get("set_contents", json!({"modalities": null, "kind": "both"}));
    let row = bench.get("create_export", lacking);
    let end = until_status(&heard, text(&row, "id"), ExportStatus::CompletedWithProblems);
    assert_eq!((&*end.name, &*end.notes, end.problems), ("export_2025-10-20_143022", "all", 1), "left out and listed");
}

fn create(task: &str, name: &str) -> Value {
    json!({"task": task, "name": name, "notes": "", "skip_missing": false})
}
