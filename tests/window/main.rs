//! The real window, driven as a person would: on a display, a session bus and a home of its own.

mod fixture;
mod folders;
mod harness;
mod screen;

mod awake;
mod begins;
mod buckets;
mod desktop;
mod everyone;
mod failures;
mod guards;
mod hostile;
mod installed;
mod keyboard;
mod main_job;
mod pictures;
mod servers;
mod studies;
mod troubles;
