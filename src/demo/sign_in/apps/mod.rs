//! The apps that are registered in the tenant. Data only; secrets are made at each start (`credentials`).

mod assertion;
mod credentials;

pub use credentials::{Credentials, PASSWORD_USER, Shown};

use crate::demo::sign_in::Fault;
use crate::demo::sign_in::scopes::is_exchange;

/// How an app proves who it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// Not at all: "Allow public client flows".
    None,
    /// With a secret.
    Secret,
    /// With a secret that is over.
    ExpiredSecret,
    /// With a certificate.
    Certificate,
}

/// What the organisation's policy says to an app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// Nothing against it.
    Open,
    /// Conditional Access blocks its device codes.
    NoDeviceCode,
    /// Nobody consented to it.
    NoConsent,
    /// Only an administrator may consent to it.
    AdminConsent,
}

/// A registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct App {
    /// Short name, also of its files.
    pub key: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Application (client) id.
    pub client_id: &'static str,
    /// How it proves who it is.
    pub proof: Proof,
    /// Where browsers may be sent back to; on `localhost` and `127.0.0.1` with any port.
    pub redirect_uris: &'static [&'static str],
    /// Application roles at Exchange that an administrator consented to.
    pub roles: &'static [&'static str],
    /// Application roles at Graph that an administrator consented to.
    pub graph_roles: &'static [&'static str],
    /// Whether only this organisation's endpoints know it.
    pub is_single_tenant: bool,
    /// What the organisation says to it.
    pub policy: Policy,
    /// What it is good for in a demo, in plain words.
    pub shows: &'static str,
}

/// The public client that everybody uses.
pub const CLIENT_ID: &str = "5f0d1d0e-3c47-4d27-9f0a-76a1e57ed3b0";
/// An app that acts without a person, with a secret.
pub const DAEMON_SECRET_ID: &str = "2b7a4c1e-90d5-4f3b-8a66-d1c0ffee0003";
/// An app that acts without a person, over EWS, Graph and POP3.
pub const DAEMON_WEB_ID: &str = "c4e2b8a7-13f6-47d0-9b5e-d1c0ffee000b";
/// An app that acts without a person, with a certificate.
pub const DAEMON_CERTIFICATE_ID: &str = "8e3d5f70-6a1b-4c92-b7e4-d1c0ffee0004";

const DESKTOP_URIS: &[&str] = &[
    "http://localhost",
    "http://127.0.0.1",
    "https://localhost/common/oauth2/nativeclient",
    "https://login.microsoftonline.com/common/oauth2/nativeclient",
];

const DESKTOP: App = App {
    key: "desktop",
    name: "Pillarbox",
    client_id: CLIENT_ID,
    proof: Proof::None,
    redirect_uris: DESKTOP_URIS,
    roles: &[],
    graph_roles: &[],
    is_single_tenant: false,
    policy: Policy::Open,
    shows: "device code, browser with PKCE, paste",
};

const DAEMON: App = App {
    key: "daemon-secret",
    name: "Night Watch",
    client_id: DAEMON_SECRET_ID,
    proof: Proof::Secret,
    redirect_uris: &[],
    roles: &["IMAP.AccessAsApp", "SMTP.SendAsApp"],
    graph_roles: &[],
    is_single_tenant: true,
    policy: Policy::Open,
    shows: "app-only with a secret; opens support and billing, sends as support",
};

/// Every registered app.
pub const APPS: &[App] = &[
    DESKTOP,
    App {
        key: "web",
        name: "Pillarbox Web",
        client_id: "0c6e9b52-71fd-4be0-a3d8-d1c0ffee0002",
        proof: Proof::Secret,
        redirect_uris: &[
            "http://localhost",
            "http://localhost/callback",
            "https://pillarbox.harborvale.example/callback",
        ],
        shows: "browser with a secret, own redirect address",
        ..DESKTOP
    },
    DAEMON,
    App {
        key: "daemon-certificate",
        name: "Day Watch",
        client_id: DAEMON_CERTIFICATE_ID,
        proof: Proof::Certificate,
        shows: "app-only with a certificate; opens support, billing and board, sends as the first two",
        ..DAEMON
    },
    App {
        key: "daemon-no-role",
        name: "Idle Watch",
        client_id: "6d94e2a8-05cf-4b17-9c3a-d1c0ffee0005",
        roles: &[],
        shows: "app-only without roles: a token that opens nothing",
        ..DAEMON
    },
    App {
        key: "daemon-web",
        name: "Web Robot",
        client_id: DAEMON_WEB_ID,
        roles: &["POP.AccessAsApp", "full_access_as_app"],
        graph_roles: &["Mail.ReadWrite", "Mail.Send"],
        shows: "app-only over EWS, Graph and POP3; opens support and billing",
        ..DAEMON
    },
    App {
        key: "single-tenant",
        name: "House Mail",
        client_id: "b1f8c3d6-2e7a-4059-8d14-d1c0ffee0006",
        is_single_tenant: true,
        shows: "refused on /common and /organizations (AADSTS50194)",
        ..DESKTOP
    },
    App {
        key: "no-device-code",
        name: "Guarded Mail",
        client_id: "47a05d9c-b3e1-4f68-a2c7-d1c0ffee0007",
        policy: Policy::NoDeviceCode,
        shows: "device code blocked by policy (AADSTS53003); the browser works",
        ..DESKTOP
    },
    App {
        key: "expired-secret",
        name: "Old Watch",
        client_id: "e95b7f13-8c4d-4a20-b6d1-d1c0ffee0008",
        proof: Proof::ExpiredSecret,
        shows: "app-only, secret over (AADSTS7000222)",
        ..DAEMON
    },
    App {
        key: "no-consent",
        name: "Stranger Mail",
        client_id: "d3c2a1b0-4f5e-4d6c-9b7a-d1c0ffee0009",
        policy: Policy::NoConsent,
        shows: "consent missing (AADSTS65001)",
        ..DESKTOP
    },
    App {
        key: "admin-consent",
        name: "Curious Mail",
        client_id: "71e6d8f4-a9b2-4c35-8e0d-d1c0ffee000a",
        policy: Policy::AdminConsent,
        shows: "an administrator must approve (AADSTS90094)",
        ..DESKTOP
    },
];

