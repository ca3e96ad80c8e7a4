//! Whether a mail domain is a Microsoft 365 tenant, asked of the login service alone (protocol facts §9.3).

use serde_json::Value;
use url::{Host, Url};

use crate::discover::known;
use crate::discover::sources::SIZE_LIMIT;
use crate::discover::{DiscoverError, Sources, Tenant};
use crate::model::Cloud;

/// The service that knows the tenants of all clouds.
const LOGIN: &str = "https://login.microsoftonline.com";

/// The tenant of personal accounts, which no organisation owns (protocol facts §1.2).
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Asks the login service whether `domain` is a tenant; `None` when it is not.
///
/// Domains of providers known by heart are never asked for. Sets no time limit of its own.
pub async fn find_tenant(
    sources: &dyn Sources,
    domain: &str,
) -> Result<Option<Tenant>, DiscoverError> {
    let Some(address) = address(LOGIN, domain) else {
        return Ok(None);
    };
    let host = address.host_str().unwrap_or_default().to_owned();
    let reply = sources.get(&address).await?;
    match reply.status {
        200 if reply.body.len() > SIZE_LIMIT => {
            let limit = SIZE_LIMIT;
            Err(DiscoverError::TooLong { host, limit })
        }
        200 => Ok(read(&reply.body)),
        // AADSTS90002: no such tenant.
        400 | 404 => Ok(None),
        status => Err(DiscoverError::Status { host, status }),
    }
}

/// Builds the address of the discovery document; `None` for what is no domain of an organisation.
fn address(base: &str, domain: &str) -> Option<Url> {
    let Ok(Host::Domain(domain)) = Host::parse(domain.trim().trim_end_matches('.')) else {
        return None;
    };
    if !domain.contains('.') || known::by_domain(&domain).is_some() {
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
    use crate::discover::tests::Script;

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

    #[tokio::test]
    async fn a_tenant_is_found_a_missing_one_is_none_and_trouble_is_an_error() {
        let issuer = format!("https://login.microsoftonline.com/{GUID}/v2.0");
        let body = document(&issuer, "login.microsoftonline.com", "");
        let url = address(LOGIN, "contoso.com").unwrap();
        let ask = async |script: Script| find_tenant(&script, "contoso.com").await;
        let found = ask(Script::new().answers(url.as_str(), 200, &body)).await;
        assert_eq!(found.unwrap().unwrap().id, GUID);
        let missing = ask(Script::new().answers(url.as_str(), 400, "")).await;
        assert_eq!(missing.unwrap(), None);
        let busy = ask(Script::new().answers(url.as_str(), 503, "")).await;
        assert!(matches!(
            busy,
            Err(DiscoverError::Status { status: 503, .. })
        ));
        let long = ask(Script::new().answers(url.as_str(), 200, &" ".repeat(SIZE_LIMIT + 1))).await;
        assert!(matches!(long, Err(DiscoverError::TooLong { .. })));
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(domain in ".*", body: Vec<u8>) {
            let _ = (address(LOGIN, &domain), read(&body));
        }
    }
}
