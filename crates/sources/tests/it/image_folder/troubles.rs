//! What a folder should not hold.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use sheaf_registry::Code;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::writer::RegistryWriter;
use sheaf_sources::image_folder::{Layout, Options, preview, sync};

use super::{ADA, JPEG, STL, Said, Tree, dicom, nifti};

#[test]
fn nothing_outside_of_the_folder_is_looked_at() {
    let tree = Tree::new();
    std::fs::write(tree.beside("secret.stl"), STL).expect("writable");
    std::fs::create_dir(tree.beside("elsewhere")).expect("writable");
    std::fs::write(tree.beside("elsewhere/other.stl"), STL).expect("writable");
    tree.file("A/.annex/real.stl", STL);
    let link = |to: &std::path::Path, name: &str| symlink(to, tree.root().join("A").join(name)).expect("writable");
    link(&tree.beside("secret.stl"), "out.stl");
    link("../../secret.stl".as_ref(), "up.stl");
    link(&tree.beside("elsewhere"), "folder");
    link("..".as_ref(), "round");
    link("nowhere".as_ref(), "broken.stl");
    link(".annex/real.stl".as_ref(), "in.stl");
    let pipe = tree.root().join("A/pipe.stl");
    rustix_mkfifo(&pipe);
    let synced = tree.sync();
    assert_eq!(synced.files(), ["A/in.stl my-images A mesh raw"], "a link that stays in the folder is a file");
    assert_eq!(
        synced.odd(),
        ["FILE_HIDDEN 1", "FILE_SPECIAL 1", "LINK_BROKEN 1", "LINK_FOLDER 1", "PATH_REFUSED 3"],
        "everything else is told"
    );
}

/// A pipe, which would wait for its writer.
fn rustix_mkfifo(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("every Unix has it");
    assert!(made.success(), "{}", path.display());
}

#[test]
fn a_patients_name_is_in_its_column_and_nowhere_else() {
    let tree = Tree::new();
    let nobody = Said { number: "", ..ADA };
    tree.dicom("Lovelace Ada/a.dcm", nobody);
    tree.file("Lovelace Ada/lovelace_notes.txt", b"x");
    tree.file("Lovelace Ada/broken.stl", b"");
    tree.file("Lovelace Ada/.hidden", b"");
    tree.dicom("LOVELACE_2/a.dcm", Said { number: "anonymous", name: "Lovelace^A", ..ADA });
    tree.dicom("C/1.dcm", Said { number: "7", ..ADA });
    tree.dicom("C/2.dcm", Said { number: "7", name: "Byron^Ada", ..ADA });
    let synced = tree.sync();
    assert_eq!(
        synced.odd(),
        [
            "FILE_HIDDEN 1",
            "FILE_UNKNOWN 1",
            "IMAGE_DAMAGED 1",
            "PATIENT_FOLDER_NAMED 2",
            "PATIENT_ID_PLACEHOLDER 1",
            "PATIENT_NAMES_DIFFER 1",
        ]
    );
    let told = format!("{:?} {:?}", synced.report, synced.lines("SELECT code || examples FROM oddity")).to_lowercase();
    assert!(!told.contains("lovelace") && !told.contains("byron"), "{told}");
    let columns = "SELECT patient_id || coalesce(record_no, '') FROM patient
                   UNION ALL SELECT name FROM folder UNION ALL SELECT slug FROM modality UNION ALL SELECT metadata FROM file_registry";
    let told = synced.lines(columns).join(" ").to_lowercase();
    assert!(!told.contains("lovelace"), "no id, no folder, nothing about a file: {told}");
    assert_eq!(synced.lines("SELECT name FROM patient WHERE patient_id = '7'"), ["LOVELACE Ada"], "where it belongs");
}

#[test]
fn what_is_damaged_is_told_and_stops_nothing() {
    let tree = Tree::new();
    let whole = dicom(ADA);
    let name = whole.windows(6).position(|bytes| bytes == b"\x10\0\x10\0PN").expect("it has a name");
    tree.file("A/cut.dcm", &whole[..name + 4]);
    tree.file("A/only magic.dcm", &[&[0; 128], b"DICM".as_slice()].concat());
    tree.file("A/no preamble", &whole[132..]);
    tree.file("A/DICOMDIR", &whole);
    tree.file("A/cut.nii", &nifti()[..355]);
    tree.file("A/empty.jpg", b"");
    tree.file("A/text.png", b"not found");
    tree.file("A/whole.jpg", JPEG);
    let synced = tree.sync();
    assert_eq!(
        synced.files(),
        [
            "A/cut.dcm my-images H-7 ct raw",
            "A/no preamble my-images H-7 ct raw",
            "A/only magic.dcm my-images H-7 dicom raw",
            "A/whole.jpg my-images H-7 image raw",
        ]
    );
    assert_eq!(synced.odd(), ["DICOM_DIRECTORY 1", "DICOM_UNREADABLE 2", "IMAGE_DAMAGED 3"]);
}

