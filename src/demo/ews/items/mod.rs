//! Operations on items.

mod change;
mod compose;
mod create;
mod find;
mod mail;
mod properties;
mod send;
mod sync;
mod update;
mod values;

pub use change::{delete, transfer};
pub use create::create;
pub use find::find;
pub use send::send;
pub use sync::sync;
pub use update::update;
pub use values::moment;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::context::{Context, Reply};
use super::shape::Shape;
use super::wire::{ItemRef, Node, Refusal, Xml, attachment_id, change_key, read_attachment};
use crate::demo::mail_store::{Message, NewMessage};
use crate::demo::message::part_bytes;
use crate::demo::mischief::Mischief;
use mail::{Attachment, Mail};
use properties::{Item, Teller};

/// Answers `GetItem`.
pub fn get(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let shape = Shape::read(request.child("ItemShape"));
    let ids = request.children_of("ItemIds").iter();
    ids.map(|id| {
        let id = context.item(id)?;
        context.message(&id, |_, message| {
            if context.has(&Mischief::NoMime) {
                return Err(Refusal::of("ErrorContentConversionFailed"));
            }
            let item = Item {
                mail: Mail::new(message),
                id: id.clone(),
                shape: &shape,
                teller: Teller::Get,
                is_odd: context.has(&Mischief::Unknown),
            };
            let mut xml = Xml::new();
            xml.open("m:Items");
            item.write(&mut xml);
            Ok(xml.done())
        })
    })
    .collect()
}

/// Returns `Items` with nothing but an item's new id.
fn only_id(id: &ItemRef, revision: u64) -> String {
    let mut xml = Xml::new();
    xml.open("m:Items").open("t:Message").empty(
        "t:ItemId",
        &[("Id", &id.id()), ("ChangeKey", &change_key(revision))],
    );
    xml.done()
}

/// Answers `GetAttachment`.
pub fn get_attachments(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let shape = Shape::read(request.child("AttachmentShape"));
    let ids = request.children_of("AttachmentIds").iter();
    ids.map(|id| {
        let id = id.attribute("Id").unwrap_or_default();
        let (item, number) =
            read_attachment(id).ok_or_else(|| Refusal::of("ErrorInvalidAttachmentId"))?;
        if !context.caller.may_open(&item.at.mailbox) {
            return Err(Refusal::of("ErrorItemNotFound"));
        }
        context.message(&item, |_, message| {
            let mail = Mail::new(message);
            let wanted = usize::try_from(number).unwrap_or(usize::MAX);
            let found = mail.attachments().into_iter().nth(wanted);
            let found = found.ok_or_else(|| Refusal::of("ErrorAttachmentDoesNotExist"))?;
            let mut xml = Xml::new();
            xml.open("m:Attachments");
            if found.is_message() {
                message_in(&mut xml, message, &found, &shape, (&item, number));
            } else {
                file(&mut xml, message, &found, (&item, number));
            }
            Ok(xml.done())
        })
    })
    .collect()
}

fn file(xml: &mut Xml, message: &Message, found: &Attachment, (item, number): (&ItemRef, u32)) {
    xml.open("t:FileAttachment")
        .empty("t:AttachmentId", &[("Id", &attachment_id(item, number))])
        .text("t:Name", &found.name)
        .text("t:ContentType", &found.content_type());
    if let Some(content_id) = &found.content_id {
        xml.text("t:ContentId", content_id);
    }
    let bytes = part_bytes(&message.bytes, &found.part);
    xml.number("t:Size", bytes.len())
        .flag("t:IsInline", found.is_inline)
        .flag("t:IsContactPhoto", false)
        .text("t:Content", &STANDARD.encode(bytes))
        .close();
}

fn message_in(
    xml: &mut Xml,
    message: &Message,
    found: &Attachment,
    shape: &Shape,
    (item, number): (&ItemRef, u32),
) {
    let bytes = message
        .bytes
        .get(found.part.body.clone())
        .unwrap_or_default();
    let inner = Message {
        bytes: bytes.into(),
        ..message.clone()
    };
    // A message in a message has no id of its own; it is told with everything.
    let shape = Shape {
        base: super::shape::Base::All,
        ..shape.clone()
    };
    xml.open("t:ItemAttachment")
        .empty("t:AttachmentId", &[("Id", &attachment_id(item, number))])
        .text("t:Name", &found.name);
    Item {
        mail: Mail::new(&inner),
        id: item.clone(),
        shape: &shape,
        teller: Teller::Get,
        is_odd: false,
    }
    .write(xml);
    xml.close();
}

/// Puts a message into a folder and returns what names it, with its revision.
fn put(
    context: &Context<'_>,
    at: &super::wire::FolderRef,
    mail: NewMessage,
) -> Result<(ItemRef, u64), Refusal> {
    context.change(at, |mailbox| {
        let folder = mailbox.folder_by_id_mut(at.folder);
        let folder = folder.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
        let uid = folder.append(mail);
        Ok((at.item(uid), folder.revision()))
    })
}
