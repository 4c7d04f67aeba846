use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use proptest::prelude::*;
use sheaf_registry::file_store::{FileStat, FileStore, SourceError, SourceFile};
use sheaf_registry::ids::{FileId, PatientId, ProjectId, RootId};
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress, Unobserved};
use sheaf_registry::resolve::{Lacking, ResolvedFile, ResolvedModality, ResolvedPatient};
use sheaf_registry::rows::{Kind, Project, RegisteredHash};
use sheaf_registry::selection::{FolderRef, KindChoice, Selection, TagMode};
use sheaf_registry::text::fold;
use sheaf_registry::{Code, Result};
use sheaf_testkit::store::MemoryStore;

use super::{OnMissing, Plan, PlannedEntry, Planning};
use crate::entry_name::{ArchiveName, EntryName};
use crate::manifest::write_manifest;
use crate::metadata::{ExportHeader, WrittenFile, write_metadata};

/// Rows of a selection, as a registry would give them.
pub(crate) struct Rows {
    plan: Plan,
    files: Vec<ResolvedFile>,
}

impl Rows {
    /// Patients with these numbers, and modalities with these slugs.
    pub(crate) fn new(kind: KindChoice, numbers: &[u64], slugs: &[&str]) -> Rows {
        let patients = (1..).zip(numbers).map(|(id, number)| ResolvedPatient {
            id: PatientId(id),
            patient_id: number.to_string().into(),
            number: *number,
            folders: Box::default(),
            tags: Box::default(),
        });
        let modalities = slugs.iter().map(|slug| ResolvedModality { slug: (*slug).to_owned(), name: slug.to_uppercase() });
        let plan = Plan {
            user: "owner".to_owned(),
            project: Project { id: ProjectId(1), slug: "maxillo".to_owned(), name: "Maxillo".to_owned() },
            selection: Selection { all: true, all_modalities: true, kind: Some(kind), ..Selection::default() },
            on_missing: OnMissing::Fail,
            patients: patients.collect(),
            patient_dirs: Vec::new(),
            folders: Vec::new(),
            tags: Vec::new(),
            modalities: modalities.collect(),
            modality_dirs: Vec::new(),
            entries: Vec::new(),
            duplicates: Vec::new(),
            lacking: Vec::new(),
            problems: Vec::new(),
            unknown_patients: Vec::new(),
            forbidden_patients: 0,
            synced_at: None,
        };
        Rows { plan, files: Vec::new() }
    }

    /// A further file; its id is its number in the order of these calls, from 1.
    pub(crate) fn file(mut self, patient: u32, modality: u16, kind: Kind, path: &str) -> Rows {
        self.files.push(ResolvedFile {
            id: FileId(i64::try_from(self.files.len()).expect("a test has few files") + 1),
            source_id: None,
            patient,
            modality,
            kind,
            root: RootId(1),
            path: path.into(),
            registered_bytes: None,
            hash: RegisteredHash::None,
            may_be_folder: false,
        });
        self
    }

    /// A further row whose path may be a folder's, with what the registry says of it.
    fn folder(mut self, patient: u32, path: &str, bytes: u64, hash: RegisteredHash) -> Rows {
        self = self.file(patient, 0, Kind::Raw, path).registered(bytes, hash);
        self.files.last_mut().expect("it was just added").may_be_folder = true;
        self
    }

    /// What the registry says of the last file.
    pub(crate) fn registered(mut self, bytes: u64, hash: RegisteredHash) -> Rows {
        let file = self.files.last_mut().expect("a file was added before");
        (file.registered_bytes, file.hash) = (Some(bytes), hash);
        self
    }

    pub(crate) fn planned(self, store: &Arc<dyn FileStore>) -> Plan {
        self.planned_with(store, &Unobserved, &Cancel::new()).expect("nothing stops this planning")
    }

    fn planned_with(self, store: &Arc<dyn FileStore>, observer: &dyn Observer, cancel: &Cancel) -> Result<Plan> {
        let planning = Planning { store: Arc::clone(store), on_missing: OnMissing::Fail, threads: 3, observer, cancel };
        self.plan.with_files(self.files, &planning)
    }
}

/// Every file is there, with as many bytes as its path; but those whose path begins with the word of a code.
struct Listed;

