//! Connecting to a database server: a test of the connection, opening it as one of its users, and what it lacks.

use std::path::PathBuf;

use serde_json::{Value, json};
use sheaf_app::desk::Event;
use sheaf_testkit::{MariaDb, Postgres, laboratory};

use super::native::Bench;
use super::studies::look;

/// Two users: one sees the project, one sees nothing.
const USERS: &str = "USE lab; INSERT INTO auth_user VALUES (1, 'mo', 0, 1), (2, 'vera', 0, 1), (3, 'gone', 0, 0);
    INSERT INTO scans_userprofile VALUES (1, 1, 'annotator'), (2, 2, 'standard');
    INSERT INTO common_projectaccess VALUES (1, 1, 1, 1);";

fn server(bench: &Bench) -> MariaDb {
    let tables = bench.lab.root().join("tables.sql");
    std::fs::write(&tables, laboratory::TABLES).expect("writable");
    let server = MariaDb::start();
    server.load("lab", &tables);
    server.run(USERS);
    server.reader("reader", "geheim", "lab");
    server
}

fn form(server: &MariaDb) -> Value {
    json!({"engine": "mysql", "host": " LocalHost", "port": server.port(), "user": "reader", "database": "lab", "certificate": null})
}

fn connect(form: &Value, password: Option<&str>) -> Value {
    json!({"task": "connect", "server": form, "password": password, "keep_password": false, "read_names": null})
}

fn test(form: &Value, password: Option<&str>) -> Value {
    json!({"task": "test", "server": form, "password": password})
}

