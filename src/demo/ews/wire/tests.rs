//! XML, schema and ids.

use super::read::read;
use super::schema::check;
use super::*;

const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";

fn element(text: &str) -> String {
    text.replacen(
        '>',
        &format!(" xmlns=\"{MESSAGES}\" xmlns:t=\"{TYPES}\">"),
        1,
    )
}

fn violation(rule: &str, text: &str) -> Option<String> {
    let document = element(text);
    let node = read(document.as_bytes()).unwrap();
    let found = check(&node, rule, document.as_bytes()).err();
    found.map(|refusal| refusal.text.into_owned())
}

const SHAPE: &str = "<ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape>";
const IDS: &str = "<ItemIds><t:ItemId Id=\"x\"/></ItemIds>";

#[test]
fn requests_in_the_right_order_are_taken() {
    let check = |rule: &str, text: &str| assert_eq!(violation(rule, text), None, "{text}");
    check("GetItem", &format!("<GetItem>{SHAPE}{IDS}</GetItem>"));
    check(
        "FindItem",
        &format!(
            "<FindItem Traversal=\"Shallow\">{SHAPE}<IndexedPageItemView Offset=\"0\" BasePoint=\"Beginning\"/>\
             <Restriction><t:And><t:Exists><t:FieldURI FieldURI=\"item:Subject\"/></t:Exists><t:Not><t:IsEqualTo>\
             <t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:FieldURIOrConstant>\
             <t:Constant Value=\"2\"/></t:FieldURIOrConstant></t:IsEqualTo></t:Not></t:And></Restriction>\
             <ParentFolderIds><t:DistinguishedFolderId Id=\"inbox\"><t:Mailbox><t:EmailAddress>a@b</t:EmailAddress>\
             </t:Mailbox></t:DistinguishedFolderId></ParentFolderIds></FindItem>"
        ),
    );
    check(
        "Unsubscribe",
        "<Unsubscribe><SubscriptionId>x</SubscriptionId></Unsubscribe>",
    );
}

#[test]
fn violations_are_worded_as_dot_net_words_them() {
    let check = |rule: &str, text: &str, part: &str| {
        let found = violation(rule, text).unwrap_or_else(|| panic!("taken: {text}"));
        assert!(found.contains(part), "{found}");
    };
    check(
        "GetItem",
        &format!("<GetItem>{IDS}{SHAPE}</GetItem>"),
        &format!(
            "The element 'GetItem' in namespace '{MESSAGES}' has invalid child element 'ItemIds' in namespace '{MESSAGES}'. List of possible elements expected: 'ItemShape' in namespace '{MESSAGES}'."
        ),
    );
    check(
        "GetItem",
        &format!("<GetItem>{SHAPE}</GetItem>"),
        "has incomplete content. List of possible elements expected: 'ItemIds'",
    );
    check(
        "GetItem",
        &format!("<GetItem>{SHAPE}{IDS}<Extra/></GetItem>"),
        "invalid child element 'Extra'",
    );
    check(
        "GetItem",
        &format!("<GetItem Fast=\"1\">{SHAPE}{IDS}</GetItem>"),
        "The 'Fast' attribute is not declared.",
    );
    check(
        "GetItem",
        &format!(
            "<GetItem>{}{IDS}</GetItem>",
            SHAPE.replace("IdOnly", "Much")
        ),
        "The Enumeration constraint failed.",
    );
    check(
        "GetItem",
        &format!(
            "<GetItem>{}{IDS}</GetItem>",
            SHAPE.replace("t:BaseShape", "BaseShape")
        ),
        "invalid child element 'BaseShape'",
    );
    check(
        "DeleteItem",
        &format!("<DeleteItem>{IDS}</DeleteItem>"),
        "The required attribute 'DeleteType' is missing.",
    );
    let most = |most: u32| {
        format!(
            "<SyncFolderItems>{SHAPE}<SyncFolderId><t:FolderId Id=\"x\"/></SyncFolderId><MaxChangesReturned>{most}</MaxChangesReturned></SyncFolderItems>"
        )
    };
    assert_eq!(violation("SyncFolderItems", &most(512)), None);
    check("SyncFolderItems", &most(513), "MaxSyncChangesReturnedType");
    check("SyncFolderItems", &most(0), "MaxSyncChangesReturnedType");
    let property = |field: &str| {
        SHAPE.replace(
            "</ItemShape>",
            &format!("<t:AdditionalProperties><t:FieldURI FieldURI=\"{field}\"/></t:AdditionalProperties></ItemShape>"),
        )
    };
    let get = |field: &str| format!("<GetItem>{}{IDS}</GetItem>", property(field));
    assert_eq!(violation("GetItem", &get("message:IsRead")), None);
    check("GetItem", &get("item:IsRead"), "UnindexedFieldURIType");
}

