//! How long a dump of 1,000,000 files takes to become a registry, and how much memory. Prints the time, since machines
//! differ; that memory is bounded holds on all of them.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use sheaf_registry::Result;
use sheaf_sources::file_registry;

#[path = "shared/measure.rs"]
mod measure;

use measure::{FILES, measure};

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder is the bench's ground");
    let path = folder.path().join("backup.sql");
    write_dump(&path, FILES);
    let bytes = path.metadata().expect("its size").len();
    measure(folder.path(), &format!("{FILES} rows, {bytes} bytes"), |writer, options| {
        file_registry::sync(&path, writer, options)
    })
}

/// A dump of so many files, of which each tenth is an upload of several.
fn write_dump(path: &Path, files: u32) {
    let mut dump = BufWriter::new(std::fs::File::create(path).expect("a file"));
    let mut say = |text: &str| dump.write_all(text.as_bytes()).expect("text");
    say("-- MySQL dump 10.13\nCREATE TABLE `common_project` (`id` int, `slug` text, `name` text);\n");
    say("INSERT INTO `common_project` VALUES (1,'maxillo','Maxillo');\n");
    say(
        "CREATE TABLE `scans_patient` (`patient_id` int, `name` text, `visibility` text, `project_id` int, `folder_id` int);\n",
    );
    for patient in 1..=files / 10 {
        say(if patient % 1000 == 1 { "INSERT INTO `scans_patient` VALUES " } else { "," });
        say(&format!("({patient},'Patient {patient}','public',1,NULL)"));
        say(if patient % 1000 == 0 || patient == files / 10 { ";\n" } else { "" });
    }
    say(
        "CREATE TABLE `scans_fileregistry` (`id` bigint, `file_type` text, `file_path` text, `file_size` bigint, `file_hash` text, ",
    );
    say("`created_at` datetime(6), `metadata` longtext, `patient_id` int, `modality_id` int, `subtype` text);\n");
    let hash = "ab".repeat(32);
    for file in 1..=files {
        // Some hundreds of kB stand in one line.
        say(if file % 1000 == 1 { "INSERT INTO `scans_fileregistry` VALUES " } else { "," });
        let path = format!("/dataset/maxillo/raw/ios/ios_upper_patient_{file}.stl");
        let metadata = if file % 10 == 0 {
            format!(
                "{{\\\"files\\\": {{\\\"volume_nifti\\\": {{\\\"path\\\": \\\"{path}\\\", \\\"size\\\": 5, \\\"hash\\\": \\\"{hash}\\\"}}}}}}"
            )
        } else {
            "{\\\"original_filename\\\": \\\"scan.stl\\\"}".to_owned()
        };
        let patient = (file - 1) / 10 + 1;
        say(&format!("({file},'cbct_raw','{path}',5,'{hash}','2026-01-01 10:00:00.123456','{metadata}',{patient},NULL,'')"));
        say(if file % 1000 == 0 || file == files { ";\n" } else { "" });
    }
    say("-- Dump completed\n");
    dump.flush().expect("a whole file");
}
