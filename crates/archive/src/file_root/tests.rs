use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use rustix::io::Errno;
use sheaf_registry::Code;
use sheaf_registry::file_store::FileStore;
use sheaf_registry::ids::RootId;
use sheaf_registry::rows::{DataRoot, Location};
use tempfile::TempDir;

use super::{LocalFileStore, below, confined};

const ROOT: RootId = RootId(1);

fn root(prefix: &str, location: Option<&Path>) -> LocalFileStore {
    LocalFileStore::open(&[DataRoot {
        id: ROOT,
        prefix: prefix.to_owned(),
        location: location.map(|folder| Location::Folder(folder.to_owned())),
    }])
}

/// A folder `inside` with `a/scan.stl` beside a file `secret` that nobody may reach.
fn folder() -> (TempDir, LocalFileStore) {
    let around = tempfile::tempdir().expect("a folder for the test");
    fs::create_dir_all(around.path().join("inside/a")).expect("a folder in it");
    fs::write(around.path().join("inside/a/scan.stl"), "inside").expect("a file in it");
    fs::create_dir(around.path().join("outside")).expect("a folder beside it");
    fs::write(around.path().join("outside/scan.stl"), "secret").expect("a file beside it");
    let store = root("", Some(&around.path().join("inside")));
    (around, store)
}

fn read(store: &LocalFileStore, path: &str) -> Result<String, Code> {
    let mut text = String::new();
    store.open(ROOT, path, 0).map_err(|error| error.code)?.read_to_string(&mut text).map_err(|_| Code::SourceIo)?;
    Ok(text)
}

/// Stat and open must answer alike, or a plan would promise what the writer cannot keep.
fn refusal(store: &LocalFileStore, path: &str) -> Code {
    let looked = store.stat(ROOT, path).expect_err("a look must be refused").code;
    let opened = store.open(ROOT, path, 0).map(|_| ()).expect_err("an open must be refused").code;
    assert_eq!(looked, opened, "a look at {path:?} and an open of it must agree");
    looked
}

#[test]
fn a_folder_is_listed_with_all_that_is_in_it_and_nothing_else() {
    let (around, store) = folder();
    let inside = around.path().join("inside");
    fs::create_dir_all(inside.join("dcm_77/series/deep")).expect("folders");
    fs::create_dir(inside.join("dcm_77/empty")).expect("a folder");
    for (path, content) in [("dcm_77/b", "22"), ("dcm_77/a", "1"), ("dcm_77/series/deep/c.dcm", "333"), ("dcm_770", "other")]
    {
        fs::write(inside.join(path), content).expect("a file");
    }
    symlink("../../outside", inside.join("dcm_77/away")).expect("a link to a folder outside");
    symlink("../a/scan.stl", inside.join("dcm_77/near")).expect("a link to a file inside");
    symlink(inside.join("dcm_77"), inside.join("same")).expect("a link that says its whole path");
    for path in ["dcm_77", "dcm_77/", "./dcm_77//"] {
        let files = store.list(ROOT, path).expect("a folder");
        let folder = path.trim_end_matches('/');
        let found: Vec<_> =
            files.iter().map(|file| (file.path.strip_prefix(folder).expect("below it"), file.bytes)).collect();
        let expected = [("/a", 1), ("/away", 0), ("/b", 2), ("/near", 6), ("/series/deep/c.dcm", 3)];
        assert_eq!(found, expected, "in order, at any depth, no folder, and a link is no way");
    }
    assert_eq!(store.list(ROOT, "same").expect("it leads to a folder inside").len(), 5);
    assert_eq!(refusal(&store, "dcm_77/away"), Code::PathEscape, "looking at what was listed tells that");
    symlink("../outside", inside.join("out")).expect("a link that leads out");
    for (path, code) in [
        ("out", Code::PathEscape),
        ("../outside", Code::PathEscape),
        ("dcm_77/away", Code::PathEscape),
        ("", Code::SourceNotRegular),
        ("/", Code::PathEscape),
        ("./", Code::SourceNotRegular),
        ("dcm_78", Code::SourceMissing),
        ("dcm_77/a", Code::SourceMissing),
    ] {
        assert_eq!(store.list(ROOT, path).expect_err("no folder of this root").code, code, "{path:?}");
    }
    assert_eq!(store.list(ROOT, "dcm_77/empty").expect("a folder"), [], "nothing is in it");
}

