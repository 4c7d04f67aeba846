//! Processes that are killed, and what the next one makes of it. The names I1 to I7 are those of the design.

use std::collections::HashSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sheaf_app::progress::unheard;
use sheaf_app::wire::{ArchiveState, DatasetExport, ExportStatus};
use sheaf_app::{ExportRequest, Sheaf};
use sheaf_registry::progress::Cancel;

use crate::fixture::{Lab, PATIENTS, content, environment, names};

/// What a process of its own does.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// One export with the given name.
    Export,
    /// Some exports with automatic names.
    Many,
    /// Restarts the newest export.
    Restart,
    /// Saves a copy of the newest export into `copies`.
    Save,
}

impl Work {
    const fn word(self) -> &'static str {
        match self {
            Work::Export => "export",
            Work::Many => "many",
            Work::Restart => "restart",
            Work::Save => "save",
        }
    }
}

/// Exports of one process of [`Work::Many`].
const MANY: usize = 4;

/// Starts a process that works in the lab. `points` are environment variables, see the failpoints.
pub(crate) fn start(lab: &Lab, work: Work, points: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "crash::a_process_of_its_own", "--test-threads=1"])
        .env("SHEAF_TEST_ROOT", lab.root())
        .env("SHEAF_TEST_WORK", work.word())
        .envs(points.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test can be started")
}

#[test]
#[ignore = "started by other tests, as a process that may be killed"]
fn a_process_of_its_own() {
    let root = std::env::var_os("SHEAF_TEST_ROOT").expect("started by another test");
    let lab = Lab::at(Path::new(&root));
    let sheaf = lab.sheaf();
    let newest = |sheaf: &Sheaf| sheaf.list().expect("readable").exports[0].id.clone();
    let ended = |record: DatasetExport| {
        assert!(!record.status.is_active(), "a foreground job ends before it answers");
    };
    match std::env::var("SHEAF_TEST_WORK").expect("said").as_str() {
        "export" => ended(sheaf.export(&lab.request(), &unheard(), &Cancel::new()).expect("a record")),
        "many" => {
            for _ in 0..MANY {
                let request = ExportRequest { name: None, ..lab.request() };
                ended(sheaf.export(&request, &unheard(), &Cancel::new()).expect("a record"));
            }
        }
        "restart" => ended(sheaf.restart(&newest(&sheaf), &unheard(), &Cancel::new()).expect("a record")),
        _ => drop(sheaf.save(&newest(&sheaf), &lab.root().join("copies"), &unheard(), &Cancel::new()).expect("copied")),
    }
}

/// What holds after every fault, once any process has started.
fn invariants_hold(lab: &Lab, sheaf: &Sheaf) {
    let records = sheaf.list().expect("readable").exports;
    let mut expected = HashSet::new();
    for record in &records {
        assert!(!record.status.is_active(), "I2: nobody lives, so nothing waits or works: {record:?}");
        if record.status.is_completed() {
            let archive = record.archive.as_ref().expect("I3: completed has an archive");
            assert_eq!(archive.state, ArchiveState::Present, "I3: it is there");
            let verification = sheaf.verify(&record.id, &unheard(), &Cancel::new()).expect("readable");
            assert!(verification.ok && verification.sha256 == archive.sha256, "I1, I3: complete, as recorded");
            expected.insert(format!("{}.zip", record.name));
        } else {
            let error = record.error.as_ref().expect("I6: there is a reason");
            assert!(!error.message.is_empty() && !error.code.is_empty(), "I6: a code and a sentence");
        }
        let audit = lab.audit(&record.id);
        for pair in audit.windows(2) {
            let (to, from) = (pair[0].split('>').nth(1), pair[1].split('>').next());
            assert_eq!(to, from, "I7: no transition is missing: {audit:?}");
        }
        let last = audit.last().and_then(|row| row.split('>').nth(1));
        assert_eq!(last, Some(record.status.as_str()), "I7: the audit ends where the record stands");
    }
    let found: HashSet<_> = lab.files_out().into_iter().collect();
    assert_eq!(found, expected, "I1, I5: the archives of the records and nothing else");
    for patient in 1..=PATIENTS {
        let source = std::fs::read(lab.source(patient, "processed")).expect("there");
        assert_eq!(source, content(patient, "processed", source.len()), "I4: sources are as they were");
    }
    let owners = names(&lab.home().join("locks")).into_iter().filter(|name| name.starts_with("owner-"));
    assert_eq!(owners.count(), 1, "I5: only this process has a lock");
    assert_eq!(names(&lab.home().join("scratch")).len(), 0, "I5: no copy of a registry stays");
}

