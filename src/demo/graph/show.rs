//! A message as a JSON resource; only what is asked for is read out of it.

use serde_json::{Map, Value, json};

use super::access::time;
use super::filter::flag_status;
use super::ids::{Id, MessageId, guid, write};
use super::rfc822::{
    DELIVERED, File, IN_REPLY_TO, LAST_VERB, MESSAGE_FLAGS, REFERENCES, SUBMITTED, bodies, content,
    files, has_files, tag,
};
use super::wire::IdForm;
use super::{Desk, Extra};
use crate::demo::mail_store::{Flags, Message};
use crate::demo::message::{addresses, decode_words, fields, plain_text, split, value};
use crate::mime::header_in_unicode;

/// What a message shows when nothing is selected.
const USUAL: [&str; 28] = [
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "internetMessageId",
    "subject",
    "bodyPreview",
    "importance",
    "parentFolderId",
    "conversationId",
    "conversationIndex",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "isRead",
    "isDraft",
    "webLink",
    "inferenceClassification",
    "body",
    "sender",
    "from",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "flag",
];
/// Characters of a preview.
const PREVIEW: usize = 255;

/// A message that is being shown.
pub struct Shown<'a> {
    desk: &'a Desk<'a>,
    folder: u32,
    message: &'a Message,
    header: &'a [u8],
    extra: Extra,
}

/// Returns a message's name in the form that the request wants.
pub fn name(desk: &Desk<'_>, folder: u32, key: u64) -> MessageId {
    MessageId::new(desk.call.id_form(), folder, key)
}

/// Returns the resource of a message.
pub fn show(desk: &Desk<'_>, folder: u32, message: &Message) -> Value {
    let select = desk.call.query.select();
    show_selected(desk, (folder, message), select.as_deref())
}

/// Returns a message with these properties, all usual ones with `None`.
pub fn show_selected(
    desk: &Desk<'_>,
    (folder, message): (u32, &Message),
    select: Option<&[String]>,
) -> Value {
    let shown = Shown {
        desk,
        folder,
        message,
        header: split(&message.bytes).0,
        extra: desk.house.graph.extra(&desk.place.mailbox, message.key),
    };
    let mut object = Map::new();
    object.insert("@odata.etag".to_owned(), json!(etag(message)));
    object.insert("id".to_owned(), json!(shown.id()));
    let mut put = |name: &str| {
        if let Some(value) = shown.property(name) {
            object.insert(name.to_owned(), value);
        }
    };
    match select {
        Some(names) => names.iter().for_each(|name| put(name)),
        None => USUAL.iter().for_each(|name| put(name)),
    }
    let query = &desk.call.query;
    let extended: Vec<Value> = query
        .extended()
        .iter()
        .filter_map(|id| shown.extended(id))
        .collect();
    if !extended.is_empty() {
        object.insert("singleValueExtendedProperties".to_owned(), json!(extended));
    }
    if query
        .get("$expand")
        .is_some_and(|e| e.starts_with("attachments"))
    {
        let files = files(&message.bytes);
        let files: Vec<Value> = files.iter().map(|file| shown.file(file)).collect();
        object.insert("attachments".to_owned(), json!(files));
    }
    Value::Object(object)
}

/// Returns the mark of a message's state.
pub fn etag(message: &Message) -> String {
    format!("W/\"{}\"", change_key(message))
}

fn change_key(message: &Message) -> String {
    use base64::Engine as _;
    let state = [message.key.to_be_bytes(), message.revision.to_be_bytes()].concat();
    format!(
        "CQAAABYA{}",
        base64::engine::general_purpose::STANDARD.encode(state)
    )
}

/// Returns the resource of an attachment of a message.
pub fn show_file(desk: &Desk<'_>, folder: u32, message: &Message, file: &File) -> Value {
    let shown = Shown {
        desk,
        folder,
        message,
        header: split(&message.bytes).0,
        extra: Extra::default(),
    };
    shown.file(file)
}

