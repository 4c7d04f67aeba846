//! The rows of a plain `pg_dump`, gzipped or not, read as a stream: one row is in memory at a time.
//!
//! Only `CREATE TABLE`, `COPY … FROM stdin`, `INSERT INTO` and what makes a table a part of another one are understood; every other
//! statement is passed over. Nothing is executed. Deliberately absent: what the tables mean, and the formats that only `pg_restore` reads.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use crate::bytes::{Bytes, LONGEST, unzipped};
use crate::dump::{DumpError, Ending, Sink, Value};
use crate::statements::{Frame, Mark, Statements};

/// How a dump begins that only `pg_restore` reads.
pub const ARCHIVE: &[u8] = b"PGDMP";

/// Words that begin an item of a table's definition which is no column.
const NO_COLUMNS: [&str; 7] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE", "LIKE"];

/// Reads a dump. A table is named with its schema, where the dump names that: `public.patients`. Rows of a partition, and of a table
/// that inherits from another, are handed over as rows of that one.
///
/// # Errors
/// [`DumpError::Cut`] where it is not whole. Rows that stood before the fault have been handed over by then.
pub fn read(input: impl Read, sink: &mut dyn Sink) -> Result<Ending, DumpError> {
    let bytes = Bytes::new(unzipped(input).map_err(DumpError::Io)?);
    let tables = HashMap::new();
    Reader { bytes, tables, parts: Parts::default(), is_foreign: false, frame: Frame::default() }.run(sink)
}

/// Which tables are parts of others, as partitions or by inheritance: whoever asks the whole gets their rows, too.
#[derive(Default)]
struct Parts {
    /// Of each part its whole.
    wholes: HashMap<String, String>,
    /// Tables that hold no row but in their partitions.
    divided: HashSet<String>,
    /// Tables whose rows were passed over, since nothing had made them parts yet.
    passed_over: HashSet<String>,
}

impl Parts {
    /// The table that a row of this one is a row of.
    fn whole<'a>(&'a self, name: &'a str) -> &'a str {
        let mut whole = name;
        // No table is a part of itself, but a dump may say so.
        for _ in 0..=self.wholes.len() {
            match self.wholes.get(whole) {
                Some(around) => whole = around,
                None => return whole,
            }
        }
        name
    }
}

struct Reader<R> {
    bytes: Bytes<R>,
    tables: HashMap<String, Vec<String>>,
    parts: Parts,
    /// Its letters are not UTF-8.
    is_foreign: bool,
    frame: Frame,
}

impl<R: Read> Statements for Reader<R> {
    type Input = R;

    fn bytes(&mut self) -> &mut Bytes<R> {
        &mut self.bytes
    }

    fn next_solid(&mut self) -> Result<Option<u8>, DumpError> {
        loop {
            match self.bytes.peek()? {
                Some(byte) if byte.is_ascii_whitespace() => self.bytes.advance(1),
                Some(b'-') if self.bytes.follows(*b"--")? => self.line_comment()?,
                Some(b'/') if self.bytes.follows(*b"/*")? => self.block_comment()?,
                other => return Ok(other),
            }
        }
    }
}

impl<R: Read> Reader<R> {
    fn run(&mut self, sink: &mut dyn Sink) -> Result<Ending, DumpError> {
        self.bytes.pass_mark()?;
        self.bytes.ensure(ARCHIVE.len())?;
        if self.bytes.ready().starts_with(ARCHIVE) {
            return Err(DumpError::Malformed { at: 0, what: "it is an archive for pg_restore, not plain" });
        }
        let read = self.statements(sink);
        self.frame.judge(read, !self.tables.is_empty())
    }

    fn statements(&mut self, sink: &mut dyn Sink) -> Result<Ending, DumpError> {
        while let Some(byte) = self.next_solid()? {
            match byte {
                b';' => drop(self.bytes.take()?),
                // A word to psql, such as \restrict and \connect.
                b'\\' => self.skip_line()?,
                _ => match self.word()?.to_ascii_uppercase().as_str() {
                    "ALTER" => self.alter(sink)?,
                    "COPY" => self.copy(sink)?,
                    "CREATE" => self.create(sink)?,
                    "INSERT" => self.insert(sink)?,
                    "SET" => self.set()?,
                    _ => self.skip_statement()?,
                },
            }
        }
        let ending = self.frame.end(self.bytes.at)?;
        let is_whole = |divided: &String| self.parts.wholes.values().any(|whole| whole == divided);
        if self.parts.divided.iter().any(|name| sink.wants(name) && !is_whole(name)) {
            let what = "a table with partitions, and none of these is in it";
            return Err(DumpError::Malformed { at: self.bytes.at, what });
        }
        Ok(ending)
    }

