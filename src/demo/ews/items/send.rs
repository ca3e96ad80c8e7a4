//! `SendItem`, and how a message leaves.

use super::change::removed;
use super::create::standard;
use crate::demo::delivery::{self, SendRefusal, Sending, SentCopy};
use crate::demo::ews::context::{Context, Reply, is_current};
use crate::demo::ews::wire::{FolderRef, Node, Refusal, is_true};
use crate::demo::message::{addresses, split, value};
use crate::demo::people::{is_known, is_local};
use crate::demo::rights::may_send_as;

/// Answers `SendItem`.
pub fn send(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let target = context.target(request, "SavedItemFolderId");
    let is_saved = request.attribute("SaveItemToFolder").is_some_and(is_true);
    let ids = request.children_of("ItemIds").iter();
    ids.map(|node| {
        let target = target.clone()?;
        if target.is_some() && !is_saved {
            let text = "SavedItemFolderId was specified, but SaveItemToFolder is false.";
            return Err(Refusal::with("ErrorInvalidSendItemSaveSettings", text));
        }
        let item = context.item(node)?;
        let bytes = context.message(&item, |_, message| match is_current(node, message) {
            None => Err(Refusal::of("ErrorChangeKeyRequired")),
            Some(false) => Err(Refusal::of("ErrorIrresolvableConflict")),
            Some(true) => Ok(message.bytes.clone()),
        })?;
        let copy = match target {
            None if is_saved => Some(standard(context, &context.caller.mailbox, "Sent Items")?),
            target => target,
        };
        submit(context, &bytes, copy.as_ref())?;
        removed(context, &item)?;
        Ok(String::new())
    })
    .collect()
}

/// Sends a message to everybody it names, and files the copy.
pub fn submit(
    context: &Context<'_>,
    message: &[u8],
    copy: Option<&FolderRef>,
) -> Result<(), Refusal> {
    let (header, _) = split(message);
    let in_field = |name: &str| addresses(&value(header, name).unwrap_or_default());
    let recipients = ["To", "Cc", "Bcc"].into_iter().flat_map(in_field);
    let recipients: Vec<String> = recipients.map(|one| one.email).collect();
    if recipients.is_empty() {
        return Err(Refusal::of("ErrorMissingRecipients"));
    }
    if recipients
        .iter()
        .any(|one| is_local(one) && !is_known(one) || !one.contains('@'))
    {
        return Err(Refusal::of("ErrorInvalidRecipients"));
    }
    let copy = copy.map(|at| Ok((at, path(context, at)?))).transpose()?;
    let copy = copy
        .as_ref()
        .map(|(at, path)| (at.mailbox.as_str(), path.as_str()));
    let caller = &context.caller;
    let from = in_field("From").into_iter().next().map(|one| one.email);
    let from = from.unwrap_or_else(|| caller.mailbox.clone());
    // Who acts as a mailbox sends with its rights, and with his own.
    let is_own = may_send_as(&caller.mailbox, &from);
    let identity = if is_own {
        &caller.mailbox
    } else {
        &caller.identity
    };
    let sending = Sending {
        identity,
        mailbox: &caller.mailbox,
        filed_in: copy.unwrap_or_default(),
        sender: &from,
        recipients: &recipients,
    };
    let copy = copy.map_or(SentCopy::None, |_| SentCopy::WithBcc(None));
    let sent = delivery::send(context.house, &sending, message, copy);
    sent.map(drop).map_err(|why| match why {
        SendRefusal::SendAsDenied(_) => Refusal::of("ErrorSendAsDenied"),
        SendRefusal::BareLineFeed | SendRefusal::NotOneFrom => {
            Refusal::of("ErrorMimeContentInvalid")
        }
    })
}

fn path(context: &Context<'_>, at: &FolderRef) -> Result<String, Refusal> {
    context.mailbox(at, |mailbox| {
        let folder = mailbox
            .folder_by_id(at.folder)
            .map(|folder| folder.path.clone());
        folder.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))
    })
}
