//! What one person looks at: the patients that they may read, the filter, the contents, and what follows from them.

use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;

use crate::access::Viewer;
use crate::error::{Code, Error, Result};
use crate::ids::{FolderId, ModalityId, PatientId, TagId};
use crate::rows::Kind;
use crate::selection::{KindChoice, TagMode};

use super::forest::ROOT;
use super::numbers::Sum;
use super::ranked::Ranked;
use super::structure::Index;
use super::text_column::fold_query;
use super::tree::Layout;

/// What someone may do with a patient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing: the patient does not exist for them.
    #[default]
    None,
    /// Look.
    Read,
    /// Look and export.
    Export,
}

/// What narrows the patients that are shown. The default narrows nothing; the parts narrow together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Tags; empty: any patient. A tag that nobody visible has is like a tag that does not exist: nobody has it.
    pub tags: Vec<TagId>,
    /// How several tags narrow.
    pub tag_mode: TagMode,
    /// Only patients that have files of every one of these.
    pub modalities: Vec<ModalityId>,
    /// Which kinds of files count for `modalities`.
    pub kind: KindChoice,
    /// Only patients whose id or name, or the name of a folder around them, contains this text (case folded, NFC, blanks
    /// around it ignored).
    pub text: String,
    /// Only these patients: a pasted list, those hidden by a former filter, those who lack a modality.
    pub among: Option<Vec<PatientId>>,
}

/// Which contents count in bytes, files and estimates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Modalities; `None`: all of them.
    pub modalities: Option<Vec<ModalityId>>,
    /// Raw, processed or both.
    pub kind: KindChoice,
}

/// Which patients a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that the viewer may read.
    Visible,
    /// Those that match the filter.
    Matching,
    /// Those that are selected, also the ones that the filter hides.
    Selected,
}

/// How many patients, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that the viewer may read.
    pub visible: u64,
    /// Those that match the filter.
    pub matching: u64,
    /// Those that are selected.
    pub selected: u64,
    /// Those that are selected, but hidden by the filter.
    pub hidden: u64,
}

/// One person's look at an [`Index`]: filter, contents, open folders and selection. Changing it costs microseconds; what
/// follows from a change is worked out when it is asked for, once.
#[derive(Debug)]
pub struct View {
    pub(super) index: Arc<Index>,
    /// Closed sets of ordinals, like all sets here.
    pub(super) visible: RoaringBitmap,
    pub(super) exportable: RoaringBitmap,
    pub(super) matching: RoaringBitmap,
    /// Those who match the filter but for its tags.
    pub(super) untagged: RoaringBitmap,
    pub(super) selected: RoaringBitmap,
    pub(super) filter: Filter,
    pub(super) contents: Contents,
    /// For each column of the index, whether `contents` reaches it.
    pub(super) chosen: Vec<bool>,
    /// Open folders, by node.
    pub(super) expanded: RoaringBitmap,
    /// What follows, until a change takes it away.
    pub(super) derived: Derived,
}

/// What follows from the state of a view, each made at first use.
#[derive(Debug, Default)]
pub(super) struct Derived {
    /// Bytes of the chosen contents, by patient.
    pub(super) bytes: OnceLock<Vec<u64>>,
    /// The matching ordinals with their bytes.
    pub(super) matching: OnceLock<Ranked>,
    /// The ordinals that are selected and match, with their bytes.
    pub(super) selected: OnceLock<Ranked>,
    /// The flattened tree.
    pub(super) layout: OnceLock<Layout>,
    /// What those who match have, by column.
    pub(super) sums: OnceLock<Vec<Sum>>,
}

impl View {
    /// A look at the index by someone whose rights `access` tells. Nothing is selected, no folder is open.
    pub fn new(index: Arc<Index>, access: impl Fn(PatientId) -> Access) -> Self {
        let rights: Vec<Access> = index.patients.iter().map(|patient| access(patient.id)).collect();
        let at_least = |wanted| {
            let allowed = (0_u32..).zip(&rights).filter(move |right| *right.1 >= wanted);
            index.set_of(allowed.map(|(patient, _)| patient))
        };
        let visible = at_least(Access::Read);
        let mut view = Self {
            exportable: at_least(Access::Export),
            matching: visible.clone(),
            untagged: visible.clone(),
            visible,
            selected: RoaringBitmap::new(),
            filter: Filter::default(),
            contents: Contents::default(),
            chosen: Vec::new(),
            expanded: RoaringBitmap::new(),
            derived: Derived::default(),
            index,
        };
        view.set_contents(Contents::default());
        view
    }

