//! What people and machines read, word for word, for every command. What varies is replaced by its name.

use std::ffi::OsString;

use crate::program::{Ran, Sheaf};
use crate::scene::Scene;
use crate::words;

/// Runs it for people and for machines, and compares both with what is kept.
fn compare(scene: &Scene, sheaf: &Sheaf, name: &str, words: &[OsString]) {
    for (manner, further) in [("text", None), ("json", Some("--json"))] {
        let words: Vec<OsString> = words.iter().cloned().chain(further.map(OsString::from)).collect();
        keep(scene, &format!("{name}_{manner}"), &words, &sheaf.run(&words));
    }
}

fn keep(scene: &Scene, name: &str, words: &[OsString], ran: &Ran) {
    let said: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let text = format!(
        "$ sheaf {}\nexit {}\n--- stdout\n{}--- stderr\n{}",
        said.join(" "),
        ran.code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string()),
        ran.stdout,
        ran.stderr
    );
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, redacted(scene, &text));
    });
}

/// Replaces what differs from run to run: the folder, times, ids, hashes, sizes that depend on them, free space.
fn redacted(scene: &Scene, text: &str) -> String {
    let folder = scene.out().parent().expect("a folder").to_string_lossy().into_owned();
    let text = text.replace(&folder, "[DIR]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let end = if line.ends_with('\n') { "\n" } else { "" };
        let trimmed = line.trim_end_matches('\n');
        let varies = [
            ("Free at the destination: ", "[FREE]."),
            ("  \"free_bytes\": ", "[FREE],"),
            ("    \"bytes\": ", "[ARCHIVE BYTES],"),
            ("        \"bytes\": ", "[ARCHIVE BYTES],"),
            ("  Size       ", "[SIZE]"),
            ("The archive takes at most ", "[SIZE]."),
            ("  \"archive_bytes_max\": ", "[SIZE],"),
        ];
        match varies.iter().find(|(start, _)| trimmed.starts_with(start)) {
            Some((start, name)) => out.extend([*start, *name]),
            // A row of the list: the archive's size depends on how long its times are.
            None if trimmed.split(' ').next().is_some_and(is_id) => {
                let row: Vec<_> = trimmed.split_whitespace().map(word_redacted).collect();
                let size = row.len().checked_sub(4).filter(|at| row[at + 1] == "kB");
                let row: Vec<_> =
                    row.iter().enumerate().map(|(at, cell)| if Some(at) == size { "[SIZE]" } else { cell }).collect();
                out.push_str(&row.join("  "));
            }
            None => out.push_str(&words_redacted(trimmed)),
        }
        out.push_str(end);
    }
    out
}

/// A time, an id or a hash, wherever it stands in a line.
fn words_redacted(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut word = String::new();
    for letter in line.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || "-:._".contains(letter) {
            word.push(letter);
            continue;
        }
        out.push_str(&word_redacted(&word));
        word.clear();
        if letter != '\n' {
            out.push(letter);
        }
    }
    out
}

fn word_redacted(word: &str) -> String {
    let bare = word.trim_end_matches('.');
    let stop = &word[bare.len()..];
    let shape: String = bare.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let name = match shape.as_str() {
        "0000-00-00" => "[DATE]",
        "00:00" => "[TIME]",
        shape if shape.starts_with("0000-00-00T") => "[INSTANT]",
        shape if shape.starts_with("export_0000-00-00_000000") => "[AUTOMATIC NAME]",
        _ if bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) => "[SHA-256]",
        _ if is_id(bare) => "[ID]",
        _ => return word.to_owned(),
    };
    format!("{name}{stop}")
}

/// Sixteen letters of Crockford's base 32, which has no i, l, o, u.
fn is_id(word: &str) -> bool {
    word.len() == 16
        && word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() && !b"ilou".contains(&byte))
}

#[test]
fn looking() {
    let scene = Scene::new();
    let registry = scene.registry();
    for (name, words) in [
        ("projects", words!["projects", "--registry", &registry].to_vec()),
        ("projects_as_viewer", words!["projects", "--registry", &registry, "--user", "viewer"].to_vec()),
        ("users", words!["users", "--registry", &registry].to_vec()),
        ("patients", words!["patients", "--registry", &registry, "--project", "maxillo"].to_vec()),
        (
            "patients_page",
            words![
                "patients",
                "--registry",
                &registry,
                "--project",
                "maxillo",
                "--tag",
                "ortho",
                "--limit",
                "1",
                "--offset",
                "1"
            ]
            .to_vec(),
        ),
        (
            "plan",
            words![
                "plan",
                "--registry",
                &registry,
                "--project",
                "maxillo",
                "--all",
                "--modality",
                "cbct",
                "--modality",
                "ios",
                "--kind",
                "both",
                "--out",
                scene.out()
            ]
            .to_vec(),
        ),
    ] {
        compare(&scene, &scene.sheaf, name, &words);
    }
}

