//! The versioned schema of a registry: how one is made, brought up to date and recognised.
//!
//! Deliberately absent: opening (see [`crate::registry`]) and filling (see [`crate::writer`]).

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// `application_id` of a registry file, the bytes `SHEA`.
pub const APPLICATION_ID: i32 = 0x5348_4541;

/// `user_version` of the registries that this program makes and reads.
pub const VERSION: i32 = 1;

/// One step for each version, in order; step `n` leads from version `n` to `n + 1`. A step that has been released is never
/// edited: a new version is a new step.
const STEPS: [&str; VERSION as usize] = [include_str!("schema.sql")];

/// Brings an empty database, or a registry of an older version, to [`VERSION`]: all steps or none.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    apply(connection, &STEPS)
}

/// What is not as [`VERSION`] says, as a short sentence part; `None` when the schema is whole. Tables and columns that
/// this version does not know are let pass.
pub(crate) fn lacks(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut model = Connection::open_in_memory()?;
    migrate(&mut model)?;
    let found = parts(connection)?;
    Ok(parts(&model)?.into_iter().find(|part| !found.contains(part)).map(|part| format!("{} is missing", part.0)))
}

fn apply(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in steps.iter().skip(usize::try_from(version).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    stamp(&transaction, steps.len())?;
    transaction.commit()
}

/// Writes the two numbers that recognise a registry; inside the transaction, since both are part of the file's header.
fn stamp(transaction: &Transaction<'_>, version: usize) -> rusqlite::Result<()> {
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(i64::MAX))
}

/// Every table, index and column of a database: a readable name, then what must agree.
fn parts(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    let mut statement = connection.prepare(
        "SELECT type || ' ' || name, tbl_name FROM sqlite_schema
          WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         UNION ALL
         SELECT 'column ' || t.name || '.' || c.name, c.type || c.\"notnull\" || c.pk || c.hidden
           FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
