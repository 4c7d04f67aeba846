//! From a selection to an export: destination, name, plan, preview, create.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sheaf_archive::manifest::MANIFEST_FILE;
use sheaf_archive::metadata::{ExportHeader, METADATA_FILE, preview_metadata};
use sheaf_archive::plan::{OnMissing, Plan};
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use super::browse::Chosen;
use super::exports::ExportRow;
use super::tasks::{TaskGuard, TaskKind};
use super::{Desk, FolderQuestion, Nothing};
use crate::patience::{PATIENCE, ask, ask_destination};
use crate::platform;
use crate::sheaf::{ExportRequest, PlanRequest};
use crate::wire::{ErrorReport, PlanReport};

/// The folder that archives go to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Destination {
    /// The folder; `null`: none chosen yet.
    pub folder: Option<String>,
    /// Free bytes there, without the reserve that stays free.
    pub free_bytes: Option<u64>,
    /// Largest file that the file system there can hold, where that is little (FAT: 4,294,967,295 bytes).
    pub largest_file: Option<u64>,
    /// Why nothing can be written there; `null` when it can.
    pub problem: Option<crate::wire::ErrorReport>,
}

/// An automatic name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SuggestedName {
    /// `export_` and the local time.
    pub name: String,
}

/// Every file of the selection shall be looked at.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    /// Id of the task, chosen by the page: progress and cancel go by it.
    pub task: String,
    /// The revision of the choosing that was shown; another one is refused with `STALE_ROWS`.
    pub revision: u64,
}

/// A plan for the page: totals of everything, lists only as long as anyone reads them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename = "PlanReport"))]
pub struct ExportPlan {
    /// The plan; of `problems`, `lacking` and `unknown_patients` the first 1,000 each.
    #[serde(flatten)]
    pub report: PlanReport,
    /// How many problems there are.
    pub problems_total: u64,
    /// How often a patient lacks a modality.
    pub lacking_total: u64,
}

/// What the archive shall be called in a preview.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct PreviewInput {
    /// Id of the task, chosen by the page: progress and cancel go by it.
    pub task: String,
    /// The revision of the choosing that was shown; another one is refused with `STALE_ROWS`.
    pub revision: u64,
    /// Name; `null`: automatic.
    pub name: Option<String>,
    /// Notes.
    pub notes: String,
}

/// The archive before it is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ArchivePreview {
    /// Names of the entries in order with their bytes: the first 5,000.
    pub entries: Vec<PreviewEntry>,
    /// Entries in all.
    pub entries_total: u64,
    /// Beginning of `metadata.json`, at most 64 KiB, checksums still open.
    pub metadata: String,
    /// Whether that is all of it.
    pub metadata_whole: bool,
}

/// An entry before it is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct PreviewEntry {
    /// Name in the archive.
    pub name: String,
    /// Bytes, unpacked; `null` for what is made at the end (metadata, checksums).
    pub bytes: Option<u64>,
}

/// The selection shall be exported.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CreateExport {
    /// Id of the task, chosen by the page: progress of the looking at files and cancel go by it.
    pub task: String,
    /// The revision of the choosing that was shown; another one is refused with `STALE_ROWS`.
    pub revision: u64,
    /// Name; `null`: automatic.
    pub name: Option<String>,
    /// Notes, at most 16 KiB.
    pub notes: String,
    /// Files that cannot be had are left out and listed; else they fail the export before anything is written.
    pub skip_missing: bool,
}

/// The key under which the destination is kept.
const DESTINATION: &str = "destination";
/// Most lines of each list of a plan.
const MOST_LISTED: usize = 1000;
/// Most entries of a preview.
const MOST_ENTRIES: usize = 5000;
/// Most bytes of `metadata.json` in a preview.
const MOST_METADATA: usize = 64 << 10;

impl Desk {
    /// The folder that archives go to: the one that was chosen last, else one of the user's own.
    pub fn destination(&self, _: Nothing) -> Result<Destination> {
        Ok(match self.destination_folder()? {
            Some(folder) => look_at(&folder, self.sheaf.settings().free_space_reserve),
            None => Destination { folder: None, free_bytes: None, largest_file: None, problem: None },
        })
    }

    /// Lets the user choose the folder; `null` when the dialog was closed.
    pub fn choose_destination(&self, _: Nothing) -> Result<Option<Destination>> {
        let title = self.language().choose_destination().to_owned();
        let question = FolderQuestion { title, folder: self.destination_folder()? };
        let Some(folder) = self.native.choose_folder(&question) else { return Ok(None) };
        self.sheaf.house().store.keep(DESTINATION, Some(&folder))?;
        self.destination(Nothing {}).map(Some)
    }

    /// The folder that archives go to.
    pub(crate) fn destination_folder(&self) -> Result<Option<PathBuf>> {
        let house = self.sheaf.house();
        if let Some(folder) = house.store.value(DESTINATION)? {
            return Ok(Some(folder));
        }
        let asked = house.environment.folders.clone();
        let found = ask(PATIENCE, &Cancel::new(), move |_| asked.into_iter().find(|folder| folder.is_dir()));
        Ok(found.flatten())
    }

