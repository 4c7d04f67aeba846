//! Some images from all over a folder, looked at once, and what each way to read paths makes of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;
use sheaf_registry::rows::Kind;

use super::look::{self, Looked, What};
use super::people::{Patients, People};
use super::preview::Previewed;
use super::stage::Item;
use super::walk::{Entry, Spread};
use super::{Folder, Layout, item, place};
use crate::report::Oddities;

/// Files that are looked at before the next ones are listed.
const BATCH: usize = 64;
/// Files that are looked at for a sample, images or not.
const FAR: usize = 5000;
/// How long is looked for more images once there are some.
const PATIENCE: Duration = Duration::from_secs(3);

/// Images of a folder.
pub struct Sample {
    slug: String,
    /// In the order of their paths.
    images: Vec<Looked>,
    more: bool,
}

/// What a sample would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// In the order of their paths.
    pub files: Vec<Previewed>,
    /// How many the pattern fits.
    pub fitting: usize,
    /// Whether the folder has more files.
    pub more: bool,
}

impl Sample {
    /// Looks at up to `most` images from all over the folder at `source`; at fewer where they are slow to come. Nothing is written.
    ///
    /// # Errors
    /// Those of [`super::sync`] that a folder has.
    pub fn take(source: &Path, most: usize, threads: usize, cancel: &Cancel) -> Result<Self> {
        let folder = Folder::open(source)?;
        let mut odd = Oddities::default();
        let mut spread = Spread::new(folder.walk(&[], &mut odd)?);
        let (mut images, mut seen, began): (Vec<Looked>, _, _) = (Vec::new(), 0, Instant::now());
        let mut more = true;
        while more && images.len() < most && seen < FAR && (images.is_empty() || began.elapsed() < PATIENCE) {
            cancel.check()?;
            let batch: Vec<Entry> =
                std::iter::from_fn(|| spread.next(&mut odd)).take(BATCH.min(most - images.len())).collect();
            more = !batch.is_empty();
            seen += batch.len();
            let looked = look::all(&folder.store, batch, threads);
            images.extend(looked.into_iter().filter(|looked| matches!(looked.what, What::Image { .. })));
        }
        more = more && spread.next(&mut odd).is_some();
        images.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { slug: folder.slug, images, more })
    }

    /// What the images would be. Whose they are may still be said by other files of their folders.
    pub fn read(&self, layout: &Layout) -> Sampled {
        let (mut odd, mut people) = (Oddities::default(), People::default());
        let read = |looked: &Looked| {
            let item = item(looked.clone(), layout, &self.slug, &mut people, &mut odd)?;
            let parts: Vec<&str> = item.path.split('/').collect();
            Some((place::place(layout, &parts).map(|place| place.folders), item))
        };
        let items: Vec<_> = self.images.iter().filter_map(read).collect();
        let patients = people.resolved(&mut odd);
        let files: Vec<_> = items.into_iter().map(|(said, item)| previewed(said, item, &people, &patients)).collect();
        Sampled { fitting: files.iter().filter(|file| file.fits).count(), files, more: self.more }
    }

    /// Of how many images this says something that can be meant, and how likely it is that it is: a word for raw or processed is
    /// what `{kind}` is for, and no modality; and where there are many images, there are several patients.
    pub fn told_by(&self, layout: &Layout) -> (usize, usize) {
        let mut patients = BTreeSet::new();
        let (mut fitting, mut likely) = (0, 0);
        for looked in &self.images {
            let parts: Vec<&str> = looked.path.split('/').collect();
            let Some(place) = place::place(layout, &parts) else { continue };
            if place.kind == Some(Kind::Other)
                || place.modality.as_deref().is_some_and(|word| place::kind_of(word).is_some())
            {
                continue;
            }
            fitting += 1;
            likely +=
                usize::from(place::is_patient(&place.patient) || place.patient.bytes().all(|byte| byte.is_ascii_digit()));
            patients.insert(place.patient);
        }
        (fitting, (fitting + likely) * patients.len())
    }
}

/// What a file would be; `said` are the folders around its patient, `None` where the pattern does not fit.
pub(super) fn previewed(said: Option<Vec<String>>, item: Item, people: &People, patients: &Patients) -> Previewed {
    let patient = patients.of(item.claim).map(|at| &patients.all[at]);
    Previewed {
        format: item.format.into_owned(),
        fits: said.is_some(),
        project: people.project(item.claim).to_owned(),
        folders: said.unwrap_or_default(),
        patient: patient.map(|patient| patient.id.clone()).unwrap_or_default(),
        modality: item.modality,
        kind: item.kind.as_str(),
        path: item.path,
    }
}
