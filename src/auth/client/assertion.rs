//! The assertion a certificate's key signs (RFC 7523 §3, protocol facts §2.5): `b64(header).b64(claims).b64(signature)`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::ClientCertificate;
use crate::auth::{AuthError, ClientFault};
use crate::model::{Assertion, SignInProfile};

/// How long an assertion is good: no longer than Entra takes.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How much of its life lies in the past, for a clock of ours that is ahead.
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

impl ClientCertificate {
    /// Signs an assertion for the token endpoint. It is good for ten minutes and for one request.
    pub(super) fn assertion(
        &self,
        profile: &SignInProfile,
        endpoint: &Url,
        now: Timestamp,
    ) -> Result<SecretString, AuthError> {
        let failed = || AuthError::Client {
            profile: profile.name.clone(),
            fault: ClientFault::NotSigned,
        };
        let from = now.saturating_sub(LEEWAY).unwrap_or(now);
        let until = from.saturating_add(LIFE).unwrap_or(now);
        let client_id = profile.client_id.trim();
        let claims = json!({
            "aud": endpoint.as_str(),
            "iss": client_id,
            "sub": client_id,
            "jti": unique_id().ok_or_else(failed)?,
            "iat": from.as_second(),
            "nbf": from.as_second(),
            "exp": until.as_second(),
        });
        let head = self.head(profile.assertion);
        let signed = format!(
            "{}.{}",
            encode(head.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = self
            .sign(profile.assertion, signed.as_bytes())
            .ok_or_else(failed)?;
        Ok(SecretString::from(format!(
            "{signed}.{}",
            encode(&signature)
        )))
    }

    /// Names algorithm and certificate. The thumbprint is over the DER; a portal shows the same digest in hex.
    fn head(&self, assertion: Assertion) -> serde_json::Value {
        match assertion {
            Assertion::Ps256 => json!({
                "alg": "PS256",
                "typ": "JWT",
                "x5t#S256": encode(digest(&SHA256, &self.der).as_ref()),
            }),
            Assertion::Rs256 => json!({
                "alg": "RS256",
                "typ": "JWT",
                "x5t": encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref()),
            }),
        }
    }

    fn sign(&self, assertion: Assertion, text: &[u8]) -> Option<Vec<u8>> {
        let how: &'static dyn RsaEncoding = match assertion {
            Assertion::Ps256 => &RSA_PSS_SHA256,
            Assertion::Rs256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(how, &SystemRandom::new(), text, &mut signature)
            .ok()?;
        Some(signature)
    }
}

/// Makes a random UUID (RFC 9562 §5.4), so that no assertion can be used twice.
fn unique_id() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let number = u128::from_be_bytes(bytes);
    let version = 0x4 << 76;
    let variant = 0x8 << 60;
    let number = (number & !(0xf << 76) & !(0xc << 60)) | version | variant;
    let hex = format!("{number:032x}");
    let mut parts = Vec::new();
    let mut rest = hex.as_str();
    for length in [8, 4, 4, 4, 12] {
        let (part, behind) = rest.split_at_checked(length)?;
        parts.push(part);
        rest = behind;
    }
    Some(parts.join("-"))
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
