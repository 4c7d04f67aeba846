//! What a synchronisation tells about its source: what was odd in it, and which exports the source itself has made.
//!
//! Deliberately absent: continuing those exports. They are history of another application.

use jiff::Timestamp;

use crate::access::{PatientSet, Viewer};
use crate::error::Result;
use crate::open::damaged;
use crate::registry::Registry;
use crate::schema::WITH_PROVENANCE;
use crate::sensitive::Sensitive;

/// Something odd in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// What: a word in capitals, such as `ORPHAN`.
    pub code: String,
    /// How often.
    pub count: u64,
    /// Some of the rows, by their ids, never by what identifies a person.
    pub examples: Vec<String>,
}

/// One export of the source's own history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceExport {
    /// The table that it stands in.
    pub source_table: String,
    /// Its id there.
    pub source_id: String,
    /// Login name of the user who asked for it.
    pub user: String,
    /// The source's word: `pending`, `processing`, `completed`, `failed`, ...
    pub status: String,
    /// What was asked for, JSON.
    pub query_params: Sensitive<String>,
    /// The same in words.
    pub query_summary: Sensitive<String>,
    /// Path or object key of its archive.
    pub file_path: String,
    /// Size of its archive in bytes.
    pub file_size: Option<u64>,
    /// Number of patients.
    pub patient_count: Option<u64>,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Why it failed, in the source's words.
    pub error_message: Sensitive<String>,
    /// How it is shared, in the source's word.
    pub share_mode: String,
}

impl Registry {
    /// What was odd in the source, by code. Told to whom every patient is shown: paths and counts speak of all of them.
    ///
    /// # Errors
    /// `REGISTRY_CORRUPT` where the examples are no list; those of reading.
    pub fn oddities(&self, viewer: &Viewer) -> Result<Vec<Oddity>> {
        viewer.must_belong_to(self)?;
        if self.version() < WITH_PROVENANCE || *viewer.may_read() != PatientSet::All {
            return Ok(Vec::new());
        }
        let rows = self.rows("SELECT code, count, examples FROM oddity ORDER BY code", [], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        let oddity = |(code, count, examples): (String, i64, String)| {
            let examples = serde_json::from_str(&examples)
                .map_err(|_| damaged(self.path(), "the examples of an oddity are no list"))?;
            Ok(Oddity { code, count: u64::try_from(count).unwrap_or(0), examples })
        };
        rows.into_iter().map(oddity).collect()
    }

    /// The source's own exports, newest first: all of them for whom every patient is shown, else the viewer's own.
    ///
    /// # Errors
    /// `REGISTRY_CORRUPT` where a time is none; those of reading.
    pub fn source_exports(&self, viewer: &Viewer) -> Result<Vec<SourceExport>> {
        viewer.must_belong_to(self)?;
        if self.version() < WITH_PROVENANCE {
            return Ok(Vec::new());
        }
        let all = *viewer.may_read() == PatientSet::All;
        let sql = "SELECT source_table, source_id, user, status, query_params, query_summary, file_path, file_size,
                          patient_count, created_at, started_at, completed_at, error_message, share_mode
                     FROM source_export WHERE ?1 OR user = ?2 ORDER BY created_at DESC, id DESC";
        let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        let rows = self.rows(sql, (all, viewer.name()), |row| {
            let times: [Option<String>; 3] = [row.get(9)?, row.get(10)?, row.get(11)?];
            let export = SourceExport {
                source_table: row.get(0)?,
                source_id: row.get(1)?,
                user: row.get(2)?,
                status: row.get(3)?,
                query_params: Sensitive::new(row.get(4)?),
                query_summary: Sensitive::new(row.get(5)?),
                file_path: row.get(6)?,
                file_size: count(row.get(7)?),
                patient_count: count(row.get(8)?),
                error_message: Sensitive::new(row.get(12)?),
                share_mode: row.get(13)?,
                ..SourceExport::default()
            };
            Ok((export, times))
        })?;
        let timed = |(export, times): (SourceExport, [Option<String>; 3])| {
            let [created_at, started_at, completed_at] = times.map(|time| time.map(|time| time.parse()).transpose());
            let parsed = || Ok::<_, jiff::Error>([created_at?, started_at?, completed_at?]);
            let [created_at, started_at, completed_at] =
                parsed().map_err(|_| damaged(self.path(), "the time of an export is not a time"))?;
            Ok(SourceExport { created_at, started_at, completed_at, ..export })
        };
        rows.into_iter().map(timed).collect()
    }
}
