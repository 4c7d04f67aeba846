//! The state of choosing in one project: what is looked at, the steps back and forth, the list that was pasted last.

use std::collections::VecDeque;

use sheaf_registry::ids::{ModalityId, PatientId, TagId};
use sheaf_registry::index::{Check, Contents, Filter, Item, Row, Selected, Target, View};
use sheaf_registry::{Code, Error, Result};

use super::browse::{
    Among, BrowseState, CheckRows, CheckState, CheckTarget, ContentsInput, ContentsView, FilterInput, FilterView,
    PatientCounts, RowRange, TreeItem, TreeRow, TreeWindow,
};
use super::facets::{EstimateRow, EstimateView, KindFacet, LackingView, ModalityFacet, TagFacet};
use super::list::{List, ListSummary, ListUse};

/// Steps back that are kept.
const MOST_STEPS: usize = 100;
/// Most rows of one answer.
pub(crate) const MOST_ROWS: u32 = 1000;
/// Longest text of a filter or a search, in characters.
const MOST_TEXT: usize = 1000;
/// Most tags or modalities of a filter.
const MOST_TAGS: usize = 1000;

/// One project, looked at by one person.
pub(crate) struct Choosing {
    /// Its slug.
    pub(crate) project: String,
    pub(crate) view: View,
    /// Of everything.
    pub(crate) revision: u64,
    /// The revision in which the rows last moved.
    moved: u64,
    undo: VecDeque<Selected>,
    redo: Vec<Selected>,
    /// How the patients of the filter's `among` were said.
    among: Option<Among>,
    pub(crate) list: Option<List>,
}

impl Choosing {
    /// A first look: nothing is selected, no folder is open, and the usual kind of files is asked for.
    pub(crate) fn new(project: String, mut view: View) -> Self {
        view.set_contents(Contents { kind: view.usual_kind(), ..Contents::default() });
        Self { project, view, revision: 1, moved: 1, undo: VecDeque::new(), redo: Vec::new(), among: None, list: None }
    }

    /// Goes on where another look at the same project stopped, by row ids. What is no longer seen is left out everywhere.
    pub(crate) fn resume(&mut self, before: Self) {
        self.view.resume(&before.view);
        self.undo = before.undo;
        self.redo = before.redo;
        self.view.carry(&before.view, self.undo.iter_mut().chain(&mut self.redo));
        self.among = before.among;
        self.list = before.list;
        self.revision = before.revision + 1;
        self.moved = self.revision;
        let (tags, modalities) = (self.view.tag_choices(), self.view.modality_choices());
        let mut filter = self.view.filter().clone();
        filter.tags.retain(|tag| tags.iter().any(|choice| choice.tag == *tag));
        filter.modalities.retain(|modality| modalities.iter().any(|choice| choice.modality == *modality));
        let mut contents = self.view.contents().clone();
        if let Some(wanted) = &mut contents.modalities {
            wanted.retain(|modality| modalities.iter().any(|choice| choice.modality == *modality));
        }
        if filter != *self.view.filter() {
            self.view.set_filter(filter);
        }
        if contents != *self.view.contents() {
            self.view.set_contents(contents);
        }
    }

    /// Numbers its revisions after those of another look, so that none of them comes twice.
    pub(crate) fn follow(&mut self, before: &Self) {
        self.revision = before.revision + 1;
        self.moved = self.revision;
    }

    pub(crate) fn state(&self) -> BrowseState {
        let counts = self.view.counts();
        let filter = self.view.filter();
        let contents = self.view.contents();
        BrowseState {
            revision: self.revision,
            counts: PatientCounts {
                visible: counts.visible,
                matching: counts.matching,
                matching_selected: counts.selected - counts.hidden,
                selected: counts.selected,
                hidden: counts.hidden,
            },
            rows: self.view.rows(0, 0).total,
            filter: FilterView {
                tags: filter.tags.iter().map(|tag| tag.0).collect(),
                tag_mode: filter.tag_mode,
                modalities: filter.modalities.iter().map(|modality| modality.0).collect(),
                text: filter.text.clone(),
                among: self.among.clone(),
            },
            contents: ContentsView {
                modalities: contents.modalities.as_ref().map(|wanted| wanted.iter().map(|modality| modality.0).collect()),
                kind: contents.kind,
            },
            modalities: self.modalities(),
            tags: self
                .view
                .tag_choices()
                .into_iter()
                .map(|tag| TagFacet { id: tag.tag.0, name: tag.name.to_owned(), patients: tag.patients })
                .collect(),
            estimate: self.estimate(),
            can_undo: !self.undo.is_empty(),
            can_redo: !self.redo.is_empty(),
            list: self
                .list
                .as_ref()
                .map(|list| ListSummary { matched: list.patients.len() as u64, unmatched: list.unmatched_total }),
        }
    }

