//! A scripted sign-in service on loopback, and the stories of signing in with it.

mod browser;
mod browser_faults;
mod device;
mod device_faults;
mod discovery;
mod server;

pub(in crate::auth) use server::{Answer, Server};

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use crate::auth::{Clock, SignedIn};
use crate::model::{Method, Provider, SignInProfile};
use crate::net::{Http, Trust};

/// Makes a profile without addresses of its own.
pub(in crate::auth) fn profile(provider: Provider) -> SignInProfile {
    SignInProfile {
        tenant: "contoso.com".into(),
        client_id: "client-1".into(),
        ..SignInProfile::new("contoso", provider, Method::DeviceCode)
    }
}

/// Makes a profile whose provider is `server`.
pub(in crate::auth) fn profile_at(server: &Server) -> SignInProfile {
    SignInProfile {
        token_endpoint: Some(format!("{}/token", server.base)),
        device_authorization_endpoint: Some(format!("{}/device", server.base)),
        ..profile(Provider::Custom)
    }
}

pub(in crate::auth) fn http() -> Http {
    Http::new(&Trust::load(None).unwrap()).unwrap()
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(in crate::auth) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(in crate::auth) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-11-22T12:00:00Z".parse().unwrap())))
    }

    pub(in crate::auth) fn forward(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now
            .saturating_add(SignedDuration::from_secs(seconds))
            .unwrap();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Makes a token answer.
pub(in crate::auth) fn tokens(access: &str, refresh: Option<&str>, expires_in: u64) -> Answer {
    let claims = r#"{"preferred_username":"alice@contoso.com","name":"Alice","tid":"tenant-1"}"#;
    let id_token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
    let refresh = refresh.map_or(String::new(), |token| {
        format!(r#","refresh_token":"{token}""#)
    });
    Answer::json(
        200,
        &format!(
            r#"{{"token_type":"Bearer","access_token":"{access}","expires_in":{expires_in},
                "scope":"mail","id_token":"{id_token}"{refresh}}}"#
        ),
    )
}

pub(in crate::auth) fn access(signed_in: &SignedIn) -> &str {
    signed_in.access_token.expose_secret()
}

/// Makes an unsigned token with these claims.
pub(in crate::auth) fn jwt(claims: &str) -> String {
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
}
