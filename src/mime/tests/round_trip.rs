//! What is built reads back the same, and adopted messages keep what they had.

use proptest::prelude::*;

use super::{envelope, now};
use crate::mime::{MimeError, adopt, attachment, build, parse_body};
use crate::model::{Address, AddressError, Draft, DraftAttachment, DraftOrigin};

fn draft() -> Draft {
    Draft {
        from: Address::named("Jörg Müller", "joerg@contoso.example"),
        to: "Ana <ana@fabrikam.example>; bo@fabrikam.example".into(),
        cc: "\"Doe, Jane\" <jane@x.example>".into(),
        bcc: "secret@x.example, ana@fabrikam.example".into(),
        subject: "Grüße & more".into(),
        text: "Hällo\n\n.dot\nFrom here\n".into(),
        ..Draft::default()
    }
}

fn is_on_wire(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
}

#[test]
fn a_built_message_reads_back_the_same() {
    let built = build(&draft(), None, now()).unwrap();
    is_on_wire(&built.bytes);
    let envelope = envelope(&built.bytes);
    assert_eq!(envelope.from, vec![draft().from]);
    assert_eq!(
        envelope.to,
        vec![
            Address::named("Ana", "ana@fabrikam.example"),
            Address::bare("bo@fabrikam.example")
        ]
    );
    assert_eq!(
        envelope.cc,
        vec![Address::named("Doe, Jane", "jane@x.example")]
    );
    assert_eq!(envelope.subject, "Grüße & more");
    assert_eq!(envelope.date, now());
    assert_eq!(envelope.message_id, built.message_id);
    assert!(built.message_id.ends_with("@contoso.example"));
    assert_eq!(parse_body(&built.bytes, 80).text, draft().text);
    assert_eq!(
        built.recipients,
        vec![
            "ana@fabrikam.example",
            "bo@fabrikam.example",
            "jane@x.example",
            "secret@x.example"
        ]
    );
    assert!(!String::from_utf8_lossy(&built.bytes).contains("secret"));
}

#[test]
fn the_header_says_what_it_should() {
    let mut draft = draft();
    draft.from = Address::bare("shared@contoso.example");
    draft.origin = Some(DraftOrigin {
        message_row: 1,
        message_id: "b@x".into(),
        references: (0..80)
            .map(|i| format!("{i}{}@x", "r".repeat(60)))
            .chain(["b@x".into(), "ü@x".into()])
            .collect(),
        is_forward: false,
    });
    let built = build(&draft, Some("me@contoso.example"), now()).unwrap();
    is_on_wire(&built.bytes);
    let text = String::from_utf8(built.bytes.clone()).unwrap();
    for line in [
        "From: shared@contoso.example\r\n",
        "Sender: me@contoso.example\r\n",
        "In-Reply-To: <b@x>\r\n",
        "Date: Thu, 12 Mar 2026 15:00:00 +0000\r\n",
        "MIME-Version: 1.0\r\n",
        "User-Agent: Pillarbox/",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let references = envelope(&built.bytes).references;
    assert_eq!(references.len(), 50);
    assert_eq!(references.last().unwrap(), "b@x");
}

#[test]
fn plain_ascii_travels_as_it_is() {
    let draft = Draft {
        text: "plain\ntext".into(),
        ..draft()
    };
    let text = String::from_utf8(build(&draft, None, now()).unwrap().bytes).unwrap();
    assert!(text.contains("Content-Transfer-Encoding: 7bit\r\n"));
    assert!(text.contains("\r\n\r\nplain\r\ntext\r\n"), "{text}");
}

#[test]
fn attachments_keep_names_types_and_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join("Geschäftsbericht 2026 mit einem recht langen Namen, der gefaltet werden muss.pdf");
    let data: Vec<u8> = (0..=255).cycle().take(5000).collect();
    std::fs::write(&path, &data).unwrap();
    let eml = b"Subject: inner\n\nhi\n".to_vec();
    let draft = Draft {
        attachments: vec![
            DraftAttachment::File { path: path.clone() },
            DraftAttachment::Bytes {
                name: "inner.eml".into(),
                media_type: "message/rfc822".into(),
                data: eml,
            },
            DraftAttachment::Bytes {
                name: "../é.txt".into(),
                media_type: "text/plain".into(),
                data: b"a\nb\r\n".to_vec(),
            },
            DraftAttachment::Bytes {
                name: "raw.eml".into(),
                media_type: "message/rfc822".into(),
                data: b"Subject: \xff\n\n".to_vec(),
            },
        ],
        ..draft()
    };
    let built = build(&draft, None, now()).unwrap();
    is_on_wire(&built.bytes);
    let body = parse_body(&built.bytes, 80);
    let seen: Vec<(&str, &str)> = body
        .attachments
        .iter()
        .map(|a| (a.name.as_str(), a.media_type.as_str()))
        .collect();
    let file = path.file_name().unwrap().to_str().unwrap();
    assert_eq!(
        seen,
        vec![
            (file, "application/pdf"),
            ("inner.eml", "message/rfc822"),
            ("é.txt", "text/plain"),
            ("raw.eml", "application/octet-stream")
        ]
    );
    assert_eq!(
        attachment(&built.bytes, body.attachments[0].part).unwrap(),
        data
    );
    assert_eq!(
        attachment(&built.bytes, body.attachments[1].part).unwrap(),
        b"Subject: inner\r\n\r\nhi\r\n"
    );
    assert_eq!(
        attachment(&built.bytes, body.attachments[2].part).unwrap(),
        b"a\nb\r\n"
    );
    assert_eq!(body.text, draft.text);
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let wrong = Draft {
        to: "ana@x.example; not an address".into(),
        ..draft()
    };
    assert!(matches!(
        build(&wrong, None, now()),
        Err(MimeError::Recipient { field: "To", source: AddressError::Malformed(text) }) if text == "not an address"
    ));
    let nobody = Draft {
        from: draft().from,
        ..Draft::default()
    };
    assert!(matches!(
        build(&nobody, None, now()),
        Err(MimeError::NoRecipient)
    ));
    let gone = Draft {
        attachments: vec![DraftAttachment::File {
            path: "/no/such/file".into(),
        }],
        ..draft()
    };
    assert!(matches!(
        build(&gone, None, now()),
        Err(MimeError::Attachment { .. })
    ));
}

