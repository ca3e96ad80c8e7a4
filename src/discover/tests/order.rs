//! What is suggested first, and that the time of an answer does not matter.

use std::time::Duration;

use crate::discover::tests::{
    AUTOCONFIG, CLOUD_AUTODISCOVER, GUID, ISPDB, LIMIT, OWN_AUTODISCOVER, Script, TENANT,
    WELL_KNOWN, alice, file, hosts, origins, outcome,
};
use crate::discover::{HostTrust, Origin, find};
use crate::model::{Address, Cloud, IncomingProtocol, Method, Provider};

const HOSTER: &str = "https://live.thunderbird.net/autoconfig/v1.1/hoster.example";

fn everything() -> Script {
    Script::new()
        .exchanger("mx1.hoster.example")
        .answers(ISPDB, 200, &file("ispdb.example"))
        .answers(AUTOCONFIG, 200, &file("contoso.com"))
        .answers(WELL_KNOWN, 200, &file("web.contoso.com"))
        .answers(HOSTER, 200, &file("hoster.example"))
        .service("_imaps", "srv.contoso.com", 993)
        .answers(
            OWN_AUTODISCOVER,
            200,
            r#"{"Url":"https://ews.contoso.com/EWS/Exchange.asmx"}"#,
        )
        .tenant()
}

