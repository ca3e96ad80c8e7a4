//! Transcripts of the IMAP server. Every answer is checked to be well formed by the client.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::demo::tests::client::{ADA, House, SUPPORT, house, xoauth2};

const MAIL: &str = "From: \"Vale, D\" <d@x.example>\r\nTo: ada@harborvale.example\r\nSubject: Hello\r\nDate: Sat, 07 Feb 2026 21:52:25 +0000\r\nMessage-ID: <1@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße, tide\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\ninside\r\n--b--\r\n";

fn put(house: &House, count: usize) {
    for _ in 0..count {
        house
            .tenant
            .control()
            .deliver(ADA, "INBOX", MAIL.as_bytes());
    }
}

#[tokio::test]
async fn before_the_login_only_the_login_works() {
    let house = house(0).await;
    let mut imap = house.imap().await;
    let capability = imap.ask("CAPABILITY").await;
    assert!(
        capability[0].contains("AUTH=XOAUTH2 LOGINDISABLED SASL-IR"),
        "{capability:?}"
    );
    assert!(!capability[0].contains("CONDSTORE") && !capability[0].contains("SPECIAL-USE"));
    assert_eq!(imap.ask("LOGIN ada secret").await, ["a2 NO LOGIN failed."]);
    assert_eq!(
        imap.ask("SELECT INBOX").await,
        ["a3 BAD Command received in Invalid state."]
    );
    let login = xoauth2(ADA, "made.up.token");
    let answer = imap.ask(&format!("AUTHENTICATE XOAUTH2 {login}")).await;
    assert_eq!(answer, ["a4 NO AUTHENTICATE failed."]);
    imap.send("x AUTHENTICATE XOAUTH2\r\n").await;
    assert_eq!(imap.line().await.unwrap(), "+ ");
    let token = house.token(ADA).await;
    imap.send(&format!("{}\r\n", xoauth2(ADA, &token))).await;
    assert_eq!(imap.line().await.unwrap(), "x OK AUTHENTICATE completed.");
}

#[tokio::test]
async fn tokens_open_what_their_owner_may_open() {
    let house = house(0).await;
    let (ada, sam) = (
        house.token(ADA).await,
        house.token("sam@harborvale.example").await,
    );
    let graph = house
        .sign_in_as(ADA, "https://graph.microsoft.com/Mail.Read")
        .await;
    let graph = graph["access_token"].as_str().unwrap().to_owned();
    let check = async |token: &str, mailbox: &str, login: &str, noop: &str| {
        let mut imap = house.imap().await;
        let answer = imap
            .ask(&format!("AUTHENTICATE XOAUTH2 {}", xoauth2(mailbox, token)))
            .await;
        assert_eq!(answer, [format!("a1 {login}")], "{mailbox}");
        assert_eq!(imap.ask("NOOP").await, [format!("a2 {noop}")], "{mailbox}");
    };
    let (ok, noop) = ("OK AUTHENTICATE completed.", "OK NOOP completed.");
    let closed = "BAD User is authenticated but not connected.";
    check(&ada, ADA, ok, noop).await;
    check(&ada, SUPPORT, ok, noop).await;
    check(&ada, "board@harborvale.example", ok, closed).await;
    check(&ada, "nobody@harborvale.example", ok, closed).await;
    check(&sam, SUPPORT, ok, closed).await;
    check(
        &graph,
        ADA,
        "NO AUTHENTICATE failed.",
        "BAD Command received in Invalid state.",
    )
    .await;
}

#[tokio::test]
async fn folders_have_the_names_of_exchange() {
    let house = house(60).await;
    let mut imap = house.open(ADA).await;
    let list = imap.ask("LIST \"\" \"*\"").await;
    for line in [
        "* LIST (\\HasNoChildren) \"/\" \"INBOX\"",
        "* LIST (\\HasNoChildren) \"/\" \"Sent Items\"",
        "* LIST (\\HasChildren) \"/\" \"Projects\"",
        "* LIST (\\HasNoChildren) \"/\" \"Rechnungen &- Belege\"",
        "* LIST (\\HasNoChildren) \"/\" \"&W7Zlzw-\"",
    ] {
        assert!(list.iter().any(|found| found == line), "{line} {list:?}");
    }
    let top = imap.ask("LIST \"\" %").await;
    assert!(!top.iter().any(|line| line.contains("Projects/")));
    assert_eq!(
        imap.ask("LIST \"\" \"\"").await[0],
        "* LIST (\\Noselect \\HasChildren) \"/\" \"\""
    );
    assert_eq!(
        imap.ask("NAMESPACE").await[0],
        "* NAMESPACE ((\"\" \"/\")) NIL NIL"
    );
    let status = imap
        .ask("STATUS Drafts (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)")
        .await;
    assert!(
        status[0].starts_with("* STATUS \"Drafts\" (MESSAGES 3 UNSEEN 0 UIDNEXT 4 UIDVALIDITY "),
        "{status:?}"
    );
    assert_eq!(
        imap.ask("SELECT Nowhere").await,
        ["a7 NO Nowhere doesn't exist."]
    );
}

