//! `UpdateItem`.

use super::compose::{header, with_content, with_field};
use super::only_id;
use super::send::submit;
use crate::demo::ews::context::{Context, Reply, is_current};
use crate::demo::ews::shape::Path;
use crate::demo::ews::wire::{FolderRef, Node, Refusal, Xml, is_true};
use crate::demo::mail_store::{Flags, Message};

/// What an update comes to.
struct Changed {
    flags: Flags,
    bytes: Option<Vec<u8>>,
}

/// Answers `UpdateItem`.
pub fn update(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let target = context.target(request, "SavedItemFolderId");
    let changes = request.children_of("ItemChanges").iter();
    changes
        .map(|change| one(context, request, change, target.clone()?.as_ref()))
        .collect()
}

fn one(context: &Context<'_>, request: &Node, change: &Node, target: Option<&FolderRef>) -> Reply {
    let disposition = request.attribute("MessageDisposition");
    let disposition = disposition.ok_or_else(|| Refusal::of("ErrorMessageDispositionRequired"))?;
    let node = change.children.first();
    let node = node.ok_or_else(|| Refusal::of("ErrorInvalidRequest"))?;
    let resolution = request.attribute("ConflictResolution").unwrap_or_default();
    let item = context.item(node)?;
    let changed = context.message(&item, |_, message| {
        check_key(node, message, resolution)?;
        let start = Changed {
            flags: message.flags,
            bytes: None,
        };
        let mut updates = change.children_of("Updates").iter();
        updates.try_fold(start, |changed, update| applied(changed, update, message))
    })?;
    let (revision, bytes) = context.change(&item.at, |mailbox| {
        let gone = || Refusal::of("ErrorItemNotFound");
        let folder = mailbox.folder_by_id_mut(item.at.folder).ok_or_else(gone)?;
        folder
            .set_flags(item.uid, |_| changed.flags)
            .ok_or_else(gone)?;
        if let Some(bytes) = changed.bytes {
            folder.replace(item.uid, bytes.into());
        }
        let message = folder.message(item.uid).ok_or_else(gone)?;
        Ok((message.revision, message.bytes.clone()))
    })?;
    if disposition != "SaveOnly" {
        let copy = target.filter(|_| disposition == "SendAndSaveCopy");
        submit(context, &bytes, copy)?;
        super::change::removed(context, &item)?;
        return Ok(with_conflicts("<m:Items/>"));
    }
    Ok(with_conflicts(&only_id(&item, revision)))
}

/// Refuses what would overwrite a change that the client has not seen.
fn check_key(node: &Node, message: &Message, resolution: &str) -> Result<(), Refusal> {
    match (is_current(node, message), resolution) {
        (_, "AlwaysOverwrite") | (Some(true), _) => Ok(()),
        (None, _) => Err(Refusal::of("ErrorChangeKeyRequiredForWriteOperations")),
        // Flags of others and ours go together; contents do not, and a client that knows this asks to overwrite.
        (Some(false), "AutoResolve") if message.flags.has(Flags::DRAFT) => {
            Err(Refusal::of("ErrorIrresolvableConflict"))
        }
        (Some(false), "AutoResolve") => Ok(()),
        (Some(false), _) => Err(Refusal::of("ErrorIrresolvableConflict")),
    }
}

fn with_conflicts(items: &str) -> String {
    let mut xml = Xml::new();
    xml.raw(items)
        .open("m:ConflictResults")
        .text("t:Count", "0");
    xml.done()
}

fn applied(mut changed: Changed, update: &Node, message: &Message) -> Result<Changed, Refusal> {
    let is_set = match update.name.as_str() {
        "SetItemField" => true,
        "DeleteItemField" => false,
        _ => {
            return Err(Refusal::with(
                "ErrorInvalidPropertyAppend",
                "Append action is invalid for property.",
            ));
        }
    };
    let path = Path::in_element(update);
    let value = update.children.get(1);
    let set = |flags: Flags, flag: Flags, is_on: bool| {
        if is_on {
            flags.with(flag)
        } else {
            flags.without(flag)
        }
    };
    match &path {
        Path::Field(name) if name == "message:IsRead" && is_set => {
            let text = value.and_then(|value| value.text_of("IsRead"));
            let text = text.ok_or_else(|| Refusal::of("ErrorUpdatePropertyMismatch"))?;
            changed.flags = set(changed.flags, Flags::SEEN, is_true(text));
        }
        Path::Field(name) if name == "item:Flag" => {
            let flag = value.and_then(|value| value.child("Flag"));
            let status = flag.and_then(|flag| flag.text_of("FlagStatus"));
            if is_set && status.is_none() {
                return Err(Refusal::of("ErrorUpdatePropertyMismatch"));
            }
            changed.flags = set(changed.flags, Flags::FLAGGED, status == Some("Flagged"));
        }
        Path::Tag { tag: 0x1090, .. } => {
            let number = extended(value, is_set)?;
            changed.flags = set(changed.flags, Flags::FLAGGED, number == Some(2));
        }
        Path::Tag { tag: 0x1081, .. } => {
            let is_answered = matches!(extended(value, is_set)?, Some(102 | 103));
            changed.flags = set(changed.flags, Flags::ANSWERED, is_answered);
        }
        // Colours of icons and the like go with the flags; this house has none.
        Path::Tag {
            tag: 0x1080 | 0x1082 | 0x1095 | 0x0E2B,
            ..
        } => {}
        Path::Field(name) if message.flags.has(Flags::DRAFT) => {
            let bytes = changed.bytes.take();
            let bytes = bytes.as_deref().unwrap_or(&message.bytes);
            changed.bytes = Some(written(bytes, name, value.filter(|_| is_set))?);
        }
        _ if is_set => return Err(Refusal::of("ErrorInvalidPropertySet")),
        _ => return Err(Refusal::of("ErrorInvalidPropertyDelete")),
    }
    Ok(changed)
}

/// Returns the number that an extended property is set to.
fn extended(value: Option<&Node>, is_set: bool) -> Result<Option<u32>, Refusal> {
    if !is_set {
        return Ok(None);
    }
    let property = value.and_then(|value| value.child("ExtendedProperty"));
    let text = property.and_then(|property| property.text_of("Value"));
    let number = text.and_then(|text| text.trim().parse().ok());
    number
        .map(Some)
        .ok_or_else(|| Refusal::of("ErrorUpdatePropertyMismatch"))
}

/// Returns a draft with a property set or taken out.
fn written(bytes: &[u8], name: &str, value: Option<&Node>) -> Result<Vec<u8>, Refusal> {
    let field = match name {
        "item:Body" => {
            let value = value.ok_or_else(|| Refusal::of("ErrorInvalidPropertyDelete"))?;
            return with_content(bytes, value);
        }
        "item:Subject" => "Subject",
        "message:ToRecipients" => "To",
        "message:CcRecipients" => "Cc",
        "message:BccRecipients" => "Bcc",
        "message:ReplyTo" => "Reply-To",
        "message:From" => "From",
        "message:References" => "References",
        "item:InReplyTo" => "In-Reply-To",
        "item:Importance" => "Importance",
        _ => return Err(Refusal::of("ErrorInvalidPropertySet")),
    };
    let Some(value) = value else {
        return Ok(with_field(bytes, field, None));
    };
    let found = header(value).into_iter().find(|(name, _)| *name == field);
    let text = found.map(|(_, text)| text);
    Ok(with_field(bytes, field, text.as_deref()))
}
