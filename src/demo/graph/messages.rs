//! The message resource: lists, one, changes, moves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::filter::{Condition, Property, Relation, fits, read_filter, read_search};
use super::ids::{Id, MessageId, read, write};
use super::rfc822::{
    DELIVERED, LAST_VERB, apply, first_flags, moment, new_draft, property, with_line_ends,
};
use super::show::{etag, form_of, show};
use super::tree::SEARCH;
use super::wire::{Fault, Reply, field, text};
use super::{Desk, Outcome, collection, folders, with_context};
use crate::demo::mail_store::{Flags, Message, NewMessage};
use crate::demo::mischief::Mischief;
use crate::demo::people::{person_by_email, shared};

/// Hits of a `$search` at most.
const MAX_HITS: usize = 1000;
/// Properties that only a draft lets be changed.
const OF_DRAFTS: [&str; 8] = [
    "subject",
    "body",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "from",
    "internetMessageId",
];

/// A message on its way into a list: when it came, its folder, its UID there.
type Entry = (Timestamp, u32, u32);

fn condition(desk: &Desk<'_>) -> Result<Option<Condition>, Fault> {
    let query = &desk.call.query;
    let (filter, search) = (query.get("$filter"), query.get("$search"));
    if let Some(search) = search {
        for (name, code) in [
            ("$filter", "SearchWithFilter"),
            ("$orderby", "SearchWithOrderBy"),
        ] {
            if query.get(name).is_some() {
                let message =
                    format!("The query parameter '{name}' is not supported with '$search'.");
                return Err(Fault::bad(code, &message));
            }
        }
        return read_search(search).map(Some);
    }
    let Some(filter) = filter else {
        return Ok(None);
    };
    // What is sorted by has to come first in the filter.
    if query.get("$orderby").is_some()
        && !filter
            .trim_start_matches('(')
            .starts_with("receivedDateTime")
    {
        return Err(Fault::bad(
            "InefficientFilter",
            "The restriction or sort order is too complex for this operation.",
        ));
    }
    read_filter(filter).map(Some)
}

/// Tells whether the newest come first.
fn is_newest_first(desk: &Desk<'_>) -> Result<bool, Fault> {
    let order = desk
        .call
        .query
        .get("$orderby")
        .unwrap_or("receivedDateTime desc");
    match order.trim().to_ascii_lowercase().as_str() {
        "receiveddatetime desc" | "sentdatetime desc" => Ok(true),
        "receiveddatetime" | "receiveddatetime asc" | "sentdatetime" | "sentdatetime asc" => {
            Ok(false)
        }
        _ => Err(Fault::bad(
            "BadRequest",
            &format!("Could not order by '{order}'."),
        )),
    }
}

/// Returns the messages of a folder, or of all, that the query lets through, in order.
fn entries(desk: &Desk<'_>, folder: Option<u32>) -> Result<Vec<Entry>, Fault> {
    let condition = condition(desk)?;
    let newest_first = is_newest_first(desk)?;
    let (sources, condition) = match folder {
        Some(SEARCH) => {
            let unread = Condition::Is(Property::IsRead, Relation::Equal, "false".to_owned());
            let all = std::iter::once(unread).chain(condition).collect();
            (vec![desk.folder("inbox")?], Some(Condition::All(all)))
        }
        Some(folder) => (vec![folder], condition),
        None => (folders::with_mail(desk)?, condition),
    };
    let is_wanted = |message: &Message| {
        condition.as_ref().is_none_or(|condition| {
            let extra = desk.house.graph.extra(&desk.place.mailbox, message.key);
            fits(message, extra.is_complete, condition)
        })
    };
    let mut entries: Vec<Entry> = desk.read(|mailbox| {
        let folders = sources.iter().filter_map(|id| mailbox.folder_by_id(*id));
        folders
            .flat_map(|folder| {
                let messages = folder
                    .messages()
                    .iter()
                    .filter(|message| is_wanted(message));
                messages.map(|message| (message.received, folder.uid_validity, message.uid))
            })
            .collect()
    })?;
    entries.sort_unstable();
    if newest_first {
        entries.reverse();
    }
    if desk.call.query.get("$search").is_some() {
        entries.truncate(MAX_HITS);
    }
    Ok(entries)
}

