//! Names that want to be more than text, or take more room than there is: shown as text, and everything stays in its place.

use std::path::{Path, PathBuf};

use fantoccini::key::Key;
use serde_json::{Value, json};
use sheaf_registry::rows::Kind;
use sheaf_registry::writer::{NewFile, NewModality, NewPatient, NewStudy, RegistryWriter};

use crate::harness::{Desktop, Window};
use crate::main_job::{choose_project, open, prove, the_archive};

/// Would set `window.hurt` if it were anything but text.
const HTML: &str = "<img src=x onerror=\"window.hurt=1\"><script>window.hurt=1</script><b>bold</b>";
/// Letters over letters, upwards and downwards.
const STACKED: &str = "Z\u{351}\u{343}\u{342}\u{334}a\u{30b}\u{35d}\u{323}l\u{33f}\u{332}go";

/// What a registry may call things.
fn hostile() -> Vec<String> {
    vec![
        HTML.to_owned(),
        // Turns the direction of what follows, unless it is kept apart.
        "\u{202e}\u{645}\u{631}\u{64a}\u{636} gnp.exe".to_owned(),
        "\u{5d7}\u{5d5}\u{5dc}\u{5d4} (12) - left".to_owned(),
        "W".repeat(300),
        "Mar\u{ed}a del Carmen ".repeat(17),
        "\u{1f9b7}\u{1f469}\u{200d}\u{2695}\u{fe0f}".repeat(40),
        STACKED.to_owned(),
        "two\nlines\tand a tab".to_owned(),
        "{{count}} $t(common.close) %s".to_owned(),
        "=HYPERLINK(\"http://example.org\")".to_owned(),
    ]
}

/// A registry in which projects, folders, patients, tags, modalities, users and studies have such names.
fn registry(dir: &Path) -> PathBuf {
    std::fs::create_dir_all(dir.join("data")).expect("a folder");
    let path = dir.join("names.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a registry");
    let root = writer.data_root("", Some("data")).expect("new");
    let project = writer.project("plain", "Plain").expect("new");
    for (number, name) in hostile().iter().enumerate() {
        let other = writer.project(&format!("p{number}"), name).expect("new");
        writer.patient(&NewPatient::new(other, "1")).expect("new");
        let folder = writer.folder(Some(project), None, name).expect("new");
        let inner = writer.folder(Some(project), Some(folder), name).expect("new");
        let tag = writer.tag(name).expect("new");
        let modality = NewModality { slug: name, name, label: name, ..NewModality::default() };
        let modality = writer.modality(&modality).expect("new");
        let patient = writer.patient(&NewPatient { name, ..NewPatient::new(project, name) }).expect("new");
        writer.place(patient, inner).expect("placed");
        writer.tag_patient(patient, tag).expect("tagged");
        let file = format!("{number}.stl");
        std::fs::write(dir.join("data").join(&file), "solid").expect("a file");
        let file = NewFile { file_size: Some(5), ..NewFile::new(patient, modality, Kind::Processed, root, &file) };
        writer.file(&file).expect("new");
        writer.user(name, name).expect("new");
        let study = NewStudy {
            exam_id: name,
            medical_record_no: name,
            application_order_no: name,
            patient_name: name,
            patient_gender: name,
            exam_status: name,
            exam_source: name,
            exam_item: name,
            exam_description: name,
            exam_room: name,
            exam_equipment: name,
            equipment_type: name,
            certified_physician: name,
            ..NewStudy::default()
        };
        writer.study(&study).expect("new");
    }
    writer.finish().expect("a whole registry");
    path
}

