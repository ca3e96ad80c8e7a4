//! Which messages a `$filter` or a `$search` lets through.

use jiff::Timestamp;

use super::query::split_outside;
use super::rfc822::has_files;
use super::wire::Fault;
use crate::demo::mail_store::{Flags, Message};
use crate::demo::message::{addresses, decode_words, plain_text, split, value};

/// A condition on messages.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// Every one of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// Not this one.
    Not(Box<Condition>),
    /// A property compares so.
    Is(Property, Relation, String),
    /// A word of `$search` in this property, or anywhere.
    Word(Option<Property>, String),
}

/// What can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// `isRead`.
    IsRead,
    /// `isDraft`.
    IsDraft,
    /// `hasAttachments`.
    HasAttachments,
    /// `receivedDateTime`.
    Received,
    /// `flag/flagStatus`.
    FlagStatus,
    /// `internetMessageId`.
    MessageId,
    /// `subject`.
    Subject,
    /// `from/emailAddress/address`, `from:`.
    From,
    /// `to:`.
    To,
    /// `cc:`.
    Cc,
    /// `body:`.
    Body,
}

/// How two values compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `eq`.
    Equal,
    /// `ne`.
    Unequal,
    /// `ge`.
    AtLeast,
    /// `gt`.
    More,
    /// `le`.
    AtMost,
    /// `lt`.
    Less,
    /// `contains(…)`.
    Contains,
    /// `startswith(…)`.
    StartsWith,
}

/// Reads a `$filter`.
pub fn read_filter(text: &str) -> Result<Condition, Fault> {
    let text = text.trim();
    let any = split_outside(text, " or ");
    if any.len() > 1 {
        return any
            .into_iter()
            .map(read_filter)
            .collect::<Result<_, _>>()
            .map(Condition::Any);
    }
    let all = split_outside(text, " and ");
    if all.len() > 1 {
        return all
            .into_iter()
            .map(read_filter)
            .collect::<Result<_, _>>()
            .map(Condition::All);
    }
    if let Some(inner) = text.strip_prefix("not ") {
        return Ok(Condition::Not(Box::new(read_filter(inner)?)));
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        return read_filter(inner);
    }
    read_comparison(text)
}

fn invalid(text: &str) -> Fault {
    Fault::bad("BadRequest", &format!("Invalid filter clause: {text}"))
}

fn read_comparison(text: &str) -> Result<Condition, Fault> {
    for (name, relation) in [
        ("contains(", Relation::Contains),
        ("startswith(", Relation::StartsWith),
    ] {
        if let Some(inner) = text.strip_prefix(name).and_then(|t| t.strip_suffix(')')) {
            let (left, right) = inner.split_once(',').ok_or_else(|| invalid(text))?;
            let property = property(left.trim()).ok_or_else(|| invalid(text))?;
            return Ok(Condition::Is(property, relation, literal(right)));
        }
    }
    let mut words = text.splitn(3, ' ');
    let (Some(left), Some(relation), Some(right)) = (words.next(), words.next(), words.next())
    else {
        return Err(invalid(text));
    };
    let relation = match relation {
        "eq" => Relation::Equal,
        "ne" => Relation::Unequal,
        "ge" => Relation::AtLeast,
        "gt" => Relation::More,
        "le" => Relation::AtMost,
        "lt" => Relation::Less,
        _ => return Err(invalid(text)),
    };
    let property = property(left).ok_or_else(|| invalid(text))?;
    let right = literal(right);
    if property == Property::Received && right.parse::<Timestamp>().is_err() {
        return Err(invalid(text));
    }
    Ok(Condition::Is(property, relation, right))
}

fn literal(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(quoted) => quoted.replace("''", "'"),
        None => text.to_owned(),
    }
}

fn property(name: &str) -> Option<Property> {
    Some(match name {
        "isRead" => Property::IsRead,
        "isDraft" => Property::IsDraft,
        "hasAttachments" => Property::HasAttachments,
        "receivedDateTime" => Property::Received,
        "flag/flagStatus" => Property::FlagStatus,
        "internetMessageId" => Property::MessageId,
        "subject" => Property::Subject,
        "from/emailAddress/address" | "sender/emailAddress/address" => Property::From,
        _ => return None,
    })
}

/// Reads a `$search` in KQL: words, `property:word`, quotes, `AND`, `OR`, `NOT`.
pub fn read_search(text: &str) -> Result<Condition, Fault> {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .ok_or_else(|| Fault::bad("BadRequest", "Syntax error: character ':' is not valid at position 0. The $search value must be enclosed in double quotes."))?;
    let mut any = Vec::new();
    let mut all = Vec::new();
    let mut is_negated = false;
    for word in words(&inner.replace("\\\"", "\"")) {
        match word.as_str() {
            "AND" => continue,
            "NOT" => {
                is_negated = true;
                continue;
            }
            "OR" => {
                any.push(Condition::All(std::mem::take(&mut all)));
                continue;
            }
            _ => {}
        }
        let condition = read_word(&word);
        all.push(if std::mem::take(&mut is_negated) {
            Condition::Not(Box::new(condition))
        } else {
            condition
        });
    }
    any.push(Condition::All(all));
    Ok(Condition::Any(any))
}

/// Cuts at blanks outside double quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().into_iter().for_each(|word| word.push(c)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn read_word(word: &str) -> Condition {
    let clean = |text: &str| text.trim_end_matches('*').to_lowercase();
    let (name, rest) = word.split_once(':').unwrap_or(("", word));
    let property = match name.to_ascii_lowercase().as_str() {
        "subject" => Some(Property::Subject),
        "from" => Some(Property::From),
        "to" | "recipients" | "participants" => Some(Property::To),
        "cc" => Some(Property::Cc),
        "body" => Some(Property::Body),
        "hasattachment" | "hasattachments" => {
            return Condition::Is(Property::HasAttachments, Relation::Equal, clean(rest));
        }
        _ => return Condition::Word(None, clean(word)),
    };
    Condition::Word(property, clean(rest))
}