#[test]
fn a_server_is_tested_read_and_opened_as_one_of_its_users() {
    let bench = Bench::new();
    let server = server(&bench);
    let form = form(&server);
    assert_eq!(bench.refused("test_server", test(&form, None)), "SOURCE_DENIED", "nothing is known of it");
    assert_eq!(bench.refused("test_server", test(&form, Some("wrong"))), "SOURCE_DENIED");
    let answer = bench.get("test_server", test(&form, Some("geheim")));
    assert!(answer["product"].as_str().is_some_and(|product| product.starts_with("MariaDB 1")), "{answer}");
    assert_eq!(
        (&answer["generation"], &answer["patients"], &answer["files"]),
        (&json!("G1"), &json!(1), &json!(2)),
        "{answer}"
    );
    assert_eq!(bench.refused("test_server", test(&form, None)), "SOURCE_DENIED", "a test tells nobody the password");
    assert_eq!(bench.just("recent_registries")["recent"], json!([]), "and leaves nothing behind");

    assert_eq!(bench.refused("connect_server", connect(&form, Some("wrong"))), "SOURCE_DENIED");
    assert_eq!(bench.refused("connect_server", connect(&form, None)), "SOURCE_DENIED", "a wrong one is forgotten");
    let connected = bench.get("connect_server", connect(&form, Some("geheim")));
    assert_eq!((&connected["registry"], &connected["not_kept"]), (&json!(null), &json!(null)), "nobody is its owner");
    let recent = bench.just("recent_registries")["recent"][0].clone();
    assert_eq!(
        (&recent["id"], &recent["name"], &recent["present"]),
        (&connected["id"], &json!("localhost/lab"), &json!(true))
    );
    let mut plain = form.clone();
    plain["host"] = json!("localhost");
    assert_eq!(recent["server"], plain, "the form can be filled again");
    assert_eq!(bench.refused("open_recent", json!({"id": recent["id"]})), "USER_REQUIRED");

    let users = bench.get("registry_users", json!({"id": recent["id"]}));
    let names: Vec<_> = users["users"].as_array().expect("users").iter().map(|user| user["name"].clone()).collect();
    assert_eq!(names, [json!("mo"), json!("vera")], "who is not in use there is none");
    assert_eq!(bench.refused("open_as", json!({"id": recent["id"], "user": "gone"})), "UNKNOWN_USER");
    let opened = bench.get("open_as", json!({"id": recent["id"], "user": "mo"}));
    assert_eq!(
        (&opened["user"], &opened["needs_user"], &opened["server"]),
        (&json!("mo"), &json!(true), &plain),
        "{opened}"
    );
    assert_eq!(opened["browse"]["counts"]["matching"], 1, "{opened}");
    assert_eq!(bench.refused("act_as", json!({"user": null})), "USER_REQUIRED", "nobody becomes its owner");

    // A hospital's list goes with it: nobody could be its owner.
    let list = bench.lab.root().join("list.csv");
    std::fs::write(&list, "exam_id,patient_name\nE1,Grace Hopper\n").expect("writable");
    let brought = || {
        bench.desktop.will_choose_file(&list);
        bench.get("import_studies", json!({"task": "list", "time_zone": null}));
        let total = look(&bench)["total"].clone();
        (total, bench.get("studies_rows", json!({"offset": 0, "limit": 1}))["rows"][0]["patient_name"].clone())
    };
    assert_eq!(brought(), (json!(1), json!("Grace Hopper")));

    // Of what others may read nothing is kept from when that is said, until something else is.
    assert_eq!(opened["kept_for"], json!({"user": null}), "{opened}");
    assert_eq!(bench.refused("keep_for", json!({"user": "gone"})), "UNKNOWN_USER");
    let kept = bench.get("keep_for", json!({"user": "mo"}));
    let told = |opened: &Value| {
        let users = opened["users"].as_array().expect("users").iter().map(|user| user["name"].clone()).collect::<Vec<_>>();
        (opened["kept_for"]["user"].clone(), users)
    };
    assert_eq!(told(&kept), (json!("mo"), vec![json!("mo")]), "{kept}");
    assert_eq!(told(&bench.just("refresh_registry")), told(&kept), "also later");
    assert_eq!(told(&bench.get("connect_server", connect(&form, None))["registry"]), told(&kept), "also by the form");
    assert_eq!(told(&bench.get("keep_for", json!({"user": null}))), (json!(null), vec![json!("mo"), json!("vera")]));

    // Names are left out from when that is said, as long as nothing else is.
    let names = |opened: &Value| opened["rows"]["rows"][0]["item"]["name"].clone();
    assert_eq!(names(&opened), "Ada Lovelace");
    let mut nameless = connect(&form, None);
    nameless["read_names"] = json!(false);
    assert_eq!(names(&bench.get("connect_server", nameless)["registry"]), "");
    assert_eq!(names(&bench.just("refresh_registry")), "", "also later");
    assert_eq!(brought().1, "", "nor does a list bring one back");
    assert_eq!(opened["refresh_problem"], json!(null));

    // Who was chosen is remembered; the server is asked when that is called for, not at a start.
    drop(server);
    let bench = bench.again();
    let begun = bench.just("start");
    assert_eq!((&begun["registry"]["user"], &begun["problem"]), (&json!("mo"), &json!(null)), "{begun}");
    assert_eq!(bench.refused("refresh_registry", json!({})), "SOURCE_UNREACHABLE");
    assert_eq!(bench.just("browse")["counts"]["matching"], 1, "what was read before stays");
    let begun = bench.just("start");
    assert_eq!(begun["registry"]["refresh_problem"]["report"]["code"], "SOURCE_UNREACHABLE", "and says why: {begun}");
    let told = format!("{:?}", bench.told.lock().expect("unpoisoned"));
    assert!(!told.contains("geheim") && !told.contains("Lovelace"), "{told}");
}

#[test]
fn a_connection_that_is_stopped_leaves_nothing() {
    let bench = Bench::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let form = json!({"engine": "mysql", "host": "127.0.0.1", "port": port, "user": "reader", "database": "lab", "certificate": null});
    for task in ["connect", "source"] {
        std::thread::scope(|scope| {
            let connecting = scope.spawn(|| bench.refused("connect_server", connect(&form, Some("geheim"))));
            let line = silent.accept().expect("it asks");
            bench.get("cancel_task", json!({"task": task}));
            assert_eq!(connecting.join().expect("an answer"), "CANCELLED", "while the server is silent: {task}");
            drop(line);
        });
    }
    assert_eq!(bench.just("recent_registries")["recent"], json!([]), "nothing is on the list");
    let server = server(&bench);
    let form = self::form(&server);
    assert_eq!(bench.refused("connect_server", connect(&form, None)), "SOURCE_DENIED", "and the next one takes its turn");
}

