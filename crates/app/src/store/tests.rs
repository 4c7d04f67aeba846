use std::os::unix::fs::PermissionsExt as _;

use sheaf_registry::ids::RootId;

use super::*;

fn registry(id: &str, path: &str, second: i64) -> Known {
    Known {
        id: id.to_owned(),
        path: path.into(),
        opened_at: Timestamp::from_second(second).expect("a time"),
        project: Some("p".to_owned()),
        user: None,
    }
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::new(dir.path().join("desk.db"));
    (dir, store)
}

#[test]
fn looking_makes_no_file_and_keeping_makes_a_private_one() {
    let (dir, store) = store();
    assert!(store.recent().expect("nothing yet").is_empty(), "there is nothing to list");
    assert_eq!(store.value("destination").expect("nothing yet"), None, "nothing was kept");
    assert!(!dir.path().join("desk.db").exists(), "a question keeps nothing");
    store.keep("destination", Some(Path::new("/out"))).expect("writable");
    let mode = dir.path().join("desk.db").metadata().expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "cohorts are patient data");
    assert_eq!(store.value("destination").expect("kept").as_deref(), Some(Path::new("/out")), "it is there");
}

#[test]
fn a_registry_keeps_its_id_and_leaves_the_list_without_losing_anything() {
    let (_dir, store) = store();
    assert_eq!(store.opened(&registry("a", "/1", 1)).expect("writable"), "a", "a new one takes the id that it is given");
    assert_eq!(store.opened(&registry("b", "/2", 2)).expect("writable"), "b", "and so does another");
    assert_eq!(store.opened(&registry("c", "/1", 3)).expect("writable"), "a", "one that is known keeps its own");
    let order = |store: &Store| store.recent().expect("readable").into_iter().map(|known| known.id).collect::<Vec<_>>();
    assert_eq!(order(&store), ["a", "b"], "the latest first");
    let root = DataRoot { id: RootId(1), prefix: "x".to_owned(), location: None };
    store.locate("a", "x", Path::new("/mnt")).expect("writable");
    store.forget("a").expect("writable");
    assert_eq!(order(&store), ["b"], "off the list");
    let found = store.located(Path::new("/1"), std::slice::from_ref(&root)).expect("readable");
    assert_eq!(
        found,
        [(DataRoot { location: Some(Location::Folder("/mnt".into())), ..root.clone() }, true)],
        "where its data lies is known"
    );
    let other = store.located(Path::new("/2"), std::slice::from_ref(&root)).expect("readable");
    assert_eq!(other, [(root, false)], "of this one only");
}

#[test]
fn a_cohort_is_of_one_project_and_its_name_is_its_own() {
    let (_dir, store) = store();
    store.opened(&registry("a", "/1", 1)).expect("writable");
    let cohort =
        Kept { id: "1".to_owned(), name: "first".to_owned(), rule: None, patients: 2, saved_at: Timestamp::UNIX_EPOCH };
    store.save_cohort("a", "p", &cohort, &[-1, i64::MAX]).expect("writable");
    let again = Kept { id: "2".to_owned(), ..cohort.clone() };
    let error = store.save_cohort("a", "p", &again, &[]).expect_err("taken");
    assert_eq!(error.code(), Code::NameInvalid, "no cohort replaces another");
    let found = store.cohort("a", "p", "1").expect("readable");
    assert_eq!(found, Some((cohort, vec![-1, i64::MAX])), "row ids come back whatever they are");
    assert_eq!(store.cohort("a", "q", "1").expect("readable"), None, "another project has other patients");
    assert!(!store.delete_cohort("a", "q", "1").expect("writable"), "nor can it delete it");
    assert!(store.delete_cohort("a", "p", "1").expect("writable"), "its own project can");
    assert!(store.cohorts("a", "p").expect("readable").is_empty(), "it is gone");
}

#[test]
fn what_is_damaged_foreign_or_newer_is_refused_and_left_alone() {
    let (dir, _) = store();
    let path = dir.path().join("desk.db");
    let foreign = Connection::open(&path).expect("a database");
    foreign.execute_batch("CREATE TABLE x (y)").expect("writable");
    let words = |path: &Path| Store::new(path.to_owned()).recent().expect_err("refused").to_string();
    assert!(words(&path).contains("another application"), "{}", words(&path));
    let number = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 99");
    foreign.execute_batch(&number).expect("writable");
    drop(foreign);
    assert!(words(&path).contains("newer"), "{}", words(&path));
    std::fs::write(&path, "this is no database, however long it may be made".repeat(9)).expect("writable");
    let before = std::fs::read(&path).expect("readable");
    assert!(words(&path).contains("damaged"), "{}", words(&path));
    assert_eq!(std::fs::read(&path).expect("readable"), before, "not a byte was changed");
}

#[test]
fn a_table_of_record_numbers_replaces_the_one_before_and_is_of_one_registry() {
    let (_dir, store) = store();
    assert_eq!(store.count_record_numbers("a").expect("nothing yet"), 0, "a question keeps nothing");
    store.opened(&registry("a", "/1", 1)).expect("writable");
    store.opened(&registry("b", "/2", 2)).expect("writable");
    let numbers = |pairs: &[(&str, &str)]| pairs.iter().map(|(no, id)| ((*no).to_owned(), (*id).to_owned())).collect();
    store.keep_record_numbers("a", &numbers(&[("001", "P1"), ("002", "P1")])).expect("writable");
    store.keep_record_numbers("b", &numbers(&[("001", "P9")])).expect("writable");
    store.keep_record_numbers("a", &numbers(&[("003", "P3")])).expect("writable");
    let kept = store.record_numbers("a").expect("readable");
    assert_eq!(kept, HashMap::from([("003".to_owned(), "P3".to_owned())]), "the newer table alone, zeros and all");
    assert_eq!(store.count_record_numbers("b").expect("readable"), 1, "that of another registry stays");
}

#[test]
fn a_file_of_the_version_before_is_taken_on_with_all_that_it_keeps() {
    let (dir, store) = store();
    let old = Connection::open(dir.path().join("desk.db")).expect("a database");
    old.execute_batch(MIGRATIONS[0]).expect("the first schema");
    old.pragma_update(None, "application_id", APPLICATION_ID).expect("named");
    old.pragma_update(None, "user_version", 1).expect("of the first version");
    old.execute("INSERT INTO kept (key, value) VALUES ('destination', '/out')", []).expect("something kept");
    drop(old);
    store.opened(&registry("a", "/1", 1)).expect("taken on");
    store.keep_record_numbers("a", &BTreeMap::from([("1".to_owned(), "P1".to_owned())])).expect("with the new table");
    assert_eq!(store.value("destination").expect("readable").as_deref(), Some(Path::new("/out")), "nothing was lost");
}
