//! Sources and destinations that misbehave: the right error, or the right bytes, and never a file left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use sheaf_archive::file_root::LocalFileStore;
use sheaf_archive::plan::OnMissing;
use sheaf_archive::verify::verify_archive;
use sheaf_archive::writer::{WriteJob, write_archive};
use sheaf_registry::error::Detail;
use sheaf_registry::file_store::FileStore;
use sheaf_registry::progress::{Cancel, Observer, Progress, Unobserved};
use sheaf_registry::rows::DataRoot;
use sheaf_registry::{Code, Error};
use sheaf_testkit::{Fault, FaultyStore, Gate};

use crate::fixture::{File, ROOT, half_noise, job, memory, noise, plan, strays, unzip};

const MIB: usize = 1 << 20;

/// Three files of each way of storing, the middle one to be broken.
fn three(extension: &str, size: usize) -> Vec<File> {
    (0..3).map(|index| File::new(&format!("{index}.{extension}"), half_noise(index, size))).collect()
}

#[test]
fn a_file_that_breaks_while_it_is_read_fails_the_job_or_is_left_out() {
    let faults = [
        (Fault::OpenRefused(Code::SourceMissing), Code::SourceMissing),
        (Fault::OpenRefused(Code::PathEscape), Code::PathEscape),
        (Fault::ReadFails { after: 0, kind: std::io::ErrorKind::Other }, Code::SourceIo),
        (Fault::ReadFails { after: 2_500_000, kind: std::io::ErrorKind::Other }, Code::SourceIo),
        (Fault::Truncated(0), Code::SourceChanged),
        (Fault::Truncated(2_500_000), Code::SourceChanged),
        (Fault::ChangesWhileRead { times: 3 }, Code::SourceChanged),
    ];
    for (fault, code) in faults {
        for extension in ["stl", "jpg"] {
            let folder = tempfile::tempdir().expect("a folder");
            let files = three(extension, 3 * MIB);
            let broken = files[1].path.clone();
            let store = || Arc::new(FaultyStore::over(memory(&files)).with(&broken, fault.clone())) as Arc<dyn FileStore>;
            let plan = plan(folder.path(), &files, &store(), OnMissing::Skip);

            let error = write_archive(&job(folder.path(), &plan, &store())).expect_err("the default is to fail");
            assert_eq!(error.code(), code, "{fault:?}");
            let Some(Detail::File(problem)) = error.detail_list().first() else { panic!("{fault:?} names its file") };
            assert_eq!(problem.path, broken, "{fault:?}");
            assert!(strays(folder.path()).is_empty(), "{fault:?} leaves a part file");

            let skip = WriteJob { on_missing: OnMissing::Skip, ..job(folder.path(), &plan, &store()) };
            let part = write_archive(&skip).expect("without the broken file");
            assert_eq!(part.problems.len(), 1, "{fault:?}: {:?}", part.problems);
            assert_eq!((part.problems[0].code.as_str(), part.problems[0].omitted), (code.as_str(), true), "{fault:?}");
            assert_eq!(part.files, 2, "{fault:?}: the others are there");
            let found = unzip(&part.path);
            assert!(found.iter().all(|(name, _)| !name.ends_with(&broken)), "{fault:?}: the broken file is not");
            for index in [0, 2] {
                let (_, bytes) = found.iter().find(|(name, _)| name.ends_with(&files[index].path)).expect("there");
                assert!(*bytes == files[index].bytes, "{fault:?}: a neighbour keeps its bytes");
            }
            let verified = verify_archive(&part.path, 2, &Unobserved, &Cancel::new()).expect("verified");
            assert!(verified.ok, "{fault:?}: {:?}", verified.problems);
        }
    }
}

#[test]
fn every_file_broken_leaves_an_archive_that_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = three("stl", 10);
    let faulty = files.iter().fold(FaultyStore::over(memory(&files)), |store, file| {
        store.with(&file.path, Fault::OpenRefused(Code::SourceUnreadable))
    });
    let store: Arc<dyn FileStore> = Arc::new(faulty);
    let plan = plan(folder.path(), &files, &store, OnMissing::Skip);
    let skip = WriteJob { on_missing: OnMissing::Skip, ..job(folder.path(), &plan, &store) };
    let part = write_archive(&skip).expect("an archive without files");
    assert_eq!((part.files, part.problems.len()), (0, 3), "each one is listed");
}

