//! What is refused before a job exists, what fails one, and with which words.

use std::path::Path;
use std::sync::Arc;

use sheaf_app::progress::unheard;
use sheaf_app::registries::Looking;
use sheaf_app::wire::ExportStatus;
use sheaf_app::{ExportRequest, PlanRequest, Sheaf};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::error::{Class, Detail};
use sheaf_registry::progress::Cancel;
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::{Code, Error};

use crate::fixture::{FILE_BYTES, Lab, environment, names};

fn refused(lab: &Lab, request: &ExportRequest) -> Error {
    let sheaf = lab.sheaf();
    let error = sheaf.export(request, &unheard(), &Cancel::new()).expect_err("must be refused");
    assert!(sheaf.list().expect("readable").exports.is_empty(), "{error}: no job was created");
    assert!(lab.files_out().iter().all(|name| name == "taken.zip"), "{error}: nothing was written");
    assert!(!error.message().is_empty(), "{error}: there is a sentence");
    error
}

fn looking<'a>(registry: &'a Path, home: &'a Path, user: Option<&'a str>) -> Looking<'a> {
    Looking { registry, user, home: Some(home), environment: &environment }
}

/// The request of a user of the registry.
fn by(name: &str, lab: &Lab) -> ExportRequest {
    ExportRequest { user: Some(name.to_owned()), ..lab.request() }
}

#[test]
fn whoever_may_not_export_is_refused_and_whoever_may_not_see_finds_nothing() {
    let lab = Lab::new();
    let viewer = refused(&lab, &by("viewer", &lab));
    assert_eq!((viewer.code(), viewer.code().class()), (Code::ExportForbidden, Class::Forbidden), "seen, not allowed");
    assert!(viewer.message().contains("viewer may look at 3"), "{viewer} says how many, not which");
    let stranger = refused(&lab, &by("stranger", &lab));
    let nowhere = refused(&lab, &ExportRequest { project: "nowhere".to_owned(), ..lab.request() });
    assert_eq!((stranger.code(), nowhere.code()), (Code::UnknownProject, Code::UnknownProject), "it does not exist");
    assert_eq!(refused(&lab, &by("nobody", &lab)).code(), Code::UnknownUser, "who?");
}

#[test]
fn what_was_not_said_or_is_not_there_is_refused() {
    let lab = Lab::new();
    let select = |selection: Selection| ExportRequest { selection, ..lab.request() };
    let all = lab.request().selection;
    let code = |selection: Selection| refused(&lab, &select(selection)).code();
    assert_eq!(code(Selection::default()), Code::EmptySelection, "nothing said is never everything");
    assert_eq!(code(Selection { all: false, ..all.clone() }), Code::EmptySelection, "no patients said");
    let one = Selection { all: false, patient: vec!["77".to_owned()], ..all.clone() };
    assert_eq!(code(one), Code::UnknownPatient, "an unknown patient");

    let list = vec!["1".to_owned(), "77".to_owned(), "78".to_owned()];
    let list = Selection { all: false, patients_from: list, ..all };
    let error = refused(&lab, &select(list.clone()));
    assert_eq!(error.code(), Code::UnknownPatient, "unknown ids of a list");
    let unknown = ["77", "78"].map(|id| Detail::Text(id.to_owned()));
    assert_eq!(error.detail_list(), unknown, "all of them are listed");
    let skip = ExportRequest { on_missing: OnMissing::Skip, ..select(list) };
    let record = lab.sheaf().export(&skip, &unheard(), &Cancel::new()).expect("a record");
    assert_eq!((record.status, record.patients), (ExportStatus::Completed, 1), "with skip the known ones go");
}

