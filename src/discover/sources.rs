//! Whom discovery asks: the one seam between it and the network.

use std::fmt::Debug;

use async_trait::async_trait;
use http::Request;
use http::header::LOCATION;
use url::Url;

use crate::discover::{DiscoverError, domain};
use crate::net::{Dns, Http, MxRecord, NetError, SrvRecord};

/// The largest answer that is read, in bytes; real ones have a few thousand.
pub const SIZE_LIMIT: usize = 256 * 1024;

/// How often a source may point elsewhere.
const REDIRECT_LIMIT: usize = 2;

/// An answer over HTTP, whatever its status.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Where it points to.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// The outside world as discovery sees it. Follows no redirect and sets no time limit of its own.
#[async_trait]
pub trait Sources: Send + Sync + Debug {
    /// Gets a document.
    async fn get(&self, url: &Url) -> Result<Reply, NetError>;
    /// Returns the mail exchangers of a domain, the preferred first.
    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, NetError>;
    /// Returns the servers of a service, the preferred first.
    async fn srv(&self, service: &str) -> Result<Vec<SrvRecord>, NetError>;
}

/// The network.
#[derive(Clone, Debug)]
pub struct Online {
    http: Http,
    dns: Option<Dns>,
}

impl Online {
    /// Asks with this client and the system's name servers; without these, records are found nowhere.
    ///
    /// Reads files, and needs a running tokio.
    pub fn new(http: Http) -> Self {
        let dns = Dns::system()
            .inspect_err(|error| tracing::debug!(?error, "no name servers"))
            .ok();
        Self { http, dns }
    }

    fn dns(&self, name: &str) -> Result<&Dns, NetError> {
        self.dns.as_ref().ok_or_else(|| NetError::Resolve {
            host: name.to_owned(),
            source: std::io::ErrorKind::Unsupported.into(),
        })
    }
}

#[async_trait]
impl Sources for Online {
    async fn get(&self, url: &Url) -> Result<Reply, NetError> {
        let request = Request::get(url.as_str())
            .body(Vec::new())
            .map_err(|error| NetError::Http {
                host: url.host_str().unwrap_or_default().to_owned(),
                reason: error.to_string(),
            })?;
        let answer = self.http.send(request).await?;
        let location = answer.headers().get(LOCATION);
        Ok(Reply {
            status: answer.status().as_u16(),
            location: location.and_then(|value| value.to_str().ok().map(str::to_owned)),
            body: answer.into_body(),
        })
    }

    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, NetError> {
        self.dns(domain)?.mx(domain).await
    }

    async fn srv(&self, service: &str) -> Result<Vec<SrvRecord>, NetError> {
        self.dns(service)?.srv(service).await
    }
}

/// Gets a document of bounded size; `None` when the source says that it has none.
///
/// A redirect is followed within the registered domain of the first address and over https only: whoever is asked is
/// told the mail domain, sometimes the address, and another one may not be chosen by an answer.
pub async fn fetch(sources: &dyn Sources, url: &Url) -> Result<Option<Vec<u8>>, DiscoverError> {
    let mut url = url.clone();
    let first = host_of(&url);
    for _ in 0..=REDIRECT_LIMIT {
        let reply = sources.get(&url).await?;
        let host = host_of(&url);
        match reply.status {
            200 if reply.body.len() > SIZE_LIMIT => {
                let limit = SIZE_LIMIT;
                return Err(DiscoverError::TooLong { host, limit });
            }
            200 => return Ok(Some(reply.body)),
            301 | 302 | 303 | 307 | 308 => {
                let target = reply.location.and_then(|to| url.join(&to).ok());
                url = allowed(target, &first, host)?;
            }
            204 | 400 | 401 | 403 | 404 | 405 | 410 => return Ok(None),
            status => return Err(DiscoverError::Status { host, status }),
        }
    }
    let host = first.clone();
    Err(DiscoverError::Redirect { host, to: first })
}

/// Tells whether an answer of `host` may send us there.
fn allowed(target: Option<Url>, first: &str, host: String) -> Result<Url, DiscoverError> {
    let to = target.as_ref().map(host_of).unwrap_or_default();
    let is_same_owner =
        domain::plain(&to).is_some_and(|to| domain::registrable(&to) == domain::registrable(first));
    target
        .filter(|url| is_same_owner && url.scheme() == "https" && url.username().is_empty())
        .ok_or(DiscoverError::Redirect { host, to })
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
