//! The token endpoint's rules, one function per grant.

use std::sync::atomic::Ordering;

use super::apps::{self, App, Proof, Shown};
use super::http::{Form, field};
use super::{Fault, Grant, SignIn, State, TENANT_ID, TokenSet, Trouble, jwt, scopes};
use crate::demo::people::DOMAIN;

/// The device grant's name (RFC 8628 §3.4).
pub const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A request to the token endpoint.
pub struct Call<'a> {
    /// Path segment that names the tenant.
    pub tenant: &'a str,
    /// Body, with what an `Authorization` header said.
    pub form: &'a Form,
    /// What to spoil in a good answer.
    pub trouble: Option<Trouble>,
}

impl Call<'_> {
    /// Returns whom a token is for: who signed in, unless a test wants somebody else.
    fn person(&self, user: &str) -> String {
        match &self.trouble {
            Some(Trouble::SomebodyElse(other)) => other.clone(),
            _ => user.to_owned(),
        }
    }
}

/// Who gets a token, and what for.
struct Ticket<'a> {
    app: &'static App,
    family: u64,
    user: &'a str,
    nonce: &'a str,
}

impl SignIn {
    /// Answers a token request (RFC 6749 §3.2).
    pub(super) fn token(&self, call: &Call<'_>) -> Result<TokenSet, Fault> {
        match field(call.form, "grant_type") {
            DEVICE_GRANT => {
                self.requests.count_poll();
                self.poll_device(call)
            }
            "refresh_token" => {
                self.requests.count_refresh();
                self.refresh(call)
            }
            "authorization_code" => {
                self.requests.count_code_exchange();
                self.redeem_code(call)
            }
            "client_credentials" => {
                self.requests.count_app_token();
                self.app_token(call)
            }
            "" => Err(Fault::MissingParameter("grant_type")),
            _ => Err(Fault::UnsupportedGrant),
        }
    }

    /// Revokes a token (RFC 7009 §2.1).
    pub(super) fn revoke(&self, call: &Call<'_>) -> Result<(), Fault> {
        self.requests.count_revocation();
        let app = self.authenticated(call)?;
        let token = field(call.form, "token");
        if token.is_empty() {
            return Err(Fault::MissingParameter("token"));
        }
        self.lock().grants.revoke(app, token);
        Ok(())
    }

