//! For which service an access token is: found out before a mail server refuses it without a reason
//! (protocol facts §3.1).

use secrecy::{ExposeSecret, SecretString};

use crate::auth::denial::Refusal;
use crate::auth::endpoints::is_login_host;
use crate::auth::identity::claims;
use crate::auth::scopes::{audience_resource, resource_uri};
use crate::auth::{Denial, Resource};
use crate::model::SignInProfile;

/// What a token is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Audience {
    /// This resource, or unknown: opaque tokens and those of other providers say nothing we could compare.
    Fits,
    /// Microsoft's other one.
    Other(Resource),
    /// Some service of no use for mail.
    Foreign,
}

/// Finds out whether a token is for the resource it was asked for, and which service it names.
pub(super) fn audience(token: &SecretString, resource: Resource) -> (Audience, String) {
    let claims = claims(token.expose_secret());
    let names: Vec<&str> = claims.audience.split_whitespace().collect();
    let known: Vec<Resource> = names
        .iter()
        .filter_map(|name| audience_resource(name))
        .collect();
    let issuer = url::Url::parse(&claims.issuer).ok();
    let is_of_microsoft = issuer.is_some_and(|issuer| issuer.host_str().is_some_and(is_login_host));
    let found = match known.first() {
        _ if names.is_empty() || known.contains(&resource) => Audience::Fits,
        Some(other) => Audience::Other(*other),
        None if is_of_microsoft => Audience::Foreign,
        None => Audience::Fits,
    };
    (found, claims.audience)
}

/// Makes the refusal of a token for another service.
pub(super) fn wrong_audience(profile: &SignInProfile, resource: Resource, got: String) -> Refusal {
    Refusal::own(Denial::WrongAudience {
        expected: resource_uri(profile, resource).to_owned(),
        got,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tests::jwt;

    #[track_caller]
    fn check(claims: &str, resource: Resource, expected: &Audience) {
        let token = SecretString::from(jwt(claims));
        assert_eq!(&audience(&token, resource).0, expected, "{claims}");
    }

    #[test]
    fn tokens_of_the_other_resource_are_recognised() {
        let graph = Audience::Other(Resource::Graph);
        for name in [
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/",
            "00000003-0000-0000-c000-000000000000",
            "https://microsoftgraph.chinacloudapi.cn",
        ] {
            let claims = format!(r#"{{"aud":"{name}"}}"#);
            check(&claims, Resource::Mail, &graph);
            check(&claims, Resource::Graph, &Audience::Fits);
        }
        let mail = Audience::Other(Resource::Mail);
        for name in [
            "https://outlook.office.com",
            "https://outlook.office365.com/",
            "00000002-0000-0ff1-ce00-000000000000",
            "https://partner.outlook.cn",
        ] {
            let claims = format!(r#"{{"aud":"{name}"}}"#);
            check(&claims, Resource::Graph, &mail);
            check(&claims, Resource::Mail, &Audience::Fits);
        }
    }

    #[test]
    fn a_service_nobody_knows_counts_only_in_a_token_of_microsofts() {
        let foreign = r#"{"aud":"api://x","iss":"https://sts.windows.net/t/"}"#;
        check(foreign, Resource::Mail, &Audience::Foreign);
        let own = r#"{"aud":"mail","iss":"https://id.example.com/"}"#;
        check(own, Resource::Mail, &Audience::Fits);
        check("{}", Resource::Mail, &Audience::Fits);
        let opaque = SecretString::from("EwBopaque");
        assert_eq!(audience(&opaque, Resource::Mail).0, Audience::Fits);
    }
}
