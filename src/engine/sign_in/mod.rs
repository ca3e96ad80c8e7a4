//! A sign-in by whichever method the profile says or a person chose: show what is to be done, wait, compare who it
//! was, keep the tokens.

mod flows;

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::auth::{AuthError, Denial, Identity, ScopeProblem, scope_problems};
use crate::engine::signer::{Proof, Signer};
use crate::engine::{Engine, EngineError, SignIn, SignInEvent};
use crate::model::{Account, Method, SignInProfile};

impl Engine {
    /// Starts a sign-in for an account (by name) by the method of its profile. An account that sends with another
    /// profile signs in twice in a row.
    pub async fn sign_in(&self, account: &str) -> Result<SignIn, EngineError> {
        self.start_sign_in(account, None).await
    }

    /// Does what [`Engine::sign_in`] does, by another method wherever a person signs in; the profile keeps its own.
    pub async fn sign_in_by(&self, account: &str, method: Method) -> Result<SignIn, EngineError> {
        self.start_sign_in(account, Some(method)).await
    }

    async fn start_sign_in(
        &self,
        account: &str,
        method: Option<Method>,
    ) -> Result<SignIn, EngineError> {
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
        let (paste, pasted) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let engine = self.clone();
        let busy = self.inner.busy.begin();
        let mut talk = Talk { say, pasted };
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = engine.sign_in_all(&signer, (&proofs, method), &mut talk) => {}
            }
            drop(busy);
        });
        Ok(SignIn {
            events,
            paste,
            guard,
        })
    }

    async fn sign_in_all(
        &self,
        signer: &Signer,
        (proofs, method): (&[Arc<Proof>], Option<Method>),
        talk: &mut Talk,
    ) {
        let mut last = Identity::default();
        for proof in proofs {
            match sign_in_one(&signer.account, (proof, method), talk).await {
                Ok(identity) => last = identity,
                Err(error) => {
                    talk.tell(SignInEvent::Failed(Arc::new(error)));
                    return;
                }
            }
        }
        self.signed_in(signer);
        talk.tell(SignInEvent::Done(last));
    }
}

/// The two directions of a running sign-in.
struct Talk {
    say: mpsc::UnboundedSender<SignInEvent>,
    pasted: mpsc::UnboundedReceiver<SecretString>,
}

impl Talk {
    /// Sends an event; a listener that went away has cancelled us already.
    fn tell(&self, event: SignInEvent) {
        let _ = self.say.send(event);
    }
}

async fn sign_in_one(
    account: &Account,
    (proof, method): (&Proof, Option<Method>),
    talk: &mut Talk,
) -> Result<Identity, EngineError> {
    refuse_wrong_scopes(proof.profile())?;
    let keeper = proof.keeper().await?;
    if proof.profile().method.is_app_only() {
        keeper.try_again();
        keeper.sign_out().await?;
        for function in proof.needs() {
            keeper.bearer(function.resource()).await?;
        }
        let facts = keeper.facts().await;
        return Ok(facts.map(|facts| facts.identity).unwrap_or_default());
    }
    let profile = SignInProfile {
        method: method.unwrap_or(proof.profile().method),
        ..proof.profile().clone()
    };
    let means = flows::Means {
        client: proof.client().await?,
        http: proof.http().await?,
        login_hint: account.identity().to_owned(),
        profile,
    };
    let signed_in = match means.profile.method {
        Method::Browser => flows::browser(&means, talk).await?,
        _ => flows::device(&means, talk).await?,
    };
    compare(account, &signed_in.identity)?;
    let identity = signed_in.identity.clone();
    keeper.adopt(signed_in).await?;
    Ok(identity)
}

/// Refuses before anything is asked what could only bring a token that opens nothing.
fn refuse_wrong_scopes(profile: &SignInProfile) -> Result<(), AuthError> {
    let mut problems = scope_problems(profile).into_iter();
    // This one mends itself.
    match problems.find(|problem| *problem != ScopeProblem::NoOfflineAccess) {
        Some(problem) => Err(AuthError::Scopes {
            profile: profile.name.clone(),
            problem,
        }),
        None => Ok(()),
    }
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
        time: String::new(),
    }))
}
