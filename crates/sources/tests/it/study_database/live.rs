//! A live server: what it holds is what its dump says, and every way in which it refuses has a code.

use std::path::Path;
use std::time::Duration;

use sheaf_registry::progress::{Cancel, Observer, Progress, Unobserved};
use sheaf_registry::{Code, Error, RegistryWriter};
use sheaf_sources::server::{Login, Server};
use sheaf_sources::study_database::{self, Options, StudyReport};
use sheaf_testkit::{CuttingProxy, Postgres, certificate};

use super::originals::find_the_same;
use super::{CREATE, ROWS, Synced, options, read, read_bytes, samples};

/// It is read again twice, at once.
const AGAIN: [Duration; 2] = [Duration::ZERO; 2];

fn login(url: &str) -> Login {
    let (server, password) = Server::parse(url).expect("a URL");
    Login { server, password }
}

fn ask(
    url: &str,
    to: &Path,
    known: Option<&str>,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Option<StudyReport>, Error> {
    let scratch = tempfile::tempdir().expect("a folder");
    let options = Options { observer, ..options(scratch.path(), cancel) };
    study_database::sync_live(&login(url), RegistryWriter::replacing(to).expect("a writer"), known, &AGAIN, &options)
}

fn sync_live(url: &str) -> Synced {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("registry.sqlite");
    let report = ask(url, &path, None, &Cancel::new(), &Unobserved).expect("a server that can be read");
    Synced { report: report.expect("nothing is known of it"), path, _dir: dir }
}

fn refused(url: &str) -> Error {
    let dir = tempfile::tempdir().expect("a folder");
    let error = ask(url, &dir.path().join("r.sqlite"), None, &Cancel::new(), &Unobserved).expect_err("refused");
    let told = format!("{error} {} {error:?}", error.next_step());
    for secret in ["geheim", "Lovelace"] {
        assert!(!told.contains(secret), "neither a password nor a patient is told: {told}");
    }
    assert!(!error.next_step().is_empty(), "there is a next step: {error}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 0, "nothing was made");
    error
}

/// A server with a few studies, which `reader` reads with the password `geheim`.
fn hospital() -> Postgres {
    let server = Postgres::start();
    server.create("hospital");
    server.run("hospital", &format!("{CREATE} {ROWS}"));
    server.reader("reader", "geheim", "hospital");
    server
}

#[test]
fn a_server_says_what_its_dumps_say_in_both_styles() {
    let server = hospital();
    let live = sync_live(&server.url("reader:geheim", "hospital"));
    assert_eq!((live.report.studies, live.report.rejected.len()), (3, 0), "{:?}", live.report);
    for options in [&[][..], &["--inserts"], &["--column-inserts", "--rows-per-insert=2"], &["--data-only", "--no-comments"]]
    {
        let dump = read_bytes(&server.dump("hospital", options)).expect("a dump");
        assert_eq!(dump.report, live.report, "{options:?}");
        assert_eq!(dump.rows(), live.rows(), "{options:?}: the same studies");
    }
    let archive = read_bytes(&server.dump("hospital", &["--format=custom"])).err().expect("no plain dump");
    assert_eq!(archive.code(), Code::DumpMalformed);
    assert!(archive.next_step().contains("--format=plain"), "{}", archive.next_step());
}

#[test]
fn rows_of_partitions_and_of_tables_that_inherit_are_rows_of_the_table() {
    let ways = [
        "CREATE TABLE medical_examinations_fact (LIKE flat) PARTITION BY RANGE (order_datetime);
         CREATE TABLE studies_old PARTITION OF medical_examinations_fact FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
         CREATE TABLE studies_new PARTITION OF medical_examinations_fact FOR VALUES FROM ('2020-01-01') TO (MAXVALUE)
             PARTITION BY LIST (exam_status);
         CREATE TABLE \"Studies; rest\" PARTITION OF studies_new DEFAULT;
         INSERT INTO medical_examinations_fact SELECT * FROM flat;
         CREATE TABLE others (LIKE flat) PARTITION BY LIST (exam_status);
         CREATE TABLE medical_examinations PARTITION OF others DEFAULT;
         INSERT INTO others SELECT * FROM flat;",
        "CREATE TABLE medical_examinations_fact (LIKE flat);
         INSERT INTO medical_examinations_fact SELECT * FROM flat WHERE exam_id = 'E2';
         CREATE TABLE studies_old () INHERITS (medical_examinations_fact);
         INSERT INTO studies_old SELECT * FROM flat WHERE exam_id <> 'E2';",
    ];
    for way in ways {
        let server = hospital();
        let all = sync_live(&server.url("reader:geheim", "hospital"));
        let rename = "ALTER TABLE medical_examinations_fact RENAME TO flat;";
        server.run("hospital", &format!("{rename} {way} GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;"));
        let live = sync_live(&server.url("reader:geheim", "hospital"));
        assert_eq!((live.report.studies, live.rows() == all.rows()), (3, true), "asked for itself: {way}");
        for options in [&[][..], &["--inserts"], &["--column-inserts"], &["--load-via-partition-root"]] {
            let dump = read_bytes(&server.dump("hospital", options)).expect("a dump");
            assert_eq!(dump.report.studies, 3, "{options:?}: {way}");
            assert_eq!(dump.rows(), all.rows(), "{options:?}: the same studies: {way}");
        }
        // Parts that are named only after their rows, as in a dump that somebody has put together.
        let text = String::from_utf8(server.dump("hospital", &[])).expect("text");
        let attaches = |line: &&str| line.contains(" ATTACH PARTITION ");
        if text.lines().any(|line| attaches(&line)) {
            let (last, first): (Vec<&str>, Vec<&str>) = text.lines().partition(attaches);
            let late = format!("{}\n{}\n", first.join("\n"), last.join("\n"));
            let refused = read_bytes(late.as_bytes()).err().expect("rows are lost");
            assert_eq!(refused.code(), Code::DumpMalformed, "{refused:?}");
            let alone = server.dump("hospital", &["--table=medical_examinations_fact"]);
            let refused = read_bytes(&alone).err().expect("a table without its partitions");
            assert!(refused.code() == Code::DumpMalformed && refused.next_step().contains("partitions"), "{refused:?}");
        }
    }
}

#[test]
fn the_samples_are_the_same_through_a_server() {
    let Some(samples) = samples() else { return };
    let path = samples.join("studies_pg_dump_plain.sql.gz");
    let server = Postgres::start();
    server.create("hospital");
    // Versions of psql before the words to it were made do not know them.
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(std::fs::File::open(&path).expect("it")), &mut text)
        .expect("a text");
    let text: String = text.split_inclusive('\n').filter(|line| !line.contains("restrict ")).collect();
    server.run("hospital", &text);
    server.reader("reader", "geheim", "hospital");
    let live = sync_live(&server.url("reader:geheim", "hospital"));
    let dump = read(&path).expect("the sample");
    assert_eq!(live.report, dump.report);
    assert_eq!(live.report.studies, 20_000);
    assert!(live.rows() == dump.rows(), "the same studies, row for row");
    find_the_same(&live.path, &samples.join("original_search_results.json"));
}

#[test]
fn an_account_that_is_refused_is_told_so() {
    let mut server = hospital();
    let code = |url: &str| refused(url).code();
    assert_eq!(code(&server.url("reader:wrong", "hospital")), Code::SourceDenied);
    assert_eq!(code(&server.url("reader", "hospital")), Code::SourceDenied, "without its password");
    assert_eq!(code(&server.url("nobody:geheim", "hospital")), Code::SourceDenied);
    assert_eq!(code(&server.url("reader:geheim", "none")), Code::SourceUnknown);
    assert_eq!(code(&server.url("reader:geheim", "postgres")), Code::SourceUnknown, "no such table");
    server.run("hospital", "REVOKE SELECT ON medical_examinations_fact FROM reader");
    assert_eq!(code(&server.url("reader:geheim", "hospital")), Code::SourcePrivilege);
    server.run("hospital", "GRANT SELECT (exam_id) ON medical_examinations_fact TO reader");
    assert_eq!(code(&server.url("reader:geheim", "hospital")), Code::SourcePrivilege, "a column is hidden");
    server.kill();
    assert_eq!(code(&server.url("reader:geheim", "hospital")), Code::SourceUnreachable);
}

#[test]
fn a_table_in_another_schema_is_found_and_two_are_told() {
    let server = hospital();
    let url = server.url("reader:geheim", "hospital");
    server.run(
        "hospital",
        "CREATE SCHEMA \"a\"\"b\"; GRANT USAGE ON SCHEMA \"a\"\"b\" TO reader;
        ALTER TABLE medical_examinations_fact SET SCHEMA \"a\"\"b\"",
    );
    assert_eq!(sync_live(&url).report.studies, 3);
    server.run("hospital", "CREATE SCHEMA c; CREATE TABLE c.medical_examinations_fact (exam_id text)");
    assert_eq!(refused(&url).code(), Code::SourceUnknown);
}

#[test]
fn what_is_as_it_was_is_not_written_anew() {
    let server = hospital();
    let (url, dir) = (server.url("reader:geheim", "hospital"), tempfile::tempdir().expect("a folder"));
    let to = dir.path().join("registry.sqlite");
    let again = |known: Option<&str>| ask(&url, &to, known, &Cancel::new(), &Unobserved).expect("a server that can be read");
    assert!(again(None).is_some(), "nothing is known of it");
    let state = || {
        let registry = sheaf_registry::Registry::open(&to).expect("ours");
        registry.info(sheaf_sources::file_registry::STATE).expect("read").expect("a state")
    };
    let first = state();
    assert_eq!(again(Some(&first)), None, "nothing has changed");
    server.run("hospital", "UPDATE medical_examinations_fact SET exam_room = '' WHERE exam_id = 'E2'");
    assert!(again(Some(&first)).is_some() && state() != first, "something has");
}

/// More rows than lie ready anywhere between the server and us.
const MANY: &str =
    "INSERT INTO medical_examinations_fact (exam_id, patient_name, exam_status, exam_source, exam_item, equipment_type,
    order_datetime) SELECT 'N' || n, repeat('x', 199), '', '', '', '', now() FROM generate_series(1, 5000) n";

