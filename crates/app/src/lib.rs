//! Use cases: the home, its settings, the history of exports, the job runner, the demo, and the wire types that the command
//! line, the window and the server answer with.
//!
//! What is deliberately absent: terminals, windows, HTTP, and how a ZIP or a registry works inside.

mod archives;
mod copies;
pub mod credentials;
pub mod demo;
pub mod desk;
pub mod environment;
mod failpoint;
mod folder_hashes;
pub mod folders;
mod history;
pub mod home;
mod house;
mod job;
mod keyring;
pub mod limits;
pub mod logs;
mod owner;
mod patience;
mod planning;
mod platform;
pub mod progress;
mod refresh_problem;
pub mod registries;
mod roots;
mod runner;
pub mod settings;
pub mod sheaf;
pub mod sheets;
mod source_kind;
pub mod sources;
mod store;
mod stores;
pub mod studies;
pub mod study_search;
mod sync_report;
mod terms;
pub mod wire;

pub use environment::Environment;
pub use sheaf::{ExportRequest, PlanRequest, Sheaf, Submitted, verify_file};
