//! A registry appears whole under its name, or not at all.

use sheaf_registry::error::Code;
use sheaf_registry::ids::{FolderId, PatientId, ProjectId, UserId};
use sheaf_registry::provenance::{Oddity, SourceExport};
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::{Kind, Location, RegisteredHash};
use sheaf_registry::selection::Selection;
use sheaf_registry::writer::{NewFile, NewFolder, NewGrant, NewPatient, NewStudy};
use sheaf_registry::{Actor, Registry, RegistryWriter};

use crate::clinic::{Clinic, everything, path_in, snapshot, with_hash};

fn names(dir: &tempfile::TempDir) -> Vec<String> {
    snapshot(dir.path())
        .into_iter()
        .map(|(path, ..)| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect()
}

#[test]
fn dropped_before_the_end_it_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = RegistryWriter::create(&path_in(&dir)).expect("a writer");
    writer.project("maxillo", "Maxillo").expect("a project");
    assert_eq!(names(&dir).len(), 1, "the rows grow in one file beside the name");
    assert!(!path_in(&dir).exists(), "an unfinished registry must not stand under its name");
    drop(writer);
    assert_eq!(names(&dir), Vec::<String>::new(), "a stopped writer must clean up");
}

#[test]
fn finished_it_is_one_private_file_in_delete_mode() {
    let open = Clinic::new().open();
    assert_eq!(names(&open.dir), ["registry.sqlite"], "no journal and no part file may stay");
    let header = std::fs::read(path_in(&open.dir)).expect("the file");
    assert_eq!(header[18..20], [1, 1], "a WAL file could not be read without leaving files beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = path_in(&open.dir).metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "a registry is patient data");
    }
}

#[test]
fn it_never_replaces_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(path_in(&dir), "mine").expect("a file in the way");
    let refused = RegistryWriter::create(&path_in(&dir)).err().expect("the name is taken");
    assert_eq!(refused.code(), Code::DestinationTaken, "the name is taken from the start");

    let dir = tempfile::tempdir().expect("a folder");
    let writer = RegistryWriter::create(&path_in(&dir)).expect("a writer");
    std::fs::write(path_in(&dir), "mine").expect("a file that comes in between");
    let refused = writer.finish().expect_err("the name was taken meanwhile");
    assert_eq!(refused.code(), Code::DestinationTaken, "the name was taken at the end");
    assert_eq!(std::fs::read(path_in(&dir)).expect("that file"), b"mine", "the other file must be whole");
    assert_eq!(names(&dir), ["registry.sqlite"], "nothing of the refused registry may stay");
}

#[test]
fn without_a_folder_nothing_starts() {
    let dir = tempfile::tempdir().expect("a folder");
    let refused = RegistryWriter::create(&dir.path().join("no/registry.sqlite")).err().expect("no such folder");
    assert_eq!(refused.code(), Code::DestinationMissing, "the folder is named, not made");
    let refused = RegistryWriter::create(std::path::Path::new("/")).err().expect("no name");
    assert_eq!(refused.code(), Code::DestinationTaken, "the root folder is there already");
}

#[test]
fn a_number_is_the_id_or_the_smallest_that_no_id_is() {
    let mut clinic = Clinic::new();
    let brain = clinic.brain;
    let ids = ["2", "A", "B", "1", "C", "007", "9223372036854775807", "9223372036854775808", "-5", "+6", " 7", "0", "é", ""];
    for id in ids {
        clinic.writer.patient(&NewPatient::new(brain, id)).expect("a patient");
    }
    let open = clinic.open();
    let selection = everything();
    let resolved = sheaf_registry::resolve::Resolved::new(&open.registry, &open.owner(), "brain", &selection);
    let mut numbers: Vec<(String, u64)> = resolved
        .expect("a selection of all")
        .into_parts()
        .patients
        .iter()
        .map(|patient| (patient.patient_id.to_string(), patient.number))
        .collect();
    numbers.sort();
    let mut expected = vec![
        ("2", 2),
        // "A" came before "1": still patient_001 is patient 1 in every archive.
        ("A", 3),
        ("B", 4),
        ("1", 1),
        ("C", 5),
        ("007", 6),
        ("9223372036854775807", 9_223_372_036_854_775_807),
        ("9223372036854775808", 7),
        ("-5", 8),
        ("+6", 9),
        (" 7", 10),
        ("0", 0),
        ("é", 11),
        ("", 12),
    ];
    expected.sort_unstable();
    let expected: Vec<(String, u64)> = expected.into_iter().map(|(id, number)| (id.to_owned(), number)).collect();
    assert_eq!(numbers, expected, "canonical decimals keep their number, the others get the smallest free one");
}

