//! Holds a request against the schema and words a violation as .NET's validator does, for that is what clients see.

use super::read::{Node, Space, is_true};
use super::refusal::Refusal;
use super::rules::{NEWER, RULES};
use super::{Version, Xml};

/// Checks an element against the rule of that name.
pub fn check(node: &Node, rule: &str, document: &[u8]) -> Result<(), Refusal> {
    visit(node, rule).map_err(|(at, violation)| refusal(&violation, at, document))
}

/// Refuses what is newer than the version that the client asked for.
pub fn check_version(node: &Node, version: Version) -> Result<(), Refusal> {
    let is_new = |name: &str| {
        let mut newer = NEWER.iter();
        let found = newer.find(|(newer, _)| *newer == name);
        found.is_some_and(|(_, since)| Version::named(since) > Some(version))
    };
    let is_element_new = node.space == Space::Types && is_new(&node.name);
    let mut attributes = node.attributes.iter();
    if is_element_new || attributes.any(|(name, value)| is_new(name) || is_new(value)) {
        let text = "The request's schema version is not supported for what it asks.";
        return Err(Refusal::with("ErrorIncorrectSchemaVersion", text));
    }
    let mut children = node.children.iter();
    children.try_for_each(|child| check_version(child, version))
}

/// Returns the refusal that a violation is answered with.
pub fn refusal(violation: &str, at: usize, document: &[u8]) -> Refusal {
    let before = document.get(..at).unwrap_or(document);
    let lines: Vec<&[u8]> = before.split(|byte| *byte == b'\n').collect();
    let line = lines.len();
    let position = lines.last().map_or(0, |last| last.len()) + 2;
    let mut details = Xml::new();
    details
        .number("t:LineNumber", line)
        .number("t:LinePosition", position)
        .text("t:Violation", violation);
    let text = format!("The request failed schema validation: {violation}");
    Refusal {
        details: Some(details.done()),
        ..Refusal::with("ErrorSchemaValidation", text)
    }
}

type Violation = (usize, String);

/// A line of the rules.
struct Rule {
    space: Space,
    attributes: &'static str,
    content: &'static str,
}

fn rule(name: &str) -> Option<Rule> {
    RULES.lines().find_map(|line| {
        let (space, rest) = line.split_once(' ')?;
        let (found, rest) = rest.split_once(" |")?;
        let (attributes, content) = rest.split_once('|')?;
        let space = match space {
            "m" => Space::Messages,
            "t" => Space::Types,
            _ => return None,
        };
        (found == name).then(|| Rule {
            space,
            attributes: attributes.trim(),
            content: content.trim(),
        })
    })
}

fn values(name: &str) -> Option<&'static str> {
    RULES.lines().find_map(|line| {
        let (found, values) = line.strip_prefix("e ")?.split_once(" | ")?;
        (found == name).then_some(values)
    })
}

fn visit(node: &Node, name: &str) -> Result<(), Violation> {
    let Some(rule) = rule(name) else {
        return check_text(node, name);
    };
    if rule.content == "any" {
        return Ok(());
    }
    check_attributes(node, rule.attributes)?;
    match rule.content.strip_prefix('=') {
        Some(kind) => check_text(node, kind),
        None => check_children(node, &rule),
    }
}

fn check_attributes(node: &Node, rules: &str) -> Result<(), Violation> {
    let fail = |text: String| Err((node.at, text));
    let rules: Vec<(&str, &str, bool)> = rules
        .split_whitespace()
        .filter_map(|rule| {
            let (name, kind) = rule.split_once(['!', '?'])?;
            Some((name, kind, rule.contains('!')))
        })
        .collect();
    for (name, value) in &node.attributes {
        let Some((_, kind, _)) = rules.iter().find(|(known, _, _)| known == name) else {
            return fail(format!("The '{name}' attribute is not declared."));
        };
        if let Some(why) = wrong(value, kind) {
            return fail(format!("The '{name}' attribute is invalid - {why}"));
        }
    }
    let missing = rules
        .iter()
        .find(|(name, _, must)| *must && node.attribute(name).is_none());
    match missing {
        Some((name, _, _)) => fail(format!("The required attribute '{name}' is missing.")),
        None => Ok(()),
    }
}

fn check_text(node: &Node, kind: &str) -> Result<(), Violation> {
    let space = node.space.name();
    if let Some(child) = node.children.first() {
        let text = format!(
            "The element '{}' in namespace '{space}' cannot contain child element '{}' in namespace '{}' because the parent element's content model is text only.",
            node.name,
            child.name,
            child.space.name()
        );
        return Err((child.at, text));
    }
    match wrong(&node.text, kind) {
        Some(why) => {
            let text = format!("The '{space}:{}' element is invalid - {why}", node.name);
            Err((node.at, text))
        }
        None => Ok(()),
    }
}

/// A place in a sequence.
struct Piece {
    alternatives: Vec<(&'static str, &'static str)>,
    is_needed: bool,
    is_repeated: bool,
}

fn piece(text: &'static str) -> Piece {
    let bare = text.trim_end_matches(['?', '*', '+']);
    Piece {
        alternatives: bare
            .split('/')
            .filter_map(|one| one.split_once(':'))
            .collect(),
        is_needed: !text.ends_with(['?', '*']),
        is_repeated: text.ends_with(['*', '+']),
    }
}