impl FileStore for Listed {
    fn stat(&self, _: RootId, path: &str) -> Result<FileStat, SourceError> {
        if let Some(code) = Code::ALL.iter().find(|code| path.starts_with(code.as_str())) {
            return Err(SourceError { code: *code, message: format!("It is {code}.") });
        }
        Ok(FileStat { bytes: path.len() as u64, modified_seconds: 1_700_000_000, modified_nanos: 0, identity: (0, 0, 0) })
    }

    fn open(&self, _: RootId, _: &str, _: u64) -> Result<Box<dyn SourceFile>, SourceError> {
        panic!("planning never reads a file")
    }
}

pub(crate) fn listed() -> Arc<dyn FileStore> {
    Arc::new(Listed)
}

/// A plan with one of everything.
pub(crate) fn everything() -> Plan {
    let mut rows = Rows::new(KindChoice::Both, &[7, 8], &["cbct", "ios"])
        .file(0, 0, Kind::Raw, "SOURCE_MISSING/scan.dcm")
        .file(0, 1, Kind::Raw, "maxillo/up:per.stl")
        .registered(18, RegisteredHash::Sha256([0xab; 32]))
        .file(0, 1, Kind::Raw, "maxillo/up:per.stl")
        .registered(18, RegisteredHash::NotComparable("multi-file".into()))
        .file(0, 1, Kind::Processed, "maxillo/lower.stl")
        .registered(18, RegisteredHash::Sha256([1; 32]))
        .file(1, 1, Kind::Other, "maxillo/late.stl")
        .registered(16, RegisteredHash::NotComparable("0cc175b9c0f1b6a831c399e269772661".into()))
        .file(1, 1, Kind::Other, "maxillo/note.txt");
    rows.files[3].source_id = Some("s3/77".into());
    let plan = &mut rows.plan;
    plan.selection = Selection {
        folder: vec![
            FolderRef { id: None, path: Some(vec!["A".to_owned(), "b/c".to_owned()]) },
            FolderRef { id: Some("4".to_owned()), path: None },
        ],
        folder_id: vec!["5".to_owned()],
        patient: vec!["7".to_owned()],
        patients_from: vec!["8".to_owned(), "999".to_owned()],
        tag: vec!["ortho".to_owned()],
        tag_mode: TagMode::All,
        modality: vec!["cbct".to_owned(), "ios".to_owned()],
        kind: Some(KindChoice::Both),
        ..Selection::default()
    };
    plan.unknown_patients = vec!["999".to_owned()];
    plan.folders = vec![vec!["A".to_owned(), "b/c".to_owned()], vec!["D".to_owned()]];
    plan.tags = vec!["ortho".to_owned()];
    plan.patients[0].folders = Box::new([0, 1]);
    plan.patients[0].tags = Box::new([0]);
    plan.lacking = vec![Lacking { patient: 1, modality: 0 }];
    plan.synced_at = Some("2025-10-19T00:00:00Z".parse().expect("a time"));
    rows.planned(&listed())
}

fn paths(plan: &Plan) -> Vec<String> {
    (0..plan.entries().len()).map(|index| plan.entry_path(index)).collect()
}

#[test]
fn entries_stand_in_folders_of_patient_and_modality() {
    let rows = |kind| {
        Rows::new(kind, &[7, 12_345], &["cbct", "ios"])
            .file(1, 1, Kind::Processed, "b/upper.stl")
            .file(0, 0, Kind::Processed, "a/scan.nii.gz")
            .file(0, 1, Kind::Processed, "a/lower.stl")
            .planned(&listed())
    };
    let plan = rows(KindChoice::Processed);
    let expected = ["patient_007/cbct/scan.nii.gz", "patient_007/ios/lower.stl", "patient_12345/ios/upper.stl"];
    assert_eq!(paths(&plan), expected, "entries are ordered by patient, modality and path, whatever the rows' order");
    let both = paths(&rows(KindChoice::Both));
    assert_eq!(both[0], "patient_007/cbct/processed/scan.nii.gz", "with both kinds a folder tells them apart");
    let top = ArchiveName::new("study").expect("a good name");
    assert_eq!(
        plan.entry_name(&top, 0).as_str(),
        "study/patient_007/cbct/scan.nii.gz",
        "everything is below the top folder"
    );
}

