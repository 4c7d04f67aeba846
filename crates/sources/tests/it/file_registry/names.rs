//! Names of patients are left out where that is said: nothing of them stays, and everything else is as it was.

use std::path::Path;

use jiff::Timestamp;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{Names, Registry, RegistryWriter};
use sheaf_sources::file_registry::{self, Options};
#[cfg(unix)]
use sheaf_sources::server::{Login, Server};

use super::fixture::Made;
use super::{Synced, sync};

/// Names of patients, the name of a file as it came, and what was searched for.
const TELLING: [&str; 7] = ["Lovelace", "Eva", "Bea", "Nowhere", "Marked oddly", "IMG_3", "folder_ids"];

fn without(read: impl FnOnce(RegistryWriter, &Options<'_>) -> file_registry::Report) -> Synced {
    let dir = tempfile::tempdir().expect("a folder");
    let scratch = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("registry.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a writer");
    writer.leave_names_out().expect("noted");
    let now = Timestamp::from_second(1_770_000_000).expect("a time");
    let options = Options { scratch: scratch.path(), now, mappings: &[], cancel: &Cancel::new(), observer: &Unobserved };
    let report = read(writer, &options);
    let left = |folder: &Path| std::fs::read_dir(folder).expect("the folder").count();
    assert_eq!((left(scratch.path()), left(dir.path())), (0, 1), "nothing of what was staged stays");
    Synced { report, path, _dir: dir }
}

/// Everything but what is left out.
fn nameless(synced: &Synced) -> Vec<String> {
    let columns = [
        ("patient", "id, project_id, patient_id, number, record_no, visibility, deleted, created_at"),
        (
            "file_registry",
            "id, source_id, patient_id, file_type, file_path, file_size, file_hash, modality_id, kind, subtype",
        ),
        ("source_export", "source_table, source_id, user, status, file_size, patient_count, created_at"),
        ("oddity", "*"),
        ("folder", "*"),
        ("access", "*"),
    ];
    columns.iter().flat_map(|(table, columns)| synced.ask(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2"))).collect()
}

fn check(named: &Synced, without: &Synced, how: &str) {
    assert_eq!(nameless(without), nameless(named), "{how}: everything else is as it was");
    assert_eq!(without.report, named.report, "{how}: and told as it was");
    let bytes = std::fs::read(&without.path).expect("the registry");
    let found = |bytes: &[u8]| {
        TELLING.iter().copied().filter(|name| memchr::memmem::find(bytes, name.as_bytes()).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(found(&bytes), Vec::<&str>::new(), "{how}: no name in any byte of it");
    assert!(!found(&std::fs::read(&named.path).expect("the registry")).is_empty(), "{how}: as there are with names");
    assert_eq!(Registry::open(&without.path).expect("whole").names().expect("said"), Names::LeftOut);
    assert_eq!(Registry::open(&named.path).expect("whole").names().expect("said"), Names::Kept);
}

#[test]
fn a_database_and_its_dump_leave_no_name_where_none_is_wanted() {
    for made in Made::ALL {
        let (_dir, database) = made.database("");
        let (_dump, dump) = made.dump("");
        let named = sync(&database);
        for source in [&database, &dump] {
            let without = without(|writer, options| file_registry::sync(source, writer, options).expect("readable"));
            check(&named, &without, &format!("{made:?} {}", source.display()));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_server_is_not_even_asked_for_names() {
    let server = super::live::laboratory(Made::G2);
    let (_dir, database) = Made::G2.database("");
    server.run("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 'ON'");
    let (parsed, password) = Server::parse(&server.url("reader:geheim", "lab")).expect("a URL");
    let login = Login { server: parsed, password };
    let without = without(|writer, options| {
        file_registry::sync_live(&login, writer, None, &[], options).expect("readable").expect("nothing is known of it")
    });
    check(&sync(&database), &without, "live");
    let asked = server.answer("SELECT argument FROM mysql.general_log WHERE argument LIKE 'SELECT `%_patient`'");
    assert!(asked.contains("`visibility`") && !asked.contains("`name`"), "{asked}");
}
