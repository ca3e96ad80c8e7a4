//! `token`: what an account's access token is; with `--print` the token itself, for other programs.

use std::process::ExitCode;

use secrecy::ExposeSecret;
use serde_json::json;

use crate::cli::args::Token;
use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::session;

/// `token`.
pub(in crate::cli) async fn run(args: &Token, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let account = session::account_name(&engine, &args.account)?;
    // Asking for the token renews it where needed, so that what is shown is what would be used.
    let token = engine.access_token(&account).await?;
    if args.print {
        out.line(token.expose_secret())?;
        out.flush()?;
        engine.stop().await;
        return Ok(ExitCode::SUCCESS);
    }
    let facts = engine
        .token_facts(&account)
        .await?
        .ok_or_else(|| session::not_found("token", &account))?;
    if args.format.json {
        out.json(&json!({
            "account": account,
            "identity": facts.identity.username,
            "audience": facts.audience,
            "scopes": facts.scopes,
            "roles": facts.roles,
            "expires_at": facts.expires_at.to_string(),
            "renewed_at": facts.renewed_at.to_string(),
            "has_refresh_token": facts.has_refresh_token,
        }))?;
    } else {
        let renewal = if facts.has_refresh_token {
            "by itself"
        } else {
            "only by a new sign-in: there is no refresh token"
        };
        let or_opaque = |text: &str| {
            if text.is_empty() {
                "not said (the token is opaque)".to_owned()
            } else {
                text.to_owned()
            }
        };
        let left = facts
            .expires_at
            .duration_since(jiff::Timestamp::now())
            .as_secs()
            .max(0);
        out.line(&format!("account    {account}"))?;
        out.line(&format!(
            "identity   {}",
            or_opaque(&facts.identity.username)
        ))?;
        out.line(&format!("audience   {}", or_opaque(&facts.audience)))?;
        out.line(&format!("scopes     {}", facts.scopes.join(" ")))?;
        if !facts.roles.is_empty() {
            out.line(&format!("roles      {}", facts.roles.join(" ")))?;
        }
        out.line(&format!(
            "expires    {} (in {} min {} s)",
            facts.expires_at,
            left / 60,
            left % 60
        ))?;
        out.line(&format!("renewed    {}", facts.renewed_at))?;
        out.line(&format!("renewal    {renewal}"))?;
        out.line(&format!("kept in    {}", engine.vault_description()))?;
    }
    out.flush()?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}
