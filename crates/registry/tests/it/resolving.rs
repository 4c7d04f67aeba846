//! What a selection means.

use sheaf_registry::error::Code;
use sheaf_registry::resolve::ResolvedParts;
use sheaf_registry::selection::{FolderRef, KindChoice, Selection, TagMode};
use sheaf_registry::writer::{NewGrant, NewPatient};

use crate::clinic::{Clinic, Open, anything, at, everything, files, folder, ids, near, owned};

fn patients(ids: &[&str]) -> Selection {
    Selection { patient: owned(ids), ..anything() }
}

fn tagged(tags: &[&str], tag_mode: TagMode) -> Selection {
    Selection { tag: owned(tags), tag_mode, ..everything() }
}

fn resolved(open: &Open, selection: &Selection) -> ResolvedParts {
    open.resolve(&open.owner(), selection).expect("a selection that can be resolved")
}

#[test]
fn nothing_said_is_never_everything() {
    let open = Clinic::new().open();
    let no_modality = Selection { all_modalities: false, ..everything() };
    let table = [
        ("nothing at all", Selection::default()),
        ("no patients", anything()),
        ("no modalities", no_modality),
        ("an empty list of ids", Selection { patients_from: vec![], ..anything() }),
        ("only tags", Selection { tag: owned(&["ortho"]), ..anything() }),
    ];
    for (case, selection) in table {
        let refused = open.refusal(&open.owner(), &selection);
        assert_eq!(refused.code(), Code::EmptySelection, "{case}");
        assert!(!refused.next_step().is_empty(), "{case}: the next step is named");
    }
}

#[test]
fn patients_are_a_union_in_natural_order() {
    let open = Clinic::new().open();
    let table: [(&str, Selection, &[&str]); 9] = [
        ("all, without the deleted", everything(), &["1", "2", "10", "A-7"]),
        ("by id, said twice", patients(&["10", "2", "10"]), &["2", "10"]),
        ("a folder with its subfolders", folder(&["Clinic A"]), &["1", "2"]),
        ("a subfolder", folder(&["Clinic A", "2025"]), &["2"]),
        ("a folder whose name holds a slash", folder(&["Clinic A", "b/c"]), &[]),
        ("an empty folder", folder(&["Empty"]), &[]),
        ("folder and patient", Selection { patient: owned(&["A-7"]), ..folder(&["Clinic B"]) }, &["2", "10", "A-7"]),
        (
            "two folders that share a patient",
            Selection { folder: vec![at(&["Clinic A"]), at(&["Clinic B"])], ..anything() },
            &["1", "2", "10"],
        ),
        ("all and a patient", Selection { all: true, ..patients(&["1"]) }, &["1", "2", "10", "A-7"]),
    ];
    for (case, selection, expected) in table {
        assert_eq!(open.chosen(&selection), expected, "{case}");
    }
}

#[test]
fn folders_go_by_id_too_and_both_must_agree() {
    let clinic = Clinic::new();
    let (a, b) = (clinic.folder_a.to_string(), clinic.folder_b.to_string());
    let open = clinic.open();
    let by_id = Selection { folder_id: vec![a.clone()], ..anything() };
    assert_eq!(open.chosen(&by_id), ["1", "2"], "--folder-id includes the subfolders");
    let with_id = |id: &String, path: Option<&[&str]>| {
        let folder = FolderRef { id: Some(id.clone()), path: path.map(owned) };
        Selection { folder: vec![folder], ..anything() }
    };
    assert_eq!(open.chosen(&with_id(&b, None)), ["2", "10"], "an id alone names a folder");
    assert_eq!(open.chosen(&with_id(&a, Some(&["Clinic A"]))), ["1", "2"], "id and path agree");
    let refused = open.refusal(&open.owner(), &with_id(&b, Some(&["Clinic A"])));
    assert_eq!(refused.code(), Code::UnknownFolder, "an id and a path of different folders mean none");
    let nothing = Selection { folder: vec![FolderRef::default()], ..anything() };
    assert_eq!(open.refusal(&open.owner(), &nothing).code(), Code::Usage, "a folder needs an id or a path");
    for id in ["", " 1", "01", "+1", "99", "1 OR 1=1", "９"] {
        let refused = open.refusal(&open.owner(), &Selection { folder_id: owned(&[id]), ..anything() });
        assert_eq!(refused.code(), Code::UnknownFolder, "{id:?} is no folder's id");
    }
}