#[test]
fn a_server_that_was_named_at_the_start_is_asked_for_what_it_lacks() {
    let bench = Bench::new();
    let server = server(&bench);
    let url = PathBuf::from(server.url("reader", "lab"));
    bench.desk.warm(Some(&url), || ()).expect("the page is told, in place of who started it");
    let begun = bench.just("start");
    assert_eq!((&begun["problem"]["code"], &begun["registry"]), (&json!("SOURCE_DENIED"), &json!(null)), "{begun}");
    assert_eq!(
        (&begun["problem_server"]["user"], &begun["problem_server"]["port"]),
        (&json!("reader"), &json!(server.port()))
    );
    assert_eq!(bench.just("start")["problem"], json!(null), "it is told once");

    // From a second start, with the password in it.
    bench.desk.open_at(&PathBuf::from(server.url("reader:geheim", "lab"))).expect("the page is told");
    assert_eq!(bench.told.lock().expect("unpoisoned").last(), Some(&Event::RegistryOpened));
    let begun = bench.just("start");
    assert_eq!(begun["problem"]["code"], "USER_REQUIRED", "{begun}");
    assert!(!begun.to_string().contains("geheim"), "{begun}");
    bench.get("connect_server", connect(&begun["problem_server"], None));
}

#[test]
fn studies_of_a_server_have_an_owner() {
    let bench = Bench::new();
    let server = Postgres::start();
    server.create("hospital");
    server.run(
        "hospital",
        "CREATE TABLE medical_examinations_fact (exam_id varchar(100) PRIMARY KEY, patient_age int);
         INSERT INTO medical_examinations_fact VALUES ('E1', 40), ('E2', 41);",
    );
    server.reader("reader", "geheim", "hospital");
    let form = json!({"engine": "postgres", "host": "127.0.0.1", "port": server.port(), "user": "reader",
                      "database": "hospital", "certificate": null});
    let answer = bench.get("test_server", test(&form, Some("geheim")));
    assert!(answer["product"].as_str().is_some_and(|product| product.starts_with("PostgreSQL 1")), "{answer}");
    assert_eq!((&answer["studies"], &answer["generation"]), (&json!(2), &json!(null)), "{answer}");
    let connected = bench.get("connect_server", connect(&form, Some("geheim")));
    assert_eq!(connected["registry"]["needs_user"], false, "{connected}");
    assert_eq!(look(&bench)["total"], 2);

    let mut mistaken = form.clone();
    mistaken["engine"] = json!("mysql");
    let code = bench.refused("test_server", test(&mistaken, Some("geheim")));
    assert!(["SOURCE_UNREACHABLE", "SOURCE_LOST"].contains(&&*code), "another language: {code}");
    mistaken = form.clone();
    mistaken["database"] = json!("postgres");
    assert_eq!(bench.refused("test_server", test(&mistaken, Some("geheim"))), "SOURCE_UNKNOWN", "no studies in there");
}

#[test]
fn a_form_is_filled_from_a_url_and_takes_files_from_the_dialog_alone() {
    let bench = Bench::new();
    let said = bench.get("read_server_url", json!({"url": " mariadb://a%40b:geheim@[::1]:3307/lab "}));
    let expected =
        json!({"engine": "mysql", "host": "::1", "port": 3307, "user": "a@b", "database": "lab", "certificate": null});
    assert_eq!(said, expected, "without the password");
    let refused = bench.ask("read_server_url", json!({"url": "mysql://a:geheim@h/lab?ca=/etc/passwd"})).expect_err("a path");
    assert!(refused.code == "USAGE" && !format!("{refused:?}").contains("geheim"), "{refused:?}");

    let mut form = said;
    assert_eq!(bench.just("choose_certificate"), json!(null), "the dialog was closed");
    let file = bench.lab.root().join("lab.pem");
    std::fs::write(&file, "").expect("writable");
    bench.desktop.will_choose_file(&file);
    let chosen = bench.just("choose_certificate");
    form["certificate"] = json!({"id": 7, "path": "/etc/passwd"});
    assert_eq!(bench.refused("test_server", test(&form, Some("geheim"))), "USAGE", "a page names no file");
    form["certificate"] = json!({"id": chosen["id"], "path": "/etc/passwd"});
    let refused = bench.ask("test_server", test(&form, Some("geheim"))).expect_err("nobody answers there");
    assert!(!format!("{refused:?}").contains("passwd"), "{refused:?}");
    form["host"] = json!("db.example.org:3306");
    form["certificate"] = json!(null);
    assert_eq!(bench.refused("test_server", test(&form, Some("geheim"))), "USAGE", "the port has its own place");
}
