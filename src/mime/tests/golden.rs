//! Every mail of `tests/data/mail` is shown as it should be; the outcomes lie beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{envelope, now};
use crate::mime::{digest, parse_body};
use crate::model::{Address, Body};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mail")
}

fn mails() -> Vec<(String, Vec<u8>)> {
    let mut mails: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    mails.sort();
    mails
}

fn names(addresses: &[Address]) -> String {
    let written: Vec<String> = addresses.iter().map(Address::to_string).collect();
    written.join(" | ")
}

fn describe(message: &[u8]) -> String {
    let envelope = envelope(message);
    let body = parse_body(message, 72);
    let digest = digest(message);
    let mut out = String::new();
    for (label, value) in [
        ("date", envelope.date.to_string()),
        ("from", names(&envelope.from)),
        ("to", names(&envelope.to)),
        ("cc", names(&envelope.cc)),
        ("reply-to", names(&envelope.reply_to)),
        ("subject", envelope.subject),
        ("message-id", envelope.message_id),
        ("references", envelope.references.join(" ")),
        ("preview", digest.preview),
        (
            "attachments",
            format!(
                "{} guessed {}",
                digest.has_attachments, envelope.has_attachments
            ),
        ),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "{label}: {value}");
        }
    }
    describe_body(&mut out, &body);
    out
}

fn describe_body(out: &mut String, body: &Body) {
    let _ = writeln!(out, "html: {}\n---", body.is_from_html);
    out.push_str(&body.text);
    for (number, link) in body.links.iter().enumerate() {
        let _ = writeln!(out, "link {}: {link}", number + 1);
    }
    for attachment in &body.attachments {
        let _ = writeln!(
            out,
            "attachment {}: {:?} {} {} bytes{}",
            attachment.part,
            attachment.name,
            attachment.media_type,
            attachment.size,
            if attachment.is_inline { " inline" } else { "" }
        );
    }
    for cut in &body.cuts {
        let _ = writeln!(out, "cut: {cut}");
    }
}

#[test]
fn nasty_mail_is_shown_as_it_should_be() {
    let mails = mails();
    assert!(mails.len() >= 30, "only {} mails found", mails.len());
    insta::with_settings!({
        snapshot_path => folder().join("golden"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for (name, message) in mails {
            insta::assert_snapshot!(name, describe(&message));
        }
    });
}

#[test]
fn nothing_shown_holds_a_control_character() {
    for (name, message) in mails() {
        let shown = format!("{}{:?}", describe(&message).replace('\n', ""), "");
        assert!(!shown.chars().any(char::is_control), "{name}");
        let headers = parse_body(&message, 72).headers;
        let is_clean = |text: &String| !text.chars().any(char::is_control);
        assert!(
            headers
                .iter()
                .all(|(key, value)| is_clean(key) && is_clean(value)),
            "{name}"
        );
    }
}

#[test]
fn every_listed_attachment_can_be_saved() {
    for (name, message) in mails() {
        for attachment in parse_body(&message, 72).attachments {
            let content = crate::mime::attachment(&message, attachment.part).unwrap();
            assert_eq!(
                content.len() as u64,
                attachment.size,
                "{name}: {}",
                attachment.name
            );
            assert!(!attachment.name.is_empty() && attachment.name.len() <= 210);
        }
    }
    assert!(crate::mime::attachment(b"Subject: x\r\n\r\ny", 5).is_err());
    let _ = now();
}
