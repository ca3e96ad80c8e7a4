// table: one entry per provider
//! Providers known by heart: domains, mail exchangers, servers, sign-in (protocol facts §1.3, §9.1, §9.2). Data only.
//!
//! Where a provider gives client ids to hardly anybody, the method is its app password; its endpoints stand there all
//! the same.

use crate::discover::domain::is_within;
use crate::model::TlsMode::{self, Implicit, StartTls};
use crate::model::{Cloud, Method, Provider};

/// A server: host, port, protection.
pub type Server = (&'static str, u16, TlsMode);

/// A provider.
#[derive(Debug)]
pub struct Known {
    /// Mail domains, all of them in full.
    pub domains: &'static [&'static str],
    /// Hosts at or below which the mail exchangers of its customers' own domains stand.
    pub exchangers: &'static [&'static str],
    /// Hosts at or below which its mail servers stand.
    pub hosts: &'static [&'static str],
    /// IMAP.
    pub incoming: Server,
    /// Submission.
    pub outgoing: Server,
    /// Whose service.
    pub provider: Provider,
    /// How to sign in.
    pub method: Method,
    /// Which of Microsoft's clouds.
    pub cloud: Cloud,
    /// Where the tokens come from; `None` where the provider says it or there is nothing.
    pub endpoints: Option<KnownEndpoints>,
}

/// OAuth endpoints that no discovery document names.
#[derive(Debug)]
pub struct KnownEndpoints {
    /// Authorization endpoint.
    pub authorization: &'static str,
    /// Token endpoint.
    pub token: &'static str,
    /// Scopes for reading and sending.
    pub scopes: &'static [&'static str],
}

/// A provider with endpoints of its own, to be completed.
const PLAIN: Known = Known {
    domains: &[],
    exchangers: &[],
    hosts: &[],
    incoming: ("", 993, Implicit),
    outgoing: ("", 465, Implicit),
    provider: Provider::Custom,
    method: Method::Password,
    cloud: Cloud::Public,
    endpoints: None,
};

/// Microsoft 365, to be completed.
const MICROSOFT: Known = Known {
    incoming: ("outlook.office365.com", 993, Implicit),
    outgoing: ("smtp.office365.com", 587, StartTls),
    provider: Provider::Microsoft365,
    method: Method::DeviceCode,
    ..PLAIN
};

