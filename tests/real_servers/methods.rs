//! Every way to sign in, by the engine as it runs: at a certified provider, with real servers for the mail that follows.

use std::time::Duration;

use pillarbox::auth::{AuthError, Denial, Vault};
use pillarbox::config::{Config, Paths};
use pillarbox::engine::{
    BrowserProgress, DeviceProgress, Engine, EngineError, Options, SignIn, SignInEvent, Unlock,
};
use pillarbox::model::{Address, Draft, OutboxItem};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::lab::browser::{Browser, Press};
use crate::lab::{Lab, SCOPES, fresh_name, post_form};

/// A sign-in that takes longer hangs.
const BOUND: Duration = Duration::from_secs(60);
const ALL_MAIL: &str = "https://outlook.office365.com/.default";
const OWN_ADDRESS: &str = "https://pillarbox.contoso.test/callback";

/// Somebody with mailboxes, an app and an engine.
struct Story {
    lab: Lab,
    name: String,
    client_id: String,
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Story {
    /// `kind` is what the app's id begins with; `method` and what follows it stands in the sign-in profile.
    async fn begin(kind: &str, scopes: &str, lines: &str) -> Self {
        let (lab, name) = (Lab::find(), fresh_name());
        let client_id = format!("{kind}-{name}");
        let folder = tempfile::tempdir().unwrap();
        let scopes: Vec<&str> = scopes.split_whitespace().collect();
        let text = format!(
            "[sign_in.lab]\nprovider = \"custom\"\nclient_id = {client_id:?}\n\
             authority = {authority:?}\nca_file = {ca:?}\nscopes = {scopes:?}\n{lines}\n\
             [servers.lab]\nca_file = {ca:?}\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {imap}, tls = \"implicit\" }}\n\
             outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {smtp}, tls = \"starttls\" }}\n\
             [account.work]\naddress = \"{name}@contoso.test\"\nsign_in = \"lab\"\nservers = \"lab\"\n\
             additional_users = \"{name}.support@contoso.test; {name}.board@contoso.test\"\n\
             [vault]\nkind = \"file\"\nkey_file = {key:?}\n",
            authority = lab.value("LAB_AUTHORITY"),
            ca = lab.value("LAB_CA_FILE"),
            imap = lab.port("IMAPS"),
            smtp = lab.port("SMTP"),
            key = folder.path().join("vault.key"),
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
        Self {
            lab,
            name,
            client_id,
            engine,
            folder,
        }
    }

    fn person(&self) -> String {
        format!("{}@contoso.test", self.name)
    }

    async fn start(&self) -> SignIn {
        self.engine.sign_in("work").await.unwrap()
    }

    /// Follows a device sign-in that `who` approves.
    async fn by_device(&self, who: &str) -> Result<String, EngineError> {
        let mut sign_in = self.start().await;
        let follow = async {
            while let Some(event) = sign_in.events.recv().await {
                match event {
                    SignInEvent::Device(DeviceProgress::Code(code)) => {
                        self.lab.approve(&code.user_code, who).await;
                    }
                    event => {
                        if let Some(outcome) = outcome(event) {
                            return outcome;
                        }
                    }
                }
            }
            panic!("no end");
        };
        bounded(follow).await
    }

    /// Follows a browser sign-in; `bring` gets where the browser was sent and the sign-in to paste into.
    async fn by_browser<F: Future<Output = ()>>(
        &self,
        press: Press<'_>,
        bring: impl Fn(Url, tokio::sync::mpsc::UnboundedSender<SecretString>) -> F,
    ) -> Result<String, EngineError> {
        let mut sign_in = self.start().await;
        let follow = async {
            while let Some(event) = sign_in.events.recv().await {
                match event {
                    SignInEvent::Browser(BrowserProgress::Address(address)) => {
                        let mut browser = Browser::new(&self.lab.http);
                        let back = browser.sign_in(&address.address, press).await;
                        assert!(back.as_str().starts_with(&address.redirect_uri), "{back}");
                        bring(back, sign_in.paste.clone()).await;
                    }
                    event => {
                        if let Some(outcome) = outcome(event) {
                            return outcome;
                        }
                    }
                }
            }
            panic!("no end");
        };
        bounded(follow).await
    }

    /// Tells of the mailboxes, by the part behind the person's name, whether they open.
    async fn check_opens(&self, wanted: &[(&str, bool)]) {
        let opened = self.engine.sync_once(&[]).await;
        for (tail, is_open) in wanted {
            let address = format!("{}{tail}@contoso.test", self.name);
            let one = opened.iter().find(|one| one.0.address.email == address);
            let (_, outcome) = one.unwrap();
            assert_eq!(outcome.is_ok(), *is_open, "{address}: {outcome:?}");
        }
    }

    /// Sends a message; `None` means that it is gone.
    async fn send(&self, tail: &str) -> Option<OutboxItem> {
        let draft = Draft {
            from: Address::bare(format!("{}{tail}@contoso.test", self.name)),
            to: self.person(),
            subject: format!("From{tail}"),
            text: "Good morning\n".into(),
            ..Draft::default()
        };
        let id = self.engine.send(draft, None, Duration::ZERO).await.unwrap();
        bounded(self.engine.wait_sent(id)).await.unwrap()
    }

    async fn check_sends(&self, tails: &[&str]) {
        for tail in tails {
            let waiting = self.send(tail).await;
            assert!(waiting.is_none(), "{tail}: {waiting:?}");
        }
    }

    /// Returns what the vault keeps as the refresh token.
    async fn refresh_token(&self) -> Option<SecretString> {
        let (config, paths) = (self.engine.config(), self.engine.paths());
        let vault = Vault::open(&config.vault, &paths.data, Unlock::Unattended).await;
        let kept = vault.unwrap().get("token/work").await.unwrap()?;
        let kept: serde_json::Value = serde_json::from_str(kept.expose_secret()).unwrap();
        kept["refresh_token"].as_str().map(SecretString::from)
    }

    /// Uses a refresh token by hand.
    async fn refresh(&self, token: &SecretString) -> (u16, serde_json::Value) {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id.as_str()),
            ("refresh_token", token.expose_secret()),
        ];
        post_form(&self.lab.http, &self.lab.endpoint("token"), &form).await
    }
}

