use std::io::Write;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};
use sheaf_registry::Code;

use super::{read_manifest, write_manifest};

fn lines() -> Vec<(String, [u8; 32])> {
    ["patient_001/ios/upper.stl", "patient_001/ios/a b  c.stl", "patient_002/扫描/é.nii.gz", "metadata.json"]
        .map(|path| (path.to_owned(), Sha256::digest(path).into()))
        .to_vec()
}

fn written(lines: &[(String, [u8; 32])]) -> Vec<u8> {
    let mut out = Vec::new();
    write_manifest(&mut out, lines.iter().map(|(path, sha256)| (path, *sha256))).expect("memory takes everything");
    out
}

#[test]
fn what_is_written_is_read_back() {
    let read: Vec<_> = read_manifest(&*written(&lines()))
        .map(|line| line.map(|line| (line.path.to_string(), line.sha256)))
        .collect::<Result<_, _>>()
        .expect("our own manifest is accepted");
    assert_eq!(read, lines(), "no line may be lost or changed");
    assert_eq!(read_manifest(&b""[..]).count(), 0, "an empty manifest has no lines");
}

#[test]
fn the_format_is_that_of_sha256sum() {
    let text = String::from_utf8(written(&lines()[3..])).expect("text");
    assert_eq!(text.len(), 64 + 2 + "metadata.json".len() + 1, "digits, two spaces, the path, a line feed");
    assert!(text.ends_with("  metadata.json\n"), "the path stands behind two spaces: {text}");
}

#[test]
fn sha256sum_itself_accepts_it() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (path, _) in lines() {
        let file = folder.path().join(&path);
        std::fs::create_dir_all(file.parent().expect("a folder around it")).expect("folders");
        std::fs::write(file, path).expect("a file");
    }
    let check = |manifest: &[u8]| {
        let started = Command::new("sha256sum")
            .args(["-c", "--strict", "--quiet", "-"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = started.ok()?;
        process.stdin.take().expect("it was piped").write_all(manifest).expect("it listens");
        Some(process.wait().expect("it ends").success())
    };
    // Where the program is not installed there is nothing to ask.
    let Some(accepted) = check(&written(&lines())) else { return };
    assert!(accepted, "sha256sum must accept what we write, without a warning");
    let mut altered = lines();
    altered[1].1[0] ^= 1;
    assert_eq!(check(&written(&altered)), Some(false), "and it must have looked: a wrong hash is refused");
}

#[test]
fn anything_else_is_refused() {
    let good = String::from_utf8(written(&lines()[..1])).expect("text");
    let (digits, path) = good.split_once("  ").expect("two parts");
    let path = path.trim_end();
    let bad = [
        good.trim_end().to_owned(),
        format!("{digits} {path}\n"),
        format!("{digits} *{path}\n"),
        format!("{digits}\t{path}\n"),
        format!("{}  {path}\n", digits.to_uppercase()),
        format!("{}  {path}\n", &digits[1..]),
        format!("{digits}0  {path}\n"),
        format!("g{}  {path}\n", &digits[1..]),
        format!("\\{digits}  {path}\n"),
        format!("{digits}  {path}\r\n"),
        format!("{digits}  /{path}\n"),
        format!("{digits}  ../{path}\n"),
        format!("{digits}  a\\b\n"),
        format!("{digits}  \n"),
        format!("{digits}  {}\n", "x".repeat(10_000)),
        "\n".to_owned(),
        "# a comment\n".to_owned(),
        format!("SHA256 ({path}) = {digits}\n"),
    ];
    for text in bad {
        let mut read = read_manifest(text.as_bytes());
        let error = read.next().expect("an answer").expect_err("a line that we never write must be refused");
        assert_eq!(error.code(), Code::ArchiveInvalid, "{text:?} is a fault of the archive");
        assert!(read.next().is_none(), "nothing is trusted behind a bad line");
    }
    let not_text = [digits.as_bytes(), b"  \xff\xfe\n"].concat();
    assert!(read_manifest(&*not_text).next().is_some_and(|line| line.is_err()), "a path is UTF-8");
    let second = format!("{good}x\n");
    let third = read_manifest(second.as_bytes()).nth(1).expect("an answer").expect_err("the second line is bad");
    assert!(third.message().contains("Line 2"), "the line is named: {third}");
}

#[test]
fn a_path_that_would_need_an_escape_is_never_written() {
    for path in ["a\nb", "a\\b", "a\rb"] {
        let mut out = Vec::new();
        assert!(
            write_manifest(&mut out, std::iter::once((path, [0; 32]))).is_err(),
            "{path:?} would be read as another path"
        );
        assert!(out.is_empty(), "and nothing of it may be written");
    }
}
