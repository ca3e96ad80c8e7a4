//! Steps from any older schema to ours. A step and its number are one transaction; no step is ever edited.

use rusqlite::{Connection, TransactionBehavior};

/// Every step's SQL; the schema's number is how many were taken.
pub const STEPS: &[&str] = &[
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
];

/// Marks the file as ours (`file(1)` and other tools show it): `PBox`.
const APPLICATION_ID: i64 = 0x5042_6F78;

/// What migrating found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Migrated {
    /// The schema is ours now.
    Ours,
    /// A newer program made it; nothing was touched.
    Newer(u32),
}

/// Takes the steps that are missing.
pub fn migrate(connection: &mut Connection) -> rusqlite::Result<Migrated> {
    for number in version(connection)?..ours() {
        step(connection, number)?;
    }
    let found = version(connection)?;
    if found > ours() {
        return Ok(Migrated::Newer(found));
    }
    Ok(Migrated::Ours)
}

/// Returns the number of our schema.
pub fn ours() -> u32 {
    STEPS.len() as u32
}

fn step(connection: &mut Connection, number: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another copy of the program may have taken the step while we waited for the lock.
    if version(&transaction)? == number
        && let Some(sql) = STEPS.get(number as usize)
    {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number + 1)?;
    }
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
