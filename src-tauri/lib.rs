//! The desktop shell: carries words between the page, the desk (`sheaf_app::desk`) and the desktop.
//!
//! What is deliberately absent: rules. Whatever decides something is in the crates, where it is tested without a desktop.

mod bus;
pub mod commands;
mod dialogs;
mod host;
mod notifications;
mod start;
mod window;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use sheaf_app::Environment;
use sheaf_app::desk::Desk;
use sheaf_app::desk::settings::Preferences;
use sheaf_registry::Error;
use tauri::{AppHandle, Manager as _, RunEvent, WindowEvent};
use tauri_plugin_window_state::StateFlags;

use crate::host::Host;
use crate::start::Said;

/// Opens the window. Ends the process itself when the window is gone and no job runs.
pub fn main() -> ExitCode {
    let here = std::env::current_dir().unwrap_or_default();
    let registry = match start::understand(std::env::args_os().skip(1), &here) {
        Said::Open(registry) => registry,
        Said::Print(text) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Said::Refuse(text) => {
            eprintln!("sheaf-desktop: {text}");
            return ExitCode::from(2);
        }
    };
    let home = start::home();
    let preferences = Preferences::glance(home.as_deref());
    #[cfg(target_os = "linux")]
    {
        if !start::has_display() {
            eprintln!(
                "sheaf-desktop: There is no display: DISPLAY and WAYLAND_DISPLAY are empty. `sheaf` works without one."
            );
            return ExitCode::FAILURE;
        }
        start::choose_rendering(&preferences);
    }
    // First, so that a second start ends before it does anything.
    let single = tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance(home.as_deref()))
        .callback(move |app, words, folder| again(app, words, Path::new(&folder)))
        .build();
    let state = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .build();
    let app = tauri::Builder::default()
        .plugin(single)
        .plugin(state)
        .invoke_handler(commands::router())
        .setup(move |app| {
            let handle = app.handle().clone();
            let host = Box::new(Host::new(handle.clone()));
            // The home opens, and a registry is read, while WebKit starts and the page is loaded.
            let opening = std::thread::spawn(move || open_desk(home.as_deref(), host, registry));
            let window = window::make(app, &preferences)?;
            match opening.join().map_err(|_| "the desk could not be opened")? {
                Ok(desk) => {
                    app.manage(Arc::clone(&desk));
                    end_on_signals(&handle, desk);
                    window.show()?;
                }
                Err(error) => {
                    let _ = window.destroy();
                    tell(&error, move || handle.exit(1));
                }
            }
            Ok(())
        })
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            eprintln!("sheaf-desktop: {error}");
            return ExitCode::FAILURE;
        }
    };
    app.run(|app, event| match event {
        RunEvent::WindowEvent { event: WindowEvent::CloseRequested { api, .. }, .. } => {
            api.prevent_close();
            ask_to_close(app);
        }
        // The last window is gone, but nobody said that the process shall end: a message may still be read.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => {
            if let Some(desk) = app.try_state::<Arc<Desk>>() {
                desk.close();
            }
        }
        _ => (),
    });
    ExitCode::SUCCESS
}

/// Opens the desk and its log, and begins to read a registry: the one that was named, else that of the last time.
fn open_desk(home: Option<&Path>, host: Box<Host>, registry: Option<PathBuf>) -> sheaf_registry::Result<Arc<Desk>> {
    let desk = Arc::new(Desk::open(home, Environment::system(), host)?);
    if let Err(error) = desk.begin_log() {
        eprintln!("sheaf-desktop: {error}");
    }
    let reader = Arc::clone(&desk);
    let (held, is_held) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        if let Err(error) = reader.warm(registry.as_deref(), move || drop(held)) {
            tell(&error, || ());
        }
    });
    // From here on, a page that asks how to begin waits for it. It ends with the sender, so there is no message to receive.
    let _ = is_held.recv();
    Ok(desk)
}

/// Brings the window back, in front.
pub(crate) fn reappear(app: &AppHandle) {
    if let Some(desk) = app.try_state::<Arc<Desk>>() {
        desk.reappear();
    }
    if let Some(window) = app.get_webview_window("main") {
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

/// The user wants to close the window. The desk may have to look around, so the desktop's own thread does not wait.
fn ask_to_close(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let may_close = app.try_state::<Arc<Desk>>().is_none_or(|desk| desk.close_asked());
        if may_close {
            app.exit(0);
        }
    });
}

/// A second start: its window is this one.
fn again(app: &AppHandle, words: Vec<String>, folder: &Path) {
    reappear(app);
    let Said::Open(Some(registry)) = start::understand(words.into_iter().skip(1).map(Into::into), folder) else { return };
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        if let Some(desk) = app.try_state::<Arc<Desk>>()
            && let Err(error) = desk.open_at(&registry)
        {
            tell(&error, || ());
        }
    });
}

/// An instance for each home: a window on another home is another window.
fn instance(home: Option<&Path>) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let identifier = "org.sheaf-imaging.sheaf";
    match home.and_then(|home| std::path::absolute(home).ok()) {
        Some(home) => {
            let mut hasher = DefaultHasher::new();
            home.hash(&mut hasher);
            format!("{identifier}.h{:016x}", hasher.finish())
        }
        None => identifier.to_owned(),
    }
}

/// Ends in order when the session ends or somebody presses Ctrl-C: jobs are stopped and can be restarted.
fn end_on_signals(app: &AppHandle, desk: Arc<Desk>) {
    let app = app.clone();
    let set = ctrlc::set_handler(move || {
        desk.close();
        app.exit(0);
    });
    if let Err(error) = set {
        tracing::warn!(%error, "signals end the process at once");
    }
}

/// Says in a dialog of the desktop what the page cannot say, and on the terminal.
fn tell(error: &Error, then: impl FnOnce() + Send + 'static) {
    let next = if error.next_step().is_empty() { String::new() } else { format!("\n\n{}", error.next_step()) };
    eprintln!("sheaf-desktop: {}: {}{next}", error.code().as_str(), error.message());
    dialogs::say("Sheaf", &format!("{}{next}\n\n{}", error.message(), error.code().as_str()), then);
}
