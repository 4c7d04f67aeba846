//! The state machine against a model: whatever is tried in whatever order.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use sheaf_archive::plan::OnMissing;
use sheaf_registry::error::FileProblem;
use sheaf_registry::selection::Selection;
use sheaf_registry::{Code, Error};

use super::{ArchiveRecord, Confirmation, History, Key, NewExport, Planned, State};
use crate::environment::Clock;
use crate::home::Home;
use crate::owner::HomeLock;
use crate::platform::FileIdentity;
use crate::wire::Confirmed;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn history() -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let home = Home::open(Some(dir.path())).expect("usable");
    let lock = HomeLock::wait(&home).expect("free");
    let history = History::open(&home.history(), None, Arc::new(Standing), "os".to_owned(), &lock).expect("made");
    (dir, history)
}

fn new(id: &str) -> NewExport {
    NewExport {
        id: id.to_owned(),
        name: id.to_owned(),
        notes: String::new(),
        user: "mo".to_owned(),
        as_owner: false,
        project: "p".to_owned(),
        registry: PathBuf::from("/r"),
        selection: Selection::default(),
        on_missing: OnMissing::Skip,
        destination: PathBuf::from(format!("/out/{id}.zip")),
        never_used: false,
        planned: planned(1),
        studies: None,
    }
}

fn planned(files: u64) -> Planned {
    Planned {
        confirmation: Confirmation { numbers: Confirmed { patients: 1, files, bytes: 5 }, digest: files.to_string() },
        archive_bytes_max: 50,
        registry_synced_at: Some(Timestamp::UNIX_EPOCH),
        unknown_patients: vec![format!("unknown {files}")],
    }
}

fn archive() -> ArchiveRecord {
    // The largest numbers there are: none may be lost in the database.
    let identity = FileIdentity { bytes: 40, device: u64::MAX, inode: u64::MAX - 1, modified: -1 };
    ArchiveRecord { sha256: "00".repeat(32), identity }
}

fn exported() -> Confirmed {
    Confirmed { patients: 1, files: 1, bytes: 5 }
}

fn problem() -> FileProblem {
    FileProblem {
        file: "1".into(),
        patient: "1".into(),
        path: "a".into(),
        code: "SOURCE_MISSING".into(),
        message: "It is not there.".into(),
        omitted: true,
    }
}

fn audit(history: &History) -> Vec<(String, u32, String, String)> {
    history
        .read(|connection| {
            connection
                .prepare("SELECT export_id, attempt, from_state, to_state FROM audit ORDER BY seq")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        })
        .expect("readable")
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Create,
    Start,
    Planned,
    Publish { problems: bool },
    Complete,
    Fail,
    Cancelled,
    Interrupted,
    RequestCancel,
    Restart,
    Delete,
}

fn steps() -> impl Strategy<Value = Vec<(Step, usize, bool)>> {
    let step = prop_oneof![
        Just(Step::Create),
        Just(Step::Start),
        Just(Step::Planned),
        any::<bool>().prop_map(|problems| Step::Publish { problems }),
        Just(Step::Complete),
        Just(Step::Fail),
        Just(Step::Cancelled),
        Just(Step::Interrupted),
        Just(Step::RequestCancel),
        Just(Step::Restart),
        Just(Step::Delete),
    ];
    // Every tenth step comes from a job of an earlier attempt.
    prop::collection::vec((step, 0..2_usize, prop::bool::weighted(0.1)), 0..60)
}

/// What the record must be.
#[derive(Clone, Debug)]
struct Model {
    state: State,
    attempt: u32,
    cancel: bool,
    problems: bool,
}

