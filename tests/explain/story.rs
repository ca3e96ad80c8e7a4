//! An engine with an account for each way to sign in, and what becomes of a sign-in.

use std::sync::Arc;
use std::time::Duration;

use pillarbox::config::{Config, Paths};
use pillarbox::demo::{Control, RegisteredApp, Tenant};
use pillarbox::engine::{
    BrowserAuthorization, BrowserProgress, DeviceProgress, Engine, EngineError, Options,
    PasteMistake, SignInEvent, Unlock,
};
use pillarbox::model::Method;
use url::Url;

use crate::home::tenant;

/// No sign-in, and no failure of one, may take longer.
const BOUND: Duration = Duration::from_secs(40);

/// A way to sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Device code.
    Device,
    /// Browser with PKCE, the final address pasted.
    Browser,
    /// The same by an application with a secret.
    Web,
    /// An application's own token by its secret.
    AppSecret,
    /// An application's own token by its certificate.
    AppCertificate,
}

impl Way {
    const fn account(self) -> &'static str {
        match self {
            Self::Device | Self::Browser => "work",
            Self::Web => "web",
            Self::AppSecret => "app",
            Self::AppCertificate => "certified",
        }
    }

    const fn method(self) -> Option<Method> {
        match self {
            Self::Device => Some(Method::DeviceCode),
            Self::Browser | Self::Web => Some(Method::Browser),
            Self::AppSecret | Self::AppCertificate => None,
        }
    }
}

/// What the person brings back from the browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Back {
    /// What the sign-in service says.
    AsTold,
    /// An error (RFC 6749 §4.1.2.1).
    Error(&'static str),
}

/// What became of a sign-in.
#[derive(Debug)]
pub struct Ended {
    pub outcome: Result<String, Arc<EngineError>>,
    /// Pasted addresses that were not taken; after one, the right one is pasted.
    pub refused: Vec<PasteMistake>,
}

/// A tenant, and an engine with accounts there.
pub struct Story {
    pub tenant: Tenant,
    pub engine: Engine,
    _folder: tempfile::TempDir,
}

fn profile(name: &str, method: &str, app: &RegisteredApp, more: &str, tenant: &Tenant) -> String {
    format!(
        "[sign_in.{name}]\nprovider = \"custom\"\nmethod = {method:?}\nclient_id = {:?}\n\
         authority = {:?}\nca_file = {:?}\n{more}\n",
        app.client_id, tenant.authority, tenant.ca_file,
    )
}

fn config(tenant: &Tenant, folder: &std::path::Path) -> String {
    let app = |key: &str| tenant.apps.iter().find(|app| app.key == key).unwrap();
    let all_mail = "scopes = [\"https://outlook.office365.com/.default\"]";
    let certified = app("daemon-certificate");
    let files = format!(
        "{all_mail}\ncertificate = {:?}\ncertificate_key = {:?}",
        certified.certificate_file.as_ref().unwrap(),
        certified.key_file.as_ref().unwrap(),
    );
    let mut text = profile("person", "device-code", app("desktop"), "", tenant);
    text += &profile(
        "web",
        "browser",
        app("web"),
        "client = \"confidential\"\nredirect_uri = \"https://pillarbox.harborvale.example/callback\"",
        tenant,
    );
    text += &profile(
        "app",
        "client-secret",
        app("daemon-secret"),
        all_mail,
        tenant,
    );
    text += &profile("certified", "client-certificate", certified, &files, tenant);
    let servers = format!(
        "[servers.demo]\nca_file = {:?}\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}\n\
         [vault]\nkind = \"file\"\nkey_file = {:?}\n",
        tenant.ca_file,
        tenant.imap_port,
        tenant.smtp_port,
        folder.join("key"),
    );
    text += &servers;
    let accounts = [
        ("work", "person", &tenant.user),
        ("web", "web", &tenant.user),
        ("app", "app", &tenant.shared[0]),
        ("certified", "certified", &tenant.shared[0]),
    ];
    for (name, sign_in, address) in accounts {
        let account = format!(
            "[account.{name}]\naddress = {address:?}\nsign_in = {sign_in:?}\nservers = \"demo\"\n"
        );
        text += &account;
    }
    text
}

impl Story {
    pub async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenant = tenant(folder.path()).await;
        let paths = Paths::under(folder.path());
        paths.prepare().unwrap();
        std::fs::write(&paths.config, config(&tenant, folder.path())).unwrap();
        let engine = Engine::start(Options {
            config: Config::load(&paths).unwrap(),
            paths,
            unlock: Unlock::Unattended,
            background: false,
        });
        let engine = engine.await.unwrap();
        for (profile, key) in [("app", "daemon-secret"), ("web", "web")] {
            let app = tenant.apps.iter().find(|app| app.key == key).unwrap();
            let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
            engine
                .set_client_secret(profile, secret.into())
                .await
                .unwrap();
        }
        Self {
            tenant,
            engine,
            _folder: folder,
        }
    }

    pub fn control(&self) -> Control {
        self.tenant.control()
    }

    /// Signs in, the person agreeing to everything.
    pub async fn sign_in(&self, way: Way, back: Back) -> Ended {
        let followed = tokio::time::timeout(BOUND, self.follow(way, back)).await;
        followed.unwrap_or_else(|_| panic!("{way:?} {back:?} does not end"))
    }

    /// Signs in, which must fail.
    pub async fn failure(&self, way: Way) -> Arc<EngineError> {
        let ended = self.sign_in(way, Back::AsTold).await;
        ended.outcome.expect_err("a failure")
    }

    async fn follow(&self, way: Way, back: Back) -> Ended {
        let sign_in = match way.method() {
            Some(method) => self.engine.sign_in_by(way.account(), method).await,
            None => self.engine.sign_in(way.account()).await,
        };
        let mut sign_in = sign_in.unwrap();
        let mut refused = Vec::new();
        let mut at = None;
        while let Some(event) = sign_in.events.recv().await {
            let outcome = match event {
                SignInEvent::Device(DeviceProgress::Code(code)) => {
                    self.control()
                        .approve_as(&code.user_code, &self.tenant.user);
                    continue;
                }
                SignInEvent::Browser(BrowserProgress::Address(address)) => {
                    sign_in
                        .paste
                        .send(self.answer(&address, back).into())
                        .unwrap();
                    at = Some(address);
                    continue;
                }
                SignInEvent::Browser(BrowserProgress::PasteRefused(mistake)) => {
                    refused.push(mistake);
                    assert!(refused.len() < 3, "{refused:?}");
                    let again = self.answer(at.as_ref().unwrap(), Back::AsTold);
                    sign_in.paste.send(again.into()).unwrap();
                    continue;
                }
                SignInEvent::Failed(error) => Err(error),
                SignInEvent::Done(identity) => Ok(identity.username),
                _ => continue,
            };
            return Ended { outcome, refused };
        }
        panic!("no end");
    }

    /// Returns where the browser ends.
    fn answer(&self, address: &BrowserAuthorization, back: Back) -> String {
        let user = Some(self.tenant.user.as_str());
        let good = self.control().answer_address(&address.address, user);
        let good = good.unwrap_or_else(|| panic!("refused: {}", address.address));
        let Back::Error(error) = back else {
            return good;
        };
        let good = Url::parse(&good).unwrap();
        let mut ends = good.clone();
        let kept = good.query_pairs().filter(|(name, _)| name != "code");
        ends.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .append_pair("error", error);
        ends.into()
    }
}
