//! Sends mail: in one step from the own mailbox, in two from somebody else's, always with a copy where it belongs.
//!
//! After the last byte of a request that sends, a link that breaks means "not known", unless the mailbox itself tells.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::find::find_by_message_id;
use super::item;
use super::judge::{self, Stage};
use super::link::{Call, Link, Write, protocol};
use super::soap::{Class, Reply, Version, Xml};
use crate::backend::{BackendError, Opener, Outgoing, Refusal};
use crate::mime::{crlf, parse_envelope};
use crate::model::{Outbound, Receipt};
use crate::net::Written;

const DOING: &str = "send a message";
/// How far into a message its `Message-ID` is looked for.
const HEADER: usize = 1 << 20;

/// One mailbox that mail is sent from.
#[derive(Debug)]
pub(super) struct Submitter {
    link: Link,
}

/// A message that waits in the owner's drafts.
struct Draft {
    id: String,
    change_key: String,
}

/// How a request that sends ended.
enum Ending {
    Said(Reply),
    /// All of it went out and nothing that can be read came back.
    Unknown(String),
}

impl Submitter {
    /// Wraps a link to the sender's mailbox.
    pub(super) fn new(link: Link) -> Self {
        Self { link }
    }

    /// Makes sure that the mailbox opens, and that its drafts and sent mail are there.
    pub(super) async fn check_mailbox(&self) -> Result<(), BackendError> {
        const DOING: &str = "open the mailbox";
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:GetFolder", &[], |xml| {
                xml.inside("m:FolderShape", &[], |xml| {
                    xml.text("t:BaseShape", "IdOnly");
                });
                xml.inside("m:FolderIds", &[], |xml| {
                    self.link.place(xml, "drafts");
                    self.link.place(xml, "sentitems");
                });
            });
        };
        let call = Call::new(DOING, &write).opening();
        let replies = self.link.call(&call).await?;
        if replies.is_empty() {
            return Err(protocol(DOING, "an answer without a message"));
        }
        let failed = replies.iter().find(|reply| reply.class == Class::Error);
        failed.map_or(Ok(()), |reply| {
            Err(judge::error(DOING, Stage::Opening, reply))
        })
    }

    /// Sends in one step.
    async fn send(&self, mail: &Outbound, content: &str) -> Result<Receipt, BackendError> {
        let hidden = hidden_recipients(mail);
        let write = |xml: &mut Xml, _: Version| {
            let how = [("MessageDisposition", "SendAndSaveCopy")];
            self.create(xml, &how, "sentitems", |xml| message(xml, content, &hidden));
        };
        match self.attempt(&write).await? {
            Ending::Said(reply) => said(&reply),
            Ending::Unknown(text) => Ok(Receipt::Unsure { text }),
        }
    }

    /// Sends in two steps: what a delegate sends in one is filed in the delegate's own mailbox.
    async fn send_for_owner(
        &self,
        mail: &Outbound,
        content: &str,
    ) -> Result<Receipt, BackendError> {
        let message_id = message_id(&crlf(mail.bytes.get(..HEADER).unwrap_or(&mail.bytes)));
        self.clear_away(&message_id).await?;
        let draft = self.save(mail, content).await?;
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:SendItem", &[("SaveItemToFolder", "true")], |xml| {
                xml.inside("m:ItemIds", &[], |xml| {
                    let id = [("Id", &*draft.id), ("ChangeKey", &*draft.change_key)];
                    xml.empty("t:ItemId", &id);
                });
                xml.inside("m:SavedItemFolderId", &[], |xml| {
                    self.link.place(xml, "sentitems");
                });
            });
        };
        let ending = match self.attempt(&write).await {
            Ok(ending) => ending,
            Err(error) => {
                self.discard(&draft).await;
                return Err(error);
            }
        };
        match ending {
            Ending::Said(reply) => {
                let receipt = said(&reply);
                if receipt.is_err() {
                    self.discard(&draft).await;
                }
                receipt
            }
            // What was sent has left the drafts.
            Ending::Unknown(_) if self.has_left(&draft).await => Ok(accepted()),
            Ending::Unknown(text) => Ok(Receipt::Unsure { text }),
        }
    }

    /// Takes back what an earlier attempt saved among the owner's drafts and did not send: its answer was lost.
    async fn clear_away(&self, message_id: &str) -> Result<(), BackendError> {
        let place = |xml: &mut Xml| self.link.place(xml, "drafts");
        match find_by_message_id(&self.link, &place, message_id).await {
            Ok(left) if left.is_empty() => Ok(()),
            Ok(left) => {
                tracing::info!(target: "pillarbox::ews", count = left.len(), "taking back what was not sent");
                self.delete(&left).await
            }
            // A server that does not search has to keep its drafts.
            Err(BackendError::Refused { code, .. }) => {
                tracing::warn!(target: "pillarbox::ews", code, "drafts of earlier attempts may stay");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Saves a message among the owner's drafts; nothing is sent by that, whatever happens.
    async fn save(&self, mail: &Outbound, content: &str) -> Result<Draft, BackendError> {
        let hidden = hidden_recipients(mail);
        let write = |xml: &mut Xml, _: Version| {
            let how = [("MessageDisposition", "SaveOnly")];
            self.create(xml, &how, "drafts", |xml| message(xml, content, &hidden));
        };
        let reply = self.link.one(DOING, &write).await?;
        let items = reply.node.child("Items");
        let item = items.and_then(|items| items.children().first());
        let id = item.and_then(|item| item.child("ItemId"));
        let draft = id.and_then(|id| {
            Some(Draft {
                id: id.attribute("Id")?.to_owned(),
                change_key: id.attribute("ChangeKey")?.to_owned(),
            })
        });
        draft.ok_or_else(|| protocol(DOING, "a saved message without an id"))
    }

    fn create(
        &self,
        xml: &mut Xml,
        how: &[(&str, &str)],
        folder: &str,
        content: impl FnOnce(&mut Xml),
    ) {
        xml.inside("m:CreateItem", how, |xml| {
            xml.inside("m:SavedItemFolderId", &[], |xml| {
                self.link.place(xml, folder);
            });
            xml.inside("m:Items", &[], |xml| xml.inside("t:Message", &[], content));
        });
    }

    /// Sends a request that sends mail.
    async fn attempt(&self, write: Write<'_>) -> Result<Ending, BackendError> {
        let written = Written::default();
        let call = Call::new(DOING, write).written(&written);
        let error = match self.link.call(&call).await {
            Ok(replies) => {
                return match replies.into_iter().next() {
                    Some(reply) => Ok(Ending::Said(reply)),
                    None => Ok(Ending::Unknown("an answer without a message".to_owned())),
                };
            }
            Err(error) => error,
        };
        match &error {
            BackendError::Offline { source, .. } if written.is_whole() => {
                Ok(Ending::Unknown(source.to_string()))
            }
            BackendError::Protocol { detail, .. } if written.is_whole() => {
                Ok(Ending::Unknown(detail.clone()))
            }
            _ => Err(error),
        }
    }

    /// Tells whether it is sure that a draft is not among the drafts any more.
    async fn has_left(&self, draft: &Draft) -> bool {
        let id = [draft.id.clone()];
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:GetItem", &[], |xml| {
                xml.inside("m:ItemShape", &[], |xml| xml.text("t:BaseShape", "IdOnly"));
                item::ids(xml, &id);
            });
        };
        let asked = self
            .link
            .call(&Call::new("look for a message", &write))
            .await;
        asked.is_ok_and(|replies| {
            let first = replies.first();
            first.is_some_and(|reply| reply.is_error("ErrorItemNotFound"))
        })
    }

    /// Takes back a draft that will not be sent; one that stays is taken back by the next attempt.
    async fn discard(&self, draft: &Draft) {
        if let Err(error) = self.delete(std::slice::from_ref(&draft.id)).await {
            tracing::warn!(target: "pillarbox::ews", %error, "a draft stays behind");
        }
    }

    async fn delete(&self, drafts: &[String]) -> Result<(), BackendError> {
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:DeleteItem", &[("DeleteType", "HardDelete")], |xml| {
                item::ids(xml, drafts);
            });
        };
        let call = Call::new("take a message back", &write);
        self.link.call(&call).await.map(drop)
    }
}

