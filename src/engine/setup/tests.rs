//! From findings to candidates: what is prefilled, what is missing, what has to be asked.

use std::collections::BTreeMap;

use async_trait::async_trait;
use url::Url;

use super::profiles::{free_name, plain_name};
use super::*;
use crate::config::{Interface, VaultConfig};
use crate::discover::Reply;
use crate::model::Cloud;
use crate::net::{MxRecord, SrvRecord};

/// A world with one exchanger and one file of the domain.
#[derive(Debug, Default)]
struct World {
    exchanger: &'static str,
    file: String,
}

#[async_trait]
impl Sources for World {
    async fn get(&self, url: &Url) -> Result<Reply, NetError> {
        let is_file = url.host_str() == Some("autoconfig.contoso.com") && !self.file.is_empty();
        Ok(Reply {
            status: if is_file { 200 } else { 404 },
            location: None,
            body: self.file.clone().into(),
        })
    }
    async fn mx(&self, _domain: &str) -> Result<Vec<MxRecord>, NetError> {
        let record = MxRecord {
            preference: 1,
            host: self.exchanger.to_owned(),
        };
        Ok(vec![record])
    }
    async fn srv(&self, _service: &str) -> Result<Vec<SrvRecord>, NetError> {
        Ok(Vec::new())
    }
}

fn file(host: &str) -> String {
    format!(
        r#"<clientConfig><emailProvider><incomingServer type="imap"><hostname>{host}</hostname><port>993</port>
        <socketType>SSL</socketType><username>%EMAILLOCALPART%</username>
        <authentication>password-cleartext</authentication></incomingServer></emailProvider></clientConfig>"#
    )
}

fn config(profiles: &[SignInProfile]) -> Config {
    Config {
        sign_in: profiles
            .iter()
            .map(|profile| (profile.name.clone(), profile.clone()))
            .collect(),
        servers: BTreeMap::new(),
        accounts: Vec::new(),
        vault: VaultConfig::default(),
        interface: Interface {
            theme: String::new(),
            ascii: false,
            undo_seconds: 10,
            signature: String::new(),
            keys: BTreeMap::new(),
        },
    }
}

fn alice() -> Address {
    Address::bare("Alice.B@contoso.com")
}

async fn candidate_of(world: World, config: &Config) -> Candidate {
    let found = find(&world, &alice(), LIMIT).await;
    from_findings(config, alice(), &found)
}

fn profile(provider: Provider, method: Method) -> SignInProfile {
    SignInProfile {
        client_id: "id".into(),
        ..SignInProfile::new("mine", provider, method)
    }
}

#[tokio::test]
async fn an_unknown_domain_lacks_everything_but_names() {
    let found = candidate_of(World::default(), &config(&[])).await;
    assert_eq!(found.missing, ["authority", "client_id", "host"]);
    assert_eq!(found.account.name, "alice-b");
    assert_eq!(found.account.sign_in.name, "contoso");
    assert_eq!(found.account.sign_in.domains, ["contoso.com"]);
    assert!(found.alternatives.is_empty());
}

#[tokio::test]
async fn microsofts_customer_lacks_the_application_only() {
    let world = World {
        exchanger: "contoso-com.mail.protection.outlook.com",
        file: file("imap.contoso.com"),
    };
    let mut found = candidate_of(world, &config(&[])).await;
    assert_eq!(found.missing, ["client_id"]);
    assert_eq!(
        (found.sign_in_origin, found.servers_origin),
        (Origin::Mx, Origin::Mx)
    );
    assert_eq!(found.account.sign_in.provider, Provider::Microsoft365);
    let hosts = |found: &Candidate| {
        let others = found.alternatives.iter();
        let others = others.map(|other| other.servers.incoming.host.clone());
        (
            found.account.servers.incoming.host.clone(),
            others.collect::<Vec<_>>(),
        )
    };
    let (cloud, own) = (
        "outlook.office365.com".to_owned(),
        "imap.contoso.com".to_owned(),
    );
    assert_eq!(hosts(&found), (cloud.clone(), vec![own.clone()]));
    found.account.name = "typed".into();
    found.choose(0);
    assert_eq!(hosts(&found), (own, vec![cloud]));
    assert_eq!(found.missing, Vec::<&str>::new());
    assert_eq!(found.account.send_sign_in, found.account.sign_in);
    assert_eq!(found.account.login.as_deref(), Some("Alice.B"));
    assert_eq!(found.account.name, "typed");
    found.choose(7);
}

