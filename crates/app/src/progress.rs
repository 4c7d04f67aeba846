//! From many observations to few reports: the latest is kept, at most ten a second are told, the first and the last
//! always, with rate and time left.
//!
//! What is deliberately absent: sentences and bars. Others write them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::{Observer, Phase, Progress};

/// Shortest time between two reports.
const INTERVAL: Duration = Duration::from_millis(100);
/// The rate is that of the last seconds.
const WINDOW: Duration = Duration::from_secs(15);
/// Time left is hidden until then, and until [`SHOW_SHARE`].
const SHOW_AFTER: Duration = Duration::from_secs(3);
/// Percent of the bytes.
const SHOW_SHARE: u64 = 2;
/// Without any progress for this long, work counts as stalled.
const STALLED_AFTER: Duration = Duration::from_secs(20);

/// What a screen shows of a running job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct JobProgress {
    /// `queued`, `preparing`, `writing`, `verifying` or `publishing`.
    pub phase: String,
    /// Files finished in this phase.
    pub files_done: u64,
    /// Files in all, as far as known.
    pub files_total: u64,
    /// Bytes handled in this phase.
    pub bytes_done: u64,
    /// Bytes in all, as far as known.
    pub bytes_total: u64,
    /// Bytes a second over the last 15 seconds; `null` until 3 seconds and 2 % of the phase have passed.
    pub bytes_per_second: Option<u64>,
    /// Seconds left in this phase, rounded up; `null` until 3 seconds and 2 % have passed.
    pub seconds_left: Option<u64>,
    /// Registry path of a file being worked on. Never shown in a notification.
    pub current: Option<String>,
    /// Nothing has moved for 20 seconds: a disk or a mount hangs.
    pub stalled: bool,
}

/// Receives reports; called from worker threads, at most ten times a second.
pub type Listener = Arc<dyn Fn(&JobProgress) + Send + Sync>;

/// A listener that hears nothing.
pub fn unheard() -> Listener {
    Arc::new(|_| ())
}

/// The word for a phase.
pub const fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::Writing => "writing",
        Phase::Verifying => "verifying",
        Phase::Publishing => "publishing",
    }
}

/// Takes every observation, tells few reports.
pub struct Meter {
    state: Mutex<State>,
    listener: Listener,
}

struct State {
    latest: Option<Progress>,
    untold: bool,
    told_at: Option<Instant>,
    phase_began: Instant,
    moved_at: Instant,
    /// Bytes done at past instants of this phase, oldest first, one about every half second.
    samples: VecDeque<(Instant, u64)>,
}

impl Meter {
    /// A meter that tells `listener`.
    pub fn new(listener: Listener) -> Self {
        let now = Instant::now();
        let state =
            State { latest: None, untold: false, told_at: None, phase_began: now, moved_at: now, samples: VecDeque::new() };
        Self { state: Mutex::new(state), listener }
    }

    /// The latest report; `None` before the first observation.
    pub fn latest(&self) -> Option<JobProgress> {
        let state = self.lock();
        state.latest.as_ref().map(|progress| state.report(progress, Instant::now()))
    }

    /// Tells that the job waits for its turn.
    pub fn queued(&self) {
        (self.listener)(&JobProgress {
            phase: "queued".to_owned(),
            files_done: 0,
            files_total: 0,
            bytes_done: 0,
            bytes_total: 0,
            bytes_per_second: None,
            seconds_left: None,
            current: None,
            stalled: false,
        });
    }

    /// Tells what was not told yet, and that work has stalled. Called a few times a second.
    pub fn tick(&self) {
        self.tick_at(Instant::now());
    }

    /// Tells the last observation, if it was not told yet.
    pub fn finish(&self) {
        let mut state = self.lock();
        if state.untold {
            self.tell(&mut state, Instant::now());
        }
    }

    fn tick_at(&self, now: Instant) {
        // Whoever holds the lock is telling something just now, or its listener hangs: neither is waited for.
        let Ok(mut state) = self.state.try_lock() else { return };
        let due = state.told_at.is_none_or(|told| now.duration_since(told) >= INTERVAL);
        let stalled = now.duration_since(state.moved_at) >= STALLED_AFTER;
        if due && (state.untold || stalled) {
            self.tell(&mut state, now);
        }
    }

