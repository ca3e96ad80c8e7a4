//! Pasted text: the final address, its query or the bare code, as it comes out of browsers and terminals.
//!
//! Any text can be here. What cannot be used is named, so that the person knows what to copy instead.

use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::answer::{Answer, Expected, Params};
use crate::auth::PasteMistake;
use crate::model::sanitize_line;

/// The longest text that is looked at, in bytes.
const LONGEST: usize = 32 * 1024;

/// The shortest and longest bare code, in characters: shorter ones are words, longer ones something else.
const CODE_CHARS: std::ops::RangeInclusive<usize> = 8..=8192;

/// Where a pasted address may be from.
pub(super) struct Origin<'a> {
    pub(super) redirect_uri: &'a str,
    /// What the browser opened.
    pub(super) authorization: &'a str,
}

/// Reads pasted text.
pub(super) fn read(
    text: &SecretString,
    origin: &Origin<'_>,
    expected: &Expected,
) -> Result<Answer, PasteMistake> {
    let text = text.expose_secret();
    if text.len() > LONGEST {
        return Err(PasteMistake::NotAnAddress);
    }
    let text = unwrapped(text);
    let joined: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some(url) = as_address(&joined) {
        return from_address(&url, origin, expected);
    }
    let query = joined.trim_start_matches(['?', '#', '&']);
    let is_query = ["code=", "error=", "state="]
        .iter()
        .any(|name| query.starts_with(name) || query.contains(&format!("&{name}")));
    if is_query {
        return from_params(&Params::read(query), expected);
    }
    // Blanks are what terminals put at line ends; between words they are prose.
    if text
        .split(['\r', '\n'])
        .any(|line| line.trim().contains(char::is_whitespace))
    {
        return Err(PasteMistake::NotAnAddress);
    }
    bare_code(&joined).map(Answer::Code)
}

/// Takes off what terminals, mail programs and people put around an address.
fn unwrapped(text: &str) -> String {
    let text = text.replace("\u{1b}[200~", "").replace("\u{1b}[201~", "");
    let is_invisible = |c: char| {
        c.is_control() && !c.is_whitespace()
            || matches!(
                c,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
            )
    };
    let text: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    let text = text.trim();
    let pairs = [('<', '>'), ('"', '"'), ('\'', '\''), ('`', '`'), ('(', ')')];
    pairs
        .iter()
        .find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(text)
        .trim()
        .to_owned()
}

/// Reads an address, also one whose scheme the browser hid.
fn as_address(text: &str) -> Option<Url> {
    let has_scheme = text.contains("://") && !text.starts_with(['?', '#', '&']);
    if has_scheme || text.starts_with("urn:") {
        return Url::parse(text).ok();
    }
    let (before, _) = text.split_once(['?', '#'])?;
    let is_host = before.contains(['.', ':']) || before.starts_with("localhost");
    let is_plain = !before.is_empty() && !before.contains(['=', '&', '%']);
    if is_host && is_plain {
        return Url::parse(&format!("http://{text}")).ok();
    }
    None
}

fn from_address(
    url: &Url,
    origin: &Origin<'_>,
    expected: &Expected,
) -> Result<Answer, PasteMistake> {
    if url.path().ends_with("/wrongplace") {
        return Err(PasteMistake::WrongPlace);
    }
    let query = Params::read(url.query().unwrap_or_default());
    let params = if query.is_answer() {
        query
    } else {
        Params::read(url.fragment().unwrap_or_default())
    };
    if !is_same_place(url, origin.redirect_uri) {
        // Not having come so far yet is another thing than having gone elsewhere.
        if !params.is_answer() && is_same_place(url, origin.authorization) {
            return Err(PasteMistake::NoCode);
        }
        let host = url.host_str().unwrap_or_else(|| url.scheme());
        return Err(PasteMistake::Foreign {
            host: sanitize_line(host).chars().take(100).collect(),
        });
    }
    from_params(&params, expected)
}

/// Whether two addresses have the same host; the names of this machine are one. Ports and paths may differ: another
/// port is an earlier sign-in's, and that shows in its state.
fn is_same_place(url: &Url, other: &str) -> bool {
    let Ok(other) = Url::parse(other) else {
        return false;
    };
    let host = |url: &Url| match url.host_str() {
        Some("localhost" | "127.0.0.1" | "[::1]") => "localhost".to_owned(),
        Some(host) => host.to_ascii_lowercase(),
        None => format!("{}:", url.scheme()),
    };
    host(url) == host(&other)
}

fn from_params(params: &Params, expected: &Expected) -> Result<Answer, PasteMistake> {
    match params.one("state") {
        Some(state) if state == expected.state => {}
        Some(cut) if expected.state.starts_with(cut) => return Err(PasteMistake::CutOff),
        Some(_) => return Err(PasteMistake::OtherSignIn),
        // An error without a state is believed: a person brought it, and nothing is redeemed for it.
        None if params.one("error").is_some() => {}
        None if params.one("code").is_some() => return Err(PasteMistake::CutOff),
        None => {}
    }
    params.answer(expected).ok_or(PasteMistake::NoCode)
}

/// Reads a code without anything around it. Its request cannot be told from it; PKCE and the nonce see to that.
fn bare_code(text: &str) -> Result<SecretString, PasteMistake> {
    let is_code = |c: char| c.is_ascii_alphanumeric() || "-._~/!*$+=%|:".contains(c);
    let is_address = text.starts_with("localhost") || text.starts_with("www.");
    let is_known = ["http:", "https:", "urn:"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    if !CODE_CHARS.contains(&text.len()) || !text.chars().all(is_code) || is_address || is_known {
        return Err(PasteMistake::NotAnAddress);
    }
    // Copied out of an address, it is still written the way addresses write it.
    let decoded = text.contains('%').then(|| {
        let field = format!("c={}", text.replace('+', "%2B"));
        let mut pairs = form_urlencoded::parse(field.as_bytes());
        pairs.next().map(|(_, code)| code.into_owned())
    });
    let code = decoded.flatten().unwrap_or_else(|| text.to_owned());
    Ok(SecretString::from(code))
}

#[cfg(test)]
mod tests;
