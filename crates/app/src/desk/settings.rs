//! Preferences of the window, limits of the home, logs, quitting.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;

use super::events::Event;
use super::{Desk, Nothing, Notice, NotificationState, TaskId};
use crate::platform;
use crate::settings::Settings;
use crate::wire::ErrorReport;

/// How long the end of the process waits for its jobs to stop.
const CLOSING: Duration = Duration::from_secs(10);

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
    /// What was wrong with the file of the preferences; `null` when nothing was.
    pub problem: Option<ErrorReport>,
}

/// Limits in bytes and numbers; `null` is unlimited.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LimitsView {
    /// Most bytes of files in one export.
    pub max_bytes_per_export: Option<u64>,
    /// Most patients in one export.
    pub max_patients_per_export: Option<u64>,
    /// Most studies in one table.
    pub max_studies_per_export: Option<u64>,
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
    /// Such as `100000`.
    pub max_studies_per_export: String,
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
    /// The user is being asked. A page that never says so hangs, and does not keep the window.
    Asked,
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
        self.preferences.get()
    }

    /// Whether names of patients are shown.
    pub(crate) fn shows_names(&self) -> bool {
        self.preferences().show_names
    }

    /// Everything that Settings shows.
    pub fn settings(&self, _: Nothing) -> Result<SettingsView> {
        let (settings, home) = (self.sheaf.settings(), self.sheaf.home());
        Ok(SettingsView {
            preferences: self.preferences.get(),
            limits: LimitsView {
                max_bytes_per_export: settings.max_bytes_per_export,
                max_patients_per_export: settings.max_patients_per_export,
                max_studies_per_export: settings.max_studies_per_export,
                max_kept_bytes_per_user: settings.max_kept_bytes_per_user,
                free_space_reserve: settings.free_space_reserve,
                concurrent_jobs: u32::try_from(settings.concurrent_jobs).unwrap_or(u32::MAX),
            },
            notifications: self.native.notifications(),
            home: home.dir().to_string_lossy().into_owned(),
            logs: home.logs().to_string_lossy().into_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            problem: self.preferences.problem(),
        })
    }

    /// Keeps other preferences.
    pub fn set_preferences(&self, preferences: Preferences) -> Result<Preferences> {
        let kept = self.preferences.set(preferences)?;
        // The machine may be kept awake from now on, or no longer.
        self.background.look();
        Ok(kept)
    }

    /// Writes the limits into the settings of the home, which keep what else stands there. They count for the jobs to come,
    /// and for those that wait.
    pub fn set_limits(&self, limits: LimitsInput) -> Result<SettingsView> {
        let said = [
            ("max_bytes_per_export", &limits.max_bytes_per_export),
            ("max_patients_per_export", &limits.max_patients_per_export),
            ("max_studies_per_export", &limits.max_studies_per_export),
            ("max_kept_bytes_per_user", &limits.max_kept_bytes_per_user),
            ("free_space_reserve", &limits.free_space_reserve),
        ];
        Settings::change(&self.sheaf.home().settings(), &said, limits.concurrent_jobs)?;
        self.sheaf.read_settings()?;
        self.settings(Nothing {})
    }

    /// Shows a notification, to see whether they come.
    pub fn test_notification(&self, _: Nothing) -> Result<NotificationState> {
        let state = self.native.notifications();
        if !state.available {
            return Ok(state);
        }
        let (title, body) = self.language().test();
        let notice = Notice { export: None, title: title.to_owned(), body: body.to_owned(), action: None, urgent: false };
        Ok(match self.native.notify(&notice) {
            Ok(()) => state,
            Err(error) => NotificationState { available: false, about: error.message().to_owned() },
        })
    }

    /// Opens the file manager where the logs are.
    pub fn open_log_folder(&self, _: Nothing) -> Result<Nothing> {
        let (home, logs) = (self.sheaf.home(), self.sheaf.home().logs());
        // There are none yet where nothing has been logged.
        platform::create_private_dir(&logs).map_err(|error| crate::home::unusable(home.dir(), &error))?;
        self.native.open_folder(&logs)?;
        Ok(Nothing {})
    }

    /// Asks a task to stop; one that has ended meanwhile needs no stopping.
    pub fn cancel_task(&self, task: TaskId) -> Result<Nothing> {
        self.tasks.cancel(&task.task);
        Ok(Nothing {})
    }

    /// The answer to [`Event::QuitAsked`].
    pub fn quit(&self, quit: QuitInput) -> Result<Nothing> {
        self.quit_unheard.store(0, Ordering::Release);
        match quit.how {
            QuitHow::KeepRunning => self.leave(),
            QuitHow::Stop => {
                self.close();
                self.native.exit();
            }
            QuitHow::Asked | QuitHow::Stay => {}
        }
        Ok(Nothing {})
    }

    /// Exports that wait or run in this process.
    pub fn active_jobs(&self) -> usize {
        self.sheaf.jobs().len()
    }

    /// Somebody wants to close the window. `true`: it may close now, and the process end. `false`: exports run, or other long
    /// work that would be lost, so the page
    /// asks what shall become of them; without a page that could ask, they go on and the process ends after the last one. A page
    /// that has not even shown the question when this comes again hangs: it cannot ask.
    pub fn close_asked(&self) -> bool {
        let active = self.active_jobs() + self.tasks.busy();
        if active == 0 {
            return true;
        }
        match self.hub.page() {
            Some(page) if self.quit_unheard.swap(page, Ordering::AcqRel) != page => {
                self.hub.tell(&Event::QuitAsked { active: u32::try_from(active).unwrap_or(u32::MAX) });
            }
            _ => self.leave(),
        }
        false
    }

    /// The window is there again (a second start, a click on a notification): the process stays.
    pub fn reappear(&self) {
        self.leaving.store(false, Ordering::Release);
    }

    /// Stops what runs, as interrupted, and waits for it, though not for ever: a disk that hangs must not keep the process.
    /// To be called before the process ends; a second time it is done at once.
    pub fn close(&self) {
        let end = Instant::now() + CLOSING;
        self.tasks.cancel_all();
        let sheaf = Arc::clone(&self.sheaf);
        let (closed, done) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new().name("sheaf-close".to_owned()).spawn(move || {
            sheaf.close();
            drop(closed);
        });
        if thread.is_ok() {
            // What could not be recorded in time is found by the recovery of the next start.
            let _ = done.recv_timeout(CLOSING);
        }
        // A demo or a copy that is half made goes with its task.
        self.tasks.wait(end.saturating_duration_since(Instant::now()));
    }

    /// The window goes, the jobs go on.
    fn leave(&self) {
        self.quit_unheard.store(0, Ordering::Release);
        self.native.hide();
        self.leaving.store(true, Ordering::Release);
        self.background.look();
    }
}
