//! Behaviour of sources as those who read them meet it.

mod bucket;
mod dump;
mod file_registry;
mod image_folder;
mod samples;
mod sheet;
mod study_database;
mod study_list;
