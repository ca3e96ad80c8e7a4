//! Opening a mailbox: who opens it, by which schema, and what refusals mean.

use std::time::Duration;

use super::server::{Answer, Server};
use super::*;
use crate::backend::ews::soap::Version;
use crate::backend::{Backend as _, Refusal};

async fn refused(answer: Answer) -> BackendError {
    let server = Server::start(move |_, _| answer.clone()).await;
    opened_as(&server, Opener::Owner).await.err().unwrap()
}

#[test]
fn service_is_where_the_server_says() {
    let check = |host: &str, port: u16, path: Option<&str>, expected: &str| {
        assert_eq!(
            crate::backend::ews::connect::base(host, port, path),
            expected
        );
    };
    let usual = "https://mail.x.test:443/EWS/Exchange.asmx";
    check("mail.x.test", 443, None, usual);
    let proxied = "https://mail.x.test:8443/Mail/ews";
    check("mail.x.test", 8443, Some("/Mail/ews"), proxied);
    check(
        "fe80::1",
        443,
        None,
        "https://[fe80::1]:443/EWS/Exchange.asmx",
    );
}

#[tokio::test]
async fn owner_names_folders_without_a_mailbox() {
    let server = Server::start(|_, _| Answer::xml(places())).await;
    opened(&server).await;
    let seen = server.last("GetFolder");
    assert!(!seen.body.contains("t:Mailbox") && !seen.body.contains("Impersonation"));
    assert!(seen.head.contains("authorization: bearer token"));
    assert!(seen.head.contains("x-anchormailbox: ana@contoso.test"));
    assert!(seen.head.contains("user-agent: pillarbox/"));
    assert!(seen.head.contains("client-request-id: "));
    seen.check(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>
         <t:FieldURI FieldURI=\"folder:DisplayName\"/></t:AdditionalProperties></m:FolderShape><m:FolderIds>
         <t:DistinguishedFolderId Id=\"msgfolderroot\"/><t:DistinguishedFolderId Id=\"inbox\"/>
         <t:DistinguishedFolderId Id=\"drafts\"/><t:DistinguishedFolderId Id=\"sentitems\"/>
         <t:DistinguishedFolderId Id=\"deleteditems\"/><t:DistinguishedFolderId Id=\"junkemail\"/>
         <t:DistinguishedFolderId Id=\"archive\"/></m:FolderIds></m:GetFolder>",
    );
}

#[tokio::test]
async fn delegate_names_the_mailbox_and_application_impersonates() {
    let server = Server::start(|_, _| Answer::xml(places())).await;
    opened_as(&server, Opener::Delegate).await.unwrap();
    let mailbox = "<t:DistinguishedFolderId Id=\"inbox\"><t:Mailbox><t:EmailAddress>ana@contoso.test\
                   </t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>";
    assert!(server.last("GetFolder").body.contains(mailbox));
    opened_as(&server, Opener::Application).await.unwrap();
    let body = server.last("GetFolder").body;
    assert!(!body.contains("t:Mailbox"));
    assert!(body.contains(
        "<t:RequestServerVersion Version=\"Exchange2013_SP1\"/><t:ExchangeImpersonation><t:ConnectingSID>\
         <t:PrimarySmtpAddress>ana@contoso.test</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
    ) || body.contains("Version=\"Exchange2010_SP2\"/><t:ExchangeImpersonation>"));
}

#[tokio::test]
async fn schema_goes_down_until_the_server_takes_it() {
    let server = Server::start(|seen, _| {
        if seen.body.contains("Exchange2010\"") {
            let old = places().replace("MajorVersion=\"15\"", "MajorVersion=\"14\"");
            return Answer::xml(old.replace("V2017_07_11", "Exchange2010"));
        }
        Answer::with(
            "500 Internal Server Error",
            fault("ErrorInvalidServerVersion", ""),
        )
    })
    .await;
    let ews = opened(&server).await;
    // Four to find the schema, which tells of no folder what every mailbox calls it; one for that.
    assert_eq!(server.count(), 5);
    assert!(
        !server
            .last("FindFolder")
            .body
            .contains("folder:DistinguishedFolderId")
    );
    assert_eq!(ews.link.version(), Version::E2010);
    assert!(!ews.caps().push, "2010 has no streaming notifications");
}

#[tokio::test]
async fn schema_goes_up_to_what_the_server_is() {
    let server = Server::start(|_, _| Answer::xml(places())).await;
    let ews = opened(&server).await;
    assert_eq!(ews.link.version(), Version::E2013Sp1);
    assert!(ews.caps().push && ews.caps().flags && ews.caps().files_sent_copy);
}

