//! A window with nothing in it: what `make bench-ui` compares the first usable window with.

fn main() {
    tauri::Builder::default()
        .run(tauri::generate_context!("tests/empty-window/tauri.conf.json"))
        .expect("the empty window opens");
}
