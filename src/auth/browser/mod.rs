//! Signing in with a browser: authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252), the answer taken by a
//! listener on this machine or pasted by a person whose browser is elsewhere.

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::auth::client::ClientProof;
use crate::auth::{AuthError, SignedIn};
use crate::model::SignInProfile;
use crate::net::Http;

/// An authorization request (RFC 6749 §4.1.1), ready to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrowserAuthorization {
    /// What the browser opens. No secret is in it.
    pub address: String,
    /// Where the browser is sent back to; must be registered exactly so.
    pub redirect_uri: String,
    /// Whether this program listens there. If not, the final address must be pasted.
    pub is_listening: bool,
    /// When waiting ends, by our clock.
    pub expires_at: Timestamp,
    /// Scopes asked for.
    pub scopes: Vec<String>,
}

/// What is wrong with a pasted address; the sign-in goes on waiting for a better one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasteMistake {
    /// It is no address, no query and no code.
    NotAnAddress,
    /// It is an address with neither `code` nor `error`, such as the one the browser started from.
    NoCode,
    /// It was cut off: `code` is there, `state` is not.
    CutOff,
    /// `state` is another one: it belongs to an earlier sign-in, or somebody else's.
    OtherSignIn,
    /// It is not where the browser should have been sent.
    Foreign {
        /// Its host.
        host: String,
    },
    /// Microsoft's blank page moved on and dropped the code (`/common/wrongplace`, protocol facts §2.3).
    WrongPlace,
}

/// What happens while a browser sign-in waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BrowserProgress {
    /// What to open. Sent by whoever starts flows, not by the flow.
    Address(BrowserAuthorization),
    /// What was pasted cannot be used.
    PasteRefused(PasteMistake),
    /// The answer is here; the code is being exchanged.
    Redeeming,
}

/// A started browser sign-in. Dropping it cancels and closes the listener.
#[derive(Debug)]
pub struct BrowserFlow {
    authorization: BrowserAuthorization,
}

impl BrowserFlow {
    /// Opens the listener and builds the address. `login_hint` is who is to sign in; empty for no hint.
    pub async fn start(
        profile: &SignInProfile,
        client: ClientProof,
        login_hint: &str,
        http: &Http,
    ) -> Result<Self, AuthError> {
        let _ = (profile, client, login_hint, http);
        unimplemented!()
    }

    /// Returns what to show.
    pub fn authorization(&self) -> &BrowserAuthorization {
        &self.authorization
    }

    /// Waits for the browser or for pasted text (an address, a query or a bare code), then redeems the code.
    pub async fn finish(
        self,
        pasted: UnboundedReceiver<SecretString>,
        progress: UnboundedSender<BrowserProgress>,
    ) -> Result<SignedIn, AuthError> {
        let _ = (pasted, progress);
        unimplemented!()
    }
}
