//! Requests of EWS and Graph: the proof in every header, one new token on 401, waits that the server asks for.
//!
//! Knows no operation. Statuses that mean something to one protocol only are handed back to it.

use std::time::Duration;

use ::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use ::http::{Request, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::backend::{Access, BackendError, Credential};
use crate::model::sanitize_line;
use crate::net::{Http, HttpAnswer, NetError, Trust, Written};

/// How long a server may say nothing at all.
pub(in crate::backend) const SILENCE: Duration = Duration::from_secs(60);

/// Sends requests for one mailbox.
#[derive(Debug)]
pub(in crate::backend) struct Exchange {
    http: Http,
    access: Access,
}

impl Exchange {
    /// Makes one; nothing is sent yet.
    pub fn new(trust: &Trust, access: &Access) -> Result<Self, BackendError> {
        let http = Http::new(trust).map_err(|source| offline("connect", source))?;
        let access = access.clone();
        Ok(Self { http, access })
    }

    /// Returns whose mailbox it is, and who opens it.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Sends a request with a proof and returns as soon as the header of the answer is there.
    ///
    /// 401 brings one new token and one more try, then [`BackendError::SignIn`]; 429 and 503 are
    /// [`BackendError::Throttled`]. `doing` is for the error, such as "list folders".
    pub async fn open(
        &self,
        doing: &'static str,
        request: Request<Vec<u8>>,
    ) -> Result<HttpAnswer, BackendError> {
        self.open_for(doing, request, SILENCE).await
    }

    /// Does what [`Self::open`] does, with another limit for silence.
    pub async fn open_for(
        &self,
        doing: &'static str,
        request: Request<Vec<u8>>,
        silence: Duration,
    ) -> Result<HttpAnswer, BackendError> {
        self.open_with(doing, request, silence, None).await
    }

    /// Does what [`Self::open_for`] does, and notes when the whole request was handed over.
    pub async fn open_noting(
        &self,
        doing: &'static str,
        request: Request<Vec<u8>>,
        silence: Duration,
        written: &Written,
    ) -> Result<HttpAnswer, BackendError> {
        self.open_with(doing, request, silence, Some(written)).await
    }

    async fn open_with(
        &self,
        doing: &'static str,
        request: Request<Vec<u8>>,
        silence: Duration,
        written: Option<&Written>,
    ) -> Result<HttpAnswer, BackendError> {
        let proof = &self.access.proof;
        let mut is_second = false;
        loop {
            let credential = proof.credential().await?;
            let mut request = request.clone();
            let value = self.authorization(&credential);
            request.headers_mut().insert(AUTHORIZATION, value);
            let opened = match written {
                Some(written) => {
                    written.clear();
                    self.http.open_noting(request, silence, written).await
                }
                None => self.http.open(request, silence).await,
            };
            let answer = opened.map_err(|source| offline(doing, source))?;
            match answer.status() {
                StatusCode::UNAUTHORIZED if !is_second && proof.reject(&credential).await => {
                    is_second = true;
                }
                StatusCode::UNAUTHORIZED => return Err(refused_sign_in(answer).await),
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    return Err(throttled(answer).await);
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Sends a request with a proof and reads the whole answer, at most `limit` bytes.
    pub async fn send(
        &self,
        doing: &'static str,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<Response<Vec<u8>>, BackendError> {
        let answer = self.open(doing, request).await?;
        read(doing, answer, limit).await
    }

    /// Sends a request without a proof, to an address that is a secret itself (upload sessions; protocol facts §8.5).
    pub async fn send_bare(
        &self,
        doing: &'static str,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<Response<Vec<u8>>, BackendError> {
        let opened = self.http.open(request, SILENCE).await;
        let answer = opened.map_err(|source| offline(doing, source))?;
        match answer.status() {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(throttled(answer).await)
            }
            _ => read(doing, answer, limit).await,
        }
    }

    fn authorization(&self, credential: &Credential) -> HeaderValue {
        let text = match credential {
            Credential::Bearer(token) => {
                SecretString::from(format!("Bearer {}", token.expose_secret()))
            }
            Credential::Password(password) => {
                let pair = format!("{}:{}", self.access.user, password.expose_secret());
                SecretString::from(format!("Basic {}", STANDARD.encode(pair)))
            }
        };
        // A token with a line end in it is no token; the server says so.
        let value = HeaderValue::from_str(text.expose_secret());
        let mut value = value.unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        value
    }
}

/// Reads the whole body of an answer, at most `limit` bytes.
pub(in crate::backend) async fn read(
    doing: &'static str,
    answer: HttpAnswer,
    limit: usize,
) -> Result<Response<Vec<u8>>, BackendError> {
    let mut whole = Response::new(Vec::new());
    *whole.status_mut() = answer.status();
    *whole.headers_mut() = answer.headers().clone();
    let body = answer.body(limit, |_| {}).await;
    *whole.body_mut() = body.map_err(|source| offline(doing, source))?;
    Ok(whole)
}

/// Says that the network failed.
pub(in crate::backend) fn offline(doing: &'static str, source: NetError) -> BackendError {
    BackendError::Offline { doing, source }
}

/// Returns how long a server wants us to wait (RFC 9110 §10.2.3: seconds or a date).
pub(in crate::backend) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

async fn throttled(answer: HttpAnswer) -> BackendError {
    let after = retry_after(answer.headers(), Timestamp::now());
    let status = answer.status();
    let text = words(answer).await;
    BackendError::Throttled {
        after,
        text: format!("{status} {text}").trim().to_owned(),
    }
}

async fn refused_sign_in(answer: HttpAnswer) -> BackendError {
    // `WWW-Authenticate` tells the cause where the body does not (RFC 6750 §3).
    let challenge = answer.headers().get(::http::header::WWW_AUTHENTICATE);
    let challenge = challenge.and_then(|value| value.to_str().ok());
    let challenge = sanitize_line(challenge.unwrap_or_default());
    let text = words(answer).await;
    BackendError::SignIn {
        code: "401".to_owned(),
        text: format!("{challenge} {text}").trim().to_owned(),
    }
}

/// Returns the beginning of an answer's body as one line; nothing where it cannot be read.
async fn words(answer: HttpAnswer) -> String {
    const LONGEST: usize = 600;
    let body = answer.body(64 << 10, |_| {}).await.unwrap_or_default();
    let text = sanitize_line(&String::from_utf8_lossy(&body));
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_seconds_or_dates() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let check = |value: &'static str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            let found = retry_after(&headers, now);
            assert_eq!(found, expected.map(Duration::from_secs), "{value}");
        };
        check("12", Some(12));
        check("Sun, 22 Nov 2026 10:01:30 GMT", Some(90));
        check("Sun, 22 Nov 2026 09:00:00 GMT", Some(0));
        check("soon", None);
    }
}