#[test]
fn raw_and_processed_of_one_name_do_not_meet() {
    let plan = Rows::new(KindChoice::Both, &[1], &["cbct"])
        .file(0, 0, Kind::Raw, "raw/scan.nii")
        .file(0, 0, Kind::Processed, "processed/scan.nii")
        .file(0, 0, Kind::Other, "scan.nii")
        .planned(&listed());
    let expected = ["raw", "processed", "other"].map(|kind| format!("patient_001/cbct/{kind}/scan.nii"));
    assert_eq!(paths(&plan), expected, "each kind has a folder, so no name needs a number");
}

#[test]
fn two_rows_for_one_path_are_one_entry() {
    let plan = Rows::new(KindChoice::Both, &[1, 2], &["ios", "cbct"])
        .file(0, 0, Kind::Raw, "a/x.stl")
        .registered(7, RegisteredHash::None)
        .file(0, 0, Kind::Raw, "a/y.stl")
        .file(0, 0, Kind::Raw, "a/x.stl")
        .registered(9, RegisteredHash::Sha256([3; 32]))
        .file(0, 0, Kind::Raw, "a/x.stl")
        .registered(7, RegisteredHash::NotComparable("multi-file".into()))
        .file(0, 1, Kind::Raw, "a/x.stl")
        .file(1, 0, Kind::Raw, "a/x.stl")
        .planned(&listed());
    let expected = [
        "patient_001/ios/raw/x.stl",
        "patient_001/ios/raw/y.stl",
        "patient_001/cbct/raw/x.stl",
        "patient_002/ios/raw/x.stl",
    ];
    assert_eq!(paths(&plan), expected, "one entry for each path of a patient, a modality and a kind");
    let rows: Vec<_> = plan.duplicates_of(0).iter().map(|row| (row.file_id().into_owned(), row.hash.clone())).collect();
    let further = [
        ("3".to_owned(), RegisteredHash::Sha256([3; 32])),
        ("4".to_owned(), RegisteredHash::NotComparable("multi-file".into())),
    ];
    assert_eq!(rows, further, "the other rows are kept with what they say");
    assert!((1..4).all(|index| plan.duplicates_of(index).is_empty()), "and only where they belong");
    let differ = |sha256| plan.hash_problems(0, &sha256).map(|problem| problem.file).collect::<Vec<_>>();
    assert_eq!(differ([9; 32]), ["3"], "each comparable hash is compared, also a further row's");
    assert!(differ([3; 32]).is_empty(), "a hash that matches is no problem");
    let mismatch: Vec<_> = plan.problems().iter().map(|problem| (problem.file.as_str(), problem.code.as_str())).collect();
    assert_eq!(mismatch, [("3", "SIZE_MISMATCH")], "each row is compared with the file, not only the first");
}

#[test]
fn files_of_one_name_get_numbers() {
    let plan = Rows::new(KindChoice::Raw, &[1], &["cbct"])
        .file(0, 0, Kind::Raw, "a/scan.nii.gz")
        .file(0, 0, Kind::Raw, "b/SCAN.nii.gz")
        .file(0, 0, Kind::Raw, "c/scan_2.nii.gz")
        .file(0, 0, Kind::Raw, "d/sca\u{200b}n_3.nii.gz")
        .file(0, 0, Kind::Raw, "e/scan_3.nii.gz")
        .file(0, 0, Kind::Raw, "f/scan.nii.gz")
        .planned(&listed());
    let names: Vec<_> = plan.entries().iter().map(PlannedEntry::name).collect();
    let expected = ["scan.nii.gz", "SCAN_4.nii.gz", "scan_2.nii.gz", "scan_3_2.nii.gz", "scan_3.nii.gz", "scan_5.nii.gz"];
    assert_eq!(names, expected, "names that are safe and free stay; the others get the next free number");
}

