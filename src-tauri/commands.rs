//! Every command of the list, as Tauri wants it: take the input, ask the desk on a thread that may block, answer.

use std::sync::Arc;

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the types that the list of commands names"))]
use sheaf_app::desk::types::*;
use sheaf_app::desk::{Desk, Event, check_size};
use sheaf_app::wire::ErrorReport;
use tauri::State;
use tauri::ipc::{Channel, Invoke, InvokeBody, InvokeMessage};

/// The page is there: from now on it is told what happens.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands values to a command")]
pub fn listen(desk: State<'_, Arc<Desk>>, channel: Channel<Event>) {
    desk.hub().listen(Arc::new(move |event| drop(channel.send(event.clone()))));
}

macro_rules! adapters {
    ($($name:ident($input:ty) -> $output:ty;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "` of the desk.")]
            #[tauri::command]
            pub async fn $name(desk: State<'_, Arc<Desk>>, input: $input) -> Result<$output, ErrorReport> {
                ask(&desk, move |desk| desk.$name(input)).await
            }
        )*

        fn by_name<R: tauri::Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![listen, $($name),*]
        }
    };
}
sheaf_app::sheaf_commands!(adapters);

/// Takes what the page calls to the command of that name, if it is of a size that the command can have.
pub fn router<R: tauri::Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    let command = by_name();
    move |invoke| match measure(&invoke.message) {
        Ok(()) => command(invoke),
        Err(report) => {
            invoke.resolver.reject(report);
            true
        }
    }
}

fn measure<R: tauri::Runtime>(message: &InvokeMessage<R>) -> Result<(), ErrorReport> {
    match message.payload() {
        InvokeBody::Json(input) => check_size(message.command(), input),
        // No command takes bytes: it will not find its input.
        InvokeBody::Raw(_) => Ok(()),
    }
}

