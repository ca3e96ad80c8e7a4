//! Autodiscover v2 (protocol facts §7.6): which EWS server has the mailbox. It needs no login, but the address.
//!
//! So only two are ever asked: Microsoft, for domains that are Microsoft's customers, and the mail domain itself.

use serde_json::Value;
use url::Url;

use crate::discover::domain;
use crate::model::{Address, WebAddress, service_path};

/// Microsoft's front end; `autodiscover.outlook.com` listens on port 80 alone.
pub const MICROSOFT: &str = "autodiscover-s.outlook.com";

/// Builds the question to `host` for an address.
pub fn question(host: &str, address: &Address) -> Option<Url> {
    let mut url = Url::parse(&format!("https://{host}/")).ok()?;
    url.path_segments_mut()
        .ok()?
        .clear()
        .extend(["autodiscover", "autodiscover.json", "v1.0"])
        .push(&address.email);
    url.set_query(Some("Protocol=EWS"));
    Some(url)
}

/// Reads the answer: where EWS is; `None` when it says nothing of it.
pub fn read(body: &[u8]) -> Result<Option<WebAddress>, &'static str> {
    let document: Value = serde_json::from_slice(body).map_err(|_| "not JSON")?;
    let Some(text) = document.get("Url").and_then(Value::as_str) else {
        return Ok(None);
    };
    let url = Url::parse(text).map_err(|_| "no address in it")?;
    if url.scheme() != "https" {
        return Err("an address without TLS");
    }
    let host = url.host_str().and_then(domain::plain);
    let host = host.ok_or("no server's name in it")?;
    let path = service_path(url.path()).map_err(|_| "a path that is none of a service")?;
    let port = url.port();
    Ok(Some(WebAddress { host, port, path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_in_the_path_and_can_be_nothing_else() {
        let check = |email: &str, expected: &str| {
            let url = question("autodiscover.contoso.com", &Address::bare(email)).unwrap();
            assert_eq!(url.host_str(), Some("autodiscover.contoso.com"));
            assert_eq!(url.query(), Some("Protocol=EWS"));
            assert_eq!(
                url.path(),
                format!("/autodiscover/autodiscover.json/v1.0/{expected}")
            );
        };
        check("alice@contoso.com", "alice@contoso.com");
        check("a?b#c/../d@contoso.com", "a%3Fb%23c%2F..%2Fd@contoso.com");
    }

    #[test]
    fn only_an_https_address_of_a_named_server_is_taken() {
        let check = |body: &str, expected: Result<Option<&str>, &str>| {
            let found = read(body.as_bytes());
            let expected = expected.map(|text| text.and_then(|text| WebAddress::read(text).ok()));
            assert_eq!(found, expected, "{body}");
        };
        check(
            r#"{"Protocol":"EWS","Url":"https://Outlook.office365.com/EWS/Exchange.asmx"}"#,
            Ok(Some("outlook.office365.com")),
        );
        check(
            r#"{"Url":"https://proxy.contoso.com:8443/mail/Exchange.asmx"}"#,
            Ok(Some("proxy.contoso.com:8443/mail/Exchange.asmx")),
        );
        check(
            r#"{"Url":"https://proxy.contoso.com/a<b"}"#,
            Ok(Some("proxy.contoso.com/a%3Cb")),
        );
        check(r#"{"ErrorCode":"ProtocolNotSupported"}"#, Ok(None));
        check(r#"{"Url":7}"#, Ok(None));
        check(
            r#"{"Url":"http://mail.contoso.com/"}"#,
            Err("an address without TLS"),
        );
        check(
            r#"{"Url":"https://127.0.0.1/"}"#,
            Err("no server's name in it"),
        );
        check("<html>", Err("not JSON"));
        let deep = "[".repeat(100_000);
        check(&deep, Err("not JSON"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(body: Vec<u8>, email in ".*") {
            let _ = (read(&body), question("a.example", &Address::bare(email)));
        }
    }
}
