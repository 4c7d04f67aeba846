//! What became of a source, and what a folder would become.

use sheaf_app::folders::{FolderChanges, FolderPreview, FolderReport, PreviewedFile};
use sheaf_app::sources::{OddityReport, ResizedFile, RootReport, RowChanges, SourceChanges, SourceKind, SyncReport};
use sheaf_registry::text::quoted;

use super::{LISTED, Readable, count, field, line, many, studies};
use crate::tables::Side::{Left, Right};
use crate::tables::table;

impl Readable for SyncReport {
    fn write(&self, out: &mut String) {
        match self.kind {
            SourceKind::StudyList => {
                let zone = self.time_zone.as_deref().unwrap_or("UTC");
                line(out, &format!("Read {}. Times are meant in {zone}.", studies(self.studies)));
            }
            SourceKind::StudyDatabase => line(out, &format!("Read {}.", studies(self.studies))),
            SourceKind::ImageFolder => {
                let (projects, patients) = (many(self.projects, "project"), many(self.patients, "patient"));
                line(out, &format!("Read a folder of images: {projects}, {patients}, {}.", many(self.files, "file")));
            }
            SourceKind::FileRegistry => {
                let (projects, patients) = (many(self.projects, "project"), many(self.patients, "patient"));
                let (files, users) = (many(self.files, "file"), many(self.users, "user"));
                let generation = self.generation.as_deref().unwrap_or("unknown");
                line(out, &format!("Read a FileRegistry ({generation}): {projects}, {patients}, {files}, {users}."));
            }
        }
        field(out, "Registry", &self.registry);
        if self.names_left_out {
            field(out, "Names", "of patients are left out");
        }
        if let Some(user) = &self.only_for {
            field(out, "Kept", &format!("only what {} may read", quoted(user)));
        }
        match (&self.folder, &self.changes) {
            (Some(folder), _) => about_folder(out, folder, self.files),
            (None, Some(changes)) => about_changes(out, self.kind, changes),
            (None, None) => {}
        }
        for root in self.roots.iter().flatten() {
            about_root(out, root);
        }
        if !self.absent_fields.is_empty() {
            field(out, "Not there", &self.absent_fields.join(", "));
        }
        if !self.ignored_sheets.is_empty() {
            field(out, "Sheets not read", &self.ignored_sheets.join(", "));
        }
        if !self.ignored_columns.is_empty() {
            field(out, "Not read", &self.ignored_columns.join(", "));
        }
        if !self.rejected.is_empty() {
            line(out, &format!("{} rejected:", many(self.rejected.len() as u64, "row")));
            for row in self.rejected.iter().take(LISTED) {
                let counted = if self.kind == SourceKind::StudyDatabase { "row" } else { "line" };
                line(out, &format!("  {counted} {}: {}: {}", row.line, row.field, row.reason.words()));
            }
            let more = self.rejected.len().saturating_sub(LISTED);
            if more > 0 {
                line(out, &format!("  and {} more (--json lists all)", count(more as u64)));
            }
        }
        if !self.oddities.is_empty() {
            let row = |odd: &OddityReport| vec![odd.code.clone(), count(odd.count), odd.examples.join(", ")];
            let rows: Vec<_> = self.oddities.iter().map(row).collect();
            out.push_str(&table(&[("ODD IN IT", Left), ("ROWS", Right), ("SUCH AS", Left)], &rows));
        }
    }
}

/// A place of files, and how many of some are there.
fn about_root(out: &mut String, RootReport { prefix, location, check }: &RootReport) {
    let place = location.as_deref().unwrap_or("nowhere that is known");
    let what = if prefix.is_empty() { "all files" } else { prefix };
    let told = match &check.problem {
        _ if location.is_none() => format!("{what}: {place}; say it with --map"),
        Some(problem) => format!("{what} in {place}: {} [{}]", problem.message, problem.code),
        None if check.sampled == 0 => format!("{what} in {place}: there are none"),
        None => {
            let other = check.other_size.len();
            let other = if other == 0 { String::new() } else { format!(", {other} of another size") };
            format!("{what} in {place}: {} of {} sampled files found{other}", check.found, check.sampled)
        }
    };
    field(out, "Files", &told);
    if !check.other_size.is_empty() {
        let size =
            |file: &ResizedFile| format!("{} ({} bytes, registered {})", file.id, count(file.bytes), count(file.registered));
        let resized: Vec<_> = check.other_size.iter().map(size).collect();
        field(out, "Other size", &resized.join(", "));
    }
    if check.problem.is_none() && !check.missed.is_empty() {
        let missed: Vec<_> = check.missed.iter().map(|file| format!("{} ({})", file.id, file.code)).collect();
        field(out, "Not found", &missed.join(", "));
    }
}

fn about_changes(out: &mut String, kind: SourceKind, changes: &SourceChanges) {
    let SourceChanges { patients, files, studies } = *changes;
    let rows = |what: &str, of: RowChanges| {
        format!("{what}: {} added, {} changed, {} removed", count(of.added), count(of.changed), count(of.removed))
    };
    let told = match kind {
        SourceKind::StudyList | SourceKind::StudyDatabase => rows("studies", studies),
        SourceKind::FileRegistry | SourceKind::ImageFolder => {
            format!("{}; {}", rows("patients", patients), rows("files", files))
        }
    };
    field(out, "Changes", &told);
}

fn about_folder(out: &mut String, folder: &FolderReport, files: u64) {
    let formats: Vec<_> = folder.formats.iter().map(|format| format!("{} {}", count(format.files), format.format)).collect();
    if !formats.is_empty() {
        field(out, "Files", &formats.join(", "));
    }
    field(out, "Paths", &folder.pattern);
    field(out, "Hashes", &format!("{} of {} known", count(folder.hashed), count(files)));
    if let Some(FolderChanges { added, changed, removed }) = folder.changes {
        let (added, changed) = (count(added), count(changed));
        field(out, "Changes", &format!("{added} added, {changed} changed, {} removed", count(removed)));
    }
}

impl Readable for FolderPreview {
    fn write(&self, out: &mut String) {
        if self.files.is_empty() {
            line(out, "No images.");
            return;
        }
        let row = |file: &PreviewedFile| {
            let patient = if file.patient.is_empty() { "(nobody's)" } else { &file.patient };
            let fits = if file.fits { "" } else { "the pattern does not fit" };
            let cells = [&file.path, &file.format, &file.project, &file.folder, patient, &file.modality, &file.kind, fits];
            cells.map(ToOwned::to_owned).to_vec()
        };
        let rows: Vec<_> = self.files.iter().map(row).collect();
        let heads = ["PATH", "FORMAT", "PROJECT", "FOLDER", "PATIENT", "MODALITY", "KIND", ""].map(|head| (head, Left));
        out.push_str(&table(&heads, &rows));
        if self.more {
            line(out, "There are more. Files of one folder may still say whose the others are.");
        }
    }
}
