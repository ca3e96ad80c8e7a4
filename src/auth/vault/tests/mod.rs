//! The vault as its users see it: shared by programs, closed to everybody else.

mod moving;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::auth::VaultError;
use crate::auth::vault::{Unlock, Vault};
use crate::config::{VaultConfig, VaultKind};

fn config(folder: &Path) -> VaultConfig {
    VaultConfig {
        kind: VaultKind::File,
        key_file: Some(folder.join("keys").join("vault.key")),
        ..VaultConfig::default()
    }
}

fn without_key_file() -> VaultConfig {
    VaultConfig {
        kind: VaultKind::File,
        key_file: None,
        ..VaultConfig::default()
    }
}

async fn open(folder: &TempDir) -> Vault {
    Vault::open(&config(folder.path()), folder.path(), Unlock::Unattended)
        .await
        .unwrap()
}

async fn open_with(folder: &TempDir, passphrase: &str) -> Result<Vault, VaultError> {
    let unlock = Unlock::Passphrase(SecretString::from(passphrase));
    Vault::open(&without_key_file(), folder.path(), unlock).await
}

async fn read(vault: &Vault, key: &str) -> Option<String> {
    let secret = vault.get(key).await.unwrap();
    secret.map(|secret| secret.expose_secret().to_owned())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn secrets_survive_in_a_file_that_shows_nothing() {
    let folder = TempDir::new().unwrap();
    let vault = open(&folder).await;
    vault
        .put("token/a", &SecretString::from("CANARY"))
        .await
        .unwrap();
    vault
        .put("token/b", &SecretString::from("two"))
        .await
        .unwrap();
    vault.remove("token/b").await.unwrap();
    vault.remove("token/nobody").await.unwrap();
    let again = open(&folder).await;
    assert_eq!(read(&again, "token/a").await.as_deref(), Some("CANARY"));
    assert_eq!(read(&again, "token/b").await, None);
    let file = std::fs::read(folder.path().join("vault")).unwrap();
    assert!(!file.windows(6).any(|window| window == b"CANARY"));
    assert!(!format!("{vault:?} {}", vault.describe()).contains("CANARY"));
}

#[tokio::test]
async fn files_are_for_their_owner_only_and_nothing_else_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let vault = open(&folder).await;
    vault.put("k", &SecretString::from("s")).await.unwrap();
    for name in ["vault", "vault.lock", "keys/vault.key"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&folder.path().join("keys")), 0o700);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[tokio::test]
async fn a_key_file_others_can_read_is_mended() {
    let folder = TempDir::new().unwrap();
    drop(open(&folder).await);
    let key = folder.path().join("keys/vault.key");
    std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    drop(open(&folder).await);
    assert_eq!(mode(&key), 0o600);
}

#[tokio::test]
async fn a_key_file_that_is_gone_short_or_another_one_does_not_open() {
    let folder = TempDir::new().unwrap();
    drop(open(&folder).await);
    let key = folder.path().join("keys/vault.key");
    let config = config(folder.path());
    let open = || Vault::open(&config, folder.path(), Unlock::Unattended);
    std::fs::write(&key, [7; 64]).unwrap();
    assert!(matches!(open().await, Err(VaultError::DoesNotOpen { .. })));
    std::fs::write(&key, [7; 31]).unwrap();
    assert!(matches!(open().await, Err(VaultError::File { path, .. }) if path == key));
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(open().await, Err(VaultError::File { path, .. }) if path == key));
    assert!(!key.exists());
}

#[tokio::test]
async fn a_passphrase_is_asked_for_and_must_be_the_same() {
    let folder = TempDir::new().unwrap();
    let config = without_key_file();
    let unattended = || Vault::open(&config, folder.path(), Unlock::Unattended);
    assert!(matches!(
        unattended().await,
        Err(VaultError::NeedsPassphrase { is_new: true, .. })
    ));
    assert!(matches!(
        open_with(&folder, "").await,
        Err(VaultError::NeedsPassphrase { is_new: true, .. })
    ));
    let vault = open_with(&folder, "correct horse").await.unwrap();
    vault.put("k", &SecretString::from("s")).await.unwrap();
    assert!(matches!(
        unattended().await,
        Err(VaultError::NeedsPassphrase { is_new: false, .. })
    ));
    assert!(matches!(
        open_with(&folder, "wrong horse").await,
        Err(VaultError::DoesNotOpen { .. })
    ));
    let again = open_with(&folder, "correct horse").await.unwrap();
    assert_eq!(read(&again, "k").await.as_deref(), Some("s"));
}

