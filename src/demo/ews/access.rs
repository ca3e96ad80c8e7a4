//! Who asks: bearer tokens, the one password of the house, and impersonation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use super::wire::{Refusal, Sid};
use crate::demo::house::House;
use crate::demo::people::{is_known, is_list};
use crate::demo::rights::may_open;
use crate::demo::sign_in::{Grant, PASSWORD_USER, Speaker};
use crate::demo::transport::web::{Answer, whole};

/// Who proved to be whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    identity: String,
    speaker: Speaker,
}

/// Who asks, and as whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Whose rights count: a person's address or an app's client id.
    pub identity: String,
    /// Whose mailbox is meant where none is named; in lower case.
    pub mailbox: String,
}

/// Reads `Authorization`, or returns the answer that refuses.
pub fn identify(house: &House, headers: &HeaderMap) -> Result<Shown, Box<Answer>> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some((scheme, credentials)) = given.and_then(|given| given.split_once(' ')) else {
        return Err(Box::new(unauthorized(house, None)));
    };
    if scheme.eq_ignore_ascii_case("Basic") {
        let found = password(house, credentials.trim());
        return found.ok_or_else(|| Box::new(unauthorized(house, None)));
    }
    let grant = house.sign_in.grant(credentials.trim());
    let refused = match grant {
        Some(grant) if grant.may_ews() => return Ok(shown(grant)),
        Some(grant) if grant.is_for_graph() => {
            let why = "2000003;reason=\"The audience claim value is invalid.\";error_category=\"invalid_resource\"";
            unauthorized(house, Some(why))
        }
        Some(_) => {
            let why = "2000008;reason=\"The token contains no permissions, or permissions can not be understood.\";error_category=\"invalid_grant\"";
            let mut answer = unauthorized(house, Some(why));
            *answer.status_mut() = StatusCode::FORBIDDEN;
            answer
        }
        None => {
            let why = "2000001;reason=\"The token has expired.\";error_category=\"token_expired\"";
            unauthorized(house, Some(why))
        }
    };
    Err(Box::new(refused))
}

fn shown(grant: Grant) -> Shown {
    Shown {
        identity: grant.user,
        speaker: grant.speaker,
    }
}

fn password(house: &House, credentials: &str) -> Option<Shown> {
    let text = STANDARD.decode(credentials).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (user, password) = text.split_once(':')?;
    let is_right = house.sign_in.credentials.is_mail_password(user, password);
    is_right.then(|| Shown {
        identity: PASSWORD_USER.to_owned(),
        speaker: Speaker::Person,
    })
}

fn unauthorized(house: &House, why: Option<&'static str>) -> Answer {
    let mut answer = Response::new(whole(""));
    *answer.status_mut() = StatusCode::UNAUTHORIZED;
    let error = if why.is_some() {
        ", error=\"invalid_token\""
    } else {
        ""
    };
    let bearer = format!(
        "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\", token_types=\"app_asserted_user_v1 service_asserted_app_v1\", authorization_uri=\"{}/common/oauth2/v2.0/authorize\"{error}",
        house.sign_in.base
    );
    let headers = answer.headers_mut();
    if let Ok(bearer) = HeaderValue::from_str(&bearer) {
        headers.append(WWW_AUTHENTICATE, bearer);
    }
    headers.append(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic Realm=\"\""),
    );
    if let Some(why) = why {
        headers.insert("x-ms-diagnostics", HeaderValue::from_static(why));
    }
    answer
}

impl Caller {
    /// Decides as whom somebody asks (protocol facts §5.3): an app must say it, a person must not.
    pub fn new(shown: Shown, sid: Option<&Sid>) -> Result<Self, Refusal> {
        let mailbox = match (shown.speaker, sid) {
            (Speaker::Person, None) => shown.identity.clone(),
            (Speaker::Person, Some(_)) => return Err(Refusal::of("ErrorImpersonateUserDenied")),
            (Speaker::App, None) => return Err(Refusal::of("ErrorImpersonationFailed")),
            (Speaker::App, Some(sid)) => {
                if !is_known(&sid.0) || is_list(&sid.0) {
                    return Err(Refusal::of("ErrorNonExistentMailbox"));
                }
                if !may_open(&shown.identity, &sid.0) {
                    return Err(Refusal::of("ErrorImpersonateUserDenied"));
                }
                sid.0.clone()
            }
        };
        Ok(Self {
            identity: shown.identity,
            mailbox: mailbox.to_ascii_lowercase(),
        })
    }

    /// Tells whether the caller may open a mailbox.
    pub fn may_open(&self, mailbox: &str) -> bool {
        self.mailbox.eq_ignore_ascii_case(mailbox)
            || may_open(&self.identity, mailbox)
            || may_open(&self.mailbox, mailbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sign_in::DAEMON_WEB_ID;

    #[test]
    fn apps_must_impersonate_and_people_must_not() {
        let check = |identity: &str, speaker, sid: Option<&str>, expected: Result<&str, &str>| {
            let shown = Shown {
                identity: identity.to_owned(),
                speaker,
            };
            let sid = sid.map(|sid| Sid(sid.to_owned()));
            let found = Caller::new(shown, sid.as_ref());
            let found = found.as_ref().map(|caller| caller.mailbox.as_str());
            assert_eq!(
                found.map_err(|refusal| refusal.code),
                expected,
                "{identity} {sid:?}"
            );
        };
        let (ada, support) = ("ada@harborvale.example", "support@harborvale.example");
        check(ada, Speaker::Person, None, Ok(ada));
        check(
            ada,
            Speaker::Person,
            Some(support),
            Err("ErrorImpersonateUserDenied"),
        );
        check(
            DAEMON_WEB_ID,
            Speaker::App,
            Some("Support@harborvale.example"),
            Ok(support),
        );
        check(
            DAEMON_WEB_ID,
            Speaker::App,
            Some(ada),
            Err("ErrorImpersonateUserDenied"),
        );
        check(
            DAEMON_WEB_ID,
            Speaker::App,
            Some("no@harborvale.example"),
            Err("ErrorNonExistentMailbox"),
        );
        check(
            DAEMON_WEB_ID,
            Speaker::App,
            None,
            Err("ErrorImpersonationFailed"),
        );
    }
}
