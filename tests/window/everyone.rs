//! What everyone can use: axe finds nothing, in light and dark, on every page and with dialogs open.

use fantoccini::key::Key;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open};

async fn judge(window: &Window, place: &str) {
    window.still().await;
    let found = window.axe().await;
    assert!(found.is_empty(), "{place}: {found:#?}");
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_in_light_and_dark() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    judge(&window, "first run").await;
    open(&desktop, &window, fixture::faulty()).await;
    choose_project(&window, "Maxillofacial").await;
    for look in ["Light", "Dark"] {
        window.control(',').await;
        window.click("radio", look).await;
        window.wait(&format!("html[data-mantine-color-scheme={}]", look.to_lowercase())).await;
        judge(&window, &format!("settings, {look}")).await;

        window.control('1').await;
        window.click("checkbox", "All matching").await;
        judge(&window, &format!("new export, {look}")).await;
        for (button, close) in [("Tags", true), ("List of IDs", true), ("Who has what", true), ("Preview ZIP", true)] {
            window.click("button", button).await;
            window.wait("[role=dialog]").await;
            judge(&window, &format!("{button}, {look}")).await;
            if close {
                window.press(Key::Escape).await;
            }
            window.wait_gone("[role=dialog]").await;
        }
        window.click("button", "Create export").await;
        window.wait("main [role=alert]").await;
        judge(&window, &format!("a refused export, {look}")).await;
        window.click("radio", "Leave out and list").await;
        window.click("button", "Create export").await;

        window.control('2').await;
        window.wait("[data-row][data-state=problems]").await;
        judge(&window, &format!("exports, {look}")).await;
        window.click_css("[data-row] button").await;
        window.wait("[role=dialog]").await;
        judge(&window, &format!("details, {look}")).await;
        window.press(Key::Escape).await;
        window.wait_gone("[role=dialog]").await;

        window.control('k').await;
        window.wait("[role=dialog]").await;
        judge(&window, &format!("palette, {look}")).await;
        window.press(Key::Escape).await;
        window.wait_gone("[role=dialog]").await;
        window.control('1').await;
        window.click("radio", "Stop before writing").await;
        window.click("button", "Clear").await;
    }
    window.close().await;
}
