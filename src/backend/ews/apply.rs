//! Changes messages: flags, moving, deleting. Everything may be repeated without harm.

use super::item::{self, FLAG, Tag, VERB};
use super::link::{Call, protocol};
use super::soap::{Class, Node, Reply, Version, Xml};
use super::{Ews, judge};
use crate::backend::BackendError;
use crate::model::{Applied, FlagChange, Flags, RemoteId, RemoteOp};

/// Messages changed by one request.
const TOGETHER: usize = 100;
/// `PidTagIconIndex`: what Outlook draws beside an answered message.
const ICON: Tag = Tag {
    number: "0x1080",
    kind: "Integer",
};

/// What the answers to one request say together.
#[derive(Debug, Default)]
struct Done {
    /// Messages that were there.
    found: usize,
    renamed: Vec<(RemoteId, RemoteId)>,
}

impl Ews {
    /// Makes one change.
    pub(super) async fn apply_one(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        match op {
            RemoteOp::Flag {
                messages, change, ..
            } => self.change_flags(messages, *change).await?,
            RemoteOp::Move { messages, to, .. } => return self.move_messages(messages, to).await,
            RemoteOp::Delete { messages, .. } => self.delete(messages).await?,
            RemoteOp::Append {
                folder,
                flags,
                message_id,
                bytes,
            } => return self.append(folder, *flags, message_id, bytes).await,
            RemoteOp::CreateFolder { path } => self.create_folder(path).await?,
            RemoteOp::RenameFolder { folder, path } => self.rename_folder(folder, path).await?,
            RemoteOp::DeleteFolder { folder } => self.delete_folder(folder).await?,
        }
        Ok(Applied::default())
    }

    async fn change_flags(
        &self,
        messages: &[String],
        change: FlagChange,
    ) -> Result<(), BackendError> {
        const DOING: &str = "change flags";
        let updates = Update::of(change);
        if updates.is_empty() || messages.is_empty() {
            return Ok(());
        }
        let mut found = 0;
        for batch in messages.chunks(TOGETHER) {
            let write = |xml: &mut Xml, version: Version| {
                update_item(xml, version, batch, &updates);
            };
            found += self.change(DOING, batch, &write).await?.found;
        }
        if found == 0 {
            let what = "the messages to change".to_owned();
            return Err(BackendError::Gone { what });
        }
        Ok(())
    }

    async fn move_messages(&self, messages: &[String], to: &str) -> Result<Applied, BackendError> {
        const DOING: &str = "move messages";
        let mut applied = Applied::default();
        for batch in messages.chunks(TOGETHER) {
            let write = |xml: &mut Xml, version: Version| {
                xml.inside("m:MoveItem", &[], |xml| {
                    xml.inside("m:ToFolderId", &[], |xml| {
                        xml.empty("t:FolderId", &[("Id", to)]);
                    });
                    item::ids(xml, batch);
                    if version >= Version::E2010Sp1 {
                        xml.text("m:ReturnNewItemIds", "true");
                    }
                });
            };
            applied
                .renamed
                .extend(self.change(DOING, batch, &write).await?.renamed);
        }
        Ok(applied)
    }

    async fn delete(&self, messages: &[String]) -> Result<(), BackendError> {
        for batch in messages.chunks(TOGETHER) {
            self.delete_some("delete messages", batch).await?;
        }
        Ok(())
    }

    /// Deletes messages for good; those that are gone already are fine.
    async fn delete_some(&self, doing: &'static str, batch: &[String]) -> Result<(), BackendError> {
        // A mail folder may hold meetings and tasks; the attributes are demanded for those alone.
        const HOW: &[(&str, &str)] = &[
            ("DeleteType", "HardDelete"),
            ("SendMeetingCancellations", "SendToNone"),
            ("AffectedTaskOccurrences", "AllOccurrences"),
        ];
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:DeleteItem", HOW, |xml| item::ids(xml, batch));
        };
        self.change(doing, batch, &write).await?;
        Ok(())
    }

    /// Sends a change of several messages. Those that are gone are no error; one that conflicts is tried once more.
    async fn change(
        &self,
        doing: &'static str,
        batch: &[String],
        write: super::Write<'_>,
    ) -> Result<Done, BackendError> {
        let mut replies = self.link.call(&Call::new(doing, write)).await?;
        if replies.iter().any(is_conflict) {
            replies = self.link.call(&Call::new(doing, write)).await?;
        }
        if replies.len() != batch.len() {
            return Err(protocol(doing, "not as many answers as questions"));
        }
        let mut done = Done::default();
        for (id, reply) in batch.iter().zip(&replies) {
            // A target that is not there is no message that is gone.
            let is_message_gone = judge::is_gone(reply) && !reply.is_error("ErrorToFolderNotFound");
            if is_message_gone {
                continue;
            }
            if reply.class == Class::Error {
                return Err(judge::error(doing, judge::Stage::Working, reply));
            }
            done.found += 1;
            let new = new_id(&reply.node).filter(|new| new != id);
            done.renamed
                .extend(new.map(|new| (RemoteId::new(id), RemoteId::new(new))));
        }
        Ok(done)
    }
}