#[async_trait]
impl Outgoing for Submitter {
    async fn submit(&mut self, mail: &Outbound) -> Result<Receipt, BackendError> {
        let content = STANDARD.encode(crlf(&mail.bytes));
        match self.link.access().opener {
            Opener::Delegate => self.send_for_owner(mail, &content).await,
            Opener::Owner | Opener::Application => self.send(mail, &content).await,
        }
    }

    async fn may_send_as(&mut self, sender: &str) -> Result<(), BackendError> {
        let mailbox = &self.link.access().mailbox;
        if !mailbox.eq_ignore_ascii_case(sender) {
            // Another address of the same mailbox: only the server knows, when the message is there.
            tracing::debug!(target: "pillarbox::ews", "the sender is not the mailbox's own address");
        }
        match self.check_mailbox().await {
            Err(BackendError::Refused {
                kind: Refusal::NoMailboxAccess,
                code,
                text,
            }) => Err(BackendError::Refused {
                kind: Refusal::Sender,
                code,
                text,
            }),
            outcome => outcome,
        }
    }

    async fn take_back(&mut self, message_id: &str) -> Result<(), BackendError> {
        match self.link.access().opener {
            Opener::Delegate => self.clear_away(message_id).await,
            // Sent in one step, which leaves nothing.
            Opener::Owner | Opener::Application => Ok(()),
        }
    }

