//! Preferences of the window, limits of the home, logs, quitting.

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;

use super::{Desk, Nothing, NotificationState, TaskId, not_yet};

/// How the window looks and behaves. Kept in the home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// Light, dark or as the desktop.
    pub appearance: Appearance,
    /// `en`, `it`; empty: as the desktop.
    pub language: String,
    /// Notifications of the desktop at the end of a job.
    pub notifications: bool,
    /// The machine is kept awake while a job runs.
    pub keep_awake: bool,
    /// Names of patients are shown in the tree, where the registry has them.
    pub show_names: bool,
    /// Rendering for drivers that leave the window blank. Takes effect at the next start.
    pub rendering: Rendering,
    /// Whether an export leaves out files that cannot be had, as chosen last.
    pub skip_missing: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            appearance: Appearance::System,
            language: String::new(),
            notifications: true,
            keep_awake: true,
            show_names: true,
            rendering: Rendering::Automatic,
            skip_missing: false,
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Appearance {
    /// As the desktop.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How WebKit draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Rendering {
    /// Compatible where the graphics driver is known to leave windows blank.
    #[default]
    Automatic,
    /// Always compatible.
    Compatible,
    /// Never compatible.
    Accelerated,
}

/// Everything that Settings shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SettingsView {
    /// How the window looks and behaves.
    pub preferences: Preferences,
    /// Limits as they are in force.
    pub limits: LimitsView,
    /// Whether this desktop shows notifications.
    pub notifications: NotificationState,
    /// Where history, cohorts and settings are kept.
    pub home: String,
    /// Where logs are kept.
    pub logs: String,
    /// Version of the application.
    pub version: String,
}

/// Limits in bytes and numbers; `null` is unlimited.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LimitsView {
    /// Most bytes of files in one export.
    pub max_bytes_per_export: Option<u64>,
    /// Most patients in one export.
    pub max_patients_per_export: Option<u64>,
    /// Most bytes of one user's archives that are still where they were published.
    pub max_kept_bytes_per_user: Option<u64>,
    /// Bytes that stay free at the destination.
    pub free_space_reserve: u64,
    /// Exports that run at once.
    pub concurrent_jobs: u32,
}

/// Limits as people write them; empty is unlimited, and the default for the reserve.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LimitsInput {
    /// Such as `500 GB`.
    pub max_bytes_per_export: String,
    /// Such as `1000`.
    pub max_patients_per_export: String,
    /// Such as `2 TB`.
    pub max_kept_bytes_per_user: String,
    /// Such as `1 GiB`.
    pub free_space_reserve: String,
    /// 1 to 64.
    pub concurrent_jobs: u32,
}

/// The answer to `quit_asked`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct QuitInput {
    /// How.
    pub how: QuitHow,
}

/// What happens to running jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum QuitHow {
    /// The window goes, the jobs go on; the process ends after the last one.
    KeepRunning,
    /// Jobs are stopped, and can be restarted.
    Stop,
    /// Nothing happens.
    Stay,
}

impl Desk {
    /// The preferences as they are kept.
    pub(crate) fn preferences(&self) -> Preferences {
        Preferences::default()
    }

    /// Whether names of patients are shown.
    pub(crate) fn shows_names(&self) -> bool {
        self.preferences().show_names
    }

    /// Not there yet.
    pub fn settings(&self, _: Nothing) -> Result<SettingsView> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn set_preferences(&self, _: Preferences) -> Result<Preferences> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn set_limits(&self, _: LimitsInput) -> Result<SettingsView> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn test_notification(&self, _: Nothing) -> Result<NotificationState> {
        Err(not_yet())
    }

    /// Not there yet.
    pub fn open_log_folder(&self, _: Nothing) -> Result<Nothing> {
        Err(not_yet())
    }

    /// Asks a task to stop; one that has ended meanwhile needs no stopping.
    pub fn cancel_task(&self, task: TaskId) -> Result<Nothing> {
        self.tasks.cancel(&task.task);
        Ok(Nothing {})
    }

    /// Not there yet.
    pub fn quit(&self, _: QuitInput) -> Result<Nothing> {
        Err(not_yet())
    }
}
