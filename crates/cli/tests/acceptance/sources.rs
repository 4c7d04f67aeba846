//! Sources of other kinds in place of a registry: read into the home once, and anew only when they have changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use sheaf_testkit::{S3Server, make_laboratory};

use crate::scene::{Scene, demo};
use crate::words;

const LIST: &str = "exam_id,patient_gender\nE1,女\nE2,男\n";

/// A database of a laboratory, with one patient and one file that is there.
fn database(scene: &Scene) -> std::path::PathBuf {
    let path = scene.path("lab.sqlite3");
    make_laboratory(&path);
    path
}

fn total(scene: &Scene, source: &Path) -> (u64, String) {
    let words = words!["studies", "search", "--registry", source];
    let told = scene.sheaf.run(&words).stderr;
    (scene.sheaf.json(&words, 0)["total"].as_u64().expect("a count"), told)
}

#[test]
fn a_list_stands_for_a_registry_and_is_read_again_when_it_changes() {
    let scene = Scene::empty();
    let list = scene.path("list.csv");
    fs::write(&list, LIST).expect("writable");
    let (studies, told) = total(&scene, &list);
    assert_eq!(studies, 2);
    assert!(told.contains("list.csv was read anew into Sheaf's home"), "{told}");
    let (studies, told) = total(&scene, &list);
    assert!(studies == 2 && told.contains("has not changed since"), "the copy is used, and its age told: {told}");

    fs::write(&list, format!("{LIST}E3,女\n")).expect("writable");
    let (studies, told) = total(&scene, &list);
    assert!(studies == 3 && told.contains("read anew"), "{told}");

    // What was left out is told each time, and the zone in which its times were meant.
    fs::write(&list, "exam_id,patient_gender,patient_age,order_datetime\nE1,女,36,2025-01-05 07:30\nE2,男,old,\nE3,女,7,\n")
        .expect("writable");
    for _ in 0..2 {
        let (studies, told) = total(&scene, &list);
        assert_eq!(studies, 2, "without the one that breaks a rule");
        assert!(told.contains("1 row of list.csv") && told.contains("left out") && told.contains("read in UTC"), "{told}");
    }
    let report = scene.sheaf.json(&words!["sync", &list, "--tz", "Asia/Taipei"], 3);
    assert_eq!((&report["rejected"][0]["line"], &report["time_zone"]), (&3.into(), &"Asia/Taipei".into()), "{report}");
    let (_, told) = total(&scene, &list);
    assert!(told.contains("read in Asia/Taipei"), "from then on: {told}");
    let early = words!["studies", "search", "--registry", &list, "--tz", "UTC", "--q", "E1"];
    let study = scene.sheaf.json(&early, 0);
    assert!(study.to_string().contains("2025-01-04T23:30:00"), "{study}");

    // What can no longer be read is told, and takes nothing away.
    let good = scene.path("good.csv");
    fs::rename(&list, &good).expect("there");
    fs::write(&list, "nothing\n").expect("writable");
    for _ in ["damaged", "away"] {
        let (studies, told) = total(&scene, &list);
        assert_eq!(studies, 2, "it is looked at as it was read");
        assert!(told.contains("could not be read anew on") && told.contains("[TABLE_UNREADABLE]"), "and why: {told}");
        let refused = scene.sheaf.json(&words!["sync", &list], 2);
        assert_eq!(refused["error"]["code"], if list.exists() { "TABLE_UNREADABLE" } else { "REGISTRY_MISSING" });
        let _ = fs::remove_file(&list);
    }
    fs::rename(&good, &list).expect("there");
    for _ in 0..2 {
        let told = total(&scene, &list).1;
        assert!(!told.contains("could not be read anew"), "what was read is what is there again: {told}");
    }
    fs::remove_file(&list).expect("there");
    let out = scene.path("women.csv");
    let export = words!["studies", "export", "--registry", &list, "--patient-gender", "F", "--out", &out];
    assert_eq!(scene.sheaf.json(&export, 0)["studies"]["studies"], 2);
    assert!(out.exists());
}

#[test]
fn a_database_of_a_laboratory_is_exported_through_a_registry_of_its_own() {
    let scene = Scene::empty();
    let (source, registry) = (database(&scene), scene.path("lab.sqlite"));
    let before = fs::read(&source).expect("a file");
    let map = format!("/dataset={}", scene.path("dataset").display());
    let report = scene.sheaf.json(&words!["sync", &source, "--to", &registry, "--map", &map], 0);
    assert_eq!((&report["kind"], &report["patients"], &report["files"]), (&"file_registry".into(), &1.into(), &2.into()));
    let odd: Vec<_> = report["oddities"].as_array().expect("a list").iter().map(|odd| odd["code"].clone()).collect();
    assert!(odd.contains(&"PATH_OUTSIDE".into()) && odd.contains(&"FILE_TYPE_OVERRULED".into()), "{report}");
    assert!(!report.to_string().contains("Ada"), "no name of a patient");

    export_ios(&scene, &registry);
    assert_eq!(fs::read(&source).expect("a file"), before, "a source is never written");

    // Without a registry of its own it is read into the home.
    let projects = scene.sheaf.json(&words!["projects", "--registry", &source], 0);
    assert_eq!(projects["projects"][0]["slug"], "maxillo", "{projects}");
}

