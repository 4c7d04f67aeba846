//! What everyone can use: axe finds nothing on any page, in light and dark.

use serde_json::json;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::open;

async fn judge(window: &Window, place: &str) {
    window.still().await;
    let found = window.axe().await;
    assert!(found.is_empty(), "{place}: {found:#?}");
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_in_light_and_dark() {
    let desktop = Desktop::bare(1280, 800);
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    judge(&window, "first run").await;
    open(&desktop, &window, fixture::demo()).await;
    for look in ["Light", "Dark"] {
        window.click("link", "Settings").await;
        window.click("radio", look).await;
        window.wait(&format!("html[data-mantine-color-scheme={}]", look.to_lowercase())).await;
        judge(&window, &format!("settings, {look}")).await;
        window.click("link", "New export").await;
        judge(&window, &format!("new export, {look}")).await;
        window.click("link", "Exports").await;
        judge(&window, &format!("exports, {look}")).await;
    }
    assert_eq!(window.run("return document.documentElement.lang;", vec![]).await, json!("en"), "the page says its language");
    window.close().await;
}