    fn files_sent_copy(&self) -> bool {
        true
    }
}

fn accepted() -> Receipt {
    Receipt::Accepted {
        refused: Vec::new(),
        new_message_id: None,
    }
}

fn said(reply: &Reply) -> Result<Receipt, BackendError> {
    if reply.class == Class::Error {
        return Err(judge::error(DOING, Stage::Working, reply));
    }
    Ok(accepted())
}

fn message(xml: &mut Xml, content: &str, hidden: &[String]) {
    xml.base64("t:MimeContent", &[("CharacterSet", "UTF-8")], content);
    if hidden.is_empty() {
        return;
    }
    xml.inside("t:BccRecipients", &[], |xml| {
        for address in hidden {
            xml.inside("t:Mailbox", &[], |xml| xml.text("t:EmailAddress", address));
        }
    });
}

/// Returns the `Message-ID` without its angle brackets; empty where there is none.
fn message_id(message: &[u8]) -> String {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n");
    let header = message.get(..end.unwrap_or(message.len()));
    parse_envelope(header.unwrap_or_default(), None).message_id
}

/// Returns the recipients that the header does not name.
fn hidden_recipients(mail: &Outbound) -> Vec<String> {
    let named = named_recipients(&mail.bytes);
    let is_hidden = |address: &&String| !named.contains(&address.to_lowercase());
    mail.recipients.iter().filter(is_hidden).cloned().collect()
}

/// Reads the addresses of `To` and `Cc`, in lower case. What cannot be read is not named: better twice than not at all.
pub(super) fn named_recipients(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let mut fields: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => field.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let lists = fields.iter().filter_map(|field| {
        let (name, value) = field.split_once(':')?;
        let name = name.trim().to_ascii_lowercase();
        matches!(name.as_str(), "to" | "cc").then_some(value)
    });
    lists.flat_map(addresses).collect()
}

/// Cuts a list outside of quotes and comments (RFC 5322 §3.4).
fn addresses(list: &str) -> Vec<String> {
    let mut plain = String::new();
    let (mut is_quoted, mut is_escaped, mut comments) = (false, false, 0_u32);
    for c in list.chars() {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if !was_escaped && (is_quoted || comments > 0) => is_escaped = true,
            '"' if !was_escaped && comments == 0 => is_quoted = !is_quoted,
            '(' if !was_escaped && !is_quoted => comments += 1,
            ')' if !was_escaped && !is_quoted => comments = comments.saturating_sub(1),
            // A group is its members.
            ':' | ';' if !is_quoted && comments == 0 => plain.push(','),
            c if !is_quoted && comments == 0 => plain.push(c),
            _ => {}
        }
    }
    let pieces = plain.split(',').map(|piece| {
        let inner = piece.split_once('<').map_or(piece, |(_, inner)| inner);
        inner.trim().trim_end_matches('>').trim().to_lowercase()
    });
    pieces.filter(|piece| piece.contains('@')).collect()
}
