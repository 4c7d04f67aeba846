//! How the index holds a field: words by number, texts one after the other.

use std::collections::HashMap;

use crate::index::TextColumn;

/// Ends each text of a chunk; no byte of UTF-8 is 255.
pub(super) const END: u8 = 0xff;

/// A field with few different texts: each row holds the number of its text, in as few bytes as they need.
pub(super) struct Words {
    /// The texts, in the order in which they were met.
    pub(super) texts: Vec<Box<str>>,
    pub(super) folded: TextColumn,
    pub(super) codes: Codes,
}

/// Numbers of as many bytes as the largest needs.
pub(super) enum Codes {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Codes {
    pub(super) fn get(&self, row: usize) -> u32 {
        match self {
            Codes::One(codes) => u32::from(codes[row]),
            Codes::Two(codes) => u32::from(codes[row]),
            Codes::Four(codes) => codes[row],
        }
    }

    /// Sets the bits of `mask` for the rows from `first` on whose code is wanted.
    pub(super) fn mark(&self, first: usize, rows: usize, wanted: &[bool], mask: &mut [u64]) {
        fn each<T: Copy + Into<u32>>(codes: &[T], wanted: &[bool], mask: &mut [u64]) {
            for (codes, word) in codes.chunks(64).zip(mask) {
                let mut bits = 0;
                for (at, &code) in codes.iter().enumerate() {
                    bits |= u64::from(wanted[code.into() as usize]) << at;
                }
                *word |= bits;
            }
        }
        match self {
            Codes::One(codes) => each(&codes[first..first + rows], wanted, mask),
            Codes::Two(codes) => each(&codes[first..first + rows], wanted, mask),
            Codes::Four(codes) => each(&codes[first..first + rows], wanted, mask),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Codes::One(codes) => codes.len(),
            Codes::Two(codes) => codes.len() * 2,
            Codes::Four(codes) => codes.len() * 4,
        }
    }
}

impl Words {
    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.codes.bytes() + self.folded.bytes() + self.texts.iter().map(|text| text.len() + 16).sum::<usize>()
    }
}

/// Words in the making.
#[derive(Default)]
pub(super) struct WordsBuilder {
    known: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
    codes: Vec<u32>,
    last: u32,
}

impl WordsBuilder {
    /// Adds the text of the next row.
    pub(super) fn push(&mut self, text: &str) {
        let same = self.texts.get(self.last as usize).is_some_and(|last| **last == *text);
        if !same {
            self.last = if let Some(code) = self.known.get(text) {
                *code
            } else {
                // Rows are counted with 32 bits, and there are no more texts than rows.
                let code = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                self.known.insert(text.into(), code);
                self.texts.push(text.into());
                code
            };
        }
        self.codes.push(self.last);
    }

    /// Squeezes it.
    pub(super) fn finish(self) -> Words {
        let mut folded = TextColumn::new();
        for text in &self.texts {
            folded.push(&[text]);
        }
        folded.shrink();
        let narrow = |code: &u32| u8::try_from(*code).unwrap_or(0);
        let middle = |code: &u32| u16::try_from(*code).unwrap_or(0);
        let codes = match self.texts.len() {
            0..=0x100 => Codes::One(self.codes.iter().map(narrow).collect()),
            0x101..=0x1_0000 => Codes::Two(self.codes.iter().map(middle).collect()),
            _ => Codes::Four(self.codes),
        };
        Words { texts: self.texts, folded, codes }
    }
}

/// The texts of some thousand rows, several for each, one after the other.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) bytes: Vec<u8>,
    /// Where each row starts, and the end of the last.
    pub(super) starts: Vec<usize>,
}

impl Texts {
    /// Adds a row.
    pub(super) fn push(&mut self, texts: &[&str]) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for text in texts {
            self.bytes.extend_from_slice(text.as_bytes());
            self.bytes.push(END);
        }
        self.starts.push(self.bytes.len());
    }

    /// One of the texts of a row.
    pub(super) fn get(&self, row: usize, which: usize) -> &[u8] {
        let row = &self.bytes[self.starts[row]..self.starts[row + 1]];
        row.split(|&byte| byte == END).nth(which).unwrap_or_default()
    }

    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.starts.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<usize>()
    }
}
