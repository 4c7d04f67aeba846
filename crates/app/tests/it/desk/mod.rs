//! The window without pixels: every command through the same door that the page uses.

mod archives;
mod exports;
// What another test of this folder needs is not dead.
#[allow(dead_code, reason = "each test uses a part of it")]
mod native;

mod browsing;
mod cohorts;
mod connect;
mod creating;
mod data_roots;
#[allow(dead_code, reason = "each test uses a part of it")]
mod hospital;
mod image_folders;
mod registries;
mod settings;
mod sources;
mod studies;
mod study_lists;