/// A row for a folder that lists nothing is all files in it, wherever it lies.
#[test]
fn a_folder_of_which_nothing_is_listed_is_walked() {
    let scene = Scene::empty();
    let source = database(&scene);
    let change = |sql: &str| Connection::open(&source).and_then(|lab| lab.execute(sql, [])).expect("a row");
    change(
        "INSERT INTO scans_fileregistry VALUES (3, 'cbct_raw', '/dataset/maxillo/raw/cbct/dcm_77', 9, '',
         '2025-10-01 10:00:00', '{}', 7, NULL, '')",
    );
    let upload = scene.path("dataset/maxillo/raw/cbct/dcm_77");
    fs::create_dir_all(upload.join("series")).expect("folders");
    for (name, content) in [("1.dcm", "one"), ("2.dcm", "two"), ("series/1.dcm", "three")] {
        fs::write(upload.join(name), content).expect("a slice");
    }
    let server = S3Server::start(&scene.path("."), None);
    let places = [scene.path("dataset").display().to_string(), server.location("dataset")];
    for (place, name) in places.iter().zip(["folder", "bucket"]) {
        let words = words!["sync", &source, "--map", format!("/dataset={place}")];
        let report = scene.sheaf.json(&words, 0);
        assert_eq!((&report["roots"][0]["sampled"], &report["roots"][0]["found"]), (&2.into(), &2.into()), "{report}");
        let words = words!["export", "--registry", &source, "--project", "maxillo", "--all", "--modality", "cbct", "--kind"];
        let words = words.into_iter().chain(words!["raw", "--out", scene.out(), "--name", name]).collect::<Vec<_>>();
        let record = scene.sheaf.json(&words, 3);
        assert_eq!((&record["files"], &record["problems"][0]["code"]), (&3.into(), &"SIZE_MISMATCH".into()), "{record}");
        let archive = scene.out().join(format!("{name}.zip"));
        let slices = Command::new("unzip").arg("-p").arg(&archive).arg("*.dcm").output().expect("unzip is installed").stdout;
        assert_eq!(slices, b"onetwothree", "{name}: every file of the folder");
        assert_eq!(scene.sheaf.run(&words!["verify", archive]).code, Some(0), "{name}");
        // The files behind this bucket are folders of this machine, of which it does not say that they are no objects.
        change("UPDATE scans_fileregistry SET file_path = file_path || '/' WHERE id = 3");
    }
}

#[test]
fn the_history_of_a_source_is_told_and_never_continued() {
    let scene = Scene::empty();
    let source = database(&scene);
    let history = "INSERT INTO auth_user VALUES (1, 'anna', 0, 1), (2, 'mo', 0, 1), (3, 'boss', 0, 1);
        INSERT INTO common_projectaccess VALUES (1, 1, 1, 1), (2, 1, 2, 1), (3, 1, 3, 1);
        INSERT INTO scans_userprofile VALUES (1, 1, 'annotator'), (2, 2, 'annotator'), (3, 3, 'admin');
        CREATE TABLE scans_export (id INTEGER PRIMARY KEY, status TEXT, query_params TEXT, query_summary TEXT, file_path TEXT,
        file_size INT, patient_count INT, created_at TEXT, started_at TEXT, completed_at TEXT, error_message TEXT,
        user_id INT, share_token TEXT);
        INSERT INTO scans_export VALUES (1, 'completed', '{}', '1 folder', '/dataset/exports/1.zip', 1234, 2,
        '2026-01-01 10:00:00', '2026-01-01 10:00:01', '2026-01-01 10:00:02', '', 1, 'token'),
        (2, 'processing', '{}', '', '', NULL, NULL, '2026-01-02 10:00:00', NULL, NULL, '', 2, NULL);";
    Connection::open(&source).and_then(|lab| lab.execute_batch(history)).expect("rows");
    let words = words!["exports", "source", "--registry", &source];
    let all = scene.sheaf.json(&words, 0);
    let ids = |told: &serde_json::Value| -> Vec<String> {
        told["source_exports"].as_array().expect("a list").iter().map(|one| one["id"].to_string()).collect()
    };
    assert_eq!(ids(&all), ["\"2\"", "\"1\""], "newest first");
    let first = &all["source_exports"][1];
    assert_eq!((&first["user"], &first["status"], &first["patients"]), (&"anna".into(), &"completed".into(), &2.into()));
    assert_eq!((&first["bytes"], &first["created_at"]), (&1234.into(), &"2026-01-01T10:00:00Z".into()), "{first}");
    assert!(!all.to_string().contains("token"), "what opens a shared archive is told to nobody");
    let text = scene.sheaf.run(&words).stdout;
    assert!(text.contains("ASKED FOR") && text.contains("/dataset/exports/1.zip") && text.contains("processing"), "{text}");
    for (user, known) in [("anna", &["\"1\""][..]), ("mo", &["\"2\""]), ("boss", &["\"2\"", "\"1\""])] {
        let words = words!["exports", "source", "--registry", &source, "--user", user];
        assert_eq!(ids(&scene.sheaf.json(&words, 0)), known, "{user}: the own ones, or all for whoever sees everything");
    }
    let list = scene.sheaf.json(&words!["exports", "list"], 0);
    assert_eq!(list["exports"], serde_json::json!([]), "and no job is made of any: {list}");
}

