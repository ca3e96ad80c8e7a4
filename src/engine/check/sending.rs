//! One mailbox, as sender: what the server says when it is named, and what it does with a message.

use std::sync::Arc;

use tokio::time::Instant;

use crate::backend::{BackendError, Refusal};
use crate::engine::EngineError;
use crate::engine::check::{Check, CheckStep, Post, SendTest, Sending};
use crate::engine::work::desk::Desk;

impl Check {
    /// Finds out how mail can be sent in a mailbox's name.
    pub(super) async fn sending(&self, desk: &Arc<Desk>, post: &Post, test: SendTest) -> Sending {
        let started = Instant::now();
        let named = self.name(desk, post).await;
        let is_no = named.as_ref().is_err_and(is_sender);
        let is_fine = named.is_ok();
        self.done((desk.address(), CheckStep::Sender), named, started);
        if is_no {
            return Sending::None;
        }
        if !is_fine {
            return Sending::Unknown;
        }
        let can = if is_on_behalf(desk) {
            Sending::OnBehalf
        } else {
            Sending::SendAs
        };
        if test == SendTest::Skip {
            return can;
        }
        let started = Instant::now();
        let delivered = self.deliver(desk, post).await;
        let is_no = delivered.as_ref().is_err_and(is_sender);
        let is_fine = delivered.is_ok();
        self.done((desk.address(), CheckStep::Delivery), delivered, started);
        match (is_fine, is_no) {
            (true, _) => can,
            (_, true) => Sending::None,
            _ => Sending::Unknown,
        }
    }

    /// Names the mailbox as sender.
    async fn name(&self, desk: &Desk, post: &Post) -> Result<String, EngineError> {
        let signer = &desk.signer;
        let mut place = post.link.lock().await;
        let (user, mut link) = post.take(self, desk, &mut place).await?;
        let named = link.may_send_as(desk.address()).await;
        if matches!(named, Ok(()) | Err(BackendError::Refused { .. })) {
            *place = Some((user, link));
        }
        named.map_err(|source| signer.blame_outgoing(desk.address(), source))?;
        Ok(format!(
            "{} is not refused as sender; only a sent message proves the right",
            desk.address()
        ))
    }
}

fn is_on_behalf(desk: &Desk) -> bool {
    let account = &desk.signer.account;
    account.sender_for(&desk.mailbox.address).is_some()
}

/// Whether the server said no to the sender.
fn is_sender(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Backend {
            source: BackendError::Refused {
                kind: Refusal::Sender,
                ..
            },
            ..
        }
    )
}
