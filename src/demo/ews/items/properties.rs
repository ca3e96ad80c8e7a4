//! Writes an item's properties, in the schema's order and as the shape asks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mail::{Mail, Someone};
use super::values::{tag_text, text};
use crate::demo::ews::folders::rights;
use crate::demo::ews::shape::{Base, Path, Shape};
use crate::demo::ews::wire::{ItemRef, Xml, attachment_id, change_key, folder_key};
use crate::demo::mail_store::Flags;
use crate::demo::people::is_known;

/// All properties with their elements, in the order of `ItemType` and `MessageType`.
const ORDER: &[(&str, &str)] = &[
    ("item:MimeContent", "t:MimeContent"),
    ("item:ItemId", "t:ItemId"),
    ("item:ParentFolderId", "t:ParentFolderId"),
    ("item:ItemClass", "t:ItemClass"),
    ("item:Subject", "t:Subject"),
    ("item:Sensitivity", "t:Sensitivity"),
    ("item:Body", "t:Body"),
    ("item:Attachments", "t:Attachments"),
    ("item:DateTimeReceived", "t:DateTimeReceived"),
    ("item:Size", "t:Size"),
    ("item:Importance", "t:Importance"),
    ("item:InReplyTo", "t:InReplyTo"),
    ("item:IsSubmitted", "t:IsSubmitted"),
    ("item:IsDraft", "t:IsDraft"),
    ("item:IsFromMe", "t:IsFromMe"),
    ("item:IsResend", "t:IsResend"),
    ("item:IsUnmodified", "t:IsUnmodified"),
    ("item:InternetMessageHeaders", "t:InternetMessageHeaders"),
    ("item:DateTimeSent", "t:DateTimeSent"),
    ("item:DateTimeCreated", "t:DateTimeCreated"),
    ("item:ReminderIsSet", "t:ReminderIsSet"),
    ("item:DisplayCc", "t:DisplayCc"),
    ("item:DisplayTo", "t:DisplayTo"),
    ("item:DisplayBcc", "t:DisplayBcc"),
    ("item:HasAttachments", "t:HasAttachments"),
    ("", "t:ExtendedProperty"),
    ("item:Culture", "t:Culture"),
    ("item:EffectiveRights", "t:EffectiveRights"),
    ("item:LastModifiedName", "t:LastModifiedName"),
    ("item:LastModifiedTime", "t:LastModifiedTime"),
    ("item:IsAssociated", "t:IsAssociated"),
    ("item:ConversationId", "t:ConversationId"),
    ("item:Flag", "t:Flag"),
    ("item:InstanceKey", "t:InstanceKey"),
    ("item:Preview", "t:Preview"),
    ("item:TextBody", "t:TextBody"),
    ("message:Sender", "t:Sender"),
    ("message:ToRecipients", "t:ToRecipients"),
    ("message:CcRecipients", "t:CcRecipients"),
    ("message:BccRecipients", "t:BccRecipients"),
    ("message:IsReadReceiptRequested", "t:IsReadReceiptRequested"),
    (
        "message:IsDeliveryReceiptRequested",
        "t:IsDeliveryReceiptRequested",
    ),
    ("message:ConversationIndex", "t:ConversationIndex"),
    ("message:ConversationTopic", "t:ConversationTopic"),
    ("message:From", "t:From"),
    ("message:InternetMessageId", "t:InternetMessageId"),
    ("message:IsRead", "t:IsRead"),
    ("message:IsResponseRequested", "t:IsResponseRequested"),
    ("message:References", "t:References"),
    ("message:ReplyTo", "t:ReplyTo"),
];

/// The `Default` shape of mail.
const DEFAULT: &[&str] = &[
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:Attachments",
    "item:Size",
    "item:DateTimeSent",
    "item:DateTimeCreated",
    "item:HasAttachments",
    "item:IsAssociated",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:IsReadReceiptRequested",
    "message:IsDeliveryReceiptRequested",
    "message:From",
    "message:IsRead",
];

/// What lists never tell; only `GetItem` does.
const NOT_IN_LISTS: &[&str] = &[
    "item:MimeContent",
    "item:Body",
    "item:Attachments",
    "item:InternetMessageHeaders",
    "item:TextBody",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:ReplyTo",
];

