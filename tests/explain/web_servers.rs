//! The codes of EWS and Graph, each said by the demo's server to the backend that asked: what a person reads then.

use std::sync::Arc;

use async_trait::async_trait;
use pillarbox::backend::{Access, BackendError, Credential, Opener, ProofSource, ews, graph};
use pillarbox::demo::{Mischief, Service, Tenant};
use pillarbox::engine::EngineError;
use pillarbox::explain::explain;
use pillarbox::model::{
    IncomingProtocol, IncomingServer, Outbound, OutgoingProtocol, OutgoingServer, TlsMode,
};
use pillarbox::net::{Http, Trust};
use secrecy::SecretString;

use crate::home::tenant;

/// What the server says, and what the notice tells.
pub const EWS: &[(&str, &str)] = &[
    ("ErrorServerBusy", "The server asks to slow down"),
    (
        "ErrorExceededConnectionCount",
        "Too many connections at once",
    ),
    ("ErrorMailboxMoveInProgress", "The mailbox is being moved"),
    (
        "ErrorMailboxStoreUnavailable",
        "The mailbox cannot be reached at the moment",
    ),
    (
        "ErrorInternalServerTransientError",
        "The server is not available at the moment",
    ),
    ("ErrorInvalidLicense", "The licence does not allow this"),
    ("ErrorAccessDenied", "has no access to"),
    (
        "ErrorImpersonateUserDenied",
        "The app may not act for this mailbox",
    ),
    (
        "ErrorImpersonationDenied",
        "The app may not act for this mailbox",
    ),
    ("ErrorNonExistentMailbox", "There is no such mailbox"),
    ("ErrorNonPrimarySmtpAddress", "The address is an alias"),
    (
        "ErrorMissingEmailAddress",
        "The identity has no mailbox of its own",
    ),
    ("ErrorFolderNotFound", "has no access to"),
    ("ErrorItemNotFound", "has no access to"),
    (
        "ErrorADUnavailable",
        "The server is not available at the moment",
    ),
    (
        "ErrorInvalidServerVersion",
        "The server is older than the request",
    ),
];

/// The same for Graph.
pub const GRAPH: &[(&str, &str)] = &[
    ("ErrorAccessDenied", "has no access to"),
    (
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is not in the cloud",
    ),
    ("ErrorMailboxNotFound", "The mailbox is not in the cloud"),
    (
        "insufficient_claims",
        "The organisation wants a stronger sign-in",
    ),
    ("TooManyRequests", "The server asks to slow down"),
    ("ApplicationThrottled", "Too many requests at once"),
    ("InvalidAuthenticationToken", "The token is"),
];

/// What the server says to a message that is sent.
pub const SENDING: &[(&str, &str)] = &[
    ("ErrorSendAsDenied", "may not send as"),
    (
        "ErrorMessageSizeExceeded",
        "The message is too big for the server",
    ),
    ("ErrorQuotaExceeded", "The mailbox is full"),
    ("ErrorInvalidRecipients", "none of the recipients"),
    (
        "ErrorSubmissionQuotaExceeded",
        "The daily limit of recipients is reached",
    ),
];

/// The token of the app that reads over EWS and Graph.
#[derive(Debug)]
struct AppToken(SecretString);

#[async_trait]
impl ProofSource for AppToken {
    async fn credential(&self) -> Result<Credential, BackendError> {
        Ok(Credential::Bearer(self.0.clone()))
    }

    async fn reject(&self, _: &Credential) -> bool {
        false
    }
}

/// Signs the app in for a resource.
async fn token(tenant: &Tenant, trust: &Trust, resource: &str) -> SecretString {
    let app = tenant
        .apps
        .iter()
        .find(|app| app.key == "daemon-web")
        .unwrap();
    let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", app.client_id)
        .append_pair("client_secret", secret.trim())
        .append_pair("scope", &format!("{resource}/.default"))
        .finish();
    let place = tenant.authority.replace("/v2.0", "/oauth2/v2.0/token");
    let request = http::Request::post(place)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into_bytes())
        .unwrap();
    let answer = Http::new(trust).unwrap().send(request).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    SecretString::from(answer["access_token"].as_str().unwrap().to_owned())
}

