//! The keyboard alone is enough, end to end, and one always sees where one is.

use std::path::Path;

use fantoccini::key::Key;
use serde_json::json;

use crate::desktop::{Hold, PROGRAM};
use crate::fixture;
use crate::harness::{Desktop, Window};
use crate::main_job::{prove, the_archive};
use crate::screen::Screen;

#[tokio::test]
async fn the_keyboard_alone_is_enough() {
    let desktop = Desktop::start();
    desktop.answer_dialogs(&[fixture::demo(), &desktop.path("out")]);
    let window = Window::open(&desktop).await;
    window.wait("[data-testid=first-run]").await;
    window.tab_to("Open a registry").await;
    window.press(Key::Enter).await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;

    // In the tree: a folder with Space, opened with an arrow, everyone with Ctrl+A, and back.
    window.tab_to("Patients by folder").await;
    window.press(Key::Down).await;
    window.keys(" ").await;
    window.wait("[role=treeitem][aria-checked=true]").await;
    let some = window.number("[data-testid=of-patients]").await;
    window.control('a').await;
    window.until("everyone", async || (window.number("[data-testid=of-patients]").await > some).then_some(())).await;
    window.control('z').await;
    window.until("one step back", async || (window.number("[data-testid=of-patients]").await == some).then_some(())).await;

    window.tab_to("Save to").await;
    window.press(Key::Enter).await;
    window.wait("button[title$='/out']").await;
    window.control(char::from(Key::Enter)).await;

    // In the list: its row, and its details.
    window.control('2').await;
    window.wait("[data-row][data-state=done]").await;
    assert!(prove(&the_archive(&desktop)) > 0, "files are in it");
    window.tab_to("export_").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog]").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.close().await;
}

#[tokio::test]
async fn keys_lead_from_the_first_run_over_the_demo_to_a_notification_and_a_verified_archive() {
    let desktop = Desktop::start();
    let (screen, hold) = (Screen::of(desktop.display()), Hold::of(&desktop));
    desktop.answer_dialogs(&[&desktop.path("out")]);
    let window = Window::open_with(&desktop, Path::new(PROGRAM), &hold.environment()).await;
    window.wait("[data-testid=first-run]").await;
    window.tab_to("Try the demo").await;
    window.press(Key::Enter).await;
    window.wait("[role=tree] [role=treeitem][data-kind]").await;
    let selected = async || window.number("[data-testid=selected]").await;

    // By tag: the filter, all that match, and the filter away again.
    window.tab_to("Tags").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog] input[type=checkbox]").await;
    window.press(Key::Tab).await;
    window.keys(" ").await;
    window.wait("[role=dialog] input[type=checkbox]:checked").await;
    window.press(Key::Escape).await;
    window.tab_to("All matching").await;
    window.keys(" ").await;
    window.until("those with the tag", async || (selected().await > 0).then_some(())).await;
    let by_tag = selected().await;
    window.tab_to("Remove filter").await;
    window.press(Key::Enter).await;
    window.wait_gone("button[aria-label^='Remove filter']").await;

    // By folder: the first that is not selected as a whole.
    window.tab_to("Patients by folder").await;
    window.press(Key::Home).await;
    let whole = "return document.querySelector('[role=treeitem][data-active]')?.getAttribute('aria-checked') ?? '';";
    while window.run(whole, vec![]).await == json!("true") {
        window.press(Key::Down).await;
    }
    window.keys(" ").await;
    window.until("a folder's", async || (selected().await > by_tag).then_some(())).await;
    let by_folder = selected().await;

    // By list.
    window.tab_to("List of IDs").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog] textarea:focus").await;
    let ids: Vec<String> = (1..=24).map(|id| id.to_string()).collect();
    window.keys(&ids.join(" ")).await;
    window.wait_text("[data-testid=list-result]", "found").await;
    window.tab_to("Add to selection").await;
    window.press(Key::Enter).await;
    window.wait_gone("[role=dialog] textarea").await;
    window.until("the list's", async || (selected().await > by_folder).then_some(())).await;

    window.tab_to("Save to").await;
    window.press(Key::Enter).await;
    window.wait("button[title$='/out']").await;
    window.control(char::from(Key::Enter)).await;
    // Its user does something else, and the desktop's own daemon tells of its end; clicked, it leads to the archive.
    hold.reached().await;
    screen.look_elsewhere();
    hold.go_on();
    let told = desktop.heard("Export ready").await;
    assert!(told.contains("patients"), "what is ready: {told}");
    desktop.notifications("action");
    screen.look_at("Sheaf");
    window.wait_text("[role=dialog]", "read back and compared").await;
    assert!(prove(&the_archive(&desktop)) > 0, "files are in it");
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;

    // Verified again, by the menu of its row.
    window.tab_to("export_").await;
    window.keys(&format!("{}{}", char::from(Key::Shift), char::from(Key::F10))).await;
    window.wait("[role=menu]").await;
    let focused = "return document.activeElement?.textContent ?? '';";
    while window.run(focused, vec![]).await != json!("Verify") {
        window.press(Key::Down).await;
    }
    window.press(Key::Enter).await;
    window.wait_text("main", "files and the ZIP are whole").await;
    window.close().await;
}

#[tokio::test]
async fn a_dialog_that_was_opened_by_a_click_shows_where_keys_are() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    window.role("button", "Connect to a server").await;
    Screen::of(desktop.display()).look_at("Sheaf");
    // As a hand does it: the window as a whole gets the click and the keys, not its page alone.
    let by_hand = |arguments: &[&str]| {
        assert!(desktop.command("xdotool").args(arguments).status().expect("xdotool runs").success(), "{arguments:?}");
    };
    let place = "const button = [...document.querySelectorAll('button')].find((each) => each.textContent.startsWith('Connect to a server'));
                 const box = button.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round);";
    let place = window.run(place, vec![]).await;
    by_hand(&["mousemove", &place[0].to_string(), &place[1].to_string(), "click", "1"]);
    window.wait("[role=dialog] form").await;
    let focus = "const of = document.activeElement; return [of.textContent.trim(), getComputedStyle(of).outlineStyle];";
    for _ in 0..9 {
        let before = window.run("return [...document.querySelectorAll('*')].indexOf(document.activeElement);", vec![]).await;
        by_hand(&["key", "Tab"]);
        let moved = async || {
            let now =
                window.run("return [...document.querySelectorAll('*')].indexOf(document.activeElement);", vec![]).await;
            (now != before).then_some(())
        };
        window.until("the focus moves", moved).await;
        let focus = window.run(focus, vec![]).await;
        assert_eq!(focus[1], "solid", "one sees that the focus is on {focus}");
    }
    window.close().await;
}
