//! Sends mail as MIME: `sendMail` in one request, larger messages as a draft whose attachments are uploaded.
//!
//! Graph has no envelope: recipients are those of the header (protocol facts §8.5). The copy is filed by the service
//! in the Sent Items of the mailbox that is named in the request; where a delegate may send as another mailbox but
//! not open it, the own mailbox is named and its Sent Items have the copy (protocol facts §5.4).

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::append::find_all;
use super::item::id_of;
use super::parts::{addressed, split};
use super::upload::attach;
use super::wire::{About, Call, Reply, Wire, failed, parse, protocol, with_query};
use crate::backend::http::read;
use crate::backend::{BackendError, Opener, Outgoing, Refusal};
use crate::mime::parse_envelope;
use crate::model::{Outbound, Receipt, RemoteId};
use crate::net::{CONNECT_LIMIT, NetError, Trust, Written};

const DOING: &str = "send a message";
/// The longest message that goes in one request, in bytes. Requests end at 4 MB by the documents, but messages from
/// about 2,240 kB on were observed to be answered with 200 instead of 202 and never sent.
const WHOLE: usize = 2_200_000;
/// How long the service may be silent over a message.
const SILENCE: Duration = Duration::from_secs(180);
const LONGEST_ANSWER: usize = 1 << 20;
/// How far into a message its `Message-ID` is looked for.
const HEADER: usize = 1 << 20;

/// What sends from one mailbox.
#[derive(Debug)]
pub(super) struct Post {
    wire: Wire,
    /// The mailbox of who signs in, where that is another one.
    own: Option<Wire>,
}

/// How an attempt ended.
enum Outcome {
    Answered(Reply),
    /// The service has all of it, and nobody knows what it made of it.
    Unknown(String),
}

impl Post {
    /// Makes one; nothing is sent yet.
    pub(super) fn new(wire: Wire, trust: &Trust) -> Result<Self, BackendError> {
        let access = wire.exchange().access();
        let own = match access.opener {
            Opener::Delegate => Some(Wire::new(trust, access, wire.base().own())?),
            Opener::Owner | Opener::Application => None,
        };
        Ok(Self { wire, own })
    }

    /// Sends a message by way of one mailbox.
    async fn send_by(&self, wire: &Wire, bytes: &[u8]) -> Result<Receipt, BackendError> {
        if bytes.len() <= WHOLE {
            let body = STANDARD.encode(bytes).into_bytes();
            return post(wire, &wire.base().path(&["sendMail"]), "text/plain", body).await;
        }
        send_large(wire, bytes).await
    }
}

#[async_trait]
impl Outgoing for Post {
    async fn submit(&mut self, mail: &Outbound) -> Result<Receipt, BackendError> {
        let bytes = addressed(mail)?;
        let outcome = self.send_by(&self.wire, &bytes).await;
        match (&self.own, outcome) {
            // To name another mailbox takes the right to open it, beside the right to send as it.
            (Some(own), Err(error)) if is_no_access(&error) => {
                tracing::info!(target: "pillarbox::graph", "sending by the own mailbox");
                match self.send_by(own, &bytes).await {
                    Err(second) if is_no_access(&second) => Err(error),
                    second => second,
                }
            }
            (_, outcome) => outcome,
        }
    }

    /// Whether there is such a mailbox is all that can be known; who may send is decided when mail is sent.
    async fn may_send_as(&mut self, sender: &str) -> Result<(), BackendError> {
        const DOING: &str = "ask about a sender";
        if !sender.eq_ignore_ascii_case(&self.wire.exchange().access().mailbox) {
            return Ok(());
        }
        let path = self.wire.base().path(&["mailFolders", "sentitems"]);
        let call = Call::get(with_query(&path, &[("$select", "id")]));
        let reply = self.wire.call(DOING, &call).await?;
        match reply.fault(DOING, About::Mailbox) {
            _ if reply.is_ok() => Ok(()),
            // A token for sending alone may not read folders, nor may who has the right to send alone.
            BackendError::Refused {
                kind: Refusal::NoMailboxAccess,
                ..
            } if reply.status == 404 && self.own.is_some() => Err(reply.refused(Refusal::Sender)),
            _ if matches!(reply.status, 403 | 404) => Ok(()),
            error => Err(error),
        }
    }

    async fn take_back(&mut self, message_id: &str) -> Result<(), BackendError> {
        clear_away(&self.wire, message_id).await?;
        match &self.own {
            Some(own) => clear_away(own, message_id).await,
            None => Ok(()),
        }
    }

    fn files_sent_copy(&self) -> bool {
        true
    }
}

fn is_no_access(error: &BackendError) -> bool {
    let kind = Refusal::NoMailboxAccess;
    matches!(error, BackendError::Refused { kind: found, .. } if *found == kind)
}

/// Makes a draft and sends it. A draft that was not sent is taken back, and so is that of an earlier attempt.
async fn send_large(wire: &Wire, bytes: &[u8]) -> Result<Receipt, BackendError> {
    let message_id = message_id(bytes);
    clear_away(wire, &message_id).await?;
    let draft = match make_draft(wire, bytes).await {
        Ok(draft) => draft,
        Err(error) => {
            // It may be there all the same, where only its answer was lost; what cannot be had now, the next attempt does.
            if let (BackendError::Offline { .. }, Err(error)) =
                (&error, clear_away(wire, &message_id).await)
            {
                tracing::debug!(target: "pillarbox::graph", %error, "a draft may stay until the next attempt");
            }
            return Err(error);
        }
    };
    let draft = draft.as_str();
    let path = wire.base().path(&["messages", draft, "send"]);
    let outcome = post(wire, &path, "", Vec::new()).await;
    if outcome.is_err() {
        take_back(wire, draft).await;
    }
    outcome
}

