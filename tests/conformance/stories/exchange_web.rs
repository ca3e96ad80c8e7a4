//! Stories about what Exchange Web Services alone can do, refuse and lose.

use std::time::Duration;

use pillarbox::backend::{Backend, BackendError, Refusal};
use pillarbox::demo::Mischief;
use pillarbox::mime::{attachment, parse_body, parse_envelope};
use pillarbox::model::{
    Body, Cursor, FlagChange, Flags, Outbound, Progress, Receipt, RemoteId, RemoteOp, Wake,
};
use tokio::sync::Notify;

use crate::stories::sending::{numbers, with_file};
use crate::stories::steps::{
    PATIENCE, changes, find, find_folder, make_folder, message_id, outbound, subjects,
};
use crate::target::Target;

fn refusal<T>(outcome: Result<T, BackendError>) -> Option<Refusal> {
    match outcome.err() {
        Some(BackendError::Refused { kind, .. }) => Some(kind),
        _ => None,
    }
}

/// A tenant that does not want EWS is told apart from one that does not know us; when it wants it again, all goes on.
pub async fn blocked_service_says_so(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Blocked").await;
    let control = target.in_demo_only().control();
    control.block_ews(true);
    let blocked = Some(Refusal::EwsBlocked);
    assert_eq!(refusal(mailbox.changes(&folder, None).await), blocked);
    assert_eq!(refusal(target.try_open(&target.mailbox).await), blocked);
    assert_eq!(refusal(target.try_outgoing(&target.mailbox).await), blocked);
    control.block_ews(false);
    let mut mailbox = target.open_main().await;
    assert_eq!(changes(&mut *mailbox, &folder, None).await.total, 0);
}

/// A token that lacks the permission for EWS is a matter of the sign-in, though the status is that of a blocked service.
pub async fn token_without_permission_is_a_sign_in_matter(target: Target) {
    let poor = target.in_demo_only().poor_token(target.speaker).await;
    target.tokens.replace(poor);
    let error = target.try_open(&target.mailbox).await.err();
    assert!(
        matches!(error, Some(BackendError::SignIn { .. })),
        "{error:?}"
    );
}

/// The service is asked at the path that the server has; the case of the usual one does not matter.
pub async fn path_of_the_service_is_used(mut target: Target) {
    for (path, is_there) in [("/elsewhere/ews", false), ("/ews/EXCHANGE.asmx", true)] {
        target.incoming.path = Some(path.to_owned());
        target.outgoing.path = Some(path.to_owned());
        let opened = target.try_open(&target.mailbox).await.map(drop);
        let sending = target.try_outgoing(&target.mailbox).await.map(drop);
        assert_eq!(
            (opened.is_ok(), sending.is_ok()),
            (is_there, is_there),
            "{opened:?} {sending:?}"
        );
    }
}

/// "Too busy" in Exchange's own words says how long to wait; after that everything goes on.
pub async fn busy_exchange_says_how_long(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Too busy").await;
    for (back_off, expected) in [(Some(9_000), 9), (None, 60)] {
        target.in_demo_only().spoil(Mischief::Error {
            code: "ErrorServerBusy",
            back_off,
        });
        let error = mailbox.changes(&folder, None).await.err();
        let Some(BackendError::Throttled { after, .. }) = error else {
            panic!("{error:?}");
        };
        assert_eq!(after, Some(Duration::from_secs(expected)));
    }
    let mut mailbox = target.open_main().await;
    assert_eq!(changes(&mut *mailbox, &folder, None).await.total, 0);
}

