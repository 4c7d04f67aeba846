//! What the user said. What it means is [`crate::resolve::Resolved`].

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::rows::Kind;

/// How several tags narrow a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum TagMode {
    /// Patients with at least one of the tags.
    #[default]
    Any,
    /// Patients with every one of the tags.
    All,
    /// Patients with not one of the tags.
    None,
}

/// Which kinds of files are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum KindChoice {
    /// Processed files.
    #[default]
    Processed,
    /// Raw files.
    Raw,
    /// Raw, processed and those that are neither.
    Both,
}

impl KindChoice {
    /// Whether files of this kind are wanted.
    pub const fn includes(self, kind: Kind) -> bool {
        match self {
            KindChoice::Both => true,
            KindChoice::Raw => matches!(kind, Kind::Raw),
            KindChoice::Processed => matches!(kind, Kind::Processed),
        }
    }
}

/// A folder, by id, by path, or by both (then both must agree).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FolderRef {
    /// Row id as text.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "id")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub id: Option<String>,
    /// Names from the root down; a name may hold a slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub path: Option<Vec<String>>,
}

/// What the user said: patients, and contents. Nothing said is an error, never everything.
///
/// The JSON keys are the command line's options (`tag-mode` and plurals are understood too). Ids are texts; a whole number is
/// taken for the text that writes it. This is a versioned format:
/// it is kept in the history and in `metadata.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// All patients that this user may export.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub all: bool,
    /// Folders, each with its subfolders.
    #[serde(alias = "folders", skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub folder: Vec<FolderRef>,
    /// Folder ids, each with its subfolders.
    #[serde(alias = "folder-id", alias = "folder_ids", skip_serializing_if = "Vec::is_empty", deserialize_with = "ids")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub folder_id: Vec<String>,
    /// Patients by id; an unknown one is an error.
    #[serde(alias = "patients", skip_serializing_if = "Vec::is_empty", deserialize_with = "ids")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub patient: Vec<String>,
    /// Patients of a pasted list; unknown ones are listed.
    #[serde(alias = "patients-from", skip_serializing_if = "Vec::is_empty", deserialize_with = "ids")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub patients_from: Vec<String>,
    /// Tags that narrow the patients.
    #[serde(alias = "tags", skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub tag: Vec<String>,
    /// How the tags narrow.
    #[serde(alias = "tag-mode")]
    pub tag_mode: TagMode,
    /// Modality slugs.
    #[serde(alias = "modalities", skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub modality: Vec<String>,
    /// All modalities, also those that no row of the modality table names.
    #[serde(alias = "all-modalities", skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    pub all_modalities: bool,
    /// Raw, processed or both; `None` where nothing was said, which an export takes for processed, a list for any. Always
    /// written, as an export takes it.
    #[serde(serialize_with = "as_exported", deserialize_with = "said")]
    #[cfg_attr(feature = "typescript", ts(as = "KindChoice"))]
    pub kind: Option<KindChoice>,
}

impl Selection {
    /// Whether any patients were said at all.
    pub fn says_patients(&self) -> bool {
        self.all
            || !(self.folder.is_empty()
                && self.folder_id.is_empty()
                && self.patient.is_empty()
                && self.patients_from.is_empty())
    }

    /// The kinds that an export takes: what was said, else processed.
    pub fn export_kind(&self) -> KindChoice {
        self.kind.unwrap_or_default()
    }

    /// Whether any modalities were said at all.
    pub fn says_modalities(&self) -> bool {
        self.all_modalities || !self.modality.is_empty()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_exported<S: Serializer>(kind: &Option<KindChoice>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.unwrap_or_default().serialize(serializer)
}

fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KindChoice>, D::Error> {
    KindChoice::deserialize(deserializer).map(Some)
}

/// An id, written as a text or as a whole number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Natural(u64),
    Negative(i64),
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        match id {
            Id::Text(text) => text,
            Id::Natural(number) => number.to_string(),
            Id::Negative(number) => number.to_string(),
        }
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Id>::deserialize(deserializer)?.map(String::from))
}

fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(one_or_many::<D, Id>(deserializer)?.into_iter().map(String::from).collect())
}

fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(many) => many,
        OneOrMany::One(one) => vec![one],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Selection {
        serde_json::from_str(json).expect("a selection")
    }

    #[test]
    fn the_options_words_and_their_plurals_mean_the_same() {
        let singular = read(
            r#"{"folder": {"path": ["A", "b/c"]}, "folder-id": "4", "patient": "1", "patients-from": ["2"], "tag": "x",
                "tag-mode": "none", "modality": "cbct", "all-modalities": true, "kind": "both"}"#,
        );
        let plural = read(
            r#"{"folders": [{"path": ["A", "b/c"]}], "folder_ids": ["4"], "patients": ["1"], "patients_from": ["2"],
                "tags": ["x"], "tag_mode": "none", "modalities": ["cbct"], "all_modalities": true, "kind": "both"}"#,
        );
        assert_eq!(singular, plural, "people write either");
        assert_eq!(singular.tag_mode, TagMode::None, "the words are read, not ignored");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let selection = Selection {
            folder: vec![FolderRef { id: Some("4".to_owned()), path: None }],
            tag: vec!["x".to_owned()],
            tag_mode: TagMode::All,
            kind: Some(KindChoice::Raw),
            ..Selection::default()
        };
        let json = serde_json::to_string(&selection).expect("JSON");
        assert_eq!(read(&json), selection, "the history keeps selections");
        assert!(!json.contains("patients_from"), "what was not said is not written: {json}");
    }

    #[test]
    fn a_record_shows_the_kind_that_was_exported() {
        let json = serde_json::to_string(&Selection::default()).expect("JSON");
        assert!(json.contains(r#""kind":"processed""#), "also where it was not said: {json}");
        assert_eq!(read("{}").kind, None, "what was not said can be told from what was");
        assert_eq!(read(&json).export_kind(), KindChoice::Processed, "and an export means the same by it");
        serde_json::from_str::<Selection>(r#"{"kind": null}"#).expect_err("nothing is no kind");
    }

    #[test]
    fn an_unknown_word_is_an_error() {
        for json in
            [r#"{"patiens": ["1"]}"#, r#"{"kind": "cooked"}"#, r#"{"folder": {"name": "A"}}"#, r#"{"tag_mode": "some"}"#]
        {
            serde_json::from_str::<Selection>(json).expect_err("a typing mistake must not mean everything else");
        }
    }

    #[test]
    fn nothing_said_says_nothing() {
        let nothing = Selection::default();
        assert!(!nothing.says_patients() && !nothing.says_modalities(), "an empty selection is never everything");
        assert!(Selection { all: true, ..nothing.clone() }.says_patients(), "all says patients");
        assert!(!Selection { tag: vec!["x".to_owned()], ..nothing.clone() }.says_patients(), "tags only narrow");
        assert!(Selection { all_modalities: true, ..nothing }.says_modalities(), "all modalities says modalities");
    }
}
