//! What discovery answers with. Plain data.

use crate::discover::DiscoverError;
use crate::model::{Cloud, IncomingServer, Method, OutgoingServer, Provider};

/// Where a suggestion comes from, shown beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// Known by heart.
    Known,
    /// The configuration (own or the organisation's).
    Config,
    /// The provider's discovery document.
    Provider,
    /// The domain's mail exchanger (RFC 5321 §5).
    Mx,
    /// The domain's own file in Mozilla's format.
    Autoconfig,
    /// Thunderbird's data base of providers.
    Ispdb,
    /// SRV records of the domain (RFC 6186, RFC 8314).
    Srv,
    /// Microsoft's Autodiscover.
    Autodiscover,
    /// The user, who typed or pasted it.
    Typed,
}

/// Whether a host may be given what proves who the user is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum HostTrust {
    /// It belongs to the mail domain's owner.
    Own,
    /// It is somebody else's, and a table kept by many eyes knows it as this domain's or as a provider's.
    Vouched,
    /// It is somebody else's, and nobody but the source says so: ask the user first.
    Foreign {
        /// The domain that was registered, for the question.
        domain: String,
    },
}

/// What the source really said about a server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Basis {
    /// This server.
    Stated,
    /// An EWS server that blocks EWS; IMAP is what stands in for it.
    FromEws,
}

/// OAuth endpoints that no discovery document names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoints {
    /// Authorization endpoint.
    pub authorization: String,
    /// Token endpoint.
    pub token: String,
    /// Scopes to ask for; empty when unknown.
    pub scopes: Vec<String>,
}

/// How to sign in, as far as it could be found out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignInFinding {
    /// Whose service.
    pub provider: Provider,
    /// How.
    pub method: Method,
    /// Which of Microsoft's clouds.
    pub cloud: Cloud,
    /// Tenant; empty for providers without.
    pub tenant: String,
    /// Where the tokens come from, where the provider does not say it itself.
    pub endpoints: Option<Endpoints>,
    /// Who says so.
    pub origin: Origin,
}

/// Servers that one source suggests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// For reading; never without TLS.
    pub incoming: IncomingServer,
    /// For sending; never without TLS.
    pub outgoing: Option<OutgoingServer>,
    /// The name to sign in with where it is not the address.
    pub login: Option<String>,
    /// How to sign in there, if the source or the host's name tells.
    pub sign_in: Option<SignInFinding>,
    /// Who says so.
    pub origin: Origin,
    /// Whether the hosts may be trusted; the worse of the two.
    pub trust: HostTrust,
    /// Whether the source named these servers.
    pub basis: Basis,
}

/// What the tenant look-up found for a mail domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Tenant GUID.
    pub id: String,
    /// The cloud it lives in.
    pub cloud: Cloud,
}

/// How it went with one source.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It knows something.
    Found,
    /// It knows nothing about the address.
    Nothing,
    /// It had not answered when time was up.
    Late,
    /// It could not be asked, or its answer is of no use.
    Failed(DiscoverError),
}

/// Everything that was found out about an address.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// How to sign in: what belongs to the first of `servers`.
    pub sign_in: Option<SignInFinding>,
    /// Servers, the best suggestion first, none twice.
    pub servers: Vec<Finding>,
    /// Whose Microsoft tenant the domain is.
    pub tenant: Option<Tenant>,
    /// Who was asked, in the order of preference.
    pub tried: Vec<(Origin, Outcome)>,
}
