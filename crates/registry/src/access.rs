//! Who may see what, and who may export it: denied unless a grant says otherwise.
//!
//! Deliberately absent: logins. A registry file carries none, so acting as a user is a policy here; the server makes it a
//! wall.

use std::path::{Path, PathBuf};

use roaring::RoaringTreemap;
use rusqlite::{Row, params};

use crate::audience::Audience;
use crate::error::{Code, Error, Result};
use crate::ids::{FolderId, PatientId, ProjectId, UserId};
use crate::registry::Registry;
use crate::text;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever can open the file: may do everything.
    Owner,
    /// A user of the registry, by name.
    User(String),
}

/// A set of patients by row id. Patients that are deleted in the source are in no set but [`PatientSet::All`], and are
/// left out by every query.
#[derive(Clone, Debug, PartialEq)]
pub enum PatientSet {
    /// Every patient of every project.
    All,
    /// These ones, as [`PatientSet::key`] numbers them.
    These(RoaringTreemap),
}

impl PatientSet {
    /// Whether the patient is in the set.
    pub fn contains(&self, patient: PatientId) -> bool {
        match self {
            PatientSet::All => true,
            PatientSet::These(patients) => patients.contains(Self::key(patient)),
        }
    }

    /// The number that stands for a patient in the bitmap.
    pub const fn key(patient: PatientId) -> u64 {
        patient.0.cast_unsigned()
    }
}

/// An actor with what it may do in one registry, as it was when [`Registry::viewer`] read it.
#[derive(Clone, Debug)]
pub struct Viewer {
    name: String,
    registry: PathBuf,
    may_read: PatientSet,
    may_export: PatientSet,
    may_read_studies: bool,
    may_export_studies: bool,
    reads: Projects,
    exports: Projects,
    /// What the reading grants reach.
    reaches: Vec<Reach>,
}

/// The placements that one viewer sees in one project: a placement is seen where a single grant covers this patient in this
/// folder. Who may read a patient through one grant does not learn of the folders that only another grant opens.
#[derive(Clone, Debug)]
pub(crate) enum SeenPlacements {
    /// Every one.
    All,
    /// Those that one of these reaches.
    Reached(Vec<Reach>),
}

/// What one grant reaches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reach {
    project: Option<ProjectId>,
    /// The folder and, where the grant says so, its subfolders; `None`: every folder.
    folders: Option<RoaringTreemap>,
    visibility: Option<String>,
}

impl SeenPlacements {
    /// Whether a patient of this visibility is seen in this folder.
    fn contains(&self, visibility: &str, folder: FolderId) -> bool {
        let SeenPlacements::Reached(reaches) = self else { return true };
        reaches.iter().any(|reach| {
            reach.visibility.as_ref().is_none_or(|wanted| wanted == visibility)
                && reach.folders.as_ref().is_none_or(|folders| folders.contains(folder.0.cast_unsigned()))
        })
    }
}

impl PartialEq for SeenPlacements {
    /// Whether both show the same for the same reasons, whatever the order of the grants.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (SeenPlacements::All, SeenPlacements::All) => true,
            (SeenPlacements::Reached(a), SeenPlacements::Reached(b)) => {
                a.iter().all(|reach| b.contains(reach)) && b.iter().all(|reach| a.contains(reach))
            }
            _ => false,
        }
    }
}

impl Viewer {
    /// `owner`, or the user's name: what the record of an export says.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The patients that this viewer may see.
    pub fn may_read(&self) -> &PatientSet {
        &self.may_read
    }

    /// The patients that this viewer may export: never more than [`Viewer::may_read`].
    pub fn may_export(&self) -> &PatientSet {
        &self.may_export
    }

    /// Whether studies exist for this viewer. They belong to no project, so this takes the right to export them, or to see
    /// every patient of every project.
    pub fn may_read_studies(&self) -> bool {
        self.may_read_studies
    }

    /// Whether this viewer may export studies.
    pub fn may_export_studies(&self) -> bool {
        self.may_export_studies
    }

    /// Whether this viewer may do everything.
    pub fn is_owner(&self) -> bool {
        matches!(self.reads, Projects::All) && matches!(self.may_export, PatientSet::All)
    }

    /// Whether a right covers the project as a whole, so that it exists for this viewer even without patients.
    pub(crate) fn reads_project(&self, project: ProjectId) -> bool {
        self.reads.contains(project)
    }

    /// Whether a right to export covers the project as a whole.
    pub(crate) fn exports_project(&self, project: ProjectId) -> bool {
        self.reads_project(project) && self.exports.contains(project)
    }

    /// Which placements of the project this viewer sees.
    pub(crate) fn placements(&self, project: ProjectId) -> SeenPlacements {
        let here = |reach: &&Reach| reach.project.is_none_or(|only| only == project);
        // Of which project the grant speaks has been asked: the answer for two viewers is compared.
        let reaches: Vec<Reach> =
            self.reaches.iter().filter(here).map(|reach| Reach { project: Some(project), ..reach.clone() }).collect();
        if reaches.iter().any(|reach| reach.folders.is_none() && reach.visibility.is_none()) {
            return SeenPlacements::All;
        }
        SeenPlacements::Reached(reaches)
    }

