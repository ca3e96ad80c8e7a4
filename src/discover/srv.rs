//! SRV records of mail services (RFC 6186, RFC 8314 §5.1): from names and answers to servers. Asks through [`Sources`].

use futures_util::future::join_all;

use crate::discover::{DiscoverError, Sources, domain};
use crate::model::TlsMode;
use crate::net::SrvRecord;

/// Services for reading, preferred first; a `_imap` server is used with STARTTLS only.
const INCOMING: [(&str, TlsMode); 2] = [
    ("_imaps._tcp", TlsMode::Implicit),
    ("_imap._tcp", TlsMode::StartTls),
];
/// Services for sending, preferred first.
const OUTGOING: [(&str, TlsMode); 2] = [
    ("_submissions._tcp", TlsMode::Implicit),
    ("_submission._tcp", TlsMode::StartTls),
];

/// A server as a record names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Host name.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection.
    pub tls: TlsMode,
}

/// What the records of a domain say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Places {
    /// For reading, preferred first.
    pub incoming: Vec<Place>,
    /// For sending, preferred first.
    pub outgoing: Vec<Place>,
}

/// Asks for all services of a domain; an error only when no question was answered.
pub async fn ask(sources: &dyn Sources, domain: &str) -> Result<Places, DiscoverError> {
    let services = INCOMING.into_iter().chain(OUTGOING);
    let answers = join_all(services.map(|(service, tls)| async move {
        let records = sources.srv(&format!("{service}.{domain}")).await;
        records.map(|records| places(&records, tls))
    }))
    .await;
    let mut found = Places::default();
    let mut error = None;
    let mut has_answer = false;
    for (index, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(places) if index < INCOMING.len() => found.incoming.extend(places),
            Ok(places) => found.outgoing.extend(places),
            Err(failure) => {
                error = Some(failure);
                continue;
            }
        }
        has_answer = true;
    }
    match error {
        Some(error) if !has_answer => Err(error.into()),
        _ => Ok(found),
    }
}

/// Reads records; a target of "." says that the service is not offered (RFC 6186 §3.4).
fn places(records: &[SrvRecord], tls: TlsMode) -> Vec<Place> {
    records
        .iter()
        .filter(|record| record.port != 0)
        .filter_map(|record| {
            Some(Place {
                host: domain::plain(&record.target)?,
                port: record.port,
                tls,
            })
        })
        .collect()
}
