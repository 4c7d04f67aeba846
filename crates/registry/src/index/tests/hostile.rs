//! Input that nobody should have made.

use std::sync::Arc;

use super::fixture::Fixture;
use super::model::{PlainItem, PlainRow};
use crate::ids::{FolderId, ModalityId, PatientId, TagId};
use crate::index::{Access, Contents, Counts, Filter, Index, Item, Scope, Target, View};
use crate::rows::Kind;
use crate::selection::{KindChoice, TagMode};

fn view(fixture: Fixture) -> View {
    View::new(Arc::new(Index::new(fixture.input).expect("a small input")), |_| Access::Export)
}

fn names(view: &View) -> Vec<String> {
    let name = |item: &Item<'_>| match item {
        Item::Folder(folder) => folder.name.to_owned(),
        Item::Patient(patient) => patient.patient_id.to_owned(),
    };
    view.rows(0, usize::MAX)
        .rows
        .iter()
        .map(|row| format!("{}{}", " ".repeat(row.level as usize), name(&row.item)))
        .collect()
}

#[test]
fn an_empty_registry_is_an_empty_tree() {
    let mut view = view(Fixture::default().folder(1, None, "empty").tag(1, "t", &[]).modality(1, "ios"));
    view.expand_all(true);
    assert_eq!((view.rows(0, 60).total, view.rows(9, 60).rows.len()), (0, 0), "a folder without patients is not shown");
    assert_eq!(view.counts(), Counts::default(), "nobody is counted");
    assert_eq!(view.check_matching(true) + view.check_rows(0..10, true) + view.clear(), 0, "nothing changes");
    assert!(view.facets(Scope::Visible).contents.is_empty() && view.facets(Scope::Visible).tags.is_empty(), "no facets");
    assert_eq!(view.find("a", Some(3)), None, "nothing is found");
    assert!(!view.selection().says_patients(), "an empty selection never means everything");
}

#[test]
fn folders_come_before_patients_and_those_in_no_folder_last() {
    let fixture = Fixture::default()
        .folder(1, None, "b")
        .folder(2, Some(1), "week 10")
        .folder(3, Some(1), "Week 9")
        .folder(4, None, "A")
        .patient(1, "P10", "", &[1])
        .patient(2, "P9", "", &[1])
        .patient(3, "P1", "", &[2])
        .patient(4, "P2", "", &[3, 4])
        .patient(5, "P0", "", &[]);
    let mut view = view(fixture);
    view.expand_all(true);
    let wanted = [" A", "  P2", " b", "  Week 9", "   P2", "  week 10", "   P1", "  P9", "  P10", " P0"];
    assert_eq!(names(&view), wanted, "natural order, folders first, the unfiled at the end");
}

#[test]
fn ten_thousand_folders_in_each_other_are_no_call_stack() {
    const DEPTH: i64 = 10_000;
    let mut fixture = Fixture::default();
    for id in 1..=DEPTH {
        fixture = fixture.folder(id, (id > 1).then_some(id - 1), "in");
    }
    let mut view = view(fixture.patient(1, "deep", "", &[DEPTH, 1]).patient(2, "top", "", &[1]));
    view.expand_all(true);
    assert_eq!(view.rows(0, 0).total, 10_003, "every folder has a row, and the deep patient two");
    let window = view.rows(9_999, 2);
    let rows: Vec<PlainRow> = window.rows.iter().map(PlainRow::from).collect();
    assert_eq!((rows[0].level, rows[1].level), (10_000, 10_001), "the deepest folder and the patient in it");
    assert_eq!(view.check(Target::Folder(FolderId(DEPTH)), true), 1, "the deepest folder can be checked");
    assert!(
        matches!(view.rows(0, 1).rows[0].item, Item::Folder(ref folder) if (folder.patients, folder.selected) == (2, 1)),
        "the outermost folder counts the deep patient once"
    );
    let selection = view.selection();
    assert_eq!(selection.folder.len(), 1, "one folder says it: the outermost that is wholly selected");
    assert_eq!(selection.folder[0].path.as_ref().map(Vec::len), Some(2), "with the names around it");
    view.expand_all(false);
    assert_eq!(view.reveal_folder(FolderId(DEPTH)), Some(9_999), "a deep folder is revealed");
}