/// Exports the intra-oral scans: the one that is there, and not what lies outside.
fn export_ios(scene: &Scene, registry: &Path) {
    let words = words![
        "export",
        "--registry",
        registry,
        "--project",
        "maxillo",
        "--all",
        "--modality",
        "ios",
        "--kind",
        "raw",
        "--out",
        scene.out(),
        "--on-missing",
        "skip",
        "--name",
        "ios"
    ];
    let record = scene.sheaf.json(&words, 3);
    assert_eq!((&record["files"], &record["problems"][0]["code"]), (&1.into(), &"PATH_ESCAPE".into()), "{record}");
    let listed = scene.sheaf.run(&words!["verify", scene.out().join("ios.zip")]);
    assert_eq!(listed.code, Some(0), "{}", listed.stdout);
}

#[test]
fn what_lies_in_a_bucket_is_exported_as_what_lies_in_a_folder() {
    let scene = Scene::empty();
    let (source, registry) = (database(&scene), scene.path("lab.sqlite"));
    let server = S3Server::start(&scene.path("."), None);
    let map = format!("/dataset={}", server.location("dataset"));
    let report = scene.sheaf.json(&words!["sync", &source, "--to", &registry, "--map", &map], 0);
    // The other of its two files is outside of every data folder, and in no place.
    let root = &report["roots"][0];
    assert_eq!((&root["prefix"], &root["sampled"], &root["found"]), (&"/dataset".into(), &1.into(), &1.into()), "{report}");
    export_ios(&scene, &registry);
    let asked = server.asked();
    let object = "GET /dataset/maxillo/raw/ios/ios_upper_patient_7.stl";
    assert!(asked.iter().any(|asked| asked.starts_with(object)), "{asked:?}");
    assert!(!asked.iter().any(|asked| asked.contains("hosts")), "nothing outside is asked for: {asked:?}");

    let refused = |map: &str| {
        let to = scene.path("other.sqlite");
        let error = scene.sheaf.json(&words!["sync", &source, "--to", &to, "--map", map], 2);
        assert!(!to.exists(), "nothing was made");
        error["error"].clone()
    };
    let error = refused("/dataset=s3://key:hush@bucket");
    assert_eq!(error["code"], "USAGE", "{error}");
    assert!(!error.to_string().contains("hush"), "no secret: {error}");
    let large = words!["sync", &source, "--map", server.location("dataset").replacen("s3://", "/dataset=S3://", 1)];
    assert_eq!(scene.sheaf.json(&large, 0)["roots"][0]["found"], 1, "a scheme is one in capitals, too");
    assert_eq!(refused("/dataset=s3://bucket?endpoint=http://minio.lab")["code"], "USAGE", "off this machine with TLS only");
}

