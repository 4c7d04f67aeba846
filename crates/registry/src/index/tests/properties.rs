//! Random forests, rights, filters and clicks: after each step the index says what the model says.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;

use super::fixture::Fixture;
use super::model::{Ids, Model, PlainItem, PlainRow};
use crate::ids::{FolderId, ModalityId, PatientId, TagId};
use crate::index::{Access, Contents, Filter, Index, IndexInput, Scope, Target, View};
use crate::rows::Kind;
use crate::selection::{KindChoice, TagMode};

const FOLDERS: i64 = 8;
const PATIENTS: i64 = 14;
const TAGS: i64 = 3;
const MODALITIES: i64 = 4;

#[derive(Clone, Debug)]
enum Step {
    Filter(Filter),
    Contents(Contents),
    Expand(i64, bool),
    ExpandAll(bool),
    Check(Target, bool),
    Toggle(Target),
    Rows(usize, usize, bool),
    Matching(bool),
    Clear,
    Select(Vec<i64>),
    List(Vec<i64>, bool),
    Find(&'static str, Option<u64>),
    RevealFolder(i64),
    RevealPatient(i64),
}

fn input() -> impl Strategy<Value = (IndexInput, BTreeMap<i64, Access>)> {
    let names = select(vec!["A", "a2", "a10", "b/c", "", "Été", "STRASSE", "straße"]);
    // Parents that do not exist, rings and folders of themselves are all among these.
    let folders = vec((proptest::option::of(1..FOLDERS + 3), names), 0..=usize::try_from(FOLDERS).expect("small"));
    let people = select(vec!["", "Anna", "ÉTÉ", "Weiß", "anna A2"]);
    let access = prop_oneof![1 => Just(Access::None), 1 => Just(Access::Read), 3 => Just(Access::Export)];
    let patient = (people, btree_set(1..FOLDERS + 2, 0..4), access, btree_set(1..=TAGS, 0..3));
    let kind = select(Kind::ALL.to_vec());
    let file = (1..=PATIENTS, 1..=MODALITIES + 1, kind, 1_u32..4, 0_u64..1000);
    (folders, vec(patient, 0..=usize::try_from(PATIENTS).expect("small")), vec(file, 0..60)).prop_map(
        |(folders, patients, files)| {
            let mut fixture = Fixture::default();
            for (id, (parent, name)) in (1..).zip(folders) {
                fixture = fixture.folder(id, parent, name);
            }
            let mut access = BTreeMap::new();
            for tag in 1..=TAGS {
                fixture = fixture.tag(tag, &format!("t{tag}"), &[]);
            }
            for (id, (name, folders, right, tags)) in (1..).zip(patients) {
                let folders: Vec<i64> = folders.into_iter().collect();
                fixture = fixture.patient(id, &format!("P{}", (id * 7) % 15), name, &folders);
                access.insert(id, right);
                fixture.input.patient_tags.extend(tags.into_iter().map(|tag| (PatientId(id), TagId(tag))));
            }
            for modality in 1..=MODALITIES {
                fixture = fixture.modality(modality, &format!("m{}", 10 - modality));
            }
            for (patient, modality, kind, files, bytes) in files {
                fixture = fixture.files(patient, modality, kind, files, bytes);
            }
            (fixture.input, access)
        },
    )
}

fn kind_choice() -> impl Strategy<Value = KindChoice> {
    select(vec![KindChoice::Raw, KindChoice::Processed, KindChoice::Both])
}

fn texts() -> impl Strategy<Value = &'static str> {
    select(vec!["", "p1", "ANN", "été", "strasse", "a", "ss", "/", "zzz", "\u{0}", "  P2 "])
}

