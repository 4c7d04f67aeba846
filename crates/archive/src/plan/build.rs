//! `Resolved` -> [`Plan`]: one entry for one path, a look at each file, safe and unique names.

use sheaf_registry::Code;
use sheaf_registry::Result;
use sheaf_registry::error::FileProblem;
use sheaf_registry::ids::FileId;
use sheaf_registry::resolve::{Resolved, ResolvedFile};
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::selection::KindChoice;

use super::look::{self, Look};
use super::naming::name_folder;
use super::{DuplicateRow, Plan, PlannedEntry, Planning, id_text, source_folder};
use crate::entry_name::{MAX_COMPONENT_BYTES, UniqueNames, sanitise};

/// Longest path below the top folder, in bytes: with a short folder around it, it still unpacks on Windows.
const MAX_PATH_BYTES: usize = 240;
/// Longest folder name of a modality, in bytes, so that enough is left for the file's own name.
const MAX_MODALITY_BYTES: usize = 48;
/// How many files are taken from the resolved rows before their memory is given back.
const GIVE_BACK: usize = 1 << 16;

/// A row that was merged into the one before it.
struct Merged {
    /// Index of the file it was merged into.
    file: usize,
    id: FileId,
    source_id: Option<Box<str>>,
    registered_bytes: Option<u64>,
    hash: RegisteredHash,
}

impl Plan {
    /// Plans the archive: looks at every file in parallel, with progress, and names every entry. Files that cannot be had
    /// are left out and listed in [`Plan::problems`], never an error; [`Plan::refuse_problems`] makes them one.
    ///
    /// # Errors
    /// `CANCELLED`, within a tenth of a second even if the file system hangs.
    pub fn new(resolved: Resolved, planning: &Planning<'_>) -> Result<Plan> {
        let parts = resolved.into_parts();
        let plan = Plan {
            user: parts.user,
            project: parts.project,
            selection: parts.selection,
            on_missing: planning.on_missing,
            patients: parts.patients,
            patient_dirs: Vec::new(),
            folders: parts.folders,
            tags: parts.tags,
            modalities: parts.modalities,
            modality_dirs: Vec::new(),
            entries: Vec::new(),
            duplicates: Vec::new(),
            lacking: parts.lacking,
            problems: Vec::new(),
            unknown_patients: parts.unknown_patients,
            forbidden_patients: parts.forbidden_patients,
            synced_at: parts.synced_at,
        };
        plan.with_files(parts.files, planning)
    }

    /// The plan with entries for these files.
    pub(super) fn with_files(mut self, files: Vec<ResolvedFile>, planning: &Planning<'_>) -> Result<Plan> {
        let mut names = UniqueNames::default();
        let patients = self.patients.iter().map(|patient| format!("patient_{:03}", patient.number));
        self.patient_dirs = folder_names(&mut names, patients, MAX_COMPONENT_BYTES);
        names.clear();
        let modalities = self.modalities.iter().map(|modality| sanitise(&modality.slug, MAX_MODALITY_BYTES));
        self.modality_dirs = folder_names(&mut names, modalities, MAX_MODALITY_BYTES);

        let files = self.walk_folders(files, planning)?;
        let (files, merged) = merge(files);
        let (files, looks) = look::at_all(files, planning)?;
        self.take(files, looks, merged);
        self.name_entries();
        Ok(self)
    }

