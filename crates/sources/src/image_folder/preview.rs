//! What the first files of a folder would be, for whoever tries a pattern.

use std::path::Path;

use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;

use super::look;
use super::people::People;
use super::sample::previewed;
use super::walk::Entry;
use super::{BATCH, Folder, Format, Layout, item, place};
use crate::report::Oddities;

/// Files that are looked at before it is said that there are no more images.
const FAR: usize = 20_000;

/// The first files of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The images, in the order of their paths.
    pub files: Vec<Previewed>,
    /// Whether there may be more.
    pub more: bool,
}

/// What a file would be. Whose it is may still be said by other files of its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previewed {
    /// Path in the folder.
    pub path: String,
    /// Its format.
    pub format: String,
    /// Whether the pattern fits.
    pub fits: bool,
    /// Slug of its project.
    pub project: String,
    /// Folders around its patient.
    pub folders: Vec<String>,
    /// The patient; empty where neither path nor header name one.
    pub patient: String,
    /// Its modality.
    pub modality: String,
    /// Raw, processed or other.
    pub kind: &'static str,
}

/// Looks at the first `most` images of the folder at `source`; nothing is written.
///
/// # Errors
/// Those of [`super::sync`] that a folder has.
pub fn preview(source: &Path, layout: &Layout, most: usize, cancel: &Cancel) -> Result<Preview> {
    let folder = Folder::open(source)?;
    let (mut odd, mut files, mut seen) = (Oddities::default(), Vec::new(), 0);
    let mut walk = folder.walk(&[], &mut odd)?;
    while files.len() < most && seen < FAR {
        cancel.check()?;
        let batch: Vec<Entry> = std::iter::from_fn(|| walk.next(&mut odd)).take(BATCH.min(most.max(16))).collect();
        if batch.is_empty() {
            return Ok(Preview { files, more: false });
        }
        seen += batch.len();
        for looked in look::all(&folder.store, batch, 1) {
            let parts: Vec<&str> = looked.path.split('/').collect();
            let said = place::place(layout, &parts).map(|place| place.folders);
            // Of this file alone.
            let mut people = People::default();
            let Some(item) = item(looked, layout, &folder.slug, &mut people, &mut odd) else { continue };
            if !Format::ALL.iter().any(|format| format.as_str() == item.format) {
                continue;
            }
            let patients = people.resolved(&mut odd);
            files.push(previewed(said, item, &people, &patients));
        }
    }
    let more = files.len() > most || walk.next(&mut odd).is_some();
    files.truncate(most);
    Ok(Preview { files, more })
}