/// The state that the step leads to, if it may be done at all; `None` for one that must be refused.
fn expected(model: Option<&Model>, step: Step, stale: bool) -> Option<State> {
    let model = match (model, step) {
        (None, Step::Create) => return Some(State::Pending),
        (None, _) | (Some(_), Step::Create) => return None,
        (Some(model), _) => model,
    };
    let by_key = !matches!(step, Step::RequestCancel | Step::Restart);
    if stale && by_key {
        return None;
    }
    let next = match step {
        Step::Start => State::Processing,
        Step::Publish { .. } if model.cancel => return None,
        Step::Publish { .. } => State::Publishing,
        Step::Complete if model.problems => State::CompletedWithProblems,
        Step::Complete => State::Completed,
        Step::Fail => State::Failed,
        Step::Cancelled => State::Cancelled,
        Step::Interrupted => State::Interrupted,
        Step::Restart => State::Pending,
        Step::RequestCancel => {
            return match model.state {
                State::Pending | State::Cancelled => Some(State::Cancelled),
                State::Processing | State::Publishing => Some(model.state),
                _ => None,
            };
        }
        Step::Create | Step::Planned | Step::Delete => unreachable!("handled by the caller"),
    };
    model.state.may_become(next).then_some(next)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_steps_leaves_the_state_machine(steps in steps()) {
        let (_dir, history) = history();
        let mut models: HashMap<String, Model> = HashMap::new();
        let mut transitions = Vec::new();
        for (step, which, stale) in steps {
            let id = ["a", "b"][which].to_owned();
            let model = models.get(&id).cloned();
            let attempt = model.as_ref().map_or(1, |model| model.attempt);
            let key = Key { id: id.clone(), attempt: if stale { attempt + 7 } else { attempt } };
            let result = match step {
                Step::Create => history.create(&new(&id), "owner").map(drop),
                Step::Start => history.start(&key).map(drop),
                Step::Planned => history.planned(&key, &planned(2)).map(drop),
                Step::Publish { problems } => {
                    let problems = if problems { vec![problem()] } else { Vec::new() };
                    history.begin_publishing(&key, &archive(), &exported(), &problems).map(drop)
                }
                Step::Complete => history.complete(&key, &archive()).map(drop),
                Step::Fail => history.fail(&key, &Error::new(Code::WriteFailed, "It failed."), &[]).map(drop),
                Step::Cancelled => history.cancelled(&key).map(drop),
                Step::Interrupted => history.interrupted(&key).map(drop),
                Step::RequestCancel => history.request_cancel(&id).map(drop),
                Step::Restart => history.restart(&id, "owner").map(drop),
                Step::Delete => history.delete(&key, true),
            };
            match step {
                Step::Planned => {
                    if result.is_ok() {
                        prop_assert_eq!(model.map(|model| model.state), Some(State::Processing), "only while preparing");
                    }
                    continue;
                }
                Step::Delete => {
                    let may = !stale && model.as_ref().is_some_and(|model| !model.state.status().is_active());
                    prop_assert_eq!(result.is_ok(), may, "an active record cannot be deleted");
                    if may {
                        transitions.push((id.clone(), attempt, model.expect("checked").state.word(), "deleted"));
                        models.remove(&id);
                    }
                    continue;
                }
                _ => {}
            }
            let next = expected(model.as_ref(), step, stale);
            prop_assert_eq!(result.is_ok(), next.is_some(), "{:?} on {:?}: {:?}", step, model, result);
            let Some(next) = next else { continue };
            let before = model.as_ref().map_or("", |model| model.state.word());
            let model = models.entry(id.clone()).or_insert(Model { state: next, attempt: 1, cancel: false, problems: false });
            match step {
                Step::Restart => *model = Model { state: next, attempt: attempt + 1, cancel: false, problems: false },
                Step::Start => model.cancel = false,
                Step::RequestCancel if matches!(before, "processing" | "publishing") => model.cancel = true,
                Step::Publish { problems } => model.problems = problems,
                _ => {}
            }
            model.state = next;
            if before != next.word() {
                transitions.push((id.clone(), model.attempt, before, next.word()));
            }
        }
        for (id, model) in &models {
            let record = history.one(id).expect("known");
            prop_assert_eq!((record.state, record.attempt), (model.state, model.attempt), "the record is true");
        }
        prop_assert_eq!(history.all().expect("readable").len(), models.len(), "no record appears or vanishes");
        let expected: Vec<_> =
            transitions.into_iter().map(|(id, at, from, to)| (id, at, from.to_owned(), to.to_owned())).collect();
        prop_assert_eq!(audit(&history), expected, "exactly one row for every transition");
    }
}

