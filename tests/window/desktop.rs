//! What the shell does with the desktop around it: one window, closing and going on, notifications, file manager, trash, taskbar.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::fixture;
use crate::harness::{Desktop, Window, eventually};
use crate::screen::Screen;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_sheaf-desktop");

/// The window on the demo, with the folder `out` of its desktop as destination.
pub(crate) async fn on_demo(desktop: &Desktop, environment: &[(&str, &str)]) -> Window {
    desktop.answer_dialogs(&[fixture::demo(), &desktop.path("out")]);
    let window = Window::open_with(desktop, Path::new(PROGRAM), environment).await;
    window.click("button", "Open a registry…").await;
    window.wait("[role=treeitem]").await;
    window.click("button", "Save to").await;
    window.wait(&format!("button[title='{}']", desktop.path("out").display())).await;
    window
}

/// Selects everyone and has an export made.
pub(crate) async fn create_export(window: &Window) {
    window.click("checkbox", "All matching").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    window.click("button", "Create export").await;
}

pub(crate) async fn wait_state(window: &Window, state: &str) {
    window.click("link", "Exports").await;
    window.wait(&format!("[data-row][data-state={state}]")).await;
}

/// Says in the dialog that exports shall go on. A click by WebDriver would wait for a window that is no longer there.
async fn keep_running(window: &Window) {
    window.role("button", "Keep running in the background").await;
    let script = "const all = [...document.querySelectorAll('[role=dialog] button')];
        const keep = all.find((button) => button.textContent === 'Keep running in the background');
        setTimeout(() => keep.click());";
    window.run(script, vec![]).await;
}

fn archives(desktop: &Desktop) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(desktop.path("out")).expect("it is there").flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "zip")).collect()
}

/// Holds a job at a named point (`failpoint.rs` of `sheaf-app`) until the test lets it go on.
pub(crate) struct Hold {
    file: PathBuf,
}

impl Hold {
    pub(crate) fn of(desktop: &Desktop) -> Self {
        Self { file: desktop.path("held") }
    }

    pub(crate) fn environment(&self) -> [(&str, &str); 2] {
        [("SHEAF_PAUSE", "planned"), ("SHEAF_PAUSE_FILE", self.file.to_str().expect("an ordinary path"))]
    }

    pub(crate) async fn reached(&self) {
        eventually("a held job", async || self.file.exists().then_some(())).await;
    }

    pub(crate) fn go_on(&self) {
        std::fs::remove_file(&self.file).expect("it is held");
    }

