//! Signing out: tokens are ended at the provider where it can do that (RFC 7009), and forgotten in any case.

use std::time::Duration;

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use oauth2::HttpRequest;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use super::stored::Stored;
use super::{Inner, Pending};
use crate::auth::AuthError;
use crate::auth::client::ClientProof;
use crate::auth::endpoints::{Endpoints, Need};

/// How long the provider may take: somebody waits to be signed out.
const LIMIT: Duration = Duration::from_secs(10);

/// What became of tokens at the provider when they were forgotten here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// There were none.
    Nothing,
    /// The provider ended them (RFC 7009 §2.2).
    AtProvider,
    /// The provider has no address for that: they stay good until they are over.
    NotOffered,
    /// The provider could not be asked, or refused.
    Failed,
}

impl Inner {
    /// Ends and forgets all tokens. A renewal under way is thrown away.
    pub(super) async fn sign_out(&self) -> Result<Ended, AuthError> {
        let _pending = Pending::new(self);
        self.generation.send_modify(|generation| *generation += 1);
        let _turn = self.turn.lock().await;
        let _guard = self.vault.lock(&self.key).await?;
        let tokens = self.all_tokens().await;
        let ended = match timeout(LIMIT, self.revoke(&tokens)).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => {
                tracing::info!(%error, "tokens were not ended at the provider");
                Ended::Failed
            }
            Err(_) => {
                tracing::info!("the provider did not end the tokens in time");
                Ended::Failed
            }
        };
        self.vault.remove(&self.key).await?;
        self.held().replace(None);
        self.tell();
        Ok(ended)
    }

    /// Returns all tokens there are with their kind (RFC 7009 §2.1), refresh tokens first: with one of those a provider
    /// ends all that came from it.
    async fn all_tokens(&self) -> Vec<(&'static str, SecretString)> {
        // What cannot be read cannot be ended, but must be forgotten all the same.
        let stored = Stored::read(&self.vault, &self.key).await.unwrap_or(None);
        let held = self.held();
        let unsaved = held.unsaved.as_ref().map(|pair| &pair.1);
        let mut refresh: Vec<(&'static str, SecretString)> = Vec::new();
        let mut access = Vec::new();
        for known in [stored.as_ref(), held.tokens.as_ref(), unsaved]
            .into_iter()
            .flatten()
        {
            let add = |list: &mut Vec<_>, kind, token: &SecretString| {
                let is_there =
                    |(_, known): &(&'static str, SecretString)| super::is_same(known, token);
                if !list.iter().any(is_there) {
                    list.push((kind, token.clone()));
                }
            };
            if let Some(token) = &known.refresh_token {
                add(&mut refresh, "refresh_token", token);
            }
            for known in known.tokens.values() {
                add(&mut access, "access_token", &known.token);
            }
        }
        refresh.extend(access);
        refresh
    }

    /// Asks the provider to end tokens; does nothing where it has no address for that.
    async fn revoke(&self, tokens: &[(&'static str, SecretString)]) -> Result<Ended, AuthError> {
        if tokens.is_empty() {
            return Ok(Ended::Nothing);
        }
        let endpoints = Endpoints::find_for(Need::Revocation, &self.profile, &self.http).await?;
        let Some(address) = endpoints.revocation else {
            return Ok(Ended::NotOffered);
        };
        let mut ended = Ended::Failed;
        let now = self.clock.now();
        let proof = ClientProof::load_at(&self.profile, &self.vault, now).await?;
        for (kind, token) in tokens {
            let proof = proof.fields(&self.profile, &endpoints.token, now)?;
            let mut form = vec![
                ("token", token.clone()),
                ("token_type_hint", SecretString::from(*kind)),
                (
                    "client_id",
                    SecretString::from(self.profile.client_id.trim()),
                ),
            ];
            form.extend(proof);
            let Some(request) = request(&address, &form) else {
                return Ok(Ended::NotOffered);
            };
            let answer = self.http.send(request).await;
            let answer = answer.map_err(AuthError::Unreachable)?;
            // A provider that does not end access tokens says so with an error (RFC 7009 §2.2.1); nothing follows.
            tracing::debug!(kind, status = answer.status().as_u16(), "token ended");
            if answer.status().is_success() {
                ended = Ended::AtProvider;
            }
        }
        Ok(ended)
    }
}

/// Makes a request that carries a form.
fn request(address: &Url, form: &[(&'static str, SecretString)]) -> Option<HttpRequest> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form {
        body.append_pair(name, value.expose_secret());
    }
    Request::post(address.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.finish().into_bytes())
        .ok()
}
