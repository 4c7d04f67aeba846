//! Some of the files of each data root, to look whether files are where they are said to be.

use std::collections::HashMap;

use crate::access::Viewer;
use crate::error::Result;
use crate::ids::{FileId, PatientId, RootId};
use crate::registry::Registry;
use crate::rows::FOLDER;

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledFile {
    /// Row id.
    pub id: FileId,
    /// Its path, as it stands in the registry.
    pub path: String,
    /// Whether it may be a folder's.
    pub may_be_folder: bool,
    /// Its size as registered, where one is known; of a folder's that of all files in it.
    pub registered_bytes: Option<u64>,
}

/// The files of one root so far: every so many of them.
struct Spread {
    /// How many were met.
    met: usize,
    /// Every how many of them is kept.
    step: usize,
    kept: Vec<FileId>,
}

impl Spread {
    fn take(&mut self, id: FileId, most: usize) {
        if self.met.is_multiple_of(self.step) {
            if self.kept.len() == 2 * most {
                self.kept = self.kept.iter().copied().step_by(2).collect();
                self.step *= 2;
            }
            if self.met.is_multiple_of(self.step) {
                self.kept.push(id);
            }
        }
        self.met += 1;
    }

    /// At most so many of those that were kept, from the first to the last.
    fn some(&self, most: usize) -> Vec<FileId> {
        let count = self.kept.len().min(most);
        (0..count).map(|at| self.kept[if count < 2 { 0 } else { at * (self.kept.len() - 1) / (count - 1) }]).collect()
    }
}

impl Registry {
    /// At most `most` files of each data root that this viewer may see, spread over all of them in the order of their ids; always
    /// the same ones. A root without any is absent.
    ///
    /// # Errors
    /// Those of reading.
    pub fn sample_files(&self, viewer: &Viewer, most: usize) -> Result<HashMap<RootId, Vec<SampledFile>>> {
        viewer.must_belong_to(self)?;
        let mut spreads: HashMap<RootId, Spread> = HashMap::new();
        let sql = "SELECT id, patient_id, root_id FROM file_registry WHERE patient_id IS NOT NULL ORDER BY id";
        let read = |row: &rusqlite::Row<'_>| Ok((FileId(row.get(0)?), PatientId(row.get(1)?), RootId(row.get(2)?)));
        self.each(sql, [], read, |(id, patient, root)| {
            if viewer.may_read().contains(patient) {
                let new = || Spread { met: 0, step: 1, kept: Vec::new() };
                spreads.entry(root).or_insert_with(new).take(id, most.max(1));
            }
        })?;
        let mut sampled = HashMap::new();
        for (root, spread) in spreads {
            let mut files = Vec::new();
            for id in spread.some(most) {
                let sql = "SELECT file_path, hash_kind = ?2, file_size FROM file_registry WHERE id = ?1";
                let file = |row: &rusqlite::Row<'_>| {
                    let size: Option<i64> = row.get(2)?;
                    let registered_bytes = size.and_then(|bytes| u64::try_from(bytes).ok());
                    Ok(SampledFile { id, path: row.get(0)?, may_be_folder: row.get(1)?, registered_bytes })
                };
                self.each(sql, (id.0, FOLDER), file, |file| files.push(file))?;
            }
            sampled.insert(root, files);
        }
        Ok(sampled)
    }

    /// The path of any file that begins as those of this root do, whoever may see it; `None` where it has none.
    ///
    /// # Errors
    /// Those of reading.
    pub fn any_file_of(&self, root: RootId) -> Result<Option<String>> {
        let sql = "SELECT file_path FROM file_registry JOIN data_root ON data_root.id = root_id
                   WHERE root_id = ?1 AND patient_id IS NOT NULL AND substr(file_path, 1, length(prefix)) = prefix LIMIT 1";
        Ok(self.rows(sql, [root.0], |row| row.get(0))?.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_from_the_first_to_the_last() {
        for (files, most) in [(0_i64, 12), (1, 12), (11, 12), (12, 12), (25, 12), (100_000, 12), (7, 1)] {
            let mut spread = Spread { met: 0, step: 1, kept: Vec::new() };
            (0..files).for_each(|id| spread.take(FileId(id), most));
            let some: Vec<i64> = spread.some(most).into_iter().map(|id| id.0).collect();
            assert_eq!(some.len() as u64, files.cast_unsigned().min(most as u64), "{files}: {some:?}");
            assert!(some.windows(2).all(|pair| pair[0] < pair[1]), "{files}: {some:?}");
            if files > 12 && most > 1 {
                assert!(some[0] == 0 && some[11] > files - files / 8 - 2, "{files}: {some:?}");
                let gaps: Vec<i64> = some.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let (least, largest) = (gaps.iter().min(), gaps.iter().max());
                assert!(largest <= least.map(|least| 2 * least + 1).as_ref(), "evenly: {some:?}");
            }
        }
    }
}
