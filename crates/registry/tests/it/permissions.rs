//! Who sees and exports what; and that what may not be seen cannot be told from what is not there.

use sheaf_registry::error::Code;
use sheaf_registry::rows::Kind;
use sheaf_registry::selection::{FolderRef, Selection};
use sheaf_registry::writer::{NewFile, NewGrant, NewModality, NewPatient};
use sheaf_registry::{Actor, Registry};

use crate::clinic::{Clinic, Open, anything, at, everything, folder, ids, owned, words};

/// What kim gets, given the ids of the clinic.
pub(crate) type Grants = fn(&Clinic) -> Vec<NewGrant<'static>>;

/// Ids that kim sees, and those that kim exports.
type Rights = (&'static [&'static str], &'static [&'static str]);

/// A registry in the making in which kim may do this.
pub(crate) fn clinic_with(grants: Grants) -> Clinic {
    let mut clinic = Clinic::new();
    clinic.writer.patient(&NewPatient::new(clinic.brain, "900")).expect("a patient of the other project");
    for grant in grants(&clinic) {
        clinic.writer.grant(&grant).expect("a grant");
    }
    clinic
}

fn with(grants: Grants) -> Open {
    clinic_with(grants).open()
}

/// Ids that kim sees and exports in maxillo; `None` where the project does not exist for kim.
fn rights(open: &Open) -> Option<(Vec<String>, Vec<String>)> {
    let kim = open.kim();
    let seen = match open.registry.patients(&kim, "maxillo", &Selection::default(), None, 0) {
        Ok(page) => page.patients.into_iter().map(|patient| patient.patient_id).collect::<Vec<_>>(),
        Err(error) => {
            assert_eq!(error.code(), Code::UnknownProject, "a project without rights does not exist");
            return None;
        }
    };
    // Each one by name, so that `all` cannot hide a refusal.
    let parts = open.resolve(&kim, &Selection { patient: seen.clone(), ..anything() });
    let exported = if seen.is_empty() { Vec::new() } else { ids(&parts.expect("what is seen can be named")) };
    Some((seen, exported))
}

/// What grants mean: those that kim gets, and the patients of maxillo that kim sees and exports; none where it does not exist.
pub(crate) fn table_of_rights() -> Vec<(&'static str, Grants, Option<Rights>)> {
    fn read(clinic: &Clinic) -> NewGrant<'static> {
        NewGrant::read(clinic.user)
    }
    fn export(clinic: &Clinic) -> NewGrant<'static> {
        NewGrant::export(clinic.user)
    }
    let everyone: &[&str] = &["1", "2", "10", "A-7"];
    vec![
        ("no grant", |_| vec![], None),
        ("a grant that allows nothing", |c| vec![NewGrant { may_read: false, ..read(c) }], None),
        ("an export right that may not read", |c| vec![NewGrant { may_read: false, ..export(c) }], None),
        ("a reader of everything", |c| vec![read(c)], Some((everyone, &[]))),
        ("an exporter of everything", |c| vec![export(c)], Some((everyone, everyone))),
        ("a reader of this project", |c| vec![NewGrant { project: Some(c.maxillo), ..read(c) }], Some((everyone, &[]))),
        ("an exporter of another project", |c| vec![NewGrant { project: Some(c.brain), ..export(c) }], None),
        (
            "a folder with its subfolders",
            |c| vec![NewGrant { folder: Some(c.folder_a), ..export(c) }],
            Some((&["1", "2"], &["1", "2"])),
        ),
        (
            "a folder without its subfolders",
            |c| vec![NewGrant { folder: Some(c.folder_a), recursive: false, ..export(c) }],
            None,
        ),
        (
            "a folder without subfolders that holds patients",
            |c| vec![NewGrant { folder: Some(c.folder_b), recursive: false, ..read(c) }],
            Some((&["2", "10"], &[])),
        ),
        (
            "a folder in the wrong project",
            |c| vec![NewGrant { folder: Some(c.folder_a), project: Some(c.brain), ..export(c) }],
            None,
        ),
        (
            "one word of visibility",
            |c| vec![NewGrant { visibility: Some("public"), ..export(c) }],
            Some((&["1", "A-7"], &["1", "A-7"])),
        ),
        (
            "a folder and a word of visibility",
            |c| vec![NewGrant { folder: Some(c.folder_b), visibility: Some("debug"), ..export(c) }],
            Some((&["10"], &["10"])),
        ),
        (
            "any of several grants is enough",
            |c| vec![NewGrant { visibility: Some("public"), ..read(c) }, NewGrant { folder: Some(c.folder_b), ..export(c) }],
            Some((&["1", "2", "10", "A-7"], &["2", "10"])),
        ),
        (
            "export counts only where reading does",
            |c| vec![NewGrant { folder: Some(c.year_2024), ..read(c) }, NewGrant { may_read: false, ..export(c) }],
            Some((&["1"], &["1"])),
        ),
    ]
}

