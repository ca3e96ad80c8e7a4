//! Attachments of messages, and uploads that bring large ones in pieces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ids::{Id, MessageId, read, write};
use super::messages::rewrite;
use super::rfc822::{File, add_file, content, files, mark, remove_file};
use super::show::show_file;
use super::state::Upload;
use super::wire::{Call, Fault, Reply, field, text};
use super::{Desk, Outcome, collection, with_context};
use crate::demo::house::House;
use crate::demo::mail_store::{Message, NewMessage};

/// Smaller files take no upload, larger ones no single request.
const SMALL: usize = 3 << 20;
/// The largest piece of an upload.
const MAX_PIECE: usize = 4 << 20;
/// The largest file.
const MAX_FILE: usize = 150 << 20;

/// Does what a path below `…/attachments` means.
pub fn route(desk: &Desk<'_>, message: &str, names: &[&str]) -> Outcome {
    let (folder, message) = desk.message(message)?;
    let target = (folder, &message);
    match (desk.call.method.as_str(), names) {
        ("GET", []) => Ok(list(desk, target)),
        ("GET", ["$count"]) => {
            let count = files(&message.bytes).len();
            Ok(Reply::bytes("text/plain", count.to_string()))
        }
        ("POST", []) => add(desk, target),
        ("POST", ["createUploadSession"]) => open(desk, target),
        ("GET", [id]) => {
            let file = find(desk, &message, id)?;
            let context = desk.place.context("messages/attachments/$entity");
            let shown = show(desk, target, &file);
            Ok(Reply::json(200, with_context(context, shown)))
        }
        ("GET", [id, "$value"]) => {
            let file = find(desk, &message, id)?;
            let kind = format!("{}/{}", file.part.media, file.part.subtype);
            Ok(Reply::bytes(&kind, content(&message.bytes, &file.part)))
        }
        ("DELETE", [id]) => {
            let file = find(desk, &message, id)?;
            let bytes = remove_file(&message.bytes, &file);
            rewrite(desk, folder, &message, bytes)?;
            Ok(Reply::empty(204))
        }
        (method, names) => Err(super::no_route(method, names)),
    }
}

fn show(desk: &Desk<'_>, (folder, message): (u32, &Message), file: &File) -> Value {
    let mut shown = show_file(desk, folder, message, file);
    if let (Some(object), Some(names)) = (shown.as_object_mut(), desk.call.query.select()) {
        object.retain(|name, _| name.starts_with('@') || name == "id" || names.contains(name));
    }
    shown
}

fn list(desk: &Desk<'_>, target: (u32, &Message)) -> Reply {
    let files = files(&target.1.bytes);
    let value = files.iter().map(|file| show(desk, target, file)).collect();
    let context = desk.place.context("messages/attachments");
    Reply::json(200, collection(context, value, None))
}

fn find(desk: &Desk<'_>, message: &Message, id: &str) -> Result<File, Fault> {
    let Id::Attachment(of, index) = read(&desk.place.mailbox, id)? else {
        return Err(Fault::bad("ErrorInvalidIdMalformed", "Id is malformed."));
    };
    let mut files = files(&message.bytes).into_iter();
    let file = files.find(|file| of.key == message.key && file.index == index);
    file.ok_or_else(Fault::not_found)
}

fn too_large() -> Fault {
    Fault::new(
        413,
        "ErrorMessageSizeExceeded",
        "The request exceeded the maximum allowed message size.",
    )
}

fn add(desk: &Desk<'_>, (folder, message): (u32, &Message)) -> Outcome {
    let json = desk.call.json()?;
    let kind = text(&json, "@odata.type").trim_start_matches('#');
    if !kind.eq_ignore_ascii_case("microsoft.graph.fileAttachment") {
        return Err(Fault::bad(
            "ErrorInvalidRequest",
            "Only file attachments can be added.",
        ));
    }
    let bytes = STANDARD.decode(text(&json, "contentBytes"));
    let bytes = bytes.map_err(|_| Fault::bad("BadRequest", "contentBytes is no base64 text."))?;
    if bytes.len() > SMALL {
        return Err(too_large());
    }
    let bytes = add_file(&message.bytes, &mark(&json, bytes)?);
    let uid = rewrite(desk, folder, message, bytes)?;
    let message = desk.read(|mailbox| mailbox.folder_by_id(folder)?.message(uid).cloned())?;
    let message = message.ok_or_else(Fault::not_found)?;
    let file = files(&message.bytes).pop().ok_or_else(Fault::not_found)?;
    let context = desk.place.context("messages/attachments/$entity");
    let shown = show_file(desk, folder, &message, &file);
    Ok(Reply::json(201, with_context(context, shown)))
}

