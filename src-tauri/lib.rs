//! The desktop shell: carries words between the page, the desk (`sheaf_app::desk`) and the desktop.
//!
//! What is deliberately absent: rules. Whatever decides something is in the crates, where it is tested without a desktop.

pub mod commands;
pub mod host;

use std::process::ExitCode;
use std::sync::Arc;

use sheaf_app::Environment;
use sheaf_app::desk::Desk;
use tauri::Manager;

/// Opens the window and returns when the process shall end.
pub fn main() -> ExitCode {
    let app = tauri::Builder::default()
        .invoke_handler(commands::router())
        .setup(|app| {
            let home = std::env::var_os("SHEAF_HOME").map(std::path::PathBuf::from);
            let desk = Desk::open(home.as_deref(), Environment::system(), Box::new(host::Host::new(app.handle().clone())))
                .map_err(|error| error.to_string())?;
            app.manage(Arc::new(desk));
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run(|_, _| ());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sheaf-desktop: {error}");
            ExitCode::FAILURE
        }
    }
}
