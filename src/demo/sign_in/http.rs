//! The sign-in service's pages: paths, forms, JSON. The rules are in the parent module, the connection is `demo::transport::web`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, RETRY_AFTER,
};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::authorize::Refused;
use super::refusal::Refusal;
use super::tokens::Call;
use super::{Endpoint, Fault, SignIn, TokenSet, Trouble, documents, is_tenant, page};

/// Larger requests are refused.
const MAX_BODY: usize = 64 * 1024;
/// Size of an answer that is too large.
const HUGE: usize = 10 * 1024 * 1024;

/// An answer; it is always there as a whole.
pub type Answer = Response<Full<Bytes>>;
/// The fields of a form.
pub type Form = BTreeMap<String, String>;

/// Returns a field, "" if it is missing.
pub fn field<'a>(form: &'a Form, name: &str) -> &'a str {
    form.get(name).map(String::as_str).unwrap_or_default()
}

/// Answers one request.
pub fn answer(sign_in: &SignIn, request: &Request<Bytes>) -> Answer {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let query = read_form(request.uri().query().unwrap_or_default().as_bytes());
    if request.method() == Method::GET {
        return get(sign_in, &path, &query);
    }
    if request.body().len() > MAX_BODY {
        return status(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let mut form = read_form(request.body());
    if let Some((client, secret)) = basic(request.headers()) {
        form.insert("client_id".to_owned(), client);
        form.insert("client_secret".to_owned(), secret);
    }
    post(sign_in, request.method(), &path, &form)
}

fn read_form(bytes: &[u8]) -> Form {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

/// Reads client id and secret from an `Authorization` header (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (client, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let mut pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.next().map(|(name, _)| name.into_owned())
    };
    Some((plain(client)?, plain(secret)?))
}

fn get(sign_in: &SignIn, path: &str, query: &Form) -> Answer {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        [] | ["" | "device"] => html(page::enter("")),
        ["common", "oauth2", "nativeclient"] => html(page::native_client()),
        [tenant, "oauth2", "v2.0", "authorize"] if is_tenant(tenant) => {
            authorize(sign_in, tenant, query)
        }
        // RFC 8414 §3.1 puts its own path before the issuer's.
        [".well-known", "oauth-authorization-server", tenant, ..]
        | [
            tenant,
            "v2.0",
            ".well-known",
            "openid-configuration" | "oauth-authorization-server",
        ]
        | [
            tenant,
            ".well-known",
            "openid-configuration" | "oauth-authorization-server",
        ] if is_tenant(tenant) => document(sign_in, tenant),
        [tenant, "discovery", "v2.0", "keys"] if is_tenant(tenant) => {
            json_answer(StatusCode::OK, &sign_in.signer.public_keys())
        }
        [tenant, "oauth2", "v2.0", "devicecode" | "token" | "revoke"] if is_tenant(tenant) => {
            refuse(Fault::WrongVerb, query)
        }
        [tenant, ..] if is_tenant(tenant) => status(StatusCode::NOT_FOUND),
        [.., ".well-known", "openid-configuration"] => refuse(Fault::UnknownTenant, query),
        _ => status(StatusCode::NOT_FOUND),
    }
}

fn post(sign_in: &SignIn, method: &Method, path: &str, form: &Form) -> Answer {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let endpoint = match (method.as_str(), segments.as_slice()) {
        ("POST", ["device"]) => return html(page::check(sign_in, form)),
        ("POST", ["device", "answer"]) => return html(page::decide(sign_in, form)),
        ("POST", ["authorize", "answer"]) => return decide(sign_in, form),
        ("POST", [_, "oauth2", "v2.0", "devicecode"]) => Endpoint::DeviceCode,
        ("POST", [_, "oauth2", "v2.0", "token"]) => Endpoint::Token,
        ("POST", [_, "oauth2", "v2.0", "revoke"]) => Endpoint::Revocation,
        _ => return status(StatusCode::NOT_FOUND),
    };
    let tenant = segments.first().copied().unwrap_or_default();
    if !is_tenant(tenant) {
        return refuse(Fault::UnknownTenant, form);
    }
    let trouble = sign_in.troubles.take(endpoint, |_| true);
    if let Some(answer) = trouble.as_ref().and_then(|trouble| spoiled(trouble, form)) {
        return answer;
    }
    let call = Call {
        tenant,
        form,
        trouble,
    };
    let result = match endpoint {
        Endpoint::DeviceCode => device(sign_in, &call),
        Endpoint::Revocation => return revoke(sign_in, &call),
        _ => sign_in.token(&call).map(|tokens| token_answer(&tokens)),
    };
    match result {
        Ok(value) => json_answer(StatusCode::OK, &value),
        Err(fault) => refuse(fault, form),
    }
}

