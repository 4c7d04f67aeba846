//! Files that hold secrets.

use std::fs::Metadata;

/// Whether nobody but the owner of a file can read it, as far as permissions say that.
pub fn is_private(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        let others = std::os::unix::fs::MetadataExt::mode(metadata) & 0o077;
        others == 0
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        true
    }
}
