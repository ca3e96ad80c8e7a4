//! What no server should send: bombs, depth, length, bytes that are no text.

use proptest::prelude::*;

use super::{Answer, Server, fault, fine, opened, opening, soap, wrong};
use crate::backend::Backend as _;
use crate::backend::ews::item;
use crate::backend::ews::soap::{
    Flaw, Items, Limits, Node, Part, Piece, Reader, Reply, Version, Xml, envelope,
};
use crate::model::{Progress, Query, RemoteId};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    is_endless: false,
};

/// Reads an answer in pieces of a size.
fn read(bytes: &[u8], size: usize) -> Result<Vec<Part>, Flaw> {
    read_keeping(Items::Trees, bytes, size)
}

fn read_keeping(items: Items, bytes: &[u8], size: usize) -> Result<Vec<Part>, Flaw> {
    let mut reader = Reader::new(LIMITS).keeping(items);
    let mut parts = Vec::new();
    for piece in bytes.chunks(size) {
        parts.extend(reader.push(piece)?);
    }
    reader.finish()?;
    Ok(parts)
}

fn message(content: &str) -> Result<Node, Flaw> {
    let parts = read(
        soap("GetItem", &fine("GetItem", content)).as_bytes(),
        1 << 16,
    )?;
    let last = parts.into_iter().next_back();
    match last {
        Some(Part::Message(node)) => Ok(node),
        other => panic!("{other:?}"),
    }
}

fn real() -> String {
    let item = "<m:Items><t:Message><t:MimeContent>SGVsbG8sIHdvcmxkIQ==</t:MimeContent><t:ItemId Id=\"a&lt;&quot;b\"/>\
                <t:Subject>Grüße &amp; 王 &#x1F600;&#1;</t:Subject><t:DateTimeReceived>2026-11-22T10:00:00Z</t:DateTimeReceived>\
                <t:ToRecipients><t:Mailbox><t:Name>Bo</t:Name><t:EmailAddress>bo@x.test</t:EmailAddress></t:Mailbox></t:ToRecipients>\
                <!-- < & > --><t:Body><![CDATA[<b>&]]></t:Body></t:Message></m:Items>";
    soap(
        "GetItem",
        &(fine("GetItem", item) + &wrong("GetItem", "ErrorItemNotFound")),
    )
}

#[test]
fn answers_mean_the_same_however_they_are_cut() {
    let whole = read(real().as_bytes(), usize::MAX).unwrap();
    assert_eq!(whole.len(), 3);
    for size in 1..40 {
        assert_eq!(read(real().as_bytes(), size).unwrap(), whole, "{size}");
    }
    let Part::Message(node) = &whole[1] else {
        panic!("{whole:?}");
    };
    let item = node.at(&["Items", "Message"]).unwrap();
    assert_eq!(item.text_of("Subject"), "Grüße & 王 😀");
    assert_eq!(item.text_of("Body"), "<b>&");
    assert_eq!(item.child("ItemId").unwrap().attribute("Id"), Some("a<\"b"));
    assert_eq!(
        node.clone().take_bytes("MimeContent").unwrap(),
        b"Hello, world!"
    );
}

#[test]
fn mark_of_byte_order_changes_nothing() {
    let expected = read(real().as_bytes(), usize::MAX);
    let marked = format!("\u{FEFF}{}", real());
    for size in (1..40).chain([100, 5_000]) {
        assert_eq!(read(marked.as_bytes(), size), expected, "{size}");
    }
    let text = soap("GetItem", &fine("GetItem", "<t:A>a\u{FEFF}\u{FEFF}z</t:A>"));
    for size in 1..40 {
        let parts = read(text.as_bytes(), size).unwrap();
        let Some(Part::Message(node)) = parts.last() else {
            panic!("{parts:?}");
        };
        assert_eq!(node.text_of("A"), "a\u{FEFF}\u{FEFF}z", "{size}");
    }
}

