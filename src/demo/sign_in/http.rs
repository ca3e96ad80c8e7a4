//! The sign-in service over HTTPS: paths, forms, JSON. The rules are in the parent module.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use rustls::ServerConfig;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{Fault, SignIn, TokenSet, is_tenant, page, random_text};
use crate::demo::listen::accept_tls;

/// Larger requests are refused.
const MAX_BODY: usize = 64 * 1024;
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

type Answer = Response<Full<Bytes>>;
/// The fields of a form.
pub type Form = BTreeMap<String, String>;

/// Serves one connection.
pub async fn serve(
    sign_in: Arc<SignIn>,
    tls: Arc<ServerConfig>,
    stream: TcpStream,
) -> io::Result<()> {
    let stream = accept_tls(tls, stream).await?;
    let service = service_fn(|request| {
        let sign_in = Arc::clone(&sign_in);
        async move { Ok::<_, Infallible>(answer(&sign_in, request).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

async fn answer(sign_in: &SignIn, request: Request<Incoming>) -> Answer {
    let method = request.method().clone();
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let form: Form = url::form_urlencoded::parse(&body.to_bytes())
        .into_owned()
        .collect();
    route(sign_in, &method, &path, &form)
}

fn route(sign_in: &SignIn, method: &Method, path: &str, form: &Form) -> Answer {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match (method.as_str(), segments.as_slice()) {
        ("GET", [] | ["" | "device"]) => html(page::enter("")),
        ("POST", ["device"]) => html(page::check(sign_in, form)),
        ("POST", ["device", "answer"]) => html(page::decide(sign_in, form)),
        ("GET", [tenant, rest @ ..]) if is_tenant(tenant) => document(sign_in, rest),
        ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => {
            sign_in.requests.count_device();
            refuse_or(in_tenant(tenant).and_then(|()| device(sign_in, form)))
        }
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => {
            refuse_or(in_tenant(tenant).and_then(|()| token(sign_in, form)))
        }
        ("GET", [.., ".well-known", "openid-configuration"]) => {
            refuse_or(Err(Fault::UnknownTenant))
        }
        _ => status(StatusCode::NOT_FOUND),
    }
}

/// Serves what is read with GET below a tenant.
fn document(sign_in: &SignIn, path: &[&str]) -> Answer {
    match path {
        ["v2.0", ".well-known", "openid-configuration"]
        | [".well-known", "openid-configuration"] => {
            json_answer(StatusCode::OK, &discovery(sign_in))
        }
        ["discovery", "v2.0", "keys"] => json_answer(StatusCode::OK, &sign_in.signer.public_keys()),
        ["oauth2", "v2.0", "devicecode" | "token"] => refuse_or(Err(Fault::WrongVerb)),
        _ => status(StatusCode::NOT_FOUND),
    }
}

/// Returns the discovery document (OpenID Connect Discovery §3), as far as it is true here.
fn discovery(sign_in: &SignIn) -> Value {
    let tenant = format!("{}/{}", sign_in.base, super::TENANT_ID);
    json!({
        "issuer": sign_in.authority(),
        "token_endpoint": format!("{tenant}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{tenant}/oauth2/v2.0/devicecode"),
        "authorization_endpoint": format!("{tenant}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{tenant}/discovery/v2.0/keys"),
        "scopes_supported": [
            "openid", "profile", "email", "offline_access",
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
        ],
        "grant_types_supported": [DEVICE_GRANT, "refresh_token"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "name", "preferred_username", "tid", "oid", "email"],
    })
}

fn in_tenant(segment: &str) -> Result<(), Fault> {
    is_tenant(segment).then_some(()).ok_or(Fault::UnknownTenant)
}

fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map(String::as_str).unwrap_or_default()
}

fn device(sign_in: &SignIn, form: &Form) -> Result<Value, Fault> {
    let started = sign_in.start_device(field(form, "client_id"), field(form, "scope"))?;
    Ok(json!({
        "user_code": started.user_code,
        "device_code": started.device_code,
        "verification_uri": started.verification_uri,
        "expires_in": started.expires_in,
        "interval": started.interval,
        "message": format!(
            "To sign in, use a web browser to open the page {} and enter the code {} to authenticate.",
            started.verification_uri, started.user_code
        ),
    }))
}

fn token(sign_in: &SignIn, form: &Form) -> Result<Value, Fault> {
    let client = field(form, "client_id");
    let tokens = match field(form, "grant_type") {
        DEVICE_GRANT => {
            sign_in.requests.count_poll();
            sign_in.poll_device(client, field(form, "device_code"))
        }
        "refresh_token" => {
            sign_in.requests.count_refresh();
            let token = field(form, "refresh_token");
            sign_in.refresh(client, token, field(form, "scope"))
        }
        "" => Err(Fault::MissingParameter("grant_type")),
        _ => Err(Fault::UnsupportedGrant),
    }?;
    Ok(token_answer(&tokens))
}

fn token_answer(tokens: &TokenSet) -> Value {
    // Entra never lists offline_access, although it was granted.
    let scope: Vec<&str> = tokens
        .scopes
        .iter()
        .map(String::as_str)
        .filter(|scope| *scope != "offline_access")
        .collect();
    let mut answer = json!({
        "token_type": "Bearer",
        "scope": scope.join(" "),
        "expires_in": tokens.life.as_secs(),
        "ext_expires_in": tokens.life.as_secs(),
        "access_token": tokens.access_token,
    });
    if let Some(fields) = answer.as_object_mut() {
        for (name, token) in [
            ("refresh_token", &tokens.refresh_token),
            ("id_token", &tokens.id_token),
        ] {
            if let Some(token) = token {
                fields.insert(name.to_owned(), token.clone().into());
            }
        }
    }
    answer
}

fn refuse_or(result: Result<Value, Fault>) -> Answer {
    match result {
        Ok(value) => json_answer(StatusCode::OK, &value),
        Err(fault) => {
            let code = match fault {
                Fault::UnknownClient => StatusCode::UNAUTHORIZED,
                Fault::Broken => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_REQUEST,
            };
            json_answer(code, &refusal(fault))
        }
    }
}

/// Returns the error body, shaped like Entra's.
fn refusal(fault: Fault) -> Value {
    let (trace, correlation) = (guid(), guid());
    let now = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let number = fault.number();
    json!({
        "error": fault.error(),
        "error_description": format!(
            "AADSTS{number}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            fault.text()
        ),
        "error_codes": [number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://localhost/error?code={number}"),
    })
}

fn guid() -> String {
    let hex = |length| random_text(b"0123456789abcdef", length).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}

fn json_answer(code: StatusCode, value: &Value) -> Answer {
    with_type(code, "application/json; charset=utf-8", value.to_string())
}

fn html(text: String) -> Answer {
    with_type(StatusCode::OK, "text/html; charset=utf-8", text)
}

fn status(code: StatusCode) -> Answer {
    let reason = code.canonical_reason().unwrap_or_default();
    with_type(code, "text/plain; charset=utf-8", format!("{reason}\n"))
}

fn with_type(code: StatusCode, content_type: &'static str, body: String) -> Answer {
    use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = code;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    answer
}
