//! From what was said to a plan, and from a plan to a refusal, a confirmation or a report.
//!
//! What is deliberately absent: jobs. A plan is made before one exists, and again when it starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use sheaf_archive::plan::{OnMissing, Plan, Planning};
use sheaf_registry::error::{Detail, FileProblem};
use sheaf_registry::file_store::FileStore;
use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::resolve::Resolved;
use sheaf_registry::selection::{KindChoice, Selection};
use sheaf_registry::{Code, Error, Result, hex};

use crate::copies::{Asking, Wish};
use crate::history::{Confirmation, Planned};
use crate::house::{House, actor};
use crate::limits::Demand;
use crate::patience::{PATIENCE, ask};
use crate::{archives, platform, stores, wire};

/// Most reasons that are told for an export without any file.
const REASONS: usize = 5;

/// What shall be planned, for whom.
pub(crate) struct Question<'a> {
    pub(crate) registry: &'a Path,
    /// `None`: the owner.
    pub(crate) user: Option<&'a str>,
    pub(crate) project: &'a str,
    pub(crate) selection: &'a Selection,
    pub(crate) on_missing: OnMissing,
    pub(crate) asking: Asking,
}

/// A plan with what it was made from.
pub(crate) struct Answer {
    pub(crate) plan: Arc<Plan>,
    pub(crate) store: Arc<dyn FileStore>,
    /// Canonical path of the registry.
    pub(crate) registry: PathBuf,
}

/// Reads the registry, checks what the user may do, looks at every file.
pub(crate) fn answer(house: &House, question: &Question<'_>, observer: &dyn Observer, cancel: &Cancel) -> Result<Answer> {
    house.refresh(question.registry, question.asking, Wish::default(), observer, cancel)?;
    let registry = house.registry(question.registry)?;
    let viewer = registry.viewer(&actor(question.user))?;
    let resolved = Resolved::new(&registry, &viewer, question.project, question.selection)?;
    cancel.check()?;
    let roots = house.data_roots(registry.path(), resolved.roots());
    let store = stores::open(&roots, &house.environment.credentials)?;
    let planning = Planning {
        store: Arc::clone(&store),
        on_missing: question.on_missing,
        threads: house.environment.threads.max(store.at_once()),
        observer,
        cancel,
    };
    let plan = Arc::new(Plan::new(resolved, &planning)?);
    Ok(Answer { plan, store, registry: registry.path().to_owned() })
}

/// Why this plan may not become an export, limits aside.
pub(crate) fn refuse(plan: &Plan) -> Result<()> {
    if plan.forbidden_patients() > 0 {
        return Err(Error::new(
            Code::ExportForbidden,
            format!(
                "{} may look at {} of the selected patients but not export them.",
                plan.user(),
                plan.forbidden_patients()
            ),
        )
        .hint("Leave them out, or ask for the right to export them."));
    }
    if plan.on_missing() == OnMissing::Fail && !plan.unknown_patients().is_empty() {
        let unknown = plan.unknown_patients();
        let message = match unknown.len() {
            1 => "1 id of the list names no patient.".to_owned(),
            many => format!("{many} ids of the list name no patient."),
        };
        return Err(Error::new(Code::UnknownPatient, message)
            .hint("Correct the list, or leave unknown ids out with `--on-missing skip`.")
            .details(unknown.iter().cloned().map(Detail::Text)));
    }
    // Bad files are told one by one rather than as "nothing": unless they may be skipped, the job fails with all of them.
    let tells_bad_files = plan.on_missing() == OnMissing::Fail && plan.problems().iter().any(|problem| problem.omitted);
    if plan.entries().is_empty() && !tells_bad_files {
        return Err(nothing(plan.selection().export_kind(), plan.problems()));
    }
    Ok(())
}

/// The refusal of an export without any file; why they are left out, where they are.
pub(crate) fn nothing(kind: KindChoice, problems: &[FileProblem]) -> Error {
    let kinds = match kind {
        KindChoice::Processed => "Only processed files are taken, unless --kind raw or --kind both says otherwise. ",
        KindChoice::Raw => "Only raw files are taken, unless --kind processed or --kind both says otherwise. ",
        KindChoice::Both => "",
    };
    let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| problem.omitted) {
        *reasons.entry((&problem.code, &problem.message)).or_default() += 1;
    }
    let told =
        |((code, message), count): (&(&str, &str), &u64)| Detail::Text(format!("{count} left out: {message} [{code}]"));
    Error::new(Code::NothingToExport, "The selection holds no file that can be exported.")
        .hint(format!("{kinds}`sheaf plan` shows what is lacking and what is wrong with files."))
        .details(reasons.iter().take(REASONS).map(told))
}

