//! Asks everybody at once, within one limit, and puts the answers into their fixed order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use crate::discover::domain::{Voucher, registrable};
use crate::discover::judge::{Publisher, from_ews, from_file, from_records};
use crate::discover::known::{self, Known};
use crate::discover::servers::known_finding;
use crate::discover::sources::fetch;
use crate::discover::tenant::find_tenant;
use crate::discover::{
    DiscoverError, Finding, Findings, Origin, Outcome, Sources, Tenant, autodiscover, clientconfig,
    domain, srv,
};
use crate::model::{Address, Provider};

/// How long one question may take; what follows from its answer has the rest.
const STEP_LIMIT: Duration = Duration::from_secs(4);
/// How long the others may still answer when what comes first is certain.
const GRACE: Duration = Duration::from_secs(1);
/// The most findings altogether.
const FINDING_LIMIT: usize = 8;
/// Thunderbird's data base of providers.
const ISPDB: &str = "live.thunderbird.net";

/// A question. Their order is the order of preference: whatever stands above wins, however late its answer came.
///
/// The exchanger of a domain that is a known provider's customer says where the mail is now; web hosters go on
/// publishing files for domains whose mail has long moved away. A tenant alone says little: many domains have one for
/// other reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    /// The domain's exchanger is a known provider's.
    Mx,
    /// The data base knows the domain.
    Ispdb,
    /// `autoconfig.{domain}`.
    Autoconfig,
    /// `{domain}/.well-known`.
    WellKnown,
    /// The data base knows whose the exchanger is.
    MxIspdb,
    /// The domain's SRV records.
    Srv,
    /// `autodiscover.{domain}`, unless a known provider has the mail.
    OwnAutodiscover,
    /// Microsoft's Autodiscover, for its customers.
    CloudAutodiscover,
    /// The login service.
    Tenant,
}

/// What is asked of everybody at the start.
const FIRST: [Step; 6] = [
    Step::Mx,
    Step::Ispdb,
    Step::Autoconfig,
    Step::WellKnown,
    Step::Srv,
    Step::Tenant,
];

impl Step {
    const fn origin(self) -> Origin {
        match self {
            Self::Mx => Origin::Mx,
            Self::Ispdb | Self::MxIspdb => Origin::Ispdb,
            Self::Autoconfig | Self::WellKnown => Origin::Autoconfig,
            Self::Srv => Origin::Srv,
            Self::OwnAutodiscover | Self::CloudAutodiscover => Origin::Autodiscover,
            Self::Tenant => Origin::Provider,
        }
    }
}

/// The answer to a question.
#[derive(Default)]
struct Answer {
    findings: Vec<Finding>,
    tenant: Option<Tenant>,
    /// The provider whose customer the domain is.
    customer_of: Option<&'static Known>,
    /// The domain of the exchanger, where it is another one.
    exchanger: Option<String>,
}

impl Answer {
    fn of(findings: Vec<Finding>) -> Self {
        Self {
            findings,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.tenant.is_none()
    }
}

/// Finds out what can be found out about an address within `limit`. Never fails: what could not be asked is in `tried`.
///
/// Of providers known by heart nobody is asked anything. The address itself goes to Microsoft (for its customers) and
/// to the mail domain only; everybody else is told the domain.
pub async fn find(sources: &dyn Sources, address: &Address, limit: Duration) -> Findings {
    let Some(domain) = domain::plain(address.domain()) else {
        return Findings::default();
    };
    if let Some(known) = known::by_domain(&domain) {
        return from_table(known);
    }
    let local = address
        .email
        .rsplit_once('@')
        .map_or("", |(local, _)| local);
    let asking = Asking {
        sources,
        address: Address::bare(format!("{local}@{domain}")),
        domain,
    };
    let mut search = Search::default();
    let mut deadline = Instant::now() + limit;
    let mut running = FuturesUnordered::new();
    for step in FIRST {
        search.open.insert(step);
        running.push(asking.ask(step, asking.domain.clone()));
    }
    while let Ok(Some((step, outcome))) = timeout_at(deadline, running.next()).await {
        for (next, about) in search.take(step, outcome, &asking.domain) {
            running.push(asking.ask(next, about));
        }
        if search.is_settled() {
            deadline = deadline.min(Instant::now() + GRACE);
        }
    }
    search.finish()
}

fn from_table(known: &'static Known) -> Findings {
    let finding = known_finding(known, Origin::Known);
    Findings {
        sign_in: finding.sign_in.clone(),
        servers: vec![finding],
        tenant: None,
        tried: vec![(Origin::Known, Outcome::Found)],
    }
}

/// What every question needs.
struct Asking<'a> {
    sources: &'a dyn Sources,
    address: Address,
    domain: String,
}