#[test]
fn a_file_that_changes_is_read_again_up_to_three_times() {
    for times in [1, 2] {
        for size in [100, 3 * MIB] {
            let folder = tempfile::tempdir().expect("a folder");
            let files = three("stl", size);
            let faulty = Arc::new(FaultyStore::over(memory(&files)).with("1.stl", Fault::ChangesWhileRead { times }));
            let store: Arc<dyn FileStore> = faulty.clone();
            let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
            let part = write_archive(&job(folder.path(), &plan, &store)).expect("quiet in the end");
            assert_eq!(faulty.openings("1.stl"), times + 1, "read again after each change");
            let verified = verify_archive(&part.path, 2, &Unobserved, &Cancel::new()).expect("verified");
            assert!(verified.ok, "{:?}", verified.problems);
        }
    }
}

#[test]
fn short_and_interrupted_reads_give_the_right_bytes() {
    for most in 1..=7 {
        let folder = tempfile::tempdir().expect("a folder");
        let files = three("stl", 5_000);
        let store: Arc<dyn FileStore> = Arc::new(FaultyStore::over(memory(&files)).with("1.stl", Fault::ShortReads(most)));
        let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
        let part = write_archive(&job(folder.path(), &plan, &store)).expect("written");
        let found = unzip(&part.path);
        assert!(found[1].1 == files[1].bytes, "reads of {most} bytes");
    }
}

#[test]
fn a_file_that_grew_or_shrank_since_the_plan_goes_in_as_it_is_now() {
    for (extension, before, after) in
        [("stl", 3 * MIB, 2 * MIB + 5), ("stl", 10, 3 * MIB), ("jpg", 3 * MIB, 4 * MIB), ("jpg", 3 * MIB, 7), ("jpg", 5, 0)]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("the root");
        let files: Vec<File> =
            (0..6).map(|index| File::new(&format!("{index}.{extension}"), half_noise(index, before))).collect();
        for file in &files {
            std::fs::write(data.join(&file.path), &file.bytes).expect("a source");
        }
        let root = DataRoot {
            id: ROOT,
            prefix: String::new(),
            location: Some(sheaf_registry::rows::Location::Folder(data.clone())),
        };
        let store: Arc<dyn FileStore> = Arc::new(LocalFileStore::open(&[root]));
        let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
        for changed in [2, 4] {
            std::fs::write(data.join(&files[changed].path), noise(9, after)).expect("changed after the plan");
        }
        let part = write_archive(&job(folder.path(), &plan, &store)).expect("written");
        let verified = verify_archive(&part.path, 2, &Unobserved, &Cancel::new()).expect("verified");
        assert!(verified.ok, "{extension} {before} -> {after}: {:?}", verified.problems);
        let listed: Vec<_> = part.problems.iter().map(|problem| (&*problem.path, &*problem.code, problem.omitted)).collect();
        let expected = [2, 4].map(|changed| (&*files[changed].path, "SIZE_MISMATCH", false));
        assert_eq!(listed, expected, "{extension} {before} -> {after}: a file that differs from the registry is listed");
        for (file, (_, bytes)) in files.iter().zip(unzip(&part.path)) {
            let now = std::fs::read(data.join(&file.path)).expect("the source");
            assert!(bytes == now, "{extension} {before} -> {after}: {} has the bytes it has now", file.path);
        }
    }
}

#[test]
fn a_hanging_source_does_not_hold_up_the_cancel() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = three("stl", 2 * MIB);
    let gate = Gate::new();
    let hanging = Fault::Hangs { at: MIB as u64, gate: gate.clone() };
    let store: Arc<dyn FileStore> = Arc::new(FaultyStore::over(memory(&files)).with("1.stl", hanging));
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let job = job(folder.path(), &plan, &store);
    let cancel = job.cancel.clone();
    let running = std::thread::spawn(move || write_archive(&job).map(|_| ()));
    gate.wait_for_arrival();
    cancel.raise();
    // The gate stays closed: joining returns only if the hanging thread is left behind.
    let error = running.join().expect("no panic").expect_err("cancelled");
    assert_eq!(error.code(), Code::Cancelled, "the answer to a cancel");
    assert!(strays(folder.path()).is_empty(), "the part file is gone although a thread still holds it");
    gate.release();
}

