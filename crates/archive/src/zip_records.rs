//! The records of a ZIP file as the writer lays them down (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5).
//!
//! ZIP64 fields stand where a value does not fit and only there. There is never a data descriptor (bit 3): sizes and CRC
//! stand in the local header, which strict readers and Archive Utility need. The reader shares no code with this module.

/// Bytes of a local header without name and extra fields.
const LOCAL_FIXED: u64 = 30;
/// Extra field "UT", extended timestamp (Info-ZIP): id, length, flags, 32-bit modification time.
const UT_BYTES: u64 = 9;
/// ZIP64 extra field in a local header: id, length, both sizes.
const ZIP64_LOCAL_BYTES: u64 = 20;
/// A 32-bit field of this value says: look into the ZIP64 extra field.
const FULL_32: u64 = 0xFFFF_FFFF;
/// The same for 16-bit fields.
const FULL_16: u64 = 0xFFFF;
/// Made by: Unix, APPNOTE version 4.5 (the first with ZIP64).
const MADE_BY: u16 = 3 * 0x100 + 45;
/// Unix mode of a regular file, `rw-r--r--`, in the high half of the external attributes.
const REGULAR_FILE: u32 = 0o100_644 << 16;

/// How an entry's bytes stand in the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Method {
    /// As they are.
    #[default]
    Store,
    /// RFC 1951.
    Deflate,
}

impl Method {
    const fn number(self) -> u16 {
        match self {
            Method::Store => 0,
            Method::Deflate => 8,
        }
    }

    const fn version_needed(self, zip64: bool) -> u16 {
        match (zip64, self) {
            (true, _) => 45,
            (false, Method::Deflate) => 20,
            (false, Method::Store) => 10,
        }
    }
}

/// Everything that the two headers of an entry say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// Full name in the archive.
    pub(crate) name: &'a str,
    pub(crate) method: Method,
    pub(crate) crc32: u32,
    /// Bytes of the content.
    pub(crate) bytes: u64,
    /// Bytes in the archive.
    pub(crate) stored_bytes: u64,
    /// Seconds since 1970-01-01 UTC.
    pub(crate) modified_seconds: i64,
    /// Where the local header stands.
    pub(crate) offset: u64,
}

/// Bytes of the local header of an entry with this name, content size and time. Known before the content is read.
pub(crate) fn local_header_bytes(name: &str, bytes: u64, modified_seconds: i64) -> u64 {
    LOCAL_FIXED
        + name.len() as u64
        + if bytes >= FULL_32 { ZIP64_LOCAL_BYTES } else { 0 }
        + if unix_time(modified_seconds).is_some() { UT_BYTES } else { 0 }
}

/// Whether deflating this many bytes could, at worst, need a ZIP64 field that storing them does not: such an entry is stored.
pub(crate) const fn deflate_could_outgrow(bytes: u64) -> bool {
    bytes < FULL_32 && bytes + bytes / 1024 + (1 << 20) >= FULL_32
}

/// Appends the local header.
pub(crate) fn local_header(out: &mut Vec<u8>, record: &Record<'_>) {
    let zip64 = record.bytes >= FULL_32;
    out.extend_from_slice(b"PK\x03\x04");
    common(out, record, record.method.version_needed(zip64));
    put32(out, record.crc32);
    put32(out, if zip64 { u32::MAX } else { low32(record.stored_bytes) });
    put32(out, if zip64 { u32::MAX } else { low32(record.bytes) });
    let time = unix_time(record.modified_seconds);
    let extra = if zip64 { ZIP64_LOCAL_BYTES } else { 0 } + if time.is_some() { UT_BYTES } else { 0 };
    put16(out, low16(record.name.len() as u64));
    put16(out, low16(extra));
    out.extend_from_slice(record.name.as_bytes());
    if zip64 {
        put16(out, 0x0001);
        put16(out, 16);
        put64(out, record.bytes);
        put64(out, record.stored_bytes);
    }
    time_extra(out, time);
}

/// Appends the central directory's header.
pub(crate) fn central_header(out: &mut Vec<u8>, record: &Record<'_>) {
    // Where the offset needs ZIP64, the sizes stand there too: Info-ZIP's unzip compares the sizes of the entry before, and
    // behind a file of exactly 0xFFFFFFFF bytes it would look for sizes that are not there.
    let wide_offset = record.offset >= FULL_32;
    let values = [record.bytes, record.stored_bytes, record.offset];
    let wide = values.map(|value| (value, value >= FULL_32 || wide_offset));
    let short = wide.map(|(value, is_wide)| if is_wide { u32::MAX } else { low32(value) });
    let wide_count = wide.iter().filter(|(_, is_wide)| *is_wide).count() as u64;
    out.extend_from_slice(b"PK\x01\x02");
    put16(out, MADE_BY);
    common(out, record, record.method.version_needed(wide_count > 0));
    put32(out, record.crc32);
    put32(out, short[1]);
    put32(out, short[0]);
    let time = unix_time(record.modified_seconds);
    let zip64_bytes = if wide_count > 0 { 4 + 8 * wide_count } else { 0 };
    put16(out, low16(record.name.len() as u64));
    put16(out, low16(zip64_bytes + if time.is_some() { UT_BYTES } else { 0 }));
    put16(out, 0); // comment
    put16(out, 0); // disk
    put16(out, 0); // internal attributes
    put32(out, REGULAR_FILE);
    put32(out, short[2]);
    out.extend_from_slice(record.name.as_bytes());
    if wide_count > 0 {
        put16(out, 0x0001);
        put16(out, low16(8 * wide_count));
        for (value, is_wide) in wide {
            if is_wide {
                put64(out, value);
            }
        }
    }
    time_extra(out, time);
}

