//! A small strict reader of ZIP files, independent of the writer: it shares no code with it.
//!
//! It accepts what Sheaf promises and nothing else: entries that stand one behind the other from the first byte, in the
//! order of the directory, local and central headers that agree, no data descriptors, no comment, ZIP64 fields where a value
//! needs them and only there, and nothing behind the end.

use std::fmt;
use std::fs::File;

use flate2::{Decompress, FlushDecompress, Status};

use crate::platform::read_full_at;

const BLOCK_BYTES: usize = 1 << 20;
const END_BYTES: u64 = 22;
const ZIP64_END_BYTES: u64 = 56;
const ZIP64_LOCATOR_BYTES: u64 = 20;
const CENTRAL_FIXED: usize = 46;
const LOCAL_FIXED: usize = 30;
/// Version made by: Unix, 4.5.
const MADE_BY: u16 = 0x032D;
/// External attributes: a regular file, `rw-r--r--`.
const REGULAR_FILE: u32 = 0x81A4_0000;
/// Longest name and extra fields that a header can announce.
const VARIABLE_MAX: usize = 2 * 0xFFFF;

/// What is wrong with an archive, in words that fit behind "the archive is damaged: ".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The entry, if one can be named.
    pub(crate) entry: Option<String>,
    /// What is wrong.
    pub(crate) what: String,
}

