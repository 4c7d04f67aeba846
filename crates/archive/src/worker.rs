//! One thread that copies entries: reads a source once, hashes it beside the reading, deflates or stores it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use sha2::{Digest, Sha256};
use sheaf_registry::error::FileProblem;
use sheaf_registry::file_store::{FileStat, SourceError, SourceFile};
use sheaf_registry::{Code, Error};

use crate::deflate::{BLOCK_BYTES, Block, DeflateJob, Deflater, finished_jobs, new_block};
use crate::pipeline::{Active, BlockOrPlace, EntryResult, Event, Pipeline};
use crate::zip_records::{Method, local_header_bytes};

/// How often a source that changes while it is read is read again.
pub(crate) const TRIES: u8 = 3;
/// Blocks of one file that may be with the hashing thread.
const HASH_AHEAD: usize = 2;

/// Why an entry was given up.
enum Interrupt {
    /// Another thread has stopped the work, or the user has.
    Stopped,
    /// The source changed while it was read, but kept its size.
    Changed,
    /// Something that all threads stop for.
    Event(Box<Event>),
}

impl From<Error> for Interrupt {
    fn from(error: Error) -> Self {
        Interrupt::Event(Box::new(Event::Fatal(error)))
    }
}

/// Copies entries until there are no more, or the work stops.
pub(crate) fn run(pipeline: &Arc<Pipeline>, _active: &Active) {
    let mut worker = match Worker::new(pipeline) {
        Ok(worker) => worker,
        Err(error) => return pipeline.report(Event::Fatal(error)),
    };
    while let Some((index, bytes)) = pipeline.take() {
        match worker.copy(index, bytes) {
            Ok(()) => {}
            Err(Interrupt::Stopped | Interrupt::Changed) => return,
            Err(Interrupt::Event(event)) => return pipeline.report(*event),
        }
    }
}

struct Worker<'a> {
    pipeline: &'a Arc<Pipeline>,
    hashing: HashLane,
    deflater: Deflater,
    /// Blocks of this thread's own: enough for an entry that has its place, whatever the pool holds.
    spare: Vec<Block>,
}

impl<'a> Worker<'a> {
    fn new(pipeline: &'a Arc<Pipeline>) -> Result<Self, Error> {
        let spare = std::iter::repeat_with(new_block).take(HASH_AHEAD + 2).collect();
        Ok(Self { pipeline, hashing: HashLane::start()?, deflater: Deflater::new(), spare })
    }

    /// Copies one entry of `bytes` bytes, again when it changes under the hand.
    fn copy(&mut self, index: usize, bytes: u64) -> Result<(), Interrupt> {
        for _ in 0..TRIES {
            match self.copy_once(index, bytes) {
                Err(Interrupt::Changed) => {}
                done => return done,
            }
        }
        let error = SourceError {
            code: Code::SourceChanged,
            message: format!("The file changed while it was read, {TRIES} times in a row."),
        };
        Err(Interrupt::Event(Box::new(Event::Unreadable { index, problem: problem(self.pipeline, index, &error) })))
    }

    fn copy_once(&mut self, index: usize, bytes: u64) -> Result<(), Interrupt> {
        let pipeline = self.pipeline;
        let entry = &pipeline.plan.entries()[index];
        let unreadable = |error: SourceError| {
            Interrupt::Event(Box::new(Event::Unreadable { index, problem: problem(pipeline, index, &error) }))
        };
        let mut source = pipeline.store.open(entry.root, &entry.path, 0).map_err(unreadable)?;
        let before = source.stat().map_err(unreadable)?;
        if before.bytes != bytes {
            return Err(Interrupt::Event(Box::new(Event::Resized { index, bytes: before.bytes })));
        }
        let mut out = Output::new(pipeline, index, bytes);
        let mut read = 0;
        let copied =
            self.copy_content(&mut *source, &mut out, &mut read).and_then(|(sha256, crc32)| {
                match still_the_same(&mut *source, &before).map_err(unreadable)? {
                    Same::Yes => Ok((sha256, crc32)),
                    Same::Changed => Err(Interrupt::Changed),
                    Same::Resized(bytes) => Err(Interrupt::Event(Box::new(Event::Resized { index, bytes }))),
                }
            });
        match copied {
            Ok((sha256, crc32)) => {
                let (method, stored_bytes, blocks) = (out.method, out.emitted, out.kept);
                let result = EntryResult { sha256, crc32, method, bytes, stored_bytes, ..EntryResult::default() };
                pipeline.finish(index, result, blocks).map_err(Interrupt::from)
            }
            Err(interrupt) => {
                // The blocks go back, and what was observed is taken back.
                pipeline.release(out.kept);
                pipeline.unobserve(read);
                self.refill();
                Err(interrupt)
            }
        }
    }

