//! From what is being set up to what is saved. What no field shows stays as it was.

use std::path::PathBuf;

use crate::model::{
    Account, Address, Method, OutgoingServer, Provider, ServerProfile, SignInProfile,
    parse_address_list,
};
use crate::tui::screens::setup::checks::read_place;
use crate::tui::screens::setup::sheet::{Sending, Sheet, no_outgoing, usual_redirect};

impl Sheet {
    /// Returns the account; to be asked for after everything was checked.
    pub fn to_account(&self) -> Account {
        let sign_in = self.to_sign_in();
        let addresses = |id| parse_address_list(self.text(id)).addresses;
        let additional_users = if sign_in.provider == Provider::OutlookCom {
            Vec::new()
        } else {
            addresses("users")
        };
        let is_user = |user: &Address| additional_users.iter().any(|one| one.is_same_mailbox(user));
        let mut on_behalf = addresses("behalf");
        on_behalf.retain(is_user);
        Account {
            name: self.text("name").to_owned(),
            address: Address::named(self.text("display"), &self.account.address.email),
            send_sign_in: self.to_send_sign_in(&sign_in),
            servers: self.to_servers(&sign_in),
            sign_in,
            login: self.optional("login"),
            additional_users,
            on_behalf,
        }
    }

    /// Returns the sign-in profile.
    pub fn to_sign_in(&self) -> SignInProfile {
        let base = &self.account.sign_in;
        let has_certificate = base.method == Method::ClientCertificate;
        let path = |id| self.optional(id).map(PathBuf::from);
        let usual = usual_redirect(base.provider);
        let scopes = self.text("scopes");
        let is_usual = scopes
            .split_whitespace()
            .eq(self.usual_scopes().split_whitespace());
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        SignInProfile {
            tenant: if base.provider.is_microsoft() {
                self.text("tenant").to_owned()
            } else {
                String::new()
            },
            client_id: self.text("client").to_owned(),
            authority: self.url("authority"),
            authorization_endpoint: self.url("authorize"),
            token_endpoint: self.url("token"),
            device_authorization_endpoint: self.url("device"),
            redirect_uri: self.optional("redirect").filter(|uri| uri != usual),
            scopes: if is_usual { Vec::new() } else { words(scopes) },
            secret_expires: self
                .optional("expires")
                .filter(|_| base.needs_secret())
                .and_then(|day| day.parse().ok()),
            certificate: path("certificate").filter(|_| has_certificate),
            certificate_key: path("key").filter(|_| has_certificate),
            ca_file: path("ca"),
            domains: self
                .text("domains")
                .split([';', ',', ' '])
                .map(str::trim)
                .filter(|domain| !domain.is_empty())
                .map(str::to_lowercase)
                .collect(),
            ..base.clone()
        }
    }

    /// Returns the profile for sending.
    pub fn to_send_sign_in(&self, sign_in: &SignInProfile) -> SignInProfile {
        match &self.sending {
            Sending::Same => sign_in.clone(),
            Sending::Profile(name) => {
                let found = self.config.sign_in.get(name);
                found.unwrap_or(&self.account.send_sign_in).clone()
            }
            Sending::Password => {
                let provider = match sign_in.provider {
                    Provider::OutlookCom => Provider::Custom,
                    provider => provider,
                };
                let name = format!("{}-sending", sign_in.name);
                SignInProfile {
                    tenant: sign_in.tenant.clone(),
                    cloud: sign_in.cloud,
                    ..SignInProfile::new(name, provider, Method::Password)
                }
            }
        }
    }

    /// Returns the server profile.
    pub fn to_servers(&self, sign_in: &SignInProfile) -> ServerProfile {
        let mut servers = self.account.servers.clone();
        if let Ok(place) = read_place(self, "incoming") {
            servers.incoming.host = place.host;
            servers.incoming.port = place.port;
            servers.incoming.path = place.path;
        }
        let place = read_place(self, "outgoing");
        servers.outgoing = place.ok().map(|place| OutgoingServer {
            host: place.host,
            port: place.port,
            path: place.path,
            ..servers.outgoing.clone().unwrap_or_else(no_outgoing)
        });
        // One private authority for everything, as long as the two were not told apart in the file.
        if self.account.sign_in.ca_file == self.account.servers.ca_file {
            servers.ca_file.clone_from(&sign_in.ca_file);
        }
        servers
    }

    fn optional(&self, id: &str) -> Option<String> {
        Some(self.text(id).to_owned()).filter(|text| !text.is_empty())
    }

    fn url(&self, id: &str) -> Option<String> {
        let text = self.text(id).trim_end_matches('/').to_owned();
        Some(text).filter(|text| !text.is_empty())
    }
}
