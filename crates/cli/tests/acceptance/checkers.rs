//! Programs of other people that judge an archive, and our own policy check. What is missing fails: `make setup` brings it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Every checker; each misses something that another sees.
pub(crate) fn assert_clean(archive: &Path) {
    let text = said("unzip", Command::new("unzip").arg("-tqq").arg(archive));
    assert!(text.is_empty(), "unzip -tqq is silent about a sound archive: {text}");
    let text = said("7zz", Command::new("7zz").args(["t", "-bd", "-bsp0"]).arg(archive));
    assert!(text.contains("Everything is Ok"), "7zz t: {text}");
    // It prints warnings with exit code 0, so the text is read.
    let lower = text.to_lowercase();
    assert!(!["warning", "error", "headers"].iter().any(|word| lower.contains(word)), "7zz t has something to say: {text}");
    let text = said("ziptool", Command::new("ziptool").arg("-c").arg(archive).args(["get_num_entries", "0"]));
    let entries: usize = text.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or(0);
    assert!(entries > 0, "ziptool counts the entries: {text}");
    streamed(archive);
    let problems = said("python", python("judge_zip.py").arg(archive));
    assert_eq!(problems, "", "testzip and the policy check of names, flags, sizes and order");
}

/// bsdtar reads an archive as a stream, without its central directory.
fn streamed(archive: &Path) {
    let file = std::fs::File::open(archive).expect("the archive is there");
    let mut command = Command::new("bsdtar");
    command.args(["-xOf", "-"]).stdin(file).stdout(std::process::Stdio::null());
    let text = said("bsdtar", &mut command);
    assert_eq!(text, "", "bsdtar has nothing to say about a sound archive");
}

/// The archive, extracted by `unzip`; gives the folder around the top folder.
pub(crate) fn extract(archive: &Path) -> TempDir {
    let dir = tempfile::Builder::new().prefix("sheaf-extracted-").tempdir().expect("a temporary folder");
    said("unzip", Command::new("unzip").arg("-qq").arg(archive).arg("-d").arg(dir.path()));
    dir
}

/// The one folder in which everything of an export lies.
pub(crate) fn top(extracted: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(extracted).expect("extracted").map(|entry| entry.expect("readable").path());
    let top = entries.next().expect("a top folder");
    assert_eq!(entries.next(), None, "everything lies in one folder");
    top
}

/// `sha256sum -c --strict` in the top folder; gives how many files it checked.
pub(crate) fn checksums(top: &Path) -> usize {
    let text = said("sha256sum", Command::new("sha256sum").args(["-c", "--strict", "manifest-sha256.txt"]).current_dir(top));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().all(|line| line.ends_with(": OK")), "every file is what the manifest says: {text}");
    lines.len()
}

/// One of the scripts beside this file, run by the interpreter that `make setup` made.
pub(crate) fn python(script: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let interpreter = root.join(".env-checkers/bin/python");
    assert!(interpreter.exists(), "{} is not there: run make setup", interpreter.display());
    let mut command = Command::new(interpreter);
    command.arg("-W").arg("error").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance").join(script));
    command
}

/// What a checker printed; it must exit with 0.
pub(crate) fn said(program: &str, command: &mut Command) -> String {
    let Output { status, stdout, stderr } = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{program} cannot be run ({error}): run make setup"),
    };
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{program} ended with {status}: {text}");
    text
}

/// Every file below a folder by its path from there, with its content.
pub(crate) fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("readable");
            if entry.file_type().expect("a type").is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(dir).expect("below it").to_string_lossy().into_owned();
                files.insert(name, std::fs::read(entry.path()).expect("readable"));
            }
        }
    }
    files
}
