//! What is wrong with the scopes a profile names, found before anything is sent (protocol facts §3, §10). The wording
//! for people is not here.

use crate::auth::ScopeProblem;
use crate::model::{Access, Cloud, Provider, SignInProfile, permission};

use super::resource::{Home, home, host, is_mail_protocol, is_open_id, name, resource};
use super::{is_personal, own};

/// Returns what is wrong with the scopes `profile` names; nothing when Pillarbox builds them.
pub fn scope_problems(profile: &SignInProfile) -> Vec<ScopeProblem> {
    let own = own(profile);
    let mut problems: Vec<ScopeProblem> = own
        .iter()
        .filter(|scope| is_malformed(scope))
        .map(|scope| ScopeProblem::Malformed {
            scope: scope.clone(),
        })
        .collect();
    if own.is_empty() || !problems.is_empty() {
        return problems;
    }
    match profile.provider {
        Provider::Microsoft365 | Provider::OutlookCom => {
            let each = own.iter().filter_map(|scope| single(profile, scope));
            problems.extend(each);
            problems.extend(together(profile, &own));
        }
        Provider::Gmail => problems.extend(google(&own)),
        Provider::ExchangeServer | Provider::Custom => {}
    }
    if profile.method.is_delegated()
        && profile.provider != Provider::Gmail
        && !has_name(&own, "offline_access")
    {
        problems.push(ScopeProblem::NoOfflineAccess);
    }
    problems
}

/// Finds what is wrong with one scope at Microsoft.
fn single(profile: &SignInProfile, scope: &str) -> Option<ScopeProblem> {
    if is_open_id(scope) {
        return None;
    }
    if profile.method.is_app_only() {
        return application(profile, scope);
    }
    let (home, name) = (home(scope), name(scope));
    let here = format!("{}/{name}", profile.cloud.exchange_resource());
    let scope = scope.to_owned();
    if home != Home::Exchange && is_mail_protocol(name) {
        let (is_bare, wanted) = (resource(&scope).is_none(), here);
        return Some(if is_bare {
            ScopeProblem::Bare { scope, wanted }
        } else {
            ScopeProblem::WrongResource { scope, wanted }
        });
    }
    if is_of_other_cloud(profile, &scope) {
        let wanted = in_cloud(profile, &scope);
        return Some(ScopeProblem::OtherCloud { scope, wanted });
    }
    if is_personal(profile) {
        return personal(scope, home, here);
    }
    None
}

/// Finds what a personal account cannot have (protocol facts §3.3).
fn personal(scope: String, home: Home, wanted: String) -> Option<ScopeProblem> {
    let lower = name(&scope).to_ascii_lowercase();
    if lower.ends_with(".shared") || lower.starts_with("ews.") {
        return Some(ScopeProblem::NotForPersonal { scope });
    }
    let is_right = resource(&scope).is_some_and(|found| host(found) == "outlook.office.com");
    (home == Home::Exchange && !is_right).then_some(ScopeProblem::PersonalPrefix { scope, wanted })
}

/// Finds what an application cannot ask for (protocol facts §2.4).
fn application(profile: &SignInProfile, scope: &str) -> Option<ScopeProblem> {
    let prefix = match home(scope) {
        Home::Graph if !is_mail_protocol(name(scope)) && !is_app_mail(name(scope)) => {
            profile.cloud.graph_resource()
        }
        Home::Other => resource(scope).unwrap_or_default(),
        _ => profile.cloud.exchange_app_resource(),
    };
    let wanted = format!("{prefix}/.default");
    let scope = scope.to_owned();
    if !is_default(&scope) {
        return Some(ScopeProblem::NamedForApplication { scope, wanted });
    }
    is_of_other_cloud(profile, &scope).then_some(ScopeProblem::OtherCloud { scope, wanted })
}

/// Whether a name is one of Exchange's roles for mail protocols.
fn is_app_mail(name: &str) -> bool {
    permission(name, Access::Application)
        .is_some_and(|known| !known.exchange_id.is_empty() && known.graph_id.is_empty())
}