    /// Refuses a viewer of another registry, whose row ids mean other patients.
    pub(crate) fn must_belong_to(&self, registry: &Registry) -> Result<()> {
        if self.registry == registry.path() {
            return Ok(());
        }
        Err(Error::new(Code::Internal, "The rights of one registry were used on another."))
    }

    fn owner(registry: &Path) -> Self {
        Self {
            name: "owner".to_owned(),
            registry: registry.to_owned(),
            may_read: PatientSet::All,
            may_export: PatientSet::All,
            may_read_studies: true,
            may_export_studies: true,
            reads: Projects::All,
            exports: Projects::All,
            reaches: vec![Reach { project: None, folders: None, visibility: None }],
        }
    }
}

impl Registry {
    /// The rights of an actor. Read once; a long-lived caller asks again before it acts on them.
    ///
    /// # Errors
    /// `UNKNOWN_USER` for a name that no active user has; `USER_REQUIRED` where there is no owner; those of reading.
    pub fn viewer(&self, actor: &Actor) -> Result<Viewer> {
        let Actor::User(name) = actor else {
            if self.needs_user() {
                let message =
                    format!("{} is a database with a login: it is looked at as one of its users.", self.path().display());
                return Err(Error::new(Code::UserRequired, message).hint("Say who looks at it with --user NAME."));
            }
            return Ok(Viewer::owner(self.path()));
        };
        let user = self.user(name)?;
        let grants = self.grants(user)?;
        let reading: Vec<&Grant> = grants.iter().filter(|grant| grant.may_read).collect();
        let exporting: Vec<&Grant> = grants.iter().filter(|grant| grant.may_export).collect();
        let may_read = self.covered(&reading)?;
        let may_export_studies = grants.iter().any(|grant| grant.may_export_studies);
        Ok(Viewer {
            name: name.clone(),
            registry: self.path().to_owned(),
            may_export: intersection(&may_read, self.covered(&exporting)?),
            may_read,
            may_read_studies: may_export_studies || self.are_all_read(&reading)?,
            may_export_studies,
            reads: Projects::of(&reading),
            exports: Projects::of(&exporting),
            reaches: reading.iter().map(|grant| grant.reach()).collect(),
        })
    }

    /// The placements (patient, folder) of a project that the viewer sees, by patient. With
    /// [`SeenPlacements::All`], rows of other projects are among them: whoever asks drops them faster than a join would.
    pub(crate) fn placements(&self, project: ProjectId, seen: &SeenPlacements) -> Result<Vec<(PatientId, FolderId)>> {
        if *seen == SeenPlacements::All {
            let sql = "SELECT patient_id, folder_id FROM patient_folder ORDER BY patient_id";
            return self.rows(sql, [], |row| Ok((PatientId(row.get(0)?), FolderId(row.get(1)?))));
        }
        let mut placements = Vec::new();
        self.each(
            "SELECT patient_folder.patient_id, patient_folder.folder_id, patient.visibility
               FROM patient_folder CROSS JOIN patient ON patient.id = patient_folder.patient_id
              WHERE patient.project_id = ?1 ORDER BY patient_folder.patient_id",
            [project.0],
            |row| {
                let folder = FolderId(row.get(1)?);
                let shown = seen.contains(row.get_ref(2)?.as_str()?, folder);
                Ok(shown.then_some((PatientId(row.get(0)?), folder)))
            },
            |placement| placements.extend(placement),
        )?;
        Ok(placements)
    }

    fn user(&self, name: &str) -> Result<UserId> {
        let sql = "SELECT id FROM user WHERE name = ?1 AND is_active = 1";
        let found = self.rows(sql, [name], |row| row.get(0).map(UserId))?.pop();
        if let Some(found) = found {
            return Ok(found);
        }
        // No near matches: the names of users are nobody's to guess.
        let unknown = Error::new(Code::UnknownUser, format!("There is no user {}.", text::quoted(name)));
        Err(unknown.hint(match self.audience()? {
            // Whoever is none of them may not ask who they are.
            Audience::Everybody if self.needs_user() => {
                "Say the name as it is at the sign-in there, letter for letter; who is new there is known after `sheaf sync`."
            }
            Audience::Everybody => "`sheaf users` without --user lists the users.",
            Audience::Only(_) => "It was read for another user only; `sheaf sync --for-everybody` reads what all may see.",
        }))
    }

    /// Whether the grants cover every patient that there is or may be.
    fn are_all_read(&self, grants: &[&Grant]) -> Result<bool> {
        if let Some(were) = self.was_all_read()? {
            return Ok(were);
        }
        let unlimited: Vec<&Grant> = grants.iter().copied().filter(|grant| grant.visibility.is_none()).collect();
        Ok(match Projects::of(&unlimited) {
            Projects::All => true,
            Projects::These(covered) => {
                let all = self.rows("SELECT id FROM project", [], |row| Ok(ProjectId(row.get(0)?)))?;
                !all.is_empty() && all.iter().all(|project| covered.contains(project))
            }
        })
    }

