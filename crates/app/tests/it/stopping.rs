//! Cancel at any moment, from here and from another process; closing.

use std::sync::Arc;

use sheaf_app::progress::{Listener, unheard};
use sheaf_app::wire::ExportStatus;
use sheaf_registry::Code;
use sheaf_registry::progress::Cancel;

use crate::crash::{Work, start};
use crate::fixture::Lab;

/// Raises the flag when this phase is told.
fn cancel_at(phase: &'static str, cancel: &Cancel) -> Listener {
    let cancel = cancel.clone();
    Arc::new(move |report| {
        if report.phase == phase {
            cancel.raise();
        }
    })
}

#[test]
fn a_cancel_is_answered_with_cancelled_or_completed_and_nothing_between() {
    for (phase, status) in [
        ("writing", ExportStatus::Cancelled),
        ("verifying", ExportStatus::Cancelled),
        ("publishing", ExportStatus::Completed),
    ] {
        let lab = Lab::with_file_bytes(3_000_000);
        let sheaf = lab.sheaf();
        let cancel = Cancel::new();
        let record = sheaf.export(&lab.request(), &cancel_at(phase, &cancel), &cancel).expect("a record");
        assert_eq!(record.status, status, "{phase}: {:?}", record.error);
        let there = if status == ExportStatus::Completed { vec!["study.zip".to_owned()] } else { Vec::new() };
        assert_eq!(lab.files_out(), there, "{phase}: an archive or nothing");
        assert_eq!(lab.audit(&record.id).last().map(|row| row.ends_with(status.as_str())), Some(true), "{phase}: audited");
        if status == ExportStatus::Cancelled {
            assert_eq!(record.error.expect("a reason").code, "CANCELLED", "{phase}: said");
            let again = sheaf.cancel(&record.id).expect("harmless");
            assert_eq!(again.status, ExportStatus::Cancelled, "{phase}: a second cancel changes nothing");
            let restarted = sheaf.restart(&record.id, &unheard(), &Cancel::new()).expect("restartable");
            assert_eq!((restarted.status, restarted.attempt), (ExportStatus::Completed, 2), "{phase}: once more");
        } else {
            assert_eq!(sheaf.cancel(&record.id).expect_err("too late").code(), Code::StateConflict, "nothing to stop");
        }
    }
}

#[test]
fn a_cancel_before_the_job_exists_creates_none() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let cancel = Cancel::new();
    cancel.raise();
    let error = sheaf.export(&lab.request(), &unheard(), &cancel).expect_err("stopped");
    assert_eq!(error.code(), Code::Cancelled, "while it was planned");
    assert!(sheaf.list().expect("readable").exports.is_empty(), "there is no job");
}

#[test]
fn a_job_of_another_process_is_stopped_through_the_history() {
    for (point, status) in [
        ("planned", ExportStatus::Cancelled),
        ("verified", ExportStatus::Cancelled),
        ("publishing", ExportStatus::Completed),
    ] {
        let lab = Lab::new();
        let pause = lab.root().join("paused");
        let points = [("SHEAF_PAUSE", point), ("SHEAF_PAUSE_FILE", pause.to_str().expect("text"))];
        let mut child = start(&lab, Work::Export, &points);
        while !pause.exists() {
            assert!(child.try_wait().expect("asked").is_none(), "{point}: it lives until it is let go");
            std::thread::yield_now();
        }
        let sheaf = lab.sheaf();
        let id = sheaf.list().expect("readable").exports[0].id.clone();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| sheaf.cancel(&id).expect("asked for"));
            if status == ExportStatus::Completed {
                // It cannot be stopped any longer; the answer comes although it has not ended.
                asked.join().expect("answered");
                std::fs::remove_file(&pause).expect("let go");
                return;
            }
            let history = rusqlite::Connection::open(lab.home().join("history.sqlite")).expect("there");
            let is_asked = || -> bool {
                let sql = "SELECT cancel_requested FROM dataset_export";
                history.query_row(sql, [], |row| row.get(0)).expect("readable")
            };
            while !is_asked() {
                std::thread::yield_now();
            }
            std::fs::remove_file(&pause).expect("let go");
            asked.join().expect("answered");
        });
        assert!(child.wait().expect("waited for").success(), "{point}: its process ends well");
        assert_eq!(sheaf.show(&id).expect("known").status, status, "{point}: exactly one of the two");
        let archives = usize::from(status == ExportStatus::Completed);
        assert_eq!(lab.files_out().len(), archives, "{point}: no part file stays");
    }
}

