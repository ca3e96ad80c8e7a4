//! Changes to the settings that several accounts share: profiles, copies of accounts, former settings. Saves, then has
//! the configuration read again, so that every account that uses a profile goes on with it.

use crate::auth::{AuthError, secret_key};
use crate::config::{
    Config, OldSetting, duplicate_account, migrate, remove_servers, remove_sign_in, rename_servers,
    rename_sign_in, save_servers, save_sign_in,
};
use crate::engine::accounts::in_thread;
use crate::engine::{Engine, EngineError};
use crate::model::{IncomingProtocol, ServerProfile, SignInProfile};

/// A change to the settings that is about more than one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfigChange {
    /// Change a sign-in profile for every account that uses it, or add it.
    SignIn(Box<SignInProfile>),
    /// The same for a server profile.
    Servers(Box<ServerProfile>),
    /// Take out a sign-in profile that no account uses, with its application's secret.
    RemoveSignIn(String),
    /// Take out a server profile that no account uses.
    RemoveServers(String),
    /// Give a sign-in profile that no account uses another name.
    RenameSignIn {
        /// The name it has.
        name: String,
        /// The name it gets.
        new: String,
    },
    /// The same for a server profile.
    RenameServers {
        /// The name it has.
        name: String,
        /// The name it gets.
        new: String,
    },
    /// Add an account that says the same as another one, with the same profiles.
    Duplicate {
        /// The account that is there.
        name: String,
        /// The new one's name.
        new: String,
    },
    /// Replace former settings where they stand.
    Migrate(Vec<OldSetting>),
    /// Read an account over another protocol than EWS.
    LeaveEws {
        /// The account's name.
        account: String,
        /// What it is read over from now on.
        to: IncomingProtocol,
    },
}

impl Engine {
    /// Makes a change and reads the configuration again.
    pub async fn change_config(&self, change: ConfigChange) -> Result<(), EngineError> {
        if let ConfigChange::LeaveEws { account, to } = &change {
            return self.leave_ews(account, *to).await;
        }
        let paths = self.inner.paths.clone();
        let moved = match &change {
            ConfigChange::RenameSignIn { name, new } => Some((name.clone(), Some(new.clone()))),
            ConfigChange::RemoveSignIn(name) => Some((name.clone(), None)),
            _ => None,
        };
        in_thread(move || match change {
            ConfigChange::SignIn(profile) => save_sign_in(&paths, &profile),
            ConfigChange::Servers(profile) => save_servers(&paths, &profile),
            ConfigChange::RemoveSignIn(name) => remove_sign_in(&paths, &name),
            ConfigChange::RemoveServers(name) => remove_servers(&paths, &name),
            ConfigChange::RenameSignIn { name, new } => rename_sign_in(&paths, &name, &new),
            ConfigChange::RenameServers { name, new } => rename_servers(&paths, &name, &new),
            ConfigChange::Duplicate { name, new } => {
                duplicate_account(&paths, &name, &new).map(|_| ())
            }
            ConfigChange::Migrate(settings) => migrate(&paths, &settings),
            // Done already: it is a change of an account.
            ConfigChange::LeaveEws { .. } => Ok(()),
        })
        .await?;
        if let Some((name, new)) = moved {
            self.move_client_secret(&name, new.as_deref()).await?;
        }
        self.reload().await
    }

    /// Lists former settings of the configuration, with what can be written instead.
    pub async fn old_settings(&self) -> Result<Vec<OldSetting>, EngineError> {
        let paths = self.inner.paths.clone();
        in_thread(move || Config::old_settings(&paths)).await
    }

    /// The secret goes where its profile goes; with a profile that is gone it is forgotten.
    async fn move_client_secret(&self, name: &str, new: Option<&str>) -> Result<(), EngineError> {
        let vault = &self.inner.vault;
        let kept = vault
            .get(&secret_key(name))
            .await
            .map_err(AuthError::from)?;
        let Some(secret) = kept else {
            return Ok(());
        };
        if let Some(new) = new {
            let put = vault.put(&secret_key(new), &secret).await;
            put.map_err(AuthError::from)?;
        }
        let removed = vault.remove(&secret_key(name)).await;
        Ok(removed.map_err(AuthError::from)?)
    }
}
