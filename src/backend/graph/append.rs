//! Files a copy of a message, unless one with its `Message-ID` is there already.
//!
//! Graph makes drafts of MIME, for good (protocol facts §8.5). So a finished message is filed as JSON with the flag
//! "not a draft": text, addresses, ids, dates and attachments are the message's own, the MIME around them is made by
//! the server. What JSON cannot carry (HTML, more than fifty addresses of a field) is filed as whole MIME, which the
//! server then shows as a draft.

use serde_json::{Map, Value, json};

use super::Graph;
use super::apply::flag_properties;
use super::item::id_of;
use super::parts::{recipients, split};
use super::submit::{make_draft, take_back};
use super::upload::{as_json, attach};
use super::wire::{About, Call, Wire, literal, protocol, with_query};
use crate::backend::BackendError;
use crate::mime::{parse_body, parse_envelope};
use crate::model::{Address, Applied, Envelope, FlagChange, Flags, RemoteId};

const DOING: &str = "file a message";
/// Attachments within the request that makes the message, in bytes altogether.
const INLINE: usize = 2 << 20;
/// What a row keeps of a field; so many may have been more.
const CUT: usize = 50;
/// Columns for text that is not laid out.
const WIDTH: u16 = 72;

impl Graph {
    /// Files a message in a folder.
    pub(super) async fn append(
        &mut self,
        folder: &str,
        flags: Flags,
        message_id: &str,
        bytes: &[u8],
    ) -> Result<Applied, BackendError> {
        if let Some(id) = self.find(folder, message_id).await? {
            return Ok(filed(message_id, id));
        }
        let is_draft = flags.contains(Flags::DRAFT);
        let json = if is_draft {
            None
        } else {
            as_message(bytes, flags)
        };
        let id = match json {
            Some((message, large)) => {
                let path = self.wire.base().path(&["mailFolders", folder, "messages"]);
                let reply = self.wire.call(DOING, &Call::post(path, message)).await?;
                let body = reply.demand(DOING, About::Item(folder))?;
                let id = id_of(&body).ok_or_else(|| protocol(DOING, "a message without an id"))?;
                if let Err(error) = attach(&self.wire, id.as_str(), &large).await {
                    // Half a copy would pass for a whole one next time.
                    take_back(&self.wire, id.as_str()).await;
                    return Err(error);
                }
                id
            }
            None => self.append_mime(folder, flags, bytes).await?,
        };
        Ok(filed(message_id, id))
    }

    /// Makes a draft of the whole message, moves it to its place, and sets what flags can be set.
    async fn append_mime(
        &mut self,
        folder: &str,
        flags: Flags,
        bytes: &[u8],
    ) -> Result<RemoteId, BackendError> {
        let listing = self.listing().await?;
        let is_drafts = listing.well_known("drafts") == Some(folder);
        let draft = make_draft(&self.wire, bytes).await?;
        if is_drafts {
            self.mark(&draft, flags).await?;
            return Ok(draft);
        }
        let path = self.wire.base().path(&["messages", draft.as_str(), "move"]);
        let call = Call::post(path, json!({ "destinationId": folder }));
        let moved = match self.wire.call(DOING, &call).await {
            Ok(reply) => reply.demand(DOING, About::Item(folder)),
            Err(error) => Err(error),
        };
        match moved {
            Ok(body) => {
                let id = id_of(&body).unwrap_or(draft);
                self.mark(&id, flags).await?;
                Ok(id)
            }
            Err(error) => {
                take_back(&self.wire, draft.as_str()).await;
                Err(error)
            }
        }
    }

    async fn mark(&self, id: &RemoteId, flags: Flags) -> Result<(), BackendError> {
        let properties = flag_properties(FlagChange::set(flags));
        if properties.as_object().is_none_or(Map::is_empty) {
            return Ok(());
        }
        let path = self.wire.base().path(&["messages", id.as_str()]);
        let reply = self
            .wire
            .call(DOING, &Call::patch(path, properties))
            .await?;
        reply.demand(DOING, About::Item(id.as_str())).map(drop)
    }

    /// Looks for a message by its id.
    async fn find(&self, folder: &str, message_id: &str) -> Result<Option<RemoteId>, BackendError> {
        let found = find_all(&self.wire, folder, message_id).await?;
        Ok(found.into_iter().next())
    }
}

