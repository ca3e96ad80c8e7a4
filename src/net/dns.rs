//! Mail records of a domain: MX (RFC 5321 §5) and SRV (RFC 2782), asked of the system's resolver.
//!
//! Answers are as trustworthy as the network they come over: DNSSEC is not checked, and callers must not take a name
//! found here for the domain's word. Names for connections are resolved by the system, not here.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::timeout;

use crate::net::NetError;

/// How long one question may take altogether.
const LIMIT: Duration = Duration::from_secs(5);

/// How long one name server may be silent before it is asked once more.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The most records of one answer that are looked at.
const RECORD_LIMIT: usize = 32;

/// A server that takes mail for a domain (RFC 5321 §5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MxRecord {
    /// Lower is preferred.
    pub preference: u16,
    /// Host name, in lower case, without the last dot.
    pub host: String,
}

/// A server of a service (RFC 2782).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SrvRecord {
    /// Lower is preferred.
    pub priority: u16,
    /// Among equals, higher is preferred.
    pub weight: u16,
    /// TCP port.
    pub port: u16,
    /// Host name, in lower case, without the last dot; empty for "this service is not offered here".
    pub target: String,
}

/// Asks for mail records. Cheap to clone.
#[derive(Clone)]
pub struct Dns {
    resolver: TokioResolver,
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns").finish_non_exhaustive()
    }
}

impl Dns {
    /// Takes the system's name servers; an error where there are none, as in a bare container.
    ///
    /// Reads files, and needs a running tokio.
    pub fn system() -> Result<Self, NetError> {
        let mut builder = TokioResolver::builder_tokio().map_err(|error| failed("", error))?;
        tune(builder.options_mut());
        let resolver = builder.build().map_err(|error| failed("", error))?;
        Ok(Self { resolver })
    }

    /// Asks this name server alone.
    pub fn at(server: SocketAddr) -> Result<Self, NetError> {
        let mut config = NameServerConfig::udp_and_tcp(server.ip());
        config.connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut config.connections {
            connection.port = server.port();
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        tune(builder.options_mut());
        let resolver = builder.build().map_err(|error| failed("", error))?;
        Ok(Self { resolver })
    }

    /// Returns the domain's mail servers, the preferred first; empty when it has no such record.
    ///
    /// [`NetError::Resolve`] when nobody could be asked, [`NetError::TimedOut`] after 5 s.
    pub async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, NetError> {
        let records = self.ask(domain, RecordType::MX).await?;
        let mut found: Vec<MxRecord> = records
            .into_iter()
            .filter_map(|data| match data {
                RData::MX(mx) => Some(MxRecord {
                    preference: mx.preference,
                    host: plain(&mx.exchange),
                }),
                _ => None,
            })
            .collect();
        found.sort();
        Ok(found)
    }

    /// Returns the servers of a service such as `_imaps._tcp.contoso.com`, the preferred first; empty when it has no
    /// such record.
    ///
    /// [`NetError::Resolve`] when nobody could be asked, [`NetError::TimedOut`] after 5 s.
    pub async fn srv(&self, service: &str) -> Result<Vec<SrvRecord>, NetError> {
        let records = self.ask(service, RecordType::SRV).await?;
        let mut found: Vec<SrvRecord> = records
            .into_iter()
            .filter_map(|data| match data {
                RData::SRV(srv) => Some(SrvRecord {
                    priority: srv.priority,
                    weight: srv.weight,
                    port: srv.port,
                    target: plain(&srv.target),
                }),
                _ => None,
            })
            .collect();
        // The random choice by weight of RFC 2782 spreads load; a suggestion had better be the same every time.
        found.sort_by(|a, b| {
            let key = |record: &SrvRecord| (record.priority, u16::MAX - record.weight);
            key(a).cmp(&key(b)).then_with(|| a.target.cmp(&b.target))
        });
        Ok(found)
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, NetError> {
        // With its last dot a name is asked as it is, and never with the search domains of this machine.
        let full = Name::from_utf8(format!("{}.", name.trim_end_matches('.')))
            .map_err(|error| failed(name, error))?;
        let outcome = timeout(LIMIT, self.resolver.lookup(full, kind))
            .await
            .map_err(|_| NetError::TimedOut {
                host: name.to_owned(),
                port: 53,
                seconds: LIMIT.as_secs(),
            })?;
        match outcome {
            Ok(lookup) => {
                let answers = lookup.answers().iter().take(RECORD_LIMIT);
                Ok(answers.map(|record| record.data.clone()).collect())
            }
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(failed(name, error)),
        }
    }
}

/// Sets limits that fit a person who waits.
fn tune(options: &mut ResolverOpts) {
    options.timeout = ATTEMPT;
    options.attempts = 2;
}

/// Writes a name as programs compare it.
fn plain(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.trim_end_matches('.').to_owned()
}

fn failed(name: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> NetError {
    NetError::Resolve {
        host: name.to_owned(),
        source: io::Error::other(error),
    }
}
