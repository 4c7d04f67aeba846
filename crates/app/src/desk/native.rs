//! What only the desktop can do. The shell does it with GTK and D-Bus; tests answer with what they prepared.
//!
//! Paths are chosen here, by a person in a dialog of the desktop, and nowhere else: no command takes a path from the page.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sheaf_registry::Result;

/// A question for an existing file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileQuestion {
    /// Title of the dialog.
    pub title: String,
    /// Name of the kind of file, and its extensions without a dot; all files can be chosen besides.
    pub kind: Option<(String, Vec<String>)>,
    /// Folder to begin in.
    pub folder: Option<PathBuf>,
}

/// A question for a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderQuestion {
    /// Title of the dialog.
    pub title: String,
    /// Folder to begin in.
    pub folder: Option<PathBuf>,
}

/// A question for a file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveQuestion {
    /// Title of the dialog.
    pub title: String,
    /// Suggested name.
    pub file_name: String,
    /// Folder to begin in.
    pub folder: Option<PathBuf>,
}

/// A notification. Its words hold no name of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The export that it is about; its *Show* action leads there.
    pub export: Option<String>,
    /// First line.
    pub title: String,
    /// Second line.
    pub body: String,
    /// Label of the action that leads to the export; none without an export.
    pub action: Option<String>,
    /// Something went wrong.
    pub urgent: bool,
}

/// Whether this desktop shows notifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct NotificationState {
    /// A daemon answers.
    pub available: bool,
    /// Name of the daemon, or why there is none, in one sentence.
    pub about: String,
}

/// What the desktop does for the desk. Everything may block; nothing is called on the desktop's own thread.
pub trait Native: Send + Sync {
    /// Lets the user choose an existing file; `None` when the dialog was closed.
    fn choose_file(&self, question: &FileQuestion) -> Option<PathBuf>;
    /// Lets the user choose a folder.
    fn choose_folder(&self, question: &FolderQuestion) -> Option<PathBuf>;
    /// Lets the user choose where to save. The dialog asks before it lets a file be replaced.
    fn choose_save(&self, question: &SaveQuestion) -> Option<PathBuf>;
    /// Opens the file manager with this file selected. `DESKTOP_UNAVAILABLE`.
    fn show_in_folder(&self, file: &Path) -> Result<()>;
    /// Opens the file manager in this folder. `DESKTOP_UNAVAILABLE`.
    fn open_folder(&self, folder: &Path) -> Result<()>;
    /// Puts text on the clipboard. `DESKTOP_UNAVAILABLE`.
    fn copy(&self, text: &str) -> Result<()>;
    /// Moves a file to the trash. `TRASH_FAILED`.
    fn trash(&self, file: &Path) -> Result<()>;
    /// Shows a notification. `DESKTOP_UNAVAILABLE`.
    fn notify(&self, notice: &Notice) -> Result<()>;
    /// Whether a notification stands that nobody has clicked or put away yet.
    fn has_notice(&self) -> bool;
    /// Whether there is a notification daemon.
    fn notifications(&self) -> NotificationState;
    /// Whether the window has the focus: then the page's toast is enough.
    fn has_focus(&self) -> bool;
    /// Jobs run or have ended: shows the share done (0 to 1) on the taskbar and keeps the machine awake for the reason given, where
    /// it can.
    fn working(&self, share: Option<f64>, awake: Option<&'static str>);
    /// Hides the window; the process goes on.
    fn hide(&self);
    /// Ends the process, once the desk has let go.
    fn exit(&self);
    /// The language of the desktop, such as `it` or `en-GB`; empty where it says nothing.
    fn language(&self) -> String;
}
