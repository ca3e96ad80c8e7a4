//! What can be chosen in setup, which of it a provider allows and why not the rest, and which field a key of the
//! settings is. Data and look-ups only.

use crate::engine::Origin;
use crate::model::{
    Assertion, ClientKind, Cloud, IncomingProtocol, Method, OutgoingProtocol, Provider, TlsMode,
};

/// A choice's words and what they stand for.
pub type Options<T> = &'static [(&'static str, T)];

/// Whose service it is.
pub const PROVIDERS: Options<Provider> = &[
    ("Microsoft 365", Provider::Microsoft365),
    ("Outlook.com", Provider::OutlookCom),
    ("Exchange Server", Provider::ExchangeServer),
    ("Gmail", Provider::Gmail),
    ("other (OpenID)", Provider::Custom),
];
/// How one signs in.
pub const METHODS: Options<Method> = &[
    ("device code", Method::DeviceCode),
    ("browser", Method::Browser),
    ("app-only, secret", Method::ClientSecret),
    ("app-only, certificate", Method::ClientCertificate),
    ("password", Method::Password),
];
/// Microsoft's clouds.
pub const CLOUDS: Options<Cloud> = &[
    ("worldwide", Cloud::Public),
    ("US Government (GCC High)", Cloud::UsGov),
    ("US Department of Defense", Cloud::UsDod),
    ("China (21Vianet)", Cloud::China),
];
/// What the application can keep.
pub const KINDS: Options<ClientKind> = &[
    ("public, no secret", ClientKind::Public),
    ("confidential, with a secret", ClientKind::Confidential),
];
/// How assertions are signed.
pub const ASSERTIONS: Options<Assertion> = &[
    ("PS256, x5t#S256 (Entra)", Assertion::Ps256),
    ("RS256, x5t (AD FS, older)", Assertion::Rs256),
];
/// How mail is read.
pub const READS: Options<IncomingProtocol> = &[
    ("IMAP", IncomingProtocol::Imap),
    ("Microsoft Graph", IncomingProtocol::Graph),
    ("EWS", IncomingProtocol::Ews),
    ("POP3", IncomingProtocol::Pop3),
];
/// How mail is sent.
pub const SENDS: Options<OutgoingProtocol> = &[
    ("SMTP", OutgoingProtocol::Smtp),
    ("Microsoft Graph", OutgoingProtocol::Graph),
    ("EWS", OutgoingProtocol::Ews),
];
/// How connections are protected.
pub const TLS: Options<TlsMode> = &[
    ("TLS", TlsMode::Implicit),
    ("STARTTLS", TlsMode::StartTls),
    ("none (this machine only)", TlsMode::None),
];

/// Tells whether a provider's mail may be had over a protocol.
pub const fn is_read_over(provider: Provider, protocol: IncomingProtocol) -> bool {
    !matches!(
        (provider, protocol),
        (
            Provider::Gmail,
            IncomingProtocol::Graph | IncomingProtocol::Ews
        ) | (Provider::OutlookCom, IncomingProtocol::Ews)
            | (Provider::ExchangeServer, IncomingProtocol::Graph)
    )
}

/// Tells whether a provider takes mail over a protocol.
pub const fn is_sent_over(provider: Provider, protocol: OutgoingProtocol) -> bool {
    match protocol {
        OutgoingProtocol::Smtp => true,
        OutgoingProtocol::Graph => is_read_over(provider, IncomingProtocol::Graph),
        OutgoingProtocol::Ews => is_read_over(provider, IncomingProtocol::Ews),
    }
}

/// Returns the words of a value.
pub fn word<T: PartialEq + Copy>(options: Options<T>, value: T) -> &'static str {
    let found = options.iter().find(|(_, option)| *option == value);
    found.map_or("", |(word, _)| word)
}

/// Returns what the words stand for.
pub fn meant<T: Copy>(options: Options<T>, word: &str, otherwise: T) -> T {
    let found = options.iter().find(|(name, _)| *name == word);
    found.map_or(otherwise, |(_, value)| *value)
}

/// Says why a provider does not take a method for reading; `None` when it does.
pub const fn why_not(provider: Provider, method: Method) -> Option<&'static str> {
    match (provider, method) {
        (Provider::Microsoft365, Method::Password) => {
            Some("Microsoft 365 has taken no passwords for reading since January 2023")
        }
        (Provider::OutlookCom, Method::Password) => {
            Some("Microsoft has taken no passwords of personal accounts since 2024-09-16")
        }
        (Provider::OutlookCom, Method::ClientSecret | Method::ClientCertificate) => {
            Some("a personal account always needs a person to sign in")
        }
        (Provider::Gmail, Method::DeviceCode) => Some("Google's device flow cannot ask for mail"),
        (Provider::Gmail, Method::ClientSecret | Method::ClientCertificate) => {
            Some("Google gives an application no mailbox of a person this way")
        }
        _ => None,
    }
}

/// Returns the methods a provider takes, in words.
pub fn allowed(provider: Provider) -> Vec<&'static str> {
    let all = METHODS.iter();
    all.filter(|(_, method)| why_not(provider, *method).is_none())
        .map(|(word, _)| *word)
        .collect()
}

/// Says which methods a provider does not take, and why.
pub fn refused(provider: Provider) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (word, method) in METHODS {
        let Some(reason) = why_not(provider, *method) else {
            continue;
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, words)) => words.push(word),
            None => reasons.push((reason, vec![word])),
        }
    }
    let sentence =
        |(reason, words): &(&str, Vec<&str>)| format!(" Not {}: {reason}.", words.join(", not "));
    reasons.iter().map(sentence).collect()
}

/// Says in a word or two where a setting comes from.
pub const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Known => "known",
        Origin::Config => "from the settings",
        Origin::Provider => "found",
        Origin::Mx => "from the mail exchanger",
        Origin::Autoconfig => "from the domain's file",
        Origin::Ispdb => "from Thunderbird's list",
        Origin::Srv => "from the domain's DNS",
        Origin::Autodiscover => "from Autodiscover",
        Origin::Typed => "as typed",
    }
}

/// Returns the field that shows a key of the settings, such as `sign_in.contoso.client_id`.
pub fn field_of(key: &str) -> Option<&'static str> {
    let mut parts = key.split('.');
    let table = parts.next()?;
    let last = parts.nth(1)?;
    let field = match (table, last) {
        ("servers", "incoming") => "incoming",
        ("servers", "outgoing") => "outgoing",
        (_, "tenant") => "tenant",
        (_, "client_id") => "client",
        (_, "client") => "kind",
        (_, "method" | "sign_in") => "method",
        (_, "provider") => "provider",
        (_, "cloud") => "cloud",
        (_, "redirect_uri") => "redirect",
        (_, "scopes") => "scopes",
        (_, "secret_expires") => "expires",
        (_, "certificate") => "certificate",
        (_, "certificate_key") => "key",
        (_, "assertion") => "assertion",
        (_, "authority") => "authority",
        (_, "authorization_endpoint") => "authorize",
        (_, "token_endpoint") => "token",
        (_, "device_authorization_endpoint") => "device",
        (_, "ca_file") => "ca",
        (_, "domains") => "domains",
        (_, "send_sign_in") => "send",
        (_, "login") => "login",
        (_, "additional_users") => "users",
        (_, "on_behalf") => "behalf",
        _ => return None,
    };
    Some(field)
}
