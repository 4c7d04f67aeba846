//! Rows for a folder -> rows for each of its files, before anything else is planned.
//!
//! A DICOM upload is one row for a folder, or for a prefix of object keys. Where its source lists the files, that list is in the
//! registry; where it does not, the folder itself says what is in it. Deliberately absent: whose files they are. A row of which files
//! of other patients' rows would be part is no such row (see the sources).

use sheaf_registry::error::FileProblem;
use sheaf_registry::file_store::ListedFile;
use sheaf_registry::progress::Unobserved;
use sheaf_registry::resolve::ResolvedFile;
use sheaf_registry::rows::RegisteredHash;
use sheaf_registry::{Code, Result, hex};

use super::look::{self, Look};
use super::{Plan, Planning, id_text};

/// Of a path under which a folder came while it was planned.
pub(super) const CAME: &str = "The path names a folder that was not there a moment before.";

impl Plan {
    /// Puts the files of each folder in the place of its row. A path that turns out to be a file's stays; so does one under which
    /// nothing can be had, which the look at all files will tell.
    pub(super) fn walk_folders(
        &mut self,
        mut files: Vec<ResolvedFile>,
        planning: &Planning<'_>,
    ) -> Result<Vec<ResolvedFile>> {
        let rows: Vec<ResolvedFile> = files.extract_if(.., |file| file.may_be_folder).collect();
        if rows.is_empty() {
            return Ok(files);
        }
        // How far it is counts from the look at all files on, whose number is not known yet.
        let quiet = Planning { store: planning.store.clone(), observer: &Unobserved, ..*planning };
        let (rows, looks) = look::at_all(rows, &quiet)?;
        for (row, look) in rows.into_iter().zip(looks) {
            match look {
                Look::Folder(listed) => {
                    self.compare(&row, &listed);
                    files.extend(listed.into_iter().map(|file| in_folder(&row, file)));
                }
                Look::Found { .. } => files.push(ResolvedFile { may_be_folder: false, ..row }),
                Look::Not(_) => files.push(row),
            }
        }
        Ok(files)
    }

    /// Tells of a folder whose files are not as large together as the registry says: some are missing, or came. That a folder has no
    /// bytes says that nobody has counted them.
    fn compare(&mut self, row: &ResolvedFile, files: &[ListedFile]) {
        let bytes = files.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
        let Some(registered) = row.registered_bytes.filter(|registered| ![0, bytes].contains(registered)) else { return };
        self.problems.push(FileProblem {
            file: id_text(row.id, row.source_id.as_deref()).into_owned(),
            patient: self.patients[row.patient as usize].patient_id.to_string(),
            path: row.path.to_string(),
            code: Code::SizeMismatch.as_str().to_owned(),
            message: format!("The folder's files have {bytes} bytes together, the registry says {registered}."),
            omitted: false,
        });
    }
}

/// One file of a row for a folder. The row's hash is one of all files' hashes, so it is kept and cannot be compared.
fn in_folder(row: &ResolvedFile, file: ListedFile) -> ResolvedFile {
    let hash = match &row.hash {
        RegisteredHash::Sha256(hash) => RegisteredHash::NotComparable(hex::encode(hash).into()),
        hash => hash.clone(),
    };
    let source_id = row.source_id.clone();
    let path = file.path.into();
    ResolvedFile { path, source_id, registered_bytes: None, hash, may_be_folder: false, ..*row }
}
