//! Rows of a user's table that are rejected whole: which, and why.

use serde::Serialize;

/// A row that was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RejectedRow {
    /// Its line in the file, from 1.
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