fn document(sign_in: &SignIn, tenant: &str) -> Answer {
    let trouble = sign_in.troubles.take(Endpoint::Discovery, |_| true);
    let answer = trouble
        .as_ref()
        .and_then(|trouble| spoiled(trouble, &Form::new()));
    answer.unwrap_or_else(|| {
        let document = documents::discovery(sign_in, tenant, trouble.as_ref());
        json_answer(StatusCode::OK, &document)
    })
}

/// Shows the page that asks who signs in; what cannot be asked goes back, or is told right here.
fn authorize(sign_in: &SignIn, tenant: &str, query: &Form) -> Answer {
    // Refusals and spoiled answers come with the way back, not before the page.
    let is_now = |trouble: &Trouble| !trouble.is_inside() && !matches!(trouble, Trouble::Aadsts(_));
    let trouble = sign_in.troubles.take(Endpoint::Authorize, is_now);
    if let Some(answer) = trouble.as_ref().and_then(|trouble| spoiled(trouble, query)) {
        return answer;
    }
    match sign_in.authorize(tenant, query) {
        Ok((id, ask)) => {
            let mut answer = html(page::ask(&id, &ask));
            // Browsers hold a form's whole way, redirects included, against this list.
            let policy = format!("{POLICY}; form-action 'self' {}", ask.destination());
            put(&mut answer, CONTENT_SECURITY_POLICY, &policy);
            answer
        }
        Err(Refused::Back(address)) => redirect(&address),
        Err(Refused::Here(fault)) => {
            let text = Refusal::new(fault, query).description;
            with_type(
                StatusCode::BAD_REQUEST,
                "text/html; charset=utf-8",
                page::sorry(&text),
            )
        }
    }
}

fn decide(sign_in: &SignIn, form: &Form) -> Answer {
    let person = page::chosen(form);
    match sign_in.decide(field(form, "id"), person.map(|person| person.email)) {
        Some(address) => redirect(&address),
        None => html(page::sorry(
            "This page is over. Start again from the program.",
        )),
    }
}

/// Returns the answer of a trouble that replaces the real one.
fn spoiled(trouble: &Trouble, request: &Form) -> Option<Answer> {
    Some(match trouble {
        Trouble::Aadsts(number) => refuse(Fault::Aadsts(*number), request),
        Trouble::Plain(error) => json_answer(StatusCode::BAD_REQUEST, &json!({ "error": error })),
        Trouble::Html => html(page::sorry("Our service is being maintained.")),
        Trouble::Unavailable(seconds) => {
            let mut answer = status(StatusCode::SERVICE_UNAVAILABLE);
            put(&mut answer, RETRY_AFTER, &seconds.to_string());
            answer
        }
        Trouble::Huge => json_answer(StatusCode::OK, &json!({ "padding": "a".repeat(HUGE) })),
        Trouble::RedirectToHttp => redirect("http://localhost:1/oauth2/v2.0/token"),
        Trouble::WrongState | Trouble::WrongIssuer | Trouble::SomebodyElse(_) => return None,
    })
}

fn device(sign_in: &SignIn, call: &Call<'_>) -> Result<Value, Fault> {
    sign_in.requests.count_device();
    let started = sign_in.start_device(call.tenant, call.form)?;
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

fn revoke(sign_in: &SignIn, call: &Call<'_>) -> Answer {
    match sign_in.revoke(call) {
        Ok(()) => with_type(StatusCode::OK, "text/plain; charset=utf-8", String::new()),
        Err(fault) => refuse(fault, call.form),
    }
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
        "expires_in": tokens.life.as_secs(),
        "ext_expires_in": tokens.life.as_secs(),
        "access_token": tokens.access_token,
    });
    let Some(fields) = answer.as_object_mut() else {
        return answer;
    };
    if !scope.is_empty() {
        fields.insert("scope".to_owned(), scope.join(" ").into());
    }
    let tokens = [
        ("refresh_token", &tokens.refresh_token),
        ("id_token", &tokens.id_token),
    ];
    for (name, token) in tokens {
        if let Some(token) = token {
            fields.insert(name.to_owned(), token.clone().into());
        }
    }
    answer
}

fn refuse(fault: Fault, request: &Form) -> Answer {
    let code = match fault.error() {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    json_answer(code, &Refusal::new(fault, request).body())
}

fn redirect(address: &str) -> Answer {
    let mut answer = status(StatusCode::FOUND);
    put(&mut answer, LOCATION, address);
    answer
}

fn put(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
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

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

fn with_type(code: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = code;
    put(&mut answer, CONTENT_TYPE, content_type);
    put(&mut answer, CACHE_CONTROL, "no-store");
    let policy = format!("{POLICY}; form-action 'self'");
    put(&mut answer, CONTENT_SECURITY_POLICY, &policy);
    answer
}
