//! What is said about studies: one type for the command line, the window, tables and HTTP.

use serde::{Deserialize, Serialize};

/// Which studies are meant. Everything that is said must hold; nothing said means every study.
///
/// The exact fields and the lists compare as the text stands: `""` means the studies that have none there. A list without
/// values says nothing, except `exam_ids`: an empty one means no study at all.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct StudyFilter {
    /// Contained in one of the nine searched fields, without regard to case; blanks around it say nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// State of the report, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exam_status: Option<String>,
    /// Where the patient came from, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exam_source: Option<String>,
    /// Number of the application, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_order_no: Option<String>,
    /// Code of the examination, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exam_item: Option<String>,
    /// One of these devices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exam_equipment: Vec<String>,
    /// One of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patient_gender: Vec<String>,
    /// One of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exam_description: Vec<String>,
    /// One of these rooms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exam_room: Vec<String>,
    /// At least this old; studies without an age are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_age_min: Option<i64>,
    /// At most this old; studies without an age are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_age_max: Option<i64>,
    /// Checked in on this day (`2025-01-31`) or time (`2025-01-31T08:00`), or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Checked in on this day, all of it, or at this time, or before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// One of these examinations; an empty list means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exam_ids: Option<Vec<String>>,
    /// In which time zone days begin and times are meant and written, by its IANA name; not said: the machine's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

impl std::fmt::Debug for StudyFilter {
    /// A filter may hold a patient's name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StudyFilter([redacted])")
    }
}