    fn observe_at(&self, progress: &Progress, now: Instant) {
        let mut state = self.lock();
        let new_phase = state.latest.as_ref().is_none_or(|latest| latest.phase != progress.phase);
        if new_phase {
            // The last report of a phase is never swallowed by the first of the next.
            if state.untold {
                self.tell(&mut state, now);
            }
            state.phase_began = now;
            state.samples.clear();
        }
        let moved = state.latest.as_ref().is_none_or(|latest| {
            new_phase || latest.bytes_done != progress.bytes_done || latest.files_done != progress.files_done
        });
        if moved {
            state.moved_at = now;
        }
        if state.samples.back().is_none_or(|(at, _)| now.duration_since(*at) >= WINDOW / 30) {
            state.samples.push_back((now, progress.bytes_done));
        }
        while state.samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            state.samples.pop_front();
        }
        state.latest = Some(progress.clone());
        state.untold = true;
        if new_phase || state.told_at.is_none_or(|told| now.duration_since(told) >= INTERVAL) {
            self.tell(&mut state, now);
        }
    }

    fn tell(&self, state: &mut State, now: Instant) {
        if let Some(progress) = &state.latest {
            let report = state.report(progress, now);
            state.told_at = Some(now);
            state.untold = false;
            // Told under the lock, so that two threads cannot tell an older report after a newer one.
            (self.listener)(&report);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A listener that panicked has not made the numbers wrong.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Meter {
    fn observe(&self, progress: &Progress) {
        self.observe_at(progress, Instant::now());
    }
}

impl State {
    fn report(&self, progress: &Progress, now: Instant) -> JobProgress {
        let rate = self.rate(progress, now);
        let left = rate
            .filter(|rate| *rate > 0)
            .map(|rate| progress.bytes_total.saturating_sub(progress.bytes_done).div_ceil(rate));
        JobProgress {
            phase: phase_word(progress.phase).to_owned(),
            files_done: progress.files_done,
            files_total: progress.files_total,
            bytes_done: progress.bytes_done,
            bytes_total: progress.bytes_total,
            bytes_per_second: rate,
            seconds_left: left,
            current: progress.current.clone(),
            stalled: now.duration_since(self.moved_at) >= STALLED_AFTER,
        }
    }

    /// Bytes a second since the oldest sample of the window; `None` while it would only guess.
    fn rate(&self, progress: &Progress, now: Instant) -> Option<u64> {
        let early = now.duration_since(self.phase_began) < SHOW_AFTER
            || u128::from(progress.bytes_done) * 100 < u128::from(progress.bytes_total) * u128::from(SHOW_SHARE);
        let (since, bytes) = self.samples.front()?;
        let millis = now.duration_since(*since).as_millis();
        if early || millis == 0 {
            return None;
        }
        let moved = u128::from(progress.bytes_done.saturating_sub(*bytes));
        u64::try_from(moved * 1000 / millis).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(phase: Phase, bytes_done: u64) -> Progress {
        Progress { phase, files_done: 0, files_total: 1, bytes_done, bytes_total: 10_000, current: None }
    }

    fn meter() -> (Meter, Arc<Mutex<Vec<JobProgress>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&told);
        (Meter::new(Arc::new(move |report| sink.lock().expect("unpoisoned").push(report.clone()))), told)
    }

    #[test]
    fn first_and_last_are_told_and_at_most_ten_a_second_between() {
        let (meter, told) = meter();
        let start = Instant::now();
        for step in 0..1000_u64 {
            meter.observe_at(&progress(Phase::Writing, step), start + Duration::from_millis(step));
        }
        meter.finish();
        meter.finish();
        let told = told.lock().expect("unpoisoned");
        assert_eq!(told.first().map(|report| report.bytes_done), Some(0), "the first is always told");
        assert_eq!(told.last().map(|report| report.bytes_done), Some(999), "the last is always told");
        assert_eq!(told.len(), 11, "ten in one second and the last, which is told once");
    }

    #[test]
    fn a_phase_ends_with_its_last_numbers() {
        let (meter, told) = meter();
        let start = Instant::now();
        meter.observe_at(&progress(Phase::Writing, 0), start);
        meter.observe_at(&progress(Phase::Writing, 10_000), start + Duration::from_millis(1));
        meter.observe_at(&progress(Phase::Verifying, 0), start + Duration::from_millis(2));
        let told: Vec<_> = told.lock().expect("unpoisoned").iter().map(|r| (r.phase.clone(), r.bytes_done)).collect();
        let expected = [("writing", 0), ("writing", 10_000), ("verifying", 0)].map(|(p, b)| (p.to_owned(), b));
        assert_eq!(told, expected, "a quick phase still shows its end");
    }

    #[test]
    fn time_left_waits_for_three_seconds_and_two_percent() {
        let (meter, _) = meter();
        let start = Instant::now();
        let at = |seconds: u64, bytes| {
            let now = start + Duration::from_secs(seconds);
            meter.observe_at(&progress(Phase::Writing, bytes), now);
            let state = meter.lock();
            state.report(state.latest.as_ref().expect("observed"), now)
        };
        assert_eq!(at(0, 0).seconds_left, None, "nothing is known yet");
        assert_eq!(at(2, 2000).bytes_per_second, None, "too early");
        let report = at(4, 4000);
        assert_eq!((report.bytes_per_second, report.seconds_left), (Some(1000), Some(6)), "1000 bytes a second, 6000 left");
        assert_eq!(at(30, 4100).bytes_per_second, Some(3), "the rate is that of the last seconds, not of all");

        meter.observe_at(&progress(Phase::Verifying, 0), start + Duration::from_secs(40));
        assert_eq!(at(50, 100).seconds_left, None, "a new phase starts to measure anew, and 1 % is too little");
    }

    #[test]
    fn a_hanging_disk_is_shown_within_half_a_minute() {
        let (meter, told) = meter();
        let start = Instant::now();
        meter.observe_at(&progress(Phase::Writing, 5), start);
        meter.tick_at(start + Duration::from_secs(10));
        assert_eq!(told.lock().expect("unpoisoned").len(), 1, "nothing new to tell");
        meter.tick_at(start + Duration::from_secs(25));
        assert!(told.lock().expect("unpoisoned").last().expect("told").stalled, "nobody observes, yet it is told");
        meter.observe_at(&progress(Phase::Writing, 6), start + Duration::from_secs(26));
        assert!(!told.lock().expect("unpoisoned").last().expect("told").stalled, "it moves again");
    }

    #[test]
    fn the_latest_can_be_asked_for() {
        let (meter, _) = meter();
        assert_eq!(meter.latest(), None, "nothing was observed");
        meter.observe(&progress(Phase::Publishing, 7));
        assert_eq!(meter.latest().map(|report| (report.phase, report.bytes_done)), Some(("publishing".into(), 7)), "kept");
        meter.tick();
        unheard()(&meter.latest().expect("observed"));
    }
}
