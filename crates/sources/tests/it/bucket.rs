//! Buckets, asked of a real S3 server on this machine.

mod answers;
mod lab;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sheaf_archive::publish::VerifiedPart;
use sheaf_registry::Code;
use sheaf_registry::file_store::{FileStore, Found, SourceError, find};
use sheaf_registry::ids::RootId;
use sheaf_registry::progress::{Observer, Progress, Unobserved};
use sheaf_registry::rows::{DataRoot, Location};
use sheaf_sources::bucket::{BucketStore, Surroundings};

use lab::{Lab, nobody};

const ROOT: RootId = RootId(1);

fn store_at(prefix: &str, location: &str, surroundings: &Surroundings) -> BucketStore {
    let location = Some(Location::Bucket(location.to_owned()));
    let root = DataRoot { id: ROOT, prefix: prefix.to_owned(), location };
    BucketStore::open(&[root], surroundings).expect("an address").expect("a bucket")
}

impl Lab {
    fn store(&self) -> BucketStore {
        store_at("", &self.server.location("scans"), &nobody())
    }

    /// The contents of the archive, by the last part of their names.
    fn contents(part: &VerifiedPart) -> BTreeMap<String, Vec<u8>> {
        let mut zip = zip::ZipArchive::new(std::fs::File::open(&part.path).expect("it")).expect("a ZIP");
        let mut contents = BTreeMap::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).expect("an entry");
            let name = file.name().expect("UTF-8").rsplit('/').next().unwrap_or_default().to_owned();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("its bytes");
            contents.insert(name, bytes);
        }
        contents
    }
}

fn surroundings(variables: &'static [(&'static str, &'static str)], home: Option<&Path>) -> Surroundings {
    let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Surroundings { variable: Box::new(variable), home: home.map(Path::to_owned), ..nobody() }
}

fn bytes(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn read(store: &dyn FileStore, path: &str, offset: u64) -> Result<Vec<u8>, SourceError> {
    let mut file = store.open(ROOT, path, offset)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content).expect("it can be read");
    Ok(content)
}

#[test]
fn objects_are_read_as_they_are() {
    let lab = Lab::new(None);
    let large = bytes(3_000_000);
    lab.put("maxillo/raw/ios/a b+#%é患者.stl", &large);
    lab.put("empty.json", b"");
    let store = lab.store();
    let path = "maxillo/raw/ios/a b+#%é患者.stl";
    let stat = store.stat(ROOT, path).expect("it is there");
    assert_eq!(stat.bytes, 3_000_000, "its size");
    assert!(stat.modified_seconds > 1_600_000_000, "its time");
    for offset in [0, 1, 524_288, 2_999_999, 3_000_000] {
        let expected = &large[offset..];
        if offset < large.len() {
            assert!(read(&store, path, offset as u64).expect("readable") == expected, "from byte {offset} on");
        }
    }
    assert_eq!(store.open(ROOT, path, 0).expect("open").stat().expect("known"), stat, "one and the same");
    assert_eq!(read(&store, "empty.json", 0).expect("readable"), b"", "nothing is in it");
    store.expect(ROOT, path, 3_000_000);
    store.expect(ROOT, path, 3_000_000);
    assert!(read(&store, path, 0).expect("readable") == large, "what came before its turn is used");
}

#[test]
fn a_prefix_of_keys_is_a_folder() {
    let lab = Lab::new(None);
    lab.put("lab/raw/dcm_7/2.dcm", b"22");
    lab.put("lab/raw/dcm_7/sub/1", b"1");
    lab.put("lab/raw/dcm_7/empty", b"");
    lab.put("lab/raw/dcm_77/other", b"other");
    let store = store_at("/dataset", &lab.server.location("scans/lab"), &nobody());
    for path in ["/dataset/raw/dcm_7", "/dataset/raw/dcm_7/"] {
        let files = store.list(ROOT, path).expect("a prefix");
        let found: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
        let expected = [("/dataset/raw/dcm_7/2.dcm", 2), ("/dataset/raw/dcm_7/empty", 0), ("/dataset/raw/dcm_7/sub/1", 1)];
        assert_eq!(found, expected, "all objects below it, and none of a prefix that begins like it");
    }
    assert!(matches!(find(&store, ROOT, "/dataset/raw/dcm_7/"), Ok(Found::Folder(files)) if files.len() == 3));
    assert!(matches!(find(&store, ROOT, "/dataset/raw/dcm_7/sub/1"), Ok(Found::File(stat)) if stat.bytes == 1));
    assert_eq!(find(&store, ROOT, "/dataset/raw/dcm_8").expect_err("nothing").code, Code::SourceMissing);
    assert_eq!(find(&store, ROOT, "/dataset/raw/dcm_8/").expect_err("nothing").code, Code::SourceMissing);
    for path in ["/dataset", "/dataset/", "/dataset//", "/dataset/raw/../raw", "/other/raw"] {
        let refused = store.list(ROOT, path).expect_err("never a whole place, nor another one").code;
        assert!(matches!(refused, Code::PathEscape | Code::SourceNotRegular), "{path}: {refused}");
    }
}