#[test]
fn planning_with_problems() {
    let scene = Scene::new();
    std::fs::remove_file(scene.path("data/cbct/cbct_patient_1.nii.gz")).expect("removed");
    std::fs::write(scene.path("data/cbct/cbct_patient_2.nii.gz"), "shorter").expect("written");
    std::fs::write(scene.path("list"), "1\n2\nnobody\n").expect("written");
    let words = words![
        "plan",
        "--registry",
        scene.registry(),
        "--project",
        "maxillo",
        "--patients-from",
        scene.path("list"),
        "--all-modalities",
        "--out",
        scene.path("nowhere")
    ];
    compare(&scene, &scene.sheaf, "plan_with_problems", &words);
}

#[test]
fn exporting() {
    let scene = Scene::new();
    let text = scene.export_words(&["--all", "--all-modalities", "--kind", "both", "--name", "n", "--notes", "for Bo"]);
    keep(&scene, "export_text", &text, &scene.sheaf.run(&text));
    let json = scene.export_words(&["--all", "--all-modalities", "--kind", "both", "--name", "m", "--json"]);
    let ran = scene.sheaf.run(&json);
    keep(&scene, "export_json", &json, &ran);
    let id = ran.document()["id"].as_str().expect("an id").to_owned();
    for (name, words) in [
        ("exports_list", words!["exports", "list"].to_vec()),
        ("exports_show", words!["exports", "show", &id].to_vec()),
        ("exports_verify", words!["exports", "verify", &id].to_vec()),
        ("exports_restart_refused", words!["exports", "restart", &id].to_vec()),
        ("exports_unknown", words!["exports", "show", "nothing"].to_vec()),
        ("verify", words!["verify", scene.out().join("n.zip")].to_vec()),
        ("verify_missing", words!["verify", scene.out().join("nothing.zip")].to_vec()),
    ] {
        compare(&scene, &scene.sheaf, name, &words);
    }
    std::fs::write(scene.out().join("m.zip"), "somebody else's").expect("written");
    compare(&scene, &scene.sheaf, "exports_show_altered", &words!["exports", "show", &id]);
}

#[test]
fn exporting_with_problems() {
    let scene = Scene::new();
    std::fs::remove_file(scene.path("data/cbct/cbct_patient_1.nii.gz")).expect("removed");
    let fail = scene.export_words(&["--all", "--all-modalities"]);
    compare(&scene, &scene.sheaf, "export_failed", &fail);
    let skip = scene.export_words(&["--all", "--all-modalities", "--on-missing", "skip"]);
    compare(&scene, &scene.sheaf, "export_with_problems", &skip);
}

#[test]
fn refusing() {
    let scene = Scene::new();
    for (name, words) in [
        ("refused_empty", scene.export_words(&["--all"])),
        ("refused_unknown_patient", scene.export_words(&["--patient", "100", "--all-modalities"])),
        ("refused_viewer", scene.export_words(&["--all", "--all-modalities", "--user", "viewer"])),
        ("refused_usage", scene.export_words(&["--al"])),
        ("refused_not_yet", words!["sync", "oracle://lab/registry", "--to", "r.sqlite"].to_vec()),
    ] {
        compare(&scene, &scene.sheaf, name, &words);
    }
}

#[test]
fn reading_a_list_of_studies() {
    let scene = Scene::empty();
    let list = scene.path("list.csv");
    let rows = "E1,36,x\n".repeat(15);
    std::fs::write(&list, format!("exam_id,patient_age,remark\n{rows}")).expect("writable");
    let sync = |to: &str| words!["sync", &list, "--to", scene.path(to), "--tz", "UTC"].to_vec();
    let text = sync("text.sqlite");
    keep(&scene, "sync_list_text", &text, &scene.sheaf.run(&text));
    let json: Vec<_> = sync("json.sqlite").into_iter().chain([OsString::from("--json")]).collect();
    keep(&scene, "sync_list_json", &json, &scene.sheaf.run(&json));
}

#[test]
fn helping() {
    let scene = Scene::empty();
    for (name, words) in [("help", words!["help"].to_vec()), ("help_export", words!["help", "export"].to_vec())] {
        keep(&scene, name, &words, &scene.sheaf.run(&words));
    }
}
