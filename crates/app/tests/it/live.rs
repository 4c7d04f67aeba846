//! A live server in place of a registry: looked at as it was read, asked again before a job.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_app::Environment;
use sheaf_app::credentials::{Credentials, Server};
use sheaf_app::environment::Clock;
use sheaf_app::progress::unheard;
use sheaf_app::sources::{Asking, Location, Mapping, Opening, RowChanges, SourceChanges, Wish, prepare, resync};
use sheaf_app::wire::ExportStatus;
use sheaf_app::{ExportRequest, PlanRequest, Sheaf};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::Code;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::sensitive::Sensitive;
use sheaf_testkit::{FixedClock, MariaDb, laboratory, make_laboratory};

use crate::fixture::{Lab, environment};
use crate::refusals::started_after_in;

/// Who may export the one patient, and whose right is taken away later.
const USERS: &str = "USE lab; INSERT INTO auth_user VALUES (1, 'mo', 0, 1);
    INSERT INTO scans_userprofile VALUES (1, 1, 'annotator'); INSERT INTO common_projectaccess VALUES (1, 1, 1, 1);";

/// A server that a laboratory has, and the home of somebody who reads it.
struct Live {
    lab: Lab,
    server: MariaDb,
    environment: Environment,
    clock: FixedClock,
}

/// The time as a test says it.
struct Said(FixedClock);

impl Clock for Said {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

impl Live {
    fn new() -> Self {
        let lab = Lab::new();
        make_laboratory(&lab.root().join("lab.sqlite3"));
        let tables = lab.root().join("tables.sql");
        std::fs::write(&tables, laboratory::TABLES).expect("writable");
        let server = MariaDb::start();
        server.load("lab", &tables);
        server.run(USERS);
        server.reader("reader", "geheim", "lab");
        let mut environment = environment();
        environment.credentials = Credentials::default();
        let clock = FixedClock::default();
        environment.clock = Arc::new(Said(clock.clone()));
        let live = Self { lab, server, environment, clock };
        live.say("geheim");
        live
    }

    fn name(&self) -> PathBuf {
        self.server.url("reader", "lab").into()
    }

    fn say(&self, password: &str) {
        let server: Server = self.name().to_string_lossy().parse().expect("a server");
        self.environment.credentials.say(server, Sensitive::new(password.to_owned()));
    }

    fn sheaf(&self) -> Sheaf {
        Sheaf::open(Some(&self.lab.home()), self.environment.clone()).expect("a usable home")
    }

    /// Reads it anew, and says where the files lie.
    fn resync(&self, mappings: Vec<Mapping>) -> sheaf_registry::Result<Option<SourceChanges>> {
        let home = self.lab.home();
        let cancel = Cancel::new();
        resync(
            Some(&home),
            self.environment.clone(),
            &self.name(),
            Wish { mappings, ..Wish::default() },
            &Unobserved,
            &cancel,
        )
        .map(|report| report.expect("a source").changes)
    }

    fn dataset(&self) -> Vec<Mapping> {
        vec![Mapping { prefix: "/dataset".to_owned(), location: Location::Folder(self.lab.root().join("dataset")) }]
    }

    fn request(&self) -> ExportRequest {
        ExportRequest {
            registry: self.name(),
            user: Some("mo".to_owned()),
            selection: Selection { all: true, all_modalities: true, kind: Some(KindChoice::Both), ..Selection::default() },
            on_missing: OnMissing::Skip,
            ..self.lab.request()
        }
    }

