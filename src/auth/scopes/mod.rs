//! Which permissions are asked for, by provider, cloud and kind of account (protocol facts §1.3, §3), and what is
//! wrong with scopes a person typed.

mod problems;
mod resource;

pub use problems::scope_problems;

use url::Url;

use crate::auth::endpoints::is_older;
use crate::auth::{Function, Resource};
use crate::model::{Cloud, Provider, SignInProfile};

pub(super) use resource::resource_uri;
use resource::{Home, home, resource};

/// Asked for always when a person signs in: a renewal without that person needs the first, knowing who it was the
/// second.
const ALWAYS: [&str; 2] = ["offline_access", "openid"];

/// What Google wants instead: it gives refresh tokens by a parameter and refuses `offline_access` (protocol facts
/// §9.1).
const ALWAYS_GOOGLE: [&str; 2] = ["openid", "email"];

/// Everything a mailbox needs at Exchange over IMAP, POP3 and SMTP.
const EXCHANGE: [&str; 3] = ["IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"];

/// What a person needs at Exchange for EWS, which personal accounts do not have.
const EWS: &str = "EWS.AccessAsUser.All";

/// What mail over Graph needs of every kind of account.
const GRAPH: [&str; 3] = ["User.Read", "Mail.ReadWrite", "Mail.Send"];

/// What Graph needs besides for mailboxes of others; personal accounts must not ask for it (protocol facts §3.3).
const GRAPH_SHARED: [&str; 2] = ["Mail.ReadWrite.Shared", "Mail.Send.Shared"];