#[test]
fn series_of_slices_stay_apart_and_no_folder_of_the_source_is_named() {
    let rows = |more: &[&str]| {
        let series = ["Rossi/ct1/1.dcm", "Rossi/ct1/x.dcm", "Rossi/ct1/deeper/3.dcm", "Rossi/ct2/1.DCM", "Rossi/ct2/3.dcm"];
        let mut rows = Rows::new(KindChoice::Both, &[1], &["ct"]);
        for path in series.iter().chain(more) {
            rows = rows.file(0, 0, Kind::Raw, path);
        }
        paths(&rows.planned(&listed()))
    };
    let apart = ["001/1.dcm", "001/x.dcm", "002/3.dcm", "003/1.DCM", "003/3.dcm"];
    let below = |names: &[&str]| names.iter().map(|name| format!("patient_001/ct/raw/{name}")).collect::<Vec<_>>();
    assert_eq!(rows(&[]), below(&apart), "each folder of the source is one, in the order of the paths");
    // Also one that meets no other, and what has to be renamed in it.
    let more = rows(&["Rossi/ct3/a?.dcm", "Rossi/ct3/a_.dcm", "Rossi/ct3/A_.dcm"]);
    assert_eq!(more[5..], below(&["004/A_.dcm", "004/a__2.dcm", "004/a__3.dcm"]));
    let long = format!("Rossi/ct3/{}.dcm", "x".repeat(300));
    let long = rows(&[&long]).pop().expect("a path");
    assert!(long.len() <= 240 && long.ends_with("x.dcm"), "it fits with its folder: {long}");

    let together = |files: &[&str]| {
        let rows =
            files.iter().fold(Rows::new(KindChoice::Raw, &[1], &["ct"]), |rows, path| rows.file(0, 0, Kind::Raw, path));
        paths(&rows.planned(&listed()))
    };
    let below = |names: &[&str]| names.iter().map(|name| format!("patient_001/ct/{name}")).collect::<Vec<_>>();
    assert_eq!(together(&["a/1", "a/2", "b/3", "b/4"]), below(&["1", "2", "3", "4"]), "what does not meet is not parted");
    assert_eq!(together(&["a/1", "a/2", "b/1"]), below(&["1", "2", "1_2"]), "a single file gets a number");
    assert_eq!(together(&["a/1", "a/x?", "a/x_"]), below(&["1", "x__2", "x_"]), "one folder is not parted");
}

#[test]
fn folders_are_unique_too() {
    let plan = Rows::new(KindChoice::Raw, &[5, 5], &["IOS", "ios", "a/b", "con", ""])
        .file(0, 0, Kind::Raw, "x")
        .file(0, 1, Kind::Raw, "x")
        .file(0, 2, Kind::Raw, "x")
        .file(0, 3, Kind::Raw, "x")
        .file(0, 4, Kind::Raw, "x")
        .file(1, 0, Kind::Raw, "x")
        .planned(&listed());
    let expected = [
        "patient_005/IOS/x",
        "patient_005/ios_2/x",
        "patient_005/a_b/x",
        "patient_005/_con/x",
        "patient_005/_/x",
        "patient_005_2/IOS/x",
    ];
    assert_eq!(paths(&plan), expected, "no two patients and no two modalities may share a folder");
}

#[test]
fn files_that_cannot_be_had_are_listed_and_left_out() {
    let codes = ["SOURCE_MISSING", "SOURCE_UNREADABLE", "SOURCE_NOT_REGULAR", "PATH_ESCAPE", "ROOT_MISSING"];
    let mut rows = Rows::new(KindChoice::Raw, &[1, 9], &["ios"]);
    for code in codes {
        rows = rows.file(1, 0, Kind::Raw, &format!("{code}/x"));
    }
    let plan = rows
        .file(0, 0, Kind::Raw, "good")
        .registered(4, RegisteredHash::None)
        .file(0, 0, Kind::Raw, "grown")
        .registered(4, RegisteredHash::None)
        .planned(&listed());
    assert_eq!(paths(&plan), ["patient_001/ios/good", "patient_001/ios/grown"], "only what is there is an entry");
    let omitted: HashSet<_> = plan.problems().iter().filter(|problem| problem.omitted).map(|p| p.code.as_str()).collect();
    assert_eq!(omitted, codes.into(), "everything that is left out is listed");
    let grown = plan.problems().iter().find(|problem| !problem.omitted).expect("another size is a problem too");
    assert_eq!(
        (grown.code.as_str(), grown.file.as_str(), grown.patient.as_str()),
        ("SIZE_MISMATCH", "7", "1"),
        "it is named"
    );
    assert_eq!(grown.message, "The file has 5 bytes, the registry says 4.", "with both sizes");
    assert_eq!((plan.patient_count(), plan.total_bytes()), (1, 9), "what is left out counts nowhere");

    let refusal = plan.refuse_problems().expect_err("files are missing and none may be skipped");
    assert_eq!(refusal.code(), Code::PathEscape, "the code is the first one's");
    assert_eq!(refusal.detail_list().len(), 5, "all are listed at once: {refusal}");
    let skipping = Plan { on_missing: OnMissing::Skip, ..plan };
    assert!(skipping.refuse_problems().is_ok(), "files may be skipped if that was said");
}

