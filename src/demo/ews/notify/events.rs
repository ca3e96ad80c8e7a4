//! What happened in folders since a subscription was last told, as events.

use jiff::Timestamp;

use super::desk::Subscription;
use crate::demo::ews::items::moment;
use crate::demo::ews::wire::{FolderRef, ItemRef, Xml, change_key, folder_key};
use crate::demo::mail_store::{Flags, Folder, Mailbox, Message};

/// An event about an item.
struct Event<'a> {
    kind: &'static str,
    item: &'a ItemRef,
    revision: u64,
    /// Where it was before.
    old: Option<ItemRef>,
}

/// Writes events.
struct Teller<'a> {
    xml: Xml,
    subscription: &'a Subscription,
    time: String,
}

/// Returns the events that a subscription has not been told.
pub fn changes(mailbox: &Mailbox, subscription: &Subscription) -> String {
    let mut teller = Teller {
        xml: Xml::new(),
        subscription,
        time: moment(Timestamp::now()),
    };
    for folder in mailbox.folders() {
        if teller.is_watched(folder.uid_validity) {
            teller.folder(mailbox, folder);
        }
    }
    teller.xml.done()
}

impl Teller<'_> {
    fn is_watched(&self, folder: u32) -> bool {
        let folders = self.subscription.folders.as_ref();
        folders.is_none_or(|folders| folders.contains(&folder))
    }

    fn wants(&self, kind: &str) -> bool {
        let mut events = self.subscription.events.iter();
        events.any(|event| event == kind)
    }

    fn folder(&mut self, mailbox: &Mailbox, folder: &Folder) {
        let seen = self.subscription.seen.get(&folder.uid_validity);
        let (revision, uid_next) = seen.copied().unwrap_or((0, 1));
        if folder.revision() == revision {
            return;
        }
        let at = FolderRef::new(&self.subscription.mailbox, folder.uid_validity);
        let messages = folder.messages().iter();
        for message in messages.filter(|one| one.revision > revision) {
            let item = at.item(message.uid);
            if message.uid >= uid_next {
                self.arrived(mailbox, folder, message, &item);
            } else {
                self.tell(&Event {
                    kind: "ModifiedEvent",
                    item: &item,
                    revision: message.revision,
                    old: None,
                });
            }
        }
        let gone = folder.gone().iter().filter(|gone| gone.revision > revision);
        for gone in gone.filter(|gone| gone.uid < uid_next) {
            let old = at.item(gone.uid);
            match place_of(mailbox, gone.key) {
                Some((folder, message)) => {
                    let item = FolderRef::new(&at.mailbox, folder.uid_validity).item(message.uid);
                    self.tell(&Event {
                        kind: "MovedEvent",
                        item: &item,
                        revision: message.revision,
                        old: Some(old),
                    });
                }
                None => self.tell(&Event {
                    kind: "DeletedEvent",
                    item: &old,
                    revision: 1,
                    old: None,
                }),
            }
        }
        self.counts(folder, &at);
    }

    fn arrived(&mut self, mailbox: &Mailbox, folder: &Folder, message: &Message, item: &ItemRef) {
        let source = source_of(mailbox, message.key);
        // A move between two watched folders is told with the one it left.
        if source.is_some_and(|(source, _)| self.is_watched(source)) {
            return;
        }
        let old = source.map(|(folder, uid)| FolderRef::new(&item.at.mailbox, folder).item(uid));
        let kinds: &[&'static str] = match (&old, folder.path.as_str()) {
            (Some(_), _) => &["MovedEvent"],
            (None, "INBOX") => &["NewMailEvent", "CreatedEvent"],
            (None, _) => &["CreatedEvent"],
        };
        for kind in kinds {
            self.tell(&Event {
                kind,
                item,
                revision: message.revision,
                old: old.clone(),
            });
        }
    }

    fn tell(&mut self, event: &Event<'_>) {
        if !self.wants(event.kind) {
            return;
        }
        let Some(element) = element(event.kind) else {
            return;
        };
        let key = change_key(event.revision);
        self.xml.open(element).text("t:TimeStamp", &self.time);
        self.xml
            .empty("t:ItemId", &[("Id", &event.item.id()), ("ChangeKey", &key)]);
        folder_id(&mut self.xml, "t:ParentFolderId", &event.item.at, 1);
        if let Some(old) = &event.old {
            self.xml.empty(
                "t:OldItemId",
                &[("Id", &old.id()), ("ChangeKey", &change_key(1))],
            );
            folder_id(&mut self.xml, "t:OldParentFolderId", &old.at, 1);
        }
        self.xml.close();
    }

    /// Tells that the folder's counts are others now.
    fn counts(&mut self, folder: &Folder, at: &FolderRef) {
        if !self.wants("ModifiedEvent") {
            return;
        }
        let unread = folder.count(|message| !message.flags.has(Flags::SEEN));
        self.xml
            .open("t:ModifiedEvent")
            .text("t:TimeStamp", &self.time);
        folder_id(&mut self.xml, "t:FolderId", at, folder.revision());
        let top = FolderRef::new(&at.mailbox, crate::demo::ews::folders::TOP);
        folder_id(&mut self.xml, "t:ParentFolderId", &top, 1);
        self.xml.number("t:UnreadCount", unread).close();
    }
}

fn element(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "NewMailEvent" => "t:NewMailEvent",
        "CreatedEvent" => "t:CreatedEvent",
        "ModifiedEvent" => "t:ModifiedEvent",
        "DeletedEvent" => "t:DeletedEvent",
        "MovedEvent" => "t:MovedEvent",
        _ => return None,
    })
}

fn folder_id(xml: &mut Xml, element: &'static str, at: &FolderRef, revision: u64) {
    let key = folder_key(revision);
    xml.empty(element, &[("Id", &at.id()), ("ChangeKey", &key)]);
}

fn place_of(mailbox: &Mailbox, key: u64) -> Option<(&Folder, &Message)> {
    let mut folders = mailbox.folders().iter();
    folders.find_map(|folder| Some((folder, folder.message_by_key(key)?)))
}

/// Returns folder and UID that a message left last.
fn source_of(mailbox: &Mailbox, key: u64) -> Option<(u32, u32)> {
    let mut folders = mailbox.folders().iter();
    folders.find_map(|folder| {
        let mut gone = folder.gone().iter().rev();
        let found = gone.find(|gone| gone.key == key)?;
        Some((folder.uid_validity, found.uid))
    })
}
