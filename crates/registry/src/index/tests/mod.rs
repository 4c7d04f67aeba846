//! The index against a naive model, and against hostile input.

mod fixture;
mod model;
mod properties;
