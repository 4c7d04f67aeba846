//! Answers as text for people. The same numbers as the JSON; decimal units beside exact counts.
//!
//! What is deliberately absent: any cut without a word. A long list ends with how many more there are.

mod sources;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sheaf_app::wire::{
    Archive, ArchiveState, DatasetExport, Deleted, DemoReport, ErrorReport, ExportStatus, Exports, Patients, PlanReport,
    Projects, SourceExports, Studies, StudyExport, StudyValues, TableFormat, Users, Verification,
};
use sheaf_registry::error::{Detail, FileProblem};

use crate::tables::Side::{Left, Right};
use crate::tables::{shown, table};

/// Ids listed in one line before the rest is only counted.
const LISTED: usize = 12;

/// An answer that people can read.
pub(crate) trait Readable {
    /// Writes it, each line ended.
    fn write(&self, out: &mut String);
}

/// The whole text of an answer.
pub(crate) fn of(answer: &impl Readable) -> String {
    let mut out = String::new();
    answer.write(&mut out);
    out
}

/// An error: a sentence, its details, the next step, its code.
pub(crate) fn error(report: &ErrorReport) -> String {
    let mut out = format!("error: {}\n", shown(&report.message));
    for detail in &report.details {
        match detail {
            Detail::Text(text) => line(&mut out, &format!("  {}", shown(text))),
            Detail::File(problem) => line(&mut out, &format!("  {}", problem_line(problem))),
        }
    }
    if !report.hint.is_empty() {
        line(&mut out, &format!("hint: {}", shown(&report.hint)));
    }
    line(&mut out, &format!("code: {}", report.code));
    out
}

/// A count with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in decimal units, three digits that mean something.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut scale: u128 = 1;
    for unit in UNITS {
        scale *= 1000;
        for (decimals, parts) in [(2, 100), (1, 10), (0, 1)] {
            // Rounded before it is judged, so that 999,500 is 1.00 MB and never 1000 kB.
            let rounded = (u128::from(number) * parts + scale / 2) / scale;
            if rounded < 1000 {
                let whole = format!("{}", rounded / parts);
                return match decimals {
                    0 => format!("{whole} {unit}"),
                    _ => format!("{whole}.{:0decimals$} {unit}", rounded % parts),
                };
            }
        }
    }
    format!("{number} B")
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// `1 patient`, `2 patients`.
pub(crate) fn many(number: u64, one: &str) -> String {
    format!("{} {one}{}", count(number), if number == 1 { "" } else { "s" })
}

fn studies(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "study" } else { "studies" })
}

pub(crate) fn local(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn field(out: &mut String, name: &str, value: &str) {
    line(out, &format!("  {name:<10} {}", shown(value)));
}

fn problem_line(problem: &FileProblem) -> String {
    let end = if problem.omitted { "left out" } else { "exported as it is" };
    format!(
        "{} (patient {}, file {}): {} [{}, {end}]",
        shown(&problem.path),
        shown(&problem.patient),
        shown(&problem.file),
        shown(&problem.message),
        problem.code
    )
}

fn problems(out: &mut String, problems: &[FileProblem]) {
    if !problems.is_empty() {
        line(out, &format!("{}:", many(problems.len() as u64, "problem")));
        for problem in problems {
            line(out, &format!("  {}", problem_line(problem)));
        }
    }
}

/// The first few, and how many more.
fn listed<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = ids.len().saturating_sub(LISTED);
    let mut text = ids.take(LISTED).map(shown).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {} more (--json lists all)", count(more as u64));
    }
    text
}

impl Readable for DemoReport {
    fn write(&self, out: &mut String) {
        line(
            out,
            &format!("Made {} with {}, {}.", many(self.patients, "patient"), many(self.files, "file"), bytes(self.bytes)),
        );
        field(out, "Registry", &self.registry.to_string_lossy());
        field(out, "Data", &self.data.to_string_lossy());
        field(out, "Projects", &self.projects.join(", "));
    }
}

impl Readable for Projects {
    fn write(&self, out: &mut String) {
        if self.projects.is_empty() {
            line(out, "No projects that you can see.");
        }
        let rows: Vec<_> = self
            .projects
            .iter()
            .map(|project| {
                let export = if project.may_export { "yes" } else { "no" };
                vec![project.slug.clone(), project.name.clone(), count(project.patients), export.to_owned()]
            })
            .collect();
        out.push_str(&table(&[("PROJECT", Left), ("NAME", Left), ("PATIENTS", Right), ("EXPORT", Left)], &rows));
    }
}

