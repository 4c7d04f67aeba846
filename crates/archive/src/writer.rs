//! A plan and its sources become one verified part file, in one pass and without a temporary copy.
//!
//! The crate `zip` is not used for writing: it cannot write entries from several threads, and dropping its writer in the
//! middle of an entry makes an archive that looks whole. Here the central directory is written last and only after every
//! entry of the plan has its result.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use sheaf_registry::error::{Detail, FileProblem};
use sheaf_registry::file_store::{FileStore, SourceError};
use sheaf_registry::progress::{Cancel, Observer};
use sheaf_registry::{Code, Error, Result};

use crate::deflate::{BLOCK_BYTES, DeflatePool, Deflater, new_block};
use crate::entry_name::ArchiveName;
use crate::follower::Follower;
use crate::manifest::{MANIFEST_FILE, write_manifest};
use crate::metadata::{ExportHeader, METADATA_FILE, WrittenFile, write_metadata};
use crate::part_file::{self, PartFile, Room};
use crate::pipeline::{EntryResult, Event, Pipeline};
use crate::plan::{OnMissing, Plan};
use crate::platform;
use crate::publish::VerifiedPart;
use crate::readback::{self, Expected};
use crate::worker;
use crate::zip_records::{Method, Record, central_header, end_of_directory, local_header, local_header_bytes};

/// How long a stopped job waits for threads that hang in a source before it leaves them behind.
const HANGING_THREADS: Duration = Duration::from_secs(1);
/// How often the cancel flag is looked at beside the threads' own looks.
const CANCEL_EVERY: Duration = Duration::from_millis(50);
/// Threads beyond which more would only wait for the disk, while each holds 5 MiB.
pub(crate) const MOST_THREADS: usize = 8;
/// Entries beyond which the size of `metadata.json` is counted first, to know whether it needs ZIP64.
const COUNT_METADATA_FROM: usize = 500_000;

/// Everything that writing one archive needs.
#[derive(Clone)]
pub struct WriteJob {
    /// What goes in.
    pub plan: Arc<Plan>,
    /// Where the bytes are.
    pub store: Arc<dyn FileStore>,
    /// What `metadata.json` says of the export; its name is the archive's top folder.
    pub header: ExportHeader,
    /// The part file, which must not exist; beside the destination, so that it can be renamed.
    pub part: PathBuf,
    /// What happens to files that turn out unreadable now.
    pub on_missing: OnMissing,
    /// Threads that read, hash and deflate, 1 to 8; a number outside is brought inside.
    pub threads: usize,
    /// Is told of progress.
    pub observer: Arc<dyn Observer>,
    /// Stops the work within one block of 1 MiB of each thread.
    pub cancel: Cancel,
    /// Is asked with the bytes written so far while the archive grows.
    pub room: Arc<Room>,
}

/// Writes the archive of a plan to its part file, makes it durable, reads it back and compares it with the plan. On an error
/// or a cancel the part file is gone.
///
/// # Errors
/// [`Code::NoSpace`], [`Code::WriteFailed`], [`Code::Cancelled`], [`Code::VerifyFailed`], what `room` answers, and with
/// [`OnMissing::Fail`] the code of a file that cannot be read.
pub fn write_archive(job: &WriteJob) -> Result<VerifiedPart> {
    let name = ArchiveName::new(&job.header.name)?;
    let written = write_unverified(job, &name)?;
    let expected = Expected { plan: &job.plan, name: &name, results: &written.results, extras: &written.extras };
    readback::compare(written.part.file(), written.bytes, &expected, job.threads, &job.observer, &job.cancel)?;
    let sha256 = written.follower.digest(written.bytes, &job.cancel)?;
    let identity = platform::identity(written.part.file()).map_err(|cause| part_file::write_error(cause, written.bytes))?;
    let present = written.results.iter().filter(|result| result.present);
    let (files, content_bytes) = present.fold((0, 0), |(files, bytes), result| (files + 1, bytes + result.bytes));
    written.guard.keep();
    Ok(VerifiedPart {
        path: job.part.clone(),
        bytes: written.bytes,
        sha256,
        files,
        content_bytes,
        problems: written.problems,
        identity,
    })
}