async fn bounded<T>(task: impl Future<Output = T>) -> T {
    let ended = tokio::time::timeout(BOUND, task).await;
    ended.expect("an end in time")
}

fn outcome(event: SignInEvent) -> Option<Result<String, EngineError>> {
    match event {
        SignInEvent::Done(identity) => Some(Ok(identity.username)),
        SignInEvent::Failed(error) => {
            let error = std::sync::Arc::into_inner(error);
            Some(Err(error.expect("an error of this sign-in alone")))
        }
        _ => None,
    }
}

/// Gets an address of this machine as a browser would, and returns the page.
async fn visit(address: Url) -> String {
    let (host, port) = (address.host_str().unwrap(), address.port().unwrap());
    let mut stream = TcpStream::connect((host, port)).await.unwrap();
    let path = &address[url::Position::BeforePath..];
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    page
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn device_code_opens_reads_and_sends() {
    let story = Story::begin("lab", SCOPES, "method = \"device-code\"").await;
    let identity = story.by_device(&story.person()).await.unwrap();
    assert_eq!(identity, story.person());
    let opens = [("", true), (".support", true), (".board", false)];
    story.check_opens(&opens).await;
    story.check_sends(&["", ".support"]).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn browser_with_pkce_comes_back_to_a_port_of_this_machine() {
    let story = Story::begin("lab", SCOPES, "method = \"browser\"").await;
    let (say, mut pages) = tokio::sync::mpsc::unbounded_channel();
    let bring = |back: Url, _| {
        let say = say.clone();
        async move {
            assert_eq!(
                (back.scheme(), back.host_str()),
                ("http", Some("127.0.0.1"))
            );
            // The page comes when the code is redeemed, which is for the sign-in to do.
            tokio::spawn(async move { say.send(visit(back).await).unwrap() });
        }
    };
    let identity = story.by_browser(Press::YesAsProposed, bring).await;
    assert_eq!(identity.unwrap(), story.person());
    let page = bounded(pages.recv()).await.unwrap();
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("terminal"),
        "{page}"
    );
    let opens = [("", true), (".support", true), (".board", false)];
    story.check_opens(&opens).await;
    story.check_sends(&["", ".support"]).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn pasted_address_is_as_good_as_a_browser_here() {
    let story = Story::begin("lab", SCOPES, "method = \"browser\"").await;
    let bring = |back: Url, paste: tokio::sync::mpsc::UnboundedSender<SecretString>| async move {
        paste
            .send("https://example.org/?code=1&state=2".into())
            .unwrap();
        paste.send(back.as_str().into()).unwrap();
    };
    let identity = story.by_browser(Press::YesAsProposed, bring).await;
    assert_eq!(identity.unwrap(), story.person());
    story.check_opens(&[("", true), (".board", false)]).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn confidential_web_client_proves_itself_and_comes_back_to_its_own_address() {
    let lines =
        format!("method = \"browser\"\nclient = \"confidential\"\nredirect_uri = {OWN_ADDRESS:?}");
    let story = Story::begin("web", SCOPES, &lines).await;
    let bring = |back: Url, paste: tokio::sync::mpsc::UnboundedSender<SecretString>| async move {
        paste.send(back.as_str().into()).unwrap();
    };
    let wrong = SecretString::from("wrong");
    story.engine.set_client_secret("lab", wrong).await.unwrap();
    let refused = story.by_browser(Press::YesAsProposed, bring).await;
    check_denied(refused, &Denial::ClientRefused);

    let secret = story.lab.secret();
    story.engine.set_client_secret("lab", secret).await.unwrap();
    let identity = story.by_browser(Press::YesAsProposed, bring).await;
    assert_eq!(identity.unwrap(), story.person());
    story.check_opens(&[("", true), (".support", true)]).await;
    story.check_sends(&[""]).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn client_secret_opens_what_the_app_may_open_and_sends() {
    let story = Story::begin("app", ALL_MAIL, "method = \"client-secret\"").await;
    let secret = story.lab.secret();
    story.engine.set_client_secret("lab", secret).await.unwrap();
    check_app(&story).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn client_certificate_opens_what_the_app_may_open_and_sends() {
    for assertion in ["ps256", "rs256"] {
        let (certificate, key) = Lab::find().certificate();
        let lines = format!(
            "method = \"client-certificate\"\ncertificate = {certificate:?}\n\
             certificate_key = {key:?}\nassertion = {assertion:?}"
        );
        let story = Story::begin("cert", ALL_MAIL, &lines).await;
        check_app(&story).await;
    }
}

/// What an app can do after a sign-in in which nobody takes part.
async fn check_app(story: &Story) {
    let mut sign_in = story.start().await;
    let end = bounded(sign_in.events.recv()).await.unwrap();
    assert!(matches!(end, SignInEvent::Done(_)), "{end:?}");
    let opens = [("", true), (".support", true), (".board", false)];
    story.check_opens(&opens).await;
    story.check_sends(&["", ".support"]).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn rotation_keeps_the_new_token_and_the_old_one_is_dead() {
    let story = Story::begin("lab", SCOPES, "method = \"device-code\"").await;
    let habits = json!({"client_id": story.client_id, "tokenLife": 2});
    story.lab.admin("client", habits).await;
    story.by_device(&story.person()).await.unwrap();
    let first = story.refresh_token().await.expect("a refresh token");
    tokio::time::sleep(Duration::from_secs(3)).await;
    story.check_opens(&[("", true)]).await;
    let second = story.refresh_token().await.expect("a refresh token");
    assert_ne!(first.expose_secret(), second.expose_secret());
    let (_, refused) = story.refresh(&first).await;
    assert_eq!(refused["error"], "invalid_grant", "{refused}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn revocation_comes_with_signing_out() {
    let story = Story::begin("lab", SCOPES, "method = \"device-code\"").await;
    story.by_device(&story.person()).await.unwrap();
    story.check_opens(&[("", true)]).await;
    let token = story.refresh_token().await.expect("a refresh token");
    story.engine.sign_out("work").await.unwrap();
    assert!(story.refresh_token().await.is_none());
    let (_, refused) = story.refresh(&token).await;
    assert_eq!(refused["error"], "invalid_grant", "{refused}");
    story.check_opens(&[("", false)]).await;
    assert!(story.folder.path().exists());
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn tokens_for_somebody_else_are_not_kept() {
    let story = Story::begin("lab", SCOPES, "method = \"device-code\"").await;
    let somebody = format!("{}@contoso.test", fresh_name());
    let wanted = Denial::WrongIdentity {
        expected: story.person(),
        got: somebody.clone(),
    };
    check_denied(story.by_device(&somebody).await, &wanted);
    assert!(story.refresh_token().await.is_none());
    story.check_opens(&[("", false)]).await;
}

fn check_denied(result: Result<String, EngineError>, wanted: &Denial) {
    match result {
        Err(EngineError::Auth(AuthError::Denied { denial, .. })) => assert_eq!(&denial, wanted),
        other => panic!("{other:?}"),
    }
}
