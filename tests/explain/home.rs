//! An account at scripted servers, and every notice that its owner sees.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pillarbox::config::{Config, Paths};
use pillarbox::demo::{Habits, Options as Demo, Tenant};
use pillarbox::engine::{DeviceProgress, Engine, Event, Health, Options, SignInEvent, Unlock};
use pillarbox::explain::{Notice, explain, explain_failure};
use pillarbox::model::{Address, Draft};
use secrecy::SecretString;
use tokio::sync::broadcast::Receiver;
use tokio::time::{Instant, sleep};

use crate::scripted::{Place, Said, Server, certificate};

/// A wait that only a broken program reaches.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// How the account proves who it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    Token,
    Password,
}

/// Whose tokens are renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Renewal {
    /// A person's, by refresh token.
    Person,
    /// An application's own.
    Application,
}

/// The demo's sign-in service, for everybody.
pub async fn tenant(folder: &std::path::Path) -> Tenant {
    short_tenant(folder, Duration::from_secs(300)).await
}

/// The same with access tokens of another life.
pub async fn short_tenant(folder: &std::path::Path, token_life: Duration) -> Tenant {
    let options = Demo {
        chatter: false,
        messages: 5,
        token_life,
        ..Demo::new(folder)
    };
    let habits = Habits {
        poll_interval: Duration::from_secs(1),
        ..Habits::default()
    };
    Tenant::start_with(options, habits).await.unwrap()
}

/// An engine with one account.
pub struct Home {
    pub engine: Engine,
    events: Receiver<Event>,
    seen: Vec<Notice>,
    told: BTreeSet<String>,
    servers: Option<(Server, Server)>,
    _folder: tempfile::TempDir,
}

const SMTP: [Place; 6] = [
    Place::Greeting,
    Place::SignIn,
    Place::Sender,
    Place::Recipient,
    Place::Data,
    Place::Taken,
];

impl Home {
    /// An account whose incoming server says something.
    pub async fn reading(tenant: &Tenant, proof: Proof, said: Said) -> Self {
        let quiet = Said {
            place: Place::Never,
            text: "",
        };
        Self::begin(tenant, proof, (said, quiet)).await
    }

    /// An account whose outgoing server says something to a message that is sent.
    pub async fn sending(tenant: &Tenant, proof: Proof, said: Said) -> Self {
        assert!(SMTP.contains(&said.place), "{said:?}");
        let quiet = Said {
            place: Place::Never,
            text: "",
        };
        let home = Self::begin(tenant, proof, (quiet, said)).await;
        let draft = Draft {
            from: Address::bare(&tenant.user),
            to: "sam@harborvale.example".into(),
            subject: "Hello".into(),
            text: "Good morning\n".into(),
            ..Draft::default()
        };
        let sent = home.engine.send(draft, None, Duration::ZERO).await;
        sent.unwrap();
        home
    }

