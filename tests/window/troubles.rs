//! What goes wrong in the middle: cancelled, killed, reloaded, silent, failed.

use serde_json::json;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open, prove, the_archive};

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
    let window = Window::open(&desktop).await;
    // The page notes when the banner comes: while Rust is stopped nobody can ask it.
    window
        .run(
            "window.bannerSeen = false;
             new MutationObserver(() => { if (document.querySelector('[data-testid=silent]')) window.bannerSeen = true; })
               .observe(document.body, { childList: true, subtree: true });",
            vec![],
        )
        .await;
    window.signal("STOP");
    // The page's own clock decides; five of its looks are enough.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    window.signal("CONT");
    window.wait_gone("[data-testid=silent]").await;
    assert_eq!(window.run("return window.bannerSeen;", vec![]).await, json!(true), "the page said so");
    window.close().await;
}

#[tokio::test]
async fn a_failed_export_says_why_in_its_drawer() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    // Another process on the same home runs against a limit of file sizes: the window sees its record.
    let sheaf = fixture::sheaf().get_program().to_owned();
    let registry = fixture::demo();
    let mut cli = desktop.command("sh");
    cli.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"]).arg(&sheaf);
    cli.arg("export").arg("--registry").arg(registry).args(["--project", "brain", "--all", "--all-modalities", "--kind", "both"]);
    cli.arg("--out").arg(desktop.path("out")).args(["--name", "too_large", "--quiet"]).arg("--home").arg(desktop.path("sheaf"));
    let ended = cli.output().expect("sheaf runs");
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));

    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    window.click("button", "Details").await;
    window.wait_text("[role=dialog]", "What happened").await;
    window.wait_text("[role=dialog]", "What you can do").await;
    window.wait_text("[role=dialog]", "too_large").await;
    window.close().await;
}

#[tokio::test]
async fn missing_files_stop_an_export_in_place_and_the_selection_stays() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::faulty()).await;
    choose_project(&window, "Maxillofacial").await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    let selected = window.number("[data-testid=selected]").await;
    window.click("button", "Create export").await;
    window.wait("main [role=alert]").await;
    assert_eq!(window.number("[data-testid=selected]").await, selected, "nothing is lost");
    window.click("radio", "Leave out and list").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=problems]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "what could be had is in it");
    window.close().await;
}

#[tokio::test]
async fn a_real_dialog_of_the_desktop_is_answered() {
    let desktop = Desktop::start();
    let window = Window::open_with(&desktop, std::path::Path::new(env!("CARGO_BIN_EXE_sheaf-desktop")), &[("SHEAF_TEST_DIALOGS", "")]).await;
    window.click("button", "Open a registry").await;
    let xdotool = |arguments: &[&str]| {
        let done = desktop.command("xdotool").args(arguments).output().expect("xdotool runs");
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let dialog = window.until("the dialog", async || xdotool(&["search", "--onlyvisible", "--name", "^Open a registry$"])).await;
    let dialog = dialog.lines().next().expect("a window").to_owned();
    let registry = fixture::demo().to_str().expect("text").to_owned();
    // Ctrl+L opens the dialog's field for a path.
    for arguments in [
        &["windowfocus", "--sync", &dialog][..],
        &["key", "ctrl+l"],
        &["key", "ctrl+a"],
        &["type", "--delay", "5", &registry],
        &["key", "Return"],
    ] {
        assert!(xdotool(arguments).is_some(), "xdotool {arguments:?}");
    }
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.close().await;
}

#[tokio::test]
async fn without_a_notification_daemon_the_job_is_unaffected_and_settings_say_so() {
    let desktop = Desktop::bare(1280, 800);
    let window = Window::open(&desktop).await;
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
