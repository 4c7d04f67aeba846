//! Dialogs in which a person chooses a path: built on the desktop's own thread, awaited elsewhere.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Mutex, TryLockError};

use rfd::{AsyncFileDialog, AsyncMessageDialog, FileHandle, MessageLevel};
use sheaf_app::desk::{FileQuestion, FolderQuestion, SaveQuestion};
use tauri::{AppHandle, Manager as _};

type Answer = Pin<Box<dyn Future<Output = Option<FileHandle>> + Send>>;

/// Asks for an existing file. Its kind is offered first, all files besides.
pub(crate) fn choose_file(app: &AppHandle, question: &FileQuestion) -> Option<PathBuf> {
    let dialog = begin(&question.title, question.folder.as_deref());
    let kind = question.kind.clone();
    ask(
        app,
        &question.title,
        kind.is_some(),
        move |dialog| {
            let dialog = match kind {
                Some((name, endings)) => dialog.add_filter(name, &endings),
                None => dialog,
            };
            Box::pin(dialog.pick_file())
        },
        dialog,
    )
}

/// Asks for a folder.
pub(crate) fn choose_folder(app: &AppHandle, question: &FolderQuestion) -> Option<PathBuf> {
    let dialog = begin(&question.title, question.folder.as_deref());
    ask(app, &question.title, false, |dialog| Box::pin(dialog.pick_folder()), dialog)
}

/// Asks where to save; GTK asks before it lets a file be replaced.
pub(crate) fn choose_save(app: &AppHandle, question: &SaveQuestion) -> Option<PathBuf> {
    let dialog = begin(&question.title, question.folder.as_deref()).set_file_name(&question.file_name);
    ask(app, &question.title, false, |dialog| Box::pin(dialog.save_file()), dialog)
}

/// Says something that the page cannot say, and goes on when it was read.
pub(crate) fn say(title: &str, text: &str, then: impl FnOnce() + Send + 'static) {
    let dialog = AsyncMessageDialog::new().set_level(MessageLevel::Error).set_title(title).set_description(text);
    let shown = dialog.show();
    tauri::async_runtime::spawn(async move {
        shown.await;
        then();
    });
}

fn begin(title: &str, folder: Option<&Path>) -> AsyncFileDialog {
    // A NUL would end the process inside of rfd.
    let dialog = AsyncFileDialog::new().set_title(title.replace('\0', ""));
    match folder {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    }
}

fn ask(
    app: &AppHandle,
    title: &str,
    has_kind: bool,
    show: impl FnOnce(AsyncFileDialog) -> Answer + Send + 'static,
    dialog: AsyncFileDialog,
) -> Option<PathBuf> {
    // One at a time: a second one would hide behind the first.
    static OPEN: Mutex<()> = Mutex::new(());
    let _open = match OPEN.try_lock() {
        Ok(open) => open,
        Err(TryLockError::Poisoned(open)) => open.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    #[cfg(feature = "test-hooks")]
    if let Some(answer) = prepared() {
        return (!answer.is_empty()).then(|| PathBuf::from(answer));
    }
    let (title, window) = (title.to_owned(), app.get_webview_window("main"));
    let (sender, receiver) = std::sync::mpsc::channel();
    app.run_on_main_thread(move || {
        let dialog = match &window {
            Some(window) => dialog.set_parent(window),
            None => dialog,
        };
        let answer = show(dialog);
        #[cfg(target_os = "linux")]
        if let Some(parent) = window.and_then(|window| window.gtk_window().ok()) {
            belong(parent, title, has_kind);
        }
        let _ = sender.send(answer);
    })
    .ok()?;
    let answer = receiver.recv().ok()?;
    tauri::async_runtime::block_on(answer).map(|file| file.path().to_owned())
}

/// Makes the dialog belong to the window: in front of it, and the window waits. With GTK, rfd knows neither a parent nor a filter for
/// all files. The dialog comes into being when GTK is idle, so this looks for it then.
#[cfg(target_os = "linux")]
fn belong(parent: gtk::ApplicationWindow, title: String, has_kind: bool) {
    use gtk::prelude::*;
    gtk::glib::idle_add_local_once(move || {
        for window in gtk::Window::list_toplevels() {
            let Ok(dialog) = window.downcast::<gtk::FileChooserDialog>() else { continue };
            if !dialog.is_visible() || dialog.title().is_none_or(|shown| shown != title.replace('\0', "")) {
                continue;
            }
            dialog.set_transient_for(Some(&parent));
            dialog.set_modal(true);
            if has_kind {
                let all = gtk::FileFilter::new();
                all.set_name(Some("*"));
                all.add_pattern("*");
                dialog.add_filter(all);
            }
        }
    });
}

/// The answer that a test has prepared: the first line of the file that `SHEAF_TEST_DIALOGS` names, which is taken away; an empty
/// line closes the dialog. Without a line the dialog opens.
#[cfg(feature = "test-hooks")]
fn prepared() -> Option<String> {
    let file = std::env::var_os("SHEAF_TEST_DIALOGS")?;
    let text = std::fs::read_to_string(&file).ok()?;
    let (first, rest) = text.split_once('\n')?;
    std::fs::write(&file, rest).ok()?;
    Some(first.to_owned())
}
