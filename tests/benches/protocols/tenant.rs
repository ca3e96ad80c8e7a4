//! The demo tenant under measurement: full, on threads of its own, with clocks for it and for its client.

use std::fs;
use std::time::{Duration, Instant};

use pillarbox::demo::{Control, Options, RequestCounts, Tenant};
use pillarbox::model::IncomingProtocol;
use pillarbox::net::{Http, Trust};
use secrecy::SecretString;

use crate::lab::{Asked, sign_in};
use crate::{Failure, corpus};

/// The name of the tenant's threads.
const THREADS: &str = "tenant";
const EXCHANGE: &str = "openid profile offline_access https://outlook.office.com/POP.AccessAsUser.All \
     https://outlook.office.com/EWS.AccessAsUser.All https://outlook.office.com/SMTP.Send";
const GRAPH: &str = "openid profile offline_access https://graph.microsoft.com/Mail.ReadWrite \
     https://graph.microsoft.com/Mail.Send";

/// A running tenant whose main user has an inbox full of mail.
pub struct House {
    /// The tenant.
    pub tenant: Tenant,
    /// Trusts it.
    pub trust: Trust,
    control: Control,
    http: Http,
    _runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Time on the clock.
    pub clock: Duration,
    /// Processor time of the tenant.
    pub server: Duration,
    /// Processor time of everything else in this process.
    pub client: Duration,
    /// Requests for mail over HTTPS.
    pub requests: u64,
    /// Bytes of the answers, where they were counted.
    pub bytes: usize,
}

/// The beginning of a measurement.
pub struct Watch {
    start: Instant,
    processor: (Duration, Duration),
    requests: RequestCounts,
}

impl House {
    /// Starts it with so many messages in the inbox.
    pub fn start(messages: usize) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(THREADS)
            .enable_all()
            .build()?;
        let folder = tempfile::tempdir()?;
        let tenant = runtime.block_on(Tenant::start(Options {
            token_life: Duration::from_secs(6 * 3600),
            chatter: false,
            messages: 0,
            ..Options::new(folder.path())
        }))?;
        let control = tenant.control();
        for number in 0..messages {
            let text = corpus::message(number).replace('\n', "\r\n");
            let delivered = control.deliver(&tenant.user, "Inbox", text.as_bytes());
            delivered.ok_or("no inbox")?;
        }
        let trust = Trust::load(Some(&tenant.ca_file))?;
        Ok(Self {
            http: Http::new(&trust)?,
            tenant,
            trust,
            control,
            _runtime: runtime,
            _folder: folder,
        })
    }

    /// How many messages are in the inbox.
    pub fn count(&self) -> usize {
        let count = self.control.count(&self.tenant.user, "Inbox");
        count.unwrap_or_default()
    }

    /// What to ask the sign-in service for.
    pub fn scopes(protocol: IncomingProtocol) -> &'static str {
        match protocol {
            IncomingProtocol::Graph => GRAPH,
            _ => EXCHANGE,
        }
    }

    /// Signs the main user in.
    pub async fn token(&self, protocol: IncomingProtocol) -> SecretString {
        let asked = Asked {
            authority: &self.tenant.authority,
            client_id: &self.tenant.client_id,
            scopes: Self::scopes(protocol),
        };
        let approve = |code: String| async move { self.approve(&code) };
        sign_in(&self.http, &asked, approve).await
    }

    /// Does what the main user does in a browser.
    pub fn approve(&self, code: &str) {
        self.control.approve_as(code, &self.tenant.user);
    }

    /// Returns what clients have asked for so far.
    pub fn requests(&self) -> RequestCounts {
        self.control.requests()
    }

    /// Begins to measure.
    pub fn watch(&self) -> Watch {
        Watch {
            start: Instant::now(),
            processor: processor_times(),
            requests: self.requests(),
        }
    }

    /// Returns what was spent since.
    pub fn spent(&self, watch: &Watch) -> Spent {
        let (server, client) = processor_times();
        Spent {
            clock: watch.start.elapsed(),
            server: server.saturating_sub(watch.processor.0),
            client: client.saturating_sub(watch.processor.1),
            requests: self.requests().web_requests - watch.requests.web_requests,
            bytes: 0,
        }
    }
}

/// Processor time of the tenant's threads and of all others (fields 14 and 15 of proc(5)'s stat, at 100 ticks a second).
fn processor_times() -> (Duration, Duration) {
    let (mut server, mut client) = (Duration::ZERO, Duration::ZERO);
    for task in fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
    {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((head, fields)) = stat.rsplit_once(") ") else {
            continue;
        };
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
        let time = Duration::from_millis(ticks * 10);
        if head.ends_with(THREADS) {
            server += time;
        } else {
            client += time;
        }
    }
    (server, client)
}
