//! A folder that is read again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use sheaf_registry::Code;
use sheaf_registry::progress::{Cancel, Observer, Phase, Progress};
use sheaf_sources::image_folder::Changes;

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
    let expected = |bytes: &[u8]| {
        use sha2::Digest as _;
        sheaf_registry::hex::encode(&sha2::Sha256::digest(bytes).into())
    };
    assert_eq!(hash(&whole, "P7/1.stl"), expected(&[STL, b"7"].concat()));

    // A file that has changed is not what was hashed.
    tree.file("P7/1.stl", STL);
    let changed = tree.sync();
    assert_eq!((changed.report.hashed, hash(&changed, "P7/1.stl").as_str()), (199, ""));
    assert_eq!(hash(&tree.sync_as(&ask).expect("readable"), "P7/1.stl"), expected(STL));
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
