//! The archive: every checker is content, every byte is its source's, and the programs of its readers open it.

use serde_json::Value;

use crate::checkers::{assert_clean, checksums, extract, python, said, top, tree};
use crate::program::Sheaf;
use crate::scene::{Scene, demo, faulty_demo};
use crate::words;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metadata.schema.json");

#[test]
fn the_demo_is_exported_whole_and_other_programs_open_it() {
    let demo = demo();
    let mut kinds = std::collections::BTreeMap::<String, u64>::new();
    for project in &demo.projects {
        let scene = Scene::empty();
        let words = words![
            "export",
            "--registry",
            &demo.registry,
            "--project",
            project,
            "--all",
            "--all-modalities",
            "--kind",
            "both",
            "--out",
            scene.out()
        ];
        let record = scene.sheaf.json(&words, 0);
        assert_eq!(record["status"], "completed", "nothing is wrong with the demo: {record}");
        assert_eq!(record["archive"]["state"], "present", "and the archive is there: {record}");
        let archive = std::path::PathBuf::from(record["archive"]["path"].as_str().expect("a path"));
        assert_clean(&archive);
        let hash = said("sha256sum", std::process::Command::new("sha256sum").arg(&archive));
        assert_eq!(hash.split(' ').next(), record["archive"]["sha256"].as_str(), "the record's hash is the file's");

        let extracted = extract(&archive);
        let top = top(extracted.path());
        assert_eq!(top.file_name().and_then(|name| name.to_str()), record["name"].as_str(), "the top folder has the name");
        let files = tree(&top);
        assert_eq!(checksums(&top), files.len() - 1, "the manifest lists every file but itself");
        let metadata: Value = serde_json::from_slice(&files["metadata.json"]).expect("JSON");
        let listed = metadata["files"].as_array().expect("files");
        assert_eq!(listed.len(), files.len() - 2, "metadata.json lists every file but itself and the manifest");
        assert_eq!(listed.len() as u64, record["files"].as_u64().expect("a count"), "and so does the record");
        for file in listed {
            let (name, path) = (file["name"].as_str().expect("a name"), file["path"].as_str().expect("a path"));
            let source = std::fs::read(demo.data.join(path)).expect("the source is there");
            assert!(files[name] == source, "every byte of {name} is that of {path}");
        }
        let opened = said("python", python("open_files.py").arg(&top).arg(SCHEMA));
        let opened: std::collections::BTreeMap<String, u64> = serde_json::from_str(&opened).expect("counts");
        assert_eq!(
            opened.values().sum::<u64>(),
            listed.len() as u64 + 1,
            "every file was opened, and metadata.json: {opened:?}"
        );
        for (kind, count) in opened {
            *kinds.entry(kind).or_default() += count;
        }
    }
    for kind in ["nifti", "dicom", "stl", "jpg", "png", "metadata"] {
        assert!(kinds.contains_key(kind), "the demo has {kind} files: {kinds:?}");
    }
}

#[test]
fn no_source_is_touched() {
    let scene = Scene::new();
    let before = (tree(&scene.path("data")), std::fs::read(scene.registry()).expect("readable"));
    scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities", "--kind", "both"]), 0);
    let after = (tree(&scene.path("data")), std::fs::read(scene.registry()).expect("readable"));
    assert!(before == after, "sources and registry are byte for byte what they were");
    let beside = crate::program::names(scene.registry().parent().expect("a folder"));
    assert_eq!(beside, ["data", "home", "out", "registry.sqlite"], "and nothing stands beside the registry");
}

