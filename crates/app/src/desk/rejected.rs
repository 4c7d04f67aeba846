//! Tables that the user brings to the open registry, and the rows of the last one that were rejected.

use std::path::PathBuf;

use sheaf_registry::Result;

use super::exports::Saved;
use super::native::SaveQuestion;
use super::registries::nothing_open;
use super::{Desk, FileQuestion, Nothing};
use crate::sheets::written;

pub use crate::sheets::{RejectedReason, RejectedRow};

/// Most rejected rows that a page gets; all of them are copied and saved.
const MOST_SHOWN: usize = 1000;

/// Those of the rejected rows that a page gets.
pub(super) fn first_rejected(rows: &[RejectedRow]) -> Vec<RejectedRow> {
    rows.iter().take(MOST_SHOWN).copied().collect()
}

impl Desk {
    /// Lets the user choose a table; `None` when the dialog was closed.
    pub(super) fn choose_table(&self, title: &str) -> Option<PathBuf> {
        let endings = ["xlsx", "csv", "tsv", "txt"].map(ToOwned::to_owned).to_vec();
        let kind = Some((self.language().tables().to_owned(), endings));
        self.native.choose_file(&FileQuestion { title: title.to_owned(), kind, folder: None })
    }

    /// Puts the rows that were rejected the last time on the clipboard, as a table.
    pub fn copy_rejected(&self, _: Nothing) -> Result<Nothing> {
        self.native.copy(&String::from_utf8_lossy(&self.rejected(b'\t')?))?;
        Ok(Nothing {})
    }

    /// Saves them as CSV where the user wants it; `null` when the dialog was closed.
    pub fn save_rejected(&self, _: Nothing) -> Result<Option<Saved>> {
        let table = self.rejected(b',')?;
        let registry = self.opened().as_ref().ok_or_else(nothing_open)?.path.clone();
        let question = SaveQuestion {
            title: self.language().save_rejected().to_owned(),
            file_name: "rejected_rows.csv".to_owned(),
            folder: None,
        };
        self.save_list(&question, &registry, &table)
    }

    fn rejected(&self, mark: u8) -> Result<Vec<u8>> {
        written(&self.opened().as_ref().ok_or_else(nothing_open)?.rejected, mark)
    }
}