fn check_children(node: &Node, rule: &Rule) -> Result<(), Violation> {
    let names = rule.content.split_whitespace().filter(|text| *text != "-");
    let pieces: Vec<Piece> = names.map(piece).collect();
    if !node.text.trim().is_empty() {
        let text = format!(
            "The element '{}' in namespace '{}' cannot contain text.{}",
            node.name,
            node.space.name(),
            expected(&pieces, rule.space)
        );
        return Err((node.at, text));
    }
    // What comes after counts; a piece that may come again stays until another one fits.
    let mut rest = pieces.as_slice();
    let mut is_met = false;
    for child in &node.children {
        let found = find(rest, is_met, child, rule.space);
        let Some((at, kind)) = found else {
            let open = rest.get(usize::from(is_met && !may_repeat(rest))..);
            return Err(unexpected(
                node,
                child,
                open.unwrap_or_default(),
                rule.space,
            ));
        };
        visit(child, kind)?;
        rest = rest.get(at..).unwrap_or_default();
        is_met = true;
    }
    let open = rest.get(usize::from(is_met)..).unwrap_or_default();
    if open.iter().any(|piece| piece.is_needed) {
        let text = format!(
            "The element '{}' in namespace '{}' has incomplete content.{}",
            node.name,
            node.space.name(),
            expected(open, rule.space)
        );
        return Err((node.at, text));
    }
    Ok(())
}

fn may_repeat(rest: &[Piece]) -> bool {
    rest.first().is_some_and(|piece| piece.is_repeated)
}

/// Returns the place of the piece that takes the child, and its type.
fn find(rest: &[Piece], is_met: bool, child: &Node, space: Space) -> Option<(usize, &'static str)> {
    for (at, piece) in rest.iter().enumerate() {
        let is_used = at == 0 && is_met;
        let fits = |name: &str| name == child.name && child.space == space;
        let mut alternatives = piece.alternatives.iter();
        let found = alternatives.find(|(name, _)| fits(name));
        if let Some((_, kind)) = found.filter(|_| !is_used || piece.is_repeated) {
            return Some((at, kind));
        }
        if piece.is_needed && !is_used {
            return None;
        }
    }
    None
}

fn unexpected(node: &Node, child: &Node, open: &[Piece], space: Space) -> Violation {
    let text = format!(
        "The element '{}' in namespace '{}' has invalid child element '{}' in namespace '{}'.{}",
        node.name,
        node.space.name(),
        child.name,
        child.space.name(),
        expected(open, space)
    );
    (child.at, text)
}

/// Lists what could have come, up to the first thing that must.
fn expected(open: &[Piece], space: Space) -> String {
    let until = open.iter().position(|piece| piece.is_needed);
    let could = open.get(..until.map_or(open.len(), |at| at + 1));
    let names: Vec<&str> = could
        .unwrap_or_default()
        .iter()
        .flat_map(|piece| piece.alternatives.iter().map(|(name, _)| *name))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        " List of possible elements expected: '{}' in namespace '{}'.",
        names.join(", "),
        space.name()
    )
}

/// Tells why a value is not of its type.
fn wrong(value: &str, kind: &str) -> Option<String> {
    let text = value.trim();
    let is_right = match kind {
        "string" => true,
        "nonempty" => !value.is_empty(),
        "boolean" => is_true(text) || matches!(text, "false" | "0"),
        "int" => text.parse::<i32>().is_ok(),
        "MaxSyncChangesReturnedType" => text.parse().is_ok_and(|n: i32| (1..=512).contains(&n)),
        "ConnectionTimeout" => text.parse().is_ok_and(|n: i32| (1..=30).contains(&n)),
        "base64Binary" => is_base64(text),
        "dateTime" => is_date_time(text),
        "PropertyTagType" => is_property_tag(text),
        "UnindexedFieldURIType" => is_field(text),
        other => values(other).is_some_and(|values| values.split(' ').any(|one| one == text)),
    };
    let (space, failed) = match kind {
        "boolean" | "int" | "dateTime" | "base64Binary" => (
            "http://www.w3.org/2001/XMLSchema:",
            format!("The string '{value}' is not a valid value."),
        ),
        "MaxSyncChangesReturnedType" | "ConnectionTimeout" => (
            TYPES,
            "The MinInclusive or MaxInclusive constraint failed.".to_owned(),
        ),
        "nonempty" | "PropertyTagType" => (
            TYPES,
            "The Pattern or MinLength constraint failed.".to_owned(),
        ),
        _ => (TYPES, "The Enumeration constraint failed.".to_owned()),
    };
    let kind = if kind == "nonempty" {
        "NonEmptyStringType"
    } else {
        kind
    };
    (!is_right).then(|| {
        format!(
            "The value '{value}' is invalid according to its datatype '{space}{kind}' - {failed}"
        )
    })
}

const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types:";

fn is_base64(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "+/= \r\n\t".contains(c);
    text.chars().all(is_letter)
}

/// XML Schema's `dateTime`; the zone may be missing.
fn is_date_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || text.contains('T') && text.parse::<jiff::civil::DateTime>().is_ok()
}

/// Decimal, or hexadecimal with up to four digits.
fn is_property_tag(text: &str) -> bool {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16).is_ok(),
        None => text.parse::<u16>().is_ok(),
    }
}

/// Mail's and folders' fields are known one by one; of the others only the kind.
fn is_field(text: &str) -> bool {
    let Some((kind, name)) = text.split_once(':') else {
        return false;
    };
    match values(kind) {
        Some(names) => names.split(' ').any(|known| known == name),
        None => [
            "calendar",
            "contacts",
            "task",
            "meeting",
            "meetingRequest",
            "distributionlist",
            "postitem",
            "conversation",
            "persona",
            "person",
            "abchperson",
            "network",
            "insight",
            "booking",
            "rolemember",
        ]
        .contains(&kind),
    }
}
