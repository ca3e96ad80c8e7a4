//! One message on its way: sender, recipients, data. After the last byte a broken link means "not known".

use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use tokio::time::timeout;

use crate::backend::Outgoing;
use crate::backend::error::{BackendError, Refusal};
use crate::backend::smtp::classify::{self, Stage};
use crate::backend::smtp::hosts;
use crate::backend::smtp::reply::Reply;
use crate::backend::smtp::session::{Session, Step, timed_out};
use crate::mime::crlf;
use crate::model::{Outbound, Receipt, RefusedRecipient};
use crate::net::NetError;

// RFC 5321 §4.5.3.2.
const SENDER: Step = Step::new("name the sender", 300);
const RECIPIENT: Step = Step::new("name a recipient", 300);
const DATA: Step = Step::new("begin the message", 120);
const BLOCK: Step = Step::new("send the message", 180);
const END: Step = Step::new("finish the message", 600);
const RESET: Step = Step::new("take a message back", 60);

/// What lettre writes behind a message.
const TERMINATOR: &[u8] = b"\r\n.\r\n";

#[async_trait]
impl Outgoing for Session {
    async fn submit(&mut self, mail: &Outbound) -> Result<Receipt, BackendError> {
        self.refuse_if_spent()?;
        // A bare CR or LF could end the message early on some servers (SMTP smuggling).
        let bytes = crlf(&mail.bytes);
        let parameters = self.parameters(mail, &bytes)?;
        // A dropped future leaves the dialogue at an unknown place; only a finished one may go on.
        self.is_spent = true;
        let outcome = self.transact(mail, parameters, &bytes).await;
        self.is_spent = match &outcome {
            Ok(Receipt::Accepted { .. }) => false,
            Err(BackendError::Refused { .. }) => !self.is_reset().await,
            _ => true,
        };
        outcome
    }

    async fn may_send_as(&mut self, sender: &str) -> Result<(), BackendError> {
        self.refuse_if_spent()?;
        self.is_spent = true;
        let outcome = self.name_sender(sender).await;
        self.is_spent = !self.is_reset().await;
        outcome
    }

    fn files_sent_copy(&self) -> bool {
        hosts::files_sent_copy(&self.server.host)
    }
}

impl Session {
    fn refuse_if_spent(&self) -> Result<(), BackendError> {
        if !self.is_spent {
            return Ok(());
        }
        Err(BackendError::Offline {
            doing: "send a message",
            source: NetError::Broken {
                host: self.server.host.clone(),
                source: std::io::ErrorKind::NotConnected.into(),
            },
        })
    }

    /// Names a sender, and the same as recipient: Postfix speaks up about senders only then.
    async fn name_sender(&mut self, sender: &str) -> Result<(), BackendError> {
        let address = || {
            path(sender).ok_or_else(|| BackendError::Refused {
                kind: Refusal::Sender,
                code: String::new(),
                text: "the sender is no address".to_owned(),
            })
        };
        let reply = self
            .command(SENDER, Mail::new(Some(address()?), vec![]))
            .await?;
        if !reply.is_positive() {
            return Err(classify::error(Stage::Sender, &reply));
        }
        let reply = self
            .command(RECIPIENT, Rcpt::new(address()?, vec![]))
            .await?;
        if classify::is_about_sender(&reply) {
            return Err(classify::error(Stage::Sender, &reply));
        }
        Ok(())
    }

