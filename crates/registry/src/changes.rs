//! What has changed in a source between two readings of it, told by comparing the registries that they made, row by row.
//!
//! Rows are the same by their ids, which stay. Deliberately absent: which rows they are, and what a row was before.

use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::registry::Registry;

/// How many rows of each kind are other than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Patients: who they are, in which folders, with which tags.
    pub patients: Changed,
    /// Files: whose and what they are, where they lie. A hash that was not known before is no change.
    pub files: Changed,
    /// Studies.
    pub studies: Changed,
}

/// How many rows are other than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Rows that were not there.
    pub added: u64,
    /// Rows that say something else.
    pub changed: u64,
    /// Rows that are not there any longer.
    pub removed: u64,
}

/// What stays the same in a patient who has not changed, of the row `now` and the row `before`.
const PATIENT: &str = "now.patient_id IS before.patient_id AND now.record_no IS before.record_no
    AND now.visibility IS before.visibility AND now.deleted IS before.deleted AND now.created_at IS before.created_at
    AND (SELECT slug FROM main.project WHERE id = now.project_id) IS
        (SELECT slug FROM earlier.project WHERE id = before.project_id)
    AND (SELECT json_group_array(name) FROM (SELECT f.name FROM main.patient_folder p JOIN main.folder f ON f.id = p.folder_id
          WHERE p.patient_id = now.id ORDER BY 1)) IS
        (SELECT json_group_array(name) FROM (SELECT f.name FROM earlier.patient_folder p JOIN earlier.folder f ON f.id = p.folder_id
          WHERE p.patient_id = before.id ORDER BY 1))
    AND (SELECT json_group_array(name) FROM (SELECT t.name FROM main.patient_tag p JOIN main.tag t ON t.id = p.tag_id
          WHERE p.patient_id = now.id ORDER BY 1)) IS
        (SELECT json_group_array(name) FROM (SELECT t.name FROM earlier.patient_tag p JOIN earlier.tag t ON t.id = p.tag_id
          WHERE p.patient_id = before.id ORDER BY 1))";

/// The same of a file.
const FILE: &str = "now.patient_id IS before.patient_id AND now.file_path IS before.file_path
    AND now.file_size IS before.file_size AND (now.file_hash IS before.file_hash OR before.file_hash = '')
    AND now.kind IS before.kind AND now.file_type IS before.file_type AND now.subtype IS before.subtype
    AND now.source_id IS before.source_id AND now.created_at IS before.created_at
    AND (SELECT slug FROM main.modality WHERE id = now.modality_id) IS
        (SELECT slug FROM earlier.modality WHERE id = before.modality_id)";

/// The columns of a study that say something of it; when the source loaded it does not.
const STUDY: [&str; 16] = [
    "medical_record_no",
    "application_order_no",
    "patient_gender",
    "patient_birth_date",
    "patient_age",
    "exam_status",
    "exam_source",
    "exam_item",
    "exam_description",
    "exam_room",
    "exam_equipment",
    "equipment_type",
    "order_datetime",
    "check_in_datetime",
    "report_certification_datetime",
    "certified_physician",
];

impl Registry {
    /// What has changed since the registry at `earlier` was made of the same source. Where one of the two keeps names and the other
    /// does not, that is no change.
    ///
    /// # Errors
    /// Those of opening the earlier one, and of reading.
    pub fn changes_since(&self, earlier: &Path, scratch: &Path) -> Result<Changes> {
        // It is looked at as any registry before it is trusted with a question.
        let before = Registry::open_with_scratch(earlier, scratch)?;
        let same_names = before.names()? == self.names()?;
        drop(before);
        let path =
            earlier.to_str().ok_or_else(|| Error::new(Code::Internal, "The name of an earlier registry is no text."))?;
        self.connection().execute("ATTACH DATABASE ?1 AS earlier", [path]).map_err(|error| self.failed(error))?;
        let changes = self.compare(same_names);
        let detached = self.connection().execute_batch("DETACH DATABASE earlier").map_err(|error| self.failed(error));
        changes.and_then(|changes| detached.map(|()| changes))
    }

    fn compare(&self, same_names: bool) -> Result<Changes> {
        let with = |same: &str, naming: &str| {
            if same_names { format!("{same} AND now.{naming} IS before.{naming}") } else { same.to_owned() }
        };
        let study = STUDY.map(|column| format!("now.{column} IS before.{column}")).join(" AND ");
        Ok(Changes {
            patients: self.changed("patient", "id", &with(PATIENT, "name"))?,
            files: self.changed("file_registry", "id", &with(FILE, "metadata"))?,
            studies: self.changed("study", "exam_id", &with(&study, "patient_name"))?,
        })
    }

    /// Of a table whose rows are the same by `key`, and have not changed where `same` holds.
    fn changed(&self, table: &str, key: &str, same: &str) -> Result<Changed> {
        let sql = format!(
            "SELECT count(*), count(before.{key}), count(*) FILTER (WHERE before.{key} IS NOT NULL AND NOT ({same})),
                    (SELECT count(*) FROM earlier.{table})
               FROM main.{table} now LEFT JOIN earlier.{table} before ON before.{key} = now.{key}"
        );
        let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let row = self
            .connection()
            .query_row(&sql, [], |row| Ok([number(row, 0)?, number(row, 1)?, number(row, 2)?, number(row, 3)?]));
        let [all, known, changed, before] = row.map_err(|error| self.failed(error))?;
        Ok(Changed { added: all - known, changed, removed: before - known })
    }
}