#[test]
fn sibling_folders_of_one_name_are_all_meant() {
    let mut clinic = Clinic::new();
    let shared = clinic.writer.folder(None, None, "Clinic B").expect("a folder that projects share");
    let patient = clinic.writer.patient(&NewPatient::new(clinic.maxillo, "77")).expect("a patient");
    clinic.writer.place(patient, shared).expect("a placement");
    let foreign = clinic.writer.folder(Some(clinic.brain), None, "Brain only").expect("a folder of the other project");
    let stray = clinic.writer.folder(Some(clinic.maxillo), Some(foreign), "Stray").expect("a folder with a foreign parent");
    clinic.writer.place(patient, stray).expect("a placement");
    let open = clinic.open();
    assert_eq!(open.chosen(&folder(&["Clinic B"])), ["2", "10", "77"], "one path means every folder that bears it");
    assert_eq!(open.chosen(&folder(&["Stray"])), ["77"], "below a parent that is not here, a folder stands at the top");
    let refused = open.refusal(&open.owner(), &folder(&["Brain only"]));
    assert_eq!(refused.code(), Code::UnknownFolder, "another project's folder is not here");
}

#[test]
fn one_name_in_two_spellings_is_one_name() {
    let mut clinic = Clinic::new();
    let decomposed = clinic.writer.folder(Some(clinic.maxillo), None, "Zu\u{308}rich").expect("a folder");
    clinic.writer.place(clinic.p1, decomposed).expect("a placement");
    let tag = clinic.writer.tag("u\u{308}ber").expect("a tag");
    clinic.writer.tag_patient(clinic.p1, tag).expect("a tagging");
    let open = clinic.open();
    assert_eq!(open.chosen(&folder(&["Z\u{fc}rich"])), ["1"], "macOS writes names decomposed, people type them composed");
    assert_eq!(open.chosen(&tagged(&["\u{fc}ber"], TagMode::Any)), ["1"], "the same holds for tags");
}

#[test]
fn tags_narrow_by_their_mode() {
    let open = Clinic::new().open();
    let table: [(&[&str], TagMode, &[&str]); 8] = [
        (&["ortho"], TagMode::Any, &["1", "2"]),
        (&["ortho", "implant"], TagMode::Any, &["1", "2", "10"]),
        (&["ortho", "implant"], TagMode::All, &["2"]),
        (&["ortho"], TagMode::None, &["10", "A-7"]),
        (&["ortho", "implant"], TagMode::None, &["A-7"]),
        (&["ghost"], TagMode::Any, &[]),
        (&["ghost"], TagMode::None, &["1", "2", "10", "A-7"]),
        (&[], TagMode::None, &["1", "2", "10", "A-7"]),
    ];
    for (tags, mode, expected) in table {
        assert_eq!(open.chosen(&tagged(tags, mode)), expected, "{tags:?} {mode:?}");
    }
    let narrowed = Selection { tag: owned(&["implant"]), ..folder(&["Clinic A"]) };
    assert_eq!(open.chosen(&narrowed), ["2"], "tags narrow whatever was chosen");
}

#[test]
fn kinds_are_raw_processed_or_everything() {
    let open = Clinic::new().open();
    let of = |kind| files(&resolved(&open, &Selection { kind: Some(kind), ..everything() }));
    assert_eq!(of(KindChoice::Raw), ["cbct raw p1/raw.dcm", "ios raw p10/upper.stl"], "raw is only raw");
    assert_eq!(
        of(KindChoice::Processed),
        [
            "cbct processed p1/scan.nii.gz",
            "ios processed p1/lower.stl",
            "ios processed p1/upper.stl",
            "cbct processed p2/scan.nii.gz",
            "ios processed a7/upper.stl"
        ],
        "processed is only processed, by patient, modality, path"
    );
    assert_eq!(
        of(KindChoice::Both),
        [
            "cbct raw p1/raw.dcm",
            "cbct processed p1/scan.nii.gz",
            "ios processed p1/lower.stl",
            "ios processed p1/upper.stl",
            "cbct processed p2/scan.nii.gz",
            "bite-classification other p10/bite.json",
            "ios raw p10/upper.stl",
            "ios processed a7/upper.stl"
        ],
        "both includes what is neither; no orphan, nothing of a deleted patient"
    );
}

