//! The demo tenant as a target, by every protocol, for a person and for an app.

use std::sync::Arc;
use std::time::Duration;

use pillarbox::demo::{Control, Mischief, Options, Service, Tenant};
use pillarbox::model::{
    IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, TlsMode,
};
use pillarbox::net::{Http, Trust};
use secrecy::SecretString;

use crate::lab::{Asked, post_form, sign_in};
use crate::target::{SideDoor, Speaker, Target, imap_at, incoming_at, smtp_at};
use crate::tokens::Tokens;

const EXCHANGE: &str = "openid profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
     https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/EWS.AccessAsUser.All \
     https://outlook.office.com/SMTP.Send";
const GRAPH: &str = "openid profile offline_access https://graph.microsoft.com/Mail.ReadWrite \
     https://graph.microsoft.com/Mail.ReadWrite.Shared https://graph.microsoft.com/Mail.Send \
     https://graph.microsoft.com/Mail.Send.Shared";

/// A running tenant.
pub struct Demo {
    tenant: Box<Tenant>,
    http: Http,
    protocol: IncomingProtocol,
    _folder: tempfile::TempDir,
}

impl Demo {
    async fn start(protocol: IncomingProtocol) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tenant = Tenant::start(Options {
            port_base: 0,
            token_life: Duration::from_secs(300),
            chatter: false,
            messages: 400,
            folder: folder.path().to_owned(),
        })
        .await
        .expect("a demo tenant");
        let trust = Trust::load(Some(&tenant.ca_file)).expect("the demo's CA");
        Self {
            tenant: Box::new(tenant),
            http: Http::new(&trust).expect("an HTTP client"),
            protocol,
            _folder: folder,
        }
    }

    /// Signs the main user in.
    async fn token(&self, scopes: &str) -> SecretString {
        let tenant = &self.tenant;
        let approve = |code: String| async {
            tenant.approve.send(code).expect("a running tenant");
        };
        let asked = Asked {
            authority: &tenant.authority,
            client_id: &tenant.client_id,
            scopes,
        };
        sign_in(&self.http, &asked, approve).await
    }

    /// Gets an app's own token (RFC 6749 §4.4).
    async fn app_token(&self, key: &str, resource: &str) -> SecretString {
        let mut apps = self.tenant.apps.iter();
        let app = apps.find(|app| app.key == key).expect("a registered app");
        let file = app.secret_file.as_ref().expect("an app with a secret");
        let secret = std::fs::read_to_string(file).expect("the secret");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", app.client_id),
            ("client_secret", secret.as_str()),
            ("scope", &format!("{resource}/.default")),
        ];
        let base = self.tenant.authority.trim_end_matches("/v2.0");
        let (_, answer) = post_form(&self.http, &format!("{base}/oauth2/v2.0/token"), &form).await;
        let token = answer["access_token"].as_str();
        SecretString::from(token.unwrap_or_else(|| panic!("no token: {answer}")))
    }

    /// Returns another token for the story's protocol.
    async fn another(&self, speaker: Speaker) -> SecretString {
        let is_graph = self.protocol == IncomingProtocol::Graph;
        match (speaker, self.protocol) {
            (Speaker::Person, _) => self.token(if is_graph { GRAPH } else { EXCHANGE }).await,
            (Speaker::App, IncomingProtocol::Imap) => self.imap_app_token().await,
            (Speaker::App, IncomingProtocol::Graph) => {
                self.app_token("daemon-web", "https://graph.microsoft.com")
                    .await
            }
            (Speaker::App, _) => {
                self.app_token("daemon-web", "https://outlook.office365.com")
                    .await
            }
        }
    }

    /// Returns a token for Exchange that is good for IMAP only.
    pub async fn poor_token(&self, speaker: Speaker) -> SecretString {
        match speaker {
            Speaker::Person => {
                let scopes =
                    "openid offline_access https://outlook.office.com/IMAP.AccessAsUser.All";
                self.token(scopes).await
            }
            Speaker::App => self.imap_app_token().await,
        }
    }

    async fn imap_app_token(&self) -> SecretString {
        self.app_token("daemon-secret", "https://outlook.office365.com")
            .await
    }

    fn incoming(&self) -> IncomingServer {
        let tenant = &self.tenant;
        let port = match self.protocol {
            IncomingProtocol::Imap => tenant.imap_port,
            IncomingProtocol::Pop3 => tenant.pop_port,
            IncomingProtocol::Ews | IncomingProtocol::Graph => tenant.web_port,
        };
        incoming_at(self.protocol, "localhost", port, TlsMode::Implicit)
    }

    fn outgoing(&self) -> OutgoingServer {
        let protocol = match self.protocol {
            IncomingProtocol::Imap | IncomingProtocol::Pop3 => {
                return smtp_at("localhost", self.tenant.smtp_port, TlsMode::StartTls);
            }
            IncomingProtocol::Ews => OutgoingProtocol::Ews,
            IncomingProtocol::Graph => OutgoingProtocol::Graph,
        };
        OutgoingServer {
            protocol,
            ..smtp_at("localhost", self.tenant.web_port, TlsMode::Implicit)
        }
    }

    /// Returns a mailbox that the main user may send on behalf of, and not open.
    pub fn on_behalf(&self) -> String {
        let domain = self.tenant.user.split('@').next_back().expect("a domain");
        format!("dorothea@{domain}")
    }

    /// Does what bad luck would do.
    pub fn control(&self) -> Control {
        self.tenant.control()
    }

    /// Makes the next request go wrong that it can happen to. IMAP has no such faults.
    pub fn spoil(&self, mischief: Mischief) {
        let service = match self.protocol {
            IncomingProtocol::Imap => panic!("nothing goes wrong at IMAP"),
            IncomingProtocol::Pop3 => Service::Pop3,
            IncomingProtocol::Ews => Service::Ews,
            IncomingProtocol::Graph => Service::Graph,
        };
        self.control().mischief(service, mischief);
    }
}

