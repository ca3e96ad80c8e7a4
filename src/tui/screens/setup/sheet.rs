//! What is being set up: choices as values, texts as typed, so that a field that disappears and comes back has kept
//! what stood in it. Draws nothing and checks nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Config;
use crate::engine::{Candidate, Origin, asked_scopes, usual_servers};
use crate::model::{
    Account, Address, ClientKind, Method, OutgoingProtocol, OutgoingServer, Provider,
    ServerProfile, SignInProfile, TlsMode,
};
use crate::tui::screens::setup::fields::{
    ASSERTIONS, CLOUDS, KINDS, METHODS, PROVIDERS, READS, SENDS, TLS, meant, why_not,
};

/// What the form is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// An account with its profiles.
    Account,
    /// A sign-in profile, for all accounts that use it.
    SignIn,
    /// A server profile, for all accounts that use it.
    Servers,
}

/// How mail is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sending {
    /// By the sign-in that reads.
    Same,
    /// By a password.
    Password,
    /// By another sign-in profile.
    Profile(String),
}

/// Whom a change to a shared profile is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// This account alone: it gets a profile of its own.
    One,
    /// Every account that uses the profile.
    All,
}

/// What is being set up.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What the form is about.
    pub target: Target,
    /// Whether it was there before.
    pub is_edit: bool,
    /// Whether the fields that few people need are shown.
    pub with_more: bool,
    /// The profile whose application's secret is in the vault, as far as that is known.
    pub secret_of: Option<String>,
    /// What is not typed, and what no field shows.
    pub account: Account,
    /// Which texts the user typed, so that they say no longer where they come from.
    pub typed: BTreeSet<&'static str>,
    /// What stands in the fields.
    pub texts: BTreeMap<&'static str, String>,
    /// How mail is sent.
    pub sending: Sending,
    /// Whom changes to the sign-in profile are for.
    pub sign_in_reach: Reach,
    /// Whom changes to the server profile are for.
    pub servers_reach: Reach,
    /// What was found, as it came.
    pub found: Candidate,
    /// Which of what was found is taken: the suggestion, then the alternatives.
    pub place: usize,
    /// Whether the user agreed to servers that nobody vouches for.
    pub has_consent: bool,
    /// The settings that are in force.
    pub config: Arc<Config>,
}

impl Sheet {
    /// Starts from something found, or from an account to edit.
    pub fn new(target: Target, found: Candidate, config: Arc<Config>) -> Self {
        let mut sheet = Self {
            target,
            is_edit: found.sign_in_origin == Origin::Config
                && config
                    .accounts
                    .iter()
                    .any(|account| account.name == found.account.name),
            with_more: target != Target::Account,
            secret_of: None,
            account: found.account.clone(),
            typed: BTreeSet::new(),
            texts: BTreeMap::new(),
            sending: Sending::Same,
            sign_in_reach: Reach::One,
            servers_reach: Reach::One,
            found,
            place: 0,
            has_consent: false,
            config,
        };
        sheet.take_account();
        sheet
    }

    /// Returns a typed text without blanks around it.
    pub fn text(&self, id: &str) -> &str {
        self.texts.get(id).map_or("", |text| text.trim())
    }

    pub(super) fn put(&mut self, id: &'static str, text: impl Into<String>) {
        self.typed.remove(id);
        self.texts.insert(id, text.into());
    }

    /// Takes over what the user typed.
    pub fn type_in(&mut self, id: &'static str, text: String) {
        self.texts.insert(id, text);
        self.typed.insert(id);
    }

    fn take_account(&mut self) {
        let account = self.account.clone();
        let list = |users: &[Address]| -> String {
            let users: Vec<&str> = users.iter().map(|user| user.email.as_str()).collect();
            users.join("; ")
        };
        self.put("display", account.address.name.as_str());
        self.put("name", account.name.as_str());
        self.put("users", list(&account.additional_users));
        self.put("behalf", list(&account.on_behalf));
        self.put("login", account.login.unwrap_or_default());
        self.take_sign_in(account.sign_in.clone());
        self.take_servers(account.servers.clone());
        self.sending = if account.send_sign_in.name == account.sign_in.name {
            Sending::Same
        } else if self.config.sign_in.contains_key(&account.send_sign_in.name) {
            Sending::Profile(account.send_sign_in.name)
        } else {
            Sending::Password
        };
    }

