//! In which order studies stand. The order is total: what is equal otherwise stands by `exam_id`.

use std::fmt;

use super::study::StudyField;

/// A field to sort by and a direction. Studies that have nothing there come last in both; ties stand by `exam_id`,
/// ascending, byte by byte. Words (rooms, devices, descriptions) sort naturally, names and numbers of persons folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StudySort {
    /// The field.
    pub field: StudyField,
    /// Greatest first.
    pub descending: bool,
}

impl Default for StudySort {
    /// Newest order first.
    fn default() -> Self {
        Self { field: StudyField::OrderDatetime, descending: true }
    }
}

impl StudySort {
    /// Reads `order_datetime_desc`, `patient_name_asc`, ...: a field's name and a direction.
    pub fn named(name: &str) -> Option<StudySort> {
        let (field, direction) = name.rsplit_once('_')?;
        let descending = match direction {
            "asc" => false,
            "desc" => true,
            _ => return None,
        };
        StudyField::named(field).map(|field| StudySort { field, descending })
    }
}

impl fmt::Display for StudySort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.field, if self.descending { "desc" } else { "asc" })
    }
}