/// What others flag, delete, move and file ends the wait, and the next look shows it.
pub async fn changes_of_others_end_the_wait(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Watched by two").await;
    let elsewhere = make_folder(&mut *mailbox, "Elsewhere").await;
    for subject in ["flagged", "deleted", "moved"] {
        let put = target.put(&mut *mailbox, &folder, subject, Flags::NONE);
        put.await;
    }
    let mut known = changes(&mut *mailbox, &folder, None).await.next;
    let mut other = target.open_main().await;
    let ops = [
        flagged(&folder, &id(&mut *other, &folder, "flagged").await),
        deleted(&folder, &id(&mut *other, &folder, "deleted").await),
        moved(
            &folder,
            &id(&mut *other, &folder, "moved").await,
            &elsewhere,
        ),
        crate::stories::steps::append(&folder, "filed", Flags::NONE),
    ];
    for op in ops {
        let (next, ()) = tokio::join!(wait_and_look(&mut *mailbox, &folder, &known), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            other.apply(&op).await.expect("a change");
        });
        known = next;
    }
}

/// Waits until a look shows something. A wake may come too often, never too seldom.
async fn wait_and_look(mailbox: &mut dyn Backend, folder: &RemoteId, known: &Cursor) -> Cursor {
    for _ in 0..5 {
        let wake = mailbox.wait(folder, &Notify::new(), PATIENCE).await;
        assert_eq!(wake.expect("news"), Wake::Remote);
        let news = changes(mailbox, folder, Some(known)).await;
        if !(news.upserts.is_empty() && news.removals.is_empty() && news.flags.is_empty()) {
            return news.next;
        }
    }
    panic!("woken for nothing");
}

async fn id(mailbox: &mut dyn Backend, folder: &RemoteId, subject: &str) -> RemoteId {
    find(mailbox, folder, subject).await.id
}

fn flagged(folder: &RemoteId, message: &RemoteId) -> RemoteOp {
    RemoteOp::Flag {
        folder: folder.as_str().to_owned(),
        messages: vec![message.as_str().to_owned()],
        change: FlagChange::set(Flags::FLAGGED),
    }
}

fn deleted(folder: &RemoteId, message: &RemoteId) -> RemoteOp {
    RemoteOp::Delete {
        folder: folder.as_str().to_owned(),
        messages: vec![message.as_str().to_owned()],
    }
}

fn moved(folder: &RemoteId, message: &RemoteId, to: &RemoteId) -> RemoteOp {
    RemoteOp::Move {
        folder: folder.as_str().to_owned(),
        messages: vec![message.as_str().to_owned()],
        to: to.as_str().to_owned(),
    }
}

/// Folders made, renamed, moved and deleted offline and replayed twice are so once, with what is in them.
pub async fn replayed_changes_of_folders_are_made_once(target: Target) {
    let mut mailbox = target.open_main().await;
    let create = |path: &str| RemoteOp::CreateFolder {
        path: path.to_owned(),
    };
    for path in ["Plans", "Archive of plans/Old", "Archive of plans"] {
        twice(&mut *mailbox, &create(path)).await;
    }
    let plans = find_folder(&mut *mailbox, "Plans").await.expect("a folder");
    let put = target.put(&mut *mailbox, &plans.id, "a plan", Flags::NONE);
    put.await;
    let moved_to = "Archive of plans/Plans 2026";
    let rename = RemoteOp::RenameFolder {
        folder: plans.id.as_str().to_owned(),
        path: moved_to.to_owned(),
    };
    twice(&mut *mailbox, &rename).await;
    assert!(find_folder(&mut *mailbox, "Plans").await.is_none());
    let renamed = find_folder(&mut *mailbox, moved_to).await;
    let renamed = renamed.expect("the renamed folder").id;
    assert_eq!(subjects(&mut *mailbox, &renamed).await, ["a plan"]);
    let folders = mailbox.folders().await.expect("folders");
    let under = folders
        .iter()
        .filter(|f| f.path.starts_with("Archive of plans"));
    assert_eq!(under.count(), 3, "{folders:#?}");
    let delete = RemoteOp::DeleteFolder {
        folder: renamed.as_str().to_owned(),
    };
    twice(&mut *mailbox, &delete).await;
    assert!(find_folder(&mut *mailbox, moved_to).await.is_none());
}

async fn twice(mailbox: &mut dyn Backend, op: &RemoteOp) {
    mailbox.apply(op).await.expect("a change");
    let again = mailbox.apply(op).await;
    let is_harmless = matches!(again, Ok(_) | Err(BackendError::Gone { .. }));
    assert!(is_harmless, "{op:?}: {again:?}");
}