    /// Fills the fields of the sign-in.
    pub fn take_sign_in(&mut self, profile: SignInProfile) {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let path = |path: &Option<std::path::PathBuf>| {
            path.as_ref()
                .map_or(String::new(), |path| path.display().to_string())
        };
        self.put("tenant", profile.tenant.as_str());
        self.put("client", profile.client_id.as_str());
        self.put("redirect", or_empty(&profile.redirect_uri));
        self.put("authority", or_empty(&profile.authority));
        self.put("authorize", or_empty(&profile.authorization_endpoint));
        self.put("token", or_empty(&profile.token_endpoint));
        self.put("device", or_empty(&profile.device_authorization_endpoint));
        self.put("certificate", path(&profile.certificate));
        self.put("key", path(&profile.certificate_key));
        self.put("ca", path(&profile.ca_file));
        self.put("domains", profile.domains.join("; "));
        self.put("scopes", profile.scopes.join(" "));
        let expires = profile.secret_expires.map(|day| day.to_string());
        self.put("expires", expires.unwrap_or_default());
        self.account.sign_in = profile;
        self.fill_in();
    }

    /// Fills the fields of the servers.
    pub fn take_servers(&mut self, servers: ServerProfile) {
        self.put(
            "incoming",
            place(
                &servers.incoming.host,
                servers.incoming.port,
                servers.incoming.path.as_deref(),
            ),
        );
        let outgoing = servers.outgoing.as_ref();
        let outgoing =
            outgoing.map(|server| place(&server.host, server.port, server.path.as_deref()));
        self.put("outgoing", outgoing.unwrap_or_default());
        self.account.servers = servers;
    }

    /// Writes what is usual where nothing stands: the redirect address, and the scopes that would be asked for.
    fn fill_in(&mut self) {
        if self.text("redirect").is_empty() {
            self.put("redirect", usual_redirect(self.account.sign_in.provider));
        }
        if self.text("scopes").is_empty() {
            self.put("scopes", self.usual_scopes());
        }
    }

    /// Returns the scopes that are asked for when the profile names none.
    pub fn usual_scopes(&self) -> String {
        let sign_in = SignInProfile {
            scopes: Vec::new(),
            tenant: self.text("tenant").to_owned(),
            ..self.account.sign_in.clone()
        };
        let plain = Account {
            send_sign_in: self.to_send_sign_in(&sign_in),
            servers: self.to_servers(&sign_in),
            sign_in,
            ..self.account.clone()
        };
        asked_scopes(&plain).join(" ")
    }

    /// Does what choosing this option of a field brings with it. Scopes that nobody typed follow what is asked for.
    pub fn choose(&mut self, id: &str, option: (usize, &str)) {
        let before = self.usual_scopes();
        self.take_choice(id, option);
        if self.text("scopes") == before {
            self.put("scopes", self.usual_scopes());
        }
    }

    fn take_choice(&mut self, id: &str, (place, word): (usize, &str)) {
        match id {
            "found" => self.choose_found(place),
            "consent" => self.has_consent = place == 1,
            "profile" => self.choose_profile(word),
            "server-profile" => self.choose_servers(word),
            "send" => {
                self.sending = self
                    .sendings()
                    .into_iter()
                    .nth(place)
                    .map_or(Sending::Same, |(_, sending)| sending);
            }
            "reach" => self.sign_in_reach = if place == 1 { Reach::All } else { Reach::One },
            "server-reach" => {
                self.servers_reach = if place == 1 { Reach::All } else { Reach::One };
            }
            "reads" => {
                let now = self.account.servers.incoming.protocol;
                self.choose_reading(meant(READS, word, now));
            }
            "sends" => self.choose_sending(meant(SENDS, word, OutgoingProtocol::Smtp)),
            "incoming-tls" => {
                let tls = &mut self.account.servers.incoming.tls;
                *tls = meant(TLS, word, *tls);
            }
            "outgoing-tls" => self.choose_outgoing_tls(word),
            _ => self.choose_sign_in(id, word),
        }
    }

