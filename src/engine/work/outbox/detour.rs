//! The way a message goes: the account's own server, or another where that lets nobody sign in over SMTP.

use std::sync::Arc;

use crate::backend::BackendError;
use crate::engine::EngineError;
use crate::engine::signer::Signer;
use crate::engine::work::outbox::round::is_off;
use crate::engine::work::outbox::{OpenLink, OutboxWorker};
use crate::engine::work::reaction::{Reaction, reaction};
use crate::model::{OutboxItem, OutgoingProtocol, SentBy};

impl OutboxWorker {
    /// Opens the account's connection for sending. Where SMTP sign-in is switched off, and only there, the other way
    /// is taken.
    pub(super) async fn open(
        &mut self,
        signer: &Signer,
        item: &OutboxItem,
    ) -> Result<OpenLink, EngineError> {
        let sender = &item.from.email;
        match self.inner.connector.outgoing(signer, sender).await {
            Ok(outgoing) => Ok(OpenLink {
                account: item.account,
                place: signer
                    .sending_place(usual_way(signer, sender).protocol, sender)
                    .to_owned(),
                outgoing,
                by: usual_way(signer, sender),
            }),
            Err(error) if is_smtp_off(&error) => self.detour(signer, item, error).await,
            Err(error) => Err(error),
        }
    }

    /// Takes the other way. Where there is none, or it is closed for good, the failure is that of SMTP.
    pub(super) async fn detour(
        &mut self,
        signer: &Signer,
        item: &OutboxItem,
        error: EngineError,
    ) -> Result<OpenLink, EngineError> {
        let Some(server) = signer.fallback() else {
            return Err(error);
        };
        let sender = &item.from.email;
        match self.inner.connector.fallback(signer, sender).await {
            Ok(outgoing) => {
                let by = SentBy {
                    protocol: server.protocol,
                    host: server.host,
                    detour: Some(words(&error)),
                    ..usual_way(signer, sender)
                };
                if signer.should_tell_detour() {
                    let told = EngineError::Detour {
                        mailbox: sender.clone(),
                        identity: by.signed_in.clone(),
                        protocol: by.protocol,
                        host: by.host.clone(),
                        refused: Box::new(error),
                    };
                    self.inner.problem(Some(item.mailbox), Arc::new(told));
                }
                Ok(OpenLink {
                    account: item.account,
                    place: signer.sending_place(by.protocol, sender).to_owned(),
                    outgoing,
                    by,
                })
            }
            Err(other) => {
                tracing::info!(?other, "no other way to send");
                let passes = matches!(reaction(&other), Reaction::BackOff | Reaction::Wait(_));
                Err(if passes { other } else { error })
            }
        }
    }
}

/// Tells whether a server lets nobody sign in over SMTP (`535 5.7.139`).
fn is_smtp_off(error: &EngineError) -> bool {
    matches!(error, EngineError::Backend { source, .. } if is_off(source))
}

/// Returns the way that the account's settings say.
pub(super) fn usual_way(signer: &Signer, sender: &str) -> SentBy {
    let server = signer.account.servers.outgoing.as_ref();
    SentBy {
        signed_in: signer.sending_user(sender).to_owned(),
        protocol: server.map_or(OutgoingProtocol::Smtp, |server| server.protocol),
        host: server.map_or_else(String::new, |server| server.host.clone()),
        detour: None,
    }
}

fn words(error: &EngineError) -> String {
    match error {
        EngineError::Backend {
            source: BackendError::Refused { code, text, .. },
            ..
        } => format!("{code} {text}").trim().to_owned(),
        error => error.to_string(),
    }
}