/// Copies of a message in a folder, as the tenant itself counts them.
fn copies(target: &Target, mailbox: &str, folder: &str, subject: &str) -> usize {
    let line = format!("Message-ID: <{}>", message_id(subject));
    let messages = target.in_demo_only().control().messages(mailbox, folder);
    let texts = messages.iter().map(|bytes| String::from_utf8_lossy(bytes));
    texts.filter(|text| text.contains(&line)).count()
}

/// Checks that a message was sent from the story's mailbox once, and that nothing of it lies about.
fn check_sent_once(target: &Target, reader: &str, subject: &str) {
    let found = [
        copies(target, reader, "INBOX", subject),
        copies(target, &target.mailbox, "Sent Items", subject),
        copies(target, reader, "Sent Items", subject),
        copies(target, &target.mailbox, "Drafts", subject),
        copies(target, reader, "Drafts", subject),
    ];
    assert_eq!(found, [1, 1, 0, 0, 0], "{subject}");
}

/// Another mailbox, which gets the mail.
fn reader(target: &Target) -> &str {
    if target.mailbox == target.main {
        &target.shared
    } else {
        &target.main
    }
}

/// The copy of what is sent is in the sender's Sent Items, once and nowhere else, with all recipients in it.
pub async fn sent_copy_is_filed_once_where_it_belongs(target: Target) {
    let reader = reader(&target);
    let mut outgoing = target.outgoing(&target.mailbox).await;
    assert!(outgoing.files_sent_copy());
    outgoing.may_send_as(&target.mailbox).await.expect("a yes");
    let mut mail = outbound(&target.mailbox, &["kim@elsewhere.test"], "with a copy");
    mail.recipients.push(reader.to_owned());
    let receipt = outgoing.submit(&mail).await.expect("a receipt");
    assert!(matches!(receipt, Receipt::Accepted { .. }), "{receipt:?}");
    check_sent_once(&target, reader, "with a copy");
    let control = target.in_demo_only().control();
    let arrived = control.messages(reader, "INBOX");
    let arrived = String::from_utf8_lossy(arrived.last().expect("the mail")).into_owned();
    assert!(
        !arrived.contains(reader) || !arrived.contains("\nBcc:"),
        "{arrived}"
    );
    let mut mailbox = target.open_main().await;
    let folders = mailbox.folders().await.expect("folders");
    let sent = folders
        .iter()
        .find(|f| f.path == "Sent Items")
        .expect("sent mail");
    let copy = find(&mut *mailbox, &sent.id, "with a copy").await;
    assert!(copy.envelope.flags.is_seen() && !copy.envelope.flags.contains(Flags::DRAFT));
    let read = mailbox
        .fetch(&sent.id, &[copy.id], &Progress::default())
        .await;
    let bytes = read.expect("the copy").remove(0).1;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("Bcc:") && text.contains(reader), "{text}");
}

/// A mailbox that does not open is none to send from.
pub async fn sender_whose_mailbox_does_not_open_is_refused(target: Target) {
    let outcome = target.try_outgoing(&target.forbidden).await;
    assert_eq!(refusal(outcome), Some(Refusal::NoMailboxAccess));
}

/// An author who is not the mailbox and gave no right is refused as such; no draft and no copy stays.
pub async fn foreign_author_is_refused(target: Target) {
    let mail = outbound(&target.forbidden, &[reader(&target)], "not mine");
    let outcome = target.outgoing(&target.mailbox).await.submit(&mail).await;
    assert_eq!(refusal(outcome), Some(Refusal::Sender));
    for folder in ["Drafts", "Sent Items"] {
        assert_eq!(copies(&target, &target.mailbox, folder, "not mine"), 0);
        assert_eq!(copies(&target, &target.main, folder, "not mine"), 0);
    }
}

