//! Where an archive cannot go: refused before anything is written.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::names;
use crate::scene::Scene;
use crate::words;

const EVERYTHING: [&str; 3] = ["--all", "--all-modalities", "--json"];

fn export_to(scene: &Scene, out: &Path) -> Vec<std::ffi::OsString> {
    words!["export", "--registry", scene.registry(), "--project", "maxillo", "--all", "--all-modalities", "--out", out]
        .to_vec()
}

#[test]
fn a_folder_that_does_not_exist() {
    let scene = Scene::new();
    let (code, message) = scene.sheaf.refused(&export_to(&scene, &scene.path("nowhere")), 2);
    assert!(code == "DESTINATION_MISSING" && message.contains("nowhere"), "{code}: {message}");
    assert!(!scene.path("nowhere").exists(), "it is not made");
}

#[test]
fn a_file_instead_of_a_folder() {
    let scene = Scene::new();
    let (code, message) = scene.sheaf.refused(&export_to(&scene, &scene.registry()), 2);
    assert_eq!(code, "DESTINATION_UNWRITABLE", "{message}");
}

#[test]
fn a_name_that_is_taken() {
    let scene = Scene::new();
    std::fs::write(scene.out().join("n.zip"), "somebody else's").expect("written");
    let (code, message) = scene.sheaf.refused(&scene.export_words(&["--all", "--all-modalities", "--name", "n"]), 2);
    assert!(code == "DESTINATION_TAKEN" && message.contains("n.zip"), "{code}: {message}");
    let content = std::fs::read_to_string(scene.out().join("n.zip")).expect("it is still there");
    assert_eq!(content, "somebody else's", "nothing is overwritten");
}

#[test]
fn a_name_that_cannot_be_one() {
    let scene = Scene::new();
    for name in ["../n", "a/b", "", ".", "CON", "a\nb", "n."] {
        let (code, message) = scene.sheaf.refused(&scene.export_words(&["--all", "--all-modalities", "--name", name]), 2);
        assert_eq!(code, "NAME_INVALID", "{name:?}: {message}");
    }
    assert_eq!(names(&scene.out()), [""; 0], "nothing is written");
}

/// Runs an export with `out` as a file system of its own, mounted with these options in a private mount namespace, so that
/// root too meets its limits. Gives the code and what is left in the folder; `None` where the machine allows no mounts.
fn export_on_mount(scene: &Scene, options: &str) -> Option<(String, String)> {
    let unshare = ["-m", "-rm"].into_iter().find(|how| {
        let probe =
            Command::new("unshare").args([how, "mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null()).status();
        probe.is_ok_and(|status| status.success())
    });
    let Some(how) = unshare else {
        eprintln!("NOT TESTED on this machine, which allows no mounts: a destination mounted with {options}");
        return None;
    };
    let export = scene.sheaf.command(&scene.export_words(&EVERYTHING));
    let mut command = Command::new("unshare");
    command.arg(how).args([
        "sh",
        "-c",
        r#"mount -t tmpfs -o "$0" none "$1" && out=$1 && shift && { "$@"; ls "$out" >&2; }"#,
    ]);
    command.arg(options).arg(scene.out()).arg(export.get_program()).args(export.get_args());
    command.envs(export.get_envs().filter_map(|(name, value)| value.map(|value| (name, value)))).stdin(Stdio::null());
    let output = command.output().expect("it runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one document");
    let left = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.ends_with("zip") || line.ends_with("part"))
        .collect();
    Some((document["error"]["code"].as_str().unwrap_or("no error").to_owned(), left))
}

#[test]
fn a_read_only_file_system() {
    if let Some(answer) = export_on_mount(&Scene::new(), "ro") {
        assert_eq!(answer, ("DESTINATION_UNWRITABLE".to_owned(), String::new()), "refused before anything is written");
    }
}

#[test]
fn a_full_file_system() {
    if let Some(answer) = export_on_mount(&Scene::new(), "size=1m") {
        assert_eq!(answer, ("NO_SPACE".to_owned(), String::new()), "the reserve of 1 GiB is not there");
    }
    let scene = Scene::new();
    std::fs::create_dir(scene.path("home")).expect("a folder");
    std::fs::write(scene.path("home/settings.toml"), "free_space_reserve = 0\n").expect("written");
    if let Some(answer) = export_on_mount(&scene, "size=4k") {
        assert_eq!(answer, ("NO_SPACE".to_owned(), String::new()), "without a reserve, the archive itself does not fit");
    }
}

#[test]
fn limits_are_refused_before_a_job_exists() {
    for (setting, code) in [
        ("max_patients_per_export = 1", "LIMIT_EXCEEDED"),
        ("max_bytes_per_export = 10", "LIMIT_EXCEEDED"),
        ("max_kept_bytes_per_user = 10", "QUOTA_EXCEEDED"),
        ("free_space_reserve = \"1000000 TB\"", "NO_SPACE"),
        ("no_such_setting = 1", "SETTINGS_INVALID"),
    ] {
        let scene = Scene::new();
        std::fs::create_dir(scene.path("home")).expect("a folder");
        std::fs::write(scene.path("home/settings.toml"), setting).expect("written");
        let (found, message) = scene.sheaf.refused(&scene.export_words(&["--all", "--all-modalities"]), 2);
        assert_eq!(found, code, "{setting}: {message}");
        assert_eq!(names(&scene.out()), [""; 0], "nothing is written");
    }
}