#[test]
fn properties_of_an_item_have_their_order() {
    let message = |inner: &str| {
        format!(
            "<CreateItem MessageDisposition=\"SaveOnly\"><Items><t:Message>{inner}</t:Message></Items></CreateItem>"
        )
    };
    let subject = "<t:Subject>a</t:Subject>";
    let body = "<t:Body BodyType=\"Text\">b</t:Body>";
    let read = "<t:IsRead>true</t:IsRead>";
    let property = "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"3591\" PropertyType=\"Integer\"/><t:Value>1</t:Value></t:ExtendedProperty>";
    let check = |inner: &str, is_right: bool| {
        assert_eq!(
            violation("CreateItem", &message(inner)).is_none(),
            is_right,
            "{inner}"
        );
    };
    check(&format!("{subject}{body}{property}{property}{read}"), true);
    check(&format!("{body}{subject}"), false);
    check(&format!("{read}{property}"), false);
    check(&format!("{subject}{subject}"), false);
    check("<t:Body>b</t:Body>", false);
    check("<t:IsRead>maybe</t:IsRead>", false);
    check("text", false);
}

fn request(version: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"{MESSAGES}\" xmlns:t=\"{TYPES}\">\
         <s:Header><t:RequestServerVersion Version=\"{version}\"/></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

#[test]
fn versions_are_known_or_refused_and_bring_their_words() {
    let names = ["GetItem"];
    let get = format!("<GetItem>{SHAPE}{IDS}</GetItem>");
    let check = |version: &str, body: &str, code: Option<&str>| {
        let found = read_request(request(version, body).as_bytes(), &names);
        assert_eq!(
            found.err().map(|refusal| refusal.code),
            code,
            "{version} {body}"
        );
    };
    for version in [
        "Exchange2010_SP2",
        "Exchange2013",
        "Exchange2013_SP1",
        "Exchange2016",
    ] {
        check(version, &get, None);
    }
    check("Exchange2029", &get, Some("ErrorInvalidServerVersion"));
    check("V2018_01_08", &get, Some("ErrorInvalidServerVersion"));
    let flag = get.replace(
        "</ItemShape>",
        "<t:AdditionalProperties><t:FieldURI FieldURI=\"item:Flag\"/></t:AdditionalProperties></ItemShape>",
    );
    check(
        "Exchange2010_SP2",
        &flag,
        Some("ErrorIncorrectSchemaVersion"),
    );
    check("Exchange2013", &flag, None);
    check("Exchange2013", "<GetWeather/>", Some("ErrorInvalidRequest"));
}

#[test]
fn hostile_documents_are_no_requests() {
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
    for text in [
        "",
        "<a>",
        "</a>",
        "<a/><b/>",
        "<a>&b;</a>",
        bomb,
        &deep,
        "x<a/>",
        "<a b=c/>",
    ] {
        assert_eq!(read(text.as_bytes()), None, "{text}");
    }
    assert_eq!(read(b"<a>\xff</a>"), None);
    assert!(
        read("\u{feff}<a>&amp;&#x41;<![CDATA[<]]></a>".as_bytes()).is_some_and(|a| a.text == "&A<")
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, at: usize, byte: u8) {
        let _ = read_request(&bytes, &["GetItem"]);
        let mut real = request("Exchange2013", &format!("<GetItem>{SHAPE}{IDS}</GetItem>")).into_bytes();
        let at = at % real.len();
        real[at] = byte;
        let _ = read_request(&real, &["GetItem"]);
        real.truncate(at);
        let _ = read_request(&real, &["GetItem"]);
    }

    #[test]
    fn no_text_is_an_id_by_chance(text: String) {
        proptest::prop_assert!(read_item(&text).is_none() && read_folder(&text).is_none());
    }
}

#[test]
fn ids_say_what_they_name_and_nothing_else() {
    let folder = FolderRef::new("Ada@Harborvale.example", 17);
    let item = folder.item(4_000_000_000);
    assert_eq!(read_folder(&folder.id()), Some(folder.clone()));
    assert_eq!(read_item(&item.id()), Some(item.clone()));
    assert_eq!(
        read_attachment(&attachment_id(&item, 3)),
        Some((item.clone(), 3))
    );
    assert_eq!(read_item(&folder.id()), None);
    assert_eq!(read_folder(&item.id()), None);
    assert!(item.id().starts_with("AAMk"), "{}", item.id());
    assert_eq!(revision_of(&change_key(77)), Some(77));
    assert_eq!(revision_of(&folder_key(77)), None);
}

#[test]
fn forbidden_characters_go_out_as_references() {
    let mut xml = Xml::new();
    xml.text("t:Subject", "a\u{1}b<&>\t\r\u{fffe}é");
    assert_eq!(
        xml.done(),
        "<t:Subject>a&#x1;b&lt;&amp;&gt;\t&#xD;&#xFFFE;é</t:Subject>"
    );
}

#[test]
fn faults_carry_codes_violations_and_patience() {
    let busy = Refusal {
        back_off: Some(5000),
        ..Refusal::of("ErrorServerBusy")
    };
    let text = fault(&busy);
    for part in [
        "<faultcode xmlns:a=\"http://schemas.microsoft.com/exchange/services/2006/types\">a:ErrorServerBusy</faultcode>",
        "<t:Value Name=\"BackOffMilliseconds\">5000</t:Value>",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let document = request("Exchange2013", &format!("\n<GetItem>{IDS}</GetItem>"));
    let text = fault(&read_request(document.as_bytes(), &["GetItem"]).unwrap_err());
    for part in [
        "ErrorSchemaValidation</e:ResponseCode>",
        "<t:LineNumber>2</t:LineNumber>",
        "<t:LinePosition>11</t:LinePosition>",
        "<t:Violation>The element &apos;GetItem&apos;",
    ] {
        assert!(text.contains(part), "{text}");
    }
}
