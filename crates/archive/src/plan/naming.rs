//! The names of the entries in one folder of the archive: safe, unique, and files that belong together kept together.
//!
//! Deliberately absent: names of the source's folders. People call those by names of patients; `metadata.json` lists the paths.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sheaf_registry::text::fold;

use super::{PlannedEntry, file_name, source_folder};
use crate::entry_name::{UniqueNames, sanitise};

/// Names the entries of one folder with names of at most `most` bytes. Who needs no change comes first, so that a name that was
/// safe already stays. What comes from several folders that would mix gets a folder for each of those, `001` and on.
pub(super) fn name_folder(entries: &mut [PlannedEntry], names: &mut UniqueNames, most: usize) {
    make_safe(entries.iter_mut(), most);
    if entries.len() == 1 {
        return;
    }
    let Some(sets) = sets(entries) else {
        names.clear();
        return make_unique(&mut entries.iter_mut().collect::<Vec<_>>(), names, most);
    };
    let digits = sets.len().to_string().len().max(3);
    let most = most - digits - 1;
    let mut waiting: Vec<Option<&mut PlannedEntry>> = entries.iter_mut().map(Some).collect();
    for (number, set) in (1..).zip(sets) {
        let mut set: Vec<&mut PlannedEntry> = set.into_iter().filter_map(|at| waiting[at].take()).collect();
        make_safe(set.iter_mut().map(|entry| &mut **entry), most);
        names.clear();
        make_unique(&mut set, names, most);
        for entry in set {
            entry.renamed = Some(format!("{number:0digits$}/{}", entry.name()).into());
        }
    }
}

fn make_safe<'a>(entries: impl Iterator<Item = &'a mut PlannedEntry>, most: usize) {
    for entry in entries {
        let original = file_name(&entry.path);
        let safe = sanitise(original, most);
        entry.renamed = (safe != original).then(|| safe.into());
    }
}

fn make_unique(entries: &mut [&mut PlannedEntry], names: &mut UniqueNames, most: usize) {
    let mut taken = vec![false; entries.len()];
    for unchanged in [true, false] {
        for (entry, taken) in entries.iter().zip(&mut taken) {
            if !*taken && entry.renamed.is_none() == unchanged {
                *taken = names.claim(entry.name());
            }
        }
    }
    for (entry, _) in entries.iter_mut().zip(taken).filter(|(_, taken)| !taken) {
        entry.renamed = Some(names.number(entry.name(), most).into());
    }
}

/// The entries of each of the source's folders, in the order of the entries, where those have to stay apart: two of them with several
/// files each hold files of one name, as two series of slices do. Single files of one name get a number instead.
fn sets(entries: &[PlannedEntry]) -> Option<Vec<Vec<usize>>> {
    let mut sets: Vec<Vec<usize>> = Vec::new();
    let mut of_folder = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let set = *of_folder.entry((entry.root, source_folder(&entry.path))).or_insert(sets.len());
        if set == sets.len() {
            sets.push(Vec::new());
        }
        sets[set].push(at);
    }
    let several = sets.iter().enumerate().filter(|(_, set)| set.len() > 1);
    if several.clone().count() < 2 {
        return None;
    }
    let mut owners = HashMap::new();
    let mut meets = |set: usize, at: usize| match owners.entry(fold(entries[at].name()).into_owned()) {
        Entry::Occupied(owner) => *owner.get() != set,
        Entry::Vacant(free) => {
            free.insert(set);
            false
        }
    };
    let apart = several.flat_map(|(set, all)| all.iter().map(move |at| (set, *at))).any(|(set, at)| meets(set, at));
    apart.then_some(sets)
}