/// The tenant of all personal accounts (protocol facts §1.2).
const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Returns the scopes of the first request, those of all resources, so that consent is asked for once. The profile's
/// own win; a person's sign-in is never without what renewals need. Empty for passwords.
pub fn first_scopes(profile: &SignInProfile) -> Vec<String> {
    if profile.method.is_app_only() {
        return app_scopes(profile, Resource::Mail);
    }
    if !profile.method.is_delegated() {
        return Vec::new();
    }
    let own = own(profile);
    let always = always(profile).iter().map(|&scope| scope.to_owned());
    let mut scopes: Vec<String> = always.collect();
    let wanted = if own.is_empty() { usual(profile) } else { own };
    for scope in wanted {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// Returns the scopes that a profile has to name for what an account does with it; none where what is asked for without
/// naming anything is enough, where the profile names its own, and where nobody asks by names.
///
/// Entra renews only what was agreed to, so everything is asked for in the first request.
pub fn scopes_for(profile: &SignInProfile, functions: &[Function]) -> Vec<String> {
    let is_usual = |function: &Function| {
        !matches!(
            function,
            Function::Ews | Function::ReadGraph | Function::SendGraph
        )
    };
    let is_built = matches!(
        profile.provider,
        Provider::Microsoft365 | Provider::OutlookCom
    );
    let is_usual = functions.iter().all(is_usual);
    if is_usual || !is_built || !profile.method.is_delegated() || !own(profile).is_empty() {
        return Vec::new();
    }
    let has = |wanted: &[Function]| functions.iter().any(|one| wanted.contains(one));
    let by_name = has(&[Function::ReadImap, Function::ReadPop, Function::SendSmtp]);
    let by_graph = has(&[Function::ReadGraph, Function::SendGraph]);
    let mut scopes: Vec<String> = always(profile).iter().map(|&one| one.to_owned()).collect();
    scopes.push("profile".to_owned());
    // Personal accounts are refused when one request names two resources; those of Graph are for everything there.
    if !(is_personal(profile) && by_graph) {
        let prefix = profile.cloud.exchange_resource();
        let names = EXCHANGE.iter().filter(|_| by_name).copied();
        let ews = has(&[Function::Ews]).then_some(EWS);
        scopes.extend(names.chain(ews).map(|name| format!("{prefix}/{name}")));
    }
    if by_graph {
        scopes.extend(graph_mail(profile));
    } else if !is_personal(profile) {
        scopes.push(format!("https://{}/User.Read", profile.cloud.graph_host()));
    }
    scopes
}

/// Returns the scopes to name when a token for one resource is asked for: with a code, a refresh token or as the
/// application itself. Entra gives tokens for one resource at a time (protocol facts §3.1); other providers have only
/// one and keep what was granted when nothing is named (RFC 6749 §6), so for a person there the list is empty.
pub(super) fn resource_scopes(profile: &SignInProfile, resource: Resource) -> Vec<String> {
    if profile.method.is_app_only() {
        return app_scopes(profile, resource);
    }
    if !profile.provider.is_microsoft() {
        return Vec::new();
    }
    let all = first_scopes(profile);
    let is_wanted = |scope: &String| match home(scope) {
        Home::OpenId => true,
        Home::Graph => resource == Resource::Graph,
        // Nobody but the profile's owner knows what another service's scope is for; mail is what accounts are for.
        Home::Exchange | Home::Other => resource == Resource::Mail,
    };
    let mut scopes: Vec<String> = all
        .iter()
        .filter(|scope| is_wanted(scope))
        .cloned()
        .collect();
    if resource == Resource::Graph && own(profile).is_empty() {
        let mail = graph_mail(profile);
        scopes.extend(mail.into_iter().filter(|scope| !all.contains(scope)));
    }
    if resource == Resource::Mail && scopes.iter().all(|scope| home(scope) == Home::OpenId) {
        // Nothing of Exchange was typed: what was typed is sent as it is, and the check names what is wrong with it.
        return all;
    }
    scopes
}

/// Tells whether the scopes that a profile names are all Graph's, in full: a provider that is none of Microsoft's to us
/// may be one behind addresses that somebody typed.
pub(super) fn are_of_graph(profile: &SignInProfile) -> bool {
    let mut named = profile
        .scopes
        .iter()
        .filter(|scope| home(scope) != Home::OpenId)
        .peekable();
    let is_graph = |scope: &String| resource(scope).is_some() && home(scope) == Home::Graph;
    named.peek().is_some() && named.all(is_graph)
}

/// Finds out which resource the `aud` of a token names: by address or application id, in any cloud. `None` for other
/// services.
pub(super) fn audience_resource(audience: &str) -> Option<Resource> {
    let named = audience.trim_end_matches('/');
    match home(&format!("{named}/.default")) {
        Home::Exchange => Some(Resource::Mail),
        Home::Graph => Some(Resource::Graph),
        Home::OpenId | Home::Other => None,
    }
}

/// Returns the fields that name `scopes` in a request to `endpoint`: `scope`, or what Entra's older endpoints want in
/// its place (protocol facts §1.3).
pub(super) fn named(
    profile: &SignInProfile,
    endpoint: &Url,
    scopes: &[String],
) -> Vec<(&'static str, String)> {
    if is_older(profile, endpoint) {
        let is_graph = |scope: &String| home(scope) == Home::Graph;
        let is_mail = |scope: &String| home(scope) == Home::Exchange;
        let resource = if scopes.iter().any(is_graph) && !scopes.iter().any(is_mail) {
            Resource::Graph
        } else {
            Resource::Mail
        };
        let uri = resource_uri(profile, resource).to_owned();
        return vec![("resource", uri), ("scope", "openid".to_owned())];
    }
    if scopes.is_empty() {
        return Vec::new();
    }
    vec![("scope", scopes.join(" "))]
}

/// Whether the profile is for personal accounts alone.
fn is_personal(profile: &SignInProfile) -> bool {
    let tenant = profile.tenant.trim();
    profile.provider == Provider::OutlookCom
        || profile.provider == Provider::Microsoft365
            && (tenant.eq_ignore_ascii_case("consumers")
                || tenant.eq_ignore_ascii_case(PERSONAL_TENANT))
}

/// Returns what the profile names itself, without blanks.
fn own(profile: &SignInProfile) -> Vec<String> {
    let words = profile
        .scopes
        .iter()
        .flat_map(|text| text.split_whitespace());
    words.map(str::to_owned).collect()
}

fn always(profile: &SignInProfile) -> &'static [&'static str] {
    match profile.provider {
        Provider::Gmail => &ALWAYS_GOOGLE,
        _ => &ALWAYS,
    }
}

/// Returns what is asked for when the profile names nothing.
fn usual(profile: &SignInProfile) -> Vec<String> {
    let mut scopes = vec!["profile".to_owned()];
    match profile.provider {
        Provider::Microsoft365 | Provider::OutlookCom => {
            let prefix = profile.cloud.exchange_resource();
            // Exchange's come first: a code that is redeemed without naming a resource brings the first one's token.
            scopes.extend(EXCHANGE.iter().map(|name| format!("{prefix}/{name}")));
            // Personal accounts are refused when one request names two resources.
            if !is_personal(profile) {
                scopes.push(format!("{}/User.Read", profile.cloud.graph_resource()));
            }
        }
        Provider::Gmail => scopes = vec!["https://mail.google.com/".to_owned()],
        Provider::ExchangeServer | Provider::Custom => {}
    }
    scopes
}

fn graph_mail(profile: &SignInProfile) -> Vec<String> {
    let shared: &[&str] = if is_personal(profile) {
        &[]
    } else {
        &GRAPH_SHARED
    };
    let prefix = profile.cloud.graph_resource();
    let names = GRAPH.iter().chain(shared);
    names.map(|name| format!("{prefix}/{name}")).collect()
}

/// Returns the scopes of an application that signs in as itself: exactly one resource, nothing else (protocol facts
/// §2.4).
fn app_scopes(profile: &SignInProfile, resource: Resource) -> Vec<String> {
    let own = own(profile);
    if !profile.provider.is_microsoft() {
        return own;
    }
    let built = match resource {
        Resource::Mail => profile.cloud.exchange_app_resource(),
        Resource::Graph => profile.cloud.graph_resource(),
    };
    let is_wanted = |scope: &String| match home(scope) {
        Home::Graph => resource == Resource::Graph,
        Home::Exchange | Home::Other => resource == Resource::Mail,
        Home::OpenId => false,
    };
    let typed: Vec<String> = own.into_iter().filter(is_wanted).collect();
    if typed.is_empty() {
        vec![format!("{built}/.default")]
    } else {
        typed
    }
}

#[cfg(test)]
mod tests;