#[test]
fn folders_in_a_ring_are_broken_at_the_lowest_and_all_reachable() {
    let ring = |ids: &[i64]| {
        let mut fixture =
            Fixture::default().folder(9, Some(9), "self").patient(9, "P9", "", &[9]).folder(8, Some(99), "lost");
        for (at, &id) in ids.iter().enumerate() {
            fixture = fixture.folder(id, Some(ids[(at + 1) % ids.len()]), &format!("f{id}"));
            fixture = fixture.patient(id, &format!("P{id}"), "", &[id]);
        }
        let mut view = view(fixture.patient(8, "P8", "", &[8]));
        view.expand_all(true);
        view
    };
    let mut view = ring(&[4, 2, 3]);
    // 4 lies in 2, 2 in 3, 3 in 4: 2 is the lowest and goes under the root.
    let wanted = [" f2", "  f4", "   f3", "    P3", "   P4", "  P2", " lost", "  P8", " self", "  P9"];
    assert_eq!(names(&view), wanted, "each folder of the ring is shown once, below the lowest");
    view.check(Target::Folder(FolderId(4)), true);
    let selection = view.selection();
    assert_eq!(selection.folder[0].id.as_deref(), Some("4"), "a folder in a broken ring is named by its id");
    assert_eq!(selection.folder[0].path, None, "and not by a path that the registry does not have");
    let long: Vec<i64> = (1..=10_000).rev().filter(|id| *id != 9 && *id != 8).collect();
    assert_eq!(ring(&long).rows(0, 0).total, 2 * 9_998 + 4, "a ring of thousands neither hangs nor loses anyone");
}

#[test]
fn names_may_hold_anything() {
    let nasty = [
        "",
        "a/b",
        "../..",
        "\u{0}",
        "\u{202e}gpj",
        "<img src=x>",
        "\u{ff}\u{fffd}",
        "e\u{301}",
        "😀",
        "'; DROP TABLE patient",
    ];
    let mut fixture = Fixture::default();
    for (id, name) in (1..).zip(nasty) {
        fixture = fixture.folder(id, None, name).patient(id, &format!("{name}.{id}."), name, &[id]);
    }
    let mut view = view(fixture);
    view.expand_all(true);
    for (id, name) in (1..).zip(nasty) {
        let row = view.reveal_folder(FolderId(id)).expect("every folder is shown");
        let window = view.rows(row, 2);
        assert!(matches!(&window.rows[0].item, Item::Folder(folder) if folder.name == name), "names are kept as they are");
        assert!(matches!(&window.rows[1].item, Item::Patient(patient) if patient.id == PatientId(id)), "with their patient");
        view.set_filter(Filter { text: format!("{name}.{id}."), ..Filter::default() });
        assert_eq!(view.counts().matching, 1, "a text of any characters is found, as text: {name:?}");
        view.set_filter(Filter::default());
    }
}

#[test]
fn sizes_of_a_hostile_registry_overflow_nothing() {
    let mut fixture = Fixture::default().modality(1, "ios").modality(2, "cbct").folder(1, None, "a").folder(2, None, "b");
    for id in 1..=100 {
        fixture = fixture.patient(id, &format!("P{id}"), "", &[1, 2]);
        for kind in Kind::ALL {
            fixture = fixture.files(id, 1, kind, u32::MAX, u64::MAX).files(id, 2, kind, u32::MAX, u64::MAX);
        }
    }
    let mut view = view(fixture.tag(1, "t", &(1..=100).collect::<Vec<_>>()));
    view.set_contents(Contents { modalities: None, kind: KindChoice::Both });
    view.check_matching(true);
    let total = view.estimate().bytes;
    assert!(total > 1 << 60, "a huge estimate stays huge: {total}");
    assert_eq!(view.facets(Scope::Selected).tags[0].bytes, total, "and is the same wherever it is asked for");
    let window = view.rows(0, 1);
    assert!(matches!(&window.rows[0].item, Item::Folder(folder) if folder.bytes == total), "also in the tree");
}

/// One visible patient, one hidden one in a folder of their own, with a tag and a modality of their own.
fn with_secrets() -> Fixture {
    Fixture::default()
        .folder(1, None, "open")
        .folder(2, None, "secret folder")
        .folder(3, Some(1), "secret subfolder")
        .patient(1, "P1", "Ada", &[1])
        .patient(2, "P2", "Secret Name", &[2, 1])
        .patient(3, "P3", "Other Secret", &[3])
        .tag(1, "shared", &[1, 2])
        .tag(2, "secret tag", &[2])
        .modality(1, "ios")
        .modality(2, "secret-modality")
        .files(1, 1, Kind::Processed, 1, 10)
        .files(2, 1, Kind::Processed, 1, 100)
        .files(2, 2, Kind::Processed, 1, 100)
}

