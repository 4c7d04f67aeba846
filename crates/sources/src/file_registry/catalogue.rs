//! Projects, folders, tags and patients.
//!
//! Deliberately absent: data sets and annotations of the source. Names of patients go into the registry and nowhere else.

use std::collections::{BTreeMap, HashMap, HashSet};

use sheaf_registry::ids::{FolderId, PatientId, ProjectId, TagId};
use sheaf_registry::writer::{NewFolder, NewPatient};
use sheaf_registry::{RegistryWriter, Result};

use super::cells::{Tables, row_error};
use super::generation::{Domain, SPACE, Shape};
use crate::report::{Odd, Oddities};

/// The project of patients without one. No source counts from here.
const NO_PROJECT: ProjectId = ProjectId(0);
/// Projects of domains that the source lists no project for begin here.
const DOMAIN_PROJECTS: i64 = 1_000_000_000;

/// What the rows of the source are in the registry.
#[derive(Default)]
pub(super) struct Catalogue {
    /// The projects that the source lists.
    pub(super) projects: HashMap<i64, ProjectId>,
    /// By domain and the source's id.
    pub(super) folders: HashMap<(usize, i64), FolderId>,
    /// By domain: the source's ids.
    patients: Vec<HashSet<i64>>,
    slugs: HashMap<String, ProjectId>,
    /// By domain, made when a patient needs it.
    domain_projects: BTreeMap<usize, ProjectId>,
    no_project: Option<ProjectId>,
    /// Placements by the column of the one folder, where there is a table of many folders too.
    placed: HashSet<(PatientId, FolderId)>,
    pub(super) patient_count: u64,
}

impl Catalogue {
    pub(super) fn read(tables: &Tables<'_>, shape: &Shape, writer: &mut RegistryWriter, odd: &mut Oddities) -> Result<Self> {
        let mut all = Self::default();
        all.read_projects(tables, writer, odd)?;
        let mut tags = HashMap::new();
        for (at, domain) in shape.domains.iter().enumerate() {
            all.read_folders(tables, at, domain, writer, odd)?;
            all.read_patients(tables, at, domain, writer, odd)?;
            all.read_placements(tables, at, domain, writer, odd)?;
            read_tags(tables, &all.patients[at], domain, &mut tags, writer, odd)?;
        }
        Ok(all)
    }

    /// The row id of a patient, if there is one.
    pub(super) fn patient(&self, at: usize, domain: &Domain, id: i64) -> Option<PatientId> {
        self.patients[at].contains(&id).then(|| domain.row_id(id).map(PatientId)).flatten()
    }

    pub(super) fn project_count(&self) -> u64 {
        self.slugs.len() as u64
    }

    fn read_projects(&mut self, tables: &Tables<'_>, writer: &mut RegistryWriter, odd: &mut Oddities) -> Result<()> {
        tables.each("common_project", &["id", "slug", "name"], &mut |row| {
            let slug = row.word(1)?;
            let slug = slug.trim();
            let taken = slug.is_empty() || self.slugs.contains_key(slug);
            let slug = if taken { self.free_slug(&format!("project-{}", row.id)) } else { slug.to_owned() };
            if taken {
                odd.note(Odd::ProjectRenamed, row);
            }
            if !(1..DOMAIN_PROJECTS).contains(&row.id) {
                return Err(row_error("common_project", &format!("{} is no id of a project", row.id)));
            }
            let id = writer.project_as(ProjectId(row.id), &slug, &row.word(2)?)?;
            self.slugs.insert(slug, id);
            self.projects.insert(row.id, id);
            Ok(())
        })
    }

    fn read_folders(
        &mut self,
        tables: &Tables<'_>,
        at: usize,
        domain: &Domain,
        writer: &mut RegistryWriter,
        odd: &mut Oddities,
    ) -> Result<()> {
        let table = domain.table("folder");
        let mut waiting = Vec::new();
        tables.each(&table, &["id", "parent_id", "name"], &mut |row| {
            waiting.push((row.id, row.int(1), row.word(2)?.into_owned()));
            Ok(())
        })?;
        let known: HashSet<i64> = waiting.iter().map(|(id, ..)| *id).collect();
        for (id, parent, _) in &mut waiting {
            if parent.is_some_and(|parent| !known.contains(&parent)) {
                odd.note(Odd::FolderUnknown, format_args!("{table} {id}"));
                *parent = None;
            }
        }
        // A domain that is a project has folders of its own; else all projects share them.
        let project =
            if waiting.is_empty() || domain.has_projects { None } else { Some(self.of_domain(at, domain, writer)?) };
        let mut made = self.folders.len();
        while !waiting.is_empty() {
            let mut later = Vec::new();
            for (id, parent, name) in waiting {
                let above = parent.map(|parent| self.folders.get(&(at, parent)).copied());
                if above == Some(None) {
                    later.push((id, parent, name));
                    continue;
                }
                let row_id = domain.row_id(id).ok_or_else(|| row_error(&table, &format!("{id} is no id of a folder")))?;
                let source_id = id.to_string();
                let folder = NewFolder {
                    id: Some(FolderId(row_id)),
                    // People know a folder by the number that it has in its app.
                    source_id: (row_id != id).then_some(&source_id),
                    project,
                    parent: above.flatten(),
                    name: &name,
                };
                self.folders.insert((at, id), writer.folder_row(&folder)?);
            }
            // None of them could be made: they are inside of each other. The first then stands at the top.
            if let Some((id, parent, _)) = later.first_mut().filter(|_| self.folders.len() == made) {
                odd.note(Odd::FolderRing, format_args!("{table} {id}"));
                *parent = None;
            }
            made = self.folders.len();
            waiting = later;
        }
        Ok(())
    }

