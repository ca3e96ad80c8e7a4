//! `sign-in` as text or JSON lines, whatever the method, and `sign-out`.

use std::io::IsTerminal;
use std::process::ExitCode;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::mpsc;
use zeroize::Zeroize;

use crate::cli::account::secrets::refuse_id;
use crate::cli::args::SignIn;
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, notice_json};
use crate::cli::session;
use crate::engine::{
    BrowserAuthorization, BrowserProgress, DeviceAuthorization, DeviceProgress, Ended, Engine,
    EngineError, Identity, MissingSecret, SignInEvent,
};
use crate::explain;
use crate::model::{Account, Method, Provider, SignInProfile};

/// `sign-in`.
pub(in crate::cli) async fn run(args: &SignIn, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let name = session::account_name(&engine, &args.account)?;
    let code = sign_in(&engine, &name, args, out).await?;
    engine.stop().await;
    Ok(code)
}

/// Asks for what is missing, then signs in wherever a token is wanted.
async fn sign_in(
    engine: &Engine,
    name: &str,
    args: &SignIn,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let account = account(engine, name)?;
    let profiles = [&account.sign_in, &account.send_sign_in];
    let is_password = |profile: &&SignInProfile| profile.method == Method::Password;
    if profiles.iter().any(is_password) {
        let missing = engine.missing_secrets(name).await?;
        let is_asked_for = |one: &MissingSecret| matches!(one, MissingSecret::Password { .. });
        if profiles.iter().all(is_password) {
            return password(engine, name).await;
        }
        if missing.iter().any(is_asked_for) {
            password(engine, name).await?;
        }
    }
    for missing in engine.missing_secrets(name).await? {
        if let MissingSecret::ClientSecret { profile } = missing {
            client_secret(engine, &profile).await?;
        }
    }
    follow(engine, name, args, out).await
}

fn account(engine: &Engine, name: &str) -> Result<Account, CliError> {
    let config = engine.config();
    let found = config.accounts.iter().find(|account| account.name == name);
    found
        .cloned()
        .ok_or_else(|| session::not_found("account", name))
}

/// Takes an application's secret from a prompt, or a line of standard input where there is no terminal.
pub(in crate::cli) async fn client_secret(engine: &Engine, profile: &str) -> Result<(), CliError> {
    let secret = hidden(&format!("Secret (value) of the application of {profile}: "))?;
    refuse_id(&secret)?;
    Ok(engine.set_client_secret(profile, secret).await?)
}

/// Reads a secret without showing it.
fn hidden(prompt: &str) -> Result<SecretString, CliError> {
    if std::io::stdin().is_terminal() {
        return session::ask_hidden(prompt);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let secret = SecretString::from(line.trim_end_matches(['\r', '\n']));
    line.zeroize();
    Ok(secret)
}

/// Takes the password from a prompt, or a line of standard input where there is no terminal.
pub(in crate::cli) async fn password(engine: &Engine, name: &str) -> Result<ExitCode, CliError> {
    let secret = hidden(&format!("Password for {name}: "))?;
    engine.set_password(name, secret).await?;
    Ok(ExitCode::SUCCESS)
}

/// Follows a sign-in to its end.
async fn follow(
    engine: &Engine,
    name: &str,
    args: &SignIn,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let started = match args.method {
        Some(method) => engine.sign_in_by(name, method.into()).await,
        None => engine.sign_in(name).await,
    };
    let mut sign_in = match started {
        Ok(sign_in) => sign_in,
        Err(error) => return failed(&error, args, out),
    };
    while let Some(event) = sign_in.events.recv().await {
        match event {
            SignInEvent::Device(DeviceProgress::Code(code)) => show_code(&code, args, out)?,
            SignInEvent::Device(DeviceProgress::Unreachable { reason }) => {
                error::note(&format!(
                    "The sign-in service cannot be reached ({reason}); still trying."
                ));
            }
            SignInEvent::Device(DeviceProgress::Asked { .. })
            | SignInEvent::Browser(BrowserProgress::Redeeming) => {}
            SignInEvent::Browser(BrowserProgress::Address(address)) => {
                show_address(&address, args, out)?;
                read_pasted(sign_in.paste.clone());
            }
            SignInEvent::Browser(BrowserProgress::PasteRefused(mistake)) => {
                error::note(&explain::explain_paste(&mistake));
            }
            SignInEvent::Done(identity) => return done(engine, name, &identity, args, out).await,
            SignInEvent::Failed(error) => return failed(&error, args, out),
        }
    }
    Ok(ExitCode::FAILURE)
}

/// Lines of standard input are taken for the browser's final address. A thread, because reading cannot be cancelled;
/// it ends with the program.
fn read_pasted(paste: mpsc::UnboundedSender<SecretString>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if !line.trim().is_empty() && paste.send(SecretString::from(line)).is_err() {
                return;
            }
        }
    });
}