    /// A look with the rights of a registry's viewer at an index that was loaded for them, or for someone with the same
    /// rights to read.
    ///
    /// # Errors
    /// `INTERNAL` where the index was loaded for someone with other rights, who may see patients in other folders.
    pub fn for_viewer(index: Arc<Index>, viewer: &Viewer) -> Result<Self> {
        if index.loaded_for.as_ref().is_none_or(|(project, placements)| viewer.placements(*project) != *placements) {
            return Err(Error::new(Code::Internal, "The index of one viewer was used for another."));
        }
        Ok(Self::new(index, |patient| {
            if viewer.may_export().contains(patient) {
                Access::Export
            } else if viewer.may_read().contains(patient) {
                Access::Read
            } else {
                Access::None
            }
        }))
    }

    /// Goes on where another view stopped, as after a sync, when the registry was loaded anew and the rights were read anew:
    /// filter, contents, open folders and selection come along by row ids, as far as they still exist and may be read.
    pub fn resume(&mut self, before: &View) {
        self.set_contents(before.contents.clone());
        self.set_filter(before.filter.clone());
        self.select_ids(&before.selected_ids());
        self.expand_all(false);
        for folder in before.expanded.iter().filter_map(|node| before.index.node(node).id) {
            self.expand(folder, true);
        }
    }

    /// The index that is looked at.
    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Narrows what is shown. Selection and open folders stay.
    pub fn set_filter(&mut self, filter: Filter) {
        self.untagged = self.untagged_of(&filter);
        self.matching = self.tagged_of(self.untagged.clone(), &filter);
        self.filter = filter;
        self.derived.sums = OnceLock::new();
        self.derived.matching = OnceLock::new();
        self.derived.selected = OnceLock::new();
        self.derived.layout = OnceLock::new();
    }

    /// The contents that count.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The kinds that a first look asks for: processed files and, where no visible patient has any, what they have.
    pub fn usual_kind(&self) -> KindChoice {
        let has = |kind| self.visible_columns().any(|column| self.index.columns[column].kind == kind);
        match (has(Kind::Processed), has(Kind::Raw), has(Kind::Other)) {
            (true, ..) | (_, false, false) => KindChoice::Processed,
            (_, true, false) => KindChoice::Raw,
            (.., true) => KindChoice::Both,
        }
    }

    /// Chooses the contents that count. Which patients are shown or selected stays.
    pub fn set_contents(&mut self, contents: Contents) {
        let index = &self.index;
        let reached = |column: &super::structure::ContentColumn| {
            let modality = index.modalities[column.modality].id;
            let wanted = contents.modalities.as_ref().is_none_or(|wanted| wanted.contains(&modality));
            wanted && contents.kind.includes(column.kind)
        };
        self.chosen = index.columns.iter().map(reached).collect();
        self.contents = contents;
        self.derived.bytes = OnceLock::new();
        self.derived.matching = OnceLock::new();
        self.derived.selected = OnceLock::new();
    }

    /// How many patients there are to see.
    pub fn counts(&self) -> Counts {
        let selected = self.index.count(&self.selected);
        Counts {
            visible: self.index.count(&self.visible),
            matching: self.index.count(&self.matching),
            selected,
            hidden: selected - self.index.count(&(&self.selected & &self.matching)),
        }
    }

    /// Opens or closes a folder of the tree. One that is not visible is ignored.
    pub fn expand(&mut self, folder: FolderId, open: bool) {
        let Some(node) = self.visible_node(folder) else { return };
        if open {
            self.expanded.insert(node);
        } else {
            self.expanded.remove(node);
        }
        self.derived.layout = OnceLock::new();
    }

    /// Opens or closes all folders of the tree.
    pub fn expand_all(&mut self, open: bool) {
        self.expanded.clear();
        if open {
            self.expanded.insert_range(ROOT + 1..node_count(&self.index));
        }
        self.derived.layout = OnceLock::new();
    }

