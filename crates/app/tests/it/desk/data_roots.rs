//! Where files lie: some of them are looked at, in a folder and in a bucket.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use sheaf_registry::rows::Kind;
use sheaf_registry::writer::{NewFile, NewModality, NewPatient, RegistryWriter};
use sheaf_testkit::S3Server;

use sheaf_app::wire::ExportStatus;

use super::exports::{hear, until_status};
use super::native::Bench;

/// A registry of 30 files under `/dataset`, of which nobody knows where that is; the files in the folder `files/lab`.
fn registry(bench: &Bench, location: Option<&str>) -> std::path::PathBuf {
    let path = bench.lab.root().join("thirty.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a place");
    let root = writer.data_root("/dataset", location).expect("a root");
    let project = writer.project("maxillo", "Maxillo").expect("a project");
    let modality = NewModality { slug: "ios", name: "IOS", ..NewModality::default() };
    let modality = writer.modality(&modality).expect("a modality");
    let folder = bench.lab.root().join("files/lab");
    std::fs::create_dir_all(&folder).expect("writable");
    for number in 0..30 {
        let patient = writer.patient(&NewPatient::new(project, &number.to_string())).expect("a patient");
        let name = format!("{number}.stl");
        std::fs::write(folder.join(&name), "mesh").expect("writable");
        let file = format!("/dataset/{name}");
        writer
            .file(&NewFile { file_size: Some(4), ..NewFile::new(patient, modality, Kind::Raw, root, &file) })
            .expect("a file");
    }
    writer.finish().expect("whole");
    path
}

fn root(bench: &Bench) -> Value {
    bench.just("data_roots")["roots"][0]["id"].clone()
}

fn bucket(server: &S3Server) -> Value {
    let location = server.location("files");
    let endpoint = location.split_once("endpoint=").expect("an endpoint").1.to_owned();
    json!({"bucket": "files", "prefix": "lab", "endpoint": endpoint, "region": "", "path_style": null})
}

fn key(secret: &str) -> Value {
    json!({"id": "lab-key", "secret": secret})
}

#[test]
fn some_files_of_a_folder_are_looked_at() {
    let bench = Bench::new();
    bench.open(&registry(&bench, None));
    let id = root(&bench);
    let nowhere = bench.get("check_data_root", json!({"id": id}));
    assert_eq!((&nowhere["sampled"], &nowhere["problem"]["code"]), (&json!(0), &json!("ROOT_MISSING")), "{nowhere}");

    let folder = bench.lab.root().join("files/lab");
    bench.desktop.will_choose_folder(&folder);
    bench.get("locate_data_root", json!({"id": id}));
    let check = bench.get("check_data_root", json!({"id": id}));
    let whole = json!({"id": id, "sampled": 12, "found": 12, "other_size": [], "missed": [], "problem": null});
    assert_eq!(check, whole, "of thirty");

    // One in three is gone: some of the twelve are.
    for number in (0..30).step_by(3) {
        std::fs::remove_file(folder.join(format!("{number}.stl"))).expect("there");
    }
    let check = bench.get("check_data_root", json!({"id": id}));
    let missed = check["missed"].as_array().expect("a list");
    assert_eq!(check["found"].as_u64().expect("a number") + missed.len() as u64, 12, "{check}");
    assert!(!missed.is_empty() && missed.iter().all(|file| file["code"] == "SOURCE_MISSING"), "{check}");
    assert_eq!(check["problem"], json!(null), "single files are no reason for all");
    assert_eq!(bench.refused("check_data_root", json!({"id": 99})), "ROOT_MISSING");
}

#[test]
fn a_file_of_another_size_is_not_one_that_was_found() {
    let bench = Bench::new();
    let folder = bench.lab.root().join("files/lab");
    let path = registry(&bench, Some(&folder.display().to_string()));
    bench.open(&path);
    let id = root(&bench);
    // Of thirty, every other one or fewer is looked at: the first one always, and the last that is.
    std::fs::write(folder.join("0.stl"), "another mesh").expect("there");
    std::fs::remove_file(folder.join("28.stl")).expect("there");
    let check = bench.get("check_data_root", json!({"id": id}));
    assert_eq!(check["other_size"], json!([{"id": 1, "bytes": 12, "registered": 4}]), "{check}");
    assert_eq!((&check["found"], &check["sampled"], &check["missed"][0]["id"]), (&json!(10), &json!(12), &json!(29)));

    // Of a row whose size is that of all files in a folder, or of which none is known, nothing can be said.
    let other = bench.lab.root().join("folders.sqlite");
    std::fs::copy(&path, &other).expect("writable");
    let registry = rusqlite::Connection::open(&other).expect("a registry");
    let change = "UPDATE file_registry SET file_size = CASE id WHEN 1 THEN NULL ELSE 9 END,
        hash_kind = CASE id WHEN 1 THEN hash_kind ELSE 'folder' END";
    registry.execute(change, []).expect("rows");
    for number in 0..30 {
        let file = folder.join(format!("{number}.stl"));
        if number > 0 {
            let _ = std::fs::remove_file(&file);
            std::fs::create_dir(&file).expect("a folder");
            std::fs::write(file.join("1.dcm"), "a slice").expect("writable");
        }
    }
    bench.open(&other);
    let check = bench.get("check_data_root", json!({"id": id}));
    assert_eq!((&check["found"], &check["other_size"]), (&json!(12), &json!([])), "{check}");
}