/// Finds what is wrong with scopes that are fine alone.
fn together(profile: &SignInProfile, own: &[String]) -> Vec<ScopeProblem> {
    let mut problems = Vec::new();
    let named: Vec<&String> = own.iter().filter(|scope| !is_open_id(scope)).collect();
    let default = named.iter().find(|scope| is_default(scope));
    if profile.method.is_app_only() {
        let mut resources: Vec<&str> = named.iter().filter_map(|scope| resource(scope)).collect();
        resources.dedup();
        if resources.len() > 1 {
            problems.push(ScopeProblem::SeveralResources {
                scopes: named.into_iter().cloned().collect(),
            });
        }
        return problems;
    }
    if let Some(scope) = default
        && named.len() > 1
    {
        problems.push(ScopeProblem::DefaultMixed {
            scope: (*scope).clone(),
        });
    }
    if !named.iter().any(|scope| opens_mail(scope)) {
        let wanted = profile.cloud.exchange_resource();
        problems.push(ScopeProblem::NoMail {
            wanted: format!("{wanted}/IMAP.AccessAsUser.All"),
        });
    }
    problems
}

/// Whether a scope is meant to open a mailbox, even if something else is wrong with it.
fn opens_mail(scope: &str) -> bool {
    let name = name(scope);
    let is_mail = name.to_ascii_lowercase().starts_with("mail.");
    is_mail_protocol(name) || is_default(scope) || is_mail || home(scope) == Home::Other
}

/// Finds what is wrong at Google (protocol facts §9.1).
fn google(own: &[String]) -> Vec<ScopeProblem> {
    let refused = own.iter().filter(|scope| *scope == "offline_access");
    let mut problems: Vec<ScopeProblem> = refused
        .map(|scope| ScopeProblem::NotForProvider {
            scope: scope.clone(),
        })
        .collect();
    let is_mail = |scope: &String| {
        scope == "https://mail.google.com/" || scope.ends_with("/auth/gmail.imap_admin")
    };
    if !own.iter().any(is_mail) {
        problems.push(ScopeProblem::NoMail {
            wanted: "https://mail.google.com/".to_owned(),
        });
    }
    problems
}

/// Whether a scope's service is Exchange's or Graph's of another cloud.
fn is_of_other_cloud(profile: &SignInProfile, scope: &str) -> bool {
    let Some(found) = resource(scope).map(host) else {
        return false;
    };
    let names = |cloud: Cloud| {
        [
            cloud.exchange_resource(),
            cloud.exchange_app_resource(),
            cloud.graph_resource(),
        ]
        .map(host)
    };
    let is_in = |cloud| names(cloud).contains(&found);
    // Sources disagree on the prefix of the Department of Defense (protocol facts §12): both are taken.
    let is_government = |cloud| matches!(cloud, super::Cloud::UsGov | super::Cloud::UsDod);
    let is_exchange = home(scope) == Home::Exchange;
    let is_doubtful = |cloud| is_exchange && is_government(cloud) && is_government(profile.cloud);
    let mut others = Cloud::ALL
        .into_iter()
        .filter(|&cloud| cloud != profile.cloud);
    !is_in(profile.cloud) && others.any(|cloud| is_in(cloud) && !is_doubtful(cloud))
}

/// Writes a scope for the profile's cloud.
fn in_cloud(profile: &SignInProfile, scope: &str) -> String {
    let prefix = match home(scope) {
        Home::Graph => profile.cloud.graph_resource(),
        _ => profile.cloud.exchange_resource(),
    };
    format!("{prefix}/{}", name(scope))
}

fn is_default(scope: &str) -> bool {
    name(scope).eq_ignore_ascii_case(".default")
}

fn has_name(own: &[String], wanted: &str) -> bool {
    own.iter().any(|scope| scope.eq_ignore_ascii_case(wanted))
}

/// Whether a scope breaks RFC 6749 §3.3, or is several that were written with commas or semicolons.
fn is_malformed(scope: &str) -> bool {
    let is_token = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | ';' | ',');
    !scope.chars().all(is_token)
}
