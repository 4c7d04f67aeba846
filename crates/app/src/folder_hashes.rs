//! Checksums of a folder of images that are computed when there is time for it: which folders want them, and how they come into
//! what was read of the folder.
//!
//! That they are wanted is a file beside the copy, and so is what was computed: both go with the copy. Deliberately absent: when
//! they are computed (see `desk/hashing.rs`).

use std::path::{Path, PathBuf};

use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::{Code, Error, Result};
use sheaf_sources::image_folder::{self, HashOptions, Hashed};

use crate::copies::{alone, ledger};
use crate::folders::Watched;
use crate::house::House;

impl House {
    /// Whether checksums of this folder are wanted.
    pub(crate) fn wants_hashes(&self, folder: &Path) -> bool {
        wish(&self.copy_at(folder)).exists()
    }

    /// Notes that checksums of a folder that was read are wanted, or are not any longer. Those that are known stay.
    pub(crate) fn want_hashes(&self, folder: &Path, wanted: bool) -> Result<()> {
        let wish = wish(&self.copy_at(folder));
        let noted = if wanted { std::fs::write(&wish, "") } else { std::fs::remove_file(&wish) };
        match noted {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound || wanted => {
                Err(crate::home::unusable(self.home.dir(), &error))
            }
            _ => Ok(()),
        }
    }

    /// Computes the checksums that are not known yet and gives them to what was read of the folder; whether that has changed.
    /// Stopped in any way, it goes on where it was.
    pub(crate) fn hash_folder(
        &self,
        folder: &Path,
        observer: &dyn Observer,
        cancel: &Cancel,
        give_way: &(dyn Fn() + Sync),
    ) -> Result<Hashed> {
        let (copy, scratch) = (self.copy_at(folder), self.scratch()?);
        let ledger = ledger(&copy);
        // Some cores for whoever waits for an answer.
        let threads = self.environment.threads.div_ceil(2);
        let options = HashOptions { scratch: &scratch, threads, cancel, observer: &Watched(observer), give_way };
        let hashed = image_folder::hash(folder, &copy, &ledger, &options)?;
        let Some(_alone) = alone(&copy) else {
            // Whoever reads the folder now takes them, or the next one does.
            return Err(Error::new(Code::DbBusy, "The folder is being read by another process.")
                .hint("Its checksums are taken over the next time."));
        };
        image_folder::take_hashes(&copy, &ledger, &scratch)?;
        Ok(hashed)
    }

    /// How many files were found in a folder, and of how many a checksum is known.
    pub(crate) fn hash_counts(&self, folder: &Path) -> Result<(u64, u64)> {
        image_folder::hash_counts(&self.copy_at(folder), &self.scratch()?)
    }
}

fn wish(copy: &Path) -> PathBuf {
    copy.with_file_name("hashes.wanted")
}
