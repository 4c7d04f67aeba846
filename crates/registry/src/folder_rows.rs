//! Rows for a folder in which files of somebody else are: whoever may have the row would get those too.
//!
//! Told from the paths of all rows, so only when every row is there, and before any of them is left out for somebody. Deliberately
//! absent: looking into the folder, in which there may be files of no row at all.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::ids::FileId;
use crate::rows::FOLDER;

/// Of rows whose path may be a folder's, those at or under whose path other patients' rows lie become rows of a file; which they
/// are. In which data root a row lies does not count: one root may lie in another.
pub(crate) fn take_back_shared(connection: &Connection) -> rusqlite::Result<Vec<FileId>> {
    let sql = "SELECT file_path, patient_id, id FROM file_registry WHERE hash_kind = ?1 AND patient_id IS NOT NULL";
    let mut folders: HashMap<String, Vec<(i64, i64)>> = HashMap::new();
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([FOLDER])?;
    while let Some(row) = rows.next()? {
        let place = plain(row.get_ref(0)?.as_str()?);
        folders.entry(place).or_default().push((row.get(1)?, row.get(2)?));
    }
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let mut shared = Vec::new();
    let mut statement = connection.prepare("SELECT file_path, patient_id FROM file_registry")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let patient: Option<i64> = row.get(1)?;
        let place = plain(row.get_ref(0)?.as_str()?);
        let around = std::iter::successors(Some(&*place), |place| place.rsplit_once('/').map(|(around, _)| around));
        for owners in around.filter_map(|place| folders.get(place)) {
            shared.extend(owners.iter().filter(|(owner, _)| Some(*owner) != patient).map(|(_, id)| *id));
        }
    }
    shared.sort_unstable();
    shared.dedup();
    let sql =
        "UPDATE file_registry SET hash_kind = CASE file_hash WHEN '' THEN 'none' ELSE 'not_comparable' END WHERE id = ?1";
    let mut statement = connection.prepare(sql)?;
    shared.iter().try_for_each(|id| statement.execute([id]).map(drop))?;
    Ok(shared.into_iter().map(FileId).collect())
}

/// A path without what says nothing: a slash before and after it, empty parts, and dots for the same folder.
fn plain(path: &str) -> String {
    let mut plain = String::with_capacity(path.len() + 1);
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        plain.push('/');
        plain.push_str(part);
    }
    plain
}
