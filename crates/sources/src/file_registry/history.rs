//! The exports that the source itself has made: history, to be read.
//!
//! Deliberately absent: the tokens of shared archives, which open them to whoever holds one.

use std::collections::BTreeMap;

use sheaf_registry::provenance::SourceExport;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{RegistryWriter, Result};

use super::cells::Tables;
use super::generation::Shape;
use crate::report::Oddities;

const COLUMNS: [&str; 13] = [
    "id",
    "user_id",
    "status",
    "query_params",
    "query_summary",
    "file_path",
    "file_size",
    "patient_count",
    "created_at",
    "started_at",
    "completed_at",
    "error_message",
    "share_mode",
];

/// Reads the tables of exports; how many rows they hold.
pub(super) fn read(
    tables: &Tables<'_>,
    shape: &Shape,
    users: &BTreeMap<i64, String>,
    writer: &mut RegistryWriter,
    odd: &mut Oddities,
) -> Result<u64> {
    let mut count = 0;
    for domain in &shape.domains {
        let table = domain.table("export");
        tables.each(&table, &COLUMNS, &mut |row| {
            let sensitive = |at| Ok::<_, sheaf_registry::Error>(Sensitive::new(row.word(at)?.into_owned()));
            let export = SourceExport {
                source_table: table.clone(),
                source_id: row.id.to_string(),
                user: row.int(1).and_then(|id| users.get(&id)).cloned().unwrap_or_default(),
                status: row.word(2)?.into_owned(),
                query_params: sensitive(3)?,
                query_summary: sensitive(4)?,
                file_path: row.word(5)?.into_owned(),
                file_size: row.count(6),
                patient_count: row.count(7),
                created_at: row.time(8, odd)?,
                started_at: row.time(9, odd)?,
                completed_at: row.time(10, odd)?,
                error_message: sensitive(11)?,
                share_mode: row.word(12)?.into_owned(),
            };
            writer.source_export(&export).map_err(|error| row.contradicts(error))?;
            count += 1;
            Ok(())
        })?;
    }
    Ok(count)
}