#[test]
fn what_may_not_be_read_does_not_exist() {
    let index = Arc::new(Index::new(with_secrets().input).expect("a small input"));
    let mut view = View::new(index, |patient| if patient == PatientId(1) { Access::Read } else { Access::None });
    view.expand_all(true);
    view.set_contents(Contents { modalities: None, kind: KindChoice::Both });
    assert_eq!(names(&view), [" open", "  P1"], "no folder that holds only hidden patients");
    let rows: Vec<PlainRow> = view.rows(0, 9).rows.iter().map(PlainRow::from).collect();
    assert_eq!((rows[0].set_size, rows[1].set_size), (1, 1), "nor do they count as siblings");
    let counted = |item: &PlainItem| matches!(item, PlainItem::Folder { patients: 1, bytes: 10, .. });
    assert!(counted(&rows[0].item), "counts and bytes leave them out");
    assert_eq!(view.counts().visible, 1, "they are not counted");
    let shown = format!("{:?} {:?}", view.facets(Scope::Visible), view.completeness(Scope::Visible, 0, 9));
    assert!(!shown.contains("secret"), "no tag and no modality of theirs is named: {shown}");
    let tags = |tag| Filter { tags: vec![TagId(tag)], tag_mode: TagMode::Any, ..Filter::default() };
    for filter in
        [tags(2), tags(77), Filter { modalities: vec![ModalityId(2)], kind: KindChoice::Both, ..Filter::default() }]
    {
        view.set_filter(filter);
        assert_eq!(view.counts().matching, 0, "a hidden tag answers like one that does not exist");
    }
    view.set_filter(Filter { among: Some(vec![PatientId(2), PatientId(1)]), ..Filter::default() });
    assert_eq!(view.counts().matching, 1, "asking for ids does not open doors");
    view.set_filter(Filter::default());
    assert_eq!((view.find("secret", None), view.find_shown("secret", None)), (None, None), "nothing of theirs is found");
    assert_eq!(view.check(Target::Patient(PatientId(2)), true), 0, "they cannot be checked");
    assert_eq!(view.check(Target::Folder(FolderId(2)), true), 0, "nor their folders");
    assert_eq!(view.select_ids(&[PatientId(2), PatientId(77)]), 2, "a hidden id is unknown, like any other");
    assert_eq!((view.reveal_folder(FolderId(3)), view.reveal_patient(PatientId(2))), (None, None), "nothing is revealed");
    let matched = view.match_ids(["P2", " P1 ", "P77", "P2", "P1", ""]);
    assert_eq!(matched.patients, [PatientId(1)], "a pasted id is matched once, blanks ignored");
    assert_eq!(matched.unmatched, ["P2", "P77"], "a hidden patient is simply unmatched");
    view.check(Target::Folder(FolderId(1)), true);
    assert!(view.selection().all, "everything that there is to see is selected");
    let estimate = view.estimate();
    assert_eq!((estimate.selected, estimate.forbidden, estimate.bytes), (0, 1, 0), "who may only read exports nothing");
}

#[test]
fn debug_output_holds_no_name_of_a_person() {
    let mut view = view(with_secrets());
    view.expand_all(true);
    let shown = format!("{:?} {:?} {:?}", view.index(), view, view.rows(0, 99));
    assert!(!shown.contains("Ada") && !shown.contains("ada"), "a log line must not leak a name");
}

#[test]
fn of_rows_with_one_id_the_first_counts_and_strangers_are_left_out() {
    let fixture = Fixture::default()
        .folder(1, None, "first")
        .folder(1, None, "second")
        .patient(1, "P1", "", &[1, 1, 55])
        .patient(1, "P2", "", &[])
        .modality(1, "ios")
        .modality(1, "cbct")
        .tag(1, "a", &[1, 1, 44])
        .tag(1, "b", &[])
        .files(1, 9, Kind::Raw, 1, 1)
        .files(44, 1, Kind::Raw, 1, 1)
        .files(1, 1, Kind::Raw, 1, 1);
    let mut view = view(fixture);
    view.expand_all(true);
    assert_eq!(names(&view), [" first", "  P1"], "a double row changes nothing");
    let facets = view.facets(Scope::Visible);
    assert_eq!((facets.contents.len(), facets.contents[0].slug), (1, "ios"), "contents of unknown modalities are left out");
    assert_eq!((facets.tags.len(), facets.tags[0].name, facets.tags[0].patients), (1, "a", 1), "so are unknown patients");
}

#[test]
fn a_first_look_asks_for_what_there_is() {
    let (processed, raw, other) = (Kind::Processed, Kind::Raw, Kind::Other);
    let table: [(&[Kind], KindChoice); 6] = [
        (&[], KindChoice::Processed),
        (&[processed, raw, other], KindChoice::Processed),
        (&[raw], KindChoice::Raw),
        (&[other], KindChoice::Both),
        (&[raw, other], KindChoice::Both),
        (&[processed], KindChoice::Processed),
    ];
    for (kinds, usual) in table {
        let fixture = Fixture::default().modality(1, "ios").patient(1, "P1", "", &[]).patient(2, "P2", "", &[]);
        let fixture = kinds.iter().fold(fixture, |fixture, kind| fixture.files(1, 1, *kind, 1, 1));
        // What is hidden tells nothing of itself.
        let index = Index::new(fixture.files(2, 1, processed, 1, 1).input).expect("a small input");
        let sees = |patient: PatientId| if patient.0 == 1 { Access::Export } else { Access::None };
        let view = View::new(Arc::new(index), sees);
        assert_eq!(view.usual_kind(), usual, "{kinds:?}");
    }
}
