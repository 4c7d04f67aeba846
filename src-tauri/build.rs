//! Tells Tauri every command, so that each needs a permission. Runs in the folder of the root `Cargo.toml`.

include!("../crates/app/src/desk/commands.rs");

macro_rules! names {
    ($($name:ident($input:ty) -> $output:ty;)*) => {
        const COMMANDS: &[&str] = &["listen", $(stringify!($name)),*];
    };
}
sheaf_commands!(names);

fn main() {
    // The page goes into the binary as it stands; cargo does not build it.
    println!("cargo::rerun-if-changed=ui/dist");
    if !std::path::Path::new("ui/dist/index.html").is_file() {
        println!("cargo::error=The page is not built: ui/dist/index.html is missing. `make ui` builds it.");
        return;
    }
    let attributes = tauri_build::Attributes::new()
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS))
        .capabilities_path_pattern("./src-tauri/capabilities/**/*");
    tauri_build::try_build(attributes).expect("the Tauri build script");
}
