//! The page of studies: search, filter, a table that other programs read, stopping one, and the way to their patients.

use std::path::Path;
use std::process::Command;

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::desktop::PROGRAM;
use crate::everyone::choose_look;
use crate::fixture;
use crate::harness::{Desktop, Window, eventually};
use crate::main_job::open;

const ROW: &str = "[role=grid] [role=row][data-index='0'] [data-field]";

/// The page of studies on a registry that has some.
async fn look(desktop: &Desktop, window: &Window) {
    open(desktop, window, fixture::clinic()).await;
    window.click("link", "Studies").await;
    window.wait(ROW).await;
}

/// Waits until as many studies match.
async fn matching(window: &Window, what: &str, fits: impl Fn(u64) -> bool) -> u64 {
    let count = async || Some(window.number("[data-testid=studies-count]").await).filter(|&count| fits(count));
    window.until(what, count).await
}

/// The rows of the first sheet of a workbook as openpyxl reads them, with the type of each cell.
fn workbook(path: &Path) -> Vec<Vec<Value>> {
    let code = "import json, sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
value = lambda cell: [cell.data_type, cell.value.isoformat(' ') if cell.is_date else cell.value]
print(json.dumps([[value(cell) for cell in row] for row in book.worksheets[0].iter_rows()]))";
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env-checkers/bin/python");
    let read = Command::new(python).arg("-c").arg(code).arg(path).output().expect("`make setup` brings python");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).expect("rows")
}

#[tokio::test]
async fn a_search_and_a_filter_become_a_workbook_that_others_read() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    look(&desktop, &window).await;
    let all = window.number("[data-testid=studies-count]").await;
    assert_eq!(all, 400, "every study of the demo");

    // What no searched field holds is said; the text narrows while one types.
    window.keys("/").await;
    window.keys("終審").await;
    window.wait_text("main", "No study matches.").await;
    window.press(Key::Escape).await;
    matching(&window, "everything again", |count| count == all).await;
    window.keys("CT").await;
    let found = matching(&window, "fewer studies", |count| count > 0 && count < all).await;

    // Women only, of those; the counts are of what the text leaves.
    window.click("button", "Sex").await;
    window.click("checkbox", "F").await;
    window.press(Key::Escape).await;
    let women = matching(&window, "fewer still", |count| count > 0 && count < found).await;
    window.role("button", "Remove filter: Sex: F").await;

    let to = desktop.path("out").join("women.xlsx");
    desktop.answer_dialogs(&[&to]);
    window.click_css("[data-testid=studies-export]").await;
    window.click("button", "Export…").await;
    window.click("button", "View").await;
    window.wait("[data-row][data-state=done]").await;
    window.wait_text("body", &format!("{women} studies")).await;
    let rows = workbook(&to);
    assert_eq!(rows.len() as u64, women + 1, "the titles and every study");
    assert_eq!(rows[0].len(), 14, "the usual columns");
    for row in &rows[1..] {
        let [kind, number] = row[1].as_array().expect("a cell").as_slice() else { panic!("{row:?}") };
        assert_eq!(kind, "s", "record numbers are text, so that zeros stay: {number}");
        assert_eq!((&row[3][1], &row[10][0]), (&json!("F"), &json!("d")), "women, and dates are dates: {row:?}");
    }
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.click("link", "Studies").await;
    assert_eq!(window.number("[data-testid=studies-count]").await, women, "what was asked stays");
    window.close().await;
}

#[tokio::test]
async fn a_table_that_is_stopped_leaves_nothing() {
    let desktop = Desktop::start();
    let held = desktop.path("held");
    let program = Path::new(PROGRAM);
    let environment = [("SHEAF_PAUSE", "started"), ("SHEAF_PAUSE_FILE", held.to_str().expect("an ordinary path"))];
    let window = Window::open_with(&desktop, program, &environment).await;
    look(&desktop, &window).await;
    let to = desktop.path("out").join("stopped.csv");
    desktop.answer_dialogs(&[&to]);
    window.click_css("[data-testid=studies-export]").await;
    window.click("radio", "CSV").await;
    window.wait_text("[role=note]", "leading zeros").await;
    window.click("button", "Export…").await;
    eventually("the job", async || held.exists().then_some(())).await;
    window.click("link", "Exports").await;
    window.click("button", "Cancel").await;
    window.wait_text("[data-row]", "Cancelling").await;
    std::fs::remove_file(&held).expect("it was held");
    window.wait("[data-row][data-state=cancelled]").await;
    let left: Vec<_> = std::fs::read_dir(desktop.path("out")).expect("it is there").flatten().collect();
    assert!(left.is_empty(), "no part of a table: {left:?}");
    window.close().await;
}

#[tokio::test]
async fn the_patients_of_studies_become_the_selection() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    look(&desktop, &window).await;
    // A row is looked at whole, with keys alone.
    window.click_css(ROW).await;
    window.wait("[data-testid=inspector]").await;
    window.press(Key::Escape).await;
    window.wait_gone("[data-testid=inspector]").await;

    window.click_css("[data-testid=studies-patients]").await;
    let said = window.wait_text("body", "patients selected").await;
    assert!(said.contains("belong to no patient here"), "who was not found is told: {said}");
    let selected = window.number("[data-testid=selected]").await;
    assert!(selected > 0, "the page of the export has them");
    window.click("link", "Studies").await;
    window.wait_text("body", "Carried over").await;
    window.close().await;
}