    fn read_patients(
        &mut self,
        tables: &Tables<'_>,
        at: usize,
        domain: &Domain,
        writer: &mut RegistryWriter,
        odd: &mut Oddities,
    ) -> Result<()> {
        self.patients.push(HashSet::new());
        let table = domain.table("patient");
        let since = if tables.has_column(&table, "uploaded_at") { "uploaded_at" } else { "created_at" };
        let columns = ["patient_id", "project_id", "name", "visibility", "deleted", since, "folder_id"];
        let has_deleted = tables.has_column(&table, "deleted");
        let has_many = tables.has(&domain.table("patient_folders"));
        tables.each(&table, &columns, &mut |row| {
            let project = match row.int(1) {
                _ if !domain.has_projects => self.of_domain(at, domain, writer)?,
                None => self.of_nobody(writer)?,
                Some(id) => {
                    let known = self.projects.get(&id).copied();
                    if known.is_none() {
                        odd.note(Odd::ProjectUnknown, row);
                    }
                    known.map_or_else(|| self.of_nobody(writer), Ok)?
                }
            };
            let row_id =
                domain.row_id(row.id).ok_or_else(|| row_error(&table, &format!("{} is no id of a patient", row.id)))?;
            // Marked by what is neither yes nor no is marked: nothing is shown that may have been deleted.
            let deleted = has_deleted && row.flag(4) != Some(false);
            if deleted {
                odd.note(Odd::PatientDeleted, row);
            }
            let (patient_id, name, visibility) = (row.id.to_string(), row.word(2)?, row.word(3)?);
            let patient = NewPatient {
                id: Some(PatientId(row_id)),
                // Blank stands for "Patient" and its number.
                name: if name.trim().is_empty() { "" } else { &name },
                visibility: &visibility,
                deleted,
                created_at: row.time(5, odd)?,
                ..NewPatient::new(project, &patient_id)
            };
            let patient = writer.patient(&patient).map_err(|error| row.contradicts(error))?;
            self.patients[at].insert(row.id);
            self.patient_count += 1;
            if let Some(folder) = row.int(6) {
                match self.folders.get(&(at, folder)) {
                    Some(folder) => {
                        writer.place(patient, *folder)?;
                        if has_many {
                            self.placed.insert((patient, *folder));
                        }
                    }
                    None => odd.note(Odd::FolderUnknown, row),
                }
            }
            Ok(())
        })
    }

    /// Patients in several folders.
    fn read_placements(
        &mut self,
        tables: &Tables<'_>,
        at: usize,
        domain: &Domain,
        writer: &mut RegistryWriter,
        odd: &mut Oddities,
    ) -> Result<()> {
        tables.each(&domain.table("patient_folders"), &["patient_id", "folder_id"], &mut |row| {
            let folder = row.int(1).and_then(|folder| self.folders.get(&(at, folder)));
            match (self.patient(at, domain, row.id), folder) {
                (None, _) => odd.note(Odd::PatientUnknown, row),
                (_, None) => odd.note(Odd::FolderUnknown, row),
                (Some(patient), Some(folder)) => {
                    if self.placed.insert((patient, *folder)) {
                        writer.place(patient, *folder)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// The project that a domain is.
    pub(super) fn of_domain(&mut self, at: usize, domain: &Domain, writer: &mut RegistryWriter) -> Result<ProjectId> {
        if let Some(project) = self.domain_projects.get(&at).or_else(|| self.slugs.get(&domain.name)) {
            return Ok(*project);
        }
        let project = ProjectId(DOMAIN_PROJECTS + domain.space / SPACE);
        let project = writer.project_as(project, &domain.name, &domain.name)?;
        self.slugs.insert(domain.name.clone(), project);
        self.domain_projects.insert(at, project);
        Ok(project)
    }

    /// The project of patients without one. A project of that name is another one: who may see it may not see these.
    fn of_nobody(&mut self, writer: &mut RegistryWriter) -> Result<ProjectId> {
        if let Some(project) = self.no_project {
            return Ok(project);
        }
        let slug = if self.slugs.contains_key("default") { self.free_slug("default-2") } else { "default".to_owned() };
        let project = writer.project_as(NO_PROJECT, &slug, "Default")?;
        self.slugs.insert(slug, project);
        self.no_project = Some(project);
        Ok(project)
    }

    fn free_slug(&self, wanted: &str) -> String {
        let mut slug = wanted.to_owned();
        while self.slugs.contains_key(&slug) {
            slug.push('_');
        }
        slug
    }
}

fn read_tags(
    tables: &Tables<'_>,
    patients: &HashSet<i64>,
    domain: &Domain,
    tags: &mut HashMap<String, TagId>,
    writer: &mut RegistryWriter,
    odd: &mut Oddities,
) -> Result<()> {
    let mut here = HashMap::new();
    tables.each(&domain.table("tag"), &["id", "name"], &mut |row| {
        let name = row.word(1)?.into_owned();
        // Tags of two domains with one name are one tag.
        let tag = match tags.get(&name) {
            Some(tag) => *tag,
            None => *tags.entry(name.clone()).or_insert(writer.tag(&name)?),
        };
        here.insert(row.id, tag);
        Ok(())
    })?;
    let mut tagged = HashSet::new();
    tables.each(&domain.table("patient_tags"), &["patient_id", "tag_id"], &mut |row| {
        let patient = domain.row_id(row.id).filter(|_| patients.contains(&row.id)).map(PatientId);
        match (patient, row.int(1).and_then(|tag| here.get(&tag))) {
            (Some(patient), Some(tag)) => {
                if tagged.insert((patient, *tag)) {
                    writer.tag_patient(patient, *tag)?;
                }
            }
            _ => odd.note(Odd::PatientUnknown, row),
        }
        Ok(())
    })
}
