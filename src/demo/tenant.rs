//! Starts all servers of a tenant and holds them until it is dropped.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::ews::Desk;
use super::graph::Graph;
use super::house::House;
use super::mail_store::{MailStore, NewMessage};
use super::mischief::{Mischief, Mischiefs, Service};
use super::people::{ADA, COLLEAGUES, SHARED};
use super::pop3::{self, Maildrops};
use super::registrations::{self, RegisteredApp};
use super::rights::may_open;
use super::sign_in::{CLIENT_ID, Endpoint, PASSWORD_USER, SignIn, Trouble};
use super::transport::listen::Port;
use super::transport::{ca, web};
use super::{Habits, Options, RequestCounts, browser, colleagues, imap, seed, smtp};

/// A running tenant; dropping it stops the servers.
#[derive(Debug)]
pub struct Tenant {
    /// Base address of the sign-in service; append `/.well-known/openid-configuration`.
    pub authority: String,
    /// Registered public client.
    pub client_id: String,
    /// PEM file of the CA.
    pub ca_file: PathBuf,
    /// HTTPS port on `localhost`: sign-in, EWS, Graph.
    pub web_port: u16,
    /// IMAPS port on `localhost`.
    pub imap_port: u16,
    /// SMTP submission port (STARTTLS) on `localhost`.
    pub smtp_port: u16,
    /// POP3S port on `localhost`.
    pub pop_port: u16,
    /// POP3 port (STLS) on `localhost`.
    pub pop_starttls_port: u16,
    /// The main user's address.
    pub user: String,
    /// The main user's name.
    pub user_name: String,
    /// Shared mailboxes that user may open.
    pub shared: Vec<String>,
    /// A mailbox that exists but that user may not open.
    pub forbidden: String,
    /// Whether the SMTP server files a copy in Sent Items by itself, as Exchange Online does.
    pub files_sent_copy: bool,
    /// Where codes are typed in a browser.
    pub verification_uri: String,
    /// Registered apps, the one of `client_id` first.
    pub apps: Vec<RegisteredApp>,
    /// The mailbox that may still send with a password.
    pub password_user: String,
    /// File with that password and nothing else.
    pub password_file: PathBuf,
    /// Takes what to approve: user codes, or addresses that an app sends a browser to. Such an address is then opened,
    /// answered and followed back to this machine, as a browser would.
    pub approve: mpsc::UnboundedSender<String>,
    control: Control,
    _tasks: JoinSet<()>,
}

impl Tenant {
    /// Starts the servers. Fails when a port is taken or the CA's certificate cannot be written.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::start_with(options, Habits::default()).await
    }

    /// Starts the servers with other habits, for tests.
    pub async fn start_with(options: Options, habits: Habits) -> io::Result<Self> {
        let certificates = ca::certify(&options.folder)?;
        let number = |offset: u16| match options.port_base {
            0 => 0,
            base => base.saturating_add(offset),
        };
        let ports = Ports {
            web: Port::bind(number(0)).await?,
            mail: Port::bind(number(1)).await?,
            submission: Port::bind(number(2)).await?,
            pop: Port::bind(number(3)).await?,
            pop_clear: Port::bind(number(4)).await?,
        };
        let (letters, post) = mpsc::unbounded_channel();
        let house = Arc::new(House {
            store: new_store(),
            sign_in: Arc::new(SignIn::new(ports.web.number, options.token_life, habits)?),
            mischief: Mischiefs::default(),
            maildrops: Maildrops::default(),
            graph: Graph::default(),
            ews: Desk::default(),
            tls: certificates.tls,
            letters,
        });
        let password_file = registrations::write_password(&house.sign_in, &options.folder)?;
        let apps = registrations::write(&house.sign_in, &options.folder)?;
        seed::fill(&house.store, options.messages, jiff::Timestamp::now());
        let (approve, approvals) = mpsc::unbounded_channel();
        let (web_port, imap_port) = (ports.web.number, ports.mail.number);
        let (smtp_port, pop_port) = (ports.submission.number, ports.pop.number);
        let pop_starttls_port = ports.pop_clear.number;
        let mut tasks = JoinSet::new();
        spawn_servers(&mut tasks, &house, ports);
        tasks.spawn(browser::approve_all(Arc::clone(&house.sign_in), approvals));
        tasks.spawn(colleagues::answer(Arc::clone(&house), post, habits));
        if options.chatter {
            tasks.spawn(colleagues::chatter(Arc::clone(&house), habits));
        }
        let shared = |is_open: bool| {
            SHARED
                .iter()
                .filter(move |mailbox| may_open(ADA.email, mailbox.email) == is_open)
                .map(|mailbox| mailbox.email.to_owned())
        };
        Ok(Self {
            authority: house.sign_in.authority(),
            client_id: CLIENT_ID.to_owned(),
            ca_file: certificates.ca_file,
            web_port,
            imap_port,
            smtp_port,
            pop_port,
            pop_starttls_port,
            user: ADA.email.to_owned(),
            user_name: ADA.name.to_owned(),
            shared: shared(true).collect(),
            forbidden: shared(false).next().unwrap_or_default(),
            files_sent_copy: true,
            verification_uri: format!("{}/device", house.sign_in.base),
            apps,
            password_user: PASSWORD_USER.to_owned(),
            password_file,
            approve,
            control: Control(house),
            _tasks: tasks,
        })
    }

    /// Returns a handle that does what an administrator, the post or bad luck would do.
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

fn new_store() -> MailStore {
    let people = std::iter::once(ADA).chain(COLLEAGUES);
    let people = people.map(|person| person.email);
    MailStore::new(people.chain(SHARED.iter().map(|mailbox| mailbox.email)))
}

