//! What everyone can use: axe finds nothing on any page, nor in what opens above it, in light and dark.

use std::path::Path;

use fantoccini::key::Key;
use serde_json::json;

use crate::desktop::{Hold, PROGRAM};
use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open};
use crate::screen::Screen;

/// Chooses how the window looks.
pub(crate) async fn choose_look(window: &Window, look: &str) {
    window.choose_in_settings(look, &format!("html[data-mantine-color-scheme={}]", look.to_lowercase())).await;
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_and_dialog_in_light_and_dark() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    window.judge("first run").await;
    open(&desktop, &window, fixture::faulty()).await;
    choose_project(&window, "Maxillofacial").await;
    // Exports in two states, whose rows and details are judged below.
    window.click("checkbox", "All matching").await;
    window.click("radio", "Both").await;
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=failed]").await;
    window.click("button", "Details").await;
    window.click("button", "Export without these files").await;
    window.press(Key::Escape).await;
    window.wait("[data-row][data-state=problems]").await;
    // Messages are judged as they stand; below a dialog's veil they would be judged as nobody reads them.
    window.judge("messages").await;
    window.put_messages_away().await;
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window.judge(&format!("settings, {look}")).await;

        window.click("link", "New export").await;
        window.judge(&format!("new export, {look}")).await;
        for button in ["Tags", "List of IDs", "Who has what", "Preview ZIP"] {
            window.click("button", button).await;
            judge_dialog(&window, &format!("{button}, {look}")).await;
        }
        window.control('k').await;
        judge_dialog(&window, &format!("palette, {look}")).await;
        window.keys("?").await;
        judge_dialog(&window, &format!("shortcuts, {look}")).await;

        window.click("link", "Exports").await;
        window.judge(&format!("exports, {look}")).await;
        for state in ["failed", "problems"] {
            window.click_css(&format!("[data-row][data-state={state}]")).await;
            window.press(Key::Enter).await;
            judge_dialog(&window, &format!("details of {state}, {look}")).await;
        }
    }
    assert_eq!(window.run("return document.documentElement.lang;", vec![]).await, json!("en"), "the page says its language");
    window.close().await;
}

#[tokio::test]
async fn axe_finds_nothing_in_menus_banners_and_notices_in_light_and_dark() {
    let desktop = Desktop::start();
    let hold = Hold::of(&desktop);
    let program = Path::new(PROGRAM);
    let window = Window::open_with(&desktop, program, &hold.environment()).await;
    let broken = desktop.path("notes.sqlite");
    std::fs::write(&broken, "no database").expect("a file");
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window.click("link", "New export").await;
        window.judge(&format!("first run, {look}")).await;
        window.click("button", "Try the demo").await;
        window.wait("[data-testid=making-demo] [role=progressbar]").await;
        window.judge(&format!("making the demo, {look}")).await;
        window.click("button", "Cancel").await;
        window.role("button", "Try the demo").await;
        desktop.answer_dialogs(&[&broken]);
        window.click("button", "Open a registry").await;
        window.wait("[data-testid=first-run] [role=alert]").await;
        window.judge(&format!("an unreadable registry, {look}")).await;
    }
    let clinic = fixture::copy_of_demo(&desktop.path("clinic"));
    open(&desktop, &window, &clinic).await;
    window.click("checkbox", "All matching").await;
    window.click("button", "Create export").await;
    hold.reached().await;
    let (data, away) = (desktop.path("clinic/data"), desktop.path("unplugged"));
    let screen = Screen::of(desktop.display());
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window.click("link", "New export").await;
        for button in ["Cohorts", "Registry", "Project", "Acting as"] {
            window.click("button", button).await;
            window.wait("[role=menu],[role=dialog]").await;
            window.judge(&format!("{button}, {look}")).await;
            window.press(Key::Escape).await;
            window.wait_gone("[role=menu],[role=dialog]").await;
        }
        std::fs::rename(&data, &away).expect("it can be moved");
        std::fs::rename(desktop.path("out"), desktop.path("elsewhere")).expect("it can be moved");
        window.come_back().await;
        window.wait_text("main", "A data folder is not there").await;
        window.wait("[data-testid=create][aria-disabled=true]").await;
        window.judge(&format!("what has gone, {look}")).await;
        std::fs::rename(&away, &data).expect("it can be moved");
        std::fs::rename(desktop.path("elsewhere"), desktop.path("out")).expect("it can be moved");
        window.come_back().await;
        window.wait("[data-testid=create][aria-disabled=false]").await;

        window.put_messages_away().await;
        screen.ask_to_close("Sheaf");
        window.role("button", "Keep running in the background").await;
        window.judge(&format!("the question before the end, {look}")).await;
        window.click("button", "Stay").await;
        window.wait_gone("[role=dialog]").await;
        window.click("link", "Exports").await;
        window.click("button", "More").await;
        window.wait("[role=menu]").await;
        window.judge(&format!("what can be done with an export, {look}")).await;
        window.press(Key::Escape).await;
        window.wait_gone("[role=menu]").await;
    }
    window.choose_in_settings("Italiano", "html[lang=it]").await;
    window.judge("impostazioni").await;
    for page in ["new-export", "exports", "studies"] {
        window.click_css(&format!("nav a[href$='{page}']")).await;
        window.judge(page).await;
    }
    hold.go_on();
    window.wait("[data-row][data-state=done]").await;
    window.close().await;
}

/// Judges a dialog when it is there, and closes it.
async fn judge_dialog(window: &Window, place: &str) {
    window.wait("[role=dialog]").await;
    window.judge(place).await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
}
