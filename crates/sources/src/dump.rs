//! The rows of a `mysqldump`, plain or gzipped, read as a stream: one row is in memory at a time, however long the line.
//!
//! Only `CREATE TABLE` and `INSERT INTO` are understood; every other statement is passed over. Nothing is executed.
//! Deliberately absent: what the tables mean, and any dialect but that of `MySQL` and `MariaDB`.

use std::collections::HashMap;
use std::io::{self, Read};

use crate::bytes::{Bytes, LONGEST, unzipped};
use crate::statements::{Frame, Mark, Statements};

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `NULL`.
    Null,
    /// A number, in the digits of the dump.
    Number(String),
    /// Text in quotes, escapes resolved.
    Text(String),
    /// Bytes: hexadecimal digits, or quotes that hold no UTF-8.
    Bytes(Vec<u8>),
}

/// Why a dump could not be read to its end. No message holds a value of the dump.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// It ends before it is whole.
    #[error("The dump ends in the middle, after {0} bytes.")]
    Cut(u64),
    /// It holds what no dump does.
    #[error("The dump cannot be understood at byte {at}: {what}.")]
    Malformed {
        /// How many bytes had been read.
        at: u64,
        /// What was wrong.
        what: &'static str,
    },
    /// Reading it failed.
    #[error("The dump could not be read: {0}")]
    Io(io::Error),
    /// Its letters are written in another encoding than UTF-8.
    #[error("The text of the dump is not UTF-8.")]
    Encoding,
    /// Whoever takes the rows has stopped.
    #[error("The rows of the dump could not be taken: {0}")]
    Sink(Box<dyn std::error::Error + Send + Sync>),
}

/// Whether it is known that a dump is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It says where it ends.
    Said,
    /// It does not, as with `mysqldump --compact`: one that was cut between two statements looks the same.
    Unsaid,
}

/// Takes the rows of a dump.
pub trait Sink {
    /// What follows is of this database; a dump of several says so.
    ///
    /// # Errors
    /// Any error ends the reading.
    fn database(&mut self, _name: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    /// Whether rows of this table are wanted at all, whatever its columns are.
    fn wants(&self, _name: &str) -> bool {
        true
    }

    /// A table is defined with these columns; one without rows is named nowhere else.
    ///
    /// # Errors
    /// Any error ends the reading.
    fn defined(&mut self, _name: &str, _columns: &[String]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    /// A table and its columns begin; the answer says whether its rows are wanted.
    ///
    /// # Errors
    /// Any error ends the reading.
    fn table(&mut self, name: &str, columns: &[String]) -> Result<bool, Box<dyn std::error::Error + Send + Sync>>;

    /// One row, in the order of the columns given.
    ///
    /// # Errors
    /// Any error ends the reading.
    fn row(
        &mut self,
        table: &str,
        columns: &[String],
        values: &[Value],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Reads a dump, gzipped or not: its first bytes say which.
///
/// # Errors
/// [`DumpError::Cut`] where it is not whole. Rows that stood before the fault have been handed over by then.
pub fn read(input: impl Read, sink: &mut dyn Sink) -> Result<Ending, DumpError> {
    Reader::new(unzipped(input).map_err(DumpError::Io)?).run(sink)
}

/// Quotes of names: the usual ones, and those of ANSI.
const NAMING: [u8; 2] = [b'`', b'"'];

/// The word of the client, not of the server, that changes how statements end.
const DELIMITER: &[u8] = b"DELIMITER";

/// So much is looked at of what a comment has a server set.
const LONGEST_SETTING: usize = 128;

struct Reader<R> {
    bytes: Bytes<R>,
    tables: HashMap<String, Vec<String>>,
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
                Some(b'#') => self.line_comment()?,
                Some(b'-') if self.bytes.follows(*b"--")? => self.line_comment()?,
                Some(b'/') if self.bytes.follows(*b"/*")? => self.block_comment()?,
                other => return Ok(other),
            }
        }
    }
}

impl<R: Read> Reader<R> {
    fn new(input: R) -> Self {
        Self { bytes: Bytes::new(input), tables: HashMap::new(), frame: Frame::default() }
    }

    fn run(&mut self, sink: &mut dyn Sink) -> Result<Ending, DumpError> {
        self.bytes.pass_mark()?;
        let read = self.statements(sink);
        self.frame.judge(read, !self.tables.is_empty())
    }

    fn statements(&mut self, sink: &mut dyn Sink) -> Result<Ending, DumpError> {
        while let Some(byte) = self.next_solid()? {
            if byte == b';' {
                self.bytes.take()?;
                continue;
            }
            self.frame.comments.go_on();
            match self.word()?.as_str() {
                "CREATE" => self.create(sink)?,
                "USE" => self.change_database(sink)?,
                "DELIMITER" => self.skip_programs()?,
                "INSERT" | "REPLACE" => self.insert(sink)?,
                _ => self.skip_statement()?,
            }
        }
        self.frame.end(self.bytes.at)
    }

