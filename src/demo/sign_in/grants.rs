//! Tokens given out: what access tokens allow, and refresh tokens that rotate.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::apps::App;
use super::scopes::is_exchange;
use super::{Fault, random_text};

const REFRESH_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const REFRESH_LENGTH: usize = 400;

/// Who a token speaks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaker {
    /// A person; the app acts in that person's name.
    Person,
    /// The app itself.
    App,
}

/// What an access token allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Address of who signed in, or the app's client id.
    pub user: String,
    /// Which of the two.
    pub speaker: Speaker,
    /// When it ends.
    pub expires: Instant,
    /// The permissions it carries for its resource, without the resource; in lower case.
    permissions: Vec<String>,
    /// The resource is Exchange; else it is Graph.
    is_exchange: bool,
}

impl Grant {
    /// Returns what a person's token with these scopes allows.
    pub fn new(user: &str, audience: &str, scopes: &[String], life: Duration) -> Self {
        let named = scopes.iter().filter_map(|scope| scope.rsplit_once('/'));
        let named = named.filter(|(resource, _)| resource.starts_with("https://"));
        Self {
            user: user.to_owned(),
            speaker: Speaker::Person,
            expires: Instant::now() + life,
            permissions: named.map(|(_, name)| name.to_ascii_lowercase()).collect(),
            is_exchange: is_exchange(audience),
        }
    }

    /// Returns what an app's own token allows.
    pub fn for_app(app: &App, audience: &str, life: Duration) -> Self {
        let is_exchange = is_exchange(audience);
        let roles = app.roles_at(audience);
        Self {
            user: app.client_id.to_owned(),
            speaker: Speaker::App,
            expires: Instant::now() + life,
            permissions: roles.iter().map(|role| role.to_ascii_lowercase()).collect(),
            is_exchange,
        }
    }

    /// Tells whether the token is good for IMAP.
    pub fn may_imap(&self) -> bool {
        self.may_at_exchange("IMAP.AccessAsUser.All", "IMAP.AccessAsApp")
    }

    /// Tells whether the token is good for POP3.
    pub fn may_pop(&self) -> bool {
        self.may_at_exchange("POP.AccessAsUser.All", "POP.AccessAsApp")
    }

    /// Tells whether the token is good for SMTP.
    pub fn may_smtp(&self) -> bool {
        self.may_at_exchange("SMTP.Send", "SMTP.SendAsApp")
    }

    /// Tells whether the token is good for EWS.
    pub fn may_ews(&self) -> bool {
        self.may_at_exchange("EWS.AccessAsUser.All", "full_access_as_app")
    }

    /// Tells whether the token is for Graph at all.
    pub fn is_for_graph(&self) -> bool {
        !self.is_exchange
    }

    /// Tells whether the token carries a permission of Graph's, such as `Mail.ReadWrite.Shared`.
    pub fn has_graph(&self, permission: &str) -> bool {
        self.is_for_graph() && self.has(permission)
    }

    /// A provider without resources is asked for openid and the like only; then the token is for all mail.
    fn may_at_exchange(&self, scope: &str, role: &str) -> bool {
        self.is_exchange
            && match self.speaker {
                Speaker::Person => self.permissions.is_empty() || self.has(scope),
                Speaker::App => self.has(role),
            }
    }

    fn has(&self, permission: &str) -> bool {
        let mut held = self.permissions.iter();
        held.any(|held| held.eq_ignore_ascii_case(permission))
    }
}

struct Family {
    client: &'static App,
    user: String,
    scopes: Vec<String>,
    is_revoked: bool,
}

struct Refresh {
    family: u64,
    replaced: Option<Instant>,
}

/// All tokens that were given out.
#[derive(Default)]
pub struct Grants {
    access: BTreeMap<String, Grant>,
    refresh: BTreeMap<String, Refresh>,
    families: BTreeMap<u64, Family>,
    next_family: u64,
}

impl Grants {
    /// Returns what an access token allows, if it is known and not over.
    pub fn check(&self, token: &str) -> Option<Grant> {
        self.access
            .get(token)
            .filter(|grant| Instant::now() < grant.expires)
            .cloned()
    }

    /// Notes an access token and forgets the ones that are over.
    pub fn add_access(&mut self, token: &str, grant: Grant) {
        let now = Instant::now();
        self.access.retain(|_, old| now < old.expires);
        self.access.insert(token.to_owned(), grant);
    }

    /// Ends all access tokens.
    pub fn expire_access(&mut self) {
        self.access.clear();
    }

    /// Ends all refresh tokens.
    pub fn revoke_refresh(&mut self) {
        for family in self.families.values_mut() {
            family.is_revoked = true;
        }
    }

    /// Ends one token, and with a refresh token all its relatives; an unknown one is no error (RFC 7009 §2.2).
    /// Access tokens that a family gave out live on to their end, as they do at Entra.
    pub fn revoke(&mut self, client: &App, token: &str) {
        let family = self.refresh.get(token).map(|refresh| refresh.family);
        let family = family.and_then(|family| self.families.get_mut(&family));
        if let Some(family) = family.filter(|family| family.client == client) {
            family.is_revoked = true;
        }
        self.access.remove(token);
    }

