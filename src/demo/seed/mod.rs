//! Fills the mailboxes with believable mail: about as much as an office worker has, always the same for the same count.
//!
//! The words are in the files of `texts`; here is only how they are put together.

mod extras;
mod html;
mod place;
mod script;
mod seeder;
mod slots;

use jiff::Timestamp;

use super::mail_store::MailStore;
use super::people::ADA;
use seeder::Seeder;

/// Folders that people made for themselves.
const OWN_FOLDERS: [(&str, &str); 13] = [
    (ADA.email, "Alerts"),
    (ADA.email, "Lists/tide-clocks"),
    (ADA.email, "Newsletters"),
    (ADA.email, "Projects/Lighthouse"),
    (ADA.email, "Projects/Tide Clock 2"),
    (ADA.email, "Rechnungen & Belege"),
    (ADA.email, "Reise nach Tromsø"),
    (ADA.email, "家族"),
    (ADA.email, "Архив/2025"),
    ("support@harborvale.example", "Solved"),
    ("support@harborvale.example", "Waiting for parts"),
    ("billing@harborvale.example", "Paid"),
    ("billing@harborvale.example", "Réclamations"),
];

/// Seeds about `count` messages that end minutes before `now`.
pub fn fill(store: &MailStore, count: usize, now: Timestamp) {
    for (mailbox, folder) in OWN_FOLDERS {
        store.change(mailbox, |mailbox| mailbox.create(folder).is_ok());
    }
    let mut planned = Seeder::new(now).plan(count);
    planned.sort_by_key(|mail| mail.received);
    place::put(store, planned, now);
}

/// Returns words of the seed's vocabulary, for people who write while the demo runs.
pub fn chatter(random: &mut super::random::Random) -> Option<(String, String)> {
    let scripts = script::parse(include_str!("texts/chatter.txt"));
    let script = random.pick(&scripts)?;
    let mut slots = slots::Slots::new();
    let subject = slots.expand(script.subject, random);
    let text = slots.expand(script.turns.first()?.text, random);
    Some((subject, text))
}

/// Returns the report on mail that could not be delivered.
pub fn delivery_report(time: Timestamp, recipient: &str, why: &str) -> super::compose::Mail {
    extras::report(time, recipient, why)
}

#[cfg(test)]
mod tests;