impl Asking<'_> {
    /// Asks one question about a domain: the mail's, or its exchanger's. `None` when the answer took too long.
    async fn ask(
        &self,
        step: Step,
        about: String,
    ) -> (Step, Option<Result<Answer, DiscoverError>>) {
        let domain = about.as_str();
        let asked = async {
            match step {
                Step::Mx => self.mx(domain).await,
                Step::Ispdb | Step::MxIspdb => {
                    let path = format!("/autoconfig/v1.1/{domain}");
                    self.file(step, ISPDB, &path).await
                }
                Step::Autoconfig => {
                    let host = format!("autoconfig.{domain}");
                    self.file(step, &host, "/mail/config-v1.1.xml").await
                }
                Step::WellKnown => {
                    let path = "/.well-known/autoconfig/mail/config-v1.1.xml";
                    self.file(step, domain, path).await
                }
                Step::Srv => {
                    let places = srv::ask(self.sources, domain).await?;
                    Ok(Answer::of(from_records(&places, domain)))
                }
                Step::OwnAutodiscover => self.ews(&format!("autodiscover.{domain}")).await,
                Step::CloudAutodiscover => self.ews(autodiscover::MICROSOFT).await,
                Step::Tenant => self.tenant(domain).await,
            }
        };
        (step, timeout(STEP_LIMIT, asked).await.ok())
    }

    async fn mx(&self, domain: &str) -> Result<Answer, DiscoverError> {
        let records = self.sources.mx(domain).await?;
        // Filters of other companies stand in front of many mailboxes; any known exchanger tells more than they.
        if let Some(known) = records.iter().find_map(|mx| known::by_exchanger(&mx.host)) {
            return Ok(Answer {
                customer_of: Some(known),
                ..Answer::of(vec![known_finding(known, Origin::Mx)])
            });
        }
        let first = records.first().and_then(|mx| domain::plain(&mx.host));
        let exchanger = first
            .as_deref()
            .map(registrable)
            .filter(|owner| *owner != domain)
            .map(str::to_owned);
        Ok(Answer {
            exchanger,
            ..Answer::default()
        })
    }

    async fn file(&self, step: Step, host: &str, path: &str) -> Result<Answer, DiscoverError> {
        let Ok(url) = Url::parse(&format!("https://{host}{path}")) else {
            return Ok(Answer::default());
        };
        let Some(body) = fetch(self.sources, &url).await? else {
            return Ok(Answer::default());
        };
        let config =
            clientconfig::parse(&body, &self.address).map_err(|reason| malformed(host, reason))?;
        let publisher = Publisher {
            host,
            origin: step.origin(),
            voucher: match step.origin() {
                Origin::Ispdb => Voucher::Source,
                _ => Voucher::Nobody,
            },
        };
        from_file(&config, publisher, &self.domain).map(Answer::of)
    }

    async fn ews(&self, host: &str) -> Result<Answer, DiscoverError> {
        let body = match self.autodiscover(host).await {
            // Microsoft sends customers with servers of their own there.
            Err(DiscoverError::Redirect { to, .. })
                if registrable(&to) == registrable(&self.domain) && to != host =>
            {
                self.autodiscover(&to).await?
            }
            other => other?,
        };
        let Some(body) = body else {
            return Ok(Answer::default());
        };
        let named = autodiscover::read(&body).map_err(|reason| malformed(host, reason))?;
        let finding = named.map(|ews| from_ews(ews, &self.domain));
        Ok(Answer::of(finding.into_iter().collect()))
    }

    async fn autodiscover(&self, host: &str) -> Result<Option<Vec<u8>>, DiscoverError> {
        match autodiscover::question(host, &self.address) {
            Some(url) => fetch(self.sources, &url).await,
            None => Ok(None),
        }
    }

    async fn tenant(&self, domain: &str) -> Result<Answer, DiscoverError> {
        let Some(tenant) = find_tenant(self.sources, domain).await? else {
            return Ok(Answer::default());
        };
        let known = known::microsoft(tenant.cloud);
        Ok(Answer {
            tenant: Some(tenant),
            ..Answer::of(vec![known_finding(known, Origin::Provider)])
        })
    }
}