/// A part file that is complete and durable, but was not read back.
struct Written {
    part: PartFile,
    guard: part_file::PartGuard,
    follower: Follower,
    results: Vec<EntryResult>,
    extras: Vec<Extra>,
    problems: Vec<FileProblem>,
    bytes: u64,
}

/// An entry that is not of the plan: `metadata.json` or the manifest.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    pub(crate) name: String,
    pub(crate) modified_seconds: i64,
    pub(crate) result: EntryResult,
}

fn write_unverified(job: &WriteJob, name: &ArchiveName) -> Result<Written> {
    job.cancel.check()?;
    let (part, guard) = part_file::create(&job.part, Arc::clone(&job.room))?;
    let threads = job.threads.clamp(1, MOST_THREADS);
    let deflate = DeflatePool::new(threads).map_err(no_thread)?;
    let pipeline = Pipeline::new(
        Arc::clone(&job.plan),
        Arc::clone(&job.store),
        part.clone(),
        deflate,
        name.clone(),
        Arc::clone(&job.observer),
    );
    let follower = Follower::start(&pipeline, &job.cancel)?;
    let written = copy_entries(job, &pipeline, threads).and_then(|mut problems| {
        let (results, end) = pipeline.take_results();
        problems.extend(differences(&job.plan, &results));
        let (extras, bytes) = write_end(job, name, &part, &results, &problems, end)?;
        part.sync(bytes)?;
        Ok((results, extras, problems, bytes))
    });
    match written {
        Ok((results, extras, problems, bytes)) => {
            pipeline.grow_to(bytes, true);
            Ok(Written { part, guard, follower, results, extras, problems, bytes })
        }
        Err(error) => {
            pipeline.stop();
            pipeline.grow_to(0, true);
            Err(error)
        }
    }
}

/// Copies all entries; goes back and on when a source changes size or, with [`OnMissing::Skip`], cannot be read. Returns the
/// problems of the entries that were left out.
fn copy_entries(job: &WriteJob, pipeline: &Arc<Pipeline>, threads: usize) -> Result<Vec<FileProblem>> {
    let mut problems = Vec::new();
    let mut resized: HashMap<usize, u8> = HashMap::new();
    loop {
        let mut handles = Vec::new();
        for _ in 0..threads {
            handles.push(spawn_worker(pipeline)?);
        }
        wait_for(pipeline, handles, &job.cancel)?;
        let (index, bytes, problem) = match pipeline.take_event() {
            None => return Ok(problems),
            Some(Event::Fatal(error)) => return Err(error),
            Some(Event::Unreadable { index, problem }) => (index, None, Some(problem)),
            Some(Event::Resized { index, bytes }) => {
                let tries = resized.entry(index).or_default();
                *tries += 1;
                if *tries < worker::TRIES {
                    (index, Some(bytes), None)
                } else {
                    let error = SourceError {
                        code: Code::SourceChanged,
                        message: format!("The file's size changed {} times while it was exported.", *tries),
                    };
                    (index, None, Some(worker::problem(pipeline, index, &error)))
                }
            }
        };
        if let Some(problem) = problem {
            if job.on_missing == OnMissing::Fail {
                return Err(unreadable(problem));
            }
            problems.push(problem);
        }
        pipeline.rewind(index, bytes)?;
    }
}

fn spawn_worker(pipeline: &Arc<Pipeline>) -> Result<JoinHandle<()>> {
    let active = pipeline.enter();
    let pipeline = Arc::clone(pipeline);
    // Not a scoped thread: one that hangs in a dead mount must not hold up the cancel.
    std::thread::Builder::new().name("sheaf-copy".into()).spawn(move || worker::run(&pipeline, &active)).map_err(no_thread)
}

fn wait_for(pipeline: &Pipeline, handles: Vec<JoinHandle<()>>, cancel: &Cancel) -> Result<()> {
    while !pipeline.wait_ended(CANCEL_EVERY) {
        if cancel.is_raised() {
            pipeline.stop();
            let since = Instant::now();
            while !pipeline.wait_ended(CANCEL_EVERY) && since.elapsed() < HANGING_THREADS {}
            return Err(Error::cancelled());
        }
    }
    for handle in handles {
        // A panic was reported by the thread's guard.
        let _ = handle.join();
    }
    cancel.check()
}

