//! Passwords of database servers: as they were said to this process, in the environment, in a file of this account alone.
//!
//! They are asked for when a server is, and shown nowhere. Deliberately absent: keeping them; a record, a list and a log know
//! a server by its name, which holds none.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::secret::is_private;
use sheaf_sources::server::Login;
pub use sheaf_sources::server::{Server, masked};

/// Says the password of servers.
pub const PASSWORD_VARIABLE: &str = "SHEAF_SOURCE_PASSWORD";
/// Names the file that holds it, in its first line.
pub const FILE_VARIABLE: &str = "SHEAF_SOURCE_PASSWORD_FILE";

/// A password is not longer than this.
const LONGEST: u64 = 4096;

/// What opens servers. Clones share what they are told.
#[derive(Clone, Default)]
pub struct Credentials {
    said: Arc<Mutex<HashMap<Server, Sensitive<String>>>>,
    variable: Option<Sensitive<String>>,
    file: Option<PathBuf>,
}

impl Credentials {
    /// What the environment of this process says.
    pub fn system() -> Self {
        let said = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let variable = said(PASSWORD_VARIABLE).and_then(|value| value.into_string().ok());
        Self { variable: variable.map(Sensitive::new), file: said(FILE_VARIABLE).map(PathBuf::from), ..Self::default() }
    }

    /// A password in a file.
    pub fn in_file(path: impl Into<OsString>) -> Self {
        Self { file: Some(PathBuf::from(path.into())), ..Self::default() }
    }

    /// From now on this opens the server, as long as this process lives.
    pub fn say(&self, server: Server, password: Sensitive<String>) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(server, password);
    }

    /// How the server is opened: by what was said of it, else by the environment, else by the file; else without a password.
    ///
    /// # Errors
    /// `PASSWORD_UNUSABLE` for a file that cannot be read, or that others can read.
    pub fn login(&self, server: Server) -> Result<Login> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).get(&server).cloned();
        let password = match (said.or_else(|| self.variable.clone()), &self.file) {
            (Some(password), _) => Some(password),
            (None, Some(file)) => Some(of_file(file)?),
            (None, None) => None,
        };
        Ok(Login { server, password })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The first line of a file that only its owner can read.
fn of_file(path: &Path) -> Result<Sensitive<String>> {
    let unusable = |why: &str| {
        Error::new(Code::PasswordUnusable, format!("The file {}, which should hold a password, {why}.", path.display()))
            .hint(format!("Name a file of yours with {FILE_VARIABLE} that only you can read: chmod 600 FILE."))
    };
    let file = File::open(path).map_err(|error| unusable("cannot be read").cause(error))?;
    let metadata = file.metadata().map_err(|error| unusable("cannot be looked at").cause(error))?;
    if !metadata.is_file() {
        return Err(unusable("is no file"));
    }
    if !is_private(&metadata) {
        return Err(unusable("can be read by other accounts"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unusable("cannot be read").cause(error))?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(password) if !password.is_empty() && line.len() as u64 <= LONGEST => Ok(Sensitive::new(password.to_owned())),
        _ => Err(unusable("holds no password in its first line")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn server() -> Server {
        "mysql://lab@localhost/registry".parse().expect("a server")
    }

    fn password(credentials: &Credentials) -> Option<String> {
        credentials.login(server()).expect("a login").password.map(Sensitive::into_inner)
    }

    #[test]
    fn what_was_said_of_a_server_comes_before_what_was_said_of_all() {
        let mut credentials = Credentials::default();
        assert_eq!(password(&credentials), None, "an account may have none");
        credentials.variable = Some(Sensitive::new("variable".to_owned()));
        credentials.file = Some(PathBuf::from("/no/such/file"));
        assert_eq!(password(&credentials).as_deref(), Some("variable"), "then the file is not looked at");
        credentials.say("mysql://other@localhost/registry".parse().expect("a server"), Sensitive::new("other".to_owned()));
        assert_eq!(password(&credentials).as_deref(), Some("variable"), "another server's is its own");
        credentials.clone().say(server(), Sensitive::new("said".to_owned()));
        assert_eq!(password(&credentials).as_deref(), Some("said"), "clones share it");
        let shown = format!("{credentials:?} {:?}", credentials.login(server()));
        assert!(["variable", "said\"", "other"].iter().all(|secret| !shown.contains(secret)), "{shown}");
    }

    #[test]
    fn a_file_of_a_password_is_this_accounts_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("password");
        let refused = || Credentials::in_file(&path).login(server()).expect_err("refused");
        assert_eq!(refused().code(), Code::PasswordUnusable, "no such file");
        std::fs::write(&path, "ge heim\r\nmore\n").expect("writable");
        for mode in [0o644, 0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
            let error = refused();
            assert_eq!(error.code(), Code::PasswordUnusable, "{mode:o}");
            assert!(!format!("{error} {error:?}").contains("ge heim"), "it is not told: {error}");
        }
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
            assert_eq!(password(&Credentials::in_file(&path)).as_deref(), Some("ge heim"), "{mode:o}: the first line");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
        for bytes in [&b""[..], b"\nsecond", b"\xff\n"] {
            std::fs::write(&path, bytes).expect("writable");
            assert_eq!(refused().code(), Code::PasswordUnusable, "{bytes:?} is none");
        }
        let error = Credentials::in_file(dir.path()).login(server()).expect_err("a folder");
        assert_eq!(error.code(), Code::PasswordUnusable, "{error}");
    }
}
