//! What everyone can use: axe finds nothing on any page, nor in what opens above it, in light and dark.

use fantoccini::key::Key;
use serde_json::json;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open};

async fn judge(window: &Window, place: &str) {
    window.still().await;
    let found = window.axe().await;
    assert!(found.is_empty(), "{place}: {found:#?}");
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_and_dialog_in_light_and_dark() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    judge(&window, "first run").await;
    open(&desktop, &window, fixture::faulty()).await;
    choose_project(&window, "Maxillofacial").await;
    // Exports in two states, whose rows and details are judged below.
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    window.click("button", "Details").await;
    window.click("button", "Export without these files").await;
    window.press(Key::Escape).await;
    window.wait("[data-row][data-state=problems]").await;
    // Messages are judged as they stand; below a dialog's veil they would be judged as nobody reads them.
    judge(&window, "messages").await;
    let put_away = "const all = document.querySelectorAll('.mantine-Notification-root');
        all.forEach((message) => message.querySelector('button[aria-label=Close]')?.click());
        return all.length === 0;";
    window.until("no message", async || (window.run(put_away, vec![]).await == json!(true)).then_some(())).await;
    for look in ["Light", "Dark"] {
        window.click("link", "Settings").await;
        window.click("radio", look).await;
        window.wait(&format!("html[data-mantine-color-scheme={}]", look.to_lowercase())).await;
        judge(&window, &format!("settings, {look}")).await;

        window.click("link", "New export").await;
        judge(&window, &format!("new export, {look}")).await;
        for button in ["Tags", "List of IDs", "Who has what", "Preview ZIP"] {
            window.click("button", button).await;
            judge_dialog(&window, &format!("{button}, {look}")).await;
        }
        window.control('k').await;
        judge_dialog(&window, &format!("palette, {look}")).await;
        window.keys("?").await;
        judge_dialog(&window, &format!("shortcuts, {look}")).await;

        window.click("link", "Exports").await;
        judge(&window, &format!("exports, {look}")).await;
        for state in ["failed", "problems"] {
            window.click_css(&format!("[data-row][data-state={state}]")).await;
            window.press(Key::Enter).await;
            judge_dialog(&window, &format!("details of {state}, {look}")).await;
        }
    }
    assert_eq!(window.run("return document.documentElement.lang;", vec![]).await, json!("en"), "the page says its language");
    window.close().await;
}

/// Judges a dialog when it is there, and closes it.
async fn judge_dialog(window: &Window, place: &str) {
    window.wait("[role=dialog]").await;
    judge(window, place).await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
}