    fn modalities(&self) -> Vec<ModalityFacet> {
        let kind = self.view.contents().kind;
        let choices = self.view.modality_choices().into_iter();
        choices
            .map(|choice| {
                let chosen = || choice.kinds.iter().filter(|facet| kind.includes(facet.kind));
                ModalityFacet {
                    id: choice.modality.0,
                    slug: choice.slug.to_owned(),
                    name: choice.name.to_owned(),
                    patients: choice.patients,
                    files: chosen().map(|facet| facet.files).sum(),
                    bytes: chosen().fold(0, |sum, facet| facet.bytes.saturating_add(sum)),
                    kinds: choice
                        .kinds
                        .iter()
                        .map(|facet| KindFacet {
                            kind: facet.kind.as_str().to_owned(),
                            patients: facet.patients,
                            files: facet.files,
                            bytes: facet.bytes,
                        })
                        .collect(),
                }
            })
            .collect()
    }

    fn estimate(&self) -> EstimateView {
        let estimate = self.view.estimate();
        EstimateView {
            patients: estimate.patients,
            files: estimate.files,
            bytes: estimate.bytes,
            forbidden: estimate.forbidden,
            by_modality: estimate
                .contents
                .iter()
                .map(|row| EstimateRow {
                    modality: row.modality.0,
                    slug: row.slug.to_owned(),
                    kind: row.kind.as_str().to_owned(),
                    patients: row.patients,
                    files: row.files,
                    bytes: row.bytes,
                })
                .collect(),
            lacking: estimate
                .lacking
                .iter()
                .map(|row| LackingView { modality: row.modality.0, slug: row.slug.to_owned(), patients: row.patients })
                .collect(),
        }
    }

    /// Rows of the tree.
    pub(crate) fn window(&self, range: &RowRange, names: bool) -> Result<TreeWindow> {
        check_limit(range.limit)?;
        let window = self.view.rows(range.offset, range.limit as usize);
        Ok(TreeWindow {
            revision: self.revision,
            total: window.total,
            offset: range.offset.min(window.total),
            rows: window.rows.into_iter().map(|row| self.row(row, names)).collect(),
        })
    }

    fn row(&self, row: Row<'_>, names: bool) -> TreeRow {
        let item = match row.item {
            Item::Folder(folder) => TreeItem::Folder {
                id: folder.id.0,
                name: folder.name.to_owned(),
                expanded: folder.expanded,
                patients: folder.patients,
                selected: folder.selected,
                bytes: folder.bytes,
                selected_bytes: folder.selected_bytes,
            },
            Item::Patient(patient) => TreeItem::Patient {
                id: patient.id.0,
                patient_id: patient.patient_id.to_owned(),
                name: if names { (*patient.name.expose()).to_owned() } else { String::new() },
                folder: patient.folder.map(|folder| folder.0),
                modalities: patient.modalities.iter().filter_map(|&id| self.view.slug(id)).map(ToOwned::to_owned).collect(),
                files: patient.files,
                bytes: patient.bytes,
                may_export: patient.may_export,
            },
        };
        TreeRow {
            level: row.level,
            position: row.position,
            set_size: row.set_size,
            check: match row.check {
                Check::None => CheckState::None,
                Check::Mixed => CheckState::Some,
                Check::All => CheckState::All,
            },
            item,
        }
    }

    /// Narrows the tree. `among` says who is meant at this moment; said again unchanged, it stays as it was.
    pub(crate) fn set_filter(&mut self, input: FilterInput) -> Result<()> {
        check_text(&input.text)?;
        if input.tags.len() > MOST_TAGS || input.modalities.len() > MOST_TAGS {
            return Err(Error::new(Code::Usage, format!("A filter has at most {MOST_TAGS} tags and modalities.")));
        }
        let among = match &input.among {
            None => None,
            kept if *kept == self.among => self.view.filter().among.clone(),
            Some(among) => Some(self.meant(among)?),
        };
        let filter = Filter {
            tags: input.tags.into_iter().map(TagId).collect(),
            tag_mode: input.tag_mode,
            modalities: input.modalities.into_iter().map(ModalityId).collect(),
            kind: self.view.contents().kind,
            text: input.text,
            among,
        };
        self.apply_filter(filter, input.among);
        Ok(())
    }

    fn apply_filter(&mut self, filter: Filter, among: Option<Among>) {
        self.among = among;
        if filter != *self.view.filter() {
            self.view.set_filter(filter);
            self.move_rows();
        }
    }

    /// Takes a filter and contents together, as a cohort says them.
    pub(crate) fn set_rule(&mut self, filter: Filter, contents: Contents) {
        self.view.set_contents(contents);
        self.view.set_filter(Filter { kind: self.view.contents().kind, ..filter });
        self.among = None;
        self.move_rows();
    }

    /// Who is meant now.
    fn meant(&self, among: &Among) -> Result<Vec<PatientId>> {
        Ok(match among {
            Among::Selected => self.view.selected_ids(),
            Among::Hidden => self.view.hidden_ids(),
            Among::Lacking { modality } => self.view.lacking_patients(ModalityId(*modality)),
            Among::Without => self.view.empty_patients(),
            Among::Forbidden => self.view.forbidden_patients(),
            Among::List => self.listed()?.patients.clone(),
        })
    }