/// `--map` counts wherever a registry is opened, over what was said before, and stays so.
#[test]
fn where_files_lie_is_said_with_any_registry_that_is_opened() {
    let scene = Scene::empty();
    let (source, registry) = (database(&scene), scene.path("lab.sqlite"));
    scene.sheaf.json(&words!["sync", &source, "--to", &registry], 0);
    let before = fs::read(&registry).expect("a file");
    let scans = ["--project", "maxillo", "--all", "--modality", "ios", "--kind", "raw"];
    let said = |command: &str, registry: &Path, more: &[String]| {
        let words = words![command, "--registry", registry].into_iter().chain(scans.map(Into::into));
        words.chain(more.iter().map(Into::into)).collect::<Vec<std::ffi::OsString>>()
    };
    let map = |prefix: &str, place: &str| ["--map".to_owned(), format!("{prefix}={}", scene.path(place).display())];
    let files = |registry: &Path, more: &[String]| scene.sheaf.json(&said("plan", registry, more), 0)["files"].clone();

    for opened in [&source, &registry] {
        assert_eq!(files(opened, &[]), 0, "nothing is said yet");
        assert_eq!(files(opened, &map("/dataset/", "dataset")), 1, "it counts at once");
        assert_eq!(files(opened, &[]), 1, "and stays");
        assert_eq!(files(opened, &map("/dataset", "elsewhere")), 0, "what is said last counts");
        let told = scene.sheaf.run(&said("plan", opened, &map("/data", "dataset")));
        let passed_over = told.stderr.contains("has no data under /data; what --map says of it is passed over");
        assert_eq!((told.code, passed_over), (Some(0), opened == &registry), "{}", told.stderr);
    }
    assert_eq!(fs::read(&registry).expect("a file"), before, "a registry is never written");

    // A job that is done again finds its files where they were said to be.
    let [map_word, place] = map("/dataset", "dataset");
    let out = ["--out", scene.out().to_str().expect("text"), "--name", "scans", "--on-missing", "fail"].map(str::to_owned);
    let failed = scene.sheaf.json(&said("export", &source, &[&[map_word, place][..], &out].concat()), 1);
    assert_eq!(failed["problems"][0]["code"], "PATH_ESCAPE", "{failed}");
    let id = failed["id"].as_str().expect("an id");
    let again = scene.sheaf.json(&words!["exports", "restart", id], 1);
    assert_eq!(again["problems"], failed["problems"], "{again}");

    // A prefix that was none parts the files of a source otherwise: it is read again.
    assert_eq!(files(&source, &map("/dataset", "elsewhere")), 0);
    assert_eq!(files(&source, &map("/dataset/maxillo/raw", "dataset/maxillo/raw")), 1);
    // Also when it is read anew, what is said last counts.
    let [word, place] = map("/dataset/maxillo/raw", "elsewhere");
    scene.sheaf.json(&words!["sync", &source, word, place], 0);
    assert_eq!(files(&source, &[]), 0);
    let folder = scene.sheaf.refused(&words!["projects", "--registry", scene.path("dataset"), "--map", "=x"], 2);
    assert_eq!(folder.0, "USAGE", "the files of a folder lie in it");
}

