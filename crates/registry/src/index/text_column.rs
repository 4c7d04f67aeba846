//! Folded names one after the other in one string, so that a search is one scan.

use memchr::memmem;

use crate::text::fold;

/// Ends each text; no byte of UTF-8 is 255, so no query reaches over it, whatever a name holds.
const END: u8 = 0xff;

/// One or more folded texts for each item. Its `Debug` says nothing: the texts may be patients' names.
pub(crate) struct TextColumn {
    bytes: Vec<u8>,
    /// Where each item starts, and the end of the last.
    starts: Vec<usize>,
}

impl TextColumn {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), starts: vec![0] }
    }

    /// Adds an item with its texts.
    pub(crate) fn push(&mut self, texts: &[&str]) {
        for text in texts.iter().filter(|text| !text.is_empty()) {
            self.bytes.extend_from_slice(fold(text).as_bytes());
            self.bytes.push(END);
        }
        self.starts.push(self.bytes.len());
    }

    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.starts.shrink_to_fit();
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<usize>()
    }

    /// Items with a text that contains the query (folded by [`fold_query`]), ascending, each once. An empty query finds nothing.
    pub(crate) fn containing<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = u32> + 'a {
        let finder = memmem::Finder::new(folded.as_bytes());
        let mut item = 0_usize;
        std::iter::from_fn(move || {
            if folded.is_empty() {
                return None;
            }
            let from = *self.starts.get(item)?;
            let found = from + finder.find(&self.bytes[from..])?;
            while self.starts[item + 1] <= found {
                item += 1;
            }
            item += 1;
            u32::try_from(item - 1).ok()
        })
    }

    /// Whether a text of the item starts with the folded query.
    pub(super) fn starts_with(&self, item: u32, folded: &str) -> bool {
        let item = item as usize;
        let texts = &self.bytes[self.starts[item]..self.starts[item + 1]];
        texts.split(|&byte| byte == END).any(|text| text.starts_with(folded.as_bytes()))
    }
}

impl std::fmt::Debug for TextColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A query as it is compared: without the blanks around it, folded.
pub(super) fn fold_query(query: &str) -> String {
    fold(query.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(column: &TextColumn, query: &str) -> Vec<u32> {
        column.containing(&fold_query(query)).collect()
    }

    #[test]
    fn a_search_folds_case_and_composition_and_never_reaches_over_the_end_of_a_text() {
        let mut column = TextColumn::new();
        for texts in [&["P1", "Straße"][..], &["P2", "E\u{301}mile"], &["", ""], &["ab", "cd"], &["a\0b\u{ff}", "p1p1"]] {
            column.push(texts);
        }
        assert_eq!(found(&column, " STRASSE "), [0], "full case folding: ß is ss");
        assert_eq!(found(&column, "éMILE"), [1], "composed and decomposed letters are the same");
        assert_eq!(found(&column, "p1"), [0, 4], "an item is found once, however often it matches");
        assert_eq!(found(&column, "bc"), [0_u32; 0], "two texts of one item are not one text");
        assert_eq!(found(&column, "b\u{ff}"), [4], "any character can be looked for");
        assert_eq!(found(&column, ""), [0_u32; 0], "an empty query finds nothing");
        assert!(column.starts_with(3, "cd") && !column.starts_with(3, "d"), "any text of the item may start with it");
        assert!(!column.starts_with(2, "a"), "an item without texts starts with nothing");
    }

    #[test]
    fn debug_does_not_leak_names() {
        let mut column = TextColumn::new();
        column.push(&["Ada Lovelace"]);
        assert!(!format!("{column:?}").to_lowercase().contains("ada"), "a log line must not leak a name");
    }
}