impl Shown<'_> {
    fn id(&self) -> String {
        let name = name(self.desk, self.folder, self.message.key);
        write(&self.desk.place.mailbox, Id::Message(name))
    }

    fn header(&self, name: &str) -> Option<String> {
        value(self.header, name)
    }

    fn property(&self, name: &str) -> Option<Value> {
        let flags = self.message.flags;
        Some(match name {
            "createdDateTime" | "lastModifiedDateTime" | "receivedDateTime" => {
                json!(time(self.message.received))
            }
            "sentDateTime" => json!(self.sent()),
            "changeKey" => json!(change_key(self.message)),
            "categories" => json!(self.extra.categories),
            "hasAttachments" => json!(has_files(&self.message.bytes)),
            "internetMessageId" => json!(self.header("Message-ID")),
            "subject" => json!(decode_words(&self.header("Subject").unwrap_or_default())),
            "bodyPreview" => json!(preview(&plain_text(&self.message.bytes))),
            "importance" => json!(self.importance()),
            "parentFolderId" => {
                json!(write(&self.desk.place.mailbox, Id::Folder(self.folder)))
            }
            "conversationId" => json!(self.conversation()),
            "conversationIndex" => json!("AQHcW2P1AAAAAAAAAAAAAAAAAAAAAA=="),
            "isDeliveryReceiptRequested" => json!(self.header("Return-Receipt-To").is_some()),
            "isReadReceiptRequested" => {
                json!(self.header("Disposition-Notification-To").is_some())
            }
            "isRead" => json!(flags.has(Flags::SEEN)),
            "isDraft" => json!(flags.has(Flags::DRAFT)),
            "webLink" => json!(format!(
                "https://outlook.office365.com/owa/?ItemID={}&exvsurl=1&viewmodel=ReadMessageItem",
                self.id()
            )),
            "inferenceClassification" => json!("focused"),
            "body" => self.body(),
            "from" => self.person("From"),
            "sender" => match self.person("Sender") {
                Value::Null => self.person("From"),
                sender => sender,
            },
            "toRecipients" => self.people("To"),
            "ccRecipients" => self.people("Cc"),
            "bccRecipients" => self.people("Bcc"),
            "replyTo" => self.people("Reply-To"),
            "flag" => json!({"flagStatus": flag_status(flags, self.extra.is_complete)}),
            "internetMessageHeaders" => self.headers(),
            _ => return None,
        })
    }

    fn sent(&self) -> String {
        let date = self.header("Date");
        let sent = date.and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
        sent.map_or_else(
            || time(self.message.received),
            |sent| time(sent.timestamp()),
        )
    }

    fn importance(&self) -> &'static str {
        match self
            .header("Importance")
            .map(|level| level.to_ascii_lowercase())
        {
            Some(level) if level == "high" => "high",
            Some(level) if level == "low" => "low",
            _ => "normal",
        }
    }

    /// Messages of one thread have one id: that of the first message it names.
    fn conversation(&self) -> String {
        use base64::Engine as _;
        let references = self
            .header("References")
            .or_else(|| self.header("In-Reply-To"));
        let first = references.and_then(|list| list.split_whitespace().next().map(str::to_owned));
        let first = first
            .or_else(|| self.header("Message-ID"))
            .unwrap_or_default();
        let id = format!("{}{}", guid(&self.desk.place.mailbox), guid(&first));
        format!(
            "AAQk{}",
            base64::engine::general_purpose::URL_SAFE.encode(id)
        )
    }

    fn body(&self) -> Value {
        let (text, html) = bodies(&self.message.bytes);
        let wanted = self.desk.call.preference("outlook.body-content-type");
        let is_text = wanted.is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
        match (text, html) {
            (_, Some(html)) if !is_text => json!({"contentType": "html", "content": html}),
            (Some(text), _) => json!({"contentType": "text", "content": text}),
            _ => json!({"contentType": "text", "content": plain_text(&self.message.bytes)}),
        }
    }

    fn people(&self, name: &str) -> Value {
        let list = addresses(&self.header(name).unwrap_or_default());
        let people = list.iter().map(|person| {
            let name = decode_words(&person.name);
            let name = if name.is_empty() {
                person.email.clone()
            } else {
                name
            };
            json!({"emailAddress": {"name": name, "address": person.email}})
        });
        Value::Array(people.collect())
    }

    fn person(&self, name: &str) -> Value {
        match self.people(name) {
            Value::Array(mut people) if !people.is_empty() => people.swap_remove(0),
            _ => Value::Null,
        }
    }

    fn headers(&self) -> Value {
        let unicode = header_in_unicode(self.header);
        let all = fields(&unicode).map(
            |field| json!({"name": String::from_utf8_lossy(field.name), "value": field.value()}),
        );
        Value::Array(all.collect())
    }

    /// Returns a MAPI property; its id comes back in the shortest writing, as from Exchange.
    fn extended(&self, id: &str) -> Option<Value> {
        let (kind, _) = id.split_once(' ')?;
        let tag = tag(id)?;
        let flags = self.message.flags;
        let value = match tag {
            0x0E08 => self.message.bytes.len().to_string(),
            MESSAGE_FLAGS => {
                let bit = |flag, bit: u32| if flags.has(flag) { bit } else { 0 };
                (bit(Flags::SEEN, 1) | bit(Flags::DRAFT, 8)).to_string()
            }
            LAST_VERB if flags.has(Flags::ANSWERED) => "102".to_owned(),
            LAST_VERB if self.extra.is_forwarded => "104".to_owned(),
            0x1080 if flags.has(Flags::ANSWERED) => "261".to_owned(),
            0x1080 if self.extra.is_forwarded => "262".to_owned(),
            0x1090 if flags.has(Flags::FLAGGED) => "2".to_owned(),
            0x1090 if self.extra.is_complete => "1".to_owned(),
            0x007D => String::from_utf8_lossy(self.header).into_owned(),
            0x1035 => self.header("Message-ID")?,
            IN_REPLY_TO => self.header("In-Reply-To")?,
            REFERENCES => self.header("References")?,
            SUBMITTED => self.sent(),
            DELIVERED => time(self.message.received),
            _ => return None,
        };
        Some(json!({"id": format!("{kind} 0x{tag:x}"), "value": value}))
    }

    fn file(&self, file: &File) -> Value {
        let name = name(self.desk, self.folder, self.message.key);
        let bytes = content(&self.message.bytes, &file.part);
        let mut object = json!({
            "@odata.type": "#microsoft.graph.fileAttachment",
            "@odata.mediaContentType": format!("{}/{}", file.part.media, file.part.subtype),
            "id": write(&self.desk.place.mailbox, Id::Attachment(name, file.index)),
            "lastModifiedDateTime": time(self.message.received),
            "name": file.name,
            "contentType": format!("{}/{}", file.part.media, file.part.subtype),
            "size": bytes.len(),
            "isInline": file.is_inline,
            "contentId": file.content_id,
            "contentLocation": null,
        });
        let (name, value) = if file.is_message {
            ("@odata.type", json!("#microsoft.graph.itemAttachment"))
        } else {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            ("contentBytes", json!(text))
        };
        if let Some(object) = object.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
        object
    }
}

fn preview(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(PREVIEW).collect()
}

/// Returns both writings of an id's form for a translation.
pub fn form_of(kind: &str) -> Option<IdForm> {
    match kind.to_ascii_lowercase().as_str() {
        "restid" | "ewsid" | "entryid" => Some(IdForm::Default),
        "restimmutableentryid" | "immutableentryid" => Some(IdForm::Immutable),
        _ => None,
    }
}
