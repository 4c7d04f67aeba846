//! How long 1,000,000 files of a live `MariaDB` on this machine take to become a registry, and how much memory of this process.
//! Prints the time, since machines differ; that memory is bounded holds on all of them.

use std::time::Instant;

use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{Registry, RegistryWriter, Result};
use sheaf_sources::file_registry::{self, Options};
use sheaf_sources::server::{Login, Server};
use sheaf_testkit::MariaDb;

#[path = "shared/measure.rs"]
mod measure;

use measure::{FILES, measure};

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder is the bench's ground");
    let server = MariaDb::start();
    fill(&server);
    server.reader("reader", "secret", "lab");
    let (name, password) = Server::parse(&server.url("reader:secret", "lab"))?;
    let login = Login { server: name, password };
    measure(folder.path(), &format!("{FILES} rows of a server"), |writer, options| {
        Ok(file_registry::sync_live(&login, writer, None, &[], options)?.expect("nothing is known of it"))
    })?;
    let made = folder.path().join("registry.sqlite");
    let known = Registry::open(&made)?.info(file_registry::STATE)?;
    let (start, cancel) = (Instant::now(), Cancel::new());
    let now = jiff::Timestamp::now();
    let options = Options { scratch: folder.path(), now, mappings: &[], cancel: &cancel, observer: &Unobserved };
    let same = file_registry::sync_live(&login, RegistryWriter::replacing(&made)?, known.as_deref(), &[], &options)?;
    assert!(same.is_none(), "nothing has changed");
    println!("the same, unchanged: {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// So many files, of which each tenth is an upload of several; the same as in the bench of a dump.
fn fill(server: &MariaDb) {
    server.run(&format!(
        "CREATE DATABASE lab CHARACTER SET utf8mb4; USE lab;
         CREATE TABLE common_project (id int PRIMARY KEY, slug text, name text);
         INSERT INTO common_project VALUES (1, 'maxillo', 'Maxillo');
         CREATE TABLE scans_patient (patient_id int PRIMARY KEY, name text, visibility text, project_id int, folder_id int);
         INSERT INTO scans_patient SELECT seq, CONCAT('Patient ', seq), 'public', 1, NULL FROM seq_1_to_{};
         CREATE TABLE scans_fileregistry (id bigint PRIMARY KEY, file_type varchar(255), file_path varchar(500),
           file_size bigint, file_hash varchar(64), created_at datetime(6), metadata longtext, patient_id int,
           modality_id int, subtype varchar(60));
         INSERT INTO scans_fileregistry
           SELECT seq, 'cbct_raw', CONCAT('/dataset/maxillo/raw/ios/ios_upper_patient_', seq, '.stl'), 5, REPEAT('ab', 32),
             '2026-01-01 10:00:00.123456', IF(seq % 10 = 0,
               CONCAT('{{\"files\": {{\"volume_nifti\": {{\"path\": \"/dataset/maxillo/raw/ios/ios_upper_patient_', seq,
                 '.stl\", \"size\": 5, \"hash\": \"', REPEAT('ab', 32), '\"}}}}}}'),
               '{{\"original_filename\": \"scan.stl\"}}'), (seq - 1) DIV 10 + 1, NULL, '' FROM seq_1_to_{FILES};",
        FILES / 10
    ));
}
