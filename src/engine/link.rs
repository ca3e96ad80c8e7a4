//! Opening connections: the real servers, and the seam where tests put theirs.
//!
//! A server that refuses a token believed fresh gets one new token and one more try; the rest is the caller's.

use std::fmt::Debug;
use std::path::PathBuf;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::auth::Function;
use crate::backend::{
    Backend, BackendError, Credential, Directory, Login, Outgoing, ews, graph, imap, pop3, smtp,
};
use crate::engine::access::access;
use crate::engine::check::{Found, secured};
use crate::engine::signer::Signer;
use crate::engine::{CheckStep, EngineError};
use crate::model::{IncomingProtocol, Mailbox, OutgoingProtocol, OutgoingServer};
use crate::net::{NetError, Trust, connect_plain, connect_tls, resolve};

/// An open connection to a mailbox.
pub struct Link {
    /// The connection.
    pub backend: Box<dyn Backend>,
    /// The token it was opened with, if it was one.
    pub token: Option<SecretString>,
}

/// An open connection for sending.
pub type OutgoingLink = Box<dyn Outgoing>;

/// A way to ask an address book.
pub type DirectoryLink = Box<dyn Directory>;

/// Opens connections.
#[async_trait]
pub trait Connector: Send + Sync + Debug {
    /// Opens a mailbox with the account's sign-in.
    async fn backend(&self, signer: &Signer, mailbox: &Mailbox) -> Result<Link, EngineError>;

    /// Opens a connection for sending as `sender`, logged in as [`Signer::sending_user`].
    async fn outgoing(&self, signer: &Signer, sender: &str) -> Result<OutgoingLink, EngineError>;

    /// Opens the connection of [`Signer::fallback`], for a server that lets nobody sign in over SMTP.
    async fn fallback(&self, signer: &Signer, sender: &str) -> Result<OutgoingLink, EngineError>;

    /// Makes a way to ask the organisation's address book; `None` where the account speaks EWS nowhere.
    async fn directory(&self, signer: &Signer) -> Result<Option<DirectoryLink>, EngineError>;

    /// Tries one of the first steps of a check; returns what was found.
    async fn probe(&self, signer: &Signer, step: CheckStep) -> Result<Found, EngineError>;
}

/// Connects to the servers of the configuration.
#[derive(Debug)]
pub struct Servers;

#[async_trait]
impl Connector for Servers {
    async fn backend(&self, signer: &Signer, mailbox: &Mailbox) -> Result<Link, EngineError> {
        let server = &signer.account.servers.incoming;
        let trust = signer.trust().await?;
        let address = &mailbox.address.email;
        let function = Function::reading(server.protocol);
        if server.protocol.is_web() {
            let access = access(signer, address, &signer.receive, function);
            let opened = match server.protocol {
                IncomingProtocol::Ews => ews::connect(server, &trust, &access).await,
                _ => graph::connect(server, &trust, &access).await,
            };
            let backend = opened.map_err(|source| signer.blame_incoming(address, source))?;
            return Ok(Link {
                backend,
                token: None,
            });
        }
        let mut is_second = false;
        loop {
            let credential = signer.receive.credential(function).await?;
            let login = Login {
                user: incoming_user(signer, mailbox, &credential),
                credential: credential.clone(),
            };
            let opened = match server.protocol {
                IncomingProtocol::Pop3 => pop3::connect(server, &trust, &login).await,
                _ => imap::connect(server, &trust, &login).await,
            };
            match opened {
                Ok(backend) => {
                    let token = match credential {
                        Credential::Bearer(token) => Some(token),
                        Credential::Password(_) => None,
                    };
                    return Ok(Link { backend, token });
                }
                Err(BackendError::SignIn { .. })
                    if !is_second && signer.receive.reject(&credential).await =>
                {
                    is_second = true;
                }
                Err(source) => return Err(signer.blame_incoming(address, source)),
            }
        }
    }

    async fn outgoing(&self, signer: &Signer, sender: &str) -> Result<OutgoingLink, EngineError> {
        let account = &signer.account;
        let blame = |source| signer.blame_outgoing(&account.address.email, source);
        let server = outgoing_server(signer)?;
        if server.protocol.is_web() {
            return self.web_outgoing(signer, sender, server).await;
        }
        let trust = signer.trust().await?;
        let mut is_second = false;
        loop {
            let credential = signer.send.credential(Function::SendSmtp).await?;
            let login = Login {
                user: signer.sending_user(sender).to_owned(),
                credential: credential.clone(),
            };
            match smtp::connect(server, &trust, &login).await {
                Ok(outgoing) => return Ok(outgoing),
                Err(BackendError::SignIn { .. })
                    if !is_second && signer.send.reject(&credential).await =>
                {
                    is_second = true;
                }
                Err(source) => return Err(blame(source)),
            }
        }
    }

