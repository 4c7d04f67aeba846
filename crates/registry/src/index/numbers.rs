//! Numbers about sets of patients: facets, the estimate of an export, who lacks what, completeness.

use roaring::RoaringBitmap;

use crate::ids::{ModalityId, PatientId, TagId};
use crate::rows::Kind;

use super::view::{Scope, View};

/// What the patients of a scope have. A content or tag that no visible patient has is not listed; one that nobody in the scope
/// has is listed with zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets<'a> {
    /// By modality (natural order of slugs) and kind, whatever contents are chosen.
    pub contents: Vec<ContentFacet<'a>>,
    /// By tag, in natural order of their names.
    pub tags: Vec<TagFacet<'a>>,
}

/// Patients, files and bytes of one modality and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentFacet<'a> {
    /// Row id of the modality.
    pub modality: ModalityId,
    /// Its short name.
    pub slug: &'a str,
    /// Its long name.
    pub name: &'a str,
    /// Raw, processed or other.
    pub kind: Kind,
    /// Patients that have any.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Patients of one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFacet<'a> {
    /// Row id.
    pub tag: TagId,
    /// Name.
    pub name: &'a str,
    /// Patients that have it.
    pub patients: u64,
    /// Bytes of their chosen contents.
    pub bytes: u64,
}

/// A tag to choose, with those who match the filter but for its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagChoice<'a> {
    /// Row id.
    pub tag: TagId,
    /// Name.
    pub name: &'a str,
    /// Patients that have it.
    pub patients: u64,
}

/// A modality to choose, with those who match the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModalityChoice<'a> {
    /// Row id.
    pub modality: ModalityId,
    /// Its short name.
    pub slug: &'a str,
    /// Its long name.
    pub name: &'a str,
    /// Patients that have any of it in the chosen kinds, each counted once.
    pub patients: u64,
    /// By kind, whatever kinds are chosen.
    pub kinds: Vec<ContentFacet<'a>>,
}

/// What an export of the selection would hold, as registered: the chosen contents of those selected patients that the viewer
/// may export, also of those hidden by the filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimate<'a> {
    /// Selected patients that may be exported.
    pub selected: u64,
    /// Selected patients that the viewer sees, but may not export. They count nowhere else.
    pub forbidden: u64,
    /// Patients with at least one file.
    pub patients: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// By modality and kind; only what has files.
    pub contents: Vec<ContentFacet<'a>>,
    /// Chosen modalities that some of the patients have no file of. Where all modalities are chosen, those that none of the
    /// patients has are not missed.
    pub lacking: Vec<LackingCount<'a>>,
}

/// How many selected patients have no file of a chosen modality and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LackingCount<'a> {
    /// Row id of the modality.
    pub modality: ModalityId,
    /// Its short name.
    pub slug: &'a str,
    /// Patients.
    pub patients: u64,
}

/// Who has which of the chosen contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness<'a> {
    /// The columns: chosen modalities that any visible patient has.
    pub modalities: Vec<ModalityTotal<'a>>,
    /// How many patients there are in all.
    pub total: u64,
    /// The patients that were asked for, in the order of the tree.
    pub rows: Vec<CompletenessRow<'a>>,
}

/// One column of [`Completeness`], over all patients of the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModalityTotal<'a> {
    /// Row id of the modality.
    pub modality: ModalityId,
    /// Its short name.
    pub slug: &'a str,
    /// Patients that have any file of it.
    pub patients: u64,
    /// Files.
    pub files: u64,
}

/// One patient of [`Completeness`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletenessRow<'a> {
    /// Row id.
    pub patient: PatientId,
    /// The id that users know.
    pub patient_id: &'a str,
    /// Files by modality, in the order of [`Completeness::modalities`].
    pub files: Vec<u64>,
}

/// Patients, files and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    patients: u64,
    files: u64,
    bytes: u64,
}

