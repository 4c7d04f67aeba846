//! From studies to their patients: by record numbers, of the registry or of a table of the user's.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;

use super::browse::BrowseState;
use super::registries::nothing_open;
use super::studies::{StudiesWhat, place};
use super::{Desk, Nothing};
use crate::house::actor;

/// Whose patients shall be selected for an export.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct StudiesToPatients {
    /// Of which studies.
    pub what: StudiesWhat,
    /// Besides the patients that are selected, instead of in their place.
    pub add: bool,
}

/// The patients of studies are selected now, if there are any.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudiesPatients {
    /// Patients of the project that the user sees.
    pub matched: u64,
    /// Record numbers that no such patient has.
    pub unmatched_total: u64,
    /// Studies that have no record number.
    pub without_number: u64,
    /// State of the choosing after it.
    pub state: BrowseState,
}

impl Desk {
    /// Selects the patients of studies in the open project, by their record numbers; a step back undoes it. Where none
    /// matches, the selection stays.
    pub fn studies_to_patients(&self, input: StudiesToPatients) -> Result<StudiesPatients> {
        let (numbers, without_number) = self.studying(|studying| {
            Ok(match input.what {
                StudiesWhat::Matching => studying.index.record_numbers(&studying.answer.found),
                what @ StudiesWhat::Selected => studying.index.record_numbers(&studying.index.found(studying.rows_of(what))),
            })
        })?;
        let place = place(self.opened().as_ref().ok_or_else(nothing_open)?);
        let project = self.current_request(None)?.project;
        let house = self.sheaf.house();
        let registry = house.registry(&place.path)?;
        let viewer = registry.viewer(&actor(place.user.as_deref()))?;
        let known = registry.patients_by_record_number(&viewer, &project)?;
        let own = house.store.record_numbers(&self.place()?.0)?;
        let mut open = self.opened();
        let open = open.as_mut().ok_or_else(nothing_open)?;
        let choosing = open.choosing.as_mut().ok_or_else(nothing_open)?;
        let (mut patients, mut unmatched) = (HashSet::new(), Vec::new());
        let theirs = choosing.view.patients_by_id(numbers.iter().filter_map(|number| own.get(number)).map(String::as_str));
        for number in numbers {
            let seen = known.get(&number).into_iter().flatten().copied().filter(|patient| choosing.view.sees(*patient));
            let said = own.get(&number).and_then(|id| theirs.get(id.as_str())).copied();
            let mut found = seen.chain(said).peekable();
            if found.peek().is_none() {
                drop(found);
                unmatched.push(number);
            } else {
                patients.extend(found);
            }
        }
        let patients: Vec<_> = patients.into_iter().collect();
        if !patients.is_empty() {
            choosing.select(|view| if input.add { view.check_ids(&patients, true) } else { view.select_ids(&patients) });
        }
        let answer = StudiesPatients {
            matched: patients.len() as u64,
            unmatched_total: unmatched.len() as u64,
            without_number,
            state: choosing.state(),
        };
        if let Some(studying) = open.studies.as_mut() {
            studying.unmatched = unmatched;
        }
        Ok(answer)
    }

    /// Puts the record numbers that matched nobody the last time on the clipboard, one a line.
    pub fn studies_copy_unmatched(&self, _: Nothing) -> Result<Nothing> {
        let text = self.studying(|studying| Ok(studying.unmatched.join("\n")))?;
        self.native.copy(&text)?;
        Ok(Nothing {})
    }
}
