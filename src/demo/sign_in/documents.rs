//! What clients read before they ask: the discovery documents.

use serde_json::{Value, json};

use super::tokens::DEVICE_GRANT;
use super::{SignIn, TENANT_ID, Trouble};

/// Returns the discovery document (OpenID Connect Discovery §3, RFC 8414 §2), as far as it is true here. The
/// endpoints of all organisations name no issuer but a template, as Entra's do (protocol facts §1.1).
pub fn discovery(sign_in: &SignIn, tenant: &str, trouble: Option<&Trouble>) -> Value {
    let is_alias = ["common", "organizations", "consumers"]
        .iter()
        .any(|alias| alias.eq_ignore_ascii_case(tenant));
    let (issuer, segment) = match (trouble, is_alias) {
        (None, true) => (format!("{}/{{tenantid}}/v2.0", sign_in.base), tenant),
        (_, true) => (sign_in.issuer(trouble), tenant),
        (_, false) => (sign_in.issuer(trouble), TENANT_ID),
    };
    let place = |path: &str| format!("{}/{segment}/{path}", sign_in.base);
    json!({
        "issuer": issuer,
        "token_endpoint": place("oauth2/v2.0/token"),
        "device_authorization_endpoint": place("oauth2/v2.0/devicecode"),
        "authorization_endpoint": place("oauth2/v2.0/authorize"),
        "revocation_endpoint": place("oauth2/v2.0/revoke"),
        "jwks_uri": place("discovery/v2.0/keys"),
        "scopes_supported": [
            "openid", "profile", "email", "offline_access",
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
        ],
        "grant_types_supported": ["authorization_code", "client_credentials", DEVICE_GRANT, "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post", "client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "RS256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "name", "preferred_username", "tid", "oid", "email"],
    })
}
