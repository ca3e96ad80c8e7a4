//! Stories about bad luck: busy servers, tokens that end, connections that break, cursors that mean nothing any more.

use std::time::Duration;

use pillarbox::backend::{Backend, BackendError};
use pillarbox::demo::Mischief;
use pillarbox::model::{FlagChange, Flags, Progress, RemoteId, RemoteOp};

use crate::relay::Relay;
use crate::stories::steps::{append, changes, find, find_folder, subjects};
use crate::target::Target;

const TOGETHER: [&str; 3] = ["one", "two", "three"];

async fn filled(target: &Target, mailbox: &mut dyn Backend, path: &str) -> RemoteId {
    let folder = target.empty_folder(mailbox, path).await;
    for subject in TOGETHER {
        let op = append(&folder, subject, Flags::NONE);
        target.file_as_it_is(mailbox, &op).await;
    }
    folder
}

/// "Too fast" is told as such, with the time the server wants; after that everything goes on.
pub async fn throttled_server_says_how_long(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Busy").await;
    let known = changes(&mut *mailbox, &folder, None).await;
    target.in_demo_only().spoil(Mischief::Status {
        code: 429,
        retry_after: Some(7),
    });
    let error = mailbox.changes(&folder, Some(&known.next)).await.err();
    let Some(BackendError::Throttled { after, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(after, Some(Duration::from_secs(7)));
    let mut mailbox = target.open_main().await;
    let again = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    assert_eq!((again.upserts.len(), again.total), (0, 3));
}

/// A token that ends while a mailbox is open costs at most a new connection with the next one.
pub async fn token_that_ends_in_the_middle_is_replaced(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Ended").await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let two = find(&mut *mailbox, &folder, "two").await.id;
    target.end_token().await;
    let asked = [two.clone()];
    let read = mailbox.fetch(&folder, &asked, &Progress::default()).await;
    if target.incoming.protocol.is_web() {
        assert_eq!(
            read.expect("a body").len(),
            1,
            "the next token was to be asked for"
        );
    } else {
        let is_known = matches!(
            read,
            Err(BackendError::SignIn { .. } | BackendError::Offline { .. })
        );
        assert!(is_known, "{read:?}");
        assert!(target.tokens.give_up(), "there is another token");
    }
    let mut mailbox = target.open_main().await;
    let read = mailbox.fetch(&folder, &asked, &Progress::default()).await;
    assert_eq!(read.expect("a body").len(), 1);
    let again = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    assert_eq!(
        (again.upserts.len(), again.removals.len(), again.total),
        (0, 0, 3)
    );
}

/// Opens, lists, reads and deletes: all that a usual visit does. Returns how many messages were listed and read.
async fn visit(
    target: &Target,
    folder: &RemoteId,
    goes: &str,
) -> Result<(usize, usize), BackendError> {
    let mut mailbox = target.try_open(&target.mailbox).await?;
    let mut listed = Vec::new();
    let mut step = mailbox.changes(folder, None).await?;
    loop {
        listed.append(&mut step.upserts);
        if !step.more {
            break;
        }
        step = mailbox.changes(folder, Some(&step.next)).await?;
    }
    let ids: Vec<RemoteId> = listed.iter().map(|message| message.id.clone()).collect();
    let read = mailbox.fetch(folder, &ids, &Progress::default()).await?;
    assert!(
        read.iter().all(|(_, bytes)| bytes.ends_with(b".\r\n")),
        "half a message"
    );
    let delete = RemoteOp::Delete {
        folder: folder.as_str().to_owned(),
        messages: vec![goes.to_owned()],
    };
    match mailbox.apply(&delete).await {
        Ok(_) | Err(BackendError::Gone { .. }) => Ok((listed.len(), read.len())),
        Err(error) => Err(error),
    }
}

/// Wherever the connection breaks, the failure is told as one, and doing it all again in the end has done it once.
pub async fn connection_cut_anywhere_is_survived(mut target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Cut").await;
    let goes = find(&mut *mailbox, &folder, "two").await.id;
    drop(mailbox);
    let relay = Relay::to(&target.incoming.host, target.incoming.port).await;
    target.incoming.port = relay.port;
    // The handshake's size is not ours to test: finer steps begin behind it.
    let mut allowed = 200;
    let mut failures = 0;
    let done = loop {
        relay.break_after(allowed);
        match visit(&target, &folder, goes.as_str()).await {
            Ok(done) => break done,
            Err(error) => assert!(
                matches!(error, BackendError::Offline { .. }),
                "after {allowed} bytes: {error:?}"
            ),
        }
        failures += 1;
        allowed += 150 + allowed / 20;
        assert!(allowed < 1 << 20, "it never goes well");
    };
    assert!(failures > 10, "only {failures} steps");
    assert!(matches!(done, (2 | 3, 2 | 3)), "{done:?}");
    relay.break_after(u64::MAX);
    let mut mailbox = target.open_main().await;
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["three", "one"]);
}

/// A server that cuts the connection before, behind or inside of an answer, at every operation.
pub async fn mischief_with_connections_is_survived(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Mischief").await;
    let goes = find(&mut *mailbox, &folder, "two").await.id;
    for mischief in [Mischief::Cut, Mischief::CutAfter, Mischief::CutInside] {
        target.in_demo_only().spoil(mischief.clone());
        let result = visit(&target, &folder, goes.as_str()).await;
        assert!(
            matches!(result, Err(BackendError::Offline { .. })),
            "{mischief:?}: {result:?}"
        );
        let mut mailbox = target.open_main().await;
        assert_eq!(
            subjects(&mut *mailbox, &folder).await,
            ["three", "two", "one"]
        );
    }
    for mischief in [Mischief::Repeated, Mischief::WrongTotals, Mischief::Unknown] {
        target.in_demo_only().spoil(mischief.clone());
        let mut mailbox = target.open_main().await;
        let mut found = subjects(&mut *mailbox, &folder).await;
        found.dedup();
        assert_eq!(found, ["three", "two", "one"], "{mischief:?}");
    }
}

/// A cursor that the server has forgotten is lost once; comparing everything then shows everything, each once.
pub async fn forgotten_cursor_is_lost_once(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Forgotten").await;
    let known = changes(&mut *mailbox, &folder, None).await;
    target.in_demo_only().spoil(Mischief::CursorLost);
    let error = mailbox.changes(&folder, Some(&known.next)).await.err();
    assert!(matches!(error, Some(BackendError::CursorLost)), "{error:?}");
    let all = changes(&mut *mailbox, &folder, None).await;
    let found: Vec<&str> = all
        .upserts
        .iter()
        .map(|m| m.envelope.subject.as_str())
        .collect();
    assert_eq!(found, ["three", "two", "one"]);
    let quiet = changes(&mut *mailbox, &folder, Some(&all.next)).await;
    assert_eq!((quiet.upserts.len(), quiet.removals.len()), (0, 0));
}

/// Makes a change twice, as after a crash between the server's answer and our note of it.
async fn twice(mailbox: &mut dyn Backend, op: &RemoteOp) {
    mailbox.apply(op).await.expect("a change");
    let again = mailbox.apply(op).await;
    assert!(
        matches!(again, Ok(_) | Err(BackendError::Gone { .. })),
        "{op:?}: {again:?}"
    );
}

/// Deletions and flags made offline and replayed twice are made once.
pub async fn replayed_deletions_are_made_once(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Replayed").await;
    let two = find(&mut *mailbox, &folder, "two").await.id;
    let messages = vec![two.as_str().to_owned()];
    let flag = RemoteOp::Flag {
        folder: folder.as_str().to_owned(),
        messages: messages.clone(),
        change: FlagChange::set(Flags::SEEN),
    };
    twice(&mut *mailbox, &flag).await;
    let is_seen = find(&mut *mailbox, &folder, "two")
        .await
        .envelope
        .flags
        .is_seen();
    assert_eq!(is_seen, target.incoming.protocol.keeps_flags());
    let delete = RemoteOp::Delete {
        folder: folder.as_str().to_owned(),
        messages,
    };
    twice(&mut *mailbox, &delete).await;
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["three", "one"]);
}

/// Moves, appends and changes of folders made offline and replayed twice are made once.
pub async fn replayed_filing_is_done_once(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = filled(&target, &mut *mailbox, "Replayed").await;
    let create = RemoteOp::CreateFolder {
        path: "Made offline".to_owned(),
    };
    mailbox.apply(&create).await.expect("a folder");
    let made = find_folder(&mut *mailbox, "Made offline")
        .await
        .expect("the new folder")
        .id;
    let two = find(&mut *mailbox, &folder, "two").await.id;
    let transfer = RemoteOp::Move {
        folder: folder.as_str().to_owned(),
        messages: vec![two.as_str().to_owned()],
        to: made.as_str().to_owned(),
    };
    twice(&mut *mailbox, &transfer).await;
    twice(&mut *mailbox, &append(&made, "four", Flags::SEEN)).await;
    let mut found = subjects(&mut *mailbox, &made).await;
    found.sort_unstable();
    assert_eq!(found, ["four", "two"]);
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["three", "one"]);
    let delete = RemoteOp::DeleteFolder {
        folder: made.as_str().to_owned(),
    };
    twice(&mut *mailbox, &delete).await;
    assert!(find_folder(&mut *mailbox, "Made offline").await.is_none());
}
