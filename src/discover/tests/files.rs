//! What files and records may say, and what of it is believed.

use crate::discover::tests::{AUTOCONFIG, ISPDB, Script, alice, file, hosts, outcome};
use crate::discover::{Endpoints, Finding, Findings, HostTrust, Origin};
use crate::model::{Cloud, Method, Provider, TlsMode};

/// A server of a file.
fn server(kind: &str, host: &str, socket: &str, more: &str) -> String {
    let tag = if kind == "smtp" {
        "outgoingServer"
    } else {
        "incomingServer"
    };
    let port = if socket == "SSL" { 993 } else { 143 };
    format!(
        r#"<{tag} type="{kind}"><hostname>{host}</hostname><port>{port}</port><socketType>{socket}</socketType>{more}</{tag}>"#
    )
}

fn config(servers: &str, oauth: &str) -> String {
    format!(
        r#"<clientConfig version="1.1"><emailProvider id="x">{servers}</emailProvider>{oauth}</clientConfig>"#
    )
}

async fn published(body: &str) -> Findings {
    alice(&Script::new().answers(AUTOCONFIG, 200, body)).await
}

async fn listed(body: &str) -> Findings {
    alice(&Script::new().answers(ISPDB, 200, body)).await
}

async fn only(body: &str) -> Finding {
    let found = published(body).await;
    assert_eq!(found.servers.len(), 1, "{found:#?}");
    found.servers.into_iter().next().unwrap()
}

const PASSWORD: &str = "<authentication>password-cleartext</authentication>";
const BOTH: &str =
    "<authentication>OAuth2</authentication><authentication>password-cleartext</authentication>";

fn oauth(host: &str) -> String {
    format!(
        "<oAuth2><issuer>x</issuer><scope>mail, offline</scope><authURL>https://{host}/a</authURL><tokenURL>https://{host}/t</tokenURL></oAuth2>"
    )
}

#[tokio::test(start_paused = true)]
async fn servers_login_and_sign_in_are_read_from_a_file() {
    let found = published(&file("contoso.com")).await;
    let first = &found.servers[0];
    assert_eq!(
        (first.incoming.port, first.incoming.tls),
        (993, TlsMode::Implicit)
    );
    let smtp = first.outgoing.as_ref().unwrap();
    assert_eq!(
        (smtp.host.as_str(), smtp.port, smtp.tls),
        ("smtp.contoso.com", 587, TlsMode::StartTls)
    );
    assert_eq!(
        (first.login.as_deref(), &first.trust),
        (None, &HostTrust::Own)
    );
    let sign_in = first.sign_in.as_ref().unwrap();
    assert_eq!(
        (sign_in.provider, sign_in.method),
        (Provider::Custom, Method::Password)
    );
    assert_eq!(sign_in.origin, Origin::Autoconfig);
}

