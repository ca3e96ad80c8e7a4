//! A sign-in by device code: show a code, wait, ask for a new one when it expires, compare who it was, keep the tokens.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::auth::{AuthError, Denial, DeviceFlow, DeviceProgress, Identity, SignedIn};
use crate::engine::signer::{Proof, Signer};
use crate::engine::{Engine, EngineError, SignIn, SignInEvent};
use crate::model::Account;

/// Codes shown one after the other before the sign-in is given up.
const CODES: u32 = 4;

impl Engine {
    /// Starts a sign-in for an account (by name). An account that sends with another profile signs in twice in a row.
    pub async fn sign_in(&self, account: &str) -> Result<SignIn, EngineError> {
        let signer = self.inner.signer(account)?;
        let proofs: Vec<Arc<Proof>> = signer
            .proofs()
            .into_iter()
            .filter(|proof| !proof.is_password())
            .cloned()
            .collect();
        if proofs.is_empty() {
            // Says that it is a password, with the profile's name.
            signer.receive.keeper().await?;
        }
        let (say, events) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let engine = self.clone();
        let busy = self.inner.busy.begin();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = engine.sign_in_all(&signer, &proofs, &say) => {}
            }
            drop(busy);
        });
        Ok(SignIn { events, guard })
    }

    async fn sign_in_all(
        &self,
        signer: &Signer,
        proofs: &[Arc<Proof>],
        say: &mpsc::UnboundedSender<SignInEvent>,
    ) {
        let mut last = Identity::default();
        for proof in proofs {
            match sign_in_one(&signer.account, proof, say).await {
                Ok(identity) => last = identity,
                Err(error) => {
                    tell(say, SignInEvent::Failed(Arc::new(error)));
                    return;
                }
            }
        }
        self.signed_in(signer);
        tell(say, SignInEvent::Done(last));
    }
}

async fn sign_in_one(
    account: &Account,
    proof: &Proof,
    say: &mpsc::UnboundedSender<SignInEvent>,
) -> Result<Identity, EngineError> {
    let keeper = proof.keeper().await?;
    let http = proof.http().await?;
    let mut codes = 1;
    loop {
        let flow = DeviceFlow::start(proof.profile(), &http).await?;
        let code = DeviceProgress::Code(flow.authorization().clone());
        tell(say, SignInEvent::Device(code));
        match finish(flow, say).await {
            Ok(signed_in) => {
                compare(account, &signed_in.identity)?;
                let identity = signed_in.identity.clone();
                keeper.adopt(signed_in).await?;
                return Ok(identity);
            }
            Err(error) if is_expired(&error) && codes < CODES => codes += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Polls to the end and passes on what happens meanwhile.
async fn finish(
    flow: DeviceFlow,
    say: &mpsc::UnboundedSender<SignInEvent>,
) -> Result<SignedIn, AuthError> {
    let (progress, mut happened) = mpsc::unbounded_channel();
    let finished = flow.finish(progress);
    tokio::pin!(finished);
    loop {
        tokio::select! {
            outcome = &mut finished => return outcome,
            Some(progress) = happened.recv() => tell(say, SignInEvent::Device(progress)),
        }
    }
}

/// Sends an event; a listener that went away has cancelled us already.
fn tell(say: &mpsc::UnboundedSender<SignInEvent>, event: SignInEvent) {
    let _ = say.send(event);
}

fn is_expired(error: &AuthError) -> bool {
    matches!(
        error,
        AuthError::Denied {
            denial: Denial::Expired,
            ..
        }
    )
}

/// Refuses tokens of somebody else. A provider that says nothing about who signed in is believed, and a user name that
/// is no address is compared with the address's local part.
fn compare(account: &Account, identity: &Identity) -> Result<(), EngineError> {
    let (expected, got) = (account.identity(), identity.username.as_str());
    let local = expected.split('@').next().unwrap_or(expected);
    let is_same = got.is_empty()
        || got.eq_ignore_ascii_case(expected)
        || (!got.contains('@') && got.eq_ignore_ascii_case(local));
    if is_same {
        return Ok(());
    }
    Err(EngineError::Auth(AuthError::Denied {
        denial: Denial::WrongIdentity {
            expected: expected.to_owned(),
            got: got.to_owned(),
        },
        error: String::new(),
        code: String::new(),
        description: String::new(),
        suberror: String::new(),
        correlation_id: String::new(),
    }))
}