/// The demo's server of a protocol, and who opens support's mailbox there.
struct Place {
    tenant: Tenant,
    trust: Trust,
    protocol: IncomingProtocol,
    access: Access,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new(protocol: IncomingProtocol) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenant = tenant(folder.path()).await;
        let trust = Trust::load(Some(&tenant.ca_file)).unwrap();
        let resource = match protocol {
            IncomingProtocol::Ews => "https://outlook.office365.com",
            _ => "https://graph.microsoft.com",
        };
        let access = Access {
            mailbox: tenant.shared[0].clone(),
            user: "robot".into(),
            opener: Opener::Application,
            proof: Arc::new(AppToken(token(&tenant, &trust, resource).await)),
        };
        Self {
            tenant,
            trust,
            protocol,
            access,
            _folder: folder,
        }
    }

    /// Lets the next requests go wrong, and forgets what was to go wrong before.
    fn says(&self, code: &'static str, times: usize) {
        let service = match self.protocol {
            IncomingProtocol::Ews => Service::Ews,
            _ => Service::Graph,
        };
        let mischief = Mischief::Error {
            code,
            back_off: None,
        };
        let control = self.tenant.control();
        control.no_mischief(service);
        for _ in 0..times {
            control.mischief(service, mischief.clone());
        }
    }

    async fn opened(&self) -> Option<BackendError> {
        let server = IncomingServer {
            protocol: self.protocol,
            host: "localhost".into(),
            port: self.tenant.web_port,
            tls: TlsMode::Implicit,
            path: None,
        };
        let opened = match self.protocol {
            IncomingProtocol::Ews => ews::connect(&server, &self.trust, &self.access).await,
            _ => graph::connect(&server, &self.trust, &self.access).await,
        };
        opened.err()
    }

    async fn sent(&self, code: &'static str) -> Option<BackendError> {
        self.says(code, 0);
        let (trust, access) = (&self.trust, &self.access);
        let server = |protocol| OutgoingServer {
            protocol,
            host: "localhost".into(),
            port: self.tenant.web_port,
            tls: TlsMode::Implicit,
            path: None,
        };
        let post = match self.protocol {
            IncomingProtocol::Ews => {
                ews::connect_outgoing(&server(OutgoingProtocol::Ews), trust, access).await
            }
            _ => graph::connect_outgoing(&server(OutgoingProtocol::Graph), trust, access).await,
        };
        let (from, to) = (&access.mailbox, &self.tenant.user);
        let text = format!("From: {from}\r\nTo: {to}\r\nMessage-ID: <{code}@x>\r\n\r\nx\r\n");
        let mail = Outbound {
            sender: from.clone(),
            recipients: vec![to.clone()],
            bytes: text.into_bytes(),
        };
        let mut post = post.expect("an open connection");
        self.says(code, 1);
        post.submit(&mail).await.err()
    }

    /// Says what is wrong with what a person reads.
    fn complaint(&self, (code, title): (&str, &str), said: Option<BackendError>) -> Option<String> {
        let Some(source) = said else {
            return Some(format!("{code}: nothing went wrong"));
        };
        let notice = explain(&EngineError::Backend {
            mailbox: self.access.mailbox.clone(),
            identity: self.access.user.clone(),
            host: "localhost".into(),
            protocol: self.protocol.title(),
            source,
        });
        let is_right =
            notice.title.contains(title) && !notice.cause.is_empty() && !notice.how.is_empty();
        (!is_right).then(|| format!("{code}: {notice:?}"))
    }
}

async fn check(protocol: IncomingProtocol, opening: &[(&'static str, &str)]) {
    let place = Place::new(protocol).await;
    let mut wrong = Vec::new();
    // Where its first request is refused, EWS opens by another one, and each by every schema that it knows.
    let tries = if protocol == IncomingProtocol::Ews {
        20
    } else {
        1
    };
    for &(code, title) in opening {
        place.says(code, tries);
        wrong.extend(place.complaint((code, title), place.opened().await));
    }
    for &(code, title) in SENDING {
        wrong.extend(place.complaint((code, title), place.sent(code).await));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_codes_of_ews_are_recognised_where_a_server_says_them() {
    check(IncomingProtocol::Ews, EWS).await;
}

#[tokio::test]
async fn the_codes_of_graph_are_recognised_where_a_server_says_them() {
    check(IncomingProtocol::Graph, GRAPH).await;
}