/// What the record keeps of a plan; `top` is the archive's name.
pub(crate) fn planned(plan: &Plan, top: &str) -> Planned {
    let mut digest = Sha256::new();
    for entry in plan.entries() {
        digest.update(entry.id.0.to_le_bytes());
        digest.update(entry.bytes.to_le_bytes());
        digest.update(entry.modified_seconds.to_le_bytes());
        digest.update((entry.path.len() as u64).to_le_bytes());
        digest.update(entry.path.as_bytes());
    }
    let numbers =
        wire::Confirmed { patients: plan.patient_count(), files: plan.entries().len() as u64, bytes: plan.total_bytes() };
    Planned {
        confirmation: Confirmation { numbers, digest: hex::encode(&digest.finalize().into()) },
        archive_bytes_max: plan.archive_bytes_max(top),
        registry_synced_at: plan.synced_at(),
        unknown_patients: plan.unknown_patients().to_vec(),
    }
}

/// Which of a user's jobs count as promised room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promised {
    /// Those that work and those that wait: asked before a further job is created.
    All,
    /// Those that work: asked by a job that starts.
    Working,
}

/// The numbers that limits look at. `own` is the id of the job that asks, where there is one.
pub(crate) fn demand(
    house: &House,
    planned: &Planned,
    user: &str,
    free_bytes: Option<u64>,
    promised: Promised,
    own: &str,
) -> Result<Demand> {
    let kept_bytes = kept_bytes(house, user, promised, own)?;
    let numbers = &planned.confirmation.numbers;
    Ok(Demand {
        patients: numbers.patients,
        bytes: numbers.bytes,
        archive_bytes_max: planned.archive_bytes_max,
        kept_bytes,
        free_bytes,
        largest_file: None,
    })
}

/// The largest file that a destination can hold, where that is little and can be told in time.
pub(crate) fn largest_file(destination: &Path, cancel: &Cancel) -> Option<u64> {
    let asked = destination.to_owned();
    ask(PATIENCE, cancel, move |_| platform::largest_file(&asked)).flatten()
}

/// Bytes of a user's archives that are still where they were published, and those promised to other jobs; 0 where nothing limits
/// them. `own` is the id of the job that asks, where there is one.
pub(crate) fn kept_bytes(house: &House, user: &str, promised: Promised, own: &str) -> Result<u64> {
    if house.settings().max_kept_bytes_per_user.is_none() {
        return Ok(0);
    }
    let mut kept: u64 = 0;
    let mut archives = Vec::new();
    for room in house.history.rooms(user)? {
        match room.archive {
            Some(archive) => archives.push((room.path, archive)),
            None if room.id == own || (room.waits && promised == Promised::Working) => {}
            None => kept = kept.saturating_add(room.promised),
        }
    }
    // A path that several records published at holds the file of one of them.
    let bytes: Vec<u64> = archives.iter().map(|(_, archive)| archive.bytes).collect();
    for (state, bytes) in archives::states(archives).into_iter().zip(bytes) {
        if state == wire::ArchiveState::Present {
            kept = kept.saturating_add(bytes);
        }
    }
    Ok(kept)
}

/// The plan as it leaves the house.
pub(crate) fn report(plan: &Plan, planned: &Planned, free_bytes: Option<u64>, breaches: &[Error]) -> wire::PlanReport {
    let modality = |index: u16| plan.modalities()[usize::from(index)].slug.clone();
    let numbers = &planned.confirmation.numbers;
    wire::PlanReport {
        project: plan.project().slug.clone(),
        patients: numbers.patients,
        files: numbers.files,
        bytes: numbers.bytes,
        archive_bytes_max: planned.archive_bytes_max,
        free_bytes,
        by_modality: plan
            .by_modality()
            .into_iter()
            .map(|total| wire::ModalityTotal {
                modality: modality(total.modality),
                kind: total.kind.as_str().to_owned(),
                patients: total.patients,
                files: total.files,
                bytes: total.bytes,
            })
            .collect(),
        lacking: plan
            .lacking()
            .iter()
            .map(|lacking| wire::Lacking {
                patient: plan.patients()[lacking.patient as usize].patient_id.to_string(),
                modality: modality(lacking.modality),
            })
            .collect(),
        problems: plan.problems().to_vec(),
        unknown_patients: plan.unknown_patients().to_vec(),
        forbidden_patients: plan.forbidden_patients(),
        breaches: breaches
            .iter()
            .map(|error| wire::Breach {
                code: error.code().as_str().to_owned(),
                message: error.message().to_owned(),
                hint: error.next_step().to_owned(),
            })
            .collect(),
    }
}
