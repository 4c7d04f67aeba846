//! A folder of images, with nothing but its files, becomes a ZIP.

use crate::desktop::{create_export, wait_state};
use crate::fixture;
use crate::harness::{Desktop, Window};

/// Has the paths of the folder in the dialog read by a pattern: first by one that fits.
pub(crate) async fn by_pattern(window: &Window) {
    let script = "const all = [...document.querySelectorAll('[role=dialog] label')];
        all.find((label) => label.textContent === 'By a pattern').click();";
    window.run(script, vec![]).await;
    window.wait("[role=group] button[aria-pressed=true]").await;
}

/// Writes another pattern in place of the one in the field.
pub(crate) async fn type_pattern(window: &Window, pattern: &str) {
    window.click_css("[data-testid=pattern]").await;
    window.control('a').await;
    window.keys(pattern).await;
}

#[tokio::test]
async fn a_folder_of_images_is_opened_exported_and_read_again() {
    let desktop = Desktop::start();
    let images = fixture::copy_of_demo(&desktop.path("copy")).parent().expect("a folder").join("data");
    desktop.answer_dialogs(&[&images, &desktop.path("out")]);
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    window.shot("folder-first-run").await;
    window.judge("the first start with a folder to choose").await;
    window.click("button", "Open a folder of images…").await;
    window.wait("[data-testid=folder-preview] tbody tr").await;
    window.judge("a folder of images that is to be read").await;
    // The paths are those of a FileRegistry, so a pattern that fits them is at hand; another is typed.
    by_pattern(&window).await;
    type_pattern(&window, "{project}/{knd}/{modality}/{*}").await;
    window.wait("[data-testid=pattern][aria-invalid=true]").await;
    window.wait("[data-testid=folder-preview] table[data-stale]").await;
    window.judge("a pattern that is none").await;
    type_pattern(&window, "{project}/{kind}/{modality}/{*}patient_{patient}.{*}").await;
    window.wait("[data-testid=folder-preview] table:not([data-stale])").await;
    window.wait_text("[data-testid=folder-preview] tbody", "braintumor-mri-t1").await;
    window.shot("folder-pattern").await;
    window.click("button", "Index folder").await;
    window.wait("[role=treeitem]").await;
    window.click("button", "Save to").await;
    window.wait(&format!("button[title='{}']", desktop.path("out").display())).await;
    window.shot("folder-open").await;
    create_export(&window).await;
    wait_state(&window, "done").await;
    // What has come since is found when it is asked for.
    let scan = images.join("brain/processed/braintumor-mri-t1");
    std::fs::copy(scan.join("braintumor-mri-t1_patient_3.nii.gz"), scan.join("braintumor-mri-t1_patient_99.nii.gz"))
        .expect("there");
    window.put_messages_away().await;
    window.click("link", "Settings").await;
    // They were computed meanwhile.
    window.wait_text("main", "Known of all").await;
    window.judge("settings with a folder of images").await;
    window.click("button", "Refresh").await;
    // While it is read, a dialog is over the page and takes the clicks.
    window.wait_gone("button[data-loading]").await;
    window.wait_gone("[role=dialog]").await;
    window.click("link", "New export").await;
    window.role("treeitem", "99").await;
    window.close().await;
}
