//! Stories about changes: ours, and those that others make meanwhile.

use std::time::Duration;

use pillarbox::backend::{Backend, BackendError, Refusal};
use pillarbox::demo::Mischief;
use pillarbox::model::{FlagChange, Flags, Progress, RemoteId, RemoteOp, Wake};
use tokio::sync::Notify;

use crate::stories::steps::{PATIENCE, append, changes, find, mail, make_folder, subjects};
use crate::target::Target;

fn ids(messages: &[&RemoteId]) -> Vec<String> {
    messages.iter().map(|id| id.as_str().to_owned()).collect()
}

async fn flag(
    mailbox: &mut dyn Backend,
    folder: &RemoteId,
    message: &RemoteId,
    change: FlagChange,
) {
    let op = RemoteOp::Flag {
        folder: folder.as_str().to_owned(),
        messages: ids(&[message]),
        change,
    };
    mailbox.apply(&op).await.expect("flags");
}

fn deletion(folder: &RemoteId, message: &RemoteId) -> RemoteOp {
    RemoteOp::Delete {
        folder: folder.as_str().to_owned(),
        messages: ids(&[message]),
    }
}

fn transfer(folder: &RemoteId, message: &RemoteId, to: &RemoteId) -> RemoteOp {
    RemoteOp::Move {
        folder: folder.as_str().to_owned(),
        messages: ids(&[message]),
        to: to.as_str().to_owned(),
    }
}

/// Flags are set and cleared one by one; the others stay. Filing a message with flags keeps them.
pub async fn flags_are_set_and_cleared(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Flags").await;
    target.put(&mut *mailbox, &folder, "it", Flags::SEEN).await;
    let it = find(&mut *mailbox, &folder, "it").await;
    assert_eq!(it.envelope.flags, Flags::SEEN);
    let both = Flags::FLAGGED.with(Flags::ANSWERED);
    flag(&mut *mailbox, &folder, &it.id, FlagChange::set(both)).await;
    flag(
        &mut *mailbox,
        &folder,
        &it.id,
        FlagChange::clear(Flags::SEEN),
    )
    .await;
    let it = find(&mut *mailbox, &folder, "it").await;
    assert_eq!(it.envelope.flags, both);
}

/// A moved message leaves one folder and is in the other, unchanged.
pub async fn messages_move(target: Target) {
    let mut mailbox = target.open_main().await;
    let from = make_folder(&mut *mailbox, "From").await;
    let to = make_folder(&mut *mailbox, "To").await;
    target.put(&mut *mailbox, &from, "stays", Flags::NONE).await;
    target
        .put(&mut *mailbox, &from, "goes", Flags::FLAGGED)
        .await;
    let goes = find(&mut *mailbox, &from, "goes").await.id;
    let applied = mailbox
        .apply(&transfer(&from, &goes, &to))
        .await
        .expect("a move");
    assert_eq!(subjects(&mut *mailbox, &from).await, ["stays"]);
    let moved = find(&mut *mailbox, &to, "goes").await;
    assert_eq!(moved.envelope.flags, Flags::FLAGGED);
    // The server need not tell the new id; if it does, it is right.
    for (old, new) in applied.renamed {
        assert_eq!((old, &new), (goes.clone(), &moved.id));
    }
}

/// Moving what has moved already is no error, and does not double it.
pub async fn repeated_move_is_harmless(target: Target) {
    let mut mailbox = target.open_main().await;
    let from = make_folder(&mut *mailbox, "From").await;
    let to = make_folder(&mut *mailbox, "To").await;
    target.put(&mut *mailbox, &from, "goes", Flags::NONE).await;
    let goes = find(&mut *mailbox, &from, "goes").await.id;
    let op = transfer(&from, &goes, &to);
    mailbox.apply(&op).await.expect("a move");
    let again = mailbox.apply(&op).await;
    assert!(
        matches!(again, Ok(_) | Err(BackendError::Gone { .. })),
        "{again:?}"
    );
    assert_eq!(subjects(&mut *mailbox, &to).await, ["goes"]);
}