/// Files that are in the archive as they are, but are not what the registry's size or hash says.
fn differences(plan: &Plan, results: &[EntryResult]) -> Vec<FileProblem> {
    let resized: HashSet<(&str, &str)> = plan
        .problems()
        .iter()
        .filter(|problem| problem.code == Code::SizeMismatch.as_str())
        .map(|problem| (problem.file.as_str(), problem.path.as_str()))
        .collect();
    let mut found = Vec::new();
    for (index, result) in results.iter().enumerate().filter(|(_, result)| result.present) {
        let entry = &plan.entries()[index];
        if result.bytes == entry.bytes {
            found.extend(plan.hash_problems(index, &result.sha256));
        } else {
            let message =
                format!("The file has {} bytes; it had {} when the export was planned.", result.bytes, entry.bytes);
            found.push(entry.problem(plan, Code::SizeMismatch, message, false));
        }
    }
    // What the plan says of a file's size says it already.
    found.retain(|problem| !resized.contains(&(problem.file.as_str(), problem.path.as_str())));
    found
}

/// Writes `metadata.json`, the manifest and the central directory; returns the extra entries and the archive's size.
fn write_end(
    job: &WriteJob,
    top: &ArchiveName,
    part: &PartFile,
    results: &[EntryResult],
    problems: &[FileProblem],
    end: u64,
) -> Result<(Vec<Extra>, u64)> {
    let plan = &job.plan;
    let modified_seconds = job.header.created_at.as_second();
    let written = |index: usize| {
        let EntryResult { present, bytes, sha256, .. } = results[index];
        present.then_some(WrittenFile { bytes, sha256 })
    };
    let write_json = |out: &mut dyn Write| write_metadata(out, plan, &job.header, &written, problems);

    let counted = if results.len() >= COUNT_METADATA_FROM {
        let mut counter = Counter(0);
        write_json(&mut counter).expect("counting does not fail");
        counter.0
    } else {
        0
    };
    let mut metadata = StreamedEntry::new(part, job, format!("{top}/{METADATA_FILE}"), end, counted, modified_seconds);
    let made = write_json(&mut metadata);
    made.map_err(|cause| metadata.error_of(cause))?;
    let (metadata, end) = metadata.finish()?;

    let mut manifest = StreamedEntry::new(part, job, format!("{top}/{MANIFEST_FILE}"), end, 0, modified_seconds);
    let files = (0..results.len()).filter_map(|index| Some((plan.entry_path(index), written(index)?.sha256)));
    let lines = files.chain([(METADATA_FILE.to_owned(), metadata.result.sha256)]);
    let made = write_manifest(&mut manifest, lines);
    made.map_err(|cause| manifest.error_of(cause))?;
    let (manifest, directory_offset) = manifest.finish()?;

    let extras = vec![metadata, manifest];
    let mut out = Vec::with_capacity(BLOCK_BYTES + 1024);
    let mut offset = directory_offset;
    let mut entries = 0;
    let planned =
        results.iter().enumerate().filter(|(_, result)| result.present).map(|(index, result)| {
            (plan.entry_name(top, index).to_string(), plan.entries()[index].modified_seconds, *result)
        });
    let extra = extras.iter().map(|extra| (extra.name.clone(), extra.modified_seconds, extra.result));
    for (name, modified_seconds, result) in planned.chain(extra) {
        central_header(&mut out, &record(&name, modified_seconds, &result));
        entries += 1;
        if out.len() >= BLOCK_BYTES {
            job.cancel.check()?;
            part.write_at(&out, offset)?;
            offset += out.len() as u64;
            out.clear();
        }
    }
    let directory_bytes = offset + out.len() as u64 - directory_offset;
    end_of_directory(&mut out, entries, directory_offset, directory_bytes);
    part.write_at(&out, offset)?;
    Ok((extras, offset + out.len() as u64))
}

fn record<'a>(name: &'a str, modified_seconds: i64, result: &EntryResult) -> Record<'a> {
    Record {
        name,
        method: result.method,
        crc32: result.crc32,
        bytes: result.bytes,
        stored_bytes: result.stored_bytes,
        modified_seconds,
        offset: result.offset,
    }
}