    pub(crate) fn go_on_if_held(&self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// A second start, which hands over to the first and ends.
async fn start_again(desktop: &Desktop, words: &[&Path]) {
    let mut second = tokio::process::Command::from(desktop.command(PROGRAM));
    let ended = second.args(words).output().await.expect("it starts");
    assert!(ended.status.success(), "{}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
}

/// Ends with the test.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes what is said on the session bus into a file, until it is dropped.
async fn listen(desktop: &Desktop, to: &str, rule: &str) -> Beside {
    let file = std::fs::File::create(desktop.path(to)).expect("a file");
    let child = desktop.command("dbus-monitor").args(["--session", rule]).stdout(file).stderr(Stdio::null()).spawn();
    let beside = Beside(child.expect("dbus-monitor runs"));
    // Its first words are that it listens.
    eventually("dbus-monitor to listen", async || (!words(desktop, to).is_empty()).then_some(())).await;
    beside
}

fn words(desktop: &Desktop, of: &str) -> String {
    std::fs::read_to_string(desktop.path(of)).unwrap_or_default()
}

#[tokio::test]
async fn keep_running_hides_the_window_and_the_process_ends_after_the_last_export() {
    let desktop = Desktop::start();
    let (screen, hold) = (Screen::of(desktop.display()), Hold::of(&desktop));
    let window = on_demo(&desktop, &hold.environment()).await;
    create_export(&window).await;
    hold.reached().await;

    screen.ask_to_close("Sheaf");
    window.wait_text("[role=dialog]", "1 export is running").await;
    window.click("button", "Stay").await;
    window.wait_gone("[role=dialog]").await;
    screen.ask_to_close("Sheaf");
    keep_running(&window).await;
    screen.wait_for("Sheaf", 0).await;

    // A second start brings the same window back, and ends.
    start_again(&desktop, &[]).await;
    screen.wait_for("Sheaf", 1).await;
    screen.ask_to_close("Sheaf");
    keep_running(&window).await;
    screen.wait_for("Sheaf", 0).await;

    hold.go_on();
    let heard = desktop.heard("Export ready").await;
    assert!(heard.contains("MB"), "it says what is ready: {heard}");
    assert_eq!(archives(&desktop).len(), 1, "the export was finished");
    desktop.notifications("close-all");
    window.ended().await;
}

#[tokio::test]
async fn the_notification_of_the_last_export_brings_a_hidden_window_back() {
    let desktop = Desktop::start();
    let (screen, hold) = (Screen::of(desktop.display()), Hold::of(&desktop));
    let window = on_demo(&desktop, &hold.environment()).await;
    create_export(&window).await;
    hold.reached().await;
    screen.ask_to_close("Sheaf");
    keep_running(&window).await;
    screen.wait_for("Sheaf", 0).await;
    hold.go_on();
    desktop.heard("Export ready").await;
    desktop.notifications("action");
    screen.wait_for("Sheaf", 1).await;
    window.wait("#exports-title").await;
    window.wait("[data-row][data-state=done]").await;
    screen.ask_to_close("Sheaf");
    window.ended().await;
}

#[tokio::test]
async fn stop_and_quit_ends_the_process_and_the_export_can_be_restarted() {
    let desktop = Desktop::start();
    let (screen, hold) = (Screen::of(desktop.display()), Hold::of(&desktop));
    let window = on_demo(&desktop, &hold.environment()).await;
    create_export(&window).await;
    hold.reached().await;
    screen.ask_to_close("Sheaf");
    window.click("button", "Stop and quit").await;
    hold.go_on();
    window.ended().await;
    assert_eq!(std::fs::read_dir(desktop.path("out")).expect("it is there").count(), 0, "nothing is left behind");
    let window = Window::open(&desktop).await;
    wait_state(&window, "interrupted").await;
    window.close().await;
}

#[tokio::test]
async fn a_session_that_ends_stops_exports_in_order() {
    let desktop = Desktop::start();
    let hold = Hold::of(&desktop);
    let window = on_demo(&desktop, &hold.environment()).await;
    create_export(&window).await;
    hold.reached().await;
    window.signal("TERM");
    hold.go_on();
    window.ended().await;
    let window = Window::open(&desktop).await;
    wait_state(&window, "interrupted").await;
    window.close().await;
}

#[tokio::test]
async fn a_window_without_exports_closes_at_once_and_comes_back_as_large_as_it_was() {
    let desktop = Desktop::start();
    let screen = Screen::of(desktop.display());
    let window = Window::open(&desktop).await;
    window.role("button", "Try the demo").await;
    window.page().set_window_size(900, 600).await.expect("it can be resized");
    let size = "return `${innerWidth} ${innerHeight}`;";
    let small = eventually("a smaller window", async || {
        let size = window.run(size, vec![]).await;
        size.as_str().is_some_and(|size| size.starts_with("900 ")).then_some(size)
    })
    .await;
    screen.ask_to_close("Sheaf");
    window.ended().await;
    let window = Window::open(&desktop).await;
    eventually("the size of last time", async || (window.run(size, vec![]).await == small).then_some(())).await;
    window.close().await;
}

#[tokio::test]
async fn a_registry_named_on_the_command_line_opens_also_by_a_second_start() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    window.role("button", "Try the demo").await;
    window.run("window.before = true;", vec![]).await;
    start_again(&desktop, &[fixture::demo()]).await;
    window.wait("[role=treeitem]").await;
    window.role("textbox", "Notes").await.send_keys("For the meeting").await.expect("a field");
    start_again(&desktop, &[fixture::faulty()]).await;
    window.role("button", "faulty").await;
    let notes = "return [window.before, document.querySelector('textarea').value];";
    assert_eq!(
        window.run(notes, vec![]).await,
        serde_json::json!([true, "For the meeting"]),
        "the page is the same, with what was typed"
    );
    window.close().await;
}

#[tokio::test]
async fn the_window_is_there_while_the_registry_that_was_named_is_read() {
    let desktop = Desktop::start();
    let (screen, hold) = (Screen::of(desktop.display()), Hold::of(&desktop));
    let mut command = desktop.command(PROGRAM);
    command.arg(fixture::demo()).envs(hold.environment()).env("SHEAF_PAUSE", "opening");
    let mut program = Beside(command.spawn().expect("it starts"));
    hold.reached().await;
    screen.wait_for("Sheaf", 1).await;
    hold.go_on();
    screen.ask_to_close("Sheaf");
    eventually("the program to end", async || program.0.try_wait().expect("it is ours")).await;
}

#[tokio::test]
async fn a_notification_leads_to_its_export() {
    let desktop = Desktop::start();
    let screen = Screen::of(desktop.display());
    let window = on_demo(&desktop, &[]).await;
    screen.look_elsewhere();
    create_export(&window).await;
    desktop.heard("Export ready").await;
    desktop.notifications("action");
    window.wait("#exports-title").await;
    window.wait("[data-row][data-state=done]").await;
    window.close().await;
}

#[tokio::test]
async fn a_window_in_front_needs_no_notification_of_the_desktop() {
    let desktop = Desktop::start();
    let window = on_demo(&desktop, &[]).await;
    let focus = "return document.hasFocus();";
    eventually("the focus", async || (window.run(focus, vec![]).await == serde_json::json!(true)).then_some(())).await;
    create_export(&window).await;
    window.wait_text("body", "is done").await;
    window.click("link", "Settings").await;
    window.click("button", "Send a test").await;
    desktop.heard("Sheaf").await;
    assert!(!desktop.all_heard().contains("Export"), "the page has said it: {}", desktop.all_heard());
    window.close().await;
}

#[tokio::test]
async fn the_file_manager_is_asked_to_select_the_archive_and_the_taskbar_is_told() {
    let desktop = Desktop::start();
    let _shown = listen(&desktop, "shown", "interface='org.freedesktop.FileManager1'").await;
    let _told = listen(&desktop, "told", "interface='com.canonical.Unity.LauncherEntry'").await;
    let window = on_demo(&desktop, &[]).await;
    create_export(&window).await;
    wait_state(&window, "done").await;
    let told = async || {
        let told = words(&desktop, "told");
        (told.contains("application://Sheaf.desktop") && told.contains("progress-visible")).then_some(())
    };
    eventually("the taskbar to be told", told).await;
    window.click("button", "Show in folder").await;
    let archive = format!("file://{}", archives(&desktop)[0].display());
    let shown = async || {
        let shown = words(&desktop, "shown");
        (shown.contains("ShowItems") && shown.contains(&archive)).then_some(())
    };
    eventually("the file manager to be asked", shown).await;
    window.close().await;
}

#[tokio::test]
async fn an_archive_goes_to_the_trash_and_its_record_says_so() {
    let desktop = Desktop::start();
    let window = on_demo(&desktop, &[]).await;
    create_export(&window).await;
    wait_state(&window, "done").await;
    window.click("button", "More for").await;
    window.click("menuitem", "Move ZIP to trash").await;
    window.wait_text("body", "is in the trash").await;
    assert_eq!(archives(&desktop).len(), 0, "it is gone from its place");
    window.close().await;
}

#[tokio::test]
async fn while_a_dialog_of_the_desktop_is_open_the_page_still_hears_from_the_engine() {
    let desktop = Desktop::start();
    let screen = Screen::of(desktop.display());
    let window = Window::open(&desktop).await;
    // No answer is prepared, so the desktop's own dialog opens.
    window.click("button", "Open a registry…").await;
    screen.wait_for("Open a registry", 1).await;
    let watch = "window.bannerSeen = false; window.since = performance.now();
        const look = () => { if (document.querySelector('[data-testid=silent]')) window.bannerSeen = true; };
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        look();";
    window.run(watch, vec![]).await;
    // By the page's clock, which decides about silence: more than twice what it bears.
    let waited = "return performance.now() - window.since > 5000;";
    eventually("the page's time", async || (window.run(waited, vec![]).await == serde_json::json!(true)).then_some(()))
        .await;
    assert_eq!(screen.windows("Open a registry").len(), 1, "the dialog is still open");
    assert_eq!(window.run("return window.bannerSeen;", vec![]).await, serde_json::json!(false), "nothing was silent");
    let mut escape = desktop.command("xdotool");
    escape.args(["search", "--onlyvisible", "--name", "^Open a registry$", "windowfocus", "--sync", "key", "Escape"]);
    assert!(escape.stdout(Stdio::null()).status().expect("xdotool runs").success(), "the dialog is closed");
    screen.wait_for("Open a registry", 0).await;
    window.role("button", "Open a registry…").await;
    window.close().await;
}

#[tokio::test]
async fn a_home_that_cannot_be_used_is_told_in_a_dialog() {
    let desktop = Desktop::start();
    let screen = Screen::of(desktop.display());
    std::fs::remove_dir_all(desktop.path("sheaf")).expect("ours");
    std::fs::write(desktop.path("sheaf"), "a file").expect("a file in its place");
    let mut program = tokio::process::Command::from(desktop.command(PROGRAM));
    let child = program.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
    screen.wait_for("Sheaf", 1).await;
    let mut answer = desktop.command("xdotool");
    answer.args(["search", "--onlyvisible", "--name", "^Sheaf$", "windowfocus", "key", "Return"]);
    let answered = answer.stdout(Stdio::null()).status().expect("xdotool runs");
    assert!(answered.success(), "the dialog is answered");
    let ended = child.wait_with_output().await.expect("it ends");
    assert_eq!(ended.status.code(), Some(1), "it failed");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(
        said.contains("HOME_UNUSABLE") && said.contains("SHEAF_HOME"),
        "code and next step, also on the terminal: {said}"
    );
}

#[test]
fn without_a_display_the_program_says_so() {
    let mut program = Command::new(PROGRAM);
    let ended = program.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().expect("it starts");
    assert!(!ended.status.success(), "no window can open");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("no display"), "it says why");
    let version = Command::new(PROGRAM).arg("--version").output().expect("it starts");
    assert_eq!(
        String::from_utf8_lossy(&version.stdout),
        format!("sheaf-desktop {}\n", env!("CARGO_PKG_VERSION")),
        "in words"
    );
    let refused = Command::new(PROGRAM).arg("--nonsense").output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2), "as the command line does");
}
