//! Signed tokens (RFC 7519, ES256) with the claims a client or a curious person looks at.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::apps::App;
use super::{Fault, TENANT_ID};
use crate::demo::people::person_by_email;

const KEY_ID: &str = "harbor-vale-1";

/// Whose token, from whom, for which app, for how long.
pub struct Subject<'a> {
    /// The authority.
    pub issuer: &'a str,
    /// The app that asked.
    pub app: &'a App,
    /// Address of who signed in; nobody for an app's own token.
    pub user: &'a str,
    /// How long.
    pub life: Duration,
}

/// Holds the throw-away key.
pub struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    /// Makes a key.
    pub fn new() -> io::Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|_| io::Error::other("no random numbers for a key"))?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .map_err(|rejected| io::Error::other(rejected.to_string()))?;
        Ok(Self { key, random })
    }

    /// Returns an access token; to its client it is opaque.
    pub fn access_token(
        &self,
        subject: &Subject<'_>,
        audience: &str,
        scopes: &[String],
    ) -> Result<String, Fault> {
        let is_plain =
            |scope: &&str| !["openid", "profile", "email", "offline_access"].contains(scope);
        let permissions: Vec<&str> = scopes
            .iter()
            .map(|scope| {
                scope
                    .rsplit_once('/')
                    .map_or(scope.as_str(), |(_, name)| name)
            })
            .filter(is_plain)
            .collect();
        let mut claims = common_claims(subject);
        extend(
            &mut claims,
            json!({
                "aud": audience,
                "appid": subject.app.client_id,
                "app_displayname": subject.app.name,
                "idtyp": "user",
                "scp": permissions.join(" "),
                "upn": subject.user,
                "unique_name": subject.user,
                "uti": unique()?,
            }),
        );
        self.sign(&claims)
    }

    /// Returns an app's own access token: `roles` instead of `scp`, and nobody's name.
    pub fn app_token(&self, subject: &Subject<'_>, audience: &str) -> Result<String, Fault> {
        let app = subject.app;
        let object = object_id(app.client_id);
        let mut claims = common_claims(subject);
        extend(
            &mut claims,
            json!({
                "aud": audience,
                "appid": app.client_id,
                "app_displayname": app.name,
                "idtyp": "app",
                "oid": object,
                "sub": object,
                "uti": unique()?,
            }),
        );
        if let Some(claims) = claims.as_object_mut() {
            claims.remove("name");
            let roles = app.roles_at(audience);
            if !roles.is_empty() {
                claims.insert("roles".to_owned(), json!(roles));
            }
        }
        self.sign(&claims)
    }

    /// Returns an `id_token` (OpenID Connect Core §2); the `nonce` is the authorization request's, if it had one.
    pub fn id_token(&self, subject: &Subject<'_>, nonce: &str) -> Result<String, Fault> {
        let mut claims = common_claims(subject);
        extend(
            &mut claims,
            json!({
                "aud": subject.app.client_id,
                "preferred_username": subject.user,
                "email": subject.user,
            }),
        );
        if !nonce.is_empty() {
            extend(&mut claims, json!({ "nonce": nonce }));
        }
        self.sign(&claims)
    }

    /// Returns the public key for the keys document (RFC 7517).
    pub fn public_keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let coordinate = |range| {
            let bytes: &[u8] = point
                .get::<std::ops::Range<usize>>(range)
                .unwrap_or_default();
            URL_SAFE_NO_PAD.encode(bytes)
        };
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": coordinate(1..33), "y": coordinate(33..65),
        }]})
    }

    fn sign(&self, claims: &Value) -> Result<String, Fault> {
        let header = json!({ "typ": "JWT", "alg": "ES256", "kid": KEY_ID });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self
            .key
            .sign(&self.random, signed.as_bytes())
            .map_err(|_| Fault::Broken)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn common_claims(subject: &Subject<'_>) -> Value {
    let now = Timestamp::now().as_second();
    let life = i64::try_from(subject.life.as_secs()).unwrap_or(i64::MAX);
    let name = person_by_email(subject.user).map_or("", |person| person.name);
    json!({
        "iss": subject.issuer,
        "iat": now,
        "nbf": now,
        "exp": now.saturating_add(life),
        "name": name,
        "sub": format!("{}-{}", subject.user, subject.app.client_id),
        "oid": object_id(subject.user),
        "tid": TENANT_ID,
        "ver": "2.0",
    })
}

/// Returns letters that make two tokens of one second different texts.
fn unique() -> Result<String, Fault> {
    super::random_text(b"abcdefghijklmnopqrstuvwxyz0123456789", 22)
}

fn extend(claims: &mut Value, more: Value) {
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
}

/// Returns an object id that is always the same for one user.
fn object_id(user: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, user.as_bytes());
    let mut hex = String::new();
    for byte in digest.as_ref().iter().take(16) {
        let _ = write!(hex, "{byte:02x}");
    }
    let piece = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        piece(0..8),
        piece(8..12),
        piece(12..16),
        piece(16..20),
        piece(20..32)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_carry_a_signature_that_the_published_key_verifies() {
        let signer = Signer::new().unwrap();
        let subject = Subject {
            issuer: "https://localhost:1/t/v2.0",
            app: &crate::demo::sign_in::apps::APPS[0],
            user: "ada@harborvale.example",
            life: Duration::from_secs(300),
        };
        let token = signer.id_token(&subject, "n1").unwrap();
        let (text, signature) = token.rsplit_once('.').unwrap();
        let keys = signer.public_keys();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let mut point = vec![4];
        for axis in ["x", "y"] {
            point.extend(decode(keys["keys"][0][axis].as_str().unwrap()));
        }
        let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED;
        ring::signature::UnparsedPublicKey::new(algorithm, point)
            .verify(text.as_bytes(), &decode(signature))
            .unwrap();
        let claims: Value =
            serde_json::from_slice(&decode(text.split_once('.').unwrap().1)).unwrap();
        assert_eq!(claims["preferred_username"], "ada@harborvale.example");
        assert_eq!(claims["name"], "Ada Lindqvist");
        assert_eq!(claims["nonce"], "n1");
    }
}
