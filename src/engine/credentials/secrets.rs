//! What a person has to enter: passwords and applications' secrets. Nothing here gives one out.

use secrecy::SecretString;

use crate::auth::{AuthError, secret_key};
use crate::config::Config;
use crate::engine::{Engine, EngineError};

/// Something that has to be entered before an account can sign in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MissingSecret {
    /// The application's secret of a sign-in profile.
    ClientSecret {
        /// The profile's name.
        profile: String,
    },
    /// The password of the account's user, for a sign-in profile whose method it is.
    Password {
        /// The profile's name.
        profile: String,
        /// Whether it is for sending only.
        is_for_sending: bool,
    },
}

impl Engine {
    /// Tells what is missing in the vault before an account can sign in.
    pub async fn missing_secrets(&self, account: &str) -> Result<Vec<MissingSecret>, EngineError> {
        let signer = self.inner.signer(account)?;
        let mut missing = Vec::new();
        for (place, proof) in signer.proofs().into_iter().enumerate() {
            let profile = proof.profile();
            if proof.is_password() {
                if !proof.has_password().await? {
                    missing.push(MissingSecret::Password {
                        profile: profile.name.clone(),
                        is_for_sending: place > 0,
                    });
                }
            } else if profile.needs_secret() && !self.has_client_secret(&profile.name).await? {
                missing.push(MissingSecret::ClientSecret {
                    profile: profile.name.clone(),
                });
            }
        }
        Ok(missing)
    }

    /// Tells whether the application's secret of a profile is kept.
    pub async fn has_client_secret(&self, profile: &str) -> Result<bool, EngineError> {
        let kept = self.inner.vault.get(&secret_key(profile)).await;
        Ok(kept.map_err(AuthError::from)?.is_some())
    }

    /// Forgets the secrets of profiles that name another application in `new` than now: a secret is one application's,
    /// and is shown in no other's name.
    pub(in crate::engine) async fn forget_former_secrets(
        &self,
        new: &Config,
    ) -> Result<(), EngineError> {
        let now = self.inner.config();
        for profile in now.sign_in.values().filter(|now| now.needs_secret()) {
            let after = new.sign_in.get(&profile.name);
            if after.is_some_and(|after| after.client_id != profile.client_id) {
                let removed = self.inner.vault.remove(&secret_key(&profile.name)).await;
                removed.map_err(AuthError::from)?;
            }
        }
        Ok(())
    }

    /// Keeps the application's secret of a profile; every account that signs in with it goes on.
    pub async fn set_client_secret(
        &self,
        profile: &str,
        secret: SecretString,
    ) -> Result<(), EngineError> {
        let kept = self.inner.vault.put(&secret_key(profile), &secret).await;
        kept.map_err(AuthError::from)?;
        let signers: Vec<_> = self
            .inner
            .roster(|roster| roster.signers.values().cloned().collect());
        for signer in signers {
            let mut uses = false;
            for proof in signer.proofs() {
                if proof.profile().name == profile {
                    uses = true;
                    proof.try_again();
                }
            }
            if uses {
                self.signed_in(&signer);
            }
        }
        Ok(())
    }

    /// Keeps a password for an account whose method is a password.
    pub async fn set_password(
        &self,
        account: &str,
        password: SecretString,
    ) -> Result<(), EngineError> {
        let signer = self.inner.signer(account)?;
        let mut proofs = signer.proofs();
        proofs.retain(|proof| proof.is_password());
        if proofs.is_empty() {
            return Err(EngineError::NotFound {
                what: "password sign-in of account",
                name: account.to_owned(),
            });
        }
        for proof in proofs {
            proof.set_password(&password).await?;
        }
        self.signed_in(&signer);
        Ok(())
    }

    /// Keeps the password with which an account sends, where that is another sign-in than for reading.
    pub async fn set_send_password(
        &self,
        account: &str,
        password: SecretString,
    ) -> Result<(), EngineError> {
        let signer = self.inner.signer(account)?;
        if !signer.send.is_password() {
            return Err(EngineError::NotFound {
                what: "password sign-in of account",
                name: account.to_owned(),
            });
        }
        signer.send.set_password(&password).await?;
        self.signed_in(&signer);
        Ok(())
    }
}