/// Lists the messages of a folder, or of the whole mailbox.
pub fn list(desk: &Desk<'_>, folder: Option<u32>) -> Outcome {
    let query = &desk.call.query;
    let preferred = desk.call.preference("odata.maxpagesize");
    let (top, skip) = (query.top(preferred.as_deref())?, query.skip()?);
    let entries = entries(desk, folder)?;
    let page: Vec<(u32, Message)> = desk.read(|mailbox| {
        let wanted = entries.iter().skip(skip).take(top);
        wanted
            .filter_map(|(_, folder, uid)| {
                let message = mailbox.folder_by_id(*folder)?.message(*uid)?;
                Some((*folder, message.clone()))
            })
            .collect()
    })?;
    let value = page
        .iter()
        .map(|(folder, message)| show(desk, *folder, message));
    let next = (skip + top < entries.len()).then(|| desk.next_link(skip + top));
    let context = desk.place.context(&match folder {
        Some(folder) => {
            let id = write(&desk.place.mailbox, Id::Folder(folder));
            format!("mailFolders('{id}')/messages")
        }
        None => "messages".to_owned(),
    });
    let mut answer = collection(context, value.collect(), next);
    if let (true, Some(object)) = (query.is_on("$count"), answer.as_object_mut()) {
        let wrong = if desk.takes(&Mischief::WrongTotals) {
            10
        } else {
            0
        };
        object.insert("@odata.count".to_owned(), json!(entries.len() + wrong));
    }
    Ok(Reply::json(200, answer))
}

/// Counts messages.
pub fn count(desk: &Desk<'_>, folder: Option<u32>) -> Outcome {
    let count = entries(desk, folder)?.len();
    Ok(Reply::bytes("text/plain", count.to_string()))
}

fn answer(desk: &Desk<'_>, status: u16, folder: u32, uid: u32) -> Outcome {
    let message = desk.read(|mailbox| mailbox.folder_by_id(folder)?.message(uid).cloned())?;
    let message = message.ok_or_else(Fault::not_found)?;
    let context = desk.place.context("messages/$entity");
    let shown = with_context(context, show(desk, folder, &message));
    let reply = Reply::json(status, shown).with("etag", etag(&message));
    if status != 201 {
        return Ok(reply);
    }
    let name = super::show::name(desk, folder, message.key);
    let id = write(&desk.place.mailbox, Id::Message(name));
    Ok(reply.with("location", desk.place.link(&format!("messages('{id}')"))))
}

/// Shows one message.
pub fn get(desk: &Desk<'_>, id: &str) -> Outcome {
    let (folder, message) = desk.message(id)?;
    answer(desk, 200, folder, message.uid)
}

/// Returns a message as RFC 5322 text.
pub fn source(desk: &Desk<'_>, id: &str) -> Outcome {
    let (_, message) = desk.message(id)?;
    Ok(Reply::bytes("text/plain", message.bytes.to_vec()))
}

/// Reads a message that comes as base64.
pub fn read_mime(body: &[u8]) -> Result<Vec<u8>, Fault> {
    let compact: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let bytes = STANDARD
        .decode(compact)
        .ok()
        .filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(|| {
        Fault::bad(
            "ErrorMimeContentInvalidBase64String",
            "Invalid base64 string for MIME content.",
        )
    })?;
    Ok(with_line_ends(&bytes))
}

/// Returns an empty draft of the mailbox.
pub fn draft(desk: &Desk<'_>) -> Vec<u8> {
    let mailbox = &desk.place.mailbox;
    let name = person_by_email(mailbox).map(|person| person.name);
    let name = name.or_else(|| shared(mailbox).map(|mailbox| mailbox.name));
    new_draft(name.unwrap_or_default(), mailbox)
}

/// Makes a message: a draft, unless the flags at its creation say otherwise.
pub fn create(desk: &Desk<'_>, folder: Option<u32>) -> Outcome {
    let (bytes, flags, json) = match (desk.call.content_type().as_str(), folder) {
        ("text/plain", None) => {
            let bytes = read_mime(&desk.call.body)?;
            (bytes, Flags::DRAFT.with(Flags::SEEN), json!({}))
        }
        ("application/json", _) => {
            let json = desk.call.json()?;
            (apply(&draft(desk), &json)?, first_flags(&json), json)
        }
        _ => {
            return Err(Fault::new(
                415,
                "RequestBodyRead",
                "A supported MIME type could not be found that matches the content type of the request.",
            ));
        }
    };
    let folder = match folder {
        Some(folder) => folder,
        None => desk.folder("drafts")?,
    };
    desk.path_of(folder)?;
    let received = moment(&json, DELIVERED).unwrap_or_else(Timestamp::now);
    let mail = NewMessage::new(bytes.into(), flags, received);
    let uid = desk.change(|mailbox| Some(mailbox.folder_by_id_mut(folder)?.append(mail)))?;
    let uid = uid.ok_or_else(Fault::not_found)?;
    set_state(desk, folder, uid, &json)?;
    answer(desk, 201, folder, uid)
}

