//! What came back from the browser, as parameters (RFC 6749 §4.1.2, RFC 9207), and whether it belongs to this sign-in.

use secrecy::SecretString;
use serde_json::json;
use url::form_urlencoded;

use crate::auth::denial::{Grant, Refusal};
use crate::auth::endpoints::Issuer;
use crate::auth::{AuthError, Denial};

/// What an answer must carry to be ours.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) state: String,
    pub(super) issuer: Issuer,
}

/// The end of the browser's part.
#[derive(Debug)]
pub(super) enum Answer {
    /// A code to redeem.
    Code(SecretString),
    /// The provider said no, or somebody interferes.
    Refused(AuthError),
}

/// The parameters of an answer. One that is there twice counts as not there (RFC 6749 §3.1).
#[derive(Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query.
    pub(super) fn read(query: &str) -> Self {
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn one(&self, wanted: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(name, _)| name == wanted);
        let (_, value) = found.next()?;
        (found.next().is_none() && !value.is_empty()).then_some(value.as_str())
    }

    /// Whether there is a code or an error at all.
    pub(super) fn is_answer(&self) -> bool {
        self.one("code").is_some() || self.one("error").is_some()
    }

    pub(super) fn is_of(&self, expected: &Expected) -> bool {
        self.one("state") == Some(expected.state.as_str())
    }

    /// Takes the answer out; `None` when it holds neither code nor error. Whose it is, is compared before.
    pub(super) fn answer(&self, expected: &Expected) -> Option<Answer> {
        let issuer = &expected.issuer;
        let is_foreign = match self.one("iss") {
            Some(found) => !issuer.is(found),
            None => issuer.is_promised(),
        };
        if self.is_answer() && is_foreign {
            return Some(Answer::Refused(mixed("iss")));
        }
        if let Some(error) = self.one("error") {
            return Some(Answer::Refused(self.refusal(error)));
        }
        let code = self.one("code")?;
        Some(Answer::Code(SecretString::from(code)))
    }

    fn refusal(&self, error: &str) -> AuthError {
        let text = |name: &str| self.one(name).unwrap_or_default();
        let answer = json!({
            "error": error,
            "error_description": text("error_description"),
            "suberror": text("error_subcode"),
        });
        // What the standard gives these words for: a redirect cannot carry a status (RFC 6749 §4.1.2.1).
        let status = if error == "server_error" { 500 } else { 503 };
        match Refusal::read(&answer, Grant::Redirect) {
            Some(refusal) => refusal.into_error(status),
            None => mixed("error"),
        }
    }
}

/// Makes the error for an answer of another request; `what` gave it away.
pub(super) fn mixed(what: &str) -> AuthError {
    let mut refusal = Refusal::own(Denial::Mixed);
    what.clone_into(&mut refusal.error);
    refusal.into()
}