#[test]
fn where_files_lie_is_looked_at_when_a_source_is_read() {
    let scene = Scene::empty();
    let image = scene.path("a.dcm");
    fs::write(&image, "DICM").expect("writable");
    for to in [None, Some(scene.path("new.sqlite"))] {
        let mut words = words!["sync", &image].to_vec();
        words.extend(to.iter().flat_map(|to| ["--to".into(), to.into()]));
        assert_eq!(scene.sheaf.refused(&words, 2).0, "SOURCE_UNKNOWN", "one image is no source");
    }
    let source = database(&scene);
    let told = scene.sheaf.run(&words!["sync", &source]);
    assert!(told.stdout.contains("/dataset: nowhere that is known; say it with --map"), "{}", told.stdout);
    let map = |place: &Path| format!("/dataset={}", place.display());
    let told = scene.sheaf.run(&words!["sync", &source, "--map", map(&scene.path("dataset"))]);
    assert!(told.stdout.contains("1 of 1 sampled files found"), "{}", told.stdout);
    let scan = scene.path("dataset/maxillo/raw/ios/ios_upper_patient_7.stl");
    let was = fs::read(&scan).expect("a file");
    fs::write(&scan, [&was[..], b"more"].concat()).expect("writable");
    let told = scene.sheaf.run(&words!["sync", &source, "--map", map(&scene.path("dataset"))]).stdout;
    assert!(told.contains("0 of 1 sampled files found, 1 of another size"), "{told}");
    assert!(told.contains(&format!("1 ({} bytes, registered {})", was.len() + 4, was.len())), "{told}");
    fs::write(&scan, was).expect("writable");
    let report = scene.sheaf.json(&words!["sync", &source, "--map", map(&scene.path("."))], 0);
    let root = &report["roots"][0];
    assert_eq!((&root["found"], &root["missed"][0]["code"]), (&0.into(), &"SOURCE_MISSING".into()), "{report}");
    let report = scene.sheaf.json(&words!["sync", &source, "--map", map(&scene.path("away"))], 0);
    assert_eq!(report["roots"][0]["problem"]["code"], "ROOT_MISSING", "{report}");

    // A slip is told, and does not stay; what was said of files stays.
    let prefixes = |more: &[&str]| {
        let mut words = words!["sync", &source].to_vec();
        words.extend(more.iter().map(std::ffi::OsString::from));
        let report = scene.sheaf.json(&words, 0);
        let roots = report["roots"].as_array().expect("a list").clone();
        roots.iter().map(|root| root["prefix"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(prefixes(&["--map", "/data=."]), ["/data", "/dataset"]);
    assert_eq!(prefixes(&[]), ["/dataset"]);
    let twice = words!["sync", &source, "--map", map(&scene.path("dataset")), "--map", "/dataset/=."];
    assert_eq!(scene.sheaf.refused(&twice, 2).0, "USAGE");
}

#[test]
fn a_keyring_keeps_the_key_of_a_bucket() {
    let scene = Scene::empty();
    let source = database(&scene);
    let server = S3Server::start(&scene.path("."), Some(("lab-key", "hush-hush")));
    let map = format!("/dataset={}", server.location("dataset"));
    let refused = scene.sheaf.json(&words!["sync", &source, "--map", &map], 0);
    assert_eq!(refused["roots"][0]["problem"]["code"], "SOURCE_UNREADABLE", "{refused}");
    let without = scene.sheaf.run(&words!["sync", &source, "--map", &map, "--keep-password"]);
    assert!(without.stderr.contains("No key of the bucket"), "none was said: {}", without.stderr);

    let sheaf = env!("CARGO_BIN_EXE_sheaf");
    let source = source.display();
    let told = crate::live::in_keyring_session(
        &scene,
        &format!(
            "AWS_ACCESS_KEY_ID=lab-key AWS_SECRET_ACCESS_KEY=hush-hush '{sheaf}' sync '{source}' --map '{map}' --keep-password --json &&
             '{sheaf}' sync '{source}' --json"
        ),
    );
    assert_eq!(told.matches("\"found\": 1").count(), 2, "with the key in the environment, then without: {told}");
    assert!(!told.contains("hush-hush"), "{told}");
}

#[test]
fn what_is_no_source_is_refused_with_the_reason() {
    let scene = Scene::empty();
    let other = scene.path("other.sqlite3");
    Connection::open(&other).and_then(|c| c.execute_batch("CREATE TABLE notes (id INTEGER)")).expect("new");
    let dump = scene.path("cut.sql");
    fs::write(&dump, "-- MySQL dump 10.13\nCREATE TABLE `scans_patient` (\n  `patient_id` int").expect("writable");
    let to = scene.path("to.sqlite");
    for (source, code) in [(&other, "SOURCE_UNKNOWN"), (&dump, "DUMP_CUT")] {
        let refused = scene.sheaf.json(&words!["sync", source, "--to", &to], 2);
        assert_eq!(refused["error"]["code"], code, "{refused}");
        let refused = scene.sheaf.json(&words!["projects", "--registry", source], 2);
        assert_eq!(refused["error"]["code"], code, "{refused}");
        assert!(!to.exists(), "nothing was made");
    }
    for map in ["/dataset", "/dataset=", "/dataset=http://x", "/dataset=s3:/b", "/dataset=file:///mnt"] {
        let refused = scene.sheaf.json(&words!["sync", &other, "--to", &to, "--map", map], 2);
        assert_eq!(refused["error"]["code"], "USAGE", "{refused}");
    }
    let left: Vec<_> =
        fs::read_dir(scene.path(".")).expect("a folder").map(|entry| entry.expect("a file").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".tmp")), "no part of it stays: {left:?}");
}

/// Files below a folder in which these words stand.
fn holding(folder: &Path, words: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, words));
        } else if memchr::memmem::find(&fs::read(&path).expect("a file"), words.as_bytes()).is_some() {
            found.push(path);
        }
    }
    found
}

