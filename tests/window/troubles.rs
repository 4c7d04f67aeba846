//! What goes wrong in the middle: cancelled, killed, reloaded, silent, without a notification daemon.

use std::path::Path;

use serde_json::json;

use crate::desktop::{Hold, PROGRAM};
use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{open, prove, the_archive};

/// Selects everyone, starts an export of gigabytes, and waits until it writes.
async fn begin_a_long_export(desktop: &Desktop, window: &Window) {
    open(desktop, window, fixture::large()).await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=writing]").await;
}

/// What lies in the folder for archives, part files too.
fn left_in_out(desktop: &Desktop) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(desktop.path("out")).expect("the folder is read").flatten().map(|entry| entry.path()).collect()
}

#[tokio::test]
async fn a_cancelled_export_leaves_nothing() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    begin_a_long_export(&desktop, &window).await;
    window.click_css("[data-row][data-state=writing] button:not([aria-haspopup]):not([tabindex='-1'])").await;
    window.wait("[data-row][data-state=cancelled]").await;
    assert_eq!(left_in_out(&desktop), Vec::<std::path::PathBuf>::new(), "no part file and no archive");
    window.close().await;
}

#[tokio::test]
async fn a_page_that_is_reloaded_finds_its_job_and_its_selection() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    begin_a_long_export(&desktop, &window).await;
    window.page().refresh().await.expect("the page is loaded anew");
    window.wait("[data-row][data-state=writing]").await;
    window.click("link", "New export").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    assert_eq!(window.number("[data-testid=selected]").await, 60, "everyone is still selected");
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "the job was not disturbed");
    window.close().await;
}

#[tokio::test]
async fn a_page_that_is_reloaded_finds_the_demo_that_is_being_made() {
    let desktop = Desktop::start();
    let held = desktop.path("held");
    let program = Path::new(PROGRAM);
    let pause = [("SHEAF_PAUSE", "demo"), ("SHEAF_PAUSE_FILE", held.to_str().expect("an ordinary path"))];
    let window = Window::open_with(&desktop, program, &pause).await;
    window.click("button", "Try the demo").await;
    window.until("the making", async || held.exists().then_some(())).await;
    window.page().refresh().await.expect("the page is loaded anew");
    window.wait("[role=progressbar]").await;
    std::fs::remove_file(&held).expect("it is held");
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.role("button", "Sheaf demo").await;
    window.close().await;
}

#[tokio::test]
async fn what_kill_minus_nine_cut_off_is_interrupted_and_can_be_restarted() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    begin_a_long_export(&desktop, &window).await;
    window.crash().await;

    let window = Window::open(&desktop).await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=interrupted]").await;
    assert_eq!(left_in_out(&desktop), Vec::<std::path::PathBuf>::new(), "the part file is gone");
    window.click("button", "Restart").await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "files are in it");
    window.close().await;
}

#[tokio::test]
async fn an_engine_that_is_silent_is_said_to_be() {
    let desktop = Desktop::start();
    let hold = Hold::of(&desktop);
    let mut environment = hold.environment();
    environment[0].1 = "alive";
    let window = Window::open_with(&desktop, Path::new(PROGRAM), &environment).await;
    hold.reached().await;
    window.wait("[data-testid=silent]").await;
    window.judge("the banner").await;
    window.role("button", "Try the demo").await;
    // At each word it is held again, so it is let go for as long as it takes.
    let banner = "return document.querySelector('[data-testid=silent]') === null;";
    let taken_back = async || {
        hold.go_on_if_held();
        (window.run(banner, vec![]).await == json!(true)).then_some(())
    };
    window.until("the banner to go at a word", taken_back).await;
    window.close().await;
}

/// An export is made, and the settings say that nobody will tell of it.
async fn exports_without_notifications(environment: &[(&str, &str)]) {
    let desktop = Desktop::bare(1280, 800);
    let program = Path::new(PROGRAM);
    let window = Window::open_with(&desktop, program, environment).await;
    open(&desktop, &window, fixture::demo()).await;
    window.click("checkbox", "All matching").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "files are in it");
    window.click("link", "Settings").await;
    window.wait_text("[data-testid=settings]", "No notification daemon").await;
    window.close().await;
}

#[tokio::test]
async fn without_a_notification_daemon_the_job_is_unaffected_and_settings_say_so() {
    exports_without_notifications(&[]).await;
}

#[tokio::test]
async fn without_a_session_bus_the_job_is_unaffected_and_settings_say_so() {
    exports_without_notifications(&[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")]).await;
}
