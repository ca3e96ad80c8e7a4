//! The address a browser opens to sign in (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).

use oauth2::{CsrfToken, PkceCodeChallenge};
use secrecy::SecretString;
use url::Url;

use crate::auth::scopes::named;
use crate::model::{Provider, SignInProfile};

/// What ties an answer to its request; made anew for each.
pub(super) struct Ties {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: SecretString,
    /// The verifier's digest, which goes into the address.
    challenge: String,
}

impl Ties {
    pub(super) fn new() -> Self {
        let random = || CsrfToken::new_random_len(32).into_secret();
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        Self {
            state: random(),
            nonce: random(),
            verifier: SecretString::from(verifier.into_secret()),
            challenge: challenge.as_str().to_owned(),
        }
    }
}

/// What a browser is asked.
pub(super) struct Question<'a> {
    pub(super) profile: &'a SignInProfile,
    pub(super) redirect_uri: &'a str,
    pub(super) scopes: &'a [String],
    /// Who is to sign in; empty for no hint.
    pub(super) login_hint: &'a str,
    pub(super) ties: &'a Ties,
}

impl Question<'_> {
    /// Builds the address. What a typed endpoint says in its query stays, as far as it does not untie the answer.
    pub(super) fn address(&self, endpoint: &Url) -> String {
        let ties = self.ties;
        let mut fixed: Vec<(&str, String)> = vec![
            ("client_id", self.profile.client_id.trim().to_owned()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect_uri.to_owned()),
            ("state", ties.state.clone()),
            ("nonce", ties.nonce.clone()),
            ("code_challenge", ties.challenge.clone()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        fixed.extend(named(self.profile, endpoint, self.scopes));
        let own: Vec<(String, String)> = endpoint
            .query_pairs()
            .into_owned()
            .filter(|(name, _)| !fixed.iter().any(|(ours, _)| ours == name))
            .collect();
        let habits = habits(self.profile, self.login_hint)
            .into_iter()
            .filter(|(name, _)| !own.iter().any(|(typed, _)| typed == name));
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(&own)
            .extend_pairs(&fixed)
            .extend_pairs(habits);
        url.into()
    }
}

/// What each provider needs besides (protocol facts §2.3, §9.1).
fn habits(profile: &SignInProfile, login_hint: &str) -> Vec<(&'static str, String)> {
    let hint = login_hint.trim();
    let mut fields = Vec::new();
    if profile.provider.is_microsoft() {
        fields.push(("response_mode", "query".to_owned()));
    }
    if profile.provider == Provider::Gmail {
        fields.push(("access_type", "offline".to_owned()));
    }
    let prompt = match profile.provider {
        // A browser with another session would sign in the wrong person; a hint prevents that by itself, and loses
        // its effect beside the prompt.
        Provider::Microsoft365 | Provider::OutlookCom if hint.is_empty() => "select_account",
        Provider::Gmail if hint.is_empty() => "consent select_account",
        // Without it `offline_access` is ignored (OpenID Connect Core §11), or a refresh token comes only once.
        Provider::Gmail | Provider::Custom => "consent",
        _ => "",
    };
    if !prompt.is_empty() {
        fields.push(("prompt", prompt.to_owned()));
    }
    if !hint.is_empty() {
        fields.push(("login_hint", hint.to_owned()));
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::auth::tests::profile;

    fn built(profile: &SignInProfile, endpoint: &str, hint: &str) -> BTreeMap<String, String> {
        let endpoint = Url::parse(endpoint).unwrap();
        let scopes = ["openid", "https://outlook.office.com/SMTP.Send"].map(str::to_owned);
        let ties = Ties::new();
        let question = Question {
            profile,
            redirect_uri: "http://localhost:1",
            scopes: &scopes,
            login_hint: hint,
            ties: &ties,
        };
        let text = question.address(&endpoint);
        Url::parse(&text)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect()
    }

    #[track_caller]
    fn check(provider: Provider, hint: &str, expected: [Option<&str>; 4]) {
        let built = built(&profile(provider), "https://id.example/authorize", hint);
        let found = ["prompt", "login_hint", "access_type", "response_mode"]
            .map(|name| built.get(name).map(String::as_str));
        assert_eq!(found, expected, "{provider:?}");
        assert_eq!(built["code_challenge"].len(), 43);
        assert!(built["scope"].starts_with("openid https://outlook"));
    }

    #[test]
    fn each_provider_gets_what_it_needs() {
        let account = Some("select_account");
        let (offline, query, hint) = (Some("offline"), Some("query"), Some("a@x"));
        check(Provider::Microsoft365, "", [account, None, None, query]);
        check(Provider::Microsoft365, "a@x", [None, hint, None, query]);
        let both = Some("consent select_account");
        check(Provider::Gmail, " ", [both, None, offline, None]);
        check(
            Provider::Gmail,
            "a@x",
            [Some("consent"), hint, offline, None],
        );
        check(Provider::Custom, "a@x", [Some("consent"), hint, None, None]);
        check(Provider::ExchangeServer, "", [None; 4]);
    }

    #[test]
    fn older_endpoints_get_a_resource() {
        let older = "https://login.microsoftonline.com/t/oauth2/authorize";
        let built = built(&profile(Provider::Microsoft365), older, "");
        assert_eq!(built["resource"], "https://outlook.office365.com");
        assert_eq!(built["scope"], "openid");
    }

    #[test]
    fn what_a_typed_endpoint_says_itself_stays() {
        let typed = "https://id.example/authorize?prompt=login&domain=x&state=y";
        let built = built(&profile(Provider::Microsoft365), typed, "");
        assert_eq!(
            (built["prompt"].as_str(), built["domain"].as_str()),
            ("login", "x")
        );
        assert!(built["state"].len() > 1);
    }

    #[test]
    fn nothing_is_used_twice() {
        let (one, two) = (Ties::new(), Ties::new());
        assert_ne!(one.state, two.state);
        assert_ne!(one.nonce, two.nonce);
        assert_ne!(one.challenge, two.challenge);
        assert!(one.state.len() >= 43);
    }
}
