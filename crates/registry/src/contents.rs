//! Which modalities and kinds of files a selection means.

use std::collections::{HashMap, HashSet};

use crate::access::{PatientSet, Viewer};
use crate::error::{Code, Result};
use crate::open::damaged;
use crate::registry::{Registry, unknown};
use crate::resolve::ResolvedModality;
use crate::rows::Kind;
use crate::scope::Scope;
use crate::selection::{KindChoice, Selection};
use crate::text;

/// The wanted modalities, by slug, and the wanted kinds.
pub(crate) struct Contents {
    modalities: Vec<ResolvedModality>,
    by_id: HashMap<i64, u16>,
    kinds: KindChoice,
}

impl Contents {
    /// What an export of the selection takes.
    ///
    /// # Errors
    /// `UNKNOWN_MODALITY` with near matches; those of reading.
    pub(crate) fn to_export(registry: &Registry, viewer: &Viewer, scope: &Scope, selection: &Selection) -> Result<Self> {
        Self::new(registry, modalities(registry, viewer, scope, selection)?, selection.export_kind())
    }

    /// What a list of patients shows: everything, as far as the selection does not speak of contents.
    ///
    /// # Errors
    /// Those of [`Contents::to_export`].
    pub(crate) fn to_list(registry: &Registry, viewer: &Viewer, scope: &Scope, selection: &Selection) -> Result<Self> {
        let wanted = modalities(registry, viewer, scope, selection)?;
        Self::new(registry, wanted, selection.kind.unwrap_or(KindChoice::Both))
    }

    /// Position of the modality, if files of this modality and kind are wanted.
    pub(crate) fn wanted(&self, modality: i64, kind: Kind) -> Option<u16> {
        self.by_id.get(&modality).copied().filter(|_| self.kinds.includes(kind))
    }

    /// The modality at a position.
    pub(crate) fn modality(&self, at: u16) -> &ResolvedModality {
        &self.modalities[usize::from(at)]
    }

    /// All wanted modalities, by slug.
    pub(crate) fn into_modalities(self) -> Vec<ResolvedModality> {
        self.modalities
    }

    /// How many modalities are wanted.
    pub(crate) fn count(&self) -> usize {
        self.modalities.len()
    }

    fn new(registry: &Registry, rows: Vec<ModalityRow>, kinds: KindChoice) -> Result<Self> {
        if rows.len() > usize::from(u16::MAX) {
            return Err(damaged(registry.path(), "it has more than 65,535 modalities"));
        }
        let by_id = rows.iter().map(|row| row.id).zip(0u16..).collect();
        let modalities = rows.into_iter().map(|row| ResolvedModality { slug: row.slug, name: row.name }).collect();
        Ok(Self { modalities, by_id, kinds })
    }
}

struct ModalityRow {
    id: i64,
    slug: String,
    name: String,
    listed: bool,
}

fn modality_rows(registry: &Registry) -> Result<Vec<ModalityRow>> {
    registry.rows("SELECT id, slug, name, listed FROM modality ORDER BY slug", [], |row| {
        Ok(ModalityRow { id: row.get(0)?, slug: row.get(1)?, name: row.get(2)?, listed: row.get(3)? })
    })
}

/// The rows that the selection reaches: all of them, unless it names some and does not say all. A name is looked up also
/// where all are wanted: what does not exist is never passed over.
fn modalities(registry: &Registry, viewer: &Viewer, scope: &Scope, selection: &Selection) -> Result<Vec<ModalityRow>> {
    if selection.modality.is_empty() {
        return modality_rows(registry);
    }
    let named = said(registry, viewer, scope, selection, modality_rows(registry)?)?;
    if selection.all_modalities { modality_rows(registry) } else { Ok(named) }
}

/// The rows that the selection names. The modality table is the registry's common vocabulary; a modality that no row of it
/// listed comes from files, and exists only for whoever sees one of them.
fn said(
    registry: &Registry,
    viewer: &Viewer,
    scope: &Scope,
    selection: &Selection,
    mut rows: Vec<ModalityRow>,
) -> Result<Vec<ModalityRow>> {
    let all_listed = selection.modality.iter().all(|slug| rows.iter().any(|row| row.listed && row.slug == *slug));
    if !all_listed && !matches!(viewer.may_read(), PatientSet::All) {
        let with_files = modalities_with_files(registry, scope)?;
        rows.retain(|row| row.listed || with_files.contains(&row.id));
    }
    for slug in &selection.modality {
        if !rows.iter().any(|row| row.slug == *slug) {
            let near = text::near_matches(slug, rows.iter().map(|row| row.slug.as_str()));
            let message = format!("There is no modality {}.", text::quoted(slug));
            let otherwise = "`sheaf patients` lists what is registered.";
            return Err(unknown(Code::UnknownModality, message, near, otherwise));
        }
    }
    rows.retain(|row| selection.modality.contains(&row.slug));
    Ok(rows)
}

fn modalities_with_files(registry: &Registry, scope: &Scope) -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    for patient in &scope.patients {
        registry.each(
            "SELECT DISTINCT modality_id FROM file_registry WHERE patient_id = ?1",
            [patient.id.0],
            |row| row.get(0),
            |modality| _ = found.insert(modality),
        )?;
    }
    Ok(found)
}
