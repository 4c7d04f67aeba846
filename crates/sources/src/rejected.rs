//! Rows of a user's table that are rejected whole: which, and why.

use std::fmt;

use serde::Serialize;

/// A row that was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RejectedRow {
    /// Its line in the file, from 1; of a table of a database, its number among the rows that were read.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub line: u64,
    /// Name of the field that is wrong, as the registry has it.
    pub field: &'static str,
    /// Why.
    pub reason: RejectedReason,
}

/// Why a row was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RejectedReason {
    /// Nothing stands there.
    Empty,
    /// No text and no whole number: a fraction, an error of a formula, more than 15 digits that a workbook has rounded.
    NotText,
    /// Longer than any.
    TooLong,
    /// An earlier line has it.
    Taken,
    /// No date and time that can be told.
    NotATime,
    /// No whole number of years.
    NotAnAge,
}

impl RejectedReason {
    /// Why, in words.
    pub const fn words(self) -> &'static str {
        match self {
            RejectedReason::Empty => "nothing stands there",
            RejectedReason::NotText => "no text and no whole number of at most 15 digits",
            RejectedReason::TooLong => "more than 100 characters",
            RejectedReason::Taken => "an earlier row has it",
            RejectedReason::NotATime => "no date and time that can be told",
            RejectedReason::NotAnAge => "no whole number of years",
        }
    }
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}.", self.line, self.field, self.reason.words())
    }
}
