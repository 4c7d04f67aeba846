//! What was planted in the samples: each of it is refused or told with the right code, and the rest can be exported.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sheaf_archive::file_root::LocalFileStore;
use sheaf_archive::plan::{OnMissing, Plan, Planning};
use sheaf_registry::file_store::FileStore;
use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::resolve::Resolved;
use sheaf_registry::rows::Location;
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_sources::file_registry::Mapping;

use super::{Synced, owner, sync_with};
use crate::samples::Sample;

/// Everything of every project, planned; and the files of each, to look into.
fn planned(synced: &Synced, modality: &[&str]) -> Vec<(Plan, Arc<dyn FileStore>)> {
    let registry = synced.registry();
    let viewer = owner(&registry);
    let projects = registry.projects(&viewer).expect("projects");
    let plan = |slug: &str| {
        let modality: Vec<String> = modality.iter().map(|slug| (*slug).to_owned()).collect();
        let all_modalities = modality.is_empty();
        let kind = Some(KindChoice::Both);
        let selection = Selection { all: true, modality, all_modalities, kind, ..Selection::default() };
        let resolved = Resolved::new(&registry, &viewer, slug, &selection).expect("rows");
        let store: Arc<dyn FileStore> = Arc::new(LocalFileStore::open(resolved.roots()));
        let (observer, cancel) = (&Unobserved, &Cancel::new());
        let planning = Planning { store: Arc::clone(&store), on_missing: OnMissing::Skip, threads: 2, observer, cancel };
        (Plan::new(resolved, &planning).expect("a plan"), store)
    };
    projects.iter().map(|project| plan(&project.project.slug)).collect()
}

/// Row and code of every problem, those of contents among them.
fn problems(plans: &[(Plan, Arc<dyn FileStore>)]) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (plan, store) in plans {
        found.extend(plan.problems().iter().map(|problem| (problem.file.clone(), problem.code.clone())));
        for (at, entry) in plan.entries().iter().enumerate() {
            let mut bytes = Vec::new();
            store.open(entry.root, &entry.path, 0).expect("it opens").read_to_end(&mut bytes).expect("its bytes");
            let hash = Sha256::digest(&bytes).into();
            found.extend(plan.hash_problems(at, &hash).map(|problem| (problem.file, problem.code)));
        }
    }
    found
}

fn mapping(prefix: &str, folder: &Path) -> Vec<Mapping> {
    vec![Mapping { prefix: prefix.to_owned(), location: Location::Folder(folder.to_owned()) }]
}

#[test]
fn each_planted_row_of_january_has_its_code() {
    let Some(sample) = Sample::unpack("toothfairy_2026_01") else { return };
    let planted: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(sample.folder.join("planted.json")).expect("it")).expect("JSON");
    let ids =
        |key: &str| -> Vec<String> { planted[key].as_array().expect("a list").iter().map(ToString::to_string).collect() };
    for source in [sample.database(), sample.dump()] {
        let synced = sync_with(&source, &mapping("/dataset", &sample.folder.join("dataset")));
        assert_eq!(synced.odd("PREFIX_UNMAPPED"), 0, "it is mapped");
        assert_eq!((synced.odd("ORPHAN"), synced.odd("PATH_OUTSIDE"), synced.odd("PATH_REFUSED")), (1, 1, 1), "told");
        let mut expected: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for id in ids("missing_registry_ids") {
            expected.entry(id).or_default().push("SOURCE_MISSING");
        }
        let changed = ids("changed_registry_ids");
        for (id, code) in
            [("1870", "PATH_ESCAPE"), ("1871", "PATH_ESCAPE"), ("1872", "SOURCE_MISSING"), ("1874", "PATH_ESCAPE")]
        {
            expected.entry(id.to_owned()).or_default().push(code);
        }
        let found = problems(&planned(&synced, &[]));
        for id in &changed {
            let codes: Vec<&str> = found.iter().filter(|(row, _)| row == id).map(|(_, code)| code.as_str()).collect();
            let tells = codes.iter().all(|code| matches!(*code, "SIZE_MISMATCH" | "HASH_MISMATCH")) && !codes.is_empty();
            assert!(tells, "row {id} was changed: {codes:?}");
        }
        let others: BTreeSet<_> = found.iter().filter(|(row, _)| !changed.contains(row)).cloned().collect();
        let expected: BTreeSet<_> =
            expected.iter().flat_map(|(id, codes)| codes.iter().map(|code| (id.clone(), (*code).to_owned()))).collect();
        assert_eq!(others, expected, "nothing else is wrong, and nothing of it passes");
    }
}

#[test]
fn choosing_scans_of_january_exports_the_mistyped_ones() {
    let Some(sample) = Sample::unpack("toothfairy_2026_01") else { return };
    let synced = sync_with(&sample.dump(), &mapping("/dataset", &sample.folder.join("dataset")));
    let plans = planned(&synced, &["ios"]);
    let (mut upper, mut lower) = (0, 0);
    for (plan, _) in &plans {
        for (at, entry) in plan.entries().iter().enumerate() {
            let path = plan.entry_path(at);
            assert!(path.contains("/ios/"), "{path} stands where scans do");
            if entry.path.contains("/raw/ios/ios_") {
                upper += u32::from(path.contains("upper"));
                lower += u32::from(path.contains("lower"));
            }
        }
    }
    let rows = "SELECT subtype, count(*) FROM file_registry WHERE file_type = 'cbct_raw' AND file_path LIKE '%/raw/ios/%'
                 GROUP BY 1 ORDER BY 1";
    assert_eq!(synced.ask(rows), ["lower|125", "upper|130"], "the scans that the application calls volumes");
    let missing = plans.iter().flat_map(|(plan, _)| plan.problems()).filter(|problem| problem.code == "SOURCE_MISSING");
    let missing = u32::try_from(missing.filter(|problem| problem.path.contains("/raw/ios/ios_")).count()).expect("few");
    assert_eq!(upper + lower + missing, 255, "all of them are exported, but for those that were deleted");
}

#[test]
fn the_objects_of_july() {
    let Some(sample) = Sample::unpack("yggdrasil_2026_07") else { return };
    for source in [sample.database(), sample.dump()] {
        let synced = sync_with(&source, &mapping("", &sample.folder.join("bucket")));
        let found = problems(&planned(&synced, &[]));
        let missing: BTreeSet<&str> = found.iter().map(|(row, _)| row.as_str()).collect();
        assert!(found.iter().all(|(_, code)| code == "SOURCE_MISSING"), "nothing else is wrong: {found:?}");
        // Of deleted patients nothing is planned, so that their missing objects are nobody's problem.
        let bucket = sample.folder.join("bucket");
        let rows = synced.ask(
            "SELECT coalesce(f.source_id, f.id), f.file_path FROM file_registry f JOIN patient p ON p.id = f.patient_id
              WHERE p.deleted = 0",
        );
        let absent = rows.iter().map(|row| row.split_once('|').expect("two")).filter(|(_, key)| !bucket.join(key).exists());
        assert_eq!(missing, absent.map(|(id, _)| id).collect(), "each object that is not there, and no other");
        let all = synced.ask("SELECT file_path FROM file_registry");
        assert_eq!(all.iter().filter(|key| !bucket.join(key).exists()).count(), 12, "twelve were planted");
    }
}
