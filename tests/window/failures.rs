//! What cannot be had or done is said in place, with the next step, and nothing that was chosen is lost.

use std::path::Path;

use fantoccini::key::Key;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open, prove, the_archive};

#[tokio::test]
async fn a_failed_export_says_why_in_its_drawer() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::demo()).await;
    // Another process on the same home meets a limit of file sizes: the window sees its record.
    let mut sheaf = desktop.command("sh");
    sheaf.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"]).arg(fixture::sheaf().get_program());
    sheaf.arg("export").arg("--registry").arg(fixture::demo());
    sheaf.args(["--project", "brain", "--all", "--all-modalities", "--kind", "both", "--name", "too_large", "--quiet"]);
    sheaf.arg("--out").arg(desktop.path("out")).arg("--home").arg(desktop.path("sheaf"));
    let ended = sheaf.output().expect("sheaf runs");
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));

    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    window.click("button", "Details").await;
    window.role("dialog", "too_large").await;
    for said in ["What happened", "What you can do"] {
        window.role("heading", said).await;
    }
    window.role("button", "Retry").await;
    window.close().await;
}

#[tokio::test]
async fn missing_files_stop_an_export_in_place_and_are_listed_when_it_goes_on_without_them() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::faulty()).await;
    choose_project(&window, "Maxillofacial").await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    let selected = window.number("[data-testid=selected]").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    let written = std::fs::read_dir(desktop.path("out")).expect("the folder is read").count();
    assert_eq!(written, 0, "it stopped before writing");
    window.click("link", "New export").await;
    assert_eq!(window.number("[data-testid=selected]").await, selected, "nothing is lost");

    window.click("link", "Exports").await;
    window.click("button", "Details").await;
    window.click("button", "Export without these files").await;
    window.press(Key::Escape).await;
    window.wait("[data-row][data-state=problems]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "what could be had is in it");
    window.close().await;
}

#[tokio::test]
async fn a_real_dialog_of_the_desktop_is_answered() {
    let desktop = Desktop::start();
    let program = Path::new(env!("CARGO_BIN_EXE_sheaf-desktop"));
    let window = Window::open_with(&desktop, program, &[("SHEAF_TEST_DIALOGS", "")]).await;
    window.click("button", "Open a registry").await;
    let xdotool = |arguments: &[&str]| {
        let done = desktop.command("xdotool").args(arguments).output().expect("xdotool runs");
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let search = ["search", "--onlyvisible", "--name", "^Open a registry$"];
    let dialog = window.until("the dialog", async || xdotool(&search).filter(|found| !found.is_empty())).await;
    let dialog = dialog.lines().next().expect("a window").to_owned();
    let registry = fixture::demo().to_str().expect("text").to_owned();
    // Ctrl+L opens the dialog's field for a path; it is taken when the folder was looked at.
    for arguments in [
        &["windowfocus", "--sync", &dialog][..],
        &["key", "ctrl+l"],
        &["key", "ctrl+a"],
        &["type", "--delay", "5", &registry],
    ] {
        assert!(xdotool(arguments).is_some(), "xdotool {arguments:?}");
    }
    let answered = async || {
        xdotool(&["key", "--window", &dialog, "Return"]);
        xdotool(&search).is_none_or(|found| found.is_empty()).then_some(())
    };
    window.until("the end of the dialog", answered).await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.close().await;
}
