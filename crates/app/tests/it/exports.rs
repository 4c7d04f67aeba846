//! The way from a request to a record and an archive that can be found again.

use std::sync::{Arc, Mutex};

use sheaf_app::progress::unheard;
use sheaf_app::verify_file;
use sheaf_app::wire::{ArchiveState, ExportStatus};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::progress::Cancel;

use crate::fixture::{FILE_BYTES, Lab, now};

#[test]
fn an_export_is_planned_made_found_again_and_verified() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    assert!(sheaf.list().expect("readable").exports.is_empty(), "an unused home has an empty list");

    let plan = sheaf.plan(&lab.plan_request(), &unheard(), &Cancel::new()).expect("a plan");
    assert_eq!((plan.patients, plan.files, plan.bytes), (3, 3, 3 * FILE_BYTES as u64), "one processed file a patient");
    assert!(plan.breaches.is_empty() && plan.problems.is_empty(), "nothing speaks against it: {plan:?}");
    assert!(plan.free_bytes.is_some_and(|free| free > 0), "the destination was looked at");
    assert_eq!((&*plan.by_modality[0].modality, &*plan.by_modality[0].kind), ("cbct", "processed"), "by modality");
    assert!(lab.files_out().is_empty(), "a plan creates nothing");

    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let listener: sheaf_app::progress::Listener =
        Arc::new(move |report| sink.lock().expect("unpoisoned").push(report.clone()));
    let request = sheaf_app::ExportRequest { notes: "for the review".to_owned(), ..lab.request() };
    let record = sheaf.export(&request, &listener, &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::Completed, "{:?}", record.error);
    let archive = record.archive.clone().expect("completed means: there is an archive");
    assert_eq!(archive.state, ArchiveState::Present, "it is there");
    assert_eq!(archive.path, lab.out().join("study.zip").to_string_lossy(), "under the given name");
    assert_eq!(std::fs::metadata(&archive.path).expect("there").len(), archive.bytes, "the record's size is true");
    assert!(archive.bytes <= plan.archive_bytes_max, "the plan's upper bound holds");
    assert_eq!((record.patients, record.files, record.bytes), (3, 3, 3 * FILE_BYTES as u64), "as planned");
    assert_eq!((&*record.user, &*record.notes, record.attempt), ("owner", "for the review", 1), "who and why");
    assert_eq!((record.created_at, record.completed_at), (now(), Some(now())), "the clock that was passed in");
    assert_eq!(record.changed_since_confirmed, None, "nothing changed in between");
    assert_eq!(lab.files_out(), ["study.zip"], "no part file stays");
    let steps = [">pending", "pending>processing", "processing>publishing", "publishing>completed"];
    assert_eq!(lab.audit(&record.id), steps, "one row for every transition");
    let phases: Vec<String> = told.lock().expect("unpoisoned").iter().map(|report| report.phase.clone()).collect();
    for phase in ["preparing", "writing", "verifying", "publishing"] {
        assert!(phases.iter().any(|told| told == phase), "{phase} was told: {phases:?}");
    }

    let verification = sheaf.verify(&record.id, &unheard(), &Cancel::new()).expect("readable");
    assert!(verification.ok, "{verification:?}");
    assert_eq!(verification.sha256, archive.sha256, "the record's hash");
    let alone = verify_file(archive.path.as_ref(), &unheard(), &Cancel::new()).expect("readable");
    assert_eq!(alone, verification, "without the history it says the same");

    drop(sheaf);
    let tomorrow = lab.sheaf();
    assert_eq!(tomorrow.list().expect("readable").exports, std::slice::from_ref(&record), "it is found again");
    assert_eq!(tomorrow.show(&record.id).expect("known"), record, "by its id too");
}

#[test]
fn the_record_is_the_json_that_was_promised() {
    let lab = Lab::new();
    let record = lab.sheaf().export(&lab.request(), &unheard(), &Cancel::new()).expect("a record");
    let json = serde_json::to_value(&record).expect("JSON");
    let object = json.as_object().expect("an object");
    let promised = [
        "id",
        "name",
        "notes",
        "user",
        "project",
        "registry",
        "registry_synced_at",
        "status",
        "selection",
        "patients",
        "files",
        "bytes",
        "archive",
        "problems",
        "created_at",
        "started_at",
        "completed_at",
        "attempt",
        "error",
    ];
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    let mut expected = promised.to_vec();
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected, "exactly the keys of the design");
    assert_eq!(object["status"], "completed", "a word");
    assert_eq!(object["created_at"], "2025-10-20T14:30:22Z", "RFC 3339, UTC");
    assert_eq!(object["archive"]["state"], "present", "a word");
    assert!(object["error"].is_null() && object["registry_synced_at"].is_null(), "nothing is null, not left out");
}

