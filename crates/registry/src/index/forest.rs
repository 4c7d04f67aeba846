//! Folders in depth-first order, each with the interval of ordinals that it holds.
//!
//! Whatever the parents say, the result is a tree: a parent that does not exist counts as none, and of a ring of folders the
//! one with the lowest row id is put under the root. Nothing here recurses: a depth of 10,000 is data, not a call stack.

use crate::ids::FolderId;
use crate::text::natural_cmp;

use super::input::InputFolder;

/// The root of the project: the first node, without a folder.
pub(super) const ROOT: u32 = 0;

/// A folder that holds at least one patient, itself or in a folder below.
#[derive(Debug)]
pub(super) struct Node {
    /// The folder; `None` for the root.
    pub(super) id: Option<FolderId>,
    pub(super) name: Box<str>,
    /// The node around it; the root is its own.
    pub(super) parent: u32,
    /// 0 for the root, 1 for the folders directly under it.
    pub(super) depth: u32,
    /// The node after the last one below.
    pub(super) next: u32,
    /// First ordinal of the folders below.
    pub(super) start: u32,
    /// First ordinal of the patients directly in it, which come after those of the folders below.
    pub(super) own: u32,
    /// The ordinal after the last.
    pub(super) end: u32,
    /// Whether its parent was taken away, because the parents formed a ring.
    pub(super) cut: bool,
}

/// The nodes, and who lies at each ordinal.
pub(super) struct Forest {
    /// In depth-first order, a folder before those below it.
    pub(super) nodes: Vec<Node>,
    /// What was placed at each ordinal.
    pub(super) placed: Vec<u32>,
    /// The node that directly holds each ordinal.
    pub(super) holder: Vec<u32>,
}

/// Folders as they come, with the parents made safe.
pub(super) struct Parents {
    /// By ascending row id, each once.
    folders: Vec<InputFolder>,
    /// Position of the parent.
    parent: Vec<Option<usize>>,
    cut: Vec<bool>,
}

impl Parents {
    pub(super) fn new(mut folders: Vec<InputFolder>) -> Self {
        folders.sort_by_key(|folder| folder.id);
        folders.dedup_by_key(|folder| folder.id);
        let position = |id: FolderId| folders.binary_search_by_key(&id, |folder| folder.id).ok();
        let mut parent: Vec<Option<usize>> = folders.iter().map(|folder| folder.parent.and_then(position)).collect();
        let cut = cut_rings(&mut parent);
        Self { folders, parent, cut }
    }

    /// Number of folders, for the lists of [`Parents::plant`].
    pub(super) fn len(&self) -> usize {
        self.folders.len()
    }

    /// Position of a folder, for [`Parents::plant`].
    pub(super) fn position(&self, id: FolderId) -> Option<usize> {
        self.folders.binary_search_by_key(&id, |folder| folder.id).ok()
    }

    /// Lays out the folders in depth-first order. `inside` holds what lies directly in each folder, by its position;
    /// `unfiled` comes last, under the root. Folders with nothing in them are dropped.
    pub(super) fn plant(mut self, inside: &[Vec<u32>], unfiled: &[u32]) -> Forest {
        let children = self.children(inside);
        let count = inside.iter().map(Vec::len).sum::<usize>() + unfiled.len();
        let mut forest = Forest { nodes: Vec::new(), placed: Vec::with_capacity(count), holder: Vec::with_capacity(count) };
        forest.enter(None, "".into(), ROOT, false);
        // A folder that is open: its position (`None`: the root), its node, and how many children were visited.
        let mut open: Vec<(Option<usize>, u32, usize)> = vec![(None, ROOT, 0)];
        while let Some((at, node, visited)) = open.last_mut() {
            let below = children.of(*at);
            if let Some(&child) = below.get(*visited) {
                *visited += 1;
                let parent = *node;
                let folder = &mut self.folders[child];
                let name = std::mem::take(&mut folder.name);
                let entered = forest.enter(Some(folder.id), name, parent, self.cut[child]);
                open.push((Some(child), entered, 0));
            } else {
                forest.leave(*node, at.map_or(unfiled, |at| &inside[at]));
                open.pop();
            }
        }
        forest
    }

    /// The children of each folder that hold anything, in natural order of their names.
    fn children(&self, inside: &[Vec<u32>]) -> Children {
        let mut wanted = vec![false; self.folders.len()];
        for start in (0..self.folders.len()).filter(|&at| !inside[at].is_empty()) {
            let mut next = Some(start);
            while let Some(at) = next.filter(|&at| !wanted[at]) {
                wanted[at] = true;
                next = self.parent[at];
            }
        }
        let mut list: Vec<usize> = (0..self.folders.len()).filter(|&at| wanted[at]).collect();
        // The root's children first, then those of each folder; folders of one name in the order of their row ids.
        list.sort_by(|&a, &b| {
            let by_parent = self.parent[a].cmp(&self.parent[b]);
            by_parent.then_with(|| natural_cmp(&self.folders[a].name, &self.folders[b].name)).then(a.cmp(&b))
        });
        let mut starts = vec![0; self.folders.len() + 2];
        for &at in &list {
            starts[self.parent[at].map_or(0, |parent| parent + 1) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Children { list, starts }
    }
}

/// Children by parent, the root's first.
struct Children {
    list: Vec<usize>,
    starts: Vec<usize>,
}

impl Children {
    fn of(&self, parent: Option<usize>) -> &[usize] {
        let at = parent.map_or(0, |parent| parent + 1);
        &self.list[self.starts[at]..self.starts[at + 1]]
    }
}

impl Forest {
    fn enter(&mut self, id: Option<FolderId>, name: Box<str>, parent: u32, cut: bool) -> u32 {
        let node = small(self.nodes.len());
        let depth = if id.is_none() { 0 } else { self.nodes[parent as usize].depth + 1 };
        let start = small(self.placed.len());
        self.nodes.push(Node { id, name, parent, depth, next: node, start, own: start, end: start, cut });
        node
    }

    fn leave(&mut self, node: u32, own: &[u32]) {
        let next = small(self.nodes.len());
        let this = &mut self.nodes[node as usize];
        this.next = next;
        this.own = small(self.placed.len());
        self.placed.extend_from_slice(own);
        this.end = small(self.placed.len());
        self.holder.resize(self.placed.len(), node);
    }
}

/// Takes the parent away from the lowest folder of each ring; says which.
fn cut_rings(parent: &mut [Option<usize>]) -> Vec<bool> {
    let mut cut = vec![false; parent.len()];
    // The walk that came by first; 0: none yet.
    let mut walked = vec![0_usize; parent.len()];
    for start in 0..parent.len() {
        let walk = start + 1;
        let mut next = Some(start);
        while let Some(at) = next.filter(|&at| walked[at] == 0) {
            walked[at] = walk;
            next = parent[at];
        }
        // The walk has met itself: a ring. Go around it once for its lowest folder.
        if let Some(met) = next.filter(|&at| walked[at] == walk) {
            let mut lowest = met;
            let mut at = met;
            while let Some(around) = parent[at].filter(|&around| around != met) {
                at = around;
                lowest = lowest.min(at);
            }
            parent[lowest] = None;
            cut[lowest] = true;
        }
    }
    cut
}

/// Node numbers and ordinals are 32 bits wide; [`super::build`] refuses what would not fit.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("the number of rows was checked before")
}
