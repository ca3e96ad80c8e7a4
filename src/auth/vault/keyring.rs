//! The desktop's keyring. Its calls block, and with a locked keyring may never return: all of them run on one
//! thread of their own, each with a time limit.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use keyring_core::{CredentialStore, Error};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::auth::VaultError;

/// How long the keyring may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// How long it may take when it is opened and has answered once: a person may have to type its password.
const PERSON_LIMIT: Duration = Duration::from_secs(30);

/// A keyring that answered when it was opened.
#[derive(Clone)]
pub(super) struct Keyring {
    jobs: mpsc::Sender<Job>,
    name: &'static str,
    /// Under which name our entries stand in the keyring; it has the folder in it, so that a second set of accounts
    /// (`PILLARBOX_HOME`) does not overwrite the first one's.
    service: String,
}

/// Work for the thread.
type Job = Box<dyn FnOnce(&Connection) + Send>;

/// What the thread has: the store, or why there is none.
type Connection = Result<Arc<CredentialStore>, String>;

impl Keyring {
    /// Connects and makes sure that it takes secrets.
    pub(super) async fn open(folder: &Path) -> Result<Self, VaultError> {
        Self::start(connect, NAME, folder).await
    }

    /// Starts the thread; `connect` runs on it.
    async fn start(
        connect: impl FnOnce() -> Connection + Send + 'static,
        name: &'static str,
        folder: &Path,
    ) -> Result<Self, VaultError> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let run = move || {
            let connection = connect();
            for job in waiting {
                job(&connection);
            }
        };
        std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(run)
            .map_err(|error| refused(error.to_string()))?;
        let service = format!("pillarbox {}", folder.display());
        let keyring = Self {
            jobs,
            name,
            service,
        };
        // Shows whether anything is there, before a person is waited for.
        keyring.run(ANSWER_LIMIT, |_| Ok(())).await?;
        // A locked keyring answers reads of what it does not have; only a write shows that it will keep anything.
        let probe = SecretString::from("probe");
        keyring
            .change_within(PERSON_LIMIT, "probe", Some(probe))
            .await?;
        keyring.change("probe", None).await?;
        Ok(keyring)
    }

    pub(super) fn describe(&self) -> &'static str {
        self.name
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<SecretString>, VaultError> {
        let (service, key) = (self.service.clone(), key.to_owned());
        self.run(ANSWER_LIMIT, move |store| {
            match store
                .build(&service, &key, None)
                .and_then(|entry| entry.get_password())
            {
                Ok(secret) => Ok(Some(SecretString::from(secret))),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Writes a secret; `None` forgets it.
    pub(super) async fn change(
        &self,
        key: &str,
        secret: Option<SecretString>,
    ) -> Result<(), VaultError> {
        self.change_within(ANSWER_LIMIT, key, secret).await
    }

    async fn change_within(
        &self,
        limit: Duration,
        key: &str,
        secret: Option<SecretString>,
    ) -> Result<(), VaultError> {
        let (service, key) = (self.service.clone(), key.to_owned());
        self.run(limit, move |store| {
            let entry = store.build(&service, &key, None)?;
            match secret {
                Some(secret) => entry.set_password(secret.expose_secret()),
                None => match entry.delete_credential() {
                    Err(Error::NoEntry) => Ok(()),
                    outcome => outcome,
                },
            }
        })
        .await
    }

    /// Runs work on the thread and waits for it, not longer than the limit.
    async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&CredentialStore) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, VaultError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever gave up was told that nothing was done, and a dialog nobody waits for must not come up.
            if answer.is_closed() {
                return;
            }
            let outcome = match connection {
                Ok(store) => work(store.as_ref()).map_err(|error| explain(&error)),
                Err(reason) => Err(reason.clone()),
            };
            // Nobody waits any more after the limit.
            drop(answer.send(outcome));
        });
        self.jobs
            .send(job)
            .map_err(|_| refused("its thread ended".to_owned()))?;
        match timeout(limit, answered).await {
            Ok(Ok(outcome)) => outcome.map_err(refused),
            Ok(Err(_)) => Err(refused("its thread ended".to_owned())),
            Err(_) => Err(refused(format!(
                "no answer within {} s; it may be locked",
                limit.as_secs()
            ))),
        }
    }
}

/// Words an error without the data some variants carry, which may be a secret.
fn explain(error: &Error) -> String {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            "it holds something unreadable".to_owned()
        }
        other => crate::model::sanitize_line(&other.to_string()),
    }
}

fn refused(reason: String) -> VaultError {
    VaultError::Keyring { reason }
}

#[cfg(all(feature = "dbus", unix, not(target_os = "macos")))]
const NAME: &str = "Secret Service";

#[cfg(all(feature = "dbus", unix, not(target_os = "macos")))]
fn connect() -> Connection {
    let store = zbus_secret_service_keyring_store::Store::new().map_err(|error| explain(&error))?;
    Ok(store)
}

#[cfg(not(all(feature = "dbus", unix, not(target_os = "macos"))))]
const NAME: &str = "keyring";

#[cfg(not(all(feature = "dbus", unix, not(target_os = "macos"))))]
fn connect() -> Connection {
    Err("this program was built without a keyring".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mock() -> Connection {
        let store = keyring_core::mock::Store::new().map_err(|error| explain(&error))?;
        Ok(store)
    }

    #[tokio::test]
    async fn secrets_come_back_and_go() {
        let keyring = Keyring::start(mock, "mock", Path::new("/a")).await.unwrap();
        assert!(keyring.get("token/a").await.unwrap().is_none());
        let secret = SecretString::from("s3cret");
        keyring.change("token/a", Some(secret)).await.unwrap();
        let found = keyring.get("token/a").await.unwrap().unwrap();
        assert_eq!(found.expose_secret(), "s3cret");
        keyring.change("token/a", None).await.unwrap();
        keyring.change("token/a", None).await.unwrap();
        assert!(keyring.get("token/a").await.unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyring_that_never_answers_is_given_up() {
        let (_keep, hang) = mpsc::channel::<()>();
        let outcome = Keyring::start(
            move || {
                let _ = hang.recv();
                mock()
            },
            "mock",
            Path::new("/a"),
        )
        .await;
        assert!(matches!(outcome, Err(VaultError::Keyring { .. })));
    }

    #[tokio::test]
    async fn what_was_given_up_is_not_done_later() {
        let keyring = Keyring::start(mock, "mock", Path::new("/a")).await.unwrap();
        tokio::time::pause();
        let (go, held) = mpsc::channel();
        let stuck = keyring.run(ANSWER_LIMIT, move |_| {
            let _ = held.recv();
            Ok(())
        });
        let late = keyring.change("token/a", Some(SecretString::from("old")));
        let (stuck, late) = tokio::join!(stuck, late);
        assert!(stuck.is_err() && late.is_err());
        go.send(()).unwrap();
        tokio::time::resume();
        assert!(keyring.get("token/a").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_missing_keyring_is_said() {
        let outcome = Keyring::start(|| Err("no bus".to_owned()), "mock", Path::new("/a")).await;
        assert!(matches!(outcome, Err(VaultError::Keyring { reason }) if reason == "no bus"));
    }
}
