//! Moving the vault: secrets are copied and read back, then the settings change, then the old place is emptied.

use crate::auth::{AuthError, Unlock};
use crate::config::{VaultSetting, check_vault, save_vault};
use crate::engine::accounts::in_thread;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Moves all secrets to where `setting` says; returns how many there are. This engine is to be stopped afterwards:
    /// its vault is the old one.
    ///
    /// Interrupted at any moment, the settings name a place that has all of them, and the same call goes on. The one
    /// exception is an encrypted file that is to be opened in another way: it is encrypted anew in one step, and if the
    /// settings cannot be written then, `key_file` has to be changed by hand.
    pub async fn move_vault(
        &self,
        setting: &VaultSetting,
        unlock: Unlock,
    ) -> Result<usize, EngineError> {
        let (paths, wanted) = (self.inner.paths.clone(), setting.clone());
        let target = in_thread(move || check_vault(&paths, &wanted)).await?;
        let vault = &self.inner.vault;
        let copied = vault.copy_to(&target, unlock).await;
        let copied = copied.map_err(AuthError::from)?;
        let (paths, wanted) = (self.inner.paths.clone(), setting.clone());
        in_thread(move || save_vault(&paths, &wanted)).await?;
        let removed = vault.remove_copied(&copied).await;
        removed.map_err(AuthError::from)?;
        Ok(copied.count())
    }
}
