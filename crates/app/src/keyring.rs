//! The keyring of the desktop, where the passwords of servers and the keys of buckets can be kept, under the names by which these are
//! known.
//!
//! Every question goes to a thread of its own: a keyring that is locked asks its user, who may be away. Where there is none (no
//! desktop, no bus), that is said, and nothing else changes.

use std::time::Duration;

use keyring::v1::{Entry, Error as KeyringError};
use sheaf_registry::progress::Cancel;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};

use crate::patience::ask;

/// Under which the keyring lists what is Sheaf's.
const SERVICE: &str = "sheaf";
/// How long its user may take to open it.
const UNLOCKING: Duration = Duration::from_mins(1);

/// What the keyring says of a server or a bucket.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Its secret.
    Secret(Sensitive<String>),
    /// It is not in there.
    Nothing,
    /// There is no keyring, or it was not opened.
    Unavailable,
}

/// The secret that is kept under a name.
pub(crate) fn secret(name: &str, cancel: &Cancel) -> Kept {
    match question(name, cancel, Entry::get_password) {
        Ok(secret) => Kept::Secret(Sensitive::new(secret)),
        Err(Some(KeyringError::NoEntry)) => Kept::Nothing,
        Err(_) => Kept::Unavailable,
    }
}

/// Keeps a secret under a name, in place of one that is kept.
pub(crate) fn keep(name: &str, secret: &Sensitive<String>, cancel: &Cancel) -> Result<()> {
    let secret = secret.clone();
    question(name, cancel, move |entry| entry.set_password(secret.expose())).map_err(|_| {
        Error::new(Code::DesktopUnavailable, "The password was not kept: there is no keyring here, or it was not opened.")
            .hint("Say it each time in the environment or in a file, or start a keyring such as GNOME Keyring or KWallet.")
    })
}

/// Forgets the secret of a name, where one is kept. What cannot be asked keeps what it has.
pub(crate) fn forget(name: &str, cancel: &Cancel) {
    let _ = question(name, cancel, Entry::delete_credential);
}

/// Asks the keyring; an error is its own, or `None` where it does not answer.
fn question<T: Send + 'static>(
    name: &str,
    cancel: &Cancel,
    question: impl FnOnce(&Entry) -> keyring::v1::Result<T> + Send + 'static,
) -> std::result::Result<T, Option<KeyringError>> {
    let name = name.to_owned();
    match ask(UNLOCKING, cancel, move |_| Entry::new(SERVICE, &name).and_then(|entry| question(&entry))) {
        Some(answer) => answer.map_err(Some),
        None => Err(None),
    }
}