impl Flaw {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { entry: None, what: what.into() }
    }

    fn of(entry: &str, what: impl Into<String>) -> Self {
        Self { entry: Some(entry.to_owned()), what: what.into() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "{entry}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

type Read<T> = Result<T, Flaw>;

/// Where the central directory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) entries: u64,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// One entry as the central directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) deflated: bool,
    pub(crate) crc32: u32,
    pub(crate) bytes: u64,
    pub(crate) stored_bytes: u64,
    pub(crate) offset: u64,
    /// Where the next entry or the directory stands: this one must end there.
    pub(crate) end: u64,
    flags: u16,
    dos_time: u32,
    /// Extra fields without the ZIP64 one; the local header has the same.
    extra: Vec<u8>,
}

/// Finds the directory of a file of `length` bytes.
pub(crate) fn directory(file: &File, length: u64) -> Read<Directory> {
    if length < END_BYTES {
        return Err(Flaw::new("it is too short for a ZIP file"));
    }
    let end_at = length - END_BYTES;
    let end = bytes_at(file, end_at, END_BYTES)?;
    if end[..4] != *b"PK\x05\x06" || u16_at(&end, 20) != 0 {
        return Err(Flaw::new("it does not end with the end of a central directory"));
    }
    if u32_at(&end, 4) != 0 || end[8..10] != end[10..12] {
        return Err(Flaw::new("it claims to be one of several volumes"));
    }
    let short = (u64::from(u16_at(&end, 10)), u64::from(u32_at(&end, 12)), u64::from(u32_at(&end, 16)));
    let wide = short.0 == 0xFFFF || short.1 == 0xFFFF_FFFF || short.2 == 0xFFFF_FFFF;
    let (found, directory_end) = if wide {
        let (found, at) = zip64_end(file, end_at)?;
        let agrees = |short: u64, full: u64, limit: u64| short == full.min(limit);
        if !(agrees(short.0, found.entries, 0xFFFF)
            && agrees(short.1, found.bytes, 0xFFFF_FFFF)
            && agrees(short.2, found.offset, 0xFFFF_FFFF))
        {
            return Err(Flaw::new("its two end records disagree"));
        }
        (found, at)
    } else {
        (Directory { entries: short.0, bytes: short.1, offset: short.2 }, end_at)
    };
    if found.offset.checked_add(found.bytes) != Some(directory_end) {
        return Err(Flaw::new("its central directory does not stand where its end says"));
    }
    Ok(found)
}

fn zip64_end(file: &File, end_at: u64) -> Read<(Directory, u64)> {
    let missing = || Flaw::new("its ZIP64 end record is missing");
    let at = end_at.checked_sub(ZIP64_LOCATOR_BYTES + ZIP64_END_BYTES).ok_or_else(missing)?;
    let locator = bytes_at(file, end_at - ZIP64_LOCATOR_BYTES, ZIP64_LOCATOR_BYTES)?;
    let end = bytes_at(file, at, ZIP64_END_BYTES)?;
    if locator[..4] != *b"PK\x06\x07" || end[..4] != *b"PK\x06\x06" {
        return Err(missing());
    }
    let consistent = u64_at(&locator, 8) == at
        && u32_at(&locator, 4) == 0
        && u32_at(&locator, 16) == 1
        && u64_at(&end, 4) == ZIP64_END_BYTES - 12
        && u32_at(&end, 12) == u32::from(MADE_BY) + (45 << 16)
        && u64_at(&end, 16) == 0
        && u64_at(&end, 24) == u64_at(&end, 32);
    if !consistent {
        return Err(Flaw::new("its ZIP64 end record is inconsistent"));
    }
    Ok((Directory { entries: u64_at(&end, 32), bytes: u64_at(&end, 40), offset: u64_at(&end, 48) }, at))
}

/// Reads the entries of a directory in order, with bounded memory.
#[derive(Debug)]
pub(crate) struct Entries<'a> {
    file: &'a File,
    directory: Directory,
    /// Bytes of the directory that are read and not parsed yet.
    buffer: Vec<u8>,
    parsed: usize,
    read_to: u64,
    left: u64,
    ahead: Option<Entry>,
    failed: bool,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(file: &'a File, directory: Directory) -> Self {
        Self {
            file,
            directory,
            buffer: Vec::new(),
            parsed: 0,
            read_to: directory.offset,
            left: directory.entries,
            ahead: None,
            failed: false,
        }
    }

    /// The unparsed bytes, at least `wanted` of them.
    fn have(&mut self, wanted: usize) -> Read<&[u8]> {
        if self.buffer.len() - self.parsed < wanted {
            self.buffer.drain(..self.parsed);
            self.parsed = 0;
            let kept = self.buffer.len();
            let rest = self.directory.offset + self.directory.bytes - self.read_to;
            let take = usize::try_from(rest.min((BLOCK_BYTES + VARIABLE_MAX) as u64)).expect("at most a block");
            self.buffer.resize(kept + take, 0);
            let read = read_full_at(self.file, &mut self.buffer[kept..], self.read_to).map_err(|error| io_flaw(&error))?;
            self.read_to += read as u64;
            self.buffer.truncate(kept + read);
        }
        let unparsed = &self.buffer[self.parsed..];
        if unparsed.len() < wanted { Err(Flaw::new("its central directory is cut short")) } else { Ok(unparsed) }
    }

    fn parse(&mut self) -> Read<Entry> {
        let fixed = self.have(CENTRAL_FIXED)?;
        if fixed[..4] != *b"PK\x01\x02" {
            return Err(Flaw::new("its central directory is damaged"));
        }
        let (name_bytes, extra_bytes) = (usize::from(u16_at(fixed, 28)), usize::from(u16_at(fixed, 30)));
        let (made_by, attributes) = (u16_at(fixed, 4), u32_at(fixed, 38));
        let plain = fixed[32..38] == [0; 6]; // no comment, first disk, no internal attributes
        let header = self.have(CENTRAL_FIXED + name_bytes + extra_bytes)?;
        let name = std::str::from_utf8(&header[CENTRAL_FIXED..CENTRAL_FIXED + name_bytes])
            .map_err(|_| Flaw::new("a name in it is not UTF-8"))?
            .to_owned();
        let (flags, method) = (u16_at(header, 8), u16_at(header, 10));
        if flags & !(1 << 11) != 0 || (flags == 0 && !name.is_ascii()) {
            return Err(Flaw::of(&name, "it has flags that Sheaf never sets"));
        }
        if !matches!(method, 0 | 8) {
            return Err(Flaw::of(&name, "its compression method is unknown"));
        }
        if !plain || made_by != MADE_BY || attributes != REGULAR_FILE {
            return Err(Flaw::of(&name, "it is not a plain regular file"));
        }
        let extra = &header[CENTRAL_FIXED + name_bytes..CENTRAL_FIXED + name_bytes + extra_bytes];
        let (zip64, extra) = split_zip64(extra).map_err(|what| Flaw::of(&name, what))?;
        let short = [u32_at(header, 24), u32_at(header, 20), u32_at(header, 42)];
        let [bytes, stored_bytes, offset] = wide_values(zip64, short).map_err(|what| Flaw::of(&name, what))?;
        if u16_at(header, 6) != version_needed(method, zip64.is_some()) {
            return Err(Flaw::of(&name, "it claims to need another version than it does"));
        }
        if method == 0 && bytes != stored_bytes {
            return Err(Flaw::of(&name, "it is stored, but its two sizes differ"));
        }
        let entry = Entry {
            deflated: method == 8,
            crc32: u32_at(header, 16),
            bytes,
            stored_bytes,
            offset,
            end: 0,
            flags,
            dos_time: u32_at(header, 12),
            extra,
            name,
        };
        self.parsed += CENTRAL_FIXED + name_bytes + extra_bytes;
        Ok(entry)
    }

    fn advance(&mut self) -> Read<Option<Entry>> {
        let first = self.ahead.is_none() && self.left == self.directory.entries;
        let current = match self.ahead.take() {
            Some(entry) => Some(entry),
            None if first && self.left > 0 => {
                self.left -= 1;
                let entry = self.parse()?;
                if entry.offset != 0 {
                    return Err(Flaw::of(&entry.name, "there is something before the first entry"));
                }
                Some(entry)
            }
            None => None,
        };
        let Some(mut current) = current else {
            let unparsed = self.buffer.len() - self.parsed;
            let whole = unparsed == 0 && self.read_to == self.directory.offset + self.directory.bytes;
            return if whole { Ok(None) } else { Err(Flaw::new("its central directory holds more than it says")) };
        };
        current.end = self.directory.offset;
        if self.left > 0 {
            self.left -= 1;
            let next = self.parse()?;
            current.end = next.offset;
            self.ahead = Some(next);
        }
        Ok(Some(current))
    }
}

