//! Stories about submitting mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pillarbox::backend::{Backend, BackendError, Refusal};
use pillarbox::demo::Mischief;
use pillarbox::mime::{attachment, parse_body};
use pillarbox::model::{
    Address, Flags, Progress, Receipt, RemoteId, RemoteMessage, RemoteOp, Role,
};

use crate::stories::steps::{append, await_mail, find, list, outbound};
use crate::target::Target;

async fn inbox(target: &Target) -> (Box<dyn Backend>, RemoteId) {
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

/// A token that the provider never gave is a sign-in matter, at the latest when something is sent.
pub async fn made_up_token_sends_nothing(target: Target) {
    target.tokens.replace("made-up".into());
    let mail = outbound(&target.main, &[&target.main], "made up");
    let error = match target.try_outgoing(&target.main).await {
        Ok(mut outgoing) => outgoing.submit(&mail).await.err(),
        Err(error) => Some(error),
    };
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

/// How many messages with this subject a mailbox's Sent Items hold.
async fn copies(target: &Target, mailbox: &str, subject: &str) -> usize {
    let mut mailbox = target.open(mailbox).await;
    let folders = mailbox.folders().await.expect("folders");
    let sent = folders.into_iter().find(|folder| folder.role == Role::Sent);
    let messages = list(&mut *mailbox, &sent.expect("Sent Items").id).await;
    let copies = messages.iter();
    copies.filter(|it| it.envelope.subject == subject).count()
}

/// Who may send on behalf of a mailbox without opening it sends all the same; the copy is in the own Sent Items.
pub async fn mail_on_behalf_of_a_closed_mailbox_is_filed_at_home(target: Target) {
    let closed = target.in_demo_only().on_behalf();
    let error = target.try_open(&closed).await.err();
    assert!(error.is_some(), "{closed} was to be closed");
    let mail = outbound(&closed, &[&target.main], "on behalf");
    let receipt = target.outgoing(&closed).await.submit(&mail).await;
    assert_eq!(receipt.expect("a receipt"), accepted());
    let (mut mailbox, inbox) = inbox(&target).await;
    let arrived = await_mail(&mut *mailbox, &inbox, "on behalf").await;
    assert_eq!(arrived.envelope.from, [Address::bare(&closed)]);
    assert_eq!(copies(&target, &target.main, "on behalf").await, 1);
}

/// When nobody knows what became of a message, that is said, and it is not sent again by itself.
pub async fn cut_while_sending_is_unsure(target: Target) {
    for (mischief, arrives) in [(Mischief::CutAfter, 1), (Mischief::Cut, 0)] {
        let subject = format!("unsure {arrives}");
        let mail = outbound(&target.main, &[&target.main], &subject);
        let mut outgoing = target.outgoing(&target.main).await;
        target.in_demo_only().spoil(mischief);
        let receipt = outgoing.submit(&mail).await;
        assert!(matches!(receipt, Ok(Receipt::Unsure { .. })), "{receipt:?}");
        let (mut mailbox, inbox) = inbox(&target).await;
        let messages = list(&mut *mailbox, &inbox).await;
        let arrived = messages.iter().filter(|it| it.envelope.subject == subject);
        assert_eq!(arrived.count(), arrives, "{subject}");
    }
}

/// A message with a large attachment arrives with all of it, and its copy is there once.
pub async fn large_message_is_sent_whole(target: Target) {
    for (sender, subject) in [
        (&target.main, "large by me"),
        (&target.shared, "large by the team"),
    ] {
        let file = numbers();
        let mut mail = outbound(sender, &[&target.main], subject);
        mail.bytes = with_file(&mail.bytes, &file);
        let receipt = target.outgoing(sender).await.submit(&mail).await;
        assert_eq!(receipt.expect("a receipt"), accepted());
        let (mut mailbox, inbox) = inbox(&target).await;
        let arrived = await_mail(&mut *mailbox, &inbox, subject).await;
        check_file(&mut *mailbox, &inbox, arrived, &file).await;
        assert_eq!(copies(&target, sender, subject).await, 1, "{sender}");
    }
}

/// A draft with a large attachment is filed with all of it, once, and stays a draft.
pub async fn large_draft_is_filed_whole(target: Target) {
    let mut mailbox = target.open_main().await;
    let folders = mailbox.folders().await.expect("folders");
    let drafts = folders.into_iter().find(|it| it.role == Role::Drafts);
    let drafts = drafts.expect("Drafts").id;
    let file = numbers();
    let mut op = append(&drafts, "large draft", Flags::DRAFT.with(Flags::SEEN));
    if let RemoteOp::Append { bytes, .. } = &mut op {
        *bytes = with_file(bytes, &file);
    }
    mailbox.apply(&op).await.expect("a draft");
    mailbox.apply(&op).await.expect("the same draft");
    let filed = find(&mut *mailbox, &drafts, "large draft").await;
    assert!(filed.envelope.flags.contains(Flags::DRAFT));
    check_file(&mut *mailbox, &drafts, filed, &file).await;
}

/// A file larger than any request.
pub(super) fn numbers() -> Vec<u8> {
    (0_u32..1_100_000).flat_map(u32::to_be_bytes).collect()
}

async fn check_file(
    mailbox: &mut dyn Backend,
    folder: &RemoteId,
    message: RemoteMessage,
    file: &[u8],
) {
    assert!(message.envelope.has_attachments);
    let fetched = mailbox
        .fetch(folder, &[message.id], &Progress::default())
        .await;
    let bytes = fetched.expect("the message").remove(0).1;
    let body = parse_body(&bytes, 72);
    assert!(body.text.contains("The file is below."), "{}", body.text);
    let listed: Vec<&str> = body.attachments.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(listed, ["numbers.bin"]);
    let found = attachment(&bytes, body.attachments[0].part);
    assert!(found.expect("the file") == file, "another file");
}

/// Makes a message of two parts out of a plain one: a text and a file.
pub(super) fn with_file(plain: &[u8], file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(plain.to_vec()).expect("a plain message");
    let (header, _) = text
        .split_once("Content-Type")
        .expect("a header with a type");
    let mut whole = format!(
        "{header}Content-Type: multipart/mixed; boundary=\"large\"\r\n\r\n\
         --large\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe file is below.\r\n\
         --large\r\nContent-Type: application/octet-stream; name=\"numbers.bin\"\r\n\
         Content-Disposition: attachment; filename=\"numbers.bin\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    );
    for line in STANDARD.encode(file).as_bytes().chunks(76) {
        whole.push_str(std::str::from_utf8(line).expect("base64"));
        whole.push_str("\r\n");
    }
    whole.push_str("--large--\r\n");
    whole.into_bytes()
}