#[tokio::test]
async fn a_table_of_record_numbers_is_kept_used_and_forgotten() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    look(&desktop, &window).await;
    let (table, rejected) = (desktop.path("numbers.csv"), desktop.path("rejected.csv"));
    std::fs::write(&table, "record_no,patient_id\r\n0042,1\r\n,2\r\n").expect("a file");
    desktop.answer_dialogs(&[&table, &rejected]);
    let more = "More ways to use these patients";
    window.click("button", more).await;
    window.click("menuitem", "Open a table of record numbers").await;
    window.wait_text("[role=dialog]", "1 row was rejected").await;
    window.judge("rejected rows").await;
    window.click("button", "Save as CSV").await;
    let saved = eventually("the list", async || std::fs::read_to_string(&rejected).ok()).await;
    assert_eq!(saved.lines().collect::<Vec<_>>(), ["line,field,reason", "3,record_no,empty"]);
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;

    // Besides what is selected.
    window.click("link", "New export").await;
    window.click_css("[role=tree] [role=treeitem] [data-part=box]").await;
    window.wait("[role=treeitem][aria-checked=true]").await;
    let before = window.number("[data-testid=selected]").await;
    window.click("link", "Studies").await;
    window.click("button", more).await;
    window.wait_text("[role=menu]", "1 record number of your table is in use").await;
    window.judge("more ways").await;
    window.click("menuitem", "Add them to the selection").await;
    window.wait_text("body", "patients selected").await;
    assert!(window.number("[data-testid=selected]").await >= before, "who was selected stays");
    window.click("link", "Studies").await;
    window.click("button", more).await;
    window.click("menuitem", "Forget this table").await;
    window.wait_text("body", "is forgotten").await;
    window.close().await;
}

#[tokio::test]
async fn a_list_of_studies_stands_in_place_of_the_registrys_until_it_is_forgotten() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    look(&desktop, &window).await;
    let before = window.wait_text("[data-testid=studies-count]", "of").await;
    let list = desktop.path("hospital.csv");
    let rows = "H1,0042,林,2025-01-31 08:00\r\nH2,0043,陳,31.01.2025\r\nH3,0044,<b>王</b>,2025/2/1\r\n";
    std::fs::write(&list, format!("檢查流水號,病歷號,姓名,開單日期/時間\r\n{rows}")).expect("a file");
    desktop.answer_dialogs(&[&list]);
    window.click_css("[data-testid=studies-list]").await;
    window.wait("[role=menu]").await;
    window.judge("study list").await;
    window.click("menuitem", "Open a list of studies").await;
    let said = window.wait_text("[role=dialog]", "1 row was rejected").await;
    assert!(said.contains("2 studies read") && said.contains("Line 3: Ordered"), "what became of it is told: {said}");
    window.judge("what became of a list").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;
    window.wait_text("[data-testid=studies-count]", "2 of 2").await;
    window.wait_text("[data-testid=studies-from]", "hospital.csv").await;
    window.wait_text("[role=grid]", "<b>王</b>").await;

    // A page that was loaded anew has it too.
    window.page().refresh().await.expect("the page is loaded anew");
    window.click("link", "Studies").await;
    window.wait_text("[data-testid=studies-count]", "2 of 2").await;
    window.click_css("[data-testid=studies-list]").await;
    window.click("menuitem", "Forget this list").await;
    window.wait_text("[data-testid=studies-count]", &before).await;
    window.wait_gone("[data-testid=studies-from]").await;
    window.close().await;
}

#[tokio::test]
async fn axe_finds_nothing_on_the_studies_in_light_and_dark() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    look(&desktop, &window).await;
    for look in ["Light", "Dark"] {
        choose_look(&window, look).await;
        window.click("link", "Studies").await;
        window.click_css(ROW).await;
        window.wait("[data-testid=inspector]").await;
        window.click_css("[role=grid] [role=row][data-index='2'] [data-part=box]").await;
        window.wait("[data-testid=studies-selected]").await;
        window.judge(&format!("studies, {look}")).await;
        window.click_css("[data-testid=studies-export]").await;
        window.click("radio", "CSV").await;
        window.wait("[role=note]").await;
        window.judge(&format!("export of studies, {look}")).await;
        window.press(Key::Escape).await;
        window.wait_gone("[role=note]").await;
        window.click("button", "Columns…").await;
        window.role("button", "Done").await;
        window.judge(&format!("columns, {look}")).await;
        window.click("button", "Done").await;
        window.wait_gone("[role=dialog]").await;
        window.click("button", "Status").await;
        window.wait("[role=dialog] [type=radio]").await;
        window.judge(&format!("a filter, {look}")).await;
        window.press(Key::Escape).await;
        window.wait_gone("[role=dialog]").await;
        window.click("button", "Clear").await;
        window.wait_gone("[data-testid=studies-selected]").await;
    }
    window.close().await;
}
