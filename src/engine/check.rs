//! The check: every mailbox step by step, each step timed; a failed step ends the mailbox's later ones.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::backend::BackendError;
use crate::engine::inner::Inner;
use crate::engine::signer::Proof;
use crate::engine::work::desk::Desk;
use crate::engine::work::room::Room;
use crate::engine::{CheckLine, CheckStep, Engine, EngineError};
use crate::model::{MailboxKind, TlsMode};
use crate::net::NetError;

/// Where the lines go.
type Lines = mpsc::UnboundedSender<CheckLine>;

impl Engine {
    /// Checks an account's mailboxes step by step; lines come as they are known, the channel closes at the end.
    pub fn check(&self, account: &str) -> mpsc::UnboundedReceiver<CheckLine> {
        let (say, lines) = mpsc::unbounded_channel();
        let inner = Arc::clone(&self.inner);
        let name = account.to_owned();
        let busy = self.inner.busy.begin();
        tokio::spawn(async move {
            tokio::select! {
                () = check_account(&inner, &name, &say) => {}
                // Nobody listens any more.
                () = say.closed() => {}
            }
            drop(busy);
        });
        lines
    }
}

/// One mailbox being checked.
struct Check<'a> {
    inner: &'a Arc<Inner>,
    desk: &'a Arc<Desk>,
    say: &'a Lines,
}

async fn check_account(inner: &Arc<Inner>, name: &str, say: &Lines) {
    let mut desks = inner.desks();
    desks.retain(|desk| desk.mailbox.account_name == name);
    desks.sort_by_key(|desk| (desk.mailbox.kind != MailboxKind::Main, desk.mailbox.id));
    if desks.is_empty() {
        let outcome = Err(Arc::new(EngineError::NotFound {
            what: "account",
            name: name.to_owned(),
        }));
        line(say, name, CheckStep::Resolve, outcome, Instant::now());
        return;
    }
    for desk in &desks {
        let check = Check { inner, desk, say };
        // The line is sent where it fails; here it only ends the mailbox.
        let _ = check.mailbox().await;
    }
    if let Some(main) = desks.first() {
        let desk = main;
        let _ = Check { inner, desk, say }.sending().await;
    }
}

impl Check<'_> {
    /// `None` as soon as a step failed.
    async fn mailbox(&self) -> Option<()> {
        let signer = &self.desk.signer;
        let tls = signer.account.servers.incoming.tls;
        let mut steps = vec![CheckStep::Resolve, CheckStep::Tcp];
        if tls == TlsMode::Implicit {
            steps.push(CheckStep::Tls);
        }
        for step in steps {
            let started = Instant::now();
            let found = self.inner.connector.probe(signer, step).await;
            self.done(step, found, started)?;
        }
        let started = Instant::now();
        let token = prove(&signer.receive, self.inner.clock.now()).await;
        self.done(CheckStep::Token, token, started)?;
        let mut room = self.log_in(tls).await?;
        let started = Instant::now();
        let folders = room.backend().folders().await;
        let folders = folders
            .map(|found| format!("{} folders", found.len()))
            .map_err(|source| room.blame(source));
        self.done(CheckStep::Folders, folders, started)
    }

    /// Logs in. What STARTTLS does is only seen here, so its line comes from here too.
    async fn log_in(&self, tls: TlsMode) -> Option<Room> {
        let started = Instant::now();
        let opened = Room::open(self.inner, self.desk).await;
        if tls == TlsMode::StartTls {
            match opened {
                Err(error) if is_tls(&error) => {
                    self.done(CheckStep::Tls, Err(error), started)?;
                    return None;
                }
                _ => self.done(CheckStep::Tls, Ok("STARTTLS".into()), started)?,
            }
        }
        match opened {
            Ok(room) => {
                let who = self.desk.address().to_owned();
                self.done(CheckStep::Login, Ok(format!("opened {who}")), started)?;
                Some(room)
            }
            Err(error) => {
                self.done(CheckStep::Login, Err(error), started);
                None
            }
        }
    }

    async fn sending(&self) -> Option<()> {
        let signer = &self.desk.signer;
        signer.account.servers.outgoing.as_ref()?;
        let started = Instant::now();
        let opened = self.inner.connector.outgoing(signer).await;
        let said = opened.map(|_| {
            format!(
                "signed in as {}; nothing was sent",
                signer.account.identity()
            )
        });
        self.done(CheckStep::Send, said, started)
    }

    /// Sends a line; `None` if the step failed.
    fn done(
        &self,
        step: CheckStep,
        outcome: Result<String, EngineError>,
        started: Instant,
    ) -> Option<()> {
        let is_fine = outcome.is_ok();
        line(
            self.say,
            self.desk.address(),
            step,
            outcome.map_err(Arc::new),
            started,
        );
        is_fine.then_some(())
    }
}

async fn prove(proof: &Proof, now: Timestamp) -> Result<String, EngineError> {
    proof.credential().await?;
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

fn is_tls(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Backend {
            source: BackendError::Offline {
                source: NetError::Tls { .. },
                ..
            },
            ..
        }
    )
}

fn line(
    say: &Lines,
    mailbox: &str,
    step: CheckStep,
    outcome: Result<String, Arc<EngineError>>,
    started: Instant,
) {
    // A listener that went away has ended us already.
    let _ = say.send(CheckLine {
        mailbox: mailbox.to_owned(),
        step,
        outcome,
        took: started.elapsed(),
    });
}
