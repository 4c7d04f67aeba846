//! Making a registry: rows go in, the whole file appears under its name at the end, or nothing does.
//!
//! Deliberately absent: changing a registry that is there already. Whatever is to be changed becomes a new one in its place.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use roaring::RoaringTreemap;
use rusqlite::{Connection, ErrorCode, Params, params};
use tempfile::TempPath;

use crate::audience::{self, Audience};
use crate::error::{Code, Error, Result};
use crate::folder_rows;
use crate::ids::{FileId, FolderId, ModalityId, PatientId, ProjectId, RootId, TagId, UserId};
use crate::names::{NAMES, Names};
pub use crate::new_rows::{NewFile, NewFolder, NewGrant, NewModality, NewPatient, NewStudy};
use crate::platform;
use crate::provenance::{Oddity, SourceExport};
use crate::rows::{FOLDER, RegisteredHash};
use crate::schema;

/// A registry in the making. It appears under its name when [`RegistryWriter::finish`] is called; dropped before that, it
/// leaves nothing.
///
/// # Errors
/// The methods answer `NO_SPACE` where the disk is full, `DESTINATION_UNWRITABLE` where it fails, `INTERNAL` for rows that
/// contradict each other (a second patient with one id, an unknown id).
pub struct RegistryWriter {
    // Before `part`, so that the file is closed when it is removed.
    connection: Connection,
    part: TempPath,
    path: PathBuf,
    replaces: bool,
    names: Names,
    audience: Audience,
    numbers: HashMap<ProjectId, Numbers>,
}