impl Iterator for Entries<'_> {
    type Item = Read<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

/// Reads an entry's content into `sink`, block by block, comparing the local header with the directory, and size and CRC-32
/// with both. `sink` may stop the reading by answering `false`; then nothing more is compared.
pub(crate) fn content(file: &File, entry: &Entry, buffers: &mut Buffers, sink: &mut dyn FnMut(&[u8]) -> bool) -> Read<()> {
    let flaw = |what: &str| Flaw::of(&entry.name, what);
    let data_at = check_local(file, entry)?;
    if data_at.checked_add(entry.stored_bytes) != Some(entry.end) {
        return Err(flaw("it does not end where the next entry begins"));
    }
    let mut crc32 = crc32fast::Hasher::new();
    let mut bytes = 0;
    let mut stored = 0;
    let mut ended = !entry.deflated;
    buffers.inflate.reset(false);
    while stored < entry.stored_bytes {
        let wanted = usize::try_from((entry.stored_bytes - stored).min(BLOCK_BYTES as u64)).expect("at most a block");
        let read = read_full_at(file, &mut buffers.stored[..wanted], data_at + stored).map_err(|error| io_flaw(&error))?;
        if read < wanted {
            return Err(flaw("it is cut short"));
        }
        stored += wanted as u64;
        if !entry.deflated {
            crc32.update(&buffers.stored[..wanted]);
            bytes += wanted as u64;
            if !sink(&buffers.stored[..wanted]) {
                return Ok(());
            }
            continue;
        }
        let mut taken = 0;
        while taken < wanted {
            if ended {
                return Err(flaw("something stands behind its compressed data"));
            }
            let (before_in, before_out) = (buffers.inflate.total_in(), buffers.inflate.total_out());
            let status = buffers
                .inflate
                .decompress(&buffers.stored[taken..wanted], &mut buffers.content, FlushDecompress::None)
                .map_err(|_| flaw("its compressed data is damaged"))?;
            let used = usize::try_from(buffers.inflate.total_in() - before_in).expect("at most a block");
            let made = usize::try_from(buffers.inflate.total_out() - before_out).expect("at most a block");
            taken += used;
            bytes += made as u64;
            ended = status == Status::StreamEnd;
            if bytes > entry.bytes || (used == 0 && made == 0 && !ended) {
                return Err(flaw("its compressed data is damaged"));
            }
            crc32.update(&buffers.content[..made]);
            if made > 0 && !sink(&buffers.content[..made]) {
                return Ok(());
            }
        }
        // What the inflater still holds back.
        while !ended && stored == entry.stored_bytes {
            let before = buffers.inflate.total_out();
            let status = buffers
                .inflate
                .decompress(&[], &mut buffers.content, FlushDecompress::None)
                .map_err(|_| flaw("its compressed data is damaged"))?;
            let made = usize::try_from(buffers.inflate.total_out() - before).expect("at most a block");
            ended = status == Status::StreamEnd;
            if made == 0 && !ended {
                break;
            }
            bytes += made as u64;
            crc32.update(&buffers.content[..made]);
            if made > 0 && !sink(&buffers.content[..made]) {
                return Ok(());
            }
        }
    }
    if !ended || bytes != entry.bytes {
        return Err(flaw("its content has another size than it says"));
    }
    if crc32.finalize() != entry.crc32 {
        return Err(flaw("its content does not match its CRC-32"));
    }
    Ok(())
}