fn malformed(host: &str, reason: &'static str) -> DiscoverError {
    let host = host.to_owned();
    DiscoverError::Malformed { host, reason }
}

/// What has been answered so far.
#[derive(Default)]
struct Search {
    open: BTreeSet<Step>,
    findings: BTreeMap<Step, Vec<Finding>>,
    outcomes: BTreeMap<Step, Outcome>,
    tenant: Option<Tenant>,
    customer_of: Option<&'static Known>,
}

impl Search {
    /// Takes an answer; returns what to ask because of it, and about which domain.
    fn take(
        &mut self,
        step: Step,
        outcome: Option<Result<Answer, DiscoverError>>,
        domain: &str,
    ) -> Vec<(Step, String)> {
        self.open.remove(&step);
        let mut answer = Answer::default();
        let outcome = match outcome {
            None => Outcome::Late,
            Some(Err(error)) => Outcome::Failed(error),
            Some(Ok(found)) => {
                answer = found;
                if answer.is_empty() {
                    Outcome::Nothing
                } else {
                    Outcome::Found
                }
            }
        };
        tracing::debug!(?step, ?outcome, "discovery");
        self.outcomes.insert(step, outcome);
        self.findings.insert(step, answer.findings);
        let mut next = Vec::new();
        if step == Step::Mx {
            self.customer_of = answer.customer_of;
            next.extend(answer.exchanger.map(|owner| (Step::MxIspdb, owner)));
            if self.customer_of.is_none() {
                next.push((Step::OwnAutodiscover, domain.to_owned()));
            }
        }
        if step == Step::Tenant && answer.tenant.is_some() {
            self.tenant = answer.tenant;
            next.push((Step::CloudAutodiscover, domain.to_owned()));
        }
        self.open.extend(next.iter().map(|(step, _)| *step));
        next
    }

    /// Tells whether nothing that is still open can change what comes first.
    fn is_settled(&self) -> bool {
        self.customer_of.is_some_and(|known| {
            known.provider != Provider::Microsoft365 || !self.open.contains(&Step::Tenant)
        })
    }

    fn finish(mut self) -> Findings {
        for step in self.open {
            self.outcomes.insert(step, Outcome::Late);
        }
        let mut servers: Vec<Finding> = Vec::new();
        for mut finding in self.findings.into_values().flatten() {
            if let Some(tenant) = &self.tenant {
                belong(&mut finding, tenant);
            }
            let is_new = servers.iter().all(|other| {
                other.incoming.host != finding.incoming.host
                    || other.incoming.port != finding.incoming.port
            });
            if is_new && servers.len() < FINDING_LIMIT {
                servers.push(finding);
            }
        }
        let outcomes = self.outcomes.into_iter();
        Findings {
            sign_in: servers.first().and_then(|finding| finding.sign_in.clone()),
            servers,
            tenant: self.tenant,
            tried: outcomes
                .map(|(step, outcome)| (step.origin(), outcome))
                .collect(),
        }
    }
}

/// Moves a finding at Microsoft into the tenant: the login service knows its cloud better than names of servers do.
fn belong(finding: &mut Finding, tenant: &Tenant) {
    let Some(sign_in) = &mut finding.sign_in else {
        return;
    };
    if sign_in.provider != Provider::Microsoft365 {
        return;
    }
    let known = known_finding(known::microsoft(tenant.cloud), finding.origin);
    sign_in.cloud = tenant.cloud;
    sign_in.tenant.clone_from(&tenant.id);
    sign_in.origin = Origin::Provider;
    finding.incoming = known.incoming;
    finding.outgoing = known.outgoing;
}