impl RegistryWriter {
    /// Starts a registry that will appear at `path`; until then it grows in a private file beside it.
    ///
    /// # Errors
    /// `DESTINATION_TAKEN`, `DESTINATION_MISSING`, `DESTINATION_UNWRITABLE`.
    pub fn create(path: &Path) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(taken(path));
        }
        Self::begin_at(path, false)
    }

    /// Starts a registry that will take the place of the one at `path`, if there is one. Until then, and for whoever has it
    /// open, that one stays as it is.
    ///
    /// # Errors
    /// `DESTINATION_MISSING`, `DESTINATION_UNWRITABLE`.
    pub fn replacing(path: &Path) -> Result<Self> {
        Self::begin_at(path, true)
    }

    /// Starts a registry that has all that the one at `path` has, and will take its place. Until then, and for whoever has it
    /// open, that one stays as it is.
    ///
    /// # Errors
    /// `REGISTRY_UNREADABLE`; those of [`RegistryWriter::replacing`].
    pub fn amending(path: &Path) -> Result<Self> {
        let part = Self::part_of(path)?;
        std::fs::copy(path, &part).map_err(|error| match error.kind() {
            std::io::ErrorKind::StorageFull => unwritable(path, error),
            _ => Error::new(Code::RegistryUnreadable, format!("{} could not be read.", path.display())).cause(error),
        })?;
        let begin = || {
            let mut connection = Self::open_part(&part)?;
            // What is replaced would be kept in memory, and nobody asks for it: a copy that fails is dropped as a whole.
            connection.execute_batch("PRAGMA journal_mode = OFF")?;
            schema::migrate(&mut connection)?;
            connection.execute_batch("BEGIN").map(|()| connection)
        };
        let connection = begin().map_err(|error| write_failed(path, error))?;
        Ok(Self::with(connection, part, path, true))
    }

    fn begin_at(path: &Path, replaces: bool) -> Result<Self> {
        let part = Self::part_of(path)?;
        let connection = Self::begin(&part).map_err(|error| write_failed(path, error))?;
        Ok(Self::with(connection, part, path, replaces))
    }

    fn with(connection: Connection, part: TempPath, path: &Path, replaces: bool) -> Self {
        let (names, audience) = (Names::default(), Audience::default());
        Self { connection, part, path: path.to_owned(), replaces, names, audience, numbers: HashMap::new() }
    }

    /// A private file beside the registry, in which it grows.
    fn part_of(path: &Path) -> Result<TempPath> {
        let folder = folder_of(path);
        let Some(name) = path.file_name().filter(|_| folder.is_dir()) else {
            return Err(Error::new(Code::DestinationMissing, format!("There is no folder {}.", folder.display()))
                .hint("Make the folder first, or name another one."));
        };
        let mut prefix = name.to_owned();
        prefix.push(".");
        let part = tempfile::Builder::new().prefix(&prefix).suffix(".partial").tempfile_in(folder);
        Ok(part.map_err(|error| unwritable(path, error))?.into_temp_path())
    }

    /// Where it will appear.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves patients' names out of whatever comes from now on, and notes that: no name of a patient or of a study's patient,
    /// nothing of what a source's exports searched for, and of what is known of a file only what names nobody.
    pub fn leave_names_out(&mut self) -> Result<()> {
        self.names = Names::LeftOut;
        self.info(NAMES, self.names.as_str())
    }

    /// Says for whom it is made. Of what a user may not read nothing is in what appears, and nobody else is one of its users.
    pub fn narrow_to(&mut self, audience: Audience) {
        self.audience = audience;
    }

    /// Adds studies in a way that may fail in the middle and be tried again: where it fails, none of them stays.
    pub fn attempt<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.run("SAVEPOINT attempt")?;
        let written = write(self);
        if written.is_err() {
            self.run("ROLLBACK TO attempt")?;
        }
        self.run("RELEASE attempt")?;
        written
    }

    /// Whether names of patients are kept.
    pub fn names(&self) -> Names {
        self.names
    }

    /// Notes a fact about the registry, such as `synced_at` (RFC 3339) or `source`; said again, it is replaced.
    pub fn info(&mut self, key: &str, value: &str) -> Result<()> {
        self.insert("INSERT OR REPLACE INTO registry_info (key, value) VALUES (?1, ?2)", (key, value)).map(drop)
    }

    /// Adds a data root: paths that begin with `prefix` lie in `location`, absolute or relative to the registry's folder.
    pub fn data_root(&mut self, prefix: &str, location: Option<&str>) -> Result<RootId> {
        self.insert("INSERT INTO data_root (prefix, location) VALUES (?1, ?2)", (prefix, location)).map(RootId)
    }

    /// Adds a project.
    pub fn project(&mut self, slug: &str, name: &str) -> Result<ProjectId> {
        self.project_as(None, slug, name)
    }

    /// Adds a project under a row id of the source.
    pub fn project_as(&mut self, id: impl Into<Option<ProjectId>>, slug: &str, name: &str) -> Result<ProjectId> {
        let id = id.into().map(|id| id.0);
        self.insert("INSERT INTO project (id, slug, name) VALUES (?1, ?2, ?3)", (id, slug, name)).map(ProjectId)
    }

    /// Adds a folder; without a project it is shared by all of them.
    pub fn folder(&mut self, project: Option<ProjectId>, parent: Option<FolderId>, name: &str) -> Result<FolderId> {
        self.folder_row(&NewFolder { project, parent, name, ..NewFolder::default() })
    }

    /// Adds a folder with all that is known of it.
    pub fn folder_row(&mut self, folder: &NewFolder<'_>) -> Result<FolderId> {
        self.insert(
            "INSERT INTO folder (id, project_id, parent_id, name, source_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                folder.id.map(|id| id.0),
                folder.project.map(|id| id.0),
                folder.parent.map(|id| id.0),
                folder.name,
                folder.source_id,
            ],
        )
        .map(FolderId)
    }

    /// Adds a tag.
    pub fn tag(&mut self, name: &str) -> Result<TagId> {
        self.insert("INSERT INTO tag (name) VALUES (?1)", [name]).map(TagId)
    }

    /// Adds a modality.
    pub fn modality(&mut self, modality: &NewModality<'_>) -> Result<ModalityId> {
        let list = |values: &[&str]| serde_json::Value::from(values.to_vec()).to_string();
        self.insert(
            "INSERT INTO modality (slug, name, label, supported_extensions, subtypes, is_active, listed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                modality.slug,
                modality.name,
                modality.label,
                list(modality.supported_extensions),
                list(modality.subtypes),
                !modality.is_inactive,
                !modality.is_unlisted,
            ],
        )
        .map(ModalityId)
    }

    /// Adds a patient. The number of its folder in archives is the number that its id is; the others get theirs when the
    /// registry is finished and all of those are known.
    pub fn patient(&mut self, patient: &NewPatient<'_>) -> Result<PatientId> {
        let canonical = canonical_number(patient.patient_id);
        let numbers = self.numbers.entry(patient.project).or_default();
        let number = canonical.map_or_else(|| numbers.stand_in(), u64::cast_signed);
        let id = self.insert(
            "INSERT INTO patient (id, project_id, patient_id, number, name, record_no, visibility, deleted, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                patient.id.map(|id| id.0),
                patient.project.0,
                patient.patient_id,
                number,
                self.names.of(patient.name),
                patient.record_no,
                patient.visibility,
                patient.deleted,
                time(patient.created_at),
            ],
        )?;
        let numbers = self.numbers.entry(patient.project).or_default();
        match canonical {
            Some(number) => _ = numbers.given.insert(number),
            None => numbers.waiting.push((id, patient.number)),
        }
        Ok(PatientId(id))
    }

    /// Places a patient in a folder; a patient may be in several.
    pub fn place(&mut self, patient: PatientId, folder: FolderId) -> Result<()> {
        self.insert("INSERT INTO patient_folder (patient_id, folder_id) VALUES (?1, ?2)", (patient.0, folder.0)).map(drop)
    }

    /// Tags a patient.
    pub fn tag_patient(&mut self, patient: PatientId, tag: TagId) -> Result<()> {
        self.insert("INSERT INTO patient_tag (patient_id, tag_id) VALUES (?1, ?2)", (patient.0, tag.0)).map(drop)
    }

    /// Registers a file.
    pub fn file(&mut self, file: &NewFile<'_>) -> Result<FileId> {
        let hex;
        let (hash, hash_kind) = match &file.file_hash {
            RegisteredHash::Sha256(hash) => {
                hex = crate::hex::encode(hash);
                (hex.as_str(), "sha256")
            }
            RegisteredHash::NotComparable(hash) => (hash.as_ref(), "not_comparable"),
            RegisteredHash::None => ("", "none"),
        };
        let hash_kind = if file.may_be_folder { FOLDER } else { hash_kind };
        let metadata = self.names.metadata(file.metadata);
        self.insert(
            "INSERT INTO file_registry (id, source_id, patient_id, file_type, file_path, root_id, file_size, file_hash,
                                        hash_kind, modality_id, kind, subtype, metadata, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                file.id.map(|id| id.0),
                file.source_id,
                file.patient.map(|patient| patient.0),
                file.file_type,
                file.file_path,
                file.root.0,
                // A size beyond what SQLite counts is no size of a file; planning looks at the file itself.
                file.file_size.and_then(|bytes| i64::try_from(bytes).ok()),
                hash,
                hash_kind,
                file.modality.0,
                file.kind.as_str(),
                file.subtype,
                metadata,
                time(file.created_at),
            ],
        )
        .map(FileId)
    }

    /// Takes back that a path may be a folder's where other patients' rows, or rows of none, lie in it, as soon as all rows are
    /// there; which rows those were.
    pub fn take_back_shared_folders(&mut self) -> Result<Vec<FileId>> {
        folder_rows::take_back_shared(&self.connection).map_err(|error| write_failed(&self.path, error))
    }

    /// Gives a file that was registered the SHA-256 of its content.
    pub fn file_hash(&mut self, file: FileId, hash: &[u8; 32]) -> Result<()> {
        let sql = "UPDATE file_registry SET file_hash = ?1, hash_kind = 'sha256' WHERE id = ?2";
        let run = || self.connection.prepare_cached(sql)?.execute((crate::hex::encode(hash), file.0));
        run().map(drop).map_err(|error| write_failed(&self.path, error))
    }

    /// Adds a study.
    pub fn study(&mut self, study: &NewStudy<'_>) -> Result<()> {
        self.insert(
            "INSERT INTO study VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            params![
                study.exam_id,
                study.medical_record_no,
                study.application_order_no,
                self.names.of(study.patient_name),
                study.patient_gender,
                study.patient_birth_date,
                study.patient_age,
                study.exam_status,
                study.exam_source,
                study.exam_item,
                study.exam_description,
                study.exam_room,
                study.exam_equipment,
                study.equipment_type,
                time(study.order_datetime),
                time(study.check_in_datetime),
                time(study.report_certification_datetime),
                study.certified_physician,
                time(study.data_load_time),
            ],
        )
        .map(drop)
    }

    /// Adds a user; without a grant, nothing is allowed.
    pub fn user(&mut self, name: &str, role: &str) -> Result<UserId> {
        self.user_as(None, name, role)
    }

    /// Adds a user under a row id of the source.
    pub fn user_as(&mut self, id: impl Into<Option<UserId>>, name: &str, role: &str) -> Result<UserId> {
        let id = id.into().map(|id| id.0);
        self.insert("INSERT INTO user (id, name, role) VALUES (?1, ?2, ?3)", (id, name, role)).map(UserId)
    }

    /// Takes a user out of use: for every question it then does not exist.
    pub fn deactivate(&mut self, user: UserId) -> Result<()> {
        self.insert("UPDATE user SET is_active = 0 WHERE id = ?1", [user.0]).map(drop)
    }

    /// Gives a right.
    pub fn grant(&mut self, grant: &NewGrant<'_>) -> Result<()> {
        self.insert(
            "INSERT INTO access (user_id, project_id, folder_id, recursive, visibility, may_read, may_export,
                                 may_export_studies)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                grant.user.0,
                grant.project.map(|project| project.0),
                grant.folder.map(|folder| folder.0),
                grant.recursive,
                grant.visibility,
                grant.may_read,
                grant.may_export,
                grant.may_export_studies,
            ],
        )
        .map(drop)
    }

    /// Notes something odd in the source.
    pub fn oddity(&mut self, oddity: &Oddity) -> Result<()> {
        let examples = serde_json::Value::from(oddity.examples.clone()).to_string();
        let sql = "INSERT INTO oddity (code, count, examples) VALUES (?1, ?2, ?3)";
        self.insert(sql, params![oddity.code, oddity.count.cast_signed(), examples]).map(drop)
    }

    /// Adds an export of the source's own history.
    pub fn source_export(&mut self, export: &SourceExport) -> Result<()> {
        self.insert(
            "INSERT INTO source_export (source_table, source_id, user, status, query_params, query_summary, file_path,
                                        file_size, patient_count, created_at, started_at, completed_at, error_message,
                                        share_mode)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                export.source_table,
                export.source_id,
                export.user,
                export.status,
                self.names.of(export.query_params.expose()),
                self.names.of(export.query_summary.expose()),
                export.file_path,
                export.file_size.and_then(|bytes| i64::try_from(bytes).ok()),
                export.patient_count.and_then(|count| i64::try_from(count).ok()),
                time(export.created_at),
                time(export.started_at),
                time(export.completed_at),
                self.names.of(export.error_message.expose()),
                export.share_mode,
            ],
        )
        .map(drop)
    }

    /// Makes the registry durable and lets it appear under its name.
    ///
    /// # Errors
    /// `DESTINATION_TAKEN` where something has taken the name meanwhile; `UNKNOWN_USER` where it is made for one user, who is none of
    /// its users. Nothing is replaced, nothing is left.
    pub fn finish(self) -> Result<()> {
        let Self { connection, part, path, replaces, audience, numbers, .. } = self;
        give_numbers(&connection, numbers).map_err(|error| write_failed(&path, error))?;
        // DELETE also in the header: such a file is read in place, without anything beside it.
        let close = connection
            .execute_batch("COMMIT; PRAGMA journal_mode = DELETE;")
            .and_then(|()| connection.close().map_err(|(_, error)| error));
        close.map_err(|error| write_failed(&path, error))?;
        let part = narrowed(part, &path, audience)?;
        let unwritten = |error| unwritable(&path, error);
        File::options().write(true).open(&part).and_then(|file| file.sync_all()).map_err(unwritten)?;
        let persisted = if replaces { part.persist(&path) } else { part.persist_noclobber(&path) };
        persisted.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(&path),
            _ => unwritable(&path, error.error),
        })?;
        platform::sync_folder(folder_of(&path)).map_err(unwritten)
    }

    fn begin(part: &Path) -> rusqlite::Result<Connection> {
        let mut connection = Self::open_part(part)?;
        schema::migrate(&mut connection)?;
        connection.execute_batch("BEGIN")?;
        connection.execute(
            "INSERT INTO registry_info (key, value) VALUES ('created_by', ?1)",
            [concat!("sheaf ", env!("CARGO_PKG_VERSION"))],
        )?;
        Ok(connection)
    }

    fn open_part(part: &Path) -> rusqlite::Result<Connection> {
        let connection = Connection::open(part)?;
        // The file has no reader and no name yet, so only a failing statement needs a journal, and `finish` makes it
        // durable as a whole.
        connection.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;
             PRAGMA cache_size = -65536; PRAGMA foreign_keys = ON;",
        )?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| write_failed(&self.path, error))
    }

    /// Runs a statement that adds one row; the row's id.
    fn insert(&mut self, sql: &str, values: impl Params) -> Result<i64> {
        let run = || self.connection.prepare_cached(sql)?.insert(values);
        run().map_err(|error| write_failed(&self.path, error))
    }
}

