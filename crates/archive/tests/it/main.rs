//! An archive as its users meet it: planned from a registry, written, read back, published, verified, damaged.

mod damage;
mod faults;
mod fixture;
mod planning;
mod writing;
