//! What the index should say, worked out the slow and obvious way: sets of row ids, recursion, whole lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{FolderId, ModalityId, PatientId, TagId};
use crate::index::{Access, Check, Contents, Filter, IndexInput, Item, Row, Target};
use crate::rows::Kind;
use crate::selection::{KindChoice, Selection, TagMode};
use crate::text::{fold, natural_cmp};

pub(super) type Ids = BTreeSet<i64>;

/// A row without borrowed texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlainRow {
    pub(super) level: u32,
    pub(super) position: u32,
    pub(super) set_size: u32,
    pub(super) check: Check,
    pub(super) item: PlainItem,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum PlainItem {
    Folder { id: i64, expanded: bool, patients: u64, selected: u64, bytes: u64, selected_bytes: u64 },
    Patient { id: i64, folder: Option<i64>, modalities: Vec<i64>, files: u64, bytes: u64, may_export: bool },
}

impl From<&Row<'_>> for PlainRow {
    fn from(row: &Row<'_>) -> Self {
        let item = match &row.item {
            Item::Folder(folder) => PlainItem::Folder {
                id: folder.id.0,
                expanded: folder.expanded,
                patients: folder.patients,
                selected: folder.selected,
                bytes: folder.bytes,
                selected_bytes: folder.selected_bytes,
            },
            Item::Patient(patient) => PlainItem::Patient {
                id: patient.id.0,
                folder: patient.folder.map(|folder| folder.0),
                modalities: patient.modalities.iter().map(|modality| modality.0).collect(),
                files: patient.files,
                bytes: patient.bytes,
                may_export: patient.may_export,
            },
        };
        Self { level: row.level, position: row.position, set_size: row.set_size, check: row.check, item }
    }
}

#[derive(Clone)]
pub(super) struct Model {
    input: IndexInput,
    access: BTreeMap<i64, Access>,
    parent: BTreeMap<i64, Option<i64>>,
    pub(super) filter: Filter,
    pub(super) contents: Contents,
    pub(super) expanded: Ids,
    pub(super) selected: Ids,
}

impl Model {
    pub(super) fn new(input: IndexInput, access: BTreeMap<i64, Access>) -> Self {
        let known: Ids = input.folders.iter().map(|folder| folder.id.0).collect();
        let given: BTreeMap<i64, Option<i64>> = input
            .folders
            .iter()
            .map(|folder| (folder.id.0, folder.parent.map(|parent| parent.0).filter(|parent| known.contains(parent))))
            .collect();
        // A folder whose ancestors come back to it is in a ring; the lowest of the ring loses its parent.
        let ring = |start: i64| -> Option<Ids> {
            let mut ring = Ids::new();
            let mut at = start;
            while ring.insert(at) {
                at = given[&at]?;
            }
            (at == start).then_some(ring)
        };
        let cut = |id: i64| ring(id).is_some_and(|ring| ring.first() == Some(&id));
        let parent = given.iter().map(|(&id, &parent)| (id, parent.filter(|_| !cut(id)))).collect();
        Self {
            input,
            access,
            parent,
            filter: Filter::default(),
            contents: Contents::default(),
            expanded: Ids::new(),
            selected: Ids::new(),
        }
    }

    pub(super) fn visible(&self) -> Ids {
        let patients = self.input.patients.iter().map(|patient| patient.id.0);
        patients.filter(|id| self.access[id] > Access::None).collect()
    }

    pub(super) fn exportable(&self) -> Ids {
        self.visible().into_iter().filter(|id| self.access[id] == Access::Export).collect()
    }

    pub(super) fn matching(&self) -> Ids {
        self.visible().into_iter().filter(|&id| self.matches(id)).collect()
    }

    fn matches(&self, id: i64) -> bool {
        let filter = &self.filter;
        let has = |tag| self.input.patient_tags.contains(&(PatientId(id), tag));
        let tags = filter.tags.is_empty()
            || match filter.tag_mode {
                TagMode::Any => filter.tags.iter().any(|&tag| has(tag)),
                TagMode::All => filter.tags.iter().all(|&tag| has(tag)),
                TagMode::None => !filter.tags.iter().any(|&tag| has(tag)),
            };
        let contents = self.contents_of(id);
        let modalities = filter
            .modalities
            .iter()
            .all(|modality| contents.keys().any(|&(of, kind)| of == modality.0 && reaches(filter.kind, kind)));
        let among = filter.among.as_ref().is_none_or(|among| among.contains(&PatientId(id)));
        tags && modalities && among && (filter.text.trim().is_empty() || self.contains_text(id, &filter.text))
    }

    pub(super) fn contains_text(&self, id: i64, text: &str) -> bool {
        let patient = self.input.patients.iter().find(|patient| patient.id.0 == id).expect("a patient of the model");
        let in_folder =
            self.folders().into_iter().any(|folder| contains(self.name(folder), text) && self.inside(folder).contains(&id));
        contains(&patient.patient_id, text) || contains(patient.name.expose(), text) || in_folder
    }