    fn listed(&self) -> Result<&List> {
        self.list
            .as_ref()
            .ok_or_else(|| Error::new(Code::Usage, "There is no list yet.").hint("Paste or open a list first."))
    }

    /// Chooses what counts.
    pub(crate) fn set_contents(&mut self, input: ContentsInput) {
        let contents = Contents {
            modalities: input.modalities.map(|wanted| wanted.into_iter().map(ModalityId).collect()),
            kind: input.kind,
        };
        if contents == *self.view.contents() {
            return;
        }
        self.view.set_contents(contents);
        self.revision += 1;
        let filter = self.view.filter();
        if filter.kind != input.kind {
            let narrows = !filter.modalities.is_empty();
            self.view.set_filter(Filter { kind: input.kind, ..filter.clone() });
            if narrows {
                self.move_rows();
            }
        }
    }

    pub(crate) fn check(&mut self, target: CheckTarget, on: Option<bool>) {
        let target = Target::from(target);
        self.select(|view| match on {
            Some(on) => view.check(target, on),
            None => view.toggle(target),
        });
    }

    /// Checks a range of rows. `STALE_ROWS` where the rows have moved since they were seen.
    pub(crate) fn check_rows(&mut self, input: &CheckRows) -> Result<()> {
        if input.revision < self.moved || input.revision > self.revision {
            return Err(Error::new(Code::StaleRows, "The rows have changed since they were shown.")
                .hint("Look at them again, then try again."));
        }
        let (first, last) = (input.from.min(input.to), input.from.max(input.to));
        self.select(|view| view.check_rows(first..last.saturating_add(1), input.on));
        Ok(())
    }

    /// Unselects whoever lacks any of the chosen modalities.
    pub(crate) fn keep_complete(&mut self) {
        let lacked: Vec<ModalityId> = self.view.estimate().lacking.iter().map(|row| row.modality).collect();
        let lacking: Vec<PatientId> = lacked.into_iter().flat_map(|modality| self.view.lacking_patients(modality)).collect();
        self.select(|view| view.check_ids(&lacking, false));
    }

    /// Changes the selection; a change can be taken back. How many it says to have changed is not asked: a replaced selection
    /// may hold as many as before.
    pub(crate) fn select(&mut self, change: impl FnOnce(&mut View) -> u64) {
        let before = self.view.selected();
        change(&mut self.view);
        if self.view.selected() == before {
            return;
        }
        if self.undo.len() == MOST_STEPS {
            self.undo.pop_front();
        }
        self.undo.push_back(before);
        self.redo.clear();
        self.revision += 1;
    }

    pub(crate) fn undo(&mut self) {
        if let Some(step) = self.undo.pop_back() {
            self.redo.push(self.view.selected());
            self.view.restore(&step);
            self.revision += 1;
        }
    }

    pub(crate) fn redo(&mut self) {
        if let Some(step) = self.redo.pop() {
            self.undo.push_back(self.view.selected());
            self.view.restore(&step);
            self.revision += 1;
        }
    }

    pub(crate) fn expand(&mut self, change: impl FnOnce(&mut View)) {
        change(&mut self.view);
        self.move_rows();
    }

    /// Finds a row; folders around it may be opened.
    pub(crate) fn find(&mut self, text: &str, after: Option<u64>, shown: bool) -> Result<Option<u64>> {
        check_text(text)?;
        if shown {
            return Ok(self.view.find_shown(text, after));
        }
        let before = self.view.rows(0, 0).total;
        let found = self.view.find(text, after);
        if self.view.rows(0, 0).total != before {
            self.move_rows();
        }
        Ok(found)
    }

    /// Does something with the list of this number.
    pub(crate) fn use_list(&mut self, number: u64, how: ListUse) -> Result<()> {
        let list = self.listed()?;
        if list.number != number {
            return Err(Error::new(Code::StaleRows, "Another list was looked up since.").hint("Look at the list again."));
        }
        let patients = list.patients.clone();
        match how {
            ListUse::Replace => self.select(|view| view.select_ids(&patients)),
            ListUse::Add => self.select(|view| view.check_ids(&patients, true)),
            ListUse::Remove => self.select(|view| view.check_ids(&patients, false)),
            ListUse::Show => {
                let filter = Filter { among: Some(patients), ..self.view.filter().clone() };
                self.apply_filter(filter, Some(Among::List));
            }
        }
        Ok(())
    }

    fn move_rows(&mut self) {
        self.revision += 1;
        self.moved = self.revision;
    }
}

pub(crate) fn check_limit(limit: u32) -> Result<()> {
    if limit <= MOST_ROWS {
        return Ok(());
    }
    Err(Error::new(Code::Usage, format!("At most {MOST_ROWS} rows are answered at once.")))
}

fn check_text(text: &str) -> Result<()> {
    if text.chars().count() <= MOST_TEXT {
        return Ok(());
    }
    Err(Error::new(Code::Usage, format!("A text to look for has at most {MOST_TEXT} characters.")).hint("Shorten it."))
}
