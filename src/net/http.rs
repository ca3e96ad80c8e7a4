//! The HTTP client for sign-in services, discovery, EWS and Graph.
//!
//! Follows no redirect (a token must never travel to where a redirect points), keeps no cookies, bounds every body.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::header::{CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use reqwest::redirect::Policy;

use crate::model::sanitize_line;
use crate::net::error::duplicate_io;
use crate::net::fault::{find_io, find_rustls, tls_fault};
use crate::net::{CONNECT_LIMIT, NetError, Trust};

/// The largest body that [`Http::send`] reads, in bytes, after decompression.
const BODY_LIMIT: usize = 1 << 20;

/// How long an exchange by [`Http::send`] may take from the first byte to the last.
const TOTAL_LIMIT: Duration = Duration::from_secs(30);

/// The longest that an opened exchange may last; pieces come in between.
const OPEN_LIMIT: Duration = Duration::from_secs(3600);

/// An HTTP client: no redirects, bodies bounded to 1 MiB, time-outs set, system proxy honoured. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    outside: reqwest::Client,
    /// For servers on this machine, which no proxy can reach.
    here: reqwest::Client,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// Whether the whole body of a request was handed over. Clones share the note.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<AtomicBool>);

impl Written {
    /// Tells whether it was.
    pub fn is_whole(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Forgets what was noted of an earlier request.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Cuts a body into pieces that are noted as they are taken.
    fn body(&self, body: &[u8]) -> reqwest::Body {
        const PIECE: usize = 16 << 10;
        let pieces: Vec<Vec<u8>> = body.chunks(PIECE).map(<[u8]>::to_vec).collect();
        let last = pieces.len();
        self.0.store(pieces.is_empty(), Ordering::Release);
        let note = Arc::clone(&self.0);
        let noted = pieces.into_iter().enumerate().map(move |(at, piece)| {
            note.store(at + 1 == last, Ordering::Release);
            Ok::<_, io::Error>(piece)
        });
        reqwest::Body::wrap_stream(futures_util::stream::iter(noted))
    }
}

/// Where a request goes, for errors and the trace; without the query, which may hold secrets.
struct Target {
    host: String,
    port: u16,
}

impl Http {
    /// Makes a client that trusts `trust`.
    pub fn new(trust: &Trust) -> Result<Self, NetError> {
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .tls_backend_preconfigured(trust.http_config())
                .redirect(Policy::none())
                .connect_timeout(CONNECT_LIMIT)
                .timeout(TOTAL_LIMIT)
                .user_agent(concat!("pillarbox/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| NetError::Http {
                    host: String::new(),
                    reason: chain(&error),
                })
        };
        Ok(Self {
            outside: build(reqwest::Client::builder())?,
            here: build(reqwest::Client::builder().no_proxy())?,
        })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// [`NetError::TooLong`] when the body exceeds 1 MiB, [`NetError::TimedOut`] after 30 s altogether.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, NetError> {
        let target = target(request.uri());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let started = Instant::now();
        let outcome = self.exchange(request, &target).await;
        let status = outcome
            .as_ref()
            .map_or(0, |answer| answer.status().as_u16());
        tracing::trace!(
            target: "pillarbox::wire",
            %method, host = target.host, path, status, ms = started.elapsed().as_millis() as u64,
            "http"
        );
        outcome
    }

    /// Sends a request and returns as soon as the answer's header is there; its body is read piece by piece.
    ///
    /// [`NetError::TimedOut`] when nothing at all comes for `silence`; the whole may take as long as it likes.
    pub async fn open(
        &self,
        request: Request<Vec<u8>>,
        silence: Duration,
    ) -> Result<HttpAnswer, NetError> {
        let target = target(request.uri());
        let mut request = reqwest::Request::try_from(request).map_err(|e| sort(e, &target))?;
        *request.timeout_mut() = Some(OPEN_LIMIT);
        self.open_request(request, target, silence).await
    }

    /// Does what [`Self::open`] does, and notes in `written` when the last of the body was handed over: before that, no
    /// server can have all of it.
    pub async fn open_noting(
        &self,
        request: Request<Vec<u8>>,
        silence: Duration,
        written: &Written,
    ) -> Result<HttpAnswer, NetError> {
        let (head, body) = request.into_parts();
        let mut request = Request::from_parts(head, Vec::new());
        request
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        let target = target(request.uri());
        let mut request = reqwest::Request::try_from(request).map_err(|e| sort(e, &target))?;
        *request.timeout_mut() = Some(OPEN_LIMIT);
        *request.body_mut() = Some(written.body(&body));
        self.open_request(request, target, silence).await
    }

