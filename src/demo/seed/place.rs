//! Where planned messages go: mailbox, folder, flags.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::script::Script;
use crate::demo::mail_store::{Flags, MailStore, NewMessage};
use crate::demo::people::{ADA, SHARED, SharedMailbox};
use crate::demo::random::Random;

/// What a conversation is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// Among colleagues.
    House,
    /// With people elsewhere.
    World,
    /// From machines.
    Alerts,
    /// Newsletters.
    Newsletters,
    /// Customers in need.
    Support,
    /// Money.
    Billing,
    /// A mailing list.
    List,
    /// Unwanted.
    Junk,
    /// Not for Ada.
    Board,
}

impl Topic {
    /// Returns the shared mailbox that such mail goes to.
    pub fn shared_mailbox(self) -> Option<&'static SharedMailbox> {
        let [support, billing, board] = &SHARED;
        match self {
            Self::Support => Some(support),
            Self::Billing => Some(billing),
            Self::Board => Some(board),
            _ => None,
        }
    }
}

/// A message with its place.
#[derive(Clone, Debug)]
pub struct Planned {
    /// When it arrived.
    pub received: Timestamp,
    /// The mailbox's address.
    pub mailbox: &'static str,
    /// The folder while it is new.
    pub folder: &'static str,
    /// The folder it is put into after some weeks.
    pub later: Option<&'static str>,
    /// Whether somebody answered it.
    pub is_answered: bool,
    /// Flags that it has in any case.
    pub flags: Flags,
    /// The message.
    pub bytes: Vec<u8>,
}

impl Planned {
    /// Returns a message of a conversation at its place.
    pub fn new(
        topic: Topic,
        who: &str,
        script: &Script,
        (received, bytes): (Timestamp, Vec<u8>),
    ) -> Self {
        let mailbox = topic
            .shared_mailbox()
            .map_or(ADA.email, |shared| shared.email);
        let is_ours = matches!(who, "a" | "s") && topic != Topic::List;
        let (folder, later) = match topic {
            _ if is_ours => ("Sent Items", None),
            Topic::Junk => ("Junk Email", None),
            Topic::Newsletters => ("INBOX", Some("Newsletters")),
            Topic::Alerts => ("INBOX", Some("Alerts")),
            Topic::List => ("INBOX", Some("Lists/tide-clocks")),
            _ => ("INBOX", script.option("folder").or(usual(topic))),
        };
        Self {
            received,
            mailbox,
            folder,
            later,
            is_answered: false,
            // Nobody has to read what he wrote himself.
            flags: if who == "a" {
                Flags::SEEN
            } else {
                Flags::default()
            },
            bytes,
        }
    }
}

/// Returns where old mail goes if its script says nothing.
fn usual(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Support => Some("Solved"),
        Topic::Billing => Some("Paid"),
        Topic::House | Topic::World => Some("Archive"),
        _ => None,
    }
}

/// How many of the newest messages of an inbox may be unread.
const UNREAD_AMONG: usize = 17;

/// Files messages, oldest first.
pub fn put(store: &MailStore, planned: Vec<Planned>, now: Timestamp) {
    let mut random = Random::new(4711);
    let mut placed: Vec<(&'static str, &'static str, Planned)> = planned
        .into_iter()
        .map(|mail| (mail.mailbox, folder(&mail, now, &mut random), mail))
        .collect();
    let mut newest: BTreeMap<&str, usize> = BTreeMap::new();
    // From the newest on, so that the unread ones are at the top.
    for (mailbox, folder, mail) in placed.iter_mut().rev() {
        let newer = newest.entry(mailbox).or_default();
        let is_new = *folder == "INBOX" && *newer < UNREAD_AMONG && !mail.is_answered;
        if *folder == "INBOX" {
            *newer += 1;
        }
        let mut flags = mail.flags;
        let is_unread = (is_new && random.chance(75)) || random.chance(1);
        let is_unread = is_unread && !matches!(*folder, "Sent Items" | "Drafts");
        let is_unread = is_unread || *folder == "Junk Email";
        if !is_unread || flags.has(Flags::SEEN) {
            flags = flags.with(Flags::SEEN);
        }
        if mail.is_answered {
            flags = flags.with(Flags::ANSWERED);
        }
        if *folder == "INBOX" && random.chance(3) {
            flags = flags.with(Flags::FLAGGED);
        }
        mail.flags = flags;
    }
    for (mailbox, folder, mail) in placed {
        let new = NewMessage::new(mail.bytes.into(), mail.flags, mail.received);
        store.deliver(mailbox, folder, new);
    }
}

/// Returns the folder that a message has come to by now.
fn folder(mail: &Planned, now: Timestamp, random: &mut Random) -> &'static str {
    let age = now.duration_since(mail.received);
    let throw = random.below(100);
    if mail.folder == "INBOX" && age > SignedDuration::from_hours(24 * 20) {
        if throw < 4 {
            return "Deleted Items";
        }
        if let Some(later) = mail.later
            && throw < 60
        {
            return later;
        }
    }
    mail.folder
}
