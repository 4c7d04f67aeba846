//! Every command of the list, as Tauri wants it: take the input, ask the desk on a thread that may block, answer.

use std::sync::Arc;

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the types that the list of commands names"))]
use sheaf_app::desk::types::*;
use sheaf_app::desk::{Desk, Event};
use sheaf_app::wire::ErrorReport;
use tauri::State;
use tauri::ipc::Channel;

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

        /// Takes what the page calls to the command of that name.
        pub fn router<R: tauri::Runtime>() -> impl Fn(tauri::ipc::Invoke<R>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![listen, $($name),*]
        }
    };
}
sheaf_app::sheaf_commands!(adapters);

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
