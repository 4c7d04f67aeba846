//! Names that stay different on every file system: compared after canonical decomposition and full case folding.

use std::collections::{HashMap, HashSet};

use sheaf_registry::text::fold;

use super::component::numbered;

/// The names of one folder. Whoever [claims](UniqueNames::claim) a name first keeps it; the others get a
/// [number](UniqueNames::number), the same one each time they come in the same order.
#[derive(Debug, Default)]
pub(crate) struct UniqueNames {
    taken: HashSet<String>,
    next: HashMap<String, u32>,
}

impl UniqueNames {
    /// Takes a name, unless one that some file system cannot tell from it is taken.
    pub(crate) fn claim(&mut self, name: &str) -> bool {
        self.taken.insert(fold(name).into_owned())
    }

    /// Takes the first free name of `name_2`, `name_3`, ..., the number before the extension, at most `most` bytes long.
    pub(crate) fn number(&mut self, name: &str, most: usize) -> String {
        // Kept between calls: 100,000 files of one name would else try 100,000 numbers each.
        let mut number = *self.next.get(&*fold(name)).unwrap_or(&2);
        loop {
            let candidate = numbered(name, number, most);
            number += 1;
            if self.claim(&candidate) {
                self.next.insert(fold(name).into_owned(), number);
                return candidate;
            }
        }
    }

    /// Forgets all names, for the next folder.
    pub(crate) fn clear(&mut self) {
        self.taken.clear();
        self.next.clear();
    }
}
