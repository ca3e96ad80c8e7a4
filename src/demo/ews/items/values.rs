//! Properties with one value: as text for answers, as values for searching and sorting.

use jiff::Timestamp;

use super::mail::Mail;
use crate::demo::ews::search::{Value, Word};
use crate::demo::ews::shape::Path;
use crate::demo::ews::wire::is_true;
use crate::demo::mail_store::Flags;

/// Characters of a preview at most.
const PREVIEW: usize = 255;

/// Returns a moment as EWS writes it: whole seconds, UTC.
pub fn moment(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}

/// Returns a property as text; `None` if the message has none.
pub fn text(mail: &Mail<'_>, field: &str) -> Option<String> {
    Some(match field {
        "item:ConversationId" => {
            let first = mail
                .field("References")
                .or_else(|| mail.field("Message-ID"));
            first?.split_whitespace().next()?.to_owned()
        }
        "message:ConversationIndex" => mail.field("Thread-Index")?,
        "message:References" => mail.field("References")?,
        "item:InReplyTo" => mail.field("In-Reply-To")?,
        "message:InternetMessageId" => mail.field("Message-ID")?,
        field => match value_of(mail, field)? {
            Value::Text(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Flag(flag) => if flag { "true" } else { "false" }.to_owned(),
            Value::Time(time) => moment(time),
        },
    })
}

/// Returns the value of a property by its path.
pub fn value(mail: &Mail<'_>, path: &Path) -> Option<Value> {
    match path {
        Path::Field(name) => match name.as_str() {
            "message:From" | "message:Sender" => one_text(mail, "From"),
            "message:ToRecipients" => one_text(mail, "To"),
            "message:CcRecipients" => one_text(mail, "Cc"),
            "message:BccRecipients" => one_text(mail, "Bcc"),
            "item:Body" | "item:TextBody" => Some(Value::Text(mail.plain())),
            name => value_of(mail, name).or_else(|| text(mail, name).map(Value::Text)),
        },
        Path::Header(name) => mail.field(name).map(Value::Text),
        Path::Tag { tag, .. } => tag_value(mail, *tag),
        Path::Other => None,
    }
}

fn one_text(mail: &Mail<'_>, field: &str) -> Option<Value> {
    let people = mail.people(field);
    let texts: Vec<String> = people
        .into_iter()
        .map(|one| format!("{} {}", one.name, one.email))
        .collect();
    (!texts.is_empty()).then(|| Value::Text(texts.join("; ")))
}

fn value_of(mail: &Mail<'_>, field: &str) -> Option<Value> {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let flag = |flag: bool| Some(Value::Flag(flag));
    let has = |name: &str| mail.field(name).is_some();
    match field {
        "item:ItemClass" => text("IPM.Note"),
        "item:Subject" => mail.field("Subject").map(Value::Text),
        "message:ConversationTopic" => mail
            .field("Subject")
            .map(|subject| Value::Text(topic(&subject).to_owned())),
        "item:Sensitivity" => text("Normal"),
        "item:Importance" => text(importance(mail)),
        "item:Culture" => text("en-US"),
        "item:LastModifiedName" => mail
            .people("From")
            .into_iter()
            .next()
            .map(|one| Value::Text(one.name)),
        "item:DisplayTo" => Some(Value::Text(mail.display("To"))),
        "item:DisplayCc" => Some(Value::Text(mail.display("Cc"))),
        "item:DisplayBcc" => Some(Value::Text(mail.display("Bcc"))),
        "item:Preview" => Some(Value::Text(mail.plain().chars().take(PREVIEW).collect())),
        "item:DateTimeReceived" | "item:DateTimeCreated" | "item:LastModifiedTime" => {
            Some(Value::Time(mail.message.received))
        }
        "item:DateTimeSent" => Some(Value::Time(mail.sent())),
        "item:Size" => Some(Value::Number(
            i64::try_from(mail.message.bytes.len()).unwrap_or(i64::MAX),
        )),
        "item:IsSubmitted"
        | "item:IsResend"
        | "item:IsFromMe"
        | "item:ReminderIsSet"
        | "item:IsAssociated"
        | "message:IsResponseRequested" => flag(false),
        "item:IsDraft" => flag(mail.has(Flags::DRAFT)),
        "item:IsUnmodified" => flag(!mail.has(Flags::DRAFT)),
        "item:HasAttachments" => flag(mail.attachments().iter().any(|one| !one.is_inline)),
        "message:IsRead" => flag(mail.has(Flags::SEEN)),
        "message:IsReadReceiptRequested" => flag(has("Disposition-Notification-To")),
        "message:IsDeliveryReceiptRequested" => flag(has("Return-Receipt-To")),
        _ => None,
    }
}

fn topic(subject: &str) -> &str {
    let mut topic = subject;
    while let Some(rest) = topic
        .strip_prefix("Re: ")
        .or_else(|| topic.strip_prefix("Fw: "))
    {
        topic = rest;
    }
    topic
}

fn importance(mail: &Mail<'_>) -> &'static str {
    let said = mail.field("Importance").unwrap_or_default().to_lowercase();
    let priority = mail.field("X-Priority").unwrap_or_default();
    match (said.as_str(), priority.chars().next()) {
        ("high", _) | ("", Some('1' | '2')) => "High",
        ("low", _) | ("", Some('4' | '5')) => "Low",
        _ => "Normal",
    }
}

/// Returns a property by its tag, as text.
pub fn tag_text(mail: &Mail<'_>, tag: u16) -> Option<String> {
    Some(match tag_value(mail, tag)? {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Time(time) => moment(time),
    })
}

/// The tags clients of mail ask for ([MS-OXPROPS]).
fn tag_value(mail: &Mail<'_>, tag: u16) -> Option<Value> {
    let number = |number: i64| Some(Value::Number(number));
    match tag {
        // PidTagMessageFlags, PidTagMessageSize, PidTagFlagStatus, PidTagLastVerbExecuted.
        0x0E07 => number(mail.message_flags()),
        0x0E08 => value_of(mail, "item:Size"),
        0x1090 => mail.has(Flags::FLAGGED).then_some(Value::Number(2)),
        0x1081 => mail.has(Flags::ANSWERED).then_some(Value::Number(102)),
        0x0037 => value_of(mail, "item:Subject"),
        0x001A => value_of(mail, "item:ItemClass"),
        0x007D => Some(Value::Text(mail.header())),
        0x1035 => mail.field("Message-ID").map(Value::Text),
        0x1039 => mail.field("References").map(Value::Text),
        0x1042 => mail.field("In-Reply-To").map(Value::Text),
        0x0E06 | 0x3007 | 0x3008 => Some(Value::Time(mail.message.received)),
        0x0039 => Some(Value::Time(mail.sent())),
        0x0E1B => value_of(mail, "item:HasAttachments"),
        0x0E69 => value_of(mail, "message:IsRead"),
        _ => None,
    }
}

/// Tells whether a message has a word of a query.
pub fn has_word(mail: &Mail<'_>, word: &Word) -> bool {
    let is_in = |text: &str| text.to_lowercase().contains(&word.text);
    let in_people = |fields: &[&str]| {
        let mut people = fields.iter().flat_map(|field| mail.people(field));
        people.any(|one| is_in(&one.name) || is_in(&one.email))
    };
    let in_subject = || mail.field("Subject").is_some_and(|subject| is_in(&subject));
    let wants = is_true(&word.text) || word.text == "yes";
    let found = match word.key.as_str() {
        "from" => in_people(&["From"]),
        "to" => in_people(&["To"]),
        "cc" => in_people(&["Cc"]),
        "bcc" => in_people(&["Bcc"]),
        "participants" => in_people(&["From", "To", "Cc", "Bcc"]),
        "subject" => in_subject(),
        "body" => is_in(&mail.plain()),
        "kind" => word.text == "email",
        "isread" => mail.has(Flags::SEEN) == wants,
        "isflagged" => mail.has(Flags::FLAGGED) == wants,
        "hasattachment" | "hasattachments" => mail.attachments().is_empty() != wants,
        "attachment" => mail.attachments().iter().any(|one| is_in(&one.name)),
        _ => in_subject() || in_people(&["From", "To", "Cc"]) || is_in(&mail.plain()),
    };
    found != word.is_not
}
