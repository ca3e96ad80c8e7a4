//! Accounts for tests of the screens that show them.

use std::sync::Arc;

use crate::config::{Config, VaultConfig};
use crate::model::{
    Account, Address, IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer,
    Provider, ServerProfile, SignInProfile, TlsMode,
};
use crate::tui::context::Cx;
use crate::tui::testing::interface;

/// Returns a complete account of Microsoft 365 without additional users.
pub fn account(name: &str, email: &str) -> Account {
    let sign_in = SignInProfile {
        tenant: "contoso.com".into(),
        client_id: "11111111-2222-3333-4444-555555555555".into(),
        ..SignInProfile::new(name, Provider::Microsoft365, Method::DeviceCode)
    };
    Account {
        name: name.into(),
        address: Address::named("Alice Adams", email),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: ServerProfile {
            name: name.into(),
            incoming: IncomingServer {
                protocol: IncomingProtocol::Imap,
                host: "outlook.office365.com".into(),
                port: 993,
                tls: TlsMode::Implicit,
                path: None,
            },
            outgoing: Some(OutgoingServer {
                protocol: OutgoingProtocol::Smtp,
                host: "smtp.office365.com".into(),
                port: 587,
                tls: TlsMode::StartTls,
                path: None,
            }),
            ca_file: None,
            files_sent_copy: None,
            fallback: None,
        },
        additional_users: Vec::new(),
        on_behalf: Vec::new(),
    }
}

/// Adds two accounts to the surroundings, the first with two additional users.
pub fn with_accounts(mut cx: Cx) -> Cx {
    let mut work = account("work", "alice@contoso.com");
    work.additional_users = vec![
        Address::bare("support@contoso.com"),
        Address::bare("sales@contoso.com"),
    ];
    let school = account("school", "alice@school.example");
    let accounts = vec![work, school];
    let sign_in = accounts.iter().map(|one| one.sign_in.clone());
    let servers = accounts.iter().map(|one| one.servers.clone());
    cx.config = Some(Arc::new(Config {
        sign_in: sign_in.map(|one| (one.name.clone(), one)).collect(),
        servers: servers.map(|one| (one.name.clone(), one)).collect(),
        accounts,
        vault: VaultConfig::default(),
        interface: interface(),
    }));
    cx
}
