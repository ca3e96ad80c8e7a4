//! The servers that the stories are told to: the demo tenant by every protocol, and Dovecot and Postfix in several shapes.
//!
//! [`Target::try_open`] and [`Target::try_outgoing`] are the only places that know how a protocol is opened.

use std::sync::Arc;
use std::time::Duration;

use pillarbox::backend::{
    Access, Backend, BackendError, Credential, Login, Opener, Outgoing, ews, graph, imap, pop3,
    smtp,
};
use pillarbox::model::{
    Flags, IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, RemoteId, RemoteOp,
    TlsMode,
};
use pillarbox::net::Trust;
use secrecy::SecretString;
use tokio::sync::{Mutex, Notify};

use crate::demo::Demo;
use crate::lab::{Lab, fresh_name};
use crate::stories::steps::{append, find_folder, list, make_folder};
use crate::tokens::Tokens;

/// What a person's token for Dovecot and Postfix is good for.
const LAB_SCOPES: &str = "openid profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
     https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send";

/// Servers with people of their own, so that no test meets another's mail.
pub struct Target {
    /// Where mail is read.
    pub incoming: IncomingServer,
    /// Where mail is sent.
    pub outgoing: OutgoingServer,
    /// Trusts these servers.
    pub trust: Trust,
    /// The mailbox that the stories are about.
    pub mailbox: String,
    /// The address of who signs in; for an app, the mailbox it is mostly there for.
    pub main: String,
    /// Another mailbox that may be opened, and that `main` may send as.
    pub shared: String,
    /// A mailbox that exists and that may not be opened.
    pub forbidden: String,
    /// An address at this server that nobody has.
    pub nobody: String,
    /// What is shown to the servers.
    pub tokens: Arc<Tokens>,
    /// Who shows it.
    pub speaker: Speaker,
    /// How others see the same mailboxes.
    pub side: SideDoor,
    /// The demo, where it is one.
    pub demo: Option<Demo>,
}

/// Who signs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaker {
    /// A person.
    Person,
    /// An app without a person.
    App,
}

/// IMAP at the same mailboxes, for what a protocol cannot do by itself.
pub struct SideDoor {
    /// The server.
    pub server: IncomingServer,
    /// A token for it.
    pub token: SecretString,
    open: Mutex<Option<Box<dyn Backend>>>,
}

impl SideDoor {
    /// Makes one; nothing is opened yet.
    pub fn new(server: IncomingServer, token: SecretString) -> Self {
        Self {
            server,
            token,
            open: Mutex::new(None),
        }
    }
}

impl Target {
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

    /// Dovecot by POP3.
    pub async fn dovecot_pop3(tls: TlsMode) -> Self {
        let lab = Lab::find();
        let incoming = match tls {
            TlsMode::Implicit => pop3_at("localhost", lab.port("POPS"), tls),
            _ => pop3_at("127.0.0.2", lab.port("POP"), tls),
        };
        let outgoing = smtp_at("localhost", lab.port("SMTPS"), TlsMode::Implicit);
        Self::in_lab(lab, incoming, outgoing).await
    }

    async fn in_lab(lab: Lab, incoming: IncomingServer, outgoing: OutgoingServer) -> Self {
        let name = fresh_name();
        let main = format!("{name}@contoso.test");
        let token = lab.token(&format!("lab-{name}"), &main, LAB_SCOPES).await;
        let side = imap_at("localhost", lab.port("IMAPS"), TlsMode::Implicit);
        Self {
            incoming,
            outgoing,
            trust: lab.trust,
            mailbox: main.clone(),
            main,
            shared: format!("{name}.support@contoso.test"),
            forbidden: format!("{name}.board@contoso.test"),
            nobody: "no-such-person@contoso.test".to_owned(),
            tokens: Arc::new(Tokens::new(token.clone())),
            speaker: Speaker::Person,
            side: SideDoor::new(side, token),
            demo: None,
        }
    }

    /// Tells the stories of the additional user's mailbox.
    pub fn of_additional_user(mut self) -> Self {
        self.mailbox.clone_from(&self.shared);
        self
    }

    /// Opens a mailbox with the story's token.
    pub async fn try_open(&self, mailbox: &str) -> Result<Box<dyn Backend>, BackendError> {
        let (server, trust) = (&self.incoming, &self.trust);
        let token = self.tokens.current();
        match server.protocol {
            IncomingProtocol::Imap => imap::connect(server, trust, &login(mailbox, &token)).await,
            IncomingProtocol::Pop3 => pop3::connect(server, trust, &login(mailbox, &token)).await,
            IncomingProtocol::Ews => ews::connect(server, trust, &self.access(mailbox)).await,
            IncomingProtocol::Graph => graph::connect(server, trust, &self.access(mailbox)).await,
        }
    }

    /// Signs in for sending, as `sender` where the protocol is told before the message.
    pub async fn try_outgoing(&self, sender: &str) -> Result<Box<dyn Outgoing>, BackendError> {
        let (server, trust) = (&self.outgoing, &self.trust);
        match server.protocol {
            OutgoingProtocol::Smtp => {
                smtp::connect(server, trust, &login(&self.main, &self.tokens.current())).await
            }
            OutgoingProtocol::Ews => {
                ews::connect_outgoing(server, trust, &self.access(sender)).await
            }
            OutgoingProtocol::Graph => {
                graph::connect_outgoing(server, trust, &self.access(sender)).await
            }
        }
    }

