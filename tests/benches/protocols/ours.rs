//! Our own client: the backend alone, and the whole program.

use std::sync::Arc;

use async_trait::async_trait;
use pillarbox::backend::{
    Access, Backend, BackendError, Credential, Login, Opener, ProofSource, ews, graph, pop3,
};
use pillarbox::model::{IncomingProtocol, IncomingServer, Role, TlsMode};
use secrecy::SecretString;

use crate::home::Home;
use crate::tenant::House;
use crate::{Failure, report};

/// A token that is good for the whole run.
#[derive(Debug)]
struct Shown(SecretString);

#[async_trait]
impl ProofSource for Shown {
    async fn credential(&self) -> Result<Credential, BackendError> {
        Ok(Credential::Bearer(self.0.clone()))
    }

    async fn reject(&self, _: &Credential) -> bool {
        false
    }
}

/// Returns the port of a protocol.
pub fn port(house: &House, protocol: IncomingProtocol) -> u16 {
    match protocol {
        IncomingProtocol::Pop3 => house.tenant.pop_port,
        _ => house.tenant.web_port,
    }
}

async fn open(
    house: &House,
    protocol: IncomingProtocol,
    token: &SecretString,
) -> Result<Box<dyn Backend>, Failure> {
    let server = IncomingServer {
        protocol,
        host: "localhost".to_owned(),
        port: port(house, protocol),
        tls: TlsMode::Implicit,
        path: None,
    };
    let user = house.tenant.user.clone();
    let access = Access {
        mailbox: user.clone(),
        user: user.clone(),
        opener: Opener::Owner,
        proof: Arc::new(Shown(token.clone())),
    };
    let login = Login {
        user,
        credential: Credential::Bearer(token.clone()),
    };
    Ok(match protocol {
        IncomingProtocol::Graph => graph::connect(&server, &house.trust, &access).await?,
        IncomingProtocol::Ews => ews::connect(&server, &house.trust, &access).await?,
        _ => pop3::connect(&server, &house.trust, &login).await?,
    })
}

/// Opens the mailbox and reads the first screen; returns requests over HTTPS and rows.
pub async fn first_screen(
    house: &House,
    protocol: IncomingProtocol,
    token: &SecretString,
) -> Result<(u64, usize), Failure> {
    let before = house.requests();
    let mut backend = open(house, protocol, token).await?;
    let folders = backend.folders().await?;
    let inbox = folders.iter().find(|folder| folder.role == Role::Inbox);
    let inbox = inbox.ok_or("no inbox")?.id.clone();
    let changes = backend.changes(&inbox, None).await?;
    let requests = house.requests().web_requests - before.web_requests;
    Ok((requests, changes.upserts.len()))
}

/// Reads all headers of the inbox, as the engine asks for them; returns how many there were.
pub async fn list(
    house: &House,
    protocol: IncomingProtocol,
    token: &SecretString,
) -> Result<usize, Failure> {
    let mut backend = open(house, protocol, token).await?;
    let folders = backend.folders().await?;
    let inbox = folders.iter().find(|folder| folder.role == Role::Inbox);
    let inbox = inbox.ok_or("no inbox")?.id.clone();
    let (mut cursor, mut rows) = (None, 0);
    loop {
        let changes = backend.changes(&inbox, cursor.as_ref()).await?;
        rows += changes.upserts.len();
        if !changes.more {
            return Ok(rows);
        }
        cursor = Some(changes.next);
        backend.read_ahead().await;
    }
}

/// Fills an empty cache by `pillarbox sync`.
pub async fn measure_program(house: &House, protocol: IncomingProtocol) -> Result<(), Failure> {
    let (name, tenant) = (protocol.name(), &house.tenant);
    let word = name.to_lowercase();
    let outgoing = match protocol {
        IncomingProtocol::Pop3 => format!(
            "{{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}",
            tenant.smtp_port
        ),
        _ => format!(
            "{{ protocol = \"{word}\", host = \"localhost\", port = {}, tls = \"implicit\" }}",
            tenant.web_port
        ),
    };
    let home = Home::with(&format!(
        "[sign_in.demo]\nprovider = \"custom\"\nmethod = \"device-code\"\nauthority = \"{}\"\nclient_id = \"{}\"\n\
         scopes = \"{}\"\nca_file = \"{ca}\"\n\n[servers.demo]\nca_file = \"{ca}\"\n\
         incoming = {{ protocol = \"{word}\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
         outgoing = {outgoing}\n\n\
         [account.bench]\naddress = \"{}\"\nsign_in = \"demo\"\nservers = \"demo\"\n",
        tenant.authority,
        tenant.client_id,
        House::scopes(protocol),
        port(house, protocol),
        tenant.user,
        ca = tenant.ca_file.display(),
    ))?;
    home.sign_in_by(async |code| house.approve(code)).await?;
    let watch = house.watch();
    home.sync(&format!("{name}, pillarbox sync, cold"))?;
    let spent = house.spent(&watch);
    report(
        &format!("{name}, pillarbox sync, cold: server's processor time"),
        crate::seconds(spent.server),
        "s",
    );
    Ok(())
}
