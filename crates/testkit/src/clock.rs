//! A clock that moves only when a test says so.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// A clock that stands still. Clones show the same time.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<Mutex<Timestamp>>);

impl FixedClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// The time that it shows.
    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it, also backwards; at the ends of what a [`Timestamp`] can hold it stops.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(*now);
    }

    /// The clock as a plain function, for code that takes one.
    pub fn reader(&self) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let clock = self.clone();
        move || clock.now()
    }
}

impl Default for FixedClock {
    /// 2026-01-15 09:30:00 UTC.
    fn default() -> Self {
        Self::at(Timestamp::constant(1_768_469_400, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time_and_it_moves_only_when_told() {
        let clock = FixedClock::default();
        let read = clock.reader();
        assert_eq!(read().to_string(), "2026-01-15T09:30:00Z", "the default is documented");
        clock.clone().advance(SignedDuration::from_secs(-60));
        assert_eq!(read().to_string(), "2026-01-15T09:29:00Z", "a clone moves the same clock");
    }
}
