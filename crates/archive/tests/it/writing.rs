//! What goes in comes out, whatever the sizes and the number of threads.

use std::sync::Arc;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use sheaf_archive::plan::OnMissing;
use sheaf_archive::verify::verify_archive;
use sheaf_archive::writer::{WriteJob, write_archive};
use sheaf_registry::progress::{Cancel, Unobserved};

use crate::fixture::{File, half_noise, job, memory, noise, plan, strays, unzip};

const MIB: usize = 1 << 20;

fn content() -> impl Strategy<Value = (u64, usize, bool, bool)> {
    let size =
        prop_oneof![Just(0), 1_usize..300, Just(MIB - 1), Just(MIB), Just(MIB + 1), Just(2 * MIB), (2 * MIB)..(3 * MIB),];
    (any::<u64>(), size, any::<bool>(), any::<bool>())
}

fn files(contents: &[(u64, usize, bool, bool)]) -> Vec<File> {
    contents
        .iter()
        .enumerate()
        .map(|(index, &(seed, size, shrinks, stored))| {
            let bytes = if shrinks { half_noise(seed, size) } else { noise(seed, size) };
            File::new(&format!("{index}.{}", if stored { "jpg" } else { "stl" }), bytes)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(contents in prop::collection::vec(content(), 0..12), threads in 1_usize..6) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = files(&contents);
        let store = memory(&files);
        let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
        let job = WriteJob { threads, ..job(folder.path(), &plan, &store) };
        let part = write_archive(&job).expect("written");
        let bytes = std::fs::read(&part.path).expect("the part file");
        prop_assert_eq!(part.bytes, bytes.len() as u64, "the record's size is the file's");
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        prop_assert_eq!(part.sha256, digest, "the record's hash is the file's");
        prop_assert!(part.bytes <= plan.archive_bytes_max("export"), "the announced upper bound holds");

        let archive = part.publish(&folder.path().join("export.zip")).expect("published");
        let found = unzip(&archive.path);
        prop_assert_eq!(found.len(), files.len() + 2, "every file, metadata.json and the manifest");
        let by_plan = found.iter().take(files.len());
        for ((name, bytes), entry) in by_plan.zip(plan.entries()) {
            let source = files.iter().find(|file| *file.path == *entry.path).expect("planned from it");
            prop_assert!(name.ends_with(&*source.path), "{} stands in the plan's order", name);
            prop_assert!(*bytes == source.bytes, "{} has its source's bytes", name);
        }
        let verified = verify_archive(&archive.path, threads, &Unobserved, &Cancel::new()).expect("verified");
        prop_assert!(verified.ok, "{:?}", verified.problems);
        prop_assert_eq!(verified.files, files.len() as u64, "files without metadata.json and the manifest");
        prop_assert_eq!(verified.sha256, archive.sha256, "both ways of hashing agree");
        prop_assert!(strays(folder.path()).is_empty(), "no part file stays");
    }

    #[test]
    fn the_number_of_threads_changes_nothing(contents in prop::collection::vec(content(), 1..10)) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = files(&contents);
        let store = memory(&files);
        let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
        let hash = |threads| {
            let part = write_archive(&WriteJob { threads, ..job(folder.path(), &plan, &store) }).expect("written");
            let sha256 = part.sha256;
            part.discard().expect("removed");
            sha256
        };
        prop_assert_eq!(hash(1), hash(7), "an archive depends on its plan alone");
    }
}

#[test]
fn more_waiting_content_than_the_pool_holds_does_not_lock_up() {
    // 24 files of 5 MiB that shrink: every thread but one waits for its place while the pool of 32 MiB is full.
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<File> =
        (0..24).map(|index| File::new(&format!("{index}.stl"), half_noise(index, 5 * MIB + 17))).collect();
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let part = write_archive(&WriteJob { threads: 12, ..job(folder.path(), &plan, &store) }).expect("written");
    let verified = verify_archive(&part.path, 4, &Unobserved, &Cancel::new()).expect("verified");
    assert!(verified.ok, "{:?}", verified.problems);
    assert!(part.bytes < part.content_bytes * 9 / 10, "{} of {} bytes: it was deflated", part.bytes, part.content_bytes);
}

#[test]
fn a_registered_hash_that_differs_is_a_problem_and_the_file_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = vec![File::new("a.stl", "same"), File::new("b.stl", "other")];
    files[0].hash = sheaf_registry::rows::RegisteredHash::Sha256(Sha256::digest("same").into());
    files[1].hash = sheaf_registry::rows::RegisteredHash::Sha256([7; 32]);
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let part = write_archive(&job(folder.path(), &plan, &store)).expect("exported as it is");
    let problems: Vec<_> = part.problems.iter().map(|problem| (&*problem.path, &*problem.code, problem.omitted)).collect();
    assert_eq!(problems, [("b.stl", "HASH_MISMATCH", false)], "only the one that differs, and it is not left out");
    let metadata = unzip(&part.path).into_iter().find(|(name, _)| name == "metadata.json").expect("metadata").1;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).expect("JSON");
    assert_eq!(metadata["problems"][0]["code"], "HASH_MISMATCH", "the archive itself says it");
}

#[test]
fn an_existing_part_file_is_somebody_elses() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [File::new("a.stl", "a")];
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let job = job(folder.path(), &plan, &store);
    std::fs::write(&job.part, b"somebody's").expect("a file");
    write_archive(&job).expect_err("refused");
    assert_eq!(std::fs::read(&job.part).expect("still there"), b"somebody's", "never overwritten, never removed");
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_a_part_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let files = [File::new("a.stl", "a")];
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let part = write_archive(&job(folder.path(), &plan, &store)).expect("written");
    let mode = std::fs::metadata(&part.path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "patients' images are not for everybody");
}

#[test]
fn progress_begins_and_ends_where_it_should() {
    #[derive(Default)]
    struct Seen(std::sync::Mutex<Vec<(sheaf_registry::progress::Phase, u64, u64)>>);
    impl sheaf_registry::progress::Observer for Seen {
        fn observe(&self, progress: &sheaf_registry::progress::Progress) {
            self.0.lock().expect("no panic").push((progress.phase, progress.bytes_done, progress.bytes_total));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let files = [File::new("a.stl", half_noise(1, 3 * MIB)), File::new("b.jpg", noise(2, 100))];
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let seen = Arc::new(Seen::default());
    let observer = Arc::clone(&seen);
    write_archive(&WriteJob { observer, threads: 1, ..job(folder.path(), &plan, &store) }).expect("written");
    let seen = seen.0.lock().expect("no panic");
    let total = 3 * MIB as u64 + 100;
    let writing =
        |&&(phase, ..): &&(sheaf_registry::progress::Phase, u64, u64)| phase == sheaf_registry::progress::Phase::Writing;
    let last = seen.iter().rfind(writing).expect("told");
    assert_eq!((last.1, last.2), (total, total), "writing ends with everything done");
    assert!(seen.iter().any(|step| !writing(&step)), "verifying is told too");
    assert!(seen.iter().all(|(_, done, total)| done <= total), "never more than all");
}
