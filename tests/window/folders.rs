//! A folder of images, with nothing but its files, becomes a ZIP.

use crate::desktop::{create_export, wait_state};
use crate::fixture;
use crate::harness::{Desktop, Window};

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
    window.judge("settings with a folder of images").await;
    window.click("button", "Refresh").await;
    // While it is read, a dialog is over the page and takes the clicks.
    window.wait_gone("button[data-loading]").await;
    window.wait_gone("[role=dialog]").await;
    window.click("link", "New export").await;
    window.role("treeitem", "99").await;
    window.close().await;
}
