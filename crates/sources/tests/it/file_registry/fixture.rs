//! Small databases of each generation, for machines without the samples; and the same as a dump.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tempfile::TempDir;

/// SHA-256 of nothing, and something that is none.
pub(super) const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
pub(super) const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// What all generations share.
const COMMON: &str = "
CREATE TABLE auth_user (id INTEGER PRIMARY KEY, password TEXT, username TEXT UNIQUE, email TEXT, is_staff INT, is_active INT);
INSERT INTO auth_user VALUES (1, 'pbkdf2-secret', 'admin', 'a@x', 0, 1), (2, 'x', 'annotator', '', 0, 1),
  (3, 'x', 'standard', '', 0, 1), (4, 'x', 'student', '', 1, 1), (5, 'x', 'manager', '', 0, 1), (6, 'x', 'gone', '', 1, 0),
  (7, 'x', 'nobody', '', 0, 1), (8, 'x', 'denied', '', 0, 1);
CREATE TABLE common_project (id INTEGER PRIMARY KEY, name TEXT, slug TEXT, a_column_of_tomorrow TEXT);
INSERT INTO common_project VALUES (1, 'Maxillo', 'maxillo', 'x'), (2, 'Brain', 'brain', NULL);
CREATE TABLE common_modality (id INTEGER PRIMARY KEY, name TEXT, slug TEXT, label TEXT, supported_extensions TEXT,
  subtypes TEXT, is_active INT);
INSERT INTO common_modality VALUES (4, 'CBCT', 'cbct', '', '[\".nii.gz\"]', '[]', 1),
  (5, 'IOS', 'ios', 'IOS', '[\".stl\"]', '[\"upper\", \"lower\"]', 1), (6, 'Photos', 'intraoral', '', '[]', '[]', 0);
";

/// The tables of one app, `APP`, before there were domains.
const APP: &str = "
CREATE TABLE common_projectaccess (id INTEGER PRIMARY KEY, can_view INT, user_id INT, project_id INT);
INSERT INTO common_projectaccess VALUES (1, 1, 2, 1), (2, 1, 3, 1), (3, 1, 4, 1), (4, 1, 5, 1), (5, 0, 8, 1), (6, 1, 8, 1),
  (7, 1, 99, 1), (8, 1, 2, 98), (9, 1, 7, 1);
CREATE TABLE APP_userprofile (id INTEGER PRIMARY KEY, user_id INT, role TEXT);
INSERT INTO APP_userprofile VALUES (1, 1, 'admin'), (2, 2, 'annotator'), (3, 3, 'standard'), (4, 4, 'student_dev'),
  (5, 5, 'project_manager'), (6, 6, 'admin'), (7, 8, 'standard');
CREATE TABLE APP_folder (id INTEGER PRIMARY KEY, name TEXT, parent_id INT);
INSERT INTO APP_folder VALUES (3, 'Top', NULL), (2, 'cases/2024', 3), (1, 'Deep', 2), (8, 'Ring', 9), (9, 'Ring', 8),
  (10, 'Lost', 77);
