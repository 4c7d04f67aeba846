//! What a demo promises: the same for the same seed, sound but for what was planted, and nothing left where it fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sheaf_archive::file_root::LocalFileStore;
use sheaf_archive::plan::{OnMissing, Plan, Planning};
use sheaf_registry::access::{Actor, Viewer};
use sheaf_registry::progress::{Progress, Unobserved};
use sheaf_registry::registry::Registry;
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::RegisteredHash;
use sheaf_registry::selection::{KindChoice, Selection};

use super::*;

/// Coarse, so that tests are quick.
const COARSE: Fineness = Fineness { pitch: 2.4, photo: 60, volume: 12 };

fn options(dir: &Path) -> DemoOptions {
    DemoOptions { dir: dir.to_owned(), patients: 3, studies: 40, seed: 7, sparse: false, with_faults: false }
}

fn made(options: &DemoOptions) -> DemoReport {
    make(options, COARSE, &Unobserved, &Cancel::new()).expect("a demo")
}

/// A place for a demo that is not there yet.
fn place() -> (tempfile::TempDir, PathBuf) {
    let outer = tempfile::tempdir().expect("a temporary folder");
    let dir = outer.path().join("new/demo");
    (outer, dir)
}

/// Everything below a folder: files with their bytes and times.
fn contents(dir: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let entry = entry.expect("readable");
            if entry.file_type().expect("readable").is_dir() {
                folders.push(entry.path());
                continue;
            }
            // A link has a time of its own, which nobody reads.
            let time = fs::metadata(entry.path()).expect("readable").modified().expect("has one");
            let path = entry.path().strip_prefix(dir).expect("below").to_owned();
            found.insert(path, (fs::read(entry.path()).expect("readable"), time));
        }
    }
    found
}

/// Whether a file begins as files of its kind do.
fn begins_as_named(path: &str, content: &[u8]) -> bool {
    match path.rsplit_once('.').expect("an extension").1 {
        "gz" => content.starts_with(&[0x1f, 0x8b]),
        "png" => content.starts_with(b"\x89PNG\r\n"),
        "jpg" => content.starts_with(&[0xff, 0xd8, 0xff]),
        "dcm" => content[128..].starts_with(b"DICM"),
        "stl" => content.len() > 84 && (content.len() - 84).is_multiple_of(50),
        "json" => serde_json::from_slice::<serde_json::Value>(content).is_ok(),
        _ => false,
    }
}

fn everything() -> Selection {
    Selection { all: true, all_modalities: true, kind: Some(KindChoice::Both), ..Selection::default() }
}

fn owner(registry: &Registry) -> Viewer {
    registry.viewer(&Actor::Owner).expect("anyone who can open the file")
}

fn plan(report: &DemoReport, project: &str) -> Plan {
    let registry = Registry::open(&report.registry).expect("a registry");
    let resolved = Resolved::new(&registry, &owner(&registry), project, &everything()).expect("patients with files");
    let store = Arc::new(LocalFileStore::open(resolved.roots()));
    let cancel = Cancel::new();
    let planning = Planning { store, on_missing: OnMissing::Skip, threads: 2, observer: &Unobserved, cancel: &cancel };
    Plan::new(resolved, &planning).expect("a plan")
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let (_first, one) = place();
    let (_second, two) = place();
    let (_third, other) = place();
    let one_report = made(&DemoOptions { with_faults: true, ..options(&one) });
    made(&DemoOptions { with_faults: true, ..options(&two) });
    made(&DemoOptions { seed: 8, ..options(&other) });
    let (one, two, other) = (contents(&one), contents(&two), contents(&other));
    assert!(one.keys().eq(two.keys()), "the same names");
    for (path, file) in &one {
        if path.as_path() != Path::new("registry.sqlite") {
            assert!(two[path] == *file, "{} has the same bytes and time", path.display());
        }
    }
    let registry = Path::new("registry.sqlite");
    assert!(one[registry].0 == two[registry].0, "the same rows in the same places");
    assert!(one[registry].0 != other[registry].0, "another seed, other people");
    assert!(one_report.registry.is_absolute() && one_report.data.is_absolute(), "places for whoever stands elsewhere");
}