#[tokio::test]
async fn schema_without_an_archive_is_asked_without_it() {
    let server = Server::start(|seen, _| {
        if seen.body.contains("archive") {
            return Answer::with(
                "500 Internal Server Error",
                fault("ErrorSchemaValidation", ""),
            );
        }
        Answer::xml(places())
    })
    .await;
    assert_eq!(opened(&server).await.places.all.len(), 5);
}

#[tokio::test]
async fn refusals_are_sorted_by_what_can_be_done() {
    let check = async |answer: Answer, expected: Refusal| {
        let error = refused(answer).await;
        assert!(
            matches!(error, BackendError::Refused { kind, .. } if kind == expected),
            "{error:?}"
        );
    };
    let of_all = |code: &str| Answer::xml(soap("GetFolder", &wrong("GetFolder", code).repeat(7)));
    check(
        Answer::with("403 Forbidden", "blocked"),
        Refusal::EwsBlocked,
    )
    .await;
    for code in [
        "ErrorAccessDenied",
        "ErrorFolderNotFound",
        "ErrorItemNotFound",
        "ErrorNonExistentMailbox",
        "ErrorImpersonateUserDenied",
    ] {
        check(of_all(code), Refusal::NoMailboxAccess).await;
    }
    let denied = fault("ErrorImpersonationDenied", "");
    check(
        Answer::with("500 Internal Server Error", denied),
        Refusal::NoMailboxAccess,
    )
    .await;
    check(of_all("ErrorSomethingNew"), Refusal::Other).await;
    check(Answer::with("404 Not Found", "<html>"), Refusal::Other).await;
}

#[tokio::test]
async fn token_refused_twice_is_a_sign_in_matter() {
    let error = refused(Answer::with("401 Unauthorized", "")).await;
    assert!(matches!(error, BackendError::SignIn { .. }), "{error:?}");
}

#[tokio::test]
async fn busy_servers_say_how_long_to_wait() {
    let check = async |answer: Answer, expected: Option<u64>| {
        let error = refused(answer).await;
        let BackendError::Throttled { after, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(after, expected.map(Duration::from_millis));
    };
    let said = "<t:MessageXml xmlns:t=\"x\"><t:Value Name=\"BackOffMilliseconds\">297749</t:Value></t:MessageXml>";
    let busy = |detail: &str| {
        Answer::with(
            "500 Internal Server Error",
            fault("ErrorServerBusy", detail),
        )
    };
    check(busy(said), Some(297_749)).await;
    check(busy(""), Some(60_000)).await;
    let hidden = fault("ErrorInternalServerError", said);
    check(
        Answer::with("500 Internal Server Error", hidden),
        Some(297_749),
    )
    .await;
    let message = wrong("GetFolder", "ErrorServerBusy").replace(
        "<m:DescriptiveLinkKey>",
        &format!(
            "{}<m:DescriptiveLinkKey>",
            said.replace("t:MessageXml", "m:MessageXml")
        ),
    );
    check(Answer::xml(soap("GetFolder", &message)), Some(297_749)).await;
    check(
        Answer::with("503 Service Unavailable", "").line("Retry-After: 7"),
        Some(7_000),
    )
    .await;
    check(
        Answer::xml(soap(
            "GetFolder",
            &wrong("GetFolder", "ErrorMailboxMoveInProgress").repeat(2),
        )),
        None,
    )
    .await;
}

#[tokio::test]
async fn pages_of_other_servers_are_no_answers() {
    let check = async |answer: Answer, expected: fn(&BackendError) -> bool| {
        let error = refused(answer).await;
        assert!(expected(&error), "{error:?}");
    };
    check(Answer::xml("<html><body>Sign in</body></html>"), |e| {
        matches!(e, BackendError::Protocol { .. })
    })
    .await;
    check(Answer::with("500 Internal Server Error", "<html>"), |e| {
        matches!(e, BackendError::Offline { .. })
    })
    .await;
    check(Answer::with("502 Bad Gateway", "no"), |e| {
        matches!(e, BackendError::Offline { .. })
    })
    .await;
    check(Answer::xml(places().split_at(900).0), |e| {
        matches!(e, BackendError::Protocol { .. })
    })
    .await;
    check(Answer::cut(), |e| matches!(e, BackendError::Offline { .. })).await;
}

#[tokio::test]
async fn service_that_is_blocked_is_asked_once() {
    let server = Server::start(|_, _| Answer::with("403 Forbidden", "blocked")).await;
    opened_as(&server, Opener::Owner).await.unwrap_err();
    assert_eq!(server.count(), 1);
}