    /// The automatic name of an export that is created now. One that is taken gets a number.
    pub fn suggest_name(&self, _: Nothing) -> Result<SuggestedName> {
        Ok(SuggestedName { name: self.sheaf.automatic_name() })
    }

    /// Looks at every file of the selection: exact bytes, what is lacking or wrong, why an export would be refused.
    pub fn plan_export(&self, input: PlanInput) -> Result<ExportPlan> {
        self.tasks.run(&input.task, (TaskKind::Plan, None), |task| {
            let mut report = self.sheaf.plan(&self.plan_request(input.revision)?, &task.listener(), task.cancel())?;
            let (problems_total, lacking_total) = (report.problems.len() as u64, report.lacking.len() as u64);
            report.problems.truncate(MOST_LISTED);
            report.lacking.truncate(MOST_LISTED);
            report.unknown_patients.truncate(MOST_LISTED);
            Ok(ExportPlan { report, problems_total, lacking_total })
        })
    }

    /// The archive before it is made: names in order, and `metadata.json` with its checksums still open.
    pub fn preview(&self, input: PreviewInput) -> Result<ArchivePreview> {
        self.tasks.run(&input.task, (TaskKind::Preview, None), |task| {
            let request = self.plan_request(input.revision)?;
            let name = input.name.as_deref().filter(|name| !name.trim().is_empty());
            self.sheaf.look_at_plan(&request, (name, &input.notes), (&task.listener(), task.cancel()), preview)
        })
    }

    fn plan_request(&self, revision: u64) -> Result<PlanRequest> {
        let Chosen { registry, user, project, selection } = self.current_request(Some(revision))?;
        Ok(PlanRequest { registry, user, project, selection, out: self.destination_folder()? })
    }

    /// Looks at every file of the selection, then creates its export and queues it. The answer comes when it is queued; the
    /// task is the looking only. What is refused changes nothing: the selection stays as it is.
    pub fn create_export(&self, input: CreateExport) -> Result<ExportRow> {
        let task = input.task.clone();
        self.tasks.run(&task, (TaskKind::Create, None), |task| self.create(input, task))
    }

    fn create(&self, input: CreateExport, task: &TaskGuard) -> Result<ExportRow> {
        let Chosen { registry, user, project, selection } = self.current_request(Some(input.revision))?;
        let out = self.destination_folder()?.ok_or_else(|| {
            Error::new(Code::DestinationMissing, "No folder for the archive has been chosen.").hint("Choose one.")
        })?;
        let request = ExportRequest {
            registry,
            user,
            project,
            selection,
            out,
            name: input.name.filter(|name| !name.trim().is_empty()),
            notes: input.notes,
            on_missing: if input.skip_missing { OnMissing::Skip } else { OnMissing::Fail },
        };
        let record = self.sheaf.create(&request, &task.listener(), task.cancel())?;
        self.run(record)
    }
}

/// A folder as a destination; it may be on a disk that does not answer.
fn look_at(folder: &Path, reserve: u64) -> Destination {
    let look = |folder: &Path| {
        // The name stands for any: whether it is taken is not asked.
        match sheaf_archive::check_destination(folder, "export.zip") {
            Err(error) if error.code() != Code::DestinationTaken => return Err(error),
            _ => {}
        }
        Ok((sheaf_archive::free_bytes(folder)?, platform::largest_file(folder)))
    };
    let (room, problem) = match ask_destination(folder, &Cancel::new(), look) {
        Ok(room) => (Some(room), None),
        Err(error) => (None, Some(ErrorReport::from(&error))),
    };
    Destination {
        folder: Some(folder.to_string_lossy().into_owned()),
        free_bytes: room.map(|(free, _)| free.saturating_sub(reserve)),
        largest_file: room.and_then(|(_, largest)| largest),
        problem,
    }
}

fn preview(plan: &Plan, header: &ExportHeader) -> ArchivePreview {
    let top = &header.name;
    let planned = plan
        .entries()
        .iter()
        .enumerate()
        .map(|(index, entry)| PreviewEntry { name: format!("{top}/{}", plan.entry_path(index)), bytes: Some(entry.bytes) });
    let last = [METADATA_FILE, MANIFEST_FILE].map(|name| PreviewEntry { name: format!("{top}/{name}"), bytes: None });
    let entries_total = (plan.entries().len() + last.len()) as u64;
    let mut head = Head { bytes: Vec::new(), whole: true };
    // It fails only where the head is full.
    let _ = preview_metadata(&mut head, plan, header);
    while let Err(error) = std::str::from_utf8(&head.bytes) {
        // Cut in the middle of a character.
        head.bytes.truncate(error.valid_up_to());
    }
    ArchivePreview {
        entries: planned.chain(last).take(MOST_ENTRIES).collect(),
        entries_total,
        metadata: String::from_utf8_lossy(&head.bytes).into_owned(),
        metadata_whole: head.whole,
    }
}

/// Takes the beginning of what is written, then refuses more.
struct Head {
    bytes: Vec<u8>,
    whole: bool,
}

impl std::io::Write for Head {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = MOST_METADATA - self.bytes.len();
        if room == 0 && !bytes.is_empty() {
            self.whole = false;
            return Err(std::io::Error::other("enough"));
        }
        let taken = bytes.len().min(room);
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
