//! The versioned schema of a registry: how one is made, brought up to date and recognised.
//!
//! Deliberately absent: opening (see [`crate::registry`]) and filling (see [`crate::writer`]).

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// `application_id` of a registry file, the bytes `SHEA`.
pub const APPLICATION_ID: i32 = 0x5348_4541;

/// `user_version` of the registries that this program makes.
pub const VERSION: i32 = 2;

/// `user_version` of the oldest registries that it reads: what a newer version added is then empty.
pub const OLDEST: i32 = 1;

/// The first version that holds [`crate::provenance`] and the ids of folders in their source.
pub(crate) const WITH_PROVENANCE: i32 = 2;

/// One step for each version, in order; step `n` leads from version `n` to `n + 1`. A step that has been released is never
/// edited: a new version is a new step.
const STEPS: [&str; VERSION as usize] = [include_str!("schema.sql"), include_str!("schema_2.sql")];

/// Brings an empty database, or a registry of an older version, to [`VERSION`]: all steps or none.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    apply(connection, &STEPS)
}

/// What is not as a version says, as a short sentence part; `None` when the schema is whole. Tables and columns that
/// the version does not know are let pass.
pub(crate) fn lacks(connection: &Connection, version: i32) -> rusqlite::Result<Option<String>> {
    let mut model = Connection::open_in_memory()?;
    apply(&mut model, &STEPS[..usize::try_from(version).unwrap_or(0).min(STEPS.len())])?;
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
         SELECT 'unique index ' || i.name, t.name
           FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.\"unique\" AND i.origin = 'c'
         UNION ALL
         SELECT 'column ' || t.name || '.' || c.name, c.type || c.\"notnull\" || c.pk || c.hidden
           FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'",
    )?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version")
    }

    fn tables(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("a count")
    }

    #[test]
    fn a_new_registry_is_recognised_and_whole() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("the schema");
        let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).expect("an id");
        assert_eq!((id, version(&connection)), (APPLICATION_ID, VERSION), "both numbers recognise it");
        assert_eq!(lacks(&connection, VERSION).expect("a look"), None, "what was just made lacks nothing");
        migrate(&mut connection).expect("again");
        assert_eq!(version(&connection), VERSION, "migrating twice is migrating once");
    }

    #[test]
    fn two_patients_of_a_project_never_share_a_number() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection).expect("the schema");
        let add = |project: i64, id: &str| {
            let sql = "INSERT INTO patient (project_id, patient_id, number) VALUES (?1, ?2, 7)";
            connection.execute(sql, (project, id))
        };
        connection.execute_batch("INSERT INTO project (slug, name) VALUES ('a', ''), ('b', '')").expect("projects");
        add(1, "x").and_then(|_| add(2, "x")).expect("projects count on their own");
        add(1, "y").expect_err("a folder of an archive is one patient's");
        let weak = "DROP INDEX patient_number; CREATE INDEX patient_number ON patient (project_id, number)";
        connection.execute_batch(weak).expect("an index that lets anything pass");
        let lacks = lacks(&connection, VERSION).expect("a look");
        assert_eq!(lacks.as_deref(), Some("unique index patient_number is missing"), "a registry without it is damaged");
    }

    #[test]
    fn a_second_version_is_one_more_step() {
        let mut connection = Connection::open_in_memory().expect("a database");
        apply(&mut connection, &STEPS[..1]).expect("version 1");
        connection.execute_batch("INSERT INTO tag (name) VALUES ('kept')").expect("a row");
        apply(&mut connection, &[STEPS[0], "ALTER TABLE tag ADD COLUMN colour TEXT"]).expect("version 2");
        assert_eq!(version(&connection), 2, "the version counts the steps");
        let kept: i64 = connection
            .query_row("SELECT count(*) FROM tag WHERE name = 'kept' AND colour IS NULL", [], |row| row.get(0))
            .expect("the row");
        assert_eq!(kept, 1, "rows survive, and the first step did not run again");
        assert_eq!(lacks(&connection, 1).expect("a look"), None, "columns that this version does not know are let pass");
        let lacks = lacks(&connection, VERSION).expect("a look");
        assert_eq!(lacks.as_deref(), Some("column folder.source_id is missing"), "what the first version had is not enough");
    }

    #[test]
    fn a_migration_is_all_or_nothing() {
        let mut connection = Connection::open_in_memory().expect("a database");
        apply(&mut connection, &STEPS[..1]).expect("version 1");
        let before = tables(&connection);
        let steps = [STEPS[0], "CREATE TABLE extra (id INTEGER)", "CREATE TABLE half (id INTEGER); NOT SQL;"];
        apply(&mut connection, &steps).expect_err("the last step is no SQL");
        assert_eq!((version(&connection), tables(&connection)), (1, before), "nothing of any step may stay");
    }
}
