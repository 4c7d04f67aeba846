//! Names of patients are left out where that is said.

use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{Names, Registry, RegistryWriter};
use sheaf_sources::image_folder::{Options, sync};

use super::{ADA, Tree};

#[test]
fn a_name_of_a_header_goes_nowhere_and_the_rest_is_as_it_was() {
    let tree = Tree::new();
    tree.dicom("A/1.dcm", ADA);
    tree.dicom("Lovelace/1.dcm", super::Said { number: "", ..ADA });
    let named = tree.sync();
    let rows = "SELECT patient_id || ' ' || coalesce(record_no, '-') FROM patient ORDER BY id";
    let called = "SELECT name FROM patient WHERE name <> '' ORDER BY id";
    assert_eq!(named.lines(called)[0], "LOVELACE Ada", "there is one");

    let to = tree.beside("nameless.sqlite");
    for _ in 0..2 {
        let mut writer = RegistryWriter::replacing(&to).expect("a writer");
        writer.leave_names_out().expect("noted");
        let options = Options {
            scratch: &tree.beside("scratch"),
            now: "2026-01-02T03:04:05Z".parse().expect("a time"),
            earlier: Some(&*to).filter(|to| to.exists()),
            layout: None,
            hash: false,
            ledger: None,
            threads: 2,
            cancel: &Cancel::new(),
            observer: &Unobserved,
        };
        let report = sync(&tree.root(), writer, &options).expect("readable");
        assert_eq!(report.oddities, named.report.oddities, "and told as it was");
        assert!(report.changes.is_none_or(|changes| changes.changed == 0), "times of files are kept: {report:?}");
    }
    let bytes = std::fs::read(&to).expect("a registry");
    assert!(memchr::memmem::find(&bytes, b"LOVELACE").is_none(), "in no byte of it");
    let registry = Registry::open(&to).expect("whole");
    assert_eq!(registry.names().expect("said"), Names::LeftOut);
    let nameless = super::Synced { report: named.report.clone(), registry: rusqlite::Connection::open(&to).expect("it") };
    assert_eq!((nameless.lines(rows), nameless.files()), (named.lines(rows), named.files()));
    assert!(nameless.lines(called).is_empty());
}
