//! `make screenshots`: pictures of every page and state, light and dark, on a small and on a large screen. Not a test of anything
//! but that each state can be reached; somebody looks at them.

use std::path::{Path, PathBuf};

use fantoccini::key::Key;

use crate::everyone::choose_look;
use crate::fixture;
use crate::folders::{by_pattern, type_pattern};
use crate::harness::{Desktop, Window};
use crate::main_job::choose_project;
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

    /// Keeps a picture while a progress bar moves.
    async fn keep_moving(&self, name: &str) {
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

/// Opens one more registry, by the menu of the one that is open.
async fn open_another(desktop: &Desktop, window: &Window, registry: &Path) {
    desktop.answer_dialogs(&[registry]);
    window.control('k').await;
    window.wait("[role=dialog] input").await;
    window.keys("Open a registry").await;
    window.press(Key::Enter).await;
    window.wait_gone("[role=dialog]").await;
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
        first_run(&Album::of(&window, look, width, height)).await;
    }
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window.click("link", "New export").await;
        unreadable(&desktop, &Album::of(&window, look, width, height)).await;
    }
    let out = desktop.path("home/Imaging exports");
    std::fs::create_dir_all(&out).expect("a folder");
    desktop.answer_dialogs(&[fixture::shown(), &out]);
    window.click("button", "Open a registry").await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    window.click("button", "Save to").await;
    window.wait("button[title$='Imaging exports']").await;
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        let album = Album::of(&window, look, width, height);
        album.keep("settings").await;
        new_export(&desktop, &album).await;
        exports(&album).await;
        studies(&album).await;
        study_list(&desktop, &album).await;
        everywhere(&album).await;
        italian(&album).await;
        running(&desktop, &album).await;
        open_another(&desktop, &window, fixture::shown()).await;
        window.wait("nav [title^='Maxillofacial']").await;
        window.click("link", "Exports").await;
        window.wait("[data-row][data-state=cancelled]").await;
    }
    window.close().await;
}

async fn first_run(album: &Album<'_>) {
    let window = album.window;
    album.keep("first-run").await;
    window.click("button", "Try the demo").await;
    window.wait("[data-testid=making-demo] [role=progressbar]").await;
    album.keep("first-run-demo").await;
    window.click("button", "Cancel").await;
    window.role("button", "Try the demo").await;
}

async fn unreadable(desktop: &Desktop, album: &Album<'_>) {
    let window = album.window;
    let broken = desktop.path("notes.sqlite");
    std::fs::write(&broken, "no database").expect("a file");
    desktop.answer_dialogs(&[&broken]);
    window.click("button", "Open a registry").await;
    window.wait("[data-testid=first-run] [role=alert]").await;
    album.keep("first-run-unreadable").await;
}

async fn new_export(desktop: &Desktop, album: &Album<'_>) {
    let window = album.window;
    window.click("link", "New export").await;
    choose_project(window, "Brain").await;
    window.run("document.querySelector('[role=tree]').focus();", vec![]).await;
    album.keep("new-export-nothing-chosen").await;
    window.click_css("[role=tree] [role=treeitem][data-kind=folder] [data-part=twisty]").await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    album.keep("new-export").await;
    for (button, name) in [
        ("Tags", "tags"),
        ("Only with", "only-with"),
        ("Who has what", "who-has-what"),
        ("Preview ZIP", "preview"),
        ("Cohorts", "cohorts"),
        ("Save as cohort", "cohort-save"),
        ("Registry", "registry-menu"),
        ("Project", "project-menu"),
    ] {
        album.keep_opened(button, name).await;
    }
    window.click("button", "List of IDs").await;
    let list = window.wait("[role=dialog] textarea").await;
    list.send_keys("3, 6; 9, nobody, 0815").await.expect("typed");
    window.wait_text("[data-testid=list-result]", "not found").await;
    album.keep("list").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    // What nothing matches, and a destination that is not there any more.
    window.keys("/").await;
    window.keys("nobody of this name").await;
    window.wait_text("main", "No patient matches").await;
    album.keep("new-export-no-match").await;
    window.press(Key::Escape).await;
    let gone = desktop.path("home/USB stick");
    std::fs::create_dir_all(&gone).expect("a folder");
    desktop.answer_dialogs(&[&gone]);
    window.click("button", "Save to").await;
    window.wait("button[title$='USB stick']").await;
    std::fs::remove_dir(&gone).expect("it was made");
    window.click("button", "Create export").await;
    window.wait("[data-testid=create][aria-disabled=true]").await;
    album.keep("new-export-blocked").await;
    let out = desktop.path("home/Imaging exports");
    desktop.answer_dialogs(&[&out]);
    window.click("button", "Save to").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
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
    album.keep("exports-messages").await;
    window.put_messages_away().await;
    window.click("button", "Details").await;
    window.role("heading", "What you can do").await;
    album.keep("export-failed").await;
    window.click("button", "Export without these files").await;
    window.press(Key::Escape).await;
    window.wait("[data-row][data-state=problems]").await;
    window.put_messages_away().await;
    album.keep("exports").await;
    window.click_css("[data-row][data-state=problems]").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog]").await;
    album.keep("export-with-problems").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    album.keep_opened("More", "exports-menu").await;
}

