//! Ctrl-C, a polite kill, a cancel from another process: exit 130, nothing left behind, the record says so.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Ran, names, ran, until, wait_for_phase};
use crate::scene::Scene;
use crate::words;

/// Starts a long export, does something to it while it writes, and waits for its end.
fn interrupted(scene: &Scene, interrupt: impl FnOnce(&mut std::process::Child)) -> Ran {
    let words = scene.export_words(&["--all", "--all-modalities", "--json"]);
    let mut child = scene.sheaf.command(&words).spawn().expect("started");
    wait_for_phase(&mut child, "Writing");
    interrupt(&mut child);
    ran(child)
}

fn signal(child: &std::process::Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a process");
    // One that has ended already is no fault: the second signal may come late.
    let _ = kill_process(pid, signal);
}

fn long() -> Scene {
    // Deflated, so that it takes a while but no disk.
    Scene::sparse([("a.stl", 2 << 30), ("b.stl", 2 << 30)])
}

fn assert_cancelled(scene: &Scene, ran: &Ran) {
    assert_eq!(ran.code, Some(130), "{ran:?}");
    let record: Value = ran.document();
    assert_eq!(record["status"], "cancelled", "{record}");
    assert_eq!(names(&scene.out()), [""; 0], "no part file stays");
    let list = scene.sheaf.json(&words!["exports", "list"], 0);
    assert_eq!(list["exports"][0]["status"], "cancelled", "and the history agrees: {list}");
}

#[test]
fn ctrl_c_cancels_cleanly() {
    let scene = long();
    let ran = interrupted(&scene, |child| signal(child, Signal::INT));
    assert_cancelled(&scene, &ran);
}

#[test]
fn a_second_ctrl_c_and_a_polite_kill_are_harmless() {
    let scene = long();
    let ran = interrupted(&scene, |child| {
        for one in [Signal::TERM, Signal::INT, Signal::INT] {
            signal(child, one);
        }
    });
    assert_cancelled(&scene, &ran);
}

#[test]
fn another_process_cancels() {
    let scene = long();
    let ran = interrupted(&scene, |_| {
        let list = scene.sheaf.json(&words!["exports", "list"], 0);
        let id = list["exports"][0]["id"].as_str().expect("an id").to_owned();
        scene.sheaf.json(&words!["exports", "cancel", &id], 0);
        until("the cancel is in the record", || {
            scene.sheaf.json(&words!["exports", "show", &id], 0)["status"] == "cancelled"
        });
    });
    assert_cancelled(&scene, &ran);
}

#[test]
fn a_cancelled_export_can_be_restarted() {
    let scene = Scene::sparse([("a.stl", 1 << 30)]);
    let ran = interrupted(&scene, |child| signal(child, Signal::INT));
    assert_cancelled(&scene, &ran);
    let id = ran.document()["id"].as_str().expect("an id").to_owned();
    let record = scene.sheaf.json(&words!["exports", "restart", id], 0);
    assert_eq!((&record["status"], &record["attempt"]), (&"completed".into(), &2.into()), "{record}");
}
