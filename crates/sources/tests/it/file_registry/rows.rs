//! What single rows become: the traps of the application's data, one by one.

use sheaf_registry::rows::Location;
use sheaf_sources::file_registry::Mapping;

use super::fixture::{MD5, Made, SHA};
use super::{owner, sync, sync_with, user};

const FILES: &str = "SELECT f.id, f.source_id, f.patient_id, m.slug, f.kind, f.subtype, f.file_size, f.hash_kind
                       FROM file_registry f JOIN modality m ON m.id = f.modality_id ORDER BY f.id";

#[test]
fn every_trap_of_the_older_generations() {
    for made in [Made::G1, Made::G2, Made::Between] {
        let (_dir, path) = made.database("");
        let synced = sync(&path);
        let expected = [
            // Scans under the type of a volume.
            "1|NULL|1|ios|raw|upper|10|sha256",
            "2|NULL|1|ios|raw|lower|10|sha256",
            // One row for several files: each of them, by its kind; the entry without a path is passed over.
            "3|NULL|1|cbct|processed||20|not_comparable",
            "4|NULL|1|cbct|raw||10|sha256",
            // A folder of which nothing is told is one row: its size and hash are those of all that is in it.
            "5|NULL|2|cbct|raw||30|folder",
            // Several files of which one is known.
            "6|NULL|2|cbct|processed||NULL|not_comparable",
            // A typing error, a folder that is no slug, and one that says nothing.
            "7|NULL|1|panoramic|raw||5|not_comparable",
            "8|NULL|1|bite-classification|processed||5|none",
            "9|NULL|1|generic|raw||NULL|sha256",
            // A type of tomorrow, a modality that is not there, a subtype of its own.
            "10|NULL|1|histology|raw|HE|5|sha256",
            "11|NULL|NULL|generic|raw||5|sha256",
            "12|NULL|NULL|generic|raw||5|sha256",
            "13|NULL|1|generic|raw||5|sha256",
            "14|NULL|1|generic|processed||5|sha256",
            "15|NULL|7|intraoral|raw||5|sha256",
            "1000000000003|3|1|cbct|processed||20|not_comparable",
            "1000000000004|4|1|cbct|raw||20|none",
            "2000000000003|3|1|cbct|processed||10|sha256",
        ];
        let mut expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
        // Listed files share the id of their row; the entry that is no file leaves its number empty.
        expected[2] = "MISSING".to_owned();
        expected.retain(|row| row != "MISSING");
        expected[2] = "4|4|1|cbct|raw||10|sha256".to_owned();
        assert_eq!(synced.ask(FILES), expected, "{made:?}");
        assert_eq!((synced.report.source_rows, synced.report.files), (15, 17), "{made:?}");
    }
}

#[test]
fn a_path_without_an_extension_may_be_a_folders_and_one_with_files_of_others_is_none() {
    let row = |id: i64, path: &str, patient: &str, hash: &str| {
        format!(
            "INSERT INTO scans_fileregistry (id, file_type, file_path, file_size, file_hash, metadata, patient_id)
             VALUES ({id}, 'cbct_raw', '/dataset/maxillo/raw/cbct/{path}', 7, '{hash}', '{{}}', {patient});"
        )
    };
    let rows = [
        row(101, "dcm_77", "1", SHA),
        row(102, "1.2.840.10008.5", "1", ""),
        row(103, "objects/", "2", MD5),
        row(104, "scan.nii.gz", "1", SHA),
        row(105, "several", "1", "multi-file"),
        // In these are files of another patient, of none, and of one below another folder's row.
        row(106, "all", "1", SHA),
        row(107, "./all//2", "2", ""),
        row(108, "all/2/slice.dcm", "NULL", SHA),
        // In this one is only the patient's own; the name of the next only begins like it.
        row(109, "own", "1", SHA),
        row(110, "own/a.dcm", "1", SHA),
        row(111, "owner/a.dcm", "2", SHA),
        // One folder that two patients have, and one of which the files lie in a data root of their own.
        row(112, "twice", "1", SHA),
        row(113, "twice/", "2", SHA),
        row(114, "around", "1", SHA),
        row(115, "around/inner/a.dcm", "2", SHA),
        // One that the same patient has twice.
        row(116, "again", "1", SHA),
        row(117, "again/", "1", SHA),
    ];
    let (_dir, path) = Made::G2.database(&rows.concat());
    let mapped =
        |prefix: &str, folder: &str| Mapping { prefix: prefix.to_owned(), location: Location::Folder(folder.into()) };
    let synced =
        sync_with(&path, &[mapped("/dataset", "/mnt/a"), mapped("/dataset/maxillo/raw/cbct/around/inner", "/mnt/b")]);
    assert_eq!(synced.ask("SELECT count(DISTINCT root_id) FROM file_registry WHERE id IN (114, 115)"), ["2"]);
    let kinds = synced.ask("SELECT id, hash_kind FROM file_registry WHERE id BETWEEN 101 AND 117 ORDER BY id");
    let expected = [
        "101|folder",
        "102|folder",
        "103|folder",
        "104|sha256",
        "105|not_comparable",
        "106|not_comparable",
        "107|none",
        "108|sha256",
        "109|folder",
        "110|sha256",
        "111|sha256",
        "112|not_comparable",
        "113|not_comparable",
        "114|not_comparable",
        "115|sha256",
        "116|folder",
        "117|folder",
    ];
    assert_eq!(kinds, expected);
    let shared = synced.report.oddities.iter().find(|odd| odd.code == "DIRECTORY_SHARED").expect("told");
    let told = [106, 107, 112, 113, 114].map(|id| format!("scans_fileregistry {id}"));
    assert_eq!(shared.examples, told, "by their rows");
    assert_eq!(synced.odd("DIRECTORY_UNLISTED"), 4, "those that say that they are folders");
}