#[test]
fn a_file_below_its_root_is_read_from_any_offset() {
    let (_around, store) = folder();
    for path in ["a/scan.stl", "./a/scan.stl", "a//scan.stl", "a/./scan.stl"] {
        assert_eq!(read(&store, path).as_deref(), Ok("inside"), "{path} names the file");
    }
    let looked = store.stat(ROOT, "a/scan.stl").expect("a look at a file that is there");
    assert_eq!(looked.bytes, 6, "its size is told");
    assert!(looked.modified_seconds > 1_600_000_000, "its time is told");
    assert_ne!(looked.identity, (0, 0, 0), "and what changes when it is replaced");
    let mut file = store.open(ROOT, "a/scan.stl", 2).expect("an open at an offset");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("bytes");
    assert_eq!(text, "side", "reading starts at the offset");
    assert_eq!(file.stat().expect("a look at an open file"), looked, "an open file answers like a look at it");
}

#[test]
fn what_is_not_there_is_missing() {
    let (_around, store) = folder();
    for path in ["b/scan.stl", "a/scan.STL", "A/scan.stl", "a/scan.stl/x", "a/\0", "a/scan.stl\0", &"x".repeat(300)] {
        assert_eq!(refusal(&store, path), Code::SourceMissing, "{path:?} names nothing");
    }
}

#[test]
fn what_leads_out_is_an_escape() {
    let (around, store) = folder();
    let inside = around.path().join("inside");
    symlink("../outside/scan.stl", inside.join("out")).expect("a link to a file outside");
    symlink("../outside", inside.join("out_folder")).expect("a link to a folder outside");
    symlink(around.path().join("outside/scan.stl"), inside.join("absolute")).expect("an absolute link outside");
    symlink("/etc/hosts", inside.join("hosts")).expect("a link to a file of the system");
    symlink("out", inside.join("twice")).expect("a link to a link");
    let absolute = around.path().join("outside/scan.stl").display().to_string();
    for path in [
        "out",
        "out_folder/scan.stl",
        "absolute",
        "hosts",
        "twice",
        "..",
        "../outside/scan.stl",
        "a/../../outside/scan.stl",
        "a/../a/scan.stl",
        "/etc/hosts",
        "//etc/hosts",
        "/",
        &absolute,
    ] {
        assert_eq!(refusal(&store, path), Code::PathEscape, "{path:?} leads out of the folder");
    }
}

#[test]
fn links_that_stay_inside_are_followed() {
    let (around, store) = folder();
    let inside = around.path().join("inside");
    symlink("a/scan.stl", inside.join("near")).expect("a link beside");
    symlink("../a", inside.join("a/again")).expect("a link up and down again");
    symlink(inside.join("a/scan.stl"), inside.join("absolute")).expect("an absolute link inside");
    symlink(inside.join("a"), inside.join("absolute_folder")).expect("an absolute link to a folder inside");
    for path in ["near", "a/again/scan.stl", "absolute", "absolute_folder/scan.stl"] {
        assert_eq!(read(&store, path).as_deref(), Ok("inside"), "{path} stays inside");
    }
    symlink(&inside, around.path().join("root_link")).expect("a link to the root");
    let linked = root("", Some(&around.path().join("root_link")));
    assert_eq!(read(&linked, "a/scan.stl").as_deref(), Ok("inside"), "the root itself may be a link");
}