/// What of a registry that is whole is for its audience.
fn narrowed(part: TempPath, path: &Path, audience: Audience) -> Result<TempPath> {
    let Audience::Only(user) = audience else { return Ok(part) };
    let into = RegistryWriter::part_of(path)?;
    let open = |part: &Path| RegistryWriter::open_part(part);
    audience::narrow((&part, &into), (&user, folder_of(path)), open, |error| write_failed(path, error))?;
    Ok(into)
}

/// The patient numbers of one project.
#[derive(Default)]
struct Numbers {
    /// Those of the ids that are numbers.
    given: RoaringTreemap,
    /// Row ids of the other patients, in the order in which they came, and the numbers that they would have.
    waiting: Vec<(i64, Option<u64>)>,
}

impl Numbers {
    /// What stands in the next waiting patient's row until all numbers are known: no other row has it.
    fn stand_in(&self) -> i64 {
        -1 - i64::try_from(self.waiting.len()).expect("memory holds fewer patients")
    }
}

/// Gives the smallest free numbers to the patients whose ids are none. Only now: whoever took a number earlier would take it
/// from a patient whose id it is.
fn give_numbers(connection: &Connection, numbers: HashMap<ProjectId, Numbers>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("UPDATE patient SET number = ?1 WHERE id = ?2")?;
    for Numbers { mut given, waiting } in numbers.into_values() {
        let mut others = Vec::new();
        for (id, wanted) in waiting {
            match wanted.filter(|number| i64::try_from(*number).is_ok() && given.insert(*number)) {
                Some(number) => _ = statement.execute((number.cast_signed(), id))?,
                None => others.push(id),
            }
        }
        let free = (1..i64::MAX).filter(|number| !given.contains(number.cast_unsigned()));
        for (id, number) in others.into_iter().zip(free) {
            statement.execute((number, id))?;
        }
    }
    Ok(())
}