/// Writes a tree.
fn shown(node: &Node) -> String {
    let inside: String = node.children().iter().map(shown).collect();
    let id = node.attribute("Id").unwrap_or_default();
    format!("{}({id}){}[{inside}]", node.name(), node.text())
}

/// Writes a tape in the same way.
fn shown_tape(item: Piece<'_>) -> String {
    let inside: String = item.children().map(shown_tape).collect();
    let id = item.attribute("Id").unwrap_or_default();
    format!("{}({id}){}[{inside}]", item.name(), item.text())
}

#[test]
fn items_say_the_same_as_trees_and_as_tapes() {
    // A tree has its bytes instead of a text.
    let text = real().replace("SGVsbG8sIHdvcmxkIQ==", "");
    let trees = read(text.as_bytes(), usize::MAX).unwrap();
    for size in (1..40).chain([1000]) {
        let tapes = read_keeping(Items::Tapes, text.as_bytes(), size).unwrap();
        assert_eq!(tapes.len(), trees.len());
        let (Part::Message(tree), Part::Message(tape)) = (&trees[1], &tapes[1]) else {
            panic!("{tapes:?}");
        };
        let item = |node: &Node| node.child("Items").unwrap().children()[0].clone();
        assert_eq!(item(tape).name(), "Message");
        let tape = item(tape).tape().map(shown_tape);
        assert_eq!(tape, Some(shown(&item(tree))), "{size}");
        // What is no item is a tree in any case.
        assert_eq!(tapes[2], trees[2]);
    }
}

#[test]
fn tapes_are_as_bounded_as_trees() {
    let inside = |content: &str| {
        let item = format!("<m:Items><t:Message>{content}</t:Message></m:Items>");
        let text = soap("GetItem", &fine("GetItem", &item));
        read_keeping(Items::Tapes, text.as_bytes(), 1 << 16).map(|_| ())
    };
    let deep = "<t:A>".repeat(100) + &"</t:A>".repeat(100);
    assert_eq!(inside(&deep), Err(Flaw::TooDeep));
    assert_eq!(inside(&"<a/>".repeat(255_000)), Err(Flaw::TooLong));
    assert_eq!(
        inside("<t:A></t:B>"),
        Err(Flaw::Malformed("an end of t:B".to_owned()))
    );
}

#[test]
fn document_types_are_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><s:Envelope/>";
    for size in [1, 7, 1000] {
        assert_eq!(read(bomb.as_bytes(), size), Err(Flaw::Doctype));
    }
    let outside = real().replacen(
        "<s:Body>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><s:Body>",
        1,
    );
    assert_eq!(read(outside.as_bytes(), 100), Err(Flaw::Doctype));
}

#[test]
fn entities_nobody_declared_stay_as_they_are() {
    let node = message("<t:A>&xxe; &lt;&nbsp;&#60; & &;</t:A>").unwrap();
    assert_eq!(node.text_of("A"), "&xxe; <&nbsp;< & &;");
}

#[test]
fn characters_without_a_place_in_xml_are_dropped() {
    let node =
        message("<t:A>a&#x1;\u{1}b&#xFFFF;c&#0;d&#x110000;e&#xD800;f</t:A><t:B X=\"1&#x2;2\"/>")
            .unwrap();
    assert_eq!(node.text_of("A"), "abcdef");
    assert_eq!(node.child("B").unwrap().attribute("X"), Some("12"));
}

#[test]
fn depth_length_and_numbers_are_bounded() {
    let deep = "<t:A>".repeat(100) + &"</t:A>".repeat(100);
    assert_eq!(message(&deep), Err(Flaw::TooDeep));
    let outside = soap("GetItem", "").replace("<s:Header>", &format!("<s:Header>{deep}"));
    assert_eq!(read(outside.as_bytes(), 64), Err(Flaw::TooDeep));
    assert_eq!(message(&"x".repeat(2 << 20)), Err(Flaw::TooLong));
    let mut wide = Reader::new(Limits {
        bytes: 16 << 20,
        is_endless: false,
    });
    let many = soap("GetItem", &fine("GetItem", &"<a/>".repeat(300_000)));
    assert_eq!(wide.push(many.as_bytes()), Err(Flaw::TooLong));
    let tag = format!("<s:Envelope x=\"{}", "y".repeat(1 << 16));
    let mut endless = Reader::new(Limits {
        bytes: 16 << 20,
        is_endless: false,
    });
    let outcome = (0..40).try_for_each(|_| endless.push(tag.as_bytes()).map(|_| ()));
    assert_eq!(outcome, Err(Flaw::TooLong));
}

