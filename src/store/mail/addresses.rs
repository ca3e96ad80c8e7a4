//! Addresses seen in mail, for completion: who is written to counts more than who writes.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::model::{Address, Envelope, Role};
use crate::store::mail::words::plain;
use crate::store::{Store, StoreError};

/// More recipients are a mailing, not acquaintances.
const MAX_RECIPIENTS: usize = 10;
/// A name of more words is no name.
const MAX_WORDS: usize = 8;

/// Addresses of one transaction, counted before they are written.
#[derive(Default)]
pub struct Seen(HashMap<String, (Address, i64)>);

impl Seen {
    /// Counts those of a message in a folder of this role.
    pub fn add(&mut self, envelope: &Envelope, role: Role) {
        if role == Role::Junk {
            return;
        }
        let (sender, recipient) = if role == Role::Sent { (0, 10) } else { (2, 1) };
        for address in &envelope.from {
            self.count(address, sender);
        }
        let recipients = envelope.to.iter().chain(&envelope.cc);
        for address in recipients.take(MAX_RECIPIENTS) {
            self.count(address, recipient);
        }
    }

    fn count(&mut self, address: &Address, weight: i64) {
        if weight == 0 || !address.email.contains('@') {
            return;
        }
        let key = address.email.to_lowercase();
        let (known, sum) = self.0.entry(key).or_insert_with(|| (address.clone(), 0));
        *sum += weight;
        if known.name.is_empty() {
            known.name.clone_from(&address.name);
        }
    }

    /// Writes what was counted.
    pub fn save(self, db: &Connection) -> rusqlite::Result<()> {
        for (email, (address, weight)) in self.0 {
            save(db, &email, &address, weight)?;
        }
        Ok(())
    }
}

fn save(db: &Connection, email: &str, address: &Address, weight: i64) -> rusqlite::Result<()> {
    // A name once known is kept: the next message may lack it. `had` tells whether it was known before.
    let (id, had): (i64, bool) = db
        .prepare_cached(
            "INSERT INTO addresses (email, shown, name, weight) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (email) DO UPDATE SET weight = weight + excluded.weight,
                 name = CASE WHEN name = '' THEN excluded.name ELSE name END
             RETURNING id, weight <> ?4 AND (name <> ?3 OR ?3 = '')",
        )?
        .query_row(params![email, address.email, address.name, weight], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if had {
        return Ok(());
    }
    let mut statement = db
        .prepare_cached("INSERT OR IGNORE INTO address_words (word, address_id) VALUES (?1, ?2)")?;
    statement.execute(params![plain(email), id])?;
    let words = address.name.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()).take(MAX_WORDS) {
        statement.execute(params![plain(word), id])?;
    }
    Ok(())
}

impl Store {
    /// Completes an address from those seen, most used first: by the beginning of a word of the name or of the address.
    pub async fn complete_address(
        &self,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<Address>, StoreError> {
        let words: Vec<String> = prefix.split_whitespace().map(plain).collect();
        self.read("complete an address", move |db| {
            Ok(complete(db, &words, limit)?)
        })
        .await
    }
}

fn complete(db: &Connection, words: &[String], limit: usize) -> rusqlite::Result<Vec<Address>> {
    let Some((first, more)) = words.split_first() else {
        return Ok(Vec::new());
    };
    let mut statement = db.prepare_cached(
        "SELECT DISTINCT a.id, a.name, a.shown FROM address_words w JOIN addresses a ON a.id = w.address_id
         WHERE w.word >= ?1 AND w.word < ?2 ORDER BY a.weight DESC, a.email",
    )?;
    let mut matches = statement.query(params![first, after(first)])?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = matches.next()?
    {
        let address = Address::named(row.get::<_, String>(1)?, row.get::<_, String>(2)?);
        let text = format!("{} {}", address.name, address.email);
        let own: Vec<String> = text.split(|c: char| c.is_whitespace()).map(plain).collect();
        let has = |word: &String| own.iter().any(|own| own.starts_with(word.as_str()));
        if more.iter().all(has) {
            found.push(address);
        }
    }
    Ok(found)
}

/// The first text behind all that begin with `prefix`.
fn after(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}