fn filter() -> impl Strategy<Value = Filter> {
    let tags = btree_set(1..=TAGS + 1, 0..3).prop_map(|tags| tags.into_iter().map(TagId).collect());
    let modes = select(vec![TagMode::Any, TagMode::All, TagMode::None]);
    let modalities = prop_oneof![3 => Just(Vec::new()), 1 => vec((1..=MODALITIES + 1).prop_map(ModalityId), 1..3)];
    let among = prop_oneof![4 => Just(None), 1 => vec((0..=PATIENTS + 1).prop_map(PatientId), 0..9).prop_map(Some)];
    (tags, modes, modalities, kind_choice(), prop_oneof![2 => Just(""), 1 => texts()], among).prop_map(
        |(tags, tag_mode, modalities, kind, text, among)| Filter {
            tags,
            tag_mode,
            modalities,
            kind,
            text: text.into(),
            among,
        },
    )
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        (0..=FOLDERS + 1).prop_map(|id| Target::Folder(FolderId(id))),
        (0..=PATIENTS + 1).prop_map(|id| Target::Patient(PatientId(id))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let contents = (proptest::option::of(vec((1..=MODALITIES + 1).prop_map(ModalityId), 0..3)), kind_choice());
    prop_oneof![
        3 => filter().prop_map(Step::Filter),
        1 => contents.prop_map(|(modalities, kind)| Step::Contents(Contents { modalities, kind })),
        3 => (0..=FOLDERS, any::<bool>()).prop_map(|(id, open)| Step::Expand(id, open)),
        2 => any::<bool>().prop_map(Step::ExpandAll),
        4 => (target(), any::<bool>()).prop_map(|(target, on)| Step::Check(target, on)),
        2 => target().prop_map(Step::Toggle),
        2 => (0_usize..20, 0_usize..20, any::<bool>()).prop_map(|(start, end, on)| Step::Rows(start, end, on)),
        1 => any::<bool>().prop_map(Step::Matching),
        1 => Just(Step::Clear),
        1 => vec(0..=PATIENTS + 2, 0..8).prop_map(Step::Select),
        1 => (vec(0..=PATIENTS + 2, 0..8), any::<bool>()).prop_map(|(ids, on)| Step::List(ids, on)),
        3 => (texts(), proptest::option::of(0_u64..20)).prop_map(|(text, after)| Step::Find(text, after)),
        1 => (0..=FOLDERS).prop_map(Step::RevealFolder),
        1 => (0..=PATIENTS).prop_map(Step::RevealPatient),
    ]
}

fn take(view: &mut View, model: &mut Model, step: Step) {
    let changed = |before: &Ids, after: &Ids| before.symmetric_difference(after).count() as u64;
    let before = model.selected.clone();
    let apply = |model: &mut Model, ids: Ids, on: bool| {
        model.selected = if on { &model.selected | &ids } else { &model.selected - &ids };
    };
    match step {
        Step::Filter(filter) => {
            view.set_filter(filter.clone());
            model.filter = filter;
        }
        Step::Contents(contents) => {
            view.set_contents(contents.clone());
            model.contents = contents;
        }
        Step::Expand(id, open) => {
            view.expand(FolderId(id), open);
            if open && model.is_visible(id) {
                model.expanded.insert(id);
            } else {
                model.expanded.remove(&id);
            }
        }
        Step::ExpandAll(open) => {
            view.expand_all(open);
            model.expanded = if open { model.all_folders() } else { Ids::new() };
        }
        Step::Check(target, on) => {
            let said = view.check(target, on);
            apply(model, model.target(target), on);
            assert_eq!(said, changed(&before, &model.selected), "check says how many changed");
        }
        Step::Toggle(target) => {
            let said = view.toggle(target);
            let ids = model.target(target);
            let on = !ids.is_subset(&model.selected);
            apply(model, ids, on);
            assert_eq!(said, changed(&before, &model.selected), "toggle says how many changed");
        }
        Step::Rows(start, end, on) => {
            view.check_rows(start as u64..end as u64, on);
            apply(model, model.in_rows(start, end), on);
        }
        Step::Matching(on) => {
            view.check_matching(on);
            apply(model, model.matching(), on);
        }
        Step::Clear => {
            view.clear();
            model.selected.clear();
        }
        Step::Select(ids) => {
            let visible = model.visible();
            let unknown = view.select_ids(&ids.iter().copied().map(PatientId).collect::<Vec<_>>());
            assert_eq!(unknown, ids.iter().filter(|id| !visible.contains(id)).count() as u64, "unknown ids are counted");
            model.selected = ids.into_iter().filter(|id| visible.contains(id)).collect();
        }
        Step::List(ids, on) => {
            let said = view.check_ids(&ids.iter().copied().map(PatientId).collect::<Vec<_>>(), on);
            let visible = model.visible();
            apply(model, ids.into_iter().filter(|id| visible.contains(id)).collect(), on);
            assert_eq!(said, changed(&before, &model.selected), "a list says how many changed");
        }
        Step::Find(text, after) => find(view, model, text, after),
        Step::RevealFolder(id) => {
            let said = view.reveal_folder(FolderId(id));
            if model.is_visible(id) {
                model.expanded.extend(model.around(id));
            }
            let row = model.rows(&model.expanded).iter().position(|row| Model::key(row) == (true, id, None));
            assert_eq!(said, row.map(|row| row as u64), "a revealed folder is where it is said to be");
        }
        Step::RevealPatient(id) => {
            let said = view.reveal_patient(PatientId(id));
            let filter = std::mem::take(&mut model.filter);
            let all = model.rows(&model.all_folders());
            model.filter = filter;
            let first = all.iter().map(Model::key).find(|&(is_folder, found, _)| !is_folder && found == id);
            if let Some(folder) = first.and_then(|key| key.2) {
                model.expanded.extend(model.around(folder));
                model.expanded.insert(folder);
            }
            let rows = model.rows(&model.expanded);
            let row = first.and_then(|first| rows.iter().position(|row| Model::key(row) == first));
            assert_eq!(said, row.map(|row| row as u64), "a revealed patient is where it is said to be");
        }
    }
}

fn find(view: &mut View, model: &mut Model, text: &str, after: Option<u64>) {
    let rows = model.rows(&model.expanded);
    let at = after.and_then(|after| usize::try_from(after).ok());
    let starts = |range: std::ops::Range<usize>| range.into_iter().find(|&row| model.row_starts(&rows[row], text));
    let shown = at.map_or(0, |at| at + 1).min(rows.len());
    let wanted = if text.trim().is_empty() { None } else { starts(shown..rows.len()).or_else(|| starts(0..shown)) };
    assert_eq!(view.find_shown(text, after), wanted.map(|row| row as u64), "type-ahead finds the next row that is shown");

    let all = model.rows(&model.all_folders());
    let key = at.and_then(|at| rows.get(at)).map(Model::key);
    let from = key.and_then(|key| all.iter().position(|row| Model::key(row) == key)).map_or(0, |place| place + 1);
    let contains = |row: &&PlainRow| !text.trim().is_empty() && model.row_contains(row, text);
    let found = all[from..].iter().find(contains).or_else(|| all.iter().find(contains)).map(Model::key);
    if let Some((is_folder, id, folder)) = found {
        let inner = if is_folder { Some(id) } else { folder };
        if let Some(inner) = inner {
            model.expanded.extend(model.around(inner));
        }
        model.expanded.extend(folder);
    }
    let rows = model.rows(&model.expanded);
    let row = found.and_then(|found| rows.iter().position(|row| Model::key(row) == found));
    assert_eq!(view.find(text, after), row.map(|row| row as u64), "find goes to the next place and opens what is around it");
}

fn compare(view: &View, model: &Model) {
    let rows = model.rows(&model.expanded);
    let window = view.rows(0, usize::MAX);
    assert_eq!(window.total, rows.len() as u64, "the number of rows");
    let said: Vec<PlainRow> = window.rows.iter().map(PlainRow::from).collect();
    assert_eq!(said, rows, "all rows");
    for offset in 0..rows.len() + 2 {
        let said: Vec<PlainRow> = view.rows(offset as u64, 3).rows.iter().map(PlainRow::from).collect();
        let wanted = rows.get(offset..(offset + 3).min(rows.len())).unwrap_or_default();
        assert_eq!(said, wanted, "the window at {offset}");
    }
    let (visible, matching) = (model.visible(), model.matching());
    let counts = view.counts();
    let hidden = model.selected.difference(&matching).count();
    let said = [counts.visible, counts.matching, counts.selected, counts.hidden];
    assert_eq!(said, [visible.len(), matching.len(), model.selected.len(), hidden].map(|count| count as u64), "the counts");
    let ids: Vec<PatientId> = model.selected.iter().copied().map(PatientId).collect();
    assert_eq!(view.selected_ids(), ids, "the selection as row ids");
    let selection = view.selection();
    assert_eq!(model.meant(&selection), model.selected, "the words of the selection mean the selection: {selection:?}");
    assert_eq!(selection.says_patients(), !model.selected.is_empty(), "an empty selection says nobody");
    for (scope, ids) in [(Scope::Visible, &visible), (Scope::Matching, &matching), (Scope::Selected, &model.selected)] {
        compare_facets(view, model, scope, ids);
        compare_completeness(view, model, scope, ids);
    }
    compare_estimate(view, model);
    compare_choices(view, model);
}

fn compare_facets(view: &View, model: &Model, scope: Scope, ids: &Ids) {
    let facets = view.facets(scope);
    let known = model.sums(&model.visible(), false);
    let sums = model.sums(ids, false);
    let said: BTreeMap<(i64, Kind), (u64, u64, u64)> = facets
        .contents
        .iter()
        .map(|facet| ((facet.modality.0, facet.kind), (facet.patients, facet.files, facet.bytes)))
        .collect();
    let wanted = known.keys().map(|column| (*column, sums.get(column).copied().unwrap_or_default())).collect();
    assert_eq!(said, wanted, "facets of {scope:?} list what is visible, with zeros");
    for facet in &facets.tags {
        assert_eq!((facet.patients, facet.bytes), model.tagged(facet.tag, ids), "tag facets of {scope:?}");
    }
    let tags: Vec<TagId> = facets.tags.iter().map(|facet| facet.tag).collect();
    let visible = model.visible();
    let wanted: Vec<TagId> = (1..=TAGS).map(TagId).filter(|&tag| model.tagged(tag, &visible).0 > 0).collect();
    assert_eq!(tags, wanted, "only tags that a visible patient has are listed");
}

fn compare_estimate(view: &View, model: &Model) {
    let exported: Ids = model.selected.intersection(&model.exportable()).copied().collect();
    let sums = model.sums(&exported, true);
    let estimate = view.estimate();
    let with_files = exported.iter().filter(|&&id| !model.chosen_of(id).is_empty()).count() as u64;
    assert_eq!(
        (estimate.selected, estimate.forbidden, estimate.patients),
        (exported.len() as u64, (model.selected.len() - exported.len()) as u64, with_files),
        "the estimate counts only who may be exported"
    );
    let files: u64 = sums.values().map(|sum| sum.1).sum();
    assert_eq!((estimate.files, estimate.bytes), (files, model.bytes(&exported)), "files and bytes of the estimate");
    let said: BTreeMap<(i64, Kind), (u64, u64, u64)> = estimate
        .contents
        .iter()
        .map(|facet| ((facet.modality.0, facet.kind), (facet.patients, facet.files, facet.bytes)))
        .collect();
    assert_eq!(said, sums, "the estimate by modality and kind");
    let without: Vec<PatientId> =
        exported.iter().filter(|&&id| model.chosen_of(id).is_empty()).map(|&id| PatientId(id)).collect();
    assert_eq!(view.empty_patients(), without, "who has nothing of what was chosen");
    let forbidden: Vec<PatientId> =
        model.selected.iter().filter(|id| !exported.contains(id)).map(|&id| PatientId(id)).collect();
    assert_eq!(view.forbidden_patients(), forbidden, "who may be looked at only");
    let lacks = |id: i64, modality: i64| !model.chosen_of(id).keys().any(|column| column.0 == modality);
    for modality in 1..=MODALITIES {
        let had = exported.iter().any(|&id| !lacks(id, modality));
        let chosen = model.contents.modalities.as_ref().map_or(had, |chosen| chosen.contains(&ModalityId(modality)));
        let lacking: Vec<PatientId> = exported.iter().filter(|&&id| lacks(id, modality)).map(|&id| PatientId(id)).collect();
        let said =
            estimate.lacking.iter().find(|lacking| lacking.modality.0 == modality).map_or(0, |lacking| lacking.patients);
        assert_eq!(said, if chosen { lacking.len() as u64 } else { 0 }, "who lacks modality {modality}");
        if chosen {
            assert_eq!(view.lacking_patients(ModalityId(modality)), lacking, "the list is the count's");
        }
    }
}

fn compare_choices(view: &View, model: &Model) {
    let matching = model.matching();
    let known = model.sums(&model.visible(), false);
    let sums = model.sums(&matching, false);
    let choices = view.modality_choices();
    let mut wanted: Vec<i64> = known.keys().map(|column| column.0).collect();
    wanted.dedup();
    model.in_slug_order(&mut wanted);
    assert_eq!(choices.iter().map(|choice| choice.modality.0).collect::<Vec<_>>(), wanted, "modalities that anyone has");
    for choice in &choices {
        for facet in &choice.kinds {
            let sum = sums.get(&(choice.modality.0, facet.kind)).copied().unwrap_or_default();
            assert_eq!((facet.patients, facet.files, facet.bytes), sum, "what those who match have, whatever is selected");
        }
        assert_eq!(view.slug(choice.modality), Some(choice.slug), "what can be chosen has its name");
        let having = |id: &&i64| {
            model
                .sums(&Ids::from([**id]), false)
                .keys()
                .any(|&(modality, kind)| modality == choice.modality.0 && model.contents.kind.includes(kind))
        };
        assert_eq!(choice.patients, matching.iter().filter(having).count() as u64, "each patient counts once");
    }
    let mut untagged = model.clone();
    untagged.filter.tags.clear();
    let untagged = untagged.matching();
    let visible = model.visible();
    for choice in view.tag_choices() {
        assert_eq!(choice.patients, model.tagged(choice.tag, &untagged).0, "a tag counts as if none were chosen");
    }
    let listed: Vec<TagId> = view.tag_choices().iter().map(|choice| choice.tag).collect();
    let wanted: Vec<TagId> = (1..=TAGS).map(TagId).filter(|&tag| model.tagged(tag, &visible).0 > 0).collect();
    assert_eq!(listed, wanted, "no tag vanishes because of a filter");
    let hidden: Vec<PatientId> = model.selected.difference(&matching).copied().map(PatientId).collect();
    assert_eq!(view.hidden_ids(), hidden, "those that are selected and not shown");
    let asked: Vec<PatientId> = (0..=PATIENTS + 1).step_by(2).map(PatientId).collect();
    let wanted = asked.iter().filter(|id| matching.contains(&id.0)).count() as u64;
    assert_eq!(view.count_matching(&asked), wanted, "how many of a list match");
}

fn compare_completeness(view: &View, model: &Model, scope: Scope, ids: &Ids) {
    let table = view.completeness(scope, 0, usize::MAX);
    let mut columns: Vec<i64> = model.sums(&model.visible(), true).keys().map(|column| column.0).collect();
    columns.dedup();
    model.in_slug_order(&mut columns);
    let said: Vec<i64> = table.modalities.iter().map(|total| total.modality.0).collect();
    assert_eq!(said, columns, "the columns are the chosen modalities that anyone visible has");
    assert_eq!(table.total, ids.len() as u64, "each patient is one row, in however many folders");
    let files = |id: i64, modality: i64| -> u64 {
        model.chosen_of(id).iter().filter(|row| row.0.0 == modality).map(|row| row.1.0).sum()
    };
    let rows: Ids = table.rows.iter().map(|row| row.patient.0).collect();
    assert_eq!(&rows, ids, "the rows are the patients of the scope");
    for row in &table.rows {
        let wanted: Vec<u64> = columns.iter().map(|&modality| files(row.patient.0, modality)).collect();
        assert_eq!(row.files, wanted, "files by modality");
    }
    for total in &table.modalities {
        let each: Vec<u64> = ids.iter().map(|&id| files(id, total.modality.0)).collect();
        let having = each.iter().filter(|&&files| files > 0).count() as u64;
        assert_eq!((total.files, total.patients), (each.iter().sum(), having), "the totals");
    }
    let page = view.completeness(scope, 2, 3);
    let wanted: Vec<_> = table.rows.iter().skip(2).take(3).cloned().collect();
    assert_eq!(page.rows, wanted, "a page is a part of the whole");
}

proptest! {
    #[test]
    fn the_index_says_what_the_model_says((input, access) in input(), steps in vec(step(), 1..10)) {
        let index = Arc::new(Index::new(input.clone()).expect("a small input"));
        let mut view = View::new(index, |patient| access.get(&patient.0).copied().unwrap_or_default());
        let mut model = Model::new(input, access);
        compare(&view, &model);
        for step in steps {
            take(&mut view, &mut model, step);
            compare(&view, &model);
        }
    }

    #[test]
    fn the_order_of_the_rows_has_no_meaning((input, access) in input(), seed in any::<u64>()) {
        let rows = |input: IndexInput| -> Vec<PlainRow> {
            let index = Arc::new(Index::new(input).expect("a small input"));
            let mut view = View::new(index, |patient| access[&patient.0]);
            view.expand_all(true);
            view.rows(0, usize::MAX).rows.iter().map(PlainRow::from).collect()
        };
        let mut turned = input.clone();
        let turn = |len: usize| usize::try_from(seed % (len as u64).max(1)).expect("small");
        turned.folders.rotate_left(turn(input.folders.len()));
        turned.patients.rotate_left(turn(input.patients.len()));
        turned.placements.reverse();
        turned.patient_tags.reverse();
        turned.modalities.reverse();
        prop_assert_eq!(rows(turned), rows(input), "the same rows give the same tree");
    }

    #[test]
    fn a_view_moves_to_a_newer_index((input, access) in input(), steps in vec(step(), 1..6)) {
        let index = Arc::new(Index::new(input.clone()).expect("a small input"));
        let rights = |patient: PatientId| access.get(&patient.0).copied().unwrap_or_default();
        let mut view = View::new(index, rights);
        let mut model = Model::new(input.clone(), access.clone());
        for step in steps {
            take(&mut view, &mut model, step);
        }
        // The newer state lacks the last patient.
        let mut newer = input;
        let gone = newer.patients.pop();
        let mut moved = View::new(Arc::new(Index::new(newer.clone()).expect("a small input")), rights);
        moved.resume(&view);
        let mut step = view.selected();
        moved.carry(&view, [&mut step]);
        prop_assert_eq!(&step, &moved.selected(), "a step of an undo comes along as the selection does");
        view.clear();
        view.restore(&{ let mut all = View::new(Arc::clone(view.index()), rights); all.check_matching(true); all.selected() });
        prop_assert_eq!(view.counts().selected, view.counts().visible, "a step is taken back as a whole");
        let mut after = Model::new(newer, access.clone());
        after.filter = model.filter.clone();
        after.contents = model.contents.clone();
        after.selected = model.selected.iter().copied().filter(|&id| gone.as_ref().is_none_or(|gone| gone.id.0 != id)).collect();
        after.expanded = model.expanded.iter().copied().filter(|&id| after.is_visible(id)).collect();
        compare(&moved, &after);
    }
}

#[test]
fn rows_of_the_model_are_not_all_empty() {
    // The comparison above would be worth nothing if the strategy never made a tree.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut deepest = 0;
    for _ in 0..200 {
        let (input, access) = input().new_tree(&mut runner).expect("a value").current();
        let model = Model::new(input, access);
        let rows = model.rows(&model.all_folders());
        let patients = rows.iter().filter(|row| matches!(row.item, PlainItem::Patient { .. })).count();
        deepest = deepest.max(rows.iter().map(|row| row.level).max().unwrap_or(0) * u32::from(patients > 3));
    }
    assert!(deepest >= 4, "the random trees are deep enough to matter: {deepest}");
}
