//! Asks an organisation's address book while a person types: one question at a time, and none for a while after one that
//! failed. What fails is logged and told to nobody: the cache has answered already.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use crate::engine::EngineError;
use crate::engine::inner::Inner;
use crate::engine::link::DirectoryLink;
use crate::engine::signer::Signer;
use crate::engine::work::reaction::{Reaction, reaction};
use crate::model::{Address, IncomingProtocol};

/// How long a person who types waits for an answer, at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing is asked after a question that failed.
const REST: Duration = Duration::from_secs(60);

/// The address book of one account.
#[derive(Debug, Default)]
pub struct Book {
    link: Option<DirectoryLink>,
    rests_until: Option<Timestamp>,
}

impl Book {
    async fn ask(
        &mut self,
        (inner, signer): (&Inner, &Signer),
        text: &str,
    ) -> Result<Vec<Address>, EngineError> {
        if self.link.is_none() {
            self.link = inner.connector.directory(signer).await?;
        }
        let (Some(link), Some(server)) = (&mut self.link, signer.account.directory_server()) else {
            return Ok(Vec::new());
        };
        let found = link.resolve(text).await;
        found.map_err(|source| {
            signer.blame(
                &signer.account.address.email,
                (IncomingProtocol::Ews.title(), server.host),
                source,
            )
        })
    }

    /// Leaves the server alone for a while; whatever failed is not used again.
    fn rest(&mut self, now: Timestamp, rest: Duration) {
        self.link = None;
        let rest = SignedDuration::try_from(rest).unwrap_or_default();
        self.rests_until = Some(now.saturating_add(rest).unwrap_or(now));
    }
}

/// Returns whom an account's address book knows by what was typed; nobody where it has none, or did not answer.
pub async fn resolve(inner: &Inner, signer: &Signer, text: &str) -> Vec<Address> {
    let mut book = signer.directory.lock().await;
    let now = inner.now();
    if book.rests_until.is_some_and(|until| now < until) {
        return Vec::new();
    }
    let account = &signer.account.name;
    match timeout(PATIENCE, book.ask((inner, signer), text)).await {
        Ok(Ok(found)) => return found,
        Ok(Err(error)) => {
            tracing::warn!(%account, "the address book did not answer");
            tracing::debug!(?error, "address book");
            let rest = match reaction(&error) {
                Reaction::Wait(longer) => longer.max(REST),
                _ => REST,
            };
            book.rest(now, rest);
        }
        Err(_) => {
            tracing::warn!(%account, "the address book took too long");
            book.rest(now, REST);
        }
    }
    Vec::new()
}
