//! The main job, as a researcher does it: from a first run to a ZIP that other programs read.

use std::path::{Path, PathBuf};
use std::process::Command;

use fantoccini::key::Key;
use serde_json::Value;

use crate::fixture;
use crate::harness::{Desktop, Window};

/// Opens a registry through the dialog that a first run offers, and chooses where archives go.
pub(crate) async fn open(desktop: &Desktop, window: &Window, registry: &Path) {
    desktop.answer_dialogs(&[registry, &desktop.path("out")]);
    window.click("button", "Open a registry").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.click("button", "Save to").await;
    window.wait("button[title$='/out']").await;
}

/// Chooses another project of the open registry.
pub(crate) async fn choose_project(window: &Window, name: &str) {
    window.click("button", "Project").await;
    window.click("menuitemradio", name).await;
    window.wait(&format!("nav [title^='{name}']")).await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
}

/// The only ZIP in the folder for archives.
pub(crate) fn the_archive(desktop: &Desktop) -> PathBuf {
    let entries = std::fs::read_dir(desktop.path("out")).expect("the folder is read").flatten();
    let found: Vec<_> = entries.map(|entry| entry.path()).collect();
    let [path] = found.as_slice() else { panic!("one archive, and nothing else: {found:?}") };
    path.clone()
}

/// `sheaf verify` and `unzip` find nothing wrong; the number of files is given.
pub(crate) fn prove(archive: &Path) -> u64 {
    let verified = fixture::sheaf().args(["verify", "--json"]).arg(archive).output().expect("sheaf runs");
    let answer: Value = serde_json::from_slice(&verified.stdout).expect("it answers");
    assert_eq!(answer["ok"], Value::Bool(true), "{answer}");
    let unzip = Command::new("unzip").arg("-tqq").arg(archive).status().expect("unzip runs");
    assert!(unzip.success(), "unzip finds nothing wrong");
    answer["files"].as_u64().expect("a number")
}

/// The metadata inside an archive.
fn metadata(archive: &Path) -> Value {
    let name = archive.file_stem().expect("it has a name").to_string_lossy().into_owned();
    let out =
        Command::new("unzip").arg("-p").arg(archive).arg(format!("{name}/metadata.json")).output().expect("unzip runs");
    serde_json::from_slice(&out.stdout).expect("it is JSON")
}

#[tokio::test]
async fn a_first_run_makes_the_demo_and_opens_it() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    window.click("button", "Try the demo").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.click_css("[role=tree] [role=treeitem] [data-part=box]").await;
    window.wait("[role=treeitem][aria-checked=true]").await;
    assert_ne!(window.number("[data-testid=estimate-bytes]").await, 0, "the first click says what it costs");
    window.close().await;
}

#[tokio::test]
async fn folder_tag_and_pasted_list_become_one_verified_zip() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, fixture::demo()).await;

    // A tag narrows what is shown; all who match are selected.
    let everyone = window.number("[data-testid=matching]").await;
    window.click("button", "Tags").await;
    window.click_css("[role=dialog] input[type=checkbox]").await;
    window.press(Key::Escape).await;
    window.role("button", "Remove filter").await;
    let fewer = async || (window.number("[data-testid=matching]").await < everyone).then_some(());
    window.until("fewer patients under the filter", fewer).await;
    window.click("checkbox", "All matching").await;
    window.until("their selection", async || (window.number("[data-testid=selected]").await > 0).then_some(())).await;
    let by_tag = window.number("[data-testid=selected]").await;
    window.click("button", "Remove filter").await;
    window.wait_gone("button[aria-label^='Remove filter']").await;

    // A folder that is not selected as a whole comes to it; what was selected stays.
    window.click_css("[role=treeitem][data-kind=folder]:not([aria-checked=true]) [data-part=box]").await;
    window
        .until("the folder's patients", async || (window.number("[data-testid=selected]").await > by_tag).then_some(()))
        .await;

    // A list, with one id that nobody has.
    window.click("button", "List of IDs").await;
    let list = window.wait("[role=dialog] textarea").await;
    list.send_keys("1, 2; 3 4 5 6 7 8 9 nobody").await.expect("typed");
    window.wait_text("[data-testid=list-result]", "not found").await;
    window.click("button", "Add to selection").await;
    window.wait_gone("[role=dialog] textarea").await;
    let selected = window.number("[data-testid=selected]").await;

    window.click("radio", "Both").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    let archive = the_archive(&desktop);
    let files = prove(&archive);
    let metadata = metadata(&archive);
    let patients = metadata["patients"].as_array().map_or(0, Vec::len);
    assert!(patients > 0 && patients as u64 <= selected, "{patients} patients of {selected} selected have files");
    assert!(files > patients as u64, "{files} files");
    window.click("link", "New export").await;
    assert_eq!(window.number("[data-testid=selected]").await, selected, "the selection stays");
    window.close().await;
}