    /// `ALTER TABLE whole ATTACH PARTITION part`: what `pg_dump` writes between the tables and their rows.
    fn alter(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        if !self.comes("TABLE")? {
            return self.skip_statement();
        }
        let mut whole = self.name()?;
        while matches!(whole.as_str(), "if" | "exists" | "only") {
            whole = self.name()?;
        }
        if self.comes("ATTACH")? && self.comes("PARTITION")? {
            let part = self.name()?;
            self.join(part, whole, sink)?;
        }
        self.skip_statement()
    }

    /// Whether this word comes next; one that does is taken, and so is another.
    fn comes(&mut self, word: &str) -> Result<bool, DumpError> {
        Ok(self.need_solid()?.is_ascii_alphabetic() && self.word()?.eq_ignore_ascii_case(word))
    }

    fn join(&mut self, part: String, whole: String, sink: &dyn Sink) -> Result<(), DumpError> {
        self.parts.wholes.insert(part, whole);
        let mut passed_over = self.parts.passed_over.iter();
        if passed_over.any(|name| sink.wants(self.parts.whole(name))) {
            return Err(self.bytes.malformed("rows of a partition before it is said to be one"));
        }
        Ok(())
    }

    fn set(&mut self) -> Result<(), DumpError> {
        self.need_solid()?;
        if self.word()?.eq_ignore_ascii_case("client_encoding") {
            self.expect(b'=')?;
            if self.need_solid()? == b'\'' {
                let name = self.string(false)?.to_ascii_uppercase();
                // What has no encoding may be anything; its bytes are looked at.
                self.is_foreign = ![&b"UTF8"[..], b"UTF-8", b"UNICODE", b"SQL_ASCII"].contains(&name.as_slice());
            }
        }
        self.skip_statement()
    }

    fn create(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        loop {
            self.need_solid()?;
            match self.word()?.to_ascii_uppercase().as_str() {
                "TABLE" => break,
                "UNLOGGED" | "TEMPORARY" | "TEMP" | "FOREIGN" => {}
                _ => return self.skip_statement(),
            }
        }
        let mut name = self.name()?;
        if name.eq_ignore_ascii_case("if") {
            for _ in ["NOT", "EXISTS"] {
                self.name()?;
            }
            name = self.name()?;
        }
        if self.need_solid()? != b'(' {
            if self.comes("PARTITION")? && self.comes("OF")? {
                let whole = self.name()?;
                let columns = self.tables.get(&whole).cloned().unwrap_or_default();
                self.tables.insert(name.clone(), columns);
                self.join(name, whole, sink)?;
            }
            return self.skip_statement();
        }
        self.bytes.take()?;
        let mut columns = Vec::new();
        loop {
            let first = self.need_solid()?;
            if first == b')' {
                self.bytes.take()?;
                break;
            }
            if first == b'"' {
                columns.push(self.part()?);
            } else {
                let word = self.part()?;
                if !NO_COLUMNS.contains(&word.to_ascii_uppercase().as_str()) {
                    columns.push(word);
                }
            }
            if self.skip_to(b",)")? == b')' {
                break;
            }
        }
        sink.defined(&name, &columns).map_err(DumpError::Sink)?;
        self.tables.insert(name.clone(), columns);
        self.rest_of_table(name, sink)
    }