/// Runs a command where it may block.
async fn ask<T: Send + 'static>(
    desk: &Arc<Desk>,
    command: impl FnOnce(&Desk) -> sheaf_registry::Result<T> + Send + 'static,
) -> Result<T, ErrorReport> {
    let desk = Arc::clone(desk);
    match tauri::async_runtime::spawn_blocking(move || command(&desk)).await {
        Ok(answer) => answer.map_err(|error| ErrorReport::from(&error)),
        // What it said stands in the log: it may hold what nobody shall read on a screen.
        Err(_) => Err(ErrorReport {
            code: "INTERNAL".to_owned(),
            message: "Something in Sheaf broke while it worked on this.".to_owned(),
            hint: "Try again; if it happens again, report it with the log folder.".to_owned(),
            details: Vec::new(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::{Value, json};
    use sheaf_app::Environment;
    use sheaf_app::desk::{COMMANDS, FileQuestion, FolderQuestion, Native, Notice, SaveQuestion, TAKES_A_LIST};
    use tauri::Manager as _;
    use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
    use tauri::webview::InvokeRequest;

    use super::*;

    /// A desktop on which nobody answers.
    struct Nobody;

    impl Native for Nobody {
        fn choose_file(&self, _: &FileQuestion) -> Option<PathBuf> {
            None
        }
        fn choose_folder(&self, _: &FolderQuestion) -> Option<PathBuf> {
            None
        }
        fn choose_save(&self, _: &SaveQuestion) -> Option<PathBuf> {
            None
        }
        fn show_in_folder(&self, _: &Path) -> sheaf_registry::Result<()> {
            Ok(())
        }
        fn open_folder(&self, _: &Path) -> sheaf_registry::Result<()> {
            Ok(())
        }
        fn copy(&self, _: &str) -> sheaf_registry::Result<()> {
            Ok(())
        }
        fn trash(&self, _: &Path) -> sheaf_registry::Result<()> {
            Ok(())
        }
        fn notify(&self, _: &Notice) -> sheaf_registry::Result<()> {
            Ok(())
        }
        fn has_notice(&self) -> bool {
            false
        }
        fn notifications(&self) -> NotificationState {
            NotificationState { available: false, about: String::new() }
        }
        fn has_focus(&self) -> bool {
            true
        }
        fn working(&self, _: Option<f64>, _: Option<&'static str>) {}
        fn hide(&self) {}
        fn exit(&self) {}
        fn language(&self) -> String {
            String::new()
        }
    }

    /// The application without a screen: its own permissions, router and commands, and a desk on a new home.
    struct App {
        app: tauri::App<MockRuntime>,
        _home: tempfile::TempDir,
    }

    impl App {
        fn new() -> Self {
            let home = tempfile::tempdir().expect("a temporary folder");
            let desk = Desk::open(Some(home.path()), Environment::system(), Box::new(Nobody)).expect("a usable home");
            let context: tauri::Context<MockRuntime> = tauri::generate_context!();
            let app = mock_builder().invoke_handler(router()).build(context).expect("the application is built");
            app.manage(Arc::new(desk));
            Self { app, _home: home }
        }

        /// Calls a command as a page of this origin in the window of this name does.
        fn call_from(&self, window: &str, origin: &str, command: &str, input: &Value) -> Result<Value, Value> {
            let page = self.app.get_webview_window(window).unwrap_or_else(|| {
                tauri::WebviewWindowBuilder::new(&self.app, window, tauri::WebviewUrl::default()).build().expect("a window")
            });
            let request = InvokeRequest {
                cmd: command.to_owned(),
                callback: tauri::ipc::CallbackFn(0),
                error: tauri::ipc::CallbackFn(1),
                url: origin.parse().expect("an address"),
                body: json!({ "input": input }).into(),
                headers: tauri::http::HeaderMap::new(),
                invoke_key: INVOKE_KEY.to_owned(),
            };
            get_ipc_response(&page, request).map(|answer| answer.deserialize().expect("JSON"))
        }

        fn call(&self, command: &str, input: &Value) -> Result<Value, Value> {
            self.call_from("main", "tauri://localhost", command, input)
        }
    }

    #[test]
    fn a_command_answers_and_its_errors_have_a_code() {
        let app = App::new();
        let settings = app.call("settings", &json!({})).expect("it answers");
        assert!(settings["preferences"].is_object(), "{settings}");
        let refused = app.call("export_details", &json!({ "id": "none" })).expect_err("there is no such record");
        assert_eq!(refused["code"], "UNKNOWN_EXPORT", "{refused}");
    }

    #[test]
    fn every_command_may_be_called_and_refuses_what_it_does_not_know() {
        let app = App::new();
        for command in COMMANDS {
            let refused = app.call(command, &json!({ "path": "/etc/passwd" })).expect_err(command).to_string();
            assert!(refused.contains("invalid args"), "{command} is reached, and takes no path: {refused}");
        }
    }

    #[test]
    fn what_is_larger_than_any_input_is_refused_unread() {
        let app = App::new();
        for command in COMMANDS.iter().filter(|command| !TAKES_A_LIST.contains(command)) {
            let refused = app.call(command, &json!({ "text": "x".repeat(70_000) })).expect_err(command);
            assert_eq!(refused["code"], "USAGE", "{command}: {refused}");
        }
        let many = json!({ "modalities": vec![1; 5000], "kind": "both" });
        assert_eq!(app.call("set_contents", &many).expect_err("too many")["code"], "USAGE", "numbers count too");
    }

    #[test]
    fn only_the_own_page_in_the_one_window_is_heard_and_only_own_commands() {
        let app = App::new();
        let refused = |window: &str, origin: &str, command: &str| {
            let refused = app.call_from(window, origin, command, &json!({})).expect_err(command).to_string();
            assert!(refused.contains("not allowed"), "{window} {origin} {command}: {refused}");
        };
        refused("main", "https://example.org", "settings");
        refused("other", "tauri://localhost", "settings");
        for command in
            ["plugin:window|close", "plugin:event|listen", "plugin:webview|create_webview_window", "plugin:path|resolve"]
        {
            refused("main", "tauri://localhost", command);
        }
    }
}