#[test]
fn what_is_not_a_regular_file_is_refused_without_waiting() {
    let (around, store) = folder();
    let inside = around.path().join("inside");
    symlink("loop_b", inside.join("loop_a")).expect("one half of a loop");
    symlink("loop_a", inside.join("loop_b")).expect("the other half");
    // Without O_NONBLOCK and the look before, an open of a pipe without a writer never returns.
    mknodat(CWD, inside.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    let _socket = std::os::unix::net::UnixListener::bind(inside.join("socket")).expect("a socket");
    for path in ["a", "a/", ".", "", "loop_a", "pipe", "socket"] {
        assert_eq!(refusal(&store, path), Code::SourceNotRegular, "{path:?} is no regular file");
    }
    let devices = root("", Some(Path::new("/dev")));
    for path in ["null", "zero", "tty"] {
        assert_eq!(refusal(&devices, path), Code::SourceNotRegular, "/dev/{path} is a device, not a file");
    }
}

#[test]
fn a_prefix_is_taken_off_component_by_component() {
    let (around, _) = folder();
    let inside = around.path().join("inside");
    for prefix in ["/dataset", "/dataset/"] {
        let store = root(prefix, Some(&inside));
        assert_eq!(
            read(&store, "/dataset/a/scan.stl").as_deref(),
            Ok("inside"),
            "the prefix {prefix} stands for the folder"
        );
        for path in ["/dataset2/a/scan.stl", "/Dataset/a/scan.stl", "/a/scan.stl", "a/scan.stl", "dataset/a/scan.stl"] {
            assert_eq!(refusal(&store, path), Code::PathEscape, "{path} is not under {prefix}");
        }
        assert_eq!(refusal(&store, "/dataset/../inside/a/scan.stl"), Code::PathEscape, "no step up, even behind the prefix");
        assert_eq!(refusal(&store, "/dataset"), Code::SourceNotRegular, "the folder itself is no file");
    }
    let key = root("maxillo", Some(&inside));
    assert_eq!(read(&key, "maxillo/a/scan.stl").as_deref(), Ok("inside"), "a key's first part may stand for a folder");
    assert_eq!(below("/d/x", "/d").ok(), Some("x".into()), "what stays is relative");
}

#[test]
fn a_root_that_is_not_there_is_told_for_each_file() {
    let (around, _) = folder();
    let gone = around.path().join("gone");
    let missing = root("", Some(&gone));
    assert_eq!(refusal(&missing, "a/scan.stl"), Code::RootMissing, "the folder does not exist");
    assert_eq!(refusal(&root("/dataset", None), "/dataset/a"), Code::RootMissing, "the folder was never set");
    let unknown = missing.stat(RootId(2), "a").expect_err("a root that no row names");
    assert_eq!(unknown.code, Code::RootMissing, "nothing is guessed for a root that is not known");
    fs::create_dir_all(gone.join("a")).expect("the folder comes back");
    fs::write(gone.join("a/scan.stl"), "back").expect("with its file");
    assert_eq!(read(&missing, "a/scan.stl").as_deref(), Ok("back"), "a disk that was plugged in is seen without a restart");
}

#[test]
fn errors_of_the_system_are_told_apart() {
    for (error, code) in [
        (Errno::NOENT, Code::SourceMissing),
        (Errno::NOTDIR, Code::SourceMissing),
        (Errno::NAMETOOLONG, Code::SourceMissing),
        (Errno::ACCESS, Code::SourceUnreadable),
        (Errno::PERM, Code::SourceUnreadable),
        (Errno::LOOP, Code::SourceNotRegular),
        (Errno::NXIO, Code::SourceNotRegular),
        (Errno::IO, Code::SourceIo),
        (Errno::STALE, Code::SourceIo),
        (Errno::MFILE, Code::SourceIo),
    ] {
        assert_eq!(confined::describe(&io::Error::from(error)).code, code, "{error} has one meaning");
    }
}

#[test]
fn a_file_that_may_not_be_read_is_noticed_by_a_look() {
    if rustix::process::geteuid().is_root() {
        return; // For root there is no such file; `errors_of_the_system_are_told_apart` holds the meaning of the refusal.
    }
    let (around, store) = folder();
    let path = around.path().join("inside/a/scan.stl");
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("the file is closed");
    assert_eq!(refusal(&store, "a/scan.stl"), Code::SourceUnreadable, "the plan must know it before anything is written");
}

/// Swaps two names back and forth while another thread opens one of them: never does what stands outside come in.
fn race(one: &Path, other: &Path, store: &LocalFileStore, path: &str) {
    let over = AtomicBool::new(false);
    let (mut inside, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("two names change places");
            }
        });
        // At least so many, and until both were met: else the race did not take place.
        for _ in 0..1_000_000 {
            match read(store, path).as_deref() {
                Ok("inside") => inside += 1,
                Err(Code::PathEscape) => refused += 1,
                other => {
                    over.store(true, Ordering::Relaxed);
                    panic!("a swap must end in the file inside or in a refusal, not in {other:?}");
                }
            }
            if inside + refused >= 100_000 && inside.min(refused) > 0 {
                break;
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(inside > 0 && refused > 0, "both must have been met, not only one: {inside} inside, {refused} refused");
}

#[test]
fn a_file_swapped_for_a_link_outside_is_never_read() {
    let (around, store) = folder();
    let inside = around.path().join("inside");
    symlink("../../outside/scan.stl", inside.join("a/link")).expect("a link outside");
    race(&inside.join("a/scan.stl"), &inside.join("a/link"), &store, "a/scan.stl");
}

#[test]
fn a_folder_swapped_for_a_link_outside_is_never_entered() {
    let (around, store) = folder();
    let inside = around.path().join("inside");
    symlink("../outside", inside.join("b")).expect("a link outside");
    race(&inside.join("a"), &inside.join("b"), &store, "a/scan.stl");
}