#[test]
fn names_are_left_out_of_what_is_kept_until_they_are_asked_for() {
    let scene = Scene::empty();
    let (source, home) = (database(&scene), scene.path("home"));
    let list = scene.path("list.csv");
    fs::write(&list, "exam_id,patient_name\nE1,Ada Lovelace\n").expect("writable");
    let q = words!["studies", "search", "--registry", &list, "--q", "Lovelace"];
    assert_eq!(scene.sheaf.json(&q, 0)["total"], 1, "with names, they are found");
    scene.sheaf.json(&words!["projects", "--registry", &source], 0);
    assert_eq!(holding(&home, "Lovelace").len(), 2, "both copies hold names");

    for source in [&source, &list] {
        let report = scene.sheaf.json(&words!["sync", source, "--without-names"], 0);
        assert_eq!(report["names_left_out"], true, "{report}");
        let told = scene.sheaf.run(&words!["sync", source]).stdout;
        assert!(told.contains("Names") && told.contains("left out"), "from then on: {told}");
    }
    assert_eq!(scene.sheaf.json(&q, 0)["total"], 0, "nobody is found by a name");
    assert_eq!(holding(&home, "Lovelace"), Vec::<std::path::PathBuf>::new(), "nothing of one stays in the home");

    // A source that has changed is read again by itself, and as it was said.
    fs::write(&list, "exam_id,patient_name\nE1,Ada Lovelace\nE2,Ada Lovelace\n").expect("writable");
    let (studies, told) = total(&scene, &list);
    assert!(studies == 2 && told.contains("read anew"), "{told}");
    assert_eq!(holding(&home, "Lovelace"), Vec::<std::path::PathBuf>::new(), "also after it was read anew");

    let own = scene.path("own.sqlite");
    assert_eq!(scene.sheaf.json(&words!["sync", &source, "--to", &own, "--without-names"], 0)["patients"], 1);
    assert!(memchr::memmem::find(&fs::read(&own).expect("it"), b"Lovelace").is_none(), "nor in a registry of its own");

    let report = scene.sheaf.json(&words!["sync", &list, "--with-names"], 0);
    assert_eq!(report["names_left_out"], false, "{report}");
    assert_eq!(scene.sheaf.json(&q, 0)["total"], 2, "they are back");
}

#[test]
fn a_reading_waits_for_another_and_keeps_what_that_was_told() {
    let scene = Scene::empty();
    let source = database(&scene);
    let first = scene.sheaf.json(&words!["sync", &source], 0);
    let kept = Path::new(first["registry"].as_str().expect("a path"));
    let folder = kept.parent().expect("a folder");
    // Another reading has the copy, as a process that is told to leave names out would.
    let other = fs::File::open(folder).expect("there");
    other.lock().expect("nobody else has it");
    let mut waiting = scene.sheaf.command(&words!["sync", &source]);
    let mut waiting = waiting.stdout(std::process::Stdio::null()).spawn().expect("started");
    let nameless = scene.path("nameless.sqlite");
    scene.sheaf.json(&words!["sync", &source, "--to", &nameless, "--without-names"], 0);
    fs::rename(&nameless, kept).expect("it takes its place");
    // Others have long done what it has to do.
    for name in ["1.sqlite", "2.sqlite", "3.sqlite", "4.sqlite"] {
        scene.sheaf.json(&words!["sync", &source, "--to", scene.path(name)], 0);
    }
    assert!(waiting.try_wait().expect("ours").is_none(), "it does not end before its turn");
    drop(other);
    assert_eq!(crate::program::ran(waiting).code, Some(0));
    assert_eq!(holding(folder, "Lovelace"), Vec::<std::path::PathBuf>::new(), "what was told meanwhile counts");
}

#[test]
fn what_was_said_of_a_source_outlives_its_copy() {
    let scene = Scene::empty();
    let (source, home) = (database(&scene), scene.path("home"));
    let users = "INSERT INTO auth_user VALUES (1, 'mo', 0, 1);
                 INSERT INTO scans_userprofile VALUES (1, 1, 'standard');
                 INSERT INTO common_projectaccess VALUES (1, 1, 1, 1);
                 INSERT INTO scans_patient VALUES (8, 'Grace Hopper', 'private', '2025-10-01 10:00:00', NULL, 1)";
    Connection::open(&source).and_then(|source| source.execute_batch(users)).expect("changed");
    let map = format!("/dataset={}", scene.path("dataset").display());
    let said = words!["sync", &source, "--without-names", "--only-for", "mo", "--map", map];
    let report = scene.sheaf.json(&said, 0);
    let copy = Path::new(report["registry"].as_str().expect("a path"));
    let damages: [&dyn Fn(); 2] = [&|| fs::write(copy, "damaged").expect("writable"), &|| {
        Connection::open(copy).and_then(|copy| copy.pragma_update(None, "user_version", 99)).expect("a newer Sheaf's");
    }];
    for damage in damages {
        damage();
        let told = scene.sheaf.run(&words!["projects", "--registry", &source]);
        assert!(told.code == Some(0) && told.stderr.contains("was read anew"), "{told:?}");
        for name in ["Lovelace", "Grace Hopper"] {
            assert_eq!(holding(&home, name), Vec::<std::path::PathBuf>::new(), "{name}");
        }
        let again = scene.sheaf.json(&words!["sync", &source], 0);
        for what in ["only_for", "names_left_out", "patients"] {
            assert_eq!(again[what], report[what], "{what}");
        }
        assert_eq!(again["roots"][0]["location"], report["roots"][0]["location"]);
    }
}