/// Raises the flag at the first step.
struct Stopping<'a>(&'a Cancel);

impl Observer for Stopping<'_> {
    fn observe(&self, progress: &Progress) {
        assert!(progress.files_total >= progress.files_done, "more is not done than there is");
        self.0.raise();
    }
}

#[test]
fn a_stop_or_a_death_in_the_middle_takes_nothing_away() {
    let server = hospital();
    let (url, dir) = (server.url("reader:geheim", "hospital"), tempfile::tempdir().expect("a folder"));
    let to = dir.path().join("registry.sqlite");
    ask(&url, &to, None, &Cancel::new(), &Unobserved).expect("a server that can be read");
    let before = std::fs::read(&to).expect("a file");
    server.run("hospital", MANY);
    let cancel = Cancel::new();
    let stopped = ask(&url, &to, None, &cancel, &Stopping(&cancel)).expect_err("stopped");
    assert_eq!(stopped.code(), Code::Cancelled);
    // It ends this line itself, after so many rows.
    server.run(
        "hospital",
        "ALTER TABLE medical_examinations_fact RENAME TO rows;
         CREATE VIEW medical_examinations_fact AS
         SELECT exam_id, CASE WHEN exam_id = 'N4000' THEN pg_terminate_backend(pg_backend_pid())::text ELSE patient_name END AS patient_name
         FROM rows;
         GRANT SELECT ON medical_examinations_fact TO reader",
    );
    let lost = ask(&url, &to, None, &Cancel::new(), &Unobserved).expect_err("ended");
    assert_eq!(lost.code(), Code::SourceLost, "{lost}");
    assert_eq!(std::fs::read(&to).expect("a file"), before, "the registry from before is as it was");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1, "and nothing is beside it");
}

