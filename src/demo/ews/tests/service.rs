//! Who is let in, and what goes wrong on purpose.

use super::*;
use crate::demo::mischief::{Mischief, Service};

const GET_INBOX: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

#[tokio::test]
async fn nobody_comes_in_without_proof() {
    let house = house();
    for header in [None, Some("Bearer x"), Some("Basic x"), Some("Basic YTpi")] {
        let headers: Vec<_> = header
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        let answer = post(&house, &headers, GET_INBOX).await;
        assert_eq!(answer.status(), 401, "{header:?}");
        let offers = answer.headers().get_all("www-authenticate").iter();
        let offers: Vec<&str> = offers.map(|offer| offer.to_str().unwrap()).collect();
        assert!(offers[0].starts_with("Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\""));
        assert!(offers[1].starts_with("Basic"), "{offers:?}");
    }
    assert_eq!(ask(&house, GET_INBOX).await.0, 200);
}

#[tokio::test]
async fn a_tenant_may_refuse_ews_to_everybody() {
    let house = house();
    house.ews.block(true);
    assert_eq!(ask(&house, GET_INBOX).await, (403, String::new()));
    house.ews.block(false);
    assert_eq!(ask(&house, GET_INBOX).await.0, 200);
    assert_eq!(house.sign_in.requests.read().ews_requests, 2);
}

#[tokio::test]
async fn closed_and_unknown_mailboxes_are_told_apart() {
    let house = house();
    let check = async |email: &str, code: &str| {
        let mailbox = format!("<t:Mailbox><t:EmailAddress>{email}</t:EmailAddress></t:Mailbox>");
        let of = format!("Id=\"inbox\">{mailbox}</t:DistinguishedFolderId>");
        let (status, answer) = ask(&house, &GET_INBOX.replace("Id=\"inbox\"/>", &of)).await;
        assert_eq!(
            (status, text(&answer, "m:ResponseCode").as_str()),
            (200, code),
            "{answer}"
        );
    };
    check(PASSWORD_USER, "NoError").await;
    check(ADA.email, "ErrorFolderNotFound").await;
    check("nobody@harborvale.example", "ErrorNonExistentMailbox").await;
}

#[tokio::test]
async fn errors_come_by_code_as_fault_or_per_item() {
    let house = house();
    let busy = Mischief::Error {
        code: "ErrorServerBusy",
        back_off: Some(7000),
    };
    house.mischief.add(Service::Ews, busy);
    let (status, answer) = ask(&house, GET_INBOX).await;
    assert!(
        status == 500 && answer.contains("BackOffMilliseconds\">7000<"),
        "{answer}"
    );
    let gone = Mischief::Error {
        code: "ErrorItemNotFound",
        back_off: None,
    };
    house.mischief.add(Service::Ews, gone);
    let two = "<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds><t:ItemId Id=\"a\"/><t:ItemId Id=\"b\"/></m:ItemIds></m:DeleteItem>";
    let (status, answer) = ask(&house, two).await;
    assert_eq!(
        (status, answer.matches("ErrorItemNotFound").count()),
        (200, 2),
        "{answer}"
    );
    assert_eq!(ask(&house, GET_INBOX).await.0, 200);
}

#[tokio::test]
async fn totals_and_elements_can_be_strange() {
    let house = house();
    deliver(&house, "one");
    house.mischief.add(Service::Ews, Mischief::WrongTotals);
    assert_eq!(text(&ask(&house, GET_INBOX).await.1, "t:TotalCount"), "11");
    house.mischief.add(Service::Ews, Mischief::Unknown);
    let (_, answer) = ask(&house, &sync("", 5)).await;
    assert!(
        answer.contains("<t:Barnacles") && answer.contains("<t:Tide"),
        "{answer}"
    );
    assert_eq!(text(&ask(&house, GET_INBOX).await.1, "t:TotalCount"), "1");
}

#[tokio::test]
async fn mischief_waits_for_a_request_that_it_can_happen_to() {
    let house = house();
    deliver(&house, "one");
    house.mischief.add(Service::Ews, Mischief::CursorLost);
    assert_eq!(ask(&house, GET_INBOX).await.0, 200);
    let (_, first) = ask(&house, &sync("", 5)).await;
    assert_eq!(text(&first, "m:ResponseCode"), "NoError");
    let (_, second) = ask(&house, &sync(&text(&first, "m:SyncState"), 5)).await;
    assert_eq!(text(&second, "m:ResponseCode"), "ErrorInvalidSyncStateData");
}

#[tokio::test]
async fn answers_break_off_after_the_work_is_done() {
    let house = house();
    for (mischief, is_something) in [(Mischief::CutAfter, false), (Mischief::CutInside, true)] {
        deliver(&house, "one");
        let (id, _) = newest(&house).await;
        house.mischief.add(Service::Ews, mischief);
        let delete = format!(
            "<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:DeleteItem>"
        );
        let authorization = basic(&house);
        let answer = post(&house, &[("authorization", &authorization)], &delete).await;
        let mut body = answer.into_body();
        let first = body.frame().await.unwrap();
        assert_eq!(first.is_ok(), is_something);
        if is_something {
            assert!(body.frame().await.unwrap().is_err());
        }
        let count = house.store.read(PASSWORD_USER, |mailbox| {
            mailbox.folder("INBOX").unwrap().messages().len()
        });
        assert_eq!(count, Some(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_comes() {
    let house = house();
    house.mischief.add(Service::Ews, Mischief::Slow);
    let start = tokio::time::Instant::now();
    assert_eq!(ask(&house, GET_INBOX).await.0, 200);
    assert!(start.elapsed() >= std::time::Duration::from_secs(3));
}

#[tokio::test]
async fn autodiscover_names_the_endpoint_without_sign_in() {
    let house = house();
    let check = async |path: &str, status: u16, part: &str| {
        let request = Request::builder().uri(path).body(Bytes::new()).unwrap();
        let answer = answer(&house, &request).await;
        let found = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            found == status && body.contains(part),
            "{path} {found} {body}"
        );
    };
    let ews = "\"Protocol\":\"EWS\",\"Url\":\"https://localhost:1/EWS/Exchange.asmx\"";
    check(
        "/autodiscover/autodiscover.json/v1.0/a@b.example?Protocol=EWS",
        200,
        ews,
    )
    .await;
    check(
        "/Autodiscover/Autodiscover.json?Email=a%40b.example&Protocol=EWS&RedirectCount=3",
        200,
        ews,
    )
    .await;
    check(
        "/autodiscover/autodiscover.json?Email=a%40b.example&Protocol=Smoke",
        400,
        "InvalidProtocol",
    )
    .await;
    check(
        "/autodiscover/autodiscover.json?Protocol=EWS",
        400,
        "InvalidEmail",
    )
    .await;
    check("/autodiscover/autodiscover.xml", 404, "").await;
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
    #[test]
    fn no_id_or_state_makes_the_server_panic(id in "[A-Za-z0-9+/=]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = house();
            deliver(&house, "one");
            let item = format!("<m:ItemIds><t:ItemId Id=\"{id}\" ChangeKey=\"{id}\"/></m:ItemIds>");
            for body in [
                format!("<m:SendItem SaveItemToFolder=\"true\">{item}</m:SendItem>"),
                format!("<m:DeleteItem DeleteType=\"SoftDelete\">{item}</m:DeleteItem>"),
                GET_INBOX.replace("DistinguishedFolderId Id=\"inbox\"", &format!("FolderId Id=\"{id}\"")),
                sync(&id, 5),
            ] {
                assert_eq!(ask(&house, &body).await.0, 200);
            }
        });
    }
}