impl Readable for Users {
    fn write(&self, out: &mut String) {
        if self.users.is_empty() {
            line(out, "No users: whoever can open the registry is its owner.");
        }
        let rows: Vec<_> = self.users.iter().map(|user| vec![user.name.clone(), user.role.clone()]).collect();
        out.push_str(&table(&[("USER", Left), ("ROLE", Left)], &rows));
    }
}

impl Readable for SourceExports {
    fn write(&self, out: &mut String) {
        if self.source_exports.is_empty() {
            line(out, "The source tells of no exports that you may know of.");
        }
        let number = |number: Option<u64>| number.map(count).unwrap_or_default();
        let rows: Vec<_> = self
            .source_exports
            .iter()
            .map(|export| {
                vec![
                    export.created_at.map(local).unwrap_or_default(),
                    export.user.clone(),
                    export.status.clone(),
                    number(export.patients),
                    number(export.bytes),
                    export.path.clone(),
                ]
            })
            .collect();
        let heading =
            [("ASKED FOR", Left), ("BY", Left), ("STATUS", Left), ("PATIENTS", Right), ("BYTES", Right), ("PATH", Left)];
        out.push_str(&table(&heading, &rows));
    }
}

impl Readable for Studies {
    fn write(&self, out: &mut String) {
        let time = |time: Option<Timestamp>| time.map(|time| in_zone(time, &self.time_zone)).unwrap_or_default();
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|study| {
                vec![
                    study.exam_id.clone(),
                    study.medical_record_no.clone(),
                    study.patient_name.clone(),
                    study.patient_gender.clone(),
                    study.patient_age.map(|age| age.to_string()).unwrap_or_default(),
                    study.exam_status.clone(),
                    study.exam_source.clone(),
                    study.exam_description.clone(),
                    study.exam_room.clone(),
                    time(study.order_datetime),
                ]
            })
            .collect();
        let heading = [
            ("EXAM", Left),
            ("RECORD NO", Left),
            ("NAME", Left),
            ("SEX", Left),
            ("AGE", Right),
            ("STATUS", Left),
            ("SOURCE", Left),
            ("DESCRIPTION", Left),
            ("ROOM", Left),
            ("ORDERED", Left),
        ];
        out.push_str(&table(&heading, &rows));
        let here = rows.len() as u64;
        if here == self.total {
            line(out, &format!("{}. Times are in {}.", studies(self.total), self.time_zone));
        } else {
            line(out, &format!("{} of {}. Times are in {}.", count(here), studies(self.total), self.time_zone));
        }
    }
}

impl Readable for StudyValues {
    fn write(&self, out: &mut String) {
        if self.values.is_empty() {
            line(out, "No study matches.");
        }
        let named = |value: &str| if value.is_empty() { "(none)".to_owned() } else { value.to_owned() };
        let rows: Vec<_> = self.values.iter().map(|value| vec![named(&value.value), count(value.count)]).collect();
        out.push_str(&table(&[("VALUE", Left), ("STUDIES", Right)], &rows));
    }
}

/// What is said with a table: in which zone its times are, and what had to be changed.
pub(crate) fn about_table(table: &StudyExport) -> String {
    let zone = table.filter.time_zone.as_deref().unwrap_or("UTC");
    let mut said = format!("Note: times in the table are in {zone}; it holds names of patients.\n");
    if table.format != TableFormat::Xlsx {
        said.push_str("Note: Excel drops leading zeros when it opens such a file; an XLSX keeps them.\n");
    }
    for (number, what) in [
        (table.neutralised, "would be run by a spreadsheet and got a ' in front"),
        (table.replaced, "held characters that no table can hold; they were replaced"),
        (table.shortened, "were longer than 32,767 characters and were shortened"),
        (table.too_long_for_excel, "are longer than Excel shows; the file holds all of them"),
        (table.times_as_text, "are times before 1900, which stand as text"),
    ] {
        if number > 0 {
            let _ = writeln!(said, "Note: {} {what}.", many(number, "cell"));
        }
    }
    said
}