#[test]
fn a_line_that_breaks_in_the_middle_is_followed_by_another_and_by_so_many() {
    let server = hospital();
    server.run("hospital", MANY);
    let whole = sync_live(&server.url("reader:geheim", "hospital"));
    let dir = tempfile::tempdir().expect("a folder");
    let to = dir.path().join("registry.sqlite");
    let through = |times| {
        let proxy = CuttingProxy::start(server.port(), times, 200_000);
        let url = format!("postgres://reader:geheim@127.0.0.1:{}/hospital", proxy.port());
        (ask(&url, &to, None, &Cancel::new(), &Unobserved), proxy.lines())
    };
    let (report, lines) = through(2);
    let report = report.expect("the third line holds").expect("nothing is known of it");
    assert_eq!((&report, lines), (&whole.report, 3), "read from the beginning");
    assert!(super::rows(&to, "study") == whole.rows(), "nothing twice, and nothing of a line that broke");

    let before = std::fs::read(&to).expect("a file");
    let (lost, lines) = through(99);
    assert_eq!((lost.expect_err("cut each time").code(), lines), (Code::SourceLost, 3), "no more often than was said");
    assert_eq!(std::fs::read(&to).expect("a file"), before, "the registry from before is as it was");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1, "and nothing is beside it");
}

#[test]
fn a_certificate_is_checked_where_an_authority_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    certificate(dir.path(), "own", "IP:127.0.0.1");
    certificate(dir.path(), "other", "DNS:db.example.org");
    let file = |name: &str| dir.path().join(name).display().to_string();
    let mut server = hospital();
    for name in ["own.pem", "own.key", "other.pem", "other.key"] {
        server.keep(name, &std::fs::read(file(name)).expect("a file"));
    }
    let offers = |server: &mut Postgres, name: &str| {
        let key = format!("ALTER SYSTEM SET ssl_cert_file = '{name}.pem'; ALTER SYSTEM SET ssl_key_file = '{name}.key';");
        for statement in key.split_inclusive(';').chain(["ALTER SYSTEM SET ssl = on"]) {
            server.run("postgres", statement);
        }
        server.restart();
    };
    let url = server.url("reader:geheim", "hospital");
    let named = |ca: &str| format!("{url}?ca={}", file(ca));
    let error = refused(&named("own-ca.pem"));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("no encryption"), "it offers none: {error}");
    offers(&mut server, "own");
    assert_eq!(sync_live(&named("own-ca.pem")).report.studies, 3);
    let error = refused(&named("other-ca.pem"));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("nobody"), "a strange authority: {error}");
    let error = refused(&named("none.pem"));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("ca="), "no such file: {error}");
    offers(&mut server, "other");
    let error = refused(&named("other-ca.pem"));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("another name"), "{error}");
}
