//! Stories about opening mailboxes and reading what is in them.

use pillarbox::backend::{BackendError, Refusal};
use pillarbox::model::{Address, Flags, Progress, Query, RemoteId, RemoteOp, Role};

use crate::stories::steps::{
    append, changes, find, find_folder, list, mail, make_folder, subjects,
};
use crate::target::Target;

/// The identity's token opens its own mailbox, which has an inbox.
pub async fn main_mailbox_opens(target: Target) {
    let mut mailbox = target.open_main().await;
    let folders = mailbox.folders().await.expect("folders");
    let inboxes = folders.iter().filter(|folder| folder.role == Role::Inbox);
    assert_eq!(inboxes.count(), 1, "{folders:#?}");
}

/// The identity's token opens an additional user's mailbox, and that is another one.
pub async fn additional_user_opens_with_the_identitys_token(target: Target) {
    let mut main = target.open_main().await;
    let mine = target.empty_folder(&mut *main, "Only mine").await;
    target
        .put(&mut *main, &mine, "only mine", Flags::NONE)
        .await;
    let mut shared = target.open(&target.shared).await;
    let folders = shared.folders().await.expect("folders");
    let inbox = folders.iter().find(|folder| folder.role == Role::Inbox);
    let inbox = inbox.expect("an inbox").id.clone();
    assert!(folders.iter().all(|folder| folder.path != "Only mine"));
    let subjects = subjects(&mut *shared, &inbox).await;
    assert!(subjects.iter().all(|subject| subject != "only mine"));
}

/// Without rights there is no way in, and the error says that it is about access or sign-in.
pub async fn outsider_is_refused(target: Target) {
    let error = target.try_open(&target.forbidden).await.err();
    let is_refused = matches!(
        error,
        Some(
            BackendError::SignIn { .. }
                | BackendError::Refused {
                    kind: Refusal::NoMailboxAccess,
                    ..
                }
        )
    );
    assert!(is_refused, "{error:?}");
}

/// A token that the provider never gave is a sign-in matter.
pub async fn made_up_token_is_refused(target: Target) {
    target.tokens.replace("made-up".into());
    let error = target.try_open(&target.main).await.err();
    assert!(
        matches!(error, Some(BackendError::SignIn { .. })),
        "{error:?}"
    );
}

/// Sent, drafts, trash and junk are known whatever they are called; ids are unique.
pub async fn folders_have_roles(target: Target) {
    let mut mailbox = target.open_main().await;
    let folders = mailbox.folders().await.expect("folders");
    for role in [
        Role::Inbox,
        Role::Sent,
        Role::Drafts,
        Role::Trash,
        Role::Junk,
    ] {
        let with_role: Vec<_> = folders
            .iter()
            .filter(|folder| folder.role == role)
            .collect();
        assert_eq!(with_role.len(), 1, "{role:?} in {folders:#?}");
        assert!(with_role[0].selectable);
    }
    let mut ids: Vec<&RemoteId> = folders.iter().map(|folder| &folder.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), folders.len());
}

/// Calendars and contacts, which Exchange lists among the folders, are not shown.
pub async fn folders_without_mail_are_hidden(target: Target) {
    let mut mailbox = target.open_main().await;
    let folders = mailbox.folders().await.expect("folders");
    for hidden in ["Calendar", "Contacts"] {
        assert!(
            folders.iter().all(|folder| folder.path != hidden),
            "{folders:#?}"
        );
    }
}