#[test]
fn every_row_has_its_file_with_its_size_and_its_hash() {
    let (_outer, dir) = place();
    let report = made(&DemoOptions { patients: 8, ..options(&dir) });
    // Moved, to show that the registry holds no place of this machine.
    let moved = dir.with_file_name("moved");
    fs::rename(&dir, &moved).expect("a folder like any other");
    let report = DemoReport { registry: moved.join("registry.sqlite"), data: moved.join("data"), ..report };
    let (mut files, mut bytes, mut patients, mut incomparable) = (0, 0, BTreeSet::new(), 0);
    for project in &report.projects {
        let plan = plan(&report, project);
        assert!(plan.problems().is_empty(), "sound: {:?}", plan.problems());
        for entry in plan.entries() {
            let content = fs::read(report.data.join(&*entry.path)).expect("there");
            assert_eq!(content.len() as u64, entry.bytes, "{}", entry.path);
            assert!(begins_as_named(&entry.path, &content), "{} is what its name says", entry.path);
            match &entry.hash {
                RegisteredHash::Sha256(hash) => {
                    assert_eq!(<[u8; 32]>::from(Sha256::digest(&content)), *hash, "{}", entry.path);
                }
                RegisteredHash::NotComparable(_) => incomparable += 1,
                RegisteredHash::None => panic!("{} has no hash", entry.path),
            }
            assert!(entry.path.starts_with(&format!("{project}/{}/", entry.kind.as_str())), "{}", entry.path);
            patients.insert(plan.patients()[entry.patient as usize].patient_id.to_string());
            files += 1;
            bytes += entry.bytes;
        }
    }
    assert_eq!((files, bytes), (report.files, report.bytes), "as many as were told of");
    assert!(incomparable > 0, "real registries hold hashes that say nothing");
    assert!(patients.iter().all(|id| (1..=8).contains(&id.parse().expect("a number"))), "{patients:?} of 1 to 8");
    assert_eq!(report.projects, ["maxillo", "brain"], "two projects");
}

#[test]
fn something_is_lacking_and_one_modality_stands_in_no_table() {
    let (_outer, dir) = place();
    let report = made(&DemoOptions { patients: 12, ..options(&dir) });
    let registry = Registry::open(&report.registry).expect("a registry");
    let modality = ["cbct", "ios", "intraoral-photo", "panoramic", "teleradiography"].map(str::to_owned).into();
    let selection = Selection { all_modalities: false, modality, ..everything() };
    let resolved = Resolved::new(&registry, &owner(&registry), "maxillo", &selection).expect("patients");
    let parts = resolved.into_parts();
    assert!(!parts.lacking.is_empty(), "patients lack examinations, as in life");
    let plan = plan(&report, "maxillo");
    assert!(plan.modalities().iter().any(|modality| &*modality.slug == "bite-classification"), "also what is unlisted");
}

#[test]
fn users_see_and_export_what_they_should() {
    let (_outer, dir) = place();
    let report = made(&options(&dir));
    let registry = Registry::open(&report.registry).expect("a registry");
    let users: Vec<_> = registry.users().expect("readable").into_iter().map(|user| (user.name, user.role)).collect();
    let named = |name: &str, role: &str| (name.to_owned(), role.to_owned());
    assert_eq!(users, [named("anna", "exporter"), named("bruno", "exporter"), named("vera", "viewer")], "three users");
    for (user, rights) in [
        ("anna", &[("maxillo", true), ("brain", true)][..]),
        ("bruno", &[("maxillo", true)]),
        ("vera", &[("maxillo", false), ("brain", false)]),
    ] {
        let viewer = registry.viewer(&Actor::User(user.to_owned())).expect("known");
        let projects = registry.projects(&viewer).expect("readable");
        let seen: BTreeSet<_> = projects.iter().map(|seen| (seen.project.slug.as_str(), seen.may_export)).collect();
        assert_eq!(seen, rights.iter().copied().collect(), "{user}");
    }
}

