//! Names of patients are left out of studies where that is said, whatever these come from; everything else is as it was.

use rusqlite::types::Value;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Names, Registry, RegistryWriter, Result};
use sheaf_sources::server::{Login, Server};
use sheaf_sources::study_database::{self, Options, StudyReport};
use sheaf_testkit::Postgres;

use super::{COLUMNS, CREATE, ROWS, as_django, options, read_bytes, rows};

/// Names of patients, and none of a physician.
const TELLING: [&str; 2] = ["黃玲宏", "back\\slash"];

fn without(
    read: impl FnOnce(RegistryWriter, &Options<'_>) -> Result<StudyReport>,
) -> Result<(StudyReport, Vec<Vec<Value>>)> {
    let (dir, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let path = dir.path().join("studies.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a free name");
    writer.leave_names_out().expect("noted");
    let report = read(writer, &options(scratch.path(), &Cancel::new()))?;
    assert_eq!(std::fs::read_dir(scratch.path()).expect("the folder").count(), 0, "nothing is left behind");
    let bytes = std::fs::read(&path).expect("the registry");
    for name in TELLING {
        assert!(memchr::memmem::find(&bytes, name.as_bytes()).is_none(), "{name} is in no byte of it");
    }
    assert_eq!(Registry::open(&path).expect("whole").names().expect("said"), Names::LeftOut);
    Ok((report, rows(&path, "study")))
}

#[test]
fn names_come_from_no_form_of_the_table_where_none_are_wanted() {
    let server = Postgres::start();
    server.create("hospital");
    server.run("hospital", &format!("{CREATE} {ROWS}"));
    let named = read_bytes(&server.dump("hospital", &[])).expect("a dump");
    let mut expected = named.rows();
    let at = COLUMNS.iter().position(|column| *column == "patient_name").expect("a column");
    let before: Vec<Value> =
        expected.iter_mut().map(|row| std::mem::replace(&mut row[at], Value::Text(String::new()))).collect();
    assert_eq!(before[0], Value::Text(TELLING[0].to_owned()), "there are names");

    let dir = tempfile::tempdir().expect("a folder");
    let database = dir.path().join("django.sqlite3");
    let objects = as_django(&named.path, &database);
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).expect("writable");
        path
    };
    let dump = file("dump.sql", &server.dump("hospital", &["--inserts"]));
    for source in [dump, database, file("objects.json", &objects)] {
        let read = without(|writer, options| study_database::sync(&source, writer, options));
        let (report, rows) = read.expect("readable");
        assert_eq!((&report, &rows), (&named.report, &expected), "{}", source.display());
    }

    // An account that may not read names is enough.
    let columns = COLUMNS.into_iter().filter(|column| *column != "patient_name").collect::<Vec<_>>().join(", ");
    server.run(
        "hospital",
        &format!(
            "CREATE ROLE reader LOGIN PASSWORD 'geheim'; GRANT SELECT ({columns}) ON medical_examinations_fact TO reader"
        ),
    );
    let (parsed, password) = Server::parse(&server.url("reader:geheim", "hospital")).expect("a URL");
    let login = Login { server: parsed, password };
    let read = without(|writer, options| {
        study_database::sync_live(&login, writer, None, &[], options).map(|report| report.expect("nothing is known of it"))
    });
    let (report, rows) = read.expect("the server is not even asked for them");
    assert_eq!((&report, &rows), (&named.report, &expected), "live");
}
