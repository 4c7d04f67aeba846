//! A database server in place of a registry, as a user of the command line meets it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use sheaf_testkit::{MariaDb, laboratory};

use crate::scene::Scene;
use crate::words;

const USERS: &str = "USE lab; INSERT INTO auth_user VALUES (1, 'mo', 0, 1);
    INSERT INTO scans_userprofile VALUES (1, 1, 'annotator'); INSERT INTO common_projectaccess VALUES (1, 1, 1, 1);";

/// A server with one patient, which `reader` reads with the password `geheim`.
fn server(scene: &Scene) -> MariaDb {
    let tables = scene.path("tables.sql");
    fs::write(&tables, laboratory::TABLES).expect("writable");
    let server = MariaDb::start();
    server.load("lab", &tables);
    server.run(USERS);
    server.reader("reader", "geheim", "lab");
    server
}

#[test]
fn a_server_is_read_once_and_anew_when_that_is_asked() {
    let scene = Scene::empty();
    let mut server = server(&scene);
    let (url, name) = (server.url("reader:geheim", "lab"), server.url("reader", "lab"));

    let words = words!["projects", "--registry", &url];
    assert_eq!(scene.sheaf.refused(&words, 4).0, "USER_REQUIRED", "whoever reads a server is one of its users");
    let words = words!["projects", "--registry", &url, "--user", "mo"];
    let first = scene.sheaf.run(&words);
    assert!(first.code == Some(0) && first.stdout.contains("maxillo"), "{first:?}");
    let second = scene.sheaf.run(&words!["projects", "--registry", &name, "--user", "mo"]);
    assert!(second.code == Some(0) && second.stderr.contains("`sheaf sync` reads it anew"), "its age is told: {second:?}");

    // `sheaf users` tells nobody who is none of them: what helps is to read anew, if the user is new there.
    let words = words!["projects", "--registry", &url, "--user", "Eve"];
    let error = scene.sheaf.json(&words, 2)["error"].clone();
    let hint = error["hint"].as_str().expect("a next step");
    assert!(error["code"] == "UNKNOWN_USER" && hint.contains("`sheaf sync`") && !hint.contains("sheaf users"), "{error}");
    assert!(!error.to_string().contains("mo\""), "nobody is named: {error}");
    server.run("INSERT INTO lab.auth_user VALUES (2, 'Eve', 0, 1)");
    scene.sheaf.json(&words!["sync", &url], 0);
    scene.sheaf.json(&words, 0);
    let words = words!["projects", "--registry", &url, "--user", "mo"];

    // The password in the environment, and in a file.
    let password = scene.path("password");
    fs::write(&password, "geheim\n").expect("writable");
    server.run("INSERT INTO lab.common_project VALUES (2, 'Brain', 'brain')");
    let synced = |variable: &str, value: &std::ffi::OsStr| {
        let words = words!["sync", &name, "--json"];
        crate::program::ran(scene.sheaf.command(&words).env(variable, value).spawn().expect("the binary was built"))
    };
    let report = synced("SHEAF_SOURCE_PASSWORD", "geheim".as_ref());
    assert!(report.code == Some(0) && report.document()["projects"] == 2, "{report:?}");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).expect("ours");
    let report = synced("SHEAF_SOURCE_PASSWORD_FILE", password.as_os_str());
    assert_eq!(report.document()["error"]["code"], "PASSWORD_UNUSABLE", "others can read it: {report:?}");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).expect("ours");
    let report = synced("SHEAF_SOURCE_PASSWORD_FILE", password.as_os_str());
    assert_eq!(report.document()["source"], *name, "{report:?}");
    let report = synced("SHEAF_SOURCE_PASSWORD", "wrong".as_ref());
    assert_eq!((report.code, &report.document()["error"]["code"]), (Some(2), &"SOURCE_DENIED".into()), "{report:?}");

    let told = || scene.sheaf.run(&words).stderr;
    let denied = told();
    assert!(denied.contains("could not be read anew on") && denied.contains("[SOURCE_DENIED]"), "{denied}");
    assert!(!denied.contains("geheim"), "{denied}");
    scene.sheaf.json(&words!["sync", &url], 0);
    assert!(!told().contains("could not be read anew"), "what is over is not told");

    // A registry of its own is a file like any other.
    let own = scene.path("own.sqlite");
    scene.sheaf.json(&words!["sync", &url, "--to", &own], 0);
    scene.sheaf.json(&words!["users", "--registry", &own], 0);

    server.kill();
    assert_eq!(scene.sheaf.refused(&words!["sync", &url], 2).0, "SOURCE_UNREACHABLE");
    let away = scene.sheaf.run(&words);
    assert!(away.code == Some(0) && away.stdout.contains("maxillo"), "it is looked at as it was read: {away:?}");
    assert!(away.stderr.contains("[SOURCE_UNREACHABLE]"), "and why it is not newer is told: {away:?}");
}