impl View {
    /// What the patients of a scope have.
    pub fn facets(&self, scope: Scope) -> Facets<'_> {
        let (sums, _) = self.sums(self.set(scope), |_| true);
        Facets {
            contents: self.visible_columns().map(|column| self.content_facet(column, sums[column])).collect(),
            tags: self.tag_facets(scope),
        }
    }

    /// The short name of a modality that any visible patient has.
    pub fn slug(&self, modality: ModalityId) -> Option<&str> {
        let at = self.index.find_modality(modality)?;
        self.visible_columns()
            .any(|column| self.index.columns[column].modality == at)
            .then(|| &*self.index.modalities[at].slug)
    }

    /// The modalities that any visible patient has, in natural order of their slugs, with what those who match have of them.
    /// One that nobody who matches has is listed with zeros. A change of the selection does not change them.
    pub fn modality_choices(&self) -> Vec<ModalityChoice<'_>> {
        let sums = self.derived.sums.get_or_init(|| self.sums(&self.matching, |_| true).0);
        let mut choices: Vec<ModalityChoice<'_>> = Vec::new();
        for column in self.visible_columns() {
            let at = self.index.columns[column].modality;
            let modality = &self.index.modalities[at];
            if choices.last().is_none_or(|choice| choice.modality != modality.id) {
                let patients = self.index.count(&(&self.matching & self.having(at)));
                let (modality, slug, name) = (modality.id, modality.slug.as_str(), modality.name.as_str());
                choices.push(ModalityChoice { modality, slug, name, patients, kinds: Vec::new() });
            }
            if let Some(choice) = choices.last_mut() {
                choice.kinds.push(self.content_facet(column, sums[column]));
            }
        }
        choices
    }

    /// The tags that any visible patient has, in natural order of their names, with how many have them of those who match the
    /// filter but for its tags: a tag that was chosen takes no other away.
    pub fn tag_choices(&self) -> Vec<TagChoice<'_>> {
        let visible = self.index.tags.iter().filter(|column| !column.set.is_disjoint(&self.visible));
        let choice = |column: &'_ super::structure::TagColumn| self.index.count(&(&column.set & &self.untagged));
        visible.map(|column| TagChoice { tag: column.tag.id, name: &column.tag.name, patients: choice(column) }).collect()
    }

    /// What an export of the selection would hold.
    pub fn estimate(&self) -> Estimate<'_> {
        let exported = &self.selected & &self.exportable;
        let (sums, patients) = self.sums(&exported, |column| self.chosen[column]);
        let selected = self.index.count(&exported);
        Estimate {
            selected,
            forbidden: self.index.count(&self.selected) - selected,
            patients,
            files: sums.iter().map(|sum| sum.files).sum(),
            bytes: sums.iter().map(|sum| sum.bytes).sum(),
            contents: (0..sums.len())
                .filter(|&column| sums[column].files > 0)
                .map(|column| self.content_facet(column, sums[column]))
                .collect(),
            lacking: self.lacking(&exported),
        }
    }

    /// The patients of the estimate without a file of a modality in the chosen kinds, by ascending row id.
    pub fn lacking_patients(&self, modality: ModalityId) -> Vec<PatientId> {
        let exported = &self.selected & &self.exportable;
        let lacking = match self.index.find_modality(modality) {
            Some(at) => exported - self.having(at),
            None => exported,
        };
        self.ids(&lacking)
    }

    /// The patients of the estimate without a file of any chosen modality, by ascending row id.
    pub fn empty_patients(&self) -> Vec<PatientId> {
        let exported = &self.selected & &self.exportable;
        let has_any = |patient: u32| self.index.entries_of(patient).any(|entry| self.chosen[entry.column]);
        let patients = self.index.patients_in(&exported).filter(|&patient| !has_any(patient));
        let mut ids: Vec<PatientId> = patients.map(|at| self.index.patients[at as usize].id).collect();
        ids.sort_unstable();
        ids
    }

    /// The selected patients that may be looked at only, by ascending row id.
    pub fn forbidden_patients(&self) -> Vec<PatientId> {
        self.ids(&(&self.selected - &self.exportable))
    }

    /// Who has which of the chosen contents: totals of a scope, and the patients from `offset` on, at most `limit`.
    pub fn completeness(&self, scope: Scope, offset: u64, limit: usize) -> Completeness<'_> {
        let index = &*self.index;
        let set = self.set(scope);
        let (sums, _) = self.sums(set, |column| self.chosen[column]);
        let mut shown: Vec<usize> = self.visible_columns().filter(|&column| self.chosen[column]).collect();
        shown.dedup_by_key(|column| index.columns[*column].modality);
        let shown: Vec<usize> = shown.into_iter().map(|column| index.columns[column].modality).collect();
        // The place of each column of the index in a row of the table.
        let place: Vec<Option<usize>> = (0..index.columns.len())
            .map(|column| shown.binary_search(&index.columns[column].modality).ok().filter(|_| self.chosen[column]))
            .collect();
        let mut files = vec![0; shown.len()];
        for (place, sum) in place.iter().zip(&sums) {
            if let Some(place) = place {
                files[*place] += sum.files;
            }
        }
        let total = |(modality, files): (&usize, u64)| ModalityTotal {
            modality: index.modalities[*modality].id,
            slug: &index.modalities[*modality].slug,
            patients: index.count(&(set & self.having(*modality))),
            files,
        };
        let first = if index.repeats.is_empty() { set.clone() } else { set & &index.first };
        let page = (offset..first.len()).take(limit).filter_map(|rank| first.select(u32::try_from(rank).ok()?));
        let row = |ordinal: u32| {
            let patient = index.patient_at[ordinal as usize];
            let mut files = vec![0; shown.len()];
            for entry in index.entries_of(patient) {
                if let Some(place) = place[entry.column] {
                    files[place] += entry.files;
                }
            }
            let row = &index.patients[patient as usize];
            CompletenessRow { patient: row.id, patient_id: &row.patient_id, files }
        };
        Completeness {
            modalities: shown.iter().zip(files).map(total).collect(),
            total: first.len(),
            rows: page.map(row).collect(),
        }
    }

    /// Sums of a closed set by column, over the columns that count; and how many patients have any of them.
    fn sums(&self, set: &RoaringBitmap, counts: impl Fn(usize) -> bool) -> (Vec<Sum>, u64) {
        let counted: Vec<bool> = (0..self.index.columns.len()).map(counts).collect();
        let mut sums = vec![Sum::default(); counted.len()];
        let mut patients = 0;
        for patient in self.index.patients_in(set) {
            let mut any = false;
            for entry in self.index.entries_of(patient).filter(|entry| counted[entry.column]) {
                let sum = &mut sums[entry.column];
                sum.patients += 1;
                sum.files += entry.files;
                sum.bytes += entry.bytes;
                any = true;
            }
            patients += u64::from(any);
        }
        (sums, patients)
    }

    fn content_facet(&self, column: usize, sum: Sum) -> ContentFacet<'_> {
        let column = &self.index.columns[column];
        let modality = &self.index.modalities[column.modality];
        ContentFacet {
            modality: modality.id,
            slug: &modality.slug,
            name: &modality.name,
            kind: column.kind,
            patients: sum.patients,
            files: sum.files,
            bytes: sum.bytes,
        }
    }

    fn tag_facets(&self, scope: Scope) -> Vec<TagFacet<'_>> {
        let bytes_at = self.bytes_at();
        let visible = self.index.tags.iter().filter(|column| !column.set.is_disjoint(&self.visible));
        let facet = |column: &'_ super::structure::TagColumn| {
            let mut having = &column.set & self.set(scope);
            if !self.index.repeats.is_empty() {
                having &= &self.index.first;
            }
            (having.len(), having.iter().map(&bytes_at).sum())
        };
        visible
            .map(|column| {
                let (patients, bytes) = facet(column);
                TagFacet { tag: column.tag.id, name: &column.tag.name, patients, bytes }
            })
            .collect()
    }

    fn lacking(&self, exported: &RoaringBitmap) -> Vec<LackingCount<'_>> {
        let missed = |at: usize, modality: ModalityId| match &self.contents.modalities {
            Some(wanted) => wanted.contains(&modality),
            None => !exported.is_disjoint(&self.having(at)),
        };
        let modalities = self.index.modalities.iter().enumerate();
        modalities
            .filter(|&(at, modality)| missed(at, modality.id))
            .map(|(at, modality)| LackingCount {
                modality: modality.id,
                slug: &modality.slug,
                patients: self.index.count(&(exported - self.having(at))),
            })
            .filter(|lacking| lacking.patients > 0)
            .collect()
    }

    /// Those who have a modality in the chosen kinds.
    fn having(&self, modality: usize) -> RoaringBitmap {
        let columns = self.index.columns.iter().filter(|column| column.modality == modality);
        let chosen = columns.filter(|column| self.contents.kind.includes(column.kind));
        chosen.fold(RoaringBitmap::new(), |all, column| all | &column.set)
    }

    /// Columns that any visible patient has.
    pub(super) fn visible_columns(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.index.columns.len()).filter(|&column| !self.index.columns[column].set.is_disjoint(&self.visible))
    }
}