/// The number that an id is, if it is written as numbers are: digits without leading zeros, no more than 2^63 - 1.
fn canonical_number(patient_id: &str) -> Option<u64> {
    let number: u64 = patient_id.parse().ok()?;
    (i64::try_from(number).is_ok() && number.to_string() == patient_id).then_some(number)
}

/// The folder that a file's name is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A time as the schema holds it: RFC 3339, UTC.
fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn taken(path: &Path) -> Error {
    Error::new(Code::DestinationTaken, format!("{} is already there.", path.display()))
        .hint("Name another file, or move that one away.")
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return full(path).cause(error);
    }
    Error::new(Code::DestinationUnwritable, format!("{} could not be written.", path.display()))
        .hint("Check that its folder can be written.")
        .cause(error)
}

fn full(path: &Path) -> Error {
    Error::new(Code::NoSpace, format!("There is no room left for {}.", path.display())).hint("Make room, then try again.")
}

fn write_failed(path: &Path, error: rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let shown = path.display();
    match code {
        Some(ErrorCode::DiskFull) => full(path),
        // A full tmpfs answers with a failure of output (code 10), not with "full" (code 13).
        Some(ErrorCode::SystemIoFailure) if platform::is_full(folder_of(path)) => full(path),
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            Error::new(Code::DestinationUnwritable, format!("{shown} could not be written."))
                .hint("Check that its folder can be written.")
        }
        Some(ErrorCode::ConstraintViolation) => {
            Error::new(Code::Internal, format!("A row for {shown} contradicts the rows before it."))
        }
        _ => Error::new(Code::Internal, format!("{shown} could not be made.")),
    }
    .cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_sqlite_has_its_code() {
        let path = Path::new("registry.sqlite");
        let table = [
            (rusqlite::ffi::SQLITE_FULL, Code::NoSpace),
            (rusqlite::ffi::SQLITE_IOERR, Code::DestinationUnwritable),
            (rusqlite::ffi::SQLITE_CANTOPEN, Code::DestinationUnwritable),
            (rusqlite::ffi::SQLITE_READONLY, Code::DestinationUnwritable),
            (rusqlite::ffi::SQLITE_CONSTRAINT, Code::Internal),
            (rusqlite::ffi::SQLITE_MISUSE, Code::Internal),
        ];
        for (number, code) in table {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(number), Some("Ada Lovelace".to_owned()));
            assert_eq!(write_failed(path, error).code(), code, "SQLite's result code {number}");
        }
    }

    #[test]
    fn a_full_disk_is_said_to_be_full() {
        let error = unwritable(Path::new("x"), std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(error.code(), Code::NoSpace, "making room is another next step than changing rights");
        let error = unwritable(Path::new("x"), std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        assert_eq!(error.code(), Code::DestinationUnwritable, "a right that is missing is no lack of room");
    }
}