#[test]
fn what_is_there_already_is_refused_and_stays_as_it_is() {
    let outer = tempfile::tempdir().expect("a temporary folder");
    fs::write(outer.path().join("mine.txt"), "mine").expect("writable");
    let before = contents(outer.path());
    for dir in [outer.path().to_owned(), outer.path().join("mine.txt")] {
        let error = make(&options(&dir), COARSE, &Unobserved, &Cancel::new()).expect_err("refused");
        assert_eq!(error.code(), Code::DestinationTaken, "{error}");
        assert!(!error.next_step().is_empty(), "{error} says what to do");
        assert_eq!(contents(outer.path()), before, "untouched");
    }
    let (_outer, dir) = place();
    let many = DemoOptions { patients: DemoOptions::MOST + 1, ..options(&dir) };
    let error = make(&many, COARSE, &Unobserved, &Cancel::new()).expect_err("refused");
    assert_eq!(error.code(), Code::Usage, "{error}");
    assert!(!dir.exists(), "nothing was made");
}

/// Stops the work when so many files are done.
struct StopAt(u64, Cancel);

impl Observer for StopAt {
    fn observe(&self, progress: &Progress) {
        assert!(progress.files_done <= progress.files_total, "{progress:?}");
        if progress.files_done >= self.0 {
            self.1.raise();
        }
    }
}

#[test]
fn cancelled_it_leaves_nothing() {
    for (sparse, with_faults, files) in [(false, false, 1), (false, true, 9), (true, false, 10), (true, true, 30)] {
        let (outer, dir) = place();
        let stop = StopAt(files, Cancel::new());
        let options = DemoOptions { sparse, with_faults, ..options(&dir) };
        let error = make(&options, COARSE, &stop, &stop.1).expect_err("stopped");
        assert_eq!(error.code(), Code::Cancelled, "{error}");
        let left = fs::read_dir(outer.path()).expect("readable").count();
        assert_eq!(left, 0, "also the folders around it are gone, at {files} files, sparse: {sparse}");

        // A folder that was there stays, empty.
        let (_outer, dir) = place();
        fs::create_dir_all(&dir).expect("writable");
        let stop = StopAt(files, Cancel::new());
        let options = DemoOptions { dir: dir.clone(), ..options };
        make(&options, COARSE, &stop, &stop.1).expect_err("stopped");
        assert_eq!(fs::read_dir(&dir).expect("it is there").count(), 0, "empty again");
    }
}

#[test]
fn a_sparse_demo_has_ten_files_a_patient_and_takes_no_disk() {
    let (_outer, dir) = place();
    let report = made(&DemoOptions { sparse: true, patients: 450, ..options(&dir) });
    assert_eq!((report.patients, report.files), (450, 4_500), "ten each");
    let plan = plan(&report, "maxillo");
    assert!(plan.problems().is_empty(), "sound: {:?}", plan.problems());
    assert_eq!((plan.entries().len(), plan.total_bytes()), (4_500, report.bytes), "every row has its file and size");
    assert!(report.bytes > 450 * 60_000_000, "of realistic size");
    assert!(plan.entries().iter().all(|entry| entry.hash == RegisteredHash::None), "nobody hashed a hole");
    let mut names = BTreeMap::<&str, u64>::new();
    for entry in plan.entries() {
        *names.entry(entry.path.rsplit_once('/').expect("in a folder").0).or_default() += 1;
    }
    assert!(names.values().all(|count| *count <= 2_000), "folders that a file manager can show: {names:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let blocks =
            plan.entries().iter().map(|entry| fs::metadata(report.data.join(&*entry.path)).expect("there").blocks());
        assert!(blocks.sum::<u64>() * 512 < 1_000_000, "holes");
    }
}

