//! What can be done with an export that has ended: its archive, its record, its problems.

use std::path::PathBuf;

use serde_json::{Value, json};
use sheaf_app::demo::{DemoOptions, make_demo};
use sheaf_app::desk::Event;
use sheaf_app::progress::unheard;
use sheaf_app::studies::{StudyExportRequest, TableFormat};
use sheaf_app::wire::{DatasetExport, ExportStatus};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::studies::{StudyFilter, StudySort};
use sheaf_tables::Columns;

use super::exports::{failed, hear, made, until, until_status};
use super::native::Bench;
use crate::fixture::Lab;

fn bench() -> (Bench, DatasetExport, PathBuf) {
    let lab = Lab::new();
    let record = made(&lab);
    let path = lab.out().join("study.zip");
    (Bench::on(lab), record, path)
}

fn row(bench: &Bench) -> Value {
    bench.just("exports")["exports"][0].clone()
}

#[test]
fn a_record_is_removed_from_the_list_and_brought_back() {
    let (bench, record, path) = bench();
    let heard = hear(&bench);
    bench.get("remove_export", json!({"id": record.id}));
    until(&heard, |event| match event {
        Event::Exports { removed, .. } => removed.contains(&record.id).then_some(()),
        _ => None,
    });
    assert_eq!(bench.just("exports")["exports"], json!([]), "the list does not show it");
    assert!(path.is_file(), "the archive stays");
    let details = bench.get("export_details", json!({"id": record.id}));
    assert_eq!(details["removed_at"], "2025-10-20T14:30:22Z", "the record stays too, and says so");
    assert_eq!(bench.lab.sheaf().list().expect("readable").exports, [], "in the command line too");

    let back = bench.get("restore_export", json!({"id": record.id}));
    until_status(&heard, &record.id, ExportStatus::Completed);
    assert_eq!((&back["id"], &row(&bench)), (&json!(record.id), &back), "it is as it was");
    let audit = bench.lab.audit(&record.id);
    assert_eq!(audit[audit.len() - 2..], ["completed>completed", "completed>completed"], "both stand in the audit");
    assert_eq!(bench.refused("remove_export", json!({"id": "nothing"})), "UNKNOWN_EXPORT", "an id that never was");
}

#[test]
fn an_archive_goes_to_the_trash_only_if_it_is_the_records() {
    let (bench, record, path) = bench();
    let content = std::fs::read(&path).expect("there");
    std::fs::write(&path, "somebody's").expect("writable");
    assert_eq!(bench.refused("trash_archive", json!({"id": record.id})), "ARCHIVE_ALTERED", "another file");
    assert!(path.is_file() && bench.desktop.did("trash").is_empty(), "it stays");
    std::fs::write(&path, content).expect("writable");
    let trashed = bench.get("trash_archive", json!({"id": record.id}));
    assert_eq!(trashed["archive_state"], "missing", "the same content is the record's: {trashed}");
    assert_eq!(bench.desktop.did("trash"), [path.to_string_lossy()], "by the desktop, not deleted");
    let audit = bench.lab.audit(&record.id).len();
    bench.get("trash_archive", json!({"id": record.id}));
    assert_eq!(bench.lab.audit(&record.id).len(), audit, "what is gone is not trashed again");
    assert_eq!(bench.refused("show_in_folder", json!({"id": record.id})), "ARCHIVE_MISSING", "nothing to show");
}