/// What lists are refused for.
pub const REFUSED_IN_LISTS: &[&str] = &[
    "item:MimeContent",
    "item:Body",
    "item:UniqueBody",
    "item:NormalizedBody",
    "item:TextBody",
    "item:Attachments",
];

/// Which operation tells the properties.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Teller {
    /// `GetItem`: everything.
    Get,
    /// `FindItem`: no bodies, no recipients, authors by name.
    Find,
    /// `SyncFolderItems`: the same, but authors with their address.
    Sync,
}

/// An item to be written.
pub struct Item<'a> {
    /// The message.
    pub mail: Mail<'a>,
    /// What names it.
    pub id: ItemRef,
    /// What the client wants.
    pub shape: &'a Shape,
    /// Who tells.
    pub teller: Teller,
    /// Whether elements are added that no client knows.
    pub is_odd: bool,
}

impl Item<'_> {
    /// Writes the item.
    pub fn write(&self, xml: &mut Xml) {
        xml.open("t:Message");
        for (field, element) in ORDER {
            if field.is_empty() {
                self.write_extended(xml);
            } else if self.wants(field) {
                self.write_one(xml, field, element);
            }
        }
        if self.is_odd {
            xml.open_with("t:Barnacles", &[("Count", "7")]);
            xml.text("t:Barnacle", "Semibalanus").close();
        }
        xml.close();
    }

    fn wants(&self, field: &str) -> bool {
        if field == "item:ItemId" {
            return true;
        }
        if self.teller != Teller::Get && NOT_IN_LISTS.contains(&field) {
            return false;
        }
        let is_header =
            field == "item:InternetMessageHeaders" && self.shape.headers().next().is_some();
        let is_named = is_header || self.shape.names(field);
        match (field, self.shape.base) {
            ("item:MimeContent", _) => is_named || self.shape.is_mime,
            (_, Base::All) => field != "item:TextBody" || is_named,
            (field, Base::Default) => is_named || DEFAULT.contains(&field),
            (_, Base::IdOnly) => is_named,
        }
    }

    fn write_one(&self, xml: &mut Xml, field: &str, element: &'static str) {
        let mail = &self.mail;
        match field {
            "item:ItemId" => {
                let key = change_key(mail.message.revision);
                xml.empty(element, &[("Id", &self.id.id()), ("ChangeKey", &key)]);
            }
            "item:ParentFolderId" => {
                let id = self.id.at.id();
                xml.empty(element, &[("Id", &id), ("ChangeKey", &folder_key(1))]);
            }
            "item:MimeContent" => {
                let bytes = STANDARD.encode(&mail.message.bytes);
                xml.text_with(element, &[("CharacterSet", "UTF-8")], &bytes);
            }
            "item:Body" => self.write_body(xml),
            "item:TextBody" => {
                xml.text_with(element, &[("BodyType", "Text")], &mail.plain());
            }
            "item:Attachments" => write_attachments(xml, mail, &self.id),
            "item:InternetMessageHeaders" => self.write_headers(xml, element),
            "item:EffectiveRights" => rights(xml),
            "item:ConversationId" => {
                let id = STANDARD.encode(text(mail, field).unwrap_or_default());
                xml.empty(element, &[("Id", &id)]);
            }
            "item:Flag" => {
                let is_flagged = mail.has(Flags::FLAGGED);
                let status = if is_flagged { "Flagged" } else { "NotFlagged" };
                xml.open(element).text("t:FlagStatus", status).close();
            }
            "message:From" | "message:Sender" => self.write_author(xml, field, element),
            "message:ToRecipients" => people(xml, element, &mail.people("To")),
            "message:CcRecipients" => people(xml, element, &mail.people("Cc")),
            "message:BccRecipients" => people(xml, element, &mail.people("Bcc")),
            "message:ReplyTo" => people(xml, element, &mail.people("Reply-To")),
            field => {
                if let Some(value) = text(mail, field) {
                    xml.text(element, &value);
                }
            }
        }
    }

    /// Writes all header fields, or those that are asked for one by one.
    fn write_headers(&self, xml: &mut Xml, element: &'static str) {
        let is_all =
            self.shape.base == Base::All || self.shape.names("item:InternetMessageHeaders");
        let is_asked = |name: &str| {
            let mut headers = self.shape.headers();
            headers.any(|header| header.eq_ignore_ascii_case(name))
        };
        let mut found = self.mail.fields();
        found.retain(|(name, _)| is_all || is_asked(name));
        if found.is_empty() {
            return;
        }
        xml.open(element);
        for (name, value) in found {
            xml.text_with("t:InternetMessageHeader", &[("HeaderName", &name)], &value);
        }
        xml.close();
    }

    fn write_author(&self, xml: &mut Xml, field: &str, element: &'static str) {
        let mut found = match field {
            "message:Sender" => self.mail.people("Sender"),
            _ => Vec::new(),
        };
        if found.is_empty() {
            found = self.mail.people("From");
        }
        let Some(author) = found.first() else {
            return;
        };
        xml.open(element);
        if self.teller == Teller::Find {
            xml.open("t:Mailbox").text("t:Name", &author.name).close();
        } else {
            mailbox(xml, author);
        }
        xml.close();
    }

    fn write_body(&self, xml: &mut Xml) {
        let html = self.mail.html();
        let (kind, body) = match (self.shape.body.as_str(), html) {
            ("Text", _) | ("Best", None) => ("Text", self.mail.plain()),
            (_, Some(html)) => ("HTML", html),
            (_, None) => ("HTML", as_html(&self.mail.plain())),
        };
        xml.text_with(
            "t:Body",
            &[("BodyType", kind), ("IsTruncated", "false")],
            &body,
        );
    }

    fn write_extended(&self, xml: &mut Xml) {
        for path in &self.shape.paths {
            let Path::Tag { tag, kind } = path else {
                continue;
            };
            let Some(value) = tag_text(&self.mail, *tag) else {
                continue;
            };
            let tag = format!("0x{tag:x}");
            xml.open("t:ExtendedProperty")
                .empty(
                    "t:ExtendedFieldURI",
                    &[("PropertyTag", &tag), ("PropertyType", kind)],
                )
                .text("t:Value", &value)
                .close();
        }
    }
}

