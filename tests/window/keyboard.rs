//! The keyboard alone is enough, end to end, and one always sees where one is.

use fantoccini::key::Key;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{prove, the_archive};

#[tokio::test]
async fn the_keyboard_alone_is_enough() {
    let desktop = Desktop::start();
    desktop.answer_dialogs(&[fixture::demo(), &desktop.path("out")]);
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    window.tab_to("Open a registry").await;
    window.press(Key::Enter).await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;

    // In the tree: a folder with Space, opened with an arrow, everyone with Ctrl+A, and back.
    window.tab_to("Patients by folder").await;
    window.press(Key::Down).await;
    window.keys(" ").await;
    window.wait("[role=treeitem][aria-checked=true]").await;
    let some = window.number("[data-testid=of-patients]").await;
    window.control('a').await;
    window.until("everyone", async || (window.number("[data-testid=of-patients]").await > some).then_some(())).await;
    window.control('z').await;
    window.until("one step back", async || (window.number("[data-testid=of-patients]").await == some).then_some(())).await;

    window.tab_to("Save to").await;
    window.press(Key::Enter).await;
    window.wait("button[title$='/out']").await;
    window.control(char::from(Key::Enter)).await;

    // In the list: its row, and its details.
    window.control('2').await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "files are in it");
    window.tab_to("export_").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog]").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.close().await;
}