    fn change_database(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        if NAMING.contains(&self.need_solid()?) {
            let name = self.name()?;
            sink.database(&name).map_err(DumpError::Sink)?;
            // Its tables may be called as those before are.
            self.tables.clear();
        }
        self.skip_statement()
    }

    fn create(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        self.need_solid()?;
        if self.word()? != "TABLE" {
            return self.skip_statement();
        }
        if !NAMING.contains(&self.need_solid()?) {
            for _ in ["IF", "NOT", "EXISTS"] {
                self.need_solid()?;
                self.word()?;
            }
        }
        self.need_solid()?;
        let name = self.name()?;
        self.expect(b'(')?;
        let mut columns = Vec::new();
        loop {
            if NAMING.contains(&self.need_solid()?) {
                columns.push(self.name()?);
            }
            if self.skip_item()? == b')' {
                break;
            }
        }
        sink.defined(&name, &columns).map_err(DumpError::Sink)?;
        self.tables.insert(name, columns);
        self.skip_statement()
    }

    /// Passes over the rest of a column's definition, up to and with the comma or the closing bracket.
    fn skip_item(&mut self) -> Result<u8, DumpError> {
        let mut depth = 0_usize;
        loop {
            match self.need_solid()? {
                b'\'' | b'"' | b'`' => drop(self.quoted()?),
                byte => {
                    self.bytes.take()?;
                    match byte {
                        b'(' => depth += 1,
                        b')' if depth > 0 => depth -= 1,
                        b')' => return Ok(byte),
                        b',' if depth == 0 => return Ok(byte),
                        b';' => return Err(self.bytes.malformed("a table's definition has no end")),
                        _ => {}
                    }
                }
            }
        }
    }

    fn insert(&mut self, sink: &mut dyn Sink) -> Result<(), DumpError> {
        while !NAMING.contains(&self.need_solid()?) {
            if !matches!(self.word()?.as_str(), "INTO" | "IGNORE") {
                return Err(self.bytes.malformed("an INSERT that names no table"));
            }
        }
        let name = self.name()?;
        let mut columns = self.tables.get(&name).cloned().unwrap_or_default();
        if self.need_solid()? == b'(' {
            self.list(&mut columns, "a list of columns", Self::name)?;
        }
        self.need_solid()?;
        if !matches!(self.word()?.as_str(), "VALUES" | "VALUE") {
            return Err(self.bytes.malformed("an INSERT without VALUES"));
        }
        if columns.is_empty() {
            // The database of a server's own has such tables.
            let wanted = sink.wants(&name);
            return if wanted {
                Err(self.bytes.malformed("rows of a table that was not defined"))
            } else {
                self.skip_statement()
            };
        }
        if !sink.table(&name, &columns).map_err(DumpError::Sink)? {
            return self.skip_statement();
        }
        let mut values = Vec::with_capacity(columns.len());
        loop {
            self.list(&mut values, "no comma between two values", Self::value)?;
            if values.len() != columns.len() {
                return Err(self.bytes.malformed("a row has another number of values than its table has columns"));
            }
            sink.row(&name, &columns, &values).map_err(DumpError::Sink)?;
            match self.take_solid()? {
                b',' => {}
                b';' => return Ok(()),
                _ => return Err(self.bytes.malformed("no comma between two rows")),
            }
        }
    }

    fn value(&mut self) -> Result<Value, DumpError> {
        if matches!(self.need_solid()?, b'\'' | b'"') {
            return self.text();
        }
        let word = self.bare()?;
        let upper = word.to_ascii_uppercase();
        if upper == "NULL" {
            return Ok(Value::Null);
        }
        // A character set before the quotes, such as `_binary 'x'`; the bytes themselves say whether they are text.
        if upper.starts_with('_') {
            return self.value();
        }
        if upper == "X" {
            let digits = self.quoted()?;
            return self.hex(&digits).map(Value::Bytes);
        }
        if let Some(digits) = word.strip_prefix("0x") {
            return self.hex(digits.as_bytes()).map(Value::Bytes);
        }
        if word.bytes().next().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.')) {
            return Ok(Value::Number(word));
        }
        Err(self.bytes.malformed("a value of no known form"))
    }

