//! Secrets of an account: lines of standard input, never arguments; and what is still missing afterwards.

use std::io::{self, IsTerminal};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

use crate::cli::account::args::Secrets;
use crate::cli::error::{self, CliError};
use crate::cli::session;
use crate::cli::sign_in;
use crate::engine::{Engine, MissingSecret};
use crate::model::{Account, Method};

/// What was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    secret: Option<SecretString>,
    password: Option<SecretString>,
    send_password: Option<SecretString>,
}

impl Given {
    /// Reads what the flags announce, and checks that the account has a use for it; before anything is saved.
    pub(super) fn read(flags: &Secrets, account: &Account) -> Result<Self, CliError> {
        let is_password = |method| method == Method::Password;
        let (receiving, sending) = (&account.sign_in, &account.send_sign_in);
        let unused = [
            (
                flags.secret_stdin && !receiving.needs_secret() && !sending.needs_secret(),
                "--secret-stdin is for method client-secret, and for a person's sign-in with --client confidential",
            ),
            (
                flags.password_stdin && !is_password(receiving.method),
                "--password-stdin is for method password; a password for sending alone is --send-password-stdin",
            ),
            (
                flags.send_password_stdin && !is_password(sending.method),
                "--send-password-stdin is for sending with a password: --send-method password",
            ),
        ];
        if let Some((_, text)) = unused.iter().find(|(is_unused, _)| *is_unused) {
            return Err(CliError::Usage((*text).to_owned()));
        }
        let mut given = Self::default();
        if flags.secret_stdin {
            let secret = line("the application's secret")?;
            refuse_id(&secret)?;
            given.secret = Some(secret);
        }
        if flags.password_stdin {
            given.password = Some(line("the password")?);
        }
        if flags.send_password_stdin {
            given.send_password = Some(line("the password for sending")?);
        }
        Ok(given)
    }

    /// Keeps what was given, asks on a terminal for what is missing, and says what is left to do.
    pub(super) async fn keep(self, engine: &Engine, account: &Account) -> Result<(), CliError> {
        let name = account.name.as_str();
        let has_any =
            self.secret.is_some() || self.password.is_some() || self.send_password.is_some();
        let is_asked = io::stdin().is_terminal() && io::stderr().is_terminal();
        if has_any || is_asked {
            session::unlock(engine).await?;
        }
        if let Some(secret) = self.secret {
            let profiles = [&account.sign_in, &account.send_sign_in];
            let owner = profiles.into_iter().find(|profile| profile.needs_secret());
            if let Some(owner) = owner {
                engine.set_client_secret(&owner.name, secret).await?;
            }
        }
        if let Some(password) = self.password {
            engine.set_password(name, password).await?;
        }
        if let Some(password) = self.send_password {
            engine.set_send_password(name, password).await?;
        }
        if is_asked {
            ask_missing(engine, name).await?;
        }
        Ok(())
    }
}

async fn ask_missing(engine: &Engine, name: &str) -> Result<(), CliError> {
    for missing in engine.missing_secrets(name).await? {
        match missing {
            MissingSecret::ClientSecret { profile } => {
                sign_in::client_secret(engine, &profile).await?;
            }
            MissingSecret::Password { is_for_sending, .. } => {
                let purpose = if is_for_sending { " (sending)" } else { "" };
                let password = session::ask_hidden(&format!("Password for {name}{purpose}: "))?;
                if is_for_sending {
                    engine.set_send_password(name, password).await?;
                } else {
                    engine.set_password(name, password).await?;
                }
            }
        }
    }
    Ok(())
}

/// Says how to go on.
pub(super) fn tell_next(account: &Account) {
    let needs_sign_in = |method: Method| method.is_delegated() || method.is_app_only();
    if needs_sign_in(account.sign_in.method) || needs_sign_in(account.send_sign_in.method) {
        error::note(&format!("Now sign in: pillarbox sign-in {}", account.name));
    }
}

/// Reads one line of standard input; on a terminal without showing it.
fn line(what: &str) -> Result<SecretString, CliError> {
    if io::stdin().is_terminal() {
        return session::ask_hidden(&format!("Enter {what}: "));
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let secret = SecretString::from(line.trim_end_matches(['\r', '\n']));
    line.zeroize();
    if secret.expose_secret().is_empty() {
        return Err(CliError::Usage(format!(
            "standard input has no line with {what}"
        )));
    }
    Ok(secret)
}

/// Refuses the id of a secret: Entra shows it for ever and the value only once, so the id is what people copy later.
pub(in crate::cli) fn refuse_id(secret: &SecretString) -> Result<(), CliError> {
    if !is_guid(secret.expose_secret().trim()) {
        return Ok(());
    }
    Err(CliError::Usage(
        "that is the secret's id, not the secret: Entra shows the value (column Value) only once, when the secret is \
         made; make a new one if nobody kept it"
            .to_owned(),
    ))
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secrets_id_is_not_taken_for_the_secret() {
        let check = |text: &str, is_refused: bool| {
            let said = refuse_id(&SecretString::from(text)).err();
            assert_eq!(said.is_some(), is_refused, "{text}");
            assert!(said.is_none_or(|said| !said.to_string().contains(text)));
        };
        check("8f1c7a52-0d2e-4a6b-9c3d-5e7f90a1b2c3", true);
        check(" 8F1C7A52-0D2E-4A6B-9C3D-5E7F90A1B2C3", true);
        check("8f1c7a52-0d2e-4a6b-9c3d-5e7f90a1b2cX", false);
        check("Abc8Q~8f1c7a52-0d2e-4a6b-9c3d-5e7f90a1b2c3", false);
        check("Abc8Q~verysecretvalue_.-", false);
    }
}