#[test]
fn an_export_of_nothing_is_refused() {
    let lab = Lab::new();
    for patient in 1..=3 {
        std::fs::remove_file(lab.source(patient, "processed")).expect("there");
    }
    let skip = ExportRequest { on_missing: OnMissing::Skip, ..lab.request() };
    let error = refused(&lab, &skip);
    assert_eq!(error.code(), Code::NothingToExport, "every file would be left out");
    assert!(error.next_step().starts_with("Only processed files are taken"), "{}", error.next_step());
    let why = Detail::Text("3 left out: The file does not exist. [SOURCE_MISSING]".to_owned());
    assert_eq!(error.detail_list(), [why], "and why they are");
    let sheaf = lab.sheaf();
    let failed = sheaf.export(&lab.request(), &unheard(), &Cancel::new()).expect("a job, which fails");
    let error = failed.error.expect("a reason");
    assert_eq!((&*error.code, failed.problems.len()), ("SOURCE_MISSING", 3), "without skip the bad files are told");
}

#[test]
fn a_bad_destination_or_name_is_refused() {
    let lab = Lab::new();
    std::fs::write(lab.out().join("taken.zip"), "somebody's").expect("writable");
    let named = |name: &str| ExportRequest { name: Some(name.to_owned()), ..lab.request() };
    assert_eq!(refused(&lab, &named("taken")).code(), Code::DestinationTaken, "never overwritten");
    assert_eq!(refused(&lab, &named("../up")).code(), Code::NameInvalid, "a name is no path");
    let out = |out: &str| ExportRequest { out: lab.root().join(out), ..lab.request() };
    assert_eq!(refused(&lab, &out("nowhere")).code(), Code::DestinationMissing, "no such folder");
    assert_eq!(refused(&lab, &out("registry.sqlite")).code(), Code::DestinationUnwritable, "a file");
    let notes = ExportRequest { notes: "n".repeat(20_000), ..lab.request() };
    assert_eq!(refused(&lab, &notes).code(), Code::Usage, "notes have a length");
    let registry = ExportRequest { registry: lab.root().join("no.sqlite"), ..lab.request() };
    assert_eq!(refused(&lab, &registry).code(), Code::RegistryMissing, "no registry");
    assert_eq!(std::fs::read(lab.out().join("taken.zip")).expect("there"), b"somebody's", "untouched");
}

#[test]
fn limits_are_checked_before_a_job_exists_and_shown_by_the_plan() {
    let lab = Lab::new();
    for (settings, code) in [
        ("max_patients_per_export = 2", Code::LimitExceeded),
        ("max_bytes_per_export = 2999", Code::LimitExceeded),
        ("max_kept_bytes_per_user = 3000", Code::QuotaExceeded),
        ("free_space_reserve = \"8000000 TB\"", Code::NoSpace),
    ] {
        lab.settings(&format!("{settings}\n"));
        assert_eq!(refused(&lab, &lab.request()).code(), code, "{settings}");
        let plan = lab.sheaf().plan(&lab.plan_request(), &unheard(), &Cancel::new()).expect("a plan can be made");
        let codes: Vec<_> = plan.breaches.iter().map(|breach| &*breach.code).collect();
        assert!(codes.contains(&code.as_str()), "{settings}: the plan shows {codes:?}");
    }
    lab.settings("max_pateints_per_export = 2\n");
    let error = Sheaf::open(Some(&lab.home()), environment()).expect_err("must be refused");
    assert_eq!(error.code(), Code::SettingsInvalid, "a typing error never means unlimited");
}

#[test]
fn a_plan_shows_what_an_export_would_refuse() {
    let lab = Lab::new();
    let sheaf = lab.sheaf();
    std::fs::remove_file(lab.source(2, "processed")).expect("there");
    let list = Selection {
        modality: vec!["cbct".to_owned()],
        patients_from: ["1", "2", "77"].map(str::to_owned).into(),
        ..Selection::default()
    };
    let request = PlanRequest { selection: list, out: Some(lab.root().join("nowhere")), ..lab.plan_request() };
    let plan = sheaf.plan(&request, &unheard(), &Cancel::new()).expect("a plan");
    assert_eq!((plan.patients, plan.files, plan.bytes), (1, 1, FILE_BYTES as u64), "what is omitted is not counted");
    assert_eq!((plan.problems.len(), plan.unknown_patients), (1, vec!["77".to_owned()]), "listed");
    assert_eq!((plan.free_bytes, &*plan.breaches[0].code), (None, "DESTINATION_MISSING"), "nowhere to go");
    let viewer = PlanRequest { user: Some("viewer".to_owned()), out: None, ..lab.plan_request() };
    let plan = sheaf.plan(&viewer, &unheard(), &Cancel::new()).expect("a plan");
    assert_eq!((plan.forbidden_patients, plan.files), (3, 0), "seen, not exportable");
}