    /// What follows the columns of a table: of which it is a part, and whether it has parts itself.
    fn rest_of_table(&mut self, name: String, sink: &dyn Sink) -> Result<(), DumpError> {
        loop {
            if !self.need_solid()?.is_ascii_alphabetic() {
                return self.skip_statement();
            }
            match self.word()?.to_ascii_uppercase().as_str() {
                "INHERITS" => {
                    let mut wholes = Vec::new();
                    self.list(&mut wholes, "a list of tables", Self::name)?;
                    // Theirs come first, in rows without a list of columns.
                    let inherited = wholes.iter().filter_map(|whole| self.tables.get(whole)).flatten().cloned();
                    let own = self.tables.get(&name).into_iter().flatten().cloned();
                    let columns = inherited.chain(own).collect();
                    self.tables.insert(name.clone(), columns);
                    for whole in wholes {
                        self.join(name.clone(), whole, sink)?;
                    }
                }
                "PARTITION" => {
                    self.parts.divided.insert(name);
                    return self.skip_statement();
                }
                _ => return self.skip_statement(),
            }
        }
    }

    /// The table of a `COPY` or an `INSERT`, as it is named there, and its columns in the order of the rows.
    fn target(&mut self) -> Result<(String, Vec<String>), DumpError> {
        let name = self.name()?;
        let mut columns = self.tables.get(&name).cloned().unwrap_or_default();
        if self.need_solid()? == b'(' {
            self.list(&mut columns, "a list of columns", Self::part)?;
        }
        Ok((name, columns))
    }

    /// The table that the rows are handed over as rows of, if they are wanted.
    fn begin(&mut self, name: String, columns: &[String], sink: &mut dyn Sink) -> Result<Option<String>, DumpError> {
        let whole = self.parts.whole(&name).to_owned();
        let is_wanted = sink.table(&whole, columns).map_err(DumpError::Sink)?;
        if !is_wanted {
            self.parts.passed_over.insert(name);
        }
        if is_wanted && self.is_foreign {
            return Err(DumpError::Encoding);
        }
        if is_wanted && columns.is_empty() {
            return Err(self.bytes.malformed("rows of a table that was not defined"));
        }
        Ok(is_wanted.then_some(whole))
    }

    fn copy(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        if self.need_solid()? == b'(' {
            return self.skip_statement();
        }
        let (name, columns) = self.target()?;
        for wanted in ["FROM", "STDIN"] {
            self.need_solid()?;
            if !self.word()?.eq_ignore_ascii_case(wanted) {
                return self.skip_statement();
            }
        }
        let is_plain = self.need_solid()? == b';';
        self.skip_statement()?;
        self.skip_line()?;
        let wanted = self.begin(name, &columns, sink)?;
        if wanted.is_some() && !is_plain {
            return Err(self.bytes.malformed("a COPY of another form than the usual one"));
        }
        let mut line = Vec::new();
        loop {
            line.clear();
            if !self.bytes.line(&mut line)? {
                return Err(DumpError::Cut(self.bytes.at));
            }
            // What ends a line on Windows; a value's own stands there as \r.
            let row = line.strip_suffix(b"\r").unwrap_or(&line);
            if row == b"\\." {
                return Ok(());
            }
            let Some(name) = &wanted else { continue };
            let values: Option<Vec<Value>> = row.split(|byte| *byte == b'\t').map(copied).collect();
            let values = values.ok_or_else(|| self.bytes.malformed("an escape without its letter"))?;
            self.hand_over(name, &columns, &values, sink)?;
        }
    }

    fn hand_over(&mut self, name: &str, columns: &[String], values: &[Value], sink: &mut dyn Sink) -> Result<(), DumpError> {
        if values.len() != columns.len() {
            return Err(self.bytes.malformed("a row has another number of values than its table has columns"));
        }
        sink.row(name, columns, values).map_err(DumpError::Sink)
    }

    fn insert(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        self.need_solid()?;
        if !self.word()?.eq_ignore_ascii_case("INTO") {
            return Err(self.bytes.malformed("an INSERT that names no table"));
        }
        let (name, columns) = self.target()?;
        loop {
            self.need_solid()?;
            match self.word()?.to_ascii_uppercase().as_str() {
                "VALUES" => break,
                "OVERRIDING" | "SYSTEM" | "USER" | "VALUE" => {}
                _ => return Err(self.bytes.malformed("an INSERT without VALUES")),
            }
        }
        let Some(name) = self.begin(name, &columns, sink)? else { return self.skip_statement() };
        let mut values = Vec::with_capacity(columns.len());
        loop {
            self.list(&mut values, "no comma between two values", Self::value)?;
            self.hand_over(&name, &columns, &values, sink)?;
            match self.need_solid()? {
                b',' => drop(self.bytes.take()?),
                // Also what may follow, such as ON CONFLICT DO NOTHING.
                _ => return self.skip_statement(),
            }
        }
    }