/// What is out of its place: beyond the window, wider than what holds it, or over what stands beside it.
const OUT_OF_PLACE: &str = r"
const found = [];
const say = (what, element) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
if (window.hurt) found.push('a name was run');
if (document.querySelector('img[src=x], main b b, main script')) found.push('a name became elements');
const page = document.scrollingElement;
if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) found.push(`the page is ${page.scrollWidth} x ${page.scrollHeight}`);
const seen = (e) => { const box = e.getBoundingClientRect(); return box.width > 0 && box.height > 0 && !e.closest('[hidden], [aria-hidden=true], .visually-hidden'); };
const scrollers = (e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
for (const e of document.querySelectorAll('body *')) {
  if (!seen(e)) continue;
  // A wide table is meant to be moved sideways; nothing else is.
  if (scrollers(e) && !e.closest('[role=grid], [role=table]') && !e.querySelector('[role=grid], [role=table]') && e.tagName !== 'TEXTAREA' && e.scrollWidth > e.clientWidth + 1) say('scrolls sideways', e);
  const box = e.getBoundingClientRect();
  let holder = e.parentElement;
  while (holder && getComputedStyle(holder).overflowX === 'visible') holder = holder.parentElement;
  const room = holder?.getBoundingClientRect();
  if (!holder && (box.right > innerWidth + 1 || box.left < -1)) say('beyond the window', e);
  if (room && holder.closest('[role=dialog]') === null && e.matches('button, input, a') && !e.closest('[role=grid]') && (box.left >= room.right || box.right <= room.left)) say('out of sight', e);
}
for (const row of document.querySelectorAll('[role=treeitem], [data-row]')) {
  const boxes = [...row.children].filter(seen).map((e) => e.getBoundingClientRect());
  boxes.forEach((box, at) => { if (at > 0 && box.left < boxes[at - 1].right - 1) say('over its neighbour', row); });
}
// What turns the direction is kept apart from what stands beside it on its line.
const apart = (e) => getComputedStyle(e).unicodeBidi.match(/isolate|plaintext/) !== null;
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text = texts.nextNode(); text; text = texts.nextNode()) {
  const e = text.parentElement;
  if (!/[\u202e\u0590-\u05ff]/.test(text.data) || !seen(e) || apart(e)) continue;
  let line = e;
  while (getComputedStyle(line).display === 'inline' && !apart(line)) line = line.parentElement;
  if (line.textContent.trim() !== text.data.trim()) say('turns what stands beside it', e);
}
const heights = new Set([...document.querySelectorAll('[role=treeitem]')].map((row) => Math.round(row.getBoundingClientRect().height)));
if (heights.size > 1) found.push(`rows of heights ${[...heights]}`);
return found;
";

async fn in_place(window: &Window, place: &str) {
    window.still().await;
    let found = window.run(OUT_OF_PLACE, vec![]).await;
    if found != json!([]) {
        window.shot(&format!("hostile-{}", place.replace(' ', "-"))).await;
    }
    assert_eq!(found, json!([]), "{place}");
}

/// Looks at what a button opens.
async fn look_at(window: &Window, button: &str) {
    window.click("button", button).await;
    window.wait("[role=dialog],[role=menu]").await;
    in_place(window, button).await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog],[role=menu]").await;
}

#[tokio::test]
async fn names_of_any_kind_are_text_and_stay_in_their_place() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    open(&desktop, &window, &registry(&desktop.path("names"))).await;
    choose_project(&window, "Plain").await;
    window.click("button", "Open all folders").await;
    window.wait("[role=treeitem][data-kind=patient]").await;
    let shown = window.run("return document.querySelector('[role=tree]').textContent;", vec![]).await;
    assert!(shown.as_str().is_some_and(|text| text.contains(HTML)), "a name is shown as it is: {shown}");
    window.click("checkbox", "All matching").await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    in_place(&window, "new export").await;
    for button in ["Tags", "Only with", "Who has what", "Preview ZIP", "Registry", "Project", "Acting as"] {
        look_at(&window, button).await;
    }
    // A filter is said above the list.
    window.click("button", "Tags").await;
    window.click_css("[role=dialog] input[type=checkbox]").await;
    window.press(Key::Escape).await;
    window.role("button", "Remove filter").await;
    in_place(&window, "a filter").await;
    window.click("button", "Remove filter").await;

    // The automatic name of an export, and as much in two directions as fits into 120 bytes.
    let field = window.role("textbox", "Name").await;
    field.send_keys(&"W\u{5d0}".repeat(32)).await.expect("typed");
    window.click("button", "Create export").await;
    window.click("link", "Exports").await;
    window.wait("[data-row][data-state=done]").await;
    in_place(&window, "exports").await;
    assert!(prove(&the_archive(&desktop)) >= 10, "every file is in it, whatever things are called");
    window.click_css("[data-row]").await;
    window.press(Key::Enter).await;
    window.wait("[role=dialog]").await;
    in_place(&window, "details").await;
    window.press(Key::Escape).await;
    window.wait_gone("[role=dialog]").await;

    window.click("link", "Studies").await;
    window.wait("[role=grid] [role=row][data-index='0'] [data-field]").await;
    in_place(&window, "studies").await;
    look_at(&window, "Status").await;
    look_at(&window, "Columns").await;
    window.click_css("[role=grid] [role=row][data-index='0'] [data-field]").await;
    window.wait("[data-testid=inspector]").await;
    in_place(&window, "a study").await;
    window.click("link", "Settings").await;
    in_place(&window, "settings").await;

    window.click("link", "New export").await;
    choose_project(&window, "<img").await;
    in_place(&window, "a project").await;
    let hurt = window.run("return window.hurt ?? null;", vec![]).await;
    assert_eq!(hurt, Value::Null, "no name was run");
    window.close().await;
}