    async fn begin(tenant: &Tenant, proof: Proof, (incoming, outgoing): (Said, Said)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let servers = (Server::imap(incoming).await, Server::smtp(outgoing).await);
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, certificate()).unwrap();
        let sign_in = match proof {
            Proof::Token => format!(
                "method = \"device-code\"\nclient_id = {:?}\nauthority = {:?}\nca_file = {:?}",
                tenant.client_id, tenant.authority, tenant.ca_file
            ),
            Proof::Password => "method = \"password\"".to_owned(),
        };
        let text = format!(
            "[sign_in.one]\nprovider = \"custom\"\n{sign_in}\n\
             [servers.one]\nca_file = {:?}\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
             outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
             [account.work]\naddress = {:?}\nsign_in = \"one\"\nservers = \"one\"\n\
             [vault]\nkind = \"file\"\nkey_file = {:?}\n",
            ca_file,
            servers.0.port,
            servers.1.port,
            tenant.user,
            folder.path().join("key"),
        );
        let home = Self::start(folder, &text, Some(servers)).await;
        match proof {
            Proof::Token => home.sign_in(tenant).await,
            Proof::Password => {
                let password = SecretString::from("secret of a test");
                home.engine.set_password("work", password).await.unwrap();
            }
        }
        home
    }

    /// An account at the tenant's own servers, in step with them.
    pub async fn renewing(tenant: &Tenant, renewal: Renewal) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut apps = tenant.apps.iter();
        let app = apps.find(|app| app.key == "daemon-secret").unwrap();
        let (sign_in, address) = match renewal {
            Renewal::Person => (
                format!(
                    "method = \"device-code\"\nclient_id = {:?}",
                    tenant.client_id
                ),
                &tenant.user,
            ),
            Renewal::Application => (
                format!(
                    "method = \"client-secret\"\nclient_id = {:?}\n\
                     scopes = [\"https://outlook.office365.com/.default\"]",
                    app.client_id
                ),
                &tenant.shared[0],
            ),
        };
        let text = format!(
            "[sign_in.one]\nprovider = \"custom\"\nauthority = {:?}\nca_file = {ca:?}\n{sign_in}\n\
             [servers.one]\nca_file = {ca:?}\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
             [account.work]\naddress = {address:?}\nsign_in = \"one\"\nservers = \"one\"\n\
             [vault]\nkind = \"file\"\nkey_file = {:?}\n",
            tenant.authority,
            tenant.imap_port,
            folder.path().join("key"),
            ca = tenant.ca_file,
        );
        let home = Self::start(folder, &text, None).await;
        match renewal {
            Renewal::Person => home.sign_in(tenant).await,
            Renewal::Application => {
                let secret = std::fs::read_to_string(app.secret_file.as_ref().unwrap()).unwrap();
                let kept = home.engine.set_client_secret("one", secret.into()).await;
                kept.unwrap();
            }
        }
        home.until_fine().await;
        home
    }

    async fn start(
        folder: tempfile::TempDir,
        text: &str,
        servers: Option<(Server, Server)>,
    ) -> Self {
        let paths = Paths::under(folder.path());
        paths.prepare().unwrap();
        std::fs::write(&paths.config, text).unwrap();
        let engine = Engine::start(Options {
            config: Config::load(&paths).unwrap(),
            paths,
            unlock: Unlock::Unattended,
            background: true,
        });
        let engine = engine.await.unwrap();
        Self {
            events: engine.events(),
            engine,
            seen: Vec::new(),
            told: BTreeSet::new(),
            servers,
            _folder: folder,
        }
    }

    async fn until_fine(&self) {
        let mailboxes = self.engine.mailboxes().await.unwrap();
        let started = Instant::now();
        let is_fine = || {
            let mut all = mailboxes.iter();
            all.all(|mailbox| self.engine.status(mailbox.id).health == Health::Fine)
        };
        while !is_fine() {
            assert!(started.elapsed() < PATIENCE, "never in step");
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn sign_in(&self, tenant: &Tenant) {
        let mut sign_in = self.engine.sign_in("work").await.unwrap();
        while let Some(event) = sign_in.events.recv().await {
            match event {
                SignInEvent::Device(DeviceProgress::Code(code)) => {
                    let control = tenant.control();
                    assert!(control.approve_as(&code.user_code, &tenant.user));
                }
                SignInEvent::Failed(error) => panic!("{error:?}"),
                _ => {}
            }
        }
    }

    fn see(&mut self, notice: Notice) {
        if self.told.insert(format!("{notice:?}")) {
            self.seen.push(notice);
        }
    }

    /// Takes in what is on the screen now: problems, the marks of mailboxes, the outbox.
    async fn look(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            if let Event::Problem(problem) = event {
                self.see(explain(&problem.error));
            }
        }
        for mailbox in self.engine.mailboxes().await.unwrap() {
            if let Some(error) = self.engine.status(mailbox.id).error {
                self.see(explain(&error));
            }
        }
        for item in self.engine.outbox().await.unwrap() {
            if let Some(failure) = &item.failure {
                self.see(explain_failure(failure));
            }
        }
    }

    /// Waits for a notice that tells `title`, as its title or as the cause; returns it, or all that were seen.
    pub async fn shown(&mut self, title: &str) -> Result<Notice, Vec<String>> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            self.look().await;
            let told = |notice: &&Notice| {
                notice.title.contains(title) || notice.cause.iter().any(|cause| cause == title)
            };
            if let Some(notice) = self.seen.iter().find(told) {
                return Ok(notice.clone());
            }
            sleep(Duration::from_millis(10)).await;
        }
        let said = |notice: &Notice| format!("{}: {}", notice.title, notice.detail);
        Err(self.seen.iter().map(said).collect())
    }

    /// Waits for the second session that listens; returns what was shown since the first, once the mailbox is fine.
    pub async fn until_reconnected(&mut self) -> Vec<String> {
        self.until_listened(1).await;
        self.look().await;
        self.seen.clear();
        self.until_listened(2).await;
        self.look().await;
        self.seen
            .iter()
            .map(|notice| notice.title.clone())
            .collect()
    }

    async fn until_listened(&self, times: u32) {
        let started = Instant::now();
        let (incoming, _) = self.servers.as_ref().unwrap();
        while incoming.listened.load(Ordering::Relaxed) < times {
            assert!(started.elapsed() < PATIENCE, "no session listens");
            sleep(Duration::from_millis(5)).await;
        }
    }
}
