//! Other protocols for an account: where their servers are, what goes instead of EWS, and what POP3 cannot do. Connects
//! to nothing.

use crate::config::Config;
use crate::discover::{provider_incoming, provider_outgoing};
use crate::engine::work::desk::Desk;
use crate::engine::{Engine, EngineError};
use crate::model::{
    Account, IncomingProtocol, IncomingServer, MailboxId, Method, OutgoingProtocol, OutgoingServer,
    ServerProfile, SignInProfile, TlsMode,
};

/// Returns where mail is read over a protocol: where these servers do it already, where a server profile says it of the
/// same host, where the provider does it, else at the same host's usual port.
pub fn reading_server(
    config: &Config,
    (sign_in, servers): (&SignInProfile, &ServerProfile),
    protocol: IncomingProtocol,
) -> IncomingServer {
    let now = &servers.incoming;
    if now.protocol == protocol {
        return now.clone();
    }
    let mut known = config.servers.values().map(|profile| &profile.incoming);
    let known = known.find(|one| one.protocol == protocol && one.host == now.host);
    let outgoing = servers.outgoing.as_ref();
    if let Some(ews) = outgoing.filter(|one| is_ews_at(one.protocol, &one.host, &now.host))
        && protocol == IncomingProtocol::Ews
    {
        return IncomingServer {
            protocol,
            host: ews.host.clone(),
            port: ews.port,
            tls: ews.tls,
            path: ews.path.clone(),
        };
    }
    let usual = || provider_incoming(sign_in.provider, sign_in.cloud, protocol);
    known.cloned().or_else(usual).unwrap_or(IncomingServer {
        protocol,
        host: now.host.clone(),
        port: protocol.port(TlsMode::Implicit),
        tls: TlsMode::Implicit,
        path: None,
    })
}

fn is_ews_at(protocol: OutgoingProtocol, host: &str, wanted: &str) -> bool {
    protocol == OutgoingProtocol::Ews && host == wanted
}

/// Does the same for sending.
pub fn sending_server(
    config: &Config,
    (sign_in, servers): (&SignInProfile, &ServerProfile),
    protocol: OutgoingProtocol,
) -> OutgoingServer {
    let now = servers.outgoing.as_ref();
    if let Some(now) = now.filter(|now| now.protocol == protocol) {
        return now.clone();
    }
    let host = match now {
        Some(now) if !now.host.is_empty() => &now.host,
        _ => &servers.incoming.host,
    };
    let incoming = &servers.incoming;
    if protocol == OutgoingProtocol::Ews
        && incoming.protocol == IncomingProtocol::Ews
        && incoming.host == *host
    {
        return OutgoingServer {
            protocol,
            host: incoming.host.clone(),
            port: incoming.port,
            tls: incoming.tls,
            path: incoming.path.clone(),
        };
    }
    let mut known = config
        .servers
        .values()
        .filter_map(|profile| profile.outgoing.as_ref());
    let known = known.find(|one| one.protocol == protocol && one.host == *host);
    let fallback = servers.fallback.as_ref();
    let fallback = fallback.filter(|server| server.protocol == protocol);
    let usual = || provider_outgoing(sign_in.provider, sign_in.cloud, protocol);
    let tls = if protocol.is_web() {
        TlsMode::Implicit
    } else {
        TlsMode::StartTls
    };
    let found = fallback.or(known).cloned().or_else(usual);
    found.unwrap_or_else(|| OutgoingServer {
        protocol,
        host: host.clone(),
        port: protocol.port(tls),
        tls,
        path: None,
    })
}

/// Returns what an account is read over where EWS is closed: Graph at Microsoft's, IMAP anywhere else.
pub fn instead_of_ews(account: &Account) -> IncomingProtocol {
    let sign_in = &account.sign_in;
    if sign_in.provider.is_microsoft() && sign_in.method != Method::Password {
        IncomingProtocol::Graph
    } else {
        IncomingProtocol::Imap
    }
}

/// Returns an account as it is read over another protocol than EWS, and sent over its like where that was EWS.
pub fn without_ews(config: &Config, account: &Account, protocol: IncomingProtocol) -> Account {
    let mut account = account.clone();
    let Account {
        sign_in, servers, ..
    } = &mut account;
    let outgoing = servers.outgoing.as_ref();
    if outgoing.is_some_and(|server| server.protocol == OutgoingProtocol::Ews) {
        let like = match protocol {
            IncomingProtocol::Graph => OutgoingProtocol::Graph,
            _ => OutgoingProtocol::Smtp,
        };
        servers.outgoing = Some(sending_server(config, (sign_in, servers), like));
    }
    if servers.incoming.protocol == IncomingProtocol::Ews {
        servers.incoming = reading_server(config, (sign_in, servers), protocol);
    }
    account
}

impl Engine {
    /// Has an account read over another protocol, and sent over its like where that was EWS. Cache, drafts and outbox
    /// stay; other accounts that share the server profile keep it as it is.
    pub async fn leave_ews(
        &self,
        account: &str,
        protocol: IncomingProtocol,
    ) -> Result<(), EngineError> {
        let config = self.inner.config();
        let mut accounts = config.accounts.iter();
        let found = accounts.find(|one| one.name == account);
        let account = found.ok_or_else(|| EngineError::NotFound {
            what: "account",
            name: account.to_owned(),
        })?;
        self.save_account(without_ews(&config, account, protocol))
            .await
    }

    /// Refuses what needs folders, such as `moved`, in a mailbox that has none: [`EngineError::NoFolders`].
    pub fn refuse_without_folders(
        &self,
        mailbox: MailboxId,
        what: &'static str,
    ) -> Result<(), EngineError> {
        needs_folders(&*self.inner.desk(mailbox)?, what)
    }
}

/// Tells whether the server behind a mailbox has folders besides the inbox.
pub fn has_folders(desk: &Desk) -> bool {
    let server = &desk.signer.account.servers.incoming;
    server.protocol.has_folders()
}

/// Refuses what needs folders, in a mailbox that has none.
pub fn needs_folders(desk: &Desk, what: &'static str) -> Result<(), EngineError> {
    if has_folders(desk) {
        return Ok(());
    }
    Err(EngineError::NoFolders {
        mailbox: desk.address().to_owned(),
        what,
    })
}