#[test]
fn what_is_odd_is_counted_and_told_without_names() {
    let (_dir, path) = Made::G2.database("");
    let synced = sync(&path);
    let seen: Vec<(String, u64)> = synced.report.oddities.iter().map(|odd| (odd.code.clone(), odd.count)).collect();
    let expected = [
        ("ACCESS_UNKNOWN", 2),
        ("DIRECTORY_UNLISTED", 1),
        ("FILE_TYPE_OVERRULED", 2),
        ("FILE_TYPE_UNKNOWN", 1),
        ("FOLDER_RING", 1),
        ("FOLDER_UNKNOWN", 2),
        ("LIST_ENTRY_INVALID", 1),
        ("LIST_MISSING", 1),
        ("METADATA_INVALID", 1),
        ("MODALITY_UNKNOWN", 1),
        ("ORPHAN", 1),
        ("PATH_OUTSIDE", 1),
        ("PATH_REFUSED", 1),
        ("PATIENT_UNKNOWN", 2),
        ("PREFIX_UNMAPPED", 14),
        ("PROJECT_UNKNOWN", 1),
        ("ROLE_UNKNOWN", 1),
        ("TIME_INVALID", 1),
    ];
    let expected: Vec<(String, u64)> = expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
    assert_eq!(seen, expected, "each with its count");
    let told: String = synced.report.oddities.iter().flat_map(|odd| odd.examples.clone()).collect();
    for name in ["Ada", "Eva", "Bea"] {
        assert!(!told.contains(name), "{name} is a patient's name: {told}");
    }
    let registry = synced.registry();
    assert_eq!(registry.oddities(&owner(&registry)).expect("oddities"), synced.report.oddities, "kept with the rows");
    assert_eq!(registry.oddities(&user(&registry, "standard")).expect("oddities"), [], "not for whoever sees a part");
}

/// Rows of all kinds that are told as odd for where they lie, in folders and files that are called by a patient's name.
#[test]
fn what_is_odd_about_a_path_is_told_by_the_id_of_its_row_since_a_path_may_hold_a_name() {
    let row = |id: i64, path: &str, hash: &str, metadata: &str, patient: &str| {
        format!(
            "INSERT INTO scans_fileregistry (id, file_type, file_path, file_size, file_hash, metadata, patient_id)
             VALUES ({id}, 'cbct_raw', '{path}', 7, '{hash}', '{metadata}', {patient});"
        )
    };
    let list = r#"{"files": [{"path": "/nas/Quirina/1.dcm"}, {"path": "/nas/Quirina/2.dcm"}]}"#;
    let kinds = r#"{"files": {"volume_nifti": {"path": "/dataset/a/processed/cbct/Quirina.nii.gz"}}}"#;
    let rows: String = [
        row(50, "/dataset/a/raw/cbct/Quirina.nii.gz", SHA, "{}", "NULL"),
        row(51, "/dataset/a/raw/cbct/Quirina_2.nii.gz", SHA, "{}", "99"),
        row(52, "/nas/Quirina/scan.nii.gz", SHA, "{}", "1"),
        row(53, "/dataset/a/../Quirina/scan.nii.gz", SHA, "{}", "1"),
        row(54, "/dataset/a/raw/cbct/Quirina_folder/", SHA, "{}", "1"),
        row(55, "/dataset/a/processed/cbct/Quirina_3.nii.gz", "multi-file", "{}", "1"),
        row(56, "/dataset/a/processed/cbct/Quirina_4.nii.gz", "multi-file", kinds, "1"),
        row(57, "/nas/Quirina_folder", SHA, list, "1"),
    ]
    .concat();
    let (_dir, path) = Made::G2.database(&rows);
    let synced = sync(&path);
    let examples = |code: &str| {
        let odd = synced.report.oddities.iter().find(|odd| odd.code == code);
        odd.unwrap_or_else(|| panic!("{code} is told")).examples.concat()
    };
    for (code, rows) in [
        ("ORPHAN", "50"),
        ("PATIENT_UNKNOWN", "51"),
        ("PATH_OUTSIDE", "52"),
        ("PATH_REFUSED", "53"),
        ("DIRECTORY_UNLISTED", "54"),
        ("LIST_MISSING", "55"),
        ("LIST_WITHOUT_PATH", "56"),
    ] {
        assert!(examples(code).contains(&format!("scans_fileregistry {rows}")), "{code}: {}", examples(code));
    }
    assert_eq!(examples("PATH_OUTSIDE").matches("57").count(), 1, "a row of several files is one example");
    assert_eq!(examples("PREFIX_UNMAPPED"), "/dataset", "this alone is told, for it has to be mapped");
    let told = format!("{:?} {:?}", synced.report, synced.ask("SELECT code, examples FROM oddity"));
    assert!(!told.contains("Quirina"), "nobody is named: {told}");
}

