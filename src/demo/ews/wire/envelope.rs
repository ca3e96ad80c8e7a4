//! SOAP envelopes: what was asked by whom in which version, and answers and faults around what an operation says.

use std::fmt::Write as _;

use super::read::{Node, Space, read};
use super::refusal::Refusal;
use super::schema::{check, check_version, refusal};
use super::write::Xml;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
const SERVER: &[(&str, &str)] = &[
    ("MajorVersion", "15"),
    ("MinorVersion", "20"),
    ("MajorBuildNumber", "9341"),
    ("MinorBuildNumber", "12"),
    // Exchange Online's own name for what it speaks; no client may send it back.
    ("Version", "V2018_01_08"),
];

/// `RequestServerVersion`, older ones smaller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version(usize);

const VERSIONS: &[&str] = &[
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2015",
    "Exchange2016",
    "V2015_10_05",
    "V2016_01_06",
    "V2016_04_13",
    "V2016_07_13",
    "V2016_10_10",
];

impl Version {
    /// Returns a version by its name, if this server speaks it.
    pub fn named(name: &str) -> Option<Self> {
        VERSIONS.iter().position(|known| *known == name).map(Self)
    }
}

/// Whom a client acts as (`ConnectingSID`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sid(pub String);

/// A request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Whom the client acts as, if it says so.
    pub sid: Option<Sid>,
    /// The operation.
    pub operation: Node,
}

/// Reads a request and holds it against the schema; `operations` are those this server has.
pub fn read_request(document: &[u8], operations: &[&str]) -> Result<Asked, Refusal> {
    let malformed = || Refusal::of("ErrorInvalidRequest");
    let envelope = read(document).ok_or_else(malformed)?;
    if envelope.space != Space::Soap || envelope.name != "Envelope" {
        return Err(malformed());
    }
    let mut version = Version::named("Exchange2007_SP1").unwrap_or(Version(0));
    let mut sid = None;
    for header in envelope.children_of("Header") {
        match header.name.as_str() {
            "RequestServerVersion" => version = version_of(header, document)?,
            "ExchangeImpersonation" => {
                check(header, "ExchangeImpersonation", document)?;
                let name = header
                    .child("ConnectingSID")
                    .and_then(|sid| sid.children.first());
                sid = name.map(|name| Sid(name.text.trim().to_owned()));
            }
            _ => {}
        }
    }
    let operation = envelope
        .child("Body")
        .and_then(|body| body.children.first());
    let operation = operation.ok_or_else(malformed)?;
    let is_known = operations.contains(&operation.name.as_str());
    if operation.space != Space::Messages || !is_known {
        return Err(malformed());
    }
    check(operation, &operation.name, document)?;
    check_version(operation, version)?;
    let operation = operation.clone();
    Ok(Asked { sid, operation })
}

fn version_of(header: &Node, document: &[u8]) -> Result<Version, Refusal> {
    let Some(name) = header.attribute("Version") else {
        let text = "The required attribute 'Version' is missing.";
        return Err(refusal(text, header.at, document));
    };
    Version::named(name).ok_or_else(|| Refusal::of("ErrorInvalidServerVersion"))
}

/// Returns an answer around an operation's response.
pub fn answer(operation: &str, messages: &str, is_odd: bool) -> String {
    let odd = if is_odd {
        "<t:Tide xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" Phase=\"ebb\"><t:Moon>3</t:Moon></t:Tide>"
    } else {
        ""
    };
    let mut out = format!("{}{odd}</s:Header>", start_of());
    out.push_str("<s:Body xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">");
    let _ = write!(
        out,
        "<m:{operation}Response xmlns:m=\"{}\" xmlns:t=\"{}\">{messages}</m:{operation}Response></s:Body></s:Envelope>",
        Space::Messages.name(),
        Space::Types.name()
    );
    out
}

/// Returns one of the many envelopes of a streaming answer.
pub fn event(messages: &str) -> String {
    answer("GetStreamingEvents", messages, false)
}

/// Returns the beginning of an answer, with its header open.
fn start_of() -> String {
    let mut header = Xml::new();
    let types = Space::Types.name();
    let mut attributes = SERVER.to_vec();
    attributes.push(("xmlns:h", types));
    header.empty("h:ServerVersionInfo", &attributes);
    format!(
        "{DECLARATION}<s:Envelope xmlns:s=\"{}\"><s:Header>{}",
        Space::Soap.name(),
        header.done()
    )
}

/// Returns a fault; it goes out with status 500.
pub fn fault(refusal: &Refusal) -> String {
    let (code, types) = (refusal.code, Space::Types.name());
    let errors = "http://schemas.microsoft.com/exchange/services/2006/errors";
    let mut text = Xml::new();
    text.text_with("faultstring", &[("xml:lang", "en-US")], &refusal.text);
    let mut message = Xml::new();
    // A violation is told in the details; the message is short.
    let short = match refusal.code {
        "ErrorSchemaValidation" => "The request failed schema validation.",
        _ => &refusal.text,
    };
    message.text_with("e:Message", &[("xmlns:e", errors)], short);
    let mut details = refusal.details.clone().unwrap_or_default();
    if let Some(back_off) = refusal.back_off {
        let mut value = Xml::new();
        value.text_with(
            "t:Value",
            &[("Name", "BackOffMilliseconds")],
            &back_off.to_string(),
        );
        details.push_str(&value.done());
    }
    if !details.is_empty() {
        details = format!("<t:MessageXml xmlns:t=\"{types}\">{details}</t:MessageXml>");
    }
    format!(
        "{DECLARATION}<s:Envelope xmlns:s=\"{}\"><s:Body><s:Fault><faultcode xmlns:a=\"{types}\">a:{code}</faultcode>{}\
        <detail><e:ResponseCode xmlns:e=\"{errors}\">{code}</e:ResponseCode>{}{details}</detail></s:Fault></s:Body></s:Envelope>",
        Space::Soap.name(),
        text.done(),
        message.done()
    )
}
