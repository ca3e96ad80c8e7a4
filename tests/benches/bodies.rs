//! Bodies of 10,000 messages, fetched, read, indexed and durably stored as the worker does it, without its pauses.

use std::time::Instant;

use pillarbox::backend::{Credential, Login, imap};
use pillarbox::mime::digest;
use pillarbox::model::{IncomingProtocol, IncomingServer, Progress, Role, TlsMode};
use pillarbox::store::{NewBody, Store};

use crate::home::Home;
use crate::lab::{Lab, SCOPES};
use crate::{Failure, bare, report, seconds};

const COUNT: usize = 10_000;
/// The largest batch of the worker.
const BATCH: usize = 64;

/// Measures the bare socket on the same messages first.
pub async fn measure(lab: &Lab, home: &Home, person: &str) -> Result<(), Failure> {
    let client = format!("lab-{}", person.split('@').next().unwrap_or_default());
    let token = lab.token(&client, person, SCOPES).await;
    let port = lab.port("IMAPS");
    let (mut session, total) = bare::open(lab, port, person, &token).await?;
    let first = total.saturating_sub(COUNT - 1).max(1);
    let command = format!("FETCH {first}:* BODY.PEEK[]");
    bare::run(&mut session, &command).await?;
    let (time, bytes) = bare::run(&mut session, &command).await?;
    report("bare: bodies of 10,000 messages", seconds(time), "s");
    report("bare: bodies of 10,000 messages", bytes, "B");

    let server = IncomingServer {
        protocol: IncomingProtocol::Imap,
        host: "localhost".to_owned(),
        port,
        tls: TlsMode::Implicit,
        path: None,
    };
    let login = Login {
        user: person.to_owned(),
        credential: Credential::Bearer(token),
    };
    let mut backend = imap::connect(&server, &lab.trust, &login).await?;
    let (store, _) = Store::open(&pillarbox::config::Paths::under(home.path()).data).await?;
    let mailbox = store.mailboxes().await?.first().ok_or("no mailbox")?.id;
    let inbox = store.folder_by_role(mailbox, Role::Inbox).await?;
    let inbox = inbox.ok_or("no inbox")?;
    let wanted = store.without_body(inbox.id, COUNT, u64::MAX).await?;
    let start = Instant::now();
    for batch in wanted.chunks(BATCH) {
        let remotes: Vec<_> = batch.iter().map(|(_, remote)| remote.clone()).collect();
        let fetched = backend
            .fetch(&inbox.remote, &remotes, &Progress::default())
            .await?;
        let pairs: Vec<_> = batch.iter().map(|(id, _)| *id).zip(fetched).collect();
        let bodies = tokio::task::spawn_blocking(move || {
            let read = |(message, (_, bytes)): (_, (_, Vec<u8>))| {
                let digest = digest(&bytes);
                NewBody {
                    message,
                    bytes,
                    text: digest.text,
                    preview: digest.preview,
                    has_attachments: digest.has_attachments,
                }
            };
            pairs.into_iter().map(read).collect()
        });
        store.put_bodies(bodies.await?).await?;
    }
    report(
        "bodies of 10,000 messages, indexed and durable",
        seconds(start.elapsed()),
        "s",
    );
    store.close().await;
    Ok(())
}