/// Sets read, flag, last verb and categories.
fn set_state(desk: &Desk<'_>, folder: u32, uid: u32, json: &Value) -> Result<(), Fault> {
    let is_read = field(json, "isRead").and_then(Value::as_bool);
    let flag = field(json, "flag").map(|flag| text(flag, "flagStatus").to_owned());
    if let Some(flag) = &flag
        && !["flagged", "notFlagged", "complete"].contains(&flag.as_str())
    {
        let message = format!("Invalid value '{flag}' for property 'flagStatus'.");
        return Err(Fault::bad("ErrorInvalidPropertySet", &message));
    }
    let categories = field(json, "categories").and_then(Value::as_array);
    let verb = property(json, LAST_VERB);
    let is_answered = verb.map(|verb| matches!(verb, "102" | "103"));
    let key = desk.change(|mailbox| {
        let folder = mailbox.folder_by_id_mut(folder)?;
        let message = folder.set_flags(uid, |flags| {
            let flags = switched(flags, Flags::SEEN, is_read);
            let flags = switched(flags, Flags::ANSWERED, is_answered);
            switched(
                flags,
                Flags::FLAGGED,
                flag.as_ref().map(|flag| flag == "flagged"),
            )
        })?;
        Some(message.key)
    })?;
    let key = key.ok_or_else(Fault::not_found)?;
    let graph = &desk.house.graph;
    let is_changed = graph.change_extra(&desk.place.mailbox, key, |extra| {
        if let Some(flag) = &flag {
            extra.is_complete = flag == "complete";
        }
        if let Some(verb) = verb {
            extra.is_forwarded = verb == "104";
        }
        if let Some(categories) = categories {
            let names = categories.iter().filter_map(Value::as_str);
            extra.categories = names.map(str::to_owned).collect();
        }
    });
    if is_changed {
        desk.change(|mailbox| {
            mailbox
                .folder_by_id_mut(folder)
                .map(|folder| folder.touch(uid).is_some())
        })?;
    }
    Ok(())
}

fn switched(flags: Flags, flag: Flags, wanted: Option<bool>) -> Flags {
    match wanted {
        Some(true) => flags.with(flag),
        Some(false) => flags.without(flag),
        None => flags,
    }
}

/// Puts another text in the place of a message, which stays the same message.
pub fn rewrite(
    desk: &Desk<'_>,
    folder: u32,
    message: &Message,
    bytes: Vec<u8>,
) -> Result<u32, Fault> {
    let uid = desk.change(|mailbox| {
        let folder = mailbox.folder_by_id_mut(folder)?;
        let old = folder.remove(message.uid)?;
        Some(folder.append(NewMessage {
            bytes: bytes.into(),
            ..NewMessage::moving(&old)
        }))
    })?;
    uid.ok_or_else(Fault::not_found)
}

/// Changes a message. `isDraft` is read-only and left alone.
pub fn patch(desk: &Desk<'_>, id: &str) -> Outcome {
    let (folder, message) = desk.message(id)?;
    let expected = desk.call.header("if-match");
    if !expected.is_empty() && expected != "*" && expected != etag(&message) {
        return Err(Fault::new(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.",
        ));
    }
    let json = desk.call.json()?;
    let bytes = apply(&message.bytes, &json)?;
    let mut uid = message.uid;
    if bytes != *message.bytes {
        let is_draft = message.flags.has(Flags::DRAFT);
        if let (false, Some(name)) = (
            is_draft,
            OF_DRAFTS.iter().find(|name| field(&json, name).is_some()),
        ) {
            let message = format!("The property '{name}' can only be set on a draft.");
            return Err(Fault::bad("ErrorInvalidPropertySet", &message));
        }
        uid = rewrite(desk, folder, &message, bytes)?;
    }
    set_state(desk, folder, uid, &json)?;
    answer(desk, 200, folder, uid)
}

