//! The searches of the original application on the 20,000 studies of the samples, and what it found.

use std::path::Path;

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Criteria, Study, StudyFilter, StudyIndex, StudySort};
use sheaf_registry::{Actor, Registry};

/// Where Sheaf differs from the original on purpose: the search, what Sheaf finds (`None`: an error), and why.
const DIFFERENT: [(&str, Option<u64>, &str); 5] = [
    (r#"{"q":"AORTA "}"#, Some(2908), "blanks around the text say nothing"),
    (r#"{"q":"_"}"#, Some(5), "an underscore is an underscore, not any letter"),
    (
        r#"{"q":"ISTANBUL"}"#,
        Some(0),
        "full case folding: the capital I with a dot is an i and a dot, so it is another letter",
    ),
    (r#"{"end_date":"2022-01-31","start_date":"2022-01-01"}"#, Some(265), "the end day is included"),
    (r#"{"end_date":"x","start_date":"2022-13-40"}"#, None, "a date that is none is an error, not no filter"),
];

fn find(registry: &Registry, index: &StudyIndex, criteria: &Criteria, sort: StudySort) -> Vec<String> {
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let mut streamed = Vec::new();
    let take = |study: &Study| {
        streamed.push(study.exam_id.clone());
        Ok(())
    };
    registry.each_study(&viewer, criteria, sort, &Cancel::new(), take).expect("streamed");
    let found = index.find(criteria, &Cancel::new()).expect("found");
    let listed: Vec<String> = index.list(&found, sort).into_iter().map(|row| index.exam_id(row).to_owned()).collect();
    assert_eq!(listed, streamed, "the index finds what the registry holds, in the same order ({sort})");
    listed
}

/// Asks a registry of the samples everything that the original was asked.
pub(super) fn find_the_same(path: &Path, searches: &Path) {
    let registry = Registry::open(path).expect("ours");
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let index = StudyIndex::load(&registry, &viewer, &Cancel::new()).expect("loaded");
    let searches = std::fs::read_to_string(searches).expect("beside the dump");
    let searches: Vec<serde_json::Value> = serde_json::from_str(&searches).expect("JSON");
    let mut different = 0;
    for search in &searches {
        let mut params = search["params"].clone();
        let said = params.to_string();
        let sort = params.as_object_mut().expect("an object").remove("sort");
        // The original takes its usual order for one that it does not know.
        let sort = sort.and_then(|sort| StudySort::named(sort.as_str()?)).unwrap_or_default();
        let filter: StudyFilter = serde_json::from_value(params).expect("every parameter is a field of the filter");
        // The original means UTC where a date names no zone.
        let found = Criteria::new(&filter, &TimeZone::UTC).map(|meant| find(&registry, &index, &meant, sort));
        if let Some((_, count, reason)) = DIFFERENT.iter().find(|(search, ..)| *search == said) {
            different += 1;
            assert_eq!(found.ok().map(|found| found.len() as u64), *count, "{said}: {reason}");
            assert_ne!(search["count"].as_u64(), *count, "{said} does not differ");
            continue;
        }
        let found = found.expect("a filter that can be meant");
        assert_eq!(Some(found.len() as u64), search["count"].as_u64(), "{said}: as many");
        let ids = |list: &str| -> Vec<String> { serde_json::from_value(search[list].clone()).expect("a list of ids") };
        assert!(found.starts_with(&ids("first")), "{said}: the first ones");
        assert!(found.ends_with(&ids("last")), "{said}: the last ones");
        let mut sorted = found;
        sorted.sort_unstable();
        let digest = sheaf_registry::hex::encode(&Sha256::digest(sorted.join("\n")).into());
        assert_eq!(Some(digest.as_str()), search["set_sha256"].as_str(), "{said}: the same studies");
    }
    assert_eq!((searches.len(), different), (23, DIFFERENT.len()), "every search was looked at");
}
