//! A process that dies at any point: the next start finds out, nothing stray stays, a restart completes.

use serde_json::Value;

use crate::checkers::assert_clean;
use crate::program::{names, ran, until, wait_for_phase};
use crate::scene::Scene;
use crate::words;

const EVERYTHING: [&str; 6] = ["--all", "--all-modalities", "--kind", "both", "--name", "n"];

fn only_record(scene: &Scene) -> Value {
    let list = scene.sheaf.json(&words!["exports", "list"], 0);
    let records = list["exports"].as_array().expect("records");
    assert_eq!(records.len(), 1, "one export was asked for: {list}");
    records[0].clone()
}

fn id(record: &Value) -> &str {
    record["id"].as_str().expect("an id")
}

#[test]
fn a_kill_at_any_boundary_is_recovered() {
    for point in ["created", "started", "planned", "verified", "publishing", "published", "completed"] {
        let scene = Scene::new();
        let killed = scene.sheaf.dying_at(point).run(&scene.export_words(&EVERYTHING));
        assert_eq!(killed.code, None, "it was killed at {point}: {killed:?}");
        let record = only_record(&scene);
        let finished = ["publishing", "published", "completed"].contains(&point);
        let expected = if finished { "completed" } else { "interrupted" };
        assert_eq!(
            record["status"], expected,
            "a publish that had begun is finished, all else is interrupted ({point}): {record}"
        );
        if !finished {
            assert_eq!(names(&scene.out()), [""; 0], "no stray file after {point}");
            let restarted = scene.sheaf.json(&words!["exports", "restart", id(&record)], 0);
            assert_eq!((&restarted["status"], &restarted["attempt"]), (&"completed".into(), &2.into()), "{restarted}");
        }
        assert_eq!(names(&scene.out()), ["n.zip"], "the archive alone, after {point}");
        assert_clean(&scene.out().join("n.zip"));
        let verified = scene.sheaf.json(&words!["exports", "verify", id(&record)], 0);
        assert_eq!(verified["ok"], true, "and it is the record's ({point}): {verified}");
    }
}

#[test]
fn a_kill_in_the_middle_of_writing_is_recovered() {
    let scene = Scene::sparse([("a.nii.gz", 3 << 30), ("b.nii.gz", 1 << 20)]);
    let mut child = scene.sheaf.command(&scene.export_words(&EVERYTHING)).spawn().expect("started");
    wait_for_phase(&mut child, "Writing");
    until("the part file grows", || {
        names(&scene.out())
            .iter()
            .any(|name| std::fs::metadata(scene.out().join(name)).is_ok_and(|part| part.len() > 1 << 20))
    });
    child.kill().expect("kill -9");
    let killed = ran(child);
    assert_eq!(killed.code, None, "it had no chance to clean up: {killed:?}");
    assert_eq!(names(&scene.out()).len(), 1, "the part file is there");
    let record = only_record(&scene);
    assert_eq!(record["status"], "interrupted", "the next start of any command finds out: {record}");
    assert_eq!(names(&scene.out()), [""; 0], "and sweeps");
    let restarted = scene.sheaf.json(&words!["exports", "restart", id(&record)], 0);
    assert_eq!(restarted["status"], "completed", "{restarted}");
    assert_eq!(names(&scene.out()), ["n.zip"], "the archive alone");
}

#[test]
fn a_completed_export_is_not_run_again() {
    let scene = Scene::new();
    let record = scene.sheaf.json(&scene.export_words(&EVERYTHING), 0);
    let (code, message) = scene.sheaf.refused(&words!["exports", "restart", id(&record)], 2);
    assert_eq!(code, "STATE_CONFLICT", "{message}");
}