#[test]
fn a_quota_counts_what_is_kept_and_lets_go_of_what_is_gone() {
    let lab = Lab::new();
    let plan = lab.sheaf().plan(&lab.plan_request(), &unheard(), &Cancel::new()).expect("a plan");
    // Room for what one more may need at most, beside one or two of what they really need.
    let quota = plan.archive_bytes_max + 12_000;
    lab.settings(&format!("free_space_reserve = 0\nmax_kept_bytes_per_user = {quota}\n"));
    let sheaf = lab.sheaf();
    let named = |number: usize| ExportRequest { name: Some(format!("n{number}")), ..lab.request() };
    let mut made = Vec::new();
    let error = loop {
        assert!(made.len() < 20, "the quota must end this");
        match sheaf.export(&named(made.len()), &unheard(), &Cancel::new()) {
            Ok(record) => made.push(record),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::QuotaExceeded, "{error}");
    assert!(!made.is_empty(), "some fit");
    let other = ExportRequest { name: named(made.len()).name, ..by("exporter", &lab) };
    sheaf.export(&other, &unheard(), &Cancel::new()).expect("another user has a quota of their own");
    std::fs::remove_file(&made[0].archive.as_ref().expect("completed").path).expect("there");
    let record = sheaf.export(&named(99), &unheard(), &Cancel::new()).expect("what is gone takes no room");
    assert_eq!(record.status, ExportStatus::Completed, "{:?}", record.error);
}

#[test]
fn a_quota_counts_a_path_once() {
    let lab = Lab::new();
    let first = lab.sheaf().export(&lab.request(), &unheard(), &Cancel::new()).expect("a record");
    let archive = first.archive.expect("completed");
    std::fs::remove_file(&archive.path).expect("there");
    lab.sheaf().export(&lab.request(), &unheard(), &Cancel::new()).expect("under the same name");
    let more = lab.sheaf().plan(&lab.plan_request(), &unheard(), &Cancel::new()).expect("a plan").archive_bytes_max;
    lab.settings(&format!("free_space_reserve = 0\nmax_kept_bytes_per_user = {}\n", more + archive.bytes * 3 / 2));
    let other = ExportRequest { name: Some("other".to_owned()), ..lab.request() };
    let record = lab.sheaf().export(&other, &unheard(), &Cancel::new()).expect("room beside one file, not beside two");
    assert_eq!(record.status, ExportStatus::Completed, "{:?}", record.error);
}

/// Queues a job, changes the world, lets it start.
fn started_after(lab: &Lab, request: &ExportRequest, change: impl FnOnce()) -> sheaf_app::wire::DatasetExport {
    started_after_in(&lab.sheaf(), lab, request, change)
}

/// The same with everything that was passed in.
pub(crate) fn started_after_in(
    sheaf: &Sheaf,
    lab: &Lab,
    request: &ExportRequest,
    change: impl FnOnce(),
) -> sheaf_app::wire::DatasetExport {
    let slot = std::fs::File::create(lab.home().join("locks/slot-1.lock")).expect("writable");
    slot.lock().expect("free");
    let submitted = sheaf.submit(request, &unheard(), &Cancel::new()).expect("queued");
    change();
    drop(slot);
    let record = submitted.wait().expect("a record");
    assert_eq!(record.status, ExportStatus::Failed, "{:?}", record.error);
    assert!(record.archive.is_none(), "there is no archive");
    record
}

#[test]
fn access_revoked_after_queueing_stops_the_job() {
    let lab = Lab::new();
    let request = by("exporter", &lab);
    let record = started_after(&lab, &request, || lab.write_registry(false));
    assert_eq!(record.error.expect("a reason").code, "EXPORT_FORBIDDEN", "may look, no longer export");
    assert!(lab.files_out().is_empty(), "nothing was written");

    let lab = Lab::new();
    let request = by("exporter", &lab);
    let record = started_after(&lab, &request, || {
        let registry = rusqlite::Connection::open(lab.registry()).expect("there");
        registry.execute_batch("DELETE FROM access").expect("writable");
    });
    let error = record.error.expect("a reason");
    assert_eq!(error.code, "EXPORT_FORBIDDEN", "what they had confirmed no longer exists for them: {}", error.message);
}

#[test]
fn limits_are_checked_again_when_the_job_starts() {
    let lab = Lab::new();
    lab.settings("free_space_reserve = 0\nmax_bytes_per_export = 4000\n");
    let record = started_after(&lab, &lab.request(), || {
        std::fs::write(lab.source(1, "processed"), vec![0; 4 * FILE_BYTES]).expect("writable");
    });
    assert_eq!(record.error.expect("a reason").code, "LIMIT_EXCEEDED", "the sources have grown meanwhile");
    assert!(lab.files_out().is_empty(), "nothing was written");
}

#[test]
fn a_destination_taken_or_gone_after_queueing_fails_the_job() {
    let lab = Lab::new();
    let record = started_after(&lab, &lab.request(), || {
        std::fs::write(lab.out().join("study.zip"), "somebody's").expect("writable");
    });
    assert_eq!(record.error.expect("a reason").code, "DESTINATION_TAKEN", "never overwritten");
    assert_eq!(std::fs::read(lab.out().join("study.zip")).expect("there"), b"somebody's", "untouched");

    let lab = Lab::new();
    let record = started_after(&lab, &lab.request(), || std::fs::remove_dir(lab.out()).expect("empty"));
    assert_eq!(record.error.expect("a reason").code, "DESTINATION_MISSING", "nowhere to write");
}

#[test]
fn a_destination_taken_while_writing_fails_the_job_without_a_trace() {
    let lab = Lab::new();
    let taken = lab.out().join("study.zip");
    let listener: sheaf_app::progress::Listener = Arc::new(move |report| {
        if report.phase == "verifying" {
            std::fs::write(&taken, "somebody's").expect("writable");
        }
    });
    let record = lab.sheaf().export(&lab.request(), &listener, &Cancel::new()).expect("a record");
    let error = record.error.expect("a reason");
    assert_eq!((record.status, &*error.code), (ExportStatus::Failed, "DESTINATION_TAKEN"), "the rename never replaces");
    assert_eq!(lab.files_out(), ["study.zip"], "the part file is gone");
    assert_eq!(std::fs::read(lab.out().join("study.zip")).expect("there"), b"somebody's", "untouched");
}

#[test]
fn a_file_that_appears_in_the_part_files_place_survives() {
    let lab = Lab::new();
    let (history, out) = (lab.home().join("history.sqlite"), lab.out());
    let listener: sheaf_app::progress::Listener = Arc::new(move |report| {
        let id = || -> rusqlite::Result<String> {
            let sql = "SELECT id FROM dataset_export WHERE status = 'processing'";
            rusqlite::Connection::open(&history)?.query_row(sql, [], |row| row.get(0))
        };
        if report.phase == "preparing"
            && let Ok(id) = id()
        {
            std::fs::write(out.join(format!("{id}.1.part")), "somebody's").expect("writable");
        }
    });
    let record = lab.sheaf().export(&lab.request(), &listener, &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::Failed, "it cannot be made: {:?}", record.error);
    let part = lab.out().join(format!("{}.1.part", record.id));
    assert_eq!(std::fs::read(&part).expect("there"), b"somebody's", "not ours to remove");
    drop(lab.sheaf());
    assert_eq!(std::fs::read(&part).expect("there"), b"somebody's", "also at the next start");
}

#[test]
fn a_selection_file_of_raw_data_is_what_is_exported() {
    let lab = Lab::new();
    let raw = Selection { kind: Some(KindChoice::Both), ..lab.request().selection };
    let record = lab
        .sheaf()
        .export(&ExportRequest { selection: raw, ..lab.request() }, &unheard(), &Cancel::new())
        .expect("a record");
    assert_eq!((record.files, record.patients), (6, 3), "raw and processed");
}

#[test]
fn a_registry_tells_what_its_user_sees() {
    let lab = Lab::new();
    let projects = looking(&lab.registry(), &lab.home(), Some("viewer")).projects().expect("readable").projects;
    assert_eq!((&*projects[0].slug, projects[0].patients, projects[0].may_export), ("maxillo", 3, false), "to look at");
    assert!(
        looking(&lab.registry(), &lab.home(), Some("stranger")).projects().expect("readable").projects.is_empty(),
        "nothing"
    );
    assert_eq!(looking(&lab.registry(), &lab.home(), None).users().expect("readable").users.len(), 3, "all users");
    let page =
        looking(&lab.registry(), &lab.home(), None).patients("maxillo", &Selection::default(), Some(2), 1).expect("read");
    assert_eq!((page.total, page.patients.len()), (3, 2), "a page");
    assert_eq!((&*page.patients[0].id, page.patients[0].contents.len()), ("2", 2), "with what is registered");
}

#[test]
fn nobody_asks_in_the_name_of_a_stranger() {
    let lab = Lab::new();
    let error = looking(&lab.registry(), &lab.home(), Some("nobody")).users().expect_err("no such user");
    assert_eq!(error.code(), Code::UnknownUser, "also where the answer would be the same for all");
}

#[test]
fn a_registry_that_another_program_writes_is_looked_at_as_a_copy() {
    let lab = Lab::new();
    let writer = rusqlite::Connection::open(lab.registry()).expect("the registry, for writing");
    let change = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE project SET name = 'Renamed'";
    writer.execute_batch(change).expect("a change that is only in the WAL");
    let (registry, home) = (lab.registry(), lab.root().join("new home"));
    let looking = looking(&registry, &home, None);
    assert_eq!(looking.projects().expect("read from a copy").projects[0].name, "Renamed", "with what is not merged yet");
    assert_eq!(looking.users().expect("read from a copy").users.len(), 3, "users too");
    let page = looking.patients("maxillo", &Selection::default(), None, 0);
    assert_eq!(page.expect("read from a copy").total, 3, "and patients");
    assert_eq!(names(&home.join("scratch")), [""; 0], "no copy of a registry stays");
    writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE").expect("merged");
    std::fs::remove_dir_all(&home).expect("ours");
    looking.projects().expect("read in place");
    assert!(!home.exists(), "looking makes no home where none is needed");
}

#[test]
fn unknown_ids_that_are_left_out_are_in_the_record_and_in_the_archive() {
    let lab = Lab::new();
    let list = Selection {
        modality: vec!["cbct".to_owned()],
        patients_from: ["1", "77"].map(str::to_owned).into(),
        ..Selection::default()
    };
    let fail = ExportRequest { selection: list.clone(), ..lab.request() };
    let error = lab.sheaf().export(&fail, &unheard(), &Cancel::new()).expect_err("an unknown id");
    assert_eq!(error.message(), "1 id of the list names no patient.", "one is one");
    let skip = ExportRequest { on_missing: OnMissing::Skip, selection: list, ..lab.request() };
    let record = lab.sheaf().export(&skip, &unheard(), &Cancel::new()).expect("exported");
    assert_eq!(record.status, ExportStatus::Completed, "nothing is wrong with what was exported");
    assert_eq!(record.unknown_patients, ["77"], "nothing is cut silently");
    assert_eq!(lab.sheaf().show(&record.id).expect("there").unknown_patients, ["77"], "and found again tomorrow");
    let page = looking(&lab.registry(), &lab.home(), None).patients("maxillo", &skip.selection, None, 0).expect("read");
    assert_eq!((page.total, page.unknown_patients), (1, vec!["77".to_owned()]), "a list of patients tells them too");
}
