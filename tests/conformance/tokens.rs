//! Tokens of a story, and how they are shown to protocols that ask for one at every request.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pillarbox::backend::{BackendError, Credential, ProofSource};
use secrecy::{ExposeSecret as _, SecretString};

/// The token that is shown now, and those that come when the server refuses it.
#[derive(Debug)]
pub struct Tokens(Mutex<VecDeque<SecretString>>);

impl Tokens {
    /// Begins with one.
    pub fn new(token: SecretString) -> Self {
        Self(Mutex::new(VecDeque::from([token])))
    }

    /// Returns the one that is shown.
    pub fn current(&self) -> SecretString {
        self.lock().front().expect("a token").clone()
    }

    /// Shows another one from now on.
    pub fn replace(&self, token: SecretString) {
        *self.lock() = VecDeque::from([token]);
    }

    /// Adds one that is shown when the server refuses the one before.
    pub fn add(&self, token: SecretString) {
        self.lock().push_back(token);
    }

    /// Shows the next one from now on; tells whether there is one.
    pub fn give_up(&self) -> bool {
        let mut tokens = self.lock();
        if tokens.len() > 1 {
            tokens.pop_front();
            return true;
        }
        false
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ProofSource for Tokens {
    async fn credential(&self) -> Result<Credential, BackendError> {
        Ok(Credential::Bearer(self.current()))
    }

    async fn reject(&self, credential: &Credential) -> bool {
        let Credential::Bearer(refused) = credential else {
            return false;
        };
        let mut tokens = self.lock();
        let is_current = |token: &SecretString| token.expose_secret() == refused.expose_secret();
        if tokens.front().is_some_and(is_current) && tokens.len() > 1 {
            tokens.pop_front();
        }
        // Somebody else may have noticed before.
        !tokens.front().is_some_and(is_current)
    }
}
