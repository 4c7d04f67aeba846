//! Domain types and the registry: one `SQLite` schema that every source is read into, and every query on it.
//!
//! What is deliberately absent: files' bytes (only the trait [`file_store::FileStore`] that names the questions one asks of
//! them), archives, jobs, and anything that knows a window, a terminal or a network.

pub mod access;
mod audience;
mod changes;
mod contents;
pub mod error;
pub mod file_store;
mod folder_rows;
pub mod foreign;
pub mod hex;
pub mod ids;
pub mod index;
mod names;
mod new_rows;
mod open;
pub mod patients;
mod platform;
pub mod progress;
pub mod provenance;
pub mod registry;
pub mod resolve;
pub mod rows;
mod sample;
pub mod schema;
mod scope;
pub mod selection;
pub mod sensitive;
pub mod studies;
pub mod text;
pub mod writer;

pub use access::{Actor, Viewer};
pub use audience::{Audience, Totals};
pub use changes::{Changed, Changes};
pub use error::{Code, Error, Result};
pub use names::Names;
pub use registry::Registry;
pub use sample::SampledFile;
pub use writer::RegistryWriter;
