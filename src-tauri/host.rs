//! What the desktop does for the desk, with GTK, D-Bus and the platform's own means.

use std::path::{Path, PathBuf};

use sheaf_app::desk::{FileQuestion, FolderQuestion, Native, Notice, NotificationState, SaveQuestion};
use sheaf_registry::{Code, Error, Result};
use tauri::{AppHandle, Manager as _, WebviewWindow};

use crate::bus::Work;
use crate::notifications::Daemon;
use crate::{bus, dialogs, start};

/// The desktop around the window.
pub(crate) struct Host {
    app: AppHandle,
    daemon: Daemon,
    work: Work,
}

impl Host {
    /// The desktop of this application.
    pub(crate) fn new(app: AppHandle) -> Self {
        Self { app, daemon: Daemon::ask(), work: Work::new() }
    }

    fn window(&self) -> Option<WebviewWindow> {
        self.app.get_webview_window("main")
    }

    /// Does something on the desktop's own thread and waits for its answer.
    fn on_main<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.app.run_on_main_thread(move || drop(sender.send(work()))).ok()?;
        receiver.recv().ok()
    }

    fn open_with_desktop(&self, path: &Path) -> Result<()> {
        use gtk::gio;
        let unavailable = || {
            Error::new(Code::DesktopUnavailable, "No file manager answers on this desktop.")
                .hint(format!("Open this folder yourself: {}", path.display()))
        };
        let uri = tauri::Url::from_file_path(path).map_err(|()| unavailable())?;
        let opened =
            self.on_main(move || gio::AppInfo::launch_default_for_uri(uri.as_str(), None::<&gio::AppLaunchContext>));
        match opened {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(unavailable().cause(error)),
            None => Err(unavailable()),
        }
    }
}

impl Native for Host {
    fn choose_file(&self, question: &FileQuestion) -> Option<PathBuf> {
        dialogs::choose_file(&self.app, question)
    }

    fn choose_folder(&self, question: &FolderQuestion) -> Option<PathBuf> {
        dialogs::choose_folder(&self.app, question)
    }

    fn choose_save(&self, question: &SaveQuestion) -> Option<PathBuf> {
        dialogs::choose_save(&self.app, question)
    }

    fn show_in_folder(&self, file: &Path) -> Result<()> {
        match bus::show_in_file_manager(file) {
            Ok(()) => Ok(()),
            // A desktop without that service still opens folders.
            Err(_) => self.open_with_desktop(file.parent().unwrap_or(file)),
        }
    }

    fn open_folder(&self, folder: &Path) -> Result<()> {
        self.open_with_desktop(folder)
    }

    fn copy(&self, text: &str) -> Result<()> {
        let text = text.to_owned();
        let copied = self.on_main(move || {
            let clipboard = gtk::Clipboard::get(&gtk::gdk::SELECTION_CLIPBOARD);
            clipboard.set_text(&text);
            // A clipboard manager keeps it when this process ends.
            clipboard.store();
        });
        copied.ok_or_else(|| Error::new(Code::DesktopUnavailable, "The clipboard cannot be reached."))
    }

    fn trash(&self, file: &Path) -> Result<()> {
        trash::delete(file).map_err(|error| {
            Error::new(Code::TrashFailed, "The file could not be moved to the trash; it is where it was.")
                .hint("Some network and removable disks have no trash. Delete the file in the file manager.")
                .cause(error)
        })
    }

    fn notify(&self, notice: &Notice) -> Result<()> {
        self.daemon.show(&self.app, notice)
    }

    fn has_notice(&self) -> bool {
        self.daemon.has_notice()
    }

    fn notifications(&self) -> NotificationState {
        self.daemon.state()
    }

    fn has_focus(&self) -> bool {
        self.window().is_some_and(|window| window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false))
    }

    fn working(&self, share: Option<f64>, awake: Option<&'static str>) {
        self.work.tell(share, awake);
    }

    fn hide(&self) {
        if let Some(window) = self.window() {
            let _ = window.hide();
        }
    }

    fn exit(&self) {
        self.app.exit(0);
    }

    fn language(&self) -> String {
        start::language(|name| std::env::var(name).ok())
    }
}
