//! Steps that many stories share: make a folder, file a message, read a folder to its end.

use std::time::Duration;

use pillarbox::backend::Backend;
use pillarbox::model::{
    ChangeSet, Cursor, Flags, Outbound, RemoteFolder, RemoteId, RemoteMessage, RemoteOp,
};

/// How long a story waits for what another connection did; never reached when all is well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the folder with this path.
pub async fn find_folder(mailbox: &mut dyn Backend, path: &str) -> Option<RemoteFolder> {
    let folders = mailbox.folders().await.expect("folders");
    folders.into_iter().find(|folder| folder.path == path)
}

/// Makes a folder and returns its id.
pub async fn make_folder(mailbox: &mut dyn Backend, path: &str) -> RemoteId {
    let op = RemoteOp::CreateFolder {
        path: path.to_owned(),
    };
    mailbox.apply(&op).await.expect("a new folder");
    let made = find_folder(mailbox, path).await;
    made.expect("the new folder in the list").id
}

/// A small message with this subject; the subject is its Message-ID, too.
pub fn mail(from: &str, to: &str, subject: &str) -> Vec<u8> {
    let id = message_id(subject);
    format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\
         Date: Tue, 17 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nThis is about {subject}.\r\n"
    )
    .into_bytes()
}

/// The Message-ID of [`mail`], without angle brackets.
pub fn message_id(subject: &str) -> String {
    format!("{}@stories.test", subject.replace(' ', "."))
}

/// Files a small message.
pub fn append(folder: &RemoteId, subject: &str, flags: Flags) -> RemoteOp {
    RemoteOp::Append {
        folder: folder.as_str().to_owned(),
        flags,
        message_id: message_id(subject),
        bytes: mail("ana@elsewhere.test", "you@contoso.test", subject),
    }
}

/// Everything that `changes` says until nothing more is to come.
pub async fn changes(
    mailbox: &mut dyn Backend,
    folder: &RemoteId,
    since: Option<&Cursor>,
) -> ChangeSet {
    let mut all = mailbox.changes(folder, since).await.expect("changes");
    let mut rounds = 0;
    while all.more {
        let step = mailbox.changes(folder, Some(&all.next)).await;
        let step = step.expect("more changes");
        all.upserts.extend(step.upserts);
        all.removals.extend(step.removals);
        all.flags.extend(step.flags);
        (all.total, all.next, all.more) = (step.total, step.next, step.more);
        rounds += 1;
        assert!(rounds < 1000, "there is always more");
    }
    all
}

/// All messages of a folder.
pub async fn list(mailbox: &mut dyn Backend, folder: &RemoteId) -> Vec<RemoteMessage> {
    changes(mailbox, folder, None).await.upserts
}

/// The subjects of a folder's messages, newest first.
pub async fn subjects(mailbox: &mut dyn Backend, folder: &RemoteId) -> Vec<String> {
    let messages = list(mailbox, folder).await;
    messages
        .into_iter()
        .map(|message| message.envelope.subject)
        .collect()
}

/// The one message with this subject.
pub async fn find(mailbox: &mut dyn Backend, folder: &RemoteId, subject: &str) -> RemoteMessage {
    let messages = list(mailbox, folder).await;
    let mut found = messages
        .into_iter()
        .filter(|message| message.envelope.subject == subject);
    let message = found
        .next()
        .unwrap_or_else(|| panic!("no message {subject:?}"));
    assert!(found.next().is_none(), "{subject:?} is there twice");
    message
}

/// Looks until a message with this subject is there: delivery takes a moment.
pub async fn await_mail(
    mailbox: &mut dyn Backend,
    folder: &RemoteId,
    subject: &str,
) -> RemoteMessage {
    let limit = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < limit {
        let messages = list(mailbox, folder).await;
        let found = messages
            .into_iter()
            .find(|message| message.envelope.subject == subject);
        if let Some(message) = found {
            return message;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{subject:?} did not arrive");
}

/// A message on its way out.
pub fn outbound(from: &str, to: &[&str], subject: &str) -> Outbound {
    Outbound {
        sender: from.to_owned(),
        recipients: to.iter().map(|&address| address.to_owned()).collect(),
        bytes: mail(from, to.first().copied().unwrap_or_default(), subject),
    }
}
