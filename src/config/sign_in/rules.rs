//! Which keys of a sign-in profile go together: what a provider would refuse is said before it is asked. Asks nobody.

use url::Url;

use crate::config::section::{Section, one_of, shown};
use crate::config::sign_in::{TENANT_NAMES, is_this_machine};
use crate::model::{Method, Provider, SignInProfile};

/// The longest redirect URI that Entra takes (protocol facts §2.3).
const MAX_REDIRECT: usize = 256;

/// Reports everything about a profile that cannot work, whatever account uses it.
pub fn check(section: &Section<'_>, profile: &SignInProfile) {
    method_of_provider(section, profile);
    tenant_of_method(section, profile);
    endpoints(section, profile);
    scopes(section, profile);
    personal_redirect(section, profile);
    if profile.method == Method::ClientCertificate && section.get("certificate").is_none() {
        section.mistake(
            "certificate",
            "missing; expected the PEM file of the certificate that is registered with the application",
        );
    }
}

fn method_of_provider(section: &Section<'_>, profile: &SignInProfile) {
    let message = match (profile.provider, profile.method) {
        (Provider::Gmail, Method::DeviceCode) => {
            "Google's device flow cannot ask for mail; expected browser"
        }
        (Provider::Gmail, Method::ClientSecret | Method::ClientCertificate) => {
            "Google gives an application no mailbox of a person this way; expected browser"
        }
        (Provider::OutlookCom, Method::ClientSecret | Method::ClientCertificate) => {
            "a personal account always needs a person to sign in; expected device-code or browser"
        }
        (Provider::OutlookCom, Method::Password) => {
            "Microsoft has taken no passwords from mail programs for personal accounts since 2024-09-16; \
             expected device-code or browser"
        }
        _ => return,
    };
    section.mistake("method", message);
}

/// An application is known in one tenant; an alias for many leads nowhere (protocol facts §1.2).
fn tenant_of_method(section: &Section<'_>, profile: &SignInProfile) {
    let is_alias = TENANT_NAMES
        .iter()
        .any(|name| profile.tenant.eq_ignore_ascii_case(name));
    if profile.provider != Provider::Microsoft365 || !profile.method.is_app_only() || !is_alias {
        return;
    }
    let found = if section.get("tenant").is_some() {
        format!(
            "{} stands for many tenants, and an application signs in to one (AADSTS9001023, AADSTS50059)",
            shown(&profile.tenant)
        )
    } else {
        "missing; an application signs in to one tenant (AADSTS9001023, AADSTS50059)".to_owned()
    };
    let message = format!("{found}; expected its GUID or domain");
    section.mistake("tenant", message);
}

/// A custom provider says nothing about itself, so something must lead to its endpoints.
fn endpoints(section: &Section<'_>, profile: &SignInProfile) {
    if profile.provider != Provider::Custom || section.get("authority").is_some() {
        return;
    }
    let needed: &[&str] = match profile.method {
        Method::DeviceCode => &["token_endpoint", "device_authorization_endpoint"],
        Method::Browser => &["authorization_endpoint", "token_endpoint"],
        Method::ClientSecret | Method::ClientCertificate => &["token_endpoint"],
        Method::Password => &[],
    };
    for key in needed {
        if section.get(key).is_none() {
            let message = "missing; expected a URL, or authority with the provider's base URL";
            section.mistake(key, message);
        }
    }
}

/// Scopes that Entra refuses together or from an application (protocol facts §2.4, §3.1; RFC 6749 §3.3).
fn scopes(section: &Section<'_>, profile: &SignInProfile) {
    let is_token = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    for (word, place) in section.words("scopes") {
        if !word.chars().all(is_token) {
            let message = format!("expected scopes with blanks between, found {}", shown(word));
            section.mistake_at(place, "scopes", message);
        }
    }
    if !profile.provider.is_microsoft() || profile.scopes.is_empty() {
        return;
    }
    let is_default = |scope: &&String| scope.ends_with("/.default");
    if profile.method.is_app_only() {
        if profile.scopes.len() != 1 || !profile.scopes.iter().all(|scope| is_default(&scope)) {
            section.mistake(
                "scopes",
                "an application gets the roles of one service, and names none of them (AADSTS1002012, AADSTS70011); \
                 expected one scope such as \"https://outlook.office365.com/.default\"",
            );
        }
        return;
    }
    let is_of_resource = |scope: &&String| scope.contains("://");
    let resources = profile.scopes.iter().filter(is_of_resource).count();
    if profile.scopes.iter().any(|scope| is_default(&scope)) && resources > 1 {
        section.mistake(
            "scopes",
            "a scope that ends in /.default goes with no other of any service (AADSTS70011); expected it alone, or \
             scopes by name",
        );
    }
}

/// Reads where the browser is sent back to: kept byte by byte, since the provider compares it so.
pub fn redirect_uri(section: &Section<'_>, provider: Provider) -> Option<String> {
    let text = section.text("redirect_uri")?;
    match redirect_fault(text, provider) {
        None => Some(text.to_owned()),
        Some(expected) => {
            let message = format!("expected {expected}, found {}", shown(text));
            section.mistake("redirect_uri", message);
            None
        }
    }
}

/// The rules of the providers' own forms (protocol facts §2.3, §9.1): returns what would be right.
fn redirect_fault(text: &str, provider: Provider) -> Option<String> {
    let Ok(url) = Url::parse(text) else {
        return Some("an address such as \"http://localhost\"".to_owned());
    };
    if url.fragment().is_some() {
        return Some("an address without a #".to_owned());
    }
    if url.scheme() == "urn" {
        return Some("an address that a browser can open, such as \"http://localhost\"".to_owned());
    }
    if text.len() > MAX_REDIRECT {
        return Some(format!("at most {MAX_REDIRECT} characters"));
    }
    let host = url.host_str().unwrap_or_default();
    let is_local = is_this_machine(host);
    if url.scheme() == "http" && !is_local {
        return Some("https, or http on localhost".to_owned());
    }
    if provider.is_microsoft() && host == "[::1]" {
        return Some("localhost or 127.0.0.1, since Entra knows no IPv6 address".to_owned());
    }
    if provider == Provider::Gmail && !is_local {
        let hosts = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        return Some(format!("an address of this machine: {}", one_of(&hosts)));
    }
    None
}

/// Applications that take personal accounts have stricter rules (protocol facts §2.3).
fn personal_redirect(section: &Section<'_>, profile: &SignInProfile) {
    let takes_personal = ["common", "consumers"]
        .iter()
        .any(|name| profile.tenant.eq_ignore_ascii_case(name));
    let is_plain = profile
        .redirect_uri
        .as_ref()
        .is_none_or(|uri| !uri.contains(['?', '*']));
    if profile.provider.is_microsoft() && takes_personal && !is_plain {
        section.mistake(
            "redirect_uri",
            "expected an address without ? and *, as an application for personal accounts needs",
        );
    }
}
