//! Client assertions (RFC 7523 §3): a JWT that an app signs with its certificate's key instead of showing a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use serde_json::Value;

use crate::demo::sign_in::Fault;

/// Clocks may differ by this much, in seconds.
const SKEW: i64 = 300;

/// A registered certificate.
pub struct Certificate {
    /// `RSAPublicKey` (RFC 8017 §A.1.1), DER.
    pub public_key: Vec<u8>,
    /// `x5t#S256`: SHA-256 of the certificate, base64url.
    pub sha256: String,
    /// `x5t`: its SHA-1.
    pub sha1: String,
}

const WRONG_KEY: Fault = Fault::Aadsts(700_027);
const MALFORMED: Fault = Fault::Aadsts(50_027);

/// Checks an assertion of `client` for one of `audiences`.
pub fn check(
    assertion: &str,
    client: &str,
    audiences: &[String],
    certificate: &Certificate,
) -> Result<(), Fault> {
    let (signed, signature) = assertion.rsplit_once('.').ok_or(MALFORMED)?;
    let (header, claims) = signed.split_once('.').ok_or(MALFORMED)?;
    let (header, claims) = (read(header)?, read(claims)?);
    let algorithm = algorithm(&header)?;
    if !names(&header, certificate) {
        return Err(WRONG_KEY);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| MALFORMED)?;
    UnparsedPublicKey::new(algorithm, &certificate.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| Fault::Aadsts(50_012))?;
    check_claims(&claims, client, audiences)
}

fn read(part: &str) -> Result<Value, Fault> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| MALFORMED)?;
    serde_json::from_slice(&bytes).map_err(|_| MALFORMED)
}

fn algorithm(header: &Value) -> Result<&'static RsaParameters, Fault> {
    match header.get("alg").and_then(Value::as_str) {
        Some("PS256") => Ok(&RSA_PSS_2048_8192_SHA256),
        Some("RS256") => Ok(&RSA_PKCS1_2048_8192_SHA256),
        _ => Err(MALFORMED),
    }
}

/// Tells whether the header's thumbprints, one at least, are the certificate's.
fn names(header: &Value, certificate: &Certificate) -> bool {
    let thumbprint = |name: &str| header.get(name).and_then(Value::as_str);
    match (thumbprint("x5t#S256"), thumbprint("x5t")) {
        (None, None) => false,
        (sha256, sha1) => {
            sha256.is_none_or(|found| found == certificate.sha256)
                && sha1.is_none_or(|found| found == certificate.sha1)
        }
    }
}

fn check_claims(claims: &Value, client: &str, audiences: &[String]) -> Result<(), Fault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let is_client = |name: &str| text(name).eq_ignore_ascii_case(client);
    if !is_client("iss") || !is_client("sub") {
        return Err(Fault::Aadsts(700_211));
    }
    if !audiences.iter().any(|audience| audience == text("aud")) {
        return Err(Fault::Aadsts(700_212));
    }
    if text("jti").is_empty() {
        return Err(MALFORMED);
    }
    let now = Timestamp::now().as_second();
    let begins = seconds("nbf").or(seconds("iat")).unwrap_or(now);
    let ends = seconds("exp").ok_or(MALFORMED)?;
    if begins > now.saturating_add(SKEW) || ends < now.saturating_sub(SKEW) {
        return Err(Fault::Aadsts(700_024));
    }
    Ok(())
}