/// All that the tenant listens on.
struct Ports {
    web: Port,
    mail: Port,
    submission: Port,
    pop: Port,
    pop_clear: Port,
}

fn spawn_servers(tasks: &mut JoinSet<()>, house: &Arc<House>, ports: Ports) {
    spawn_server(tasks, house, ports.web, web::serve);
    spawn_server(tasks, house, ports.mail, imap::serve);
    spawn_server(tasks, house, ports.submission, smtp::serve);
    spawn_server(tasks, house, ports.pop, pop3::serve);
    spawn_server(tasks, house, ports.pop_clear, pop3::serve_clear);
}

fn spawn_server<Served>(
    tasks: &mut JoinSet<()>,
    house: &Arc<House>,
    port: Port,
    serve: fn(Arc<House>, TcpStream) -> Served,
) where
    Served: Future<Output = io::Result<()>> + Send + 'static,
{
    let house = Arc::clone(house);
    tasks.spawn(port.serve(move |stream| serve(Arc::clone(&house), stream)));
}

/// Does to a running tenant what an administrator, the post or bad luck would do. Cheap to clone.
#[derive(Clone)]
pub struct Control(Arc<House>);

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl Control {
    /// Returns what the servers share.
    #[cfg(test)]
    pub(super) fn shared(&self) -> Arc<House> {
        Arc::clone(&self.0)
    }

    /// Approves a pending user code as somebody of the house; `false` if no such code waits.
    pub fn approve_as(&self, user_code: &str, email: &str) -> bool {
        self.0.sign_in.approve(user_code, email)
    }

    /// Declines a pending user code; `false` if no such code waits.
    pub fn decline(&self, user_code: &str) -> bool {
        self.0.sign_in.decline(user_code)
    }

    /// Answers an address that an app sends a browser to, as `email` or with no, and returns where the browser is sent
    /// back to. `None` if the address is not this tenant's, or is refused before anybody is asked.
    pub fn answer_address(&self, address: &str, email: Option<&str>) -> Option<String> {
        browser::answer(&self.0.sign_in, address, |_| email)
    }

    /// Makes the next answer of an endpoint go wrong; several for one endpoint come one after the other.
    pub fn trouble(&self, endpoint: Endpoint, trouble: Trouble) {
        self.0.sign_in.troubles.add(endpoint, trouble);
    }

    /// Makes the next request that it can happen to go wrong; several at one service come one after the other.
    pub fn mischief(&self, service: Service, mischief: Mischief) {
        self.0.mischief.add(service, mischief);
    }

    /// Makes the next request for `at` go wrong: a command of POP3, a word in a request of EWS (its operation), a part
    /// of an address of Graph. What is added later waits for it.
    pub fn mischief_at(&self, service: Service, at: &'static str, mischief: Mischief) {
        self.0.mischief.add_at(service, at, mischief);
    }

    /// Forgets the mischief that is still to come at a service; tells how much that was.
    pub fn no_mischief(&self, service: Service) -> usize {
        self.0.mischief.clear(service)
    }

    /// From now on a POP3 maildrop is open for one session at a time.
    pub fn lock_maildrops(&self) {
        self.0.maildrops.lock_out_others();
    }

    /// Lets Exchange Online refuse EWS to everybody (403), as a tenant does that is not on its own allow list; or not.
    pub fn block_ews(&self, is_blocked: bool) {
        self.0.ews.block(is_blocked);
    }

    /// Takes the consent to Microsoft Graph away (AADSTS65001), or gives it again; tokens that are out stay good.
    pub fn withhold_graph(&self, is_withheld: bool) {
        self.0.sign_in.withhold_graph(is_withheld);
    }

    /// Ends all access tokens now; IMAP sessions close as Exchange Online closes them.
    pub fn expire_access_tokens(&self) {
        self.0.sign_in.expire_access_tokens();
    }

    /// Revokes all refresh tokens: the next refresh is `invalid_grant`.
    pub fn revoke_refresh_tokens(&self) {
        self.0.sign_in.revoke_refresh_tokens();
    }

    /// Returns how often clients asked for what.
    pub fn requests(&self) -> RequestCounts {
        self.0.sign_in.requests.read()
    }

    /// Puts an RFC 5322 message (CRLF) into a folder and returns its UID; `None` if mailbox or folder is unknown.
    pub fn deliver(&self, mailbox: &str, folder: &str, message: &[u8]) -> Option<u32> {
        let mail = NewMessage::arriving(message.to_vec());
        self.0.store.deliver(mailbox, folder, mail)
    }

    /// Removes a message, as another client would; `false` if there is none.
    pub fn expunge(&self, mailbox: &str, folder: &str, uid: u32) -> bool {
        let removed = self
            .0
            .store
            .change(mailbox, |mailbox| mailbox.folder_mut(folder)?.remove(uid));
        removed.flatten().is_some()
    }

    /// Counts the messages of a folder; `None` if mailbox or folder is unknown.
    pub fn count(&self, mailbox: &str, folder: &str) -> Option<usize> {
        self.0.store.read(mailbox, |mailbox| {
            Some(mailbox.folder(folder)?.messages().len())
        })?
    }

    /// Returns the messages of a folder as they are stored, oldest first; none if it is unknown.
    pub fn messages(&self, mailbox: &str, folder: &str) -> Vec<Arc<[u8]>> {
        let found = self.0.store.read(mailbox, |mailbox| {
            let folder = mailbox.folder(folder)?;
            let messages = folder.messages().iter();
            Some(messages.map(|message| Arc::clone(&message.bytes)).collect())
        });
        found.flatten().unwrap_or_default()
    }
}
