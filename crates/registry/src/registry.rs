//! A registry file, open for reading, and the short questions about it: users, projects, data roots, age.
//!
//! Deliberately absent: anything that writes (see [`crate::writer`]). Opening never changes the file or its folder.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Params, Row, Transaction};

use crate::access::Viewer;
use crate::error::{Code, Detail, Error, Result};
use crate::ids::{PatientId, ProjectId, RootId, UserId};
use crate::open::{self, Opened};
use crate::rows::{DataRoot, Location, Project, User};
use crate::text;

/// A registry: one read-only connection to its file. Can move between threads, is used by one at a time.
pub struct Registry {
    opened: Opened,
    /// The source that this was read from, where the file is a copy that stands for it.
    source: Option<PathBuf>,
    /// Whether nobody may look at it but one of its users.
    needs_user: bool,
    /// When its source was last found to hold what it holds, after it was made.
    confirmed: Option<jiff::Timestamp>,
}

/// A project as one viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSummary {
    /// The project.
    pub project: Project,
    /// How many of its patients this viewer sees.
    pub patients: u64,
    /// Whether this viewer may export any of them.
    pub may_export: bool,
}

impl Registry {
    /// Opens the registry at `path`, strictly for reading. The file and its folder stay untouched.
    ///
    /// # Errors
    /// `REGISTRY_MISSING`, `REGISTRY_UNREADABLE`, `REGISTRY_CORRUPT`, `REGISTRY_FOREIGN`, `REGISTRY_NEWER`,
    /// `REGISTRY_OLDER`, `DB_BUSY`. A file that cannot be read in place (it lies on a network file system, or its WAL holds
    /// changes) is `REGISTRY_UNREADABLE` here; [`Registry::open_with_scratch`] reads a copy of it.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { opened: open::open(path, None)?, source: None, needs_user: false, confirmed: None })
    }

    /// Like [`Registry::open`]; a file that cannot be read in place is copied into a new private folder in `scratch`, which
    /// goes away with this value.
    ///
    /// # Errors
    /// Those of [`Registry::open`].
    pub fn open_with_scratch(path: &Path, scratch: &Path) -> Result<Self> {
        Ok(Self { opened: open::open(path, Some(scratch))?, source: None, needs_user: false, confirmed: None })
    }

    /// Opens the registry at `copy`, which was read from `source` and stands for it: its path is the source's from here on.
    ///
    /// # Errors
    /// Those of [`Registry::open`].
    pub fn open_copy(copy: &Path, source: &Path, scratch: &Path) -> Result<Self> {
        Ok(Self {
            opened: open::open(copy, Some(scratch))?,
            source: Some(source.to_owned()),
            needs_user: false,
            confirmed: None,
        })
    }

    /// From here on nobody is the owner: it stands for a source that has a login of its own, so whoever can read the file was
    /// not let in by that alone.
    #[must_use]
    pub fn for_users(self) -> Self {
        Self { needs_user: true, ..self }
    }

    /// Its source was found to hold at `time` what it holds.
    #[must_use]
    pub fn confirmed_at(self, time: jiff::Timestamp) -> Self {
        Self { confirmed: Some(time), ..self }
    }

    /// Whether only its users may look at it.
    pub fn needs_user(&self) -> bool {
        self.needs_user
    }

    /// Whether the file at `path` says at its beginning that it is a registry of Sheaf, of any version.
    ///
    /// # Errors
    /// `REGISTRY_MISSING`, `REGISTRY_UNREADABLE`.
    pub fn is_registry(path: &Path) -> Result<bool> {
        open::is_registry(path)
    }

    /// Whether a file must be read as a copy, for which [`Registry::open_with_scratch`] needs a place: it lies on a network
    /// file system, or its WAL holds changes.
    ///
    /// # Errors
    /// `REGISTRY_MISSING`, `REGISTRY_UNREADABLE`.
    pub fn needs_copy(path: &Path) -> Result<bool> {
        open::needs_copy(path)
    }

    /// Canonical path of the registry file, or of the source that it stands for.
    pub fn path(&self) -> &Path {
        self.source.as_deref().unwrap_or(&self.opened.path)
    }

    /// Whether the file is a copy that stands for a source.
    pub fn is_copy(&self) -> bool {
        self.source.is_some()
    }

    /// The active users, by name.
    ///
    /// # Errors
    /// Those of reading: `REGISTRY_CORRUPT`, `REGISTRY_UNREADABLE`, `DB_BUSY`.
    pub fn users(&self) -> Result<Vec<User>> {
        let mut users = self.rows("SELECT id, name, role FROM user WHERE is_active = 1", [], |row| {
            Ok(User { id: UserId(row.get(0)?), name: row.get(1)?, role: row.get(2)? })
        })?;
        users.sort_by(|a, b| text::natural_cmp(&a.name, &b.name));
        Ok(users)
    }

    /// The projects that this viewer sees, in natural order of their slugs.
    ///
    /// # Errors
    /// Those of reading.
    pub fn projects(&self, viewer: &Viewer) -> Result<Vec<ProjectSummary>> {
        viewer.must_belong_to(self)?;
        let mut summaries: Vec<ProjectSummary> = self
            .rows("SELECT id, slug, name FROM project", [], |row| {
                Ok(Project { id: ProjectId(row.get(0)?), slug: row.get(1)?, name: row.get(2)? })
            })?
            .into_iter()
            .map(|project| ProjectSummary { project, patients: 0, may_export: false })
            .collect();
        summaries.sort_by_key(|summary| summary.project.id);

        let (readable, exportable) = (viewer.may_read(), viewer.may_export());
        self.each(
            "SELECT id, project_id FROM patient WHERE deleted = 0",
            [],
            |row| Ok((PatientId(row.get(0)?), ProjectId(row.get(1)?))),
            |(patient, project)| {
                if !readable.contains(patient) {
                    return;
                }
                if let Ok(at) = summaries.binary_search_by_key(&project, |summary| summary.project.id) {
                    summaries[at].patients += 1;
                    summaries[at].may_export |= exportable.contains(patient);
                }
            },
        )?;
        for empty in summaries.iter_mut().filter(|summary| summary.patients == 0) {
            empty.may_export = viewer.exports_project(empty.project.id);
        }
        summaries.retain(|summary| summary.patients > 0 || viewer.reads_project(summary.project.id));
        summaries.sort_by(|a, b| text::natural_cmp(&a.project.slug, &b.project.slug));
        Ok(summaries)
    }

    /// The project of this slug, if this viewer sees it.
    ///
    /// # Errors
    /// `UNKNOWN_PROJECT` with near matches among the projects that this viewer sees; those of reading.
    pub fn project(&self, viewer: &Viewer, slug: &str) -> Result<Project> {
        let mut projects = self.projects(viewer)?;
        if let Some(at) = projects.iter().position(|summary| summary.project.slug == slug) {
            return Ok(projects.swap_remove(at).project);
        }
        let near = text::near_matches(slug, projects.iter().map(|summary| summary.project.slug.as_str()));
        let message = format!("There is no project {}.", text::quoted(slug));
        Err(unknown(Code::UnknownProject, message, near, "`sheaf projects` lists the projects."))
    }

    /// The data roots. A location that is relative in the registry is joined to the registry's folder.
    ///
    /// # Errors
    /// Those of reading.
    pub fn data_roots(&self) -> Result<Vec<DataRoot>> {
        let folder = self.path().parent().unwrap_or(Path::new(""));
        self.rows("SELECT id, prefix, location FROM data_root ORDER BY id", [], |row| {
            let location: Option<String> = row.get(2)?;
            Ok(DataRoot {
                id: RootId(row.get(0)?),
                prefix: row.get(1)?,
                location: location.map(|location| Location::new(location, folder)),
            })
        })
    }

    /// Whether any file lies under a data root, whoever may see it.
    ///
    /// # Errors
    /// Those of reading.
    pub fn has_files_under(&self, root: RootId) -> Result<bool> {
        let sql = "SELECT 1 FROM file_registry WHERE root_id = ?1 LIMIT 1";
        Ok(!self.rows(sql, [root.0], |_| Ok(()))?.is_empty())
    }

    /// When the registry was last read from its source; `None` for a native one.
    ///
    /// # Errors
    /// `REGISTRY_CORRUPT` where the registry holds no time there; those of reading.
    pub fn synced_at(&self) -> Result<Option<jiff::Timestamp>> {
        let read: Option<jiff::Timestamp> = self
            .info("synced_at")?
            .map(|time| time.parse().map_err(|_| open::damaged(self.path(), "its time of synchronisation is not a time")))
            .transpose()?;
        Ok(read.map(|read| self.confirmed.map_or(read, |confirmed| confirmed.max(read))))
    }

    /// Version of the file's schema.
    pub(crate) fn version(&self) -> i32 {
        self.opened.version
    }

    /// What a synced registry was read from, as it was noted then; `None` in a native one.
    ///
    /// # Errors
    /// Those of reading.
    pub fn source(&self) -> Result<Option<String>> {
        self.info("source")
    }

    /// What was noted about a registry under this key when it was made; `None` where nothing was.
    ///
    /// # Errors
    /// Those of reading.
    pub fn info(&self, key: &str) -> Result<Option<String>> {
        let mut found = self.rows("SELECT value FROM registry_info WHERE key = ?1", [key], |row| row.get(0))?;
        Ok(found.pop())
    }

    /// The connection, for the queries of this crate.
    pub(crate) fn connection(&self) -> &Connection {
        &self.opened.connection
    }

    /// The error for a query that failed.
    pub(crate) fn failed(&self, error: rusqlite::Error) -> Error {
        open::read_failed(self.path(), error)
    }

    /// `DB_BUSY` when the file changed where nothing locks it; looked at after long reads.
    pub(crate) fn unchanged(&self) -> Result<()> {
        self.opened.unchanged()
    }

    /// Until it is dropped, all queries see the registry as it is now.
    pub(crate) fn snapshot(&self) -> Result<Transaction<'_>> {
        self.connection().unchecked_transaction().map_err(|error| self.failed(error))
    }

    /// Which file is read (device and inode), where it is read in place.
    pub(crate) fn identity(&self) -> Option<(u64, u64)> {
        self.opened.identity
    }

    /// All rows of a query.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, parameters, read, |row| rows.push(row))?;
        Ok(rows)
    }

    /// Hands every row of a query to `take`.
    pub(crate) fn each<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        mut take: impl FnMut(T),
    ) -> Result<()> {
        let ask = || -> rusqlite::Result<()> {
            let mut statement = self.connection().prepare_cached(sql)?;
            for row in statement.query_map(parameters, read)? {
                take(row?);
            }
            Ok(())
        };
        ask().map_err(|error| self.failed(error))
    }
}

/// The error for a name that does not exist, or that this viewer may not see: both read the same. `near` holds only what
/// the viewer sees; `otherwise` is the next step where nothing is near.
pub(crate) fn unknown(code: Code, message: String, near: Vec<String>, otherwise: &str) -> Error {
    let hint = match near.as_slice() {
        [] => otherwise.to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| text::quoted(name)).collect();
            format!("Did you mean {}?", names.join(", "))
        }
    };
    Error::new(code, message).hint(hint).details(near.into_iter().map(Detail::Text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::RegistryWriter;

    #[test]
    fn no_statement_of_ours_could_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("registry.sqlite");
        RegistryWriter::create(&path).and_then(RegistryWriter::finish).expect("an empty registry");
        let registry = Registry::open(&path).expect("a registry");
        let flag =
            |name| registry.connection().pragma_query_value(None, name, |row| row.get::<_, i64>(0)).expect("a pragma");
        assert_eq!((flag("query_only"), flag("trusted_schema")), (1, 0), "the file is foreign: it is only asked");
        for sql in ["DELETE FROM tag", "CREATE TABLE x (y)", "PRAGMA user_version = 9"] {
            registry.connection().execute_batch(sql).expect_err("a registry is never written by opening it");
        }
    }
}