#[test]
fn a_keyring_keeps_a_password_and_where_there_is_none_that_is_said() {
    let scene = Scene::empty();
    let server = server(&scene);
    let (url, name) = (server.url("reader:geheim", "lab"), server.url("reader", "lab"));

    let without = scene.sheaf.run(&words!["sync", &url, "--keep-password"]);
    assert!(without.code == Some(0) && without.stderr.contains("no keyring"), "the work is done all the same: {without:?}");
    let (code, message) = scene.sheaf.refused(&words!["sync", &name], 2);
    assert!(code == "SOURCE_DENIED" && message.contains("wants a password"), "{message}");

    let sheaf = env!("CARGO_BIN_EXE_sheaf");
    let session = format!("'{sheaf}' sync '{url}' --keep-password --json && '{sheaf}' sync '{name}' --json");
    let told = in_keyring_session(&scene, &session);
    assert_eq!(told.matches("\"generation\": \"G1\"").count(), 2, "with the URL, then without a password: {told}");
    assert!(!told.contains("no keyring") && !told.contains("geheim"), "{told}");
}

/// Runs this in a desktop's session with a keyring that is open; all that it told.
pub(crate) fn in_keyring_session(scene: &Scene, script: &str) -> String {
    let script = format!(
        "printf own | gnome-keyring-daemon --unlock --components=secrets --control-directory=$XDG_RUNTIME_DIR >&2
         {script}"
    );
    let folders = ["keyring", "run"].map(|folder| scene.path(folder));
    for folder in &folders {
        fs::create_dir(folder).expect("a folder");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("ours");
    }
    let session = Command::new("dbus-run-session")
        .args(["--", "bash", "-c", &script])
        .env("SHEAF_HOME", scene.path("home"))
        .env("HOME", &folders[0])
        .env("XDG_DATA_HOME", &folders[0])
        .env("XDG_RUNTIME_DIR", &folders[1])
        .stdin(Stdio::null())
        .output()
        .expect("a session; `make setup` brings it");
    let told = String::from_utf8_lossy(&session.stdout).into_owned() + &String::from_utf8_lossy(&session.stderr);
    assert!(session.status.success(), "it ends well: {told}");
    told
}

#[test]
fn words_that_cannot_be_understood_do_not_show_a_password() {
    let scene = Scene::empty();
    let url = "mysql://lab:geheim@db.example.org/registry";
    for words in [
        words!["projects", url].to_vec(),
        words!["projects", "--registry", "r", "--user", "mo", url].to_vec(),
        words!["sync", "mysql://lab:geheim@/registry"].to_vec(),
        words!["verify", url].to_vec(),
        words![url].to_vec(),
    ] {
        for more in [&[][..], &words!["--json"]] {
            let ran = scene.sheaf.run(&[&words[..], more].concat());
            assert!(ran.code != Some(0), "{ran:?}");
            assert!(!ran.stdout.contains("geheim") && !ran.stderr.contains("geheim"), "{ran:?}");
        }
    }
}
