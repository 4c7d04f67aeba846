//! Domain types and the registry: one `SQLite` schema that every source is read into, and every query on it.
//!
//! What is deliberately absent: files' bytes (only the trait [`file_store::FileStore`] that names the questions one asks of
//! them), archives, jobs, and anything that knows a window, a terminal or a network.

pub mod error;
pub mod file_store;
pub mod ids;
pub mod progress;
pub mod resolve;
pub mod rows;
pub mod selection;
pub mod sensitive;

pub use error::{Code, Error, Result};
