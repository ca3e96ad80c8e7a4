//! Every document for accounts of different kinds, and answers as they come back.

mod answers;
mod documents;
mod hostile;

use super::*;
use crate::model::{
    Account, Address, ClientKind, Cloud, IncomingProtocol, IncomingServer, Method,
    OutgoingProtocol, OutgoingServer, Provider, ServerProfile, SignInProfile, TlsMode,
};

const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const SENDER: &str = "22222222-2222-3333-4444-555555555555";
const OBJECT: &str = "99999999-8888-7777-6666-555555555555";
const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

fn account(provider: Provider, method: Method) -> Account {
    let sign_in = SignInProfile {
        tenant: "contoso.com".into(),
        client_id: CLIENT.into(),
        ..SignInProfile::new("contoso", provider, method)
    };
    Account {
        name: "work".into(),
        address: Address::named("Alice", "alice@contoso.com"),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: ServerProfile {
            name: "contoso".into(),
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

/// A person with two shared mailboxes, one of them on behalf only.
fn delegated_public() -> Account {
    let mut account = account(Provider::Microsoft365, Method::DeviceCode);
    account.additional_users = vec![
        Address::bare("sales@contoso.com"),
        Address::bare("desk@contoso.com"),
    ];
    account.on_behalf = vec![Address::bare("desk@contoso.com")];
    account
}

/// The same account over other protocols.
fn over(mut account: Account, incoming: IncomingProtocol, outgoing: OutgoingProtocol) -> Account {
    account.servers.incoming.protocol = incoming;
    if let Some(server) = account.servers.outgoing.as_mut() {
        server.protocol = outgoing;
    }
    account
}

fn delegated_web() -> Account {
    let mut account = account(Provider::Microsoft365, Method::Browser);
    account.sign_in.client = ClientKind::Confidential;
    account.sign_in.redirect_uri = Some("https://mail.contoso.com/callback".into());
    account.send_sign_in = account.sign_in.clone();
    account
}

fn app_secret() -> Account {
    let mut account = account(Provider::Microsoft365, Method::ClientSecret);
    account.sign_in.tenant = TENANT.into();
    account.send_sign_in = account.sign_in.clone();
    account.additional_users = vec![
        Address::bare("sales@contoso.com"),
        Address::bare("desk@contoso.com"),
    ];
    account
}

fn app_certificate() -> Account {
    let mut account = account(Provider::Microsoft365, Method::ClientCertificate);
    account.sign_in.certificate = Some("/etc/pillarbox/app.crt".into());
    account.sign_in.certificate_key = Some("/etc/pillarbox/app.key".into());
    account.send_sign_in = account.sign_in.clone();
    account
}

fn us_government() -> Account {
    let mut account = delegated_public();
    account.sign_in.cloud = Cloud::UsGov;
    account.sign_in.client_id = String::new();
    account.send_sign_in = account.sign_in.clone();
    account
}

fn kit(account: &Account) -> Kit<'_> {
    Kit::new(account, Functions::of(account))
}

/// All documents of a kit that there are.
fn all(kit: &Kit<'_>) -> Vec<Document> {
    let documents = [
        Some(guide(kit)),
        manifest(kit),
        consent_url(kit),
        powershell(kit),
        az(kit),
        Some(request(kit)),
    ];
    documents.into_iter().flatten().collect()
}