#[tokio::test]
async fn folders_can_be_made_renamed_and_deleted() {
    let house = house(0).await;
    let mut imap = house.open(ADA).await;
    let check =
        async |imap: &mut crate::demo::tests::client::Imap<_>, command: &str, expected: &str| {
            let answer = imap.ask(command).await;
            let last = answer.last().unwrap().split_once(' ').unwrap().1.to_owned();
            assert!(last.starts_with(expected), "{command}: {last}");
        };
    check(&mut imap, "CREATE \"Werft/B&APw-cher\"", "OK").await;
    check(&mut imap, "CREATE Werft", "NO [ALREADYEXISTS]").await;
    check(&mut imap, "RENAME Werft Docks", "OK").await;
    check(&mut imap, "STATUS \"Docks/B&APw-cher\" (MESSAGES)", "OK").await;
    check(&mut imap, "UNSUBSCRIBE Docks", "OK").await;
    let lsub = imap.ask("LSUB \"\" \"Docks*\"").await;
    assert_eq!(lsub.len(), 2, "{lsub:?}");
    check(&mut imap, "DELETE INBOX", "NO [CANNOT]").await;
    check(&mut imap, "DELETE Docks", "OK").await;
    check(&mut imap, "DELETE Docks", "NO [NONEXISTENT]").await;
    assert_eq!(house.tenant.control().count(ADA, "Docks/Bücher"), None);
}

#[tokio::test]
async fn fetch_gives_every_item() {
    let house = house(0).await;
    put(&house, 1);
    let mut imap = house.open(ADA).await;
    let select = imap.ask("SELECT INBOX").await;
    assert!(select.contains(&"* 1 EXISTS".to_owned()), "{select:?}");
    assert!(select.contains(&"* OK [UIDNEXT 2] The next unique identifier value".to_owned()));
    let size = MAIL.len();
    let check =
        async |imap: &mut crate::demo::tests::client::Imap<_>, items: &str, expected: &str| {
            let answer = imap.ask(&format!("FETCH 1 {items}")).await;
            assert_eq!(answer[0], format!("* 1 FETCH ({expected})"));
        };
    let imap = &mut imap;
    check(
        imap,
        "(UID FLAGS RFC822.SIZE)",
        &format!("UID 1 FLAGS () RFC822.SIZE {size}"),
    )
    .await;
    let d = "((\"Vale, D\" NIL \"d\" \"x.example\"))";
    let to = "((NIL NIL \"ada\" \"harborvale.example\"))";
    let envelope = format!(
        "ENVELOPE (\"Sat, 07 Feb 2026 21:52:25 +0000\" \"Hello\" {d} {d} {d} {to} NIL NIL NIL \"<1@x.example>\")"
    );
    check(imap, "ENVELOPE", &envelope).await;
    check(imap, "BODY.PEEK[1]", "BODY[1] {13}\r\nGrüße, tide").await;
    check(
        imap,
        "BODY.PEEK[1.MIME]",
        "BODY[1.MIME] {43}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
    )
    .await;
    check(
        imap,
        "BODY.PEEK[2.HEADER]",
        "BODY[2.HEADER] {18}\r\nSubject: Inner\r\n\r\n",
    )
    .await;
    check(imap, "BODY.PEEK[2.1]", "BODY[2.1] {6}\r\ninside").await;
    check(imap, "BODY.PEEK[7]", "BODY[7] NIL").await;
    check(imap, "BODY.PEEK[]<6.8>", "BODY[]<6> {8}\r\n\"Vale, D").await;
    check(imap, "BODY.PEEK[]<99999.8>", "BODY[]<99999> {0}\r\n").await;
    let fields = "BODY[HEADER.FIELDS (SUBJECT X-NONE)] {18}\r\nSubject: Hello\r\n\r\n";
    check(imap, "BODY.PEEK[HEADER.FIELDS (Subject X-None)]", fields).await;
    let answer = imap.ask("UID FETCH 1:* BODYSTRUCTURE").await;
    assert!(
        answer[0].contains("\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 24 (NIL \"Inner\""),
        "{answer:?}"
    );
    assert!(answer[0].ends_with("UID 1)"));
    assert_eq!(imap.ask("FETCH 1 (FLAGS)").await[0], "* 1 FETCH (FLAGS ())");
    let body = imap.ask("FETCH 1 BODY[TEXT]").await;
    assert!(body[0].ends_with("FLAGS (\\Seen))"), "{body:?}");
    assert_eq!(
        imap.ask("FETCH 1 BINARY[1]")
            .await
            .last()
            .unwrap()
            .split_once(' ')
            .unwrap()
            .1,
        "BAD Command Argument Error. 11"
    );
}