/// Returns the `Message-ID` without its angle brackets; empty where there is none.
fn message_id(message: &[u8]) -> String {
    let header = message.get(..HEADER).unwrap_or(message);
    let end = header.windows(4).position(|four| four == b"\r\n\r\n");
    let header = header.get(..end.unwrap_or(header.len()));
    parse_envelope(header.unwrap_or_default(), None).message_id
}

/// Takes drafts with a `Message-ID` back. What was sent has left the drafts.
async fn clear_away(wire: &Wire, message_id: &str) -> Result<(), BackendError> {
    let left = match find_all(wire, "drafts", message_id).await {
        Ok(left) => left,
        // Who may not look has made no draft; what is not allowed is told by the next step.
        Err(
            error @ (BackendError::Refused { .. }
            | BackendError::Gone { .. }
            | BackendError::SignIn { .. }),
        ) => {
            tracing::debug!(target: "pillarbox::graph", %error, "drafts cannot be looked at");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for draft in &left {
        tracing::info!(target: "pillarbox::graph", "taking back what was not sent");
        let delete = Call::delete(wire.base().path(&["messages", draft.as_str()]));
        let reply = wire.call("take a message back", &delete).await?;
        if !reply.is_ok() && reply.status != 404 {
            return Err(reply.fault("take a message back", About::Item(draft.as_str())));
        }
    }
    Ok(())
}

/// Deletes a message that was not finished, if it can be done.
pub(super) async fn take_back(wire: &Wire, message: &str) {
    let delete = Call::delete(wire.base().path(&["messages", message]));
    if let Err(error) = wire.call("take a message back", &delete).await {
        tracing::warn!(target: "pillarbox::graph", %error, "an unfinished message stays behind");
    }
}

/// Makes a draft of a message; it lies in Drafts. What is too large for one request has its attachments uploaded.
pub(super) async fn make_draft(wire: &Wire, bytes: &[u8]) -> Result<RemoteId, BackendError> {
    if bytes.len() <= WHOLE {
        return post_draft(wire, bytes).await;
    }
    let split = split(bytes).filter(|split| split.skeleton.len() <= WHOLE);
    let split = split.ok_or_else(|| too_big(bytes.len()))?;
    let draft = post_draft(wire, &split.skeleton).await?;
    if let Err(error) = attach(wire, draft.as_str(), &split.attached).await {
        take_back(wire, draft.as_str()).await;
        return Err(error);
    }
    Ok(draft)
}

fn too_big(size: usize) -> BackendError {
    BackendError::Refused {
        kind: Refusal::TooBig,
        code: String::new(),
        text: format!(
            "The message has {size} bytes; Microsoft Graph takes {WHOLE} besides attachments"
        ),
    }
}

/// Makes a draft in one request.
async fn post_draft(wire: &Wire, mime: &[u8]) -> Result<RemoteId, BackendError> {
    const DOING: &str = "make a draft";
    let path = wire.base().path(&["messages"]);
    let body = STANDARD.encode(mime).into_bytes();
    let reply = wire.post_text(DOING, &path, body).await?;
    let draft = reply.demand(DOING, About::Sending)?;
    id_of(&draft).ok_or_else(|| protocol(DOING, "a draft without an id"))
}

/// Posts what sends a message, and says what became of it.
async fn post(
    wire: &Wire,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Result<Receipt, BackendError> {
    match attempt(wire, path, content_type, body).await? {
        Outcome::Unknown(text) => Ok(Receipt::Unsure { text }),
        Outcome::Answered(reply) if reply.status == 202 => Ok(Receipt::Accepted {
            refused: Vec::new(),
            new_message_id: None,
        }),
        // Another success was seen where nothing was sent; a gateway does not know what those behind it did.
        Outcome::Answered(reply) if reply.is_ok() || matches!(reply.status, 502 | 504) => {
            Ok(Receipt::Unsure {
                text: format!("the service answered {} {}", reply.status, reply.text())
                    .trim()
                    .to_owned(),
            })
        }
        Outcome::Answered(reply) => Err(reply.fault(DOING, About::Sending)),
    }
}

async fn attempt(
    wire: &Wire,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> Result<Outcome, BackendError> {
    let request = wire.request(&Call::bare_post(path), content_type, body)?;
    let written = Written::default();
    let exchange = wire.exchange();
    let opened = exchange
        .open_noting(DOING, request, SILENCE, &written)
        .await;
    let is_handed = written.is_whole();
    let answer = match opened {
        Ok(answer) => answer,
        Err(BackendError::Offline { source, .. }) if is_handed && !is_connecting(&source) => {
            return Ok(Outcome::Unknown(source.to_string()));
        }
        Err(error) => return Err(error),
    };
    if !answer.status().is_success() {
        return Ok(Outcome::Answered(failed(DOING, answer).await?));
    }
    let mut head = ::http::Response::new(Vec::new());
    *head.status_mut() = answer.status();
    *head.headers_mut() = answer.headers().clone();
    // The status says it all; a body that breaks off takes nothing back.
    let reply = match read(DOING, answer, LONGEST_ANSWER).await {
        Ok(answer) => parse(DOING, &answer),
        Err(_) => parse(DOING, &head),
    };
    Ok(Outcome::Answered(match reply {
        Ok(reply) => reply,
        Err(_) => parse(DOING, &head)?,
    }))
}

/// Tells whether there was no connection yet.
fn is_connecting(error: &NetError) -> bool {
    match error {
        NetError::Resolve { .. } | NetError::Connect { .. } | NetError::Tls { .. } => true,
        NetError::TimedOut { seconds, .. } => *seconds == CONNECT_LIMIT.as_secs(),
        _ => false,
    }
}
