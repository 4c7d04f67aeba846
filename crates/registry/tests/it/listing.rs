//! Patients page by page.

use sheaf_registry::error::Code;
use sheaf_registry::patients::{Content, PatientPage};
use sheaf_registry::rows::Kind;
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::writer::NewFile;

use crate::clinic::{Clinic, Open, at, owned};

fn page(open: &Open, selection: &Selection, limit: Option<u64>, offset: u64) -> PatientPage {
    open.registry.patients(&open.owner(), "maxillo", selection, limit, offset).expect("a page of patients")
}

fn ids(page: &PatientPage) -> Vec<&str> {
    page.patients.iter().map(|patient| patient.patient_id.as_str()).collect()
}

fn contents(open: &Open, id: &str, selection: &Selection) -> Vec<(String, &'static str, u64)> {
    let selection = Selection { patient: owned(&[id]), ..selection.clone() };
    let line = |one: &Content| (one.modality.clone(), one.kind.as_str(), one.files);
    page(open, &selection, None, 0).patients[0].contents.iter().map(line).collect()
}

#[test]
fn nothing_said_is_everyone_here() {
    let open = Clinic::new().open();
    let all = page(&open, &Selection::default(), None, 0);
    assert_eq!((all.total, ids(&all)), (4, vec!["1", "2", "10", "A-7"]), "looking is not exporting");
    let tagged = page(&open, &Selection { tag: owned(&["ortho"]), ..Selection::default() }, None, 0);
    assert_eq!((tagged.total, ids(&tagged)), (2, vec!["1", "2"]), "tags narrow everyone");
    let some = page(&open, &Selection { folder: vec![at(&["Clinic B"])], ..Selection::default() }, None, 0);
    assert_eq!(ids(&some), ["2", "10"], "what is said narrows");
}

#[test]
fn a_page_is_a_window_and_the_total_is_not() {
    let open = Clinic::new().open();
    let table: [(Option<u64>, u64, &[&str]); 6] = [
        (Some(2), 0, &["1", "2"]),
        (Some(2), 3, &["A-7"]),
        (Some(0), 0, &[]),
        (None, 2, &["10", "A-7"]),
        (Some(u64::MAX), u64::MAX, &[]),
        (Some(1), 4, &[]),
    ];
    for (limit, offset, expected) in table {
        let page = page(&open, &Selection::default(), limit, offset);
        assert_eq!((page.total, ids(&page)), (4, expected.to_vec()), "limit {limit:?} offset {offset}");
    }
}

#[test]
fn a_patient_shows_folders_tags_and_contents() {
    let open = Clinic::new().open();
    let all = page(&open, &Selection::default(), None, 0);
    let (one, two) = (&all.patients[0], &all.patients[1]);
    assert_eq!(two.folders, [owned(&["Clinic A", "2025"]), owned(&["Clinic B"])], "every placement");
    assert_eq!(two.tags, ["implant", "ortho"], "every tag, in order");
    let content = |modality: &str, kind, files| Content { modality: modality.to_owned(), kind, files, bytes: files * 100 };
    assert_eq!(
        one.contents,
        [content("cbct", Kind::Raw, 1), content("cbct", Kind::Processed, 1), content("ios", Kind::Processed, 2)],
        "files and bytes by modality and kind"
    );
    assert!(!format!("{all:?}").contains("Lovelace"), "a list of patients holds no names of persons");
}

#[test]
fn contents_are_narrowed_as_far_as_the_selection_speaks_of_them() {
    let open = Clinic::new().open();
    let said = |modality: &[&str], kind| Selection { modality: owned(modality), kind, ..Selection::default() };
    assert_eq!(contents(&open, "1", &said(&[], None)).len(), 3, "nothing said about contents: all");
    let raw = said(&[], Some(KindChoice::Raw));
    assert_eq!(contents(&open, "1", &raw), [("cbct".to_owned(), "raw", 1)], "raw alone narrows");
    let processed = contents(&open, "1", &said(&[], Some(KindChoice::Processed)));
    assert!(
        processed.len() == 2 && processed.iter().all(|one| one.1 == "processed"),
        "processed, where said: {processed:?}"
    );
    assert_eq!(contents(&open, "1", &said(&["cbct"], None)).len(), 2, "a modality alone narrows to no kind");
    assert_eq!(
        contents(&open, "1", &said(&["cbct"], Some(KindChoice::Processed))),
        [("cbct".to_owned(), "processed", 1)],
        "what an export of the same words would take"
    );
    assert_eq!(contents(&open, "1", &said(&["cbct"], Some(KindChoice::Both))).len(), 2, "both kinds of one modality");
}

#[test]
fn sizes_add_up_without_overflow() {
    let mut clinic = Clinic::new();
    for (name, bytes) in
        [("a", Some(i64::MAX.unsigned_abs())), ("b", Some(i64::MAX.unsigned_abs())), ("c", Some(u64::MAX)), ("d", None)]
    {
        let mut file = NewFile::new(clinic.p1, clinic.cbct, Kind::Other, clinic.root, name);
        file.file_size = bytes;
        clinic.writer.file(&file).expect("a file");
    }
    let open = clinic.open();
    let all = page(&open, &Selection { patient: owned(&["1"]), ..Selection::default() }, None, 0);
    let other = all.patients[0].contents.iter().find(|one| one.kind == Kind::Other).expect("the new files");
    assert_eq!((other.files, other.bytes), (4, u64::MAX - 1), "a hostile size makes no error and no panic");
}

#[test]
fn ids_of_a_list_that_are_not_seen_are_told() {
    let open = Clinic::new().open();
    let list = Selection { patients_from: owned(&["1", "nobody"]), ..Selection::default() };
    let found = page(&open, &list, None, 0);
    assert_eq!((ids(&found), found.unknown_patients.clone()), (vec!["1"], owned(&["nobody"])), "nothing is cut silently");
    let refused = open.registry.patients(&open.owner(), "nope", &list, None, 0).expect_err("no such project");
    assert_eq!(refused.code(), Code::UnknownProject, "the project comes first");
}
