//! The same days over each protocol: an account by flags, sign-in, check, reading, changing, sending, from the own
//! mailbox and from an additional user's.

use serde_json::Value;

use crate::home::{DOMAIN, Guide};
use crate::{BILLING, SUPPORT};

const ADA: &str = "ada@harborvale.example";
const NOOR: &str = "noor@harborvale.example";
const YUKI: &str = "yuki@harborvale.example";

/// Writes a server profile for each protocol into the organisation's file, as the demo's interface has them.
fn ship_profiles(guide: &Guide) {
    let tenant = &guide.tenant;
    let (web, ca) = (tenant.web_port, tenant.ca_file.display());
    let place = |protocol: &str, port: u16, tls: &str| {
        format!(
            "{{ protocol = \"{protocol}\", host = \"localhost\", port = {port}, tls = \"{tls}\" }}"
        )
    };
    let smtp = place("smtp", tenant.smtp_port, "starttls");
    let graph = place("graph", web, "implicit");
    let ews = place("ews", web, "implicit");
    let profiles = [
        ("imap", place("imap", tenant.imap_port, "implicit"), &smtp),
        ("pop3", place("pop3", tenant.pop_port, "implicit"), &smtp),
        ("graph", graph.clone(), &graph),
        ("ews", ews.clone(), &ews),
    ];
    let mut text = String::new();
    for (name, incoming, outgoing) in profiles {
        let profile = format!(
            "[servers.{name}]\nincoming = {incoming}\noutgoing = {outgoing}\nca_file = \"{ca}\"\n"
        );
        text.push_str(&profile);
        if *outgoing == smtp {
            text.push_str(&["fallback = ", &graph, "\n"].concat());
        }
    }
    let folder = guide.path().join("etc");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

/// Adds the account "work" with the servers of a protocol.
fn add(guide: &Guide, servers: &str, flags: &[&str], input: &str) -> Value {
    let (authority, ca, servers) = (
        format!("--authority={}", guide.login_host()),
        format!("--ca-file={}", guide.tenant.ca_file.display()),
        format!("--servers={servers}"),
    );
    let mut line = vec![
        "account",
        "add",
        "--name=work",
        "--provider=microsoft365",
        "--json",
    ];
    let tenant = format!("--tenant={DOMAIN}");
    line.extend([&*tenant, &*authority, &*ca, &*servers]);
    line.extend(flags);
    let output = guide.given(&line, input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Signs in with a device code, approved as somebody of the house.
fn sign_in(guide: &Guide, who: &str) {
    let begun = guide.begin_sign_in();
    let code = begun.first["user_code"].as_str().unwrap().to_owned();
    assert!(guide.tenant.control().approve_as(&code, who), "{code}");
    let (done, said) = begun.end();
    assert_eq!(done["event"], "done", "{done} {said}");
}

fn as_ada(guide: &Guide, servers: &str) {
    let client = guide.app("desktop").client_id;
    let flags = [
        "--address=ada@harborvale.example",
        "--additional-users=support@harborvale.example",
        "--client-id",
        client,
    ];
    let account = add(guide, servers, &flags, "");
    assert_eq!(account["servers"]["incoming"]["protocol"], servers);
    sign_in(guide, ADA);
}

/// The rows that were there are there, and no message stands there twice.
fn keeps(guide: &Guide, before: &[String]) {
    let now = ids(guide, "inbox");
    for id in before {
        assert_eq!(
            now.iter().filter(|other| *other == id).count(),
            1,
            "{id} of {now:?}"
        );
    }
    let held = guide.tenant.control().messages(ADA, "INBOX").len();
    assert!(now.len() <= held, "{} rows of {held} messages", now.len());
}

fn ids(guide: &Guide, folder: &str) -> Vec<String> {
    let rows = guide.json(&["list", ADA, "--folder", folder, "--limit", "1000", "--json"]);
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| row["id"].to_string()).collect()
}

/// Checks that all steps pass, and returns what the lines say about permissions.
fn checks(guide: &Guide) -> String {
    let lines = guide.json(&["check", "--json"]);
    let lines = lines.as_array().unwrap();
    assert!(lines.iter().all(|line| line["ok"] == true), "{lines:?}");
    for step in ["token", "permissions", "login", "folders", "send", "sender"] {
        let has_it = lines.iter().any(|line| line["step"] == step);
        assert!(has_it, "{step} is missing");
    }
    let permissions = lines.iter().filter(|line| line["step"] == "permissions");
    permissions.map(|line| line["detail"].to_string()).collect()
}

/// Sends from a mailbox and returns what is remembered of it, after its Sent folder was looked at.
fn sends(guide: &Guide, from: &str, to: &str) -> Value {
    guide.sends(from, to);
    guide.text(&["sync"]);
    let sent = guide.json(&["outbox", "sent", "--json"]);
    let sent = sent.as_array().unwrap().iter();
    let mut of_mailbox = sent.filter(|mail| mail["from"].as_str().unwrap().contains(from));
    of_mailbox.next().unwrap().clone()
}

fn copies(guide: &Guide, mailbox: &str, from: &str) -> usize {
    let messages = guide.tenant.control().messages(mailbox, "Sent Items");
    let subject = format!("Subject: From {from}");
    let is_it =
        |message: &&std::sync::Arc<[u8]>| String::from_utf8_lossy(message).contains(&subject);
    messages.iter().filter(is_it).count()
}

/// A message of each mailbox goes by a protocol, and lies once in the Sent folder where that puts it: SMTP in that of who
/// signed in, the others in that of the mailbox it is from.
fn sends_from_both(guide: &Guide, protocol: &str) {
    for (from, to) in [(ADA, SUPPORT), (SUPPORT, NOOR)] {
        let mail = sends(guide, from, to);
        assert_eq!(mail["protocol"], protocol, "{mail}");
        assert_eq!(mail["signed_in_as"], ADA, "{mail}");
    }
    let of_support = [SUPPORT, ADA].map(|mailbox| copies(guide, mailbox, SUPPORT));
    let expected = if protocol == "smtp" { [0, 1] } else { [1, 0] };
    assert_eq!(of_support, expected, "over {protocol}");
    assert_eq!(copies(guide, ADA, ADA), 1, "over {protocol}");
}

#[test]
fn graph_and_ews_read_change_and_send_from_both_mailboxes() {
    for (protocol, permission) in [
        ("graph", "Mail.ReadWrite.Shared"),
        ("ews", "EWS.AccessAsUser.All"),
    ] {
        let guide = Guide::new();
        ship_profiles(&guide);
        as_ada(&guide, protocol);
        let permissions = checks(&guide);
        assert!(permissions.contains(permission), "{permissions}");
        guide.lists_mail(&[ADA, SUPPORT]);

        let inbox = ids(&guide, "inbox");
        let body = guide.text(&["show", &inbox[0]]);
        assert!(body.contains("Subject: "), "{body}");
        let (archive, trash) = (ids(&guide, "archive").len(), ids(&guide, "trash").len());
        guide.text(&["mark", "starred", &inbox[0]]);
        guide.text(&["move", &inbox[1], "--to", "archive"]);
        guide.text(&["delete", &inbox[2]]);
        // What the server has after that, not what this machine did.
        guide.text(&["sync"]);
        assert_eq!(ids(&guide, "archive").len(), archive + 1, "{protocol}");
        assert_eq!(ids(&guide, "trash").len(), trash + 1, "{protocol}");
        let control = guide.tenant.control();
        assert_eq!(control.count(ADA, "INBOX"), Some(inbox.len() - 2));
        assert_eq!(control.count(ADA, "Archive"), Some(archive + 1));
        search_finds_what_was_never_fetched(&guide);

        sends_from_both(&guide, protocol);
        let sent = guide.json(&["outbox", "sent", "--json"]);
        for mail in sent.as_array().unwrap() {
            let filed = mail["filed_in"].as_array().unwrap();
            assert_eq!(filed.len(), 1, "{mail}");
            assert!(
                mail["from"]
                    .to_string()
                    .contains(filed[0].as_str().unwrap()),
                "{mail}"
            );
        }
    }
}

#[test]
fn pop3_reads_keeps_flags_here_and_says_what_it_cannot() {
    let guide = Guide::new();
    ship_profiles(&guide);
    as_ada(&guide, "pop3");
    let permissions = checks(&guide);
    assert!(
        permissions.contains("POP.AccessAsUser.All"),
        "{permissions}"
    );
    guide.lists_mail(&[ADA, SUPPORT]);
    let inbox = ids(&guide, "inbox");
    assert!(guide.text(&["show", &inbox[0]]).contains("Subject: "));

    guide.text(&["mark", "starred", &inbox[0]]);
    guide.text(&["sync"]);
    let rows = guide.json(&["list", ADA, "--json", "--limit", "1"]);
    assert!(
        rows[0]["flags"]
            .to_string()
            .to_lowercase()
            .contains("flagged"),
        "{rows}"
    );

    let said = guide.fails(&["move", &inbox[1], "--to", "archive"], "", 1);
    assert!(said.contains("POP3, which has no folders"), "{said}");
    let said = guide.fails(&["list", ADA, "--folder", "sent"], "", 1);
    assert!(said.contains("POP3, which has no folders"), "{said}");
    let before = guide.tenant.control().count(ADA, "INBOX").unwrap();
    let said = guide.fails(&["delete", &inbox[1]], "", 2);
    assert!(
        said.contains("for good") && said.contains("--yes"),
        "{said}"
    );
    assert_eq!(guide.tenant.control().count(ADA, "INBOX"), Some(before));
    guide.text(&["delete", "--yes", &inbox[1]]);
    assert_eq!(guide.tenant.control().count(ADA, "INBOX"), Some(before - 1));

    sends_from_both(&guide, "smtp");
    let said = guide.text(&["outbox", "sent"]);
    assert!(said.contains("POP3 has no Sent folder"), "{said}");
    let said = guide.fails(
        &["search", "--mailbox=nobody@x.test", "--server", "lamp"],
        "",
        1,
    );
    assert!(said.contains("nobody@x.test"), "{said}");
    let found = guide.given(&["search", "--server", "lamp"], "");
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(
        found.status.success() && said.contains("cannot search"),
        "{said}"
    );
}

/// A word of a body that was never fetched is found by the server, in the row that the cache has.
fn search_finds_what_was_never_fetched(guide: &Guide) {
    let message = format!(
        "From: {NOOR}\r\nSubject: Old plans\r\nMessage-ID: <old@harborvale.example>\r\n\r\nZanzibar.\r\n"
    );
    let control = guide.tenant.control();
    control.deliver(ADA, "Archive", message.as_bytes()).unwrap();
    let found = guide.given(&["search", "--server", "--json", "Zanzibar"], "");
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(said.contains("1 more found on the server"), "{said}");
    guide.text(&["sync"]);
    let rows = guide.json(&["search", "--json", "Zanzibar"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(0), "{rows}");
    let rows = guide.json(&["search", "--server", "--json", "Zanzibar"]);
    assert_eq!(rows[0]["subject"], "Old plans", "{rows}");
}

/// No person, no own mailbox: EWS impersonates, Graph names the mailbox.
#[test]
fn an_application_reads_and_sends_over_graph_and_ews() {
    for protocol in ["graph", "ews"] {
        let guide = Guide::new();
        ship_profiles(&guide);
        let app = guide.app("daemon-web");
        let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
        let flags = [
            "--address=support@harborvale.example",
            "--additional-users=billing@harborvale.example",
            "--method=client-secret",
            "--client-id",
            app.client_id,
            "--secret-stdin",
        ];
        add(&guide, protocol, &flags, &format!("{secret}\n"));
        guide.sign_in_as_app();
        checks(&guide);
        guide.lists_mail(&[SUPPORT, BILLING]);
        for (from, to) in [(SUPPORT, BILLING), (BILLING, NOOR)] {
            let mail = sends(&guide, from, to);
            assert_eq!(mail["protocol"], protocol, "{mail}");
            assert_eq!(copies(&guide, from, from), 1, "{from} over {protocol}");
        }
    }
}

#[test]
fn where_smtp_sign_in_is_off_graph_takes_over_and_the_reason_is_remembered() {
    let guide = Guide::new();
    ship_profiles(&guide);
    let client = guide.app("desktop").client_id;
    let flags = ["--address=yuki@harborvale.example", "--client-id", client];
    add(&guide, "imap", &flags, "");
    sign_in(&guide, YUKI);
    let mail = sends(&guide, YUKI, NOOR);
    assert_eq!(mail["protocol"], "graph", "{mail}");
    assert!(mail["detour"].to_string().contains("5.7.139"), "{mail}");
    assert_eq!(copies(&guide, YUKI, YUKI), 1);
    let said = guide.text(&["outbox", "sent"]);
    assert!(
        said.contains("Microsoft Graph (SMTP sign-in is off)"),
        "{said}"
    );
}

#[test]
fn a_blocked_ews_says_dates_and_ways_out_and_another_protocol_keeps_cache_and_outbox() {
    let guide = Guide::new();
    ship_profiles(&guide);
    as_ada(&guide, "ews");
    guide.lists_mail(&[ADA, SUPPORT]);
    let before = ids(&guide, "inbox");
    let waiting = [
        "send",
        "--from",
        ADA,
        "--to",
        NOOR,
        "--subject",
        "Waits",
        "--no-wait",
    ];
    assert!(guide.given(&waiting, "Hello.\n").status.success());

    guide.tenant.control().block_ews(true);
    let output = guide.given(&["check", "--json"], "");
    let lines: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut failed = lines.as_array().unwrap().iter();
    let blocked = failed.find(|line| line["step"] == "login" && line["ok"] == false);
    let notice = &blocked.unwrap_or_else(|| panic!("{lines}"))["notice"];
    let words = notice.to_string();
    for part in [
        "1 October 2026",
        "1 April 2027",
        "Microsoft Graph or IMAP",
        "-EwsAllowedAppIDs",
        guide.app("desktop").client_id,
    ] {
        assert!(words.contains(part), "{part} is missing in {words}");
    }
    assert_eq!(notice["action"], "leave-ews");

    for (protocol, send) in [("graph", "graph"), ("imap", "smtp")] {
        let (read, send) = (
            format!("--protocol={protocol}"),
            format!("--send-protocol={send}"),
        );
        let account = guide.json(&["account", "edit", "work", &read, &send, "--json"]);
        let incoming = &account["servers"]["incoming"];
        assert_eq!(
            (&incoming["protocol"], &incoming["host"]),
            (&protocol.into(), &"localhost".into())
        );
        // Nobody was asked yet: all of it is here.
        keeps(&guide, &before);
        if protocol == "graph" {
            let waiting = guide.json(&["outbox", "list", "--json"]);
            assert_eq!(waiting[0]["subject"], "Waits", "{waiting}");
        }
        sign_in(&guide, ADA);
        guide.lists_mail(&[ADA, SUPPORT]);
        // A colleague may have answered by now.
        keeps(&guide, &before);
        let mail = sends(&guide, SUPPORT, NOOR);
        assert_eq!(mail["signed_in_as"], ADA);
    }
    let inbox = guide.tenant.control().messages(NOOR, "INBOX");
    let is_it = |message: &&std::sync::Arc<[u8]>| {
        String::from_utf8_lossy(message).contains("Subject: Waits")
    };
    assert_eq!(
        inbox.iter().filter(is_it).count(),
        1,
        "what waited went once"
    );
}