fn only(sheaf: &Sheaf) -> DatasetExport {
    let mut records = sheaf.list().expect("readable").exports;
    assert_eq!(records.len(), 1, "there is one export");
    records.remove(0)
}

#[test]
fn a_job_that_was_killed_is_interrupted_and_can_be_restarted() {
    for point in ["created", "started", "planned", "verified"] {
        let lab = Lab::new();
        let status = start(&lab, Work::Export, &[("SHEAF_FAILPOINT", point)]).wait().expect("waited for");
        assert!(!status.success(), "{point}: it was killed");
        let sheaf = lab.sheaf();
        let record = only(&sheaf);
        assert_eq!(record.status, ExportStatus::Interrupted, "{point}: killed before it could be published");
        assert_eq!(record.error.as_ref().map(|error| &*error.code), Some("INTERRUPTED"), "{point}: the reason");
        assert!(lab.files_out().is_empty(), "{point}: no part file stays");
        let again = sheaf.restart(&record.id, &unheard(), &Cancel::new()).expect("restartable");
        assert_eq!((again.status, again.attempt), (ExportStatus::Completed, 2), "{point}: the next attempt is whole");
        drop(sheaf);
        invariants_hold(&lab, &lab.sheaf());
    }
}

#[test]
fn a_publish_that_had_begun_is_finished() {
    for point in ["publishing", "published", "completed"] {
        let lab = Lab::new();
        let status = start(&lab, Work::Export, &[("SHEAF_FAILPOINT", point)]).wait().expect("waited for");
        assert!(!status.success(), "{point}: it was killed");
        let sheaf = lab.sheaf();
        assert_eq!(only(&sheaf).status, ExportStatus::Completed, "{point}: verified, so it is not thrown away");
        drop(sheaf);
        invariants_hold(&lab, &lab.sheaf());
    }
}

#[test]
fn a_destination_that_goes_away_while_publishing_is_waited_for() {
    let lab = Lab::new();
    let (out, away) = (lab.out(), lab.root().join("away"));
    let listener: sheaf_app::progress::Listener = {
        let (out, away) = (out.clone(), away.clone());
        std::sync::Arc::new(move |report| {
            if report.phase == "publishing" && out.exists() {
                std::fs::rename(&out, &away).expect("ours");
            }
        })
    };
    let sheaf = lab.sheaf();
    sheaf.export(&lab.request(), &listener, &Cancel::new()).expect_err("its end is not known");
    assert_eq!(only(&sheaf).status, ExportStatus::Processing, "I2: it is not known to have failed");
    drop(sheaf);
    let sheaf = lab.sheaf();
    assert_eq!(only(&sheaf).status, ExportStatus::Processing, "still away: nothing is given up, and the home opens");
    drop(sheaf);
    std::fs::rename(&away, &out).expect("ours");
    let sheaf = lab.sheaf();
    assert_eq!(only(&sheaf).status, ExportStatus::Completed, "back: it is finished");
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}