/// Wherever the connection ends while mail is sent, doing it again until it is sure has sent it once.
pub async fn mail_is_sent_once_wherever_the_connection_ends(target: Target) {
    let reader = reader(&target);
    let demo = target.in_demo_only();
    let before = demo.control().requests().ews_requests;
    send_until_sure(
        &target,
        &outbound(&target.mailbox, &[reader], "undisturbed"),
    )
    .await;
    check_sent_once(&target, reader, "undisturbed");
    let steps = demo.control().requests().ews_requests - before;
    assert!(steps > 1, "a mailbox is opened, then mail is sent");
    for mischief in [Mischief::Cut, Mischief::CutAfter, Mischief::CutInside] {
        for step in 0..steps {
            // What no client knows does no harm and leaves the mischief to a later request.
            for _ in 0..step {
                demo.spoil(Mischief::Unknown);
            }
            demo.spoil(mischief.clone());
            let subject = format!("{mischief:?} at step {step}");
            let mail = outbound(&target.mailbox, &[reader], &subject);
            let failures = send_until_sure(&target, &mail).await;
            assert!(failures <= 1, "{subject}");
            check_sent_once(&target, reader, &subject);
        }
    }
}

/// A large message goes in many steps; it is sent once, and no draft of it stays, whichever answer is lost.
pub async fn large_mail_is_sent_once_whichever_answer_is_lost(target: Target) {
    let reader = reader(&target);
    let demo = target.in_demo_only();
    for step in 0..5 {
        // What no client knows does no harm and leaves the mischief to a later request.
        for _ in 0..step {
            demo.spoil(Mischief::Unknown);
        }
        demo.spoil(Mischief::CutAfter);
        let subject = format!("large at step {step}");
        let mut mail = outbound(&target.mailbox, &[reader], &subject);
        mail.bytes = with_file(&mail.bytes, &numbers());
        let failures = send_until_sure(&target, &mail).await;
        assert!(failures <= 1, "{subject}");
        check_sent_once(&target, reader, &subject);
    }
}

/// What an attempt left among the drafts is taken back when nobody sends the message any more. `steps` is what happens to
/// the requests of the attempt; it leaves a draft.
pub async fn draft_of_a_message_given_up_is_taken_back(target: Target, steps: &[Mischief]) {
    let reader = reader(&target);
    let mut mail = outbound(&target.mailbox, &[reader], "given up");
    mail.bytes = with_file(&mail.bytes, &numbers());
    let mut outgoing = target.outgoing(&target.mailbox).await;
    for step in steps {
        target.in_demo_only().spoil(step.clone());
    }
    let outcome = outgoing.submit(&mail).await;
    let is_open = matches!(
        outcome,
        Ok(Receipt::Unsure { .. }) | Err(BackendError::Offline { .. })
    );
    assert!(is_open, "{outcome:?}");
    let drafts = || copies(&target, &target.mailbox, "Drafts", "given up");
    assert_eq!(drafts(), 1, "there was to be one to take back");
    let mut outgoing = target.outgoing(&target.mailbox).await;
    for _ in 0..2 {
        let taken = outgoing.take_back(&message_id("given up")).await;
        taken.expect("nothing left behind");
        assert_eq!(drafts(), 0);
    }
    assert_eq!(copies(&target, reader, "INBOX", "given up"), 0);
    let receipt = outgoing.submit(&mail).await.expect("a receipt");
    assert!(matches!(receipt, Receipt::Accepted { .. }), "{receipt:?}");
    outgoing
        .take_back(&message_id("given up"))
        .await
        .expect("nothing to do");
    check_sent_once(&target, reader, "given up");
}

