//! What is known of the selected account or profile, line by line.

use crate::engine::{Expiry, Lapsing};
use crate::model::{Account, TlsMode};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::screens::accounts::profiles::{Profile, method_words, provider_words};
use crate::tui::screens::accounts::{Accounts, Token};

/// A line: what it is about, and what is known.
pub type Row = (&'static str, String);

/// What is missing where mail is read over POP3.
const POP3_LACKS: &str = "no folders, no trash; flags and stars stay on this machine";

impl Accounts {
    /// Lists what is known of an account.
    pub(super) fn details(&self, account: &Account, cx: &Cx) -> Vec<Row> {
        let profile = &account.sign_in;
        let mut rows = vec![
            (
                "Sign-in",
                format!(
                    "{}, {}; profile {}",
                    provider_words(profile.provider),
                    method_words(profile.method),
                    profile.name
                ),
            ),
            ("Who", who(account)),
        ];
        if account.send_sign_in.name != profile.name {
            let send = &account.send_sign_in;
            let how = method_words(send.method);
            rows.push(("Sends with", format!("{how}; profile {}", send.name)));
        }
        rows.extend(servers(account));
        if !account.additional_users.is_empty() {
            let users = account.additional_users.iter().map(|user| {
                let is_behalf = account
                    .on_behalf
                    .iter()
                    .any(|one| one.is_same_mailbox(user));
                let mark = if is_behalf { " (on behalf)" } else { "" };
                format!("{}{mark}", user.email)
            });
            rows.push(("Additional users", users.collect::<Vec<_>>().join("; ")));
        }
        if let Some(day) = profile.secret_expires {
            rows.push(("Secret ends", expiry(day, cx)));
        }
        if let Some(path) = &profile.certificate {
            rows.push(("Certificate", path.display().to_string()));
            let mut ends = cx.expiries.iter();
            let ours = |end: &&Expiry| {
                end.account == account.name
                    && end.profile == profile.name
                    && end.what == Lapsing::Certificate
            };
            rows.extend(ends.find(ours).map(|end| ("", end.words())));
        }
        rows.extend(self.token(account, cx));
        rows
    }

    fn token(&self, account: &Account, cx: &Cx) -> Vec<Row> {
        let Some(Token::Facts(facts)) = self.tokens.get(&account.name) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        if !facts.identity.username.is_empty() {
            rows.push(("Signed in as", facts.identity.username.clone()));
        }
        if !facts.audience.is_empty() {
            rows.push(("Token is for", facts.audience.clone()));
        }
        let rights = [facts.scopes.as_slice(), facts.roles.as_slice()].concat();
        rows.push(("May", rights.join(" ")));
        let renewed = dates::ago(facts.renewed_at, cx.now);
        let how = if facts.has_refresh_token || account.sign_in.method.is_app_only() {
            "by itself"
        } else {
            "only by a new sign-in"
        };
        rows.push(("Renewed", format!("{renewed}, {how}")));
        rows
    }
}

/// Lists what is known of a profile.
pub fn profile(profile: &Profile) -> Vec<Row> {
    vec![
        ("Kind", profile.kind().to_owned()),
        ("Says", profile.words.clone()),
        (
            "Used by",
            match profile.users.as_slice() {
                [] => "no account: it can be renamed and removed".to_owned(),
                users => format!("{}; a change is for all of them", users.join(", ")),
            },
        ),
    ]
}

fn who(account: &Account) -> String {
    if account.sign_in.method.is_app_only() {
        format!(
            "APP: the application {}, nobody in person",
            account.sign_in.client_id
        )
    } else {
        account.identity().to_owned()
    }
}

fn servers(account: &Account) -> Vec<Row> {
    let place = |(host, port): (&str, u16), tls: TlsMode, path: Option<&str>| match tls {
        TlsMode::None => format!("{host}:{port}, not encrypted"),
        TlsMode::Implicit | TlsMode::StartTls => {
            format!("{host}:{port}{}", path.unwrap_or_default())
        }
    };
    let incoming = &account.servers.incoming;
    let over = |protocol: &str, place: String| format!("{place} over {protocol}");
    let mut rows = vec![(
        "Reads from",
        over(
            incoming.protocol.title(),
            place(
                (&incoming.host, incoming.port),
                incoming.tls,
                incoming.path.as_deref(),
            ),
        ),
    )];
    if !incoming.protocol.has_folders() {
        rows.push(("", POP3_LACKS.to_owned()));
    }
    rows.push(match &account.servers.outgoing {
        Some(outgoing) => (
            "Sends by",
            over(
                outgoing.protocol.title(),
                place(
                    (&outgoing.host, outgoing.port),
                    outgoing.tls,
                    outgoing.path.as_deref(),
                ),
            ),
        ),
        None => ("Sends by", "nothing: reads only".to_owned()),
    });
    if account.servers.name != account.sign_in.name {
        rows.push(("Server profile", account.servers.name.clone()));
    }
    rows
}

fn expiry(day: jiff::civil::Date, cx: &Cx) -> String {
    let today = cx.now.to_zoned(cx.zone.clone()).date();
    let days = today.until(day).map_or(0, |span| span.get_days());
    match days {
        ..0 => format!("{day}: it has ended, a new one is needed"),
        0 => format!("{day}: today"),
        1 => format!("{day}: tomorrow"),
        _ => format!("{day}, in {days} days"),
    }
}
