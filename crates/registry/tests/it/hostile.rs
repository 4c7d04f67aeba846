//! Strings and files that want to be more than data.

use proptest::prelude::*;
use sheaf_registry::error::Code;
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::Kind;
use sheaf_registry::selection::Selection;
use sheaf_registry::writer::{NewFile, NewModality, NewPatient};
use sheaf_registry::{Actor, Registry, RegistryWriter};

use crate::clinic::{Clinic, anything, at, everything, ids, owned, path_in};

const HOSTILE: [&str; 14] = [
    "'; DROP TABLE patient; --",
    "\" OR \"1\"=\"1",
    "1 OR 1=1",
    "%",
    "_",
    "\\",
    "?1",
    ":a",
    "x'00'",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "\u{202e}gnp.exe",
    "a\nb\u{0}c",
];

#[test]
fn hostile_names_that_do_not_exist_are_merely_unknown() {
    let open = Clinic::new().open();
    let owner = open.owner();
    for text in HOSTILE {
        let selections = [
            (Code::UnknownPatient, Selection { patient: owned(&[text]), ..anything() }),
            (Code::UnknownFolder, Selection { folder: vec![at(&[text])], ..anything() }),
            (Code::UnknownFolder, Selection { folder_id: owned(&[text]), ..anything() }),
            (Code::UnknownTag, Selection { tag: owned(&[text]), ..everything() }),
            (Code::UnknownModality, Selection { modality: owned(&[text]), all_modalities: false, ..everything() }),
        ];
        for (code, selection) in selections {
            let refused = open.refusal(&owner, &selection);
            assert_eq!(refused.code(), code, "{text:?} must be looked for as it is");
            assert!(
                !refused.message().contains(['\n', '\0', '\u{202e}']),
                "a message stays one readable line: {}",
                refused.message()
            );
        }
        let refused = open.registry.project(&owner, text).expect_err("no such project");
        assert_eq!(refused.code(), Code::UnknownProject, "{text:?} is no project");
        let refused = open.registry.viewer(&Actor::User(text.to_owned())).expect_err("no such user");
        assert_eq!(refused.code(), Code::UnknownUser, "{text:?} is no user");
        let list = Selection { patients_from: owned(&[text]), ..anything() };
        assert_eq!(open.resolve(&owner, &list).expect("a list").unknown_patients, [text], "an unknown id is told as it is");
    }
    assert_eq!(open.chosen(&everything()).len(), 4, "everything is still there");
}

#[test]
fn hostile_names_that_exist_are_found_and_nothing_else() {
    let mut clinic = Clinic::new();
    for text in HOSTILE {
        let w = &mut clinic.writer;
        let modality = w.modality(&NewModality { slug: text, name: text, ..NewModality::default() }).expect("a modality");
        let patient = w.patient(&NewPatient { name: text, ..NewPatient::new(clinic.maxillo, text) }).expect("a patient");
        let folder = w.folder(Some(clinic.maxillo), None, text).expect("a folder");
        let tag = w.tag(text).expect("a tag");
        w.place(patient, folder).expect("a placement");
        w.tag_patient(patient, tag).expect("a tagging");
        w.file(&NewFile::new(patient, modality, Kind::Processed, clinic.root, text)).expect("a file");
        w.project(text, text).expect("a project");
        w.user(text, text).expect("a user");
    }
    let open = clinic.open();
    let owner = open.owner();
    for text in HOSTILE {
        for selection in [
            Selection { patient: owned(&[text]), ..anything() },
            Selection { folder: vec![at(&[text])], ..anything() },
            Selection { tag: owned(&[text]), ..everything() },
        ] {
            let parts = open.resolve(&owner, &selection).expect("a name that exists");
            assert_eq!(ids(&parts), [text], "{text:?} means itself and nothing else");
            assert_eq!(parts.files[0].path.as_ref(), text, "a path comes back as it is");
        }
        let by_modality = Selection { modality: owned(&[text]), all_modalities: false, ..everything() };
        assert_eq!(open.resolve(&owner, &by_modality).expect("a modality").files.len(), 1, "{text:?} has one file");
        open.registry.project(&owner, text).expect("the project exists");
        open.registry.viewer(&Actor::User(text.to_owned())).expect("the user exists");
    }
}

