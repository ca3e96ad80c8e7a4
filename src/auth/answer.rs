//! One request to a provider and its answer, made strict enough for the `oauth2` crate.
//!
//! Providers send numbers as text, leave `token_type` out, answer in HTML when they are busy; all of that is
//! settled here, before the crate sees it. Nothing is retried here.

use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use oauth2::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use crate::auth::AuthError;
use crate::auth::denial::{Grant, Refusal};
use crate::model::sanitize_line;
use crate::net::Http;

/// The longest wait a provider can ask for.
const LONGEST_WAIT: u64 = 3600;

/// Members that are numbers by the standards and text at some providers.
const NUMBERS: [&str; 3] = ["expires_in", "ext_expires_in", "interval"];

/// Sends a request; everything but a JSON object without `error` becomes an error.
pub(super) async fn ask(
    http: &Http,
    request: HttpRequest,
    grant: Grant,
) -> Result<HttpResponse, AuthError> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let answer = http.send(request).await.map_err(AuthError::Unreachable)?;
    let object = read(&answer, &host, grant)?;
    let mut response = HttpResponse::new(Value::Object(normalise(object)).to_string().into_bytes());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

/// Sorts an answer and reads its JSON object.
pub(super) fn read(
    answer: &HttpResponse,
    host: &str,
    grant: Grant,
) -> Result<Map<String, Value>, AuthError> {
    let status = answer.status().as_u16();
    if matches!(status, 408 | 429 | 500..=599) {
        return Err(AuthError::Busy {
            status,
            after: retry_after(answer.headers()),
        });
    }
    let json: Option<Value> = serde_json::from_slice(answer.body()).ok();
    if let Some(refusal) = json.as_ref().and_then(|json| Refusal::read(json, grant)) {
        return Err(refusal.into_error(status));
    }
    match json {
        Some(Value::Object(object)) if answer.status().is_success() => Ok(object),
        _ => Err(AuthError::Nonsense {
            host: host.to_owned(),
            detail: format!("HTTP {status}, {}", content_type(answer.headers())),
        }),
    }
}

/// Reads `Retry-After` in seconds; dates are not used by any known provider.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

/// Names the kind of a body, for errors.
fn content_type(headers: &HeaderMap) -> String {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("no content type");
    sanitize_line(kind).chars().take(60).collect()
}

/// Mends what the standard forbids and providers do.
fn normalise(mut object: Map<String, Value>) -> Map<String, Value> {
    for name in NUMBERS {
        let Some(value) = object.remove(name) else {
            continue;
        };
        if let Some(number) = whole_number(&value) {
            object.insert(name.to_owned(), number.into());
        }
    }
    if let Some(Value::Array(list)) = object.get("scope") {
        let joined: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        let joined = joined.join(" ");
        object.insert("scope".to_owned(), joined.into());
    }
    if object.contains_key("access_token")
        && !object.get("token_type").is_some_and(Value::is_string)
    {
        object.insert("token_type".to_owned(), "Bearer".into());
    }
    object.retain(|_, value| !matches!(value, Value::Null) && value.as_str() != Some(""));
    object
}

/// Reads a number that may be text or have a fraction.
fn whole_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().map(|float| float.max(0.0) as u64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> HttpResponse {
        http::Response::builder()
            .status(status)
            .header(CONTENT_TYPE, "text/html; charset=utf-8")
            .header(RETRY_AFTER, "7")
            .body(body.as_bytes().to_vec())
            .unwrap()
    }

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let Value::Object(object) = serde_json::from_str(json).unwrap() else {
            panic!("no object");
        };
        assert_eq!(Value::Object(normalise(object)).to_string(), expected);
    }

    #[test]
    fn habits_of_providers_are_mended() {
        check(r#"{"expires_in":"3599"}"#, r#"{"expires_in":3599}"#);
        check(
            r#"{"expires_in":3599.5,"interval":null}"#,
            r#"{"expires_in":3599}"#,
        );
        check(r#"{"expires_in":-5}"#, r#"{"expires_in":0}"#);
        check(
            r#"{"access_token":"a","refresh_token":"","scope":["x","y"]}"#,
            r#"{"access_token":"a","scope":"x y","token_type":"Bearer"}"#,
        );
    }

    #[test]
    fn answers_are_sorted() {
        let busy = read(&answer(503, "<html>"), "h", Grant::Other).unwrap_err();
        assert!(
            matches!(busy, AuthError::Busy { status: 503, after: Some(after) } if after.as_secs() == 7)
        );
        for (status, body) in [(200, "<html>"), (404, "{}"), (302, ""), (200, "[]")] {
            let error = read(&answer(status, body), "h", Grant::Other).unwrap_err();
            assert!(
                matches!(error, AuthError::Nonsense { .. }),
                "{status} {body}"
            );
        }
        let refused = read(&answer(200, r#"{"error":"no"}"#), "h", Grant::Other).unwrap_err();
        assert!(matches!(refused, AuthError::Denied { .. }));
        assert!(read(&answer(200, "{}"), "h", Grant::Other).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(status in 100u16..600, body: Vec<u8>) {
            let answer = http::Response::builder().status(status).body(body).unwrap();
            let _ = read(&answer, "h", Grant::Device);
        }
    }
}