#[test]
fn metadata_is_kept_and_a_list_is_not_kept_a_hundred_times() {
    let (_dir, path) = Made::G2.database("");
    let synced = sync(&path);
    let metadata = |id: i64| synced.ask(&format!("SELECT metadata FROM file_registry WHERE id = {id}")).pop();
    let told = |text: &str| Some(text.to_owned());
    assert_eq!(metadata(7), told("{\"image_index\": 3, \"original_filename\": \"IMG_3.JPG\"}"), "as it stands");
    assert_eq!(metadata(8), told("{}"), "what is no JSON is none");
    assert_eq!(metadata(9), told("{}"), "nor is nothing");
    let listed = told("{\"file\":{\"kind\":\"volume_nifti\",\"type\":\"volume_nifti\"},\"logs\":\"\"}");
    assert_eq!(metadata(2_000_000_000_003), listed, "what is of all files, and what is of this one");
    let hashes = "SELECT DISTINCT file_hash FROM file_registry WHERE hash_kind = 'sha256'
                  UNION ALL SELECT DISTINCT file_hash FROM file_registry WHERE hash_kind = 'not_comparable'";
    let mut hashes = synced.ask(hashes);
    hashes.sort();
    assert_eq!(hashes, [MD5, SHA, "multi-file"], "only a SHA-256 can be compared");
}

#[test]
fn projects_folders_tags_and_patients() {
    let (_dir, path) = Made::G2.database("");
    let synced = sync(&path);
    assert_eq!(
        synced.ask("SELECT id, slug FROM project ORDER BY id"),
        ["0|default", "1|maxillo", "2|brain"],
        "and one for those without"
    );
    let folders = [
        "1|NULL|2|Deep",
        "2|NULL|3|cases/2024",
        "3|NULL|NULL|Top",
        "8|NULL|NULL|Ring",
        "9|NULL|8|Ring",
        "10|NULL|NULL|Lost",
    ];
    assert_eq!(
        synced.ask("SELECT id, project_id, parent_id, name FROM folder ORDER BY id"),
        folders,
        "no ring, nothing lost"
    );
    let patients = [
        "1|1|1|Ada Lovelace|public|2025-10-01T10:00:00.123Z",
        "2|1|2||private|2025-10-01T10:00:00.000Z",
        "3|1|3|../../etc|debug|2025-10-01T10:00:00.000Z",
        "4|1|4|Eva|of tomorrow|NULL",
        "5|0|5||public|NULL",
        "6|0|6||public|NULL",
        "7|2|7|Bea|public|NULL",
    ];
    let sql = "SELECT id, project_id, number, name, visibility, created_at FROM patient ORDER BY id";
    assert_eq!(synced.ask(sql), patients, "blank names are blank, words of tomorrow pass");
    assert_eq!(synced.ask("SELECT * FROM patient_folder ORDER BY 1"), ["1|1", "2|2", "7|3"], "in folders that are there");
    let tags = "SELECT patient_id, name FROM patient_tag JOIN tag ON tag.id = tag_id ORDER BY 2";
    assert_eq!(synced.ask(tags), ["1|implant", "1|正畸"], "of patients that are there");
    let modalities = "SELECT slug, listed, is_active, supported_extensions, subtypes FROM modality ORDER BY slug";
    let modalities = synced.ask(modalities);
    assert!(
        modalities.contains(&"ios|1|1|[\".stl\"]|[\"upper\",\"lower\"]".to_owned()),
        "lists as they are: {modalities:?}"
    );
    assert!(modalities.contains(&"intraoral|1|0|[]|[]".to_owned()), "the older name, where it is the only one");
    assert!(modalities.contains(&"histology|0|1|[]|[]".to_owned()), "one that only files name");
}