/// Tells whether a message fits; `is_complete` says whether its flag is done with.
pub fn fits(message: &Message, is_complete: bool, condition: &Condition) -> bool {
    match condition {
        Condition::All(all) => all.iter().all(|one| fits(message, is_complete, one)),
        Condition::Any(any) => any.iter().any(|one| fits(message, is_complete, one)),
        Condition::Not(one) => !fits(message, is_complete, one),
        Condition::Word(Some(property), word) => text_of(message, is_complete, *property)
            .to_lowercase()
            .contains(word),
        Condition::Word(None, word) => {
            let all = [
                Property::Subject,
                Property::From,
                Property::To,
                Property::Cc,
                Property::Body,
            ];
            all.into_iter().any(|property| {
                text_of(message, is_complete, property)
                    .to_lowercase()
                    .contains(word)
            })
        }
        Condition::Is(Property::Received, relation, wanted) => wanted
            .parse::<Timestamp>()
            .is_ok_and(|wanted| compares(&message.received, *relation, &wanted)),
        Condition::Is(Property::From, relation, wanted) => {
            let (header, _) = split(&message.bytes);
            let from = addresses(&value(header, "From").unwrap_or_default());
            from.iter()
                .any(|from| compares_text(&from.email, *relation, wanted))
        }
        Condition::Is(property, relation, wanted) => {
            compares_text(&text_of(message, is_complete, *property), *relation, wanted)
        }
    }
}

fn compares<T: PartialOrd>(left: &T, relation: Relation, right: &T) -> bool {
    match relation {
        Relation::Equal => left == right,
        Relation::Unequal => left != right,
        Relation::AtLeast => left >= right,
        Relation::More => left > right,
        Relation::AtMost => left <= right,
        Relation::Less => left < right,
        Relation::Contains | Relation::StartsWith => false,
    }
}

fn compares_text(left: &str, relation: Relation, right: &str) -> bool {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    match relation {
        Relation::Contains => left.contains(&right),
        Relation::StartsWith => left.starts_with(&right),
        relation => compares(&left, relation, &right),
    }
}

fn text_of(message: &Message, is_complete: bool, property: Property) -> String {
    let (header, _) = split(&message.bytes);
    let field = |name| decode_words(&value(header, name).unwrap_or_default());
    let flag = |flag| message.flags.has(flag).to_string();
    match property {
        Property::IsRead => flag(Flags::SEEN),
        Property::IsDraft => flag(Flags::DRAFT),
        Property::HasAttachments => has_files(&message.bytes).to_string(),
        Property::FlagStatus => flag_status(message.flags, is_complete).to_owned(),
        Property::MessageId => field("Message-ID"),
        Property::Subject => field("Subject"),
        Property::From => field("From"),
        Property::To => field("To"),
        Property::Cc => field("Cc"),
        Property::Body => plain_text(&message.bytes),
        Property::Received => String::new(),
    }
}

/// Returns `flag.flagStatus`.
pub fn flag_status(flags: Flags, is_complete: bool) -> &'static str {
    if flags.has(Flags::FLAGGED) {
        "flagged"
    } else if is_complete {
        "complete"
    } else {
        "notFlagged"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            uid: 1,
            flags: Flags::FLAGGED,
            received: "2026-11-22T10:00:00Z".parse().unwrap(),
            bytes: b"From: Ada <ada@x.example>\r\nTo: b@x.example\r\nSubject: The blue lamp\r\nMessage-ID: <1@x>\r\n\r\nIt's lit\r\n"
                .to_vec()
                .into(),
            revision: 1,
            settled: 1,
            key: 1,
        }
    }

    #[test]
    fn filters_compare_properties() {
        let check = |filter: &str, expected: bool| {
            let condition = read_filter(filter).unwrap();
            assert_eq!(fits(&message(), false, &condition), expected, "{filter}");
        };
        check("isRead eq false", true);
        check("isRead ne false", false);
        check("receivedDateTime ge 2026-11-22T10:00:00Z", true);
        check("receivedDateTime gt 2026-11-22T10:00:00Z", false);
        check(
            "receivedDateTime lt 2026-11-23T00:00:00Z and isRead eq true",
            false,
        );
        check("isRead eq true or flag/flagStatus eq 'flagged'", true);
        check("internetMessageId eq '<1@x>'", true);
        check("contains(subject,'BLUE')", true);
        check("startswith(subject, 'blue')", false);
        check("not (isRead eq true)", true);
        check("from/emailAddress/address eq 'ada@x.example'", true);
        for broken in [
            "",
            "isRead",
            "isRead is true",
            "tide eq 1",
            "receivedDateTime ge soon",
        ] {
            assert!(read_filter(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn searches_know_properties_quotes_and_or() {
        let check = |search: &str, expected: bool| {
            let condition = read_search(search).unwrap();
            assert_eq!(fits(&message(), false, &condition), expected, "{search}");
        };
        check("\"lamp\"", true);
        check("\"lamp lit\"", true);
        check("\"lamp red\"", false);
        check("\"red OR lamp\"", true);
        check("\"NOT red\"", true);
        check("\"subject:\\\"blue lamp\\\"\"", true);
        check("\"subject:lit\"", false);
        check("\"from:ada body:lit\"", true);
        check("\"to:ada\"", false);
        assert!(read_search("lamp").is_err());
    }
}
