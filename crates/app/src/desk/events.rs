//! What the desk tells without being asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::exports::ExportRow;
use crate::progress::JobProgress;

/// Something that the page shows without having asked. Whole rows: the page merges them by id.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Records that are new or changed, and ids of those that are gone.
    Exports {
        /// New or changed.
        rows: Vec<ExportRow>,
        /// Gone.
        removed: Vec<String>,
    },
    /// A running export, at most ten times a second; the first and the last always.
    Progress {
        /// Id of the export.
        id: String,
        /// How far it is.
        progress: JobProgress,
    },
    /// Long work that a command does, such as making the demo: told while the command runs.
    Task {
        /// The id that the page gave the task.
        task: String,
        /// How far it is.
        progress: JobProgress,
    },
    /// The reading of a foreign source, which is the task `source`, has ended, well or not.
    SourceRead,
    /// The computing of checksums of the open folder of images, which is the task `hashes`, has ended; `image_folder` says how far it
    /// is.
    HashesEnded,
    /// The Rust side lives. Told once a second.
    Alive,
    /// The user wants to close the window while exports run; answered with the command `quit`.
    QuitAsked {
        /// Exports that wait or run in this process.
        active: u32,
    },
    /// The registry's file has changed since it was opened; `refresh_registry` reads it anew.
    RegistryChanged,
    /// Another registry was opened without the page, by a second start of the program; `start` says what is open.
    RegistryOpened,
    /// Go to this export: its notification was clicked.
    ShowExport {
        /// Id of the export.
        id: String,
    },
}

/// Receives events; called from worker threads and must not block.
pub type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Carries events to whoever listens now: at most one page.
#[derive(Clone, Default)]
pub struct Hub(Arc<Mutex<Hearing>>);

#[derive(Default)]
struct Hearing {
    listener: Option<Listener>,
    /// How many pages have listened so far.
    pages: u64,
}

impl Hub {
    /// From now on this listener is told; the one before is forgotten. What was missed is asked for with commands.
    pub fn listen(&self, listener: Listener) {
        let mut hearing = self.lock();
        *hearing = Hearing { listener: Some(listener), pages: hearing.pages + 1 };
    }

    /// Which page listens, counted from 1; `None` where there is none.
    pub(crate) fn page(&self) -> Option<u64> {
        let hearing = self.lock();
        hearing.listener.as_ref().map(|_| hearing.pages)
    }

    /// Tells the listener, if there is one.
    pub fn tell(&self, event: &Event) {
        let listener = self.lock().listener.clone();
        if let Some(listener) = listener {
            listener(event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hearing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
