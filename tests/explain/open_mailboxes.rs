// table: one row a code and a place
//! The codes of EWS and Graph that come to a mailbox that is open: while it is synchronised, while a message is read,
//! marked or moved. What is told then, or that nothing is, because the program mends it itself.
//!
//! Codes that come when a mailbox is opened or mail is sent are in `web_servers.rs`. Of protocol facts §4.4 and §7.5, this
//! client never meets: `ErrorChangeKeyRequiredForWriteOperations` (it overwrites always, and names the change key of what
//! it sends), `ErrorExceededFindCountLimit` (it asks for fewer than a thousand), `ErrorInvalidSyncStateData` of folders (it
//! compares folder lists without a mark). HTTP 403 is in `tests/guides/protocols.rs`.

use pillarbox::demo::Mischief;
use pillarbox::engine::EngineError;
use pillarbox::explain::{Notice, Remedy, Who, explain};
use pillarbox::model::{FlagChange, Flags, IncomingProtocol, MessageId, Role};

use crate::tenants_servers::{Guest, Often};
use crate::web_servers;
use Doing::{Mark, Move, Read, Sync};
use Often::{Always, Once};
use Remedy::{None as Nothing, Retry, SignIn};
use Who::{ExchangeAdministrator as Exchange, Nobody, TenantAdministrator as Admin, You};

/// What a person does when the server says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    Sync,
    Read,
    Mark,
    Move,
}