fn in_zone(time: Timestamp, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    time.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

impl Readable for Patients {
    fn write(&self, out: &mut String) {
        let mut rows = Vec::new();
        for patient in &self.patients {
            let mut first = [patient.id.clone(), patient.folders.join(", "), patient.tags.join(", ")];
            if patient.contents.is_empty() {
                rows.push(first.to_vec());
            }
            for content in &patient.contents {
                let [id, folders, tags] = std::mem::take(&mut first);
                let (modality, kind) = (content.modality.clone(), content.kind.clone());
                rows.push(vec![id, folders, tags, modality, kind, count(content.files), bytes(content.bytes)]);
            }
        }
        let heading = [
            ("PATIENT", Left),
            ("FOLDERS", Left),
            ("TAGS", Left),
            ("MODALITY", Left),
            ("KIND", Left),
            ("FILES", Right),
            ("SIZE", Right),
        ];
        out.push_str(&table(&heading, &rows));
        let here = self.patients.len() as u64;
        if here == self.total {
            line(out, &format!("{}.", many(self.total, "patient")));
        } else {
            line(out, &format!("{} of {}.", count(here), many(self.total, "patient")));
        }
        if !self.unknown_patients.is_empty() {
            line(out, &unknown_ids(&self.unknown_patients));
        }
    }
}

impl Readable for PlanReport {
    fn write(&self, out: &mut String) {
        let (patients, files) = (many(self.patients, "patient"), many(self.files, "file"));
        line(out, &format!("Project {}: {patients}, {files}, {}.", shown(&self.project), bytes(self.bytes)));
        let rows: Vec<_> = self
            .by_modality
            .iter()
            .map(|total| {
                let (modality, kind) = (total.modality.clone(), total.kind.clone());
                vec![modality, kind, count(total.patients), count(total.files), bytes(total.bytes)]
            })
            .collect();
        let heading = [("MODALITY", Left), ("KIND", Left), ("PATIENTS", Right), ("FILES", Right), ("SIZE", Right)];
        out.push_str(&table(&heading, &rows));
        line(
            out,
            &format!(
                "The archive takes at most {} ({} bytes).",
                bytes(self.archive_bytes_max),
                count(self.archive_bytes_max)
            ),
        );
        if let Some(free) = self.free_bytes {
            line(out, &format!("Free at the destination: {}.", bytes(free)));
        }
        let mut lacking: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for lack in &self.lacking {
            lacking.entry(&lack.modality).or_default().push(&lack.patient);
        }
        for (modality, patients) in lacking {
            let who = if patients.len() == 1 {
                "1 patient has".to_owned()
            } else {
                format!("{} patients have", count(patients.len() as u64))
            };
            line(out, &format!("{who} no {}: {}", shown(modality), listed(patients.into_iter())));
        }
        if !self.unknown_patients.is_empty() {
            line(out, &unknown_ids(&self.unknown_patients));
        }
        if self.forbidden_patients > 0 {
            line(out, &format!("{} seen, but not allowed to be exported.", many(self.forbidden_patients, "patient")));
        }
        problems(out, &self.problems);
        if !self.breaches.is_empty() {
            line(out, "An export would be refused:");
            for breach in &self.breaches {
                line(out, &format!("  {} [{}]", shown(&breach.message), breach.code));
            }
        }
    }
}

impl Readable for DatasetExport {
    fn write(&self, out: &mut String) {
        line(out, &format!("{}: {}", words(self.status), shown(&self.name)));
        if let Some(archive) = &self.archive {
            field(out, "Archive", &format!("{}{}", archive.path, remark(archive)));
            field(out, "Size", &format!("{} ({} bytes)", bytes(archive.bytes), count(archive.bytes)));
            field(out, "SHA-256", &archive.sha256);
        }
        if let Some(table) = &self.studies {
            let format = table.format.extension().to_uppercase();
            field(
                out,
                "Contents",
                &format!("{} as {format}, {}", studies(table.studies), many(table.columns.len() as u64, "column")),
            );
            field(out, "Time zone", table.filter.time_zone.as_deref().unwrap_or("UTC"));
        } else {
            let contents = [many(self.patients, "patient"), many(self.files, "file"), bytes(self.bytes)].join(", ");
            field(out, "Contents", &contents);
            field(out, "Project", &self.project);
        }
        field(out, "Registry", &self.registry);
        if let Some(synced) = self.registry_synced_at {
            field(out, "Synced", &local(synced));
        }
        field(out, "User", &self.user);
        field(out, "Created", &local(self.created_at));
        if self.attempt > 1 {
            field(out, "Attempt", &self.attempt.to_string());
        }
        if !self.notes.is_empty() {
            field(out, "Notes", &self.notes);
        }
        field(out, "Record", &self.id);
        if !self.unknown_patients.is_empty() {
            line(out, &unknown_ids(&self.unknown_patients));
        }
        if let Some(confirmed) = &self.changed_since_confirmed {
            let before = [many(confirmed.patients, "patient"), many(confirmed.files, "file"), bytes(confirmed.bytes)];
            line(out, &format!("Changed since it was confirmed: then {}.", before.join(", ")));
        }
        // An error about files lists them itself.
        let listed = |report: &ErrorReport| report.details.iter().any(|detail| matches!(detail, Detail::File(_)));
        if !self.error.as_ref().is_some_and(listed) {
            problems(out, &self.problems);
        }
        if let Some(report) = &self.error {
            out.push_str(&error(report));
        }
    }
}

impl Readable for Exports {
    fn write(&self, out: &mut String) {
        if self.exports.is_empty() {
            line(out, "No exports yet.");
        }
        let rows: Vec<_> = self
            .exports
            .iter()
            .map(|record| {
                let archive = record.archive.as_ref();
                let state = archive.map_or("-", |archive| match archive.state {
                    ArchiveState::Present => "present",
                    ArchiveState::Missing => "missing",
                    ArchiveState::Altered => "altered",
                });
                let size = archive.map_or_else(|| "-".to_owned(), |archive| bytes(archive.bytes));
                let mut row = vec![record.id.clone(), local(record.created_at), words(record.status).to_owned()];
                row.extend([count(record.patients), count(record.files), size, state.to_owned(), record.name.clone()]);
                row
            })
            .collect();
        let heading = [
            ("ID", Left),
            ("CREATED", Left),
            ("STATUS", Left),
            ("PATIENTS", Right),
            ("FILES", Right),
            ("SIZE", Right),
            ("ARCHIVE", Left),
            ("NAME", Left),
        ];
        out.push_str(&table(&heading, &rows));
    }
}

impl Readable for Deleted {
    fn write(&self, out: &mut String) {
        line(out, &format!("Deleted {}.", shown(&self.deleted)));
    }
}

impl Readable for Verification {
    fn write(&self, out: &mut String) {
        let verdict = if self.ok { "Whole" } else { "NOT WHOLE" };
        line(out, &format!("{verdict}: {}, {}.", many(self.files, "file"), bytes(self.bytes)));
        field(out, "SHA-256", &self.sha256);
        for problem in &self.problems {
            let name = if problem.name.is_empty() { "the archive" } else { &problem.name };
            line(out, &format!("  {}: {} [{}]", shown(name), shown(&problem.message), problem.code));
        }
    }
}

/// One line about the ids of a pasted list that name nobody.
pub(crate) fn unknown_ids(ids: &[String]) -> String {
    format!("{} of the list not found: {}", many(ids.len() as u64, "id"), listed(ids.iter().map(String::as_str)))
}

/// A status as people say it.
fn words(status: ExportStatus) -> &'static str {
    match status {
        ExportStatus::CompletedWithProblems => "completed with problems",
        other => other.as_str(),
    }
}