    fn text(&mut self) -> Result<Value, DumpError> {
        let bytes = self.quoted()?;
        Ok(String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text))
    }

    fn hex(&mut self, digits: &[u8]) -> Result<Vec<u8>, DumpError> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()
            .ok_or_else(|| self.bytes.malformed("hexadecimal digits"))
    }

    fn name(&mut self) -> Result<String, DumpError> {
        if !self.bytes.peek()?.is_some_and(|quote| NAMING.contains(&quote)) {
            return Err(self.bytes.malformed("a name without its quotes"));
        }
        let bytes = self.quoted()?;
        String::from_utf8(bytes).map_err(|_| self.bytes.malformed("a name that is no UTF-8"))
    }

    /// What stands between two quotes of one kind; a doubled quote is one, and a backslash escapes except in names.
    fn quoted(&mut self) -> Result<Vec<u8>, DumpError> {
        let quote = self.bytes.take()?;
        let mut bytes = Vec::new();
        loop {
            self.bytes.ensure(1)?;
            let ready = self.bytes.ready();
            if ready.is_empty() {
                return Err(DumpError::Cut(self.bytes.at));
            }
            let end = ready.iter().position(|byte| *byte == quote || (*byte == b'\\' && quote != b'`'));
            let plain = end.unwrap_or(ready.len());
            bytes.extend_from_slice(&ready[..plain]);
            self.bytes.advance(plain);
            if bytes.len() > LONGEST {
                return Err(self.bytes.malformed("a value longer than any"));
            }
            if end.is_none() {
                continue;
            }
            if self.bytes.take()? == quote {
                if self.bytes.peek()? != Some(quote) {
                    return Ok(bytes);
                }
                bytes.push(self.bytes.take()?);
            } else {
                bytes.push(match self.bytes.take()? {
                    b'0' => 0,
                    b'b' => 8,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'Z' => 26,
                    other => other,
                });
            }
        }
    }

    fn word(&mut self) -> Result<String, DumpError> {
        let word = self.bare()?;
        if word.is_empty() {
            Err(self.bytes.malformed("no word where one must stand"))
        } else {
            Ok(word.to_ascii_uppercase())
        }
    }

    fn bare(&mut self) -> Result<String, DumpError> {
        let mut word = String::new();
        while let Some(byte) = self.bytes.peek()? {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+')) {
                break;
            }
            word.push(char::from(byte));
            self.bytes.advance(1);
            if word.len() > LONGEST {
                return Err(self.bytes.malformed("a value longer than any"));
            }
        }
        Ok(word)
    }

    fn skip_statement(&mut self) -> Result<(), DumpError> {
        loop {
            match self.need_solid()? {
                b'\'' | b'"' | b'`' => drop(self.quoted()?),
                byte => {
                    self.bytes.take()?;
                    if byte == b';' {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn line_comment(&mut self) -> Result<(), DumpError> {
        let line = self.line()?.unwrap_or_default();
        if line.starts_with(b"-- MySQL dump") || line.starts_with(b"-- MariaDB dump") {
            self.frame.comments = Mark::Open;
        } else if line.starts_with(b"-- Dump completed") {
            self.frame.comments.close();
        }
        Ok(())
    }

    /// The rest of this line, as far as it is looked at; `None` at the end of the dump.
    fn line(&mut self) -> Result<Option<Vec<u8>>, DumpError> {
        let mut line = Vec::new();
        if self.bytes.peek()?.is_none() {
            return Ok(None);
        }
        while let Some(byte) = self.bytes.peek()? {
            self.bytes.advance(1);
            if byte == b'\n' {
                break;
            }
            if line.len() < 64 {
                line.push(byte);
            }
        }
        Ok(Some(line))
    }

    /// Passes over triggers, procedures and events: their statements are no rows of this database. They stand in lines with another
    /// end of statements than `;`, up to the line that brings that back.
    fn skip_programs(&mut self) -> Result<(), DumpError> {
        let usual = |rest: &[u8]| rest.trim_ascii() == b";";
        if self.line()?.is_some_and(|rest| usual(&rest)) {
            return Ok(());
        }
        while let Some(line) = self.line()? {
            let line = line.trim_ascii_start();
            let (word, rest) = line.split_at(line.len().min(DELIMITER.len()));
            if word.eq_ignore_ascii_case(DELIMITER) && usual(rest) {
                return Ok(());
            }
        }
        Err(DumpError::Cut(self.bytes.at))
    }

    /// Passes over a comment. What a server runs in it is looked at for the two statements that are always the last of a dump's head
    /// and of its end.
    fn block_comment(&mut self) -> Result<(), DumpError> {
        self.bytes.advance(2);
        let mut words = Vec::new();
        let mut before = 0;
        loop {
            let byte = self.bytes.take()?;
            if before == b'*' && byte == b'/' {
                break;
            }
            before = byte;
            if words.len() < LONGEST_SETTING && !byte.is_ascii_whitespace() {
                words.push(byte.to_ascii_uppercase());
            }
        }
        let has = |setting: &[u8]| words.starts_with(b"!") && memchr::memmem::find(&words, setting).is_some();
        if has(b"SET@OLD_SQL_NOTES=") {
            self.frame.settings = Mark::Open;
        } else if has(b"SETSQL_NOTES=") && has(b"@OLD_SQL_NOTES") {
            self.frame.settings.close();
        }
        Ok(())
    }
}
