//! The counts of the samples: from the database, from the dump, and as they stand in the documentation.

use super::fixture::Made;
use super::{Synced, sync};
use crate::samples::Sample;

const DOCS: &str = include_str!("../../../../../docs/sources.md");

/// The counts stand in the documentation.
fn documented(synced: &Synced, source: &str) {
    let report = &synced.report;
    let deleted = synced.odd("PATIENT_DELETED");
    let counts = [
        report.generation.as_str().to_owned(),
        source.to_owned(),
        report.projects.to_string(),
        report.folders.to_string(),
        format!("{} + {deleted} deleted", report.patients - deleted),
        report.users.to_string(),
        report.source_rows.to_string(),
        report.files.to_string(),
        report.exports.to_string(),
    ];
    let line = format!("| {} |", counts.join(" | "));
    assert!(DOCS.contains(&line), "docs/sources.md says of {source}: {line}");
}

/// Both ways give the same registry, row for row; its counts are those of the documentation.
fn check(sample: &str) {
    let Some(unpacked) = Sample::unpack(sample) else { return };
    let (stated, found) = (sync(&unpacked.database()), sync(&unpacked.dump()));
    assert_eq!(stated.report, found.report, "{sample}: what is told");
    let (stated_rows, found_rows) = (stated.everything(), found.everything());
    assert_eq!(stated_rows.len(), found_rows.len(), "{sample}: rows");
    let differs = stated_rows.iter().zip(&found_rows).filter(|(a, b)| a != b).count();
    assert_eq!(differs, 0, "{sample}: rows that differ, out of {}", stated_rows.len());

    documented(&stated, sample);
    let report = &stated.report;
    let contents = stated.ask(
        "SELECT m.slug, sum(f.kind = 'raw'), sum(f.kind = 'processed')
           FROM file_registry f JOIN modality m ON m.id = f.modality_id GROUP BY 1 ORDER BY 1",
    );
    for row in contents {
        let line = format!("| {} | {} |", report.generation.as_str(), row.replace('|', " | "));
        assert!(DOCS.contains(&line), "docs/sources.md says of {sample}: {line}");
    }
}

#[test]
fn the_sample_of_january() {
    check("toothfairy_2026_01");
}

#[test]
fn the_sample_of_july() {
    check("yggdrasil_2026_07");
}

#[test]
fn the_small_database_of_each_generation() {
    for made in Made::ALL {
        let (_dir, path) = made.database("");
        documented(&sync(&path), "small");
    }
}