#[test]
fn what_is_kept_of_a_source_can_be_deleted() {
    let scene = Scene::empty();
    let (source, home) = (database(&scene), scene.path("home"));
    assert_eq!(scene.sheaf.refused(&words!["sync", &source, "--forget"], 2).0, "USAGE", "nothing is kept yet");
    scene.sheaf.json(&words!["projects", "--registry", &source], 0);
    assert_eq!(holding(&home, "Lovelace").len(), 1);
    assert_eq!(
        scene.sheaf.refused(&words!["sync", &source, "--forget", "--without-names"], 2).0,
        "USAGE",
        "one or the other"
    );
    let before = fs::read(&source).expect("a file");
    // Also of one that is away.
    let away = scene.path("away.sqlite3");
    fs::rename(&source, &away).expect("there");
    let deleted = scene.sheaf.json(&words!["sync", &source, "--forget"], 0);
    assert_eq!(deleted["deleted"], source.to_str().expect("text"));
    assert_eq!(holding(&home, "Lovelace"), Vec::<std::path::PathBuf>::new(), "nothing of it is left");
    assert_eq!(fs::read(&away).expect("a file"), before, "the source stays");
}

#[test]
fn what_is_no_source_any_longer_is_looked_at_as_it_was_read() {
    let scene = Scene::empty();
    let source = database(&scene);
    let projects = || scene.sheaf.run(&words!["projects", "--registry", &source, "--json"]);
    let before = projects().stdout;
    for content in ["", "no database any longer"] {
        fs::write(&source, content).expect("writable");
        let after = projects();
        assert_eq!((after.code, &after.stdout), (Some(0), &before), "{content:?}");
        assert!(after.stderr.contains("could not be read anew") && after.stderr.contains("[SOURCE_UNKNOWN]"), "{after:?}");
        let selection = ["--project", "maxillo", "--all", "--all-modalities", "--out"];
        let work = words!["export", "--registry", &source];
        let work = work.into_iter().chain(selection.map(Into::into)).chain([scene.out().into()]).collect::<Vec<_>>();
        assert_eq!(scene.sheaf.refused(&work, 2).0, "SOURCE_UNKNOWN", "no work is done with it");
    }
    // A registry in its place is that registry.
    fs::copy(&demo().registry, &source).expect("writable");
    assert_ne!(projects().stdout, before);
}

