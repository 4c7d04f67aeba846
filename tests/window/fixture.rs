//! Registries that tests share, made once a run: they are read only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sheaf_app::demo::{DemoOptions, make_demo};
use sheaf_registry::progress::{Cancel, Unobserved};

fn made(name: &str, options: impl FnOnce(PathBuf) -> DemoOptions) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window-registries").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.parent().expect("it has one")).expect("a folder");
    make_demo(&options(dir), &Unobserved, &Cancel::new()).expect("the demo is made").registry
}

use crate::desktop::PROGRAM;

/// Real files of nine patients in three projects.
pub(crate) fn demo() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        made("small", |dir| DemoOptions { dir, patients: 9, studies: 0, seed: 1, sparse: false, with_faults: false })
    })
}

/// The same in a folder of the caller's own, who may take it apart.
pub(crate) fn copy_of_demo(dir: &Path) -> PathBuf {
    let from = demo().parent().expect("it has one");
    let copied = Command::new("cp").arg("-a").arg(from).arg(dir).status().expect("cp runs");
    assert!(copied.success(), "the demo is copied");
    dir.join("registry.sqlite")
}

/// Twelve patients, and 400 studies of them and of others.
pub(crate) fn clinic() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        made("clinic", |dir| DemoOptions { dir, patients: 12, studies: 400, seed: 1, sparse: true, with_faults: false })
    })
}

/// The same with files that are missing, changed or forbidden.
pub(crate) fn faulty() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        made("faulty", |dir| DemoOptions { dir, patients: 9, studies: 0, seed: 1, sparse: false, with_faults: true })
    })
}

/// What pictures show: patients, studies of them, and files with faults in one project.
pub(crate) fn shown() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        made("Sheaf demo", |dir| DemoOptions { dir, patients: 40, studies: 2000, seed: 1, sparse: false, with_faults: true })
    })
}

/// Sparse files of realistic size: an export takes long enough to be stopped.
pub(crate) fn large() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        made("large", |dir| DemoOptions { dir, patients: 60, studies: 0, seed: 1, sparse: true, with_faults: false })
    })
}

/// The same, long enough to be looked at.
pub(crate) fn vast() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        made("Archive 2024", |dir| DemoOptions { dir, patients: 200, studies: 0, seed: 1, sparse: true, with_faults: false })
    })
}

/// The program `sheaf` beside the window's. `cargo test` of the workspace builds it; alone it is built here.
pub(crate) fn sheaf() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let path = BUILT.get_or_init(|| {
        let desktop = Path::new(PROGRAM);
        let path = desktop.with_file_name("sheaf");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "sheaf-cli", "--bin", "sheaf"])
            .status()
            .expect("cargo runs");
        assert!(built.success() && path.is_file(), "the program sheaf is built");
        path
    });
    Command::new(path)
}
