//! Many threads read, hash and deflate; the entries stand in the archive in the order of the plan.
//!
//! An entry's place is known once the length of every entry before it is: at once for stored ones, whose size the plan
//! gives, and when it is done for a deflated one. An entry with a place is written where it belongs as it is read. One
//! without is kept in blocks of a bounded pool until its turn. The first entry without a finished length always has a place
//! and needs no block of the pool, so the work cannot lock up.
//!
//! A source whose size changes moves everything behind it: then the threads stop, and the work goes on from there.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sheaf_registry::error::FileProblem;
use sheaf_registry::file_store::FileStore;
use sheaf_registry::progress::{Observer, Phase, Progress};
use sheaf_registry::{Error, Result};

use crate::deflate::{Block, DeflatePool, new_block};
use crate::entry_name::ArchiveName;
use crate::part_file::PartFile;
use crate::plan::Plan;
use crate::zip_records::{Method, Record, deflate_could_outgrow, local_header, local_header_bytes};

/// Blocks that wait for their place, over all threads; each holds 1 MiB.
const POOL_BLOCKS: usize = 32;

/// What became of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EntryResult {
    pub(crate) sha256: [u8; 32],
    pub(crate) crc32: u32,
    pub(crate) method: Method,
    pub(crate) present: bool,
    /// Bytes of the content as read.
    pub(crate) bytes: u64,
    /// Bytes in the archive.
    pub(crate) stored_bytes: u64,
    /// Where the local header stands.
    pub(crate) offset: u64,
}

/// Why the threads stopped before the end.
#[derive(Debug)]
pub(crate) enum Event {
    /// A source has another size than the plan says.
    Resized { index: usize, bytes: u64 },
    /// A source cannot be read.
    Unreadable { index: usize, problem: FileProblem },
    /// The archive cannot be written.
    Fatal(Error),
}

/// An entry that is done but has no place yet.
#[derive(Debug)]
pub(crate) struct Parked {
    header: Vec<u8>,
    header_bytes: u64,
    blocks: Vec<Block>,
}

/// What all threads of one archive share.
pub(crate) struct Pipeline {
    pub(crate) plan: Arc<Plan>,
    pub(crate) store: Arc<dyn FileStore>,
    pub(crate) part: PartFile,
    pub(crate) deflate: DeflatePool,
    name: ArchiveName,
    observer: Arc<dyn Observer>,
    stop: AtomicBool,
    bytes_total: u64,
    bytes_done: AtomicU64,
    files_done: AtomicU64,
    state: Mutex<State>,
    /// A place was found, a block came free, a thread ended.
    changed: Condvar,
    /// More of the archive is complete.
    grown: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Next entry to hand to a thread.
    next: usize,
    /// Entries before this one were announced to the store.
    announced: usize,
    /// Entries before this one have a place, and so has this one: at `place`.
    placed: usize,
    place: u64,
    /// Lengths, header included, of deflated entries at or after `placed` that are done.
    lengths: HashMap<usize, u64>,
    parked: HashMap<usize, Parked>,
    /// Entries before this one are complete on disk.
    complete: usize,
    complete_out_of_order: HashSet<usize>,
    results: Vec<EntryResult>,
    /// Sizes that differ from the plan's.
    resized: HashMap<usize, u64>,
    omitted: HashSet<usize>,
    free_blocks: Vec<Block>,
    blocks_made: usize,
    active: usize,
    event: Option<Event>,
    /// The archive is complete up to here.
    grown_to: u64,
    finished: bool,
}

