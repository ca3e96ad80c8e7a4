//! Notices for sign-ins and renewals.

use crate::auth::{AuthError, Denial, PasteMistake};
use crate::explain::notice::{Notice, Remedy, Severity, Who};
use crate::explain::{aadsts, client, files, net, scopes};
use crate::model::{Access, permission};

/// Explains a failed sign-in or renewal.
pub(in crate::explain) fn explain(error: &AuthError) -> Notice {
    match error {
        AuthError::Denied {
            denial,
            error,
            code,
            description,
            suberror,
            correlation_id,
            time,
        } => {
            let notice = by_code(code).unwrap_or_else(|| by_denial(denial, error, suberror));
            let notice = if code.is_empty() { notice } else { notice.code(code.clone()) };
            let said = details(description, correlation_id, time);
            let notice = if is_known(denial, code) { notice } else { to_quote(notice, &said) };
            notice.detail(said).loud()
        }
        AuthError::Unreachable(source) => {
            let cause = net::explain(source);
            let mut notice = cause.clone();
            "The sign-in service cannot be reached".clone_into(&mut notice.title);
            notice.cause.insert(0, cause.title);
            notice
        }
        AuthError::Busy { status, after } => {
            let wait = after.map_or(String::new(), |after| format!("; it asks to wait {} s", after.as_secs()));
            Notice::new("The sign-in service is busy")
                .cause(format!("It answered with HTTP status {status}{wait}"))
                .how("Pillarbox tries again by itself")
                .who(Who::Nobody)
                .remedy(Remedy::Retry)
                .quiet()
        }
        AuthError::Nonsense { host, detail } => Notice::new(format!("{host} does not answer like a sign-in service"))
            .cause("The address of the sign-in service is wrong, or a proxy answers in its place")
            .how("Check authority and endpoints of the sign-in profile, and open the address in a browser")
            .detail(detail.clone())
            .remedy(Remedy::EditAccount)
            .loud(),
        AuthError::Profile { profile, reason } => Notice::new(format!("The sign-in profile {profile} cannot be used"))
            .cause(reason.clone())
            .how("Complete the sign-in profile")
            .remedy(Remedy::EditAccount)
            .loud(),
        AuthError::Client { profile, fault } => client::explain(profile, fault),
        AuthError::Scopes { profile, problem } => scopes::notice(profile, problem),
        AuthError::Vault(error) => files::vault(error),
    }
}

fn by_code(code: &str) -> Option<Notice> {
    let number = code.strip_prefix("AADSTS")?.parse().ok()?;
    Some(aadsts::by_number(number).unwrap_or_else(|| aadsts::unknown(number)))
}

fn by_denial(denial: &Denial, error: &str, suberror: &str) -> Notice {
    let notice = match denial {
        Denial::Declined => Notice::new("The sign-in was declined")
            .cause("No was pressed on the page that asks for permissions, or a policy says no")
            .how("Sign in again and accept"),
        Denial::Expired => Notice::new("The code was not used in time")
            .cause("Codes live for some minutes only")
            .how("Ask for a new code"),
        Denial::UnknownCode => Notice::new("The sign-in service does not know the code")
            .cause("Tenant or cloud of the sign-in profile is another one than the code was made for")
            .how("Check tenant and cloud, then sign in again"),
        Denial::GrantEnded => Notice::new("A new sign-in is needed")
            .cause("The old one was ended: by a changed password, an administrator, or long disuse")
            .how("Sign in again; nothing is lost meanwhile"),
        Denial::AnswerLost => Notice::new("A new sign-in is needed")
            .cause("The connection broke while the sign-in was being renewed: the new token never arrived, and the service no longer takes the old one")
            .how("Sign in again; nothing is lost meanwhile")
            .how("If this happens often, ask the provider to take a replaced token for some seconds more (\"reuse leeway\")"),
        Denial::NoRefreshToken => Notice::new("This sign-in will not last")
            .cause("The provider gave no refresh token, so a new sign-in is needed each time the access token ends")
            .how("Ask for the scope offline_access, and have the provider allow it for this app"),
        Denial::WrongIdentity { expected, got } => Notice::new(format!("{got} signed in, but the account is for {expected}"))
            .cause("The browser had another session open")
            .how(format!("Sign in again as {expected}: use a private window, or sign out in the browser first"))
            .how("If the sign-in name is meant to differ from the address, set \"login\" of the account"),
        Denial::MethodForbidden => Notice::new("This way to sign in is forbidden here")
            .cause("A policy of the organisation blocks it, mostly the device code")
            .how("Sign in with the browser instead")
            .who(Who::TenantAdministrator),
        Denial::ClientRefused => Notice::new("The sign-in service does not accept the application")
            .cause("Its secret or certificate is missing, wrong or no longer valid")
            .how("Enter the secret's value again, or have an administrator make a new one")
            .remedy(Remedy::EditAccount),
        Denial::Mixed => Notice::new("The answer of the sign-in service belongs to another request")
            .cause("An old page was still open in the browser, or somebody tried to slip in an answer")
            .how("Close other sign-in pages and sign in again"),
        Denial::TimedOut => Notice::new("Nobody came back from the browser in time")
            .cause("The page was not finished, or the browser runs on another machine")
            .how("Sign in again; from another machine, paste the final address"),
        Denial::NeverSignedIn => Notice::new("Nobody has signed in to this account yet")
            .cause("There is no token for it in the vault")
            .how("Sign in once; Pillarbox stays signed in from then on"),
        Denial::WrongAudience { expected, got } => Notice::new("The token is for another service")
            .cause(format!("It was asked for {expected}, but is for {got}: a scope of the wrong service was requested"))
            .how("Use scopes that begin with the mail service's address, such as https://outlook.office.com/IMAP.AccessAsUser.All")
            .how("Scopes without an address count as Microsoft Graph's, whatever the portal shows beside them")
            .remedy(Remedy::EditAccount),
        Denial::MissingPermission { name } => Notice::new(format!("The token lacks the permission {name}"))
            .cause(allows(name))
            .cause("It was not added to the application, or nobody consented to it")
            .copy("pillarbox admin manifest ACCOUNT")
            .how(format!("Have an administrator add {name} to the application and grant consent; then sign in again"))
            .who(Who::TenantAdministrator),
        Denial::Other => Notice::new("The sign-in service refuses")
            .cause(reason_words(error))
            .how("See the details; an administrator can find the reason in the sign-in log")
            .who(Who::TenantAdministrator),
    };
    let code = if suberror.is_empty() {
        error.to_owned()
    } else {
        format!("{error} ({suberror})")
    };
    let remedy = match notice.remedy {
        Remedy::None => Remedy::SignIn,
        own => own,
    };
    Notice {
        severity: Severity::Loud,
        ..notice.code(code).remedy(remedy)
    }
}