/// Folder names keep blanks, umlauts, ampersands and other scripts; renaming and deleting work.
pub async fn folder_names_are_any_text(target: Target) {
    let mut mailbox = target.open_main().await;
    let id = make_folder(&mut *mailbox, "Büro & Co").await;
    target.put(&mut *mailbox, &id, "kept", Flags::NONE).await;
    let rename = RemoteOp::RenameFolder {
        folder: id.as_str().to_owned(),
        path: "報告 \"2026\"".to_owned(),
    };
    mailbox.apply(&rename).await.expect("a rename");
    let renamed = find_folder(&mut *mailbox, "報告 \"2026\"").await;
    let renamed = renamed.expect("the new name").id;
    assert!(find_folder(&mut *mailbox, "Büro & Co").await.is_none());
    assert_eq!(subjects(&mut *mailbox, &renamed).await, ["kept"]);
    let delete = RemoteOp::DeleteFolder {
        folder: renamed.as_str().to_owned(),
    };
    mailbox.apply(&delete).await.expect("a deletion");
    assert!(find_folder(&mut *mailbox, "報告 \"2026\"").await.is_none());
}

/// A folder inside of a folder has its parent's path in front.
pub async fn folders_nest(target: Target) {
    let mut mailbox = target.open_main().await;
    make_folder(&mut *mailbox, "Projects").await;
    let inner = make_folder(&mut *mailbox, "Projects/Alpha").await;
    target.put(&mut *mailbox, &inner, "plan", Flags::NONE).await;
    assert_eq!(subjects(&mut *mailbox, &inner).await, ["plan"]);
}

/// All messages arrive, the newest first, each once, in however many steps.
pub async fn folder_arrives_newest_first_to_the_end(target: Target) {
    const COUNT: usize = 700;
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Many").await;
    for number in 0..COUNT {
        target
            .put(
                &mut *mailbox,
                &folder,
                &format!("number {number:03}"),
                Flags::NONE,
            )
            .await;
    }
    let first = mailbox.changes(&folder, None).await.expect("changes");
    assert_eq!(first.total as usize, COUNT);
    assert_eq!(first.upserts[0].envelope.subject, "number 699");
    let expected: Vec<String> = (0..COUNT).rev().map(|n| format!("number {n:03}")).collect();
    assert_eq!(subjects(&mut *mailbox, &folder).await, expected);
}

/// Asking again with the cursor brings nothing that is known already.
pub async fn nothing_new_is_nothing(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Quiet").await;
    target.put(&mut *mailbox, &folder, "old", Flags::NONE).await;
    let known = changes(&mut *mailbox, &folder, None).await;
    let again = changes(&mut *mailbox, &folder, Some(&known.next)).await;
    assert_eq!(again.upserts, []);
    assert_eq!(again.removals, []);
    assert_eq!(again.total, 1);
}

/// An empty folder is an answer, not an error.
pub async fn empty_folder_is_empty(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Empty").await;
    let nothing = changes(&mut *mailbox, &folder, None).await;
    assert_eq!((nothing.upserts.len(), nothing.total), (0, 0));
    target
        .put(&mut *mailbox, &folder, "first", Flags::NONE)
        .await;
    let first = changes(&mut *mailbox, &folder, Some(&nothing.next)).await;
    assert_eq!(first.upserts.len(), 1);
}

/// The bytes come as they were filed, and reading marks nothing as read.
pub async fn message_is_read_whole_and_stays_unread(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Bodies").await;
    for subject in ["one", "two"] {
        let op = append(&folder, subject, Flags::NONE);
        target.file_as_it_is(&mut *mailbox, &op).await;
    }
    let ids: Vec<RemoteId> = list(&mut *mailbox, &folder)
        .await
        .into_iter()
        .map(|m| m.id)
        .collect();
    let progress = Progress::default();
    let fetched = mailbox
        .fetch(&folder, &ids, &progress)
        .await
        .expect("bodies");
    let mut bodies: Vec<&[u8]> = fetched.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    bodies.sort_unstable();
    let expected =
        ["one", "two"].map(|subject| mail("ana@elsewhere.test", "you@contoso.test", subject));
    assert_eq!(bodies, expected);
    assert!(progress.get().0 > 0, "no progress was reported");
    for message in list(&mut *mailbox, &folder).await {
        assert!(!message.envelope.flags.is_seen(), "{message:?}");
    }
}

