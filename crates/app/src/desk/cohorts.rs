//! Saved cohorts: a rule in names that is worked out anew each time, or a frozen list of patients.

use serde::{Deserialize, Serialize};
use sheaf_registry::ids::PatientId;
use sheaf_registry::{Code, Error, Result};

use super::browse::{BrowseState, not_open};
use super::rule::Rule;
use super::{Desk, Nothing};
use crate::store::Kept;

/// Saved cohorts of the project.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Cohorts {
    /// By name.
    pub cohorts: Vec<Cohort>,
}

/// A saved cohort: a rule that is worked out anew each time, or a frozen list of patients.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Cohort {
    /// Its id.
    pub id: String,
    /// Name.
    pub name: String,
    /// A frozen list; else a rule.
    pub frozen: bool,
    /// The rule in words for people (tags, text, modalities); empty for a frozen list.
    pub rule: String,
    /// Patients when it was saved.
    pub patients: u64,
    /// When it was saved.
    pub saved_at: jiff::Timestamp,
}

/// A cohort to save.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NewCohort {
    /// Name, 1 to 200 characters.
    pub name: String,
    /// `true`: the patients that are selected now. `false`: the filter and the modalities as a rule.
    pub frozen: bool,
}

/// A cohort.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CohortId {
    /// Its id.
    pub id: String,
}

/// A cohort was applied: its patients are the selection now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CohortApplied {
    /// Patients of a frozen list that are no longer there, or that this user does not see.
    pub missing: u64,
    /// State after it.
    pub state: BrowseState,
}

/// Longest name of a cohort, in characters.
const COHORT_NAME: usize = 200;

impl Desk {
    /// The saved cohorts of the project.
    pub fn cohorts(&self, _: Nothing) -> Result<Cohorts> {
        let (registry, project) = self.place()?;
        self.cohorts_of(&registry, &project)
    }

    /// Saves the selection, or the filter and the modalities as a rule. `NAME_INVALID` for a name that is taken or too long.
    pub fn save_cohort(&self, new: NewCohort) -> Result<Cohorts> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > COHORT_NAME {
            return Err(Error::new(Code::NameInvalid, format!("The name of a cohort has 1 to {COHORT_NAME} characters."))
                .hint("Choose another name."));
        }
        let (registry, project) = self.place()?;
        let house = self.sheaf.house();
        let (cohort, patients) = self.choosing(|choosing| {
            let mut cohort = Kept {
                id: house.environment.random_id(),
                name: name.to_owned(),
                rule: None,
                patients: 0,
                saved_at: house.environment.clock.now(),
            };
            if new.frozen {
                let ids: Vec<i64> = choosing.view.selected_ids().into_iter().map(|id| id.0).collect();
                if ids.is_empty() {
                    return Err(Error::new(Code::EmptySelection, "No patients are selected.").hint("Select some first."));
                }
                cohort.patients = ids.len() as u64;
                return Ok((cohort, ids));
            }
            let rule = Rule::of(&choosing.view)?;
            cohort.patients = choosing.view.counts().matching;
            cohort.rule = Some(rule.write());
            Ok((cohort, Vec::new()))
        })?;
        house.store.save_cohort(&registry, &project, &cohort, &patients)?;
        self.cohorts_of(&registry, &project)
    }

    /// Makes the patients of a cohort the selection. For a rule, its filter and modalities are set too.
    pub fn apply_cohort(&self, cohort: CohortId) -> Result<CohortApplied> {
        let (registry, project) = self.place()?;
        let found = self.sheaf.house().store.cohort(&registry, &project, &cohort.id)?;
        let (kept, ids) = found.ok_or_else(unknown_cohort)?;
        self.choosing(|choosing| {
            if choosing.project != project {
                return Err(unknown_cohort());
            }
            let mut missing = 0;
            if let Some(rule) = &kept.rule {
                let (filter, contents) = Rule::read(rule)?.meant(&choosing.view)?;
                choosing.set_rule(filter, contents);
                choosing.select(|view| {
                    view.clear();
                    view.check_matching(true)
                });
            } else {
                let ids: Vec<PatientId> = ids.into_iter().map(PatientId).collect();
                choosing.select(|view| {
                    missing = view.select_ids(&ids);
                    missing
                });
            }
            Ok(CohortApplied { missing, state: choosing.state() })
        })
    }

    /// Deletes a cohort; its patients stay where they are.
    pub fn delete_cohort(&self, cohort: CohortId) -> Result<Cohorts> {
        let (registry, project) = self.place()?;
        if !self.sheaf.house().store.delete_cohort(&registry, &project, &cohort.id)? {
            return Err(unknown_cohort());
        }
        self.cohorts_of(&registry, &project)
    }

    /// Id of the open registry, and slug of the project.
    pub(super) fn place(&self) -> Result<(String, String)> {
        let open = self.opened();
        let open = open.as_ref().ok_or_else(not_open)?;
        Ok((open.id.clone(), open.choosing.as_ref().ok_or_else(not_open)?.project.clone()))
    }

    fn cohorts_of(&self, registry: &str, project: &str) -> Result<Cohorts> {
        let language = self.language();
        // One that cannot be read has no words; applying it says why.
        let words = |rule: &String| Rule::read(rule).map(|rule| rule.words(language)).unwrap_or_default();
        let cohorts = self.sheaf.house().store.cohorts(registry, project)?.into_iter().map(|kept| Cohort {
            id: kept.id,
            name: kept.name,
            frozen: kept.rule.is_none(),
            rule: kept.rule.as_ref().map(words).unwrap_or_default(),
            patients: kept.patients,
            saved_at: kept.saved_at,
        });
        Ok(Cohorts { cohorts: cohorts.collect() })
    }
}

fn unknown_cohort() -> Error {
    Error::new(Code::UnknownCohort, "This cohort is not there any longer.").hint("Look at the list of cohorts again.")
}
