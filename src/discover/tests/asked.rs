//! Who is asked what: the table of `docs/discovery.md`, and nobody else.

use crate::discover::tests::{
    AUTOCONFIG, CLOUD_AUTODISCOVER, ISPDB, LIMIT, OWN_AUTODISCOVER, Script, TENANT, WELL_KNOWN,
    alice, file, hosts, outcome,
};
use crate::discover::{Origin, find};
use crate::model::Address;

const RECORDS: [&str; 5] = [
    "MX contoso.com",
    "SRV _imap._tcp.contoso.com",
    "SRV _imaps._tcp.contoso.com",
    "SRV _submission._tcp.contoso.com",
    "SRV _submissions._tcp.contoso.com",
];
const PAGES: [&str; 4] = [AUTOCONFIG, WELL_KNOWN, ISPDB, TENANT];

async fn check(script: Script, more: &[&str]) {
    alice(&script).await;
    let mut expected: Vec<&str> = [&RECORDS[..], &PAGES[..], more].concat();
    expected.sort_unstable();
    assert_eq!(script.asked(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_domain_is_asked_for_its_exchange_server() {
    check(Script::new(), &[OWN_AUTODISCOVER]).await;
    check(
        Script::new().exchanger("mx.contoso.com"),
        &[OWN_AUTODISCOVER],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_data_base_is_asked_about_the_exchangers_registered_domain() {
    let hoster = "https://live.thunderbird.net/autoconfig/v1.1/hoster.co.uk";
    check(
        Script::new().exchanger("mx1.eu.hoster.co.uk"),
        &[OWN_AUTODISCOVER, hoster],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn microsoft_is_given_the_address_of_its_customers_only() {
    check(
        Script::new().tenant(),
        &[OWN_AUTODISCOVER, CLOUD_AUTODISCOVER],
    )
    .await;
    let customer = Script::new().exchanger("contoso-com.mail.protection.outlook.com");
    check(customer.tenant(), &[CLOUD_AUTODISCOVER]).await;
    let google = Script::new().exchanger("aspmx.l.google.com");
    check(google, &[]).await;
}

#[tokio::test]
async fn nobody_is_asked_about_a_known_provider_or_about_what_is_no_domain() {
    for email in [
        "a@outlook.com",
        "a@GMAIL.com",
        "a@localhost",
        "a@127.0.0.1",
        "a@[::1]",
        "a",
        "",
        "a@b@..",
    ] {
        let script = Script::new();
        find(&script, &Address::bare(email), LIMIT).await;
        assert_eq!(script.asked(), Vec::<String>::new(), "{email}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_leads_to_nobody_else_and_never_away_from_tls() {
    let check = async |to: &str, expected: &[&str]| {
        let script = Script::new()
            .redirects(AUTOCONFIG, to)
            .answers("https://www.contoso.com/c.xml", 200, &file("contoso.com"))
            .answers("http://www.contoso.com/c.xml", 200, &file("contoso.com"))
            .answers("https://evil.example/c.xml", 200, &file("contoso.com"));
        assert_eq!(hosts(&alice(&script).await), expected, "{to}");
    };
    check("https://www.contoso.com/c.xml", &["imap.contoso.com"]).await;
    check("http://www.contoso.com/c.xml", &[]).await;
    check("https://evil.example/c.xml", &[]).await;
    check("//evil.example/c.xml", &[]).await;
    check("https://a:b@www.contoso.com/c.xml", &[]).await;
    check("https://127.0.0.1/c.xml", &[]).await;
    check("", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_points_in_a_circle_is_left() {
    let script = Script::new().redirects(AUTOCONFIG, AUTOCONFIG);
    let found = alice(&script).await;
    assert_eq!(
        outcome(&found, Origin::Autoconfig),
        "autoconfig.contoso.com points to autoconfig.contoso.com"
    );
    let asked = script.asked();
    assert_eq!(asked.iter().filter(|url| *url == AUTOCONFIG).count(), 3);
}