/// Returns messages of a folder with this `Message-ID`, which is without angle brackets; ten of them at most.
pub(super) async fn find_all(
    wire: &Wire,
    folder: &str,
    message_id: &str,
) -> Result<Vec<RemoteId>, BackendError> {
    if message_id.is_empty() {
        return Ok(Vec::new());
    }
    let path = wire.base().path(&["mailFolders", folder, "messages"]);
    let filter = format!(
        "internetMessageId eq {}",
        literal(&format!("<{message_id}>"))
    );
    let query = [
        ("$filter", filter.as_str()),
        ("$select", "id"),
        ("$top", "10"),
    ];
    let call = Call::get(with_query(&path, &query));
    let reply = wire.call("look for a message", &call).await?;
    let body = reply.demand("look for a message", About::Item(folder))?;
    let values = body.get("value").and_then(Value::as_array);
    Ok(values.into_iter().flatten().filter_map(id_of).collect())
}

fn filed(message_id: &str, id: RemoteId) -> Applied {
    Applied {
        renamed: vec![(RemoteId::new(message_id), id)],
    }
}

/// Returns a finished message as JSON, and the attachments that are too large to be in it; `None` when JSON would
/// lose something of it.
fn as_message(bytes: &[u8], flags: Flags) -> Option<(Value, Vec<super::parts::Attached>)> {
    let envelope = parse_envelope(bytes, None);
    let body = parse_body(bytes, WIDTH);
    let lists = [&envelope.to, &envelope.cc, &envelope.reply_to];
    let is_cut = lists.iter().any(|list| list.len() >= CUT);
    let attached = match split(bytes) {
        Some(split) => split.attached,
        None => Vec::new(),
    };
    if body.is_from_html || !body.cuts.is_empty() || is_cut {
        return None;
    }
    if attached.len() != body.attachments.len() {
        return None;
    }
    let mut room = INLINE;
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for one in attached {
        if one.content.len() <= room {
            room -= one.content.len();
            small.push(as_json(&one));
        } else {
            large.push(one);
        }
    }
    let mut message = Map::new();
    let text = json!({ "contentType": "text", "content": body.text });
    message.insert("body".to_owned(), text);
    message.insert("attachments".to_owned(), small.into());
    let hidden = recipients(bytes, "bcc");
    let hidden: Vec<Address> = hidden.into_iter().map(Address::bare).collect();
    message.insert("bccRecipients".to_owned(), people(&hidden));
    describe(&mut message, &envelope, flags);
    Some((message.into(), large))
}

fn describe(message: &mut Map<String, Value>, envelope: &Envelope, flags: Flags) {
    let mut set = |name: &str, value: Value| message.insert(name.to_owned(), value);
    set("subject", envelope.subject.clone().into());
    set("toRecipients", people(&envelope.to));
    set("ccRecipients", people(&envelope.cc));
    set("replyTo", people(&envelope.reply_to));
    if let Some(from) = envelope.from.first() {
        set("from", person(from));
        set("sender", person(from));
    }
    if !envelope.message_id.is_empty() {
        let id = format!("<{}>", envelope.message_id);
        set("internetMessageId", id.into());
    }
    set("isRead", flags.is_seen().into());
    if flags.contains(Flags::FLAGGED) {
        set("flag", json!({ "flagStatus": "flagged" }));
    }
    // MS-OXCMSG §2.2.1.6: submitted and, where seen, read; without the bit "unsent" it is no draft.
    let state = if flags.is_seen() { "5" } else { "4" };
    let date = envelope.date.to_string();
    let mut properties = vec![
        json!({ "id": "Integer 0x0E07", "value": state }),
        json!({ "id": "SystemTime 0x0039", "value": date }),
        json!({ "id": "SystemTime 0x0E06", "value": date }),
    ];
    if let Some(parent) = &envelope.in_reply_to {
        properties.push(json!({ "id": "String 0x1042", "value": format!("<{parent}>") }));
    }
    if !envelope.references.is_empty() {
        let ids = envelope.references.iter().map(|id| format!("<{id}>"));
        let ids = ids.collect::<Vec<String>>().join(" ");
        properties.push(json!({ "id": "String 0x1039", "value": ids }));
    }
    set("singleValueExtendedProperties", properties.into());
}

fn people(list: &[Address]) -> Value {
    list.iter().map(person).collect::<Vec<Value>>().into()
}

fn person(address: &Address) -> Value {
    json!({ "emailAddress": { "name": address.short(), "address": address.email } })
}
