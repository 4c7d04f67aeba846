//! Studies (radiology examinations): which ones match a filter, in which order, how many, and which values they hold.
//!
//! [`StudyFilter`] is what was said; [`Criteria`] is what it means, with dates in a time zone. The same criteria answer in two
//! ways that agree: [`Registry::each_study`] streams rows out of the registry with memory that does not grow with them, for
//! a command or a table; [`StudyIndex`] holds what is searched in memory, for a page that answers while one types.
//!
//! Deliberately absent: changing studies, tables (CSV, XLSX), and positions that outlive an index.
//!
//! [`Registry::each_study`]: crate::Registry::each_study

mod columns;
mod criteria;
mod filter;
mod index;
mod order;
mod read;
mod study;

pub use criteria::{Criteria, DateRange};
pub use filter::StudyFilter;
pub use index::{Found, MonthCount, StudyIndex};
pub use order::StudySort;
pub use read::{StudyCount, StudyPage, ValueCount};
pub use study::{Study, StudyField, StudyValue};
