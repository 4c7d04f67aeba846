//! Values that identify a person redact themselves.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// Holds what identifies a person (a patient's name, a record number). `Debug` and `Display` show `[redacted]`, so no log
/// line, panic or error text can leak it; [`Sensitive::expose`] is the one door, easy to find in a review.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for a screen that its user is entitled to see, or for a query parameter.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sensitive<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Sensitive;

    #[test]
    fn neither_debug_nor_display_shows_the_value() {
        let name = Sensitive::new("Ada Lovelace".to_owned());
        assert_eq!(format!("{name:?} {name}"), "[redacted] [redacted]", "a log line must not leak a name");
        assert_eq!(Sensitive::from(5).into_inner(), 5, "values go in and out");
        assert_eq!(name.expose(), "Ada Lovelace", "the one door still opens");
    }
}