/// Buffers that are reused from entry to entry.
#[derive(Debug)]
pub(crate) struct Buffers {
    stored: Vec<u8>,
    content: Vec<u8>,
    inflate: Decompress,
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self { stored: vec![0; BLOCK_BYTES], content: vec![0; BLOCK_BYTES], inflate: Decompress::new(false) }
    }
}

/// Compares the local header with the directory's entry; returns where the data begins.
fn check_local(file: &File, entry: &Entry) -> Read<u64> {
    let flaw = |what: &str| Flaw::of(&entry.name, what);
    // Name, time and ZIP64 fields: what Sheaf writes is never longer.
    let most = (LOCAL_FIXED + entry.name.len() + 20 + 9) as u64;
    let available = most.min(entry.end.saturating_sub(entry.offset));
    let header = bytes_at(file, entry.offset, available)?;
    if header.len() < LOCAL_FIXED || header[..4] != *b"PK\x03\x04" {
        return Err(flaw("its local header is missing"));
    }
    let (name_bytes, extra_bytes) = (usize::from(u16_at(&header, 26)), usize::from(u16_at(&header, 28)));
    let header_bytes = LOCAL_FIXED + name_bytes + extra_bytes;
    if header.len() < header_bytes || header[LOCAL_FIXED..LOCAL_FIXED + name_bytes] != *entry.name.as_bytes() {
        return Err(flaw("its two names differ"));
    }
    let (zip64, extra) = split_zip64(&header[LOCAL_FIXED + name_bytes..header_bytes]).map_err(flaw)?;
    let (bytes, stored_bytes) = wide_local(zip64, u32_at(&header, 22), u32_at(&header, 18)).map_err(flaw)?;
    let agrees = extra == entry.extra
        && u16_at(&header, 4) == version_needed(u16_at(&header, 8), zip64.is_some())
        && u16_at(&header, 6) == entry.flags
        && u16_at(&header, 8) == if entry.deflated { 8 } else { 0 }
        && u32_at(&header, 10) == entry.dos_time
        && u32_at(&header, 14) == entry.crc32
        && bytes == entry.bytes
        && stored_bytes == entry.stored_bytes;
    if agrees { Ok(entry.offset + header_bytes as u64) } else { Err(flaw("its two headers disagree")) }
}