/// Asking for what is not there any more brings the rest.
pub async fn gone_messages_are_left_out(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Half").await;
    target
        .put(&mut *mailbox, &folder, "stays", Flags::NONE)
        .await;
    target
        .put(&mut *mailbox, &folder, "goes", Flags::NONE)
        .await;
    let stays = find(&mut *mailbox, &folder, "stays").await.id;
    let goes = find(&mut *mailbox, &folder, "goes").await.id;
    let delete = RemoteOp::Delete {
        folder: folder.as_str().to_owned(),
        messages: vec![goes.as_str().to_owned()],
    };
    mailbox.apply(&delete).await.expect("a deletion");
    let asked = [goes, stays.clone()];
    let fetched = mailbox.fetch(&folder, &asked, &Progress::default()).await;
    let ids: Vec<RemoteId> = fetched
        .expect("bodies")
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids, [stays]);
}

/// List rows show decoded names and subjects, and what belongs to threads.
pub async fn envelopes_are_decoded(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Envelopes").await;
    let bytes = "From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@elsewhere.test>\r\n\
        To: \"Doe, Jane\" <jane@contoso.test>, bob@contoso.test\r\nCc: <carl@contoso.test>\r\n\
        Reply-To: <answers@elsewhere.test>\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?= aus =?utf-8?B?5p2x5Lqs?=\r\n\
        Message-ID: <late@stories.test>\r\nIn-Reply-To: <early@stories.test>\r\n\
        References: <first@stories.test>\r\n <early@stories.test>\r\n\
        Date: Tue, 17 Nov 2026 09:30:00 +0100\r\n\r\nHello\r\n";
    let op = RemoteOp::Append {
        folder: folder.as_str().to_owned(),
        flags: Flags::FLAGGED,
        message_id: "late@stories.test".to_owned(),
        bytes: bytes.as_bytes().to_vec(),
    };
    target.file(&mut *mailbox, &op).await;
    let envelope = find(&mut *mailbox, &folder, "Grüße aus 東京")
        .await
        .envelope;
    assert_eq!(
        envelope.from,
        [Address::named("Jörg Müller", "joerg@elsewhere.test")]
    );
    let to = [
        Address::named("Doe, Jane", "jane@contoso.test"),
        Address::bare("bob@contoso.test"),
    ];
    assert_eq!(envelope.to, to);
    assert_eq!(envelope.cc, [Address::bare("carl@contoso.test")]);
    assert_eq!(envelope.reply_to, [Address::bare("answers@elsewhere.test")]);
    assert_eq!(envelope.message_id, "late@stories.test");
    assert_eq!(envelope.in_reply_to.as_deref(), Some("early@stories.test"));
    assert_eq!(
        envelope.references,
        ["first@stories.test", "early@stories.test"]
    );
    assert_eq!(envelope.date.to_string(), "2026-11-17T08:30:00Z");
    let kept = target.incoming.protocol.keeps_flags();
    let flags = if kept { Flags::FLAGGED } else { Flags::NONE };
    assert_eq!(envelope.flags, flags);
    if target.keeps_bytes() {
        assert_eq!(envelope.size, bytes.len() as u64);
    } else {
        assert!(envelope.size > 0);
    }
}

/// Where the server can search, it finds words in subjects and bodies, newest first.
pub async fn server_search_finds(target: Target) {
    let mut mailbox = target.open_main().await;
    if !mailbox.caps().server_search {
        return;
    }
    let folder = target.empty_folder(&mut *mailbox, "Haystack").await;
    for subject in ["needle one", "straw", "needle two"] {
        target
            .put(&mut *mailbox, &folder, subject, Flags::NONE)
            .await;
    }
    let found = mailbox
        .search(&folder, &Query::parse("subject:needle"))
        .await;
    let expected = [
        find(&mut *mailbox, &folder, "needle two").await.id,
        find(&mut *mailbox, &folder, "needle one").await.id,
    ];
    assert_eq!(found.expect("hits"), expected);
    let nothing = mailbox
        .search(&folder, &Query::parse("subject:\"{3} * (x\\\""))
        .await;
    assert_eq!(nothing.expect("no hits"), []);
}

