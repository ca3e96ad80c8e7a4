//! `CreateItem`.

use super::compose::compose;
use super::send::submit;
use super::{only_id, put};
use crate::demo::ews::context::{Context, Reply};
use crate::demo::ews::shape::Path;
use crate::demo::ews::wire::{FolderRef, Node, Refusal, is_true};
use crate::demo::mail_store::{Flags, NewMessage};

/// `PidTagMessageFlags`.
const MESSAGE_FLAGS: u16 = 0x0E07;
/// `PidTagFlagStatus`.
const FLAG_STATUS: u16 = 0x1090;

/// Answers `CreateItem`.
pub fn create(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let target = context.target(request, "SavedItemFolderId");
    let disposition = request.attribute("MessageDisposition");
    let items = request.children_of("Items").iter();
    items
        .map(|item| one(context, item, disposition, target.clone()?))
        .collect()
}

fn one(
    context: &Context<'_>,
    item: &Node,
    disposition: Option<&str>,
    target: Option<FolderRef>,
) -> Reply {
    if !matches!(item.name.as_str(), "Message" | "Item") {
        return Err(Refusal::with(
            "ErrorItemSave",
            "This mailbox keeps messages only.",
        ));
    }
    let disposition = disposition.ok_or_else(|| Refusal::of("ErrorMessageDispositionRequired"))?;
    // Where it is saved says whose it is.
    let author = target
        .as_ref()
        .map_or(&context.caller.mailbox, |at| &at.mailbox);
    let bytes = compose(item, author)?;
    match disposition {
        "SaveOnly" => {
            let at = match target {
                Some(at) => at,
                None => standard(context, &context.caller.mailbox, "Drafts")?,
            };
            let flags = flags(item);
            let received = jiff::Timestamp::now();
            let (id, revision) = put(context, &at, NewMessage::new(bytes.into(), flags, received))?;
            Ok(only_id(&id, revision))
        }
        "SendOnly" => submit(context, &bytes, None).map(|()| "<m:Items/>".to_owned()),
        _ => {
            let at = match target {
                Some(at) => at,
                None => standard(context, &context.caller.mailbox, "Sent Items")?,
            };
            submit(context, &bytes, Some(&at)).map(|()| "<m:Items/>".to_owned())
        }
    }
}

/// Returns a folder that every mailbox has.
pub fn standard(context: &Context<'_>, mailbox: &str, path: &str) -> Result<FolderRef, Refusal> {
    let at = FolderRef::new(mailbox, 0);
    context.mailbox(&at, |mailbox| {
        let folder = mailbox.folder(path).map(|folder| folder.uid_validity);
        let folder = folder.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
        Ok(FolderRef {
            folder,
            ..at.clone()
        })
    })
}

/// Returns the flags of a new item: an unsent draft that is read, unless `0x0E07` says otherwise.
fn flags(item: &Node) -> Flags {
    let extended = |wanted: u16| {
        let properties = item
            .children
            .iter()
            .filter(|child| child.name == "ExtendedProperty");
        let mut found = properties.filter(
            |property| matches!(Path::in_element(property), Path::Tag { tag, .. } if tag == wanted),
        );
        let value = found.next()?.text_of("Value")?;
        value.trim().parse::<u32>().ok()
    };
    let mut flags = match extended(MESSAGE_FLAGS) {
        Some(bits) => [(0x1, Flags::SEEN), (0x8, Flags::DRAFT)]
            .into_iter()
            .filter(|(bit, _)| bits & bit != 0)
            .fold(Flags::default(), |flags, (_, flag)| flags.with(flag)),
        None => Flags::DRAFT.with(Flags::SEEN),
    };
    if let Some(is_read) = item.text_of("IsRead") {
        flags = if is_true(is_read) {
            flags.with(Flags::SEEN)
        } else {
            flags.without(Flags::SEEN)
        };
    }
    let status = item
        .child("Flag")
        .and_then(|flag| flag.text_of("FlagStatus"));
    if extended(FLAG_STATUS) == Some(2) || status == Some("Flagged") {
        flags = flags.with(Flags::FLAGGED);
    }
    flags
}