#[test]
fn what_is_not_there_and_what_leads_out_is_told() {
    let lab = Lab::new(None);
    lab.put("lab/x.stl", b"x");
    lab.put("secret/y.stl", b"y");
    let location = lab.server.location("scans/lab");
    let store = store_at("/dataset", &location, &nobody());
    assert_eq!(read(&store, "/dataset/x.stl", 0).expect("below"), b"x", "the prefix stands for the address");
    let asked = lab.server.asked().len();
    for (path, code) in [
        ("/dataset/../secret/y.stl", Code::PathEscape),
        ("/dataset/a/../../secret/y.stl", Code::PathEscape),
        ("/datasets/x.stl", Code::PathEscape),
        ("/etc/hosts", Code::PathEscape),
        ("/dataset/", Code::SourceNotRegular),
        ("/dataset/a//b", Code::SourceMissing),
        ("/dataset/a\u{7}", Code::SourceMissing),
    ] {
        assert_eq!(store.stat(ROOT, path).expect_err(path).code, code, "{path}");
        assert_eq!(store.open(ROOT, path, 0).err().expect(path).code, code, "{path}");
    }
    assert_eq!(lab.server.asked().len(), asked, "none of these was asked for");
    assert_eq!(store.stat(ROOT, "/dataset/none.stl").expect_err("none").code, Code::SourceMissing, "no such object");
    assert_eq!(store.open(ROOT, "/dataset/none.stl", 0).err().expect("none").code, Code::SourceMissing, "nor to open");
    assert_eq!(store.stat(RootId(9), "x").expect_err("no root").code, Code::RootMissing, "a root of nobody");
}

#[test]
fn files_are_asked_for_before_their_turn_and_all_are_right() {
    let lab = Lab::new(None);
    let mut expected = BTreeMap::new();
    for at in 0..200 {
        let content = bytes(1000 + at);
        lab.put(&format!("raw/{at:03}.bin"), &content);
        expected.insert(format!("{at:03}"), content);
    }
    let registry = lab.registry((0..200).map(|at| (format!("raw/{at:03}.bin"), 1000 + at)));
    lab.server.gate(48);
    let part = lab.export(&registry, Arc::new(Unobserved));
    assert_eq!(part.files, 200, "all of them");
    let most = lab.server.most_at_once();
    assert!((48..=80).contains(&most), "{most} were asked for at once");
    let contents = Lab::contents(&part);
    for content in expected.values() {
        assert!(contents.values().any(|found| found == content), "with its bytes");
    }
    let gets = lab.server.asked().iter().filter(|asked| asked.starts_with("GET")).count();
    assert_eq!(gets, 200, "each was asked for once");
}

#[test]
fn a_file_that_waits_for_its_turn_holds_a_bounded_part_of_itself() {
    let lab = Lab::new(None);
    lab.put("large.bin", &bytes(8 << 20));
    lab.put("small.bin", b"x");
    let store = lab.store();
    store.expect(ROOT, "large.bin", 8 << 20);
    // The bytes of the beginning are with the store once it is opened; nothing was asked for beyond it until then.
    let file = store.open(ROOT, "large.bin", 0).expect("open");
    let gets: Vec<String> = lab.server.asked().into_iter().filter(|asked| asked.starts_with("GET")).collect();
    assert_eq!(gets[0], "GET /scans/large.bin bytes=0-524287", "its beginning");
    drop(file);
}

#[test]
fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let lab = Lab::new(None);
    let content = bytes(6 << 20);
    lab.put("large.bin", &content);
    let store = lab.store();
    for after in [1_000_000, 700_001, 12] {
        lab.server.cut_next(after);
    }
    assert!(read(&store, "large.bin", 0).expect("readable") == content, "nothing is missing and nothing twice");
    let ranges: Vec<String> = lab.server.asked().into_iter().filter(|asked| asked.starts_with("GET")).collect();
    assert!(ranges.len() >= 4, "it was taken up: {ranges:?}");
    assert!(lab.server.sent() < (6 << 20) + 2_000_000, "what had come was not asked for again");
}