#[tokio::test]
async fn others_changes_are_told_at_the_right_moment() {
    let house = house(0).await;
    put(&house, 4);
    let (mut one, mut two) = (house.open(ADA).await, house.open(ADA).await);
    one.ask("SELECT INBOX").await;
    two.ask("SELECT INBOX").await;
    let stored = two
        .ask("UID STORE 2 +FLAGS (\\Deleted \\Seen $Forwarded)")
        .await;
    assert_eq!(stored[0], "* 2 FETCH (FLAGS (\\Seen \\Deleted) UID 2)");
    assert_eq!(two.ask("EXPUNGE").await[0], "* 2 EXPUNGE");
    two.ask("UID STORE 4 +FLAGS.SILENT (\\Flagged)").await;
    // By number nothing may move; the message that is gone is left out.
    let fetched = one.ask("FETCH 2:3 (UID)").await;
    assert_eq!(fetched[0], "* 3 FETCH (UID 3)");
    assert!(
        !fetched.iter().any(|line| line.contains("EXPUNGE")),
        "{fetched:?}"
    );
    assert_eq!(one.ask("NOOP").await[0], "* 2 EXPUNGE");
    assert_eq!(one.ask("FETCH 2 (UID)").await[0], "* 2 FETCH (UID 3)");
    house
        .tenant
        .control()
        .deliver(ADA, "INBOX", MAIL.as_bytes());
    assert_eq!(one.ask("NOOP").await[0], "* 4 EXISTS");
}

#[tokio::test]
async fn idle_tells_at_once() {
    let house = house(0).await;
    put(&house, 2);
    let mut imap = house.open(ADA).await;
    imap.ask("SELECT INBOX").await;
    imap.send("i IDLE\r\n").await;
    assert_eq!(
        imap.line().await.unwrap(),
        "+ IDLE accepted, awaiting DONE command."
    );
    let control = house.tenant.control();
    control.deliver(ADA, "INBOX", MAIL.as_bytes());
    assert_eq!(imap.line().await.unwrap(), "* 3 EXISTS");
    assert!(control.expunge(ADA, "INBOX", 1));
    assert_eq!(imap.line().await.unwrap(), "* 1 EXPUNGE");
    imap.send("DONE\r\n").await;
    assert_eq!(imap.line().await.unwrap(), "i OK IDLE completed.");
}

#[tokio::test]
async fn messages_are_copied_moved_appended_and_found_by_their_new_uid() {
    let house = house(0).await;
    put(&house, 3);
    let mut imap = house.open(ADA).await;
    imap.ask("SELECT INBOX").await;
    let copied = imap.ask("UID COPY 1:2 Archive").await;
    assert!(
        copied[0].contains(" 1:2 1:2] COPY completed."),
        "{copied:?}"
    );
    let moved = imap.ask("UID MOVE 3 Archive").await;
    assert_eq!(moved[0], "* 3 EXPUNGE");
    assert!(moved[1].contains(" 3 3] MOVE completed."), "{moved:?}");
    let refused = imap.ask("UID MOVE 1 Nowhere").await;
    assert!(refused[0].starts_with("a5 NO [TRYCREATE]"), "{refused:?}");
    imap.send("p APPEND Drafts (\\Draft) \"07-Feb-2026 21:52:25 +0000\" {5}\r\n")
        .await;
    assert!(imap.line().await.unwrap().starts_with("+ "));
    imap.send("A: b\n\r\n").await;
    assert!(imap.line().await.unwrap().starts_with("p OK [APPENDUID "));
    imap.send("q APPEND Drafts {4+}\r\nA: c\r\n").await;
    assert!(imap.line().await.unwrap().starts_with("q OK [APPENDUID "));
    imap.send("r APPEND Drafts {99999999}\r\n").await;
    assert_eq!(
        imap.line().await.unwrap(),
        "r NO [TOOBIG] The message exceeds the maximum size."
    );
    imap.ask("EXAMINE Drafts").await;
    let fetched = imap.ask("FETCH 1 (FLAGS INTERNALDATE)").await;
    assert_eq!(
        fetched[0],
        "* 1 FETCH (FLAGS (\\Draft) INTERNALDATE \" 7-Feb-2026 21:52:25 +0000\")"
    );
    assert!(imap.ask("STORE 1 +FLAGS (\\Seen)").await[0].contains("NO [READ-ONLY]"));
}

