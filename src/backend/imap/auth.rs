//! Signs in: SASL OAUTHBEARER, XOAUTH2 or PLAIN, or LOGIN where that is all there is.
//!
//! Exchanges are driven step by step here, because servers differ in every one of them (protocol facts §4.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imap_proto::Response;
use secrecy::{ExposeSecret as _, SecretString};

use super::wire::{Answer, Code, Command, Link, Patience, Reply, Session, clean};
use super::{protocol, quirks};
use crate::backend::sasl;
use crate::backend::{BackendError, Credential, Login, Refusal};

const DOING: &str = "sign in";
/// A server that challenges more often than this is not doing one of our mechanisms.
const MOST_CHALLENGES: u32 = 4;

/// A mechanism and what it says.
struct Mechanism {
    name: &'static str,
    payload: SecretString,
    /// The answer to a challenge that describes a failure.
    give_up: &'static str,
}

/// Signs in; returns whether the server told its capabilities anew on the way.
pub(super) async fn sign_in<S: Link>(
    session: &mut Session<S>,
    login: &Login,
) -> Result<bool, BackendError> {
    if !session.has_capabilities() {
        let command = Command::new("read capabilities", "CAPABILITY");
        session.run_plain(&command).await?;
    }
    match &login.credential {
        Credential::Bearer(token) => {
            let mechanism = bearer(session, &login.user, token)?;
            authenticate(session, &mechanism).await
        }
        Credential::Password(password) if session.can("AUTH=PLAIN") => {
            let mechanism = Mechanism {
                name: "PLAIN",
                payload: sasl::plain(&login.user, password),
                give_up: "*",
            };
            authenticate(session, &mechanism).await
        }
        Credential::Password(password) => log_in(session, &login.user, password).await,
    }
}

/// Chooses between the two ways to send a token. `LOGINDISABLED` is no matter here.
fn bearer<S: Link>(
    session: &Session<S>,
    user: &str,
    token: &SecretString,
) -> Result<Mechanism, BackendError> {
    let is_microsoft = quirks::is_microsoft(session.host());
    if session.can("AUTH=OAUTHBEARER") && !is_microsoft {
        return Ok(Mechanism {
            name: "OAUTHBEARER",
            payload: sasl::oauthbearer(user, session.host(), session.port(), token),
            // RFC 7628 §3.2.3: a single 0x01.
            give_up: "AQ==",
        });
    }
    // Microsoft's front ends do not always announce it.
    if session.can("AUTH=XOAUTH2") || is_microsoft {
        return Ok(Mechanism {
            name: "XOAUTH2",
            payload: sasl::xoauth2(user, token),
            give_up: "",
        });
    }
    Err(BackendError::Unsupported {
        what: "signing in with a token (the server offers neither OAUTHBEARER nor XOAUTH2)",
    })
}

async fn authenticate<S: Link>(
    session: &mut Session<S>,
    mechanism: &Mechanism,
) -> Result<bool, BackendError> {
    let mut command = Command::new(DOING, "AUTHENTICATE")
        .words(mechanism.name)
        .long();
    let mut is_sent = session.can("SASL-IR");
    if is_sent {
        command = command.words(mechanism.payload.expose_secret());
    }
    session.forget_capabilities();
    let tag = session.send(&command).await?;
    let mut failure = None;
    let mut challenges = 0;
    while !session.is_answered(tag) {
        let challenge = session
            .step(DOING, Patience::Long.limit(), |response| match response {
                Response::Continue(outcome) => Some(
                    outcome
                        .information
                        .as_deref()
                        .unwrap_or_default()
                        .to_owned(),
                ),
                _ => None,
            })
            .await?;
        let Some(challenge) = challenge else {
            continue;
        };
        challenges += 1;
        if challenges > MOST_CHALLENGES {
            return Err(protocol(DOING, "the server keeps asking"));
        }
        if is_sent {
            failure = decode(&challenge).or(failure);
            session.send_line(DOING, mechanism.give_up).await?;
        } else {
            is_sent = true;
            let payload = mechanism.payload.expose_secret();
            session.send_line(DOING, payload).await?;
        }
    }
    let answer = session.finish(tag, |_| {}).await?;
    conclude(session, answer, failure)
}

async fn log_in<S: Link>(
    session: &mut Session<S>,
    user: &str,
    password: &SecretString,
) -> Result<bool, BackendError> {
    if session.can("LOGINDISABLED") {
        return Err(BackendError::Refused {
            kind: Refusal::Other,
            code: "LOGINDISABLED".to_owned(),
            text: "The server takes no passwords".to_owned(),
        });
    }
    let command = Command::new(DOING, "LOGIN")
        .string(user)
        .string(password.expose_secret())
        .long();
    session.forget_capabilities();
    let answer = session.run(&command, |_| {}).await?;
    conclude(session, answer, None)
}

/// Decodes the JSON with which servers say why (RFC 7628 §3.2.2); `None` for a plain challenge.
fn decode(challenge: &str) -> Option<String> {
    let bytes = STANDARD.decode(challenge.trim()).ok()?;
    let text = clean(&String::from_utf8_lossy(&bytes));
    (!text.is_empty()).then_some(text)
}

fn conclude<S: Link>(
    session: &Session<S>,
    answer: Answer,
    failure: Option<String>,
) -> Result<bool, BackendError> {
    if answer.is_ok() {
        return Ok(answer.code == Code::Capability || session.has_capabilities());
    }
    // Throttling must not be taken for a wrong password (protocol facts §10, 23).
    if let Some(error) = quirks::known(DOING, session.host(), &answer.text) {
        return Err(error);
    }
    let code = answer.code.name().to_owned();
    Err(match code.as_str() {
        "UNAVAILABLE" | "INUSE" | "LIMIT" | "SERVERBUG" | "THROTTLED" => BackendError::Throttled {
            after: None,
            text: answer.text,
        },
        "AUTHORIZATIONFAILED" => BackendError::Refused {
            kind: Refusal::NoMailboxAccess,
            code,
            text: answer.text,
        },
        _ if answer.status == Reply::Bad && failure.is_none() => BackendError::Protocol {
            doing: DOING,
            detail: answer.text,
        },
        _ => BackendError::SignIn {
            code,
            text: failure.unwrap_or(answer.text),
        },
    })
}
