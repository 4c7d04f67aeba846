//! Why what stands for a source in the home is not what the source holds now: the last reading of it that failed, noted beside
//! the copy until one succeeds.
//!
//! Deliberately absent: a history of failures, and notes for sources of which nothing was read yet; whoever asks for those gets the error.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sheaf_registry::{Code, Error};

use crate::platform;
use crate::wire::ErrorReport;

/// The note, in the folder of a copy.
const NAME: &str = "problem.json";

/// A reading of a source that failed; what was read before stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RefreshProblem {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub report: ErrorReport,
}

impl RefreshProblem {
    /// What is noted beside a copy. A note that cannot be read is none.
    pub(crate) fn beside(copy: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(note(copy)).ok()?).ok()
    }

    /// Notes that the source of a copy could not be read, unless somebody stopped it.
    pub(crate) fn keep(copy: &Path, at: Timestamp, error: &Error) {
        if error.code() == Code::Cancelled || !copy.exists() {
            return;
        }
        let problem = Self { at, report: ErrorReport::from(error) };
        let bytes = serde_json::to_vec(&problem).unwrap_or_default();
        // Whoever asked is told the error itself.
        if let Err(error) = platform::write_whole(&note(copy), &bytes) {
            tracing::warn!(%error, "why a source could not be read is not noted");
        }
    }

    /// The source was read.
    pub(crate) fn clear(copy: &Path) {
        match std::fs::remove_file(note(copy)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a note on a source stays that is over");
            }
            _ => {}
        }
    }
}

fn note(copy: &Path) -> PathBuf {
    copy.with_file_name(NAME)
}