/// A folder that was deleted is gone; the connection stays usable.
pub async fn deleted_folder_is_gone(target: Target) {
    let mut mailbox = target.open_main().await;
    let gone = RemoteId::new("No such folder");
    let error = mailbox.changes(&gone, None).await.err();
    assert!(
        matches!(error, Some(BackendError::Gone { .. })),
        "{error:?}"
    );
    assert!(mailbox.folders().await.is_ok());
}

/// Charset of the text, subject and sender as they are written, subject and sender as they are read.
type Odd = (
    &'static str,
    &'static [u8],
    &'static [u8],
    &'static str,
    &'static str,
);

const ODD: [Odd; 6] = [
    (
        "jis",
        b"Re: \x1b$B2q5D\x1b(B",
        b"\x1b$B;3ED\x1b(B",
        "Re: 会議",
        "山田",
    ),
    (
        "koi8-r",
        b"\xf0\xd2\xc9\xd7\xc5\xd4",
        b"\xf0\xd2\xc9\xd7\xc5\xd4",
        "Привет",
        "Привет",
    ),
    (
        "us-ascii",
        b"Gr\xfc\xdfe \x96 aus Kiel",
        b"J\xfcrgen",
        "Grüße – aus Kiel",
        "Jürgen",
    ),
    (
        "utf-8",
        "Grüße".as_bytes(),
        "Jürgen".as_bytes(),
        "Grüße",
        "Jürgen",
    ),
    (
        "iso-8859-1",
        b"=?ISO-2022-JP?B?GyRCMnE1RBsoQg==?=",
        b"=?iso-2022-jp?B?GyRCOzNFRBsoQg==?=",
        "会議",
        "山田",
    ),
    (
        "utf-8",
        b"=?utf-8?B?5pel5g==?= =?utf-8?B?nKw=?=",
        b"=?utf-8?B?5pel5g==?= =?utf-8?B?nKw=?=",
        "日本",
        "日本",
    ),
];

/// Headers that break the rules are the same text over every protocol: raw characters of other charsets, and encoded words
/// that are cut within a character.
pub async fn odd_headers_are_the_same_text(target: Target) {
    let mut mailbox = target.open_main().await;
    let folder = target.empty_folder(&mut *mailbox, "Odd headers").await;
    for (number, (charset, subject, sender, ..)) in ODD.iter().enumerate() {
        let id = format!("odd.{number}@stories.test");
        let rest = format!(
            " <ana@elsewhere.test>\r\nTo: <you@contoso.test>\r\nMessage-ID: <{id}>\r\n\
             Date: Tue, 17 Nov 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset={charset}\r\n\r\nText\r\n"
        );
        let bytes = [
            b"Subject: ",
            *subject,
            b"\r\nFrom: ",
            *sender,
            rest.as_bytes(),
        ]
        .concat();
        let append = RemoteOp::Append {
            folder: folder.as_str().to_owned(),
            flags: Flags::NONE,
            message_id: id,
            bytes,
        };
        target.file_as_it_is(&mut *mailbox, &append).await;
    }
    let listed = list(&mut *mailbox, &folder).await;
    for (number, (.., subject, sender)) in ODD.iter().enumerate() {
        let id = format!("odd.{number}@stories.test");
        let found = listed.iter().find(|it| it.envelope.message_id == id);
        let envelope = &found.expect("the message").envelope;
        assert_eq!(envelope.subject, *subject, "{number}");
        assert_eq!(
            envelope.from,
            [Address::named(*sender, "ana@elsewhere.test")],
            "{number}"
        );
    }
}