#[test]
fn a_moved_archive_is_located_by_its_content() {
    let (bench, record, path) = bench();
    let elsewhere = bench.lab.root().join("moved.zip");
    std::fs::rename(&path, &elsewhere).expect("ours");
    let ask = json!({"id": record.id, "task": "l"});
    assert_eq!(bench.get("locate_archive", ask.clone()), Value::Null, "the dialog was closed");
    let mut altered = std::fs::read(&elsewhere).expect("there");
    altered[100] ^= 1;
    let other = bench.lab.root().join("other.zip");
    for content in [altered, b"short".to_vec()] {
        std::fs::write(&other, content).expect("writable");
        bench.desktop.will_choose_file(&other);
        assert_eq!(bench.refused("locate_archive", ask.clone()), "ARCHIVE_ALTERED", "another content");
    }
    assert_eq!(row(&bench)["archive_state"], "missing", "nothing changed");
    bench.desktop.will_choose_file(&elsewhere);
    let found = bench.get("locate_archive", ask);
    assert_eq!((&found["archive_state"], &found["path"]), (&json!("present"), &json!(elsewhere)), "{found}");
    assert_eq!(bench.get("verify_export", json!({"id": record.id, "task": "v"}))["ok"], true, "it is the archive");
    bench.get("show_in_folder", json!({"id": record.id}));
    assert_eq!(bench.desktop.did("show_in_folder"), [elsewhere.to_string_lossy()], "where it is now");
}

#[test]
fn the_same_export_is_made_again_under_the_next_name() {
    let (bench, record, path) = bench();
    std::fs::remove_file(&path).expect("ours");
    let heard = hear(&bench);
    for name in ["study_2", "study_3"] {
        let again = bench.get("export_again", json!({"id": record.id, "task": "a", "leave_out": false}));
        assert_eq!(again["name"], name, "the record before keeps its name");
        let end = until_status(&heard, again["id"].as_str().expect("an id"), ExportStatus::Completed);
        assert_eq!((end.files, &*end.user), (record.files, "owner"), "the same");
    }
    assert_eq!(bench.lab.files_out(), ["study_2.zip", "study_3.zip"], "beside");
    bench.lab.write_registry(false);
    std::fs::remove_file(bench.lab.source(1, "processed")).expect("ours");
    let again = bench.get("export_again", json!({"id": record.id, "task": "a", "leave_out": false}));
    let end = until_status(&heard, again["id"].as_str().expect("an id"), ExportStatus::Failed);
    assert_eq!(end.error.map(|error| error.code), Some("SOURCE_MISSING".to_owned()), "files are looked at anew");
    let without = bench.get("export_again", json!({"id": end.id, "task": "a", "leave_out": true}));
    let end = until_status(&heard, without["id"].as_str().expect("an id"), ExportStatus::CompletedWithProblems);
    assert_eq!(end.files, record.files - 1, "without the file that is gone");
}

#[test]
fn a_table_of_studies_counts_studies_and_is_made_again_as_one() {
    let lab = Lab::new();
    let demo =
        DemoOptions { dir: lab.root().join("demo"), patients: 1, studies: 40, seed: 1, sparse: true, with_faults: false };
    let registry = make_demo(&demo, &Unobserved, &Cancel::new()).expect("made").registry;
    let request = StudyExportRequest {
        registry,
        user: None,
        filter: StudyFilter::default(),
        sort: StudySort::default(),
        columns: Columns::list(),
        format: TableFormat::Csv,
        bom: true,
        neutralise: true,
        sha256_file: false,
        out: lab.out(),
    };
    let record = lab.sheaf().export_studies(&request, &unheard(), &Cancel::new()).expect("a record");
    let bench = Bench::on(lab);
    let listed = row(&bench);
    assert_eq!((&listed["studies"], &listed["patients"]), (&json!(40), &json!(0)), "{listed}");
    let heard = hear(&bench);
    let again = bench.get("export_again", json!({"id": record.id, "task": "a", "leave_out": false}));
    let end = until_status(&heard, again["id"].as_str().expect("an id"), ExportStatus::Completed);
    assert_eq!(end.studies, Some(40), "the same studies");
    assert_ne!(end.path, record.archive.map(|archive| archive.path), "beside the first");
}