    /// Turns the files into entries and problems. The rows are given back on the way: both at once would double the peak.
    fn take(&mut self, mut files: Vec<ResolvedFile>, looks: Vec<Look>, merged: Vec<Merged>) {
        let mut merged = merged.into_iter().peekable();
        let mut looks = looks.into_iter().enumerate();
        files.reverse();
        while let (Some(file), Some((index, look))) = (files.pop(), looks.next()) {
            if files.len().is_multiple_of(GIVE_BACK) {
                files.shrink_to_fit();
            }
            self.judge(&file, file.id, file.source_id.as_deref(), file.registered_bytes, &look);
            while let Some(row) = merged.next_if(|row| row.file == index) {
                self.judge(&file, row.id, row.source_id.as_deref(), row.registered_bytes, &look);
                if let Look::Found { .. } = look {
                    let entry =
                        u32::try_from(self.entries.len()).expect("a ZIP of four thousand million entries is not made");
                    self.duplicates.push(DuplicateRow { entry, id: row.id, source_id: row.source_id, hash: row.hash });
                }
            }
            if let Look::Found { bytes, modified_seconds } = look {
                self.entries.push(PlannedEntry {
                    id: file.id,
                    source_id: file.source_id,
                    patient: file.patient,
                    modality: file.modality,
                    kind: file.kind,
                    root: file.root,
                    path: file.path,
                    renamed: None,
                    bytes,
                    modified_seconds,
                    hash: file.hash,
                });
            }
        }
        self.entries.shrink_to_fit();
    }

    /// Notes what is wrong with a row.
    fn judge(&mut self, file: &ResolvedFile, id: FileId, source_id: Option<&str>, registered: Option<u64>, look: &Look) {
        let (code, message, omitted) = match (look, registered) {
            (Look::Not(error), _) => (error.code, error.message.clone(), true),
            // Its files were listed before; now there is a folder where none was.
            (Look::Folder(_), _) => (Code::SourceNotRegular, super::folders::CAME.to_owned(), true),
            (Look::Found { bytes, .. }, Some(registered)) if *bytes != registered => {
                let message = format!("The file has {bytes} bytes, the registry says {registered}.");
                (Code::SizeMismatch, message, false)
            }
            (Look::Found { .. }, _) => return,
        };
        self.problems.push(FileProblem {
            file: id_text(id, source_id).into_owned(),
            patient: self.patients[file.patient as usize].patient_id.to_string(),
            path: file.path.to_string(),
            code: code.as_str().to_owned(),
            message,
            omitted,
        });
    }

    /// Makes the entries' names safe, and unique in their folders.
    fn name_entries(&mut self) {
        let kinds_apart = self.selection.export_kind() == KindChoice::Both;
        let folder =
            |entry: &PlannedEntry| (entry.patient, entry.modality, if kinds_apart { entry.kind } else { Kind::Raw });
        let mut entries = std::mem::take(&mut self.entries);
        let mut names = UniqueNames::default();
        for entries in entries.chunk_by_mut(|one, next| folder(one) == folder(next)) {
            let around = self.directory(entries[0].patient, entries[0].modality, entries[0].kind).len();
            name_folder(entries, &mut names, MAX_COMPONENT_BYTES.min(MAX_PATH_BYTES - around));
        }
        self.entries = entries;
    }
}

/// Orders the files by patient, modality, kind and path, those of a folder before those of the folders in it, and merges rows for one
/// path of the same three.
fn merge(mut files: Vec<ResolvedFile>) -> (Vec<ResolvedFile>, Vec<Merged>) {
    let folder = |file: &ResolvedFile| (file.patient, file.modality, file.kind);
    files.sort_unstable_by(|one, other| {
        let places = [one, other].map(|file| (folder(file), source_folder(&file.path)));
        places[0].cmp(&places[1]).then_with(|| (&one.path, one.root, one.id).cmp(&(&other.path, other.root, other.id)))
    });
    let mut merged = Vec::new();
    let mut kept = 0;
    files.dedup_by(|later, first| {
        let same = folder(later) == folder(first) && later.path == first.path && later.root == first.root;
        if same {
            merged.push(Merged {
                file: kept,
                id: later.id,
                source_id: later.source_id.take(),
                registered_bytes: later.registered_bytes,
                hash: std::mem::take(&mut later.hash),
            });
        } else {
            kept += 1;
        }
        same
    });
    (files, merged)
}

fn folder_names(names: &mut UniqueNames, wanted: impl Iterator<Item = String>, most: usize) -> Vec<Box<str>> {
    wanted.map(|name| if names.claim(&name) { name } else { names.number(&name, most) }.into()).collect()
}
