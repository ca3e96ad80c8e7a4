//! Sign-in profiles: whose service, which method, which registered application (design A3).

use std::path::PathBuf;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Whose sign-in service it is; decides defaults and quirks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Entra ID, work or school.
    #[serde(rename = "microsoft365")]
    Microsoft365,
    /// Microsoft's personal accounts: outlook.com, hotmail.com, live.com (protocol facts §3.3).
    #[serde(rename = "outlook.com")]
    OutlookCom,
    /// An Exchange Server of one's own.
    ExchangeServer,
    /// Google (protocol facts §9.1).
    Gmail,
    /// Any provider with standard endpoints.
    Custom,
}

impl Provider {
    /// Tells whether Entra ID issues the tokens.
    pub const fn is_microsoft(self) -> bool {
        matches!(self, Self::Microsoft365 | Self::OutlookCom)
    }
}

/// How the sign-in is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Device authorization grant (RFC 8628).
    DeviceCode,
    /// Authorization code with PKCE in a browser, here or elsewhere (RFC 8252, RFC 7636); the final address may be
    /// pasted.
    Browser,
    /// The application signs in as itself with its secret (RFC 6749 §4.4).
    ClientSecret,
    /// The application signs in as itself with a certificate (RFC 7523 §2.2).
    ClientCertificate,
    /// A password, for servers that still take one.
    Password,
}

impl Method {
    /// Tells whether the application signs in as itself, without a person.
    pub const fn is_app_only(self) -> bool {
        matches!(self, Self::ClientSecret | Self::ClientCertificate)
    }

    /// Tells whether a person signs in and a token comes of it.
    pub const fn is_delegated(self) -> bool {
        matches!(self, Self::DeviceCode | Self::Browser)
    }
}

/// Whether an application can keep a secret (RFC 6749 §2.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientKind {
    /// It has none, or none that is sent: "Mobile and desktop applications" of Entra.
    #[default]
    Public,
    /// It proves itself with a secret in every request to the token endpoint: "Web" of Entra, and Google's desktop
    /// clients.
    Confidential,
}

/// How a client assertion is signed and how it names its certificate (protocol facts §2.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assertion {
    /// PS256 with `x5t#S256`: what Entra documents.
    #[default]
    Ps256,
    /// RS256 with `x5t`: AD FS and older services.
    Rs256,
}

/// Which of Microsoft's separate clouds (protocol facts §1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Worldwide.
    #[default]
    Public,
    /// US Government (GCC High).
    UsGov,
    /// US Department of Defense.
    UsDod,
    /// China, run by 21Vianet.
    China,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Public, Self::UsGov, Self::UsDod, Self::China];

    /// Returns the host of the sign-in service.
    pub const fn login_host(self) -> &'static str {
        match self {
            Self::Public => "login.microsoftonline.com",
            Self::UsGov | Self::UsDod => "login.microsoftonline.us",
            Self::China => "login.partner.microsoftonline.cn",
        }
    }

    /// Returns the host of Microsoft Graph.
    pub fn graph_host(self) -> &'static str {
        self.graph_resource().trim_start_matches("https://")
    }

    /// Returns what stands before the name of one of Graph's permissions in a scope.
    pub const fn graph_resource(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::UsDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// Returns what stands before the name of a person's permission for Exchange in a scope. Public:
    /// `outlook.office.com` works for work and personal accounts alike (protocol facts §3.1).
    pub const fn exchange_resource(self) -> &'static str {
        match self {
            Self::Public => "https://outlook.office.com",
            Self::UsGov => "https://outlook.office365.us",
            Self::UsDod => "https://outlook-dod.office365.us",
            Self::China => "https://partner.outlook.cn",
        }
    }

    /// Returns the same for an application's own roles, before `/.default` (protocol facts §3.1).
    pub const fn exchange_app_resource(self) -> &'static str {
        match self {
            Self::Public => "https://outlook.office365.com",
            Self::UsGov | Self::UsDod | Self::China => self.exchange_resource(),
        }
    }
}

/// A sign-in profile: defined once, used by any number of accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignInProfile {
    /// Its name in the configuration.
    pub name: String,
    /// Whose service.
    pub provider: Provider,
    /// How.
    pub method: Method,
    /// Tenant GUID, domain, or `common`, `organizations`, `consumers`; empty for providers without tenants.
    pub tenant: String,
    /// The registered application's id.
    pub client_id: String,
    /// Whether that application sends a secret when a person signs in. App-only methods prove themselves anyway.
    pub client: ClientKind,
    /// Which cloud.
    pub cloud: Cloud,
    /// Base of the discovery document; `None` when endpoints are typed in.
    pub authority: Option<String>,
    /// Overrides the discovered or built one.
    pub authorization_endpoint: Option<String>,
    /// Overrides the discovered or built one.
    pub token_endpoint: Option<String>,
    /// Overrides the discovered or built one.
    pub device_authorization_endpoint: Option<String>,
    /// Where the browser is sent back to; `None` means a free port of this machine.
    pub redirect_uri: Option<String>,
    /// Scopes to ask for; empty means "built by Pillarbox".
    pub scopes: Vec<String>,
    /// The day on which the application's secret ends, as its owner says; certificates say it themselves.
    pub secret_expires: Option<Date>,
    /// For [`Method::ClientCertificate`]: the certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM (PKCS#8); `None` means "in the same file".
    pub certificate_key: Option<PathBuf>,
    /// How its assertions are signed.
    pub assertion: Assertion,
    /// A PEM bundle trusted besides the system's roots.
    pub ca_file: Option<PathBuf>,
    /// Mail domains this profile is for, so that an address alone finds it.
    pub domains: Vec<String>,
}

impl SignInProfile {
    /// Makes a profile in which everything but its name, provider and method is left to defaults.
    pub fn new(name: impl Into<String>, provider: Provider, method: Method) -> Self {
        Self {
            name: name.into(),
            provider,
            method,
            tenant: String::new(),
            client_id: String::new(),
            client: match provider {
                Provider::Gmail => ClientKind::Confidential,
                _ => ClientKind::Public,
            },
            cloud: Cloud::Public,
            authority: None,
            authorization_endpoint: None,
            token_endpoint: None,
            device_authorization_endpoint: None,
            redirect_uri: None,
            scopes: Vec::new(),
            secret_expires: None,
            certificate: None,
            certificate_key: None,
            assertion: Assertion::default(),
            ca_file: None,
            domains: Vec::new(),
        }
    }

    /// Tells whether a secret of the application is sent with its requests.
    pub fn needs_secret(&self) -> bool {
        match self.method {
            Method::ClientSecret => true,
            Method::DeviceCode | Method::Browser => self.client == ClientKind::Confidential,
            Method::ClientCertificate | Method::Password => false,
        }
    }
}
