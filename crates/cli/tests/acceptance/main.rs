//! The whole workflow, with the real binary and the programs of other people. A module for each thing that is shown.

mod archives;
mod checkers;
mod destinations;
mod folders;
mod large;
mod live;
mod permissions;
mod program;
mod records;
mod recovery;
mod refusals;
mod scene;
mod signals;
mod snapshots;
mod sources;
mod studies;
mod study_databases;
mod words;
