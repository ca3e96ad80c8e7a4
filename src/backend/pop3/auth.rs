//! Signs in: SASL XOAUTH2, OAUTHBEARER or PLAIN (RFC 5034), or USER and PASS where that is all there is.
//!
//! Always in two steps: Microsoft takes no initial response (protocol facts §4.2), and tokens are longer than the 255
//! octets of a command line (RFC 2449 §4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use super::capa::Capa;
use super::quirks;
use super::reply::{Refused, Reply, clean};
use super::wire::{Link, Patience, Wire, broken};
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
    /// Whether the server said that it knows it.
    is_offered: bool,
}

/// Signs in as `login.user`, which is the mailbox to open.
pub(super) async fn sign_in<S: Link>(
    wire: &mut Wire<S>,
    capa: &Capa,
    login: &Login,
) -> Result<(), BackendError> {
    let result = match &login.credential {
        Credential::Bearer(token) => {
            let mechanism = bearer(wire, capa, &login.user, token);
            authenticate(wire, &mechanism).await
        }
        Credential::Password(password) if capa.has("PLAIN") => {
            let mechanism = Mechanism {
                name: "PLAIN",
                payload: sasl::plain(&login.user, password),
                give_up: "*",
                is_offered: true,
            };
            authenticate(wire, &mechanism).await
        }
        Credential::Password(password) if capa.may_have_user() => {
            log_in(wire, &login.user, password).await
        }
        Credential::Password(_) => Err(BackendError::Refused {
            kind: Refusal::Other,
            code: String::new(),
            text: "The server takes no passwords".to_owned(),
        }),
    };
    result.map_err(|error| delayed(error, capa))
}

/// A server that told how long to stay away need not be asked before.
fn delayed(error: BackendError, capa: &Capa) -> BackendError {
    match error {
        BackendError::Throttled { after: None, text } => BackendError::Throttled {
            after: capa.login_delay,
            text,
        },
        error => error,
    }
}

/// Chooses how to send a token. Microsoft's front ends do not always announce XOAUTH2, so it is tried in any case.
fn bearer<S: Link>(wire: &Wire<S>, capa: &Capa, user: &str, token: &SecretString) -> Mechanism {
    let has_xoauth2 = capa.has("XOAUTH2");
    if capa.has("OAUTHBEARER") && !has_xoauth2 {
        return Mechanism {
            name: "OAUTHBEARER",
            payload: sasl::oauthbearer(user, wire.host(), wire.port(), token),
            // RFC 7628 §3.2.3: a single 0x01.
            give_up: "AQ==",
            is_offered: true,
        };
    }
    Mechanism {
        name: "XOAUTH2",
        payload: sasl::xoauth2(user, token),
        give_up: "",
        is_offered: has_xoauth2,
    }
}

async fn authenticate<S: Link>(
    wire: &mut Wire<S>,
    mechanism: &Mechanism,
) -> Result<(), BackendError> {
    wire.send(DOING, &format!("AUTH {}", mechanism.name))
        .await?;
    let mut is_sent = false;
    let mut failure = None;
    for _ in 0..=MOST_CHALLENGES {
        match wire.reply(DOING, Patience::Long).await? {
            Reply::Ok(_) if is_sent => return Ok(()),
            Reply::Ok(words) => {
                let detail = format!("signed in without a proof: {words}");
                return Err(broken(DOING, &detail));
            }
            Reply::Refused(refused) if is_sent => return Err(no(wire, refused, failure)),
            Reply::Refused(refused) => return Err(not_begun(wire, mechanism, &refused)),
            Reply::More(challenge) if is_sent => {
                failure = decode(&challenge).or(failure);
                wire.send(DOING, mechanism.give_up).await?;
            }
            Reply::More(_) => {
                is_sent = true;
                wire.send(DOING, mechanism.payload.expose_secret()).await?;
            }
        }
    }
    Err(broken(DOING, "endless challenges"))
}

/// A refusal of the name of the mechanism is no refusal of the proof.
fn not_begun<S: Link>(wire: &Wire<S>, mechanism: &Mechanism, refused: &Refused) -> BackendError {
    if mechanism.is_offered {
        return no(wire, refused.clone(), None);
    }
    quirks::known(DOING, wire.host(), refused).unwrap_or(BackendError::Unsupported {
        what: "signing in with a token (the server knows neither XOAUTH2 nor OAUTHBEARER)",
    })
}

fn no<S: Link>(wire: &Wire<S>, mut refused: Refused, failure: Option<String>) -> BackendError {
    if let Some(known) = quirks::known(DOING, wire.host(), &refused) {
        // The JSON says more than `[AUTH]` does.
        if failure.is_none() || !matches!(known, BackendError::SignIn { .. }) {
            return known;
        }
    }
    if let Some(failure) = failure {
        refused.text = failure;
        return BackendError::SignIn {
            code: refused.code,
            text: refused.text,
        };
    }
    quirks::no_sign_in(DOING, wire.host(), &refused)
}

/// Sends a password as RFC 1939 §7 has it.
async fn log_in<S: Link>(
    wire: &mut Wire<S>,
    user: &str,
    password: &SecretString,
) -> Result<(), BackendError> {
    let has_control = |text: &str| text.chars().any(char::is_control);
    if has_control(user) || has_control(password.expose_secret()) {
        return Err(BackendError::Unsupported {
            what: "a user name or password with control characters",
        });
    }
    let pass = SecretString::from(format!("PASS {}", password.expose_secret()));
    for line in [&format!("USER {user}"), pass.expose_secret()] {
        wire.send(DOING, line).await?;
        match wire.reply(DOING, Patience::Long).await? {
            Reply::Ok(_) => {}
            Reply::More(_) => return Err(broken(DOING, "a challenge out of the blue")),
            Reply::Refused(refused) => return Err(no(wire, refused, None)),
        }
    }
    Ok(())
}

/// Decodes the JSON with which servers say why (RFC 7628 §3.2.2); `None` for a plain challenge.
fn decode(challenge: &str) -> Option<String> {
    let bytes = STANDARD.decode(challenge.trim()).ok()?;
    let text = clean(&String::from_utf8_lossy(&bytes));
    (!text.is_empty()).then_some(text)
}