/// A deletion takes what was asked for, and nothing that others had marked as deleted.
pub async fn deletion_takes_only_what_was_asked(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Deletions").await;
    target
        .put(&mut *mailbox, &folder, "marked by others", Flags::DELETED)
        .await;
    target
        .put(&mut *mailbox, &folder, "goes", Flags::NONE)
        .await;
    let goes = find(&mut *mailbox, &folder, "goes").await.id;
    mailbox
        .apply(&deletion(&folder, &goes))
        .await
        .expect("a deletion");
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["marked by others"]);
    let again = mailbox.apply(&deletion(&folder, &goes)).await;
    assert!(
        matches!(again, Ok(_) | Err(BackendError::Gone { .. })),
        "{again:?}"
    );
}

/// Filing the same message again, as after a crash, leaves one.
pub async fn repeated_append_leaves_one(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Once").await;
    let op = append(&folder, "once", Flags::SEEN);
    mailbox.apply(&op).await.expect("an append");
    mailbox.apply(&op).await.expect("an append");
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["once"]);
}

/// A full mailbox says so, and the connection stays usable.
pub async fn full_mailbox_is_said(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Full").await;
    let mut op = append(&folder, "too much", Flags::NONE);
    if let RemoteOp::Append { bytes, .. } = &mut op {
        bytes.extend(b"much too much\r\n".repeat(200));
    }
    let error = mailbox.apply(&op).await.err();
    let is_full = matches!(
        error,
        Some(BackendError::Refused {
            kind: Refusal::Quota,
            ..
        })
    );
    assert!(is_full, "{error:?}");
    assert_eq!(subjects(&mut *mailbox, &folder).await.len(), 0);
}

/// New mail ends the wait, and the next look at the folder shows it and nothing else.
pub async fn new_mail_ends_the_wait(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Watched").await;
    target.put(&mut *mailbox, &folder, "old", Flags::NONE).await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let mut other = target.open_main().await;
    let poke = Notify::new();
    let limit = if mailbox.caps().push {
        PATIENCE
    } else {
        Duration::from_secs(1)
    };
    let (wake, ()) = tokio::join!(mailbox.wait(&folder, &poke, limit), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        target.put(&mut *other, &folder, "new", Flags::NONE).await;
    });
    if mailbox.caps().push {
        assert_eq!(wake.expect("news"), Wake::Remote);
    }
    let news = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    let new: Vec<&str> = news
        .upserts
        .iter()
        .map(|m| m.envelope.subject.as_str())
        .collect();
    assert_eq!((new, news.total), (vec!["new"], 2));
}

/// Mail that came between the last look and the wait is not slept over.
pub async fn mail_before_the_wait_is_not_slept_over(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Gap").await;
    changes(&mut *mailbox, &folder, None).await;
    target
        .put(
            &mut *target.open_main().await,
            &folder,
            "in the gap",
            Flags::NONE,
        )
        .await;
    let wake = mailbox.wait(&folder, &Notify::new(), PATIENCE).await;
    if mailbox.caps().push {
        assert_eq!(wake.expect("news"), Wake::Remote);
    }
}

/// A poke ends the wait; so does its limit; the connection is usable afterwards.
pub async fn poke_and_limit_end_the_wait(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Patience").await;
    changes(&mut *mailbox, &folder, None).await;
    let poke = Notify::new();
    poke.notify_one();
    let wake = mailbox.wait(&folder, &poke, PATIENCE).await;
    assert_eq!(wake.expect("a poke"), Wake::Poke);
    let wake = mailbox
        .wait(&folder, &poke, Duration::from_millis(200))
        .await;
    assert_eq!(wake.expect("a limit"), Wake::Timer);
    target
        .put(&mut *mailbox, &folder, "afterwards", Flags::NONE)
        .await;
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["afterwards"]);
}

