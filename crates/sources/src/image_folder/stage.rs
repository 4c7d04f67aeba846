//! What was found in a folder, kept aside until all of it is known; and what an earlier registry of the folder says.
//!
//! A million files fit into little memory so: whose they are is known only after the last one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sheaf_registry::foreign::{ForeignDatabase, private_folder};
use sheaf_registry::rows::Kind;
use sheaf_registry::{Code, Error, Result};
use tempfile::TempDir;

use super::format::stem;
use super::people::Claim;

/// A file that is to be registered, if somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) path: String,
    pub(super) bytes: u64,
    /// RFC 3339.
    pub(super) modified: String,
    /// The word for its format; [`NO_IMAGE`] for what the path names in so many words, empty for what nothing is known of.
    pub(super) format: Cow<'static, str>,
    pub(super) claim: Claim,
    pub(super) modality: String,
    pub(super) kind: Kind,
    pub(super) subtype: String,
    /// A JSON object.
    pub(super) metadata: String,
}

/// What an earlier registry says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) id: i64,
    /// Neither its size nor its time is another.
    pub(super) is_same: bool,
    /// SHA-256, in hexadecimal; empty where it is not known.
    pub(super) hash: String,
}

/// A file of which no hash is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unhashed {
    /// Row id.
    pub(super) id: i64,
    pub(super) path: String,
    pub(super) bytes: u64,
    /// RFC 3339.
    pub(super) modified: String,
}

/// A place for what was found; private, and gone with this value.
pub(super) struct Stage {
    // Before the folder that it lies in.
    connection: Connection,
    _folder: TempDir,
    /// Row ids of the patients, by project and id.
    pub(super) patients: HashMap<(String, String), i64>,
    /// The first row ids that no earlier registry gave.
    pub(super) next_patient: i64,
    pub(super) next_file: i64,
    /// Files of the earlier registry.
    pub(super) before: u64,
    /// Whether there is one.
    pub(super) has_earlier: bool,
    /// How the earlier registry was made.
    pub(super) layout: Option<String>,
}

/// What the path names in so many words, and is no image: tables and sounds of BIDS, classifications.
pub(super) const NO_IMAGE: &str = "other";
/// What lies beside an image of its name.
pub(super) const BESIDE: &str = "beside";

const TABLES: &str = "
    PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -32768;
    CREATE TABLE before (path TEXT PRIMARY KEY, id INTEGER, bytes INTEGER, modified TEXT, hash TEXT) WITHOUT ROWID;
    CREATE TABLE item (id INTEGER PRIMARY KEY, path TEXT, folder TEXT, stem TEXT, bytes INTEGER, modified TEXT, format TEXT,
                       owner INTEGER, person INTEGER, modality TEXT, kind TEXT, subtype TEXT, metadata TEXT);
    CREATE TABLE unhashed (id INTEGER PRIMARY KEY, path TEXT, bytes INTEGER, modified TEXT);
    BEGIN;";

/// The keys under which a registry of a folder notes what the next one goes on with.
pub(super) const NEXT_PATIENT: &str = "next_patient_id";
pub(super) const NEXT_FILE: &str = "next_file_id";
/// The key under which a registry of a folder notes how paths were read.
pub const LAYOUT: &str = "layout";

impl Stage {
    pub(super) fn new(scratch: &Path) -> Result<Self> {
        let folder = private_folder(scratch)?;
        let connection = Connection::open(folder.path().join("stage.sqlite")).map_err(failed)?;
        connection.execute_batch(TABLES).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(16);
        Ok(Self {
            connection,
            _folder: folder,
            patients: HashMap::new(),
            next_patient: 1,
            next_file: 1,
            before: 0,
            has_earlier: false,
            layout: None,
        })
    }

    /// Takes over what the registry at `earlier` says, if it is one of the same folder.
    pub(super) fn remember(&mut self, earlier: &Path, source: &str, scratch: &Path) -> Result<()> {
        let Ok(database) = ForeignDatabase::open(earlier, scratch) else { return Ok(()) };
        let from = database.snapshot()?;
        let info = |key: &str| {
            let sql = "SELECT value FROM registry_info WHERE key = ?1";
            from.query_row(sql, [key], |row| row.get::<_, String>(0)).optional()
        };
        // One that is damaged, or of another application, is no earlier one.
        if !info("source").is_ok_and(|earlier| earlier.as_deref() == Some(source)) {
            return Ok(());
        }
        let read = |error| database.failed(error);
        let number = |key: &str| info(key).map(|value| value.and_then(|value| value.parse::<i64>().ok()).unwrap_or(1));
        self.layout = info(LAYOUT).map_err(read)?;
        self.has_earlier = true;
        (self.next_patient, self.next_file) = (number(NEXT_PATIENT).map_err(read)?, number(NEXT_FILE).map_err(read)?);
        let each = |sql: &str, take: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<()>| {
            let mut statement = from.prepare(sql).map_err(read)?;
            let mut rows = statement.query([]).map_err(read)?;
            while let Some(row) = rows.next().map_err(read)? {
                take(row).map_err(read)?;
            }
            Ok(())
        };
        each("SELECT p.slug, patient_id, a.id FROM patient a JOIN project p ON p.id = a.project_id", &mut |row| {
            let id: i64 = row.get(2)?;
            self.next_patient = self.next_patient.max(id.saturating_add(1));
            self.patients.insert((row.get(0)?, row.get(1)?), id);
            Ok(())
        })?;
        let sql = "SELECT file_path, id, file_size, CASE WHEN json_valid(metadata) THEN metadata ->> '$.modified' END,
                          CASE hash_kind WHEN 'sha256' THEN file_hash ELSE '' END
                     FROM file_registry";
        each(sql, &mut |row| {
            let values = (row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?);
            let (modified, hash) = (row.get::<_, Option<String>>(3)?, row.get::<_, String>(4)?);
            self.next_file = self.next_file.max(values.1.saturating_add(1));
            self.before += 1;
            let sql = "INSERT OR REPLACE INTO before VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = self.connection.prepare_cached(sql)?;
            insert.execute((values.0, values.1, values.2, modified, hash)).map(drop)
        })?;
        database.unchanged()
    }