    fn choose_outgoing_tls(&mut self, word: &str) {
        let outgoing = self.account.servers.outgoing.take();
        let mut outgoing = outgoing.unwrap_or_else(no_outgoing);
        outgoing.tls = meant(TLS, word, outgoing.tls);
        self.account.servers.outgoing = Some(outgoing);
    }

    /// What Pillarbox filled in follows the choice; what was typed stays.
    fn choose_sign_in(&mut self, id: &str, word: &str) {
        let scopes_before = self.usual_scopes();
        let redirect_before = usual_redirect(self.account.sign_in.provider);
        let provider = self.account.sign_in.provider;
        let profile = &mut self.account.sign_in;
        match id {
            "provider" => profile.provider = meant(PROVIDERS, word, profile.provider),
            "method" => profile.method = meant(METHODS, word, profile.method),
            "cloud" => profile.cloud = meant(CLOUDS, word, profile.cloud),
            "kind" => profile.client = meant(KINDS, word, profile.client),
            "assertion" => profile.assertion = meant(ASSERTIONS, word, profile.assertion),
            _ => return,
        }
        if profile.provider != provider {
            profile.client = match profile.provider {
                Provider::Gmail => ClientKind::Confidential,
                _ => ClientKind::Public,
            };
            if why_not(profile.provider, profile.method).is_some() {
                profile.method = Method::Browser;
            }
        }
        self.follow_tenant();
        if self.text("scopes") == scopes_before {
            self.put("scopes", "");
        }
        if self.text("redirect") == redirect_before {
            self.put("redirect", "");
        }
        self.fill_in();
        if ["provider", "cloud"].contains(&id) {
            self.follow_servers();
        }
    }

    /// An application is known in one tenant, and personal accounts have theirs.
    fn follow_tenant(&mut self) {
        let profile = &self.account.sign_in;
        let domain = self.account.address.domain().to_lowercase();
        let tenant = self.text("tenant").to_lowercase();
        let is_any = ["", "common", "organizations", "consumers"].contains(&tenant.as_str());
        let wanted = match profile.provider {
            Provider::OutlookCom => "consumers".to_owned(),
            Provider::Microsoft365 if profile.method.is_app_only() && is_any => domain,
            Provider::Microsoft365 if tenant.is_empty() || tenant == "consumers" => {
                "organizations".to_owned()
            }
            _ => return,
        };
        self.put("tenant", wanted);
    }

    /// Servers that were some provider's own become those of the provider that is chosen now.
    fn follow_servers(&mut self) {
        let profile = &self.account.sign_in;
        let imap = self.text("incoming");
        let is_usual = |(_, provider): &(&str, Provider)| {
            CLOUDS.iter().any(|(_, cloud)| {
                let usual = usual_servers(*provider, *cloud);
                usual.is_some_and(|(incoming, _)| host_port(&incoming.host, incoming.port) == imap)
            })
        };
        let was_usual = imap.is_empty() || PROVIDERS.iter().any(is_usual);
        if let Some((incoming, outgoing)) = usual_servers(profile.provider, profile.cloud)
            && was_usual
        {
            let servers = ServerProfile {
                incoming,
                outgoing: Some(outgoing),
                ..self.account.servers.clone()
            };
            self.take_servers(servers);
        }
    }

    fn choose_found(&mut self, place: usize) {
        let mut taken = self.found.clone();
        if let Some(index) = place.checked_sub(1) {
            taken.choose(index);
        }
        self.place = place;
        self.has_consent = false;
        self.put("login", taken.account.login.clone().unwrap_or_default());
        self.take_sign_in(taken.account.sign_in);
        self.take_servers(taken.account.servers);
    }

    /// Returns what was found as it is taken now.
    pub fn taken(&self) -> Candidate {
        let mut taken = self.found.clone();
        if let Some(index) = self.place.checked_sub(1) {
            taken.choose(index);
        }
        taken
    }

    fn choose_profile(&mut self, word: &str) {
        self.sign_in_reach = Reach::One;
        if self.sending == Sending::Profile(word.to_owned()) {
            self.sending = Sending::Same;
        }
        let profile = self.config.sign_in.get(word).cloned();
        let own = self.taken().account.sign_in;
        self.take_sign_in(profile.unwrap_or_else(|| {
            let domains = own.domains.clone();
            let fresh = SignInProfile::new(self.new_name(), own.provider, own.method);
            let is_new = !self.config.sign_in.contains_key(&own.name);
            if is_new {
                own
            } else {
                SignInProfile {
                    domains,
                    tenant: self.text("tenant").to_owned(),
                    ..fresh
                }
            }
        }));
    }