#[test]
fn a_server_that_dies_and_comes_back_costs_nothing_but_time() {
    let lab = Lab::new(None);
    let size = |at: usize| 700_000 + at;
    for at in 0..40 {
        lab.put(&format!("raw/{at:02}.bin"), &bytes(size(at)));
    }
    let registry = lab.registry((0..40).map(|at| (format!("raw/{at:02}.bin"), size(at) as u64)));
    let (sender, receiver) = std::sync::mpsc::channel();
    lab.server.delay(Duration::from_millis(5));
    let part = std::thread::scope(|scope| {
        let export = scope.spawn(|| lab.export(&registry, Arc::new(Told(sender))));
        // It dies once some of them are written, and others are on their way.
        while receiver.recv().expect("progress") < 5 {}
        lab.server.restart();
        export.join().expect("an archive")
    });
    assert_eq!(part.files, 40, "all of them");
    let contents = Lab::contents(&part);
    for at in 0..40 {
        assert!(contents.values().any(|found| *found == bytes(size(at))), "file {at} with its bytes");
    }
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_ends_early_and_so_is_read_again() {
    let lab = Lab::new(None);
    let whole = bytes(32 << 20);
    lab.put("large.bin", &whole);
    let store = lab.store();
    // Its rest breaks off, and what would follow is another object's. So far it comes only when somebody reads: no more than a
    // few pieces wait.
    lab.server.cut_next(24_000_000);
    let mut file = store.open(ROOT, "large.bin", 0).expect("open");
    lab.put("large.bin", &whole.iter().rev().copied().collect::<Vec<_>>());
    let mut content = Vec::new();
    file.read_to_end(&mut content).expect("an end, not a failure");
    assert!(content.len() < whole.len(), "no byte of the other one");
    assert!(whole.starts_with(&content), "as far as it came");
    let now = store.stat(ROOT, "large.bin").expect("the other one");
    assert_ne!(now, file.stat().expect("known"), "it is told apart, at the same size");
}

#[test]
fn a_bucket_that_nobody_answers_for_is_said_to_be_away() {
    let lab = Lab::new(None);
    let location = lab.server.location("scans");
    lab.server.kill();
    let store = store_at("", &location, &nobody());
    for path in ["a", "b", "c"] {
        let error = store.stat(ROOT, path).expect_err("nobody is there");
        assert_eq!(error.code, Code::RootMissing, "{error}");
        assert!(error.message.contains("s3://scans at http://127.0.0.1"), "which one: {error}");
    }
}

#[cfg(unix)]
#[test]
fn credentials_come_from_the_environment_or_from_a_file_that_nobody_else_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    const SECRET: &str = "wJalrXUtnFEMI";
    let lab = Lab::new(Some(("AKIDEXAMPLE", SECRET)));
    lab.put("a.bin", b"x");
    let location = lab.server.location("scans");
    let denied = |surroundings: &Surroundings| {
        let error = store_at("", &location, surroundings).stat(ROOT, "a.bin").expect_err("no right");
        assert_eq!(error.code, Code::SourceUnreadable, "{error}");
        assert!(!error.message.contains(SECRET), "no secret: {error}");
    };
    denied(&nobody());
    denied(&surroundings(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "wrong")], None));
    let named = surroundings(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", SECRET)], None);
    assert_eq!(read(&store_at("", &location, &named), "a.bin", 0).expect("its right"), b"x", "by variables");

    let home = lab.dir.path().join("home");
    std::fs::create_dir_all(home.join(".aws")).expect("a folder");
    let file = home.join(".aws/credentials");
    let text = format!(
        "# mine\n[default]\naws_access_key_id = other\naws_secret_access_key = other\n\n[lab]\n\
         aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key={SECRET}\n"
    );
    std::fs::write(&file, text).expect("a file");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("ours");
    let located = |profile: &str| {
        let location = Some(Location::Bucket(format!("{location}&profile={profile}")));
        let root = DataRoot { id: ROOT, prefix: String::new(), location };
        BucketStore::open(&[root], &surroundings(&[], Some(&home)))
    };
    mode(0o600);
    let store = located("lab").expect("credentials").expect("a bucket");
    assert_eq!(read(&store, "a.bin", 0).expect("its right"), b"x", "by the profile of the file");
    assert_eq!(located("none").err().expect("no such profile").code(), Code::PasswordUnusable, "it was asked for");
    for open_to_others in [0o640, 0o604] {
        mode(open_to_others);
        let error = located("lab").err().expect("others may read it");
        assert_eq!(error.code(), Code::PasswordUnusable, "{error}");
        assert!(error.next_step().contains("chmod 600"), "what to do: {}", error.next_step());
    }
}

struct Told(std::sync::mpsc::Sender<u64>);

impl Observer for Told {
    fn observe(&self, progress: &Progress) {
        let _ = self.0.send(progress.files_done);
    }
}
