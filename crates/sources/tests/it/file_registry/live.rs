//! A live server: what it holds is what its file and its dump say, and every way in which it refuses has a code.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use sheaf_registry::progress::{Cancel, Observer, Progress, Unobserved};
use sheaf_registry::{Code, Error, Registry, RegistryWriter};
use sheaf_sources::file_registry::{self, Options, Report};
use sheaf_sources::server::{Login, Server};
use sheaf_testkit::{CuttingProxy, MariaDb, certificate};

use super::fixture::Made;
use super::{Synced, sync, try_sync};
use crate::samples::Sample;

/// It is read again twice, at once.
const AGAIN: [Duration; 2] = [Duration::ZERO; 2];

fn login(url: &str) -> Login {
    let (server, password) = Server::parse(url).expect("a URL");
    Login { server, password }
}

fn read(url: &str, to: &Path, cancel: &Cancel, observer: &dyn Observer) -> Result<Report, Error> {
    let scratch = tempfile::tempdir().expect("a folder");
    let now = Timestamp::from_second(1_770_000_000).expect("a time");
    let options = Options { scratch: scratch.path(), now, mappings: &[], cancel, observer };
    let writer = RegistryWriter::replacing(to).expect("a writer");
    let report = file_registry::sync_live(&login(url), writer, None, &AGAIN, &options)
        .map(|report| report.expect("nothing is known of it"));
    let left = std::fs::read_dir(scratch.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing of what was staged may stay: it is patient data");
    report
}

fn sync_live(url: &str) -> Synced {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("registry.sqlite");
    let report = read(url, &path, &Cancel::new(), &Unobserved).expect("a server that can be read");
    Synced { report, path, _dir: dir }
}

fn refused(url: &str) -> Error {
    let dir = tempfile::tempdir().expect("a folder");
    let error = read(url, &dir.path().join("r.sqlite"), &Cancel::new(), &Unobserved).expect_err("refused");
    let mut told = vec![format!("{error} {} {error:?}", error.next_step())];
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        told.push(format!("{error} {error:?}"));
        cause = error.source();
    }
    let told = told.join(" ");
    for secret in ["geheim", "Lovelace"] {
        assert!(!told.contains(secret), "neither a password nor a patient is told: {told}");
    }
    assert!(!error.next_step().is_empty(), "there is a next step: {error}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 0, "nothing was made");
    error
}

/// A server with a fixture as the database `lab`, which `reader` reads with the password `geheim`.
pub(super) fn laboratory(made: Made) -> MariaDb {
    let server = MariaDb::start();
    add(&server, "lab", made);
    server.reader("reader", "geheim", "lab");
    server
}

fn add(server: &MariaDb, database: &str, made: Made) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(made.sql().as_bytes()).expect("its tables");
    server.load(database, file.path());
}

#[test]
fn a_server_says_what_its_database_says() {
    let server = MariaDb::start();
    for (at, made) in Made::ALL.into_iter().enumerate() {
        let database = format!("lab{at}");
        add(&server, &database, made);
        let account = format!("reader{at}");
        server.reader(&account, "geheim", &database);
        let (_dir, file) = made.database("");
        let (stated, found) = (sync(&file), sync_live(&server.url(&format!("{account}:geheim"), &database)));
        assert_eq!(stated.report, found.report, "{made:?}");
        assert_eq!(stated.everything(), found.everything(), "{made:?}: row for row");
        let noted = found.ask("SELECT value FROM registry_info WHERE key = 'source'");
        assert_eq!(noted, [server.url(&account, &database)], "where it comes from, without the password");
        let bytes = std::fs::read(&found.path).expect("the registry");
        assert!(memchr::memmem::find(&bytes, b"geheim").is_none(), "the password is nowhere");
    }
}

