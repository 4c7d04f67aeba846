//! What Django's `dumpdata` writes: a list of objects, or one object a line. One object is in memory at a time.
//!
//! A study is an object of the model `study.study`, or one with the fields that no study lacks; Django lets every project name
//! its models. Of other objects nothing is kept.

use std::cell::Cell as Count;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use sheaf_registry::Error;
use sheaf_registry::studies::StudyField;

use super::{Table, text};
use crate::bytes::unzipped;
use crate::dump::DumpError;
use crate::sheet::Cell;
use crate::study_rows::StudyColumn;

/// The model, as the application that fills the table calls it.
const MODEL: &str = "study.study";
/// What no study lacks, and hardly anything else has.
const TELLING: [StudyField; 3] = [StudyField::ExamStatus, StudyField::ExamSource, StudyField::OrderDatetime];
/// The longest object that is read, in bytes.
const LONGEST: u64 = 64 << 20;
/// How much is read at once.
const BUFFER: usize = 1 << 18;

/// Reads a dump into the table.
pub(super) fn read(input: impl Read, table: &mut Table<'_>) -> Result<(), DumpError> {
    let taken = Count::new(0);
    let bounds = Bounds { taken: &taken, since: Count::new(0) };
    let input = Counted { input: unzipped(input).map_err(DumpError::Io)?, bounds: &bounds };
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut failed = None;
    let read = begin(&mut input).map_err(serde_json::Error::io).and_then(|is_list| {
        let mut rows = Rows { table, bounds: &bounds, failed: &mut failed };
        if is_list { of_list(input, rows) } else { of_lines(input, &mut rows) }
    });
    read.map_err(|error| match failed {
        Some(error) => DumpError::Sink(Box::new(error)),
        None => refused(error, taken.get()),
    })
}

/// Passes over what stands before the first object; whether a list begins.
fn begin(input: &mut impl BufRead) -> io::Result<bool> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    loop {
        match input.fill_buf()?.first() {
            Some(byte) if byte.is_ascii_whitespace() => input.consume(1),
            first => return Ok(first == Some(&b'[')),
        }
    }
}

fn of_list(input: impl Read, rows: Rows<'_, '_>) -> serde_json::Result<()> {
    let mut list = serde_json::Deserializer::from_reader(input);
    (&mut list).deserialize_seq(rows)?;
    list.end()
}

fn of_lines(mut input: impl BufRead, rows: &mut Rows<'_, '_>) -> serde_json::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        rows.bounds.next();
        if input.read_until(b'\n', &mut line).map_err(serde_json::Error::io)? == 0 {
            return Ok(());
        }
        if !line.trim_ascii().is_empty() {
            let mut object = serde_json::Deserializer::from_slice(&line);
            Object(rows).deserialize(&mut object)?;
            object.end()?;
        }
    }
}

fn refused(error: serde_json::Error, at: u64) -> DumpError {
    match error.classify() {
        Category::Eof => DumpError::Cut(at),
        Category::Io => match io::Error::from(error) {
            // A gzip stream that ends before its own end.
            error if error.kind() == io::ErrorKind::UnexpectedEof => DumpError::Cut(at),
            error => DumpError::Io(error),
        },
        Category::Syntax if error.to_string().starts_with("invalid unicode code point") => DumpError::Encoding,
        Category::Syntax => DumpError::Malformed { at, what: "it is no JSON" },
        Category::Data => DumpError::Malformed { at, what: "it is JSON, but not as dumpdata writes it" },
    }
}

/// How much may still be read for one object.
struct Bounds<'a> {
    taken: &'a Count<u64>,
    /// Where the object began, as far as blocks tell.
    since: Count<u64>,
}

impl Bounds<'_> {
    /// Another object begins.
    fn next(&self) {
        self.since.set(self.taken.get());
    }
}

/// Counts what is read, and stops within an object that is longer than any.
struct Counted<'a, R> {
    input: R,
    bounds: &'a Bounds<'a>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.bounds.taken.get();
        if taken - self.bounds.since.get() > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an object longer than any"));
        }
        let read = self.input.read(buffer)?;
        self.bounds.taken.set(taken + read as u64);
        Ok(read)
    }
}

/// Takes the objects.
struct Rows<'a, 't> {
    table: &'a mut Table<'t>,
    bounds: &'a Bounds<'a>,
    failed: &'a mut Option<Error>,
}

impl<'de> Visitor<'de> for Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.bounds.next();
        while list.next_element_seed(Object(&mut self))?.is_some() {
            self.bounds.next();
        }
        Ok(())
    }
}

/// One object: its model, its key and its fields.
struct Object<'a, 'b, 't>(&'a mut Rows<'b, 't>);

impl<'de> DeserializeSeed<'de> for Object<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a model and fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut model, mut key, mut fields) = (None::<String>, Cell::Empty, None::<Fields>);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "model" => model = Some(map.next_value()?),
                "pk" => key = map.next_value_seed(Value)?,
                "fields" => fields = Some(map.next_value_seed(Fields::default())?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let (Some(model), Some(mut fields)) = (model, fields) else {
            return Err(A::Error::custom("an object without a model or without fields"));
        };
        let has = |field: &StudyField| fields.known.iter().any(|(column, _)| *column == StudyColumn::Field(*field));
        if model != MODEL && !TELLING.iter().all(has) {
            return Ok(());
        }
        // The key is the number of the examination; Django writes no field of that name beside it.
        if key != Cell::Empty {
            let id = StudyColumn::Field(StudyField::ExamId);
            fields.known.retain(|(column, _)| *column != id);
            fields.known.insert(0, (id, key));
        }
        self.0.table.take_named(&fields.known, fields.unknown).map_err(|error| {
            *self.0.failed = Some(error);
            A::Error::custom("the row could not be taken")
        })
    }
}

/// The fields of an object, as far as a study has them, and the names of the others.
#[derive(Default)]
struct Fields {
    known: Vec<(StudyColumn, Cell)>,
    unknown: Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match StudyColumn::named(&name) {
                Some(column) if self.known.iter().any(|(taken, _)| *taken == column) => {
                    return Err(A::Error::custom("a field that stands twice"));
                }
                Some(column) => self.known.push((column, map.next_value_seed(Value)?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                    self.unknown.push(name);
                }
            }
        }
        Ok(self)
    }
}

/// A value as a cell.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Empty)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Cell, E> {
        Ok(Cell::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
        Ok(text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }
}