/// Appends the end of the central directory, with its ZIP64 form where a field needs it.
pub(crate) fn end_of_directory(out: &mut Vec<u8>, entries: u64, directory_offset: u64, directory_bytes: u64) {
    if entries >= FULL_16 || directory_offset >= FULL_32 || directory_bytes >= FULL_32 {
        out.extend_from_slice(b"PK\x06\x06");
        put64(out, 44); // bytes that follow
        put16(out, MADE_BY);
        put16(out, 45);
        put32(out, 0);
        put32(out, 0);
        put64(out, entries);
        put64(out, entries);
        put64(out, directory_bytes);
        put64(out, directory_offset);
        out.extend_from_slice(b"PK\x06\x07");
        put32(out, 0);
        put64(out, directory_offset + directory_bytes);
        put32(out, 1);
    }
    out.extend_from_slice(b"PK\x05\x06");
    put16(out, 0);
    put16(out, 0);
    put16(out, low16(entries));
    put16(out, low16(entries));
    put32(out, low32(directory_bytes));
    put32(out, low32(directory_offset));
    put16(out, 0);
}

/// Version needed, flags, method, time: the same in both headers.
fn common(out: &mut Vec<u8>, record: &Record<'_>, version: u16) {
    put16(out, version);
    put16(out, if record.name.is_ascii() { 0 } else { 1 << 11 }); // bit 11: the name is UTF-8
    put16(out, record.method.number());
    let (time, date) = dos_time(record.modified_seconds);
    put16(out, time);
    put16(out, date);
}

fn time_extra(out: &mut Vec<u8>, time: Option<i32>) {
    if let Some(seconds) = time {
        put16(out, 0x5455);
        put16(out, 5);
        out.push(1); // modification time only
        out.extend_from_slice(&seconds.to_le_bytes());
    }
}

/// The time as the "UT" field can hold it (32 bits, signed).
fn unix_time(seconds: i64) -> Option<i32> {
    i32::try_from(seconds).ok()
}

/// MS-DOS time and date in UTC, clamped to 1980-01-01 00:00:00 .. 2107-12-31 23:59:58, the range of the format. UTC and not
/// local time, so that an archive does not depend on the machine that wrote it; the "UT" field carries the exact instant.
fn dos_time(seconds: i64) -> (u16, u16) {
    const FIRST: i64 = 315_532_800; // 1980-01-01T00:00:00Z
    const LAST: i64 = 4_354_819_198; // 2107-12-31T23:59:58Z
    let clamped = jiff::Timestamp::from_second(seconds.clamp(FIRST, LAST)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let utc = clamped.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |value: i8| u16::from(value.unsigned_abs());
    let time = (part(utc.hour()) << 11) | (part(utc.minute()) << 5) | (part(utc.second()) / 2);
    let years = u16::try_from(utc.year() - 1980).unwrap_or(0);
    (time, (years << 9) | (part(utc.month()) << 5) | part(utc.day()))
}

/// The value, or all ones where it does not fit.
fn low32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn low16(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Method, Record, dos_time, end_of_directory, local_header, local_header_bytes};

    #[test]
    fn the_announced_header_length_is_the_real_one() {
        for bytes in [0, 1, 0xFFFF_FFFE, 0xFFFF_FFFF, 1 << 40] {
            for modified_seconds in [-1, 0, i64::from(i32::MAX), i64::from(i32::MAX) + 1] {
                let record = Record {
                    name: "top/patient_001/é.stl",
                    method: Method::Deflate,
                    crc32: 1,
                    bytes,
                    stored_bytes: bytes / 2,
                    modified_seconds,
                    offset: 0,
                };
                let mut out = Vec::new();
                local_header(&mut out, &record);
                assert_eq!(
                    out.len() as u64,
                    local_header_bytes(record.name, bytes, modified_seconds),
                    "offsets are computed from the announced length"
                );
            }
        }
    }

    #[test]
    fn dos_time_is_clamped_to_what_the_format_holds() {
        let time = |hour: u16, minute: u16, half_second: u16| (hour * 64 + minute) * 32 + half_second;
        let date = |year: u16, month: u16, day: u16| ((year - 1980) * 16 + month) * 32 + day;
        assert_eq!(dos_time(0), (0, date(1980, 1, 1)), "1970 becomes 1980");
        assert_eq!(dos_time(i64::MAX), (time(23, 59, 29), date(2107, 12, 31)), "the far future is clamped");
        assert_eq!(dos_time(1_760_970_622), (time(14, 30, 11), date(2025, 10, 20)), "2025-10-20T14:30:22Z");
    }

    #[test]
    fn the_end_record_is_short_until_a_field_needs_zip64() {
        for (entries, offset, bytes, long) in [
            (0xFFFE, 0, 0, false),
            (0xFFFF, 0, 0, true),
            (1, 0xFFFF_FFFE, 1, false),
            (1, 0xFFFF_FFFF, 1, true),
            (1, 1, 0xFFFF_FFFF, true),
        ] {
            let mut out = Vec::new();
            end_of_directory(&mut out, entries, offset, bytes);
            assert_eq!(out.len(), if long { 98 } else { 22 }, "{entries} entries at {offset}, {bytes} bytes");
        }
    }
}
