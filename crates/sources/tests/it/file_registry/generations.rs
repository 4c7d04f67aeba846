//! Each generation is told from its tables, and the database says what its dump says.

use std::fs::File;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use sheaf_registry::sensitive::Sensitive;
use sheaf_sources::file_registry::Generation;

use super::fixture::Made;
use super::{owner, sync, user};

#[test]
fn a_generation_is_told_from_its_tables() {
    let told = [
        (Made::G1, Generation::G1, 0),
        (Made::G2, Generation::G2, 2),
        (Made::Between, Generation::Between, 2),
        (Made::G3, Generation::G3, 2),
    ];
    for (made, generation, exports) in told {
        let (_dir, path) = made.database("");
        let synced = sync(&path);
        assert_eq!(synced.report.generation, generation, "{made:?}");
        assert_eq!(synced.report.exports, exports, "{made:?}: its own exports");
        let said = synced.ask("SELECT value FROM registry_info WHERE key IN ('generation', 'synced_at') ORDER BY key");
        assert_eq!(said, [generation.as_str(), "2026-02-02T02:40:00.000Z"], "{made:?}: what the registry says of itself");
    }
}

#[test]
fn a_dump_says_what_its_database_says() {
    for made in Made::ALL {
        let (_database_dir, database) = made.database("");
        let (dump_dir, dump) = made.dump("");
        let (stated, found) = (sync(&database), sync(&dump));
        assert_eq!(stated.report, found.report, "{made:?}");
        assert_eq!(stated.everything(), found.everything(), "{made:?}: row for row");

        let zipped = dump_dir.path().join("backup.sql.gz");
        let mut encoder = GzEncoder::new(File::create(&zipped).expect("a file"), Compression::fast());
        encoder.write_all(&std::fs::read(&dump).expect("the dump")).expect("bytes");
        encoder.finish().expect("a whole file");
        assert_eq!(sync(&zipped).everything(), stated.everything(), "{made:?}: zipped too");
    }
}

#[test]
fn a_source_and_its_folder_stay_as_they_are() {
    let (dir, path) = Made::G2.database("");
    let names = || {
        let entries = std::fs::read_dir(dir.path()).expect("the folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let (bytes, before) = (std::fs::read(&path).expect("its bytes"), names());
    sync(&path);
    assert_eq!(std::fs::read(&path).expect("its bytes"), bytes, "a source is never written");
    assert_eq!(names(), before, "and nothing is left beside it");
}

#[test]
fn rows_that_are_only_in_the_log_of_a_database_are_read() {
    let (_dir, path) = Made::G2.database("");
    let connection = rusqlite::Connection::open(&path).expect("the application");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             INSERT INTO scans_patient (patient_id, name, visibility, project_id) VALUES (900, '', 'public', 1);",
        )
        .expect("a row in the log");
    let synced = sync(&path);
    assert_eq!(synced.ask("SELECT patient_id FROM patient WHERE id = 900"), ["900"], "frames are not missed");
    drop(connection);
}

#[test]
fn the_sources_own_exports_are_history_without_their_tokens() {
    let (_dir, path) = Made::G3.dump("");
    let synced = sync(&path);
    let registry = synced.registry();
    let all = registry.source_exports(&owner(&registry)).expect("exports");
    let seen: Vec<_> = all.iter().map(|export| (&*export.source_table, &*export.user, &*export.status)).collect();
    let expected = [("brain_export", "standard", "failed"), ("maxillo_export", "annotator", "completed")];
    assert_eq!(seen, expected, "newest first");
    assert_eq!(all[1].share_mode, "public", "that it is shared is told");
    let own = registry.source_exports(&user(&registry, "annotator")).expect("exports");
    assert_eq!(own.len(), 1, "who does not see everything sees what is theirs");
    let bytes = std::fs::read(&synced.path).expect("the registry");
    for secret in ["token-of-a-share", "pbkdf2-secret"] {
        let holds = memchr::memmem::find(&bytes, secret.as_bytes()).is_some();
        assert!(!holds, "{secret} opens doors and is not copied");
    }

    let (_dir, path) = Made::G2.database("");
    let synced = sync(&path);
    let registry = synced.registry();
    let first = &registry.source_exports(&owner(&registry)).expect("exports")[1];
    assert_eq!(first.query_params, Sensitive::new("{\"folder_ids\": [1]}".to_owned()), "what was asked for");
    assert_eq!((first.file_size, first.patient_count), (Some(100), Some(2)), "how much it was");
    assert_eq!(first.completed_at, Some("2026-01-01T10:00:02Z".parse().expect("a time")), "when it ended");
}
