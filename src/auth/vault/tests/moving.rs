//! Moving secrets between files, key files and programs, and what an interruption leaves.

use std::path::Path;

use secrecy::SecretString;
use tempfile::TempDir;

use super::{config, read, without_key_file};
use crate::auth::VaultError;
use crate::auth::vault::{Unlock, Vault};
use crate::config::{VaultCommands, VaultConfig, VaultKind};

/// Programs that keep secrets as files of a folder.
fn programs(folder: &Path) -> VaultConfig {
    let folder = folder.display();
    let line = |script: &str| {
        let script = script.replace("DIR", &folder.to_string());
        ["sh", "-c", script.as_str(), "x", "{key}"]
            .map(str::to_owned)
            .to_vec()
    };
    VaultConfig {
        kind: VaultKind::Command,
        key_file: None,
        commands: Some(VaultCommands {
            read: line(r#"cat "DIR/$1""#),
            write: line(r#"mkdir -p "$(dirname "DIR/$1")" && cat >"DIR/$1""#),
            remove: line(r#"rm "DIR/$1""#),
        }),
    }
}

fn passphrase() -> Unlock {
    Unlock::Passphrase(SecretString::from("correct horse"))
}

async fn open(config: &VaultConfig, folder: &TempDir) -> Vault {
    Vault::open(config, folder.path(), Unlock::Unattended)
        .await
        .unwrap()
}

const KEYS: [&str; 3] = ["password/b+send", "secret/contoso", "token/a"];

async fn fill(vault: &Vault) {
    for key in KEYS {
        vault.put(key, &SecretString::from(key)).await.unwrap();
    }
}

async fn check_full(vault: &Vault) {
    for key in KEYS {
        assert_eq!(read(vault, key).await.as_deref(), Some(key));
    }
    assert_eq!(vault.keys().await.unwrap(), KEYS);
}

async fn check_empty(vault: &Vault) {
    for key in KEYS {
        assert_eq!(read(vault, key).await, None, "{key}");
    }
    assert!(vault.keys().await.unwrap().is_empty());
}

#[tokio::test]
async fn secrets_move_to_programs_and_back() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (file, command) = (config(folder.path()), programs(store.path()));
    let from = open(&file, &folder).await;
    fill(&from).await;
    let count = from.move_to(&command, Unlock::Unattended).await.unwrap();
    assert_eq!(count, 3);
    assert!(!folder.path().join("vault").exists());
    let there = open(&command, &folder).await;
    assert_eq!(there.describe(), "command sh");
    check_full(&there).await;
    check_empty(&open(&file, &folder).await).await;
    let back = there.move_to(&file, Unlock::Unattended).await.unwrap();
    assert_eq!(back, 3);
    check_full(&open(&file, &folder).await).await;
    check_empty(&there).await;
    assert!(!store.path().join("token/a").exists());
}

#[tokio::test]
async fn one_set_of_programs_gives_to_another() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (one, two) = (programs(one.path()), programs(two.path()));
    let from = open(&one, &folder).await;
    fill(&from).await;
    from.move_to(&two, Unlock::Unattended).await.unwrap();
    check_full(&open(&two, &folder).await).await;
    check_empty(&from).await;
}

#[tokio::test]
async fn a_passphrase_becomes_a_key_file_and_a_key_file_a_passphrase() {
    let folder = TempDir::new().unwrap();
    let (by_key, by_phrase) = (config(folder.path()), without_key_file());
    let from = Vault::open(&by_phrase, folder.path(), passphrase())
        .await
        .unwrap();
    fill(&from).await;
    let count = from.move_to(&by_key, Unlock::Unattended).await.unwrap();
    assert_eq!(count, 3);
    assert!(matches!(
        from.get("token/a").await,
        Err(VaultError::DoesNotOpen { .. })
    ));
    let there = open(&by_key, &folder).await;
    check_full(&there).await;
    let without = there.move_to(&by_phrase, Unlock::Unattended).await;
    assert!(matches!(
        without,
        Err(VaultError::NeedsPassphrase { is_new: true, .. })
    ));
    check_full(&there).await;
    there.move_to(&by_phrase, passphrase()).await.unwrap();
    let again = Vault::open(&by_phrase, folder.path(), passphrase()).await;
    check_full(&again.unwrap()).await;
}

#[tokio::test]
async fn to_where_they_are_nothing_moves_and_nothing_is_removed() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let command = programs(store.path());
    let vault = open(&command, &folder).await;
    fill(&vault).await;
    let count = vault.move_to(&command, Unlock::Unattended).await.unwrap();
    assert_eq!(count, 0);
    check_full(&vault).await;
}

