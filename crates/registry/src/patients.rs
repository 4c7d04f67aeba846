//! Patients page by page, with their folders, tags and what is registered for them: detail rows, read with SQL.
//!
//! Deliberately absent: names of persons, and counts over all patients, which the index answers.

use std::collections::HashMap;

use crate::access::Viewer;
use crate::contents::Contents;
use crate::error::Result;
use crate::registry::Registry;
use crate::rows::Kind;
use crate::scope::Scope;
use crate::selection::Selection;
use crate::text;

/// Some of the patients that a selection means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientPage {
    /// How many patients the selection means.
    pub total: u64,
    /// Those of this page, in natural order of their ids.
    pub patients: Vec<PatientSummary>,
    /// Ids of a pasted list that this viewer does not see.
    pub unknown_patients: Vec<String>,
}

/// A patient with what is registered for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientSummary {
    /// The id that users and the source know.
    pub patient_id: String,
    /// Paths of the folders that hold the patient, names from the root down, in natural order.
    pub folders: Vec<Vec<String>>,
    /// Tag names in natural order.
    pub tags: Vec<String>,
    /// What is registered, by modality and kind.
    pub contents: Vec<Content>,
}

/// What is registered for a patient in one modality and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Modality slug.
    pub modality: String,
    /// Raw, processed or other.
    pub kind: Kind,
    /// Number of files.
    pub files: u64,
    /// Registered sizes in bytes, added up; files without one count nothing.
    pub bytes: u64,
}

impl Registry {
    /// A page of the patients that this viewer sees. Here nothing said about patients means all of them. Contents are
    /// narrowed as far as the selection speaks of them, by modality and by kind.
    ///
    /// # Errors
    /// `UNKNOWN_PROJECT`, `UNKNOWN_PATIENT`, `UNKNOWN_FOLDER`, `UNKNOWN_TAG`, `UNKNOWN_MODALITY` with near matches; those of
    /// reading.
    pub fn patients(
        &self,
        viewer: &Viewer,
        project: &str,
        selection: &Selection,
        limit: Option<u64>,
        offset: u64,
    ) -> Result<PatientPage> {
        let _snapshot = self.snapshot()?;
        let scope = Scope::new(self, viewer, project)?;
        let chosen = if selection.says_patients() {
            scope.choose(selection, scope.everyone())?
        } else {
            scope.choose(&Selection { all: true, ..selection.clone() }, scope.everyone())?
        };
        let contents = Contents::to_list(self, viewer, &scope, selection)?;
        let mut order: Vec<u32> = chosen.patients.iter().collect();
        order.sort_unstable_by(|a, b| scope.compare(*a, *b));
        let page = order
            .into_iter()
            .skip(usize::try_from(offset).unwrap_or(usize::MAX))
            .take(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
        let patients = page.map(|at| self.summary(&scope, &contents, at)).collect::<Result<_>>()?;
        self.unchanged()?;
        Ok(PatientPage { total: chosen.patients.len(), patients, unknown_patients: chosen.unknown })
    }

    fn summary(&self, scope: &Scope, contents: &Contents, at: u32) -> Result<PatientSummary> {
        let patient = &scope.patients[at as usize];
        let mut sums: HashMap<(u16, Kind), (u64, u64)> = HashMap::new();
        // Sizes are added here: SQLite's sum() fails on overflow, and a hostile source may hold any number.
        self.each(
            "SELECT modality_id, kind, file_size FROM file_registry WHERE patient_id = ?1",
            [patient.id.0],
            |row| Ok((row.get(0)?, Kind::parse(row.get_ref(1)?.as_str()?), row.get::<_, Option<i64>>(2)?)),
            |(modality, kind, bytes)| {
                if let Some(modality) = contents.wanted(modality, kind) {
                    let sum = sums.entry((modality, kind)).or_default();
                    sum.0 += 1;
                    sum.1 = sum.1.saturating_add(bytes.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0)));
                }
            },
        )?;
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable();
        let mut folders: Vec<Vec<String>> = scope.folders_of(at).map(|folder| scope.folder_path(folder)).collect();
        folders.sort_by(|a, b| text::natural_path_cmp(a, b));
        let mut tags: Vec<String> = scope.tags_of(at).map(|tag| scope.tag_name(tag).to_owned()).collect();
        tags.sort_by(|a, b| text::natural_cmp(a, b));
        let contents = sums
            .into_iter()
            .map(|((modality, kind), (files, bytes))| Content {
                modality: contents.modality(modality).slug.clone(),
                kind,
                files,
                bytes,
            })
            .collect();
        Ok(PatientSummary { patient_id: patient.patient_id.to_string(), folders, tags, contents })
    }
}