async fn studies(album: &Album<'_>) {
    let window = album.window;
    window.click("link", "Studies").await;
    window.wait("[role=grid] [role=row][data-index='3']").await;
    album.keep("studies").await;
    album.keep_opened("Sex", "studies-filter").await;
    album.keep_opened("Columns", "studies-columns").await;
    album.keep_opened("More ways", "studies-patients").await;
    album.keep_opened("Export", "studies-export").await;
    window.click_css("[role=grid] [role=row][data-index='2'] [data-part=box]").await;
    window.click_css("[role=grid] [role=row][data-index='0'] [data-field]").await;
    window.wait("[data-testid=inspector]").await;
    album.keep("studies-inspector").await;
    window.press(Key::Escape).await;
    window.wait_gone("[data-testid=inspector]").await;
    window.click("button", "Clear").await;
    window.keys("/").await;
    window.keys("nothing of this kind").await;
    window.wait_text("main", "No study matches.").await;
    album.keep("studies-no-match").await;
    window.press(Key::Escape).await;
    window.wait("[role=grid] [role=row][data-index='3']").await;
}

/// A list of studies, which is put away again.
async fn study_list(desktop: &Desktop, album: &Album<'_>) {
    let window = album.window;
    let list = desktop.path("Radiology 2025-01.csv");
    let row = |number: u32| {
        let time =
            if number.is_multiple_of(7) { "soon".to_owned() } else { format!("2025-01-{:02} 08:30", 1 + number % 28) };
        format!("2025{number:04},00{number:04},林小明,F,61,終審報告,門診,CT1,CT - Chest with contrast,{time},x\r\n")
    };
    let rows: String = (1..=120).map(row).collect();
    let titles = "檢查流水號,病歷號,姓名,性別,年齡,狀態,來源,檢查室,檢查描述,開單日期/時間,備註";
    std::fs::write(&list, format!("{titles}\r\n{rows}")).expect("a file");
    desktop.answer_dialogs(&[&list]);
    window.click_css("[data-testid=studies-list]").await;
    window.click("menuitem", "Open a list of studies").await;
    window.wait_text("[role=dialog]", "rows were rejected").await;
    album.keep("studies-list-report").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.wait("[data-testid=studies-from]").await;
    album.keep_opened("Study list", "studies-list").await;
    window.click_css("[data-testid=studies-list]").await;
    window.click("menuitem", "Forget this list").await;
    window.wait_gone("[data-testid=studies-from]").await;
    window.put_messages_away().await;
}

/// What opens above any page.
async fn everywhere(album: &Album<'_>) {
    let window = album.window;
    window.click("link", "Exports").await;
    window.control('k').await;
    window.wait("[role=dialog]").await;
    album.keep("palette").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.keys("?").await;
    window.wait("[role=dialog]").await;
    album.keep("shortcuts").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
}

