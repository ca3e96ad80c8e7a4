//! Whether a mail domain is a Microsoft 365 tenant, asked of the login service alone (protocol facts §9.3).

use http::Request;
use serde_json::Value;
use url::{Host, Url};

use crate::discover::Tenant;
use crate::model::Cloud;
use crate::net::{Http, NetError};

/// The service that knows the tenants of all clouds.
const LOGIN: &str = "https://login.microsoftonline.com";

/// The tenant of personal accounts, which no organisation owns (protocol facts §1.2).
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Names under which Microsoft gives mailboxes to persons; whatever stands behind the first dot is a country.
const PERSONAL_DOMAINS: [&str; 6] = [
    "outlook",
    "hotmail",
    "live",
    "msn",
    "passport",
    "windowslive",
];

/// Asks the login service whether `domain` is a tenant; `None` when it is not.
///
/// Domains of personal accounts are never asked for. Sets no time limit of its own beyond [`Http`]'s.
pub async fn find_tenant(http: &Http, domain: &str) -> Result<Option<Tenant>, NetError> {
    find_at(http, LOGIN, domain).await
}

/// Asks the service at `base`.
async fn find_at(http: &Http, base: &str, domain: &str) -> Result<Option<Tenant>, NetError> {
    let Some(address) = address(base, domain) else {
        return Ok(None);
    };
    let host = address.host_str().unwrap_or_default().to_owned();
    let odd = |reason: String| NetError::Http {
        host: host.clone(),
        reason,
    };
    let request = Request::get(address.as_str())
        .body(Vec::new())
        .map_err(|error| odd(error.to_string()))?;
    let answer = http.send(request).await?;
    match answer.status().as_u16() {
        200 => Ok(read(answer.body())),
        // AADSTS90002: no such tenant.
        400 | 404 => Ok(None),
        status => Err(odd(format!("HTTP {status}"))),
    }
}

/// Builds the address of the discovery document; `None` for what is no domain of an organisation.
fn address(base: &str, domain: &str) -> Option<Url> {
    let Ok(Host::Domain(domain)) = Host::parse(domain.trim().trim_end_matches('.')) else {
        return None;
    };
    let (first, rest) = domain.split_once('.')?;
    if rest.is_empty() || PERSONAL_DOMAINS.contains(&first) {
        return None;
    }
    let mut url = Url::parse(base).ok()?;
    url.set_path(&format!("{domain}/v2.0/.well-known/openid-configuration"));
    Some(url)
}

/// Reads tenant and cloud out of the document. The tenant stands in the issuer, the cloud in the token endpoint's host.
fn read(body: &[u8]) -> Option<Tenant> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let issuer = Url::parse(text("issuer")?).ok()?;
    let id = issuer
        .path_segments()?
        .find(|part| is_guid(part))?
        .to_ascii_lowercase();
    if id == PERSONAL {
        return None;
    }
    let token_endpoint = Url::parse(text("token_endpoint")?).ok()?;
    let top = token_endpoint.host_str()?.rsplit('.').next()?;
    let cloud = match (top, text("tenant_region_sub_scope")) {
        ("us", Some("DOD")) => Cloud::UsDod,
        ("us", _) => Cloud::UsGov,
        ("cn", _) => Cloud::China,
        _ => Cloud::Public,
    };
    Some(Tenant { id, cloud })
}

/// Whether a text has the form of a GUID.
fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Trust;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn document(issuer: &str, host: &str, extra: &str) -> String {
        format!(
            r#"{{"issuer":"{issuer}","token_endpoint":"https://{host}/x/oauth2/v2.0/token"{extra}}}"#
        )
    }

    #[track_caller]
    fn check(document: &str, expected: Option<Cloud>) {
        let found = read(document.as_bytes());
        assert_eq!(
            found.as_ref().map(|tenant| tenant.cloud),
            expected,
            "{document}"
        );
        assert!(found.is_none_or(|tenant| tenant.id == GUID));
    }

    #[test]
    fn tenant_and_cloud_are_read_from_the_document() {
        let public = format!("https://login.microsoftonline.com/{GUID}/v2.0");
        check(
            &document(&public, "login.microsoftonline.com", ""),
            Some(Cloud::Public),
        );
        let gov = format!("https://login.microsoftonline.us/{GUID}/v2.0");
        check(
            &document(&gov, "login.microsoftonline.us", ""),
            Some(Cloud::UsGov),
        );
        let dod = r#","tenant_region_sub_scope":"DOD""#;
        check(
            &document(&gov, "login.microsoftonline.us", dod),
            Some(Cloud::UsDod),
        );
        let china = format!(
            "https://login.partner.microsoftonline.cn/{}/v2.0",
            GUID.to_uppercase()
        );
        check(
            &document(&china, "login.partner.microsoftonline.cn", ""),
            Some(Cloud::China),
        );
    }

    #[test]
    fn what_names_no_organisation_is_no_tenant() {
        let personal = format!("https://login.microsoftonline.com/{PERSONAL}/v2.0");
        check(&document(&personal, "login.microsoftonline.com", ""), None);
        check(
            &document("https://x/{tenantid}/v2.0", "login.microsoftonline.com", ""),
            None,
        );
        for odd in ["", "[]", "{}", r#"{"issuer":1}"#, "<html>"] {
            check(odd, None);
        }
    }

    #[test]
    fn only_domains_of_organisations_are_asked_for() {
        for domain in [
            "outlook.com",
            "hotmail.co.uk",
            "live.nl",
            "localhost",
            "127.0.0.1",
            "a b.c",
            "",
            "x/../y.z",
        ] {
            assert_eq!(address(LOGIN, domain), None, "{domain}");
        }
        let found = address(LOGIN, "Bücher.example.").unwrap();
        assert_eq!(
            found.as_str(),
            "https://login.microsoftonline.com/xn--bcher-kva.example/v2.0/.well-known/openid-configuration"
        );
    }

    /// Asks a service that answers once.
    async fn ask(answer: String) -> Result<Option<Tenant>, NetError> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        });
        let http = Http::new(&Trust::load(None).unwrap()).unwrap();
        find_at(&http, &base, "contoso.com").await
    }

    #[tokio::test]
    async fn a_tenant_is_found_a_missing_one_is_none_and_trouble_is_an_error() {
        let issuer = format!("https://login.microsoftonline.com/{GUID}/v2.0");
        let body = document(&issuer, "login.microsoftonline.com", "");
        let length = body.len();
        let found = ask(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await;
        assert_eq!(found.unwrap().unwrap().id, GUID);
        let missing = ask("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n".into()).await;
        assert_eq!(missing.unwrap(), None);
        assert!(
            ask("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".into())
                .await
                .is_err()
        );
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(domain in ".*", body: Vec<u8>) {
            let _ = (address(LOGIN, &domain), read(&body));
        }
    }
}
