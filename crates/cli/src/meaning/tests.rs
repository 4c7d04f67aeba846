//! The conversion, from words to what is meant.

use clap::Parser as _;
use sheaf_app::studies::TableFormat;
use sheaf_registry::selection::{FolderRef, KindChoice, TagMode};

use super::selecting::folder;
use super::*;

fn meaning(words: &[&str], stdin: &str) -> Result<Work> {
    let said = Said::try_parse_from(["sheaf"].iter().chain(words)).expect("well-formed words");
    Meaning::of(said, &mut stdin.as_bytes()).map(|meaning| meaning.work)
}

fn selection(words: &[&str], stdin: &str) -> Result<Selection> {
    let plan = ["plan", "--registry", "r.sqlite", "--project", "p"];
    match meaning(&[&plan[..], words].concat(), stdin)? {
        Work::Plan(request) => Ok(request.selection),
        other => panic!("a plan was asked for, not {other:?}"),
    }
}

fn path(names: &[&str]) -> FolderRef {
    FolderRef { id: None, path: Some(names.iter().map(|name| (*name).to_owned()).collect()) }
}

#[test]
fn a_folder_is_said_by_its_path() {
    assert_eq!(folder(r"A/b\/c").expect("a path"), path(&["A", "b/c"]), "a slash inside a name is escaped");
    assert_eq!(folder("A//B").expect_err("a name is missing").code(), Code::Usage, "never a guess");
}

#[test]
fn a_pasted_list_may_come_from_a_spreadsheet() {
    let said = selection(&["--patients-from", "-", "--all-modalities"], "\u{feff}12\r\n\r\n  7 \nA b\r3\n");
    assert_eq!(said.expect("readable").patients_from, ["12", "7", "A b", "3"], "ids as written, without blank ones");
}

#[test]
fn an_empty_list_says_nothing() {
    let empty = selection(&["--patients-from", "-", "--all-modalities"], "\n\r\n").expect_err("nobody was said");
    assert_eq!(empty.code(), Code::EmptySelection, "it must not turn into everything");
    let list = ["patients", "--registry", "r", "--project", "p", "--patients-from", "-"];
    let empty = meaning(&list, "\n").expect_err("nobody was said");
    assert_eq!(empty.code(), Code::EmptySelection, "also where nothing said means everyone");
    let said = selection(&["--patients-from", "-", "--patient", "1", "--all-modalities"], "").expect("one was said");
    assert_eq!(said.patient, ["1"], "an empty list beside others adds nobody");
}

#[test]
fn what_is_not_said_has_its_default() {
    let said = selection(&["--all", "--modality", "cbct"], "").expect("understood");
    assert_eq!((said.kind, said.tag_mode), (None, TagMode::Any), "the defaults of the contract");
    let said = selection(&["--all", "--kind", "both", "--tag", "a", "--tag-mode", "none"], "").expect("understood");
    assert_eq!((said.kind, said.tag_mode), (Some(KindChoice::Both), TagMode::None), "as said");
}

