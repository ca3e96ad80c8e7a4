//! The servers that the stories are told to: the demo tenant, and Dovecot and Postfix in two shapes.

use std::time::Duration;

use pillarbox::backend::{Backend, BackendError, Credential, Login, Outgoing, imap, smtp};
use pillarbox::demo::{Options, Tenant};
use pillarbox::model::{
    IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, TlsMode,
};
use pillarbox::net::{Http, Trust};
use secrecy::SecretString;

use crate::lab::{Asked, Lab, SCOPES, fresh_name, sign_in};

/// Servers with people of their own, so that no test meets another's mail.
pub struct Target {
    /// Where mail is read.
    pub incoming: IncomingServer,
    /// Where mail is sent.
    pub outgoing: OutgoingServer,
    /// Trusts these servers.
    pub trust: Trust,
    /// The address of who signs in.
    pub main: String,
    /// A mailbox that `main` may open and send as.
    pub shared: String,
    /// A mailbox that exists and that `main` may not open.
    pub forbidden: String,
    /// An address at this server that nobody has.
    pub nobody: String,
    /// An access token of `main`.
    pub token: SecretString,
    /// Keeps the demo's servers running.
    _tenant: Option<(Box<Tenant>, tempfile::TempDir)>,
}

impl Target {
    /// The demo tenant, one for each test.
    pub async fn demo() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tenant = Tenant::start(Options {
            port_base: 0,
            token_life: Duration::from_secs(300),
            chatter: false,
            messages: 400,
            folder: folder.path().to_owned(),
        })
        .await
        .expect("a demo tenant");
        let trust = Trust::load(Some(&tenant.ca_file)).expect("the demo's CA");
        let http = Http::new(&trust).expect("an HTTP client");
        let approve = |code: String| async {
            tenant.approve.send(code).expect("a running tenant");
        };
        let asked = Asked {
            authority: &tenant.authority,
            client_id: &tenant.client_id,
            scopes: SCOPES,
        };
        let token = sign_in(&http, &asked, approve).await;
        let domain = tenant.user.split('@').next_back().expect("a domain");
        Self {
            incoming: imap_at("localhost", tenant.imap_port, TlsMode::Implicit),
            outgoing: smtp_at("localhost", tenant.smtp_port, TlsMode::StartTls),
            trust,
            main: tenant.user.clone(),
            shared: tenant.shared[0].clone(),
            forbidden: tenant.forbidden.clone(),
            nobody: format!("no-such-person@{domain}"),
            token,
            _tenant: Some((Box::new(tenant), folder)),
        }
    }

    /// Dovecot with all it can do, TLS from the first byte.
    pub async fn dovecot() -> Self {
        let lab = Lab::find();
        let incoming = imap_at("localhost", lab.port("IMAPS"), TlsMode::Implicit);
        let outgoing = smtp_at("localhost", lab.port("SMTPS"), TlsMode::Implicit);
        Self::in_lab(lab, incoming, outgoing).await
    }

    /// Dovecot showing only what Exchange Online shows, by STARTTLS.
    pub async fn exchange_like() -> Self {
        let lab = Lab::find();
        let incoming = imap_at("127.0.0.2", lab.port("IMAP"), TlsMode::StartTls);
        let outgoing = smtp_at("localhost", lab.port("SMTP"), TlsMode::StartTls);
        Self::in_lab(lab, incoming, outgoing).await
    }

    async fn in_lab(lab: Lab, incoming: IncomingServer, outgoing: OutgoingServer) -> Self {
        let name = fresh_name();
        let main = format!("{name}@contoso.test");
        let token = lab.token(&format!("lab-{name}"), &main, SCOPES).await;
        Self {
            incoming,
            outgoing,
            trust: lab.trust,
            main,
            shared: format!("{name}.support@contoso.test"),
            forbidden: format!("{name}.board@contoso.test"),
            nobody: "no-such-person@contoso.test".to_owned(),
            token,
            _tenant: None,
        }
    }

    /// Opens a mailbox with the token of `main`.
    pub async fn try_open(&self, mailbox: &str) -> Result<Box<dyn Backend>, BackendError> {
        imap::connect(&self.incoming, &self.trust, &login(mailbox, &self.token)).await
    }

    /// Opens a mailbox that opens.
    pub async fn open(&self, mailbox: &str) -> Box<dyn Backend> {
        self.try_open(mailbox).await.expect("an open mailbox")
    }

    /// Opens the main mailbox.
    pub async fn open_main(&self) -> Box<dyn Backend> {
        self.open(&self.main).await
    }

    /// Signs in for sending, as `main`.
    pub async fn outgoing(&self) -> Box<dyn Outgoing> {
        self.try_outgoing(&self.token).await.expect("a submission")
    }

    /// Signs in for sending with any token.
    pub async fn try_outgoing(
        &self,
        token: &SecretString,
    ) -> Result<Box<dyn Outgoing>, BackendError> {
        smtp::connect(&self.outgoing, &self.trust, &login(&self.main, token)).await
    }
}

/// A login by token.
pub fn login(user: &str, token: &SecretString) -> Login {
    Login {
        user: user.to_owned(),
        credential: Credential::Bearer(token.clone()),
    }
}

/// An IMAP server.
pub fn imap_at(host: &str, port: u16, tls: TlsMode) -> IncomingServer {
    IncomingServer {
        protocol: IncomingProtocol::Imap,
        host: host.to_owned(),
        port,
        tls,
    }
}

/// A submission server.
pub fn smtp_at(host: &str, port: u16, tls: TlsMode) -> OutgoingServer {
    OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: host.to_owned(),
        port,
        tls,
    }
}
