//! Running `sheaf` as a user does.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Longest that a test waits for something that must come.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// The binary with a home of its own.
#[derive(Clone, Debug)]
pub(crate) struct Sheaf {
    home: PathBuf,
    variables: Vec<(&'static str, OsString)>,
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sheaf {
    /// With a home that need not exist.
    pub(crate) fn at(home: &Path) -> Self {
        Self { home: home.to_owned(), variables: Vec::new() }
    }

    /// Dies at a named point, as by `kill -9`.
    pub(crate) fn dying_at(&self, point: &str) -> Self {
        Self { home: self.home.clone(), variables: vec![("SHEAF_FAILPOINT", point.into())] }
    }

    /// The command, not started.
    pub(crate) fn command<W: AsRef<OsStr>>(&self, words: &[W]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sheaf"));
        command
            .args(words)
            .env("SHEAF_HOME", &self.home)
            .env("TZ", "UTC")
            .env("COLUMNS", "100")
            .env_remove("SHEAF_FAILPOINT")
            // Nobody's keyring is asked.
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run<W: AsRef<OsStr>>(&self, words: &[W]) -> Ran {
        ran(self.command(words).spawn().expect("the binary was built"))
    }

    /// Runs it with something on its standard input.
    pub(crate) fn run_with_input<W: AsRef<OsStr>>(&self, words: &[W], input: &str) -> Ran {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().expect("the binary was built");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.as_bytes()).expect("it reads its input");
        drop(stdin);
        ran(child)
    }

    /// Runs it with `--json`, expects the exit code, gives the one document.
    pub(crate) fn json<W: AsRef<OsStr>>(&self, words: &[W], code: i32) -> Value {
        let words: Vec<&OsStr> = words.iter().map(AsRef::as_ref).chain([OsStr::new("--json")]).collect();
        let ran = self.run(&words);
        assert_eq!(ran.code, Some(code), "{words:?} must exit with {code}: {ran:?}");
        ran.document()
    }

    /// The same for a refusal: the code and the sentence.
    pub(crate) fn refused<W: AsRef<OsStr>>(&self, words: &[W], code: i32) -> (String, String) {
        let document = self.json(words, code);
        let text = |key: &str| document["error"][key].as_str().unwrap_or_else(|| panic!("an error: {document}")).to_owned();
        (text("code"), text("message"))
    }
}

impl Ran {
    /// The one JSON document on stdout.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("exactly one document ({error}): {self:?}"))
    }
}

/// Waits for the end.
pub(crate) fn ran(child: Child) -> Ran {
    let output = child.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// Reads stderr until a line says that a phase began.
pub(crate) fn wait_for_phase(child: &mut Child, phase: &str) {
    let stderr = child.stderr.as_mut().expect("piped");
    let mut lines = BufReader::new(stderr).lines();
    let found = lines.by_ref().any(|line| line.expect("text").starts_with(phase));
    assert!(found, "it must come to {phase}");
}

/// Tries again until it holds; panics when patience ends.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Names of the files in a folder, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The words of a command line.
#[macro_export]
macro_rules! words {
    ($($word:expr),* $(,)?) => {
        [$(std::ffi::OsString::from($word)),*]
    };
}