    fn folders(&self) -> Vec<i64> {
        self.parent.keys().copied().collect()
    }

    pub(super) fn name(&self, folder: i64) -> &str {
        &self.input.folders.iter().find(|row| row.id.0 == folder).expect("a folder of the model").name
    }

    /// Patients directly in a folder; `None`: in no folder.
    fn own(&self, folder: Option<i64>) -> Vec<i64> {
        let filed = |id: i64| -> Ids {
            let placements = self.input.placements.iter().filter(|row| row.0.0 == id);
            placements.map(|row| row.1.0).filter(|folder| self.parent.contains_key(folder)).collect()
        };
        let mut own: Vec<_> = self
            .input
            .patients
            .iter()
            .filter(|patient| folder.map_or(filed(patient.id.0).is_empty(), |folder| filed(patient.id.0).contains(&folder)))
            .collect();
        own.sort_by(|a, b| natural_cmp(&a.patient_id, &b.patient_id).then(a.id.cmp(&b.id)));
        own.into_iter().map(|patient| patient.id.0).collect()
    }

    /// Patients in a folder or below it.
    fn inside(&self, folder: i64) -> Ids {
        let mut inside: Ids = self.own(Some(folder)).into_iter().collect();
        for child in self.folders().into_iter().filter(|child| self.parent[child] == Some(folder)) {
            inside.extend(self.inside(child));
        }
        inside
    }

    fn contents_of(&self, id: i64) -> BTreeMap<(i64, Kind), (u64, u64)> {
        let content = &self.input.contents;
        let mut found = BTreeMap::new();
        for (_, range) in content.rows().filter(|row| row.0.0 == id) {
            for entry in range {
                let (modality, kind) = content.columns[content.entries.column[entry] as usize];
                if self.input.modalities.iter().any(|row| row.id == modality) {
                    found
                        .insert((modality.0, kind), (u64::from(content.entries.files[entry]), content.entries.bytes[entry]));
                }
            }
        }
        found
    }

    pub(super) fn chosen_of(&self, id: i64) -> BTreeMap<(i64, Kind), (u64, u64)> {
        let mut contents = self.contents_of(id);
        contents.retain(|&(modality, kind), _| {
            let wanted = self.contents.modalities.as_ref().is_none_or(|wanted| wanted.contains(&ModalityId(modality)));
            wanted && reaches(self.contents.kind, kind)
        });
        contents
    }

    pub(super) fn bytes(&self, ids: &Ids) -> u64 {
        ids.iter().flat_map(|&id| self.chosen_of(id).into_values()).map(|content| content.1).sum()
    }

    /// Patients, files and bytes by modality and kind.
    pub(super) fn sums(&self, ids: &Ids, chosen: bool) -> BTreeMap<(i64, Kind), (u64, u64, u64)> {
        let mut sums = BTreeMap::new();
        for &id in ids {
            let contents = if chosen { self.chosen_of(id) } else { self.contents_of(id) };
            for (column, (files, bytes)) in contents {
                let sum = sums.entry(column).or_insert((0, 0, 0));
                *sum = (sum.0 + 1, sum.1 + files, sum.2 + bytes);
            }
        }
        sums
    }

    /// How many of some patients have a tag, and the bytes of their chosen contents.
    pub(super) fn tagged(&self, tag: TagId, ids: &Ids) -> (u64, u64) {
        let has = |id: &&i64| self.input.patient_tags.contains(&(PatientId(**id), tag));
        let having: Ids = ids.iter().filter(has).copied().collect();
        (having.len() as u64, self.bytes(&having))
    }

    /// All rows of the tree with some folders open.
    pub(super) fn rows(&self, expanded: &Ids) -> Vec<PlainRow> {
        let mut rows = Vec::new();
        self.rows_in(None, 1, expanded, &mut rows);
        rows
    }

    fn rows_in(&self, around: Option<i64>, level: u32, expanded: &Ids, rows: &mut Vec<PlainRow>) {
        let matching = self.matching();
        let holds_any = |folder: &i64| !self.inside(*folder).is_disjoint(&matching);
        let mut folders: Vec<i64> = self.folders();
        folders.retain(|folder| self.parent[folder] == around && holds_any(folder));
        folders.sort_by(|a, b| natural_cmp(self.name(*a), self.name(*b)).then(a.cmp(b)));
        let own: Vec<i64> = self.own(around).into_iter().filter(|id| matching.contains(id)).collect();
        let set_size = u32::try_from(folders.len() + own.len()).expect("few");
        let mut position = 0;
        for folder in folders {
            position += 1;
            let shown: Ids = self.inside(folder).intersection(&matching).copied().collect();
            let selected: Ids = shown.intersection(&self.selected).copied().collect();
            let check = match selected.len() {
                0 => Check::None,
                all if all == shown.len() => Check::All,
                _ => Check::Mixed,
            };
            let item = PlainItem::Folder {
                id: folder,
                expanded: expanded.contains(&folder),
                patients: shown.len() as u64,
                selected: selected.len() as u64,
                bytes: self.bytes(&shown),
                selected_bytes: self.bytes(&selected),
            };
            rows.push(PlainRow { level, position, set_size, check, item });
            if expanded.contains(&folder) {
                self.rows_in(Some(folder), level + 1, expanded, rows);
            }
        }
        for id in own {
            position += 1;
            let contents = self.chosen_of(id);
            let mut modalities: Vec<i64> = contents.keys().map(|column| column.0).collect();
            modalities.dedup();
            self.in_slug_order(&mut modalities);
            let check = if self.selected.contains(&id) { Check::All } else { Check::None };
            let item = PlainItem::Patient {
                id,
                folder: around,
                modalities,
                files: contents.values().map(|content| content.0).sum(),
                bytes: contents.values().map(|content| content.1).sum(),
                may_export: self.access[&id] == Access::Export,
            };
            rows.push(PlainRow { level, position, set_size, check, item });
        }
    }