#[test]
fn the_table_of_rights() {
    for (case, grants, expected) in table_of_rights() {
        let found = rights(&with(grants));
        let expected = expected.map(|(seen, exported)| (owned(seen), owned(exported)));
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn the_set_of_exportable_patients_is_never_wider_than_the_readable() {
    let open = with(|clinic| {
        let read = NewGrant { folder: Some(clinic.year_2024), ..NewGrant::read(clinic.user) };
        vec![read, NewGrant { may_read: false, ..NewGrant::export(clinic.user) }]
    });
    let kim = open.kim();
    assert_eq!(kim.may_export(), kim.may_read(), "who asks only the one set must not get more than the other");
    assert!(!kim.is_owner(), "rights that add up to little are not everything");
    let open = with(|clinic| {
        vec![NewGrant::read(clinic.user), NewGrant { folder: Some(clinic.folder_b), ..NewGrant::export(clinic.user) }]
    });
    assert_ne!(open.kim().may_export(), open.kim().may_read(), "reading everything is not exporting everything");
}

#[test]
fn the_owner_may_do_everything() {
    let open = Clinic::new().open();
    let owner = open.owner();
    assert_eq!(owner.name(), "owner", "the record of an export says who made it");
    assert!(owner.is_owner() && owner.may_export_studies(), "who can open the file may do everything");
    assert_eq!(open.chosen(&everything()), ["1", "2", "10", "A-7"], "all but the deleted");
}

#[test]
fn a_right_to_studies_is_its_own() {
    let open = with(|clinic| vec![NewGrant::export(clinic.user)]);
    assert!(!open.kim().may_export_studies(), "exporting images is not exporting studies");
    let open = with(|clinic| vec![NewGrant { may_export_studies: true, ..NewGrant::read(clinic.user) }]);
    assert!(open.kim().may_export_studies(), "the grant says so");
    assert!(!open.kim().is_owner(), "no user is the owner");
}

#[test]
fn an_unknown_and_an_inactive_user_answer_alike() {
    let mut clinic = Clinic::new();
    clinic.writer.grant(&NewGrant::export(clinic.user)).expect("a grant");
    clinic.writer.deactivate(clinic.user).expect("out of use");
    let open = clinic.open();
    let answer = |name: &str| open.registry.viewer(&Actor::User(name.to_owned())).expect_err("no such user");
    assert_eq!(answer("kim").code(), Code::UnknownUser, "an inactive user may do nothing");
    let replaced = words(&answer("kin")).1.replace("kin", "kim");
    assert_eq!(words(&answer("kim")).1, replaced, "nobody learns that kim was here");
    assert!(words(&answer("kin")).3.is_empty(), "names of users are nobody's to guess");
}

#[test]
fn seen_but_not_exportable_is_counted_and_left_out() {
    let open = with(|c| {
        vec![
            NewGrant { project: Some(c.maxillo), ..NewGrant::read(c.user) },
            NewGrant { folder: Some(c.folder_b), ..NewGrant::export(c.user) },
        ]
    });
    let kim = open.kim();
    let parts = open.resolve(&kim, &folder(&["Clinic A"])).expect("a folder that kim sees");
    assert_eq!((ids(&parts), parts.forbidden_patients), (owned(&["2"]), 1), "patient 1 is only seen");
    let parts = open.resolve(&kim, &everything()).expect("all");
    assert_eq!((ids(&parts), parts.forbidden_patients), (owned(&["2", "10"]), 0), "all means all that kim may export");
    let tagged = Selection { tag: owned(&["ortho"]), ..folder(&["Clinic A"]) };
    let parts = open.resolve(&kim, &tagged).expect("a tag that kim sees");
    assert_eq!((ids(&parts), parts.forbidden_patients), (owned(&["2"]), 1), "what tags leave out is not forbidden");
}

#[test]
fn all_for_a_mere_reader_counts_what_is_seen() {
    let open = with(|clinic| vec![NewGrant { project: Some(clinic.maxillo), ..NewGrant::read(clinic.user) }]);
    let parts = open.resolve(&open.kim(), &everything()).expect("all");
    assert_eq!((ids(&parts), parts.forbidden_patients), (vec![], 4), "so that the refusal can say why");
    assert!(parts.files.is_empty() && parts.lacking.is_empty(), "nothing of a forbidden patient may leave");
}

#[test]
fn projects_show_what_one_viewer_has_of_them() {
    let summary = |open: &Open, viewer: &sheaf_registry::Viewer| {
        let projects = open.registry.projects(viewer).expect("projects");
        projects.into_iter().map(|one| (one.project.slug, one.patients, one.may_export)).collect::<Vec<_>>()
    };
    let open = with(|c| vec![NewGrant { folder: Some(c.folder_b), ..NewGrant::read(c.user) }]);
    let both = [("brain".to_owned(), 1, true), ("maxillo".to_owned(), 4, true)];
    assert_eq!(summary(&open, &open.owner()), both, "the owner sees all, without the deleted");
    assert_eq!(summary(&open, &open.kim()), [("maxillo".to_owned(), 2, false)], "kim sees two patients and exports none");

    let open = Clinic::new().open();
    assert_eq!(summary(&open, &open.owner())[0], ("brain".to_owned(), 0, true), "an empty project exists for its owner");
    let mut clinic = Clinic::new();
    clinic.writer.grant(&NewGrant { project: Some(clinic.brain), ..NewGrant::read(clinic.user) }).expect("a grant");
    let open = clinic.open();
    assert_eq!(
        summary(&open, &open.kim()),
        [("brain".to_owned(), 0, false)],
        "a granted project exists although it is empty"
    );
}

#[test]
fn the_rights_of_one_registry_open_no_other() {
    let (one, other) = (Clinic::new().open(), Clinic::new().open());
    let refused = one.registry.projects(&other.owner()).expect_err("row ids of another file mean other patients");
    assert_eq!(refused.code(), Code::Internal, "this is a fault of the caller, not of the user");
}

/// A registry in the making in which kim exports folder `Clinic B`. With `hidden`, there is more that kim may not see.
pub(crate) fn clinic_b(hidden: bool) -> Clinic {
    let mut clinic = Clinic::new();
    let b = NewGrant { folder: Some(clinic.folder_b), ..NewGrant::export(clinic.user) };
    clinic.writer.grant(&b).expect("a grant");
    if hidden {
        let w = &mut clinic.writer;
        let secret = w.project("secret-project", "Secret").expect("a project");
        let folder = w.folder(Some(clinic.maxillo), Some(clinic.folder_a), "Secret wing").expect("a folder");
        let tag = w.tag("secret-tag").expect("a tag");
        let modality = NewModality { slug: "secret-modality", name: "", is_unlisted: true, ..NewModality::default() };
        let modality = w.modality(&modality).expect("a modality");
        for project in [secret, clinic.maxillo] {
            let patient = w.patient(&NewPatient::new(project, "secret-100")).expect("a patient");
            if project == clinic.maxillo {
                w.place(patient, folder).expect("a placement");
            }
            w.tag_patient(patient, tag).expect("a tagging");
            w.file(&NewFile::new(patient, modality, Kind::Processed, clinic.root, "secret.nii.gz")).expect("a file");
        }
    }
    clinic
}

/// Every answer that kim can get, as text without the place of the file.
pub(crate) fn answers(open: &Open) -> Vec<String> {
    let kim = open.kim();
    let mut answers = vec![format!("{:?}", open.registry.projects(&kim)), format!("{:?}", open.registry.synced_at())];
    let names = ["secret-project", "maxillo", "secret", "nothing"];
    answers.extend(names.map(|slug| match open.registry.project(&kim, slug) {
        Ok(project) => format!("{project:?}"),
        Err(error) => format!("{:?}", words(&error)),
    }));
    let mut selections = vec![everything()];
    for name in ["secret-100", "secret-1000", "1", "2", "10", "3", "100"] {
        selections.push(Selection { patient: owned(&[name]), ..anything() });
        selections.push(Selection { patients_from: owned(&[name, "2"]), ..anything() });
    }
    for name in ["secret-tag", "secret-tags", "ortho", "ghost", "implant"] {
        selections.push(Selection { tag: owned(&[name]), ..everything() });
    }
    for name in ["secret-modality", "secret-modalities", "cbct", "bite-classification", "ios"] {
        selections.push(Selection { modality: owned(&[name]), all_modalities: false, ..everything() });
    }
    let paths: [&[&str]; 6] =
        [&["Clinic A"], &["Clinic A", "Secret wing"], &["Secret wing"], &["Clinic B"], &["Clinic A", "2025"], &["Empty"]];
    selections.extend(paths.map(folder));
    for id in 0..9 {
        selections.push(Selection { folder_id: vec![id.to_string()], ..anything() });
        let both = FolderRef { id: Some(id.to_string()), ..at(&["Clinic A", "Secret wing"]) };
        selections.push(Selection { folder: vec![both], ..anything() });
    }
    for selection in &selections {
        for project in ["maxillo", "secret-project"] {
            let resolved = sheaf_registry::resolve::Resolved::new(&open.registry, &kim, project, selection);
            answers.push(match resolved {
                Ok(resolved) => format!("{resolved:?}"),
                Err(error) => format!("{:?}", words(&error)),
            });
            answers.push(match open.registry.patients(&kim, project, selection, None, 0) {
                Ok(page) => format!("{page:?}"),
                Err(error) => format!("{:?}", words(&error)),
            });
        }
    }
    let place = open.registry.path().parent().expect("a folder").display().to_string();
    answers.into_iter().map(|answer| answer.replace(&place, "")).collect()
}

#[test]
fn the_hidden_cannot_be_told_from_the_missing() {
    let (with_hidden, without) = (answers(&clinic_b(true).open()), answers(&clinic_b(false).open()));
    for (hidden, missing) in with_hidden.iter().zip(&without) {
        assert_eq!(hidden, missing, "one answer differs, and that tells kim of what may not be seen");
    }
    assert_eq!(with_hidden.len(), without.len(), "both registries were asked the same");
}

#[test]
fn near_matches_never_leak() {
    let open = clinic_b(true).open();
    let kim = open.kim();
    let refused = |selection: Selection| words(&open.refusal(&kim, &selection));
    // The owner is offered what kim is not: without the rights these tests would find nothing.
    let owner = words(&open.refusal(&open.owner(), &Selection { patient: owned(&["secret-1000"]), ..anything() }));
    assert_eq!(owner.3, ["secret-100"], "the owner sees the near match");
    let (code, _, hint, near) = refused(Selection { patient: owned(&["secret-1000"]), ..anything() });
    assert_eq!((code, near.len()), (Code::UnknownPatient, 0), "kim is offered nothing");
    assert!(!hint.contains("secret"), "nor does the hint say it: {hint}");
    let (code, .., near) = refused(Selection { tag: owned(&["ghosts"]), ..everything() });
    assert_eq!((code, near.len()), (Code::UnknownTag, 0), "a tag of a deleted patient is no suggestion");
    let (code, .., near) = refused(Selection { modality: owned(&["secret-modalitys"]), ..everything_but_modalities() });
    assert_eq!((code, near.len()), (Code::UnknownModality, 0), "a modality that only hidden files have is none");
    let (code, .., near) = refused(folder(&["Clinic C"]));
    assert_eq!((code, near), (Code::UnknownFolder, owned(&["Clinic B"])), "Clinic A holds no patient that kim sees there");
    let near = words(&open.registry.project(&kim, "secret-projects").expect_err("no such project")).3;
    assert!(near.is_empty(), "a hidden project is no suggestion");
}

fn everything_but_modalities() -> Selection {
    Selection { all_modalities: false, ..everything() }
}

#[test]
fn a_patient_seen_in_one_folder_does_not_show_its_others() {
    let open = clinic_b(false).open();
    let parts = open.resolve(&open.kim(), &Selection { patient: owned(&["2"]), ..anything() }).expect("patient 2");
    assert_eq!(parts.folders, [owned(&["Clinic B"])], "that patient 2 is in Clinic A/2025 too is not kim's to know");
    let parts = open.resolve(&open.owner(), &Selection { patient: owned(&["2"]), ..anything() }).expect("patient 2");
    assert_eq!(parts.folders, [owned(&["Clinic A", "2025"]), owned(&["Clinic B"])], "the owner sees both");
}

/// A registry in which kim sees patient 5 of maxillo in the shared folder `Ground`, or a public patient 6; both also lie in
/// the shared folder `First floor`, which kim may enter in the other project alone, or for patients of another visibility.
pub(crate) fn two_floors(first: Grants, ground: Grants, folders: bool) -> Clinic {
    let mut clinic = Clinic::new();
    let w = &mut clinic.writer;
    let [first_floor, ground_floor] = ["First floor", "Ground"].map(|name| w.folder(None, None, name).expect("a folder"));
    for (project, id, visibility) in
        [(clinic.maxillo, "5", "private"), (clinic.maxillo, "6", "public"), (clinic.brain, "900", "public")]
    {
        let patient = w.patient(&NewPatient { visibility, ..NewPatient::new(project, id) }).expect("a patient");
        w.place(patient, first_floor).expect("a placement");
        w.place(patient, ground_floor).expect("a placement");
    }
    for (grants, folder) in [(first, first_floor), (ground, ground_floor)] {
        for grant in grants(&clinic) {
            let folder = Some(folder).filter(|_| folders || grant.visibility.is_none());
            clinic.writer.grant(&NewGrant { folder, ..grant }).expect("a grant");
        }
    }
    clinic
}

#[test]
fn a_placement_is_seen_only_where_one_grant_covers_this_patient_in_this_folder() {
    let in_brain: Grants = |c| vec![NewGrant { project: Some(c.brain), ..NewGrant::export(c.user) }];
    let in_maxillo: Grants = |c| vec![NewGrant { project: Some(c.maxillo), ..NewGrant::export(c.user) }];
    let of_debug: Grants = |c| vec![NewGrant { visibility: Some("debug"), ..NewGrant::export(c.user) }];
    for (case, open) in [
        ("a folder that is kim's in the other project alone", two_floors(in_brain, in_maxillo, true).open()),
        ("a folder that is kim's for another visibility alone", two_floors(of_debug, in_maxillo, true).open()),
        ("a visibility in every folder opens none to others", two_floors(of_debug, in_maxillo, false).open()),
    ] {
        let kim = open.kim();
        let named = Selection { patient: owned(&["5"]), ..anything() };
        let parts = open.resolve(&kim, &named).expect("patient 5 is seen on the ground floor");
        assert_eq!(parts.folders, [owned(&["Ground"])], "{case}: the export does not name it");
        let page = open.registry.patients(&kim, "maxillo", &named, None, 0).expect("patient 5");
        assert_eq!(page.patients[0].folders, [owned(&["Ground"])], "{case}: nor does the list");
        let (code, _, hint, near) = words(&open.refusal(&kim, &folder(&["First floor"])));
        assert_eq!((code, near), (Code::UnknownFolder, vec![]), "{case}: it does not exist for kim");
        assert!(!hint.contains("First"), "{case}: nor does the hint say it: {hint}");
        let (.., near) = words(&open.refusal(&kim, &folder(&["First flor"])));
        assert!(near.is_empty(), "{case}: nor is it a suggestion: {near:?}");
        let owner = words(&open.refusal(&open.owner(), &folder(&["First flor"]))).3;
        assert_eq!(owner, ["First floor"], "{case}: the owner is offered it");
    }
}

#[test]
fn a_grant_without_a_folder_shows_its_patients_in_all_of_theirs() {
    let public: Grants = |c| vec![NewGrant { visibility: Some("public"), ..NewGrant::export(c.user) }];
    let open = two_floors(|_| vec![], public, false).open();
    let kim = open.kim();
    let parts = open.resolve(&kim, &folder(&["First floor"])).expect("patient 6 is public wherever it lies");
    assert_eq!(ids(&parts), ["6"], "and patient 5 is not");
    assert_eq!(parts.folders, [owned(&["First floor"]), owned(&["Ground"])], "both of its folders are shown");
}

#[test]
fn an_unknown_user_of_a_registry_without_users() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = crate::clinic::path_in(&dir);
    sheaf_registry::RegistryWriter::create(&path)
        .and_then(sheaf_registry::RegistryWriter::finish)
        .expect("an empty registry");
    let registry = Registry::open(&path).expect("it opens");
    let refused = registry.viewer(&Actor::User(String::new())).expect_err("nobody is there");
    assert_eq!(refused.code(), Code::UnknownUser, "also an empty name is nobody");
}
