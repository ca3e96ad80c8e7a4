//! The check: server and sign-in once for the account, then every mailbox, several at a time; each step is timed. A
//! failed step ends what stands on it, and only that.

mod delivery;
mod line;
mod mailbox;
mod permissions;
mod sending;
mod tls;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::time::Instant;

pub use line::{CheckLine, CheckStep, CheckWish, Found, Reading, Rights, SendTest, Sending};
pub(in crate::engine) use tls::secured;

use crate::backend::BackendError;
use crate::engine::credentials::expiry;
use crate::engine::inner::Inner;
use crate::engine::link::OutgoingLink;
use crate::engine::signer::{Proof, Signer};
use crate::engine::work::desk::Desk;
use crate::engine::{Engine, EngineError};
use crate::model::{MailboxKind, OutgoingProtocol, TlsMode};

/// Mailboxes looked at together: forty at once would look like an attack to a server.
const TOGETHER: usize = 4;

impl Engine {
    /// Checks an account's mailboxes step by step; lines come as they are known, the channel closes at the end.
    pub fn check(&self, wish: CheckWish) -> mpsc::UnboundedReceiver<CheckLine> {
        let (say, lines) = mpsc::unbounded_channel();
        let inner = Arc::clone(&self.inner);
        let busy = self.inner.busy.begin();
        tokio::spawn(async move {
            let check = Check { inner, say };
            tokio::select! {
                () = check.account(&wish) => {}
                // Nobody listens any more.
                () = check.say.closed() => {}
            }
            drop(busy);
        });
        lines
    }
}

/// The one connection for sending: Exchange Online allows three for each mailbox (protocol facts §6.5), and workers need
/// theirs.
struct Post {
    /// The account's main mailbox, whose identity sends.
    main: Arc<Desk>,
    /// The connection and whose it is, until it fails or somebody else has to be.
    link: Mutex<Option<(String, OutgoingLink)>>,
}

impl Post {
    /// Takes the connection out, or opens one as whoever must be logged in to send from a mailbox.
    async fn take(
        &self,
        check: &Check,
        desk: &Desk,
        place: &mut Option<(String, OutgoingLink)>,
    ) -> Result<(String, OutgoingLink), EngineError> {
        let whose = whose(desk.address(), &desk.signer);
        match place.take() {
            Some(open) if open.0 == whose => Ok(open),
            _ => {
                let connector = &check.inner.connector;
                let link = connector.outgoing(&desk.signer, desk.address()).await?;
                Ok((whose.to_owned(), link))
            }
        }
    }
}

/// Tells whose a connection for sending from a mailbox is.
fn whose<'a>(mailbox: &'a str, signer: &'a Signer) -> &'a str {
    let server = signer.account.servers.outgoing.as_ref();
    let protocol = server.map_or(OutgoingProtocol::Smtp, |server| server.protocol);
    signer.sending_place(protocol, mailbox)
}

/// A running check.
struct Check {
    inner: Arc<Inner>,
    say: mpsc::UnboundedSender<CheckLine>,
}

impl Check {
    async fn account(&self, wish: &CheckWish) {
        let mut desks = self.inner.desks();
        desks.retain(|desk| desk.mailbox.account_name == wish.account);
        desks.sort_by_key(|desk| (desk.mailbox.kind != MailboxKind::Main, desk.mailbox.id));
        let Some(main) = desks.first().cloned() else {
            let outcome: Result<Found, _> = Err(EngineError::NotFound {
                what: "account",
                name: wish.account.clone(),
            });
            self.done((&wish.account, CheckStep::Resolve), outcome, Instant::now());
            return;
        };
        let is_wished = |desk: &Arc<Desk>| {
            let mut wished = wish.mailboxes.iter();
            wish.mailboxes.is_empty() || wished.any(|one| one.eq_ignore_ascii_case(desk.address()))
        };
        desks.retain(is_wished);
        let reached = self.server(&main).await;
        let can_read = reached.is_ok();
        let post = self.outgoing(&main, reached.err()).await;
        let turns = Semaphore::new(TOGETHER);
        let mut running: FuturesUnordered<_> = desks
            .iter()
            .map(|desk| async {
                // Never closed, so there is always a turn.
                let _turn = turns.acquire().await;
                let reading = if can_read {
                    self.reading(desk).await
                } else {
                    Reading::Unknown
                };
                let sending = match &post {
                    Some(post) => self.sending(desk, post, wish.send_test).await,
                    None => Sending::Unknown,
                };
                self.rights(desk, Rights { reading, sending });
            })
            .collect();
        while running.next().await.is_some() {}
    }