#[tokio::test]
async fn a_place_that_changes_secrets_gets_none() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let from = open(&config(folder.path()), &folder).await;
    fill(&from).await;
    let mut lossy = programs(store.path());
    let commands = lossy.commands.as_mut().unwrap();
    commands.write[2] = commands.write[2].replace("cat >", "head -c 3 >");
    let outcome = from.move_to(&lossy, Unlock::Unattended).await;
    assert!(
        matches!(
            &outcome,
            Err(VaultError::NotKept { .. } | VaultError::Command { .. })
        ),
        "{outcome:?}"
    );
    check_full(&from).await;
}

#[tokio::test]
async fn an_interrupted_move_is_carried_on() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (file, command) = (config(folder.path()), programs(store.path()));
    let from = open(&file, &folder).await;
    fill(&from).await;
    // Stopped between both halves: all is in both places.
    let copied = from.copy_to(&command, Unlock::Unattended).await.unwrap();
    assert_eq!(copied.count(), 3);
    drop(copied);
    check_full(&from).await;
    // Stopped while removing, and a token was renewed meanwhile.
    from.remove("password/b+send").await.unwrap();
    let renewed = SecretString::from("renewed");
    from.put("token/a", &renewed).await.unwrap();
    let count = from.move_to(&command, Unlock::Unattended).await.unwrap();
    assert_eq!(count, 2);
    let there = open(&command, &folder).await;
    assert_eq!(read(&there, "token/a").await.as_deref(), Some("renewed"));
    assert_eq!(
        read(&there, "password/b+send").await.as_deref(),
        Some("password/b+send")
    );
    assert_eq!(there.keys().await.unwrap(), KEYS);
}

#[tokio::test]
async fn what_is_renewed_between_both_halves_is_not_lost() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (file, command) = (config(folder.path()), programs(store.path()));
    let from = open(&file, &folder).await;
    fill(&from).await;
    let copied = from.copy_to(&command, Unlock::Unattended).await.unwrap();
    let renewed = SecretString::from("renewed");
    from.put("token/a", &renewed).await.unwrap();
    from.put("token/new", &renewed).await.unwrap();
    from.remove_copied(&copied).await.unwrap();
    let there = open(&command, &folder).await;
    for key in ["token/a", "token/new"] {
        assert_eq!(read(&there, key).await.as_deref(), Some("renewed"));
    }
}

#[tokio::test]
async fn secrets_a_person_put_there_are_found_and_remembered() {
    let (folder, store) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::create_dir(store.path().join("password")).unwrap();
    std::fs::write(store.path().join("password/own"), "s\n").unwrap();
    let vault = open(&programs(store.path()), &folder).await;
    assert!(vault.keys().await.unwrap().is_empty());
    assert_eq!(read(&vault, "password/own").await.as_deref(), Some("s"));
    assert_eq!(read(&vault, "password/none").await, None);
    assert_eq!(vault.keys().await.unwrap(), ["password/own"]);
    std::fs::remove_file(store.path().join("password/own")).unwrap();
    let outcome = vault.get("password/own").await;
    assert!(
        matches!(outcome, Err(VaultError::Command { .. })),
        "a locked store must not pass for an empty one"
    );
}