    /// Reads the content once, hashing and emitting it; returns its SHA-256 and CRC-32.
    fn copy_content(
        &mut self,
        source: &mut dyn SourceFile,
        out: &mut Output<'_>,
        read: &mut u64,
    ) -> Result<([u8; 32], u32), Interrupt> {
        let mut crc = crc32fast::Hasher::new();
        let mut deflating = Deflating::default();
        if out.bytes <= BLOCK_BYTES as u64 {
            // One block: handing it to another thread would cost more than it saves.
            let block = self.read_block(source, out, read, &mut crc)?;
            let sha256 = Sha256::digest(&block).into();
            self.content(block, true, out, &mut deflating)?;
            return Ok((sha256, crc.finalize()));
        }
        let copied = self.copy_blocks(source, out, read, &mut crc, &mut deflating);
        // Also after a failure: the lane must be empty for the next file.
        let (sha256, left) = self.hashing.finish()?;
        self.spare.extend(left);
        match copied.and_then(|()| self.drain(out, &mut deflating)) {
            Ok(()) => Ok((sha256, crc.finalize())),
            Err(interrupt) => {
                self.give_up(&mut deflating);
                Err(interrupt)
            }
        }
    }

    fn copy_blocks(
        &mut self,
        source: &mut dyn SourceFile,
        out: &mut Output<'_>,
        read: &mut u64,
        crc: &mut crc32fast::Hasher,
        deflating: &mut Deflating,
    ) -> Result<(), Interrupt> {
        let blocks = out.bytes.div_ceil(BLOCK_BYTES as u64);
        let mut emitted = 0;
        for index in 0..blocks {
            let block = self.read_block(source, out, read, crc)?;
            self.hashing.send(block)?;
            if index + 1 >= HASH_AHEAD as u64 {
                let block = self.hashing.receive()?;
                emitted += 1;
                self.content(block, emitted == blocks, out, deflating)?;
            }
        }
        while emitted < blocks {
            let block = self.hashing.receive()?;
            emitted += 1;
            self.content(block, emitted == blocks, out, deflating)?;
        }
        Ok(())
    }

