//! What a user may not see does not exist for them; what they may see but not export is refused with a code of its own.

use crate::scene::Scene;
use crate::words;

fn export_as(scene: &Scene, user: &str, project: &str) -> Vec<std::ffi::OsString> {
    words![
        "export",
        "--user",
        user,
        "--registry",
        scene.registry(),
        "--project",
        project,
        "--all",
        "--all-modalities",
        "--kind",
        "both",
        "--out",
        scene.out()
    ]
    .to_vec()
}

#[test]
fn who_may_look_but_not_export_is_refused_with_4() {
    let scene = Scene::new();
    let (code, message) = scene.sheaf.refused(&export_as(&scene, "viewer", "maxillo"), 4);
    assert_eq!(code, "EXPORT_FORBIDDEN", "{message}");
    assert_eq!(crate::program::names(&scene.out()), [""; 0], "and nothing is written");
    let patients =
        scene.sheaf.json(&words!["patients", "--user", "viewer", "--registry", scene.registry(), "--project", "maxillo"], 0);
    assert_eq!(patients["total"], 4, "looking is allowed: {patients}");
    let plan = words![
        "plan",
        "--user",
        "viewer",
        "--registry",
        scene.registry(),
        "--project",
        "maxillo",
        "--patient",
        "1",
        "--all-modalities"
    ];
    let plan = scene.sheaf.json(&plan, 0);
    let counts = (&plan["forbidden_patients"], &plan["patients"], &plan["files"]);
    assert_eq!(counts, (&1.into(), &0.into(), &0.into()), "a plan counts them without a word about who: {plan}");
}

#[test]
fn a_project_that_one_may_not_see_reads_like_one_that_does_not_exist() {
    let scene = Scene::new();
    let hidden = scene.sheaf.refused(&export_as(&scene, "outsider", "maxillo"), 2);
    let (code, sentence) = scene.sheaf.refused(&export_as(&scene, "outsider", "nowhere"), 2);
    assert_eq!(code, "UNKNOWN_PROJECT", "a project that nobody has");
    assert_eq!(hidden, (code, sentence.replace("nowhere", "maxillo")), "word for word the same");
    let projects = scene.sheaf.json(&words!["projects", "--user", "outsider", "--registry", scene.registry()], 0);
    let slugs: Vec<_> = projects["projects"].as_array().expect("projects").iter().map(|project| &project["slug"]).collect();
    assert_eq!(slugs, ["brain"], "and it is in no list");
}

#[test]
fn a_patient_that_one_may_not_see_reads_like_one_that_does_not_exist() {
    let scene = Scene::new();
    let words = |patient: &str| {
        words![
            "plan",
            "--user",
            "resident",
            "--registry",
            scene.registry(),
            "--project",
            "maxillo",
            "--patient",
            patient,
            "--all-modalities"
        ]
    };
    let plan = scene.sheaf.json(&words("2"), 0);
    assert_eq!(plan["patients"], 1, "the resident of one folder sees its patient: {plan}");
    let patients = scene
        .sheaf
        .json(&words!["patients", "--user", "resident", "--registry", scene.registry(), "--project", "maxillo"], 0);
    assert_eq!(patients["total"], 1, "and no other: {patients}");
    let (code, unknown) = scene.sheaf.refused(&words("99"), 2);
    assert_eq!(code, "UNKNOWN_PATIENT", "{unknown}");
    for hidden in ["1", "3", "10"] {
        let expected = (code.clone(), unknown.replace("99", hidden));
        assert_eq!(scene.sheaf.refused(&words(hidden), 2), expected, "word for word what is said of one who is not there");
    }
    assert_eq!(scene.sheaf.json(&words("99"), 2)["error"]["details"], serde_json::json!([]), "nobody near is named");
}

#[test]
fn an_exporter_exports_and_the_record_says_who() {
    let scene = Scene::new();
    let record = scene.sheaf.json(&export_as(&scene, "exporter", "maxillo"), 0);
    assert_eq!(record["user"], "exporter", "{record}");
    let record = scene.sheaf.json(&scene.export_words(&["--all", "--all-modalities"]), 0);
    assert_eq!(record["user"], "owner", "without --user it is whoever can open the file");
}

#[test]
fn an_unknown_user_is_named() {
    let scene = Scene::new();
    let (code, message) = scene.sheaf.refused(&export_as(&scene, "exportr", "maxillo"), 2);
    assert!(code == "UNKNOWN_USER" && message.contains("exportr"), "{code}: {message}");
}
