//! `make screenshots`: pictures of every page and state, light and dark, on a small and on a large screen. Not a test of anything
//! but that each state can be reached; somebody looks at them.

use std::path::{Path, PathBuf};

use fantoccini::key::Key;

use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open};
use crate::screen::Screen;

/// Where the pictures of one look and size go.
struct Album<'a> {
    window: &'a Window,
    dir: PathBuf,
}

impl<'a> Album<'a> {
    fn of(window: &'a Window, look: &str, width: u32, height: u32) -> Self {
        let look = look.to_lowercase();
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/screenshots/{look}-{width}x{height}"));
        Self { window, dir }
    }

    /// Keeps a picture of the window as it is, when nothing moves.
    async fn keep(&self, name: &str) {
        self.window.still().await;
        self.window.picture(&self.dir, name).await;
    }

    /// Opens a dialog or a menu by its button, keeps it, closes it.
    async fn keep_opened(&self, button: &str, name: &str) {
        self.window.click("button", button).await;
        self.window.wait("[role=dialog],[role=menu]").await;
        self.keep(name).await;
        self.window.press(Key::Escape).await;
        self.window.wait_gone("[role=dialog],[role=menu]").await;
    }
}

async fn choose_look(window: &Window, look: &str) {
    window.click("link", "Settings").await;
    window.click("radio", look).await;
    window.wait(&format!("html[data-mantine-color-scheme={}]", look.to_lowercase())).await;
}

async fn album(width: u32, height: u32) {
    let desktop = Desktop::bare(width, height);
    let window = Window::open(&desktop).await;
    if (width, height) != (1280, 800) {
        Screen::of(desktop.display()).resize("Sheaf", width, height);
    }
    let wide = async || (window.run("return innerWidth;", vec![]).await.as_u64() == Some(u64::from(width))).then_some(());
    window.until("the whole screen", wide).await;
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window.click("link", "New export").await;
        Album::of(&window, look, width, height).keep("first-run").await;
    }
    open(&desktop, &window, fixture::shown()).await;
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        let album = Album::of(&window, look, width, height);
        album.keep("settings").await;
        new_export(&album).await;
        exports(&album).await;
        studies(&album).await;
        for (key, name) in [("palette", "palette"), ("sheet", "shortcuts")] {
            if key == "palette" {
                window.control('k').await;
            } else {
                window.keys("?").await;
            }
            window.wait("[role=dialog]").await;
            album.keep(name).await;
            window.press(Key::Escape).await;
            window.wait_gone("[role=dialog]").await;
        }
    }
    window.close().await;
}

async fn new_export(album: &Album<'_>) {
    let window = album.window;
    window.click("link", "New export").await;
    choose_project(window, "Brain").await;
    album.keep("new-export-nothing-chosen").await;
    window.click_css("[role=tree] [role=treeitem][data-kind=folder] [data-part=twisty]").await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    album.keep("new-export").await;
    for (button, name) in [
        ("Tags", "tags"),
        ("List of IDs", "list"),
        ("Who has what", "who-has-what"),
        ("Preview ZIP", "preview"),
        ("Cohorts", "cohorts"),
    ] {
        album.keep_opened(button, name).await;
    }
}

async fn exports(album: &Album<'_>) {
    let window = album.window;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    window.click("link", "New export").await;
    choose_project(window, "Maxillofacial").await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    window.click("button", "Details").await;
    window.role("heading", "What you can do").await;
    album.keep("export-failed").await;
    window.click("button", "Export without these files").await;
    window.press(Key::Escape).await;
    window.wait("[data-row][data-state=problems]").await;
    album.keep("exports").await;
    window.click_css("[data-row][data-state=problems]").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog]").await;
    album.keep("export-with-problems").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
}

async fn studies(album: &Album<'_>) {
    let window = album.window;
    window.click("link", "Studies").await;
    window.wait("[role=grid] [role=row][data-index='3']").await;
    album.keep("studies").await;
    album.keep_opened("Sex", "studies-filter").await;
    album.keep_opened("Columns", "studies-columns").await;
    album.keep_opened("Export", "studies-export").await;
}

#[tokio::test]
#[ignore = "makes pictures: make screenshots"]
async fn pictures_of_every_page_and_state() {
    for (width, height) in [(1280, 800), (1920, 1080)] {
        album(width, height).await;
    }
}