#[test]
fn no_name_of_a_patient_is_in_paths_lists_record_or_messages() {
    let scene = Scene::new();
    let ran = scene.sheaf.run(&scene.export_words(&["--all", "--all-modalities", "--kind", "both", "--name", "n"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let extracted = extract(&scene.out().join("n.zip"));
    let mut texts = vec![ran.stdout, ran.stderr];
    for (path, content) in tree(extracted.path()).into_iter().chain(tree(&scene.path("home"))) {
        texts.push(path);
        texts.push(String::from_utf8_lossy(&content).into_owned());
    }
    assert!(texts.iter().all(|text| !text.contains("Lovelace")), "a patient's name is nowhere");
    let metadata = std::fs::read_to_string(top(extracted.path()).join("metadata.json")).expect("readable");
    assert!(metadata.contains("\"deidentified\": false"), "and it says that contents are as they were");
}

#[test]
fn faults_are_listed_all_at_once_or_left_out() {
    let demo = faulty_demo();
    let scene = Scene::empty();
    let mut omitted = 0;
    for project in &demo.projects {
        let words = |mode: &str| {
            words![
                "export",
                "--registry",
                &demo.registry,
                "--project",
                project,
                "--all",
                "--all-modalities",
                "--kind",
                "both",
                "--out",
                scene.out(),
                "--on-missing",
                mode,
                "--name",
                format!("{project}_{mode}")
            ]
        };
        let plan = words![
            "plan",
            "--registry",
            &demo.registry,
            "--project",
            project,
            "--all",
            "--all-modalities",
            "--kind",
            "both"
        ];
        let plan = scene.sheaf.json(&plan, 0);
        let bad = plan["problems"].as_array().expect("problems").iter().filter(|problem| problem["omitted"] == true).count();
        if bad == 0 {
            continue;
        }
        omitted += bad;
        let failed = scene.sheaf.json(&words("fail"), 1);
        assert_eq!(failed["status"], "failed", "bad files fail the job: {failed}");
        assert_eq!(failed["error"]["details"].as_array().map(Vec::len), Some(bad), "all bad files are listed: {failed}");
        assert!(!scene.out().join(format!("{project}_fail.zip")).exists(), "and nothing is written");

        let record = scene.sheaf.json(&words("skip"), 3);
        assert_eq!(record["status"], "completed_with_problems", "never plain completed: {record}");
        let archive = scene.out().join(format!("{project}_skip.zip"));
        assert_clean(&archive);
        let extracted = extract(&archive);
        let top = top(extracted.path());
        checksums(&top);
        let metadata: Value =
            serde_json::from_slice(&std::fs::read(top.join("metadata.json")).expect("there")).expect("JSON");
        assert_eq!(metadata["problems"], record["problems"], "the record and metadata.json list the same problems");
        // A changed file need not open any more; what is said of it must follow the rules.
        said("python", python("open_files.py").arg(&top).arg(SCHEMA).arg("metadata"));
    }
    assert!(omitted >= 3, "a missing file, a path that leads out, a link that leads out: {omitted}");
    assert!(
        crate::program::names(&scene.out()).iter().all(|name| name.ends_with("_skip.zip")),
        "no stray file: {:?}",
        crate::program::names(&scene.out())
    );
}

#[test]
fn one_byte_that_turned_is_found() {
    let scene = Scene::new();
    scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities", "--kind", "both", "--name", "n"]), 0);
    let archive = scene.out().join("n.zip");
    let sound = scene.sheaf.json(&words!["verify", &archive], 0);
    assert_eq!((&sound["ok"], &sound["problems"]), (&Value::Bool(true), &Value::Array(Vec::new())), "{sound}");
    let mut bytes = std::fs::read(&archive).expect("readable");
    let place = bytes.len() / 3;
    bytes[place] ^= 1;
    std::fs::write(&archive, bytes).expect("written");
    let broken = scene.sheaf.json(&words!["verify", &archive], 1);
    assert_eq!(broken["ok"], false, "{broken}");
    assert!(broken["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "and it says what: {broken}");
}

#[test]
fn another_programs_archive_is_not_ours() {
    let scene = Scene::empty();
    std::fs::write(scene.path("a.txt"), "a").expect("written");
    let archive = scene.path("other.zip");
    said("zip", std::process::Command::new("zip").arg("-q").arg(&archive).arg(scene.path("a.txt")));
    let answer = Sheaf::at(&scene.path("home")).run(&words!["verify", &archive, "--json"]);
    assert_eq!(answer.code, Some(1), "it has no manifest of ours: {answer:?}");
    answer.document();
}
