//! Behaviour of a registry as its users meet it: files made by the writer, opened and asked.

mod writing;