    /// The ordinals of a scope.
    pub(super) fn set(&self, scope: Scope) -> &RoaringBitmap {
        match scope {
            Scope::Visible => &self.visible,
            Scope::Matching => &self.matching,
            Scope::Selected => &self.selected,
        }
    }

    /// The node of a folder that holds anyone visible.
    pub(super) fn visible_node(&self, folder: FolderId) -> Option<u32> {
        let node = self.index.find_folder(folder)?;
        (self.visible.range_cardinality(self.index.interval(node)) > 0).then_some(node)
    }

    /// The position of a patient that is visible.
    pub(super) fn visible_patient(&self, id: PatientId) -> Option<u32> {
        let patient = self.index.find_patient(id)?;
        self.visible.contains(self.index.ordinals_of(patient)[0]).then_some(patient)
    }

    /// Bytes of the chosen contents at an ordinal.
    pub(super) fn bytes_at(&self) -> impl Fn(u32) -> u64 + '_ {
        let bytes = self.derived.bytes.get_or_init(|| {
            let of =
                |patient| self.index.entries_of(patient).filter(|entry| self.chosen[entry.column]).map(|entry| entry.bytes);
            (0_u32..).take(self.index.patients.len()).map(|patient| of(patient).sum()).collect()
        });
        move |ordinal| bytes[self.index.patient_at[ordinal as usize] as usize]
    }

    pub(super) fn matching_ranked(&self) -> &Ranked {
        self.derived.matching.get_or_init(|| Ranked::new(&self.matching, self.index.len(), self.bytes_at()))
    }

    pub(super) fn selected_ranked(&self) -> &Ranked {
        let shown = || &self.selected & &self.matching;
        self.derived.selected.get_or_init(|| Ranked::new(&shown(), self.index.len(), self.bytes_at()))
    }

    /// Those whose id or name, or the name of a folder around them, contains the folded text.
    pub(super) fn containing(&self, folded: &str) -> RoaringBitmap {
        let index = &self.index;
        let mut set = index.set_of(index.patient_text.containing(folded));
        let mut in_folders = RoaringBitmap::new();
        for node in index.folder_text.containing(folded) {
            in_folders.insert_range(index.interval(node));
        }
        index.close(&mut in_folders);
        set |= in_folders;
        set
    }

    /// Those of a set who match the tags of a filter.
    fn tagged_of(&self, mut matching: RoaringBitmap, filter: &Filter) -> RoaringBitmap {
        let index = &self.index;
        let tagged = |tag: &TagId| index.find_tag(*tag).map(|column| &column.set);
        if !filter.tags.is_empty() {
            match filter.tag_mode {
                TagMode::All => {
                    for tag in &filter.tags {
                        match tagged(tag) {
                            Some(set) => matching &= set,
                            None => matching.clear(),
                        }
                    }
                }
                TagMode::Any => matching &= union(filter.tags.iter().filter_map(tagged)),
                TagMode::None => filter.tags.iter().filter_map(tagged).for_each(|set| matching -= set),
            }
        }
        matching
    }

    /// Those visible who match everything else of a filter.
    fn untagged_of(&self, filter: &Filter) -> RoaringBitmap {
        let index = &self.index;
        let mut matching = self.visible.clone();
        for wanted in &filter.modalities {
            let modality = index.find_modality(*wanted);
            let columns = index.columns.iter().filter(|column| Some(column.modality) == modality);
            matching &= union(columns.filter(|column| filter.kind.includes(column.kind)).map(|column| &column.set));
        }
        if let Some(among) = &filter.among {
            matching &= index.set_of(among.iter().filter_map(|&id| index.find_patient(id)));
        }
        let text = fold_query(&filter.text);
        if !text.is_empty() {
            matching &= self.containing(&text);
        }
        matching
    }
}

pub(super) fn node_count(index: &Index) -> u32 {
    u32::try_from(index.nodes.len()).expect("checked when the index was built")
}

fn union<'a>(sets: impl Iterator<Item = &'a RoaringBitmap>) -> RoaringBitmap {
    sets.fold(RoaringBitmap::new(), |all, set| all | set)
}
