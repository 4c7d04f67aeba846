//! How long a dump of 1,000,000 files takes to become a registry, and how much memory. Prints the time, since machines
//! differ; that memory is bounded holds on all of them.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{RegistryWriter, Result};
use sheaf_sources::file_registry::{self, Options};

const FILES: u32 = 1_000_000;

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder is the bench's ground");
    let path = folder.path().join("backup.sql");
    write_dump(&path, FILES);
    let bytes = path.metadata().expect("its size").len();
    let start = Instant::now();
    let writer = RegistryWriter::create(&folder.path().join("registry.sqlite"))?;
    let (now, cancel) = (jiff::Timestamp::now(), Cancel::new());
    let options = Options { scratch: folder.path(), now, mappings: &[], cancel: &cancel, observer: &Unobserved };
    let report = file_registry::sync(&path, writer, &options)?;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!((report.source_rows, report.patients), (FILES.into(), u64::from(FILES) / 10), "all of them");
    println!("{FILES} rows, {bytes} bytes: {seconds:.1} s, {:.0} rows/s", f64::from(FILES) / seconds);
    if let Some(peak) = peak() {
        println!("peak memory: {} MB", peak / 1000);
        assert!(peak < 200_000, "memory must not grow with the rows: {peak} kB");
    }
    Ok(())
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

/// The highest memory of this process so far, in kB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
