//! Which leading parts of paths stand for data roots.

use std::collections::BTreeMap;

use sheaf_registry::ids::RootId;
use sheaf_registry::rows::Location;
use sheaf_registry::{RegistryWriter, Result};

use super::modality::Modalities;
use crate::report::{Odd, Oddities};

/// The prefix that the application's own container has.
const USUAL: &str = "/dataset";
/// More prefixes than these are not told apart.
const MOST: usize = 1000;
/// A prefix that fewer than one in so many paths begin with is none.
const ONE_IN: u64 = 100;

/// Where the files of paths under a prefix are.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Leading part of paths; empty for object keys.
    pub prefix: String,
    /// A folder of this machine, or a bucket.
    pub location: Location,
}

impl Mapping {
    /// The prefix as a data root has it: without a slash at its end.
    pub fn root(&self) -> &str {
        if self.prefix == "/" { &self.prefix } else { self.prefix.trim_end_matches('/') }
    }
}

/// Counts prefixes.
#[derive(Default)]
pub(super) struct Prefixes {
    counts: BTreeMap<String, u64>,
    paths: u64,
    usual: u64,
}

impl Prefixes {
    /// Looks at one path.
    pub(super) fn see(&mut self, path: &str, modalities: &Modalities) {
        self.paths += 1;
        let prefix = if path.starts_with('/') {
            self.usual += u64::from(is_below(path, USUAL));
            // `<root>/<project>/{raw|processed}/...`
            let Some(place) = modalities.place(path).filter(|place| place.at >= 2) else { return };
            let parts: Vec<&str> = path.split('/').take(place.at - 1).collect();
            if parts.len() == 1 { "/".to_owned() } else { parts.join("/") }
        } else {
            String::new()
        };
        if self.counts.contains_key(&prefix) || self.counts.len() < MOST {
            *self.counts.entry(prefix).or_default() += 1;
        }
    }

    /// Writes the data roots: what was mapped, and what many paths begin with.
    pub(super) fn write(mut self, mappings: &[Mapping], writer: &mut RegistryWriter, odd: &mut Oddities) -> Result<Roots> {
        let paths = self.paths;
        self.counts.retain(|_, count| *count * ONE_IN >= paths);
        if self.usual > 0 {
            let most = self.counts.entry(USUAL.to_owned()).or_default();
            *most = (*most).max(self.usual);
        }
        for mapping in mappings {
            self.counts.entry(mapping.root().to_owned()).or_default();
        }
        if self.counts.is_empty() {
            self.counts.insert(String::new(), 0);
        }
        let main = self.counts.iter().max_by_key(|(_, count)| **count).map(|(prefix, _)| prefix.clone());
        let mut roots = Roots { prefixes: Vec::new(), main: RootId(0) };
        for (prefix, count) in &self.counts {
            let mapping = mappings.iter().find(|mapping| mapping.root() == prefix);
            let location = mapping.map(|mapping| mapping.location.to_string());
            let id = writer.data_root(prefix, location.as_deref())?;
            if location.is_none() && *count > 0 {
                let shown = if prefix.is_empty() { "(object keys)" } else { prefix };
                odd.note_many(Odd::PrefixUnmapped, *count, shown);
            }
            if Some(prefix) == main.as_ref() {
                roots.main = id;
            }
            roots.prefixes.push((prefix.clone(), id));
        }
        // The longest that fits is the one.
        roots.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(roots)
    }
}

/// The data roots of a registry.
pub(super) struct Roots {
    prefixes: Vec<(String, RootId)>,
    main: RootId,
}

impl Roots {
    /// The root of a path, and whether the path begins as it does. One that begins as none is given to the largest root,
    /// which then refuses it.
    pub(super) fn of(&self, path: &str) -> (RootId, bool) {
        let found = self.prefixes.iter().find(|(prefix, _)| is_below(path, prefix));
        found.map_or((self.main, false), |(_, id)| (*id, true))
    }
}

/// Whether a path leads out of wherever it begins.
pub(super) fn leads_out(path: &str) -> bool {
    path.contains('\0') || path.split('/').any(|part| part == "..")
}

fn is_below(path: &str, prefix: &str) -> bool {
    match prefix {
        "" => !path.starts_with('/'),
        "/" => path.starts_with('/'),
        _ => path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_a_part_ends() {
        assert!(is_below("/dataset/x", "/dataset"), "below");
        assert!(!is_below("/datasets/x", "/dataset"), "another folder");
        assert!(!is_below("/etc/hosts", ""), "no object key");
        assert!(is_below("maxillo/x", ""), "an object key");
        assert!(leads_out("/dataset/../etc") && !leads_out("/dataset/a..b"), "only whole parts lead up");
    }
}