    fn plan(&self) -> sheaf_registry::Result<sheaf_app::wire::PlanReport> {
        let ExportRequest { registry, user, project, selection, .. } = self.request();
        let request = PlanRequest { registry, user, project, selection, out: None };
        self.sheaf().plan(&request, &unheard(), &Cancel::new())
    }
}

/// Every file below a folder that holds these bytes.
fn holding(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else if memchr::memmem::find(&std::fs::read(&path).expect("a file"), needle.as_bytes()).is_some()
            || path.to_string_lossy().contains(needle)
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_server_is_exported_from_as_one_of_its_users_and_its_password_is_kept_nowhere() {
    let live = Live::new();
    let error =
        live.sheaf().plan(&PlanRequest { registry: live.name(), ..live.lab.plan_request() }, &unheard(), &Cancel::new());
    assert_eq!(error.expect_err("no owner").code(), Code::UserRequired, "a database with a login has no owner");
    live.resync(live.dataset()).expect("a server that answers");

    let record = live.sheaf().export(&live.request(), &unheard(), &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::CompletedWithProblems, "{:?}", record.error);
    assert_eq!((record.files, record.problems.len()), (1, 1), "what lies outside of the data is left out");
    assert_eq!(Path::new(&record.registry), live.name(), "known by its name");
    // What is read anew lies where it was said to.
    live.resync(Vec::new()).expect("a server that answers");
    assert_eq!(live.plan().expect("a plan").files, 1, "the files are still found");
    assert_eq!(holding(&live.lab.home(), "geheim"), Vec::<PathBuf>::new(), "in no record, log, name or copy");
}

#[test]
fn what_left_a_server_leaves_the_copy_and_is_counted() {
    let live = Live::new();
    assert_eq!(live.resync(live.dataset()).expect("a server that answers"), None, "the first time");
    live.server.run("USE lab; DELETE FROM scans_fileregistry WHERE id = 2; UPDATE scans_patient SET name = 'A. L.'");
    let changes = live.resync(Vec::new()).expect("a server that answers").expect("compared");
    let rows = |changed, removed| RowChanges { added: 0, changed, removed };
    assert_eq!((changes.patients, changes.files, changes.studies), (rows(1, 0), rows(0, 1), rows(0, 0)));
    assert_eq!(live.plan().expect("a plan").problems.len(), 0, "the file outside of the data is gone");
    assert!(holding(&live.lab.home(), "Lovelace").is_empty(), "and a name that was another");
}

#[test]
fn what_was_taken_away_since_it_was_queued_stops_the_job() {
    let mut live = Live::new();
    live.resync(live.dataset()).expect("a server that answers");
    // What is as it was when it was read is not written anew.
    let copies = || {
        let file = |folder: PathBuf| std::fs::metadata(folder.join("registry.sqlite")).expect("a copy").ino();
        let folders = std::fs::read_dir(live.lab.home().join("sources")).expect("copies");
        folders.map(|folder| file(folder.expect("an entry").path())).collect::<Vec<_>>()
    };
    let before = copies();
    live.clock.advance(jiff::SignedDuration::from_hours(5));
    let record = live.sheaf().export(&live.request(), &unheard(), &Cancel::new()).expect("a record");
    assert_eq!(record.status, ExportStatus::CompletedWithProblems, "{:?}", record.error);
    assert_eq!(copies(), before, "a job that asks finds it as it was");
    assert_eq!(record.registry_synced_at, Some(live.clock.now()), "and it is as young as the question");
    std::fs::remove_file(live.lab.out().join("study.zip")).expect("ours");
    let stopped = |live: &Live, change: &dyn Fn()| {
        let record = started_after_in(&live.sheaf(), &live.lab, &live.request(), change);
        record.error.expect("a reason").code
    };
    let revoked = stopped(&live, &|| live.server.run("DELETE FROM lab.common_projectaccess"));
    assert_eq!(revoked, "EXPORT_FORBIDDEN", "the server is asked again, not the copy");

    live.server.run("INSERT INTO lab.common_projectaccess VALUES (1, 1, 1, 1)");
    live.resync(Vec::new()).expect("a server that answers");
    let changed = stopped(&live, &|| live.server.run("SET PASSWORD FOR reader = PASSWORD('other')"));
    assert_eq!(changed, "SOURCE_DENIED", "what cannot be asked is not taken for granted");
    live.say("other");
    let hidden = stopped(&live, &|| live.server.run("REVOKE ALL ON lab.* FROM reader"));
    assert_eq!(hidden, "SOURCE_PRIVILEGE");
    live.server.run("GRANT SELECT ON lab.* TO reader");
    live.resync(Vec::new()).expect("a server that answers");

    // Away altogether: looked at as it was read, and no job begins.
    live.server.kill();
    assert_eq!(live.plan().expect("the copy").files, 1, "what was read of it is still there");
    assert_eq!(live.resync(Vec::new()).expect_err("away").code(), Code::SourceUnreachable);
    assert_eq!(live.plan().expect("the copy").files, 1, "also after it was asked for in vain");
    assert_eq!(stopped(&live, &|| ()), "SOURCE_UNREACHABLE");
    let home = live.lab.home();
    let (registry, asking) = (&*live.name(), Asking::Looking);
    let opening = Opening { registry, asking, mappings: &[] };
    let fresh = prepare(Some(&home), &|| live.environment.clone(), opening, &Unobserved, &Cancel::new());
    let fresh = fresh.expect("the copy").freshness.expect("of a source");
    assert_eq!(fresh.last_error.expect("it was asked in vain").report.code, "SOURCE_UNREACHABLE");
    assert!(live.lab.files_out().is_empty(), "nothing was written");
}