    /// What the earlier registry says of a file.
    pub(super) fn before(&self, item: &Item) -> Result<Option<Before>> {
        let sql = "SELECT id, bytes IS ?2 AND modified IS ?3, hash FROM before WHERE path = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let bytes = i64::try_from(item.bytes).ok();
        let row = statement.query_row((&item.path, bytes, &item.modified), |row| {
            Ok(Before { id: row.get(0)?, is_same: row.get(1)?, hash: row.get(2)? })
        });
        row.optional().map_err(failed)
    }

    pub(super) fn add(&self, item: &Item) -> Result<()> {
        let (folder, name) = item.path.rsplit_once('/').unwrap_or(("", &item.path));
        let sql = "INSERT INTO item VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        let run = || {
            self.connection.prepare_cached(sql)?.execute(params![
                item.path,
                folder,
                stem(name),
                i64::try_from(item.bytes).ok(),
                item.modified,
                item.format,
                i64::try_from(item.claim.0).unwrap_or(0),
                item.claim.1.and_then(|person| i64::try_from(person).ok()),
                item.modality,
                item.kind.as_str(),
                item.subtype,
                item.metadata,
            ])
        };
        run().map(drop).map_err(failed)
    }

    /// Gives files that are no images to the image beside them that has their name: what a side file says is of it.
    pub(super) fn give_beside(&self) -> Result<()> {
        let index = "CREATE INDEX item_stem ON item (folder, stem) WHERE format != ''";
        let sql = "
            UPDATE item SET (format, modality, kind, subtype) =
                   (SELECT ?1, i.modality, i.kind, i.subtype FROM item i
                     WHERE i.folder = item.folder AND i.stem = item.stem AND i.format != '' ORDER BY i.id LIMIT 1)
             WHERE format = ''
               AND EXISTS (SELECT 1 FROM item i
                            WHERE i.folder = item.folder AND i.stem = item.stem AND i.format != '')";
        let run = || self.connection.execute_batch(index).and_then(|()| self.connection.execute(sql, [BESIDE]));
        run().map(drop).map_err(failed)
    }

    /// Whose files there are, each once; of those that are registered.
    pub(super) fn claims(&self) -> Result<Vec<Claim>> {
        let sql = "SELECT DISTINCT owner, person FROM item WHERE format != ''";
        let run = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((count(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(count))))?;
            rows.collect::<rusqlite::Result<_>>()
        };
        run().map_err(failed)
    }

    /// Tells every item in order.
    pub(super) fn each(&self, take: &mut dyn FnMut(&Item) -> Result<()>) -> Result<()> {
        let sql = "SELECT path, bytes, modified, format, owner, person, modality, kind, subtype, metadata
                     FROM item ORDER BY id";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let read = || -> rusqlite::Result<Item> {
                Ok(Item {
                    path: row.get(0)?,
                    bytes: row.get::<_, Option<i64>>(1)?.map_or(u64::MAX, i64::cast_unsigned),
                    modified: row.get(2)?,
                    format: row.get::<_, String>(3)?.into(),
                    claim: (count(row.get(4)?), row.get::<_, Option<i64>>(5)?.map(count)),
                    modality: row.get(6)?,
                    kind: Kind::parse(&row.get::<_, String>(7)?),
                    subtype: row.get(8)?,
                    metadata: row.get(9)?,
                })
            };
            take(&read().map_err(failed)?)?;
        }
        Ok(())
    }

    /// Notes a file of which no hash is known.
    pub(super) fn unhashed(&self, file: &Unhashed) -> Result<()> {
        let sql = "INSERT INTO unhashed VALUES (?1, ?2, ?3, ?4)";
        let run = || {
            let bytes = i64::try_from(file.bytes).unwrap_or(i64::MAX);
            self.connection.prepare_cached(sql)?.execute((file.id, &file.path, bytes, &file.modified))
        };
        run().map(drop).map_err(failed)
    }

    /// How many files have no hash, and their bytes.
    pub(super) fn unhashed_count(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), coalesce(sum(bytes), 0) FROM unhashed";
        let row = self.connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        row.map(|(files, bytes)| (files.cast_unsigned(), bytes.cast_unsigned())).map_err(failed)
    }

    /// The next files without a hash after the row id `after`.
    pub(super) fn unhashed_after(&self, after: i64, most: usize) -> Result<Vec<Unhashed>> {
        let sql = "SELECT id, path, bytes, modified FROM unhashed WHERE id > ?1 ORDER BY id LIMIT ?2";
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = statement.query_map((after, most), |row| {
                let bytes = row.get::<_, i64>(2)?.cast_unsigned();
                Ok(Unhashed { id: row.get(0)?, path: row.get(1)?, bytes, modified: row.get(3)? })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        run().map_err(failed)
    }
}

/// A place in a list, as the database holds it.
fn count(place: i64) -> usize {
    usize::try_from(place).unwrap_or(0)
}

fn failed(error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
        return Error::new(Code::NoSpace, "There is no room left for what was found in the folder.")
            .hint("Make room, then try again.")
            .cause(error);
    }
    Error::new(Code::Internal, "What was found in the folder could not be kept.").cause(error)
}
