//! Addresses of requests: every id is encoded, and a link of the server is followed to our own server only.

use ::http::Uri;

use crate::model::sanitize_line;

/// A link longer than this is none; Exchange's are a few thousand bytes.
const LONGEST_LINK: usize = 32 << 10;

/// The service, and whose mailbox is opened there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::graph) struct Base {
    scheme: &'static str,
    host: String,
    port: u16,
    /// `/me` or `/users/{address}`.
    mailbox: String,
}

impl Base {
    const VERSION: &str = "/v1.0";

    /// Names a service by HTTPS. `mailbox` is `None` for the mailbox of who signs in.
    pub fn new(host: &str, port: u16, mailbox: Option<&str>) -> Self {
        let mailbox = match mailbox {
            None => "/me".to_owned(),
            Some(address) => format!("/users/{}", segment_of(address)),
        };
        Self {
            scheme: "https",
            host: host.to_owned(),
            port,
            mailbox,
        }
    }

    /// Names a scripted server on this machine, without TLS.
    #[cfg(test)]
    pub fn plain(self) -> Self {
        Self {
            scheme: "http",
            ..self
        }
    }

    /// Returns the same service with the mailbox of who signs in.
    pub fn own(&self) -> Self {
        Self {
            mailbox: "/me".to_owned(),
            ..self.clone()
        }
    }

    /// Returns the path of something in the mailbox, relative to the version; each segment is encoded.
    pub fn path(&self, segments: &[&str]) -> String {
        let mut path = self.mailbox.clone();
        for segment in segments {
            path.push('/');
            path.push_str(&segment_of(segment));
        }
        path
    }

    /// Returns the whole address of a path relative to the version.
    pub fn whole(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin(), Self::VERSION)
    }

    /// Takes a link of the server apart and returns its path relative to the version; `None` when it leads elsewhere.
    ///
    /// Only the path is kept, so that what two parsers make of one link cannot send a token astray.
    pub fn follow(&self, link: &str) -> Option<String> {
        if link.len() > LONGEST_LINK {
            return None;
        }
        let uri: Uri = link.parse().ok()?;
        let authority = uri.authority()?;
        let port = uri.port_u16().unwrap_or(match self.scheme {
            "https" => 443,
            _ => 80,
        });
        let is_ours = uri.scheme_str() == Some(self.scheme)
            && !authority.as_str().contains('@')
            && self.host_part().eq_ignore_ascii_case(authority.host())
            && port == self.port;
        let path = uri.path_and_query()?.as_str();
        let path = path.strip_prefix(Self::VERSION)?;
        (is_ours && path.starts_with('/')).then(|| path.to_owned())
    }

    fn origin(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host_part(), self.port)
    }

    fn host_part(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

/// Encodes text (RFC 3986 §2.1): all but unreserved characters, `@` and `,`.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' | b',' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                encoded.extend([byte >> 4, byte & 15].map(hex));
            }
        }
    }
    encoded
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// Returns one segment of a path.
fn segment_of(text: &str) -> String {
    // No id is like this, and even encoded dots would climb out of their folder (WHATWG URL §4.4).
    match text {
        "" | "." | ".." => "_".to_owned(),
        _ => encode(text),
    }
}

/// Returns a path with a query whose values are encoded; names are ours and stay as they are.
pub(in crate::backend::graph) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut whole = path.to_owned();
    for (index, (name, value)) in query.iter().enumerate() {
        whole.push(if index == 0 { '?' } else { '&' });
        whole.push_str(name);
        whole.push('=');
        whole.push_str(&encode(value));
    }
    whole
}

/// Writes a string literal of `OData` (single quotes are doubled).
pub(in crate::backend::graph) fn literal(text: &str) -> String {
    format!("'{}'", sanitize_line(text).replace('\'', "''"))
}
