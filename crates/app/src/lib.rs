//! Use cases.

pub mod demo;
