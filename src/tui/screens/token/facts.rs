//! A report of tokens as titles and rows of words.

use crate::engine::{
    CertificateFacts, Nearness, PermissionFinding, PermissionState, Permissions, Resource,
    TokenFacts, TokenReport, TokenView,
};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::theme::Tone;

/// A line of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// A heading.
    Title(String),
    /// A name, its value, and how it is shown.
    Row(&'static str, String, Tone),
}

fn row(name: &'static str, value: impl Into<String>) -> Fact {
    Fact::Row(name, value.into(), Tone::Text)
}

/// Returns everything there is to say.
pub fn of(report: &TokenReport, cx: &Cx) -> Vec<Fact> {
    let mut all = Vec::new();
    if report.tokens.is_empty() {
        let text = if report.is_password {
            "This account signs in with a password; there is no token"
        } else {
            "Nobody is signed in"
        };
        all.push(Fact::Row("", text.to_owned(), Tone::Warning));
    }
    for view in &report.tokens {
        all.extend(token(view, cx));
    }
    if let Some(certificate) = &report.certificate {
        all.extend(of_certificate(certificate, cx));
    }
    if !report.expiries.is_empty() {
        all.push(Fact::Title("What ends".to_owned()));
    }
    for expiry in &report.expiries {
        let tone = match expiry.nearness() {
            None => Tone::Text,
            Some(Nearness::Within(_)) => Tone::Warning,
            Some(Nearness::Over) => Tone::Error,
        };
        let name = match expiry.what.name() {
            "secret" => "Secret",
            _ => "Certificate",
        };
        let value = format!("of the profile {} {}", expiry.profile, expiry.words());
        all.push(Fact::Row(name, value, tone));
    }
    if !report.remarks.is_empty() {
        all.push(Fact::Title("About this sign-in".to_owned()));
    }
    let remarks = report.remarks.iter();
    all.extend(remarks.map(|remark| Fact::Row("", remark.words().to_owned(), Tone::Dim)));
    all
}

fn token(view: &TokenView, cx: &Cx) -> Vec<Fact> {
    let facts = &view.facts;
    let resource = match facts.resource {
        Resource::Mail => "mail",
        Resource::Graph => "Microsoft Graph",
    };
    let mut all = vec![Fact::Title(format!(
        "Token for {} {} {resource}",
        view.used_for.name(),
        cx.symbols.dot
    ))];
    all.extend(whose(facts));
    all.extend(times(facts, cx));
    all.extend(permissions(view, cx));
    all
}

fn whose(facts: &TokenFacts) -> Vec<Fact> {
    let who = match (facts.is_app_only, facts.identity.name.as_str()) {
        (true, _) => "the application itself, no person".to_owned(),
        (false, "") => facts.identity.username.clone(),
        (false, name) => format!("{} ({name})", facts.identity.username),
    };
    let unread = if facts.is_readable {
        "not said"
    } else {
        "cannot be read here"
    };
    let or_unread = |text: &str| {
        if text.is_empty() {
            unread.to_owned()
        } else {
            text.to_owned()
        }
    };
    let mut all = vec![
        row("Whose", or_unread(&who)),
        row("Issued by", or_unread(&facts.issuer)),
        row("For", or_unread(&facts.audience)),
        row("Application", or_unread(&facts.app_id)),
    ];
    if !facts.tenant.is_empty() {
        all.push(row("Tenant", facts.tenant.clone()));
    }
    all
}

fn times(facts: &TokenFacts, cx: &Cx) -> Vec<Fact> {
    let left = dates::seconds_left(facts.expires_at, cx.now);
    let end = dates::long(facts.expires_at, &cx.zone);
    let expires = match left {
        0 => Fact::Row("Expires", format!("expired {end}"), Tone::Warning),
        left => row("Expires", format!("in {} ({end})", span(left))),
    };
    let next = match facts.next_renewal {
        Some(at) if at > cx.now => {
            format!("by itself in {}", span(dates::seconds_left(at, cx.now)))
        }
        Some(_) => "by itself, due now".to_owned(),
        None if facts.has_refresh_token || facts.is_app_only => {
            "by itself, when it is used".to_owned()
        }
        None => "only by a new sign-in".to_owned(),
    };
    let mut all = vec![
        expires,
        row("Next renewal", next),
        row("Last renewed", dates::ago(facts.renewed_at, cx.now)),
    ];
    let refresh = match (facts.has_refresh_token, facts.refresh_rotated_at) {
        (true, Some(at)) => format!("kept, last changed {}", dates::ago(at, cx.now)),
        (true, None) => "kept".to_owned(),
        (false, _) => "none".to_owned(),
    };
    all.push(row("Refresh token", refresh));
    all
}

/// `52:07`, `3:12:45`, `12 days`.
fn span(seconds: i64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match minutes {
        0..60 => format!("{minutes}:{rest:02}"),
        60..2880 => format!("{}:{:02}:{rest:02}", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

fn permissions(view: &TokenView, cx: &Cx) -> Vec<Fact> {
    let facts = &view.facts;
    let names = if facts.scopes.is_empty() {
        &facts.roles
    } else {
        &facts.scopes
    };
    match &view.permissions {
        Permissions::Unreadable => vec![row("May", "this token cannot be read here")],
        Permissions::OwnNames if names.is_empty() => vec![row("May", "the provider does not say")],
        Permissions::OwnNames => vec![row("May", names.join(" "))],
        Permissions::Compared(findings) => {
            let rows = (0..).zip(findings);
            rows.map(|(place, finding): (usize, _)| {
                let name = if place == 0 { "May" } else { "" };
                let (value, tone) = permission(finding, facts, cx);
                Fact::Row(name, value, tone)
            })
            .collect()
        }
    }
}

fn permission(finding: &PermissionFinding, facts: &TokenFacts, cx: &Cx) -> (String, Tone) {
    let PermissionFinding { name, words, .. } = finding;
    let words = match words.as_str() {
        "" => String::new(),
        words => format!(": {words}"),
    };
    let is_graph = facts.resource == Resource::Graph;
    match finding.state {
        PermissionState::Needed => (format!("{} {name}{words}", cx.symbols.check), Tone::Ok),
        PermissionState::Missing => (
            format!("{} {name} is missing{words}", cx.symbols.cross),
            Tone::Error,
        ),
        PermissionState::Unproven => (
            format!("? {name} is not shown; Exchange may give it{words}"),
            Tone::Warning,
        ),
        PermissionState::Superfluous if is_graph => (format!("  {name}{words}"), Tone::Text),
        PermissionState::Superfluous => (format!("+ {name} is not needed{words}"), Tone::Warning),
    }
}

fn of_certificate(certificate: &CertificateFacts, cx: &Cx) -> Vec<Fact> {
    let mut all = vec![
        Fact::Title("Certificate of the application".to_owned()),
        row("Subject", certificate.subject.clone()),
        row("Thumbprint", certificate.thumbprint.clone()),
        row(
            "Valid",
            format!(
                "{} to {}",
                dates::long(certificate.not_before, &cx.zone),
                dates::long(certificate.not_after, &cx.zone)
            ),
        ),
    ];
    if let Some(key) = &certificate.exposed_key {
        let path = crate::tui::runner::shorten(key);
        let text = format!("{path} can be read by other users of this machine: chmod 600");
        all.push(Fact::Row("Key", text, Tone::Error));
    }
    all
}
