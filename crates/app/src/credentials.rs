//! Passwords of database servers and keys of buckets: as they were said to this process, in the environment, in a file of this account alone, in
//! the keyring of the desktop.
//!
//! They are asked for when a server is, and shown nowhere. Deliberately absent: keeping them anywhere else; a record, a list
//! and a log know a server by its name, which holds none.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sheaf_registry::progress::Cancel;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::bucket::{BucketAddress, BucketKey, Surroundings};
use sheaf_sources::secret::is_private;
use sheaf_sources::server::Login;
pub use sheaf_sources::server::{Server, masked};

use crate::keyring::{self, Kept};

/// Says the password of servers.
pub const PASSWORD_VARIABLE: &str = "SHEAF_SOURCE_PASSWORD";
/// Names the file that holds it, in its first line.
pub const FILE_VARIABLE: &str = "SHEAF_SOURCE_PASSWORD_FILE";

/// A password is not longer than this.
const LONGEST: u64 = 4096;

/// What opens servers and buckets. Clones share what they are told.
#[derive(Clone, Default)]
pub struct Credentials {
    said: Arc<Mutex<HashMap<Server, Sensitive<String>>>>,
    /// Keys of buckets, by address.
    keys: Arc<Mutex<HashMap<String, BucketKey>>>,
    variable: Option<Sensitive<String>>,
    file: Option<PathBuf>,
    keyring: bool,
}

impl Credentials {
    /// What the environment of this process and the keyring of its desktop say.
    pub fn system() -> Self {
        let said = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let variable = said(PASSWORD_VARIABLE).and_then(|value| value.into_string().ok());
        let (variable, file) = (variable.map(Sensitive::new), said(FILE_VARIABLE).map(PathBuf::from));
        Self { variable, file, keyring: true, ..Self::default() }
    }

    /// A password in a file.
    pub fn in_file(path: impl Into<OsString>) -> Self {
        Self { file: Some(PathBuf::from(path.into())), ..Self::default() }
    }

    /// From now on this opens the server, as long as this process lives.
    pub fn say(&self, server: Server, password: Sensitive<String>) {
        self.said().insert(server, password);
    }

    /// Takes back what was said of a server; what was said before counts again.
    pub(crate) fn unsay(&self, server: &Server, before: Option<Sensitive<String>>) {
        match before {
            Some(password) => self.say(server.clone(), password),
            None => drop(self.said().remove(server)),
        }
    }

    /// What was said of a server to this process.
    pub(crate) fn said_of(&self, server: &Server) -> Option<Sensitive<String>> {
        self.said().get(server).cloned()
    }

    fn said(&self) -> MutexGuard<'_, HashMap<Server, Sensitive<String>>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the server is opened: by what was said of it, else by the environment, the file, the keyring; else without a
    /// password.
    ///
    /// # Errors
    /// `PASSWORD_UNUSABLE` for a file that cannot be read, or that others can read.
    pub fn login(&self, server: Server, cancel: &Cancel) -> Result<Login> {
        let mut password = self.said_password(&server)?;
        if password.is_none() && self.keyring {
            password = Self::kept(&server.to_string(), cancel);
        }
        Ok(Login { server, password })
    }

    /// Keeps the password of a server in the keyring, as it is said now.
    ///
    /// # Errors
    /// `DESKTOP_UNAVAILABLE` where there is no keyring; `PASSWORD_UNUSABLE` where no password is said; those of
    /// [`Credentials::login`].
    pub fn keep(&self, server: &Server, cancel: &Cancel) -> Result<()> {
        let password = self.said_password(server)?.ok_or_else(|| {
            Error::new(Code::PasswordUnusable, format!("No password of {server} was said, so none is kept."))
                .hint(format!("Say it in the URL, in {PASSWORD_VARIABLE} or in the file that {FILE_VARIABLE} names."))
        })?;
        keyring::keep(&server.to_string(), &password, cancel)
    }

    /// From now on this opens the bucket, as long as this process lives.
    pub(crate) fn say_key(&self, bucket: &BucketAddress, key: BucketKey) {
        self.keys().insert(bucket.url(), key);
    }