    /// Checks who the client is.
    fn authenticated(&self, call: &Call<'_>) -> Result<&'static App, Fault> {
        let app = apps::app(field(call.form, "client_id"))?;
        app.check_endpoint(call.tenant)?;
        let shown = Shown {
            secret: field(call.form, "client_secret"),
            assertion: field(call.form, "client_assertion"),
            assertion_type: field(call.form, "client_assertion_type"),
        };
        // A client knows its tenant by one name or another.
        let mut audiences = vec![self.authority()];
        for tenant in [TENANT_ID, DOMAIN, "common", "organizations"] {
            audiences.push(format!("{}/{tenant}/oauth2/v2.0/token", self.base));
        }
        self.credentials.check(app, &shown, &audiences)?;
        Ok(app)
    }

    /// Answers a poll (RFC 8628 §3.4).
    fn poll_device(&self, call: &Call<'_>) -> Result<TokenSet, Fault> {
        let app = self.authenticated(call)?;
        let mut state = self.lock();
        let device_code = field(call.form, "device_code");
        let (user, scopes) = state.codes.poll(app, device_code)?;
        let user = call.person(&user);
        let family = state.grants.new_family(app, &user, scopes.clone());
        let ticket = Ticket {
            app,
            family,
            user: &user,
            nonce: "",
        };
        self.issue(&mut state, &ticket, &scopes, call)
    }

    /// Exchanges an authorization code (RFC 6749 §4.1.3).
    fn redeem_code(&self, call: &Call<'_>) -> Result<TokenSet, Fault> {
        let app = self.authenticated(call)?;
        let asked = scopes::split(field(call.form, "scope"));
        scopes::only_audience(&asked)?;
        let mut state = self.lock();
        let redeemed = state.authorizations.redeem(app, call.tenant, call.form)?;
        let user = call.person(&redeemed.user);
        let family = state.grants.new_family(app, &user, redeemed.scopes.clone());
        let ticket = Ticket {
            app,
            family,
            user: &user,
            nonce: &redeemed.nonce,
        };
        // The code carries what the person agreed to; `scope` only chooses the resource, `offline_access` stays.
        let mut scopes = if asked.is_empty() {
            redeemed.scopes.clone()
        } else {
            asked
        };
        for kept in ["openid", "offline_access"].map(str::to_owned) {
            if redeemed.scopes.contains(&kept) && !scopes.contains(&kept) {
                scopes.push(kept);
            }
        }
        self.issue(&mut state, &ticket, &scopes, call)
    }

    /// Exchanges a refresh token; the old one lives on for the grace only.
    fn refresh(&self, call: &Call<'_>) -> Result<TokenSet, Fault> {
        let app = self.authenticated(call)?;
        app.consent()?;
        let mut state = self.lock();
        let token = field(call.form, "refresh_token");
        if token.is_empty() {
            return Err(Fault::MissingParameter("refresh_token"));
        }
        let found = state
            .grants
            .use_refresh(app, token, self.habits.refresh_grace);
        let (family, user, granted) = found.inspect_err(|fault| {
            if *fault == Fault::ReusedRefreshToken {
                self.requests.count_reuse();
            }
        })?;
        let asked = scopes::split(field(call.form, "scope"));
        let mut scopes = if asked.is_empty() {
            granted.clone()
        } else {
            asked
        };
        // Entra always hands out the next refresh token.
        let offline = "offline_access".to_owned();
        if granted.contains(&offline) && !scopes.contains(&offline) {
            scopes.push(offline);
        }
        let user = call.person(&user);
        let ticket = Ticket {
            app,
            family,
            user: &user,
            nonce: "",
        };
        self.issue(&mut state, &ticket, &scopes, call)
    }

    /// Gives an app a token of its own (RFC 6749 §4.4); never a refresh token.
    fn app_token(&self, call: &Call<'_>) -> Result<TokenSet, Fault> {
        match call.tenant.to_ascii_lowercase().as_str() {
            "common" | "consumers" => return Err(Fault::Aadsts(9_001_023)),
            "organizations" => return Err(Fault::Aadsts(50_059)),
            _ => {}
        }
        let app = self.authenticated(call)?;
        if app.proof == Proof::None {
            return Err(Fault::Aadsts(7_000_218));
        }
        let scopes = scopes::split(field(call.form, "scope"));
        let audience = scopes::app_audience(&scopes)?;
        let subject = jwt::Subject {
            issuer: &self.issuer(call.trouble.as_ref()),
            app,
            user: "",
            life: self.token_life,
        };
        let access_token = self.signer.app_token(&subject, audience)?;
        let grant = Grant::for_app(app, audience, self.token_life);
        self.lock().grants.add_access(&access_token, grant);
        Ok(TokenSet {
            access_token,
            refresh_token: None,
            id_token: None,
            scopes: Vec::new(),
            life: self.token_life,
        })
    }

    fn issue(
        &self,
        state: &mut State,
        ticket: &Ticket<'_>,
        asked: &[String],
        call: &Call<'_>,
    ) -> Result<TokenSet, Fault> {
        let audience = scopes::first_audience(asked)?;
        if audience == scopes::GRAPH && self.withholds_graph.load(Ordering::Relaxed) {
            return Err(Fault::Aadsts(65_001));
        }
        let scopes = scopes::granted(asked, audience);
        let subject = jwt::Subject {
            issuer: &self.issuer(call.trouble.as_ref()),
            app: ticket.app,
            user: ticket.user,
            life: self.token_life,
        };
        let access_token = self.signer.access_token(&subject, audience, &scopes)?;
        let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
        let id_token = if has("openid") {
            Some(self.signer.id_token(&subject, ticket.nonce)?)
        } else {
            None
        };
        let refresh_token = if has("offline_access") {
            Some(state.grants.add_refresh(ticket.family)?)
        } else {
            None
        };
        let grant = Grant::new(ticket.user, audience, &scopes, self.token_life);
        state.grants.add_access(&access_token, grant);
        Ok(TokenSet {
            access_token,
            refresh_token,
            id_token,
            scopes,
            life: self.token_life,
        })
    }

    /// Returns an access token for all mail without a sign-in.
    #[cfg(test)]
    pub fn test_token(&self, email: &str) -> String {
        let call = Call {
            tenant: TENANT_ID,
            form: &Form::new(),
            trouble: None,
        };
        let ticket = Ticket {
            app: &apps::APPS[0],
            family: 0,
            user: email,
            nonce: "",
        };
        let mut state = self.lock();
        let scopes = ["openid".to_owned()];
        let tokens = self.issue(&mut state, &ticket, &scopes, &call).unwrap();
        tokens.access_token
    }
}
