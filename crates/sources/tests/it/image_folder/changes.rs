//! A folder that is read again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use sheaf_registry::Code;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress, Unobserved};
use sheaf_sources::image_folder::{Changes, HashOptions, hash, hash_counts, take_hashes};

use super::{ADA, Ask, STL, Said, Synced, Tree};

fn ids(synced: &Synced) -> BTreeMap<String, i64> {
    let sql = "SELECT patient_id, id FROM patient UNION ALL SELECT file_path, id FROM file_registry";
    let mut statement = synced.registry.prepare(sql).expect("a question");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("rows")
}

#[test]
fn what_is_new_changed_and_gone_is_told_and_ids_stay() {
    let tree = Tree::new();
    for path in ["A/1.stl", "B/1.stl", "B/2.stl", "C/1.stl"] {
        tree.file(path, STL);
    }
    let first = tree.sync();
    assert_eq!(first.report.changes, None, "nothing was there before");
    let before = ids(&first);

    let unchanged = tree.sync();
    assert_eq!(unchanged.report.changes, Some(Changes::default()));
    assert_eq!(ids(&unchanged), before, "nothing has changed");

    fs::remove_dir_all(tree.root().join("C")).expect("there");
    tree.file("A/0.stl", STL);
    tree.file("AA/1.stl", STL);
    tree.file("B/1.stl", &[STL, b"\n"].concat());
    let later = File::options().write(true).open(tree.root().join("B/2.stl")).expect("there");
    later.set_modified(SystemTime::now() + Duration::from_secs(7)).expect("its own file");
    let second = tree.sync();
    assert_eq!(second.report.changes, Some(Changes { added: 2, changed: 2, removed: 1 }));
    let after = ids(&second);
    for (key, id) in after.iter().filter(|(key, _)| before.contains_key(*key)) {
        assert_eq!(before[key], *id, "{key} is still the same");
    }
    let fresh = [after["AA"], after["AA/1.stl"], after["A/0.stl"]];
    assert!(fresh.iter().all(|id| !before.values().any(|before| before == id) || *id > 3), "{fresh:?} after {before:?}");
    assert!(after["AA"] > before["C"], "an id that was somebody's is nobody else's: {after:?}");
    tree.file("D/1.stl", STL);
    assert!(ids(&tree.sync())["D"] > after["AA"], "and so on");
}

/// Raises the flag when so many bytes are hashed.
struct StopAt(u64, Cancel);

impl Observer for StopAt {
    fn observe(&self, progress: &Progress) {
        if progress.phase == Phase::Verifying && progress.bytes_done >= self.0 {
            self.1.raise();
        }
    }
}

#[test]
fn hashes_are_kept_and_go_on_where_they_were_stopped() {
    let tree = Tree::new();
    for file in 0..200 {
        tree.file(format!("P{file}/1.stl"), &[STL, file.to_string().as_bytes()].concat());
    }
    let cancel = Cancel::new();
    let stop = StopAt(STL.len() as u64 * 70, cancel.clone());
    let ask = Ask { hash: true, cancel, observer: &stop, ..Ask::default() };
    let error = tree.sync_as(&ask).err().expect("stopped");
    assert_eq!(error.code(), Code::Cancelled, "{error}");
    let known = tree.sync().report.hashed;
    assert!((64..200).contains(&known), "what was hashed is kept: {known}");

    let ask = Ask { hash: true, ..Ask::default() };
    let whole = tree.sync_as(&ask).expect("readable");
    assert_eq!(whole.report.hashed, 200, "the others follow");
    let hash = |synced: &Synced, path: &str| {
        synced.lines(&format!("SELECT file_hash FROM file_registry WHERE file_path = '{path}'")).remove(0)
    };
    assert_eq!(hash(&whole, "P7/1.stl"), sha256(&[STL, b"7"].concat()));

    // A file that has changed is not what was hashed.
    tree.file("P7/1.stl", STL);
    let changed = tree.sync();
    assert_eq!((changed.report.hashed, hash(&changed, "P7/1.stl").as_str()), (199, ""));
    assert_eq!(hash(&tree.sync_as(&ask).expect("readable"), "P7/1.stl"), sha256(STL));
}

#[test]
fn stopped_in_the_middle_the_registry_from_before_stays() {
    let tree = Tree::new();
    tree.dicom("A/1.dcm", ADA);
    let before = tree.sync().files();
    tree.dicom("B/1.dcm", Said { number: "8", ..ADA });
    let ask = Ask::default();
    ask.cancel.raise();
    assert_eq!(tree.sync_as(&ask).err().map(|error| error.code()), Some(Code::Cancelled));
    let registry = rusqlite::Connection::open(tree.beside("registry.sqlite")).expect("a registry");
    let files: i64 = registry.query_row("SELECT count(*) FROM file_registry", [], |row| row.get(0)).expect("a count");
    assert_eq!(usize::try_from(files), Ok(before.len()), "as it was");
    let left = fs::read_dir(tree.beside("")).expect("a folder").count();
    assert_eq!(left, 3, "nothing beside the folder, the registry and the place for what is found");
}

/// Writes a file anew once everything is found, before anything is hashed.
struct Rewrite(std::path::PathBuf);

impl Observer for Rewrite {
    fn observe(&self, progress: &Progress) {
        if progress.phase == Phase::Writing {
            fs::write(&self.0, [STL, b"\n"].concat()).expect("writable");
        }
    }
}

#[test]
fn a_file_that_changes_meanwhile_gets_no_hash() {
    let tree = Tree::new();
    let path = tree.file("A/1.stl", STL);
    tree.file("A/2.stl", STL);
    let rewrite = Rewrite(path);
    let ask = Ask { hash: true, observer: &rewrite, ..Ask::default() };
    let synced = tree.sync_as(&ask).expect("readable");
    assert_eq!((synced.report.hashed, synced.odd()), (1, vec!["FILE_CHANGED 1".to_owned()]), "it is another file now");
    assert_eq!(tree.sync().report.changes.map(|changes| changes.changed), Some(1), "the next time it is known as it is");
}