    async fn open_request(
        &self,
        request: reqwest::Request,
        target: Target,
        silence: Duration,
    ) -> Result<HttpAnswer, NetError> {
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let sent = self.client(&target).execute(request);
        let answer = within(silence, &target, sent).await?;
        let status = answer.status().as_u16();
        tracing::trace!(
            target: "pillarbox::wire",
            %method, host = target.host, path, status, "http opened"
        );
        Ok(HttpAnswer {
            answer,
            target,
            silence,
        })
    }

    fn client(&self, target: &Target) -> &reqwest::Client {
        if is_here(&target.host) {
            &self.here
        } else {
            &self.outside
        }
    }

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        target: &Target,
    ) -> Result<Response<Vec<u8>>, NetError> {
        let request = reqwest::Request::try_from(request).map_err(|e| sort(e, target))?;
        let sent = self.client(target).execute(request);
        let mut answer = sent.await.map_err(|e| sort(e, target))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| sort(e, target))? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err(NetError::TooLong {
                    host: target.host.clone(),
                    limit: BODY_LIMIT,
                });
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

/// An answer whose body is still coming. Dropping it ends the exchange.
pub struct HttpAnswer {
    answer: reqwest::Response,
    target: Target,
    silence: Duration,
}

impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.answer.status();
        f.debug_struct("HttpAnswer")
            .field("status", &status)
            .finish_non_exhaustive()
    }
}

impl HttpAnswer {
    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.answer.status()
    }

    /// Returns the header fields.
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// Returns the next piece of the body, decompressed; `None` after the last.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, NetError> {
        let next = within(self.silence, &self.target, self.answer.chunk()).await?;
        Ok(next.map(|bytes| bytes.to_vec()))
    }

    /// Reads the rest of the body; [`NetError::TooLong`] beyond `limit` bytes. `progress` is told of every piece's size.
    pub async fn body(
        mut self,
        limit: usize,
        mut progress: impl FnMut(usize) + Send,
    ) -> Result<Vec<u8>, NetError> {
        // What a server announces is believed up to a size that does no harm.
        let announced = usize::try_from(self.answer.content_length().unwrap_or(0));
        let mut body = Vec::with_capacity(announced.unwrap_or(0).min(limit).min(BODY_LIMIT));
        while let Some(chunk) = within(self.silence, &self.target, self.answer.chunk()).await? {
            if body.len() + chunk.len() > limit {
                let host = self.target.host;
                return Err(NetError::TooLong { host, limit });
            }
            progress(chunk.len());
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Waits for a part of an exchange, but not forever.
async fn within<T>(
    silence: Duration,
    target: &Target,
    part: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, NetError> {
    let result = tokio::time::timeout(silence, part).await;
    let timed_out = |_| NetError::TimedOut {
        host: target.host.clone(),
        port: target.port,
        seconds: silence.as_secs(),
    };
    result.map_err(timed_out)?.map_err(|e| sort(e, target))
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Reads host and port out of a URL.
fn target(uri: &Uri) -> Target {
    let default_port = if uri.scheme_str() == Some("http") {
        80
    } else {
        443
    };
    Target {
        host: uri.host().unwrap_or_default().to_owned(),
        port: uri.port_u16().unwrap_or(default_port),
    }
}

/// Sorts the library's error by what can be done about it.
fn sort(error: reqwest::Error, target: &Target) -> NetError {
    let error = error.without_url();
    let host = target.host.clone();
    let port = target.port;
    if error.is_timeout() {
        let limit = if error.is_connect() {
            CONNECT_LIMIT
        } else {
            TOTAL_LIMIT
        };
        return NetError::TimedOut {
            host,
            port,
            seconds: limit.as_secs(),
        };
    }
    if let Some(tls) = find_rustls(&error) {
        let fault = tls_fault(tls);
        let source = io::Error::new(io::ErrorKind::InvalidData, tls.clone());
        return NetError::Tls {
            host,
            port,
            fault,
            source,
        };
    }
    let Some(source) = find_io(&error) else {
        return NetError::Http {
            host,
            reason: chain(&error),
        };
    };
    let source = duplicate_io(source);
    if !error.is_connect() || source.kind() == io::ErrorKind::UnexpectedEof {
        return NetError::Broken { host, source };
    }
    // The resolver's errors are the only ones of connecting that carry no number of the system.
    if source.raw_os_error().is_none() {
        return NetError::Resolve { host, source };
    }
    NetError::Connect { host, port, source }
}

/// Writes an error with its causes as one line.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        text.push_str(": ");
        text.push_str(&current.to_string());
        cause = current.source();
    }
    sanitize_line(&text).chars().take(300).collect()
}
