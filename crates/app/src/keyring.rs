//! The keyring of the desktop, where the passwords of servers can be kept.
//!
//! Every question goes to a thread of its own: a keyring that is locked asks its user, who may be away. Where there is none (no
//! desktop, no bus), that is said, and nothing else changes.

use std::time::Duration;

use keyring::v1::{Entry, Error as KeyringError};
use sheaf_registry::progress::Cancel;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::server::Server;

use crate::patience::ask;

/// Under which the keyring lists what is Sheaf's.
const SERVICE: &str = "sheaf";
/// How long its user may take to open it.
const UNLOCKING: Duration = Duration::from_mins(1);

/// What the keyring says of a server.
#[derive(Debug)]
pub(crate) enum Kept {
    /// Its password.
    Password(Sensitive<String>),
    /// It is not in there.
    Nothing,
    /// There is no keyring, or it was not opened.
    Unavailable,
}

/// The password that is kept of a server.
pub(crate) fn password(server: &Server, cancel: &Cancel) -> Kept {
    match question(server, cancel, Entry::get_password) {
        Ok(password) => Kept::Password(Sensitive::new(password)),
        Err(Some(KeyringError::NoEntry)) => Kept::Nothing,
        Err(_) => Kept::Unavailable,
    }
}

/// Keeps the password of a server, in place of one that is kept.
pub(crate) fn keep(server: &Server, password: &Sensitive<String>, cancel: &Cancel) -> Result<()> {
    let password = password.clone();
    question(server, cancel, move |entry| entry.set_password(password.expose())).map_err(|_| {
        Error::new(Code::DesktopUnavailable, "The password was not kept: there is no keyring here, or it was not opened.")
            .hint("Say it each time in the environment or in a file, or start a keyring such as GNOME Keyring or KWallet.")
    })
}

/// Forgets the password of a server, where one is kept. What cannot be asked keeps what it has.
pub(crate) fn forget(server: &Server, cancel: &Cancel) {
    let _ = question(server, cancel, Entry::delete_credential);
}

/// Asks the keyring; an error is its own, or `None` where it does not answer.
fn question<T: Send + 'static>(
    server: &Server,
    cancel: &Cancel,
    question: impl FnOnce(&Entry) -> keyring::v1::Result<T> + Send + 'static,
) -> std::result::Result<T, Option<KeyringError>> {
    let name = server.to_string();
    match ask(UNLOCKING, cancel, move |_| Entry::new(SERVICE, &name).and_then(|entry| question(&entry))) {
        Some(answer) => answer.map_err(Some),
        None => Err(None),
    }
}