#[test]
fn only_bcc_is_enough() {
    let draft = Draft {
        to: String::new(),
        cc: String::new(),
        ..draft()
    };
    assert_eq!(build(&draft, None, now()).unwrap().recipients.len(), 2);
}

#[test]
fn international_addresses_pass() {
    let draft = Draft {
        to: "用户@müller.example".into(),
        cc: String::new(),
        bcc: String::new(),
        ..draft()
    };
    let built = build(&draft, None, now()).unwrap();
    assert_eq!(built.recipients, vec!["用户@xn--mller-kva.example"]);
    assert_eq!(
        envelope(&built.bytes).to,
        vec![Address::bare("用户@xn--mller-kva.example")]
    );
}

#[test]
fn header_injection_is_impossible() {
    let draft = Draft {
        from: Address::named("Eve\r\nBcc: x@evil.example", "eve@x.example"),
        subject: "a\r\nBcc: y@evil.example\n\nbody".into(),
        ..draft()
    };
    let text = String::from_utf8(build(&draft, None, now()).unwrap().bytes).unwrap();
    assert!(
        !text.contains("\nBcc:") && !text.contains("\nbody"),
        "{text}"
    );
}

fn adopt_text(text: &str) -> Result<(String, Vec<String>, String), MimeError> {
    let built = adopt(
        text.as_bytes(),
        &Address::named("Me", "me@x.example"),
        now(),
    )?;
    is_on_wire(&built.bytes);
    Ok((
        String::from_utf8(built.bytes).unwrap(),
        built.recipients,
        built.message_id,
    ))
}

#[test]
fn an_adopted_message_gets_what_it_lacks() {
    let (text, recipients, id) =
        adopt_text("To: a@x.example\nBcc: b@x.example,\n c@x.example\nSubject: hi\n\nbödy\nmore")
            .unwrap();
    assert_eq!(
        recipients,
        vec!["a@x.example", "b@x.example", "c@x.example"]
    );
    assert_eq!(
        text,
        format!(
            "To: a@x.example\r\nSubject: hi\r\nDate: Thu, 12 Mar 2026 15:00:00 +0000\r\nFrom: Me <me@x.example>\r\n\
            Message-ID: <{id}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nbödy\r\nmore\r\n"
        )
    );
}

#[test]
fn an_adopted_message_keeps_what_it_has() {
    let message = "From: other@x.example\r\nTo: a@x.example\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <own@x>\r\nContent-Type: text/html\r\n\r\n<p>é\r\n";
    let (text, _, id) = adopt_text(message).unwrap();
    assert_eq!((text.as_str(), id.as_str()), (message, "own@x"));
}

#[test]
fn what_is_no_message_is_not_adopted() {
    assert!(matches!(
        adopt_text("just text"),
        Err(MimeError::Malformed { .. })
    ));
    assert!(matches!(
        adopt_text("Subject: x\n\nTo: a@x.example"),
        Err(MimeError::NoRecipient)
    ));
    assert!(matches!(
        adopt_text("To: undisclosed-recipients:;\n\n"),
        Err(MimeError::NoRecipient)
    ));
    assert!(matches!(
        adopt_text("To: not@@good, a@x.example\n\n"),
        Err(MimeError::Recipient { field: "To", .. })
    ));
    assert!(matches!(
        adopt_text(&format!("To: a@x.example\n\n{}", "x".repeat(999))),
        Err(MimeError::Malformed { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_draft_builds_into_clean_lines(subject in "\\PC{0,200}", name in "\\PC{0,80}", text in "[ -~äé漢😀\\r\\n\\t]{0,400}") {
        let draft = Draft { from: Address::named(name, "me@x.example"), subject: subject.clone(), text: text.clone(), ..draft() };
        let built = build(&draft, None, now()).unwrap();
        is_on_wire(&built.bytes);
        let lines = |text: &str| -> Vec<String> {
            let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            while lines.last().is_some_and(|line| line.trim().is_empty()) { lines.pop(); }
            while lines.first().is_some_and(String::is_empty) { lines.remove(0); }
            if let Some(last) = lines.last_mut() { *last = last.trim_end().to_owned(); }
            lines
        };
        prop_assert_eq!(lines(&parse_body(&built.bytes, 80).text), lines(&text));
    }
}