impl Target {
    /// The demo tenant, one for each test, by one of the protocols; a person signs in.
    pub async fn demo(protocol: IncomingProtocol) -> Self {
        let demo = Demo::start(protocol).await;
        let token = demo.another(Speaker::Person).await;
        let side_token = match protocol {
            IncomingProtocol::Graph => demo.token(EXCHANGE).await,
            _ => token.clone(),
        };
        let (main, shared) = (demo.tenant.user.clone(), demo.tenant.shared[0].clone());
        Self::in_demo(demo, Speaker::Person, (main, shared), (token, side_token))
    }

    /// The same; an app signs in, without a person.
    pub async fn demo_app(protocol: IncomingProtocol) -> Self {
        let demo = Demo::start(protocol).await;
        let token = demo.another(Speaker::App).await;
        let side_token = demo.imap_app_token().await;
        let shared = &demo.tenant.shared;
        let mailboxes = (shared[0].clone(), shared[1].clone());
        Self::in_demo(demo, Speaker::App, mailboxes, (token, side_token))
    }

    fn in_demo(
        demo: Demo,
        speaker: Speaker,
        (main, shared): (String, String),
        (token, side_token): (SecretString, SecretString),
    ) -> Self {
        let tenant = &demo.tenant;
        let domain = tenant.user.split('@').next_back().expect("a domain");
        let side = imap_at("localhost", tenant.imap_port, TlsMode::Implicit);
        Self {
            incoming: demo.incoming(),
            outgoing: demo.outgoing(),
            trust: Trust::load(Some(&tenant.ca_file)).expect("the demo's CA"),
            mailbox: main.clone(),
            main,
            shared,
            forbidden: tenant.forbidden.clone(),
            nobody: format!("no-such-person@{domain}"),
            tokens: Arc::new(Tokens::new(token)),
            speaker,
            side: SideDoor::new(side, side_token),
            demo: Some(demo),
        }
    }

    /// Returns the tenant; a story that asks for it is told to the demo only.
    pub fn in_demo_only(&self) -> &Demo {
        self.demo.as_ref().expect("the demo")
    }

    /// Ends the token that is shown, and has another one at hand.
    pub async fn end_token(&self) {
        let demo = self.in_demo_only();
        demo.control().expire_access_tokens();
        self.tokens.add(demo.another(self.speaker).await);
    }
}