/// Opens an upload.
fn open(desk: &Desk<'_>, (folder, message): (u32, &Message)) -> Outcome {
    let json = desk.call.json()?;
    let item = field(&json, "AttachmentItem").ok_or_else(|| {
        Fault::bad(
            "ErrorInvalidRequest",
            "The parameter AttachmentItem is missing.",
        )
    })?;
    if !text(item, "attachmentType").eq_ignore_ascii_case("file") {
        return Err(Fault::bad(
            "ErrorInvalidRequest",
            "Only files can be uploaded.",
        ));
    }
    let size = field(item, "size").and_then(Value::as_u64).unwrap_or(0);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size < SMALL {
        let message = format!("The attachment size should be greater than or equal to {SMALL}.");
        return Err(Fault::bad(
            "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
            &message,
        ));
    }
    if size > MAX_FILE {
        return Err(too_large());
    }
    let name = desk.house.graph.open_upload(Upload {
        mailbox: desk.place.mailbox.clone(),
        message: MessageId {
            folder: Some(folder),
            key: message.key,
        },
        file: mark(item, Vec::new())?,
        size,
    });
    let session = json!({
        "@odata.context": format!("{}/$metadata#microsoft.graph.uploadSession", desk.place.base),
        "uploadUrl": format!("{}/upload/{name}", desk.house.sign_in.base),
        "expirationDateTime": expiry(),
        "nextExpectedRanges": ["0-"],
    });
    Ok(Reply::json(201, session))
}

fn expiry() -> String {
    super::access::time(Timestamp::now() + SignedDuration::from_hours(1))
}

/// Answers a request at an upload's own address, which needs no token.
pub fn upload(house: &House, call: &Call) -> Outcome {
    let name = call.segments.first().cloned().unwrap_or_default();
    let graph = &house.graph;
    match call.method.as_str() {
        "PUT" => {
            let so_far = graph.upload(&name, |upload| take_piece(upload, call));
            let (so_far, size) = so_far.ok_or_else(Fault::not_found)??;
            if so_far == size {
                return finish(house, &name);
            }
            Ok(progress(so_far))
        }
        "GET" => {
            let so_far = graph.upload(&name, |upload| upload.file.bytes.len());
            so_far.map(progress).ok_or_else(Fault::not_found)
        }
        "DELETE" => {
            let closed = graph.close_upload(&name);
            closed
                .map(|_| Reply::empty(204))
                .ok_or_else(Fault::not_found)
        }
        method => Err(super::no_route(method, &["$value"])),
    }
}

fn progress(so_far: usize) -> Reply {
    Reply::json(
        200,
        json!({"expirationDateTime": expiry(), "nextExpectedRanges": [so_far.to_string()]}),
    )
}

/// Takes one piece, which has to begin where the last one ended.
fn take_piece(upload: &mut Upload, call: &Call) -> Result<(usize, usize), Fault> {
    let wrong = || {
        Fault::new(
            416,
            "ErrorInvalidRange",
            "The range of the piece is not the expected one.",
        )
    };
    let range = call
        .header("content-range")
        .strip_prefix("bytes ")
        .ok_or_else(wrong)?;
    let (range, total) = range.split_once('/').ok_or_else(wrong)?;
    let (from, to) = range.split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let (from, to, total) = (number(from)?, number(to)?, number(total)?);
    let so_far = upload.file.bytes.len();
    let length = call.body.len();
    if length > MAX_PIECE {
        return Err(too_large());
    }
    let is_next = from == so_far && to.checked_add(1) == from.checked_add(length);
    if !is_next || total != upload.size || so_far + length > total {
        return Err(wrong());
    }
    upload.file.bytes.extend_from_slice(&call.body);
    Ok((so_far + length, total))
}

/// Puts a file that is there as a whole into its draft.
fn finish(house: &House, name: &str) -> Outcome {
    let upload = house
        .graph
        .close_upload(name)
        .ok_or_else(Fault::not_found)?;
    let folder_id = upload.message.folder.unwrap_or_default();
    let index = house.store.change(&upload.mailbox, |mailbox| {
        let folder = mailbox.folder_by_id_mut(folder_id)?;
        let old = folder.message_by_key(upload.message.key)?.clone();
        let bytes = add_file(&old.bytes, &upload.file);
        let index = files(&bytes).len().checked_sub(1)?;
        folder.remove(old.uid)?;
        folder.append(NewMessage {
            bytes: bytes.into(),
            ..NewMessage::moving(&old)
        });
        u16::try_from(index).ok()
    });
    let index = index.flatten().ok_or_else(Fault::not_found)?;
    let id = |id| write(&upload.mailbox, id);
    let location = format!(
        "{}/api/v2.0/Users('{}')/Messages('{}')/Attachments('{}')",
        house.sign_in.base,
        super::ids::guid(&upload.mailbox),
        id(Id::Message(upload.message)),
        id(Id::Attachment(upload.message, index)),
    );
    Ok(Reply::empty(201).with("location", location))
}
