//! The HTTP client for sign-in services and discovery.
//!
//! Follows no redirect (a token must never travel to where a redirect points), keeps no cookies, bounds every body.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::{Request, Response, Uri};
use reqwest::redirect::Policy;

use crate::model::sanitize_line;
use crate::net::error::duplicate_io;
use crate::net::fault::{find_io, find_rustls, tls_fault};
use crate::net::{CONNECT_LIMIT, NetError, Trust};

/// The largest body that is read, in bytes, after decompression.
const BODY_LIMIT: usize = 1 << 20;

/// How long a request may take from the first byte to the last.
const TOTAL_LIMIT: Duration = Duration::from_secs(30);

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

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        target: &Target,
    ) -> Result<Response<Vec<u8>>, NetError> {
        let client = if is_here(&target.host) {
            &self.here
        } else {
            &self.outside
        };
        let request = reqwest::Request::try_from(request).map_err(|e| sort(e, target))?;
        let mut answer = client.execute(request).await.map_err(|e| sort(e, target))?;
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
