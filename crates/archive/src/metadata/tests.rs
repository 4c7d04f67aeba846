use std::io::{self, Write};

use serde_json::Value;
use sheaf_registry::error::FileProblem;
use sheaf_registry::selection::KindChoice;

use super::{ExportHeader, WrittenFile, preview_metadata, write_metadata};
use crate::plan::Plan;
use crate::plan::tests::{Rows, everything, listed};

const SCHEMA: &str = include_str!("../../../../docs/metadata.schema.json");
/// What users read. Change it on purpose only, and the schema with it.
const GOLDEN: &str = include_str!("golden.json");

fn header() -> ExportHeader {
    ExportHeader {
        id: "0198c0de".to_owned(),
        name: "study_a".to_owned(),
        notes: "for \"Anna\"\nsecond line".to_owned(),
        creator: "ada".to_owned(),
        created_at: "2025-10-20T14:30:22Z".parse().expect("a time"),
        version: "0.1.0".to_owned(),
    }
}

fn text_of(plan: &Plan, written: &dyn Fn(usize) -> Option<WrittenFile>, problems: &[FileProblem]) -> String {
    let mut out = Vec::new();
    write_metadata(&mut out, plan, &header(), written, problems).expect("memory takes everything");
    String::from_utf8(out).expect("JSON is UTF-8")
}

#[expect(clippy::unnecessary_wraps, reason = "it answers as a writer does that left nothing out")]
fn whole(_: usize) -> Option<WrittenFile> {
    Some(WrittenFile { bytes: 1, sha256: [1; 32] })
}

#[test]
fn the_text_is_the_one_that_users_know() {
    let plan = everything();
    // The last one was left out while the archive was written.
    let last = plan.entries().len() - 1;
    let late = plan.entries()[last].problem(&plan, sheaf_registry::Code::SourceChanged, "It changed three times.", true);
    let text = text_of(
        &plan,
        &|index| (index != last).then_some(WrittenFile { bytes: 10 + index as u64, sha256: [0xab; 32] }),
        &[late],
    );
    assert_eq!(text, GOLDEN, "the text of metadata.json is a format that others read");
}

#[test]
fn a_preview_differs_in_nothing_but_what_only_writing_can_tell() {
    let plan = everything();
    let mut out = Vec::new();
    preview_metadata(&mut out, &plan, &header()).expect("memory takes everything");
    let preview: Value = serde_json::from_slice(&out).expect("a preview is JSON");
    let planned = |index: usize| Some(WrittenFile { bytes: plan.entries()[index].bytes, sha256: [7; 32] });
    let mut written: Value = serde_json::from_str(&text_of(&plan, &planned, &[])).expect("JSON");
    assert_eq!(preview["files"].as_array().map(Vec::len), Some(plan.entries().len()), "every entry is there");
    for (file, seen) in
        written["files"].as_array_mut().expect("a list").iter_mut().zip(preview["files"].as_array().expect("a list"))
    {
        assert_eq!(seen["sha256"], "…", "no bytes were read");
        for key in ["sha256", "hash_check"] {
            file[key] = seen[key].clone();
        }
        if let Some(duplicates) = file.get_mut("duplicates").and_then(Value::as_array_mut) {
            for (at, duplicate) in duplicates.iter_mut().enumerate() {
                duplicate["hash_check"] = seen["duplicates"][at]["hash_check"].clone();
            }
        }
        assert_ne!(seen["hash_check"], "mismatch", "what was not read differs from nothing");
    }
    assert_eq!(preview, written, "all the rest is as it will be");
}

#[test]
fn what_is_written_satisfies_the_published_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let nothing = Rows::new(KindChoice::Raw, &[], &[]).planned(&listed());
    for plan in [everything(), nothing] {
        let text = text_of(&plan, &whole, plan.problems());
        let value: Value = serde_json::from_str(&text).expect("what is written is JSON");
        assert_eq!(faults(&schema, &schema, &value, "$"), Vec::<String>::new(), "the schema describes {text}");
    }
    let value: Value = serde_json::from_str(GOLDEN).expect("the golden text is JSON");
    assert_eq!(faults(&schema, &schema, &value, "$"), Vec::<String>::new(), "the schema describes the golden text");
}