/// The same pages in the second language.
async fn italian(album: &Album<'_>) {
    let window = album.window;
    window.click("link", "Settings").await;
    window.choose_in_settings("Italiano", "html[lang=it]").await;
    album.keep("settings-italian").await;
    for (page, name) in
        [("new-export", "new-export-italian"), ("exports", "exports-italian"), ("studies", "studies-italian")]
    {
        window.click_css(&format!("nav a[href$='{page}']")).await;
        album.keep(name).await;
    }
    window.choose_in_settings("English", "html[lang=en]").await;
}

/// An export of gigabytes as it runs, and the question of whoever closes the window meanwhile.
async fn running(desktop: &Desktop, album: &Album<'_>) {
    let window = album.window;
    window.click("link", "New export").await;
    open_another(desktop, window, fixture::vast()).await;
    window.wait("nav button[title*='Archive 2024']").await;
    window.wait_text("main", "Nothing selected: select").await;
    window.click("link", "Studies").await;
    window.wait_text("main", "This registry has no studies").await;
    album.keep("studies-none").await;
    window.click("link", "New export").await;
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=writing]").await;
    album.keep_moving("exports-running").await;
    Screen::of(desktop.display()).ask_to_close("Sheaf");
    window.wait("[role=dialog]").await;
    window.role("button", "Keep running in the background").await;
    album.keep_moving("quit").await;
    window.click("button", "Stay").await;
    window.wait_gone("[role=dialog]").await;
    window.click("button", "Cancel").await;
    window.wait("[data-row][data-state=cancelled]").await;
    window.put_messages_away().await;
}

/// A folder of images that is to be read: in the known ways, by a pattern, by what is none; then its settings.
async fn image_folder(width: u32, height: u32) {
    let desktop = Desktop::bare(width, height);
    let window = Window::open(&desktop).await;
    if (width, height) != (1280, 800) {
        Screen::of(desktop.display()).resize("Sheaf", width, height);
    }
    let wide = async || (window.run("return innerWidth;", vec![]).await.as_u64() == Some(u64::from(width))).then_some(());
    window.until("the whole screen", wide).await;
    let images = fixture::shown().parent().expect("a folder").join("data");
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        let album = Album::of(&window, look, width, height);
        window.click("link", "New export").await;
        desktop.answer_dialogs(&[&images]);
        window.click("button", "Open a folder of images").await;
        window.wait("[data-testid=folder-preview] tbody tr").await;
        album.keep("folder-auto").await;
        by_pattern(&window).await;
        album.keep("folder-pattern").await;
        type_pattern(&window, "{project}/{kind}/{modality}/ios_patient_{patient}.{*}").await;
        window.wait_text("[data-testid=folder-preview] [role=status]", "of them").await;
        album.keep("folder-pattern-some").await;
        type_pattern(&window, "{project}/{knd}/{*}").await;
        window.wait("[data-testid=pattern][aria-invalid=true]").await;
        album.keep("folder-pattern-wrong").await;
        window.press(Key::Escape).await;
        window.wait_gone("[role=dialog]").await;
    }
    desktop.answer_dialogs(&[&images]);
    window.click("button", "Open a folder of images").await;
    window.click("button", "Index folder").await;
    window.wait("[role=treeitem]").await;
    window.click("link", "Settings").await;
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window
            .run("document.querySelector('main').querySelectorAll('*').forEach((each) => each.scrollTo(0, 0));", vec![])
            .await;
        Album::of(&window, look, width, height).keep("folder-settings").await;
    }
    window.close().await;
}

#[tokio::test]
#[ignore = "makes pictures: make screenshots"]
async fn pictures_of_every_page_and_state() {
    for (width, height) in [(1280, 800), (1920, 1080)] {
        album(width, height).await;
    }
}

#[tokio::test]
#[ignore = "makes pictures: make screenshots"]
async fn pictures_of_a_folder_of_images() {
    for (width, height) in [(1280, 800), (1920, 1080)] {
        image_folder(width, height).await;
    }
}
