//! The files of a folder, in the order of their paths, and nothing outside of it.
//!
//! Folders are listed through a handle that is confined to the folder, as files are opened. Links to folders are not followed:
//! what they lead to is found where it lies, if it lies in the folder.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirEntry};

use crate::report::{Odd, Oddities};

/// The walk through a folder.
pub(super) struct Walk {
    root: Dir,
    /// Paths that are Sheaf's own, relative to the folder.
    own: Vec<String>,
    /// The folders around the next file, each with what is left in it, the next one last.
    open: Vec<(String, Vec<Listed>)>,
}

struct Listed {
    name: String,
    is_folder: bool,
    is_link: bool,
}

/// A file, or a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Relative to the folder, its parts with `/` between them.
    pub(super) path: String,
    pub(super) is_link: bool,
}

impl Walk {
    /// Begins; `own` is left out without a word.
    pub(super) fn new(folder: &Path, own: &[&Path], odd: &mut Oddities) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(folder, ambient_authority())?;
        let own = own.iter().filter_map(|path| relative(folder, path)).collect();
        let mut walk = Self { root, own, open: Vec::new() };
        let listed = walk.listed("", walk.root.entries()?, odd);
        walk.open.push((String::new(), listed));
        Ok(walk)
    }

    /// The next file.
    pub(super) fn next(&mut self, odd: &mut Oddities) -> Option<Entry> {
        loop {
            let (folder, left) = self.open.last_mut()?;
            let Some(listed) = left.pop() else {
                self.open.pop();
                continue;
            };
            let path = joined(folder, &listed.name);
            if !listed.is_folder {
                return Some(Entry { path, is_link: listed.is_link });
            }
            match self.root.read_dir(&path) {
                Ok(entries) => {
                    let listed = self.listed(&path, entries, odd);
                    self.open.push((path, listed));
                }
                Err(_) => odd.note(Odd::FolderUnreadable, &path),
            }
        }
    }

    /// What is in a folder, the first one last.
    fn listed(&self, folder: &str, entries: impl Iterator<Item = io::Result<DirEntry>>, odd: &mut Oddities) -> Vec<Listed> {
        let mut listed = Vec::new();
        for entry in entries {
            let Ok(entry) = entry else {
                odd.note(Odd::FolderUnreadable, folder);
                break;
            };
            let name = match entry.file_name().into_string() {
                Ok(name) => name,
                Err(name) => {
                    odd.note(Odd::NameNotText, joined(folder, &name.to_string_lossy()));
                    continue;
                }
            };
            let path = joined(folder, &name);
            if self.is_own(&path) {
                continue;
            }
            if name.starts_with('.') {
                odd.note(Odd::FileHidden, &path);
                continue;
            }
            let Ok(kind) = entry.file_type() else {
                odd.note(Odd::FileUnreadable, &path);
                continue;
            };
            if kind.is_dir() || kind.is_file() || kind.is_symlink() {
                listed.push(Listed { name, is_folder: kind.is_dir(), is_link: kind.is_symlink() });
            } else {
                odd.note(Odd::FileSpecial, &path);
            }
        }
        listed.sort_unstable_by(|one, other| other.name.cmp(&one.name));
        listed
    }

    /// The registry that is made, or was, and what is kept only while it is.
    fn is_own(&self, path: &str) -> bool {
        self.own
            .iter()
            .any(|own| path.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with(".partial")))
    }
}

/// The files of a folder from all over it: each folder in turn gives one, so that the first few tell of all.
pub(super) struct Spread {
    walk: Walk,
    top: Node,
}

/// A folder that was listed, with what is left in it, the next one first.
struct Node(VecDeque<Child>);

enum Child {
    File(Entry),
    /// A folder, listed when it is its turn.
    Folder(String, Option<Box<Node>>),
}

impl Spread {
    /// Of a walk that has just begun.
    pub(super) fn new(mut walk: Walk) -> Self {
        let top = Node::new("", walk.open.pop().map(|(_, listed)| listed).unwrap_or_default());
        Self { walk, top }
    }

    /// The next file.
    pub(super) fn next(&mut self, odd: &mut Oddities) -> Option<Entry> {
        self.top.next(&self.walk, odd)
    }
}

impl Node {
    /// First and middle ones before their neighbours: what lies side by side is alike.
    fn new(folder: &str, mut listed: Vec<Listed>) -> Self {
        listed.reverse();
        let mut order: Vec<(usize, Listed)> = listed.into_iter().enumerate().collect();
        let bits = order.len().max(2).ilog2() + 1;
        order.sort_unstable_by_key(|(at, _)| at.reverse_bits() >> (usize::BITS - bits));
        let child = |(_, listed): (usize, Listed)| {
            let path = joined(folder, &listed.name);
            if listed.is_folder { Child::Folder(path, None) } else { Child::File(Entry { path, is_link: listed.is_link }) }
        };
        Self(order.into_iter().map(child).collect())
    }

    fn next(&mut self, walk: &Walk, odd: &mut Oddities) -> Option<Entry> {
        while let Some(child) = self.0.pop_front() {
            let (path, node) = match child {
                Child::File(entry) => return Some(entry),
                Child::Folder(path, node) => (path, node),
            };
            let mut node = match node {
                Some(node) => node,
                None => match walk.root.read_dir(&path) {
                    Ok(entries) => Box::new(Node::new(&path, walk.listed(&path, entries, odd))),
                    Err(_) => continue,
                },
            };
            if let Some(entry) = node.next(walk, odd) {
                self.0.push_back(Child::Folder(path, Some(node)));
                return Some(entry);
            }
        }
        None
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path as the walk says it, if it is in the folder.
fn relative(folder: &Path, path: &Path) -> Option<String> {
    let around = path.parent().filter(|around| !around.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let path = around.canonicalize().ok()?.join(path.file_name()?);
    let parts = path.strip_prefix(folder).ok()?.iter().map(|part| part.to_str());
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
}