#[test]
fn a_name_may_hold_anything() {
    let tree = Tree::new();
    let hostile = [
        "a..",
        "a\nb",
        "a\\b",
        "C:",
        "<b>",
        "'; DROP TABLE patient",
        "=1+1",
        "\u{202e}gpj",
        "CON",
        "{patient}",
        &"é".repeat(120),
    ];
    for name in hostile {
        tree.file(format!("{name}/{name}.stl"), STL);
    }
    let bad = std::ffi::OsStr::from_bytes(b"P\xff");
    tree.file(std::path::Path::new(bad).join("a.stl"), STL);
    let synced = tree.sync();
    assert_eq!(synced.report.files, hostile.len() as u64);
    let mut patients = synced.lines("SELECT patient_id FROM patient");
    patients.sort_unstable();
    let mut expected = hostile.map(ToOwned::to_owned).to_vec();
    expected.sort_unstable();
    assert_eq!(patients, expected, "as they are");
    assert_eq!(synced.odd(), ["NAME_NOT_TEXT 1"], "what is no text is told");
}

#[test]
fn what_sheaf_itself_writes_into_the_folder_is_none_of_its_images() {
    let tree = Tree::new();
    tree.file("A/1.stl", STL);
    let (to, scratch) = (tree.root().join("registry.sqlite"), tree.root().join("scratch"));
    std::fs::create_dir(&scratch).expect("writable");
    let cancel = Cancel::new();
    let options = |earlier| Options {
        scratch: &scratch,
        now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        earlier,
        layout: None,
        hash: false,
        ledger: None,
        threads: 1,
        cancel: &cancel,
        observer: &Unobserved,
    };
    let first = sync(&tree.root(), RegistryWriter::create(&to).expect("free"), &options(None)).expect("readable");
    let again = sync(&tree.root(), RegistryWriter::replacing(&to).expect("its own"), &options(Some(&to))).expect("readable");
    assert_eq!((first.files, again.files, first.oddities.len(), again.oddities.len()), (1, 1, 0, 0));
}

#[test]
fn what_is_no_folder_is_refused() {
    let tree = Tree::new();
    let file = tree.file("a.stl", STL);
    for path in [file.as_path(), &tree.beside("nowhere"), "/".as_ref()] {
        let error = preview(path, &Layout::Known, 3, &Cancel::new()).expect_err("no folder");
        assert_eq!(error.code(), Code::SourceUnknown, "{}", path.display());
    }
    std::fs::remove_file(file).expect("there");
    let empty = tree.sync();
    assert_eq!((empty.report.projects, empty.report.patients, empty.report.files), (1, 0, 0), "an empty one is a registry");
}

#[test]
fn a_preview_shows_what_a_pattern_makes_of_paths() {
    let tree = Tree::new();
    tree.dicom("A/raw/1.dcm", ADA);
    tree.file("B/raw/2.stl", STL);
    tree.file("B/raw/notes.txt", b"x");
    tree.file("C.stl", STL);
    let shown = |layout: &str, most| {
        let layout = Layout::parse(layout).expect("a pattern");
        let preview = preview(&tree.root(), &layout, most, &Cancel::new()).expect("readable");
        let files = preview.files.iter().map(|file| {
            format!("{} {} {} {} {} {}", file.path, file.format, file.fits, file.patient, file.modality, file.kind)
        });
        (files.collect::<Vec<_>>(), preview.more)
    };
    let said = (
        vec![
            "A/raw/1.dcm dicom true A ct raw".to_owned(),
            "B/raw/2.stl stl true B mesh raw".to_owned(),
            "C.stl stl false  mesh raw".to_owned(),
        ],
        false,
    );
    assert_eq!(shown("{patient}/{kind}/{*}", 10), said);
    assert_eq!(shown("auto", 1), (vec!["A/raw/1.dcm dicom true H-7 ct raw".to_owned()], true), "no more than is asked for");
    assert!(!tree.beside("registry.sqlite").exists(), "nothing is written");
}