    fn value(&mut self) -> Result<Value, DumpError> {
        match self.need_solid()? {
            b'\'' => return Ok(text(self.string(false)?)),
            b'0'..=b'9' | b'-' | b'+' | b'.' => {
                let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                return self.while_is(is_digit).map(Value::Number);
            }
            _ => {}
        }
        let word = self.word()?.to_ascii_uppercase();
        let is_quoted = self.bytes.peek()? == Some(b'\'');
        match word.as_str() {
            "E" | "B" | "X" if is_quoted => Ok(text(self.string(word == "E")?)),
            "NULL" | "DEFAULT" => Ok(Value::Null),
            "TRUE" | "FALSE" => Ok(Value::Text(word.to_lowercase())),
            _ => Err(self.bytes.malformed("a value of no known form")),
        }
    }

    /// A name with its schema, if it has one.
    fn name(&mut self) -> Result<String, DumpError> {
        self.need_solid()?;
        let mut name = self.part()?;
        while self.need_solid()? == b'.' {
            self.bytes.take()?;
            self.need_solid()?;
            name = format!("{name}.{}", self.part()?);
        }
        Ok(name)
    }

    /// One part of a name: in quotes as it stands, else in small letters.
    fn part(&mut self) -> Result<String, DumpError> {
        if self.bytes.peek()? == Some(b'"') {
            let bytes = self.string(false)?;
            return String::from_utf8(bytes).map_err(|_| self.bytes.malformed("a name that is no UTF-8"));
        }
        Ok(self.word()?.to_lowercase())
    }

    fn word(&mut self) -> Result<String, DumpError> {
        let word = self.while_is(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80)?;
        if word.is_empty() { Err(self.bytes.malformed("no word where one must stand")) } else { Ok(word) }
    }

    fn while_is(&mut self, wanted: impl Fn(u8) -> bool) -> Result<String, DumpError> {
        let mut word = Vec::new();
        while let Some(byte) = self.bytes.peek()?.filter(|byte| wanted(*byte)) {
            word.push(byte);
            self.bytes.advance(1);
            if word.len() > LONGEST {
                return Err(self.bytes.malformed("a value longer than any"));
            }
        }
        String::from_utf8(word).map_err(|_| self.bytes.malformed("a word that is no UTF-8"))
    }

    /// What stands between two quotes of one kind; a doubled quote is one.
    fn string(&mut self, has_escapes: bool) -> Result<Vec<u8>, DumpError> {
        let quote = self.bytes.take()?;
        let mut raw = Vec::new();
        loop {
            let byte = self.bytes.take()?;
            if byte == quote {
                if self.bytes.peek()? != Some(quote) {
                    break;
                }
                self.bytes.take()?;
            }
            raw.push(byte);
            if has_escapes && byte == b'\\' {
                raw.push(self.bytes.take()?);
            }
            if raw.len() > LONGEST {
                return Err(self.bytes.malformed("a value longer than any"));
            }
        }
        if !has_escapes {
            return Ok(raw);
        }
        unescaped(&raw).ok_or_else(|| self.bytes.malformed("an escape without its letter"))
    }

    fn skip_line(&mut self) -> Result<(), DumpError> {
        self.bytes.line(&mut Vec::new()).map(drop)
    }

    fn skip_statement(&mut self) -> Result<(), DumpError> {
        self.skip_to(b";").map(drop)
    }