#[test]
fn a_destination_that_is_given_up_and_comes_back_is_recognised() {
    for (point, attempt) in [("published", 1), ("publishing", 2)] {
        let lab = Lab::new();
        let away = lab.root().join("away");
        start(&lab, Work::Export, &[("SHEAF_FAILPOINT", point)]).wait().expect("waited for");
        std::fs::rename(lab.out(), &away).expect("ours");
        let sheaf = lab.sheaf();
        sheaf.cancel(&only(&sheaf).id).expect("given up");
        drop(sheaf);
        let sheaf = lab.sheaf();
        let id = only(&sheaf).id;
        assert_eq!(only(&sheaf).status, ExportStatus::Interrupted, "{point}: its user does not wait for it");
        std::fs::rename(&away, lab.out()).expect("ours");
        let again = sheaf.restart(&id, &unheard(), &Cancel::new()).expect("restartable");
        assert_eq!(again.status, ExportStatus::Completed, "{point}: {:?}", again.error);
        assert_eq!(again.attempt, attempt, "{point}: its own archive is known again, and made again only if need be");
        drop(sheaf);
        invariants_hold(&lab, &lab.sheaf());
    }
}

#[test]
fn nobody_waits_while_an_archive_is_looked_at() {
    let lab = Lab::new();
    start(&lab, Work::Export, &[("SHEAF_FAILPOINT", "publishing")]).wait().expect("waited for");
    let pause = lab.root().join("paused");
    let points = [("SHEAF_PAUSE", "recovering"), ("SHEAF_PAUSE_FILE", pause.to_str().expect("text"))];
    let mut child = start(&lab, Work::Many, &points);
    while !pause.exists() {
        assert!(child.try_wait().expect("asked").is_none(), "it lives until it is let go");
        std::thread::yield_now();
    }
    let sheaf = lab.sheaf();
    assert_eq!(only(&sheaf).status, ExportStatus::Processing, "another process finishes it");
    assert_eq!(lab.files_out().len(), 1, "its part file stays");
    std::fs::remove_file(&pause).expect("let go");
    assert!(child.wait().expect("waited for").success(), "it goes on to its end");
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}

#[test]
fn a_publish_whose_part_file_is_gone_is_interrupted() {
    let lab = Lab::new();
    start(&lab, Work::Export, &[("SHEAF_FAILPOINT", "publishing")]).wait().expect("waited for");
    let part = lab.files_out().pop().expect("the part file");
    std::fs::write(lab.out().join(part), "torn").expect("writable");
    let sheaf = lab.sheaf();
    assert_eq!(only(&sheaf).status, ExportStatus::Interrupted, "a torn file is never published");
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}

#[test]
fn a_restart_that_was_killed_is_interrupted_again() {
    let lab = Lab::new();
    start(&lab, Work::Export, &[("SHEAF_FAILPOINT", "started")]).wait().expect("waited for");
    start(&lab, Work::Restart, &[("SHEAF_FAILPOINT", "restarted")]).wait().expect("waited for");
    let sheaf = lab.sheaf();
    let record = only(&sheaf);
    assert_eq!((record.status, record.attempt), (ExportStatus::Interrupted, 2), "each attempt counts");
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}

#[test]
fn a_copy_that_was_killed_leaves_nothing() {
    let lab = Lab::new();
    let copies = lab.root().join("copies");
    std::fs::create_dir(&copies).expect("writable");
    start(&lab, Work::Export, &[]).wait().expect("waited for");
    start(&lab, Work::Save, &[("SHEAF_FAILPOINT", "copied")]).wait().expect("waited for");
    assert_eq!(names(&copies).len(), 1, "the part file of the dead process");
    let sheaf = lab.sheaf();
    assert!(names(&copies).is_empty(), "I5: it is swept at the next start");
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}

