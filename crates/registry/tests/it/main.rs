//! Behaviour of a registry as its users meet it: files made by the writer, opened and asked.

mod audience;
mod changes;
mod clinic;
mod hostile;
mod listing;
mod opening;
mod permissions;
mod resolving;
mod studies;
mod writing;