/// Size, stored size and offset, with those of the ZIP64 field where the short ones are full.
fn wide_values(zip64: Option<&[u8]>, short: [u32; 3]) -> Result<[u64; 3], &'static str> {
    let mut wide = zip64;
    let mut values = [0; 3];
    let wide_offset = short[2] == u32::MAX;
    for (value, short) in values.iter_mut().zip(short) {
        *value = if short == u32::MAX {
            let full = wide.as_mut().and_then(take_u64).ok_or("a ZIP64 value is missing")?;
            // Sizes may stand beside an offset that needs the field.
            if full < u64::from(u32::MAX) && !wide_offset {
                return Err("a ZIP64 value stands where none is needed");
            }
            full
        } else {
            u64::from(short)
        };
    }
    match wide {
        Some(rest) if !rest.is_empty() => Err("a ZIP64 value stands where none is needed"),
        _ if wide_offset && values[2] < u64::from(u32::MAX) => Err("a ZIP64 value stands where none is needed"),
        _ => Ok(values),
    }
}

/// The same for a local header, whose ZIP64 field holds both sizes or none (APPNOTE 4.5.3).
fn wide_local(zip64: Option<&[u8]>, bytes: u32, stored_bytes: u32) -> Result<(u64, u64), &'static str> {
    match zip64 {
        None if bytes == u32::MAX || stored_bytes == u32::MAX => Err("a ZIP64 value is missing"),
        None => Ok((u64::from(bytes), u64::from(stored_bytes))),
        Some(mut field) => {
            let full = take_u64(&mut field).zip(take_u64(&mut field)).ok_or("a ZIP64 value is missing")?;
            if bytes == u32::MAX && stored_bytes == u32::MAX && field.is_empty() && full.0 >= u64::from(u32::MAX) {
                Ok(full)
            } else {
                Err("a ZIP64 value stands where none is needed")
            }
        }
    }
}

/// The ZIP64 field, and the others as they stand.
fn split_zip64(mut extra: &[u8]) -> Result<(Option<&[u8]>, Vec<u8>), &'static str> {
    let mut zip64 = None;
    let mut others = Vec::new();
    while !extra.is_empty() {
        if extra.len() < 4 || extra.len() - 4 < usize::from(u16_at(extra, 2)) {
            return Err("its extra fields are damaged");
        }
        let (field, rest) = extra.split_at(4 + usize::from(u16_at(extra, 2)));
        if u16_at(field, 0) != 1 {
            others.extend_from_slice(field);
        } else if zip64.replace(&field[4..]).is_some() {
            return Err("it has two ZIP64 fields");
        }
        extra = rest;
    }
    Ok((zip64, others))
}

/// APPNOTE 4.4.3: 1.0 for stored, 2.0 for deflated, 4.5 where ZIP64 fields are used.
fn version_needed(method: u16, zip64: bool) -> u16 {
    match (zip64, method) {
        (true, _) => 45,
        (false, 0) => 10,
        (false, _) => 20,
    }
}

fn take_u64(field: &mut &[u8]) -> Option<u64> {
    let (head, tail) = field.split_at_checked(8)?;
    *field = tail;
    Some(u64_at(head, 0))
}

fn bytes_at(file: &File, offset: u64, count: u64) -> Read<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).map_err(|_| Flaw::new("a header is too long"))?];
    let read = read_full_at(file, &mut bytes, offset).map_err(|error| io_flaw(&error))?;
    if read < bytes.len() { Err(Flaw::new("it is cut short")) } else { Ok(bytes) }
}

fn io_flaw(error: &std::io::Error) -> Flaw {
    Flaw::new(format!("reading it failed: {error}"))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | (u32::from(u16_at(bytes, at + 2)) << 16)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}