#[test]
fn a_kill_while_writing_leaves_nothing() {
    for round in 0..4 {
        let lab = Lab::with_file_bytes(4_000_000);
        let mut child = start(&lab, Work::Export, &[]);
        // Killed at some moment after the part file appeared: whichever it is, the same holds.
        let waits = std::time::Instant::now();
        while lab.files_out().is_empty() && waits.elapsed().as_secs() < 60 {
            std::thread::yield_now();
        }
        for _ in 0..round * 1000 {
            std::thread::yield_now();
        }
        child.kill().expect("ours");
        child.wait().expect("waited for");
        let sheaf = lab.sheaf();
        let record = only(&sheaf);
        if record.status == ExportStatus::Interrupted {
            let again = sheaf.restart(&record.id, &unheard(), &Cancel::new()).expect("restartable");
            assert_eq!(again.status, ExportStatus::Completed, "the next attempt is whole");
        }
        drop(sheaf);
        invariants_hold(&lab, &lab.sheaf());
    }
}

#[test]
fn a_living_job_is_left_alone_by_those_who_come_later() {
    let lab = Lab::new();
    let pause = lab.root().join("paused");
    let points = [("SHEAF_PAUSE", "verified"), ("SHEAF_PAUSE_FILE", pause.to_str().expect("text"))];
    let mut child = start(&lab, Work::Export, &points);
    while !pause.exists() {
        assert!(child.try_wait().expect("asked").is_none(), "it lives until it is let go");
        std::thread::yield_now();
    }
    let sheaf = lab.sheaf();
    assert_eq!(only(&sheaf).status, ExportStatus::Processing, "its owner lives");
    assert_eq!(lab.files_out().len(), 1, "its part file stays");
    let id = only(&sheaf).id;
    let refused = sheaf.restart(&id, &unheard(), &Cancel::new()).expect_err("must be refused");
    assert_eq!(refused.code(), sheaf_registry::Code::StateConflict, "no job runs twice");
    assert_eq!(sheaf.delete(&id, false).expect_err("must be refused").code(), refused.code(), "nor is it deleted");
    std::fs::remove_file(&pause).expect("let go");
    assert!(child.wait().expect("waited for").success(), "it goes on to its end");
    assert_eq!(only(&sheaf).status, ExportStatus::Completed, "undisturbed");
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}

#[test]
fn many_processes_share_a_home_and_some_are_killed() {
    let lab = Lab::new();
    let mut children: Vec<_> = (0..8)
        .map(|number| {
            let points: &[(&str, &str)] = match number {
                0 => &[("SHEAF_FAILPOINT", "verified")],
                1 => &[("SHEAF_FAILPOINT", "published")],
                _ => &[],
            };
            start(&lab, Work::Many, points)
        })
        .collect();
    for (number, child) in children.iter_mut().enumerate() {
        let succeeded = child.wait().expect("waited for").success();
        assert_eq!(succeeded, number > 1, "process {number} ends well unless it was killed");
    }
    let sheaf = Sheaf::open(Some(&lab.home()), environment()).expect("usable");
    let records = sheaf.list().expect("readable").exports;
    assert_eq!(records.len(), 6 * MANY + 2, "two died with their first export");
    let completed = records.iter().filter(|record| record.status == ExportStatus::Completed).count();
    assert_eq!(completed, 6 * MANY + 1, "one of the two had been published");
    let different: HashSet<_> = records.iter().map(|record| &record.name).collect();
    assert_eq!(different.len(), records.len(), "in one second, yet every name is its own");

    let history = rusqlite::Connection::open(lab.home().join("history.sqlite")).expect("there");
    let mut statement = history.prepare("SELECT export_id, to_state FROM audit ORDER BY seq").expect("there");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("readable");
    let mut working = HashSet::new();
    let mut started = HashSet::new();
    for (id, to) in rows.map(|row| row.expect("readable")).collect::<Vec<(String, String)>>() {
        match to.as_str() {
            "processing" => {
                assert!(started.insert(id.clone()), "each job runs once");
                working.insert(id);
            }
            "completed" | "interrupted" => drop(working.remove(&id)),
            _ => {}
        }
        // Those that were killed stay open in the audit until the next start.
        assert!(working.len() <= 1 + 2, "one job at a time: {working:?}");
    }
    drop(sheaf);
    invariants_hold(&lab, &lab.sheaf());
}