#[test]
fn its_dumps_say_the_same_in_every_style_and_one_that_is_cut_is_told() {
    let server = laboratory(Made::G3);
    let live = sync_live(&server.url("reader:geheim", "lab"));
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("backup.sql");
    let read = |dump: &[u8]| {
        std::fs::write(&path, dump).expect("writable");
        try_sync(&path, &dir.path().join("r.sqlite"), &[])
    };
    let styles = [
        &[][..],
        &["--skip-extended-insert", "--complete-insert", "--hex-blob"],
        &["--skip-opt", "--quick"],
        &["--compatible=ansi"],
        &["--skip-comments"],
        &["--skip-comments", "--skip-add-locks", "--skip-disable-keys", "--skip-extended-insert"],
        &["--compact"],
    ];
    for style in styles {
        let dump = server.dump("lab", style);
        std::fs::write(&path, &dump).expect("writable");
        let found = sync(&path);
        let is_compact = style == ["--compact"];
        assert_eq!(found.odd("DUMP_END_UNSAID"), u64::from(is_compact), "{style:?}");
        if !is_compact {
            assert_eq!(found.report, live.report, "{style:?}");
        }
        let rows =
            "SELECT id, source_id, patient_id, file_path, file_hash, kind, subtype, metadata FROM file_registry ORDER BY id";
        assert_eq!(found.ask(rows), live.ask(rows), "{style:?}: row for row");
        // Each place between two statements from the first rows on.
        let text = String::from_utf8(dump).expect("text");
        let first = text.find("INSERT INTO").expect("rows");
        let whole = text.rfind(';').expect("an end");
        for (at, _) in text.match_indices(";\n").filter(|(at, _)| (first..whole).contains(at)) {
            let cut = read(&text.as_bytes()[..at + 2]);
            if is_compact {
                // Nothing tells: so that is told.
                let told = |report: Report| report.oddities.iter().any(|odd| odd.code == "DUMP_END_UNSAID");
                assert!(cut.map_or_else(|error| error.code() == Code::SourceUnknown, told), "{style:?} at {at}");
            } else {
                let error = cut.err().unwrap_or_else(|| panic!("{style:?}: cut at {at} of {whole}"));
                assert_eq!(error.code(), Code::DumpCut, "{style:?}: cut at {at} of {whole}: {error}");
            }
            let _ = std::fs::remove_file(dir.path().join("r.sqlite"));
        }
    }
}

#[test]
fn the_samples_are_the_same_through_a_server() {
    let samples: Vec<_> = ["toothfairy_2026_01", "yggdrasil_2026_07"].into_iter().filter_map(Sample::unpack).collect();
    if samples.is_empty() {
        return;
    }
    let server = MariaDb::start();
    for (at, sample) in samples.iter().enumerate() {
        let database = format!("sample{at}");
        server.load(&database, &sample.dump());
        server.reader(&database, "geheim", &database);
        let (stated, found) = (sync(&sample.database()), sync_live(&server.url(&format!("{database}:geheim"), &database)));
        assert_eq!(stated.report, found.report, "{database}: what is told");
        assert!(stated.everything() == found.everything(), "{database}: row for row");
        let dumped = sync(&sample.dump());
        let exactly = "SELECT id, created_at FROM file_registry ORDER BY 1, 2";
        assert!(dumped.ask(exactly) == found.ask(exactly), "{database}: as its dump says it");
    }
}

#[test]
fn an_account_that_is_refused_is_told_so() {
    let server = laboratory(Made::G2);
    for (account, why) in [("reader:wrong", "a wrong password"), ("reader", "none"), ("nobody:geheim", "no such account")] {
        assert_eq!(refused(&server.url(account, "lab")).code(), Code::SourceDenied, "{why}");
    }
    // Whoever may see every database is told that there is none; whoever may not is not told which there are.
    server.run("GRANT SELECT ON *.* TO everywhere IDENTIFIED BY 'geheim'; CREATE DATABASE empty");
    assert_eq!(refused(&server.url("everywhere:geheim", "none")).code(), Code::SourceUnknown, "no such database");
    assert_eq!(refused(&server.url("everywhere:geheim", "empty")).code(), Code::SourceUnknown, "one of another kind");
    assert_eq!(refused(&server.url("reader:geheim", "mysql")).code(), Code::SourcePrivilege, "one of somebody else's");
    let missing = refused(&server.url("reader:geheim", "empty"));
    assert_eq!(missing.code(), Code::SourcePrivilege, "{missing}");
}