/// A poke is answered at once, even while the server takes its time over a question whether there is news.
pub async fn poke_is_answered_while_the_server_is_slow(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Slow").await;
    let open = target.empty_folder(&mut *mailbox, "Looked at").await;
    changes(&mut *mailbox, &folder, None).await;
    changes(&mut *mailbox, &open, None).await;
    target
        .put(&mut *mailbox, &folder, "slow news", Flags::NONE)
        .await;
    target.in_demo_only().spoil(Mischief::Slow);
    let poke = Notify::new();
    let (wake, ()) = tokio::join!(mailbox.wait(&folder, &poke, PATIENCE), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        poke.notify_one();
    });
    assert_eq!(wake.expect("a poke"), Wake::Poke);
    assert_eq!(subjects(&mut *mailbox, &folder).await, ["slow news"]);
}

/// What others do to messages that are there already ends the wait, too.
pub async fn flags_and_deletions_of_others_end_the_wait(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Busy others").await;
    target.put(&mut *mailbox, &folder, "it", Flags::NONE).await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let it = known.upserts[0].id.clone();
    let mut other = target.open_main().await;
    let poke = Notify::new();
    flag(&mut *other, &folder, &it, FlagChange::set(Flags::FLAGGED)).await;
    let wake = mailbox.wait(&folder, &poke, PATIENCE).await;
    assert_eq!(wake.expect("news"), Wake::Remote);
    let news = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    assert_eq!(news.flags.len() + news.upserts.len(), 1);
    other
        .apply(&deletion(&folder, &it))
        .await
        .expect("a deletion");
    let wake = mailbox.wait(&folder, &poke, PATIENCE).await;
    assert_eq!(wake.expect("news"), Wake::Remote);
    let news = changes(&mut *mailbox, &folder, Some(&news.next)).await;
    assert_eq!((news.removals, news.total), (vec![it], 0));
}

/// Flags that others change come with the next look.
pub async fn flags_of_others_are_noticed(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Shared flags").await;
    target.put(&mut *mailbox, &folder, "it", Flags::NONE).await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let it = &known.upserts[0].id;
    let mut other = target.open_main().await;
    flag(&mut *other, &folder, it, FlagChange::set(Flags::SEEN)).await;
    let news = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    let by_flags = news.flags.iter().map(|update| (&update.id, update.flags));
    let by_upserts = news.upserts.iter().map(|m| (&m.id, m.envelope.flags));
    let mut now: Vec<Flags> = by_flags
        .chain(by_upserts)
        .filter(|(id, _)| *id == it)
        .map(|(_, flags)| flags)
        .collect();
    now.dedup();
    assert_eq!(now, [Flags::SEEN]);
}

/// What others delete goes here, too.
pub async fn deletions_of_others_are_noticed(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Shared deletions").await;
    for subject in ["one", "two", "three"] {
        target
            .put(&mut *mailbox, &folder, subject, Flags::NONE)
            .await;
    }
    let known = changes(&mut *mailbox, &folder, None).await;
    let two = &known.upserts[1].id;
    let mut other = target.open_main().await;
    other
        .apply(&deletion(&folder, two))
        .await
        .expect("a deletion");
    let news = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    assert_eq!((news.removals, news.total), (vec![two.clone()], 2));
}

/// Mail for one folder that comes while another one is open is there at the next look, without a new connection.
pub async fn mail_while_another_folder_is_open_is_noticed(target: Target) {
    let mut mailbox = target.open_main().await;
    let left = make_folder(&mut *mailbox, "Left").await;
    let open = make_folder(&mut *mailbox, "Open").await;
    target.put(&mut *mailbox, &left, "old", Flags::NONE).await;
    let known = changes(&mut *mailbox, &left, None).await;
    changes(&mut *mailbox, &open, None).await;
    let mut other = target.open_main().await;
    let poke = Notify::new();
    let (wake, ()) = tokio::join!(mailbox.wait(&open, &poke, PATIENCE), async {
        target.put(&mut *other, &left, "new", Flags::NONE).await;
        poke.notify_one();
    });
    wake.expect("a poke");
    let news = changes(&mut *mailbox, &left, Some(&known.next)).await;
    let new: Vec<&str> = news
        .upserts
        .iter()
        .map(|m| m.envelope.subject.as_str())
        .collect();
    assert_eq!((new, news.total), (vec!["new"], 2));
    let quiet = changes(&mut *mailbox, &open, None).await;
    assert_eq!(quiet.total, 0, "the open folder stays what it was");
}

