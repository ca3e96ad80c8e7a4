//! Sign-in (RFC 4954): XOAUTH2 and OAUTHBEARER with a token, PLAIN and LOGIN with a password.
//!
//! Driven by hand: a refused token is answered with a challenge that holds the reason, and the server wants an
//! answer to that before it refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::backend::error::{BackendError, Refusal};
use crate::backend::sasl;
use crate::backend::smtp::classify::{self, Stage};
use crate::backend::smtp::hosts::is_microsoft;
use crate::backend::smtp::reply::Reply;
use crate::backend::smtp::session::{Session, Step};
use crate::backend::{Credential, Login};
use crate::model::sanitize_line;

const SIGN_IN: Step = Step::new("sign in", 60);
/// Postfix refuses longer command lines unless told otherwise (`line_length_limit`).
const MAX_COMMAND: usize = 2000;

/// A mechanism and how it is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mechanism {
    OauthBearer,
    Xoauth2,
    Plain,
    Login,
}

impl Mechanism {
    const fn name(self) -> &'static str {
        match self {
            Self::OauthBearer => "OAUTHBEARER",
            Self::Xoauth2 => "XOAUTH2",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// What to answer to the challenge that explains a refusal (RFC 7628 §3.2.3; protocol facts §4.2).
    const fn dismissal(self) -> &'static str {
        match self {
            Self::OauthBearer => "AQ==\r\n",
            _ => "\r\n",
        }
    }
}

/// Signs in with the best mechanism that both sides know; one the server does not know after all is passed over.
pub(super) async fn log_in(session: &mut Session, login: &Login) -> Result<(), BackendError> {
    let mechanisms = choose(session, &login.credential);
    let mut refusal = None;
    for mechanism in mechanisms {
        let reply = attempt(session, mechanism, login).await?;
        if reply.is_positive() {
            tracing::debug!(
                host = session.server.host,
                mechanism = mechanism.name(),
                "signed in"
            );
            return Ok(());
        }
        let is_unknown = matches!(reply.code, 500..=504);
        if !is_unknown {
            return Err(classify::error(Stage::SignIn, &reply));
        }
        refusal = Some(reply);
    }
    Err(match refusal {
        Some(reply) => classify::error(Stage::SignIn, &reply),
        None => nothing_fits(session, &login.credential),
    })
}

/// The mechanisms to try, best first. Microsoft knows XOAUTH2 only.
fn choose(session: &Session, credential: &Credential) -> Vec<Mechanism> {
    let candidates = match credential {
        Credential::Bearer(_) if is_microsoft(&session.server.host) => vec![Mechanism::Xoauth2],
        Credential::Bearer(_) => vec![Mechanism::OauthBearer, Mechanism::Xoauth2],
        Credential::Password(_) => vec![Mechanism::Plain, Mechanism::Login],
    };
    candidates
        .into_iter()
        .filter(|mechanism| session.offers.has_mechanism(mechanism.name()))
        .collect()
}

fn nothing_fits(session: &Session, credential: &Credential) -> BackendError {
    let wanted = match credential {
        Credential::Bearer(_) => "a token (XOAUTH2, OAUTHBEARER)",
        Credential::Password(_) => "a password (PLAIN, LOGIN)",
    };
    let offered = if session.offers.mechanisms.is_empty() {
        "none".to_owned()
    } else {
        sanitize_line(&session.offers.mechanisms.join(" "))
            .chars()
            .take(200)
            .collect()
    };
    BackendError::Refused {
        kind: Refusal::Other,
        code: String::new(),
        text: format!("the server offers no sign-in with {wanted}; it offers: {offered}"),
    }
}

async fn attempt(
    session: &mut Session,
    mechanism: Mechanism,
    login: &Login,
) -> Result<Reply, BackendError> {
    let (host, port) = (session.server.host.clone(), session.server.port);
    let payload = match (mechanism, &login.credential) {
        (Mechanism::Login, Credential::Password(password)) => {
            return in_two_words(session, &login.user, password).await;
        }
        (Mechanism::OauthBearer, Credential::Bearer(token)) => {
            sasl::oauthbearer(&login.user, &host, port, token)
        }
        (_, Credential::Bearer(token)) => sasl::xoauth2(&login.user, token),
        (_, Credential::Password(password)) => sasl::plain(&login.user, password),
    };
    let reply = present(session, mechanism, &payload).await?;
    if reply.code != 334 {
        return Ok(reply);
    }
    // A second challenge is the reason of the refusal; the refusal itself comes after our answer.
    let reason = reason(&reply);
    let refusal = session.command(SIGN_IN, mechanism.dismissal()).await?;
    Ok(explained(refusal, reason))
}

/// Presents a payload: within the command, or after it where the line would be too long for some servers.
async fn present(
    session: &mut Session,
    mechanism: Mechanism,
    payload: &SecretString,
) -> Result<Reply, BackendError> {
    let name = mechanism.name();
    let secret = payload.expose_secret();
    if secret.len() + name.len() + "AUTH  \r\n".len() <= MAX_COMMAND {
        let line = format!("AUTH {name} {secret}\r\n");
        let reply = session.command(SIGN_IN, line).await?;
        // An empty challenge asks for what a server without initial responses passed over.
        if reply.code != 334 || !reply.text.is_empty() {
            return Ok(reply);
        }
    } else {
        let reply = session.command(SIGN_IN, format!("AUTH {name}\r\n")).await?;
        if reply.code != 334 {
            return Ok(reply);
        }
    }
    session.command(SIGN_IN, format!("{secret}\r\n")).await
}

/// `AUTH LOGIN`: name and password, each when asked for.
async fn in_two_words(
    session: &mut Session,
    user: &str,
    password: &SecretString,
) -> Result<Reply, BackendError> {
    let words = [
        STANDARD.encode(user),
        STANDARD.encode(password.expose_secret()),
    ];
    let mut reply = session.command(SIGN_IN, "AUTH LOGIN\r\n").await?;
    for word in words {
        if reply.code != 334 {
            return Ok(reply);
        }
        reply = session.command(SIGN_IN, format!("{word}\r\n")).await?;
    }
    Ok(reply)
}

/// Decodes the JSON of a challenge (RFC 7628 §3.2.2).
fn reason(reply: &Reply) -> Option<String> {
    let bytes = STANDARD.decode(reply.text.trim()).ok()?;
    let text = sanitize_line(&String::from_utf8_lossy(&bytes));
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(500).collect())
}

/// Puts the reason into the refusal. A server that says yes after a refusal is not believed.
fn explained(mut refusal: Reply, reason: Option<String>) -> Reply {
    if refusal.is_positive() {
        refusal.code = 535;
    }
    if let Some(reason) = reason {
        refusal.text = if refusal.text.is_empty() {
            reason
        } else {
            format!("{} {reason}", refusal.text)
        };
    }
    refusal
}
