//! A `MariaDB` of its own for a test: real, in a folder that goes away, on a port of the loopback that nobody else has.
//!
//! It ends with the value, and with the thread that started it, so also with a test that is killed.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the server may take to start.
const STARTING: Duration = Duration::from_mins(2);
/// It holds little.
const SMALL: [&str; 2] = ["--innodb-log-file-size=4M", "--innodb-buffer-pool-size=32M"];
/// How often it is asked whether it is there.
const LOOK: Duration = Duration::from_millis(20);

/// A running server. `root` may do everything over its socket.
#[derive(Debug)]
pub struct MariaDb {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl MariaDb {
    /// Starts a server without databases.
    ///
    /// # Panics
    /// Where it cannot be started; `make setup` brings it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further options.
    ///
    /// # Panics
    /// Likewise.
    pub fn start_with(options: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut make = Command::new("mariadb-install-db");
        make.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]).args(SMALL);
        make.args(places(dir.path())).args(account(dir.path()));
        let answer = make.output().expect("mariadb-install-db runs; `make setup` brings it");
        assert!(answer.status.success(), "a database is made: {}", String::from_utf8_lossy(&answer.stderr));
        // Between asking for a free port and taking it another program may do so.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            let mut child = start(dir.path(), port, options);
            if is_up(dir.path(), &mut child) {
                return Self { child, port, dir };
            }
        }
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        panic!("MariaDB does not start: {log}");
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database for an account, which may have a password after a colon.
    pub fn url(&self, account: &str, database: &str) -> String {
        format!("mysql://{account}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements as `root`, in no database.
    ///
    /// # Panics
    /// Where one fails.
    pub fn run(&self, sql: &str) {
        self.answer(sql);
    }

    /// The same, with what they answer: rows with tabs between their values, a line of titles first.
    ///
    /// # Panics
    /// Where one fails.
    pub fn answer(&self, sql: &str) -> String {
        self.client("", Stdio::piped(), |child| {
            child.stdin.take().expect("its input").write_all(sql.as_bytes()).expect("statements");
        })
    }

    /// Makes a database of what a file says, zipped where its name ends so.
    ///
    /// # Panics
    /// Where that fails.
    pub fn load(&self, database: &str, dump: &Path) {
        self.run(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"));
        if dump.extension().is_some_and(|ending| ending == "gz") {
            let mut unzip = Command::new("gzip").arg("-dc").arg(dump).stdout(Stdio::piped()).spawn().expect("gzip runs");
            self.client(database, unzip.stdout.take().expect("its output").into(), |_| ());
            assert!(unzip.wait().expect("gzip ends").success(), "a whole file");
        } else {
            self.client(database, File::open(dump).expect("the file").into(), |_| ());
        }
    }

    /// What `mariadb-dump` writes of a database, with these options.
    ///
    /// # Panics
    /// Where it cannot.
    pub fn dump(&self, database: &str, options: &[&str]) -> Vec<u8> {
        let mut dump = as_root("mariadb-dump", self.dir.path());
        let answer = dump.args(options).arg(database).output().expect("mariadb-dump runs; `make setup` brings it");
        assert!(answer.status.success(), "a dump is made: {}", String::from_utf8_lossy(&answer.stderr));
        answer.stdout
    }

    /// An account that may read all of a database and has this password.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub fn reader(&self, name: &str, password: &str, database: &str) {
        self.run(&format!("CREATE USER {name} IDENTIFIED BY '{password}'; GRANT SELECT ON {database}.* TO {name}"));
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// Where the system does not let us.
    pub fn kill(&mut self) {
        self.child.kill().expect("our own process");
        self.child.wait().expect("it has ended");
    }

    /// Stops it where it is, as a machine that hangs; it neither answers nor ends.
    ///
    /// # Panics
    /// Where the system does not let us.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// Likewise.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "our own process");
    }

    fn client(&self, database: &str, input: Stdio, feed: impl FnOnce(&mut Child)) -> String {
        let mut client = as_root("mariadb", self.dir.path());
        client
            .arg("--default-character-set=utf8mb4")
            .arg(database)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = client.spawn().expect("mariadb runs; `make setup` brings it");
        feed(&mut child);
        let ended = child.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "statements are done: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8_lossy(&ended.stdout).into_owned()
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where its files lie, those that pass too: at its start a server deletes what looks like its own in a folder that it shares.
fn places(dir: &Path) -> [String; 2] {
    [flag("datadir", &dir.join("data")), flag("tmpdir", dir)]
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

/// A server of root's must be told so.
fn account(dir: &Path) -> Option<&'static str> {
    dir.metadata().is_ok_and(|metadata| metadata.uid() == 0).then_some("--user=root")
}

fn start(dir: &Path, port: u16, options: &[&str]) -> Child {
    // Where it lies is no place for an ordinary account to look.
    let programs = ["/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/usr/local/sbin/mariadbd"];
    let program = programs.into_iter().map(PathBuf::from).find(|program| program.exists()).unwrap_or("mariadbd".into());
    let log = File::create(dir.join("log")).expect("a log");
    let mut server = Command::new("setpriv");
    server.args(["--pdeathsig", "KILL"]).arg(program).arg("--no-defaults").args(account(dir));
    server.args(SMALL).args(["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]);
    server.args(places(dir)).args([flag("socket", &dir.join("socket")), flag("pid-file", &dir.join("pid"))]);
    server.args(["--bind-address=127.0.0.1".to_owned(), format!("--port={port}")]);
    server.args(options).stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log);
    server.spawn().expect("setpriv runs; `make setup` brings it")
}

fn as_root(program: &str, dir: &Path) -> Command {
    let mut client = Command::new(program);
    client.args(["--no-defaults", "--user=root"]).arg(flag("socket", &dir.join("socket")));
    client
}

/// Whether it answers; `false` where it has ended.
fn is_up(dir: &Path, child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < STARTING {
        if child.try_wait().expect("our own process").is_some() {
            return false;
        }
        let answer = as_root("mariadb", dir).args(["-e", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if answer.expect("mariadb runs; `make setup` brings it").success() {
            return true;
        }
        std::thread::sleep(LOOK);
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}
