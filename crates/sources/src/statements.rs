//! What the dumps of both kinds of servers have in common: statements with spaces and comments between their words, lists in brackets,
//! and a head and an end that say whether a dump is whole.
//!
//! Deliberately absent: what quotes, comments and words look like; each kind has its own.

use std::io::Read;

use crate::bytes::Bytes;
use crate::dump::{DumpError, Ending};

/// Takes statements apart.
pub(crate) trait Statements {
    /// What the dump is read from.
    type Input: Read;

    fn bytes(&mut self) -> &mut Bytes<Self::Input>;

    /// The next byte that is neither space nor comment, not yet taken.
    fn next_solid(&mut self) -> Result<Option<u8>, DumpError>;

    /// The same, where there must be one.
    fn need_solid(&mut self) -> Result<u8, DumpError> {
        let next = self.next_solid()?;
        next.ok_or(DumpError::Cut(self.bytes().at))
    }

    fn take_solid(&mut self) -> Result<u8, DumpError> {
        self.need_solid()?;
        self.bytes().take()
    }

    fn expect(&mut self, wanted: u8) -> Result<(), DumpError> {
        if self.take_solid()? == wanted { Ok(()) } else { Err(self.bytes().malformed("a bracket is missing")) }
    }

    /// What stands in brackets, with commas between; `what` says what it should have been.
    fn list<T>(
        &mut self,
        into: &mut Vec<T>,
        what: &'static str,
        each: impl Fn(&mut Self) -> Result<T, DumpError>,
    ) -> Result<(), DumpError> {
        into.clear();
        self.expect(b'(')?;
        loop {
            self.need_solid()?;
            into.push(each(self)?);
            match self.take_solid()? {
                b',' => {}
                b')' => return Ok(()),
                _ => return Err(self.bytes().malformed(what)),
            }
        }
    }
}

/// Whether a dump is whole: the program that wrote it says so in comments, or gives back at its end what it has changed at its head.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// The comment at its head, and the one at its end.
    pub(crate) comments: Mark,
    /// The settings that are changed at its head, and given back as the last that is done.
    pub(crate) settings: Mark,
}

/// What stands at the head of a dump, and has its counterpart at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It does not stand there.
    #[default]
    Absent,
    /// Its counterpart has not come.
    Open,
    /// It has come.
    Closed,
}

impl Mark {
    pub(crate) fn close(&mut self) {
        if *self == Mark::Open {
            *self = Mark::Closed;
        }
    }

    /// It was not the end: something follows.
    pub(crate) fn go_on(&mut self) {
        if *self == Mark::Closed {
            *self = Mark::Open;
        }
    }
}

impl Frame {
    /// That its end is not missing, after so many bytes, as far as something says where it is.
    pub(crate) fn end(&self, at: u64) -> Result<Ending, DumpError> {
        // What a dump leaves behind that began and wrote nothing.
        if at == 0 {
            return Err(DumpError::Cut(0));
        }
        match [self.comments, self.settings] {
            [Mark::Open, _] | [_, Mark::Open] => Err(DumpError::Cut(at)),
            [Mark::Absent, Mark::Absent] => Ok(Ending::Unsaid),
            _ => Ok(Ending::Said),
        }
    }

    /// What has neither the head of a dump nor a table cannot be said to lack its end.
    pub(crate) fn judge(&self, read: Result<Ending, DumpError>, has_tables: bool) -> Result<Ending, DumpError> {
        match read {
            Err(DumpError::Cut(at)) if at > 0 && self.comments == Mark::Absent && !has_tables => {
                Err(DumpError::Malformed { at, what: "nothing in it is of a dump" })
            }
            other => other,
        }
    }
}