/// An entry that is made while it is written: always deflated, its header written last.
struct StreamedEntry<'a> {
    part: &'a PartFile,
    job: &'a WriteJob,
    name: String,
    modified_seconds: i64,
    offset: u64,
    header_bytes: u64,
    deflater: Deflater,
    block: Vec<u8>,
    deflated: Vec<u8>,
    sha256: Sha256,
    crc32: crc32fast::Hasher,
    bytes: u64,
    stored_bytes: u64,
    error: Option<Error>,
}

impl<'a> StreamedEntry<'a> {
    /// `about` is the size in bytes if it could need ZIP64, else 0.
    fn new(part: &'a PartFile, job: &'a WriteJob, name: String, offset: u64, about: u64, modified_seconds: i64) -> Self {
        let header_bytes = local_header_bytes(&name, about, modified_seconds);
        Self {
            part,
            job,
            name,
            modified_seconds,
            offset,
            header_bytes,
            deflater: Deflater::new(),
            block: new_block(),
            deflated: new_block(),
            sha256: Sha256::new(),
            crc32: crc32fast::Hasher::new(),
            bytes: 0,
            stored_bytes: 0,
            error: None,
        }
    }

    fn write_block(&mut self, last: bool) -> Result<()> {
        self.job.cancel.check()?;
        self.sha256.update(&self.block);
        self.crc32.update(&self.block);
        self.bytes += self.block.len() as u64;
        self.deflater.block(&self.block, last, &mut self.deflated);
        self.block.clear();
        self.part.write_at(&self.deflated, self.offset + self.header_bytes + self.stored_bytes)?;
        self.stored_bytes += self.deflated.len() as u64;
        Ok(())
    }

    /// The error behind a failed [`Write::write`].
    fn error_of(&mut self, cause: std::io::Error) -> Error {
        self.error.take().unwrap_or_else(|| part_file::write_error(cause, self.offset))
    }

    fn finish(mut self) -> Result<(Extra, u64)> {
        self.write_block(true)?;
        let result = EntryResult {
            sha256: self.sha256.finalize().into(),
            crc32: self.crc32.finalize(),
            method: Method::Deflate,
            present: true,
            bytes: self.bytes,
            stored_bytes: self.stored_bytes,
            offset: self.offset,
        };
        let mut header = Vec::new();
        local_header(&mut header, &record(&self.name, self.modified_seconds, &result));
        if header.len() as u64 != self.header_bytes {
            return Err(Error::new(Code::Internal, "A list inside the archive outgrew its announced size."));
        }
        self.part.write_at(&header, self.offset)?;
        let end = self.offset + self.header_bytes + self.stored_bytes;
        Ok((Extra { name: self.name, modified_seconds: self.modified_seconds, result }, end))
    }
}

impl Write for StreamedEntry<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = BLOCK_BYTES - self.block.len();
        let count = bytes.len().min(room);
        self.block.extend_from_slice(&bytes[..count]);
        if self.block.len() == BLOCK_BYTES {
            self.write_block(false).map_err(|error| {
                self.error = Some(error);
                std::io::Error::other("the archive cannot be written")
            })?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Counts what is written to it.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The error of a job whose file cannot be read.
fn unreadable(problem: FileProblem) -> Error {
    let code = Code::parse(&problem.code).unwrap_or(Code::SourceIo);
    Error::new(code, "A file could not be read while the archive was written; nothing was left behind.")
        .hint("Mend the file and restart the export, or export with --on-missing skip to leave it out.")
        .details([Detail::File(problem)])
}

/// A thread ended by itself.
pub(crate) fn thread_died() -> Error {
    Error::new(Code::Internal, "A part of the archive writer stopped unexpectedly; nothing was left behind.")
        .hint("Restart the export; if it happens again, report it.")
}

/// The system gives no more threads.
pub(crate) fn no_thread(cause: std::io::Error) -> Error {
    Error::new(Code::Internal, "The system gives no more threads.")
        .hint("Close other programs and restart the export.")
        .cause(cause)
}

/// Where a part file of a job stands: beside its archive, named by job and attempt.
pub fn part_path(directory: &Path, job: &str, attempt: u32) -> PathBuf {
    directory.join(format!("{job}.{attempt}.part"))
}
