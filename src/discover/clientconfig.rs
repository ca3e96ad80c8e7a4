//! Mozilla's file format for mail settings (`config-v1.1.xml`), as the ISPDB and mail domains publish it.
//!
//! The file is hostile: a document type or an entity of its own ends the reading, and size, depth and number of
//! servers are bounded. Servers without TLS and host names that would carry the user's name are left out.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use url::Url;

use crate::discover::{Endpoints, domain};
use crate::model::{Address, TlsMode, sanitize_line};

/// How deep elements may be nested; real files have seven.
const DEPTH_LIMIT: usize = 16;
/// The most servers of a file that are looked at.
const SERVER_LIMIT: usize = 16;
/// The longest text of an element, in bytes.
const TEXT_LIMIT: usize = 1024;

/// A server of the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// `imap`, `pop3`, `smtp`, `exchange` …
    pub kind: String,
    /// Host name as compared; empty when it is none.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection; `None` for none.
    pub tls: Option<TlsMode>,
    /// User name where it is not the address.
    pub login: Option<String>,
    /// Whether it takes OAuth tokens.
    pub has_oauth: bool,
    /// Whether it takes a password.
    pub has_password: bool,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClientConfig {
    /// Servers for reading, in the file's order.
    pub incoming: Vec<Entry>,
    /// Servers for sending, in the file's order.
    pub outgoing: Vec<Entry>,
    /// The OAuth endpoints, if it names some over https.
    pub endpoints: Option<Endpoints>,
}

/// Reads a file for an address; the error says what is wrong with it.
pub fn parse(body: &[u8], address: &Address) -> Result<ClientConfig, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "not UTF-8")?;
    let mut parse = Parse::new(address);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
    loop {
        match reader.read_event().map_err(|_| "not well-formed XML")? {
            Event::Start(tag) => parse.open(&tag)?,
            Event::Empty(tag) => {
                parse.open(&tag)?;
                parse.close();
            }
            Event::End(_) => parse.close(),
            Event::Text(text) => parse.text(&String::from_utf8_lossy(&text)),
            Event::CData(text) => parse.text(&String::from_utf8_lossy(&text)),
            Event::GeneralRef(entity) => parse.text(character(&entity)?),
            Event::DocType(_) => return Err("a document type"),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    parse.finish()
}

/// Returns what a reference stands for; the file may not bring its own.
fn character(entity: &BytesRef<'_>) -> Result<&'static str, &'static str> {
    let name: &[u8] = entity;
    match name {
        b"amp" => Ok("&"),
        b"lt" => Ok("<"),
        b"gt" => Ok(">"),
        b"quot" => Ok("\""),
        b"apos" => Ok("'"),
        // Numbers stand in names for people only, which nobody reads here.
        [b'#', ..] => Ok("\u{fffd}"),
        _ => Err("an entity of its own"),
    }
}

/// The state of the reading.
struct Parse<'a> {
    address: &'a Address,
    /// The open elements.
    path: Vec<String>,
    /// Text of the innermost one so far.
    text: String,
    entry: Entry,
    oauth: Endpoints,
    config: ClientConfig,
    has_root: bool,
}

impl<'a> Parse<'a> {
    fn new(address: &'a Address) -> Self {
        Self {
            address,
            path: Vec::new(),
            text: String::new(),
            entry: Entry::default(),
            oauth: Endpoints {
                authorization: String::new(),
                token: String::new(),
                scopes: Vec::new(),
            },
            config: ClientConfig::default(),
            has_root: false,
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), &'static str> {
        if self.path.len() >= DEPTH_LIMIT {
            return Err("nested too deeply");
        }
        let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
        self.has_root |= self.path.is_empty() && name == "clientConfig";
        if matches!(name.as_str(), "incomingServer" | "outgoingServer") {
            let kind = tag
                .try_get_attribute("type")
                .map_err(|_| "not well-formed XML")?;
            self.entry = Entry {
                kind: kind.map_or(String::new(), |kind| {
                    String::from_utf8_lossy(&kind.value).to_ascii_lowercase()
                }),
                ..Entry::default()
            };
        }
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.text.len() + text.len() <= TEXT_LIMIT {
            self.text.push_str(text);
        }
    }

    fn close(&mut self) {
        let Some(name) = self.path.pop() else {
            return;
        };
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        match (self.path.last().map(String::as_str), name.as_str()) {
            (Some("incomingServer" | "outgoingServer"), field) => self.field(field, text),
            (Some("oAuth2"), field) => self.oauth_field(field, text),
            (Some("emailProvider"), "incomingServer") => {
                keep(&mut self.config.incoming, &mut self.entry);
            }
            (Some("emailProvider"), "outgoingServer") => {
                keep(&mut self.config.outgoing, &mut self.entry);
            }
            _ => {}
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        match name {
            "hostname" => self.entry.host = self.host(text),
            "port" => self.entry.port = text.parse().unwrap_or(0),
            "socketType" => {
                self.entry.tls = match text.to_ascii_uppercase().as_str() {
                    "SSL" | "TLS" => Some(TlsMode::Implicit),
                    "STARTTLS" => Some(TlsMode::StartTls),
                    _ => None,
                }
            }
            "username" => self.entry.login = self.login(text),
            "authentication" => match text.to_ascii_lowercase().as_str() {
                "oauth2" => self.entry.has_oauth = true,
                "password-cleartext" | "plain" | "password-encrypted" | "secure" => {
                    self.entry.has_password = true;
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn oauth_field(&mut self, name: &str, text: &str) {
        match name {
            "authURL" => self.oauth.authorization = https(text),
            "tokenURL" => self.oauth.token = https(text),
            "scope" => {
                let words = text.split([' ', ',']).filter(|word| !word.is_empty());
                self.oauth.scopes = words.map(sanitize_line).collect();
            }
            _ => {}
        }
    }

    /// Only the domain is put into a host name: looking up one with the user's name in it would publish that.
    fn host(&self, text: &str) -> String {
        let host = text.replace("%EMAILDOMAIN%", self.address.domain());
        domain::plain(&host).unwrap_or_default()
    }

    /// Fills in placeholders, the misspelt one included (protocol facts §9.3).
    fn login(&self, text: &str) -> Option<String> {
        let email = self.address.email.as_str();
        let local = email.rsplit_once('@').map_or("", |(local, _)| local);
        let login = text
            .replace("%EMAILADDRESS%", email)
            .replace("%EMAILADDRESS", email)
            .replace("%EMAILLOCALPART%", local)
            .replace("%EMAILDOMAIN%", self.address.domain());
        let login = sanitize_line(&login);
        let is_useful = !login.is_empty()
            && login.len() <= 320
            && !login.contains('%')
            && !login.eq_ignore_ascii_case(email);
        is_useful.then_some(login)
    }

    fn finish(mut self) -> Result<ClientConfig, &'static str> {
        if !self.has_root || !self.path.is_empty() {
            return Err("no complete clientConfig");
        }
        let is_complete = !self.oauth.authorization.is_empty() && !self.oauth.token.is_empty();
        self.config.endpoints = is_complete.then_some(self.oauth);
        Ok(self.config)
    }
}

fn keep(list: &mut Vec<Entry>, entry: &mut Entry) {
    let entry = std::mem::take(entry);
    if list.len() < SERVER_LIMIT && !entry.host.is_empty() && entry.port != 0 {
        list.push(entry);
    }
}

/// Returns an https address as it is, and nothing of any other.
fn https(text: &str) -> String {
    Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https" && url.username().is_empty())
        .map_or(String::new(), String::from)
}