#[test]
fn a_file_of_another_size_refuses_nothing() {
    let plan = Rows::new(KindChoice::Raw, &[1], &["ios"])
        .file(0, 0, Kind::Raw, "grown")
        .registered(4, RegisteredHash::None)
        .planned(&listed());
    assert!(plan.refuse_problems().is_ok(), "it is exported as it is, in both modes");
}

#[test]
fn totals_count_each_patient_once() {
    let plan = Rows::new(KindChoice::Both, &[1, 2, 3], &["cbct", "ios"])
        .file(0, 0, Kind::Raw, "1")
        .file(0, 0, Kind::Raw, "22")
        .file(0, 1, Kind::Raw, "333")
        .file(2, 0, Kind::Raw, "4444")
        .file(2, 0, Kind::Processed, "55555")
        .planned(&listed());
    let totals: Vec<_> = plan.by_modality().iter().map(|t| (t.modality, t.kind, t.patients, t.files, t.bytes)).collect();
    let expected = [(0, Kind::Raw, 2, 3, 7), (0, Kind::Processed, 1, 1, 5), (1, Kind::Raw, 1, 1, 3)];
    assert_eq!(totals, expected, "sums by modality and kind, a patient with two files counted once");
    assert_eq!((plan.patient_count(), plan.total_bytes()), (2, 15), "a patient without files does not count");
}

#[test]
fn what_is_compressed_is_stored() {
    let names = ["a.nii.gz", "a.JPG", "a.png", "a.zip", "a.webm", "a.stl", "a.nii", "a.dcm", "a", "a.b.jpeg"];
    let mut rows = Rows::new(KindChoice::Raw, &[1], &["x"]);
    for name in names {
        rows = rows.file(0, 0, Kind::Raw, name);
    }
    let plan = rows.planned(&listed());
    let deflated: Vec<_> =
        (0..names.len()).filter(|&index| plan.compressible(index)).map(|index| plan.entries()[index].name()).collect();
    assert_eq!(deflated, ["a", "a.dcm", "a.nii", "a.stl"], "only what is not compressed yet is worth deflating");
}

#[test]
fn a_plan_of_a_million_files_stays_small() {
    assert!(size_of::<PlannedEntry>() <= 128, "an entry takes {} bytes beside its path", size_of::<PlannedEntry>());
    let plan = Rows::new(KindChoice::Raw, &[1], &["x"]).file(0, 0, Kind::Raw, "a/b.stl").planned(&listed());
    assert_eq!(plan.entries()[0].renamed, None, "a name that is safe already takes no memory of its own");
}

/// Remembers what it was told.
#[derive(Default)]
struct Told(Mutex<Vec<Progress>>);

impl Observer for Told {
    fn observe(&self, progress: &Progress) {
        self.0.lock().expect("no thread panics").push(progress.clone());
    }
}

#[test]
fn progress_is_told_from_nothing_to_everything() {
    let mut rows = Rows::new(KindChoice::Raw, &[1], &["x"]);
    for number in 0..500 {
        rows = rows.file(0, 0, Kind::Raw, &format!("{number:03}")).registered(3, RegisteredHash::None);
    }
    let told = Told::default();
    let plan = rows.planned_with(&listed(), &told, &Cancel::new()).expect("nothing stops it");
    assert_eq!(plan.entries().len(), 500, "every file was looked at once");
    let told = told.0.into_inner().expect("no thread panics");
    let (first, last) = (told.first().expect("a first word"), told.last().expect("a last word"));
    assert_eq!((first.phase, first.files_done, first.files_total), (Phase::Preparing, 0, 500), "it begins with nothing");
    assert_eq!((last.files_done, last.bytes_done, last.bytes_total), (500, 1500, 1500), "it ends with everything");
    assert!(told.is_sorted_by_key(|progress| progress.files_done), "and never goes back");
}