#[test]
fn a_table_that_is_hidden_is_not_taken_for_an_empty_one() {
    let common = ["common_project", "common_modality", "common_projectaccess"];
    let older = ["userprofile", "folder", "tag", "patient", "patient_tags", "fileregistry"].map(|of| format!("scans_{of}"));
    let tables: Vec<&str> = common.into_iter().chain(older.iter().map(String::as_str)).collect();
    assert_each_is_needed(&laboratory(Made::G2), &tables, &["scans_export"]);

    let server = laboratory(Made::G3);
    // An app of tomorrow without folders and tags.
    server.run(
        "DELETE FROM lab.maxillo_fileregistry WHERE cardiology_patient_id IS NOT NULL; DROP TABLE lab.cardiology_patient;
         ALTER TABLE lab.maxillo_fileregistry DROP COLUMN cardiology_patient_id",
    );
    let of_app = |app: &'static str| ["folder", "tag", "patient", "patient_tags"].map(|of| format!("{app}_{of}"));
    let mut newer = [of_app("maxillo"), of_app("brain")].concat();
    let more = ["brain_patient_folders", "maxillo_fileregistry", "maxillo_folderaccess", "brain_folder_access"];
    newer.extend(more.map(ToOwned::to_owned));
    let tables: Vec<&str> = common.into_iter().chain(newer.iter().map(String::as_str)).collect();
    assert_each_is_needed(&server, &tables, &["maxillo_export", "brain_export"]);
}

/// An account that may read these tables reads all that there is; where one of the first is hidden, that is told.
fn assert_each_is_needed(server: &MariaDb, needed: &[&str], history: &[&str]) {
    let tables: Vec<&str> = needed.iter().chain(history).copied().collect();
    let all = sync_live(&server.url("reader:geheim", "lab"));
    server.run("CREATE USER table_by_table IDENTIFIED BY 'geheim'");
    // Nobody needs to show the column of passwords.
    server.run("GRANT SELECT (id, username, is_staff, is_active) ON lab.auth_user TO table_by_table");
    for table in &tables {
        server.run(&format!("GRANT SELECT ON lab.{table} TO table_by_table"));
    }
    let url = server.url("table_by_table:geheim", "lab");
    assert_eq!(sync_live(&url).everything(), all.everything(), "the tables that are read are enough");
    for table in needed {
        server.run(&format!("REVOKE SELECT ON lab.{table} FROM table_by_table"));
        let error = refused(&url);
        assert_eq!(error.code(), Code::SourcePrivilege, "{table}: {error}");
        assert!(error.message().contains(table), "it is named: {error}");
        server.run(&format!("GRANT SELECT ON lab.{table} TO table_by_table"));
    }
    let patient = *needed.iter().find(|table| table.ends_with("_patient")).expect("one");
    for table in [patient, "auth_user"] {
        let id = if table == "auth_user" { "id" } else { "patient_id" };
        server.run(&format!(
            "REVOKE ALL, GRANT OPTION FROM table_by_table; GRANT SELECT ({id}) ON lab.{table} TO table_by_table"
        ));
        for other in tables.iter().filter(|other| **other != table) {
            server.run(&format!("GRANT SELECT ON lab.{other} TO table_by_table"));
        }
        if table != "auth_user" {
            server.run("GRANT SELECT ON lab.auth_user TO table_by_table");
        }
        let error = refused(&url);
        assert!(error.code() == Code::SourcePrivilege && error.message().contains(table), "a hidden column: {error}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told_and_a_silent_one_can_be_left() {
    let mut server = laboratory(Made::G1);
    let url = server.url("reader:geheim", "lab");
    server.kill();
    let error = refused(&url);
    assert_eq!(error.code(), Code::SourceUnreachable, "{error}");
    assert_eq!(refused("mysql://a:geheim@host.invalid/b").code(), Code::SourceUnreachable, "a name that nobody has");

    // Another program on that port.
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("mysql://reader:geheim@{}/lab", other.local_addr().expect("its address"));
    let other = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().expect("a guest");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("an answer");
    });
    assert_eq!(refused(&url).code(), Code::SourceUnreachable, "no database");
    other.join().expect("no panic");

    // One that takes us in and says nothing: whoever waits can stop waiting.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("mysql://reader:geheim@{}/lab", silent.local_addr().expect("its address"));
    let cancel = Cancel::new();
    let (raised, dir) = (cancel.clone(), tempfile::tempdir().expect("a folder"));
    let guest = std::thread::spawn(move || {
        let guest = silent.accept();
        raised.raise();
        guest
    });
    let error = read(&url, &dir.path().join("r.sqlite"), &cancel, &Unobserved).expect_err("stopped");
    assert_eq!(error.code(), Code::Cancelled, "{error}");
    drop(guest.join().expect("no panic"));
}

