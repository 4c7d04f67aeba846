//! `preferences.toml` in the home: how the window looks and behaves.
//!
//! What cannot be understood never keeps the window from opening: it has its default, and the file is kept beside.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use sheaf_registry::{Code, Error, Result};

use super::settings::Preferences;
use crate::home::Home;
use crate::platform;
use crate::wire::ErrorReport;

/// File name in the home.
const FILE_NAME: &str = "preferences.toml";
/// Longest text of a preference.
const TEXT_BYTES: usize = 100;

impl Preferences {
    /// Those of a home (`None`: the account's own) that is not open yet, for what has to be known before the window is made.
    /// Nothing is written or told: the desk does both when it opens.
    pub fn glance(home: Option<&Path>) -> Self {
        let text = Home::place(home).ok().and_then(|home| std::fs::read_to_string(home.join(FILE_NAME)).ok());
        text.map(|text| understand(&text).0).unwrap_or_default()
    }
}

/// The preferences and their file.
pub(crate) struct PreferencesFile {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    preferences: Preferences,
    problem: Option<ErrorReport>,
}

impl PreferencesFile {
    /// Reads the file of a home; the defaults where there is none. A file that is not understood in full is kept under
    /// another name, and that is told as a problem.
    pub(crate) fn open(home: &Path) -> Self {
        let path = home.join(FILE_NAME);
        let (preferences, problem) = match std::fs::read_to_string(&path) {
            Ok(text) => match understand(&text) {
                (preferences, None) => (preferences, None),
                (preferences, Some(reason)) => {
                    let kept = path.with_extension("toml.bad");
                    let copied = platform::write_whole(&kept, text.as_bytes());
                    let problem = Error::new(
                        Code::SettingsInvalid,
                        format!(
                            "{} could not be understood in full: {reason}. What was not has its default.",
                            path.display()
                        ),
                    )
                    .hint(match copied {
                        Ok(()) => format!("The file as it was is kept as {}.", kept.display()),
                        Err(_) => "Look at the file before you change a preference here.".to_owned(),
                    });
                    (preferences, Some(problem))
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Preferences::default(), None),
            Err(error) => {
                let sentence = format!("{} cannot be read: {error}. The defaults are in force.", path.display());
                let problem = Error::new(Code::SettingsInvalid, sentence).hint("Make it readable, or remove it.");
                (Preferences::default(), Some(problem))
            }
        };
        let problem = problem.map(|problem| ErrorReport::from(&problem));
        Self { path, state: Mutex::new(State { preferences, problem }) }
    }

    /// The preferences in force.
    pub(crate) fn get(&self) -> Preferences {
        self.lock().preferences.clone()
    }

    /// What was wrong with the file; `None` again once it was written anew.
    pub(crate) fn problem(&self) -> Option<ErrorReport> {
        self.lock().problem.clone()
    }

    /// Keeps other preferences. They count only when they are on the disk.
    pub(crate) fn set(&self, preferences: Preferences) -> Result<Preferences> {
        if preferences.language.len() > TEXT_BYTES {
            return Err(Error::new(Code::Usage, "There is no such language."));
        }
        let text = toml::to_string(&preferences)
            .map_err(|error| Error::new(Code::Internal, "The preferences cannot be written as text.").cause(error))?;
        let mut state = self.lock();
        platform::write_whole(&self.path, text.as_bytes()).map_err(|error| crate::home::unusable(self.folder(), &error))?;
        *state = State { preferences: preferences.clone(), problem: None };
        Ok(preferences)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every key that is understood, and why others are not.
fn understand(text: &str) -> (Preferences, Option<String>) {
    let table = match text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => return (Preferences::default(), Some(error.message().trim_end_matches('.').replace('\n', " "))),
    };
    let mut understood = toml::Table::new();
    let mut reason = None;
    for (key, value) in table {
        let alone = toml::Table::from_iter([(key.clone(), value.clone())]);
        match Preferences::deserialize(alone) {
            Ok(_) => drop(understood.insert(key, value)),
            Err(_) => drop(reason.get_or_insert(format!("`{key}` is unknown or has a bad value"))),
        }
    }
    (Preferences::deserialize(understood).unwrap_or_default(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::settings::Appearance;

    #[test]
    fn what_is_not_understood_has_its_default_and_is_kept() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(FILE_NAME);
        for (text, appearance) in [
            ("appearance = \"dark\"\nnotifications = 7\n", Appearance::Dark),
            ("appearance = \"dark\"\nfuture = true\n", Appearance::Dark),
            ("appearance = dark\n", Appearance::System),
        ] {
            std::fs::write(&path, text).expect("writable");
            let file = PreferencesFile::open(dir.path());
            assert_eq!(file.get(), Preferences { appearance, ..Preferences::default() }, "{text}");
            assert_eq!(Preferences::glance(Some(dir.path())), file.get(), "{text}: the same before the window is made");
            let problem = file.problem().expect("it is told");
            assert_eq!(problem.code, "SETTINGS_INVALID", "{problem:?}");
            let kept = std::fs::read_to_string(dir.path().join("preferences.toml.bad")).expect("kept");
            assert_eq!(kept, text, "nothing that somebody wrote is lost");
            file.set(file.get()).expect("writable");
            assert!(file.problem().is_none(), "written anew, it is well");
            assert!(PreferencesFile::open(dir.path()).problem().is_none(), "also at the next start");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_or_written_is_told() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(dir.path().join(FILE_NAME)).expect("writable");
        let file = PreferencesFile::open(dir.path());
        assert!(file.problem().is_some() && file.get() == Preferences::default(), "the window opens all the same");
        let dark = Preferences { appearance: Appearance::Dark, ..Preferences::default() };
        assert_eq!(file.set(dark).expect_err("a folder is there").code(), Code::HomeUnusable, "not silently lost");
        assert_eq!(file.get(), Preferences::default(), "what is not on the disk does not count");
        let nowhere = dir.path().join("new");
        assert_eq!(Preferences::glance(Some(&nowhere)), Preferences::default(), "a glance at no home");
        assert!(!nowhere.exists(), "makes none");
    }
}
