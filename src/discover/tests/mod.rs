//! Discovery against a made-up world: no socket, no clock of the wall.

mod asked;
mod files;
mod hostile;
mod order;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::discover::{Findings, Origin, Outcome, Reply, Sources, find};
use crate::model::Address;
use crate::net::{MxRecord, NetError, SrvRecord};

pub const LIMIT: Duration = Duration::from_secs(6);
const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

const ISPDB: &str = "https://live.thunderbird.net/autoconfig/v1.1/contoso.com";
const AUTOCONFIG: &str = "https://autoconfig.contoso.com/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "https://contoso.com/.well-known/autoconfig/mail/config-v1.1.xml";
const TENANT: &str =
    "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration";
const OWN_AUTODISCOVER: &str = "https://autodiscover.contoso.com/autodiscover/autodiscover.json/v1.0/alice@contoso.com?Protocol=EWS";
const CLOUD_AUTODISCOVER: &str = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.json/v1.0/alice@contoso.com?Protocol=EWS";

/// A world by script; what is not in it does not exist. Remembers what it was asked.
#[derive(Debug, Default)]
pub struct Script {
    pages: BTreeMap<String, (Duration, Reply)>,
    mx: Vec<MxRecord>,
    srv: BTreeMap<String, Vec<SrvRecord>>,
    /// Hosts, and `mx`, that never answer.
    silent: Vec<String>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers at once.
    pub fn answers(self, url: &str, status: u16, body: &str) -> Self {
        self.late(url, Duration::ZERO, status, body)
    }

    /// Answers after some time.
    fn late(mut self, url: &str, after: Duration, status: u16, body: &str) -> Self {
        let reply = Reply {
            status,
            location: None,
            body: body.into(),
        };
        self.pages.insert(url.to_owned(), (after, reply));
        self
    }

    fn redirects(mut self, url: &str, to: &str) -> Self {
        let reply = Reply {
            status: 302,
            location: Some(to.to_owned()),
            body: Vec::new(),
        };
        self.pages.insert(url.to_owned(), (Duration::ZERO, reply));
        self
    }

    fn exchanger(mut self, host: &str) -> Self {
        let preference = 10 + self.mx.len() as u16;
        let host = host.to_owned();
        self.mx.push(MxRecord { preference, host });
        self
    }

    fn service(mut self, name: &str, target: &str, port: u16) -> Self {
        let record = SrvRecord {
            priority: 0,
            weight: 0,
            port,
            target: target.to_owned(),
        };
        let name = format!("{name}._tcp.contoso.com");
        self.srv.entry(name).or_default().push(record);
        self
    }

    fn silent(mut self, host: &str) -> Self {
        self.silent.push(host.to_owned());
        self
    }

    fn tenant(self) -> Self {
        let body = format!(
            r#"{{"issuer":"https://login.microsoftonline.com/{GUID}/v2.0","token_endpoint":"https://login.microsoftonline.com/x"}}"#
        );
        self.answers(TENANT, 200, &body)
    }

    fn remember(&self, what: &str) {
        self.asked.lock().unwrap().push(what.to_owned());
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

fn nobody(host: &str) -> NetError {
    NetError::Resolve {
        host: host.to_owned(),
        source: std::io::ErrorKind::NotFound.into(),
    }
}

#[async_trait]
impl Sources for Script {
    async fn get(&self, url: &Url) -> Result<Reply, NetError> {
        self.remember(url.as_str());
        let host = url.host_str().unwrap();
        if self.silent.iter().any(|silent| silent == host) {
            std::future::pending::<()>().await;
        }
        let (after, reply) = self.pages.get(url.as_str()).ok_or_else(|| nobody(host))?;
        tokio::time::sleep(*after).await;
        Ok(reply.clone())
    }

    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, NetError> {
        self.remember(&format!("MX {domain}"));
        if self.silent.iter().any(|silent| silent == "mx") {
            std::future::pending::<()>().await;
        }
        Ok(self.mx.clone())
    }

    async fn srv(&self, service: &str) -> Result<Vec<SrvRecord>, NetError> {
        self.remember(&format!("SRV {service}"));
        Ok(self.srv.get(service).cloned().unwrap_or_default())
    }
}

/// A file with one IMAP and one SMTP server on `imap.{domain}` and `smtp.{domain}`.
fn file(domain: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="x">
  <displayName>R&amp;D &#252;</displayName>
  <incomingServer type="imap"><hostname>imap.{domain}</hostname><port>993</port>
    <socketType>SSL</socketType><username>%EMAILADDRESS%</username>
    <authentication>password-cleartext</authentication></incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.{domain}</hostname><port>587</port>
    <socketType>STARTTLS</socketType></outgoingServer>
</emailProvider></clientConfig>"#
    )
}

async fn alice(script: &Script) -> Findings {
    find(script, &Address::bare("alice@contoso.com"), LIMIT).await
}

fn hosts(found: &Findings) -> Vec<&str> {
    found
        .servers
        .iter()
        .map(|finding| finding.incoming.host.as_str())
        .collect()
}

fn origins(found: &Findings) -> Vec<Origin> {
    found.servers.iter().map(|finding| finding.origin).collect()
}

/// The word for how it went with the first source of this kind.
fn outcome(found: &Findings, origin: Origin) -> String {
    let tried = found.tried.iter().find(|(tried, _)| *tried == origin);
    match tried.map(|(_, outcome)| outcome) {
        None => "not asked".to_owned(),
        Some(Outcome::Found) => "found".to_owned(),
        Some(Outcome::Nothing) => "nothing".to_owned(),
        Some(Outcome::Late) => "late".to_owned(),
        Some(Outcome::Failed(error)) => error.to_string(),
    }
}