    fn read_block(
        &mut self,
        source: &mut dyn SourceFile,
        out: &Output<'_>,
        read: &mut u64,
        crc: &mut crc32fast::Hasher,
    ) -> Result<Block, Interrupt> {
        if self.pipeline.stopped() {
            return Err(Interrupt::Stopped);
        }
        let wanted = usize::try_from((out.bytes - *read).min(BLOCK_BYTES as u64)).expect("at most a block");
        let mut block = self.spare.pop().unwrap_or_else(new_block);
        block.resize(wanted, 0);
        let mut filled = 0;
        while filled < wanted {
            match source.read(&mut block[filled..]) {
                // Shorter than fstat said: it was cut while it was read.
                Ok(0) => return Err(Interrupt::Changed),
                Ok(count) => filled += count,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    let at = *read + filled as u64;
                    let message = format!("Reading the file failed at byte {at}: {cause}.");
                    let error = SourceError { code: Code::SourceIo, message };
                    let problem = problem(self.pipeline, out.index, &error);
                    return Err(Interrupt::Event(Box::new(Event::Unreadable { index: out.index, problem })));
                }
            }
        }
        crc.update(&block);
        *read += wanted as u64;
        self.pipeline.observe(out.index, wanted as u64);
        Ok(block)
    }

    /// Takes a block of content onwards: as it is, or deflated.
    fn content(
        &mut self,
        block: Block,
        last: bool,
        out: &mut Output<'_>,
        deflating: &mut Deflating,
    ) -> Result<(), Interrupt> {
        if out.method == Method::Store && !out.undecided {
            return self.emit(block, out);
        }
        if out.undecided {
            out.undecided = false;
            let mut deflated = self.spare.pop().unwrap_or_else(new_block);
            self.deflater.block(&block, last, &mut deflated);
            // The first block decides: what it cannot shrink by a fiftieth is stored, like what is known to be compressed.
            if deflated.len() + block.len() / 50 >= block.len() {
                self.spare.push(deflated);
                return self.emit(block, out);
            }
            out.method = Method::Deflate;
            self.spare.push(block);
            return self.emit(deflated, out);
        }
        self.deflate(block, last, out, deflating)
    }

    /// Deflates a block on another thread if one is idle and the pool has room, else here.
    fn deflate(&mut self, block: Block, last: bool, out: &mut Output<'_>, at: &mut Deflating) -> Result<(), Interrupt> {
        let block = match self.pipeline.try_two_blocks() {
            Some((replacement, deflated)) => {
                let job = DeflateJob { sequence: at.submitted, content: block, deflated, last, done: at.done.0.clone() };
                match self.pipeline.deflate.try_submit(job) {
                    Ok(()) => {
                        at.submitted += 1;
                        self.spare.push(replacement);
                        while let Ok(job) = at.done.1.try_recv() {
                            at.ready.insert(job.sequence, job);
                        }
                        return self.emit_ready(out, at);
                    }
                    Err(job) => {
                        self.pipeline.release([replacement, job.deflated]);
                        job.content
                    }
                }
            }
            None => block,
        };
        // All busy: this thread works too, once the blocks before this one are out.
        self.drain(out, at)?;
        let mut deflated = self.spare.pop().unwrap_or_else(new_block);
        self.deflater.block(&block, last, &mut deflated);
        self.spare.push(block);
        self.emit(deflated, out)
    }

    /// Waits for all blocks that other threads deflate.
    fn drain(&mut self, out: &mut Output<'_>, at: &mut Deflating) -> Result<(), Interrupt> {
        while at.emitted < at.submitted {
            if !at.ready.contains_key(&at.emitted) {
                let job = at.done.1.recv().map_err(|_| Interrupt::from(crate::writer::thread_died()))?;
                at.ready.insert(job.sequence, job);
            }
            self.emit_ready(out, at)?;
        }
        Ok(())
    }

    /// Gives back the blocks of a file that was given up, those with other threads too.
    fn give_up(&self, at: &mut Deflating) {
        let away = at.submitted - at.emitted - at.ready.len() as u64;
        let returning = (0..away).filter_map(|_| at.done.1.recv().ok());
        for job in std::mem::take(&mut at.ready).into_values().chain(returning) {
            self.pipeline.release([job.content, job.deflated]);
        }
    }

    fn emit_ready(&mut self, out: &mut Output<'_>, at: &mut Deflating) -> Result<(), Interrupt> {
        while let Some(job) = at.ready.remove(&at.emitted) {
            at.emitted += 1;
            self.pipeline.release([job.content]);
            // The block came from the pool and goes back there, or waits in the entry.
            if let Some(block) = out.write(job.deflated)? {
                self.pipeline.release([block]);
            }
        }
        Ok(())
    }

    /// Emits a block of this thread's own and makes up for it if it is kept.
    fn emit(&mut self, block: Block, out: &mut Output<'_>) -> Result<(), Interrupt> {
        if let Some(block) = out.write(block)? {
            self.spare.push(block);
            return Ok(());
        }
        match self.pipeline.wait_block_or_place(out.index) {
            None => Err(Interrupt::Stopped),
            Some(BlockOrPlace::Block(block)) => {
                self.spare.push(block);
                Ok(())
            }
            Some(BlockOrPlace::Place(start)) => {
                let mut freed = out.flush(start)?;
                self.spare.extend(freed.pop());
                self.pipeline.release(freed);
                Ok(())
            }
        }
    }

    /// After a file was given up: this thread has its own blocks again.
    fn refill(&mut self) {
        self.spare.resize_with(HASH_AHEAD + 2, new_block);
    }
}

/// Where the bytes of one entry go: to their place, or into blocks that wait for it.
struct Output<'a> {
    pipeline: &'a Arc<Pipeline>,
    index: usize,
    /// Bytes of the content.
    bytes: u64,
    method: Method,
    /// Whether deflating is still to be tried.
    undecided: bool,
    header_bytes: u64,
    /// Bytes emitted, kept ones included.
    emitted: u64,
    kept: Vec<Block>,
}

impl<'a> Output<'a> {
    fn new(pipeline: &'a Arc<Pipeline>, index: usize, bytes: u64) -> Self {
        let header_bytes = local_header_bytes(&pipeline.name(index), bytes, pipeline.plan.entries()[index].modified_seconds);
        let undecided = !pipeline.stored_by_plan(index, bytes);
        Self { pipeline, index, bytes, method: Method::Store, undecided, header_bytes, emitted: 0, kept: Vec::new() }
    }

