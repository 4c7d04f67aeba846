//! One arm a command: call the use case, answer with what it says.
//!
//! What is deliberately absent: decisions. The status of a record and the class of an error give the exit code.

use std::path::Path;

use clap::CommandFactory as _;
use sheaf_app::credentials::Credentials;
use sheaf_app::folders;
use sheaf_app::progress::{Listener, Meter};
use sheaf_app::registries::Looking;
use sheaf_app::sources::{self, Freshness, Opening, RefreshProblem, SyncReport, sync};
use sheaf_app::wire::{DatasetExport, ExportStatus, Verification};
use sheaf_app::{Environment, Sheaf, demo};
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::StudySort;
use sheaf_registry::text::quoted;
use sheaf_registry::{Code, Error, Result};

use crate::args::Said;
use crate::meaning::{Aside, Kept, Meaning, Synced, Work};
use crate::output::{Output, exit};
use crate::progress::{Watch, cancelled_by_signals};
use crate::tables::shown;
use crate::text;

/// Said with a plan, where a person decides, and with a finished archive, which a person will pass on.
const NOT_DEIDENTIFIED: &str = "Note: names of patients are left out of the archive's paths and lists, but files are copied \
                                unchanged and may carry names inside (DICOM, EXIF).\n";

const IDLE_USER: &str =
    "Note: --user says who looks at what was read; `sheaf sync` reads everybody's rows unless --only-for names one.\n";

/// Performs the work and gives the exit code.
pub(crate) fn perform(meaning: Meaning, output: Output) -> Result<u8> {
    let home = meaning.home;
    let environment = Environment::system();
    let Aside { passwords, mappings, idle_user } = meaning.aside;
    if idle_user {
        output.message(IDLE_USER);
    }
    for (server, password) in passwords {
        environment.credentials.say(server, password);
    }
    let environment = &|| environment.clone();
    if let Some((registry, asking)) = meaning.work.registry() {
        prepare(home.as_deref(), environment, Opening { registry, asking, mappings: &mappings }, output)?;
    }
    let sheaf = || Sheaf::open(home.as_deref(), environment());
    let looking = |registry, user| Looking { registry, user, home: home.as_deref(), environment };
    Ok(match meaning.work {
        Work::Demo(options) => {
            let made = metered(output, |meter, cancel| demo::make_demo(&options, meter, cancel))?;
            output.answer(&made, exit::DONE)
        }
        Work::Projects { registry, user } => output.answer(&looking(&registry, user.as_deref()).projects()?, exit::DONE),
        Work::Users { registry, user } => output.answer(&looking(&registry, user.as_deref()).users()?, exit::DONE),
        Work::SourceExports { registry, user } => {
            output.answer(&looking(&registry, user.as_deref()).source_exports()?, exit::DONE)
        }
        Work::Patients(said) => {
            let looking = looking(&said.registry, said.user.as_deref());
            let page = looking.patients(&said.project, &said.selection, said.limit, said.offset)?;
            output.answer(&page, exit::DONE)
        }
        Work::Plan(request) => {
            let sheaf = sheaf()?;
            let report = watched(output, |listener, cancel| sheaf.plan(&request, listener, cancel))?;
            output.message(NOT_DEIDENTIFIED);
            output.answer(&report, exit::DONE)
        }
        Work::Export(request) => {
            let sheaf = sheaf()?;
            let record = watched(output, |listener, cancel| sheaf.export(&request, listener, cancel));
            ended(output, &record?)
        }
        Work::Restart { id } => {
            let sheaf = sheaf()?;
            let record = watched(output, |listener, cancel| sheaf.restart(&id, listener, cancel));
            ended(output, &record?)
        }
        Work::List => output.answer(&sheaf()?.list()?, exit::DONE),
        Work::Show { id } => output.answer(&sheaf()?.show(&id)?, exit::DONE),
        Work::Cancel { id } => output.answer(&sheaf()?.cancel(&id)?, exit::DONE),
        Work::Delete { id, keep_file } => output.answer(&sheaf()?.delete(&id, keep_file)?, exit::DONE),
        Work::Save { id, to } => {
            let sheaf = sheaf()?;
            let record = watched(output, |listener, cancel| sheaf.save(&id, &to, listener, cancel));
            output.answer(&record?, exit::DONE)
        }
        Work::VerifyRecord { id } => {
            let sheaf = sheaf()?;
            let verification = watched(output, |listener, cancel| sheaf.verify(&id, listener, cancel));
            verified(output, &verification?)
        }
        Work::VerifyFile { archive } => {
            let verification = watched(output, |listener, cancel| sheaf_app::verify_file(&archive, listener, cancel));
            verified(output, &verification?)
        }
        Work::SearchStudies(said) => {
            tell_order(output, said.unknown_order.as_deref());
            let looking = looking(&said.registry, said.user.as_deref());
            let page = looking.studies(&said.filter, said.sort, said.limit, said.offset, &cancelled_by_signals())?;
            output.answer(&page, exit::DONE)
        }
        Work::StudyValues { studies, field } => {
            let looking = looking(&studies.registry, studies.user.as_deref());
            let values = looking.study_values(field, &studies.filter, &cancelled_by_signals())?;
            output.answer(&values, exit::DONE)
        }
        Work::ExportStudies { request, unknown_order } => {
            tell_order(output, unknown_order.as_deref());
            let sheaf = sheaf()?;
            let record = watched(output, |listener, cancel| sheaf.export_studies(&request, listener, cancel));
            ended(output, &record?)
        }
        Work::Sync { what, keep } => {
            let report = synced(home.as_deref(), environment, what, output)?;
            keep_said(keep, &environment().credentials, output);
            output.answer(&report, if report.rejected.is_empty() { exit::DONE } else { exit::WITH_PROBLEMS })
        }
        Work::Forget { source } => output.answer(&sources::forget(home.as_deref(), environment(), &source)?, exit::DONE),
        Work::PreviewFolder { source, layout, most } => {
            output.answer(&folders::preview(&source, &layout, most, &cancelled_by_signals())?, exit::DONE)
        }
        Work::Completions(shell) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Said::command(), "sheaf", &mut script);
            Output::text(&String::from_utf8_lossy(&script))
        }
        Work::Man { command } => Output::text(&manual(&command)?),
    })
}

