//! Where a service behind HTTPS is: host, port and path, as people write them.

/// The path of Exchange Web Services where nobody says another (protocol facts §7.3).
pub const EWS_PATH: &str = "/EWS/Exchange.asmx";

/// The longest path of a service.
const LONGEST_PATH: usize = 500;

/// The address of a service, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebAddress {
    /// The host as it was written; whether it can be one is for who uses it to say.
    pub host: String,
    /// The port, where one is named.
    pub port: Option<u16>,
    /// The path; `None` where there is none, or the usual one of EWS.
    pub path: Option<String>,
}

/// What is wrong with the address of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WebAddressError {
    /// It names another way than HTTPS.
    #[error("only https is used")]
    NotHttps,
    /// There is no host in it.
    #[error("no host name in it")]
    NoHost,
    /// The port is none.
    #[error("the port is a number from 1 to 65535")]
    Port,
    /// The path is none.
    #[error("a path such as {EWS_PATH}: no blanks, no ? and no #")]
    Path,
}

impl WebAddress {
    /// Reads `https://host:port/path`; scheme, port and path may be left out. An end in `/` is no path.
    pub fn read(text: &str) -> Result<Self, WebAddressError> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
            Some(_) => return Err(WebAddressError::NotHttps),
            None => text,
        };
        let (place, path) = match rest.find('/') {
            Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
            None => (rest, ""),
        };
        let (host, port) = match place.rsplit_once(':') {
            // The colons inside of brackets are those of IPv6.
            Some((host, port)) if !port.contains(']') => (host, Some(read_port(port)?)),
            _ => (place, None),
        };
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#@\\\"<>%".contains(c);
        if host.is_empty() || host.contains(is_odd) {
            return Err(WebAddressError::NoHost);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            path: read_path(path)?,
        })
    }
}

fn read_port(text: &str) -> Result<u16, WebAddressError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| is_number && *port != 0);
    port.ok_or(WebAddressError::Port)
}

fn read_path(path: &str) -> Result<Option<String>, WebAddressError> {
    if path.trim_end_matches('/').is_empty() {
        return Ok(None);
    }
    service_path(path)
}

/// Returns a path as it is kept, nothing for the usual one of EWS.
///
/// A path begins with `/`; blanks, control characters, a query and steps upwards are [`WebAddressError::Path`].
pub fn service_path(path: &str) -> Result<Option<String>, WebAddressError> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\\\"<>^`{|}".contains(&byte);
    let is_path = path.starts_with('/')
        && path.len() <= LONGEST_PATH
        && path.bytes().all(is_plain)
        && !path.split('/').any(|step| matches!(step, "." | ".."));
    let kept = path.trim_end_matches('/');
    let is_usual = kept.is_empty() || kept.eq_ignore_ascii_case(EWS_PATH);
    if !is_path {
        return Err(WebAddressError::Path);
    }
    Ok((!is_usual).then(|| kept.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, Option<u16>, Option<&str>), WebAddressError>) {
        let read = WebAddress::read(text);
        let seen = read.as_ref().map_err(|error| *error);
        let seen = seen.map(|it| (it.host.as_str(), it.port, it.path.as_deref()));
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn addresses_are_taken_apart() {
        check("mail.firma.de", Ok(("mail.firma.de", None, None)));
        check(
            "mail.firma.de:8443",
            Ok(("mail.firma.de", Some(8443), None)),
        );
        let usual = Ok(("mail.firma.de", None, None));
        check(" https://mail.firma.de/ews/exchange.asmx ", usual);
        check("HTTPS://mail.firma.de/", usual);
        check("mail.firma.de/EWS/Exchange.asmx/", usual);
        let proxied = Ok(("proxy.firma.de", Some(8443), Some("/Mail/ews.asmx")));
        check("https://proxy.firma.de:8443/Mail/ews.asmx", proxied);
        check(
            "https://[fe80::1]:444/x",
            Ok(("[fe80::1]", Some(444), Some("/x"))),
        );
        check("[fe80::1]", Ok(("[fe80::1]", None, None)));
    }

    #[test]
    fn what_is_no_address_says_why() {
        check("http://mail.firma.de/ews", Err(WebAddressError::NotHttps));
        check("ftp://mail.firma.de", Err(WebAddressError::NotHttps));
        check("", Err(WebAddressError::NoHost));
        check("https:///ews", Err(WebAddressError::NoHost));
        check("https://bo@mail.firma.de/x", Err(WebAddressError::NoHost));
        check("mail firma.de", Err(WebAddressError::NoHost));
        check("mail.firma.de:0", Err(WebAddressError::Port));
        check("mail.firma.de:+1", Err(WebAddressError::Port));
        check("mail.firma.de:99999/ews", Err(WebAddressError::Port));
        for path in [
            "/a b", "/a?b=c", "/a#b", "/a/../b", "/a\u{7}b", "/é", "/a\\b",
        ] {
            check(&format!("mail.firma.de{path}"), Err(WebAddressError::Path));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_is_read_back(text in "(https://)?[a-z.]{1,9}(:[0-9]{1,5})?(/[!-~]{0,9}){0,3}", any in ".*") {
            let _ = WebAddress::read(&any);
            if let Ok(read) = WebAddress::read(&text) {
                let port = read.port.map(|port| format!(":{port}")).unwrap_or_default();
                let path = read.path.as_deref().unwrap_or_default();
                let again = format!("https://{}{port}{path}", read.host);
                proptest::prop_assert_eq!(WebAddress::read(&again), Ok(read));
            }
        }
    }
}