#[test]
fn contradicting_rows_are_refused_without_naming_a_person() {
    let mut clinic = Clinic::new();
    let twice = NewPatient { name: "Grace Hopper", ..NewPatient::new(clinic.maxillo, "1") };
    let refused = clinic.writer.patient(&twice).expect_err("patient 1 is there");
    assert_eq!(refused.code(), Code::Internal, "a caller hands in each patient once");
    assert!(!format!("{refused:?}").contains("Grace"), "no error may hold a person's name");

    let nowhere = NewFile::new(clinic.p1, clinic.cbct, Kind::Raw, sheaf_registry::ids::RootId(99), "x");
    clinic.writer.file(&nowhere).expect_err("a file needs a data root that exists");
    clinic.writer.place(clinic.p1, sheaf_registry::ids::FolderId(99)).expect_err("a placement needs a folder that exists");

    let twice = NewPatient { name: "Grace Hopper", ..NewPatient::new(clinic.maxillo, "A-7") };
    clinic.writer.patient(&twice).expect_err("patient A-7 is there");
    clinic.writer.patient(&NewPatient::new(clinic.maxillo, "B-1")).expect("what was refused leaves no trace in the numbers");

    let open = clinic.open();
    let expected = ["1", "2", "10", "A-7", "B-1"];
    assert_eq!(open.chosen(&everything()), expected, "what was refused is not there, the rest is");
}

#[test]
fn what_was_written_is_read_back() {
    let mut clinic = Clinic::new();
    let (p1, cbct, root) = (clinic.p1, clinic.cbct, clinic.root);
    clinic.writer.data_root("/dataset/", None).expect("an unmapped root");
    clinic.writer.info("synced_at", "2025-10-20T14:30:22Z").expect("an age");
    let hashes =
        [RegisteredHash::Sha256([0xab; 32]), RegisteredHash::NotComparable("multi-file".into()), RegisteredHash::None];
    for (name, hash) in ["z1", "z2", "z3"].into_iter().zip(hashes.clone()) {
        let file = NewFile { source_id: Some("501"), ..NewFile::new(p1, cbct, Kind::Raw, root, name) };
        clinic.writer.file(&with_hash(file, hash)).expect("a file");
    }
    for (name, hash) in ["zf1", "zf2", "zf3"].into_iter().zip(hashes.clone()) {
        let folder =
            NewFile { may_be_folder: true, source_id: Some("501"), ..NewFile::new(p1, cbct, Kind::Raw, root, name) };
        clinic.writer.file(&with_hash(folder, hash)).expect("a file or a folder");
    }
    let study = NewStudy { exam_id: "E1", patient_age: Some(40), ..NewStudy::default() };
    clinic.writer.study(&study).expect("a study");
    clinic.writer.study(&study).expect_err("one study an id");
    let open = clinic.open();

    let roots = open.registry.data_roots().expect("roots");
    let folder = open.registry.path().parent().expect("a folder").to_owned();
    assert_eq!(
        roots[0].location,
        Some(Location::Folder(folder.join("data"))),
        "a relative location starts from the registry's folder"
    );
    assert_eq!((roots[1].prefix.as_str(), &roots[1].location), ("/dataset/", &None), "an unmapped root has no location");
    assert_eq!(
        open.registry.synced_at().expect("a time"),
        Some("2025-10-20T14:30:22Z".parse().expect("a time")),
        "the age of a copy is what was written"
    );
    let parts = open.resolve(&open.owner(), &everything()).expect("everything");
    for may_be_folder in [false, true] {
        let read = parts.files.iter().filter(|file| file.path.starts_with('z') && file.may_be_folder == may_be_folder);
        let read: Vec<_> = read.map(|file| file.hash.clone()).collect();
        assert_eq!(read, hashes, "hashes come back as they are, of files and of what may be a folder");
    }
    let read: Vec<_> = parts.files.iter().filter(|file| file.path.starts_with('z')).collect();
    assert!(read.iter().all(|file| file.source_id.as_deref() == Some("501")), "the source's id is kept");
    assert_eq!(parts.files[0].source_id, None, "without a source's id the row id is the id");
    assert_eq!(parts.files[0].registered_bytes, Some(100), "sizes come back");
    assert_eq!(read[0].registered_bytes, None, "no size is none, not zero");
}

#[test]
fn a_native_registry_has_no_age_and_a_broken_age_is_damage() {
    let open = Clinic::new().open();
    assert_eq!(open.registry.synced_at().expect("no time"), None, "a native registry is always current");
    let mut clinic = Clinic::new();
    clinic.writer.info("synced_at", "yesterday").expect("a note");
    let open = clinic.open();
    let refused = open.registry.synced_at().expect_err("no time");
    assert_eq!(refused.code(), Code::RegistryCorrupt, "an age that is no time must not be shown");
}

#[test]
fn users_are_listed_by_name_without_the_inactive() {
    let mut clinic = Clinic::new();
    clinic.writer.user("Alex", "admin").expect("a user");
    let gone = clinic.writer.user("gone", "admin").expect("a user");
    clinic.writer.deactivate(gone).expect("out of use");
    let open = clinic.open();
    let users = open.registry.users().expect("users");
    let users: Vec<_> = users.iter().map(|user| (user.name.as_str(), user.role.as_str())).collect();
    assert_eq!(users, [("Alex", "admin"), ("kim", "annotator")], "natural order, only the active ones");
}