/// Says what a permission is for.
fn allows(name: &str) -> String {
    let known = [Access::Application, Access::Delegated];
    let words = known
        .into_iter()
        .find_map(|access| permission(name, access));
    match words {
        Some(known) => format!("Without it Pillarbox may not {}", known.words),
        None => format!("What the account does needs {name}"),
    }
}

/// Says in words what the codes of RFC 6749 §5.2 mean.
fn reason_words(error: &str) -> &'static str {
    match error {
        "invalid_client" => "The application id is not known there, or needs a secret",
        "invalid_scope" => "A scope is misspelt or not allowed for this app",
        "unauthorized_client" => "The app is not allowed to sign in this way",
        "unsupported_grant_type" => "The provider does not offer this way to sign in",
        "invalid_request" => {
            "The provider does not understand the request; a setting may be empty or malformed"
        }
        "access_denied" => "The provider or a policy says no",
        "interaction_required" | "consent_required" | "login_required" => {
            "The provider wants to ask something first"
        }
        _ => "It does not say why in a form that Pillarbox knows",
    }
}

/// The provider's words, and what its administrator finds the refusal by, unless the words hold that already.
fn details(description: &str, correlation_id: &str, time: &str) -> String {
    let mut parts = vec![description.to_owned()];
    let is_new = |value: &str| !value.is_empty() && !description.contains(value);
    if is_new(correlation_id) {
        parts.push(format!("correlation id {correlation_id}"));
    }
    if is_new(time) {
        parts.push(format!("time {time}"));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Whether what was refused is explained here.
fn is_known(denial: &Denial, code: &str) -> bool {
    match code.strip_prefix("AADSTS").map(str::parse) {
        Some(number) => number.ok().and_then(aadsts::by_number).is_some(),
        None => *denial != Denial::Other,
    }
}

/// Makes what nobody here knows ready to be passed on: the page that explains it, and the provider's words.
fn to_quote(mut notice: Notice, said: &str) -> Notice {
    let lines = [notice.copy.as_str(), notice.code.as_str(), said];
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    notice.copy = lines.join("\n");
    notice
}

/// Says what is wrong with a pasted address, and what to paste instead.
pub fn explain_paste(mistake: &PasteMistake) -> String {
    match mistake {
        PasteMistake::NotAnAddress => {
            "That is no address. Paste the whole line from the browser's address bar".to_owned()
        }
        PasteMistake::NoCode => {
            "That is not the last page: its address holds code=… Finish the sign-in first".to_owned()
        }
        PasteMistake::CutOff => {
            "The address was cut off on its way. Copy it again, as a whole".to_owned()
        }
        PasteMistake::OtherSignIn => {
            "That address is from an earlier sign-in. Open the address above and sign in anew".to_owned()
        }
        PasteMistake::Foreign { host } => {
            format!("That address leads to {host}, not to where this sign-in ends")
        }
        PasteMistake::WrongPlace => {
            "Microsoft's page moved on and dropped the code. Register http://localhost instead, or copy faster".to_owned()
        }
    }
}