/// Keeps in the keyring of the desktop what was said of servers and buckets; where that cannot be, it is told.
fn keep_said(keep: Vec<Kept>, credentials: &Credentials, output: Output) {
    for kept in keep {
        let kept = match kept {
            Kept::Server(server) => credentials.keep(&server, &cancelled_by_signals()),
            Kept::Bucket(bucket) => Credentials::keep_said_key(&bucket, &cancelled_by_signals()),
        };
        if let Err(error) = kept {
            output.message(&format!("Note: {error} {}\n", error.next_step()));
        }
    }
}

/// A source of another kind is read where it has changed since; its age is told. Where files lie is noted as it is said.
fn prepare(home: Option<&Path>, environment: &dyn Fn() -> Environment, opening: Opening<'_>, output: Output) -> Result<()> {
    let Opening { registry, mappings, .. } = opening;
    if mappings.is_empty() && !sources::is_foreign(registry, home)? {
        return Ok(());
    }
    let prepared = metered(output, |meter, cancel| sources::prepare(home, environment, opening, meter, cancel))?;
    let name = registry.file_name().unwrap_or(registry.as_os_str()).to_string_lossy();
    for prefix in &prepared.passed_over {
        let prefix = shown(prefix);
        output.message(&format!("Note: {name} has no data under {prefix}; what --map says of it is passed over.\n"));
    }
    let prepared = prepared.freshness;
    match &prepared {
        Some(fresh) if fresh.now => output.message(&format!("Note: {name} was read anew into Sheaf's home.\n")),
        Some(Freshness { read_at: Some(read_at), is_live: true, .. }) => {
            let read_at = text::local(*read_at);
            output.message(&format!("Note: what was read of {name} on {read_at} is used; `sheaf sync` reads it anew.\n"));
        }
        Some(Freshness { read_at: Some(read_at), last_error, .. }) => {
            let read_at = text::local(*read_at);
            let since = if last_error.is_none() { "; it has not changed since" } else { "" };
            output.message(&format!("Note: what was read of {name} on {read_at} is used{since}.\n"));
        }
        _ => {}
    }
    if let Some(RefreshProblem { at, report }) = prepared.as_ref().and_then(|fresh| fresh.last_error.as_ref()) {
        let at = text::local(*at);
        let told = shown(&report.message);
        output.message(&format!("Note: {name} could not be read anew on {at}: {told} [{}]\n", report.code));
    }
    if let Some(Freshness { time_zone: Some(zone), .. }) = &prepared {
        output.message(&format!(
            "Note: times of {name} without an offset were read in {zone}; `sheaf sync --tz` says another.\n"
        ));
    }
    if let Some(Freshness { rejected, .. }) = prepared
        && rejected > 0
    {
        let rows = text::many(rejected, "row");
        output.message(&format!("Note: {rows} of {name} were rejected and are left out; `sheaf sync` lists them.\n"));
    }
    Ok(())
}