    /// Writes the block and gives it back, or keeps it.
    fn write(&mut self, block: Block) -> Result<Option<Block>, Interrupt> {
        if let Some(start) = self.pipeline.start_of(self.index) {
            let freed = self.flush(start)?;
            self.pipeline.release(freed);
            self.pipeline.part.write_at(&block, start + self.header_bytes + self.emitted)?;
            self.emitted += block.len() as u64;
            return Ok(Some(block));
        }
        self.emitted += block.len() as u64;
        self.kept.push(block);
        Ok(None)
    }

    /// Writes what was kept, now that the place is known; gives the blocks back.
    fn flush(&mut self, start: u64) -> Result<Vec<Block>, Interrupt> {
        let mut offset = start + self.header_bytes;
        for block in &self.kept {
            self.pipeline.part.write_at(block, offset)?;
            offset += block.len() as u64;
        }
        Ok(std::mem::take(&mut self.kept))
    }
}

/// Blocks of one file that other threads deflate.
struct Deflating {
    done: (Sender<DeflateJob>, Receiver<DeflateJob>),
    submitted: u64,
    emitted: u64,
    ready: BTreeMap<u64, DeflateJob>,
}

impl Default for Deflating {
    fn default() -> Self {
        Self { done: finished_jobs(), submitted: 0, emitted: 0, ready: BTreeMap::new() }
    }
}

/// A thread beside each worker that hashes its blocks in order and hands them back.
struct HashLane {
    to: Sender<ToLane>,
    from: Receiver<FromLane>,
}

enum ToLane {
    Block(Block),
    Finish,
}

enum FromLane {
    Block(Block),
    Digest([u8; 32]),
}

impl HashLane {
    fn start() -> Result<Self, Error> {
        let (to, incoming) = bounded(HASH_AHEAD);
        let (outgoing, from) = bounded(HASH_AHEAD + 1);
        std::thread::Builder::new()
            .name("sheaf-hash".into())
            .spawn(move || {
                let mut sha = Sha256::new();
                for message in incoming {
                    let answer = match message {
                        ToLane::Block(block) => {
                            sha.update(&block);
                            FromLane::Block(block)
                        }
                        ToLane::Finish => FromLane::Digest(sha.finalize_reset().into()),
                    };
                    if outgoing.send(answer).is_err() {
                        return;
                    }
                }
            })
            .map_err(crate::writer::no_thread)?;
        Ok(Self { to, from })
    }

    fn send(&self, block: Block) -> Result<(), Interrupt> {
        self.to.send(ToLane::Block(block)).map_err(|_| Interrupt::from(crate::writer::thread_died()))
    }

    fn receive(&self) -> Result<Block, Interrupt> {
        match self.from.recv() {
            Ok(FromLane::Block(block)) => Ok(block),
            Ok(FromLane::Digest(_)) | Err(_) => Err(crate::writer::thread_died().into()),
        }
    }

    /// The hash of all blocks sent, and the blocks that nobody received.
    fn finish(&self) -> Result<([u8; 32], Vec<Block>), Interrupt> {
        self.to.send(ToLane::Finish).map_err(|_| Interrupt::from(crate::writer::thread_died()))?;
        let mut left = Vec::new();
        loop {
            match self.from.recv() {
                Ok(FromLane::Block(block)) => left.push(block),
                Ok(FromLane::Digest(sha256)) => return Ok((sha256, left)),
                Err(_) => return Err(crate::writer::thread_died().into()),
            }
        }
    }
}

enum Same {
    Yes,
    Changed,
    Resized(u64),
}

/// Compares an open file with what it was before it was read, and looks for bytes behind its end.
fn still_the_same(source: &mut dyn SourceFile, before: &FileStat) -> Result<Same, SourceError> {
    let after = source.stat()?;
    if after.bytes != before.bytes {
        return Ok(Same::Resized(after.bytes));
    }
    let mut beyond = [0];
    let more = matches!(source.read(&mut beyond), Ok(count) if count > 0);
    Ok(if more || after != *before { Same::Changed } else { Same::Yes })
}

/// Names a file in a problem that leaves it out.
pub(crate) fn problem(pipeline: &Pipeline, index: usize, error: &SourceError) -> FileProblem {
    pipeline.plan.entries()[index].problem(&pipeline.plan, error.code, error.message.clone(), true)
}
