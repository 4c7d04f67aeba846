//! The desk: what a window, and later a page in a browser, asks the house for, and what it is told.
//!
//! [`sheaf_commands!`](crate::sheaf_commands) lists every command once. Inputs are ids and values; a path is chosen in a dialog
//! of the desktop ([`Native`]). What is deliberately absent: Tauri, HTML, sentences for people beside those of errors.

#![expect(clippy::needless_pass_by_value, reason = "a command takes its input as it came from the page")]

mod background;
pub mod browse;
mod choosing;
pub mod cohorts;
mod commands;
pub mod completeness;
pub mod connect;
pub mod create;
pub mod data_roots;
pub mod events;
pub mod exports;
pub mod facets;
mod hashing;
pub mod image_folders;
pub mod keeping;
pub mod list;
mod native;
mod notices;
mod open;
mod preferences;
pub mod record_numbers;
pub mod registries;
pub mod rejected;
mod report;
mod rule;
pub mod settings;
pub mod studies;
pub mod study_list;
pub mod study_patients;
pub mod study_tables;
mod studying;
pub mod tasks;
mod watch;
mod words;

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sheaf_registry::{Code, Error};

use crate::environment::Environment;
use crate::sheaf::Sheaf;
use crate::wire::ErrorReport;
pub use events::{Event, Hub};
pub use native::{FileQuestion, FolderQuestion, Native, Notice, NotificationState, SaveQuestion};

/// No input, or no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Long work of a command. The page chooses the id; progress ([`Event::Task`]) and `cancel_task` go by it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TaskId {
    /// 1 to 64 characters.
    pub task: String,
}

/// One window's conversation with the house. Commands may be called from many threads at once.
pub struct Desk {
    // First: their threads end before what they work with.
    hashing: hashing::Hashing,
    background: background::Background,
    /// The folder of images that may be read.
    chosen: image_folders::Chosen,
    /// Held while a registry is read, so that one is opened at a time; never while `open` is. Holds why the one of the last
    /// time could not be opened before the page asked.
    opening: Mutex<Option<registries::Unopened>>,
    open: Mutex<Option<open::Open>>,
    /// Files of certificates that were chosen or met, by their ids.
    certificates: Mutex<Vec<std::path::PathBuf>>,
    watch: watch::Watch,
    sheaf: Arc<Sheaf>,
    hub: Hub,
    tasks: tasks::Tasks,
    studies: studying::Asking,
    native: Arc<dyn Native>,
    preferences: Arc<preferences::PreferencesFile>,
    /// The window is gone: the process ends after the last job and its notification.
    leaving: Arc<AtomicBool>,
    /// The page that was asked what shall become of the jobs, and has not shown that question yet; 0: none.
    quit_unheard: AtomicU64,
}

impl Desk {
    /// Opens the home (`None`: the platform's data directory) and recovers it.
    pub fn open(
        home: Option<&std::path::Path>,
        environment: Environment,
        native: Box<dyn Native>,
    ) -> sheaf_registry::Result<Self> {
        let hub = Hub::default();
        let environment = Environment { threads: spare(environment.threads), ..environment };
        let sheaf = Arc::new(Sheaf::open(home, environment)?);
        let native: Arc<dyn Native> = Arc::from(native);
        let preferences = Arc::new(preferences::PreferencesFile::open(sheaf.home().dir()));
        let leaving = Arc::new(AtomicBool::new(false));
        let tasks = tasks::Tasks::new(hub.clone());
        let background = background::Background::start(background::Around {
            sheaf: Arc::clone(&sheaf),
            hub: hub.clone(),
            native: Arc::clone(&native),
            preferences: Arc::clone(&preferences),
            leaving: Arc::clone(&leaving),
            tasks: tasks.clone(),
        });
        Ok(Self {
            hashing: hashing::Hashing::new(Arc::clone(&sheaf), hub.clone(), tasks.clone()),
            background,
            chosen: image_folders::Chosen::default(),
            opening: Mutex::default(),
            open: Mutex::default(),
            certificates: Mutex::default(),
            watch: watch::Watch::new(hub.clone()),
            sheaf,
            tasks,
            studies: studying::Asking::default(),
            hub,
            native,
            preferences,
            leaving,
            quit_unheard: AtomicU64::new(0),
        })
    }

    /// What is open. Held for moments only.
    fn opened(&self) -> MutexGuard<'_, Option<open::Open>> {
        // A change that broke has not broken what it did not reach.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The language of sentences that the desktop shows.
    fn language(&self) -> words::Language {
        words::Language::choose(&self.preferences.get().language, &self.native.language())
    }