    fn choose_servers(&mut self, word: &str) {
        self.servers_reach = Reach::One;
        let profile = self.config.servers.get(word).cloned();
        let own = self.taken().account.servers;
        self.take_servers(profile.unwrap_or_else(|| ServerProfile {
            name: self.new_name(),
            ..own
        }));
    }

    /// Returns a name that no profile has.
    pub fn new_name(&self) -> String {
        let domain = self.account.address.domain().to_lowercase();
        let label = domain.split('.').next().unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        let label: String = label.chars().filter(|c| is_plain(*c)).collect();
        let label = if label.is_empty() {
            "profile".to_owned()
        } else {
            label
        };
        let is_free = |name: &String| {
            !self.config.sign_in.contains_key(name) && !self.config.servers.contains_key(name)
        };
        let numbered = (2..1000).map(|number| format!("{label}-{number}"));
        let mut names = std::iter::once(label.clone()).chain(numbered);
        names.find(is_free).unwrap_or(label)
    }

    /// Lists how mail can be sent, in words.
    pub fn sendings(&self) -> Vec<(String, Sending)> {
        let mut all = vec![
            ("the same sign-in".to_owned(), Sending::Same),
            ("a password".to_owned(), Sending::Password),
        ];
        let others = self.config.sign_in.keys();
        let others = others.filter(|name| **name != self.account.sign_in.name);
        all.extend(others.map(|name| (format!("profile {name}"), Sending::Profile(name.clone()))));
        all
    }

    /// Returns the accounts besides this one that use a sign-in profile.
    pub fn others_of_sign_in(&self, name: &str) -> Vec<&str> {
        let uses =
            |account: &&Account| account.sign_in.name == name || account.send_sign_in.name == name;
        self.others(uses)
    }

    /// Returns the accounts besides this one that use a server profile.
    pub fn others_of_servers(&self, name: &str) -> Vec<&str> {
        self.others(|account| account.servers.name == name)
    }

    fn others(&self, uses: impl Fn(&&Account) -> bool) -> Vec<&str> {
        let own = (self.target == Target::Account).then_some(self.account.name.as_str());
        let all = self.config.accounts.iter().filter(uses);
        all.map(|account| account.name.as_str())
            .filter(|name| Some(*name) != own)
            .collect()
    }

    /// Tells whether mail is sent by a password of its own.
    pub fn sends_by_password(&self) -> bool {
        match &self.sending {
            Sending::Same => false,
            Sending::Password => true,
            Sending::Profile(name) => {
                let profile = self.config.sign_in.get(name);
                profile.is_some_and(|profile| profile.method == Method::Password)
            }
        }
    }

    /// Tells whether a password is among what is needed.
    pub fn needs_password(&self) -> bool {
        self.account.sign_in.method == Method::Password || self.sends_by_password()
    }
}

/// Returns where the browser is sent back to when nothing is typed.
pub const fn usual_redirect(provider: Provider) -> &'static str {
    match provider {
        Provider::Microsoft365 | Provider::OutlookCom | Provider::ExchangeServer => {
            "http://localhost"
        }
        Provider::Gmail | Provider::Custom => "http://127.0.0.1",
    }
}

/// Returns an outgoing server that is still to be typed.
pub fn no_outgoing() -> OutgoingServer {
    OutgoingServer {
        protocol: crate::model::OutgoingProtocol::Smtp,
        host: String::new(),
        port: 587,
        tls: TlsMode::StartTls,
        path: None,
    }
}

/// Writes where a server is; a whole address where EWS is not in its usual place there.
fn place(host: &str, port: u16, path: Option<&str>) -> String {
    match path {
        Some(path) => format!("https://{}{path}", host_port(host, port)),
        None => host_port(host, port),
    }
}

fn host_port(host: &str, port: u16) -> String {
    if host.is_empty() {
        String::new()
    } else {
        format!("{host}:{port}")
    }
}
