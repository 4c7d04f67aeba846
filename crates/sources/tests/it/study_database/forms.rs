//! Files: a dump of each form, a `dumpdata`, a database.

use sheaf_registry::Code;
use sheaf_sources::rejected::RejectedReason::{NotATime, NotAnAge, Taken};
use sheaf_sources::study_database::is_database;

use super::originals::find_the_same;
use super::{as_django, read, read_bytes, samples, zipped};

/// A dump as `pg_dump` writes it, its columns in an order of their own.
const DUMP: &str = concat!(
    "--\n-- PostgreSQL database dump\n--\n\n\\restrict x;y'z\n\nSET client_encoding = 'UTF8';\n",
    "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ SELECT '; COPY public.medical_examinations_fact' $_$;\n",
    "COMMENT ON SCHEMA public IS E'it\\'s; 1';\n/* a /* b */ ; */\n",
    "CREATE TABLE public.other (\n    id bigint NOT NULL\n);\n",
    "COPY public.other (id) FROM stdin;\n1;'\n\\.\n\n",
    "COPY hospital.\"medical_examinations_fact\" (order_datetime, \"exam_id\", search_vector, patient_name) FROM stdin;\n",
    "2020-05-31 09:25:18+00\tE1\t'x':1\tA\\tB\\nC\\\\N\n",
    "2020-05-31 17:25:18.5+08\tE2\t\\N\t\\x41\\102\n",
    "\\.\n\n",
    "\\unrestrict x;y'z\n--\n-- PostgreSQL database dump complete\n--\n"
);

#[test]
fn a_dump_is_read_with_any_columns_and_every_escape() {
    let plain = read_bytes(DUMP.as_bytes()).expect("a dump");
    assert_eq!((plain.report.studies, plain.report.rejected.len()), (2, 0), "{:?}", plain.report);
    assert_eq!(plain.report.ignored, ["search_vector"], "what is not read is told");
    assert_eq!(plain.report.absent.len(), 15, "and what is not there: {:?}", plain.report.absent);
    let rows = plain.rows();
    let text = |row: usize, at: usize| match &rows[row][at] {
        rusqlite::types::Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!([text(0, 0), text(0, 3), text(0, 14)], ["E1", "A\tB\nC\\N", "2020-05-31T09:25:18Z"]);
    assert_eq!([text(1, 0), text(1, 3), text(1, 14)], ["E2", "AB", "2020-05-31T09:25:18.5Z"]);
    for (what, bytes) in [
        ("zipped", zipped(DUMP.as_bytes())),
        ("of Windows", DUMP.replace('\n', "\r\n").into_bytes()),
        ("with a mark", format!("\u{feff}{DUMP}").into_bytes()),
    ] {
        assert_eq!(read_bytes(&bytes).expect("a dump").rows(), rows, "{what}");
    }
    let half = DUMP.replace("\\102\n", "\\102\\\n");
    assert_eq!(read_bytes(half.as_bytes()).err().expect("an escape of nothing").code(), Code::DumpMalformed);
}

#[test]
fn objects_of_django_are_studies_by_their_model_or_their_fields() {
    let fields = r#""exam_status":"a","exam_source":"b","order_datetime":"2020-05-31T17:25:18+08:00","patient_age":36"#;
    let objects = [
        format!(r#"{{"model":"radiology.exam","pk":"E1","fields":{{{fields},"more":[{{"a":[]}}]}}}}"#),
        r#"{"pk":7,"model":"study.study","fields":{"patient_name":"\u738b"},"extra":1}"#.to_owned(),
        r#"{"model":"auth.user","pk":1,"fields":{"patient_name":"no study"}}"#.to_owned(),
    ];
    let lines = read_bytes(objects.join("\n").as_bytes()).expect("one object a line");
    assert_eq!((lines.report.studies, lines.report.ignored.clone()), (2, vec!["more".to_owned()]), "{:?}", lines.report);
    let list = format!("\u{feff} [{}]", objects.join(", "));
    for bytes in [list.clone().into_bytes(), zipped(list.as_bytes())] {
        assert_eq!(read_bytes(&bytes).expect("a list").rows(), lines.rows(), "the same");
    }
}

#[test]
fn a_row_that_breaks_a_rule_is_told_and_the_others_are_read() {
    let dump = DUMP.replace("\\102\n", "\\102\n2020-13-01 00:00:00+00\tE3\t\\N\tx\n2020-01-01 00:00:00+00\tE1\t\\N\tx\n");
    let read = read_bytes(dump.as_bytes()).expect("two are right");
    let rejected: Vec<_> = read.report.rejected.iter().map(|row| (row.line, row.field, row.reason)).collect();
    assert_eq!(rejected, [(3, "order_datetime", NotATime), (4, "exam_id", Taken)]);
    assert_eq!(read.report.studies, 2);
    let list = r#"[{"model":"study.study","pk":"E1","fields":{"patient_age":true}},
        {"model":"study.study","pk":"E2","fields":{"data_load_time":"soon"}},
        {"model":"study.study","pk":"E3","fields":{"patient_age":41}}]"#;
    let read = read_bytes(list.as_bytes()).expect("one is right");
    let rejected: Vec<_> = read.report.rejected.iter().map(|row| (row.line, row.field, row.reason)).collect();
    assert_eq!(rejected, [(1, "patient_age", NotAnAge), (2, "data_load_time", NotATime)]);
}

#[test]
fn the_samples_are_the_same_from_a_dump_a_dumpdata_and_a_database() {
    let Some(samples) = samples() else { return };
    let dump = read(&samples.join("studies_pg_dump_plain.sql.gz")).expect("the sample");
    assert_eq!((dump.report.studies, dump.report.rejected.len()), (20_000, 0));
    let (absent, ignored) = (dump.report.absent.clone(), dump.report.ignored.clone());
    assert_eq!((absent, ignored), (vec![], vec!["search_vector".to_owned()]));
    let searches = samples.join("original_search_results.json");
    find_the_same(&dump.path, &searches);
    let rows = dump.rows();

    let dir = tempfile::tempdir().expect("a folder");
    let database = dir.path().join("db.sqlite3");
    let objects = as_django(&dump.path, &database);
    let before = std::fs::read(&database).expect("a file");
    assert!(is_database(&database, dir.path()).expect("a database"));
    for (what, read) in [("SQLite", read(&database)), ("dumpdata", read_bytes(&zipped(&objects)))] {
        let read = read.expect(what);
        assert_eq!(read.report, dump.report, "{what}");
        assert!(read.rows() == rows, "{what}: the same studies, row for row");
        find_the_same(&read.path, &searches);
    }
    assert_eq!(std::fs::read(&database).expect("a file"), before, "a source is never written");
    let beside: Vec<_> = std::fs::read_dir(dir.path()).expect("the folder").collect();
    assert_eq!(beside.len(), 1, "nothing is left beside it");
}
