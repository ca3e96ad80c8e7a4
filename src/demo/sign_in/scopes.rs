//! Scopes and the resources they are for (protocol facts §3.1).

use super::Fault;

/// The resource of IMAP and SMTP, when none is named.
pub const OUTLOOK: &str = "https://outlook.office.com";
/// The resource of Microsoft Graph.
pub const GRAPH: &str = "https://graph.microsoft.com";
/// What the same resource is called.
const EXCHANGE: [&str; 2] = [OUTLOOK, "https://outlook.office365.com"];
/// Scopes of no resource (OpenID Connect Core §5.4, §11).
const PLAIN: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const EXCHANGE_PERMISSIONS: [&str; 4] = [
    "IMAP.AccessAsUser.All",
    "POP.AccessAsUser.All",
    "SMTP.Send",
    "EWS.AccessAsUser.All",
];
const GRAPH_PERMISSIONS: [&str; 5] = [
    "User.Read",
    "Mail.ReadWrite",
    "Mail.ReadWrite.Shared",
    "Mail.Send",
    "Mail.Send.Shared",
];

/// Splits a `scope` parameter.
pub fn split(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(str::to_owned).collect()
}

/// Tells whether an audience takes mail.
pub fn is_exchange(audience: &str) -> bool {
    EXCHANGE.contains(&audience)
}

/// Returns the resource of a scope as its token's `aud`; `None` for scopes of no resource. One without a prefix is
/// Graph's, whatever it is called.
fn resource(scope: &str) -> Result<Option<&'static str>, Fault> {
    if PLAIN.contains(&scope) {
        return Ok(None);
    }
    let Some((prefix, _)) = scope.rsplit_once('/') else {
        return Ok(Some(GRAPH));
    };
    let prefix = prefix.trim_end_matches('/');
    EXCHANGE
        .into_iter()
        .chain([GRAPH])
        .find(|known| known.eq_ignore_ascii_case(prefix))
        .map(Some)
        .ok_or(Fault::Aadsts(500_011))
}

/// Returns the resource of the first scope that has one; mail if none has.
pub fn first_audience(scopes: &[String]) -> Result<&'static str, Fault> {
    let mut found = None;
    for scope in scopes {
        found = found.or(resource(scope)?);
    }
    Ok(found.unwrap_or(OUTLOOK))
}

/// Returns the only resource of the scopes, as for a token request.
pub fn only_audience(scopes: &[String]) -> Result<&'static str, Fault> {
    let audience = first_audience(scopes)?;
    let is_same = |found: &str| found == audience || (is_exchange(found) && is_exchange(audience));
    for scope in scopes {
        if resource(scope)?.is_some_and(|found| !is_same(found)) {
            return Err(Fault::SeveralResources);
        }
    }
    Ok(audience)
}

/// Returns the scopes that a token for `audience` carries, `.default` written out.
pub fn granted(scopes: &[String], audience: &str) -> Vec<String> {
    let mut granted = Vec::new();
    for scope in scopes {
        let is_of =
            |found: &str| found == audience || (is_exchange(found) && is_exchange(audience));
        match resource(scope) {
            Ok(Some(found)) if !is_of(found) => {}
            Ok(Some(found)) if scope.ends_with("/.default") && is_exchange(found) => {
                granted.extend(EXCHANGE_PERMISSIONS.map(|name| format!("{found}/{name}")));
            }
            Ok(Some(found)) if scope.ends_with("/.default") => {
                granted.extend(GRAPH_PERMISSIONS.map(|name| format!("{found}/{name}")));
            }
            // Entra answers with the whole name, however it was asked for.
            Ok(Some(GRAPH)) if !scope.contains('/') => granted.push(format!("{GRAPH}/{scope}")),
            _ => granted.push(scope.clone()),
        }
    }
    granted
}

/// Returns the resource of an app-only request, which is exactly one `…/.default` (protocol facts §2.4).
pub fn app_audience(scopes: &[String]) -> Result<&'static str, Fault> {
    match scopes {
        [] => Err(Fault::MissingParameter("scope")),
        [scope] if !scope.ends_with("/.default") => Err(Fault::Aadsts(1_002_012)),
        [scope] => resource(scope)?.ok_or(Fault::Aadsts(1_002_012)),
        _ => Err(Fault::Aadsts(70_011)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAP: &str = "https://outlook.office.com/IMAP.AccessAsUser.All";
    const SMTP: &str = "https://outlook.office365.com/SMTP.Send";
    const MAIL: &str = "https://graph.microsoft.com/Mail.Read";

    fn list(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    #[test]
    fn a_token_is_for_one_resource() {
        let check = |scopes: &[&str], first: Result<&str, Fault>, only: Result<&str, Fault>| {
            let scopes = list(scopes);
            assert_eq!(first_audience(&scopes), first, "{scopes:?}");
            assert_eq!(only_audience(&scopes), only, "{scopes:?}");
        };
        check(&["openid"], Ok(OUTLOOK), Ok(OUTLOOK));
        check(&["openid", IMAP, SMTP], Ok(OUTLOOK), Ok(OUTLOOK));
        check(&[SMTP], Ok(EXCHANGE[1]), Ok(EXCHANGE[1]));
        check(&[MAIL, IMAP], Ok(GRAPH), Err(Fault::SeveralResources));
        check(&[IMAP, MAIL], Ok(OUTLOOK), Err(Fault::SeveralResources));
        check(&["IMAP.AccessAsUser.All"], Ok(GRAPH), Ok(GRAPH));
        let unknown = Err(Fault::Aadsts(500_011));
        check(&["https://mail.example/IMAP"], unknown, unknown);
    }

    #[test]
    fn a_token_carries_its_resources_scopes_only() {
        let check = |scopes: &[&str], audience: &str, expected: &[&str]| {
            assert_eq!(
                granted(&list(scopes), audience),
                list(expected),
                "{scopes:?}"
            );
        };
        check(&["openid", IMAP, MAIL], OUTLOOK, &["openid", IMAP]);
        check(&["openid", IMAP, MAIL], GRAPH, &["openid", MAIL]);
        let all = EXCHANGE_PERMISSIONS.map(|name| format!("{OUTLOOK}/{name}"));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        check(&["https://outlook.office.com/.default"], OUTLOOK, &all);
    }

    #[test]
    fn app_only_tokens_are_for_all_of_one_resource() {
        let check = |scopes: &[&str], expected: Result<&str, Fault>| {
            assert_eq!(app_audience(&list(scopes)), expected, "{scopes:?}");
        };
        check(&["https://outlook.office365.com/.default"], Ok(EXCHANGE[1]));
        check(&["https://graph.microsoft.com/.default"], Ok(GRAPH));
        check(&[SMTP], Err(Fault::Aadsts(1_002_012)));
        check(
            &["https://mail.example/.default"],
            Err(Fault::Aadsts(500_011)),
        );
        check(
            &["openid", "https://outlook.office365.com/.default"],
            Err(Fault::Aadsts(70_011)),
        );
        check(&[], Err(Fault::MissingParameter("scope")));
    }
}
