//! `[sign_in.X]`: sign-in profiles (design A3). Asks nobody; endpoints are discovered when they are needed.

mod rules;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use url::Url;

use crate::config::section::{Section, one_of, shown};
use crate::model::{Assertion, ClientKind, Cloud, Method, Provider, SignInProfile};

const KEYS: &[&str] = &[
    "provider",
    "method",
    "tenant",
    "client_id",
    "client",
    "cloud",
    "authority",
    "authorization_endpoint",
    "token_endpoint",
    "device_authorization_endpoint",
    "redirect_uri",
    "scopes",
    "secret_expires",
    "certificate",
    "certificate_key",
    "assertion",
    "ca_file",
    "domains",
];

/// Providers by their word.
pub const PROVIDERS: &[(&str, Provider)] = &[
    ("microsoft365", Provider::Microsoft365),
    ("outlook.com", Provider::OutlookCom),
    ("exchange-server", Provider::ExchangeServer),
    ("gmail", Provider::Gmail),
    ("custom", Provider::Custom),
];

/// Methods by their word.
pub const METHODS: &[(&str, Method)] = &[
    ("device-code", Method::DeviceCode),
    ("browser", Method::Browser),
    ("client-secret", Method::ClientSecret),
    ("client-certificate", Method::ClientCertificate),
    ("password", Method::Password),
];

/// Kinds of client by their word.
pub const CLIENTS: &[(&str, ClientKind)] = &[
    ("public", ClientKind::Public),
    ("confidential", ClientKind::Confidential),
];

/// Ways to sign an assertion by their word.
pub const ASSERTIONS: &[(&str, Assertion)] =
    &[("ps256", Assertion::Ps256), ("rs256", Assertion::Rs256)];

/// Clouds by their word.
pub const CLOUDS: &[(&str, Cloud)] = &[
    ("public", Cloud::Public),
    ("us-gov", Cloud::UsGov),
    ("us-dod", Cloud::UsDod),
    ("china", Cloud::China),
];

const TENANT_NAMES: &[&str] = &["common", "organizations", "consumers"];

/// Reads a profile; `None` when a mistake was reported.
pub fn read(name: &str, section: Section<'_>) -> Option<SignInProfile> {
    let section = section.only(KEYS);
    if section.get("provider").is_none() {
        section.mistake(
            "provider",
            format!(
                "missing; expected {}",
                one_of(&PROVIDERS.iter().map(|(word, _)| *word).collect::<Vec<_>>())
            ),
        );
    }
    let provider = section.choice("provider", PROVIDERS);
    let method = if section.get("method").is_some() {
        section.choice("method", METHODS)
    } else if provider == Some(Provider::Gmail) {
        Some(Method::Browser) // Google's device flow cannot ask for mail (protocol facts §9.1)
    } else {
        Some(Method::DeviceCode)
    };
    let cloud = section.choice("cloud", CLOUDS).unwrap_or_default();
    let url = |key| web_address(&section, key);
    let provider_or = provider.unwrap_or(Provider::Custom);
    let plain = SignInProfile::new(name, provider_or, method.unwrap_or(Method::DeviceCode));
    let profile = SignInProfile {
        tenant: tenant(&section, provider),
        client_id: client_id(&section, method),
        client: section.choice("client", CLIENTS).unwrap_or(plain.client),
        cloud,
        authority: url("authority"),
        authorization_endpoint: url("authorization_endpoint"),
        token_endpoint: url("token_endpoint"),
        device_authorization_endpoint: url("device_authorization_endpoint"),
        redirect_uri: rules::redirect_uri(&section, provider_or),
        scopes: words(&section, "scopes"),
        secret_expires: date(&section, "secret_expires"),
        certificate: file(&section, "certificate"),
        certificate_key: file(&section, "certificate_key"),
        assertion: section.choice("assertion", ASSERTIONS).unwrap_or_default(),
        ca_file: file(&section, "ca_file"),
        domains: domains(&section),
        ..plain
    };
    // What else may be missing depends on these two.
    if provider.is_none() || method.is_none() {
        return None;
    }
    rules::check(&section, &profile);
    Some(profile)
}

/// Without a tenant, Entra's `organizations` takes any work or school account.
fn tenant(section: &Section<'_>, provider: Option<Provider>) -> String {
    let tenant = section.text("tenant").unwrap_or(match provider {
        Some(Provider::Microsoft365) => "organizations",
        Some(Provider::OutlookCom) => "consumers",
        Some(Provider::ExchangeServer | Provider::Gmail | Provider::Custom) | None => "",
    });
    let is_plain = tenant
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if !is_plain {
        let message = format!(
            "expected a GUID, a domain or {}, found {}",
            one_of(TENANT_NAMES),
            shown(tenant)
        );
        section.mistake("tenant", message);
    }
    tenant.to_owned()
}

fn client_id(section: &Section<'_>, method: Option<Method>) -> String {
    let id = match method {
        Some(Method::Password) | None => section.text("client_id"),
        Some(_) => section.required("client_id", "the registered application's id"),
    };
    id.unwrap_or_default().to_owned()
}

/// Reads a URL that secrets travel to: encrypted, or on this machine.
fn web_address(section: &Section<'_>, key: &str) -> Option<String> {
    let text = section.text(key)?;
    let is_safe = Url::parse(text).is_ok_and(|url| {
        let is_local = is_this_machine(url.host_str().unwrap_or_default());
        url.has_host() && (url.scheme() == "https" || url.scheme() == "http" && is_local)
    });
    if is_safe {
        return Some(text.trim_end_matches('/').to_owned());
    }
    section.mistake(
        key,
        format!("expected an https:// URL, found {}", shown(text)),
    );
    None
}

/// Tells whether a host name stands for this machine.
pub fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn date(section: &Section<'_>, key: &str) -> Option<Date> {
    let text = section.text(key)?;
    let date = text.parse::<Date>().ok();
    if date.is_none() {
        let message = format!(
            "expected a day such as \"2027-05-31\", found {}",
            shown(text)
        );
        section.mistake(key, message);
    }
    date
}

fn words(section: &Section<'_>, key: &str) -> Vec<String> {
    let words = section.words(key).into_iter();
    words.map(|(word, _)| word.to_owned()).collect()
}

fn domains(section: &Section<'_>) -> Vec<String> {
    let mut domains: Vec<String> = Vec::new();
    for (word, place) in section.words("domains") {
        let is_domain = word.split('.').all(|label| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        });
        let word = word.to_lowercase();
        if !is_domain {
            let message = format!(
                "expected a mail domain such as \"contoso.com\", found {}",
                shown(&word)
            );
            section.mistake_at(place, "domains", message);
        } else if !domains.contains(&word) {
            domains.push(word);
        }
    }
    domains
}

/// Reads a path: `~` is the home folder, a relative one starts at the settings' folder.
pub fn file(section: &Section<'_>, key: &str) -> Option<PathBuf> {
    let text = section.text(key)?;
    let place = section.get(key).map_or(&section.place, |node| &node.place);
    Some(expand(text, place.file.parent().unwrap_or(Path::new(""))))
}

fn expand(text: &str, base: &Path) -> PathBuf {
    let rest = text
        .strip_prefix("~/")
        .or_else(|| (text == "~").then_some(""));
    match (rest, directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => base.join(text),
    }
}
