//! The index against a naive model, and against hostile input.

mod fixture;
mod hostile;
mod loading;
mod model;
mod properties;
