//! `sign-in` by device code as text or JSON lines, and `sign-out`.

use std::io::IsTerminal;
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use crate::cli::args::SignIn;
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, notice_json};
use crate::cli::session;
use crate::engine::{
    DeviceAuthorization, DeviceProgress, Engine, EngineError, Identity, SignInEvent,
};
use crate::explain;
use crate::model::Method;

/// `sign-in`.
pub(in crate::cli) async fn run(args: &SignIn, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let name = session::account_name(&engine, &args.account)?;
    let code = match method(&engine, &name) {
        Some(Method::Password) => password(&engine, &name).await?,
        _ => device_code(&engine, &name, args, out).await?,
    };
    engine.stop().await;
    Ok(code)
}

fn method(engine: &Engine, name: &str) -> Option<Method> {
    engine
        .config()
        .accounts
        .iter()
        .find(|account| account.name == name)
        .map(|account| account.sign_in.method)
}

/// Takes the password from a prompt, or a line of standard input where there is no terminal.
pub(in crate::cli) async fn password(engine: &Engine, name: &str) -> Result<ExitCode, CliError> {
    let secret = if std::io::stdin().is_terminal() {
        session::ask_hidden(&format!("Password for {name}: "))?
    } else {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        secrecy::SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    engine.set_password(name, secret).await?;
    Ok(ExitCode::SUCCESS)
}

async fn device_code(
    engine: &Engine,
    name: &str,
    args: &SignIn,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let mut sign_in = match engine.sign_in(name).await {
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
            SignInEvent::Device(DeviceProgress::Asked { .. }) => {}
            SignInEvent::Done(identity) => return done(engine, name, &identity, args, out).await,
            SignInEvent::Failed(error) => return failed(&error, args, out),
        }
    }
    Ok(ExitCode::FAILURE)
}

fn show_code(code: &DeviceAuthorization, args: &SignIn, out: &mut Output) -> Result<(), CliError> {
    let left = code
        .expires_at
        .duration_since(Timestamp::now())
        .as_secs()
        .max(0);
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
        out.line(&format!("Signed in as {}.", identity.username))?;
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
    engine.sign_out(&name).await?;
    error::note(&format!(
        "Signed out of {name}. Cached mail stays; pillarbox account remove {name} takes it away."
    ));
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}
