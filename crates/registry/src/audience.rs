//! For whom a copy of a source was made: for everybody, or for one of its users. Then what that user may not read is not in it.
//!
//! Deliberately absent: what a user may read (see [`crate::access`]), and asking for it on the way in, since rights are whole only
//! when every row is there.

use std::path::Path;

use rusqlite::Connection;

use crate::access::{Actor, PatientSet, Viewer};
use crate::error::{Error, Result};
use crate::ids::{FolderId, PatientId, ProjectId};
use crate::registry::Registry;

/// Under which a registry notes its only user.
const ONLY_FOR: &str = "only_for";
/// Under which it notes whether that user reads every project of the source, of which it does not know all any longer.
const READS_ALL: &str = "reads_all";

/// For whom a registry was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// All that the source's account may read.
    #[default]
    Everybody,
    /// Only what one user may read, by name.
    Only(String),
}

/// How many rows a registry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Projects.
    pub projects: u64,
    /// Patients, deleted ones among them.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Users, those out of use among them.
    pub users: u64,
    /// Exports of the source's own history.
    pub exports: u64,
}

impl Registry {
    /// For whom it was made.
    ///
    /// # Errors
    /// Those of reading.
    pub fn audience(&self) -> Result<Audience> {
        Ok(self.info(ONLY_FOR)?.map_or(Audience::Everybody, Audience::Only))
    }

    /// How many rows it has, whoever may see them.
    ///
    /// # Errors
    /// Those of reading.
    pub fn totals(&self) -> Result<Totals> {
        let count = |table: &str| -> Result<u64> {
            let sql = format!("SELECT count(*) FROM {table}");
            Ok(self.rows(&sql, [], |row| row.get::<_, i64>(0))?.pop().map_or(0, i64::cast_unsigned))
        };
        Ok(Totals {
            projects: count("project")?,
            patients: count("patient")?,
            files: count("file_registry")?,
            users: count("user")?,
            exports: count("source_export")?,
        })
    }

    /// Whether its only user reads every project of the source; `None` where it was made for everybody.
    pub(crate) fn was_all_read(&self) -> Result<Option<bool>> {
        Ok(self.info(READS_ALL)?.map(|noted| noted == "yes"))
    }
}

/// What stays.
struct Kept {
    viewer: Viewer,
    projects: Vec<ProjectId>,
    placements: Vec<(PatientId, FolderId)>,
}

impl Kept {
    fn of(registry: &Registry, user: &str) -> Result<Self> {
        let viewer = registry.viewer(&Actor::User(user.to_owned())).map_err(|error| error.hint(OTHERWISE))?;
        let projects: Vec<_> = registry.projects(&viewer)?.into_iter().map(|summary| summary.project.id).collect();
        let mut placements = Vec::new();
        for project in &projects {
            let sql = "SELECT id FROM patient WHERE project_id = ?1 ORDER BY id";
            let patients = registry.rows(sql, [project.0], |row| row.get(0).map(PatientId))?;
            // Where all of a project is seen, placements of the others come with its own.
            let is_read = |patient| viewer.may_read().contains(patient) && patients.binary_search(&patient).is_ok();
            let seen = registry.placements(*project, &viewer.placements(*project))?;
            placements.extend(seen.into_iter().filter(|(patient, _)| is_read(*patient)));
        }
        Ok(Self { viewer, projects, placements })
    }
}

const OTHERWISE: &str = "Name another one with --only-for, or read what everybody may see with --for-everybody.";

