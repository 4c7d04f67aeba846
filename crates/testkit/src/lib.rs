//! Fixtures for tests: small registries, files in memory, stores that fail on demand, a clock that stands still, database
//! servers of a test's own.
//!
//! Development only: a crate takes this one as a dev-dependency. What is deliberately absent: anything a product may call,
//! and pictures or volumes that look real (the demo of `sheaf-app` makes those).

pub mod authority;
pub mod clock;
pub mod cutting;
pub mod laboratory;
#[cfg(unix)]
pub mod mariadb;
#[cfg(unix)]
pub mod postgres;
pub mod s3;
pub mod store;

pub use authority::certificate;
pub use clock::FixedClock;
pub use cutting::CuttingProxy;
pub use laboratory::{make_laboratory, make_laboratory_with};
#[cfg(unix)]
pub use mariadb::MariaDb;
#[cfg(unix)]
pub use postgres::Postgres;
pub use s3::S3Server;
pub use store::{Fault, FaultyStore, Gate, MemoryStore};
