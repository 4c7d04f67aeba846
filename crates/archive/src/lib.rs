//! From resolved rows to one verified ZIP: entry names, plan, writer, strict reader, publish, verify; and the local
//! [`FileStore`](sheaf_registry::file_store::FileStore).
//!
//! What is deliberately absent: SQL, async, windows, and the rules of who may see what.

pub mod entry_name;
pub mod file_root;
pub mod manifest;
pub mod metadata;
pub mod plan;
pub mod publish;
pub mod verify;
pub mod writer;

mod deflate;
mod destination;
mod follower;
mod part_file;
mod pipeline;
mod platform;
mod readback;
mod strict_reader;
mod worker;
mod zip_records;

pub use destination::{check_destination, free_bytes};
pub use part_file::Room;
