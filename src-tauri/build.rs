//! Tells Tauri every command, so that each needs a permission. Runs in the folder of the root `Cargo.toml`.

include!("../crates/app/src/desk/commands.rs");

macro_rules! names {
    ($($name:ident($input:ty) -> $output:ty;)*) => {
        const COMMANDS: &[&str] = &["listen", $(stringify!($name)),*];
    };
}
sheaf_commands!(names);

fn main() {
    let attributes = tauri_build::Attributes::new()
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS))
        .capabilities_path_pattern("./src-tauri/capabilities/**/*");
    tauri_build::try_build(attributes).expect("the Tauri build script");
}