/// Writes into the empty file `into` what `user` may read of the registry in `part`, which is changed on the way and good for
/// nothing any longer. Nothing of the rest is in any page of it.
///
/// # Errors
/// `UNKNOWN_USER`; those of reading; what `failed` makes of a failure of writing.
pub(crate) fn narrow(
    (part, into): (&Path, &Path),
    (user, scratch): (&str, &Path),
    open: impl Fn(&Path) -> rusqlite::Result<Connection>,
    failed: impl Fn(rusqlite::Error) -> Error,
) -> Result<()> {
    let kept = Kept::of(&Registry::open_with_scratch(part, scratch)?, user)?;
    let write = || -> rusqlite::Result<()> {
        let mut connection = open(part)?;
        // Of what is deleted nothing is written anywhere but into this file; a copy that fails is dropped as a whole.
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA journal_mode = OFF; PRAGMA cache_size = -16384")?;
        let transaction = connection.transaction()?;
        delete_the_rest(&transaction, &kept, user)?;
        transaction.commit()?;
        connection.execute("VACUUM INTO ?1", [into.to_string_lossy()]).map(drop)
    };
    write().map_err(failed)
}

fn delete_the_rest(connection: &Connection, kept: &Kept, user: &str) -> rusqlite::Result<()> {
    let note = "INSERT OR REPLACE INTO registry_info (key, value) VALUES (?1, ?2)";
    connection.execute(note, (ONLY_FOR, user))?;
    connection.execute(note, (READS_ALL, if kept.viewer.may_read_studies() { "yes" } else { "no" }))?;
    connection.execute("DELETE FROM access WHERE user_id <> (SELECT id FROM user WHERE name = ?1)", [user])?;
    connection.execute("DELETE FROM user WHERE name <> ?1", [user])?;
    if !kept.viewer.may_read_studies() {
        connection.execute("DELETE FROM study", [])?;
    }
    let PatientSet::These(patients) = kept.viewer.may_read() else { return Ok(()) };

    connection.execute_batch(
        "CREATE TEMP TABLE kept_patient (id INTEGER PRIMARY KEY);
         CREATE TEMP TABLE kept_placement (patient INTEGER, folder INTEGER, PRIMARY KEY (patient, folder)) WITHOUT ROWID;
         CREATE TEMP TABLE kept_project (id INTEGER PRIMARY KEY);",
    )?;
    let mut patient = connection.prepare("INSERT INTO kept_patient VALUES (?1)")?;
    for id in patients {
        patient.execute([id.cast_signed()])?;
    }
    let mut placement = connection.prepare("INSERT INTO kept_placement VALUES (?1, ?2)")?;
    for (id, folder) in &kept.placements {
        placement.execute((id.0, folder.0))?;
    }
    let mut project = connection.prepare("INSERT INTO kept_project VALUES (?1)")?;
    for id in &kept.projects {
        project.execute([id.0])?;
    }
    connection.execute("DELETE FROM source_export WHERE user <> ?1", [user])?;
    connection.execute_batch(
        "DELETE FROM oddity;
         DELETE FROM patient_tag WHERE patient_id NOT IN kept_patient;
         DELETE FROM tag WHERE id NOT IN (SELECT tag_id FROM patient_tag);
         DELETE FROM patient_folder WHERE (patient_id, folder_id) NOT IN kept_placement;
         DELETE FROM file_registry WHERE patient_id IS NULL OR patient_id NOT IN kept_patient;
         DELETE FROM modality WHERE NOT listed AND id NOT IN (SELECT modality_id FROM file_registry);
         DELETE FROM patient WHERE id NOT IN kept_patient;
         -- Folders of what stays, and of rights that may come to hold something, with those that they are in.
         CREATE TEMP TABLE kept_folder (id INTEGER PRIMARY KEY);
         WITH RECURSIVE above (id) AS (
             SELECT folder FROM kept_placement
             UNION SELECT folder_id FROM access WHERE folder_id IS NOT NULL
             UNION SELECT folder.parent_id FROM folder JOIN above ON folder.id = above.id WHERE folder.parent_id IS NOT NULL
         )
         INSERT INTO kept_folder SELECT id FROM above;
         INSERT OR IGNORE INTO kept_project SELECT project_id FROM access WHERE project_id IS NOT NULL;
         INSERT OR IGNORE INTO kept_project
             SELECT project_id FROM folder WHERE id IN kept_folder AND project_id IS NOT NULL;
         DELETE FROM folder WHERE id NOT IN kept_folder;
         DELETE FROM project WHERE id NOT IN kept_project;",
    )
}
