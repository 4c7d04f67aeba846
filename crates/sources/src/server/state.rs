//! What tells one state of a database from another: every value that was read of it, in order.

use sha2::{Digest as _, Sha256};
use sheaf_registry::hex;

/// Takes the values.
#[derive(Default)]
pub(crate) struct State(Sha256);

impl State {
    /// Adds a value, or that there is none, so that no other values give the same.
    pub(crate) fn add(&mut self, value: Option<&[u8]>) {
        let length = value.map_or(u64::MAX, |value| value.len() as u64);
        self.0.update(length.to_le_bytes());
        self.0.update(value.unwrap_or_default());
    }

    /// Of all of them. Another version of Sheaf may read the same values in another way.
    pub(crate) fn finish(self) -> String {
        format!("{}:{}", env!("CARGO_PKG_VERSION"), hex::encode(&self.0.finalize().into()))
    }
}
