//! What cannot be had or done is said in place, with the next step, and nothing that was chosen is lost.

use std::path::Path;

use fantoccini::key::Key;
use serde_json::json;

use crate::desktop::PROGRAM;
use crate::fixture;
use crate::harness::{Desktop, Window, eventually};
use crate::main_job::{choose_project, open, prove, the_archive};
use crate::screen::Screen;

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
async fn a_registry_that_cannot_be_opened_is_said_and_the_open_one_keeps_its_selection() {
    let desktop = Desktop::start();
    let notes = desktop.path("notes.sqlite");
    std::fs::write(&notes, "no database").expect("a file");
    let clinic = fixture::copy_of_demo(&desktop.path("clinic"));
    let window = Window::open(&desktop).await;
    desktop.answer_dialogs(&[&notes]);
    window.click("button", "Open a registry").await;
    let said = window.wait_text("[data-testid=first-run] [role=alert]", "REGISTRY_CORRUPT").await;
    assert!(said.contains("Restore it from a backup"), "with the next step: {said}");

    // The next step leads on, and another one that cannot be opened takes nothing away.
    desktop.answer_dialogs(&[&clinic, &notes]);
    window.click("button", "Open another…").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.click("checkbox", "All matching").await;
    window.until("everyone", async || (window.number("[data-testid=selected]").await > 0).then_some(())).await;
    let selected = window.number("[data-testid=selected]").await;
    window.click("button", "Registry").await;
    window.click("menuitem", "Open another…").await;
    window.wait_text(".mantine-Notification-root", "Restore it from a backup").await;
    // Not as the page remembers it.
    window.page().refresh().await.expect("the page is loaded anew");
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    assert_eq!(window.number("[data-testid=selected]").await, selected, "nothing is lost");
    Screen::of(desktop.display()).ask_to_close("Sheaf");
    window.ended().await;

    // Its disk is not there at the next start, then it is.
    let (disk, away) = (desktop.path("clinic"), desktop.path("unplugged"));
    std::fs::rename(&disk, &away).expect("it can be moved");
    let window = Window::open(&desktop).await;
    let said = window.wait_text("[data-testid=first-run] [role=alert]", "REGISTRY_MISSING").await;
    assert!(said.contains("connect its disk"), "with the next step: {said}");
    std::fs::rename(&away, &disk).expect("it can be moved");
    window.click("button", "Try again").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
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

    // What is missing and why, as a table for whoever keeps the files.
    window.click_css("[data-row][data-state=problems]").await;
    window.press(Key::Enter).await;
    window.role("heading", "5 problems").await;
    let table = desktop.path("problems.csv");
    desktop.answer_dialogs(&[&table]);
    window.click("button", "Save as CSV").await;
    let saved = eventually("the table", async || std::fs::read_to_string(&table).ok()).await;
    let lines: Vec<&str> = saved.lines().collect();
    assert_eq!(lines.len(), 5 + 1, "the titles and every problem: {saved}");
    assert!(lines.iter().any(|line| line.contains("SOURCE_MISSING")), "with its cause: {saved}");
    window.close().await;
}

#[tokio::test]
async fn an_archive_that_was_moved_is_located_and_one_that_is_gone_is_made_again() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::demo()).await;
    window.click("checkbox", "All matching").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    let (archive, moved) = (the_archive(&desktop), desktop.path("home/moved.zip"));
    std::fs::rename(&archive, &moved).expect("it can be moved");
    window.come_back().await;
    window.wait("[data-row][data-state=missing]").await;

    // Another file is not taken for it.
    let other = desktop.path("other.zip");
    std::fs::write(&other, "another").expect("a file");
    desktop.answer_dialogs(&[&other, &moved]);
    window.click("button", "Locate…").await;
    window.wait_text("main", "is not the archive of this export").await;
    assert!(window.wait("[data-row][data-state=missing]").await.is_displayed().await.expect("asked"));
    window.click("button", "Locate…").await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&moved) > 0, "the file stays where it is");

    std::fs::remove_file(&moved).expect("it is there");
    window.come_back().await;
    window.wait("[data-row][data-state=missing]").await;
    window.click("button", "Re-create").await;
    window.wait("[data-row][data-state=done]").await;
    let again = |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "zip");
    let entries = std::fs::read_dir(desktop.path("home")).expect("it is read").flatten();
    let again = entries.into_iter().find(again).expect("made where the other one was");
    assert!(prove(&again.path()) > 0, "it is there again");
    window.close().await;
}

#[tokio::test]
async fn a_data_folder_that_has_gone_is_said_and_what_was_selected_waits_for_it() {
    let desktop = Desktop::start();
    let clinic = fixture::copy_of_demo(&desktop.path("clinic"));
    let (data, away) = (desktop.path("clinic/data"), desktop.path("unplugged"));
    let window = Window::open(&desktop).await;
    open(&desktop, &window, &clinic).await;
    window.click("checkbox", "All matching").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    let selected = window.number("[data-testid=selected]").await;
    std::fs::rename(&data, &away).expect("it can be moved");
    window.come_back().await;
    window.wait_text("main", "A data folder is not there").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    window.wait_text("[data-row]", "does not exist").await;
    assert_eq!(std::fs::read_dir(desktop.path("out")).expect("read").count(), 0, "nothing was written");
    window.click("link", "New export").await;
    assert_eq!(window.number("[data-testid=selected]").await, selected, "nothing is lost");

    std::fs::rename(&away, &data).expect("it can be moved");
    window.come_back().await;
    let said = "return document.querySelector('main').innerText.includes('A data folder is not there');";
    window.until("the folder", async || (window.run(said, vec![]).await == json!(false)).then_some(())).await;
    window.click("link", "Exports").await;
    window.click("button", "Retry").await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "with the same selection");
    window.close().await;
}

#[tokio::test]
async fn a_destination_that_has_gone_or_takes_nothing_blocks_create_and_loses_nothing() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::demo()).await;
    window.click("checkbox", "All matching").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    let selected = window.number("[data-testid=selected]").await;
    // It goes while nobody looks, is no folder any more; and a place without room.
    std::fs::remove_dir(desktop.path("out")).expect("it is empty");
    window.click("button", "Create export").await;
    window.wait("[data-testid=create][aria-disabled=true]").await;
    window.wait_text("[role=alert]", "DESTINATION_MISSING").await;
    window.wait_text("main", "Nothing can be saved in this folder").await;
    std::fs::write(desktop.path("out"), "a file").expect("written");
    window.come_back().await;
    window.wait_text("[role=alert]", "DESTINATION_UNWRITABLE").await;
    desktop.answer_dialogs(&[Path::new("/proc")]);
    window.click("button", "Save to").await;
    window.wait_text("main", "Not enough room").await;
    window.wait("[data-testid=create][aria-disabled=true]").await;
    assert_eq!(window.number("[data-testid=selected]").await, selected, "nothing is lost");

    std::fs::remove_file(desktop.path("out")).expect("it is a file");
    std::fs::create_dir(desktop.path("out")).expect("it was gone");
    desktop.answer_dialogs(&[&desktop.path("out")]);
    window.click("button", "Save to").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "with the same selection");
    window.close().await;
}

#[tokio::test]
async fn a_real_dialog_of_the_desktop_is_answered() {
    let desktop = Desktop::start();
    let program = Path::new(PROGRAM);
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
