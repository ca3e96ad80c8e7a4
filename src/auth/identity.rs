//! Who signed in, and what a token is for: payloads are decoded to be shown and compared.
//!
//! Signatures are not verified and nothing here grants access: the server that gets the token does that.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::auth::Denial;
use crate::model::sanitize_line;

/// The most characters of any shown claim.
const CLAIM_CHARS: usize = 256;

/// The most scopes or roles that are shown.
const LIST_LIMIT: usize = 100;

/// Who signed in, from the `id_token`; never trusted for access, only shown and compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// `preferred_username`, `upn` or `email`, whichever is there first; empty when the provider says nothing.
    pub username: String,
    /// Display name.
    pub name: String,
    /// Tenant GUID, if any.
    pub tenant: String,
}

impl Identity {
    /// Compares with the login an account expects, case-insensitively. A provider that says nothing about who
    /// signed in gives no reason to refuse. The error is [`Denial::WrongIdentity`]; the caller decides.
    pub fn check(&self, expected: &str) -> Result<(), Denial> {
        let same = self.username.to_lowercase() == expected.trim().to_lowercase();
        if self.username.is_empty() || same {
            return Ok(());
        }
        Err(Denial::WrongIdentity {
            expected: expected.to_owned(),
            got: self.username.clone(),
        })
    }
}

/// What an access token says about itself; all empty when it is opaque.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Claims {
    /// Whether it could be read at all.
    pub(super) is_readable: bool,
    pub(super) audience: String,
    pub(super) issuer: String,
    pub(super) app_id: String,
    pub(super) tenant: String,
    /// Whether it says that the application speaks for itself (`idtyp`, protocol facts §2.4).
    pub(super) is_app: bool,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
}

/// Reads who signed in: from the `id_token`, else from an access token that happens to be readable.
pub(super) fn identity(id_token: Option<&str>, access_token: &str) -> Identity {
    id_token
        .and_then(payload)
        .or_else(|| payload(access_token))
        .map(|claims| Identity {
            username: first_text(&claims, &["preferred_username", "upn", "email"]),
            name: first_text(&claims, &["name", "app_displayname"]),
            tenant: text(&claims, "tid"),
        })
        .unwrap_or_default()
}

/// Reads what an access token is for.
pub(super) fn claims(access_token: &str) -> Claims {
    let Some(claims) = payload(access_token) else {
        return Claims::default();
    };
    let scopes = match claims.get("scp").or_else(|| claims.get("scope")) {
        Some(Value::String(line)) => line
            .split_whitespace()
            .map(clean)
            .take(LIST_LIMIT)
            .collect(),
        Some(list) => texts(list),
        None => Vec::new(),
    };
    Claims {
        is_readable: true,
        audience: claims.get("aud").map(texts).unwrap_or_default().join(" "),
        issuer: text(&claims, "iss"),
        app_id: first_text(&claims, &["appid", "azp", "client_id"]),
        tenant: text(&claims, "tid"),
        is_app: text(&claims, "idtyp") == "app",
        scopes,
        roles: claims.get("roles").map(texts).unwrap_or_default(),
    }
}

/// Decodes the middle part of a JWT (RFC 7519 §3); `None` for anything else.
pub(super) fn payload(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, middle, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    value.is_object().then_some(value)
}

/// Returns the first of several claims that is there and not empty.
fn first_text(claims: &Value, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| text(claims, name))
        .find(|value| !value.is_empty())
        .unwrap_or_default()
}

fn text(claims: &Value, name: &str) -> String {
    claims
        .get(name)
        .and_then(Value::as_str)
        .map(clean)
        .unwrap_or_default()
}

/// Reads a string or a list of strings.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![clean(one)],
        Value::Array(many) => many
            .iter()
            .filter_map(Value::as_str)
            .map(clean)
            .take(LIST_LIMIT)
            .collect(),
        _ => Vec::new(),
    }
}

fn clean(claim: &str) -> String {
    sanitize_line(claim).chars().take(CLAIM_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload))
    }

    #[track_caller]
    fn check(payload: &str, username: &str) {
        assert_eq!(identity(Some(&jwt(payload)), "opaque").username, username);
    }

    #[test]
    fn the_first_name_that_is_there_is_the_username() {
        check(r#"{"preferred_username":"a@x","upn":"b@x"}"#, "a@x");
        check(
            r#"{"preferred_username":"","upn":"b@x","email":"c@x"}"#,
            "b@x",
        );
        check(r#"{"email":"c@x"}"#, "c@x");
        check(r#"{"email":7}"#, "");
        check("[1]", "");
        check(r#"{"upn":"a\u001b[2J@x"}"#, "a[2J@x");
    }

    #[test]
    fn without_an_id_token_a_readable_access_token_serves() {
        let token = jwt(r#"{"upn":"a@x","tid":"t","name":"A"}"#);
        let expected = Identity {
            username: "a@x".into(),
            name: "A".into(),
            tenant: "t".into(),
        };
        assert_eq!(identity(None, &token), expected);
        assert_eq!(identity(None, "EwBopaque"), Identity::default());
    }

    #[test]
    fn claims_come_as_text_or_list() {
        let both = claims(&jwt(r#"{"aud":["a","b"],"scp":"x y","roles":["R"]}"#));
        assert_eq!(both.audience, "a b");
        assert_eq!(both.scopes, ["x", "y"]);
        assert_eq!(both.roles, ["R"]);
        assert_eq!(claims(&jwt(r#"{"scope":["x"]}"#)).scopes, ["x"]);
        assert_eq!(claims("EwBopaque"), Claims::default());
    }

    #[test]
    fn another_person_is_noticed_and_case_is_not() {
        let alice = Identity {
            username: "Alice@Contoso.com".into(),
            ..Identity::default()
        };
        assert!(alice.check("alice@contoso.com").is_ok());
        assert!(Identity::default().check("alice@contoso.com").is_ok());
        assert!(matches!(
            alice.check("bob@contoso.com"),
            Err(Denial::WrongIdentity { got, .. }) if got == "Alice@Contoso.com"
        ));
    }

    proptest::proptest! {
        #[test]
        fn no_token_makes_it_panic(token in ".*", bytes: Vec<u8>) {
            let odd = format!("a.{}.c", URL_SAFE_NO_PAD.encode(bytes));
            let _ = (identity(Some(&token), &odd), claims(&token), claims(&odd));
        }
    }
}
