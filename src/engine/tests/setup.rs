//! Setting up against a running engine: who is not asked, and addresses in an old form.

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use super::{Fixture, small_world};
use crate::discover::{Origin, Reply, Sources};
use crate::engine::ConfigChange;
use crate::model::{Address, Method, Provider, SignInProfile};
use crate::net::{MxRecord, NetError, SrvRecord};

/// Nobody may be asked.
#[derive(Debug)]
struct Forbidden;

#[async_trait]
impl Sources for Forbidden {
    async fn get(&self, url: &Url) -> Result<Reply, NetError> {
        panic!("{url} was asked")
    }
    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, NetError> {
        panic!("the exchanger of {domain} was asked for")
    }
    async fn srv(&self, service: &str) -> Result<Vec<SrvRecord>, NetError> {
        panic!("{service} was asked for")
    }
}

async fn fixture() -> Fixture {
    let mut config = super::config(&[]);
    let profile = config.sign_in.get_mut("x").unwrap();
    profile.domains = vec!["x.test".into()];
    Fixture::start_with(small_world(), config, false).await
}

#[tokio::test]
async fn a_configured_domain_and_a_known_provider_ask_nobody() {
    let fixture = fixture().await;
    let bob = Address::bare("bob@x.test");
    for found in [
        fixture.engine.discover_with(&Forbidden, bob.clone()).await,
        fixture.engine.discover(bob).await.unwrap(),
    ] {
        assert_eq!(found.account.sign_in.name, "x");
        assert_eq!(found.servers_origin, Origin::Config);
        assert!(found.missing.is_empty() && found.needs_consent.is_none());
    }
    let outlook = Address::bare("bob@outlook.com");
    let found = fixture.engine.discover_with(&Forbidden, outlook).await;
    assert_eq!(found.account.sign_in.provider, Provider::OutlookCom);
    assert_eq!(found.account.sign_in.tenant, "consumers");
    assert_eq!(found.servers_origin, Origin::Known);
}

#[tokio::test]
async fn an_ews_address_becomes_a_candidate_that_says_so() {
    let engine = fixture().await.engine;
    let bob = || Address::bare("bob@contoso.com");
    let old = "EWS:outlook.office365.com/ews/Exchange.asmx";
    let found = engine.candidate_of_old_server(bob(), old).unwrap();
    assert_eq!(
        found.stands_for_ews.as_deref(),
        Some("outlook.office365.com")
    );
    assert_eq!(found.account.sign_in.provider, Provider::Microsoft365);
    assert_eq!(found.servers_origin, Origin::Typed);
    let own = "https://mail.contoso.com/EWS/Exchange.asmx";
    let found = engine.candidate_of_old_server(bob(), own).unwrap();
    assert_eq!(found.stands_for_ews, None, "it keeps EWS");
    assert_eq!(found.account.sign_in.provider, Provider::ExchangeServer);
    assert_eq!(found.account.servers.incoming.host, "mail.contoso.com");
    assert!(
        engine
            .candidate_of_old_server(bob(), "imap.contoso.com")
            .is_none()
    );
}

#[tokio::test]
async fn a_profile_that_is_renamed_takes_its_secret_along_and_one_removed_loses_it() {
    let engine = fixture().await.engine;
    let spare = SignInProfile {
        client_id: "an-app".into(),
        ..SignInProfile::new("spare", Provider::Gmail, Method::Browser)
    };
    let add = ConfigChange::SignIn(Box::new(spare));
    engine.change_config(add).await.unwrap();
    let secret = SecretString::from("a-value");
    engine.set_client_secret("spare", secret).await.unwrap();
    let rename = ConfigChange::RenameSignIn {
        name: "spare".into(),
        new: "google".into(),
    };
    engine.change_config(rename).await.unwrap();
    assert!(engine.config().sign_in.contains_key("google"));
    assert!(engine.has_client_secret("google").await.unwrap());
    assert!(!engine.has_client_secret("spare").await.unwrap());
    let remove = ConfigChange::RemoveSignIn("google".into());
    engine.change_config(remove).await.unwrap();
    assert!(!engine.has_client_secret("google").await.unwrap());
}
