//! Messages that the server cannot write as MIME, read in pieces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::server::{Answer, Server};
use super::*;
use crate::backend::Backend as _;
use crate::mime::{attachment, parse_body, parse_envelope};
use crate::model::{Address, Progress, RemoteId};

const ITEM: &str = "<t:Subject>Grüße</t:Subject><t:Body BodyType=\"HTML\">&lt;p&gt;Guten Täg&lt;/p&gt;</t:Body>\
     <t:Attachments>\
     <t:FileAttachment><t:AttachmentId Id=\"f1\"/><t:Name>../Übersicht.pdf</t:Name><t:ContentType>application/pdf</t:ContentType><t:Size>3</t:Size><t:IsInline>false</t:IsInline></t:FileAttachment>\
     <t:FileAttachment><t:AttachmentId Id=\"f2\"/><t:Name>logo.png</t:Name><t:ContentType>image/png</t:ContentType><t:ContentId>logo</t:ContentId><t:Size>2</t:Size><t:IsInline>true</t:IsInline></t:FileAttachment>\
     <t:FileAttachment><t:AttachmentId Id=\"bad\"/><t:Name>broken.doc</t:Name><t:Size>9</t:Size></t:FileAttachment>\
     <t:FileAttachment><t:AttachmentId Id=\"f1\"/><t:Name>huge.iso</t:Name><t:Size>2000000000</t:Size></t:FileAttachment>\
     <t:ItemAttachment><t:AttachmentId Id=\"i1\"/><t:Name>Innen</t:Name><t:Size>30</t:Size></t:ItemAttachment>\
     <t:ItemAttachment><t:AttachmentId Id=\"i2\"/><t:Name>Kaputt</t:Name><t:Size>30</t:Size></t:ItemAttachment>\
     </t:Attachments>\
     <t:InternetMessageHeaders><t:InternetMessageHeader HeaderName=\"Received\">from a by b</t:InternetMessageHeader>\
     <t:InternetMessageHeader HeaderName=\"Subject\">other</t:InternetMessageHeader>\
     <t:InternetMessageHeader HeaderName=\"Content-Type\">text/enriched</t:InternetMessageHeader></t:InternetMessageHeaders>\
     <t:DateTimeSent>2026-11-20T10:00:00Z</t:DateTimeSent>\
     <t:ToRecipients><t:Mailbox><t:Name>Bo</t:Name><t:EmailAddress>bo@contoso.test</t:EmailAddress></t:Mailbox></t:ToRecipients>\
     <t:From><t:Mailbox><t:Name>Müller, Änne</t:Name><t:EmailAddress>anne@contoso.test</t:EmailAddress></t:Mailbox></t:From>\
     <t:InternetMessageId>&lt;1@contoso.test&gt;</t:InternetMessageId>";

/// Answers requests for attachments. Of `i2`, there are only properties.
fn attached(seen: &Seen) -> String {
    let asked = seen.body.split("AttachmentId Id=\"").nth(1).unwrap();
    let id = asked.split('"').next().unwrap();
    let file = |content: &str| {
        format!(
            "<t:FileAttachment><t:AttachmentId Id=\"{id}\"/><t:Content>{content}</t:Content></t:FileAttachment>"
        )
    };
    let content = match (id, seen.body.contains("IncludeMimeContent")) {
        ("f1", _) => file("QUJD"),
        ("f2", _) => file("\r\nQU\r\nI=\r\n"),
        ("i1", true) => format!(
            "<t:ItemAttachment><t:Name>Innen</t:Name><t:Message><t:MimeContent>{}</t:MimeContent></t:Message></t:ItemAttachment>",
            STANDARD.encode("Subject: inner\r\n\r\nInnen\r\n")
        ),
        ("i2", false) => {
            "<t:ItemAttachment><t:Name>Kaputt</t:Name><t:Message><t:Subject>Kaputt</t:Subject>\
             <t:Body BodyType=\"Text\">Nur Text</t:Body></t:Message></t:ItemAttachment>"
                .to_owned()
        }
        ("i2", true) => return wrong("GetAttachment", "ErrorContentConversionFailed"),
        _ => return wrong("GetAttachment", "ErrorInternalServerError"),
    };
    fine(
        "GetAttachment",
        &format!("<m:Attachments>{content}</m:Attachments>"),
    )
}

