//! The flows in which a person takes part, with what they say passed on.

use tokio::sync::mpsc;

use crate::auth::{
    AuthError, BrowserFlow, BrowserProgress, ClientProof, Denial, DeviceFlow, DeviceProgress,
    SignedIn,
};
use crate::engine::SignInEvent;
use crate::engine::sign_in::Talk;
use crate::model::SignInProfile;
use crate::net::Http;

/// Codes shown one after the other before the sign-in is given up.
const CODES: u32 = 4;

/// What a flow needs.
pub(super) struct Means {
    /// The profile, with the method that is used.
    pub profile: SignInProfile,
    /// What the application proves itself with.
    pub client: ClientProof,
    /// Who is to sign in.
    pub login_hint: String,
    /// Trusts what the profile says.
    pub http: Http,
}

/// Signs in by device code; an expired one is followed by another.
pub(super) async fn device(means: &Means, talk: &mut Talk) -> Result<SignedIn, AuthError> {
    let mut codes = 1;
    loop {
        let client = means.client.clone();
        let flow = DeviceFlow::start(&means.profile, client, &means.http).await?;
        let code = DeviceProgress::Code(flow.authorization().clone());
        talk.tell(SignInEvent::Device(code));
        let (progress, mut happened) = mpsc::unbounded_channel();
        let finished = flow.finish(progress);
        tokio::pin!(finished);
        let outcome = loop {
            tokio::select! {
                outcome = &mut finished => break outcome,
                Some(progress) = happened.recv() => talk.tell(SignInEvent::Device(progress)),
            }
        };
        match outcome {
            Err(error) if is_expired(&error) && codes < CODES => codes += 1,
            outcome => return outcome,
        }
    }
}

/// Signs in with a browser, here or elsewhere.
pub(super) async fn browser(means: &Means, talk: &mut Talk) -> Result<SignedIn, AuthError> {
    let client = means.client.clone();
    let flow = BrowserFlow::start(&means.profile, client, &means.login_hint, &means.http).await?;
    let address = BrowserProgress::Address(flow.authorization().clone());
    talk.tell(SignInEvent::Browser(address));
    let (progress, mut happened) = mpsc::unbounded_channel();
    let (paste, pasted) = mpsc::unbounded_channel();
    let finished = flow.finish(pasted, progress);
    tokio::pin!(finished);
    loop {
        tokio::select! {
            outcome = &mut finished => return outcome,
            Some(progress) = happened.recv() => talk.tell(SignInEvent::Browser(progress)),
            // A flow that has its answer wants no more of them.
            Some(text) = talk.pasted.recv() => drop(paste.send(text)),
        }
    }
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
