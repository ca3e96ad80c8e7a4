//! Proofs for protocols that show one with every request: the account's tokens, renewed while a mailbox is open.

use std::sync::Arc;

use async_trait::async_trait;

use crate::auth::{AuthError, Function};
use crate::backend::{Access, BackendError, Credential, Opener, ProofSource};
use crate::engine::EngineError;
use crate::engine::signer::{Proof, Signer};
use crate::model::Method;

/// Hands out an account's proof for one function.
#[derive(Debug)]
struct Purse {
    proof: Arc<Proof>,
    function: Function,
}

#[async_trait]
impl ProofSource for Purse {
    async fn credential(&self) -> Result<Credential, BackendError> {
        let credential = self.proof.credential(self.function).await;
        credential.map_err(|error| BackendError::Token(Box::new(cause(error, &self.proof))))
    }

    async fn reject(&self, credential: &Credential) -> bool {
        self.proof.reject(credential).await
    }
}

/// Returns the sign-in's own failure.
fn cause(error: EngineError, proof: &Proof) -> AuthError {
    match error {
        EngineError::Auth(error) => error,
        EngineError::Net(error) => AuthError::Unreachable(error),
        error => AuthError::Profile {
            profile: proof.profile().name.clone(),
            reason: error.to_string(),
        },
    }
}

/// Tells who opens a mailbox, and with what.
pub fn access(signer: &Signer, mailbox: &str, proof: &Arc<Proof>, function: Function) -> Access {
    let identity = signer.account.identity();
    let is_own = signer.account.address.email.eq_ignore_ascii_case(mailbox)
        || identity.eq_ignore_ascii_case(mailbox);
    let opener = match proof.profile().method {
        Method::ClientSecret | Method::ClientCertificate => Opener::Application,
        _ if is_own => Opener::Owner,
        _ => Opener::Delegate,
    };
    Access {
        mailbox: mailbox.to_owned(),
        user: identity.to_owned(),
        opener,
        proof: Arc::new(Purse {
            proof: Arc::clone(proof),
            function,
        }),
    }
}