#[test]
fn what_is_planted_is_found_under_its_code() {
    let (_outer, dir) = place();
    let report = made(&DemoOptions { with_faults: true, ..options(&dir) });
    let planted = fs::read(dir.join("planted.json")).expect("a list");
    let planted: BTreeMap<String, Vec<String>> = serde_json::from_slice(&planted).expect("JSON");
    let plan = plan(&report, "maxillo");
    let found: BTreeMap<&str, &str> =
        plan.problems().iter().map(|problem| (problem.file.as_str(), problem.code.as_str())).collect();
    let mut expected = BTreeMap::new();
    for (what, code) in [
        ("missing", Code::SourceMissing),
        ("other_size", Code::SizeMismatch),
        ("parent_path", Code::PathEscape),
        #[cfg(unix)]
        ("link_out", Code::PathEscape),
    ] {
        expected.extend(planted[what].iter().map(|id| (id.as_str(), code.as_str())));
    }
    assert_eq!(found, expected, "these and no others");
    let of = |id: &String| plan.entries().iter().find(|entry| entry.file_id() == id.as_str());
    let changed = of(&planted["changed"][0]).expect("it is exported, and found while writing");
    let content = fs::read(report.data.join(&*changed.path)).expect("there");
    assert_eq!(content.len() as u64, changed.bytes, "of the same size");
    assert!(changed.hash != RegisteredHash::Sha256(Sha256::digest(&content).into()), "other bytes");
    let twice: Vec<_> = planted["duplicate_row"].iter().filter_map(of).collect();
    assert_eq!((planted["duplicate_row"].len(), twice.len()), (2, 1), "two rows, one entry");
    for id in ["hostile_name", "colliding_name", "hostile_patient"].iter().flat_map(|what| &planted[*what]) {
        assert!(of(id).is_some(), "file {id} is planned under a safe name");
    }
    let secret = fs::read(dir.join("outside/secret.txt")).expect("outside");
    assert!(!secret.is_empty(), "something to be found if it leaked");
}

#[test]
fn studies_are_told_in_the_hospitals_words_and_some_are_of_the_patients() {
    let (_outer, dir) = place();
    let report = made(&DemoOptions { patients: 6, studies: 300, ..options(&dir) });
    let database = rusqlite::Connection::open(&report.registry).expect("a database");
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count");
    assert_eq!(count("SELECT count(*) FROM study"), 300, "as many as asked for");
    assert!(count("SELECT count(*) FROM study WHERE exam_status = '終審報告' AND exam_source = '門診'") > 60, "most");
    assert!(count("SELECT count(*) FROM study WHERE medical_record_no LIKE '0%'") > 150, "leading zeros stay");
    assert!(count("SELECT count(*) FROM study JOIN patient ON record_no = medical_record_no") > 5, "some are theirs");
    assert!(count("SELECT count(*) FROM study WHERE report_certification_datetime < check_in_datetime") == 0, "in order");
    assert!(count("SELECT count(*) FROM study WHERE patient_age NOT BETWEEN 5 AND 90") == 0, "ages of people");
}

#[cfg(unix)]
#[test]
fn a_place_whose_name_is_no_text_is_answered() {
    use std::os::unix::ffi::OsStringExt as _;
    let path = std::path::PathBuf::from(std::ffi::OsString::from_vec(b"/d\xff/registry.sqlite".to_vec()));
    let report = DemoReport { registry: path.clone(), data: path, projects: vec![], patients: 1, files: 1, bytes: 1 };
    let json = serde_json::to_value(&report).expect("the demo stands there: the answer may not be lost");
    assert_eq!(json["registry"], "/d\u{fffd}/registry.sqlite", "as well as text can say it");
}
