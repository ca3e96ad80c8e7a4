//! The profiles as the accounts screen lists them, and what a change to them is called.

use crate::engine::ConfigChange;
use crate::model::{Account, Method, Provider, ServerProfile, SignInProfile};
use crate::tui::context::Cx;
use crate::tui::screens::ScreenName;

/// A profile in the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is about, in a few words.
    pub words: String,
    /// The accounts that use it.
    pub users: Vec<String>,
    is_sign_in: bool,
}

/// Lists the profiles: sign-ins first, then servers.
pub fn all(cx: &Cx) -> Vec<Profile> {
    let Some(config) = &cx.config else {
        return Vec::new();
    };
    let users = |uses: &dyn Fn(&Account) -> bool| -> Vec<String> {
        let all = config.accounts.iter().filter(|account| uses(account));
        all.map(|account| account.name.clone()).collect()
    };
    let sign_in = config.sign_in.values().map(|profile| Profile {
        name: profile.name.clone(),
        words: sign_in_words(profile),
        users: users(&|account| {
            account.sign_in.name == profile.name || account.send_sign_in.name == profile.name
        }),
        is_sign_in: true,
    });
    let servers = config.servers.values().map(|profile| Profile {
        name: profile.name.clone(),
        words: server_words(profile),
        users: users(&|account| account.servers.name == profile.name),
        is_sign_in: false,
    });
    sign_in.chain(servers).collect()
}

impl Profile {
    /// Says which kind it is.
    pub const fn kind(&self) -> &'static str {
        if self.is_sign_in {
            "sign-in"
        } else {
            "servers"
        }
    }

    /// Says who uses it.
    pub fn used(&self) -> String {
        if self.users.is_empty() {
            "unused".to_owned()
        } else {
            format!("used by {}", self.users.join(", "))
        }
    }

    /// Returns the screen that edits it.
    pub fn editor(&self) -> ScreenName {
        let name = self.name.clone();
        if self.is_sign_in {
            ScreenName::SignInProfile { name }
        } else {
            ScreenName::ServerProfile { name }
        }
    }

    /// Returns the change that takes it out.
    pub fn removed(&self) -> ConfigChange {
        let name = self.name.clone();
        if self.is_sign_in {
            ConfigChange::RemoveSignIn(name)
        } else {
            ConfigChange::RemoveServers(name)
        }
    }

    /// Returns the change that gives it another name.
    pub fn renamed(&self, new: &str) -> ConfigChange {
        let (name, new) = (self.name.clone(), new.to_owned());
        if self.is_sign_in {
            ConfigChange::RenameSignIn { name, new }
        } else {
            ConfigChange::RenameServers { name, new }
        }
    }
}

/// Says what was done; `None` for what another screen asked for.
pub fn done(change: &ConfigChange) -> Option<String> {
    Some(match change {
        ConfigChange::SignIn(_) | ConfigChange::Servers(_) | ConfigChange::LeaveEws { .. } => {
            return None;
        }
        ConfigChange::RemoveSignIn(name) | ConfigChange::RemoveServers(name) => {
            format!("Removed the profile {name}")
        }
        ConfigChange::RenameSignIn { new, .. } | ConfigChange::RenameServers { new, .. } => {
            format!("The profile is called {new} now")
        }
        ConfigChange::Duplicate { new, .. } => format!("{new} is there; Enter edits it"),
        ConfigChange::Migrate(_) => "Former settings were replaced".to_owned(),
        // The root says it, whatever screen is on top.
    })
}

/// Says a provider in words.
pub const fn provider_words(provider: Provider) -> &'static str {
    match provider {
        Provider::Microsoft365 => "Microsoft 365",
        Provider::OutlookCom => "Outlook.com",
        Provider::ExchangeServer => "Exchange Server",
        Provider::Gmail => "Gmail",
        Provider::Custom => "other provider",
    }
}

/// Says a method in words.
pub const fn method_words(method: Method) -> &'static str {
    match method {
        Method::DeviceCode => "device code",
        Method::Browser => "browser",
        Method::ClientSecret => "app-only with a secret",
        Method::ClientCertificate => "app-only with a certificate",
        Method::Password => "password",
    }
}

fn sign_in_words(profile: &SignInProfile) -> String {
    let (provider, method) = (
        provider_words(profile.provider),
        method_words(profile.method),
    );
    if profile.tenant.is_empty() {
        format!("{provider}, {method}")
    } else {
        format!("{provider}, {method}, {}", profile.tenant)
    }
}

fn server_words(profile: &ServerProfile) -> String {
    let incoming = &profile.incoming;
    let reads = format!("{}:{}", incoming.host, incoming.port);
    match &profile.outgoing {
        Some(outgoing) => format!("{reads}, {}:{}", outgoing.host, outgoing.port),
        None => format!("{reads}, reads only"),
    }
}
