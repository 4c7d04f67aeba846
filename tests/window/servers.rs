//! A database server, by keys alone: tested, read, looked at as one of its users, exported from; and what it lacks later.

use fantoccini::key::Key;
use sheaf_testkit::{MariaDb, laboratory, make_laboratory};

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
