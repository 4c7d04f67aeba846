//! Sizes at which ZIP changes its form: an entry over 4 GiB, and more entries than 65,535.

use std::process::{Command, Stdio};

use crate::checkers::{assert_clean, python, said};
use crate::scene::Scene;

#[test]
fn seventy_thousand_entries() {
    let scene = Scene::sparse((0..70_000).map(|number| (format!("{number}.jpg"), 8)));
    let record = scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities", "--name", "n"]), 0);
    assert_eq!(record["files"], 70_000, "{record}");
    let archive = scene.out().join("n.zip");
    assert_clean(&archive);
    let text = said("ziptool", Command::new("ziptool").arg("-c").arg(&archive).args(["get_num_entries", "0"]));
    assert!(text.contains("70002"), "every file, metadata.json and the manifest: {text}");
}

#[test]
fn four_and_a_half_gibibytes_in_one_entry() {
    let bytes = (9_u64 << 30) / 2;
    let scene = Scene::sparse([("large.nii.gz", bytes), ("small.nii.gz", 10)]);
    let record = scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities", "--name", "n"]), 0);
    assert_eq!(record["bytes"], bytes + 10, "{record}");
    let archive = scene.out().join("n.zip");
    assert_clean(&archive);
    // Straight from the archive into sha256sum, against the manifest: nothing of that size is extracted to the disk.
    let entry = |name: &str| {
        let mut unzip =
            Command::new("unzip").arg("-p").arg(&archive).arg(name).stdout(Stdio::piped()).spawn().expect("unzip");
        let hash = said("sha256sum", Command::new("sha256sum").stdin(unzip.stdout.take().expect("piped")));
        assert!(unzip.wait().expect("it ends").success(), "unzip gives every byte of {name}");
        hash.split(' ').next().expect("a hash").to_owned()
    };
    let manifest = said("unzip", Command::new("unzip").arg("-p").arg(&archive).arg("n/manifest-sha256.txt"));
    for name in ["large.nii.gz", "small.nii.gz"] {
        let line = manifest.lines().find(|line| line.ends_with(name)).expect("it is listed");
        let (hash, path) = line.split_once("  ").expect("two fields");
        assert_eq!(entry(&format!("n/{path}")), hash, "{name} is what the manifest says");
    }
    let source = said("sha256sum", Command::new("sha256sum").arg(scene.path("data").join("large.nii.gz")));
    assert!(manifest.contains(&source[..64]), "and the manifest says what the source is");
}

#[test]
fn the_judge_sees_what_is_wrong() {
    // The negative control of the policy check: names that every ZIP program accepts.
    let dir = tempfile::tempdir().expect("a temporary folder");
    let archive = dir.path().join("bad.zip");
    let make = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n for n in ('a/../x', '/y', 'a/B', 'a/b', 'a/con'): z.writestr(n, '')";
    let mut command = python("judge_zip.py");
    let interpreter = command.get_program().to_owned();
    said("python", Command::new(interpreter).args(["-c", make]).arg(&archive));
    let text = said("python", command.arg(&archive));
    for part in ["not one top folder", "'a/../x'", "'/y'", "two names", "'a/con'"] {
        assert!(text.contains(part), "{part} must be seen: {text}");
    }
}