#[test]
fn domains_have_rows_of_their_own() {
    let (_dir, path) = Made::G3.database("");
    let synced = sync(&path);
    let cardiology = synced.ask("SELECT id FROM patient WHERE name = 'Ida'")[0].clone();
    assert!(cardiology.len() > 13, "a domain of tomorrow has numbers of its own: {cardiology}");
    let patients = ["1|1|1|0", "2|1|2|1", "3|1|3|0", "4|1|4|0", "5|1|5|1", "1000000000001|2|1|0", "1000000000002|2|2|0"];
    let sql = format!("SELECT id, project_id, patient_id, deleted FROM patient WHERE id <> {cardiology} ORDER BY id");
    assert_eq!(synced.ask(&sql), patients, "one number in two domains is two patients; hidden when in doubt");
    let projects = synced.ask("SELECT slug FROM project ORDER BY id");
    assert_eq!(projects, ["maxillo", "brain", "cardiology"], "a domain is a project, listed or not");
    let files = [
        "1|1|ios|upper".to_owned(),
        "2|1000000000001|braintumor-mri-seg|".to_owned(),
        format!("3|{cardiology}|cbct|"),
        "4|2|cbct|".to_owned(),
        "5|1000000000002|cbct|".to_owned(),
    ];
    let sql = "SELECT f.id, patient_id, slug, subtype FROM file_registry f JOIN modality m ON m.id = modality_id ORDER BY 1";
    assert_eq!(synced.ask(sql), files, "the domain decides where two are named");
    let placements = [
        "1|1",
        "2|1",
        "3|2",
        "5|1",
        "1000000000001|1000000000001",
        "1000000000001|1000000000002",
        "1000000000002|1000000000002",
    ];
    assert_eq!(synced.ask("SELECT * FROM patient_folder ORDER BY 1, 2"), placements, "in one folder or in many");
    assert_eq!(
        synced.ask("SELECT id, project_id, source_id FROM folder ORDER BY id"),
        ["1|1|NULL", "2|1|NULL", "1000000000001|2|1", "1000000000002|2|2"],
        "by domain, and known by the numbers of their apps"
    );
    let tags = "SELECT patient_id, name FROM patient_tag JOIN tag ON tag.id = tag_id ORDER BY 1, 2";
    assert_eq!(synced.ask(tags), ["1|implant", "1000000000001|glioma", "1000000000001|implant"], "one word is one tag");
    assert_eq!(synced.odd("PATIENT_DELETED"), 2, "how many are hidden is told");
    let registry = synced.registry();
    let seen = registry.projects(&owner(&registry)).expect("projects");
    let seen: Vec<_> = seen.iter().map(|project| (project.project.slug.as_str(), project.patients)).collect();
    assert_eq!(seen, [("brain", 2), ("cardiology", 1), ("maxillo", 3)], "the deleted ones are hidden");
}

#[test]
fn a_row_of_one_domain_is_never_a_file_of_anothers_patient() {
    let (_dir, path) = Made::G3.database(
        "UPDATE maxillo_fileregistry SET patient_id = 1, brain_patient_id = NULL WHERE id = 2;
         UPDATE maxillo_fileregistry SET domain = '' WHERE id = 4",
    );
    let synced = sync(&path);
    let patients = synced.ask("SELECT id, patient_id FROM file_registry WHERE id IN (2, 4) ORDER BY id");
    assert_eq!(patients, ["2|NULL", "4|2"], "where none is said, the column that is filled decides");
    assert_eq!(synced.odd("ORPHAN"), 1, "and that is told");
}