    fn grants(&self, user: UserId) -> Result<Vec<Grant>> {
        let rows = self.rows(
            "SELECT project_id, folder_id, recursive, visibility, may_read, may_export, may_export_studies
               FROM access WHERE user_id = ?1",
            [user.0],
            |row| {
                let grant = Grant {
                    project: row.get::<_, Option<i64>>(0)?.map(ProjectId),
                    folders: None,
                    visibility: row.get(3)?,
                    may_read: row.get(4)?,
                    may_export: row.get(5)?,
                    may_export_studies: row.get(6)?,
                };
                Ok((grant, row.get(1)?, row.get(2)?))
            },
        )?;
        let with_folders = |(mut grant, folder, recursive): (Grant, Option<i64>, bool)| {
            if let Some(folder) = folder {
                grant.folders = Some(self.folders_inside(folder, recursive)?);
            }
            Ok(grant)
        };
        rows.into_iter().map(with_folders).collect()
    }

    fn folders_inside(&self, folder: i64, recursive: bool) -> Result<Vec<FolderId>> {
        // UNION, not UNION ALL: a ring of folders in a damaged source then ends instead of turning for ever.
        self.rows(
            "WITH RECURSIVE inside (id) AS (
                 SELECT ?1
                 UNION
                 SELECT folder.id FROM folder JOIN inside ON folder.parent_id = inside.id WHERE ?2
             )
             SELECT id FROM inside",
            (folder, recursive),
            |row| row.get(0).map(FolderId),
        )
    }

    /// The patients that any of the grants covers.
    fn covered(&self, grants: &[&Grant]) -> Result<PatientSet> {
        let mut patients = RoaringTreemap::new();
        for grant in grants {
            if grant.project.is_none() && grant.folders.is_none() && grant.visibility.is_none() {
                return Ok(PatientSet::All);
            }
            self.add_covered(grant, &mut patients)?;
        }
        Ok(PatientSet::These(patients))
    }

    fn add_covered(&self, grant: &Grant, patients: &mut RoaringTreemap) -> Result<()> {
        let project = grant.project.map(|project| project.0);
        let read = |row: &Row<'_>| row.get(0).map(PatientId);
        let mut add = |id| {
            patients.insert(PatientSet::key(id));
        };
        let Some(folders) = &grant.folders else {
            return self.each(
                "SELECT id FROM patient
                  WHERE deleted = 0 AND (?1 IS NULL OR project_id = ?1) AND (?2 IS NULL OR visibility = ?2)",
                params![project, grant.visibility],
                read,
                add,
            );
        };
        for folder in folders {
            self.each(
                "SELECT patient.id FROM patient_folder JOIN patient ON patient.id = patient_folder.patient_id
                  WHERE patient_folder.folder_id = ?1 AND patient.deleted = 0
                    AND (?2 IS NULL OR patient.project_id = ?2) AND (?3 IS NULL OR patient.visibility = ?3)",
                params![folder.0, project, grant.visibility],
                read,
                &mut add,
            )?;
        }
        Ok(())
    }
}

/// One row of the table `access`.
struct Grant {
    project: Option<ProjectId>,
    /// The folder and, where it says so, its subfolders; `None`: not limited to folders.
    folders: Option<Vec<FolderId>>,
    visibility: Option<String>,
    may_read: bool,
    may_export: bool,
    may_export_studies: bool,
}

impl Grant {
    fn reach(&self) -> Reach {
        let set = |folders: &Vec<FolderId>| folders.iter().map(|folder| folder.0.cast_unsigned()).collect();
        Reach { project: self.project, folders: self.folders.as_ref().map(set), visibility: self.visibility.clone() }
    }
}

/// The projects that grants cover as a whole.
#[derive(Clone, Debug)]
enum Projects {
    All,
    These(Vec<ProjectId>),
}

impl Projects {
    fn of(grants: &[&Grant]) -> Self {
        let mut projects = Vec::new();
        for grant in grants.iter().filter(|grant| grant.folders.is_none()) {
            match grant.project {
                None => return Projects::All,
                Some(project) => projects.push(project),
            }
        }
        Projects::These(projects)
    }

    fn contains(&self, project: ProjectId) -> bool {
        match self {
            Projects::All => true,
            Projects::These(projects) => projects.contains(&project),
        }
    }
}

/// What is in both sets: an export that may not be read is no right at all.
fn intersection(a: &PatientSet, b: PatientSet) -> PatientSet {
    match (a, b) {
        (PatientSet::All, b) => b,
        (PatientSet::These(a), PatientSet::All) => PatientSet::These(a.clone()),
        (PatientSet::These(a), PatientSet::These(b)) => PatientSet::These(a & b),
    }
}