    /// The same with this key for a bucket, where there is one; nobody else is told.
    pub(crate) fn with_key(&self, bucket: &BucketAddress, key: Option<BucketKey>) -> Self {
        let Some(key) = key else { return self.clone() };
        let mut keys = self.keys().clone();
        keys.insert(bucket.url(), key);
        Self { keys: Arc::new(Mutex::new(keys)), ..self.clone() }
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, BucketKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the key of a bucket in the keyring, as the environment says it.
    ///
    /// # Errors
    /// `DESKTOP_UNAVAILABLE` where there is no keyring; `PASSWORD_UNUSABLE` where no key is said.
    pub fn keep_said_key(bucket: &BucketAddress, cancel: &Cancel) -> Result<()> {
        let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (Some(id), Some(secret)) = (said("AWS_ACCESS_KEY_ID"), said("AWS_SECRET_ACCESS_KEY")) else {
            let message = format!("No key of the bucket {bucket} was said, so none is kept.");
            return Err(Error::new(Code::PasswordUnusable, message)
                .hint("Say it in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY this once."));
        };
        Self::keep_key(bucket, &BucketKey { id, secret: Sensitive::new(secret) }, cancel)
    }

    /// Keeps the key of a bucket in the keyring. `DESKTOP_UNAVAILABLE`.
    pub(crate) fn keep_key(bucket: &BucketAddress, key: &BucketKey, cancel: &Cancel) -> Result<()> {
        let both = Sensitive::new(format!("{}\n{}", key.id, key.secret.expose()));
        keyring::keep(&bucket.url(), &both, cancel)
    }

    /// What a store of buckets may ask for: what was said of a bucket, the keyring, the environment, the files of this account.
    pub(crate) fn of_buckets(&self) -> Surroundings {
        let (said, keyring) = (self.clone(), self.keyring);
        let known = move |bucket: &BucketAddress| said.keys().get(&bucket.url()).cloned();
        let kept = move |bucket: &BucketAddress| {
            let both = keyring.then(|| Self::kept(&bucket.url(), &Cancel::new())).flatten()?.into_inner();
            let (id, secret) = both.split_once('\n')?;
            Some(BucketKey { id: id.to_owned(), secret: Sensitive::new(secret.to_owned()) })
        };
        Surroundings {
            said: Box::new(known),
            kept: Box::new(kept),
            variable: Box::new(|name| std::env::var(name).ok()),
            home: dirs::home_dir(),
        }
    }

    /// What the keyring has under this name.
    fn kept(name: &str, cancel: &Cancel) -> Option<Sensitive<String>> {
        match keyring::secret(name, cancel) {
            Kept::Secret(secret) => Some(secret),
            Kept::Nothing => None,
            Kept::Unavailable => {
                tracing::info!("no keyring is open; what is kept there is not known");
                None
            }
        }
    }

    /// Forgets the password of a server, also in the keyring.
    pub(crate) fn forget(&self, server: &Server, cancel: &Cancel) {
        self.said().remove(server);
        if self.keyring {
            keyring::forget(&server.to_string(), cancel);
        }
    }

    fn said_password(&self, server: &Server) -> Result<Option<Sensitive<String>>> {
        match (self.said_of(server).or_else(|| self.variable.clone()), &self.file) {
            (Some(password), _) => Ok(Some(password)),
            (None, Some(file)) => of_file(file).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// Says that a server wants a password, where it was asked without one and refused.
pub(crate) fn wanted(login: &Login, error: Error) -> Error {
    if error.code() != Code::SourceDenied || login.password.is_some() {
        return error;
    }
    Error::new(Code::SourceDenied, format!("{} wants a password, and none is known.", login.server))
        .hint(format!(
            "Say it in {PASSWORD_VARIABLE}, or in a file that only you can read and {FILE_VARIABLE} names, or keep it in the keyring \
             with `sheaf sync SOURCE --keep-password`. Where no keyring is open, what is kept there is not known."
        ))
        .cause(error)
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
        credentials.login(server(), &Cancel::new()).expect("a login").password.map(Sensitive::into_inner)
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
        let shown = format!("{credentials:?} {:?}", credentials.login(server(), &Cancel::new()));
        assert!(["variable", "said\"", "other"].iter().all(|secret| !shown.contains(secret)), "{shown}");
    }

    #[test]
    fn a_file_of_a_password_is_this_accounts_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("password");
        let refused = || Credentials::in_file(&path).login(server(), &Cancel::new()).expect_err("refused");
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
        let error = Credentials::in_file(dir.path()).login(server(), &Cancel::new()).expect_err("a folder");
        assert_eq!(error.code(), Code::PasswordUnusable, "{error}");
    }
}