#[test]
fn a_job_that_waits_is_cancelled_at_once() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let slot = std::fs::File::create(lab.home().join("locks/slot-1.lock")).expect("writable");
    slot.lock().expect("free");
    let first = sheaf.submit(&lab.request(), &unheard(), &Cancel::new()).expect("queued");
    let behind = Cancel::new();
    let request = sheaf_app::ExportRequest { name: Some("second".to_owned()), ..lab.request() };
    let second = sheaf.submit(&request, &unheard(), &behind).expect("queued");
    behind.raise();
    assert_eq!(second.wait().expect("a record").status, ExportStatus::Cancelled, "although another is before it");
    let id = first.record().id;
    let other = lab.sheaf();
    assert_eq!(other.cancel(&id).expect("asked for").status, ExportStatus::Cancelled, "by another process");
    assert_eq!(first.wait().expect("a record").status, ExportStatus::Cancelled, "its owner agrees");
    drop(slot);
    assert!(lab.files_out().is_empty(), "nothing was made");
    assert_eq!(lab.audit(&id), [">pending", "pending>cancelled"], "one row for each");
}

#[test]
fn closing_interrupts_what_works() {
    let lab = Lab::with_file_bytes(3_000_000);
    let sheaf = lab.sheaf();
    let cancel = Cancel::new();
    let (works, is_working) = std::sync::mpsc::channel();
    let raised = cancel.clone();
    let listener: Listener = Arc::new(move |report| {
        if report.phase == "writing" {
            let _ = works.send(());
            while !raised.is_raised() {
                std::thread::yield_now();
            }
        }
    });
    let submitted = sheaf.submit(&lab.request(), &listener, &cancel).expect("queued");
    let id = submitted.record().id;
    is_working.recv().expect("it works");
    drop(submitted);
    drop(sheaf);
    assert!(lab.files_out().is_empty(), "closing leaves no part file");
    let sheaf = lab.sheaf();
    assert_eq!(sheaf.show(&id).expect("known").status, ExportStatus::Interrupted, "its user did not cancel it");
    assert_eq!(lab.audit(&id).last().map(String::as_str), Some("processing>interrupted"), "by its own process");
}

#[test]
fn a_fault_of_ours_fails_the_job_and_not_the_queue() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let listener: Listener = Arc::new(|_| {
        let is_job = std::thread::current().name() == Some("sheaf-job");
        assert!(!is_job, "a fault, made for this test");
    });
    let record = sheaf.export(&lab.request(), &listener, &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::Failed, "it ends");
    assert_eq!(record.error.expect("a reason").code, "INTERNAL", "and says so");
    let record = sheaf.restart(&record.id, &unheard(), &Cancel::new()).expect("restartable");
    assert_eq!(record.status, ExportStatus::Completed, "the queue goes on");
}

#[test]
fn a_job_that_waits_says_so() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let slot = std::fs::File::create(lab.home().join("locks/slot-1.lock")).expect("writable");
    slot.lock().expect("free");
    let (tell, told) = std::sync::mpsc::channel();
    let listener: Listener = Arc::new(move |report| drop(tell.send(report.phase.clone())));
    let submitted = sheaf.submit(&lab.request(), &listener, &Cancel::new()).expect("queued");
    assert!(told.iter().any(|phase| phase == "queued"), "nobody looks at a bar that stands still");
    drop(slot);
    assert_eq!(submitted.wait().expect("a record").status, ExportStatus::Completed, "then it runs");
}

#[test]
fn closing_interrupts_what_waits() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    let slot = std::fs::File::create(lab.home().join("locks/slot-1.lock")).expect("writable");
    slot.lock().expect("free");
    let submitted = sheaf.submit(&lab.request(), &unheard(), &Cancel::new()).expect("queued");
    let id = submitted.record().id;
    assert_eq!(sheaf.progress(&id), None, "it has not begun");
    drop(submitted);
    drop(sheaf);
    drop(slot);
    let sheaf = lab.sheaf();
    assert_eq!(sheaf.show(&id).expect("known").status, ExportStatus::Interrupted, "nobody cancelled it");
    let record = sheaf.restart(&id, &unheard(), &Cancel::new()).expect("restartable");
    assert_eq!(record.status, ExportStatus::Completed, "so it can be restarted");
    assert_eq!(sheaf.progress(&id), None, "it is over");
}