/// Raises the flag after some observations.
struct CancelAfter {
    left: AtomicU64,
    cancel: Cancel,
}

impl Observer for CancelAfter {
    fn observe(&self, _: &Progress) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.cancel.raise();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_cancel_at_any_moment_leaves_all_or_nothing(after in 0_u64..40, threads in 1_usize..5) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = three("stl", 3 * MIB);
        files.extend(three("jpg", 2 * MIB));
        let store = memory(&files);
        let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
        let cancel = Cancel::new();
        let observer = Arc::new(CancelAfter { left: AtomicU64::new(after), cancel: cancel.clone() });
        let job = WriteJob { threads, observer, cancel, ..job(folder.path(), &plan, &store) };
        match write_archive(&job) {
            Ok(part) => {
                let verified = verify_archive(&part.path, 2, &Unobserved, &Cancel::new()).expect("verified");
                prop_assert!(verified.ok, "{:?}", verified.problems);
            }
            Err(error) => {
                prop_assert_eq!(error.code(), Code::Cancelled, "nothing else went wrong");
                prop_assert!(strays(folder.path()).is_empty(), "a cancelled job leaves nothing");
            }
        }
    }
}

#[test]
fn no_more_room_stops_the_writing_with_the_rooms_own_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<File> = (0..40).map(|index| File::new(&format!("{index}.jpg"), noise(index, MIB))).collect();
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let room =
        Arc::new(|written: u64| if written > 20 << 20 { Err(Error::new(Code::QuotaExceeded, "Full.")) } else { Ok(()) });
    let error = write_archive(&WriteJob { room, ..job(folder.path(), &plan, &store) }).expect_err("no room");
    assert_eq!(error.code(), Code::QuotaExceeded, "the room's answer is the job's");
    assert!(strays(folder.path()).is_empty(), "the room is given back");
}

#[test]
fn room_is_asked_for_what_the_archive_has_come_to_not_for_what_was_written_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [File::new("a.jpg", noise(1, 40 * MIB))];
    let store = memory(&files);
    let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
    let store: Arc<dyn FileStore> = Arc::new(FaultyStore::over(store).with("a.jpg", Fault::ChangesWhileRead { times: 2 }));
    let most = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&most);
    let room = Arc::new(move |reached| {
        asked.fetch_max(reached, Ordering::Relaxed);
        Ok(())
    });
    let part = write_archive(&WriteJob { room, ..job(folder.path(), &plan, &store) }).expect("quiet in the end");
    let most = most.load(Ordering::Relaxed);
    assert!(
        most > 0 && most <= part.bytes,
        "asked for {most} of {} bytes: a quota is not broken by reading again",
        part.bytes
    );
}

#[test]
fn a_disk_that_loses_bytes_is_noticed_before_anything_is_published() {
    for at in [100_u64, 5 << 20, 15 << 20] {
        let folder = tempfile::tempdir().expect("a folder");
        let files: Vec<File> = (0..40).map(|index| File::new(&format!("{index:02}.jpg"), noise(index, MIB))).collect();
        let store = memory(&files);
        let plan = plan(folder.path(), &files, &store, OnMissing::Fail);
        let job = job(folder.path(), &plan, &store);
        let path = job.part.clone();
        // The room is asked after each 16 MiB: by then what stands before them is written.
        let room = Arc::new(move |written: u64| {
            if written >= 32 << 20 {
                let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the part file");
                std::os::unix::fs::FileExt::write_all_at(&file, b"LOST", at).expect("damaged");
            }
            Ok(())
        });
        let error = write_archive(&WriteJob { room, threads: 1, ..job }).expect_err("damaged");
        assert_eq!(error.code(), Code::VerifyFailed, "bytes lost at {at}");
        assert!(strays(folder.path()).is_empty(), "a damaged archive never stays");
    }
}
