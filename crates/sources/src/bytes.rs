//! The bytes of a dump, one after another, gzipped or not; a bounded part of them is in memory.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use crate::dump::DumpError;

/// The longest value that is read, in bytes; neither `MySQL` nor `PostgreSQL` keeps a longer one.
pub(crate) const LONGEST: usize = 1 << 30;
/// How much is read at once.
const BUFFER: usize = 1 << 18;

/// What is in a file, unpacked where its first bytes say that it is gzipped.
pub(crate) fn unzipped<'a>(input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let gzipped = input.fill_buf()?.starts_with(GZIP);
    Ok(if gzipped { Box::new(Unzipped { member: Some(GzDecoder::new(input)) }) } else { Box::new(input) })
}

/// What gzipped data begins with (RFC 1952, 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Gzipped data, one member after another. Zeros behind the last one are passed over, as tapes and blocks are filled up with them;
/// anything else there is an error.
struct Unzipped<R> {
    /// `None` at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Unzipped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let goes_on = goes_on(member.get_mut())?;
            let input = self.member.take().map(GzDecoder::into_inner);
            self.member = input.filter(|_| goes_on).map(GzDecoder::new);
        }
        Ok(0)
    }
}

/// Whether another member follows; otherwise the input is at its end.
fn goes_on(input: &mut impl BufRead) -> io::Result<bool> {
    let mut is_filled_up = false;
    loop {
        let ready = input.fill_buf()?;
        match ready.first() {
            None => return Ok(false),
            Some(first) if *first == GZIP[0] && !is_filled_up => return Ok(true),
            Some(0) => {
                is_filled_up = true;
                let zeros = ready.iter().take_while(|byte| **byte == 0).count();
                input.consume(zeros);
            }
            Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "something else follows")),
        }
    }
}

/// Bytes that are taken one after another.
pub(crate) struct Bytes<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// How many were taken.
    pub(crate) at: u64,
}

impl<R: Read> Bytes<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: vec![0; BUFFER], start: 0, end: 0, at: 0 }
    }

    /// Passes over what some programs put before UTF-8.
    pub(crate) fn pass_mark(&mut self) -> Result<(), DumpError> {
        if self.follows(*b"\xef\xbb\xbf")? {
            self.advance(3);
        }
        Ok(())
    }

    /// What lies ready.
    pub(crate) fn ready(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn follows<const N: usize>(&mut self, wanted: [u8; N]) -> Result<bool, DumpError> {
        self.ensure(N)?;
        Ok(self.ready().starts_with(&wanted))
    }

    pub(crate) fn take(&mut self) -> Result<u8, DumpError> {
        let byte = self.peek()?.ok_or(DumpError::Cut(self.at))?;
        self.advance(1);
        Ok(byte)
    }

    pub(crate) fn peek(&mut self) -> Result<Option<u8>, DumpError> {
        self.ensure(1)?;
        Ok(self.ready().first().copied())
    }

    pub(crate) fn advance(&mut self, bytes: usize) {
        self.start += bytes;
        self.at += bytes as u64;
    }

    /// Reads on until so many bytes lie ready, or the input ends.
    pub(crate) fn ensure(&mut self, bytes: usize) -> Result<(), DumpError> {
        while self.end - self.start < bytes {
            if self.end == self.buffer.len() {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A gzip stream that ends before its own end.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(DumpError::Cut(self.at)),
                Err(error) => return Err(DumpError::Io(error)),
            }
        }
        Ok(())
    }

    /// Says what is wrong; at the very end of the input, that is that it ends.
    pub(crate) fn malformed(&mut self, what: &'static str) -> DumpError {
        match self.ensure(2) {
            Ok(()) if self.end - self.start < 2 => DumpError::Cut(self.at),
            Ok(()) => DumpError::Malformed { at: self.at, what },
            Err(error) => error,
        }
    }

    /// Adds to `line` what is left of the line, without its end; `false` where the input ends before the line does.
    pub(crate) fn line(&mut self, line: &mut Vec<u8>) -> Result<bool, DumpError> {
        loop {
            self.ensure(1)?;
            let end = memchr::memchr(b'\n', self.ready());
            let part = end.unwrap_or(self.ready().len());
            if part == 0 && end.is_none() {
                return Ok(false);
            }
            line.extend_from_slice(&self.buffer[self.start..self.start + part]);
            self.advance(part + usize::from(end.is_some()));
            if line.len() > LONGEST {
                return Err(self.malformed("a value longer than any"));
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}