CREATE TABLE APP_tag (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO APP_tag VALUES (1, 'implant'), (2, '正畸');
CREATE TABLE APP_patient (patient_id INTEGER PRIMARY KEY, name TEXT, visibility TEXT, uploaded_at TEXT, folder_id INT,
  project_id INT);
INSERT INTO APP_patient VALUES (1, 'Ada Lovelace', 'public', '2025-10-01 10:00:00.123456', 1, 1),
  (2, '  ', 'private', '2025-10-01 10:00:00', 2, 1), (3, '../../etc', 'debug', '2025-10-01 10:00:00', NULL, 1),
  (4, 'Eva', 'of tomorrow', 'some day', 76, 1), (5, '', 'public', NULL, NULL, NULL), (6, '', 'public', NULL, NULL, 55),
  (7, 'Bea', 'public', NULL, 3, 2);
CREATE TABLE APP_patient_tags (id INTEGER PRIMARY KEY, patient_id INT, tag_id INT);
INSERT INTO APP_patient_tags VALUES (1, 1, 1), (2, 1, 2), (3, 44, 1);
CREATE TABLE APP_fileregistry (id INTEGER PRIMARY KEY, file_type TEXT, file_path TEXT UNIQUE, file_size INT, file_hash TEXT,
  created_at TEXT, metadata TEXT, patient_id INT, voice_caption_id INT, modality_id INT, subtype TEXT);
INSERT INTO APP_fileregistry VALUES
  (1, 'cbct_raw', '/dataset/maxillo/raw/ios/ios_upper_patient_1.stl', 10, 'SHA', '2025-10-01 10:00:00.1', '{}', 1, NULL, 5, ''),
  (2, 'cbct_raw', '/dataset/maxillo/raw/ios/ios_lower_patient_1.stl', 10, 'SHA', '2025-10-01 10:00:00', '{}', 1, NULL, NULL, ''),
  (3, 'cbct_processed', '/dataset/maxillo/processed/cbct/1_pano.png', 30, 'multi-file', '2025-10-01 10:00:00',
   '{\"logs\": \"\", \"files\": {\"volume_nifti\": {\"path\": \"/dataset/maxillo/processed/cbct/1.nii.gz\", \"size\": 10, \"hash\": \"SHA\", \"type\": \"volume_nifti\"}, \"panoramic_view\": {\"path\": \"/dataset/maxillo/processed/cbct/1_pano.png\", \"size\": 20, \"hash\": \"MD5\"}, \"broken\": {\"size\": 1}}}',
   1, NULL, NULL, ''),
  (4, 'cbct_raw', '/dataset/maxillo/raw/cbct/1_folder', 30, 'SHA', '2025-10-01 10:00:00',
   '{\"upload_type\": \"folder\", \"files\": [{\"name\": \"a.dcm\", \"path\": \"/dataset/maxillo/raw/cbct/1_folder/a.dcm\", \"size\": 10, \"hash\": \"SHA\"}, {\"name\": \"b.dcm\", \"size\": 20}]}',
   1, NULL, 4, ''),
  (5, 'cbct_raw', '/dataset/maxillo/raw/cbct/2_folder', 30, 'SHA', '2025-10-01 10:00:00', '{}', 2, NULL, 4, ''),
  (6, 'cbct_processed', '/dataset/maxillo/processed/cbct/2.nii.gz', 99, 'multi-file', '2025-10-01 10:00:00', '{}', 2, NULL, NULL, ''),
  (7, 'panoramich_raw', '/dataset/maxillo/raw/panoramich/1.jpg', 5, 'MD5', '2025-10-01 10:00:00', '{\"image_index\": 3, \"original_filename\": \"IMG_3.JPG\"}', 1, NULL, NULL, ''),
  (8, 'bite_classification', '/dataset/maxillo/processed/bite/1.json', 5, '', '2025-10-01 10:00:00', 'not JSON', 1, NULL, NULL, ''),
  (9, 'generic_raw', '/dataset/maxillo/raw/misc/1.bin', -1, 'SHA', '2025-10-01 10:00:00', NULL, 1, NULL, NULL, ''),
  (10, 'histology_raw', '/dataset/maxillo/raw/histology/1.tif', 5, 'SHA', '2025-10-01 10:00:00', 'null', 1, NULL, 66, 'HE'),
  (11, 'generic_raw', '/dataset/maxillo/raw/orphan/1.bin', 5, 'SHA', '2025-10-01 10:00:00', '{}', NULL, NULL, NULL, ''),
  (12, 'generic_raw', '/dataset/maxillo/raw/lost/1.bin', 5, 'SHA', '2025-10-01 10:00:00', '{}', 45, NULL, NULL, ''),
  (13, 'generic_raw', '/dataset/maxillo/raw/../../etc/hostname', 5, 'SHA', '2025-10-01 10:00:00', '{}', 1, NULL, NULL, ''),
  (14, 'generic_processed', '/etc/hosts', 5, 'SHA', '2025-10-01 10:00:00', '{}', 1, NULL, NULL, ''),
  (15, 'intraoral_raw', '/dataset/brain/raw/intraoral/7.jpg', 5, 'SHA', '2025-10-01 10:00:00', '{}', 7, NULL, 6, '');
";

const EXPORT: &str = "
CREATE TABLE APP_export (id INTEGER PRIMARY KEY, status TEXT, query_params TEXT, query_summary TEXT, file_path TEXT,
  file_size INT, patient_count INT, created_at TEXT, started_at TEXT, completed_at TEXT, error_message TEXT, user_id INT,
  share_token TEXT);
INSERT INTO APP_export VALUES (1, 'completed', '{\"folder_ids\": [1]}', '1 folder', '/dataset/exports/1.zip', 100, 2,
  '2026-01-01 10:00:00', '2026-01-01 10:00:01', '2026-01-01 10:00:02', '', 2, 'token-of-a-share'),
  (2, 'of tomorrow', '{}', '', '', 0, 0, '2026-01-02 10:00:00', NULL, NULL, '', 3, NULL);
";

const DOMAINS: &str = "
CREATE TABLE common_projectaccess (id INTEGER PRIMARY KEY, role TEXT, user_id INT, project_id INT);
INSERT INTO common_projectaccess VALUES (1, 'admin', 1, 1), (2, 'standard', 2, 1), (3, 'standard', 3, 2), (4, 'admin', 6, 2);
CREATE TABLE maxillo_folder (id INTEGER PRIMARY KEY, name TEXT, parent_id INT);
INSERT INTO maxillo_folder VALUES (1, 'Top', NULL), (2, 'Below', 1);
CREATE TABLE brain_folder (id INTEGER PRIMARY KEY, name TEXT, parent_id INT);
INSERT INTO brain_folder VALUES (1, 'Top', NULL), (2, 'Other', NULL);
CREATE TABLE maxillo_folderaccess (id INTEGER PRIMARY KEY, role TEXT, folder_id INT, user_id INT);
INSERT INTO maxillo_folderaccess VALUES (1, 'annotator', 1, 2), (2, 'project_manager', 1, 5), (3, 'of tomorrow', 1, 7),
  (4, 'standard', 99, 2);
CREATE TABLE brain_folder_access (id INTEGER PRIMARY KEY, role TEXT, folder_id INT, user_id INT);
INSERT INTO brain_folder_access VALUES (1, 'standard', 1, 3), (2, 'project_manager', 2, 3);
CREATE TABLE maxillo_patient (patient_id INTEGER PRIMARY KEY, name TEXT, visibility TEXT, uploaded_at TEXT, folder_id INT,
  deleted INT);
INSERT INTO maxillo_patient VALUES (1, 'Ada Lovelace', 'private', '2026-07-01 10:00:00', 1, 0),
  (2, 'Gone', 'public', '2026-07-01 10:00:00', 1, 1), (3, 'Below', 'public', '2026-07-01 10:00:00', 2, 0),
  (4, 'Nowhere', 'public', '2026-07-01 10:00:00', NULL, 0), (5, 'Marked oddly', 'public', NULL, 1, 7);
CREATE TABLE brain_patient (patient_id INTEGER PRIMARY KEY, name TEXT, visibility TEXT, uploaded_at TEXT, deleted INT);
INSERT INTO brain_patient VALUES (1, 'Eva', 'debug', '2026-07-01 10:00:00', 0), (2, 'Bea', 'public', NULL, 0);
CREATE TABLE brain_patient_folders (id INTEGER PRIMARY KEY, patient_id INT, folder_id INT);
INSERT INTO brain_patient_folders VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 44);
CREATE TABLE cardiology_patient (patient_id INTEGER PRIMARY KEY, name TEXT, visibility TEXT, deleted INT, folder_id INT);
INSERT INTO cardiology_patient VALUES (1, 'Ida', 'public', 0, NULL);
CREATE TABLE maxillo_tag (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO maxillo_tag VALUES (1, 'implant');
CREATE TABLE brain_tag (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO brain_tag VALUES (1, 'glioma'), (2, 'implant');
CREATE TABLE maxillo_patient_tags (id INTEGER PRIMARY KEY, patient_id INT, tag_id INT);
INSERT INTO maxillo_patient_tags VALUES (1, 1, 1);
CREATE TABLE brain_patient_tags (id INTEGER PRIMARY KEY, patient_id INT, tag_id INT);
INSERT INTO brain_patient_tags VALUES (1, 1, 1), (2, 1, 2);
CREATE TABLE maxillo_fileregistry (id INTEGER PRIMARY KEY, file_type TEXT, file_path TEXT UNIQUE, file_size INT,
  file_hash TEXT, created_at TEXT, metadata TEXT, patient_id INT, brain_patient_id INT, cardiology_patient_id INT,
  modality_id INT, subtype TEXT, domain TEXT);
INSERT INTO maxillo_fileregistry VALUES
  (1, 'ios_raw_upper', 'maxillo/raw/ios/1.stl', 5, 'SHA', '2026-07-01 10:00:00', '{}', 1, NULL, NULL, 5, '', 'maxillo'),
  (2, 'braintumor_mri_seg_raw', 'brain/raw/braintumor-mri-seg/1.nii.gz', 5, 'MD5', '2026-07-01 10:00:00', '{}', NULL, 1, NULL, NULL, '', 'brain'),
  (3, 'cbct_raw', 'cardiology/raw/cbct/1.nii.gz', 5, 'SHA', '2026-07-01 10:00:00', '{}', NULL, NULL, 1, 4, '', 'cardiology'),
  (4, 'cbct_raw', 'maxillo/raw/cbct/2.nii.gz', 5, 'SHA', '2026-07-01 10:00:00', '{}', 2, NULL, NULL, 4, '', 'maxillo'),
  (5, 'cbct_raw', 'maxillo/raw/cbct/both.nii.gz', 5, 'SHA', '2026-07-01 10:00:00', '{}', 1, 2, NULL, 4, '', 'brain');
CREATE TABLE maxillo_export (id INTEGER PRIMARY KEY, status TEXT, user_id INT, created_at TEXT, share_mode TEXT,
  share_token TEXT);
INSERT INTO maxillo_export VALUES (1, 'completed', 2, '2026-07-02 10:00:00', 'public', 'token-of-a-share');
CREATE TABLE brain_export (id INTEGER PRIMARY KEY, status TEXT, user_id INT, created_at TEXT);
INSERT INTO brain_export VALUES (1, 'failed', 3, '2026-07-03 10:00:00');
";

/// The generations that are made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    G1,
    G2,
    Between,
    G3,
}

impl Made {
    pub(super) const ALL: [Made; 4] = [Made::G1, Made::G2, Made::Between, Made::G3];

    pub(super) fn sql(self) -> String {
        let of = |app: &str, tables: &[&str]| tables.join("").replace("APP_", &format!("{app}_"));
        let sql = match self {
            Made::G1 => of("scans", &[COMMON, APP]),
            Made::G2 => of("scans", &[COMMON, APP, EXPORT]),
            Made::Between => of("maxillo", &[COMMON, APP, EXPORT]),
            Made::G3 => of("", &[COMMON, DOMAINS]),
        };
        sql.replace("'SHA'", &format!("'{SHA}'")).replace("\"SHA\"", &format!("\"{SHA}\"")).replace("MD5", MD5)
    }

    /// A database in a folder of its own; `change` is done to it first.
    pub(super) fn database(self, change: &str) -> (TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("db.sqlite3");
        let connection = Connection::open(&path).expect("a database");
        connection.execute_batch(&self.sql()).expect("its tables");
        connection.execute_batch(change).expect("a change");
        (dir, path)
    }

    /// The same as a dump.
    pub(super) fn dump(self, change: &str) -> (TempDir, PathBuf) {
        let (dir, database) = self.database(change);
        let path = dir.path().join("backup.sql");
        std::fs::write(&path, dump(&database)).expect("a dump");
        (dir, path)
    }
}

/// What `mysqldump` would write of a database.
pub(super) fn dump(database: &Path) -> Vec<u8> {
    let connection = Connection::open(database).expect("the database");
    let mut text = String::from("-- MySQL dump 10.13  Distrib 8.0.44\n--\n/*!40101 SET NAMES utf8mb4 */;\n");
    for table in super::ask(&connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).expect("the table");
        let columns: Vec<String> = statement.column_names().map(|name| format!("`{name}` text")).collect();
        write!(text, "CREATE TABLE `{table}` (\n  {}\n) ENGINE=InnoDB;\n", columns.join(",\n  ")).expect("text");
        let mut rows = statement.query([]).expect("its rows");
        let mut values = Vec::new();
        while let Some(row) = rows.next().expect("a row") {
            let cell = |at| match row.get_ref(at).expect("a value") {
                ValueRef::Null => "NULL".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => {
                    let text = std::str::from_utf8(text).expect("text");
                    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\""))
                }
                other => panic!("the fixture has no {other:?}"),
            };
            values.push(format!("({})", (0..columns.len()).map(cell).collect::<Vec<_>>().join(",")));
        }
        if !values.is_empty() {
            writeln!(text, "INSERT INTO `{table}` VALUES {};", values.join(",")).expect("text");
        }
    }
    text.push_str("-- Dump completed on 2026-01-10  0:00:00\n");
    text.into_bytes()
}