    pub(super) fn in_slug_order(&self, modalities: &mut [i64]) {
        let slug = |id: i64| &self.input.modalities.iter().find(|row| row.id.0 == id).expect("known").slug;
        modalities.sort_by(|&a, &b| natural_cmp(slug(a), slug(b)).then(a.cmp(&b)));
    }

    pub(super) fn all_folders(&self) -> Ids {
        self.parent.keys().copied().collect()
    }

    /// The folders around a folder, without itself.
    pub(super) fn around(&self, folder: i64) -> Ids {
        let mut around = Ids::new();
        let mut at = folder;
        while let Some(parent) = self.parent[&at] {
            around.insert(parent);
            at = parent;
        }
        around
    }

    pub(super) fn is_visible(&self, folder: i64) -> bool {
        self.parent.contains_key(&folder) && !self.inside(folder).is_disjoint(&self.visible())
    }

    pub(super) fn target(&self, target: Target) -> Ids {
        match target {
            Target::Patient(id) => self.visible().into_iter().filter(|&visible| visible == id.0).collect(),
            Target::Folder(FolderId(id)) if self.parent.contains_key(&id) => {
                self.inside(id).intersection(&self.matching()).copied().collect()
            }
            Target::Folder(_) => Ids::new(),
        }
    }

    /// Those in a range of rows.
    pub(super) fn in_rows(&self, start: usize, end: usize) -> Ids {
        let rows = self.rows(&self.expanded);
        let end = end.min(rows.len());
        let mut ids = Ids::new();
        for row in rows.get(start..end).unwrap_or_default() {
            match row.item {
                PlainItem::Folder { id, expanded: false, .. } => ids.extend(self.target(Target::Folder(FolderId(id)))),
                PlainItem::Folder { .. } => {}
                PlainItem::Patient { id, .. } => {
                    ids.insert(id);
                }
            }
        }
        ids
    }

    /// Whom the words of a selection mean.
    pub(super) fn meant(&self, selection: &Selection) -> Ids {
        if selection.all {
            return self.visible();
        }
        let mut meant = Ids::new();
        for folder in &selection.folder {
            let id: i64 = folder.id.as_ref().and_then(|id| id.parse().ok()).expect("a folder is named by its id");
            assert!(self.is_visible(id), "an invisible folder is never named");
            meant.extend(self.inside(id).intersection(&self.visible()));
        }
        let named = |id: &String| self.input.patients.iter().find(|patient| *patient.patient_id == **id).map(|row| row.id.0);
        meant.extend(selection.patient.iter().map(|id| named(id).expect("a patient is named by their id")));
        meant
    }

    /// Which item of the tree a row is.
    pub(super) fn key(row: &PlainRow) -> (bool, i64, Option<i64>) {
        match row.item {
            PlainItem::Folder { id, .. } => (true, id, None),
            PlainItem::Patient { id, folder, .. } => (false, id, folder),
        }
    }

    /// Whether the row's own texts contain the text.
    pub(super) fn row_contains(&self, row: &PlainRow, text: &str) -> bool {
        self.row_texts(row).into_iter().any(|own| contains(own, text))
    }

    /// Whether one of the row's own texts starts with the text.
    pub(super) fn row_starts(&self, row: &PlainRow, text: &str) -> bool {
        let text = fold(text.trim()).into_owned();
        self.row_texts(row).into_iter().any(|own| fold(own).starts_with(&text))
    }

    fn row_texts(&self, row: &PlainRow) -> Vec<&str> {
        match row.item {
            PlainItem::Folder { id, .. } => vec![self.name(id)],
            PlainItem::Patient { id, .. } => {
                let patient = self.input.patients.iter().find(|patient| patient.id.0 == id).expect("known");
                vec![&patient.patient_id, patient.name.expose()]
            }
        }
    }
}

fn contains(own: &str, text: &str) -> bool {
    fold(own).contains(fold(text.trim()).as_ref())
}

fn reaches(choice: KindChoice, kind: Kind) -> bool {
    match choice {
        KindChoice::Both => true,
        KindChoice::Raw => kind == Kind::Raw,
        KindChoice::Processed => kind == Kind::Processed,
    }
}