    /// From now on what happens is logged into the home. For the process that has a window; a second time does nothing.
    pub fn begin_log(&self) -> sheaf_registry::Result<()> {
        crate::logs::begin(self.sheaf.home(), Arc::clone(&self.sheaf.house().environment.clock))
    }

    /// Where events come from.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }
}

/// Threads for jobs beside a window: of many cores two stay free, for the page and for the display that draws it; of few each
/// counts.
fn spare(threads: usize) -> usize {
    if threads >= 4 { threads - 2 } else { threads }
}

/// All types that commands name, for whoever expands [`sheaf_commands!`](crate::sheaf_commands).
pub mod types {
    pub use super::browse::*;
    pub use super::cohorts::*;
    pub use super::completeness::*;
    pub use super::connect::*;
    pub use super::create::*;
    pub use super::data_roots::*;
    pub use super::exports::*;
    pub use super::facets::*;
    pub use super::image_folders::*;
    pub use super::keeping::*;
    pub use super::list::*;
    pub use super::record_numbers::*;
    pub use super::registries::*;
    pub use super::rejected::*;
    pub use super::settings::*;
    pub use super::studies::*;
    pub use super::study_list::*;
    pub use super::study_patients::*;
    pub use super::study_tables::*;
    pub use super::tasks::*;
    pub use super::{Nothing, NotificationState, TaskId};
    pub use crate::wire::{DatasetExport, SourceExports, Verification};
}

macro_rules! dispatcher {
    ($($name:ident($input:ty) -> $output:ty;)*) => {
        /// Names of all commands.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),*];

        impl Desk {
            /// Runs a command by its name, as JSON: what a test, and later a server, has in place of a window.
            ///
            /// # Errors
            /// `USAGE` for an unknown command or an input that does not fit or is too large; those of the command.
            pub fn dispatch(&self, command: &str, input: serde_json::Value) -> Result<serde_json::Value, ErrorReport> {
                #[allow(clippy::wildcard_imports)]
                use types::*;
                check_size(command, &input)?;
                match command {
                    $(stringify!($name) => {
                        let input: $input = serde_json::from_value(input).map_err(|error| ErrorReport::from(&misfit(command, &error)))?;
                        let output: $output = self.$name(input).map_err(|error| ErrorReport::from(&error))?;
                        serde_json::to_value(output).map_err(|error| ErrorReport::from(&misfit(command, &error)))
                    })*
                    _ => Err(ErrorReport::from(&Error::new(Code::Usage, "There is no such command."))),
                }
            }
        }
    };
}
crate::sheaf_commands!(dispatcher);

/// Most bytes of text in one input.
const MOST_TEXT: usize = 64 << 10;
/// Most values in one input.
const MOST_VALUES: usize = 4096;
/// Commands that take a list which people paste: that has a limit and words of its own, in `list.rs` and in
/// [`Criteria`](sheaf_registry::studies::Criteria).
pub const TAKES_A_LIST: [&str; 3] = ["match_list", "studies_query", "studies_values"];

/// Looks at the size of an input before anybody understands it: what a page sends has an end, whatever the page.
///
/// # Errors
/// `USAGE` for an input that is larger than any of this command is.
pub fn check_size(command: &str, input: &serde_json::Value) -> Result<(), ErrorReport> {
    let takes_a_list = TAKES_A_LIST.contains(&command);
    let (mut text, mut values) = if takes_a_list { (usize::MAX, usize::MAX) } else { (MOST_TEXT, MOST_VALUES) };
    if takes(input, &mut text, &mut values).is_some() {
        return Ok(());
    }
    Err(ErrorReport::from(&Error::new(Code::Usage, format!("The input of {command} is too large.")).hint("Shorten it.")))
}

/// Takes the size of a value from what is left; `None` when that is not enough.
fn takes(value: &serde_json::Value, text: &mut usize, values: &mut usize) -> Option<()> {
    use serde_json::Value;
    *values = values.checked_sub(1)?;
    match value {
        Value::String(said) => *text = text.checked_sub(said.len())?,
        Value::Array(items) => items.iter().try_for_each(|item| takes(item, text, values))?,
        Value::Object(fields) => {
            for (key, value) in fields {
                *text = text.checked_sub(key.len())?;
                takes(value, text, values)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Some(())
}

fn misfit(command: &str, error: &serde_json::Error) -> Error {
    Error::new(Code::Usage, format!("The input of {command} does not fit: {error}."))
}
