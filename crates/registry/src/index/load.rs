//! The rows of a project, read with SQL; the aggregate of its files from the cache where that is still true.

use std::path::Path;

use crate::access::{SeenPlacements, Viewer};
use crate::error::Result;
use crate::ids::{FolderId, ModalityId, PatientId, ProjectId, TagId};
use crate::registry::Registry;
use crate::rows::{Kind, Modality, Tag};
use crate::sensitive::Sensitive;

use super::cache::{Cache, Stamp};
use super::input::{IndexInput, InputFolder, InputPatient};
use super::{Index, PatientContent};

impl Index {
    /// Reads the index of a project, of what a viewer may read: other patients, and placements in folders that no right
    /// reaches, do not even enter it. Viewers who read the whole project may share one.
    ///
    /// With `cache`, a private folder such as `index/` in the home, the aggregate of the files is kept there and taken from
    /// there as long as the registry file is the same; a cache that is stale, damaged or not writable is no error, only
    /// slower. It holds row ids and sums, no names. Nothing is ever written beside the registry.
    ///
    /// # Errors
    /// Those of reading: `REGISTRY_CORRUPT`, `REGISTRY_UNREADABLE`, `DB_BUSY`.
    pub fn load(registry: &Registry, viewer: &Viewer, project: ProjectId, cache: Option<&Path>) -> Result<Index> {
        viewer.must_belong_to(registry)?;
        let placements = viewer.placements(project);
        let mut input = read(registry, project, &placements, cache)?;
        input.patients.retain(|patient| viewer.may_read().contains(patient.id));
        let mut index = Index::new(input)?;
        index.loaded_for = Some((project, placements));
        Ok(index)
    }
}

fn read(registry: &Registry, project: ProjectId, seen: &SeenPlacements, cache: Option<&Path>) -> Result<IndexInput> {
    // One transaction: every row is of one state of the registry, and with a rollback journal nobody can change the file
    // between the first row and the second stamp.
    let transaction = registry.snapshot()?;
    let before = Stamp::of(registry);
    let input = IndexInput {
        patients: patients(registry, project)?,
        folders: registry.rows(
            "SELECT id, parent_id, name FROM folder WHERE project_id IS NULL OR project_id = ?1",
            [project.0],
            |row| {
                let parent = row.get::<_, Option<i64>>(1)?.map(FolderId);
                Ok(InputFolder { id: FolderId(row.get(0)?), parent, name: row.get(2)? })
            },
        )?,
        placements: registry.placements(project, seen)?,
        tags: registry.rows("SELECT id, name FROM tag", [], |row| Ok(Tag { id: TagId(row.get(0)?), name: row.get(1)? }))?,
        patient_tags: registry.rows("SELECT patient_id, tag_id FROM patient_tag", [], |row| {
            Ok((PatientId(row.get(0)?), TagId(row.get(1)?)))
        })?,
        modalities: registry.rows("SELECT id, slug, name, listed FROM modality", [], |row| {
            Ok(Modality { id: ModalityId(row.get(0)?), slug: row.get(1)?, name: row.get(2)?, listed: row.get(3)? })
        })?,
        contents: PatientContent::new(),
    };
    let cached = cache.and_then(|folder| Some(Cache::new(folder, before?)));
    let known = cached.as_ref().and_then(Cache::read);
    let fresh = known.is_none();
    let contents = known.map_or_else(|| contents(registry), Ok)?;
    registry.unchanged()?;
    if let Some(cached) = cached.filter(|cached| fresh && cached.is_current(registry)) {
        cached.write(&contents);
    }
    drop(transaction);
    Ok(IndexInput { contents, ..input })
}

fn patients(registry: &Registry, project: ProjectId) -> Result<Vec<InputPatient>> {
    // The plus keeps SQLite from going through an index: most rows of the table are wanted.
    registry.rows(
        "SELECT id, patient_id, name FROM patient WHERE +project_id = ?1 AND deleted = 0 ORDER BY id",
        [project.0],
        |row| Ok(InputPatient { id: PatientId(row.get(0)?), patient_id: row.get(1)?, name: Sensitive::new(row.get(2)?) }),
    )
}

/// The aggregate over the whole registry, so that one cache serves all projects. Added up here and not by SQL, whose sum
/// fails where the sizes of a hostile registry overflow it. The order is that of the index `file_registry_patient`.
fn contents(registry: &Registry) -> Result<PatientContent> {
    let mut contents = PatientContent::new();
    registry.each(
        "SELECT patient_id, modality_id, kind, file_size FROM file_registry WHERE patient_id IS NOT NULL
          ORDER BY patient_id, modality_id, kind",
        [],
        |row| {
            let kind = Kind::parse(row.get_ref(2)?.as_str()?);
            let bytes = row.get::<_, Option<i64>>(3)?.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0));
            Ok((PatientId(row.get(0)?), ModalityId(row.get(1)?), kind, bytes))
        },
        |(patient, modality, kind, bytes)| contents.add(patient, modality, kind, 1, bytes),
    )?;
    Ok(contents)
}
