//! A `PostgreSQL` of its own for a test: real, in a folder that goes away, on a port of the loopback that nobody else has.
//!
//! It ends with the value, and with the thread that started it, so also with a test that is killed. It refuses to run as root,
//! so a test of root's runs it as `nobody`.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the server may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is asked whether it has.
const LOOK: Duration = Duration::from_millis(20);
/// The account of whom root's server is.
const NOBODY: u32 = 65534;

/// A running server. `owner` may do everything over its socket.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl Postgres {
    /// Starts a server without databases of its own.
    ///
    /// # Panics
    /// Where it cannot be started; `make setup` brings it.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        if is_root(dir.path()) {
            chown(dir.path(), Some(NOBODY), Some(NOBODY)).expect("our own folder");
        }
        let mut make = command(dir.path(), "initdb");
        make.args(["--username=owner", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        make.args(["--auth-local=trust", "--auth-host=scram-sha-256"]).arg("-D").arg(dir.path().join("data"));
        let answer = make.output().expect("setpriv runs; `make setup` brings it");
        assert!(answer.status.success(), "a database is made: {}", String::from_utf8_lossy(&answer.stderr));
        // Between asking for a free port and taking it another program may do so.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            let mut child = start(dir.path(), port);
            if is_up(dir.path(), port, &mut child) {
                return Self { child, port, dir };
            }
        }
        panic!("PostgreSQL does not start: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database for an account, which may have a password after a colon.
    pub fn url(&self, account: &str, database: &str) -> String {
        format!("postgres://{account}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database.
    ///
    /// # Panics
    /// Where that fails.
    pub fn create(&self, database: &str) {
        self.run("postgres", &format!("CREATE DATABASE {database}"));
    }

    /// Runs statements as `owner`, also those to `psql`.
    ///
    /// # Panics
    /// Where one fails.
    pub fn run(&self, database: &str, sql: &str) {
        self.client(database, Stdio::piped(), |child| {
            child.stdin.take().expect("its input").write_all(sql.as_bytes()).expect("statements");
        });
    }

    /// Makes a database of what a file says, zipped where its name ends so.
    ///
    /// # Panics
    /// Where that fails.
    pub fn load(&self, database: &str, dump: &Path) {
        self.create(database);
        if dump.extension().is_some_and(|ending| ending == "gz") {
            let mut unzip = Command::new("gzip").arg("-dc").arg(dump).stdout(Stdio::piped()).spawn().expect("gzip runs");
            self.client(database, unzip.stdout.take().expect("its output").into(), |_| ());
            assert!(unzip.wait().expect("gzip ends").success(), "a whole file");
        } else {
            self.client(database, File::open(dump).expect("the file").into(), |_| ());
        }
    }

    /// What `pg_dump` writes of a database, with these options.
    ///
    /// # Panics
    /// Where it cannot.
    pub fn dump(&self, database: &str, options: &[&str]) -> Vec<u8> {
        let mut dump = Command::new(program("pg_dump"));
        dump.args(place(self.dir.path(), self.port)).args(options).arg(database);
        let answer = dump.output().expect("pg_dump runs; `make setup` brings it");
        assert!(answer.status.success(), "a dump is made: {}", String::from_utf8_lossy(&answer.stderr));
        answer.stdout
    }

    /// An account that may read all tables that a database has now and has this password.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub fn reader(&self, name: &str, password: &str, database: &str) {
        let sql =
            format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}");
        self.run(database, &sql);
    }

    /// Puts a file into its folder, which only its account can read.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn keep(&self, name: &str, bytes: &[u8]) {
        let path = self.dir.path().join("data").join(name);
        fs::write(&path, bytes).expect("a file of its own");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("our own file");
        let owner = self.dir.path().metadata().expect("our own folder");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("our own file");
    }

    /// Ends it and starts it again with the settings that it has now.
    ///
    /// # Panics
    /// Where it cannot be asked.
    pub fn restart(&mut self) {
        self.kill();
        self.child = start(self.dir.path(), self.port);
        assert!(is_up(self.dir.path(), self.port, &mut self.child), "it starts again");
    }

    /// Ends it at once, as a crash would.
    ///
    /// # Panics
    /// Where the system does not let us.
    pub fn kill(&mut self) {
        // Unlike a kill, it takes its processes along.
        signal(&self.child, "-QUIT");
        end(&mut self.child);
    }

    fn client(&self, database: &str, input: Stdio, feed: impl FnOnce(&mut Child)) {
        let mut client = client(self.dir.path(), self.port, database);
        let mut child = client.stdin(input).stderr(Stdio::piped()).spawn().expect("psql runs; `make setup` brings it");
        feed(&mut child);
        let ended = child.wait_with_output().expect("it ends");
        assert!(ended.status.success(), "statements are done: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.kill();
        }
    }
}

/// A program of the newest version that is there; its folder is on no path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/postgres").exists())
        .max_by_key(|path| version(path));
    let named = || {
        let answer = Command::new("pg_config").arg("--bindir").output().ok()?;
        String::from_utf8(answer.stdout).ok().map(|dir| PathBuf::from(dir.trim()))
    };
    let dir = newest.map(|version| version.join("bin")).or_else(named).unwrap_or_default();
    Some(dir.join(name)).filter(|path| path.exists()).unwrap_or_else(|| name.into())
}

fn is_root(dir: &Path) -> bool {
    // Of whom what this process makes is.
    dir.metadata().is_ok_and(|metadata| metadata.uid() == 0)
}

/// A program of the server's, in its account; it ends with the thread that started it.
fn command(dir: &Path, name: &str) -> Command {
    let mut command = Command::new("setpriv");
    if dir.metadata().is_ok_and(|metadata| metadata.uid() == NOBODY) {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "QUIT", "--"]).arg(program(name)).current_dir(dir).env_remove("PGOPTIONS");
    command
}

fn start(dir: &Path, port: u16) -> Child {
    let log = File::create(dir.join("log")).expect("a log");
    let mut server = command(dir, "postgres");
    server.arg("-D").arg(dir.join("data")).arg("-k").arg(dir).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    for option in ["fsync=off", "shared_buffers=16MB", "max_connections=20", "autovacuum=off"] {
        server.args(["-c", option]);
    }
    server.stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log);
    server.spawn().expect("setpriv runs; `make setup` brings it")
}

fn place(dir: &Path, port: u16) -> Vec<String> {
    vec![format!("--host={}", dir.display()), format!("--port={port}"), "--username=owner".to_owned()]
}

fn client(dir: &Path, port: u16, database: &str) -> Command {
    let mut client = Command::new(program("psql"));
    client.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]).args(place(dir, port)).arg(database);
    client.env_remove("PGOPTIONS").stdout(Stdio::null());
    client
}

/// Whether it answers; `false` where it has ended.
fn is_up(dir: &Path, port: u16, child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if child.try_wait().expect("our own process").is_some() {
            return false;
        }
        let answer = client(dir, port, "postgres").args(["-c", "SELECT 1"]).stderr(Stdio::null()).status();
        if answer.expect("psql runs; `make setup` brings it").success() {
            return true;
        }
        std::thread::sleep(LOOK);
    }
    end(child);
    false
}

/// Waits for its end, and makes one where that does not come.
fn end(child: &mut Child) {
    let start = Instant::now();
    while child.try_wait().expect("our own process").is_none() {
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
        }
        std::thread::sleep(LOOK);
    }
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success(), "our own process");
}
