//! Behaviour of tables as their readers meet them.

mod tables;
