//! Who may see and export what, written out from the rules: by user, for the small databases and for the samples.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sheaf_registry::access::PatientSet;
use sheaf_registry::ids::PatientId;
use sheaf_registry::{Actor, Code, Registry};

use super::fixture::Made;
use super::{Synced, ask, sync, user};
use crate::samples::Sample;

/// Row ids of the patients that are in a set and not deleted.
fn patients(synced: &Synced, set: &PatientSet) -> BTreeSet<String> {
    let all = synced.ask("SELECT id FROM patient WHERE deleted = 0");
    all.into_iter().filter(|id| set.contains(PatientId(id.parse().expect("a number")))).collect()
}

fn read_and_export(synced: &Synced, registry: &Registry, name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let viewer = user(registry, name);
    (patients(synced, viewer.may_read()), patients(synced, viewer.may_export()))
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn the_profile_of_roles() {
    // 1 public, 2 private, 3 debug, 4 of another word, all in maxillo; 5 and 6 in no project; 7 public in brain.
    let table: [(&str, &[&str], &[&str]); 7] = [
        ("admin", &["1", "2", "3", "4", "5", "6", "7"], &["1", "2", "3", "4", "5", "6", "7"]),
        ("annotator", &["1", "2"], &["1", "2"]),
        ("manager", &["1", "2"], &["1", "2"]),
        ("standard", &["1"], &["1"]),
        // Being staff is nothing here.
        ("student", &["3"], &[]),
        // May view a project, but has no role.
        ("nobody", &[], &[]),
        // One row allows, another denies.
        ("denied", &[], &[]),
    ];
    for made in [Made::G1, Made::G2, Made::Between] {
        let (_dir, path) = made.database("");
        let synced = sync(&path);
        let registry = synced.registry();
        for (name, reads, exports) in table {
            assert_eq!(read_and_export(&synced, &registry, name), (set(reads), set(exports)), "{made:?}: {name}");
        }
        let gone = registry.viewer(&Actor::User("gone".to_owned())).expect_err("out of use");
        assert_eq!(gone.code(), Code::UnknownUser, "{made:?}: an admin who left does not exist");
    }
}

#[test]
fn the_profile_of_folders() {
    // maxillo 1 in Top, 3 in a folder below it, 4 in none, 2 and 5 deleted; brain 1 in Top and Other, 2 in Other.
    let (brain_1, brain_2) = ("1000000000001", "1000000000002");
    let (_dir, path) = Made::G3.database("");
    let synced = sync(&path);
    let registry = synced.registry();
    let table: [(&str, &[&str], &[&str]); 6] = [
        ("admin", &["1", "3", "4"], &["1", "3", "4"]),
        ("annotator", &["1"], &[]),
        ("manager", &["1"], &["1"]),
        ("standard", &[brain_1, brain_2], &[brain_1, brain_2]),
        ("nobody", &[], &[]),
        ("denied", &[], &[]),
    ];
    for (name, reads, exports) in table {
        assert_eq!(read_and_export(&synced, &registry, name), (set(reads), set(exports)), "{name}");
    }
    let roles = synced.ask("SELECT name, role FROM user ORDER BY id LIMIT 5");
    let expected = [
        "admin|admin",
        "annotator|annotator, standard",
        "standard|project_manager, standard",
        "student|staff",
        "manager|project_manager",
    ];
    assert_eq!(roles, expected, "of projects and of folders, for people");
    let (reads, exports) = read_and_export(&synced, &registry, "student");
    assert_eq!((reads.len(), exports.len()), (6, 6), "staff is admin of every project, also of one that nobody lists");
    registry.viewer(&Actor::User("gone".to_owned())).expect_err("an admin who left does not exist");
}

#[test]
fn what_is_left_of_the_older_profile_gives_nothing_where_folders_have_rights() {
    let (_dir, whole) = Made::G3.database("");
    let left = "ALTER TABLE common_projectaccess ADD COLUMN can_view INT; UPDATE common_projectaccess SET can_view = 1;
                CREATE TABLE maxillo_userprofile (id INTEGER PRIMARY KEY, user_id INT, role TEXT);
                INSERT INTO maxillo_userprofile SELECT id, id, 'annotator' FROM auth_user";
    let (_other, with_leftovers) = Made::G3.database(left);
    let rights = |source| sync(source).ask("SELECT * FROM access ORDER BY 1");
    assert_eq!(rights(&with_leftovers), rights(&whole));
}

#[test]
fn two_roles_of_one_user_are_none() {
    let (_dir, path) = Made::G2.database("INSERT INTO scans_userprofile VALUES (50, 3, 'admin')");
    let synced = sync(&path);
    let none = (set(&[]), set(&[]));
    assert_eq!(read_and_export(&synced, &synced.registry(), "standard"), none, "which of them counts is not known");
    assert_eq!(synced.odd("ROLE_UNKNOWN"), 2, "it is told, as for the one without any");
}

#[test]
fn without_tables_of_rights_nobody_but_the_owner_sees_anything() {
    for change in ["DROP TABLE common_projectaccess", "DROP TABLE scans_userprofile"] {
        let (_dir, path) = Made::G2.database(change);
        let synced = sync(&path);
        assert_eq!(synced.odd("RIGHTS_ABSENT"), 1, "{change}: it is told");
        assert_eq!(synced.ask("SELECT count(*) FROM access"), ["0"], "{change}: nothing is guessed");
        let registry = synced.registry();
        assert!(!registry.users().expect("users").is_empty(), "{change}: they are there, and may nothing");
    }
}

/// What a user of a sample sees and may export, as questions to the source that spell out the rule.
struct Rule {
    user: &'static str,
    reads: &'static str,
    exports: &'static str,
    counts: (usize, usize),
}

fn check(sample: &str, rules: &[Rule]) {
    let Some(unpacked) = Sample::unpack(sample) else { return };
    let source = Connection::open(unpacked.database()).expect("the source");
    let users = ask(&source, "SELECT username FROM auth_user ORDER BY id");
    let named: Vec<&str> = rules.iter().map(|rule| rule.user).collect();
    assert_eq!(users, named, "every user has its rule");
    for path in [unpacked.database(), unpacked.dump()] {
        let synced = sync(&path);
        let registry = synced.registry();
        for rule in rules {
            let (reads, exports) = read_and_export(&synced, &registry, rule.user);
            let of = |sql: &str| -> BTreeSet<String> { ask(&source, sql).into_iter().collect() };
            assert_eq!(reads, of(rule.reads), "{sample}: what {} sees", rule.user);
            assert_eq!(exports, of(rule.exports), "{sample}: what {} exports", rule.user);
            assert_eq!((reads.len(), exports.len()), rule.counts, "{sample}: how many for {}", rule.user);
        }
    }
}

const NOBODY: &str = "SELECT 1 WHERE 0";

#[test]
fn each_user_of_the_sample_of_january() {
    const ALL: &str = "SELECT patient_id FROM scans_patient";
    const ANNOTATOR: &str =
        "SELECT patient_id FROM scans_patient WHERE visibility IN ('public', 'private') AND project_id IN (1, 3)";
    const STANDARD: &str = "SELECT patient_id FROM scans_patient WHERE visibility = 'public' AND project_id = 1";
    const STUDENT: &str = "SELECT patient_id FROM scans_patient WHERE visibility = 'debug' AND project_id = 1";
    const MANAGER: &str =
        "SELECT patient_id FROM scans_patient WHERE visibility IN ('public', 'private') AND project_id = 1";
    check(
        "toothfairy_2026_01",
        &[
            Rule { user: "admin_user", reads: ALL, exports: ALL, counts: (200, 200) },
            Rule { user: "annotator_user", reads: ANNOTATOR, exports: ANNOTATOR, counts: (139, 139) },
            Rule { user: "standard_user", reads: STANDARD, exports: STANDARD, counts: (34, 34) },
            Rule { user: "student_dev_user", reads: STUDENT, exports: NOBODY, counts: (9, 0) },
            Rule { user: "project_manager_user", reads: MANAGER, exports: MANAGER, counts: (110, 110) },
            Rule { user: "noaccess_user", reads: NOBODY, exports: NOBODY, counts: (0, 0) },
        ],
    );
}

#[test]
fn each_user_of_the_sample_of_july() {
    // Row ids count from another thousand billion in each domain.
    const ALL: &str = "SELECT patient_id FROM maxillo_patient WHERE NOT deleted
        UNION SELECT 1000000000000 + patient_id FROM brain_patient WHERE NOT deleted
        UNION SELECT 2000000000000 + patient_id FROM laparoscopy_patient WHERE NOT deleted";
    const ANNOTATOR: &str = "SELECT patient_id FROM maxillo_patient WHERE NOT deleted AND folder_id IN (2, 4, 6, 8, 10)
        UNION SELECT 1000000000000 + patient_id FROM brain_patient JOIN brain_patient_folders USING (patient_id)
               WHERE NOT deleted AND folder_id IN (2, 4, 6, 8, 10)";
    const STANDARD: &str = "SELECT patient_id FROM maxillo_patient WHERE NOT deleted AND folder_id IN (1, 4, 7, 10)
        UNION SELECT 1000000000000 + patient_id FROM brain_patient JOIN brain_patient_folders USING (patient_id)
               WHERE NOT deleted AND folder_id IN (1, 4, 7, 10)";
    const MANAGER: &str = "SELECT patient_id FROM maxillo_patient WHERE NOT deleted AND folder_id BETWEEN 1 AND 11
        UNION SELECT 1000000000000 + patient_id FROM brain_patient JOIN brain_patient_folders USING (patient_id)
               WHERE NOT deleted AND folder_id BETWEEN 1 AND 11";
    check(
        "yggdrasil_2026_07",
        &[
            Rule { user: "admin_user", reads: ALL, exports: ALL, counts: (194, 194) },
            Rule { user: "staff_user", reads: ALL, exports: ALL, counts: (194, 194) },
            Rule { user: "annot_user", reads: ANNOTATOR, exports: NOBODY, counts: (87, 0) },
            Rule { user: "std_user", reads: STANDARD, exports: NOBODY, counts: (68, 0) },
            Rule { user: "pm_user", reads: MANAGER, exports: MANAGER, counts: (156, 156) },
            Rule { user: "noaccess_user", reads: NOBODY, exports: NOBODY, counts: (0, 0) },
        ],
    );
}