/// A message that others delete while its body is on the way arrives whole or not at all, and is gone afterwards.
pub async fn deletion_by_others_while_a_body_is_read_is_survived(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Pulled away").await;
    let mut op = append(&folder, "big", Flags::NONE);
    let RemoteOp::Append { bytes, .. } = &mut op else {
        unreachable!();
    };
    bytes.extend(b"a line that goes on and on, as lines do\r\n".repeat(100_000));
    let whole = bytes.clone();
    target.file_as_it_is(&mut *mailbox, &op).await;
    let op = append(&folder, "small", Flags::NONE);
    target.file_as_it_is(&mut *mailbox, &op).await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let big = find(&mut *mailbox, &folder, "big").await.id;
    let small = find(&mut *mailbox, &folder, "small").await.id;
    let mut other = target.open_main().await;
    changes(&mut *other, &folder, None).await;

    let progress = Progress::default();
    let asked = [big.clone()];
    let op = deletion(&folder, &big);
    let (fetched, deleted) = tokio::join!(mailbox.fetch(&folder, &asked, &progress), async {
        let begun = async {
            while progress.get().0 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // Where no progress is told, the deletion comes before or after the body: as good a story.
        let _ = tokio::time::timeout(Duration::from_secs(2), begun).await;
        other.apply(&op).await
    });
    deleted.expect("a deletion");
    check_whole_or_gone(fetched, &big, &whole);

    // The server may not have told this connection yet.
    other
        .apply(&deletion(&folder, &small))
        .await
        .expect("a deletion");
    let fetched = mailbox
        .fetch(&folder, std::slice::from_ref(&small), &progress)
        .await;
    let small_whole = mail("ana@elsewhere.test", "you@contoso.test", "small");
    check_whole_or_gone(fetched, &small, &small_whole);

    let news = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    let mut removed = ids(&news.removals.iter().collect::<Vec<_>>());
    removed.sort_unstable();
    let mut expected = ids(&[&big, &small]);
    expected.sort_unstable();
    assert_eq!((removed, news.total), (expected, 0));
}

fn check_whole_or_gone(
    fetched: Result<Vec<(RemoteId, Vec<u8>)>, BackendError>,
    id: &RemoteId,
    whole: &[u8],
) {
    match fetched {
        Ok(bodies) => {
            for (found, bytes) in bodies {
                assert_eq!(&found, id);
                assert!(bytes == whole, "{} bytes of {}", bytes.len(), whole.len());
            }
        }
        Err(error) => assert!(matches!(error, BackendError::Gone { .. }), "{error:?}"),
    }
}

/// A folder that was deleted and made anew under its name has no past: the cursor is lost.
pub async fn renumbered_folder_loses_the_cursor(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = make_folder(&mut *mailbox, "Renumbered").await;
    target.put(&mut *mailbox, &folder, "old", Flags::NONE).await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let mut other = target.open_main().await;
    let delete = RemoteOp::DeleteFolder {
        folder: folder.as_str().to_owned(),
    };
    other.apply(&delete).await.expect("a deletion");
    let folder = make_folder(&mut *other, "Renumbered").await;
    target.put(&mut *other, &folder, "new", Flags::NONE).await;
    let mut fresh = target.open_main().await;
    let error = fresh.changes(&folder, Some(&known.next)).await.err();
    assert!(matches!(error, Some(BackendError::CursorLost)), "{error:?}");
    let mut fresh = target.open_main().await;
    assert_eq!(subjects(&mut *fresh, &folder).await, ["new"]);
}

/// A cursor that is no cursor of ours is lost, not a crash.
pub async fn nonsense_cursor_is_lost(target: Target) {
    for bytes in [Vec::new(), vec![0xff; 64], b"{\"v\":99}".to_vec()] {
        let mut mailbox = target.open_main().await;
        let folder = target
            .empty_folder(&mut *mailbox, &format!("Nonsense {}", bytes.len()))
            .await;
        let cursor = pillarbox::model::Cursor(bytes);
        let error = mailbox.changes(&folder, Some(&cursor)).await.err();
        assert!(matches!(error, Some(BackendError::CursorLost)), "{error:?}");
    }
}