    /// Passes over everything up to and with one of these bytes that stands in no bracket.
    fn skip_to(&mut self, ends: &[u8]) -> Result<u8, DumpError> {
        let mut depth = 0_usize;
        loop {
            let byte = self.need_solid()?;
            match byte {
                b'\'' | b'"' => drop(self.string(false)?),
                b'$' => self.skip_dollars()?,
                b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => {
                    let word = self.word()?;
                    if word.eq_ignore_ascii_case("e") && self.bytes.peek()? == Some(b'\'') {
                        self.string(true)?;
                    }
                }
                _ => {
                    self.bytes.take()?;
                    match byte {
                        _ if depth == 0 && ends.contains(&byte) => return Ok(byte),
                        b'(' => depth += 1,
                        b')' => depth = depth.saturating_sub(1),
                        b';' if !ends.contains(&b';') => {
                            return Err(self.bytes.malformed("a table's definition has no end"));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Passes over `$tag$ … $tag$`, the body of a function; after a `$` alone nothing is passed over.
    fn skip_dollars(&mut self) -> Result<(), DumpError> {
        self.bytes.take()?;
        let mut tag = vec![b'$'];
        while let Some(byte) =
            self.bytes.peek()?.filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
        {
            tag.push(byte);
            self.bytes.advance(1);
        }
        if self.bytes.peek()? != Some(b'$') {
            return Ok(());
        }
        tag.push(self.bytes.take()?);
        let mut last = Vec::new();
        while last != tag {
            if last.len() == tag.len() {
                last.remove(0);
            }
            last.push(self.bytes.take()?);
        }
        Ok(())
    }

    fn line_comment(&mut self) -> Result<(), DumpError> {
        let mut line = Vec::new();
        self.bytes.line(&mut line)?;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        match line {
            // Each database of pg_dumpall has a head and an end of its own.
            b"-- PostgreSQL database dump" | b"-- PostgreSQL database cluster dump" => {
                self.frame.comments = Mark::Open;
            }
            b"-- PostgreSQL database dump complete" | b"-- PostgreSQL database cluster dump complete" => {
                self.frame.comments.close();
            }
            _ => {}
        }
        Ok(())
    }

    /// They stand in each other.
    fn block_comment(&mut self) -> Result<(), DumpError> {
        let mut depth = 0_usize;
        loop {
            if self.bytes.follows(*b"/*")? {
                depth += 1;
                self.bytes.advance(2);
            } else if self.bytes.follows(*b"*/")? {
                depth -= 1;
                self.bytes.advance(2);
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.bytes.take()?;
            }
        }
    }
}

/// A value of a `COPY`.
fn copied(field: &[u8]) -> Option<Value> {
    if field == b"\\N" {
        return Some(Value::Null);
    }
    unescaped(field).map(text)
}

fn text(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text)
}

/// With its escapes resolved; `None` where one has no letter.
fn unescaped(field: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        bytes.extend_from_slice(&rest[..at]);
        let letter = *rest.get(at + 1)?;
        rest = &rest[at + 2..];
        bytes.push(match letter {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => number(&mut rest, u32::from(letter - b'0'), 8, 2),
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => number(&mut rest, 0, 16, 2),
            other => other,
        });
    }
    bytes.extend_from_slice(rest);
    Some(bytes)
}

/// A byte in digits, of which so many follow at most.
fn number(rest: &mut &[u8], mut value: u32, radix: u32, most: usize) -> u8 {
    for _ in 0..most {
        let Some(digit) = rest.first().and_then(|byte| char::from(*byte).to_digit(radix)) else { break };
        value = value * radix + digit;
        *rest = &rest[1..];
    }
    // As PostgreSQL does, the high bit of three octal digits is passed over.
    u8::try_from(value & 0xff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_copy_is_what_was_stored() {
        let table: &[(&[u8], Option<Value>)] = &[
            (b"\\N", Some(Value::Null)),
            (b"", Some(Value::Text(String::new()))),
            (b"\\\\N", Some(Value::Text("\\N".to_owned()))),
            (br"a\tb\nc\rd\be\ff\vg", Some(Value::Text("a\tb\nc\rd\u{8}e\u{c}f\u{b}g".to_owned()))),
            (br"\101\60\x41\x4a1\xe7\x8e\x8b", Some(Value::Text("A0AJ1王".to_owned()))),
            (br"\q\x\.", Some(Value::Text("qx.".to_owned()))),
            (br"\377", Some(Value::Bytes(vec![0xff]))),
            (b"a\\", None),
        ];
        for (field, value) in table {
            assert_eq!(copied(field), *value, "{:?}", String::from_utf8_lossy(field));
        }
    }
}
