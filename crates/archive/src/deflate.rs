//! DEFLATE in blocks that are compressed apart and joined: each block ends on a byte boundary with an empty stored block
//! (RFC 1951, 3.2.4), so the blocks of one file can be made on all cores and written in order.

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use flate2::{Compress, Compression, FlushCompress, Status};

/// Bytes of content in a block.
pub(crate) const BLOCK_BYTES: usize = 1 << 20;
/// Longest stored sub-block (RFC 1951, 3.2.4).
const STORED_BYTES: usize = 0xFFFF;
/// Room for the worst block: level 1 codes a byte in at most nine bits, and a flush takes a few bytes more.
pub(crate) const DEFLATED_BLOCK_CAPACITY: usize = BLOCK_BYTES + BLOCK_BYTES / 8 + 1024;

/// A reusable buffer of up to [`DEFLATED_BLOCK_CAPACITY`] bytes.
pub(crate) type Block = Vec<u8>;

/// A fresh buffer.
pub(crate) fn new_block() -> Block {
    Vec::with_capacity(DEFLATED_BLOCK_CAPACITY)
}

/// One deflater, reused from block to block.
#[derive(Debug)]
pub(crate) struct Deflater(Compress);

impl Deflater {
    pub(crate) fn new() -> Self {
        // Level 1: these are meshes and slices that are read once and moved; time matters more than the last per cent.
        Self(Compress::new(Compression::fast(), false))
    }

    /// Replaces `out` with the deflated `block`, or with stored sub-blocks where deflating would not make it smaller; `last`
    /// ends the stream.
    pub(crate) fn block(&mut self, block: &[u8], last: bool, out: &mut Block) {
        if !self.try_shrink(block, last, out) {
            store(block, last, out);
        }
    }

    /// `false` when the deflated block is not smaller.
    fn try_shrink(&mut self, block: &[u8], last: bool, out: &mut Block) -> bool {
        self.0.reset();
        out.clear();
        let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
        let status = self.0.compress_vec(block, out, flush).expect("deflate has no failing input");
        // Room left means that the flush is complete.
        let ended = if last { status == Status::StreamEnd } else { out.len() < out.capacity() };
        debug_assert!(ended, "a buffer holds the worst block");
        ended && self.0.total_in() == block.len() as u64 && (out.len() < block.len() || block.is_empty())
    }
}

/// Replaces `out` with the block as it is, in stored sub-blocks.
fn store(block: &[u8], last: bool, out: &mut Block) {
    out.clear();
    let mut pieces = block.chunks(STORED_BYTES).peekable();
    while let Some(piece) = pieces.next() {
        let length = u16::try_from(piece.len()).expect("a piece fits");
        out.push(u8::from(last && pieces.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(piece);
    }
}

/// A block on its way through the pool.
#[derive(Debug)]
pub(crate) struct DeflateJob {
    /// Place of the block in its file.
    pub(crate) sequence: u64,
    /// The content, given back as it was.
    pub(crate) content: Block,
    /// Where the deflated bytes go.
    pub(crate) deflated: Block,
    /// Ends the stream.
    pub(crate) last: bool,
    /// Where the job goes when it is done.
    pub(crate) done: Sender<DeflateJob>,
}

/// Threads that deflate blocks of any file. They end when the pool and its clones are dropped.
#[derive(Clone, Debug)]
pub(crate) struct DeflatePool(Sender<DeflateJob>);

impl DeflatePool {
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let (sender, receiver): (_, Receiver<DeflateJob>) = bounded(threads);
        for _ in 0..threads {
            let receiver = receiver.clone();
            std::thread::Builder::new().name("sheaf-deflate".into()).spawn(move || {
                let mut deflater = Deflater::new();
                for mut job in receiver {
                    deflater.block(&job.content, job.last, &mut job.deflated);
                    let done = job.done.clone();
                    // The receiver is gone when its file was given up: the block is dropped with it.
                    let _ = done.send(job);
                }
            })?;
        }
        Ok(Self(sender))
    }

    /// Hands a block over; gives it back when all threads are busy.
    pub(crate) fn try_submit(&self, job: DeflateJob) -> Result<(), DeflateJob> {
        self.0.try_send(job).map_err(crossbeam_channel::TrySendError::into_inner)
    }
}

/// Where finished jobs of one file come back.
pub(crate) fn finished_jobs() -> (Sender<DeflateJob>, Receiver<DeflateJob>) {
    unbounded()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::{DEFLATED_BLOCK_CAPACITY, Deflater, new_block};

    fn inflate(deflated: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::DeflateDecoder::new(deflated).read_to_end(&mut out).expect("a valid stream");
        out
    }

    proptest! {
        #[test]
        fn blocks_made_apart_join_into_one_stream(parts in prop::collection::vec(prop::collection::vec(0_u8..7, 0..5000), 1..6)) {
            let mut deflater = Deflater::new();
            let mut stream = Vec::new();
            let mut out = new_block();
            for (index, part) in parts.iter().enumerate() {
                deflater.block(part, index + 1 == parts.len(), &mut out);
                stream.extend_from_slice(&out);
            }
            prop_assert_eq!(inflate(&stream), parts.concat(), "joined blocks must inflate to the joined content");
        }
    }

    #[test]
    fn the_worst_block_fits_its_buffer() {
        // A linear congruential generator's high bytes do not compress.
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .take(super::BLOCK_BYTES)
        .collect();
        for last in [false, true] {
            let mut out = new_block();
            let room = out.capacity();
            Deflater::new().block(&noise, last, &mut out);
            assert_eq!(out.capacity(), room, "memory is bounded by blocks that never grow");
            assert!(out.len() <= DEFLATED_BLOCK_CAPACITY, "{} bytes for a block that does not shrink", out.len());
            if !last {
                let mut end = new_block();
                Deflater::new().block(&[], true, &mut end);
                out.extend_from_slice(&end);
            }
            assert_eq!(inflate(&out), noise, "incompressible content survives");
        }
    }
}