    async fn fallback(&self, signer: &Signer, sender: &str) -> Result<OutgoingLink, EngineError> {
        let Some(server) = signer.fallback() else {
            let source = BackendError::Unsupported {
                what: "another way to send",
            };
            return Err(signer.blame_outgoing(&signer.account.address.email, source));
        };
        self.web_outgoing(signer, sender, &server).await
    }

    async fn directory(&self, signer: &Signer) -> Result<Option<DirectoryLink>, EngineError> {
        let account = &signer.account;
        let Some(server) = account.directory_server() else {
            return Ok(None);
        };
        let (proof, function) = if account.servers.incoming.protocol == IncomingProtocol::Ews {
            let function = Function::reading(IncomingProtocol::Ews);
            (&signer.receive, function)
        } else {
            (&signer.send, Function::sending(OutgoingProtocol::Ews))
        };
        let address = &account.address.email;
        let access = access(signer, address, proof, function);
        let made = ews::directory(server, &signer.trust().await?, &access);
        made.map(Some).map_err(|source| {
            signer.blame(
                address,
                (OutgoingProtocol::Ews.title(), server.host),
                source,
            )
        })
    }

    async fn probe(&self, signer: &Signer, step: CheckStep) -> Result<Found, EngineError> {
        let account = &signer.account;
        let (address, server) = (&account.address.email, &account.servers.incoming);
        let (host, port) = (server.host.as_str(), server.port);
        match step {
            CheckStep::Resolve => {
                let found = resolve(host, port).await?;
                let list: Vec<_> = found.iter().map(|at| at.ip().to_string()).collect();
                Ok(format!("{host} is {}", list.join(", ")).into())
            }
            CheckStep::Tls => {
                let trust = signer.trust().await?;
                let stream = match server.protocol {
                    IncomingProtocol::Imap => imap::protect(server, &trust).await,
                    IncomingProtocol::Pop3 => pop3::protect(server, &trust).await,
                    IncomingProtocol::Ews | IncomingProtocol::Graph => {
                        Ok(connect_tls(host, port, &trust).await?)
                    }
                };
                let stream = stream.map_err(|source| signer.blame_incoming(address, source))?;
                Ok(secured(&stream, server.tls, signer.now()))
            }
            CheckStep::SendTls => {
                let server = outgoing_server(signer)?;
                let trust = signer.trust().await?;
                let stream = match server.protocol {
                    OutgoingProtocol::Smtp => smtp::protect(server, &trust).await,
                    OutgoingProtocol::Ews | OutgoingProtocol::Graph => {
                        Ok(connect_tls(&server.host, server.port, &trust).await?)
                    }
                };
                let stream = stream.map_err(|source| signer.blame_outgoing(address, source))?;
                Ok(secured(&stream, server.tls, signer.now()))
            }
            _ => {
                let stream = connect_plain(host, port).await?;
                Ok(stream.peer_addr().to_string().into())
            }
        }
    }
}

impl Servers {
    /// Opens a connection for sending over HTTPS.
    async fn web_outgoing(
        &self,
        signer: &Signer,
        sender: &str,
        server: &OutgoingServer,
    ) -> Result<OutgoingLink, EngineError> {
        let trust = signer.trust().await?;
        // Who sends with a password has nothing that Graph would take; whoever reads has.
        let proof = if signer.send.is_password() {
            &signer.receive
        } else {
            &signer.send
        };
        let access = access(signer, sender, proof, Function::sending(server.protocol));
        let opened = match server.protocol {
            OutgoingProtocol::Ews => ews::connect_outgoing(server, &trust, &access).await,
            _ => graph::connect_outgoing(server, &trust, &access).await,
        };
        opened
            .map_err(|source| signer.blame(sender, (server.protocol.title(), &server.host), source))
    }
}

fn outgoing_server(signer: &Signer) -> Result<&OutgoingServer, EngineError> {
    let account = &signer.account;
    let server = account.servers.outgoing.as_ref();
    server.ok_or_else(|| {
        let what = "sending: the account has no outgoing server";
        signer.blame_outgoing(&account.address.email, BackendError::Unsupported { what })
    })
}

/// A token opens the mailbox named beside it; a password belongs to the login name, which may be no address.
fn incoming_user(signer: &Signer, mailbox: &Mailbox, credential: &Credential) -> String {
    let account = &signer.account;
    match credential {
        Credential::Password(_) if account.address.is_same_mailbox(&mailbox.address) => {
            account.identity().to_owned()
        }
        _ => mailbox.address.email.clone(),
    }
}

/// Loads the certificates that servers are checked against. Reading the system's roots touches many files, so it happens on
/// a thread that may block.
pub async fn load_trust(ca_file: Option<PathBuf>) -> Result<Trust, EngineError> {
    let path = ca_file.clone();
    tokio::task::spawn_blocking(move || Trust::load(path.as_deref()))
        .await
        .unwrap_or_else(|_| {
            Err(NetError::CaFile {
                path: ca_file.unwrap_or_default(),
                reason: "reading it failed unexpectedly".into(),
            })
        })
        .map_err(EngineError::from)
}