impl Pipeline {
    pub(crate) fn new(
        plan: Arc<Plan>,
        store: Arc<dyn FileStore>,
        part: PartFile,
        deflate: DeflatePool,
        name: ArchiveName,
        observer: Arc<dyn Observer>,
    ) -> Arc<Self> {
        let state = State { results: vec![EntryResult::default(); plan.entries().len()], ..State::default() };
        let bytes_total = plan.total_bytes(); // a sum over all entries: once
        let pipeline = Self {
            plan,
            store,
            part,
            deflate,
            name,
            observer,
            stop: AtomicBool::new(false),
            bytes_total,
            bytes_done: AtomicU64::new(0),
            files_done: AtomicU64::new(0),
            state: Mutex::new(state),
            changed: Condvar::new(),
            grown: Condvar::new(),
        };
        pipeline.advance(&mut pipeline.lock());
        Arc::new(pipeline)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked reports itself through its guard; the state stays usable for the cleaning up.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Full name of an entry in the archive.
    pub(crate) fn name(&self, index: usize) -> String {
        self.plan.entry_name(&self.name, index).to_string()
    }

    /// Whether an entry is stored by the plan, so that its length is known before it is read.
    pub(crate) fn stored_by_plan(&self, index: usize, bytes: u64) -> bool {
        !self.plan.compressible(index) || bytes == 0 || deflate_could_outgrow(bytes)
    }

    /// Size that an entry must have: the plan's, or the one found since.
    pub(crate) fn bytes_of(&self, state: &State, index: usize) -> u64 {
        state.resized.get(&index).copied().unwrap_or_else(|| self.plan.entries()[index].bytes)
    }

    fn header_bytes(&self, index: usize, bytes: u64) -> u64 {
        local_header_bytes(&self.name(index), bytes, self.plan.entries()[index].modified_seconds)
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Makes every thread end at its next block.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let _state = self.lock(); // nobody may be between its look at the flag and its wait
        self.changed.notify_all();
        self.grown.notify_all();
    }

    /// Takes the next entry, with the size it must have.
    pub(crate) fn take(&self) -> Option<(usize, u64)> {
        let mut state = self.lock();
        if self.stopped() {
            return None;
        }
        while state.omitted.contains(&state.next) {
            let skipped = state.next;
            state.next += 1;
            self.mark_complete(&mut state, skipped);
        }
        let index = state.next;
        if index >= state.results.len() {
            return None;
        }
        state.next += 1;
        let bytes = self.bytes_of(&state, index);
        let until = state.results.len().min(state.next + self.store.at_once() - 1);
        let coming = state.announced.max(state.next)..until;
        state.announced = state.announced.max(until);
        // While nobody else can take one of them: it would be asked for twice.
        for coming in coming.filter(|coming| !state.omitted.contains(coming)) {
            let entry = &self.plan.entries()[coming];
            self.store.expect(entry.root, &entry.path, self.bytes_of(&state, coming));
        }
        Some((index, bytes))
    }

    /// Where an entry stands in the archive, if that is known.
    pub(crate) fn start_of(&self, index: usize) -> Option<u64> {
        start_of(&self.lock(), index)
    }

    /// Two blocks of the pool, if they are free.
    pub(crate) fn try_two_blocks(&self) -> Option<(Block, Block)> {
        let mut state = self.lock();
        let first = take_block(&mut state)?;
        let second = take_block(&mut state);
        if second.is_none() {
            state.free_blocks.push(first);
            return None;
        }
        Some(first).zip(second)
    }

    /// A block of the pool, or word that the entry has its place now, whichever comes first. `None` when stopped.
    pub(crate) fn wait_block_or_place(&self, index: usize) -> Option<BlockOrPlace> {
        let mut state = self.lock();
        loop {
            if self.stopped() {
                return None;
            }
            if let Some(start) = start_of(&state, index) {
                return Some(BlockOrPlace::Place(start));
            }
            if let Some(block) = take_block(&mut state) {
                return Some(BlockOrPlace::Block(block));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives blocks back.
    pub(crate) fn release(&self, blocks: impl IntoIterator<Item = Block>) {
        let mut state = self.lock();
        state.free_blocks.extend(blocks);
        self.changed.notify_all();
    }

    /// Says that an entry is read: its header is made, and whatever has its place now is written.
    pub(crate) fn finish(&self, index: usize, mut result: EntryResult, blocks: Vec<Block>) -> Result<()> {
        let name = self.name(index);
        let modified_seconds = self.plan.entries()[index].modified_seconds;
        let header_bytes = local_header_bytes(&name, result.bytes, modified_seconds);
        let mut header = Vec::with_capacity(128);
        let record = Record {
            name: &name,
            method: result.method,
            crc32: result.crc32,
            bytes: result.bytes,
            stored_bytes: result.stored_bytes,
            modified_seconds,
            offset: 0,
        };
        local_header(&mut header, &record);
        debug_assert_eq!(header.len() as u64, header_bytes, "offsets are computed from the announced length");

        let parked = Parked { header, header_bytes, blocks };
        let mut ready = Vec::new();
        {
            let mut state = self.lock();
            result.present = true;
            result.offset = state.results[index].offset;
            state.results[index] = result;
            if !self.stored_by_plan(index, result.bytes) {
                state.lengths.insert(index, header_bytes + result.stored_bytes);
            }
            if start_of(&state, index).is_some() {
                ready.push((index, parked));
            } else {
                state.parked.insert(index, parked);
            }
            ready.extend(self.advance(&mut state));
            self.changed.notify_all();
        }
        for (index, parked) in ready {
            self.write_parked(index, parked)?;
        }
        let files_done = self.files_done.fetch_add(1, Ordering::Relaxed) + 1;
        if files_done == self.plan.entries().len() as u64 {
            self.observe(index, 0);
        }
        Ok(())
    }

    /// Says that a stretch of content was read.
    pub(crate) fn observe(&self, index: usize, bytes: u64) {
        let bytes_done = self.bytes_done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.observer.observe(&Progress {
            phase: Phase::Writing,
            files_done: self.files_done.load(Ordering::Relaxed),
            files_total: self.plan.entries().len() as u64,
            bytes_done,
            bytes_total: self.bytes_total.max(bytes_done),
            current: Some(self.plan.entries()[index].path.to_string()),
        });
    }

    /// Takes back what was observed of an entry that is read again.
    pub(crate) fn unobserve(&self, bytes: u64) {
        self.bytes_done.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn write_parked(&self, index: usize, parked: Parked) -> Result<()> {
        let start = self.start_of(index).expect("only entries with a place are written");
        let mut offset = start + parked.header_bytes;
        for block in &parked.blocks {
            self.part.write_at(block, offset)?;
            offset += block.len() as u64;
        }
        self.part.write_at(&parked.header, start)?;
        let mut state = self.lock();
        if !parked.blocks.is_empty() {
            state.free_blocks.extend(parked.blocks);
            self.changed.notify_all();
        }
        self.mark_complete(&mut state, index);
        Ok(())
    }

    fn mark_complete(&self, state: &mut State, index: usize) {
        const NOTIFY_EVERY: u64 = 1 << 20;
        state.complete_out_of_order.insert(index);
        while state.complete_out_of_order.remove(&state.complete) {
            state.complete += 1;
        }
        let complete_to = start_of(state, state.complete).unwrap_or(state.grown_to);
        if complete_to >= state.grown_to + NOTIFY_EVERY {
            state.grown_to = complete_to;
            self.grown.notify_all();
        }
    }

    /// Gives places as far as lengths are known; returns the parked entries that have one now.
    fn advance(&self, state: &mut State) -> Vec<(usize, Parked)> {
        let mut ready = Vec::new();
        while state.placed < state.results.len() {
            let index = state.placed;
            let bytes = self.bytes_of(state, index);
            let length = if state.omitted.contains(&index) {
                0
            } else if self.stored_by_plan(index, bytes) {
                self.header_bytes(index, bytes) + bytes
            } else if let Some(length) = state.lengths.remove(&index) {
                length
            } else {
                break;
            };
            state.results[index].offset = state.place;
            state.place += length;
            state.placed += 1;
            if let Some(parked) = state.parked.remove(&index) {
                ready.push((index, parked));
            }
        }
        ready
    }

    /// Counts a thread in; the guard counts it out, also when it panics.
    pub(crate) fn enter(self: &Arc<Self>) -> Active {
        self.lock().active += 1;
        Active(Arc::clone(self))
    }

    /// Reports an event; the first one wins, and every thread stops.
    pub(crate) fn report(&self, event: Event) {
        let mut state = self.lock();
        let outranks =
            matches!((&state.event, &event), (Some(Event::Resized { .. } | Event::Unreadable { .. }), Event::Fatal(_)));
        if state.event.is_none() || outranks {
            state.event = Some(event);
        }
        drop(state);
        self.stop();
    }

    /// Waits a moment for the threads; `true` when all have ended.
    pub(crate) fn wait_ended(&self, at_most: std::time::Duration) -> bool {
        let state = self.lock();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, at_most, |state| state.active > 0)
            .unwrap_or_else(PoisonError::into_inner);
        state.active == 0
    }

    /// After all threads have ended: what stopped them, if anything.
    pub(crate) fn take_event(&self) -> Option<Event> {
        self.lock().event.take()
    }

    /// After all threads have ended: goes back to the last complete entry before `index`, with a new size for it, or
    /// without it.
    pub(crate) fn rewind(&self, index: usize, resized: Option<u64>) -> Result<()> {
        let mut state = self.lock();
        match resized {
            Some(bytes) => drop(state.resized.insert(index, bytes)),
            None => drop(state.omitted.insert(index)),
        }
        let from = state.complete.min(index);
        let place = start_of(&state, from).expect("what is complete has a place");
        state.next = from;
        state.announced = state.announced.min(from);
        state.placed = from;
        state.place = place;
        state.complete = from;
        state.lengths.clear();
        state.parked.clear();
        state.complete_out_of_order.clear();
        state.free_blocks.clear();
        state.blocks_made = 0;
        for result in &mut state.results[from..] {
            *result = EntryResult::default();
        }
        let bytes_done: u64 = state.results[..from].iter().map(|result| result.bytes).sum();
        let files_done = state.results[..from].iter().filter(|result| result.present).count() as u64;
        self.bytes_done.store(bytes_done, Ordering::Relaxed);
        self.files_done.store(files_done, Ordering::Relaxed);
        self.advance(&mut state);
        self.stop.store(false, Ordering::Relaxed);
        drop(state);
        self.part.truncate(place)
    }

    /// After all threads have ended well: the results and the end of the last entry.
    pub(crate) fn take_results(&self) -> (Vec<EntryResult>, u64) {
        let mut state = self.lock();
        debug_assert_eq!(state.placed, state.results.len(), "every entry has its place");
        let end = state.place;
        (std::mem::take(&mut state.results), end)
    }

    /// Says that the archive is complete up to an offset that is not an entry's; `finished` when nothing follows.
    pub(crate) fn grow_to(&self, offset: u64, finished: bool) {
        let mut state = self.lock();
        state.grown_to = offset;
        state.finished = finished;
        self.grown.notify_all();
    }

    /// Waits until the archive is complete beyond `hashed`; `None` when nothing follows.
    pub(crate) fn wait_grown(&self, hashed: u64) -> Option<u64> {
        let waits = |state: &mut State| state.grown_to <= hashed && !state.finished;
        let state = self.grown.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        (state.grown_to > hashed).then_some(state.grown_to)
    }
}

/// What [`Pipeline::wait_block_or_place`] found first.
#[derive(Debug)]
pub(crate) enum BlockOrPlace {
    Block(Block),
    Place(u64),
}

/// Counts a thread out when it ends.
pub(crate) struct Active(Arc<Pipeline>);

impl Drop for Active {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.report(Event::Fatal(crate::writer::thread_died()));
        }
        self.0.lock().active -= 1;
        self.0.changed.notify_all();
    }
}

fn start_of(state: &State, index: usize) -> Option<u64> {
    match index.cmp(&state.placed) {
        std::cmp::Ordering::Less => Some(state.results[index].offset),
        std::cmp::Ordering::Equal => Some(state.place),
        std::cmp::Ordering::Greater => None,
    }
}

fn take_block(state: &mut State) -> Option<Block> {
    state.free_blocks.pop().or_else(|| {
        (state.blocks_made < POOL_BLOCKS).then(|| {
            state.blocks_made += 1;
            new_block()
        })
    })
}