#[test]
fn the_audit_cannot_be_changed() {
    let (_dir, history) = history();
    history.create(&new("a"), "owner").expect("created");
    for sql in ["UPDATE audit SET user = 'nobody'", "DELETE FROM audit"] {
        let error = history
            .write(|transaction| transaction.execute(sql, []).map_err(super::Refusal::from))
            .expect_err("must be refused");
        assert!(error.message().contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(audit(&history).len(), 1, "the row is still there");
}

#[test]
fn a_record_comes_back_as_it_was_written() {
    let (_dir, history) = history();
    let key = history.create(&new("a"), "owner").expect("created").key();
    assert_eq!(history.active().expect("readable").len(), 1, "it waits");
    let started = history.start(&key).expect("started");
    assert_eq!(history.part_files().expect("readable"), [(started.part(), "owner".to_owned())], "noted before it is made");
    let planned = history.planned(&key, &planned(2)).expect("noted");
    assert!(planned.changed && planned.files == 2 && planned.confirmed.numbers.files == 1, "both plans are kept");
    history.begin_publishing(&key, &archive(), &exported(), &[problem()]).expect("published");
    let record = history.complete(&key, &archive()).expect("completed");
    assert_eq!(record.archive, Some(archive()), "no bit of an inode is lost");
    assert_eq!((record.problems, record.files), (vec![problem()], 1), "what was exported in the end");
    assert_eq!((record.on_missing, record.as_owner), (OnMissing::Skip, false), "how and for whom");
    assert_eq!(history.rooms("mo").expect("readable").len(), 1, "it takes room");
    assert!(history.rooms("other").expect("readable").is_empty(), "of its user only");
    assert!(history.part_files().expect("readable").is_empty(), "renamed with the same step, so there is nothing to sweep");
    let key = history.create(&new("b"), "owner").expect("created").key();
    let part = history.start(&key).expect("started").part();
    assert_eq!(history.adopt(&key, "heir").expect_err("not published").code(), Code::StateConflict, "only what is begun");
    history.begin_publishing(&key, &archive(), &exported(), &[]).expect("published");
    let adopted = history.adopt(&key, "heir").expect("its process died");
    assert_eq!((adopted.owner.as_deref(), adopted.state), (Some("heir"), State::Publishing), "somebody else goes on");
    assert_eq!(history.part_files().expect("readable"), [(part.clone(), "heir".to_owned())], "with its part file");
    history.forget_part(&part).expect("forgotten");
    assert!(history.part_files().expect("readable").is_empty(), "nothing to sweep");
}

#[test]
fn a_cancel_that_comes_first_stops_the_publishing() {
    let (_dir, history) = history();
    let key = history.create(&new("a"), "owner").expect("created").key();
    history.start(&key).expect("started");
    assert!(!history.is_cancel_requested(&key).expect("asked"), "nobody did");
    history.request_cancel("a").expect("asked for");
    history.request_cancel("a").expect("a second time is harmless");
    assert!(history.is_cancel_requested(&key).expect("asked"), "the owner sees it");
    let error = history.begin_publishing(&key, &archive(), &exported(), &[]).expect_err("too late");
    assert_eq!(error.code(), Code::Cancelled, "exactly one of cancelled and completed");
}

#[test]
fn two_jobs_never_have_one_destination() {
    let (_dir, history) = history();
    history.create(&new("a"), "owner").expect("created");
    let same = NewExport { destination: new("a").destination, ..new("b") };
    assert_eq!(history.create(&same, "owner").expect_err("taken").code(), Code::DestinationTaken, "while one is active");
    history.cancelled(&Key { id: "a".into(), attempt: 1 }).expect("stopped");
    let automatic = NewExport { never_used: true, ..same.clone() };
    assert_eq!(history.create(&automatic, "owner").expect_err("used").code(), Code::DestinationTaken, "a name of its own");
    history.create(&same, "owner").expect("a given name may be used again");
    assert_eq!(history.restart("a", "owner").expect_err("taken").code(), Code::DestinationTaken, "not by a restart either");
    assert_eq!(history.one("c").expect_err("unknown").code(), Code::UnknownExport, "no such export");
}

#[test]
fn a_locked_history_is_busy_after_its_patience() {
    let (dir, history) = history();
    history
        .read(|connection| connection.busy_timeout(std::time::Duration::ZERO))
        .expect("less patience, for the test's sake");
    let other = rusqlite::Connection::open(dir.path().join("history.sqlite")).expect("there");
    other.execute_batch("BEGIN EXCLUSIVE").expect("held");
    let error = history.create(&new("a"), "owner").expect_err("held");
    assert_eq!(error.code(), Code::DbBusy, "{error}");
    other.execute_batch("ROLLBACK").expect("released");
    history.create(&new("a"), "owner").expect("free again");
}

#[test]
fn what_sqlite_answers_is_a_sentence() {
    use rusqlite::ffi;
    let (dir, _history) = history();
    let path = dir.path().join("history.sqlite");
    for (code, expected) in [
        (ffi::SQLITE_BUSY, Code::DbBusy),
        (ffi::SQLITE_CORRUPT, Code::HistoryUnusable),
        (ffi::SQLITE_IOERR, Code::HistoryUnusable),
        (ffi::SQLITE_READONLY, Code::HistoryUnusable),
        (ffi::SQLITE_MISUSE, Code::Internal),
    ] {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        assert_eq!(super::database::sql_error(&path, error).code(), expected, "code {code}");
    }
    let full = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None);
    let nowhere = super::database::sql_error(std::path::Path::new("/nowhere/history.sqlite"), full);
    assert_eq!(nowhere.code(), Code::NoSpace, "a disk without a free byte is full, whatever the number");
    assert!(nowhere.message().contains("0 are free"), "{nowhere} says the numbers");
}