#[test]
fn a_copy_is_saved_whole_and_replaces_only_what_the_user_gave_up() {
    let (bench, record, path) = bench();
    let ask = json!({"id": record.id, "task": "s"});
    assert_eq!(bench.get("save_copy", ask.clone()), Value::Null, "the dialog was closed");
    assert_eq!(bench.desktop.did("choose_save"), ["study.zip"], "the archive's name is suggested");
    let copy = bench.lab.root().join("copy.zip");
    std::fs::write(&copy, "old").expect("writable");
    bench.desktop.will_save(&copy);
    assert_eq!(bench.get("save_copy", ask.clone())["path"], json!(copy), "the dialog has asked");
    assert_eq!(std::fs::read(&copy).expect("there"), std::fs::read(&path).expect("there"), "byte for byte");
    for own in [path.clone(), bench.lab.registry(), bench.lab.home().join("settings.toml")] {
        let before = std::fs::read(&own).expect("there");
        bench.desktop.will_save(&own);
        assert_eq!(bench.refused("save_copy", ask.clone()), "DESTINATION_TAKEN", "{}", own.display());
        assert_eq!(std::fs::read(&own).expect("there"), before, "{} is untouched", own.display());
    }
    std::fs::write(&path, "altered").expect("writable");
    bench.desktop.will_save(&copy);
    assert_eq!(bench.refused("save_copy", ask), "ARCHIVE_ALTERED", "never a bad copy");
    assert!(std::fs::metadata(&copy).expect("there").len() > 100, "the good one stays");
    let left: Vec<_> = crate::fixture::names(bench.lab.root()).into_iter().filter(|name| name.contains("part")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn problems_leave_as_a_table_and_a_report_without_patients() {
    let lab = Lab::new();
    let source = std::fs::read(lab.source(2, "processed")).expect("there");
    std::fs::remove_file(lab.source(2, "processed")).expect("ours");
    let request = sheaf_app::ExportRequest { on_missing: OnMissing::Skip, ..lab.request() };
    let record = lab.sheaf().export(&request, &unheard(), &Cancel::new()).expect("a record");
    std::fs::write(lab.source(2, "processed"), source).expect("writable");
    let bench = Bench::on(lab);
    let csv = bench.lab.root().join("problems.csv");
    bench.desktop.will_save(&csv);
    assert_eq!(bench.get("save_problems", json!({"id": record.id}))["path"], json!(csv));
    assert_eq!(bench.desktop.did("choose_save"), ["study_problems.csv"], "a name is suggested");
    let text = std::fs::read_to_string(&csv).expect("UTF-8");
    assert!(text.starts_with("\u{feff}file,patient,path,code,message,omitted\r\n"), "{text}");
    assert!(text.contains("processed_2.nii.gz,SOURCE_MISSING,") && text.ends_with(",yes\r\n"), "{text}");
    bench.desktop.will_save(&bench.lab.out().join("study.zip"));
    assert_eq!(bench.refused("save_problems", json!({"id": record.id})), "DESTINATION_TAKEN", "an archive is in the way");

    let copied = |what: &str| {
        bench.get("copy_text", json!({"id": record.id, "what": what}));
        bench.desktop.did("copy").pop().expect("copied")
    };
    assert_eq!(copied("path"), bench.lab.out().join("study.zip").to_string_lossy());
    assert_eq!(copied("sha256"), record.archive.as_ref().expect("there").sha256);
    let report = copied("report");
    assert!(report.contains("Problem SOURCE_MISSING: 1 files, 1 of them left out"), "{report}");
    assert!(report.contains(&record.id) && report.contains("2 patients, 2 files"), "{report}");
    for secret in ["processed_2", "study", &*bench.lab.root().to_string_lossy()] {
        assert!(!report.contains(secret), "{secret} is nobody's business: {report}");
    }
    std::fs::remove_file(bench.lab.out().join("study.zip")).expect("ours");
    let failed = failed(&bench.lab);
    bench.get("copy_text", json!({"id": failed, "what": "report"}));
    let report = bench.desktop.did("copy").pop().expect("copied");
    assert!(report.contains("Code SOURCE_MISSING") && !report.contains("nii.gz"), "{report}");
    assert_eq!(bench.refused("copy_text", json!({"id": failed, "what": "path"})), "STATE_CONFLICT", "there is none");
}