#[test]
fn a_finished_registry_opens_through_a_relative_and_a_linked_path() {
    let open = Clinic::new().open();
    #[cfg(unix)]
    {
        let link = open.dir.path().join("link");
        std::os::unix::fs::symlink("registry.sqlite", &link).expect("a link");
        let registry = Registry::open(&link).expect("the same registry");
        assert_eq!(registry.path(), open.registry.path(), "the canonical path is that of the file itself");
        registry.viewer(&Actor::Owner).expect("it answers");
    }
}

#[test]
fn a_new_one_takes_the_place_of_the_old_when_it_is_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let make = |slug| {
        let mut writer = RegistryWriter::replacing(&path_in(&dir)).expect("a writer");
        writer.project(slug, slug).expect("a project");
        writer
    };
    let slug = |registry: &Registry| {
        let owner = registry.viewer(&Actor::Owner).expect("the owner");
        registry.projects(&owner).expect("projects")[0].project.slug.clone()
    };
    make("first").finish().expect("where there was none");
    let old = Registry::open(&path_in(&dir)).expect("a registry");
    drop(make("dropped"));
    assert_eq!(slug(&Registry::open(&path_in(&dir)).expect("it")), "first", "what was not finished replaces nothing");
    let writer = make("second");
    assert_eq!(slug(&Registry::open(&path_in(&dir)).expect("it")), "first", "readers see the old one until the end");
    writer.finish().expect("it takes the place");
    assert_eq!(slug(&Registry::open(&path_in(&dir)).expect("it")), "second", "and then the new one");
    assert_eq!(slug(&old), "first", "whoever had the old one open still has it");
    assert_eq!(names(&dir), ["registry.sqlite"], "nothing else stays");
}

#[test]
fn rows_keep_the_ids_of_their_source() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = RegistryWriter::create(&path_in(&dir)).expect("a writer");
    let project = writer.project_as(ProjectId(7), "maxillo", "Maxillo").expect("a project");
    let folder = NewFolder { id: Some(FolderId(40)), source_id: Some("4"), name: "Clinic", ..NewFolder::default() };
    let folder = writer.folder_row(&folder).expect("a folder");
    let patient = NewPatient { id: Some(PatientId(900)), ..NewPatient::new(project, "12") };
    let patient = writer.patient(&patient).expect("a patient");
    writer.place(patient, folder).expect("in it");
    let next = writer.patient(&NewPatient::new(project, "13")).expect("a patient without a number of its own");
    let user = writer.user_as(UserId(5), "ada", "admin").expect("a user");
    assert_eq!((project.0, folder.0, patient.0, user.0), (7, 40, 900, 5), "selections and cohorts hold them");
    assert_eq!(next.0, 901, "the others come behind");
    let twice = writer.patient(&NewPatient { id: Some(PatientId(900)), ..NewPatient::new(project, "14") });
    assert_eq!(twice.expect_err("one row has one id").code(), Code::Internal, "rows that contradict each other");

    writer.finish().expect("a registry");
    let registry = Registry::open(&path_in(&dir)).expect("a registry");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    for (id, found) in [("4", true), ("40", true), ("400", false)] {
        let said = Selection { folder_id: vec![id.to_owned()], all_modalities: true, ..Selection::default() };
        let resolved = Resolved::new(&registry, &owner, "maxillo", &said);
        assert_eq!(resolved.is_ok(), found, "folder {id}: by the id of the source, or of the row");
    }
}

#[test]
fn what_a_synchronisation_told_is_read_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = RegistryWriter::create(&path_in(&dir)).expect("a writer");
    let odd = Oddity { code: "ORPHAN".to_owned(), count: 3, examples: vec!["row 1: /dataset/x".to_owned()] };
    writer.oddity(&odd).expect("an oddity");
    let export = SourceExport {
        source_table: "scans_export".to_owned(),
        source_id: "4".to_owned(),
        user: "ada".to_owned(),
        status: "completed".to_owned(),
        file_size: Some(10),
        created_at: Some("2026-01-02T03:04:05Z".parse().expect("a time")),
        ..SourceExport::default()
    };
    let other = SourceExport { source_id: "5".to_owned(), user: "eva".to_owned(), ..export.clone() };
    writer.source_export(&export).and_then(|()| writer.source_export(&other)).expect("exports");
    let ada = writer.user("ada", "standard").expect("a user");
    writer.grant(&NewGrant { visibility: Some("public"), ..NewGrant::export(ada) }).expect("a right");
    writer.finish().expect("a registry");

    let registry = Registry::open(&path_in(&dir)).expect("a registry");
    let owner = registry.viewer(&Actor::Owner).expect("the owner");
    assert_eq!(registry.oddities(&owner).expect("oddities"), [odd], "as it was written");
    assert_eq!(registry.source_exports(&owner).expect("exports"), [other, export.clone()], "newest first");
    let ada = registry.viewer(&Actor::User("ada".to_owned())).expect("ada");
    assert_eq!(registry.oddities(&ada).expect("oddities"), [], "paths of patients whom she does not see");
    assert_eq!(registry.source_exports(&ada).expect("exports"), [export], "her own");
}