/// Does long work, its progress shown; the signals stop it.
fn watched<T>(output: Output, work: impl FnOnce(&Listener, &Cancel) -> Result<T>) -> Result<T> {
    let watch = Watch::new(output);
    work(&watch.listener, &cancelled_by_signals())
}

/// The same, of work that tells each step.
fn metered<T>(output: Output, work: impl FnOnce(&Meter, &Cancel) -> Result<T>) -> Result<T> {
    watched(output, |listener, cancel| {
        let meter = Meter::new(listener.clone());
        let done = work(&meter, cancel);
        meter.finish();
        done
    })
}

/// Reads a source into a registry of its own, or into what is kept of it.
fn synced(home: Option<&Path>, environment: &dyn Fn() -> Environment, what: Synced, output: Output) -> Result<SyncReport> {
    metered(output, |meter, cancel| match what {
        Synced::Own(request) => sync(&request, &environment(), meter, cancel),
        Synced::Kept { source, wish } => {
            let report = sources::resync(home, environment(), &source, wish, meter, cancel)?;
            report.ok_or_else(|| sources::no_source(&source))
        }
    })
}

/// The original takes its usual order for one that it does not know; so does this, but says so.
fn tell_order(output: Output, unknown: Option<&str>) {
    if let Some(said) = unknown {
        let usual = StudySort::default();
        output.message(&format!("Note: {} is no order of studies; {usual} is taken.\n", quoted(said)));
    }
}

/// Answers with the record of a job that has ended.
fn ended(output: Output, record: &DatasetExport) -> u8 {
    let code = match record.status {
        ExportStatus::Completed => exit::DONE,
        ExportStatus::CompletedWithProblems => exit::WITH_PROBLEMS,
        ExportStatus::Cancelled => exit::CANCELLED,
        ExportStatus::Failed | ExportStatus::Interrupted | ExportStatus::Pending | ExportStatus::Processing => exit::FAILED,
    };
    if !record.unknown_patients.is_empty() {
        output.message(&format!("Note: {}\n", text::unknown_ids(&record.unknown_patients)));
    }
    if let Some(table) = &record.studies {
        output.message(&text::about_table(table));
    } else if record.status.is_completed() {
        output.message(NOT_DEIDENTIFIED);
    }
    output.answer(record, code)
}

fn verified(output: Output, verification: &Verification) -> u8 {
    output.answer(verification, if verification.ok { exit::DONE } else { exit::FAILED })
}

/// The manual page of a command.
fn manual(words: &[String]) -> Result<String> {
    let mut all = Said::command();
    all.build();
    let mut command = &all;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            Error::new(Code::Usage, format!("There is no command `{}`.", words.join(" "))).hint("`sheaf help` lists them.")
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Error::new(Code::Internal, "The manual page could not be made.").cause(error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_page() {
        assert!(manual(&[]).expect("a page").contains("sheaf"), "the program's own");
        let page = manual(&["exports".to_owned(), "restart".to_owned()]).expect("a page");
        assert!(page.contains("interrupted, failed or cancelled"), "a command of a command: {page}");
        assert_eq!(manual(&["fly".to_owned()]).expect_err("no such command").code(), Code::Usage, "an unknown one");
    }
}
