//! Work that moves, for whoever watches: a bar with rate and time left on a terminal, one line a phase elsewhere. And the
//! signals that stop it.
//!
//! What is deliberately absent: arithmetic of rates; the reports come with them.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sheaf_app::progress::{JobProgress, Listener, unheard};
use sheaf_registry::progress::Cancel;

use crate::output::Output;
use crate::text::{bytes, count};

/// Shows a job while it is alive.
pub(crate) struct Watch {
    bar: Option<ProgressBar>,
    pub(crate) listener: Listener,
}

impl Watch {
    /// A watch in the manner of this run.
    pub(crate) fn new(output: Output) -> Self {
        if output.is_quiet() {
            return Self { bar: None, listener: unheard() };
        }
        if !std::io::stderr().is_terminal() {
            let told = Mutex::new(String::new());
            let listener = move |report: &JobProgress| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                if *told != report.phase {
                    told.clone_from(&report.phase);
                    output.message(&format!("{}\n", title(&report.phase)));
                }
            };
            return Self { bar: None, listener: Arc::new(listener) };
        }
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("[{bar:16}] {percent:>3} %  {wide_msg}");
        bar.set_style(style.expect("the template is a constant").progress_chars("=> "));
        let shown = bar.clone();
        let listener = move |report: &JobProgress| {
            // Looking at files moves no bytes.
            let (done, total) = match report.bytes_total {
                0 => (report.files_done, report.files_total),
                total => (report.bytes_done, total),
            };
            shown.update(|state| {
                state.set_len(total.max(1));
                state.set_pos(done);
            });
            shown.set_message(line(report));
        };
        Self { bar: Some(bar), listener: Arc::new(listener) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The flag that Ctrl-C, a polite kill and a closed terminal raise; a second one is harmless.
pub(crate) fn cancelled_by_signals() -> Cancel {
    static FLAG: OnceLock<Cancel> = OnceLock::new();
    let set = || {
        let cancel = Cancel::new();
        let raised = cancel.clone();
        // Without a handler the signal ends the process at once, and the next start cleans up.
        let set = ctrlc::set_handler(move || raised.raise());
        debug_assert!(set.is_ok(), "nobody else sets one");
        cancel
    };
    FLAG.get_or_init(set).clone()
}

fn title(phase: &str) -> String {
    let mut letters = phase.chars();
    letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
}

/// What is known, the most wanted first: a narrow terminal cuts the end.
fn line(report: &JobProgress) -> String {
    let mut line = title(&report.phase);
    if report.stalled {
        line.push_str(" · nothing moves: is a disk or a mount hanging?");
    }
    if let Some(seconds) = report.seconds_left {
        let _ = write!(line, " · {} left", duration(seconds));
    }
    if let Some(rate) = report.bytes_per_second {
        let _ = write!(line, " · {}/s", bytes(rate));
    }
    if report.bytes_total > 0 {
        let _ = write!(line, " · {} of {}", bytes(report.bytes_done), bytes(report.bytes_total));
    }
    let _ = write!(line, " · {} of {} files", count(report.files_done), count(report.files_total));
    line
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> JobProgress {
        JobProgress {
            phase: "writing".to_owned(),
            files_done: 1,
            files_total: 18_204,
            bytes_done: 298_000_000,
            bytes_total: 482_600_000,
            bytes_per_second: None,
            seconds_left: None,
            current: None,
            stalled: false,
        }
    }

    #[test]
    fn a_line_has_what_is_known() {
        assert_eq!(line(&report()), "Writing · 298 MB of 483 MB · 1 of 18,204 files", "no rate before there is one");
        let moving = JobProgress { bytes_per_second: Some(118_000_000), seconds_left: Some(240), ..report() };
        assert!(line(&moving).starts_with("Writing · about 4 min left · 118 MB/s · 298 MB"), "{}", line(&moving));
        let looking = JobProgress { bytes_total: 0, bytes_done: 0, stalled: true, ..report() };
        assert!(line(&looking).starts_with("Writing · nothing moves"), "{}", line(&looking));
        assert!(line(&looking).ends_with(" · 1 of 18,204 files"), "no bytes where none move: {}", line(&looking));
        assert_eq!(title("writing"), "Writing", "a phase as a heading");
    }

    #[test]
    fn time_left_is_as_exact_as_it_deserves() {
        for (seconds, words) in [(0, "0 s"), (59, "59 s"), (61, "about 2 min"), (7_260, "about 2 h 1 min")] {
            assert_eq!(duration(seconds), words, "{seconds} seconds");
        }
    }
}
