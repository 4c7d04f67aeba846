//! The use cases as the command line and the window call them, on real files and real processes.

mod bindings;
mod fixture;

mod crash;
mod desk;
mod exports;
mod live;
mod refusals;
mod saving;
mod stopping;