fn show_address(
    address: &BrowserAuthorization,
    args: &SignIn,
    out: &mut Output,
) -> Result<(), CliError> {
    if args.format.json {
        return out.json(&json!({
            "event": "address",
            "address": address.address,
            "redirect_uri": address.redirect_uri,
            "is_listening": address.is_listening,
            "expires_in": seconds_until(address.expires_at),
        }));
    }
    if args.qr
        && let Ok(qr) = qrcode::QrCode::new(&address.address)
    {
        out.line(&qr.render::<qrcode::render::unicode::Dense1x2>().build())?;
    }
    out.line("Open this address in a browser and sign in:")?;
    out.line(&format!("\n{}\n", address.address))?;
    if address.is_listening {
        out.line("A browser on this machine comes back by itself. One elsewhere ends on a page that cannot be reached:")?;
    } else {
        out.line("The browser ends on a page that is empty or not found:")?;
    }
    out.line("copy the address of that page and paste it here.")?;
    out.line(&format!(
        "The application's registration must list {} as redirect address.",
        address.redirect_uri
    ))?;
    out.flush()
}

fn seconds_until(end: Timestamp) -> i64 {
    end.duration_since(Timestamp::now()).as_secs().max(0)
}

fn show_code(code: &DeviceAuthorization, args: &SignIn, out: &mut Output) -> Result<(), CliError> {
    let left = seconds_until(code.expires_at);
    if args.format.json {
        return out.json(&json!({
            "event": "code",
            "user_code": code.user_code,
            "verification_uri": code.verification_uri,
            "expires_in": left,
            "interval": code.interval.as_secs(),
        }));
    }
    if args.qr
        && let Ok(qr) = qrcode::QrCode::new(&code.verification_uri)
    {
        out.line(&qr.render::<qrcode::render::unicode::Dense1x2>().build())?;
    }
    out.line(&format!("On any device open  {}", code.verification_uri))?;
    out.line(&format!("and enter the code  {}", code.user_code))?;
    out.line(&format!(
        "It is valid for {} minutes. Never enter a code that somebody sent you.",
        left / 60
    ))?;
    out.flush()
}

async fn done(
    engine: &Engine,
    name: &str,
    identity: &Identity,
    args: &SignIn,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let facts = engine.token_facts(name).await?;
    let expires_at = facts.map_or_else(String::new, |facts| facts.expires_at.to_string());
    if args.format.json {
        out.json(&json!({"event": "done", "account": name, "identity": identity.username, "expires_at": expires_at}))?;
    } else {
        match identity.username.as_str() {
            "" => out.line("Signed in.")?,
            username => out.line(&format!("Signed in as {username}."))?,
        }
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &EngineError, args: &SignIn, out: &mut Output) -> Result<ExitCode, CliError> {
    let notice = explain::explain(error);
    if args.format.json {
        out.json(&json!({"event": "failed", "notice": notice_json(&notice)}))?;
    } else {
        error::print_notice(&notice);
    }
    Ok(error::exit_code(error))
}

/// `sign-out`.
pub(in crate::cli) async fn sign_out(given: &str) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let name = session::account_name(&engine, given)?;
    let account = account(&engine, &name)?;
    let ended = engine.sign_out(&name).await?;
    error::note(&format!("Signed out of {name}."));
    for ended in ended {
        error::note(what_ended(ended, account.sign_in.provider));
    }
    error::note(&format!(
        "Cached mail stays; pillarbox account remove {name} takes it away."
    ));
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Says what became of the tokens at the provider.
fn what_ended(ended: Ended, provider: Provider) -> &'static str {
    match ended {
        Ended::Nothing => "There were no tokens to end.",
        Ended::AtProvider => {
            "The provider has ended the tokens: copies of them open nothing any more."
        }
        Ended::NotOffered if provider.is_microsoft() => {
            "The tokens are forgotten here. Microsoft ends none on request: copies would stay good until they run out, \
             or until an administrator revokes the sign-in sessions (Revoke-MgUserSignInSession)."
        }
        Ended::NotOffered => {
            "The tokens are forgotten here. The provider ends none on request: copies would stay good until they run out."
        }
        Ended::Failed => {
            "The tokens are forgotten here, but the provider could not be told: copies would stay good until they run out."
        }
    }
}
