//! A database of the application that laboratories have, as small as it can be.

use std::path::Path;

use rusqlite::Connection;

/// One project with one patient, Ada Lovelace; two files of hers, one that the source calls CBCT and is an intra-oral scan,
/// and one outside of every data folder.
pub const TABLES: &str = "
CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT, is_staff INT, is_active INT);
CREATE TABLE common_project (id INTEGER PRIMARY KEY, name TEXT, slug TEXT);
INSERT INTO common_project VALUES (1, 'Maxillo', 'maxillo');
CREATE TABLE common_modality (id INTEGER PRIMARY KEY, name TEXT, slug TEXT, label TEXT,
supported_extensions TEXT, subtypes TEXT, is_active INT);
INSERT INTO common_modality VALUES (5, 'IOS', 'ios', 'IOS', '[]', '[]', 1);
CREATE TABLE common_projectaccess (id INTEGER PRIMARY KEY, can_view INT, user_id INT, project_id INT);
CREATE TABLE scans_userprofile (id INTEGER PRIMARY KEY, user_id INT, role TEXT);
CREATE TABLE scans_folder (id INTEGER PRIMARY KEY, name TEXT, parent_id INT);
CREATE TABLE scans_tag (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE scans_patient (patient_id INTEGER PRIMARY KEY, name TEXT, visibility TEXT, uploaded_at TEXT,
folder_id INT, project_id INT);
INSERT INTO scans_patient VALUES (7, 'Ada Lovelace', 'public', '2025-10-01 10:00:00', NULL, 1);
CREATE TABLE scans_patient_tags (id INTEGER PRIMARY KEY, patient_id INT, tag_id INT);
CREATE TABLE scans_fileregistry (id INTEGER PRIMARY KEY, file_type TEXT, file_path TEXT, file_size INT,
file_hash TEXT, created_at TEXT, metadata TEXT, patient_id INT, modality_id INT, subtype TEXT);
INSERT INTO scans_fileregistry VALUES (1, 'cbct_raw', '/dataset/maxillo/raw/ios/ios_upper_patient_7.stl', 4, '',
'2025-10-01 10:00:00', '{}', 7, 5, ''), (2, 'cbct_raw', '/etc/hosts', 4, '', '2025-10-01 10:00:00', '{}', 7, 5, '');
";

/// Makes the database at `path`, and the file that is there in `dataset` beside it, which paths call `/dataset`.
///
/// # Panics
/// Where either cannot be written.
pub fn make_laboratory(path: &Path) {
    make_laboratory_with(path, "");
}

/// The same, with `more` statements after its own.
///
/// # Panics
/// Where either cannot be written, or a statement is none.
pub fn make_laboratory_with(path: &Path, more: &str) {
    let connection = Connection::open(path).expect("a database can be made");
    connection.execute_batch(TABLES).and_then(|()| connection.execute_batch(more)).expect("its tables are right");
    let folder = path.parent().unwrap_or(Path::new(".")).join("dataset/maxillo/raw/ios");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("ios_upper_patient_7.stl"), "mesh").expect("a file can be written");
}
