//! Whom an answer goes to, and what it quotes.

use super::listed;
use crate::mime::{Answer, answer};
use crate::model::{Address, Draft, DraftAttachment};

const MESSAGE: &str = "From: Ana Lima <ana@x.example>\r\nTo: Me <me@x.example>, bo@x.example\r\nCc: Me2 <ME2@x.example>, \"Doe, J\" <jd@x.example>\r\n\
    Subject: AW: Offer\r\nDate: Thu, 12 Mar 2026 14:32:10 +0100\r\nMessage-ID: <2@x>\r\nReferences: <0@x> <1@x>\r\n\r\nHi\r\n> old\r\n\r\n-- \r\nAna\r\n";

fn run(how: Answer, message: &str) -> Draft {
    let own = [
        Address::named("Me", "me@x.example"),
        Address::bare("me2@x.example"),
    ];
    answer(how, &listed(message.as_bytes()), message.as_bytes(), &own)
}

fn check(how: Answer, message: &str, to: &str, cc: &str) {
    let draft = run(how, message);
    assert_eq!(
        (draft.to.as_str(), draft.cc.as_str()),
        (to, cc),
        "{message}"
    );
}

#[test]
fn a_reply_goes_to_the_sender_with_a_quote() {
    let draft = run(Answer::Reply, MESSAGE);
    assert_eq!(draft.from, Address::named("Me", "me@x.example"));
    assert_eq!(
        (draft.to.as_str(), draft.cc.as_str()),
        ("Ana Lima <ana@x.example>", "")
    );
    assert_eq!(draft.subject, "Re: Offer");
    assert_eq!(
        draft.text,
        "\n\nOn 2026-03-12 14:32, Ana Lima wrote:\n> Hi\n>> old\n"
    );
    let origin = draft.origin.unwrap();
    assert_eq!(
        (
            origin.message_row,
            origin.message_id.as_str(),
            origin.is_forward
        ),
        (7, "2@x", false)
    );
    assert_eq!(origin.references, vec!["0@x", "1@x", "2@x"]);
}

#[test]
fn reply_all_leaves_out_oneself() {
    check(
        Answer::ReplyAll,
        MESSAGE,
        "Ana Lima <ana@x.example>",
        "bo@x.example, \"Doe, J\" <jd@x.example>",
    );
}

#[test]
fn reply_to_is_honoured() {
    let message = MESSAGE.replace("Subject:", "Reply-To: list@x.example\r\nSubject:");
    check(Answer::Reply, &message, "list@x.example", "");
}

#[test]
fn an_answer_to_oneself_goes_on_to_the_others() {
    let message =
        "From: me@x.example\r\nTo: bo@x.example\r\nCc: c@x.example, me@x.example\r\n\r\nx";
    check(Answer::Reply, message, "bo@x.example", "");
    check(Answer::ReplyAll, message, "bo@x.example", "c@x.example");
    check(
        Answer::Reply,
        "From: me@x.example\r\nTo: me@x.example\r\n\r\nx",
        "me@x.example",
        "",
    );
}

#[test]
fn html_is_quoted_from_its_text() {
    let message = "From: a@x.example\r\nContent-Type: text/html\r\n\r\n<p>Read <a href='https://x.example'>this</a></p><blockquote>old</blockquote>";
    assert!(
        run(Answer::Reply, message)
            .text
            .ends_with("wrote:\n> Read this\n>\n>> old\n")
    );
}

#[test]
fn a_forward_takes_the_attachments_along() {
    let message = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n{}",
        MESSAGE.replace(
            "\r\n\r\nHi",
            "\r\n\r\n--b\r\n\r\nHi\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxi\r\n--b--\r\n"
        )
    );
    let draft = run(Answer::Forward, &message);
    assert_eq!(
        (draft.to.as_str(), draft.subject.as_str()),
        ("", "Fwd: AW: Offer")
    );
    assert!(draft.text.contains("\nFrom: Ana Lima <ana@x.example>\nDate: 2026-03-12 14:32\nSubject: AW: Offer\nTo: Me <me@x.example>, bo@x.example\n"));
    assert!(draft.text.ends_with("\n\nHi\n"));
    assert_eq!(
        draft.attachments,
        vec![DraftAttachment::Bytes {
            name: "a.csv".into(),
            media_type: "text/csv".into(),
            data: b"a,b".to_vec()
        }]
    );
    assert!(draft.origin.unwrap().is_forward);
}

#[test]
fn without_the_message_the_row_is_enough() {
    let draft = answer(Answer::Reply, &listed(MESSAGE.as_bytes()), b"", &[]);
    assert_eq!(draft.to, "Ana Lima <ana@x.example>");
    assert_eq!(draft.text, "\n\nOn 2026-03-12 13:32, Ana Lima wrote:\n");
}

#[test]
fn references_keep_the_root_and_the_newest() {
    let ids: Vec<String> = (0..70).map(|i| format!("<{i}@x>")).collect();
    let message = format!(
        "From: a@x.example\r\nMessage-ID: <z@x>\r\nReferences: {}\r\n\r\nx",
        ids.join("\r\n ")
    );
    let references = run(Answer::Reply, &message).origin.unwrap().references;
    assert_eq!(references.len(), 50);
    assert_eq!(
        (
            references[0].as_str(),
            references[1].as_str(),
            references[49].as_str()
        ),
        ("0@x", "22@x", "z@x")
    );
}
