//! `token`: what an account's access token is; with `--print` the token itself, for other programs.

use std::process::ExitCode;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::cli::args::{ResourceArg, Token};
use crate::cli::error::CliError;
use crate::cli::output::{Output, expiry_json};
use crate::cli::session;
use crate::engine::{
    CertificateFacts, Permissions, Resource, TokenFacts, TokenReport, TokenUse, TokenView,
};

/// `token`.
pub(in crate::cli) async fn run(args: &Token, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let account = session::account_name(&engine, &args.account)?;
    let resource = resource_of(args.resource);
    // Asking for the token renews it where needed, so that what is shown is what would be used.
    let token = engine.access_token_for(&account, resource).await?;
    if args.print {
        out.line(token.expose_secret())?;
        out.flush()?;
        engine.stop().await;
        return Ok(ExitCode::SUCCESS);
    }
    let report = engine.token_report(&account).await?;
    let mut views = report.tokens.iter();
    // Providers without resources have one token for everything.
    let view = views.find(|view| view.facts.resource == resource);
    let view = view.or(report.tokens.first());
    let view = view.ok_or_else(|| session::not_found("token", &account))?;
    if args.format.json {
        out.json(&as_json(&account, view, &report))?;
    } else {
        let now = Timestamp::now();
        print_facts(&account, &view.facts, now, out)?;
        print_permissions(&view.permissions, out)?;
        print_around(&report, now, out)?;
        let kept = engine.vault_description();
        out.line(&format!("kept in    {kept}"))?;
    }
    out.flush()?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// EWS takes the same token as IMAP and SMTP.
const fn resource_of(given: ResourceArg) -> Resource {
    match given {
        ResourceArg::Imap | ResourceArg::Ews => Resource::Mail,
        ResourceArg::Graph => Resource::Graph,
    }
}

fn print_facts(
    account: &str,
    facts: &TokenFacts,
    now: Timestamp,
    out: &mut Output,
) -> Result<(), CliError> {
    let or_opaque = |text: &str| match text {
        "" => "not said (the token is opaque)".to_owned(),
        text => text.to_owned(),
    };
    let left = facts.expires_at.duration_since(now).as_secs().max(0);
    let renewal = if facts.has_refresh_token || facts.is_app_only {
        "by itself"
    } else {
        "only by a new sign-in: there is no refresh token"
    };
    let mut rows = vec![
        ("account", account.to_owned()),
        ("identity", or_opaque(&facts.identity.username)),
        ("issuer", or_opaque(&facts.issuer)),
        ("audience", or_opaque(&facts.audience)),
        ("app id", or_opaque(&facts.app_id)),
        ("tenant", or_opaque(&facts.tenant)),
        ("scopes", facts.scopes.join(" ")),
        ("roles", facts.roles.join(" ")),
        (
            "expires",
            format!(
                "{} (in {} min {} s)",
                facts.expires_at,
                left / 60,
                left % 60
            ),
        ),
        ("renewed", facts.renewed_at.to_string()),
    ];
    if let Some(at) = facts.next_renewal {
        rows.push(("next", at.to_string()));
    }
    if let Some(at) = facts.refresh_rotated_at {
        rows.push(("rotated", format!("{at} (the refresh token)")));
    }
    rows.push(("renewal", renewal.to_owned()));
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        out.line(&format!("{name:<11}{value}"))?;
    }
    Ok(())
}

fn print_permissions(permissions: &Permissions, out: &mut Output) -> Result<(), CliError> {
    let Permissions::Compared(findings) = permissions else {
        return Ok(());
    };
    for finding in findings {
        let state = finding.state.name();
        let words = match finding.words.as_str() {
            "" => String::new(),
            words => format!(": {words}"),
        };
        out.line(&format!("{state:<11}{}{words}", finding.name))?;
    }
    Ok(())
}

/// What stands around the token: the other sign-in, the certificate, last days, remarks.
fn print_around(report: &TokenReport, now: Timestamp, out: &mut Output) -> Result<(), CliError> {
    if let Some(view) = sending(report) {
        let username = &view.facts.identity.username;
        out.line("")?;
        out.line("for sending another sign-in is used")?;
        print_facts(username, &view.facts, now, out)?;
        print_permissions(&view.permissions, out)?;
        out.line("")?;
    }
    if let Some(certificate) = &report.certificate {
        let CertificateFacts {
            subject,
            thumbprint,
            not_after,
            ..
        } = certificate;
        out.line(&format!(
            "certified  {subject}, {thumbprint}, until {not_after}"
        ))?;
    }
    for expiry in &report.expiries {
        out.line(&format!("{:<11}{}", expiry.what.name(), expiry.words()))?;
    }
    for remark in &report.remarks {
        out.line(&format!("remark     {}", remark.words()))?;
    }
    Ok(())
}

fn sending(report: &TokenReport) -> Option<&TokenView> {
    let mut views = report.tokens.iter();
    views.find(|view| view.used_for == TokenUse::Sending)
}

fn as_json(account: &str, view: &TokenView, report: &TokenReport) -> Value {
    let mut value = view_json(view);
    let certificate = report.certificate.as_ref().map(|certificate| {
        json!({
            "subject": certificate.subject,
            "thumbprint": certificate.thumbprint,
            "not_before": certificate.not_before.to_string(),
            "not_after": certificate.not_after.to_string(),
            "exposed_key": certificate.exposed_key,
        })
    });
    let expiries = report.expiries.iter().map(expiry_json);
    let more = json!({
        "account": account,
        "sending": sending(report).map(view_json),
        "certificate": certificate,
        "expiries": expiries.collect::<Vec<_>>(),
        "remarks": report.remarks.iter().map(|remark| remark.words()).collect::<Vec<_>>(),
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn view_json(view: &TokenView) -> Value {
    let facts = &view.facts;
    let permissions = match &view.permissions {
        Permissions::Compared(findings) => Some(findings),
        Permissions::Unreadable | Permissions::OwnNames => None,
    };
    let permissions = permissions.map(|findings| {
        let each = findings.iter().map(|finding| {
            json!({
                "name": finding.name,
                "state": finding.state.name(),
                "words": finding.words,
            })
        });
        each.collect::<Vec<_>>()
    });
    let resource = match facts.resource {
        Resource::Mail => "mail",
        Resource::Graph => "graph",
    };
    json!({
        "resource": resource,
        "used_for": view.used_for.name(),
        "identity": facts.identity.username,
        "issuer": facts.issuer,
        "audience": facts.audience,
        "app_id": facts.app_id,
        "tenant": facts.tenant,
        "is_app_only": facts.is_app_only,
        "is_readable": facts.is_readable,
        "scopes": facts.scopes,
        "roles": facts.roles,
        "expires_at": facts.expires_at.to_string(),
        "renewed_at": facts.renewed_at.to_string(),
        "next_renewal": facts.next_renewal.map(|at| at.to_string()),
        "has_refresh_token": facts.has_refresh_token,
        "refresh_rotated_at": facts.refresh_rotated_at.map(|at| at.to_string()),
        "permissions": permissions,
    })
}
