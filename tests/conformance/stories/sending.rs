//! Stories about submitting mail.

use pillarbox::backend::{BackendError, Refusal};
use pillarbox::model::{Address, Progress, Receipt, RemoteId, Role};

use crate::stories::steps::{await_mail, outbound};
use crate::target::Target;

async fn inbox(target: &Target) -> (Box<dyn pillarbox::backend::Backend>, RemoteId) {
    let mut mailbox = target.open_main().await;
    let folders = mailbox.folders().await.expect("folders");
    let inbox = folders
        .into_iter()
        .find(|folder| folder.role == Role::Inbox);
    (mailbox, inbox.expect("an inbox").id)
}

fn accepted() -> Receipt {
    Receipt::Accepted {
        refused: Vec::new(),
        new_message_id: None,
    }
}

/// What is sent arrives, byte by byte but for what servers put on top.
pub async fn sent_mail_arrives(target: Target) {
    let mut mail = outbound(&target.main, &[&target.main], "hello to myself");
    mail.bytes.extend(b".\r\n..two\r\n.three \xc3\xbc\r\n");
    let receipt = target.outgoing(&mail.sender).await.submit(&mail).await;
    assert_eq!(receipt.expect("a receipt"), accepted());
    let (mut mailbox, inbox) = inbox(&target).await;
    let arrived = await_mail(&mut *mailbox, &inbox, "hello to myself").await;
    let fetched = mailbox
        .fetch(&inbox, &[arrived.id], &Progress::default())
        .await;
    let bytes = fetched.expect("the message").remove(0).1;
    assert!(
        bytes.ends_with(&mail.bytes),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
}

/// An additional user's mail goes out with the identity's sign-in and the mailbox's address.
pub async fn mail_from_an_additional_user_arrives(target: Target) {
    let mail = outbound(&target.shared, &[&target.main], "from the team");
    let receipt = target.outgoing(&mail.sender).await.submit(&mail).await;
    assert_eq!(receipt.expect("a receipt"), accepted());
    let (mut mailbox, inbox) = inbox(&target).await;
    let arrived = await_mail(&mut *mailbox, &inbox, "from the team").await;
    assert_eq!(arrived.envelope.from, [Address::bare(&target.shared)]);
}

/// One connection takes several messages.
pub async fn one_connection_takes_several(target: Target) {
    let mut outgoing = target.outgoing(&target.main).await;
    for subject in ["first of two", "second of two"] {
        let mail = outbound(&target.main, &[&target.main], subject);
        assert_eq!(outgoing.submit(&mail).await.expect("a receipt"), accepted());
    }
    let (mut mailbox, inbox) = inbox(&target).await;
    await_mail(&mut *mailbox, &inbox, "first of two").await;
    await_mail(&mut *mailbox, &inbox, "second of two").await;
}

/// Sending as somebody who gave no right is refused as such.
pub async fn foreign_sender_is_refused(target: Target) {
    let mail = outbound(&target.forbidden, &[&target.main], "not mine");
    let error = target
        .outgoing(&mail.sender)
        .await
        .submit(&mail)
        .await
        .err();
    let is_sender = matches!(
        error,
        Some(BackendError::Refused {
            kind: Refusal::Sender,
            ..
        })
    );
    assert!(is_sender, "{error:?}");
}

/// A wrong address among right ones does not keep the others from their mail, and is named.
pub async fn one_wrong_recipient_is_named(target: Target) {
    let mail = outbound(&target.main, &[&target.main, &target.nobody], "to two");
    let receipt = target.outgoing(&mail.sender).await.submit(&mail).await;
    let Ok(Receipt::Accepted { refused, .. }) = receipt else {
        panic!("{receipt:?}");
    };
    let addresses: Vec<&str> = refused.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(addresses, [&target.nobody]);
    assert!(refused[0].code.starts_with("550"), "{refused:?}");
    let (mut mailbox, inbox) = inbox(&target).await;
    await_mail(&mut *mailbox, &inbox, "to two").await;
}

/// When nobody is left, the message is refused for its recipients.
pub async fn only_wrong_recipients_are_refused(target: Target) {
    let mail = outbound(&target.main, &[&target.nobody], "to nobody");
    let error = target
        .outgoing(&mail.sender)
        .await
        .submit(&mail)
        .await
        .err();
    let is_recipients = matches!(
        error,
        Some(BackendError::Refused {
            kind: Refusal::Recipients,
            ..
        })
    );
    assert!(is_recipients, "{error:?}");
}

/// After a refusal the same connection takes the next message.
pub async fn refusal_leaves_the_connection_usable(target: Target) {
    let mut outgoing = target.outgoing(&target.main).await;
    let wrong = outbound(&target.main, &[&target.nobody], "wrong");
    outgoing.submit(&wrong).await.expect_err("a refusal");
    let right = outbound(&target.main, &[&target.main], "right");
    assert_eq!(
        outgoing.submit(&right).await.expect("a receipt"),
        accepted()
    );
}

/// A token that the provider never gave is a sign-in matter.
pub async fn made_up_token_sends_nothing(target: Target) {
    target.tokens.replace("made-up".into());
    let error = target.try_outgoing(&target.main).await.err();
    assert!(
        matches!(error, Some(BackendError::SignIn { .. })),
        "{error:?}"
    );
}

/// More than the server takes is refused for its size.
pub async fn too_big_is_said(target: Target) {
    let mut mail = outbound(&target.main, &[&target.main], "too big");
    mail.bytes
        .extend(b"0123456789 0123456789 0123456789 0123456789\r\n".repeat(50_000));
    let error = target
        .outgoing(&mail.sender)
        .await
        .submit(&mail)
        .await
        .err();
    let is_size = matches!(
        error,
        Some(BackendError::Refused {
            kind: Refusal::TooBig,
            ..
        })
    );
    assert!(is_size, "{error:?}");
}

/// "Later" is not "no".
pub async fn busy_server_is_tried_again_later(target: Target) {
    let mail = outbound(&target.main, &["busy@contoso.test"], "later");
    let error = target
        .outgoing(&mail.sender)
        .await
        .submit(&mail)
        .await
        .err();
    assert!(
        matches!(error, Some(BackendError::Throttled { .. })),
        "{error:?}"
    );
}