#[tokio::test(start_paused = true)]
async fn placeholders_are_filled_in_and_the_misspelt_one_too() {
    let check = async |user: &str, expected: Option<&str>| {
        let more = format!("<username>{user}</username>{PASSWORD}");
        let found = only(&config(
            &server("imap", "imap.%EMAILDOMAIN%", "SSL", &more),
            "",
        ))
        .await;
        assert_eq!(found.incoming.host, "imap.contoso.com");
        assert_eq!(found.login.as_deref(), expected, "{user}");
    };
    check("%EMAILADDRESS%", None).await;
    check("%EMAILADDRESS", None).await;
    check("%EMAILLOCALPART%", Some("alice")).await;
    check("%EMAILLOCALPART%.%EMAILDOMAIN%", Some("alice.contoso.com")).await;
    check("CONTOSO\\%EMAILLOCALPART%", Some("CONTOSO\\alice")).await;
    check("%REALNAME%", None).await;
    check("", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_tls_is_never_suggested() {
    let plain = server("imap", "imap.contoso.com", "plain", PASSWORD);
    let tls = server("imap", "mail.contoso.com", "STARTTLS", PASSWORD);
    let found = published(&config(&format!("{plain}{tls}"), "")).await;
    assert_eq!(hosts(&found), ["mail.contoso.com"]);
    assert_eq!(found.servers[0].incoming.tls, TlsMode::StartTls);
    let found = published(&config(&plain, "")).await;
    assert!(found.servers.is_empty());
    assert_eq!(
        outcome(&found, Origin::Autoconfig),
        "autoconfig.contoso.com names servers without TLS only"
    );
}

#[tokio::test(start_paused = true)]
async fn other_protocols_are_passed_over() {
    let servers = ["pop3", "exchange", "ews", "graph"]
        .map(|kind| server(kind, "mail.contoso.com", "SSL", PASSWORD));
    let found = published(&config(&servers.concat(), "")).await;
    assert!(found.servers.is_empty());
    assert_eq!(outcome(&found, Origin::Autoconfig), "nothing");
}

#[tokio::test(start_paused = true)]
async fn the_users_name_never_becomes_part_of_a_host_name() {
    for host in [
        "%EMAILLOCALPART%.evil.example",
        "%EMAILADDRESS%.evil.example",
        "%EMAILDOMAIN",
        "a%2eb.example",
    ] {
        let found = published(&config(&server("imap", host, "SSL", PASSWORD), "")).await;
        assert!(found.servers.is_empty(), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_host_needs_a_voucher() {
    let foreign = HostTrust::Foreign {
        domain: "evil.example".to_owned(),
    };
    assert_eq!(only(&file("evil.example")).await.trust, foreign);
    let listed = listed(&file("evil.example")).await;
    assert_eq!(listed.servers[0].trust, HostTrust::Vouched);
    let own_and_foreign = server("imap", "imap.contoso.com", "SSL", PASSWORD)
        + &server("smtp", "smtp.evil.example", "SSL", "");
    assert_eq!(only(&config(&own_and_foreign, "")).await.trust, foreign);
    let records = Script::new()
        .service("_imaps", "imap.evil.example", 993)
        .service("_submissions", "smtp.contoso.com", 465);
    assert_eq!(alice(&records).await.servers[0].trust, foreign);
}

#[tokio::test(start_paused = true)]
async fn microsofts_hosts_mean_oauth_whatever_the_file_says() {
    for (host, provider, cloud, imap) in [
        (
            "outlook.office365.com",
            Provider::Microsoft365,
            Cloud::Public,
            "outlook.office365.com",
        ),
        (
            "pod1.outlook.com",
            Provider::Microsoft365,
            Cloud::Public,
            "outlook.office365.com",
        ),
        (
            "outlook.office365.us",
            Provider::Microsoft365,
            Cloud::UsGov,
            "outlook.office365.us",
        ),
        (
            "partner.outlook.cn",
            Provider::Microsoft365,
            Cloud::China,
            "partner.outlook.cn",
        ),
        (
            "imap-mail.outlook.com",
            Provider::OutlookCom,
            Cloud::Public,
            "outlook.office365.com",
        ),
    ] {
        let found = only(&config(
            &server("imap", host, "SSL", PASSWORD),
            &oauth("contoso.com"),
        ))
        .await;
        let sign_in = found.sign_in.unwrap();
        assert_eq!(
            (sign_in.provider, sign_in.cloud, sign_in.endpoints),
            (provider, cloud, None),
            "{host}"
        );
        assert_ne!(sign_in.method, Method::Password, "{host}");
        assert_eq!(
            (found.incoming.host.as_str(), found.trust),
            (imap, HostTrust::Vouched),
            "{host}"
        );
        assert_eq!(found.outgoing.unwrap().port, 587, "{host}");
    }
    let found = only(&config(
        &server("imap", "notoutlook.com", "SSL", PASSWORD),
        "",
    ))
    .await;
    assert_eq!(found.sign_in.unwrap().provider, Provider::Custom);
}

#[tokio::test(start_paused = true)]
async fn endpoints_are_believed_of_the_domain_itself_and_of_the_data_base() {
    let endpoints = |found: &Finding| {
        let sign_in = found.sign_in.clone().unwrap();
        (sign_in.method, sign_in.endpoints)
    };
    let imap = server("imap", "imap.contoso.com", "SSL", BOTH);
    let own = only(&config(&imap, &oauth("login.contoso.com"))).await;
    let expected = Endpoints {
        authorization: "https://login.contoso.com/a".to_owned(),
        token: "https://login.contoso.com/t".to_owned(),
        scopes: vec!["mail".to_owned(), "offline".to_owned()],
    };
    assert_eq!(endpoints(&own), (Method::Browser, Some(expected)));
    let foreign = only(&config(&imap, &oauth("evil.example"))).await;
    assert_eq!(endpoints(&foreign), (Method::Password, None));
    let plain = oauth("login.contoso.com").replace("https:", "http:");
    assert_eq!(
        endpoints(&only(&config(&imap, &plain)).await),
        (Method::Password, None)
    );
    let found = listed(&config(&imap, &oauth("hoster.example"))).await;
    assert_eq!(endpoints(&found.servers[0]).0, Method::Browser);
}

#[tokio::test(start_paused = true)]
async fn records_say_what_is_offered_and_what_is_not() {
    let script = Script::new()
        .service("_imaps", "", 0)
        .service("_imap", "imap.contoso.com", 143)
        .service("_submissions", "", 0)
        .service("_submission", "smtp.contoso.com", 587);
    let found = alice(&script).await;
    assert_eq!(found.servers.len(), 1);
    let first = &found.servers[0];
    assert_eq!(
        (first.incoming.port, first.incoming.tls),
        (143, TlsMode::StartTls)
    );
    assert_eq!(first.outgoing.as_ref().unwrap().host, "smtp.contoso.com");
    assert_eq!(first.sign_in, None);
    let none = Script::new()
        .service("_imaps", "", 0)
        .service("_imap", "", 0);
    assert_eq!(outcome(&alice(&none).await, Origin::Srv), "nothing");
}

#[tokio::test(start_paused = true)]
async fn one_server_is_not_suggested_twice() {
    let script = Script::new()
        .answers(AUTOCONFIG, 200, &file("contoso.com"))
        .service("_imaps", "imap.contoso.com", 993);
    let found = alice(&script).await;
    assert_eq!(hosts(&found), ["imap.contoso.com"]);
    assert_eq!(found.servers[0].origin, Origin::Autoconfig);
    assert_eq!(outcome(&found, Origin::Srv), "found");
}