fn remark(archive: &Archive) -> &'static str {
    match archive.state {
        ArchiveState::Present => "",
        ArchiveState::Missing => " (missing: it is not there any more)",
        ArchiveState::Altered => " (altered: another file stands there now)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_that_mean_something() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (1_234, "1.23 kB"),
            (12_345, "12.3 kB"),
            (99_960, "100 kB"),
            (123_456, "123 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (482_600_000, "483 MB"),
            (120_000_000_000, "120 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(number), text, "{number} bytes");
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(7, "7"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text, "{number}");
        }
    }

    #[test]
    fn a_long_list_says_how_many_more() {
        let ids: Vec<String> = (1..=14).map(|id| id.to_string()).collect();
        let text = listed(ids.iter().map(String::as_str));
        assert!(text.ends_with("12 and 2 more (--json lists all)"), "nothing is cut silently: {text}");
    }

    #[test]
    fn an_error_lists_every_file_at_once() {
        let problem = |file: u64| {
            Detail::File(FileProblem {
                file: file.to_string(),
                patient: "7".to_owned(),
                path: format!("raw/{file}\u{1b}[31m.stl"),
                code: "SOURCE_MISSING".to_owned(),
                message: "It is not there.".to_owned(),
                omitted: true,
            })
        };
        let report = ErrorReport {
            code: "SOURCE_MISSING".to_owned(),
            message: "100 files cannot be had.".to_owned(),
            hint: "Use --on-missing skip.".to_owned(),
            details: (0..100).map(problem).collect(),
        };
        let text = error(&report);
        assert_eq!(text.lines().count(), 103, "a sentence, a hundred files, a next step, a code");
        assert!(!text.contains('\u{1b}'), "a path cannot drive the terminal");
    }
}