    /// Looks at what all mailboxes share, up to the first step that fails.
    async fn server(&self, main: &Desk) -> Result<(), CheckStep> {
        let signer = &main.signer;
        let mut steps = vec![CheckStep::Resolve, CheckStep::Tcp];
        if signer.account.servers.incoming.tls != TlsMode::None {
            steps.push(CheckStep::Tls);
        }
        for step in steps {
            self.probe(main, step).await.ok_or(step)?;
        }
        self.expiries(main).await;
        let token = self.token(main, &signer.receive).await;
        token.ok_or(CheckStep::Token)?;
        self.permissions(main, &signer.receive).await;
        Ok(())
    }

    async fn probe(&self, main: &Desk, step: CheckStep) -> Option<()> {
        let started = Instant::now();
        let found = self.inner.connector.probe(&main.signer, step).await;
        let found = found.map_err(about_servers);
        self.done((main.address(), step), found, started)
    }

    /// Says when secret and certificate end. A day typed by a person stops nothing.
    async fn expiries(&self, main: &Desk) {
        let started = Instant::now();
        for expiry in expiry::of_signer(&self.inner, &main.signer).await {
            let (what, words) = (expiry.what.name(), expiry.words());
            let said = format!("the {what} {words}");
            let outcome = match expiry.nearness() {
                _ if expiry.is_over => Err(expiry.problem()),
                None => Ok(Found::from(said)),
                Some(_) => Ok(Found {
                    warning: Some(format!("make a new {what} before {}", expiry.on)),
                    detail: said,
                }),
            };
            self.done((main.address(), CheckStep::Expiry), outcome, started);
        }
    }

    async fn token(&self, main: &Desk, proof: &Proof) -> Option<()> {
        let started = Instant::now();
        let token = prove(proof, self.inner.clock.now()).await;
        self.done((main.address(), CheckStep::Token), token, started)
    }

    /// Signs in for sending; says nothing where the account only reads. What failed before and stands in the way here
    /// too is not said again.
    async fn outgoing(&self, main: &Arc<Desk>, failed: Option<CheckStep>) -> Option<Post> {
        let signer = &main.signer;
        let server = signer.account.servers.outgoing.as_ref()?;
        if server.tls != TlsMode::None {
            self.probe(main, CheckStep::SendTls).await?;
        }
        let is_shared = Arc::ptr_eq(&signer.receive, &signer.send);
        if is_shared && failed == Some(CheckStep::Token) {
            return None;
        }
        if !is_shared && !signer.send.is_password() {
            self.token(main, &signer.send).await?;
            self.permissions(main, &signer.send).await;
        }
        let started = Instant::now();
        let opened = self.inner.connector.outgoing(signer, main.address()).await;
        let identity = signer.sending_user(main.address());
        let (link, said) = match opened {
            Ok(link) => (
                Some((whose(main.address(), signer).to_owned(), link)),
                Ok(format!("signed in as {identity}; nothing was sent")),
            ),
            Err(error) => (None, Err(error)),
        };
        self.done((main.address(), CheckStep::Send), said, started)?;
        Some(Post {
            main: Arc::clone(main),
            link: Mutex::new(link),
        })
    }

    fn rights(&self, desk: &Desk, rights: Rights) {
        let Rights { reading, sending } = rights;
        let said = format!("reading: {}, sending: {}", reading.name(), sending.name());
        // A listener that went away has ended us already.
        let _ = self.say.send(CheckLine {
            mailbox: desk.address().to_owned(),
            step: CheckStep::Rights,
            outcome: Ok(said),
            warning: None,
            took: std::time::Duration::ZERO,
            rights: Some(rights),
        });
    }

    /// Sends a line; `None` if the step failed.
    fn done(
        &self,
        (mailbox, step): (&str, CheckStep),
        outcome: Result<impl Into<Found>, EngineError>,
        started: Instant,
    ) -> Option<()> {
        let mut outcome: Result<Found, _> = outcome.map(Into::into);
        let is_fine = outcome.is_ok();
        let warning = outcome.as_mut().ok().and_then(|found| found.warning.take());
        let _ = self.say.send(CheckLine {
            mailbox: mailbox.to_owned(),
            step,
            outcome: outcome.map(|found| found.detail).map_err(Arc::new),
            warning,
            took: started.elapsed(),
            rights: None,
        });
        is_fine.then_some(())
    }
}

/// These steps are about servers, not about a mailbox or an operation.
fn about_servers(error: EngineError) -> EngineError {
    match error {
        EngineError::Backend {
            source: BackendError::Offline { source, .. },
            ..
        } => EngineError::Net(source),
        other => other,
    }
}

async fn prove(proof: &Proof, now: Timestamp) -> Result<String, EngineError> {
    for function in proof.needs() {
        proof.credential(function).await?;
    }
    if proof.is_password() {
        return Ok("a password is kept".into());
    }
    let facts = proof.keeper().await?.facts().await;
    Ok(facts.map_or_else(String::new, |facts| {
        let left = facts.expires_at.duration_since(now).as_secs().max(0);
        let left = format!("good for {} min {} s", left / 60, left % 60);
        match facts.identity.username.as_str() {
            "" => left,
            username => format!("{username}, {left}"),
        }
    }))
}
