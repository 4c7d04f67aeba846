//! A cohort's rule: a filter and contents by the names that people know, so that it outlives the registry's row ids.

use serde::{Deserialize, Serialize};
use sheaf_registry::ids::{ModalityId, TagId};
use sheaf_registry::index::{Contents, Filter, View};
use sheaf_registry::selection::{KindChoice, TagMode};
use sheaf_registry::text::quoted;
use sheaf_registry::{Code, Error, Result};

use super::words::Language;

/// As it is kept: a versioned format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    /// 1.
    version: u32,
    tags: Vec<String>,
    tag_mode: TagMode,
    /// Slugs that a patient must have files of.
    having: Vec<String>,
    text: String,
    /// Slugs that count; `None`: all.
    modalities: Option<Vec<String>>,
    kind: KindChoice,
}

impl Rule {
    /// The rule that stands now. A list of patients is none.
    pub(crate) fn of(view: &View) -> Result<Self> {
        let (filter, contents) = (view.filter(), view.contents());
        if filter.among.is_some() {
            return Err(Error::new(Code::Usage, "The tree shows certain patients only, which no rule can say.")
                .hint("Save the selected patients as a fixed list, or show all patients first."));
        }
        let unseen = || Error::new(Code::Usage, "The filter names what nobody here has, which no rule can say.");
        let slugs = |ids: &[ModalityId]| -> Result<Vec<String>> {
            ids.iter().map(|&id| view.slug(id).map(ToOwned::to_owned).ok_or_else(unseen)).collect()
        };
        let tags = view.tag_choices();
        let name = |tag: &TagId| {
            let found = tags.iter().find(|choice| choice.tag == *tag);
            found.map(|choice| choice.name.to_owned()).ok_or_else(unseen)
        };
        Ok(Self {
            version: 1,
            tags: filter.tags.iter().map(name).collect::<Result<_>>()?,
            tag_mode: filter.tag_mode,
            having: slugs(&filter.modalities)?,
            text: filter.text.trim().to_owned(),
            modalities: contents.modalities.as_deref().map(slugs).transpose()?,
            kind: contents.kind,
        })
    }

    /// The rule as it is kept.
    pub(crate) fn write(&self) -> String {
        serde_json::to_string(self).expect("names and words are JSON")
    }

    /// The rule back from where it was kept.
    pub(crate) fn read(json: &str) -> Result<Self> {
        let unreadable = || {
            Error::new(Code::UnknownCohort, "This cohort was saved by a newer Sheaf, or is damaged.")
                .hint("Update Sheaf, or delete the cohort.")
        };
        let rule: Self = serde_json::from_str(json).map_err(|error| unreadable().cause(error))?;
        if rule.version == 1 { Ok(rule) } else { Err(unreadable()) }
    }

    /// What it means now. `UNKNOWN_TAG`, `UNKNOWN_MODALITY` where it speaks of what is no longer seen: without it, the rule
    /// would mean others.
    pub(crate) fn meant(&self, view: &View) -> Result<(Filter, Contents)> {
        const HINT: &str = "Delete the cohort and save it anew.";
        let (tags, modalities) = (view.tag_choices(), view.modality_choices());
        let tag = |name: &String| {
            let found = tags.iter().find(|choice| choice.name == name).map(|choice| choice.tag);
            found.ok_or_else(|| {
                Error::new(Code::UnknownTag, format!("There is no tag {} any longer.", quoted(name))).hint(HINT)
            })
        };
        let modality = |slug: &String| {
            let found = modalities.iter().find(|choice| choice.slug == slug).map(|choice| choice.modality);
            found.ok_or_else(|| {
                Error::new(Code::UnknownModality, format!("There is no modality {} any longer.", quoted(slug))).hint(HINT)
            })
        };
        let filter = Filter {
            tags: self.tags.iter().map(tag).collect::<Result<_>>()?,
            tag_mode: self.tag_mode,
            modalities: self.having.iter().map(modality).collect::<Result<_>>()?,
            kind: self.kind,
            text: self.text.clone(),
            among: None,
        };
        let wanted = self.modalities.as_ref().map(|slugs| slugs.iter().map(modality).collect::<Result<_>>());
        Ok((filter, Contents { modalities: wanted.transpose()?, kind: self.kind }))
    }

    /// For people.
    pub(crate) fn words(&self, language: Language) -> String {
        let words = language.rule();
        let mut parts = Vec::new();
        if !self.tags.is_empty() {
            let mode = words.tags[match self.tag_mode {
                TagMode::Any => 0,
                TagMode::All => 1,
                TagMode::None => 2,
            }];
            parts.push(format!("{mode} {}", self.tags.join(", ")));
        }
        if !self.having.is_empty() {
            parts.push(format!("{} {}", words.having, self.having.join(", ")));
        }
        if !self.text.is_empty() {
            parts.push(format!("{} {}", words.text, quoted(&self.text)));
        }
        if parts.is_empty() {
            parts.push(words.all_patients.to_owned());
        }
        let kind = words.kinds[match self.kind {
            KindChoice::Processed => 0,
            KindChoice::Raw => 1,
            KindChoice::Both => 2,
        }];
        let modalities = match &self.modalities {
            None => words.all_modalities.to_owned(),
            Some(slugs) if slugs.is_empty() => words.no_modality.to_owned(),
            Some(slugs) => slugs.join(", "),
        };
        parts.push(format!("{modalities}, {kind}"));
        parts.join(" · ")
    }
}