#[test]
fn what_is_as_it_was_is_not_written_anew() {
    let server = laboratory(Made::G2);
    let (login, dir) = (login(&server.url("reader:geheim", "lab")), tempfile::tempdir().expect("a folder"));
    let to = dir.path().join("registry.sqlite");
    let known = || Registry::open(&to).ok().and_then(|registry| registry.info(file_registry::STATE).expect("a registry"));
    let is_read = || {
        let (known, cancel) = (known(), Cancel::new());
        let now = Timestamp::from_second(1_770_000_000).expect("a time");
        let options = Options { scratch: dir.path(), now, mappings: &[], cancel: &cancel, observer: &Unobserved };
        let writer = RegistryWriter::replacing(&to).expect("a writer");
        file_registry::sync_live(&login, writer, known.as_deref(), &AGAIN, &options).expect("readable").is_some()
    };
    assert!(is_read() && known().is_some(), "nothing was known of it");
    let before = std::fs::read(&to).expect("its bytes");
    assert!(!is_read(), "it is as it was");
    assert_eq!(std::fs::read(&to).expect("its bytes"), before, "and is left so");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1, "with nothing beside it");
    for change in [
        "UPDATE scans_fileregistry SET subtype = NULL WHERE id = 1",
        "UPDATE scans_fileregistry SET subtype = '' WHERE id = 1",
        "UPDATE scans_patient SET name = '1', visibility = 'privat' WHERE patient_id = 2",
        "UPDATE scans_patient SET name = '1p', visibility = 'rivat' WHERE patient_id = 2",
        "DELETE FROM scans_tag WHERE id = 1",
        "INSERT INTO auth_user (id, username) VALUES (99, 'new')",
        "DROP TABLE scans_export",
    ] {
        server.run(&format!("USE lab; {change}"));
        assert!(is_read(), "{change}");
        assert!(!is_read(), "{change}, and nothing since");
    }
    server.run("USE lab; UPDATE auth_user SET password = 'another', email = 'b@x'; CREATE TABLE notes (id INT)");
    assert!(!is_read(), "what is never read changes nothing");
}

/// Watches the reading of a server, and does something in the middle of it, once.
struct Amid<F: FnOnce() + Send>(Mutex<Option<F>>);

impl<F: FnOnce() + Send> Observer for Amid<F> {
    fn observe(&self, progress: &Progress) {
        if progress.bytes_done > 0
            && let Some(act) = self.0.lock().expect("no panic").take()
        {
            act();
        }
    }
}

/// Adds many files: more than lies ready anywhere between the server and us.
fn fill(server: &MariaDb) {
    server.run(
        "USE lab;
         INSERT INTO scans_fileregistry (id, file_type, file_path, file_size, file_hash, created_at, metadata, patient_id)
         SELECT seq, 'ios_raw_upper', CONCAT('/dataset/maxillo/raw/ios/', seq, REPEAT('x', 200), '.stl'), 5, '',
           '2026-01-01 10:00:00', '{}', 1 FROM seq_1000_to_100000",
    );
}

#[test]
fn a_server_that_dies_in_the_middle_takes_nothing_away() {
    let server = laboratory(Made::G2);
    let (url, dir) = (server.url("reader:geheim", "lab"), tempfile::tempdir().expect("a folder"));
    let to = dir.path().join("registry.sqlite");
    let whole = read(&url, &to, &Cancel::new(), &Unobserved).expect("a whole registry");
    let before = std::fs::read(&to).expect("its bytes");
    fill(&server);

    let cancel = Cancel::new();
    let raised = cancel.clone();
    let stopped = read(&url, &to, &cancel, &Amid(Mutex::new(Some(move || raised.raise())))).expect_err("stopped");
    assert_eq!(stopped.code(), Code::Cancelled, "{stopped}");
    assert_eq!(std::fs::read(&to).expect("its bytes"), before, "the registry from before is as it was");

    // A machine that hangs holds nobody up who stops waiting.
    let cancel = Cancel::new();
    let raised = cancel.clone();
    let hang = || {
        server.freeze();
        // The rows that were under way already end some time.
        std::thread::spawn(move || raised.raise());
    };
    let stopped = read(&url, &to, &cancel, &Amid(Mutex::new(Some(hang)))).expect_err("stopped");
    assert_eq!(stopped.code(), Code::Cancelled, "{stopped}");
    server.thaw();

    let mut dying = server;
    let error = read(&url, &to, &Cancel::new(), &Amid(Mutex::new(Some(|| dying.kill())))).expect_err("it died");
    assert_eq!(error.code(), Code::SourceLost, "{error}");
    assert_eq!(std::fs::read(&to).expect("its bytes"), before, "the registry from before is as it was");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1, "and nothing lies beside it");
    assert!(whole.source_rows > 0, "there was one");
}