#[test]
fn a_source_is_kept_for_one_user_until_it_is_read_for_everybody() {
    let scene = Scene::empty();
    let (source, home) = (database(&scene), scene.path("home"));
    let change = |sql: &str| Connection::open(&source).and_then(|c| c.execute_batch(sql)).expect("changed");
    change(
        "INSERT INTO auth_user VALUES (1, 'mo', 0, 1), (2, 'robin', 0, 1);
         INSERT INTO scans_userprofile VALUES (1, 1, 'standard'), (2, 2, 'annotator');
         INSERT INTO common_projectaccess VALUES (1, 1, 1, 1), (2, 1, 2, 1);
         INSERT INTO scans_patient VALUES (8, 'Grace Hopper', 'private', '2025-10-01 10:00:00', NULL, 1)",
    );
    let patients = |user: &str, code: i32| {
        scene.sheaf.json(&words!["patients", "--registry", &source, "--project", "maxillo", "--user", user], code)
    };
    assert_eq!((&patients("robin", 0)["total"], &patients("mo", 0)["total"]), (&2.into(), &1.into()));
    assert_eq!(holding(&home, "Grace Hopper").len(), 1, "what all may read is kept");

    assert_eq!(scene.sheaf.refused(&words!["sync", &source, "--only-for", "nobody"], 2).0, "UNKNOWN_USER");
    assert_eq!(patients("robin", 0)["total"], 2, "what was there stays");
    let report = scene.sheaf.json(&words!["sync", &source, "--only-for", "mo"], 0);
    assert_eq!(
        (&report["only_for"], &report["patients"], &report["users"]),
        (&"mo".into(), &1.into(), &1.into()),
        "{report}"
    );
    assert_eq!(holding(&home, "Grace Hopper"), Vec::<std::path::PathBuf>::new(), "nothing else stays in the home");
    assert_eq!(patients("mo", 0)["total"], 1);
    let refused = scene.sheaf.run(&words!["patients", "--registry", &source, "--project", "maxillo", "--user", "robin"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--for-everybody"), "{refused:?}");

    // Read again by itself, with other rights by now.
    change("UPDATE scans_userprofile SET role = 'annotator' WHERE user_id = 1");
    assert_eq!(patients("mo", 0)["total"], 2);
    change("DELETE FROM common_projectaccess WHERE user_id = 1");
    scene.sheaf.json(&words!["projects", "--registry", &source, "--user", "mo"], 0);
    assert_eq!(holding(&home, "Lovelace"), Vec::<std::path::PathBuf>::new(), "a right that is gone takes its rows along");

    let report = scene.sheaf.json(&words!["sync", &source, "--for-everybody"], 0);
    assert_eq!((&report["only_for"], &report["patients"]), (&serde_json::Value::Null, &2.into()), "{report}");
    assert_eq!(patients("robin", 0)["total"], 2, "they are back");

    let told = scene.sheaf.run(&words!["sync", &source, "--user", "mo"]).stderr;
    assert!(told.contains("reads everybody's rows unless --only-for"), "{told}");
    let told = scene.sheaf.run(&words!["sync", &source, "--to", scene.path("own.sqlite"), "--only-for", "robin"]).stdout;
    assert!(told.contains("only what \"robin\" may read"), "{told}");
    let list = scene.path("list.csv");
    fs::write(&list, LIST).expect("writable");
    assert_eq!(scene.sheaf.refused(&words!["sync", &list, "--only-for", "mo"], 2).0, "USAGE", "a list has no users");
}

#[test]
fn a_folder_read_again_into_its_registry_keeps_names_out_of_it() {
    let scene = Scene::empty();
    let (folder, own) = (scene.path("images/7"), scene.path("own.sqlite"));
    fs::create_dir_all(&folder).expect("writable");
    fs::write(folder.join("a.stl"), b"solid jaw\nfacet normal 0 0 1\nendsolid jaw\n").expect("writable");
    let folder = scene.path("images");
    for (flag, left_out) in [("--without-names", true), ("--quiet", true), ("--with-names", false), ("--quiet", false)] {
        let report = scene.sheaf.json(&words!["sync", &folder, "--to", &own, flag], 0);
        assert_eq!(report["names_left_out"], left_out, "{flag}");
    }
}

#[test]
fn what_has_changed_in_a_source_is_counted_and_what_left_it_is_gone() {
    let scene = Scene::empty();
    let source = database(&scene);
    let change = |sql: &str| Connection::open(&source).and_then(|c| c.execute_batch(sql)).expect("changed");
    let sync = || scene.sheaf.json(&words!["sync", &source], 0);
    let rows = |added, changed, removed| serde_json::json!({"added": added, "changed": changed, "removed": removed});
    assert_eq!(sync()["changes"], serde_json::Value::Null, "the first time");
    assert_eq!(sync()["changes"]["files"], rows(0, 0, 0), "nothing has");

    change(
        "INSERT INTO scans_patient VALUES (8, 'Grace Hopper', 'public', '2025-10-01 10:00:00', NULL, 1);
         UPDATE scans_patient SET visibility = 'private' WHERE patient_id = 7;
         DELETE FROM scans_fileregistry WHERE id = 2; UPDATE scans_fileregistry SET file_size = 5 WHERE id = 1;
         INSERT INTO scans_fileregistry SELECT 3, file_type, file_path || '.stl', 4, '', created_at, '{}', 8, 5, '' FROM scans_fileregistry",
    );
    let report = sync();
    assert_eq!((&report["changes"]["patients"], &report["changes"]["files"]), (&rows(1, 1, 0), &rows(1, 1, 1)), "{report}");
    assert_eq!((&report["patients"], &report["files"]), (&2.into(), &2.into()), "what left the source is not in the copy");

    change("DELETE FROM scans_fileregistry WHERE patient_id = 7; DELETE FROM scans_patient WHERE patient_id = 7");
    let told = scene.sheaf.run(&words!["sync", &source]).stdout;
    assert!(told.contains("patients: 0 added, 0 changed, 1 removed; files: 0 added, 0 changed, 1 removed"), "{told}");
    let patients = scene.sheaf.json(&words!["patients", "--registry", &source, "--project", "maxillo"], 0);
    assert_eq!((&patients["total"], &patients["patients"][0]["id"]), (&1.into(), &"8".into()), "{patients}");
    assert!(holding(&scene.path("home"), "Lovelace").is_empty(), "nothing of who left stays");

    let list = scene.path("list.csv");
    fs::write(&list, LIST).expect("writable");
    scene.sheaf.json(&words!["sync", &list], 0);
    fs::write(&list, "exam_id,patient_gender\nE2,男\nE3,女\n").expect("writable");
    assert_eq!(scene.sheaf.json(&words!["sync", &list], 0)["changes"]["studies"], rows(1, 0, 1));
    fs::write(&list, "exam_id,patient_gender\nE2,女\nE3,女\n").expect("writable");
    let told = scene.sheaf.run(&words!["sync", &list]).stdout;
    assert!(told.contains("studies: 0 added, 1 changed, 0 removed"), "{told}");
}