/// What is told: title, who, remedy. `None` where the program mends it in silence.
type Told = Option<(&'static str, Who, Remedy)>;

/// What is done, the request that fails, the code, how often, and what is told.
type Row = (Doing, &'static str, &'static str, Often, Told);

const BUSY: Told = Some(("The server asks to slow down", Nobody, Nothing));
const CROWDED: Told = Some(("Too many connections at once", Nobody, Retry));
const OUT: Told = Some(("The server is not available at the moment", Nobody, Retry));
const FULL: Told = Some(("The mailbox is full", You, Retry));
const FORBIDDEN: Told = Some(("No right to this mailbox", Exchange, Nothing));
const FORGOTTEN: Told = Some(("was renumbered by the server", Nobody, Nothing));
const GONE: Told = Some(("There is no message", You, Nothing));
const ELSEWHERE: Told = Some(("The mailbox is not in the cloud", Admin, Nothing));

#[rustfmt::skip]
const EWS: &[Row] = &[
    (Sync, "SyncFolderItems", "ErrorInvalidSyncStateData", Once, None),
    (Sync, "SyncFolderItems", "ErrorInvalidSyncStateData", Always, FORGOTTEN),
    (Sync, "SyncFolderItems", "ErrorSyncFolderNotFound", Once, None),
    (Sync, "SyncFolderItems", "ErrorFolderNotFound", Once, None),
    (Sync, "SyncFolderItems", "ErrorAccessDenied", Once, None),
    (Sync, "SyncFolderItems", "ErrorServerBusy", Always, BUSY),
    (Sync, "SyncFolderItems", "ErrorExceededConnectionCount", Always, CROWDED),
    (Sync, "SyncFolderItems", "ErrorTooManyObjectsOpened", Always, CROWDED),
    (Sync, "SyncFolderItems", "ErrorInternalServerError", Always, OUT),
    (Sync, "SyncFolderItems", "ErrorInternalServerTransientError", Always, OUT),
    (Sync, "SyncFolderItems", "ErrorADUnavailable", Always, OUT),
    (Sync, "SyncFolderItems", "ErrorConnectionFailed", Always, OUT),
    (Sync, "SyncFolderItems", "ErrorTimeoutExpired", Always, OUT),
    (Sync, "SyncFolderItems", "ErrorMailboxMoveInProgress", Always, Some(("The mailbox is being moved", Nobody, Retry))),
    (Sync, "SyncFolderItems", "ErrorMailboxStoreUnavailable", Always, Some(("The mailbox cannot be reached at the moment", Nobody, Retry))),
    (Sync, "SyncFolderItems", "ErrorNonExistentMailbox", Always, Some(("There is no such mailbox", You, Remedy::EditAccount))),
    (Sync, "SyncFolderItems", "ErrorImpersonateUserDenied", Always, Some(("The app may not act for this mailbox", Exchange, Nothing))),
    (Sync, "GetFolder", "ErrorServerBusy", Always, BUSY),
    (Read, "GetItem", "ErrorItemNotFound", Always, GONE),
    (Read, "GetItem", "ErrorServerBusy", Always, BUSY),
    (Read, "GetItem", "ErrorAccessDenied", Always, FORBIDDEN),
    // What cannot be put into words is shown with its header only.
    (Read, "GetItem", "ErrorContentConversionFailed", Once, None),
    (Read, "GetItem", "ErrorMimeContentInvalid", Once, None),
    (Read, "GetItem", "ErrorMimeContentInvalidBase64String", Once, None),
    (Read, "GetItem", "ErrorUnsupportedMimeConversion", Once, None),
    (Read, "GetItem", "ErrorCorruptData", Once, None),
    (Mark, "UpdateItem", "ErrorStaleObject", Once, None),
    (Mark, "UpdateItem", "ErrorIrresolvableConflict", Once, None),
    (Mark, "UpdateItem", "ErrorItemNotFound", Once, None),
    (Mark, "UpdateItem", "ErrorQuotaExceeded", Once, FULL),
    (Mark, "UpdateItem", "ErrorAccessDenied", Once, FORBIDDEN),
    (Move, "MoveItem", "ErrorItemNotFound", Once, None),
    (Move, "MoveItem", "ErrorToFolderNotFound", Once, None),
    (Move, "MoveItem", "ErrorQuotaExceeded", Once, FULL),
    (Move, "MoveItem", "ErrorAccessDenied", Once, FORBIDDEN),
    (Move, "MoveItem", "ErrorServerBusy", Always, BUSY),
];

#[rustfmt::skip]
const GRAPH: &[Row] = &[
    (Sync, "/messages/delta", "SyncStateNotFound", Once, None),
    (Sync, "/messages/delta", "syncStateNotFound", Once, None),
    (Sync, "/messages/delta", "resyncRequired", Once, None),
    (Sync, "/messages/delta", "resyncRequired", Always, FORGOTTEN),
    (Sync, "/messages/delta", "ErrorItemNotFound", Once, None),
    (Sync, "/messages/delta", "ErrorAccessDenied", Once, None),
    (Sync, "/messages/delta", "ApplicationThrottled", Always, Some(("Too many requests at once", Nobody, Nothing))),
    (Sync, "/messages/delta", "TooManyRequests", Always, BUSY),
    (Sync, "/messages/delta", "ServiceUnavailable", Always, OUT),
    (Sync, "/messages/delta", "ErrorMailboxStoreUnavailable", Always, Some(("The mailbox cannot be reached at the moment", Nobody, Retry))),
    (Sync, "/messages/delta", "generalException", Always, OUT),
    (Sync, "/messages/delta", "ErrorInternalServerError", Always, OUT),
    (Sync, "/messages/delta", "UnknownError", Always, OUT),
    (Sync, "/messages/delta", "InvalidAuthenticationToken", Once, None),
    (Sync, "/messages/delta", "InvalidAuthenticationToken", Always, Some(("The token is not valid for this service", You, SignIn))),
    (Sync, "/messages/delta", "insufficient_claims", Always, Some(("The organisation wants a stronger sign-in for this", You, SignIn))),
    (Sync, "/mailFolders", "MailboxNotEnabledForRESTAPI", Always, ELSEWHERE),
    (Sync, "/mailFolders", "ErrorMailboxNotFound", Always, ELSEWHERE),
    (Read, "/$value", "ErrorItemNotFound", Always, GONE),
    (Read, "/$value", "ErrorAccessDenied", Always, FORBIDDEN),
    (Read, "/$value", "TooManyRequests", Always, BUSY),
    (Mark, "/messages/", "ErrorIrresolvableConflict", Once, None),
    (Mark, "/messages/", "ErrorItemNotFound", Once, None),
    (Mark, "/messages/", "ErrorQuotaExceeded", Once, FULL),
    (Mark, "/messages/", "ErrorAccessDenied", Once, FORBIDDEN),
    (Mark, "/messages/", "TooManyRequests", Always, BUSY),
    (Move, "/move", "ErrorItemNotFound", Once, None),
    (Move, "/move", "ErrorQuotaExceeded", Once, FULL),
    (Move, "/move", "ErrorAccessDenied", Once, FORBIDDEN),
];

/// Does what a person does and a server refuses.
async fn done(guest: &Guest, doing: Doing, message: MessageId) -> Result<(), EngineError> {
    let mailbox = guest.mailbox(guest.address()).await.id;
    match doing {
        Sync => return guest.sync(guest.address()).await.map(drop),
        Read => return guest.engine.raw(message).await.map(drop),
        Mark => {
            let change = FlagChange::set(Flags::FLAGGED);
            guest.engine.mark(vec![message], change).await?;
        }
        Move => {
            let archive = guest.folder(guest.address(), Role::Archive).await;
            guest.engine.move_to(vec![message], archive).await?;
        }
    }
    guest.engine.replay(mailbox).await
}

/// Lets the server say a code; returns what is told.
async fn told(guest: &mut Guest, row: &Row) -> Result<Option<Notice>, String> {
    let (doing, at, code, often, _) = *row;
    let subject = guest.deliver();
    if doing != Sync {
        let synced = guest.sync(guest.address()).await;
        synced.map_err(|error| format!("{error:?}"))?;
    }
    let message = guest.row(&subject).await.map(|row| row.id);
    guest.problems();
    let mischief = Mischief::Error {
        code,
        back_off: (code == "ErrorServerBusy").then_some(7_000),
    };
    guest.spoil(at, &mischief, often);
    let message = message.unwrap_or(MessageId::new(0));
    let outcome = done(guest, doing, message).await;
    guest.mend();
    let told = outcome.err().map(|error| explain(&error));
    let told = told.or_else(|| guest.problems().pop());
    let again = guest.sync(guest.address()).await;
    again.map_err(|error| format!("not mended: {error:?}"))?;
    if doing == Sync {
        guest.row(&subject).await.ok_or("never listed")?;
    }
    Ok(told)
}

fn is_right(wanted: Told, told: Option<&Notice>) -> bool {
    match (wanted, told) {
        (None, None) => true,
        (Some((title, who, remedy)), Some(notice)) => {
            let is_meant = notice.title.contains(title);
            let is_whole = !notice.cause.is_empty() && !notice.how.is_empty();
            is_meant && (notice.who, notice.remedy) == (who, remedy) && is_whole
        }
        _ => false,
    }
}

async fn check(protocol: IncomingProtocol, rows: &[Row]) {
    let mut guest = Guest::new(protocol).await;
    guest.sync(guest.address()).await.unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        let told = told(&mut guest, row).await;
        if !told
            .as_ref()
            .is_ok_and(|told| is_right(row.4, told.as_ref()))
        {
            wrong.push(format!("{row:?}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_codes_of_ews_in_an_open_mailbox_are_told_or_mended() {
    check(IncomingProtocol::Ews, EWS).await;
}

#[tokio::test]
async fn the_codes_of_graph_in_an_open_mailbox_are_told_or_mended() {
    check(IncomingProtocol::Graph, GRAPH).await;
}

/// What is explained, so that a code that is added there is asked for here at once.
const TEXTS: &str = include_str!("../../src/explain/texts.rs");

/// Returns the codes of the rows about EWS and Graph.
fn explained() -> Vec<&'static str> {
    let rows = TEXTS.lines().map(str::trim);
    let rows = rows.filter(|row| row.starts_with("row(EWS,") || row.starts_with("row(GRAPH,"));
    let codes = rows.filter_map(|row| row.split_once("], \"")?.1.split('"').next());
    codes.collect()
}

#[test]
fn every_code_that_is_explained_is_said_somewhere() {
    let opening = [web_servers::EWS, web_servers::GRAPH, web_servers::SENDING];
    let opening = opening.concat().into_iter().map(|(code, _)| code);
    let open = [EWS, GRAPH].concat().into_iter().map(|row| row.2);
    let said: Vec<&str> = opening.chain(open).collect();
    let explained = explained();
    assert!(explained.len() > 30, "{explained:?}");
    let is_missing = |code: &&str| !said.iter().any(|said| said.eq_ignore_ascii_case(code));
    let missing: Vec<&str> = explained.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// `BackOffMilliseconds` and `Retry-After`.
#[tokio::test]
async fn a_busy_server_says_how_long_and_so_does_the_notice() {
    for (protocol, at, code, wait) in [
        (
            IncomingProtocol::Ews,
            "SyncFolderItems",
            "ErrorServerBusy",
            "7 s",
        ),
        (
            IncomingProtocol::Graph,
            "/messages/delta",
            "TooManyRequests",
            "1 s",
        ),
    ] {
        let mut guest = Guest::new(protocol).await;
        guest.sync(guest.address()).await.unwrap();
        let row = (Sync, at, code, Always, BUSY);
        let notice = told(&mut guest, &row).await.unwrap().unwrap();
        let says_it = notice.how.iter().any(|how| how.contains(wait));
        assert!(says_it, "{notice:?}");
    }
}

/// A change that somebody else was quicker with is made all the same.
#[tokio::test]
async fn a_conflict_is_mended_and_the_change_is_made() {
    for (protocol, at) in [
        (IncomingProtocol::Ews, "UpdateItem"),
        (IncomingProtocol::Graph, "/messages/"),
    ] {
        let mut guest = Guest::new(protocol).await;
        guest.sync(guest.address()).await.unwrap();
        let row = (Mark, at, "ErrorIrresolvableConflict", Once, None);
        assert_eq!(told(&mut guest, &row).await, Ok(None), "{protocol:?}");
        let row = guest.row("Letter 1").await.unwrap();
        assert!(row.envelope.flags.contains(Flags::FLAGGED), "{row:?}");
    }
}
