//! What belongs to no mailbox: the address book, time zones, and the formats of ids.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::context::Reply;
use super::wire::{Node, Refusal, Xml, read_folder, read_item};
use crate::demo::people::{ADA, COLLEAGUES, SHARED};

/// Candidates of a name at most.
const MAX_RESOLUTIONS: usize = 100;

/// Answers `ResolveNames`: the one entry, by the beginning of any word of a name or of the address.
pub fn resolve(request: &Node) -> Reply {
    let wanted = request
        .text_of("UnresolvedEntry")
        .unwrap_or_default()
        .trim();
    let wanted = wanted
        .strip_prefix("smtp:")
        .unwrap_or(wanted)
        .to_lowercase();
    let people = std::iter::once(ADA).chain(COLLEAGUES);
    let people = people.map(|person| (person.name, person.email, Some(person.job)));
    let shared = SHARED
        .iter()
        .map(|mailbox| (mailbox.name, mailbox.email, None));
    let found: Vec<_> = people
        .chain(shared)
        .filter(|(name, email, _)| fits(&wanted, name, email))
        .collect();
    if found.is_empty() {
        return Err(Refusal::of("ErrorNameResolutionNoResults"));
    }
    let is_last = if found.len() <= MAX_RESOLUTIONS {
        "true"
    } else {
        "false"
    };
    let is_full = request
        .attribute("ReturnFullContactData")
        .is_some_and(super::wire::is_true);
    let total = found.len().to_string();
    let mut xml = Xml::new();
    xml.open_with(
        "m:ResolutionSet",
        &[
            ("TotalItemsInView", &total),
            ("IncludesLastItemInRange", is_last),
        ],
    );
    for (name, email, job) in found.iter().take(MAX_RESOLUTIONS) {
        xml.open("t:Resolution").open("t:Mailbox");
        xml.text("t:Name", name)
            .text("t:EmailAddress", email)
            .text("t:RoutingType", "SMTP")
            .text("t:MailboxType", "Mailbox")
            .close();
        if is_full {
            contact(&mut xml, name, email, *job);
        }
        xml.close();
    }
    let xml = xml.done();
    if found.len() == 1 {
        return Ok(xml);
    }
    Err(Refusal {
        is_warning: true,
        details: Some(xml),
        ..Refusal::of("ErrorNameResolutionMultipleResults")
    })
}

fn fits(wanted: &str, name: &str, email: &str) -> bool {
    let mut words = name.split(' ').map(str::to_lowercase);
    !wanted.is_empty()
        && (email.starts_with(wanted)
            || name.to_lowercase().starts_with(wanted)
            || words.any(|word| word.starts_with(wanted)))
}

fn contact(xml: &mut Xml, name: &str, email: &str, job: Option<&str>) {
    xml.open("t:Contact")
        .text("t:DisplayName", name)
        .open("t:EmailAddresses")
        .text_with(
            "t:Entry",
            &[("Key", "EmailAddress1")],
            &format!("SMTP:{email}"),
        )
        .close()
        .text("t:ContactSource", "ActiveDirectory");
    if let Some(job) = job {
        xml.text("t:JobTitle", job);
    }
    xml.close();
}

/// Windows' names of some time zones.
const ZONES: &[(&str, &str)] = &[
    ("UTC", "(UTC) Coordinated Universal Time"),
    (
        "GMT Standard Time",
        "(UTC+00:00) Dublin, Edinburgh, Lisbon, London",
    ),
    (
        "W. Europe Standard Time",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    ),
    (
        "Romance Standard Time",
        "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris",
    ),
    (
        "Eastern Standard Time",
        "(UTC-05:00) Eastern Time (US & Canada)",
    ),
    (
        "Pacific Standard Time",
        "(UTC-08:00) Pacific Time (US & Canada)",
    ),
    ("Tokyo Standard Time", "(UTC+09:00) Osaka, Sapporo, Tokyo"),
];

/// Answers `GetServerTimeZones` with names.
pub fn time_zones(request: &Node) -> String {
    let ids: Vec<&str> = request
        .children_of("Ids")
        .iter()
        .map(|id| id.text.trim())
        .collect();
    let mut xml = Xml::new();
    xml.open("m:TimeZoneDefinitions");
    for (id, name) in ZONES
        .iter()
        .filter(|(id, _)| ids.is_empty() || ids.contains(id))
    {
        xml.empty("t:TimeZoneDefinition", &[("Name", name), ("Id", id)]);
    }
    xml.done()
}

/// Answers `ConvertId` between the formats that are other writings of the same bytes.
pub fn convert(request: &Node) -> Vec<Reply> {
    let format = request.attribute("DestinationFormat").unwrap_or_default();
    request
        .children_of("SourceIds")
        .iter()
        .map(|id| converted(id, format))
        .collect()
}

fn converted(node: &Node, format: &str) -> Reply {
    let attribute = |name: &str| node.attribute(name).unwrap_or_default();
    let malformed = || Refusal::of("ErrorInvalidIdMalformed");
    let text = attribute("Id");
    let id = match attribute("Format") {
        "HexEntryId" => STANDARD.encode(bytes_of(text).ok_or_else(malformed)?),
        "OwaId" => text
            .replace("%2b", "+")
            .replace("%2f", "/")
            .replace("%3d", "="),
        _ => text.to_owned(),
    };
    if read_item(&id).is_none() && read_folder(&id).is_none() {
        return Err(malformed());
    }
    let written = match format {
        "HexEntryId" => {
            let bytes = STANDARD.decode(&id).unwrap_or_default();
            bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02X}");
                text
            })
        }
        "OwaId" => id
            .replace('+', "%2b")
            .replace('/', "%2f")
            .replace('=', "%3d"),
        _ => id,
    };
    let mut xml = Xml::new();
    // The one element of EWS that says its type in words.
    xml.empty(
        "m:AlternateId",
        &[
            ("xmlns:q1", super::wire::Space::Types.name()),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            ("xsi:type", "q1:AlternateIdType"),
            ("Format", format),
            ("Id", &written),
            ("Mailbox", attribute("Mailbox")),
        ],
    );
    Ok(xml.done())
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| u8::try_from(c.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let pairs = digits.chunks_exact(2);
    Some(
        pairs
            .filter_map(|pair| Some(pair.first()? << 4 | pair.get(1)?))
            .collect(),
    )
}