#[test]
fn automatic_names_count_on_and_given_ones_are_refused_when_taken() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let automatic = sheaf_app::ExportRequest { name: None, ..lab.request() };
    let names: Vec<_> =
        (0..3).map(|_| sheaf.export(&automatic, &unheard(), &Cancel::new()).expect("a record").name).collect();
    let base = "export_2025-10-20_143022";
    assert_eq!(names, [base.to_owned(), format!("{base}_2"), format!("{base}_3")], "the clock stands still");
    let taken = sheaf_app::ExportRequest { name: Some(base.to_owned()), ..lab.request() };
    let error = sheaf.export(&taken, &unheard(), &Cancel::new()).expect_err("taken");
    assert_eq!(error.code(), sheaf_registry::Code::DestinationTaken, "a given name is never changed");
    assert_eq!(sheaf.list().expect("readable").exports.len(), 3, "no job was created");
}

#[test]
fn a_bad_file_fails_the_job_or_is_left_out_and_listed() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    std::fs::remove_file(lab.source(1, "processed")).expect("there");
    std::fs::remove_file(lab.source(2, "processed")).expect("there");

    let failed = sheaf.export(&lab.request(), &unheard(), &Cancel::new()).expect("a job, which fails");
    assert_eq!(failed.status, ExportStatus::Failed, "on-missing fail");
    let error = failed.error.clone().expect("a reason");
    assert_eq!((&*error.code, error.details.len()), ("SOURCE_MISSING", 2), "all bad files at once");
    assert_eq!(failed.problems.len(), 2, "in the record too");
    assert!(lab.files_out().is_empty() && failed.archive.is_none(), "nothing was written");

    let skip = sheaf_app::ExportRequest { on_missing: OnMissing::Skip, ..lab.request() };
    let partial = sheaf.export(&skip, &unheard(), &Cancel::new()).expect("a record");
    assert_eq!(partial.status, ExportStatus::CompletedWithProblems, "never plain completed");
    assert_eq!((partial.patients, partial.files, partial.problems.len()), (1, 1, 2), "what is there, and what is not");
    assert!(partial.problems.iter().all(|problem| problem.omitted), "left out");

    std::fs::write(lab.source(1, "processed"), "grown").expect("writable");
    std::fs::write(lab.source(2, "processed"), vec![7; FILE_BYTES]).expect("writable");
    let restarted = sheaf.restart(&failed.id, &unheard(), &Cancel::new());
    assert!(restarted.is_err(), "its name was taken by the second export meanwhile");
    sheaf.delete(&partial.id, false).expect("the file is the record's");
    let restarted = sheaf.restart(&failed.id, &unheard(), &Cancel::new()).expect("a record");
    assert_eq!((restarted.status, restarted.attempt), (ExportStatus::CompletedWithProblems, 2), "the next attempt");
    assert_eq!(restarted.problems.len(), 1, "the file of another size: {:?}", restarted.problems);
    assert!(!restarted.problems[0].omitted && restarted.files == 3, "exported as it is");
    let before = restarted.changed_since_confirmed.expect("the job wrote something else than was confirmed");
    assert_eq!((before.patients, before.files), (1, 1), "what was confirmed then");
}

#[test]
fn a_change_between_confirming_and_starting_is_recorded() {
    let lab = Lab::new();
    lab.settings("free_space_reserve = 0\nmax_patients_per_export = 3\n");
    let first = lab.sheaf();
    let slot = std::fs::File::create(lab.home().join("locks/slot-1.lock")).expect("writable");
    slot.lock().expect("free");
    let submitted = first.submit(&lab.request(), &unheard(), &Cancel::new()).expect("queued");
    assert_eq!(submitted.record().status, ExportStatus::Pending, "it waits for its turn");
    std::fs::write(lab.source(3, "processed"), vec![1; FILE_BYTES]).expect("writable");
    let touched = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    std::fs::File::open(lab.source(3, "processed")).and_then(|file| file.set_modified(touched)).expect("ours");
    drop(slot);
    let record = submitted.wait().expect("a record");
    assert_eq!(record.status, ExportStatus::Completed, "{:?}", record.error);
    assert!(record.changed_since_confirmed.is_some(), "another content of the same size is a difference");
}