#[test]
fn a_selection_file_says_it_all() {
    let json = r#"{"folder": [{"id": "4", "path": ["A", "b/c"]}], "modality": "cbct", "kind": "raw"}"#;
    let said = selection(&["--selection", "-"], json).expect("understood");
    assert_eq!(said.folder[0].id.as_deref(), Some("4"), "the folder's id");
    assert_eq!((said.modality, said.kind), (vec!["cbct".to_owned()], Some(KindChoice::Raw)), "the contents");
    let error = selection(&["--selection", "-"], r#"{"everything": true}"#).expect_err("an unknown key");
    assert_eq!(error.code(), Code::Usage, "an unknown key is never ignored");
    assert!(error.message().contains("everything"), "and it is named: {error}");
    let both = Said::try_parse_from(["sheaf", "plan", "--registry", "r", "--project", "p", "--selection", "f", "--all"]);
    assert!(both.is_err(), "two ways to say one thing may disagree");
}

#[test]
fn input_that_cannot_be_had_is_named() {
    for (words, part) in [
        (["--patients-from", "/no/such/list"], "/no/such/list"),
        (["--selection", "/no/such/selection"], "/no/such/selection"),
    ] {
        let error = selection(&words, "").expect_err("not there");
        assert!(error.code() == Code::Usage && error.message().contains(part), "{error}");
    }
    let said = Said::try_parse_from(["sheaf", "plan", "--registry", "r", "--project", "p", "--patients-from", "-"]);
    let error = Meaning::of(said.expect("well-formed"), &mut &b"\xff\xfe1\0"[..]).expect_err("not UTF-8");
    assert!(error.message().contains("UTF-8"), "a list in another encoding is refused: {error}");
}

#[test]
fn what_has_no_work_yet_says_so_in_one_sentence() {
    for words in [
        &["sync", "oracle://lab/db", "--to", "r.sqlite"][..],
        &["serve", "--registry", "r", "--listen", "127.0.0.1:8001"],
        &["projects", "--registry", "s3://lab/db"],
    ] {
        let error = meaning(words, "").expect_err("no work yet");
        assert_eq!(error.code(), Code::NotYet, "{words:?}");
        assert_eq!(error.message().matches('.').count(), 1, "one sentence: {error}");
    }
}

#[test]
fn a_password_in_a_url_goes_aside_and_is_shown_nowhere() {
    let words = ["sheaf", "projects", "--registry", "mysql://lab:geheim@db.example.org:3306/registry", "--user", "mo"];
    let said = Said::try_parse_from(words).expect("well-formed");
    let meaning = Meaning::of(said, &mut &b""[..]).expect("understood");
    let name = Path::new("mysql://lab@db.example.org/registry");
    assert_eq!(meaning.work.registry(), Some((name, Asking::Looking)), "records know it by its name");
    assert_eq!(meaning.aside.passwords[0].1.expose(), "geheim", "what opens it is known");
    assert!(!format!("{meaning:?}").contains("geheim"), "and not shown: {meaning:?}");
    // Nor is it with a slip in it, which is no path either.
    for url in [
        "mysql://lab:geheim@/registry",
        "mysql:/lab:geheim@db/registry",
        "MySQL:lab:geheim@db",
        "postgres//lab:geheim@db/registry",
        "jdbc:mysql://lab:geheim@db/registry",
        "lab:geheim@db.example.org",
    ] {
        for words in [&["sync", url][..], &["projects", "--registry", url]] {
            let error = self::meaning(words, "").expect_err(url);
            let told = format!("{error:?}");
            assert!(error.code() == Code::Usage && !told.contains("geheim"), "{url}: {told}");
        }
    }
    // Nor is the key of a bucket.
    for map in [
        "=s3:/AK:geheim@b/x",
        "s3:/AK:geheim@b/x",
        "s3://AK:geheim@b/x?region=eu",
        "/d=S3//AK:geheim@b/x",
        "/d=AK:geheim@b/x",
        "/d=s3://AK:geheim@b/x",
    ] {
        let error = self::meaning(&["projects", "--registry", "r.sqlite", "--map", map], "").expect_err(map);
        let told = format!("{error:?}");
        assert!(error.code() == Code::Usage && !told.contains("geheim"), "{map}: {told}");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("scans: kim@lab.sqlite");
    std::fs::write(&path, "").expect("a file may be called so");
    self::meaning(&["sync", path.to_str().expect("text")], "").expect("a path");
    let map = format!("/d={}", path.display());
    self::meaning(&["projects", "--registry", "r.sqlite", "--map", &map], "").expect("a place that is there");
}

#[test]
fn the_end_of_a_tables_name_says_its_format() {
    let format = |words: &[&str]| {
        let words: Vec<&str> = ["studies", "export", "--registry", "r", "--out"].iter().chain(words).copied().collect();
        match meaning(&words, "").expect("understood") {
            Work::ExportStudies { request, .. } => request.format,
            other => panic!("a table was asked for, not {other:?}"),
        }
    };
    assert_eq!(format(&["a.xlsx"]), TableFormat::Xlsx, "a workbook");
    assert_eq!(format(&["a.TSV"]), TableFormat::Tsv, "tabs");
    assert_eq!(format(&["a"]), TableFormat::Csv, "the usual one");
    assert_eq!(format(&["a.xlsx", "--format", "csv"]), TableFormat::Csv, "as said");
}

#[test]
fn global_options_stand_anywhere() {
    for words in [
        ["sheaf", "--json", "--quiet", "--user", "mo", "--home", "h", "users", "--registry", "r"],
        ["sheaf", "users", "--registry", "r", "--json", "--quiet", "--user", "mo", "--home", "h"],
    ] {
        let said = Said::try_parse_from(words).expect("understood");
        let manner = Manner::of(&said);
        assert!(manner.json && manner.quiet, "before or after the subcommand");
        assert_eq!(said.everywhere.user.as_deref(), Some("mo"), "also those with a value");
    }
    let said = Said::try_parse_from(["sheaf", "serve", "--registry", "--json"]).expect("understood");
    assert!(Manner::of(&said).json, "also behind a command that has no work yet");
    assert!(!Manner::guess(&["sheaf".into(), "--".into(), "--json".into()]).json, "but not behind --");
}

#[test]
fn a_demo_has_as_many_patients_as_its_kind_wants() {
    let patients = |words: &[&str]| match meaning(words, "").expect("understood") {
        Work::Demo(options) => options.patients,
        other => panic!("a demo was asked for, not {other:?}"),
    };
    assert_eq!(patients(&["demo", "d"]), 24, "a small one");
    assert_eq!(patients(&["demo", "d", "--sparse"]), 100_000, "a large one that takes no disk");
    assert_eq!(patients(&["demo", "d", "--sparse", "--patients", "3"]), 3, "as said");
}

#[test]
fn the_words_are_consistent() {
    use clap::CommandFactory as _;
    Said::command().debug_assert();
}
