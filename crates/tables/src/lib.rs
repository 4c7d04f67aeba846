//! Studies as tables: CSV and XLSX, row by row, so that memory does not grow with them.
//!
//! What no table may do: run a formula that a name brought along, lose a leading zero in XLSX, or leave something out
//! silently. What had to be changed for the format's sake is counted and named in the [`TableReport`].
//!
//! What is deliberately absent: SQL, filters, and where files go. Whoever writes a table brings a file and the rows.

mod cell;
mod columns;
mod csv;
mod error;
mod readback;
mod table;
mod xlsx;

pub use cell::{as_it_was, without_formula};
pub use columns::Columns;
pub use readback::read_back;
pub use table::{About, CellNote, CsvDialect, Format, Limits, Table, TableOptions, TableReport};
