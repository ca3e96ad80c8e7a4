//! Messages put together from pieces are read back as what was told.

use proptest::prelude::*;

use super::envelope;
use crate::mime::{
    AttachedPiece, ContentPiece, HeaderPiece, Pieces, TextPiece, assemble, attachment, parse_body,
};
use crate::model::Address;

fn text(name: &str, value: &str) -> HeaderPiece {
    HeaderPiece::Text {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn attached(name: &str, media_type: &str, content: ContentPiece) -> AttachedPiece {
    AttachedPiece {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        content_id: String::new(),
        is_inline: false,
        content,
    }
}

fn plain(words: &str, attachments: Vec<AttachedPiece>) -> Pieces {
    Pieces {
        fields: Vec::new(),
        text: TextPiece::Plain(words.to_owned()),
        attachments,
    }
}

#[test]
fn header_is_read_back_as_it_was_told() {
    let people = vec![
        Address::named("Müller, \"Änne\" <x>", "anne@contoso.test"),
        Address::named("Nur im Verzeichnis", ""),
        Address::bare("bo@contoso.test"),
    ];
    let pieces = Pieces {
        fields: vec![
            text("Received", "from a by b"),
            text("Received", "from b by c"),
            text(
                "Subject",
                "Grüße aus 東京 und noch viel mehr, so lang wie eine Zeile nicht ist, und länger",
            ),
            HeaderPiece::People {
                name: "From",
                people: people.clone(),
            },
            text("Message-ID", "<1@contoso.test>"),
            text("Content-Type", "text/enriched"),
            text("X-Evil: a\r\nBcc", "b"),
            text("X-Odd", "one\r\nBcc: bo@contoso.test"),
        ],
        ..plain("Hallo Wörld\r\n", Vec::new())
    };
    let message = assemble(pieces);
    let read = envelope(&message);
    assert_eq!(
        read.subject,
        "Grüße aus 東京 und noch viel mehr, so lang wie eine Zeile nicht ist, und länger"
    );
    assert_eq!(read.from, people);
    assert_eq!(read.message_id, "1@contoso.test");
    let body = parse_body(&message, 80);
    assert_eq!(body.text.trim_end(), "Hallo Wörld");
    let names: Vec<&str> = body.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "Received").count(), 2);
    assert!(
        !names.contains(&"Bcc") && !names.contains(&"X-Evil"),
        "{names:?}"
    );
    assert!(message.is_ascii());
}

#[test]
fn attachments_are_whole_and_their_names_safe() {
    let data: Vec<u8> = (0..=255).collect();
    let inner = "Subject: Drin é\r\n\r\nInnen\r\n".as_bytes().to_vec();
    let message = assemble(plain(
        "Text",
        vec![
            attached(
                "../../Übersicht.pdf",
                "application/pdf",
                ContentPiece::File(data.clone()),
            ),
            attached("list", "multipart/mixed", ContentPiece::File(data.clone())),
            attached("Drin", "", ContentPiece::Message(inner.clone())),
        ],
    ));
    let body = parse_body(&message, 80);
    let listed: Vec<(&str, &str)> = body
        .attachments
        .iter()
        .map(|it| (it.name.as_str(), it.media_type.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            ("Übersicht.pdf", "application/pdf"),
            ("list", "application/octet-stream"),
            ("Drin.eml", "message/rfc822"),
        ]
    );
    let read = |at: usize| attachment(&message, body.attachments[at].part).unwrap();
    assert_eq!((read(0), read(1), read(2)), (data.clone(), data, inner));
}

#[test]
fn picture_in_the_text_is_inline() {
    let mut picture = attached("logo.png", "image/png", ContentPiece::File(vec![7; 40]));
    "logo@1".clone_into(&mut picture.content_id);
    picture.is_inline = true;
    let check = |others: Vec<AttachedPiece>, expected: &[bool]| {
        let mut attachments = others;
        attachments.push(picture.clone());
        let message = assemble(Pieces {
            text: TextPiece::Html("<p>Grüße <img src=\"cid:logo@1\"></p>".to_owned()),
            ..plain("", attachments)
        });
        let body = parse_body(&message, 80);
        let inline: Vec<bool> = body.attachments.iter().map(|it| it.is_inline).collect();
        assert_eq!(inline, expected);
        assert!(body.text.contains("Grüße"), "{}", body.text);
    };
    check(Vec::new(), &[true]);
    let file = attached("a.txt", "text/plain", ContentPiece::File(b"a".to_vec()));
    check(vec![file], &[true, false]);
}

#[test]
fn what_is_missing_is_said_in_the_text() {
    let missing = ContentPiece::Missing("ErrorAccessDenied".to_owned());
    let message = assemble(plain("Text", vec![attached("a\r\nb.pdf", "", missing)]));
    let body = parse_body(&message, 80);
    assert!(body.text.starts_with("Text\n"), "{}", body.text);
    assert!(
        body.text.contains("b.pdf\" is not here: ErrorAccessDenied"),
        "{}",
        body.text
    );
    assert_eq!(body.attachments.len(), 0);
}

proptest! {
    #[test]
    fn nothing_told_makes_it_panic_or_adds_fields(
        name in "\\PC{0,80}|[ -~]{0,20}", value in any::<String>(), person in any::<String>(),
        email in any::<String>(), kind in any::<String>(), id in any::<String>(), data in any::<Vec<u8>>(),
    ) {
        let mut file = attached(&name, &kind, ContentPiece::File(data.clone()));
        file.content_id.clone_from(&id);
        file.is_inline = true;
        let reason = ContentPiece::Missing(value.clone());
        let pieces = Pieces {
            fields: vec![
                text(&name, &value),
                text("Subject", &value),
                HeaderPiece::People { name: "From", people: vec![Address::named(&person, &email)] },
            ],
            text: TextPiece::Html(value.clone()),
            attachments: vec![file, attached(&name, &kind, reason), attached(&name, "", ContentPiece::Message(data.clone()))],
        };
        let body = parse_body(&assemble(pieces), 80);
        prop_assert!(body.headers.len() <= 6, "{:?}", body.headers);
        prop_assert!(body.attachments.len() >= 2);
    }
}