/// Returns the app with that id.
pub fn app(client_id: &str) -> Result<&'static App, Fault> {
    if client_id.is_empty() {
        return Err(Fault::MissingParameter("client_id"));
    }
    APPS.iter()
        .find(|app| app.client_id.eq_ignore_ascii_case(client_id))
        .ok_or(Fault::UnknownClient)
}

impl App {
    /// Returns the roles that its own token for a resource carries.
    pub fn roles_at(&self, audience: &str) -> &'static [&'static str] {
        if is_exchange(audience) {
            self.roles
        } else {
            self.graph_roles
        }
    }

    /// Returns what the policy says once a person agreed in a browser.
    pub const fn consent(&self) -> Result<(), Fault> {
        match self.policy {
            Policy::Open | Policy::NoDeviceCode => Ok(()),
            Policy::NoConsent => Err(Fault::Aadsts(65_001)),
            Policy::AdminConsent => Err(Fault::Aadsts(90_094)),
        }
    }

    /// The same for a device code.
    pub const fn consent_by_device_code(&self) -> Result<(), Fault> {
        match self.policy {
            Policy::NoDeviceCode => Err(Fault::Aadsts(53_003)),
            _ => self.consent(),
        }
    }

    /// Refuses a single-tenant app at an endpoint of all organisations.
    pub fn check_endpoint(&self, tenant: &str) -> Result<(), Fault> {
        let is = |name: &str| tenant.eq_ignore_ascii_case(name);
        if self.is_single_tenant && (is("common") || is("organizations")) {
            return Err(Fault::Aadsts(50_194));
        }
        if is("consumers") {
            return Err(Fault::Aadsts(9_002_332));
        }
        Ok(())
    }

    /// Tells whether an address is registered: exactly so, on this machine with any port.
    pub fn is_registered(&self, redirect_uri: &str) -> bool {
        let local = without_port(redirect_uri);
        let is_same = |registered: &&str| {
            **registered == *redirect_uri || (local.is_some() && without_port(registered) == local)
        };
        self.redirect_uris.iter().any(is_same)
    }
}

/// Takes the port out of an address on this machine; `None` for other addresses.
fn without_port(address: &str) -> Option<(String, String)> {
    let parsed = url::Url::parse(address).ok()?;
    let host = parsed.host_str()?;
    let is_plain =
        parsed.query().is_none() && parsed.fragment().is_none() && parsed.username().is_empty();
    let is_loopback = host == "localhost" || (host == "127.0.0.1" && parsed.scheme() == "http");
    (is_plain && is_loopback).then(|| {
        (
            format!("{}://{host}", parsed.scheme()),
            parsed.path().to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_exact_but_for_the_port_on_this_machine() {
        let check = |key: &str, address: &str, expected: bool| {
            let app = APPS.iter().find(|app| app.key == key).unwrap();
            assert_eq!(app.is_registered(address), expected, "{key} {address}");
        };
        check("desktop", "http://localhost:4711", true);
        check("desktop", "http://localhost:4711/", true);
        check("desktop", "http://127.0.0.1:1/", true);
        check("desktop", "http://localhost:4711/callback", false);
        check("desktop", "https://localhost:4711/", false);
        check("desktop", "http://localhost.evil.example/", false);
        check("desktop", "http://localhost@evil.example/", false);
        check("desktop", "http://localhost/?a=b", false);
        check(
            "desktop",
            "https://localhost:1/common/oauth2/nativeclient",
            true,
        );
        check("web", "http://localhost:8/callback", true);
        check("web", "http://localhost:8/Callback", false);
        check("web", "https://pillarbox.harborvale.example/callback", true);
        check(
            "web",
            "https://pillarbox.harborvale.example:444/callback",
            false,
        );
        check("daemon-secret", "http://localhost", false);
        check("desktop", "", false);
    }

    #[test]
    fn ids_are_different_and_known() {
        for app in APPS {
            assert_eq!(super::app(app.client_id), Ok(app));
            assert_eq!(APPS.iter().filter(|other| other.key == app.key).count(), 1);
        }
        assert_eq!(super::app("x"), Err(Fault::UnknownClient));
        assert_eq!(super::app(""), Err(Fault::MissingParameter("client_id")));
    }
}