#[test]
fn all_modalities_name_those_that_have_files() {
    let open = Clinic::new().open();
    let misspelt = Selection { modality: owned(&["cbct", "nope"]), ..everything() };
    let refused = open.refusal(&open.owner(), &misspelt);
    assert_eq!(refused.code(), Code::UnknownModality, "a name that does not exist is never passed over");
    let slugs = |parts: &ResolvedParts| parts.modalities.iter().map(|one| one.slug.clone()).collect::<Vec<_>>();
    let all = resolved(&open, &Selection { modality: owned(&["cbct"]), ..everything() });
    assert_eq!(slugs(&all), ["bite-classification", "cbct", "ios"], "also one that no row of the source lists");
    assert!(all.lacking.is_empty(), "with all modalities nothing is lacking");
    let some = resolved(&open, &patients(&["2"]));
    assert_eq!(slugs(&some), ["cbct"], "modalities without a file are not spoken of");
    assert_eq!(some.files[0].modality, 0, "and the files point into the shortened list");
}

#[test]
fn lacking_are_patients_without_a_file_of_the_chosen_kinds() {
    let open = Clinic::new().open();
    let lacking = |kind, modalities: &[&str]| {
        let selection = Selection { modality: owned(modalities), all_modalities: false, kind: Some(kind), ..everything() };
        let parts = resolved(&open, &selection);
        let name = |one: &sheaf_registry::resolve::Lacking| {
            let patient = &parts.patients[one.patient as usize].patient_id;
            format!("{patient} {}", parts.modalities[usize::from(one.modality)].slug)
        };
        parts.lacking.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(lacking(KindChoice::Both, &["ios"]), ["2 ios"], "only patient 2 has no ios at all");
    assert_eq!(lacking(KindChoice::Processed, &["ios"]), ["2 ios", "10 ios"], "patient 10 has a raw one only");
    assert_eq!(
        lacking(KindChoice::Raw, &["ios", "cbct", "ios"]),
        ["1 ios", "2 cbct", "2 ios", "10 cbct", "A-7 cbct", "A-7 ios"],
        "by patient, then modality; said twice is said once"
    );
    assert_eq!(lacking(KindChoice::Raw, &["bite-classification"]).len(), 4, "a modality of another kind is lacking");
}

#[test]
fn a_pasted_list_tells_its_unknown_ids() {
    let open = Clinic::new().open();
    let list = Selection { patients_from: owned(&["2", "x", "1", "3", "x", "2"]), ..anything() };
    let parts = resolved(&open, &list);
    assert_eq!(ids(&parts), ["1", "2"], "the known ones are chosen");
    assert_eq!(parts.unknown_patients, ["x", "3"], "the others are listed once, in the order of the list");
    let none = resolved(&open, &Selection { patients_from: owned(&["x"]), ..anything() });
    assert_eq!((ids(&none), none.unknown_patients), (vec![], owned(&["x"])), "a list of strangers chooses nobody");
}

#[test]
fn unknown_ids_by_the_hundred_thousand_are_answered() {
    let open = Clinic::new().open();
    // Compared each with each, these would take minutes.
    let ids: Vec<String> = (0..300_000).map(|number| format!("a hospital's long record number {number}")).collect();
    let said: Vec<String> = ids.iter().chain(&ids).cloned().collect();
    let refused = open.refusal(&open.owner(), &Selection { patient: said.clone(), ..anything() });
    assert!(refused.message().contains("and 299995 more"), "each is counted once: {refused}");
    let parts = resolved(&open, &Selection { patients_from: said, ..anything() });
    assert_eq!(parts.unknown_patients, ids, "each once, in the order of the list");
}

#[test]
fn a_folder_names_its_patients_and_tags_in_order() {
    let open = Clinic::new().open();
    let parts = resolved(&open, &everything());
    assert_eq!(
        parts.folders,
        [owned(&["Clinic A", "2024"]), owned(&["Clinic A", "2025"]), owned(&["Clinic B"])],
        "the folders that are used, in natural order"
    );
    assert_eq!(parts.tags, ["implant", "ortho"], "the tags that are used, in natural order");
    let of: Vec<_> = parts.patients.iter().map(|one| (one.folders.to_vec(), one.tags.to_vec())).collect();
    assert_eq!(
        of,
        [(vec![0], vec![1]), (vec![1, 2], vec![0, 1]), (vec![2], vec![0]), (vec![], vec![])],
        "patients 1, 2, 10, A-7 with their folders and tags"
    );
    assert_eq!((parts.user.as_str(), parts.project.slug.as_str()), ("owner", "maxillo"), "who asked for what");
    assert_eq!(parts.selection, everything(), "what was said is kept as it was said");
}

#[test]
fn the_unknown_is_named_with_what_is_near() {
    let mut clinic = Clinic::new();
    clinic.writer.patient(&NewPatient::new(clinic.maxillo, "PAT-0042")).expect("a patient");
    let open = clinic.open();
    let modality = |slug: &str| Selection { modality: owned(&[slug]), all_modalities: false, ..everything() };
    let table: [(Selection, Code, &str, &[&str]); 9] = [
        (
            patients(&["pat-0042"]),
            Code::UnknownPatient,
            r#"There is no patient "pat-0042" in project "maxillo"."#,
            &["PAT-0042"],
        ),
        (patients(&["zz", "1"]), Code::UnknownPatient, r#"There is no patient "zz" in project "maxillo"."#, &[]),
        (
            patients(&["zz", "yy", "zz"]),
            Code::UnknownPatient,
            r#"There are no patients "zz", "yy" in project "maxillo"."#,
            &[],
        ),
        (
            patients(&["zz1", "zz2", "zz3", "zz4", "zz5", "zz6", "zz7"]),
            Code::UnknownPatient,
            r#"There are no patients "zz1", "zz2", "zz3", "zz4", "zz5" and 2 more in project "maxillo"."#,
            &[],
        ),
        (
            folder(&["clinic a", "2024"]),
            Code::UnknownFolder,
            r#"There is no folder "clinic a/2024" in project "maxillo"."#,
            &["Clinic A/2024", "Clinic A/2025", "Clinic A/b\\/c", "Clinic A"],
        ),
        (folder(&[]), Code::UnknownFolder, r#"There is no folder "" in project "maxillo"."#, &[]),
        (tagged(&["orto"], TagMode::None), Code::UnknownTag, r#"There is no tag "orto" in project "maxillo"."#, &["ortho"]),
        (modality("CBCT"), Code::UnknownModality, r#"There is no modality "CBCT"."#, &["cbct"]),
        (modality("bite"), Code::UnknownModality, r#"There is no modality "bite"."#, &["bite-classification"]),
    ];
    for (selection, code, message, suggestions) in table {
        let refused = open.refusal(&open.owner(), &selection);
        assert_eq!((refused.code(), refused.message()), (code, message), "the name is said as it was typed");
        assert_eq!(near(&refused), suggestions, "near matches of {message}");
        let hint = refused.next_step();
        assert_eq!(hint.starts_with("Did you mean"), !suggestions.is_empty(), "the next step of {message} is {hint}");
        assert!(!hint.is_empty(), "there is always a next step");
    }
    let refused = open.registry.project(&open.owner(), "maxilo").expect_err("a typing mistake");
    assert_eq!((refused.code(), near(&refused)), (Code::UnknownProject, owned(&["maxillo"])), "projects have near matches");
}

#[test]
fn a_listed_modality_without_files_is_lacking_not_unknown() {
    let mut clinic = Clinic::new();
    let grant = NewGrant { folder: Some(clinic.year_2024), ..NewGrant::export(clinic.user) };
    clinic.writer.grant(&grant).expect("a grant");
    clinic
        .writer
        .modality(&sheaf_registry::writer::NewModality { slug: "audio", name: "Audio", ..Default::default() })
        .expect("a modality");
    let open = clinic.open();
    let audio = Selection { modality: owned(&["audio"]), all_modalities: false, ..everything() };
    let parts = open.resolve(&open.kim(), &audio).expect("the modality table is common vocabulary");
    assert_eq!((parts.lacking.len(), parts.files.len()), (1, 0), "patient 1 has no audio");
    let bite = Selection { modality: owned(&["bite-classification"]), ..audio };
    let refused = open.refusal(&open.kim(), &bite);
    assert_eq!(refused.code(), Code::UnknownModality, "an unlisted one exists only for whoever sees a file of it");
}
