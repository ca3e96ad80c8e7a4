//! The administrator's sheet: written, sent through a pipe, filled in, read back; and what becomes of secrets meanwhile.

use serde_json::{Value, json};

use crate::home::Guide;

const SUPPORT: &str = "support@harborvale.example";
const ADMINISTRATOR: &str = "ada@harborvale.example";
const OBJECT: &str = "99999999-8888-7777-6666-555555555555";

/// An application with a secret, signed in.
fn signed_in() -> Guide {
    let guide = Guide::new();
    let app = guide.app("daemon-secret");
    let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
    let flags = [
        "--address=support@harborvale.example",
        "--provider=microsoft365",
        "--method=client-secret",
        "--tenant=harborvale.example",
        "--client-id",
        app.client_id,
        "--secret-stdin",
    ];
    guide.add(&flags, &format!("{secret}\n"));
    guide.sign_in_as_app();
    guide
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The text of the newest message with a subject, as its reader has it.
fn received(guide: &Guide, subject: &str) -> String {
    let inbox = guide.tenant.control().messages(ADMINISTRATOR, "INBOX");
    let found = inbox
        .iter()
        .find(|message| String::from_utf8_lossy(message).contains(&format!("Subject: {subject}")));
    let raw = found.unwrap_or_else(|| panic!("nothing arrived about {subject}"));
    String::from_utf8_lossy(raw).into_owned()
}

#[test]
fn the_sheet_goes_through_a_pipe_to_the_administrator_and_comes_back_filled_in() {
    let guide = signed_in();
    let send = [
        "send",
        "--to",
        ADMINISTRATOR,
        "--subject",
        "Mail access",
        "--json",
    ];
    let output = guide.piped(&["admin", "request", "work"], &send);
    assert!(output.status.success(), "{}", said(&output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["state"], "accepted");
    let raw = received(&guide, "Mail access");
    assert!(raw.contains("New-ServicePrincipal"), "{raw}");

    let sheet = guide.text(&["admin", "request", "work"]);
    let filled = sheet
        .replace("application: ________", &format!("application: {OBJECT}"))
        .replace("(YYYY-MM-DD): ________", "(YYYY-MM-DD): 2027-05-31");
    let quoted: Vec<String> = filled.lines().map(|line| format!("> {line}")).collect();
    let quoted = quoted.join("\n");
    let line = ["admin", "import", "-", "work"];
    let refused = guide.given(&line, &quoted);
    assert_eq!(refused.status.code(), Some(1), "nobody said yes");
    let line = ["admin", "import", "-", "work", "--yes", "--json"];
    let output = guide.given(&line, &quoted);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("Its secret stays"),
        "{}",
        said(&output)
    );
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["object_id"], OBJECT);
    let change = json!([{ "profile": "harborvale", "key": "secret_expires", "before": "", "after": "2027-05-31" }]);
    assert_eq!(value["changes"], change);
    // The day is told wherever the account is, and the secret works on.
    let shown = guide.json(&["account", "show", "work", "--json"]);
    let expiry = &shown["expiries"][0];
    assert_eq!(
        (&expiry["what"], &expiry["on"]),
        (&json!("secret"), &json!("2027-05-31"))
    );
    assert!(expiry["days_left"].is_i64(), "{expiry}");
    assert_eq!(
        guide.json(&["account", "list", "--json"])[0]["expiries"],
        shown["expiries"]
    );
    for line in [&["account", "list"][..], &["account", "show", "work"]] {
        let text = guide.text(line);
        assert!(text.contains("2027-05-31"), "{line:?}: {text}");
    }
    guide.lists_mail(&[SUPPORT]);
}

#[test]
fn every_document_is_a_message_and_one_with_headers_keeps_them() {
    let guide = signed_in();
    for (subject, document) in [
        ("guide", &["admin", "guide", "work"][..]),
        ("lines", &["admin", "powershell", "work", "--blocks"]),
        ("marked", &["admin", "request", "work", "--markdown"]),
    ] {
        let send = ["send", "--to", ADMINISTRATOR, "--subject", subject];
        let output = guide.piped(document, &send);
        assert!(output.status.success(), "{subject}: {}", said(&output));
        assert!(received(&guide, subject).contains("Pillarbox"), "{subject}");
    }
    let sheet = guide.text(&["admin", "consent-url", "work"]);
    let message = format!("To: {ADMINISTRATOR}\nSubject: whole\n\n{sheet}");
    let output = guide.given(&["send"], &message);
    assert!(output.status.success(), "{}", said(&output));
    assert!(received(&guide, "whole").contains("adminconsent"));
}

#[test]
fn a_command_that_fails_before_the_pipe_sends_nothing() {
    let guide = signed_in();
    let before = guide
        .tenant
        .control()
        .messages(ADMINISTRATOR, "INBOX")
        .len();
    let send = ["send", "--to", ADMINISTRATOR, "--subject", "Mail access"];
    let output = guide.piped(&["admin", "request", "nobody"], &send);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("nothing is sent"),
        "{}",
        said(&output)
    );
    let after = guide
        .tenant
        .control()
        .messages(ADMINISTRATOR, "INBOX")
        .len();
    assert_eq!(before, after);
}

#[test]
fn a_secret_stays_with_its_application_and_is_asked_for_anew_with_another() {
    let guide = signed_in();
    let edit = |flags: &[&str]| -> String {
        let line = [&["account", "edit", "work"], flags].concat();
        let output = guide.given(&line, "");
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let words = edit(&["--secret-expires=2027-05-31"]);
    assert!(
        words.contains("secret kept for harborvale stays"),
        "{words}"
    );
    guide.sign_in_as_app();
    let other = guide.app("daemon-no-role").client_id;
    let words = edit(&["--client-id", other]);
    assert!(words.contains("former application is forgotten"), "{words}");
    let output = guide.given(&["sign-in", "work", "--json"], "");
    assert!(
        !output.status.success(),
        "there is no secret to sign in with"
    );
    // Back again: what was forgotten does not come back by itself.
    edit(&["--client-id", guide.app("daemon-secret").client_id]);
    assert!(
        !guide
            .given(&["sign-in", "work", "--json"], "")
            .status
            .success()
    );
    let before = guide.json(&["account", "show", "work", "--json"]);
    assert_eq!(
        before["sign_in"]["client_id"],
        guide.app("daemon-secret").client_id
    );
}