#[test]
fn a_ring_of_folders_ends() {
    let mut clinic = Clinic::new();
    let grant = sheaf_registry::writer::NewGrant {
        folder: Some(clinic.year_2024),
        ..sheaf_registry::writer::NewGrant::export(clinic.user)
    };
    clinic.writer.grant(&grant).expect("a grant");
    let (a, year) = (clinic.folder_a, clinic.year_2024);
    clinic.writer.tag_patient(clinic.p1, clinic.ortho).expect_err("patient 1 has that tag");
    let open = clinic.open();
    let path = open.registry.path().to_owned();
    drop(open.registry);
    let connection = rusqlite::Connection::open(&path).expect("a second look");
    connection.execute("UPDATE folder SET parent_id = ?2 WHERE id = ?1", [a.0, year.0]).expect("a ring");
    drop(connection);
    let registry = Registry::open(&path).expect("a registry with a ring");
    for actor in [Actor::Owner, Actor::User("kim".to_owned())] {
        let viewer = registry.viewer(&actor).expect("a viewer");
        let by_id = Selection { folder_id: vec![year.to_string()], ..anything() };
        let parts = Resolved::new(&registry, &viewer, "maxillo", &by_id).expect("an answer").into_parts();
        assert!(ids(&parts).contains(&"1".to_owned()), "whoever is in the ring is still found");
        registry.patients(&viewer, "maxillo", &Selection::default(), None, 0).expect("a list that ends");
    }
}

/// A small registry as bytes.
fn bytes() -> Vec<u8> {
    let open = Clinic::new().open();
    std::fs::read(path_in(&open.dir)).expect("the file")
}

/// Asks everything; the code of the first refusal.
fn ask(path: &std::path::Path) -> Option<Code> {
    let ask = || {
        let registry = Registry::open(path)?;
        registry.users()?;
        registry.data_roots()?;
        registry.synced_at()?;
        for actor in [Actor::Owner, Actor::User("kim".to_owned())] {
            let viewer = registry.viewer(&actor)?;
            registry.projects(&viewer)?;
            registry.patients(&viewer, "maxillo", &Selection::default(), None, 0)?;
            Resolved::new(&registry, &viewer, "maxillo", &everything())?;
        }
        Ok::<_, sheaf_registry::Error>(())
    };
    ask().err().map(|error| error.code())
}

#[test]
fn damaged_pages_are_called_damage_when_they_are_met() {
    let mut content = bytes();
    let page = 8192;
    content[page..].chunks_mut(page).for_each(|page| page[..64].fill(0xff));
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(path_in(&dir), &content).expect("a damaged file");
    assert_eq!(ask(&path_in(&dir)), Some(Code::RegistryCorrupt), "not an internal fault, not an empty list");
    assert_eq!(std::fs::read(path_in(&dir)).expect("the file"), content, "a damaged file is not touched");
}

#[test]
fn text_that_is_not_unicode_is_damage() {
    let mut content = bytes();
    let at = content.windows(8).position(|window| window == b"Clinic A").expect("a folder's name");
    content[at] = 0xff;
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(path_in(&dir), &content).expect("a damaged file");
    assert_eq!(ask(&path_in(&dir)), Some(Code::RegistryCorrupt), "a name that is no text cannot be shown");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever happened to the file: an answer or a clear refusal, and the file as it was.
    #[test]
    fn a_mangled_file_never_panics_and_is_never_touched(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        length in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut content = bytes();
        for (at, value) in flips {
            let at = at.index(content.len());
            content[at] = value;
        }
        if let Some(length) = length {
            content.truncate(length.index(content.len()));
        }
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(path_in(&dir), &content).expect("a mangled file");
        if let Some(code) = ask(&path_in(&dir)) {
            let clear = [
                Code::RegistryCorrupt, Code::RegistryForeign, Code::RegistryNewer, Code::RegistryOlder,
                Code::RegistryUnreadable, Code::UnknownProject, Code::UnknownUser,
            ];
            prop_assert!(clear.contains(&code), "{code} is no answer to a damaged file");
        }
        let left = crate::clinic::snapshot(dir.path());
        prop_assert_eq!(left.len(), 1, "nothing may appear beside it");
        prop_assert_eq!(&left[0].1, &content, "the file must not change");
    }

    /// Any text can be a patient's id, a tag and a folder's name, and means itself.
    #[test]
    fn any_text_is_only_data(text in "\\PC{0,12}|[\\x00-\\x7f]{0,8}") {
        let dir = tempfile::tempdir().expect("a folder");
        let mut w = RegistryWriter::create(&path_in(&dir)).expect("a writer");
        let project = w.project("p", "P").expect("a project");
        let patient = w.patient(&NewPatient::new(project, &text)).expect("a patient");
        w.patient(&NewPatient::new(project, &format!("not {text}"))).expect("another patient");
        let tag = w.tag(&text).expect("a tag");
        w.tag_patient(patient, tag).expect("a tagging");
        w.finish().expect("a registry");
        let registry = Registry::open(&path_in(&dir)).expect("it opens");
        let owner = registry.viewer(&Actor::Owner).expect("the owner");
        for selection in [
            Selection { patient: vec![text.clone()], ..anything() },
            Selection { tag: vec![text.clone()], ..everything() },
        ] {
            let parts = Resolved::new(&registry, &owner, "p", &selection).expect("it resolves").into_parts();
            prop_assert_eq!(ids(&parts), vec![text.clone()], "the text means itself");
        }
    }
}