    /// Opens the family of tokens that descend from one sign-in.
    pub fn new_family(&mut self, client: &'static App, user: &str, scopes: Vec<String>) -> u64 {
        self.next_family += 1;
        let family = Family {
            client,
            user: user.to_owned(),
            scopes,
            is_revoked: false,
        };
        self.families.insert(self.next_family, family);
        self.next_family
    }

    /// Makes a refresh token.
    pub fn add_refresh(&mut self, family: u64) -> Result<String, Fault> {
        let token = format!("1.{}", random_text(REFRESH_ALPHABET, REFRESH_LENGTH)?);
        let refresh = Refresh {
            family,
            replaced: None,
        };
        self.refresh.insert(token.clone(), refresh);
        Ok(token)
    }

    /// Uses a refresh token. Used again later than `grace` after its first use, it takes its whole
    /// family down (RFC 9700 §4.14.2).
    pub fn use_refresh(
        &mut self,
        client: &App,
        token: &str,
        grace: Duration,
    ) -> Result<(u64, String, Vec<String>), Fault> {
        let refresh = self.refresh.get_mut(token).ok_or(Fault::BadRefreshToken)?;
        let family = self
            .families
            .get_mut(&refresh.family)
            .filter(|family| !family.is_revoked)
            .ok_or(Fault::BadRefreshToken)?;
        if family.client != client {
            return Err(Fault::Aadsts(70_000));
        }
        let now = Instant::now();
        let replaced = *refresh.replaced.get_or_insert(now);
        if now > replaced + grace {
            family.is_revoked = true;
            return Err(Fault::ReusedRefreshToken);
        }
        Ok((refresh.family, family.user.clone(), family.scopes.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sign_in::apps::APPS;
    use crate::demo::sign_in::scopes::first_audience;

    const GRACE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn an_old_refresh_token_is_good_for_the_grace_and_then_ends_the_sign_in() {
        let mut grants = Grants::default();
        let family = grants.new_family(&APPS[0], "a@b", vec![]);
        let first = grants.add_refresh(family).unwrap();
        assert!(grants.use_refresh(&APPS[0], &first, GRACE).is_ok());
        let second = grants.add_refresh(family).unwrap();
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(grants.use_refresh(&APPS[0], &first, GRACE).is_ok());
        tokio::time::advance(Duration::from_secs(2)).await;
        let check = |grants: &mut Grants, token, fault| {
            assert_eq!(grants.use_refresh(&APPS[0], token, GRACE), Err(fault));
        };
        check(&mut grants, &first, Fault::ReusedRefreshToken);
        check(&mut grants, &second, Fault::BadRefreshToken);
        check(&mut grants, "other", Fault::BadRefreshToken);
    }

    #[tokio::test]
    async fn scopes_decide_what_a_token_is_good_for() {
        let check = |scopes: &[&str], expected: Option<(bool, bool)>| {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            let grant = first_audience(&scopes)
                .map(|audience| Grant::new("a@b", audience, &scopes, GRACE))
                .ok();
            let found = grant.map(|grant| (grant.may_imap(), grant.may_smtp()));
            assert_eq!(found, expected, "{scopes:?}");
        };
        let imap = "https://outlook.office.com/IMAP.AccessAsUser.All";
        let smtp = "https://outlook.office.com/SMTP.Send";
        check(&[imap, smtp, "offline_access"], Some((true, true)));
        check(&[imap], Some((true, false)));
        check(&["openid", "offline_access"], Some((true, true)));
        check(
            &["https://graph.microsoft.com/Mail.Read"],
            Some((false, false)),
        );
        check(
            &[imap, "https://graph.microsoft.com/Mail.Read"],
            Some((true, false)),
        );
        check(&["https://mail.example/IMAP.AccessAsUser.All"], None);
        check(&["IMAP.AccessAsUser.All"], Some((false, false)));
    }

    #[tokio::test]
    async fn roles_decide_what_an_app_may() {
        let check = |key: &str, audience: &str, expected: (bool, bool)| {
            let app = APPS.iter().find(|app| app.key == key).unwrap();
            let grant = Grant::for_app(app, audience, GRACE);
            assert_eq!(
                (grant.may_imap(), grant.may_smtp()),
                expected,
                "{key} {audience}"
            );
        };
        check(
            "daemon-secret",
            "https://outlook.office365.com",
            (true, true),
        );
        check(
            "daemon-secret",
            "https://graph.microsoft.com",
            (false, false),
        );
        check(
            "daemon-no-role",
            "https://outlook.office365.com",
            (false, false),
        );
    }

    #[tokio::test]
    async fn a_refresh_token_is_its_clients_alone() {
        let mut grants = Grants::default();
        let family = grants.new_family(&APPS[0], "a@b", vec![]);
        let token = grants.add_refresh(family).unwrap();
        let other = grants.use_refresh(&APPS[1], &token, GRACE);
        assert_eq!(other, Err(Fault::Aadsts(70_000)));
        grants.revoke(&APPS[1], &token);
        assert!(grants.use_refresh(&APPS[0], &token, GRACE).is_ok());
        grants.revoke(&APPS[0], &token);
        let revoked = grants.use_refresh(&APPS[0], &token, GRACE);
        assert_eq!(revoked, Err(Fault::BadRefreshToken));
    }
}
