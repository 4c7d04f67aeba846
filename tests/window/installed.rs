//! The window as a package has installed it. `make package-check` runs this, with the package in place.

use std::path::Path;

use crate::harness::{Desktop, Window};
use crate::main_job::prove;
use crate::screen::Screen;

#[tokio::test]
#[ignore = "needs the installed package: make package-check"]
async fn the_installed_window_makes_the_demo_and_an_archive_of_it() {
    let desktop = Desktop::start();
    let window = Window::open_with(&desktop, Path::new("/usr/bin/sheaf-desktop"), &[]).await;
    Screen::of(desktop.display()).wait_for("Sheaf", 1).await;
    window.click("button", "Try the demo").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.click("checkbox", "All matching").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    // Nothing was chosen, so it is in the user's own folder.
    let entries = std::fs::read_dir(desktop.path("home")).expect("the folder is read").flatten();
    let archive = entries.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|ending| ending == "zip"));
    assert!(prove(&archive.expect("an archive")) > 0, "files are in it");
    window.close().await;
}