#[test]
fn a_hundred_megabytes_are_not_kept() {
    let mut reader = Reader::new(LIMITS);
    let piece = vec![b'a'; 1 << 16];
    let start = soap("GetItem", "<m:GetItemResponseMessage><m:X>");
    let start = start.split("</m:ResponseMessages>").next().unwrap();
    reader.push(start.as_bytes()).unwrap();
    let pushed = (0..1600)
        .take_while(|_| reader.push(&piece).is_ok())
        .count();
    assert!(pushed <= 16, "{pushed}");
}

#[test]
fn what_is_no_answer_is_malformed() {
    for text in [
        "<html/>",
        "hello",
        "<s:Envelope></s:Other>",
        "<s:Envelope></s:Envelope></s:Envelope>",
        "<s:Envelope><a></b></a></s:Envelope>",
        "{}",
    ] {
        let outcome = read(text.as_bytes(), 5);
        assert!(
            matches!(outcome, Err(Flaw::Malformed(_))),
            "{text}: {outcome:?}"
        );
    }
    for text in ["", "<s:Envelope>", "<s:Envelope", "<s:Envelope/><!--"] {
        assert_eq!(read(text.as_bytes(), 5), Err(Flaw::Truncated), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_become_marks() {
    let text = soap("GetItem", &fine("GetItem", "<t:A>a\u{1}z</t:A>"));
    let mut bytes = text.into_bytes();
    let at = bytes.iter().position(|byte| *byte == 1).unwrap();
    bytes[at] = 0xFF;
    for size in [1, 3, 4096] {
        let parts = read(&bytes, size).unwrap();
        let Some(Part::Message(node)) = parts.last() else {
            panic!("{parts:?}");
        };
        assert_eq!(node.text_of("A"), "a\u{FFFD}z");
    }
}

#[test]
fn faults_are_read_with_and_without_a_detail() {
    let check = |text: &str, code: &str| {
        let parts = read(text.as_bytes(), 9).unwrap();
        let Some(Part::Fault(node)) = parts.into_iter().next_back() else {
            panic!("no fault");
        };
        assert_eq!(Reply::of_fault(node).code, code);
    };
    check(&fault("ErrorServerBusy", ""), "ErrorServerBusy");
    let bare = fault("ErrorSchemaValidation", "");
    let (start, rest) = bare.split_once("<detail>").unwrap();
    let end = rest.split_once("</detail>").unwrap().1;
    check(&format!("{start}{end}"), "ErrorSchemaValidation");
}

#[tokio::test]
async fn odd_elements_in_every_answer_do_no_harm() {
    let odd = [
        "",
        "text",
        "<m:Other/>",
        "<m:RootFolder/><m:Items/><m:Changes/><m:Folders/><m:SyncState/>",
        "<m:RootFolder TotalItemsInView=\"x\" IndexedPagingOffset=\"-1\" IncludesLastItemInRange=\"perhaps\">\
         <t:Items>text<t:Message/><t:Folder><t:ItemId/></t:Folder></t:Items><t:Folders><t:Folder/><t:Message/>\
         <t:Folder><t:FolderId Id=\"\"/></t:Folder></t:Folders></m:RootFolder>",
        "<m:SyncState> </m:SyncState><m:IncludesLastItemInRange>7</m:IncludesLastItemInRange><m:Changes>text<t:Create/>\
         <t:Delete/><t:Update><t:ItemId/></t:Update><t:ReadFlagChange><t:IsRead/></t:ReadFlagChange></m:Changes>",
        "<m:SyncState>s</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes><t:Delete>\
         <t:ItemId Id=\"a\"/></t:Delete><t:Create><t:Message><t:ItemId Id=\"b\"/></t:Message></t:Create></m:Changes>",
        "<m:Items><t:Message><t:MimeContent>&lt;&#xFFFF;*</t:MimeContent><t:ItemId/><t:Size>-1</t:Size><t:IsRead/>\
         <t:DateTimeSent>0000-00-00</t:DateTimeSent><t:From/><t:ToRecipients><t:Mailbox/></t:ToRecipients>\
         <t:ExtendedProperty/></t:Message></m:Items>",
    ];
    for odd in odd {
        let server = Server::start(move |seen, _| {
            let answer = Answer::xml(soap(&seen.operation, &fine(&seen.operation, odd)));
            match seen.operation.as_str() {
                "FindFolder" => answer,
                _ => opening(seen).unwrap_or(answer),
            }
        })
        .await;
        let inbox = RemoteId::new("in");
        let mut ews = opened(&server).await;
        let _ = ews.folders().await;
        if let Ok(changes) = ews.changes(&inbox, None).await {
            let _ = ews.changes(&inbox, Some(&changes.next)).await;
        }
        let _ = ews
            .fetch(&inbox, std::slice::from_ref(&inbox), &Progress::default())
            .await;
        let _ = ews.search(&inbox, &Query::parse("x")).await;
        let _ = ews.may_change(&inbox).await;
        assert!(server.count() < 30, "{odd}: asked without end");
    }
}

/// Writes an id into a request and reads it back.
fn there_and_back(id: &str) -> String {
    let request = envelope(Version::E2010Sp2, None, |xml: &mut Xml| {
        xml.inside("m:R", &[], |xml| {
            xml.inside("m:ResponseMessages", &[], |xml| {
                xml.inside("m:M", &[("Id", id)], |_| {});
            });
        });
    });
    let parts = read(request.as_bytes(), 11).unwrap();
    match &parts[0] {
        Part::Message(node) => node.attribute("Id").unwrap().to_owned(),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000), size in 1_usize..64) {
        let _ = read(&bytes, size);
    }

    #[test]
    fn mutated_answers_do_no_harm(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        size in 1_usize..200,
    ) {
        let mut bytes = real().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for part in read_keeping(Items::Tapes, &bytes, size).unwrap_or_default() {
            if let Part::Message(node) = part {
                for child in node.children() {
                    for inner in child.children().iter().filter_map(Node::tape) {
                        let _ = item::envelope(inner);
                    }
                }
                let _ = Reply::of_message(node);
            }
        }
        let _ = read(&bytes, size);
    }

    #[test]
    fn markup_soup_does_no_harm(pieces in proptest::collection::vec(
        prop::sample::select(vec![
            "<s:Envelope>", "</s:Envelope>", "<s:Body>", "<m:R>", "<m:ResponseMessages>", "<m:M>", "</m:M>", "<a/>",
            "<!--", "-->", "<![CDATA[", "]]>", "&", "&amp;", "&#", ";", "\"", "'", "<", ">", "<?", "?>", "é", "<t:MimeContent>",
            "SGk=", "</t:MimeContent>", "=", " ", "<!", "x=",
        ]), 0..60), size in 1_usize..20) {
        let text = pieces.concat();
        let whole = read(text.as_bytes(), usize::MAX);
        let cut = read(text.as_bytes(), size);
        prop_assert_eq!(whole.is_ok(), cut.is_ok());
        if let (Ok(whole), Ok(cut)) = (whole, cut) {
            prop_assert_eq!(whole, cut);
        }
        let _ = read_keeping(Items::Tapes, text.as_bytes(), size);
    }

    #[test]
    fn ids_of_any_characters_come_back(id in any::<String>()) {
        let legal: String = id
            .chars()
            .filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..))
            .collect();
        prop_assert_eq!(there_and_back(&id), legal);
    }

    #[test]
    fn dates_do_no_harm(text in any::<String>()) {
        let _ = item::date(&text);
    }
}