#[tokio::test]
async fn without_a_keyring_auto_needs_a_passphrase_and_takes_a_key_file() {
    let folder = TempDir::new().unwrap();
    // A machine that runs the tests within a desktop has a keyring; then there is nothing to see here.
    if super::Keyring::open(folder.path()).await.is_ok() {
        return;
    }
    let auto = VaultConfig::default();
    let outcome = Vault::open(&auto, folder.path(), Unlock::Unattended).await;
    assert!(matches!(
        outcome,
        Err(VaultError::NeedsPassphrase { is_new: true, .. })
    ));
    let with_key = VaultConfig {
        kind: VaultKind::Auto,
        ..config(folder.path())
    };
    let vault = Vault::open(&with_key, folder.path(), Unlock::Unattended)
        .await
        .unwrap();
    assert!(vault.describe().starts_with("encrypted file "));
    std::fs::remove_file(folder.path().join("vault")).unwrap();
    std::fs::write(folder.path().join("vault.keyring"), "").unwrap();
    let outcome = Vault::open(&with_key, folder.path(), Unlock::Unattended).await;
    assert!(
        matches!(outcome, Err(VaultError::Keyring { .. })),
        "a keyring chosen before"
    );
    let keyring = VaultConfig {
        kind: VaultKind::Keyring,
        key_file: None,
        ..VaultConfig::default()
    };
    let outcome = Vault::open(&keyring, folder.path(), Unlock::Unattended).await;
    assert!(matches!(outcome, Err(VaultError::Keyring { .. })));
}

#[tokio::test]
async fn changed_cut_and_foreign_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("vault");
    let vault = open(&folder).await;
    vault.put("k", &SecretString::from("s")).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let config = config(folder.path());
    let reopen = || Vault::open(&config, folder.path(), Unlock::Unattended);

    let mut tampered = whole.clone();
    *tampered.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &tampered).unwrap();
    assert!(matches!(
        reopen().await,
        Err(VaultError::DoesNotOpen { .. })
    ));
    assert!(matches!(
        vault.get("k").await,
        Err(VaultError::DoesNotOpen { .. })
    ));
    assert!(vault.put("k", &SecretString::from("t")).await.is_err());

    for damaged in [
        &whole[..20],
        b"",
        b"not a vault at all, but long enough to be one",
    ] {
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(reopen().await, Err(VaultError::Damaged { .. })));
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(read(&vault, "k").await.as_deref(), Some("s"));
}

#[tokio::test]
async fn two_programs_see_each_others_writes_and_lose_none() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (open(&folder).await, open(&folder).await);
    let write = |vault: Vault, name: &'static str| async move {
        for number in 0..20 {
            let key = format!("{name}/{number}");
            vault
                .put(&key, &SecretString::from(key.as_str()))
                .await
                .unwrap();
        }
    };
    tokio::join!(write(one.clone(), "one"), write(two.clone(), "two"));
    for number in 0..20 {
        for (vault, name) in [(&one, "two"), (&two, "one")] {
            let key = format!("{name}/{number}");
            assert_eq!(read(vault, &key).await, Some(key));
        }
    }
}

#[tokio::test]
async fn a_keys_lock_stops_its_own_key_only() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (open(&folder).await, open(&folder).await);
    let guard = one.lock("token/a").await.unwrap();
    let other = two.lock("token/b").await.unwrap();
    two.put("token/a", &SecretString::from("s")).await.unwrap();
    let waiting = tokio::spawn(async move { two.lock("token/a").await });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(guard);
    assert!(waiting.await.unwrap().is_ok());
    drop(other);
}