/// Moves a message and returns its new folder and UID.
fn move_to(desk: &Desk<'_>, from: u32, message: &Message, to: u32) -> Result<u32, Fault> {
    desk.path_of(to)?;
    if from == to {
        return Ok(message.uid);
    }
    let uid = desk.change(|mailbox| {
        let taken = mailbox.folder_by_id_mut(from)?.remove(message.uid)?;
        let mail = NewMessage::moving(&taken);
        Some(mailbox.folder_by_id_mut(to)?.append(mail))
    })?;
    uid.ok_or_else(Fault::not_found)
}

/// Moves a message.
pub fn relocate(desk: &Desk<'_>, id: &str) -> Outcome {
    let json = desk.call.json()?;
    let to = desk.folder(text(&json, "destinationId"))?;
    let (from, message) = desk.message(id)?;
    let uid = move_to(desk, from, &message, to)?;
    answer(desk, 201, to, uid)
}

/// Copies a message.
pub fn copy(desk: &Desk<'_>, id: &str) -> Outcome {
    let json = desk.call.json()?;
    let to = desk.folder(text(&json, "destinationId"))?;
    desk.path_of(to)?;
    let (_, message) = desk.message(id)?;
    let mail = NewMessage {
        key: None,
        ..NewMessage::moving(&message)
    };
    let uid = desk.change(|mailbox| Some(mailbox.folder_by_id_mut(to)?.append(mail)))?;
    answer(desk, 201, to, uid.ok_or_else(Fault::not_found)?)
}

/// Deletes a message: into Deleted Items, or for good from there.
pub fn delete(desk: &Desk<'_>, id: &str) -> Outcome {
    let (folder, message) = desk.message(id)?;
    let trash = desk.folder("deleteditems")?;
    if folder == trash {
        return purge(desk, id);
    }
    move_to(desk, folder, &message, trash)?;
    Ok(Reply::empty(204))
}

/// Deletes a message for good.
pub fn purge(desk: &Desk<'_>, id: &str) -> Outcome {
    let (folder, message) = desk.message(id)?;
    let gone = desk.change(|mailbox| mailbox.folder_by_id_mut(folder)?.remove(message.uid))?;
    gone.map(|_| Reply::empty(204)).ok_or_else(Fault::not_found)
}

/// Translates ids from one form to the other; unknown ones come back with an error each.
pub fn translate(desk: &Desk<'_>) -> Outcome {
    let json = desk.call.json()?;
    let ids = field(&json, "inputIds").and_then(Value::as_array);
    let ids = ids.filter(|ids| ids.len() <= 1000);
    let (Some(ids), Some(_), Some(target)) = (
        ids,
        form_of(text(&json, "sourceIdType")),
        form_of(text(&json, "targetIdType")),
    ) else {
        return Err(Fault::bad("ErrorInvalidRequest", "The request is invalid."));
    };
    let is_ews = |name: &str| text(&json, name).eq_ignore_ascii_case("ewsId");
    let (from_ews, to_ews) = (is_ews("sourceIdType"), is_ews("targetIdType"));
    let translate = |id: &str| -> Result<String, Fault> {
        let id = if from_ews {
            id.replace('/', "-").replace('+', "_")
        } else {
            id.to_owned()
        };
        let found = match read(&desk.place.mailbox, &id)? {
            Id::Message(_) => {
                let (folder, message) = desk.message(&id)?;
                Id::Message(MessageId::new(target, folder, message.key))
            }
            other => other,
        };
        let id = write(&desk.place.mailbox, found);
        Ok(if to_ews {
            id.replace('-', "/").replace('_', "+")
        } else {
            id
        })
    };
    let value = ids
        .iter()
        .filter_map(Value::as_str)
        .map(|id| match translate(id) {
            Ok(new) => json!({"sourceId": id, "targetId": new}),
            Err(fault) => json!({
                "sourceId": id,
                "errorDetails": {"code": fault.code, "message": fault.message},
            }),
        });
    let context = format!(
        "{}/$metadata#Collection(microsoft.graph.convertIdResult)",
        desk.place.base
    );
    Ok(Reply::json(200, collection(context, value.collect(), None)))
}