    /// Returns what opens a mailbox behind HTTPS.
    fn access(&self, mailbox: &str) -> Access {
        Access {
            mailbox: mailbox.to_owned(),
            user: self.main.clone(),
            opener: match self.speaker {
                Speaker::App => Opener::Application,
                Speaker::Person if mailbox == self.main => Opener::Owner,
                Speaker::Person => Opener::Delegate,
            },
            proof: self.tokens.clone(),
        }
    }

    /// Opens a mailbox that opens.
    pub async fn open(&self, mailbox: &str) -> Box<dyn Backend> {
        self.try_open(mailbox).await.expect("an open mailbox")
    }

    /// Opens the mailbox that the stories are about.
    pub async fn open_main(&self) -> Box<dyn Backend> {
        self.open(&self.mailbox).await
    }

    /// Signs in for sending.
    pub async fn outgoing(&self, sender: &str) -> Box<dyn Outgoing> {
        self.try_outgoing(sender).await.expect("a submission")
    }

    /// Returns a folder of that mailbox with nothing in it: a new one, or the inbox where there is no other.
    pub async fn empty_folder(&self, mailbox: &mut dyn Backend, path: &str) -> RemoteId {
        if self.incoming.protocol.has_folders() {
            return make_folder(mailbox, path).await;
        }
        let inbox = RemoteId::new("INBOX");
        let mut side = self.side.open.lock().await;
        let other = self.other(&mut side).await;
        let messages = list(other, &inbox).await.into_iter();
        let delete = RemoteOp::Delete {
            folder: "INBOX".to_owned(),
            messages: messages.map(|m| m.id.as_str().to_owned()).collect(),
        };
        other.apply(&delete).await.expect("an empty inbox");
        look_anew(mailbox).await;
        inbox
    }

    /// Files a message there; by the side door where the protocol cannot file.
    pub async fn put(
        &self,
        mailbox: &mut dyn Backend,
        folder: &RemoteId,
        subject: &str,
        flags: Flags,
    ) {
        self.file(mailbox, &append(folder, subject, flags)).await;
    }

    /// Does an append, by the side door where the protocol cannot file.
    pub async fn file(&self, mailbox: &mut dyn Backend, append: &RemoteOp) {
        if self.incoming.protocol.has_folders() {
            mailbox.apply(append).await.expect("an append");
            return;
        }
        let mut side = self.side.open.lock().await;
        let other = self.other(&mut side).await;
        other.apply(append).await.expect("an append");
        look_anew(mailbox).await;
    }

    /// Tells whether a filed message keeps every byte. Graph files what it understood of one.
    pub fn keeps_bytes(&self) -> bool {
        self.incoming.protocol != IncomingProtocol::Graph
    }

    /// Does an append byte by byte, by the side door where the protocol cannot.
    pub async fn file_as_it_is(&self, mailbox: &mut dyn Backend, append: &RemoteOp) {
        if self.keeps_bytes() {
            return self.file(mailbox, append).await;
        }
        let mut there = append.clone();
        let RemoteOp::Append { folder, .. } = &mut there else {
            panic!("{append:?}");
        };
        let folders = mailbox.folders().await.expect("folders");
        let mut same = folders.iter().filter(|it| it.id.as_str() == folder);
        let path = &same.next().expect("the folder").path;
        let mut side = self.side.open.lock().await;
        let other = self.other(&mut side).await;
        let found = find_folder(other, path).await;
        found
            .expect("the same folder")
            .id
            .as_str()
            .clone_into(folder);
        other.apply(&there).await.expect("an append");
    }

    /// Opens the side door, or goes through the open one.
    async fn other<'a>(&self, side: &'a mut Option<Box<dyn Backend>>) -> &'a mut dyn Backend {
        if side.is_none() {
            let login = login(&self.mailbox, &self.side.token);
            let opened = imap::connect(&self.side.server, &self.trust, &login).await;
            *side = Some(opened.expect("the side door"));
        }
        side.as_deref_mut().expect("an open side door")
    }
}

/// Ends a session that shows the maildrop of its beginning, as every wait does.
async fn look_anew(mailbox: &mut dyn Backend) {
    let inbox = RemoteId::new("INBOX");
    let wake = mailbox.wait(&inbox, &Notify::new(), Duration::ZERO).await;
    wake.expect("the end of a wait");
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
    incoming_at(IncomingProtocol::Imap, host, port, tls)
}

/// A POP3 server.
pub fn pop3_at(host: &str, port: u16, tls: TlsMode) -> IncomingServer {
    incoming_at(IncomingProtocol::Pop3, host, port, tls)
}

/// A server to read from.
pub fn incoming_at(
    protocol: IncomingProtocol,
    host: &str,
    port: u16,
    tls: TlsMode,
) -> IncomingServer {
    IncomingServer {
        protocol,
        host: host.to_owned(),
        port,
        tls,
        path: None,
    }
}

/// A submission server.
pub fn smtp_at(host: &str, port: u16, tls: TlsMode) -> OutgoingServer {
    OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: host.to_owned(),
        port,
        tls,
        path: None,
    }
}
