//! Dumps: every form of a value, both styles, and what is not whole.

use std::error::Error;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use sheaf_sources::dump::{self, DumpError, Sink, Value};

type Refused = Box<dyn Error + Send + Sync>;

#[derive(Default)]
struct Rows(Vec<(String, Vec<(String, Value)>)>);

impl Sink for Rows {
    fn table(&mut self, name: &str, _: &[String]) -> Result<bool, Refused> {
        Ok(name != "unwanted")
    }

    fn row(&mut self, table: &str, columns: &[String], values: &[Value]) -> Result<(), Refused> {
        self.0.push((table.to_owned(), columns.iter().cloned().zip(values.iter().cloned()).collect()));
        Ok(())
    }
}

/// Gives one byte at a time, so that every token is met at the edge of what has been read.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
        buffer[0] = *first;
        self.0 = rest;
        Ok(1)
    }
}

fn rows(text: &[u8]) -> Vec<(String, Vec<(String, Value)>)> {
    let (mut rows, mut slow) = (Rows::default(), Rows::default());
    dump::read(text, &mut rows).expect("a whole dump");
    dump::read(Slow(text), &mut slow).expect("the same, byte by byte");
    assert_eq!(rows.0, slow.0, "how much is read at once changes nothing");
    rows.0
}

const HEAD: &str = "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\n\
    /*!40101 SET NAMES utf8mb4 */;\nDROP TABLE IF EXISTS `t`;\n\
    CREATE TABLE `t` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT,\n  `text` varchar(9) DEFAULT 'a,)b' COMMENT 'it''s; \\'x',\n  \
    `price` decimal(10,2) /*!80023 INVISIBLE */,\n  PRIMARY KEY (`id`),\n  KEY `k` (`text`,`price`)\n) ENGINE=InnoDB;\n\
    LOCK TABLES `t` WRITE;\n";
const TAIL: &str = "UNLOCK TABLES;\n-- Dump completed on 2026-01-01\n";

