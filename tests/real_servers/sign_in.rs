//! Sign-in and renewal at a real provider, and what the mail servers think of the tokens.

use std::time::Duration;

use pillarbox::auth::{
    AuthError, ClientProof, Denial, DeviceFlow, DeviceProgress, Resource, SignedIn, TokenKeeper,
    TokenState, Unlock, Vault,
};
use pillarbox::backend::{BackendError, Credential, Login, imap, smtp};
use pillarbox::config::{VaultConfig, VaultKind};
use pillarbox::model::{
    IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer, Provider,
    SignInProfile, TlsMode,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::mpsc;

use crate::lab::{Lab, SCOPES, fresh_name};

/// Somebody with an app of his own, so that the provider's habits can be set for this test alone.
struct Person {
    lab: Lab,
    address: String,
    client_id: String,
}

impl Person {
    fn new() -> Self {
        let name = fresh_name();
        Self {
            lab: Lab::find(),
            address: format!("{name}@contoso.test"),
            client_id: format!("lab-{name}"),
        }
    }

    fn profile(&self) -> SignInProfile {
        SignInProfile {
            client_id: self.client_id.clone(),
            authority: Some(self.lab.value("LAB_AUTHORITY").to_owned()),
            scopes: SCOPES.split_whitespace().map(str::to_owned).collect(),
            ca_file: Some(self.lab.value("LAB_CA_FILE").into()),
            ..SignInProfile::new("lab", Provider::Custom, Method::DeviceCode)
        }
    }

    /// Sets one of the provider's habits towards this person's app (`provider/clients.mjs`).
    async fn set(&self, habit: &str, value: serde_json::Value) {
        let fields = json!({"client_id": self.client_id, habit: value});
        self.lab.admin("client", fields).await;
    }

    async fn start(&self) -> Result<DeviceFlow, AuthError> {
        DeviceFlow::start(&self.profile(), ClientProof::None, &self.lab.http).await
    }

    /// Signs in through the flow under test.
    async fn sign_in(&self) -> SignedIn {
        let flow = self.start().await.expect("a code");
        let code = flow.authorization().user_code.clone();
        self.lab.approve(&code, &self.address).await;
        flow.finish(mpsc::unbounded_channel().0)
            .await
            .expect("tokens")
    }

    async fn keeper(&self, folder: &std::path::Path) -> TokenKeeper {
        let config = VaultConfig {
            kind: VaultKind::File,
            key_file: Some(folder.join("vault.key")),
            ..VaultConfig::default()
        };
        let vault = Vault::open(&config, folder, Unlock::Unattended)
            .await
            .expect("a vault");
        TokenKeeper::load(self.profile(), "lab", vault, self.lab.http.clone())
            .await
            .expect("a keeper")
    }

    async fn open(&self, mailbox: &str, credential: Credential) -> Result<(), BackendError> {
        let server = IncomingServer {
            protocol: IncomingProtocol::Imap,
            host: "localhost".to_owned(),
            port: self.lab.port("IMAPS"),
            tls: TlsMode::Implicit,
            path: None,
        };
        let login = Login {
            user: mailbox.to_owned(),
            credential,
        };
        imap::connect(&server, &self.lab.trust, &login)
            .await
            .map(drop)
    }

    async fn open_for_sending(
        &self,
        user: &str,
        credential: Credential,
    ) -> Result<(), BackendError> {
        let server = OutgoingServer {
            protocol: OutgoingProtocol::Smtp,
            host: "localhost".to_owned(),
            port: self.lab.port("SMTP"),
            tls: TlsMode::StartTls,
            path: None,
        };
        let login = Login {
            user: user.to_owned(),
            credential,
        };
        smtp::connect(&server, &self.lab.trust, &login)
            .await
            .map(drop)
    }
}

fn denial(error: AuthError) -> Denial {
    match error {
        AuthError::Denied { denial, .. } => denial,
        other => panic!("{other:?}"),
    }
}

fn check_sign_in(result: &Result<(), BackendError>) {
    assert!(
        matches!(result, Err(BackendError::SignIn { .. })),
        "{result:?}"
    );
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn device_code_brings_tokens_that_open_mailbox_and_submission() {
    let person = Person::new();
    let signed_in = person.sign_in().await;
    assert_eq!(signed_in.identity.username, person.address);
    assert!(signed_in.refresh_token.is_some());
    let credential = Credential::Bearer(signed_in.access_token);
    person
        .open(&person.address, credential.clone())
        .await
        .expect("a mailbox");
    person
        .open_for_sending(&person.address, credential)
        .await
        .expect("a submission");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn slow_down_is_obeyed() {
    let person = Person::new();
    let flow = person.start().await.expect("a code");
    let code = flow.authorization().user_code.clone();
    let interval = flow.authorization().interval;
    let fault =
        json!({"client_id": person.client_id, "status": 400, "body": {"error": "slow_down"}});
    person.lab.admin("fault", fault).await;
    person.lab.approve(&code, &person.address).await;
    let (progress, mut told) = mpsc::unbounded_channel();
    flow.finish(progress).await.expect("tokens");
    let mut waits = Vec::new();
    while let Some(event) = told.recv().await {
        if let DeviceProgress::Asked { next_in } = event {
            waits.push(next_in);
        }
    }
    assert_eq!(waits.last(), Some(&(interval + Duration::from_secs(5))));
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn trouble_while_polling_does_not_end_the_sign_in() {
    let person = Person::new();
    let flow = person.start().await.expect("a code");
    let code = flow.authorization().user_code.clone();
    for fault in [
        json!({"status": 503, "body": "busy"}),
        json!({"status": 200, "body": "<html>hello</html>"}),
    ] {
        let mut fault = fault;
        fault["client_id"] = json!(person.client_id);
        person.lab.admin("fault", fault).await;
    }
    person.lab.approve(&code, &person.address).await;
    flow.finish(mpsc::unbounded_channel().0)
        .await
        .expect("tokens");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn no_is_no() {
    let person = Person::new();
    let flow = person.start().await.expect("a code");
    let code = flow.authorization().user_code.clone();
    person.lab.admin("deny", json!({"user_code": code})).await;
    let error = flow
        .finish(mpsc::unbounded_channel().0)
        .await
        .expect_err("no tokens");
    assert_eq!(denial(error), Denial::Declined);
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn unused_code_expires() {
    let person = Person::new();
    person.set("codeLife", json!(2)).await;
    let flow = person.start().await.expect("a code");
    let error = flow
        .finish(mpsc::unbounded_channel().0)
        .await
        .expect_err("no tokens");
    assert_eq!(denial(error), Denial::Expired);
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn unknown_app_is_refused_with_its_code() {
    let mut person = Person::new();
    person.client_id = "unregistered".to_owned();
    let error = person.start().await.expect_err("no code");
    let AuthError::Denied { code, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(code, "AADSTS700016");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn tokens_are_renewed_and_survive_a_restart() {
    let person = Person::new();
    person.set("tokenLife", json!(3)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let keeper = person.keeper(folder.path()).await;
    keeper
        .adopt(person.sign_in().await)
        .await
        .expect("kept tokens");
    let first = keeper.bearer(Resource::Mail).await.expect("a token");
    // From here on they last, so that a slow machine does not make another story of this.
    person.set("tokenLife", json!(3600)).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    check_sign_in(
        &person
            .open(&person.address, Credential::Bearer(first.clone()))
            .await,
    );
    let second = keeper
        .bearer(Resource::Mail)
        .await
        .expect("a renewed token");
    assert_ne!(first.expose_secret(), second.expose_secret());
    let credential = Credential::Bearer(second.clone());
    person
        .open(&person.address, credential)
        .await
        .expect("a mailbox");
    let keeper = person.keeper(folder.path()).await;
    let kept = keeper.bearer(Resource::Mail).await.expect("a kept token");
    assert_eq!(kept.expose_secret(), second.expose_secret());
    keeper.reject(Resource::Mail, &kept).await;
    let third = keeper
        .bearer(Resource::Mail)
        .await
        .expect("a token by the kept refresh token");
    assert_ne!(third.expose_secret(), second.expose_secret());
    person
        .open(&person.address, Credential::Bearer(third))
        .await
        .expect("a mailbox");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn lost_answer_ends_the_sign_in_where_tokens_are_taken_once() {
    assert_eq!(
        renewal_with_a_lost_answer(true).await.err(),
        Some(Denial::AnswerLost)
    );
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn lost_answer_is_asked_for_again_where_tokens_live_on() {
    assert_eq!(renewal_with_a_lost_answer(false).await, Ok(()));
}

async fn renewal_with_a_lost_answer(rotate: bool) -> Result<(), Denial> {
    let person = Person::new();
    person.set("rotate", json!(rotate)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let keeper = person.keeper(folder.path()).await;
    let signed_in = person.sign_in().await;
    keeper.adopt(signed_in).await.expect("kept tokens");
    let token = keeper.bearer(Resource::Mail).await.expect("a token");
    keeper.reject(Resource::Mail, &token).await;
    let fault = json!({"client_id": person.client_id, "isLost": true});
    person.lab.admin("fault", fault).await;
    let renewed = keeper.bearer(Resource::Mail).await.map_err(denial)?;
    let opened = person.open(&person.address, Credential::Bearer(renewed));
    opened.await.expect("a mailbox");
    Ok(())
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn ended_sign_in_asks_for_a_new_one() {
    let person = Person::new();
    let folder = tempfile::tempdir().expect("a folder");
    let keeper = person.keeper(folder.path()).await;
    keeper
        .adopt(person.sign_in().await)
        .await
        .expect("kept tokens");
    let token = keeper.bearer(Resource::Mail).await.expect("a token");
    person
        .lab
        .admin("revoke", json!({"user": person.address}))
        .await;
    check_sign_in(
        &person
            .open(&person.address, Credential::Bearer(token.clone()))
            .await,
    );
    keeper.reject(Resource::Mail, &token).await;
    let error = keeper.bearer(Resource::Mail).await.expect_err("no token");
    assert_eq!(denial(error), Denial::GrantEnded);
    let state = keeper.state().borrow().clone();
    assert!(matches!(state, TokenState::NeedsSignIn { .. }), "{state:?}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn token_for_reading_does_not_send() {
    let person = Person::new();
    let scopes = "openid offline_access https://outlook.office.com/IMAP.AccessAsUser.All";
    let token = person
        .lab
        .token(&person.client_id, &person.address, scopes)
        .await;
    let credential = Credential::Bearer(token);
    person
        .open(&person.address, credential.clone())
        .await
        .expect("a mailbox");
    check_sign_in(&person.open_for_sending(&person.address, credential).await);
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn passwords_work_where_they_are_taken() {
    let person = Person::new();
    let address = format!("{}@password.test", fresh_name());
    let password = |text: &str| Credential::Password(SecretString::from(text));
    person
        .open(&address, password("lab-password"))
        .await
        .expect("a mailbox");
    person
        .open_for_sending(&address, password("lab-password"))
        .await
        .expect("a submission");
    check_sign_in(&person.open(&address, password("wrong")).await);
    check_sign_in(&person.open_for_sending(&address, password("wrong")).await);
}
