//! A database server, by keys alone: tested, read, looked at as one of its users, exported from; and what it lacks later.

use fantoccini::key::Key;
use sheaf_testkit::{MariaDb, laboratory, make_laboratory, make_laboratory_with};

use crate::desktop::{create_export, wait_state};
use crate::harness::{Desktop, Window};

const USERS: &str = "USE lab; INSERT INTO auth_user VALUES (1, 'mo', 0, 1), (2, 'vera', 0, 1);
    INSERT INTO scans_userprofile VALUES (1, 1, 'annotator'), (2, 2, 'standard');
    INSERT INTO common_projectaccess VALUES (1, 1, 1, 1);";

fn server(desktop: &Desktop) -> MariaDb {
    make_laboratory(&desktop.path("lab.sqlite3"));
    let tables = desktop.path("tables.sql");
    std::fs::write(&tables, laboratory::TABLES).expect("writable");
    let server = MariaDb::start();
    server.load("lab", &tables);
    server.run(USERS);
    server.reader("reader", "geheim", "lab");
    server
}

/// Goes to a field by Tab and types.
async fn fill(window: &Window, field: &str, text: &str) {
    window.tab_to(field).await;
    window.keys(text).await;
}

#[tokio::test]
async fn a_server_is_connected_to_by_keys_alone_and_exported_from() {
    let desktop = Desktop::start();
    let mut server = server(&desktop);
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    window.tab_to("Connect to a server…").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog] form").await;
    window.keys("localhost").await;
    fill(&window, "Port", &server.port().to_string()).await;
    fill(&window, "Database", "lab").await;
    fill(&window, "Account", "reader").await;
    fill(&window, "Password", "wrong").await;
    window.press(Key::Enter).await;
    window.wait_text("[role=dialog] [role=alert]", "SOURCE_DENIED").await;
    window.judge("a server that refuses").await;
    window.shot("connect-denied").await;
    // The focus is where the mistake is.
    window.control('a').await;
    window.keys("geheim").await;
    window.tab_to("Test connection").await;
    window.press(Key::Enter).await;
    let told = window.wait_text("[data-testid=connection]", "FileRegistry G1").await;
    assert!(told.contains("MariaDB") && told.contains("1 patient"), "{told}");
    window.judge("a server that answers").await;
    window.shot("connect-answer").await;
    window.tab_to("Connect").await;
    window.press(Key::Enter).await;
    window.role("radio", "mo").await;
    window.judge("as whom").await;
    window.shot("connect-whom").await;
    // The focus is on the first of them.
    window.keys(" ").await;
    window.tab_to("Keep here only").await;
    window.keys(" ").await;
    window.tab_to("Open").await;
    window.press(Key::Enter).await;
    window.wait("[role=treeitem]").await;
    window.role("button", "Registry localhost/lab").await;

    // Where its files lie is said once, then it is exported from like any other.
    desktop.answer_dialogs(&[&desktop.path("dataset"), &desktop.path("out")]);
    window.click("link", "Settings").await;
    window.wait_text("[data-testid=settings]", "Only what mo may read").await;
    window.judge("what is kept for one user").await;
    window.shot("connect-settings").await;
    window.click("button", "Locate").await;
    window.wait_text("[data-testid=settings]", "There").await;
    window.click("link", "New export").await;
    window.click("button", "Save to").await;
    window.wait(&format!("button[title='{}']", desktop.path("out").display())).await;
    window.click("radio", "Raw").await;
    // One row names a file outside of every data folder.
    window.click("radio", "Leave out and list").await;
    create_export(&window).await;
    wait_state(&window, "problems").await;

    // The server has gone: what was read of it stays, and the dialog says what is wrong with it.
    server.kill();
    window.put_messages_away().await;
    window.click("link", "Settings").await;
    window.click("button", "Refresh").await;
    window.wait_text("[role=dialog] [role=alert]", "SOURCE_UNREACHABLE").await;
    window.judge("a server that is gone").await;
    window.shot("connect-gone").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.click("link", "New export").await;
    window.wait("[role=treeitem]").await;
    window.close().await;
}

#[tokio::test]
async fn what_a_database_has_exported_itself_is_shown_as_history() {
    let desktop = Desktop::start();
    let source = desktop.path("lab.sqlite3");
    let history = "CREATE TABLE scans_export (id INTEGER PRIMARY KEY, status TEXT, query_summary TEXT, file_path TEXT,
        file_size INT, patient_count INT, created_at TEXT, error_message TEXT, user_id INT);
        INSERT INTO scans_export VALUES (1, 'completed', 'CBCT of 1 folder', '/dataset/exports/1.zip', 61203442, 210,
        '2026-01-01 10:00:00', '', NULL), (2, 'failed', '', '', NULL, 3, '2026-01-02 10:00:00', 'No space left on device', NULL),
        (3, 'archived', 'Everything of 2025', 'exports/3.zip', 9203442100, 1942, '2026-01-03 10:00:00', '', NULL);";
    make_laboratory_with(&source, history);
    desktop.answer_dialogs(&[&source]);
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    window.click("button", "Open a registry").await;
    window.wait("[role=treeitem]").await;
    window.click("link", "Exports").await;
    window.click("button", "Of the source 3").await;
    window.wait_text("main [role=list]", "CBCT of 1 folder").await;
    window.judge("the history of a source").await;
    window.shot("source-exports").await;
    window.click("button", "All 0").await;
    window.wait_text("main", "No exports yet").await;
    window.shot("source-exports-none").await;
    window.close().await;
}