#[tokio::test]
async fn a_foreign_server_needs_consent_and_an_own_one_does_not() {
    let check = async |host: &str, expected: Option<&str>| {
        let world = World {
            file: file(host),
            ..World::default()
        };
        let found = candidate_of(world, &config(&[])).await;
        assert_eq!(found.account.servers.incoming.host, host);
        assert_eq!(found.needs_consent.as_deref(), expected, "{host}");
        assert_eq!(found.account.sign_in.method, Method::Password);
        assert_eq!(found.servers_origin, Origin::Autoconfig);
    };
    check("imap.contoso.com", None).await;
    check("imap.evil.example", Some("evil.example")).await;
}

#[tokio::test]
async fn a_profile_whose_application_is_known_is_used_again() {
    let gmail = profile(Provider::Gmail, Method::Browser);
    let world = World {
        exchanger: "aspmx.l.google.com",
        ..World::default()
    };
    let found = candidate_of(world, &config(&[gmail])).await;
    assert_eq!(found.account.sign_in.name, "mine");
    assert_eq!(found.sign_in_origin, Origin::Config);
    assert!(found.missing.is_empty());
    let mut work = profile(Provider::Microsoft365, Method::DeviceCode);
    for (tenant, is_used) in [("organizations", true), ("fabrikam.com", false)] {
        work.tenant = tenant.into();
        let world = World {
            exchanger: "contoso-com.mail.protection.outlook.com",
            ..World::default()
        };
        let found = candidate_of(world, &config(&[work.clone()])).await;
        assert_eq!(found.account.sign_in.name == "mine", is_used, "{tenant}");
    }
}

#[test]
fn a_configured_provider_brings_its_servers() {
    let mut work = profile(Provider::Microsoft365, Method::DeviceCode);
    work.cloud = Cloud::China;
    let found = from_config(&config(&[]), alice(), &work, None);
    assert_eq!(found.account.servers.incoming.host, "partner.outlook.cn");
    assert!(found.missing.is_empty());
    let gmail = profile(Provider::Gmail, Method::Browser);
    let found = from_config(&config(&[]), alice(), &gmail, None);
    assert_eq!(found.account.servers.incoming.host, "imap.gmail.com");
    let own = profile(Provider::ExchangeServer, Method::Password);
    let found = from_config(&config(&[]), alice(), &own, None);
    assert_eq!(found.missing, ["host"]);
}

#[test]
fn names_that_are_taken_are_numbered() {
    assert_eq!(free_name("a", &["a", "a-2"]), "a-3");
    assert_eq!(plain_name("--", "account"), "account");
    let taken = new_sign_in(
        "contoso".into(),
        Provider::Custom,
        Method::Browser,
        &alice(),
    );
    assert_eq!(profile_name(&config(&[taken]), &alice()), "contoso-2");
}

#[test]
fn a_password_needs_neither_client_nor_authority() {
    let sign_in = new_sign_in("x".into(), Provider::Custom, Method::Password, &alice());
    assert_eq!(missing(&sign_in, &empty_servers("x".into())), ["host"]);
}

#[test]
fn a_method_needs_its_own_endpoints() {
    let mut sign_in = profile(Provider::Custom, Method::Browser);
    sign_in.token_endpoint = Some("https://x/t".into());
    sign_in.authorization_endpoint = Some("https://x/a".into());
    let lacks = |sign_in: &SignInProfile| missing(sign_in, &empty_servers("x".into()));
    assert_eq!(lacks(&sign_in), ["host"]);
    sign_in.method = Method::DeviceCode;
    assert_eq!(lacks(&sign_in), ["authority", "host"]);
}