/// Another mesh of the same size.
fn other(mesh: &[u8]) -> Vec<u8> {
    let letters = mesh.iter().map(|letter| if *letter == b'd' { b'D' } else { *letter });
    b"solid".iter().copied().chain(letters.skip(5)).collect()
}

/// What would be found where a file was read once more: its content has changed, its size and its time have not.
fn swap_content(path: &std::path::Path) {
    let modified = fs::metadata(path).and_then(|found| found.modified()).expect("there");
    fs::write(path, other(&fs::read(path).expect("readable"))).expect("writable");
    fs::File::options().write(true).open(path).and_then(|file| file.set_modified(modified)).expect("settable");
}

#[test]
fn hashes_of_a_registry_are_computed_later_and_no_file_is_read_twice() {
    let tree = Tree::new();
    let path = |file: usize| format!("P{file}/1.stl");
    let content = |file: usize| [STL, file.to_string().as_bytes()].concat();
    for file in 0..200 {
        tree.file(path(file), &content(file));
    }
    let synced = tree.sync();
    let all = "SELECT file_path || ' ' || file_hash FROM file_registry ORDER BY id";
    let before = synced.lines(all);
    let (registry, ledger, scratch) = (tree.beside("registry.sqlite"), tree.beside("hashes.sqlite"), tree.beside("scratch"));
    let compute = |cancel: &Cancel, observer: &dyn Observer| {
        let options = HashOptions { scratch: &scratch, threads: 3, cancel, observer, give_way: &|| () };
        hash(&tree.root(), &registry, &ledger, &options)
    };
    let cancel = Cancel::new();
    let stopped = compute(&cancel, &StopAt(STL.len() as u64 * 70, cancel.clone()));
    assert_eq!(stopped.map_err(|error| error.code()), Err(Code::Cancelled));
    assert_eq!(synced.lines(all), before, "the registry is not changed");

    // Whoever read a file again would find something else now.
    for file in 0..200 {
        swap_content(&tree.root().join(path(file)));
    }
    // One has really changed: it is another file, and left to the next reading of the folder.
    tree.file(path(199), b"solid changed\nendsolid changed\n");
    let rest = compute(&Cancel::new(), &Unobserved).expect("readable");
    assert_eq!((rest.known + rest.read, rest.left), (199, 1), "{rest:?}");
    assert!(rest.known >= 64, "what was done is kept: {rest:?}");
    assert_eq!(take_hashes(&registry, &ledger, &scratch).expect("readable"), 199);
    assert_eq!(hash_counts(&registry, &scratch).expect("readable"), (200, 199));
    assert_eq!(take_hashes(&registry, &ledger, &scratch).expect("readable"), 0, "they are in the registry");

    let now = rusqlite::Connection::open(&registry).expect("a registry");
    let hashes = |file: usize| -> String {
        let sql = "SELECT file_hash FROM file_registry WHERE file_path = ?1";
        now.query_row(sql, [path(file)], |row| row.get(0)).expect("a row")
    };
    let of_the_first = (0..199).filter(|file| hashes(*file) == sha256(&content(*file))).count();
    assert_eq!(of_the_first as u64, rest.known, "those were not read again");
    let of_the_others = (0..199).filter(|file| hashes(*file) == sha256(&other(&content(*file)))).count();
    assert_eq!(of_the_others as u64, rest.read);
    assert_eq!(synced.lines(all), before, "who has the registry open reads on");
}

#[test]
fn a_reading_that_died_while_it_hashed_leaves_its_hashes_to_the_next() {
    let tree = Tree::new();
    for file in 0..100 {
        tree.file(format!("P{file}/1.stl"), &[STL, file.to_string().as_bytes()].concat());
    }
    tree.sync();
    let (ledger, scratch) = (tree.beside("hashes.sqlite"), tree.beside("scratch"));
    // As a process leaves it that was killed after some of them.
    let cancel = Cancel::new();
    let observer = StopAt(STL.len() as u64 * 40, cancel.clone());
    let options = HashOptions { scratch: &scratch, threads: 2, cancel: &cancel, observer: &observer, give_way: &|| () };
    hash(&tree.root(), &tree.beside("registry.sqlite"), &ledger, &options).expect_err("stopped");
    for file in 0..100 {
        swap_content(&tree.root().join(format!("P{file}/1.stl")));
    }
    let ask = Ask { hash: true, ledger: Some(ledger.clone()), ..Ask::default() };
    let synced = tree.sync_as(&ask).expect("readable");
    assert_eq!(synced.report.hashed, 100);
    let kept = (0..100).filter(|file| {
        let sql = format!("SELECT file_hash FROM file_registry WHERE file_path = 'P{file}/1.stl'");
        synced.lines(&sql).remove(0) == sha256(&[STL, file.to_string().as_bytes()].concat())
    });
    assert!((36..100).contains(&kept.count()), "no file is read again");
    let left: i64 = rusqlite::Connection::open(&ledger)
        .and_then(|ledger| ledger.query_row("SELECT count(*) FROM hash", [], |row| row.get(0)))
        .expect("a count");
    assert_eq!(left, 0, "they are in the registry");

    // What is no ledger is made anew: it holds nothing that cannot be computed.
    fs::write(&ledger, "damaged, and longer than the head of a database would be".repeat(20)).expect("writable");
    assert_eq!(tree.sync_as(&ask).expect("readable").report.hashed, 100);
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sheaf_registry::hex::encode(&sha2::Sha256::digest(bytes).into())
}
