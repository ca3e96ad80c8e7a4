//! Accounts and mailboxes: the cache's ids for what the configuration names.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{Account, AccountId, Address, Mailbox, MailboxId, MailboxKind};
use crate::store::{Store, StoreError, rehome};

impl Store {
    /// Makes the cache know exactly these accounts and mailboxes; rows of vanished ones go, except unsent mail.
    pub async fn set_accounts(&self, accounts: &[Account]) -> Result<Vec<Mailbox>, StoreError> {
        let accounts: Vec<Wanted> = accounts
            .iter()
            .map(|account| Wanted {
                name: account.name.clone(),
                protocol: account.servers.incoming.protocol.name(),
                mailboxes: account.mailbox_addresses().cloned().collect(),
            })
            .collect();
        self.write("set the accounts", move |db| {
            // At nearly every start nothing has changed, and then there is no disk to wait for.
            if is_configured(db, &accounts)? {
                return Ok(mailboxes(db)?);
            }
            db.execute_batch(
                "UPDATE accounts SET position = NULL; UPDATE mailboxes SET position = NULL;",
            )?;
            for (place, account) in accounts.iter().enumerate() {
                set_account(db, place, account)?;
            }
            forget_vanished(db)?;
            Ok(mailboxes(db)?)
        })
        .await
    }

    /// Returns all mailboxes: accounts in order, main ones first.
    pub async fn mailboxes(&self) -> Result<Vec<Mailbox>, StoreError> {
        self.read("list the mailboxes", |db| Ok(mailboxes(db)?))
            .await
    }
}

/// An account as the settings say it.
struct Wanted {
    name: String,
    protocol: &'static str,
    mailboxes: Vec<Address>,
}

/// Tells whether the tables hold exactly these accounts, in this order.
fn is_configured(db: &Connection, accounts: &[Wanted]) -> rusqlite::Result<bool> {
    type Row = (
        Option<i64>,
        String,
        Option<i64>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    let mut statement = db.prepare_cached(
        "SELECT a.position, a.name, m.position, m.address, m.name, m.protocol
         FROM accounts a LEFT JOIN mailboxes m ON m.account_id = a.id ORDER BY a.position, m.position",
    )?;
    let stored = statement
        .query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ))
        })?
        .collect::<rusqlite::Result<Vec<Row>>>()?;
    let wanted = (0..).zip(accounts).flat_map(|(place, account)| {
        (0..).zip(&account.mailboxes).map(move |(number, address)| {
            let text = |text: &String| Some(text.clone());
            (
                Some(place),
                account.name.clone(),
                Some(number),
                text(&address.email),
                text(&address.name),
                Some(account.protocol.to_owned()),
            )
        })
    });
    Ok(wanted.eq(stored))
}

fn set_account(db: &Connection, place: usize, wanted: &Wanted) -> rusqlite::Result<()> {
    let Some(main) = wanted.mailboxes.first() else {
        return Ok(());
    };
    let account = account_id(db, &wanted.name, &main.email)?;
    db.execute(
        "UPDATE accounts SET position = ?2 WHERE id = ?1",
        params![account, place as i64],
    )?;
    for (place, address) in wanted.mailboxes.iter().enumerate() {
        let mailbox = mailbox_id(db, account, &address.email)?;
        db.execute(
            "UPDATE mailboxes SET position = ?2, name = ?3, address = ?4 WHERE id = ?1",
            params![mailbox, place as i64, address.name, address.email],
        )?;
        rehome::change_protocol(db, mailbox, wanted.protocol)?;
    }
    Ok(())
}

/// Finds or makes an account's row.
pub fn account_id(db: &Connection, name: &str, address: &str) -> rusqlite::Result<i64> {
    let known = db
        .query_row(
            "SELECT id FROM accounts WHERE name = ?1 AND address = ?2",
            params![name, address],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    db.execute(
        "INSERT INTO accounts (name, address) VALUES (?1, ?2)",
        params![name, address],
    )?;
    Ok(db.last_insert_rowid())
}

/// Finds or makes a mailbox's row.
pub fn mailbox_id(db: &Connection, account: i64, address: &str) -> rusqlite::Result<i64> {
    let known = db
        .query_row(
            "SELECT id FROM mailboxes WHERE account_id = ?1 AND address = ?2",
            params![account, address],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    db.execute(
        "INSERT INTO mailboxes (account_id, address, name) VALUES (?1, ?2, '')",
        params![account, address],
    )?;
    Ok(db.last_insert_rowid())
}

/// Unsent mail keeps its mailbox's row, so that the account gets its ids back when it is set up again.
fn forget_vanished(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "DELETE FROM folders WHERE mailbox_id IN (SELECT id FROM mailboxes WHERE position IS NULL);
         DELETE FROM pending WHERE mailbox_id IN (SELECT id FROM mailboxes WHERE position IS NULL);
         DELETE FROM mailboxes WHERE position IS NULL AND id NOT IN (SELECT mailbox_id FROM outbox);
         DELETE FROM accounts WHERE position IS NULL AND id NOT IN (SELECT account_id FROM outbox)
             AND id NOT IN (SELECT account_id FROM mailboxes);",
    )
}

fn mailboxes(db: &Connection) -> rusqlite::Result<Vec<Mailbox>> {
    let mut statement = db.prepare_cached(
        "SELECT m.id, a.id, a.name, m.name, m.address, m.position
         FROM mailboxes m JOIN accounts a ON a.id = m.account_id
         WHERE m.position IS NOT NULL AND a.position IS NOT NULL ORDER BY a.position, m.position",
    )?;
    let rows = statement.query_map([], |row| {
        let position: i64 = row.get(5)?;
        Ok(Mailbox {
            id: MailboxId::new(row.get(0)?),
            account: AccountId::new(row.get(1)?),
            account_name: row.get(2)?,
            address: Address::named(row.get::<_, String>(3)?, row.get::<_, String>(4)?),
            kind: if position == 0 {
                MailboxKind::Main
            } else {
                MailboxKind::Additional
            },
        })
    })?;
    rows.collect()
}