#[test]
fn row_ids_stay_when_rows_come_and_go() {
    let ids = "SELECT 'p', id, name FROM patient UNION ALL SELECT 'f', id, file_path FROM file_registry
               UNION ALL SELECT 'd', id, name FROM folder ORDER BY 1, 2";
    for (made, change) in [
        (
            Made::G2,
            "DELETE FROM scans_patient WHERE patient_id = 3; DELETE FROM scans_fileregistry WHERE id IN (1, 7);
                    INSERT INTO scans_patient (patient_id, name, project_id) VALUES (800, 'New', 1);",
        ),
        (
            Made::G3,
            "DELETE FROM maxillo_patient WHERE patient_id = 3; DELETE FROM maxillo_fileregistry WHERE id = 1;
                    CREATE TABLE aaa_patient (patient_id INTEGER PRIMARY KEY, name TEXT);
                    ALTER TABLE maxillo_fileregistry ADD COLUMN aaa_patient_id INT;
                    INSERT INTO aaa_patient VALUES (1, 'New');",
        ),
    ] {
        let (_dir, before) = made.database("");
        let (_dir, after) = made.database(change);
        let (before, after) = (sync(&before).ask(ids), sync(&after).ask(ids));
        let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
        assert_eq!(new.len(), 1, "{made:?}: only what is new has a new id: {new:?}");
        assert!(new[0].ends_with("|New"), "{made:?}: {new:?}");
    }
}

#[test]
fn a_project_that_is_called_default_is_another() {
    let (_dir, path) = Made::G2.database(
        "INSERT INTO common_project (id, slug) VALUES (9, 'default'), (10, ''), (11, 'maxillo');
         INSERT INTO common_projectaccess VALUES (50, 1, 3, 9);",
    );
    let synced = sync(&path);
    let slugs = ["0|default-2", "1|maxillo", "2|brain", "9|default", "10|project-10", "11|project-11"];
    assert_eq!(synced.ask("SELECT id, slug FROM project ORDER BY id"), slugs, "each has a name of its own");
    let registry = synced.registry();
    let viewer = user(&registry, "standard");
    let seen: Vec<String> =
        registry.projects(&viewer).expect("projects").into_iter().map(|project| project.project.slug).collect();
    assert_eq!(seen, ["default", "maxillo"], "its right is none to patients without a project");
}

#[test]
fn data_roots_are_found_mapped_and_told() {
    let (_dir, path) = Made::G2.database(
        "INSERT INTO scans_fileregistry (id, file_type, file_path, patient_id)
         SELECT 100 + value, 'cbct_raw', '/mnt/old/store/maxillo/raw/cbct/' || value || '.nii.gz', 1 FROM json_each('[1, 2, 3, 4, 5]')",
    );
    let roots = "SELECT prefix, location FROM data_root ORDER BY id";
    let of = "SELECT f.id, prefix FROM file_registry f JOIN data_root d ON d.id = root_id WHERE f.id IN (1, 13, 14, 101)";
    let synced = sync(&path);
    assert_eq!(synced.ask(roots), ["/dataset|NULL", "/mnt/old/store|NULL"], "what paths begin with; nobody said where");
    assert_eq!(synced.odd("PREFIX_UNMAPPED"), 19, "which is told");
    assert_eq!(synced.ask(of), ["1|/dataset", "13|/dataset", "14|/dataset", "101|/mnt/old/store"], "each below its own");

    let mapping =
        |prefix: &str, folder: &str| Mapping { prefix: prefix.to_owned(), location: Location::Folder(folder.into()) };
    let synced = sync_with(&path, &[mapping("/dataset/", "/data"), mapping("/dataset/brain", "/brain")]);
    let expected = ["/dataset|/data", "/dataset/brain|/brain", "/mnt/old/store|NULL"];
    assert_eq!(synced.ask(roots), expected, "with a slash at the end or without");
    let of = "SELECT prefix FROM file_registry f JOIN data_root d ON d.id = root_id WHERE f.id = 15";
    assert_eq!(synced.ask(of), ["/dataset/brain"], "the longest that fits");
    assert_eq!(synced.odd("PREFIX_UNMAPPED"), 5, "the other one is still told");

    let (_dir, path) = Made::G2.database(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200)
         INSERT INTO scans_fileregistry (id, file_type, file_path, patient_id)
         SELECT 1000 + i, 'cbct_raw', '/dataset/maxillo/raw/cbct/' || i || '.nii.gz', 1 FROM n;
         INSERT INTO scans_fileregistry (id, file_type, file_path, patient_id) VALUES
           (3000, 'cbct_raw', '/etc/secret/raw/cbct/1.nii.gz', 1), (3001, 'cbct_raw', 'maxillo/raw/cbct/1.nii.gz', 1);",
    );
    let synced = sync(&path);
    assert_eq!(synced.ask(roots), ["/dataset|NULL"], "a stray path makes no root");
    assert_eq!(synced.odd("PATH_OUTSIDE"), 3, "it is outside of the one that there is");

    let (_dir, path) = Made::G3.database("");
    assert_eq!(sync(&path).ask(roots), ["|NULL"], "object keys have no prefix");
}