/// Everybody known.
pub const TABLE: &[Known] = &[
    // Personal accounts come first: their hosts are the more special ones.
    Known {
        domains: &[
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "passport.com",
            "windowslive.com",
            "outlook.at",
            "outlook.be",
            "outlook.cl",
            "outlook.co.id",
            "outlook.co.il",
            "outlook.co.nz",
            "outlook.co.th",
            "outlook.com.ar",
            "outlook.com.au",
            "outlook.com.br",
            "outlook.com.es",
            "outlook.com.gr",
            "outlook.com.pe",
            "outlook.com.tr",
            "outlook.com.vn",
            "outlook.cz",
            "outlook.de",
            "outlook.dk",
            "outlook.es",
            "outlook.fr",
            "outlook.hu",
            "outlook.ie",
            "outlook.in",
            "outlook.it",
            "outlook.jp",
            "outlook.kr",
            "outlook.lv",
            "outlook.my",
            "outlook.ph",
            "outlook.pt",
            "outlook.sa",
            "outlook.sg",
            "outlook.sk",
            "hotmail.be",
            "hotmail.ca",
            "hotmail.ch",
            "hotmail.cl",
            "hotmail.co.id",
            "hotmail.co.il",
            "hotmail.co.jp",
            "hotmail.co.kr",
            "hotmail.co.nz",
            "hotmail.co.th",
            "hotmail.co.uk",
            "hotmail.co.za",
            "hotmail.com.ar",
            "hotmail.com.au",
            "hotmail.com.br",
            "hotmail.com.hk",
            "hotmail.com.tr",
            "hotmail.com.tw",
            "hotmail.com.vn",
            "hotmail.cz",
            "hotmail.de",
            "hotmail.dk",
            "hotmail.es",
            "hotmail.fi",
            "hotmail.fr",
            "hotmail.gr",
            "hotmail.hu",
            "hotmail.it",
            "hotmail.lt",
            "hotmail.lv",
            "hotmail.my",
            "hotmail.nl",
            "hotmail.no",
            "hotmail.ph",
            "hotmail.rs",
            "hotmail.se",
            "hotmail.sg",
            "hotmail.sk",
            "live.at",
            "live.be",
            "live.ca",
            "live.cl",
            "live.cn",
            "live.co.kr",
            "live.co.uk",
            "live.co.za",
            "live.com.ar",
            "live.com.au",
            "live.com.mx",
            "live.com.my",
            "live.com.ph",
            "live.com.pt",
            "live.com.sg",
            "live.de",
            "live.dk",
            "live.fi",
            "live.fr",
            "live.hk",
            "live.ie",
            "live.in",
            "live.it",
            "live.jp",
            "live.nl",
            "live.no",
            "live.ru",
            "live.se",
        ],
        exchangers: &["olc.protection.outlook.com"],
        hosts: &["imap-mail.outlook.com", "smtp-mail.outlook.com"],
        outgoing: ("smtp-mail.outlook.com", 587, StartTls),
        provider: Provider::OutlookCom,
        ..MICROSOFT
    },
    Known {
        exchangers: &["mail.protection.outlook.com", "mx.microsoft"],
        hosts: &["outlook.com", "office365.com"],
        ..MICROSOFT
    },
    // The DoD has the same exchangers; the tenant tells the two apart.
    Known {
        hosts: &["outlook-dod.office365.us", "webmail.apps.mil"],
        incoming: ("outlook-dod.office365.us", 993, Implicit),
        outgoing: ("outlook-dod.office365.us", 587, StartTls),
        cloud: Cloud::UsDod,
        ..MICROSOFT
    },
    Known {
        exchangers: &["mail.protection.office365.us"],
        hosts: &["office365.us"],
        incoming: ("outlook.office365.us", 993, Implicit),
        outgoing: ("outlook.office365.us", 587, StartTls),
        cloud: Cloud::UsGov,
        ..MICROSOFT
    },
    Known {
        exchangers: &["mail.protection.partner.outlook.cn"],
        hosts: &["partner.outlook.cn"],
        incoming: ("partner.outlook.cn", 993, Implicit),
        outgoing: ("smtp.partner.outlook.cn", 587, StartTls),
        cloud: Cloud::China,
        ..MICROSOFT
    },
    Known {
        domains: &["gmail.com", "googlemail.com"],
        exchangers: &["google.com", "googlemail.com"],
        hosts: &[
            "imap.gmail.com",
            "smtp.gmail.com",
            "imap.googlemail.com",
            "smtp.googlemail.com",
        ],
        incoming: ("imap.gmail.com", 993, Implicit),
        outgoing: ("smtp.gmail.com", 465, Implicit),
        provider: Provider::Gmail,
        method: Method::Browser,
        ..PLAIN
    },
    Known {
        domains: &[
            "fastmail.com",
            "fastmail.fm",
            "fastmail.co.uk",
            "fastmail.de",
            "fastmail.jp",
            "messagingengine.com",
            "sent.com",
        ],
        exchangers: &["messagingengine.com"],
        hosts: &["imap.fastmail.com", "smtp.fastmail.com"],
        incoming: ("imap.fastmail.com", 993, Implicit),
        outgoing: ("smtp.fastmail.com", 465, Implicit),
        endpoints: Some(KnownEndpoints {
            authorization: "https://api.fastmail.com/oauth/authorize",
            token: "https://api.fastmail.com/oauth/refresh",
            scopes: &[
                "https://www.fastmail.com/dev/protocol-imap",
                "https://www.fastmail.com/dev/protocol-smtp",
                "offline_access",
            ],
        }),
        ..PLAIN
    },
    Known {
        domains: &[
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "yahoo.ca",
            "yahoo.co.in",
            "yahoo.co.uk",
            "yahoo.com.ar",
            "yahoo.com.au",
            "yahoo.com.br",
            "yahoo.com.mx",
            "yahoo.de",
            "yahoo.es",
            "yahoo.fr",
            "yahoo.in",
            "yahoo.it",
        ],
        exchangers: &["yahoodns.net"],
        hosts: &["imap.mail.yahoo.com", "smtp.mail.yahoo.com"],
        incoming: ("imap.mail.yahoo.com", 993, Implicit),
        outgoing: ("smtp.mail.yahoo.com", 465, Implicit),
        endpoints: Some(KnownEndpoints {
            authorization: "https://api.login.yahoo.com/oauth2/request_auth",
            token: "https://api.login.yahoo.com/oauth2/get_token",
            scopes: &["mail-w"],
        }),
        ..PLAIN
    },
    Known {
        domains: &["aol.com", "aim.com"],
        hosts: &["imap.aol.com", "smtp.aol.com"],
        incoming: ("imap.aol.com", 993, Implicit),
        outgoing: ("smtp.aol.com", 465, Implicit),
        endpoints: Some(KnownEndpoints {
            authorization: "https://api.login.aol.com/oauth2/request_auth",
            token: "https://api.login.aol.com/oauth2/get_token",
            scopes: &["mail-w"],
        }),
        ..PLAIN
    },
    Known {
        domains: &[
            "yandex.com",
            "yandex.ru",
            "ya.ru",
            "yandex.by",
            "yandex.kz",
            "yandex.com.tr",
            "narod.ru",
        ],
        exchangers: &["mx.yandex.net", "mx.yandex.ru"],
        hosts: &[
            "imap.yandex.com",
            "smtp.yandex.com",
            "imap.yandex.ru",
            "smtp.yandex.ru",
        ],
        incoming: ("imap.yandex.com", 993, Implicit),
        outgoing: ("smtp.yandex.com", 465, Implicit),
        method: Method::Browser,
        endpoints: Some(KnownEndpoints {
            authorization: "https://oauth.yandex.com/authorize",
            token: "https://oauth.yandex.com/token",
            scopes: &["mail:imap_full", "mail:smtp"],
        }),
        ..PLAIN
    },
    Known {
        domains: &["mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"],
        exchangers: &["emx.mail.ru"],
        hosts: &["imap.mail.ru", "smtp.mail.ru"],
        incoming: ("imap.mail.ru", 993, Implicit),
        outgoing: ("smtp.mail.ru", 465, Implicit),
        method: Method::Browser,
        endpoints: Some(KnownEndpoints {
            authorization: "https://o2.mail.ru/login",
            token: "https://o2.mail.ru/token",
            scopes: &["mail.imap"],
        }),
        ..PLAIN
    },
    Known {
        domains: &["comcast.net"],
        hosts: &["imap.comcast.net", "smtp.comcast.net"],
        incoming: ("imap.comcast.net", 993, Implicit),
        outgoing: ("smtp.comcast.net", 587, StartTls),
        endpoints: Some(KnownEndpoints {
            authorization: "https://oauth.xfinity.com/oauth/authorize",
            token: "https://oauth.xfinity.com/oauth/token",
            scopes: &[],
        }),
        ..PLAIN
    },
    Known {
        domains: &["icloud.com", "me.com", "mac.com"],
        exchangers: &["mail.icloud.com"],
        hosts: &["imap.mail.me.com", "smtp.mail.me.com"],
        incoming: ("imap.mail.me.com", 993, Implicit),
        outgoing: ("smtp.mail.me.com", 587, StartTls),
        ..PLAIN
    },
];

/// Finds the provider of a mail domain.
pub fn by_domain(domain: &str) -> Option<&'static Known> {
    TABLE.iter().find(|known| known.domains.contains(&domain))
}

/// Finds the provider behind a mail exchanger.
pub fn by_exchanger(host: &str) -> Option<&'static Known> {
    TABLE
        .iter()
        .find(|known| known.exchangers.iter().any(|place| is_within(host, place)))
}

/// Finds the provider that a mail server belongs to.
pub fn by_host(host: &str) -> Option<&'static Known> {
    TABLE
        .iter()
        .find(|known| known.hosts.iter().any(|place| is_within(host, place)))
}

/// Finds Microsoft's servers of a cloud, for organisations.
pub fn microsoft(cloud: Cloud) -> &'static Known {
    TABLE
        .iter()
        .find(|known| known.provider == Provider::Microsoft365 && known.cloud == cloud)
        .unwrap_or(&MICROSOFT)
}