#[tokio::test(start_paused = true)]
async fn all_that_was_found_comes_in_the_fixed_order() {
    let found = alice(&everything()).await;
    assert_eq!(
        hosts(&found),
        [
            "imap.ispdb.example",
            "imap.contoso.com",
            "imap.web.contoso.com",
            "imap.hoster.example",
            "srv.contoso.com",
            "ews.contoso.com",
            "outlook.office365.com",
        ]
    );
    assert_eq!(
        origins(&found),
        [
            Origin::Ispdb,
            Origin::Autoconfig,
            Origin::Autoconfig,
            Origin::Ispdb,
            Origin::Srv,
            Origin::Autodiscover,
            Origin::Provider,
        ]
    );
    assert_eq!(found.sign_in, found.servers[0].sign_in);
    assert_eq!(found.tenant.unwrap().id, GUID);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_keeps_its_place() {
    let slow = Duration::from_millis(3_900);
    let found = alice(&everything().late(ISPDB, slow, 200, &file("ispdb.example"))).await;
    assert_eq!(hosts(&found)[0], "imap.ispdb.example");
    let slowest = Duration::from_millis(4_100);
    let found = alice(&everything().late(ISPDB, slowest, 200, &file("ispdb.example"))).await;
    assert_eq!(hosts(&found)[0], "imap.contoso.com");
    assert_eq!(outcome(&found, Origin::Ispdb), "late");
}

#[tokio::test(start_paused = true)]
async fn a_known_exchanger_wins_over_every_file() {
    let found = alice(&everything().exchanger("contoso-com.mail.protection.outlook.com")).await;
    assert_eq!(hosts(&found)[0], "outlook.office365.com");
    assert_eq!(found.servers[0].origin, Origin::Mx);
    let sign_in = found.sign_in.unwrap();
    assert_eq!(sign_in.provider, Provider::Microsoft365);
    assert_eq!(
        (sign_in.tenant.as_str(), sign_in.origin),
        (GUID, Origin::Provider)
    );
    let google = alice(&everything().exchanger("aspmx.l.google.com")).await;
    assert_eq!(hosts(&google)[0], "imap.gmail.com");
    let sign_in = google.sign_in.unwrap();
    assert_eq!(
        (sign_in.provider, sign_in.method),
        (Provider::Gmail, Method::Browser)
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_tenant_microsofts_customers_sign_in_at_organizations() {
    let script = Script::new().exchanger("contoso-cn.mail.protection.partner.outlook.cn");
    let sign_in = alice(&script).await.sign_in.unwrap();
    assert_eq!(
        (sign_in.tenant.as_str(), sign_in.cloud),
        ("organizations", Cloud::China)
    );
}

#[tokio::test(start_paused = true)]
async fn the_login_service_knows_the_cloud_better_than_the_exchanger() {
    let body = format!(
        r#"{{"issuer":"https://login.microsoftonline.us/{GUID}/v2.0","token_endpoint":"https://login.microsoftonline.us/x","tenant_region_sub_scope":"DOD"}}"#
    );
    let script = Script::new()
        .exchanger("contoso-com.mail.protection.office365.us")
        .answers(TENANT, 200, &body);
    let found = alice(&script).await;
    assert_eq!(hosts(&found), ["outlook-dod.office365.us"]);
    assert_eq!(found.sign_in.unwrap().cloud, Cloud::UsDod);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_world_ends_at_the_limit_with_what_there_was() {
    let silent = everything()
        .silent("autoconfig.contoso.com")
        .silent("contoso.com")
        .silent("live.thunderbird.net")
        .silent("login.microsoftonline.com")
        .silent("autodiscover.contoso.com")
        .silent("mx");
    let start = tokio::time::Instant::now();
    let found = alice(&silent).await;
    assert_eq!(start.elapsed(), LIMIT);
    assert_eq!(hosts(&found), ["srv.contoso.com"]);
    for origin in [
        Origin::Mx,
        Origin::Ispdb,
        Origin::Autoconfig,
        Origin::Provider,
        Origin::Autodiscover,
    ] {
        assert_eq!(outcome(&found, origin), "late", "{origin:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_answers_that_change_nothing() {
    let script = everything()
        .exchanger("contoso-com.mail.protection.outlook.com")
        .silent("autoconfig.contoso.com")
        .silent("contoso.com");
    let start = tokio::time::Instant::now();
    let found = alice(&script).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(outcome(&found, Origin::Autoconfig), "late");
    assert_eq!(found.servers[0].origin, Origin::Mx);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_server_of_ones_own_is_suggested_with_ews() {
    let answer = r#"{"Protocol":"EWS","Url":"https://mail.contoso.com/EWS/Exchange.asmx"}"#;
    let found = alice(&Script::new().answers(OWN_AUTODISCOVER, 200, answer)).await;
    assert_eq!(hosts(&found), ["mail.contoso.com"]);
    let first = &found.servers[0];
    assert_eq!(
        (first.incoming.protocol, &first.trust),
        (IncomingProtocol::Ews, &HostTrust::Own)
    );
    let sign_in = found.sign_in.unwrap();
    assert_eq!(
        (sign_in.provider, sign_in.method),
        (Provider::ExchangeServer, Method::Password)
    );
}

#[tokio::test(start_paused = true)]
async fn port_and_path_that_autodiscover_names_are_used() {
    let answer = r#"{"Protocol":"EWS","Url":"https://proxy.contoso.com:8443/mail/Exchange.asmx"}"#;
    let found = alice(&Script::new().answers(OWN_AUTODISCOVER, 200, answer)).await;
    let first = &found.servers[0];
    let place = (first.incoming.port, first.incoming.path.as_deref());
    assert_eq!(place, (8443, Some("/mail/Exchange.asmx")));
    let outgoing = first.outgoing.as_ref().unwrap();
    assert_eq!((outgoing.port, outgoing.path.as_deref()), place);
}

#[tokio::test(start_paused = true)]
async fn microsoft_says_which_customers_have_servers_of_their_own() {
    let own = "https://mail.contoso.com/autodiscover/autodiscover.json/v1.0/alice@contoso.com?Protocol=EWS";
    let script = Script::new()
        .tenant()
        .redirects(CLOUD_AUTODISCOVER, own)
        .answers(
            own,
            200,
            r#"{"Url":"https://mail.contoso.com/EWS/Exchange.asmx"}"#,
        );
    let found = alice(&script).await;
    assert_eq!(hosts(&found), ["mail.contoso.com", "outlook.office365.com"]);
}

#[tokio::test]
async fn a_provider_known_by_heart_is_complete() {
    for (email, provider, method, host) in [
        (
            "a@Outlook.com",
            Provider::OutlookCom,
            Method::DeviceCode,
            "outlook.office365.com",
        ),
        (
            "a@hotmail.co.uk",
            Provider::OutlookCom,
            Method::DeviceCode,
            "outlook.office365.com",
        ),
        (
            "a@gmail.com",
            Provider::Gmail,
            Method::Browser,
            "imap.gmail.com",
        ),
        (
            "a@fastmail.com",
            Provider::Custom,
            Method::Password,
            "imap.fastmail.com",
        ),
        (
            "a@yandex.ru",
            Provider::Custom,
            Method::Browser,
            "imap.yandex.com",
        ),
    ] {
        let found = find(&Script::new(), &Address::bare(email), LIMIT).await;
        assert_eq!(hosts(&found), [host], "{email}");
        let sign_in = found.sign_in.unwrap();
        assert_eq!(
            (sign_in.provider, sign_in.method),
            (provider, method),
            "{email}"
        );
    }
}