#[test]
fn the_schema_refuses_what_is_never_written() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let good: Value = serde_json::from_str(GOLDEN).expect("the golden text is JSON");
    for (pointer, bad) in [
        ("/schema_version", Value::from(2)),
        ("/deidentified", Value::from(true)),
        ("/export/created_at", Value::from("2025-10-20T14:30:22+02:00")),
        ("/patients/0/folders/0", Value::from("A/b")),
        ("/files/0/sha256", Value::from("AB")),
        ("/files/0/bytes", Value::from(-1)),
        ("/files/0/hash_check", Value::from("ok")),
        ("/problems/0/code", Value::from("missing")),
        ("/patients/0", serde_json::json!({"id": "7", "folders": [], "tags": [], "name": "Ada"})),
        ("/lacking/0", serde_json::json!({"patient": "7"})),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).expect("the golden text has one of everything") = bad;
        assert!(!faults(&schema, &schema, &value, "$").is_empty(), "the schema must refuse another {pointer}");
    }
}

#[test]
fn every_field_of_the_schema_is_described_and_closed() {
    fn walk(value: &Value, at: &str) {
        let Value::Object(object) = value else { return };
        if object.get("type") == Some(&Value::from("object")) {
            assert_eq!(object.get("additionalProperties"), Some(&Value::from(false)), "{at} must not take unknown fields");
        }
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let described = property["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(described, "{at}.{name} must be described");
            walk(property, &format!("{at}.{name}"));
        }
        if let Some(items) = object.get("items") {
            assert!(items["description"].is_string(), "what is in {at} must be described");
            walk(items, &format!("{at}[]"));
        }
    }
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "the draft is said");
    walk(&schema, "$");
    for (name, definition) in schema["$defs"].as_object().expect("shared definitions") {
        assert!(definition["description"].is_string(), "{name} must be described");
    }
}

#[test]
fn a_write_that_fails_is_told() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let plan = everything();
    let length = text_of(&plan, &whole, &[]).len();
    for room in 0..length {
        let error = write_metadata(&mut Full(room), &plan, &header(), &whole, &[]).expect_err("there is not room enough");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "the cause comes through, wherever it strikes ({room} bytes)");
    }
}

/// What is wrong with `value`, by the parts of JSON Schema that our schema uses; any other part is a fault too.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let name = rule.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference inside the schema");
                found.extend(faults(root, root.pointer(name).expect("a reference leads somewhere"), value, at));
                true
            }
            "anyOf" => rule.as_array().expect("a list").iter().any(|rule| faults(root, rule, value, at).is_empty()),
            "type" => match rule {
                Value::Array(rules) => rules.iter().any(|rule| is_of_type(value, rule)),
                one => is_of_type(value, one),
            },
            "const" => value == rule,
            "enum" => rule.as_array().expect("a list").contains(value),
            "required" => {
                let required = rule.as_array().expect("a list").iter();
                required.filter_map(Value::as_str).all(|name| value.get(name).is_some())
            }
            "additionalProperties" => {
                value.as_object().is_none_or(|object| object.keys().all(|name| schema["properties"].get(name).is_some()))
            }
            "properties" => {
                for (name, rule) in rule.as_object().expect("an object") {
                    if let Some(field) = value.get(name) {
                        found.extend(faults(root, rule, field, &format!("{at}.{name}")));
                    }
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(faults(root, rule, item, &format!("{at}[{index}]")));
                }
                true
            }
            "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= rule.as_u64().expect("a number")),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().expect("a number")),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().expect("a number")),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().expect("a number")),
            "pattern" => value.as_str().is_none_or(|text| matches_pattern(text, rule.as_str().expect("a pattern"))),
            _ => false,
        };
        if !holds {
            found.push(format!("{at}: {keyword} {rule}"));
        }
    }
    found
}

fn is_of_type(value: &Value, word: &Value) -> bool {
    match word.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("integer") => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

/// The three patterns of the schema, by hand: a library for regular expressions would be there for them alone.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        "^[A-Z][A-Z_]*$" => {
            text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        }
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z$" => {
            text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T') && text.parse::<jiff::Timestamp>().is_ok()
        }
        _ => false,
    }
}
