//! What the page cannot do even if it were taken over: leave, hold other pages; and what the window leaves on the disk.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::fixture;
use crate::harness::{Desktop, Window, eventually};
use crate::main_job::open;
use crate::screen::Screen;

#[tokio::test]
async fn the_page_cannot_leave_or_hold_another() {
    let desktop = Desktop::start();
    let screen = Screen::of(desktop.display());
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    std::fs::write(desktop.path("other.html"), "<title>Other</title>").expect("a page");
    let other = format!("file://{}", desktop.path("other.html").display());
    // Lost if the page were loaded anew or another in its place.
    let prepare = "window.still = 'here'; window.kept = [];
        document.addEventListener('securitypolicyviolation', (event) => window.kept.push(event.effectiveDirective));";
    window.run(prepare, vec![]).await;
    let leave =
        "const link = document.createElement('a'); link.href = arguments[0]; document.body.append(link); link.click();";
    for address in ["https://example.org/", "data:text/html,<title>Other</title>", "about:blank", other.as_str()] {
        window.run(leave, vec![json!(address)]).await;
    }
    let frame =
        "const frame = document.createElement('iframe'); frame.src = 'https://example.org/'; document.body.append(frame);";
    window.run(frame, vec![]).await;
    let kept = async || (window.run("return window.kept;", vec![]).await == json!(["frame-src"])).then_some(());
    window.until("the policy to keep the other page out", kept).await;
    // What was asked before this has been decided when the page has drawn twice.
    let drawn = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
    window.page().execute_async(drawn, vec![]).await.expect("it draws");
    assert_eq!(window.run("return window.still ?? '';", vec![]).await, json!("here"), "it is the same page");
    assert_eq!(screen.windows("Sheaf").len(), 1, "one window");
    window.close().await;
}

#[tokio::test]
async fn the_page_leaves_nothing_of_a_registry_on_the_disk() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::demo()).await;
    window.click_css("[role=treeitem][data-kind=folder] [data-part=twisty]").await;
    let read = "return [...document.querySelectorAll('[data-kind=patient] .name + .name')].map((name) => name.textContent);";
    let names = eventually("patients with names", async || {
        let names: Vec<String> = serde_json::from_value(window.run(read, vec![]).await).ok()?;
        (!names.is_empty()).then_some(names)
    })
    .await;
    window.close().await;
    let mut looked_at = 0;
    for file in ["config", "data", "cache", "state", "home"].iter().flat_map(|place| files_below(&desktop.path(place))) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        // WebKit's storage writes text in either form.
        for name in &names {
            let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let holds = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            assert!(!holds(name.as_bytes()) && !holds(&wide), "{} holds a name", file.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 0, "WebKit has written something");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