fn whole(middle: &str) -> String {
    format!("{HEAD}{middle}{TAIL}")
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn both_styles_give_the_same_rows() {
    let one_line = whole("INSERT INTO `t` VALUES (1,'a',-2.50),(2,'b',NULL),(3,'c',1e3);\n");
    let lines = whole("INSERT INTO `t` VALUES\n(1,'a',-2.50),\n(2,'b',NULL),\n(3,'c',1e3);\n");
    let marked = format!("\u{feff}{one_line}");
    let several = whole(
        "INSERT INTO `t` VALUES (1,'a',-2.50);\nINSERT IGNORE INTO `t` (`id`, `text`, `price`) VALUES (2,'b',NULL),(3,'c',1e3);\n",
    );
    let found = rows(one_line.as_bytes());
    assert_eq!(found.len(), 3, "three rows");
    let first = vec![
        ("id".to_owned(), Value::Number("1".to_owned())),
        ("text".to_owned(), text("a")),
        ("price".to_owned(), Value::Number("-2.50".to_owned())),
    ];
    assert_eq!(found[0], ("t".to_owned(), first), "columns in the order of the table, keys are none");
    assert_eq!(found[1].1[2].1, Value::Null, "NULL is a value");
    assert_eq!(rows(lines.as_bytes()), found, "one row a line");
    assert_eq!(rows(marked.as_bytes()), found, "after the mark of UTF-8");
    assert_eq!(rows(several.as_bytes()), found, "several statements, columns named");
}

#[test]
fn every_form_of_a_value_is_read() {
    for (written, meant) in [
        (r"'a\'b\\c\n\r\t\0\Z\b\%'", text("a'b\\c\n\r\t\0\u{1a}\u{8}%")),
        ("'it''s'", text("it's")),
        ("\"say 'x'\"", text("say 'x'")),
        ("''", text("")),
        ("'),(;-- # /* no comment'", text("),(;-- # /* no comment")),
        ("'右上 😀'", text("右上 😀")),
        (r#"'{\"files\": [\"a\\\\b\"]}'"#, text(r#"{"files": ["a\\b"]}"#)),
        ("0x4Aff", Value::Bytes(vec![0x4a, 0xff])),
        ("X'00ff'", Value::Bytes(vec![0, 0xff])),
        ("_binary 'ab'", text("ab")),
        ("_binary 0x01", Value::Bytes(vec![1])),
        ("_utf8mb4'x'", text("x")),
        ("-9223372036854775808", Value::Number("-9223372036854775808".to_owned())),
    ] {
        let found = rows(whole(&format!("INSERT INTO `t` VALUES (1,{written},0);\n")).as_bytes());
        assert_eq!(found[0].1[1].1, meant, "{written}");
    }
    let mut raw = HEAD.as_bytes().to_vec();
    raw.extend_from_slice(b"INSERT INTO `t` VALUES (1,'\xff\xfe',0);\n-- Dump completed\n");
    assert_eq!(rows(&raw)[0].1[1].1, Value::Bytes(vec![0xff, 0xfe]), "what is no UTF-8 stays bytes");
}

#[test]
fn unwanted_tables_are_passed_over() {
    let middle = "CREATE TABLE `unwanted` (`a` int);\nINSERT INTO `unwanted` VALUES ('; INSERT INTO `t` VALUES (9)');\n\
                  INSERT INTO `t` VALUES (1,'a',0);\n";
    let found = rows(whole(middle).as_bytes());
    assert_eq!(found.len(), 1, "only the wanted table's row");
}

#[test]
fn a_dump_cut_anywhere_is_told_from_a_whole_one() {
    let dump = whole("INSERT INTO `t` VALUES (1,'a',0),(2,'b',0);\n");
    let end = dump.find("-- Dump completed").expect("the last line") + "-- Dump completed".len();
    let begun = dump.find("-- MariaDB dump").expect("the first line") + "-- MariaDB dump".len();
    for length in begun..end {
        let error = dump::read(&dump.as_bytes()[..length], &mut Rows::default()).expect_err("it is cut");
        assert!(matches!(error, DumpError::Cut(_)), "cut at {length}: {error}");
    }
    dump::read(dump.as_bytes(), &mut Rows::default()).expect("the whole one is read");
}

#[test]
fn a_gzipped_dump_is_read_and_its_cut_is_seen() {
    let dump = whole("INSERT INTO `t` VALUES (1,'a',0),(2,'b',0);\n");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(dump.as_bytes()).expect("it compresses");
    let packed = encoder.finish().expect("it compresses");
    let mut found = Rows::default();
    dump::read(packed.as_slice(), &mut found).expect("a whole dump");
    assert_eq!(found.0, rows(dump.as_bytes()), "the same rows");
    for length in [20, packed.len() / 2, packed.len() - 1] {
        let error = dump::read(&packed[..length], &mut Rows::default()).expect_err("it is cut");
        assert!(matches!(error, DumpError::Cut(_)), "cut at {length}: {error}");
    }
}

#[test]
fn what_no_dump_holds_is_refused_without_its_values() {
    for middle in [
        "INSERT INTO `t` VALUES (1,'Rossi');\n",
        "INSERT INTO `nowhere` VALUES ('Rossi');\n",
        "INSERT INTO `t` VALUES (1,'Rossi',now());\n",
        "INSERT INTO `t` VALUES (1,'Rossi',0x1);\n",
        "INSERT INTO `t` VALUES (1,'Rossi' 0);\n",
        "INSERT INTO `t` SELECT 'Rossi';\n",
    ] {
        let error = dump::read(whole(middle).as_bytes(), &mut Rows::default()).expect_err("it is no dump");
        assert!(matches!(error, DumpError::Malformed { .. }), "{middle}: {error}");
        assert!(!error.to_string().contains("Rossi"), "a message holds no value: {error}");
    }
}

#[test]
fn who_takes_the_rows_can_stop() {
    struct Full;
    impl Sink for Full {
        fn table(&mut self, _: &str, _: &[String]) -> Result<bool, Refused> {
            Ok(true)
        }
        fn row(&mut self, _: &str, _: &[String], _: &[Value]) -> Result<(), Refused> {
            Err("no room".into())
        }
    }
    let error = dump::read(whole("INSERT INTO `t` VALUES (1,'a',0);\n").as_bytes(), &mut Full).expect_err("it is stopped");
    assert!(matches!(error, DumpError::Sink(_)), "{error}");
}
