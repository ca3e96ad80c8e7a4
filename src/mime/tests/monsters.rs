//! Messages too big or too strange for a file: bounds hold, and nobody waits.

use proptest::prelude::*;

use super::{envelope, listed, now};
use crate::mime::{Answer, adopt, answer, attachment, digest, parse_body, parse_envelope};
use crate::model::Address;

#[test]
fn ten_thousand_recipients_are_bounded_in_the_row_and_all_answered() {
    let to: Vec<String> = (0..10_000)
        .map(|i| format!("Person {i} <p{i}@x.example>"))
        .collect();
    let message = format!(
        "From: a@x.example\r\nTo: {}\r\nSubject: all\r\n\r\nhi\r\n",
        to.join(",\r\n ")
    );
    assert_eq!(envelope(message.as_bytes()).to.len(), 50);
    let draft = answer(
        Answer::ReplyAll,
        &listed(message.as_bytes()),
        message.as_bytes(),
        &[Address::bare("p3@x.example")],
    );
    assert_eq!(draft.cc.matches('@').count(), 9_999);
    assert!(!draft.cc.contains("<p3@"));
}

#[test]
fn a_thousand_nested_parts_end_at_a_bound() {
    let mut message = String::from("Subject: deep\r\nMIME-Version: 1.0\r\n");
    for level in 0..1000 {
        let boundary = format!("b{level}\r\n");
        message += "Content-Type: multipart/mixed; boundary=";
        message += &boundary;
        message += "\r\n--";
        message += &boundary;
    }
    message += "Content-Type: text/plain\r\n\r\nat the bottom\r\n";
    let body = parse_body(message.as_bytes(), 80);
    assert_eq!(
        body.cuts,
        vec!["Parts nested deeper than 50 levels are not taken apart"]
    );
    assert_eq!(body.attachments.len(), 1);
}

#[test]
fn a_thousand_parts_are_listed_and_no_more() {
    let mut message =
        String::from("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    for _ in 0..3000 {
        message += "--b\r\nContent-Type: image/png\r\n\r\nx\r\n";
    }
    let body = parse_body(message.as_bytes(), 80);
    assert_eq!(body.attachments.len(), 999);
    assert_eq!(body.cuts, vec!["Only the first 1000 parts are shown"]);
}

#[test]
fn empty_parts_cost_nothing() {
    let message = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n".repeat(200_000)
    );
    assert!(!parse_body(message.as_bytes(), 80).cuts.is_empty());
}

#[test]
fn long_text_is_cut_and_said() {
    let message = format!(
        "Subject: long\r\n\r\n{}",
        "ü and more words\r\n".repeat(200_000)
    );
    let body = parse_body(message.as_bytes(), 80);
    assert!(body.text.len() <= 2 * 1024 * 1024 + 1);
    assert_eq!(
        body.cuts,
        vec!["The text is longer than 2 MiB; the rest is not shown"]
    );
    let digest = digest(message.as_bytes());
    assert!(digest.text.len() <= 256 * 1024);
    assert_eq!(digest.preview.chars().count(), 120);
}

#[test]
fn one_endless_line_is_no_trouble() {
    let message = [b"Subject: x\r\nX-Long: ".as_slice(), &vec![b'a'; 4_000_000]].concat();
    assert!(parse_body(&message, 80).headers.len() <= 2);
    let body = [b"Subject: x\r\n\r\n".as_slice(), &vec![b'='; 1_000_000]].concat();
    assert!(parse_body(&body, 80).text.len() <= 1_000_001);
}

#[test]
fn nested_tables_are_laid_out_in_time() {
    for depth in [20, 60] {
        let html = format!(
            "{}x{}",
            "<table><tr><td>a<td>".repeat(depth),
            "</table>".repeat(depth)
        );
        let message = format!("Content-Type: text/html\r\n\r\n{html}");
        assert!(parse_body(message.as_bytes(), 80).text.contains('x'));
    }
}

fn try_everything(message: &[u8]) {
    let body = parse_body(message, 60);
    for listed in &body.attachments {
        attachment(message, listed.part).unwrap();
    }
    digest(message);
    parse_envelope(message, None);
    let _ = adopt(message, &Address::bare("me@x.example"), now());
    for how in [Answer::Reply, Answer::ReplyAll, Answer::Forward] {
        answer(how, &listed(message), message, &[]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        try_everything(&bytes);
    }

    #[test]
    fn mime_like_noise_never_panics(
        text in "((From|To|Content-Type|Content-Transfer-Encoding|Content-Disposition|MIME-Version): ?(multipart/mixed; boundary=b|text/html|text/calendar|message/rfc822|base64|quoted-printable|attachment; filename=\"[^\"]{0,9}\"|[ -~]{0,20})\r?\n|\r?\n|--b(--)?\r?\n|[ -~é=<>]{0,40}\r?\n){0,25}"
    ) {
        try_everything(text.as_bytes());
    }
}