#[test]
fn a_line_that_breaks_in_the_middle_is_followed_by_another_and_by_so_many() {
    let server = laboratory(Made::G2);
    fill(&server);
    let whole = sync_live(&server.url("reader:geheim", "lab"));
    let dir = tempfile::tempdir().expect("a folder");
    let to = dir.path().join("registry.sqlite");
    let through = |times| {
        let proxy = CuttingProxy::start(server.port(), times, 1 << 20);
        let url = format!("mysql://reader:geheim@127.0.0.1:{}/lab", proxy.port());
        let read = read(&url, &to, &Cancel::new(), &Unobserved);
        (read, proxy.lines())
    };
    let (report, lines) = through(2);
    assert_eq!((report.expect("the third line holds"), lines), (whole.report.clone(), 3), "read from the beginning");
    let found = Synced { report: whole.report.clone(), path: to.clone(), _dir: tempfile::tempdir().expect("a folder") };
    assert!(found.everything() == whole.everything(), "nothing twice, and nothing of a line that broke");

    let before = std::fs::read(&to).expect("its bytes");
    let (lost, lines) = through(99);
    assert_eq!((lost.expect_err("cut each time").code(), lines), (Code::SourceLost, 3), "no more often than was said");
    assert_eq!(std::fs::read(&to).expect("its bytes"), before, "the registry from before is as it was");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1, "and nothing lies beside it");
}

#[test]
fn what_changes_while_it_is_read_is_read_as_it_was() {
    let server = laboratory(Made::G2);
    fill(&server);
    let (url, dir) = (server.url("reader:geheim", "lab"), tempfile::tempdir().expect("a folder"));
    let change = || {
        server.run("DELETE FROM lab.scans_tag; UPDATE lab.scans_patient SET visibility = 'public'; DELETE FROM lab.scans_userprofile");
        server.run("DELETE FROM lab.scans_fileregistry WHERE id > 50000");
    };
    let before = sync_live(&url);
    let to = dir.path().join("registry.sqlite");
    let report = read(&url, &to, &Cancel::new(), &Amid(Mutex::new(Some(change)))).expect("one snapshot");
    assert_eq!(report, before.report, "nothing of it is half of before and half of after");
    let after = sync_live(&url);
    assert!(after.report.source_rows < report.source_rows, "what left the source leaves the registry");
}

#[test]
fn a_certificate_is_checked_off_this_machine_and_where_an_authority_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    certificate(dir.path(), "own", "IP:127.0.0.1");
    certificate(dir.path(), "other", "DNS:db.example.org");
    let file = |name: &str| dir.path().join(name).display().to_string();
    let start = |name: &str| {
        let (cert, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
        let server = MariaDb::start_with(&[&format!("--ssl-cert={cert}"), &format!("--ssl-key={key}")]);
        add(&server, "lab", Made::G1);
        server.reader("reader", "geheim", "lab");
        server.run("ALTER USER reader REQUIRE SSL");
        server
    };
    let own = start("own");
    let url = own.url("reader:geheim", "lab");
    sync_live(&url);
    sync_live(&format!("{url}?ca={}", file("own-ca.pem")));
    let error = refused(&format!("{url}?ca={}", file("other-ca.pem")));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("nobody"), "a strange authority: {error}");
    let error = refused(&format!("{url}?ca={}", file("none.pem")));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("ca="), "no such file: {error}");
    std::fs::write(dir.path().join("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .expect("new");
    let error = refused(&format!("{url}?ca={}", file("broken.pem")));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("understood"), "no certificate: {error}");
    let other = start("other");
    let error = refused(&format!("{}?ca={}", other.url("reader:geheim", "lab"), file("other-ca.pem")));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("another name"), "{error}");
}

#[test]
fn off_this_machine_nothing_goes_in_the_clear() {
    // What this machine is called on its network; nothing is sent.
    let route = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let Some(address) = route.ok().map(|address| address.ip()).filter(|address| !address.is_loopback()) else {
        eprintln!("SKIPPED: this machine has no network.");
        return;
    };
    let server = MariaDb::start_with(&["--bind-address=0.0.0.0"]);
    add(&server, "lab", Made::G1);
    server.reader("reader", "geheim", "lab");
    sync_live(&server.url("reader:geheim", "lab"));
    let error = refused(&format!("mysql://reader:geheim@{address}:{}/lab", server.port()));
    assert!(error.code() == Code::SourceUntrusted && error.message().contains("no encryption"), "{error}");
}
