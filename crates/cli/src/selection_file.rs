//! A selection that was written as JSON: read strictly, and where that fails, told key by key what each must be.
//!
//! What is deliberately absent: what the words mean (see [`Selection`]).

use serde_json::{Map, Value};
use sheaf_registry::selection::Selection;
use sheaf_registry::{Code, Error, Result};

use crate::meaning::empty_list;

const FOLDER: &str = r#"a folder or a list of folders, such as {"path": ["Clinic A", "2025"]} or {"id": "4"}"#;
const IDS: &str = "a text or a list of texts; ids are texts";
const TEXTS: &str = "a text or a list of texts";
const TRUTH: &str = "true or false";

/// The keys, as the options call them, with what each must be.
const KEYS: [(&str, &str); 10] = [
    ("all", TRUTH),
    ("folder", FOLDER),
    ("folder_id", IDS),
    ("patient", IDS),
    ("patients_from", IDS),
    ("tag", TEXTS),
    ("tag_mode", "\"any\", \"all\" or \"none\""),
    ("modality", TEXTS),
    ("all_modalities", TRUTH),
    ("kind", "\"raw\", \"processed\" or \"both\""),
];

/// Reads a selection from `text`, which messages call `shown`.
///
/// # Errors
/// `USAGE` with the key and what it must be; `EMPTY_SELECTION` where a list of patients is there, but empty, and nothing
/// else says patients.
pub(crate) fn read(text: &str, shown: &str) -> Result<Selection> {
    let refuse = |why: &str| {
        let keys: Vec<&str> = KEYS.iter().map(|key| key.0).collect();
        Error::new(Code::Usage, format!("The selection in {shown} cannot be understood: {why}."))
            .hint(format!("Its keys are those of the options: {}.", keys.join(", ")))
    };
    let value: Value =
        serde_json::from_str(text).map_err(|error| refuse(&format!("it is not JSON ({error})")).cause(error))?;
    let Value::Object(said) = value else {
        return Err(refuse("it must be an object, such as {\"all\": true, \"all_modalities\": true}"));
    };
    // From the text once more, not from the value: a key that stands twice is lost in a value.
    let selection: Selection = serde_json::from_str(text)
        .map_err(|error| refuse(&said.iter().find_map(fault).unwrap_or_else(|| error.to_string())).cause(error))?;
    let empty = |key: &str| said.get(key).and_then(Value::as_array).is_some_and(Vec::is_empty);
    let lists = [
        "folder",
        "folders",
        "folder_id",
        "folder-id",
        "folder_ids",
        "patient",
        "patients",
        "patients_from",
        "patients-from",
    ];
    if !selection.says_patients() && lists.into_iter().any(empty) {
        return Err(empty_list());
    }
    Ok(selection)
}

/// What is wrong with one key.
fn fault((key, value): (&String, &Value)) -> Option<String> {
    let alone = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
    let error = serde_json::from_value::<Selection>(alone).err()?;
    let plain = key.replace('-', "_");
    let singular = if plain == "modalities" { "modality" } else { plain.strip_suffix('s').unwrap_or(&plain) };
    let known = KEYS.iter().find(|(name, _)| *name == plain || *name == singular);
    Some(known.map_or_else(|| error.to_string(), |(_, must)| format!("`{key}` must be {must}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Error {
        read(text, "standard input").expect_err(text)
    }

    #[test]
    fn each_mistake_is_told_with_its_key() {
        for (text, part) in [
            (r#"{"patient": true}"#, "`patient` must be a text or a list of texts; ids are texts"),
            (r#"{"all": true, "patients_from": [1.5]}"#, "`patients_from` must be a text or a list of texts"),
            (r#"{"patients-from": null}"#, "`patients-from` must be a text or a list of texts"),
            (r#"{"folder": "Clinic A"}"#, "`folder` must be a folder or a list of folders"),
            (r#"{"modalities": [["cbct"]]}"#, "`modalities` must be a text"),
            (r#"{"all": "yes"}"#, "`all` must be true or false"),
            (r#"{"kind": "cooked"}"#, "`kind` must be \"raw\""),
            (r#"{"tag_mode": 1}"#, "`tag_mode` must be \"any\""),
            (r#"{"everything": true}"#, "`everything`"),
            (r#"{"all": true, "all": true}"#, "duplicate"),
            (r#"["1"]"#, "it must be an object"),
            ("patient 1", "it is not JSON"),
        ] {
            let error = refused(text);
            assert!(error.code() == Code::Usage && error.message().contains(part), "{text} is told {part}: {error}");
            assert!(error.message().contains("standard input"), "and where it stands: {error}");
        }
    }

    #[test]
    fn a_number_is_taken_for_the_id_it_writes() {
        let said = read(r#"{"patient": [1, "A-7"], "patients_from": 10, "folder": {"id": 4}, "folder_id": 5}"#, "x");
        let said = said.expect("friendly to those who write ids as numbers");
        assert_eq!((said.patient, said.patients_from), (vec!["1".to_owned(), "A-7".to_owned()], vec!["10".to_owned()]));
        assert_eq!((said.folder[0].id.as_deref(), &*said.folder_id[0]), (Some("4"), "5"), "ids of folders too");
    }

    #[test]
    fn an_empty_list_is_nobody() {
        for text in [r#"{"patients_from": []}"#, r#"{"patient": [], "all_modalities": true}"#, r#"{"folders": []}"#] {
            assert_eq!(refused(text).code(), Code::EmptySelection, "{text} must not turn into everyone");
        }
        read(r#"{"patients_from": [], "patient": "1"}"#, "x").expect("one was said");
        read("{}", "x").expect("nothing said is for the command to judge");
    }
}
