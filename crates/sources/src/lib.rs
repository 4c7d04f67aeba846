//! What is foreign, read as rows: one file a source.
//!
//! [`dump`] reads what `mysqldump` and `mariadb-dump` write, as a stream. It says what stands in the tables and knows
//! nothing of what they mean. [`sheet`] reads the lines of tables that people keep: XLSX and CSV.
//! [`pg_dump`] does what [`dump`] does for `PostgreSQL`. [`text`] reads the letters of a file. [`study_list`] makes studies of such a table,
//! [`study_database`] of a database of them, by the same rules. [`file_registry`] knows what the
//! tables of such a database mean, and writes them as a registry; [`report`] is what it tells. [`server`] is the line to a
//! database that is asked over the network.
//!
//! Deliberately absent: writing to a source, and the registry's own queries.

pub mod bucket;
mod bytes;
pub mod dump;
mod dump_file;
pub mod file_registry;
pub mod image_folder;
pub mod pg_dump;
pub mod rejected;
pub mod report;
pub mod secret;
pub mod server;
pub mod sheet;
mod statements;
pub mod study_database;
pub mod study_list;
mod study_rows;
pub mod text;
