//! Whether a registry keeps the names of patients.
//!
//! Deliberately absent: what else may tell who somebody is. Ids and record numbers of patients, paths and names of files and
//! folders, and texts of studies stay as the source has them; without them nothing could be found.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::registry::Registry;

/// Under which a registry notes that it keeps none.
pub(crate) const NAMES: &str = "names";

/// What stays of that which is known of a file: numbers and times. What else a source notes may be anything, such as the name under
/// which somebody once sent it.
const OF_FILES: [&str; 6] = ["modified", "study_date", "study", "series", "series_number", "image_index"];

/// Whether names of patients are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// As the source has them.
    #[default]
    Kept,
    /// Nowhere: a patient is called by its id.
    LeftOut,
}

impl Names {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Names::Kept => "kept",
            Names::LeftOut => "left_out",
        }
    }

    /// A text that is a name, or may hold one.
    pub(crate) fn of(self, name: &str) -> &str {
        match self {
            Names::Kept => name,
            Names::LeftOut => "",
        }
    }

    /// What is known of a file, a JSON object or nothing.
    pub(crate) fn metadata(self, metadata: &str) -> Cow<'_, str> {
        match self {
            _ if metadata.is_empty() => "{}".into(),
            Names::Kept => metadata.into(),
            Names::LeftOut => {
                let mut known: Map<String, Value> = serde_json::from_str(metadata).unwrap_or_default();
                known.retain(|key, value| OF_FILES.contains(&key.as_str()) && is_number(value));
                Value::Object(known).to_string().into()
            }
        }
    }
}

/// A number, a time or a UID: nobody is called so.
fn is_number(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => text.bytes().all(|byte| byte.is_ascii_digit() || b".:-+TZ".contains(&byte)),
        _ => false,
    }
}

impl Registry {
    /// Whether names of patients are kept in it.
    ///
    /// # Errors
    /// Those of reading.
    pub fn names(&self) -> Result<Names> {
        let left_out = self.info(NAMES)?.is_some_and(|noted| noted == Names::LeftOut.as_str());
        Ok(if left_out { Names::LeftOut } else { Names::Kept })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_file_only_what_names_nobody_is_kept() {
        let known = r#"{"image_index":3,"modified":"2026-01-02T03:04:05Z","original_filename":"Lovelace.stl","series":"Ada","study":["Ada"]}"#;
        assert_eq!(Names::Kept.metadata(known), known);
        assert_eq!(Names::LeftOut.metadata(known), r#"{"image_index":3,"modified":"2026-01-02T03:04:05Z"}"#);
        for nothing in ["", "Ada", "[\"Ada\"]", "null"] {
            assert_eq!(Names::LeftOut.metadata(nothing), "{}", "{nothing}");
        }
    }
}
