//! What the desktop does for the desk, with GTK, D-Bus and the platform's own means.

use std::path::{Path, PathBuf};

use sheaf_app::desk::{FileQuestion, FolderQuestion, Native, Notice, NotificationState, SaveQuestion};
use sheaf_registry::{Code, Error, Result};
use tauri::AppHandle;

/// The desktop around the window.
pub struct Host {
    app: AppHandle,
}

impl Host {
    /// The desktop of this application.
    pub fn new(app: AppHandle) -> Self {
        Self { app }
    }
}

fn unavailable() -> Error {
    Error::new(Code::NotYet, "This desktop cannot do that.")
}

impl Native for Host {
    fn choose_file(&self, _: &FileQuestion) -> Option<PathBuf> {
        None
    }
    fn choose_folder(&self, _: &FolderQuestion) -> Option<PathBuf> {
        None
    }
    fn choose_save(&self, _: &SaveQuestion) -> Option<PathBuf> {
        None
    }
    fn show_in_folder(&self, _: &Path) -> Result<()> {
        Err(unavailable())
    }
    fn open_folder(&self, _: &Path) -> Result<()> {
        Err(unavailable())
    }
    fn copy(&self, _: &str) -> Result<()> {
        Err(unavailable())
    }
    fn trash(&self, _: &Path) -> Result<()> {
        Err(unavailable())
    }
    fn notify(&self, _: &Notice) -> Result<()> {
        Err(unavailable())
    }
    fn notifications(&self) -> NotificationState {
        NotificationState { available: false, about: String::new() }
    }
    fn has_focus(&self) -> bool {
        false
    }
    fn working(&self, _: Option<f64>, _: bool) {}
    fn hide(&self) {}
    fn exit(&self) {
        self.app.exit(0);
    }
    fn language(&self) -> String {
        String::new()
    }
}