/// What answers to everything with a page to log in, such as a gateway before a bucket. It is asked for as long as the tests run.
fn page_for_everything() -> String {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("bound");
    std::thread::spawn(move || {
        for mut line in server.incoming().flatten() {
            let mut asked = Vec::new();
            let mut part = [0; 4096];
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                match line.read(&mut part) {
                    Ok(0) | Err(_) => break,
                    Ok(bytes) => asked.extend_from_slice(&part[..bytes]),
                }
            }
            let page = "<html><form>Who are you?</form></html>";
            let body = if asked.starts_with(b"HEAD") { "" } else { page };
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length:";
            let _ = write!(line, "{head} {}\r\n\r\n{body}", page.len());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_page_that_answers_to_everything_is_no_bucket_with_the_files() {
    let bench = Bench::new();
    bench.open(&registry(&bench, None));
    let form =
        json!({"bucket": "files", "prefix": "lab", "endpoint": page_for_everything(), "region": "", "path_style": null});
    let check = bench.get("test_bucket", json!({"id": root(&bench), "bucket": form, "key": null}));
    assert_eq!((&check["sampled"], &check["found"], &check["missed"]), (&json!(12), &json!(0), &json!([])), "{check}");
    let sizes = check["other_size"].as_array().expect("a list");
    assert!(sizes.len() == 12 && sizes.iter().all(|file| file["bytes"] == 38 && file["registered"] == 4), "{check}");
}

#[test]
fn files_in_a_bucket_are_found_used_and_exported_and_no_secret_is_kept() {
    let bench = Bench::new();
    bench.open(&registry(&bench, None));
    let id = root(&bench);
    let server = S3Server::start(bench.lab.root(), Some(("lab-key", "hush-hush")));
    let test = |secret: &str| json!({"id": id, "bucket": bucket(&server), "key": key(secret)});
    let denied = bench.get("test_bucket", test("wrong"));
    assert_eq!((&denied["found"], &denied["problem"]["code"]), (&json!(0), &json!("SOURCE_UNREADABLE")), "{denied}");
    let found = bench.get("test_bucket", test("hush-hush"));
    assert_eq!((&found["sampled"], &found["found"], &found["problem"]), (&json!(12), &json!(12), &json!(null)), "{found}");
    let roots = bench.just("data_roots");
    assert_eq!(roots["roots"][0]["location"], json!(null), "a test changes nothing: {roots}");

    let mut wish = test("hush-hush");
    wish["keep_key"] = json!(false);
    let used = bench.get("use_bucket", wish);
    let here = &used["roots"]["roots"][0];
    assert_eq!(
        (&here["problem"], &here["located"], &here["bucket"]["bucket"]),
        (&json!(null), &json!(true), &json!("files"))
    );
    assert_eq!(bench.get("check_data_root", json!({"id": id}))["found"], 12, "by what was said");

    // It is exported from, and the key stands nowhere.
    bench.desktop.will_choose_folder(bench.lab.root());
    bench.just("choose_destination");
    bench.get("check_matching", json!({"on": true}));
    bench.get("set_contents", json!({"modalities": null, "kind": "both"}));
    let heard = hear(&bench);
    let made = bench.get("create_export", json!({"task": "c", "name": "lab", "notes": "", "skip_missing": false}));
    let row = until_status(&heard, made["id"].as_str().expect("an id"), ExportStatus::Completed);
    assert_eq!(row.files, 30, "{row:?}");
    for entry in walk(&bench.lab.home()) {
        let bytes = std::fs::read(&entry).expect("readable");
        assert!(!bytes.windows(9).any(|word| word == b"hush-hush"), "{}", entry.display());
    }

    // Another process knows the bucket and not its key.
    let bench = bench.again();
    bench.just("start");
    let roots = bench.just("data_roots");
    assert_eq!(roots["roots"][0]["problem"]["code"], "SOURCE_UNREADABLE", "{roots}");
    drop(server);
    let roots = bench.just("data_roots");
    assert_eq!(roots["roots"][0]["problem"]["code"], "ROOT_MISSING", "{roots}");
    assert_eq!(bench.just("start")["registry"]["data_roots_missing"], 1, "it is told with the registry");
}

#[test]
fn a_bucket_that_is_silent_does_not_hold_up_the_registry() {
    let bench = Bench::new();
    // It takes what comes and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    silent.set_nonblocking(true).expect("a socket");
    let address = format!("s3://files?endpoint=http://{}", silent.local_addr().expect("bound"));
    let opened = bench.open(&registry(&bench, Some(&address)));
    assert_eq!(opened["data_roots_missing"], 0, "nobody has asked it yet");
    assert!(silent.accept().is_err(), "whoever opens a registry asks no bucket");
    let roots = bench.just("data_roots");
    assert_eq!(roots["roots"][0]["problem"]["code"], "ROOT_MISSING", "{roots}");
    assert!(silent.accept().is_ok(), "it was asked");
    assert_eq!(bench.just("start")["registry"]["data_roots_missing"], 1, "it is told with the registry from then on");
}

#[test]
fn a_bucket_is_said_by_its_parts_and_what_cannot_be_meant_is_refused() {
    let bench = Bench::new();
    bench.open(&registry(&bench, None));
    let id = root(&bench);
    for (part, said) in [
        ("bucket", "a/b"),
        ("endpoint", "http://minio.lab:9000"),
        ("endpoint", "https://k:hush@minio.lab"),
        ("prefix", "a/../b"),
    ] {
        let mut form =
            json!({"bucket": "b", "prefix": "", "endpoint": "https://minio.lab", "region": "", "path_style": null});
        form[part] = json!(said);
        let refused = bench.ask("test_bucket", json!({"id": id, "bucket": form, "key": null})).expect_err(said);
        assert!(refused.code == "USAGE" && !format!("{refused:?}").contains("hush"), "{refused:?}");
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable").flatten() {
        if entry.path().is_dir() { files.extend(walk(&entry.path())) } else { files.push(entry.path()) }
    }
    files
}