/// Sends until it is sure that the mail went, as the outbox does: what is not sure is looked for in the sent mail.
async fn send_until_sure(target: &Target, mail: &Outbound) -> usize {
    let subject = String::from_utf8_lossy(&mail.bytes).into_owned();
    let subject = subject
        .lines()
        .find_map(|line| line.strip_prefix("Subject: "));
    let subject = subject.expect("a subject");
    for failures in 0..4 {
        let attempt = async {
            let mut outgoing = target.try_outgoing(&target.mailbox).await?;
            outgoing.submit(mail).await
        };
        match attempt.await {
            Ok(Receipt::Unsure { .. }) => {
                if copies(target, &target.mailbox, "Sent Items", subject) > 0 {
                    return failures;
                }
            }
            Ok(_) => return failures,
            Err(BackendError::Offline { .. }) => {}
            Err(error) => panic!("{subject}: {error:?}"),
        }
    }
    panic!("{subject}: never sure");
}

/// A token that ends before mail is sent is replaced, and the mail is sent once.
pub async fn token_that_ends_before_sending_is_replaced(target: Target) {
    let reader = reader(&target);
    let mut outgoing = target.outgoing(&target.mailbox).await;
    target.end_token().await;
    let mail = outbound(&target.mailbox, &[reader], "after the end");
    let receipt = outgoing.submit(&mail).await.expect("a receipt");
    assert!(matches!(receipt, Receipt::Accepted { .. }), "{receipt:?}");
    check_sent_once(&target, reader, "after the end");
}

/// A message that Exchange cannot write as MIME opens all the same: header, text and attachments as they were.
pub async fn message_that_is_no_mime_is_read_whole(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Odd").await;
    let inner = "Subject: inside\r\nFrom: <bo@elsewhere.test>\r\n\r\nFrom inside.\r\n";
    let bytes = format!(
        "From: =?utf-8?q?J=C3=BCrgen?= <ana@elsewhere.test>\r\nTo: <you@contoso.test>\r\nSubject: odd\r\n\
         Message-ID: <odd@stories.test>\r\nDate: Tue, 17 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n\
         X-Mark: kept\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>Schöne Grüße</p>\r\n--b\r\n\
         Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nAAECA/8=\r\n--b\r\n\
         Content-Type: image/png; name=\"logo.png\"\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    let append = RemoteOp::Append {
        folder: folder.as_str().to_owned(),
        flags: Flags::NONE,
        message_id: "odd@stories.test".to_owned(),
        bytes: bytes.into_bytes(),
    };
    target.file_as_it_is(&mut *mailbox, &append).await;
    let id = find(&mut *mailbox, &folder, "odd").await.id;
    target.in_demo_only().spoil(Mischief::NoMime);
    let (asked, progress) = ([id], Progress::default());
    let read = mailbox.fetch(&folder, &asked, &progress).await;
    let message = read.expect("a message").remove(0).1;
    let read = mailbox.fetch(&folder, &asked, &progress).await;
    let plain = read.expect("a message").remove(0).1;
    assert_ne!(message, plain, "it was to be put together");
    let (shown, usual) = (parse_body(&message, 80), parse_body(&plain, 80));
    assert_eq!(shown.text, usual.text);
    let has = |name: &str, value: &str| {
        let field = (name.to_owned(), value.to_owned());
        assert!(shown.headers.contains(&field), "{:?}", shown.headers);
    };
    has("X-Mark", "kept");
    let row = |message: &[u8]| {
        let envelope = parse_envelope(message, None);
        (
            envelope.from,
            envelope.to,
            envelope.subject,
            envelope.message_id,
            envelope.date,
        )
    };
    assert_eq!(row(&message), row(&plain));
    let contents = |message: &[u8], body: &Body| {
        let parts = body.attachments.iter();
        let mut read: Vec<(String, bool, Vec<u8>)> = parts
            .map(|it| {
                (
                    it.name.clone(),
                    it.is_inline,
                    attachment(message, it.part).expect("a part"),
                )
            })
            .collect();
        read.sort();
        read
    };
    let trimmed = |mut all: Vec<(String, bool, Vec<u8>)>| {
        for (_, _, bytes) in &mut all {
            bytes.truncate(bytes.trim_ascii_end().len());
        }
        all
    };
    let (here, there) = (contents(&message, &shown), contents(&plain, &usual));
    assert_eq!(here.len(), 3);
    assert_eq!(trimmed(here), trimmed(there));
}