/// A mount that hangs: a look raises the flag, as an impatient user would, and does not come back before it is let go.
struct Hanging {
    cancel: Cancel,
    released: Mutex<bool>,
    bell: Condvar,
}

impl FileStore for Hanging {
    fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError> {
        if path == "hangs" {
            self.cancel.raise();
            let held = self.released.lock().expect("no thread panics");
            drop(self.bell.wait_while(held, |released| !*released).expect("no thread panics"));
        }
        Listed.stat(root, path)
    }

    fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError> {
        Listed.open(root, path, offset)
    }
}

#[test]
fn a_cancel_is_answered_while_the_file_system_hangs() {
    let cancel = Cancel::new();
    let hanging = Arc::new(Hanging { cancel: cancel.clone(), released: Mutex::new(false), bell: Condvar::new() });
    let store: Arc<dyn FileStore> = Arc::clone(&hanging) as _;
    let mut rows = Rows::new(KindChoice::Raw, &[1], &["x"]).file(0, 0, Kind::Raw, "hangs");
    for number in 0..100 {
        rows = rows.file(0, 0, Kind::Raw, &format!("{number}"));
    }
    // The look is let go only after the answer: were it waited for, this test would never end.
    let error = rows.planned_with(&store, &Unobserved, &cancel).expect_err("it was cancelled");
    assert_eq!(error.code(), Code::Cancelled, "the cancel is the answer");
    *hanging.released.lock().expect("no thread panics") = true;
    hanging.bell.notify_all();
}

#[test]
fn a_cancel_before_the_start_looks_at_nothing() {
    struct Counting(AtomicU64);
    impl FileStore for Counting {
        fn stat(&self, root: RootId, path: &str) -> Result<FileStat, SourceError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Listed.stat(root, path)
        }
        fn open(&self, root: RootId, path: &str, offset: u64) -> Result<Box<dyn SourceFile>, SourceError> {
            Listed.open(root, path, offset)
        }
    }
    let counting = Arc::new(Counting(AtomicU64::new(0)));
    let store: Arc<dyn FileStore> = Arc::clone(&counting) as _;
    let cancel = Cancel::new();
    cancel.raise();
    let rows = Rows::new(KindChoice::Raw, &[1], &["x"]).file(0, 0, Kind::Raw, "a");
    let error = rows.planned_with(&store, &Unobserved, &cancel).expect_err("it was cancelled");
    assert_eq!(error.code(), Code::Cancelled, "the cancel is the answer");
    assert_eq!(counting.0.load(Ordering::Relaxed), 0, "no file is touched after a cancel");
}

#[test]
fn a_fault_in_the_store_is_an_error_and_not_a_hang() {
    struct Broken;
    impl FileStore for Broken {
        fn stat(&self, _: RootId, _: &str) -> Result<FileStat, SourceError> {
            panic!("a fault that the test makes")
        }
        fn open(&self, _: RootId, _: &str, _: u64) -> Result<Box<dyn SourceFile>, SourceError> {
            panic!("a fault that the test makes")
        }
    }
    let store: Arc<dyn FileStore> = Arc::new(Broken);
    let rows = Rows::new(KindChoice::Raw, &[1], &["x"]).file(0, 0, Kind::Raw, "a");
    let error = rows.planned_with(&store, &Unobserved, &Cancel::new()).expect_err("nothing could be looked at");
    assert_eq!(error.code(), Code::Internal, "it is told as what it is");
}

#[test]
fn nothing_to_plan_is_an_empty_plan() {
    let plan = Rows::new(KindChoice::Raw, &[1], &["x"]).planned(&listed());
    assert!(plan.entries().is_empty() && plan.by_modality().is_empty(), "whoever asks decides what that means");
    assert_eq!((plan.patient_count(), plan.total_bytes()), (0, 0), "there is nothing to count");
}