fn is_conflict(reply: &Reply) -> bool {
    reply.is_error("ErrorIrresolvableConflict") || reply.is_error("ErrorStaleObject")
}

/// Returns the id that a changed, moved or made message has.
pub(super) fn new_id(message: &Node) -> Option<String> {
    let item = message.child("Items")?.children().first()?;
    super::sync::item_id(item).map(str::to_owned)
}

/// One property to set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Update {
    Read(bool),
    Tag(Tag, &'static str),
}

impl Update {
    /// Spells flags as properties. Exchange remembers one of "answered" and "forwarded": the last thing done.
    fn of(change: FlagChange) -> Vec<Self> {
        let mut updates = Vec::new();
        let sets = |flag: Flags| change.set.contains(flag);
        let clears = |flag: Flags| change.clear.contains(flag) && !change.set.contains(flag);
        if sets(Flags::SEEN) || clears(Flags::SEEN) {
            updates.push(Self::Read(sets(Flags::SEEN)));
        }
        if sets(Flags::FLAGGED) {
            updates.push(Self::Tag(FLAG, "2"));
        } else if clears(Flags::FLAGGED) {
            updates.push(Self::Tag(FLAG, "0"));
        }
        if sets(Flags::ANSWERED) {
            updates.extend([Self::Tag(VERB, "102"), Self::Tag(ICON, "261")]);
        } else if sets(Flags::FORWARDED) {
            updates.extend([Self::Tag(VERB, "104"), Self::Tag(ICON, "262")]);
        } else if clears(Flags::ANSWERED) || clears(Flags::FORWARDED) {
            updates.extend([Self::Tag(VERB, "0"), Self::Tag(ICON, "-1")]);
        }
        updates
    }

    fn write(self, xml: &mut Xml) {
        xml.inside("t:SetItemField", &[], |xml| match self {
            Self::Read(is_read) => {
                xml.empty("t:FieldURI", &[("FieldURI", "message:IsRead")]);
                xml.inside("t:Message", &[], |xml| {
                    xml.text("t:IsRead", if is_read { "true" } else { "false" });
                });
            }
            Self::Tag(tag, value) => {
                tag.write(xml);
                xml.inside("t:Message", &[], |xml| tag.write_value(xml, value));
            }
        });
    }
}

fn update_item(xml: &mut Xml, version: Version, batch: &[String], updates: &[Update]) {
    let mut how = vec![
        ("MessageDisposition", "SaveOnly"),
        ("ConflictResolution", "AlwaysOverwrite"),
        ("SendMeetingInvitationsOrCancellations", "SendToNone"),
    ];
    if version >= Version::E2013Sp1 {
        how.push(("SuppressReadReceipts", "true"));
    }
    xml.inside("m:UpdateItem", &how, |xml| {
        xml.inside("m:ItemChanges", &[], |xml| {
            for id in batch {
                xml.inside("t:ItemChange", &[], |xml| {
                    xml.empty("t:ItemId", &[("Id", id)]);
                    xml.inside("t:Updates", &[], |xml| {
                        for update in updates {
                            update.write(xml);
                        }
                    });
                });
            }
        });
    });
}

/// Writes flags as the elements of a new message, in the order of the schema.
pub(super) fn write_flags(xml: &mut Xml, flags: Flags) {
    // 1 is read, 8 unsent; whether a message is a draft cannot be changed later (protocol facts §7.4).
    let read = u8::from(flags.is_seen());
    let unsent = if flags.contains(Flags::DRAFT) { 8 } else { 0 };
    let state = Tag {
        number: "0x0E07",
        kind: "Integer",
    };
    state.write_value(xml, &(read | unsent).to_string());
    for update in Update::of(FlagChange::set(flags.without(Flags::SEEN))) {
        if let Update::Tag(tag, value) = update {
            tag.write_value(xml, value);
        }
    }
    xml.text("t:IsRead", if flags.is_seen() { "true" } else { "false" });
}
