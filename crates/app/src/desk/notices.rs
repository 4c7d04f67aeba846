//! Notifications of the desktop at the ends of jobs. Never the only record: the list tells the same.

use std::time::{Duration, Instant};

use super::background::Around;
use super::native::Notice;
use super::words::{End, Language, What};
use crate::history::Change;

/// Ends that come within this time while other jobs run are told together.
const TOGETHER: Duration = Duration::from_secs(3);

/// Ends that were not told yet.
#[derive(Default)]
pub(super) struct Notices {
    ended: Vec<(String, End)>,
    since: Option<Instant>,
}

impl Notices {
    /// Takes note of a change, if it is the end of a job.
    pub(super) fn hear(&mut self, change: &Change) {
        let Some(step) = change.step.as_ref().filter(|step| step.from != step.to) else { return };
        let end = match step.to {
            "completed" => End::Done,
            "completed_with_problems" => End::Problems,
            "failed" => End::Failed,
            _ => return,
        };
        self.ended.push((change.id.clone(), end));
        self.since.get_or_insert_with(Instant::now);
    }

    /// Ends wait to be told.
    pub(super) fn is_waiting(&self) -> bool {
        !self.ended.is_empty()
    }

    /// Shows what is due: at once when no job is left, else after a while, so that ends close together are one notification.
    pub(super) fn show(&mut self, around: &Around, idle: bool) {
        if !self.is_waiting() || (!idle && self.since.is_some_and(|since| since.elapsed() < TOGETHER)) {
            return;
        }
        let ended = std::mem::take(&mut self.ended);
        self.since = None;
        let preferences = around.preferences.get();
        // The page's toast is enough for who looks at it.
        if !preferences.notifications || around.native.has_focus() {
            return;
        }
        let language = Language::choose(&preferences.language, &around.native.language());
        let Some(notice) = notice(around, language, &ended) else { return };
        if let Err(error) = around.native.notify(&notice) {
            tracing::warn!(code = error.code().as_str(), "no notification could be shown");
        }
    }
}

fn notice(around: &Around, language: Language, ended: &[(String, End)]) -> Option<Notice> {
    let action = Some(language.show().to_owned());
    if let [(id, end)] = ended {
        // Removed meanwhile: nothing to tell.
        let record = around.sheaf.house().history.one(id).ok()?;
        let what = record.studies.as_ref().map_or(What::Patients(record.patients), |table| What::Studies(table.studies));
        let bytes = record.archive.as_ref().map_or(0, |archive| archive.identity.bytes);
        return Some(Notice {
            export: Some(id.clone()),
            title: language.ended(*end).to_owned(),
            body: language.about(*end, &record.name, what, record.problems.len() as u64, bytes),
            action,
            urgent: *end == End::Failed,
        });
    }
    Some(grouped(language, ended))
}

/// One notification about several ends.
fn grouped(language: Language, ended: &[(String, End)]) -> Notice {
    let count = |wanted: End| ended.iter().filter(|(_, end)| *end == wanted).count();
    let (done, problems, failed) = (count(End::Done), count(End::Problems), count(End::Failed));
    let alike = [done, problems, failed].contains(&ended.len()) && problems == 0;
    Notice {
        // The one that wants to be looked at, or the last.
        export: ended.iter().find(|(_, end)| *end == End::Failed).or(ended.last()).map(|(id, _)| id.clone()),
        title: language.several(done, problems, failed),
        body: if alike { String::new() } else { language.mixed(done, problems, failed) },
        action: Some(language.show().to_owned()),
        urgent: failed > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_close_together_are_one_notification() {
        let ended = |ends: &[End]| {
            let ends = ends.iter().enumerate().map(|(number, end)| (number.to_string(), *end));
            grouped(Language::En, &ends.collect::<Vec<_>>())
        };
        let ready = ended(&[End::Done; 3]);
        assert_eq!((&*ready.title, &*ready.body, ready.urgent), ("3 exports are ready", "", false));
        assert_eq!(ready.export.as_deref(), Some("2"), "it leads to the last");
        let mixed = ended(&[End::Done, End::Failed, End::Problems]);
        assert_eq!((&*mixed.title, &*mixed.body), ("3 exports have ended", "1 ready · 1 with problems · 1 failed"));
        assert_eq!((mixed.export.as_deref(), mixed.urgent), (Some("1"), true), "it leads to what failed");
        assert_eq!(ended(&[End::Failed; 2]).title, "2 exports have failed");
        assert_eq!(ended(&[End::Problems; 2]).body, "2 with problems", "never plainly ready");
    }
}