/// Sizes of the ZIP's own files, as the writer makes them.
fn own_files(plan: &Plan, header: &ExportHeader) -> u64 {
    let mut metadata = Vec::new();
    let problems: Vec<_> = plan
        .entries()
        .iter()
        .map(|entry| entry.problem(plan, Code::HashMismatch, "The file has another hash than the registry says.", false))
        .collect();
    write_metadata(&mut metadata, plan, header, &|_| Some(WrittenFile { bytes: u64::MAX, sha256: [0xab; 32] }), &problems)
        .expect("memory takes everything");
    let mut manifest = Vec::new();
    let lines = (0..plan.entries().len()).map(|index| (plan.entry_path(index), [0xab; 32]));
    write_manifest(&mut manifest, lines).expect("memory takes everything");
    (metadata.len() + manifest.len()) as u64
}

fn rows_of(files: &[(u32, u16, Kind, String)]) -> Rows {
    let mut rows = Rows::new(KindChoice::Both, &[1, 2, 2], &["ios", "IOS", "a\"\\\u{1}"]);
    for (patient, modality, kind, path) in files {
        rows = rows.file(*patient, *modality, *kind, path);
    }
    rows
}

fn any_files() -> impl Strategy<Value = Vec<(u32, u16, Kind, String)>> {
    let part = prop_oneof![
        proptest::sample::select(vec![
            "a",
            "A",
            "a.stl",
            "A.STL",
            "a_2.stl",
            "a_3.stl",
            "..",
            ".",
            " ",
            "CON",
            "con.txt",
            "é",
            "e\u{301}",
            "ß",
            "SS",
            "\0",
            "\n",
            "a:b",
            "a\\b",
            "\u{202e}x",
            "scan.nii.gz",
            "SCAN.nii.gz",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
        (1..200_usize).prop_map(|count| "長".repeat(count)),
    ];
    let path = proptest::collection::vec(part, 1..3).prop_map(|parts| parts.join("/"));
    let kind = proptest::sample::select(&Kind::ALL[..]);
    // Folders of one patient that hold files of the same names.
    let folder = proptest::sample::select(vec!["s1/", "s2/", "s2/deeper/", ""]);
    let slice = proptest::sample::select(vec!["1.dcm", "2.dcm", "2.DCM", "a?", "a_"]);
    let series = (folder, slice).prop_map(|(folder, slice)| (0, 0, Kind::Raw, format!("{folder}{slice}")));
    let file = prop_oneof![(0..3_u32, 0..3_u16, kind, path), series];
    proptest::collection::vec(file, 0..40)
}

proptest! {
    #[test]
    fn every_entry_is_safe_and_unique_whatever_the_registry_holds(files in any_files()) {
        let plan = rows_of(&files).planned(&listed());
        let top = ArchiveName::new("study").expect("a good name");
        let mut seen = HashSet::new();
        for index in 0..plan.entries().len() {
            let path = plan.entry_path(index);
            prop_assert!(path.len() <= 240, "{path} is too long to unpack everywhere");
            let whole = plan.entry_name(&top, index);
            prop_assert!(EntryName::parse(whole.as_str()).is_ok(), "{path:?} must pass the check that reads it back");
            prop_assert!(seen.insert(fold(&path).into_owned()), "{path:?} is another entry's name to some file system");
        }
        let distinct: HashSet<_> = files.iter().collect();
        prop_assert_eq!(plan.entries().len(), distinct.len(), "one entry for each path of a patient, modality and kind");
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing(files in any_files(), turn in 0..40_usize) {
        let mut rows = rows_of(&files);
        let plan = Rows { plan: rows.plan.clone(), files: rows.files.clone() }.planned(&listed());
        let turned = turn.min(rows.files.len());
        rows.files.rotate_left(turned);
        rows.files.reverse();
        let again = rows.planned(&listed());
        prop_assert_eq!(again.entries(), plan.entries(), "the same files must get the same names in the same order");
    }

    #[test]
    fn no_archive_is_larger_than_was_said(files in any_files(), notes in "\\PC{0,200}") {
        let plan = rows_of(&files).planned(&listed());
        let header = ExportHeader {
            id: "0198".to_owned(),
            name: "study".to_owned(),
            notes,
            creator: plan.user().to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            version: "0.1.0".to_owned(),
        };
        let top = "study";
        // What a ZIP needs at least for each entry: both headers with the name in them.
        let headers: u64 = paths(&plan).iter().map(|path| 30 + 46 + 2 * (top.len() + 1 + path.len()) as u64).sum();
        let least = plan.total_bytes() + headers + own_files(&plan, &header);
        prop_assert!(plan.archive_bytes_max(top) >= least, "{} is less than {least}", plan.archive_bytes_max(top));
    }
}

#[test]
fn the_bound_of_the_archives_size_is_near() {
    let mut rows = Rows::new(KindChoice::Processed, &[1], &["cbct"]);
    for number in 0..1000 {
        rows = rows.file(0, 0, Kind::Processed, &format!("maxillo/processed/cbct/volume_patient_{number}.nii.gz"));
    }
    let plan = rows.planned(&listed());
    let over = plan.archive_bytes_max("study") - plan.total_bytes();
    assert!(over < 1000 * 2_000 + 200_000, "{over} bytes beyond the files would refuse exports that fit");
}

#[test]
fn a_row_for_a_folder_is_each_of_its_files() {
    let mut memory = MemoryStore::new();
    for path in ["dcm_7/2", "dcm_7/1", "dcm_7/sub/1", "dcm_77/other", "IMG0001", "dcm_8/only", "dcm_6/x"] {
        memory = memory.with(RootId(1), path, path.as_bytes());
    }
    let store: Arc<dyn FileStore> = Arc::new(memory);
    let of_all = RegisteredHash::Sha256([0xab; 32]);
    let plan = Rows::new(KindChoice::Raw, &[7, 8], &["cbct"])
        .folder(0, "dcm_7/", 25, of_all.clone())
        .folder(0, "IMG0001", 7, RegisteredHash::Sha256([7; 32]))
        .folder(1, "dcm_8", 11, RegisteredHash::None)
        .folder(1, "dcm_6", 0, RegisteredHash::None)
        .folder(1, "dcm_9", 0, RegisteredHash::None)
        .folder(1, "dcm_10/", 0, RegisteredHash::None)
        // Another row for a file of the first folder: one path is one entry.
        .file(0, 0, Kind::Raw, "dcm_7/1")
        .planned(&store);
    let entries: Vec<_> =
        (0..).zip(plan.entries()).map(|(at, entry)| (plan.entry_path(at), entry.file_id(), entry.bytes)).collect();
    let entries: Vec<_> = entries.iter().map(|(path, id, bytes)| (path.as_str(), id.as_ref(), *bytes)).collect();
    let expected = [
        ("patient_007/cbct/IMG0001", "2", 7),
        ("patient_007/cbct/1", "1", 7),
        ("patient_007/cbct/2", "1", 7),
        ("patient_007/cbct/1_2", "1", 11),
        ("patient_008/cbct/x", "4", 7),
        ("patient_008/cbct/only", "3", 10),
    ];
    assert_eq!(entries, expected, "each file of a folder, once, under the id of its row");
    let hash = |at: usize| plan.entries()[at].hash.clone();
    assert_eq!(hash(0), RegisteredHash::Sha256([7; 32]), "what turns out to be a file has its own hash");
    let RegisteredHash::NotComparable(text) = hash(1) else { panic!("a hash of hashes is not of one file") };
    assert_eq!(*text, *"ab".repeat(32), "and is kept as it stands");
    assert_eq!(plan.duplicates_of(1).len(), 1, "the other row is a further row of the entry");
    let problems: Vec<_> =
        plan.problems().iter().map(|problem| (problem.code.as_str(), problem.path.as_str(), problem.omitted)).collect();
    let expected =
        [("SIZE_MISMATCH", "dcm_8", false), ("SOURCE_MISSING", "dcm_10/", true), ("SOURCE_MISSING", "dcm_9", true)];
    assert_eq!(problems, expected, "a folder that holds less than is registered, and folders of which nothing is there");
    assert_eq!(plan.problems()[0].message, "The folder's files have 10 bytes together, the registry says 11.");
}