    /// Checks what can be known before and says what MAIL must announce.
    fn parameters(
        &self,
        mail: &Outbound,
        bytes: &[u8],
    ) -> Result<Vec<MailParameter>, BackendError> {
        let refused = |kind: Refusal, text: String| BackendError::Refused {
            kind,
            code: String::new(),
            text,
        };
        let mut parameters = Vec::new();
        if let Some(limit) = self.offers.size {
            if limit > 0 && bytes.len() as u64 > limit {
                let text = format!(
                    "the message has {} bytes; the server takes {limit}",
                    bytes.len()
                );
                return Err(refused(Refusal::TooBig, text));
            }
            parameters.push(MailParameter::Size(bytes.len()));
        }
        if !bytes.is_ascii() {
            if !self.offers.has("8BITMIME") {
                let text =
                    "the message holds 8-bit text and the server takes only ASCII (no 8BITMIME)";
                return Err(refused(Refusal::Other, text.to_owned()));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let has_utf8 = self.offers.has("SMTPUTF8");
        let is_international =
            !mail.sender.is_ascii() || mail.recipients.iter().any(|to| !to.is_ascii());
        if is_international && !has_utf8 {
            let text = "an address holds international characters and the server does not take them (no SMTPUTF8)";
            return Err(refused(Refusal::Other, text.to_owned()));
        }
        if has_utf8 && (is_international || !header(bytes).is_ascii()) {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        Ok(parameters)
    }

    async fn transact(
        &mut self,
        mail: &Outbound,
        parameters: Vec<MailParameter>,
        bytes: &[u8],
    ) -> Result<Receipt, BackendError> {
        let sender = path(&mail.sender).ok_or_else(|| BackendError::Refused {
            kind: Refusal::Sender,
            code: String::new(),
            text: "the sender is no address".to_owned(),
        })?;
        let reply = self
            .command(SENDER, Mail::new(Some(sender), parameters))
            .await?;
        if !reply.is_positive() {
            return Err(classify::error(Stage::Sender, &reply));
        }
        let refused = self.recipients(&mail.recipients).await?;
        let reply = self.command(DATA, Data).await?;
        if reply.code != 354 {
            return Err(classify::error(Stage::Data, &reply));
        }
        match self.data(bytes).await? {
            Ending::Said(reply) if reply.is_positive() => Ok(Receipt::Accepted {
                refused,
                new_message_id: new_message_id(&reply),
            }),
            Ending::Said(reply) => Err(classify::error(Stage::Data, &reply)),
            Ending::Unknown(text) => Ok(Receipt::Unsure { text }),
        }
    }

    /// Names the recipients and returns those refused; it is an error when nobody is left.
    async fn recipients(&mut self, all: &[String]) -> Result<Vec<RefusedRecipient>, BackendError> {
        let mut refused: Vec<(String, Reply)> = Vec::new();
        for recipient in all {
            let reply = match path(recipient) {
                Some(address) => self.command(RECIPIENT, Rcpt::new(address, vec![])).await?,
                None => Reply::new(501, "5.1.3 this is no address"),
            };
            if reply.is_positive() {
                continue;
            }
            if reply.code == 421 {
                return Err(classify::error(Stage::Recipient, &reply));
            }
            if classify::is_about_sender(&reply) {
                return Err(classify::error(Stage::Sender, &reply));
            }
            refused.push((recipient.clone(), reply));
        }
        if refused.len() == all.len() {
            return Err(nobody_left(&refused));
        }
        Ok(refused
            .into_iter()
            .map(|(address, reply)| RefusedRecipient {
                address,
                code: reply.codes(),
                text: reply.text,
            })
            .collect())
    }

    /// Sends the message. Time counts only while nothing moves: a slow line may take as long as it needs.
    async fn data(&mut self, bytes: &[u8]) -> Result<Ending, BackendError> {
        let body = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let last_byte = self.meter.written() + wire_len(body) + TERMINATOR.len() as u64;
        let meter = std::sync::Arc::clone(&self.meter);
        let outcome = {
            let mut sending = pin!(self.connection.message(body));
            loop {
                let before = meter.written();
                let limit = limit(before >= last_byte);
                match timeout(limit, &mut sending).await {
                    Ok(outcome) => break Some(outcome),
                    Err(_) if meter.written() == before => break None,
                    Err(_) => {}
                }
            }
        };
        let is_complete = meter.written() >= last_byte;
        let step = if is_complete { END } else { BLOCK };
        let outcome = match outcome {
            Some(outcome) => self.heard(step, outcome),
            None => Err(timed_out(&self.server, step)),
        };
        match outcome {
            Ok(reply) => Ok(Ending::Said(reply)),
            Err(error) if is_complete => Ok(Ending::Unknown(in_words(&error))),
            Err(error) => Err(error),
        }
    }

    /// Makes the connection fit for another message.
    async fn is_reset(&mut self) -> bool {
        let reply = self.command(RESET, Rset).await;
        reply.is_ok_and(|reply| reply.is_positive())
    }
}

fn limit(is_complete: bool) -> Duration {
    if is_complete { END.limit } else { BLOCK.limit }
}

/// How the sending of the data ended.
enum Ending {
    /// The server said something.
    Said(Reply),
    /// It said nothing, but may have everything.
    Unknown(String),
}

/// The error and its cause, for the notice about a message whose fate is not known.
fn in_words(error: &BackendError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{cause} after the last byte was sent"),
        None => error.to_string(),
    }
}

/// Nobody is left: for now when one was refused for now, else for good.
fn nobody_left(refused: &[(String, Reply)]) -> BackendError {
    let worst = refused
        .iter()
        .find(|(_, reply)| reply.is_transient())
        .or(refused.first());
    match worst {
        Some((address, reply)) => {
            let about = Reply {
                text: format!("{}: {}", crate::model::sanitize_line(address), reply.text),
                ..reply.clone()
            };
            classify::error(Stage::Recipient, &about)
        }
        None => BackendError::Refused {
            kind: Refusal::Recipients,
            code: String::new(),
            text: "there is no recipient".to_owned(),
        },
    }
}

/// An address that can stand in a command: nothing in it ends the command or the path.
fn path(email: &str) -> Option<Address> {
    let is_safe = !email.is_empty()
        && email.len() <= 512
        && email
            .chars()
            .all(|c| !c.is_control() && !c.is_whitespace() && c != '<' && c != '>');
    let (local, domain) = email.rsplit_once('@')?;
    (is_safe && !local.is_empty() && !domain.is_empty())
        .then(|| Address::new_dangerous(local, domain))
}

/// The length after dot stuffing (RFC 5321 §4.5.2), which lettre does.
fn wire_len(body: &[u8]) -> u64 {
    let stuffed = body
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"."));
    (body.len() + stuffed.count()) as u64
}

fn header(bytes: &[u8]) -> &[u8] {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes)
}

/// Exchange Online names the id it gave instead of ours: `2.0.0 OK <…@….prod.outlook.com> [Hostname=…]`.
fn new_message_id(reply: &Reply) -> Option<String> {
    let words = reply.text.strip_prefix("OK <")?;
    let (id, _) = words.split_once('>')?;
    let is_plausible = id.ends_with(".prod.outlook.com") && !id.contains(char::is_whitespace);
    is_plausible.then(|| id.to_owned())
}
