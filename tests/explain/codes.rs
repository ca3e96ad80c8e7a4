//! Every code of Microsoft's sign-in service that is explained, given at every place where it can come.

use std::sync::Arc;
use std::time::Duration;

use pillarbox::config::{Config, Paths};
use pillarbox::demo::{Control, Endpoint, Tenant, Trouble};
use pillarbox::engine::{
    BrowserProgress, DeviceProgress, Engine, EngineError, Options, SignInEvent, Unlock,
};
use pillarbox::explain::{Notice, explain, explain_text};
use pillarbox::model::Method;

use crate::home::tenant;

/// The table itself, so that a code that is added to it is asked for here at once.
const TABLE: &str = include_str!("../../src/explain/aadsts.rs");

/// Codes that only ask for patience (too many requests, a fault of the service itself): told as such.
const PATIENCE: [u32; 2] = [50_196, 70_012];

fn codes() -> Vec<u32> {
    let rows = TABLE.split("    row(&[").skip(1);
    let lists = rows.filter_map(|row| row.split_once(']').map(|(list, _)| list.replace('_', "")));
    let numbers = lists.flat_map(|list| {
        let numbers: Vec<u32> = list
            .split(',')
            .filter_map(|number| number.trim().parse().ok())
            .collect();
        numbers
    });
    numbers.collect()
}

/// An engine with one account that a person signs in to and one of an application's own.
struct Story {
    tenant: Tenant,
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Story {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenant = tenant(folder.path()).await;
        let daemon = tenant
            .apps
            .iter()
            .find(|app| app.key == "daemon-secret")
            .unwrap();
        let secret = daemon.secret_file.as_ref().unwrap();
        let secret = std::fs::read_to_string(secret).unwrap();
        let (authority, ca) = (&tenant.authority, &tenant.ca_file);
        let text = format!(
            "[sign_in.person]\nprovider = \"custom\"\nmethod = \"device-code\"\nclient_id = {:?}\n\
             authority = {authority:?}\nca_file = {ca:?}\n\
             [sign_in.app]\nprovider = \"custom\"\nmethod = \"client-secret\"\nclient_id = {:?}\n\
             authority = {authority:?}\nca_file = {ca:?}\n\
             scopes = [\"https://outlook.office365.com/.default\"]\n\
             [servers.demo]\nca_file = {ca:?}\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
             outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}\n\
             [account.work]\naddress = {:?}\nsign_in = \"person\"\nservers = \"demo\"\n\
             [account.app]\naddress = {:?}\nsign_in = \"app\"\nservers = \"demo\"\n\
             [vault]\nkind = \"file\"\nkey_file = {:?}\n",
            tenant.client_id,
            daemon.client_id,
            tenant.imap_port,
            tenant.smtp_port,
            tenant.user,
            tenant.shared[0],
            folder.path().join("key"),
        );
        let paths = Paths::under(folder.path());
        paths.prepare().unwrap();
        std::fs::write(&paths.config, text).unwrap();
        let engine = Engine::start(Options {
            config: Config::load(&paths).unwrap(),
            paths,
            unlock: Unlock::Unattended,
            background: false,
        });
        let engine = engine.await.unwrap();
        engine
            .set_client_secret("app", secret.into())
            .await
            .unwrap();
        Self {
            tenant,
            engine,
            _folder: folder,
        }
    }

    fn control(&self) -> Control {
        self.tenant.control()
    }

    /// Signs in, everybody agreeing, and returns how it failed.
    async fn failure(&self, account: &str, method: Option<Method>) -> Arc<EngineError> {
        let sign_in = match method {
            Some(method) => self.engine.sign_in_by(account, method).await,
            None => self.engine.sign_in(account).await,
        };
        let mut sign_in = sign_in.unwrap();
        let follow = async {
            while let Some(event) = sign_in.events.recv().await {
                match event {
                    SignInEvent::Device(DeviceProgress::Code(code)) => {
                        self.control()
                            .approve_as(&code.user_code, &self.tenant.user);
                    }
                    SignInEvent::Browser(BrowserProgress::Address(address)) => {
                        let user = Some(self.tenant.user.as_str());
                        let back = self.control().answer_address(&address.address, user);
                        sign_in.paste.send(back.unwrap().into()).unwrap();
                    }
                    SignInEvent::Failed(error) => return error,
                    SignInEvent::Done(_) => panic!("signed in"),
                    _ => {}
                }
            }
            panic!("no end");
        };
        let ended = tokio::time::timeout(Duration::from_secs(30), follow).await;
        ended.expect("an end in time")
    }
}

/// Compares what is shown with what is known of the code.
fn check(number: u32, place: &str, error: &EngineError) {
    let shown = explain(error);
    let known = explain_text(&format!("AADSTS{number}")).unwrap();
    if PATIENCE.contains(&number) {
        assert_eq!(
            shown.title, "The sign-in service is busy",
            "{number} {place}"
        );
        return;
    }
    let told = |notice: &Notice| {
        (
            notice.title.clone(),
            notice.cause.clone(),
            notice.who,
            notice.code.clone(),
        )
    };
    assert_eq!(told(&shown), told(&known), "{place}");
    assert!(!shown.how.is_empty() && !shown.copy.is_empty(), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_when_a_device_code_is_asked_for() {
    let story = Story::begin().await;
    let codes = codes();
    assert!(codes.len() > 80, "{codes:?}");
    for number in codes {
        let trouble = Trouble::Aadsts(number);
        story.control().trouble(Endpoint::DeviceCode, trouble);
        let error = story.failure("work", None).await;
        check(number, "device code", &error);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_when_a_code_of_the_browser_is_redeemed() {
    let story = Story::begin().await;
    for number in codes() {
        story
            .control()
            .trouble(Endpoint::Token, Trouble::Aadsts(number));
        let error = story.failure("work", Some(Method::Browser)).await;
        check(number, "code", &error);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_when_an_app_asks_for_its_token() {
    let story = Story::begin().await;
    for number in codes() {
        story
            .control()
            .trouble(Endpoint::Token, Trouble::Aadsts(number));
        let error = story.failure("app", None).await;
        check(number, "client credentials", &error);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_is_recognised_on_the_way_back_from_the_browser() {
    let story = Story::begin().await;
    for number in codes() {
        story
            .control()
            .trouble(Endpoint::Authorize, Trouble::Aadsts(number));
        let error = story.failure("work", Some(Method::Browser)).await;
        check(number, "way back", &error);
    }
}