fn people(xml: &mut Xml, element: &'static str, people: &[Someone]) {
    if people.is_empty() {
        return;
    }
    xml.open(element);
    for one in people {
        mailbox(xml, one);
    }
    xml.close();
}

fn mailbox(xml: &mut Xml, one: &Someone) {
    let kind = if is_known(&one.email) {
        "Mailbox"
    } else {
        "OneOff"
    };
    xml.open("t:Mailbox")
        .text("t:Name", &one.name)
        .text("t:EmailAddress", &one.email)
        .text("t:RoutingType", "SMTP")
        .text("t:MailboxType", kind)
        .close();
}

fn write_attachments(xml: &mut Xml, mail: &Mail<'_>, id: &ItemRef) {
    let attachments = mail.attachments();
    if attachments.is_empty() {
        return;
    }
    xml.open("t:Attachments");
    for (number, attachment) in (0_u32..).zip(&attachments) {
        let is_message = attachment.is_message();
        xml.open(if is_message {
            "t:ItemAttachment"
        } else {
            "t:FileAttachment"
        });
        xml.empty("t:AttachmentId", &[("Id", &attachment_id(id, number))])
            .text("t:Name", &attachment.name);
        if !is_message {
            xml.text("t:ContentType", &attachment.content_type());
        }
        if let Some(content_id) = &attachment.content_id {
            xml.text("t:ContentId", content_id);
        }
        xml.number("t:Size", attachment.part.body.len())
            .text(
                "t:LastModifiedTime",
                &super::values::moment(mail.message.received),
            )
            .flag("t:IsInline", attachment.is_inline);
        if !is_message {
            xml.flag("t:IsContactPhoto", false);
        }
        xml.close();
    }
    xml.close();
}

fn as_html(text: &str) -> String {
    let text = quick_xml::escape::escape(text).replace("\r\n", "<br>\r\n");
    format!(
        "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body>{text}</body></html>\r\n"
    )
}