/// A mailbox whose one message is no MIME, and what it tells of it instead.
async fn damaged(mime: String, properties: String) -> Server {
    Server::start(move |seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "GetAttachment" => Answer::xml(soap("GetAttachment", &attached(seen))),
            _ if seen.body.contains("IncludeMimeContent") => Answer::xml(soap("GetItem", &mime)),
            _ if !seen.body.contains("item:Body") => {
                Answer::xml(soap("GetItem", &item("<t:Subject>Row</t:Subject>")))
            }
            _ => Answer::xml(soap("GetItem", &properties)),
        })
    })
    .await
}

fn item(properties: &str) -> String {
    fine(
        "GetItem",
        &format!("<m:Items><t:Message>{properties}</t:Message></m:Items>"),
    )
}

async fn read(server: &Server) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
    let wanted = [RemoteId::new("m1")];
    let mut ews = opened(server).await;
    ews.fetch(&RemoteId::new("in"), &wanted, &Progress::default())
        .await
}

#[tokio::test]
async fn message_that_is_no_mime_is_read_in_pieces() {
    for mime in [
        wrong("GetItem", "ErrorContentConversionFailed"),
        wrong("GetItem", "ErrorMimeContentInvalid"),
        item("<t:ItemId Id=\"m1\"/>"),
        item("<t:MimeContent>!!not base64!!</t:MimeContent>"),
    ] {
        let server = damaged(mime, item(ITEM)).await;
        let message = read(&server).await.unwrap().remove(0).1;
        let envelope = parse_envelope(&message, None);
        assert_eq!(envelope.subject, "Grüße");
        assert_eq!(
            envelope.from,
            [Address::named("Müller, Änne", "anne@contoso.test")]
        );
        assert_eq!(envelope.message_id, "1@contoso.test");
        assert_eq!(envelope.date.to_string(), "2026-11-20T10:00:00Z");
        let body = parse_body(&message, 80);
        assert!(body.text.starts_with("Guten Täg"), "{}", body.text);
        for missing in [
            "\"broken.doc\" is not here: ErrorInternalServerError",
            "\"huge.iso\" is not here: The message is larger",
        ] {
            assert!(body.text.contains(missing), "{}", body.text);
        }
        let names: Vec<&str> = body.attachments.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            names,
            ["logo.png", "Übersicht.pdf", "Innen.eml", "Kaputt.eml"]
        );
        let content = |at: usize| attachment(&message, body.attachments[at].part).unwrap();
        assert_eq!((content(0), content(1)), (b"AB".to_vec(), b"ABC".to_vec()));
        assert_eq!(content(2), b"Subject: inner\r\n\r\nInnen\r\n");
        assert_eq!(parse_body(&content(3), 80).text.trim(), "Nur Text");
        assert!(
            body.headers
                .contains(&("Received".to_owned(), "from a by b".to_owned()))
        );
        server.of("GetAttachment")[0].check(
            "<m:GetAttachment><m:AttachmentShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:AttachmentShape>
             <m:AttachmentIds><t:AttachmentId Id=\"f1\"/></m:AttachmentIds></m:GetAttachment>",
        );
        assert_eq!(
            server.of("GetAttachment").len(),
            6,
            "huge.iso is not asked for, i2 twice"
        );
    }
}

#[tokio::test]
async fn message_without_readable_properties_shows_its_row() {
    let mime = wrong("GetItem", "ErrorContentConversionFailed");
    let server = damaged(mime.clone(), wrong("GetItem", "ErrorCorruptData")).await;
    let message = read(&server).await.unwrap().remove(0).1;
    assert_eq!(parse_envelope(&message, None).subject, "Row");
    let text = parse_body(&message, 80).text;
    assert!(text.contains("ErrorCorruptData"), "{text}");
    let server = damaged(mime.clone(), wrong("GetItem", "ErrorItemNotFound")).await;
    assert_eq!(read(&server).await.unwrap(), []);
    let server = damaged(mime, wrong("GetItem", "ErrorMailboxStoreUnavailable")).await;
    assert!(matches!(
        read(&server).await,
        Err(BackendError::Throttled { .. })
    ));
}