#[tokio::test]
async fn search_knows_flags_dates_sizes_and_words() {
    let house = house(0).await;
    put(&house, 2);
    let mut imap = house.open(ADA).await;
    imap.ask("SELECT INBOX").await;
    imap.ask("STORE 2 +FLAGS.SILENT (\\Seen)").await;
    let check =
        async |imap: &mut crate::demo::tests::client::Imap<_>, keys: &str, expected: &str| {
            let answer = imap.ask(&format!("SEARCH {keys}")).await;
            assert_eq!(answer[0], format!("* SEARCH{expected}"), "{keys}");
        };
    let imap = &mut imap;
    check(imap, "ALL", " 1 2").await;
    check(imap, "UNSEEN", " 1").await;
    check(imap, "NOT UNSEEN", " 2").await;
    check(imap, "SENTON 7-Feb-2026 2", " 2").await;
    check(imap, "BEFORE 7-Feb-2026", "").await;
    check(imap, "SINCE 7-Feb-2026 SUBJECT hELLO", " 1 2").await;
    check(imap, "OR FROM vale SEEN", " 1 2").await;
    check(imap, "BODY tide UID 2:*", " 2").await;
    check(imap, "LARGER 100000", "").await;
    check(imap, "HEADER Message-ID <1@x.example> 1", " 1").await;
    let refused = imap.ask("SEARCH CHARSET UTF-8 ALL").await;
    assert!(
        refused[0].contains("NO [BADCHARSET (US-ASCII)]"),
        "{refused:?}"
    );
    assert!(imap.ask("SEARCH KEYWORD x").await[0].ends_with("BAD Command Argument Error. 11"));
}

#[tokio::test]
async fn every_seeded_message_can_be_fetched_whole_and_in_parts() {
    let house = house(400).await;
    let mut imap = house.open(ADA).await;
    for folder in [
        "INBOX",
        "\"Sent Items\"",
        "Newsletters",
        "\"Junk Email\"",
        "Alerts",
    ] {
        imap.ask(&format!("EXAMINE {folder}")).await;
        // The client checks each answer with the codec's parser.
        let answers = imap
            .ask(
                "FETCH 1:* (UID ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[1] BODY.PEEK[])",
            )
            .await;
        let count = house
            .tenant
            .control()
            .count(ADA, folder.trim_matches('"'))
            .unwrap();
        assert_eq!(answers.len(), count + 1, "{folder}");
    }
}

#[tokio::test]
async fn no_bytes_make_the_server_panic() {
    let house = house(20).await;
    let mut random = crate::demo::random::Random::new(99);
    let words = [
        "FETCH", "UID", "1:*", "(", ")", "BODY[", "]", "{3}\r\n", "{3+}\r\n", "\"", "SEARCH",
        "NOT", "OR", "STORE", "+FLAGS", "\\Seen", "SELECT", "INBOX", "&", "*", "%", "\0", "\u{ff}",
        "APPEND", "<1.2>", "a ", "\r\n", "LIST",
    ];
    let mut imap = house.open(ADA).await;
    imap.ask("SELECT INBOX").await;
    for _ in 0..60 {
        let mut noise = String::from("n ");
        for _ in 0..random.below(14) {
            noise.push_str(random.pick(&words).unwrap());
            noise.push(' ');
        }
        let stream = tokio::io::duplex(1 << 20);
        let (mut client, server) = stream;
        let serve = super::connection::serve_stream(house.tenant.control().shared(), server);
        let serve = tokio::spawn(serve);
        let noise: Vec<u8> = noise
            .into_bytes()
            .into_iter()
            .chain((0..random.below(40)).map(|i| (i * 37) as u8))
            .collect();
        client.write_all(&noise).await.unwrap();
        client.write_all(b"\r\n\r\nz NOOP\r\n").await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(serve.await.is_ok(), "{:?}", String::from_utf8_lossy(&noise));
        // The same, logged in: by commands that the session sees directly.
        let mut session = super::session::Session::new(house.tenant.control().shared());
        let token = house.tenant.control().shared().sign_in.test_token(ADA);
        session.handle(format!("l AUTHENTICATE XOAUTH2 {}\r\n", xoauth2(ADA, &token)).as_bytes());
        session.handle(b"s SELECT INBOX\r\n");
        session.handle(&noise);
        session.handle(&[&noise[..], b"\r\n"].concat());
        assert!(session.is_connected());
    }
}
